
# pg_dump and restore of a database with data: everything comes back, reports
# read the same before any refresh, and refresh() goes on where it was.
#
# GOALTRACKER_DUMPS    a directory; dumps that this test wrote there under older
#                      majors of PostgreSQL are restored too, and one is left there

use strict;
use warnings;

use File::Copy;
use FindBin;
use lib "$FindBin::RealBin/../perl";

use Goaltracker;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;

# ---------------------------------------------------------------------------
# A database with something in every table
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', 'CREATE EXTENSION goaltracker');
load_example($node, 'shop');
like(stop_first_refresh($node, 'shop'), qr/stopped/, 'a first refresh is stopped half way');
leave_pending($node, 'shop');

# What users build upon reports goes along.
$node->safe_psql('shop', q{
	CREATE ROLE bi;
	GRANT SELECT ON goaltracker.conversion_grid TO bi;
	CREATE VIEW my_grid AS SELECT * FROM goaltracker.conversion_grid;
	GRANT SELECT ON my_grid TO bi});

my @tables = tables($node, 'shop');
cmp_ok(scalar(@tables), '>=', 18, 'the extension has tables');

# ---------------------------------------------------------------------------
# Dump and restore
# ---------------------------------------------------------------------------

my $tables = rows($node, 'shop', '', @tables);
isnt($tables->{$_}, '', "there is something in $_") foreach @tables;
my $snapshots = rows($node, 'shop', '', @snapshots);
my $reports = reports($node, 'shop');
isnt($snapshots->{$_}, '', "there is something in $_") foreach @snapshots;
my @dumped = ($tables, $snapshots, $reports);
my $directory = $node->basedir;
my @pending = split /\n/, $node->safe_psql('shop',
	'SELECT account_id FROM goaltracker.refresh_status WHERE pending_consumers > 0 ORDER BY 1');
is("@pending", 'half late shop', 'what is pending');

# What is pending is told apart: restoring has noted more.
sub without_status
{
	my ($reports) = @_;
	return { map { my $set = $_;
		$set => { map { $_ => $reports->{$set}->{$_} } grep { !/refresh_status/ } keys %{ $reports->{$set} } }
	} keys %$reports };
}

sub restored_ok
{
	my ($database, $without_snapshots) = @_;

	# Loading the rows notes changes once more; no note that was there is lost.
	my $restored = rows($node, $database, '', @tables);
	foreach my $table (@tables)
	{
		if ($table =~ /\.changed_/)
		{
			my %there = map { $_ => 1 } split /\n/, $restored->{$table};
			is(join("\n", grep { !$there{$_} } split /\n/, $tables->{$table}), '', "$database: notes in $table");
		}
		else
		{
			is($restored->{$table}, $tables->{$table}, "$database: rows of $table");
		}
	}
	is_deeply(rows($node, $database, '', @snapshots), $snapshots, "$database: snapshots") unless $without_snapshots;
	is_deeply(without_status(reports($node, $database)), without_status($reports), "$database: reports");
	is($node->safe_psql($database, q{
			SELECT string_agg(account_id, ' ' ORDER BY account_id) FROM goaltracker.refresh_status
			WHERE pending_consumers > 0 AND account_id IN ('half', 'late', 'shop')}),
		'half late shop', "$database: what is pending");

	is($node->safe_psql($database, q{
			SET ROLE bi;
			SELECT count(*) > 0 FROM goaltracker.conversion_grid JOIN my_grid USING (goal_event_key)}),
		't', "$database: grants and views upon reports");

	# New rows get keys that no row has had.
	foreach my $key ('goal_event.goal_event_key', 'agent_segment.segment_key', 'import_problem.import_problem_no')
	{
		my ($table, $column) = split /\./, $key;
		is($node->safe_psql($database, qq{
				SELECT nextval(pg_get_serial_sequence('goaltracker.$table', '$column')) > max($column)
				FROM goaltracker.$table}), 't', "$database: $key continues");
	}
}

