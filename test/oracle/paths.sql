-- ---------------------------------------------------------------------------
-- The oracle of paths: journeys one after the other, and what is asked of them,
-- as SQL that is slow and obvious.  Loaded after oracle.sql.
-- ---------------------------------------------------------------------------

-- What led to a goal event: its touchpoints that are kept, under the window in force.
CREATE VIEW oracle.converted_journey AS
SELECT e.account_id, true AS converted, false AS is_open, e.goal_event_key, e.goal_type,
	e.is_conversion_goal AS is_conversion,
	coalesce(e.currency, setting.default_currency) AS currency, e.lead_value, e.transaction_value,
	e.reached_at,
	((e.reached_at AT TIME ZONE setting.time_zone)
		+ make_interval(secs => (setting.hour_offset * 3600)::double precision))::date AS journey_date,
	coalesce(array_agg(t.agent_id ORDER BY t.assigned_at, t.conversation_id COLLATE "C", t.segment_no)
		FILTER (WHERE t.segment_no IS NOT NULL), '{}') AS agents,
	coalesce(array_agg(t.skill_id ORDER BY t.assigned_at, t.conversation_id COLLATE "C", t.segment_no)
		FILTER (WHERE t.segment_no IS NOT NULL), '{}') AS skills,
	coalesce(array_agg(coalesce(agent.user_type, 'Human') ORDER BY t.assigned_at, t.conversation_id COLLATE "C", t.segment_no)
		FILTER (WHERE t.segment_no IS NOT NULL), '{}') AS user_types,
	min(t.assigned_at) AS first_touch_at,
	max(t.assigned_at) AS last_touch_at
FROM oracle.goal_event AS e
	JOIN oracle.setting USING (account_id)
	LEFT JOIN (
			SELECT touchpoint.* FROM oracle.touchpoint
			JOIN oracle.kept USING (account_id, goal_event_id, conversation_id, segment_no)
		) AS t
		ON t.account_id = e.account_id AND t.goal_event_id = e.goal_event_id AND t.window_days = setting.window_days
	LEFT JOIN goaltracker.agent
		ON agent.account_id = t.account_id AND agent.agent_id = t.agent_id
WHERE NOT e.is_duplicate
	AND EXISTS (
		SELECT FROM oracle.reach
		WHERE reach.account_id = e.account_id AND reach.goal_event_id = e.goal_event_id
			AND reach.window_days = setting.window_days)
GROUP BY e.account_id, e.goal_event_id, e.goal_event_key, e.goal_type, e.is_conversion_goal, e.currency,
	e.lead_value, e.transaction_value, e.reached_at, setting.default_currency, setting.time_zone, setting.hour_offset;

-- Agent segments that might have been touchpoints of some goal event, and are of none.
CREATE VIEW oracle.missed_touchpoint AS
SELECT s.account_id, s.consumer_id, s.conversation_id, s.segment_no, s.agent_id, s.skill_id, s.assigned_at,
	coalesce(agent.user_type, 'Human') AS user_type,
	coalesce(k.closed_at, 'infinity') AS closed_at,
	make_interval(hours => 24 * setting.window_days) AS reach
FROM oracle.agent_segment AS s
	JOIN oracle.conversation AS k
		ON k.account_id = s.account_id AND k.consumer_id = s.consumer_id AND k.conversation_id = s.conversation_id
	JOIN oracle.setting
		ON setting.account_id = s.account_id
	LEFT JOIN goaltracker.agent
		ON agent.account_id = s.account_id AND agent.agent_id = s.agent_id
WHERE s.agent_id IS NOT NULL
	AND coalesce(agent.user_type, 'Human') = ANY (setting.credited_user_types)
	AND NOT EXISTS (
		SELECT FROM oracle.touchpoint
		WHERE touchpoint.account_id = s.account_id AND touchpoint.conversation_id = s.conversation_id
			AND touchpoint.segment_no = s.segment_no AND touchpoint.window_days = setting.window_days);

