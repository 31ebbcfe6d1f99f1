-- ---------------------------------------------------------------------------
-- What share of goal events was attributed, refresh after refresh
--
-- A refresh keeps counts that hold under every setting (src/attribution_history.c);
-- settings act when the history is read, so that a step in it is one of the data.
-- ---------------------------------------------------------------------------

CREATE TABLE goaltracker._outcome_count (
	account_id			text COLLATE "C" NOT NULL,
	counts				bigint[] NOT NULL,
	is_noted			boolean NOT NULL,
	CONSTRAINT _outcome_count_pkey PRIMARY KEY (account_id)
);

COMMENT ON TABLE goaltracker._outcome_count IS
	'goal events of each account in goal_outcome, counted; written by refresh';
COMMENT ON COLUMN goaltracker._outcome_count.account_id IS 'account';
COMMENT ON COLUMN goaltracker._outcome_count.counts IS
	'by the smallest window that reaches a conversation (0 to 31, none), that gives First, Last, All, first_human and last_human somebody to credit (likewise), without duplicates; last, duplicates';
COMMENT ON COLUMN goaltracker._outcome_count.is_noted IS 'whether the history has these counts';

CREATE TABLE goaltracker._attribution_history (
	account_id			text COLLATE "C" NOT NULL,
	refreshed_at		timestamptz NOT NULL,
	counts				bigint[] NOT NULL,
	CONSTRAINT _attribution_history_pkey PRIMARY KEY (account_id, refreshed_at)
);

COMMENT ON TABLE goaltracker._attribution_history IS
	'counts of goal events as refreshes left them: see attribution_history';
COMMENT ON COLUMN goaltracker._attribution_history.account_id IS 'account';
COMMENT ON COLUMN goaltracker._attribution_history.refreshed_at IS 'when the refresh started';
COMMENT ON COLUMN goaltracker._attribution_history.counts IS 'as in _outcome_count';

CREATE FUNCTION goaltracker._add_outcome_counts(wanted_account_id text, difference bigint[])
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO goaltracker._outcome_count AS o (account_id, counts, is_noted)
	VALUES (wanted_account_id, difference, false)
	ON CONFLICT (account_id) DO UPDATE
	SET counts = (
			SELECT array_agg(c.old_count + c.difference ORDER BY c.no)
			FROM unnest(o.counts, excluded.counts) WITH ORDINALITY
				AS c (old_count, difference, no)),
		is_noted = false;
END;

COMMENT ON FUNCTION goaltracker._add_outcome_counts(text, bigint[]) IS
	'adds what a step of refresh has counted to the counts of an account';

