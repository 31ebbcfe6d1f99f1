-- ---------------------------------------------------------------------------
-- Who may call what
--
-- Whoever may read a view may call what the view calls; whoever may load a
-- table may call what its constraints call.  Everything else is for the owner
-- and for those to whom he grants it.
-- ---------------------------------------------------------------------------

GRANT USAGE ON SCHEMA goaltracker TO PUBLIC;

REVOKE ALL ON ALL ROUTINES IN SCHEMA goaltracker FROM PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._refuse(text, text, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._refuse_id(text, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._is_time_zone(text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._are_duration_bounds(interval[]) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._id_range(text, text, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._session_model() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._session_window() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._local_time(timestamptz, integer) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._local_date(date, timestamptz, integer) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._weekday(date) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._weekday_name(date) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._credits(goaltracker._account_settings[], text, "char",
	smallint, smallint, smallint, smallint, smallint, smallint) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._default_currency(goaltracker._account_settings[], text)
	TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._duration_bucket_no(goaltracker._account_settings[], text,
	timestamptz, timestamptz) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._duration_bucket(goaltracker._account_settings[], text,
	integer) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._user_type("char") TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._goal_type("char") TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._measures(integer, boolean, numeric, numeric) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._work(bigint, integer, integer, timestamptz, timestamptz)
	TO PUBLIC;

-- Totals over a report that counts each goal event or segment once (S12, S17)
-- are part of reading it.
GRANT EXECUTE ON FUNCTION goaltracker.sum_once(numeric, bigint) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.sum_once(interval, bigint) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.count_once(bigint) TO PUBLIC;

-- ---------------------------------------------------------------------------
-- What a dump takes along: all data, the notes on changes, what refresh wrote
-- ---------------------------------------------------------------------------

SELECT pg_catalog.pg_extension_config_dump('goaltracker.account', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.skill', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.agent', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.agent_group', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.agent_group_membership', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.campaign', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.engagement', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.goal', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.conversation', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.agent_segment', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.agent_segment_segment_key_seq', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.goal_event', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.goal_event_goal_event_key_seq', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.consumer_alias', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.import_problem', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.import_problem_import_problem_no_seq', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._imported_conversation', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._imported_name', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._loaded_under', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.changed_consumer', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.changed_scope', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.refreshed_account', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._first_refresh', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.touchpoint', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.goal_outcome', '');

-- A restore fills the snapshots by REFRESH MATERIALIZED VIEW.
SELECT pg_catalog.pg_extension_config_dump('goaltracker.conversions_by_skill_snapshot', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.conversions_by_agent_snapshot', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.conversions_by_account_snapshot', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.agent_summary_snapshot', '');
