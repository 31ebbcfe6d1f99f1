
# Settings given before the library is loaded: in postgresql.conf, by ALTER
# DATABASE and ALTER ROLE, by PGOPTIONS, by SET before the first use.  What is
# allowed acts, what is not is an error, and a misspelt name is told.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('settings');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;

# A conversation of 23:30 on June 1st that closed 10 days before the goal, with
# two agents: the settings decide whose the conversion is, whether there is one,
# and on which date.
$node->safe_psql('postgres', 'CREATE DATABASE shop; CREATE ROLE reader LOGIN');
$node->safe_psql('shop', q{
	CREATE EXTENSION goaltracker;
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
	VALUES ('shop', 'k1', 'ann', '2024-06-01 23:30Z', '2024-06-02 01:00Z');
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
	VALUES ('shop', 'k1', 1, 'ann', 'bob', '2024-06-01 23:30Z'), ('shop', 'k1', 2, 'ann', 'cat', '2024-06-02 00:30Z');
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	VALUES ('shop', 'g1', 'ann', 'Purchase Event', '2024-06-12 00:00Z');
	SELECT goaltracker.refresh();
	GRANT SELECT ON goaltracker.conversions_by_agent TO reader;
});

my $report = q{SELECT string_agg(agent_id || ' ' || conversation_date, ', ' ORDER BY agent_id)
	FROM goaltracker.conversions_by_agent};

# Each psql is a session of its own, whose first use of the library is the
# report; all of what it writes comes back.
sub report
{
	my ($before, %options) = @_;
	my (undef, $stdout, $stderr) = $node->psql('shop', "$before\n$report", %options);
	return $stdout . $stderr;
}

is(report(''), 'cat 2024-06-01', 'the defaults');

# name, value, report with that value
my @allowed = (
	[ 'attribution_model', 'first', 'bob 2024-06-01' ],
	[ 'attribution_model', 'ALL', 'bob 2024-06-01, cat 2024-06-01' ],
	[ 'attribution_model', 'linear', 'bob 2024-06-01, cat 2024-06-01' ],
	[ 'attribution_model', '', 'cat 2024-06-01' ],
	[ 'contribution_window', '10', 'cat 2024-06-01' ],
	[ 'contribution_window', '9', '' ],
	[ 'contribution_window', '0', '' ],
	[ 'contribution_window', '-1', 'cat 2024-06-01' ],
	[ 'contribution_window', '31', 'cat 2024-06-01' ],
	[ 'hour_offset', '0.5', 'cat 2024-06-02' ],
	[ 'hour_offset', '0.499', 'cat 2024-06-01' ],
	[ 'hour_offset', '14', 'cat 2024-06-02' ],
	[ 'hour_offset', '-12', 'cat 2024-06-01' ],
	[ 'time_decay_half_life', '36h', 'cat 2024-06-01' ],
	[ 'position_weights', '1,0,1', 'cat 2024-06-01' ]);

# name, value that is not allowed
my @refused = (
	[ 'attribution_model', 'lineal' ],
	[ 'attribution_model', 'first,last' ],
	[ 'contribution_window', '32' ],
	[ 'contribution_window', '-2' ],
	[ 'contribution_window', '7 days' ],
	[ 'contribution_window', '' ],
	[ 'hour_offset', '14.1' ],
	[ 'hour_offset', '-12.5' ],
	[ 'hour_offset', 'NaN' ],
	[ 'hour_offset', 'noon' ],
	[ 'time_decay_half_life', '7 weeks' ],
	[ 'time_decay_half_life', '0' ],
	[ 'position_weights', '40,20' ]);

# What there is to say about a value, however it was given.
sub error
{
	my ($name, $value) = @_;
	return qr/ERROR:.*parameter "goaltracker\.$name"/ if $value eq '14.1' or $value eq '-12.5';
	return qr/ERROR:.*parameter "goaltracker\.$name"(: "\Q$value\E")?/;
}

# ---------------------------------------------------------------------------
# The ways in which a setting is given
# ---------------------------------------------------------------------------

sub way_set
{
	my ($name, $value) = @_;
	return report("SET goaltracker.$name = '$value';");
}

# A library that has been loaded knows its settings already.
sub way_set_afterwards
{
	my ($name, $value) = @_;
	return report("LOAD 'goaltracker'; SET goaltracker.$name = '$value';");
}

sub way_pgoptions
{
	my ($name, $value) = @_;
	(my $escaped = $value) =~ s/ /\\ /g;
	local $ENV{PGOPTIONS} = "-c goaltracker.$name=$escaped";
	return report('');
}

sub way_database
{
	my ($name, $value) = @_;
	$node->safe_psql('postgres', "ALTER DATABASE shop SET goaltracker.$name = '$value'");
	my $result = report('');
	$node->safe_psql('postgres', "ALTER DATABASE shop RESET ALL");
	return $result;
}

