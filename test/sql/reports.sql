--
-- The report views
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = goaltracker, public;

--
-- A small shop.  Bob and skill Care have no rows, so their ids stand for them.
--
INSERT INTO account (account_id) VALUES ('reports');
INSERT INTO skill VALUES ('reports', 'S', 'Sales');
INSERT INTO agent (account_id, agent_id, agent_name, user_type, is_post_survey_bot) VALUES
	('reports', 'A', 'Ann', 'Human', false), ('reports', 'W', 'Welcome bot', 'Bot', false), ('reports', 'P', 'Survey bot', 'System', true);
INSERT INTO goal VALUES
	('reports', 'buy', 'Buy', 'Sell Product/Service'), ('reports', 'ask', 'Ask for an offer', 'Generate Leads'),
	('reports', 'look', 'Look around', 'Increase Page Views');

-- Mia talks on Monday, June 1st and on Tuesday, June 2nd, and reaches four goals.
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('reports', 'K1', 'Mia', '2026-06-01 10:00', '2026-06-01 11:00'),
	('reports', 'K2', 'Mia', '2026-06-02 10:00', '2026-06-02 11:00');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, participation, dialog,
	assigned_at, ended_at, agent_messages, agent_responses) VALUES
	('reports', 'K1', 1, 'Mia', 'W', NULL, 'assigned', 'main', '2026-06-01 10:00', '2026-06-01 10:05', 2, 2),
	('reports', 'K1', 2, 'Mia', 'A', 'S', 'assigned', 'main', '2026-06-01 10:05', '2026-06-01 10:30', 6, 3),
	('reports', 'K1', 3, 'Mia', 'Bob', 'Care', 'joined', 'main', '2026-06-01 10:20', '2026-06-01 10:40', 1, 1),
	('reports', 'K1', 4, 'Mia', 'P', NULL, 'assigned', 'post_survey', '2026-06-01 11:00', '2026-06-01 11:02', 3, 3),
	('reports', 'K2', 1, 'Mia', 'A', 'S', 'assigned', 'main', '2026-06-02 10:00', '2026-06-02 10:40', 8, 4),
	('reports', 'K2', 2, 'Mia', 'Bob', 'Care', 'assigned', 'main', '2026-06-02 10:40', NULL, 5, 5);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value, transaction_value, currency) VALUES
	('reports', 'G1 offer', 'Mia', 'ask', 'Lead Event', '2026-06-01 10:15', 20, NULL, 'USD'),
	('reports', 'G2 order', 'Mia', 'buy', 'Purchase Event', '2026-06-03 09:00', NULL, 100, NULL),
	('reports', 'G3 order', 'Mia', 'buy', 'Purchase Event', '2026-06-03 09:30', NULL, 50, 'EUR'),
	('reports', 'G4 pages', 'Mia', 'look', 'Goal Achieved', '2026-06-03 09:45', NULL, NULL, 'EUR');
-- Noah's conversation of Sunday is open, and nobody has taken it.
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('reports', 'K3', 'Noah', '2026-06-07 23:30');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value) VALUES
	('reports', 'G5 order', 'Noah', 'Purchase Event', '2026-06-08 00:10', 30);
-- Olga helps herself, and does the same again.
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value, brand_event_id) VALUES
	('reports', 'G6 order', 'Olga', 'Purchase Event', '2026-06-09 10:00', 70, 'order 6'),
	('reports', 'G7 order', 'Olga', 'Purchase Event', '2026-06-09 10:01', 70, 'order 6');
SELECT count(*) AS refreshed FROM refresh();

PREPARE by_skill AS
SELECT conversation_date, weekday, weekday_name, skill_id, skill, duration_bucket_no AS no, duration_bucket, currency, goals_reached, conversions, lead_value, transaction_value
FROM conversions_by_skill WHERE account_id = 'reports' ORDER BY conversation_date, skill, no, currency;
PREPARE by_agent AS
SELECT conversation_date, week, agent_id, agent, user_type, duration_bucket, currency, goals_reached, conversions, lead_value, transaction_value
FROM conversions_by_agent WHERE account_id = 'reports' ORDER BY conversation_date, agent, currency;
PREPARE by_account AS
SELECT conversation_date, week, weekday, weekday_name, currency, goals_reached, conversions, lead_value, transaction_value
FROM conversions_by_account WHERE account_id = 'reports' ORDER BY conversation_date, currency;
PREPARE summary AS
SELECT conversation_date, week, agent, user_type, goals_reached AS goals, conversions, agent_messages, agent_responses, time_assigned, currency, lead_value, transaction_value, other_currency_conversions AS others
FROM agent_summary WHERE account_id = 'reports' ORDER BY conversation_date, agent;
PREPARE grid AS
SELECT goal_event_id, conversation, segment_no, agent, skill, goals_reached, conversions, skill_credit, account_credit, transaction_value, agent_messages, time_assigned
FROM conversion_grid WHERE account_id = 'reports' ORDER BY goal_event_id, agent_assignment_time, segment_no;

