-- ---------------------------------------------------------------------------
-- Models and windows side by side
--
-- Each from one pass over the touchpoints.  Rows stand by date, as those of the reports,
-- and add up; the functions add them up over some days.
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._compare_models_add(state internal, settings goaltracker._account_settings[],
	account_id text, user_type "char", spans bigint, touches bytea, segment_key bigint, level text,
	is_conversion boolean, lead_value numeric, transaction_value numeric)
RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_compare_models_add';

COMMENT ON FUNCTION goaltracker._compare_models_add(internal, goaltracker._account_settings[], text, "char",
	bigint, bytea, bigint, text, boolean, numeric, numeric) IS 'transition function of _compare_models()';

CREATE AGGREGATE goaltracker._compare_models(settings goaltracker._account_settings[],
	account_id text, user_type "char", spans bigint, touches bytea, segment_key bigint, level text,
	is_conversion boolean, lead_value numeric, transaction_value numeric) (
	SFUNC = goaltracker._compare_models_add,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = goaltracker._measures_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._measures_combine,
	SERIALFUNC = goaltracker._measures_serialize,
	DESERIALFUNC = goaltracker._measures_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker._compare_models(goaltracker._account_settings[], text, "char",
	bigint, bytea, bigint, text, boolean, numeric, numeric) IS
	'what each model credits under the window in force: a _measure for each, by its number, 1 first, 2 last, 3 all, 4 linear, 5 time_decay, 6 position_based, 7 first_human, 8 last_human';

CREATE FUNCTION goaltracker._compare_windows_add(state internal, settings goaltracker._account_settings[],
	account_id text, user_type "char", spans bigint, touches bytea, segment_key bigint, level text,
	is_conversion boolean, lead_value numeric, transaction_value numeric)
RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_compare_windows_add';

COMMENT ON FUNCTION goaltracker._compare_windows_add(internal, goaltracker._account_settings[], text, "char",
	bigint, bytea, bigint, text, boolean, numeric, numeric) IS 'transition function of _compare_windows()';

CREATE AGGREGATE goaltracker._compare_windows(settings goaltracker._account_settings[],
	account_id text, user_type "char", spans bigint, touches bytea, segment_key bigint, level text,
	is_conversion boolean, lead_value numeric, transaction_value numeric) (
	SFUNC = goaltracker._compare_windows_add,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = goaltracker._measures_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._measures_combine,
	SERIALFUNC = goaltracker._measures_serialize,
	DESERIALFUNC = goaltracker._measures_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker._compare_windows(goaltracker._account_settings[], text, "char",
	bigint, bytea, bigint, text, boolean, numeric, numeric) IS
	'what the model in force credits under each of some windows: a _measure for each, by its number, 0 to 4: 0, 1, 7, 14, 31 days';

-- Touchpoints with the touches of their goal events; see _shared.
CREATE VIEW goaltracker._comparable AS
SELECT t.account_id,
	goaltracker._local_date(t.conversation_date, t.opened_at, t.utc_offset) AS conversation_date,
	t.agent_id, t.skill_id, t.user_type,
	COALESCE(t.currency,
		goaltracker._default_currency((SELECT s.settings FROM goaltracker._settings AS s),
			t.account_id)) AS currency,
	t.spans, o.touches, t.segment_key, t.goal_type IN ('S', 'L', 'A') AS is_conversion,
	t.lead_value, t.transaction_value
FROM goaltracker._visible_touchpoint AS t
LEFT JOIN goaltracker.goal_outcome AS o
	ON o.goal_event_key = t.goal_event_key AND o.account_id = t.account_id;

COMMENT ON VIEW goaltracker._comparable IS
	'touchpoints with those among whom their goal events are shared';

CREATE VIEW goaltracker.model_comparison AS
SELECT m.account_id,
	m.conversation_date,
	m.level,
	m.id,
	COALESCE(CASE m.level
		WHEN 'agent' THEN agent.agent_name
		WHEN 'skill' THEN skill.skill_name
		ELSE account.account_name
	END, m.id, 'Unassigned') AS name,
	m.currency,
	COALESCE(b.conversions_first, 0)::numeric(20, 6) AS conversions_first,
	COALESCE(b.conversions_last, 0)::numeric(20, 6) AS conversions_last,
	COALESCE(b.conversions_all, 0)::numeric(20, 6) AS conversions_all,
	COALESCE(b.conversions_linear, 0)::numeric(20, 6) AS conversions_linear,
	COALESCE(b.conversions_time_decay, 0)::numeric(20, 6) AS conversions_time_decay,
	COALESCE(b.conversions_position_based, 0)::numeric(20, 6) AS conversions_position_based,
	COALESCE(b.conversions_first_human, 0)::numeric(20, 6) AS conversions_first_human,
	COALESCE(b.conversions_last_human, 0)::numeric(20, 6) AS conversions_last_human,
	COALESCE(b.lead_value_first, 0)::numeric(20, 4) AS lead_value_first,
	COALESCE(b.lead_value_last, 0)::numeric(20, 4) AS lead_value_last,
	COALESCE(b.lead_value_all, 0)::numeric(20, 4) AS lead_value_all,
	COALESCE(b.lead_value_linear, 0)::numeric(20, 4) AS lead_value_linear,
	COALESCE(b.lead_value_time_decay, 0)::numeric(20, 4) AS lead_value_time_decay,
	COALESCE(b.lead_value_position_based, 0)::numeric(20, 4) AS lead_value_position_based,
	COALESCE(b.lead_value_first_human, 0)::numeric(20, 4) AS lead_value_first_human,
	COALESCE(b.lead_value_last_human, 0)::numeric(20, 4) AS lead_value_last_human,
	COALESCE(b.transaction_value_first, 0)::numeric(20, 4) AS transaction_value_first,
	COALESCE(b.transaction_value_last, 0)::numeric(20, 4) AS transaction_value_last,
	COALESCE(b.transaction_value_all, 0)::numeric(20, 4) AS transaction_value_all,
	COALESCE(b.transaction_value_linear, 0)::numeric(20, 4) AS transaction_value_linear,
	COALESCE(b.transaction_value_time_decay, 0)::numeric(20, 4) AS transaction_value_time_decay,
	COALESCE(b.transaction_value_position_based, 0)::numeric(20, 4) AS transaction_value_position_based,
	COALESCE(b.transaction_value_first_human, 0)::numeric(20, 4) AS transaction_value_first_human,
	COALESCE(b.transaction_value_last_human, 0)::numeric(20, 4) AS transaction_value_last_human
FROM (
	SELECT c.account_id, c.conversation_date, 'agent'::text AS level, c.agent_id AS id, c.currency,
		goaltracker._compare_models((SELECT s.settings FROM goaltracker._settings AS s), c.account_id,
			c.user_type, c.spans, c.touches, c.segment_key, 'agent', c.is_conversion,
			c.lead_value, c.transaction_value) AS measures
	FROM goaltracker._comparable AS c
	GROUP BY c.account_id, c.conversation_date, c.currency, c.agent_id
	UNION ALL
	SELECT c.account_id, c.conversation_date, 'skill'::text AS level, c.skill_id AS id, c.currency,
		goaltracker._compare_models((SELECT s.settings FROM goaltracker._settings AS s), c.account_id,
			c.user_type, c.spans, c.touches, c.segment_key, 'skill', c.is_conversion,
			c.lead_value, c.transaction_value) AS measures
	FROM goaltracker._comparable AS c
	GROUP BY c.account_id, c.conversation_date, c.currency, c.skill_id
	UNION ALL
	SELECT c.account_id, c.conversation_date, 'account'::text AS level, c.account_id AS id, c.currency,
		goaltracker._compare_models((SELECT s.settings FROM goaltracker._settings AS s), c.account_id,
			c.user_type, c.spans, c.touches, c.segment_key, 'account', c.is_conversion,
			c.lead_value, c.transaction_value) AS measures
	FROM goaltracker._comparable AS c
	GROUP BY c.account_id, c.conversation_date, c.currency
) AS m
CROSS JOIN LATERAL (
	SELECT pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 1) AS conversions_first,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 2) AS conversions_last,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 3) AS conversions_all,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 4) AS conversions_linear,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 5) AS conversions_time_decay,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 6) AS conversions_position_based,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 7) AS conversions_first_human,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 8) AS conversions_last_human,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 1) AS lead_value_first,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 2) AS lead_value_last,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 3) AS lead_value_all,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 4) AS lead_value_linear,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 5) AS lead_value_time_decay,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 6) AS lead_value_position_based,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 7) AS lead_value_first_human,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 8) AS lead_value_last_human,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 1) AS transaction_value_first,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 2) AS transaction_value_last,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 3) AS transaction_value_all,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 4) AS transaction_value_linear,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 5) AS transaction_value_time_decay,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 6) AS transaction_value_position_based,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 7) AS transaction_value_first_human,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 8) AS transaction_value_last_human
	FROM pg_catalog.unnest(m.measures) AS b
	-- nothing is credited under any
	HAVING pg_catalog.count(*) > 0
) AS b
LEFT JOIN goaltracker.agent AS agent
	ON m.level = 'agent' AND agent.account_id = m.account_id AND agent.agent_id = m.id