sub way_role
{
	my ($name, $value) = @_;
	$node->safe_psql('postgres', "ALTER ROLE reader SET goaltracker.$name = '$value'");
	my $result = report('', extra_params => [ '-U', 'reader' ]);
	$node->safe_psql('postgres', "ALTER ROLE reader RESET ALL");
	return $result;
}

# Has the server read its configuration again, and waits until it has.
sub reload
{
	my $before = $node->safe_psql('postgres', 'SELECT pg_conf_load_time()');
	$node->reload;
	$node->poll_query_until('postgres', "SELECT pg_conf_load_time() > '$before'") or die 'no reload';
}

sub way_configuration
{
	my ($name, $value) = @_;
	$node->append_conf('postgresql.conf', "goaltracker.$name = '$value'\n");
	reload();
	my $result = report('');
	$node->adjust_conf('postgresql.conf', "goaltracker.$name", undef);
	reload();
	return $result;
}

my %ways = (
	'SET' => \&way_set,
	'SET after LOAD' => \&way_set_afterwards,
	'PGOPTIONS' => \&way_pgoptions,
	'ALTER DATABASE' => \&way_database,
	'ALTER ROLE' => \&way_role,
	'postgresql.conf' => \&way_configuration);

foreach my $way (sort keys %ways)
{
	foreach my $setting (@allowed)
	{
		my ($name, $value, $expected) = @$setting;
		is($ways{$way}->($name, $value), $expected, "$way: $name = '$value'");
	}
	foreach my $setting (@refused)
	{
		my ($name, $value) = @$setting;
		like($ways{$way}->($name, $value), error($name, $value), "$way: $name = '$value' is an error");
	}
}

is(report(''), 'cat 2024-06-01', 'the defaults again');

# ---------------------------------------------------------------------------
# A value that is taken back before the first use
# ---------------------------------------------------------------------------

foreach my $setting (@allowed)
{
	my ($name, $value) = @$setting;
	is(report("SET goaltracker.$name = '$value'; RESET goaltracker.$name;"), 'cat 2024-06-01', "RESET $name");
	is(report("BEGIN; SET LOCAL goaltracker.$name = '$value'; COMMIT;"), 'cat 2024-06-01', "SET LOCAL $name");
	is(report("BEGIN; SET goaltracker.$name = '$value'; ROLLBACK;"), 'cat 2024-06-01', "ROLLBACK of $name");
}

# ---------------------------------------------------------------------------
# A session whose first use failed
# ---------------------------------------------------------------------------

my (undef, $stdout, $stderr) = $node->psql(
	'shop', qq{
	SET goaltracker.contribution_window = 32;
	$report;
	$report;
	SET goaltracker.contribution_window = 10;
	SET goaltracker.attribution_model = first;
	$report;}, on_error_stop => 0);
is($stdout, 'bob 2024-06-01', 'a report comes as soon as the value is right');
is(() = $stderr =~ /ERROR/g, 2, 'and every one before it is an error');

# ---------------------------------------------------------------------------
# Misspelt names
# ---------------------------------------------------------------------------

like(report("SET goaltracker.atribution_model = 'first';"),
	qr/^cat 2024-06-01.*WARNING:.*"goaltracker\.atribution_model"/s, 'a misspelt name before the first use is told');
like(report("LOAD 'goaltracker'; SET goaltracker.atribution_model = 'first';"),
	qr/ERROR:.*"goaltracker\.atribution_model"/, 'and refused afterwards');
$node->safe_psql('postgres', "ALTER DATABASE shop SET goaltracker.contribution_days = 3");
like(report(''), qr/WARNING:.*"goaltracker\.contribution_days"/, 'a misspelt name of a database is told');
$node->safe_psql('postgres', "ALTER DATABASE shop RESET ALL");

# ---------------------------------------------------------------------------
# The library loaded by the server itself
# ---------------------------------------------------------------------------

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'goaltracker'\ngoaltracker.attribution_model = 'first'\n");
$node->restart;
is(report(''), 'bob 2024-06-01', 'preloaded: a value that is allowed');
like(report("SET goaltracker.contribution_window = 32;"), error('contribution_window', '32'), 'preloaded: one that is not');
{
	local $ENV{PGOPTIONS} = '-c goaltracker.contribution_window=9';
	is(report(''), '', 'preloaded: PGOPTIONS');
}
$node->adjust_conf('postgresql.conf', 'goaltracker.attribution_model', "'lineal'");
$node->stop;
is($node->start(fail_ok => 1), 0, 'preloaded: a server with a value that is not allowed does not start');
like(slurp_file($node->logfile), qr/parameter "goaltracker\.attribution_model": "lineal"/, 'and says why');

done_testing();
