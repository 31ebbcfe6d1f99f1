--
-- Paths: what led to goal events, and what did not
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE SCHEMA paths;
SET search_path = paths, goaltracker, public;

--
-- What a path is put together from
--
-- Elements stand in the order of touchpoints (S4), whatever order rows come in; what
-- is no touchpoint is passed over, and one without an element is a step all the same.
SELECT _path(element, at, conversation, no) FROM (VALUES
	('fourth', timestamptz '2026-06-02', 'b', 1), ('third', '2026-06-01', 'b', 2), ('first', '2026-06-01', 'B', 9),
	('second', '2026-06-01', 'b', 1), (NULL, '2026-06-03', 'a', 1), ('none', NULL, 'a', 1), ('none', '2026-06-01', NULL, 1),
	('none', '2026-06-01', 'a', NULL)) AS t (element, at, conversation, no);
SELECT _path(NULL, NULL, NULL, NULL), (SELECT _path('x', now(), 'x', 1) WHERE false) AS of_no_rows;
-- of very many, and by several processes
SELECT _path(n::text, timestamptz '2026-06-01' + (n * 7919 % 10007) * interval '1 second', 'k', 1)
	= (SELECT array_agg(n::text ORDER BY n * 7919 % 10007) FROM generate_series(1, 10006) AS n) AS in_order
FROM generate_series(1, 10006) AS n;
CREATE TABLE step AS SELECT n % 20 AS path, CASE WHEN n % 7 > 0 THEN 'element ' || n END AS element,
	timestamptz '2026-06-01' + (n * 7919 % 1009) * interval '1 second' AS at, 'k' || n % 5 AS conversation, n AS no
FROM generate_series(1, 20000) AS n;
CREATE TABLE of_one AS SELECT path, _path(element, at, conversation, no) AS elements FROM step GROUP BY path;
ALTER TABLE step SET (parallel_workers = 2);
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END
$$;
SELECT count(*) AS partial FROM plan_of('SELECT path, _path(element, at, conversation, no) FROM step GROUP BY path') AS line WHERE line ~ 'Partial';
SELECT count(*) AS of_several, count(*) FILTER (WHERE s.elements = o.elements) AS the_same
FROM (SELECT path, _path(element, at, conversation, no) AS elements FROM step GROUP BY path) AS s JOIN of_one AS o USING (path);
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SELECT _without_runs('{a,a,b,NULL,NULL,a,b,b,b}'), _without_runs('{}'), _without_runs('{NULL,NULL}'), _without_runs('{a,b}'), _without_runs(NULL);
SELECT _without_runs('[5:7]={a,a,b}'::text[]);
-- dates of a period reach as far as zones and hour offsets lead
SELECT _earliest(NULL), _latest(NULL), _earliest('2026-06-02'), _latest('2026-06-02'), _earliest('-infinity'), _latest('infinity'),
	_earliest('4713-01-01 BC'), _latest('5874897-12-31'), _latest('-infinity') < _earliest('2026-06-01') AS before, _earliest('infinity') > _latest('2026-06-01') AS after;

--
-- Journeys.  The window of the shop is 7 days.
--
INSERT INTO account (account_id, account_name, contribution_window, default_currency, time_zone) VALUES ('paths', 'The shop', 7, 'EUR', 'America/New_York');
INSERT INTO skill VALUES ('paths', 'sales', 'Sales'), ('paths', 'care', 'Care');
INSERT INTO agent (account_id, agent_id, agent_name, user_type) VALUES ('paths', 'ann', 'Ann', 'Human'), ('paths', 'bot', 'Bot', 'Bot');
INSERT INTO goal VALUES ('paths', 'look', 'A look', 'Increase Page Views');
CREATE FUNCTION contact(conversation text, consumer text, opened timestamptz, closed timestamptz, VARIADIC who text[])
RETURNS void LANGUAGE sql AS $$
	INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES ('paths', conversation, consumer, opened, closed);
	-- agent:skill, ten minutes each
	INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
	SELECT 'paths', conversation, no, consumer, split_part(w, ':', 1), nullif(split_part(w, ':', 2), ''), opened + (no - 1) * interval '10 minutes'
	FROM unnest(who) WITH ORDINALITY AS a (w, no);
