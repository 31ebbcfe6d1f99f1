-- ---------------------------------------------------------------------------
-- Consumers and their aliases
--
-- consumer_alias is flat: no consumer_id in it is itself an alias, so that one
-- look-up resolves an id.  link_consumer() and the importers keep it so.
--
-- An alias that link_consumer() made stands as it is.  One that a document named
-- (a visitor id) has named_at and named_by: when the conversation that names it
-- started, and its id.  It belongs to the consumer of the earliest such
-- conversation, whichever was loaded first; so it can pass to another consumer
-- later on, and what was loaded under it has to follow.  _loaded_under remembers
-- what that is.
--
-- Concurrency: importers share a lock on the account's aliases while they write
-- under resolved ids, link_consumer() has it alone.  So nothing is written under
-- an id that is just becoming an alias.
-- ---------------------------------------------------------------------------

COMMENT ON COLUMN goaltracker.consumer_alias.named_at IS
	'start of the earliest conversation that names the alias; null: linked by link_consumer';
COMMENT ON COLUMN goaltracker.consumer_alias.named_by IS
	'that conversation';
COMMENT ON COLUMN goaltracker.consumer_alias.replaced_consumer_id IS
	'the consumer to whom the alias belonged before';

CREATE FUNCTION goaltracker._lock_aliases(account_id text, alone boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- Any two numbers do, if nobody else uses them; a collision only makes somebody wait.
	class CONSTANT integer := hashtext('goaltracker.consumer_alias');
BEGIN
	IF alone THEN
		PERFORM pg_advisory_xact_lock(class, hashtext(account_id));
	ELSE
		PERFORM pg_advisory_xact_lock_shared(class, hashtext(account_id));
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._lock_aliases(text, boolean) IS
	'takes the lock on an account''s aliases until the end of the transaction, shared or alone';

-- Each alias goes from the consumer it belonged to (null: none) to another one.
-- Rows are locked in order of their keys, and one that changes hands meanwhile is
-- left to whoever changes it.
CREATE FUNCTION goaltracker._move_facts(account_id text, aliases text[], previous_ids text[], consumer_ids text[])
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	account CONSTANT text := _move_facts.account_id;
	nmoved bigint := 0;
	nrows bigint;
BEGIN
	WITH link AS (
		SELECT * FROM unnest(aliases, previous_ids, consumer_ids) AS l (alias, previous_id, consumer_id)
	), locked AS MATERIALIZED (
		SELECT c.conversation_id, l.alias, l.consumer_id
		FROM link AS l
		JOIN goaltracker.conversation AS c
			ON c.account_id = account AND c.consumer_id = ANY (ARRAY[l.alias, l.previous_id])
		WHERE c.consumer_id <> l.consumer_id
		AND (c.consumer_id = l.alias OR EXISTS (
			SELECT FROM goaltracker._loaded_under AS u
			WHERE u.account_id = account AND u.fact = 'conversation'
			AND u.fact_id = c.conversation_id AND u.alias = l.alias))
		ORDER BY c.conversation_id
		FOR UPDATE OF c
	), moved AS (
		UPDATE goaltracker.conversation AS c
		SET consumer_id = k.consumer_id
		FROM locked AS k
		WHERE c.account_id = account AND c.conversation_id = k.conversation_id
		RETURNING c.conversation_id, k.alias
	), remembered AS (
		INSERT INTO goaltracker._loaded_under (account_id, fact, fact_id, alias)
		SELECT account, 'conversation', conversation_id, alias
		FROM moved
		ORDER BY conversation_id
		ON CONFLICT DO NOTHING
	)
	SELECT count(*) INTO nrows FROM moved;
	nmoved := nmoved + nrows;

	-- Segments follow their conversation; these are the others.
	WITH link AS (
		SELECT * FROM unnest(aliases, previous_ids, consumer_ids) AS l (alias, previous_id, consumer_id)
	), locked AS MATERIALIZED (
		SELECT s.conversation_id, s.segment_no, l.consumer_id
		FROM link AS l
		JOIN goaltracker.agent_segment AS s
			ON s.account_id = account AND s.consumer_id = ANY (ARRAY[l.alias, l.previous_id])
		WHERE s.consumer_id <> l.consumer_id
		AND (s.consumer_id = l.alias OR EXISTS (
			SELECT FROM goaltracker._loaded_under AS u
			WHERE u.account_id = account AND u.fact = 'conversation'
			AND u.fact_id = s.conversation_id AND u.alias = l.alias))
		ORDER BY s.conversation_id, s.segment_no
		FOR UPDATE OF s
	)
	UPDATE goaltracker.agent_segment AS s
	SET consumer_id = k.consumer_id
	FROM locked AS k
	WHERE s.account_id = account AND s.conversation_id = k.conversation_id AND s.segment_no = k.segment_no;
	GET DIAGNOSTICS nrows = ROW_COUNT;
	nmoved := nmoved + nrows;

	WITH link AS (
		SELECT * FROM unnest(aliases, previous_ids, consumer_ids) AS l (alias, previous_id, consumer_id)
	), locked AS MATERIALIZED (
		SELECT g.goal_event_id, l.alias, l.consumer_id
		FROM link AS l
		JOIN goaltracker.goal_event AS g
			ON g.account_id = account AND g.consumer_id = ANY (ARRAY[l.alias, l.previous_id])
		WHERE g.consumer_id <> l.consumer_id
		AND (g.consumer_id = l.alias OR EXISTS (
			SELECT FROM goaltracker._loaded_under AS u
			WHERE u.account_id = account AND u.fact = 'goal event'
			AND u.fact_id = g.goal_event_id AND u.alias = l.alias))
		ORDER BY g.goal_event_id
		FOR UPDATE OF g
	), moved AS (
		UPDATE goaltracker.goal_event AS g
		SET consumer_id = k.consumer_id
		FROM locked AS k
		WHERE g.account_id = account AND g.goal_event_id = k.goal_event_id
		RETURNING g.goal_event_id, k.alias
	), remembered AS (
		INSERT INTO goaltracker._loaded_under (account_id, fact, fact_id, alias)
		SELECT account, 'goal event', goal_event_id, alias
		FROM moved
		ORDER BY goal_event_id
		ON CONFLICT DO NOTHING
	)
	SELECT count(*) INTO nrows FROM moved;
	RETURN nmoved + nrows;
END
$$;

COMMENT ON FUNCTION goaltracker._move_facts(text, text[], text[], text[]) IS
	'gives what was loaded under each alias to its new consumer: what still stands under the alias, and what went to its previous consumer';

-- False where it would make a circle.  The caller has the lock on the account's
-- aliases for itself.
CREATE FUNCTION goaltracker._set_alias(account_id text, alias text, consumer_id text,
	named_at timestamptz, named_by text)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	account CONSTANT text := _set_alias.account_id;
	new_alias CONSTANT text := _set_alias.alias;
	target text := _set_alias.consumer_id;
	previous text;
BEGIN
	SELECT coalesce(max(a.consumer_id), target) INTO target
	FROM goaltracker.consumer_alias AS a
	WHERE a.account_id = account AND a.alias = target;
	IF target = new_alias COLLATE "C" THEN
		RETURN false;
	END IF;

	SELECT a.consumer_id INTO previous
	FROM goaltracker.consumer_alias AS a
	WHERE a.account_id = account AND a.alias = new_alias;

	INSERT INTO goaltracker.consumer_alias AS old (account_id, alias, consumer_id, named_at, named_by)
	VALUES (account, new_alias, target, _set_alias.named_at, _set_alias.named_by)
	ON CONFLICT (account_id, alias) DO UPDATE
	SET consumer_id = excluded.consumer_id, named_at = excluded.named_at, named_by = excluded.named_by,
		replaced_consumer_id = old.consumer_id
	WHERE (old.consumer_id, old.named_at, old.named_by)
		IS DISTINCT FROM (excluded.consumer_id, excluded.named_at, excluded.named_by);

	-- What pointed to the alias points to its consumer from now on.
	UPDATE goaltracker.consumer_alias AS a
	SET consumer_id = target
	WHERE a.account_id = account AND a.consumer_id = new_alias;

	PERFORM goaltracker._move_facts(account, ARRAY[new_alias], ARRAY[previous], ARRAY[target]);
	RETURN true;
END
$$;

COMMENT ON FUNCTION goaltracker._set_alias(text, text, text, timestamptz, text) IS
	'makes an id an alias of a consumer, flattens chains and moves what was loaded under it; false if that would be a circle';

CREATE FUNCTION goaltracker.link_consumer(account_id text, alias text, consumer_id text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
	PERFORM goaltracker._refuse_read_only('link a consumer');
	PERFORM goaltracker._check_account(account_id);
	IF alias IS NULL THEN
		RAISE EXCEPTION 'alias must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF consumer_id IS NULL THEN
		RAISE EXCEPTION 'consumer_id must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF octet_length(alias) NOT BETWEEN 1 AND 255 THEN
		PERFORM goaltracker._refuse_id('alias', alias);
	END IF;
	IF octet_length(consumer_id) NOT BETWEEN 1 AND 255 THEN
		PERFORM goaltracker._refuse_id('consumer_id', consumer_id);
	END IF;
	IF alias COLLATE "C" = consumer_id THEN
		RAISE EXCEPTION 'cannot link consumer "%" to itself', alias
			USING ERRCODE = 'invalid_parameter_value';
	END IF;

	PERFORM goaltracker._lock_aliases(account_id, true);
	IF NOT goaltracker._set_alias(account_id, alias, consumer_id, NULL, NULL) THEN
		RAISE EXCEPTION 'cannot link "%" to consumer "%": the links would make a circle', alias, consumer_id
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('"%s" is itself an alias of "%s".', consumer_id, alias);
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker.link_consumer(text, text, text) IS
	'what was and will be loaded under the alias (a visitor id, say) belongs to that consumer';

-- Aliases that documents name; what contradicts them is given back.  Also takes the
-- lock on the account's aliases, so an importer calls it before it writes, even
-- without any.
CREATE FUNCTION goaltracker._write_aliases(account_id text, aliases goaltracker._read_alias[])
RETURNS goaltracker._read_problem[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	account CONSTANT text := _write_aliases.account_id;
	earliest goaltracker._read_alias[];
	chained boolean;
	named goaltracker._read_alias;
	replaced goaltracker._read_problem[];
	circles goaltracker._read_problem[];
	contradictions goaltracker._read_problem[];
	moved_aliases text[];
	moved_from text[];
	moved_to text[];
BEGIN
	IF _write_aliases.aliases IS NULL THEN
		PERFORM goaltracker._lock_aliases(account, false);
		RETURN '{}';
	END IF;

	SELECT array_agg(a.a) INTO earliest
	FROM (
		SELECT DISTINCT ON (a.alias) a
		FROM unnest(_write_aliases.aliases) AS a
		ORDER BY a.alias, a.named_at, a.named_by, a.consumer_id
	) AS a;

	-- Chains need the lock alone and one step after the other; they are rare.
	SELECT bool_or(a.alias IN (SELECT consumer_id FROM unnest(_write_aliases.aliases)))
		OR EXISTS (
			SELECT FROM unnest(earliest) AS e
			JOIN goaltracker.consumer_alias AS c ON c.account_id = account AND c.consumer_id = e.alias)
	INTO chained
	FROM unnest(earliest) AS a;
	PERFORM goaltracker._lock_aliases(account, chained);

	-- What an earlier conversation takes over.
	SELECT array_agg(ROW(known.named_by,
			format('visitorId "%s" belongs to consumer "%s", not to "%s"',
				e.alias, coalesce(target.consumer_id, e.consumer_id), known.consumer_id),
			e.alias)::goaltracker._read_problem ORDER BY e.alias)
	INTO replaced
	FROM unnest(earliest) AS e
	LEFT JOIN goaltracker.consumer_alias AS target
		ON target.account_id = account AND target.alias = e.consumer_id
	JOIN goaltracker.consumer_alias AS known ON known.account_id = account AND known.alias = e.alias
	WHERE coalesce(target.consumer_id, e.consumer_id) NOT IN (known.consumer_id, e.alias)
	AND (e.named_at, e.named_by) < (known.named_at, known.named_by);

	IF chained THEN
		FOR named IN
			SELECT e.* FROM unnest(earliest) AS e
			WHERE NOT EXISTS (
				SELECT FROM goaltracker.consumer_alias AS known
				WHERE known.account_id = account AND known.alias = e.alias
				AND (known.named_at IS NULL OR (known.named_at, known.named_by) <= (e.named_at, e.named_by)))
			ORDER BY e.named_at, e.named_by, e.alias
		LOOP
			IF NOT goaltracker._set_alias(account, named.alias, named.consumer_id, named.named_at, named.named_by) THEN
				circles := circles || ROW(named.named_by,
					format('visitorId "%s" cannot belong to consumer "%s", which is an alias of it',
						named.alias, named.consumer_id),
					named.alias)::goaltracker._read_problem;
			END IF;
		END LOOP;
	ELSE
		WITH written AS (
			INSERT INTO goaltracker.consumer_alias AS old (account_id, alias, consumer_id, named_at, named_by)
			SELECT account, e.alias, coalesce(target.consumer_id, e.consumer_id), e.named_at, e.named_by
			FROM unnest(earliest) AS e
			LEFT JOIN goaltracker.consumer_alias AS target
				ON target.account_id = account AND target.alias = e.consumer_id
			LEFT JOIN goaltracker.consumer_alias AS known
				ON known.account_id = account AND known.alias = e.alias
			WHERE coalesce(target.consumer_id, e.consumer_id) <> e.alias
			AND (known.alias IS NULL OR (e.named_at, e.named_by, coalesce(target.consumer_id, e.consumer_id))
				< (known.named_at, known.named_by, known.consumer_id))
			ORDER BY e.alias
			ON CONFLICT (account_id, alias) DO UPDATE
			SET consumer_id = excluded.consumer_id, named_at = excluded.named_at, named_by = excluded.named_by,
				replaced_consumer_id = old.consumer_id
			WHERE (excluded.named_at, excluded.named_by, excluded.consumer_id)
				< (old.named_at, old.named_by, old.consumer_id)
			RETURNING alias, replaced_consumer_id, consumer_id
		)
		SELECT array_agg(alias), array_agg(replaced_consumer_id), array_agg(consumer_id)
		INTO moved_aliases, moved_from, moved_to
		FROM written
		WHERE consumer_id IS DISTINCT FROM replaced_consumer_id;
		IF moved_aliases IS NOT NULL THEN
			PERFORM goaltracker._move_facts(account, moved_aliases, moved_from, moved_to);
		END IF;
	END IF;

	-- What came too late, or against a link that was made by hand.
	SELECT array_agg(ROW(a.named_by,
			format('visitorId "%s" belongs to consumer "%s", not to "%s"',
				a.alias, known.consumer_id, coalesce(target.consumer_id, a.consumer_id)),
			a.alias)::goaltracker._read_problem ORDER BY a.alias, a.named_at, a.named_by)
	INTO contradictions
	FROM unnest(_write_aliases.aliases) AS a
	LEFT JOIN goaltracker.consumer_alias AS target
		ON target.account_id = account AND target.alias = a.consumer_id
	JOIN goaltracker.consumer_alias AS known ON known.account_id = account AND known.alias = a.alias
	WHERE coalesce(target.consumer_id, a.consumer_id) NOT IN (known.consumer_id, a.alias);

	RETURN coalesce(replaced, '{}') || circles || contradictions;
END
$$;

COMMENT ON FUNCTION goaltracker._write_aliases(text, goaltracker._read_alias[]) IS
	'writes the aliases that documents name, and gives back contradictions; takes the lock on the account''s aliases';

-- For refresh: what was loaded under an alias since it was linked.  Rows that
-- somebody has locked are left for the next time, a conversation also where one of
-- its segments is locked.
CREATE FUNCTION goaltracker._move_aliased(account_ids text[], consumer_ids text[])
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	link_accounts text[];
	link_aliases text[];
	link_consumers text[];
	nmoved bigint := 0;
	nrows bigint;
BEGIN
	SELECT array_agg(a.account_id), array_agg(a.alias), array_agg(a.consumer_id)
	INTO link_accounts, link_aliases, link_consumers
	FROM (
		SELECT DISTINCT p.account_id, p.consumer_id
		FROM unnest(_move_aliased.account_ids, _move_aliased.consumer_ids) AS p (account_id, consumer_id)
	) AS p
	JOIN goaltracker.consumer_alias AS a ON a.account_id = p.account_id AND a.alias = p.consumer_id;
	IF link_accounts IS NULL THEN
		RETURN 0;
	END IF;

	WITH link AS (
		SELECT *
		FROM unnest(link_accounts, link_aliases, link_consumers) AS l (account_id, alias, consumer_id)
	), own AS MATERIALIZED (
		SELECT c.account_id, c.conversation_id, l.alias, l.consumer_id
		FROM link AS l
		JOIN goaltracker.conversation AS c ON c.account_id = l.account_id AND c.consumer_id = l.alias
		ORDER BY c.account_id, c.conversation_id
		FOR UPDATE OF c SKIP LOCKED
	), own_segment AS MATERIALIZED (
		SELECT s.account_id, s.conversation_id, s.segment_no
		FROM own AS o
		JOIN goaltracker.agent_segment AS s ON s.account_id = o.account_id AND s.conversation_id = o.conversation_id
		WHERE s.consumer_id = o.alias
		ORDER BY s.account_id, s.conversation_id, s.segment_no
		FOR UPDATE OF s SKIP LOCKED
	), free AS MATERIALIZED (
		SELECT o.account_id, o.conversation_id, o.alias, o.consumer_id
		FROM own AS o
		WHERE NOT EXISTS (
			SELECT FROM goaltracker.agent_segment AS s
			WHERE s.account_id = o.account_id AND s.conversation_id = o.conversation_id
			AND s.consumer_id = o.alias
			AND NOT EXISTS (
				SELECT FROM own_segment AS k
				WHERE k.account_id = s.account_id AND k.conversation_id = s.conversation_id
				AND k.segment_no = s.segment_no))
	), moved AS (
		UPDATE goaltracker.conversation AS c
		SET consumer_id = f.consumer_id
		FROM free AS f
		WHERE c.account_id = f.account_id AND c.conversation_id = f.conversation_id
		RETURNING c.account_id, c.conversation_id, f.alias
	), remembered AS (
		INSERT INTO goaltracker._loaded_under (account_id, fact, fact_id, alias)
		SELECT account_id, 'conversation', conversation_id, alias
		FROM moved
		ORDER BY account_id, conversation_id
		ON CONFLICT DO NOTHING
	)
	SELECT count(*) INTO nrows FROM moved;
	nmoved := nmoved + nrows;

	WITH link AS (
		SELECT *
		FROM unnest(link_accounts, link_aliases, link_consumers) AS l (account_id, alias, consumer_id)
	), locked AS MATERIALIZED (
		SELECT s.account_id, s.conversation_id, s.segment_no, l.consumer_id
		FROM link AS l
		JOIN goaltracker.agent_segment AS s ON s.account_id = l.account_id AND s.consumer_id = l.alias
		ORDER BY s.account_id, s.conversation_id, s.segment_no
		FOR UPDATE OF s SKIP LOCKED
	)
	UPDATE goaltracker.agent_segment AS s
	SET consumer_id = k.consumer_id
	FROM locked AS k
	WHERE s.account_id = k.account_id AND s.conversation_id = k.conversation_id AND s.segment_no = k.segment_no;
	GET DIAGNOSTICS nrows = ROW_COUNT;
	nmoved := nmoved + nrows;

	WITH link AS (
		SELECT *
		FROM unnest(link_accounts, link_aliases, link_consumers) AS l (account_id, alias, consumer_id)
	), locked AS MATERIALIZED (
		SELECT g.account_id, g.goal_event_id, l.alias, l.consumer_id
		FROM link AS l
		JOIN goaltracker.goal_event AS g ON g.account_id = l.account_id AND g.consumer_id = l.alias
		ORDER BY g.account_id, g.goal_event_id
		FOR UPDATE OF g SKIP LOCKED
	), moved AS (
		UPDATE goaltracker.goal_event AS g
		SET consumer_id = k.consumer_id
		FROM locked AS k
		WHERE g.account_id = k.account_id AND g.goal_event_id = k.goal_event_id
		RETURNING g.account_id, g.goal_event_id, k.alias
	), remembered AS (
		INSERT INTO goaltracker._loaded_under (account_id, fact, fact_id, alias)
		SELECT account_id, 'goal event', goal_event_id, alias
		FROM moved
		ORDER BY account_id, goal_event_id
		ON CONFLICT DO NOTHING
	)
	SELECT count(*) INTO nrows FROM moved;
	RETURN nmoved + nrows;
END
$$;

COMMENT ON FUNCTION goaltracker._move_aliased(text[], text[]) IS
	'gives what still stands under pending consumers that are aliases to their consumers, without waiting for anybody; the number of rows moved';
