-- ---------------------------------------------------------------------------
-- Data-driven models: markov_effects and shapley_values
--
-- Aggregates over journeys of anybody's own: a row for each journey, or for each
-- distinct one with how often it occurred.
-- ---------------------------------------------------------------------------

CREATE TYPE goaltracker.markov_effect AS (
	channel				text,
	removal_effect		double precision,
	share				numeric,
	conversions			numeric
);

COMMENT ON TYPE goaltracker.markov_effect IS
	'what a channel is worth by a Markov chain of journeys: see markov_effects()';
COMMENT ON COLUMN goaltracker.markov_effect.channel IS 'channel';
COMMENT ON COLUMN goaltracker.markov_effect.removal_effect IS
	'part of all conversions that is lost without the channel, from 0 to 1; null where nothing converted';
COMMENT ON COLUMN goaltracker.markov_effect.share IS
	'removal effect as a part of the sum of all; shares add up to exactly 1; null where nothing converted';
COMMENT ON COLUMN goaltracker.markov_effect.conversions IS
	'all conversions, divided in proportion; they add up to exactly that';

CREATE TYPE goaltracker.shapley_value AS (
	player				text,
	shapley_value		double precision,
	share				numeric,
	conversions			numeric,
	error_bound			double precision
);

COMMENT ON TYPE goaltracker.shapley_value IS
	'what a player is worth by the sets of players seen together: see shapley_values()';
COMMENT ON COLUMN goaltracker.shapley_value.player IS 'player';
COMMENT ON COLUMN goaltracker.shapley_value.shapley_value IS
	'Shapley value, in conversions or as a conversion rate';
COMMENT ON COLUMN goaltracker.shapley_value.share IS
	'Shapley value as a part of the sum of all; shares add up to exactly 1; null where nothing converted';
COMMENT ON COLUMN goaltracker.shapley_value.conversions IS
	'all conversions, divided in proportion; they add up to exactly that';
COMMENT ON COLUMN goaltracker.shapley_value.error_bound IS
	'how far shapley_value may be from the exact one, but for a probability of 1 in 100; 0: it is exact';

CREATE FUNCTION goaltracker._markov_add(state internal, path text[], conversions bigint, non_conversions bigint)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_markov_add';

COMMENT ON FUNCTION goaltracker._markov_add(internal, text[], bigint, bigint) IS
	'transition function of markov_effects()';

CREATE FUNCTION goaltracker._markov_add(state internal, path text[], conversions bigint, non_conversions bigint, model_order integer)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_markov_add';

COMMENT ON FUNCTION goaltracker._markov_add(internal, text[], bigint, bigint, integer) IS
	'transition function of markov_effects()';

CREATE FUNCTION goaltracker._markov_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_markov_combine';

COMMENT ON FUNCTION goaltracker._markov_combine(internal, internal) IS
	'combine function of markov_effects()';

CREATE FUNCTION goaltracker._markov_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_markov_serialize';

COMMENT ON FUNCTION goaltracker._markov_serialize(internal) IS
	'serialization function of markov_effects()';

CREATE FUNCTION goaltracker._markov_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_markov_deserialize';

COMMENT ON FUNCTION goaltracker._markov_deserialize(bytea, internal) IS
	'deserialization function of markov_effects()';

