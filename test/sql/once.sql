--
-- sum_once and count_once: totals over rows in which one thing stands more than
-- once
--
CREATE SCHEMA once_test;
SET search_path = once_test, goaltracker, public;

-- Under All a goal event has a row per agent, and its value stands on each: two
-- purchases of 100, one lead without a value, credited to two agents each.
CREATE TABLE grid (agent text, goal_event_key bigint, transaction_value numeric(20,4),
	segment_key bigint, agent_messages integer, time_assigned interval);
INSERT INTO grid VALUES
	('Ann', 1, 100, 11, 5, '00:10:00'), ('Bob', 1, 100, 12, 3, '00:02:30'),
	('Ann', 2, 100, 11, 5, '00:10:00'), ('Bob', 2, 100, 13, 0, '00:00:00'),
	('Ann', 3, NULL, 11, 5, '00:10:00'), ('Bob', 3, NULL, 14, 4, '24:00:00');

SELECT sum(transaction_value) AS too_much, sum(DISTINCT transaction_value) AS too_little,
	sum_once(transaction_value, goal_event_key), count_once(goal_event_key),
	sum_once(agent_messages, segment_key) AS agent_messages,
	sum_once(time_assigned, segment_key) AS time_assigned
FROM grid;

SELECT agent, sum_once(transaction_value, goal_event_key), count_once(goal_event_key),
	sum_once(agent_messages, segment_key) AS agent_messages,
	sum_once(time_assigned, segment_key) AS time_assigned
FROM grid GROUP BY ROLLUP (agent) ORDER BY agent;

-- like every aggregate
SELECT sum_once(transaction_value, goal_event_key) FILTER (WHERE agent = 'Ann') AS filtered,
	sum_once(transaction_value, goal_event_key ORDER BY agent DESC) AS ordered,
	count_once(DISTINCT goal_event_key) AS distinct_keys
FROM grid;

-- Whole numbers of any size, as value and as key, need no cast.
SELECT sum_once(1::smallint, 1::smallint), sum_once(2::integer, 1::integer),
	sum_once(3::bigint, 1::bigint), sum_once(4, 1), sum_once(5.5, 1), count_once(1);
SELECT pg_typeof(sum_once(1, 1)), pg_typeof(sum_once(interval '1 s', 1)), pg_typeof(count_once(1));

-- nothing, one row, and rows without a key or a value
SELECT sum_once(v, k), sum_once(i, k) AS sum_once_interval, count_once(k)
FROM (SELECT 1.5 AS v, interval '1 s' AS i, 1::bigint AS k) one WHERE false;
SELECT sum_once(v, k), sum_once(i, k) AS sum_once_interval, count_once(k)
FROM (SELECT 1.5 AS v, interval '1 s' AS i, 1::bigint AS k) one;
SELECT sum_once(v, k), sum_once(i, k) AS sum_once_interval, count_once(k)
FROM (VALUES (NULL::numeric, NULL::interval, NULL::bigint), (7, '7 s', NULL)) one (v, i, k);
SELECT sum_once(v, k), sum_once(i, k) AS sum_once_interval, count_once(k)
FROM (VALUES (NULL::numeric, NULL::interval, 1::bigint)) one (v, i, k);
SELECT sum_once(v, k), sum_once(i, k) AS sum_once_interval, count_once(k)
FROM (VALUES (NULL::numeric, NULL::interval, 1::bigint), (2, '2 s', 1), (NULL, NULL, 1), (7, '7 s', NULL)) one (v, i, k);

