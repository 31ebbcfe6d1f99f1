--
-- What report views call: functions over settings and dates, and the aggregates
-- _measures and _work
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
CREATE SCHEMA report_functions;
SET search_path = report_functions, goaltracker, public;

--
-- Settings of accounts come as one value.  Who has none, or no row, has the
-- defaults: last, 31 days, USD, buckets up to 24 hours.
--
SELECT ARRAY[
	ROW('first 7', 'first', 7, 'EUR', '{5 minutes,1 hour}', '7 days', '{40,20,40}')::_account_settings,
	ROW('last 7', 'last', 7, 'GBP', '{90 seconds,300.5 seconds,1 day}', '7 days', '{40,20,40}')::_account_settings,
	ROW('all 7', 'all', 7, 'JPY', '{0.000001 seconds}', '7 days', '{40,20,40}')::_account_settings,
	ROW('all 0', 'all', 0, 'CHF', '{1 month}', '7 days', '{40,20,40}')::_account_settings] AS settings \gset
SELECT account, _default_currency(:'settings', account) AS given,
	_default_currency('{}', account) AS of_none, _default_currency(NULL, account) AS of_null
FROM unnest('{first 7,last 7,all 7,all 0,unknown,"",NULL,first 7}'::text[]) AS account;

-- A touchpoint has its credit from min_window on and below the model's limit (S1,
-- S5, S6).
CREATE TABLE span (what text, user_type "char", min_window bigint, first_below bigint,
	last_below bigint, agent_below bigint, skill_below bigint, brand_below bigint,
	first_human_below bigint DEFAULT 0, last_human_below bigint DEFAULT 0);
INSERT INTO span VALUES
	('whose conversation is open', 'H', 0, 32, 32, 32, 32, 32),
	('reached by 7 days', 'H', 7, 32, 32, 32, 32, 32),
	('reached by 8 days', 'H', 8, 32, 32, 32, 32, 32),
	('another one from 8 days on', 'H', 0, 8, 8, 8, 8, 8),
	('another one from 7 days on', 'H', 0, 7, 7, 7, 7, 7),
	('agent and skill', 'B', 0, 0, 0, 32, 32, 0),
	('agent and account', 'B', 0, 0, 0, 32, 0, 32),
	('nothing but near', 'S', 0, 0, 0, 0, 0, 0),
	('nobody', 'U', 0, 32, 32, 32, 32, 32),
	('nobody, when somebody is', 'U', 0, 0, 0, 0, 0, 0),
	('nobody, for skill and account', 'U', 0, 32, 32, 0, 32, 32);
CREATE FUNCTION credits(settings _account_settings[], account text, span span)
RETURNS integer LANGUAGE sql
RETURN _credits(settings, account, span.user_type, span.min_window | (span.first_below << 6) | (span.last_below << 12)
	| (span.first_human_below << 18) | (span.last_human_below << 24) | (span.agent_below << 30) | (span.skill_below << 36)
	| (span.brand_below << 42), true);
SELECT what, credits(:'settings', 'first 7', s) AS first_7, credits(:'settings', 'last 7', s) AS last_7,
	credits(:'settings', 'all 7', s) AS all_7, credits(:'settings', 'all 0', s) AS all_0,
	credits(:'settings', 'unknown', s) AS unknown, credits(NULL, 'first 7', s) AS no_settings, credits(:'settings', NULL, s) AS no_account
FROM span AS s;
-- The session's model and window come before the account's.
SET goaltracker.attribution_model = 'first';
SET goaltracker.contribution_window = 8;
SELECT what, credits(:'settings', 'first 7', s) AS first_7, credits(:'settings', 'all 0', s) AS all_0, credits(NULL, NULL, s) AS none
FROM span AS s WHERE what LIKE '% days%';
RESET goaltracker.attribution_model;
RESET goaltracker.contribution_window;
-- Of a model that shares, what All has stands four bits higher (S20); first_human and
-- last_human have limits of their own (S19).
INSERT INTO span VALUES
	('human, before and after bots', 'H', 0, 0, 0, 32, 32, 32, 32, 8),
	('bot', 'B', 0, 32, 32, 32, 32, 32, 0, 0);
