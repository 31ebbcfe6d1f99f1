--
-- Models that share a goal event (S20, S21), and those that know humans alone (S19)
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
CREATE SCHEMA models;
SET search_path = models, goaltracker, public;
\set SHOW_CONTEXT never

-- The weights under a model of touchpoints assigned so long before a goal, in the order
-- in which they are given.
CREATE FUNCTION weights(model text, before interval[], half_life interval DEFAULT '7 days', position_weights numeric[] DEFAULT '{40,20,40}')
RETURNS text LANGUAGE sql
RETURN (
	SELECT string_agg(a.weight::text, ' ' ORDER BY a.segment_key)
	FROM (
		SELECT journey('conversation', NULL, timestamptz '2000-01-01', NULL, 'K', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) AS one,
			journey(e.entry, e.no, e.at, NULL, 'K', e.no::integer, 'agent', NULL, NULL, NULL, NULL, NULL, 'G', NULL, 'Purchase Event', NULL, NULL, NULL, NULL, NULL, NULL, NULL) AS journey
		FROM (
			SELECT 'segment', no, timestamptz '2026-06-10 12:00' - b FROM unnest(before) WITH ORDINALITY AS s (b, no)
			UNION ALL SELECT 'conversation', 0, '2000-01-01'
			UNION ALL SELECT 'goal event', 0, '2026-06-10 12:00'
		) AS e (entry, no, at)
	) AS j, attribute(j.journey, model, 31, NULL, half_life, position_weights) AS a);

--
-- S20 linear: each the same.  S21: what rounding down to millionths leaves over goes to
-- those who lost most; here all lost the same, so to the latest.
--
SELECT n, weights('linear', array_agg(make_interval(hours => n - i)))
FROM generate_series(1, 7) AS n, LATERAL generate_series(1, n) AS i GROUP BY n ORDER BY n;
-- Which one is the latest is a matter of S4, not of the order in which they are given.
SELECT weights('linear', '{1 hour,3 hours,2 hours}') AS first_is_latest, weights('linear', '{3 hours,1 hour,1 hour}') AS segment_no_decides;
SELECT n, split_part(w, ' ', 1) AS first, split_part(w, ' ', n) AS last, (SELECT sum(x::numeric) FROM unnest(string_to_array(w, ' ')) AS x) AS sum
FROM (SELECT n, weights('linear', array_agg(make_interval(mins => n - i))) AS w
	FROM unnest('{11,64,150,200}'::integer[]) AS n, LATERAL generate_series(1, n) AS i GROUP BY n) AS x ORDER BY n;

--
-- S20 time_decay: half as much with each half-life.  One, two and three half-lives are
-- 4/7, 2/7 and 1/7, be they days or microseconds, and whenever the goal was.
--
SELECT weights('time_decay', '{21 days,14 days,7 days}') AS days, weights('time_decay', '{24 days,17 days,10 days}') AS later,
	weights('time_decay', '{2 us,1 us,0}', '1 us') AS microseconds, weights('time_decay', '{90 days,60 days,30 days}', '1 month') AS months;
-- At the same instant they have the same; the later segment has what is left over.
SELECT weights('time_decay', '{1 hour,1 hour,1 hour}') AS same, weights('time_decay', '{8 days,1 day,1 day}') AS two_fifths;
-- A third of a half-life: 2^(-1/3) = 0.793701, of 1.793701.
SELECT weights('time_decay', '{8 hours,0}', '1 day') AS a_third;
-- The longest half-life is nearly linear, the shortest nearly last; two who come at once
-- share.  Half-lives that far back are 0 in any arithmetic.
SELECT weights('time_decay', '{20 days,10 days,0}', '3650 days') AS longest, weights('time_decay', '{20 days,1 second,0}', '1 us') AS shortest,
	weights('time_decay', '{20 days,0,0}', '1 us') AS at_once, weights('time_decay', '{9000 days,8000 days}', '1 us') AS long_ago;

--
-- S20 position_based: first, last, and the others share the rest.
--
SELECT n, weights('position_based', array_agg(make_interval(hours => n - i)))
FROM generate_series(1, 6) AS n, LATERAL generate_series(1, n) AS i GROUP BY n ORDER BY n;
-- Weights in any scale; of two, what would go to those between does not count.
SELECT p AS position_weights, weights('position_based', '{0}', position_weights => p) AS one, weights('position_based', '{1 h,0}', position_weights => p) AS two,
	weights('position_based', '{2 h,1 h,0}', position_weights => p) AS three, weights('position_based', '{3 h,2 h,1 h,0}', position_weights => p) AS four