sub goes_on
{
	my ($database) = @_;
	$node->safe_psql($database, q{
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('shop', 'new', 'c2', 'Purchase Event', '2024-06-10Z');
		SELECT goaltracker.refresh();
		SELECT goaltracker.refresh_snapshots()});
	is($node->safe_psql($database, 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'),
		'0', "$database: nothing is pending after refresh()");
	is($node->safe_psql($database, q{SELECT count(*) > 0 FROM goaltracker.conversion_grid WHERE goal_event_id = 'new'}),
		't', "$database: refresh() brings what is new");
	is($node->safe_psql($database, q{SELECT consumer_id FROM goaltracker.goal_event WHERE goal_event_id = 'g-somebody'}),
		'c1', "$database: refresh() moves what was loaded under an alias");
	is(differences_from_rebuild($node, $database), '', "$database: rebuild() changes nothing");
	return;
}

sub final_state
{
	my ($database) = @_;
	return comparable(rows($node, $database, "SET goaltracker.attribution_model = 'all'", @reports, @snapshots));
}

sub psql_file
{
	my ($database, $file) = @_;
	return [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $database ];
}

sub pg_restore
{
	my (@options) = @_;
	return sub { return [ 'pg_restore', '--exit-on-error', @options, '-d', $_[0], $_[1] ] };
}

my @restores = (
	{ name => 'plain', dump => [], restore => \&psql_file },
	{ name => 'inserts', dump => ['--inserts'], restore => \&psql_file },
	{ name => 'custom', dump => [ '--format', 'custom' ], restore => pg_restore('--jobs', '2') },
	{
		name => 'directory',
		dump => [ '--format', 'directory', '--jobs', '2' ],
		restore => pg_restore('--jobs', '4')
	},
	{
		name => 'single_transaction',
		dump => [ '--format', 'custom' ],
		restore => pg_restore('--single-transaction')
	},
	{
		# over what is there: everything is dropped first, the extension too
		name => 'clean',
		dump => [ '--format', 'custom' ],
		before => 'CREATE EXTENSION goaltracker',
		restore => pg_restore('--clean', '--if-exists')
	},
	{
		# into an extension that somebody installed; pg_dump does not take snapshots for data
		name => 'data_only',
		without_snapshots => 1,
		dump => [ '--format', 'custom', '--data-only' ],
		before => q{
			CREATE EXTENSION goaltracker;
			GRANT SELECT ON goaltracker.conversion_grid TO bi;
			CREATE VIEW my_grid AS SELECT * FROM goaltracker.conversion_grid;
			GRANT SELECT ON my_grid TO bi},
		restore => pg_restore('--jobs', '2')
	});

foreach my $way (@restores)
{
	my $database = "restored_$way->{name}";
	my $file = "$directory/$way->{name}.dump";
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, $way->{before}) if $way->{before};
	$node->command_ok([ 'pg_dump', @{ $way->{dump} }, '--file', $file, 'shop' ], "pg_dump ($way->{name})");
	$node->command_ok($way->{restore}->($database, $file), "restore ($way->{name})");
	restored_ok($database, $way->{without_snapshots});
}

goes_on($_) foreach 'shop', map { "restored_$_->{name}" } @restores;
my $afterwards = final_state('shop');
is_deeply(final_state("restored_$_->{name}"), $afterwards, "restored_$_->{name}: reports and snapshots after refresh()")
  foreach @restores;

# ---------------------------------------------------------------------------
# From one major to a newer one
# ---------------------------------------------------------------------------

if (my $dumps = $ENV{GOALTRACKER_DUMPS})
{
	my ($major) = $node->pg_version =~ /^(\d+)/;
	foreach my $older (sort map { /(\d+)\.dump$/ } glob "$dumps/*.dump")
	{
		next unless $older < $major;
		my $database = "restored_from_$older";
		($tables, $snapshots, $reports) = @{ decode_json(slurp_file("$dumps/$older.json")) };
		$node->safe_psql('postgres', "CREATE DATABASE $database");
		$node->command_ok(pg_restore('--jobs', '2')->($database, "$dumps/$older.dump"), "$database");
		restored_ok($database);
		goes_on($database);
		is_deeply(final_state($database), $afterwards, "$database: reports and snapshots after refresh()");
	}
	copy("$directory/custom.dump", "$dumps/$major.dump") or die $!;
	unlink("$dumps/$major.json");
	append_to_file("$dumps/$major.json", encode_json(\@dumped));
}

$node->stop;
done_testing();
