-- ---------------------------------------------------------------------------
-- The schema and what the tables' constraints call
-- ---------------------------------------------------------------------------

-- Plain CREATE on purpose, here and in everything that follows: an object that
-- somebody put in the way beforehand makes the installation fail instead of
-- becoming part of it.
--
-- The script of a trusted extension runs as a superuser, also for somebody who is
-- none: nothing in it may find what others have put into a schema.  Functions and
-- operators are looked up in pg_catalog alone; pg_temp, which otherwise comes
-- first, comes last, and has none.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA goaltracker;

COMMENT ON SCHEMA goaltracker IS
	'goal attribution for messaging: facts to load, refresh, and report views to read';

-- A constraint can only say its own name; these say which value was refused and
-- which ones are allowed.  STRICT: a NULL value is never refused.
CREATE FUNCTION goaltracker._refuse(column_name text, value text, allowed text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_refuse';

COMMENT ON FUNCTION goaltracker._refuse(text, text, text) IS
	'raises the error of a check constraint: the column, the value refused, what is allowed';

CREATE FUNCTION goaltracker._refuse_id(column_name text, value text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_refuse_id';

COMMENT ON FUNCTION goaltracker._refuse_id(text, text) IS
	'raises the error of an id that has not 1 to 255 bytes';

CREATE FUNCTION goaltracker._is_time_zone(name text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_is_time_zone';

COMMENT ON FUNCTION goaltracker._is_time_zone(text) IS
	'whether the server knows a time zone of this name';

CREATE FUNCTION goaltracker._are_duration_bounds(bounds interval[])
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_are_duration_bounds';

COMMENT ON FUNCTION goaltracker._are_duration_bounds(interval[]) IS
	'whether these are 1 to 100 positive intervals in rising order (S16)';

CREATE FUNCTION goaltracker._are_position_weights(weights numeric[])
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_are_position_weights';

COMMENT ON FUNCTION goaltracker._are_position_weights(numeric[]) IS
	'whether these are three numbers, each 0 or from 0.000001 to 1000000, not all of them 0 (S20)';
