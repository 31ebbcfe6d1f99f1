-- ---------------------------------------------------------------------------
-- Random changes: one of everything that refresh has to notice
--
-- oracle.random_change(class) makes one change and says which.  Its luck
-- follows from the world's seed and the number of changes made before.
-- Classes:
--	 fact		rows of conversations, agent segments and goal events, and links
--	 truncate	a whole table of them, most of which comes again
--	 dimension	what the credit depends on: user types, survey marks, goal types,
--				credited_user_types, time_zone, max_touchpoints
--	 account	whole rows of the account table
--	 live		what reports apply when they are read: model and window
--	 name		what reports may apply when they are read: names, groups,
--				campaigns, default currency, duration bounds
--	 any		any of these, facts most often
-- ---------------------------------------------------------------------------

-- Giving a conversation another consumer moves along those of its segments that
-- carried the old one.  The oracle believes what the segments say, so this
-- looks after them: it is called after such an update.
CREATE FUNCTION oracle.expect_moved(k goaltracker.conversation)
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF EXISTS (
		SELECT FROM goaltracker.agent_segment AS s
			JOIN goaltracker.conversation AS now_is USING (account_id, conversation_id)
		WHERE s.account_id = k.account_id
			AND s.conversation_id = k.conversation_id
			AND s.consumer_id = k.consumer_id
			AND now_is.consumer_id <> k.consumer_id)
	THEN
		RAISE EXCEPTION 'segments of conversation %/% stayed with consumer %',
			k.account_id, k.conversation_id, k.consumer_id;
	END IF;
END
$$;

CREATE FUNCTION oracle.change_fact()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	k goaltracker.conversation := oracle.some_conversation();
	s goaltracker.agent_segment := oracle.some_segment();
	e goaltracker.goal_event := oracle.some_goal_event();
	other_account text := oracle.some_account();
	other_consumer text := oracle.some_consumer();
	consumer text;
	id text;
	t timestamptz;
	what text := oracle.pick(
		'insert conversation', 'insert segment', 'insert segment', 'insert goal event', 'insert goal event',
		'insert many', 'insert knot',
		'conversation times', 'conversation closes', 'conversation reopens',
		'conversation consumer', 'conversation consumer', 'conversations of a consumer',
		'conversation id', 'conversation account', 'conversation texts',
		'conversation upsert', 'conversation upsert of another consumer', 'conversation merge',
		'segment times', 'segment agent', 'segment skill', 'segment kind', 'segment consumer', 'segment key',
		'segment numbers', 'segment texts', 'segment counts', 'segment upsert',
		'goal event time', 'goal event time', 'goal event consumer', 'goal event goal', 'goal event brand event',
		'goal event session', 'goal event texts', 'goal event values', 'goal event id', 'goal event account',
		'goal event upsert',
		'delete conversation', 'delete segment', 'delete goal event', 'delete consumer',
		'delete first of duplicates', 'replace conversation', 'nothing really',
		'link', 'link', 'link to a link');
