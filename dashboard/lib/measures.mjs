// Charts, tables and totals out of the rows of a view.
//
// Unfiltered, a chart counts the rows that carry the credit of its level, as the report views do:
// a goal event stands once at each skill (agent) that has part in it.  Filtered by another level
// it counts each goal event once over the rows that remain, per skill (agent): on the row that
// carries the credit where that is among them, else on the latest (S17).
//
// Under models that share (S20) that is how goals reached are counted.  Conversions and values are
// parts, which add up over all rows that remain, whatever filters them.
import { AGENT_CREDIT, SKILL_CREDIT, ACCOUNT_CREDIT, CONVERSION } from './facts.mjs';
import { DecimalSums } from './columns.mjs';
import { dayNumber, dayOf } from './view.mjs';

const credits = { skill: SKILL_CREDIT, agent: AGENT_CREDIT, account: ACCOUNT_CREDIT };

// Rows of some Facts.  A filter is { skill, agent }: an id, '' for those without one, undefined for
// all.  Charts of a page share what is selected for one of them.
class Selection {
	#known = new Map();

	constructor(facts) {
		this.facts = facts;
		this.one = new Int32Array(facts.agentOf.length);		// the whole account is one
		this.ids = { skill: Int32Array.from(facts.skillOf), agent: Int32Array.from(facts.agentOf), account: this.one };
	}

	#once(key, make) {
		const name = JSON.stringify(key);
		if (!this.#known.has(name)) this.#known.set(name, make());
		return this.#known.get(name);
	}

	// Combinations that a filter lets through.
	passes({ skill, agent }) {
		return this.#once(['passes', skill ?? 0, agent ?? 0], () => {
			const { facts } = this;
			const number = (names, id) => (id === undefined ? undefined : names.find(id === '' ? null : id));
			const wanted = { skill: number(facts.skills, skill), agent: number(facts.agents, agent) };
			return Uint8Array.from(facts.agentOf, (_, c) => Number(
				(wanted.skill === undefined || facts.skillOf[c] === wanted.skill)
				&& (wanted.agent === undefined || facts.agentOf[c] === wanted.agent)));
		});
	}

	// All rows that remain.
	remaining(filter) {
		return this.#once(['remaining', filter.skill ?? 0, filter.agent ?? 0],
			() => this.#pick(this.passes(filter), 0));
	}

	// Rows that a chart of this level counts.
	counted(level, filter) {
		const isByOther = (filter.skill !== undefined && level !== 'skill') || (filter.agent !== undefined && level !== 'agent');
		return this.#once([level, filter.skill ?? 0, filter.agent ?? 0], () => {
			if (!isByOther) return this.#pick(this.passes(filter), credits[level]);
			const rows = this.remaining(filter);
			return this.facts.isOnePerEvent ? rows : this.#onceEach(rows, level);
		});
	}

	// Rows that pass and have this credit (0: whatever they have).
	#pick(passes, credit) {
		const { facts: { rows, combination: { data: combination }, flags: { data: flags } } } = this;
		const picked = new Uint32Array(rows);
		let length = 0;
		for (let i = 0; i < rows; i++)
			if ((flags[i] & credit) === credit && passes[combination[i]] === 1) picked[length++] = i;
		return picked.slice(0, length);
	}

	// Of rows, one per goal event and id of the level.  Those of an event follow each other, and
	// are few.
	#onceEach(rows, level) {
		const { facts: { eventOf, combination: { data: combination }, flags: { data: flags } } } = this;
		const ids = this.ids[level];
		const credit = credits[level];
		const chosen = new Uint32Array(rows.length);
		let length = 0;
		let start = 0;					// where this event's begin
		let event = -1;
		for (let k = 0; k < rows.length; k++) {
			const row = rows[k];
			if (eventOf[row] !== event) {
				event = eventOf[row];
				start = length;
			}
			const id = ids[combination[row]];
			let at = start;
			while (at < length && ids[combination[chosen[at]]] !== id) at++;
			if (at === length) chosen[length++] = row;
			else if ((flags[chosen[at]] & credit) === 0) chosen[at] = row;
		}
		return chosen.slice(0, length);
	}
}

const million = 1_000_000;

