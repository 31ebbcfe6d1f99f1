-- ---------------------------------------------------------------------------
-- What the snapshots show
-- ---------------------------------------------------------------------------

COMMENT ON MATERIALIZED VIEW goaltracker.conversions_by_skill_snapshot IS
	'conversions_by_skill under the accounts settings, as of taken_at; refresh_snapshots() takes it anew';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.account_id IS
	'account';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.week IS
	'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.weekday IS
	'0 (Sunday) to 6';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.weekday_name IS
	'Sunday to Saturday';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.skill_id IS
	'skill; null: none';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.skill IS
	'name of the skill, else its id; Unassigned: none';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.duration_bucket_no IS
	'duration bucket of the segment that carries the credit, from 0 (S16)';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.duration_bucket IS
	'what the bucket is called';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.currency IS
	'currency of the values; different ones are never added up';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.goals_reached IS
	'goal events of all goal types';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.conversions IS
	'goal events of conversion goals (S11)';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.lead_value IS
	'sum of lead values';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.transaction_value IS
	'sum of transaction values';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.date_key IS
	'conversation_date as a number: yyyymmdd';
COMMENT ON COLUMN goaltracker.conversions_by_skill_snapshot.taken_at IS 'when the snapshot was taken';

COMMENT ON MATERIALIZED VIEW goaltracker.conversions_by_agent_snapshot IS
	'conversions_by_agent under the accounts settings, as of taken_at; refresh_snapshots() takes it anew';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.account_id IS
	'account';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.week IS
	'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.weekday IS
	'0 (Sunday) to 6';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.weekday_name IS
	'Sunday to Saturday';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.agent_id IS
	'agent; null: nobody to credit (S8)';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.agent IS
	'name of the agent, else its id; Unassigned: nobody';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.user_type IS
	'Human, Bot, System or Unassigned, as of the last refresh';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.duration_bucket_no IS
	'duration bucket of the segment that carries the credit, from 0 (S16)';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.duration_bucket IS
	'what the bucket is called';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.currency IS
	'currency of the values; different ones are never added up';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.goals_reached IS
	'goal events of all goal types';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.conversions IS
	'goal events of conversion goals (S11)';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.lead_value IS
	'sum of lead values';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.transaction_value IS
	'sum of transaction values';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.date_key IS
	'conversation_date as a number: yyyymmdd';
COMMENT ON COLUMN goaltracker.conversions_by_agent_snapshot.taken_at IS 'when the snapshot was taken';

COMMENT ON MATERIALIZED VIEW goaltracker.conversions_by_account_snapshot IS
	'conversions_by_account under the accounts settings, as of taken_at; refresh_snapshots() takes it anew';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.account_id IS
	'account';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.week IS
	'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.weekday IS
	'0 (Sunday) to 6';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.weekday_name IS
	'Sunday to Saturday';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.currency IS
	'currency of the values; different ones are never added up';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.goals_reached IS
	'goal events of all goal types';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.conversions IS
	'goal events of conversion goals (S11)';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.lead_value IS
	'sum of lead values';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.transaction_value IS
	'sum of transaction values';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.date_key IS
	'conversation_date as a number: yyyymmdd';
COMMENT ON COLUMN goaltracker.conversions_by_account_snapshot.taken_at IS 'when the snapshot was taken';

COMMENT ON MATERIALIZED VIEW goaltracker.agent_summary_snapshot IS
	'agent_summary under the accounts settings, as of taken_at; refresh_snapshots() takes it anew';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.account_id IS
	'account';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.conversation_date IS
	'date on which the credited touchpoint''s conversation started, in the account''s time zone, hour offset added (S15)';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.week IS
	'the Sunday on which its week starts';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.agent_id IS
	'agent; null: nobody to credit (S8)';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.agent IS
	'name of the agent, else its id; Unassigned: nobody';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.user_type IS
	'Human, Bot, System or Unassigned, as of the last refresh';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.goals_reached IS
	'goal events of all goal types';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.conversions IS
	'goal events of conversion goals (S11)';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.agent_messages IS
	'messages in distinct agent segments (S13)';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.agent_responses IS
	'responses in distinct agent segments (S13, S14)';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.time_assigned IS
	'time assigned in distinct agent segments (S13)';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.currency IS
	'the account''s default currency';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.lead_value IS
	'sum of lead values in that currency';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.transaction_value IS
	'sum of transaction values in that currency';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.other_currency_conversions IS
	'conversions in another currency, whose values are not in the sums';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.date_key IS
	'conversation_date as a number: yyyymmdd';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.seconds_assigned IS
	'time_assigned in seconds';
COMMENT ON COLUMN goaltracker.agent_summary_snapshot.taken_at IS 'when the snapshot was taken';

-- What readers read of a snapshot is described as the snapshot.
COMMENT ON VIEW goaltracker.conversions_by_skill_stored IS
	'conversions_by_skill_snapshot for readers; an error for restricted ones';

COMMENT ON VIEW goaltracker.conversions_by_agent_stored IS
	'conversions_by_agent_snapshot for readers; an error for restricted ones';

COMMENT ON VIEW goaltracker.conversions_by_account_stored IS
	'conversions_by_account_snapshot for readers; an error for restricted ones';

COMMENT ON VIEW goaltracker.agent_summary_stored IS
	'agent_summary_snapshot for readers; an error for restricted ones';

DO $$
DECLARE
	described record;
BEGIN
	FOR described IN
		SELECT v.relname, a.attname, col_description(s.oid, a.attnum) AS words
		FROM pg_class AS s
		JOIN pg_class AS v ON v.relnamespace = s.relnamespace
			AND v.relname = replace(s.relname, '_snapshot', '_stored')
		JOIN pg_attribute AS a ON a.attrelid = s.oid AND a.attnum > 0
		WHERE s.relnamespace = 'goaltracker'::regnamespace AND s.relkind = 'm'
	LOOP
		EXECUTE format('COMMENT ON COLUMN goaltracker.%I.%I IS %L',
			described.relname, described.attname, described.words);
	END LOOP;
END
$$;
