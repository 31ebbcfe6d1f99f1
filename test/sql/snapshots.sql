--
-- Snapshots: the four reports, stored
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = goaltracker, public;
\set SHOW_CONTEXT never

-- Two accounts; Noah's conversation has been taken by nobody.
INSERT INTO account (account_id, attribution_model, contribution_window) VALUES ('snapshots all', 'all', 31), ('snapshots last', 'last', 1);
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('snapshots all', 'K1', 'Mia', '2026-06-01 23:00', '2026-06-01 23:30'),
	('snapshots last', 'K1', 'Mia', '2026-06-01 23:00', '2026-06-01 23:30'),
	('snapshots last', 'K2', 'Noah', '2026-06-02 23:00', NULL);
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at) VALUES
	('snapshots all', 'K1', 1, 'Mia', 'Ann', '2026-06-01 23:00', '2026-06-01 23:10'),
	('snapshots all', 'K1', 2, 'Mia', 'Bob', '2026-06-01 23:10', '2026-06-01 23:30'),
	('snapshots last', 'K1', 1, 'Mia', 'Ann', '2026-06-01 23:00', '2026-06-01 23:10'),
	('snapshots last', 'K1', 2, 'Mia', 'Bob', '2026-06-01 23:10', '2026-06-01 23:30');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value) VALUES
	('snapshots all', 'G1', 'Mia', 'Purchase Event', '2026-06-03 12:00', 10),
	('snapshots last', 'G1', 'Mia', 'Purchase Event', '2026-06-02 12:00', 20),
	('snapshots last', 'G2', 'Noah', 'Purchase Event', '2026-06-03 12:00', 30);
SELECT count(*) AS refreshed FROM refresh();

-- A snapshot shows what was there when it was taken.
SELECT count(*) FROM conversions_by_agent_snapshot WHERE account_id LIKE 'snapshots%';
SELECT refresh_snapshots();
PREPARE taken AS
SELECT 'agent' AS level, account_id, conversation_date, agent AS name, duration_bucket, currency, goals_reached, transaction_value FROM conversions_by_agent_snapshot WHERE account_id LIKE 'snapshots%'
UNION ALL
SELECT 'skill', account_id, conversation_date, skill, duration_bucket, currency, goals_reached, transaction_value FROM conversions_by_skill_snapshot WHERE account_id LIKE 'snapshots%'
UNION ALL
SELECT 'account', account_id, conversation_date, NULL, NULL, currency, goals_reached, transaction_value FROM conversions_by_account_snapshot WHERE account_id LIKE 'snapshots%'
UNION ALL
SELECT 'summary', account_id, conversation_date, agent, time_assigned::text, currency, goals_reached, transaction_value FROM agent_summary_snapshot WHERE account_id LIKE 'snapshots%'
ORDER BY level, account_id, conversation_date, name;
EXECUTE taken;

-- They have the columns of their reports, and the time when they were taken.
SELECT s.attrelid::regclass AS snapshot, s.attname AS "column"
FROM pg_attribute AS s
LEFT JOIN pg_attribute AS v ON v.attrelid = replace(s.attrelid::regclass::text, '_snapshot', '')::regclass AND v.attname = s.attname AND v.atttypid = s.atttypid AND v.atttypmod = s.atttypmod AND v.attnum = s.attnum
WHERE s.attrelid IN ('conversions_by_agent_snapshot'::regclass, 'conversions_by_skill_snapshot'::regclass, 'conversions_by_account_snapshot'::regclass, 'agent_summary_snapshot'::regclass)
	AND s.attnum > 0 AND v.attname IS NULL
ORDER BY s.attrelid::regclass::text COLLATE "C";
SELECT count(DISTINCT taken_at) AS moments, bool_and(taken_at <= now()) AS is_past FROM (
	SELECT taken_at FROM conversions_by_agent_snapshot UNION ALL SELECT taken_at FROM conversions_by_skill_snapshot
	UNION ALL SELECT taken_at FROM conversions_by_account_snapshot UNION ALL SELECT taken_at FROM agent_summary_snapshot) AS t;
