--
-- refresh_log, refresh_progress, pending_since of refresh_status
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = goaltracker, public;
\set SHOW_CONTEXT never
-- Whatever other tests have left is done with.
SELECT count(*) AS refreshed FROM refresh();
SELECT coalesce(max(refresh_no), 0) AS before FROM refresh_log \gset

CREATE VIEW public.log AS
SELECT kind, is_finished, batches, consumers, goal_events, touchpoints_written AS written, touchpoints_removed AS removed
FROM refresh_log
WHERE refresh_no > current_setting('test.before')::bigint
ORDER BY refresh_no;
SET test.before = :before;
CREATE VIEW public.pending AS
SELECT pending_consumers, pending_since IS NOT NULL AS is_known
FROM refresh_status WHERE account_id = 'log';

-- Five consumers talked with Ann, four of whom bought something.
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT 'log', 'K' || n, 'C' || n, '2026-06-01 10:00', '2026-06-01 11:00' FROM generate_series(1, 5) AS n;
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
SELECT 'log', 'K' || n, 1, 'C' || n, 'Ann', '2026-06-01 10:00' FROM generate_series(1, 5) AS n;
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
SELECT 'log', 'G' || n, 'C' || n, 'Purchase Event', '2026-06-02 10:00' FROM generate_series(1, 4) AS n;

--
-- One row for each refresh, whatever its kind
--
SELECT consumers, goal_events, touchpoints FROM refresh();
TABLE public.log;
-- Two consumers are looked at, but C1's credit alone is Bob's now: one row for another.
UPDATE agent_segment SET agent_id = CASE conversation_id WHEN 'K1' THEN 'Bob' ELSE 'Ann' END
WHERE account_id = 'log' AND conversation_id IN ('K1', 'K2');
SELECT consumers, goal_events, touchpoints FROM refresh();
-- One goal event is gone, with its touchpoint.
DELETE FROM goal_event WHERE account_id = 'log' AND goal_event_id = 'G4';
SELECT consumers, goal_events, touchpoints FROM refresh();
-- A first refresh in batches of two consumers with goal events; C5, who has none,
-- goes with the last.
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at)
SELECT 'log 2', conversation_id, consumer_id, opened_at FROM conversation WHERE account_id = 'log';
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
SELECT 'log 2', goal_event_id, consumer_id, event_type, reached_at FROM goal_event WHERE account_id = 'log';
CALL refresh_in_batches(2);
-- Changed ones
UPDATE goal_event SET reached_at = '2026-06-03' WHERE account_id LIKE 'log%';
CALL refresh_in_batches(2);
TABLE public.log;
-- who, when, how long
SELECT DISTINCT refreshed_by = session_user AS by_me, started_at BETWEEN now() - interval '1 hour' AND clock_timestamp() AS lately,
	duration BETWEEN '0' AND interval '1 hour' AS took_time
FROM refresh_log WHERE refresh_no > :before;
SELECT count(*) AS finished_before_the_next_began FROM (
	SELECT started_at + duration <= lead(started_at) OVER (ORDER BY refresh_no) AS so FROM refresh_log WHERE refresh_no > :before) AS l
WHERE so;

--
-- Nothing to do: no row, and last_refreshed_at says that it ran.
--
SELECT last_refreshed_at AS last FROM refresh_status WHERE account_id = 'log' \gset
SELECT consumers FROM refresh();
CALL refresh_in_batches();
SELECT last_refreshed_at > :'last' AS ran FROM refresh_status WHERE account_id = 'log';
SELECT count(*) AS rows FROM public.log;

-- A refresh that is rolled back has not been.
BEGIN;
UPDATE goal_event SET reached_at = '2026-06-04' WHERE account_id = 'log';
SELECT consumers FROM refresh();
SELECT count(*) AS rows FROM public.log;
ROLLBACK;
SELECT count(*) AS rows FROM public.log;