BEGIN
	CASE what
	WHEN 'insert conversation' THEN
		what := 'insert ' || oracle.add_conversation();
	WHEN 'insert segment' THEN
		what := 'insert ' || oracle.add_segment();
	WHEN 'insert goal event' THEN
		what := 'insert ' || oracle.add_goal_event();
	WHEN 'insert many' THEN
		FOR n IN 1..5 LOOP
			PERFORM oracle.add_conversation();
			PERFORM oracle.add_segment();
			PERFORM oracle.add_segment();
			PERFORM oracle.add_goal_event();
		END LOOP;

	WHEN 'insert knot' THEN
		what := 'insert ' || oracle.add_knot();

	WHEN 'conversation times' THEN
		t := oracle.some_time();
		UPDATE goaltracker.conversation AS c
			SET opened_at = t, closed_at = CASE WHEN closed_at IS NOT NULL THEN t + oracle.some_duration() END
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id;
		what := format('conversation %s/%s now opened %s', k.account_id, k.conversation_id, t);
	WHEN 'conversation closes' THEN
		t := k.opened_at + oracle.some_duration();
		UPDATE goaltracker.conversation AS c SET closed_at = t
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id;
		what := format('conversation %s/%s closes %s', k.account_id, k.conversation_id, t);
	WHEN 'conversation reopens' THEN
		UPDATE goaltracker.conversation AS c SET closed_at = NULL
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id;
		what := format('conversation %s/%s reopens', k.account_id, k.conversation_id);
	WHEN 'conversation consumer' THEN
		UPDATE goaltracker.conversation AS c SET consumer_id = other_consumer
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id;
		PERFORM oracle.expect_moved(k);
		what := format('conversation %s/%s of %s now of %s', k.account_id, k.conversation_id, k.consumer_id, other_consumer);
	WHEN 'conversations of a consumer' THEN
		-- A statement of many rows, in which all but one keep their consumer or all change it.
		UPDATE goaltracker.conversation AS c SET consumer_id = other_consumer
			WHERE c.account_id = k.account_id AND c.consumer_id IN (k.consumer_id, other_consumer);
		PERFORM oracle.expect_moved(k);
		what := format('conversations of %s/%s now of %s', k.account_id, k.consumer_id, other_consumer);
	WHEN 'conversation id' THEN
		id := oracle.new_id('-renamed');
		UPDATE goaltracker.conversation AS c SET conversation_id = id
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id;
		what := format('conversation %s/%s renamed %s', k.account_id, k.conversation_id, id);
		IF oracle.chance(0.6) THEN
			UPDATE goaltracker.agent_segment AS a SET conversation_id = id
				WHERE a.account_id = k.account_id AND a.conversation_id = k.conversation_id;
			what := what || ', segments too';
		END IF;
	WHEN 'conversation account' THEN
		UPDATE goaltracker.conversation AS c SET account_id = other_account
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id
				AND NOT EXISTS (
					SELECT FROM goaltracker.conversation AS x
					WHERE x.account_id = other_account AND x.conversation_id = k.conversation_id);
		what := format('conversation %s/%s moved to account %s', k.account_id, k.conversation_id, other_account);
		IF FOUND AND oracle.chance(0.5) THEN
			UPDATE goaltracker.agent_segment AS a SET account_id = other_account
				WHERE a.account_id = k.account_id AND a.conversation_id = k.conversation_id
					AND NOT EXISTS (
						SELECT FROM goaltracker.agent_segment AS x
						WHERE x.account_id = other_account AND x.conversation_id = a.conversation_id
							AND x.segment_no = a.segment_no);
			what := what || ', segments too';
		END IF;
	WHEN 'conversation texts' THEN
		UPDATE goaltracker.conversation AS c
			SET source = oracle.pick(NULL, 'APP', 'SMS'), campaign_id = oracle.id('-campaign', oracle.dice(4)),
				engagement_id = CASE WHEN oracle.chance(0.5) THEN oracle.id('-engagement', oracle.dice(4)) END
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id;
		what := format('conversation %s/%s has other texts', k.account_id, k.conversation_id);
	WHEN 'conversation upsert' THEN
		INSERT INTO goaltracker.conversation SELECT k.* WHERE k.account_id IS NOT NULL
			ON CONFLICT (account_id, conversation_id) DO UPDATE
			SET closed_at = excluded.opened_at + oracle.some_duration();
		what := format('conversation %s/%s comes again, closed', k.account_id, k.conversation_id);
	WHEN 'conversation upsert of another consumer' THEN
		INSERT INTO goaltracker.conversation
			SELECT k.account_id, k.conversation_id, other_consumer, k.opened_at, k.closed_at, k.source, k.campaign_id, k.engagement_id
			WHERE k.account_id IS NOT NULL
			ON CONFLICT (account_id, conversation_id) DO UPDATE SET consumer_id = excluded.consumer_id;
		PERFORM oracle.expect_moved(k);
		what := format('conversation %s/%s comes again, of %s', k.account_id, k.conversation_id, other_consumer);
	WHEN 'conversation merge' THEN
		MERGE INTO goaltracker.conversation AS c
			USING (SELECT k.account_id, k.conversation_id) AS new (account_id, conversation_id)
			ON c.account_id = new.account_id AND c.conversation_id = new.conversation_id
			WHEN MATCHED AND oracle.chance(0.3) THEN DELETE
			WHEN MATCHED THEN UPDATE SET closed_at = c.opened_at + interval '1 day'
			WHEN NOT MATCHED THEN DO NOTHING;
		what := format('conversation %s/%s merged', k.account_id, k.conversation_id);

	WHEN 'segment times' THEN
		t := coalesce(oracle.pick_time(k.opened_at, s.assigned_at + oracle.some_duration(), s.assigned_at - interval '1 microsecond'),
			s.assigned_at);
		UPDATE goaltracker.agent_segment AS a
			SET assigned_at = t, ended_at = CASE WHEN oracle.chance(0.7) THEN t + oracle.some_duration() END
			WHERE a.segment_key = s.segment_key;
		what := format('segment %s/%s/%s now assigned %s', s.account_id, s.conversation_id, s.segment_no, t);
	WHEN 'segment agent' THEN
		UPDATE goaltracker.agent_segment AS a
			SET agent_id = CASE WHEN oracle.chance(0.8) THEN oracle.some_agent() END
			WHERE a.segment_key = s.segment_key
			RETURNING agent_id INTO id;
		what := format('segment %s/%s/%s now of agent %s', s.account_id, s.conversation_id, s.segment_no, id);
	WHEN 'segment skill' THEN
		UPDATE goaltracker.agent_segment AS a SET skill_id = oracle.some_skill()
			WHERE a.segment_key = s.segment_key
			RETURNING skill_id INTO id;
		what := format('segment %s/%s/%s now of skill %s', s.account_id, s.conversation_id, s.segment_no, id);
	WHEN 'segment kind' THEN
		UPDATE goaltracker.agent_segment AS a
			SET participation = oracle.pick('assigned', 'joined'), dialog = oracle.pick('main', 'post_survey')
			WHERE a.segment_key = s.segment_key;
		what := format('segment %s/%s/%s of another kind', s.account_id, s.conversation_id, s.segment_no);
	WHEN 'segment consumer' THEN
		SELECT c.consumer_id INTO consumer FROM goaltracker.conversation AS c
			WHERE c.account_id = s.account_id AND c.conversation_id = s.conversation_id;
		consumer := oracle.pick(other_consumer, coalesce(consumer, other_consumer));
		UPDATE goaltracker.agent_segment AS a SET consumer_id = consumer
			WHERE a.segment_key = s.segment_key;
		what := format('segment %s/%s/%s of %s now of %s', s.account_id, s.conversation_id, s.segment_no, s.consumer_id, consumer);
	WHEN 'segment key' THEN
		id := coalesce(oracle.pick(k.conversation_id, oracle.new_id('-gone')), s.conversation_id);
		UPDATE goaltracker.agent_segment AS a
			SET account_id = coalesce(k.account_id, a.account_id), conversation_id = id, segment_no = a.segment_no + 100 + oracle.dice(1000)
			WHERE a.segment_key = s.segment_key
				AND NOT EXISTS (
					SELECT FROM goaltracker.agent_segment AS x
					WHERE x.account_id = k.account_id AND x.conversation_id = id AND x.segment_no > 100);
		what := format('segment %s/%s/%s moved to %s/%s', s.account_id, s.conversation_id, s.segment_no, k.account_id, id);
	WHEN 'segment numbers' THEN
		-- Turns the order of what was assigned at the same time around.
		UPDATE goaltracker.agent_segment AS a SET segment_no = -a.segment_no - 1000000
			WHERE a.account_id = s.account_id AND a.conversation_id = s.conversation_id AND a.segment_no > -100000;
		what := format('segments of %s/%s renumbered', s.account_id, s.conversation_id);
	WHEN 'segment texts' THEN
		UPDATE goaltracker.agent_segment AS a
			SET group_id = CASE WHEN oracle.chance(0.5) THEN oracle.id('-group', oracle.dice(3)) END,
				start_reason = oracle.pick(NULL, 'Resume'), end_reason = oracle.pick(NULL, 'Closed by System')
			WHERE a.segment_key = s.segment_key;
		what := format('segment %s/%s/%s has other texts', s.account_id, s.conversation_id, s.segment_no);
	WHEN 'segment counts' THEN
		UPDATE goaltracker.agent_segment AS a
			SET agent_messages = agent_messages + oracle.dice(3), agent_responses = agent_responses + oracle.dice(3)
			WHERE a.segment_key = s.segment_key;
		what := format('segment %s/%s/%s has other counts', s.account_id, s.conversation_id, s.segment_no);
	WHEN 'segment upsert' THEN
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
			SELECT s.account_id, s.conversation_id, s.segment_no + oracle.dice(2), s.consumer_id, oracle.some_agent(), s.assigned_at
			WHERE s.account_id IS NOT NULL
			ON CONFLICT (account_id, conversation_id, segment_no) DO UPDATE
			SET agent_id = excluded.agent_id, consumer_id = excluded.consumer_id;
		what := format('segment %s/%s/%s or the next one comes again', s.account_id, s.conversation_id, s.segment_no);

	WHEN 'goal event time' THEN
		t := coalesce(oracle.some_goal_time(e.account_id, e.consumer_id), e.reached_at);
		UPDATE goaltracker.goal_event AS g SET reached_at = t
			WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s now reached %s', e.account_id, e.goal_event_id, t);
	WHEN 'goal event consumer' THEN
		consumer := coalesce(oracle.pick(k.consumer_id, other_consumer), other_consumer);
		UPDATE goaltracker.goal_event AS g SET consumer_id = consumer
			WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s of %s now of %s', e.account_id, e.goal_event_id, e.consumer_id, consumer);
	WHEN 'goal event goal' THEN
		UPDATE goaltracker.goal_event AS g
			SET goal_id = oracle.some_goal(), event_type = oracle.pick('Goal Achieved', 'Purchase Event', 'Lead Event')
			WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s of another goal', e.account_id, e.goal_event_id);
	WHEN 'goal event brand event' THEN
		UPDATE goaltracker.goal_event AS g SET brand_event_id = oracle.pick(NULL, 'order 1', 'order 2')
			WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s of another brand event', e.account_id, e.goal_event_id);
	WHEN 'goal event session' THEN
		UPDATE goaltracker.goal_event AS g SET session_id = oracle.pick(NULL, 'S1', 'S2')
			WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s of another session', e.account_id, e.goal_event_id);
	WHEN 'goal event texts' THEN
		UPDATE goaltracker.goal_event AS g
			SET topic = oracle.pick(NULL, 'billing', ''), service_activity_status = oracle.pick(NULL, 'done', 'failed')
			WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s has another topic and status', e.account_id, e.goal_event_id);
	WHEN 'goal event values' THEN
		UPDATE goaltracker.goal_event AS g
			SET lead_value = oracle.some_value(), transaction_value = oracle.some_value(), currency = oracle.some_currency()
			WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s has other values', e.account_id, e.goal_event_id);
	WHEN 'goal event id' THEN
		id := oracle.new_id('-renamed');
		UPDATE goaltracker.goal_event AS g SET goal_event_id = id
			WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s renamed %s', e.account_id, e.goal_event_id, id);
	WHEN 'goal event account' THEN
		UPDATE goaltracker.goal_event AS g SET account_id = other_account
			WHERE g.goal_event_key = e.goal_event_key
				AND NOT EXISTS (
					SELECT FROM goaltracker.goal_event AS x
					WHERE x.account_id = other_account AND x.goal_event_id = e.goal_event_id);
		what := format('goal event %s/%s moved to account %s', e.account_id, e.goal_event_id, other_account);
	WHEN 'goal event upsert' THEN
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
			SELECT e.account_id, e.goal_event_id, other_consumer, 'Lead Event', e.reached_at
			WHERE e.account_id IS NOT NULL
			ON CONFLICT (account_id, goal_event_id) DO UPDATE
			SET consumer_id = excluded.consumer_id, event_type = excluded.event_type;
		what := format('goal event %s/%s comes again, of %s', e.account_id, e.goal_event_id, other_consumer);

	WHEN 'delete conversation' THEN
		DELETE FROM goaltracker.conversation AS c
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id;
		what := format('conversation %s/%s deleted', k.account_id, k.conversation_id);
		IF oracle.chance(0.5) THEN
			DELETE FROM goaltracker.agent_segment AS a
				WHERE a.account_id = k.account_id AND a.conversation_id = k.conversation_id;
			what := what || ', segments too';
		END IF;
	WHEN 'delete segment' THEN
		DELETE FROM goaltracker.agent_segment AS a WHERE a.segment_key = s.segment_key;
		what := format('segment %s/%s/%s deleted', s.account_id, s.conversation_id, s.segment_no);
	WHEN 'delete goal event' THEN
		DELETE FROM goaltracker.goal_event AS g WHERE g.goal_event_key = e.goal_event_key;
		what := format('goal event %s/%s deleted', e.account_id, e.goal_event_id);
	WHEN 'delete consumer' THEN
		DELETE FROM goaltracker.conversation AS c WHERE c.account_id = e.account_id AND c.consumer_id = e.consumer_id;
		DELETE FROM goaltracker.agent_segment AS a WHERE a.account_id = e.account_id AND a.consumer_id = e.consumer_id;
		DELETE FROM goaltracker.goal_event AS g WHERE g.account_id = e.account_id AND g.consumer_id = e.consumer_id;
		what := format('consumer %s/%s deleted', e.account_id, e.consumer_id);
	WHEN 'delete first of duplicates' THEN
		DELETE FROM goaltracker.goal_event AS g
			WHERE (g.account_id, g.goal_event_id) = (
				SELECT d.account_id, d.goal_event_id FROM goaltracker.goal_event AS d
				WHERE d.account_id = e.account_id AND d.consumer_id = e.consumer_id AND d.brand_event_id IS NOT NULL
				ORDER BY reached_at, goal_event_id LIMIT 1);
		what := format('first goal event of %s/%s with a brand event deleted', e.account_id, e.consumer_id);
	WHEN 'replace conversation' THEN
		-- As a loader does that deletes and inserts again: new keys for old segments.
		CREATE TEMPORARY TABLE again ON COMMIT DROP AS
			SELECT * FROM goaltracker.agent_segment AS a
			WHERE a.account_id = k.account_id AND a.conversation_id = k.conversation_id;
		DELETE FROM goaltracker.agent_segment AS a
			WHERE a.account_id = k.account_id AND a.conversation_id = k.conversation_id;
		DELETE FROM goaltracker.conversation AS c
			WHERE c.account_id = k.account_id AND c.conversation_id = k.conversation_id;
		INSERT INTO goaltracker.conversation SELECT k.* WHERE k.account_id IS NOT NULL;
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id,
			skill_id, group_id, participation, dialog, assigned_at, ended_at, agent_messages, agent_responses)
			SELECT account_id, conversation_id, segment_no, consumer_id, agent_id,
				skill_id, group_id, participation, dialog, assigned_at, ended_at, agent_messages, agent_responses
			FROM again ORDER BY segment_no DESC;
		DROP TABLE again;
		what := format('conversation %s/%s replaced by itself', k.account_id, k.conversation_id);
	WHEN 'nothing really' THEN
		UPDATE goaltracker.conversation AS c SET opened_at = opened_at WHERE c.account_id = k.account_id;
		DELETE FROM goaltracker.goal_event AS g WHERE g.goal_event_key = e.goal_event_key;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at,
			lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id)
			SELECT e.account_id, e.goal_event_id, e.consumer_id, e.goal_id, e.event_type, e.reached_at,
				e.lead_value, e.transaction_value, e.currency, e.brand_event_id, e.topic, e.service_activity_status, e.session_id
			WHERE e.account_id IS NOT NULL;
		what := format('conversations of %s updated to what they were, goal event %s/%s replaced by itself',
			k.account_id, e.account_id, e.goal_event_id);

	WHEN 'link', 'link to a link' THEN
		k.account_id := coalesce(k.account_id, other_account);
		id := coalesce(k.consumer_id, oracle.some_consumer());		-- the alias
		IF what = 'link to a link' THEN
			SELECT a.alias INTO consumer FROM goaltracker.consumer_alias AS a
				WHERE a.account_id = k.account_id ORDER BY alias LIMIT 1;
		END IF;
		consumer := coalesce(consumer, other_consumer);
		IF id = consumer OR EXISTS (
			SELECT FROM goaltracker.consumer_alias AS a
			WHERE a.account_id = k.account_id AND a.alias = consumer AND a.consumer_id = id)
		THEN
			what := format('no link of %s/%s to %s: a circle', k.account_id, id, consumer);
		ELSE
			PERFORM goaltracker.link_consumer(k.account_id, id, consumer);
			what := format('link of %s/%s to %s', k.account_id, id, consumer);
		END IF;
	END CASE;
	RETURN what;
