-- Extremes in tables: times at and beyond the ends, money at the limit of its
-- type, very many agents, long names, ids of any script
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET goaltracker.attribution_model = 'all';
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- ---------------------------------------------------------------------------
-- Times: infinite ones are refused, the first and the last that are allowed are
-- attributed, dated and shown like any other
-- ---------------------------------------------------------------------------
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('x', 'k', 'c', '-infinity');
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('x', 'k', 'c', 'infinity');
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES ('x', 'k', 'c', '2026-06-01', 'infinity');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, assigned_at) VALUES ('x', 'k', 1, 'c', '-infinity');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, assigned_at, ended_at) VALUES ('x', 'k', 1, 'c', '2026-06-01', 'infinity');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES ('x', 'g', 'c', 'Lead Event', 'infinity');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES ('x', 'g', 'c', 'Lead Event', '-infinity');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES ('x', 'g', 'c', 'Lead Event', '4714-12-31 BC');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES ('x', 'g', 'c', 'Lead Event', '294276-01-01');

-- one that opened in 4713 BC and is still open when the goal is reached in 294275;
-- and one that closed at once, far beyond any window
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('time', 'ancient and open', 'c1', '4713-01-01 BC', NULL),
	('time', 'ancient and closed', 'c2', '4713-01-01 BC', '4713-01-01 BC'),
	('time', 'last', 'c3', '294275-12-31', '294275-12-31');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at) VALUES
	('time', 'ancient and open', 2147483647, 'c1', 'a', '4713-01-01 BC', '200000-12-31'),
	('time', 'ancient and closed', -2147483648, 'c2', 'a', '4713-01-01 BC', '4713-01-01 BC'),
	('time', 'last', 1, 'c3', 'a', '294275-12-31', NULL);
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value) VALUES
	('time', 'g1', 'c1', 'Purchase Event', '294275-12-31', 1),
	('time', 'g2', 'c2', 'Purchase Event', '294275-12-31', 1),
	('time', 'g3', 'c3', 'Purchase Event', '294275-12-31', 1),
	('time', 'g4', 'c1', 'Purchase Event', '4713-01-01 BC', 1);
INSERT INTO goaltracker.account (account_id, time_zone, contribution_window) VALUES ('time', 'Pacific/Kiritimati', 31);
SELECT FROM goaltracker.refresh();
SELECT goal_event_id, conversation, conversation_date, week, segment_no, agent_id, time_assigned, conversions
FROM goaltracker.conversion_grid WHERE account_id = 'time' ORDER BY goal_event_id;
SELECT goal_event_id, reason FROM goaltracker.unattributed_goal_events WHERE account_id = 'time';

-- the largest hour offsets, on top of the farthest time zones
SET goaltracker.hour_offset = 14;
SELECT DISTINCT conversation_date FROM goaltracker.conversion_grid WHERE account_id = 'time' ORDER BY 1;
UPDATE goaltracker.account SET time_zone = 'Pacific/Niue' WHERE account_id = 'time';
SELECT FROM goaltracker.refresh();
SET goaltracker.hour_offset = -12;
SELECT DISTINCT conversation_date FROM goaltracker.conversion_grid WHERE account_id = 'time' ORDER BY 1;
RESET goaltracker.hour_offset;

-- what only functions can be given
SELECT goaltracker._weekday(day), goaltracker._weekday_name(day) FROM unnest('{infinity,-infinity}'::date[]) AS day;
SELECT goaltracker._local_time('4714-11-24 00:00 BC', -1);
SELECT goaltracker._local_time('294276-12-31 23:59:59.999999', 2147483647);
SELECT goaltracker._duration_bucket(ARRAY[ROW('x', 'last', 31, 'USD', ARRAY[interval '178000000 years'], '7 days', '{40,20,40}')::goaltracker._account_settings], 'x', 0);

-- ---------------------------------------------------------------------------
-- Money: sums are exact; one beyond its type is an error that says so
-- ---------------------------------------------------------------------------
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value) VALUES ('x', 'g', 'c', 'Purchase Event', '2026-06-01', 10000000000000000);
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value) VALUES ('x', 'g', 'c', 'Purchase Event', '2026-06-01', 9999999999999999.99995);
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value) VALUES ('x', 'g', 'c', 'Purchase Event', '2026-06-01', 'NaN');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value) VALUES ('x', 'g', 'c', 'Purchase Event', '2026-06-01', 'infinity');
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('money', 'k', 'c', '2026-06-01');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at, agent_messages, agent_responses)
SELECT 'money', 'k', no, 'c', 'a' || no % 2, 's', timestamptz '2026-06-01' + no * interval '1 minute', 2147483647, 2147483647
FROM generate_series(1, 4) AS no;
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, lead_value, transaction_value)
SELECT 'money', 'g' || n, 'c', 'Purchase Event', '2026-06-02', -9999999999999999.9999, 9999999999999999.9999 FROM generate_series(1, 2000) AS n;
SELECT FROM goaltracker.refresh();
-- a total that numeric(20,4) cannot hold is an error, not another number
\set VERBOSITY default
SELECT agent_id, conversions, lead_value, transaction_value FROM goaltracker.conversions_by_agent WHERE account_id = 'money' ORDER BY agent_id;
\set VERBOSITY terse
-- whoever needs it adds up the grid
SELECT agent_id, goaltracker.sum_once(transaction_value, goal_event_key), goaltracker.sum_once(lead_value, goal_event_key)
FROM goaltracker.conversion_grid WHERE account_id = 'money' AND agent_id = 'a1' GROUP BY agent_id;
SELECT DISTINCT agent_messages, agent_responses FROM goaltracker.agent_summary WHERE account_id = 'money';
SELECT goaltracker.sum_once(v, k) FROM (VALUES ('9e131071'::numeric, 1), ('9e131071', 2)) AS rows (v, k);
SELECT goaltracker.sum_once(v, k) FROM (VALUES (interval '2562047788 hours', 1), ('2562047788 hours', 2)) AS rows (v, k);
SELECT goaltracker.sum_once(v, k) FROM (VALUES (interval '2147483647 days', 1), ('1 day', 2)) AS rows (v, k);