$$;
CREATE FUNCTION goal(event text, consumer text, at timestamptz, value numeric, currency text DEFAULT NULL, goal text DEFAULT NULL, brand text DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
	INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, transaction_value, currency, brand_event_id)
	VALUES ('paths', event, consumer, goal, CASE WHEN goal IS NULL THEN 'Purchase Event' ELSE 'Goal Achieved' END, at, value, currency, brand);
$$;
SELECT FROM contact('k1', 'bought', '2026-06-01 10:00Z', '2026-06-01 11:00Z', 'bot:', 'ann:sales', 'ann:sales', 'bob:care');
SELECT FROM goal('g1', 'bought', '2026-06-02 02:00Z', 100);		-- June 1st in New York
-- the same way, in another currency; then after the goal
SELECT FROM contact('k2', 'bought too', '2026-06-02 10:00Z', '2026-06-04 11:00Z', 'bot:', 'ann:sales', 'bob:care');
SELECT FROM goal('g2', 'bought too', '2026-06-02 12:00Z', 100, 'USD');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at) VALUES ('paths', 'k2', 4, 'bought too', 'bob', 'care', '2026-06-03Z');
-- the same way, and nothing came of it; 8 days later a new journey
SELECT FROM contact('k3', 'left', '2026-06-01 10:00Z', '2026-06-01 11:00Z', 'bot:', 'ann:sales');
SELECT FROM contact('k4', 'left', '2026-06-08 11:00Z', '2026-06-08 12:00Z', 'bob:care');
SELECT FROM contact('k5', 'left', '2026-06-15 12:00:00.000001Z', '2026-06-15 13:00Z', 'bob:care');
-- a survey, after the conversation had closed
SELECT FROM contact('k12', 'asked', '2026-06-01 10:00Z', '2026-06-01 10:05Z', 'ann:sales', 'bot:');
-- a goal out of the window of the first conversation, not of the second; a duplicate reaches nothing
SELECT FROM contact('k6', 'late', '2026-06-01 10:00Z', '2026-06-01 11:00Z', 'ann:sales');
SELECT FROM contact('k7', 'late', '2026-06-12 10:00Z', '2026-06-12 11:00Z', 'ann:sales');
SELECT FROM goal('g3', 'late', '2026-06-14 12:00Z', 50, NULL, NULL, 'order');
SELECT FROM contact('k8', 'late', '2026-06-25 10:00Z', '2026-06-25 11:00Z', 'ann:care');
SELECT FROM goal('g4', 'late', '2026-06-26 12:00Z', 50, NULL, NULL, 'order');
-- an assisting goal; nobody there yet (S8); self-serve (S9)
SELECT FROM contact('k9', 'looked', '2026-06-01 10:00Z', '2026-06-01 11:00Z', 'bot:');
SELECT FROM goal('g5', 'looked', '2026-06-01 12:00Z', NULL, NULL, 'look');
SELECT FROM contact('k10', 'queued', '2026-06-01 10:00Z', '2026-06-01 11:00Z', VARIADIC '{}');
SELECT FROM goal('g6', 'queued', '2026-06-01 10:30Z', 7);
SELECT FROM goal('g7', 'nobody', '2026-06-01 10:30Z', 8);
-- still open: undecided
SELECT FROM contact('k11', 'talks', '2026-06-01 10:00Z', NULL, 'ann:sales');
SELECT FROM refresh();
CREATE VIEW journey_of_paths AS
SELECT converted, is_open, e.goal_event_id AS event, goal_type AS type, journey_date, agents, skills, user_types, first_touch_at, last_touch_at
FROM _journey_paths('paths', NULL, NULL) AS j LEFT JOIN goal_event AS e ON e.account_id = 'paths' AND e.goal_event_key = j.goal_event_key;
SELECT * FROM journey_of_paths ORDER BY converted, event COLLATE "C", first_touch_at, agents;
-- each agent segment is in a journey that converted, or in one that did not
SELECT count(*) AS segments, (SELECT sum(cardinality(agents)) FROM _journey_path WHERE account_id = 'paths') AS in_journeys
FROM agent_segment WHERE account_id = 'paths';
-- another window, another journey (S1)
SET goaltracker.contribution_window = 31;
SELECT event, journey_date, skills FROM journey_of_paths WHERE event IN ('g3', 'g4') OR (event IS NULL AND journey_date = '2026-06-15') ORDER BY event;
SET goaltracker.contribution_window = 0;
SELECT event, agents, first_touch_at FROM journey_of_paths ORDER BY event, first_touch_at, agents;
RESET goaltracker.contribution_window;

