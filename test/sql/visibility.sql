--
-- Who may see which rows
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE SCHEMA visibility;
SET search_path = visibility, goaltracker, public;
CREATE ROLE regress_everybody;
CREATE ROLE regress_shop IN ROLE regress_everybody;
CREATE ROLE regress_north IN ROLE regress_everybody;
CREATE ROLE regress_login IN ROLE regress_shop;
CREATE ROLE regress_mia IN ROLE regress_north;
CREATE ROLE regress_both IN ROLE regress_shop, regress_north;
CREATE ROLE regress_noah IN ROLE regress_north NOINHERIT;
CREATE ROLE regress_pool IN ROLE regress_shop, regress_north, regress_everybody;
GRANT USAGE ON SCHEMA visibility TO PUBLIC;
SELECT grant_reader('regress_everybody');

-- Group "east" is part of "north" of the shop.  Whatever else there is looks like
-- hidden things: ids and names say so, and what has no name is from 2031, is worth
-- more than 900000, has a key above 900000000, is of a kind that visible things
-- are not.
INSERT INTO account (account_id, attribution_model, default_currency) VALUES
	('vis shop', 'all', 'USD'), ('vis hidden', 'all', 'XTS');
INSERT INTO agent_group VALUES ('vis shop', 'north', 'North', NULL), ('vis shop', 'east', 'East', 'north'),
	('vis shop', 'hidden south', 'Hidden South', NULL), ('vis hidden', 'north', 'Hidden North', NULL),
	-- in a circle
	('vis shop', 'east 2', 'East 2', 'east 3'), ('vis shop', 'east 3', 'East 3', 'east 2');
INSERT INTO agent (account_id, agent_id, agent_name, user_type) VALUES
	('vis shop', 'ann', 'Ann', 'Human'), ('vis shop', 'bob', 'Bob', 'Human'),
	('vis shop', 'hidden hal', 'Hidden Hal', 'Bot'), ('vis hidden', 'hidden ann', 'Hidden Ann', 'Bot');
INSERT INTO agent_group_membership VALUES ('vis shop', 'ann', 'north', '[2026-01-01,2027-01-01)'),
	('vis shop', 'ann', 'hidden south', '[2027-01-01,)'), ('vis shop', 'hidden hal', 'hidden south', '(,)');
INSERT INTO skill VALUES ('vis shop', 'sales', 'Sales'), ('vis shop', 'hidden care', 'Hidden care'), ('vis hidden', 'sales', 'Hidden sales');
INSERT INTO campaign VALUES ('vis shop', 'spring', 'Spring'), ('vis shop', 'hidden fall', 'Hidden fall'), ('vis hidden', 'spring', 'Hidden spring');
INSERT INTO engagement VALUES ('vis shop', 'banner', 'Banner', 'spring'), ('vis shop', 'hidden popup', 'Hidden popup', 'hidden fall'),
	('vis hidden', 'banner', 'Hidden banner', 'spring');
INSERT INTO goal VALUES ('vis shop', 'order', 'Order', 'Sell Product/Service'), ('vis shop', 'hidden order', 'Hidden order', 'Service Activity Complete'),
	('vis hidden', 'order', 'Hidden order', 'Service Activity Complete');

-- Rows of three kinds: ann's by membership, bob's since the segment names a group,
-- and hidden ones; of those some have an agent who was in the group at another time.
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at, source, engagement_id)
SELECT 'vis shop', 'k' || n, 'c' || n, timestamptz '2026-06-01Z' + n * interval '1 hour', timestamptz '2026-06-01 00:50Z' + n * interval '1 hour', 'WEB', 'banner'
FROM generate_series(1, 16) AS n
UNION ALL
SELECT CASE n % 2 WHEN 0 THEN 'vis shop' ELSE 'vis hidden' END, 'hidden k' || n, 'hidden c' || n, timestamptz '2031-06-01Z' + n * interval '1 hour',
	timestamptz '2031-06-05Z' + n * interval '1 hour', 'HIDDEN', CASE n % 2 WHEN 0 THEN 'hidden popup' ELSE 'banner' END
FROM generate_series(1, 24) AS n;
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, group_id, assigned_at, ended_at, start_reason, end_reason, agent_messages, agent_responses, segment_key)
OVERRIDING SYSTEM VALUE
SELECT account_id, conversation_id, no, consumer_id, (ARRAY['ann', 'bob'])[no], 'sales', (ARRAY[NULL, 'east'])[no],
	opened_at + no * interval '10 minutes', opened_at + (no + 1) * interval '10 minutes', 'New Conversation', 'Closed by Agent', no, no,
	800000000 + 10 * substr(conversation_id, 2)::integer + no
FROM conversation, generate_series(1, 2) AS no WHERE account_id = 'vis shop' AND conversation_id LIKE 'k%'
UNION ALL
SELECT account_id, conversation_id, 900001, consumer_id,
	CASE account_id WHEN 'vis hidden' THEN 'hidden ann' ELSE 'hidden hal' END,
	CASE account_id WHEN 'vis hidden' THEN 'sales' ELSE 'hidden care' END, NULL,
	opened_at + interval '1 minute', closed_at, 'Hidden start', 'Hidden end', 900001, 900002,
	900000000 + substr(conversation_id, 9)::integer
