--
-- Who may do what
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = goaltracker, public;
\set SHOW_CONTEXT never
CREATE ROLE regress_goaltracker_reader;
CREATE ROLE regress_goaltracker_loader;
CREATE ROLE regress_goaltracker_clerk;

INSERT INTO account (account_id, account_name) VALUES ('privileges', 'A shop');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES ('privileges', 'K1', 'Mia', '2026-06-01 10:00', '2026-06-01 11:00');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, agent_messages) VALUES
	('privileges', 'K1', 1, 'Mia', 'Ann', '2026-06-01 10:00', 2), ('privileges', 'K1', 2, 'Mia', 'Bob', '2026-06-01 10:10', 3);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value) VALUES
	('privileges', 'G1', 'Mia', 'Purchase Event', '2026-06-01 12:00', 10),
	('privileges', 'G2', 'Noah', 'Purchase Event', '2026-06-01 12:00', 20);
SELECT count(*) AS refreshed FROM refresh();
SELECT refresh_snapshots();

--
-- Whoever may not, may not.
--
SET ROLE regress_goaltracker_reader;
SELECT * FROM conversions_by_skill;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM conversions_by_agent;
SELECT * FROM conversions_by_account;
SELECT * FROM agent_summary;
SELECT * FROM conversion_grid;
SELECT * FROM credit_facts;
SELECT * FROM unattributed_goal_events;
SELECT * FROM refresh_status;
SELECT * FROM conversions_by_agent_snapshot;

--
-- SELECT on a report is all that a role needs to read it: one after the other.
--
RESET ROLE;
GRANT SELECT ON conversions_by_skill TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT conversation_date, skill, duration_bucket, goals_reached, transaction_value FROM conversions_by_skill WHERE account_id = 'privileges';
SELECT count(*) FROM conversions_by_agent;
RESET ROLE;
REVOKE SELECT ON conversions_by_skill FROM regress_goaltracker_reader;
GRANT SELECT ON conversions_by_agent TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT conversation_date, agent, duration_bucket, goals_reached, transaction_value FROM conversions_by_agent WHERE account_id = 'privileges';
RESET ROLE;
REVOKE SELECT ON conversions_by_agent FROM regress_goaltracker_reader;
GRANT SELECT ON conversions_by_account TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT conversation_date, goals_reached, transaction_value FROM conversions_by_account WHERE account_id = 'privileges';
RESET ROLE;
REVOKE SELECT ON conversions_by_account FROM regress_goaltracker_reader;
GRANT SELECT ON agent_summary TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT conversation_date, agent, goals_reached, agent_messages, transaction_value FROM agent_summary WHERE account_id = 'privileges';
RESET ROLE;
REVOKE SELECT ON agent_summary FROM regress_goaltracker_reader;
GRANT SELECT ON conversion_grid TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT goal_event_id, conversation, agent, goals_reached FROM conversion_grid WHERE account_id = 'privileges';
RESET ROLE;
REVOKE SELECT ON conversion_grid FROM regress_goaltracker_reader;
GRANT SELECT ON credit_facts TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT agent_id, duration_bucket_no, goals_reached FROM credit_facts WHERE account_id = 'privileges';
RESET ROLE;
REVOKE SELECT ON credit_facts FROM regress_goaltracker_reader;
GRANT SELECT ON unattributed_goal_events TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT goal_event_id, consumer_id, reason FROM unattributed_goal_events WHERE account_id = 'privileges';
RESET ROLE;
REVOKE SELECT ON unattributed_goal_events FROM regress_goaltracker_reader;
GRANT SELECT ON refresh_status TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT account_id, pending_consumers FROM refresh_status WHERE account_id = 'privileges';
RESET ROLE;
REVOKE SELECT ON refresh_status FROM regress_goaltracker_reader;
GRANT SELECT ON conversions_by_skill_snapshot, conversions_by_agent_snapshot, conversions_by_account_snapshot, agent_summary_snapshot TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SELECT skill, goals_reached FROM conversions_by_skill_snapshot WHERE account_id = 'privileges';
SELECT agent, goals_reached FROM conversions_by_agent_snapshot WHERE account_id = 'privileges';
SELECT goals_reached FROM conversions_by_account_snapshot WHERE account_id = 'privileges';
SELECT agent, goals_reached FROM agent_summary_snapshot WHERE account_id = 'privileges';

