
# Crashes at random moments of loads, refreshes and rebuilds: a backend is killed
# with SIGKILL, or the whole server is stopped at once.  After recovery whatever
# was acknowledged to a client as committed is there, what refreshes have left is
# right as far as they came, and the next refresh ends with what a rebuild makes.
#
# GOALTRACKER_SEED         the seed of the moments
# GOALTRACKER_SOAK_ROUNDS  how many crashes; "make soak" takes 50

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Soak;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{GOALTRACKER_SOAK_ROUNDS} // 4;
my $seed = seeded($rounds);

# Processes die here, not the operating system: what they have written is there
# without fsync.
my $node = PostgreSQL::Test::Cluster->new('crashes');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', q{
fsync = off
synchronous_commit = on
restart_after_crash = on
log_statement = none
log_min_error_statement = panic
autovacuum_naptime = '1s'
});
$node->start;

create_checks($node);
create_load_account($node);
create_extension();

sub create_extension
{
	$node->safe_psql('postgres', q{CREATE EXTENSION goaltracker; SELECT load_account('base', 500);});
}

# pgbench writes a line to its log for each transaction that the server has
# acknowledged; the nth of a client is the one that loaded n.
my %script = (
	ledger => q{
		\set n :n + 1
		\set c random(0, 300)
		BEGIN;
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
		VALUES ('ledger', :round || '-' || :client_id || '-' || :n, 'c' || :c, '2024-06-01Z');
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
		VALUES ('ledger', :round || '-' || :client_id || '-' || :n, 1, 'c' || :c, 'a' || :c % 7, '2024-06-01Z');
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('ledger', :round || '-' || :client_id || '-' || :n, 'c' || :c, 'Lead Event', '2024-06-02Z'),
			('ledger', 'last of ' || :client_id, 'c' || :c, 'Purchase Event', '2024-06-02Z')
		ON CONFLICT (account_id, goal_event_id) DO UPDATE SET consumer_id = EXCLUDED.consumer_id, topic = :round || '-' || :n;
		COMMIT;},
	change => q{
		\set c random(1, 500)
		\set d random(1, 500)
		UPDATE goaltracker.goal_event SET consumer_id = 'c' || :d
		WHERE account_id = 'base' AND goal_event_id = 'g' || :c || '-1';
		UPDATE goaltracker.conversation SET consumer_id = 'c' || :d
		WHERE account_id = 'base' AND conversation_id = 'k' || :c || '-2';
		DELETE FROM goaltracker.goal_event WHERE account_id = 'base' AND goal_event_id = 'g' || :d || '-3';},
	account => q{
		\set n random(1, 1000000000)
		SELECT load_account('account ' || :n, 5);
		\sleep 100 ms},
	touch => q{
		UPDATE goaltracker.goal_event SET transaction_value = transaction_value + 1 WHERE account_id = 'base';
		\sleep 200 ms},
	checkpoint => "CHECKPOINT;\n\\sleep 300 ms",
	refresh => 'SELECT FROM goaltracker.refresh();',
	batches => 'CALL goaltracker.refresh_in_batches(10);',
	rebuild => 'SELECT FROM goaltracker.rebuild();');
append_to_file($node->basedir . "/$_.sql", "$script{$_}\n") foreach keys %script;

sub start_pgbench
{
	my ($who, $clients, $scripts, @options) = @_;
	local $ENV{PGAPPNAME} = $who;
	my ($output, $errors);
	return IPC::Run::start(
		[ 'pgbench', '--no-vacuum', '--client', $clients, '--time', 60, '--random-seed', int(rand(1_000_000)), @options,
			'--port', $node->port, '--host', $node->host, (map { ('--file', $node->basedir . "/$_.sql") } @$scripts), 'postgres' ],
		'>', \$output, '2>', \$errors);
}

# Kills a backend that is at work as one of these, or any other of them.
sub kill_backend
{
	my ($who) = @_;
	my $pid = $node->safe_psql('postgres', qq{
		SELECT pid FROM pg_stat_activity
		WHERE application_name IN ('load', 'refresh') AND pid <> pg_backend_pid()
		ORDER BY application_name = '$who' DESC, state = 'active' DESC, wait_event_type = 'Client', random() LIMIT 1});
	return $pid ne '' && kill(9, $pid) == 1;
}

sub wait_until_up
{
	foreach (1 .. 600)
	{
		return 1 if $node->psql('postgres', 'SELECT 1') == 0;
		usleep(100_000);
	}
	return 0;
}