FROM unnest(ARRAY['0.4,0.2,0.4', '1,1,1', '3,2,1', '0,1,0', '1,0,0', '0,0,1', '50,0,50', '0.000001,1000000,0.000001', '2,7,0']) WITH ORDINALITY AS l (list, no),
	LATERAL (SELECT string_to_array(list, ',')::numeric[]) AS a (p) ORDER BY no;
-- An empty value for an argument is the default.
SELECT weights('position_based', '{2 h,1 h,0}', NULL, NULL) AS position_based, weights('time_decay', '{7 days,0}', NULL, NULL) AS time_decay;

--
-- Models in reports.  K1 of June 1st: bot B, A1 of Sales, A2 of Sales, survey P; K2 of
-- June 2nd: A2 of Sales, again the bot.  G is a purchase, H a lead, I a page view.
--
INSERT INTO account (account_id, attribution_model) VALUES ('models', 'linear'), ('models too', 'last');
INSERT INTO agent (account_id, agent_id, user_type, is_post_survey_bot)
SELECT account_id, a.* FROM (VALUES ('models'), ('models too')) AS c (account_id), (VALUES ('B', 'Bot', false), ('P', 'Bot', true), ('S', 'System', false)) AS a;
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT account_id, k.* FROM (VALUES ('models'), ('models too')) AS c (account_id), (VALUES
	('K1', 'Mia', timestamptz '2026-06-01 10:00', timestamptz '2026-06-01 11:00'), ('K2', 'Mia', '2026-06-02 10:00', '2026-06-02 10:30'),
	('K3', 'Bot talk', '2026-06-01 10:00', '2026-06-01 11:00'), ('K4', 'Queue', '2026-06-01 10:00', '2026-06-01 11:00')) AS k;
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, participation, dialog, assigned_at, ended_at, agent_messages)
SELECT account_id, s.* FROM (VALUES ('models'), ('models too')) AS c (account_id), (VALUES
	('K1', 1, 'Mia', 'B', NULL, 'assigned', 'main', timestamptz '2026-06-01 10:00', timestamptz '2026-06-01 10:05', 1),
	('K1', 2, 'Mia', 'A1', 'Sales', 'assigned', 'main', '2026-06-01 10:05', '2026-06-01 10:30', 2),
	('K1', 3, 'Mia', 'A2', 'Sales', 'assigned', 'main', '2026-06-01 10:40', '2026-06-01 11:00', 3),
	('K1', 4, 'Mia', 'P', NULL, 'assigned', 'post_survey', '2026-06-01 11:00', '2026-06-01 11:10', 4),
	('K2', 1, 'Mia', 'A2', 'Sales', 'assigned', 'main', '2026-06-02 10:00', '2026-06-02 10:20', 5),
	('K2', 2, 'Mia', 'B', NULL, 'assigned', 'main', '2026-06-02 10:20', '2026-06-02 10:30', 6),
	('K3', 1, 'Bot talk', 'B', NULL, 'assigned', 'main', '2026-06-01 10:00', '2026-06-01 10:05', 7),
	('K3', 2, 'Bot talk', 'S', NULL, 'assigned', 'main', '2026-06-01 10:05', '2026-06-01 10:10', 8),
	('K3', 3, 'Bot talk', 'A1', NULL, 'joined', 'main', '2026-06-01 10:05', '2026-06-01 10:10', 9)) AS s;
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, lead_value, transaction_value, currency)
SELECT account_id, e.* FROM (VALUES ('models'), ('models too')) AS c (account_id), (VALUES
	('G', 'Mia', 'Purchase Event', timestamptz '2026-06-03 09:00', NULL, 100, 'USD'), ('H', 'Mia', 'Lead Event', '2026-06-03 09:00', -0.0001, NULL, 'EUR'),
	('I', 'Mia', 'Goal Achieved', '2026-06-03 09:00', 7, 8000000000000000.0001, NULL), ('J', 'Bot talk', 'Purchase Event', '2026-06-01 12:00', NULL, 10, NULL),
	('K', 'Queue', 'Purchase Event', '2026-06-01 12:00', NULL, 20, NULL)) AS e;
