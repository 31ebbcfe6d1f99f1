
# A mixed load: 8 writers, 4 refreshers and 4 readers at all isolation levels,
# while agents, goals, accounts and their settings change and aliases are linked.  Nobody deadlocks,
# nobody fails but for serialization failures, no reader waits for anybody and no
# load for a refresh, and the end of it is what a rebuild makes of it.
#
# GOALTRACKER_SEED          the seed of the traffic
# GOALTRACKER_SOAK_SECONDS  how long it takes; "make soak" takes 600

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Soak;
use Test::More;

my $seed = seeded();
my $seconds = $ENV{GOALTRACKER_SOAK_SECONDS} // 20;

my $node = PostgreSQL::Test::Cluster->new('load');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', q{
fsync = off
deadlock_timeout = '100ms'
log_statement = none
log_min_error_statement = panic
log_line_prefix = '%m [%p] %a %e '
max_connections = 50
max_pred_locks_per_transaction = 1000
});
$node->start;
create_world($node);

# Who waits for whom, twenty times a second.
$node->safe_psql('postgres', q{
	CREATE TABLE wait_sample (waiter text, lock text, holder text, query text);
	CREATE PROCEDURE sample_waits(until timestamptz) LANGUAGE plpgsql AS $$
	BEGIN
		WHILE clock_timestamp() < until LOOP
			INSERT INTO wait_sample
			SELECT w.application_name, w.wait_event, h.application_name, w.query
			FROM pg_stat_activity AS w
			CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
			JOIN pg_stat_activity AS h ON h.pid = b.pid
			WHERE w.wait_event_type = 'Lock' AND h.backend_type = 'client backend';
			COMMIT;
			PERFORM pg_sleep(0.05);
		END LOOP;
	END $$;
});

# Ids come back, so that what is inserted was there before now and then, and the
# account stays of a size that readers can check as a whole.  Rows that came under
# an alias are taken out when they have been moved to their consumer.
my %script = map { $_ => $load{$_} } keys %load;
s/\\set k random\(0, 1000000000\)/\\set k random(0, 2000)/ foreach values %script;
$script{retire} = q{
	\set c random(0, 60)
	DELETE FROM goaltracker.goal_event
	WHERE goal_event_key IN (
		SELECT goal_event_key FROM goaltracker.goal_event
		WHERE account_id = 'shop' AND consumer_id = 'c' || :c AND goal_event_id ~ '^[vs]'
		LIMIT 30 FOR UPDATE SKIP LOCKED);};
my @writes = grep { $_ ne 'link' } sort keys %script;

$script{refresh} = "SELECT FROM goaltracker.refresh();\n\\sleep 500 ms";
$script{link} .= "\n\\sleep 100 ms";
$script{rebuild} = "SELECT FROM goaltracker.rebuild();\n\\sleep 500 ms";
$script{batches} = "\\set n random(1, 30)\nCALL goaltracker.refresh_in_batches(:n);\n\\sleep 500 ms";
$script{late} = q{
	BEGIN;
	SELECT count(*) FROM goaltracker.goal_event;
	\sleep 20 ms
	SELECT FROM goaltracker.refresh();
	COMMIT;};
$script{read} = 'SELECT check_reports(false);';
$script{read_all} = q{
	SET goaltracker.attribution_model = 'all';
	SELECT check_reports(false);
	SET goaltracker.contribution_window = 3;
	SELECT check_reports(false);
	RESET goaltracker.contribution_window;};
$script{read_twice} = q{
	BEGIN READ ONLY;
	SELECT sum(goals_reached) AS before FROM goaltracker.conversions_by_account WHERE account_id = 'passing' \gset
	\sleep 50 ms
	SELECT 1 / (sum(goals_reached) = :before)::integer FROM goaltracker.conversions_by_account WHERE account_id = 'passing';
	COMMIT;};
$script{snapshots} = "SELECT goaltracker.refresh_snapshots();\n\\sleep 500 ms";
append_to_file($node->basedir . "/$_.sql", "$script{$_}\n") foreach keys %script;

my %weight_of = (%weight, retire => 3, refresh => 2);

# Who, at which isolation level, how many, what.  Writers leave time to the others,
# refreshers leave each other the turn: the stricter levels succeed only where they
# need not wait for it.
my @sessions = (
	[ 'writer', 'read committed', 4, @writes ],
	[ 'writer', 'repeatable read', 2, @writes ],
	[ 'writer', 'serializable', 2, @writes ],
	[ 'link', 'read committed', 1, 'link' ],
	[ 'refresher', 'read committed', 1, 'refresh', 'late' ],
	[ 'refresher', 'read committed', 1, 'batches', 'rebuild' ],
	[ 'refresher', 'repeatable read', 1, 'refresh', 'late', 'batches', 'rebuild' ],
	[ 'refresher', 'serializable', 1, 'refresh', 'late', 'batches', 'rebuild' ],
	[ 'reader', 'read committed', 2, 'read', 'read_all' ],
	[ 'reader', 'repeatable read', 1, 'read', 'read_all', 'read_twice' ],
	[ 'reader', 'serializable', 1, 'read', 'read_all', 'read_twice' ],
	[ 'snapshots', 'read committed', 1, 'snapshots' ]);

