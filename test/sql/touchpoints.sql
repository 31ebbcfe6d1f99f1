--
-- touchpoints() and attribute(): who gets the credit (S2 to S10, S18)
--
-- Each story is one consumer.  A touchpoint is credited by a model while
-- min_window <= window < below.
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA touchpoints_test;
SET search_path = touchpoints_test, goaltracker, public;
\set SHOW_CONTEXT never

CREATE TABLE talk (story text, conversation_id text, opened_at timestamptz, closed_at timestamptz);
CREATE TABLE stretch (story text, conversation_id text, segment_no integer, agent_id text, assigned_at timestamptz,
	skill_id text, participation text, dialog text, segment_key bigint GENERATED ALWAYS AS IDENTITY);
CREATE TABLE reached (story text, goal_event_id text, reached_at timestamptz, event_type text DEFAULT 'Purchase Event',
	goal_id text, brand_event_id text, session_id text, topic text, status text,
	goal_event_key bigint GENERATED ALWAYS AS IDENTITY);
CREATE VIEW story AS
SELECT story, journey(entry, key, starts_at, ends_at, conversation_id, segment_no, agent_id, skill_id, participation,
	dialog, NULL, NULL, goal_event_id, goal_id, event_type, NULL, NULL, NULL, brand_event_id, topic, status, session_id)
FROM (
	SELECT story, 'conversation' AS entry, NULL::bigint AS key, opened_at AS starts_at, closed_at AS ends_at, conversation_id,
		NULL::integer AS segment_no, NULL AS agent_id, NULL AS skill_id, NULL AS participation, NULL AS dialog,
		NULL AS goal_event_id, NULL AS goal_id, NULL AS event_type, NULL AS brand_event_id, NULL AS topic, NULL AS status, NULL AS session_id
	FROM talk
	UNION ALL
	SELECT story, 'segment', segment_key, assigned_at, NULL, conversation_id, segment_no, agent_id, skill_id, participation, dialog,
		NULL, NULL, NULL, NULL, NULL, NULL, NULL
	FROM stretch
	UNION ALL
	SELECT story, 'goal event', goal_event_key, reached_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		goal_event_id, goal_id, event_type, brand_event_id, topic, status, session_id
	FROM reached) AS e
GROUP BY story;

--
-- S2: in reach is a conversation that had started by T and was going on at some
-- moment of [T - W * 24 hours, T], both ends included.
--
INSERT INTO talk VALUES ('S2', 'K', '2026-03-20 10:00', '2026-03-20 11:00');
INSERT INTO stretch VALUES ('S2', 'K', 1, 'Ann', '2026-03-20 10:00');
INSERT INTO reached (story, goal_event_id, reached_at) VALUES
	('S2', '01 a microsecond before it starts', '2026-03-20 09:59:59.999999'),
	('S2', '02 when it starts', '2026-03-20 10:00'),
	('S2', '03 while it is open', '2026-03-20 10:30'),
	('S2', '04 when it ends', '2026-03-20 11:00'),
	('S2', '05 a microsecond later', '2026-03-20 11:00:00.000001'),
	('S2', '06 24 hours later', '2026-03-21 11:00'),
	('S2', '07 24 hours and a microsecond later', '2026-03-21 11:00:00.000001'),
	('S2', '08 a microsecond less than 3 days later', '2026-03-23 10:59:59.999999'),
	('S2', '09 3 days later', '2026-03-23 11:00'),
	('S2', '10 3 days and a microsecond later', '2026-03-23 11:00:00.000001'),
	('S2', '11 31 days later', '2026-04-20 11:00'),
	('S2', '12 31 days and a microsecond later', '2026-04-20 11:00:00.000001');
