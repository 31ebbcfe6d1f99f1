-- ---------------------------------------------------------------------------
-- What refresh writes
-- ---------------------------------------------------------------------------

-- PostgreSQL takes a row apart from its start, up to the last column that a
-- statement asks for, and fastest as long as columns are of one width: so these
-- come first, and of the others those first that are added up most.
CREATE TABLE goaltracker.touchpoint (
	spans				bigint NOT NULL,
	user_type			"char" NOT NULL,
	goal_type			"char" NOT NULL,
	conversation_date	date NOT NULL,
	utc_offset			integer NOT NULL,
	goal_event_key		bigint NOT NULL,
	opened_at			timestamptz NOT NULL,
	reached_at			timestamptz NOT NULL,
	agent_messages		integer NOT NULL,
	agent_responses		integer NOT NULL,
	segment_key			bigint,
	assigned_at			timestamptz,
	assigned_until		timestamptz,
	segment_no			integer,
	account_id			text COLLATE "C" NOT NULL,
	agent_id			text COLLATE "C",
	currency			text COLLATE "C",
	lead_value			numeric(20, 4),
	transaction_value	numeric(20, 4),
	skill_id			text COLLATE "C",
	conversation_id		text COLLATE "C" NOT NULL
);

ALTER TABLE goaltracker.touchpoint REPLICA IDENTITY FULL;

COMMENT ON TABLE goaltracker.touchpoint IS
	'agent segments within 31 days'' reach of goal events, with the windows under which each model credits them; written by refresh';
COMMENT ON COLUMN goaltracker.touchpoint.spans IS
	'the windows under which each model credits it, packed: see _span()';
COMMENT ON COLUMN goaltracker.touchpoint.user_type IS
	'H human, B bot, S system, U unassigned';
COMMENT ON COLUMN goaltracker.touchpoint.goal_type IS
	'S Sell Product/Service, L Generate Leads, A Service Activity Complete, I Interact with Visitors, P Increase Page Views, O Other';
COMMENT ON COLUMN goaltracker.touchpoint.conversation_date IS
	'date of opened_at in the account''s time zone (S15)';
COMMENT ON COLUMN goaltracker.touchpoint.utc_offset IS
	'seconds by which the account''s time zone was ahead of UTC at opened_at';
COMMENT ON COLUMN goaltracker.touchpoint.goal_event_key IS 'key of the goal event';
COMMENT ON COLUMN goaltracker.touchpoint.opened_at IS 'when the conversation started';
COMMENT ON COLUMN goaltracker.touchpoint.reached_at IS 'when the goal was reached';
COMMENT ON COLUMN goaltracker.touchpoint.agent_messages IS 'messages of the agent in the segment';
COMMENT ON COLUMN goaltracker.touchpoint.agent_responses IS 'responses of the agent in the segment';
COMMENT ON COLUMN goaltracker.touchpoint.segment_key IS
	'key of the agent segment; null: an Unassigned row that stands for a conversation (S8)';
COMMENT ON COLUMN goaltracker.touchpoint.assigned_at IS 'when the agent was assigned';
COMMENT ON COLUMN goaltracker.touchpoint.assigned_until IS
	'end of the segment, else of its conversation; null: still assigned; of a joined agent, assigned_at (S13)';
COMMENT ON COLUMN goaltracker.touchpoint.segment_no IS 'number of the segment in its conversation';
COMMENT ON COLUMN goaltracker.touchpoint.account_id IS 'account';
COMMENT ON COLUMN goaltracker.touchpoint.agent_id IS 'agent; null: Unassigned';
COMMENT ON COLUMN goaltracker.touchpoint.currency IS
	'currency of the goal event; null: the account''s default currency';
COMMENT ON COLUMN goaltracker.touchpoint.lead_value IS 'lead value of the goal event';
COMMENT ON COLUMN goaltracker.touchpoint.transaction_value IS 'transaction value of the goal event';
COMMENT ON COLUMN goaltracker.touchpoint.skill_id IS 'skill of the segment, if any';
COMMENT ON COLUMN goaltracker.touchpoint.conversation_id IS 'conversation';

CREATE TABLE goaltracker.goal_outcome (
	goal_event_key		bigint NOT NULL,
	reached_at			timestamptz NOT NULL,
	updated_at			timestamptz NOT NULL,
	touchpoints_hash	bigint,
	touchpoints_cut		integer NOT NULL,
	reach_window		smallint,
	is_duplicate		boolean NOT NULL,
	event_type			"char" NOT NULL,
	account_id			text COLLATE "C" NOT NULL,
	consumer_id			text COLLATE "C" NOT NULL,
	goal_event_id		text COLLATE "C" NOT NULL,
	goal_id				text COLLATE "C",
	brand_event_id		text COLLATE "C",
	touches				bytea
);

-- Rows are compared byte by byte, so nothing is compressed.
ALTER TABLE goaltracker.goal_outcome ALTER COLUMN touches SET STORAGE EXTERNAL;

ALTER TABLE goaltracker.goal_outcome REPLICA IDENTITY FULL;

COMMENT ON TABLE goaltracker.goal_outcome IS
	'goal events as the last refresh found them, attributed or not; written by refresh';
