-- ---------------------------------------------------------------------------
-- Random worlds: small, and full of edges
--
-- oracle.make_world(seed) empties the tables that users load and fills them
-- anew.  The same seed makes the same world.  There are few ids and few times,
-- so that rows meet: ties, exact ends of windows, repeated brand events,
-- segments of another consumer's conversation, ids without a row.
-- ---------------------------------------------------------------------------

-- The one row: what the world is made around.  steps counts the changes made
-- since, so that each of them draws its own luck from the seed.
CREATE TABLE oracle.world (
	seed		integer NOT NULL,
	steps		integer NOT NULL DEFAULT 0,
	center		timestamptz NOT NULL,
	consumers	integer NOT NULL,
	agents		integer NOT NULL
);

-- Numbers for ids that nothing had before.
CREATE SEQUENCE oracle.id_number;

-- ---------------------------------------------------------------------------
-- Luck
-- ---------------------------------------------------------------------------

CREATE FUNCTION oracle.chance(probability double precision)
RETURNS boolean LANGUAGE sql VOLATILE
RETURN random() < probability;

-- A whole number from 0 to sides - 1.
CREATE FUNCTION oracle.dice(sides bigint)
RETURNS integer LANGUAGE sql VOLATILE
RETURN floor(random() * sides)::integer;

CREATE FUNCTION oracle.pick(VARIADIC choices text[])
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN choices[1 + oracle.dice(cardinality(choices))];
END
$$;

CREATE FUNCTION oracle.pick_number(VARIADIC choices numeric[])
RETURNS numeric LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN choices[1 + oracle.dice(cardinality(choices))];
END
$$;

CREATE FUNCTION oracle.pick_time(VARIADIC choices timestamptz[])
RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN choices[1 + oracle.dice(cardinality(choices))];
END
$$;

-- ---------------------------------------------------------------------------
-- Ids
-- ---------------------------------------------------------------------------

-- Number n of the ids of a kind.  By byte they stand in another order than by
-- any language, and in another one than by UTF-16 unit.
CREATE FUNCTION oracle.id(kind text, n integer)
RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	stems text[] := ARRAY['a', 'B', 'b', 'A', 'z', 'Z', '10', '9', chr(233), chr(201), 'e' || chr(769),
		chr(65374), chr(128512), '_', 'a b', 'a"b\c', '{x,y}', 'o''k', chr(223), '-1'];
BEGIN
	RETURN stems[1 + n % cardinality(stems)] || kind || coalesce(nullif(n / cardinality(stems), 0)::text, '');
END
$$;

CREATE FUNCTION oracle.new_id(kind text)
RETURNS text LANGUAGE sql VOLATILE
RETURN oracle.id(kind, nextval('oracle.id_number')::integer);

-- Two accounts differ by case alone; the last one never gets a row.
CREATE FUNCTION oracle.some_account()
RETURNS text LANGUAGE sql VOLATILE
RETURN oracle.pick('acme', 'acme', 'ACME', 'rowless');

CREATE FUNCTION oracle.some_consumer()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN oracle.id('-consumer', oracle.dice((SELECT consumers FROM oracle.world)));
END
$$;

-- Where there are few agents, most touchpoints carry no credit at all.
CREATE FUNCTION oracle.some_agent()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN oracle.id('-agent', oracle.dice((SELECT agents FROM oracle.world)));
END
$$;

CREATE FUNCTION oracle.some_skill()
RETURNS text LANGUAGE sql VOLATILE
RETURN CASE WHEN oracle.chance(0.75) THEN oracle.id('-skill', oracle.dice(4)) END;

CREATE FUNCTION oracle.some_goal()
RETURNS text LANGUAGE sql VOLATILE
RETURN CASE WHEN oracle.chance(0.8) THEN oracle.id('-goal', oracle.dice(8)) END;

CREATE FUNCTION oracle.some_goal_type()
RETURNS text LANGUAGE sql VOLATILE
RETURN oracle.pick('Sell Product/Service', 'Generate Leads', 'Service Activity Complete',
	'Service Activity Complete', 'Interact with Visitors', 'Increase Page Views', 'Other');

CREATE FUNCTION oracle.some_user_type()
RETURNS text LANGUAGE sql VOLATILE
RETURN oracle.pick('Human', 'Human', 'Bot', 'System');

