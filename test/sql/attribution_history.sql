--
-- The share of goal events that was attributed, refresh after refresh
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set VERBOSITY terse
CREATE SCHEMA attribution_history_test;
SET search_path = attribution_history_test, goaltracker, public;
INSERT INTO account (account_id, contribution_window) VALUES ('history', 7);
CREATE VIEW line AS
SELECT row_number() OVER (ORDER BY refreshed_at) AS refresh, goal_events AS all, attributed, unassigned, self_serve AS self, duplicates AS dup,
	attributed_share AS share, new_goal_events AS new, new_attributed AS new_attr, new_unassigned AS new_unass, new_self_serve AS new_self, new_duplicates AS new_dup
FROM attribution_history WHERE account_id = 'history';
-- Each day four consumers converse and buy the day after: somebody is there, on the third
-- a survey alone (the agent of the second conversation of it joined), nobody with the
-- fourth; and one order is sent twice.
INSERT INTO agent (account_id, agent_id, user_type, is_post_survey_bot) VALUES ('history', 'poll', 'Bot', true);
CREATE PROCEDURE a_day(day integer, feeds text[]) LANGUAGE plpgsql AS $$
DECLARE
	at CONSTANT timestamptz := timestamptz '2026-06-01Z' + day * interval '1 day';
BEGIN
	IF 'conversations' = ANY (feeds) THEN
		INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		SELECT 'history', format('k%s.%s', day, n), format('c%s.%s', day, n), at, at + interval '1 hour' FROM generate_series(1, 4) AS n;
		INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, participation, assigned_at)
		SELECT 'history', format('k%s.%s', day, n), no, format('c%s.%s', day, n), CASE WHEN n = 3 AND no = 1 THEN 'poll' ELSE 'ann' END,
			CASE WHEN n = 3 AND no = 2 THEN 'joined' ELSE 'assigned' END, at
		FROM generate_series(1, 3) AS n, generate_series(1, 2) AS no;
	END IF;
	IF 'goals' = ANY (feeds) THEN
		INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, brand_event_id)
		SELECT 'history', format('g%s.%s', day, n), format('c%s.%s', day, least(n, 4)), 'Purchase Event', at + interval '1 day' + n * interval '1 minute',
			format('order %s.%s', day, least(n, 4))
		FROM generate_series(1, 5) AS n;
	END IF;
	PERFORM refresh();
END
$$;
CALL a_day(1, '{conversations,goals}');
CALL a_day(2, '{conversations,goals}');
-- The feed of conversations breaks: the line has a step.
CALL a_day(3, '{goals}');
CALL a_day(4, '{goals}');
-- It comes back, with what was missing; nothing changes; goals break.
CALL a_day(3, '{conversations}');
SELECT FROM refresh();
CALL a_day(5, '{conversations}');
CALL a_day(6, '{conversations,goals}');
SELECT * FROM line;
-- Settings act when it is read, on all of it (S1).
SET goaltracker.attribution_model = 'first';
SELECT refresh, "all", attributed, unassigned, self, dup FROM line WHERE refresh IN (1, 6);
SET goaltracker.attribution_model = 'all';
SELECT refresh, "all", attributed, unassigned, self, dup FROM line WHERE refresh IN (1, 6);
UPDATE account SET contribution_window = 0 WHERE account_id = 'history';
SELECT refresh, "all", attributed, unassigned, self, dup FROM line WHERE refresh IN (1, 6);
SELECT FROM refresh();
RESET goaltracker.attribution_model;
UPDATE account SET contribution_window = 31 WHERE account_id = 'history';
SELECT FROM refresh();

-- What the counts are, counted anew; a goal event that moves to another consumer, one
-- that goes, a duplicate that is none any more, a conversation that closed later, other
-- credited user types, rebuild(), another account
CREATE VIEW difference AS
SELECT a.model, a.days, e.*, f.*
FROM (SELECT account_id FROM account WHERE account_id LIKE 'history%') AS account
CROSS JOIN (VALUES (current_setting('goaltracker.attribution_model'), current_setting('goaltracker.contribution_window'))) AS a (model, days)
CROSS JOIN LATERAL (
	SELECT count_once(goal_event_key) FILTER (WHERE user_type <> 'Unassigned') AS attributed, count_once(goal_event_key) FILTER (WHERE user_type = 'Unassigned') AS unassigned
	FROM credit_facts AS c WHERE c.account_id = account.account_id
) AS e
CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE reason = 'self-serve') AS self_serve, count(*) FILTER (WHERE reason = 'duplicate') AS duplicates
	FROM unattributed_goal_events AS u WHERE u.account_id = account.account_id
) AS u
LEFT JOIN LATERAL (
	SELECT h.attributed AS history_attributed, h.unassigned AS history_unassigned, h.self_serve, h.duplicates FROM attribution_history AS h
	WHERE h.account_id = account.account_id ORDER BY h.refreshed_at DESC LIMIT 1
) AS f ON true
WHERE (e.attributed, e.unassigned, u.self_serve, u.duplicates)
	IS DISTINCT FROM (coalesce(f.history_attributed, 0), coalesce(f.history_unassigned, 0), coalesce(f.self_serve, 0), coalesce(f.duplicates, 0));
CREATE PROCEDURE compare() LANGUAGE plpgsql AS $$
DECLARE
	differences integer := 0;
