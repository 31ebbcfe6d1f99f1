
# README.md as somebody reads it who tries everything: its SQL runs in the order in
# which it stands, and answers what it says.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";
my $readme = slurp_file("$top/README.md");

my $node = PostgreSQL::Test::Cluster->new('readme');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\ntimezone = UTC\n");
$node->start;

# Files that it loads, as its column lists have them; those of \copy have a header.
my $files = PostgreSQL::Test::Utils::tempdir();
append_to_file("$files/conversations.csv", "account_id,conversation_id,consumer_id,opened_at,closed_at,source\nshop,r1,eva,2025-06-10 10:00Z,2025-06-10 11:00Z,WEB\n");
append_to_file("$files/segments.csv", "account_id,conversation_id,segment_no,consumer_id,agent_id,skill_id,assigned_at,ended_at,agent_messages,agent_responses\nshop,r1,1,eva,a1,s2,2025-06-10 10:00Z,2025-06-10 11:00Z,3,2\n");
append_to_file("$files/goals.csv", "account_id,goal_event_id,consumer_id,event_type,reached_at,transaction_value,currency,brand_event_id\nshop,r1,eva,Purchase Event,2025-06-11 10:00Z,70,USD,order r1\n");

my $blocks = 0;
my $answers = 0;
while ($readme =~ /^```sql\n(.*?)^```\n(?:\n^```text\n(.*?)^```$)?/msg)
{
	my ($sql, $answer) = ($1, $2);
	my $what = $sql =~ s/\n.*//sr;

	$blocks++;
	# another test has pg_cron (120)
	next if $sql =~ /schedule_refresh|schedule_snapshots/;
	$sql =~ s/FROM '(\w+\.csv)'/FROM '$files\/$1'/g;
	$sql =~ s/`cat demo/`cat $top\/demo/g;
	my ($status, $stdout, $stderr);
	$status = run_log([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', '-' ],
		'<', \$sql, '>', \$stdout, '2>', \$stderr);
	ok($status, "runs: $what") or diag($stderr);
	next unless defined $answer;
	$answers++;
	is($stdout =~ s/\s+$//r, $answer =~ s/\s+$//r, "answers what it says: $what");
}
cmp_ok($blocks, '>=', 30, 'the page has its examples');
cmp_ok($answers, '>=', 5, 'and answers to some');
is($node->safe_psql('postgres', q{SELECT count(*) FROM goaltracker.conversion_grid WHERE consumer_id = 'eva'}), '1',
	'what the files hold is in the reports');

$node->stop;
done_testing();
