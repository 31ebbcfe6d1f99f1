-- What the clients read: the demo's shop, something that goes wrong where a client gets
-- character sets or fractions wrong, and nothing that goes on by itself.
\ir ../../demo/load.sql
UPDATE goaltracker.conversation SET closed_at = opened_at + interval '1 hour' WHERE closed_at IS NULL;
UPDATE goaltracker.agent_segment SET ended_at = ended_at + interval '250 milliseconds' WHERE segment_no % 7 = 3;
UPDATE goaltracker.agent SET agent_name = 'Zoë 茶' WHERE agent_name = 'Alma';
UPDATE goaltracker.account SET attribution_model = 'all';
SELECT count(*) AS refreshed FROM goaltracker.refresh();
SELECT goaltracker.refresh_snapshots();
CREATE ROLE plant_room;
SELECT goaltracker.restrict_reader('plant_room', 'fern-and-kettle', '321');
SELECT goaltracker.exempt_reader('pg_monitor');

-- Readers read views alone; here one reads what only the owner does too.
SELECT goaltracker.grant_reader('analyst');
SELECT format('GRANT SELECT ON %s TO analyst', oid::regclass)
FROM pg_class
WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('v', 'm') AND relname NOT LIKE '\_%'
\gexec
