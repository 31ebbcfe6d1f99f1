--
-- What a load notes for the next refresh
--
-- Every statement here is rolled back, so that each starts from the same state:
-- an account that has been refreshed, and no notes.
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = goaltracker, public;
CREATE VIEW public.note AS
SELECT DISTINCT 'consumer' AS note, account_id, consumer_id AS id FROM changed_consumer
UNION
SELECT scope, account_id, id FROM changed_scope
ORDER BY 1, 2, 3;

-- As long as an account has never been refreshed, one note stands for all of it.
BEGIN;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at)
SELECT 'changes', 'K' || n, 'consumer ' || n, '2026-06-01 10:00' FROM generate_series(1, 1000) AS n;
SELECT note, account_id, id FROM public.note WHERE account_id = 'changes';
ROLLBACK;

INSERT INTO account (account_id) VALUES ('changes');
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('changes', 'Ann', 'Human'), ('changes', 'Bot', 'Bot');
INSERT INTO goal (account_id, goal_id, goal_type) VALUES ('changes', 'buy', 'Sell Product/Service');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES
	('changes', 'K1', 'Mia', '2026-06-01 10:00'),
	('changes', 'K2', 'Noah', '2026-06-02 10:00'),
	('changes', 'K3', 'Olga', '2026-06-03 10:00');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at) VALUES
	('changes', 'K1', 1, 'Mia', 'Bot', '2026-06-01 10:00'),
	('changes', 'K1', 2, 'Mia', 'Ann', '2026-06-01 10:05'),
	('changes', 'K2', 1, 'Noah', 'Ann', '2026-06-02 10:00');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at) VALUES
	('changes', 'G1', 'Mia', 'buy', 'Purchase Event', '2026-06-01 12:00'),
	('changes', 'G2', 'Noah', NULL, 'Lead Event', '2026-06-02 12:00');
SELECT count(*) AS refreshed FROM refresh();
TABLE public.note;

--
-- Facts: the consumers of the rows, before and after
--
BEGIN;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES
	('changes', 'K4', 'Pia', '2026-06-04 10:00'), ('changes', 'K5', 'Pia', '2026-06-04 11:00'), ('changes', 'K6', 'Quin', '2026-06-04 12:00');
TABLE public.note;
-- each consumer once a statement
SELECT count(*) FROM changed_consumer;
ROLLBACK;
TABLE public.note;

-- a new account beside the one that has been refreshed
BEGIN;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES
	('changes', 'K4', 'Pia', '2026-06-04 10:00'), ('changes 2', 'K4', 'Pia', '2026-06-04 10:00');
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE conversation SET closed_at = opened_at + interval '1 hour' WHERE account_id = 'changes' AND conversation_id IN ('K1', 'K2');
TABLE public.note;
ROLLBACK;

BEGIN;
DELETE FROM conversation WHERE account_id = 'changes' AND conversation_id = 'K3';
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE agent_segment SET agent_messages = 5 WHERE account_id = 'changes' AND conversation_id = 'K2';
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE agent_segment SET consumer_id = 'Olga' WHERE account_id = 'changes' AND conversation_id = 'K1';
TABLE public.note;
ROLLBACK;

BEGIN;
DELETE FROM agent_segment WHERE account_id = 'changes';
TABLE public.note;
ROLLBACK;

BEGIN;
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES
	('changes', 'G3', 'Olga', 'Lead Event', '2026-06-03 12:00');
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE goal_event SET consumer_id = 'Olga' WHERE account_id = 'changes' AND goal_event_id = 'G1';
TABLE public.note;
ROLLBACK;

-- to another account
BEGIN;
UPDATE goal_event SET account_id = 'changes 2' WHERE account_id = 'changes' AND goal_event_id = 'G1';
TABLE public.note;
ROLLBACK;

BEGIN;
DELETE FROM goal_event WHERE account_id = 'changes';
TABLE public.note;
ROLLBACK;

-- A statement that changes no row leaves no note.
BEGIN;
UPDATE goal_event SET lead_value = 1 WHERE account_id = 'changes' AND goal_event_id = 'G9';
DELETE FROM agent_segment WHERE account_id = 'changes' AND conversation_id = 'K9';
INSERT INTO conversation SELECT * FROM conversation WHERE false;
TABLE public.note;
ROLLBACK;

