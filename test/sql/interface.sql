--
-- What the project promises: names, types, comments, rights
--
SET search_path = goaltracker, public;

-- Tables, views and snapshots with their columns; what is missing would be listed.
CREATE TEMP TABLE promised (relation text, kind text, columns text);
INSERT INTO promised VALUES
	('account', 'r', 'account_id account_name attribution_model contribution_window credited_user_types default_currency time_zone duration_bounds max_touchpoints time_decay_half_life position_weights'),
	('skill', 'r', 'account_id skill_id skill_name'),
	('agent', 'r', 'account_id agent_id agent_name login_name user_type is_post_survey_bot'),
	('agent_group', 'r', 'account_id group_id group_name parent_group_id'),
	('agent_group_membership', 'r', 'account_id agent_id group_id valid_during'),
	('campaign', 'r', 'account_id campaign_id campaign_name'),
	('engagement', 'r', 'account_id engagement_id engagement_name campaign_id'),
	('goal', 'r', 'account_id goal_id goal_name goal_type'),
	('conversation', 'r', 'account_id conversation_id consumer_id opened_at closed_at source campaign_id engagement_id'),
	('agent_segment', 'r', 'account_id conversation_id segment_no consumer_id agent_id skill_id group_id participation dialog assigned_at ended_at start_reason end_reason agent_messages agent_responses'),
	('goal_event', 'r', 'account_id goal_event_id consumer_id goal_id event_type reached_at lead_value transaction_value currency brand_event_id topic service_activity_status session_id'),
	('consumer_alias', 'r', 'account_id alias consumer_id'),
	('import_problem', 'r', 'account_id reason'),
	('conversions_by_skill', 'v', 'account_id conversation_date week weekday weekday_name skill_id skill duration_bucket_no duration_bucket currency goals_reached conversions lead_value transaction_value date_key'),
	('conversions_by_agent', 'v', 'account_id conversation_date week weekday weekday_name agent_id agent user_type duration_bucket_no duration_bucket currency goals_reached conversions lead_value transaction_value date_key'),
	('conversions_by_account', 'v', 'account_id conversation_date week weekday weekday_name currency goals_reached conversions lead_value transaction_value date_key'),
	('agent_summary', 'v', 'account_id conversation_date week agent_id agent user_type goals_reached conversions agent_messages agent_responses time_assigned currency lead_value transaction_value other_currency_conversions date_key seconds_assigned'),
	('conversion_grid', 'v', 'account_id goal_event_id goal_name goal_type goal_event_type goal_timestamp brand_event_id currency lead_value transaction_value topic service_activity_status conversation conversation_open_time segment_no skill_id skill agent_id agent agent_group user_type agent_assignment_time agent_segment_start_reason agent_segment_end_reason campaign_name engagement_name source consumer_id conversation_date week hour hour_label goals_reached conversions skill_credit account_credit agent_messages agent_responses time_assigned goal_event_key segment_key date_key conversation_open_time_utc goal_timestamp_utc agent_assignment_time_utc seconds_assigned updated_at updated_at_utc weight attributed_lead_value attributed_transaction_value'),
	('credit_facts', 'v', 'account_id conversation_date week weekday skill_id agent_id user_type duration_bucket_no currency goal_type goals_reached conversions skill_credit account_credit lead_value transaction_value agent_messages agent_responses seconds_assigned goal_event_key segment_key conversation_open_time goal_timestamp date_key conversation_open_time_utc goal_timestamp_utc updated_at updated_at_utc weight attributed_lead_value attributed_transaction_value'),
	('unattributed_goal_events', 'v', 'account_id goal_event_id consumer_id reached_at reason reached_at_utc updated_at updated_at_utc goal_event_key'),
	('model_comparison', 'v', 'account_id conversation_date level id name currency ' || (
		SELECT string_agg(measure || '_' || model, ' ' ORDER BY measure, no)
		FROM unnest('{conversions,lead_value,transaction_value}'::text[]) AS measure,
			unnest('{first,last,all,linear,time_decay,position_based,first_human,last_human}'::text[]) WITH ORDINALITY AS m (model, no))),
	('window_comparison', 'v', 'account_id conversation_date level id name currency ' || (
		SELECT string_agg(measure || '_' || days, ' ' ORDER BY measure, days)
		FROM unnest('{conversions,lead_value,transaction_value}'::text[]) AS measure, unnest('{0,1,7,14,31}'::integer[]) AS days)),
	('refresh_log', 'v', 'refresh_no started_at duration kind is_finished batches consumers goal_events touchpoints_written touchpoints_removed refreshed_by'),
	('refresh_progress', 'v', 'pid refreshed_by started_at phase consumers_done consumers_total batches_done batches_total expected_end'),
	('refresh_status', 'v', 'account_id pending_consumers last_refreshed_at goal_events_cut touchpoints_cut pending_since');
