-- ---------------------------------------------------------------------------
-- import_web_sessions: web sessions of the Data Access API
-- ---------------------------------------------------------------------------

-- Bodies, headers and metadata are records wrapped in an object whose only key is
-- their full type name; what counts is the end of that name.
CREATE FUNCTION goaltracker._read_web_sessions(records jsonb,
	OUT goal_events goaltracker._read_goal_event[],
	OUT problems goaltracker._read_problem[])
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	WITH record AS MATERIALIZED (
		SELECT r.record_no, r.record, jsonb_typeof(r.record -> 'body') AS body_type
		FROM jsonb_array_elements(_read_web_sessions.records) WITH ORDINALITY AS r (record, record_no)
	),
	body AS MATERIALIZED (
		SELECT r.record_no, b.value -> 'achievedGoals' AS goals, b.value AS body, h.header,
			goaltracker._json_id(h.header, 'visitId') AS session_id,
			goaltracker._json_id(h.header, 'visitorId') AS consumer_id
		FROM record AS r
		CROSS JOIN LATERAL jsonb_each(CASE WHEN r.body_type = 'object' THEN r.record -> 'body' END) AS b
		CROSS JOIN LATERAL (
			SELECT coalesce(
				(SELECT x.value
				 FROM jsonb_each(CASE WHEN jsonb_typeof(b.value -> 'header') = 'object'
					THEN b.value -> 'header' END) AS x
				 WHERE x.key LIKE '%VisitorHeader'
				 LIMIT 1),
				b.value -> 'header') AS header
			OFFSET 0
		) AS h
		WHERE b.key ~ '(^|\.)WebSessionGoalAchievedData$'
	),
	achieved AS MATERIALIZED (
		SELECT b.record_no, b.session_id, b.consumer_id, g.position, g.goal,
			goaltracker._json_id(g.goal, 'id') AS goal_event_id,
			goaltracker._json_time(g.goal, 'timestamp') AS reached_at,
			goaltracker._json_id(g.goal, 'campaignGoalId') AS goal_id,
			substring(m.key FROM '(?:^|\.)(\w+?)(?:Goal)?Metadata$') AS kind,
			goaltracker._json_id(m.value, 'orderId') AS order_id,
			goaltracker._json_id(m.value, 'leadId') AS lead_id,
			goaltracker._json_id(m.value, 'serviceId') AS service_id,
			goaltracker._json_amount(m.value, 'total') AS total,
			goaltracker._json_amount(m.value, 'value') AS lead_value,
			goaltracker._json_text(m.value, 'currency') AS currency,
			goaltracker._json_text(m.value, 'topic') AS topic,
			goaltracker._json_text(m.value, 'status') AS status,
			coalesce(
				goaltracker._json_fault(b.header, '{visitorId,visitId}', '{}', '{}'),
				goaltracker._json_fault(g.goal, '{id,campaignGoalId}', '{timestamp}', '{}'),
				goaltracker._json_fault(m.value, '{orderId,leadId,serviceId,currency}', '{}', '{total,value}'),
				CASE
					WHEN jsonb_typeof(g.goal) <> 'object' THEN 'not an achieved goal'
					WHEN goaltracker._json_id(g.goal, 'id') IS NULL THEN 'an achieved goal without id'
					WHEN goaltracker._json_time(g.goal, 'timestamp') IS NULL
						THEN 'an achieved goal without timestamp'
					WHEN b.consumer_id IS NULL THEN 'an achieved goal without visitorId'
				END) AS fault
		FROM body AS b
		CROSS JOIN LATERAL jsonb_array_elements(goaltracker._json_list(b.body, 'achievedGoals'))
			WITH ORDINALITY AS g (goal, position)
		LEFT JOIN LATERAL (
			SELECT *
			FROM jsonb_each(CASE WHEN jsonb_typeof(g.goal -> 'goalMetaData') = 'object'
				THEN g.goal -> 'goalMetaData' END)
			LIMIT 1
		) AS m ON true
	),
	goal_event AS (
		SELECT DISTINCT ON (a.goal_event_id)
			a.goal_event_id, a.consumer_id, a.goal_id,
			CASE a.kind WHEN 'Purchase' THEN 'Purchase Event' WHEN 'Lead' THEN 'Lead Event' ELSE 'Goal Achieved' END
				AS event_type,
			a.reached_at,
			CASE WHEN a.kind = 'Lead' THEN a.lead_value END AS lead_value,
			CASE WHEN a.kind = 'Purchase' THEN a.total END AS transaction_value,
			CASE WHEN a.kind IN ('Purchase', 'Lead') THEN a.currency END AS currency,
			CASE a.kind WHEN 'Purchase' THEN a.order_id WHEN 'Lead' THEN a.lead_id
				WHEN 'ServiceActivity' THEN a.service_id END AS brand_event_id,
			CASE WHEN a.kind IN ('Lead', 'ServiceActivity') THEN a.topic END AS topic,
			CASE WHEN a.kind = 'ServiceActivity' THEN a.status END AS service_activity_status,
			a.session_id,
			NULL::text AS goal_name,
			CASE WHEN a.goal_id IS NOT NULL THEN
				CASE a.kind
					WHEN 'Purchase' THEN 'Sell Product/Service'
					WHEN 'Lead' THEN 'Generate Leads'
					WHEN 'ServiceActivity' THEN 'Service Activity Complete'
					WHEN 'IncreaseInteraction' THEN 'Interact with Visitors'
					WHEN 'ReduceAbandonment' THEN 'Increase Page Views'
					WHEN 'Url' THEN 'Other'
				END
			END AS goal_type
		FROM achieved AS a
		WHERE a.fault IS NULL
		ORDER BY a.goal_event_id, a.reached_at, a.record_no, a.position
	),
	problem AS (
		SELECT r.record_no,
			CASE WHEN jsonb_typeof(r.record) = 'object' THEN 'a web session record without body'
				ELSE 'not a web session record' END AS reason,
			r.record AS part
		FROM record AS r
		WHERE r.body_type IS DISTINCT FROM 'object'
		UNION ALL
		SELECT b.record_no, 'achievedGoals is not a list', b.goals
		FROM body AS b
		WHERE goaltracker._json_list(b.body, 'achievedGoals') IS NULL
		AND jsonb_typeof(b.goals) <> 'null'
		UNION ALL
		SELECT a.record_no, a.fault, a.goal
		FROM achieved AS a
		WHERE a.fault IS NOT NULL
	)
	SELECT
		(SELECT array_agg(g::goaltracker._read_goal_event) FROM goal_event AS g),
		(SELECT array_agg(ROW(goaltracker._record_id(r.record), p.reason, p.part)::goaltracker._read_problem
				ORDER BY r.record_no, p.reason COLLATE "C", p.part)
		 FROM problem AS p
		 JOIN record AS r ON r.record_no = p.record_no)
	INTO goal_events, problems;