END
$$;

CREATE FUNCTION oracle.change_by_truncate()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	what text := oracle.pick('truncate segments', 'truncate goal events', 'truncate conversations');
	salt text := oracle.dice(1000);
BEGIN
	CASE what
	WHEN 'truncate segments' THEN
		CREATE TEMPORARY TABLE again ON COMMIT DROP AS SELECT * FROM goaltracker.agent_segment;
		TRUNCATE goaltracker.agent_segment;
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id,
			skill_id, group_id, participation, dialog, assigned_at, ended_at, agent_messages, agent_responses)
			SELECT account_id, conversation_id, segment_no, consumer_id, agent_id,
				skill_id, group_id, participation, dialog, assigned_at, ended_at, agent_messages, agent_responses
			FROM again WHERE left(md5(consumer_id || salt), 1) < 'c' ORDER BY conversation_id, segment_no;
		DROP TABLE again;
		what := what || ', three quarters of the consumers come again';
	WHEN 'truncate goal events' THEN
		CREATE TEMPORARY TABLE again ON COMMIT DROP AS SELECT * FROM goaltracker.goal_event;
		TRUNCATE goaltracker.goal_event;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at,
			lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id)
			SELECT account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at,
				lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id
			FROM again WHERE left(md5(consumer_id || salt), 1) < 'c' ORDER BY goal_event_id;
		DROP TABLE again;
		what := what || ', three quarters of the consumers come again';
	WHEN 'truncate conversations' THEN
		CREATE TEMPORARY TABLE again ON COMMIT DROP AS SELECT * FROM goaltracker.conversation;
		TRUNCATE goaltracker.conversation;
		INSERT INTO goaltracker.conversation
			SELECT * FROM again WHERE left(md5(consumer_id || salt), 1) < 'c' ORDER BY conversation_id;
		DROP TABLE again;
		what := what || ', three quarters of the consumers come again';
	END CASE;
	RETURN what;
