-- The data-driven models at size: journeys over 500 agents, 1 to 6 touchpoints each,
-- some agents far busier than others, one journey in eight converted.  Everything goes by
-- a hash, so it is the same each time.
--
--   psql -v journeys=10000000 -f bench/data-driven.sql
--
-- in a database that has the extension, as a role that may read
-- /proc (pg_read_server_files), which says how much memory was needed.

\if :{?journeys}
\else
\set journeys 1000000
\endif
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
SET jit = off;

-- what this process has needed at most, in MB, since the last reset
CREATE FUNCTION pg_temp.peak_memory() RETURNS integer LANGUAGE sql VOLATILE AS $$
	SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'),
		'VmHWM:\s+(\d+)'))[1]::integer / 1024
$$;

CREATE TEMP TABLE numbered AS SELECT n FROM generate_series(1, :journeys) AS n;
CREATE UNLOGGED TABLE data_driven_journey AS
SELECT (
		SELECT array_agg('agent' || (500 * power((hashint8extended(n::bigint * 8 + k, 1) & 65535) / 65536.0::float8, 2))::integer % 500)
		FROM generate_series(1, 1 + (hashint8extended(n, 2) & 32767) % 6) AS k
	) AS path,
	(hashint8extended(n, 3) & 7 = 0)::integer::bigint AS conversions
FROM numbered;
DROP TABLE numbered;
VACUUM ANALYZE data_driven_journey;

SELECT count(*) AS journeys, sum(conversions) AS conversions, sum(cardinality(path)) AS touchpoints,
	pg_size_pretty(pg_table_size('data_driven_journey')) AS size
FROM data_driven_journey;

\echo 'memory before, in MB:'
\pset tuples_only on
SELECT pg_temp.peak_memory();
\timing on
\echo '--- reading alone, one process'
SET max_parallel_workers_per_gather = 0;
SELECT sum(cardinality(path)) FROM data_driven_journey;
\echo '--- markov_effects, order 1, one process'
SELECT count(*), sum(share), md5(string_agg(e::text, ',')) FROM unnest((SELECT goaltracker.markov_effects(path, conversions, 1 - conversions) FROM data_driven_journey)) AS e;
\timing off
SELECT pg_temp.peak_memory();
\timing on
\echo '--- shapley_values by conversions, one process'
SELECT count(*), sum(share), md5(string_agg(e::text, ',')) FROM unnest((SELECT goaltracker.shapley_values(path, conversions, 1 - conversions) FROM data_driven_journey)) AS e;
\timing off
SELECT pg_temp.peak_memory();
\timing on
\echo '--- the same, with a worker beside'
SET max_parallel_workers_per_gather = 1;
SELECT count(*), sum(share), md5(string_agg(e::text, ',')) FROM unnest((SELECT goaltracker.markov_effects(path, conversions, 1 - conversions) FROM data_driven_journey)) AS e;
SELECT count(*), sum(share), md5(string_agg(e::text, ',')) FROM unnest((SELECT goaltracker.shapley_values(path, conversions, 1 - conversions) FROM data_driven_journey)) AS e;
\echo '--- markov_effects, orders 2 and 3, over 20 groups of agents'
CREATE UNLOGGED TABLE data_driven_group AS
SELECT (SELECT array_agg('group' || substr(agent, 6)::integer / 25 ORDER BY k) FROM unnest(path) WITH ORDINALITY AS u (agent, k)) AS path, conversions
FROM data_driven_journey LIMIT least(:journeys, 1000000);
VACUUM ANALYZE data_driven_group;
SELECT count(*), sum(share), md5(string_agg(e::text, ',')) FROM unnest((SELECT goaltracker.markov_effects(path, conversions, 1 - conversions, 2) FROM data_driven_group)) AS e;
SELECT count(*), sum(share), md5(string_agg(e::text, ',')) FROM unnest((SELECT goaltracker.markov_effects(path, conversions, 1 - conversions, 3) FROM data_driven_group)) AS e;
\timing off
SELECT pg_temp.peak_memory();
\timing on
\echo '--- shapley_values by rate, 20 players, exactly'
SELECT count(*), sum(share), md5(string_agg(e::text, ',')) FROM unnest((SELECT goaltracker.shapley_values(path, conversions, 1 - conversions, 'rate') FROM data_driven_group)) AS e;
\echo '--- shapley_values by rate, 500 players, 1000 orders, the first million journeys'
SELECT count(*), sum(share), max(error_bound), md5(string_agg(e::text, ',')) FROM unnest((SELECT goaltracker.shapley_values(path, conversions, 1 - conversions, 'rate', 1000, 0) FROM (SELECT * FROM data_driven_journey LIMIT 1000000) AS j)) AS e;
\timing off
SELECT pg_temp.peak_memory();
DROP TABLE data_driven_journey, data_driven_group;