INSERT INTO promised
SELECT relation || '_snapshot', 'm', columns || ' taken_at' FROM promised
WHERE relation IN ('conversions_by_skill', 'conversions_by_agent', 'conversions_by_account', 'agent_summary');
SELECT p.relation, c.name
FROM promised AS p, string_to_table(p.columns, ' ') AS c (name)
WHERE NOT EXISTS (
	SELECT FROM pg_class AS r JOIN pg_attribute AS a ON a.attrelid = r.oid
	WHERE r.relnamespace = 'goaltracker'::regnamespace AND r.relname = p.relation AND r.relkind = p.kind::"char" AND a.attname = c.name);

-- Types: of all columns of these names
CREATE TEMP TABLE typed (name text, type text);
INSERT INTO typed VALUES
	('account_id', 'text'), ('conversation_id', 'text'), ('consumer_id', 'text'), ('agent_id', 'text'), ('skill_id', 'text'), ('goal_event_id', 'text'),
	('contribution_window', 'smallint'), ('credited_user_types', 'text[]'), ('duration_bounds', 'interval[]'), ('valid_during', 'tstzrange'),
	('opened_at', 'timestamp with time zone'), ('closed_at', 'timestamp with time zone'), ('assigned_at', 'timestamp with time zone'), ('ended_at', 'timestamp with time zone'), ('reached_at', 'timestamp with time zone'),
	('goal_timestamp', 'timestamp with time zone'), ('conversation_open_time', 'timestamp with time zone'), ('agent_assignment_time', 'timestamp with time zone'), ('last_refreshed_at', 'timestamp with time zone'), ('taken_at', 'timestamp with time zone'),
	('updated_at', 'timestamp with time zone'), ('updated_at_utc', 'timestamp without time zone'), ('reached_at_utc', 'timestamp without time zone'),
	('goal_timestamp_utc', 'timestamp without time zone'), ('conversation_open_time_utc', 'timestamp without time zone'), ('agent_assignment_time_utc', 'timestamp without time zone'),
	('date_key', 'integer'), ('seconds_assigned', 'numeric'),
	('lead_value', 'numeric(20,4)'), ('transaction_value', 'numeric(20,4)'), ('conversions', 'numeric(20,6)'), ('other_currency_conversions', 'numeric(20,6)'),
	('conversation_date', 'date'), ('week', 'date'), ('weekday', 'smallint'), ('weekday_name', 'text'), ('hour', 'timestamp without time zone'), ('hour_label', 'text'),
	('weight', 'numeric(20,6)'), ('attributed_lead_value', 'numeric(20,4)'), ('attributed_transaction_value', 'numeric(20,4)'),
	('time_decay_half_life', 'interval'), ('position_weights', 'numeric[]'),
	('time_assigned', 'interval'), ('goal_event_key', 'bigint'), ('segment_key', 'bigint'), ('segment_no', 'integer'), ('duration_bucket', 'text'), ('duration_bucket_no', 'integer');
SELECT a.attrelid::regclass AS relation, a.attname, format_type(a.atttypid, a.atttypmod) AS type, t.type AS promised
FROM promised AS p
JOIN pg_attribute AS a ON a.attrelid = ('goaltracker.' || p.relation)::regclass
JOIN typed AS t ON t.name = a.attname
WHERE format_type(a.atttypid, a.atttypmod) <> t.type;
-- What clients read by position stays where it is: what is new stands at the end, in
-- the order in which it is promised.
SELECT p.relation, string_agg(a.attname, ' ' ORDER BY a.attnum) AS columns
FROM promised AS p
JOIN pg_attribute AS a ON a.attrelid = ('goaltracker.' || p.relation)::regclass AND a.attnum > 0
WHERE p.kind IN ('v', 'm')
GROUP BY p.relation, p.columns
HAVING string_agg(a.attname, ' ' ORDER BY a.attnum) NOT LIKE p.columns || '%';
-- Counts are integers.
SELECT a.attrelid::regclass AS relation, a.attname, format_type(a.atttypid, a.atttypmod) AS type
FROM promised AS p
JOIN pg_attribute AS a ON a.attrelid = ('goaltracker.' || p.relation)::regclass
WHERE a.attname IN ('goals_reached', 'skill_credit', 'account_credit', 'agent_messages', 'agent_responses', 'pending_consumers')
	AND a.atttypid NOT IN ('integer'::regtype, 'bigint'::regtype);
-- Text is in collation "C".
SELECT a.attrelid::regclass AS relation, a.attname, co.collname
FROM promised AS p
JOIN pg_attribute AS a ON a.attrelid = ('goaltracker.' || p.relation)::regclass
JOIN pg_collation AS co ON co.oid = a.attcollation
WHERE p.kind = 'r' AND co.collname <> 'C';