--
-- COPY, ON CONFLICT both ways, MERGE, a chain of WITH
--
BEGIN;
COPY goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) FROM stdin (FORMAT csv);
changes,G3,Olga,Lead Event,2026-06-03 12:00
changes,G4,Pia,Lead Event,2026-06-03 12:00
\.
TABLE public.note;
ROLLBACK;

BEGIN;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES
	('changes', 'K1', 'Mia', '2026-06-01 10:00'), ('changes', 'K4', 'Pia', '2026-06-04 10:00')
ON CONFLICT DO NOTHING;
TABLE public.note;
ROLLBACK;

BEGIN;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES
	('changes', 'K1', 'Mia', '2026-06-01 09:00'), ('changes', 'K4', 'Pia', '2026-06-04 10:00')
ON CONFLICT (account_id, conversation_id) DO UPDATE SET opened_at = EXCLUDED.opened_at;
TABLE public.note;
ROLLBACK;

BEGIN;
MERGE INTO conversation AS c
USING (VALUES ('K1', 'Mia', false), ('K3', 'Olga', true), ('K4', 'Pia', false)) AS n (conversation_id, consumer_id, is_gone)
ON c.account_id = 'changes' AND c.conversation_id = n.conversation_id
WHEN MATCHED AND n.is_gone THEN DELETE
WHEN MATCHED THEN UPDATE SET source = 'web'
WHEN NOT MATCHED THEN INSERT (account_id, conversation_id, consumer_id, opened_at) VALUES ('changes', n.conversation_id, n.consumer_id, '2026-06-04 10:00');
TABLE public.note;
ROLLBACK;

BEGIN;
WITH gone AS (
	DELETE FROM goal_event WHERE account_id = 'changes' AND goal_event_id = 'G1' RETURNING account_id, reached_at
)
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
SELECT account_id, 'G1 again', 'Olga', 'Lead Event', reached_at FROM gone;
TABLE public.note;
ROLLBACK;

--
-- A conversation given to another consumer takes along its segments that were
-- the first one's.
--
BEGIN;
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at) VALUES
	('changes', 'K1', 3, 'somebody else', 'Ann', '2026-06-01 10:10');
DELETE FROM changed_consumer;
UPDATE conversation SET consumer_id = 'Rob' WHERE account_id = 'changes' AND conversation_id = 'K1';
SELECT conversation_id, segment_no, consumer_id FROM agent_segment WHERE account_id = 'changes' ORDER BY conversation_id, segment_no;
TABLE public.note;
ROLLBACK;
-- likewise with ON CONFLICT, and two conversations that change places
BEGIN;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('changes', 'K1', 'Rob', '2026-06-01 10:00')
ON CONFLICT (account_id, conversation_id) DO UPDATE SET consumer_id = EXCLUDED.consumer_id;
SELECT DISTINCT consumer_id FROM agent_segment WHERE account_id = 'changes' AND conversation_id = 'K1';
ROLLBACK;
BEGIN;
UPDATE conversation SET consumer_id = CASE consumer_id WHEN 'Mia' THEN 'Noah' ELSE 'Mia' END
WHERE account_id = 'changes' AND conversation_id IN ('K1', 'K2');
SELECT conversation_id, segment_no, consumer_id FROM agent_segment WHERE account_id = 'changes' ORDER BY conversation_id, segment_no;
ROLLBACK;
-- A conversation of another name takes nothing along: its segments earn nothing.
BEGIN;
UPDATE conversation SET conversation_id = 'K1 again' WHERE account_id = 'changes' AND conversation_id = 'K1';
SELECT conversation_id, segment_no, consumer_id FROM agent_segment WHERE account_id = 'changes' ORDER BY conversation_id, segment_no;
TABLE public.note;
ROLLBACK;

--
-- Accounts: what attribution depends on, and nothing else
--
BEGIN;
INSERT INTO account (account_id, account_name, attribution_model, contribution_window, default_currency) VALUES
	('changes 2', 'No refresh needed', 'all', 7, 'EUR');
UPDATE account SET account_name = 'Another name', attribution_model = 'first', contribution_window = 3,
	default_currency = 'CHF', duration_bounds = '{1 minute}', time_zone = 'UTC'
