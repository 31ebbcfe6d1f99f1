-- ---------------------------------------------------------------------------
-- Refreshing on a schedule, by pg_cron
--
-- Its functions exist in one database of a server alone.  They are called with
-- the caller's own rights, and so is what they schedule: who may refresh, and may
-- use pg_cron, may schedule refreshes.
-- ---------------------------------------------------------------------------

-- An interval as pg_cron takes it.  The fields of its schedules start anew with each
-- hour and day: every 7 minutes, say, is none of them, as '*/7' runs at minute 56
-- and again at 0.
CREATE FUNCTION goaltracker._cron_schedule(interval_text text, has_seconds boolean)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	seconds numeric;
	wanted interval;
	schedule text;
BEGIN
	BEGIN
		wanted := interval_text::interval;
		-- months are of no certain length
		IF extract(year FROM wanted) = 0 AND extract(month FROM wanted) = 0 THEN
			seconds := extract(epoch FROM wanted);
		END IF;
	EXCEPTION WHEN data_exception THEN
		RAISE EXCEPTION USING
			ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('invalid interval: "%s"', left(interval_text, 100)),
			HINT = 'An interval is, for example, 5 minutes or 1 hour.';
	END;
	IF seconds BETWEEN 1 AND 59 AND seconds = trunc(seconds) THEN
		IF has_seconds THEN
			RETURN format('%s seconds', seconds::integer);
		END IF;
		RAISE EXCEPTION USING
			ERRCODE = 'feature_not_supported',
			MESSAGE = format('this version of pg_cron cannot run every %s', interval_text),
			DETAIL = 'Intervals of less than a minute need pg_cron 1.5 or newer.',
			HINT = 'The shortest interval here is 1 minute.';
	END IF;
	schedule := CASE
			WHEN seconds = 60 THEN '* * * * *'
			WHEN seconds IN (120, 180, 240, 300, 360, 600, 720, 900, 1200, 1800)
				THEN format('*/%s * * * *', (seconds / 60)::integer)
			WHEN seconds = 3600 THEN '0 * * * *'
			WHEN seconds IN (7200, 10800, 14400, 21600, 28800, 43200)
				THEN format('0 */%s * * *', (seconds / 3600)::integer)
			WHEN seconds = 86400 THEN '0 0 * * *'
			WHEN seconds = 604800 THEN '0 0 * * 0'
		END;
	IF schedule IS NULL THEN
		RAISE EXCEPTION USING
			ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('pg_cron cannot run exactly every %s', COALESCE(interval_text, 'NULL')),
			DETAIL = 'Its schedules start anew with each hour, day and week.',
			HINT = 'Possible are 1 to 59 seconds (from pg_cron 1.5 on), 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 minutes, 1, 2, 3, 4, 6, 8 or 12 hours, 1 day, and 1 week. For anything else call cron.schedule() itself.';
	END IF;
	RETURN schedule;
END
$$;

COMMENT ON FUNCTION goaltracker._cron_schedule(text, boolean) IS
	'an interval as a schedule of pg_cron; an error where pg_cron knows none that is exactly that';