CREATE FUNCTION oracle.some_user_types()
RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN oracle.pick('{Human,Bot,System}', '{Human,Bot,System}', '{Human,Bot,System}',
		'{Human}', '{Bot,Human}', '{Human,System}', '{System,Bot}', '{}')::text[];
END
$$;

CREATE FUNCTION oracle.some_time_zone()
RETURNS text LANGUAGE sql VOLATILE
RETURN oracle.pick('UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Europe/Berlin',
	'Pacific/Kiritimati', 'Asia/Kathmandu', 'America/St_Johns');

CREATE FUNCTION oracle.some_bounds()
RETURNS interval[] LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN oracle.pick('{00:05,00:10,00:30,01:00,03:00,24:00}', '{00:05,00:10,00:30,01:00,03:00,24:00}',
		'{00:10}', '{00:00:00.000001,00:30,1 day}', '{00:05:00.000001,23:59:59.999999,24:00:00.000001,1 mon}')::interval[];
END
$$;

CREATE FUNCTION oracle.some_max_touchpoints()
RETURNS integer LANGUAGE sql VOLATILE
RETURN oracle.pick_number(0, 1, 2, 3, 4, 6, 200);

CREATE FUNCTION oracle.some_window()
RETURNS smallint LANGUAGE sql VOLATILE
RETURN CASE oracle.dice(4) WHEN 0 THEN 0 WHEN 1 THEN 31 WHEN 2 THEN 1 + oracle.dice(3) ELSE oracle.dice(32) END;

CREATE FUNCTION oracle.some_currency()
RETURNS text LANGUAGE sql VOLATILE
RETURN oracle.pick(NULL, NULL, 'USD', 'USD', 'EUR', 'usd', 'JPY');

CREATE FUNCTION oracle.some_value()
RETURNS numeric LANGUAGE sql VOLATILE
RETURN oracle.pick_number(NULL, NULL, 0, 100, 50, 0.0001, 19.99, -5, 1234567890123456.7891);

-- ---------------------------------------------------------------------------
-- Times
-- ---------------------------------------------------------------------------

-- Mostly exactly the time, sometimes a microsecond beside it.
CREATE FUNCTION oracle.nearly(at timestamptz)
RETURNS timestamptz LANGUAGE sql VOLATILE
RETURN at + oracle.pick_number(0, 0, 0, 0, -1, 1)::integer * interval '1 microsecond';

-- Within five weeks of the world's center, at one of a few times of day: the
-- midnights and the changes of the clock of the zones above are among them.
CREATE FUNCTION oracle.some_time()
RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN oracle.nearly((SELECT center FROM oracle.world)
		+ make_interval(hours => CASE WHEN oracle.chance(0.75) THEN 24 * (oracle.dice(36) - 18) ELSE 0 END)
		+ oracle.pick('00:00', '00:00', '00:30', '01:00', '02:30', '04:00', '05:00', '06:15', '10:00',
			'13:00', '13:30', '15:00', '15:30', '18:15', '18:30', '22:00', '23:00')::interval);
END
$$;

CREATE FUNCTION oracle.some_duration()
RETURNS interval LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN oracle.pick('0', '0', '00:00:00.000001', '00:05', '00:05', '00:10', '00:30', '00:29:59.999999', '01:00',
		'03:00', '24:00', '23:59:59.999999', '50:00', '240:00')::interval;
END
$$;

-- ---------------------------------------------------------------------------
-- Rows there are; all null when there is none
-- ---------------------------------------------------------------------------

CREATE FUNCTION oracle.some_conversation()
RETURNS goaltracker.conversation LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	found_row goaltracker.conversation;
	nth integer := oracle.dice((SELECT count(*) FROM goaltracker.conversation));
BEGIN
	SELECT * INTO found_row FROM goaltracker.conversation ORDER BY account_id, conversation_id OFFSET nth LIMIT 1;
	RETURN found_row;
END
$$;

CREATE FUNCTION oracle.some_segment()
RETURNS goaltracker.agent_segment LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	found_row goaltracker.agent_segment;
	nth integer := oracle.dice((SELECT count(*) FROM goaltracker.agent_segment));
BEGIN
	SELECT * INTO found_row FROM goaltracker.agent_segment
		ORDER BY account_id, conversation_id, segment_no OFFSET nth LIMIT 1;
	RETURN found_row;
