// Plain SQL in PostgreSQL: the formulations of each task.
import { bestFirst, carried, distinctOn, goalEvents, inReach, segments, totals, totalsOfAllByGroups,
	windowFunction, withoutVainUnassigned } from './common.mjs';

export const prepare = "SET search_path = goaltracker; SET work_mem = '1GB'";

// The planner thinks that few conversations are in reach, and then looks up
// rows one by one where a hash join may be faster.  A query marked so is run
// without nested loops: see PlainSql in lib/postgres.mjs.
const hashJoins = '/* hash joins */';
const withHashJoins = (queries) => Object.entries(queries).filter(([name]) => name !== 'LATERAL')
	.flatMap(([name, query]) => [[name, query], [`${name}, hash joins`, `${hashJoins} ${query}`]]);
const bothWays = (queries) => ({ ...queries, ...Object.fromEntries(withHashJoins(queries)) });

const lateral = (model, window) => `
	SELECT g.goal_event_key, g.currency, g.is_conversion, g.lead_value, g.transaction_value, r.*
	FROM (${goalEvents}) AS g
	CROSS JOIN LATERAL (
		SELECT ${model === 'all' ? 'DISTINCT ON (s.agent_id)' : ''}
			c.opened_at, c.closed_at, s.agent_id, s.user_type, s.participation, s.assigned_at, s.ended_at
		FROM conversation AS c
		LEFT JOIN (${segments(model)}) AS s
			ON s.account_id = c.account_id AND s.conversation_id = c.conversation_id
			AND s.consumer_id = c.consumer_id AND s.assigned_at <= g.reached_at
		WHERE c.account_id = g.account_id AND c.consumer_id = g.consumer_id AND ${inReach(window)}
		ORDER BY ${model === 'all' ? 's.agent_id,' : ''} ${bestFirst(model)}
		${model === 'all' ? '' : 'LIMIT 1'}
	) AS r`;

// { name: query for rows that carry an agent's credit }
export function credited(model, window) {
	const finish = model === 'all' ? withoutVainUnassigned : (rows) => rows;
	return bothWays({
		'DISTINCT ON': finish(distinctOn(model, window)),
		'window function': finish(windowFunction(model, window)),
		LATERAL: finish(lateral(model, window)),
	});
}

export function agentTotals(model, window) {
	const queries = Object.fromEntries(Object.entries(credited(model, window))
		.map(([name, rows]) => [name, totals(rows)]));
	return model === 'all' ? { ...queries, ...bothWays({ 'GROUP BY': totalsOfAllByGroups(window) }) } : queries;
}

// conversions_by_agent, all of its columns.  labels: those of the buckets.
export function byAgent(rows, labels) {
	return `
	SELECT m.account_id, m.conversation_date,
		m.conversation_date - extract(dow FROM m.conversation_date)::integer AS week,
		extract(dow FROM m.conversation_date)::smallint AS weekday,
		to_char(m.conversation_date, 'FMDay') AS weekday_name,
		m.agent_id, coalesce(a.agent_name, m.agent_id, 'Unassigned') AS agent, m.user_type,
		m.bucket AS duration_bucket_no, ('{${labels.map((label) => `"${label}"`).join()}}'::text[])[m.bucket + 1] AS duration_bucket,
		m.currency, m.goals_reached, m.conversions, m.lead_value, m.transaction_value
	FROM (
		SELECT 'brand-4711' AS account_id, (opened_at AT TIME ZONE 'America/New_York')::date AS conversation_date,
			agent_id, coalesce(user_type, 'Unassigned') AS user_type, bucket, currency,
			count(*) AS goals_reached, (count(*) FILTER (WHERE is_conversion))::numeric(20, 6) AS conversions,
			coalesce(sum(lead_value), 0)::numeric(20, 4) AS lead_value,
			coalesce(sum(transaction_value), 0)::numeric(20, 4) AS transaction_value
		FROM (
			SELECT *, CASE
				WHEN participation IS DISTINCT FROM 'assigned' OR lasted < '5 minutes' THEN 0
				WHEN lasted < '10 minutes' THEN 1 WHEN lasted < '30 minutes' THEN 2
				WHEN lasted < '60 minutes' THEN 3 WHEN lasted < '180 minutes' THEN 4
				WHEN lasted < '24 hours' THEN 5 ELSE 6 END AS bucket
			FROM (
				SELECT *, coalesce(ended_at, closed_at, now()) - assigned_at AS lasted FROM (${rows}) AS credited
			) AS credited
		) AS credited
		GROUP BY 2, 3, 4, 5, 6
	) AS m
	LEFT JOIN agent AS a ON a.account_id = m.account_id AND a.agent_id = m.agent_id`;
}

// ---------------------------------------------------------------------------
// All touchpoints with all their windows: what the first refresh writes
// ---------------------------------------------------------------------------