COMMENT ON COLUMN goaltracker.goal_outcome.goal_event_key IS 'key of the goal event';
COMMENT ON COLUMN goaltracker.goal_outcome.reached_at IS 'when the goal was reached';
COMMENT ON COLUMN goaltracker.goal_outcome.updated_at IS
	'turn of the refresh that wrote the row: the last one to which anything about the goal event or its rows in touchpoint was new';
COMMENT ON COLUMN goaltracker.goal_outcome.touchpoints_hash IS
	'hash of the goal event''s rows in touchpoint; as long as it stays the same, a refresh need not read them; null: not known';
COMMENT ON COLUMN goaltracker.goal_outcome.touchpoints_cut IS
	'touchpoints left out for the account''s max_touchpoints (S18)';
COMMENT ON COLUMN goaltracker.goal_outcome.reach_window IS
	'smallest window, in days, that reaches any conversation; null: not within 31 days (S9)';
COMMENT ON COLUMN goaltracker.goal_outcome.is_duplicate IS
	'whether it repeats the brand event of an earlier one (S10)';
COMMENT ON COLUMN goaltracker.goal_outcome.event_type IS
	'G Goal Achieved, P Purchase Event, L Lead Event';
COMMENT ON COLUMN goaltracker.goal_outcome.account_id IS 'account';
COMMENT ON COLUMN goaltracker.goal_outcome.consumer_id IS 'consumer who reached the goal';
COMMENT ON COLUMN goaltracker.goal_outcome.goal_event_id IS 'goal event';
COMMENT ON COLUMN goaltracker.goal_outcome.goal_id IS 'goal reached, if its definition is named';
COMMENT ON COLUMN goaltracker.goal_outcome.brand_event_id IS 'the brand''s own id of the event';
COMMENT ON COLUMN goaltracker.goal_outcome.touches IS
	'touchpoints among whom models share the goal event (S20), packed: key, assignment and smallest window of each, in the order of S4; null: fewer than two';

-- As spans.h packs them.
CREATE FUNCTION goaltracker._span(spans bigint, name text)
RETURNS smallint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (spans >> 6 * CASE name
	WHEN 'min_window' THEN 0
	WHEN 'first' THEN 1
	WHEN 'last' THEN 2
	WHEN 'first_human' THEN 3
	WHEN 'last_human' THEN 4
	WHEN 'agent' THEN 5
	WHEN 'skill' THEN 6
	WHEN 'brand' THEN 7
END & 63)::smallint;

COMMENT ON FUNCTION goaltracker._span(bigint, text) IS
	'one of a touchpoint''s spans: min_window, the smallest window, in days, that reaches the conversation (S2), or by model (first, last, first_human, last_human) and level of All (agent, skill, brand) the smallest window under which another touchpoint has the credit; 0: it never has it';

-- Filling tables that have indexes takes twice as long as building the indexes
-- afterwards, so they are built when first needed: after the first refresh of
-- everything, and after a restore.  CREATE INDEX makes no reader wait, and
-- refreshes, which alone write here, take turns.
--
-- Columns that tell rows apart come before the account, of which there are few:
-- sorting by it first takes three times as long.
CREATE FUNCTION goaltracker._ensure_indexes()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF to_regclass('goaltracker.touchpoint_by_goal_event') IS NULL THEN
		CREATE INDEX touchpoint_by_goal_event
			ON goaltracker.touchpoint (goal_event_key);
	END IF;
	IF to_regclass('goaltracker.touchpoint_by_date') IS NULL THEN
		CREATE INDEX touchpoint_by_date
			ON goaltracker.touchpoint (conversation_date, account_id);
	END IF;
	IF to_regclass('goaltracker.goal_outcome_key') IS NULL THEN
		CREATE UNIQUE INDEX goal_outcome_key
			ON goaltracker.goal_outcome (goal_event_key, account_id);
	END IF;
	IF to_regclass('goaltracker.goal_outcome_by_consumer') IS NULL THEN
		CREATE INDEX goal_outcome_by_consumer
			ON goaltracker.goal_outcome (consumer_id, account_id);
	END IF;
	IF to_regclass('goaltracker.goal_outcome_by_time') IS NULL THEN
		CREATE INDEX goal_outcome_by_time
			ON goaltracker.goal_outcome (reached_at, account_id)
			WHERE reach_window IS NOT NULL AND NOT is_duplicate;
	END IF;
	IF to_regclass('goaltracker.goal_outcome_by_update') IS NULL THEN
		CREATE INDEX goal_outcome_by_update
			ON goaltracker.goal_outcome (updated_at, account_id);
	END IF;
	IF to_regclass('goaltracker.goal_outcome_cut') IS NULL THEN
		CREATE INDEX goal_outcome_cut
			ON goaltracker.goal_outcome (account_id) WHERE touchpoints_cut > 0;
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._ensure_indexes() IS
	'builds the indexes of touchpoint and goal_outcome where they are not there yet';

-- ---------------------------------------------------------------------------
-- What refresh reads
-- ---------------------------------------------------------------------------

