-- ---------------------------------------------------------------------------
-- What the reports show
-- ---------------------------------------------------------------------------

COMMENT ON VIEW goaltracker.conversions_by_skill IS
	'conversions a day by skill and duration bucket; each goal event counts once a skill';
COMMENT ON COLUMN goaltracker.conversions_by_skill.account_id IS 'account';
COMMENT ON COLUMN goaltracker.conversions_by_skill.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.conversions_by_skill.week IS 'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.conversions_by_skill.weekday IS '0 (Sunday) to 6';
COMMENT ON COLUMN goaltracker.conversions_by_skill.weekday_name IS 'Sunday to Saturday';
COMMENT ON COLUMN goaltracker.conversions_by_skill.skill_id IS 'skill; null: none';
COMMENT ON COLUMN goaltracker.conversions_by_skill.skill IS
	'name of the skill, else its id; Unassigned: none';
COMMENT ON COLUMN goaltracker.conversions_by_skill.duration_bucket_no IS
	'duration bucket of the segment that carries the credit, from 0 (S16)';
COMMENT ON COLUMN goaltracker.conversions_by_skill.duration_bucket IS 'what the bucket is called';
COMMENT ON COLUMN goaltracker.conversions_by_skill.currency IS
	'currency of the values; different ones are never added up';
COMMENT ON COLUMN goaltracker.conversions_by_skill.goals_reached IS
	'goal events of all goal types';
COMMENT ON COLUMN goaltracker.conversions_by_skill.conversions IS
	'goal events of conversion goals (S11)';
COMMENT ON COLUMN goaltracker.conversions_by_skill.lead_value IS 'sum of lead values';
COMMENT ON COLUMN goaltracker.conversions_by_skill.transaction_value IS
	'sum of transaction values';
COMMENT ON COLUMN goaltracker.conversions_by_skill.date_key IS
	'conversation_date as a number: yyyymmdd';

COMMENT ON VIEW goaltracker.conversions_by_agent IS
	'conversions a day by agent and duration bucket; under All each goal event counts once for every agent, so that the agents'' sum exceeds the brand''s total';
COMMENT ON COLUMN goaltracker.conversions_by_agent.account_id IS 'account';
COMMENT ON COLUMN goaltracker.conversions_by_agent.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.conversions_by_agent.week IS 'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.conversions_by_agent.weekday IS '0 (Sunday) to 6';
COMMENT ON COLUMN goaltracker.conversions_by_agent.weekday_name IS 'Sunday to Saturday';
COMMENT ON COLUMN goaltracker.conversions_by_agent.agent_id IS
	'agent; null: nobody to credit (S8)';
COMMENT ON COLUMN goaltracker.conversions_by_agent.agent IS
	'name of the agent, else its id; Unassigned: nobody';
COMMENT ON COLUMN goaltracker.conversions_by_agent.user_type IS
	'Human, Bot, System or Unassigned, as of the last refresh';
COMMENT ON COLUMN goaltracker.conversions_by_agent.duration_bucket_no IS
	'duration bucket of the segment that carries the credit, from 0 (S16)';
COMMENT ON COLUMN goaltracker.conversions_by_agent.duration_bucket IS 'what the bucket is called';
COMMENT ON COLUMN goaltracker.conversions_by_agent.currency IS
	'currency of the values; different ones are never added up';
COMMENT ON COLUMN goaltracker.conversions_by_agent.goals_reached IS
	'goal events of all goal types';
COMMENT ON COLUMN goaltracker.conversions_by_agent.conversions IS
	'goal events of conversion goals (S11)';
COMMENT ON COLUMN goaltracker.conversions_by_agent.lead_value IS 'sum of lead values';
COMMENT ON COLUMN goaltracker.conversions_by_agent.transaction_value IS
	'sum of transaction values';
COMMENT ON COLUMN goaltracker.conversions_by_agent.date_key IS
	'conversation_date as a number: yyyymmdd';

