--
-- shapley_values: what players are worth by the sets of them seen together
--
CREATE SCHEMA shapley_test;
SET search_path = shapley_test, goaltracker, public;
SET extra_float_digits = 0;

-- The glove game: a left-hand glove (L) is worth something together with a right-hand one
-- (R1, R2) alone.  Shapley values 1/6, 1/6 and 4/6 are in every textbook.
SELECT e.player, round(e.shapley_value::numeric, 12) AS shapley_value, e.share, e.conversions, e.error_bound
FROM unnest((SELECT shapley_values(players, 1, 0, 'rate') FROM (VALUES ('{R1,L}'::text[]), ('{R2,L}')) AS journey (players))) AS e;

-- Who converts alone, and who does with others: by conversions each set divides what it
-- earned (Zhao, Mahboobi and Bagheri, "Shapley Value Methods for Attribution Modeling in
-- Online Advertising", 2018).  20 conversions of C1 and C2, 10 of C1, C3 and C4.
SELECT e.* FROM unnest((SELECT shapley_values(players, n, 0) FROM (VALUES ('{C1,C2}'::text[], 20), ('{C1,C3,C4}', 10)) AS journey (players, n))) AS e;

--
-- Both methods against the definition: the mean over all orders of what a player adds
--
CREATE TABLE journey (players text[], conversions bigint, non_conversions bigint);
INSERT INTO journey VALUES ('{a}', 3, 7), ('{b}', 1, 9), ('{c,a}', 6, 4), ('{b,c}', 2, 2), ('{d,a,b}', 5, 1), ('{c,b,a,c,d}', 4, 6), ('{d}', 0, 20);
CREATE FUNCTION worth(coalition text[], by_rate boolean) RETURNS numeric LANGUAGE sql STABLE AS $$
	SELECT coalesce(sum(j.conversions) / CASE WHEN by_rate THEN nullif(sum(j.conversions + j.non_conversions), 0) ELSE 1 END, 0)
	FROM journey AS j WHERE j.players <@ coalition
$$;
CREATE VIEW by_definition AS
WITH RECURSIVE player AS (SELECT unnest('{a,b,c,d}'::text[]) AS name),
orders (list) AS (
	SELECT '{}'::text[]
	UNION ALL
	SELECT o.list || p.name FROM orders AS o JOIN player AS p ON p.name <> ALL (o.list)
)
SELECT m.method, o.list[i] AS player,
	round(avg(worth(o.list[:i], m.method = 'rate') - worth(o.list[:i - 1], m.method = 'rate')), 12) AS shapley_value
FROM orders AS o
CROSS JOIN generate_series(1, 4) AS i
CROSS JOIN (VALUES ('conversions'), ('rate')) AS m (method)
WHERE cardinality(o.list) = 4
GROUP BY 1, 2;
SELECT d.method, d.player, d.shapley_value, d.shapley_value - round(e.shapley_value::numeric, 12) AS difference, e.share, e.conversions, e.error_bound
FROM by_definition AS d
CROSS JOIN LATERAL unnest((SELECT shapley_values(players, conversions, non_conversions, d.method) FROM journey)) AS e
WHERE e.player = d.player ORDER BY 1, 2;

--
-- What a Shapley value is known for
--
-- They add up to what all are worth together ...
SELECT m.method, round(sum(e.shapley_value)::numeric, 12) AS sum, sum(e.share) AS share, sum(e.conversions) AS conversions, max(total) AS total
FROM (VALUES ('conversions'), ('rate')) AS m (method)
CROSS JOIN LATERAL unnest((SELECT shapley_values(players, conversions, non_conversions, m.method) FROM journey)) AS e
CROSS JOIN (SELECT sum(conversions) AS total FROM journey) AS t
GROUP BY 1 ORDER BY 1;
-- ... players who are the same for all others get the same, and one who adds nothing gets nothing.
SELECT e.player, round(e.shapley_value::numeric, 12) FROM unnest((SELECT shapley_values(players, c, n, 'rate')
	FROM (VALUES ('{x,z}'::text[], 1, 1), ('{y,z}', 1, 1), ('{x}', 2, 2), ('{y}', 2, 2), ('{z}', 0, 0), ('{z,nobody}', 0, 0)) AS v (players, c, n))) AS e;
SELECT e.player, e.shapley_value FROM unnest((SELECT shapley_values(players, c, n) FROM (VALUES ('{a}'::text[], 5, 0), ('{nobody}', 0, 3)) AS v (players, c, n))) AS e;

--
-- Rows: who took part twice took part; in any order; journeys together or one by one
--
SELECT m.method,
	(SELECT shapley_values(players, conversions, non_conversions, m.method) FROM journey)
	= (SELECT shapley_values(players || players, (i <= conversions)::integer, (i > conversions)::integer, m.method ORDER BY i DESC)
		FROM journey CROSS JOIN LATERAL generate_series(1, conversions + non_conversions) AS i) AS same
FROM (VALUES ('conversions'), ('rate')) AS m (method);
SELECT (SELECT shapley_values(players, conversions, non_conversions) FROM journey)
	= (SELECT shapley_values(players, conversions, non_conversions, 'conversions') FROM journey) AS by_conversions;

-- nothing
SELECT shapley_values(players, 1, 1) FROM journey WHERE false;
SELECT shapley_values(NULL, 1, 1), shapley_values('{A}', 0, 0, 'rate'), shapley_values('{A}', NULL, NULL);
-- nothing converted
SELECT e.* FROM unnest((SELECT shapley_values('{A,B}', 0, 3))) AS e;
SELECT e.* FROM unnest((SELECT shapley_values('{A,B}', 0, 3, 'rate'))) AS e;

--
-- Many players
--
-- 20 players by rate are solved exactly: pairs of neighbours, all of which convert.
SELECT count(*), max(e.error_bound), round(sum(e.shapley_value)::numeric, 12) AS sum, count(DISTINCT round(e.shapley_value::numeric, 12)) AS distinct_values
FROM unnest((SELECT shapley_values(ARRAY['p' || i, 'p' || (i + 1) % 20], 1, 0, 'rate') FROM generate_series(0, 19) AS i)) AS e;
-- 21 by orders drawn: the same ones for the same seed
CREATE VIEW estimated AS
SELECT s.seed, s.permutations, e.* FROM (VALUES (0, 1000), (1, 1000), (1, 10000)) AS s (seed, permutations)
CROSS JOIN LATERAL unnest((SELECT shapley_values(ARRAY['p' || i, 'p' || (i + 1) % 21], 1, 0, 'rate', s.permutations, s.seed) FROM generate_series(0, 20) AS i)) AS e;
SELECT seed, permutations, count(*), round(sum(shapley_value)::numeric, 12) AS sum, sum(share) AS share,
	-- by symmetry each is worth 1/21
	bool_and(abs(shapley_value - 1 / 21.0) <= error_bound) AS within_bound, round(max(error_bound)::numeric, 3) AS largest_bound
FROM estimated GROUP BY 1, 2 ORDER BY 1, 2;
SELECT (SELECT array_agg(e ORDER BY seed, permutations, player) FROM estimated AS e) = (SELECT array_agg(e ORDER BY seed, permutations, player) FROM estimated AS e) AS again,
	(SELECT array_agg(shapley_value ORDER BY player) FROM estimated WHERE seed = 0) = (SELECT array_agg(shapley_value ORDER BY player) FROM estimated WHERE seed = 1 AND permutations = 1000) AS other_seed;
-- by conversions any number is exact
SELECT count(*), max(e.error_bound), sum(e.shapley_value), sum(e.share)
FROM unnest((SELECT shapley_values(ARRAY['p' || i, 'p' || (i + 1) % 3000, 'p' || (i + 2) % 3000], 3, 1) FROM generate_series(0, 2999) AS i)) AS e;
SELECT count(*), min(e.shapley_value), max(e.shapley_value), sum(e.share)
FROM unnest((SELECT shapley_values(ARRAY(SELECT 'p' || i FROM generate_series(1, 5000) AS i), 5000, 0))) AS e;

--
-- Errors
--
SELECT shapley_values('{}', 1, 0);
SELECT shapley_values('{A,NULL}', 1, 0);
SELECT shapley_values('{{A},{B}}', 1, 0, 'rate');
SELECT shapley_values('{A,""}', 1, 0);
SELECT shapley_values(ARRAY[repeat('x', 1025)], 1, 0);
SELECT shapley_values('{A}', -1, 0);
SELECT shapley_values('{A}', 1, -1);
SELECT shapley_values('{A}', 1, 0, 'median');
SELECT shapley_values('{A}', 1, 0, NULL);
SELECT shapley_values('{A}', 1, 0, 'rate', 1, 0);
SELECT shapley_values('{A}', 1, 0, 'rate', 10000001, 0);
SELECT shapley_values('{A}', 1, 0, 'rate', NULL, 0);
SELECT shapley_values('{A}', 1, 0, 'rate', 2, NULL);
SELECT shapley_values('{A}', 1, 0, CASE i WHEN 1 THEN 'rate' ELSE 'conversions' END) FROM generate_series(1, 2) AS i;
SELECT shapley_values('{A}', 1, 0, 'rate', 1000, i) FROM generate_series(1, 2) AS i;
SELECT shapley_values('{A}', 9223372036854775807, 1);
SELECT shapley_values('{A}', 9223372036854775807, 0, 'rate') FROM generate_series(1, 2);
SELECT shapley_values('{A}', 4611686018427387904, 4611686018427387904);

SELECT has_function_privilege('public', 'goaltracker.shapley_values(text[], bigint, bigint, text)', 'EXECUTE') AS public_may;

DROP SCHEMA shapley_test CASCADE;