SELECT array_agg(ROW(model || ' ' || days, model, days, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings) AS shared
FROM unnest('{all,linear,time_decay,position_based,first_human,last_human}'::text[]) AS model, unnest('{7,8}'::smallint[]) AS days \gset
SELECT s.what, m.model, credits(:'shared', m.model || ' 7', s) AS days_7, credits(:'shared', m.model || ' 8', s) AS days_8
FROM span AS s, unnest('{all,linear,time_decay,position_based,first_human,last_human}'::text[]) WITH ORDINALITY AS m (model, no)
WHERE what IN ('human, before and after bots', 'bot', 'agent and skill', 'nobody, when somebody is', 'nobody') ORDER BY s.what, m.no;
SELECT name, _span(1::bigint | (2 << 6) | (3 << 12) | (4 << 18) | (5 << 24) | (6::bigint << 30) | (7::bigint << 36) | (32::bigint << 42), name)
FROM unnest('{min_window,first,last,first_human,last_human,agent,skill,brand,none}'::text[]) AS name;
SELECT _any_shares(ARRAY[ROW('a', 'all', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings]) AS all, _any_shares(NULL) AS no_account,
	_any_shares(ARRAY[ROW('a', 'all', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings,
		ROW('b', 'linear', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings]) AS one_shares;
SET goaltracker.attribution_model = 'linear';
SELECT _any_shares(NULL) AS session_shares, _any_whole() AS whole;
SET goaltracker.attribution_model = 'last';
SELECT _any_shares(ARRAY[ROW('a', 'linear', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings]) AS session_does_not, _any_whole() AS whole;
RESET goaltracker.attribution_model;
-- A plan that leaves parts out refuses what it should share.
SELECT _credits(:'shared', 'all 7', 'H', 0, false), _credits(:'shared', 'first_human 7', 'H', 32::bigint << 18, false);
SELECT _credits(:'shared', 'linear 7', 'H', 0, false);
\echo :LAST_ERROR_SQLSTATE

-- S16: a lower bound belongs to its bucket; who never was assigned is in bucket 0.
SELECT account, bucket_no, _duration_bucket(:'settings', account, bucket_no) AS bucket
FROM unnest('{first 7,last 7,all 7,all 0}'::text[]) AS account, generate_series(-1, 4) AS bucket_no;
SELECT bucket_no, _duration_bucket(NULL, NULL, bucket_no) AS bucket FROM generate_series(-1, 7) AS bucket_no;
SELECT _duration_bucket(NULL, 'unknown', NULL) IS NULL AS no_bucket;
SELECT account, bound, _duration_bucket_no(:'settings', account, at, at + bound - interval '1 microsecond') AS just_below,
	_duration_bucket_no(:'settings', account, at, at + bound) AS at_bound
FROM (VALUES ('first 7', interval '5 minutes'), ('first 7', '1 hour'), ('last 7', '90 seconds'), ('last 7', '300.5 seconds'), ('last 7', '1 day'),
	('all 7', '0.000001 seconds'), ('all 0', '30 days'), ('unknown', '5 minutes'), (NULL, '1 day')) AS b (account, bound),
	(VALUES (timestamptz '2026-06-01 10:00')) AS t (at);
SELECT what, _duration_bucket_no(NULL, 'unknown', assigned_at, assigned_until) AS bucket_no
FROM (VALUES ('never assigned', NULL::timestamptz, timestamptz '2026-06-01'), ('neither', NULL, NULL),
	('until before', '2026-06-02', '2026-06-01'), ('until long before', '294275-12-31', '4713-01-01 BC'),
	('all of time', '4713-01-01 BC', '294275-12-31'), ('in the future', '200000-01-01', NULL)) AS t (what, assigned_at, assigned_until);
BEGIN;
SELECT _duration_bucket_no(NULL, 'unknown', now() - interval '1 hour', NULL) AS an_hour_until_now,
	_duration_bucket_no(NULL, 'unknown', now() - interval '59:59.999999', NULL) AS not_quite;
COMMIT;

-- Settings that no account can have are refused.
SELECT _default_currency(ARRAY[NULL::_account_settings], 'a');
SELECT _default_currency(ARRAY[ROW(NULL, 'last', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings], 'a');
SELECT _default_currency(ARRAY[ROW('a', NULL, 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings], 'a');
SELECT _default_currency(ARRAY[ROW('a', 'last', NULL, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings], 'a');
SELECT _default_currency(ARRAY[ROW('a', 'last', 7, NULL, '{1 hour}', '7 days', '{40,20,40}')::_account_settings], 'a');
SELECT _duration_bucket(ARRAY[ROW('a', 'last', 7, 'EUR', NULL, '7 days', '{40,20,40}')::_account_settings], 'a', 0);
SELECT _default_currency(ARRAY[ROW('a', 'lsat', 7, 'EUR', '{1 hour}', '7 days', '{40,20,40}')::_account_settings], 'a');
SELECT _duration_bucket(ARRAY[ROW('a', 'last', 7, 'EUR', '{}', '7 days', '{40,20,40}')::_account_settings], 'a', 0);
SELECT _duration_bucket(ARRAY[ROW('a', 'last', 7, 'EUR', '{1 hour,NULL}', '7 days', '{40,20,40}')::_account_settings], 'a', 0);

--
-- S15: weeks start on Sunday, which is 0, before 1970, before 2000 and before
-- Christ too.
--
SELECT day, _weekday(day), _weekday_name(day)
FROM unnest('{2026-06-07,2026-06-06,2000-01-01,1999-12-31,1970-01-01,1969-12-31,0001-01-01,0001-12-31 BC,4714-11-24 BC,5874897-12-31}'::date[]) AS day;
SELECT count(*) AS days, count(*) FILTER (WHERE _weekday(day) <> extract(dow FROM day)
	OR _weekday_name(day) <> to_char(day, 'FMDay') OR extract(dow FROM day - _weekday(day)) <> 0) AS wrong
FROM unnest('{2000-01-01,1970-01-01,0001-01-01,4713-06-01 BC}'::date[]) AS start, generate_series(-100, 100) AS n,
	LATERAL (SELECT start + n) AS d (day);
SELECT _weekday(NULL) IS NULL AS no_weekday, _weekday_name(NULL) IS NULL AS no_name;

-- Zone first, offset after.  Without an offset the stored date is the answer.
PREPARE local AS
SELECT opened_at, utc_offset, _local_time(opened_at, utc_offset), _local_date(stored, opened_at, utc_offset)
FROM (VALUES (timestamptz '2026-06-06 21:59:59.999999Z', 7200, date '2026-06-06'), ('2026-06-06 22:00Z', 7200, '2026-06-07'),
	('2026-03-01 04:30Z', -18000, '2026-02-28'), ('2026-06-06 18:15Z', 19800, '2026-06-06'), ('1969-12-31 23:45Z', 0, '1969-12-31'),
	('0001-12-31 23:00 BC', 3599, '0001-12-31 BC'), ('infinity', 3600, 'infinity'), ('-infinity', 3600, '-infinity')) AS t (opened_at, utc_offset, stored);
EXECUTE local;
SET goaltracker.hour_offset = 0.25;
EXECUTE local;
SET goaltracker.hour_offset = -12;
EXECUTE local;
SET goaltracker.hour_offset = 14;
EXECUTE local;
SET goaltracker.hour_offset = 0;
SELECT _local_date('2000-01-01', '2026-06-06', 0) AS stored;
SET goaltracker.hour_offset = 0.0001;
SELECT _local_date('2000-01-01', '2026-06-06', 0) AS worked_out;
RESET goaltracker.hour_offset;
SELECT _local_date('2000-01-01', '2026-06-06', 0) AS stored;

--
-- _measures: goal events, conversions among them (S11) and values (S12), by
-- duration bucket.  A value that is not there adds nothing.
--
SELECT m.* FROM (
	SELECT _measures(bucket_no, is_conversion, lead_value, transaction_value) AS measures
	FROM (VALUES (0, true, 20.5, NULL), (0, false, NULL, NULL), (3, true, NULL, 100), (3, true, 1.25, -30.75),
		(3, NULL, 0, 0.0001), (100, false, NULL, NULL)) AS v (bucket_no, is_conversion, lead_value, transaction_value)
) AS g, unnest(measures) AS m;
SELECT _measures(0, true, 1, 1) IS NULL AS no_rows FROM generate_series(1, 0);
SELECT _measures(NULL, NULL, NULL, NULL);

-- Any value is added up exactly, and so is any number of them.
SELECT m.lead_value, m.lead_value = total AS same
FROM (
	SELECT what, _measures(1, true, value, -value) AS measures, sum(value) AS total
	FROM (VALUES
		('1 30 digits', 123456789012345678901234567890), ('1 30 digits', -123456789012345678901234567890.5), ('1 30 digits', 0.25),
		('2 6 decimals', 0.000001), ('2 6 decimals', 1.999999), ('2 6 decimals', 7), ('2 6 decimals', 0.5),
		('3 negative', -5), ('3 negative', -0.0001), ('3 negative', -99999999999999),
		('4 about 2^63', 922337203685477.5807), ('4 about 2^63', 0.0001), ('4 about 2^63', -0.0001), ('4 about 2^63', -922337203685477.5808),
		('5 about -2^63', -922337203685477.5808), ('5 about -2^63', -0.0001), ('5 about -2^63', 3),
		('6 largest', 9999999999999999.9999), ('6 largest', 9999999999999999.9999), ('6 largest', -1)) AS v (what, value)
	GROUP BY what
) AS g, unnest(measures) AS m ORDER BY what;
SELECT m.goals_reached, m.lead_value, m.transaction_value
FROM (SELECT _measures(1, true, 92233720368547.7580, -92233720368547.7580) AS measures FROM generate_series(1, 1000)) AS g, unnest(measures) AS m;

-- _part_measures: parts (S20).  A goal event counts in one place, its parts in several; a
-- bucket in which all adds up to nothing is left out, unless a goal event counts there.
SELECT m.* FROM (
	SELECT _part_measures(bucket_no, is_reached, conversion, lead_value, transaction_value) AS measures
	FROM (VALUES (0, true, 333334, NULL, 33.3334), (0, false, 333333, NULL, 33.3333), (1, false, 333333, 0.0001, 33.3333), (2, false, 0, NULL, NULL),
		(3, true, 0, NULL, 0), (4, false, 0, 1.5, NULL), (4, false, 0, -1.5, NULL), (5, false, 0, 1e20, NULL), (5, NULL, NULL, -1e20, NULL),
		(6, false, 0, NULL, -0.0001)) AS v (bucket_no, is_reached, conversion, lead_value, transaction_value)
) AS g, unnest(measures) AS m;
SELECT _part_measures(2, false, 0, NULL, NULL) AS none, _part_measures(0, true, 1, 1, 1) FILTER (WHERE false) IS NULL AS no_rows;

-- An account has at most 100 bounds, so these are no buckets.
SELECT _measures(-1, true, 1, 1);
SELECT _measures(101, true, 1, 1);
SELECT _measures(2147483647, true, 1, 1);

-- as count() and sum() by bucket, over many groups
CREATE TABLE credit WITH (parallel_workers = 2) AS
SELECT n, n % 97 AS grp, n * n % 11 * (n % 10) AS bucket_no, n % 3 > 0 AS is_conversion,
	CASE WHEN n % 4 > 0 THEN (n * 7919 % 100003) * power(10::numeric, n % 5 - 4) END AS lead_value,
	CASE WHEN n % 7 > 0 THEN (n % 2 * 2 - 1) * (n * 104729 % 1000003) * power(10::numeric, n % 23 - 6) END AS transaction_value
FROM generate_series(1::bigint, 20000) AS n;
ANALYZE credit;
CREATE VIEW measured AS
SELECT grp, m.duration_bucket_no, m.goals_reached, m.conversions, m.lead_value, m.transaction_value
FROM (
	SELECT grp, _measures(bucket_no::integer, is_conversion, lead_value, transaction_value) AS measures
	FROM credit GROUP BY grp
) AS g, unnest(measures) AS m;
CREATE VIEW plain AS
SELECT grp, bucket_no, count(*) AS goals_reached, count(*) FILTER (WHERE is_conversion) AS conversions,
	COALESCE(sum(lead_value), 0) AS lead_value, COALESCE(sum(transaction_value), 0) AS transaction_value
FROM credit GROUP BY grp, bucket_no;
CREATE FUNCTION is_parallel(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ 'Partial \w*Aggregate' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;
SET max_parallel_workers_per_gather = 0;
SELECT is_parallel('TABLE measured'), (SELECT count(*) FROM measured) AS rows;
(TABLE measured EXCEPT ALL TABLE plain) UNION ALL (TABLE plain EXCEPT ALL TABLE measured);
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT is_parallel('TABLE measured'), (SELECT count(*) FROM measured) AS rows;
(TABLE measured EXCEPT ALL TABLE plain) UNION ALL (TABLE plain EXCEPT ALL TABLE measured);
SELECT _measures(bucket_no::integer, is_conversion, lead_value, transaction_value) IS NULL AS no_rows FROM credit WHERE n < 0;
-- A partial state of another kind is refused.
CREATE AGGREGATE count_as_measures(bigint) (SFUNC = _count_once_add, STYPE = internal, FINALFUNC = _count_once_final, PARALLEL = SAFE,
	SERIALFUNC = _count_once_serialize, DESERIALFUNC = _measures_deserialize, COMBINEFUNC = _measures_combine);
SELECT count_as_measures(1) FROM credit;

--
-- _work: messages, responses and time assigned of distinct segments (S13).  A
-- segment counts once, however many rows it is on, and a row without one is
-- passed over.
--
SELECT (_work(segment_key, agent_messages, agent_responses, assigned_at, assigned_until)).*
FROM (VALUES (1::bigint, 5, 3, timestamptz '2026-06-01 10:00', timestamptz '2026-06-01 10:20'), (1, 5, 3, '2026-06-01 10:00', '2026-06-01 10:20'),
	(2, 5, 3, '2026-06-01 10:00', '2026-06-01 10:20'), (NULL, 100, 100, '2026-06-01 10:00', '2026-06-01 10:20'),
	(9223372036854775807, 1, 0, '2026-06-01 23:00', '2026-06-02 01:00'), (-1, 0, 1, '2026-06-01 00:00', '2026-06-02 00:00'),
	-- never below zero
	(3, 1, 1, '2026-06-02', '2026-06-01'), (4, 1, 1, '294275-12-31', '4713-01-01 BC')
) AS w (segment_key, agent_messages, agent_responses, assigned_at, assigned_until);
-- Between two batches of a refresh the rows of one segment may differ: the larger
-- figure counts, whatever comes first.
SELECT (_work(1, messages, responses, '2026-06-01', '2026-06-01'::timestamptz + time)).*
FROM (VALUES (5, 1, interval '5 minutes'), (3, 3, '3 minutes'), (4, 2, '7 minutes')) AS w (messages, responses, time);
-- Sums of nothing are 0.
SELECT (_work(1, 1, 1, now(), now())).* FROM generate_series(1, 0);
SELECT (_work(NULL, 0, 0, NULL, NULL)).*;
-- An open segment lasts until now.
BEGIN;
SELECT (_work(key, 1, 1, now() - key * interval '1 hour', NULL)).* FROM (VALUES (1), (5), (30), (-2)) AS w (key);
COMMIT;
-- Sums may be larger than their parts can be, up to the last interval.
SELECT (_work(key, 2147483647, 2147483647, '4713-01-01 BC', '294275-12-31')).* FROM generate_series(1, 20) AS key;
SELECT (_work(key, 2147483647, 2147483647, '4713-01-01 BC', '294275-12-31')).* FROM generate_series(1, 21) AS key;
\echo :LAST_ERROR_SQLSTATE

-- as plain SQL over distinct segments, over many groups
CREATE TABLE work_row WITH (parallel_workers = 2) AS
SELECT k % 89 AS grp, CASE WHEN k % 50 > 0 THEN k * 1000003 % 65537 * CASE WHEN k % 2 = 0 THEN 4294967296 ELSE 1 END END AS segment_key,
	(k * 31 % 50)::integer AS agent_messages, (k * 17 % 20)::integer AS agent_responses,
	timestamptz '2026-06-01' + k * interval '1 minute' AS assigned_at,
	CASE WHEN k % 9 > 0 THEN timestamptz '2026-06-01' + (k + k * 7 % 2000) * interval '61.000001 seconds' END AS assigned_until
FROM (SELECT n * 48271 % 9973 AS k FROM generate_series(1::bigint, 30000) AS n) AS rows;
ANALYZE work_row;
-- time as seconds: 24 hours are a day in the one and not in the other
CREATE VIEW worked AS
SELECT grp, (work).agent_messages, (work).agent_responses, extract(epoch FROM (work).time_assigned) AS seconds
FROM (SELECT grp, _work(segment_key, agent_messages, agent_responses, assigned_at, assigned_until) AS work FROM work_row GROUP BY grp) AS w;
CREATE VIEW plain_work AS
SELECT grp, sum(agent_messages) AS agent_messages, sum(agent_responses) AS agent_responses,
	sum(GREATEST(extract(epoch FROM COALESCE(assigned_until, now()) - assigned_at), 0)) AS seconds
FROM (SELECT DISTINCT * FROM work_row WHERE segment_key IS NOT NULL) AS d GROUP BY grp;
SET max_parallel_workers_per_gather = 0;
SELECT is_parallel('TABLE worked'), (SELECT count(*) FROM worked) AS rows;
(TABLE worked EXCEPT ALL TABLE plain_work) UNION ALL (TABLE plain_work EXCEPT ALL TABLE worked);
SET max_parallel_workers_per_gather = 2;
SELECT is_parallel('TABLE worked'), (SELECT count(*) FROM worked) AS rows;
(TABLE worked EXCEPT ALL TABLE plain_work) UNION ALL (TABLE plain_work EXCEPT ALL TABLE worked);
-- A segment that several processes have seen counts once, the larger figure too.
SELECT (_work(segment_key % 10, agent_messages, agent_responses, '2026-06-01', '2026-06-01'::timestamptz + agent_messages * interval '1 minute')).* FROM work_row;
SELECT is_parallel('SELECT _work(segment_key % 10, agent_messages, agent_responses, assigned_at, assigned_until) FROM work_row');
SELECT (_work(segment_key, agent_messages, agent_responses, assigned_at, assigned_until)).* FROM work_row WHERE grp < 0;
CREATE AGGREGATE sum_as_work(numeric, bigint) (SFUNC = _sum_once_add, STYPE = internal, FINALFUNC = _sum_once_final, PARALLEL = SAFE,
	SERIALFUNC = _sum_once_serialize, DESERIALFUNC = _work_deserialize, COMBINEFUNC = _work_combine);
SELECT sum_as_work(1, 1) FROM work_row;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

--
-- agent_summary is what plain SQL makes of credit_facts: goal events and values
-- of the rows with credit, work of distinct segments of all rows (S11 to S13).
--
INSERT INTO account (account_id, default_currency, time_zone, contribution_window)
VALUES ('report functions', 'EUR', 'America/New_York', 9);
INSERT INTO agent (account_id, agent_id, user_type, is_post_survey_bot)
VALUES ('report functions', 'a1', 'Bot', false), ('report functions', 'a2', 'System', true);
INSERT INTO conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
SELECT 'report functions', 'k' || n, 'c' || n % 70, opened_at, CASE WHEN n % 13 > 0 THEN opened_at + n % 9 * interval '17 minutes' END
FROM generate_series(1, 400) AS n, LATERAL (SELECT timestamptz '2026-03-01Z' + n * interval '2 hours 7 minutes') AS o (opened_at);
INSERT INTO agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, participation, dialog, assigned_at, ended_at, agent_messages, agent_responses)
SELECT 'report functions', 'k' || n, no, 'c' || n % 70, CASE WHEN n % 70 = 7 THEN 'rare' ELSE 'a' || (n + no * no) % 5 END, 's' || nullif((n + no) % 4, 0),
	CASE WHEN (n + no) % 7 = 0 THEN 'joined' ELSE 'assigned' END, CASE WHEN no = 3 AND n % 5 = 0 THEN 'post_survey' ELSE 'main' END,
	assigned_at, CASE WHEN n % 3 > 0 THEN assigned_at + n % 8 * interval '11.5 minutes' END, n % 12, n % 5
FROM generate_series(1, 400) AS n, generate_series(1, n % 4) AS no,
	LATERAL (SELECT timestamptz '2026-03-01Z' + n * interval '2 hours 7 minutes' + no * interval '6 minutes') AS a (assigned_at);
INSERT INTO goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, lead_value, transaction_value, currency)
SELECT 'report functions', 'g' || n, 'c' || n % 70, (ARRAY['Goal Achieved', 'Purchase Event', 'Lead Event'])[1 + n % 3],
	timestamptz '2026-03-01 01:00Z' + n * interval '1 hour 50 minutes', CASE WHEN n % 3 = 2 THEN n % 50 + 0.25 END, CASE WHEN n % 3 = 1 THEN n % 200 - 20 END,
	(ARRAY['EUR', 'USD', NULL, 'USD'])[1 + n % 4]
FROM generate_series(1, 600) AS n WHERE n % 70 <> 7 OR n > 450;
SELECT count(*) AS refreshed FROM refresh();
CREATE VIEW summary AS
SELECT conversation_date, week, agent_id, user_type, goals_reached, conversions, agent_messages, agent_responses,
	extract(epoch FROM time_assigned) AS seconds, currency, lead_value, transaction_value, other_currency_conversions
FROM agent_summary WHERE account_id = 'report functions';
CREATE VIEW plain_summary AS
WITH fact AS (
	SELECT * FROM credit_facts WHERE account_id = 'report functions'
), segment AS (
	SELECT DISTINCT conversation_date, agent_id, segment_key, agent_messages, agent_responses, seconds_assigned
	FROM fact WHERE segment_key IS NOT NULL
), work AS (
	SELECT conversation_date, agent_id, sum(agent_messages) AS agent_messages, sum(agent_responses) AS agent_responses,
		sum(seconds_assigned) AS seconds
	FROM segment GROUP BY conversation_date, agent_id
), goal AS (
	SELECT conversation_date, week, agent_id, user_type, sum(goals_reached) AS goals_reached, sum(conversions) AS conversions,
		COALESCE(sum(lead_value) FILTER (WHERE goals_reached = 1 AND currency = 'EUR'), 0) AS lead_value,
		COALESCE(sum(transaction_value) FILTER (WHERE goals_reached = 1 AND currency = 'EUR'), 0) AS transaction_value,
		COALESCE(sum(conversions) FILTER (WHERE currency <> 'EUR'), 0) AS other_currency_conversions
	FROM fact GROUP BY conversation_date, week, agent_id, user_type
)
SELECT g.conversation_date, g.week, g.agent_id, g.user_type, g.goals_reached, g.conversions, COALESCE(w.agent_messages, 0) AS agent_messages,
	COALESCE(w.agent_responses, 0) AS agent_responses, COALESCE(w.seconds, 0) AS seconds, 'EUR' AS currency, g.lead_value, g.transaction_value, g.other_currency_conversions
FROM goal AS g LEFT JOIN work AS w ON w.conversation_date = g.conversation_date AND w.agent_id = g.agent_id;
CREATE VIEW about AS
SELECT count(*) AS rows, count(*) FILTER (WHERE agent_id IS NULL) AS unassigned, count(*) FILTER (WHERE goals_reached = 0) AS no_goal, sum(goals_reached) AS goals,
	sum(conversions) AS conversions, sum(agent_messages) AS messages, sum(lead_value) AS lead_value, sum(transaction_value) AS transaction_value, sum(other_currency_conversions) AS others
FROM summary;
CREATE VIEW differences AS
(TABLE summary EXCEPT ALL TABLE plain_summary) UNION ALL (TABLE plain_summary EXCEPT ALL TABLE summary);
TABLE about;
TABLE differences;
SET goaltracker.attribution_model = 'first';
TABLE about;
TABLE differences;
SET goaltracker.attribution_model = 'all';
SET goaltracker.contribution_window = 31;
TABLE about;
TABLE differences;
SET goaltracker.hour_offset = -7.5;
SET goaltracker.contribution_window = 2;
TABLE about;
TABLE differences;
RESET goaltracker.attribution_model;
RESET goaltracker.contribution_window;
RESET goaltracker.hour_offset;

SET client_min_messages = warning;
DROP SCHEMA report_functions CASCADE;
DELETE FROM account WHERE account_id = 'report functions';
DELETE FROM agent WHERE account_id = 'report functions';
DELETE FROM conversation WHERE account_id = 'report functions';
DELETE FROM agent_segment WHERE account_id = 'report functions';
DELETE FROM goal_event WHERE account_id = 'report functions';
SELECT count(*) AS refreshed FROM refresh();