END
$$;

CREATE FUNCTION oracle.some_goal_event()
RETURNS goaltracker.goal_event LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	found_row goaltracker.goal_event;
	nth integer := oracle.dice((SELECT count(*) FROM goaltracker.goal_event));
BEGIN
	SELECT * INTO found_row FROM goaltracker.goal_event ORDER BY account_id, goal_event_id OFFSET nth LIMIT 1;
	RETURN found_row;
END
$$;

-- ---------------------------------------------------------------------------
-- One more row
-- ---------------------------------------------------------------------------

CREATE FUNCTION oracle.add_conversation()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	other goaltracker.conversation := oracle.some_conversation();
	k goaltracker.conversation;
BEGIN
	k.account_id := oracle.some_account();
	k.conversation_id := oracle.new_id('-k');
	k.consumer_id := oracle.some_consumer();
	k.opened_at := oracle.some_time();
	IF other.account_id IS NOT NULL AND oracle.chance(0.3) THEN
		-- Beside another one of the same consumer: at the same time, or when it ended.
		k.account_id := other.account_id;
		k.consumer_id := other.consumer_id;
		k.opened_at := oracle.nearly(oracle.pick_time(other.opened_at, coalesce(other.closed_at, other.opened_at)));
	ELSIF oracle.chance(0.03) THEN
		k.opened_at := k.opened_at + interval '100 years';
	END IF;
	IF oracle.chance(0.85) THEN
		k.closed_at := k.opened_at + oracle.some_duration();
	END IF;
	k.source := oracle.pick(NULL, 'APP', 'SHARK', 'AGENT');
	k.campaign_id := CASE WHEN oracle.chance(0.4) THEN oracle.id('-campaign', oracle.dice(4)) END;
	k.engagement_id := CASE WHEN oracle.chance(0.6) THEN oracle.id('-engagement', oracle.dice(4)) END;
	INSERT INTO goaltracker.conversation SELECT k.*;
	RETURN format('conversation %s/%s of %s, %s to %s',
		k.account_id, k.conversation_id, k.consumer_id, k.opened_at, k.closed_at);
END
$$;

CREATE FUNCTION oracle.add_segment()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	k goaltracker.conversation := oracle.some_conversation();
	other goaltracker.agent_segment := oracle.some_segment();
	s goaltracker.agent_segment;
	stray text;
