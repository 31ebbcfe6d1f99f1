-- Prepares a database for scripts/fuzz.sh: the driver's functions, the values that
-- it puts in arguments, and the journeys that it mutates.  Variables: driver (path
-- of the module), corpus (path of the journeys, one a line in hexadecimal).
\set ON_ERROR_STOP on
\set QUIET on
CREATE EXTENSION goaltracker;

CREATE FUNCTION fuzz_journey(seed bigint, first bigint, inputs bigint, corpus bytea[],
	OUT tried bigint, OUT taken bigint, OUT refused bigint)
LANGUAGE c AS :'driver';
CREATE FUNCTION fuzz_state(aggregate regprocedure, seed bigint, first bigint, inputs bigint, corpus bytea[],
	OUT tried bigint, OUT taken bigint, OUT refused bigint)
LANGUAGE c AS :'driver';
CREATE FUNCTION fuzz_call(functions regprocedure[], seed bigint, first bigint, inputs bigint, corpus bytea[],
	OUT tried bigint, OUT taken bigint, OUT refused bigint)
LANGUAGE c AS :'driver';

-- ---------------------------------------------------------------------------
-- Values of the types that functions take; the driver adds random ones
-- ---------------------------------------------------------------------------
CREATE TABLE fuzz_value (type regtype, value text);

INSERT INTO fuzz_value
SELECT 'text', unnest(ARRAY['', ' ', 'conversation', 'segment', 'goal event', 'assigned', 'joined', 'main',
	'post_survey', 'Goal Achieved', 'Purchase Event', 'Lead Event', 'Agent', 'Consumer', 'System', 'agent',
	'SYSTEM', 'first', 'last', 'all', 'USD', 'UTC', 'Europe/Berlin', 'GMT+5', '../../etc/passwd', 'k1', 'k2',
	'c1', 'a1', 'a2', 'acme', 'null', '-1', '{}', '[]', '[}', '[1,2', '{"records": [1, {"a": "]"}]}', '"\', '"\"',
	'{"a"', '{"a":', '{"": [', '[[[[', '{"a": 1, "a": [2]}', 'é', '😀', repeat('x', 255), repeat('é', 128),
	repeat('[', 3000), repeat('{"a":', 1000), repeat('long ', 4000), '%s%n', E'\x01\x7f']);
INSERT INTO fuzz_value
SELECT 'name', unnest(ARRAY['', 'a', 'info', 'conversationId', 'timeL', 'é', repeat('n', 63)]);
INSERT INTO fuzz_value
SELECT t, v FROM unnest(ARRAY['smallint', 'integer', 'bigint']::regtype[]) AS t
CROSS JOIN unnest(ARRAY[-32768, -1, 0, 1, 2, 5, 7, 30, 31, 32, 100, 101, 3650, 32767]) AS v;
INSERT INTO fuzz_value
SELECT t, v FROM unnest(ARRAY['integer', 'bigint']::regtype[]) AS t
CROSS JOIN unnest(ARRAY['-2147483648', '2147483647', '2147483646', '65536', '3651']) AS v;
INSERT INTO fuzz_value
SELECT 'bigint', unnest(ARRAY['-9223372036854775808', '9223372036854775807', '4294967296', '2147483648']);
INSERT INTO fuzz_value
SELECT 'boolean', unnest(ARRAY['true', 'false']);
INSERT INTO fuzz_value
SELECT '"char"', unnest(ARRAY['H', 'B', 'S', 'U', 'A', 'O', '', E'\\377']);
INSERT INTO fuzz_value
SELECT 'timestamptz', unnest(ARRAY['-infinity', 'infinity', '4714-11-24 00:00+00 BC', '4713-01-01 00:00+00 BC',
	'294276-12-31 23:59:59.999999+00', '294275-12-31+00', '1970-01-01+00', '2000-01-01+00', '0001-01-01+00',
	'9999-12-31 23:59:59.999999+00', '2026-06-01 10:00+00', '2026-06-01 10:05+00', '2026-06-01 10:05:00.000001+00',
	'2026-06-03 09:00+00', '2026-07-02 10:00+00', '2026-03-29 01:00+00']);
INSERT INTO fuzz_value
SELECT 'date', unnest(ARRAY['-infinity', 'infinity', '4714-11-24 BC', '5874897-12-31', '2000-01-01', '2026-06-01']);
INSERT INTO fuzz_value
SELECT 'interval', unnest(ARRAY['0', '1 microsecond', '-1 microsecond', '5 minutes', '-5 minutes', '1 day',
	'24 hours', '1 month', '1000 years', '178000000 years', '-178000000 years', '2147483647 days',
	'-2147483648 days', '2562047788:00:54.775807', '-2562047788:00:54.775807', '1 year -1 day 3:00']);
