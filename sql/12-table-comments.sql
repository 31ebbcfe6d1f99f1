-- ---------------------------------------------------------------------------
-- What the tables that users load hold
-- ---------------------------------------------------------------------------

COMMENT ON TABLE goaltracker.account IS
	'accounts and their settings; one without a row has the defaults';
COMMENT ON COLUMN goaltracker.account.account_id IS 'account';
COMMENT ON COLUMN goaltracker.account.account_name IS 'name of the account, for people';
COMMENT ON COLUMN goaltracker.account.attribution_model IS
	'first, last, all, linear, time_decay, position_based, first_human or last_human: who gets the credit (S1); acts when a report is read';
COMMENT ON COLUMN goaltracker.account.contribution_window IS
	'days, 0 to 31, that a conversation may lie before a goal event (S2); acts when a report is read';
COMMENT ON COLUMN goaltracker.account.credited_user_types IS
	'user types that may get credit: Human, Bot, System (S3); acts at the next refresh';
COMMENT ON COLUMN goaltracker.account.default_currency IS
	'currency of goal events that name none (S12); acts when a report is read';
COMMENT ON COLUMN goaltracker.account.time_zone IS
	'zone in which conversations have their dates (S15); acts at the next refresh';
COMMENT ON COLUMN goaltracker.account.duration_bounds IS
	'rising bounds of the duration buckets; a bound belongs to the bucket above it (S16)';
COMMENT ON COLUMN goaltracker.account.max_touchpoints IS
	'touchpoints kept of one goal event at most, those that carry credit aside (S18); acts at the next refresh';
COMMENT ON COLUMN goaltracker.account.time_decay_half_life IS
	'time in which a touchpoint loses half its weight under time_decay (S20); acts when a report is read';
COMMENT ON COLUMN goaltracker.account.position_weights IS
	'what position_based gives the first touchpoint, those between together, and the last, in any scale (S20); acts when a report is read';

COMMENT ON TABLE goaltracker.skill IS
	'names of skills';
COMMENT ON COLUMN goaltracker.skill.account_id IS 'account';
COMMENT ON COLUMN goaltracker.skill.skill_id IS 'skill';
COMMENT ON COLUMN goaltracker.skill.skill_name IS 'what reports call the skill';

COMMENT ON TABLE goaltracker.agent IS
	'names and kinds of agents; one without a row is Human';
COMMENT ON COLUMN goaltracker.agent.account_id IS 'account';
COMMENT ON COLUMN goaltracker.agent.agent_id IS 'agent';
COMMENT ON COLUMN goaltracker.agent.agent_name IS 'what reports call the agent';
COMMENT ON COLUMN goaltracker.agent.login_name IS 'login of the agent, for people';
COMMENT ON COLUMN goaltracker.agent.user_type IS 'Human, Bot or System';
COMMENT ON COLUMN goaltracker.agent.is_post_survey_bot IS
	'whether this bot holds the post-conversation survey, which Last never credits (S6)';

COMMENT ON TABLE goaltracker.agent_group IS
	'names of agent groups';
COMMENT ON COLUMN goaltracker.agent_group.account_id IS 'account';
COMMENT ON COLUMN goaltracker.agent_group.group_id IS 'group';
COMMENT ON COLUMN goaltracker.agent_group.group_name IS 'what reports call the group';
COMMENT ON COLUMN goaltracker.agent_group.parent_group_id IS 'group that this one belongs to, if any';

COMMENT ON TABLE goaltracker.agent_group_membership IS
	'which group an agent was in, and when; periods of one agent do not overlap';
COMMENT ON COLUMN goaltracker.agent_group_membership.account_id IS 'account';
COMMENT ON COLUMN goaltracker.agent_group_membership.agent_id IS 'agent';
COMMENT ON COLUMN goaltracker.agent_group_membership.group_id IS 'group';
COMMENT ON COLUMN goaltracker.agent_group_membership.valid_during IS
	'when the agent was in the group';

COMMENT ON TABLE goaltracker.campaign IS
	'names of campaigns';
COMMENT ON COLUMN goaltracker.campaign.account_id IS 'account';
COMMENT ON COLUMN goaltracker.campaign.campaign_id IS 'campaign';
COMMENT ON COLUMN goaltracker.campaign.campaign_name IS 'what reports call the campaign';

COMMENT ON TABLE goaltracker.engagement IS
	'names of engagements';
COMMENT ON COLUMN goaltracker.engagement.account_id IS 'account';
COMMENT ON COLUMN goaltracker.engagement.engagement_id IS 'engagement';
COMMENT ON COLUMN goaltracker.engagement.engagement_name IS 'what reports call the engagement';
COMMENT ON COLUMN goaltracker.engagement.campaign_id IS
	'campaign of conversations that name none themselves';

COMMENT ON TABLE goaltracker.goal IS
	'definitions of goals';
COMMENT ON COLUMN goaltracker.goal.account_id IS 'account';
COMMENT ON COLUMN goaltracker.goal.goal_id IS 'goal';
COMMENT ON COLUMN goaltracker.goal.goal_name IS 'what reports call the goal';
COMMENT ON COLUMN goaltracker.goal.goal_type IS
	'Sell Product/Service, Generate Leads or Service Activity Complete (conversion goals); Interact with Visitors, Increase Page Views or Other (S11)';

COMMENT ON TABLE goaltracker.conversation IS
	'messaging conversations';