-- Says what is missing, to whom can do something about it: elsewhere is what to run where
-- pg_cron is, if it is in another database.
CREATE FUNCTION goaltracker._require_cron(elsewhere text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	cron_database text;
BEGIN
	IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
		RETURN;
	END IF;
	BEGIN
		-- null: the library is not loaded
		cron_database := current_setting('cron.database_name', true);
	EXCEPTION WHEN insufficient_privilege THEN
		cron_database := '';
	END;
	RAISE EXCEPTION USING
		ERRCODE = 'undefined_object',
		MESSAGE = format('pg_cron is not installed in database "%s"', current_database()),
		DETAIL = CASE
				WHEN cron_database IS NULL
					THEN 'The server does not load pg_cron: it is not in shared_preload_libraries.'
				WHEN cron_database = ''
					THEN 'The server loads pg_cron; cron.database_name, which superusers may read, says in which one database it can be installed.'
				WHEN cron_database = current_database()
					THEN 'The server loads pg_cron for this database.'
				ELSE format('The server loads pg_cron for database "%s", and it can be installed in that one alone.', cron_database)
			END,
		HINT = CASE
				WHEN cron_database IS NULL
					THEN 'Install pg_cron (Debian: postgresql-NN-cron), load it and restart the server; or use cron or a systemd timer of the system.'
				WHEN cron_database = current_database()
					THEN 'A superuser runs here: CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO ...'
				ELSE 'A superuser runs there: ' || elsewhere
			END;
END
$$;

COMMENT ON FUNCTION goaltracker._require_cron(text) IS
	'an error where this database has no pg_cron, which says what to do';

CREATE FUNCTION goaltracker._schedule(job_name text, interval_text text, command text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	has_seconds boolean;
BEGIN
	PERFORM goaltracker._require_cron(format(
		'SELECT cron.schedule_in_database(%L, %L, %L, %L, ''...''); the last argument is the role that is to run it.',
		job_name || ' of ' || current_database(), goaltracker._cron_schedule(interval_text, true),
		command, current_database()));
	SELECT (string_to_array(substring(e.extversion FROM '^\d+\.\d+'), '.')::integer[]) >= '{1,5}'
	INTO has_seconds
	FROM pg_extension AS e WHERE e.extname = 'pg_cron';
	-- pg_cron has one job of a name and a role: another call changes it
	RETURN cron.schedule(job_name, goaltracker._cron_schedule(interval_text, has_seconds), command);
END
$$;

COMMENT ON FUNCTION goaltracker._schedule(text, text, text) IS
	'gives pg_cron a job of the caller''s; returns its number';

CREATE FUNCTION goaltracker._unschedule(job_name text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
	PERFORM goaltracker._require_cron(format(
		'SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname = %L;',
		job_name || ' of ' || current_database()));
	IF NOT EXISTS (
			SELECT FROM cron.job AS j
			WHERE j.jobname::text = job_name AND j.username::text = current_user::text)
	THEN
		RETURN false;
	END IF;
	RETURN cron.unschedule(job_name);
END
$$;

COMMENT ON FUNCTION goaltracker._unschedule(text) IS
	'takes a job of the caller''s from pg_cron; false: there was none';

-- refresh(), not batches of it: then readers see all of a refresh or nothing.  A
-- run that is due while the one before is still at work begins when that has ended.
CREATE FUNCTION goaltracker.schedule_refresh(interval_text text)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN goaltracker._schedule('goaltracker refresh', interval_text, 'SELECT goaltracker.refresh()');

COMMENT ON FUNCTION goaltracker.schedule_refresh(text) IS
	'has pg_cron refresh with the caller''s rights at this interval, for example 5 minutes; called again, at another one; returns the number of the job';

CREATE FUNCTION goaltracker.unschedule_refresh()
RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN goaltracker._unschedule('goaltracker refresh');

COMMENT ON FUNCTION goaltracker.unschedule_refresh() IS
	'ends what the caller began with schedule_refresh(); false: nothing was scheduled';

CREATE FUNCTION goaltracker.schedule_snapshots(interval_text text)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN goaltracker._schedule('goaltracker snapshots', interval_text,
	'SELECT goaltracker.refresh_snapshots()');

COMMENT ON FUNCTION goaltracker.schedule_snapshots(text) IS
	'has pg_cron refresh the snapshots with the caller''s rights at this interval; called again, at another one; returns the number of the job';

CREATE FUNCTION goaltracker.unschedule_snapshots()
RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN goaltracker._unschedule('goaltracker snapshots');

COMMENT ON FUNCTION goaltracker.unschedule_snapshots() IS
	'ends what the caller began with schedule_snapshots(); false: nothing was scheduled';