-- What-if, and totals that count each goal event once, are part of reading.
RESET ROLE;
GRANT SELECT ON conversion_grid, conversions_by_agent TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
SET goaltracker.attribution_model = 'all';
SET goaltracker.hour_offset = 14;
SELECT conversation_date, agent, goals_reached FROM conversions_by_agent WHERE account_id = 'privileges' ORDER BY agent;
SELECT count_once(goal_event_key) AS goals_reached, sum_once(transaction_value, goal_event_key) AS transaction_value, sum_once(agent_messages, segment_key) AS agent_messages, sum_once(time_assigned, segment_key) AS time_assigned
FROM conversion_grid WHERE account_id = 'privileges';
RESET goaltracker.attribution_model;
RESET goaltracker.hour_offset;

-- Beneath a report nothing shows through: no table, nothing internal.
SELECT * FROM account;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM skill;
SELECT * FROM agent;
SELECT * FROM agent_group;
SELECT * FROM agent_group_membership;
SELECT * FROM campaign;
SELECT * FROM engagement;
SELECT * FROM goal;
SELECT * FROM conversation;
SELECT * FROM agent_segment;
SELECT * FROM goal_event;
SELECT * FROM consumer_alias;
SELECT * FROM import_problem;
SELECT * FROM touchpoint;
SELECT * FROM goal_outcome;
SELECT * FROM changed_consumer;
SELECT * FROM changed_scope;
SELECT * FROM refreshed_account;
INSERT INTO account (account_id) VALUES ('privileges 2');
UPDATE account SET attribution_model = 'first';
DELETE FROM goal_event;
TRUNCATE goal_event;
SELECT count(*) AS other_relations_to_read FROM pg_class WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'v', 'm', 'S')
	AND has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
	AND relname NOT IN ('conversion_grid', 'conversions_by_agent', 'conversions_by_skill_snapshot', 'conversions_by_agent_snapshot', 'conversions_by_account_snapshot', 'agent_summary_snapshot');
-- nor may the reader do anything but read.
SELECT refresh();
\echo :LAST_ERROR_SQLSTATE
SELECT rebuild();
SELECT refresh_snapshots();
CALL refresh_in_batches();
SELECT * FROM explain_goal_event('privileges', 'G1');
SELECT import_conversations('privileges', '[]'::jsonb);
SELECT import_web_sessions('privileges', '[]'::jsonb);
SELECT link_consumer('privileges', 'a', 'b');
SELECT * FROM touchpoints(NULL);
SELECT * FROM attribute(NULL, 'last', 1);
\set VERBOSITY sqlstate
REFRESH MATERIALIZED VIEW conversions_by_agent_snapshot;
\set VERBOSITY default
SELECT oid::regprocedure AS other_functions_to_call FROM pg_proc
WHERE pronamespace = 'goaltracker'::regnamespace AND has_function_privilege(oid, 'EXECUTE') AND NOT has_function_privilege('public', oid, 'EXECUTE');
CREATE TABLE goaltracker.mine ();
RESET ROLE;

--
-- A role that may insert facts and nothing else loads them, and what it loads is
-- noted.
--
GRANT INSERT ON conversation, agent_segment, goal_event TO regress_goaltracker_loader;
SET ROLE regress_goaltracker_loader;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('privileges', 'K2', 'Noah', '2026-06-01 11:30');
COPY agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at) FROM stdin (FORMAT csv);
privileges,K2,1,Noah,Carl,2026-06-01 11:40
\.
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
VALUES ('privileges', 'G3', 'Olga', 'Lead Event', '2026-06-01 12:00'), ('privileges 2', 'G1', 'Pia', 'Lead Event', '2026-06-01 12:00');
-- What is refused is refused with the same words.
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES ('privileges', 'K3', 'Noah', '2026-06-01 11:30', '2026-06-01 10:30');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES ('privileges', '', 'Olga', 'Lead Event', '2026-06-01 12:00');
-- It sees none of it.
SELECT count(*) FROM conversation;
SELECT count(*) FROM changed_consumer;
RESET ROLE;
SELECT account_id, pending_consumers FROM refresh_status WHERE account_id LIKE 'privileges%' ORDER BY account_id;
SELECT consumers FROM refresh();
SELECT goal_event_id, agent FROM conversion_grid WHERE account_id = 'privileges' ORDER BY goal_event_id;