END
$$;

COMMENT ON FUNCTION goaltracker._read_web_sessions(jsonb) IS
	'reads an array of web session records; what cannot be used is a problem, never an error';

CREATE FUNCTION goaltracker._import_web_sessions(account_id text, records jsonb,
	problems goaltracker._read_problem[],
	OUT goal_events integer, OUT skipped integer)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page record;
BEGIN
	page := goaltracker._read_web_sessions(records);
	PERFORM goaltracker._write_aliases(account_id, NULL);
	goal_events := goaltracker._write_goal_events(account_id, page.goal_events);
	skipped := goaltracker._write_problems(account_id, 'web sessions', problems || page.problems);
END
$$;

COMMENT ON FUNCTION goaltracker._import_web_sessions(text, jsonb, goaltracker._read_problem[]) IS
	'what both forms of import_web_sessions do, once they have the records';

CREATE FUNCTION goaltracker.import_web_sessions(account_id text, document jsonb,
	OUT goal_events integer, OUT skipped integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	outcome record;
BEGIN
	PERFORM goaltracker._refuse_read_only('import');
	PERFORM goaltracker._check_account(account_id);
	outcome := goaltracker._import_web_sessions(account_id,
		goaltracker._records_of(document, 'recordCollection'), '{}');
	goal_events := outcome.goal_events;
	skipped := outcome.skipped;
END
$$;

COMMENT ON FUNCTION goaltracker.import_web_sessions(text, jsonb) IS
	'imports goals achieved in web sessions, from the Data Access API: an extract, an array of records, or one record; what cannot be used is left out and recorded in import_problem';

CREATE FUNCTION goaltracker.import_web_sessions(account_id text, document text,
	OUT goal_events integer, OUT skipped integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page record;
	outcome record;
BEGIN
	PERFORM goaltracker._refuse_read_only('import');
	PERFORM goaltracker._check_account(account_id);
	page := goaltracker._records_of_text(document, 'recordCollection');
	outcome := goaltracker._import_web_sessions(account_id, page.records, page.problems);
	goal_events := outcome.goal_events;
	skipped := outcome.skipped;
END
$$;

COMMENT ON FUNCTION goaltracker.import_web_sessions(text, text) IS
	'as with jsonb; a record that jsonb would refuse is left out and recorded, the others go in';
