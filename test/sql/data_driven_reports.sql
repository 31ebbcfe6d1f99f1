--
-- markov_attribution and shapley_attribution: data-driven models over the project's own
-- journeys
--
SET extra_float_digits = 0;
SET datestyle = 'ISO';

-- Botty (b) hands over to Ann (a1) or Ben (a2).  Two journeys lead to a purchase, one to an
-- interaction, which is no conversion; two lead nowhere; one may still do, since it is
-- going on; one conversion had nobody.
INSERT INTO goaltracker.account (account_id, default_currency) VALUES ('acme', 'USD'), ('other', 'EUR');
INSERT INTO goaltracker.agent (account_id, agent_id, agent_name, user_type) VALUES
	('acme', 'a1', 'Ann', 'Human'), ('acme', 'a2', 'Ben', 'Human'), ('acme', 'b', 'Botty', 'Bot');
INSERT INTO goaltracker.skill (account_id, skill_id, skill_name) VALUES ('acme', 's', 'Sales');
INSERT INTO goaltracker.goal (account_id, goal_id, goal_name, goal_type) VALUES ('acme', 'chat', 'Chat', 'Interact with Visitors');
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT account_id, 'k' || n, 'c' || n, '2025-06-01 10:00Z', CASE WHEN n <> 6 THEN timestamptz '2025-06-01 11:00Z' END
FROM unnest(ARRAY['acme', 'other']) AS account_id, generate_series(1, 7) AS n;
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
SELECT account_id, 'k' || n, no, 'c' || n, agent_id, CASE WHEN agent_id LIKE 'a_' THEN 's' END, timestamptz '2025-06-01 10:00Z' + no * interval '5 minutes'
FROM unnest(ARRAY['acme', 'other']) AS account_id, (VALUES
	(1, 1, 'b'), (1, 2, 'a1'), (2, 1, 'b'), (2, 2, 'a2'), (3, 1, 'a1'), (3, 2, 'a2'), (4, 1, 'b'),
	(5, 1, 'a2'), (6, 1, 'a1'), (7, 1, NULL)) AS v (n, no, agent_id);
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value, transaction_value, currency) VALUES
	('acme', 'g1', 'c1', NULL, 'Purchase Event', '2025-06-02Z', NULL, 100, NULL),
	('acme', 'g3', 'c3', NULL, 'Purchase Event', '2025-06-02Z', 7, 50, 'EUR'),
	('acme', 'g5', 'c5', 'chat', 'Goal Achieved', '2025-06-02Z', NULL, NULL, NULL),
	('acme', 'g7', 'c7', NULL, 'Lead Event', '2025-06-02Z', 9, NULL, NULL),
	('other', 'g1', 'c1', NULL, 'Purchase Event', '2025-06-02Z', NULL, 100, NULL);
SELECT consumers FROM goaltracker.refresh();

-- The same paths, by hand: what the functions do is what the aggregates do.
SELECT e.channel, e.removal_effect, e.share, e.conversions
FROM unnest((SELECT goaltracker.markov_effects(path, c, n) FROM (VALUES ('{b,a1}'::text[], 1, 0), ('{a1,a2}', 1, 0), ('{b,a2}', 0, 1), ('{b}', 0, 1)) AS v (path, c, n))) AS e;
SELECT * FROM goaltracker.markov_attribution(account => 'acme');
SELECT * FROM goaltracker.shapley_attribution(account => 'acme');
SELECT id, shapley_value, error_bound, share, conversions FROM goaltracker.shapley_attribution(account => 'acme', method => 'rate');

-- levels: no skill is one skill; orders; goal types
SELECT id, label, removal_effect, share, conversions, transaction_value FROM goaltracker.markov_attribution('skill', account => 'acme');
SELECT id, label, removal_effect, share, conversions, transaction_value FROM goaltracker.markov_attribution('user_type', account => 'acme', model_order => 2);
SELECT id, label, shapley_value, share FROM goaltracker.shapley_attribution('skill', account => 'acme');
SELECT id, label, removal_effect, share, conversions FROM goaltracker.markov_attribution(account => 'acme', goal_type => 'Interact with Visitors');

-- Conversions and values add up to those of the period.
SELECT m.account_id, sum(m.share), sum(m.conversions), sum(m.lead_value), sum(m.transaction_value), sum(m.other_currency_conversions)
FROM goaltracker.markov_attribution() AS m GROUP BY 1 ORDER BY 1;
SELECT s.account_id, sum(s.share), sum(s.conversions), sum(s.lead_value), sum(s.transaction_value), sum(s.other_currency_conversions)
FROM goaltracker.shapley_attribution(method => 'rate') AS s GROUP BY 1 ORDER BY 1;

