// All rows of credit_facts that a view rests on, in memory: out of them come every chart, table and
// total of the first two pages, under every filter, without asking the database again.
//
// A row is an agent segment with a goal event (under models that credit one touchpoint, one a goal
// event).  Rows are kept by goal event, those of one event in order of the conversation's date and
// the segment, so that the last one that remains under a filter is the latest (S17).
import { Refusal } from './errors.mjs';
import { sharing } from './view.mjs';
import { ByteNumbering, Column, DecimalColumn, Numbering, Reader, reordered, unescapeText } from './columns.mjs';

export const AGENT_CREDIT = 1;
export const SKILL_CREDIT = 2;
export const ACCOUNT_CREDIT = 4;
export const CONVERSION = 8;
export const LEAD_NONE = 16;
export const TRANSACTION_NONE = 32;

// The date by which rows are reported, days since 1970.  By the goal's own date: in the account's
// time zone, hour offset added, as the conversation's.
const dates = {
	conversation: `f.conversation_date`,
	goal: `((f.goal_timestamp AT TIME ZONE pg_catalog.current_setting('goaltracker_dashboard.time_zone'))
		+ pg_catalog.make_interval(secs => 3600 * pg_catalog.current_setting('goaltracker_dashboard.offset')::float8))::date`,
};

// What a row has of its goal event under a model that shares (S20, S21).
const parts = `,
		(1000000 * f.weight)::integer, f.attributed_lead_value, f.attributed_transaction_value`;

const copy = (dateOf, isShared) => `COPY (
	SELECT f.agent_id, f.skill_id, f.user_type, f.currency,
		${dates[dateOf]} - date '1970-01-01',
		f.conversation_date - date '1970-01-01',
		f.duration_bucket_no,
		f.goals_reached + 2 * f.skill_credit + 4 * f.account_credit
			+ CASE WHEN f.goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete') THEN 8 ELSE 0 END
			+ CASE WHEN f.lead_value IS NULL THEN 16 ELSE 0 END + CASE WHEN f.transaction_value IS NULL THEN 32 ELSE 0 END,
		f.goal_event_key, COALESCE(f.segment_key, 0),		-- Unassigned: no segment, no work
		 f.lead_value, f.transaction_value,
		f.agent_messages, f.agent_responses, f.seconds_assigned, date_part('epoch', f.goal_timestamp)${isShared ? parts : ''}
	FROM goaltracker.credit_facts AS f
	WHERE f.account_id = pg_catalog.current_setting('goaltracker_dashboard.account')
		AND ${dates[dateOf]} BETWEEN pg_catalog.current_setting('goaltracker_dashboard.from')::date
			AND pg_catalog.current_setting('goaltracker_dashboard.to')::date
	LIMIT pg_catalog.current_setting('goaltracker_dashboard.limit')::bigint
) TO STDOUT`;

// What copy() reads besides the transaction's other settings.
const parameters = (view, status, limit) => ({
	'goaltracker_dashboard.account': view.account,
	'goaltracker_dashboard.from': view.from,
	'goaltracker_dashboard.to': view.to,
	'goaltracker_dashboard.time_zone': status.timeZone,
	'goaltracker_dashboard.offset': view.offset,
	'goaltracker_dashboard.limit': String(limit),
});

export class Facts {
	#reader = new Reader();
	#combinations = new ByteNumbering();

	constructor(isShared) {
		this.isShared = isShared;		// parts of goal events add up
		this.agents = new Names();
		this.skills = new Names();
		this.userTypes = new Names();
		this.currencies = new Names();
		// by combination of the four
		this.agentOf = [];
		this.skillOf = [];
		this.userTypeOf = [];
		this.currencyOf = [];
		// by row
		this.rows = 0;
		this.combination = new Column(Uint32Array);
		this.day = new Column(Int32Array);
		this.conversationDay = new Column(Int32Array);
		this.bucket = new Column(Uint8Array);
		this.flags = new Column(Uint8Array);
		this.event = new Column(Float64Array);
		this.segment = new Column(Float64Array);
		this.lead = new DecimalColumn();
		this.transaction = new DecimalColumn();
		this.messages = new Column(Int32Array);
		this.responses = new Column(Int32Array);
		this.seconds = new DecimalColumn();		// in millionths
		this.goalTime = new Column(Float64Array);	// seconds since 1970
		// under a model that shares, the row's part
		this.weight = isShared ? new Column(Int32Array) : null;		// in millionths
		this.leadPart = isShared ? new DecimalColumn() : null;
		this.transactionPart = isShared ? new DecimalColumn() : null;
	}

