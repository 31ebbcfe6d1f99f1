-- What the peers need of the facts, with the keys that PostgreSQL gave them.
\set conversation_file :dir '/peer_conversation.tsv'
\set segment_file :dir '/peer_agent_segment.tsv'
\set goal_event_file :dir '/peer_goal_event.tsv'
\set agent_file :dir '/peer_agent.tsv'
\set goal_file :dir '/peer_goal.tsv'
SET search_path = goaltracker;
COPY (SELECT account_id, conversation_id, consumer_id, opened_at, closed_at FROM conversation)
	TO :'conversation_file';
COPY (SELECT account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, participation, dialog,
	assigned_at, ended_at, segment_key FROM agent_segment) TO :'segment_file';
COPY (SELECT account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value,
	transaction_value, currency, brand_event_id, topic, service_activity_status, goal_event_key FROM goal_event)
	TO :'goal_event_file';
COPY (SELECT account_id, agent_id, agent_name, user_type, is_post_survey_bot::integer FROM agent) TO :'agent_file';
COPY (SELECT account_id, goal_id, goal_type FROM goal) TO :'goal_file';
