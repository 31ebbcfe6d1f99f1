// The grid: pages of conversion_grid, and all of it for a download.
//
// Which rows remain and, by most columns, in which order is known from the rows in memory
// (lib/facts.mjs); the database is asked for the rows of a page by their keys.  By the other
// columns, and for a search, it is asked for the keys first, with no more joins than that needs.
import { badRequest, Refusal } from './errors.mjs';
import { canOrder, Order } from './order.mjs';
import { fingerprint } from './status.mjs';
import { oneAccount } from './cache.mjs';
import { remaining } from './measures.mjs';
import { settingsOf } from './view.mjs';

// All attributes of the grid, what people look for first; how each is shown: text, number, money, time (an instant), date, span.
export const columns = [
	['goal_timestamp', 'Goal reached', 'time'],
	['agent', 'Agent', 'text'],
	['skill', 'Skill', 'text'],
	['user_type', 'User type', 'text'],
	['agent_group', 'Agent group', 'text'],
	['goal_name', 'Goal', 'text'],
	['goal_type', 'Goal type', 'text'],
	['goal_event_type', 'Event type', 'text'],
	['currency', 'Currency', 'text'],
	['lead_value', 'Lead value', 'money'],
	['transaction_value', 'Transaction value', 'money'],
	['conversions', 'Conversions', 'number'],
	['goals_reached', 'Goals reached', 'number'],
	['weight', 'Weight', 'number'],
	['attributed_lead_value', 'Attributed lead value', 'money'],
	['attributed_transaction_value', 'Attributed transaction value', 'money'],
	['conversation', 'Conversation', 'text'],
	['conversation_open_time', 'Conversation started', 'time'],
	['conversation_date', 'Conversation date', 'date'],
	['week', 'Week of', 'date'],
	['hour_label', 'Hour', 'text'],
	['agent_assignment_time', 'Assigned at', 'time'],
	['time_assigned', 'Time assigned', 'span'],
	['agent_messages', 'Agent messages', 'number'],
	['agent_responses', 'Agent responses', 'number'],
	['agent_segment_start_reason', 'Start reason', 'text'],
	['agent_segment_end_reason', 'End reason', 'text'],
	['segment_no', 'Segment', 'number'],
	['campaign_name', 'Campaign', 'text'],
	['engagement_name', 'Engagement', 'text'],
	['source', 'Source', 'text'],
	['topic', 'Topic', 'text'],
	['service_activity_status', 'Service activity status', 'text'],
	['consumer_id', 'Consumer', 'text'],
	['goal_event_id', 'Goal event', 'text'],
	['brand_event_id', 'Brand event', 'text'],
	['agent_id', 'Agent id', 'text'],
	['skill_id', 'Skill id', 'text'],
	['skill_credit', 'Skill credit', 'number'],
	['account_credit', 'Account credit', 'number'],
	['goal_event_key', 'Goal event key', 'number'],
	['segment_key', 'Segment key', 'number'],
].map(([name, label, kind]) => ({ name, label, kind }));

const names = columns.map(({ name }) => name);
const deepest = 100_000;			// rows that are passed over in an order only the database knows
export const mostFound = 100_000;		// rows that a search finds
const batch = 2000;				// rows of a download at a time

export function parseGrid(query) {
	const sort = query.sort || 'goal_timestamp';
	if (!names.includes(sort)) throw badRequest('"sort" takes a column of the grid.');
	const whole = (name, fallback, most) => {
		const text = query[name] ?? String(fallback);
		if (!/^\d{1,9}$/.test(text) || Number(text) < 1 || Number(text) > most)
			throw badRequest(`"${name}" takes a whole number from 1 to ${most}.`);
		return Number(text);
	};
	const search = query.search ?? '';
	const place = query.place || 'all';
	if (!Object.hasOwn(places, place)) throw badRequest(`"place" takes ${Object.keys(places).join(', ')}.`);
	if (search.length > 20_000 || search.includes('\0')) throw badRequest('The search is too long.');
	return { sort, isDescending: query.order !== 'asc', size: whole('size', 50, 200), page: whole('number', 1, 1_000_000), search: search.trim(), place };
}

// The goal's own local date: in the account's zone, hour offset added.  The days around the period
// let the index on the instant find it.
const goalDate = `((goal_timestamp AT TIME ZONE $4) + make_interval(secs => 3600 * $5::float8))::date`;