SELECT g.goal_event_id, t.agent_id, t.min_window AS smallest_window
FROM reached AS g
LEFT JOIN (SELECT t.* FROM story, touchpoints(journey) AS t WHERE story = 'S2') AS t USING (goal_event_key)
WHERE g.story = 'S2' ORDER BY g.goal_event_id;
-- A day has 24 hours, whatever a zone says: here one of these days has 23.
SET timezone = 'Europe/Berlin';
SELECT t.goal_event_id, t.reached_at, t.min_window
FROM story, touchpoints(journey, 31, '{"time_zone": "Europe/Berlin"}') AS t
WHERE story = 'S2' AND t.goal_event_id LIKE '11%';
SET timezone = 'UTC';
-- A conversation that is still open is in reach under every window.
INSERT INTO talk VALUES ('S2 open', 'K', '2020-01-01 10:00', NULL);
INSERT INTO stretch VALUES ('S2 open', 'K', 1, 'Ann', '2020-01-01 10:00');
INSERT INTO reached (story, goal_event_id, reached_at) VALUES
	('S2 open', 'when it starts', '2020-01-01 10:00'), ('S2 open', 'years later', '2026-06-01 10:00');
SELECT t.goal_event_id, t.agent_id, t.min_window FROM story, touchpoints(journey) AS t WHERE story = 'S2 open';

--
-- S3: an agent segment, with an agent, of a conversation in reach, assigned by
-- then, by an agent whose user type is credited
--
INSERT INTO talk VALUES ('S3', 'K', '2026-06-01 10:00', '2026-06-01 12:00'), ('S3', 'later', '2026-06-01 11:00:00.000001', NULL);
INSERT INTO stretch (story, conversation_id, segment_no, agent_id, assigned_at) VALUES
	('S3', 'K', 1, 'Bot', '2026-06-01 10:00'),
	('S3', 'K', 2, NULL, '2026-06-01 10:10'),
	('S3', 'K', 3, 'System', '2026-06-01 10:20'),
	('S3', 'K', 4, 'nobody knows', '2026-06-01 10:30'),
	('S3', 'K', 5, 'in time', '2026-06-01 11:00'),
	('S3', 'K', 6, 'too late', '2026-06-01 11:00:00.000001'),
	('S3', 'elsewhere', 1, 'of no conversation', '2026-06-01 10:00'),
	('S3', 'later', 1, 'before its conversation', '2026-06-01 10:00');
INSERT INTO reached (story, goal_event_id, reached_at) VALUES ('S3', 'G', '2026-06-01 11:00');
\set agents '"agents": {"Bot": "Bot", "System": "System", "of another account": "Bot"}'
\set everybody '{' :agents '}'
\set bots '{"credited_user_types": ["Bot"], ' :agents '}'
\set others '{"credited_user_types": ["Human", "System"], ' :agents '}'
\set nobody '{"credited_user_types": [], ' :agents '}'
-- An agent that the rules do not know is Human.
SELECT t.segment_no, t.agent_id, t.user_type FROM story, touchpoints(journey, 31, :'everybody') AS t WHERE story = 'S3';
SELECT t.segment_no, t.agent_id, t.user_type FROM story, touchpoints(journey, 31, :'bots') AS t WHERE story = 'S3';
SELECT t.segment_no, t.agent_id, t.user_type FROM story, touchpoints(journey, 31, :'others') AS t WHERE story = 'S3';
-- Where nobody is, the goal event is unassigned (S8).
SELECT t.conversation_id, t.segment_no, t.agent_id, t.user_type FROM story, touchpoints(journey, 31, :'nobody') AS t WHERE story = 'S3';

