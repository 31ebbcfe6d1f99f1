-- The worked examples of the attribution rules, one account per case.
--
-- Conversation K1: bot B 10:00-10:05, agent A1 10:05-10:30, agent A2 10:40-11:00,
-- closed at 11:00; then the survey bot P 11:00-11:10 in its own dialog.
-- A purchase of 100 USD is goal event G.

SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';

INSERT INTO goaltracker.account (account_id, contribution_window) VALUES
	('case 1', 3),		-- G on Jun 3 09:00
	('case 2', 3),		-- G on Jun 5 09:00: K1 is out of reach
	('case 3', 0),		-- G on Jun 1 10:20: while K1 is open
	('case 4', 0),		-- G on Jun 1 12:00: K1 is closed
	('case 5', 7),		-- a second conversation K2 on Jun 2, A2 then A3; G on Jun 3
	('case 6', 7),		-- the same and a second purchase of 50 USD that day
	('case 7', 7),		-- the same, but that second purchase is 50 EUR
	('case 8', 7);		-- nobody but P was there

INSERT INTO goaltracker.agent (account_id, agent_id, user_type, is_post_survey_bot)
SELECT account_id, agent_id, user_type, agent_id = 'P'
FROM goaltracker.account,
	(VALUES ('B', 'Bot'), ('A1', 'Human'), ('A2', 'Human'), ('A3', 'Human'), ('P', 'Bot')) AS a (agent_id, user_type)
WHERE account_id LIKE 'case _';

INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT account_id, 'K1', 'consumer', timestamptz '2026-06-01 10:00', timestamptz '2026-06-01 11:00'
FROM goaltracker.account
WHERE account_id LIKE 'case _'
UNION ALL
SELECT account_id, 'K2', 'consumer', timestamptz '2026-06-02 10:00', timestamptz '2026-06-02 11:00'
FROM goaltracker.account
WHERE account_id IN ('case 5', 'case 6', 'case 7');

INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id,
	agent_id, skill_id, dialog, assigned_at, ended_at)
SELECT account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, dialog,
	opened_at::date + assigned, opened_at::date + ended
FROM goaltracker.conversation
	JOIN (VALUES
		('K1', 1, 'B', NULL, 'main', time '10:00', time '10:05'),
		('K1', 2, 'A1', 'Sales', 'main', '10:05', '10:30'),
		('K1', 3, 'A2', 'Sales', 'main', '10:40', '11:00'),
		('K1', 4, 'P', NULL, 'post_survey', '11:00', '11:10'),
		('K2', 1, 'A2', 'Sales', 'main', '10:00', '10:30'),
		('K2', 2, 'A3', 'Care', 'main', '10:30', '11:00')
	) AS s (conversation_id, segment_no, agent_id, skill_id, dialog, assigned, ended) USING (conversation_id)
WHERE account_id LIKE 'case _' AND (account_id <> 'case 8' OR agent_id = 'P');

INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type,
	reached_at, transaction_value, currency, brand_event_id)
VALUES
	('case 1', 'G', 'consumer', 'Purchase Event', '2026-06-03 09:00', 100, 'USD', 'order 1'),
	('case 2', 'G', 'consumer', 'Purchase Event', '2026-06-05 09:00', 100, 'USD', 'order 1'),
	('case 3', 'G', 'consumer', 'Purchase Event', '2026-06-01 10:20', 100, 'USD', 'order 1'),
	('case 4', 'G', 'consumer', 'Purchase Event', '2026-06-01 12:00', 100, 'USD', 'order 1'),
	('case 5', 'G', 'consumer', 'Purchase Event', '2026-06-03 09:00', 100, 'USD', 'order 1'),
	('case 6', 'G', 'consumer', 'Purchase Event', '2026-06-03 09:00', 100, 'USD', 'order 1'),
	('case 6', 'G2', 'consumer', 'Purchase Event', '2026-06-03 10:00', 50, 'USD', 'order 2'),
	('case 7', 'G', 'consumer', 'Purchase Event', '2026-06-03 09:00', 100, 'USD', 'order 1'),
	('case 7', 'G2', 'consumer', 'Purchase Event', '2026-06-03 10:00', 50, 'EUR', 'order 2'),
	('case 8', 'G', 'consumer', 'Purchase Event', '2026-06-03 09:00', 100, 'USD', 'order 1');

SELECT count(*) AS refreshed FROM goaltracker.refresh();

-- First: the bot, who came before everybody else; in case 8 the survey bot.
SET goaltracker.attribution_model = 'first';
SELECT account_id, conversation_date, agent, user_type, goals_reached, conversions, currency, transaction_value
FROM goaltracker.conversions_by_agent
WHERE account_id LIKE 'case _'
ORDER BY account_id, agent COLLATE "C", currency;

SELECT account_id, conversation_date, goals_reached, conversions, currency, transaction_value
FROM goaltracker.conversions_by_account
WHERE account_id LIKE 'case _'
ORDER BY account_id, currency;

-- Last: the last one, the survey aside; in case 8 nobody.
SET goaltracker.attribution_model = 'last';
SELECT account_id, conversation_date, agent, user_type, goals_reached, conversions, currency, transaction_value
FROM goaltracker.conversions_by_agent
WHERE account_id LIKE 'case _'
ORDER BY account_id, agent COLLATE "C", currency;

SELECT account_id, conversation_date, goals_reached, conversions, currency, transaction_value
FROM goaltracker.conversions_by_account
WHERE account_id LIKE 'case _'
ORDER BY account_id, currency;

-- All: each agent once, the survey bot too; A2's conversion of case 5 stands on Jun 2.
SET goaltracker.attribution_model = 'all';
SELECT account_id, conversation_date, agent, user_type, goals_reached, conversions, currency, transaction_value
FROM goaltracker.conversions_by_agent
WHERE account_id LIKE 'case _'
ORDER BY account_id, agent COLLATE "C", currency;

-- The brand counts each goal event once.
SELECT account_id, conversation_date, goals_reached, conversions, currency, transaction_value
FROM goaltracker.conversions_by_account
WHERE account_id LIKE 'case _'
ORDER BY account_id, currency;

-- Each skill counts it once: A1 and A2 together are Sales, B and P have no skill.
SELECT account_id, conversation_date, skill, duration_bucket_no, goals_reached, transaction_value
FROM goaltracker.conversions_by_skill
WHERE account_id IN ('case 1', 'case 5')
ORDER BY account_id, skill COLLATE "C";

-- Every touchpoint of case 5, and which row carries whose credit.
SELECT conversation, segment_no, agent, goals_reached, skill_credit, account_credit, transaction_value, time_assigned
FROM goaltracker.conversion_grid
WHERE account_id = 'case 5'
ORDER BY conversation, segment_no;

-- A2 worked on two days and has the goals of the later one.  Case 7: values in
-- the account's currency only, the other conversions counted.
SELECT account_id, conversation_date, agent, goals_reached, conversions, time_assigned, currency,
	transaction_value::numeric(20, 4), other_currency_conversions
FROM goaltracker.agent_summary
WHERE account_id IN ('case 5', 'case 7')
ORDER BY account_id, agent COLLATE "C", conversation_date;

-- Self-serve.
SELECT account_id, goal_event_id, reached_at, reason
FROM goaltracker.unattributed_goal_events
WHERE account_id LIKE 'case _'
ORDER BY account_id;

RESET goaltracker.attribution_model;