function conditions({ view, status, grid, facts }) {
	const values = [view.account, view.from, view.to];
	const add = (value) => `$${values.push(value)}`;
	const where = ['account_id = $1'];
	if (view.dateOf === 'goal') {
		add(status.timeZone);
		add(view.offset);
		where.push(`${goalDate} BETWEEN $2::date AND $3::date`,
			`goal_timestamp BETWEEN $2::date - interval '2 days' AND $3::date + interval '3 days'`);
	} else {
		where.push('conversation_date BETWEEN $2::date AND $3::date');
	}
	for (const name of ['skill', 'agent']) {
		if (view[name] === '') where.push(`${name}_id IS NULL`);
		else if (view[name] !== undefined) where.push(`${name}_id = ${add(view[name])}`);
	}
	if (grid.search) where.push(`(${found(grid, facts, add).join(' OR ')})`);
	return { where: where.join(' AND '), values };
}

// Where a search looks.  Names and ids of agents and skills are in memory, and a whole consumer id is
// in an index: these are quick at any size.  Parts of other ids are looked for in all rows; what
// the view would look up for each of them (campaigns, groups, topics) is not searched.
const places = {
	all: ['goal_event_id', 'goal_name', 'brand_event_id', 'conversation', 'consumer_id'],
	names: [],
	consumer: [],
};

function found({ search, place }, facts, add) {
	if (place === 'consumer') return [`consumer_id = ${add(search)}`];
	const text = search.toLowerCase();
	const any = places[place].length > 0 ? [add(text)].flatMap((wanted) => places[place]
		.map((name) => `strpos(lower(${name} COLLATE "default"), ${wanted}) > 0`)) : [];
	for (const [name, numbers] of Object.entries(namesWith(text, facts))) {
		const ids = numbers.map((n) => facts[`${name}s`].ids[n]).filter((id) => id !== null);
		if (ids.length > 0) any.push(`${name}_id = ANY (${add(ids)}::text[])`);
		if (ids.length < numbers.length) any.push(`${name}_id IS NULL`);
	}
	return any.length > 0 ? any : ['false'];
}

// Numbers of skills and agents in whose name or id a text in lower case stands.
function namesWith(text, facts) {
	const having = (all) => all.ids.map((_, n) => n)
		.filter((n) => all.name(n).toLowerCase().includes(text) || (all.ids[n] ?? '').toLowerCase().includes(text));
	return { skill: having(facts.skills), agent: having(facts.agents) };
}

function amongNames(facts, rows, search) {
	const { skill, agent } = namesWith(search.toLowerCase(), facts);
	const [skills, agents] = [new Set(skill), new Set(agent)];
	const matches = Uint8Array.from(facts.agentOf, (number, c) => Number(agents.has(number) || skills.has(facts.skillOf[c])));
	return rows.filter((row) => matches[facts.combination.data[row]] === 1);
}

// A total order, so that pages neither overlap nor leave anything out.
function orderBy({ sort, isDescending }) {
	const direction = isDescending ? 'DESC' : 'ASC';
	return [`${sort} ${direction} NULLS LAST`, ...['goal_event_key', 'segment_key'].filter((name) => name !== sort)
		.map((name) => `${name} ${direction}`)].join(', ');
}

// Keys are pairs [goal event, segment]; 0: no segment.
const keysOf = (rows) => rows.map((row) => [Number(row.goal_event_key), Number(row.segment_key ?? 0)]);

async function search(transaction, question) {
	const { where, values } = conditions(question);
	return keysOf(await transaction.rows(`
		SELECT goal_event_key, segment_key FROM goaltracker.conversion_grid
		WHERE ${where} LIMIT ${mostFound + 1}`, values));
}

function among(facts, rows, keys) {
	const segments = new Map();
	for (const [event, segment] of keys) {
		if (!segments.has(event)) segments.set(event, []);
		segments.get(event).push(segment);
	}
	return rows.filter((row) => segments.get(facts.eventKeys[facts.eventOf[row]])?.includes(facts.segmentKeys[facts.segmentOf[row]]));
}

// The last orders of some rows: turning pages sorts nothing anew.
const orders = new WeakMap();
const mostOrders = 2;

function orderOf({ facts, view, grid }, rows) {
	if (grid.search) return new Order(facts, rows, grid.sort, grid.isDescending);
	if (!orders.has(facts)) orders.set(facts, new Map());
	const known = orders.get(facts);
	const key = JSON.stringify([view.skill ?? 0, view.agent ?? 0, grid.sort, grid.isDescending]);
	const order = known.get(key) ?? new Order(facts, rows, grid.sort, grid.isDescending);
	known.delete(key);
	known.set(key, order);
	if (known.size > mostOrders) known.delete(known.keys().next().value);
	return order;
}

