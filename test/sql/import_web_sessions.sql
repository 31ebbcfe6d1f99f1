-- import_web_sessions(): goals achieved in web sessions, from the Data Access API
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never

CREATE VIEW problems AS
SELECT account_id AS account, record_id, reason, left(part, 70) AS part
FROM goaltracker.import_problem
WHERE document_kind = 'web sessions'
ORDER BY import_problem_no;

-- An extract: one session with a goal of every kind, beside bodies of other kinds.
SELECT $$
{
	"dataType": {"com.example.dataaccess.DataTypeEnum": "WebSession"},
	"metaData": {"accountId": {"string": "acme"}, "schemaVersion": "1.0.0.22", "startTime": {"long": 1780308000000}, "endTime": null},
	"recordCollection": [
		{"body": {"com.example.dataaccess.WebSessionEngAttrsData": {
			"header": {"com.example.dataaccess.VisitorHeader": {"visitId": {"string": "session 1"}, "visitorId": {"string": "visitor 1"}, "contextId": null}},
			"engagementAttributes": {"array": [{"timestamp": {"long": 1780308000000}, "data": {"com.example.dataaccess.CustomerInfo": {"balance": null}}}]}}}},
		{"body": {"com.example.dataaccess.WebSessionGoalAchievedData": {
			"header": {"com.example.dataaccess.VisitorHeader": {"visitId": {"string": "session 1"}, "visitorId": {"string": "visitor 1"}, "contextId": null}},
			"achievedGoals": {"array": [
				{"id": {"string": "g1"}, "timestamp": {"long": 1780308001000}, "campaignGoalId": {"long": 1}, "campaignGoalType": {"int": 1},
					"goalMetaData": {"com.example.dataaccess.PurchaseMetadata": {"total": {"double": 78.05}, "orderId": {"string": "order 1"}}}},
				{"id": {"string": "g2"}, "timestamp": {"long": 1780308002000}, "campaignGoalId": {"long": 2},
					"goalMetaData": {"com.example.dataaccess.LeadMetadata": {"leadId": {"string": "lead 1"}, "topic": {"string": "test drive"}, "value": {"string": "22.22"}}}},
				{"id": {"string": "g3"}, "timestamp": {"long": 1780308003000}, "campaignGoalId": {"long": 3},
					"goalMetaData": {"com.example.dataaccess.ServiceActivityMetadata": {"serviceId": {"string": "s 1"}, "topic": {"string": "cheque book"}, "status": {"int": 0}}}},
				{"id": {"string": "g4"}, "timestamp": {"long": 1780308004000}, "campaignGoalId": {"long": 4},
					"goalMetaData": {"com.example.dataaccess.IncreaseInteractionGoalMetadata": {"x": {"int": 2}}}},
				{"id": {"string": "g5"}, "timestamp": {"long": 1780308005000}, "campaignGoalId": {"long": 5},
					"goalMetaData": {"com.example.dataaccess.ReduceAbandonmentGoalMetadata": {"numberOfPages": {"int": 2}}}},
				{"id": {"string": "g6"}, "timestamp": {"long": 1780308006000}, "campaignGoalId": {"long": 6},
					"goalMetaData": {"com.example.dataaccess.UrlGoalMetadata": {"url": null}}},
				{"id": {"string": "g7"}, "timestamp": {"long": 1780308007000}, "campaignGoalId": null, "goalMetaData": null}
			]}}}}
	]
}$$ AS document \gset
-- An existing goal is never overwritten.
INSERT INTO goaltracker.goal (account_id, goal_id, goal_name, goal_type) VALUES ('web', '6', 'Checkout page', 'Sell Product/Service');
SELECT * FROM goaltracker.import_web_sessions('web', :'document'::jsonb);
SELECT goal_event_id AS id, consumer_id, session_id, goal_id, event_type, reached_at::time
FROM goaltracker.goal_event WHERE account_id = 'web' ORDER BY 1;
SELECT goal_event_id AS id, lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status
FROM goaltracker.goal_event WHERE account_id = 'web' ORDER BY 1;
SELECT goal_id, goal_name, goal_type FROM goaltracker.goal WHERE account_id = 'web' ORDER BY 1;

-- Again, in every form: the extract as text, the records, the one record.
SELECT * FROM goaltracker.import_web_sessions('web', :'document'::text);
SELECT * FROM goaltracker.import_web_sessions('web', :'document'::jsonb -> 'recordCollection');
SELECT * FROM goaltracker.import_web_sessions('web', :'document'::jsonb #> '{recordCollection,1}');
SELECT count(*) FROM goaltracker.goal_event WHERE account_id = 'web';

-- A visitor who is linked to a consumer, before or after.
SELECT goaltracker.link_consumer('linked', 'visitor 1', 'consumer 1');
SELECT * FROM goaltracker.import_web_sessions('linked', :'document');
SELECT * FROM goaltracker.import_web_sessions('linked later', :'document');
SELECT goaltracker.link_consumer('linked later', 'visitor 1', 'consumer 1');
SELECT account_id, consumer_id, count(*) FROM goaltracker.goal_event WHERE account_id LIKE 'linked%' GROUP BY 1, 2 ORDER BY 1;

-- Values without their wrapping, as other tools write them; ids repeated in a document.
SELECT * FROM goaltracker.import_web_sessions('bare', '[{"body": {"WebSessionGoalAchievedData": {
	"header": {"visitId": "session 1", "visitorId": 17},
	"achievedGoals": [
		{"id": "g1", "timestamp": "1780308001000", "campaignGoalId": 1, "goalMetaData": {"PurchaseMetadata": {"total": "5", "orderId": 9}}},
		{"id": "g1", "timestamp": "1780308001000", "campaignGoalId": 1, "goalMetaData": {"PurchaseMetadata": {"total": "5", "orderId": 9}}}]}}}]');