--
-- S4: order is assigned_at, then conversation_id by byte, then segment_no; not
-- the order of arrival, not that of a language.
--
INSERT INTO talk
SELECT 'S4', conversation_id, '2026-06-01 10:00', '2026-06-01 12:00'
FROM (VALUES ('é'), ('b'), ('a'), ('B'), ('10'), ('9')) AS k (conversation_id);
INSERT INTO stretch (story, conversation_id, segment_no, agent_id, assigned_at)
SELECT 'S4', conversation_id, segment_no, conversation_id || '/' || segment_no, '2026-06-01 10:30'
FROM talk, (VALUES (10), (9), (-1)) AS n (segment_no) WHERE story = 'S4';
UPDATE stretch SET assigned_at = '2026-06-01 10:30:00.000001' WHERE story = 'S4' AND conversation_id = '9' AND segment_no = 9;
INSERT INTO reached (story, goal_event_id, reached_at) VALUES ('S4', 'G', '2026-06-01 11:00');
SELECT row_number() OVER () AS no, t.assigned_at, t.conversation_id, t.segment_no, t.first_below, t.last_below, t.brand_below
FROM story, touchpoints(journey) AS t WHERE story = 'S4';

--
-- S5, S6: First credits the first that was assigned, Last the last that was
-- assigned and is not the survey.
--
INSERT INTO talk VALUES
	('S5', 'K1', '2026-06-01 10:00', '2026-06-01 11:00'), ('S5', 'K2', '2026-06-03 10:00', '2026-06-03 11:00');
INSERT INTO stretch (story, conversation_id, segment_no, agent_id, assigned_at, participation, dialog) VALUES
	('S5', 'K1', 1, 'joined first', '2026-06-01 10:00', 'joined', 'main'),
	('S5', 'K1', 2, 'first', '2026-06-01 10:01', 'assigned', 'main'),
	('S5', 'K1', 3, 'second', '2026-06-01 10:02', 'assigned', 'main'),
	('S5', 'K2', 1, 'Ann', '2026-06-03 10:00', 'assigned', 'main'),
	('S5', 'K2', 2, 'last', '2026-06-03 10:20', 'assigned', 'main'),
	('S5', 'K2', 3, 'joined last', '2026-06-03 10:30', 'joined', 'main'),
	('S5', 'K2', 4, 'in the survey', '2026-06-03 10:59', 'assigned', 'post_survey'),
	('S5', 'K2', 5, 'survey bot', '2026-06-03 11:00', 'assigned', 'main');
INSERT INTO reached (story, goal_event_id, reached_at) VALUES ('S5', 'G', '2026-06-04 10:00');
\set survey '{"agents": {"survey bot": "Bot", "last": "Bot"}, "post_survey_bots": ["survey bot"]}'
SELECT t.conversation_id, t.segment_no, t.agent_id, t.user_type, t.min_window, t.first_below, t.last_below
FROM story, touchpoints(journey, 31, :'survey') AS t WHERE story = 'S5';
-- Under a window of one day the first one is of another conversation.
SELECT w AS window_days, f.agent_id AS first, l.agent_id AS last
FROM story, (VALUES (0), (1), (2), (3), (4), (31)) AS v (w)
LEFT JOIN LATERAL (SELECT a.* FROM story, attribute(journey, 'first', w, :'survey') AS a WHERE story = 'S5') AS f ON true
LEFT JOIN LATERAL (SELECT a.* FROM story, attribute(journey, 'last', w, :'survey') AS a WHERE story = 'S5') AS l ON true
WHERE story = 'S5' ORDER BY w;
-- Not marked as the survey's, a bot that comes last does get the credit.
SELECT a.agent_id FROM story, attribute(journey, 'last', 31) AS a WHERE story = 'S5';

--
-- S7: All credits every touchpoint; each agent, each skill and the brand once,
-- where it was last.  Those without a skill are one skill.
--
INSERT INTO talk VALUES
	('S7', 'K1', '2026-06-01 10:00', '2026-06-01 11:00'), ('S7', 'K2', '2026-06-03 10:00', '2026-06-03 11:00');
INSERT INTO stretch (story, conversation_id, segment_no, agent_id, assigned_at, skill_id, participation, dialog) VALUES
	('S7', 'K1', 1, 'Ann', '2026-06-01 10:00', 'Sales', 'assigned', 'main'),
	('S7', 'K1', 2, 'Bob', '2026-06-01 10:10', 'Sales', 'assigned', 'main'),
	('S7', 'K1', 3, 'Ann', '2026-06-01 10:20', 'Care', 'assigned', 'main'),
	('S7', 'K1', 4, 'Carl', '2026-06-01 10:30', NULL, 'joined', 'main'),
	('S7', 'K2', 1, 'Ann', '2026-06-03 10:00', 'Sales', 'assigned', 'main'),
	('S7', 'K2', 2, 'survey bot', '2026-06-03 11:00', NULL, 'assigned', 'post_survey');
