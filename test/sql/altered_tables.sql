--
-- Tables that their owner has altered: whoever owns the database owns the extension's
-- tables, too.  What no longer fits is an error, and never read as what it is not.
--
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET timezone = 'UTC';

INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at) VALUES
	('altered', 'k1', 'ann', '2026-06-01 10:00', '2026-06-01 11:00'),
	('altered', 'k2', 'ANN', '2026-06-01 10:00', '2026-06-01 11:00');
INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at) VALUES
	('altered', 'k1', 1, 'ann', 'bob', '2026-06-01 10:00'),
	('altered', 'k2', 1, 'ANN', 'bob', '2026-06-01 10:00');
INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) VALUES
	('altered', 'g1', 'ann', 'Lead Event', '2026-06-02'),
	('altered', 'g2', 'ANN', 'Lead Event', '2026-06-02');
SELECT consumers, goal_events FROM goaltracker.refresh();

-- The triggers that notice changes, on a table whose columns are not what they read
CREATE TABLE others (account_id bigint, consumer_id bigint);
CREATE TRIGGER note AFTER INSERT ON others REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');
INSERT INTO others VALUES (4096, 4096);
DROP TABLE others;
CREATE TABLE others (account_id text, consumer_id text);
CREATE TRIGGER note AFTER INSERT ON others REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._note_changes('consumer_id');
INSERT INTO others VALUES ('altered', NULL);
INSERT INTO others VALUES (NULL, 'ann');
DROP TABLE others;

-- NULL where a constraint was dropped
BEGIN;
ALTER TABLE goaltracker.agent_segment ALTER participation DROP NOT NULL;
UPDATE goaltracker.agent_segment SET participation = NULL WHERE conversation_id = 'k1';
SELECT FROM goaltracker.refresh();
ROLLBACK;

-- another type, behind another view
BEGIN;
CREATE TABLE whatever (LIKE goaltracker.goal_event);
ALTER TABLE whatever ALTER lead_value TYPE bigint;
INSERT INTO whatever SELECT (jsonb_populate_record(NULL::whatever, to_jsonb(g) || '{"lead_value": 4096}')).* FROM goaltracker.goal_event AS g WHERE account_id = 'altered';
UPDATE goaltracker.goal_event SET topic = 'x' WHERE account_id = 'altered';
ALTER TABLE goaltracker.goal_event RENAME TO renamed;
CREATE VIEW goaltracker.goal_event AS SELECT * FROM whatever;
GRANT SELECT ON whatever, goaltracker.goal_event TO PUBLIC;
SELECT FROM goaltracker.refresh();
ROLLBACK;

-- a row without an account among what refresh has written
BEGIN;
ALTER TABLE goaltracker._visible_goal_outcome ALTER account_id DROP NOT NULL;
INSERT INTO goaltracker.goal_outcome
SELECT (jsonb_populate_record(o, '{"account_id": null, "goal_event_key": 4711}')).*
FROM goaltracker.goal_outcome AS o WHERE consumer_id = 'ann';
UPDATE goaltracker.goal_event SET topic = 'x' WHERE consumer_id = 'ann';
SELECT consumers, goal_events FROM goaltracker.refresh();
SELECT count(*) FROM goaltracker.goal_outcome WHERE consumer_id = 'ann';
ROLLBACK;

-- An index under a collation that takes two ids for one is not used to find a consumer's
-- rows: nothing of ANN goes when ann changes.
BEGIN;
CREATE COLLATION regardless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
DROP INDEX goaltracker.goal_outcome_by_consumer;
CREATE INDEX goal_outcome_by_consumer ON goaltracker.goal_outcome (consumer_id COLLATE regardless, account_id);
CREATE INDEX mine ON goaltracker.goal_outcome (consumer_id, account_id);
UPDATE goaltracker.goal_event SET topic = 'x' WHERE consumer_id = 'ann' AND account_id = 'altered';
SELECT consumers, goal_events FROM goaltracker.refresh();
SELECT goal_event_id, consumer_id FROM goaltracker.goal_outcome WHERE account_id = 'altered' ORDER BY goal_event_id;
ROLLBACK;

-- Replication by rows needs to know which row was meant: every table of ours that has no
-- primary key is identified by all of its columns.
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'goaltracker'::regnamespace AND c.relkind = 'r'
	AND c.relreplident <> 'f'
	AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary)
ORDER BY c.relname;
SET client_min_messages = error;
CREATE PUBLICATION regress_everything FOR ALL TABLES;
RESET client_min_messages;
UPDATE goaltracker.goal_event SET topic = 'y' WHERE account_id = 'altered';
SELECT consumers, goal_events FROM goaltracker.refresh();
DROP PUBLICATION regress_everything;

DELETE FROM goaltracker.conversation WHERE account_id = 'altered';
DELETE FROM goaltracker.agent_segment WHERE account_id = 'altered';
DELETE FROM goaltracker.goal_event WHERE account_id = 'altered';
SELECT consumers, goal_events FROM goaltracker.refresh();