-- the ends of the type, which are infinities from PostgreSQL 17 on
INSERT INTO fuzz_value
SELECT 'interval', unnest(ARRAY['178956970 years 7 months 2147483647 days 2562047788:00:54.775807',
	'-178956970 years -8 months -2147483648 days -2562047788:00:54.775807'])
WHERE current_setting('server_version_num')::integer < 170000;
INSERT INTO fuzz_value
SELECT 'interval', unnest(ARRAY['infinity', '-infinity'])
WHERE current_setting('server_version_num')::integer >= 170000;
INSERT INTO fuzz_value
SELECT 'numeric', unnest(ARRAY['0', '0.00', '-0.0000', '1', '-1', '1.0', '1.00', '0.0001', '0.00001', '0.000000000001',
	'0.0000000000001', '99.95', '9999999999999999.9999', '-9999999999999999.9999', '1152921504606846975',
	'1152921504606846976', '-1152921504606846976', '115292150460684.6975', '922337203685477.5807',
	'922337203685477.5808', '-922337203685477.5808', '9223372036854775807', '9223372036854775808', '1e20', '1e100',
	'1e1000', '1e131071', '-1e131071', '1e-16383', 'NaN', 'Infinity', '-Infinity', '10000', '100000000.0001']);
INSERT INTO fuzz_value
SELECT 'text[]', unnest(ARRAY['{}', '{NULL}', '{a,b}', '{a,NULL,timeL}', '{{a,b},{c,d}}', '{"",é,conversationId}',
	'[5:6]={a,b}', '{total,info,timeL,a}']);
INSERT INTO fuzz_value
SELECT 'interval[]', unnest(ARRAY['{}', '{NULL}', '{00:05:00}', '{00:05:00,00:10:00}', '{00:10:00,00:05:00}',
	'{{00:05:00},{00:10:00}}', '{-1 day}', '{178000000 years}', '[0:1]={00:05:00,1 day}']);
INSERT INTO fuzz_value
SELECT 'interval[]', array_agg(n * interval '1 minute')::text FROM generate_series(1, 101) AS n;
INSERT INTO fuzz_value
SELECT 'goaltracker._role', unnest(ARRAY['postgres', 'nobody', 'pg_database_owner', repeat('x', 63)]);
INSERT INTO fuzz_value
SELECT 'goaltracker._account_settings[]', unnest(ARRAY['{}', '{NULL}',
	'{"(acme,last,31,USD,\"{00:05:00,00:10:00}\")"}',
	'{"(acme,first,0,EUR,{00:05:00})","(a1,all,31,USD,\"{00:00:01,24:00:00,30 days}\")","(\"\",all,5,\"\",{00:05:00})"}',
	'{"(acme,all,31,USD,\"{00:05:00,00:10:00}\")",NULL}', '{"(,,,,)"}', '{"(acme,last,31,USD,{})"}',
	'{"(acme,last,31,USD,{NULL})"}', '{"(acme,\"\",-32768,USD,{178000000 years})"}',
	'{"(acme,zzz,32767,USD,\"{{00:05:00},{-178000000 years}}\")","(acme,all,1,EUR,{00:00:00.000001})"}',
	'{{"(k1,last,31,USD,{00:05:00})"},{"(k2,last,31,USD,{00:05:00})"}}']);
INSERT INTO fuzz_value
SELECT 'jsonb', unnest(ARRAY['{}', '[]', 'null', '1', '"x"', '{"a": 1}', '{"a": null, "info": "x"}',
	'{"timeL": "1780308000000", "total": "1e999", "conversationId": 1e100}', '{"timeL": 1e1000, "a": {"long": 5}}',
	'{"timeL": -210866803200000, "a": {"string": "x"}, "info": {"array": [1]}}', '{"timeL": 9223372036854775807}',
	'{"a": {"string": {"string": "x"}}}', '{"a": [], "info": {}, "timeL": "undefined"}', '{"a": [1, 2, [3]], "total": {"a": 1}}',
	'{"timeL": "  12.5e3  ", "a": "Unassigned", "conversationId": "null"}', '{"timeL": 1e-16000, "total": 1e131000}',
	'{"timeL": "-.", "total": "+1.e5", "a": ".5"}', '{"credited_user_types": ["Human", "Bot"]}', '{"credited_user_types": []}',
	'{"credited_user_types": "Human"}', '{"max_touchpoints": 0}', '{"max_touchpoints": 1}', '{"max_touchpoints": 2147483647}',
	'{"max_touchpoints": 2147483648}', '{"max_touchpoints": -1}', '{"max_touchpoints": 1e1000}', '{"time_zone": "Europe/Berlin"}',
	'{"time_zone": ""}', '{"time_zone": "../../../etc/passwd"}', '{"time_zone": 5}', '{"time_zone": "<+99>-167"}',
	'{"agents": {"a1": "Bot", "a2": "System", "": "Human"}, "post_survey_bots": ["a2", "a1", ""]}',
	'{"agents": [], "goals": {}}', '{"agents": {"a1": {"a": 1}}}', '{"agents": {"a1": [["Bot"]]}}',
	'{"post_survey_bots": [["a1"]]}', '{"post_survey_bots": [null]}', '{"goals": {"g1": "Other", "g2": "Service Activity Complete"}}',
	'{"goals": {"g1": null}}', '{"goals": 7}', '{"": ""}', '{"credited_user_types": ["Bot"], "agents": {"a1": "Bot"}, "max_touchpoints": 1}']);
