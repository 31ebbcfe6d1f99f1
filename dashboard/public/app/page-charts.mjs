// The two pages of charts.
import { bucketStyle, card, disposeCharts, draw, otherColour, plain, styleOf, summaryOf, tooltip } from './charts.mjs';
import { count, day, exact, money, share, span, sum, weekdays } from './format.mjs';
import { element } from './dom.mjs';
import { pickButton, table } from './table.mjs';

const shown = { pie: 9, series: 7, bars: 15, columns: 30, keys: 60, agents: 200 };
const idText = (id) => id ?? '';
const add = (rows) => rows[0].map((_, n) => sum(rows.map((counts) => counts[n])));

// The first of them, the others as one.
function withOthers(items, most, what) {
	if (items.length <= most + 1) return items;
	const rest = items.slice(most);
	return [...items.slice(0, most), {
		isOther: true, name: `${count(rest.length)} other ${what}`,
		conversions: sum(rest.map((item) => item.conversions)),
		counts: rest[0].counts ? add(rest.map((item) => item.counts)) : undefined,
	}];
}

function tiles(report) {
	const { total, currency } = report;
	const tile = (id, label, value, unit) => element('div', { id: `tile-${id}` }, element('dt', {}, label),
		element('dd', {}, value, unit ? element('small', {}, ` ${unit}`) : null));
	return element('dl', { class: 'tiles' },
		tile('conversions', 'Conversions', count(total.conversions)),
		tile('goals', 'Goals reached', count(total.goals)),
		tile('lead', 'Lead value', money(total.lead), currency),
		tile('transaction', 'Transaction value', money(total.transaction), currency));
}

export function showSkills(page, report, context) {
	const { state, filterBy } = context;
	const { skills, dates, weekdays: byDay } = report;
	const dateNote = state.dateOf === 'goal' ? 'By the date on which the goal was reached.'
		: 'By the date on which the conversation that earned the goal started, not the date of the goal.';
	const pieSkills = skills.filter(({ conversions }) => conversions > 0);
	const slices = withOthers(pieSkills, shown.pie, 'skills');
	const all = sum(pieSkills.map((item) => item.conversions));
	const isPicked = (item) => state.skill !== undefined && idText(item.id) === state.skill;
	const pick = (chart) => (item) => { if (!item.isOther) filterBy('skill', idText(item.id), chart); };
	for (const item of pieSkills) styleOf('skill', item);		// in this order

	const keys = element('ul', { class: 'keys' }, ...pieSkills.slice(0, shown.keys).map((item) => element('li', {},
		pickButton(`${item.name} ${count(item.conversions)}`, isPicked(item), () => pick('skills')(item),
			slices.includes(item) ? styleOf('skill', item).color : otherColour))));
	const skillColumns = [
		{ key: 'name', label: 'Skill', write: (row) => row.name, pick: { isPressed: isPicked, act: pick('skills') } },
		{ key: 'conversions', label: 'Conversions', isNumber: true, write: (row) => exact(row.conversions) },
		{ key: 'share', label: 'Share', isNumber: true, write: (row) => share(row.conversions, all) },
		{ key: 'goals', label: 'Goals reached', isNumber: true, write: (row) => count(row.goals) },
		{ key: 'lead', label: `Lead value (${report.currency})`, isNumber: true, write: (row) => money(row.lead) },
		{ key: 'transaction', label: `Transaction value (${report.currency})`, isNumber: true, write: (row) => money(row.transaction) },
	];
	const pie = card({
		id: 'skills', title: 'Conversions by skill', wide: 'third', keys,
		summary: summaryOf('Conversions by skill', pieSkills, (item) => item.conversions),
		table: () => table({ caption: 'Conversions by skill', columns: skillColumns, rows: skills, isSelected: isPicked }),
	});
	const columns = withOthers(dates.skills, shown.series, 'skills');
	const wideColumns = withOthers(dates.skills, shown.columns, 'skills');
	const stacked = card({
		id: 'dates', title: 'Conversions by skill and date', wide: 'rest', note: dateNote,
		summary: summaryOf('Conversions by skill and date, in all', dates.skills, (item) => item.conversions),
		table: () => table({
			caption: 'Conversions by skill and date',
			columns: [{ key: 'day', label: 'Date', write: (row) => row.day },
				...wideColumns.map((item, n) => ({ key: `skill-${n}`, label: item.name, isNumber: true, write: (row) => exact(item.counts[row.n]) })),
				{ key: 'total', label: 'Total', isNumber: true, write: (row) => exact(sum(dates.skills.map((item) => item.counts[row.n]))) }],
			rows: dates.days.map((text, n) => ({ day: text, n })),
		}),
	});
	const { buckets, counts } = byDay;
	const weekdayCard = card({
		id: 'weekdays', title: 'Conversions by day of week and segment duration', wide: 'wide',
		note: 'Split by the time assigned of the agent segment that carries the credit.',
		summary: `Conversions by day of week: ${weekdays.map((text, n) => `${text} ${count(sum(counts[n]))}`).join(', ')}`,
		table: () => table({
			caption: 'Conversions by day of week and segment duration',
			columns: [{ key: 'weekday', label: 'Day', write: (row) => weekdays[row] },
				...buckets.map((text, n) => ({ key: `bucket-${n}`, label: text, isNumber: true, write: (row) => exact(counts[row][n]) })),
				{ key: 'total', label: 'Total', isNumber: true, write: (row) => exact(sum(counts[row])) }],
			rows: [0, 1, 2, 3, 4, 5, 6],
		}),
	});
	disposeCharts();
	page.replaceChildren(tiles(report), pie.section, stacked.section, weekdayCard.section);

	draw(pie.canvas, (style) => ({
		tooltip: tooltip(style, ({ data }) => `${plain(data.name)}\n${count(data.value)} conversions, ${share(data.value, all)}`),
		series: [{
			type: 'pie', radius: ['42%', '78%'], minShowLabelAngle: 12,
			itemStyle: { borderColor: style.card, borderWidth: 2 },
			label: { position: 'inner', color: '#fff', textBorderColor: '#1c2530', textBorderWidth: 3, fontWeight: 600,
				formatter: ({ value }) => share(value, all) },
			labelLine: { show: false },
			data: slices.map((item) => ({
				name: item.name, value: item.conversions,
				itemStyle: { ...styleOf('skill', item), opacity: dim(state.skill, isPicked(item)) },
			})),
		}],
	}), ({ dataIndex }) => pick('skills')(slices[dataIndex]));
	draw(stacked.canvas, (style) => stackedOption(style, dates.days, columns, (text) => day(text)),
		({ seriesIndex }) => pick('dates')(columns[seriesIndex]));
	draw(weekdayCard.canvas, (style) => bucketOption(style, buckets, weekdays.map((name, n) => ({ name, counts: counts[n] }))), () => {});
}

