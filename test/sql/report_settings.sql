--
-- report_settings: under which settings reports are made, for readers who may not
-- read the table account
--
SET search_path = goaltracker, public;

INSERT INTO account (account_id, account_name, attribution_model, contribution_window, default_currency, time_zone, duration_bounds,
	time_decay_half_life, position_weights)
VALUES ('settings 1', 'The first', 'first', 7, 'EUR', 'Europe/Berlin', '{10 min,1 h}', '36 hours', '{50,0,50}'),
	('settings 2', NULL, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT);

CREATE VIEW shown AS SELECT * FROM report_settings WHERE account_id LIKE 'settings%' ORDER BY account_id;

\x
-- the account's own
SELECT * FROM shown;
\x

-- the session's win, and say so
SET goaltracker.attribution_model = 'all';
SET goaltracker.contribution_window = 0;
SET goaltracker.hour_offset = -2.5;
SELECT account_id, attribution_model, contribution_window, hour_offset,
	account_attribution_model, account_contribution_window
FROM shown;
RESET goaltracker.attribution_model;
RESET goaltracker.contribution_window;
RESET goaltracker.hour_offset;

-- so do those of models that share; -1 and '' are the account's
SET goaltracker.time_decay_half_life = '3d';
SET goaltracker.position_weights = '1,2.5,1';
SELECT account_id, time_decay_half_life, extract(epoch FROM time_decay_half_life::interval) AS seconds, position_weights
FROM shown;
SET goaltracker.time_decay_half_life = -1;
SET goaltracker.position_weights = '';
SELECT account_id, time_decay_half_life, position_weights
FROM shown;
RESET goaltracker.time_decay_half_life;
RESET goaltracker.position_weights;

-- the names of the buckets are those that the reports show
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
VALUES ('settings 1', 'k', 'c', '2025-06-01 10:00Z', '2025-06-01 11:00Z');
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at, ended_at)
VALUES ('settings 1', 'k', 1, 'c', 'a', '2025-06-01 10:00Z', '2025-06-01 10:20Z');
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
VALUES ('settings 1', 'g', 'c', 'Purchase Event', '2025-06-02 10:00Z');
SELECT FROM refresh();
SELECT c.duration_bucket_no, c.duration_bucket, (string_to_array(s.duration_buckets, ', '))[1 + c.duration_bucket_no] AS duration_buckets
FROM conversions_by_skill AS c
JOIN report_settings AS s USING (account_id)
WHERE c.account_id = 'settings 1';

-- a reader reads it, and a restricted one of his accounts alone
CREATE ROLE regress_goaltracker_settings;
SELECT grant_reader('regress_goaltracker_settings');
GRANT SELECT ON shown TO regress_goaltracker_settings;
SET ROLE regress_goaltracker_settings;
SELECT account_id, time_decay_half_life, position_weights
FROM report_settings WHERE account_id LIKE 'settings%' ORDER BY account_id;
SELECT account_id FROM account;
RESET ROLE;
SELECT restrict_reader('regress_goaltracker_settings', 'settings 2');
SET ROLE regress_goaltracker_settings;
SELECT account_id FROM report_settings;
-- nor does what he asks with see the others
CREATE FUNCTION pg_temp.peep(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
	$$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
SELECT account_id FROM report_settings WHERE pg_temp.peep(account_name);
RESET ROLE;
DROP FUNCTION pg_temp.peep(text);
SELECT unrestrict_reader('regress_goaltracker_settings');
SELECT revoke_reader('regress_goaltracker_settings');

DROP VIEW shown;
DROP ROLE regress_goaltracker_settings;
DELETE FROM goal_event WHERE account_id LIKE 'settings%';
DELETE FROM agent_segment WHERE account_id LIKE 'settings%';
DELETE FROM conversation WHERE account_id LIKE 'settings%';
DELETE FROM account WHERE account_id LIKE 'settings%';
SELECT FROM refresh();