INSERT INTO reached (story, goal_event_id, reached_at) VALUES ('S7', 'G', '2026-06-04 10:00');
SELECT a.conversation_id, a.segment_no, a.agent_id, a.skill_id, a.agent_credit, a.skill_credit, a.brand_credit
FROM story, attribute(journey, 'all', 31) AS a WHERE story = 'S7';
SELECT t.conversation_id, t.segment_no, t.agent_id, t.skill_id, t.min_window, t.agent_below, t.skill_below, t.brand_below
FROM story, touchpoints(journey) AS t WHERE story = 'S7';
-- First and Last credit one touchpoint, which carries everything.
SELECT a.agent_id, a.agent_credit, a.skill_credit, a.brand_credit FROM story, attribute(journey, 'first', 31) AS a WHERE story = 'S7';

--
-- S8: a conversation is in reach, but the model finds nobody.
--
INSERT INTO talk VALUES
	('S8', 'K1', '2026-06-01 10:00', '2026-06-01 11:00'),
	('S8', 'K2', '2026-06-03 10:00', '2026-06-03 11:00'),	-- the survey bot alone
	('S8', 'K3', '2026-06-03 12:00', '2026-06-03 13:00'),	-- nobody
	('S8', 'K4', '2026-06-03 12:00', '2026-06-03 12:30');	-- nobody; as late, and later by its id
INSERT INTO stretch (story, conversation_id, segment_no, agent_id, assigned_at, dialog) VALUES
	('S8', 'K1', 1, 'Ann', '2026-06-01 10:00', 'main'),
	('S8', 'K2', 1, 'survey bot', '2026-06-03 11:00', 'post_survey');
INSERT INTO reached (story, goal_event_id, reached_at) VALUES ('S8', 'G', '2026-06-04 10:00'), ('S8', 'G2', '2026-06-04 12:45');
-- G: a window of 0 reaches nothing, 1 reaches K2 to K4, 3 reaches Ann.
-- G2: a window of 1 reaches K3 alone, 2 the others.
SELECT goal_event_id, model, w AS window_days, a.conversation_id, a.agent_id, a.user_type, a.agent_credit, a.skill_credit, a.brand_credit
FROM (VALUES ('first', 1), ('last', 2), ('all', 3)) AS m (model, no), (VALUES (0), (1), (2), (3), (4)) AS v (w), story, attribute(journey, model, w) AS a
WHERE story = 'S8' ORDER BY goal_event_id, no, w, a.assigned_at;

--
-- S9: with no conversation in reach there is nothing.
--
INSERT INTO reached (story, goal_event_id, reached_at) VALUES ('S9', 'G', '2026-06-04 10:00');
SELECT count(*) FROM story, touchpoints(journey) AS t WHERE story = 'S9';

