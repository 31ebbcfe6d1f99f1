-- ---------------------------------------------------------------------------
-- What the importers share: soft conversions, what they remember, and writing
--
-- An importer works in two steps.  Reading (71, 72) turns a whole document into
-- arrays of plain rows, in one statement in which nothing can fail: a value that
-- cannot be used becomes NULL and a problem.  Writing puts each array into its
-- table with one statement.
--
-- Order of locks, the same for every importer, so that two of them on
-- overlapping documents wait for each other but never deadlock: the account's
-- aliases (an advisory lock), consumer_alias, _imported_conversation,
-- conversation, agent_segment, goal, goal_event, _loaded_under, _imported_name,
-- the dimensions; within a table in order of its key.  Names come last because
-- every document of an account touches the same few.
--
-- Statements that write are planned anew for each call: a plan that was made for
-- empty tables and kept would read whole tables long after.  Reading touches no
-- table, its one large plan is kept.
-- ---------------------------------------------------------------------------

-- The key is a name because names have collation "C", and so the result has it.
CREATE FUNCTION goaltracker._json_text(part jsonb, key name)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_json_text';

COMMENT ON FUNCTION goaltracker._json_text(jsonb, name) IS
	'the text or number under a key; null for everything that means nothing';

CREATE FUNCTION goaltracker._json_name(part jsonb, key name)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_json_name';

COMMENT ON FUNCTION goaltracker._json_name(jsonb, name) IS
	'the name under a key; null for everything that means nothing, and for Unassigned';

CREATE FUNCTION goaltracker._json_id(part jsonb, key name)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_json_id';

COMMENT ON FUNCTION goaltracker._json_id(jsonb, name) IS
	'the id of 1 to 255 bytes under a key; null for nothing and for what is no id';

CREATE FUNCTION goaltracker._json_time(part jsonb, key name)
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_json_time';

COMMENT ON FUNCTION goaltracker._json_time(jsonb, name) IS
	'the instant under a key, given in milliseconds since 1970; null for nothing and for what is no instant';

CREATE FUNCTION goaltracker._json_amount(part jsonb, key name)
RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_json_amount';

COMMENT ON FUNCTION goaltracker._json_amount(jsonb, name) IS
	'the amount under a key as numeric(20,4); null for nothing and for what is no such amount';

CREATE FUNCTION goaltracker._json_integer(part jsonb, key name)
RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_json_integer';

COMMENT ON FUNCTION goaltracker._json_integer(jsonb, name) IS
	'the whole number under a key; null for nothing and for what is no such number';

CREATE FUNCTION goaltracker._json_list(part jsonb, key name)
RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_json_list';

COMMENT ON FUNCTION goaltracker._json_list(jsonb, name) IS
	'the array under a key, or the array of the one object there; null for anything else';

CREATE FUNCTION goaltracker._json_fault(part jsonb, ids text[], times text[], amounts text[])
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_json_fault';

COMMENT ON FUNCTION goaltracker._json_fault(jsonb, text[], text[], text[]) IS
	'which of the values under these keys is there and cannot be used; null where there is none';

CREATE FUNCTION goaltracker._split_records(document text, list_key text)
RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_split_records';

COMMENT ON FUNCTION goaltracker._split_records(text, text) IS
	'the records in the text of a JSON document: elements of an array, or of the array under a key';

-- ---------------------------------------------------------------------------
-- What the importers remember
-- ---------------------------------------------------------------------------

CREATE TABLE goaltracker._imported_conversation (
	account_id			text COLLATE "C" NOT NULL,
	conversation_id		text COLLATE "C" NOT NULL,
	is_closed			boolean NOT NULL,
	messages			integer NOT NULL,
	last_message_at		timestamptz NOT NULL,
	CONSTRAINT _imported_conversation_pkey PRIMARY KEY (account_id, conversation_id)
);

COMMENT ON TABLE goaltracker._imported_conversation IS
	'which version of a conversation was imported: closed beats open, then more messages, then the later last message';
COMMENT ON COLUMN goaltracker._imported_conversation.last_message_at IS
	'-infinity for a version without messages';

