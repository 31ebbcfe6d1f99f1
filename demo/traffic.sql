-- A month of generated traffic, June 2025, always the same one.

\echo '== Generating a month of traffic'

INSERT INTO goaltracker.skill (account_id, skill_id, skill_name)
VALUES
	('fern-and-kettle', '500', 'Welcome'),
	('fern-and-kettle', '501', 'Tea Advice'),
	('fern-and-kettle', '502', 'Plant Care'),
	('fern-and-kettle', '503', 'Orders & Returns')
ON CONFLICT (account_id, skill_id) DO NOTHING;

INSERT INTO goaltracker.agent (account_id, agent_id, agent_name, login_name, user_type, is_post_survey_bot)
VALUES
	('fern-and-kettle', '3101', 'Sprout', 'sprout-bot', 'Bot', false),
	('fern-and-kettle', '3102', 'Petal', 'petal-survey-bot', 'Bot', true),
	('fern-and-kettle', '3111', 'Alma', 'alma', 'Human', false),
	('fern-and-kettle', '3112', 'Bruno', 'bruno', 'Human', false),
	('fern-and-kettle', '3121', 'Chiara', 'chiara', 'Human', false),
	('fern-and-kettle', '3122', 'Davit', 'davit', 'Human', false)
ON CONFLICT (account_id, agent_id) DO UPDATE SET is_post_survey_bot = EXCLUDED.is_post_survey_bot;

INSERT INTO goaltracker.agent_group (account_id, group_id, group_name)
VALUES
	('fern-and-kettle', '301', 'Bots'),
	('fern-and-kettle', '311', 'Tea Counter'),
	('fern-and-kettle', '321', 'Plant Room')
ON CONFLICT (account_id, group_id) DO NOTHING;

-- Davit helped at the tea counter until the middle of the month.
INSERT INTO goaltracker.agent_group_membership (account_id, agent_id, group_id, valid_during)
VALUES
	('fern-and-kettle', '3101', '301', '(,)'),
	('fern-and-kettle', '3102', '301', '(,)'),
	('fern-and-kettle', '3111', '311', '(,)'),
	('fern-and-kettle', '3112', '311', '(,)'),
	('fern-and-kettle', '3121', '321', '(,)'),
	('fern-and-kettle', '3122', '311', '[,2025-06-16 00:00:00+02)'),
	('fern-and-kettle', '3122', '321', '[2025-06-16 00:00:00+02,)')
ON CONFLICT DO NOTHING;

CREATE TEMPORARY TABLE new_conversation AS
SELECT conversation_id, consumer_id, opened_at, closed_at, source
FROM goaltracker.conversation
WITH NO DATA;

CREATE TEMPORARY TABLE new_segment AS
SELECT conversation_id, segment_no, consumer_id, agent_id, skill_id, dialog,
	assigned_at, ended_at, start_reason, end_reason, agent_messages, agent_responses
FROM goaltracker.agent_segment
WITH NO DATA;

CREATE TEMPORARY TABLE new_goal_event AS
SELECT goal_event_id, consumer_id, goal_id, event_type, reached_at,
	lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status
FROM goaltracker.goal_event
WITH NO DATA;

-- Days of the week differ, Monday being the busiest; people write before noon
-- and in the evening; agents differ in how much they sell.
DO $$
DECLARE
	per_weekday CONSTANT integer[] := '{62,132,116,110,104,94,72}';
	skills CONSTANT text[] := '{501,502,503}';
	agents CONSTANT text[] := '{{3111,3112,3111},{3121,3122,3121},{3112,3122,3112}}';
	order_rate CONSTANT numeric[] := '{0.40,0.28,0.05}';
	dearest CONSTANT numeric[] := '{90,320,60}';
	day date;
	opened timestamptz;
	clock timestamptz;
	ends timestamptz;
	reached timestamptz;
	conversation text;
	consumer text;
	currency text;
	skill integer;
	agent text;
	segment integer;
	reason text;
	serial integer := 0;
	event integer := 0;