SELECT count(*) AS refreshed FROM refresh();

CREATE VIEW grid AS
SELECT goal_event_id AS goal, conversation AS conv, segment_no AS no, agent, goals_reached AS goals, skill_credit AS skill, account_credit AS brand,
	conversions, weight, lead_value, transaction_value, attributed_lead_value AS attributed_lead, attributed_transaction_value AS attributed_transaction
FROM conversion_grid WHERE account_id = 'models' ORDER BY goal_event_id, agent_assignment_time, segment_no;
-- linear: six touchpoints.  The smallest value there is goes to the latest; the largest is
-- shared to the last digit.
SELECT * FROM grid;
-- The agents' sums are the brand's, and so are the skills'.  A part has the date of its
-- own conversation, and the goal event counts on the latest one (S15).
SELECT conversation_date, agent, duration_bucket_no AS bucket, currency, goals_reached, conversions, lead_value, transaction_value
FROM conversions_by_agent WHERE account_id = 'models' ORDER BY conversation_date, agent COLLATE "C", bucket, currency;
SELECT conversation_date, skill, duration_bucket_no AS bucket, currency, goals_reached, conversions, lead_value, transaction_value
FROM conversions_by_skill WHERE account_id = 'models' ORDER BY conversation_date, skill COLLATE "C", bucket, currency;
SELECT conversation_date, currency, goals_reached, conversions, lead_value, transaction_value
FROM conversions_by_account WHERE account_id = 'models' ORDER BY conversation_date, currency;
SELECT conversation_date, agent, goals_reached, conversions, agent_messages, time_assigned, currency, lead_value, transaction_value, other_currency_conversions AS other
FROM agent_summary WHERE account_id = 'models' ORDER BY conversation_date, agent COLLATE "C";

-- position_based and time_decay, as the account says and as the session does; each acts
-- at once.
UPDATE account SET attribution_model = 'position_based' WHERE account_id = 'models';
SELECT conv, no, agent, weight, attributed_transaction FROM grid WHERE goal = 'G';
UPDATE account SET position_weights = '{1,0,1}' WHERE account_id = 'models';
SELECT conv, no, agent, weight, attributed_transaction FROM grid WHERE goal = 'G';
SET goaltracker.position_weights = '0, 1, 0';
SELECT conv, no, agent, weight, attributed_transaction FROM grid WHERE goal = 'G';
RESET goaltracker.position_weights;
UPDATE account SET attribution_model = 'time_decay', time_decay_half_life = '1 hour' WHERE account_id = 'models';
SELECT conv, no, agent, weight, attributed_transaction FROM grid WHERE goal = 'G';
SET goaltracker.time_decay_half_life = '1d';
SELECT conv, no, agent, weight, attributed_transaction FROM grid WHERE goal = 'G';
RESET goaltracker.time_decay_half_life;
-- A row of zeros is in no report, but is in the grid.
UPDATE account SET attribution_model = 'position_based' WHERE account_id = 'models';
SELECT conversation_date, agent, goals_reached, conversions, transaction_value
FROM conversions_by_agent WHERE account_id = 'models' AND currency = 'USD' ORDER BY conversation_date, agent COLLATE "C";
-- Within a day K2 alone is in reach, and its two share.
UPDATE account SET contribution_window = 1 WHERE account_id = 'models';
SELECT conv, no, agent, weight, attributed_transaction FROM grid WHERE goal = 'G';
-- under All, 1 on the row that carries the agent's conversion
UPDATE account SET contribution_window = 31, attribution_model = 'all' WHERE account_id = 'models';
SELECT * FROM grid WHERE goal IN ('G', 'H');
-- S19: A1 came first of all humans and A2 last; of the bots' conversation nobody did (S8).
UPDATE account SET attribution_model = 'first_human' WHERE account_id = 'models';
SELECT goal, conv, no, agent, goals, skill, brand, conversions, weight, attributed_transaction FROM grid;
UPDATE account SET attribution_model = 'last_human' WHERE account_id = 'models';
SELECT goal, conv, no, agent, goals, skill, brand, conversions, weight, attributed_transaction FROM grid;