WHERE account_id LIKE 'changes%';
DELETE FROM account WHERE account_id = 'changes';
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE account SET credited_user_types = '{Human}' WHERE account_id = 'changes';
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE account SET time_zone = 'Europe/Berlin' WHERE account_id = 'changes';
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE account SET max_touchpoints = 100 WHERE account_id = 'changes';
TABLE public.note;
-- Gone, it has the defaults again.
DELETE FROM changed_scope;
DELETE FROM account WHERE account_id = 'changes';
TABLE public.note;
ROLLBACK;

BEGIN;
INSERT INTO account (account_id, max_touchpoints) VALUES ('changes 2', 100);
TABLE public.note;
ROLLBACK;

-- One account takes the place of another.
BEGIN;
UPDATE account SET account_id = 'changes 2' WHERE account_id = 'changes';
TABLE public.note;
ROLLBACK;

--
-- Agents: user type and survey mark
--
BEGIN;
UPDATE agent SET agent_name = 'Ann Smith', login_name = 'ann' WHERE account_id = 'changes' AND agent_id = 'Ann';
INSERT INTO agent (account_id, agent_id) VALUES ('changes', 'a human like one without a row');
DELETE FROM agent WHERE account_id = 'changes' AND agent_id = 'Ann';
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE agent SET user_type = 'System' WHERE account_id = 'changes' AND agent_id = 'Ann';
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE agent SET is_post_survey_bot = true WHERE account_id = 'changes' AND agent_id = 'Bot';
TABLE public.note;
ROLLBACK;

BEGIN;
INSERT INTO agent (account_id, agent_id, user_type) VALUES ('changes', 'another bot', 'Bot');
TABLE public.note;
ROLLBACK;

BEGIN;
DELETE FROM agent WHERE account_id = 'changes' AND agent_id = 'Bot';
TABLE public.note;
ROLLBACK;

BEGIN;
UPDATE agent SET agent_id = 'Bot 2' WHERE account_id = 'changes' AND agent_id = 'Bot';
TABLE public.note;
ROLLBACK;

--
-- Goals: their type
--
BEGIN;
UPDATE goal SET goal_name = 'Buy something' WHERE account_id = 'changes';
TABLE public.note;
UPDATE goal SET goal_type = 'Other' WHERE account_id = 'changes';
TABLE public.note;
ROLLBACK;

BEGIN;
INSERT INTO goal (account_id, goal_id, goal_type) VALUES ('changes', 'ask', 'Generate Leads');
DELETE FROM goal WHERE account_id = 'changes' AND goal_id = 'buy';
TABLE public.note;
ROLLBACK;

--
-- Names of things, groups and memberships: nothing
--
BEGIN;
INSERT INTO skill VALUES ('changes', 'Sales', 'Sales');
INSERT INTO agent_group VALUES ('changes', 'Support', 'Support');
INSERT INTO agent_group_membership VALUES ('changes', 'Ann', 'Support');
INSERT INTO campaign VALUES ('changes', 'Summer', 'Summer');
INSERT INTO engagement VALUES ('changes', 'Button', 'Button', 'Summer');
TABLE public.note;
ROLLBACK;

--
-- Aliases: what is loaded under them
--
BEGIN;
INSERT INTO consumer_alias (account_id, alias, consumer_id) VALUES ('changes', 'visitor 1', 'Mia');
TABLE public.note;
ROLLBACK;

--
-- TRUNCATE tells no rows.
--
BEGIN;
TRUNCATE agent;
TABLE public.note;
ROLLBACK;
BEGIN;
TRUNCATE conversation, agent_segment, goal_event, account, goal;
TABLE public.note;
ROLLBACK;
TABLE public.note;

-- A refresh takes the notes away that it saw.
UPDATE agent SET user_type = 'System' WHERE account_id = 'changes' AND agent_id = 'Ann';
UPDATE goal_event SET lead_value = 1 WHERE account_id = 'changes';
TABLE public.note;
SELECT consumers FROM refresh();
TABLE public.note;

DELETE FROM account WHERE account_id = 'changes';
DELETE FROM agent WHERE account_id = 'changes';
DELETE FROM goal WHERE account_id = 'changes';
DELETE FROM conversation WHERE account_id = 'changes';
DELETE FROM agent_segment WHERE account_id = 'changes';
DELETE FROM goal_event WHERE account_id = 'changes';
SELECT count(*) AS refreshed FROM refresh();
DROP VIEW public.note;
