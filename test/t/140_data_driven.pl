
# Data-driven models on random journeys: removal effects against a chain that is solved
# anew without each channel, Shapley values against all orders of the players, parallel
# plans against plain ones, to the last bit.
#
# GOALTRACKER_MODELS  how many random sets of journeys
# GOALTRACKER_SEED    the seed of the first one; the next has the next number

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sets = $ENV{GOALTRACKER_MODELS} // 12;
my $first_seed = $ENV{GOALTRACKER_SEED} // int(rand(900_000));

diag("GOALTRACKER_SEED=$first_seed GOALTRACKER_MODELS=$sets");

my $node = PostgreSQL::Test::Cluster->new('data_driven');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\njit = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;
	CREATE TABLE journey (path text[], conversions bigint, non_conversions bigint);
	-- on several pages, and cheap to read in parallel, however few there are
	ALTER TABLE journey SET (parallel_workers = 2, fillfactor = 10);
	ALTER DATABASE postgres SET parallel_setup_cost = 0;
	ALTER DATABASE postgres SET parallel_tuple_cost = 0;
	ALTER DATABASE postgres SET min_parallel_table_scan_size = 0;
	ALTER DATABASE postgres SET search_path = public, goaltracker;
});

sub pick { return $_[ int(rand(scalar @_)) ]; }

# Journeys [path, conversions, non_conversions], each of them at least one.
sub random_journeys
{
	my ($nchannels, $njourneys, $longest) = @_;
	my @journeys;
	foreach (1 .. $njourneys)
	{
		my @path = map { 'c' . int(rand()**2 * $nchannels) } 1 .. 1 + int(rand($longest));
		push @journeys, [ \@path, rand() < 0.4 ? int(rand(4)) : 0, 1 + int(rand(3)) ];
	}
	$journeys[0][1] ||= 1;
	return @journeys;
}

sub load_journeys
{
	my @journeys = @_;
	$node->safe_psql('postgres', 'TRUNCATE journey; INSERT INTO journey VALUES '
		  . join(', ', map { "('{" . join(',', @{ $_->[0] }) . "}', $_->[1], $_->[2])" } @journeys));
}

