// ClickHouse: tables and the formulations of each task.  What PostgreSQL and
// DuckDB do by window functions or DISTINCT ON is argMax here; an outer join
// gives empty texts instead of nulls, which is faster.
const name = 'LowCardinality(String)';
const time = "DateTime64(6, 'UTC')";
const money = 'Nullable(Decimal(20, 4))';
const tables = {
	conversation: [`account_id ${name}, conversation_id String, consumer_id String, opened_at ${time}, closed_at Nullable(${time})`,
		'account_id, consumer_id, opened_at'],
	agent_segment: [`account_id ${name}, conversation_id String, segment_no Int32, consumer_id String, agent_id LowCardinality(Nullable(String)),
		skill_id LowCardinality(Nullable(String)), participation ${name}, dialog ${name}, assigned_at ${time}, ended_at Nullable(${time}),
		segment_key Int64`, 'account_id, consumer_id, assigned_at'],
	goal_event: [`account_id ${name}, goal_event_id String, consumer_id String, goal_id LowCardinality(Nullable(String)), event_type ${name},
		reached_at ${time}, lead_value ${money}, transaction_value ${money}, currency LowCardinality(Nullable(String)),
		brand_event_id Nullable(String), topic LowCardinality(Nullable(String)),
		service_activity_status LowCardinality(Nullable(String)), goal_event_key Int64`, 'account_id, consumer_id, reached_at'],
	agent: [`account_id ${name}, agent_id String, agent_name Nullable(String), user_type ${name}, is_post_survey_bot UInt8`, 'account_id, agent_id'],
	goal: [`account_id ${name}, goal_id String, goal_type ${name}`, 'account_id, goal_id'],
};

export const load = (directory) => Object.entries(tables).flatMap(([table, [columns, order]]) => [
	`CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY (${order})`,
	`INSERT INTO ${table} SELECT * FROM file('${directory}/peer_${table}.tsv', 'TabSeparated', '${columns
		.replaceAll(/LowCardinality\((Nullable\(String\)|String)\)/g, '$1').replaceAll("'", "\\'").replaceAll(/\s+/g, ' ')}')
		SETTINGS date_time_input_format = 'best_effort'`,
]);

export const settle = Object.keys(tables).map((table) => `OPTIMIZE TABLE ${table} FINAL`);

// Goal events that repeat an earlier one: of each group with the same brand event all but the first.
const duplicates = `
	SELECT arrayJoin(arraySlice(arraySort(groupArray((reached_at, goal_event_key))), 2)).2
	FROM goal_event
	LEFT JOIN goal USING (account_id, goal_id)
	WHERE brand_event_id IS NOT NULL
	GROUP BY account_id, consumer_id, event_type, brand_event_id, goal_type = 'Service Activity Complete',
		if(goal_type = 'Service Activity Complete', (topic, service_activity_status), (NULL, NULL))
	HAVING count() > 1`;

const goalEvents = `
	SELECT account_id, consumer_id, goal_event_key, reached_at, lead_value, transaction_value,
		ifNull(currency, 'USD') AS currency,
		if(goal_type <> '', goal_type, multiIf(event_type = 'Purchase Event', 'Sell Product/Service',
			event_type = 'Lead Event', 'Generate Leads', 'Other')) IN
			('Sell Product/Service', 'Generate Leads', 'Service Activity Complete') AS is_conversion
	FROM goal_event
	LEFT JOIN goal USING (account_id, goal_id)
	WHERE goal_event_key NOT IN (${duplicates})`;

// Agents are few: a set and two arrays do for a join.
const surveyBots = 'SELECT agent_id FROM agent WHERE is_post_survey_bot = 1';
const userType = (agent) => `multiIf(${agent} = '', 'Unassigned',
	${agent} IN (SELECT agent_id FROM agent WHERE user_type = 'Bot'), 'Bot',
	${agent} IN (SELECT agent_id FROM agent WHERE user_type = 'System'), 'System', 'Human')`;

const segments = (model) => `
	SELECT account_id, conversation_id, consumer_id, segment_no, assumeNotNull(agent_id) AS agent_id, participation, assigned_at, ended_at
	FROM agent_segment
	WHERE agent_id IS NOT NULL
		${model === 'all' ? '' : "AND participation = 'assigned'"}
		${model === 'last' ? `AND dialog <> 'post_survey' AND agent_id NOT IN (${surveyBots})` : ''}`;

// A hash join with each of the two on the right, or segments joined to what is in reach.
const inReach = (window) => `c.opened_at <= g.reached_at
		AND (c.closed_at IS NULL OR c.closed_at >= g.reached_at - toIntervalHour(${24 * window}))`;

const pairs = (window) => `
	SELECT g.goal_event_key AS goal_event_key, g.reached_at AS reached_at, g.currency AS currency, g.is_conversion AS is_conversion,
		g.lead_value AS lead_value, g.transaction_value AS transaction_value, c.account_id AS account_id,
		c.conversation_id AS conversation_id, c.consumer_id AS consumer_id, c.opened_at AS opened_at, c.closed_at AS closed_at
	FROM conversation AS c
	JOIN (${goalEvents}) AS g ON g.account_id = c.account_id AND g.consumer_id = c.consumer_id
	WHERE ${inReach(window)}`;

// With the condition on time outside of the join a conversation whose segments
// all begin too late would be lost; so it is one on the row's agent.
const columns = `p.goal_event_key AS goal_event_key, p.currency AS currency, p.is_conversion AS is_conversion,
		p.lead_value AS lead_value, p.transaction_value AS transaction_value, p.opened_at AS opened_at, p.closed_at AS closed_at,
		p.conversation_id AS conversation_id, s.assigned_at AS assigned_at, s.segment_no AS segment_no, s.ended_at AS ended_at,
		s.participation AS participation, if(s.assigned_at <= p.reached_at, s.agent_id, '') AS agent`;

