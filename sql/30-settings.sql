-- ---------------------------------------------------------------------------
-- Session settings, as report views read them (S1)
--
-- goaltracker.attribution_model, goaltracker.contribution_window,
-- goaltracker.time_decay_half_life, goaltracker.position_weights and
-- goaltracker.hour_offset are defined when the library is loaded.
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._session_model()
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_session_model';

COMMENT ON FUNCTION goaltracker._session_model() IS
	'attribution model of this session; null: that of each account';

CREATE FUNCTION goaltracker._session_window()
RETURNS smallint
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_session_window';

COMMENT ON FUNCTION goaltracker._session_window() IS
	'contribution window of this session in days; null: that of each account';

CREATE FUNCTION goaltracker._session_half_life()
RETURNS interval
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_session_half_life';

COMMENT ON FUNCTION goaltracker._session_half_life() IS
	'half-life of time_decay of this session; null: that of each account';

CREATE FUNCTION goaltracker._session_position_weights()
RETURNS numeric[]
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_session_position_weights';

COMMENT ON FUNCTION goaltracker._session_position_weights() IS
	'weights of position_based of this session; null: those of each account';

CREATE FUNCTION goaltracker._any_whole_support(internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT
AS 'MODULE_PATHNAME', 'goaltracker_any_whole_support';

COMMENT ON FUNCTION goaltracker._any_whole_support(internal) IS
	'planner support of _any_whole(): true, unless this session asks for a model that shares';

CREATE FUNCTION goaltracker._any_whole()
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
SUPPORT goaltracker._any_whole_support
AS 'MODULE_PATHNAME', 'goaltracker_any_whole';

COMMENT ON FUNCTION goaltracker._any_whole() IS
	'whether any row may carry whole goal events: false where this session asks for a model that shares (S20)';

-- ---------------------------------------------------------------------------
-- Dates under the session's hour offset (S15)
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._local_time(opened_at timestamptz, utc_offset integer)
RETURNS timestamp
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_local_time';

COMMENT ON FUNCTION goaltracker._local_time(timestamptz, integer) IS
	'time in an account''s zone, moved by this session''s hour offset';

CREATE FUNCTION goaltracker._local_date_support(internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT
AS 'MODULE_PATHNAME', 'goaltracker_local_date_support';

COMMENT ON FUNCTION goaltracker._local_date_support(internal) IS
	'planner support of _local_date(): without an hour offset the stored date itself';

CREATE FUNCTION goaltracker._local_date(stored date, opened_at timestamptz, utc_offset integer)
RETURNS date
LANGUAGE c STABLE STRICT PARALLEL SAFE
SUPPORT goaltracker._local_date_support
AS 'MODULE_PATHNAME', 'goaltracker_local_date';

COMMENT ON FUNCTION goaltracker._local_date(date, timestamptz, integer) IS
	'date in an account''s zone, moved by this session''s hour offset; stored is what it is without one';

CREATE FUNCTION goaltracker._weekday(day date)
RETURNS smallint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_weekday';

COMMENT ON FUNCTION goaltracker._weekday(date) IS 'weekday; 0 is Sunday';

CREATE FUNCTION goaltracker._weekday_name(day date)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_weekday_name';

COMMENT ON FUNCTION goaltracker._weekday_name(date) IS 'English name of the weekday, in full';

-- ---------------------------------------------------------------------------
-- Dates as numbers, instants in UTC: as some clients filter.  The planner is given a
-- condition on what _date_key() or _utc() returns as one on the column that it is
-- worked out of, which has the index (see conditions.c); the others are for that.
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._date_key(day date)
RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_date_key';

COMMENT ON FUNCTION goaltracker._date_key(date) IS 'a date as a number: yyyymmdd';

CREATE FUNCTION goaltracker._date(date_key bigint)
RETURNS date
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_date';

COMMENT ON FUNCTION goaltracker._date(bigint) IS 'the date whose number this is; null: none';

CREATE FUNCTION goaltracker._first_date(date_key bigint, behind boolean)
RETURNS date
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_first_date';

COMMENT ON FUNCTION goaltracker._first_date(bigint, boolean) IS
	'the first date whose number is this or more; behind: more than this';

CREATE FUNCTION goaltracker._utc(instant timestamptz)
RETURNS timestamp
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_utc';

COMMENT ON FUNCTION goaltracker._utc(timestamptz) IS 'an instant, in UTC';

CREATE FUNCTION goaltracker._from_utc(utc timestamp)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_from_utc';

COMMENT ON FUNCTION goaltracker._from_utc(timestamp) IS 'the instant that this is in UTC';

CREATE FUNCTION goaltracker._from_utc(day date)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_day_from_utc';

COMMENT ON FUNCTION goaltracker._from_utc(date) IS 'the instant at which the day begins in UTC';