END
$$;

CREATE FUNCTION oracle.change_dimension()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	in_account text := oracle.some_account();
	an_agent text := oracle.some_agent();
	a_goal text := oracle.id('-goal', oracle.dice(6));
	what text := oracle.pick('agent user type', 'agent user type', 'agent survey mark', 'agent upsert',
		'agent comes or goes', 'agent comes or goes', 'agent comes or goes', 'agent id', 'all agents', 'goal type', 'goal type', 'goal upsert',
		'goal comes or goes', 'goal comes or goes', 'goal comes or goes', 'goal id',
		'credited_user_types', 'credited_user_types', 'time_zone', 'time_zone', 'max_touchpoints', 'max_touchpoints',
		CASE WHEN oracle.chance(0.7) THEN 'agents truncated' ELSE 'agent user type' END,
		CASE WHEN oracle.chance(0.7) THEN 'goals truncated' ELSE 'goal type' END);
	said text;
BEGIN
	CASE what
	WHEN 'agent user type' THEN
		UPDATE goaltracker.agent SET user_type = oracle.some_user_type()
			WHERE account_id = in_account AND agent_id = an_agent RETURNING user_type INTO said;
	WHEN 'agent survey mark' THEN
		UPDATE goaltracker.agent SET is_post_survey_bot = NOT is_post_survey_bot
			WHERE account_id = in_account AND agent_id = an_agent RETURNING is_post_survey_bot::text INTO said;
	WHEN 'agent upsert' THEN
		INSERT INTO goaltracker.agent (account_id, agent_id, user_type, is_post_survey_bot)
			VALUES (in_account, an_agent, oracle.some_user_type(), oracle.chance(0.3))
			ON CONFLICT (account_id, agent_id) DO UPDATE
			SET user_type = excluded.user_type, is_post_survey_bot = excluded.is_post_survey_bot
			RETURNING agent.user_type || ' ' || agent.is_post_survey_bot INTO said;
	WHEN 'agent comes or goes' THEN
		DELETE FROM goaltracker.agent WHERE account_id = in_account AND agent_id = an_agent;
		IF NOT FOUND THEN
			INSERT INTO goaltracker.agent (account_id, agent_id, user_type, is_post_survey_bot)
			VALUES (in_account, an_agent, oracle.some_user_type(), oracle.chance(0.3))
			RETURNING user_type INTO said;
		END IF;
	WHEN 'agent id' THEN
		said := oracle.some_agent();
		UPDATE goaltracker.agent SET agent_id = said
			WHERE account_id = in_account AND agent_id = an_agent
				AND NOT EXISTS (SELECT FROM goaltracker.agent AS x WHERE x.account_id = in_account AND x.agent_id = said);
	WHEN 'all agents' THEN
		UPDATE goaltracker.agent SET user_type = CASE user_type WHEN 'Human' THEN 'Bot' ELSE 'Human' END
			WHERE account_id = in_account;
	WHEN 'agents truncated' THEN
		TRUNCATE goaltracker.agent;
	WHEN 'goal type' THEN
		UPDATE goaltracker.goal SET goal_type = oracle.some_goal_type()
			WHERE account_id = in_account AND goal_id = a_goal RETURNING goal_type INTO said;
	WHEN 'goal upsert' THEN
		INSERT INTO goaltracker.goal (account_id, goal_id, goal_type)
			VALUES (in_account, a_goal, oracle.some_goal_type())
			ON CONFLICT (account_id, goal_id) DO UPDATE SET goal_type = excluded.goal_type
			RETURNING goal.goal_type INTO said;
	WHEN 'goal comes or goes' THEN
		DELETE FROM goaltracker.goal WHERE account_id = in_account AND goal_id = a_goal;
		IF NOT FOUND THEN
			INSERT INTO goaltracker.goal (account_id, goal_id, goal_type)
			VALUES (in_account, a_goal, oracle.some_goal_type())
			RETURNING goal_type INTO said;
		END IF;
	WHEN 'goal id' THEN
		said := coalesce(oracle.some_goal(), a_goal);
		UPDATE goaltracker.goal SET goal_id = said
			WHERE account_id = in_account AND goal_id = a_goal
				AND NOT EXISTS (SELECT FROM goaltracker.goal AS x WHERE x.account_id = in_account AND x.goal_id = said);
	WHEN 'goals truncated' THEN
		TRUNCATE goaltracker.goal;
	WHEN 'credited_user_types' THEN
		UPDATE goaltracker.account SET credited_user_types = oracle.some_user_types()
			WHERE account_id = in_account RETURNING credited_user_types::text INTO said;
	WHEN 'time_zone' THEN
		UPDATE goaltracker.account SET time_zone = oracle.some_time_zone()
			WHERE account_id = in_account RETURNING time_zone INTO said;
	WHEN 'max_touchpoints' THEN
		UPDATE goaltracker.account SET max_touchpoints = oracle.some_max_touchpoints()
			WHERE account_id = in_account RETURNING max_touchpoints::text INTO said;
	END CASE;
	RETURN format('account %s, agent %s, goal %s: %s %s', in_account, an_agent, a_goal, what, said);