CREATE TABLE goaltracker._imported_name (
	account_id			text COLLATE "C" NOT NULL,
	what				text COLLATE "C" NOT NULL,
	id					text COLLATE "C" NOT NULL,
	value				text COLLATE "C" NOT NULL,
	as_of				timestamptz NOT NULL,
	CONSTRAINT _imported_name_pkey PRIMARY KEY (account_id, what, id)
);

COMMENT ON TABLE goaltracker._imported_name IS
	'the newest name that documents gave to a thing, and as of when, so that the order of loading does not matter';

CREATE TABLE goaltracker._loaded_under (
	account_id			text COLLATE "C" NOT NULL,
	fact				text COLLATE "C" NOT NULL,
	fact_id				text COLLATE "C" NOT NULL,
	alias				text COLLATE "C" NOT NULL,
	CONSTRAINT _loaded_under_pkey PRIMARY KEY (account_id, fact, fact_id)
);

COMMENT ON TABLE goaltracker._loaded_under IS
	'the alias under which a conversation or goal event was loaded, so that it follows its alias to another consumer';

CREATE INDEX _loaded_under_by_alias ON goaltracker._loaded_under (account_id, alias);

-- ---------------------------------------------------------------------------
-- Rows between reading and writing
-- ---------------------------------------------------------------------------

CREATE TYPE goaltracker._read_segment AS (
	segment_no			integer,
	agent_id			text COLLATE "C",
	skill_id			text COLLATE "C",
	group_id			text COLLATE "C",
	participation		text COLLATE "C",
	dialog				text COLLATE "C",
	assigned_at			timestamptz,
	ended_at			timestamptz,
	start_reason		text COLLATE "C",
	end_reason			text COLLATE "C",
	agent_messages		integer,
	agent_responses		integer
);

COMMENT ON TYPE goaltracker._read_segment IS
	'an agent segment as read from a document';

CREATE TYPE goaltracker._read_conversation AS (
	conversation_id		text COLLATE "C",
	consumer_id			text COLLATE "C",
	opened_at			timestamptz,
	closed_at			timestamptz,
	source				text COLLATE "C",
	campaign_id			text COLLATE "C",
	engagement_id		text COLLATE "C",
	messages			integer,
	last_message_at		timestamptz,
	segments			goaltracker._read_segment[]
);

COMMENT ON TYPE goaltracker._read_conversation IS
	'a conversation as read from a document, with what decides between its versions, and its segments';

CREATE TYPE goaltracker._read_goal_event AS (
	goal_event_id		text COLLATE "C",
	consumer_id			text COLLATE "C",
	goal_id				text COLLATE "C",
	event_type			text COLLATE "C",
	reached_at			timestamptz,
	lead_value			numeric(20, 4),
	transaction_value	numeric(20, 4),
	currency			text COLLATE "C",
	brand_event_id		text COLLATE "C",
	topic				text COLLATE "C",
	service_activity_status text COLLATE "C",
	session_id			text COLLATE "C",
	goal_name			text COLLATE "C",
	goal_type			text COLLATE "C"
);

COMMENT ON TYPE goaltracker._read_goal_event IS
	'a goal event as read from a document, with the goal to create where there is none';

CREATE TYPE goaltracker._read_name AS (
	what				text COLLATE "C",
	id					text COLLATE "C",
	value				text COLLATE "C",
	as_of				timestamptz
);

COMMENT ON TYPE goaltracker._read_name IS
	'a name as read from a document';

CREATE TYPE goaltracker._read_alias AS (
	alias				text COLLATE "C",
	consumer_id			text COLLATE "C",
	named_at			timestamptz,
	named_by			text COLLATE "C"
);

COMMENT ON TYPE goaltracker._read_alias IS
	'an alias of a consumer as read from a document: the conversation that names it, and when that started';

CREATE TYPE goaltracker._read_problem AS (
	record_id			text COLLATE "C",
	reason				text COLLATE "C",
	part				text COLLATE "C"
);

COMMENT ON TYPE goaltracker._read_problem IS
	'what could not be used of a document';

