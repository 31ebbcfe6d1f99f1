// Puts it together: the address says what is shown, the server gives the figures, a page shows them.
import { pages, periodOf, queryOf, readState, writeState } from './state.mjs';
import { listenToControls, showControls, showFilters, showSettings } from './controls.mjs';
import { showAgents, showSkills } from './page-charts.mjs';
import { ask } from './api.mjs';
import { disposeCharts } from './charts.mjs';
import { element } from './dom.mjs';
import { setUpTheme } from './theme.mjs';
import { showGrid } from './page-grid.mjs';

const page = document.querySelector('#page');
const notice = document.querySelector('#notice');
const live = document.querySelector('#status');

let state = readState(location.search);
let server = null;				// accounts, models, columns
let report = null;				// what is shown, and what it was asked for with
let asked = null;
let retry = null;

const own = () => server.accounts.find(({ account }) => account === state.account);

function change(part, { isQuiet = false } = {}) {
	state = { ...state, ...part };
	history.pushState(null, '', writeState(state));
	if (isQuiet) show();
	else load();
}

// A click filters; a second one on the same lifts the filter.
function filterBy(level, id, chart) {
	if (state[level] === id) change({ [level]: undefined, [`${level}In`]: '', number: '1' });
	else change({ [level]: id, [`${level}In`]: chart === 'grid' ? '' : chart, number: '1' });
}

const lift = (level) => change({ [level]: undefined, [`${level}In`]: '', number: '1' });

function showPages() {
	document.querySelector('#pages').replaceChildren(...pages.map(({ id, label }) => element('a', {
		href: writeState({ ...state, page: id, number: '1' }), 'aria-current': id === state.page ? 'page' : null,
		onclick(event) {
			if (event.ctrlKey || event.metaKey || event.shiftKey) return;
			event.preventDefault();
			change({ page: id, number: '1' });
		},
	}, label)));
	document.title = `${pages.find(({ id }) => id === state.page).label} · Goal tracker`;
}

function skeleton() {
	disposeCharts();
	const block = (size) => element('div', { class: `skeleton ${size}`, 'aria-hidden': 'true' });
	page.replaceChildren(...(state.page === 'grid' ? [block('wide')] : [block('wide low'), block('half'), block('half'), block('wide')]));
}

function say(text) {
	live.textContent = text;
}

function fail(error) {
	report = null;
	disposeCharts();
	page.replaceChildren();
	showFilters(state, {}, lift);
	const isAway = ['database-away', 'server-away', 'no-login'].includes(error.code);
	notice.replaceChildren(element('div', { class: 'message bad', role: 'alert', 'data-error': error.code },
		element('h2', {}, isAway ? 'No figures at the moment' : 'That did not work'),
		element('p', {}, error.message),
		element('button', { type: 'button', onclick: () => begin() }, 'Try again')));
	if (isAway) retry = setTimeout(begin, 3000);
}

function empty() {
	disposeCharts();
	page.replaceChildren();
	const { data, status, period } = report;
	const from = data && new Date(Date.parse(`${data.to}T00:00:00Z`) - 59 * 86_400_000).toISOString().slice(0, 10);
	notice.replaceChildren(element('div', { class: 'message', 'data-empty': '' },
		element('h2', {}, `No goal event from ${period.from} to ${period.to}`),
		data ? element('p', {}, `This account has figures from ${data.from} to ${data.to}.`)
			: element('p', {}, status.lastRefreshedAt ? 'This account has no figures under these settings.' : 'This account was never refreshed: call goaltracker.refresh() after loading its data.'),
		data ? element('button', { type: 'button', id: 'go-to-data', onclick: () => change({ days: '', from: from > data.from ? from : data.from, to: data.to }) },
			`Show ${from > data.from ? from : data.from} to ${data.to}`) : null));
	say('No goal event in this period.');
}

function show() {
	notice.replaceChildren();
	page.classList.remove('is-loading');
	showPages();
	showControls(state, report.status, server.accounts, server.models, report.currencies);
	showSettings(report, state);
	showFilters(state, report.names, lift);
	if (report.data !== undefined) return empty();
	const at = focusedPlace();
	const context = { state, today: own().today, change, filterBy };
	({ skills: showSkills, agents: showAgents, grid: showGrid })[state.page](page, report, context);
	page.dataset.shown = location.search;
	focusAgain(at);
	say('Figures are up to date with what is chosen.');
}

// Whoever works by keyboard stays where he was, though the page was drawn anew.
function focusedPlace() {
	const node = document.activeElement;
	const shell = node?.closest('section, nav');
	if (!shell || !page.contains(node)) return null;
	const all = [...shell.querySelectorAll('button, input, select, a, [tabindex]')];
	return { section: shell.closest('section').id, text: node.textContent, id: node.id, sort: node.dataset.sort, n: all.indexOf(node), selection: node.selectionStart, value: node.value };
}

function focusAgain(at) {
	if (!at) return;
	const all = [...(document.getElementById(at.section)?.querySelectorAll('button, input, select, a, [tabindex]') ?? [])];
	const node = (at.id && all.find(({ id }) => id === at.id)) || (at.sort && all.find(({ dataset }) => dataset.sort === at.sort))
		|| all.find(({ textContent }) => at.text && textContent === at.text) || all[at.n];
	node?.focus({ preventScroll: true });
	if (node?.id === 'search') {
		node.value = at.value;			// typed on meanwhile
		node.setSelectionRange(at.selection, at.selection);
	}
}

async function load() {
	clearTimeout(retry);
	asked?.abort();
	asked = new AbortController();
	const { signal } = asked;
	if (!server) return begin();
	if (!own()) state = { ...state, account: server.accounts[0]?.account ?? '' };
	if (!state.account) return fail({ code: 'no-account', message: 'There is no account that the dashboard may see.' });
	showPages();
	if (report && report.page === state.page) page.classList.add('is-loading');
	else skeleton();
	say('Loading.');
	const extra = state.page === 'grid' ? { sort: state.sort, order: state.order, size: state.size, number: state.number, search: state.search, place: state.place } : { page: state.page };
	try {
		const answer = await ask(`/api/${state.page === 'grid' ? 'grid' : 'report'}?${queryOf(state, own().today, extra)}`, signal);
		report = { ...answer, page: state.page };
		show();
	} catch (error) {
		if (error.name !== 'AbortError') {
			page.classList.remove('is-loading');
			fail(error);
		}
	}
}

async function begin() {
	clearTimeout(retry);
	try {
		server = await ask('/api/status');
	} catch (error) {
		return fail(error);
	}
	notice.replaceChildren();
	return load();
}

// Whether the database was refreshed meanwhile: then what is shown is read again.
async function look() {
	if (document.hidden || !report) return;
	try {
		server = await ask('/api/status');
		const now = own();
		if (!now || now.lastRefreshedAt !== report.status.lastRefreshedAt || now.ownModel !== report.status.ownModel || now.ownWindow !== report.status.ownWindow) load();
		else if (report) {
			report.status.pendingConsumers = now.pendingConsumers;
			showSettings(report, state);
		}
	} catch (error) {
		fail(error);
	}
}

addEventListener('popstate', () => { state = readState(location.search); load(); });
listenToControls(change);
setUpTheme(document.querySelector('#theme'), () => { if (report && report.data === undefined) show(); });
setInterval(look, 20_000);
begin();