--
-- S10: duplicates.  In each of these stories the first event counts; the others
-- as they say.
--
INSERT INTO reached (story, goal_event_id, reached_at, event_type, goal_id, brand_event_id, session_id, topic, status) VALUES
	('S10 order', '1 counts', '2026-06-01 12:00', 'Purchase Event', NULL, 'order 1', NULL, NULL, NULL),
	('S10 order', '2 repeats', '2026-06-01 12:01', 'Purchase Event', NULL, 'order 1', NULL, NULL, NULL),
	('S10 order', '3 repeats', '2026-06-08 12:00', 'Purchase Event', NULL, 'order 1', NULL, NULL, NULL),
	('S10 order', '4 counts: another order', '2026-06-01 12:02', 'Purchase Event', NULL, 'order 2', NULL, NULL, NULL),
	('S10 order', '5 counts: another event type', '2026-06-01 12:03', 'Lead Event', NULL, 'order 1', NULL, NULL, NULL),
	('S10 order', '6 counts: no brand event', '2026-06-01 12:04', 'Purchase Event', NULL, NULL, NULL, NULL, NULL),
	('S10 order', '7 counts: no brand event', '2026-06-01 12:04', 'Purchase Event', NULL, NULL, NULL, NULL, NULL),
	('S10 order', '8 repeats: topic and status are none of a sale', '2026-06-01 12:05', 'Purchase Event', NULL, 'order 1', NULL, 'shoes', 'done'),
	-- at one instant the id decides
	('S10 tie', 'A counts', '2026-06-01 12:00', 'Goal Achieved', 'g', 'order 1', NULL, NULL, NULL),
	('S10 tie', 'a repeats', '2026-06-01 12:00', 'Goal Achieved', 'h', 'order 1', NULL, NULL, NULL),
	-- sessions matter where both events carry one
	('S10 session', '1 counts', '2026-06-01 12:00', 'Purchase Event', NULL, 'order 1', 'one', NULL, NULL),
	('S10 session', '2 repeats', '2026-06-01 12:01', 'Purchase Event', NULL, 'order 1', 'one', NULL, NULL),
	('S10 session', '3 counts: another session', '2026-06-01 12:02', 'Purchase Event', NULL, 'order 1', 'two', NULL, NULL),
	('S10 session', '4 repeats: no session', '2026-06-01 12:03', 'Purchase Event', NULL, 'order 1', NULL, NULL, NULL),
	('S10 session', '5 repeats 4, which has no session', '2026-06-01 12:04', 'Purchase Event', NULL, 'order 1', 'three', NULL, NULL),
	-- service activities are told apart by topic and status, absent ones too
	('S10 service', '1 counts', '2026-06-01 12:00', 'Goal Achieved', 'service', 'case 1', NULL, 'refund', 'done'),
	('S10 service', '2 repeats', '2026-06-01 12:01', 'Goal Achieved', 'service', 'case 1', NULL, 'refund', 'done'),
	('S10 service', '3 counts: another status', '2026-06-01 12:02', 'Goal Achieved', 'service', 'case 1', NULL, 'refund', 'open'),
	('S10 service', '4 counts: another topic', '2026-06-01 12:03', 'Goal Achieved', 'service', 'case 1', NULL, 'advice', 'done'),
	('S10 service', '5 counts: no topic', '2026-06-01 12:04', 'Goal Achieved', 'service', 'case 1', NULL, NULL, 'done'),
	('S10 service', '6 repeats 5', '2026-06-01 12:05', 'Goal Achieved', 'service', 'case 1', NULL, NULL, 'done'),
	('S10 service', '7 counts: no service activity', '2026-06-01 12:06', 'Goal Achieved', 'g', 'case 1', NULL, 'refund', 'done'),
	('S10 service', '8 repeats 7: another goal', '2026-06-01 12:07', 'Goal Achieved', NULL, 'case 1', NULL, NULL, NULL),
	-- the first may be out of reach of any conversation, and yet is the one
	('S10 self-serve', '1 self-serve', '2026-05-31 12:00', 'Purchase Event', NULL, 'order 1', NULL, NULL, NULL),
	('S10 self-serve', '2 repeats', '2026-06-01 12:00', 'Purchase Event', NULL, 'order 1', NULL, NULL, NULL);
INSERT INTO talk SELECT DISTINCT story, 'K', timestamptz '2026-06-01 10:00', NULL::timestamptz FROM reached WHERE story LIKE 'S10%';
INSERT INTO stretch (story, conversation_id, segment_no, agent_id, assigned_at)
SELECT story, conversation_id, 1, 'Ann', opened_at FROM talk WHERE story LIKE 'S10%';
SELECT story, g.goal_event_id, t.agent_id IS NOT NULL AS counts
FROM reached AS g
LEFT JOIN (
	SELECT t.* FROM story, touchpoints(journey, 31, '{"goals": {"service": "Service Activity Complete", "g": "Other"}}') AS t
	WHERE story LIKE 'S10%') AS t USING (goal_event_key)
