
# Schedules, with the real pg_cron: what it is given, that it runs it, with whose
# rights, and that runs which meet each other do no harm.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Goaltracker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('schedule');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\ntimezone = UTC\n");
$node->start;

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');

# Runs a statement as a role; returns what it says, errors included.
sub says
{
	my ($role, $database, $statement) = @_;
	my ($status, $stdout, $stderr) = $node->psql($database, $statement, extra_params => [ '-U', $role ]);
	return $status == 0 ? $stdout : $stderr;
}

# ---------------------------------------------------------------------------
# Where there is no pg_cron
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', q{
	CREATE ROLE owner LOGIN;
	CREATE ROLE loader LOGIN;
	CREATE ROLE stranger LOGIN;
	CREATE DATABASE shop OWNER owner;
	CREATE DATABASE "the other's" OWNER owner});
$node->safe_psql($_, 'CREATE EXTENSION goaltracker', extra_params => [ '-U', 'owner' ]) foreach 'shop', "the other's";
$node->safe_psql('shop', "SELECT goaltracker.grant_loader('loader')");
like(says('owner', 'shop', "SELECT goaltracker.schedule_refresh('5 minutes')"),
	qr/ERROR:  pg_cron is not installed in database "shop"\n.*DETAIL:  The server does not load pg_cron.*shared_preload_libraries.*\n.*HINT:  Install pg_cron/s,
	'not loaded: says so');

if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'}) eq '0')
{
	SKIP: { skip 'pg_cron is not installed on this machine (Debian: postgresql-NN-cron)', 1 }
	$node->stop;
	done_testing();
	exit;
}

# Runs in background workers need no password.
$node->append_conf('postgresql.conf', q{
	shared_preload_libraries = 'pg_cron'
	cron.database_name = 'shop'
	cron.use_background_workers = on
	max_worker_processes = 20
});
$node->restart;
like(says($superuser, 'shop', "SELECT goaltracker.schedule_refresh('5 minutes')"),
	qr/DETAIL:  The server loads pg_cron for this database\.\n.*HINT:  A superuser runs here: CREATE EXTENSION pg_cron/s,
	'not created: says how to');
like(says('owner', 'shop', "SELECT goaltracker.unschedule_refresh()"), qr/ERROR:  pg_cron is not installed in database "shop"/,
	'not created: also to whom may not see its settings');

# Another database is told what to run, and where; that works.
my $elsewhere = says($superuser, "the other's", "SELECT goaltracker.schedule_refresh('5 minutes')");
like($elsewhere, qr/DETAIL:  The server loads pg_cron for database "shop", and it can be installed in that one alone\./, 'another database: says which one has it');
$node->safe_psql('shop', 'CREATE EXTENSION pg_cron');
my ($ready) = $elsewhere =~ /A superuser runs there: (SELECT .*\)); the last/;
$ready =~ s/'\.\.\.'/'owner'/;
$node->safe_psql('shop', $ready);
is($node->safe_psql('shop', 'SELECT jobname, schedule, command, database, username FROM cron.job'),
	"goaltracker refresh of the other's|*/5 * * * *|SELECT goaltracker.refresh()|the other's|owner", 'the SQL that it gives schedules it');
($ready) = says($superuser, "the other's", 'SELECT goaltracker.unschedule_refresh()') =~ /A superuser runs there: (SELECT .*;)/;
$node->safe_psql('shop', $ready);
is($node->safe_psql('shop', 'SELECT count(*) FROM cron.job'), '0', 'and the SQL that ends it does');

# ---------------------------------------------------------------------------
# What pg_cron is given
# ---------------------------------------------------------------------------

my $jobs = 'SELECT jobname, schedule, command, database, username, active FROM cron.job ORDER BY jobname, username';
like(says('loader', 'shop', "SELECT goaltracker.schedule_refresh('5 minutes')"), qr/ERROR:  permission denied for schema cron/,
	'who may not use pg_cron may not schedule');