SELECT goal_event_id, consumer_id, session_id, goal_id, event_type, transaction_value, brand_event_id
FROM goaltracker.goal_event WHERE account_id = 'bare';

-- What cannot be used is left out and recorded; other bodies are passed over in silence.
SELECT * FROM goaltracker.import_web_sessions('bad', replace($$ {"recordCollection": [
	"not a record", {}, {"body": null}, {"body": {"x.SomethingElse": 5}},
	{"body": {"x.WebSessionGoalAchievedData": null}},
	{"body": {"x.WebSessionGoalAchievedData": {"header": null, "achievedGoals": {"array": [{"id": {"string": "no visitor"}, "timestamp": {"long": 1}}]}}}},
	{"body": {"x.WebSessionGoalAchievedData": {"header": {"x.VisitorHeader": {"visitId": {"string": "session 1"}, "visitorId": {"string": "v"}}}, "achievedGoals": "none"}}},
	{"body": {"x.WebSessionGoalAchievedData": {"header": {"x.VisitorHeader": {"visitId": {"string": "session 1"}, "visitorId": {"string": "v"}}}, "achievedGoals": {"array": [
		null,
		{"timestamp": {"long": 1}},
		{"id": {"string": "LONG"}, "timestamp": {"long": 1}},
		{"id": {"string": "no time"}},
		{"id": {"string": "no such time"}, "timestamp": {"string": "soon"}},
		{"id": {"string": "no such amount"}, "timestamp": {"long": 1}, "goalMetaData": {"x.PurchaseMetadata": {"total": {"string": "a lot"}}}},
		{"id": {"string": "good"}, "timestamp": {"long": 1}, "goalMetaData": {"x.PurchaseMetadata": {"total": null, "orderId": {"string": "undefined"}}}}
	]}}}}
]}$$, 'LONG', repeat('x', 256)));
SELECT goal_event_id, session_id, reached_at, transaction_value, brand_event_id FROM goaltracker.goal_event WHERE account_id = 'bad';
SELECT record_id, regexp_replace(reason, 'x{9,}', 'x...x') AS reason, regexp_replace(part, 'x{9,}', 'x...x') AS part FROM problems WHERE account = 'bad';

-- Text that jsonb refuses, and what is no document.
SELECT * FROM goaltracker.import_web_sessions('text', $$ {"recordCollection": [
	{"body": {"x.WebSessionGoalAchievedData": {"header": {"x.VisitorHeader": {"visitId": {"string": "session 1"}, "visitorId": {"string": "v"}, "x": "\u0000"}},
		"achievedGoals": {"array": [{"id": {"string": "bad"}, "timestamp": {"long": 1}}]}}}},
	{"body": {"x.WebSessionGoalAchievedData": {"header": {"x.VisitorHeader": {"visitId": {"string": "session 2"}, "visitorId": {"string": "v"}}},
		"achievedGoals": {"array": [{"id": {"string": "good"}, "timestamp": {"long": 1}}]}}}}]} $$);
SELECT * FROM goaltracker.import_web_sessions('text', 'this is not JSON');
SELECT * FROM goaltracker.import_web_sessions('text', '{"conversationHistoryRecords": []}');
SELECT * FROM goaltracker.import_web_sessions('text', NULL::jsonb);
SELECT goal_event_id FROM goaltracker.goal_event WHERE account_id = 'text';
SELECT record_id, reason, part FROM problems WHERE account = 'text';

-- Numbers: one beyond its type, or beyond what jsonb takes, costs its own goal or record;
-- what is no number in JSON costs the document.
SELECT number, i.*
FROM unnest('{1e309,1e131072,Inf}'::text[]) AS number
CROSS JOIN LATERAL goaltracker.import_web_sessions('number', format($$ {"recordCollection": [
	{"body": {"x.WebSessionGoalAchievedData": {"header": {"visitId": "session 1", "visitorId": "v"},
		"achievedGoals": [{"id": "bad", "timestamp": 1, "goalMetaData": {"x.PurchaseMetadata": {"total": {"double": %1$s}}}}]}}},
	{"body": {"x.WebSessionGoalAchievedData": {"header": {"visitId": "session 2", "visitorId": "v"},
		"achievedGoals": [{"id": "beside %1$s", "timestamp": 1}]}}}]} $$, number)) AS i;
SELECT goal_event_id FROM goaltracker.goal_event WHERE account_id = 'number' ORDER BY 1;
SELECT record_id, reason FROM problems WHERE account = 'number';

SELECT goaltracker.import_web_sessions(NULL, '{}'::jsonb);
SELECT goaltracker.import_web_sessions('', '{}');

DROP VIEW problems;
