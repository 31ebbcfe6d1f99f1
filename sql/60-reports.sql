-- ---------------------------------------------------------------------------
-- Reports
--
-- touchpoint -> _touchpoint (dates) -> _credit (settings) -> the views that
-- users read.  Settings act here, when a report is read (S1).
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._credits(account_model text, account_window smallint,
	min_window smallint, first_below smallint, last_below smallint, agent_below smallint,
	skill_below smallint, brand_below smallint, segment_key bigint)
RETURNS integer
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_credits';

COMMENT ON FUNCTION goaltracker._credits(text, smallint, smallint, smallint, smallint, smallint,
	smallint, smallint, bigint) IS
	'what a touchpoint carries under the settings in force: 0: it is in no report; else 1, and 2, 4 and 8 for the credit of its agent, skill and account';

CREATE FUNCTION goaltracker._duration_bucket_label(bucket_no integer, bounds interval[])
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_duration_bucket_label';

COMMENT ON FUNCTION goaltracker._duration_bucket_label(integer, interval[]) IS
	'what a duration bucket is called (S16)';

-- A stored date can be found by an index, a computed one cannot.  So there are
-- two branches, of which the executor runs one: only a session with an hour
-- offset pays for computing dates.
CREATE VIEW goaltracker._touchpoint AS
SELECT t.goal_event_key, t.segment_key, t.account_id, t.conversation_id, t.segment_no,
	t.agent_id, t.skill_id, t.user_type, t.goal_type, t.currency, t.lead_value,
	t.transaction_value, t.agent_messages, t.agent_responses, t.opened_at, t.reached_at,
	t.assigned_at, t.assigned_until, t.min_window, t.first_below, t.last_below,
	t.agent_below, t.skill_below, t.brand_below,
	t.conversation_date,
	(t.opened_at AT TIME ZONE 'UTC') + pg_catalog.make_interval(secs => t.utc_offset)
		AS opened_local
FROM goaltracker.touchpoint AS t
WHERE goaltracker._session_hour_offset() = '0'::interval
UNION ALL
SELECT t.goal_event_key, t.segment_key, t.account_id, t.conversation_id, t.segment_no,
	t.agent_id, t.skill_id, t.user_type, t.goal_type, t.currency, t.lead_value,
	t.transaction_value, t.agent_messages, t.agent_responses, t.opened_at, t.reached_at,
	t.assigned_at, t.assigned_until, t.min_window, t.first_below, t.last_below,
	t.agent_below, t.skill_below, t.brand_below,
	((t.opened_at AT TIME ZONE 'UTC') + pg_catalog.make_interval(secs => t.utc_offset)
		+ goaltracker._session_hour_offset())::date,
	(t.opened_at AT TIME ZONE 'UTC') + pg_catalog.make_interval(secs => t.utc_offset)
		+ goaltracker._session_hour_offset()
FROM goaltracker.touchpoint AS t
WHERE goaltracker._session_hour_offset() <> '0'::interval;

COMMENT ON VIEW goaltracker._touchpoint IS
	'touchpoints with the date and time of their conversation''s start, the session''s hour offset added (S15)';

-- The rows that the settings in force put into the reports.
CREATE VIEW goaltracker._credit AS
SELECT t.account_id, t.goal_event_key, t.segment_key, t.conversation_id, t.segment_no,
	t.conversation_date, t.opened_local, t.opened_at, t.reached_at, t.agent_id, t.skill_id,
	CASE t.user_type
		WHEN 'H' THEN 'Human'
		WHEN 'B' THEN 'Bot'
		WHEN 'S' THEN 'System'
		ELSE 'Unassigned'
	END AS user_type,
	CASE t.goal_type
		WHEN 'S' THEN 'Sell Product/Service'
		WHEN 'L' THEN 'Generate Leads'
		WHEN 'A' THEN 'Service Activity Complete'
		WHEN 'I' THEN 'Interact with Visitors'
		WHEN 'P' THEN 'Increase Page Views'
		ELSE 'Other'
	END AS goal_type,
	t.goal_type IN ('S', 'L', 'A') AS is_conversion,
	COALESCE(t.currency, s.default_currency) AS currency,
	s.default_currency,
	t.lead_value, t.transaction_value, t.agent_messages, t.agent_responses,
	t.assigned_at,
	w.time_assigned,
	pg_catalog.width_bucket(w.time_assigned, s.duration_bounds) AS duration_bucket_no,
	(s.credits & 2) <> 0 AS has_agent_credit,
	(s.credits & 4) <> 0 AS has_skill_credit,
	(s.credits & 8) <> 0 AS has_account_credit
