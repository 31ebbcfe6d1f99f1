-- ---------------------------------------------------------------------------
-- Whose it is
--
-- What users work with, and what runs as its owner, belongs to pg_database_owner:
-- a role that never is a superuser, and whose only member is the owner of the
-- database.  So it makes no difference who has installed the extension.  What is
-- written in C, and types, stay with the superuser as whom the script runs; nobody
-- else can change what the server runs as its own code.  (Those in C that run as
-- their owner do nothing but call another function.)
--
-- Owners first: a dump compares rights with those that the script has left.
-- ---------------------------------------------------------------------------

DO $$
DECLARE
	member record;
BEGIN
	FOR member IN
		SELECT c.oid::regclass::text AS name, CASE c.relkind
			WHEN 'v' THEN 'VIEW'
			WHEN 'm' THEN 'MATERIALIZED VIEW'
			WHEN 'S' THEN 'SEQUENCE'
			ELSE 'TABLE'
		END AS kind
		FROM pg_depend AS d
		JOIN pg_class AS c ON c.oid = d.objid
		WHERE d.deptype = 'e'
			AND d.classid = 'pg_class'::regclass
			AND d.refclassid = 'pg_extension'::regclass
			AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'goaltracker')
			AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
			-- the sequence of an identity column goes with its table
			AND NOT EXISTS (
				SELECT FROM pg_depend AS o
				WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid
					AND c.relkind = 'S' AND o.deptype IN ('a', 'i'))
		UNION ALL
		SELECT p.oid::regprocedure::text, 'ROUTINE'
		FROM pg_depend AS d
		JOIN pg_proc AS p ON p.oid = d.objid
		WHERE d.deptype = 'e'
			AND d.classid = 'pg_proc'::regclass
			AND d.refclassid = 'pg_extension'::regclass
			AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'goaltracker')
			AND p.prosecdef
	LOOP
		EXECUTE format('ALTER %s %s OWNER TO pg_database_owner', member.kind, member.name);
	END LOOP;
END
$$;

-- ---------------------------------------------------------------------------
-- Who may call what
--
-- Whoever may read a view may call what the view calls; whoever may load a
-- table may call what its constraints call.  Everything else is for the owner
-- and for those to whom he grants it.
-- ---------------------------------------------------------------------------

GRANT USAGE ON SCHEMA goaltracker TO PUBLIC;

-- CREATE: refresh builds indexes.
GRANT USAGE, CREATE ON SCHEMA goaltracker TO pg_database_owner WITH GRANT OPTION;

REVOKE ALL ON ALL ROUTINES IN SCHEMA goaltracker FROM PUBLIC;

GRANT EXECUTE ON ALL ROUTINES IN SCHEMA goaltracker TO pg_database_owner WITH GRANT OPTION;

GRANT EXECUTE ON FUNCTION goaltracker._refuse(text, text, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._refuse_id(text, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._is_time_zone(text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._are_duration_bounds(interval[]) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._are_position_weights(numeric[]) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._id_range(text, text, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._session_model() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._session_window() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._session_half_life() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._session_position_weights() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._local_time(timestamptz, integer) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._local_date(date, timestamptz, integer) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._weekday(date) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._weekday_name(date) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._date_key(date) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._date(bigint) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._first_date(bigint, boolean) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._utc(timestamptz) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._from_utc(timestamp) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._from_utc(date) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._updated_at(timestamptz) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._credits(goaltracker._account_settings[], text, "char",
	bigint, boolean) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._shares_planned() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._any_whole() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._any_shares(goaltracker._account_settings[]) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._part(goaltracker._account_settings[], text, bytea, bigint,
	numeric, numeric) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._default_currency(goaltracker._account_settings[], text)
	TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._duration_bucket_no(goaltracker._account_settings[], text,
	timestamptz, timestamptz) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._duration_bucket(goaltracker._account_settings[], text,
	integer) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._user_type("char") TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._goal_type("char") TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._measures(integer, boolean, numeric, numeric) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._part_measures(integer, boolean, integer, numeric, numeric)
	TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._compare_models(goaltracker._account_settings[], text, "char",
	bigint, bytea, bigint, text, boolean, numeric, numeric) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._compare_windows(goaltracker._account_settings[], text, "char",
	bigint, bytea, bigint, text, boolean, numeric, numeric) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._work(bigint, integer, integer, timestamptz, timestamptz)
	TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._outcomes(bigint[], text, integer) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._sees_part(text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._sees_all(text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._sees_group(text, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._refuse_restricted() TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._refuse_restricted(text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker._running_refreshes() TO PUBLIC;

-- It runs with its caller's rights, and its steps are not PUBLIC's.  So nobody needs
-- to grant it: a dump of a grant on what is not the grantor's own can be restored by
-- superusers alone.
GRANT EXECUTE ON PROCEDURE goaltracker.refresh_in_batches(integer) TO PUBLIC;

-- Likewise: what is scheduled runs with the caller's rights, who must have a right on
-- pg_cron, and on refresh().
GRANT EXECUTE ON FUNCTION goaltracker.schedule_refresh(text), goaltracker.unschedule_refresh(),
	goaltracker.schedule_snapshots(text), goaltracker.unschedule_snapshots(),
	goaltracker._schedule(text, text, text), goaltracker._unschedule(text),
	goaltracker._require_cron(text), goaltracker._cron_schedule(text, boolean) TO PUBLIC;

-- They read the views of the same names with their caller's rights.
GRANT EXECUTE ON FUNCTION goaltracker.model_comparison(date, date, text, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.window_comparison(date, date, text, text) TO PUBLIC;

-- Totals over a report that counts each goal event or segment once (S12, S17)
-- are part of reading it.
GRANT EXECUTE ON FUNCTION goaltracker.sum_once(numeric, bigint) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.sum_once(interval, bigint) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.count_once(bigint) TO PUBLIC;

-- These work on what they are given.
GRANT EXECUTE ON FUNCTION goaltracker.markov_effects(text[], bigint, bigint) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.markov_effects(text[], bigint, bigint, integer) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.shapley_values(text[], bigint, bigint) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.shapley_values(text[], bigint, bigint, text) TO PUBLIC;

GRANT EXECUTE ON FUNCTION goaltracker.shapley_values(text[], bigint, bigint, text, integer, bigint)
	TO PUBLIC;

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

SELECT pg_catalog.pg_extension_config_dump('goaltracker._refresh_log', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._refresh_log_refresh_no_seq', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._restriction', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.touchpoint', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.goal_outcome', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._outcome_count', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._attribution_history', '');

-- A restore fills the snapshots by REFRESH MATERIALIZED VIEW.
SELECT pg_catalog.pg_extension_config_dump('goaltracker.conversions_by_skill_snapshot', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.conversions_by_agent_snapshot', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.conversions_by_account_snapshot', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker.agent_summary_snapshot', '');
