
# Random worlds: the reports against a slow oracle that takes the rules to the
# letter (test/oracle/oracle.sql), after refresh, after random changes and
# refresh, under many settings; and rebuild() against refresh().
#
# GOALTRACKER_WORLDS  how many worlds (each takes some seconds)
# GOALTRACKER_SEED    the seed of the first one; the next has the next number
#
# World n of a run with seed S is made again by GOALTRACKER_SEED=S+n-1
# GOALTRACKER_WORLDS=1.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $worlds = $ENV{GOALTRACKER_WORLDS} // 12;
my $first_seed = $ENV{GOALTRACKER_SEED} // int(rand(900_000));
my $oracle = "$FindBin::RealBin/../oracle";

diag("GOALTRACKER_SEED=$first_seed GOALTRACKER_WORLDS=$worlds");

my $node = PostgreSQL::Test::Cluster->new('oracle');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum_naptime = 1h\n");
$node->start;

# Ids are compared by byte whatever the order of the database is; so where the
# server has ICU the database has another one.
my ($status) = $node->psql('postgres', "CREATE DATABASE template_world TEMPLATE template0
	ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'");
$node->safe_psql('postgres', 'CREATE DATABASE template_world') if $status != 0;

$node->safe_psql('template_world', 'CREATE EXTENSION goaltracker');
foreach my $part (qw(oracle world change compare))
{
	$node->safe_psql('template_world', slurp_file("$oracle/$part.sql"));
}
is($node->safe_psql('template_world', 'SELECT * FROM oracle.column_differences()'),
	'', 'reports have the columns and the types promised');

sub pick { return $_[ int(rand(scalar @_)) ]; }

# SET commands: the accounts' own settings are all empty.
sub settings
{
	my ($model, $window, $offset, $half_life, $position_weights) = @_;
	return "SET goaltracker.attribution_model = '$model';"
	  . "SET goaltracker.contribution_window = $window;"
	  . "SET goaltracker.hour_offset = $offset;"
	  . "SET goaltracker.time_decay_half_life = '" . ($half_life // -1) . "';"
	  . "SET goaltracker.position_weights = '" . ($position_weights // '') . "';";
}

my @models = qw(first last all);
my @further_models = qw(linear time_decay position_based first_human last_human);

# A model that shares, or knows humans alone, and what else it goes by.
sub further_setting
{
	my ($model, $window) = @_;
	return settings($model, $window, pick(0, 0, 5.5),
		pick(-1, '1us', '1ms', '1.5s', '7min', '36h', '3d', '3650d', 1 + int(rand(100_000))),
		pick('', '', '40,20,40', '1,1,1', '0,1,0', '3,0,0', '0, 0, 1', join(',', map { int(rand(1_000_000)) / 1000 + 1 } 1 .. 3)));
}

sub every_setting
{
	my @list = (settings('', -1, 0));
	foreach my $window (0, 1, 2 + int(rand(29)), 31)
	{
		push @list, settings($_, $window, 0) foreach @models;
	}
	push @list, further_setting($_, pick(-1, 0, 1, 2 + int(rand(29)), 31)) foreach @further_models;
	push @list, settings(pick('', @models), pick(-1, 0 .. 31), $_) foreach (-12, 14, 5.5, 0.25, -0.001);
	return @list;
}

sub some_settings
{
	return (
		settings('', -1, 0),
		settings(pick(qw(first last)), pick(0, 1, 2, 31, int(rand(32))), pick(0, -12, 14, 5.5, 0.25, -3, 10.75)),
		settings('all', pick(0, 1, 2, 31, int(rand(32))), 0),
		further_setting(pick(@further_models), pick(0, 1, 2, 31, int(rand(32)))));
}

# The differences from the oracle under each of the settings; '' when there are none.
sub differences
{
	my ($database, @settings) = @_;
	my $script = '';
	foreach my $set (@settings)
	{
		$script .= "$set SELECT \$set\$$set\$set\$, * FROM oracle.differences() WHERE lacking > 0 OR surplus > 0;\n";
	}
	return $node->safe_psql($database, $script);
}

# What brings the reports up to date, in one of the ways there are.
sub some_refresh
{
	return rand() < 0.25
	  ? 'CALL goaltracker.refresh_in_batches(' . (1 + int(rand(4))) . ')'
	  : 'SELECT FROM goaltracker.refresh()';
}

# Nothing is left to do, and what was loaded under an alias has been moved.
sub left_over
{
	my ($database) = @_;
	return $node->safe_psql($database, q{
		SELECT 'pending', account_id, pending_consumers FROM goaltracker.refresh_status WHERE pending_consumers <> 0
		UNION ALL
		SELECT 'under an alias', account_id, count(*)
		FROM (
				SELECT account_id, consumer_id FROM goaltracker.conversation
				UNION ALL SELECT account_id, consumer_id FROM goaltracker.agent_segment
				UNION ALL SELECT account_id, consumer_id FROM goaltracker.goal_event
			) AS fact
		WHERE (account_id, consumer_id) IN (SELECT account_id, alias FROM goaltracker.consumer_alias)
		GROUP BY account_id});
}

# A script that runs a statement and says which rows it changed in what readers
# see: in one transaction, so that now() stays the same.  A rebuild writes all rows;
# when it has done so is not compared.
sub changed_rows
{
	my ($statement, $end, @relations) = @_;
	my $but = $statement =~ /rebuild/ ? "- '{updated_at,updated_at_utc}'::text[]" : '';
	my $script = "BEGIN;\n";
	my $comparison = '';
	foreach my $relation (@relations)
	{
		(my $copy = $relation) =~ s/.*\./before_/;
		my $now = "SELECT to_jsonb(r) $but AS row FROM $relation AS r";
		$script .= "CREATE TEMPORARY TABLE $copy ON COMMIT DROP AS $now;\n";
		$comparison .= "SELECT 'DIFFERENCE: $relation lost', x FROM (TABLE $copy EXCEPT ALL $now) AS x LIMIT 3;\n"
		  . "SELECT 'DIFFERENCE: $relation won', x FROM ($now EXCEPT ALL TABLE $copy) AS x LIMIT 3;\n";
	}
	return "$script $statement;\n$comparison $end;\n";
}

# A script that refreshes and says of which goal events updated_at does not do what it
# promises: where anything of a goal event is new it is later than all there was
# before, else it stays.
sub checked_refresh
{
	my ($refresh) = @_;
	my $rows = q{
		SELECT o.account_id, o.goal_event_key, o.updated_at, to_jsonb(o) - 'updated_at' AS outcome,
			(SELECT jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)) FROM goaltracker.touchpoint AS t
				WHERE t.account_id = o.account_id AND t.goal_event_key = o.goal_event_key) AS touchpoints
		FROM goaltracker.goal_outcome AS o};
	return qq{
		CREATE TEMPORARY TABLE known AS $rows;
		$refresh;
		SELECT 'DIFFERENCE: updated_at', n.updated_at, k.updated_at, n.outcome
		FROM ($rows) AS n LEFT JOIN known AS k USING (account_id, goal_event_key)
		WHERE CASE
			WHEN (k.outcome, k.touchpoints) IS NOT DISTINCT FROM (n.outcome, n.touchpoints) THEN n.updated_at <> k.updated_at
			ELSE n.updated_at <= (SELECT max(known.updated_at) FROM known)
		END
		LIMIT 3;
		DROP TABLE known;};
}

my @reports = qw(goaltracker.conversion_grid goaltracker.credit_facts goaltracker.unattributed_goal_events);
my @written = qw(goaltracker.touchpoint goaltracker.goal_outcome);

# One world: true as long as nothing differs.
sub try_world
{
	my ($database, $seed) = @_;
	my $name = "world of seed $seed";
	my @changes;

	# The session's time zone must not matter: a day has 24 hours (S2), and dates
	# are those of the account's zone (S15).
	srand($seed * 7919);
	rand() foreach 1 .. 10;
	my $zone = pick(qw(UTC America/New_York Europe/Berlin Australia/Lord_Howe));
	$node->safe_psql('postgres', "ALTER DATABASE $database SET timezone = '$zone'");
	my $size = join(', ', 1 + int(rand(6)), 15 + int(rand(35)), 20 + int(rand(60)));
	note($node->safe_psql($database, "SELECT oracle.make_world($seed, $size)"));

	my $agree = sub {
		my ($what, @settings) = @_;
		return 1 if is(differences($database, @settings), '', "$name: $what");
		diag(join("\n\t", 'changes made:', @changes));
		return 0;
	};

	my $command = some_refresh();
	$node->safe_psql($database, $_) foreach ($command, 'CALL oracle.evaluate()');
	return 0 unless $agree->("first $command", every_setting());

	foreach my $round (1 .. 6)
	{
		# One change at a time or all at once; after each refresh everything
		# from scratch comes to the same, to the last row.
		my $count = 1 + int(rand(8));
		my $script = '';
		if (rand() < 0.2)
		{
			$script = "SELECT oracle.random_change() FROM generate_series(1, $count);\n" . checked_refresh(some_refresh());
		}
		else
		{
			$script .= "SELECT oracle.random_change();\n" . checked_refresh(some_refresh())
			  . changed_rows('SELECT FROM goaltracker.rebuild()', 'ROLLBACK', @written)
			  foreach 1 .. $count;
		}
		my @output = grep { $_ ne '' } split /\n/, $node->safe_psql($database, $script);
		push @changes, @output;
		is(scalar(grep { /^DIFFERENCE/ } @output), 0, "$name: round $round, refresh() does what rebuild() does, and says when")
		  or diag(join("\n\t", 'changes made:', @changes)), return 0;

		$node->safe_psql($database, 'CALL oracle.evaluate()');
		return 0 unless $agree->("round $round, $count changes", some_settings());
		is(left_over($database), '', "$name: round $round, nothing is left over") or return 0;

		# The model and the window of an account act at once.
		if ($round % 3 == 0)
		{
			push @changes, $node->safe_psql($database, "SELECT oracle.random_change('live')");
			return 0 unless $agree->("round $round, model and window changed without refresh", settings('', -1, 0));
		}

		# Loads that are not refreshed yet change nothing in what readers see,
		# except names and the like.
		my $class = pick('fact', 'fact', 'dimension', 'truncate');
		@output = grep { $_ ne '' } split /\n/, $node->safe_psql($database,
			settings(pick('', @models, @further_models), -1, pick(0, 0, 5.5))
			  . changed_rows("SELECT oracle.random_change('$class') FROM generate_series(1, 2)", 'COMMIT',
				'goaltracker.credit_facts', 'goaltracker.unattributed_goal_events'));
		push @changes, @output;
		is(scalar(grep { /^DIFFERENCE/ } @output), 0, "$name: round $round, readers see the state of the last refresh")
		  or diag(join("\n\t", 'changes made:', @changes)), return 0;
	}

	$node->safe_psql($database, $_) foreach (some_refresh(), 'CALL oracle.evaluate()');
	return 0 unless $agree->('in the end', some_settings());
	is( join("\n", grep { $_ ne '' } split /\n/, $node->safe_psql($database,
				settings('all', 31, 0) . changed_rows('SELECT FROM goaltracker.rebuild()', 'COMMIT', @reports, @written))),
		'', "$name: rebuild() changes nothing");
	return $agree->('after rebuild()', some_settings());
}

foreach my $n (1 .. $worlds)
{
	my $database = "world_$n";
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template_world");
	my $seed = $first_seed + $n - 1;
	try_world($database, $seed)
	  or diag("to make this world again: GOALTRACKER_SEED=$seed GOALTRACKER_WORLDS=1");
	$node->safe_psql('postgres', "DROP DATABASE $database");
}

$node->stop;
done_testing();
