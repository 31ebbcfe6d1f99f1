-- ---------------------------------------------------------------------------
-- Which settings the reports apply
--
-- A reader may not read the table account, and a report that does not say under which
-- model and window it was made is easily misread.
-- ---------------------------------------------------------------------------

-- The barrier keeps what a reader's WHERE may do from accounts that he may not see.
CREATE VIEW goaltracker.report_settings WITH (security_barrier) AS
SELECT s.account_id,
	COALESCE(a.account_name, s.account_id) AS account_name,
	COALESCE(goaltracker._session_model(), a.attribution_model, 'last') AS attribution_model,
	COALESCE(goaltracker._session_window(), a.contribution_window, 31::smallint)
		AS contribution_window,
	COALESCE(NULLIF(pg_catalog.current_setting('goaltracker.hour_offset', true), ''), '0')::numeric
		AS hour_offset,
	COALESCE(a.attribution_model, 'last') AS account_attribution_model,
	COALESCE(a.contribution_window, 31::smallint) AS account_contribution_window,
	COALESCE(a.default_currency, 'USD') AS default_currency,
	COALESCE(a.time_zone, 'UTC') AS time_zone,
	-- lists as texts: few clients of BI tools know arrays
	pg_catalog.array_to_string(ARRAY(
		SELECT goaltracker._duration_bucket(
			(SELECT t.settings FROM goaltracker._settings AS t), s.account_id, n.bucket_no)
		FROM pg_catalog.generate_series(0, COALESCE(pg_catalog.cardinality(a.duration_bounds), 6))
			AS n (bucket_no)
		ORDER BY n.bucket_no), ', ') AS duration_buckets,
	COALESCE(goaltracker._session_half_life(), a.time_decay_half_life, '7 days'::interval)::text
		AS time_decay_half_life,
	pg_catalog.array_to_string(COALESCE(goaltracker._session_position_weights(),
		a.position_weights, '{40,20,40}'::numeric[]), ', ') AS position_weights
FROM (
	SELECT a.account_id FROM goaltracker.account AS a
	UNION
	SELECT r.account_id FROM goaltracker.refreshed_account AS r
) AS s
LEFT JOIN goaltracker.account AS a ON a.account_id = s.account_id
WHERE goaltracker._sees_all(s.account_id) OR goaltracker._sees_part(s.account_id);

COMMENT ON VIEW goaltracker.report_settings IS
	'the settings that reports apply in this session: those of the session, else those of the account';
COMMENT ON COLUMN goaltracker.report_settings.account_id IS 'account';
COMMENT ON COLUMN goaltracker.report_settings.account_name IS 'name of the account, else its id';
COMMENT ON COLUMN goaltracker.report_settings.attribution_model IS
	'attribution model in force: the session''s, else the account''s';
COMMENT ON COLUMN goaltracker.report_settings.contribution_window IS
	'contribution window in force, in days: the session''s, else the account''s';
COMMENT ON COLUMN goaltracker.report_settings.hour_offset IS
	'hours that the session adds to the account''s local time (S15)';
COMMENT ON COLUMN goaltracker.report_settings.account_attribution_model IS
	'attribution model of the account';
COMMENT ON COLUMN goaltracker.report_settings.account_contribution_window IS
	'contribution window of the account, in days';
COMMENT ON COLUMN goaltracker.report_settings.default_currency IS
	'currency of values that name none';
COMMENT ON COLUMN goaltracker.report_settings.time_zone IS 'time zone of the account';
COMMENT ON COLUMN goaltracker.report_settings.duration_buckets IS
	'what the duration buckets are called, in order, with commas between; the first is bucket 0 (S16)';
COMMENT ON COLUMN goaltracker.report_settings.time_decay_half_life IS
	'half-life of time_decay in force: the session''s, else the account''s (S20)';
COMMENT ON COLUMN goaltracker.report_settings.position_weights IS
	'weights of position_based in force, of the first, those between and the last: the session''s, else the account''s (S20)';
