-- What is new or has changed, from CSV files: loaded beside the tables, then put into them.
-- Run in this directory, as often as you like:
--
--   psql -X -v ON_ERROR_STOP=1 -f upsert.sql
--
-- A row that stays what it is, is left alone: an update that changes nothing would make
-- the next refresh look at its consumer again.  A row may occur once in a file.

BEGIN;

CREATE TEMPORARY TABLE new_conversation ON COMMIT DROP AS
SELECT
	account_id, conversation_id, consumer_id, opened_at, closed_at, source, campaign_id,
	engagement_id
FROM goaltracker.conversation
WITH NO DATA;

\copy new_conversation FROM 'changes/conversation.csv' WITH (FORMAT csv, HEADER)

INSERT INTO goaltracker.conversation AS t (
	account_id, conversation_id, consumer_id, opened_at, closed_at, source, campaign_id,
	engagement_id)
SELECT
	account_id, conversation_id, consumer_id, opened_at, closed_at, source, campaign_id,
	engagement_id
FROM new_conversation
ON CONFLICT (account_id, conversation_id) DO UPDATE SET (
	consumer_id, opened_at, closed_at, source, campaign_id, engagement_id) = ROW (
	EXCLUDED.consumer_id, EXCLUDED.opened_at, EXCLUDED.closed_at, EXCLUDED.source,
	EXCLUDED.campaign_id, EXCLUDED.engagement_id)
WHERE (
	t.consumer_id, t.opened_at, t.closed_at, t.source, t.campaign_id, t.engagement_id)
	IS DISTINCT FROM (
	EXCLUDED.consumer_id, EXCLUDED.opened_at, EXCLUDED.closed_at, EXCLUDED.source,
	EXCLUDED.campaign_id, EXCLUDED.engagement_id);

CREATE TEMPORARY TABLE new_agent_segment ON COMMIT DROP AS
SELECT
	account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, group_id,
	participation, dialog, assigned_at, ended_at, start_reason, end_reason, agent_messages,
	agent_responses
FROM goaltracker.agent_segment
WITH NO DATA;

\copy new_agent_segment FROM 'changes/agent_segment.csv' WITH (FORMAT csv, HEADER)

INSERT INTO goaltracker.agent_segment AS t (
	account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, group_id,
	participation, dialog, assigned_at, ended_at, start_reason, end_reason, agent_messages,
	agent_responses)
SELECT
	account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, group_id,
	participation, dialog, assigned_at, ended_at, start_reason, end_reason, agent_messages,
	agent_responses
FROM new_agent_segment
ON CONFLICT (account_id, conversation_id, segment_no) DO UPDATE SET (
	consumer_id, agent_id, skill_id, group_id, participation, dialog, assigned_at, ended_at,
	start_reason, end_reason, agent_messages, agent_responses) = ROW (
	EXCLUDED.consumer_id, EXCLUDED.agent_id, EXCLUDED.skill_id, EXCLUDED.group_id,
	EXCLUDED.participation, EXCLUDED.dialog, EXCLUDED.assigned_at, EXCLUDED.ended_at,
	EXCLUDED.start_reason, EXCLUDED.end_reason, EXCLUDED.agent_messages,
	EXCLUDED.agent_responses)
WHERE (
	t.consumer_id, t.agent_id, t.skill_id, t.group_id, t.participation, t.dialog, t.assigned_at,
	t.ended_at, t.start_reason, t.end_reason, t.agent_messages, t.agent_responses)
	IS DISTINCT FROM (
	EXCLUDED.consumer_id, EXCLUDED.agent_id, EXCLUDED.skill_id, EXCLUDED.group_id,
	EXCLUDED.participation, EXCLUDED.dialog, EXCLUDED.assigned_at, EXCLUDED.ended_at,
	EXCLUDED.start_reason, EXCLUDED.end_reason, EXCLUDED.agent_messages,
	EXCLUDED.agent_responses);

CREATE TEMPORARY TABLE new_goal_event ON COMMIT DROP AS
SELECT
	account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value,
	transaction_value, currency, brand_event_id, topic, service_activity_status, session_id
FROM goaltracker.goal_event
WITH NO DATA;

\copy new_goal_event FROM 'changes/goal_event.csv' WITH (FORMAT csv, HEADER)

INSERT INTO goaltracker.goal_event AS t (
	account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value,
	transaction_value, currency, brand_event_id, topic, service_activity_status, session_id)
SELECT
	account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value,
	transaction_value, currency, brand_event_id, topic, service_activity_status, session_id
FROM new_goal_event
ON CONFLICT (account_id, goal_event_id) DO UPDATE SET (
	consumer_id, goal_id, event_type, reached_at, lead_value, transaction_value, currency,
	brand_event_id, topic, service_activity_status, session_id) = ROW (
	EXCLUDED.consumer_id, EXCLUDED.goal_id, EXCLUDED.event_type, EXCLUDED.reached_at,
	EXCLUDED.lead_value, EXCLUDED.transaction_value, EXCLUDED.currency, EXCLUDED.brand_event_id,
	EXCLUDED.topic, EXCLUDED.service_activity_status, EXCLUDED.session_id)
WHERE (
	t.consumer_id, t.goal_id, t.event_type, t.reached_at, t.lead_value, t.transaction_value,
	t.currency, t.brand_event_id, t.topic, t.service_activity_status, t.session_id)
	IS DISTINCT FROM (
	EXCLUDED.consumer_id, EXCLUDED.goal_id, EXCLUDED.event_type, EXCLUDED.reached_at,
	EXCLUDED.lead_value, EXCLUDED.transaction_value, EXCLUDED.currency, EXCLUDED.brand_event_id,
	EXCLUDED.topic, EXCLUDED.service_activity_status, EXCLUDED.session_id);

COMMIT;

SELECT consumers, goal_events, touchpoints FROM goaltracker.refresh();
