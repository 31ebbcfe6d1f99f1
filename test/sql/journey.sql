--
-- The aggregate journey() and the type it makes
--
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
CREATE SCHEMA journey_test;
SET search_path = journey_test, goaltracker, public;
\set SHOW_CONTEXT never

-- What journey() takes, as columns of a table: an entry is a conversation, a
-- segment or a goal event, and what it does not have is null.
CREATE TABLE entry (
	consumer_id text, entry text, entry_key bigint, starts_at timestamptz, ends_at timestamptz,
	conversation_id text, segment_no integer, agent_id text, skill_id text, participation text,
	dialog text, agent_messages integer, agent_responses integer, goal_event_id text, goal_id text,
	event_type text, lead_value numeric, transaction_value numeric, currency text,
	brand_event_id text, topic text, service_activity_status text, session_id text);
\set args 'entry, entry_key, starts_at, ends_at, conversation_id, segment_no, agent_id, skill_id, participation, dialog, agent_messages, agent_responses, goal_event_id, goal_id, event_type, lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id'

-- One consumer: two conversations, four segments, two goal events.
INSERT INTO entry (consumer_id, entry, conversation_id, starts_at, ends_at) VALUES
	('c', 'conversation', 'K1', '2026-06-01 10:00', '2026-06-01 11:00'),
	('c', 'conversation', 'K2', '2026-06-02 10:00', NULL);
INSERT INTO entry (consumer_id, entry, entry_key, conversation_id, segment_no, agent_id, skill_id,
	participation, dialog, starts_at, ends_at, agent_messages, agent_responses) VALUES
	('c', 'segment', 11, 'K1', 1, 'Bot', NULL, 'assigned', 'main', '2026-06-01 10:00', '2026-06-01 10:05', 2, 1),
	('c', 'segment', 12, 'K1', 2, 'Zoë', 'Verkäufe', 'assigned', 'main', '2026-06-01 10:05', '2026-06-01 11:00', 9, 4),
	('c', 'segment', 13, 'K1', 3, 'Survey', NULL, 'assigned', 'post_survey', '2026-06-01 11:00', NULL, 1, 1),
	('c', 'segment', 21, 'K2', 1, 'Ann', 'Care', 'joined', NULL, '2026-06-02 10:00', NULL, NULL, NULL);
INSERT INTO entry (consumer_id, entry, entry_key, starts_at, goal_event_id, goal_id, event_type, lead_value,
	transaction_value, currency, brand_event_id, topic, service_activity_status, session_id) VALUES
	('c', 'goal event', 1, '2026-06-01 10:30', 'G1', 'lead', 'Lead Event', 20, NULL, NULL, NULL, NULL, NULL, NULL),
	('c', 'goal event', 2, '2026-06-03 09:00', 'G2', 'buy', 'Purchase Event', NULL, 99.9900, 'EUR', 'order 1', 'shoes', 'done', 'session 1');

CREATE TABLE stored AS
SELECT consumer_id, journey(:args) FROM entry GROUP BY consumer_id;
SELECT t.goal_event_id, t.conversation_id, t.segment_no, t.agent_id, t.skill_id, t.min_window
FROM stored, touchpoints(journey) AS t;

--
-- As text and in binary
--
SELECT journey::text::journey::text = journey::text AS same_text,
	(SELECT array_agg(t) FROM touchpoints(journey::text::journey) AS t)
	= (SELECT array_agg(t) FROM touchpoints(journey) AS t) AS same_touchpoints
FROM stored;
-- The text is the binary form in hexadecimal, in whatever case.
SELECT left(journey::text, 10) AS starts_with, upper(journey::text)::journey::text = journey::text AS same
FROM stored;
-- out with COPY ... (FORMAT binary), and in again
\getenv results PG_ABS_BUILDDIR
\cd :results
\copy stored TO 'results/journey.bin' (FORMAT binary)
CREATE TABLE received (consumer_id text, journey journey);
\copy received FROM 'results/journey.bin' (FORMAT binary)
SELECT received.journey::text = stored.journey::text AS same FROM received, stored;
TRUNCATE received;
-- It carries everything that a refresh needs.
SELECT o.goal_event_id, o.event_type, o.goal_id, o.brand_event_id, o.is_duplicate, o.reach_window
FROM stored, _goal_outcome_rows('account', consumer_id, journey::text::journey, NULL) AS o;
SELECT t.agent_id, t.segment_key, t.assigned_until, t.agent_messages, t.agent_responses, t.user_type,
	t.goal_type, t.currency, t.lead_value, t.transaction_value
