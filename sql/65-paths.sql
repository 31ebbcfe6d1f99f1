-- ---------------------------------------------------------------------------
-- Paths: what users ask of journeys
--
-- Each function checks its arguments, adds journeys up (view _journey_path), and
-- gives at most as many rows as it was asked for; what is beyond is in rows named
-- "(other)", so that totals stay what they are.
--
-- They run as their owner, who alone may read journeys; what they show is what
-- their caller may see.  The planner gets to know the arguments, so that it leaves
-- out what they do not ask for.  It takes paths for fewer than they are, and would
-- sort them where a hash does: hence enable_sort = off, where nothing is joined
-- afterwards.
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._check_choice(name text, value text, allowed text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF value IS NULL THEN
		RAISE EXCEPTION '% must not be null', name USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF value <> ALL (allowed) THEN
		RAISE EXCEPTION USING
			ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('invalid %s: "%s"', name, value),
			DETAIL = format('Allowed are %s.',
				(SELECT string_agg(format('"%s"', a.word), ', ' ORDER BY a.no)
				 FROM unnest(allowed) WITH ORDINALITY AS a (word, no)));
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._check_choice(text, text, text[]) IS
	'raises an error for an argument that is none of some words';

CREATE FUNCTION goaltracker._check_number(name text, value integer, smallest integer, largest integer)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF value IS NULL THEN
		RAISE EXCEPTION '% must not be null', name USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF value NOT BETWEEN smallest AND largest THEN
		RAISE EXCEPTION USING
			ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('invalid %s: %s', name, value),
			DETAIL = format('Allowed are whole numbers from %s to %s.', smallest, largest);
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._check_number(text, integer, integer, integer) IS
	'raises an error for an argument that is not within bounds';

CREATE FUNCTION goaltracker._check_period(from_date date, to_date date)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF from_date > to_date THEN
		RAISE EXCEPTION USING
			ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('period ends before it begins: from_date %s, to_date %s',
				from_date, to_date),
			HINT = 'Both dates belong to the period; NULL stands for one without a beginning or an end.';
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._check_period(date, date) IS
	'raises an error for a period that ends before it begins';

CREATE FUNCTION goaltracker._check_goal_type(goal_type text)
RETURNS "char"
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF goal_type IS NULL THEN
		RETURN NULL;
	END IF;
	PERFORM goaltracker._check_choice('goal_type', goal_type, ARRAY['Sell Product/Service',
		'Generate Leads', 'Service Activity Complete', 'Interact with Visitors',
		'Increase Page Views', 'Other']);
	RETURN CASE goal_type
		WHEN 'Sell Product/Service' THEN 'S'
		WHEN 'Generate Leads' THEN 'L'
		WHEN 'Service Activity Complete' THEN 'A'
		WHEN 'Interact with Visitors' THEN 'I'
		WHEN 'Increase Page Views' THEN 'P'
		ELSE 'O'
	END;
END
$$;

COMMENT ON FUNCTION goaltracker._check_goal_type(text) IS
	'code of a goal type; null: none; an error for a word that is none';

CREATE FUNCTION goaltracker._element_name(level text, wanted_account_id text, element text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN coalesce(
	CASE level
		WHEN 'skill' THEN (SELECT n.skill_name FROM goaltracker.skill AS n
			WHERE n.account_id = wanted_account_id AND n.skill_id = element)
		WHEN 'agent' THEN (SELECT n.agent_name FROM goaltracker.agent AS n
			WHERE n.account_id = wanted_account_id AND n.agent_id = element)
		WHEN 'account' THEN (SELECT n.account_name FROM goaltracker.account AS n
			WHERE n.account_id = element)
	END, element, 'Unassigned');

COMMENT ON FUNCTION goaltracker._element_name(text, text, text) IS
	'what reports call a skill, an agent, a user type or an account';

CREATE FUNCTION goaltracker._path_label(level text, account_id text, path text[],
	is_shortened boolean)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN path IS NULL THEN '(other)'
	WHEN path = '{}' THEN '(no touchpoint)'
	ELSE CASE WHEN is_shortened THEN '... > ' ELSE '' END || (
		SELECT string_agg(goaltracker._element_name(level, account_id, e.element), ' > '
			ORDER BY e.no)
		FROM unnest(path) WITH ORDINALITY AS e (element, no))
END;

COMMENT ON FUNCTION goaltracker._path_label(text, text, text[], boolean) IS 'a path in words';

-- ---------------------------------------------------------------------------
-- Paths, and what came of them
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker.conversion_paths(level text DEFAULT 'skill',
	from_date date DEFAULT NULL, to_date date DEFAULT NULL, account text DEFAULT NULL,
	collapse boolean DEFAULT true, goal_type text DEFAULT NULL, max_length integer DEFAULT 20,
	max_paths integer DEFAULT 1000)
RETURNS TABLE (
	account_id text,
	path_no integer,
	path text[],
	path_label text,
	steps integer,
	is_shortened boolean,
	goals_reached bigint,
	conversions numeric,
	currency text,
	lead_value numeric,
	transaction_value numeric,
	other_currency_conversions numeric,
	did_not_convert bigint,
	undecided bigint,
	conversion_rate numeric,
	share numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
SET enable_sort = off
AS $$
#variable_conflict use_column
DECLARE
	wanted_level CONSTANT text := level;
	wanted_type CONSTANT "char" := goaltracker._check_goal_type(goal_type);
BEGIN
	PERFORM goaltracker._check_choice('level', level, ARRAY['skill', 'agent', 'user_type']);
	PERFORM goaltracker._check_period(from_date, to_date);
	PERFORM goaltracker._check_choice('collapse', collapse::text, ARRAY['true', 'false']);
	PERFORM goaltracker._check_number('max_length', max_length, 1, 1000);
	PERFORM goaltracker._check_number('max_paths', max_paths, 0, 100000);
	RETURN QUERY
	WITH whole AS (
		SELECT j.account_id, j.path,
			count(*) FILTER (WHERE j.converted) AS goals_reached,
			count(*) FILTER (WHERE j.is_conversion) AS conversions,
			sum(j.lead_value) FILTER (WHERE j.is_default_currency) AS lead_value,
			sum(j.transaction_value) FILTER (WHERE j.is_default_currency) AS transaction_value,
			count(*) FILTER (WHERE j.is_conversion AND NOT j.is_default_currency)
				AS other_currency_conversions,
			count(*) FILTER (WHERE NOT j.converted AND NOT j.is_open) AS did_not_convert,
			count(*) FILTER (WHERE j.is_open) AS undecided
		FROM (
			SELECT j.*,
				j.currency = goaltracker._default_currency(
					(SELECT s.settings FROM goaltracker._settings AS s), j.account_id)
					AS is_default_currency,
				CASE WHEN collapse THEN goaltracker._without_runs(j.whole_path)
					ELSE j.whole_path END AS path
			FROM (
				SELECT j.account_id, j.converted, j.is_open, j.is_conversion, j.currency,
					j.lead_value, j.transaction_value,
					CASE wanted_level
						WHEN 'skill' THEN j.skills
						WHEN 'agent' THEN j.agents
						ELSE j.user_types
					END AS whole_path
				FROM goaltracker._journey_paths(account, from_date, to_date) AS j
				WHERE wanted_type IS NULL OR NOT j.converted OR j.goal_type = wanted_type
			) AS j
		) AS j
		GROUP BY j.account_id, j.path
	), shown AS (
		SELECT w.account_id,
			CASE WHEN cardinality(w.path) > max_length
				THEN w.path[cardinality(w.path) - max_length + 1:] ELSE w.path END AS path,
			cardinality(w.path) > max_length AS is_shortened,
			sum(w.goals_reached)::bigint AS goals_reached,
			sum(w.conversions)::bigint AS conversions,
			sum(w.lead_value) AS lead_value,
			sum(w.transaction_value) AS transaction_value,
			sum(w.other_currency_conversions)::bigint AS other_currency_conversions,
			sum(w.did_not_convert)::bigint AS did_not_convert,
			sum(w.undecided)::bigint AS undecided
		FROM whole AS w
		GROUP BY 1, 2, 3
	), ranked AS (
		SELECT s.*, least(row_number() OVER (
			PARTITION BY s.account_id
			ORDER BY s.conversions DESC, s.goals_reached DESC, s.did_not_convert DESC,
				s.undecided DESC, s.path COLLATE "C", s.is_shortened), max_paths + 1) AS path_no
		FROM shown AS s
	), folded AS (
		SELECT r.account_id, r.path_no,
			CASE WHEN r.path_no <= max_paths THEN r.path END AS path,
			CASE WHEN r.path_no <= max_paths THEN r.is_shortened END AS is_shortened,
			sum(r.goals_reached)::bigint AS goals_reached,
			sum(r.conversions)::bigint AS conversions,
			coalesce(sum(r.lead_value), 0) AS lead_value,
			coalesce(sum(r.transaction_value), 0) AS transaction_value,
			sum(r.other_currency_conversions)::bigint AS other_currency_conversions,
			sum(r.did_not_convert)::bigint AS did_not_convert,
			sum(r.undecided)::bigint AS undecided
		FROM ranked AS r
		GROUP BY 1, 2, 3, 4
	)
	SELECT f.account_id, f.path_no::integer, f.path,
		goaltracker._path_label(wanted_level, f.account_id, f.path, f.is_shortened),
		cardinality(f.path), f.is_shortened,
		f.goals_reached, f.conversions::numeric(20, 6),
		goaltracker._default_currency((SELECT s.settings FROM goaltracker._settings AS s),
			f.account_id),
		f.lead_value::numeric(20, 4), f.transaction_value::numeric(20, 4),
		f.other_currency_conversions::numeric(20, 6),
		f.did_not_convert, f.undecided,
		round(f.conversions::numeric / nullif(f.goals_reached + f.did_not_convert, 0), 6),
		round(f.conversions::numeric / nullif(sum(f.conversions) OVER (PARTITION BY f.account_id), 0), 6)
	FROM folded AS f
	ORDER BY f.account_id, f.path_no;
END
$$;

COMMENT ON FUNCTION goaltracker.conversion_paths(text, date, date, text, boolean, text, integer,
	integer) IS
	'the sequences of skills, agents or user types that led to goal events, with counts and values in the default currency, and how often each led to none';

-- ---------------------------------------------------------------------------
-- From one step to the next
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker.path_transitions(level text DEFAULT 'skill',
	from_date date DEFAULT NULL, to_date date DEFAULT NULL, account text DEFAULT NULL,
	collapse boolean DEFAULT true, goal_type text DEFAULT NULL,
	max_transitions integer DEFAULT 1000)
RETURNS TABLE (
	account_id text,
	transition_no integer,
	from_kind text,
	from_id text,
	from_label text,
	to_kind text,
	to_id text,
	to_label text,
	transitions bigint,
	share numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
SET enable_sort = off
AS $$
#variable_conflict use_column
DECLARE
	wanted_level CONSTANT text := level;
	wanted_type CONSTANT "char" := goaltracker._check_goal_type(goal_type);
BEGIN
	PERFORM goaltracker._check_choice('level', level, ARRAY['skill', 'agent', 'user_type']);
	PERFORM goaltracker._check_period(from_date, to_date);
	PERFORM goaltracker._check_choice('collapse', collapse::text, ARRAY['true', 'false']);
	PERFORM goaltracker._check_number('max_transitions', max_transitions, 0, 100000);
	RETURN QUERY
	WITH whole AS (
		SELECT j.account_id, j.end_kind,
			CASE WHEN collapse THEN goaltracker._without_runs(j.path) ELSE j.path END AS path,
			count(*) AS journeys
		FROM (
			SELECT j.account_id,
				CASE
					WHEN j.is_conversion THEN 'conversion'
					WHEN j.converted THEN 'assisting goal'
					WHEN j.is_open THEN 'undecided'
					ELSE 'no conversion'
				END AS end_kind,
				CASE wanted_level
					WHEN 'skill' THEN j.skills
					WHEN 'agent' THEN j.agents
					ELSE j.user_types
				END AS path
			FROM goaltracker._journey_paths(account, from_date, to_date) AS j
			WHERE wanted_type IS NULL OR NOT j.converted OR j.goal_type = wanted_type
		) AS j
		GROUP BY 1, 2, 3
	), step AS (
		-- step n leads from element n to the next; the first from nowhere, the last to the end
		SELECT w.account_id,
			CASE WHEN n.no = 0 THEN 'start' ELSE 'touchpoint' END AS from_kind,
			w.path[n.no] AS from_id,
			CASE WHEN n.no = cardinality(w.path) THEN w.end_kind ELSE 'touchpoint' END AS to_kind,
			w.path[n.no + 1] AS to_id,
			sum(w.journeys)::bigint AS transitions
		FROM whole AS w
		CROSS JOIN LATERAL generate_series(0, cardinality(w.path)) AS n (no)
		GROUP BY 1, 2, 3, 4, 5
	), ranked AS (
		SELECT s.*,
			s.transitions / sum(s.transitions) OVER (
				PARTITION BY s.account_id, s.from_kind, s.from_id) AS share,
			row_number() OVER (
				PARTITION BY s.account_id
				ORDER BY s.transitions DESC, s.from_kind, s.from_id COLLATE "C", s.to_kind,
					s.to_id COLLATE "C") AS transition_no
		FROM step AS s
	)
	SELECT r.account_id, r.transition_no::integer, r.from_kind, r.from_id,
		CASE r.from_kind
			WHEN 'start' THEN '(start)'
			ELSE goaltracker._element_name(wanted_level, r.account_id, r.from_id)
		END,
		r.to_kind, r.to_id,
		CASE r.to_kind
			WHEN 'touchpoint' THEN goaltracker._element_name(wanted_level, r.account_id, r.to_id)
			ELSE format('(%s)', r.to_kind)
		END,
		r.transitions, round(r.share, 6)
	FROM ranked AS r
	WHERE r.transition_no <= max_transitions
	UNION ALL
	SELECT r.account_id, max_transitions + 1, 'other', NULL, '(other)', 'other', NULL, '(other)',
		sum(r.transitions)::bigint, NULL
	FROM ranked AS r
	WHERE r.transition_no > max_transitions
	GROUP BY r.account_id
	ORDER BY 1, 2;
END
$$;

COMMENT ON FUNCTION goaltracker.path_transitions(text, date, date, text, boolean, text, integer) IS
	'how often journeys went from one skill, agent or user type to another, and from where to a conversion, to an assisting goal or to none';

-- ---------------------------------------------------------------------------
-- How long it took
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker.time_to_conversion(level text DEFAULT 'account',
	from_date date DEFAULT NULL, to_date date DEFAULT NULL, account text DEFAULT NULL,
	goal_type text DEFAULT NULL, max_groups integer DEFAULT 100)
RETURNS TABLE (
	account_id text,
	group_no integer,
	id text,
	label text,
	measured_from text,
	statistic text,
	percentile integer,
	bucket_no integer,
	bucket text,
	time_to_conversion interval,
	conversions bigint,
	share numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	wanted_level CONSTANT text := level;
	wanted_type CONSTANT "char" := goaltracker._check_goal_type(goal_type);
	percents CONSTANT integer[] := ARRAY[5, 10, 25, 50, 75, 90, 95];
	-- seconds, and what is between them
	bounds CONSTANT float8[] := ARRAY[3600, 21600, 86400, 259200, 604800, 1209600, 2678400];
	names CONSTANT text[] := ARRAY['under 1 h', '1 h - 6 h', '6 h - 1 day', '1 day - 3 days',
		'3 days - 7 days', '7 days - 14 days', '14 days - 31 days', '31 days and more'];
BEGIN
	PERFORM goaltracker._check_choice('level', level,
		ARRAY['account', 'skill', 'agent', 'user_type']);
	PERFORM goaltracker._check_period(from_date, to_date);
	PERFORM goaltracker._check_number('max_groups', max_groups, 0, 10000);
	RETURN QUERY
	WITH measured AS (
		SELECT j.account_id, m.measured_from, m.id,
			extract(epoch FROM j.reached_at - m.touched_at)::float8 AS seconds
		FROM (
			SELECT j.account_id, j.reached_at, j.first_touch_at, j.last_touch_at,
				CASE wanted_level
					WHEN 'skill' THEN j.skills
					WHEN 'agent' THEN j.agents
					WHEN 'user_type' THEN j.user_types
					ELSE ARRAY[j.account_id]
				END AS path
			FROM goaltracker._journey_paths(account, from_date, to_date) AS j
			WHERE j.converted AND j.first_touch_at IS NOT NULL
				AND CASE WHEN wanted_type IS NULL THEN j.is_conversion
					ELSE j.goal_type = wanted_type END
		) AS j
		CROSS JOIN LATERAL (VALUES
			('first touchpoint', j.path[1], j.first_touch_at),
			('last touchpoint', j.path[cardinality(j.path)], j.last_touch_at))
			AS m (measured_from, id, touched_at)
	), grouped AS (
		SELECT m.account_id, m.id,
			least(row_number() OVER (
				PARTITION BY m.account_id
				ORDER BY count(*) DESC, m.id COLLATE "C"), max_groups + 1) AS group_no
		FROM measured AS m
		GROUP BY m.account_id, m.id
	), timed AS (
		SELECT m.account_id, g.group_no,
			CASE WHEN g.group_no <= max_groups THEN m.id END AS id,
			m.measured_from, m.seconds
		FROM measured AS m
		-- an id is never empty
		JOIN grouped AS g
			ON g.account_id = m.account_id AND coalesce(g.id, '') = coalesce(m.id, '')
	), total AS (
		SELECT t.account_id, t.group_no, t.id, t.measured_from, count(*) AS conversions,
			percentile_cont(ARRAY(SELECT p / 100.0::float8 FROM unnest(percents) AS p))
				WITHIN GROUP (ORDER BY t.seconds) AS seconds,
			ARRAY[
				count(*) FILTER (WHERE width_bucket(t.seconds, bounds) = 0),
				count(*) FILTER (WHERE width_bucket(t.seconds, bounds) = 1),
				count(*) FILTER (WHERE width_bucket(t.seconds, bounds) = 2),
				count(*) FILTER (WHERE width_bucket(t.seconds, bounds) = 3),
				count(*) FILTER (WHERE width_bucket(t.seconds, bounds) = 4),
				count(*) FILTER (WHERE width_bucket(t.seconds, bounds) = 5),
				count(*) FILTER (WHERE width_bucket(t.seconds, bounds) = 6),
				count(*) FILTER (WHERE width_bucket(t.seconds, bounds) = 7)] AS in_bucket
		FROM timed AS t
		GROUP BY t.account_id, t.group_no, t.id, t.measured_from
	), one AS (
		SELECT t.account_id, t.group_no, t.id, t.measured_from, 'percentile' AS statistic,
			p.percent AS percentile, NULL::integer AS bucket_no, NULL::text AS bucket,
			justify_hours(make_interval(secs => p.seconds)) AS time_to_conversion,
			t.conversions, NULL::numeric AS share
		FROM total AS t
		CROSS JOIN LATERAL unnest(percents, t.seconds) AS p (percent, seconds)
		UNION ALL
		SELECT t.account_id, t.group_no, t.id, t.measured_from, 'bucket', NULL, b.no::integer - 1,
			b.name, NULL, b.conversions, round(b.conversions / t.conversions::numeric, 6)
		FROM total AS t
		CROSS JOIN LATERAL unnest(names, t.in_bucket) WITH ORDINALITY AS b (name, conversions, no)
	)
	SELECT o.account_id, o.group_no::integer, o.id,
		CASE WHEN o.group_no <= max_groups
			THEN goaltracker._element_name(wanted_level, o.account_id, o.id)
			ELSE '(other)' END,
		o.measured_from, o.statistic, o.percentile, o.bucket_no, o.bucket, o.time_to_conversion,
		o.conversions, o.share
	FROM one AS o
	ORDER BY o.account_id, o.group_no, o.measured_from, o.statistic DESC, o.percentile,
		o.bucket_no;
END
$$;

COMMENT ON FUNCTION goaltracker.time_to_conversion(text, date, date, text, text, integer) IS
	'how long after the first and the last touchpoint goals were reached: percentiles, and how many in each span of time, of the account or by whose touchpoint it was';