LEFT JOIN goaltracker.skill AS skill
	ON m.level = 'skill' AND skill.account_id = m.account_id AND skill.skill_id = m.id
LEFT JOIN goaltracker.account AS account
	ON m.level = 'account' AND account.account_id = m.account_id;

COMMENT ON VIEW goaltracker.model_comparison IS
	'what each model credits to agents, skills and accounts, side by side, under the window in force; a row per account, date, level, id and currency';
COMMENT ON COLUMN goaltracker.model_comparison.account_id IS 'account';
COMMENT ON COLUMN goaltracker.model_comparison.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.model_comparison.level IS 'agent, skill or account: filter by it';
COMMENT ON COLUMN goaltracker.model_comparison.id IS
	'agent, skill or account, by level; null: Unassigned, or no skill';
COMMENT ON COLUMN goaltracker.model_comparison.name IS 'its name, else its id';
COMMENT ON COLUMN goaltracker.model_comparison.currency IS
	'currency of the values; different ones are never added up';
COMMENT ON COLUMN goaltracker.model_comparison.conversions_first IS 'conversions under First';
COMMENT ON COLUMN goaltracker.model_comparison.conversions_last IS 'conversions under Last';
COMMENT ON COLUMN goaltracker.model_comparison.conversions_all IS 'conversions under All';
COMMENT ON COLUMN goaltracker.model_comparison.conversions_linear IS 'conversions under linear';
COMMENT ON COLUMN goaltracker.model_comparison.conversions_time_decay IS 'conversions under time_decay';
COMMENT ON COLUMN goaltracker.model_comparison.conversions_position_based IS 'conversions under position_based';
COMMENT ON COLUMN goaltracker.model_comparison.conversions_first_human IS 'conversions under first_human';
COMMENT ON COLUMN goaltracker.model_comparison.conversions_last_human IS 'conversions under last_human';
COMMENT ON COLUMN goaltracker.model_comparison.lead_value_first IS 'lead values under First';
COMMENT ON COLUMN goaltracker.model_comparison.lead_value_last IS 'lead values under Last';
COMMENT ON COLUMN goaltracker.model_comparison.lead_value_all IS 'lead values under All';
COMMENT ON COLUMN goaltracker.model_comparison.lead_value_linear IS 'lead values under linear';
COMMENT ON COLUMN goaltracker.model_comparison.lead_value_time_decay IS 'lead values under time_decay';
COMMENT ON COLUMN goaltracker.model_comparison.lead_value_position_based IS 'lead values under position_based';
COMMENT ON COLUMN goaltracker.model_comparison.lead_value_first_human IS 'lead values under first_human';
COMMENT ON COLUMN goaltracker.model_comparison.lead_value_last_human IS 'lead values under last_human';
COMMENT ON COLUMN goaltracker.model_comparison.transaction_value_first IS 'transaction values under First';
COMMENT ON COLUMN goaltracker.model_comparison.transaction_value_last IS 'transaction values under Last';
COMMENT ON COLUMN goaltracker.model_comparison.transaction_value_all IS 'transaction values under All';
COMMENT ON COLUMN goaltracker.model_comparison.transaction_value_linear IS 'transaction values under linear';
COMMENT ON COLUMN goaltracker.model_comparison.transaction_value_time_decay IS 'transaction values under time_decay';
COMMENT ON COLUMN goaltracker.model_comparison.transaction_value_position_based IS 'transaction values under position_based';
COMMENT ON COLUMN goaltracker.model_comparison.transaction_value_first_human IS 'transaction values under first_human';
COMMENT ON COLUMN goaltracker.model_comparison.transaction_value_last_human IS 'transaction values under last_human';