-- Likewise the other tables, and a conversation that is given to another
-- consumer, whose segments the loader may not touch.
GRANT INSERT ON account, skill, agent, agent_group, agent_group_membership, campaign, engagement, goal TO regress_goaltracker_loader;
GRANT SELECT, UPDATE ON conversation TO regress_goaltracker_loader;
SET ROLE regress_goaltracker_loader;
INSERT INTO account (account_id, time_zone, duration_bounds) VALUES ('privileges 2', 'Asia/Tokyo', '{1 hour}');
INSERT INTO account (account_id, time_zone) VALUES ('privileges 3', 'Mars5');
INSERT INTO skill VALUES ('privileges', 'S', 'Sales');
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('privileges', 'Carl', 'Bot');
INSERT INTO agent_group VALUES ('privileges', 'T1', 'Team One');
INSERT INTO agent_group_membership VALUES ('privileges', 'Carl', 'T1');
INSERT INTO campaign VALUES ('privileges', 'C1');
INSERT INTO engagement VALUES ('privileges', 'E1');
INSERT INTO goal VALUES ('privileges', 'buy', 'Buy', 'Other');
UPDATE conversation SET consumer_id = 'Olga' WHERE account_id = 'privileges' AND conversation_id = 'K2';
UPDATE agent_segment SET consumer_id = 'Olga';
RESET ROLE;
SELECT consumers FROM refresh();
SELECT goal_event_id, consumer_id, agent, agent_group, user_type FROM conversion_grid WHERE account_id = 'privileges' ORDER BY goal_event_id;

--
-- A role that may call refresh() needs no right on a table.
--
GRANT EXECUTE ON FUNCTION refresh(), rebuild(), refresh_snapshots(), explain_goal_event(text, text) TO regress_goaltracker_clerk;
UPDATE goal_event SET lead_value = 1 WHERE account_id = 'privileges' AND goal_event_id = 'G1';
SET ROLE regress_goaltracker_clerk;
SELECT consumers FROM refresh();
SELECT consumers > 0 AS rebuilt FROM rebuild();
SELECT refresh_snapshots();
SELECT conversation_id, agent_id, rule FROM explain_goal_event('privileges', 'G3');
SELECT count(*) FROM conversions_by_agent;
RESET ROLE;
-- refresh_in_batches() ends transactions, so it cannot lend its owner's rights:
-- EXECUTE on it alone is not enough.
GRANT EXECUTE ON PROCEDURE refresh_in_batches(integer) TO regress_goaltracker_clerk;
SET ROLE regress_goaltracker_clerk;
CALL refresh_in_batches();
RESET ROLE;

-- Nobody may pass off something of his own for what a report calls.
GRANT CREATE ON SCHEMA public TO regress_goaltracker_reader;
SET ROLE regress_goaltracker_reader;
CREATE FUNCTION public._session_model() RETURNS text LANGUAGE sql AS $$ SELECT 'all' $$;
CREATE TEMP TABLE touchpoint (account_id text);
SET search_path = public, pg_temp, goaltracker;
SELECT agent, goals_reached FROM conversions_by_agent WHERE account_id = 'privileges' ORDER BY agent;
RESET ROLE;
SET search_path = goaltracker, public;
DROP TABLE pg_temp.touchpoint;
DROP FUNCTION public._session_model();
REVOKE CREATE ON SCHEMA public FROM regress_goaltracker_reader;

DELETE FROM account WHERE account_id LIKE 'privileges%';
DELETE FROM skill WHERE account_id LIKE 'privileges%';
DELETE FROM agent WHERE account_id LIKE 'privileges%';
DELETE FROM agent_group WHERE account_id LIKE 'privileges%';
DELETE FROM agent_group_membership WHERE account_id LIKE 'privileges%';
DELETE FROM campaign WHERE account_id LIKE 'privileges%';
DELETE FROM engagement WHERE account_id LIKE 'privileges%';
DELETE FROM goal WHERE account_id LIKE 'privileges%';
DELETE FROM conversation WHERE account_id LIKE 'privileges%';
DELETE FROM agent_segment WHERE account_id LIKE 'privileges%';
DELETE FROM goal_event WHERE account_id LIKE 'privileges%';
SELECT count(*) AS refreshed FROM refresh();
SELECT refresh_snapshots();
DROP OWNED BY regress_goaltracker_reader, regress_goaltracker_loader, regress_goaltracker_clerk;
DROP ROLE regress_goaltracker_reader, regress_goaltracker_loader, regress_goaltracker_clerk;