FROM stored, _touchpoint_rows('account', journey::text::journey, NULL) AS t;

--
-- Values that were tampered with are refused, or are journeys of another
-- content; nothing else happens.  An outcome is the SQLSTATE, or 'accepted' if
-- the value could be read and everything be done with it.
--
CREATE FUNCTION outcome(value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tampered goaltracker.journey;
BEGIN
	tampered := value::goaltracker.journey;
	PERFORM t FROM goaltracker.touchpoints(tampered, 3650) AS t;
	PERFORM t FROM goaltracker.attribute(tampered, 'all', 31) AS t;
	IF tampered::text::goaltracker.journey::text <> tampered::text THEN
		RETURN 'changed on its way';
	END IF;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
-- What an outcome may be, but for 'accepted'.
CREATE TABLE clean (outcome text);
INSERT INTO clean VALUES
	('22P03'),		-- invalid_binary_representation
	('08P01'),		-- protocol_violation: the message is too short or too long
	('22021'),		-- character_not_in_repertoire: no UTF-8
	('22023'),		-- invalid_parameter_value: no hexadecimal digits
	('54000');		-- program_limit_exceeded
-- not hexadecimal, an odd number of digits, nothing, unknown format
SELECT ''::journey;
\echo :LAST_ERROR_SQLSTATE
SELECT 'journey'::journey;
\echo :LAST_ERROR_SQLSTATE
SELECT '0'::journey;
\echo :LAST_ERROR_SQLSTATE
SELECT '00000000000000000000000000'::journey;
\echo :LAST_ERROR_SQLSTATE
SELECT '02000000000000000000000000'::journey;
-- no entries at all
SELECT '01000000000000000000000000'::journey, (SELECT count(*) FROM touchpoints('01000000000000000000000000')) AS touchpoints;
-- a byte too many
SELECT '0100000000000000000000000000'::journey;
\echo :LAST_ERROR_SQLSTATE
-- more entries than the message can hold
SELECT '017fffffff0000000000000000'::journey;
\echo :LAST_ERROR_SQLSTATE
SELECT '01000000007fffffff00000000'::journey;
SELECT '0100000000000000007fffffff'::journey;
SELECT '01ffffffff0000000000000000'::journey;
-- cut off at each place
SELECT outcome(left(journey::text, n)) IN (TABLE clean) AS is_refused, count(*) = length(journey::text) AS each_place
FROM stored, generate_series(0, length(journey::text) - 1) AS n
GROUP BY 1, journey::text;
-- each bit flipped, and each four bytes replaced by lengths and counts from a bad dream
CREATE TABLE tampered AS
SELECT value, outcome(value) FROM (
SELECT encode(set_bit(value, n, 1 - get_bit(value, n)), 'hex') AS value
FROM stored, decode(journey::text, 'hex') AS value, generate_series(0, length(value) * 8 - 1) AS n
UNION ALL
SELECT overlay(journey::text PLACING bad FROM n * 2 + 1 FOR 8)
FROM stored, generate_series(0, length(journey::text) / 2 - 4) AS n,
	(VALUES ('ffffffff'), ('fffffffe'), ('7fffffff'), ('80000000'), ('00000000'), ('00ffffff')) AS b (bad)
) AS v (value);
SELECT count(*) FILTER (WHERE outcome = 'accepted') > 1000 AS many_accepted,
	count(*) FILTER (WHERE outcome IN (TABLE clean)) > 1000 AS many_refused
FROM tampered;
SELECT outcome, min(value) FROM tampered
WHERE outcome NOT IN (SELECT 'accepted' UNION ALL TABLE clean)
GROUP BY outcome;
-- parts left out, and parts twice
SELECT count(*) FILTER (WHERE outcome(overlay(value PLACING '' FROM n * 2 + 1 FOR k * 2)) NOT IN (SELECT 'accepted' UNION ALL TABLE clean)) AS unclean_when_left_out,
	count(*) FILTER (WHERE outcome(left(value, n * 2) || substr(value, n * 2 + 1, k * 2) || substr(value, n * 2 + 1)) NOT IN (SELECT 'accepted' UNION ALL TABLE clean)) AS unclean_when_twice
FROM stored, CAST(journey::text AS text) AS value, generate_series(0, length(value) / 2 - 1) AS n,
	(VALUES (1), (4), (8), (25)) AS lengths (k);
-- the same in binary
COPY (SELECT NULL::text, ''::bytea) TO STDOUT (FORMAT binary) \g results/journey.bin
\copy received FROM 'results/journey.bin' (FORMAT binary)
COPY (SELECT NULL::text, '\x01000000007fffffff00000000'::bytea) TO STDOUT (FORMAT binary) \g results/journey.bin
\copy received FROM 'results/journey.bin' (FORMAT binary)
COPY (SELECT NULL::text, '\x0100000000000000000000000000'::bytea) TO STDOUT (FORMAT binary) \g results/journey.bin
\copy received FROM 'results/journey.bin' (FORMAT binary)
COPY (SELECT NULL::text, NULL::bytea) TO STDOUT (FORMAT binary) \g results/journey.bin
\copy received FROM 'results/journey.bin' (FORMAT binary)
SELECT count(*), count(journey) AS not_null FROM received;

--
-- The aggregate: nothing, nulls, one entry
--
SELECT journey(:args) IS NULL AS of_nothing FROM entry WHERE false;
SELECT journey(:args) IS NULL AS of_nulls FROM (VALUES (1), (2)) AS v (n) LEFT JOIN entry ON false;
-- A row without an entry is passed over.
SELECT (SELECT journey(:args) FROM (TABLE entry UNION ALL SELECT (NULL::entry).*) AS e)::text = journey::text AS same
FROM stored;
SELECT count(*) AS touchpoints FROM touchpoints(NULL);
-- one conversation, one segment, one goal event: nothing to attribute
SELECT entry, (SELECT count(*) FROM touchpoints(j)) AS touchpoints
FROM (SELECT entry, entry_key, journey(:args) AS j FROM entry GROUP BY entry, entry_key, conversation_id ORDER BY entry, entry_key) AS one;
-- A conversation and a goal event are enough for a row without an agent (S8).
SELECT t.goal_event_id, t.conversation_id, t.segment_no, t.agent_id, t.user_type, t.min_window, t.first_below, t.last_below, t.agent_below
FROM (SELECT journey(:args) AS j FROM entry WHERE entry <> 'segment' AND coalesce(conversation_id, 'K1') = 'K1') AS one, touchpoints(j) AS t;

-- Order does not matter.
CREATE VIEW shuffled AS SELECT * FROM entry ORDER BY md5(entry::text);
CREATE VIEW expected AS
SELECT t.* FROM stored, touchpoints(journey, 31, '{"agents": {"Bot": "Bot", "Survey": "System"}}') AS t;
SELECT count(*) FROM expected;
SELECT t.* FROM (SELECT journey(:args) AS j FROM shuffled) AS one, touchpoints(j, 31, '{"agents": {"Bot": "Bot", "Survey": "System"}}') AS t
EXCEPT TABLE expected;
TABLE expected EXCEPT
SELECT t.* FROM (SELECT journey(:args) AS j FROM shuffled) AS one, touchpoints(j, 31, '{"agents": {"Bot": "Bot", "Survey": "System"}}') AS t;
SELECT count(*) AS different FROM generate_series(1, 20) AS n,
	LATERAL (SELECT journey(:args) AS j FROM (SELECT * FROM entry ORDER BY md5(n || entry::text)) AS e) AS one
WHERE (SELECT array_agg(t) FROM touchpoints(j) AS t) IS DISTINCT FROM (SELECT array_agg(t) FROM stored, touchpoints(journey) AS t);

-- What an entry must have
UPDATE entry SET entry = 'goal' WHERE entry_key = 1;
SELECT journey(:args) IS NOT NULL FROM entry;
\echo :LAST_ERROR_SQLSTATE
UPDATE entry SET entry = 'goal event', event_type = 'Purchase' WHERE entry_key = 1;
SELECT journey(:args) IS NOT NULL FROM entry;
\echo :LAST_ERROR_SQLSTATE
UPDATE entry SET event_type = NULL WHERE entry_key = 1;
SELECT journey(:args) IS NOT NULL FROM entry;
\echo :LAST_ERROR_SQLSTATE
UPDATE entry SET event_type = 'Lead Event', goal_event_id = NULL WHERE entry_key = 1;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET goal_event_id = 'G1', starts_at = NULL WHERE entry_key = 1;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET starts_at = 'infinity' WHERE entry_key = 1;
SELECT journey(:args) IS NOT NULL FROM entry;
\echo :LAST_ERROR_SQLSTATE
UPDATE entry SET starts_at = '2026-06-01 10:30', entry_key = NULL WHERE entry_key = 1;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET entry_key = 1 WHERE goal_event_id = 'G1';
UPDATE entry SET participation = 'invited' WHERE entry_key = 11;
SELECT journey(:args) IS NOT NULL FROM entry;
\echo :LAST_ERROR_SQLSTATE
UPDATE entry SET participation = 'assigned', dialog = 'survey' WHERE entry_key = 11;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET dialog = 'main', segment_no = NULL WHERE entry_key = 11;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET segment_no = 1, conversation_id = NULL WHERE entry_key = 11;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET conversation_id = 'K1', starts_at = NULL WHERE entry_key = 11;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET starts_at = '-infinity' WHERE entry_key = 11;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET starts_at = '2026-06-01 10:00', entry_key = NULL WHERE entry_key = 11;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET entry_key = 11 WHERE agent_id = 'Bot';
UPDATE entry SET conversation_id = NULL WHERE entry = 'conversation' AND conversation_id = 'K1';
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET conversation_id = 'K1', starts_at = NULL WHERE entry = 'conversation' AND conversation_id IS NULL;
SELECT journey(:args) IS NOT NULL FROM entry;
UPDATE entry SET starts_at = '2026-06-01 10:00' WHERE entry = 'conversation' AND conversation_id = 'K1';
SELECT (SELECT array_agg(t) FROM touchpoints(j) AS t) = (SELECT array_agg(t) FROM touchpoints(journey) AS t) AS same
FROM stored, (SELECT journey(:args) AS j FROM entry) AS one;
-- As a window function: after each entry the journey so far
SELECT starts_at, entry, (SELECT count(*) FROM touchpoints(j)) AS touchpoints
FROM (SELECT starts_at, entry, conversation_id, entry_key,
		journey(:args) OVER (ORDER BY starts_at, entry, entry_key) AS j FROM entry) AS so_far
ORDER BY starts_at, entry, entry_key;
-- A frame that moves starts anew with each row.
SELECT count(*) AS different
FROM (SELECT starts_at, entry, entry_key, journey(:args) OVER (ORDER BY starts_at, entry, entry_key ROWS 1 PRECEDING) AS j,
		row_number() OVER (ORDER BY starts_at, entry, entry_key) AS n FROM entry) AS w
WHERE j::text <> (SELECT journey(:args)::text FROM (
	SELECT *, row_number() OVER (ORDER BY starts_at, entry, entry_key) AS m FROM entry) AS e WHERE m IN (n - 1, n));

--
-- A huge group: 20,000 segments in 400 conversations, one every two hours, and
-- 100 goal events, the last when everything is over
--
CREATE TABLE huge (LIKE entry);
INSERT INTO huge (entry, conversation_id, starts_at, ends_at)
SELECT 'conversation', 'K' || n, '2026-01-01'::timestamptz + n * interval '2 hours', '2026-01-01'::timestamptz + (n + 1) * interval '2 hours'
FROM generate_series(0, 399) AS n;
INSERT INTO huge (entry, entry_key, conversation_id, segment_no, agent_id, skill_id, starts_at)
SELECT 'segment', n, 'K' || n / 50, n % 50, 'agent ' || n % 70, 'skill ' || n % 7, '2026-01-01'::timestamptz + n / 50 * interval '2 hours' + n % 50 * interval '2 minutes'
FROM generate_series(0, 19999) AS n ORDER BY md5(n::text);
INSERT INTO huge (entry, entry_key, goal_event_id, event_type, starts_at)
SELECT 'goal event', n, 'G' || n, 'Purchase Event', '2026-01-01'::timestamptz + n * interval '8 hours'
FROM generate_series(1, 100) AS n;
CREATE TABLE huge_stored AS SELECT journey(:args) FROM huge;
-- It is stored out of line, and read from there.
SELECT pg_column_size(journey) > 2000 AS is_large, pg_relation_size(reltoastrelid) > 0 AS has_toast
FROM huge_stored, pg_class WHERE pg_class.oid = 'huge_stored'::regclass;
-- The last goal event has 31 days' segments in reach: those of 372 conversations
-- and of the one that ended 31 days ago, of which 200 are kept (S18); 70 agents.
SELECT (SELECT count(*) FROM touchpoints(journey, 31, '{"max_touchpoints": 100000}') WHERE goal_event_id = 'G100') AS in_reach,
	(SELECT count(*) FROM touchpoints(journey) WHERE goal_event_id = 'G100') AS kept,
	(SELECT count(*) FROM attribute(journey, 'all', 31) WHERE goal_event_id = 'G100' AND agent_credit = 1) AS agents,
	(SELECT count(*) FROM attribute(journey, 'all', 31) WHERE goal_event_id = 'G100' AND skill_credit = 1) AS skills,
	(SELECT count(*) FROM attribute(journey, 'all', 31) WHERE goal_event_id = 'G100' AND brand_credit = 1) AS brand
FROM huge_stored;
SELECT model, a.conversation_id, a.segment_no, a.agent_id
FROM huge_stored, (VALUES ('first'), ('last')) AS m (model), attribute(journey, model, 31) AS a
WHERE goal_event_id = 'G100';
SELECT journey::text::journey::text = journey::text AS same FROM huge_stored;

--
-- Partial aggregates, combined: the same touchpoints as of a serial plan
--
CREATE TABLE many (LIKE entry) WITH (parallel_workers = 2);
INSERT INTO many
SELECT 'consumer ' || n % 30, entry, entry_key + n * 100, starts_at + n * interval '1 minute', ends_at + n * interval '1 minute',
	conversation_id || ' ' || n, segment_no, agent_id, skill_id, participation, dialog, agent_messages, agent_responses,
	goal_event_id || ' ' || n, goal_id, event_type, lead_value, transaction_value, currency, brand_event_id || ' ' || n, topic,
	service_activity_status, session_id
FROM entry, generate_series(1, 600) AS n
ORDER BY md5(n || entry::text);
ANALYZE many;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS
SELECT consumer_id, journey(:args), count(*) FROM many GROUP BY consumer_id;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT consumer_id, journey(:args) FROM many GROUP BY consumer_id;
CREATE TABLE parallel AS
SELECT consumer_id, journey(:args), count(*) FROM many GROUP BY consumer_id;
-- of everything together, some processes having had nothing
CREATE TABLE parallel_none AS SELECT journey(:args) FROM many WHERE consumer_id = 'nobody';
SELECT journey IS NULL AS is_null FROM parallel_none;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET enable_sort;
SELECT count(*) > 10000 AS many_touchpoints, count(DISTINCT consumer_id) AS consumers FROM serial, touchpoints(journey);
(SELECT consumer_id, t.* FROM serial, touchpoints(journey) AS t)
EXCEPT ALL
(SELECT consumer_id, t.* FROM parallel, touchpoints(journey) AS t);
(SELECT consumer_id, t.* FROM parallel, touchpoints(journey) AS t)
EXCEPT ALL
(SELECT consumer_id, t.* FROM serial, touchpoints(journey) AS t);
-- also what touchpoints() does not show: the measures, and all that is written out
SELECT count(*) AS different FROM parallel JOIN serial USING (consumer_id)
WHERE length(parallel.journey::text) <> length(serial.journey::text);
SELECT count(*) AS different
FROM (
	(SELECT consumer_id, t.* FROM parallel, _touchpoint_rows('account', journey, NULL) AS t)
	EXCEPT ALL
	(SELECT consumer_id, t.* FROM serial, _touchpoint_rows('account', journey, NULL) AS t)
) AS d;

\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA journey_test CASCADE;