COMMENT ON VIEW goaltracker.conversions_by_account IS
	'conversions a day of the whole brand; each goal event counts once';
COMMENT ON COLUMN goaltracker.conversions_by_account.account_id IS 'account';
COMMENT ON COLUMN goaltracker.conversions_by_account.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.conversions_by_account.week IS 'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.conversions_by_account.weekday IS '0 (Sunday) to 6';
COMMENT ON COLUMN goaltracker.conversions_by_account.weekday_name IS 'Sunday to Saturday';
COMMENT ON COLUMN goaltracker.conversions_by_account.currency IS
	'currency of the values; different ones are never added up';
COMMENT ON COLUMN goaltracker.conversions_by_account.goals_reached IS
	'goal events of all goal types';
COMMENT ON COLUMN goaltracker.conversions_by_account.conversions IS
	'goal events of conversion goals (S11)';
COMMENT ON COLUMN goaltracker.conversions_by_account.lead_value IS 'sum of lead values';
COMMENT ON COLUMN goaltracker.conversions_by_account.transaction_value IS
	'sum of transaction values';
COMMENT ON COLUMN goaltracker.conversions_by_account.date_key IS
	'conversation_date as a number: yyyymmdd';

COMMENT ON VIEW goaltracker.agent_summary IS
	'work and conversions a day by agent; under All a row may show work and no goal';
COMMENT ON COLUMN goaltracker.agent_summary.account_id IS 'account';
COMMENT ON COLUMN goaltracker.agent_summary.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.agent_summary.week IS 'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.agent_summary.agent_id IS 'agent; null: nobody to credit (S8)';
COMMENT ON COLUMN goaltracker.agent_summary.agent IS
	'name of the agent, else its id; Unassigned: nobody';
COMMENT ON COLUMN goaltracker.agent_summary.user_type IS
	'Human, Bot, System or Unassigned, as of the last refresh';
COMMENT ON COLUMN goaltracker.agent_summary.goals_reached IS 'goal events of all goal types';
COMMENT ON COLUMN goaltracker.agent_summary.conversions IS 'goal events of conversion goals (S11)';
COMMENT ON COLUMN goaltracker.agent_summary.agent_messages IS
	'messages in distinct agent segments (S13)';
COMMENT ON COLUMN goaltracker.agent_summary.agent_responses IS
	'responses in distinct agent segments (S13, S14)';
COMMENT ON COLUMN goaltracker.agent_summary.time_assigned IS
	'time assigned in distinct agent segments (S13)';
COMMENT ON COLUMN goaltracker.agent_summary.currency IS 'the account''s default currency';
COMMENT ON COLUMN goaltracker.agent_summary.lead_value IS 'sum of lead values in that currency';
COMMENT ON COLUMN goaltracker.agent_summary.transaction_value IS
	'sum of transaction values in that currency';
COMMENT ON COLUMN goaltracker.agent_summary.other_currency_conversions IS
	'conversions in another currency, whose values are not in the sums';
COMMENT ON COLUMN goaltracker.agent_summary.date_key IS
	'conversation_date as a number: yyyymmdd';
COMMENT ON COLUMN goaltracker.agent_summary.seconds_assigned IS
	'time_assigned in seconds';

COMMENT ON VIEW goaltracker.credit_facts IS
	'credited touchpoints as ids and numbers: for star schemas and fast totals';
COMMENT ON COLUMN goaltracker.credit_facts.account_id IS 'account';
COMMENT ON COLUMN goaltracker.credit_facts.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.credit_facts.week IS 'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.credit_facts.weekday IS '0 (Sunday) to 6';
COMMENT ON COLUMN goaltracker.credit_facts.skill_id IS 'skill; null: none';
COMMENT ON COLUMN goaltracker.credit_facts.agent_id IS 'agent; null: nobody to credit (S8)';
COMMENT ON COLUMN goaltracker.credit_facts.user_type IS
	'Human, Bot, System or Unassigned, as of the last refresh';