FROM conversation WHERE conversation_id LIKE 'hidden k%';
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id, goal_event_key)
OVERRIDING SYSTEM VALUE
SELECT 'vis shop', 'g' || n, 'c' || n, 'order', 'Purchase Event', timestamptz '2026-06-01 00:50Z' + n * interval '1 hour', n, n, 'USD', 'o' || n, 'Topic', 'Status', 's', 800000000 + n
FROM generate_series(1, 16) AS n
UNION ALL
SELECT CASE n % 2 WHEN 0 THEN 'vis shop' ELSE 'vis hidden' END, 'hidden g' || n, 'hidden c' || n, CASE n % 2 WHEN 0 THEN 'hidden order' ELSE 'order' END,
	'Lead Event', timestamptz '2031-06-02Z' + n * interval '1 hour', 900000 + n, 900000 + n, 'XTS', 'hidden o' || n, 'Hidden topic', 'Hidden status', 'hidden', 900000000 + n
FROM generate_series(1, 24) AS n
UNION ALL
-- in no report
SELECT CASE n % 2 WHEN 0 THEN 'vis shop' ELSE 'vis hidden' END, 'hidden self ' || n, 'hidden s' || n, NULL,
	'Lead Event', timestamptz '2031-06-02Z' + n * interval '1 hour', 900000 + n, 900000 + n, 'XTS', 'hidden s' || n, 'Hidden topic', 'Hidden status', 'hidden', 900001000 + n
FROM generate_series(1, 8) AS n;
-- one conversation with visible and hidden segments: the agents' goal event is shown
-- to both, each with his own segments
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES ('vis shop', 'joint', 'joint', '2026-06-10Z', '2026-06-11Z');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, group_id, assigned_at, ended_at, segment_key)
OVERRIDING SYSTEM VALUE VALUES
	('vis shop', 'joint', 1, 'joint', 'ann', 'sales', NULL, '2026-06-10 00:10Z', '2026-06-10 00:20Z', 800009001),
	('vis shop', 'joint', 900002, 'joint', 'hidden hal', 'hidden care', 'hidden south', '2026-06-10 00:20Z', '2026-06-10 00:30Z', 900009002),
	-- ann, for the other group
	('vis shop', 'joint', 900003, 'joint', 'ann', 'hidden care', 'hidden south', '2026-06-10 00:30Z', '2026-06-10 00:40Z', 900009003);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, transaction_value, goal_event_key) OVERRIDING SYSTEM VALUE VALUES
	('vis shop', 'joint', 'joint', 'order', 'Purchase Event', '2026-06-10 12:00Z', 77, 800009000),
	('vis shop', 'g self', 'self', 'order', 'Purchase Event', '2026-06-10 12:00Z', 78, 800009001);
SELECT count(*) AS refreshed FROM refresh();
-- what others may not see was written in other years too
UPDATE goal_outcome SET updated_at = reached_at;
SELECT refresh_snapshots();
-- what the planner knows, it knows of each value
SET default_statistics_target = 10000;
ANALYZE account, agent, agent_group, agent_group_membership, skill, campaign, engagement, goal, conversation, agent_segment, goal_event, touchpoint, goal_outcome,
	conversions_by_skill_snapshot, conversions_by_agent_snapshot, conversions_by_account_snapshot, agent_summary_snapshot;

SELECT restrict_reader('regress_shop', 'vis shop');
SELECT restrict_reader('regress_north', 'vis shop', 'north');
SELECT exempt_reader('regress_pool');
SELECT * FROM reader_restriction ORDER BY 1, 2, 3;

--
-- What is seen
--
CREATE FUNCTION seen() RETURNS TABLE (report text, goal_events bigint, names text, value numeric)
LANGUAGE sql AS $$
	SELECT 'grid', count_once(goal_event_key), string_agg(DISTINCT agent, ' ' ORDER BY agent), sum(transaction_value) FROM conversion_grid WHERE account_id LIKE 'vis %'
	UNION ALL SELECT 'facts', count_once(goal_event_key), string_agg(DISTINCT agent_id, ' ' ORDER BY agent_id), sum(transaction_value) FROM credit_facts WHERE account_id LIKE 'vis %'
	UNION ALL SELECT 'agent', sum(goals_reached), string_agg(DISTINCT agent, ' ' ORDER BY agent), sum(transaction_value) FROM conversions_by_agent WHERE account_id LIKE 'vis %'
	UNION ALL SELECT 'skill', sum(goals_reached), string_agg(DISTINCT skill, ' ' ORDER BY skill), sum(transaction_value) FROM conversions_by_skill WHERE account_id LIKE 'vis %'
	UNION ALL SELECT 'account', sum(goals_reached), string_agg(DISTINCT account_id, ', ' ORDER BY account_id), sum(transaction_value) FROM conversions_by_account WHERE account_id LIKE 'vis %'
	UNION ALL SELECT 'summary', sum(goals_reached), string_agg(DISTINCT agent, ' ' ORDER BY agent), sum(transaction_value) FROM agent_summary WHERE account_id LIKE 'vis %'
	UNION ALL SELECT 'no report', count(*), string_agg(DISTINCT account_id, ', ' ORDER BY account_id), NULL FROM unattributed_goal_events WHERE account_id LIKE 'vis %'
	UNION ALL SELECT 'status', count(goal_events_cut), string_agg(DISTINCT account_id, ', ' ORDER BY account_id), NULL FROM refresh_status WHERE account_id LIKE 'vis %'
