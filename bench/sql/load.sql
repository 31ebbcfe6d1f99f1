-- The facts of a directory, by COPY, into goaltracker's tables.
\set conversation_file :dir '/conversation.tsv'
\set segment_file :dir '/agent_segment.tsv'
\set goal_event_file :dir '/goal_event.tsv'
COPY goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at, source, campaign_id)
	FROM :'conversation_file';
COPY goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id,
	participation, dialog, assigned_at, ended_at, agent_messages, agent_responses) FROM :'segment_file';
COPY goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value,
	transaction_value, currency, brand_event_id, topic, service_activity_status) FROM :'goal_event_file';