CREATE VIEW goaltracker.window_comparison AS
SELECT m.account_id,
	m.conversation_date,
	m.level,
	m.id,
	COALESCE(CASE m.level
		WHEN 'agent' THEN agent.agent_name
		WHEN 'skill' THEN skill.skill_name
		ELSE account.account_name
	END, m.id, 'Unassigned') AS name,
	m.currency,
	COALESCE(b.conversions_0, 0)::numeric(20, 6) AS conversions_0,
	COALESCE(b.conversions_1, 0)::numeric(20, 6) AS conversions_1,
	COALESCE(b.conversions_7, 0)::numeric(20, 6) AS conversions_7,
	COALESCE(b.conversions_14, 0)::numeric(20, 6) AS conversions_14,
	COALESCE(b.conversions_31, 0)::numeric(20, 6) AS conversions_31,
	COALESCE(b.lead_value_0, 0)::numeric(20, 4) AS lead_value_0,
	COALESCE(b.lead_value_1, 0)::numeric(20, 4) AS lead_value_1,
	COALESCE(b.lead_value_7, 0)::numeric(20, 4) AS lead_value_7,
	COALESCE(b.lead_value_14, 0)::numeric(20, 4) AS lead_value_14,
	COALESCE(b.lead_value_31, 0)::numeric(20, 4) AS lead_value_31,
	COALESCE(b.transaction_value_0, 0)::numeric(20, 4) AS transaction_value_0,
	COALESCE(b.transaction_value_1, 0)::numeric(20, 4) AS transaction_value_1,
	COALESCE(b.transaction_value_7, 0)::numeric(20, 4) AS transaction_value_7,
	COALESCE(b.transaction_value_14, 0)::numeric(20, 4) AS transaction_value_14,
	COALESCE(b.transaction_value_31, 0)::numeric(20, 4) AS transaction_value_31