$$;
-- A reader without restrictions sees all, ...
SET ROLE regress_everybody;
SELECT * FROM seen();
-- ... another one his account, and another one his groups: a total is that of the
-- segments that he sees.
SET ROLE regress_shop;
SELECT * FROM seen();
SET ROLE regress_north;
SELECT * FROM seen();
-- Members are restricted as their role is, whether they inherit its rights or not;
-- of two restrictions the narrower one counts; who is exempt sees all.
RESET ROLE;
CREATE TEMP TABLE sees AS SELECT NULL::name AS role, s.* FROM seen() AS s LIMIT 0;
GRANT ALL ON sees TO PUBLIC;
SELECT grant_reader('regress_noah');
SET ROLE regress_everybody; INSERT INTO sees SELECT current_user, * FROM seen();
SET ROLE regress_shop; INSERT INTO sees SELECT current_user, * FROM seen();
SET ROLE regress_north; INSERT INTO sees SELECT current_user, * FROM seen();
SET ROLE regress_mia; INSERT INTO sees SELECT current_user, * FROM seen();
SET ROLE regress_noah; INSERT INTO sees SELECT current_user, * FROM seen();
SET ROLE regress_both; INSERT INTO sees SELECT current_user, * FROM seen();
SET ROLE regress_pool; INSERT INTO sees SELECT current_user, * FROM seen();
RESET ROLE;
SELECT string_agg(role, ' ' ORDER BY role) AS see_the_same FROM (
	SELECT role, jsonb_agg(to_jsonb(s) - 'role' ORDER BY report) AS what FROM sees AS s GROUP BY role) AS s
GROUP BY what ORDER BY 1;

-- View by view, row by row: what a restricted reader sees is what one who sees
-- everything sees of the account, or adds up of the groups' segments.
CREATE TABLE expected (role name, relation text, line text);
INSERT INTO expected
SELECT 'regress_shop', v.relation, v.line FROM (
	SELECT 'conversion_grid' AS relation, v::text AS line, v.account_id FROM conversion_grid AS v
	UNION ALL SELECT 'credit_facts', v::text, v.account_id FROM credit_facts AS v
	UNION ALL SELECT 'conversions_by_agent', v::text, v.account_id FROM conversions_by_agent AS v
	UNION ALL SELECT 'conversions_by_skill', v::text, v.account_id FROM conversions_by_skill AS v
	UNION ALL SELECT 'conversions_by_account', v::text, v.account_id FROM conversions_by_account AS v
	UNION ALL SELECT 'agent_summary', v::text, v.account_id FROM agent_summary AS v
	UNION ALL SELECT 'unattributed_goal_events', v::text, v.account_id FROM unattributed_goal_events AS v
	UNION ALL SELECT 'refresh_status', v::text, v.account_id FROM refresh_status AS v) AS v
