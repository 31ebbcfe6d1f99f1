-- ---------------------------------------------------------------------------
-- Journeys, each as a path: whom it touched, in order
--
-- A journey that led to a goal event is the goal event's touchpoints, as the last
-- refresh wrote them.  One that led to none is found in the facts (src/paths.c).
--
-- Functions that read this run as their owner, so row security would show them
-- everything: here, restrictions are those of whoever calls (_caller_sees_all()
-- and its like).
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._caller_sees_part(account_id text)
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_caller_sees_part';

COMMENT ON FUNCTION goaltracker._caller_sees_part(text) IS
	'for functions that run as their owner: whether their caller may see some groups of an account, and not all';

CREATE FUNCTION goaltracker._caller_sees_group(account_id text, group_id text)
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_caller_sees_group';

COMMENT ON FUNCTION goaltracker._caller_sees_group(text, text) IS
	'for functions that run as their owner: whether their caller may see a group''s segments; null: those of no group';

CREATE FUNCTION goaltracker._window(settings goaltracker._account_settings[], account_id text)
RETURNS smallint
LANGUAGE c STABLE PARALLEL SAFE COST 4
AS 'MODULE_PATHNAME', 'goaltracker_window';

COMMENT ON FUNCTION goaltracker._window(goaltracker._account_settings[], text) IS
	'contribution window in force, in days: the session''s, else the account''s (S1)';

CREATE FUNCTION goaltracker._zone_date(at timestamptz, time_zone text)
RETURNS date
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'goaltracker_zone_date';

COMMENT ON FUNCTION goaltracker._zone_date(timestamptz, text) IS
	'date of an instant in a time zone, moved by this session''s hour offset';

-- ---------------------------------------------------------------------------
-- Paths
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._path_add(state internal, element text, assigned_at timestamptz,
	conversation_id text, segment_no integer)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_path_add';

COMMENT ON FUNCTION goaltracker._path_add(internal, text, timestamptz, text, integer) IS
	'transition function of _path()';

CREATE FUNCTION goaltracker._path_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_path_combine';

COMMENT ON FUNCTION goaltracker._path_combine(internal, internal) IS 'combine function of _path()';

CREATE FUNCTION goaltracker._path_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_path_serialize';

COMMENT ON FUNCTION goaltracker._path_serialize(internal) IS 'serialization function of _path()';

CREATE FUNCTION goaltracker._path_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_path_deserialize';

COMMENT ON FUNCTION goaltracker._path_deserialize(bytea, internal) IS
	'deserialization function of _path()';