	get #columns() {
		const columns = [this.combination, this.day, this.bucket, this.flags, this.lead, this.transaction,
			this.messages, this.responses, this.seconds, this.goalTime, this.conversationDay];
		return this.isShared ? [...columns, this.weight, this.leadPart, this.transactionPart] : columns;
	}

	static async read(transaction, view, status, mostRows) {
		const facts = new Facts(sharing.has(status.model));
		await transaction.rows(
			'SELECT pg_catalog.set_config(s.name, s.value, true) FROM json_each_text($1::json) AS s (name, value)',
			[JSON.stringify(parameters(view, status, mostRows + 1))]);
		await transaction.copy(copy(view.dateOf, facts.isShared), (chunk) => facts.#take(chunk));
		if (facts.rows > mostRows)
			throw new Refusal(422, 'too-much',
				`More than ${mostRows.toLocaleString('en')} rows in this period. Choose a shorter one.`);
		facts.#findExamples();
		await facts.readNames(transaction, view.account);
		facts.#arrange();
		return facts;
	}

	#take(chunk) {
		const reader = this.#reader;
		reader.start(chunk);
		this.combination.push(this.#combination(reader.skip(4)));
		this.day.push(reader.whole());
		this.conversationDay.push(reader.whole());
		this.bucket.push(reader.whole());
		this.flags.push(reader.whole());
		this.event.push(reader.whole());
		this.segment.push(reader.whole());
		reader.decimal(4, this.lead);
		reader.decimal(4, this.transaction);
		this.messages.push(reader.whole());
		this.responses.push(reader.whole());
		reader.decimal(6, this.seconds);
		this.goalTime.push(reader.float());
		if (this.isShared) {
			this.weight.push(reader.whole());
			reader.decimal(4, this.leadPart);
			reader.decimal(4, this.transactionPart);
		}
		this.rows++;
	}

	#combination(hash) {
		const { chunk, from, to } = this.#reader;
		const number = this.#combinations.of(chunk, from, to, hash);
		if (this.#combinations.isNew) {
			const [agent, skill, userType, currency] = Buffer.from(this.#combinations.bytes[number]).toString().split('\t').map(unescapeText);
			this.agentOf.push(this.agents.number(agent));
			this.skillOf.push(this.skills.number(skill));
			this.userTypeOf.push(this.userTypes.number(userType));
			this.currencyOf.push(this.currencies.number(currency));
		}
		return number;
	}

	// Names are live, and stand in the grid: it is asked for a few rows that have all of them.
	async readNames(transaction, account) {
		const rows = await transaction.rows(`
			SELECT DISTINCT skill_id, skill, agent_id, agent
			FROM goaltracker.conversion_grid
			WHERE account_id = $1 AND goal_event_key = ANY ($2::bigint[])`, [account, this.examples]);
		for (const row of rows) {
			this.skills.names.set(row.skill_id, row.skill);
			this.agents.names.set(row.agent_id, row.agent);
		}
	}

	// Which event and segment each row belongs to, numbered from 0; rows in the order said above.
	#arrange() {
		const { rows } = this;
		const events = new Numbering(this.event.data, rows);
		const segments = new Numbering(this.segment.data, rows);
		this.eventOf = new Uint32Array(rows);
		this.segmentOf = new Uint32Array(rows);
		for (let i = 0; i < rows; i++) {
			this.eventOf[i] = events.of(this.event.data[i]);
			this.segmentOf[i] = segments.of(this.segment.data[i]);
		}
		this.segments = segments.length;
		this.isOnePerEvent = events.length === rows;
		if (!this.isOnePerEvent) this.#sort(events.length);
		this.#keepKeys(events.length);
		this.#combinations = null;
		this.event = null;
		this.segment = null;
	}

	// The keys of events and segments by their numbers, and the place of each event among the keys.
	#keepKeys(events) {
		this.eventKeys = new Float64Array(events);
		this.segmentKeys = new Float64Array(this.segments);
		for (let i = 0; i < this.rows; i++) {
			this.eventKeys[this.eventOf[i]] = this.event.data[i];
			this.segmentKeys[this.segmentOf[i]] = this.segment.data[i];
		}
		const sorted = this.eventKeys.slice().sort();
		const place = new Numbering(sorted, events);
		for (const key of sorted) place.of(key);
		this.eventRank = Uint32Array.from(this.eventKeys, (key) => place.of(key));
	}

	#sort(events) {
		const { rows, eventOf } = this;
		const first = new Uint32Array(events + 1);
		for (let i = 0; i < rows; i++) first[eventOf[i] + 1]++;
		for (let e = 0; e < events; e++) first[e + 1] += first[e];
		const order = new Uint32Array(rows);
		const next = first.slice(0, events);
		for (let i = 0; i < rows; i++) order[next[eventOf[i]]++] = i;
		for (let e = 0; e < events; e++) this.#sortEvent(order, first[e], first[e + 1]);
		for (const column of [...this.#columns, this.event, this.segment]) column.reorder(order);
		this.eventOf = reordered(this.eventOf, order);
		this.segmentOf = reordered(this.segmentOf, order);
	}

	// By insertion: the rows of an event are few.
	#sortEvent(order, start, end) {
		const day = this.conversationDay.data;
		const segment = this.segment.data;
		for (let i = start + 1; i < end; i++) {
			const row = order[i];
			let j = i - 1;
			for (; j >= start; j--) {
				const other = order[j];
				if (day[other] < day[row] || (day[other] === day[row] && segment[other] <= segment[row])) break;
				order[j + 1] = other;
			}
			order[j + 1] = row;
		}
	}

	// Keys of goal events among whose rows are all skills and all agents.
	#findExamples() {
		const keys = new Set();
		const skills = new Set();
		const agents = new Set();
		for (let i = 0; i < this.rows; i++) {
			const combination = this.combination.data[i];
			const skill = this.skillOf[combination];
			const agent = this.agentOf[combination];
			if (skills.has(skill) && agents.has(agent)) continue;
			skills.add(skill);
			agents.add(agent);
			keys.add(this.event.data[i]);
			if (skills.size === this.skills.ids.length && agents.size === this.agents.ids.length) break;
		}
		this.examples = [...keys];
	}

	// Money beyond 2^53 ten thousandths has an order that only the database knows.
	get isExactInOrder() {
		this.isExact ??= [this.lead, this.transaction, this.seconds]
			.every(({ high }) => !high || high.data.every((part) => Math.abs(part) < 9e6));
		return this.isExact;
	}

	get bytes() {
		return this.#columns.reduce((sum, column) => sum + column.bytes, 0)
			+ this.segmentOf.byteLength + this.eventOf.byteLength + 12 * this.eventKeys.length + 8 * this.segments + 200 * this.agentOf.length;
	}
}

// Distinct ids (null among them), numbered in order of appearance.
class Names {
	#numbers = new Map();
	ids = [];
	names = new Map();

	number(id) {
		let number = this.#numbers.get(id);
		if (number === undefined) {
			number = this.ids.push(id) - 1;
			this.#numbers.set(id, number);
		}
		return number;
	}

	name(number) {
		const id = this.ids[number];
		return this.names.get(id) ?? id ?? 'Unassigned';
	}

	// '' stands for those without one
	nameOf(id) {
		return id === '' ? 'Unassigned' : this.names.get(id) ?? id;
	}

	find(id) {
		return this.#numbers.get(id) ?? -1;
	}
}