COMMENT ON COLUMN goaltracker.credit_facts.duration_bucket_no IS 'duration bucket, from 0 (S16)';
COMMENT ON COLUMN goaltracker.credit_facts.currency IS 'currency of the values';
COMMENT ON COLUMN goaltracker.credit_facts.goal_type IS 'goal type as of the last refresh';
COMMENT ON COLUMN goaltracker.credit_facts.goals_reached IS
	'1 on the row that carries the agent''s credit, 0 on that agent''s other rows';
COMMENT ON COLUMN goaltracker.credit_facts.conversions IS
	'likewise, of conversion goals alone; under models that share, the weight';
COMMENT ON COLUMN goaltracker.credit_facts.skill_credit IS
	'1 on the row that carries the skill''s credit, else 0';
COMMENT ON COLUMN goaltracker.credit_facts.account_credit IS
	'1 on the row that carries the brand''s credit, else 0';
COMMENT ON COLUMN goaltracker.credit_facts.lead_value IS
	'lead value of the goal event, on every row of it';
COMMENT ON COLUMN goaltracker.credit_facts.transaction_value IS
	'transaction value of the goal event, on every row of it';
COMMENT ON COLUMN goaltracker.credit_facts.agent_messages IS
	'messages in the agent segment, on every row of it';
COMMENT ON COLUMN goaltracker.credit_facts.agent_responses IS
	'responses in the agent segment, on every row of it';
COMMENT ON COLUMN goaltracker.credit_facts.seconds_assigned IS
	'seconds assigned of the agent segment, on every row of it';
COMMENT ON COLUMN goaltracker.credit_facts.goal_event_key IS
	'number of the goal event, unique in the database: for sum_once and count_once';
COMMENT ON COLUMN goaltracker.credit_facts.segment_key IS
	'number of the agent segment, unique in the database: for sum_once and count_once; null: Unassigned';
COMMENT ON COLUMN goaltracker.credit_facts.conversation_open_time IS
	'when the conversation started';
COMMENT ON COLUMN goaltracker.credit_facts.goal_timestamp IS 'when the goal was reached';
COMMENT ON COLUMN goaltracker.credit_facts.date_key IS
	'conversation_date as a number: yyyymmdd';
COMMENT ON COLUMN goaltracker.credit_facts.conversation_open_time_utc IS
	'conversation_open_time in UTC';
COMMENT ON COLUMN goaltracker.credit_facts.goal_timestamp_utc IS 'goal_timestamp in UTC';
COMMENT ON COLUMN goaltracker.credit_facts.updated_at IS
	'when a refresh last wrote the goal event or any row of it: all of them move together, so an extract of what is newer replaces by goal_event_key; a deleted goal event leaves no trace here, and what a changed setting, name or description does to a report does not move it';
COMMENT ON COLUMN goaltracker.credit_facts.updated_at_utc IS 'updated_at in UTC';
COMMENT ON COLUMN goaltracker.credit_facts.weight IS
	'part of the goal event that the row carries: under First, Last and All 1 on the row with the agent''s credit, else 0; under models that share a fraction (S20, S21)';
COMMENT ON COLUMN goaltracker.credit_facts.attributed_lead_value IS
	'lead value that the row has earned: its part, by weight (S21)';
COMMENT ON COLUMN goaltracker.credit_facts.attributed_transaction_value IS
	'transaction value that the row has earned: its part, by weight (S21)';

COMMENT ON VIEW goaltracker.conversion_grid IS
	'credited touchpoints row by row, with everything known of them';
COMMENT ON COLUMN goaltracker.conversion_grid.account_id IS 'account';
COMMENT ON COLUMN goaltracker.conversion_grid.goal_event_id IS 'goal event';
COMMENT ON COLUMN goaltracker.conversion_grid.goal_name IS 'name of the goal, else its id';
COMMENT ON COLUMN goaltracker.conversion_grid.goal_type IS
	'goal type as of the last refresh (S11)';
