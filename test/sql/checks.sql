--
-- What the numbers rest on, and whether they agree
--
SET timezone = 'UTC';
SET search_path = goaltracker, public;

PREPARE findings AS
SELECT finding, severity, count, example FROM check_data() WHERE account_id LIKE 'checks%' AND finding NOT LIKE '%last 24 hours%';
PREPARE differences AS
SELECT currency, report, measure, expected, found FROM check_totals() WHERE account_id LIKE 'checks%';

-- Nothing to find: everything that is named has a row, and nothing overlaps.
INSERT INTO account (account_id) VALUES ('checks');
INSERT INTO skill (account_id, skill_id) VALUES ('checks', 'S');
INSERT INTO agent (account_id, agent_id) VALUES ('checks', 'A'), ('checks', 'B');
INSERT INTO goal (account_id, goal_id, goal_type) VALUES ('checks', 'buy', 'Sell Product/Service');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('checks', 'K1', 'Mia', '2026-06-01 10:00', '2026-06-01 11:00');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at, ended_at) VALUES
	('checks', 'K1', 1, 'Mia', 'A', 'S', '2026-06-01 10:00', '2026-06-01 10:20'),
	('checks', 'K1', 2, 'Mia', 'B', 'S', '2026-06-01 10:20', '2026-06-01 10:40'),
	('checks', 'K1', 3, 'Mia', 'A', 'S', '2026-06-01 10:40', '2026-06-01 11:00');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, transaction_value, currency) VALUES
	('checks', 'G1', 'Mia', 'buy', 'Purchase Event', '2026-06-01 12:00', 100, NULL),
	('checks', 'G2', 'Mia', 'buy', 'Purchase Event', '2026-06-02 12:00', 50, 'EUR'),
	('checks', 'G3', 'Noah', 'buy', 'Purchase Event', '2026-06-02 12:00', 70, 'EUR');
SELECT count(*) AS refreshed FROM refresh();
EXECUTE findings;

-- Under any model the reports agree with their rows, and every goal event is
-- attributed or listed.
EXECUTE differences;
SET goaltracker.attribution_model = 'first';
EXECUTE differences;
SET goaltracker.attribution_model = 'all';
EXECUTE differences;
SET goaltracker.contribution_window = 0;
EXECUTE differences;
RESET goaltracker.attribution_model;
RESET goaltracker.contribution_window;

-- An account that has had no goal event for a day may have a broken feed.
SELECT finding, severity, count, example FROM check_data() WHERE account_id = 'checks';

-- Agent A twice at the same time counts his time twice (S13); a joined one has
-- none to count.
UPDATE agent_segment SET ended_at = '2026-06-01 10:50' WHERE account_id = 'checks' AND segment_no = 1;
EXECUTE findings;
UPDATE agent_segment SET participation = 'joined' WHERE account_id = 'checks' AND segment_no = 3;
EXECUTE findings;

-- Segments that go on after their conversation; the survey may.
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, dialog, assigned_at, ended_at) VALUES
	('checks', 'K1', 4, 'Mia', 'B', 'post_survey', '2026-06-01 11:00', '2026-06-01 11:05'),
	('checks', 'K1', 5, 'Mia', 'B', 'main', '2026-06-01 11:10', NULL);
EXECUTE findings;

-- What is named and has no row; a segment of no conversation; two accounts never
-- mix.
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at) VALUES
	('checks', 'K1', 6, 'Mia', 'Zoe', 'Z', '2026-06-01 10:30'),
	('checks', 'K9', 1, 'Mia', 'A', 'S', '2026-06-01 10:30'),
	('checks too', 'K1', 1, 'Mia', 'A', 'S', '2026-06-01 10:30');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, currency) VALUES
	('checks', 'G4', 'Olga', 'nowhere', 'Purchase Event', '2026-06-02 12:00', 'Taler'),
	('checks', 'G5', 'Olga', 'nowhere', 'Purchase Event', '2026-06-02 13:00', 'usd');
UPDATE account SET default_currency = 'US$' WHERE account_id = 'checks';
SELECT account_id, finding, severity, count, example FROM check_data()
WHERE account_id LIKE 'checks%' AND finding NOT LIKE '%last 24 hours%';

-- Goal events that no refresh has seen are a difference.
EXECUTE differences;
SELECT count(*) AS refreshed FROM refresh();
EXECUTE differences;

-- Duplicates (S10), touchpoints cut (S18), aliases put in by hand.
UPDATE goal_event SET brand_event_id = 'one order', consumer_id = 'Mia' WHERE account_id = 'checks' AND goal_event_id IN ('G2', 'G3');
UPDATE account SET max_touchpoints = 1 WHERE account_id = 'checks';
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at)
SELECT 'checks', 'K1', 10 + n, 'Mia', 'B', timestamptz '2026-06-01 10:20' + n * interval '1 second', timestamptz '2026-06-01 10:20' + (n + 1) * interval '1 second'
FROM generate_series(1, 5) AS n;
INSERT INTO consumer_alias (account_id, alias, consumer_id) VALUES ('checks', 'x', 'y'), ('checks', 'y', 'x'), ('checks', 'z', 'Mia');
SELECT count(*) AS refreshed FROM refresh();
SELECT finding, severity, count, example FROM check_data()
WHERE account_id = 'checks' AND finding ~ 'S10|S18|alias';
EXECUTE differences;

-- A report that lost rows is seen.
DELETE FROM touchpoint WHERE account_id = 'checks' AND goal_event_key = (
	SELECT goal_event_key FROM goal_outcome WHERE account_id = 'checks' AND goal_event_id = 'G1');
EXECUTE differences;
SELECT count(*) AS rebuilt FROM rebuild();
EXECUTE differences;

-- Neither is for everybody.
CREATE ROLE checks_reader;
SET ROLE checks_reader;
SELECT * FROM check_data();
SELECT * FROM check_totals();
RESET ROLE;
DROP ROLE checks_reader;

DELETE FROM account WHERE account_id LIKE 'checks%';
DELETE FROM skill WHERE account_id LIKE 'checks%';
DELETE FROM agent WHERE account_id LIKE 'checks%';
DELETE FROM goal WHERE account_id LIKE 'checks%';
DELETE FROM consumer_alias WHERE account_id LIKE 'checks%';
DELETE FROM conversation WHERE account_id LIKE 'checks%';
DELETE FROM agent_segment WHERE account_id LIKE 'checks%';
DELETE FROM goal_event WHERE account_id LIKE 'checks%';
SELECT count(*) AS refreshed FROM refresh();