my (@runs, @outputs, @errors);
foreach my $i (0 .. $#sessions)
{
	my ($who, $level, $clients, @scripts) = @{ $sessions[$i] };
	local $ENV{PGAPPNAME} = "$who, $level";
	local $ENV{PGOPTIONS} = '-c default_transaction_isolation=' . $level =~ s/ /\\ /r;
	push @runs, IPC::Run::start(
		[ 'pgbench', '--no-vacuum', '--client', $clients, '--time', $seconds, '--max-tries', ($who eq 'refresher' ? 10 : 0),
			'--failures-detailed', ($who eq 'writer' ? ('--rate', 40 * $clients) : ()), '--random-seed', $seed + $i, '--port', $node->port, '--host', $node->host,
			(map { ('--file', $node->basedir . "/$_.sql@" . ($weight_of{$_} // 1)) } @scripts), 'postgres' ],
		'>', \$outputs[$i], '2>', \$errors[$i]);
}
{
	local $ENV{PGAPPNAME} = 'sampler';
	$node->safe_psql('postgres', "CALL sample_waits(now() + interval '$seconds seconds')", timeout => $seconds + 60);
}
my @succeeded = map { $_->finish } @runs;

# ---------------------------------------------------------------------------
# What there was
# ---------------------------------------------------------------------------

my $log = slurp_file($node->logfile);
my %errors;
$errors{"$1: $2"}++ while $log =~ /\] (\S.*) ([0-9A-Z]{5}) (?:ERROR|FATAL|PANIC):  /g;

my %transactions;
foreach my $i (0 .. $#sessions)
{
	my ($who, $level, $clients, @scripts) = @{ $sessions[$i] };
	my ($done) = $outputs[$i] =~ /number of transactions actually processed: (\d+)/;
	my ($again) = $outputs[$i] =~ /total number of retries: (\d+)/;
	diag(sprintf('%2d x %-26s %7d transactions, %d retries', $clients, "$who, $level:", $done // 0, $again // 0));
	$transactions{ $scripts[ $1 - 1 ] } += $2
	  while $outputs[$i] =~ /^SQL script (\d+): .*\n(?: - weight.*\n)? - (\d+) transactions/mg;
	ok($succeeded[$i], "$who, $level: nobody gave up")
	  or diag($errors[$i]);
	cmp_ok($done // 0, '>', 0, "$who, $level: something was done")
	  unless $who eq 'refresher' && $level ne 'read committed';
}
diag('of them ' . join(', ', map { "$_ " . ($transactions{$_} // 0) } qw(refresh late batches rebuild read read_all read_twice)));
diag("error $_: $errors{$_}") foreach sort keys %errors;
diag("wait of $_") foreach split /\n/, $node->safe_psql('postgres', q{
	SELECT format('%s for %s of %s: %s samples', waiter, lock, holder, count(*))
	FROM wait_sample GROUP BY waiter, lock, holder ORDER BY waiter, lock, holder});

# ---------------------------------------------------------------------------
# What must not have been
# ---------------------------------------------------------------------------

is(join(', ', grep { !/(repeatable read|serializable): 40001$/ } sort keys %errors), '', 'no errors but serialization failures, where they belong');
unlike($log, qr/PANIC|TRAP|terminated by signal|was aborted by/, 'no crash');
is($node->safe_psql('postgres', q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'}), '0', 'no deadlock');
foreach my $kind (qw(refresh late batches rebuild read read_all read_twice))
{
	cmp_ok($transactions{$kind} // 0, '>', 0, "there was \"$kind\"");
}
# Refreshes take turns: the sampler sees that somebody waits.
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM wait_sample WHERE waiter ~ '^refresher' AND holder ~ '^refresher'}),
	'>', 0, 'refreshes wait for each other');
is($node->safe_psql('postgres', q{SELECT * FROM wait_sample WHERE waiter ~ '^reader' LIMIT 5}), '', 'no reader waits');
is($node->safe_psql('postgres', q{SELECT * FROM wait_sample WHERE waiter ~ '^writer' AND holder ~ '^(refresher|reader|snapshots)' LIMIT 5}),
	'', 'no load waits for a refresh or a reader');

# ---------------------------------------------------------------------------
# The end of it
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'SELECT goaltracker.refresh()');
is($node->safe_psql('postgres', 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'), '0', 'nothing is pending afterwards');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM goaltracker.touchpoint'), '>', 100, 'there are touchpoints');
is($node->safe_psql('postgres', 'SELECT * FROM goaltracker.check_totals()'), '', 'totals agree');
is(wrong_rows($node), '', 'rebuild() changes nothing');

$node->stop;
done_testing();
