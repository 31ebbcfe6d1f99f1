-- ---------------------------------------------------------------------------
-- Reports
--
-- touchpoint -> _visible_touchpoint (restrictions) -> _credit (settings) -> the views that users read.  Settings act
-- here, when a report is read (S1).
-- ---------------------------------------------------------------------------

CREATE TYPE goaltracker._account_settings AS (
	account_id			text,
	attribution_model	text,
	contribution_window	smallint,
	default_currency	text,
	duration_bounds		interval[],
	time_decay_half_life interval,
	position_weights	numeric[]
);

COMMENT ON TYPE goaltracker._account_settings IS 'settings of an account that act when a report is read';

-- A query reads this once, before its first row.
CREATE VIEW goaltracker._settings AS
SELECT pg_catalog.array_agg(ROW(a.account_id, a.attribution_model, a.contribution_window,
		a.default_currency, a.duration_bounds, a.time_decay_half_life,
		a.position_weights)::goaltracker._account_settings) AS settings
FROM goaltracker.account AS a;

COMMENT ON VIEW goaltracker._settings IS 'settings of all accounts, as the functions below take them';

CREATE FUNCTION goaltracker._credits(settings goaltracker._account_settings[], account_id text,
	user_type "char", spans bigint, shares_planned boolean)
RETURNS integer
LANGUAGE c STABLE PARALLEL SAFE COST 4
AS 'MODULE_PATHNAME', 'goaltracker_credits';

COMMENT ON FUNCTION goaltracker._credits(goaltracker._account_settings[], text, "char", bigint,
	boolean) IS
	'what a touchpoint carries under the settings in force: 0: it is in no report; else 1, and 2, 4 and 8 for the credit of its agent, skill and account; under a model that shares 16, and 32, 64 and 128, which is an error where the plan leaves parts out: see _shares_planned()';

-- Working out parts costs a plan something even where it is not executed.  So a plan that
-- is made while no account's model shares, and the session's does not, leaves it out.  A
-- model that begins to share makes all sessions forget their plans; a query that was just
-- being planned then fails, and can be tried again.
CREATE FUNCTION goaltracker._shares_planned_support(internal)
RETURNS internal
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME', 'goaltracker_shares_planned_support';

COMMENT ON FUNCTION goaltracker._shares_planned_support(internal) IS
	'planner support of _shares_planned(): whether the model of an account, or the session''s, shares';

CREATE FUNCTION goaltracker._shares_planned()
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
SUPPORT goaltracker._shares_planned_support
AS 'MODULE_PATHNAME', 'goaltracker_shares_planned';

COMMENT ON FUNCTION goaltracker._shares_planned() IS
	'whether the plan at hand works out parts of goal events (S20)';

CREATE FUNCTION goaltracker._model_shares()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'goaltracker_model_shares';

COMMENT ON FUNCTION goaltracker._model_shares() IS
	'trigger: makes all sessions forget plans that leave parts out';

CREATE TRIGGER model_shares AFTER INSERT OR UPDATE ON goaltracker.account
	FOR EACH ROW
	WHEN (NEW.attribution_model IN ('linear', 'time_decay', 'position_based'))
	EXECUTE FUNCTION goaltracker._model_shares();

-- also where another server's changes are applied
ALTER TABLE goaltracker.account ENABLE ALWAYS TRIGGER model_shares;

CREATE FUNCTION goaltracker._any_shares(settings goaltracker._account_settings[])
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_any_shares';

COMMENT ON FUNCTION goaltracker._any_shares(goaltracker._account_settings[]) IS
	'whether any row may carry parts of goal events under the settings in force (S20)';

CREATE TYPE goaltracker._goal_event_part AS (
	weight				integer,
	lead_value			numeric,
	transaction_value	numeric
);

COMMENT ON TYPE goaltracker._goal_event_part IS
	'what a touchpoint has of its goal event: a weight in millionths, parts of the values (S20, S21)';

CREATE FUNCTION goaltracker._part(settings goaltracker._account_settings[], account_id text,
	touches bytea, segment_key bigint, lead_value numeric, transaction_value numeric)
RETURNS goaltracker._goal_event_part
LANGUAGE c STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'goaltracker_part';

COMMENT ON FUNCTION goaltracker._part(goaltracker._account_settings[], text, bytea, bigint, numeric,
	numeric) IS
	'what a touchpoint in reach has of its goal event under the settings in force; null under a model that does not share';

CREATE FUNCTION goaltracker._default_currency(settings goaltracker._account_settings[],
	account_id text)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_default_currency';

COMMENT ON FUNCTION goaltracker._default_currency(goaltracker._account_settings[], text) IS
	'currency of an account''s values that name none (S12)';

CREATE FUNCTION goaltracker._duration_bucket_no(settings goaltracker._account_settings[],
	account_id text, assigned_at timestamptz, assigned_until timestamptz)
RETURNS integer
LANGUAGE c STABLE PARALLEL SAFE COST 4
AS 'MODULE_PATHNAME', 'goaltracker_duration_bucket_no';

