
# A trusted extension: the owner of a database, no superuser, installs it, loads,
# refreshes, grants, dumps and restores; nobody can do more by it than before.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('trusted');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;

# What psql says as a role, on standard output and error
sub as
{
	my ($role, $database, $sql) = @_;
	my ($status, $stdout, $stderr) = $node->psql($database, $sql, extra_params => [ '-U', $role ]);
	return ($stdout, $stderr);
}

sub runs
{
	my ($role, $database, $sql, $expected, $what) = @_;
	my ($stdout, $stderr) = as($role, $database, $sql);
	is("$stdout$stderr", $expected, $what);
	return;
}

sub fails
{
	my ($role, $database, $sql, $pattern, $what) = @_;
	my (undef, $stderr) = as($role, $database, $sql);
	like($stderr, $pattern, $what);
	return;
}

$node->safe_psql('postgres', q{
	CREATE ROLE owner LOGIN CREATEDB;
	CREATE ROLE tenant LOGIN;
	CREATE ROLE stranger LOGIN;
	CREATE ROLE reader LOGIN;
	CREATE ROLE loader LOGIN;
	CREATE DATABASE shop OWNER owner;
});

# ---------------------------------------------------------------------------
# Installing
# ---------------------------------------------------------------------------

fails('stranger', 'shop', 'CREATE EXTENSION goaltracker', qr/permission denied/, 'a stranger does not install it');

# What is in the way makes it fail: a schema, whoever owns it.
$node->safe_psql('shop', 'CREATE SCHEMA goaltracker AUTHORIZATION stranger');
fails('owner', 'shop', 'CREATE EXTENSION goaltracker', qr/schema "goaltracker" already exists/, 'a schema in the way');
fails('owner', 'shop', 'CREATE EXTENSION goaltracker SCHEMA goaltracker', qr/schema "goaltracker" already exists/,
	'a schema in the way, named');
$node->safe_psql('shop', 'DROP SCHEMA goaltracker');

# A trap in every schema that the script could look into: what it calls would be
# called as a superuser.  For each name of a function or operator of PostgreSQL
# that takes several types, one that takes exactly those that the script has.
my $traps = q{
	CREATE SCHEMA traps;
	CREATE FUNCTION traps.spring() RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		RAISE EXCEPTION 'the trap runs as %', current_user;
	END $$;
	DO $do$
	DECLARE
		types CONSTANT text[] := '{text,text[],name,integer,smallint,bigint,numeric,date,timestamptz,timestamp,interval,interval[],tstzrange,jsonb,boolean,"\"char\""}';
		a text;
		b text;
		op record;
		f record;
		n integer := 0;
	BEGIN
		FOREACH a IN ARRAY types LOOP
			FOREACH b IN ARRAY types LOOP
				FOR op IN SELECT unnest('{=,<>,<,<=,>,>=,+,-,*,/,||,&&,@>,<@,?,->,->>,&,>>,~,^}'::text[]) AS name LOOP
					IF to_regoperator(format('pg_catalog.%s(%s,%s)', op.name, a, b)) IS NULL THEN
						n := n + 1;
						EXECUTE format('CREATE FUNCTION traps.op%s(%s, %s) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS '
							'$$ BEGIN PERFORM traps.spring(); RETURN true; END $$', n, a, b);
						EXECUTE format('CREATE OPERATOR traps.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = traps.op%s)', op.name, a, b, n);
					END IF;
				END LOOP;
			END LOOP;
			-- functions of one argument, of any type in PostgreSQL
			FOR f IN SELECT DISTINCT proname FROM pg_proc
				WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND pronargs = 1 AND proretset = false
					AND proname IN ('array_ndims', 'cardinality', 'isempty', 'octet_length', 'length', 'date_trunc', 'to_jsonb', 'lower', 'upper', 'now', 'round', 'to_char', 'format', 'jsonb_typeof')
			LOOP
				IF to_regprocedure(format('pg_catalog.%I(%s)', f.proname, a)) IS NULL THEN
					EXECUTE format('CREATE FUNCTION traps.%I(%s) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS '
						'$$ BEGIN PERFORM traps.spring(); RETURN 1; END $$', f.proname, a);
				END IF;
			END LOOP;
		END LOOP;
	END $do$;
	CREATE TABLE traps.pg_depend (objid oid);
	CREATE TABLE traps.pg_class (oid oid);
	CREATE TABLE traps.pg_proc (oid oid);
	CREATE DOMAIN traps.text AS pg_catalog.text CHECK (traps.spring() IS NULL);
	CREATE DOMAIN traps.jsonb AS pg_catalog.jsonb;
};
$node->safe_psql('shop', "SET ROLE owner; $traps");