--
-- First: the bot earned everything, on Monday; a goal is reported under the
-- date of the conversation (S5, S15).
--
SET goaltracker.attribution_model = 'first';
EXECUTE grid;
EXECUTE by_skill;
EXECUTE by_agent;
EXECUTE by_account;
EXECUTE summary;

--
-- Last: Ann on Monday (G1), Bob on Tuesday (S6).
--
SET goaltracker.attribution_model = 'last';
EXECUTE grid;
EXECUTE by_skill;
EXECUTE by_agent;
EXECUTE by_account;
EXECUTE summary;

--
-- All: each agent and each skill once per goal event, the brand once (S7, S11).
-- Bob's work of Monday stays there although the conversions are Tuesday's (S13).
--
SET goaltracker.attribution_model = 'all';
EXECUTE grid;
EXECUTE by_skill;
EXECUTE by_agent;
EXECUTE by_account;
EXECUTE summary;

-- In no report (S9, S10)
SELECT goal_event_id, consumer_id, reached_at, reason FROM unattributed_goal_events WHERE account_id = 'reports' ORDER BY goal_event_id;
SET goaltracker.contribution_window = 0;
SELECT goal_event_id, consumer_id, reached_at, reason FROM unattributed_goal_events WHERE account_id = 'reports' ORDER BY goal_event_id;
EXECUTE grid;
RESET goaltracker.contribution_window;

--
-- A goal event in the grid with everything about it
--
\x on
SELECT account_id, goal_event_id, goal_name, goal_type, goal_event_type, goal_timestamp, brand_event_id, currency, lead_value, transaction_value,
	topic, service_activity_status, conversation, conversation_open_time, segment_no, skill_id, skill, agent_id, agent, agent_group, user_type,
	agent_assignment_time, agent_segment_start_reason, agent_segment_end_reason, campaign_name, engagement_name, source, consumer_id,
	conversation_date, week, hour, hour_label, goals_reached, conversions, skill_credit, account_credit, agent_messages, agent_responses,
	time_assigned, goal_event_key IS NOT NULL AS has_goal_event_key, segment_key IS NOT NULL AS has_segment_key
FROM conversion_grid WHERE account_id = 'reports' AND (goal_event_id, coalesce(agent_id, '-')) IN (('G1 offer', 'A'), ('G5 order', '-')) ORDER BY goal_event_id;
\x off

-- credit_facts has the same rows, in numbers.
SELECT count(*) FROM credit_facts WHERE account_id = 'reports';
SELECT account_id, conversation_date, week, skill_id, agent_id, user_type, currency, goal_type, goals_reached, conversions, skill_credit, account_credit,
	lead_value, transaction_value, agent_messages, agent_responses, make_interval(secs => seconds_assigned::double precision), goal_event_key, segment_key, conversation_open_time, goal_timestamp
FROM credit_facts WHERE account_id = 'reports'
EXCEPT ALL
SELECT account_id, conversation_date, week, skill_id, agent_id, user_type, currency, goal_type, goals_reached, conversions, skill_credit, account_credit,
	lead_value, transaction_value, agent_messages, agent_responses, coalesce(time_assigned, '0'), goal_event_key, segment_key, conversation_open_time, goal_timestamp
FROM conversion_grid WHERE account_id = 'reports';
SELECT agent_id, weekday, duration_bucket_no, seconds_assigned, conversions FROM credit_facts WHERE account_id = 'reports' AND goals_reached = 1 AND goal_type = 'Generate Leads' ORDER BY agent_id;