COMMENT ON FUNCTION goaltracker._duration_bucket_no(goaltracker._account_settings[], text,
	timestamptz, timestamptz) IS
	'number of the duration bucket that the time assigned falls into (S16)';

CREATE FUNCTION goaltracker._duration_bucket(settings goaltracker._account_settings[],
	account_id text, bucket_no integer)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_duration_bucket';

COMMENT ON FUNCTION goaltracker._duration_bucket(goaltracker._account_settings[], text, integer) IS
	'what a duration bucket is called (S16)';

CREATE FUNCTION goaltracker._user_type(code "char")
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE code
	WHEN 'H' THEN 'Human'
	WHEN 'B' THEN 'Bot'
	WHEN 'S' THEN 'System'
	ELSE 'Unassigned'
END;

COMMENT ON FUNCTION goaltracker._user_type("char") IS 'what a user type is called';

CREATE FUNCTION goaltracker._goal_type(code "char")
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE code
	WHEN 'S' THEN 'Sell Product/Service'
	WHEN 'L' THEN 'Generate Leads'
	WHEN 'A' THEN 'Service Activity Complete'
	WHEN 'I' THEN 'Interact with Visitors'
	WHEN 'P' THEN 'Increase Page Views'
	ELSE 'Other'
END;

COMMENT ON FUNCTION goaltracker._goal_type("char") IS 'what a goal type is called';

-- Every touchpoint with what it carries under the settings in force, which for
-- most of them is nothing (credits = 0).  The join makes the planner work out the
-- credits once for the columns of a report, not once for each column; it costs
-- nothing else.
CREATE VIEW goaltracker._credit AS
SELECT t.account_id, t.goal_event_key, t.segment_key, t.conversation_id, t.segment_no,
	goaltracker._local_date(t.conversation_date, t.opened_at, t.utc_offset) AS conversation_date,
	t.opened_at, t.utc_offset, t.reached_at, t.agent_id, t.skill_id,
	t.user_type, t.goal_type,
	t.goal_type IN ('S', 'L', 'A') AS is_conversion,
	COALESCE(t.currency,
		goaltracker._default_currency((SELECT s.settings FROM goaltracker._settings AS s),
			t.account_id)) AS currency,
	t.lead_value, t.transaction_value, t.agent_messages, t.agent_responses,
	t.assigned_at, t.assigned_until,
	GREATEST(COALESCE(t.assigned_until, pg_catalog.now()) - t.assigned_at, '0'::interval)
		AS time_assigned,
	goaltracker._duration_bucket_no((SELECT s.settings FROM goaltracker._settings AS s),
		t.account_id, t.assigned_at, t.assigned_until) AS duration_bucket_no,
	k.credits
FROM goaltracker._visible_touchpoint AS t
LEFT JOIN LATERAL (
	SELECT goaltracker._credits((SELECT s.settings FROM goaltracker._settings AS s), t.account_id,
		t.user_type, t.spans, goaltracker._shares_planned()) AS credits
) AS k ON true;

COMMENT ON VIEW goaltracker._credit IS
	'touchpoints with what each of them carries under the settings in force: see _credits()';

-- Touchpoints of accounts whose model shares, with their parts (S20).  Reports add them up
-- in a branch of their own, which is left out of a plan as long as no model shares, and is
-- not executed while none that shares is in force.
--
-- Whom a goal event is shared with is read of the table itself: a restricted reader
-- who sees one touchpoint sees its part, and not those of the others.
CREATE VIEW goaltracker._shared AS
SELECT c.account_id, c.goal_event_key, c.segment_key, c.conversation_date, c.agent_id, c.skill_id,
	c.user_type, c.is_conversion, c.currency, c.agent_messages, c.agent_responses, c.assigned_at,
	c.assigned_until, c.duration_bucket_no, c.credits,
	CASE WHEN c.is_conversion THEN (p.part).weight ELSE 0 END AS conversion,
	(p.part).weight AS weight,
	(p.part).lead_value AS lead_value,
	(p.part).transaction_value AS transaction_value
FROM goaltracker._credit AS c
LEFT JOIN goaltracker.goal_outcome AS o
	ON o.goal_event_key = c.goal_event_key AND o.account_id = c.account_id
LEFT JOIN LATERAL (
	SELECT CASE WHEN c.credits >= 16 THEN goaltracker._part(
		(SELECT s.settings FROM goaltracker._settings AS s), c.account_id, o.touches,
		c.segment_key, c.lead_value, c.transaction_value) END AS part
) AS p ON true
WHERE c.credits >= 16
	AND goaltracker._shares_planned()
	AND (SELECT goaltracker._any_shares((SELECT s.settings FROM goaltracker._settings AS s)));

COMMENT ON VIEW goaltracker._shared IS
	'touchpoints that carry parts of goal events under the settings in force: see _part()';

-- ---------------------------------------------------------------------------
-- Rows: ids and numbers
-- ---------------------------------------------------------------------------