BEGIN
	FOR model IN 1 .. 6 LOOP
		FOR days IN 0 .. 31 LOOP
			PERFORM set_config('goaltracker.attribution_model', (ARRAY['first', 'last', 'all', 'first_human', 'last_human', 'linear'])[model], true), set_config('goaltracker.contribution_window', days::text, true);
			differences := differences + (SELECT count(*) FROM difference);
		END LOOP;
	END LOOP;
	PERFORM set_config('goaltracker.attribution_model', '', true), set_config('goaltracker.contribution_window', '-1', true);
	RAISE NOTICE '% differences', differences;
END
$$;
CALL compare();
UPDATE goal_event SET consumer_id = 'c2.1' WHERE account_id = 'history' AND goal_event_id IN ('g1.4', 'g3.1');
SELECT FROM refresh();
CALL compare();
DELETE FROM goal_event WHERE account_id = 'history' AND goal_event_id IN ('g1.1', 'g2.4', 'g2.5', 'g6.4');
SELECT FROM refresh();
CALL compare();
UPDATE conversation SET closed_at = NULL WHERE account_id = 'history' AND conversation_id IN ('k1.1', 'k2.4');
UPDATE conversation SET closed_at = closed_at + interval '40 hours' WHERE account_id = 'history' AND conversation_id IN ('k1.2', 'k1.3', 'k6.3');
CALL refresh_in_batches(2);
CALL compare();
UPDATE account SET credited_user_types = '{Bot}' WHERE account_id = 'history';
SELECT FROM refresh();
CALL compare();
UPDATE account SET credited_user_types = '{Human}', max_touchpoints = 0 WHERE account_id = 'history';
CALL refresh_in_batches(3);
CALL compare();
-- a hash that is not known
UPDATE goal_outcome SET touchpoints_hash = NULL WHERE account_id = 'history';
UPDATE account SET max_touchpoints = 100 WHERE account_id = 'history';
SELECT FROM refresh();
CALL compare();
INSERT INTO account (account_id) VALUES ('history 2');
UPDATE goal_event SET account_id = 'history 2' WHERE account_id = 'history' AND goal_event_id IN ('g2.1', 'g6.1');
SELECT FROM refresh();
CALL compare();
SELECT count(*) AS rows FROM attribution_history WHERE account_id = 'history' \gset
SELECT FROM rebuild();
CALL compare();
-- A rebuild that comes to the same is a row all the same: one that adds nothing.
SELECT count(*) - :rows AS more, (array_agg(new_goal_events ORDER BY refreshed_at DESC))[1] AS new FROM attribution_history WHERE account_id = 'history';
DELETE FROM goal_event WHERE account_id = 'history';
SELECT FROM refresh();
CALL compare();
SELECT goal_events, attributed, attributed_share FROM attribution_history WHERE account_id = 'history' ORDER BY refreshed_at DESC LIMIT 1;

-- It stays small: of days long ago one row is left, after five years none.
INSERT INTO _attribution_history (account_id, refreshed_at, counts)
SELECT 'history', at, array_fill(0, ARRAY[199])
FROM generate_series(now() - interval '1830 days', now() - interval '1825 days', interval '1 day') AS at
UNION ALL
SELECT 'history', date_trunc('day', now()) - interval '95 days' + n * interval '3 hours', array_fill(0, ARRAY[199]) FROM generate_series(0, 39) AS n
UNION ALL
SELECT 'history', date_trunc('day', now()) - interval '80 days' + n * interval '3 hours', array_fill(0, ARRAY[199]) FROM generate_series(0, 7) AS n;
DELETE FROM _attribution_history WHERE account_id = 'history' AND refreshed_at > now() - interval '79 days';
CALL a_day(7, '{goals}');
SELECT now()::date - refreshed_at::date AS days_ago, count(*) AS rows, to_char(max(refreshed_at), 'HH24') AS hour FROM attribution_history
WHERE account_id = 'history' AND refreshed_at BETWEEN now() - interval '1000 days' AND now() - interval '1 days' AND now()::date - refreshed_at::date <> 90
GROUP BY 1 ORDER BY 1;
SELECT count(*) AS of_five_years_ago FROM attribution_history WHERE account_id = 'history' AND refreshed_at < now() - interval '1000 days';

-- Who sees groups alone is not told of goal events that others have.
CREATE ROLE regress_history_shop;
CREATE ROLE regress_history_group;
SELECT grant_reader('regress_history_shop'), grant_reader('regress_history_group');
SELECT restrict_reader('regress_history_shop', 'history 2'), restrict_reader('regress_history_group', 'history 2', 'north');
SET ROLE regress_history_shop;
SELECT account_id, goal_events FROM attribution_history;
SET ROLE regress_history_group;
SELECT count(*) FROM attribution_history;
SELECT count(*) FROM _attribution_history;
RESET ROLE;
SELECT unrestrict_reader('regress_history_shop'), unrestrict_reader('regress_history_group');
SELECT revoke_reader('regress_history_shop'), revoke_reader('regress_history_group');
SET ROLE regress_history_shop;
SELECT count(*) FROM attribution_history;
RESET ROLE;
DROP ROLE regress_history_shop, regress_history_group;
DELETE FROM goal_event WHERE account_id LIKE 'history%';
DELETE FROM agent_segment WHERE account_id LIKE 'history%';
DELETE FROM conversation WHERE account_id LIKE 'history%';
DELETE FROM agent WHERE account_id LIKE 'history%';
DELETE FROM account WHERE account_id LIKE 'history%';
SELECT FROM refresh();
DELETE FROM _attribution_history WHERE account_id LIKE 'history%';
SET client_min_messages = warning;
DROP SCHEMA attribution_history_test CASCADE;