FROM (
	SELECT c.account_id, c.conversation_date, 'agent'::text AS level, c.agent_id AS id, c.currency,
		goaltracker._compare_windows((SELECT s.settings FROM goaltracker._settings AS s), c.account_id,
			c.user_type, c.spans, c.touches, c.segment_key, 'agent', c.is_conversion,
			c.lead_value, c.transaction_value) AS measures
	FROM goaltracker._comparable AS c
	GROUP BY c.account_id, c.conversation_date, c.currency, c.agent_id
	UNION ALL
	SELECT c.account_id, c.conversation_date, 'skill'::text AS level, c.skill_id AS id, c.currency,
		goaltracker._compare_windows((SELECT s.settings FROM goaltracker._settings AS s), c.account_id,
			c.user_type, c.spans, c.touches, c.segment_key, 'skill', c.is_conversion,
			c.lead_value, c.transaction_value) AS measures
	FROM goaltracker._comparable AS c
	GROUP BY c.account_id, c.conversation_date, c.currency, c.skill_id
	UNION ALL
	SELECT c.account_id, c.conversation_date, 'account'::text AS level, c.account_id AS id, c.currency,
		goaltracker._compare_windows((SELECT s.settings FROM goaltracker._settings AS s), c.account_id,
			c.user_type, c.spans, c.touches, c.segment_key, 'account', c.is_conversion,
			c.lead_value, c.transaction_value) AS measures
	FROM goaltracker._comparable AS c
	GROUP BY c.account_id, c.conversation_date, c.currency
) AS m
CROSS JOIN LATERAL (
	SELECT pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 0) AS conversions_0,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 1) AS conversions_1,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 2) AS conversions_7,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 3) AS conversions_14,
		pg_catalog.max(b.conversions) FILTER (WHERE b.duration_bucket_no = 4) AS conversions_31,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 0) AS lead_value_0,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 1) AS lead_value_1,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 2) AS lead_value_7,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 3) AS lead_value_14,
		pg_catalog.max(b.lead_value) FILTER (WHERE b.duration_bucket_no = 4) AS lead_value_31,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 0) AS transaction_value_0,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 1) AS transaction_value_1,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 2) AS transaction_value_7,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 3) AS transaction_value_14,
		pg_catalog.max(b.transaction_value) FILTER (WHERE b.duration_bucket_no = 4) AS transaction_value_31
	FROM pg_catalog.unnest(m.measures) AS b
	-- nothing is credited under any
	HAVING pg_catalog.count(*) > 0
) AS b
LEFT JOIN goaltracker.agent AS agent
	ON m.level = 'agent' AND agent.account_id = m.account_id AND agent.agent_id = m.id
