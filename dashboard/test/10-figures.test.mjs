// Every figure equals the SQL view's: charts, tables and totals of random views, under random
// settings and filters, against SQL that knows nothing of how the dashboard counts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { june, pick, query, random, shop, sql, startDashboard, value } from './helper.mjs';

const models = ['first', 'last', 'all', 'linear', 'time_decay', 'position_based', 'first_human', 'last_human'];
const sharing = ['linear', 'time_decay', 'position_based'];

let dashboard;
before(async () => { dashboard = await startDashboard(); });
after(() => dashboard.stop());

// The date by which rows are reported, in SQL.
const dateOf = (view) => (view.dateOf === 'goal'
	? `((goal_timestamp AT TIME ZONE (SELECT time_zone FROM goaltracker.account WHERE account_id = $1)) + ${view.offset ?? 0} * interval '1 hour')::date`
	: 'conversation_date');

// Rows of credit_facts as a table "counted", one a goal event for each of a level's items: those
// that carry the level's credit, or where another level filters, one of those that remain.
function counted(view, level) {
	const id = { skill: 'skill_id', agent: 'agent_id', account: `''::text` }[level];
	const credit = { skill: 'skill_credit', agent: 'goals_reached', account: 'account_credit' }[level];
	const values = [view.account, view.from, view.to];
	let where = `account_id = $1 AND ${dateOf(view)} BETWEEN $2 AND $3`;
	for (const name of ['skill', 'agent']) {
		if (view[name] === undefined) continue;
		values.push(view[name]);
		where += ` AND COALESCE(${name}_id, '') = $${values.length}`;
	}
	const isByOther = (level !== 'skill' && view.skill !== undefined) || (level !== 'agent' && view.agent !== undefined);
	const rows = `SELECT *, ${id} AS item, ${dateOf(view)} AS day,
		(goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete'))::integer AS is_conversion
		FROM goaltracker.credit_facts WHERE ${where}`;
	// under models that share, goals are counted so, and parts of all rows that remain added up
	const text = isByOther
		? `SELECT DISTINCT ON (item, goal_event_key) * FROM (${rows}) AS r
			ORDER BY item, goal_event_key, ${credit} DESC, conversation_date DESC, segment_key DESC NULLS LAST`
		: `SELECT * FROM (${rows}) AS r WHERE ${credit} = 1`;
	return { values, cte: `WITH once AS (${text}),
		counted AS (${sharing.includes(view.model) ? parts(rows) : `SELECT *, 1 AS goals, is_conversion AS n FROM once`})` };
}

// Goals reached on their rows, and parts on theirs, as a table of both.
const parts = (rows) => `SELECT item, day, duration_bucket_no, currency, 1 AS goals, 0 AS n, NULL::numeric AS lead_value, NULL::numeric AS transaction_value FROM once
	UNION ALL
	SELECT item, day, duration_bucket_no, currency, 0, weight * is_conversion, attributed_lead_value, attributed_transaction_value FROM (${rows}) AS r`;

const number = (text) => Number(text ?? 0);
const sums = (currency) => `sum(goals) AS goals, sum(n) AS conversions,
	COALESCE(sum(lead_value) FILTER (WHERE currency = '${currency}'), 0)::numeric(20,4) AS lead,
	COALESCE(sum(transaction_value) FILTER (WHERE currency = '${currency}'), 0)::numeric(20,4) AS transaction,
	COALESCE(sum(n) FILTER (WHERE currency <> '${currency}'), 0) AS others`;
const measures = (row) => ({ goals: number(row.goals), conversions: number(row.conversions), lead: row.lead, transaction: row.transaction, others: number(row.others) });
const none = { goals: 0, conversions: 0, lead: '0.0000', transaction: '0.0000', others: 0 };
const byId = (rows) => Object.fromEntries(rows.map(([id, of]) => [id ?? '', of]).sort(([a], [b]) => (a < b ? -1 : 1)));

