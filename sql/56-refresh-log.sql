-- ---------------------------------------------------------------------------
-- What refreshes have done
--
-- A row is written in the transaction of its refresh: one that fails leaves none,
-- but for batches, which have a row from their first on.  A refresh that finds
-- nothing to do leaves none either: last_refreshed_at of refresh_status says that
-- it ran, and a schedule that is mostly idle does not push out what it did.
-- ---------------------------------------------------------------------------

CREATE TABLE goaltracker._refresh_log (
	refresh_no			bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	started_at			timestamptz NOT NULL,
	duration			interval NOT NULL,
	kind				text COLLATE "C" NOT NULL,
	is_finished			boolean NOT NULL,
	batches				bigint,
	consumers			bigint NOT NULL,
	goal_events			bigint NOT NULL,
	touchpoints_written	bigint NOT NULL,
	touchpoints_removed	bigint NOT NULL,
	refreshed_by		text COLLATE "C" NOT NULL
);

COMMENT ON TABLE goaltracker._refresh_log IS
	'what the newest 10000 refreshes that had something to do have done; read through refresh_log';

-- The row of batches goes along with them: refresh_no is null for the first, and is
-- returned.  Nobody else's row can be added to.
--
-- Refreshes take turns, so numbers come in order, and one row goes for each that
-- comes.  Rows that somebody has locked wait for the next time, not the refresh for
-- them.
CREATE FUNCTION goaltracker._log_refresh(refresh_no bigint, kind text, started_at timestamptz,
	consumers bigint, goal_events bigint, touchpoints_written bigint,
	touchpoints_removed bigint, is_finished boolean)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	kept CONSTANT integer := 10000;
BEGIN
	IF NOT is_finished THEN
		PERFORM goaltracker._progress_batch();
	END IF;
	IF refresh_no IS NOT NULL THEN
		UPDATE goaltracker._refresh_log AS l
		SET duration = clock_timestamp() - started_at,
			is_finished = is_finished,
			batches = l.batches + CASE WHEN is_finished THEN 0 ELSE 1 END,
			consumers = l.consumers + consumers,
			goal_events = l.goal_events + goal_events,
			touchpoints_written = l.touchpoints_written + touchpoints_written,
			touchpoints_removed = l.touchpoints_removed + touchpoints_removed
		WHERE l.refresh_no = refresh_no
			AND NOT l.is_finished
			AND l.started_at = started_at
			AND l.refreshed_by = session_user::text;
		RETURN refresh_no;
	END IF;
	INSERT INTO goaltracker._refresh_log AS l (started_at, duration, kind, is_finished, batches,
		consumers, goal_events, touchpoints_written, touchpoints_removed, refreshed_by)
	VALUES (started_at, clock_timestamp() - started_at, kind, is_finished,
		CASE WHEN kind = 'batches' THEN 1 END, consumers, goal_events, touchpoints_written,
		touchpoints_removed, session_user)
	RETURNING l.refresh_no INTO refresh_no;
	DELETE FROM goaltracker._refresh_log AS l
	WHERE l.refresh_no IN (
		SELECT o.refresh_no FROM goaltracker._refresh_log AS o
		WHERE o.refresh_no <= refresh_no - kept
		FOR UPDATE SKIP LOCKED);
	RETURN refresh_no;
END
$$;

COMMENT ON FUNCTION goaltracker._log_refresh(bigint, text, timestamptz, bigint, bigint, bigint,
	bigint, boolean) IS
	'writes a row of the log, or adds a batch to the row of this number; returns the number';

