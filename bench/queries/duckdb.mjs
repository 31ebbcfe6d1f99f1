// DuckDB: tables and the formulations of each task.
import { carried, goalEvents, goalEventsByGroups, reached, totals, totalsOfAllByGroups, windowFunction, withoutVainUnassigned } from './common.mjs';

const money = 'DECIMAL(20, 4)';
const files = {
	conversation: { columns: { account_id: 'VARCHAR', conversation_id: 'VARCHAR', consumer_id: 'VARCHAR',
		opened_at: 'TIMESTAMPTZ', closed_at: 'TIMESTAMPTZ' }, order: 'account_id, consumer_id, opened_at' },
	agent_segment: { columns: { account_id: 'VARCHAR', conversation_id: 'VARCHAR', segment_no: 'INTEGER', consumer_id: 'VARCHAR',
		agent_id: 'VARCHAR', skill_id: 'VARCHAR', participation: 'VARCHAR', dialog: 'VARCHAR', assigned_at: 'TIMESTAMPTZ',
		ended_at: 'TIMESTAMPTZ', segment_key: 'BIGINT' }, order: 'account_id, consumer_id, assigned_at' },
	goal_event: { columns: { account_id: 'VARCHAR', goal_event_id: 'VARCHAR', consumer_id: 'VARCHAR', goal_id: 'VARCHAR',
		event_type: 'VARCHAR', reached_at: 'TIMESTAMPTZ', lead_value: money, transaction_value: money, currency: 'VARCHAR',
		brand_event_id: 'VARCHAR', topic: 'VARCHAR', service_activity_status: 'VARCHAR', goal_event_key: 'BIGINT' },
		order: 'account_id, consumer_id, reached_at' },
	agent: { columns: { account_id: 'VARCHAR', agent_id: 'VARCHAR', agent_name: 'VARCHAR', user_type: 'VARCHAR',
		is_post_survey_bot: 'INTEGER' }, order: 'agent_id' },
	goal: { columns: { account_id: 'VARCHAR', goal_id: 'VARCHAR', goal_type: 'VARCHAR' }, order: 'goal_id' },
};

export const load = (directory) => Object.entries(files).map(([table, { columns, order }]) => `
	CREATE TABLE ${table} AS SELECT * FROM read_csv('${directory}/peer_${table}.tsv', delim = '\t', header = false,
		quote = '', escape = '', nullstr = '\\N', columns = {${Object.entries(columns)
			.map(([column, type]) => `'${column}': '${type}'`).join(', ')}})
	ORDER BY ${order}`);

export const settle = ['CHECKPOINT'];

// arg_max does not sort; the rest of the row comes along as a struct.
function argMax(model, window) {
	const fields = 'opened_at closed_at agent_id user_type participation assigned_at ended_at'.split(' ');
	const pick = model === 'first' ? 'arg_min' : 'arg_max';
	return `
	SELECT goal_event_key, currency, is_conversion, lead_value, transaction_value, best.* FROM (
		SELECT goal_event_key, currency, is_conversion, lead_value, transaction_value,
			coalesce(${pick}(here, place) FILTER (WHERE here.agent_id IS NOT NULL), arg_max(here, fallback)) AS best
		FROM (${reached(model, window, `${carried},
			{${fields.map((name) => `'${name}': ${/(opened|closed)/.test(name) ? 'c' : 's'}.${name}`).join(', ')}} AS here,
			{'a': s.assigned_at, 'b': s.conversation_id, 'c': s.segment_no} AS place,
			{'a': c.opened_at, 'b': c.conversation_id} AS fallback`)}) AS r
		GROUP BY goal_event_key, currency, is_conversion, lead_value, transaction_value${model === 'all' ? ', agent_id' : ''}
	) AS r`;
}

// The queries of common.mjs, with DuckDB's way to find duplicates.
const byGroups = (query) => query.replaceAll(goalEvents, goalEventsByGroups);

export function credited(model, window) {
	const finish = model === 'all' ? withoutVainUnassigned : (rows) => rows;
	return {
		'window function': byGroups(finish(windowFunction(model, window))),
		[model === 'first' ? 'arg_min' : 'arg_max']: byGroups(finish(argMax(model, window))),
	};
}

export function agentTotals(model, window) {
	const queries = Object.fromEntries(Object.entries(credited(model, window))
		.map(([name, rows]) => [name, totals(rows)]));
	if (model === 'all') queries['GROUP BY'] = byGroups(totalsOfAllByGroups(window));
	return queries;
}

export function byAgent(rows, labels) {
	return `
	SELECT m.account_id, m.conversation_date,
		m.conversation_date - CAST(dayofweek(m.conversation_date) AS integer) AS week, dayofweek(m.conversation_date) AS weekday,
		dayname(m.conversation_date) AS weekday_name,
		m.agent_id, coalesce(a.agent_name, m.agent_id, 'Unassigned') AS agent, m.user_type, m.bucket AS duration_bucket_no,
		[${labels.map((label) => `'${label}'`).join()}][m.bucket + 1] AS duration_bucket,
		m.currency, m.goals_reached, m.conversions, m.lead_value, m.transaction_value
	FROM (
		SELECT 'brand-4711' AS account_id, CAST(opened_at AT TIME ZONE 'America/New_York' AS date) AS conversation_date,
			agent_id, coalesce(user_type, 'Unassigned') AS user_type, bucket, currency,
			count(*) AS goals_reached, CAST(count(*) FILTER (WHERE is_conversion) AS decimal(20, 6)) AS conversions,
			CAST(coalesce(sum(lead_value), 0) AS ${money}) AS lead_value,
			CAST(coalesce(sum(transaction_value), 0) AS ${money}) AS transaction_value
		FROM (
			SELECT *, CASE
				WHEN participation IS DISTINCT FROM 'assigned' OR lasted < 300000000 THEN 0
				WHEN lasted < 600000000 THEN 1 WHEN lasted < 1800000000 THEN 2
				WHEN lasted < 3600000000 THEN 3 WHEN lasted < 10800000000 THEN 4
				WHEN lasted < 86400000000 THEN 5 ELSE 6 END AS bucket
			FROM (
				SELECT *, epoch_us(coalesce(ended_at, closed_at, now())) - epoch_us(assigned_at) AS lasted
				FROM (${rows}) AS credited
			) AS credited
		) AS credited
		GROUP BY ALL
	) AS m
	LEFT JOIN agent AS a ON a.account_id = m.account_id AND a.agent_id = m.agent_id`;
}
