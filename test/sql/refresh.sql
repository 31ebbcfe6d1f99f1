--
-- refresh(), refresh_in_batches(), rebuild(), refresh_status
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = goaltracker, public;
\set SHOW_CONTEXT never
-- Whatever other tests have left is done with.
SELECT count(*) AS refreshed FROM refresh();

-- How many rows differ from those that a rebuild makes of the same facts.
CREATE TABLE public.touchpoint_before (LIKE touchpoint);
CREATE TABLE public.goal_outcome_before (outcome jsonb);
CREATE VIEW public.goal_outcome_now AS
-- when it was written is not compared
SELECT to_jsonb(o) - 'updated_at' AS outcome FROM goal_outcome AS o;
CREATE FUNCTION public.differs_from_rebuild() RETURNS bigint LANGUAGE sql AS $$
	DELETE FROM public.touchpoint_before;
	DELETE FROM public.goal_outcome_before;
	INSERT INTO public.touchpoint_before TABLE goaltracker.touchpoint;
	INSERT INTO public.goal_outcome_before TABLE public.goal_outcome_now;
	SELECT goaltracker.rebuild();
	SELECT (SELECT count(*) FROM (TABLE public.touchpoint_before EXCEPT ALL TABLE goaltracker.touchpoint) AS d)
		+ (SELECT count(*) FROM (TABLE goaltracker.touchpoint EXCEPT ALL TABLE public.touchpoint_before) AS d)
		+ (SELECT count(*) FROM (TABLE public.goal_outcome_before EXCEPT ALL TABLE public.goal_outcome_now) AS d)
		+ (SELECT count(*) FROM (TABLE public.goal_outcome_now EXCEPT ALL TABLE public.goal_outcome_before) AS d);
$$;
-- What the reports show of the account.
CREATE VIEW public.report AS
SELECT goal_event_id, consumer_id, conversation, segment_no, agent, user_type, goal_type, conversation_date, goals_reached
FROM conversion_grid WHERE account_id = 'refresh' ORDER BY goal_event_id, agent_assignment_time, conversation, segment_no;

--
-- The account has no row, so it has the defaults: Last, 31 days, UTC.
--
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('refresh', 'Bot', 'Bot');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('refresh', 'K1', 'Mia', '2026-06-01 22:30', '2026-06-01 23:30'),
	('refresh', 'K2', 'Noah', '2026-06-02 10:00', '2026-06-02 11:00'),
	('refresh', 'K3', 'Olga', '2026-06-03 10:00', NULL);
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at) VALUES
	('refresh', 'K1', 1, 'Mia', 'Bot', '2026-06-01 22:30', '2026-06-01 22:40'),
	('refresh', 'K1', 2, 'Mia', 'Ann', '2026-06-01 22:40', '2026-06-01 23:30'),
	('refresh', 'K2', 1, 'Noah', 'Ann', '2026-06-02 10:00', '2026-06-02 11:00'),
	('refresh', 'K3', 1, 'Olga', 'Bot', '2026-06-03 10:00', NULL);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, brand_event_id) VALUES
	('refresh', 'G1', 'Mia', 'visit', 'Goal Achieved', '2026-06-02 12:00', NULL),
	('refresh', 'G2', 'Noah', 'buy', 'Purchase Event', '2026-06-02 10:30', 'order 1'),
	('refresh', 'G3', 'Noah', 'buy', 'Purchase Event', '2026-06-02 10:40', 'order 1'),
	('refresh', 'G4', 'Pia', NULL, 'Lead Event', '2026-06-03 12:00', NULL);

-- The reports show nothing yet; the status says who waits: everybody.
TABLE public.report;
SELECT account_id, pending_consumers, last_refreshed_at IS NULL AS never_refreshed, goal_events_cut, touchpoints_cut
FROM refresh_status WHERE account_id = 'refresh';

-- One row: the consumers looked at, their goal events, their touchpoints.  G3 is
-- a duplicate, so it has no touchpoints (S10); nobody talked with Pia (S9).
SELECT consumers, goal_events, touchpoints, elapsed > '0' AS took_time FROM refresh();
SELECT account_id, pending_consumers, last_refreshed_at <= clock_timestamp() AS is_past, goal_events_cut, touchpoints_cut
FROM refresh_status WHERE account_id = 'refresh';
TABLE public.report;
SELECT goal_event_id, consumer_id, reason FROM unattributed_goal_events WHERE account_id = 'refresh' ORDER BY goal_event_id;
SELECT public.differs_from_rebuild();

