-- ---------------------------------------------------------------------------
-- What changed since the last refresh
--
-- Loads leave notes.  None of these tables has a key that could be violated by
-- rows which a restore brings while the triggers below fire.
-- ---------------------------------------------------------------------------

CREATE TABLE goaltracker.changed_consumer (
	account_id			text COLLATE "C" NOT NULL,
	consumer_id			text COLLATE "C" NOT NULL,
	noted_at			timestamptz DEFAULT pg_catalog.clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 10000);

CREATE INDEX changed_consumer_by_consumer ON goaltracker.changed_consumer (account_id, consumer_id);

ALTER TABLE goaltracker.changed_consumer REPLICA IDENTITY FULL;

COMMENT ON TABLE goaltracker.changed_consumer IS
	'consumers that the next refresh looks at again';
COMMENT ON COLUMN goaltracker.changed_consumer.account_id IS 'account of the consumer';
COMMENT ON COLUMN goaltracker.changed_consumer.consumer_id IS
	'consumer one of whose conversations, agent segments or goal events changed; may repeat';
COMMENT ON COLUMN goaltracker.changed_consumer.noted_at IS
	'when the statement that changed it ended';

CREATE TABLE goaltracker.changed_scope (
	account_id			text COLLATE "C",
	scope				text COLLATE "C" NOT NULL,
	id					text COLLATE "C",
	noted_at			timestamptz DEFAULT pg_catalog.clock_timestamp()
);

ALTER TABLE goaltracker.changed_scope REPLICA IDENTITY FULL;

COMMENT ON TABLE goaltracker.changed_scope IS
	'changes that concern many consumers; the next refresh finds out which';
COMMENT ON COLUMN goaltracker.changed_scope.account_id IS
	'account concerned; null: all accounts';
COMMENT ON COLUMN goaltracker.changed_scope.scope IS
	'account: all its consumers; agent: those of an agent; goal: those of a goal; everything: all accounts';
COMMENT ON COLUMN goaltracker.changed_scope.id IS 'the agent or goal concerned';
COMMENT ON COLUMN goaltracker.changed_scope.noted_at IS 'when it changed';

-- Accounts that refresh has begun with.  Until then one note for the account
-- stands for all of its consumers.
CREATE TABLE goaltracker.refreshed_account (
	account_id			text COLLATE "C" NOT NULL,
	last_refreshed_at	timestamptz,
	CONSTRAINT refreshed_account_pkey PRIMARY KEY (account_id)
);

COMMENT ON TABLE goaltracker.refreshed_account IS 'accounts that refresh has begun with';
COMMENT ON COLUMN goaltracker.refreshed_account.account_id IS 'account';
COMMENT ON COLUMN goaltracker.refreshed_account.last_refreshed_at IS
	'the reports show what was committed by then';

-- ---------------------------------------------------------------------------
-- Facts: the consumers of the rows
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._note_changes()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'goaltracker_note_changes';

COMMENT ON FUNCTION goaltracker._note_changes() IS
	'statement trigger: notes the consumers of all changed rows; its argument names their column';

CREATE TRIGGER note_insert AFTER INSERT ON goaltracker.conversation
	REFERENCING NEW TABLE AS inserted
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

CREATE TRIGGER note_update AFTER UPDATE ON goaltracker.conversation
	REFERENCING OLD TABLE AS replaced NEW TABLE AS replacing
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

CREATE TRIGGER note_delete AFTER DELETE ON goaltracker.conversation
	REFERENCING OLD TABLE AS deleted
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

CREATE TRIGGER note_insert AFTER INSERT ON goaltracker.agent_segment
	REFERENCING NEW TABLE AS inserted
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

CREATE TRIGGER note_update AFTER UPDATE ON goaltracker.agent_segment
	REFERENCING OLD TABLE AS replaced NEW TABLE AS replacing
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

CREATE TRIGGER note_delete AFTER DELETE ON goaltracker.agent_segment
	REFERENCING OLD TABLE AS deleted
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

CREATE TRIGGER note_insert AFTER INSERT ON goaltracker.goal_event
	REFERENCING NEW TABLE AS inserted
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

CREATE TRIGGER note_update AFTER UPDATE ON goaltracker.goal_event
	REFERENCING OLD TABLE AS replaced NEW TABLE AS replacing
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

CREATE TRIGGER note_delete AFTER DELETE ON goaltracker.goal_event
	REFERENCING OLD TABLE AS deleted
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');

-- A new or changed link concerns what is loaded under its alias.
CREATE TRIGGER note_insert AFTER INSERT ON goaltracker.consumer_alias
	REFERENCING NEW TABLE AS inserted
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('alias');

CREATE TRIGGER note_update AFTER UPDATE ON goaltracker.consumer_alias
	REFERENCING OLD TABLE AS replaced NEW TABLE AS replacing
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('alias');

-- ---------------------------------------------------------------------------
-- A conversation given to another consumer takes its segments along
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._move_segments()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE goaltracker.agent_segment AS s
	SET consumer_id = NEW.consumer_id
	WHERE s.account_id = OLD.account_id
		AND s.conversation_id = OLD.conversation_id
		AND s.consumer_id = OLD.consumer_id;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION goaltracker._move_segments() IS
	'row trigger: gives the segments of a conversation to its new consumer';