-- Its totals are of all accounts.
CREATE FUNCTION goaltracker._refuse_restricted(relation text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE
SUPPORT goaltracker._visibility_support
AS 'MODULE_PATHNAME', 'goaltracker_refuse_restricted_relation';

COMMENT ON FUNCTION goaltracker._refuse_restricted(text) IS
	'true; an error where the reader is restricted, who is told that he cannot read this';

CREATE VIEW goaltracker.refresh_log WITH (security_barrier) AS
SELECT l.refresh_no, l.started_at, l.duration, l.kind, l.is_finished, l.batches,
	l.consumers, l.goal_events, l.touchpoints_written, l.touchpoints_removed, l.refreshed_by
FROM goaltracker._refresh_log AS l
WHERE goaltracker._refuse_restricted('refresh_log');

COMMENT ON VIEW goaltracker.refresh_log IS
	'what the newest 10000 refreshes that had something to do have done, of all accounts; restricted readers are refused';
COMMENT ON COLUMN goaltracker.refresh_log.refresh_no IS
	'number of the refresh, in order; numbers may be missing';
COMMENT ON COLUMN goaltracker.refresh_log.started_at IS 'when it was called';
COMMENT ON COLUMN goaltracker.refresh_log.duration IS
	'how long it took, waiting for its turn included; of batches, up to the last one so far';
COMMENT ON COLUMN goaltracker.refresh_log.kind IS
	'refresh: refresh(); batches: refresh_in_batches(); rebuild: rebuild()';
COMMENT ON COLUMN goaltracker.refresh_log.is_finished IS
	'false: batches that are under way, or were stopped; those done stay';
COMMENT ON COLUMN goaltracker.refresh_log.batches IS
	'transactions in which consumers were refreshed; null: all in one';
COMMENT ON COLUMN goaltracker.refresh_log.consumers IS 'consumers looked at';
COMMENT ON COLUMN goaltracker.refresh_log.goal_events IS 'their goal events';
COMMENT ON COLUMN goaltracker.refresh_log.touchpoints_written IS
	'rows written to touchpoint, new or in place of others';
COMMENT ON COLUMN goaltracker.refresh_log.touchpoints_removed IS
	'rows removed from touchpoint, gone or replaced';
COMMENT ON COLUMN goaltracker.refresh_log.refreshed_by IS
	'role that had logged in, by its name of then';

-- ---------------------------------------------------------------------------
-- How far a refresh is (progress.c)
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._progress_begin(consumers bigint, batches bigint)
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'goaltracker_progress_begin';

COMMENT ON FUNCTION goaltracker._progress_begin(bigint, bigint) IS
	'shows other sessions that a refresh of so many consumers begins, in so many batches; null: in none';

CREATE FUNCTION goaltracker._progress_batch()
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'goaltracker_progress_batch';

COMMENT ON FUNCTION goaltracker._progress_batch() IS 'shows other sessions that a batch is done';

CREATE FUNCTION goaltracker._progress_end()
RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'goaltracker_progress_end';

COMMENT ON FUNCTION goaltracker._progress_end() IS
	'shows other sessions that no refresh is under way in this one';

-- A batch takes consumers of one account, in a first refresh those with goal events.
-- They are counted in the order of an index, which takes a third of the time.
CREATE FUNCTION goaltracker._begin_progress(batch_size integer)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_sort = off
SET enable_hashagg = off
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
BEGIN
	PERFORM goaltracker._progress_begin(sum(t.consumers)::bigint,
		sum(ceil(t.consumers / batch_size::numeric))::bigint)
	FROM (
		SELECT count(*) AS consumers
		FROM (
			SELECT DISTINCT c.account_id, c.consumer_id
			FROM goaltracker.changed_consumer AS c) AS c
		GROUP BY c.account_id
		UNION ALL
		SELECT (
			SELECT count(*)
			FROM (
				SELECT DISTINCT g.consumer_id
				FROM goaltracker.goal_event AS g
				WHERE g.account_id = f.account_id AND g.consumer_id > f.done_to) AS g)
		FROM goaltracker._first_refresh AS f) AS t;
END
$$;

COMMENT ON FUNCTION goaltracker._begin_progress(integer) IS
	'step of a refresh: shows other sessions how much there is to do; null: in one transaction';

CREATE FUNCTION goaltracker._running_refreshes(OUT pid integer, OUT refreshed_by text,
	OUT started_at timestamptz, OUT is_at_index boolean, OUT consumers_done bigint,
	OUT consumers_total bigint, OUT batches_done bigint, OUT batches_total bigint)
RETURNS SETOF record
LANGUAGE c STABLE ROWS 1
AS 'MODULE_PATHNAME', 'goaltracker_running_refreshes';

COMMENT ON FUNCTION goaltracker._running_refreshes() IS
	'what refresh_progress shows; an error where the reader is restricted';

CREATE VIEW goaltracker.refresh_progress AS
SELECT r.pid,
	r.refreshed_by,
	r.started_at,
	CASE WHEN r.is_at_index THEN 'indexes' ELSE 'consumers' END COLLATE "C" AS phase,
	r.consumers_done,
	r.consumers_total,
	r.batches_done,
	r.batches_total,
	r.started_at + (pg_catalog.clock_timestamp() - r.started_at)
		* (r.consumers_total / NULLIF(r.consumers_done, 0)::double precision) AS expected_end
FROM goaltracker._running_refreshes() AS r;

COMMENT ON VIEW goaltracker.refresh_progress IS
	'refreshes that are under way at this moment, seen from any session; restricted readers are refused';
COMMENT ON COLUMN goaltracker.refresh_progress.pid IS 'process that refreshes, as in pg_stat_activity';
COMMENT ON COLUMN goaltracker.refresh_progress.refreshed_by IS 'role that has logged in there';
COMMENT ON COLUMN goaltracker.refresh_progress.started_at IS
	'when its turn had come and it was known what there is to do; in phase indexes, when the transaction began';
COMMENT ON COLUMN goaltracker.refresh_progress.phase IS
	'consumers; indexes: an index of touchpoint or goal_outcome is being built, as after the first refresh of all (pg_stat_progress_create_index says how far)';
COMMENT ON COLUMN goaltracker.refresh_progress.consumers_done IS
	'consumers done, in a first refresh those with goal events; null in phase indexes';
COMMENT ON COLUMN goaltracker.refresh_progress.consumers_total IS
	'how many there were to do when it began; null in phase indexes';
COMMENT ON COLUMN goaltracker.refresh_progress.batches_done IS
	'batches done; null: all in one transaction';
COMMENT ON COLUMN goaltracker.refresh_progress.batches_total IS
	'how many there were to do; null: all in one transaction';
COMMENT ON COLUMN goaltracker.refresh_progress.expected_end IS
	'when the consumers are done at the speed so far; null: not known yet';
