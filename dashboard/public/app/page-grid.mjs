// The grid: a page of rows, sorted, searched and counted by the server.
import { count, exact, money } from './format.mjs';
import { disposeCharts } from './charts.mjs';
import { element } from './dom.mjs';
import { queryOf } from './state.mjs';
import { table } from './table.mjs';

let typing;

export function showGrid(page, report, context) {
	const { state, today, change, filterBy } = context;
	const size = Number(state.size);
	const last = Math.max(1, Math.ceil(report.found / size));
	const number = Math.min(Number(state.number), last);
	const download = `/api/grid.csv?${queryOf(state, today, { sort: state.sort, order: state.order, search: state.search, place: state.place })}`;
	disposeCharts();
	page.replaceChildren(element('section', { class: 'card wide', id: 'card-grid', 'aria-label': 'Agent conversion tracking grid' },
		element('header', {}, element('h2', {}, 'Agent conversion tracking grid'),
			element('span', { id: 'found', class: 'hint' }, `${report.isCut ? 'the first ' : ''}${count(report.found)} rows${report.isCut ? ' found' : ''}`)),
		element('div', { class: 'gridbar' },
			element('label', { class: 'field' }, 'Search',
				element('input', { type: 'search', id: 'search', value: state.search, maxlength: 300, autocomplete: 'off', spellcheck: 'false',
					oninput: ({ target }) => {
						clearTimeout(typing);
						typing = setTimeout(() => change({ search: target.value.trim(), number: '1' }), 400);
					} })),
			element('label', { class: 'field' }, 'in',
				element('select', { id: 'place', onchange: ({ target }) => change({ place: target.value, number: '1' }) },
					...[['all', 'ids and names'], ['names', 'agents and skills'], ['consumer', 'consumers (whole id)']]
						.map(([id, label]) => element('option', { value: id, selected: id === state.place }, label)))),
			element('label', { class: 'field narrow' }, 'Rows a page',
				element('select', { onchange: ({ target }) => change({ size: target.value, number: '1' }) },
					...['25', '50', '100', '200'].map((text) => element('option', { selected: text === state.size }, text)))),
			element('span', { class: 'space' }),
			element('a', { class: 'button', id: 'download', href: download, download: '' }, 'Download as CSV')),
		report.found > report.mostDownloaded ? element('p', { class: 'note' }, `A download has at most ${count(report.mostDownloaded)} rows: it will be cut, and its last line says so.`) : null,
		element('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Grid: table' }, rows(report, state, change, filterBy)),
		report.rows.length === 0 ? element('p', { class: 'note' }, 'No row matches.') : null,
		pager(number, last, report, size, change)));
}

const written = { money: (value) => money(value), number: (value) => exact(value), time: (value) => value.replace(/\.\d+/, '') };

function rows(report, state, change, filterBy) {
	const at = Object.fromEntries(report.columns.map(({ name }, n) => [name, n]));
	const pick = (level) => ({
		isPressed: (row) => state[level] !== undefined && (row[at[`${level}_id`]] ?? '') === state[level],
		act: (row) => filterBy(level, row[at[`${level}_id`]] ?? '', 'grid'),
	});
	const columns = report.columns.map(({ name, label, kind }, n) => ({
		key: name, label, isNumber: kind === 'number' || kind === 'money' || kind === 'span',
		write: (row) => (row[n] === null ? null : (written[kind] ?? String)(row[n])),
		pick: name === 'skill' || name === 'agent' ? pick(name) : undefined,
	}));
	return table({
		caption: 'Agent conversion tracking grid', columns, rows: report.rows,
		sorted: { key: state.sort, order: state.order === 'asc' ? 'asc' : 'desc' },
		onSort: (column) => change({
			sort: column.key, number: '1',
			order: state.sort === column.key ? (state.order === 'asc' ? 'desc' : 'asc') : column.isNumber ? 'desc' : 'asc',
		}),
	});
}

function pager(number, last, report, size, change) {
	const go = (to) => change({ number: String(to) });
	const button = (label, to, isOff) => element('button', { type: 'button', disabled: isOff, onclick: () => go(to) }, label);
	const from = report.rows.length ? (number - 1) * size + 1 : 0;
	return element('nav', { class: 'pager', 'aria-label': 'Pages of the grid' },
		button('First', 1, number <= 1), button('Previous', number - 1, number <= 1),
		element('span', { id: 'rows-shown' }, `${count(from)}–${count(from + Math.max(0, report.rows.length - 1))} · page ${count(number)} of ${count(last)}`),
		button('Next', number + 1, number >= last), button('Last', last, number >= last));
}
