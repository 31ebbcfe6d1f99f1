
# Loads of every kind, refreshes and readers at once: no deadlock, no error but
# serialization failures, and every reader sees numbers that agree.
#
# GOALTRACKER_SEED     the seed of the loads
# GOALTRACKER_SECONDS  how long each of the two parts takes

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../soak";
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Soak;
use Test::More;

my $seed = $ENV{GOALTRACKER_SEED} // int(rand(900_000));
my $seconds = $ENV{GOALTRACKER_SECONDS} // 10;
diag("GOALTRACKER_SEED=$seed GOALTRACKER_SECONDS=$seconds");

my $node = PostgreSQL::Test::Cluster->new('concurrency');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\ndeadlock_timeout = '100ms'\nlog_statement = none\n");
$node->start;

create_world($node);

my %other = (
	refresh => 'SELECT FROM goaltracker.refresh();',
	repeatable => q{
		BEGIN ISOLATION LEVEL REPEATABLE READ;
		SELECT count(*) FROM goaltracker.goal_event;
		SELECT FROM goaltracker.refresh();
		COMMIT;},
	batches => "CALL goaltracker.refresh_in_batches(7);\n\\sleep 20 ms",
	read => q{SELECT check_reports(true);},
	read_between_batches => q{SELECT check_reports(false);},
	read_all => q{
		SET goaltracker.attribution_model = 'all';
		SELECT check_reports(false);},
	snapshots => "SELECT goaltracker.refresh_snapshots();\n\\sleep 200 ms");

my %script = (%load, %other);
foreach my $name (keys %script)
{
	append_to_file($node->basedir . "/$name.sql", "$script{$name}\n");
}

# pgbench with so many clients for each list of scripts; all lists at the same
# time.  Gives what each wrote.
sub run_all
{
	my (@lists) = @_;
	my (@runs, @outputs, @errors);
	my $number = 0;
	foreach my $list (@lists)
	{
		my ($clients, @scripts) = @$list;
		my $i = $number++;
		my @command = ('pgbench', '--no-vacuum', '--client', $clients, '--time', $seconds, '--failures-detailed',
			'--random-seed', $seed + $i, '--port', $node->port, '--host', $node->host,
			(map { ('--file', $node->basedir . "/$_.sql@" . ($weight{$_} // 1)) } @scripts), 'postgres');
		push @runs, IPC::Run::start(\@command, '>', \$outputs[$i], '2>', \$errors[$i]);
	}
	my @succeeded = map { $_->finish } @runs;
	return map { [ @{ $lists[$_] } > 3 ? 'loads' : $lists[$_]->[1], $outputs[$_], $errors[$_], $succeeded[$_] ] } 0 .. $#lists;
}

sub all_ran
{
	my ($part, @results) = @_;
	foreach my $result (@results)
	{
		my ($scripts, $output, $errors, $succeeded) = @$result;
		ok($succeeded, "$part: no client of \"$scripts\" gave up")
		  or diag($errors);
		like($output, qr/number of deadlock failures: 0 /, "$part: no deadlock in \"$scripts\"");
		like($output, qr/number of serialization failures: 0 /, "$part: no serialization failure in \"$scripts\"")
		  unless $scripts =~ /repeatable/;
		my ($transactions) = $output =~ /number of transactions actually processed: (\d+)/;
		cmp_ok($transactions, '>', 0, "$part: $transactions of \"$scripts\"");
	}
	is(join('', grep { /(ERROR|PANIC|TRAP|terminated by signal)/ and !/could not serialize/ } split /^/m, slurp_file($node->logfile)),
		'', "$part: nothing else in the server's log");
	$node->safe_psql('postgres', 'SELECT goaltracker.refresh()');
	is($node->safe_psql('postgres', 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'), '0', "$part: nothing is pending afterwards");
	is(wrong_rows($node), '', "$part: rebuild() changes nothing");
}

my @load = sort keys %load;
all_ran('refreshes', run_all([ 4, @load ], [ 2, 'refresh' ], [ 1, 'repeatable' ], [ 2, 'read' ], [ 1, 'read_all' ]));
all_ran('batches', run_all([ 4, @load ], [ 1, 'refresh' ], [ 1, 'batches' ], [ 1, 'read_between_batches' ], [ 1, 'read_all' ], [ 1, 'snapshots' ]));

$node->stop;
done_testing();