-- A key that stands for two values is a mistake, and no total can be right.
SELECT sum_once(v, k) FROM (VALUES (100.00, 7), (50, 8), (50.0000, 7)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (1, -5), (-1, -5)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (0.5, 1), (5, 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (1e30, 1), (1, 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (1, 1), (1e-30, 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (1e30, 1), (1e31, 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES ('NaN'::numeric, 1), (1, 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES ('Infinity'::numeric, 1), ('-Infinity', 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (interval '1 min', 1), ('2 min', 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (interval '1 day', 1), ('24 hours', 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (interval '1 mon', 1), ('30 days', 1)) rows (v, k);

-- The same number written differently is one value; the sum has the largest
-- scale, as with sum(), whether it comes first or last.
SELECT sum_once(v, k) FROM (VALUES (1.0, 1), (1.00, 1), (1, 1)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (1.00, 1), (1.0, 1), (2.5, 2)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (1e30, 1), (1e30::numeric(40,3), 1), (1, 2)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (0.000, 1), (0, 1), (0, 2)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (0.5, 1), (0.05, 2), (-0.55, 3)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (5, 1), (500000, 2), (90000000, 3)) rows (v, k);
SELECT scale(sum_once(v, k)), sum_once(v, k) = 2 AS is_two
FROM (VALUES (1, 1), (('1.' || repeat('0', 5000))::numeric, 2)) rows (v, k);

-- NaN and the infinities, as with sum()
SELECT given, sum_once(v, k) AS sum_once, sum_once(v, k) IS NOT DISTINCT FROM sum(v) FILTER (WHERE first) AS as_sum
FROM (VALUES ('{NaN,1,NaN}'::numeric[], '{1,2,1}'::bigint[]), ('{Infinity,1,Infinity}', '{1,2,1}'),
	('{-Infinity,1,-Infinity}', '{1,2,1}'), ('{Infinity,-Infinity}', '{1,2}'), ('{Infinity,NaN}', '{1,2}')) sets (given, keys),
	LATERAL (SELECT v, k, row_number() OVER (PARTITION BY k) = 1 AS first FROM unnest(given, keys) u (v, k)) rows
GROUP BY given ORDER BY given::text COLLATE "C";

-- very large and very small numbers, and those around the limits of 60 bits
CREATE TABLE edge AS
SELECT row_number() OVER () AS k, s * v * 10.0 ^ e AS v
FROM unnest('{1,1152921504606846974,1152921504606846975,1152921504606846976,1152921504606846977,9999,10000,
	99999999999999999999,100000000000000000000,9223372036854775807,9223372036854775808,12345678901234567890123}'::numeric[]) v,
	unnest('{0,-1,-2,-3,-4,-5,-8,-11,-12,-13,-16,-17,-20,4,8,20}'::integer[]) e, unnest('{1,-1,3}'::integer[]) s;
SELECT count(*) FROM edge;
SELECT (SELECT sum_once(v, k)::text FROM (SELECT * FROM edge UNION ALL SELECT * FROM edge) twice)
	= (SELECT sum(v)::text FROM edge) AS same_sum,
	(SELECT count(*) FROM (SELECT sum_once(v, 1)::text = v::text AS same FROM edge GROUP BY k, v) each WHERE same) AS same_alone;
SELECT sum_once(v, k) = 3e131071 + 1e-16000 AS exact FROM (VALUES (1e131071, 1), (2e131071, 2), (1e-16000, 3), (1e131071, 1)) rows (v, k);

-- Sums of small values may be larger than 64 bits.
SELECT sum_once(v, k), sum(v) FROM (SELECT 1152921504606846975 AS v, k FROM generate_series(1, 1000) k) rows;
SELECT sum_once(v, k), sum(v) FROM (SELECT -115292150460684.6975 AS v, k FROM generate_series(1, 1000) k) rows;
SELECT sum_once(v, k), sum(v) FROM (SELECT (k % 2 * 2 - 1) * 1152921504606846975 AS v, k FROM generate_series(1, 1001) k) rows;

-- Intervals: months, days and time are summed apart.
SELECT sum_once(v, k) FROM (VALUES (interval '1 mon', 1), ('1 day -00:00:01', 2), ('-00:00:01', 3), ('1 mon', 1), ('1 day -00:00:01', 2)) rows (v, k);
SELECT sum_once(v, k), sum(v) FROM (SELECT interval '1000000:00:00.000001' AS v, k FROM generate_series(1, 2000) k) rows;
SELECT sum_once(v, k) FROM (VALUES (interval '2562047788 hours', 1), ('2562047788 hours', 1), ('-2562047787 hours', 2)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (interval '2562047788 hours', 1), ('2562047788 hours', 2)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (interval '2147483647 days', 1), ('1 day', 2)) rows (v, k);
SELECT sum_once(v, k) FROM (VALUES (interval '-178956970 years', 1), ('-178956970 years', 2)) rows (v, k);

-- Keys of any sign and size, far apart and side by side
SELECT sum_once(k % 10, k) = sum(k % 10) AS same_sum, count_once(k) = count(*) AS same_count, count(*)
FROM (SELECT -9223372036854775808 + n AS k FROM generate_series(0, 99) n
	UNION SELECT 9223372036854775807 - n FROM generate_series(0, 99) n
	UNION SELECT n * 4294967296 FROM generate_series(-5000, 5000) n
	UNION SELECT n * 64 + 1 FROM generate_series(-5000, 5000) n
	UNION SELECT n FROM generate_series(-130, -65) n) keys;

-- one group of a million keys, in no order
CREATE TABLE facts WITH (parallel_workers = 2) AS
SELECT k, ((k * 7919 % 100000) / 100.0)::numeric(20,4) AS v, make_interval(secs => k % 4000) AS t, (k % 40)::integer AS m, k / 3 AS g
FROM (SELECT n * 48271 % 1000003 AS k FROM generate_series(1::bigint, 1000002) n) keys;
INSERT INTO facts SELECT * FROM facts WHERE k % 4 = 0;
ANALYZE facts;
SET max_parallel_workers_per_gather = 0;
SELECT count(*), count_once(k), sum_once(v, k), sum_once(t, k) AS time, sum_once(m, k) AS messages FROM facts;
SELECT count(*), sum(v), sum(t) AS time, sum(m) AS messages FROM (SELECT DISTINCT k, v, t, m FROM facts) once;

-- the same in a parallel plan
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF)
SELECT count(*), count_once(k), sum_once(v, k), sum_once(t, k) AS time, sum_once(m, k) AS messages FROM facts;
SELECT count(*), count_once(k), sum_once(v, k), sum_once(t, k) AS time, sum_once(m, k) AS messages FROM facts;
SELECT count_once(k), sum_once(v, k), sum_once(t, k) AS time FROM facts WHERE k < 0;

-- Large values, NaN and days go from process to process as well.
CREATE TABLE edge_again WITH (parallel_workers = 2) AS
SELECT edge.*, make_interval(months => k::integer % 3, days => k::integer % 5, secs => k) AS t
FROM edge, generate_series(1, 5);
EXPLAIN (COSTS OFF) SELECT sum_once(v, k), sum_once(t, k) FROM edge_again;
SELECT sum_once(v, k)::text = (SELECT sum(v)::text FROM edge) AS same_sum, sum_once(t, k) AS time FROM edge_again;
SELECT sum(t) AS time FROM (SELECT DISTINCT k, t FROM edge_again) once;
INSERT INTO edge_again VALUES (0, 'NaN'), (0, 'NaN'), (-1, 'Infinity');
SELECT sum_once(v, k) FROM edge_again;

-- Two values are found out also where no process sees both of them.
SET enable_partitionwise_aggregate = on;
CREATE TABLE parts (part integer, k bigint, v numeric, t interval) PARTITION BY LIST (part);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
INSERT INTO parts SELECT part, k, k * 0.25, make_interval(mins => k::integer)
FROM generate_series(1, 2) part, generate_series(1, 20000) k WHERE k % (part + 1) > 0;
ANALYZE parts;
SET max_parallel_workers_per_gather = 0;
EXPLAIN (COSTS OFF) SELECT count_once(k), sum_once(v, k), sum_once(t, k) AS time FROM parts;
SELECT count_once(k), sum_once(v, k), sum_once(t, k) AS time FROM parts;
SELECT count(*), sum(v), sum(t) AS time FROM (SELECT DISTINCT k, v, t FROM parts) once;
INSERT INTO parts VALUES (1, -1, 1.5, '1 s'), (2, -1, 2.5, '2 s');
SELECT sum_once(v, k) FROM parts;
SELECT sum_once(t, k) FROM parts;
RESET enable_partitionwise_aggregate;

-- many small groups, hashed and (with little memory) in several passes; sorted
SELECT count(*) AS groups, bool_and((sum_once, count_once, time_once) IS NOT DISTINCT FROM (sum, count, time)) AS same
FROM (SELECT g, sum_once(v, k), count_once(k), sum_once(t, k) AS time_once FROM facts WHERE k < 150000 GROUP BY g) a
FULL JOIN (SELECT g, sum(v), count(*), sum(t) AS time FROM (SELECT DISTINCT g, k, v, t FROM facts WHERE k < 150000) once GROUP BY g) b USING (g);
SET work_mem = '64kB';
SELECT count(*) AS groups, sum(sum_once), sum(count_once), sum(time_once) AS time
FROM (SELECT g, sum_once(v, k), count_once(k), sum_once(t, k) AS time_once FROM facts WHERE k < 150000 GROUP BY g) a;
SET enable_hashagg = off;
SELECT count(*) AS groups, sum(sum_once), sum(count_once), sum(time_once) AS time
FROM (SELECT g, sum_once(v, k), count_once(k), sum_once(t, k) AS time_once FROM facts WHERE k < 150000 GROUP BY g) a;
RESET enable_hashagg;
SET max_parallel_workers_per_gather = 2;
SELECT count(*) AS groups, sum(sum_once), sum(count_once), sum(time_once) AS time
FROM (SELECT g % 1000, sum_once(v, k), count_once(k), sum_once(t, k) AS time_once FROM facts WHERE k < 150000 GROUP BY 1) a;
RESET work_mem;
SET max_parallel_workers_per_gather = 0;

-- as window functions: the running total may be read after each row
SELECT n, k, sum_once(v, k) OVER w, count_once(k) OVER w,
	sum_once(v, k) OVER last_two AS of_last_two, count_once(k) OVER last_two AS keys_of_last_two
FROM (VALUES (1, NULL, NULL), (2, 1, 1.5), (3, 2, 1.5), (4, 1, 1.50), (5, 3, NULL), (6, 4, 1e30), (7, 4, 1e30), (8, 5, 'NaN')) rows (n, k, v)
WINDOW w AS (ORDER BY n), last_two AS (ORDER BY n ROWS 1 PRECEDING);
CREATE TABLE few AS SELECT * FROM facts WHERE k < 400;
SELECT count(*), bool_and(once = (SELECT sum(t) FROM (SELECT DISTINCT k, t FROM few i WHERE i.g <= o.g) seen)) AS same
FROM (SELECT g, sum_once(t, k) OVER (ORDER BY g) AS once FROM few) o;

-- random numbers of random size, each written in several ways
SELECT floor(extract(epoch FROM clock_timestamp()))::integer % 1000000 AS seed \gset
SELECT setseed(:seed / 1000000.0) IS NOT NULL AS seeded;
CREATE TABLE chance AS
SELECT g, k, round(v, scale) AS v, scale
FROM (SELECT k, k % 200 AS g, (random() * 2 - 1)::numeric * 10::numeric ^ (random() * 40 - 20)::integer AS v, (random() * 22)::integer AS scale
	FROM generate_series(1, 4000) k) numbers;
CREATE TABLE chance_rows AS
SELECT g, k, round(v, scale + n) AS v FROM chance, generate_series(0, 2) n ORDER BY random();
-- (the seed, if one differs)
SELECT :seed AS seed, g, sum_once(v, k), sum(DISTINCT v), round(expected, scale) AS expected
FROM chance_rows JOIN (SELECT g, sum(v) AS expected, max(scale) + 2 AS scale FROM chance GROUP BY g) e USING (g)
GROUP BY g, expected, scale
HAVING sum_once(v, k)::text IS DISTINCT FROM round(expected, scale)::text;

-- A partial state of another kind is refused, not believed: here aggregates that
-- are wired wrongly on purpose.
CREATE AGGREGATE count_as_sum(bigint) (SFUNC = _count_once_add, STYPE = internal, FINALFUNC = _count_once_final, PARALLEL = SAFE,
	SERIALFUNC = _count_once_serialize, DESERIALFUNC = _sum_once_deserialize, COMBINEFUNC = _sum_once_combine);
CREATE AGGREGATE sum_as_count(numeric, bigint) (SFUNC = _sum_once_add, STYPE = internal, FINALFUNC = _sum_once_final, PARALLEL = SAFE,
	SERIALFUNC = _sum_once_serialize, DESERIALFUNC = _count_once_deserialize, COMBINEFUNC = _count_once_combine);
CREATE AGGREGATE interval_as_count(interval, bigint) (SFUNC = _sum_once_interval_add, STYPE = internal, FINALFUNC = _sum_once_interval_final, PARALLEL = SAFE,
	SERIALFUNC = _sum_once_interval_serialize, DESERIALFUNC = _count_once_deserialize, COMBINEFUNC = _count_once_combine);
CREATE AGGREGATE count_as_interval(bigint) (SFUNC = _count_once_add, STYPE = internal, FINALFUNC = _count_once_final, PARALLEL = SAFE,
	SERIALFUNC = _count_once_serialize, DESERIALFUNC = _sum_once_interval_deserialize, COMBINEFUNC = _sum_once_interval_combine);
SET max_parallel_workers_per_gather = 2;
SELECT count_as_sum(k) FROM facts;
SELECT sum_as_count(v, k) FROM facts;
SELECT sum_as_count(m, k) FROM facts;
SELECT interval_as_count('1 day', k) FROM facts;
SELECT count_as_interval(k % 2 * 64 + 1) FROM facts;

SET client_min_messages = warning;
DROP SCHEMA once_test CASCADE;
