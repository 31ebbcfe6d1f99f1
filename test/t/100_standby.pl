
# A streaming standby: reports read there as on the primary, what writes is
# refused in words that the user knows, and after promotion refresh() goes on
# where the primary was.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Goaltracker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$primary->start;
$primary->safe_psql('postgres', 'CREATE DATABASE shop');
$primary->safe_psql('shop', 'CREATE EXTENSION goaltracker');
load_example($primary, 'shop');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# The primary keeps what the standby's readers may still read; and replay does not
# cancel a reader that is in its way, so that a wait shows.
$standby->append_conf('postgresql.conf', q{
hot_standby_feedback = on
wal_receiver_status_interval = '1s'
max_standby_streaming_delay = -1
log_recovery_conflict_waits = on
deadlock_timeout = '100ms'
});
$standby->start;

sub catch_up
{
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
	return;
}

sub same_reports
{
	my ($name) = @_;
	catch_up();
	is_deeply(reports($standby, 'shop'), reports($primary, 'shop'), "$name: reports of every model and window");
	is_deeply(rows($standby, 'shop', '', @snapshots), rows($primary, 'shop', '', @snapshots), "$name: snapshots");
	return;
}

# ---------------------------------------------------------------------------
# Reading
# ---------------------------------------------------------------------------

same_reports('standby');
like(stop_first_refresh($primary, 'shop'), qr/stopped/, 'a first refresh is stopped half way');
leave_pending($primary, 'shop');
same_reports('pending changes');
$primary->safe_psql('shop', 'SELECT goaltracker.refresh(); SELECT goaltracker.refresh_snapshots()');
same_reports('a refresh');
isnt($standby->safe_psql('shop', 'SELECT sum(conversions) FROM goaltracker.conversions_by_account'),
	'', 'there is something in the reports');

# Everything else that only reads.
foreach my $query (
	q{SELECT * FROM goaltracker.explain_goal_event('shop', 'g5')},
	q{SELECT * FROM goaltracker.check_totals()},
	q{SELECT account_id, goaltracker.sum_once(transaction_value, goal_event_key) FROM goaltracker.conversion_grid GROUP BY 1 ORDER BY 1},
	q{SET goaltracker.hour_offset = 5; SELECT * FROM goaltracker.conversions_by_account ORDER BY account_id, conversation_date, currency})
{
	is($standby->safe_psql('shop', $query), $primary->safe_psql('shop', $query), "standby: $query");
}

my $dump = $standby->basedir . '/shop.dump';
$standby->command_ok([ 'pg_dump', '--format', 'custom', '--file', $dump, 'shop' ], 'a dump can be taken there');

# A reader who holds his snapshot sees the old state, and does not keep a refresh
# or a rebuild from being replayed.
my $reader = $standby->background_psql('shop');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
# until the primary knows about him
my $xmin = $reader->query_safe('SELECT pg_snapshot_xmin(pg_current_snapshot())');
$primary->poll_query_until('postgres',
	"SELECT bool_and(backend_xmin = '$xmin'::xid) FROM pg_stat_replication") or die 'no feedback';
my $goal_events = 'SELECT count(*), sum(goals_reached) FROM goaltracker.conversion_grid';
my $before = $reader->query_safe($goal_events);
$primary->safe_psql('shop', q{
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	VALUES ('shop', 'during', 'c2', 'Purchase Event', '2024-06-10Z');
	SELECT goaltracker.refresh();
	SELECT goaltracker.rebuild();
	SELECT goaltracker.refresh_snapshots()});
catch_up();
pass('refresh and rebuild are replayed beside a reader');
is($reader->query_safe($goal_events), $before, 'he reads what he read before');
$reader->query_safe('COMMIT');
isnt($reader->query_safe($goal_events), $before, 'and the new state in his next transaction');
$reader->quit;
same_reports('a rebuild');

# ---------------------------------------------------------------------------
# Writing
# ---------------------------------------------------------------------------

# What writes, and the message: "on a standby server", "in a read-only transaction".
my @writes = (
	[ 'SELECT goaltracker.refresh()', 'cannot refresh' ],
	[ 'CALL goaltracker.refresh_in_batches(1)', 'cannot refresh' ],
	[ 'SELECT goaltracker.rebuild()', 'cannot rebuild' ],
	[ 'SELECT goaltracker.refresh_snapshots()', 'cannot refresh snapshots' ],
	[ q{SELECT goaltracker.import_conversations('shop', jsonb '[]')}, 'cannot import' ],
	[ q{SELECT goaltracker.import_conversations('shop', text '[]')}, 'cannot import' ],
	[ q{SELECT goaltracker.import_web_sessions('shop', jsonb '[]')}, 'cannot import' ],
	[ q{SELECT goaltracker.import_web_sessions('shop', text '[]')}, 'cannot import' ],
	[ q{SELECT goaltracker.link_consumer('shop', 'x', 'c1')}, 'cannot link a consumer' ]);