--
-- Paths
--
SELECT path, path_label AS label, steps, goals_reached AS goals, conversions, currency, transaction_value AS value, other_currency_conversions AS other,
	did_not_convert AS missed, undecided, conversion_rate AS rate, share
FROM conversion_paths(account => 'paths');
SELECT path_label, goals_reached, conversions, did_not_convert, undecided FROM conversion_paths('user_type', account => 'paths');
SELECT path_label, conversions, did_not_convert FROM conversion_paths('agent', account => 'paths', collapse => false);
-- all that there is, whatever is asked for: as many rows as that, and one for the rest
SELECT max_paths, count(*) AS rows, max(path_label) FILTER (WHERE path IS NULL) AS rest, sum(goals_reached) AS goals, sum(conversions) AS conversions,
	sum(transaction_value) AS value, sum(other_currency_conversions) AS other, sum(did_not_convert) AS missed, sum(undecided) AS undecided, sum(share) AS share
FROM unnest('{0,1,3,1000}'::integer[]) AS max_paths, conversion_paths(account => 'paths', max_paths => max_paths) GROUP BY max_paths ORDER BY max_paths;
SELECT sum(goals_reached) AS goals, sum(conversions) AS conversions, sum(transaction_value) FILTER (WHERE currency = 'EUR') AS value,
	sum(conversions) FILTER (WHERE currency <> 'EUR') AS other
FROM conversions_by_account WHERE account_id = 'paths';
-- of long paths the end
SELECT max_length, path_label, is_shortened, steps, conversions, did_not_convert
FROM unnest('{1,2}'::integer[]) AS max_length, conversion_paths('agent', account => 'paths', max_length => max_length) ORDER BY max_length, path_no;
-- Periods are of the goal's date, else of the last touchpoint's, in the account's zone, moved by the hour offset; filters take away journeys,
-- and make none of those that are left one that did not convert (S17).
SELECT path_label, goals_reached, did_not_convert FROM conversion_paths(from_date => '2026-06-01', to_date => '2026-06-01', account => 'paths');
SET goaltracker.hour_offset = 2;
SELECT path_label, goals_reached, did_not_convert FROM conversion_paths(from_date => '2026-06-01', to_date => '2026-06-01', account => 'paths');
RESET goaltracker.hour_offset;
SELECT path_label, goals_reached, did_not_convert FROM conversion_paths(from_date => '2026-06-15', account => 'paths');
SELECT path_label, goals_reached, did_not_convert FROM conversion_paths(to_date => '-infinity', account => 'paths');
SELECT path_label, goals_reached, conversions, did_not_convert FROM conversion_paths(account => 'paths', goal_type => 'Increase Page Views');
SELECT count(*) AS of_unknown FROM conversion_paths(account => 'no such account');

--
-- From step to step
--
SELECT transition_no AS no, from_kind, from_id, from_label AS "from", to_kind, to_id, to_label AS "to", transitions, share FROM path_transitions(account => 'paths');
SELECT from_label AS "from", to_label AS "to", transitions, share FROM path_transitions('user_type', account => 'paths', collapse => false, max_transitions => 3);
-- every journey has one start and one end
SELECT sum(transitions) FILTER (WHERE from_kind = 'start') AS starts, sum(transitions) FILTER (WHERE to_kind <> 'touchpoint') AS ends,
	(SELECT count(*) FROM _journey_path WHERE account_id = 'paths') AS journeys
FROM path_transitions('agent', account => 'paths');

