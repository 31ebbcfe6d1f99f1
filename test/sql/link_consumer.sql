-- link_consumer() and aliases that documents name
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never

CREATE VIEW aliases AS
SELECT account_id AS account, alias, consumer_id FROM goaltracker.consumer_alias ORDER BY 1, 2;
CREATE VIEW facts AS
SELECT account_id AS account, 'conversation' AS fact, conversation_id AS id, consumer_id FROM goaltracker.conversation
UNION ALL
SELECT account_id, 'agent segment', conversation_id, consumer_id FROM goaltracker.agent_segment
UNION ALL
SELECT account_id, 'goal event', goal_event_id, consumer_id FROM goaltracker.goal_event
ORDER BY 1, 3, 2;

-- ---------------------------------------------------------------------------
-- What was loaded under the alias moves at once, segments without their
-- conversation included; what is loaded later moves with the next refresh.
-- ---------------------------------------------------------------------------
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
VALUES ('link', 'K1', 'visitor', '2026-06-01'), ('link', 'K2', 'somebody', '2026-06-01');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
VALUES ('link', 'K1', 1, 'visitor', 'A', '2026-06-01'), ('link', 'K3', 1, 'visitor', 'A', '2026-06-01'),
	('link', 'K2', 1, 'somebody', 'A', '2026-06-01');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
VALUES ('link', 'G1', 'visitor', 'Goal Achieved', '2026-06-02'), ('link', 'G2', 'somebody', 'Goal Achieved', '2026-06-02');
SELECT goaltracker.link_consumer('link', 'visitor', 'consumer');
SELECT * FROM facts WHERE account = 'link';
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
VALUES ('link', 'K4', 'visitor', '2026-06-01');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
VALUES ('link', 'K4', 1, 'visitor', 'A', '2026-06-01');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
VALUES ('link', 'G4', 'visitor', 'Goal Achieved', '2026-06-02');
SELECT * FROM facts WHERE account = 'link' AND id LIKE '_4';
SELECT FROM goaltracker.refresh() \g /dev/null
SELECT * FROM facts WHERE account = 'link' AND id LIKE '_4';
SELECT conversation, agent_id, consumer_id FROM goaltracker.conversion_grid WHERE account_id = 'link' ORDER BY 1, 2;
-- Another account's visitor is somebody else.
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
VALUES ('other', 'G1', 'visitor', 'Goal Achieved', '2026-06-02');
SELECT FROM goaltracker.refresh() \g /dev/null
SELECT * FROM facts WHERE account = 'other';

-- ---------------------------------------------------------------------------
-- Chains are flattened, from either end
-- ---------------------------------------------------------------------------
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
SELECT 'chain', 'of ' || c, c, 'Goal Achieved', '2026-06-02' FROM unnest('{a,b,c,x}'::text[]) AS c;
SELECT goaltracker.link_consumer('chain', 'a', 'b');
SELECT goaltracker.link_consumer('chain', 'b', 'c');
SELECT goaltracker.link_consumer('chain', 'x', 'b');
SELECT * FROM aliases WHERE account = 'chain';
SELECT * FROM facts WHERE account = 'chain';
-- The same link again changes nothing; another one takes along what was loaded
-- under that alias, and that alone.
SELECT goaltracker.link_consumer('chain', 'x', 'b');
SELECT goaltracker.link_consumer('chain', 'b', 'd');
SELECT * FROM aliases WHERE account = 'chain';
SELECT * FROM facts WHERE account = 'chain';

-- ---------------------------------------------------------------------------
-- Circles, and what else is refused
-- ---------------------------------------------------------------------------
SELECT goaltracker.link_consumer('circle', 'a', 'a');
SELECT goaltracker.link_consumer('circle', 'a', 'b');
SELECT goaltracker.link_consumer('circle', 'b', 'c');
SELECT goaltracker.link_consumer('circle', 'c', 'a');
SELECT goaltracker.link_consumer('circle', 'c', 'b');
SELECT * FROM aliases WHERE account = 'circle';
SELECT goaltracker.link_consumer(NULL, 'a', 'b');
SELECT goaltracker.link_consumer('circle', NULL, 'b');
SELECT goaltracker.link_consumer('circle', 'a', NULL);
SELECT goaltracker.link_consumer('circle', '', 'b');
SELECT goaltracker.link_consumer('circle', 'a', repeat('x', 256));

-- ---------------------------------------------------------------------------
-- A visitor whom documents name belongs to the consumer of the earliest
-- conversation that does, whichever is loaded first; what was loaded under the
-- visitor follows.
-- ---------------------------------------------------------------------------
CREATE FUNCTION conversation(id text, consumer text, visitor text, start_hour integer) RETURNS text
LANGUAGE sql AS $$
	SELECT format('{"info": {"conversationId": "%s", "startTimeL": %s, "visitorId": "%s"}, "consumerParticipants": [{"participantId": "%s"}]}',
		id, 1780272000000 + start_hour * 3600000, visitor, consumer)