# The conversions that a chain makes of one start, by Gaussian elimination with pivots:
# x = Q x + r, x[0].
sub solve
{
	my ($q, $r) = @_;
	my $n = @$r;
	my @a = map {
		my $i = $_;
		[ (map { ($i == $_ ? 1 : 0) - ($q->[$i]{$_} // 0) } 0 .. $n - 1), $r->[$i] ]
	} 0 .. $n - 1;
	foreach my $k (0 .. $n - 1)
	{
		my ($pivot) = sort { abs($a[$b][$k]) <=> abs($a[$a][$k]) } $k .. $n - 1;
		@a[ $k, $pivot ] = @a[ $pivot, $k ];
		foreach my $i ($k + 1 .. $n - 1)
		{
			my $factor = $a[$i][$k] / $a[$k][$k] or next;
			$a[$i][$_] -= $factor * $a[$k][$_] foreach $k .. $n;
		}
	}
	my @x;
	foreach my $i (reverse 0 .. $n - 1)
	{
		my $sum = $a[$i][$n];
		$sum -= $a[$i][$_] * $x[$_] foreach $i + 1 .. $n - 1;
		$x[$i] = $sum / $a[$i][$i];
	}
	return $x[0];
}

# Removal effects by their definition: the chain once more without each channel, where
# every transition to it leads to nothing.
sub removal_effects
{
	my ($order, @journeys) = @_;
	my %state = ('' => 0);
	my @latest = (undef);
	my (@count, @ends, @total);
	foreach my $journey (@journeys)
	{
		my ($path, $conversions, $others) = @$journey;
		my $at = 0;
		my @memory;
		foreach my $channel (@$path)
		{
			push @memory, $channel;
			shift @memory if @memory > $order;
			my $name = join('>', @memory);
			if (!exists $state{$name})
			{
				$state{$name} = @latest;
				push @latest, $channel;
			}
			my $to = $state{$name};
			$count[$at]{$to} += $conversions + $others;
			$total[$at] += $conversions + $others;
			$at = $to;
		}
		$ends[$at] += $conversions;
		$total[$at] += $conversions + $others;
	}
	my @r = map { ($ends[$_] // 0) / $total[$_] } 0 .. $#latest;
	my $without = sub {
		my ($channel) = @_;
		my @q = map {
			my $from = $_;
			+{ map { $_ => $count[$from]{$_} / $total[$from] }
				  grep { $latest[$_] ne $channel } keys %{ $count[$from] // {} } }
		} 0 .. $#latest;
		return solve(\@q, \@r);
	};
	my $all = $without->('');
	my %channels = map { $_ => 1 } @latest[ 1 .. $#latest ];
	return map { $_ => 1 - $without->($_) / $all } keys %channels;
}

# Shapley values by their definition: what each adds, over all orders of the players.
sub shapley_values
{
	my ($by_rate, @journeys) = @_;
	my %name = map { map { $_ => 1 } @{ $_->[0] } } @journeys;
	my @players = sort keys %name;
	my %bit = map { $players[$_] => 1 << $_ } 0 .. $#players;
	my (@conversions, @others, @worth);
	foreach my $journey (@journeys)
	{
		my $set = 0;
		$set |= $bit{$_} foreach @{ $journey->[0] };
		$conversions[$set] += $journey->[1];
		$others[$set] += $journey->[2];
	}
	foreach my $coalition (0 .. (1 << @players) - 1)
	{
		my ($c, $n) = (0, 0);
		foreach my $set (0 .. $coalition)
		{
			next if ($set & ~$coalition) != 0;
			$c += $conversions[$set] // 0;
			$n += $others[$set] // 0;
		}
		$worth[$coalition] = $by_rate ? ($c + $n == 0 ? 0 : $c / ($c + $n)) : $c;
	}
	my %value = map { $_ => 0 } @players;
	my $orders = 0;
	my $go;
	$go = sub {
		my ($coalition) = @_;
		my @missing = grep { ($coalition & $bit{$_}) == 0 } @players;
		return ++$orders unless @missing;
		foreach my $player (@missing)
		{
			my $before = $orders;
			$go->($coalition | $bit{$player});
			$value{$player} += ($orders - $before) * ($worth[ $coalition | $bit{$player} ] - $worth[$coalition]);
		}
	};
	$go->(0);
	return map { $_ => $value{$_} / $orders } @players;
}

# The largest difference between what a query says (name|value) and what is expected, or
# that a name is missing.
sub difference
{
	my ($output, %expected) = @_;
	my %given = map { split /\|/ } split /\n/, $output;
	return 'other names' if join(',', sort keys %given) ne join(',', sort keys %expected);
	my ($largest) = sort { $b <=> $a } map { abs($given{$_} - $expected{$_}) } keys %given;
	return $largest;
}

sub results
{
	my ($call, $settings) = @_;
	return $node->safe_psql('postgres', ($settings // '') . "SELECT e.* FROM unnest((SELECT $call FROM journey)) AS e");
}

# The same in a parallel plan, where reading takes so long that each process has rows.
sub parallel_results
{
	my ($call) = @_;
	return $node->safe_psql('postgres', 'SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off;'
		  . "SELECT e.* FROM unnest((SELECT $call FROM journey WHERE pg_sleep(0.0005)::text IS NOT NULL)) AS e");
}

foreach my $n (0 .. $sets - 1)
{
	my $seed = $first_seed + $n;
	srand($seed * 7919);
	rand() foreach 1 .. 10;

	# chains: some nearly full, some sparse
	my $order = 1 + $n % 3;
	my @journeys = random_journeys(pick(1, 2, 5, 12, 40), pick(2, 10, 60, 150), pick(2, 4, 9));
	load_journeys(@journeys);
	my $effects = results("markov_effects(path, conversions, non_conversions, $order)");
	my $difference = difference(join("\n", map { join('|', (split /\|/)[ 0, 1 ]) } split /\n/, $effects), removal_effects($order, @journeys));
	ok($difference =~ /^[\d.e-]+$/ && $difference < 1e-10, "seed $seed: removal effects of order $order ($difference)");

	# the same rows in other orders and pieces
	is(parallel_results("markov_effects(path, conversions, non_conversions, $order)"), $effects, "seed $seed: in parallel");
	is(results("markov_effects(path, conversions, non_conversions, $order ORDER BY hashint8extended(conversions, $seed), path)"), $effects, "seed $seed: in another order");

	# games
	@journeys = random_journeys(pick(1, 3, 5, 6), pick(2, 10, 40), pick(1, 3, 6));
	load_journeys(@journeys);
	foreach my $method ('conversions', 'rate')
	{
		my $call = "shapley_values(path, conversions, non_conversions, '$method')";
		my $values = results($call);
		$difference = difference(join("\n", map { join('|', (split /\|/)[ 0, 1 ]) } split /\n/, $values), shapley_values($method eq 'rate', @journeys));
		ok($difference =~ /^[\d.e-]+$/ && $difference < 1e-10, "seed $seed: Shapley values by $method ($difference)");
		is(parallel_results($call), $values, "seed $seed: in parallel");
	}
}

# These were parallel plans.
my $plan = $node->safe_psql('postgres', 'SET max_parallel_workers_per_gather = 2;
	EXPLAIN (COSTS OFF) SELECT markov_effects(path, conversions, non_conversions), shapley_values(path, conversions, non_conversions) FROM journey');
like($plan, qr/Finalize Aggregate.*Gather.*Partial Aggregate/s, 'plans were parallel');

# Estimates: one hub and 20 spokes, where the hub together with any spoke is worth all.  So
# the hub adds it unless it comes first of all, and else the first spoke does.
$node->safe_psql('postgres', q{TRUNCATE journey; INSERT INTO journey SELECT ARRAY['hub', 'spoke' || i], 1, 0 FROM generate_series(1, 20) AS i});
foreach my $n (0 .. 4)
{
	my $seed = $first_seed + $n;
	my $call = "shapley_values(path, conversions, non_conversions, 'rate', 3000, $seed)";
	is($node->safe_psql('postgres', "SELECT count(*), bool_and(abs(e.shapley_value - CASE e.player WHEN 'hub' THEN 20 / 21.0 ELSE 1 / 420.0 END) <= e.error_bound),
			max(e.error_bound) < 0.05, min(e.error_bound) > 0, abs(sum(e.shapley_value) - 1) < 1e-12, sum(e.share)
		FROM unnest((SELECT $call FROM journey)) AS e"),
		'21|t|t|t|t|1.000000000000', "seed $seed: estimates are within their bounds");
	is(parallel_results($call), results($call), "seed $seed: the same in parallel");
}

# Long work can be stopped, in any of its parts.
$node->safe_psql('postgres', q{
	TRUNCATE journey;
	INSERT INTO journey SELECT ARRAY(SELECT 'c' || (hashint8extended(n * 8 + k, 1) & 15) FROM generate_series(1, 6) AS k), n & 1, 1 - (n & 1)
	FROM generate_series(1::bigint, 60000) AS n;
});
foreach my $call ('markov_effects(path, conversions, non_conversions, 3)',
	"shapley_values(path || ('d' || conversions || path[1] || path[2])::text, conversions, non_conversions, 'rate', 10000000, 0)")
{
	my (undef, undef, $error) = $node->psql('postgres', "SET statement_timeout = '1s'; SELECT $call FROM journey");
	like($error, qr/canceling statement due to statement timeout/, "$call can be stopped");
}

$node->stop;
done_testing();