const currencyOf = (view) => view.currency ?? 'EUR';

async function total(view) {
	const { cte, values } = counted(view, 'account');
	const [row] = await sql(`${cte} SELECT ${sums(currencyOf(view))} FROM counted`, values, view);
	return measures(row);
}

async function items(view, level) {
	const { cte, values } = counted(view, level);
	return byId((await sql(`${cte} SELECT item, ${sums(currencyOf(view))} FROM counted GROUP BY item`, values, view))
		.map((row) => [row.item, measures(row)]).filter(([, of]) => JSON.stringify(of) !== JSON.stringify(none)));
}

// { item: { cell: conversions } }, zeros left out
async function cells(view, level, by) {
	const { cte, values } = counted(view, level);
	const all = {};
	for (const row of await sql(`${cte} SELECT ${level === 'account' ? `''` : 'item'} AS item, ${by} AS cell, sum(n) AS n
		FROM counted GROUP BY 1, 2 HAVING sum(n) > 0`, values, view))
		(all[row.item ?? ''] ??= {})[row.cell] = number(row.n);
	return all;
}

const cellsOf = (list, nameOf = (n) => n) => Object.fromEntries(list.map((item) => [item.id ?? '',
	Object.fromEntries(item.counts.map((n, at) => [nameOf(at), n]).filter(([, n]) => n > 0))]));

async function compare(view) {
	const said = `${query(view)}`;
	const skills = await dashboard.json(`/api/report?page=skills&${query(view)}`);
	const agents = await dashboard.json(`/api/report?page=agents&${query(view)}`);
	assert.deepEqual(skills.total, await total(view), `total: ${said}`);
	assert.deepEqual(agents.total, skills.total, `both pages: ${said}`);
	assert.deepEqual(byId(skills.skills.map(({ id, name, ...of }) => [id, of])), await items(view, 'skill'), `skills: ${said}`);
	assert.deepEqual(cellsOf(skills.dates.skills, (n) => skills.dates.days[n]), await cells(view, 'skill', 'day'), `dates: ${said}`);
	const days = Object.fromEntries(skills.weekdays.counts.flatMap((row, d) => row.map((n, b) => [`${d} ${b}`, n])).filter(([, n]) => n > 0));
	const { cte, values } = counted(view, 'skill');
	assert.deepEqual(days, Object.fromEntries((await sql(`${cte} SELECT extract(dow FROM day) || ' ' || duration_bucket_no AS cell, sum(n) AS n
		FROM counted GROUP BY 1 HAVING sum(n) > 0`, values, view)).map((row) => [row.cell, number(row.n)])), `weekdays: ${said}`);
	assert.deepEqual(cellsOf(agents.skillDurations.items), await cells(view, 'skill', 'duration_bucket_no'), `durations of skills: ${said}`);
	assert.deepEqual(cellsOf(agents.agentDurations.items), await cells(view, 'agent', 'duration_bucket_no'), `durations of agents: ${said}`);
	await compareAgents(view, agents.agents, said);
}

async function compareAgents(view, shown, said) {
	const wanted = await items(view, 'agent');
	const values = [view.account, view.from, view.to, view.skill ?? null, view.agent ?? null];
	const work = await sql(`
		SELECT agent_id, COALESCE(goaltracker.sum_once(agent_messages, segment_key), 0) AS messages,
			COALESCE(goaltracker.sum_once(agent_responses, segment_key), 0) AS responses,
			COALESCE(goaltracker.sum_once(seconds_assigned, segment_key), 0)::numeric(20,6) AS seconds
		FROM goaltracker.credit_facts
		WHERE account_id = $1 AND ${dateOf(view)} BETWEEN $2 AND $3
			AND ($4::text IS NULL OR COALESCE(skill_id, '') = $4) AND ($5::text IS NULL OR COALESCE(agent_id, '') = $5)
		GROUP BY agent_id`, values, view);
	// one conversation of the example is open: its time grows while this runs
	const seconds = (text) => String(Math.round(Number(text) / 600));
	assert.deepEqual(
		byId(shown.map(({ id, name, userType, seconds: time, ...of }) => [id, { ...of, seconds: seconds(time) }])),
		byId(work.map((row) => [row.agent_id, { ...(wanted[row.agent_id ?? ''] ?? none), messages: number(row.messages), responses: number(row.responses), seconds: seconds(row.seconds) }])),
		`agents: ${said}`);
}