WHERE v.account_id = 'vis shop';
CREATE TABLE of_north AS SELECT * FROM conversion_grid WHERE account_id = 'vis shop' AND agent_group IN ('North', 'East');
INSERT INTO expected SELECT 'regress_north', 'conversion_grid', v::text FROM of_north AS v;
INSERT INTO expected SELECT 'regress_north', 'credit_facts', v::text FROM credit_facts AS v
WHERE (goal_event_key, segment_key) IN (SELECT goal_event_key, segment_key FROM of_north);
INSERT INTO expected SELECT 'regress_north', 'conversions_by_agent', row(conversation_date, agent, currency, sum(goals_reached), sum(conversions), sum(transaction_value) FILTER (WHERE goals_reached = 1))::text
FROM of_north GROUP BY conversation_date, agent, currency HAVING sum(goals_reached) > 0;
INSERT INTO expected SELECT 'regress_north', 'conversions_by_skill', row(conversation_date, skill, currency, sum(skill_credit), sum(transaction_value))::text
FROM of_north WHERE skill_credit = 1 GROUP BY conversation_date, skill, currency;
INSERT INTO expected SELECT 'regress_north', 'conversions_by_account', row(conversation_date, currency, sum(account_credit), sum(transaction_value))::text
FROM of_north WHERE account_credit = 1 GROUP BY conversation_date, currency;
INSERT INTO expected SELECT 'regress_north', 'agent_summary', row(conversation_date, agent, sum(goals_reached), sum_once(agent_messages, segment_key))::text
FROM of_north GROUP BY conversation_date, agent;
SELECT role, relation, count(*) > 0 AS some FROM expected GROUP BY role, relation ORDER BY role, relation;
CREATE TABLE found (LIKE expected);
GRANT INSERT ON found TO PUBLIC;
SET ROLE regress_shop;
INSERT INTO found
SELECT current_user, 'conversion_grid', v::text FROM conversion_grid AS v
UNION ALL SELECT current_user, 'credit_facts', v::text FROM credit_facts AS v
UNION ALL SELECT current_user, 'conversions_by_agent', v::text FROM conversions_by_agent AS v
UNION ALL SELECT current_user, 'conversions_by_skill', v::text FROM conversions_by_skill AS v
UNION ALL SELECT current_user, 'conversions_by_account', v::text FROM conversions_by_account AS v
UNION ALL SELECT current_user, 'agent_summary', v::text FROM agent_summary AS v
UNION ALL SELECT current_user, 'unattributed_goal_events', v::text FROM unattributed_goal_events AS v
UNION ALL SELECT current_user, 'refresh_status', v::text FROM refresh_status AS v;
SET ROLE regress_north;
INSERT INTO found
SELECT current_user, 'conversion_grid', v::text FROM conversion_grid AS v
UNION ALL SELECT current_user, 'credit_facts', v::text FROM credit_facts AS v
UNION ALL SELECT current_user, 'conversions_by_agent', row(conversation_date, agent, currency, sum(goals_reached), sum(conversions), sum(transaction_value))::text FROM conversions_by_agent GROUP BY conversation_date, agent, currency
UNION ALL SELECT current_user, 'conversions_by_skill', row(conversation_date, skill, currency, sum(goals_reached), sum(transaction_value))::text FROM conversions_by_skill GROUP BY conversation_date, skill, currency
UNION ALL SELECT current_user, 'conversions_by_account', row(conversation_date, currency, sum(goals_reached), sum(transaction_value))::text FROM conversions_by_account GROUP BY conversation_date, currency
UNION ALL SELECT current_user, 'agent_summary', row(conversation_date, agent, sum(goals_reached), sum(agent_messages))::text FROM agent_summary GROUP BY conversation_date, agent
UNION ALL SELECT current_user, 'unattributed_goal_events', v::text FROM unattributed_goal_events AS v;
RESET ROLE;
(SELECT 'missing' AS what, e.* FROM expected AS e EXCEPT ALL SELECT 'missing', f.* FROM found AS f)
UNION ALL (SELECT 'too much', f.* FROM found AS f EXCEPT ALL SELECT 'too much', e.* FROM expected AS e);

