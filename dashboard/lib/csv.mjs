// The grid as CSV (RFC 4180, UTF-8): what is filtered, in the order shown, all columns.
//
// A spreadsheet takes a text that starts with = + - @, a tab or a return for a formula, so such a
// text gets an apostrophe in front, as spreadsheets write texts themselves.  Numbers, dates and
// instants, which nobody outside can make up, stay as they are.
import { columns, mostFound, readAll } from './grid.mjs';

const kinds = new Map(columns.map(({ name, kind }) => [name, kind]));
const header = ['account_id', ...columns.map(({ name }) => name)];

export function cell(value, kind) {
	if (value === null) return '';
	const text = kind === 'text' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const line = (cells) => `${cells.join(',')}\r\n`;

// write(text) gets it in parts.
export function writeCsv(source, view, grid, signal, most, write) {
	let isBegun = false;
	return readAll(source, view, grid, signal, most, async (rows, isCut) => {
		if (!isBegun) await write(line(header));
		isBegun = true;
		if (rows.length > 0) await write(rows.map((row) => line(header.map((name) => cell(row[name], kinds.get(name) ?? 'text')))).join(''));
		if (isCut) await write(line([`"Cut here: a download has at most ${most} rows, and of a search ${mostFound}."`]));
	});
}

export function fileName(view) {
	const account = view.account.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60);
	return `conversion-grid-${account}-${view.from}-${view.to}.csv`;
}
