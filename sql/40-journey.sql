-- ---------------------------------------------------------------------------
-- Journeys: the type, the aggregate that makes them
-- ---------------------------------------------------------------------------

CREATE TYPE goaltracker.journey;

CREATE FUNCTION goaltracker._journey_in(value cstring)
RETURNS goaltracker.journey
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_in';

COMMENT ON FUNCTION goaltracker._journey_in(cstring) IS 'I/O';

CREATE FUNCTION goaltracker._journey_out(value goaltracker.journey)
RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_out';

COMMENT ON FUNCTION goaltracker._journey_out(goaltracker.journey) IS 'I/O';

CREATE FUNCTION goaltracker._journey_recv(value internal)
RETURNS goaltracker.journey
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_recv';

COMMENT ON FUNCTION goaltracker._journey_recv(internal) IS 'I/O';

CREATE FUNCTION goaltracker._journey_send(value goaltracker.journey)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_send';

COMMENT ON FUNCTION goaltracker._journey_send(goaltracker.journey) IS 'I/O';

CREATE TYPE goaltracker.journey (
	INPUT = goaltracker._journey_in,
	OUTPUT = goaltracker._journey_out,
	RECEIVE = goaltracker._journey_recv,
	SEND = goaltracker._journey_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE goaltracker.journey IS
	'conversations, agent segments and goal events of one consumer, packed';

CREATE FUNCTION goaltracker._journey_transition(state internal, entry text, entry_key bigint,
	starts_at timestamptz, ends_at timestamptz, conversation_id text, segment_no integer,
	agent_id text, skill_id text, participation text, dialog text, agent_messages integer,
	agent_responses integer, goal_event_id text, goal_id text, event_type text,
	lead_value numeric, transaction_value numeric, currency text, brand_event_id text,
	topic text, service_activity_status text, session_id text)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_transition';

COMMENT ON FUNCTION goaltracker._journey_transition(internal, text, bigint, timestamptz,
	timestamptz, text, integer, text, text, text, text, integer, integer, text, text, text,
	numeric, numeric, text, text, text, text, text) IS
	'transition function of journey()';

CREATE FUNCTION goaltracker._journey_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_combine';

COMMENT ON FUNCTION goaltracker._journey_combine(internal, internal) IS
	'combine function of journey()';

CREATE FUNCTION goaltracker._journey_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_serialize';

COMMENT ON FUNCTION goaltracker._journey_serialize(internal) IS
	'serialization function of journey()';

CREATE FUNCTION goaltracker._journey_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_deserialize';

COMMENT ON FUNCTION goaltracker._journey_deserialize(bytea, internal) IS
	'deserialization function of journey()';

CREATE FUNCTION goaltracker._journey_final(state internal)
RETURNS goaltracker.journey
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_journey_final';

COMMENT ON FUNCTION goaltracker._journey_final(internal) IS 'final function of journey()';

CREATE AGGREGATE goaltracker.journey(entry text, entry_key bigint, starts_at timestamptz,
	ends_at timestamptz, conversation_id text, segment_no integer, agent_id text,
	skill_id text, participation text, dialog text, agent_messages integer,
	agent_responses integer, goal_event_id text, goal_id text, event_type text,
	lead_value numeric, transaction_value numeric, currency text, brand_event_id text,
	topic text, service_activity_status text, session_id text) (
	SFUNC = goaltracker._journey_transition,
	STYPE = internal,
	SSPACE = 2048,
	FINALFUNC = goaltracker._journey_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._journey_combine,
	SERIALFUNC = goaltracker._journey_serialize,
	DESERIALFUNC = goaltracker._journey_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.journey(text, bigint, timestamptz, timestamptz, text, integer,
	text, text, text, text, integer, integer, text, text, text, numeric, numeric, text, text,
	text, text, text) IS
	'packs the entries of one consumer, in any order: entry is conversation, segment or goal event; what the kind of entry does not have is null';

-- ---------------------------------------------------------------------------
-- Touchpoints of a journey
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker.touchpoints(
	journey goaltracker.journey,
	lookback_days integer DEFAULT 31,
	rules jsonb DEFAULT NULL,
	OUT goal_event_key bigint,
	OUT goal_event_id text,
	OUT reached_at timestamptz,
	OUT conversation_id text,
	OUT segment_key bigint,
	OUT segment_no integer,
	OUT agent_id text,
	OUT skill_id text,
	OUT assigned_at timestamptz,
	OUT user_type text,
	OUT min_window smallint,
	OUT first_below smallint,
	OUT last_below smallint,
	OUT agent_below smallint,
	OUT skill_below smallint,
	OUT brand_below smallint,
	OUT first_human_below smallint,
	OUT last_human_below smallint)
RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 10
AS 'MODULE_PATHNAME', 'goaltracker_touchpoints';

COMMENT ON FUNCTION goaltracker.touchpoints(goaltracker.journey, integer, jsonb) IS
	'touchpoints of every goal event of a journey with the windows under which each model credits them: min_window <= window < (first, last, agent, skill, brand, first_human or last_human)_below';

CREATE FUNCTION goaltracker.attribute(
	journey goaltracker.journey,
	model text,
	window_days integer,
	rules jsonb DEFAULT NULL,
	half_life interval DEFAULT '7 days',
	position_weights numeric[] DEFAULT '{40,20,40}')
RETURNS TABLE (
	goal_event_key bigint,
	goal_event_id text,
	reached_at timestamptz,
	conversation_id text,
	segment_key bigint,
	segment_no integer,
	agent_id text,
	skill_id text,
	assigned_at timestamptz,
	user_type text,
	agent_credit integer,
	skill_credit integer,
	brand_credit integer,
	weight numeric)
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 5
AS 'MODULE_PATHNAME', 'goaltracker_attribute';

COMMENT ON FUNCTION goaltracker.attribute(goaltracker.journey, text, integer, jsonb, interval,
	numeric[]) IS
	'touchpoints of a journey that a model credits under a window; the credits (0 or 1) mark the one that carries the agent''s, the skill''s and the brand''s conversion, the weight is its part of the goal event';
