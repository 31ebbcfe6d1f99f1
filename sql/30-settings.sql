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

CREATE FUNCTION goaltracker._session_hour_offset()
RETURNS interval
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_session_hour_offset';

COMMENT ON FUNCTION goaltracker._session_hour_offset() IS
	'hour offset of this session (S15); zero where none is set';
