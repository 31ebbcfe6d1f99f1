-- All tables from CSV files, then a refresh.  Run in this directory, once:
--
--   psql -X -v ON_ERROR_STOP=1 -f load.sql
--
-- Everything is one transaction: a file that cannot be loaded leaves nothing behind.
-- Columns are named in the files' order; what is not named has its default.

BEGIN;

\copy goaltracker.account (account_id, account_name, attribution_model, contribution_window, default_currency, time_zone) FROM 'csv/account.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.skill (account_id, skill_id, skill_name) FROM 'csv/skill.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.agent (account_id, agent_id, agent_name, login_name, user_type, is_post_survey_bot) FROM 'csv/agent.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.agent_group (account_id, group_id, group_name, parent_group_id) FROM 'csv/agent_group.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.agent_group_membership (account_id, agent_id, group_id, valid_during) FROM 'csv/agent_group_membership.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.campaign (account_id, campaign_id, campaign_name) FROM 'csv/campaign.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.engagement (account_id, engagement_id, engagement_name, campaign_id) FROM 'csv/engagement.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.goal (account_id, goal_id, goal_name, goal_type) FROM 'csv/goal.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at, source, campaign_id, engagement_id) FROM 'csv/conversation.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, group_id, participation, dialog, assigned_at, ended_at, start_reason, end_reason, agent_messages, agent_responses) FROM 'csv/agent_segment.csv' WITH (FORMAT csv, HEADER)

\copy goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id) FROM 'csv/goal_event.csv' WITH (FORMAT csv, HEADER)

COMMIT;

-- What the planner should know, and index-only scans need, after a large load
VACUUM (ANALYZE) goaltracker.conversation, goaltracker.agent_segment, goaltracker.goal_event;

SELECT consumers, goal_events, touchpoints FROM goaltracker.refresh();