--
-- Measures add up: over dates, weeks, weekdays or buckets each goal event counts
-- once per skill (agent, account), under each model.
--
CREATE VIEW public.totals AS
SELECT 'skill' AS level, currency, skill AS name, sum(goals_reached) AS goals, sum(conversions) AS conversions, sum(lead_value) AS lead_value, sum(transaction_value) AS transaction_value
FROM conversions_by_skill WHERE account_id = 'reports' GROUP BY currency, skill
UNION ALL
SELECT 'agent', currency, agent, sum(goals_reached), sum(conversions), sum(lead_value), sum(transaction_value)
FROM conversions_by_agent WHERE account_id = 'reports' GROUP BY currency, agent
UNION ALL
SELECT 'account', currency, '', sum(goals_reached), sum(conversions), sum(lead_value), sum(transaction_value)
FROM conversions_by_account WHERE account_id = 'reports' GROUP BY currency;
-- the same from the grid, counting each goal event once over its rows (S12, S17)
CREATE VIEW public.totals_of_grid AS
SELECT 'skill' AS level, currency, skill AS name, count_once(goal_event_key) AS goals, count_once(goal_event_key) FILTER (WHERE goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete')) AS conversions,
	coalesce(sum_once(lead_value, goal_event_key), 0) AS lead_value, coalesce(sum_once(transaction_value, goal_event_key), 0) AS transaction_value
FROM conversion_grid WHERE account_id = 'reports' GROUP BY currency, skill
UNION ALL
SELECT 'agent', currency, agent, count_once(goal_event_key), count_once(goal_event_key) FILTER (WHERE goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete')),
	coalesce(sum_once(lead_value, goal_event_key), 0), coalesce(sum_once(transaction_value, goal_event_key), 0)
FROM conversion_grid WHERE account_id = 'reports' GROUP BY currency, agent
UNION ALL
SELECT 'account', currency, '', count_once(goal_event_key), count_once(goal_event_key) FILTER (WHERE goal_type IN ('Sell Product/Service', 'Generate Leads', 'Service Activity Complete')),
	coalesce(sum_once(lead_value, goal_event_key), 0), coalesce(sum_once(transaction_value, goal_event_key), 0)
FROM conversion_grid WHERE account_id = 'reports' GROUP BY currency;
SELECT * FROM public.totals WHERE level = 'account' ORDER BY currency;
(TABLE public.totals EXCEPT ALL TABLE public.totals_of_grid) UNION ALL (TABLE public.totals_of_grid EXCEPT ALL TABLE public.totals);
SET goaltracker.attribution_model = 'first';
SELECT * FROM public.totals WHERE level = 'account' ORDER BY currency;
(TABLE public.totals EXCEPT ALL TABLE public.totals_of_grid) UNION ALL (TABLE public.totals_of_grid EXCEPT ALL TABLE public.totals);
SET goaltracker.attribution_model = 'last';
(TABLE public.totals EXCEPT ALL TABLE public.totals_of_grid) UNION ALL (TABLE public.totals_of_grid EXCEPT ALL TABLE public.totals);
DROP VIEW public.totals, public.totals_of_grid;

-- S17: attribute first, filter afterwards.  Ann's last credit is hers whatever
-- is filtered; a chart of skills filtered by agents counts each goal event once.
SELECT goal_event_id, agent FROM conversion_grid WHERE account_id = 'reports' AND agent = 'Ann' ORDER BY goal_event_id;
SET goaltracker.attribution_model = 'all';
SELECT skill, count(*) AS rows, count_once(goal_event_key) AS goals_reached, sum_once(transaction_value, goal_event_key) AS transaction_value
FROM conversion_grid WHERE account_id = 'reports' AND agent IN ('Ann', 'Bob') AND currency = 'USD' GROUP BY ROLLUP (skill) ORDER BY skill;
SELECT agent, count_once(goal_event_key) AS goals_reached, sum_once(agent_messages, segment_key) AS agent_messages, sum_once(time_assigned, segment_key) AS time_assigned
FROM conversion_grid WHERE account_id = 'reports' AND skill = 'Sales' GROUP BY agent;

--
-- S12: values in other currencies are never added together; a default currency
-- is that of the events without one, and acts at once.
--
UPDATE account SET default_currency = 'EUR' WHERE account_id = 'reports';
EXECUTE by_account;
SELECT agent, goals_reached, conversions, currency, lead_value, transaction_value, other_currency_conversions
FROM agent_summary WHERE account_id = 'reports' AND goals_reached > 0 ORDER BY agent, conversation_date;
RESET goaltracker.attribution_model;

--
-- S13: time assigned
--
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('reports work', 'closed', 'Pia', '2026-06-01 10:00', '2026-06-01 11:00'),
	('reports work', 'open', 'Quin', '2020-01-01 10:00', NULL);
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, participation, assigned_at, ended_at, agent_messages) VALUES
	('reports work', 'closed', 1, 'Pia', '1 until it ended', 'assigned', '2026-06-01 10:00', '2026-06-01 10:20', 1),
	('reports work', 'closed', 2, 'Pia', '2 until the conversation did', 'assigned', '2026-06-01 10:20', NULL, 1),
	('reports work', 'closed', 3, 'Pia', '3 joined', 'joined', '2026-06-01 10:20', '2026-06-01 10:50', 1),
	('reports work', 'closed', 4, 'Pia', '4 beyond the goal and the conversation', 'assigned', '2026-06-01 10:20', '2026-06-01 12:20', 1),
	('reports work', 'closed', 5, 'Pia', '5 after the conversation', 'assigned', '2026-06-01 11:30', NULL, 1),
	('reports work', 'open', 1, 'Quin', '6 until now', 'assigned', '2020-01-01 10:00', NULL, 1),
	('reports work', 'open', 2, 'Quin', '7 joined', 'joined', '2020-01-01 10:00', NULL, 1),
	('reports work', 'open', 3, 'Quin', '8 still in the future', 'assigned', '2200-01-01', NULL, 1);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES
	('reports work', 'G1', 'Pia', 'Lead Event', '2026-06-01 11:30'),
	('reports work', 'G2', 'Pia', 'Lead Event', '2026-06-01 12:00'),
	('reports work', 'G3', 'Quin', 'Lead Event', '2200-01-02');
SELECT count(*) AS refreshed FROM refresh();
SET goaltracker.attribution_model = 'all';
-- Whole segments, each once: both goals stand on one segment of work.
BEGIN;
SELECT agent, goals_reached, agent_messages, CASE WHEN agent LIKE '6%' THEN time_assigned - (now() - '2020-01-01 10:00') ELSE time_assigned END AS time_assigned
FROM agent_summary WHERE account_id = 'reports work' ORDER BY agent;
SELECT agent_id, seconds_assigned - extract(epoch FROM now() - '2020-01-01 10:00'::timestamptz) AS off_now
FROM credit_facts WHERE account_id = 'reports work' AND agent_id LIKE '6%';
COMMIT;
-- Five agents, five and three had a part in one conversion each (S11).
SELECT (SELECT sum(conversions) FROM conversions_by_agent WHERE account_id = 'reports work') AS of_agents,
	(SELECT sum(conversions) FROM conversions_by_account WHERE account_id = 'reports work') AS of_account;

--
-- S15: the date is that of the conversation's start in the account's zone, moved
-- by the hour offset; weeks start on Sunday.
--
INSERT INTO account (account_id, time_zone) VALUES ('reports Berlin', 'Europe/Berlin'), ('reports Kolkata', 'Asia/Kolkata');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('reports Berlin', 'K1 winter', 'a', '2026-03-29 00:59:59.999999+00', '2026-03-29 02:00+00'),
	('reports Berlin', 'K2 summer', 'b', '2026-03-29 01:00+00', '2026-03-29 02:00+00'),
	('reports Berlin', 'K3 Sunday', 'c', '2026-06-06 22:00+00', '2026-06-06 23:00+00'),
	('reports Berlin', 'K4 Saturday', 'd', '2026-06-06 21:59:59.999999+00', '2026-06-06 23:00+00'),
	('reports Kolkata', 'K5', 'e', '2026-06-06 18:15+00', '2026-06-06 19:00+00'),
	('reports Kolkata', 'K6', 'f', '2026-06-06 18:30+00', '2026-06-06 19:00+00');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
SELECT account_id, 'G of ' || conversation_id, consumer_id, 'Lead Event', closed_at FROM conversation WHERE account_id IN ('reports Berlin', 'reports Kolkata');
SELECT count(*) AS refreshed FROM refresh();
PREPARE dates AS
SELECT g.conversation, g.conversation_date, g.week, f.weekday, trim(to_char(g.conversation_date, 'Day')) AS day, g.hour, g.hour_label, g.goal_timestamp
FROM conversion_grid AS g JOIN credit_facts AS f USING (account_id, goal_event_key)
WHERE account_id IN ('reports Berlin', 'reports Kolkata') ORDER BY g.conversation;
EXECUTE dates;
-- Zone first, offset after: what would be 02:00 at the change of clocks is 02:00.
SET goaltracker.hour_offset = 0.25;
EXECUTE dates;
SET goaltracker.hour_offset = -1;
EXECUTE dates;
RESET goaltracker.hour_offset;
-- The session's own zone is of no concern, but for the instants it shows.
SET timezone = 'America/Los_Angeles';
EXECUTE dates;
SET timezone = 'UTC';
SELECT account_id, conversation_date, week, weekday, weekday_name, sum(goals_reached) AS goals FROM conversions_by_account
WHERE account_id IN ('reports Berlin', 'reports Kolkata') GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2;
-- From the first to the last day that the tables take, dates can be told.
INSERT INTO account (account_id, time_zone) VALUES ('reports east', 'Pacific/Kiritimati'), ('reports west', 'Pacific/Honolulu');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT account_id, k.*
FROM (VALUES ('reports east'), ('reports west')) AS a (account_id),
	(VALUES ('first', 'a', timestamptz '4713-01-01 BC', NULL::timestamptz), ('last', 'b', '294275-12-31', '294275-12-31')) AS k (conversation_id, consumer_id, opened_at, closed_at);
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
SELECT account_id, conversation_id, 1, consumer_id, 'Ann', opened_at FROM conversation WHERE account_id IN ('reports east', 'reports west');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
SELECT account_id, 'G of ' || conversation_id, consumer_id, 'Lead Event', '294275-12-31' FROM conversation WHERE account_id IN ('reports east', 'reports west');
SELECT count(*) AS refreshed FROM refresh();
PREPARE ends AS
SELECT account_id, conversation, conversation_date, week, hour, time_assigned > '4000 years' AS is_long
FROM conversion_grid WHERE account_id IN ('reports east', 'reports west') ORDER BY account_id, conversation;
EXECUTE ends;
SET goaltracker.hour_offset = 14;
EXECUTE ends;
SET goaltracker.hour_offset = -12;
EXECUTE ends;
RESET goaltracker.hour_offset;
SELECT agent, duration_bucket, goals_reached FROM conversions_by_agent WHERE account_id = 'reports east' ORDER BY duration_bucket_no;

--
-- S16: buckets of time assigned; a lower bound belongs to its bucket.
--
INSERT INTO account (account_id) VALUES ('reports buckets');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT 'reports buckets', 'K' || n, 'c' || n, '2026-06-01', '2026-06-05'
FROM generate_series(1, 9) AS n;
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at)
SELECT 'reports buckets', 'K' || n, 1, 'c' || n, 'agent ' || n, '2026-06-01', '2026-06-01'::timestamptz + time_assigned
FROM (VALUES (1, interval '0'), (2, '4 minutes 59.999999 seconds'), (3, '5 minutes'), (4, '10 minutes'), (5, '59 minutes 59 seconds'),
	(6, '1 hour'), (7, '23 hours 59 minutes'), (8, '24 hours'), (9, '3 days')) AS t (n, time_assigned);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