$$;
CREATE FUNCTION goal(id text, visitor text) RETURNS text
LANGUAGE sql AS $$
	SELECT format('{"body": {"x.WebSessionGoalAchievedData": {"header": {"x.VisitorHeader": {"visitId": null, "visitorId": {"string": "%s"}}},
		"achievedGoals": {"array": [{"id": {"string": "%s"}, "timestamp": {"long": 1780308000000}}]}}}}', visitor, id)
$$;
-- six orders of loading: two conversations (Early at 9, Late at 10) and a web session
DO $$
DECLARE
	load text[] := ARRAY[
		'import_conversations(%L, conversation(''K9'', ''Early'', ''v'', 9))',
		'import_conversations(%L, conversation(''K10'', ''Late'', ''v'', 10))',
		'import_web_sessions(%L, goal(''G'', ''v''))'];
	orders text[] := '{123,132,213,231,312,321}';
	step text;
	o text;
BEGIN
	FOREACH o IN ARRAY orders LOOP
		FOREACH step IN ARRAY string_to_array(o, NULL) LOOP
			EXECUTE format('SELECT FROM goaltracker.' || load[step::integer], 'loaded ' || o);
		END LOOP;
	END LOOP;
END
$$;
SELECT * FROM aliases WHERE account LIKE 'loaded%';
SELECT account, id, consumer_id FROM facts WHERE account LIKE 'loaded%' AND fact = 'goal event';
SELECT account_id, record_id, reason FROM goaltracker.import_problem WHERE account_id LIKE 'loaded%' ORDER BY import_problem_no;

-- Both in one page, and a visitor who is the consumer himself.
SELECT * FROM goaltracker.import_conversations('page', format('[%s, %s, %s]', conversation('K10', 'Late', 'v', 10),
	conversation('K9', 'Early', 'v', 9), conversation('K11', 'self', 'self', 11)));
SELECT * FROM aliases WHERE account = 'page';
SELECT record_id, reason FROM goaltracker.import_problem WHERE account_id = 'page' ORDER BY import_problem_no;

-- A link made by hand stands, before or after.
SELECT goaltracker.link_consumer('by hand', 'v', 'Hand');
SELECT * FROM goaltracker.import_conversations('by hand', conversation('K9', 'Early', 'v', 9));
SELECT * FROM goaltracker.import_conversations('by hand', conversation('K9', 'Early', 'w', 9));
SELECT * FROM goaltracker.import_web_sessions('by hand', goal('G', 'w'));
SELECT goaltracker.link_consumer('by hand', 'w', 'Hand');
SELECT * FROM goaltracker.import_conversations('by hand', conversation('K8', 'Earlier', 'w', 8));
SELECT * FROM aliases WHERE account = 'by hand';
SELECT * FROM facts WHERE account = 'by hand';
SELECT record_id, reason FROM goaltracker.import_problem WHERE account_id = 'by hand' ORDER BY import_problem_no;

-- The consumer of a document may be an alias, and documents may name chains and circles.
SELECT * FROM goaltracker.import_conversations('chained', format('[%s, %s]',
	conversation('K1', 'b', 'a', 1), conversation('K2', 'c', 'b', 2)));
SELECT * FROM goaltracker.import_conversations('chained', conversation('K3', 'a', 'c', 3));
SELECT * FROM goaltracker.import_conversations('chained', conversation('K4', 'a', 'z', 4));
SELECT * FROM aliases WHERE account = 'chained';
SELECT * FROM facts WHERE account = 'chained';
SELECT record_id, reason FROM goaltracker.import_problem WHERE account_id = 'chained' ORDER BY import_problem_no;

-- Linking does not change what a goal event is: read again, it is the same.
SELECT format('{"info": {"conversationId": "K1", "startTimeL": 1780272000000}, "consumerParticipants": [{"participantId": "p"}],
	"sdes": {"events": [{"sdeType": "PURCHASE", "serverTimeStamp": 1780308000000, "purchase": {"total": 5, "orderId": 1}}]}}') AS document \gset
SELECT * FROM goaltracker.import_conversations('same', :'document');
SELECT goaltracker.link_consumer('same', 'p', 'person');
SELECT * FROM goaltracker.import_conversations('same', :'document');
SELECT fact, consumer_id FROM facts WHERE account = 'same';

DROP FUNCTION conversation(text, text, text, integer), goal(text, text);
DROP VIEW aliases, facts;
