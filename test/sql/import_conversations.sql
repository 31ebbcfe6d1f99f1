-- import_conversations(): conversation history, as the platform gives it out
--
-- Documents here write times of June 1st, 2026 as @10:05, which page() turns into
-- the milliseconds of a real document.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never

CREATE FUNCTION page(document text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t text;
BEGIN
	FOR t IN
		SELECT DISTINCT m[1] FROM regexp_matches(document, '@(\d\d:\d\d(?::\d\d)?)', 'g') AS m ORDER BY 1 DESC
	LOOP
		document := replace(document, '@' || t,
			(extract(epoch FROM timestamptz '2026-06-01 00:00+00' + t::interval) * 1000)::bigint::text);
	END LOOP;
	RETURN document;
END
$$;

CREATE VIEW segments AS
SELECT account_id AS account, conversation_id AS conversation, segment_no AS no, agent_id AS agent, skill_id AS skill,
	group_id AS "group", participation, dialog, assigned_at::time AS assigned, ended_at::time AS ended,
	start_reason, end_reason, agent_messages AS messages, agent_responses AS responses
FROM goaltracker.agent_segment
ORDER BY 1, 2, 3;

CREATE VIEW problems AS
SELECT account_id AS account, record_id, reason, left(part, 60) AS part
FROM goaltracker.import_problem
WHERE document_kind = 'conversations'
ORDER BY import_problem_no;

-- ---------------------------------------------------------------------------
-- A whole page: the conversation of the worked examples.  A bot, an agent, the
-- queue, a second agent; then the survey, which does not prolong the conversation.
-- ---------------------------------------------------------------------------
SELECT page($$
{
	"_metadata": {"count": 1, "self": {"rel": "self"}, "shardsStatusResult": {"partialResult": false}},
	"conversationHistoryRecords": [{
		"info": {
			"startTime": "2026-06-01 10:00:00.000+0000", "startTimeL": @10:00,
			"endTime": "2026-06-01 11:10:00.000+0000", "endTimeL": @11:10,
			"conversationId": "K1", "brandId": "acme", "status": "CLOSE", "closeReason": "CONSUMER",
			"latestAgentId": "P", "latestSkillId": 12, "latestSkillName": "Sales", "source": "APP",
			"visitorId": "visitor 1", "isPartial": false
		},
		"campaign": {
			"campaignId": 7, "campaignName": "Summer", "campaignEngagementId": "71", "campaignEngagementName": "Banner",
			"goalId": "700", "goalName": "Interact with visitors"
		},
		"dialogs": [
			{"dialogId": "K1", "dialogType": "MAIN", "startTimeL": @10:00, "endTimeL": @11:00, "skillId": 12, "skillName": "Sales"},
			{"dialogId": "K1 survey", "dialogType": "POST_SURVEY", "startTimeL": @11:00, "endTimeL": @11:10,
				"skillId": -1, "skillName": "Unassigned"}
		],
		"consumerParticipants": [{"participantId": "c", "timeL": @10:00, "dialogId": "K1", "email": "undefined"}],
		"agentParticipants": [
			{"agentId": "B", "agentNickname": "Bot", "agentLoginName": "bot@acme", "agentFullName": "B. Ot", "userType": "2",
				"agentGroupId": -1, "agentGroupName": "Unassigned", "timeL": @10:00, "permission": "ASSIGNED_AGENT", "dialogId": "K1"},
			{"agentId": "A1", "agentNickname": "Ann", "agentLoginName": "ann@acme", "userType": 1,
				"agentGroupId": 3, "agentGroupName": "Floor", "timeL": @10:05, "permission": "ASSIGNED_AGENT", "dialogId": "K1"},
			{"agentId": "M", "agentNickname": "Max", "userType": 1, "role": "AGENT_MANAGER",
				"timeL": @10:10, "permission": "MANAGER", "dialogId": "K1"},
			{"agentId": "R", "agentNickname": "Rea", "userType": 1, "timeL": @10:11, "permission": "READER", "dialogId": "K1"},
			{"agentId": "S", "agentNickname": "Sue", "userType": 1, "timeL": @10:12, "permission": "SUGGESTED_ASSIGNED_AGENT", "dialogId": "K1"},
			{"agentId": "A2", "agentNickname": "Abe", "userType": "1", "timeL": @10:40, "permission": "ASSIGNED_AGENT", "dialogId": "K1"},
			{"agentId": "P", "agentNickname": "Survey", "userType": "2", "timeL": @11:00, "permission": "ASSIGNED_AGENT", "dialogId": "K1 survey"}
		],
		"transfers": [
			{"timeL": @10:05, "reason": "Skill", "sourceAgentId": "B", "assignedAgentId": "A1", "dialogId": "K1",
				"sourceSkillId": 11, "sourceSkillName": "Welcome", "targetSkillId": 12, "targetSkillName": "Sales"},
			{"timeL": @10:30, "reason": "back2Q", "sourceAgentId": "A1", "assignedAgentId": "null", "dialogId": "K1",
				"sourceSkillId": 12, "sourceSkillName": "Sales", "targetSkillId": 12, "targetSkillName": "Sales"}
		],
		"messageRecords": [
			{"timeL": @10:41, "seq": 9, "sentBy": "Agent", "participantId": "A2", "dialogId": "K1"},
			{"timeL": @10:00, "seq": 0, "sentBy": "Agent", "participantId": "B", "dialogId": "K1"},
			{"timeL": @10:01, "seq": 1, "sentBy": "Consumer", "participantId": "c", "dialogId": "K1"},
			{"timeL": @10:02, "seq": 2, "sentBy": "Agent", "participantId": "B", "dialogId": "K1"},
			{"timeL": @10:06, "seq": 3, "sentBy": "Agent", "participantId": "A1", "dialogId": "K1"},
			{"timeL": @10:07, "seq": 4, "sentBy": "System", "participantId": "x", "dialogId": "K1"},
			{"timeL": @10:08, "seq": 5, "sentBy": "Agent", "participantId": "A1", "dialogId": "K1"},
			{"timeL": @10:20, "seq": 6, "sentBy": "Agent", "participantId": "M", "dialogId": "K1"},
			{"timeL": @10:21, "seq": 7, "sentBy": "Consumer", "participantId": "c", "dialogId": "K1"},
			{"timeL": @10:35, "seq": 8, "sentBy": "Agent", "participantId": "A1", "dialogId": "K1"},
			{"timeL": @11:01, "seq": 10, "sentBy": "Agent", "participantId": "P", "dialogId": "K1 survey"},
			{"timeL": @11:02, "seq": 11, "sentBy": "Consumer", "participantId": "c", "dialogId": "K1 survey"},
			{"timeL": @11:03, "seq": 12, "sentBy": "Agent", "participantId": "P", "dialogId": "K1 survey"}
		],
		"sdes": {"events": [
			{"sdeType": "CUSTOMER_INFO", "customerInfo": {"customerInfo": {"customerId": "c"}}, "serverTimeStamp": "@10:01"},
			{"sdeType": "PURCHASE", "serverTimeStamp": "@11:30",
				"purchase": {"total": "78.0", "currency": "EUR", "orderId": "order 1", "serverTimeStamp": "@11:30",
					"cart": {"total": null, "products": []}}}
		]},
		"unAuthSdes": {"events": [
			{"sdeType": "LEAD", "serverTimeStamp": "@11:31", "lead": {"serverTimeStamp": "@11:31",
				"lead": {"topic": "test drive", "value": 22.22, "currency": null, "leadId": "lead 1"}}},
			{"sdeType": "SERVICE_ACTIVITY", "serviceActivity": {"serverTimeStamp": "@11:32", "originalTimeStamp": @11:29,
				"serviceActivity": {"topic": "cheque book", "status": "0", "category": "finance", "serviceId": "service 1"}}},
			{"sdeType": "SERVICE_ACTIVITY", "serviceActivity": {"serverTimeStamp": "@11:33",
				"serviceActivity": {"topic": "cheque book", "status": 13, "serviceId": "service 2"}}},
			{"sdeType": "SERVICE_ACTIVITY", "serviceActivity": {"serverTimeStamp": "@11:34",
				"serviceActivity": {"topic": "cheque book", "status": "1", "serviceId": "not reached"}}}
		]}
	}]
}$$) AS document \gset
SELECT * FROM goaltracker.import_conversations('acme', :'document'::jsonb);

SELECT consumer_id, opened_at, closed_at, source, campaign_id, engagement_id
FROM goaltracker.conversation WHERE account_id = 'acme';
-- A1's message at 10:35, in the queue, goes to its segment before; M only joined.
SELECT no, agent, skill, "group", participation, dialog, assigned, ended FROM segments WHERE account = 'acme';
SELECT no, agent, start_reason, end_reason, messages, responses FROM segments WHERE account = 'acme';
SELECT event_type, goal_id, reached_at, lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status
FROM goaltracker.goal_event WHERE account_id = 'acme' ORDER BY reached_at;
SELECT goal_id, goal_name, goal_type FROM goaltracker.goal WHERE account_id = 'acme' ORDER BY goal_id;
SELECT agent_id, agent_name, login_name, user_type FROM goaltracker.agent WHERE account_id = 'acme' ORDER BY agent_id;
SELECT skill_id, skill_name FROM goaltracker.skill WHERE account_id = 'acme' ORDER BY skill_id;
SELECT group_id, group_name FROM goaltracker.agent_group WHERE account_id = 'acme' ORDER BY group_id;
SELECT campaign_id, campaign_name, engagement_id, engagement_name
FROM goaltracker.campaign JOIN goaltracker.engagement USING (account_id, campaign_id) WHERE account_id = 'acme';
SELECT alias, consumer_id FROM goaltracker.consumer_alias WHERE account_id = 'acme';

-- The same page again, in whichever form: nothing is new, not a row is touched.
CREATE TABLE before AS
SELECT 'conversation' AS what, xmin::text AS version, ctid AS place FROM goaltracker.conversation WHERE account_id = 'acme'
UNION ALL SELECT 'segment', xmin::text AS version, ctid AS place FROM goaltracker.agent_segment WHERE account_id = 'acme'
UNION ALL SELECT 'goal event', xmin::text AS version, ctid AS place FROM goaltracker.goal_event WHERE account_id = 'acme'
UNION ALL SELECT 'goal', xmin::text AS version, ctid AS place FROM goaltracker.goal WHERE account_id = 'acme'
UNION ALL SELECT 'agent', xmin::text AS version, ctid AS place FROM goaltracker.agent WHERE account_id = 'acme'
UNION ALL SELECT 'skill', xmin::text AS version, ctid AS place FROM goaltracker.skill WHERE account_id = 'acme';
SELECT * FROM goaltracker.import_conversations('acme', :'document'::text);
SELECT * FROM goaltracker.import_conversations('acme', :'document'::jsonb -> 'conversationHistoryRecords');
SELECT * FROM goaltracker.import_conversations('acme', :'document'::jsonb #> '{conversationHistoryRecords,0}');
SELECT count(*) AS touched FROM (
	TABLE before
	EXCEPT ALL (
		SELECT 'conversation' AS what, xmin::text AS version, ctid AS place FROM goaltracker.conversation WHERE account_id = 'acme'
		UNION ALL SELECT 'segment', xmin::text AS version, ctid AS place FROM goaltracker.agent_segment WHERE account_id = 'acme'
		UNION ALL SELECT 'goal event', xmin::text AS version, ctid AS place FROM goaltracker.goal_event WHERE account_id = 'acme'
		UNION ALL SELECT 'goal', xmin::text AS version, ctid AS place FROM goaltracker.goal WHERE account_id = 'acme'
		UNION ALL SELECT 'agent', xmin::text AS version, ctid AS place FROM goaltracker.agent WHERE account_id = 'acme'
		UNION ALL SELECT 'skill', xmin::text AS version, ctid AS place FROM goaltracker.skill WHERE account_id = 'acme')
) AS t;
DROP TABLE before;
SELECT * FROM problems WHERE account = 'acme';

-- ---------------------------------------------------------------------------
-- How segments begin and end
-- ---------------------------------------------------------------------------
SELECT * FROM goaltracker.import_conversations('reasons', page($$[
{"info": {"conversationId": "agent transfer, takeover", "startTimeL": @10:00, "endTimeL": @11:00, "status": "CLOSE", "closeReason": "AGENT"},
	"consumerParticipants": [{"participantId": "c"}],
	"agentParticipants": [
		{"agentId": "A1", "timeL": @10:00, "permission": "ASSIGNED_AGENT"},
		{"agentId": "A2", "timeL": @10:10, "permission": "ASSIGNED_AGENT"},
		{"agentId": "M", "timeL": @10:20, "permission": "ASSIGNED_AGENT"}],
	"transfers": [
		{"timeL": @10:09, "reason": "Agent", "sourceAgentId": "A1", "targetSkillId": 1},
		{"timeL": @10:20, "reason": "TakeOver", "sourceAgentId": "A2", "targetSkillId": 1}]},
{"info": {"conversationId": "no transfer record", "startTimeL": @10:00, "endTimeL": @11:00, "status": "CLOSE", "closeReason": "SYSTEM"},
	"consumerParticipants": [{"participantId": "c"}],
	"agentParticipants": [
		{"agentId": "A1", "timeL": @10:00, "permission": "ASSIGNED_AGENT"},
		{"agentId": "A2", "timeL": @10:10, "permission": "ASSIGNED_AGENT"},
		{"agentId": "M", "timeL": @10:15, "permission": "MANAGER"},
		{"agentId": "M", "timeL": @10:20, "permission": "ASSIGNED_AGENT"},
		{"agentId": "M", "timeL": @10:30, "permission": "ASSIGNED_AGENT"}]},
{"info": {"conversationId": "still open", "startTimeL": @10:00, "endTimeL": -1, "status": "OPEN", "closeReason": "AGENT", "latestSkillId": 5},
	"consumerParticipants": [{"participantId": "c"}],
	"agentParticipants": [
		{"agentId": "A1", "timeL": @10:00, "permission": "ASSIGNED_AGENT"},
		{"agentId": "A1", "timeL": @10:20, "permission": "ASSIGNED_AGENT"}],
	"transfers": [
		{"timeL": @10:10, "reason": "Skill", "sourceAgentId": "A1", "sourceSkillId": -1, "sourceSkillName": "Unassigned", "targetSkillId": 2},
		{"timeL": @10:15, "reason": "SuggestedAgentTimeout", "sourceAgentId": "S", "targetSkillId": 3}]},
{"info": {"conversationId": "status says open", "startTimeL": @10:00, "endTimeL": @10:30, "status": "OPEN", "latestSkillId": 5},
	"consumerParticipants": [{"participantId": "c"}],
	"agentParticipants": [{"agentId": "A1", "timeL": @10:00, "permission": "ASSIGNED_AGENT"}]},
{"info": {"conversationId": "survey under way", "startTimeL": @10:00, "endTimeL": -1, "status": "OPEN", "closeReason": "AGENT", "latestSkillId": 5},
	"consumerParticipants": [{"participantId": "c"}],
	"dialogs": [
		{"dialogId": "d1", "dialogType": "MAIN", "startTimeL": @10:00, "endTimeL": @10:30, "skillId": 6},
		{"dialogId": "d2", "dialogType": "POST_SURVEY", "startTimeL": @10:30, "endTimeL": -1, "skillId": 9}],
	"agentParticipants": [
		{"agentId": "A1", "timeL": @10:00, "permission": "ASSIGNED_AGENT", "dialogId": "d1"},
		{"agentId": "P", "timeL": @10:30, "permission": "ASSIGNED_AGENT", "dialogId": "d2"}]}
]$$));
SELECT conversation_id, opened_at::time, closed_at::time
FROM goaltracker.conversation WHERE account_id = 'reasons' ORDER BY conversation_id;
SELECT conversation, no, agent, participation, assigned, ended, start_reason, end_reason FROM segments WHERE account = 'reasons';
-- The target of the last transfer before; before any, the source of the first
-- (which may be none); without any, the dialog's or the conversation's skill.
SELECT conversation, no, agent, dialog, skill FROM segments WHERE account = 'reasons';

-- ---------------------------------------------------------------------------
-- Versions: closed beats open, then more messages, then the later last message
-- ---------------------------------------------------------------------------
CREATE FUNCTION version(status text, last_message text, messages integer, agents integer) RETURNS text
LANGUAGE sql AS $$
	SELECT page(format('{"info": {"conversationId": "K", "startTimeL": @10:00, "endTimeL": %s, "status": "%s", "closeReason": "AGENT"},
		"consumerParticipants": [{"participantId": "c"}],
		"agentParticipants": [%s], "messageRecords": [%s]}',
		CASE status WHEN 'OPEN' THEN '-1' ELSE '@12:00' END, status,
		(SELECT string_agg(format('{"agentId": "A%s", "timeL": @10:0%s, "permission": "ASSIGNED_AGENT"}', n, n), ', ')
		 FROM generate_series(1, agents) AS n),
		(SELECT string_agg(format('{"seq": %s, "timeL": @%s, "sentBy": "Agent", "participantId": "A1"}', n, last_message), ', ')
		 FROM generate_series(1, messages) AS n)))
$$;
CREATE VIEW state AS
SELECT c.closed_at::time AS closed, i.messages, i.last_message_at::time AS last_message, count(s) AS segments
FROM goaltracker.conversation AS c
JOIN goaltracker._imported_conversation AS i USING (account_id, conversation_id)
LEFT JOIN goaltracker.agent_segment AS s USING (account_id, conversation_id)
WHERE account_id = 'versions'
GROUP BY 1, 2, 3;

SELECT * FROM goaltracker.import_conversations('versions', version('OPEN', '10:30', 2, 2));
SELECT * FROM state;
-- more messages, and one segment more: the others stay as they are
SELECT segment_key AS key_1 FROM goaltracker.agent_segment WHERE account_id = 'versions' AND segment_no = 1 \gset
SELECT * FROM goaltracker.import_conversations('versions', version('OPEN', '10:30', 3, 3));
SELECT * FROM state;
SELECT segment_key = :key_1 AS same_segment, agent_messages
FROM goaltracker.agent_segment WHERE account_id = 'versions' AND segment_no = 1;
-- fewer messages: older
SELECT * FROM goaltracker.import_conversations('versions', version('OPEN', '10:50', 2, 1));
SELECT * FROM state;
-- as many, but a later last one
SELECT * FROM goaltracker.import_conversations('versions', version('OPEN', '10:40', 3, 1));
SELECT * FROM state;
-- closed, with fewer messages
SELECT * FROM goaltracker.import_conversations('versions', version('CLOSE', '10:20', 1, 2));
SELECT * FROM state;
-- open again: older, whatever it holds
SELECT * FROM goaltracker.import_conversations('versions', version('OPEN', '11:50', 9, 4));
SELECT * FROM state;
-- deleted meanwhile: it comes again, even an older version
DELETE FROM goaltracker.agent_segment WHERE account_id = 'versions';
DELETE FROM goaltracker.conversation WHERE account_id = 'versions';
SELECT * FROM goaltracker.import_conversations('versions', version('OPEN', '10:30', 2, 2));
SELECT * FROM state;
-- loaded by somebody else: closed beats open there, too
DELETE FROM goaltracker.conversation WHERE account_id = 'versions';
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
VALUES ('versions', 'K', 'c', '2026-06-01 10:00', '2026-06-01 12:00');
SELECT * FROM goaltracker.import_conversations('versions', version('OPEN', '10:30', 2, 2));
SELECT * FROM goaltracker.import_conversations('versions', version('CLOSE', '10:30', 2, 2));
SELECT * FROM state;
-- three versions in one page: the best counts
SELECT * FROM goaltracker.import_conversations('three versions', format('[%s, %s, %s]',
	version('OPEN', '10:30', 2, 1), version('CLOSE', '10:40', 3, 3), version('OPEN', '10:50', 9, 2)));
SELECT closed_at::time, (SELECT count(*) FROM goaltracker.agent_segment WHERE account_id = 'three versions') AS segments
FROM goaltracker.conversation WHERE account_id = 'three versions';

-- ---------------------------------------------------------------------------
-- What real documents do to an importer
-- ---------------------------------------------------------------------------

-- Nothing in its many spellings; ids and times as text and as number; unknown keys;
-- the other spelling of the consumer; the earliest consumer counts.
SELECT * FROM goaltracker.import_conversations('nothing', page($$
{"info": {"conversationId": 4711, "startTimeL": "@10:00", "endTimeL": "undefined", "endTime": "undefined", "status": null,
		"closeReason": "undefined", "source": "null", "latestSkillId": "-1", "latestSkillName": "Unassigned", "visitorId": "null"},
	"campaign": {"campaignId": "undefined", "campaignName": "x", "campaignEngagementId": -1, "campaignEngagementName": "x"},
	"consumerParticipant": [
		{"participantId": "later", "timeL": "@10:05"},
		{"participantId": "undefined", "timeL": @09:00},
		{"participantId": 17, "timeL": @10:00}],
	"agentParticipants": [
		{"agentId": 1, "agentNickname": "undefined", "agentFullName": "null", "agentLoginName": "", "userType": "undefined",
			"agentGroupId": "null", "timeL": "@10:01", "permission": "ASSIGNED_AGENT", "dialogId": "undefined", "mood": {"x": [1]}},
		{"agentId": "1", "timeL": @10:01, "permission": "ASSIGNED_AGENT"}],
	"transfers": null, "dialogs": [], "interactions": 5,
	"messageRecords": [
		{"timeL": "@10:02", "seq": "0", "sentBy": "Consumer", "participantId": 17, "dialogId": "undefined"},
		{"timeL": @10:03, "seq": 1, "sentBy": "Agent", "participantId": 1},
		{"timeL": @10:03, "seq": 1, "sentBy": "Agent", "participantId": 1}],
	"sdes": null, "unAuthSdes": {"events": null}}$$)::jsonb);
SELECT conversation_id, consumer_id, opened_at, closed_at, source, campaign_id, engagement_id
FROM goaltracker.conversation WHERE account_id = 'nothing';
SELECT no, agent, skill, "group", assigned, ended, start_reason, end_reason, messages, responses FROM segments WHERE account = 'nothing';
SELECT count(*) AS named FROM goaltracker.agent WHERE account_id = 'nothing';

-- Times that contradict each other: an end before the start, a transfer before the
-- start, an agent after the end.
SELECT * FROM goaltracker.import_conversations('times', page($$
[{"info": {"conversationId": "ends before it starts", "startTimeL": @10:00, "endTimeL": @09:00, "status": "CLOSE", "closeReason": "AGENT"},
	"consumerParticipants": [{"participantId": "c"}],
	"agentParticipants": [{"agentId": "A1", "timeL": @10:01, "permission": "ASSIGNED_AGENT"}]},
{"info": {"conversationId": "transfer before the start", "startTimeL": @10:00, "endTimeL": @10:30, "status": "CLOSE", "closeReason": "AGENT"},
	"consumerParticipants": [{"participantId": "c"}],
	"transfers": [{"timeL": @08:00, "reason": "Skill", "sourceAgentId": "A1", "sourceSkillId": 1, "targetSkillId": 2}],
	"agentParticipants": [
		{"agentId": "A1", "timeL": @09:00, "permission": "ASSIGNED_AGENT"},
		{"agentId": "A2", "timeL": @10:40, "permission": "ASSIGNED_AGENT"}]}]$$));
SELECT conversation_id, opened_at::time, closed_at::time FROM goaltracker.conversation WHERE account_id = 'times' ORDER BY 1;
SELECT conversation, no, agent, skill, assigned, ended, start_reason, end_reason FROM segments WHERE account = 'times';
SELECT * FROM problems WHERE account = 'times';

-- A bad record does not stop the good ones; each is recorded with its reason.
SELECT repeat('x', 256) AS long \gset
SELECT * FROM goaltracker.import_conversations('records', page(replace($$[
	"not a record", 5, null, [], {},
	{"info": {"startTimeL": @10:00}},
	{"info": {"conversationId": "LONG", "startTimeL": @10:00}},
	{"info": {"conversationId": ["K"], "startTimeL": @10:00}},
	{"info": {"conversationId": "no start"}, "consumerParticipants": [{"participantId": "c"}]},
	{"info": {"conversationId": "no such start", "startTimeL": "soon"}, "consumerParticipants": [{"participantId": "c"}]},
	{"info": {"conversationId": "start out of range", "startTimeL": 1e20}, "consumerParticipants": [{"participantId": "c"}]},
	{"info": {"conversationId": "no consumer", "startTimeL": @10:00}, "consumerParticipants": []},
	{"info": {"conversationId": "long consumer", "startTimeL": @10:00}, "consumerParticipants": [{"participantId": "LONG"}]},
	{"info": {"conversationId": "good", "startTimeL": @10:00}, "consumerParticipants": [{"participantId": "c"}]}
]$$, 'LONG', :'long')));
SELECT conversation_id FROM goaltracker.conversation WHERE account_id = 'records';
SELECT * FROM problems WHERE account = 'records';

-- A bad part of a record is left out, the rest is used.
SELECT * FROM goaltracker.import_conversations('parts', page(replace($$
{"info": {"conversationId": "K", "startTimeL": @10:00, "endTimeL": "later", "latestSkillId": "LONG", "status": "CLOSE"},
	"campaign": {"campaignId": true, "campaignEngagementId": 1},
	"consumerParticipants": [{"participantId": "c"}],
	"agentParticipants": [
		"nobody",
		{"timeL": @10:00, "permission": "ASSIGNED_AGENT"},
		{"agentId": "no time", "permission": "ASSIGNED_AGENT"},
		{"agentId": "time out of range", "timeL": 1e16, "permission": "ASSIGNED_AGENT"},
		{"agentId": "no permission", "timeL": @10:00},
		{"agentId": "only reads", "permission": "READER"},
		{"agentId": "LONG", "timeL": @10:00, "permission": "ASSIGNED_AGENT"},
		{"agentId": "long group", "agentGroupId": "LONG", "timeL": @10:00, "permission": "ASSIGNED_AGENT"},
		{"agentId": "unknown type", "agentNickname": "U", "userType": 9, "timeL": @10:01, "permission": "ASSIGNED_AGENT"}],
	"transfers": [{"reason": "Skill", "sourceAgentId": "long group"}, {"timeL": {}, "reason": "Skill"}],
	"dialogs": "none",
	"messageRecords": [
		{"sentBy": "Agent", "participantId": "unknown type", "seq": 1},
		{"timeL": @10:02, "participantId": "unknown type", "seq": 2},
		{"timeL": "now", "sentBy": "Agent", "participantId": "unknown type", "seq": 3},
		{"timeL": @10:03, "sentBy": "Agent", "participantId": "unknown type", "seq": 4}],
	"sdes": {"events": [
		null, {}, {"sdeType": "SOMETHING_NEW", "x": 1},
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:10"},
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:11", "purchase": {"total": "a lot", "orderId": 1}},
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:12", "purchase": {"total": 1e16, "orderId": 2}},
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:13", "purchase": {"total": "NaN", "orderId": 3}},
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:14", "purchase": {"total": 5, "orderId": "LONG"}},
		{"sdeType": "PURCHASE", "serverTimeStamp": "1e30", "purchase": {"total": 5, "orderId": 4}},
		{"sdeType": "PURCHASE", "purchase": {"total": 5, "orderId": 5}},
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:15", "purchase": {"total": "9999999999999999.99994", "currency": "", "orderId": 6}},
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:16", "purchase": {"orderId": "no amount at all"}},
		{"sdeType": "LEAD", "serverTimeStamp": "@10:17", "lead": {"lead": {"value": "-1", "leadId": "undefined", "topic": "null"}}}
	]}}$$, 'LONG', :'long')));
SELECT conversation_id, closed_at, campaign_id, engagement_id FROM goaltracker.conversation WHERE account_id = 'parts';
SELECT no, agent, skill, "group", assigned, messages FROM segments WHERE account = 'parts';
SELECT agent_id, user_type FROM goaltracker.agent WHERE account_id = 'parts';
SELECT event_type, reached_at::time, lead_value, transaction_value, currency, brand_event_id, topic
FROM goaltracker.goal_event WHERE account_id = 'parts' ORDER BY reached_at;
SELECT reason, regexp_replace(part, 'x{9,}', 'x...x', 'g') AS part FROM problems WHERE account = 'parts';

-- Text that jsonb refuses: that record is left out, with its id where it can be
-- read, the others go in; a backslash that is itself escaped is no such text.
SELECT * FROM goaltracker.import_conversations('text', page($$ {"x": "\u0000", "conversationHistoryRecords": [
	{"info": {"conversationId": "K1", "startTimeL": @10:00}, "consumerParticipants": [{"participantId": "c"}]},
	{"info": {"conversationId": "K2", "startTimeL": @10:00, "source": "\u0000"}, "consumerParticipants": [{"participantId": "c"}]},
	{"info": {"conversationId": "K3", "startTimeL": @10:00, "source": "\\u0000 ]} \" [{"}, "consumerParticipants": [{"participantId": "c"}]},
	{"info": {"conversationId": "K4", "startTimeL": @10:00, "source": "\ud800"}, "consumerParticipants": [{"participantId": "c"}]},
	{"info": {"conversationId": "K5", "startTimeL": 1e999999}, "consumerParticipants": [{"participantId": "c"}]}
	], "y": [1, 2]} $$));
SELECT conversation_id, source FROM goaltracker.conversation WHERE account_id = 'text' ORDER BY conversation_id;
SELECT record_id, reason, part FROM problems WHERE account = 'text';
-- the same as an array of records, and as one record
SELECT * FROM goaltracker.import_conversations('text 2',
	'[{"info": {"conversationId": "K1", "startTimeL": 1, "x": "\u0000"}}, {"info": {"conversationId": "K2", "startTimeL": 1}, "consumerParticipants": [{"participantId": "c"}]}]');
SELECT * FROM goaltracker.import_conversations('text 2', '{"info": {"conversationId": "K3", "x": "\u0000"}}');
SELECT record_id, reason, part FROM problems WHERE account = 'text 2';

-- What is no document.
SELECT * FROM goaltracker.import_conversations('none', 'this is not JSON');
SELECT * FROM goaltracker.import_conversations('none', '');
SELECT * FROM goaltracker.import_conversations('none', '{"conversationHistoryRecords": [{"info": {"conversationId": "K1"');
SELECT * FROM goaltracker.import_conversations('none', repeat('[', 100000));
SELECT * FROM goaltracker.import_conversations('none', '"text"');
SELECT * FROM goaltracker.import_conversations('none', 'null'::jsonb);
SELECT * FROM goaltracker.import_conversations('none', NULL::jsonb);
SELECT * FROM goaltracker.import_conversations('none', NULL::text);
SELECT record_id, regexp_replace(reason, 'stack depth.*', 'stack depth...') AS reason, part FROM problems WHERE account = 'none';
-- nothing to import is no problem
SELECT * FROM goaltracker.import_conversations('empty', '{"_metadata": {"count": 0}, "conversationHistoryRecords": []}');
SELECT * FROM goaltracker.import_conversations('empty', '{"conversationHistoryRecords": null}'::jsonb);
SELECT * FROM goaltracker.import_conversations('empty', '[]'::jsonb);

-- The account must be one.
SELECT goaltracker.import_conversations(NULL, '[]'::jsonb);
SELECT goaltracker.import_conversations('', '[]');
SELECT goaltracker.import_conversations(repeat('x', 256), '[]');

-- ---------------------------------------------------------------------------
-- Goal events repeat: in a document, between documents and conversations
-- ---------------------------------------------------------------------------
SELECT * FROM goaltracker.import_conversations('repeated', page($$[
{"info": {"conversationId": "K1", "startTimeL": @10:00}, "consumerParticipants": [{"participantId": "c"}],
	"sdes": {"events": [{"sdeType": "PURCHASE", "purchase": {"total": 10, "orderId": 1, "serverTimeStamp": @10:10}}]},
	"unAuthSdes": {"events": [
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:10", "purchase": {"total": "10.00", "orderId": "1", "currency": null}},
		{"sdeType": "PURCHASE", "serverTimeStamp": "@10:10", "purchase": {"total": "10.01", "orderId": "1", "currency": null}}]}},
{"info": {"conversationId": "K2", "startTimeL": @10:20}, "consumerParticipants": [{"participantId": "c"}],
	"sdes": {"events": [{"sdeType": "PURCHASE", "originalTimeStamp": "@10:10", "serverTimeStamp": "@10:25", "purchase": {"total": 10, "orderId": 1}}]}}
]$$));
SET timezone = 'Asia/Tokyo';
SELECT * FROM goaltracker.import_conversations('repeated', page($$
{"info": {"conversationId": "K3", "startTimeL": @10:00}, "consumerParticipants": [{"participantId": "c"}],
	"sdes": {"events": [{"sdeType": "PURCHASE", "purchase": {"total": 10, "orderId": 1, "serverTimeStamp": @10:10}}]}}$$));
SET timezone = 'UTC';

-- An existing goal is never overwritten.
INSERT INTO goaltracker.goal (account_id, goal_id, goal_name, goal_type) VALUES ('own goal', 'PURCHASE', 'Orders', 'Other');
SELECT * FROM goaltracker.import_conversations('own goal', page($$
{"info": {"conversationId": "K1", "startTimeL": @10:00}, "consumerParticipants": [{"participantId": "c"}],
	"sdes": {"events": [{"sdeType": "PURCHASE", "purchase": {"total": 10, "orderId": 1, "serverTimeStamp": @10:10}}]}}$$));
SELECT goal_id, goal_name, goal_type FROM goaltracker.goal WHERE account_id = 'own goal';

-- ---------------------------------------------------------------------------
-- Names: the newest that is one counts, whichever document comes first
-- ---------------------------------------------------------------------------
CREATE FUNCTION named(conversation text, at text, nickname text, user_type text) RETURNS text
LANGUAGE sql AS $$
	SELECT page(format('{"info": {"conversationId": "%s", "startTimeL": @%s, "latestSkillId": 1, "latestSkillName": "%s"},
		"consumerParticipants": [{"participantId": "c"}],
		"agentParticipants": [{"agentId": "A", "agentNickname": "%s", "userType": "%s", "timeL": @%s, "permission": "ASSIGNED_AGENT"}]}',
		conversation, at, nickname, nickname, user_type, at))
