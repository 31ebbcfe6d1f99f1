--
-- The tables that users load: defaults, and what they refuse
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = goaltracker, public;
\set SHOW_CONTEXT never

-- What is not given has a default or is null.
\x on
INSERT INTO account (account_id) VALUES ('tables') RETURNING *;
INSERT INTO agent (account_id, agent_id) VALUES ('tables', 'Ann') RETURNING *;
INSERT INTO agent_group_membership (account_id, agent_id, group_id)
VALUES ('tables', 'Ann', 'Support') RETURNING *;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at)
VALUES ('tables', 'K1', 'consumer', '2026-06-01 10:00') RETURNING *;
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, assigned_at)
VALUES ('tables', 'K1', 1, 'consumer', '2026-06-01 10:01')
RETURNING segment_no, agent_id, skill_id, group_id, participation, dialog, ended_at,
	start_reason, end_reason, agent_messages, agent_responses, segment_key IS NOT NULL AS has_key;
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
VALUES ('tables', 'G1', 'consumer', 'Purchase Event', '2026-06-01 12:00')
RETURNING goal_id, lead_value, transaction_value, currency, brand_event_id, topic,
	service_activity_status, session_id, goal_event_key IS NOT NULL AS has_key;
\x off

-- What may be null; everything else may not.
SELECT c.relname AS "table", string_agg(a.attname, ', ' ORDER BY a.attnum) AS may_be_null
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attnotnull
WHERE c.oid IN ('account'::regclass, 'skill'::regclass, 'agent'::regclass,
	'agent_group'::regclass, 'agent_group_membership'::regclass, 'campaign'::regclass,
	'engagement'::regclass, 'goal'::regclass, 'conversation'::regclass,
	'agent_segment'::regclass, 'goal_event'::regclass)
GROUP BY c.relname
ORDER BY c.relname COLLATE "C";

-- Keys are unique within an account; another account may have the same ids.
INSERT INTO skill (account_id, skill_id, skill_name) VALUES
	('tables', 'sales', 'Sales'), ('tables 2', 'sales', 'Verkauf');
INSERT INTO skill (account_id, skill_id) VALUES ('tables', 'sales');

--
-- Accounts (S1, S3, S15, S16, S18)
--
UPDATE account SET attribution_model = 'first', contribution_window = 0 WHERE account_id = 'tables';
UPDATE account SET attribution_model = 'all', contribution_window = 31 WHERE account_id = 'tables';
UPDATE account SET attribution_model = 'lineal' WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE account SET attribution_model = 'Last' WHERE account_id = 'tables';
UPDATE account SET attribution_model = '' WHERE account_id = 'tables';
UPDATE account SET attribution_model = NULL WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE account SET contribution_window = 32 WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE account SET contribution_window = -1 WHERE account_id = 'tables';
UPDATE account SET contribution_window = 100000 WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE

-- Nobody at all may be credited, but no unknown type.
UPDATE account SET credited_user_types = '{}' WHERE account_id = 'tables';
UPDATE account SET credited_user_types = '{Bot,System}' WHERE account_id = 'tables';
UPDATE account SET credited_user_types = '{Human,Robot}' WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE account SET credited_user_types = '{human}' WHERE account_id = 'tables';
UPDATE account SET credited_user_types = '{Human,NULL}' WHERE account_id = 'tables';

UPDATE account SET default_currency = '' WHERE account_id = 'tables';
UPDATE account SET default_currency = repeat('X', 256) WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE

-- Zones are those of the time zone database, in whatever case.
UPDATE account SET time_zone = 'Europe/Berlin' WHERE account_id = 'tables';
UPDATE account SET time_zone = 'asia/kolkata' WHERE account_id = 'tables';
UPDATE account SET time_zone = 'Etc/GMT+3' WHERE account_id = 'tables';
UPDATE account SET time_zone = 'Europe/Atlantis' WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE account SET time_zone = '' WHERE account_id = 'tables';
UPDATE account SET time_zone = 'Europe' WHERE account_id = 'tables';
UPDATE account SET time_zone = '../UTC' WHERE account_id = 'tables';
UPDATE account SET time_zone = '+02:00' WHERE account_id = 'tables';
-- What PostgreSQL would take for a description of a zone is no name of one.
UPDATE account SET time_zone = 'Mars5' WHERE account_id = 'tables';
UPDATE account SET time_zone = 'Europe/Berlin1' WHERE account_id = 'tables';
UPDATE account SET time_zone = 'UTC+3' WHERE account_id = 'tables';
UPDATE account SET time_zone = '<+03>-3' WHERE account_id = 'tables';
\set VERBOSITY sqlstate
UPDATE account SET time_zone = repeat('UTC', 1000) WHERE account_id = 'tables';
\set VERBOSITY default