SELECT 'reports buckets', 'G' || n, 'c' || n, 'Purchase Event', '2026-06-05', n FROM generate_series(1, 9) AS n;
SELECT count(*) AS refreshed FROM refresh();
RESET goaltracker.attribution_model;
SELECT agent, duration_bucket_no, duration_bucket FROM conversions_by_agent WHERE account_id = 'reports buckets' ORDER BY agent;
SELECT skill, duration_bucket_no, duration_bucket, goals_reached, transaction_value FROM conversions_by_skill WHERE account_id = 'reports buckets' ORDER BY duration_bucket_no;
-- The bounds are the account's, and act at once.
UPDATE account SET duration_bounds = '{90 seconds,300.5 seconds,1 day}' WHERE account_id = 'reports buckets';
SELECT duration_bucket_no, duration_bucket, goals_reached, transaction_value FROM conversions_by_skill WHERE account_id = 'reports buckets' ORDER BY duration_bucket_no;
SELECT DISTINCT duration_bucket_no FROM credit_facts WHERE account_id = 'reports buckets' ORDER BY 1;

--
-- Descriptions: groups, campaigns, names; what has none shows its id.
--
INSERT INTO agent_group VALUES ('reports names', 'T1', 'Team One');
INSERT INTO agent_group_membership VALUES
	('reports names', 'A', 'T1', '[2026-06-01,2026-06-02)'), ('reports names', 'A', 'T2', '[2026-06-02,2026-06-03)');