LEFT JOIN goaltracker.skill AS skill
	ON m.level = 'skill' AND skill.account_id = m.account_id AND skill.skill_id = m.id
LEFT JOIN goaltracker.account AS account
	ON m.level = 'account' AND account.account_id = m.account_id;

COMMENT ON VIEW goaltracker.window_comparison IS
	'what the model in force credits to agents, skills and accounts under windows of 0, 1, 7, 14 and 31 days, side by side; a row per account, date, level, id and currency';
COMMENT ON COLUMN goaltracker.window_comparison.account_id IS 'account';
COMMENT ON COLUMN goaltracker.window_comparison.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.window_comparison.level IS 'agent, skill or account: filter by it';
COMMENT ON COLUMN goaltracker.window_comparison.id IS
	'agent, skill or account, by level; null: Unassigned, or no skill';
COMMENT ON COLUMN goaltracker.window_comparison.name IS 'its name, else its id';
COMMENT ON COLUMN goaltracker.window_comparison.currency IS
	'currency of the values; different ones are never added up';
COMMENT ON COLUMN goaltracker.window_comparison.conversions_0 IS 'conversions under a window of 0 days';
COMMENT ON COLUMN goaltracker.window_comparison.conversions_1 IS 'conversions under a window of 1 day';
COMMENT ON COLUMN goaltracker.window_comparison.conversions_7 IS 'conversions under a window of 7 days';
COMMENT ON COLUMN goaltracker.window_comparison.conversions_14 IS 'conversions under a window of 14 days';
COMMENT ON COLUMN goaltracker.window_comparison.conversions_31 IS 'conversions under a window of 31 days';
COMMENT ON COLUMN goaltracker.window_comparison.lead_value_0 IS 'lead values under a window of 0 days';
COMMENT ON COLUMN goaltracker.window_comparison.lead_value_1 IS 'lead values under a window of 1 day';
COMMENT ON COLUMN goaltracker.window_comparison.lead_value_7 IS 'lead values under a window of 7 days';
COMMENT ON COLUMN goaltracker.window_comparison.lead_value_14 IS 'lead values under a window of 14 days';
COMMENT ON COLUMN goaltracker.window_comparison.lead_value_31 IS 'lead values under a window of 31 days';
COMMENT ON COLUMN goaltracker.window_comparison.transaction_value_0 IS 'transaction values under a window of 0 days';
COMMENT ON COLUMN goaltracker.window_comparison.transaction_value_1 IS 'transaction values under a window of 1 day';
COMMENT ON COLUMN goaltracker.window_comparison.transaction_value_7 IS 'transaction values under a window of 7 days';
COMMENT ON COLUMN goaltracker.window_comparison.transaction_value_14 IS 'transaction values under a window of 14 days';
COMMENT ON COLUMN goaltracker.window_comparison.transaction_value_31 IS 'transaction values under a window of 31 days';

CREATE FUNCTION goaltracker.model_comparison(from_date date DEFAULT NULL, to_date date DEFAULT NULL,
	level text DEFAULT 'agent', account_id text DEFAULT NULL)