--
-- How long it took
--
SELECT label, measured_from, percentile, bucket, time_to_conversion, conversions, share FROM time_to_conversion(account => 'paths');
SELECT group_no, id, label, measured_from, percentile, time_to_conversion, conversions FROM time_to_conversion('skill', account => 'paths') WHERE percentile = 50;
SELECT group_no, label, measured_from, bucket, conversions FROM time_to_conversion('agent', account => 'paths', max_groups => 1) WHERE conversions > 0 AND statistic = 'bucket';
SELECT label, measured_from, percentile, time_to_conversion FROM time_to_conversion(account => 'paths', goal_type => 'Increase Page Views') WHERE percentile = 50;
-- bounds belong to the bucket above
INSERT INTO account (account_id) VALUES ('paths bounds');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) SELECT 'paths bounds', 'k' || n, 'c' || n, '2026-06-01Z' FROM generate_series(1, 16) AS n;
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at) SELECT 'paths bounds', 'k' || n, 1, 'c' || n, 'ann', '2026-06-01Z' FROM generate_series(1, 16) AS n;
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
SELECT 'paths bounds', 'g' || no, 'c' || no, 'Lead Event', timestamptz '2026-06-01Z' + bound - (no % 2) * interval '1 microsecond'
FROM unnest('{1h,1h,6h,6h,24h,24h,72h,72h,168h,168h,336h,336h,744h,744h,0,24000h}'::interval[]) WITH ORDINALITY AS b (bound, no) WHERE no <> 15;
SELECT FROM refresh();
SELECT bucket_no, bucket, conversions FROM time_to_conversion(account => 'paths bounds') WHERE statistic = 'bucket' AND measured_from = 'last touchpoint';

--
-- What is refused
--
SELECT * FROM conversion_paths('campaign');
SELECT * FROM conversion_paths(NULL);
SELECT * FROM conversion_paths(from_date => '2026-06-02', to_date => '2026-06-01');
SELECT * FROM conversion_paths(collapse => NULL);
SELECT * FROM conversion_paths(goal_type => 'Sales');
SELECT * FROM conversion_paths(max_length => 0);
SELECT * FROM conversion_paths(max_paths => -1);
SELECT * FROM conversion_paths(max_paths => NULL);
SELECT * FROM path_transitions('account');
SELECT * FROM path_transitions(from_date => '2026-06-02', to_date => '2026-06-01');
SELECT * FROM path_transitions(max_transitions => 100001);
SELECT * FROM time_to_conversion('campaign');
SELECT * FROM time_to_conversion(from_date => 'infinity', to_date => '2026-06-01');
SELECT * FROM time_to_conversion(max_groups => -1);
SELECT * FROM time_to_conversion(goal_type => '');
SELECT * FROM _missed_journeys('paths', NULL, '{}', NULL, now(), now());
\set VERBOSITY default
SELECT * FROM conversion_paths('campaign');
\set VERBOSITY terse

--
-- What the last refresh has seen: a goal event that came since is in no path yet, and
-- what it reaches is missing from those that did not convert.  (It reaches both
-- conversations of a journey: 7 days to the moment.)
--
SELECT FROM goal('g8', 'left', '2026-06-08 11:00Z', 1);
SELECT sum(goals_reached) AS goals, sum(did_not_convert) AS missed FROM conversion_paths(account => 'paths');
SELECT FROM refresh();
SELECT sum(goals_reached) AS goals, sum(did_not_convert) AS missed FROM conversion_paths(account => 'paths');

