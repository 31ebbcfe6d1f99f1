--
-- Schedules: which intervals pg_cron can be given, and what there is without it
-- (test/t/120_schedule.pl has the extension itself)
--
SET search_path = goaltracker, public;
\set SHOW_CONTEXT never

-- Each has one schedule that is exactly it.
SELECT i.interval, _cron_schedule(i.interval, false) AS schedule
FROM unnest('{1 minute,60 seconds,1 min,00:05,5 minutes,PT15M,30 minutes,60 minutes,1 hour,2 hours,12:00,24 hours,1 day,7 days,1 week}'::text[])
	WITH ORDINALITY AS i (interval, no)
ORDER BY no;
SELECT i AS every, _cron_schedule(i, true) AS schedule FROM unnest('{1 second,30 seconds,59 seconds}'::text[]) AS i;
-- Of all whole minutes those are taken whose runs are that far apart over hours, each
-- from the next.
CREATE FUNCTION pg_temp.takes(minutes integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN goaltracker._cron_schedule(minutes || ' minutes', false) IS NOT NULL;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN false;
END $$;
SELECT minutes, pg_temp.takes(minutes)
FROM generate_series(1, 60) AS minutes
WHERE pg_temp.takes(minutes) <> (
	SELECT count(DISTINCT next - minute) = 1 AND min(next - minute) = minutes
	FROM (SELECT minute, lead(minute) OVER (ORDER BY minute) AS next
		FROM generate_series(0, 600) AS minute WHERE minute % 60 % minutes = 0) AS run);

-- The others are refused, with what is possible.
SELECT _cron_schedule('7 minutes', true);
\set VERBOSITY terse
SELECT _cron_schedule('90 minutes', true);
SELECT _cron_schedule('5 hours', true);
SELECT _cron_schedule('2 days', true);
SELECT _cron_schedule('1 month', true);
SELECT _cron_schedule('1 year', true);
SELECT _cron_schedule('0', true);
SELECT _cron_schedule('-5 minutes', true);
SELECT _cron_schedule('1.5 seconds', true);
SELECT _cron_schedule('0.5 seconds', true);
SELECT _cron_schedule('90 seconds', true);
SELECT _cron_schedule(NULL, true);
SELECT _cron_schedule('', true);
SELECT _cron_schedule('soon', true);
SELECT _cron_schedule('* * * * *', true);
SELECT _cron_schedule('999999999999999 hours', true);
SELECT _cron_schedule(repeat('x', 200), true);
\set VERBOSITY default
SELECT _cron_schedule('30 seconds', false);

-- This database has no pg_cron.
\set VERBOSITY terse
SELECT schedule_refresh('5 minutes');
\echo :LAST_ERROR_SQLSTATE
SELECT unschedule_refresh();
SELECT schedule_snapshots('1 hour');
SELECT unschedule_snapshots();

-- A schema of its name is not it, whoever made it.
CREATE SCHEMA cron;
CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 1';
SELECT schedule_refresh('5 minutes');
DROP SCHEMA cron CASCADE;