export const orderNewest = (facts, view) => orderOf({ facts, view, grid: parseGrid({}) }, remaining(facts, view));

// What is asked for, in a transaction that sees what the rows in memory are made of; asked again
// where the account was refreshed in between.
async function ask({ database, cache }, view, grid, signal, work) {
	for (let attempt = 1; ; attempt++) {
		const { facts, status, readAt } = await cache.get(view);
		const question = { facts, status, view, grid, readAt };
		const answer = await database.read({ ...settingsOf(view), timezone: status.timeZone }, async (transaction) => {
			const now = await oneAccount(transaction, view.account);
			return fingerprint(now) === fingerprint(status) ? work(transaction, question) : undefined;
		}, signal);
		if (answer !== undefined) return answer;
		if (attempt === 5) throw new Refusal(503, 'changing', 'The reports change faster than they can be read. Try again.');
	}
}

// The rows that remain, and a function that gives the keys of some of them, in order.
async function select(transaction, question) {
	const { facts, view, grid } = question;
	let rows = remaining(facts, view);
	let isCut = false;
	if (grid.search && grid.place === 'names') {
		rows = amongNames(facts, rows, grid.search);
	} else if (grid.search && rows.length > 0) {
		const keys = await search(transaction, question);
		isCut = keys.length > mostFound;
		rows = among(facts, rows, keys.slice(0, mostFound));
	}
	if (canOrder(grid.sort, facts)) {
		const order = orderOf(question, rows);
		return { found: rows.length, isCut, keys: async (from, to) => order.slice(from, to)
			.map((row) => [facts.eventKeys[facts.eventOf[row]], facts.segmentKeys[facts.segmentOf[row]]]) };
	}
	return { found: rows.length, isCut, keys: async (from, to) => {
		if (from >= deepest) throw badRequest(`By this column the grid shows its first ${deepest} rows; sort by another, or filter.`);
		const { where, values } = conditions(question);
		return keysOf(await transaction.rows(`
			SELECT goal_event_key, segment_key FROM goaltracker.conversion_grid
			WHERE ${where} ORDER BY ${orderBy(grid)} LIMIT ${to - from} OFFSET ${from}`, values));
	} };
}

async function rowsOf(transaction, account, keys) {
	if (keys.length === 0) return [];
	const rows = await transaction.rows(`
		SELECT account_id, ${names.join(', ')}
		FROM goaltracker.conversion_grid
		WHERE account_id = $1 AND goal_event_key = ANY ($2::bigint[])`, [account, [...new Set(keys.map(([event]) => event))]]);
	const known = new Map(rows.map((row) => [`${row.goal_event_key} ${row.segment_key ?? 0}`, row]));
	return keys.map((key) => known.get(key.join(' ')));
}

// A page: { question, found, isCut, rows }.
export const readPage = (source, view, grid, signal) => ask(source, view, grid, signal, async (transaction, question) => {
	const { found: number, isCut, keys } = await select(transaction, question);
	const from = (grid.page - 1) * grid.size;
	const rows = from < number ? await rowsOf(transaction, view.account, await keys(from, from + grid.size)) : [];
	return { question, found: number, isCut, rows: rows.map((row) => names.map((name) => row[name])) };
});

// All of it: take(rows, isCut) gets some rows at a time.
export const readAll = (source, view, grid, signal, most, take) => ask(source, view, grid, signal, async (transaction, question) => {
	const selected = await select(transaction, question);
	const number = Math.min(selected.found, most);
	const parts = canOrder(grid.sort, question.facts) ? selected.keys : await inOrder(transaction, question);
	await take([], false);
	for (let from = 0; from < number; from += batch)
		await take(await rowsOf(transaction, view.account, await parts(from, Math.min(from + batch, number))), false);
	if (selected.isCut || number < selected.found) await take([], true);
	return true;
});

// The same as keys() of select(), one part after the other, sorted once.
async function inOrder(transaction, question) {
	const { where, values } = conditions(question);
	await transaction.rows(`
		DECLARE download NO SCROLL CURSOR FOR
		SELECT goal_event_key, segment_key FROM goaltracker.conversion_grid
		WHERE ${where} ORDER BY ${orderBy(question.grid)}`, values);
	return async (from, to) => keysOf(await transaction.rows(`FETCH ${to - from} FROM download`));
}