-- Where updated_at or a part is not asked for, the planner leaves the join to the outcomes
-- out, since their key is unique.  It could not do so with the table's parent, which has
-- the row security; nor is that wanted here: who sees a touchpoint sees its goal event, and
-- its own part of it.
CREATE VIEW goaltracker.credit_facts AS
SELECT c.account_id,
	c.conversation_date,
	c.conversation_date - goaltracker._weekday(c.conversation_date) AS week,
	goaltracker._weekday(c.conversation_date) AS weekday,
	c.skill_id,
	c.agent_id,
	goaltracker._user_type(c.user_type) AS user_type,
	c.duration_bucket_no,
	c.currency,
	goaltracker._goal_type(c.goal_type) AS goal_type,
	(c.credits & 34 <> 0)::integer AS goals_reached,
	CASE
		WHEN c.credits & 2 <> 0 AND c.is_conversion THEN 1::numeric(20, 6)
		WHEN c.credits < 16 OR NOT c.is_conversion THEN 0::numeric(20, 6)
		ELSE (0.000001 * (p.part).weight)::numeric(20, 6)
	END AS conversions,
	(c.credits & 68 <> 0)::integer AS skill_credit,
	(c.credits & 136 <> 0)::integer AS account_credit,
	c.lead_value,
	c.transaction_value,
	c.agent_messages,
	c.agent_responses,
	EXTRACT(epoch FROM c.time_assigned) AS seconds_assigned,
	c.goal_event_key,
	c.segment_key,
	c.opened_at AS conversation_open_time,
	c.reached_at AS goal_timestamp,
	goaltracker._date_key(c.conversation_date) AS date_key,
	goaltracker._utc(c.opened_at) AS conversation_open_time_utc,
	goaltracker._utc(c.reached_at) AS goal_timestamp_utc,
	goaltracker._updated_at(o.updated_at) AS updated_at,
	goaltracker._utc(goaltracker._updated_at(o.updated_at)) AS updated_at_utc,
	CASE
		WHEN c.credits & 2 <> 0 THEN 1::numeric(20, 6)
		WHEN c.credits < 16 THEN 0::numeric(20, 6)
		ELSE (0.000001 * (p.part).weight)::numeric(20, 6)
	END AS weight,
	CASE
		WHEN c.credits & 2 <> 0 OR c.lead_value IS NULL THEN c.lead_value
		WHEN c.credits < 16 THEN 0::numeric(20, 4)
		ELSE (p.part).lead_value::numeric(20, 4)
	END AS attributed_lead_value,
	CASE
		WHEN c.credits & 2 <> 0 OR c.transaction_value IS NULL THEN c.transaction_value
		WHEN c.credits < 16 THEN 0::numeric(20, 4)
		ELSE (p.part).transaction_value::numeric(20, 4)
	END AS attributed_transaction_value
FROM goaltracker._credit AS c
LEFT JOIN goaltracker.goal_outcome AS o
	ON o.goal_event_key = c.goal_event_key AND o.account_id = c.account_id
LEFT JOIN LATERAL (
	SELECT CASE WHEN goaltracker._shares_planned() AND c.credits >= 16 THEN goaltracker._part(
		(SELECT s.settings FROM goaltracker._settings AS s), c.account_id, o.touches,
		c.segment_key, c.lead_value, c.transaction_value) END AS part
) AS p ON true
WHERE c.credits <> 0;

-- ---------------------------------------------------------------------------
-- Measures by level
--
-- Rows are added up by ids first; names join the result.
-- ---------------------------------------------------------------------------

CREATE TYPE goaltracker._measure AS (
	duration_bucket_no	integer,
	goals_reached		bigint,
	conversions			numeric,
	lead_value			numeric,
	transaction_value	numeric
);

COMMENT ON TYPE goaltracker._measure IS 'what a report adds up of a duration bucket';

CREATE FUNCTION goaltracker._measures_add(state internal, bucket_no integer,
	is_conversion boolean, lead_value numeric, transaction_value numeric)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_measures_add';

COMMENT ON FUNCTION goaltracker._measures_add(internal, integer, boolean, numeric, numeric) IS
	'transition function of _measures()';

CREATE FUNCTION goaltracker._measures_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_measures_combine';

COMMENT ON FUNCTION goaltracker._measures_combine(internal, internal) IS
	'combine function of _measures()';

CREATE FUNCTION goaltracker._measures_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_measures_serialize';

COMMENT ON FUNCTION goaltracker._measures_serialize(internal) IS
	'serialization function of _measures()';

CREATE FUNCTION goaltracker._measures_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_measures_deserialize';

COMMENT ON FUNCTION goaltracker._measures_deserialize(bytea, internal) IS
	'deserialization function of _measures()';