COMMENT ON COLUMN goaltracker.conversion_grid.goal_event_type IS
	'Goal Achieved, Purchase Event or Lead Event';
COMMENT ON COLUMN goaltracker.conversion_grid.goal_timestamp IS 'when the goal was reached';
COMMENT ON COLUMN goaltracker.conversion_grid.brand_event_id IS
	'the brand''s own id of the event, such as an order number';
COMMENT ON COLUMN goaltracker.conversion_grid.currency IS 'currency of the values';
COMMENT ON COLUMN goaltracker.conversion_grid.lead_value IS
	'lead value of the goal event, on every row of it';
COMMENT ON COLUMN goaltracker.conversion_grid.transaction_value IS
	'transaction value of the goal event, on every row of it';
COMMENT ON COLUMN goaltracker.conversion_grid.topic IS 'topic of a lead or service activity';
COMMENT ON COLUMN goaltracker.conversion_grid.service_activity_status IS
	'status of a service activity';
COMMENT ON COLUMN goaltracker.conversion_grid.conversation IS 'conversation';
COMMENT ON COLUMN goaltracker.conversion_grid.conversation_open_time IS
	'when the conversation started';
COMMENT ON COLUMN goaltracker.conversion_grid.segment_no IS
	'number of the agent segment in its conversation; null: Unassigned';
COMMENT ON COLUMN goaltracker.conversion_grid.skill_id IS 'skill; null: none';
COMMENT ON COLUMN goaltracker.conversion_grid.skill IS
	'name of the skill, else its id; Unassigned: none';
COMMENT ON COLUMN goaltracker.conversion_grid.agent_id IS 'agent; null: nobody to credit (S8)';
COMMENT ON COLUMN goaltracker.conversion_grid.agent IS
	'name of the agent, else its id; Unassigned: nobody';
COMMENT ON COLUMN goaltracker.conversion_grid.agent_group IS
	'group of the segment, else the agent''s when assigned';
COMMENT ON COLUMN goaltracker.conversion_grid.user_type IS
	'Human, Bot, System or Unassigned, as of the last refresh';
COMMENT ON COLUMN goaltracker.conversion_grid.agent_assignment_time IS
	'when the agent was assigned';
COMMENT ON COLUMN goaltracker.conversion_grid.agent_segment_start_reason IS
	'what started the segment';
COMMENT ON COLUMN goaltracker.conversion_grid.agent_segment_end_reason IS 'what ended the segment';
COMMENT ON COLUMN goaltracker.conversion_grid.campaign_name IS
	'campaign of the conversation, else of its engagement';
COMMENT ON COLUMN goaltracker.conversion_grid.engagement_name IS 'engagement of the conversation';
COMMENT ON COLUMN goaltracker.conversion_grid.source IS 'channel of the conversation';
COMMENT ON COLUMN goaltracker.conversion_grid.consumer_id IS 'who reached the goal';
COMMENT ON COLUMN goaltracker.conversion_grid.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.conversion_grid.week IS 'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.conversion_grid.hour IS
	'start of the conversation, cut to the hour, in the account''s time zone, hour offset added';
COMMENT ON COLUMN goaltracker.conversion_grid.hour_label IS 'the hour as MM/DD/YYYY HH:MM:SS AM';
COMMENT ON COLUMN goaltracker.conversion_grid.goals_reached IS
	'1 on the row that carries the agent''s credit, 0 on that agent''s other rows';
COMMENT ON COLUMN goaltracker.conversion_grid.conversions IS 'likewise, of conversion goals alone';
COMMENT ON COLUMN goaltracker.conversion_grid.skill_credit IS
	'1 on the row that carries the skill''s credit, else 0';
COMMENT ON COLUMN goaltracker.conversion_grid.account_credit IS
	'1 on the row that carries the brand''s credit, else 0';