-- Everything a consumer did.  Refresh reads the tables by itself (facts.c); this is
-- for whoever looks at single journeys.
CREATE VIEW goaltracker._timeline AS
SELECT c.account_id, c.consumer_id, 'conversation'::text AS entry, NULL::bigint AS entry_key,
	c.opened_at AS starts_at, c.closed_at AS ends_at, c.conversation_id,
	NULL::integer AS segment_no, NULL::text COLLATE "C" AS agent_id,
	NULL::text COLLATE "C" AS skill_id, NULL::text COLLATE "C" AS participation,
	NULL::text COLLATE "C" AS dialog, NULL::integer AS agent_messages,
	NULL::integer AS agent_responses, NULL::text COLLATE "C" AS goal_event_id,
	NULL::text COLLATE "C" AS goal_id, NULL::text COLLATE "C" AS event_type,
	NULL::numeric(20, 4) AS lead_value, NULL::numeric(20, 4) AS transaction_value,
	NULL::text COLLATE "C" AS currency, NULL::text COLLATE "C" AS brand_event_id,
	NULL::text COLLATE "C" AS topic, NULL::text COLLATE "C" AS service_activity_status,
	NULL::text COLLATE "C" AS session_id
FROM goaltracker.conversation AS c
UNION ALL
SELECT s.account_id, s.consumer_id, 'segment', s.segment_key,
	s.assigned_at, s.ended_at, s.conversation_id,
	s.segment_no, s.agent_id, s.skill_id, s.participation,
	s.dialog, s.agent_messages, s.agent_responses, NULL, NULL, NULL,
	NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM goaltracker.agent_segment AS s
UNION ALL
SELECT g.account_id, g.consumer_id, 'goal event', g.goal_event_key,
	g.reached_at, NULL, NULL,
	NULL, NULL, NULL, NULL,
	NULL, NULL, NULL, g.goal_event_id, g.goal_id, g.event_type,
	g.lead_value, g.transaction_value, g.currency, g.brand_event_id,
	g.topic, g.service_activity_status, g.session_id
FROM goaltracker.goal_event AS g;

COMMENT ON VIEW goaltracker._timeline IS
	'conversations, agent segments and goal events, as entries of journeys';

CREATE VIEW goaltracker._journey AS
SELECT t.account_id, t.consumer_id,
	goaltracker.journey(t.entry, t.entry_key, t.starts_at, t.ends_at, t.conversation_id,
		t.segment_no, t.agent_id, t.skill_id, t.participation, t.dialog, t.agent_messages,
		t.agent_responses, t.goal_event_id, t.goal_id, t.event_type, t.lead_value,
		t.transaction_value, t.currency, t.brand_event_id, t.topic,
		t.service_activity_status, t.session_id) AS journey
FROM goaltracker._timeline AS t
GROUP BY t.account_id, t.consumer_id;

COMMENT ON VIEW goaltracker._journey IS 'the journey of each consumer';