-- periods: by the date of the goal, or of the last touchpoint of a journey that did not convert
SELECT count(*) FROM goaltracker.markov_attribution(from_date => '2025-06-03');
SELECT id, removal_effect, conversions FROM goaltracker.markov_attribution(from_date => '2025-06-02', account => 'acme');
SELECT id, removal_effect, conversions FROM goaltracker.markov_attribution(to_date => '2025-06-01', account => 'acme');
SELECT id, shapley_value, conversions FROM goaltracker.shapley_attribution(to_date => '2025-06-01', account => 'acme');
SELECT count(*) FROM goaltracker.markov_attribution(account => 'nobody');

-- The window in force decides which journeys led to a goal: under 0 days, none did.
SET goaltracker.contribution_window = 0;
SELECT id, removal_effect, conversions FROM goaltracker.markov_attribution(account => 'acme');
RESET goaltracker.contribution_window;

-- errors
\set SHOW_CONTEXT never
SELECT * FROM goaltracker.markov_attribution('brand');
SELECT * FROM goaltracker.markov_attribution(NULL);
SELECT * FROM goaltracker.markov_attribution(model_order => 4);
SELECT * FROM goaltracker.markov_attribution(from_date => '2025-06-02', to_date => '2025-06-01');
SELECT * FROM goaltracker.markov_attribution(goal_type => 'Sale');
SELECT * FROM goaltracker.shapley_attribution('brand');
SELECT * FROM goaltracker.shapley_attribution(method => 'median');
SELECT * FROM goaltracker.shapley_attribution(permutations => 1);
SELECT * FROM goaltracker.shapley_attribution(seed => NULL);

--
-- Who sees what
--
CREATE ROLE regress_model_reader;
CREATE ROLE regress_model_agency;
SET ROLE regress_model_reader;
SELECT count(*) FROM goaltracker.markov_attribution();
RESET ROLE;
SELECT FROM goaltracker.grant_reader('regress_model_reader');
SELECT FROM goaltracker.grant_reader('regress_model_agency');
SELECT FROM goaltracker.restrict_reader('regress_model_agency', 'other');
SET ROLE regress_model_reader;
SELECT account_id, count(*) FROM goaltracker.markov_attribution() GROUP BY 1 ORDER BY 1;
SELECT account_id, count(*) FROM goaltracker.shapley_attribution() GROUP BY 1 ORDER BY 1;
SET ROLE regress_model_agency;
SELECT account_id, count(*) FROM goaltracker.markov_attribution() GROUP BY 1 ORDER BY 1;
SELECT account_id, count(*) FROM goaltracker.shapley_attribution() GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM goaltracker.markov_attribution(account => 'acme');
RESET ROLE;

-- Who sees a group sees the journeys that count for it, as far as its segments go.
INSERT INTO goaltracker.agent_group (account_id, group_id) VALUES ('acme', 'north');
UPDATE goaltracker.agent_segment SET group_id = 'north' WHERE account_id = 'acme' AND agent_id = 'a2';
SELECT FROM goaltracker.refresh();
SELECT FROM goaltracker.unrestrict_reader('regress_model_agency');
SELECT FROM goaltracker.restrict_reader('regress_model_agency', 'acme', 'north');
SET ROLE regress_model_agency;
SELECT account_id, id, removal_effect, conversions FROM goaltracker.markov_attribution();
SELECT account_id, id, shapley_value, conversions FROM goaltracker.shapley_attribution();
RESET ROLE;

SELECT FROM goaltracker.unrestrict_reader('regress_model_agency');
SELECT FROM goaltracker.revoke_reader('regress_model_reader');
SELECT FROM goaltracker.revoke_reader('regress_model_agency');
DROP ROLE regress_model_reader, regress_model_agency;
DELETE FROM goaltracker.goal_event WHERE account_id IN ('acme', 'other');
DELETE FROM goaltracker.agent_segment WHERE account_id IN ('acme', 'other');
DELETE FROM goaltracker.conversation WHERE account_id IN ('acme', 'other');
DELETE FROM goaltracker.agent_group WHERE account_id IN ('acme', 'other');
DELETE FROM goaltracker.agent WHERE account_id IN ('acme', 'other');
DELETE FROM goaltracker.skill WHERE account_id IN ('acme', 'other');
DELETE FROM goaltracker.goal WHERE account_id IN ('acme', 'other');
SELECT FROM goaltracker.refresh();
DELETE FROM goaltracker.account WHERE account_id IN ('acme', 'other');
SELECT FROM goaltracker.refresh();