COMMENT ON COLUMN goaltracker.conversion_grid.agent_messages IS
	'messages in the agent segment, on every row of it';
COMMENT ON COLUMN goaltracker.conversion_grid.agent_responses IS
	'responses in the agent segment, on every row of it';
COMMENT ON COLUMN goaltracker.conversion_grid.time_assigned IS
	'time assigned of the agent segment, on every row of it; of one still open, until now';
COMMENT ON COLUMN goaltracker.conversion_grid.goal_event_key IS
	'number of the goal event, unique in the database: for sum_once and count_once';
COMMENT ON COLUMN goaltracker.conversion_grid.segment_key IS
	'number of the agent segment, unique in the database: for sum_once and count_once; null: Unassigned';
COMMENT ON COLUMN goaltracker.conversion_grid.date_key IS
	'conversation_date as a number: yyyymmdd';
COMMENT ON COLUMN goaltracker.conversion_grid.conversation_open_time_utc IS
	'conversation_open_time in UTC';
COMMENT ON COLUMN goaltracker.conversion_grid.goal_timestamp_utc IS 'goal_timestamp in UTC';
COMMENT ON COLUMN goaltracker.conversion_grid.agent_assignment_time_utc IS
	'agent_assignment_time in UTC';
COMMENT ON COLUMN goaltracker.conversion_grid.seconds_assigned IS
	'time_assigned in seconds';
COMMENT ON COLUMN goaltracker.conversion_grid.updated_at IS
	'when a refresh last wrote the goal event or any row of it: all of them move together, so an extract of what is newer replaces by goal_event_key; a deleted goal event leaves no trace here, and what a changed setting, name or description does to a report does not move it';
COMMENT ON COLUMN goaltracker.conversion_grid.updated_at_utc IS 'updated_at in UTC';
COMMENT ON COLUMN goaltracker.conversion_grid.weight IS
	'part of the goal event that the row carries: under First, Last and All 1 on the row with the agent''s credit, else 0; under models that share a fraction (S20, S21)';
COMMENT ON COLUMN goaltracker.conversion_grid.attributed_lead_value IS
	'lead value that the row has earned: its part, by weight (S21)';
COMMENT ON COLUMN goaltracker.conversion_grid.attributed_transaction_value IS
	'transaction value that the row has earned: its part, by weight (S21)';

COMMENT ON VIEW goaltracker.unattributed_goal_events IS
	'goal events that no report shows under the settings in force';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.account_id IS 'account';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.goal_event_id IS 'goal event';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.consumer_id IS 'who reached the goal';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.reached_at IS 'when it was reached';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.reason IS
	'duplicate: repeats an earlier one (S10); self-serve: no conversation in reach (S9)';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.reached_at_utc IS 'reached_at in UTC';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.updated_at IS
	'when a refresh last wrote the goal event; a deleted one leaves no trace here, and one that a changed setting brings in or takes out does not move';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.updated_at_utc IS 'updated_at in UTC';
COMMENT ON COLUMN goaltracker.unattributed_goal_events.goal_event_key IS
	'number of the goal event, unique in the database';

COMMENT ON VIEW goaltracker.refresh_status IS
	'how fresh the reports of each account are';
COMMENT ON COLUMN goaltracker.refresh_status.account_id IS 'account';
COMMENT ON COLUMN goaltracker.refresh_status.pending_consumers IS
	'consumers that the next refresh looks at';
COMMENT ON COLUMN goaltracker.refresh_status.last_refreshed_at IS
	'the reports show what was committed by then; null: never refreshed';
COMMENT ON COLUMN goaltracker.refresh_status.goal_events_cut IS
	'goal events of which touchpoints were left out (S18)';
COMMENT ON COLUMN goaltracker.refresh_status.touchpoints_cut IS 'touchpoints left out (S18)';
COMMENT ON COLUMN goaltracker.refresh_status.pending_since IS
	'when the oldest change was made that waits for the next refresh; null: none waits, or not known';
