-- ---------------------------------------------------------------------------
-- agent_responses: the responses of agents in a conversation (S14)
-- ---------------------------------------------------------------------------

CREATE TYPE goaltracker.agent_response AS (
	agent_id			text COLLATE "C",
	dialog_id			text COLLATE "C",
	responded_at		timestamptz,
	messages			integer
);

COMMENT ON TYPE goaltracker.agent_response IS
	'a response: a run of consecutive messages of one agent that follows a message of another participant (S14)';

COMMENT ON COLUMN goaltracker.agent_response.agent_id IS
	'the agent who responded';
COMMENT ON COLUMN goaltracker.agent_response.dialog_id IS
	'the dialog in which it was; null as given';
COMMENT ON COLUMN goaltracker.agent_response.responded_at IS
	'when the first message of the run was sent';
COMMENT ON COLUMN goaltracker.agent_response.messages IS
	'number of messages in the run';

CREATE FUNCTION goaltracker._agent_responses_add(state internal, sent_by text, participant_id text,
	sent_at timestamptz, seq bigint, dialog_id text)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_agent_responses_add';

COMMENT ON FUNCTION goaltracker._agent_responses_add(internal, text, text, timestamptz, bigint, text) IS
	'transition function of agent_responses';

CREATE FUNCTION goaltracker._agent_responses_combine(state internal, other internal)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_agent_responses_combine';

COMMENT ON FUNCTION goaltracker._agent_responses_combine(internal, internal) IS
	'combine function of agent_responses';

CREATE FUNCTION goaltracker._agent_responses_serialize(state internal)
RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_agent_responses_serialize';

COMMENT ON FUNCTION goaltracker._agent_responses_serialize(internal) IS
	'serialization function of agent_responses';

CREATE FUNCTION goaltracker._agent_responses_deserialize(serialized bytea, unused internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_agent_responses_deserialize';

COMMENT ON FUNCTION goaltracker._agent_responses_deserialize(bytea, internal) IS
	'deserialization function of agent_responses';

CREATE FUNCTION goaltracker._agent_responses_final(state internal)
RETURNS goaltracker.agent_response[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_agent_responses_final';

COMMENT ON FUNCTION goaltracker._agent_responses_final(internal) IS
	'final function of agent_responses';

CREATE AGGREGATE goaltracker.agent_responses(sent_by text, participant_id text,
	sent_at timestamptz, seq bigint, dialog_id text) (
	SFUNC = goaltracker._agent_responses_add,
	STYPE = internal,
	SSPACE = 1536,
	FINALFUNC = goaltracker._agent_responses_final,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = goaltracker._agent_responses_combine,
	SERIALFUNC = goaltracker._agent_responses_serialize,
	DESERIALFUNC = goaltracker._agent_responses_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE goaltracker.agent_responses(text, text, timestamptz, bigint, text) IS
	'the responses of agents among the messages of one conversation, in order of time; messages may come in any order, sent_by is Agent, Consumer or System';
