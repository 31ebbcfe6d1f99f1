-- ---------------------------------------------------------------------------
-- Snapshots: the four reports, stored
--
-- They follow the accounts' settings alone: see _session_model() and its
-- fellows, which leave the session's settings out while a materialized view is
-- filled.  The indexes take null ids for equal, so that there is one row
-- Unassigned a day, and REFRESH MATERIALIZED VIEW CONCURRENTLY can use them.
-- They find the pages of a report, by date; the others, one agent's or skill's
-- part of it.
--
-- They hold everything, whoever refreshes them, and in a restore too, where row
-- security is off: so they are the reports over the table itself in place of its
-- parent with the row security.  What else a report is, it says once.
-- ---------------------------------------------------------------------------

DO $$
DECLARE
	report name;
	definition text;
BEGIN
	PERFORM set_config('quote_all_identifiers', 'off', true);
	definition := pg_get_viewdef('goaltracker._credit'::regclass);
	IF position('goaltracker._visible_touchpoint t' IN definition) = 0 THEN
		RAISE EXCEPTION 'view _credit does not read what it should: %', definition;
	END IF;
	EXECUTE 'CREATE VIEW goaltracker._credit_of_all AS '
		|| replace(definition, 'goaltracker._visible_touchpoint t', 'goaltracker.touchpoint t');
	definition := pg_get_viewdef('goaltracker._shared'::regclass);
	IF position('goaltracker._credit c' IN definition) = 0 OR position('_visible_' IN definition) > 0 THEN
		RAISE EXCEPTION 'view _shared does not read what it should: %', definition;
	END IF;
	EXECUTE 'CREATE VIEW goaltracker._shared_of_all AS '
		|| replace(definition, 'goaltracker._credit c', 'goaltracker._credit_of_all c');
	FOREACH report IN ARRAY '{conversions_by_skill,conversions_by_agent,conversions_by_account,agent_summary}'::name[] LOOP
		definition := rtrim(pg_get_viewdef(format('goaltracker.%I', report)::regclass), ';');
		IF position('goaltracker._credit c' IN definition) = 0
			OR position('goaltracker._shared c' IN definition) = 0
			OR position('_visible_' IN definition) > 0
		THEN
			RAISE EXCEPTION 'view % does not read what it should: %', report, definition;
		END IF;
		EXECUTE format('CREATE MATERIALIZED VIEW goaltracker.%I AS '
			'SELECT v.*, pg_catalog.now() AS taken_at FROM (%s) AS v',
			report || '_snapshot',
			replace(replace(definition, 'goaltracker._credit c', 'goaltracker._credit_of_all c'),
				'goaltracker._shared c', 'goaltracker._shared_of_all c'));
	END LOOP;
END
$$;

COMMENT ON VIEW goaltracker._credit_of_all IS '_credit, whatever the reader may see: what snapshots read';

COMMENT ON VIEW goaltracker._shared_of_all IS '_shared, whatever the reader may see: what snapshots read';

CREATE UNIQUE INDEX conversions_by_skill_snapshot_key
	ON goaltracker.conversions_by_skill_snapshot
	(account_id, conversation_date, skill_id, duration_bucket_no, currency) NULLS NOT DISTINCT;

CREATE INDEX conversions_by_skill_snapshot_by_skill
	ON goaltracker.conversions_by_skill_snapshot (account_id, skill_id, conversation_date);

CREATE UNIQUE INDEX conversions_by_agent_snapshot_key
	ON goaltracker.conversions_by_agent_snapshot
	(account_id, conversation_date, agent_id, user_type, duration_bucket_no, currency)
	NULLS NOT DISTINCT;

CREATE INDEX conversions_by_agent_snapshot_by_agent
	ON goaltracker.conversions_by_agent_snapshot (account_id, agent_id, conversation_date);

CREATE UNIQUE INDEX conversions_by_account_snapshot_key
	ON goaltracker.conversions_by_account_snapshot
	(account_id, conversation_date, currency) NULLS NOT DISTINCT;

CREATE UNIQUE INDEX agent_summary_snapshot_key
	ON goaltracker.agent_summary_snapshot
	(account_id, conversation_date, agent_id, user_type) NULLS NOT DISTINCT;

CREATE INDEX agent_summary_snapshot_by_agent
	ON goaltracker.agent_summary_snapshot (account_id, agent_id, conversation_date);

-- ---------------------------------------------------------------------------
-- What readers read of them
--
-- The rows of a snapshot cannot be restricted, so restricted readers are refused.
-- The barrier keeps what a reader's WHERE may do until that is known.
-- ---------------------------------------------------------------------------

CREATE VIEW goaltracker.conversions_by_skill_stored WITH (security_barrier) AS
SELECT s.* FROM goaltracker.conversions_by_skill_snapshot AS s
WHERE goaltracker._refuse_restricted();

CREATE VIEW goaltracker.conversions_by_agent_stored WITH (security_barrier) AS
SELECT s.* FROM goaltracker.conversions_by_agent_snapshot AS s
WHERE goaltracker._refuse_restricted();

CREATE VIEW goaltracker.conversions_by_account_stored WITH (security_barrier) AS
SELECT s.* FROM goaltracker.conversions_by_account_snapshot AS s
WHERE goaltracker._refuse_restricted();

CREATE VIEW goaltracker.agent_summary_stored WITH (security_barrier) AS
SELECT s.* FROM goaltracker.agent_summary_snapshot AS s
WHERE goaltracker._refuse_restricted();

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