CREATE FUNCTION goaltracker._path_final(state internal)
RETURNS text[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_path_final';

COMMENT ON FUNCTION goaltracker._path_final(internal) IS 'final function of _path()';

CREATE AGGREGATE goaltracker._path(element text, assigned_at timestamptz, conversation_id text,
	segment_no integer) (
	SFUNC = goaltracker._path_add,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = goaltracker._path_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._path_combine,
	SERIALFUNC = goaltracker._path_serialize,
	DESERIALFUNC = goaltracker._path_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker._path(text, timestamptz, text, integer) IS
	'an element of each touchpoint, in the order in which touchpoints stand (S4); rows without a touchpoint are passed over';

CREATE FUNCTION goaltracker._without_runs(path text[])
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_without_runs';

COMMENT ON FUNCTION goaltracker._without_runs(text[]) IS
	'a path in which elements that repeat the one before are left out';

-- ---------------------------------------------------------------------------
-- Journeys that led to no goal event
-- ---------------------------------------------------------------------------

CREATE TYPE goaltracker._missed_journey AS (
	consumer_id			text,
	segment_keys		bigint[],
	agents				text[],
	skills				text[],
	user_types			text[],
	first_touch_at		timestamptz,
	last_touch_at		timestamptz,
	closed_at			timestamptz
);

COMMENT ON TYPE goaltracker._missed_journey IS 'a journey that led to no goal event: see _missed_journeys()';

CREATE FUNCTION goaltracker._missed_journeys(account_id text, consumer_ids text[], rules jsonb,
	contribution_window smallint, last_touch_from timestamptz, last_touch_to timestamptz)
RETURNS SETOF goaltracker._missed_journey
LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000
AS 'MODULE_PATHNAME', 'goaltracker_missed_journeys';

COMMENT ON FUNCTION goaltracker._missed_journeys(text, text[], jsonb, smallint, timestamptz,
	timestamptz) IS
	'agent segments that could have been touchpoints and that no goal event reaches, by journey; consumer_ids null: of all consumers; closed_at: end of the last conversation, infinity: open';

-- Beyond so many, reading everybody in order is quicker than looking for each.
CREATE FUNCTION goaltracker._consumers_touched(wanted_account_id text, since timestamptz,
	until timestamptz)
RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
	most CONSTANT integer := 10000;
	consumer_ids text[];
BEGIN
	IF since = '-infinity' AND until = 'infinity' THEN
		RETURN NULL;
	END IF;
	SELECT coalesce(array_agg(c.consumer_id), '{}') INTO consumer_ids
	FROM (
		SELECT DISTINCT s.consumer_id
		FROM goaltracker.agent_segment AS s
		WHERE s.account_id = wanted_account_id AND s.assigned_at BETWEEN since AND until
		LIMIT most + 1) AS c;
	RETURN CASE WHEN cardinality(consumer_ids) <= most THEN consumer_ids END;
END
$$;

COMMENT ON FUNCTION goaltracker._consumers_touched(text, timestamptz, timestamptz) IS
	'consumers of an account with an agent segment assigned in between, if they are not too many; null: any may have one';

-- ---------------------------------------------------------------------------
-- Both kinds of journey
--
-- A period is one of local dates, which no index knows: so it is bounded by
-- instants first, as far off as any zone and hour offset lead.
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._earliest(day date)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN day < '4712-01-01 BC'::date THEN '-infinity'::timestamptz
	WHEN day > '294000-01-01'::date THEN '293999-01-01 00:00:00+00'::timestamptz
	ELSE COALESCE(day::timestamp AT TIME ZONE 'UTC' - '30:00:00'::interval,
		'-infinity'::timestamptz)
END;

COMMENT ON FUNCTION goaltracker._earliest(date) IS
	'an instant before a date begins in any time zone, under any hour offset; null: before all';

CREATE FUNCTION goaltracker._latest(day date)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN day < '4712-01-01 BC'::date THEN '4712-02-01 00:00:00+00 BC'::timestamptz
	WHEN day > '294000-01-01'::date THEN 'infinity'::timestamptz
	ELSE COALESCE(day::timestamp AT TIME ZONE 'UTC' + '54:00:00'::interval, 'infinity'::timestamptz)
END;

COMMENT ON FUNCTION goaltracker._latest(date) IS
	'an instant after a date has ended in any time zone, under any hour offset; null: after all';

-- The planner knows the arguments and keeps one of the two: all touchpoints are read
-- in order of the table, those of a period by way of their goal events.
CREATE FUNCTION goaltracker._touchpoints_of_period(wanted_account_id text, from_date date,
	to_date date)
RETURNS SETOF goaltracker.touchpoint
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
	SELECT t.*
	FROM goaltracker.touchpoint AS t
	WHERE from_date IS NULL AND to_date IS NULL
		AND (wanted_account_id IS NULL OR t.account_id = wanted_account_id)
	UNION ALL
	SELECT t.*
	FROM goaltracker.goal_outcome AS o
	JOIN goaltracker.touchpoint AS t
		ON t.goal_event_key = o.goal_event_key AND t.account_id = o.account_id
	WHERE NOT (from_date IS NULL AND to_date IS NULL)
		AND (wanted_account_id IS NULL OR o.account_id = wanted_account_id)
		AND o.reach_window IS NOT NULL AND NOT o.is_duplicate
		AND o.reached_at BETWEEN goaltracker._earliest(from_date) AND goaltracker._latest(to_date);
END;

COMMENT ON FUNCTION goaltracker._touchpoints_of_period(text, date, date) IS
	'touchpoints of an account (null: of all) and of goal events of a period, and of some hours more';

CREATE FUNCTION goaltracker._journey_paths(wanted_account_id text, from_date date, to_date date)
RETURNS TABLE (
	account_id text,
	converted boolean,
	is_open boolean,
	goal_event_key bigint,
	goal_type "char",
	is_conversion boolean,
	currency text,
	lead_value numeric(20, 4),
	transaction_value numeric(20, 4),
	reached_at timestamptz,
	journey_date date,
	agents text[],
	skills text[],
	user_types text[],
	first_touch_at timestamptz,
	last_touch_at timestamptz)
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100000
BEGIN ATOMIC
	SELECT g.account_id, true, false, g.goal_event_key, g.goal_type,
		g.goal_type IN ('S', 'L', 'A'),
		coalesce(g.currency, goaltracker._default_currency(
			(SELECT s.settings FROM goaltracker._settings AS s), g.account_id)),
		g.lead_value, g.transaction_value, g.reached_at,
		goaltracker._zone_date(g.reached_at, coalesce(a.time_zone, 'UTC')),
		g.agents, g.skills, g.user_types, g.first_touch_at, g.last_touch_at
	FROM (
		SELECT t.account_id, t.goal_event_key, t.goal_type,
			max(t.currency) AS currency,
			max(t.lead_value) AS lead_value,
			max(t.transaction_value) AS transaction_value,
			max(t.reached_at) AS reached_at,
			goaltracker._path(t.agent_id, t.assigned_at, t.conversation_id, t.segment_no)
				AS agents,
			goaltracker._path(t.skill_id, t.assigned_at, t.conversation_id, t.segment_no)
				AS skills,
			goaltracker._path(goaltracker._user_type(t.user_type), t.assigned_at,
				t.conversation_id, t.segment_no) AS user_types,
			min(t.assigned_at) AS first_touch_at,
			max(t.assigned_at) AS last_touch_at
		FROM goaltracker._touchpoints_of_period(wanted_account_id, from_date, to_date) AS t
		WHERE goaltracker._span(t.spans, 'min_window') <= goaltracker._window(
				(SELECT s.settings FROM goaltracker._settings AS s), t.account_id)
			-- the policy of _visible_touchpoint, for the caller
			AND (goaltracker._caller_sees_all(t.account_id)
				OR (goaltracker._caller_sees_part(t.account_id)
					AND goaltracker._caller_sees_group(t.account_id, coalesce((
						SELECT s.group_id
						FROM goaltracker.agent_segment AS s
						WHERE s.account_id = t.account_id
							AND s.conversation_id = t.conversation_id
							AND s.segment_no = t.segment_no), (
						SELECT m.group_id
						FROM goaltracker.agent_group_membership AS m
						WHERE m.account_id = t.account_id
							AND m.agent_id = t.agent_id
							AND (m.valid_during @> t.assigned_at) IS TRUE)))))
		GROUP BY t.account_id, t.goal_event_key, t.goal_type
		-- who sees all of the account sees this row; of groups, it is what counts for them
		HAVING bool_or(goaltracker._credits(
			(SELECT s.settings FROM goaltracker._settings AS s), t.account_id, t.user_type,
			t.spans, true) & 136 <> 0)
	) AS g
	LEFT JOIN goaltracker.account AS a ON a.account_id = g.account_id
	WHERE (from_date IS NULL
			OR goaltracker._zone_date(g.reached_at, coalesce(a.time_zone, 'UTC')) >= from_date)
		AND (to_date IS NULL
			OR goaltracker._zone_date(g.reached_at, coalesce(a.time_zone, 'UTC')) <= to_date)
	UNION ALL
	SELECT m.account_id, false,
		(m.journey).closed_at >= now() - m.contribution_window * '24:00:00'::interval,
		NULL, NULL, false, NULL, NULL, NULL, NULL,
		goaltracker._zone_date((m.journey).last_touch_at, m.time_zone),
		CASE WHEN m.sees_all THEN (m.journey).agents ELSE v.agents END,
		CASE WHEN m.sees_all THEN (m.journey).skills ELSE v.skills END,
		CASE WHEN m.sees_all THEN (m.journey).user_types ELSE v.user_types END,
		CASE WHEN m.sees_all THEN (m.journey).first_touch_at ELSE v.first_touch_at END,
		CASE WHEN m.sees_all THEN (m.journey).last_touch_at ELSE v.last_touch_at END
	FROM (
		SELECT r.account_id, r.time_zone, r.contribution_window, r.sees_all,
			goaltracker._missed_journeys(r.account_id,
				goaltracker._consumers_touched(r.account_id, goaltracker._earliest(from_date),
					goaltracker._latest(to_date)),
				goaltracker._rules(r.account_id), r.contribution_window,
				goaltracker._earliest(from_date), goaltracker._latest(to_date)) AS journey
		FROM (
			SELECT r.account_id, coalesce(a.time_zone, 'UTC') AS time_zone,
				goaltracker._window((SELECT s.settings FROM goaltracker._settings AS s),
					r.account_id) AS contribution_window,
				goaltracker._caller_sees_all(r.account_id) AS sees_all
			FROM goaltracker.refreshed_account AS r
			LEFT JOIN goaltracker.account AS a ON a.account_id = r.account_id
			WHERE (wanted_account_id IS NULL OR r.account_id = wanted_account_id)
				AND (goaltracker._caller_sees_all(r.account_id)
					OR goaltracker._caller_sees_part(r.account_id))
			OFFSET 0
		) AS r
	) AS m
	-- of who sees groups alone, the part of the journey that he sees
	CROSS JOIN LATERAL (
		SELECT array_agg(s.agent_id ORDER BY k.no) AS agents,
			array_agg(s.skill_id ORDER BY k.no) AS skills,
			array_agg(k.user_type ORDER BY k.no) AS user_types,
			min(s.assigned_at) AS first_touch_at,
			max(s.assigned_at) AS last_touch_at
		FROM unnest((m.journey).segment_keys, (m.journey).user_types) WITH ORDINALITY
			AS k (segment_key, user_type, no)
		JOIN goaltracker.agent_segment AS s
			ON s.account_id = m.account_id
			AND s.consumer_id = (m.journey).consumer_id
			AND s.segment_key = k.segment_key
		WHERE NOT m.sees_all
			AND goaltracker._caller_sees_group(m.account_id, coalesce(s.group_id, (
				SELECT p.group_id
				FROM goaltracker.agent_group_membership AS p
				WHERE p.account_id = s.account_id
					AND p.agent_id = s.agent_id
					AND (p.valid_during @> s.assigned_at) IS TRUE)))
	) AS v
	WHERE (m.sees_all OR v.agents IS NOT NULL)
		AND (from_date IS NULL
			OR goaltracker._zone_date((m.journey).last_touch_at, m.time_zone) >= from_date)
		AND (to_date IS NULL
			OR goaltracker._zone_date((m.journey).last_touch_at, m.time_zone) <= to_date);
END;

COMMENT ON FUNCTION goaltracker._journey_paths(text, date, date) IS
	'journeys of an account (null: of all) and a period (null: without an end), as far as the caller may see them: see view _journey_path';

CREATE VIEW goaltracker._journey_path AS
SELECT * FROM goaltracker._journey_paths(NULL, NULL, NULL);

COMMENT ON VIEW goaltracker._journey_path IS
	'a row per journey: goal events with their touchpoints under the window in force, and agent segments that led to no goal event; for functions that run as their owner, as far as their caller may see it';
COMMENT ON COLUMN goaltracker._journey_path.account_id IS 'account';
COMMENT ON COLUMN goaltracker._journey_path.converted IS 'whether it led to a goal event';
COMMENT ON COLUMN goaltracker._journey_path.is_open IS
	'whether it led to none, and the window still reaches its last conversation: undecided';
COMMENT ON COLUMN goaltracker._journey_path.goal_event_key IS 'key of the goal event';
COMMENT ON COLUMN goaltracker._journey_path.goal_type IS 'its type, as in table touchpoint';
COMMENT ON COLUMN goaltracker._journey_path.is_conversion IS 'whether it is a conversion';
COMMENT ON COLUMN goaltracker._journey_path.currency IS
	'its currency, else the account''s default currency';
COMMENT ON COLUMN goaltracker._journey_path.lead_value IS 'its lead value';
COMMENT ON COLUMN goaltracker._journey_path.transaction_value IS 'its transaction value';
COMMENT ON COLUMN goaltracker._journey_path.reached_at IS 'when it was reached';
COMMENT ON COLUMN goaltracker._journey_path.journey_date IS
	'local date of the goal event, else of the journey''s last touchpoint';
COMMENT ON COLUMN goaltracker._journey_path.agents IS 'agents, one for each touchpoint, in order (S4)';
COMMENT ON COLUMN goaltracker._journey_path.skills IS
	'skills, one for each touchpoint, in order; null: a touchpoint without a skill';
COMMENT ON COLUMN goaltracker._journey_path.user_types IS
	'user types, one for each touchpoint, in order';
COMMENT ON COLUMN goaltracker._journey_path.first_touch_at IS
	'when the agent of the first touchpoint was assigned';
COMMENT ON COLUMN goaltracker._journey_path.last_touch_at IS
	'when the agent of the last touchpoint was assigned';