-- They go on with the journey before while the window reaches back from a touchpoint
-- to one of its conversations, or in one of these; else a new journey begins.
CREATE FUNCTION oracle.missed_journeys()
RETURNS TABLE (account_id text, journey_no integer, is_open boolean, agents text[], skills text[], user_types text[],
	first_touch_at timestamptz, last_touch_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
	t oracle.missed_touchpoint;
	before oracle.missed_touchpoint;
	conversations text[];
	ends timestamptz[];
BEGIN
	FOR t IN SELECT m.* FROM oracle.missed_touchpoint AS m
		ORDER BY m.account_id, m.consumer_id, m.assigned_at, m.conversation_id COLLATE "C", m.segment_no
	LOOP
		IF (t.account_id, t.consumer_id) IS DISTINCT FROM (before.account_id, before.consumer_id)
			OR (t.conversation_id <> ALL (conversations) AND NOT EXISTS (
				SELECT FROM unnest(ends) AS e WHERE t.assigned_at - t.reach <= e))
		THEN
			IF before.account_id IS NOT NULL THEN
				RETURN NEXT;
			END IF;
			account_id := t.account_id;
			journey_no := coalesce(journey_no, 0) + 1;
			conversations := '{}'; ends := '{}'; agents := '{}'; skills := '{}'; user_types := '{}';
			first_touch_at := t.assigned_at;
		END IF;
		conversations := conversations || t.conversation_id;
		ends := ends || t.closed_at;
		agents := agents || t.agent_id;
		skills := skills || t.skill_id;
		user_types := user_types || t.user_type;
		last_touch_at := t.assigned_at;
		is_open := EXISTS (SELECT FROM unnest(ends) AS e WHERE now() - t.reach <= e);
		before := t;
	END LOOP;
	IF before.account_id IS NOT NULL THEN
		RETURN NEXT;
	END IF;
END
$$;

CREATE VIEW oracle.journey_path AS
SELECT account_id, converted, is_open, goal_event_key, goal_type, is_conversion, currency, lead_value, transaction_value,
	reached_at, journey_date, agents, skills, user_types, first_touch_at, last_touch_at
FROM oracle.converted_journey
UNION ALL
SELECT m.account_id, false, m.is_open, NULL, NULL, false, NULL, NULL, NULL, NULL,
	((m.last_touch_at AT TIME ZONE setting.time_zone)
		+ make_interval(secs => (setting.hour_offset * 3600)::double precision))::date,
	m.agents, m.skills, m.user_types, m.first_touch_at, m.last_touch_at
FROM oracle.missed_journeys() AS m
	JOIN oracle.setting USING (account_id);

-- What follows reads the journeys many times, so they are kept: to be called when
-- settings or facts have changed.
CREATE TABLE oracle.journey AS TABLE oracle.journey_path WITH NO DATA;

CREATE PROCEDURE oracle.take_journeys()
LANGUAGE sql AS $$
	DELETE FROM oracle.journey;
	INSERT INTO oracle.journey TABLE oracle.journey_path;
$$;

-- The same, as the extension says it.
CREATE VIEW oracle.found_journey_path AS
SELECT account_id, converted, is_open, goal_event_key,
	CASE WHEN converted THEN goaltracker._goal_type(goal_type) END AS goal_type, is_conversion, currency, lead_value,
	transaction_value, reached_at, journey_date, agents, skills, user_types, first_touch_at, last_touch_at
FROM goaltracker._journey_path;

-- ---------------------------------------------------------------------------
-- What is asked of journeys
-- ---------------------------------------------------------------------------

CREATE FUNCTION oracle.collapsed(path text[])
RETURNS text[] LANGUAGE sql
RETURN coalesce((
	SELECT array_agg(element ORDER BY no)
	FROM (
			SELECT element, no, lag(element) OVER (ORDER BY no) AS element_before
			FROM unnest(path) WITH ORDINALITY AS e (element, no)
		) AS e
	WHERE no = 1 OR element IS DISTINCT FROM element_before), '{}');

-- The journeys of a period, an account (null: all) and a goal type (null: all), with
-- their paths on a level.
CREATE FUNCTION oracle.journeys(level text, from_date date, to_date date, account text, collapse boolean, wanted_type text)
RETURNS TABLE (account_id text, converted boolean, is_open boolean, is_conversion boolean, value numeric,
	is_default_currency boolean, reached_at timestamptz, first_touch_at timestamptz, last_touch_at timestamptz, path text[])
LANGUAGE sql AS $$
	SELECT j.account_id, j.converted, j.is_open, j.is_conversion, coalesce(j.transaction_value, 0),
		j.currency = setting.default_currency, j.reached_at, j.first_touch_at, j.last_touch_at,
		CASE WHEN collapse THEN oracle.collapsed(p.path) ELSE p.path END
	FROM oracle.journey AS j
		JOIN oracle.setting ON setting.account_id = j.account_id
		CROSS JOIN LATERAL (SELECT CASE level WHEN 'skill' THEN skills WHEN 'agent' THEN agents ELSE user_types END AS path) AS p
	WHERE j.journey_date BETWEEN coalesce(from_date, '-infinity') AND coalesce(to_date, 'infinity')
		AND j.account_id = coalesce(account, j.account_id)
		AND (NOT j.converted OR j.goal_type = coalesce(wanted_type, j.goal_type))
$$;

-- Differences of each function from the journeys, '' where there are none.
CREATE FUNCTION oracle.path_differences(level text, from_date date, to_date date, account text, collapse boolean, wanted_type text,
	max_length integer, max_rows integer)
RETURNS TABLE (what text, difference text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	wanted_level text := level;
	wanted_account text := account;
BEGIN
	DROP TABLE IF EXISTS pg_temp.asked;
	CREATE TEMPORARY TABLE asked AS
	SELECT * FROM oracle.journeys(level, from_date, to_date, account, collapse, wanted_type);
	DROP TABLE IF EXISTS pg_temp.expected;
	CREATE TEMPORARY TABLE expected AS
	SELECT a.account_id, a.path[greatest(cardinality(a.path) - max_length, 0) + 1:] AS path,
		cardinality(a.path) > max_length AS is_shortened,
		count(*) FILTER (WHERE converted) AS goals_reached,
		count(*) FILTER (WHERE is_conversion)::numeric AS conversions,
		coalesce(sum(value) FILTER (WHERE is_default_currency), 0) AS transaction_value,
		count(*) FILTER (WHERE is_conversion AND NOT is_default_currency)::numeric AS other_currency_conversions,
		count(*) FILTER (WHERE NOT converted AND NOT is_open) AS did_not_convert,
		count(*) FILTER (WHERE is_open) AS undecided
	FROM asked AS a
	GROUP BY 1, 2, 3;
	DROP TABLE IF EXISTS pg_temp.found;
	CREATE TEMPORARY TABLE found AS
	SELECT account_id, path, is_shortened, goals_reached, conversions, transaction_value, other_currency_conversions,
		did_not_convert, undecided
	FROM goaltracker.conversion_paths(level, from_date, to_date, account, collapse, wanted_type, max_length, 100000);
	RETURN QUERY SELECT 'path lacking', e::text FROM (TABLE expected EXCEPT ALL TABLE found) AS e;
	RETURN QUERY SELECT 'path surplus', f::text FROM (TABLE found EXCEPT ALL TABLE expected) AS f;

	-- of at most so many rows: the rows themselves, and the rest together
	DROP TABLE IF EXISTS pg_temp.bounded;
	CREATE TEMPORARY TABLE bounded AS
	SELECT *
	FROM goaltracker.conversion_paths(level, from_date, to_date, account, collapse, wanted_type, max_length, max_rows);
	RETURN QUERY SELECT 'too many paths', account_id FROM bounded GROUP BY account_id HAVING count(*) > max_rows + 1;
	RETURN QUERY SELECT 'path in a row of its own', b::text FROM (
		SELECT account_id, path, is_shortened, goals_reached, conversions, transaction_value, other_currency_conversions,
			did_not_convert, undecided
		FROM bounded WHERE path IS NOT NULL EXCEPT ALL TABLE expected) AS b;
	RETURN QUERY SELECT 'totals', t::text FROM (
		(SELECT account_id, sum(goals_reached), sum(conversions), sum(transaction_value), sum(other_currency_conversions),
			sum(did_not_convert), sum(undecided) FROM bounded GROUP BY account_id)
		EXCEPT ALL (SELECT account_id, sum(goals_reached), sum(conversions), sum(transaction_value), sum(other_currency_conversions),
			sum(did_not_convert), sum(undecided) FROM expected GROUP BY account_id)) AS t;
	RETURN QUERY SELECT 'a path that is left out has more conversions', b::text FROM bounded AS b
		WHERE b.path IS NOT NULL AND b.conversions < (
			SELECT max(e.conversions) FROM expected AS e
			WHERE e.account_id = b.account_id AND NOT EXISTS (
				SELECT FROM bounded AS o WHERE o.account_id = e.account_id AND o.path = e.path AND o.is_shortened = e.is_shortened));
	RETURN QUERY SELECT 'conversion rate', b::text FROM bounded AS b
		WHERE conversion_rate IS DISTINCT FROM
			round(CASE WHEN goals_reached + did_not_convert > 0 THEN conversions / (goals_reached + did_not_convert) END, 6);

	-- step by step, with the start before and the outcome behind
	RETURN QUERY
	WITH step AS (
		SELECT a.account_id,
			CASE no WHEN 0 THEN 'start' ELSE 'touchpoint' END AS from_kind,
			a.path[no] AS from_id,
			CASE WHEN no < cardinality(a.path) THEN 'touchpoint' WHEN a.is_conversion THEN 'conversion'
				WHEN a.converted THEN 'assisting goal' WHEN a.is_open THEN 'undecided' ELSE 'no conversion' END AS to_kind,
			a.path[no + 1] AS to_id
		FROM asked AS a, generate_series(0, cardinality(a.path)) AS no
	), transition AS (
		SELECT s.account_id, s.from_kind, s.from_id, s.to_kind, s.to_id, count(*) AS transitions, round(count(*)::numeric / (
			SELECT count(*) FROM step AS f
			WHERE f.account_id = s.account_id AND f.from_kind = s.from_kind AND f.from_id IS NOT DISTINCT FROM s.from_id), 6) AS share
		FROM step AS s
		GROUP BY 1, 2, 3, 4, 5
	), answer AS (
		SELECT account_id, from_kind, from_id, to_kind, to_id, transitions, share
		FROM goaltracker.path_transitions(level, from_date, to_date, account, collapse, wanted_type, 100000)
	)
	SELECT 'transition lacking', t::text FROM (TABLE transition EXCEPT ALL TABLE answer) AS t
	UNION ALL SELECT 'transition surplus', a::text FROM (TABLE answer EXCEPT ALL TABLE transition) AS a
	UNION ALL SELECT 'transitions in all', b::text FROM (
		(SELECT account_id, sum(transitions) FROM transition GROUP BY account_id)
		EXCEPT ALL SELECT account_id, sum(transitions)
		FROM goaltracker.path_transitions(level, from_date, to_date, account, collapse, wanted_type, max_rows) GROUP BY account_id) AS b;

	RETURN QUERY
	WITH time AS (
		SELECT a.account_id, m.id, m.measured_from, extract(epoch FROM a.reached_at - m.at)::float8 AS seconds
		FROM asked AS a
			CROSS JOIN LATERAL (VALUES ('first touchpoint', a.path[1], a.first_touch_at),
				('last touchpoint', a.path[cardinality(a.path)], a.last_touch_at)) AS m (measured_from, id, at)
		WHERE a.converted AND a.path <> '{}' AND (wanted_type IS NOT NULL OR a.is_conversion)
	), statistic AS (
		SELECT account_id, id, measured_from, 'percentile' AS statistic, percent AS no,
			justify_hours(make_interval(secs => percentile_cont(percent / 100.0::float8) WITHIN GROUP (ORDER BY seconds))) AS value,
			count(*) AS conversions
		FROM time, unnest('{5,10,25,50,75,90,95}'::integer[]) AS percent
		GROUP BY account_id, id, measured_from, percent
		UNION ALL
		SELECT account_id, id, measured_from, 'bucket', no::integer - 1, NULL,
			count(*) FILTER (WHERE seconds >= low AND seconds < high)
		FROM time, ROWS FROM (unnest('{-infinity,3600,21600,86400,259200,604800,1209600,2678400}'::float8[]),
			unnest('{3600,21600,86400,259200,604800,1209600,2678400,infinity}'::float8[])) WITH ORDINALITY AS b (low, high, no)
		GROUP BY account_id, id, measured_from, no
	), answer AS (
		SELECT account_id, id, measured_from, statistic, coalesce(percentile, bucket_no), time_to_conversion, conversions
		FROM goaltracker.time_to_conversion(level, from_date, to_date, account, wanted_type, 10000)
	), bounded AS (
		SELECT * FROM goaltracker.time_to_conversion(level, from_date, to_date, account, wanted_type, max_rows)
	)
	SELECT 'time lacking', s::text FROM (TABLE statistic EXCEPT ALL TABLE answer) AS s
	UNION ALL SELECT 'time surplus', a::text FROM (TABLE answer EXCEPT ALL TABLE statistic) AS a
	UNION ALL SELECT 'too many groups', account_id FROM bounded GROUP BY account_id HAVING count(DISTINCT group_no) > max_rows + 1
	UNION ALL SELECT 'times in all', b::text FROM (
		(SELECT account_id, measured_from, no, sum(conversions) FROM statistic WHERE statistic = 'bucket' GROUP BY 1, 2, 3)
		EXCEPT ALL SELECT account_id, measured_from, bucket_no, sum(conversions) FROM bounded WHERE statistic = 'bucket' GROUP BY 1, 2, 3) AS b;
END
$$;