-- There is nothing more to do.
SELECT consumers, goal_events, touchpoints FROM refresh();

--
-- Only what changed
--
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES
	('refresh', 'G5', 'Olga', 'Purchase Event', '2026-06-03 12:00');
SELECT account_id, pending_consumers FROM refresh_status WHERE account_id = 'refresh';
SELECT consumers, goal_events, touchpoints FROM refresh();
TABLE public.report;

-- Rows that stay what they were are left alone: here everybody was touched, but
-- of all rows only those of K3, which is closed now, are written again.
CREATE TABLE public.stamp AS
SELECT t.ctid AS at, t.xmin AS by, t.conversation_id AS id FROM touchpoint AS t WHERE account_id = 'refresh'
UNION ALL
SELECT o.ctid, o.xmin, o.goal_event_id FROM goal_outcome AS o WHERE account_id = 'refresh';
UPDATE conversation SET source = 'web', closed_at = coalesce(closed_at, '2026-06-03 11:00') WHERE account_id = 'refresh';
SELECT consumers, goal_events, touchpoints FROM refresh();
SELECT id FROM public.stamp
EXCEPT ALL (
	SELECT s.id FROM public.stamp AS s JOIN touchpoint AS t ON t.ctid = s.at AND t.xmin = s.by AND t.conversation_id = s.id
	UNION ALL
	SELECT s.id FROM public.stamp AS s JOIN goal_outcome AS o ON o.ctid = s.at AND o.xmin = s.by AND o.goal_event_id = s.id
) ORDER BY 1;
SELECT public.differs_from_rebuild();
DROP TABLE public.stamp;

-- Touchpoints of a goal event whose hash stayed the same are not read: a row put
-- there by hand stays.  Where no hash is known they are, and it goes.
BEGIN;
INSERT INTO touchpoint SELECT t.* FROM touchpoint AS t WHERE account_id = 'refresh';
UPDATE goal_event SET goal_id = 'other' WHERE account_id = 'refresh' AND goal_event_id = 'G5';
SELECT consumers FROM refresh();
SELECT goal_event_id, goal_id, touchpoints_hash IS NOT NULL AS has_hash,
	(SELECT count(*) > count(DISTINCT segment_key) FROM touchpoint AS t WHERE t.goal_event_key = o.goal_event_key) AS has_them_twice
FROM goal_outcome AS o WHERE account_id = 'refresh' AND goal_event_id = 'G5';
UPDATE goal_outcome SET touchpoints_hash = NULL WHERE account_id = 'refresh';
UPDATE goal_event SET goal_id = goal_id WHERE account_id = 'refresh';
SELECT consumers > 1 AS all_touched FROM refresh();
SELECT public.differs_from_rebuild();
ROLLBACK;

-- The tables that refresh writes are not to be altered.
BEGIN;
ALTER TABLE _visible_touchpoint DETACH PARTITION touchpoint;
ALTER TABLE touchpoint ADD COLUMN note text;
UPDATE goal_event SET goal_id = 'other' WHERE account_id = 'refresh' AND goal_event_id = 'G5';
SELECT refresh();
ROLLBACK;
BEGIN;
ALTER TABLE _visible_goal_outcome DETACH PARTITION goal_outcome;
ALTER TABLE goal_outcome ADD COLUMN note text;
SELECT rebuild();
ROLLBACK;
BEGIN;
ALTER INDEX touchpoint_by_goal_event RENAME TO elsewhere;
CREATE INDEX touchpoint_by_goal_event ON touchpoint (opened_at);
DROP INDEX elsewhere;
UPDATE goal_event SET goal_id = 'other' WHERE account_id = 'refresh' AND goal_event_id = 'G5';
SELECT refresh();
ROLLBACK;

--
-- A refresh is part of its transaction.
--
BEGIN;
DELETE FROM agent_segment WHERE account_id = 'refresh' AND agent_id = 'Ann';
SELECT consumers, goal_events, touchpoints FROM refresh();
SELECT goal_event_id, agent, user_type FROM public.report ORDER BY goal_event_id;
SELECT pending_consumers FROM refresh_status WHERE account_id = 'refresh';
ROLLBACK;
SELECT goal_event_id, agent, user_type FROM public.report ORDER BY goal_event_id;
DELETE FROM goal_event WHERE account_id = 'refresh' AND goal_event_id = 'G5';
BEGIN;
SELECT consumers FROM refresh();
ROLLBACK;
SELECT pending_consumers FROM refresh_status WHERE account_id = 'refresh';
SELECT consumers FROM refresh();
SELECT goal_event_id FROM public.report;