$node->safe_psql('shop', 'GRANT USAGE ON SCHEMA cron TO loader, owner, stranger');
like(says('loader', 'shop', "SELECT goaltracker.schedule_refresh('5 minutes')"), qr/^\d+$/, 'a loader schedules, and is given the number of the job');
is($node->safe_psql('shop', $jobs), 'goaltracker refresh|*/5 * * * *|SELECT goaltracker.refresh()|shop|loader|t', 'the job is the loader\'s');
says('loader', 'shop', "SELECT goaltracker.schedule_refresh('1 minute')");
says('loader', 'shop', "SELECT goaltracker.schedule_snapshots('1 hour')");
is($node->safe_psql('shop', $jobs),
	"goaltracker refresh|* * * * *|SELECT goaltracker.refresh()|shop|loader|t\n"
	  . 'goaltracker snapshots|0 * * * *|SELECT goaltracker.refresh_snapshots()|shop|loader|t',
	'called again it changes the interval; snapshots have a schedule of their own');
is(says('owner', 'shop', 'SELECT goaltracker.unschedule_refresh()'), 'f', 'another\'s schedule is not his to end');
is(says('loader', 'shop', 'SELECT goaltracker.unschedule_refresh(), goaltracker.unschedule_refresh()'), 't|f', 'its own is, once');
is(says('loader', 'shop', 'SELECT goaltracker.unschedule_snapshots()'), 't', 'the snapshots\' too');
is($node->safe_psql('shop', $jobs), '', 'nothing is scheduled');
like(says('loader', 'shop', "SELECT goaltracker.schedule_refresh('7 minutes')"), qr/ERROR:  pg_cron cannot run exactly every 7 minutes/, 'an interval that pg_cron does not know');
my $has_seconds = $node->safe_psql('shop', q{SELECT string_to_array(substring(extversion FROM '^\d+\.\d+'), '.')::integer[] >= '{1,5}' FROM pg_extension WHERE extname = 'pg_cron'}) eq 't';
like(says('loader', 'shop', "SELECT goaltracker.schedule_refresh('2 seconds')"), $has_seconds ? qr/^\d+$/ : qr/ERROR:  this version of pg_cron cannot run every 2 seconds/,
	'seconds, as its version has it');

# ---------------------------------------------------------------------------
# Runs
# ---------------------------------------------------------------------------

# Loads of all kinds by several sessions, and refreshes of all kinds beside the scheduled
# ones.
$node->safe_psql('shop', 'TRUNCATE cron.job_run_details');
my $interval = $has_seconds ? '1 second' : '1 minute';
says('loader', 'shop', "SELECT goaltracker.schedule_refresh('$interval'), goaltracker.schedule_snapshots('$interval')");
says('owner', 'shop', "SELECT goaltracker.schedule_refresh('$interval')");
# has no right to refresh
$node->safe_psql('shop', "SELECT goaltracker.schedule_refresh('$interval')", extra_params => [ '-U', 'stranger' ]);

my $files = $node->basedir;
append_to_file("$files/load.pgbench", q{
	\set n random(1, 40)
	\set m random(1, 1000000000)
	BEGIN;
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		VALUES ('shop', 'k:m', 'c:n', '2024-06-01Z', '2024-06-02Z') ON CONFLICT DO NOTHING;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
		VALUES ('shop', 'k:m', 1, 'c:n', 'a:n', '2024-06-01Z') ON CONFLICT DO NOTHING;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('shop', 'g:m', 'c:n', 'Purchase Event', '2024-06-03Z') ON CONFLICT DO NOTHING;
	COMMIT;
	DELETE FROM goaltracker.goal_event WHERE account_id = 'shop' AND consumer_id = 'c:n' AND reached_at < '2024-06-03Z';
	UPDATE goaltracker.goal_event SET reached_at = '2024-06-02Z' WHERE account_id = 'shop' AND consumer_id = 'c:n';
	\sleep 50 ms
});
append_to_file("$files/refresh.pgbench", "SELECT goaltracker.refresh();\n\\sleep 100 ms\n");
append_to_file("$files/batches.pgbench", "CALL goaltracker.refresh_in_batches(5);\n\\sleep 200 ms\n");
# until whole minutes have passed twice, at most
my $seconds = $has_seconds ? 10 : 70;
$node->command_ok([ 'pgbench', '-n', '-T', $seconds, '-c', 4, '-j', 2, '-U', 'loader',
		'-f', "$files/load.pgbench\@2", '-f', "$files/refresh.pgbench\@1", '-f', "$files/batches.pgbench\@1", 'shop' ],
	'loads and refreshes beside the schedule');