test('unfiltered, the figures are those of the report views', async () => {
	for (const model of ['', ...models]) {
		const view = { ...june, model };
		const skills = await dashboard.json(`/api/report?page=skills&${query(view)}`);
		const agents = await dashboard.json(`/api/report?page=agents&${query(view)}`);
		const range = [shop, june.from, june.to];
		const where = 'WHERE account_id = $1 AND conversation_date BETWEEN $2 AND $3';
		const bySkill = await sql(`SELECT skill, sum(goals_reached) AS goals, trim_scale(sum(conversions)) AS conversions,
			COALESCE(sum(transaction_value) FILTER (WHERE currency = 'EUR'), 0)::numeric(20,4) AS transaction
			FROM goaltracker.conversions_by_skill ${where} GROUP BY skill`, range, view);
		assert.deepEqual(byId(skills.skills.map((s) => [s.name, [String(s.goals), String(s.conversions), s.transaction]])),
			byId(bySkill.map((s) => [s.skill, [s.goals, s.conversions, s.transaction]])), model);
		const summary = await sql(`SELECT agent, user_type, sum(goals_reached) AS goals, trim_scale(sum(conversions)) AS conversions,
			sum(agent_messages) AS messages, sum(agent_responses) AS responses, sum(lead_value) AS lead, sum(transaction_value) AS transaction,
			trim_scale(sum(other_currency_conversions)) AS others
			FROM goaltracker.agent_summary ${where} GROUP BY agent, user_type`, range, view);
		assert.deepEqual(byId(agents.agents.map((a) => [a.name, [a.userType, a.goals, a.conversions, a.messages, a.responses, a.lead, a.transaction, a.others].map(String)])),
			byId(summary.map((a) => [a.agent, [a.user_type, a.goals, a.conversions, a.messages, a.responses, a.lead, a.transaction, a.others]])), model);
		const [brand] = await sql(`SELECT sum(goals_reached) AS goals, trim_scale(sum(conversions)) AS conversions
			FROM goaltracker.conversions_by_account ${where}`, range, view);
		assert.deepEqual([skills.total.goals, skills.total.conversions].map(String), [brand.goals, brand.conversions], model);
	}
});

test('filtered, each goal event counts once over the rows that remain: count_once and sum_once say the same', async () => {
	for (const model of ['last', 'all']) {
		const view = { ...june, model, window: '31', agent: '3111' };
		const { skills, total: all } = await dashboard.json(`/api/report?page=skills&${query(view)}`);
		const rows = await sql(`SELECT skill_id, goaltracker.count_once(goal_event_key) AS goals,
			COALESCE(goaltracker.sum_once(transaction_value, goal_event_key) FILTER (WHERE currency = 'EUR'), 0)::numeric(20,4) AS transaction
			FROM goaltracker.conversion_grid
			WHERE account_id = $1 AND conversation_date BETWEEN $2 AND $3 AND agent_id = '3111' GROUP BY skill_id`,
		[shop, june.from, june.to], view);
		assert.deepEqual(byId(skills.map((s) => [s.id, [String(s.goals), s.transaction]])), byId(rows.map((s) => [s.skill_id, [s.goals, s.transaction]])), model);
		assert.equal(String(all.goals), await value(`SELECT goaltracker.count_once(goal_event_key) FROM goaltracker.conversion_grid
			WHERE account_id = $1 AND conversation_date BETWEEN $2 AND $3 AND agent_id = '3111'`, [shop, june.from, june.to], view), model);
		assert.ok(all.goals > 0);
	}
});

