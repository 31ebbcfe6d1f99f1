// Charts: each in a card of its own, with its table behind a button.  Colours are those of Okabe
// and Ito, which colour-blind people can tell apart; patterns (decals) say the same once more.
import * as echarts from '/echarts.mjs';
import { element, short } from './dom.mjs';
import { count } from './format.mjs';

const palette = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442'];
const unassignedColour = '#b4bcc6';
export const otherColour = '#8d99a6';
// shorter to longer
const scale = ['#1d4e89', '#3f7cac', '#79b0cf', '#b5d6e0', '#f4d58d', '#e8a33d', '#c8691c'];

// One pattern to a colour, so that a thing keeps both, whatever is filtered.
const ink = 'rgba(0, 0, 0, 0.28)';
const decals = [
	{ dashArrayX: [1, 0], dashArrayY: [2, 6], rotation: -Math.PI / 6 },
	{ symbol: 'circle', dashArrayX: [[8, 8], [0, 8, 8, 0]], dashArrayY: [6, 0], symbolSize: 0.8 },
	{ dashArrayX: [1, 0], dashArrayY: [4, 4], rotation: Math.PI / 4 },
	{ dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [6, 0] },
	{ dashArrayX: [[1, 0], [1, 6]], dashArrayY: [1, 0, 6, 0], rotation: Math.PI / 4 },
	{ symbol: 'triangle', dashArrayX: [[9, 9], [0, 9, 9, 0]], dashArrayY: [7, 2], symbolSize: 0.75 },
	{ dashArrayX: [1, 0], dashArrayY: [1, 5], rotation: 0 },
].map((decal) => ({ color: ink, ...decal }));

const given = new Map();
function placeOf(kind, id) {
	const key = `${kind} ${id}`;
	if (!given.has(key)) given.set(key, given.size % palette.length);
	return given.get(key);
}

// What an item looks like: nobody and the others are plain grey.
export function styleOf(kind, item) {
	if (item.isOther) return { color: otherColour, decal: { symbol: 'none' } };
	if (item.id === null) return { color: unassignedColour, decal: { symbol: 'none' } };
	const place = placeOf(kind, item.id);
	return { color: palette[place], decal: decals[place] };
}

export function bucketStyle(n, of) {
	const place = of <= 1 ? 0 : Math.round((n * (scale.length - 1)) / (of - 1));
	return { color: scale[place], decal: decals[n % decals.length] };
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function look() {
	const text = css('--text');
	const line = css('--line');
	const axis = {
		axisLine: { lineStyle: { color: css('--strong-line') } },
		axisLabel: { color: text, hideOverlap: true },
		splitLine: { lineStyle: { color: line } },
		nameTextStyle: { color: text },
	};
	return { text, soft: css('--soft'), card: css('--card'), line, axis };
}

const drawn = new Set();

export function disposeCharts() {
	for (const chart of drawn) chart.dispose();
	drawn.clear();
}

new ResizeObserver(() => { for (const chart of drawn) chart.resize(); }).observe(document.documentElement);

// option(look) gives what ECharts draws; click(params) hears of clicks on marks.
export function draw(node, option, click) {
	const chart = echarts.init(node, null, { renderer: 'canvas' });
	const style = { ...look(), width: node.clientWidth };
	chart.setOption({
		animation: !matchMedia('(prefers-reduced-motion: reduce)').matches,
		animationDuration: 250,
		textStyle: { fontFamily: 'inherit', color: style.text },
		aria: { enabled: true, label: { enabled: false }, decal: { show: true } },
		...option(style),
	});
	chart.on('click', click);
	drawn.add(chart);
	return chart;
}

// Drawn in the canvas, so that no name is ever taken for markup.
export function tooltip(style, formatter, trigger = 'item') {
	return {
		trigger, formatter, renderMode: 'richText', confine: true,
		axisPointer: { type: 'shadow' },
		backgroundColor: style.card, borderColor: style.line,
		textStyle: { color: style.text, fontSize: 13 },
	};
}

// In a rich text {a|b} is a style and \n a line.
export const plain = (text) => short(String(text).replace(/[{}|\n]/g, ' '), 60);

export function card({ id, title, note, wide = 'half', table, keys = null, summary }) {
	const canvas = element('div', { class: 'chart', id: `chart-${id}`, role: 'img', 'aria-label': summary });
	const behind = element('div', { class: 'table', hidden: true, tabindex: '0', role: 'region', 'aria-label': `${title}: table` });
	const button = element('button', {
		type: 'button', class: 'quiet', 'aria-expanded': 'false', 'aria-label': `${title}: show as table`,
		onclick() {
			const isOpen = behind.hidden;
			if (isOpen) behind.replaceChildren(table());
			behind.hidden = !isOpen;
			canvas.hidden = isOpen;
			if (keys) keys.hidden = isOpen;
			button.textContent = isOpen ? 'Chart' : 'Table';
			button.setAttribute('aria-expanded', String(isOpen));
		},
	}, 'Table');
	const section = element('section', { class: `card ${wide}`, id: `card-${id}`, 'aria-label': title },
		element('header', {}, element('h2', {}, title), button),
		note ? element('p', { class: 'note' }, note) : null,
		canvas, keys, behind);
	return { section, canvas };
}

export const summaryOf = (title, items, value) => `${title}: ${items.slice(0, 5)
	.map((item) => `${short(item.name, 60)} ${count(value(item))}`).join(', ') || 'nothing'}${items.length > 5 ? ', …' : ''}`;
