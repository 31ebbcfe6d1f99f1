-- ---------------------------------------------------------------------------
-- sum_once and count_once: totals that count each key once (S12, S13, S17)
--
-- SSPACE is what the planner expects of one group's state; a small one lets it
-- hash many small groups instead of sorting all rows.
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._sum_once_add(state internal, value numeric, key bigint)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_add';

COMMENT ON FUNCTION goaltracker._sum_once_add(internal, numeric, bigint) IS
	'transition function of sum_once(numeric, bigint)';

CREATE FUNCTION goaltracker._sum_once_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_combine';

COMMENT ON FUNCTION goaltracker._sum_once_combine(internal, internal) IS
	'combine function of sum_once(numeric, bigint)';

CREATE FUNCTION goaltracker._sum_once_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_serialize';

COMMENT ON FUNCTION goaltracker._sum_once_serialize(internal) IS
	'serialization function of sum_once(numeric, bigint)';

CREATE FUNCTION goaltracker._sum_once_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_deserialize';

COMMENT ON FUNCTION goaltracker._sum_once_deserialize(bytea, internal) IS
	'deserialization function of sum_once(numeric, bigint)';

CREATE FUNCTION goaltracker._sum_once_final(state internal)
RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_final';

COMMENT ON FUNCTION goaltracker._sum_once_final(internal) IS
	'final function of sum_once(numeric, bigint)';

CREATE AGGREGATE goaltracker.sum_once(value numeric, key bigint) (
	SFUNC = goaltracker._sum_once_add,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = goaltracker._sum_once_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._sum_once_combine,
	SERIALFUNC = goaltracker._sum_once_serialize,
	DESERIALFUNC = goaltracker._sum_once_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.sum_once(numeric, bigint) IS
	'sum of the values, each key''s counted once; rows without a key or a value are passed over, two values for one key are an error';

CREATE FUNCTION goaltracker._sum_once_interval_add(state internal, value interval, key bigint)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_interval_add';

COMMENT ON FUNCTION goaltracker._sum_once_interval_add(internal, interval, bigint) IS
	'transition function of sum_once(interval, bigint)';

CREATE FUNCTION goaltracker._sum_once_interval_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_interval_combine';

COMMENT ON FUNCTION goaltracker._sum_once_interval_combine(internal, internal) IS
	'combine function of sum_once(interval, bigint)';

CREATE FUNCTION goaltracker._sum_once_interval_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_interval_serialize';

COMMENT ON FUNCTION goaltracker._sum_once_interval_serialize(internal) IS
	'serialization function of sum_once(interval, bigint)';

CREATE FUNCTION goaltracker._sum_once_interval_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_interval_deserialize';

COMMENT ON FUNCTION goaltracker._sum_once_interval_deserialize(bytea, internal) IS
	'deserialization function of sum_once(interval, bigint)';

CREATE FUNCTION goaltracker._sum_once_interval_final(state internal)
RETURNS interval
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sum_once_interval_final';

COMMENT ON FUNCTION goaltracker._sum_once_interval_final(internal) IS
	'final function of sum_once(interval, bigint)';

CREATE AGGREGATE goaltracker.sum_once(value interval, key bigint) (
	SFUNC = goaltracker._sum_once_interval_add,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = goaltracker._sum_once_interval_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._sum_once_interval_combine,
	SERIALFUNC = goaltracker._sum_once_interval_serialize,
	DESERIALFUNC = goaltracker._sum_once_interval_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.sum_once(interval, bigint) IS
	'sum of the intervals, each key''s counted once; rows without a key or a value are passed over, two values for one key are an error';

CREATE FUNCTION goaltracker._count_once_add(state internal, key bigint)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_count_once_add';

COMMENT ON FUNCTION goaltracker._count_once_add(internal, bigint) IS
	'transition function of count_once(bigint)';

CREATE FUNCTION goaltracker._count_once_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_count_once_combine';

COMMENT ON FUNCTION goaltracker._count_once_combine(internal, internal) IS
	'combine function of count_once(bigint)';

CREATE FUNCTION goaltracker._count_once_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_count_once_serialize';

COMMENT ON FUNCTION goaltracker._count_once_serialize(internal) IS
	'serialization function of count_once(bigint)';

CREATE FUNCTION goaltracker._count_once_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_count_once_deserialize';

COMMENT ON FUNCTION goaltracker._count_once_deserialize(bytea, internal) IS
	'deserialization function of count_once(bigint)';

CREATE FUNCTION goaltracker._count_once_final(state internal)
RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_count_once_final';

COMMENT ON FUNCTION goaltracker._count_once_final(internal) IS
	'final function of count_once(bigint)';

CREATE AGGREGATE goaltracker.count_once(key bigint) (
	SFUNC = goaltracker._count_once_add,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = goaltracker._count_once_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._count_once_combine,
	SERIALFUNC = goaltracker._count_once_serialize,
	DESERIALFUNC = goaltracker._count_once_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.count_once(bigint) IS
	'number of distinct keys; rows without a key are passed over';