UPDATE account SET duration_bounds = '{1 day}' WHERE account_id = 'tables';
UPDATE account SET duration_bounds = '{}' WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE account SET duration_bounds = '{10 minutes,5 minutes}' WHERE account_id = 'tables';
UPDATE account SET duration_bounds = '{5 minutes,300 seconds}' WHERE account_id = 'tables';
UPDATE account SET duration_bounds = '{5 minutes,NULL}' WHERE account_id = 'tables';
UPDATE account SET duration_bounds = '{0,5 minutes}' WHERE account_id = 'tables';
UPDATE account SET duration_bounds = '{-5 minutes,5 minutes}' WHERE account_id = 'tables';
UPDATE account SET duration_bounds = '{{5 minutes},{10 minutes}}' WHERE account_id = 'tables';
UPDATE account SET duration_bounds = (SELECT array_agg(make_interval(mins => n)) FROM generate_series(1, 100) AS n)
WHERE account_id = 'tables';
\set VERBOSITY sqlstate
UPDATE account SET duration_bounds = (SELECT array_agg(make_interval(secs => n)) FROM generate_series(1, 101) AS n)
WHERE account_id = 'tables';
\set VERBOSITY default

UPDATE account SET max_touchpoints = 0 WHERE account_id = 'tables';
UPDATE account SET max_touchpoints = -1 WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE

-- Nothing of what was refused is left behind.
\x on
SELECT attribution_model, contribution_window, credited_user_types, default_currency, time_zone,
	cardinality(duration_bounds) AS duration_bounds, max_touchpoints
FROM account WHERE account_id = 'tables';
\x off

--
-- Ids have 1 to 255 bytes, whatever the number of their characters.
--
INSERT INTO skill (account_id, skill_id)
VALUES ('tables', 'x'), ('tables', repeat('x', 255)), ('tables', repeat('é', 127) || 'x');
INSERT INTO skill (account_id, skill_id) VALUES ('tables', '');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO skill (account_id, skill_id) VALUES ('', 'sales');
INSERT INTO skill (account_id, skill_id) VALUES ('tables', repeat('x', 256));
INSERT INTO skill (account_id, skill_id) VALUES ('tables', repeat('é', 128));
INSERT INTO account (account_id) VALUES ('');
INSERT INTO agent (account_id, agent_id) VALUES ('tables', '');
INSERT INTO agent_group (account_id, group_id) VALUES ('tables', '');
INSERT INTO agent_group (account_id, group_id, parent_group_id) VALUES ('tables', 'Support', '');
INSERT INTO agent_group_membership (account_id, agent_id, group_id) VALUES ('tables', '', 'Support');
INSERT INTO agent_group_membership (account_id, agent_id, group_id) VALUES ('tables', 'Bob', '');
INSERT INTO campaign (account_id, campaign_id) VALUES ('tables', '');
INSERT INTO engagement (account_id, engagement_id) VALUES ('tables', '');
INSERT INTO engagement (account_id, engagement_id, campaign_id) VALUES ('tables', 'E1', '');
INSERT INTO goal (account_id, goal_id, goal_type) VALUES ('tables', '', 'Other');
UPDATE conversation SET account_id = '' WHERE account_id = 'tables';
UPDATE conversation SET conversation_id = '' WHERE account_id = 'tables';
UPDATE conversation SET consumer_id = '' WHERE account_id = 'tables';
UPDATE conversation SET campaign_id = '' WHERE account_id = 'tables';
UPDATE conversation SET engagement_id = '' WHERE account_id = 'tables';
UPDATE agent_segment SET account_id = '' WHERE account_id = 'tables';
UPDATE agent_segment SET conversation_id = '' WHERE account_id = 'tables';
UPDATE agent_segment SET consumer_id = '' WHERE account_id = 'tables';
UPDATE agent_segment SET agent_id = '' WHERE account_id = 'tables';
UPDATE agent_segment SET skill_id = '' WHERE account_id = 'tables';
UPDATE agent_segment SET group_id = '' WHERE account_id = 'tables';
UPDATE goal_event SET account_id = '' WHERE account_id = 'tables';
UPDATE goal_event SET goal_event_id = '' WHERE account_id = 'tables';
UPDATE goal_event SET consumer_id = '' WHERE account_id = 'tables';
UPDATE goal_event SET goal_id = '' WHERE account_id = 'tables';
UPDATE goal_event SET brand_event_id = '' WHERE account_id = 'tables';
UPDATE goal_event SET session_id = '' WHERE account_id = 'tables';
\set VERBOSITY terse
UPDATE conversation SET consumer_id = repeat('x', 256) WHERE account_id = 'tables';
UPDATE agent_segment SET agent_id = repeat('x', 256) WHERE account_id = 'tables';
UPDATE goal_event SET brand_event_id = repeat('x', 256) WHERE account_id = 'tables';
\set VERBOSITY default
-- The keys are the server's.
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, goal_event_key)
VALUES ('tables', 'G2', 'consumer', 'Purchase Event', '2026-06-01 12:00', 1);
\echo :LAST_ERROR_SQLSTATE