END
$$;

CREATE FUNCTION oracle.change_account()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	in_account text := oracle.pick('acme', 'ACME');
	said text := oracle.pick('account comes or goes', 'account comes or goes', 'account comes or goes', 'account id',
		CASE WHEN oracle.chance(0.5) THEN 'accounts truncated' ELSE 'account comes or goes' END);
BEGIN
	CASE said
	WHEN 'account comes or goes' THEN
		DELETE FROM goaltracker.account WHERE account_id = in_account;
		IF NOT FOUND THEN
			PERFORM oracle.add_account(in_account);
		END IF;
	WHEN 'account id' THEN
		UPDATE goaltracker.account SET account_id = oracle.pick('acme', 'ACME')
			WHERE account_id = in_account AND (SELECT count(*) FROM goaltracker.account) = 1;
	WHEN 'accounts truncated' THEN
		TRUNCATE goaltracker.account;
	END CASE;
	RETURN format('account %s: %s', in_account, said);
END
$$;

CREATE FUNCTION oracle.change_live()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	in_account text := oracle.pick('acme', 'ACME');
	said text;
BEGIN
	UPDATE goaltracker.account
		SET attribution_model = oracle.some_model(), contribution_window = oracle.some_window(),
			time_decay_half_life = oracle.some_half_life(), position_weights = oracle.some_position_weights()
		WHERE account_id = in_account
		RETURNING format('%s: model %s, window %s, half-life %s, position weights %s', account_id, attribution_model,
			contribution_window, time_decay_half_life, position_weights) INTO said;
	RETURN coalesce(said, 'no such account, no change');
