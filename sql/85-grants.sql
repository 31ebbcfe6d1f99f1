-- ---------------------------------------------------------------------------
-- Rights for readers and loaders
--
-- Granted by name: the extension creates no roles.  The functions run as the owner
-- of what they grant, and are for him and those to whom he grants them.
-- ---------------------------------------------------------------------------

-- What either role needs, as GRANT and REVOKE take it.
CREATE FUNCTION goaltracker._reader_rights()
RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN ARRAY[
	'EXECUTE ON FUNCTION '
		'goaltracker.markov_attribution(text, date, date, text, integer, text), '
		'goaltracker.shapley_attribution(text, date, date, text, text, text, integer, bigint)',
	'SELECT ON goaltracker.conversions_by_skill, goaltracker.conversions_by_agent, '
		'goaltracker.conversions_by_account, goaltracker.agent_summary, '
		'goaltracker.conversion_grid, goaltracker.credit_facts, '
		'goaltracker.unattributed_goal_events, goaltracker.refresh_status, '
		'goaltracker.model_comparison, goaltracker.window_comparison, '
		'goaltracker.refresh_log, goaltracker.refresh_progress, '
		'goaltracker.report_settings, '
		'goaltracker.conversions_by_skill_stored, goaltracker.conversions_by_agent_stored, '
		'goaltracker.conversions_by_account_stored, goaltracker.agent_summary_stored',
	'SELECT ON goaltracker.attribution_history',
	'EXECUTE ON FUNCTION '
		'goaltracker.conversion_paths(text, date, date, text, boolean, text, integer, integer), '
		'goaltracker.path_transitions(text, date, date, text, boolean, text, integer), '
		'goaltracker.time_to_conversion(text, date, date, text, text, integer)'];

COMMENT ON FUNCTION goaltracker._reader_rights() IS 'what grant_reader() grants';

CREATE FUNCTION goaltracker._loader_rights()
RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN ARRAY[
	'SELECT, INSERT, UPDATE, DELETE ON goaltracker.conversation, goaltracker.agent_segment, '
		'goaltracker.goal_event, goaltracker.skill, goaltracker.agent, goaltracker.agent_group, '
		'goaltracker.agent_group_membership, goaltracker.campaign, goaltracker.engagement, '
		'goaltracker.goal',
	'SELECT ON goaltracker.refresh_status, goaltracker.refresh_log, goaltracker.refresh_progress, '
		'goaltracker.import_problem, goaltracker.consumer_alias',
	'EXECUTE ON FUNCTION goaltracker.refresh(), goaltracker.refresh_snapshots(), '
		'goaltracker.import_conversations(text, jsonb), '
		'goaltracker.import_conversations(text, text), '
		'goaltracker.import_web_sessions(text, jsonb), '
		'goaltracker.import_web_sessions(text, text), '
		'goaltracker.link_consumer(text, text, text)',
	-- the steps of refresh_in_batches(), which anybody may call, with his own rights
	'EXECUTE ON FUNCTION goaltracker._take_turn(), goaltracker._begin_refresh(), '
		'goaltracker._expand_notes(), goaltracker._refresh_step(integer, text, text), '
		'goaltracker._end_refresh(timestamptz, text[], text[]), '
		'goaltracker._begin_progress(integer), '
		'goaltracker._log_refresh(bigint, text, timestamptz, bigint, bigint, bigint, bigint, boolean)'];

COMMENT ON FUNCTION goaltracker._loader_rights() IS 'what grant_loader() grants';

CREATE FUNCTION goaltracker.grant_reader(reader regrole)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rights text;
BEGIN
	FOREACH rights IN ARRAY goaltracker._reader_rights() LOOP
		EXECUTE format('GRANT %s TO %s', rights, reader);
	END LOOP;
END
$$;

COMMENT ON FUNCTION goaltracker.grant_reader(regrole) IS
	'lets a role read the reports, as far as it is not restricted, and nothing else';

CREATE FUNCTION goaltracker.revoke_reader(reader regrole)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rights text;
BEGIN
	FOREACH rights IN ARRAY goaltracker._reader_rights() LOOP
		EXECUTE format('REVOKE %s FROM %s', rights, reader);
	END LOOP;
END
$$;

COMMENT ON FUNCTION goaltracker.revoke_reader(regrole) IS 'takes back what grant_reader() grants';

CREATE FUNCTION goaltracker.grant_loader(loader regrole)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rights text;
BEGIN
	FOREACH rights IN ARRAY goaltracker._loader_rights() LOOP
		EXECUTE format('GRANT %s TO %s', rights, loader);
	END LOOP;
END
$$;

COMMENT ON FUNCTION goaltracker.grant_loader(regrole) IS
	'lets a role load facts and names, by hand or through the importers, and refresh; not change accounts'' settings, and not read reports';

CREATE FUNCTION goaltracker.revoke_loader(loader regrole)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rights text;
BEGIN
	FOREACH rights IN ARRAY goaltracker._loader_rights() LOOP
		EXECUTE format('REVOKE %s FROM %s', rights, loader);
	END LOOP;
END
$$;

COMMENT ON FUNCTION goaltracker.revoke_loader(regrole) IS 'takes back what grant_loader() grants';

-- ---------------------------------------------------------------------------
-- Restrictions: see sql/55-visibility.sql
-- ---------------------------------------------------------------------------