# They are traps: each springs for who has them in his search_path.
fails('owner', 'shop', q{SET search_path = traps, pg_catalog; SELECT '[1,2]'::pg_catalog.tstzrange @> 'now'::timestamptz},
	qr/malformed|the trap runs as owner|range/, 'a trap springs');
fails('owner', 'shop', q{SET search_path = traps, pg_catalog; SELECT current_date - 1::smallint},
	qr/the trap runs as owner/, 'a trap springs');

runs('owner', 'shop', 'SET search_path = traps, pg_catalog, pg_temp; CREATE EXTENSION goaltracker', '', 'the owner installs it, traps in his search_path');
is($node->safe_psql('shop', q{
		SELECT count(*) FROM pg_depend AS d
		WHERE refobjid IN (
			SELECT oid FROM pg_operator WHERE oprnamespace = 'traps'::regnamespace
			UNION ALL SELECT oid FROM pg_proc WHERE pronamespace = 'traps'::regnamespace
			UNION ALL SELECT oid FROM pg_type WHERE typnamespace = 'traps'::regnamespace)
		AND objid IN (
			SELECT oid FROM pg_class WHERE relnamespace = 'goaltracker'::regnamespace
			UNION ALL SELECT oid FROM pg_proc WHERE pronamespace = 'goaltracker'::regnamespace
			UNION ALL SELECT r.oid FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class WHERE relnamespace = 'goaltracker'::regnamespace
			UNION ALL SELECT oid FROM pg_constraint WHERE connamespace = 'goaltracker'::regnamespace)}),
	'0', 'nothing of the extension rests on a trap');

# ---------------------------------------------------------------------------
# Whose it is
# ---------------------------------------------------------------------------