END
$$;

CREATE FUNCTION oracle.change_name()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	in_account text := oracle.some_account();
	n integer := oracle.dice(3);
	said text := oracle.pick('agent name', 'skill name', 'skill deleted', 'goal name', 'campaign', 'engagement', 'group',
		'memberships', 'default currency', 'default currency', 'duration bounds', 'duration bounds');
BEGIN
	CASE said
	WHEN 'agent name' THEN
		UPDATE goaltracker.agent SET agent_name = oracle.pick(NULL, 'New Name', '') WHERE account_id = in_account AND agent_id = oracle.id('-agent', n);
	WHEN 'skill name' THEN
		INSERT INTO goaltracker.skill VALUES (in_account, oracle.id('-skill', n), oracle.pick(NULL, 'New Skill', ''))
			ON CONFLICT (account_id, skill_id) DO UPDATE SET skill_name = excluded.skill_name;
	WHEN 'skill deleted' THEN
		DELETE FROM goaltracker.skill WHERE account_id = in_account AND skill_id = oracle.id('-skill', n);
	WHEN 'goal name' THEN
		UPDATE goaltracker.goal SET goal_name = oracle.pick(NULL, 'New Goal', '') WHERE account_id = in_account AND goal_id = oracle.id('-goal', n);
	WHEN 'campaign' THEN
		DELETE FROM goaltracker.campaign WHERE account_id = in_account AND campaign_id = oracle.id('-campaign', n);
	WHEN 'engagement' THEN
		UPDATE goaltracker.engagement SET campaign_id = oracle.pick(NULL, oracle.id('-campaign', oracle.dice(4)))
			WHERE account_id = in_account AND engagement_id = oracle.id('-engagement', n);
	WHEN 'group' THEN
		INSERT INTO goaltracker.agent_group VALUES (in_account, oracle.id('-group', n), oracle.pick(NULL, 'New Group'), NULL)
			ON CONFLICT (account_id, group_id) DO UPDATE SET group_name = excluded.group_name;
	WHEN 'memberships' THEN
		DELETE FROM goaltracker.agent_group_membership WHERE account_id = in_account AND agent_id = oracle.id('-agent', n);
		PERFORM oracle.add_memberships(in_account, oracle.id('-agent', n));
	WHEN 'default currency' THEN
		UPDATE goaltracker.account SET default_currency = oracle.pick('USD', 'EUR', 'JPY') WHERE account_id = in_account;
	WHEN 'duration bounds' THEN
		UPDATE goaltracker.account SET duration_bounds = oracle.some_bounds() WHERE account_id = in_account;
	END CASE;
	RETURN format('account %s, number %s: %s', in_account, n, said);
END
$$;

CREATE FUNCTION oracle.random_change(class text DEFAULT 'any')
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	luck integer;
BEGIN
	UPDATE oracle.world SET steps = steps + 1
		RETURNING hashint8(seed::bigint * 1000003 + steps) INTO luck;
	PERFORM setseed(luck / 2147483648.0);
	IF class = 'any' THEN
		class := oracle.pick('fact', 'fact', 'fact', 'fact', 'fact', 'fact', 'fact', 'fact', 'truncate',
			'dimension', 'dimension', 'dimension', 'account', 'account', 'live', 'name');
	END IF;
	RETURN class || ': ' || CASE class
		WHEN 'fact' THEN oracle.change_fact()
		WHEN 'truncate' THEN oracle.change_by_truncate()
		WHEN 'account' THEN oracle.change_account()
		WHEN 'dimension' THEN oracle.change_dimension()
		WHEN 'live' THEN oracle.change_live()
		WHEN 'name' THEN oracle.change_name()
	END;
END
$$;
