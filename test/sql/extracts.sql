--
-- What clients go by that keep a copy of the reports
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = goaltracker, public;
\set SHOW_CONTEXT never

INSERT INTO account (account_id, attribution_model, contribution_window, time_zone) VALUES ('extracts', 'all', 7, 'America/New_York');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('extracts', 'K1', 'Mia', '2026-06-02 01:30', '2026-06-02 02:30'),
	('extracts', 'K2', 'Noah', '2026-06-02 10:00', '2026-06-02 11:00');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at, agent_messages) VALUES
	('extracts', 'K1', 1, 'Mia', 'Ann', '2026-06-02 01:30', '2026-06-02 01:40', 3),
	('extracts', 'K1', 2, 'Mia', 'Bob', '2026-06-02 01:40', '2026-06-02 02:30:00.25', 4),
	('extracts', 'K2', 1, 'Noah', 'Ann', '2026-06-02 10:00', '2026-06-02 11:00', 5);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value, brand_event_id) VALUES
	('extracts', 'G1', 'Mia', 'Purchase Event', '2026-06-03 12:00', 10, NULL),
	('extracts', 'G2', 'Mia', 'Purchase Event', '2026-06-04 12:00', 20, NULL),
	('extracts', 'G3', 'Noah', 'Purchase Event', '2026-06-03 12:00', 30, 'order'),
	('extracts', 'G4', 'Noah', 'Purchase Event', '2026-06-03 13:00', 30, 'order'),
	('extracts', 'G5', 'Pia', 'Lead Event', '2026-06-03 12:00', NULL, NULL);
SELECT count(*) AS refreshed FROM refresh();

--
-- Instants in UTC, dates as numbers: whatever the session's time zone is
--
SET timezone = 'Asia/Tokyo';
SELECT goal_event_id, segment_no, conversation_open_time, conversation_open_time_utc, goal_timestamp_utc, agent_assignment_time_utc,
	conversation_date, date_key, time_assigned, seconds_assigned
FROM conversion_grid WHERE account_id = 'extracts' AND goal_event_id IN ('G1', 'G3') ORDER BY goal_event_id, segment_no;
SELECT conversation_open_time_utc, goal_timestamp_utc, date_key, seconds_assigned
FROM credit_facts WHERE account_id = 'extracts' AND agent_id = 'Bob' ORDER BY goal_timestamp;
SELECT goal_event_id, reached_at, reached_at_utc FROM unattributed_goal_events WHERE account_id = 'extracts' ORDER BY goal_event_id;
SELECT conversation_date, date_key, agent, time_assigned, seconds_assigned FROM agent_summary WHERE account_id = 'extracts' ORDER BY date_key, agent;
SELECT conversation_date, date_key, agent, goals_reached FROM conversions_by_agent WHERE account_id = 'extracts' ORDER BY date_key, agent;
-- The number is that of the date that the report shows.
SET goaltracker.hour_offset = 3;
SELECT conversation_date, date_key, sum(goals_reached) AS goals_reached FROM conversions_by_account WHERE account_id = 'extracts' GROUP BY 1, 2 ORDER BY 1;
RESET goaltracker.hour_offset;
SET timezone = 'UTC';
-- Of all columns, in all reports.
SELECT (SELECT count(*) FROM conversion_grid WHERE (goal_timestamp, conversation_open_time, agent_assignment_time, updated_at)
			IS DISTINCT FROM (goal_timestamp_utc, conversation_open_time_utc, agent_assignment_time_utc, updated_at_utc)) AS grid,
	(SELECT count(*) FROM credit_facts WHERE (goal_timestamp, conversation_open_time, updated_at)
			IS DISTINCT FROM (goal_timestamp_utc, conversation_open_time_utc, updated_at_utc)) AS facts,
	(SELECT count(*) FROM unattributed_goal_events WHERE (reached_at, updated_at) IS DISTINCT FROM (reached_at_utc, updated_at_utc)) AS unattributed,
	(SELECT count(*) FROM credit_facts AS f LEFT JOIN conversion_grid AS g USING (goal_event_key, segment_key)
		WHERE (f.date_key, f.updated_at, f.seconds_assigned) IS DISTINCT FROM (g.date_key, g.updated_at, g.seconds_assigned)) AS unlike;

-- A number is compared as the date is; in between there are numbers of no date.
CREATE TEMP VIEW counted AS
SELECT k.key, (SELECT count(*) FROM credit_facts AS f WHERE account_id = 'extracts' AND f.date_key = k.key) AS "=",
	(SELECT count(*) FROM credit_facts AS f WHERE account_id = 'extracts' AND f.date_key < k.key) AS "<",
	(SELECT count(*) FROM credit_facts AS f WHERE account_id = 'extracts' AND f.date_key <= k.key) AS "<=",
	(SELECT count(*) FROM credit_facts AS f WHERE account_id = 'extracts' AND f.date_key > k.key) AS ">",
	(SELECT count(*) FROM credit_facts AS f WHERE account_id = 'extracts' AND k.key <= f.date_key) AS ">="
