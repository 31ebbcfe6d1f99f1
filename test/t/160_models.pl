
# doc/models.md: its examples give what it says they do.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $doc = slurp_file("$FindBin::RealBin/../../doc/models.md");
my $node = PostgreSQL::Test::Cluster->new('models');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;
	INSERT INTO goaltracker.account (account_id, time_decay_half_life) VALUES ('shop', '1 hour');
	INSERT INTO goaltracker.agent (account_id, agent_id, user_type, is_post_survey_bot) VALUES ('shop', 'B', 'Bot', false), ('shop', 'P', 'Bot', true);
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) VALUES ('shop', 'K', 'c', '2025-06-01 10:00Z');
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
	VALUES ('shop', 'K', 1, 'c', 'B', '2025-06-01 10:00Z'), ('shop', 'K', 2, 'c', 'A1', '2025-06-01 11:00Z'),
		('shop', 'K', 3, 'c', 'A2', '2025-06-01 12:00Z'), ('shop', 'K', 4, 'c', 'P', '2025-06-01 13:00Z');
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
	VALUES ('shop', 'G', 'c', 'Purchase Event', '2025-06-01 14:00Z', 100);
	SELECT goaltracker.refresh();});

# The table of the example: of each model a row, as the report has it.
foreach my $model (qw(first last all linear time_decay position_based first_human last_human))
{
	my %value = map { split /\|/ } split /\n/, $node->safe_psql('postgres', qq{
		SET goaltracker.attribution_model = '$model';
		SELECT agent, trim_scale(sum(transaction_value)) FROM goaltracker.conversions_by_agent GROUP BY agent
		UNION ALL SELECT 'brand', trim_scale(sum(transaction_value)) FROM goaltracker.conversions_by_account});
	my ($row) = $doc =~ /^\| `$model`([^\n]*)$/m;
	my @cells = map { s/^\s+|\s+$//gr } split /\|/, $row, -1;
	is(join(',', @cells[ 1 .. 4 ]), join(',', map { $value{$_} // '' } qw(B A1 A2 P)), "$model: values of the agents");
	is($value{brand}, 100, "$model: value of the brand");
}

# What stands in the text: time_decay by hand.
is( $node->safe_psql('postgres', q{
		SET goaltracker.attribution_model = 'time_decay';
		SELECT string_agg(weight::text, ', ' ORDER BY segment_no) FROM goaltracker.conversion_grid}),
	($doc =~ /= *(0\.\d+, 0\.\d+, 0\.\d+, 0\.\d+)$/m)[0], 'time_decay: weights');

# The examples in SQL, as they stand; and what two of them answer
my @blocks = $doc =~ /^```sql\n(.*?)^```$/msg;
my @answers = $doc =~ /^```text\n(.*?)^```$/msg;
is(scalar @blocks, 5, 'there are five examples in SQL');
is(scalar @answers, 2, 'and two answers');
foreach my $block (@blocks[ 0 .. 3 ])
{
	my ($status) = $node->psql('postgres', $block, on_error_stop => 1);
	is($status, 0, 'the example runs: ' . substr($block, 0, 40) =~ s/\n.*//sr);
}
sub answer
{
	my ($query) = @_;
	my ($answer) = run_command([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', $query ]);
	return $answer =~ s/\s*$/\n/r;
}
is(answer($blocks[2]), $answers[0], 'Markov over journeys of one\'s own');
is( $node->safe_psql('postgres', q{
		SELECT name, conversions_first, conversions_last, conversions_linear
		FROM goaltracker.model_comparison('2025-06-01', '2025-06-30', 'agent', 'shop')}),
	join("\n", 'A1|0.000000|0.000000|0.250000', 'A2|0.000000|1.000000|0.250000', 'B|1.000000|0.000000|0.250000', 'P|0.000000|0.000000|0.250000'),
	'models side by side');

# From CREATE TABLE to the answer
my ($tables, $query) = $blocks[4] =~ /^(.*?)\n(SELECT.*)$/s;
$node->safe_psql('postgres', $tables);
is(answer($query), $answers[1], 'on anybody\'s own tables');

$node->stop;
done_testing();
