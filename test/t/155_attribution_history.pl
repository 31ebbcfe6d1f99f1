
# The counts that refreshes keep for the history of attribution, on random worlds:
# after random changes they are what the reports come to, under every model and
# window, whichever way was taken to refresh.
#
# GOALTRACKER_WORLDS  how many worlds
# GOALTRACKER_SEED    the seed of the first one; the next has the next number

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $worlds = $ENV{GOALTRACKER_WORLDS} // 4;
my $first_seed = $ENV{GOALTRACKER_SEED} // int(rand(900_000));
my $oracle = "$FindBin::RealBin/../oracle";

diag("GOALTRACKER_SEED=$first_seed GOALTRACKER_WORLDS=$worlds");

my $node = PostgreSQL::Test::Cluster->new('history');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum_naptime = 1h\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE template_world');
$node->safe_psql('template_world', 'CREATE EXTENSION goaltracker');
foreach my $part (qw(oracle world change))
{
	$node->safe_psql('template_world', slurp_file("$oracle/$part.sql"));
}

# What the last rows of the history say, and what the reports do.
$node->safe_psql('template_world', q{
	CREATE VIEW oracle.history_difference AS
	WITH report AS (
		SELECT account_id,
			goaltracker.count_once(goal_event_key) FILTER (WHERE user_type <> 'Unassigned') AS attributed,
			goaltracker.count_once(goal_event_key) FILTER (WHERE user_type = 'Unassigned') AS unassigned
		FROM goaltracker.credit_facts
		GROUP BY account_id
	), rest AS (
		SELECT account_id, count(*) FILTER (WHERE reason = 'self-serve') AS self_serve,
			count(*) FILTER (WHERE reason = 'duplicate') AS duplicates
		FROM goaltracker.unattributed_goal_events
		GROUP BY account_id
	), last AS (
		SELECT DISTINCT ON (account_id) *
		FROM goaltracker.attribution_history
		ORDER BY account_id, refreshed_at DESC
	)
	SELECT account_id, report::text, rest::text, last.attributed, last.unassigned, last.self_serve, last.duplicates
	FROM report FULL JOIN rest USING (account_id) FULL JOIN last USING (account_id)
	WHERE (coalesce(report.attributed, 0), coalesce(report.unassigned, 0), coalesce(rest.self_serve, 0), coalesce(rest.duplicates, 0))
		IS DISTINCT FROM (coalesce(last.attributed, 0), coalesce(last.unassigned, 0), coalesce(last.self_serve, 0), coalesce(last.duplicates, 0))
		OR last.goal_events <> last.attributed + last.unassigned + last.self_serve + last.duplicates});

sub pick { return $_[ int(rand(scalar @_)) ]; }

my $met = 0;
foreach my $n (1 .. $worlds)
{
	my $database = "world_$n";
	my $seed = $first_seed + $n - 1;
	srand($seed * 7919);
	rand() foreach 1 .. 10;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template_world");
	my $size = join(', ', 1 + int(rand(6)), 15 + int(rand(35)), 20 + int(rand(60)));
	note($node->safe_psql($database, "SELECT oracle.make_world($seed, $size)"));
	my @changes;
	foreach my $round (0 .. 15)
	{
		my $count = 1 + int(rand(6));
		push @changes, $node->safe_psql($database, "SELECT oracle.random_change() FROM generate_series(1, $count)") if $round > 0;
		my $refresh = pick('SELECT FROM goaltracker.refresh()', 'SELECT FROM goaltracker.refresh()', 'SELECT FROM goaltracker.rebuild()',
			'CALL goaltracker.refresh_in_batches(' . (1 + int(rand(4))) . ')');
		push @changes, $refresh;
		my $script = "$refresh;\n";
		foreach my $model (qw(first last all first_human last_human time_decay))
		{
			foreach my $window (-1, 0, 1, 2 + int(rand(29)), 31)
			{
				$script .= "SET goaltracker.attribution_model = '$model'; SET goaltracker.contribution_window = $window;"
				  . "SELECT '$model', $window, * FROM oracle.history_difference;\n";
			}
		}
		is($node->safe_psql($database, $script), '', "world of seed $seed, round $round")
		  or diag(join("\n\t", "to make this world again: GOALTRACKER_SEED=$seed GOALTRACKER_WORLDS=1; changes made:", @changes)), last;
	}
	$met += $node->safe_psql($database, q{
		SELECT count(*) FROM goaltracker.attribution_history
		WHERE attributed > 0 AND unassigned > 0 AND self_serve > 0 AND duplicates > 0});
	$node->safe_psql('postgres', "DROP DATABASE $database");
}
cmp_ok($met, '>', 0, 'goal events were attributed, unassigned, self-serve and duplicates');

$node->stop;
done_testing();
