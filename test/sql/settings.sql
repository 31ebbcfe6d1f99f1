--
-- Model and window of the account and of the session, hour offset (S1, S15)
--
-- One purchase that three agents may be credited with: the bot came first, Ann
-- second, Bob, on the next day, last.
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = goaltracker, public;
INSERT INTO account (account_id, attribution_model, contribution_window) VALUES
	('settings last', 'last', 31), ('settings all', 'all', 1);
INSERT INTO agent (account_id, agent_id, user_type) VALUES
	('settings last', 'Bot', 'Bot'), ('settings all', 'Bot', 'Bot');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT account_id, conversation_id, 'consumer', opened_at, closed_at
FROM (VALUES ('settings last'), ('settings all')) AS a (account_id),
	(VALUES
		('K1', timestamptz '2026-06-01 22:45', timestamptz '2026-06-01 23:15'),
		('K2', '2026-06-02 10:00', '2026-06-02 11:00')
	) AS k (conversation_id, opened_at, closed_at);
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at)
SELECT account_id, conversation_id, segment_no, 'consumer', agent_id, assigned_at, ended_at
FROM (VALUES ('settings last'), ('settings all')) AS a (account_id),
	(VALUES
		('K1', 1, 'Bot', timestamptz '2026-06-01 22:45', timestamptz '2026-06-01 22:50'),
		('K1', 2, 'Ann', '2026-06-01 22:50', '2026-06-01 23:15'),
		('K2', 1, 'Bob', '2026-06-02 10:00', '2026-06-02 11:00')
	) AS s (conversation_id, segment_no, agent_id, assigned_at, ended_at);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
VALUES ('settings last', 'G', 'consumer', 'Purchase Event', '2026-06-03 09:00'),
	('settings all', 'G', 'consumer', 'Purchase Event', '2026-06-03 09:00');
SELECT count(*) AS refreshed FROM refresh();

-- Each account has its own settings: K1 is 34 hours ago, beyond one day.
PREPARE report AS
SELECT account_id, conversation_date, agent, goals_reached
FROM conversions_by_agent
WHERE account_id IN ('settings last', 'settings all')
ORDER BY account_id, conversation_date, agent;
EXECUTE report;

-- They act at once on all of history.
UPDATE account SET attribution_model = 'first' WHERE account_id = 'settings last';
UPDATE account SET contribution_window = 2 WHERE account_id = 'settings all';
EXECUTE report;
UPDATE account SET attribution_model = 'last' WHERE account_id = 'settings last';
UPDATE account SET contribution_window = 1 WHERE account_id = 'settings all';

-- What if: the session's model and window instead, for all accounts.
SHOW goaltracker.attribution_model;
SHOW goaltracker.contribution_window;
SHOW goaltracker.hour_offset;
SET goaltracker.attribution_model = 'first';
EXECUTE report;
SET goaltracker.contribution_window = 31;
EXECUTE report;
SET goaltracker.attribution_model = 'LAST';
SHOW goaltracker.attribution_model;
EXECUTE report;
SET goaltracker.attribution_model = 'all';
EXECUTE report;
-- With a window of no day nobody is in reach.
SET goaltracker.contribution_window = 0;
EXECUTE report;
SELECT account_id, reason FROM unattributed_goal_events WHERE account_id LIKE 'settings%' ORDER BY account_id;
-- An empty model and a window of -1 are those of the account again.
SET goaltracker.attribution_model = '';
SET goaltracker.contribution_window = -1;
EXECUTE report;
-- The accounts are what they were.
SELECT account_id, attribution_model, contribution_window
FROM account WHERE account_id LIKE 'settings%' ORDER BY account_id;

-- A plan that is kept goes by the setting of the moment.
SET plan_cache_mode = force_generic_plan;
SET goaltracker.attribution_model = 'first';
SET goaltracker.contribution_window = 31;
EXECUTE report;
SET goaltracker.attribution_model = 'last';
EXECUTE report;
RESET plan_cache_mode;

-- for a transaction alone
BEGIN;
SET LOCAL goaltracker.attribution_model = 'first';
SELECT DISTINCT agent FROM conversions_by_agent WHERE account_id LIKE 'settings%';
COMMIT;
SELECT DISTINCT agent FROM conversions_by_agent WHERE account_id LIKE 'settings%';

-- The processes of a parallel plan see what the session has set.
CREATE TABLE public.many WITH (parallel_workers = 2) AS SELECT n FROM generate_series(1, 10000) AS n;
ANALYZE public.many;
SET goaltracker.attribution_model = 'first';
SET goaltracker.hour_offset = 2.5;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT _session_model(), _session_window(), _local_time('2025-01-01Z', n) FROM public.many WHERE n = 5000;
SELECT _session_model(), _session_window(), _local_time('2025-01-01Z', n) FROM public.many WHERE n = 5000;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET parallel_leader_participation;
DROP TABLE public.many;
RESET goaltracker.hour_offset;
RESET goaltracker.attribution_model;
RESET goaltracker.contribution_window;

