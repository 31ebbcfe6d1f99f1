-- An account with what its facts name.  A time zone with summer time, so that
-- nobody can do without computing dates.
INSERT INTO goaltracker.account (account_id, time_zone) VALUES ('brand-4711', 'America/New_York');
INSERT INTO goaltracker.agent (account_id, agent_id, agent_name, user_type, is_post_survey_bot)
SELECT 'brand-4711', 'agent-' || n, 'Agent ' || n, CASE WHEN n % 10 = 0 THEN 'Bot' WHEN n = 499 THEN 'System' ELSE 'Human' END, n = 500
FROM generate_series(1, 500) AS n;
INSERT INTO goaltracker.skill (account_id, skill_id, skill_name)
SELECT 'brand-4711', 'skill-' || n, 'Skill ' || n FROM generate_series(1, 40) AS n;
INSERT INTO goaltracker.campaign (account_id, campaign_id, campaign_name)
SELECT 'brand-4711', 'campaign-' || n, 'Campaign ' || n FROM generate_series(1, 20) AS n;
INSERT INTO goaltracker.goal (account_id, goal_id, goal_name, goal_type)
SELECT 'brand-4711', 'goal-' || n, 'Goal ' || n, CASE
	WHEN n <= 5 THEN 'Sell Product/Service' WHEN n <= 7 THEN 'Generate Leads'
	WHEN n <= 9 THEN 'Service Activity Complete' WHEN n = 10 THEN 'Interact with Visitors'
	WHEN n = 11 THEN 'Increase Page Views' ELSE 'Other' END
FROM generate_series(1, 12) AS n;