const dim = (filter, isPicked) => (filter === undefined || isPicked ? 1 : 0.3);

// Names differ from each other for ECharts, whatever they are.
const seriesName = (item, n) => `${plain(item.name)}${' '.repeat(n)}`;

function legend(style, names) {
	return { data: names, bottom: 0, icon: 'roundRect', itemGap: 8, textStyle: { color: style.text, overflow: 'truncate', width: 160 }, };
}

// Room for a legend, whose lines depend on the width there is.
function room(names, width) {
	const letters = names.reduce((sum, text) => sum + Math.min(text.length, 24) * 6.5 + 42, 0);
	return 22 + 22 * Math.ceil(letters / Math.max(200, width));
}

// selectedMode off: a click on a key would hide a part without saying so.
function stackedOption(style, days, items, write) {
	return {
		grid: { left: 8, right: 12, top: 16, bottom: room(items.map(({ name }) => name), style.width), containLabel: true },
		legend: { ...legend(style, items.map(seriesName)), selectedMode: false },
		tooltip: tooltip(style, ({ seriesIndex, dataIndex, value }) => `${days[dataIndex]}\n${plain(items[seriesIndex].name)}: ${count(value)}`),
		xAxis: { type: 'category', data: days.map(write), ...style.axis, splitLine: { show: false } },
		yAxis: { type: 'value', minInterval: 1, ...style.axis },
		series: items.map((item, n) => ({
			name: seriesName(item, n), type: 'bar', stack: 'all', data: item.counts, barCategoryGap: '20%',
			itemStyle: styleOf('skill', item),
		})),
	};
}

// Stacks by duration bucket, lying or standing.
function bucketOption(style, buckets, items, isLying = false, isPicked = null, filter = undefined) {
	const names = { type: 'category', data: items.map((item, n) => seriesName(item, n)), ...style.axis, splitLine: { show: false },
		axisLabel: { ...style.axis.axisLabel, hideOverlap: false, interval: 0, width: isLying ? 130 : undefined, overflow: 'truncate' } };
	const values = { type: 'value', minInterval: 1, ...style.axis };
	names.axisLabel.formatter = (text) => (!isLying && innerWidth < 600 ? text.slice(0, 3) : text.trimEnd());
	return {
		grid: { left: 8, right: 16, top: 12, bottom: room(buckets, style.width), containLabel: true },
		legend: { ...legend(style, buckets), selectedMode: false },
		tooltip: tooltip(style, ({ seriesIndex, dataIndex, value }) => `${plain(items[dataIndex].name)}\n${buckets[seriesIndex]}: ${count(value)}`),
		xAxis: isLying ? values : names,
		yAxis: isLying ? { ...names, inverse: true } : values,
		series: buckets.map((bucket, n) => ({
			name: bucket, type: 'bar', stack: 'all', barMaxWidth: 60,
			itemStyle: bucketStyle(n, buckets.length),
			data: items.map((item) => ({ value: item.counts[n], itemStyle: { opacity: isPicked ? dim(filter, isPicked(item)) : 1 } })),
		})),
	};
}