// Measures by id of a level: goals reached, conversions, values in one currency, conversions that
// carried another; conversions by the cells of a second scale.  Conversions are kept in units: 1,
// or under models that share millionths.  A double holds whole numbers of them exactly, and their
// millionth has their six decimals when it is written.
class Measures {
	constructor(selection, level, filter, currency, scale = { size: 1, of: null }) {
		const { facts } = selection;
		const rows = selection.counted(level, filter);
		const ids = selection.ids[level];
		const size = level === 'skill' ? facts.skills.ids.length : level === 'agent' ? facts.agents.ids.length : 1;
		this.size = scale.size;
		this.goals = new Float64Array(size);
		this.conversions = new Float64Array(size);
		this.others = new Float64Array(size);
		this.cells = new Float64Array(size * scale.size);
		this.unit = facts.isShared ? million : 1;
		this.lead = new DecimalSums(facts.isShared ? facts.leadPart : facts.lead, size);
		this.transaction = new DecimalSums(facts.isShared ? facts.transactionPart : facts.transaction, size);
		const shown = facts.currencies.find(currency);
		const isShown = Uint8Array.from(facts.currencyOf, (number) => Number(number === shown));
		const combination = facts.combination.data;
		for (let k = 0; k < rows.length; k++) this.goals[ids[combination[rows[k]]]]++;
		this.#add(facts.isShared ? selection.remaining(filter) : rows, ids, facts, isShown, scale);
	}

	#add(rows, ids, facts, isShown, { of, size, least }) {
		const { combination: { data: combination }, flags: { data: flags } } = facts;
		const weight = facts.isShared ? facts.weight.data : null;
		const { conversions, others, cells, lead, transaction } = this;
		for (let k = 0; k < rows.length; k++) {
			const row = rows[k];
			const c = combination[row];
			const id = ids[c];
			const conversion = (flags[row] & CONVERSION) === 0 ? 0 : weight === null ? 1 : weight[row];
			conversions[id] += conversion;
			if (of !== null) cells[id * size + of[row] - least] += conversion;
			if (isShown[c] === 1) {
				lead.add(id, row);
				transaction.add(id, row);
			} else {
				others[id] += conversion;
			}
		}
	}

	of(id) {
		return {
			goals: this.goals[id],
			conversions: this.conversions[id] / this.unit,
			lead: this.lead.text(id, 4),
			transaction: this.transaction.text(id, 4),
			others: this.others[id] / this.unit,
		};
	}

	// Under models that share a part can stand in the period, and the goal reached outside.
	isNothing(id) {
		return this.goals[id] === 0 && this.conversions[id] === 0 && this.lead.isZero(id) && this.transaction.isZero(id);
	}

	cellsOf(id) {
		return Array.from(this.cells.subarray(id * this.size, (id + 1) * this.size), (units) => units / this.unit);
	}
}

const byMost = (a, b) => b.conversions - a.conversions || b.goals - a.goals || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

const bucketScale = (facts, buckets) => ({ size: buckets.length, of: facts.bucket.data, least: 0 });

function skills({ selection, facts, currency }, filter) {
	const measures = new Measures(selection, 'skill', filter, currency);
	return facts.skills.ids.map((id, n) => ({ id, name: facts.skills.name(n), n }))
		.filter(({ n }) => !measures.isNothing(n))
		.map(({ id, name, n }) => ({ id, name, ...measures.of(n) }))
		.sort(byMost);
}

// Items of a level that have conversions, with these by the cells of a scale.
function itemsBy({ selection, currency }, level, names, filter, scale) {
	const measures = new Measures(selection, level, filter, currency, scale);
	return names.ids.map((id, n) => ({ id, name: names.name(n), n, goals: measures.goals[n], conversions: measures.conversions[n] / measures.unit }))
		.filter(({ conversions }) => conversions > 0)
		.sort(byMost)
		.map(({ id, name, n, conversions }) => ({ id, name, conversions, counts: measures.cellsOf(n) }));
}

function byDate(context, filter) {
	const { facts, view } = context;
	const least = dayNumber(view.from);
	const size = dayNumber(view.to) - least + 1;
	return {
		days: Array.from({ length: size }, (_, n) => dayOf(least + n)),
		skills: itemsBy(context, 'skill', facts.skills, filter, { size, of: facts.day.data, least }),
	};
}