-- The other account has Last all the while.
SELECT DISTINCT agent, weight FROM conversion_grid WHERE account_id = 'models too' ORDER BY agent;
-- What if: the session's model for both.
SET goaltracker.attribution_model = 'linear';
SELECT account_id, sum(weight) AS weight, sum(attributed_transaction_value) AS transaction_value FROM credit_facts WHERE account_id LIKE 'models%' GROUP BY account_id ORDER BY account_id;
RESET goaltracker.attribution_model;

--
-- In every report, whatever the model: 5 goal events, 4 conversions, 8000000000000130.0001
-- of transactions in all.  Under All agents and skills may have more.
--
CREATE TABLE total (model text, report text, goals numeric, conversions numeric, transaction_value numeric);
SELECT format('SET goaltracker.attribution_model = %1$L; INSERT INTO total SELECT %1$L, %2$L, sum(goals_reached), sum(conversions), sum(%3$s) FROM %2$I WHERE account_id = %4$L',
	model, report, CASE WHEN report IN ('conversion_grid', 'credit_facts') THEN 'attributed_transaction_value' ELSE 'transaction_value' END, 'models')
FROM unnest('{first,last,linear,time_decay,position_based,first_human,last_human}'::text[]) AS model,
	unnest('{conversions_by_agent,conversions_by_skill,conversions_by_account,conversion_grid,credit_facts}'::text[]) AS report
\gexec
RESET goaltracker.attribution_model;
SELECT conversions, transaction_value, count(*) AS reports, min(goals) AS fewest_goals FROM total GROUP BY conversions, transaction_value;
SELECT model, report, goals FROM total WHERE goals <> 5 ORDER BY model, report;
-- check_totals() says so too, under each model
SELECT format('SET goaltracker.attribution_model = %L; SELECT * FROM check_totals() WHERE account_id LIKE %L', model, 'models%')
FROM unnest('{first,last,all,linear,time_decay,position_based,first_human,last_human}'::text[]) AS model
\gexec
RESET goaltracker.attribution_model;

--
-- Side by side: each model's columns are what the reports say under it, whichever is in
-- force; and so are each window's.
--
UPDATE account SET attribution_model = 'time_decay' WHERE account_id = 'models';
UPDATE account SET contribution_window = 14 WHERE account_id = 'models too';
CREATE TABLE reported (setting text, level text, account_id text, id text, day date, currency text, conversions numeric, lead_value numeric, transaction_value numeric);
CREATE TABLE compared (LIKE reported);
\set ECHO none
SELECT replace(format('SET goaltracker.%s; INSERT INTO reported SELECT %L, %L, account_id, %s, conversation_date, currency, sum(conversions), sum(lead_value), sum(transaction_value)
	FROM conversions_by_%s WHERE account_id LIKE %L GROUP BY 3, 4, 5, 6; RESET goaltracker.attribution_model; RESET goaltracker.contribution_window',
	CASE WHEN setting ~ '[a-z]' THEN format('attribution_model = %L', setting) ELSE format('contribution_window = %L', setting) END, setting, level,
	CASE level WHEN 'account' THEN 'account_id' ELSE level || '_id' END, level, 'models%'), E'\n', ' ')