FROM unnest('{-2147483648,0,20260531,20260532,20260599,20260600,20260601,20260602,20260603,20261301,99999999,2147483647}'::integer[]) AS k (key);
TABLE counted;
CREATE FUNCTION pg_temp.comparison(operator text, bound text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	found bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM goaltracker.credit_facts WHERE account_id = ''extracts'' AND date_key %s %s', operator, bound) INTO found;
	RETURN found;
END $$;
-- The same of constants, whatever their type.
SELECT c.key FROM counted AS c
CROSS JOIN LATERAL (VALUES ('=', c."="), ('<', c."<"), ('<=', c."<="), ('>', c.">"), ('>=', c.">=")) AS o (operator, found)
CROSS JOIN unnest('{integer,bigint,numeric}'::text[]) AS type
WHERE pg_temp.comparison(o.operator, format('%L::%s', c.key, type)) <> o.found;
-- Dates and their numbers, from before Christ until long after.
SELECT count(*) AS wrong
FROM generate_series(timestamp '0008-01-01 BC', '2040-01-01', '1 day') AS day
CROSS JOIN LATERAL (SELECT day::date AS day, _date_key(day::date) AS key) AS d
WHERE _date(d.key) IS DISTINCT FROM d.day OR _first_date(d.key, false) <> d.day OR _first_date(d.key - 1, true) <> d.day
	OR _first_date(d.key, true) <> d.day + 1 OR d.day >= '0001-01-01' AND d.key <> to_char(d.day, 'YYYYMMDD')::integer;
SELECT day, _date_key(day) FROM unnest('{4713-01-02 BC,214748-12-31,290000-01-01,infinity,-infinity}'::date[]) AS day;
SELECT key, _date(key), _first_date(key, false), _first_date(key, true)
FROM unnest('{-9223372036854775808,-47110000,0,20260229,20261200,20261232,20269999,2147483647,9223372036854775807}'::bigint[]) AS key;
SELECT day, _from_utc(day) FROM unnest('{4713-01-01 BC,2026-06-01,294276-12-31,300000-01-01,infinity,-infinity}'::date[]) AS day;

--
-- updated_at: what is newer than the last extract
--
CREATE TEMP TABLE taken (no integer, at timestamptz);
CREATE FUNCTION pg_temp.newer() RETURNS TABLE (goal_event_id text, segment_no integer, rows_in text) LANGUAGE sql AS $$
	SELECT g.goal_event_id, g.segment_no, 'grid' FROM goaltracker.conversion_grid AS g
	WHERE g.account_id = 'extracts' AND g.updated_at > (SELECT max(at) FROM taken)
	UNION ALL
	SELECT u.goal_event_id, NULL, 'unattributed' FROM goaltracker.unattributed_goal_events AS u
	WHERE u.account_id = 'extracts' AND u.updated_at > (SELECT max(at) FROM taken)
	ORDER BY 1, 2
$$;
CREATE FUNCTION pg_temp.take() RETURNS void LANGUAGE sql AS $$
	INSERT INTO taken
	SELECT count(*), (SELECT max(o.updated_at) FROM goaltracker.goal_outcome AS o) FROM taken
$$;
SELECT count(DISTINCT updated_at) AS times FROM goal_outcome WHERE account_id = 'extracts';
SELECT pg_temp.take();

-- Nothing happened: not when a consumer is looked at again and all is the same.
SELECT consumers FROM refresh();
UPDATE conversation SET source = 'web' WHERE account_id = 'extracts';
SELECT consumers FROM refresh();
SELECT * FROM pg_temp.newer();

-- Messages of one segment: all rows of all goal events that it touches
UPDATE agent_segment SET agent_messages = 9 WHERE account_id = 'extracts' AND conversation_id = 'K1' AND segment_no = 1;
SELECT * FROM pg_temp.newer();
SELECT consumers FROM refresh();
SELECT * FROM pg_temp.newer();
SELECT pg_temp.take();

-- A goal event that moves, one that stops being a duplicate, one that goes away
-- and leaves no trace, one that comes within reach
UPDATE goal_event SET consumer_id = 'Pia' WHERE account_id = 'extracts' AND goal_event_id = 'G2';
UPDATE goal_event SET brand_event_id = NULL WHERE account_id = 'extracts' AND goal_event_id = 'G4';
DELETE FROM goal_event WHERE account_id = 'extracts' AND goal_event_id = 'G3';
SELECT consumers FROM refresh();
SELECT * FROM pg_temp.newer();
SELECT pg_temp.take();
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('extracts', 'K3', 'Pia', '2026-06-03 10:00', '2026-06-03 11:00');
SELECT consumers FROM refresh();
SELECT * FROM pg_temp.newer();
SELECT pg_temp.take();

-- An agent becomes a bot: that is in the rows, and so is a goal's type; a name is not.
INSERT INTO agent (account_id, agent_id, agent_name, user_type) VALUES ('extracts', 'Ann', 'Ann', 'Bot');
SELECT consumers FROM refresh();
SELECT * FROM pg_temp.newer();
SELECT pg_temp.take();
UPDATE agent SET agent_name = 'Anna' WHERE account_id = 'extracts';
SELECT consumers FROM refresh();
SELECT * FROM pg_temp.newer();

-- A setting that acts when a report is read does not move it, though the report is
-- another one.
UPDATE account SET attribution_model = 'first', contribution_window = 0 WHERE account_id = 'extracts';
SELECT count(*) > 0 AS refreshed FROM refresh();
SELECT * FROM pg_temp.newer();
UPDATE account SET attribution_model = 'all', contribution_window = 7 WHERE account_id = 'extracts';
-- One that a refresh has to work out does, where it makes a difference.
UPDATE account SET time_zone = 'America/Chicago' WHERE account_id = 'extracts';
SELECT count(*) > 0 AS refreshed FROM refresh();
SELECT * FROM pg_temp.newer();
SELECT pg_temp.take();

-- Wherever the clock stands, a later refresh has a later time.
BEGIN;
UPDATE _refresh_turn SET turn_at = '2999-12-31';
UPDATE agent_segment SET agent_messages = 1 WHERE account_id = 'extracts' AND conversation_id = 'K1';
SELECT count(*) AS refreshed FROM refresh();
SELECT DISTINCT updated_at_utc FROM conversion_grid WHERE account_id = 'extracts' AND updated_at > '2999-12-31';
UPDATE agent_segment SET agent_messages = 2 WHERE account_id = 'extracts' AND conversation_id = 'K1';
SELECT count(*) AS refreshed FROM refresh();
SELECT DISTINCT updated_at_utc FROM conversion_grid WHERE account_id = 'extracts' AND updated_at > '2999-12-31';
ROLLBACK;
-- Nor does it matter whose clock it was: after a restore turns begin anew, rows do not.
BEGIN;
UPDATE _refresh_turn SET turn_at = '-infinity';
UPDATE goal_outcome SET updated_at = '2999-12-31' WHERE account_id = 'extracts';
UPDATE agent_segment SET agent_messages = 1 WHERE account_id = 'extracts' AND conversation_id = 'K1';
SELECT count(*) AS refreshed FROM refresh();
SELECT DISTINCT updated_at_utc FROM conversion_grid WHERE account_id = 'extracts' AND updated_at > '2999-12-31';
ROLLBACK;
-- It is not the start of the transaction, which may be long before its turn.
BEGIN;
UPDATE agent_segment SET agent_messages = 1 WHERE account_id = 'extracts' AND conversation_id = 'K1';
SELECT count(*) AS refreshed FROM refresh();
SELECT bool_and(updated_at > now()) AS later FROM pg_temp.newer() JOIN conversion_grid USING (goal_event_id, segment_no);
ROLLBACK;

-- A rebuild writes everything.
SELECT count(*) AS rebuilt FROM rebuild();
SELECT * FROM pg_temp.newer();
SELECT count(DISTINCT updated_at) AS times, min(updated_at) > (SELECT max(at) FROM taken) AS later FROM goal_outcome;

--
-- Copies kept so: newer rows replace those of the same goal event, and goal events
-- that are no longer there are taken out by their keys.
--
CREATE TEMP TABLE copy AS SELECT * FROM credit_facts WHERE account_id = 'extracts';
CREATE TEMP TABLE incoming (LIKE copy);
UPDATE goal_event SET transaction_value = transaction_value * 2 WHERE account_id = 'extracts' AND goal_event_id = 'G1';
DELETE FROM agent_segment WHERE account_id = 'extracts' AND conversation_id = 'K1' AND segment_no = 1;
DELETE FROM goal_event WHERE account_id = 'extracts' AND goal_event_id = 'G2';
SELECT consumers FROM refresh();
INSERT INTO incoming
SELECT * FROM credit_facts WHERE account_id = 'extracts' AND updated_at > (SELECT max(updated_at) FROM copy);
DELETE FROM copy WHERE goal_event_key IN (SELECT goal_event_key FROM incoming);
INSERT INTO copy SELECT * FROM incoming;
DELETE FROM copy WHERE goal_event_key NOT IN (SELECT goal_event_key FROM credit_facts WHERE account_id = 'extracts');
SELECT (SELECT count(*) FROM incoming) AS incoming, (SELECT count(*) FROM copy) AS rows,
	(SELECT count(*) FROM (TABLE copy EXCEPT ALL SELECT * FROM credit_facts WHERE account_id = 'extracts') AS d) AS surplus,
	(SELECT count(*) FROM (SELECT * FROM credit_facts WHERE account_id = 'extracts' EXCEPT ALL TABLE copy) AS d) AS lacking;

SET client_min_messages = warning;
DELETE FROM account WHERE account_id = 'extracts';
DELETE FROM agent WHERE account_id = 'extracts';
DELETE FROM conversation WHERE account_id = 'extracts';
DELETE FROM agent_segment WHERE account_id = 'extracts';
DELETE FROM goal_event WHERE account_id = 'extracts';
SELECT count(*) AS refreshed FROM refresh();