--
-- Agents: user type and survey mark concern those who met the agent.
--
UPDATE agent SET user_type = 'System' WHERE account_id = 'refresh' AND agent_id = 'Bot';
INSERT INTO agent (account_id, agent_id, is_post_survey_bot) VALUES ('refresh', 'Ann', true);
SELECT pending_consumers FROM refresh_status WHERE account_id = 'refresh';
-- Until then the reports show what they showed, all of it.
SELECT goal_event_id, agent, user_type FROM public.report;
SELECT consumers FROM refresh();
SELECT goal_event_id, agent, user_type FROM public.report;
SELECT public.differs_from_rebuild();
DELETE FROM agent WHERE account_id = 'refresh' AND agent_id = 'Ann';
SELECT consumers FROM refresh();
SELECT goal_event_id, agent, user_type FROM public.report;

--
-- Goals: their type; the name is that of now.
--
SELECT goal_event_id, goal_name, goal_type, conversions FROM conversion_grid WHERE account_id = 'refresh' ORDER BY goal_event_id;
INSERT INTO goal (account_id, goal_id, goal_name, goal_type) VALUES
	('refresh', 'visit', 'A visit', 'Generate Leads'), ('refresh', 'buy', 'Buy', 'Interact with Visitors');
SELECT goal_event_id, goal_name, goal_type, conversions FROM conversion_grid WHERE account_id = 'refresh' ORDER BY goal_event_id;
SELECT consumers FROM refresh();
SELECT goal_event_id, goal_name, goal_type, conversions FROM conversion_grid WHERE account_id = 'refresh' ORDER BY goal_event_id;
-- As service activities with two topics, G2 and G3 are two events (S10).
UPDATE goal_event SET topic = goal_event_id WHERE account_id = 'refresh' AND brand_event_id = 'order 1';
UPDATE goal SET goal_type = 'Service Activity Complete' WHERE account_id = 'refresh' AND goal_id = 'buy';
SELECT consumers FROM refresh();
SELECT goal_event_id, goal_type FROM public.report;
SELECT public.differs_from_rebuild();
DELETE FROM goal WHERE account_id = 'refresh';
SELECT consumers FROM refresh();
SELECT goal_event_id, goal_type FROM public.report;

--
-- The account: zone, credited user types and max_touchpoints concern everybody;
-- model, window, default currency and bounds need no refresh (S1).
--
INSERT INTO account (account_id, time_zone) VALUES ('refresh', 'Europe/Berlin');
SELECT pending_consumers FROM refresh_status WHERE account_id = 'refresh';
SELECT goal_event_id, conversation_date FROM public.report;
SELECT consumers FROM refresh();
SELECT goal_event_id, conversation_date FROM public.report;
SELECT public.differs_from_rebuild();
UPDATE account SET credited_user_types = '{System}' WHERE account_id = 'refresh';
SELECT consumers FROM refresh();
SELECT goal_event_id, agent, user_type FROM public.report;
UPDATE account SET credited_user_types = '{Human,Bot,System}', attribution_model = 'all', contribution_window = 0,
	default_currency = 'EUR', duration_bounds = '{10 minutes}'
WHERE account_id = 'refresh';
SELECT consumers FROM refresh();
SELECT goal_event_id, agent FROM public.report;
UPDATE account SET attribution_model = 'first', contribution_window = 31 WHERE account_id = 'refresh';
SELECT pending_consumers FROM refresh_status WHERE account_id = 'refresh';
SELECT goal_event_id, agent FROM public.report;
SELECT agent, duration_bucket, currency FROM conversions_by_agent WHERE account_id = 'refresh' ORDER BY agent;
SELECT consumers FROM refresh();

-- S18: a cut is never silent.  Mia meets Ann 10 times more.
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
SELECT 'refresh', 'K1', n, 'Mia', 'Ann', '2026-06-01 23:00'::timestamptz + n * interval '1 minute' FROM generate_series(11, 20) AS n;
UPDATE account SET attribution_model = 'all', max_touchpoints = 4 WHERE account_id = 'refresh';
SELECT consumers FROM refresh();
SELECT goal_event_id, segment_no, agent, goals_reached FROM public.report WHERE goal_event_id = 'G1';
SELECT pending_consumers, goal_events_cut, touchpoints_cut FROM refresh_status WHERE account_id = 'refresh';
SELECT public.differs_from_rebuild();
UPDATE account SET max_touchpoints = 12 WHERE account_id = 'refresh';
SELECT consumers FROM refresh();
SELECT count(*) FROM public.report WHERE goal_event_id = 'G1';
SELECT goal_events_cut, touchpoints_cut FROM refresh_status WHERE account_id = 'refresh';
DELETE FROM agent_segment WHERE account_id = 'refresh' AND segment_no > 10;
DELETE FROM account WHERE account_id = 'refresh';
SELECT consumers FROM refresh();
SELECT goal_event_id, agent, conversation_date FROM public.report;
SELECT public.differs_from_rebuild();