FROM goaltracker._touchpoint AS t
LEFT JOIN goaltracker.account AS a ON a.account_id = t.account_id
CROSS JOIN LATERAL (
	SELECT goaltracker._credits(a.attribution_model, a.contribution_window, t.min_window,
			t.first_below, t.last_below, t.agent_below, t.skill_below, t.brand_below,
			t.segment_key) AS credits,
		COALESCE(a.default_currency, 'USD') AS default_currency,
		COALESCE(a.duration_bounds,
			'{00:05:00,00:10:00,00:30:00,01:00:00,03:00:00,24:00:00}') AS duration_bounds
) AS s
CROSS JOIN LATERAL (
	SELECT GREATEST(COALESCE(t.assigned_until, pg_catalog.now()) - t.assigned_at,
		'0'::interval) AS time_assigned
) AS w
WHERE s.credits <> 0;

COMMENT ON VIEW goaltracker._credit IS
	'touchpoints that the settings in force put into the reports, with what each of them carries';

-- ---------------------------------------------------------------------------
-- Rows: ids and numbers
-- ---------------------------------------------------------------------------

CREATE VIEW goaltracker.credit_facts AS
SELECT c.account_id,
	c.conversation_date,
	c.conversation_date - EXTRACT(dow FROM c.conversation_date)::integer AS week,
	EXTRACT(dow FROM c.conversation_date)::smallint AS weekday,
	c.skill_id,
	c.agent_id,
	c.user_type,
	c.duration_bucket_no,
	c.currency,
	c.goal_type,
	c.has_agent_credit::integer AS goals_reached,
	CASE
		WHEN c.has_agent_credit AND c.is_conversion THEN 1::numeric(20, 6)
		ELSE 0::numeric(20, 6)
	END AS conversions,
	c.has_skill_credit::integer AS skill_credit,
	c.has_account_credit::integer AS account_credit,
	c.lead_value,
	c.transaction_value,
	c.agent_messages,
	c.agent_responses,
	EXTRACT(epoch FROM c.time_assigned) AS seconds_assigned,
	c.goal_event_key,
	c.segment_key,
	c.opened_at AS conversation_open_time,
	c.reached_at AS goal_timestamp
FROM goaltracker._credit AS c;

-- ---------------------------------------------------------------------------
-- Measures by level
--
-- Rows are added up by ids first; names join the result.
-- ---------------------------------------------------------------------------

CREATE VIEW goaltracker.conversions_by_skill AS
SELECT m.account_id,
	m.conversation_date,
	m.conversation_date - EXTRACT(dow FROM m.conversation_date)::integer AS week,
	EXTRACT(dow FROM m.conversation_date)::smallint AS weekday,
	pg_catalog.to_char(m.conversation_date, 'FMDay') AS weekday_name,
	m.skill_id,
	COALESCE(s.skill_name, m.skill_id, 'Unassigned') AS skill,
	m.duration_bucket_no,
	goaltracker._duration_bucket_label(m.duration_bucket_no, COALESCE(a.duration_bounds,
		'{00:05:00,00:10:00,00:30:00,01:00:00,03:00:00,24:00:00}')) AS duration_bucket,
	m.currency,
	m.goals_reached,
	m.conversions,
	m.lead_value,
	m.transaction_value
FROM (
	SELECT c.account_id, c.conversation_date, c.skill_id, c.duration_bucket_no, c.currency,
		pg_catalog.count(*) AS goals_reached,
		pg_catalog.count(*) FILTER (WHERE c.is_conversion)::numeric(20, 6) AS conversions,
		COALESCE(pg_catalog.sum(c.lead_value), 0)::numeric(20, 4) AS lead_value,
		COALESCE(pg_catalog.sum(c.transaction_value), 0)::numeric(20, 4) AS transaction_value
	FROM goaltracker._credit AS c
	WHERE c.has_skill_credit
	GROUP BY c.account_id, c.conversation_date, c.skill_id, c.duration_bucket_no, c.currency
) AS m
LEFT JOIN goaltracker.skill AS s ON s.account_id = m.account_id AND s.skill_id = m.skill_id
LEFT JOIN goaltracker.account AS a ON a.account_id = m.account_id;

CREATE VIEW goaltracker.conversions_by_agent AS
SELECT m.account_id,
	m.conversation_date,
	m.conversation_date - EXTRACT(dow FROM m.conversation_date)::integer AS week,
	EXTRACT(dow FROM m.conversation_date)::smallint AS weekday,
	pg_catalog.to_char(m.conversation_date, 'FMDay') AS weekday_name,
	m.agent_id,
	COALESCE(g.agent_name, m.agent_id, 'Unassigned') AS agent,
	m.user_type,
	m.duration_bucket_no,
	goaltracker._duration_bucket_label(m.duration_bucket_no, COALESCE(a.duration_bounds,
		'{00:05:00,00:10:00,00:30:00,01:00:00,03:00:00,24:00:00}')) AS duration_bucket,
	m.currency,
	m.goals_reached,
	m.conversions,
	m.lead_value,
	m.transaction_value