# Of each client of a round, how many transactions were acknowledged.
sub acknowledged
{
	my ($prefix) = @_;
	my %count;
	foreach my $file (glob "$prefix.*")
	{
		$count{$_}++ foreach slurp_file($file) =~ /^(\d+) /mg;
		unlink $file;
	}
	return %count;
}

# ---------------------------------------------------------------------------
# Rounds
# ---------------------------------------------------------------------------

my ($acknowledged, %crashes, %stopped) = (0);
my @failed;

# A test a round would drown what failed: one at the end says in which rounds.
sub check
{
	my ($round, $what, $got, $expected) = @_;
	push @failed, "round $round: $what: $got" if $got ne $expected;
	return;
}

foreach my $round (1 .. $rounds)
{
	my $kind = ('load', 'refresh', 'refresh', 'server')[ rand 4 ];
	my $prefix = $node->basedir . "/acknowledged-$round";
	my @refreshes = @{ ([ 'refresh', 'batches' ], ['refresh'], ['batches'], ['rebuild'])[ rand 4 ] };

	# now and then from the start: first refresh, indexes built
	if ($round % 3 == 0)
	{
		$node->safe_psql('postgres', 'DROP EXTENSION goaltracker');
		create_extension();
	}
	my @runs = (
		start_pgbench('load', 3, ['ledger'], '--log', '--log-prefix', $prefix, '--define', 'n=0', '--define', "round=$round"),
		start_pgbench('load', 2, [ 'change', 'account', 'touch', 'checkpoint' ]),
		start_pgbench('refresh', 2, \@refreshes));
	usleep(100_000 + int(rand(900_000)));

	if ($kind eq 'server')
	{
		$node->stop('immediate');
		$_->finish foreach @runs;
		$node->start;
	}
	else
	{
		check($round, 'a backend was killed', kill_backend($kind), '1');
		$_->finish foreach @runs;
	}
	$crashes{"$kind, beside " . join(' and ', @refreshes)}++;
	check($round, 'the server is up', wait_until_up(), '1');

	# Each client's acknowledged transactions, and at most the one under way.
	my %count = acknowledged($prefix);
	foreach my $client (sort keys %count)
	{
		$acknowledged += $count{$client};
		foreach my $table ('conversation', 'agent_segment', 'goal_event')
		{
			my $id = $table eq 'goal_event' ? 'goal_event_id' : 'conversation_id';
			my $there = $node->safe_psql('postgres', qq{
				SELECT count(*) FROM goaltracker.$table
				WHERE account_id = 'ledger' AND $id IN (SELECT '$round-$client-' || n FROM generate_series(1, $count{$client}) AS n)});
			check($round, "$table: of what client $client committed there is", $there, $count{$client});
		}
		my $last = $node->safe_psql('postgres', qq{
			SELECT coalesce(substr(topic, length('$round-') + 1)::integer, 1) FROM goaltracker.goal_event
			WHERE account_id = 'ledger' AND goal_event_id = 'last of $client'
				AND coalesce(topic ~ '^$round-', $count{$client} = 1)});
		check($round, "the last update of client $client, of $count{$client}, is $last",
			($last ne '' && $last >= $count{$client} && $last <= $count{$client} + 1) ? 'right' : 'wrong', 'right');
	}

	check($round, 'half done', wrong_rows($node, 0), '');
	$stopped{ $node->safe_psql('postgres', 'SELECT count(*) FROM goaltracker._first_refresh') ? 'inside a first refresh' : 'elsewhere' }++;
	$node->safe_psql('postgres', ('SELECT FROM goaltracker.refresh()', 'CALL goaltracker.refresh_in_batches(1000)')[ rand 2 ]);
	check($round, 'pending consumers', $node->safe_psql('postgres', 'SELECT coalesce(sum(pending_consumers), 0) FROM goaltracker.refresh_status'), '0');
	check($round, 'totals', $node->safe_psql('postgres', 'SELECT * FROM goaltracker.check_totals() LIMIT 3'), '');
	check($round, 'rebuild() changes', wrong_rows($node), '');
	last if @failed;
}

diag("$crashes{$_} crashes of: $_") foreach sort keys %crashes;
diag("$acknowledged transactions acknowledged before crashes; stopped " . join(', ', map { "$_: $stopped{$_}" } sort keys %stopped));
is(join("\n", @failed), '', "$rounds crashes: nothing committed is missing, a refresh equals a rebuild");
cmp_ok($acknowledged, '>=', 10 * $rounds, 'enough was committed before crashes');
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|signal (6|11)\b/, 'no crash but those');

$node->stop;
done_testing();