-- Functions
SELECT p.name, p.arguments
FROM (VALUES
	('import_conversations', 'account_id text, document jsonb'), ('import_conversations', 'account_id text, document text'),
	('import_web_sessions', 'account_id text, document jsonb'), ('import_web_sessions', 'account_id text, document text'),
	('link_consumer', 'account_id text, alias text, consumer_id text'),
	('refresh', ''), ('rebuild', ''), ('refresh_in_batches', 'IN batch_size integer'), ('refresh_snapshots', ''),
	('schedule_refresh', 'interval_text text'), ('unschedule_refresh', ''),
	('schedule_snapshots', 'interval_text text'), ('unschedule_snapshots', ''),
	('sum_once', 'value numeric, key bigint'), ('count_once', 'key bigint'),
	('touchpoints', 'journey journey, lookback_days integer, rules jsonb'), ('attribute', 'journey journey, model text, window_days integer, rules jsonb'),
	('explain_goal_event', 'account_id text, goal_event_id text'), ('explain_goal_event_by_model', 'account_id text, goal_event_id text'), ('journey', NULL), ('agent_responses', NULL)) AS p (name, arguments)
WHERE NOT EXISTS (
	SELECT FROM pg_proc AS f
	WHERE f.pronamespace = 'goaltracker'::regnamespace AND f.proname = p.name AND pg_get_function_identity_arguments(f.oid) LIKE coalesce(p.arguments || '%', '%'));
-- what they return
SELECT proname, pg_get_function_result(oid) AS returns
FROM pg_proc WHERE pronamespace = 'goaltracker'::regnamespace AND proname NOT LIKE '\_%'
ORDER BY proname COLLATE "C", pg_get_function_identity_arguments(oid) COLLATE "C";

-- Settings
LOAD 'goaltracker';
SELECT name, vartype, context, boot_val, min_val, max_val, enumvals FROM pg_settings WHERE name LIKE 'goaltracker.%' ORDER BY name;

--
-- Everything has a comment: relations, types, functions, and the columns of what
-- is public.
--
SELECT 'relation' AS what, oid::regclass::text AS name FROM pg_class
WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'v', 'm') AND obj_description(oid, 'pg_class') IS NULL
UNION ALL
SELECT 'column', attrelid::regclass || '.' || attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'v', 'm') AND relname NOT LIKE '\_%'
	AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL
UNION ALL
SELECT 'function', p.oid::regprocedure::text FROM pg_proc AS p
WHERE pronamespace = 'goaltracker'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
	-- PostgreSQL makes these for a range type
	AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND refclassid = 'pg_type'::regclass AND deptype = 'i')
UNION ALL
SELECT 'type', t.oid::regtype::text FROM pg_type AS t
WHERE typnamespace = 'goaltracker'::regnamespace AND typrelid = 0 AND typelem = 0 AND typtype <> 'm' AND obj_description(t.oid, 'pg_type') IS NULL
UNION ALL
SELECT 'schema', nspname FROM pg_namespace WHERE nspname = 'goaltracker' AND obj_description(oid, 'pg_namespace') IS NULL;

--
-- Rights: PUBLIC may use the schema and call what views and constraints call,
-- and what sums up a report; nothing else.
--
SELECT has_schema_privilege('public', 'goaltracker', 'USAGE') AS usage, has_schema_privilege('public', 'goaltracker', 'CREATE') AS "create";
SELECT oid::regprocedure AS public_may_call FROM pg_proc
WHERE pronamespace = 'goaltracker'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE') ORDER BY oid::regprocedure::text COLLATE "C";
SELECT oid::regclass AS public_may_touch FROM pg_class
WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'v', 'm') AND has_table_privilege('public', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER');
-- What works with its owner's rights says where names are looked up.
SELECT oid::regprocedure AS unsafe FROM pg_proc
WHERE pronamespace = 'goaltracker'::regnamespace AND prosecdef AND NOT coalesce(proconfig @> '{"search_path=pg_catalog, pg_temp"}', false);
-- A view shows what its owner may see, so that a grant on it suffices.
SELECT oid::regclass AS invokers_view FROM pg_class
WHERE relnamespace = 'goaltracker'::regnamespace AND relkind = 'v' AND reloptions::text ~ 'security_invoker=(true|on|1)';

--
-- The extension needs no other one, and a dump takes all of its data along.
--
SELECT superuser, trusted, relocatable, schema, requires FROM pg_available_extension_versions WHERE name = 'goaltracker' AND installed;
SELECT c.oid::regclass AS not_dumped FROM pg_class AS c
WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'S')
	AND NOT EXISTS (SELECT FROM pg_extension AS e WHERE extname = 'goaltracker' AND c.oid = ANY (e.extconfig));
