-- Who loads must not be able to run anything with the rights of the tables' owner.

CREATE ROLE regress_loader;
GRANT INSERT ON goaltracker.conversation TO regress_loader;
CREATE SCHEMA regress_trap AUTHORIZATION regress_loader;

SET ROLE regress_loader;
CREATE FUNCTION regress_trap.spring(text, text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the trap runs as %', CASE WHEN current_user = 'regress_loader' THEN 'its owner' ELSE 'somebody else' END;
END
$$;
CREATE OPERATOR regress_trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = regress_trap.spring);
CREATE FUNCTION regress_trap.unnest(text[]) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the trap runs as %', CASE WHEN current_user = 'regress_loader' THEN 'its owner' ELSE 'somebody else' END;
END
$$;

-- The trap works on what the role itself runs ...
SET search_path = regress_trap, pg_catalog;
SELECT 'a'::text = 'a'::text;

-- ... and not on what the change notes run, before and after a first refresh.
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
VALUES ('security', 'k1', 'ada', '2025-06-01 10:00+00');
RESET ROLE;
RESET search_path;
SELECT consumers FROM goaltracker.refresh();
SET ROLE regress_loader;
SET search_path = regress_trap, pg_catalog;
INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
VALUES ('security', 'k2', 'ada', '2025-06-01 10:00+00');
RESET ROLE;
RESET search_path;
SELECT account_id, consumer_id FROM goaltracker.changed_consumer WHERE account_id = 'security';

DELETE FROM goaltracker.conversation WHERE account_id = 'security';
SELECT consumers FROM goaltracker.refresh();
SET client_min_messages = warning;
DROP SCHEMA regress_trap CASCADE;
REVOKE ALL ON goaltracker.conversation FROM regress_loader;
DROP ROLE regress_loader;
