--
-- markov_effects: what is lost without a channel
--
CREATE SCHEMA markov_test;
SET search_path = markov_test, goaltracker, public;
SET extra_float_digits = 0;

-- Three journeys, C1 > C2 > C3 > conversion, C1 > nothing, C2 > C3 > nothing
-- (S. Bryl', "Marketing Multi-Channel Attribution model with R, part 1", 2016:
-- removal effects 0.5, 1 and 1, conversions 0.2, 0.4 and 0.4)
CREATE TABLE bryl (path text[], conversions bigint, non_conversions bigint);
INSERT INTO bryl VALUES ('{C1,C2,C3}', 1, 0), ('{C1}', 0, 1), ('{C2,C3}', 0, 1);
SELECT e.* FROM unnest((SELECT markov_effects(path, conversions, non_conversions) FROM bryl)) AS e;

-- Four kinds of journey with how often they occurred (S. Puzyrov, "Markov Chain
-- Attribution - Simple Explanation of Removal Effect", 2019): of 0.8 conversions a
-- journey 0.2 are left without google ads, 0.4 without mailing.
CREATE TABLE puzyrov (path text[], conversions bigint, non_conversions bigint);
INSERT INTO puzyrov VALUES ('{google ads}', 2, 1), ('{mailing}', 1, 0), ('{google ads,mailing}', 1, 0);
SELECT e.* FROM unnest((SELECT markov_effects(path, conversions, non_conversions) FROM puzyrov)) AS e;

-- Journeys that go in circles, and all convert.  The documentation of pychattr has 1.991106
-- and 1.008894 conversions for them, out of 10000 simulated journeys: 2 and 1.
CREATE TABLE circles (path text[]);
INSERT INTO circles VALUES ('{A,B,A,B,B,A}'), ('{A,B,B,A,A}'), ('{A,A}');
SELECT e.* FROM unnest((SELECT markov_effects(path, 1, 0) FROM circles)) AS e;

-- Staying with a channel makes no difference under order 1.
SELECT e.* FROM unnest((SELECT markov_effects(path, 1, 0) FROM (VALUES
	('{A,B,A,B,A}'::text[]), ('{A,B,A}'), ('{A}')) AS journey (path))) AS e;

--
-- Orders
--
-- By hand: X > B > D converts, Y > B > E does not.  Under order 1 what follows B does
-- not depend on what came before, so half of all journeys from X convert, and half of
-- those from Y; under order 2 it does, and Y is worth nothing.
CREATE TABLE remembers (path text[], conversions bigint, non_conversions bigint);
INSERT INTO remembers VALUES ('{X,B,D}', 1, 0), ('{Y,B,E}', 0, 1);
SELECT model_order, e.channel, e.removal_effect, e.share
FROM generate_series(1, 3) AS model_order
CROSS JOIN LATERAL unnest((SELECT markov_effects(path, conversions, non_conversions, model_order) FROM remembers)) AS e
ORDER BY model_order, e.channel;

-- One further back: now order 2 forgets, and order 3 does not.
CREATE TABLE remembers_more (path text[], conversions bigint, non_conversions bigint);
INSERT INTO remembers_more VALUES ('{X,A,B,D}', 1, 0), ('{Y,A,B,E}', 0, 1);
SELECT model_order, e.channel, e.removal_effect, e.share
FROM generate_series(1, 3) AS model_order
CROSS JOIN LATERAL unnest((SELECT markov_effects(path, conversions, non_conversions, model_order) FROM remembers_more)) AS e
ORDER BY model_order, e.channel;

-- A channel that comes back under order 2: P without A is that of B alone.
SELECT e.* FROM unnest((SELECT markov_effects(path, conversions, non_conversions, 2) FROM (VALUES
	('{A,B,A,B}'::text[], 3, 1), ('{B,A}', 1, 1), ('{B}', 1, 3)) AS journey (path, conversions, non_conversions))) AS e;

--
-- Shares add up to exactly 1, conversions to all conversions
--
SELECT n, sum(e.share) = 1 AS shares, sum(e.conversions) = n * 7 AS conversions, min(e.share), max(e.share)
FROM generate_series(1, 13) AS n
CROSS JOIN LATERAL unnest((SELECT markov_effects(ARRAY['agent ' || i], 7, i % 3) FROM generate_series(1, n) AS i)) AS e
GROUP BY n ORDER BY n;
-- of three that are worth the same, the first by name has the unit that is missing
SELECT e.channel, e.share FROM unnest((SELECT markov_effects(ARRAY[c], 1, 0) FROM unnest(ARRAY['b', 'c', 'a']) AS c)) AS e;

--
-- Rows: one for each journey, or for all that are the same; in any order; in groups
--
SELECT (SELECT markov_effects(path, conversions, non_conversions) FROM puzyrov)
	= (SELECT markov_effects(path, (i <= conversions)::integer, (i > conversions)::integer)
		FROM puzyrov CROSS JOIN LATERAL generate_series(1, conversions + non_conversions) AS i) AS one_by_one,
	(SELECT markov_effects(path, conversions, non_conversions) FROM puzyrov)
	= (SELECT markov_effects(path, conversions, non_conversions ORDER BY path DESC) FROM puzyrov) AS backwards,
	(SELECT markov_effects(path, conversions, non_conversions, 1) FROM puzyrov)
	= (SELECT markov_effects(path, conversions, non_conversions) FROM puzyrov) AS order_1;
SELECT g.name, e.channel, e.removal_effect
FROM (SELECT name, markov_effects(path, conversions, non_conversions) AS effects
	FROM (SELECT 'bryl' AS name, * FROM bryl UNION ALL SELECT 'puzyrov', * FROM puzyrov) AS journey GROUP BY name) AS g
CROSS JOIN LATERAL unnest(g.effects) AS e ORDER BY 1, 2;
-- as a window function: what has come so far
SELECT path, (SELECT string_agg(e.channel || ' ' || e.removal_effect, ', ') FROM unnest(w.effects) AS e)
FROM (SELECT path, markov_effects(path, conversions, non_conversions) OVER (ORDER BY path) AS effects FROM puzyrov) AS w;

-- nothing: no journeys, no paths, journeys that never were
SELECT markov_effects(path, conversions, non_conversions) FROM bryl WHERE false;
SELECT markov_effects(NULL, 1, 1), markov_effects('{A}', 0, 0), markov_effects('{A}', NULL, NULL);
SELECT e.* FROM unnest((SELECT markov_effects(path, n, NULL) FROM (VALUES ('{A}'::text[], 1), (NULL, 5), ('{B}', 0)) AS journey (path, n))) AS e;
-- nothing converted
SELECT e.* FROM unnest((SELECT markov_effects('{A,B}', 0, 3))) AS e;
-- everything does
SELECT e.* FROM unnest((SELECT markov_effects('{A,B}', 3, 0))) AS e;

-- names: by byte, of any kind
SELECT e.channel, e.removal_effect FROM unnest((SELECT markov_effects(ARRAY['é', 'Z', 'a', ' ', 'NULL', repeat('x', 1024)], 1, 0))) AS e
WHERE length(e.channel) < 10;
SELECT count(*) FROM unnest((SELECT markov_effects('[5:6]={A,B}'::text[], 1, 0))) AS e;

--
-- Errors
--
SELECT markov_effects('{}', 1, 0);
SELECT markov_effects('{A,NULL}', 1, 0);
SELECT markov_effects('{{A},{B}}', 1, 0);
SELECT markov_effects('{A,""}', 1, 0);
SELECT markov_effects(ARRAY[repeat('x', 1025)], 1, 0);
SELECT markov_effects('{A}', -1, 0);
SELECT markov_effects('{A}', 1, -1);
SELECT markov_effects('{A}', 1, 0, 0);
SELECT markov_effects('{A}', 1, 0, 4);
SELECT markov_effects('{A}', 1, 0, NULL);
SELECT markov_effects('{A}', 1, 0, i) FROM generate_series(1, 2) AS i;
SELECT markov_effects('{A}', 9223372036854775807, 1);
SELECT markov_effects('{A}', 9223372036854775807, 0) FROM generate_series(1, 2);
SELECT markov_effects('{A,A}', 5000000000000000000, 0, 2);
SELECT markov_effects('{A,A,A}', 9223372036854775807, 0);

-- very many journeys, so long as they can be counted
SELECT e.* FROM unnest((SELECT markov_effects(path, n, 1) FROM (VALUES ('{A}'::text[], 1000000000000000000), ('{B}', 1000000000000000000)) AS journey (path, n))) AS e;

--
-- The solver's ways: sparse, full, from sparse to full in between, blocks
--
-- A ring of channels, each of which leads to the next: without any one of them
-- nobody comes round.
SELECT count(*), min(e.removal_effect), max(e.removal_effect), sum(e.share)
FROM unnest((SELECT markov_effects(ARRAY(SELECT 'c' || k FROM generate_series(1, 2000) AS k), 1, 0))) AS e;
-- Everything leads to everything, 200 channels: by symmetry all are worth the same, which
-- is known: a journey goes on with probability 1 - s, s = 1 / 3 (three steps each),
-- to any channel alike.
SELECT count(*), count(DISTINCT round(e.removal_effect::numeric, 12)) AS distinct_effects,
	-- each step is to the channel with probability 1/200
	bool_and(abs(e.removal_effect - (1 - (199 / 200.0) / 3 / (1 - (2 / 3.0) * (199 / 200.0)))) < 1e-12) AS as_worked_out
FROM unnest((
	SELECT markov_effects(ARRAY['c' || a, 'c' || b, 'c' || ((2 * b - a + 400) % 200)], 1, 1)
	FROM generate_series(0, 199) AS a, generate_series(0, 199) AS b)) AS e;

-- readers may use it on what they have
SELECT has_function_privilege('public', 'goaltracker.markov_effects(text[], bigint, bigint, integer)', 'EXECUTE') AS public_may;

DROP SCHEMA markov_test CASCADE;