function durations(report, context, level, chart, title, data) {
	const { state, filterBy } = context;
	const isPicked = (item) => state[level] !== undefined && idText(item.id) === state[level];
	const pick = (item) => filterBy(level, idText(item.id), chart);
	const bars = data.items.slice(0, shown.bars);
	const made = card({
		id: chart, title, wide: 'half',
		note: data.items.length > bars.length ? `The ${bars.length} with the most conversions of ${count(data.items.length)}; the table has all.` : null,
		summary: summaryOf(title, data.items, (item) => item.conversions),
		table: () => table({
			caption: title,
			columns: [{ key: 'name', label: level === 'skill' ? 'Skill' : 'Agent', write: (row) => row.name, pick: { isPressed: isPicked, act: pick } },
				...data.buckets.map((text, n) => ({ key: `bucket-${n}`, label: text, isNumber: true, write: (row) => exact(row.counts[n]) })),
				{ key: 'conversions', label: 'Conversions', isNumber: true, write: (row) => exact(row.conversions) }],
			rows: data.items, isSelected: isPicked,
		}),
	});
	made.canvas.style.height = `${Math.max(260, 120 + 30 * bars.length)}px`;
	return { section: made.section, draw: () => draw(made.canvas,
		(style) => bucketOption(style, data.buckets, bars, true, isPicked, state[level]), ({ dataIndex }) => pick(bars[dataIndex])) };
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byDecimal = (a, b) => Number(a) - Number(b);

export function showAgents(page, report, context) {
	const { state, filterBy, change } = context;
	const bySkill = durations(report, context, 'skill', 'skillDurations', 'Conversions by skill and assignment duration', report.skillDurations);
	const byAgent = durations(report, context, 'agent', 'agentDurations', 'Conversions by agent and assignment duration', report.agentDurations);
	disposeCharts();
	page.replaceChildren(tiles(report), bySkill.section, byAgent.section, summary(report, state, filterBy, change));
	bySkill.draw();
	byAgent.draw();
}

function summary(report, state, filterBy, change) {
	const isPicked = (row) => state.agent !== undefined && idText(row.id) === state.agent;
	const columns = [
		{ key: 'name', label: 'Agent', write: (row) => row.name, by: (a, b) => byText(a.name, b.name),
			pick: { isPressed: isPicked, act: (row) => filterBy('agent', idText(row.id), 'agents') } },
		{ key: 'userType', label: 'User type', write: (row) => row.userType, by: (a, b) => byText(a.userType, b.userType) },
		{ key: 'conversions', label: 'Conversions', write: (row) => exact(row.conversions), by: (a, b) => a.conversions - b.conversions },
		{ key: 'goals', label: 'Goals reached', write: (row) => count(row.goals), by: (a, b) => a.goals - b.goals },
		{ key: 'messages', label: 'Messages', write: (row) => count(row.messages), by: (a, b) => a.messages - b.messages },
		{ key: 'responses', label: 'Responses', write: (row) => count(row.responses), by: (a, b) => a.responses - b.responses },
		{ key: 'seconds', label: 'Time assigned', write: (row) => span(row.seconds), by: (a, b) => byDecimal(a.seconds, b.seconds) },
		{ key: 'lead', label: 'Lead value', write: (row) => money(row.lead), by: (a, b) => byDecimal(a.lead, b.lead) },
		{ key: 'transaction', label: 'Transaction value', write: (row) => money(row.transaction), by: (a, b) => byDecimal(a.transaction, b.transaction) },
		{ key: 'others', label: 'In other currencies', write: (row) => exact(row.others), by: (a, b) => a.others - b.others },
	].map((column, n) => ({ ...column, isNumber: n > 1 }));
	const sorted = { key: state.agentsSort, order: state.agentsOrder === 'asc' ? 'asc' : 'desc' };
	const { by } = columns.find(({ key }) => key === sorted.key) ?? columns[2];
	const rows = [...report.agents].sort((a, b) => (sorted.order === 'asc' ? by(a, b) : by(b, a)));
	const shell = element('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Conversion summary by agents: table' });
	const show = (most) => shell.replaceChildren(table({
		caption: 'Conversion summary by agents', columns, rows: rows.slice(0, most), sorted, isSelected: isPicked,
		onSort: (column) => change({
			agentsSort: column.key,
			agentsOrder: sorted.key === column.key ? (sorted.order === 'asc' ? 'desc' : 'asc') : column.isNumber ? 'desc' : 'asc',
		}, { isQuiet: true }),
	}));
	show(shown.agents);
	const more = rows.length > shown.agents ? element('button', {
		type: 'button', onclick: () => { show(rows.length); more.remove(); },
	}, `Show all ${count(rows.length)}`) : null;
	return element('section', { class: 'card wide', id: 'card-agents', 'aria-label': 'Conversion summary by agents' },
		element('header', {}, element('h2', {}, 'Conversion summary by agents')),
		element('p', { class: 'note' }, 'Work (messages, responses, time) is that of every agent segment in the report, each counted once; time is h:mm:ss. Values are in ' + report.currency + '; the last column counts conversions that carried another currency.'),
		shell, more);
}
