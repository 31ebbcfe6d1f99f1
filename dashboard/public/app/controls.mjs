// The controls above the figures, and what they say about settings and freshness.
import { ago, count, duration, instant, modelNames } from './format.mjs';
import { element, short } from './dom.mjs';
import { periodOf } from './state.mjs';

const form = document.querySelector('#controls');
const field = (name) => form.elements.namedItem(name);
const options = (select, all, value) => {
	select.replaceChildren(...all.map(([id, label]) => element('option', { value: id }, short(label, 60))));
	select.value = value;
};

// Hears of changes once: change(part of the state).
export function listenToControls(change) {
	form.addEventListener('submit', (event) => event.preventDefault());
	form.addEventListener('change', ({ target }) => {
		const { name, value } = target;
		if (name === 'period') change(value === 'dates' ? { days: '', from: field('from').value, to: field('to').value } : { days: value });
		else if (name === 'from' || name === 'to') {
			const [from, to] = [field('from').value, field('to').value];
			if (from && to) change(name === 'from' ? { days: '', from, to: to < from ? from : to } : { days: '', to, from: from > to ? to : from });
		} else if (name === 'account') change({ account: value, currency: '', skill: undefined, agent: undefined, skillIn: '', agentIn: '' });
		else if (name === 'offset' && (value === '' || !target.checkValidity())) target.reportValidity();
		else change({ [name]: value });
	});
}

export function showControls(state, status, accounts, models, currencies) {
	const { from, to } = periodOf(state, status.today);
	options(field('account'), accounts.map(({ account, name }) => [account, name === account ? name : `${name} (${short(account, 30)})`]), state.account);
	options(field('period'), [['30', 'Last 30 days'], ['60', 'Last 60 days'], ['120', 'Last 120 days'], ['dates', 'Dates']], state.days || 'dates');
	field('from').value = from;
	field('to').value = to;
	field('dateOf').value = state.dateOf;
	if (document.activeElement !== field('offset')) field('offset').value = state.offset;
	options(field('currency'), currencies.map((currency) => [currency, currency]), state.currency || status.defaultCurrency);
	options(field('model'), [['', `${modelNames[status.ownModel] ?? status.ownModel} (the account's)`], ...models.map((id) => [id, modelNames[id] ?? id])], state.model);
	options(field('window'), [['', `${days(status.ownWindow)} (the account's)`], ...Array.from({ length: 32 }, (_, n) => [String(n), days(n)])], state.window);
}

const days = (number) => `${number} day${number === 1 ? '' : 's'}`;

// What a model goes by besides the window.
const rules = {
	time_decay: ({ halfLife }) => ` (half-life ${duration(halfLife)})`,
	position_based: ({ positionWeights }) => ` (weights ${positionWeights.join(', ')})`,
};

export function showSettings({ status, readAt }, state) {
	const model = `${modelNames[status.model] ?? status.model}${rules[status.model]?.(status) ?? ''}`;
	const isWhatIf = status.model !== status.ownModel || status.window !== status.ownWindow;
	const own = `${modelNames[status.ownModel] ?? status.ownModel}, ${days(status.ownWindow)}`;
	const offset = Number(status.hourOffset) ? `, moved by ${status.hourOffset} hours` : '';
	const settings = document.querySelector('#settings');
	settings.className = isWhatIf ? 'whatif-on' : '';
	settings.replaceChildren(element('strong', {}, `${isWhatIf ? 'What if: ' : ''}${model}, ${days(status.window)}`),
		isWhatIf ? `. The account's own settings, ${own}, are untouched` : ` (the account's own settings)`,
		` · dates in ${status.timeZone}${offset}`,
		isWhatIf ? '' : '');
	const waiting = status.pendingConsumers > 0 ? `${count(status.pendingConsumers)} consumer${status.pendingConsumers === 1 ? ' waits' : 's wait'} for the next refresh` : 'nothing waits';
	document.querySelector('#freshness').replaceChildren(
		status.lastRefreshedAt ? `Refreshed ${instant(status.lastRefreshedAt)} (${ago(status.lastRefreshedAt)}), ${waiting}` : 'Never refreshed: no figures yet',
		` · read ${instant(readAt)}`, status.isPartial ? ' · this reader sees some groups only' : '');
	showDateNote(state);
}

const notes = {
	conversation: ['Why is a goal not under its own date?', 'A goal event stands under the date on which the conversation that earned it started, in the account’s time zone, not under the date of the goal. So a report on conversions of June 3rd has to reach back to the conversation of June 1st that earned them, and the latest days of a period still gain conversions afterwards. “Dates are: when the goal was reached” shows the goal’s own date instead.'],
	goal: ['Dates are those of the goals', 'Goal events stand under the date on which they were reached, in the account’s time zone. The report views have them under the date on which the credited conversation started: totals of a period differ between the two.'],
};

function showDateNote({ dateOf }) {
	const [summary, text] = notes[dateOf] ?? notes.conversation;
	document.querySelector('#dates-note summary').textContent = summary;
	document.querySelector('#dates-note p').textContent = text;
}

export function showFilters(state, names, lift) {
	const chip = (level) => (state[level] === undefined ? null : element('button', {
		type: 'button', class: 'chip', 'data-level': level, title: 'Lift this filter', onclick: () => lift(level),
	}, `${level === 'skill' ? 'Skill' : 'Agent'}: ${short(names[level] ?? state[level], 80)} ✕`));
	document.querySelector('#filters').replaceChildren(...[chip('skill'), chip('agent')].filter(Boolean));
}