CREATE FUNCTION goaltracker._measures_final(state internal)
RETURNS goaltracker._measure[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_measures_final';

COMMENT ON FUNCTION goaltracker._measures_final(internal) IS 'final function of _measures()';

CREATE AGGREGATE goaltracker._measures(bucket_no integer, is_conversion boolean,
	lead_value numeric, transaction_value numeric) (
	SFUNC = goaltracker._measures_add,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = goaltracker._measures_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._measures_combine,
	SERIALFUNC = goaltracker._measures_serialize,
	DESERIALFUNC = goaltracker._measures_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker._measures(integer, boolean, numeric, numeric) IS
	'goal events, conversions among them, and values, by duration bucket';

CREATE FUNCTION goaltracker._measures_add_part(state internal, bucket_no integer,
	is_reached boolean, conversion integer, lead_value numeric, transaction_value numeric)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_measures_add_part';

COMMENT ON FUNCTION goaltracker._measures_add_part(internal, integer, boolean, integer, numeric,
	numeric) IS 'transition function of _part_measures()';

CREATE AGGREGATE goaltracker._part_measures(bucket_no integer, is_reached boolean,
	conversion integer, lead_value numeric, transaction_value numeric) (
	SFUNC = goaltracker._measures_add_part,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = goaltracker._measures_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._measures_combine,
	SERIALFUNC = goaltracker._measures_serialize,
	DESERIALFUNC = goaltracker._measures_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker._part_measures(integer, boolean, integer, numeric, numeric) IS
	'goal events that count here, millionths of conversions, and parts of values, by duration bucket; a bucket in which all of it is 0 is left out';

CREATE VIEW goaltracker.conversions_by_skill AS
SELECT m.account_id,
	m.conversation_date,
	m.conversation_date - goaltracker._weekday(m.conversation_date) AS week,
	goaltracker._weekday(m.conversation_date) AS weekday,
	goaltracker._weekday_name(m.conversation_date) AS weekday_name,
	m.skill_id,
	COALESCE(n.skill_name, m.skill_id, 'Unassigned') AS skill,
	b.duration_bucket_no,
	goaltracker._duration_bucket((SELECT s.settings FROM goaltracker._settings AS s),
		m.account_id, b.duration_bucket_no) AS duration_bucket,
	m.currency,
	b.goals_reached,
	b.conversions::numeric(20, 6) AS conversions,
	b.lead_value::numeric(20, 4) AS lead_value,
	b.transaction_value::numeric(20, 4) AS transaction_value,
	goaltracker._date_key(m.conversation_date) AS date_key
FROM (
	SELECT c.account_id, c.conversation_date, c.skill_id, c.currency,
		goaltracker._measures(c.duration_bucket_no, c.is_conversion, c.lead_value,
			c.transaction_value) AS measures
	FROM goaltracker._credit AS c
	WHERE c.credits & 4 <> 0 AND goaltracker._any_whole()
	GROUP BY c.account_id, c.conversation_date, c.skill_id, c.currency
	UNION ALL
	SELECT c.account_id, c.conversation_date, c.skill_id, c.currency,
		goaltracker._part_measures(c.duration_bucket_no, c.credits & 64 <> 0, c.conversion,
			c.lead_value, c.transaction_value)
	FROM goaltracker._shared AS c
	GROUP BY c.account_id, c.conversation_date, c.skill_id, c.currency
) AS m
CROSS JOIN LATERAL pg_catalog.unnest(m.measures) AS b
LEFT JOIN goaltracker.skill AS n
	ON n.account_id = m.account_id AND n.skill_id = m.skill_id;

CREATE VIEW goaltracker.conversions_by_agent AS
SELECT m.account_id,
	m.conversation_date,
	m.conversation_date - goaltracker._weekday(m.conversation_date) AS week,
	goaltracker._weekday(m.conversation_date) AS weekday,
	goaltracker._weekday_name(m.conversation_date) AS weekday_name,
	m.agent_id,
	COALESCE(n.agent_name, m.agent_id, 'Unassigned') AS agent,
	goaltracker._user_type(m.user_type) AS user_type,
	b.duration_bucket_no,
	goaltracker._duration_bucket((SELECT s.settings FROM goaltracker._settings AS s),
		m.account_id, b.duration_bucket_no) AS duration_bucket,
	m.currency,
	b.goals_reached,
	b.conversions::numeric(20, 6) AS conversions,
	b.lead_value::numeric(20, 4) AS lead_value,
	b.transaction_value::numeric(20, 4) AS transaction_value,
	goaltracker._date_key(m.conversation_date) AS date_key
FROM (
	SELECT c.account_id, c.conversation_date, c.agent_id, c.user_type, c.currency,
		goaltracker._measures(c.duration_bucket_no, c.is_conversion, c.lead_value,
			c.transaction_value) AS measures
	FROM goaltracker._credit AS c
	WHERE c.credits & 2 <> 0 AND goaltracker._any_whole()
	GROUP BY c.account_id, c.conversation_date, c.agent_id, c.user_type, c.currency
	UNION ALL
	SELECT c.account_id, c.conversation_date, c.agent_id, c.user_type, c.currency,
		goaltracker._part_measures(c.duration_bucket_no, c.credits & 32 <> 0, c.conversion,
			c.lead_value, c.transaction_value)
	FROM goaltracker._shared AS c
	GROUP BY c.account_id, c.conversation_date, c.agent_id, c.user_type, c.currency
) AS m
CROSS JOIN LATERAL pg_catalog.unnest(m.measures) AS b
LEFT JOIN goaltracker.agent AS n
	ON n.account_id = m.account_id AND n.agent_id = m.agent_id;

CREATE VIEW goaltracker.conversions_by_account AS
SELECT m.account_id,
	m.conversation_date,
	m.conversation_date - goaltracker._weekday(m.conversation_date) AS week,
	goaltracker._weekday(m.conversation_date) AS weekday,
	goaltracker._weekday_name(m.conversation_date) AS weekday_name,
	m.currency,
	m.goals_reached,
	m.conversions,
	m.lead_value,
	m.transaction_value,
	goaltracker._date_key(m.conversation_date) AS date_key
FROM (
	SELECT c.account_id, c.conversation_date, c.currency,
		pg_catalog.count(*) AS goals_reached,
		pg_catalog.count(*) FILTER (WHERE c.is_conversion)::numeric(20, 6) AS conversions,
		COALESCE(pg_catalog.sum(c.lead_value), 0)::numeric(20, 4) AS lead_value,
		COALESCE(pg_catalog.sum(c.transaction_value), 0)::numeric(20, 4) AS transaction_value
	FROM goaltracker._credit AS c
	WHERE c.credits & 8 <> 0 AND goaltracker._any_whole()
	GROUP BY c.account_id, c.conversation_date, c.currency
	UNION ALL
	SELECT c.account_id, c.conversation_date, c.currency,
		pg_catalog.count(*) FILTER (WHERE c.credits & 128 <> 0),
		(0.000001 * pg_catalog.sum(c.conversion))::numeric(20, 6),
		COALESCE(pg_catalog.sum(c.lead_value), 0)::numeric(20, 4),
		COALESCE(pg_catalog.sum(c.transaction_value), 0)::numeric(20, 4)
	FROM goaltracker._shared AS c
	GROUP BY c.account_id, c.conversation_date, c.currency
	-- no row of zeros, as _part_measures() gives none
	HAVING pg_catalog.count(*) FILTER (WHERE c.credits & 128 <> 0) <> 0
		OR pg_catalog.sum(c.conversion) <> 0
		OR pg_catalog.sum(c.lead_value) <> 0
		OR pg_catalog.sum(c.transaction_value) <> 0
) AS m;

CREATE TYPE goaltracker._agent_work AS (
	agent_messages		bigint,
	agent_responses		bigint,
	time_assigned		interval
);

COMMENT ON TYPE goaltracker._agent_work IS 'work of distinct agent segments (S13)';

CREATE FUNCTION goaltracker._work_add(state internal, segment_key bigint, agent_messages integer,
	agent_responses integer, assigned_at timestamptz, assigned_until timestamptz)
RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_work_add';

COMMENT ON FUNCTION goaltracker._work_add(internal, bigint, integer, integer, timestamptz,
	timestamptz) IS 'transition function of _work()';

CREATE FUNCTION goaltracker._work_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_work_combine';

COMMENT ON FUNCTION goaltracker._work_combine(internal, internal) IS 'combine function of _work()';

CREATE FUNCTION goaltracker._work_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_work_serialize';

COMMENT ON FUNCTION goaltracker._work_serialize(internal) IS 'serialization function of _work()';

CREATE FUNCTION goaltracker._work_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_work_deserialize';

COMMENT ON FUNCTION goaltracker._work_deserialize(bytea, internal) IS
	'deserialization function of _work()';

CREATE FUNCTION goaltracker._work_final(state internal)
RETURNS goaltracker._agent_work
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_work_final';

COMMENT ON FUNCTION goaltracker._work_final(internal) IS 'final function of _work()';

CREATE AGGREGATE goaltracker._work(segment_key bigint, agent_messages integer,
	agent_responses integer, assigned_at timestamptz, assigned_until timestamptz) (
	SFUNC = goaltracker._work_add,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = goaltracker._work_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._work_combine,
	SERIALFUNC = goaltracker._work_serialize,
	DESERIALFUNC = goaltracker._work_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker._work(bigint, integer, integer, timestamptz, timestamptz) IS
	'messages, responses and time assigned of distinct agent segments (S13)';

-- Under All an agent's row may show work and no goal (S13).
CREATE VIEW goaltracker.agent_summary AS
SELECT m.account_id,
	m.conversation_date,
	m.conversation_date - goaltracker._weekday(m.conversation_date) AS week,
	m.agent_id,
	COALESCE(g.agent_name, m.agent_id, 'Unassigned') AS agent,
	goaltracker._user_type(m.user_type) AS user_type,
	m.goals_reached,
	m.conversions,
	(m.work).agent_messages AS agent_messages,
	(m.work).agent_responses AS agent_responses,
	(m.work).time_assigned AS time_assigned,
	goaltracker._default_currency((SELECT s.settings FROM goaltracker._settings AS s),
		m.account_id) AS currency,
	m.lead_value,
	m.transaction_value,
	m.other_currency_conversions,
	goaltracker._date_key(m.conversation_date) AS date_key,
	EXTRACT(epoch FROM (m.work).time_assigned) AS seconds_assigned
FROM (
	SELECT c.account_id, c.conversation_date, c.agent_id, c.user_type,
		pg_catalog.count(*) FILTER (WHERE c.credits & 2 <> 0) AS goals_reached,
		pg_catalog.count(*) FILTER (WHERE c.credits & 2 <> 0 AND c.is_conversion)::numeric(20, 6)
			AS conversions,
		goaltracker._work(c.segment_key, c.agent_messages, c.agent_responses, c.assigned_at,
			c.assigned_until) AS work,
		COALESCE(pg_catalog.sum(c.lead_value) FILTER (
			WHERE c.credits & 2 <> 0 AND d.is_default_currency), 0)::numeric(20, 4) AS lead_value,
		COALESCE(pg_catalog.sum(c.transaction_value) FILTER (
			WHERE c.credits & 2 <> 0 AND d.is_default_currency), 0)::numeric(20, 4)
			AS transaction_value,
		pg_catalog.count(*) FILTER (
			WHERE c.credits & 2 <> 0 AND c.is_conversion AND NOT d.is_default_currency
			)::numeric(20, 6) AS other_currency_conversions
	FROM goaltracker._credit AS c
	-- worked out once, like the credits
	LEFT JOIN LATERAL (
		SELECT c.currency = goaltracker._default_currency(
			(SELECT s.settings FROM goaltracker._settings AS s), c.account_id)
			AS is_default_currency
	) AS d ON true
	WHERE c.credits & 1 <> 0 AND goaltracker._any_whole()
	GROUP BY c.account_id, c.conversation_date, c.agent_id, c.user_type
	UNION ALL
	SELECT c.account_id, c.conversation_date, c.agent_id, c.user_type,
		pg_catalog.count(*) FILTER (WHERE c.credits & 32 <> 0),
		(0.000001 * pg_catalog.sum(c.conversion))::numeric(20, 6),
		goaltracker._work(c.segment_key, c.agent_messages, c.agent_responses, c.assigned_at,
			c.assigned_until),
		COALESCE(pg_catalog.sum(c.lead_value) FILTER (WHERE d.is_default_currency), 0
			)::numeric(20, 4),
		COALESCE(pg_catalog.sum(c.transaction_value) FILTER (WHERE d.is_default_currency), 0
			)::numeric(20, 4),
		(0.000001 * COALESCE(pg_catalog.sum(c.conversion) FILTER (
			WHERE NOT d.is_default_currency), 0))::numeric(20, 6)
	FROM goaltracker._shared AS c
	LEFT JOIN LATERAL (
		SELECT c.currency = goaltracker._default_currency(
			(SELECT s.settings FROM goaltracker._settings AS s), c.account_id)
			AS is_default_currency
	) AS d ON true
	GROUP BY c.account_id, c.conversation_date, c.agent_id, c.user_type
) AS m
LEFT JOIN goaltracker.agent AS g ON g.account_id = m.account_id AND g.agent_id = m.agent_id;

-- ---------------------------------------------------------------------------
-- Row by row, with names
--
-- Ids, dates and measures are those of the last refresh; what joins by them is
-- described as it is now.  Which goal events can be in a report at all is said
-- once more, so that the newest rows are found by goal_outcome_by_time.
--
-- Joins to facts repeat that there is some credit, which keeps the planner from
-- putting a cache (Memoize) in front of each: set up for as many entries as the
-- whole grid might need, they take longer than a page of it.
--
-- No column is a plain one of a table that joins: a WHERE on it would make the
-- outer join an inner one, and the planner might then try it on that table's rows
-- first, those of others included.  COALESCE and CASE keep it above the join, where
-- there is nothing but what the reader may see.
-- ---------------------------------------------------------------------------

CREATE VIEW goaltracker.conversion_grid AS
SELECT c.account_id,
	o.goal_event_id,
	COALESCE(goal.goal_name, o.goal_id) AS goal_name,
	goaltracker._goal_type(c.goal_type) AS goal_type,
	CASE o.event_type
		WHEN 'P' THEN 'Purchase Event'
		WHEN 'L' THEN 'Lead Event'
		ELSE 'Goal Achieved'
	END AS goal_event_type,
	o.reached_at AS goal_timestamp,
	o.brand_event_id,
	c.currency,
	c.lead_value,
	c.transaction_value,
	CASE WHEN NOT o.is_duplicate THEN event.topic END AS topic,
	CASE WHEN NOT o.is_duplicate THEN event.service_activity_status END AS service_activity_status,
	c.conversation_id AS conversation,
	c.opened_at AS conversation_open_time,
	c.segment_no,
	c.skill_id,
	COALESCE(skill.skill_name, c.skill_id, 'Unassigned') AS skill,
	c.agent_id,
	COALESCE(agent.agent_name, c.agent_id, 'Unassigned') AS agent,
	COALESCE(agent_group.group_name, membership.group_id) AS agent_group,
	goaltracker._user_type(c.user_type) AS user_type,
	c.assigned_at AS agent_assignment_time,
	CASE WHEN NOT o.is_duplicate THEN segment.start_reason END AS agent_segment_start_reason,
	CASE WHEN NOT o.is_duplicate THEN segment.end_reason END AS agent_segment_end_reason,
	COALESCE(campaign.campaign_name, conversation.campaign_id, engagement.campaign_id)
		AS campaign_name,
	COALESCE(engagement.engagement_name, conversation.engagement_id) AS engagement_name,
	CASE WHEN NOT o.is_duplicate THEN conversation.source END AS source,
	o.consumer_id,
	c.conversation_date,
	c.conversation_date - goaltracker._weekday(c.conversation_date) AS week,
	pg_catalog.date_trunc('hour', goaltracker._local_time(c.opened_at, c.utc_offset)) AS hour,
	pg_catalog.to_char(
		pg_catalog.date_trunc('hour', goaltracker._local_time(c.opened_at, c.utc_offset)),
		'MM/DD/YYYY HH12:MI:SS AM') AS hour_label,
	(c.credits & 34 <> 0)::integer AS goals_reached,
	CASE
		WHEN c.credits & 2 <> 0 AND c.is_conversion THEN 1::numeric(20, 6)
		WHEN c.credits < 16 OR NOT c.is_conversion THEN 0::numeric(20, 6)
		ELSE (0.000001 * (p.part).weight)::numeric(20, 6)
	END AS conversions,
	(c.credits & 68 <> 0)::integer AS skill_credit,
	(c.credits & 136 <> 0)::integer AS account_credit,
	c.agent_messages,
	c.agent_responses,
	c.time_assigned,
	c.goal_event_key,
	c.segment_key,
	goaltracker._date_key(c.conversation_date) AS date_key,
	goaltracker._utc(c.opened_at) AS conversation_open_time_utc,
	goaltracker._utc(o.reached_at) AS goal_timestamp_utc,
	goaltracker._utc(c.assigned_at) AS agent_assignment_time_utc,
	EXTRACT(epoch FROM c.time_assigned) AS seconds_assigned,
	o.updated_at,
	goaltracker._utc(o.updated_at) AS updated_at_utc,
	CASE
		WHEN c.credits & 2 <> 0 THEN 1::numeric(20, 6)
		WHEN c.credits < 16 THEN 0::numeric(20, 6)
		ELSE (0.000001 * (p.part).weight)::numeric(20, 6)
	END AS weight,
	CASE
		WHEN c.credits & 2 <> 0 OR c.lead_value IS NULL THEN c.lead_value
		WHEN c.credits < 16 THEN 0::numeric(20, 4)
		ELSE (p.part).lead_value::numeric(20, 4)
	END AS attributed_lead_value,
	CASE
		WHEN c.credits & 2 <> 0 OR c.transaction_value IS NULL THEN c.transaction_value
		WHEN c.credits < 16 THEN 0::numeric(20, 4)
		ELSE (p.part).transaction_value::numeric(20, 4)
	END AS attributed_transaction_value
FROM goaltracker._credit AS c
JOIN goaltracker._visible_goal_outcome AS o
	ON o.account_id = c.account_id AND o.goal_event_key = c.goal_event_key
LEFT JOIN LATERAL (
	SELECT CASE WHEN goaltracker._shares_planned() AND c.credits >= 16 THEN goaltracker._part(
		(SELECT s.settings FROM goaltracker._settings AS s), c.account_id, o.touches,
		c.segment_key, c.lead_value, c.transaction_value) END AS part
) AS p ON true
LEFT JOIN goaltracker.goal_event AS event
	ON event.account_id = o.account_id AND event.goal_event_id = o.goal_event_id
	AND c.credits <> 0
LEFT JOIN goaltracker.goal AS goal
	ON goal.account_id = o.account_id AND goal.goal_id = o.goal_id
LEFT JOIN goaltracker.skill AS skill
	ON skill.account_id = c.account_id AND skill.skill_id = c.skill_id
LEFT JOIN goaltracker.agent AS agent
	ON agent.account_id = c.account_id AND agent.agent_id = c.agent_id
LEFT JOIN goaltracker.conversation AS conversation
	ON conversation.account_id = c.account_id
	AND conversation.conversation_id = c.conversation_id
	AND c.credits <> 0
LEFT JOIN goaltracker.engagement AS engagement
	ON engagement.account_id = c.account_id
	AND engagement.engagement_id = conversation.engagement_id
LEFT JOIN goaltracker.campaign AS campaign
	ON campaign.account_id = c.account_id
	AND campaign.campaign_id = COALESCE(conversation.campaign_id, engagement.campaign_id)
LEFT JOIN goaltracker.agent_segment AS segment
	ON segment.account_id = c.account_id
	AND segment.conversation_id = c.conversation_id
	AND segment.segment_no = c.segment_no
	AND c.credits <> 0
LEFT JOIN LATERAL (
	-- the group that the segment names, else that of the agent when assigned; IS TRUE
	-- keeps the planner from looking through the memberships of all agents by time
	SELECT COALESCE(segment.group_id, (
		SELECT m.group_id
		FROM goaltracker.agent_group_membership AS m
		WHERE m.account_id = c.account_id
			AND m.agent_id = c.agent_id
			AND (m.valid_during @> c.assigned_at) IS TRUE)) AS group_id
) AS membership ON true
LEFT JOIN goaltracker.agent_group AS agent_group
	ON agent_group.account_id = c.account_id AND agent_group.group_id = membership.group_id
WHERE c.credits <> 0
	AND o.reach_window IS NOT NULL
	AND NOT o.is_duplicate;

-- ---------------------------------------------------------------------------
-- What no report shows, and why (S9, S10)
-- ---------------------------------------------------------------------------

CREATE VIEW goaltracker.unattributed_goal_events AS
SELECT o.account_id,
	o.goal_event_id,
	o.consumer_id,
	o.reached_at,
	CASE WHEN o.is_duplicate THEN 'duplicate' ELSE 'self-serve' END AS reason,
	goaltracker._utc(o.reached_at) AS reached_at_utc,
	o.updated_at,
	goaltracker._utc(o.updated_at) AS updated_at_utc,
	o.goal_event_key
FROM goaltracker._visible_goal_outcome AS o
LEFT JOIN goaltracker.account AS a ON a.account_id = o.account_id
WHERE o.is_duplicate
	OR o.reach_window IS NULL
	OR o.reach_window > COALESCE(goaltracker._session_window(), a.contribution_window, 31);

-- ---------------------------------------------------------------------------
-- How fresh it all is
-- ---------------------------------------------------------------------------

CREATE VIEW goaltracker._pending_consumer AS
SELECT c.account_id, c.consumer_id
FROM goaltracker.changed_consumer AS c
UNION
SELECT c.account_id, c.consumer_id
FROM goaltracker._changed_in_scope AS c
UNION
SELECT c.account_id, c.consumer_id
FROM (
	SELECT f.account_id, f.done_to
	FROM goaltracker._first_refresh AS f
	UNION
	SELECT n.account_id, ''
	FROM goaltracker.changed_scope AS n
	WHERE n.scope = 'account'
		AND NOT EXISTS (
			SELECT FROM goaltracker.refreshed_account AS r
			WHERE r.account_id = n.account_id)
) AS f
CROSS JOIN LATERAL (
	-- likewise not before there is such an account
	SELECT c.account_id, c.consumer_id
	FROM goaltracker._consumer AS c
	WHERE c.account_id = f.account_id AND c.consumer_id > f.done_to
	OFFSET 0
) AS c;

COMMENT ON VIEW goaltracker._pending_consumer IS 'consumers that the next refresh looks at';

-- The barrier keeps what a reader's WHERE may do from accounts that he may not see.
-- Who sees some groups alone is not told how many touchpoints of all were cut.
CREATE VIEW goaltracker.refresh_status WITH (security_barrier) AS
SELECT s.account_id,
	COALESCE(p.pending_consumers, 0) AS pending_consumers,
	r.last_refreshed_at,
	CASE WHEN goaltracker._sees_all(s.account_id) THEN COALESCE(k.goal_events_cut, 0) END
		AS goal_events_cut,
	CASE WHEN goaltracker._sees_all(s.account_id) THEN COALESCE(k.touchpoints_cut, 0) END
		AS touchpoints_cut,
	CASE WHEN p.pending_consumers > 0 THEN w.pending_since END AS pending_since
FROM (
	SELECT a.account_id FROM goaltracker.account AS a
	UNION
	SELECT r.account_id FROM goaltracker.refreshed_account AS r
	UNION
	SELECT n.account_id FROM goaltracker.changed_scope AS n WHERE n.account_id IS NOT NULL
	UNION
	SELECT c.account_id FROM goaltracker.changed_consumer AS c
) AS s
LEFT JOIN goaltracker.refreshed_account AS r ON r.account_id = s.account_id
LEFT JOIN (
	SELECT p.account_id, pg_catalog.count(*) AS pending_consumers
	FROM goaltracker._pending_consumer AS p
	GROUP BY p.account_id
) AS p ON p.account_id = s.account_id
LEFT JOIN (
	SELECT n.account_id, pg_catalog.min(n.noted_at) AS pending_since
	FROM (
		SELECT c.account_id, c.noted_at FROM goaltracker.changed_consumer AS c
		UNION ALL
		SELECT f.account_id, f.noted_at FROM goaltracker._first_refresh AS f
		UNION ALL
		SELECT n.account_id, n.noted_at FROM goaltracker.changed_scope AS n
		UNION ALL
		-- a note on all accounts
		SELECT r.account_id, n.noted_at
		FROM goaltracker.changed_scope AS n
		CROSS JOIN goaltracker.refreshed_account AS r
		WHERE n.account_id IS NULL
	) AS n
	GROUP BY n.account_id
) AS w ON w.account_id = s.account_id
LEFT JOIN (
	SELECT o.account_id, pg_catalog.count(*) AS goal_events_cut,
		pg_catalog.sum(o.touchpoints_cut)::bigint AS touchpoints_cut
	FROM goaltracker.goal_outcome AS o
	WHERE o.touchpoints_cut > 0
	GROUP BY o.account_id
) AS k ON k.account_id = s.account_id
WHERE goaltracker._sees_all(s.account_id) OR goaltracker._sees_part(s.account_id);