const minWindow = `CASE WHEN c.closed_at IS NULL OR c.closed_at >= g.reached_at THEN 0
		ELSE ceil(extract(epoch FROM g.reached_at - c.closed_at) / 86400) END::smallint`;

const described = `g.goal_event_key, g.reached_at, g.currency, g.goal_type, g.lead_value, g.transaction_value,
		c.account_id, c.conversation_id, c.opened_at, c.closed_at`;

// goalEvents with the columns that are stored
const storedGoalEvents = goalEvents
	.replace("coalesce(g.currency, 'USD') AS currency", 'g.currency')
	.replace(/ IN\s+\('Sell[^)]*\) AS is_conversion/, ' AS goal_type');

// Names of one byte, as goaltracker stores them.
const letters = {
	user_type: { Human: 'H', Bot: 'B', System: 'S', Unassigned: 'U' },
	goal_type: { 'Sell Product/Service': 'S', 'Generate Leads': 'L', 'Service Activity Complete': 'A',
		'Interact with Visitors': 'I', 'Increase Page Views': 'P', Other: 'O' },
	event_type: { 'Goal Achieved': 'G', 'Purchase Event': 'P', 'Lead Event': 'L' },
};
const when = (column, pairs) => `CASE ${column} ${pairs.map(([from, to]) => `WHEN '${from}' THEN '${to}'`).join(' ')} END`;
const letter = (column, table = '') => `${when(table + column, Object.entries(letters[column]))}::"char" AS ${column}`;
const word = (column) => when(column, Object.entries(letters[column]).map(([from, to]) => [to, from]));

const stored = `goal_event_key, segment_key, opened_at, reached_at, assigned_at, assigned_until, conversation_date,
	utc_offset, segment_no, agent_messages, agent_responses, min_window, first_below, last_below, agent_below,
	skill_below, brand_below, ${letter('user_type')}, ${letter('goal_type')}, account_id, conversation_id, agent_id, skill_id, currency,
	lead_value, transaction_value`;

const dated = `(opened_at AT TIME ZONE 'America/New_York')::date AS conversation_date,
	extract(epoch FROM (opened_at AT TIME ZONE 'America/New_York') - (opened_at AT TIME ZONE 'UTC'))::integer AS utc_offset`;

// Earlier and later stand for one pass each: windows that share an order share a sort.
const touchpoints = `
	SELECT goal_event_key, segment_key, opened_at, reached_at, assigned_at,
		CASE WHEN participation = 'joined' THEN assigned_at ELSE coalesce(ended_at, closed_at) END AS assigned_until,
		${dated}, segment_no, agent_messages, agent_responses, min_window,
		CASE WHEN participation = 'assigned' THEN coalesce(min(min_window) FILTER (WHERE participation = 'assigned')
			OVER earlier, 32) ELSE 0 END::smallint AS first_below,
		CASE WHEN is_last_candidate THEN coalesce(min(min_window) FILTER (WHERE is_last_candidate)
			OVER later, 32) ELSE 0 END::smallint AS last_below,
		coalesce(min(min_window) OVER of_agent, 32::smallint) AS agent_below,
		coalesce(min(min_window) OVER of_skill, 32::smallint) AS skill_below,
		coalesce(min(min_window) OVER later, 32::smallint) AS brand_below,
		user_type, goal_type, account_id, conversation_id, agent_id, skill_id, currency, lead_value, transaction_value
	FROM (
		SELECT ${described}, s.segment_no, s.segment_key, s.agent_id, s.skill_id, s.user_type, s.participation,
			s.assigned_at, s.ended_at, s.agent_messages, s.agent_responses, ${minWindow} AS min_window,
			s.participation = 'assigned' AND s.dialog <> 'post_survey' AND NOT s.is_post_survey_bot AS is_last_candidate
		FROM (${storedGoalEvents}) AS g
		JOIN conversation AS c ON c.account_id = g.account_id AND c.consumer_id = g.consumer_id AND ${inReach(31)}
		JOIN (${segments('all').replace('s.segment_key,', 's.segment_key, s.agent_messages, s.agent_responses,')}) AS s
			ON s.account_id = c.account_id AND s.conversation_id = c.conversation_id
			AND s.consumer_id = c.consumer_id AND s.assigned_at <= g.reached_at
	) AS touch
	WINDOW earlier AS (PARTITION BY goal_event_key ORDER BY assigned_at, conversation_id, segment_no
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
		later AS (PARTITION BY goal_event_key ORDER BY assigned_at DESC, conversation_id DESC, segment_no DESC
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
		of_agent AS (PARTITION BY goal_event_key, agent_id ORDER BY assigned_at DESC, conversation_id DESC, segment_no DESC
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
		of_skill AS (PARTITION BY goal_event_key, skill_id ORDER BY assigned_at DESC, conversation_id DESC, segment_no DESC
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;

// Conversations that stand Unassigned under some model and window (S8).
const unassigned = `
	SELECT goal_event_key, NULL::bigint AS segment_key, opened_at, reached_at, NULL::timestamptz AS assigned_at,
		NULL::timestamptz AS assigned_until, ${dated}, NULL::integer AS segment_no, 0 AS agent_messages, 0 AS agent_responses,
		min_window, least(by_later, by_first, 32)::smallint AS first_below, least(by_later, by_last, 32)::smallint AS last_below,
		least(by_later, by_all, 32)::smallint AS agent_below, least(by_later, by_all, 32)::smallint AS skill_below,
		least(by_later, by_all, 32)::smallint AS brand_below, 'Unassigned' AS user_type, goal_type, account_id, conversation_id,
		NULL::text AS agent_id, NULL::text AS skill_id, currency, lead_value, transaction_value
	FROM (
		SELECT pair.*, min(min_window) OVER (PARTITION BY goal_event_key ORDER BY opened_at DESC, conversation_id DESC
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS by_later,
			min(min_window) FILTER (WHERE has_first) OVER whole AS by_first,
			min(min_window) FILTER (WHERE has_last) OVER whole AS by_last,
			min(min_window) FILTER (WHERE has_any) OVER whole AS by_all
		FROM (
			SELECT ${described}, ${minWindow} AS min_window,
				coalesce(bool_or(s.participation = 'assigned'), false) AS has_first,
				coalesce(bool_or(s.participation = 'assigned' AND s.dialog <> 'post_survey' AND NOT s.is_post_survey_bot), false) AS has_last,
				count(s.agent_id) > 0 AS has_any
			FROM (${storedGoalEvents}) AS g
			JOIN conversation AS c ON c.account_id = g.account_id AND c.consumer_id = g.consumer_id AND ${inReach(31)}
			LEFT JOIN (${segments('all')}) AS s
				ON s.account_id = c.account_id AND s.conversation_id = c.conversation_id
				AND s.consumer_id = c.consumer_id AND s.assigned_at <= g.reached_at
			GROUP BY ${described}
		) AS pair
		WINDOW whole AS (PARTITION BY goal_event_key)
	) AS candidate
	WHERE min_window < greatest(least(by_later, by_first, 32), least(by_later, by_last, 32))`;

export const allTouchpoints = `${hashJoins} SELECT ${stored} FROM (${touchpoints}) AS t UNION ALL SELECT ${stored} FROM (${unassigned}) AS u`;

// What became of each goal event, for the list of those in no report.
export const outcomes = `${hashJoins}
	SELECT e.goal_event_key, e.reached_at, 0 AS touchpoints_cut, r.reach_window, d.goal_event_key IS NULL AS is_duplicate,
		${letter('event_type', 'e.')}, e.account_id, e.consumer_id, e.goal_event_id, e.goal_id, e.brand_event_id
	FROM goal_event AS e
	LEFT JOIN (${goalEvents}) AS d ON d.goal_event_key = e.goal_event_key
	LEFT JOIN (
		SELECT g.goal_event_key, min(${minWindow}) AS reach_window
		FROM goal_event AS g
		JOIN conversation AS c ON c.account_id = g.account_id AND c.consumer_id = g.consumer_id AND ${inReach(31)}
		GROUP BY g.goal_event_key
	) AS r ON r.goal_event_key = e.goal_event_key`;

export const indexes = (touchpoint, outcome) => `
	CREATE INDEX ON ${touchpoint} (goal_event_key);
	CREATE INDEX ON ${touchpoint} (conversation_date, account_id);
	CREATE UNIQUE INDEX ON ${outcome} (goal_event_key, account_id);
	CREATE INDEX ON ${outcome} (consumer_id, account_id);
	CREATE INDEX ON ${outcome} (reached_at, account_id) WHERE reach_window IS NOT NULL AND NOT is_duplicate;
	CREATE INDEX ON ${outcome} (account_id) WHERE touchpoints_cut > 0;`;

// What a report shows of stored touchpoints, to compare with credit_facts.
export function storedCredits(table, model, window) {
	const below = { first: 'first_below', last: 'last_below', all: 'agent_below' }[model];
	const one = (column) => (model === 'all' ? `(${window} < ${column})::integer` : '1');
	return `SELECT goal_event_key, segment_key, conversation_date, agent_id, skill_id, ${word('user_type')}, ${word('goal_type')},
			lead_value, transaction_value, coalesce(currency, 'USD'), agent_messages::integer,
			${one('agent_below')}, ${one('skill_below')}, ${one('brand_below')}
		FROM ${table}
		WHERE min_window <= ${window}
			AND ${model === 'all' ? `(segment_key IS NOT NULL OR ${window} < agent_below)` : `${window} < ${below}`}`;
}

export { carried };