FROM unnest('{first,last,all,linear,time_decay,position_based,first_human,last_human,0,1,7,14,31}'::text[]) AS setting, unnest('{agent,skill,account}'::text[]) AS level
\gexec
SELECT format('INSERT INTO compared SELECT %L, level, account_id, id, conversation_date, currency, conversions_%s, lead_value_%2$s, transaction_value_%2$s
	FROM %s WHERE account_id LIKE %L', setting, setting, CASE WHEN setting ~ '[a-z]' THEN 'model_comparison' ELSE 'window_comparison' END, 'models%')
FROM unnest('{first,last,all,linear,time_decay,position_based,first_human,last_human,0,1,7,14,31}'::text[]) AS setting
\gexec
\set ECHO all
SELECT count(*) AS rows, count(DISTINCT setting) AS settings, count(*) FILTER (WHERE conversions NOT IN (0, 1)) > 50 AS many_parts FROM reported;
SELECT 'lacking' AS what, * FROM (TABLE reported EXCEPT ALL TABLE compared) AS r WHERE conversions <> 0 OR lead_value <> 0 OR transaction_value <> 0
UNION ALL
SELECT 'surplus', * FROM (TABLE compared EXCEPT ALL TABLE reported) AS r WHERE conversions <> 0 OR lead_value <> 0 OR transaction_value <> 0;
-- summed up over days, by level
SELECT name, currency, conversions_first AS first, conversions_last AS last, conversions_all AS all, conversions_linear AS linear, conversions_time_decay AS time_decay,
	conversions_position_based AS position_based, conversions_first_human AS first_human, conversions_last_human AS last_human
FROM model_comparison(account_id => 'models') WHERE currency = 'USD';
SELECT name, conversions_0, conversions_1, conversions_7, conversions_31, transaction_value_1
FROM window_comparison('2026-06-02', '2026-06-02', 'skill', 'models') WHERE currency = 'USD';
SELECT account, name, currency, conversions_all, conversions_linear FROM model_comparison('2026-06-01', NULL, 'account') WHERE account LIKE 'models%';
UPDATE account SET contribution_window = 31 WHERE account_id = 'models too';

--
-- Snapshots follow the account, not the session.
--
UPDATE account SET attribution_model = 'linear' WHERE account_id = 'models';
SET goaltracker.attribution_model = 'first';
SET goaltracker.position_weights = '1,2,3';
SELECT refresh_snapshots();
RESET goaltracker.attribution_model;
RESET goaltracker.position_weights;
SELECT agent, sum(conversions) AS conversions, sum(goals_reached) AS goals FROM conversions_by_agent_snapshot WHERE account_id = 'models' GROUP BY agent ORDER BY agent COLLATE "C";
SELECT conversation_date, currency, goals_reached, conversions, transaction_value FROM conversions_by_account_snapshot WHERE account_id = 'models' ORDER BY 1, 2;
SELECT * FROM ((TABLE conversions_by_skill) EXCEPT ALL SELECT account_id, conversation_date, week, weekday, weekday_name, skill_id, skill, duration_bucket_no, duration_bucket, currency,
	goals_reached, conversions, lead_value, transaction_value FROM conversions_by_skill_snapshot) AS lacking WHERE account_id LIKE 'models%';

--
-- A plan that is kept follows the model, from one kind to the other and back.
--
SET plan_cache_mode = force_generic_plan;
PREPARE kept AS SELECT agent, sum(conversions) AS conversions FROM conversions_by_agent WHERE account_id = 'models too' GROUP BY agent ORDER BY agent COLLATE "C";
EXECUTE kept;
UPDATE account SET attribution_model = 'linear' WHERE account_id = 'models too';
EXECUTE kept;
SET goaltracker.attribution_model = 'first';
EXECUTE kept;
SET goaltracker.attribution_model = 'position_based';
EXECUTE kept;
RESET goaltracker.attribution_model;
UPDATE account SET attribution_model = 'last' WHERE account_id = 'models too';
EXECUTE kept;
-- A plan that was made while no model shared leaves parts out.  Where it gets to see a model
-- that does, because the change was not told, it says so rather than leave out rows.
UPDATE account SET attribution_model = 'last' WHERE account_id = 'models';
ALTER TABLE account DISABLE TRIGGER model_shares;
EXECUTE kept;
UPDATE account SET attribution_model = 'linear' WHERE account_id = 'models too';
EXECUTE kept;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE account ENABLE ALWAYS TRIGGER model_shares;
EXECUTE kept;
UPDATE account SET attribution_model = 'last' WHERE account_id = 'models too';
UPDATE account SET attribution_model = 'linear' WHERE account_id = 'models';
RESET plan_cache_mode;

--
-- Who sees one group's touchpoints sees their parts, and nothing of the others.
--
INSERT INTO agent_group_membership (account_id, agent_id, group_id, valid_during) VALUES ('models', 'A1', 'one', '(,)'), ('models', 'A2', 'two', '(,)');
CREATE ROLE regress_models_reader;
SELECT grant_reader('regress_models_reader'), restrict_reader('regress_models_reader', 'models', 'one');
GRANT USAGE ON SCHEMA goaltracker, models TO regress_models_reader;
SET ROLE regress_models_reader;
SELECT agent, conversions, transaction_value, currency FROM conversions_by_agent ORDER BY currency;
SELECT goal_event_id, agent, weight FROM conversion_grid ORDER BY goal_event_id;
SELECT sum(weight) AS weight, sum(attributed_transaction_value) AS transaction_value FROM credit_facts;
SELECT name, currency, conversions_linear, conversions_first_human, transaction_value_position_based FROM model_comparison();
RESET ROLE;
SELECT unrestrict_reader('regress_models_reader'), revoke_reader('regress_models_reader');
REVOKE ALL ON SCHEMA goaltracker, models FROM regress_models_reader;
DROP ROLE regress_models_reader;
DELETE FROM agent_group_membership WHERE account_id = 'models';

--
-- A goal event with very many touchpoints: what it is shared among stands outside its row,
-- and a refresh still sees that nothing has changed.
--
INSERT INTO account (account_id, attribution_model, max_touchpoints) VALUES ('models many', 'linear', 300);
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('models many', 'K', 'Mia', '2026-06-01 10:00');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
SELECT 'models many', 'K', n, 'Mia', 'A' || n % 7, timestamptz '2026-06-01 10:00' + n * interval '1 minute' FROM generate_series(1, 250) AS n;
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
VALUES ('models many', 'G', 'Mia', 'Purchase Event', '2026-06-03 09:00', 0.0249);
SELECT count(*) AS refreshed FROM refresh();
SELECT count(*), sum(weight) AS weight, min(weight), max(weight), sum(attributed_transaction_value) AS transaction_value,
	min(segment_no) FILTER (WHERE attributed_transaction_value > 0) AS first_to_have_any, max(attributed_transaction_value) FROM conversion_grid WHERE account_id = 'models many';
SELECT octet_length(touches) / 17 AS touches, pg_column_size(touches) > 2000 AS not_compressed FROM goal_outcome WHERE account_id = 'models many';
SELECT ctid AS before FROM goal_outcome WHERE account_id = 'models many' \gset
UPDATE goal_event SET transaction_value = transaction_value WHERE account_id = 'models many';
SELECT consumers FROM refresh();
SELECT ctid = :'before' AS left_alone FROM goal_outcome WHERE account_id = 'models many';
UPDATE agent_segment SET assigned_at = assigned_at - interval '1 second' WHERE account_id = 'models many' AND segment_no = 100;
SELECT consumers FROM refresh();
SELECT ctid = :'before' AS left_alone FROM goal_outcome WHERE account_id = 'models many';
UPDATE account SET attribution_model = 'time_decay', time_decay_half_life = '1 minute' WHERE account_id = 'models many';
SELECT sum(weight) AS weight, count(*) FILTER (WHERE weight > 0) AS with_any, max(weight), sum(attributed_transaction_value) AS transaction_value FROM conversion_grid WHERE account_id = 'models many';

--
-- explain_goal_event(): the weight, and what it rests on
--
SELECT conversation_id AS conv, segment_no AS no, agent_id, is_credited, rule, verdict, weight, shared_among, place, age FROM explain_goal_event('models', 'G');
SELECT model, segment_no AS no, agent_id, is_credited, rule, verdict, weight FROM explain_goal_event_by_model('models', 'J');
SET goaltracker.contribution_window = 1;
SET goaltracker.position_weights = '0,0,1';
SET goaltracker.time_decay_half_life = '90min';
SELECT model, conversation_id AS conv, segment_no AS no, agent_id, is_credited, rule, verdict, weight FROM explain_goal_event_by_model('models', 'G')
WHERE model IN ('time_decay', 'position_based') AND conversation_id = 'K2';
RESET goaltracker.contribution_window;
RESET goaltracker.position_weights;
RESET goaltracker.time_decay_half_life;
-- by the facts and settings of now, for every goal event what the reports say
SELECT g.goal_event_id, e.conversation_id, e.segment_no, e.weight AS explained, f.weight AS reported
FROM goal_event AS g CROSS JOIN LATERAL explain_goal_event(g.account_id, g.goal_event_id) AS e
FULL JOIN (SELECT * FROM conversion_grid WHERE account_id LIKE 'models%') AS f
	ON f.account_id = g.account_id AND f.goal_event_id = g.goal_event_id AND f.conversation = e.conversation_id AND f.segment_no IS NOT DISTINCT FROM e.segment_no
WHERE g.account_id LIKE 'models%' AND e.weight IS DISTINCT FROM f.weight;

--
-- Wrong values
--
UPDATE account SET attribution_model = 'lienar' WHERE account_id = 'models';
UPDATE account SET time_decay_half_life = '0' WHERE account_id = 'models';
\echo :LAST_ERROR_SQLSTATE
UPDATE account SET time_decay_half_life = '-1 day' WHERE account_id = 'models';
UPDATE account SET time_decay_half_life = '3650 days 1 second' WHERE account_id = 'models';
UPDATE account SET time_decay_half_life = NULL WHERE account_id = 'models';
UPDATE account SET position_weights = '{40,60}' WHERE account_id = 'models';
\echo :LAST_ERROR_SQLSTATE
UPDATE account SET position_weights = '{0,0,0}' WHERE account_id = 'models';
UPDATE account SET position_weights = '{40,-20,40}' WHERE account_id = 'models';
UPDATE account SET position_weights = '{40,NULL,40}' WHERE account_id = 'models';
UPDATE account SET position_weights = '{40,NaN,40}' WHERE account_id = 'models';
UPDATE account SET position_weights = '{1e-400,0,0}' WHERE account_id = 'models';
UPDATE account SET position_weights = '{1e400,0,0}' WHERE account_id = 'models';
UPDATE account SET position_weights = '{{40,20,40}}' WHERE account_id = 'models';
UPDATE account SET position_weights = '[0:2]={40,20,40}' WHERE account_id = 'models';
SET goaltracker.time_decay_half_life = 0;
\echo :LAST_ERROR_SQLSTATE
SET goaltracker.time_decay_half_life = '-0.5';
SET goaltracker.time_decay_half_life = '7 days';
-- (versions word this one differently)
\set VERBOSITY sqlstate
SET goaltracker.time_decay_half_life = '3651d';
\set VERBOSITY default
SET goaltracker.time_decay_half_life = 'NaN';
SET goaltracker.position_weights = '40,60';
\echo :LAST_ERROR_SQLSTATE
SET goaltracker.position_weights = '0,0,0';
SET goaltracker.position_weights = '40,20,40,';
SET goaltracker.position_weights = '40,20,inf';
SET goaltracker.position_weights = '{40,20,40}';
SET goaltracker.position_weights = '40;20;40';
SELECT weights('time_decay', '{1 h}', '0');
\echo :LAST_ERROR_SQLSTATE
SELECT weights('time_decay', '{1 h}', '3651 days');
SELECT weights('position_based', '{1 h}', position_weights => '{1,2}');
\echo :LAST_ERROR_SQLSTATE
SELECT weights('lienar', '{1 h}');
-- Anybody may call what views call, with anything.
SELECT _part(ARRAY[ROW('a', 'linear', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings], 'a', '\x00', 1, 1, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT _part(ARRAY[ROW('a', 'time_decay', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings], 'a',
	'\x0100000000000000ffffffffffffff7f010200000000000000000000000000008002', 1, 'NaN', 1e34);
\echo :LAST_ERROR_SQLSTATE
SELECT _part(ARRAY[ROW('a', 'time_decay', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings], 'a',
	'\x0100000000000000ffffffffffffff7f010200000000000000000000000000008002', 1, -0.0001, 1e29);
SELECT _part(NULL, 'a', '\x00', 1, 1, 1) IS NULL AS does_not_share, _compare_models(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) IS NULL AS nothing;
-- before the library is loaded
\c -
SET goaltracker.time_decay_half_life = '7 weeks';
SELECT count(*) FROM goaltracker.conversions_by_agent;
\echo :LAST_ERROR_SQLSTATE
\c -
SET goaltracker.position_weights = '40,20';
SELECT count(*) FROM goaltracker.conversions_by_agent;
\echo :LAST_ERROR_SQLSTATE
\c -
SET goaltracker.time_decay_half_life = '36h';
SET goaltracker.position_weights = ' 1, 2 ,3 ';
SELECT goaltracker._session_half_life(), goaltracker._session_position_weights();
SHOW goaltracker.time_decay_half_life;
SHOW goaltracker.position_weights;

SET client_min_messages = warning;
DROP SCHEMA models CASCADE;
DELETE FROM goaltracker.account WHERE account_id LIKE 'models%';
DELETE FROM goaltracker.agent WHERE account_id LIKE 'models%';
DELETE FROM goaltracker.conversation WHERE account_id LIKE 'models%';
DELETE FROM goaltracker.agent_segment WHERE account_id LIKE 'models%';
DELETE FROM goaltracker.goal_event WHERE account_id LIKE 'models%';
SELECT count(*) AS refreshed FROM goaltracker.refresh();