-- ---------------------------------------------------------------------------
-- 10,000 agents in one conversation: those that carry credit all stay (S18)
-- ---------------------------------------------------------------------------
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('crowd', 'k', 'c', '2026-06-01');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
SELECT 'crowd', 'k', no, 'c', 'a' || no, 's' || no % 100, timestamptz '2026-06-01' + no * interval '1 second' FROM generate_series(1, 10000) AS no;
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
SELECT 'crowd', 'g' || n, 'c', 'Purchase Event', timestamptz '2026-06-02' + n * interval '1 hour', 1 FROM generate_series(1, 3) AS n;
SELECT FROM goaltracker.refresh();
SELECT count(*), count(DISTINCT agent_id) AS agents, sum(conversions) AS conversions FROM goaltracker.conversions_by_agent WHERE account_id = 'crowd';
SELECT count(*) AS skills, sum(conversions) AS conversions FROM goaltracker.conversions_by_skill WHERE account_id = 'crowd';
SELECT conversions, transaction_value FROM goaltracker.conversions_by_account WHERE account_id = 'crowd';

-- ---------------------------------------------------------------------------
-- Ids and names: 1 to 255 bytes of any script; names of any length
-- ---------------------------------------------------------------------------
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('', 'k', 'c', '2026-06-01');
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('x', repeat('k', 256), 'c', '2026-06-01');
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('x', 'k', repeat('é', 128), '2026-06-01');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at) VALUES ('x', 'k', 1, 'c', '', '2026-06-01');
INSERT INTO goaltracker.agent (account_id, agent_id) VALUES ('x', repeat('a', 1000000));
SELECT goaltracker.link_consumer('x', '', 'c');
SELECT goaltracker.link_consumer('x', 'v', repeat('c', 256));

INSERT INTO goaltracker.account (account_id, account_name) VALUES ('店舗', '日本語の店');
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('店舗', repeat('k', 255), repeat('é', 127), '2026-06-01');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, group_id, assigned_at) VALUES
	('店舗', repeat('k', 255), 1, repeat('é', 127), 'Ağ😀', 'مهارة', 'g''"\', '2026-06-01');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES ('店舗', E'\u200bنقطة', repeat('é', 127), 'Lead Event', '2026-06-02');
INSERT INTO goaltracker.agent (account_id, agent_id, agent_name) VALUES ('店舗', 'Ağ😀', repeat('Łukasz 😀 ', 1111) || 'x');
INSERT INTO goaltracker.skill (account_id, skill_id, skill_name) VALUES ('店舗', 'مهارة', repeat('s', 10000));
SELECT FROM goaltracker.refresh();
SELECT account_id, goal_event_id = E'\u200bنقطة' AS same, agent_id, length(agent) AS name, skill_id, length(skill) AS skill, conversions FROM goaltracker.conversion_grid WHERE account_id = '店舗';
SELECT count(*) FROM goaltracker.explain_goal_event('店舗', E'\u200bنقطة');

-- ---------------------------------------------------------------------------
-- What functions refuse that no table gives them
-- ---------------------------------------------------------------------------
SELECT goaltracker._split_records('[}', 'records');
SELECT goaltracker._split_records('{"records": [1, ]]', 'records');
SELECT goaltracker._touchpoint_rows(NULL, '01000000000000000000000000', NULL);
SELECT goaltracker._goal_outcome_rows('x', NULL, '01000000000000000000000000', NULL);

-- a record nested too deep for the server leaves the others alone
SELECT * FROM goaltracker.import_conversations('deep',
	format('[{"info": {"conversationId": "k", "startTimeL": 1}, "consumerParticipants": [{"participantId": "c"}]}, %s]',
		repeat('[', 100000) || repeat(']', 100000)));
SELECT reason LIKE 'the record cannot be read: stack depth limit exceeded%' AS "reason is said" FROM goaltracker.import_problem WHERE account_id = 'deep';

-- Nothing is left of all this: totals beyond their type would fail other reports.
DELETE FROM goaltracker.account WHERE account_id IN ('time', '店舗');
DELETE FROM goaltracker.skill WHERE account_id = '店舗';
DELETE FROM goaltracker.agent WHERE account_id = '店舗';
DELETE FROM goaltracker.conversation WHERE account_id IN ('time', 'money', 'crowd', '店舗', 'deep');
DELETE FROM goaltracker.agent_segment WHERE account_id IN ('time', 'money', 'crowd', '店舗');
DELETE FROM goaltracker.goal_event WHERE account_id IN ('time', 'money', 'crowd', '店舗');
DELETE FROM goaltracker.import_problem WHERE account_id = 'deep';
DELETE FROM goaltracker._imported_conversation WHERE account_id = 'deep';
SELECT FROM goaltracker.refresh();
DELETE FROM goaltracker.refreshed_account WHERE account_id IN ('time', 'money', 'crowd', '店舗', 'deep');
SELECT (SELECT count(*) FROM goaltracker.touchpoint WHERE account_id IN ('time', 'money', 'crowd', '店舗', 'deep')) AS touchpoints,
	(SELECT count(*) FROM goaltracker.goal_outcome WHERE account_id IN ('time', 'money', 'crowd', '店舗', 'deep')) AS outcomes;