--
-- Words that are not known
--
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('tables', 'Bob', 'Robot');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('tables', 'Bob', 'human');
INSERT INTO goal (account_id, goal_id, goal_type) VALUES ('tables', 'buy', 'Sale');
INSERT INTO goal (account_id, goal_id, goal_type) VALUES
	('tables', '1', 'Sell Product/Service'), ('tables', '2', 'Generate Leads'),
	('tables', '3', 'Service Activity Complete'), ('tables', '4', 'Interact with Visitors'),
	('tables', '5', 'Increase Page Views'), ('tables', '6', 'Other');
UPDATE agent_segment SET participation = 'invited' WHERE account_id = 'tables';
UPDATE agent_segment SET dialog = 'survey' WHERE account_id = 'tables';
UPDATE goal_event SET event_type = 'purchase' WHERE account_id = 'tables';

--
-- Times
--
UPDATE conversation SET closed_at = opened_at WHERE account_id = 'tables';
UPDATE conversation SET closed_at = opened_at - interval '1 microsecond' WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE conversation SET closed_at = 'infinity' WHERE account_id = 'tables';
UPDATE conversation SET closed_at = NULL, opened_at = '-infinity' WHERE account_id = 'tables';
UPDATE agent_segment SET ended_at = assigned_at WHERE account_id = 'tables';
UPDATE agent_segment SET ended_at = assigned_at - interval '1 microsecond' WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE agent_segment SET ended_at = 'infinity' WHERE account_id = 'tables';
UPDATE agent_segment SET ended_at = NULL, assigned_at = 'infinity' WHERE account_id = 'tables';
UPDATE goal_event SET reached_at = 'infinity' WHERE account_id = 'tables';
UPDATE goal_event SET reached_at = '-infinity' WHERE account_id = 'tables';
-- Times keep clear of the ends of the calendar, so that a zone, an
-- hour offset and a week can be added to them.
UPDATE goal_event SET reached_at = '4713-01-01 BC' WHERE account_id = 'tables';
UPDATE goal_event SET reached_at = '294275-12-31' WHERE account_id = 'tables';
UPDATE goal_event SET reached_at = '4714-12-31 23:59:59.999999 BC' WHERE account_id = 'tables';
UPDATE goal_event SET reached_at = '294275-12-31 00:00:00.000001' WHERE account_id = 'tables';
UPDATE conversation SET opened_at = '4714-12-31 23:59:59.999999 BC' WHERE account_id = 'tables';
UPDATE conversation SET closed_at = '294275-12-31 00:00:00.000001' WHERE account_id = 'tables';
UPDATE agent_segment SET assigned_at = '4714-12-31 23:59:59.999999 BC' WHERE account_id = 'tables';
UPDATE agent_segment SET ended_at = '294275-12-31 00:00:00.000001' WHERE account_id = 'tables';

