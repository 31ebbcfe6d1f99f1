-- The three pages of the report out of the views, as the account's settings
-- have it; then the same under First, Last and All.  Run in this directory.
\ir style.sql

\echo
\echo 'Settings'
SELECT setting, value
FROM goaltracker.account AS a
	CROSS JOIN LATERAL (VALUES
		(1, 'account', a.account_name || ' (' || a.account_id || ')'),
		(2, 'attribution model', a.attribution_model),
		(3, 'contribution window', a.contribution_window || ' days'),
		(4, 'credited user types', array_to_string(a.credited_user_types, ', ')),
		(5, 'default currency', a.default_currency),
		(6, 'time zone', a.time_zone),
		(7, 'hour offset', coalesce(current_setting('goaltracker.hour_offset', true), '0')),
		(8, 'duration bounds', array_to_string(a.duration_bounds, ', '))
	) AS s(line, setting, value)
ORDER BY a.account_id, line;

\echo
\echo 'PAGE 1  Conversions'
\echo
\echo 'Conversions by skill'
SELECT skill, currency,
	sum(goals_reached) AS "goals reached",
	trim_scale(sum(conversions)) AS conversions,
	round(sum(lead_value), 2) AS "lead value",
	round(sum(transaction_value), 2) AS "transaction value",
	repeat('▇', round(30 * sum(conversions) / max(sum(conversions)) OVER ())::integer) AS " "
FROM goaltracker.conversions_by_skill
GROUP BY skill, currency
ORDER BY skill, currency;

\echo
\echo 'Conversions by skill and date (of the start of the conversation)'
SELECT to_char(conversation_date, 'Dy DD Mon') AS "date", skill,
	trim_scale(sum(conversions)) AS conversions,
	dense_rank() OVER (ORDER BY skill) AS skill_order
FROM goaltracker.conversions_by_skill
GROUP BY conversation_date, skill
ORDER BY conversation_date
\crosstabview date skill conversions skill_order

\echo
\echo 'Conversions by weekday and duration'
SELECT weekday_name AS weekday, duration_bucket,
	trim_scale(sum(conversions)) AS conversions, duration_bucket_no
FROM goaltracker.conversions_by_skill
GROUP BY weekday_name, conversions_by_skill.weekday, duration_bucket, duration_bucket_no
ORDER BY conversions_by_skill.weekday
\crosstabview weekday duration_bucket conversions duration_bucket_no

\echo
\echo 'PAGE 2  Durations and agents'
\echo
\echo 'Conversions by skill and duration'
SELECT skill, duration_bucket,
	trim_scale(sum(conversions)) AS conversions, duration_bucket_no
FROM goaltracker.conversions_by_skill
GROUP BY skill, duration_bucket, duration_bucket_no
ORDER BY skill
\crosstabview skill duration_bucket conversions duration_bucket_no

\echo
\echo 'Conversions by agent and duration'
SELECT agent, duration_bucket,
	trim_scale(sum(conversions)) AS conversions, duration_bucket_no
FROM goaltracker.conversions_by_agent
GROUP BY agent, duration_bucket, duration_bucket_no
ORDER BY agent
\crosstabview agent duration_bucket conversions duration_bucket_no

\echo
\echo 'Agent summary'
SELECT agent, user_type AS "user type",
	sum(goals_reached) AS goals,
	trim_scale(sum(conversions)) AS conversions,
	sum(agent_messages) AS messages,
	sum(agent_responses) AS responses,
	justify_hours(date_trunc('second', sum(time_assigned))) AS "time assigned",
	round(sum(lead_value), 2) AS "lead value",
	round(sum(transaction_value), 2) AS "transaction value",
	max(currency) AS currency,
	trim_scale(sum(other_currency_conversions)) AS "in others"
FROM goaltracker.agent_summary
GROUP BY agent, user_type
ORDER BY sum(conversions) DESC, agent;

\echo
\echo 'PAGE 3  The grid (its first rows)'
SELECT to_char(goal_timestamp, 'DD Mon HH24:MI') AS goal,
	goal_event_type AS "event type",
	coalesce(round(coalesce(transaction_value, lead_value), 2) || ' ' || currency, '') AS value,
	conversation,
	to_char(conversation_open_time, 'DD Mon HH24:MI') AS opened,
	agent, skill, agent_group AS "group",
	agent_segment_start_reason AS "start reason",
	agent_messages AS messages,
	time_assigned AS "time assigned"
FROM goaltracker.conversion_grid
ORDER BY goal_timestamp, goal_event_id, segment_no
LIMIT 15;

\echo
\echo 'Goal events in no report'
SELECT reason, count(*) AS "goal events"
FROM goaltracker.unattributed_goal_events
GROUP BY reason
ORDER BY reason;

-- The same report under each model: a session overrides the account's for
-- itself alone, and nothing is computed anew.
CREATE TEMPORARY TABLE comparison (
	model text, level text, name text, currency text, conversions numeric, transaction_value numeric);

SET goaltracker.attribution_model = 'first';
\ir compare.sql
SET goaltracker.attribution_model = 'last';
\ir compare.sql
SET goaltracker.attribution_model = 'all';
\ir compare.sql
RESET goaltracker.attribution_model;

\echo
\echo 'FIRST, LAST AND ALL side by side'
\echo 'Conversions, then transaction values. Under All every agent and every skill that took'
\echo 'part has a goal event once, so that their sums exceed the brand\'s.'
SELECT initcap(level) AS level, name, currency,
	trim_scale(sum(conversions) FILTER (WHERE model = 'first')) AS "First",
	trim_scale(sum(conversions) FILTER (WHERE model = 'last')) AS "Last",
	trim_scale(sum(conversions) FILTER (WHERE model = 'all')) AS "All",
	round(sum(transaction_value) FILTER (WHERE model = 'first'), 2) AS "First, value",
	round(sum(transaction_value) FILTER (WHERE model = 'last'), 2) AS "Last, value",
	round(sum(transaction_value) FILTER (WHERE model = 'all'), 2) AS "All, value"
FROM comparison
GROUP BY level, name, currency
ORDER BY array_position('{skill,agent,brand}', level), name, currency;