is($node->safe_psql('shop', q{
		SELECT count(*) FROM pg_class
		WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S') AND relowner <> 'pg_database_owner'::regrole}),
	'0', 'tables, views, sequences are the database owner\'s');
is($node->safe_psql('shop', q{
		SELECT string_agg(oid::regprocedure::text, ' ') FROM pg_proc
		WHERE pronamespace = 'goaltracker'::regnamespace AND prosecdef
			AND (proowner <> 'pg_database_owner'::regrole OR NOT coalesce(proconfig @> '{"search_path=pg_catalog, pg_temp"}', false))}),
	'', 'what runs as its owner never runs as a superuser, and looks names up in pg_catalog');
is($node->safe_psql('shop', q{
		SELECT string_agg(oid::regprocedure::text, ' ') FROM pg_proc
		WHERE pronamespace = 'goaltracker'::regnamespace AND NOT prosecdef AND proowner <> 10}),
	'', 'all else that is called is the superuser\'s');
is($node->safe_psql('shop', q{
		SELECT string_agg(oid::regprocedure::text, ' ' ORDER BY oid::regprocedure::text COLLATE "C") FROM pg_proc
		WHERE pronamespace = 'goaltracker'::regnamespace AND prosecdef
			AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')}),
	'goaltracker._expand_notes() goaltracker._refresh_all(timestamp with time zone,text[],text[]) goaltracker._refresh_step(integer,text,text)',
	'written in C and run as their owner are three');

# Written in C, they call what the owner could put under a name, and look at what
# it returns.
fails('owner', 'shop', q{
		BEGIN;
		ALTER FUNCTION goaltracker._refresh_step_work(integer, text, text) RENAME TO old_work;
		CREATE FUNCTION goaltracker._refresh_step_work(integer, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 4711::bigint';
		SELECT s.* FROM goaltracker._refresh_step(1, '', '') AS s},
	qr/returns another type/, 'another function under the name of a step');
fails('owner', 'shop', q{
		BEGIN;
		ALTER FUNCTION goaltracker._refresh_step_work(integer, text, text) RENAME TO old_work;
		CREATE FUNCTION goaltracker._refresh_step_work(integer, text, text) RETURNS record LANGUAGE sql AS 'SELECT NULL::record';
		SELECT s.at_account IS NULL AS x FROM goaltracker._refresh_step(1, '', '') AS s;
		SELECT 1/0},
	qr/division by zero/, 'a step that returns null');
fails('owner', 'shop', q{
		BEGIN;
		ALTER FUNCTION goaltracker._refresh_step_work(integer, text, text) RENAME TO old_work;
		CREATE FUNCTION goaltracker._refresh_step_work(integer, text, text) RETURNS record LANGUAGE sql AS 'SELECT 1, 2';
		SELECT s.* FROM goaltracker._refresh_step(1, '', '') AS s},
	qr/does not match|return/, 'a step that returns other columns');
# The table that says who may see what, changed by its owner
fails('owner', 'shop', q{
		BEGIN;
		ALTER TABLE goaltracker._restriction RENAME reader TO r;
		SELECT count(*) FROM goaltracker.credit_facts},
	qr/"reader" of relation "_restriction" is missing or has another type/, 'restrictions without a reader');
fails('owner', 'shop', 'ALTER FUNCTION goaltracker._fill(text, text[], jsonb, timestamptz) CALLED ON NULL INPUT', qr/must be owner/,
	'what is written in C stays as it is');
fails('owner', 'shop', q{CREATE FUNCTION mine() RETURNS void LANGUAGE c AS '$libdir/goaltracker', 'goaltracker_fill'},
	qr/permission denied for language c/, 'nor can the owner make functions of the library');
fails('owner', 'shop', 'DROP FUNCTION goaltracker.refresh()', qr/extension goaltracker requires it/, 'nothing of it can be dropped alone');
fails('owner', 'shop', q{COPY goaltracker.account TO '/tmp/goaltracker_account'}, qr/must be superuser|permission denied/, 'the owner is no superuser');

# ---------------------------------------------------------------------------
# Work
# ---------------------------------------------------------------------------

my $load = q{
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
	SELECT a, 'k' || n, 'c' || n, timestamptz '2024-06-01 10:00Z', timestamptz '2024-06-01 11:00Z' FROM generate_series(1, 5) AS n, unnest('{north,south}'::text[]) AS a
	UNION ALL SELECT 'north', 'k6', 'c6', '2024-06-01 10:00Z', '2024-06-01 11:00Z'
	ON CONFLICT DO NOTHING;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
	SELECT account_id, conversation_id, 1, consumer_id, 'bob', opened_at FROM goaltracker.conversation ON CONFLICT DO NOTHING;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	SELECT account_id, 'g' || conversation_id, consumer_id, 'Purchase Event', opened_at + '1 day'::interval FROM goaltracker.conversation WHERE conversation_id <> 'k6' ON CONFLICT DO NOTHING;
};
runs('owner', 'shop', $load, '', 'the owner loads');
runs('owner', 'shop', 'SET search_path = traps, pg_catalog; SELECT goal_events FROM goaltracker.refresh()', '10', 'refreshes');
runs('owner', 'shop', 'SELECT goaltracker.refresh_snapshots()', '', 'refreshes snapshots');
runs('owner', 'shop', 'CALL goaltracker.refresh_in_batches(1)', '', 'refreshes in batches');
runs('owner', 'shop', 'SELECT goal_events FROM goaltracker.rebuild()', '10', 'rebuilds');
runs('owner', 'shop', "SELECT agent_segments FROM goaltracker.import_conversations('north', '[]'::jsonb)", '0', 'imports');
runs('owner', 'shop', "SELECT goaltracker.link_consumer('north', 'visitor', 'c1')", '', 'links');
runs('owner', 'shop', "SELECT count(*) FROM goaltracker.explain_goal_event('north', 'gk1')", '1', 'explains');
runs('owner', 'shop', 'SELECT count(*) FROM goaltracker.check_totals()', '0', 'checks');
runs('owner', 'shop', "SET search_path = ''; SELECT sum(goals_reached) FROM goaltracker.conversions_by_agent", '10', 'reads');
runs('owner', 'shop', "SET search_path = traps, pg_catalog; SELECT pg_catalog.count(*) FROM goaltracker.conversion_grid", '10', 'reads, whatever his search_path');
runs('owner', 'shop', "UPDATE goaltracker.account SET attribution_model = 'all'", '', 'sets');
runs('owner', 'shop', 'CREATE INDEX ON goaltracker.touchpoint (agent_id)', '', 'builds an index');

# ---------------------------------------------------------------------------
# Granting
# ---------------------------------------------------------------------------

my @reports = qw(conversions_by_skill conversions_by_agent conversions_by_account agent_summary
  conversion_grid credit_facts unattributed_goal_events refresh_status model_comparison window_comparison refresh_log refresh_progress report_settings
  conversions_by_skill_stored conversions_by_agent_stored conversions_by_account_stored agent_summary_stored);
push @reports, 'attribution_history';
my @questions = qw(conversion_paths path_transitions time_to_conversion markov_attribution shapley_attribution);
sub rights_of
{
	my ($role) = @_;
	return $node->safe_psql('shop', qq{
		SELECT string_agg(what, ' ' ORDER BY what COLLATE "C") FROM (
			SELECT p || ' ' || c.relname FROM pg_class AS c, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p
			WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('$role', c.oid, p)
			UNION ALL
			SELECT 'EXECUTE ' || p.proname FROM pg_proc AS p
			WHERE pronamespace = 'goaltracker'::regnamespace AND has_function_privilege('$role', p.oid, 'EXECUTE')
				AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
			UNION ALL
			SELECT 'CREATE' WHERE has_schema_privilege('$role', 'goaltracker', 'CREATE')) AS r (what)});
}
is(rights_of('reader'), '', 'nobody has rights of his own');
fails('reader', 'shop', "SELECT goaltracker.grant_reader('reader')", qr/permission denied/, 'nor grants them to himself');
fails('reader', 'shop', "SELECT goaltracker.grant_loader('reader')", qr/permission denied/, 'nor grants them to himself');
runs('owner', 'shop', "SELECT goaltracker.grant_reader('reader'), goaltracker.grant_loader('loader')", '|', 'the owner grants');
is(rights_of('reader'), join(' ', sort((map { "EXECUTE $_" } @questions), (map { "SELECT $_" } @reports))),
	'a reader reads reports, and nothing else');
runs('reader', 'shop', "SELECT count(*) FROM goaltracker.$_()", $node->safe_psql('shop', "SELECT count(*) FROM goaltracker.$_()"), "a reader asks for $_")
  foreach @questions;
is(rights_of('loader'), join(' ', sort(
		(map { my $table = $_; map { "$_ $table" } qw(SELECT INSERT UPDATE DELETE) }
			qw(conversation agent_segment goal_event skill agent agent_group agent_group_membership campaign engagement goal)),
		(map { "SELECT $_" } qw(refresh_status refresh_log refresh_progress import_problem consumer_alias)),
		(map { "EXECUTE $_" } qw(refresh refresh_snapshots import_conversations import_conversations import_web_sessions
			import_web_sessions link_consumer _take_turn _begin_refresh _expand_notes _refresh_step _end_refresh _begin_progress _log_refresh)))),
	'a loader loads and refreshes, and nothing else');
runs('reader', 'shop', "SELECT count(*) FROM goaltracker.$_", $_ =~ /unatt/ ? '0' : $node->safe_psql('shop', "SELECT count(*) FROM goaltracker.$_"), "a reader reads $_")
  foreach @reports;
runs('loader', 'shop', $load, '', 'a loader loads');
runs('loader', 'shop', 'SELECT goal_events FROM goaltracker.refresh()', '0', 'a loader refreshes');
runs('loader', 'shop', 'CALL goaltracker.refresh_in_batches(1)', '', 'a loader refreshes in batches');
runs('loader', 'shop', 'SELECT goaltracker.refresh_snapshots()', '', 'a loader refreshes snapshots');
runs('loader', 'shop', "SELECT conversations FROM goaltracker.import_conversations('north', '[]'::text)", '0', 'a loader imports');
fails('loader', 'shop', "UPDATE goaltracker.account SET attribution_model = 'first'", qr/permission denied for table account/, 'a loader sets nothing');
fails('loader', 'shop', 'SELECT * FROM goaltracker.credit_facts', qr/permission denied/, 'a loader reads no report');
fails('loader', 'shop', 'SELECT goaltracker.rebuild()', qr/permission denied/, 'a loader does not rebuild');
runs('owner', 'shop', 'GRANT EXECUTE ON FUNCTION goaltracker.touchpoints(goaltracker.journey, integer, jsonb) TO reader', '', 'the owner grants by hand');
runs('owner', 'shop', 'REVOKE EXECUTE ON FUNCTION goaltracker.touchpoints(goaltracker.journey, integer, jsonb) FROM reader', '', 'and takes back');

# Whoever may only create things in a database can install it, and has nothing of it.
$node->safe_psql('postgres', 'CREATE DATABASE rented OWNER owner; GRANT CREATE ON DATABASE rented TO tenant');
runs('tenant', 'rented', 'CREATE EXTENSION goaltracker', '', 'a tenant installs it');
fails('tenant', 'rented', $_, qr/permission denied/, "a tenant has no right of his own: $_")
  foreach 'SELECT * FROM goaltracker.account', 'SELECT goaltracker.refresh()', "SELECT goaltracker.grant_reader('tenant')",
  'CREATE TABLE goaltracker.mine ()';
runs('owner', 'rented', 'SELECT goal_events FROM goaltracker.refresh()', '0', 'it is the database owner\'s');

# ---------------------------------------------------------------------------
# Functions that run as their owner, abused
# ---------------------------------------------------------------------------

$node->safe_psql('shop', q{
	CREATE SCHEMA evil AUTHORIZATION loader;
	GRANT USAGE ON SCHEMA traps TO PUBLIC;
	GRANT TEMPORARY ON DATABASE shop TO loader, reader});
# temporary tables of the names that functions read and write, traps before pg_catalog
my $disguise = q{
	CREATE TEMP TABLE touchpoint (x text); CREATE TEMP TABLE conversation (x text); CREATE TEMP TABLE pg_class (x text);
	CREATE TEMP TABLE pg_roles (oid oid, rolname text); CREATE TEMP TABLE changed_consumer (x text);
	CREATE FUNCTION pg_temp.format(text, VARIADIC "any") RETURNS text LANGUAGE internal AS 'text_format';
	SET search_path = pg_temp, traps, evil, pg_catalog;
};
$disguise =~ s/\tCREATE FUNCTION pg_temp.format.*\n//;
foreach my $call (
	'PERFORM goaltracker.refresh()', 'PERFORM goaltracker.refresh_snapshots()', 'PERFORM goaltracker._take_turn()',
	'PERFORM goaltracker._begin_refresh()', 'PERFORM goaltracker._expand_notes()',
	"PERFORM goaltracker._refresh_step(1, ''::pg_catalog.text, ''::pg_catalog.text)",
	'PERFORM goaltracker._begin_progress(1)',
	"PERFORM goaltracker._log_refresh(NULL, 'refresh'::pg_catalog.text, '2024-06-01Z'::pg_catalog.timestamptz, 1, 1, 1, 1, true)",
	"PERFORM goaltracker._end_refresh('2024-06-01Z'::pg_catalog.timestamptz, '{}'::pg_catalog.text[], '{}'::pg_catalog.text[])",
	"PERFORM goaltracker.link_consumer('north'::pg_catalog.text, 'v2'::pg_catalog.text, 'c2'::pg_catalog.text)",
	q{PERFORM goaltracker.import_conversations('north'::pg_catalog.text, '[{"info": {}}]'::pg_catalog.text)},
	q{PERFORM goaltracker.import_conversations('north'::pg_catalog.text, '[{"info": {}}]'::pg_catalog.jsonb)},
	q{PERFORM goaltracker.import_web_sessions('north'::pg_catalog.text, '[{"info": {}}]'::pg_catalog.text)},
	q{PERFORM goaltracker.import_web_sessions('north'::pg_catalog.text, '[{"info": {}}]'::pg_catalog.jsonb)},
	q{UPDATE goaltracker.conversation SET consumer_id = 'moved'::pg_catalog.text WHERE conversation_id OPERATOR(pg_catalog.=) 'k6'::pg_catalog.text},
	q{UPDATE goaltracker.agent_segment SET agent_messages = 7},
	q{INSERT INTO goaltracker.agent (account_id, agent_id, user_type) VALUES ('north', 'hal', 'Bot') ON CONFLICT DO NOTHING},
	q{INSERT INTO goaltracker.goal (account_id, goal_id, goal_type) VALUES ('north', 'x', 'Other') ON CONFLICT DO NOTHING})
{
	runs('loader', 'shop', "$disguise DO \$\$ BEGIN $call; END \$\$", '', "in disguise: $call");
}
runs('owner', 'shop', "$disguise DO \$\$ BEGIN PERFORM goaltracker.$_; END \$\$", '', "in disguise: $_")
  foreach 'conversion_paths()', 'path_transitions()', 'time_to_conversion()',
  'rebuild()', 'check_data()', 'check_totals()', 'check_restrictions()', q{explain_goal_event('north'::pg_catalog.text, 'gk1'::pg_catalog.text)},
  q{grant_reader('reader'::pg_catalog.regrole)}, q{revoke_reader('loader'::pg_catalog.regrole)}, q{grant_loader('loader'::pg_catalog.regrole)},
  q{revoke_loader('reader'::pg_catalog.regrole)}, q{restrict_reader('reader'::pg_catalog.regrole, 'north'::pg_catalog.text)},
  q{exempt_reader('reader'::pg_catalog.regrole)}, q{unrestrict_reader('reader'::pg_catalog.text)};

# A name that is more than a name
$node->safe_psql('postgres', q{CREATE ROLE "reader""; DROP TABLE goaltracker.account; --"});
runs('owner', 'shop', qq{SELECT goaltracker.$_(oid) FROM pg_roles WHERE rolname LIKE '%DROP%'}, '', "$_ of a strange name")
  foreach qw(grant_reader grant_loader revoke_reader revoke_loader exempt_reader);
runs('owner', 'shop', q{SELECT goaltracker.restrict_reader(oid, $$'; --$$) FROM pg_roles WHERE rolname LIKE '%DROP%'}, '', 'restrict_reader of a strange name');
runs('owner', 'shop', q{SELECT goaltracker.unrestrict_reader(reader) FROM goaltracker.reader_restriction}, '', 'unrestrict_reader of a strange name');

# The owner's own trigger runs as the owner's role, whoever refreshes.
runs('owner', 'shop', q{
		CREATE TABLE ran_as (role text);
		GRANT ALL ON ran_as TO PUBLIC;
		CREATE FUNCTION note_role() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran_as VALUES (current_user); RETURN NULL; END $$;
		CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON goaltracker._refresh_turn FOR EACH STATEMENT EXECUTE FUNCTION note_role()}, '', 'the owner sets a trigger');
$node->safe_psql('shop', 'SELECT goaltracker.refresh()');
is($node->safe_psql('shop', 'SELECT DISTINCT role FROM ran_as'), 'pg_database_owner', 'a superuser\'s refresh does not run it as a superuser');
runs('owner', 'shop', 'DROP TRIGGER note ON goaltracker._refresh_turn', '', 'the owner drops the trigger');

# ---------------------------------------------------------------------------
# Dump and restore, as the owner
# ---------------------------------------------------------------------------

runs('owner', 'shop', "SELECT goaltracker.restrict_reader('loader', 'north'), goaltracker.exempt_reader('reader'), goaltracker.refresh_snapshots()", '||', 'restrictions');
my $state = q{
	SELECT to_jsonb(r)::text FROM goaltracker.reader_restriction AS r
	UNION ALL SELECT to_jsonb(r)::text FROM goaltracker.conversion_grid AS r
	UNION ALL SELECT (to_jsonb(r) - 'taken_at')::text FROM goaltracker.conversions_by_agent_snapshot AS r ORDER BY 1};
my $before = $node->safe_psql('shop', $state);
like($before, qr/loader/, 'a restriction is there');
$node->safe_psql('shop', 'DROP SCHEMA evil CASCADE');
my $dump = $node->basedir . '/owner.dump';
$node->command_ok([ 'pg_dump', '-U', 'owner', '-Fc', '-f', $dump, 'shop' ], 'the owner dumps');
$node->command_ok([ 'createdb', '-U', 'owner', 'restored' ], 'the owner makes a database');
$node->command_ok([ 'pg_restore', '-U', 'owner', '--exit-on-error', '--no-comments', '-d', 'restored', $dump ], 'the owner restores');
is($node->safe_psql('restored', $state), $before, 'everything is back');
runs('owner', 'restored', 'SELECT goal_events FROM goaltracker.rebuild()', '10', 'the owner rebuilds');
runs('reader', 'restored', 'SELECT sum(goals_reached) FROM goaltracker.conversions_by_agent', '10', 'rights are back');
fails('reader', 'restored', 'SELECT * FROM goaltracker.account', qr/permission denied/, 'and no more than that');
runs('loader', 'restored', 'CALL goaltracker.refresh_in_batches(1)', '', 'of loaders too');

$node->stop;
done_testing();