FROM (
	SELECT c.account_id, c.conversation_date, c.agent_id, c.user_type, c.duration_bucket_no,
		c.currency,
		pg_catalog.count(*) AS goals_reached,
		pg_catalog.count(*) FILTER (WHERE c.is_conversion)::numeric(20, 6) AS conversions,
		COALESCE(pg_catalog.sum(c.lead_value), 0)::numeric(20, 4) AS lead_value,
		COALESCE(pg_catalog.sum(c.transaction_value), 0)::numeric(20, 4) AS transaction_value
	FROM goaltracker._credit AS c
	WHERE c.has_agent_credit
	GROUP BY c.account_id, c.conversation_date, c.agent_id, c.user_type,
		c.duration_bucket_no, c.currency
) AS m
LEFT JOIN goaltracker.agent AS g ON g.account_id = m.account_id AND g.agent_id = m.agent_id
LEFT JOIN goaltracker.account AS a ON a.account_id = m.account_id;

CREATE VIEW goaltracker.conversions_by_account AS
SELECT m.account_id,
	m.conversation_date,
	m.conversation_date - EXTRACT(dow FROM m.conversation_date)::integer AS week,
	EXTRACT(dow FROM m.conversation_date)::smallint AS weekday,
	pg_catalog.to_char(m.conversation_date, 'FMDay') AS weekday_name,
	m.currency,
	m.goals_reached,
	m.conversions,
	m.lead_value,
	m.transaction_value
FROM (
	SELECT c.account_id, c.conversation_date, c.currency,
		pg_catalog.count(*) AS goals_reached,
		pg_catalog.count(*) FILTER (WHERE c.is_conversion)::numeric(20, 6) AS conversions,
		COALESCE(pg_catalog.sum(c.lead_value), 0)::numeric(20, 4) AS lead_value,
		COALESCE(pg_catalog.sum(c.transaction_value), 0)::numeric(20, 4) AS transaction_value
	FROM goaltracker._credit AS c
	WHERE c.has_account_credit
	GROUP BY c.account_id, c.conversation_date, c.currency
) AS m;

-- Under All an agent's row may show work and no goal (S13).
CREATE VIEW goaltracker.agent_summary AS
SELECT m.account_id,
	m.conversation_date,
	m.conversation_date - EXTRACT(dow FROM m.conversation_date)::integer AS week,
	m.agent_id,
	COALESCE(g.agent_name, m.agent_id, 'Unassigned') AS agent,
	m.user_type,
	m.goals_reached,
	m.conversions,
	m.agent_messages,
	m.agent_responses,
	m.time_assigned,
	m.currency,
	m.lead_value,
	m.transaction_value,
	m.other_currency_conversions
FROM (
	SELECT c.account_id, c.conversation_date, c.agent_id, c.user_type,
		c.default_currency AS currency,
		pg_catalog.count(*) FILTER (WHERE c.has_agent_credit) AS goals_reached,
		pg_catalog.count(*) FILTER (WHERE c.has_agent_credit AND c.is_conversion)::numeric(20, 6)
			AS conversions,
		COALESCE(goaltracker._sum_largest(c.agent_messages, c.segment_key), 0)::bigint
			AS agent_messages,
		COALESCE(goaltracker._sum_largest(c.agent_responses, c.segment_key), 0)::bigint
			AS agent_responses,
		COALESCE(goaltracker._sum_largest(c.time_assigned, c.segment_key), '0'::interval)
			AS time_assigned,
		COALESCE(pg_catalog.sum(c.lead_value) FILTER (
			WHERE c.has_agent_credit AND c.currency = c.default_currency), 0)::numeric(20, 4)
			AS lead_value,
		COALESCE(pg_catalog.sum(c.transaction_value) FILTER (
			WHERE c.has_agent_credit AND c.currency = c.default_currency), 0)::numeric(20, 4)
			AS transaction_value,
		pg_catalog.count(*) FILTER (
			WHERE c.has_agent_credit AND c.is_conversion AND c.currency <> c.default_currency
			)::numeric(20, 6) AS other_currency_conversions
	FROM goaltracker._credit AS c
	GROUP BY c.account_id, c.conversation_date, c.agent_id, c.user_type, c.default_currency
) AS m
LEFT JOIN goaltracker.agent AS g ON g.account_id = m.account_id AND g.agent_id = m.agent_id;

-- ---------------------------------------------------------------------------
-- Row by row, with names
--
-- Ids, dates and measures are those of the last refresh; what joins by them is
-- described as it is now.
-- ---------------------------------------------------------------------------