--
-- Numbers
--
UPDATE agent_segment SET agent_messages = -1 WHERE account_id = 'tables';
UPDATE agent_segment SET agent_responses = -1 WHERE account_id = 'tables';
UPDATE goal_event SET lead_value = 9999999999999999.9999, transaction_value = -20 WHERE account_id = 'tables';
UPDATE goal_event SET lead_value = 'NaN' WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE goal_event SET transaction_value = 'NaN' WHERE account_id = 'tables';
UPDATE goal_event SET lead_value = 1e16 WHERE account_id = 'tables';
\echo :LAST_ERROR_SQLSTATE
UPDATE goal_event SET transaction_value = 9999999999999999.99995 WHERE account_id = 'tables';
UPDATE goal_event SET transaction_value = 'Infinity' WHERE account_id = 'tables';
UPDATE goal_event SET currency = '' WHERE account_id = 'tables';
UPDATE goal_event SET currency = repeat('X', 256) WHERE account_id = 'tables';

--
-- Group memberships: the periods of one agent do not overlap.
--
UPDATE agent_group_membership SET valid_during = '[2026-01-01,2026-06-01)' WHERE account_id = 'tables';
INSERT INTO agent_group_membership VALUES
	('tables', 'Ann', 'Sales', '[2026-06-01,)'),		-- follows at once
	('tables', 'Bob', 'Sales', '[2026-01-01,)'),		-- another agent
	('tables 2', 'Ann', 'Sales', '[2026-01-01,)');		-- another account
INSERT INTO agent_group_membership VALUES ('tables', 'Ann', 'Care', '[2026-05-31,2026-06-01)');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO agent_group_membership VALUES ('tables', 'Carl', 'Care', 'empty');
\echo :LAST_ERROR_SQLSTATE
-- From one id to another that holds it is no overlap.
INSERT INTO agent_group_membership VALUES ('tables', 'Anna', 'Care', '(,)'), ('tables', 'An', 'Care', '(,)');

--
-- COPY, with columns left out and with all of them
--
COPY conversation (account_id, conversation_id, consumer_id, opened_at) FROM stdin;
tables	K2	consumer	2026-06-02 10:00
tables	K3	consumer	2026-06-03 10:00
\.
COPY agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, group_id,
	participation, dialog, assigned_at, ended_at, start_reason, end_reason, agent_messages,
	agent_responses) FROM stdin (FORMAT csv);
tables,K2,1,consumer,Ann,sales,,assigned,main,2026-06-02 10:00,2026-06-02 10:10,New Conversation,Agent Transfer,4,2
tables,K2,2,consumer,Bob,,,joined,main,2026-06-02 10:05,,Takeover,,0,0
\.
SELECT conversation_id, segment_no, agent_id, skill_id, participation, ended_at, start_reason, end_reason, agent_messages
FROM agent_segment WHERE account_id = 'tables' ORDER BY conversation_id, segment_no;
-- One bad row refuses the whole COPY.
COPY conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) FROM stdin;
tables	K4	consumer	2026-06-04 10:00	\N
tables	K5	consumer	2026-06-05 10:00	2026-06-04 10:00
\.
\echo :LAST_ERROR_SQLSTATE
SELECT conversation_id, opened_at, closed_at FROM conversation WHERE account_id = 'tables' ORDER BY conversation_id;

--
-- INSERT ... ON CONFLICT on the keys
--
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('tables', 'K3', 'consumer', '2026-06-03 10:00', '2026-06-03 11:00'),
	('tables', 'K4', 'consumer', '2026-06-04 10:00', NULL)
ON CONFLICT (account_id, conversation_id) DO UPDATE SET closed_at = EXCLUDED.closed_at;
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
VALUES ('tables', 'G1', 'somebody else', 'Lead Event', '2026-06-01 12:00')
ON CONFLICT (account_id, goal_event_id) DO NOTHING;
SELECT conversation_id, opened_at, closed_at FROM conversation WHERE account_id = 'tables' ORDER BY conversation_id;
SELECT goal_event_id, consumer_id, event_type FROM goal_event WHERE account_id = 'tables';

-- Leave nothing behind.
DELETE FROM account WHERE account_id LIKE 'tables%';
DELETE FROM skill WHERE account_id LIKE 'tables%';
DELETE FROM agent WHERE account_id LIKE 'tables%';
DELETE FROM agent_group_membership WHERE account_id LIKE 'tables%';
DELETE FROM goal WHERE account_id LIKE 'tables%';
DELETE FROM conversation WHERE account_id LIKE 'tables%';
DELETE FROM agent_segment WHERE account_id LIKE 'tables%';
DELETE FROM goal_event WHERE account_id LIKE 'tables%';
