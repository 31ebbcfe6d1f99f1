// Tables: columns say what is in them, how it is written, and whether a click on it filters.
import { element, name } from './dom.mjs';

// columns: [{ key, label, isNumber, write(row), sort(row), pick: { isPressed(row), act(row) } }]
export function table({ caption, columns, rows, sorted = null, onSort = null, foot = null, isSelected = () => false }) {
	const head = columns.map((column) => {
		const order = sorted && sorted.key === column.key ? sorted.order : null;
		const label = onSort
			? element('button', { type: 'button', onclick: () => onSort(column), 'data-sort': column.key },
				`${column.label}${order === 'asc' ? ' ▲' : order === 'desc' ? ' ▼' : ''}`)
			: column.label;
		return element('th', {
			scope: 'col', class: column.isNumber ? 'number' : null,
			'aria-sort': order ? (order === 'asc' ? 'ascending' : 'descending') : null,
		}, label);
	});
	const body = rows.map((row) => element('tr', { 'aria-selected': isSelected(row) ? 'true' : null },
		...columns.map((column, n) => cell(column, row, n))));
	return element('table', {},
		element('caption', { class: 'skip' }, caption),
		element('thead', {}, element('tr', {}, ...head)),
		element('tbody', {}, ...body),
		foot ? element('tfoot', {}, element('tr', {}, ...columns.map((column, n) => element(n ? 'td' : 'th',
			{ class: column.isNumber ? 'number' : null, scope: n ? null : 'row' }, foot(column) ?? '')))) : null);
}

function cell(column, row, n) {
	const text = column.write(row);
	const content = text === null || text === '' ? element('span', { class: 'none', 'aria-label': 'none' }, '–')
		: column.pick ? pickButton(text, column.pick.isPressed(row), () => column.pick.act(row))
			: name(String(text));
	return element(n ? 'td' : 'th', {
		scope: n ? null : 'row', class: column.pick ? 'names' : column.isNumber ? 'number' : null, 'data-key': column.key,
	}, content);
}

export function pickButton(text, isPressed, act, swatch = null) {
	return element('button', { type: 'button', 'aria-pressed': String(isPressed), onclick: act, title: isPressed ? 'Lift this filter' : 'Filter by this' },
		swatch ? element('span', { class: 'swatch', background: swatch, 'aria-hidden': 'true' }) : null, name(text));
}