// 1970-01-01 was a Thursday.
const weekdayOf = (day) => (((day + 4) % 7) + 7) % 7;

function byWeekday({ selection, facts, buckets }, filter) {
	const counts = Array.from({ length: 7 }, () => new Array(buckets.length).fill(0));
	for (const row of facts.isShared ? selection.remaining(filter) : selection.counted('skill', filter))
		if ((facts.flags.data[row] & CONVERSION) !== 0)
			counts[weekdayOf(facts.day.data[row])][facts.bucket.data[row]] += facts.isShared ? facts.weight.data[row] : 1;
	return { buckets, counts: facts.isShared ? counts.map((cells) => cells.map((units) => units / million)) : counts };
}

function byDuration(context, level, names, filter) {
	const { facts, buckets } = context;
	return { buckets, items: itemsBy(context, level, names, filter, bucketScale(facts, buckets)) };
}

// Work is that of distinct segments (S13), also of those whose conversion stands elsewhere.
function agents({ selection, facts, currency }, filter) {
	const size = facts.agents.ids.length;
	const measures = new Measures(selection, 'agent', filter, currency);
	const messages = new Float64Array(size);
	const responses = new Float64Array(size);
	const seconds = new DecimalSums(facts.seconds, size);
	const userTypes = Array.from({ length: size }, () => new Set());
	const seen = new Uint8Array(facts.segments);
	const hasType = new Uint8Array(facts.agentOf.length);
	for (const row of selection.remaining(filter)) {
		const combination = facts.combination.data[row];
		const agent = facts.agentOf[combination];
		if (hasType[combination] === 0) {
			hasType[combination] = 1;
			userTypes[agent].add(facts.userTypes.ids[facts.userTypeOf[combination]]);
		}
		const segment = facts.segmentOf[row];
		if (seen[segment] === 1) continue;
		seen[segment] = 1;
		messages[agent] += facts.messages.data[row];
		responses[agent] += facts.responses.data[row];
		seconds.add(agent, row);
	}
	return facts.agents.ids.map((id, n) => ({
		id, name: facts.agents.name(n), userType: [...userTypes[n]].sort().join(', '), ...measures.of(n),
		messages: messages[n], responses: responses[n], seconds: seconds.text(n, 6),
	})).filter(({ userType }) => userType).sort(byMost);
}

// The same asked again, while the rows are the same, is not counted again.
const mostAnswers = 64;
const answers = new WeakMap();
export const forget = (facts) => answers.delete(facts);

export function measure(facts, view, buckets, page, setIn) {
	if (!answers.has(facts)) answers.set(facts, new Map());
	const known = answers.get(facts);
	const key = JSON.stringify([page, view.currency, view.skill ?? 0, view.agent ?? 0, setIn, buckets]);
	const answer = known.get(key) ?? measureNow(facts, view, buckets, page, setIn);
	known.delete(key);
	known.set(key, answer);
	if (known.size > mostAnswers) known.delete(known.keys().next().value);
	return answer;
}

// What a page of charts shows.  A chart does not follow a filter that was set in it: there the
// others stay in sight.
function measureNow(facts, view, buckets, page, setIn) {
	const selection = new Selection(facts);
	const context = { facts, view, selection, buckets, currency: view.currency };
	const filter = (chart) => ({
		skill: setIn.skill === chart ? undefined : view.skill,
		agent: setIn.agent === chart ? undefined : view.agent,
	});
	const total = new Measures(selection, 'account', { skill: view.skill, agent: view.agent }, view.currency).of(0);
	if (page === 'skills')
		return {
			total,
			skills: skills(context, filter('skills')),
			dates: byDate(context, filter('dates')),
			weekdays: byWeekday(context, filter('weekdays')),
		};
	return {
		total,
		skillDurations: byDuration(context, 'skill', facts.skills, filter('skillDurations')),
		agentDurations: byDuration(context, 'agent', facts.agents, filter('agentDurations')),
		agents: agents(context, filter('agents')),
	};
}

// Rows of the grid that remain.
export const remaining = (facts, { skill, agent }) => new Selection(facts).remaining({ skill, agent });
