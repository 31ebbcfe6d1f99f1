-- ---------------------------------------------------------------------------
-- Session settings, as report views read them (S1)
--
-- goaltracker.attribution_model, goaltracker.contribution_window and
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