--
-- A goal event of another consumer, to whose left or right the old one stands
--
UPDATE goal_event SET consumer_id = 'Noah', reached_at = '2026-06-02 10:59' WHERE account_id = 'refresh' AND goal_event_id = 'G1';
CALL refresh_in_batches(1);
SELECT goal_event_id, consumer_id, conversation, agent FROM public.report;
SELECT public.differs_from_rebuild();
UPDATE goal_event SET consumer_id = 'Mia', reached_at = '2026-06-02 12:00' WHERE account_id = 'refresh' AND goal_event_id = 'G1';
CALL refresh_in_batches(1);
SELECT goal_event_id, consumer_id, conversation, agent FROM public.report;
SELECT public.differs_from_rebuild();
-- two that change places, in one batch
UPDATE goal_event SET consumer_id = CASE goal_event_id WHEN 'G1' THEN 'Noah' ELSE 'Mia' END
WHERE account_id = 'refresh' AND goal_event_id IN ('G1', 'G2');
SELECT consumers FROM refresh();
SELECT goal_event_id, consumer_id, conversation, agent FROM public.report;
SELECT public.differs_from_rebuild();
UPDATE goal_event SET consumer_id = CASE goal_event_id WHEN 'G1' THEN 'Mia' ELSE 'Noah' END
WHERE account_id = 'refresh' AND goal_event_id IN ('G1', 'G2');
CALL refresh_in_batches(1);
SELECT public.differs_from_rebuild();

--
-- Another name for everything
--
UPDATE goal_event SET goal_event_id = 'G1 again' WHERE account_id = 'refresh' AND goal_event_id = 'G1';
UPDATE agent_segment SET segment_no = segment_no + 10 WHERE account_id = 'refresh' AND conversation_id = 'K1';
UPDATE agent_segment SET agent_id = 'Anna' WHERE account_id = 'refresh' AND agent_id = 'Ann';
SELECT consumers FROM refresh();
SELECT goal_event_id, conversation, segment_no, agent FROM public.report;
SELECT public.differs_from_rebuild();
-- A conversation needs its segments to come along.
UPDATE conversation SET conversation_id = 'K1 again' WHERE account_id = 'refresh' AND conversation_id = 'K1';
SELECT consumers FROM refresh();
SELECT goal_event_id, conversation, segment_no, agent FROM public.report;
UPDATE agent_segment SET conversation_id = 'K1 again' WHERE account_id = 'refresh' AND conversation_id = 'K1';
SELECT consumers FROM refresh();
SELECT goal_event_id, conversation, segment_no, agent FROM public.report;
-- A conversation given to another consumer takes them along.
UPDATE conversation SET consumer_id = 'Noah' WHERE account_id = 'refresh' AND conversation_id = 'K1 again';
SELECT consumers FROM refresh();
SELECT goal_event_id, reason FROM unattributed_goal_events WHERE account_id = 'refresh' ORDER BY goal_event_id;
UPDATE conversation SET consumer_id = 'Mia' WHERE account_id = 'refresh' AND conversation_id = 'K1 again';
SELECT consumers FROM refresh();
SELECT public.differs_from_rebuild();
-- another account
UPDATE conversation SET account_id = 'refresh 2' WHERE account_id = 'refresh' AND consumer_id = 'Mia';
UPDATE agent_segment SET account_id = 'refresh 2' WHERE account_id = 'refresh' AND consumer_id = 'Mia';
UPDATE goal_event SET account_id = 'refresh 2' WHERE account_id = 'refresh' AND consumer_id = 'Mia';
SELECT consumers FROM refresh();
SELECT account_id, goal_event_id, agent, user_type FROM conversion_grid WHERE account_id LIKE 'refresh%' ORDER BY account_id, goal_event_id;
SELECT public.differs_from_rebuild();

