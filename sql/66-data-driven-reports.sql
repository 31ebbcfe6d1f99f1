-- ---------------------------------------------------------------------------
-- Data-driven models over the project's own journeys
--
-- Journeys are those of view _journey_path.  What counts as a conversion is a
-- journey that led to one, or to a goal of the type asked for.  Journeys that led
-- to another goal are no failures, and those that are undecided may still convert:
-- neither are in a model, nor are conversions that no touchpoint took part in.
--
-- The functions run as their owner, who alone may read journeys; what they show is
-- what their caller may see.
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._parts(total numeric, shares numeric[], decimals integer)
RETURNS numeric[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT array_agg(round((f.units + (f.place <= f.missing)::integer) / 10::numeric ^ decimals,
		decimals) ORDER BY f.no)
	FROM (
		SELECT e.no, floor(e.exact) AS units,
			round(total * 10::numeric ^ decimals) - sum(floor(e.exact)) OVER () AS missing,
			row_number() OVER (ORDER BY e.exact - floor(e.exact) DESC, e.no) AS place
		FROM (
			SELECT s.no, s.share * round(total * 10::numeric ^ decimals) AS exact
			FROM unnest(shares) WITH ORDINALITY AS s (share, no)
		) AS e
	) AS f;
END;

COMMENT ON FUNCTION goaltracker._parts(numeric, numeric[], integer) IS
	'a total divided by shares that add up to 1: parts are rounded down, and what is missing goes, a unit of the last decimal each, to those that lost most; they add up to exactly the total';

CREATE FUNCTION goaltracker._path_of_level(level text, agents text[], skills text[],
	user_types text[])
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE level
	-- no skill is one skill, by a name that no id can have: it is too long
	WHEN 'skill' THEN pg_catalog.array_replace(skills, NULL, pg_catalog.repeat('-', 256))
	WHEN 'agent' THEN agents
	ELSE user_types
END;

COMMENT ON FUNCTION goaltracker._path_of_level(text, text[], text[], text[]) IS
	'a journey as models take it';

CREATE FUNCTION goaltracker.markov_attribution(level text DEFAULT 'agent',
	from_date date DEFAULT NULL, to_date date DEFAULT NULL, account text DEFAULT NULL,
	model_order integer DEFAULT 1, goal_type text DEFAULT NULL)
RETURNS TABLE (
	account_id text,
	id text,
	label text,
	removal_effect double precision,
	share numeric,
	conversions numeric,
	currency text,
	lead_value numeric,
	transaction_value numeric,
	other_currency_conversions numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	wanted_level CONSTANT text := level;
	wanted_type CONSTANT "char" := goaltracker._check_goal_type(goal_type);
BEGIN
	PERFORM goaltracker._check_choice('level', level, ARRAY['agent', 'skill', 'user_type']);
	PERFORM goaltracker._check_period(from_date, to_date);
	PERFORM goaltracker._check_number('model_order', model_order, 1, 3);
	RETURN QUERY
	WITH model AS (
		SELECT j.account_id, j.default_currency,
			goaltracker.markov_effects(j.path, j.converted::integer::bigint,
				(NOT j.converted)::integer::bigint, model_order) AS effects,
			coalesce(sum(j.lead_value) FILTER (WHERE j.currency = j.default_currency), 0)
				AS lead_value,
			coalesce(sum(j.transaction_value) FILTER (WHERE j.currency = j.default_currency), 0)
				AS transaction_value,
			count(*) FILTER (WHERE j.currency <> j.default_currency)
				AS other_currency_conversions
		FROM (
			SELECT j.*,
				goaltracker._path_of_level(wanted_level, j.agents, j.skills, j.user_types) AS path,
				goaltracker._default_currency(
					(SELECT s.settings FROM goaltracker._settings AS s), j.account_id)
					AS default_currency
			FROM goaltracker._journey_paths(account, from_date, to_date) AS j
			WHERE CASE
				WHEN NOT j.converted THEN NOT j.is_open
				WHEN wanted_type IS NULL THEN j.is_conversion
				ELSE j.goal_type = wanted_type
			END
		) AS j
		WHERE j.path <> '{}'
		GROUP BY j.account_id, j.default_currency
	), divided AS (
		SELECT m.*,
			goaltracker._parts(m.lead_value, s.shares, 4) AS lead_parts,
			goaltracker._parts(m.transaction_value, s.shares, 4) AS transaction_parts,
			goaltracker._parts(m.other_currency_conversions, s.shares, 6) AS other_parts
		FROM model AS m
		CROSS JOIN LATERAL (
			SELECT array_agg(e.share ORDER BY e.no) AS shares
			FROM unnest(m.effects) WITH ORDINALITY AS e (channel, removal_effect, share,
				conversions, no)
		) AS s
	)
	SELECT d.account_id, k.id,
		goaltracker._element_name(wanted_level, d.account_id, k.id),
		e.removal_effect, e.share,
		e.conversions::numeric(20, 6),
		d.default_currency,
		coalesce(d.lead_parts[e.no], 0)::numeric(20, 4),
		coalesce(d.transaction_parts[e.no], 0)::numeric(20, 4),
		coalesce(d.other_parts[e.no], 0)::numeric(20, 6)
	FROM divided AS d
	CROSS JOIN LATERAL unnest(d.effects) WITH ORDINALITY AS e (channel, removal_effect, share,
		conversions, no)
	CROSS JOIN LATERAL (
		SELECT CASE WHEN length(e.channel) < 256 THEN e.channel END AS id
	) AS k
	ORDER BY d.account_id COLLATE "C", e.share DESC NULLS LAST, e.no;
END
$$;

COMMENT ON FUNCTION goaltracker.markov_attribution(text, date, date, text, integer, text) IS
	'what agents, skills or user types are worth by a Markov chain of journeys: removal effects, and the conversions and values of the period divided by them';

CREATE FUNCTION goaltracker.shapley_attribution(level text DEFAULT 'agent',
	from_date date DEFAULT NULL, to_date date DEFAULT NULL, account text DEFAULT NULL,
	method text DEFAULT 'conversions', goal_type text DEFAULT NULL,
	permutations integer DEFAULT 10000, seed bigint DEFAULT 0)
RETURNS TABLE (
	account_id text,
	id text,
	label text,
	shapley_value double precision,
	error_bound double precision,
	share numeric,
	conversions numeric,
	currency text,
	lead_value numeric,
	transaction_value numeric,
	other_currency_conversions numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	wanted_level CONSTANT text := level;
	wanted_type CONSTANT "char" := goaltracker._check_goal_type(goal_type);
BEGIN
	PERFORM goaltracker._check_choice('level', level, ARRAY['agent', 'skill', 'user_type']);
	PERFORM goaltracker._check_period(from_date, to_date);
	PERFORM goaltracker._check_choice('method', method, ARRAY['conversions', 'rate']);
	PERFORM goaltracker._check_number('permutations', permutations, 2, 10000000);
	IF seed IS NULL THEN
		RAISE EXCEPTION 'seed must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RETURN QUERY
	WITH model AS (
		SELECT j.account_id, j.default_currency,
			goaltracker.shapley_values(j.path, j.converted::integer::bigint,
				(NOT j.converted)::integer::bigint, method, permutations, seed) AS game_values,
			coalesce(sum(j.lead_value) FILTER (WHERE j.currency = j.default_currency), 0)
				AS lead_value,
			coalesce(sum(j.transaction_value) FILTER (WHERE j.currency = j.default_currency), 0)
				AS transaction_value,
			count(*) FILTER (WHERE j.currency <> j.default_currency)
				AS other_currency_conversions
		FROM (
			SELECT j.*,
				goaltracker._path_of_level(wanted_level, j.agents, j.skills, j.user_types) AS path,
				goaltracker._default_currency(
					(SELECT s.settings FROM goaltracker._settings AS s), j.account_id)
					AS default_currency
			FROM goaltracker._journey_paths(account, from_date, to_date) AS j
			WHERE CASE
				WHEN NOT j.converted THEN NOT j.is_open
				WHEN wanted_type IS NULL THEN j.is_conversion
				ELSE j.goal_type = wanted_type
			END
		) AS j
		WHERE j.path <> '{}'
		GROUP BY j.account_id, j.default_currency
	), divided AS (
		SELECT m.*,
			goaltracker._parts(m.lead_value, s.shares, 4) AS lead_parts,
			goaltracker._parts(m.transaction_value, s.shares, 4) AS transaction_parts,
			goaltracker._parts(m.other_currency_conversions, s.shares, 6) AS other_parts
		FROM model AS m
		CROSS JOIN LATERAL (
			SELECT array_agg(e.share ORDER BY e.no) AS shares
			FROM unnest(m.game_values) WITH ORDINALITY AS e (player, shapley_value, share,
				conversions, error_bound, no)
		) AS s
	)
	SELECT d.account_id, k.id,
		goaltracker._element_name(wanted_level, d.account_id, k.id),
		e.shapley_value, e.error_bound, e.share,
		e.conversions::numeric(20, 6),
		d.default_currency,
		coalesce(d.lead_parts[e.no], 0)::numeric(20, 4),
		coalesce(d.transaction_parts[e.no], 0)::numeric(20, 4),
		coalesce(d.other_parts[e.no], 0)::numeric(20, 6)
	FROM divided AS d
	CROSS JOIN LATERAL unnest(d.game_values) WITH ORDINALITY AS e (player, shapley_value, share,
		conversions, error_bound, no)
	CROSS JOIN LATERAL (
		SELECT CASE WHEN length(e.player) < 256 THEN e.player END AS id
	) AS k
	ORDER BY d.account_id COLLATE "C", e.share DESC NULLS LAST, e.no;
END
$$;

COMMENT ON FUNCTION goaltracker.shapley_attribution(text, date, date, text, text, text, integer,
	bigint) IS
	'what agents, skills or user types are worth by the sets of them seen together in journeys: Shapley values, and the conversions and values of the period divided by them';