--
-- What others' rows hold does not show through either
--
-- These look at each value that they are called with.
CREATE FUNCTION is_hidden(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN value ~* 'hidden|2031|(^|[^0-9.])90000\d|Bot|Service Activity|Lead|XTS|24 h and more';
CREATE FUNCTION spy(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 0.0001 AS $$
BEGIN
	IF visibility.is_hidden(value) THEN RAISE EXCEPTION 'seen: %', value; END IF;
	RETURN true;
END $$;
CREATE FUNCTION spy_null(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 0.0001 AS $$
BEGIN
	IF visibility.is_hidden(value) THEN RAISE EXCEPTION 'seen: %', value; END IF;
	RETURN true;
END $$;
-- An operator whose function the planner calls with what it knows of a column
DO $do$
DECLARE
	type text;
BEGIN
	FOREACH type IN ARRAY '{text,date,smallint,integer,bigint,numeric,timestamptz,timestamp,interval}'::text[] LOOP
		EXECUTE replace($$
			CREATE FUNCTION spy_on_both(a TYPE, b TYPE) RETURNS boolean
			LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 0.0001 AS $body$
			BEGIN
				IF visibility.is_hidden(a::text) OR visibility.is_hidden(b::text) THEN RAISE EXCEPTION 'seen: % %', a, b; END IF;
				RETURN true;
			END $body$;
			CREATE OPERATOR <<< (LEFTARG = TYPE, RIGHTARG = TYPE, FUNCTION = spy_on_both, RESTRICT = scalarltsel)$$, 'TYPE', type);
	END LOOP;
END $do$;

CREATE TABLE report_column AS
SELECT c.relname AS report, a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS type,
	CASE format_type(a.atttypid, NULL) WHEN 'text' THEN 'm' WHEN 'date' THEN '2026-06-02' WHEN 'timestamp with time zone' THEN '2026-06-02'
		WHEN 'timestamp without time zone' THEN '2026-06-02' WHEN 'interval' THEN '1 min' ELSE '1' END AS sample
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relname IN ('conversion_grid', 'credit_facts', 'conversions_by_agent', 'conversions_by_skill', 'conversions_by_account', 'agent_summary', 'unattributed_goal_events', 'refresh_status')
	AND c.relnamespace = 'goaltracker'::regnamespace;
GRANT SELECT ON report_column TO PUBLIC;
CREATE TABLE m AS SELECT 1 AS one;
GRANT SELECT ON m TO PUBLIC;

-- Columns that let something through, by the way of asking.
CREATE FUNCTION leaks(reports text) RETURNS TABLE (way text, columns bigint, first_column text)
LANGUAGE plpgsql AS $$
DECLARE
	c report_column;
	asked text;
BEGIN
	CREATE TEMP TABLE leak (way text, column_name text);
	FOR c IN SELECT r.* FROM visibility.report_column AS r WHERE r.report LIKE reports ORDER BY r.report, r.column_name LOOP
		FOREACH asked IN ARRAY ARRAY[
			'SELECT count(*) FROM %1$s AS r WHERE visibility.spy(r.%2$I::text)',
			'SELECT count(*) FROM %1$s AS r WHERE visibility.spy_null(r.%2$I::text)',
			'SELECT count(*) FROM %1$s AS r WHERE r.%2$I OPERATOR(visibility.<<<) %4$L::%3$s',
			'SELECT count(*) FROM visibility.m LEFT JOIN %1$s AS r ON visibility.spy(r.%2$I::text)',
			'EXPLAIN SELECT count(*) FROM %1$s AS r WHERE r.%2$I OPERATOR(visibility.<<<) %4$L::%3$s'] LOOP
			BEGIN
				EXECUTE format(asked, c.report, c.column_name, c.type, c.sample);
			EXCEPTION WHEN raise_exception THEN
				INSERT INTO leak VALUES (asked, c.report || '.' || c.column_name);
			END;
		END LOOP;
	END LOOP;
	RETURN QUERY SELECT l.way, count(*), min(l.column_name COLLATE "C") FROM leak AS l GROUP BY l.way ORDER BY l.way COLLATE "C";
	DROP TABLE leak;
END $$;
-- They do see, where there is nothing that holds them off, ...
SELECT columns > 5 AS many, way FROM leaks('%');
-- ... and what a restricted reader may not see they do not, ...
SET ROLE regress_mia;
SELECT * FROM leaks('%');
-- whatever the plan: only what is joined, the joined tables first, ...
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT * FROM leaks('conversion_grid');
RESET enable_hashjoin;
RESET enable_mergejoin;
-- or by several processes, which know whom they work for.
RESET ROLE;
SELECT set_config(name, CASE vartype WHEN 'enum' THEN 'on' ELSE '0' END, false) IS NOT NULL AS set
FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query', 'parallel_setup_cost', 'parallel_tuple_cost', 'min_parallel_table_scan_size', 'min_parallel_index_scan_size');
SET max_parallel_workers_per_gather = 2;
SET cpu_tuple_cost = 100;
SET ROLE regress_shop;
SELECT * FROM seen();
SELECT count(*) FROM credit_facts WHERE account_id <> 'vis shop';
RESET ROLE;
SET SESSION AUTHORIZATION regress_login;
SET ROLE regress_everybody;
SET parallel_leader_participation = off;
SELECT session_user, current_user, account_id, count(*) FROM credit_facts GROUP BY account_id;
RESET parallel_leader_participation;
RESET SESSION AUTHORIZATION;
SET ROLE regress_shop;
CREATE TEMP TABLE plan (line text);
DO $$
DECLARE
	line text;
BEGIN
	FOR line IN EXPLAIN (COSTS OFF) SELECT sum(goals_reached), min(account_id) FROM credit_facts LOOP
		INSERT INTO plan VALUES (line);
	END LOOP;
END $$;
SELECT count(*) > 0 AS parallel FROM plan WHERE line ~ 'Gather';
SET ROLE regress_mia;
SELECT * FROM seen();
RESET ROLE;
SELECT set_config(name, 'off', false) AS off FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET min_parallel_index_scan_size;
RESET max_parallel_workers_per_gather;
RESET cpu_tuple_cost;

-- Bare columns of the two tables that joins could be turned around to
SET ROLE regress_mia;
SELECT count(*) > 0 AS some FROM conversion_grid WHERE spy(topic) AND spy(source) AND spy(agent_segment_start_reason) AND spy(agent_group) AND spy(campaign_name);
-- A condition on when rows were written, which an outer join brings along, leaves out
-- none of them, for those above who see all and for him.
SELECT count(*) > 0 AS some, count(*) = (SELECT count(*) FROM credit_facts) AS "all"
FROM credit_facts WHERE updated_at > '2000-01-01' AND updated_at_utc > '2000-01-01';
RESET ROLE;
SELECT count(*) > 0 AS some, count(*) = (SELECT count(*) FROM credit_facts) AS "all"
FROM credit_facts WHERE updated_at > '2000-01-01' AND updated_at_utc > '2000-01-01';
-- An error that quotes a value quotes one that the reader may see: it is the value
-- that is looked at first, whatever that is.
CREATE FUNCTION quotes(query text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN invalid_text_representation THEN
	RETURN CASE WHEN visibility.is_hidden(substring(SQLERRM FROM '"(.*)"')) THEN 'hidden: ' || SQLERRM ELSE 'a value to be seen' END;
END $$;
SET ROLE regress_mia;
SELECT quotes('SELECT count(*) FROM conversion_grid WHERE consumer_id::integer > 0');
SELECT quotes('SELECT count(*) FROM conversions_by_agent WHERE agent::integer > 0');
SELECT quotes('SELECT count(*) FROM unattributed_goal_events WHERE goal_event_id::integer > 0');
RESET ROLE;

-- Plans and statistics tell no values.
CREATE FUNCTION explained(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
	lines text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, BUFFERS OFF, SETTINGS) ' || query LOOP
		lines := lines || line || E'\n';
	END LOOP;
	RETURN lines;
END $$;
SET ROLE regress_mia;
SELECT report, explained(format('SELECT * FROM %I', report)) ~* 'hidden (k|c|g|o|h|ann|s)|2031-|XTS' AS tells FROM report_column GROUP BY report ORDER BY report;
SELECT count(*) AS statistics FROM pg_stats WHERE schemaname = 'goaltracker';
SELECT count(*) AS statistics FROM pg_stats_ext WHERE schemaname = 'goaltracker';

--
-- Another role, another plan
--
RESET ROLE;
SET plan_cache_mode = force_generic_plan;
PREPARE accounts AS SELECT string_agg(DISTINCT account_id, ', ' ORDER BY account_id) AS accounts FROM conversions_by_account WHERE account_id LIKE 'vis%';
PREPARE status AS SELECT string_agg(DISTINCT account_id, ', ' ORDER BY account_id) AS accounts FROM refresh_status WHERE account_id LIKE 'vis%';
PREPARE stored AS SELECT count(*) FROM conversions_by_account_stored WHERE account_id LIKE 'vis%';
EXECUTE accounts; EXECUTE status; EXECUTE stored;
SET ROLE regress_mia;
EXECUTE accounts; EXECUTE status; EXECUTE stored;
SET ROLE regress_pool;
EXECUTE accounts; EXECUTE status; EXECUTE stored;
RESET ROLE;
-- a restriction that comes, and one that goes
SET ROLE regress_everybody;
EXECUTE accounts; EXECUTE status; EXECUTE stored;
RESET ROLE;
SELECT restrict_reader('regress_everybody', 'vis hidden');
SET ROLE regress_everybody;
EXECUTE accounts; EXECUTE status; EXECUTE stored;
-- the narrowest: no account is left
SET ROLE regress_shop;
EXECUTE accounts; EXECUTE status;
RESET ROLE;
SELECT unrestrict_reader('regress_everybody');
SET ROLE regress_everybody;
EXECUTE accounts; EXECUTE status; EXECUTE stored;
RESET ROLE;
-- a membership that comes, and one that goes
\c
SET search_path = visibility, goaltracker, public;
DROP ROLE IF EXISTS regress_newcomer;
CREATE ROLE regress_newcomer;
SELECT grant_reader('regress_newcomer');
SET plan_cache_mode = force_generic_plan;
PREPARE accounts AS SELECT string_agg(DISTINCT account_id, ', ' ORDER BY account_id) AS accounts FROM conversions_by_account WHERE account_id LIKE 'vis%';
SET ROLE regress_newcomer;
EXECUTE accounts;
RESET ROLE;
GRANT regress_shop TO regress_newcomer;
SET ROLE regress_newcomer;
EXECUTE accounts;
RESET ROLE;
REVOKE regress_shop FROM regress_newcomer;
SET ROLE regress_newcomer;
EXECUTE accounts;
RESET ROLE;
DEALLOCATE ALL;
RESET plan_cache_mode;

--
-- SET ROLE does not widen what somebody sees who has logged in restricted: neither
-- to another role of his nor by a function that runs as its owner.
--
GRANT regress_newcomer TO regress_mia;
GRANT CREATE ON SCHEMA visibility TO regress_newcomer;
SET ROLE regress_newcomer;
CREATE FUNCTION lent() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT string_agg(DISTINCT agent, ' ' ORDER BY agent) FROM goaltracker.conversions_by_agent WHERE account_id LIKE 'vis%' $$;
--- in PL/pgSQL it keeps its plan, also in versions that plan functions in SQL anew
CREATE FUNCTION kept() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	RETURN (SELECT string_agg(DISTINCT agent, ' ' ORDER BY agent) FROM goaltracker.conversions_by_agent WHERE account_id LIKE 'vis%');
END $$;
CREATE VIEW passed_on AS SELECT DISTINCT agent FROM conversions_by_agent WHERE account_id LIKE 'vis%';
GRANT SELECT ON passed_on TO PUBLIC;
SELECT lent(), kept();
SET SESSION AUTHORIZATION regress_mia;
SELECT lent(), kept();
SELECT * FROM passed_on ORDER BY agent;
SET ROLE regress_newcomer;
SELECT lent(), kept();
SELECT DISTINCT agent FROM conversions_by_agent WHERE account_id LIKE 'vis%' ORDER BY agent;
RESET ROLE;
-- A cursor shows what its reader sees, to the end.
BEGIN;
DECLARE c CURSOR FOR SELECT DISTINCT agent FROM conversions_by_agent WHERE account_id LIKE 'vis%' ORDER BY agent;
FETCH 1 FROM c;
SET ROLE regress_newcomer;
FETCH ALL FROM c;
COMMIT;
RESET SESSION AUTHORIZATION;
--- a plan that was chosen before a function changed the session's user is not run
PREPARE kept_plan AS SELECT string_agg(DISTINCT agent, ' ' ORDER BY agent) FROM conversions_by_agent WHERE account_id LIKE 'vis%';
SET ROLE regress_newcomer;
SET plan_cache_mode = force_generic_plan;
EXECUTE kept_plan;
BEGIN;
SELECT set_config('session_authorization', 'regress_mia', true), set_config('role', 'regress_newcomer', true);
EXECUTE kept_plan;
COMMIT;
EXECUTE kept_plan;
RESET plan_cache_mode;
RESET ROLE;
DEALLOCATE kept_plan;
SELECT kept();
BEGIN;
SELECT set_config('session_authorization', 'regress_mia', true), kept();
ROLLBACK;
SELECT kept();
-- one that was opened unrestricted, and is read by the same session as another role,
-- belongs to the session: it could go back to the role
BEGIN;
DECLARE c CURSOR FOR SELECT DISTINCT account_id FROM conversions_by_account WHERE account_id LIKE 'vis%' ORDER BY account_id;
SET ROLE regress_mia;
FETCH ALL FROM c;
COMMIT;
RESET ROLE;

--
-- Who may read nothing sees no values either, not even while a plan is made: an
-- operator of his own is not called with those that statistics hold.
--
CREATE TABLE two_names AS SELECT n.name COLLATE "C" AS name FROM unnest('{a,b}'::text[]) AS n (name) CROSS JOIN generate_series(1, 100);
ANALYZE two_names;
ANALYZE goaltracker.goal_outcome, goaltracker.touchpoint;
CREATE FUNCTION told(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'told %', $1; RETURN $1 = $2; END $$;
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = told, JOIN = eqjoinsel);
CREATE ROLE regress_stranger;
GRANT SELECT ON two_names TO PUBLIC;
SET ROLE regress_stranger;
EXPLAIN (COSTS OFF) SELECT FROM goaltracker._visible_goal_outcome AS o JOIN two_names ON o.consumer_id OPERATOR(visibility.===) two_names.name;
EXPLAIN (COSTS OFF) SELECT FROM goaltracker._visible_touchpoint AS t JOIN two_names ON t.agent_id OPERATOR(visibility.===) two_names.name;
RESET ROLE;
DROP OPERATOR === (text, text);

--
-- A restriction is that of the role of its name again when the role is dropped and
-- created anew, as reader_restriction says; an exemption is not.
--
CREATE ROLE regress_anew IN ROLE regress_everybody;
SELECT restrict_reader('regress_anew', 'vis shop');
DROP OWNED BY regress_anew;
DROP ROLE regress_anew;
CREATE ROLE regress_anew IN ROLE regress_everybody;
SET ROLE regress_anew;
SELECT DISTINCT account_id FROM conversions_by_account WHERE account_id LIKE 'vis%';
RESET ROLE;
SELECT unrestrict_reader('regress_anew');
GRANT regress_shop TO regress_anew;
SELECT exempt_reader('regress_anew');
SET ROLE regress_anew;
SELECT DISTINCT account_id FROM conversions_by_account WHERE account_id LIKE 'vis%' ORDER BY account_id;
RESET ROLE;
DROP OWNED BY regress_anew;
DROP ROLE regress_anew;
CREATE ROLE regress_anew IN ROLE regress_shop;
SET ROLE regress_anew;
SELECT DISTINCT account_id FROM conversions_by_account WHERE account_id LIKE 'vis%' ORDER BY account_id;
RESET ROLE;
SELECT unrestrict_reader('regress_anew');
DROP ROLE regress_anew;

--
-- Snapshots: not for restricted readers
--
SET ROLE regress_newcomer;
SELECT count(*) > 0 AS some FROM conversions_by_agent_stored WHERE account_id LIKE 'vis%';
SELECT count(*) FROM conversions_by_agent_snapshot;
SET ROLE regress_shop;
SELECT * FROM conversions_by_skill_stored;
SELECT * FROM conversions_by_agent_stored WHERE spy(agent);
SELECT count(*) FROM conversions_by_account_stored WHERE currency OPERATOR(visibility.<<<) 'm';
SELECT * FROM agent_summary_stored LIMIT 0;
RESET ROLE;
-- Restricting takes away the right on the snapshots themselves, and says where it cannot.
GRANT SELECT ON conversions_by_agent_snapshot TO regress_newcomer;
SELECT restrict_reader('regress_newcomer', 'vis shop');
SELECT has_table_privilege('regress_newcomer', 'conversions_by_agent_snapshot', 'SELECT') AS may_read;
SELECT unrestrict_reader('regress_newcomer');
GRANT SELECT ON conversions_by_agent_snapshot TO regress_everybody;
\set VERBOSITY default
SELECT restrict_reader('regress_mia', 'vis shop');
\set VERBOSITY terse
SELECT * FROM check_restrictions();
REVOKE SELECT ON conversions_by_agent_snapshot FROM regress_everybody;
SELECT * FROM check_restrictions();
-- Whoever refreshes them, they hold everything.
GRANT EXECUTE ON FUNCTION refresh_snapshots() TO regress_mia;
SET SESSION AUTHORIZATION regress_mia;
SELECT refresh_snapshots();
RESET SESSION AUTHORIZATION;
SELECT DISTINCT account_id FROM conversions_by_account_snapshot WHERE account_id LIKE 'vis%' ORDER BY 1;

--
-- Functions that run as their owner heed who calls them.
--
GRANT EXECUTE ON FUNCTION explain_goal_event(text, text), check_data(), check_totals() TO regress_everybody;
-- something to find in both accounts
DELETE FROM skill WHERE account_id LIKE 'vis %' AND skill_id = 'sales';
DELETE FROM goal_event WHERE account_id LIKE 'vis %' AND goal_event_id IN ('g1', 'hidden g1');
SET ROLE regress_shop;
SELECT DISTINCT account_id FROM check_data();
SELECT DISTINCT account_id FROM check_totals();
SELECT count(*) FROM explain_goal_event('vis shop', 'hidden g2');
SELECT count(*) FROM explain_goal_event('vis hidden', 'hidden g1');
SET ROLE regress_north;
SELECT DISTINCT account_id FROM check_data();
SELECT count(*) FROM explain_goal_event('vis shop', 'joint');
SELECT DISTINCT account_id FROM check_totals();
RESET ROLE;
SELECT DISTINCT account_id FROM check_data() WHERE account_id LIKE 'vis%' ORDER BY 1;
SELECT DISTINCT account_id FROM check_totals() WHERE account_id LIKE 'vis%' ORDER BY 1;

--
-- Restrictions follow the role, and say what is wrong with them.
--
ALTER ROLE regress_shop RENAME TO regress_store;
SELECT reader FROM reader_restriction WHERE account_id = 'vis shop' ORDER BY reader;
SET ROLE regress_store;
SELECT DISTINCT account_id FROM conversions_by_account WHERE account_id LIKE 'vis%';
RESET ROLE;
ALTER ROLE regress_store RENAME TO regress_shop;
-- one for a role that is not there waits for it
INSERT INTO _restriction (reader, account_id) VALUES ('regress_later', 'vis shop');
CREATE ROLE regress_later IN ROLE regress_everybody;
SET ROLE regress_later;
SELECT DISTINCT account_id FROM conversions_by_account WHERE account_id LIKE 'vis%';
RESET ROLE;
SELECT unrestrict_reader('regress_later');
SELECT restrict_reader('regress_nobody', 'vis shop');
SELECT restrict_reader(current_user::regrole, 'vis shop');
SELECT restrict_reader('regress_mia', NULL);
SELECT restrict_reader('regress_mia', '');
SELECT restrict_reader('regress_mia', 'vis shop', '');
SELECT exempt_reader(NULL);
SELECT unrestrict_reader('regress_nobody');
INSERT INTO _restriction (reader, account_id) VALUES ('', 'vis shop');
INSERT INTO _restriction (reader, account_id) VALUES (repeat('x', 64)::_role, 'vis shop');
INSERT INTO _restriction (reader, group_id) VALUES ('regress_mia', 'north');
SET ROLE regress_mia;
SELECT * FROM reader_restriction;
SELECT unrestrict_reader('regress_mia');
SELECT exempt_reader('regress_mia');
DELETE FROM _restriction;
SELECT * FROM _visible_touchpoint;
SELECT _sees_part('vis shop'), _sees_all('vis shop'), _sees_group('vis shop', 'east'), _sees_group('vis shop', 'hidden south'), _sees_part('vis hidden'), _sees_part(NULL), _sees_all(NULL), _sees_group(NULL, NULL);
SELECT _restrictions_changed();
RESET ROLE;
-- groups in a circle
SELECT restrict_reader('regress_newcomer', 'vis shop', 'east 3');
SET ROLE regress_newcomer;
SELECT _sees_group('vis shop', 'east 2'), _sees_group('vis shop', 'east');
RESET ROLE;

SELECT unrestrict_reader(reader) FROM reader_restriction WHERE reader LIKE 'regress_%' GROUP BY reader ORDER BY reader;
SET client_min_messages = warning;
DROP OWNED BY regress_everybody, regress_shop, regress_login, regress_north, regress_mia, regress_both, regress_noah, regress_pool, regress_newcomer, regress_later;
DROP ROLE regress_everybody, regress_shop, regress_login, regress_north, regress_mia, regress_both, regress_noah, regress_pool, regress_newcomer, regress_later, regress_stranger;
DROP SCHEMA visibility CASCADE;
DELETE FROM account WHERE account_id LIKE 'vis %';
DELETE FROM agent_group WHERE account_id LIKE 'vis %';
DELETE FROM agent_group_membership WHERE account_id LIKE 'vis %';
DELETE FROM agent WHERE account_id LIKE 'vis %';
DELETE FROM skill WHERE account_id LIKE 'vis %';
DELETE FROM campaign WHERE account_id LIKE 'vis %';
DELETE FROM engagement WHERE account_id LIKE 'vis %';
DELETE FROM goal WHERE account_id LIKE 'vis %';
DELETE FROM conversation WHERE account_id LIKE 'vis %';
DELETE FROM agent_segment WHERE account_id LIKE 'vis %';
DELETE FROM goal_event WHERE account_id LIKE 'vis %';
SELECT count(*) AS refreshed FROM refresh();
SELECT refresh_snapshots();
