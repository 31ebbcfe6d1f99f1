--
-- explain_goal_event(): each segment of the consumer, the verdict, the rule
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = goaltracker, public;
\set SHOW_CONTEXT never

INSERT INTO account (account_id, contribution_window, credited_user_types, max_touchpoints) VALUES ('explain', 7, '{Human,Bot}', 8);
INSERT INTO agent (account_id, agent_id, user_type, is_post_survey_bot) VALUES
	('explain', 'Bot', 'Bot', false), ('explain', 'System', 'System', false), ('explain', 'Survey', 'Bot', true);
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('explain', 'K1 too long ago', 'Mia', '2026-05-20 10:00', '2026-05-20 11:00'),
	('explain', 'K2 in reach', 'Mia', '2026-06-01 10:00', '2026-06-01 11:00'),
	('explain', 'K3 in reach', 'Mia', '2026-06-03 10:00', '2026-06-03 11:00'),
	('explain', 'K4 later', 'Mia', '2026-06-05 10:00', NULL),
	('explain', 'K5 of Noah', 'Noah', '2026-06-03 10:00', NULL);
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, participation, dialog, assigned_at) VALUES
	('explain', 'K1 too long ago', 1, 'Mia', 'Ann', NULL, 'assigned', 'main', '2026-05-20 10:00'),
	('explain', 'K2 in reach', 1, 'Mia', 'Ann', 'Sales', 'joined', 'main', '2026-06-01 10:00'),
	('explain', 'K2 in reach', 2, 'Mia', 'Bot', NULL, 'assigned', 'main', '2026-06-01 10:01'),
	('explain', 'K2 in reach', 3, 'Mia', 'Ann', 'Sales', 'assigned', 'main', '2026-06-01 10:02'),
	('explain', 'K2 in reach', 4, 'Mia', 'Ann', 'Sales', 'assigned', 'main', '2026-06-01 10:03'),
	('explain', 'K2 in reach', 5, 'Mia', 'Ann', 'Sales', 'assigned', 'main', '2026-06-01 10:04'),
	('explain', 'K2 in reach', 6, 'Mia', NULL, 'Sales', 'assigned', 'main', '2026-06-01 10:05'),
	('explain', 'K2 in reach', 7, 'Mia', 'System', NULL, 'assigned', 'main', '2026-06-01 10:06'),
	('explain', 'K3 in reach', 1, 'Mia', 'Ann', 'Sales', 'assigned', 'main', '2026-06-03 10:00'),
	('explain', 'K3 in reach', 2, 'Mia', 'Bob', 'Care', 'assigned', 'main', '2026-06-03 10:10'),
	('explain', 'K3 in reach', 3, 'Mia', 'Carl', 'Care', 'joined', 'main', '2026-06-03 10:20'),
	('explain', 'K3 in reach', 4, 'Mia', 'Dora', 'Care', 'assigned', 'post_survey', '2026-06-03 11:00'),
	('explain', 'K3 in reach', 5, 'Mia', 'Survey', NULL, 'assigned', 'main', '2026-06-03 11:01'),
	('explain', 'K3 in reach', 6, 'Mia', 'Emil', NULL, 'assigned', 'main', '2026-06-04 12:00:00.000001'),
	('explain', 'K4 later', 1, 'Mia', 'Ann', NULL, 'assigned', 'main', '2026-06-05 10:00'),
	('explain', 'K5 of Noah', 1, 'Mia', 'Ann', NULL, 'assigned', 'main', '2026-06-03 10:00');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, brand_event_id) VALUES
	('explain', 'G1', 'Mia', 'Purchase Event', '2026-06-04 12:00', 'order 1'),
	('explain', 'G2', 'Mia', 'Purchase Event', '2026-06-04 13:00', 'order 1'),
	('explain', 'G3', 'Mia', 'Purchase Event', '2026-07-20 12:00', NULL),
	('explain', 'G4', 'Noah', 'Purchase Event', '2026-06-04 12:00', NULL),
	('explain', 'G5', 'Olga', 'Purchase Event', '2026-06-04 12:00', NULL);

-- It goes by the facts and settings of now, so it needs no refresh.
SELECT * FROM explain_goal_event('explain', 'G1');
SET goaltracker.attribution_model = 'first';
SELECT conversation_id, segment_no, agent_id, is_credited, rule, verdict FROM explain_goal_event('explain', 'G1');
-- Seven touchpoints carry some credit under some window (that of K1 from 16 days
-- on); beside these one is kept, the latest, and three are cut (S18).
SET goaltracker.attribution_model = 'all';
SELECT conversation_id, segment_no, agent_id, is_credited, rule, verdict FROM explain_goal_event('explain', 'G1');
-- With a window of two days K2 is out of reach.
SET goaltracker.contribution_window = 2;
SELECT conversation_id, segment_no, agent_id, is_credited, rule, verdict FROM explain_goal_event('explain', 'G1');
RESET goaltracker.attribution_model;
RESET goaltracker.contribution_window;
-- a duplicate (S10)
SELECT DISTINCT rule, verdict, is_credited FROM explain_goal_event('explain', 'G2');
-- self-serve (S9): K4 is still open, so G3 is Ann's; closed, it is too long ago.
SELECT conversation_id, segment_no, agent_id, is_credited, rule, verdict FROM explain_goal_event('explain', 'G3') WHERE is_credited;
UPDATE conversation SET closed_at = '2026-06-05 11:00' WHERE account_id = 'explain' AND conversation_id = 'K4 later';
SELECT conversation_id, segment_no, agent_id, is_credited, rule, verdict FROM explain_goal_event('explain', 'G3');
-- unassigned (S8): of Noah's conversation there is only a segment of Mia's.
SELECT * FROM explain_goal_event('explain', 'G4');
-- a consumer with nothing else
SELECT * FROM explain_goal_event('explain', 'G5');

-- What it says is what a refresh writes.
SELECT count(*) AS refreshed FROM refresh();
SELECT g.goal_event_id, e.conversation_id, e.segment_no, e.rule
FROM goal_event AS g, explain_goal_event(g.account_id, g.goal_event_id) AS e
WHERE g.account_id = 'explain' AND e.is_credited ORDER BY g.goal_event_id;
SELECT goal_event_id, conversation, segment_no FROM conversion_grid WHERE account_id = 'explain' ORDER BY goal_event_id;

-- no such goal event
SELECT * FROM explain_goal_event('explain', 'G9');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM explain_goal_event('nobody', 'G1');

DELETE FROM account WHERE account_id = 'explain';
DELETE FROM agent WHERE account_id = 'explain';
DELETE FROM conversation WHERE account_id = 'explain';
DELETE FROM agent_segment WHERE account_id = 'explain';
DELETE FROM goal_event WHERE account_id = 'explain';
SELECT count(*) AS refreshed FROM refresh();