# These the user wrote himself; PostgreSQL's own message names what he wrote.
my @statements = (
	[ q{UPDATE goaltracker.account SET attribution_model = 'first'}, 'UPDATE' ],
	[ q{DELETE FROM goaltracker.goal_event}, 'DELETE' ],
	[ q{INSERT INTO goaltracker.skill VALUES ('shop', 'x', 'X')}, 'INSERT' ]);

sub refused
{
	my ($node, $before, $statement, $expected, $name) = @_;
	my ($status, undef, $stderr) = $node->psql('shop', "\\set VERBOSITY verbose\n$before$statement");
	like($stderr, $expected, "$name: $statement");
	return $stderr;
}

foreach (@writes)
{
	my ($statement, $message) = @$_;
	my $stderr = refused($standby, '', $statement, qr/ERROR:  25006: $message on a standby server$/m, 'standby');
	like($stderr, qr/^HINT:  Do it on the primary server;/m, 'and what to do instead');

	# refresh_in_batches wants to end transactions, so it cannot be called within one.
	my $before = "SET default_transaction_read_only = on;\n";
	$stderr = refused($primary, $before, $statement, qr/ERROR:  25006: $message in a read-only transaction$/m, 'read-only');
	like($stderr, qr/^HINT:  Use a transaction that is READ WRITE;/m, 'and what to do instead');
}
foreach (@statements)
{
	my ($statement, $command) = @$_;
	refused($standby, '', $statement, qr/ERROR:  25006: cannot execute $command in a read-only transaction$/m, 'standby');
}
is($primary->safe_psql('shop', 'BEGIN READ ONLY; SELECT count(*) > 0 FROM goaltracker.conversion_grid; COMMIT'),
	't', 'reports read in a read-only transaction');

# ---------------------------------------------------------------------------
# Promotion
# ---------------------------------------------------------------------------

# The primary goes away in the middle: a first refresh half way, notes that wait.
$primary->safe_psql('shop', q{
	UPDATE goaltracker.agent_segment SET agent_id = 'ira' WHERE account_id = 'shop' AND conversation_id = 'k9';
	DELETE FROM goaltracker.conversation WHERE account_id = 'shop' AND conversation_id = 'k11';
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
	SELECT 'begun', 'k' || n, 'c' || n, '2024-06-01Z' FROM generate_series(1, 4) AS n;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	SELECT 'begun', 'g' || n, 'c' || n, 'Purchase Event', '2024-06-02Z' FROM generate_series(1, 4) AS n;
	CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$;
	CREATE TRIGGER stop AFTER INSERT ON goaltracker.goal_outcome
		FOR EACH ROW WHEN (NEW.goal_event_id = 'g3') EXECUTE FUNCTION stop()});
my (undef, undef, $stderr) = $primary->psql('shop', 'CALL goaltracker.refresh_in_batches(1)');
like($stderr, qr/stopped/, 'the primary stops in the middle of a first refresh');
$primary->safe_psql('shop', 'DROP TRIGGER stop ON goaltracker.goal_outcome');
catch_up();
my $reports = reports($primary, 'shop');
my $max_key = $primary->safe_psql('shop', 'SELECT max(goal_event_key) FROM goaltracker.goal_event');
$primary->stop('immediate');
$standby->promote;

is_deeply(reports($standby, 'shop'), $reports, 'promoted: reports');
is($standby->safe_psql('shop', q{SELECT account_id FROM goaltracker.refresh_status WHERE pending_consumers > 0 ORDER BY 1}),
	"begun\nshop", 'promoted: what is pending');
$standby->safe_psql('shop', q{
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	VALUES ('shop', 'afterwards', 'c3', 'Purchase Event', '2024-06-10Z')});
is($standby->safe_psql('shop', qq{
		SELECT goal_event_key > $max_key FROM goaltracker.goal_event WHERE goal_event_id = 'afterwards'}),
	't', 'promoted: a new goal event has a new key');
$standby->safe_psql('shop', 'CALL goaltracker.refresh_in_batches(1)');
is($standby->safe_psql('shop', 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'),
	'0', 'promoted: nothing is pending after a refresh');
is($standby->safe_psql('shop', q{
		SELECT count(DISTINCT goal_event_id) FROM goaltracker.conversion_grid
		WHERE account_id = 'begun' OR goal_event_id = 'afterwards'}),
	'5', 'promoted: the refresh brings what was pending and what is new');
is(differences_from_rebuild($standby, 'shop'), '', 'promoted: rebuild() changes nothing');
$standby->safe_psql('shop', 'SELECT goaltracker.refresh_snapshots()');
is($standby->safe_psql('shop', 'SELECT * FROM goaltracker.check_totals()'), '', 'promoted: the totals agree');

$standby->stop;
done_testing();