test('random views equal SQL', async () => {
	for (let n = 0; n < Number(process.env.GOALTRACKER_VIEWS ?? 25); n++) {
		const from = 1 + Math.floor(random() * 28);
		const two = (day) => `2025-06-${String(day).padStart(2, '0')}`;
		const view = {
			account: shop, from: two(from), to: two(from + Math.floor(random() * (31 - from))),
			model: pick(['', ...models, ...sharing]), window: pick(['', '0', '1', '7', '14', '31']),
			offset: pick(['0', '0', '-12', '2.5', '14']), dateOf: pick(['conversation', 'conversation', 'goal']),
			currency: pick([undefined, 'GBP']), skill: pick([undefined, undefined, '501', '500', '']),
			agent: pick([undefined, undefined, '3111', '3122', '3101', '']),
		};
		await compare(view);
	}
});

test('under models that share, agents and skills add up to the brand, to the last decimal', async () => {
	const units = (text, decimals) => BigInt(Math.round(Number(text) * 10 ** decimals));
	for (const model of sharing) {
		const view = { ...june, model, window: '31' };
		const { skills, total } = await dashboard.json(`/api/report?page=skills&${query(view)}`);
		const { agents } = await dashboard.json(`/api/report?page=agents&${query(view)}`);
		for (const items of [skills, agents]) {
			assert.ok(items.some(({ conversions }) => !Number.isInteger(conversions)), model);
			for (const [name, decimals] of [['conversions', 6], ['lead', 4], ['transaction', 4], ['others', 6]])
				assert.equal(items.reduce((sum, item) => sum + units(item[name], decimals), 0n), units(total[name], decimals), `${model} ${name}`);
		}
		const all = await dashboard.json(`/api/report?page=skills&${query({ ...view, model: 'all' })}`);
		assert.equal(total.conversions, all.total.conversions, model);
		assert.deepEqual(skills.map(({ id, goals }) => [id, goals]).sort(), all.skills.map(({ id, goals }) => [id, goals]).sort(), model);
	}
});

test('a part is shown on its own day, and the goal reached on that of the latest', async () => {
	const account = 'parts';
	await sql('DELETE FROM goaltracker.goal_event WHERE account_id = $1', [account]);
	await sql(`INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		SELECT $1, 'k' || day, 'c', day, day + interval '1 hour' FROM unnest('{2025-06-01 10:00Z,2025-06-03 10:00Z,2025-06-05 10:00Z}'::timestamptz[]) AS day ON CONFLICT DO NOTHING`, [account]);
	await sql(`INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at, ended_at)
		SELECT account_id, conversation_id, 1, 'c', 'a', 's', opened_at, closed_at FROM goaltracker.conversation WHERE account_id = $1 ON CONFLICT DO NOTHING`, [account]);
	await sql(`INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value, currency)
		VALUES ($1, 'g', 'c', 'Purchase Event', '2025-06-06 10:00Z', 100, 'EUR')`, [account]);
	await sql('SELECT FROM goaltracker.refresh()');
	const on = async (day) => (await dashboard.json(`/api/report?page=skills&${query({ account, from: day, to: day, model: 'linear', currency: 'EUR' })}`))
		.skills.map(({ id, goals, conversions, transaction }) => [id, goals, conversions, transaction]);
	assert.deepEqual(await on('2025-06-01'), [['s', 0, 0.333333, '33.3333']]);
	assert.deepEqual(await on('2025-06-03'), [['s', 0, 0.333333, '33.3333']]);
	assert.deepEqual(await on('2025-06-05'), [['s', 1, 0.333334, '33.3334']]);
});