-- Of the last 90 days there is a row for each refresh that changed something; of the
-- five years before, the last of each day (in UTC).  An account's rows are looked
-- through once a day.
CREATE FUNCTION goaltracker._note_attribution(started_at timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	noted record;
BEGIN
	FOR noted IN
		UPDATE goaltracker._outcome_count AS o SET is_noted = true
		WHERE NOT o.is_noted
		RETURNING o.account_id, o.counts
	LOOP
		IF NOT EXISTS (
			SELECT FROM goaltracker._attribution_history AS h
			WHERE h.account_id = noted.account_id
				AND h.refreshed_at >= date_trunc('day', started_at, 'UTC'))
		THEN
			DELETE FROM goaltracker._attribution_history AS h
			WHERE h.account_id = noted.account_id
				AND (h.refreshed_at < started_at - '1826 days'::interval
					OR (h.refreshed_at < started_at - '90 days'::interval
						AND EXISTS (
							SELECT FROM goaltracker._attribution_history AS l
							WHERE l.account_id = h.account_id
								AND l.refreshed_at > h.refreshed_at
								AND l.refreshed_at < date_trunc('day', h.refreshed_at, 'UTC')
									+ '24:00:00'::interval)));
		END IF;
		INSERT INTO goaltracker._attribution_history AS h (account_id, refreshed_at, counts)
		VALUES (noted.account_id, started_at, noted.counts)
		ON CONFLICT (account_id, refreshed_at) DO UPDATE SET counts = excluded.counts;
	END LOOP;
END
$$;

COMMENT ON FUNCTION goaltracker._note_attribution(timestamptz) IS
	'puts counts that have changed into the history, and takes out of it what is too old';

-- The four counts under a model and a window.
CREATE FUNCTION goaltracker._outcomes(counts bigint[], model text, contribution_window integer)
RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT ARRAY[s.attributed, s.reached - s.attributed, s.all_but_duplicates - s.reached,
		counts[199]]
	FROM (
		SELECT sum(c.n) FILTER (WHERE c.no <= 33)::bigint AS all_but_duplicates,
			sum(c.n) FILTER (WHERE c.no <= contribution_window + 1)::bigint AS reached,
			sum(c.n) FILTER (WHERE c.no BETWEEN m.first_no AND m.first_no + contribution_window)
				::bigint AS attributed
		FROM (SELECT CASE model WHEN 'first' THEN 34 WHEN 'last' THEN 67
			WHEN 'first_human' THEN 133 WHEN 'last_human' THEN 166 ELSE 100 END AS first_no) AS m
		CROSS JOIN unnest(counts) WITH ORDINALITY AS c (n, no)
	) AS s;
END;

COMMENT ON FUNCTION goaltracker._outcomes(bigint[], text, integer) IS
	'goal events attributed, unassigned, self-serve and duplicate under a model and a window, out of the counts of _outcome_count';

-- Who sees some groups alone is not told how many goal events of all there are.
CREATE VIEW goaltracker.attribution_history WITH (security_barrier) AS
SELECT h.account_id,
	h.refreshed_at,
	h.goal_events,
	h.outcomes[1] AS attributed,
	h.outcomes[2] AS unassigned,
	h.outcomes[3] AS self_serve,
	h.outcomes[4] AS duplicates,
	pg_catalog.round(h.outcomes[1]::numeric / NULLIF(h.goal_events, 0), 6) AS attributed_share,
	pg_catalog.round(h.outcomes[2]::numeric / NULLIF(h.goal_events, 0), 6) AS unassigned_share,
	pg_catalog.round(h.outcomes[3]::numeric / NULLIF(h.goal_events, 0), 6) AS self_serve_share,
	pg_catalog.round(h.outcomes[4]::numeric / NULLIF(h.goal_events, 0), 6) AS duplicate_share,
	h.goal_events - COALESCE(pg_catalog.lag(h.goal_events) OVER w, 0) AS new_goal_events,
	h.outcomes[1] - COALESCE(pg_catalog.lag(h.outcomes[1]) OVER w, 0) AS new_attributed,
	h.outcomes[2] - COALESCE(pg_catalog.lag(h.outcomes[2]) OVER w, 0) AS new_unassigned,
	h.outcomes[3] - COALESCE(pg_catalog.lag(h.outcomes[3]) OVER w, 0) AS new_self_serve,
	h.outcomes[4] - COALESCE(pg_catalog.lag(h.outcomes[4]) OVER w, 0) AS new_duplicates
FROM (
	SELECT h.account_id, h.refreshed_at, o.outcomes,
		o.outcomes[1] + o.outcomes[2] + o.outcomes[3] + o.outcomes[4] AS goal_events
	FROM goaltracker._attribution_history AS h
	LEFT JOIN goaltracker.account AS a ON a.account_id = h.account_id
	CROSS JOIN LATERAL (
		SELECT goaltracker._outcomes(h.counts,
			COALESCE(goaltracker._session_model(), a.attribution_model, 'last'),
			COALESCE(goaltracker._session_window(), a.contribution_window, 31)) AS outcomes
		OFFSET 0
	) AS o
	WHERE goaltracker._sees_all(h.account_id)
) AS h
WINDOW w AS (PARTITION BY h.account_id ORDER BY h.refreshed_at);

COMMENT ON VIEW goaltracker.attribution_history IS
	'goal events of each account as refreshes that changed something left them, by what became of them under the settings in force';
COMMENT ON COLUMN goaltracker.attribution_history.account_id IS 'account';
COMMENT ON COLUMN goaltracker.attribution_history.refreshed_at IS 'when the refresh started';
COMMENT ON COLUMN goaltracker.attribution_history.goal_events IS 'all goal events, refreshed by then';
COMMENT ON COLUMN goaltracker.attribution_history.attributed IS 'those that somebody has the credit for';
COMMENT ON COLUMN goaltracker.attribution_history.unassigned IS
	'those with a conversation in reach and nobody to credit (S8)';
COMMENT ON COLUMN goaltracker.attribution_history.self_serve IS
	'those without a conversation in reach (S9)';
COMMENT ON COLUMN goaltracker.attribution_history.duplicates IS
	'those that repeat an earlier one (S10)';
COMMENT ON COLUMN goaltracker.attribution_history.attributed_share IS 'attributed, of goal_events';
COMMENT ON COLUMN goaltracker.attribution_history.unassigned_share IS 'unassigned, of goal_events';
COMMENT ON COLUMN goaltracker.attribution_history.self_serve_share IS 'self_serve, of goal_events';
COMMENT ON COLUMN goaltracker.attribution_history.duplicate_share IS 'duplicates, of goal_events';
COMMENT ON COLUMN goaltracker.attribution_history.new_goal_events IS
	'goal_events, less those of the row before';
COMMENT ON COLUMN goaltracker.attribution_history.new_attributed IS
	'attributed, less those of the row before';
COMMENT ON COLUMN goaltracker.attribution_history.new_unassigned IS
	'unassigned, less those of the row before';
COMMENT ON COLUMN goaltracker.attribution_history.new_self_serve IS
	'self_serve, less those of the row before';
COMMENT ON COLUMN goaltracker.attribution_history.new_duplicates IS
	'duplicates, less those of the row before';