-- A rebuild is always written down.
CREATE TEMP TABLE row_count AS SELECT count(*) AS touchpoints FROM touchpoint;
SELECT count(*) AS rebuilt FROM rebuild();
SELECT kind, consumers > 0 AS somebody, touchpoints_written = touchpoints AS written, touchpoints_removed = touchpoints AS removed
FROM refresh_log, row_count ORDER BY refresh_no DESC LIMIT 1;

--
-- Batches that are stopped: what they did is there, and that they did not end.
--
CREATE FUNCTION public.stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stumbled'; END $$;
CREATE TRIGGER stumble AFTER INSERT ON goal_outcome FOR EACH ROW WHEN (NEW.goal_event_id = 'G3') EXECUTE FUNCTION public.stumble();
UPDATE goal_event SET reached_at = '2026-06-05' WHERE account_id = 'log';
CALL refresh_in_batches(1);
DROP TRIGGER stumble ON goal_outcome;
DROP FUNCTION public.stumble();
SELECT kind, is_finished, batches, consumers FROM refresh_log ORDER BY refresh_no DESC LIMIT 1;
TABLE public.pending;
-- nobody is at work any more
SELECT count(*) AS under_way FROM refresh_progress WHERE pid = pg_backend_pid();
CALL refresh_in_batches(1);
SELECT kind, is_finished, batches, consumers FROM refresh_log ORDER BY refresh_no DESC LIMIT 2;

--
-- It is bounded: one row goes for each that comes.
--
BEGIN;
INSERT INTO _refresh_log (started_at, duration, kind, is_finished, consumers, goal_events, touchpoints_written, touchpoints_removed, refreshed_by)
SELECT now(), '0', 'refresh', true, 1, 1, 1, 1, 'nobody' FROM generate_series(1, 10200);
UPDATE goal_event SET reached_at = '2026-06-06' WHERE account_id = 'log';
SELECT consumers FROM refresh();
SELECT count(*) AS rows, max(refresh_no) - min(refresh_no) AS apart FROM refresh_log;
UPDATE goal_event SET reached_at = '2026-06-07' WHERE account_id = 'log';
SELECT consumers FROM refresh();
SELECT count(*) AS rows, max(refresh_no) - min(refresh_no) AS apart FROM refresh_log;
ROLLBACK;

--
-- Since when consumers wait: the oldest change that does
--
TABLE public.pending;
BEGIN;
SELECT clock_timestamp() AS earlier \gset
UPDATE goal_event SET reached_at = '2026-06-08' WHERE account_id = 'log' AND goal_event_id = 'G1';
SELECT clock_timestamp() AS between \gset
UPDATE goal_event SET reached_at = '2026-06-08' WHERE account_id = 'log' AND goal_event_id = 'G2';
SELECT pending_consumers, pending_since BETWEEN :'earlier' AND :'between' AS since_the_first FROM refresh_status WHERE account_id = 'log';
-- no other account waits
SELECT pending_consumers, pending_since FROM refresh_status WHERE account_id = 'log 2';
SELECT consumers FROM refresh();
SELECT pending_consumers, pending_since FROM refresh_status WHERE account_id = 'log';
-- a change that concerns many
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('log', 'Ann', 'Bot');
TABLE public.pending;
-- one that concerns nobody
SELECT consumers FROM refresh();
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('log', 'Zoe', 'Bot');
TABLE public.pending;
SELECT pending_since FROM refresh_status WHERE account_id = 'log';
-- all accounts
TRUNCATE goal_event;
SELECT account_id, pending_consumers, pending_since IS NOT NULL AS is_known FROM refresh_status WHERE account_id LIKE 'log%' ORDER BY account_id;
ROLLBACK;
-- an account that was never refreshed waits since its first load
SELECT clock_timestamp() AS earlier \gset
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('log 3', 'K1', 'C1', '2026-06-01');
SELECT clock_timestamp() AS between \gset
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES
	('log 3', 'G1', 'C1', 'Lead Event', '2026-06-01'), ('log 3', 'G2', 'C2', 'Lead Event', '2026-06-01');
