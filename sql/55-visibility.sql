-- ---------------------------------------------------------------------------
-- Who may see which rows
--
-- A reader without restrictions sees everything.  What others see is decided by
-- PostgreSQL's row security, which evaluates nothing of a reader's own on rows
-- that he may not see.
-- ---------------------------------------------------------------------------

CREATE TYPE goaltracker._role;

CREATE FUNCTION goaltracker._role_in(cstring)
RETURNS goaltracker._role
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_role_in';

COMMENT ON FUNCTION goaltracker._role_in(cstring) IS 'input function of type _role';

CREATE FUNCTION goaltracker._role_out(goaltracker._role)
RETURNS cstring
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_role_out';

COMMENT ON FUNCTION goaltracker._role_out(goaltracker._role) IS 'output function of type _role';

CREATE TYPE goaltracker._role (
	INPUT = goaltracker._role_in,
	OUTPUT = goaltracker._role_out,
	INTERNALLENGTH = 68,
	ALIGNMENT = int4
);

COMMENT ON TYPE goaltracker._role IS
	'a role: follows it when it is renamed, goes by its name through dump and restore, and waits for it where it is not there yet';

CREATE TABLE goaltracker._restriction (
	reader				goaltracker._role NOT NULL,
	account_id			text COLLATE "C",
	group_id			text COLLATE "C",
	CONSTRAINT _restriction_group CHECK (group_id IS NULL OR account_id IS NOT NULL)
);

ALTER TABLE goaltracker._restriction REPLICA IDENTITY FULL;

COMMENT ON TABLE goaltracker._restriction IS
	'what restricted roles may see, and roles that are exempt: see restrict_reader() and exempt_reader()';
COMMENT ON COLUMN goaltracker._restriction.reader IS 'role that is restricted, with all its members';
COMMENT ON COLUMN goaltracker._restriction.account_id IS
	'account that it may see; null: the role itself is exempt from all restrictions';
COMMENT ON COLUMN goaltracker._restriction.group_id IS
	'group of agents that it may see of the account, with its subgroups; null: all of it';

CREATE FUNCTION goaltracker._restrictions_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'goaltracker_restrictions_changed';

COMMENT ON FUNCTION goaltracker._restrictions_changed() IS
	'statement trigger: makes all sessions forget plans that rest on restrictions';

CREATE TRIGGER forget_plans AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON goaltracker._restriction
	FOR EACH STATEMENT EXECUTE FUNCTION goaltracker._restrictions_changed();

CREATE VIEW goaltracker.reader_restriction AS
SELECT r.reader::text AS reader,
	r.account_id,
	r.group_id,
	r.account_id IS NULL AS sees_everything
FROM goaltracker._restriction AS r;

COMMENT ON VIEW goaltracker.reader_restriction IS
	'what restricted roles, and all members of each, may see; roles that are exempt';
COMMENT ON COLUMN goaltracker.reader_restriction.reader IS 'role';
COMMENT ON COLUMN goaltracker.reader_restriction.account_id IS 'account that it may see';
COMMENT ON COLUMN goaltracker.reader_restriction.group_id IS
	'group of agents that it may see of the account, with its subgroups; null: all of it';
COMMENT ON COLUMN goaltracker.reader_restriction.sees_everything IS
	'true: the role itself is exempt, whatever restricted role it is a member of';

-- ---------------------------------------------------------------------------
-- What policies call
-- ---------------------------------------------------------------------------

CREATE FUNCTION goaltracker._visibility_support(internal)
RETURNS internal
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME', 'goaltracker_visibility_support';

COMMENT ON FUNCTION goaltracker._visibility_support(internal) IS
	'planner support of _sees_all() and _refuse_restricted(): true where the reader is not restricted';

CREATE FUNCTION goaltracker._sees_all(account_id text)
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
SUPPORT goaltracker._visibility_support
AS 'MODULE_PATHNAME', 'goaltracker_sees_all';

COMMENT ON FUNCTION goaltracker._sees_all(text) IS
	'whether the reader may see an account whatever the group';

CREATE FUNCTION goaltracker._sees_part_support(internal)
RETURNS internal
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME', 'goaltracker_sees_part_support';

COMMENT ON FUNCTION goaltracker._sees_part_support(internal) IS
	'planner support of _sees_part(): false where the reader is not restricted to groups';

CREATE FUNCTION goaltracker._sees_part(account_id text)
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
SUPPORT goaltracker._sees_part_support
AS 'MODULE_PATHNAME', 'goaltracker_sees_part';

COMMENT ON FUNCTION goaltracker._sees_part(text) IS
	'whether the reader may see some groups of an account, and not all';