-- The name of a role, as type _role takes it.  One who sees everything anyway is
-- refused rather than restricted without effect.
CREATE FUNCTION goaltracker._name_of_reader(reader regrole)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	role pg_roles;
BEGIN
	IF reader IS NULL THEN
		RAISE EXCEPTION 'role must not be null' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	SELECT r.* INTO role FROM pg_roles AS r WHERE r.oid = reader;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING
			ERRCODE = 'undefined_object',
			MESSAGE = format('role "%s" does not exist', reader);
	END IF;
	IF role.rolsuper OR pg_has_role(role.oid, 'pg_database_owner', 'USAGE') THEN
		RAISE EXCEPTION USING
			ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('role "%s" cannot be restricted', role.rolname),
			DETAIL = 'Superusers and the owner of the database see everything.';
	END IF;
	RETURN role.rolname;
END
$$;

COMMENT ON FUNCTION goaltracker._name_of_reader(regrole) IS
	'name of a role; an error for one that cannot be restricted';

-- Who has no right on the snapshots themselves reads them through views that
-- refuse restricted readers.  What else the role has been granted is revoked; what
-- it or a member has through others cannot be.
CREATE FUNCTION goaltracker._take_snapshots_from(reader_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	open_snapshot record;
BEGIN
	EXECUTE format('REVOKE ALL ON goaltracker.conversions_by_skill_snapshot, '
		'goaltracker.conversions_by_agent_snapshot, goaltracker.conversions_by_account_snapshot, '
		'goaltracker.agent_summary_snapshot FROM %I', reader_name);
	SELECT s.reader, s.relation INTO open_snapshot
	FROM goaltracker.check_restrictions() AS s
	WHERE s.relation LIKE '%\_snapshot' AND pg_has_role(s.reader, reader_name, 'MEMBER')
	ORDER BY s.reader, s.relation LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION USING
			ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('role "%s" may read %s', open_snapshot.reader, open_snapshot.relation),
			DETAIL = 'The rows of a snapshot cannot be restricted.',
			HINT = 'Revoke SELECT on the snapshot from whom the role has it, PUBLIC or a role that it is a member of; grant_reader() grants a view of the snapshot in its place.';
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker._take_snapshots_from(text) IS
	'takes the right on snapshots from a role; an error where it or a member still has it';

CREATE FUNCTION goaltracker.check_restrictions()
RETURNS TABLE (reader text, relation text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT m.rolname::text, c.oid::regclass::text
	FROM pg_roles AS m
	CROSS JOIN pg_class AS c
	WHERE NOT m.rolsuper
		AND NOT pg_has_role(m.oid, 'pg_database_owner', 'USAGE')
		AND EXISTS (
			SELECT FROM goaltracker.reader_restriction AS r
			JOIN pg_roles AS p ON p.rolname = r.reader
			WHERE NOT r.sees_everything AND pg_has_role(m.oid, p.oid, 'MEMBER'))
		AND NOT EXISTS (
			SELECT FROM goaltracker.reader_restriction AS r
			WHERE r.sees_everything AND r.reader = m.rolname)
		AND c.relnamespace = 'goaltracker'::regnamespace
		AND (c.relkind IN ('r', 'p', 'm') OR (c.relkind = 'v' AND c.relname LIKE '\_%'))
		AND has_any_column_privilege(m.oid, c.oid, 'SELECT')
	ORDER BY 1, 2;
END;

COMMENT ON FUNCTION goaltracker.check_restrictions() IS
	'tables and snapshots that restricted roles may read all of, since they have been granted more than reports; no row: none';

CREATE FUNCTION goaltracker.restrict_reader(reader regrole, account_id text,
	group_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	reader_name CONSTANT text := goaltracker._name_of_reader(reader);
BEGIN
	PERFORM goaltracker._check_account(account_id);
	IF octet_length(group_id) NOT BETWEEN 1 AND 255 THEN
		PERFORM goaltracker._refuse_id('group_id', group_id);
	END IF;
	LOCK TABLE goaltracker._restriction IN SHARE ROW EXCLUSIVE MODE;
	-- the narrowest wins: no longer exempt
	DELETE FROM goaltracker._restriction AS r
	WHERE r.reader::text = reader_name
		AND (r.account_id IS NULL
			OR (r.account_id = account_id AND r.group_id IS NOT DISTINCT FROM group_id));
	INSERT INTO goaltracker._restriction (reader, account_id, group_id)
	VALUES (reader_name::goaltracker._role, account_id, group_id);
	PERFORM goaltracker._take_snapshots_from(reader_name);
END
$$;

COMMENT ON FUNCTION goaltracker.restrict_reader(regrole, text, text) IS
	'lets a role and its members see no more than this account in reports, or a group of it with its subgroups; called again, that and what it was restricted to before';

CREATE FUNCTION goaltracker.exempt_reader(reader regrole)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	reader_name CONSTANT text := goaltracker._name_of_reader(reader);
BEGIN
	LOCK TABLE goaltracker._restriction IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM goaltracker._restriction AS r WHERE r.reader::text = reader_name;
	INSERT INTO goaltracker._restriction (reader) VALUES (reader_name::goaltracker._role);
END
$$;

COMMENT ON FUNCTION goaltracker.exempt_reader(regrole) IS
	'lets a role, and not its members, see everything, whatever restricted roles it is a member of';

CREATE FUNCTION goaltracker.unrestrict_reader(reader text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
	LOCK TABLE goaltracker._restriction IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM goaltracker._restriction AS r WHERE r.reader::text = reader;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING
			ERRCODE = 'no_data_found',
			MESSAGE = format('role "%s" is neither restricted nor exempt', reader);
	END IF;
END
$$;

COMMENT ON FUNCTION goaltracker.unrestrict_reader(text) IS
	'takes away all restrictions of the role of this name, or its exemption; the role need not exist';