const segmentsOnTheRight = (model, window) => `
	SELECT ${columns} FROM (${pairs(window)}) AS p
	LEFT JOIN (${segments(model)}) AS s
		ON s.account_id = p.account_id AND s.consumer_id = p.consumer_id AND s.conversation_id = p.conversation_id`;

const pairsOnTheRight = (model, window) => `
	SELECT ${columns} FROM (${segments(model)}) AS s
	RIGHT JOIN (${pairs(window)}) AS p
		ON s.account_id = p.account_id AND s.consumer_id = p.consumer_id AND s.conversation_id = p.conversation_id`;

const by = (join, algorithm) => (model, window) => `${join(model, window)} SETTINGS join_algorithm = '${algorithm}'`;

const joins = {
	'segments on the right': segmentsOnTheRight,
	'segments on the left': pairsOnTheRight,
	'segments on the left, hash': by(pairsOnTheRight, 'hash'),
	'segments on the left, sorting merge': by(pairsOnTheRight, 'full_sorting_merge'),
};

const perGoalEvent = `goal_event_key, any(currency) AS currency, any(is_conversion) AS is_conversion,
	any(lead_value) AS lead_value, any(transaction_value) AS transaction_value`;

// What goes with the credit: opened_at, closed_at, assigned_at, ended_at, participation, agent
const carried = 'tuple(opened_at, closed_at, assigned_at, ended_at, participation, agent)';
const unassigned = `argMax(tuple(opened_at, closed_at, assigned_at, ended_at, participation, toLowCardinality('')),
	(opened_at, conversation_id))`;

function best(model, rows) {
	if (model !== 'all')
		return `
		SELECT ${perGoalEvent}, if(countIf(agent <> '') > 0,
			${model === 'first' ? 'argMinIf' : 'argMaxIf'}(${carried}, (assigned_at, conversation_id, segment_no), agent <> ''),
			${unassigned}) AS best
		FROM (${rows}) GROUP BY goal_event_key`;
	return `
		SELECT goal_event_key, currency, is_conversion, lead_value, transaction_value,
			arrayJoin(if(empty(sorted), [none], arrayMap(t -> t.4,
				arrayFilter((t, n) -> n = 1, sorted, arrayEnumerateUniq(arrayMap(t -> t.4.6, sorted)))))) AS best
		FROM (
			SELECT ${perGoalEvent}, ${unassigned} AS none,
				arrayReverseSort(t -> (t.1, t.2, t.3),
					groupArrayIf((assigned_at, conversation_id, segment_no, ${carried}), agent <> '')) AS sorted
			FROM (${rows}) GROUP BY goal_event_key
		)`;
}

export function credited(model, window) {
	return Object.fromEntries(Object.entries(joins).map(([formulation, join]) => [formulation, best(model, join(model, window))]));
}

const sums = `count() AS goals_reached, countIf(is_conversion) AS conversions,
		sum(lead_value) AS lead_value, sum(transaction_value) AS transaction_value`;

export function agentTotals(model, window) {
	const rows = (join) => (model === 'all'
		? `SELECT ${perGoalEvent}, groupUniqArrayIf(agent, agent <> '') AS agents FROM (${join('all', window)}) GROUP BY goal_event_key`
		: `SELECT ${perGoalEvent}, ${model === 'first' ? 'argMinIf' : 'argMaxIf'}(agent,
			(assigned_at, conversation_id, segment_no), agent <> '') AS agent FROM (${join(model, window)}) GROUP BY goal_event_key`);
	return Object.fromEntries(Object.entries(joins).map(([formulation, join]) => [formulation, `
		SELECT ${model === 'all' ? "arrayJoin(if(empty(agents), [''], agents))" : 'agent'} AS agent_id, currency, ${sums}
		FROM (${rows(join)}) GROUP BY agent_id, currency`]));
}

export function byAgent(rows, labels) {
	return `
	SELECT 'brand-4711' AS account_id, m.conversation_date, m.conversation_date - toDayOfWeek(m.conversation_date, 2) AS week,
		toDayOfWeek(m.conversation_date, 2) AS weekday, dateName('weekday', m.conversation_date) AS weekday_name,
		m.agent AS agent_id, if(a.agent_name IS NULL, if(m.agent = '', 'Unassigned', m.agent), a.agent_name) AS agent_name,
		${userType('m.agent')} AS user_type,
		m.bucket AS duration_bucket_no, [${labels.map((label) => `'${label}'`).join()}][m.bucket + 1] AS duration_bucket,
		m.currency, m.goals_reached, m.conversions, m.lead_value, m.transaction_value
	FROM (
		SELECT conversation_date, agent, currency,
			multiIf(agent = '' OR participation <> 'assigned' OR lasted < 300000000, 0, lasted < 600000000, 1,
				lasted < 1800000000, 2, lasted < 3600000000, 3, lasted < 10800000000, 4, lasted < 86400000000, 5, 6) AS bucket,
			count() AS goals_reached, countIf(is_conversion) AS conversions,
			ifNull(sum(lead_value), 0) AS lead_value, ifNull(sum(transaction_value), 0) AS transaction_value
		FROM (
			SELECT toDate(best.1, 'America/New_York') AS conversation_date, best.6 AS agent, best.5 AS participation,
				toUnixTimestamp64Micro(ifNull(best.4, ifNull(best.2, now64(6, 'UTC')))) - toUnixTimestamp64Micro(best.3) AS lasted,
				currency, is_conversion, lead_value, transaction_value
			FROM (${rows})
		)
		GROUP BY conversation_date, agent, currency, bucket
	) AS m
	LEFT JOIN agent AS a ON a.agent_id = m.agent`;
}