CREATE FUNCTION goaltracker._sees_group(account_id text, group_id text)
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_sees_group';

COMMENT ON FUNCTION goaltracker._sees_group(text, text) IS
	'whether the reader may see a group''s segments; null: those of no group';

CREATE FUNCTION goaltracker._refuse_restricted()
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
SUPPORT goaltracker._visibility_support
AS 'MODULE_PATHNAME', 'goaltracker_refuse_restricted';

COMMENT ON FUNCTION goaltracker._refuse_restricted() IS
	'true; an error where the reader is restricted';

CREATE FUNCTION goaltracker._caller_sees_all(account_id text)
RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'goaltracker_caller_sees_all';

COMMENT ON FUNCTION goaltracker._caller_sees_all(text) IS
	'for functions that run as their owner: whether their caller may see an account whatever the group; null: all accounts';

CREATE FUNCTION goaltracker._updated_at_support(internal)
RETURNS internal
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME', 'goaltracker_updated_at_support';

COMMENT ON FUNCTION goaltracker._updated_at_support(internal) IS
	'planner support of _updated_at(): its argument where the reader is not restricted';

-- Not STRICT: a condition on what it returns does not make an outer join an inner one,
-- and so stays above it.
CREATE FUNCTION goaltracker._updated_at(updated_at timestamptz)
RETURNS timestamptz
LANGUAGE c STABLE PARALLEL SAFE
SUPPORT goaltracker._updated_at_support
AS 'MODULE_PATHNAME', 'goaltracker_updated_at';

COMMENT ON FUNCTION goaltracker._updated_at(timestamptz) IS
	'its argument, which a restricted reader''s conditions do not reach before all else has been joined';

-- ---------------------------------------------------------------------------
-- What report views read: the tables that refresh writes, each the one partition
-- of a parent that has the row security.  The planner leaves the parents out of
-- plans.  Refresh and dumps work on the tables themselves.
--
-- The group of a segment is the one that the grid shows, found in the same way.
-- ---------------------------------------------------------------------------

CREATE TABLE goaltracker._visible_touchpoint (LIKE goaltracker.touchpoint)
	PARTITION BY LIST (account_id);

ALTER TABLE goaltracker._visible_touchpoint
	ATTACH PARTITION goaltracker.touchpoint DEFAULT;

COMMENT ON TABLE goaltracker._visible_touchpoint IS
	'table touchpoint, as far as the reader may see it';

CREATE POLICY visible ON goaltracker._visible_touchpoint FOR SELECT USING (
	goaltracker._sees_all(account_id)
	OR (goaltracker._sees_part(account_id)
		AND goaltracker._sees_group(account_id, COALESCE((
			SELECT s.group_id
			FROM goaltracker.agent_segment AS s
			WHERE s.account_id = _visible_touchpoint.account_id
				AND s.conversation_id = _visible_touchpoint.conversation_id
				AND s.segment_no = _visible_touchpoint.segment_no), (
			SELECT m.group_id
			FROM goaltracker.agent_group_membership AS m
			WHERE m.account_id = _visible_touchpoint.account_id
				AND m.agent_id = _visible_touchpoint.agent_id
				AND (m.valid_during @> _visible_touchpoint.assigned_at) IS TRUE)))));

ALTER TABLE goaltracker._visible_touchpoint ENABLE ROW LEVEL SECURITY;

ALTER TABLE goaltracker._visible_touchpoint FORCE ROW LEVEL SECURITY;

CREATE TABLE goaltracker._visible_goal_outcome (LIKE goaltracker.goal_outcome)
	PARTITION BY LIST (account_id);

ALTER TABLE goaltracker._visible_goal_outcome
	ATTACH PARTITION goaltracker.goal_outcome DEFAULT;

COMMENT ON TABLE goaltracker._visible_goal_outcome IS
	'table goal_outcome, as far as the reader may see it: of groups, the goal events that have a touchpoint of theirs';

CREATE POLICY visible ON goaltracker._visible_goal_outcome FOR SELECT USING (
	goaltracker._sees_all(account_id)
	OR (goaltracker._sees_part(account_id)
		AND EXISTS (
			SELECT FROM goaltracker._visible_touchpoint AS t
			WHERE t.account_id = _visible_goal_outcome.account_id
				AND t.goal_event_key = _visible_goal_outcome.goal_event_key)));

ALTER TABLE goaltracker._visible_goal_outcome ENABLE ROW LEVEL SECURITY;

ALTER TABLE goaltracker._visible_goal_outcome FORCE ROW LEVEL SECURITY;