BEGIN
	-- Conversations that have segments get more of them.
	IF oracle.chance(0.4) THEN
		SELECT * INTO k FROM goaltracker.conversation AS c
			WHERE c.account_id = other.account_id AND c.conversation_id = other.conversation_id;
	END IF;
	s.account_id := coalesce(k.account_id, oracle.some_account());
	s.conversation_id := coalesce(k.conversation_id, oracle.new_id('-k'));
	s.consumer_id := coalesce(k.consumer_id, oracle.some_consumer());
	s.assigned_at := coalesce(k.opened_at, oracle.some_time());
	CASE oracle.dice(10)
		WHEN 0, 1, 2 THEN NULL;
		WHEN 3 THEN s.assigned_at := coalesce(k.closed_at, s.assigned_at);
		WHEN 4 THEN s.assigned_at := coalesce(other.assigned_at, s.assigned_at);
		WHEN 5 THEN s.assigned_at := s.assigned_at - oracle.some_duration();
		WHEN 6 THEN
			-- When another segment of the same consumer was assigned, or ended.
			SELECT oracle.pick_time(x.assigned_at, coalesce(x.ended_at, x.assigned_at)) INTO s.assigned_at
			FROM (
				SELECT assigned_at, ended_at FROM goaltracker.agent_segment AS a
				WHERE a.account_id = s.account_id AND a.consumer_id = s.consumer_id
				ORDER BY conversation_id, segment_no
				LIMIT 1 OFFSET oracle.dice(3)
			) AS x;
			s.assigned_at := coalesce(s.assigned_at, k.opened_at, oracle.some_time());
		ELSE s.assigned_at := s.assigned_at + oracle.some_duration();
	END CASE;
	s.assigned_at := oracle.nearly(s.assigned_at);

	-- Now and then a segment of no conversation, or of another consumer's.
	IF oracle.chance(0.05) THEN
		s.conversation_id := oracle.new_id('-gone');
		stray := ' (of no conversation)';
	ELSIF oracle.chance(0.07) THEN
		s.consumer_id := oracle.some_consumer();
		stray := ' (of another consumer)';
	END IF;

	SELECT coalesce(max(a.segment_no), -2) + oracle.pick_number(1, 1, 2, 10) INTO s.segment_no
	FROM goaltracker.agent_segment AS a
	WHERE a.account_id = s.account_id AND a.conversation_id = s.conversation_id;
	s.agent_id := CASE WHEN oracle.chance(0.9) THEN oracle.some_agent() END;
	s.skill_id := oracle.some_skill();
	s.group_id := CASE WHEN oracle.chance(0.3) THEN oracle.id('-group', oracle.dice(3)) END;
	s.participation := oracle.pick('assigned', 'assigned', 'assigned', 'joined');
	s.dialog := oracle.pick('main', 'main', 'main', 'main', 'post_survey');
	s.ended_at := CASE WHEN oracle.chance(0.75) THEN s.assigned_at + oracle.some_duration() END;
	s.start_reason := oracle.pick(NULL, 'New Conversation', 'Agent Transfer', 'Takeover');
	s.end_reason := oracle.pick(NULL, 'Closed by Agent', 'Back to Queue', 'Skill Transfer');
	s.agent_messages := oracle.dice(10);
	s.agent_responses := oracle.dice(5);
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id,
		skill_id, group_id, participation, dialog, assigned_at, ended_at, start_reason, end_reason,
		agent_messages, agent_responses)
	VALUES (s.account_id, s.conversation_id, s.segment_no, s.consumer_id, s.agent_id,
		s.skill_id, s.group_id, s.participation, s.dialog, s.assigned_at, s.ended_at, s.start_reason, s.end_reason,
		s.agent_messages, s.agent_responses);
	RETURN format('segment %s/%s/%s of %s%s, agent %s, skill %s, %s, %s, %s to %s',
		s.account_id, s.conversation_id, s.segment_no, s.consumer_id, stray, s.agent_id, s.skill_id,
		s.participation, s.dialog, s.assigned_at, s.ended_at);
END
$$;

-- When a goal is reached: at the edges of what the consumer's conversations
-- reach, whole days after they closed, or anywhere.
CREATE FUNCTION oracle.some_goal_time(account text, consumer text)
RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	k goaltracker.conversation;
	nth integer := oracle.dice((SELECT count(*) FROM goaltracker.conversation AS a
		WHERE a.account_id = account AND a.consumer_id = consumer));
	assigned timestamptz;
BEGIN
	SELECT * INTO k FROM goaltracker.conversation AS a
		WHERE a.account_id = account AND a.consumer_id = consumer
		ORDER BY conversation_id OFFSET nth LIMIT 1;
	IF k.account_id IS NULL OR oracle.chance(0.2) THEN
		RETURN oracle.some_time();
	END IF;
	IF oracle.chance(0.1) THEN
		RETURN oracle.nearly(k.opened_at);
	END IF;
	IF oracle.chance(0.3) THEN
		SELECT max(assigned_at) INTO assigned FROM goaltracker.agent_segment AS a
			WHERE a.account_id = account AND a.conversation_id = k.conversation_id;
		RETURN oracle.nearly(coalesce(assigned, k.opened_at));
	END IF;
	RETURN oracle.nearly(coalesce(k.closed_at, k.opened_at)
		+ make_interval(hours => 24 * oracle.pick_number(0, 0, 1, 1, 2, 3, oracle.dice(34))::integer));
END
$$;

CREATE FUNCTION oracle.add_goal_event()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	k goaltracker.conversation := oracle.some_conversation();
	e goaltracker.goal_event;