CREATE FUNCTION goaltracker._rules(wanted_account_id text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object(
	'credited_user_types', coalesce(
		(SELECT to_jsonb(a.credited_user_types)
		 FROM goaltracker.account AS a WHERE a.account_id = wanted_account_id),
		'["Human", "Bot", "System"]'),
	'max_touchpoints', coalesce(
		(SELECT a.max_touchpoints
		 FROM goaltracker.account AS a WHERE a.account_id = wanted_account_id), 200),
	'time_zone', coalesce(
		(SELECT a.time_zone
		 FROM goaltracker.account AS a WHERE a.account_id = wanted_account_id), 'UTC'),
	'agents', coalesce(
		(SELECT jsonb_object_agg(a.agent_id, a.user_type)
		 FROM goaltracker.agent AS a
		 WHERE a.account_id = wanted_account_id AND a.user_type <> 'Human'), '{}'),
	'post_survey_bots', coalesce(
		(SELECT jsonb_agg(a.agent_id)
		 FROM goaltracker.agent AS a
		 WHERE a.account_id = wanted_account_id AND a.is_post_survey_bot), '[]'),
	'goals', coalesce(
		(SELECT jsonb_object_agg(g.goal_id, g.goal_type)
		 FROM goaltracker.goal AS g
		 WHERE g.account_id = wanted_account_id), '{}'));

COMMENT ON FUNCTION goaltracker._rules(text) IS
	'what an account says about attribution, as touchpoints() takes it';

CREATE FUNCTION goaltracker._touchpoint_rows(account_id text, journey goaltracker.journey,
	rules jsonb)
RETURNS SETOF goaltracker.touchpoint
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 10
AS 'MODULE_PATHNAME', 'goaltracker_touchpoint_rows';

COMMENT ON FUNCTION goaltracker._touchpoint_rows(text, goaltracker.journey, jsonb) IS
	'the rows of touchpoint for a journey';

CREATE FUNCTION goaltracker._goal_outcome_rows(account_id text, consumer_id text,
	journey goaltracker.journey, rules jsonb)
RETURNS SETOF goaltracker.goal_outcome
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 2
AS 'MODULE_PATHNAME', 'goaltracker_goal_outcome_rows';

COMMENT ON FUNCTION goaltracker._goal_outcome_rows(text, text, goaltracker.journey, jsonb) IS
	'the rows of goal_outcome for a journey, without what belongs to a refresh: updated_at, touchpoints_hash';

-- ---------------------------------------------------------------------------
-- The state of refresh
-- ---------------------------------------------------------------------------

-- Refreshes take turns by updating the one row of this table.  An advisory lock
-- would do under READ COMMITTED; a row also makes a refresh under REPEATABLE
-- READ fail, as it must, when another one has committed since its snapshot.
--
-- The row also gives each turn its time, which is that of updated_at.  A turn ends
-- with its transaction, so turns come in the order in which refreshes commit, and
-- their times do: a refresh of which a reader does not see anything yet has a later
-- one than all that he sees, however long it takes.  The start of a transaction
-- would not do, since a refresh waits for its turn; nor would the clock alone, which
-- may be set back, or be another server's: a dump does not take the row along, and the
-- first turn after a restore looks for the latest time that was.
CREATE TABLE goaltracker._refresh_turn (
	turns				bigint NOT NULL,
	turn_at				timestamptz NOT NULL
);

INSERT INTO goaltracker._refresh_turn (turns, turn_at) VALUES (0, '-infinity');

ALTER TABLE goaltracker._refresh_turn REPLICA IDENTITY FULL;

COMMENT ON TABLE goaltracker._refresh_turn IS 'one row, which each refresh updates first';
COMMENT ON COLUMN goaltracker._refresh_turn.turns IS 'how many refreshes there were';
COMMENT ON COLUMN goaltracker._refresh_turn.turn_at IS
	'when the last turn was taken; each is later than the one before, whatever the clock says';

CREATE TABLE goaltracker._first_refresh (
	account_id			text COLLATE "C" NOT NULL,
	done_to				text COLLATE "C" NOT NULL,
	noted_at			timestamptz,
	CONSTRAINT _first_refresh_pkey PRIMARY KEY (account_id)
);

COMMENT ON TABLE goaltracker._first_refresh IS
	'accounts whose first refresh is under way, consumer after consumer';
COMMENT ON COLUMN goaltracker._first_refresh.account_id IS 'account';
COMMENT ON COLUMN goaltracker._first_refresh.done_to IS
	'the last consumer done; an empty text: none yet';
COMMENT ON COLUMN goaltracker._first_refresh.noted_at IS
	'when the oldest of the changes was noted that wait for it';

-- ---------------------------------------------------------------------------
-- Refresh, step by step
-- ---------------------------------------------------------------------------

-- Every consumer of an account that has facts or outcomes.
CREATE VIEW goaltracker._consumer AS
SELECT c.account_id, c.consumer_id FROM goaltracker.conversation AS c
UNION
SELECT s.account_id, s.consumer_id FROM goaltracker.agent_segment AS s
UNION
SELECT g.account_id, g.consumer_id FROM goaltracker.goal_event AS g
UNION
SELECT o.account_id, o.consumer_id FROM goaltracker.goal_outcome AS o;

COMMENT ON VIEW goaltracker._consumer IS 'every consumer that has facts or outcomes';

-- Consumers that changes of wider scope concern.  A note on an account that
-- refresh has never begun with is not among them: its first refresh goes
-- through all of it.
--
-- OFFSET 0 keeps the planner from reading the consumers of all accounts before
-- it is known whether any account is concerned.
CREATE VIEW goaltracker._changed_in_scope AS
SELECT c.account_id, c.consumer_id
FROM goaltracker.refreshed_account AS r
CROSS JOIN LATERAL (
	SELECT c.account_id, c.consumer_id
	FROM goaltracker._consumer AS c
	WHERE c.account_id = r.account_id
	OFFSET 0
) AS c
WHERE EXISTS (
	SELECT FROM goaltracker.changed_scope AS n
	WHERE n.scope = 'everything'
		OR (n.scope = 'account' AND n.account_id = r.account_id))
UNION
SELECT s.account_id, s.consumer_id
FROM goaltracker.changed_scope AS n
JOIN goaltracker.agent_segment AS s ON s.account_id = n.account_id AND s.agent_id = n.id
JOIN goaltracker.refreshed_account AS r ON r.account_id = n.account_id
WHERE n.scope = 'agent'
UNION
SELECT g.account_id, g.consumer_id
FROM goaltracker.changed_scope AS n
JOIN goaltracker.goal_event AS g ON g.account_id = n.account_id AND g.goal_id = n.id
JOIN goaltracker.refreshed_account AS r ON r.account_id = n.account_id
WHERE n.scope = 'goal';

COMMENT ON VIEW goaltracker._changed_in_scope IS
	'consumers whom a changed account, agent or goal concerns';

-- The error PostgreSQL would raise itself names a statement that the user never
-- wrote; the code is the same.
CREATE FUNCTION goaltracker._refuse_read_only(purpose text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'cannot % on a standby server', purpose
			USING ERRCODE = 'read_only_sql_transaction',
				HINT = 'Do it on the primary server; the outcome arrives here by replication.';
	END IF;
	IF current_setting('transaction_read_only')::boolean THEN
		RAISE EXCEPTION 'cannot % in a read-only transaction', purpose
			USING ERRCODE = 'read_only_sql_transaction',
				HINT = 'Use a transaction that is READ WRITE; default_transaction_read_only may be on.';
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._refuse_read_only(text) IS
	'raises an error where nothing can be written: on a standby server, in a read-only transaction';

CREATE FUNCTION goaltracker._take_turn()
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT goaltracker._refuse_read_only('refresh');
	UPDATE goaltracker._refresh_turn AS t
	SET turns = t.turns + 1,
		turn_at = greatest(clock_timestamp(), interval '1 microsecond' + CASE
			WHEN isfinite(t.turn_at) THEN t.turn_at
			ELSE (SELECT max(o.updated_at) FROM goaltracker.goal_outcome AS o)
		END);
$$;

COMMENT ON FUNCTION goaltracker._take_turn() IS
	'waits until no other refresh is under way, until the end of the transaction';

-- Takes the turn and moves what was loaded under an alias.  Returns the aliases it
-- looked at, for _end_refresh.
CREATE FUNCTION goaltracker._begin_refresh(OUT started_at timestamptz,
	OUT alias_accounts text[], OUT aliases text[])
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM goaltracker._take_turn();
	-- what is committed by then is seen: not later than the snapshot
	started_at := CASE
			WHEN current_setting('transaction_isolation') = 'read committed'
				THEN clock_timestamp()
			ELSE transaction_timestamp()
		END;
	SELECT coalesce(array_agg(p.account_id), '{}'), coalesce(array_agg(p.alias), '{}')
	INTO alias_accounts, aliases
	FROM (
		SELECT a.account_id, a.alias
		FROM goaltracker.changed_consumer AS c
		JOIN goaltracker.consumer_alias AS a
			ON a.account_id = c.account_id AND a.alias = c.consumer_id
		UNION
		SELECT a.account_id, a.alias
		FROM goaltracker.changed_scope AS n
		JOIN goaltracker.consumer_alias AS a ON a.account_id = n.account_id
		WHERE n.scope = 'account') AS p;
	IF aliases <> '{}' THEN
		PERFORM goaltracker._move_aliased(alias_accounts, aliases);
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._begin_refresh() IS
	'first step of a refresh: takes the turn, moves what was loaded under an alias';

-- The planner does not know how few notes there are.
--
-- In the functions named _work all statements share one snapshot: they are called
-- through their namesakes, which see to that.
CREATE FUNCTION goaltracker._expand_notes_work()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM goaltracker.changed_scope) THEN
		RETURN;
	END IF;
	INSERT INTO goaltracker.changed_consumer (account_id, consumer_id, noted_at)
	SELECT c.account_id, c.consumer_id, n.noted_at
	FROM goaltracker._changed_in_scope AS c
	LEFT JOIN (
		SELECT r.account_id, min(n.noted_at) AS noted_at
		FROM goaltracker.refreshed_account AS r
		JOIN goaltracker.changed_scope AS n
			ON n.account_id = r.account_id OR n.account_id IS NULL
		GROUP BY r.account_id) AS n ON n.account_id = c.account_id;
	INSERT INTO goaltracker._first_refresh (account_id, done_to, noted_at)
	SELECT n.account_id, '', min(n.noted_at)
	FROM goaltracker.changed_scope AS n
	WHERE n.scope = 'account'
		AND NOT EXISTS (
			SELECT FROM goaltracker.refreshed_account AS r
			WHERE r.account_id = n.account_id)
	GROUP BY n.account_id;
	INSERT INTO goaltracker.refreshed_account (account_id)
	SELECT f.account_id FROM goaltracker._first_refresh AS f
	WHERE NOT EXISTS (
			SELECT FROM goaltracker.refreshed_account AS r
			WHERE r.account_id = f.account_id);
	DELETE FROM goaltracker.changed_scope;
END
$$;

COMMENT ON FUNCTION goaltracker._expand_notes_work() IS
	'second step of a refresh: finds out which consumers changes of wider scope concern';

CREATE FUNCTION goaltracker._expand_notes()
RETURNS void
LANGUAGE c SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'goaltracker_in_one_snapshot';

COMMENT ON FUNCTION goaltracker._expand_notes() IS '_expand_notes_work() in one snapshot';

-- What _fill writes.  The cost is what makes a parallel plan of it, whatever the
-- planner thinks of the settings.
CREATE FUNCTION goaltracker._fill_rows(account_id text, after_consumer text,
	up_to_consumer text, rules jsonb, updated_at timestamptz)
RETURNS SETOF bytea
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 10000
AS 'MODULE_PATHNAME', 'goaltracker_fill_rows';

COMMENT ON FUNCTION goaltracker._fill_rows(text, text, text, jsonb, timestamptz) IS
	'rows of touchpoint and goal_outcome, many in a value, for consumers behind the first and up to the second who have no note';

-- The first refresh of an account, or a part of it: there are no rows to compare
-- with, so they are written as they come (fill.c).
--
-- The planner would rather sort than read all of a covering index in its order,
-- and a sort takes longer, and memory.  Workers read, and this process writes.
CREATE FUNCTION goaltracker._fill(wanted_account_id text, bounds text[], rules jsonb,
	updated_at timestamptz, OUT consumers bigint, OUT goal_events bigint,
	OUT touchpoints bigint)
RETURNS record
LANGUAGE c STRICT
SET search_path = pg_catalog, pg_temp
SET enable_sort = off
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
SET parallel_leader_participation = off
SET parallel_setup_cost = 0
SET parallel_tuple_cost = 0
AS 'MODULE_PATHNAME', 'goaltracker_fill';

COMMENT ON FUNCTION goaltracker._fill(text, text[], jsonb, timestamptz) IS
	'writes the outcomes and touchpoints of consumers that have none yet, those behind the first bound and up to the last';

-- Consumers that part a range into pieces of about the same size, for workers; a
-- few pages of goal events tell them well enough.
CREATE FUNCTION goaltracker._inner_bounds(wanted_account_id text, after_consumer text,
	up_to_consumer text)
RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	npages bigint;
	inner_bounds text[];
BEGIN
	npages := pg_relation_size('goaltracker.goal_event')
		/ current_setting('block_size')::bigint;
	IF npages < 100 THEN
		RETURN '{}';
	END IF;
	SELECT percentile_disc('{0.125,0.25,0.375,0.5,0.625,0.75,0.875}'::float8[])
		WITHIN GROUP (ORDER BY g.consumer_id)
	INTO inner_bounds
	FROM goaltracker.goal_event AS g TABLESAMPLE system (least(100.0, 10000.0 / npages)) REPEATABLE (0)
	WHERE g.account_id = wanted_account_id
		AND g.consumer_id > after_consumer
		AND g.consumer_id < up_to_consumer;
	RETURN coalesce((
		SELECT array_agg(DISTINCT b.bound) FROM unnest(inner_bounds) AS b (bound)
		WHERE b.bound IS NOT NULL), '{}');
END
$$;

COMMENT ON FUNCTION goaltracker._inner_bounds(text, text, text) IS
	'consumers that part a range into pieces of about the same size';

-- Consumers that changed: rows that are the same as before are left alone
-- (changed.c).
--
-- The planner, who does not know how few rows there are for a consumer, would
-- rather read whole tables, and compile the statements first.
CREATE FUNCTION goaltracker._refresh_consumers(wanted_account_id text, consumer_ids text[],
	rules jsonb, updated_at timestamptz, OUT goal_events bigint, OUT touchpoints bigint,
	OUT written bigint, OUT removed bigint)
RETURNS record
LANGUAGE c STRICT
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
AS 'MODULE_PATHNAME', 'goaltracker_refresh_consumers';

COMMENT ON FUNCTION goaltracker._refresh_consumers(text, text[], jsonb, timestamptz) IS
	'brings the outcomes and touchpoints of some consumers up to date; they are distinct and in order';

-- A part of an account's first refresh: as many consumers with goal events as
-- the batch has, or all; true when no account is left that has one under way.
CREATE FUNCTION goaltracker._fill_part(batch_size integer, OUT is_done boolean,
	OUT consumers bigint, OUT goal_events bigint, OUT touchpoints bigint)
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part goaltracker._first_refresh;
	up_to_consumer text;
	is_last boolean := true;
BEGIN
	consumers := 0;
	goal_events := 0;
	touchpoints := 0;
	SELECT f.* INTO part
	FROM goaltracker._first_refresh AS f ORDER BY f.account_id LIMIT 1;
	is_done := NOT FOUND;
	IF is_done THEN
		RETURN;
	END IF;
	IF batch_size IS NOT NULL THEN
		SELECT b.consumer_id INTO up_to_consumer
		FROM (
			SELECT DISTINCT g.consumer_id
			FROM goaltracker.goal_event AS g
			WHERE g.account_id = part.account_id AND g.consumer_id > part.done_to
			ORDER BY g.consumer_id) AS b
		OFFSET batch_size - 1 LIMIT 1;
		is_last := NOT FOUND;
	END IF;
	IF is_last THEN
		SELECT max(t.consumer_id) INTO up_to_consumer
		FROM goaltracker._timeline AS t
		WHERE t.account_id = part.account_id;
		DELETE FROM goaltracker._first_refresh AS f WHERE f.account_id = part.account_id;
	ELSE
		UPDATE goaltracker._first_refresh AS f SET done_to = up_to_consumer
		WHERE f.account_id = part.account_id;
	END IF;
	IF up_to_consumer > part.done_to THEN
		SELECT f.* INTO consumers, goal_events, touchpoints
		FROM goaltracker._fill(
			part.account_id,
			part.done_to
				|| goaltracker._inner_bounds(part.account_id, part.done_to, up_to_consumer)
				|| up_to_consumer,
			goaltracker._rules(part.account_id),
			(SELECT t.turn_at FROM goaltracker._refresh_turn AS t)) AS f;
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._fill_part(integer) IS
	'a part of an account''s first refresh, or all of it';

-- One batch: a part of an account's first refresh as long as there is any, then
-- changed consumers in order, behind the position that the step before reached.
-- Notes that come in behind the position wait for the next refresh, so that a
-- refresh ends however fast loads go on.
CREATE FUNCTION goaltracker._refresh_step_work(batch_size integer, INOUT at_account text,
	INOUT at_consumer text, OUT is_done boolean, OUT consumers bigint,
	OUT goal_events bigint, OUT touchpoints bigint, OUT written bigint, OUT removed bigint)
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	next_account text;
	after_consumer text;
	up_to_consumer text;
	consumer_ids text[];
BEGIN
	-- A load that began before the first refresh of its account has left a note for
	-- the account.  Committed between two parts, it may have given a goal event of a
	-- consumer who is done to one who is not: those have to be compared.
	IF EXISTS (
		SELECT FROM goaltracker._first_refresh AS f
		JOIN goaltracker.changed_scope AS n
			ON n.scope = 'everything' OR (n.scope = 'account' AND n.account_id = f.account_id))
	THEN
		PERFORM goaltracker._expand_notes_work();
	END IF;
	SELECT f.is_done, f.consumers, f.goal_events, f.touchpoints
	INTO is_done, consumers, goal_events, touchpoints
	FROM goaltracker._fill_part(batch_size) AS f;
	written := touchpoints;
	removed := 0;
	IF NOT is_done THEN
		RETURN;
	END IF;

	PERFORM goaltracker._ensure_indexes();
	SELECT c.account_id INTO next_account
	FROM goaltracker.changed_consumer AS c
	WHERE (c.account_id, c.consumer_id) > (at_account, at_consumer)
	ORDER BY c.account_id, c.consumer_id LIMIT 1;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	is_done := false;
	after_consumer := CASE WHEN next_account = at_account THEN at_consumer ELSE '' END;
	SELECT max(b.consumer_id) INTO up_to_consumer
	FROM (
		SELECT DISTINCT c.consumer_id
		FROM goaltracker.changed_consumer AS c
		WHERE c.account_id = next_account AND c.consumer_id > after_consumer
		ORDER BY c.consumer_id
		LIMIT batch_size) AS b;
	WITH taken AS (
		DELETE FROM goaltracker.changed_consumer AS c
		WHERE c.account_id = next_account
			AND c.consumer_id > after_consumer
			AND c.consumer_id <= up_to_consumer
		RETURNING c.consumer_id
	)
	SELECT array_agg(DISTINCT t.consumer_id ORDER BY t.consumer_id) INTO consumer_ids
	FROM taken AS t;
	SELECT r.* INTO goal_events, touchpoints, written, removed
	FROM goaltracker._refresh_consumers(next_account, consumer_ids,
		goaltracker._rules(next_account),
		(SELECT t.turn_at FROM goaltracker._refresh_turn AS t)) AS r;
	consumers := cardinality(consumer_ids);
	at_account := next_account;
	at_consumer := up_to_consumer;
END
$$;

COMMENT ON FUNCTION goaltracker._refresh_step_work(integer, text, text) IS
	'a step of a refresh: the next batch of consumers';

CREATE FUNCTION goaltracker._refresh_step(batch_size integer, INOUT at_account text,
	INOUT at_consumer text, OUT is_done boolean, OUT consumers bigint,
	OUT goal_events bigint, OUT touchpoints bigint, OUT written bigint, OUT removed bigint)
RETURNS record
LANGUAGE c SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'goaltracker_in_one_snapshot';

COMMENT ON FUNCTION goaltracker._refresh_step(integer, text, text) IS
	'_refresh_step_work() in one snapshot';

-- Rows loaded under an alias that another transaction had locked stay where
-- they are; their aliases wait for the next refresh.
CREATE FUNCTION goaltracker._end_refresh(started_at timestamptz, alias_accounts text[],
	aliases text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO goaltracker.changed_consumer (account_id, consumer_id)
	SELECT p.account_id, p.alias
	FROM unnest(alias_accounts, aliases) AS p (account_id, alias)
	WHERE EXISTS (
			SELECT FROM goaltracker.conversation AS c
			WHERE c.account_id = p.account_id AND c.consumer_id = p.alias)
		OR EXISTS (
			SELECT FROM goaltracker.agent_segment AS s
			WHERE s.account_id = p.account_id AND s.consumer_id = p.alias)
		OR EXISTS (
			SELECT FROM goaltracker.goal_event AS g
			WHERE g.account_id = p.account_id AND g.consumer_id = p.alias);
	UPDATE goaltracker.refreshed_account AS r
	SET last_refreshed_at = least(started_at, clock_timestamp());
	PERFORM goaltracker._note_attribution(least(started_at, clock_timestamp()));
	PERFORM goaltracker._progress_end();
END
$$;

COMMENT ON FUNCTION goaltracker._end_refresh(timestamptz, text[], text[]) IS
	'last step of a refresh: says when it was';

-- All steps in the calling transaction.
CREATE FUNCTION goaltracker._refresh_all_work(started_at timestamptz, alias_accounts text[],
	aliases text[], OUT consumers bigint, OUT goal_events bigint, OUT touchpoints bigint,
	OUT written bigint, OUT removed bigint)
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	batch_size CONSTANT integer := 20000;
	step record;
	at_account text := '';
	at_consumer text := '';
BEGIN
	consumers := 0;
	goal_events := 0;
	touchpoints := 0;
	written := 0;
	removed := 0;
	PERFORM goaltracker._expand_notes_work();
	PERFORM goaltracker._begin_progress(NULL);
	LOOP
		SELECT f.* INTO step FROM goaltracker._fill_part(NULL) AS f;
		EXIT WHEN step.is_done;
		consumers := consumers + step.consumers;
		goal_events := goal_events + step.goal_events;
		touchpoints := touchpoints + step.touchpoints;
		written := written + step.touchpoints;
	END LOOP;
	LOOP
		SELECT s.* INTO step
		FROM goaltracker._refresh_step_work(batch_size, at_account, at_consumer) AS s;
		EXIT WHEN step.is_done;
		at_account := step.at_account;
		at_consumer := step.at_consumer;
		consumers := consumers + step.consumers;
		goal_events := goal_events + step.goal_events;
		touchpoints := touchpoints + step.touchpoints;
		written := written + step.written;
		removed := removed + step.removed;
	END LOOP;
	PERFORM goaltracker._end_refresh(started_at, alias_accounts, aliases);
END
$$;

COMMENT ON FUNCTION goaltracker._refresh_all_work(timestamptz, text[], text[]) IS
	'all steps of a refresh but the first';

CREATE FUNCTION goaltracker._refresh_all(started_at timestamptz, alias_accounts text[],
	aliases text[], OUT consumers bigint, OUT goal_events bigint, OUT touchpoints bigint,
	OUT written bigint, OUT removed bigint)
RETURNS record
LANGUAGE c SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'goaltracker_in_one_snapshot';

COMMENT ON FUNCTION goaltracker._refresh_all(timestamptz, text[], text[]) IS
	'_refresh_all_work() in one snapshot';

-- ---------------------------------------------------------------------------
-- Refresh, as users call it
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker.refresh(OUT consumers bigint, OUT goal_events bigint,
	OUT touchpoints bigint, OUT elapsed interval)
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	called_at CONSTANT timestamptz := clock_timestamp();
	beginning record;
	written bigint;
	removed bigint;
BEGIN
	beginning := goaltracker._begin_refresh();
	SELECT r.* INTO consumers, goal_events, touchpoints, written, removed
	FROM goaltracker._refresh_all(beginning.started_at, beginning.alias_accounts,
		beginning.aliases) AS r;
	IF consumers > 0 THEN
		PERFORM goaltracker._log_refresh(NULL, 'refresh', called_at, consumers, goal_events,
			written, removed, true);
	END IF;
	elapsed := clock_timestamp() - called_at;
END
$$;

COMMENT ON FUNCTION goaltracker.refresh() IS
	'brings the reports up to date with everything committed so far; returns the consumers looked at, their goal events and touchpoints, and the time it took';

CREATE FUNCTION goaltracker.rebuild(OUT consumers bigint, OUT goal_events bigint,
	OUT touchpoints bigint, OUT elapsed interval)
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	called_at CONSTANT timestamptz := clock_timestamp();
	beginning record;
	written bigint;
	thrown_away bigint;
BEGIN
	PERFORM goaltracker._refuse_read_only('rebuild');
	PERFORM goaltracker._take_turn();
	-- an account once refreshed stays one: loads under way may count on it
	INSERT INTO goaltracker.changed_scope (account_id, scope)
	SELECT r.account_id, 'account' FROM goaltracker.refreshed_account AS r
	UNION
	SELECT c.account_id, 'account' FROM goaltracker.conversation AS c GROUP BY c.account_id
	UNION
	SELECT s.account_id, 'account' FROM goaltracker.agent_segment AS s GROUP BY s.account_id
	UNION
	SELECT g.account_id, 'account' FROM goaltracker.goal_event AS g GROUP BY g.account_id;
	beginning := goaltracker._begin_refresh();
	DELETE FROM goaltracker.touchpoint;
	GET DIAGNOSTICS thrown_away = ROW_COUNT;
	DELETE FROM goaltracker.goal_outcome;
	DELETE FROM goaltracker._first_refresh;
	DELETE FROM goaltracker.refreshed_account;
	DELETE FROM goaltracker._outcome_count;
	SELECT r.* INTO consumers, goal_events, touchpoints, written
	FROM goaltracker._refresh_all(beginning.started_at, beginning.alias_accounts,
		beginning.aliases) AS r;
	PERFORM goaltracker._log_refresh(NULL, 'rebuild', called_at, consumers, goal_events,
		written, thrown_away, true);
	elapsed := clock_timestamp() - called_at;
END
$$;

COMMENT ON FUNCTION goaltracker.rebuild() IS
	'throws away what refresh has written and writes it again; the outcome is that of refresh()';

-- A procedure with SECURITY DEFINER or SET could not commit; the steps bring
-- their own.
CREATE PROCEDURE goaltracker.refresh_in_batches(batch_size integer DEFAULT 10000)
LANGUAGE plpgsql
AS $$
DECLARE
	called_at CONSTANT timestamptz := pg_catalog.clock_timestamp();
	beginning record;
	step record;
	at_account text := '';
	at_consumer text := '';
	refresh_no bigint;
BEGIN
	IF batch_size IS NULL OR batch_size < 1 THEN
		RAISE EXCEPTION USING
			ERRCODE = 'invalid_parameter_value',
			MESSAGE = pg_catalog.format('invalid batch size: %s',
				COALESCE(batch_size::text, 'NULL')),
			DETAIL = 'A batch has at least one consumer.';
	END IF;
	-- also an error where the caller's transaction could not be ended
	COMMIT;
	beginning := goaltracker._begin_refresh();
	PERFORM goaltracker._expand_notes();
	PERFORM goaltracker._begin_progress(batch_size);
	COMMIT;
	LOOP
		PERFORM goaltracker._take_turn();
		SELECT s.* INTO step
		FROM goaltracker._refresh_step(batch_size, at_account, at_consumer) AS s;
		IF step.consumers OPERATOR(pg_catalog.>) 0 THEN
			refresh_no := goaltracker._log_refresh(refresh_no, 'batches', called_at,
				step.consumers, step.goal_events, step.written, step.removed, false);
		END IF;
		COMMIT;
		EXIT WHEN step.is_done;
		at_account := step.at_account;
		at_consumer := step.at_consumer;
	END LOOP;
	PERFORM goaltracker._take_turn();
	IF refresh_no IS NOT NULL THEN
		PERFORM goaltracker._log_refresh(refresh_no, 'batches', called_at, 0, 0, 0, 0, true);
	END IF;
	PERFORM goaltracker._end_refresh(beginning.started_at, beginning.alias_accounts,
		beginning.aliases);
	COMMIT;
END
$$;

COMMENT ON PROCEDURE goaltracker.refresh_in_batches(integer) IS
	'refresh() in transactions of so many consumers each, for first loads and long backlogs';
