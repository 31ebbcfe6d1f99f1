-- The example's data: a small shop that sells tea and plants.  Its messaging
-- and web sessions of four days come as documents; traffic.sql adds the month
-- around them.  Run in this directory.
\set account fern-and-kettle

CREATE EXTENSION goaltracker;

INSERT INTO goaltracker.account
	(account_id, account_name, attribution_model, contribution_window, default_currency, time_zone)
VALUES
	(:'account', 'Fern & Kettle', 'last', 14, 'EUR', 'Europe/Berlin');

-- What the web sessions' goals are called; one without a row would get it
-- from the importer.
INSERT INTO goaltracker.goal (account_id, goal_id, goal_name, goal_type)
VALUES
	(:'account', '7902', 'Order in the shop', 'Sell Product/Service'),
	(:'account', '7903', 'Newsletter', 'Other'),
	(:'account', '7904', 'Offer asked for', 'Generate Leads'),
	(:'account', '7905', 'Growing guide read', 'Interact with Visitors'),
	(:'account', '7906', 'Return settled', 'Service Activity Complete');

\echo '== Importing documents/'

\set conversations_1 `cat documents/conversations-1.json`
\set conversations_2 `cat documents/conversations-2.json`
\set conversations_3 `cat documents/conversations-3.json`
\set web_sessions `cat documents/web-sessions.json`

-- A visitor who ordered after a conversation that the shop's login knew.
SELECT FROM goaltracker.link_consumer(:'account', 'v-90ac', 'nils') \g /dev/null

CREATE TEMPORARY TABLE imported AS
SELECT 'conversations-1.json' AS document, conversations, agent_segments, goal_events, skipped
FROM goaltracker.import_conversations(:'account', :'conversations_1'::text);
INSERT INTO imported
SELECT 'conversations-2.json', conversations, agent_segments, goal_events, skipped
FROM goaltracker.import_conversations(:'account', :'conversations_2'::text);
INSERT INTO imported
SELECT 'conversations-3.json', conversations, agent_segments, goal_events, skipped
FROM goaltracker.import_conversations(:'account', :'conversations_3'::text);
INSERT INTO imported
SELECT 'web-sessions.json', NULL, NULL, goal_events, skipped
FROM goaltracker.import_web_sessions(:'account', :'web_sessions'::text);

\ir style.sql
SELECT document, conversations, agent_segments AS "agent segments", goal_events AS "goal events", skipped
FROM imported
ORDER BY document;

\ir traffic.sql

\echo '== Refreshing'
SELECT consumers, goal_events AS "goal events", touchpoints
FROM goaltracker.refresh();
