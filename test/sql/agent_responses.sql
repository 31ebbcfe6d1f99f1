-- agent_responses(): runs of one agent's messages that follow somebody else's (S14)
--
-- A conversation of the day is written as one line per message: who sent it, when,
-- its number, its dialog.
SET timezone = 'UTC';
SET datestyle = 'ISO';

CREATE TABLE message (
	conversation	integer,
	sent_by			text,
	participant_id	text,
	sent_at			timestamptz,
	seq				integer,
	dialog_id		text
);

CREATE VIEW response AS
SELECT m.conversation, r.agent_id, r.dialog_id, r.responded_at::time, r.messages
FROM (
	SELECT conversation, goaltracker.agent_responses(sent_by, participant_id, sent_at, seq, dialog_id) AS responses
	FROM message
	GROUP BY conversation
) AS m
CROSS JOIN LATERAL unnest(m.responses) WITH ORDINALITY AS r
ORDER BY m.conversation, r.ordinality;

-- The bot's greeting opens the conversation and is no response.  The bot answers
-- once (two messages), A1 follows the bot (another participant) and answers again
-- after the consumer; the system's message in between breaks nothing.
INSERT INTO message VALUES
	(1, 'Agent',    'B',  '2026-06-01 10:00', 0),
	(1, 'Consumer', 'c',  '2026-06-01 10:01', 1),
	(1, 'Agent',    'B',  '2026-06-01 10:02', 2),
	(1, 'System',   'x',  '2026-06-01 10:02', 3),
	(1, 'Agent',    'B',  '2026-06-01 10:03', 4),
	(1, 'Agent',    'A1', '2026-06-01 10:04', 5),
	(1, 'Consumer', 'c',  '2026-06-01 10:05', 6),
	(1, 'System',   'x',  '2026-06-01 10:06', 7),
	(1, 'Agent',    'A1', '2026-06-01 10:07', 8);
SELECT * FROM response WHERE conversation = 1;

-- The survey stands apart: its first message opens its dialog, although the
-- consumer wrote last in the main one.
INSERT INTO message VALUES
	(2, 'Consumer', 'c',  '2026-06-01 11:00', 0, 'main'),
	(2, 'Agent',    'P',  '2026-06-01 11:01', 1, 'survey'),
	(2, 'Consumer', 'c',  '2026-06-01 11:02', 2, 'survey'),
	(2, 'Agent',    'A1', '2026-06-01 11:03', 3, 'main'),
	(2, 'Agent',    'P',  '2026-06-01 11:04', 4, 'survey');
SELECT * FROM response WHERE conversation = 2;

-- Messages of one instant are in order of seq; without seq they come last, the
-- consumer's before the agents', and the agents in order of their ids.
INSERT INTO message VALUES
	(3, 'Agent',    'A2', '2026-06-01 12:00', NULL),
	(3, 'Agent',    'A1', '2026-06-01 12:00', NULL),
	(3, 'Consumer', 'c',  '2026-06-01 12:00', NULL),
	(3, 'Agent',    'A3', '2026-06-01 12:00', 1),
	(3, 'Consumer', 'c',  '2026-06-01 12:00', 0);
SELECT * FROM response WHERE conversation = 3;

-- sent_by is taken in any case; whoever is neither agent nor system is another
-- participant; an agent without an id breaks runs but earns no response.
INSERT INTO message VALUES
	(4, 'CONSUMER', 'c',  '2026-06-01 13:00', 0),
	(4, 'agent',    'A1', '2026-06-01 13:01', 1),
	(4, 'Robot',    'r',  '2026-06-01 13:02', 2),
	(4, 'AGENT',    'A1', '2026-06-01 13:03', 3),
	(4, 'Agent',    NULL, '2026-06-01 13:04', 4),
	(4, 'Agent',    'A1', '2026-06-01 13:05', 5);
SELECT * FROM response WHERE conversation = 4;

-- Messages of which nothing can be said are passed over.
INSERT INTO message VALUES
	(5, NULL,       'c',  '2026-06-01 14:00', 0),
	(5, 'Agent',    'A1', '2026-06-01 14:01', 1),
	(5, 'Consumer', 'c',  NULL,               2),
	(5, 'Agent',    'A1', '2026-06-01 14:03', 3);
SELECT * FROM response WHERE conversation = 5;

-- No rows, one row, only rows that are passed over: no responses, which is an
-- empty array.
SELECT goaltracker.agent_responses(sent_by, participant_id, sent_at, seq, dialog_id) FROM message WHERE false;
SELECT goaltracker.agent_responses('Agent', 'A1', '2026-06-01 10:00', 0, NULL);
SELECT goaltracker.agent_responses(NULL, NULL, NULL, NULL, NULL) FROM generate_series(1, 3);
SELECT goaltracker.agent_responses('System', 'x', '-infinity', 0, NULL) FROM generate_series(1, 3);