WHERE story LIKE 'S10%' ORDER BY story, g.goal_event_id COLLATE "C";

--
-- S18: of the touchpoints that no window credits the latest stay.
--
INSERT INTO talk VALUES ('S18', 'K', '2026-06-01 10:00', '2026-06-01 12:00');
INSERT INTO stretch (story, conversation_id, segment_no, agent_id, assigned_at, skill_id)
SELECT 'S18', 'K', n, CASE WHEN n % 2 = 0 THEN 'Ann' ELSE 'Bob' END, '2026-06-01 10:00'::timestamptz + n * interval '1 minute', 'Sales'
FROM generate_series(1, 10) AS n;
INSERT INTO reached (story, goal_event_id, reached_at) VALUES ('S18', 'G', '2026-06-01 11:00');
SELECT n AS max_touchpoints, array_agg(t.segment_no ORDER BY t.segment_no) AS kept
FROM (VALUES (0), (1), (3), (4), (6), (9), (10), (11)) AS v (n), story, touchpoints(journey, 31, jsonb_build_object('max_touchpoints', n)) AS t
WHERE story = 'S18' GROUP BY n ORDER BY n;
SELECT o.touchpoints_cut FROM story, _goal_outcome_rows('account', story, journey, '{"max_touchpoints": 4}') AS o WHERE story = 'S18';
-- The credits are the same, cut or not.
SELECT a.segment_no, a.agent_credit, a.skill_credit, a.brand_credit
FROM story, attribute(journey, 'all', 31, '{"max_touchpoints": 0}') AS a WHERE story = 'S18';

--
-- Lookback and windows
--
-- What is behind the lookback is not there; a credit that nothing takes away
-- ends there too.  Without a lookback it is that of the accounts, 31 days.
SELECT lookback, count(*), min(t.min_window), max(t.first_below)
FROM (VALUES (0), (1), (3), (31), (32), (3650), (NULL)) AS v (lookback), story, touchpoints(journey, lookback) AS t
WHERE story = 'S2' GROUP BY lookback ORDER BY lookback;
SELECT t.* FROM story, touchpoints(journey, -1) AS t WHERE story = 'S2';
\echo :LAST_ERROR_SQLSTATE
SELECT t.* FROM story, touchpoints(journey, 3651) AS t WHERE story = 'S2';
SELECT t.* FROM touchpoints(NULL, 3651) AS t;
-- attribute() looks back as far as its window.
SELECT w AS window_days, count(*) FROM (VALUES (0), (31), (32), (3650)) AS v (w), story, attribute(journey, 'last', w) AS a
WHERE story = 'S2' GROUP BY w ORDER BY w;
SELECT a.* FROM story, attribute(journey, 'last', 3651) AS a WHERE story = 'S2';
SELECT a.* FROM story, attribute(journey, 'last', -1) AS a WHERE story = 'S2';
\echo :LAST_ERROR_SQLSTATE
SELECT a.* FROM story, attribute(journey, 'last', NULL) AS a WHERE story = 'S2';
\echo :LAST_ERROR_SQLSTATE
SELECT a.* FROM story, attribute(journey, 'lineal', 7) AS a WHERE story = 'S2';
\echo :LAST_ERROR_SQLSTATE
SELECT a.* FROM story, attribute(journey, NULL, 7) AS a WHERE story = 'S2';