INSERT INTO campaign VALUES ('reports names', 'C1', 'Summer'), ('reports names', 'C2', NULL);
INSERT INTO engagement VALUES ('reports names', 'E1', 'Button', 'C1'), ('reports names', 'E2', 'Link', 'C3'), ('reports names', 'E3', NULL, 'C2');
INSERT INTO goal VALUES ('reports names', 'g1', 'Buy', 'Sell Product/Service');
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at, source, campaign_id, engagement_id) VALUES
	('reports names', 'K1', 'a', '2026-06-01 23:59', '2026-06-05', 'WEB', NULL, 'E1'),
	('reports names', 'K2', 'b', '2026-06-02', '2026-06-05', 'APP', 'C2', 'E1'),
	('reports names', 'K3', 'c', '2026-06-03', '2026-06-05', NULL, NULL, 'E2'),
	('reports names', 'K4', 'd', '2026-06-01', '2026-06-05', NULL, 'C1', NULL),
	('reports names', 'K5', 'e', '2026-06-01', '2026-06-05', NULL, NULL, 'E9'),
	('reports names', 'K6', 'f', '2026-06-01', '2026-06-05', NULL, 'C9', 'E3');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, group_id, assigned_at, start_reason, end_reason) VALUES
	('reports names', 'K1', 1, 'a', 'A', NULL, '2026-06-01 23:59', 'New Conversation', 'Closed by Agent'),
	('reports names', 'K2', 1, 'b', 'A', NULL, '2026-06-02', 'Takeover', NULL),
	('reports names', 'K3', 1, 'c', 'A', NULL, '2026-06-03', NULL, NULL),
	('reports names', 'K4', 1, 'd', 'A', 'T3', '2026-06-01', NULL, NULL),
	('reports names', 'K5', 1, 'e', 'A', 'T1', '2026-05-31', NULL, NULL),
	('reports names', 'K6', 1, 'f', 'B', NULL, '2026-06-01', NULL, NULL);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, brand_event_id, topic, service_activity_status) VALUES
	('reports names', 'G1', 'a', 'g1', 'Goal Achieved', '2026-06-05', 'order 1', 'shoes', 'done'),
	('reports names', 'G2', 'b', 'g2', 'Goal Achieved', '2026-06-05', NULL, NULL, NULL),
	('reports names', 'G3', 'c', NULL, 'Lead Event', '2026-06-05', NULL, NULL, NULL),
	('reports names', 'G4', 'd', NULL, 'Purchase Event', '2026-06-05', NULL, NULL, NULL),
	('reports names', 'G5', 'e', NULL, 'Goal Achieved', '2026-06-05', NULL, NULL, NULL),
	('reports names', 'G6', 'f', NULL, 'Goal Achieved', '2026-06-05', NULL, NULL, NULL);
