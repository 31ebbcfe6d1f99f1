// What is shown, as the address says it: whoever gets the address sees the same.

export const pages = [
	{ id: 'skills', label: 'Conversion tracking by skill' },
	{ id: 'agents', label: 'Conversion tracking' },
	{ id: 'grid', label: 'Agent conversion tracking grid' },
];

const names = ['page', 'account', 'days', 'from', 'to', 'dateOf', 'offset', 'currency', 'model', 'window',
	'skill', 'agent', 'skillIn', 'agentIn', 'sort', 'order', 'number', 'size', 'search', 'place', 'agentsSort', 'agentsOrder'];
const defaults = { page: 'skills', days: '60', dateOf: 'conversation', offset: '0', currency: '', model: '', window: '',
	account: '', from: '', to: '', sort: 'goal_timestamp', order: 'desc', number: '1', size: '50', search: '', place: 'all',
	agentsSort: 'conversions', agentsOrder: 'desc', skillIn: '', agentIn: '' };
// what a filter is set to besides an id: absent is all, empty is those without one
const optional = new Set(['skill', 'agent']);

export function readState(search) {
	const given = new URLSearchParams(search);
	const state = { ...defaults, skill: undefined, agent: undefined };
	for (const name of names) if (given.has(name)) state[name] = given.get(name);
	if (!pages.some(({ id }) => id === state.page)) state.page = 'skills';
	if (given.has('from') && given.has('to')) state.days = '';
	else if (!['30', '60', '120'].includes(state.days)) state.days = '60';
	return state;
}

export function writeState(state) {
	const query = new URLSearchParams();
	for (const name of names) {
		const value = state[name];
		if (value === undefined || (!optional.has(name) && value === (defaults[name] ?? ''))) continue;
		if (state.days && (name === 'from' || name === 'to')) continue;
		if (!state.days && name === 'days') continue;
		query.set(name, value);
	}
	const text = query.toString();
	return text ? `?${text}` : location.pathname;
}

const addDays = (date, days) => new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

// The dates of a state; today is the account's.
export function periodOf(state, today) {
	if (!state.days) return { from: state.from, to: state.to };
	return { from: addDays(today, 1 - Number(state.days)), to: today };
}

// What the server is asked for.
export function queryOf(state, today, extra = {}) {
	const query = new URLSearchParams({ account: state.account, ...periodOf(state, today), dateOf: state.dateOf, offset: state.offset || '0' });
	for (const name of ['currency', 'model', 'window', 'skillIn', 'agentIn']) if (state[name]) query.set(name, state[name]);
	for (const name of optional) if (state[name] !== undefined) query.set(name, state[name]);
	for (const [name, value] of Object.entries(extra)) if (value !== '') query.set(name, value);
	return query;
}