--
-- Rules that cannot be read
--
PREPARE under AS SELECT t.agent_id, t.user_type FROM story, touchpoints(journey, 31, $1::jsonb) AS t WHERE story = 'S2 open' LIMIT 1;
EXECUTE under(NULL);
EXECUTE under('{}');
EXECUTE under('{"agents": {"Ann": "System"}, "agents": {"Ann": "Bot"}}');
EXECUTE under('[]');
\echo :LAST_ERROR_SQLSTATE
EXECUTE under('null');
EXECUTE under('31');
EXECUTE under('{"user_types": ["Human"]}');
\echo :LAST_ERROR_SQLSTATE
EXECUTE under('{"credited_user_types": "Human"}');
EXECUTE under('{"credited_user_types": ["Robot"]}');
EXECUTE under('{"credited_user_types": [["Human"]]}');
EXECUTE under('{"credited_user_types": {"Human": true}}');
EXECUTE under('{"agents": ["Ann"]}');
EXECUTE under('{"agents": {"Ann": "robot"}}');
EXECUTE under('{"agents": {"Ann": {"user_type": "Bot"}}}');
EXECUTE under('{"agents": {"Ann": null}}');
EXECUTE under('{"post_survey_bots": "Ann"}');
EXECUTE under('{"post_survey_bots": [1]}');
EXECUTE under('{"goals": {"g": "Sale"}}');
EXECUTE under('{"goals": "g"}');
EXECUTE under('{"max_touchpoints": -1}');
EXECUTE under('{"max_touchpoints": "200"}');
EXECUTE under('{"max_touchpoints": 99999999999}');
EXECUTE under('{"max_touchpoints": null}');
EXECUTE under('{"time_zone": 1}');

--
-- Wherever a set may stand
--
-- in the target list, beside another set, and given up early
SELECT story, (touchpoints(journey)).agent_id FROM story WHERE story IN ('S5', 'S7', 'S9') ORDER BY story;
SELECT story, (touchpoints(journey)).agent_id, generate_series(1, 2) AS n FROM story WHERE story IN ('S2 open', 'S3') ORDER BY story;
SELECT (touchpoints(journey)).segment_no FROM story WHERE story = 'S18' LIMIT 2;
SELECT story, EXISTS (SELECT FROM touchpoints(journey)) AS any FROM story WHERE story IN ('S7', 'S9') ORDER BY story;
-- in FROM, with rows numbered, of values that change
SELECT story, (SELECT max(n) FROM touchpoints(journey) WITH ORDINALITY AS t (goal, id, at, k, sk, no, agent, skill, assigned, ut, mw, fb, lb, ab, sb, bb, fh, lh, n)) AS touchpoints
FROM story ORDER BY story COLLATE "C";
-- again and again, with other journeys, rules and lookbacks in between
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT s.story, r.name, count(t.goal_event_key) AS touchpoints, count(DISTINCT t.user_type) AS user_types
FROM (VALUES ('S3'), ('S5'), ('S7')) AS s (story)
CROSS JOIN (VALUES ('humans', '{"credited_user_types": ["Human"], "agents": {"Bot": "Bot", "last": "Bot"}}'::jsonb, 31),
	('bots', '{"credited_user_types": ["Bot"], "agents": {"Bot": "Bot", "last": "Bot"}}', 31),
	('default', NULL, 31), ('a day', NULL, 1)) AS r (name, rules, lookback)
LEFT JOIN LATERAL (SELECT t.* FROM story, touchpoints(journey, lookback, rules) AS t WHERE story.story = s.story) AS t ON true
GROUP BY s.story, r.name ORDER BY s.story, r.name;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
-- in a function that is called again
CREATE FUNCTION agents_of(wanted text) RETURNS text[] LANGUAGE sql STABLE AS $$
	SELECT array_agg(t.agent_id ORDER BY t.agent_id COLLATE "C") FROM touchpoints_test.story, goaltracker.touchpoints(journey) AS t WHERE story = wanted
$$;
SELECT story, agents_of(story) FROM (VALUES ('S7'), ('S9'), ('S2 open'), ('S7')) AS s (story);
-- where no set may stand
SELECT story FROM story WHERE touchpoints(journey) IS NOT NULL;
\echo :LAST_ERROR_SQLSTATE

\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA touchpoints_test CASCADE;