SELECT count(*) AS refreshed FROM refresh();
SELECT goal_event_id, goal_name, goal_type, goal_event_type, brand_event_id, topic, service_activity_status AS status FROM conversion_grid WHERE account_id = 'reports names' ORDER BY goal_event_id;
SELECT conversation, agent_group, campaign_name, engagement_name, source, agent_segment_start_reason AS start, agent_segment_end_reason AS "end"
FROM conversion_grid WHERE account_id = 'reports names' ORDER BY conversation;
-- They are those of now, without a refresh.
INSERT INTO agent_group VALUES ('reports names', 'T2', 'Team Two');
INSERT INTO agent (account_id, agent_id, agent_name) VALUES ('reports names', 'A', 'Ann');
UPDATE campaign SET campaign_name = 'Winter' WHERE account_id = 'reports names' AND campaign_id = 'C1';
UPDATE goal SET goal_name = 'Purchase' WHERE account_id = 'reports names';
SELECT conversation, agent, agent_group, campaign_name, goal_name FROM conversion_grid WHERE account_id = 'reports names' ORDER BY conversation;

DELETE FROM account WHERE account_id LIKE 'reports%';
DELETE FROM skill WHERE account_id LIKE 'reports%';
DELETE FROM agent WHERE account_id LIKE 'reports%';
DELETE FROM agent_group WHERE account_id LIKE 'reports%';
DELETE FROM agent_group_membership WHERE account_id LIKE 'reports%';
DELETE FROM campaign WHERE account_id LIKE 'reports%';
DELETE FROM engagement WHERE account_id LIKE 'reports%';
DELETE FROM goal WHERE account_id LIKE 'reports%';
DELETE FROM conversation WHERE account_id LIKE 'reports%';
DELETE FROM agent_segment WHERE account_id LIKE 'reports%';
DELETE FROM goal_event WHERE account_id LIKE 'reports%';
SELECT count(*) AS refreshed FROM refresh();