--
-- Accounts never mix, whatever their ids: here everything is there twice.
--
INSERT INTO conversation SELECT 'refresh 3', conversation_id, consumer_id, opened_at, closed_at, source, campaign_id, engagement_id
FROM conversation WHERE account_id = 'refresh';
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at)
SELECT 'refresh 3', conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at FROM agent_segment WHERE account_id = 'refresh';
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, brand_event_id)
SELECT 'refresh 3', goal_event_id, consumer_id, goal_id, event_type, reached_at, brand_event_id FROM goal_event WHERE account_id = 'refresh';
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('refresh 3', 'Anna', 'Bot');
CALL refresh_in_batches(1);
SELECT account_id, goal_event_id, agent, user_type FROM conversion_grid WHERE account_id LIKE 'refresh%' ORDER BY account_id, goal_event_id;
SELECT account_id, goal_event_id, reason FROM unattributed_goal_events WHERE account_id LIKE 'refresh%' ORDER BY account_id, goal_event_id;
SELECT public.differs_from_rebuild();
-- A change in one concerns nobody in the other.
UPDATE agent SET user_type = 'System' WHERE account_id = 'refresh 3' AND agent_id = 'Anna';
SELECT account_id, pending_consumers FROM refresh_status WHERE account_id LIKE 'refresh%' ORDER BY account_id;
SELECT consumers FROM refresh();
SELECT account_id, goal_event_id, agent, user_type FROM conversion_grid WHERE account_id LIKE 'refresh%' ORDER BY account_id, goal_event_id;

--
-- In batches: whole consumers, each in a transaction
--
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
SELECT 'refresh 4', 'G' || n, 'consumer ' || n % 10, 'Lead Event', '2026-06-01 10:00'::timestamptz + n * interval '1 minute' FROM generate_series(1, 30) AS n;
CALL refresh_in_batches(3);
SELECT account_id, pending_consumers FROM refresh_status WHERE account_id = 'refresh 4';
SELECT count(*) FROM unattributed_goal_events WHERE account_id = 'refresh 4';
SELECT public.differs_from_rebuild();
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at)
SELECT 'refresh 4', 'K' || n, 'consumer ' || n, '2026-06-01 10:00' FROM generate_series(0, 9) AS n;
CALL refresh_in_batches(batch_size => 3);
SELECT count(*) FROM unattributed_goal_events WHERE account_id = 'refresh 4';
SELECT public.differs_from_rebuild();
-- with as many as it likes, and with nothing to do
CALL refresh_in_batches();
CALL refresh_in_batches(2147483647);
CALL refresh_in_batches(0);
\echo :LAST_ERROR_SQLSTATE
CALL refresh_in_batches(-5);
\set VERBOSITY sqlstate
CALL refresh_in_batches(NULL);
\set VERBOSITY default
-- It ends transactions, so it cannot be part of one.
BEGIN;
CALL refresh_in_batches(10);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

--
-- TRUNCATE
--
BEGIN;
TRUNCATE conversation, agent_segment;
SELECT count(*) > 0 AS refreshed FROM refresh();
SELECT count(*) FROM conversion_grid;
SELECT count(*) FROM unattributed_goal_events WHERE account_id = 'refresh';
TRUNCATE goal_event;
SELECT count(*) > 0 AS refreshed FROM refresh();
SELECT (SELECT count(*) FROM touchpoint) AS touchpoints, (SELECT count(*) FROM goal_outcome) AS outcomes;
SELECT (SELECT count(*) FROM unattributed_goal_events) AS unattributed;
ROLLBACK;

-- A rebuild says what it has done.
SELECT consumers >= 5 AS consumers, goal_events >= 30 AS goal_events, touchpoints >= 30 AS touchpoints, elapsed > '0' AS took_time FROM rebuild();

DELETE FROM agent WHERE account_id LIKE 'refresh%';
DELETE FROM conversation WHERE account_id LIKE 'refresh%';
DELETE FROM agent_segment WHERE account_id LIKE 'refresh%';
DELETE FROM goal_event WHERE account_id LIKE 'refresh%';
SELECT consumers FROM refresh();
-- Nothing is left of them in the reports.
SELECT (SELECT count(*) FROM touchpoint WHERE account_id LIKE 'refresh%') AS touchpoints,
	(SELECT count(*) FROM goal_outcome WHERE account_id LIKE 'refresh%') AS outcomes;
DROP VIEW public.report;
DROP FUNCTION public.differs_from_rebuild;
DROP VIEW public.goal_outcome_now;
DROP TABLE public.touchpoint_before, public.goal_outcome_before;