test('half-life and weights are the account’s, whatever the dashboard’s role has set', async () => {
	const other = await startDashboard({ PGOPTIONS: '-c goaltracker.time_decay_half_life=60 -c goaltracker.position_weights=1,1,1' });
	try {
		for (const model of ['time_decay', 'position_based']) {
			const address = `/api/report?page=agents&${query({ ...june, model })}`;
			const [here, there] = [await dashboard.json(address), await other.json(address)];
			assert.deepEqual([there.status.halfLife, there.status.positionWeights], ['7 days', ['40', '20', '40']]);
			assert.deepEqual(there.agents.map(({ id, conversions }) => [id, conversions]), here.agents.map(({ id, conversions }) => [id, conversions]), model);
		}
	} finally {
		await other.stop();
	}
});

test('an account whose own model shares: its figures, and what they rest on', async () => {
	const set = (model, halfLife, weights) => sql(`UPDATE goaltracker.account SET attribution_model = $2, time_decay_half_life = $3, position_weights = $4
		WHERE account_id = $1`, [shop, model, halfLife, weights]);
	const conversions = async () => (await dashboard.json(`/api/report?page=agents&${query(june)}`)).agents.map((agent) => agent.conversions).join(' ');
	const seen = new Set();
	try {
		for (const [model, halfLife, weights] of [['linear', '7 days', '{40,20,40}'], ['time_decay', '7 days', '{40,20,40}'], ['time_decay', '01:30:00', '{40,20,40}'],
			['position_based', '01:30:00', '{40,20,40}'], ['position_based', '01:30:00', '{50,0.5,50}']]) {
			await set(model, halfLife, weights);
			const view = { ...june, model: '', agent: '3111' };
			const { status } = await dashboard.json(`/api/report?page=skills&${query(view)}`);
			assert.deepEqual([status.model, status.ownModel, status.halfLife, `{${status.positionWeights}}`], [model, model, halfLife, weights]);
			assert.deepEqual((await dashboard.json(`/api/report?page=skills&${query(view)}`)).total, await total({ ...view, model }), model);
			const [{ n }] = await sql(`SELECT sum(conversions) AS n FROM goaltracker.conversions_by_agent
				WHERE account_id = $1 AND conversation_date BETWEEN $2 AND $3 AND agent_id = '3111'`, [shop, june.from, june.to]);
			const { agents } = await dashboard.json(`/api/report?page=agents&${query(june)}`);
			assert.equal(agents.find(({ id }) => id === '3111').conversions, Number(n), model);
			seen.add(await conversions());
		}
	} finally {
		await set('last', '7 days', '{40,20,40}');
	}
	assert.equal(seen.size, 5);		// each changed the figures at once
});

test('a chart in which a filter was set goes on showing the others', async () => {
	const view = { ...june, model: 'all', skill: '501', agent: '3112' };
	const inPie = await dashboard.json(`/api/report?page=skills&${query({ ...view, skillIn: 'skills' })}`);
	assert.ok(inPie.skills.length > 1);
	assert.deepEqual(inPie.dates.skills.map(({ id }) => id), ['501']);
	assert.deepEqual(byId(inPie.skills.map(({ id, name, ...of }) => [id, of])), await items({ ...view, skill: undefined }, 'skill'));
	const inTable = await dashboard.json(`/api/report?page=agents&${query({ ...view, agentIn: 'agents' })}`);
	assert.deepEqual(inTable.agentDurations.items.map(({ id }) => id), ['3112']);
	assert.ok(inTable.agents.length > 1);
});

test('what is said of settings is what is in force, and the account keeps its own', async () => {
	const { status } = await dashboard.json(`/api/report?page=skills&${query({ ...june, model: 'all', window: '3', offset: '-1.5' })}`);
	assert.deepEqual([status.model, status.window, status.hourOffset, status.ownModel, status.ownWindow], ['all', 3, '-1.5', 'last', 14]);
	assert.equal(await value('SELECT attribution_model FROM goaltracker.account WHERE account_id = $1', [shop]), 'last');
	const next = await dashboard.json(`/api/report?page=skills&${query(june)}`);
	assert.deepEqual([next.status.model, next.status.window, next.status.hourOffset], ['last', 14, '0']);
});
