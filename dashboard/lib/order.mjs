// The rows of a view in the order of a column, any part of which can be had: the grid asks the
// database only for the rows of the page.
//
// What a row is sorted by becomes one number: its rank in the column, and within equal ranks the
// key of its goal event.  Sorting numbers is quick; rows of one event, which are few, are compared
// when a part is asked for.
import { LEAD_NONE, TRANSACTION_NONE, AGENT_CREDIT, SKILL_CREDIT, ACCOUNT_CREDIT, CONVERSION } from './facts.mjs';

const none = Infinity;

// By column, what tells the order of a row; what is missing here only the database can sort.
const makers = {
	goal_timestamp: (facts) => at(facts.goalTime.data),
	conversation_date: (facts) => at(facts.conversationDay.data),
	skill: (facts) => byName(facts.skills, facts.skillOf, facts),
	agent: (facts) => byName(facts.agents, facts.agentOf, facts),
	user_type: (facts) => byName(facts.userTypes, facts.userTypeOf, facts),
	currency: (facts) => byName(facts.currencies, facts.currencyOf, facts),
	lead_value: (facts) => unless(facts, LEAD_NONE, decimal(facts.lead)),
	transaction_value: (facts) => unless(facts, TRANSACTION_NONE, decimal(facts.transaction)),
	agent_messages: (facts) => at(facts.messages.data),
	agent_responses: (facts) => at(facts.responses.data),
	time_assigned: (facts) => decimal(facts.seconds),
	goals_reached: (facts) => (row) => facts.flags.data[row] & AGENT_CREDIT,
	conversions: (facts) => {
		const weight = weightOf(facts);
		return (row) => ((facts.flags.data[row] & CONVERSION) !== 0 ? weight(row) : 0);
	},
	weight: (facts) => weightOf(facts),
	attributed_lead_value: (facts) => unless(facts, LEAD_NONE, earned(facts, facts.lead, facts.leadPart)),
	attributed_transaction_value: (facts) => unless(facts, TRANSACTION_NONE, earned(facts, facts.transaction, facts.transactionPart)),
	skill_credit: (facts) => (row) => facts.flags.data[row] & SKILL_CREDIT,
	account_credit: (facts) => (row) => facts.flags.data[row] & ACCOUNT_CREDIT,
	goal_event_key: () => () => 0,
	segment_key: (facts) => (row) => facts.segmentKeys[facts.segmentOf[row]] || none,
};

export const canOrder = (column, facts) => column in makers && facts.isExactInOrder;

const at = (data) => (row) => data[row];
const decimal = (column) => (column.high
	? (row) => column.high.data[row] * 1e9 + column.low.data[row] : (row) => column.low.data[row]);
// what a row has of its goal event: a part, or all or nothing
const weightOf = (facts) => (facts.isShared ? at(facts.weight.data) : (row) => facts.flags.data[row] & AGENT_CREDIT);
function earned(facts, whole, part) {
	if (facts.isShared) return decimal(part);
	const value = decimal(whole);
	return (row) => ((facts.flags.data[row] & AGENT_CREDIT) !== 0 ? value(row) : 0);
}
const unless = (facts, flag, value) => (row) => ((facts.flags.data[row] & flag) !== 0 ? none : value(row));

// names as the database sorts them: by their bytes
function byName(names, numberOf, facts) {
	const texts = names.ids.map((_, n) => Buffer.from(names.name(n)));
	const sorted = [...texts.keys()].sort((a, b) => Buffer.compare(texts[a], texts[b]));
	const rank = new Float64Array(texts.length);
	for (const [n, number] of sorted.entries())
		rank[number] = n > 0 && texts[number].equals(texts[sorted[n - 1]]) ? rank[sorted[n - 1]] : n;
	const { data } = facts.combination;
	return (row) => rank[numberOf[data[row]]];
}

export class Order {
	// rows: a Uint32Array, as they come
	constructor(facts, rows, column, isDescending) {
		this.facts = facts;
		this.rows = rows;
		this.sign = isDescending ? -1 : 1;
		const rank = ranks(rows, makers[column](facts), this.sign);
		const { eventRank } = facts;
		const events = facts.eventKeys.length;
		this.keys = new Float64Array(rows.length);
		for (let k = 0; k < rows.length; k++) {
			const event = eventRank[facts.eventOf[rows[k]]];
			this.keys[k] = rank[k] * events + (isDescending ? events - 1 - event : event);
		}
		this.sorted = this.keys.slice().sort();
	}

	get length() {
		return this.rows.length;
	}

	// Rows from..to of the order.
	slice(from, to) {
		const { sorted, keys, rows, facts, sign } = this;
		to = Math.min(to, sorted.length);
		if (from >= to) return [];
		const [least, most] = [sorted[from], sorted[to - 1]];
		const found = [];
		for (let k = 0; k < keys.length; k++) if (keys[k] >= least && keys[k] <= most) found.push(k);
		const segment = (k) => facts.segmentKeys[facts.segmentOf[rows[k]]];
		found.sort((a, b) => keys[a] - keys[b] || sign * (segment(a) - segment(b)));
		const before = firstAtLeast(sorted, least);
		return found.slice(from - before, to - before).map((k) => rows[k]);
	}
}

function firstAtLeast(sorted, value) {
	let [low, high] = [0, sorted.length];
	while (low < high) {
		const middle = (low + high) >>> 1;
		if (sorted[middle] < value) low = middle + 1;
		else high = middle;
	}
	return low;
}

// For each of the rows its place among the different values: nulls last, whichever the direction.
function ranks(rows, valueOf, sign) {
	const values = new Float64Array(rows.length);
	for (let k = 0; k < rows.length; k++) {
		const value = valueOf(rows[k]);
		values[k] = value === none ? none : sign * value;
	}
	const distinct = values.slice().sort();
	let length = 0;
	for (let k = 0; k < distinct.length; k++)
		if (k === 0 || distinct[k] !== distinct[length - 1]) distinct[length++] = distinct[k];
	const kept = distinct.subarray(0, length);
	for (let k = 0; k < values.length; k++) values[k] = firstAtLeast(kept, values[k]);
	return values;
}