INSERT INTO fuzz_value
SELECT 'jsonb', jsonb_build_object('a', repeat('x', 300), 'total', repeat('1', 100), 'conversationId', repeat('é', 200), 'info', repeat('7', 255));
INSERT INTO fuzz_value
SELECT 'jsonb', jsonb_build_object('agents', jsonb_object_agg('a' || n, 'Bot')) FROM generate_series(1, 300) AS n;
INSERT INTO fuzz_value
SELECT 'jsonb', repeat('[', 500) || repeat(']', 500);

-- ---------------------------------------------------------------------------
-- Journeys to mutate
-- ---------------------------------------------------------------------------
CREATE TEMPORARY TABLE line (hex text);
\copy line FROM pstdin
CREATE TABLE fuzz_corpus AS SELECT array_agg(decode(hex, 'hex')) AS journeys FROM line;

-- C functions that SQL can call with values of its own; those that refresh reads and
-- writes tables with are tried as statements.
CREATE VIEW fuzz_function AS
SELECT p.oid::regprocedure AS function
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'c'
WHERE p.pronamespace = 'goaltracker'::regnamespace
	AND p.prokind = 'f'
	AND p.prorettype <> 'trigger'::regtype
	AND NOT p.proargtypes::oid[] && ARRAY['internal', 'cstring']::regtype[]::oid[]
	AND p.provolatile <> 'v'
	AND p.proname NOT LIKE '\_fill%';

-- ---------------------------------------------------------------------------
-- Statements: any function of the extension, from SQL, in a subtransaction that is
-- rolled back.  Internal errors stop the run.
-- ---------------------------------------------------------------------------
CREATE FUNCTION fuzz_statements(seed bigint, first bigint, inputs bigint, corpus bytea[],
	OUT tried bigint, OUT taken bigint, OUT refused bigint)
LANGUAGE plpgsql AS $$
DECLARE
	functions oid[] := ARRAY(
		SELECT p.oid FROM pg_proc AS p
		WHERE p.pronamespace = 'goaltracker'::regnamespace AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype
			AND NOT p.proargtypes::oid[] && ARRAY['internal', 'cstring']::regtype[]::oid[]
			-- a search through all facts of the database, without arguments
			AND p.pronargs > 0
		ORDER BY p.oid::regprocedure::text COLLATE "C");
	function oid;
	arguments text;
	statement text;
	why text;
BEGIN
	taken := 0;
	refused := 0;
	FOR input IN first .. first + inputs - 1 LOOP
		PERFORM setseed((hashint8extended(input, seed) % 1000000000) / 1000000000.0);
		function := functions[1 + floor(random() * cardinality(functions))];
		SELECT string_agg(coalesce(
				(SELECT format('%L::%s', v.value, t.type::regtype) FROM fuzz_value AS v
					WHERE v.type = t.type AND random() > 0.08 ORDER BY random() LIMIT 1),
				CASE WHEN t.type = 'goaltracker.journey'::regtype AND random() > 0.1 THEN
					format('%L::goaltracker.journey', encode(corpus[1 + floor(random() * cardinality(corpus))], 'hex')) END,
				'NULL::' || t.type::regtype), ', ' ORDER BY t.n)
		INTO arguments
		FROM pg_proc AS p, unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t(type, n)
		WHERE p.oid = function;
		statement := format('SELECT * FROM %s(%s)', function::regproc, arguments);
		BEGIN
			EXECUTE statement;
			RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = 'taken';
		EXCEPTION
			WHEN SQLSTATE 'ZZ000' THEN
				taken := taken + 1;
			WHEN internal_error THEN
				GET STACKED DIAGNOSTICS why = PG_EXCEPTION_CONTEXT;
				RAISE EXCEPTION 'internal error "%" for: %', SQLERRM, left(statement, 5000) USING DETAIL = why;
			WHEN OTHERS THEN
				refused := refused + 1;
		END;
	END LOOP;
	tried := inputs;
END
$$;
