// A view is what the address of a page says: whose figures, of when, under which settings, and
// what they are filtered by.  Whatever comes in is checked here, once.
import { badRequest } from './errors.mjs';

export const models = ['first', 'last', 'all', 'linear', 'time_decay', 'position_based', 'first_human', 'last_human'];
// those that share one goal event among touchpoints (S20)
export const sharing = new Set(['linear', 'time_decay', 'position_based']);
const longestPeriod = 1100;			// days
const longestText = 20_000;			// bytes of an id or a search; longer than any id can be

export const dayNumber = (date) => Math.round(Date.parse(`${date}T00:00:00Z`) / 86_400_000);
export const dayOf = (number) => new Date(number * 86_400_000).toISOString().slice(0, 10);

function text(query, name) {
	const value = query[name];
	if (value === undefined) return undefined;
	if (typeof value !== 'string' || Buffer.byteLength(value) > longestText)
		throw badRequest(`"${name}" is too long.`);
	if (value.includes('\0')) throw badRequest(`"${name}" has a character that no name can have.`);
	return value;
}

function date(query, name) {
	const value = text(query, name);
	if (value === undefined || !/^\d{4}-\d\d-\d\d$/.test(value) || value < '0001-01-01'
		|| Number.isNaN(Date.parse(`${value}T00:00:00Z`)) || dayOf(dayNumber(value)) !== value)
		throw badRequest(`"${name}" takes a date such as 2025-06-30.`);
	return value;
}

function oneOf(query, name, values) {
	const value = text(query, name) ?? '';
	if (!values.includes(value)) throw badRequest(`"${name}" takes ${values.filter(Boolean).join(', ')}.`);
	return value;
}

export function parseView(query) {
	const account = text(query, 'account');
	if (!account) throw badRequest('No account is named.');
	const from = date(query, 'from');
	const to = date(query, 'to');
	if (to < from) throw badRequest('The period ends before it starts.');
	if (dayNumber(to) - dayNumber(from) >= longestPeriod)
		throw badRequest(`A period has at most ${longestPeriod} days.`);
	const window = text(query, 'window') ?? '';
	if (!/^(|[0-9]|[12][0-9]|3[01])$/.test(window)) throw badRequest('"window" takes 0 to 31 days.');
	const offset = text(query, 'offset') || '0';
	if (!/^-?\d{1,2}(\.\d{1,4})?$/.test(offset) || Number(offset) < -12 || Number(offset) > 14)
		throw badRequest('"offset" takes -12 to 14 hours.');
	return {
		account, from, to, window,
		offset: String(Number(offset)),
		dateOf: oneOf(query, 'dateOf', ['', 'conversation', 'goal']) || 'conversation',
		model: oneOf(query, 'model', ['', ...models]),
		currency: text(query, 'currency') || null,
		// absent: not filtered; empty: those without one
		skill: text(query, 'skill'),
		agent: text(query, 'agent'),
	};
}

// The session's settings for a view: what they leave out is the account's.
export const settingsOf = (view) => ({
	'goaltracker.attribution_model': view.model,
	'goaltracker.contribution_window': view.window || '-1',
	'goaltracker.time_decay_half_life': '-1',
	'goaltracker.position_weights': '',
	'goaltracker.hour_offset': view.offset,
});