SELECT pending_consumers, pending_since BETWEEN :'earlier' AND :'between' AS since_the_first FROM refresh_status WHERE account_id = 'log 3';
-- also while its first refresh has come half way
CREATE FUNCTION public.stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stumbled'; END $$;
CREATE TRIGGER stumble AFTER INSERT ON goal_outcome FOR EACH ROW WHEN (NEW.goal_event_id = 'G2') EXECUTE FUNCTION public.stumble();
CALL refresh_in_batches(1);
DROP TRIGGER stumble ON goal_outcome;
DROP FUNCTION public.stumble();
SELECT pending_consumers, pending_since BETWEEN :'earlier' AND :'between' AS since_the_first FROM refresh_status WHERE account_id = 'log 3';
-- and a change of wider scope that was stopped after it was found out whom it concerns
SELECT count(*) AS refreshed FROM refresh();
CREATE FUNCTION public.stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stumbled'; END $$;
CREATE TRIGGER stumble AFTER INSERT OR DELETE ON touchpoint FOR EACH ROW EXECUTE FUNCTION public.stumble();
SELECT clock_timestamp() AS earlier \gset
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('log', 'Bob', 'Bot');
SELECT clock_timestamp() AS between \gset
CALL refresh_in_batches();
DROP TRIGGER stumble ON touchpoint;
DROP FUNCTION public.stumble();
SELECT pending_consumers, pending_since BETWEEN :'earlier' AND :'between' AS since_the_change FROM refresh_status WHERE account_id = 'log';

--
-- A log is of all accounts: restricted readers are refused.
--
CREATE ROLE regress_goaltracker_reader;
SELECT grant_reader('regress_goaltracker_reader');
SET ROLE regress_goaltracker_reader;
SELECT count(*) > 0 AS reads_it FROM refresh_log;
SELECT count(*) AS under_way FROM refresh_progress;
SELECT count(*) FROM _refresh_log;
RESET ROLE;
SELECT restrict_reader('regress_goaltracker_reader', 'log');
SET ROLE regress_goaltracker_reader;
SELECT count(*) FROM refresh_log;
SELECT count(*) FROM refresh_progress;
SELECT count(*) FROM _running_refreshes();
-- his own account's state he sees
SELECT account_id, pending_since IS NOT NULL AS is_known FROM refresh_status;
RESET ROLE;
SELECT unrestrict_reader('regress_goaltracker_reader');
SELECT revoke_reader('regress_goaltracker_reader');
DROP ROLE regress_goaltracker_reader;

-- A step of batches adds to no row that has ended, nor to anybody else's.
CREATE TEMP TABLE row_before AS SELECT * FROM refresh_log;
SELECT refresh_no AS ended FROM refresh_log WHERE is_finished ORDER BY refresh_no DESC LIMIT 1 \gset
SELECT refresh_no AS stopped, started_at AS stopped_at FROM refresh_log WHERE NOT is_finished ORDER BY refresh_no DESC LIMIT 1 \gset
SELECT count(_log_refresh(:ended, 'batches', started_at, 5, 5, 5, 5, true)) AS tried FROM row_before WHERE refresh_no = :ended;
CREATE ROLE regress_goaltracker_loader;
SELECT grant_loader('regress_goaltracker_loader');
SET SESSION AUTHORIZATION regress_goaltracker_loader;
SELECT count(_log_refresh(:stopped, 'batches', :'stopped_at', 5, 5, 5, 5, true)) AS tried;
RESET SESSION AUTHORIZATION;
SELECT revoke_loader('regress_goaltracker_loader');
DROP ROLE regress_goaltracker_loader;
SELECT count(*) AS changed FROM (TABLE row_before EXCEPT TABLE refresh_log) AS l;

-- Tidy up
DELETE FROM agent WHERE account_id LIKE 'log%';
DELETE FROM agent_segment WHERE account_id LIKE 'log%';
DELETE FROM conversation WHERE account_id LIKE 'log%';
DELETE FROM goal_event WHERE account_id LIKE 'log%';
SELECT count(*) AS refreshed FROM refresh();
DELETE FROM refreshed_account WHERE account_id LIKE 'log%';
DROP VIEW public.log, public.pending;