-- ---------------------------------------------------------------------------
-- Before reading: the account, and the records of a document
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._check_account(account_id text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF account_id IS NULL THEN
		RAISE EXCEPTION 'account_id must not be null'
			USING ERRCODE = 'null_value_not_allowed';
	END IF;
	IF octet_length(account_id) NOT BETWEEN 1 AND 255 THEN
		PERFORM goaltracker._refuse_id('account_id', account_id);
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._check_account(text) IS
	'refuses an account id that is null or has not 1 to 255 bytes';

-- What is taken for the list of records is decided here alone.
CREATE FUNCTION goaltracker._records_of(document jsonb, list_key name)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN pg_catalog.jsonb_typeof(document) = 'array' THEN document
	WHEN document ? list_key::text THEN
		coalesce(goaltracker._json_list(document, list_key),
			CASE pg_catalog.jsonb_typeof(document -> list_key::text)
				WHEN 'null' THEN '[]'::jsonb
				ELSE pg_catalog.jsonb_build_array(document -> list_key::text)
			END)
	ELSE pg_catalog.jsonb_build_array(document)
END;

COMMENT ON FUNCTION goaltracker._records_of(jsonb, name) IS
	'the array of records in a page, an array of records, or one record';

CREATE FUNCTION goaltracker._record_id(record jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(
	goaltracker._json_id(record -> 'info', 'conversationId'),
	goaltracker._json_id(pg_catalog.jsonb_path_query_first(record, '$.body.*.header.*'), 'visitId'));

COMMENT ON FUNCTION goaltracker._record_id(jsonb) IS
	'what import_problem calls a record of which nothing else is known: the id of the conversation or web session';

-- The text form.  Mostly jsonb takes the document, and it is read only once; where
-- jsonb refuses it, each record is tried for itself.
CREATE FUNCTION goaltracker._records_of_text(document text, list_key name,
	OUT records jsonb, OUT problems goaltracker._read_problem[])
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- What json takes as it stands and jsonb refuses: escapes for the character 0 and
	-- for halves of characters.  A backslash before one escapes it.
	refused CONSTANT text := '(?<!\\)((?:\\\\)*)\\u(?:0000|[dD][89a-fA-F][[:xdigit:]]{2})';
	detail text;
	parts text[];
	record text;
	record_id text;
	good jsonb[] := '{}';
BEGIN
	problems := '{}';
	BEGIN
		records := goaltracker._records_of(document::jsonb, list_key);
		RETURN;
	EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
		NULL;
	END;

	-- An escape for a character that a database without an encoding cannot hold is
	-- what feature_not_supported stands for.
	records := '[]';
	BEGIN
		BEGIN
			PERFORM document::json;
		EXCEPTION WHEN statement_too_complex THEN
			-- One record may be nested too deep, the others need not be.
			NULL;
		END;
		parts := goaltracker._split_records(document, list_key);
	EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		problems := ARRAY[ROW(NULL, 'the document is not JSON: ' || concat_ws(': ', SQLERRM, nullif(detail, '')),
			document)::goaltracker._read_problem];
		RETURN;
	END;

	FOREACH record IN ARRAY parts LOOP
		BEGIN
			good := good || record::jsonb;
		EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
			GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
			problems := problems || ROW(NULL, 'the record cannot be read: ' || concat_ws(': ', SQLERRM, nullif(detail, '')),
				record)::goaltracker._read_problem;
			BEGIN
				record_id := goaltracker._record_id(
					regexp_replace(record, refused, '\1\\ufffd', 'g')::jsonb);
				problems[cardinality(problems)].record_id := record_id;
			EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
				NULL;
			END;
		END;
	END LOOP;
	records := to_jsonb(good);
END
$$;

COMMENT ON FUNCTION goaltracker._records_of_text(text, name) IS
	'the array of records that jsonb takes, and what became of the others';

-- ---------------------------------------------------------------------------
-- Writing what several importers write
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._write_problems(account_id text, document_kind text,
	problems goaltracker._read_problem[])
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	nproblems integer;
BEGIN
	INSERT INTO goaltracker.import_problem (account_id, document_kind, record_id, reason, part)
	SELECT _write_problems.account_id, _write_problems.document_kind, p.record_id, p.reason,
		CASE WHEN length(p.part) > 1000 THEN left(p.part, 1000) || '...' ELSE p.part END
	FROM unnest(problems) AS p;
	GET DIAGNOSTICS nproblems = ROW_COUNT;
	RETURN nproblems;
END
$$;

COMMENT ON FUNCTION goaltracker._write_problems(text, text, goaltracker._read_problem[]) IS
	'records what was left out, and gives the number of problems';

-- Goals first: a goal event is never without its goal.  An existing goal, like an
-- existing goal event, stays as it is.
CREATE FUNCTION goaltracker._write_goal_events(account_id text, goal_events goaltracker._read_goal_event[])
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	account CONSTANT text := _write_goal_events.account_id;
	events CONSTANT goaltracker._read_goal_event[] := _write_goal_events.goal_events;
	nwritten integer;
BEGIN
	INSERT INTO goaltracker.goal (account_id, goal_id, goal_name, goal_type)
	SELECT DISTINCT ON (e.goal_id) account, e.goal_id, e.goal_name, e.goal_type
	FROM unnest(events) AS e
	WHERE e.goal_type IS NOT NULL
	AND NOT EXISTS (
		SELECT FROM goaltracker.goal AS g
		WHERE g.account_id = account AND g.goal_id = e.goal_id)
	ORDER BY e.goal_id, e.reached_at, e.goal_event_id
	ON CONFLICT DO NOTHING;

	WITH written AS (
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type,
			reached_at, lead_value, transaction_value, currency, brand_event_id, topic,
			service_activity_status, session_id)
		SELECT account, e.goal_event_id, coalesce(a.consumer_id, e.consumer_id), e.goal_id, e.event_type,
			e.reached_at, e.lead_value, e.transaction_value, e.currency, e.brand_event_id, e.topic,
			e.service_activity_status, e.session_id
		FROM unnest(events) AS e
		LEFT JOIN goaltracker.consumer_alias AS a ON a.account_id = account AND a.alias = e.consumer_id
		WHERE NOT EXISTS (
			SELECT FROM goaltracker.goal_event AS g
			WHERE g.account_id = account AND g.goal_event_id = e.goal_event_id)
		ORDER BY e.goal_event_id
		ON CONFLICT DO NOTHING
		RETURNING goal_event_id
	), aliased AS (
		INSERT INTO goaltracker._loaded_under AS old (account_id, fact, fact_id, alias)
		SELECT account, 'goal event', e.goal_event_id, a.alias
		FROM unnest(events) AS e
		JOIN goaltracker.consumer_alias AS a ON a.account_id = account AND a.alias = e.consumer_id
		-- IN under CASE is a look-up in a hash table, however few rows the planner expects.
		WHERE CASE WHEN e.goal_event_id IN (SELECT w.goal_event_id FROM written AS w) THEN true END
		ORDER BY e.goal_event_id
		ON CONFLICT (account_id, fact, fact_id) DO UPDATE
		SET alias = excluded.alias
		WHERE old.alias <> excluded.alias
	)
	SELECT count(*) INTO nwritten FROM written;
	RETURN nwritten;
END
$$;

COMMENT ON FUNCTION goaltracker._write_goal_events(text, goaltracker._read_goal_event[]) IS
	'writes goals and goal events that are not there yet; gives the number of goal events written';

-- Only names newer than the ones before go on to the dimensions.
CREATE FUNCTION goaltracker._write_names(account_id text, names goaltracker._read_name[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
	account CONSTANT text := _write_names.account_id;
	newer goaltracker._read_name[];
BEGIN
	WITH written AS (
		INSERT INTO goaltracker._imported_name AS old (account_id, what, id, value, as_of)
		SELECT account, n.what, n.id, n.value, n.as_of
		FROM unnest(_write_names.names) AS n
		LEFT JOIN goaltracker._imported_name AS known
			ON known.account_id = account AND known.what = n.what AND known.id = n.id
		WHERE known.id IS NULL OR (n.as_of, n.value) > (known.as_of, known.value)
		ORDER BY n.what, n.id
		ON CONFLICT (account_id, what, id) DO UPDATE
		SET value = excluded.value, as_of = excluded.as_of
		WHERE (excluded.as_of, excluded.value) > (old.as_of, old.value)
		RETURNING what, id, value, as_of
	)
	SELECT array_agg(ROW(w.what, w.id, w.value, w.as_of)::goaltracker._read_name) INTO newer
	FROM written AS w;
	IF newer IS NULL THEN
		RETURN;
	END IF;

	INSERT INTO goaltracker.skill AS old (account_id, skill_id, skill_name)
	SELECT account, n.id, n.value
	FROM unnest(newer) AS n
	LEFT JOIN goaltracker.skill AS known ON known.account_id = account AND known.skill_id = n.id
	WHERE n.what = 'skill' AND known.skill_name IS DISTINCT FROM n.value
	ORDER BY n.id
	ON CONFLICT (account_id, skill_id) DO UPDATE SET skill_name = excluded.skill_name;

	INSERT INTO goaltracker.agent AS old (account_id, agent_id, agent_name, login_name, user_type)
	SELECT account, n.id, coalesce(n.agent_name, known.agent_name), coalesce(n.login_name, known.login_name),
		coalesce(n.user_type, known.user_type, 'Human')
	FROM (
		SELECT id,
			max(value) FILTER (WHERE what = 'agent') AS agent_name,
			max(value) FILTER (WHERE what = 'agent login') AS login_name,
			max(value) FILTER (WHERE what = 'agent type') AS user_type
		FROM unnest(newer)
		WHERE what IN ('agent', 'agent login', 'agent type')
		GROUP BY id
	) AS n
	LEFT JOIN goaltracker.agent AS known ON known.account_id = account AND known.agent_id = n.id
	WHERE known.agent_id IS NULL
	OR n.agent_name <> coalesce(known.agent_name, '')
	OR n.login_name <> coalesce(known.login_name, '')
	OR n.user_type <> known.user_type
	ORDER BY n.id
	ON CONFLICT (account_id, agent_id) DO UPDATE
	SET agent_name = excluded.agent_name, login_name = excluded.login_name, user_type = excluded.user_type;

	INSERT INTO goaltracker.agent_group AS old (account_id, group_id, group_name)
	SELECT account, n.id, n.value
	FROM unnest(newer) AS n
	LEFT JOIN goaltracker.agent_group AS known ON known.account_id = account AND known.group_id = n.id
	WHERE n.what = 'agent group' AND known.group_name IS DISTINCT FROM n.value
	ORDER BY n.id
	ON CONFLICT (account_id, group_id) DO UPDATE SET group_name = excluded.group_name;

	INSERT INTO goaltracker.campaign AS old (account_id, campaign_id, campaign_name)
	SELECT account, n.id, n.value
	FROM unnest(newer) AS n
	LEFT JOIN goaltracker.campaign AS known ON known.account_id = account AND known.campaign_id = n.id
	WHERE n.what = 'campaign' AND known.campaign_name IS DISTINCT FROM n.value
	ORDER BY n.id
	ON CONFLICT (account_id, campaign_id) DO UPDATE SET campaign_name = excluded.campaign_name;

	INSERT INTO goaltracker.engagement AS old (account_id, engagement_id, engagement_name, campaign_id)
	SELECT account, n.id, coalesce(n.engagement_name, known.engagement_name),
		coalesce(n.campaign_id, known.campaign_id)
	FROM (
		SELECT id,
			max(value) FILTER (WHERE what = 'engagement') AS engagement_name,
			max(value) FILTER (WHERE what = 'engagement campaign') AS campaign_id
		FROM unnest(newer)
		WHERE what IN ('engagement', 'engagement campaign')
		GROUP BY id
	) AS n
	LEFT JOIN goaltracker.engagement AS known ON known.account_id = account AND known.engagement_id = n.id
	WHERE known.engagement_id IS NULL
	OR n.engagement_name <> coalesce(known.engagement_name, '')
	OR n.campaign_id <> coalesce(known.campaign_id, '')
	ORDER BY n.id
	ON CONFLICT (account_id, engagement_id) DO UPDATE
	SET engagement_name = excluded.engagement_name, campaign_id = excluded.campaign_id;
END
$$;

COMMENT ON FUNCTION goaltracker._write_names(text, goaltracker._read_name[]) IS
	'writes the names of agents, skills, groups, campaigns and engagements, where they are newer than those before';