BEGIN
	IF oracle.chance(0.5) THEN
		e := oracle.some_goal_event();
	END IF;
	IF e.account_id IS NOT NULL THEN
		-- Another one like it, in all but one column perhaps.
		CASE oracle.dice(12)
			WHEN 0 THEN e.consumer_id := oracle.some_consumer();
			WHEN 1 THEN e.event_type := oracle.pick('Goal Achieved', 'Purchase Event', 'Lead Event');
			WHEN 2 THEN e.topic := oracle.pick(NULL, 'billing', '');
			WHEN 3 THEN e.service_activity_status := oracle.pick(NULL, 'done', 'failed');
			WHEN 4, 5 THEN e.session_id := oracle.pick(NULL, 'S1', 'S2');
			WHEN 6 THEN e.goal_id := oracle.some_goal();
			WHEN 7 THEN e.brand_event_id := oracle.pick(NULL, 'order 1', 'Order 1', 'order 2');
			WHEN 8 THEN e.account_id := oracle.some_account();
			ELSE NULL;
		END CASE;
	ELSE
		e.account_id := CASE WHEN oracle.chance(0.9) THEN k.account_id END;
		e.consumer_id := k.consumer_id;
		e.account_id := coalesce(e.account_id, oracle.some_account());
		e.consumer_id := coalesce(e.consumer_id, oracle.some_consumer());
		e.goal_id := oracle.some_goal();
		e.event_type := oracle.pick('Goal Achieved', 'Purchase Event', 'Lead Event');
		e.brand_event_id := oracle.pick(NULL, NULL, 'order 1', 'Order 1', 'order 2');
		e.topic := oracle.pick(NULL, 'billing', '');
		e.service_activity_status := oracle.pick(NULL, 'done', 'failed');
		e.session_id := oracle.pick(NULL, 'S1', 'S2');
	END IF;
	e.goal_event_id := oracle.new_id('-g');
	IF e.reached_at IS NULL OR oracle.chance(0.7) THEN
		e.reached_at := oracle.some_goal_time(e.account_id, e.consumer_id);
	ELSE
		e.reached_at := oracle.nearly(e.reached_at);
	END IF;
	e.lead_value := oracle.some_value();
	e.transaction_value := oracle.some_value();
	e.currency := oracle.some_currency();
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at,
		lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id)
	VALUES (e.account_id, e.goal_event_id, e.consumer_id, e.goal_id, e.event_type, e.reached_at,
		e.lead_value, e.transaction_value, e.currency, e.brand_event_id, e.topic, e.service_activity_status, e.session_id);
	RETURN format('goal event %s/%s of %s at %s, %s, goal %s, brand event %s',
		e.account_id, e.goal_event_id, e.consumer_id, e.reached_at, e.event_type, e.goal_id, e.brand_event_id);
END
$$;

-- Some conversations of one consumer with many segments, most of one agent and
-- assigned at the same instant, and goals reached later: order is then a matter
-- of ids and numbers alone, and there is much that max_touchpoints cuts.
CREATE FUNCTION oracle.add_knot()
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	account text := oracle.some_account();
	consumer text := oracle.some_consumer();
	agent text := oracle.some_agent();
	skill text := oracle.some_skill();
	knot_at timestamptz := oracle.some_time();
	ids text[];
	id text;
BEGIN
	FOR n IN 1..1 + oracle.dice(4) LOOP
		id := oracle.new_id('-knot');
		ids := ids || id;
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		VALUES (account, id, consumer, knot_at - oracle.some_duration(),
			knot_at + oracle.pick('0', '0', '1 hour', '24 hours', '48 hours', NULL)::interval);
	END LOOP;
	FOREACH id IN ARRAY ids LOOP
		FOR n IN 1..1 + oracle.dice(5) LOOP
			INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id,
				agent_id, skill_id, participation, assigned_at, ended_at, agent_messages)
			VALUES (account, id, n * oracle.pick_number(1, -1), consumer,
				CASE WHEN oracle.chance(0.8) THEN agent ELSE oracle.some_agent() END,
				CASE WHEN oracle.chance(0.9) THEN skill ELSE oracle.some_skill() END,
				oracle.pick('assigned', 'assigned', 'joined'), knot_at, knot_at + oracle.some_duration(), n)
			ON CONFLICT DO NOTHING;
		END LOOP;
	END LOOP;
	FOR n IN 1..1 + oracle.dice(3) LOOP
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, transaction_value)
		VALUES (account, oracle.new_id('-g'), consumer, oracle.some_goal(), 'Goal Achieved',
			oracle.nearly(knot_at + make_interval(hours => 24 * oracle.pick_number(0, 0, 1, 2, oracle.dice(33))::integer)),
			oracle.some_value());
	END LOOP;
	RETURN format('knot of %s conversations of %s/%s at %s', cardinality(ids), account, consumer, knot_at);