-- Any order of arrival gives the same.
SELECT count(DISTINCT responses::text) AS outcomes, count(*) AS orders
FROM (
	SELECT n, goaltracker.agent_responses(sent_by, participant_id, sent_at, seq, dialog_id
		ORDER BY md5(n || sent_at::text || coalesce(seq, -1) || participant_id)) AS responses
	FROM message, generate_series(1, 50) AS n
	WHERE conversation IN (2, 3)
	GROUP BY n
) AS shuffled;

-- As a window function: the state grows, and giving a result does not change it.
SELECT sent_at::time, sent_by, participant_id,
	cardinality(goaltracker.agent_responses(sent_by, participant_id, sent_at, seq, dialog_id) OVER so_far) AS so_far,
	cardinality(goaltracker.agent_responses(sent_by, participant_id, sent_at, seq, dialog_id) OVER sliding) AS last_three
FROM message
WHERE conversation = 1
WINDOW so_far AS (ORDER BY sent_at, seq),
	sliding AS (ORDER BY sent_at, seq ROWS 2 PRECEDING)
ORDER BY sent_at, seq;

-- The rule once more in SQL, over 400 random conversations.
SELECT setseed(0.42);	-- the seed of this test
INSERT INTO message
SELECT 1000 + n % 400, (ARRAY['Agent', 'Agent', 'Consumer', 'System', NULL])[1 + (random() * 4.4)::integer % 5],
	(ARRAY['A1', 'A2', 'c', NULL])[1 + (random() * 3.4)::integer % 4],
	timestamptz '2026-06-02' + (random() * 20)::integer * interval '1 minute', n,
	(ARRAY['d1', 'd2', NULL])[1 + (random() * 2.4)::integer % 3]
FROM generate_series(1, 8000) AS n;

CREATE TABLE expected AS
WITH counted AS (
	SELECT conversation, dialog_id, sent_at, seq,
		CASE WHEN lower(sent_by) = 'agent' THEN coalesce('agent ' || participant_id, 'some agent') ELSE 'other' END AS sender,
		CASE WHEN lower(sent_by) = 'agent' THEN participant_id END AS agent_id
	FROM message
	WHERE conversation >= 1000 AND sent_at IS NOT NULL AND lower(sent_by) <> 'system'
), numbered AS (
	SELECT *, row_number() OVER d AS place, lag(sender) OVER d AS sender_before
	FROM counted
	WINDOW d AS (PARTITION BY conversation, dialog_id ORDER BY sent_at, seq)
), runs AS (
	SELECT *, count(*) FILTER (WHERE sender IS DISTINCT FROM sender_before) OVER (
		PARTITION BY conversation, dialog_id ORDER BY place) AS run
	FROM numbered
)
SELECT conversation, max(agent_id) AS agent_id, dialog_id, min(sent_at) AS responded_at, count(*) AS messages
FROM runs
GROUP BY conversation, dialog_id, run
HAVING min(place) > 1 AND max(agent_id) IS NOT NULL;

CREATE VIEW computed AS
SELECT m.conversation, r.agent_id, r.dialog_id, r.responded_at, r.messages
FROM (
	SELECT conversation, goaltracker.agent_responses(sent_by, participant_id, sent_at, seq, dialog_id) AS responses
	FROM message
	WHERE conversation >= 1000
	GROUP BY conversation
) AS m
CROSS JOIN LATERAL unnest(m.responses) AS r;

SELECT count(*) > 500 AS enough FROM expected;
SELECT * FROM expected EXCEPT ALL SELECT * FROM computed;
SELECT * FROM computed EXCEPT ALL SELECT * FROM expected;

-- The same through partial states of parallel workers.
ALTER TABLE message SET (parallel_workers = 2);
ANALYZE message;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET enable_sort = off;
EXPLAIN (COSTS OFF)
SELECT conversation, goaltracker.agent_responses(sent_by, participant_id, sent_at, seq, dialog_id)
FROM message
GROUP BY conversation;
SELECT * FROM expected EXCEPT ALL SELECT * FROM computed;
SELECT * FROM computed EXCEPT ALL SELECT * FROM expected;

-- One group of 300,000 messages, everyone with other ids: 150,000 responses.
SELECT cardinality(goaltracker.agent_responses(CASE WHEN n % 2 = 0 THEN 'Agent' ELSE 'Consumer' END,
	'participant ' || n, timestamptz '2026-06-03' + n * interval '1 second', n, NULL)) AS responses
FROM generate_series(1, 300000) AS n;
RESET ALL;

DROP VIEW computed, response;
DROP TABLE message, expected;