CREATE TRIGGER move_segments AFTER UPDATE ON goaltracker.conversation
	FOR EACH ROW
	WHEN (OLD.consumer_id <> NEW.consumer_id)
	EXECUTE FUNCTION goaltracker._move_segments();

-- ---------------------------------------------------------------------------
-- Dimensions: only what attribution depends on
-- ---------------------------------------------------------------------------

-- Which consumers a changed agent or goal concerns is found out by refresh, not
-- here: a load that runs at the same time may bring more of them.
CREATE FUNCTION goaltracker._note_scope()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	scope CONSTANT text := TG_ARGV[0];
	id_column CONSTANT text := TG_ARGV[1];
BEGIN
	IF TG_LEVEL = 'STATEMENT' THEN
		INSERT INTO goaltracker.changed_scope (scope) VALUES ('everything');
		RETURN NULL;
	END IF;
	IF TG_OP <> 'INSERT' THEN
		INSERT INTO goaltracker.changed_scope (account_id, scope, id)
		VALUES (OLD.account_id, scope, to_jsonb(OLD) ->> id_column);
	END IF;
	IF TG_OP <> 'DELETE' THEN
		INSERT INTO goaltracker.changed_scope (account_id, scope, id)
		VALUES (NEW.account_id, scope, to_jsonb(NEW) ->> id_column);
	END IF;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION goaltracker._note_scope() IS
	'trigger: notes a change that concerns all consumers of an account, an agent or a goal; its arguments are the scope and the column of the id';

CREATE TRIGGER note_insert AFTER INSERT ON goaltracker.account
	FOR EACH ROW
	WHEN (NEW.credited_user_types <> '{Human,Bot,System}'
		OR NEW.time_zone <> 'UTC'
		OR NEW.max_touchpoints <> 200)
	EXECUTE FUNCTION goaltracker._note_scope('account');

CREATE TRIGGER note_update AFTER UPDATE ON goaltracker.account
	FOR EACH ROW
	WHEN (NEW.account_id <> OLD.account_id
		OR NEW.credited_user_types <> OLD.credited_user_types
		OR NEW.time_zone <> OLD.time_zone
		OR NEW.max_touchpoints <> OLD.max_touchpoints)
	EXECUTE FUNCTION goaltracker._note_scope('account');

CREATE TRIGGER note_delete AFTER DELETE ON goaltracker.account
	FOR EACH ROW
	WHEN (OLD.credited_user_types <> '{Human,Bot,System}'
		OR OLD.time_zone <> 'UTC'
		OR OLD.max_touchpoints <> 200)
	EXECUTE FUNCTION goaltracker._note_scope('account');

CREATE TRIGGER note_insert AFTER INSERT ON goaltracker.agent
	FOR EACH ROW
	WHEN (NEW.user_type <> 'Human' OR NEW.is_post_survey_bot)
	EXECUTE FUNCTION goaltracker._note_scope('agent', 'agent_id');

CREATE TRIGGER note_update AFTER UPDATE ON goaltracker.agent
	FOR EACH ROW
	WHEN (NEW.account_id <> OLD.account_id
		OR NEW.agent_id <> OLD.agent_id
		OR NEW.user_type <> OLD.user_type
		OR NEW.is_post_survey_bot <> OLD.is_post_survey_bot)
	EXECUTE FUNCTION goaltracker._note_scope('agent', 'agent_id');

CREATE TRIGGER note_delete AFTER DELETE ON goaltracker.agent
	FOR EACH ROW
	WHEN (OLD.user_type <> 'Human' OR OLD.is_post_survey_bot)
	EXECUTE FUNCTION goaltracker._note_scope('agent', 'agent_id');

CREATE TRIGGER note_insert AFTER INSERT ON goaltracker.goal
	FOR EACH ROW
	EXECUTE FUNCTION goaltracker._note_scope('goal', 'goal_id');

CREATE TRIGGER note_update AFTER UPDATE ON goaltracker.goal
	FOR EACH ROW
	WHEN (NEW.account_id <> OLD.account_id
		OR NEW.goal_id <> OLD.goal_id
		OR NEW.goal_type <> OLD.goal_type)
	EXECUTE FUNCTION goaltracker._note_scope('goal', 'goal_id');

CREATE TRIGGER note_delete AFTER DELETE ON goaltracker.goal
	FOR EACH ROW
	EXECUTE FUNCTION goaltracker._note_scope('goal', 'goal_id');

-- ---------------------------------------------------------------------------
-- TRUNCATE tells no rows
-- ---------------------------------------------------------------------------

CREATE TRIGGER note_truncate AFTER TRUNCATE ON goaltracker.conversation
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_scope();

CREATE TRIGGER note_truncate AFTER TRUNCATE ON goaltracker.agent_segment
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_scope();

CREATE TRIGGER note_truncate AFTER TRUNCATE ON goaltracker.goal_event
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_scope();

CREATE TRIGGER note_truncate AFTER TRUNCATE ON goaltracker.account
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_scope();

CREATE TRIGGER note_truncate AFTER TRUNCATE ON goaltracker.agent
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_scope();

CREATE TRIGGER note_truncate AFTER TRUNCATE ON goaltracker.goal
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_scope();