$$;
CREATE VIEW names AS
SELECT agent_name, user_type, skill_name
FROM goaltracker.agent JOIN goaltracker.skill USING (account_id)
WHERE account_id = 'names';
INSERT INTO goaltracker.agent (account_id, agent_id, agent_name, login_name, is_post_survey_bot)
VALUES ('names', 'A', 'loaded', 'login', true);
SELECT skipped FROM goaltracker.import_conversations('names', named('K2', '12:00', 'second', '2'));
TABLE names;
SELECT skipped FROM goaltracker.import_conversations('names', named('K1', '11:00', 'first', '1'));
TABLE names;
SELECT skipped FROM goaltracker.import_conversations('names', named('K3', '13:00', 'undefined', 'undefined'));
SELECT skipped FROM goaltracker.import_conversations('names', named('K4', '14:00', 'Unassigned', 'null'));
TABLE names;
SELECT skipped FROM goaltracker.import_conversations('names', named('K5', '15:00', 'third', '0'));
TABLE names;
SELECT login_name, is_post_survey_bot FROM goaltracker.agent WHERE account_id = 'names';

-- ---------------------------------------------------------------------------
-- EXECUTE on an importer is all that a role needs
-- ---------------------------------------------------------------------------
CREATE ROLE regress_loader;
CREATE ROLE regress_nobody;
GRANT EXECUTE ON FUNCTION goaltracker.import_conversations(text, jsonb) TO regress_loader;
SET ROLE regress_nobody;
SELECT goaltracker.import_conversations('role', '[]'::jsonb);
SET ROLE regress_loader;
SELECT * FROM goaltracker.import_conversations('role',
	'{"info": {"conversationId": "K", "startTimeL": 0, "latestSkillId": 1, "latestSkillName": "x"}, "consumerParticipants": [{"participantId": "c"}, 5]}'::jsonb);
SELECT count(*) FROM goaltracker.conversation;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION goaltracker.import_conversations(text, jsonb) FROM regress_loader;
DROP ROLE regress_loader, regress_nobody;

DROP VIEW names, state, problems, segments;
DROP FUNCTION named(text, text, text, text), version(text, text, integer, integer), page(text);