$node->poll_query_until('shop', q{SELECT count(DISTINCT (command, username)) = 4 FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')}) or die 'no run';

is($node->safe_psql('shop', q{SELECT DISTINCT username, command, status FROM cron.job_run_details WHERE status IN ('succeeded', 'failed') ORDER BY 1, 2}),
	"loader|SELECT goaltracker.refresh()|succeeded\nloader|SELECT goaltracker.refresh_snapshots()|succeeded\n"
	  . "owner|SELECT goaltracker.refresh()|succeeded\nstranger|SELECT goaltracker.refresh()|failed",
	'every run went through, but those of a role that may not refresh');
is(says('loader', 'shop', 'SELECT goaltracker.unschedule_refresh(), goaltracker.unschedule_snapshots()'), 't|t', 'the loader\'s schedules end');
is(says('owner', 'shop', 'SELECT goaltracker.unschedule_refresh()'), 't', 'the owner\'s too');
says('stranger', 'shop', 'SELECT goaltracker.unschedule_refresh()');
$node->poll_query_until('shop', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE query LIKE 'SELECT goaltracker.refresh%' AND state = 'active' AND pid <> pg_backend_pid()});
cmp_ok($node->safe_psql('shop', 'SELECT count(*) FROM goaltracker.conversions_by_agent_snapshot'), '>', 0, 'the snapshots were refreshed');
$node->safe_psql('shop', 'SELECT goaltracker.refresh()');
is(differences_from_rebuild($node, 'shop'), '', 'refreshes that met each other have done no harm: a rebuild changes nothing');
is($node->safe_psql('shop', q{SELECT count(*) FROM goaltracker.refresh_log AS a JOIN goaltracker.refresh_log AS b
	ON a.kind = 'refresh' AND b.kind = 'refresh' AND a.refresh_no < b.refresh_no AND a.started_at + a.duration > b.started_at + b.duration}), '0', 'they took turns');

# Alone it does the work as well: what is loaded now is refreshed by pg_cron, and by
# nobody else.
if ($has_seconds)
{
	says('loader', 'shop', "SELECT goaltracker.schedule_refresh('1 second')");
	$node->safe_psql('shop', q{INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('shop', 'alone', 'c1', 'Lead Event', '2024-06-01 12:00Z')});
	ok($node->poll_query_until('shop', q{SELECT count(*) = 1 FROM goaltracker.conversion_grid WHERE goal_event_id = 'alone'}), 'pg_cron alone refreshes');
	says('loader', 'shop', 'SELECT goaltracker.unschedule_refresh()');
}

# ---------------------------------------------------------------------------
# doc/scheduling.md: its SQL
# ---------------------------------------------------------------------------

$node->safe_psql('shop', "CREATE ROLE scheduler LOGIN; SELECT goaltracker.grant_loader('scheduler')");
my $page = slurp_file("$FindBin::RealBin/../../doc/scheduling.md");
my $blocks = 0;
while ($page =~ /^```sql\n(.*?)^```$/msg)
{
	$blocks++;
	my $sql = $1;
	my ($first) = $sql =~ /^(.{1,60})/;
	my ($status, undef, $stderr) = $node->psql('shop', "SET client_min_messages = warning;\n$sql", on_error_stop => 1);
	is("$status $stderr", '0 ', "doc/scheduling.md: $first");
}
cmp_ok($blocks, '>=', 7, 'the page has blocks');
is($node->safe_psql('shop', q{SELECT jobname, schedule, username FROM cron.job WHERE username = 'scheduler' ORDER BY 1}),
	"goaltracker refresh|*/5 * * * *|scheduler\ngoaltracker snapshots|0 * * * *|scheduler", 'which schedules what it says');

$node->stop;
done_testing();
