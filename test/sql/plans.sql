--
-- How reports read
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA plans;
SET search_path = plans, goaltracker, public;
\t on
\pset format unaligned

-- What matters of a plan: how facts and what refresh made of them are read, what
-- is sorted, cached or added up, and by several processes.  How names are joined
-- does not, nor do the words in which a version of PostgreSQL describes it.
CREATE FUNCTION conditions(expression text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	-- a query's one value with all settings
	expression := regexp_replace(expression, '_credits\((\$\d+|\(InitPlan \w+\)\.col\d+), [^)]*\)', '_credits(...)');
	expression := replace(expression, ' COLLATE "C"', '');
	-- when refreshes were
	expression := regexp_replace(expression, '(updated_at > '')[^'']*', '\1...');
	IF expression NOT LIKE '((%) AND (%))' THEN
		RETURN substr(expression, 2, length(expression) - 2);
	END IF;
	expression := substr(expression, 3, length(expression) - 4);
	RETURN (SELECT string_agg(c, ' and ' ORDER BY c COLLATE "C") FROM regexp_split_to_table(expression, '\) AND \(') AS c);
END $$;
CREATE FUNCTION node(plan jsonb, depth integer) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	facts CONSTANT text[] := '{touchpoint,goal_outcome,goal_event,agent_segment,conversation}';
	kind CONSTANT text := plan->>'Node Type';
	child jsonb;
BEGIN
	IF plan->>'Parent Relationship' = 'InitPlan' THEN
		RETURN;
	END IF;
	IF plan->>'Relation Name' = ANY (facts) OR kind IN ('Aggregate', 'Gather', 'Gather Merge', 'Sort', 'Incremental Sort', 'Limit')
		OR kind IN ('Memoize', 'Materialize', 'Hash') AND plan->'Plans'->0->>'Relation Name' = ANY (facts) THEN
		RETURN NEXT repeat('  ', depth) || concat_ws(' ', nullif(plan->>'Partial Mode', 'Simple'),
			CASE WHEN plan->>'Parallel Aware' = 'true' THEN 'Parallel' END, plan->>'Strategy', kind,
			'on ' || (plan->>'Relation Name'), 'by ' || (plan->>'Index Name'), nullif(lower(plan->>'Scan Direction'), 'forward'));
		depth := depth + 1;
	END IF;
	IF plan->>'Relation Name' IN ('touchpoint', 'goal_outcome') THEN
		RETURN QUERY SELECT repeat('  ', depth + 1) || key || ': ' || conditions(plan->>key)
		FROM unnest('{Index Cond,Filter}'::text[]) AS key WHERE plan ? key;
	END IF;
	FOR child IN SELECT jsonb_array_elements(plan->'Plans') LOOP
		RETURN QUERY SELECT node(child, depth);
	END LOOP;
END $$;
CREATE FUNCTION plan(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (COSTS OFF, FORMAT JSON) ' || query INTO plan;
	-- in which order primary keys are looked up may vary; later versions know that they need not look
	-- up what no column is asked for of, and turn an equality round
	RETURN QUERY SELECT replace(line, 'o.account_id = account_id', 'account_id = o.account_id')
	FROM node(plan->0->'Plan', 0) WITH ORDINALITY AS n (line, no)
	WHERE line !~ 'by (conversation|agent_segment)_pkey'
	ORDER BY line LIKE '%\_pkey', CASE WHEN line LIKE '%\_pkey' THEN line END COLLATE "C", no;
END $$;

INSERT INTO account (account_id, attribution_model) VALUES ('plans', 'all'), ('plans too', 'last');
INSERT INTO agent (account_id, agent_id, agent_name) SELECT 'plans', 'a' || n, 'Agent ' || n FROM generate_series(0, 19) AS n;
INSERT INTO skill (account_id, skill_id, skill_name) SELECT 'plans', 's' || n, 'Skill ' || n FROM generate_series(1, 3) AS n;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT account_id, 'k' || n, 'c' || n % 1000, timestamptz '2026-01-01Z' + n * interval '30 minutes', timestamptz '2026-01-01 00:25Z' + n * interval '30 minutes'
FROM generate_series(1, 3000) AS n, unnest('{plans,plans too}'::text[]) AS account_id;
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
SELECT account_id, conversation_id, no, consumer_id, 'a' || (substr(conversation_id, 2)::integer + no * 7) % 20, 's' || no, opened_at + no * interval '5 minutes'
FROM conversation, generate_series(1, 2) AS no WHERE account_id IN ('plans', 'plans too');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
SELECT account_id, 'g' || n, 'c' || n % 1200, 'Purchase Event', timestamptz '2026-01-01 00:20Z' + n * interval '30 minutes', n
FROM generate_series(1, 3000) AS n, unnest('{plans,plans too}'::text[]) AS account_id;
SELECT count(*) AS refreshed FROM refresh();
VACUUM ANALYZE account, agent, skill, conversation, agent_segment, goal_event, touchpoint, goal_outcome;
-- Tables are small here: what would decide between plans of like cost is set.
SET jit = off;
SET enable_bitmapscan = off;
SET random_page_cost = 1.1;
SET max_parallel_workers_per_gather = 0;

-- Some days are found by the index on the date: a WHERE on date and account
-- reaches it through names and sums, and the credit of a row is worked out once.
SET enable_sort = off;
SELECT plan($$ SELECT * FROM conversions_by_agent WHERE account_id = 'plans' AND conversation_date BETWEEN '2026-02-02' AND '2026-02-04' $$);
SELECT plan($$ SELECT * FROM conversions_by_skill WHERE account_id = 'plans' AND conversation_date = '2026-02-02' $$);
SELECT plan($$ SELECT * FROM conversions_by_account WHERE account_id = 'plans' AND conversation_date = '2026-02-02' $$);
SELECT plan($$ SELECT * FROM agent_summary WHERE account_id = 'plans' AND conversation_date = '2026-02-02' $$);
SELECT plan($$ SELECT count(*) FROM credit_facts WHERE account_id = 'plans' AND conversation_date = '2026-02-02' $$);

-- A prepared statement reads the stored date while there is no hour offset, works
-- dates out while there is one, and goes back (S15).
SET plan_cache_mode = force_generic_plan;
PREPARE days AS
SELECT sum(transaction_value) FILTER (WHERE account_id = 'plans') FROM conversions_by_agent WHERE conversation_date BETWEEN $1 AND $2;
SELECT plan($$ EXECUTE days ('2026-02-02', '2026-02-04') $$);
EXECUTE days ('2026-02-02', '2026-02-04');
SET goaltracker.hour_offset = 5.5;
SELECT plan($$ EXECUTE days ('2026-02-02', '2026-02-04') $$);
EXECUTE days ('2026-02-02', '2026-02-04');
RESET goaltracker.hour_offset;
SELECT plan($$ EXECUTE days ('2026-02-02', '2026-02-04') $$);
EXECUTE days ('2026-02-02', '2026-02-04');
RESET plan_cache_mode;
RESET random_page_cost;
RESET enable_sort;

-- The newest rows of the grid come from the newest goal events, without a sort,
-- nor with a cache (Memoize) in front of each table of facts.
SELECT plan($$ SELECT * FROM conversion_grid WHERE account_id = 'plans' ORDER BY goal_timestamp DESC LIMIT 50 $$);

-- One consumer's rows
SELECT plan($$ SELECT * FROM conversion_grid WHERE account_id = 'plans' AND consumer_id = 'c7' ORDER BY goal_timestamp $$);

-- What no report shows
SELECT plan($$ SELECT * FROM unattributed_goal_events $$);
SELECT plan($$ SELECT * FROM unattributed_goal_events WHERE account_id = 'plans' AND consumer_id = 'c7' $$);

-- A range of dates as numbers, or of instants in UTC, is one of what is stored.
SET random_page_cost = 1.1;
SELECT plan($$ SELECT * FROM conversions_by_skill WHERE account_id = 'plans' AND date_key BETWEEN 20260202 AND 20260204 $$);
SELECT plan($$ SELECT * FROM conversions_by_agent WHERE account_id = 'plans' AND date_key = 20260202 $$);
SELECT plan($$ SELECT * FROM conversions_by_account WHERE date_key > 20260131 AND date_key < 20260203 $$);
SELECT plan($$ SELECT * FROM agent_summary WHERE 20260202 = date_key AND account_id = 'plans' $$);
SELECT plan($$ SELECT count(*) FROM credit_facts WHERE account_id = 'plans' AND date_key >= bigint '20260202' AND 20260205 > date_key $$);
SELECT plan($$ SELECT count(*) FROM credit_facts WHERE date_key = to_char(now(), 'YYYYMMDD')::integer $$);
SELECT plan($$ SELECT goal_event_id FROM conversion_grid
	WHERE account_id = 'plans' AND goal_timestamp_utc >= '2026-02-02' AND goal_timestamp_utc < date '2026-02-03' $$);
-- With an hour offset, dates are worked out, and their numbers are.
SET goaltracker.hour_offset = 5.5;
SELECT plan($$ SELECT count(*) FROM credit_facts WHERE date_key = 20260202 $$);
RESET goaltracker.hour_offset;
SET plan_cache_mode = force_generic_plan;
PREPARE keys AS SELECT count(*) FROM credit_facts WHERE date_key BETWEEN $1 AND $2;
SELECT plan($$ EXECUTE keys (20260202, 20260204) $$);
EXECUTE keys (20260202, 20260204);
RESET plan_cache_mode;

-- What is newer than the last extract is found by when it was written, ...
UPDATE agent_segment SET agent_messages = 7 WHERE account_id LIKE 'plans%' AND conversation_id IN ('k7', 'k8');
SELECT max(updated_at) AS extracted FROM goal_outcome \gset
SELECT consumers FROM refresh();
SELECT plan(format('SELECT * FROM credit_facts WHERE updated_at > %L', :'extracted'));
SELECT plan(format('SELECT * FROM credit_facts WHERE updated_at_utc > %L', timestamptz :'extracted' AT TIME ZONE 'UTC'));
SELECT plan(format('SELECT goal_event_id FROM conversion_grid WHERE account_id = %L AND updated_at > %L', 'plans', :'extracted'));
SELECT plan(format('SELECT goal_event_id FROM conversion_grid WHERE updated_at_utc > %L', timestamptz :'extracted' AT TIME ZONE 'UTC'));
SELECT plan(format('SELECT * FROM unattributed_goal_events WHERE updated_at > %L', :'extracted'));
SELECT plan(format('SELECT * FROM unattributed_goal_events WHERE updated_at_utc > %L', timestamptz :'extracted' AT TIME ZONE 'UTC'));
-- ... and so is the latest of them.
SELECT plan($$ SELECT updated_at FROM conversion_grid ORDER BY updated_at DESC LIMIT 1 $$);
-- Who does not ask for it does not pay for it: not even a look at goal_outcome.
SELECT plan($$ SELECT conversation_date, goal_event_key, segment_key, date_key, goal_timestamp_utc FROM credit_facts WHERE account_id = 'plans' AND conversation_date = '2026-02-02' $$);
RESET random_page_cost;

-- Totals are added up by several processes.
SET enable_sort = off;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = '1MB';
SELECT plan($$ SELECT agent_id, sum(conversions), sum(transaction_value) FROM credit_facts GROUP BY agent_id $$);
SELECT plan($$ SELECT count_once(goal_event_key), sum_once(transaction_value, goal_event_key), sum_once(seconds_assigned, segment_key) FROM credit_facts $$);
SELECT plan($$ SELECT * FROM conversions_by_agent $$);
SELECT plan($$ SELECT * FROM agent_summary $$);

-- Where no account's model shares goal events (S20), and the session's does not, there is
-- nothing in a plan that works out parts; where an account's does, both is there, and
-- where the session's does, nothing else is executed.
CREATE FUNCTION executed(query text) RETURNS TABLE (is_executed boolean, scans text)
LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO plan;
	RETURN QUERY SELECT (scan->>'Actual Loops')::integer > 0, string_agg(scan->>'Relation Name', ' ' ORDER BY scan->>'Relation Name')
	FROM jsonb_path_query(plan, 'strict $.** ? (@."Relation Name" == "touchpoint" || @."Relation Name" == "goal_outcome")') AS scan
	GROUP BY 1 ORDER BY 1 DESC;
END $$;
SET max_parallel_workers_per_gather = 0;
CREATE VIEW executed AS
SELECT report, e.* FROM unnest('{conversions_by_skill,conversions_by_agent,conversions_by_account,agent_summary}'::text[]) AS report,
	executed(format('SELECT * FROM %I', report)) AS e
UNION ALL
SELECT 'credit_facts', * FROM executed('SELECT sum(conversions), sum(attributed_lead_value) FROM credit_facts');
TABLE executed;
UPDATE account SET attribution_model = 'linear' WHERE account_id = 'plans too';
TABLE executed;
UPDATE account SET attribution_model = 'last' WHERE account_id = 'plans too';
SET goaltracker.attribution_model = 'linear';
TABLE executed;
RESET goaltracker.attribution_model;

SET client_min_messages = warning;
DROP SCHEMA plans CASCADE;
DELETE FROM account WHERE account_id LIKE 'plans%';
DELETE FROM agent WHERE account_id LIKE 'plans%';
DELETE FROM skill WHERE account_id LIKE 'plans%';
DELETE FROM conversation WHERE account_id LIKE 'plans%';
DELETE FROM agent_segment WHERE account_id LIKE 'plans%';
DELETE FROM goal_event WHERE account_id LIKE 'plans%';
SELECT count(*) AS refreshed FROM refresh();