CREATE VIEW goaltracker.conversion_grid AS
SELECT c.account_id,
	o.goal_event_id,
	COALESCE(goal.goal_name, o.goal_id) AS goal_name,
	c.goal_type,
	CASE o.event_type
		WHEN 'P' THEN 'Purchase Event'
		WHEN 'L' THEN 'Lead Event'
		ELSE 'Goal Achieved'
	END AS goal_event_type,
	c.reached_at AS goal_timestamp,
	o.brand_event_id,
	c.currency,
	c.lead_value,
	c.transaction_value,
	event.topic,
	event.service_activity_status,
	c.conversation_id AS conversation,
	c.opened_at AS conversation_open_time,
	c.segment_no,
	c.skill_id,
	COALESCE(skill.skill_name, c.skill_id, 'Unassigned') AS skill,
	c.agent_id,
	COALESCE(agent.agent_name, c.agent_id, 'Unassigned') AS agent,
	COALESCE(agent_group.group_name, membership.group_id) AS agent_group,
	c.user_type,
	c.assigned_at AS agent_assignment_time,
	segment.start_reason AS agent_segment_start_reason,
	segment.end_reason AS agent_segment_end_reason,
	COALESCE(campaign.campaign_name, conversation.campaign_id, engagement.campaign_id)
		AS campaign_name,
	COALESCE(engagement.engagement_name, conversation.engagement_id) AS engagement_name,
	conversation.source,
	o.consumer_id,
	c.conversation_date,
	c.conversation_date - EXTRACT(dow FROM c.conversation_date)::integer AS week,
	pg_catalog.date_trunc('hour', c.opened_local) AS hour,
	pg_catalog.to_char(pg_catalog.date_trunc('hour', c.opened_local), 'MM/DD/YYYY HH12:MI:SS AM')
		AS hour_label,
	c.has_agent_credit::integer AS goals_reached,
	CASE
		WHEN c.has_agent_credit AND c.is_conversion THEN 1::numeric(20, 6)
		ELSE 0::numeric(20, 6)
	END AS conversions,
	c.has_skill_credit::integer AS skill_credit,
	c.has_account_credit::integer AS account_credit,
	c.agent_messages,
	c.agent_responses,
	c.time_assigned,
	c.goal_event_key,
	c.segment_key
FROM goaltracker._credit AS c
JOIN goaltracker.goal_outcome AS o
	ON o.account_id = c.account_id AND o.goal_event_key = c.goal_event_key
LEFT JOIN goaltracker.goal_event AS event
	ON event.account_id = o.account_id AND event.goal_event_id = o.goal_event_id
LEFT JOIN goaltracker.goal AS goal
	ON goal.account_id = o.account_id AND goal.goal_id = o.goal_id
LEFT JOIN goaltracker.skill AS skill
	ON skill.account_id = c.account_id AND skill.skill_id = c.skill_id
LEFT JOIN goaltracker.agent AS agent
	ON agent.account_id = c.account_id AND agent.agent_id = c.agent_id
LEFT JOIN goaltracker.conversation AS conversation
	ON conversation.account_id = c.account_id
	AND conversation.conversation_id = c.conversation_id
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
LEFT JOIN LATERAL (
	-- the group that the segment names, else that of the agent when assigned
	SELECT COALESCE(segment.group_id, (
		SELECT m.group_id
		FROM goaltracker.agent_group_membership AS m
		WHERE m.account_id = c.account_id
			AND m.agent_id = c.agent_id
			AND m.valid_during @> c.assigned_at)) AS group_id
) AS membership ON true
LEFT JOIN goaltracker.agent_group AS agent_group
	ON agent_group.account_id = c.account_id AND agent_group.group_id = membership.group_id;

-- ---------------------------------------------------------------------------
-- What no report shows, and why (S9, S10)
-- ---------------------------------------------------------------------------

CREATE VIEW goaltracker.unattributed_goal_events AS
SELECT o.account_id,
	o.goal_event_id,
	o.consumer_id,
	o.reached_at,
	CASE WHEN o.is_duplicate THEN 'duplicate' ELSE 'self-serve' END AS reason
FROM goaltracker.goal_outcome AS o
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

CREATE VIEW goaltracker.refresh_status AS
SELECT s.account_id,
	COALESCE(p.pending_consumers, 0) AS pending_consumers,
	r.last_refreshed_at,
	COALESCE(k.goal_events_cut, 0) AS goal_events_cut,
	COALESCE(k.touchpoints_cut, 0) AS touchpoints_cut
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
	SELECT o.account_id, pg_catalog.count(*) AS goal_events_cut,
		pg_catalog.sum(o.touchpoints_cut)::bigint AS touchpoints_cut
	FROM goaltracker.goal_outcome AS o
	WHERE o.touchpoints_cut > 0
	GROUP BY o.account_id
) AS k ON k.account_id = s.account_id;
