-- ---------------------------------------------------------------------------
-- Snapshots: the four reports, stored
--
-- They follow the accounts' settings alone: see _session_model() and its
-- fellows, which leave the session's settings out while a materialized view is
-- filled.  The indexes take null ids for equal, so that there is one row
-- Unassigned a day, and REFRESH MATERIALIZED VIEW CONCURRENTLY can use them.
-- They find the pages of a report, by date; the others, one agent's or skill's
-- part of it.
-- ---------------------------------------------------------------------------

CREATE MATERIALIZED VIEW goaltracker.conversions_by_skill_snapshot AS
SELECT v.*, pg_catalog.now() AS taken_at
FROM goaltracker.conversions_by_skill AS v;

CREATE UNIQUE INDEX conversions_by_skill_snapshot_key
	ON goaltracker.conversions_by_skill_snapshot
	(account_id, conversation_date, skill_id, duration_bucket_no, currency) NULLS NOT DISTINCT;

CREATE INDEX conversions_by_skill_snapshot_by_skill
	ON goaltracker.conversions_by_skill_snapshot (account_id, skill_id, conversation_date);

CREATE MATERIALIZED VIEW goaltracker.conversions_by_agent_snapshot AS
SELECT v.*, pg_catalog.now() AS taken_at
FROM goaltracker.conversions_by_agent AS v;

CREATE UNIQUE INDEX conversions_by_agent_snapshot_key
	ON goaltracker.conversions_by_agent_snapshot
	(account_id, conversation_date, agent_id, user_type, duration_bucket_no, currency)
	NULLS NOT DISTINCT;

CREATE INDEX conversions_by_agent_snapshot_by_agent
	ON goaltracker.conversions_by_agent_snapshot (account_id, agent_id, conversation_date);

CREATE MATERIALIZED VIEW goaltracker.conversions_by_account_snapshot AS
SELECT v.*, pg_catalog.now() AS taken_at
FROM goaltracker.conversions_by_account AS v;

CREATE UNIQUE INDEX conversions_by_account_snapshot_key
	ON goaltracker.conversions_by_account_snapshot
	(account_id, conversation_date, currency) NULLS NOT DISTINCT;

CREATE MATERIALIZED VIEW goaltracker.agent_summary_snapshot AS
SELECT v.*, pg_catalog.now() AS taken_at
FROM goaltracker.agent_summary AS v;

CREATE UNIQUE INDEX agent_summary_snapshot_key
	ON goaltracker.agent_summary_snapshot
	(account_id, conversation_date, agent_id, user_type) NULLS NOT DISTINCT;

CREATE INDEX agent_summary_snapshot_by_agent
	ON goaltracker.agent_summary_snapshot (account_id, agent_id, conversation_date);

CREATE FUNCTION goaltracker.refresh_snapshots()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM goaltracker._refuse_read_only('refresh snapshots');
	REFRESH MATERIALIZED VIEW CONCURRENTLY goaltracker.conversions_by_skill_snapshot;
	REFRESH MATERIALIZED VIEW CONCURRENTLY goaltracker.conversions_by_agent_snapshot;
	REFRESH MATERIALIZED VIEW CONCURRENTLY goaltracker.conversions_by_account_snapshot;
	REFRESH MATERIALIZED VIEW CONCURRENTLY goaltracker.agent_summary_snapshot;
END
$$;

COMMENT ON FUNCTION goaltracker.refresh_snapshots() IS
	'refreshes the four snapshots without making their readers wait';