END
$$;

-- Memberships of one agent, one after the other: ends that meet, gaps, and
-- bounds that belong to one side or the other.
CREATE FUNCTION oracle.add_memberships(account text, agent text)
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	since timestamptz;
	until timestamptz;
	closes boolean := oracle.chance(0.5);	-- whether the next period begins with its lower bound
BEGIN
	FOR n IN 1..3 LOOP
		SELECT min(assigned_at) INTO until FROM goaltracker.agent_segment
			WHERE account_id = account AND agent_id = agent
				AND (since IS NULL OR assigned_at > since);
		IF until IS NULL OR oracle.chance(0.3) THEN
			until := greatest(oracle.some_time(), since + interval '1 second');
		END IF;
		IF oracle.chance(0.8) THEN
			INSERT INTO goaltracker.agent_group_membership (account_id, agent_id, group_id, valid_during)
			VALUES (account, agent, oracle.id('-group', oracle.dice(3)),
				tstzrange(since, until, CASE WHEN since IS NOT NULL AND closes THEN '[' ELSE '(' END || ')'));
		END IF;
		since := until;
		closes := true;
	END LOOP;
	IF oracle.chance(0.5) THEN
		INSERT INTO goaltracker.agent_group_membership (account_id, agent_id, group_id, valid_during)
		VALUES (account, agent, oracle.id('-group', oracle.dice(3)),
			tstzrange(since, NULL, CASE WHEN oracle.chance(0.5) THEN '[)' ELSE '()' END));
	END IF;
END
$$;

CREATE FUNCTION oracle.some_model()
RETURNS text LANGUAGE sql VOLATILE
RETURN oracle.pick('first', 'last', 'all', 'all', 'linear', 'time_decay', 'position_based', 'first_human', 'last_human');

CREATE FUNCTION oracle.some_half_life()
RETURNS interval LANGUAGE sql VOLATILE
RETURN oracle.pick('7 days', '1 microsecond', '1.5 seconds', '10 minutes', '1 hour', '1 day', '1 month', '3650 days')::interval;

-- In any scale; where those between get all, or nothing, or one of the ends nothing.
CREATE FUNCTION oracle.some_position_weights()
RETURNS numeric[] LANGUAGE sql VOLATILE
RETURN oracle.pick('{40,20,40}', '{0.4,0.2,0.4}', '{1,1,1}', '{0,1,0}', '{1,0,0}', '{0,0,7}', '{50,0,50}', '{0,1,2}',
	'{0.000001,1000000,3}', '{33.3333,12.5,0.7}')::numeric[];

CREATE FUNCTION oracle.add_account(account text)
RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO goaltracker.account (account_id, account_name, attribution_model, contribution_window,
		credited_user_types, default_currency, time_zone, duration_bounds, max_touchpoints,
		time_decay_half_life, position_weights)
	VALUES (account, 'The ' || account, oracle.some_model(), oracle.some_window(),
		oracle.some_user_types(), oracle.pick('USD', 'EUR'), oracle.some_time_zone(), oracle.some_bounds(),
		oracle.some_max_touchpoints(), oracle.some_half_life(), oracle.some_position_weights())
$$;

-- ---------------------------------------------------------------------------
-- A world
-- ---------------------------------------------------------------------------

CREATE FUNCTION oracle.make_world(seed integer, consumers integer DEFAULT 5,
	conversations integer DEFAULT 40, goal_events integer DEFAULT 60)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	account text;
