-- Whatever the order in which documents are loaded, and however often, the tables
-- hold the same in the end: versions of conversations, segments, goal events, names,
-- aliases and what was loaded under them.
--
-- Thirty random documents about six conversations, cut into pages, and some web
-- sessions are loaded into eight accounts, in another order each, a third of the
-- pages twice.
SET timezone = 'UTC';
SELECT setseed(0.17);	-- the seed of this test

CREATE FUNCTION pick(n integer) RETURNS integer
LANGUAGE sql VOLATILE AS $$ SELECT floor(random() * n)::integer $$;

CREATE FUNCTION conversation() RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	k integer := pick(6);
	start bigint := 1780308000000 + k * 3600000;
	closed boolean := random() < 0.4;
BEGIN
	RETURN jsonb_build_object(
		'info', jsonb_build_object('conversationId', 'K' || k, 'startTimeL', start + pick(2) * 1000,
			'endTimeL', CASE WHEN closed THEN start + 3600000 ELSE -1 END,
			'status', CASE WHEN closed THEN 'CLOSE' ELSE 'OPEN' END, 'closeReason', 'AGENT',
			'visitorId', (ARRAY['v0', 'v1', 'v2', NULL, 'undefined'])[1 + pick(5)],
			'latestSkillId', pick(3), 'latestSkillName', 'skill ' || pick(4)),
		'campaign', jsonb_build_object('campaignId', pick(2), 'campaignName', 'campaign ' || pick(3),
			'campaignEngagementId', pick(2), 'campaignEngagementName', 'engagement ' || pick(3)),
		'consumerParticipants', jsonb_build_array(jsonb_build_object('timeL', start,
			'participantId', 'c' || CASE WHEN random() < 0.8 THEN k ELSE pick(3) END)),
		'messageRecords', (
			SELECT jsonb_agg(jsonb_build_object('seq', n, 'timeL', start + n * 60000 + pick(50) * 1000,
				'sentBy', (ARRAY['Agent', 'Consumer', 'System'])[1 + pick(3)], 'participantId', 'A' || pick(3)))
			FROM generate_series(1, pick(8)) AS n),
		'agentParticipants', (
			SELECT jsonb_agg(jsonb_build_object('agentId', 'A' || pick(3), 'timeL', start + pick(30) * 60000,
				'permission', (ARRAY['ASSIGNED_AGENT', 'ASSIGNED_AGENT', 'MANAGER', 'READER'])[1 + pick(4)],
				'agentNickname', 'agent ' || pick(5), 'userType', pick(3),
				'agentGroupId', pick(2), 'agentGroupName', 'group ' || pick(3)))
			FROM generate_series(1, pick(4))),
		'transfers', (
			SELECT jsonb_agg(jsonb_build_object('timeL', start + pick(30) * 60000,
				'reason', (ARRAY['Agent', 'Skill', 'back2Q', 'TakeOver'])[1 + pick(4)],
				'sourceAgentId', 'A' || pick(3), 'sourceSkillId', pick(3),
				'targetSkillId', pick(3), 'targetSkillName', 'skill ' || pick(4)))
			FROM generate_series(1, pick(3))),
		'sdes', jsonb_build_object('events', (
			SELECT jsonb_agg(jsonb_build_object('sdeType', 'PURCHASE', 'serverTimeStamp', start + pick(3) * 1000,
				'purchase', jsonb_build_object('total', pick(3), 'orderId', pick(3))))
			FROM generate_series(1, pick(2)))));
END
$$;

-- Which of two versions counts is said by state, number of messages and last
-- message; documents here differ in that.
CREATE TABLE page AS
SELECT 'conversations' AS kind, n % 9 AS page_no, jsonb_agg(document) AS document
FROM (
	SELECT DISTINCT ON (document #> '{info,conversationId}', document #> '{info,status}',
			jsonb_array_length(nullif(document -> 'messageRecords', 'null')),
			document #> '{messageRecords,-1,timeL}')
		n, document
	FROM (SELECT n, conversation() AS document FROM generate_series(1, 30) AS n OFFSET 0) AS d
	ORDER BY document #> '{info,conversationId}', document #> '{info,status}',
		jsonb_array_length(nullif(document -> 'messageRecords', 'null')),
		document #> '{messageRecords,-1,timeL}', n
) AS d
GROUP BY n % 9
UNION ALL
SELECT 'web sessions', n, jsonb_build_array(jsonb_build_object('body', jsonb_build_object('x.WebSessionGoalAchievedData', jsonb_build_object(
	'header', jsonb_build_object('visitorId', (ARRAY['v0', 'v1', 'v2', 'c0', 'somebody'])[n], 'visitId', 's'),
	'achievedGoals', jsonb_build_array(jsonb_build_object('id', 'web ' || n, 'timestamp', 1780308000000, 'campaignGoalId', 7,
		'goalMetaData', jsonb_build_object('x.UrlGoalMetadata', jsonb_build_object())))))))
FROM generate_series(1, 5) AS n;
SELECT kind, count(*) AS pages, sum(jsonb_array_length(document)) AS documents FROM page GROUP BY kind ORDER BY kind;

DO $$
DECLARE
	account text;
	p page;
BEGIN
	FOR n IN 1..8 LOOP
		account := 'order ' || n;
		FOR p IN
			SELECT page.* FROM page, generate_series(1, 2) AS pass
			WHERE pass = 1 OR random() < 0.33
			ORDER BY random()
		LOOP
			IF p.kind = 'conversations' THEN
				PERFORM goaltracker.import_conversations(account, p.document);
			ELSE
				PERFORM goaltracker.import_web_sessions(account, p.document);
			END IF;
		END LOOP;
	END LOOP;
END
$$;

-- Nothing but the account and the keys that are made on loading may differ.
CREATE FUNCTION outcomes(tables text[]) RETURNS TABLE (loaded text, enough boolean, outcomes bigint)
LANGUAGE plpgsql AS $$
BEGIN
	FOREACH loaded IN ARRAY tables LOOP
		RETURN QUERY EXECUTE format('
			SELECT %L, min(x.nrows) > 0, count(DISTINCT x.everything)
			FROM (
				SELECT a.account, count(t) AS nrows, string_agg(r.r::text, E''\n'' ORDER BY r.r::text COLLATE "C") AS everything
				FROM (SELECT ''order '' || n AS account FROM generate_series(1, 8) AS n) AS a
				LEFT JOIN goaltracker.%I AS t ON t.account_id = a.account
				CROSS JOIN LATERAL (SELECT to_jsonb(t) - ''{account_id,segment_key,goal_event_key,replaced_consumer_id}''::text[]) AS r (r)
				GROUP BY a.account
			) AS x', loaded, loaded);
	END LOOP;
END
$$;
SELECT * FROM outcomes('{conversation,agent_segment,goal_event,goal,agent,skill,agent_group,campaign,engagement,
	consumer_alias,_imported_conversation,_imported_name,_loaded_under}');

DROP FUNCTION outcomes(text[]), conversation(), pick(integer);
DROP TABLE page;