-- A unique index takes null ids for equal, so that they can be refreshed while they are read.
SELECT indrelid::regclass AS snapshot, indnullsnotdistinct AS takes_nulls, string_agg(attname, ', ' ORDER BY k.n) AS columns
FROM pg_index, unnest(indkey) WITH ORDINALITY AS k (attnum, n) JOIN pg_attribute AS a USING (attnum)
WHERE indisunique AND attrelid = indrelid AND indrelid::regclass::text LIKE '%\_snapshot'
GROUP BY indrelid, indnullsnotdistinct ORDER BY indrelid::regclass::text COLLATE "C";

--
-- They follow the accounts' settings alone, whatever the session has set and
-- whoever refreshes them.
--
SET goaltracker.attribution_model = 'first';
SET goaltracker.contribution_window = 31;
SET goaltracker.hour_offset = 3;
SELECT account_id, conversation_date, agent FROM conversions_by_agent WHERE account_id LIKE 'snapshots%' ORDER BY account_id, conversation_date, agent;
SELECT refresh_snapshots();
EXECUTE taken;
REFRESH MATERIALIZED VIEW conversions_by_agent_snapshot;
REFRESH MATERIALIZED VIEW CONCURRENTLY conversions_by_skill_snapshot;
REFRESH MATERIALIZED VIEW CONCURRENTLY conversions_by_account_snapshot;
REFRESH MATERIALIZED VIEW agent_summary_snapshot;
EXECUTE taken;
REFRESH MATERIALIZED VIEW conversions_by_agent_snapshot WITH NO DATA;
SELECT * FROM conversions_by_agent_snapshot;
\echo :LAST_ERROR_SQLSTATE
REFRESH MATERIALIZED VIEW conversions_by_agent_snapshot;
SELECT account_id, conversation_date, agent, duration_bucket, goals_reached FROM conversions_by_agent_snapshot WHERE account_id LIKE 'snapshots%' ORDER BY account_id, conversation_date, agent;
-- The session's settings are in force again for its own reports.
SELECT account_id, conversation_date, agent FROM conversions_by_agent WHERE account_id LIKE 'snapshots%' ORDER BY account_id, conversation_date, agent;
RESET goaltracker.attribution_model;
RESET goaltracker.contribution_window;
RESET goaltracker.hour_offset;
-- Without what-if they read the same as the reports.
(SELECT account_id, conversation_date, agent_id, user_type, duration_bucket_no, currency, goals_reached, conversions, lead_value, transaction_value FROM conversions_by_agent_snapshot
EXCEPT ALL SELECT account_id, conversation_date, agent_id, user_type, duration_bucket_no, currency, goals_reached, conversions, lead_value, transaction_value FROM conversions_by_agent)
UNION ALL
(SELECT account_id, conversation_date, agent_id, user_type, duration_bucket_no, currency, goals_reached, conversions, lead_value, transaction_value FROM conversions_by_agent
EXCEPT ALL SELECT account_id, conversation_date, agent_id, user_type, duration_bucket_no, currency, goals_reached, conversions, lead_value, transaction_value FROM conversions_by_agent_snapshot);

-- They stay what they are until they are taken again.
UPDATE account SET attribution_model = 'first', contribution_window = 31 WHERE account_id LIKE 'snapshots%';
SELECT conversation_date, agent, goals_reached FROM conversions_by_agent_snapshot WHERE account_id = 'snapshots all' ORDER BY agent;
SELECT refresh_snapshots();
SELECT conversation_date, agent, goals_reached FROM conversions_by_agent_snapshot WHERE account_id = 'snapshots all' ORDER BY agent;
-- in a transaction as well
BEGIN;
DELETE FROM goal_event WHERE account_id LIKE 'snapshots%';
SELECT count(*) AS refreshed FROM refresh();
SELECT refresh_snapshots();
EXECUTE taken;
ROLLBACK;
SELECT count(*) FROM conversions_by_account_snapshot WHERE account_id LIKE 'snapshots%';

DELETE FROM account WHERE account_id LIKE 'snapshots%';
DELETE FROM conversation WHERE account_id LIKE 'snapshots%';
DELETE FROM agent_segment WHERE account_id LIKE 'snapshots%';
DELETE FROM goal_event WHERE account_id LIKE 'snapshots%';
SELECT count(*) AS refreshed FROM refresh();
SELECT refresh_snapshots();