CREATE FUNCTION goaltracker._markov_final(state internal)
RETURNS goaltracker.markov_effect[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_markov_final';

COMMENT ON FUNCTION goaltracker._markov_final(internal) IS
	'final function of markov_effects()';

CREATE AGGREGATE goaltracker.markov_effects(path text[], conversions bigint, non_conversions bigint) (
	SFUNC = goaltracker._markov_add,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = goaltracker._markov_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._markov_combine,
	SERIALFUNC = goaltracker._markov_serialize,
	DESERIALFUNC = goaltracker._markov_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.markov_effects(text[], bigint, bigint) IS
	'removal effect of each channel, by the Markov chain of first order of journeys: the path that they took, how many converted, how many did not';

CREATE AGGREGATE goaltracker.markov_effects(path text[], conversions bigint, non_conversions bigint, model_order integer) (
	SFUNC = goaltracker._markov_add,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = goaltracker._markov_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._markov_combine,
	SERIALFUNC = goaltracker._markov_serialize,
	DESERIALFUNC = goaltracker._markov_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.markov_effects(text[], bigint, bigint, integer) IS
	'the same by a chain of order 1, 2 or 3: how many of the latest channels a step depends on';

CREATE FUNCTION goaltracker._shapley_add(state internal, players text[], conversions bigint, non_conversions bigint)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_shapley_add';

COMMENT ON FUNCTION goaltracker._shapley_add(internal, text[], bigint, bigint) IS
	'transition function of shapley_values()';

CREATE FUNCTION goaltracker._shapley_add(state internal, players text[], conversions bigint, non_conversions bigint, method text)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_shapley_add';

COMMENT ON FUNCTION goaltracker._shapley_add(internal, text[], bigint, bigint, text) IS
	'transition function of shapley_values()';

CREATE FUNCTION goaltracker._shapley_add(state internal, players text[], conversions bigint, non_conversions bigint, method text, permutations integer, seed bigint)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_shapley_add';

COMMENT ON FUNCTION goaltracker._shapley_add(internal, text[], bigint, bigint, text, integer, bigint) IS
	'transition function of shapley_values()';

CREATE FUNCTION goaltracker._shapley_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_shapley_combine';

COMMENT ON FUNCTION goaltracker._shapley_combine(internal, internal) IS
	'combine function of shapley_values()';

CREATE FUNCTION goaltracker._shapley_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_shapley_serialize';

COMMENT ON FUNCTION goaltracker._shapley_serialize(internal) IS
	'serialization function of shapley_values()';

CREATE FUNCTION goaltracker._shapley_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_shapley_deserialize';

COMMENT ON FUNCTION goaltracker._shapley_deserialize(bytea, internal) IS
	'deserialization function of shapley_values()';

CREATE FUNCTION goaltracker._shapley_final(state internal)
RETURNS goaltracker.shapley_value[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_shapley_final';

COMMENT ON FUNCTION goaltracker._shapley_final(internal) IS
	'final function of shapley_values()';

CREATE AGGREGATE goaltracker.shapley_values(players text[], conversions bigint, non_conversions bigint) (
	SFUNC = goaltracker._shapley_add,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = goaltracker._shapley_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._shapley_combine,
	SERIALFUNC = goaltracker._shapley_serialize,
	DESERIALFUNC = goaltracker._shapley_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.shapley_values(text[], bigint, bigint) IS
	'Shapley value of each player in conversions, by the sets of players seen together in journeys: who took part, how many converted, how many did not';

CREATE AGGREGATE goaltracker.shapley_values(players text[], conversions bigint, non_conversions bigint, method text) (
	SFUNC = goaltracker._shapley_add,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = goaltracker._shapley_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._shapley_combine,
	SERIALFUNC = goaltracker._shapley_serialize,
	DESERIALFUNC = goaltracker._shapley_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.shapley_values(text[], bigint, bigint, text) IS
	'the same by method conversions, or rate: players are worth the conversion rate of the journeys that nobody but they took part in';

CREATE AGGREGATE goaltracker.shapley_values(players text[], conversions bigint, non_conversions bigint, method text, permutations integer, seed bigint) (
	SFUNC = goaltracker._shapley_add,
	STYPE = internal,
	SSPACE = 16384,
	FINALFUNC = goaltracker._shapley_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._shapley_combine,
	SERIALFUNC = goaltracker._shapley_serialize,
	DESERIALFUNC = goaltracker._shapley_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.shapley_values(text[], bigint, bigint, text, integer, bigint) IS
	'the same with how many orders of players method rate draws when there are more than 20, and the seed of these';