BEGIN
	TRUNCATE goaltracker.account, goaltracker.skill, goaltracker.agent, goaltracker.agent_group,
		goaltracker.agent_group_membership, goaltracker.campaign, goaltracker.engagement, goaltracker.goal,
		goaltracker.consumer_alias, goaltracker.conversation, goaltracker.agent_segment, goaltracker.goal_event;
	TRUNCATE oracle.world;
	PERFORM setseed((seed % 1000000) / 1000000.0);
	PERFORM setval('oracle.id_number', 1);

	-- Days on which clocks are changed somewhere, and one on which none is.
	INSERT INTO oracle.world (seed, center, consumers, agents)
	VALUES (seed, oracle.pick('2025-03-09 00:00+00', '2025-11-02 00:00+00', '2025-03-30 00:00+00',
		'2025-10-26 00:00+00', '2025-04-05 00:00+00', '2025-10-04 00:00+00', '2024-02-29 00:00+00')::timestamptz,
		consumers, oracle.pick_number(2, 3, 8, 8));

	PERFORM oracle.add_account('acme');
	IF oracle.chance(0.7) THEN
		PERFORM oracle.add_account('ACME');
	END IF;
	FOREACH account IN ARRAY ARRAY['acme', 'ACME', 'rowless'] LOOP
		FOR n IN 0..5 LOOP
			CONTINUE WHEN oracle.chance(0.2);
			INSERT INTO goaltracker.agent
			VALUES (account, oracle.id('-agent', n), oracle.pick(NULL, 'Same Name', 'Agent ' || n), 'login' || n,
				oracle.some_user_type(), oracle.chance(0.2));
		END LOOP;
		FOR n IN 0..2 LOOP
			INSERT INTO goaltracker.skill VALUES (account, oracle.id('-skill', n), oracle.pick(NULL, 'Unassigned', 'Skill ' || n));
			INSERT INTO goaltracker.campaign VALUES (account, oracle.id('-campaign', n), oracle.pick(NULL, 'Campaign ' || n));
			INSERT INTO goaltracker.engagement VALUES (account, oracle.id('-engagement', n), oracle.pick(NULL, 'Engagement ' || n),
				CASE WHEN oracle.chance(0.7) THEN oracle.id('-campaign', oracle.dice(4)) END);
		END LOOP;
		FOR n IN 0..1 LOOP
			INSERT INTO goaltracker.agent_group VALUES (account, oracle.id('-group', n), oracle.pick(NULL, 'Group ' || n), NULL);
		END LOOP;
		FOR n IN 0..5 LOOP
			CONTINUE WHEN oracle.chance(0.2);
			INSERT INTO goaltracker.goal VALUES (account, oracle.id('-goal', n), oracle.pick(NULL, 'Goal ' || n), oracle.some_goal_type());
		END LOOP;
	END LOOP;

	FOR n IN 1..conversations LOOP
		PERFORM oracle.add_conversation();
	END LOOP;
	FOR n IN 1..conversations * 2 LOOP
		PERFORM oracle.add_segment();
	END LOOP;
	FOR n IN 1..goal_events LOOP
		PERFORM oracle.add_goal_event();
	END LOOP;
	FOR n IN 1..oracle.dice(6) LOOP
		PERFORM oracle.add_knot();
	END LOOP;
	FOREACH account IN ARRAY ARRAY['acme', 'ACME', 'rowless'] LOOP
		FOR n IN 0..6 LOOP
			PERFORM oracle.add_memberships(account, oracle.id('-agent', n));
		END LOOP;
	END LOOP;

	-- Another account has some of the same rows: same ids, same times.
	INSERT INTO goaltracker.conversation
	SELECT 'ACME', conversation_id, consumer_id, opened_at, closed_at, source, campaign_id, engagement_id
	FROM goaltracker.conversation
	WHERE account_id = 'acme' AND left(md5(conversation_id), 1) < '6'
	ORDER BY conversation_id
	ON CONFLICT DO NOTHING;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id,
		skill_id, group_id, participation, dialog, assigned_at, ended_at, agent_messages, agent_responses)
	SELECT 'ACME', conversation_id, segment_no, consumer_id, agent_id,
		skill_id, group_id, participation, dialog, assigned_at, ended_at, agent_messages, agent_responses
	FROM goaltracker.agent_segment
	WHERE account_id = 'acme' AND left(md5(conversation_id), 1) < '6'
	ORDER BY conversation_id, segment_no
	ON CONFLICT DO NOTHING;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at,
		lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id)
	SELECT 'ACME', goal_event_id, consumer_id, goal_id, event_type, reached_at,
		lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status, session_id
	FROM goaltracker.goal_event
	WHERE account_id = 'acme' AND left(md5(goal_event_id), 1) < '6'
	ORDER BY goal_event_id
	ON CONFLICT DO NOTHING;

	RETURN format('world of seed %s: %s conversations, %s segments, %s goal events', seed,
		(SELECT count(*) FROM goaltracker.conversation),
		(SELECT count(*) FROM goaltracker.agent_segment),
		(SELECT count(*) FROM goaltracker.goal_event));
END
$$;