-- The hour offset moves dates and hours, fractions allowed; an instant stays.
PREPARE dates AS
SELECT conversation, conversation_open_time, conversation_date, week, hour, hour_label
FROM conversion_grid WHERE account_id = 'settings all' AND agent IN ('Ann', 'Bob') ORDER BY conversation;
SET goaltracker.contribution_window = 2;
EXECUTE dates;
SET goaltracker.hour_offset = 1.25;
EXECUTE dates;
SET goaltracker.hour_offset = 1.2499;
EXECUTE dates;
SET goaltracker.hour_offset = -10.5;
EXECUTE dates;
SET goaltracker.hour_offset = 14;
EXECUTE dates;
SET goaltracker.hour_offset = -12;
EXECUTE dates;
RESET goaltracker.hour_offset;
RESET goaltracker.contribution_window;

-- Wrong values, and names that do not exist
SET goaltracker.attribution_model = 'lineal';
\echo :LAST_ERROR_SQLSTATE
SET goaltracker.contribution_window = 32;
\echo :LAST_ERROR_SQLSTATE
SET goaltracker.contribution_window = -2;
SET goaltracker.contribution_window = '7 days';
SET goaltracker.hour_offset = 14.1;
\echo :LAST_ERROR_SQLSTATE
SET goaltracker.hour_offset = -12.1;
SET goaltracker.hour_offset = 'NaN';
SET goaltracker.hour_offset = '1 hour';
SET goaltracker.model = 'first';
\echo :LAST_ERROR_SQLSTATE

-- In a new session the library is not loaded yet, and PostgreSQL takes any
-- value.  It is an error when the first report is read, and stays one.
\c -
SET search_path = goaltracker, public;
SET goaltracker.attribution_model = 'lineal';
SELECT count(*) FROM conversions_by_agent;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM conversions_by_agent;
SET goaltracker.attribution_model = 'first';
SELECT agent FROM conversions_by_agent WHERE account_id = 'settings last';
\c -
SET goaltracker.contribution_window = 32;
SELECT count(*) FROM goaltracker.conversion_grid;
\echo :LAST_ERROR_SQLSTATE
\c -
SET goaltracker.hour_offset = 'late';
SELECT count(*) FROM goaltracker.credit_facts;
\echo :LAST_ERROR_SQLSTATE

-- A name that does not exist is thrown away with a warning.
\c -
SET goaltracker.atribution_model = 'first';
SELECT agent FROM goaltracker.conversions_by_agent WHERE account_id = 'settings last';

-- likewise what the database or the role brings along
\c -
ALTER DATABASE :"DBNAME" SET goaltracker.attribution_model = 'lsat';
\c -
SELECT count(*) FROM goaltracker.conversions_by_account;
SELECT count(*) FROM goaltracker.conversions_by_account;
SELECT * FROM goaltracker.refresh_status WHERE false;
ALTER DATABASE :"DBNAME" SET goaltracker.attribution_model = 'first';
ALTER ROLE CURRENT_USER IN DATABASE :"DBNAME" SET goaltracker.contribution_window = '99';
\c -
SELECT agent FROM goaltracker.conversions_by_agent WHERE account_id = 'settings last';
\echo :LAST_ERROR_SQLSTATE
-- What is right is taken.
ALTER ROLE CURRENT_USER IN DATABASE :"DBNAME" SET goaltracker.contribution_window = '31';
\c -
SELECT agent FROM goaltracker.conversions_by_agent WHERE account_id = 'settings last';
SHOW goaltracker.contribution_window;
ALTER DATABASE :"DBNAME" RESET goaltracker.attribution_model;
ALTER ROLE CURRENT_USER IN DATABASE :"DBNAME" RESET goaltracker.contribution_window;
-- With the library loaded PostgreSQL refuses a wrong value at once.
ALTER DATABASE :"DBNAME" SET goaltracker.attribution_model = 'lsat';
\echo :LAST_ERROR_SQLSTATE
\c -
SELECT agent FROM goaltracker.conversions_by_agent WHERE account_id = 'settings last';

DELETE FROM goaltracker.account WHERE account_id LIKE 'settings%';
DELETE FROM goaltracker.agent WHERE account_id LIKE 'settings%';
DELETE FROM goaltracker.conversation WHERE account_id LIKE 'settings%';
DELETE FROM goaltracker.agent_segment WHERE account_id LIKE 'settings%';
DELETE FROM goaltracker.goal_event WHERE account_id LIKE 'settings%';
SELECT count(*) AS refreshed FROM goaltracker.refresh();