BEGIN
	PERFORM setseed(0.2025);

	FOR day IN SELECT generate_series('2025-06-01'::date, '2025-06-30', '1 day')::date LOOP
		FOR i IN 1 .. per_weekday[1 + extract(dow FROM day)::integer] LOOP
			serial := serial + 1;
			conversation := 'g-' || lpad(serial::text, 5, '0');
			consumer := 'c-' || lpad(floor(2000 * random())::text, 4, '0');
			currency := CASE WHEN right(consumer, 1) IN ('3', '7') THEN 'GBP' END;	-- else the shop's own
			skill := CASE WHEN random() < 0.45 THEN 1 WHEN random() < 0.55 THEN 2 ELSE 3 END;
			opened := (day + make_interval(secs => 3600 * (CASE WHEN random() < 0.45 THEN 9 ELSE 16.5 END)
				+ floor(3600 * 5 * random()))) AT TIME ZONE 'Europe/Berlin';
			clock := opened;
			segment := 0;
			reason := 'New Conversation';

			-- the bot first, mostly, and sometimes alone
			IF random() < 0.7 THEN
				ends := clock + make_interval(secs => 30 + floor(270 * random()));
				segment := segment + 1;
				INSERT INTO new_segment VALUES
					(conversation, segment, consumer, '3101', '500', 'main', clock + interval '3 s', ends,
					 reason, 'Skill Transfer', 3, 2);
				reason := 'Skill Transfer';
				clock := ends;
			END IF;

			-- then people, one or two, after a while in the queue
			WHILE random() < CASE segment WHEN 0 THEN 0.93 WHEN 1 THEN 0.8 ELSE 0.2 END AND segment < 4 LOOP
				agent := agents[skill][1 + floor(3 * random())::integer];
				clock := clock + make_interval(secs => 20 + floor(600 * random()));
				ends := clock + make_interval(secs => 120 + floor(-900 * ln(1 - random())));
				IF random() < 0.03 THEN
					ends := ends + make_interval(hours => 1 + floor(30 * random())::integer);
				END IF;
				segment := segment + 1;
				INSERT INTO new_segment VALUES
					(conversation, segment, consumer, agent, skills[skill], 'main', clock, ends,
					 reason, 'Skill Transfer', 0, 0);
				reason := 'Skill Transfer';
				clock := ends;
				IF random() < 0.25 THEN
					skill := 1 + skill % 3;
				END IF;
			END LOOP;
			ends := CASE segment WHEN 0 THEN clock + interval '40 min' ELSE clock END;
			INSERT INTO new_conversation VALUES
				(conversation, consumer, opened, ends, CASE WHEN random() < 0.6 THEN 'SHARK' ELSE 'APP' END);
			IF segment > 0 AND random() < 0.3 THEN
				INSERT INTO new_segment VALUES
					(conversation, segment + 1, consumer, '3102', NULL, 'post_survey', ends, ends + interval '90 s',
					 'New Conversation', 'Closed by System', 2, 1);
			END IF;

			-- orders, at once or days later, a few of them reported twice
			IF random() < order_rate[skill] * (CASE agent WHEN '3111' THEN 1.3 WHEN '3122' THEN 0.8 ELSE 1 END) THEN
				event := event + 1;
				reached := ends + CASE WHEN random() < 0.5
					THEN make_interval(secs => floor(-600 * random()))
					ELSE make_interval(secs => floor(-86400 * 4 * ln(1 - random()))) END;
				INSERT INTO new_goal_event VALUES
					('e-' || event, consumer, '7902', 'Purchase Event', reached,
					 NULL, round((8 + dearest[skill] * random() ^ 2)::numeric, 2), currency, 'FK-' || 10000 + event);
				IF random() < 0.05 THEN
					INSERT INTO new_goal_event
					SELECT goal_event_id || '-again', consumer_id, goal_id, event_type, reached_at + interval '7 min',
						lead_value, transaction_value, n.currency, brand_event_id
					FROM new_goal_event AS n
					WHERE goal_event_id = 'e-' || event;
				END IF;
			END IF;
			IF skill = 2 AND random() < 0.15 THEN
				event := event + 1;
				INSERT INTO new_goal_event VALUES
					('e-' || event, consumer, '7904', 'Lead Event', ends, round((40 + 260 * random())::numeric, -1),
					 NULL, currency, 'L-' || 1000 + event, 'office plants');
			END IF;
			IF skill = 3 AND random() < 0.55 THEN
				event := event + 1;
				INSERT INTO new_goal_event VALUES
					('e-' || event, consumer, '7906', 'Goal Achieved', ends + interval '1 h', NULL,
					 NULL, NULL, 'R-' || 4000 + event, 'return', '0');
			END IF;
			IF random() < 0.1 THEN
				event := event + 1;
				INSERT INTO new_goal_event VALUES
					('e-' || event, consumer, '7905', 'Goal Achieved', ends + make_interval(hours => floor(72 * random())::integer));
			END IF;
		END LOOP;

		-- and orders of people who never asked anything
		FOR i IN 1 .. 8 LOOP
			event := event + 1;
			INSERT INTO new_goal_event VALUES
				('e-' || event, 'w-' || event, '7902', 'Purchase Event', day + make_interval(secs => floor(86400 * random())),
				 NULL, round((10 + 60 * random())::numeric, 2), NULL, 'FK-' || 10000 + event);
		END LOOP;
	END LOOP;
END
$$;

INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at, source)
SELECT 'fern-and-kettle', conversation_id, consumer_id, opened_at, closed_at, source
FROM new_conversation
ORDER BY conversation_id;

-- Whoever comes last in a conversation ends it.
INSERT INTO goaltracker.agent_segment
	(account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, dialog,
	 assigned_at, ended_at, start_reason, end_reason, agent_messages, agent_responses)
SELECT 'fern-and-kettle', conversation_id, segment_no, consumer_id, agent_id, skill_id, dialog,
	assigned_at, ended_at, start_reason,
	CASE WHEN dialog = 'main' AND lead(dialog) OVER w IS DISTINCT FROM 'main'
		THEN 'Closed by Agent' ELSE end_reason END,
	CASE WHEN agent_messages > 0 THEN agent_messages ELSE 2 + minutes / 3 END,
	CASE WHEN agent_messages > 0 THEN agent_responses ELSE 1 + minutes / 5 END
FROM (
	SELECT *, least(45, floor(extract(epoch FROM ended_at - assigned_at) / 60))::integer AS minutes
	FROM new_segment) AS s
WINDOW w AS (PARTITION BY conversation_id ORDER BY segment_no)
ORDER BY conversation_id, segment_no;

INSERT INTO goaltracker.goal_event
	(account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value,
	 transaction_value, currency, brand_event_id, topic, service_activity_status)
SELECT 'fern-and-kettle', goal_event_id, consumer_id, goal_id, event_type, reached_at, lead_value,
	transaction_value, currency, brand_event_id, topic, service_activity_status
FROM new_goal_event
ORDER BY goal_event_id;

SELECT
	(SELECT count(*) FROM new_conversation) AS conversations,
	(SELECT count(*) FROM new_segment) AS "agent segments",
	(SELECT count(*) FROM new_goal_event) AS "goal events";