--
-- Who sees what.  Of journeys, those restricted to accounts see their own accounts';
-- those restricted to groups see what their groups did, and count a goal event where
-- the touchpoint that carries the account's credit is theirs.
--
INSERT INTO account (account_id) VALUES ('paths hidden');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES ('paths hidden', 'k1', 'c1', '2026-06-01Z', '2026-06-02Z');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at) VALUES ('paths hidden', 'k1', 1, 'c1', 'hidden', '2026-06-01Z');
INSERT INTO agent_group VALUES ('paths', 'north', 'North', NULL), ('paths', 'east', 'East', 'north');
INSERT INTO agent_group_membership VALUES ('paths', 'ann', 'north', '(,2026-06-10)'), ('paths', 'ann', 'south', '[2026-06-10,)');
UPDATE agent_segment SET group_id = 'east' WHERE account_id = 'paths' AND agent_id = 'bob' AND (conversation_id, segment_no) IN (('k2', 3), ('k5', 1));
SELECT FROM refresh();
CREATE ROLE regress_paths_shop;
CREATE ROLE regress_paths_north;
CREATE ROLE regress_paths_all;
GRANT USAGE ON SCHEMA paths TO PUBLIC;
SELECT grant_reader(r::regrole) FROM unnest('{regress_paths_shop,regress_paths_north,regress_paths_all}'::text[]) AS r;
SELECT restrict_reader('regress_paths_shop', 'paths'), restrict_reader('regress_paths_north', 'paths', 'north');
CREATE FUNCTION seen() RETURNS TABLE (answer text, accounts text, goals numeric, missed numeric, words text) LANGUAGE sql AS $$
	SELECT 'paths', string_agg(DISTINCT account_id, ', '), sum(goals_reached), sum(did_not_convert), string_agg(path_label, ', ' ORDER BY account_id, path_no)
	FROM conversion_paths('agent') WHERE account_id LIKE 'paths%' AND account_id <> 'paths bounds'
	UNION ALL SELECT 'transitions', string_agg(DISTINCT account_id, ', '), sum(transitions) FILTER (WHERE to_kind IN ('conversion', 'assisting goal')),
		sum(transitions) FILTER (WHERE to_kind = 'no conversion'), string_agg(DISTINCT from_label, ', ')
	FROM path_transitions('agent') WHERE account_id LIKE 'paths%' AND account_id <> 'paths bounds'
	UNION ALL SELECT 'times', string_agg(DISTINCT account_id, ', '), sum(conversions), NULL, string_agg(DISTINCT label, ', ')
	FROM time_to_conversion('agent') WHERE account_id LIKE 'paths%' AND account_id <> 'paths bounds' AND statistic = 'bucket'
	UNION ALL SELECT 'report', string_agg(DISTINCT account_id, ', '), sum(goals_reached), NULL, NULL
	FROM conversions_by_account WHERE account_id LIKE 'paths%' AND account_id <> 'paths bounds'
$$;
SET ROLE regress_paths_all;
SELECT * FROM seen();
SET ROLE regress_paths_shop;
SELECT * FROM seen();
SET ROLE regress_paths_north;
SELECT * FROM seen();
SELECT path_label, goals_reached, did_not_convert FROM conversion_paths('agent');
-- under another model another touchpoint carries the account's credit
SET goaltracker.attribution_model = 'first';
SELECT answer, goals FROM seen() WHERE answer <> 'times';
RESET goaltracker.attribution_model;
-- others' functions do not widen it
RESET ROLE;
CREATE FUNCTION widened() RETURNS numeric LANGUAGE sql SECURITY DEFINER RETURN (SELECT sum(goals_reached) FROM goaltracker.conversion_paths('agent'));
SET ROLE regress_paths_north;
SELECT widened() = (SELECT sum(goals_reached) FROM conversion_paths('agent')) AS the_same;
-- nobody reads journeys themselves, or calls what they are made of
SELECT count(*) FROM _journey_path;
SELECT count(*) FROM _journey_paths(NULL, NULL, NULL);
SELECT count(*) FROM _missed_journeys('paths', NULL, '{}', 7::smallint, '-infinity', 'infinity');
RESET ROLE;
-- rights come and go with the reader's
SELECT revoke_reader('regress_paths_shop');
SET ROLE regress_paths_shop;
SELECT count(*) FROM conversion_paths();
SELECT count(*) FROM path_transitions();
SELECT count(*) FROM time_to_conversion();
RESET ROLE;

SELECT unrestrict_reader('regress_paths_shop'), unrestrict_reader('regress_paths_north');
DELETE FROM agent_group WHERE account_id = 'paths';
DELETE FROM agent_group_membership WHERE account_id = 'paths';
DELETE FROM goal_event WHERE account_id LIKE 'paths%';
DELETE FROM agent_segment WHERE account_id LIKE 'paths%';
DELETE FROM conversation WHERE account_id LIKE 'paths%';
DELETE FROM account WHERE account_id LIKE 'paths%';
DELETE FROM agent WHERE account_id = 'paths';
DELETE FROM skill WHERE account_id = 'paths';
DELETE FROM goal WHERE account_id = 'paths';
SELECT FROM refresh();
SELECT revoke_reader(r::regrole) FROM unnest('{regress_paths_north,regress_paths_all}'::text[]) AS r;
REVOKE USAGE ON SCHEMA paths FROM PUBLIC;
DROP ROLE regress_paths_shop, regress_paths_north, regress_paths_all;
DROP SCHEMA paths CASCADE;