COMMENT ON COLUMN goaltracker.conversation.account_id IS 'account';
COMMENT ON COLUMN goaltracker.conversation.conversation_id IS 'conversation';
COMMENT ON COLUMN goaltracker.conversation.consumer_id IS 'who converses';
COMMENT ON COLUMN goaltracker.conversation.opened_at IS 'when it started';
COMMENT ON COLUMN goaltracker.conversation.closed_at IS 'when it ended; null: still open';
COMMENT ON COLUMN goaltracker.conversation.source IS 'channel it came through';
COMMENT ON COLUMN goaltracker.conversation.campaign_id IS 'campaign; null: that of the engagement';
COMMENT ON COLUMN goaltracker.conversation.engagement_id IS 'engagement it came from';

COMMENT ON TABLE goaltracker.agent_segment IS
	'stretches of one agent in one conversation, from assignment until transfer, takeover, return to the queue or close';
COMMENT ON COLUMN goaltracker.agent_segment.account_id IS 'account';
COMMENT ON COLUMN goaltracker.agent_segment.conversation_id IS 'conversation';
COMMENT ON COLUMN goaltracker.agent_segment.segment_no IS
	'number of the segment in its conversation';
COMMENT ON COLUMN goaltracker.agent_segment.consumer_id IS
	'who converses; the segment earns nothing unless its conversation is the same consumer''s';
COMMENT ON COLUMN goaltracker.agent_segment.agent_id IS 'agent; null: nobody gets the credit';
COMMENT ON COLUMN goaltracker.agent_segment.skill_id IS
	'skill the conversation was routed to, if any';
COMMENT ON COLUMN goaltracker.agent_segment.group_id IS
	'group of the agent; null: the one that agent_group_membership knows';
COMMENT ON COLUMN goaltracker.agent_segment.participation IS
	'assigned or joined (a manager who joins, say)';
COMMENT ON COLUMN goaltracker.agent_segment.dialog IS 'main or post_survey';
COMMENT ON COLUMN goaltracker.agent_segment.assigned_at IS 'when the agent was assigned';
COMMENT ON COLUMN goaltracker.agent_segment.ended_at IS
	'when the segment ended; null: with the conversation';
COMMENT ON COLUMN goaltracker.agent_segment.start_reason IS
	'what started it, such as New Conversation or Agent Transfer';
COMMENT ON COLUMN goaltracker.agent_segment.end_reason IS
	'what ended it, such as Agent Transfer or Closed by Agent';
COMMENT ON COLUMN goaltracker.agent_segment.agent_messages IS 'messages the agent sent in it';
COMMENT ON COLUMN goaltracker.agent_segment.agent_responses IS
	'responses the agent gave in it (S14)';
COMMENT ON COLUMN goaltracker.agent_segment.segment_key IS
	'number of the segment, unique in the database; given by the database';

COMMENT ON TABLE goaltracker.goal_event IS
	'goals reached by consumers';
COMMENT ON COLUMN goaltracker.goal_event.account_id IS 'account';
COMMENT ON COLUMN goaltracker.goal_event.goal_event_id IS 'goal event';
COMMENT ON COLUMN goaltracker.goal_event.consumer_id IS 'who reached the goal';
COMMENT ON COLUMN goaltracker.goal_event.goal_id IS 'goal reached, if it has a definition';
COMMENT ON COLUMN goaltracker.goal_event.event_type IS
	'Goal Achieved, Purchase Event or Lead Event';
COMMENT ON COLUMN goaltracker.goal_event.reached_at IS 'when it was reached';
COMMENT ON COLUMN goaltracker.goal_event.lead_value IS 'value as a lead';
COMMENT ON COLUMN goaltracker.goal_event.transaction_value IS 'value as a transaction';
COMMENT ON COLUMN goaltracker.goal_event.currency IS
	'currency of the values; null: the account''s default';
COMMENT ON COLUMN goaltracker.goal_event.brand_event_id IS
	'the brand''s own id, such as an order number; tells duplicates (S10)';
COMMENT ON COLUMN goaltracker.goal_event.topic IS 'topic of a lead or service activity';
COMMENT ON COLUMN goaltracker.goal_event.service_activity_status IS 'status of a service activity';
COMMENT ON COLUMN goaltracker.goal_event.session_id IS 'web session in which it happened (S10)';
COMMENT ON COLUMN goaltracker.goal_event.goal_event_key IS
	'number of the goal event, unique in the database; given by the database';

COMMENT ON TABLE goaltracker.consumer_alias IS
	'ids under which a consumer is known elsewhere; see link_consumer()';
COMMENT ON COLUMN goaltracker.consumer_alias.account_id IS 'account';
COMMENT ON COLUMN goaltracker.consumer_alias.alias IS
	'the other id, such as that of a web visitor';
COMMENT ON COLUMN goaltracker.consumer_alias.consumer_id IS 'the consumer; never itself an alias';

COMMENT ON TABLE goaltracker.import_problem IS
	'what the importers left out, and why';
COMMENT ON COLUMN goaltracker.import_problem.import_problem_no IS 'number of the problem, in order of occurrence';
COMMENT ON COLUMN goaltracker.import_problem.occurred_at IS 'when the import began';
COMMENT ON COLUMN goaltracker.import_problem.account_id IS 'account imported into';
COMMENT ON COLUMN goaltracker.import_problem.document_kind IS 'kind of document';
COMMENT ON COLUMN goaltracker.import_problem.record_id IS
	'record concerned, such as a conversation, where its id can be read';
COMMENT ON COLUMN goaltracker.import_problem.reason IS 'why it could not be used';
COMMENT ON COLUMN goaltracker.import_problem.part IS 'what was left out, as far as it fits';