RETURNS TABLE (
	account text,
	id text,
	name text,
	currency text,
	conversions_first numeric,
	conversions_last numeric,
	conversions_all numeric,
	conversions_linear numeric,
	conversions_time_decay numeric,
	conversions_position_based numeric,
	conversions_first_human numeric,
	conversions_last_human numeric,
	lead_value_first numeric,
	lead_value_last numeric,
	lead_value_all numeric,
	lead_value_linear numeric,
	lead_value_time_decay numeric,
	lead_value_position_based numeric,
	lead_value_first_human numeric,
	lead_value_last_human numeric,
	transaction_value_first numeric,
	transaction_value_last numeric,
	transaction_value_all numeric,
	transaction_value_linear numeric,
	transaction_value_time_decay numeric,
	transaction_value_position_based numeric,
	transaction_value_first_human numeric,
	transaction_value_last_human numeric)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.account_id, c.id, c.name, c.currency,
		sum(c.conversions_first), sum(c.conversions_last), sum(c.conversions_all),
		sum(c.conversions_linear), sum(c.conversions_time_decay),
		sum(c.conversions_position_based), sum(c.conversions_first_human),
		sum(c.conversions_last_human), sum(c.lead_value_first), sum(c.lead_value_last),
		sum(c.lead_value_all), sum(c.lead_value_linear), sum(c.lead_value_time_decay),
		sum(c.lead_value_position_based), sum(c.lead_value_first_human),
		sum(c.lead_value_last_human), sum(c.transaction_value_first),
		sum(c.transaction_value_last), sum(c.transaction_value_all),
		sum(c.transaction_value_linear), sum(c.transaction_value_time_decay),
		sum(c.transaction_value_position_based), sum(c.transaction_value_first_human),
		sum(c.transaction_value_last_human)
	FROM goaltracker.model_comparison AS c
	WHERE c.level = $3
		AND ($4 IS NULL OR c.account_id = $4)
		AND c.conversation_date >= coalesce($1, '-infinity')
		AND c.conversation_date <= coalesce($2, 'infinity')
	GROUP BY c.account_id, c.id, c.name, c.currency
	ORDER BY c.account_id, c.name, c.id, c.currency
$$;

COMMENT ON FUNCTION goaltracker.model_comparison(date, date, text, text) IS
	'model_comparison over conversations that started from one date to another, both included, of a level, agent, skill or account, and of an account, or all; with the rights of whoever calls it';

CREATE FUNCTION goaltracker.window_comparison(from_date date DEFAULT NULL, to_date date DEFAULT NULL,
	level text DEFAULT 'agent', account_id text DEFAULT NULL)
RETURNS TABLE (
	account text,
	id text,
	name text,
	currency text,
	conversions_0 numeric,
	conversions_1 numeric,
	conversions_7 numeric,
	conversions_14 numeric,
	conversions_31 numeric,
	lead_value_0 numeric,
	lead_value_1 numeric,
	lead_value_7 numeric,
	lead_value_14 numeric,
	lead_value_31 numeric,
	transaction_value_0 numeric,
	transaction_value_1 numeric,
	transaction_value_7 numeric,
	transaction_value_14 numeric,
	transaction_value_31 numeric)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.account_id, c.id, c.name, c.currency,
		sum(c.conversions_0), sum(c.conversions_1), sum(c.conversions_7), sum(c.conversions_14),
		sum(c.conversions_31), sum(c.lead_value_0), sum(c.lead_value_1), sum(c.lead_value_7),
		sum(c.lead_value_14), sum(c.lead_value_31), sum(c.transaction_value_0),
		sum(c.transaction_value_1), sum(c.transaction_value_7), sum(c.transaction_value_14),
		sum(c.transaction_value_31)
	FROM goaltracker.window_comparison AS c
	WHERE c.level = $3
		AND ($4 IS NULL OR c.account_id = $4)
		AND c.conversation_date >= coalesce($1, '-infinity')
		AND c.conversation_date <= coalesce($2, 'infinity')
	GROUP BY c.account_id, c.id, c.name, c.currency
	ORDER BY c.account_id, c.name, c.id, c.currency
$$;

COMMENT ON FUNCTION goaltracker.window_comparison(date, date, text, text) IS
	'window_comparison over conversations that started from one date to another, both included, of a level, agent, skill or account, and of an account, or all; with the rights of whoever calls it';
