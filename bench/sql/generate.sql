-- Makes :n conversations with their segments and goal events as files in :dir,
-- which COPY loads.  4 million conversations come to 6.4 million segments,
-- 1.6 million goal events and 1.3 million consumers in 90 days.
--
-- Consumers are skewed: some have dozens of conversations, most one or two.  So
-- are agents.  One event in 50 is seen twice (S10).  There are no web sessions,
-- so that being the same is a matter of equal columns, which every peer can do.

SET max_parallel_workers_per_gather = 0;
SET synchronize_seqscans = off;
SELECT setseed(0.4711) \g /dev/null

\set conversation_file :dir '/conversation.tsv'
\set segment_file :dir '/agent_segment.tsv'
\set goal_event_file :dir '/goal_event.tsv'

CREATE UNLOGGED TABLE made AS
SELECT n, 'brand-4711' AS account_id,
	md5(n::text)::uuid::text AS conversation_id,
	'consumer-' || md5(floor(power(random(), 1.3) * (:n * 0.38))::bigint::text) AS consumer_id,
	date_trunc('milliseconds', timestamptz '2025-01-01 05:00Z' + random() * interval '90 days') AS opened_at,
	date_trunc('milliseconds', random() * random() * interval '1 day') + interval '1 minute' AS duration,
	random() AS luck
FROM generate_series(1, :n) AS n;

COPY (
	SELECT account_id, conversation_id, consumer_id, opened_at,
		CASE WHEN luck >= 0.01 THEN opened_at + duration END,
		CASE WHEN luck < 0.7 THEN 'WEB' ELSE 'APP' END,
		'campaign-' || 1 + n % 20
	FROM made
) TO :'conversation_file';

COPY (
	SELECT account_id, conversation_id, no, consumer_id,
		CASE WHEN survey THEN 'agent-500'
			WHEN random() < 0.98 THEN 'agent-' || 1 + floor(random() * random() * 499)::integer END,
		CASE WHEN random() < 0.9 THEN 'skill-' || 1 + floor(random() * 40)::integer END,
		CASE WHEN random() < 0.03 THEN 'joined' ELSE 'assigned' END,
		CASE WHEN survey THEN 'post_survey' ELSE 'main' END,
		date_trunc('milliseconds', opened_at + (no - 1) * duration / 4),
		CASE WHEN luck >= 0.01 OR no < 4 THEN date_trunc('milliseconds', opened_at + no * duration / 4) END,
		floor(random() * 10)::integer, floor(random() * 5)::integer
	FROM (
		SELECT made.*, no, no = 4 AND n % 2 = 0 AS survey
		FROM made
		CROSS JOIN generate_series(1, 4) AS no
		WHERE no <= CASE WHEN (luck * 1000)::integer % 100 < 60 THEN 1 WHEN (luck * 1000)::integer % 100 < 85 THEN 2
			WHEN (luck * 1000)::integer % 100 < 95 THEN 3 ELSE 4 END
	) AS segment
) TO :'segment_file';

CREATE UNLOGGED TABLE made_goal_event AS
SELECT m.n, m.account_id, m.consumer_id, goal_no,
	CASE WHEN goal_no <= 5 THEN 'Purchase Event' WHEN goal_no <= 7 THEN 'Lead Event' ELSE 'Goal Achieved' END AS event_type,
	date_trunc('milliseconds', m.opened_at + random() * random() * interval '40 days') AS reached_at,
	CASE WHEN goal_no IN (6, 7) THEN (random() * 100)::numeric(20, 4) END AS lead_value,
	CASE WHEN goal_no <= 5 THEN (random() * 1000)::numeric(20, 4) END AS transaction_value,
	CASE WHEN random() < 0.7 THEN 'USD' WHEN random() < 0.5 THEN 'EUR' END AS currency,
	CASE WHEN random() < 0.5 THEN 'order-' || floor(random() * 1e7)::bigint END AS brand_event_id,
	CASE WHEN goal_no IN (8, 9) THEN 'topic-' || floor(random() * 5)::integer END AS topic,
	CASE WHEN goal_no IN (8, 9) THEN '0' END AS service_activity_status,
	random() < 0.02 AS is_repeated
FROM (SELECT made.*, 1 + floor(random() * 12)::integer AS goal_no FROM made WHERE n % 5 < 2) AS m;

COPY (
	SELECT account_id, 'goal-event-' || n || CASE WHEN again THEN '-again' ELSE '' END, consumer_id,
		CASE WHEN n % 10 > 0 THEN 'goal-' || goal_no END, event_type,
		reached_at + CASE WHEN again THEN interval '2 hours' ELSE interval '0' END,
		lead_value, transaction_value, currency, brand_event_id, topic, service_activity_status
	FROM made_goal_event
	CROSS JOIN unnest('{false,true}'::boolean[]) AS again
	WHERE NOT again OR is_repeated
) TO :'goal_event_file';
