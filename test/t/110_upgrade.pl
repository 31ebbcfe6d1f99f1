
# Upgrades: whoever comes from any earlier version has afterwards, to the last
# comment, what a fresh installation of the newest one has; the data and what was
# granted are still there, and the reports say what they say in a fresh one.
#
# Every path that PostgreSQL knows is walked, from every earlier release.  So that
# there is always one, a version to come is made up, which has something of every
# kind; that the comparison would notice what an upgrade script forgot is tried by
# leaving out each of its statements in turn.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::RealBin/../perl";

use Goaltracker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../..";

# ---------------------------------------------------------------------------
# The version
# ---------------------------------------------------------------------------

my ($newest) = slurp_file("$top/goaltracker.control") =~ /^default_version\s*=\s*'(.*)'/m;
my @versions = slurp_file("$top/CHANGELOG.md") =~ /^## (\S+)/mg;
is($versions[0], $newest, 'the changelog begins with the newest version');

# A "version" also stands in its "meta-spec", which is not ours.
(my $meta = slurp_file("$top/META.json")) =~ s/"meta-spec": \{.*?\}//s;
my %meta_versions = map { $_ => 1 } $meta =~ /"version": "(.*)"/g;
is(join(' ', sort keys %meta_versions), semantic_version($newest), 'META.json has the newest version');

# PGXN wants three numbers.
sub semantic_version
{
	my @parts = split /\./, $_[0];
	push @parts, 0 while @parts < 3;
	return join('.', @parts);
}

# ---------------------------------------------------------------------------
# A PostgreSQL that finds extensions in a directory of the test's own
# ---------------------------------------------------------------------------

# It finds them relative to its own program: a copy of the programs beside links
# to the rest.
my $scratch = PostgreSQL::Test::Utils::tempdir('install');
my ($bindir, $sharedir, $libdir) = map { my $out = `pg_config --$_`; chomp $out; $out } qw(bindir sharedir pkglibdir);

sub link_all
{
	my ($directory) = @_;
	make_path("$scratch$directory");
	foreach my $file (glob "$directory/*")
	{
		(my $name = $file) =~ s/.*\///;
		next if -e "$scratch$directory/$name";
		symlink($file, "$scratch$directory/$name") or die "$file: $!";
	}
	return;
}

make_path("$scratch$bindir");
system_or_bail('cp', '-L', (grep { -f } glob "$bindir/*"), "$scratch$bindir/");
link_all("$sharedir/extension");
link_all($sharedir);
link_all($libdir);
my $extensions = "$scratch$sharedir/extension";

my $node = PostgreSQL::Test::Cluster->new('upgrade', install_path => dirname("$scratch$bindir"));
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE bi');

is($node->safe_psql('postgres', q{SELECT default_version FROM pg_available_extensions WHERE name = 'goaltracker'}),
	$newest, 'what is installed is the newest version');

# A version that is released stays what it is.
SKIP:
{
	my $released = "$top/sql/releases/goaltracker--$newest.sql";
	skip "$newest is not released yet", 1 if !-e $released;
	is(slurp_file("$extensions/goaltracker--$newest.sql"), slurp_file($released), "the script of $newest is as it was released");
}

SKIP:
{
	skip 'the library has a version from PostgreSQL 18 on', 1
	  if $node->safe_psql('postgres', 'SHOW server_version_num') < 180000;
	is($node->safe_psql('postgres', q{
			LOAD 'goaltracker';
			SELECT version FROM pg_get_loaded_modules() WHERE module_name = 'goaltracker'}),
		$newest, 'the library has the newest version');
}

# ---------------------------------------------------------------------------
# A version to come
# ---------------------------------------------------------------------------

my $next = "$newest.made-up";

# What its upgrade script says, statement by statement.
my @changes = split /;\n\n/, q{
ALTER TABLE goaltracker.account ADD COLUMN made_up text COLLATE "C" NOT NULL DEFAULT 'x';

COMMENT ON COLUMN goaltracker.account.made_up IS 'a new column';

ALTER TABLE goaltracker.account ADD CONSTRAINT made_up_not_empty CHECK (made_up <> '');

COMMENT ON CONSTRAINT made_up_not_empty ON goaltracker.account IS 'a new constraint';

ALTER TABLE goaltracker.account ALTER COLUMN made_up SET STATISTICS 500;

CREATE TABLE goaltracker._made_up (made_up_no bigint GENERATED ALWAYS AS IDENTITY, account_id text);

COMMENT ON TABLE goaltracker._made_up IS 'a new table';

SELECT pg_catalog.pg_extension_config_dump('goaltracker._made_up', '');

SELECT pg_catalog.pg_extension_config_dump('goaltracker._made_up_made_up_no_seq', '');

CREATE INDEX made_up_by_account ON goaltracker._made_up (account_id);

ALTER TABLE goaltracker._made_up ENABLE ROW LEVEL SECURITY;

CREATE POLICY made_up ON goaltracker._made_up USING (account_id = current_user);

CREATE TRIGGER made_up BEFORE UPDATE ON goaltracker._made_up
	FOR EACH ROW EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();

CREATE STATISTICS goaltracker._made_up_statistics ON account_id, made_up_no FROM goaltracker._made_up;

CREATE FUNCTION goaltracker._made_up() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1;

COMMENT ON FUNCTION goaltracker._made_up() IS 'a new function';

REVOKE ALL ON FUNCTION goaltracker._made_up() FROM PUBLIC;

CREATE OR REPLACE FUNCTION goaltracker._made_up() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 2;

ALTER FUNCTION goaltracker.refresh() COST 200;

ALTER FUNCTION goaltracker.refresh() SET work_mem = '64MB';

GRANT EXECUTE ON FUNCTION goaltracker.check_totals() TO PUBLIC;

COMMENT ON FUNCTION goaltracker.check_totals() IS 'another comment';

CREATE AGGREGATE goaltracker._made_up_sum(integer) (sfunc = pg_catalog.int4pl, stype = integer, initcond = '0');

ALTER AGGREGATE goaltracker._made_up_sum(integer) OWNER TO pg_database_owner;

CREATE TYPE goaltracker._made_up_kind AS ENUM ('one');

ALTER TYPE goaltracker._made_up_kind ADD VALUE 'two';

CREATE VIEW goaltracker.made_up AS SELECT account_id, made_up, account_name FROM goaltracker.account;

ALTER VIEW goaltracker.made_up SET (security_barrier = true);

COMMENT ON COLUMN goaltracker.made_up.account_name IS 'a column of a view';

GRANT SELECT (account_id) ON goaltracker.made_up TO PUBLIC;

CREATE SEQUENCE goaltracker._made_up_numbers INCREMENT 7;

ALTER SEQUENCE goaltracker._made_up_numbers OWNED BY goaltracker._made_up.made_up_no;

ALTER TABLE goaltracker._made_up OWNER TO pg_database_owner;

DROP FUNCTION goaltracker.explain_goal_event(text, text);

};
s/^\s+//, s/\s+\z// foreach @changes;

sub write_script
{
	my ($name, @statements) = @_;
	my $file = "$extensions/goaltracker--$name.sql";
	open(my $script, '>', $file) or die "$file: $!";
	print $script "$_;\n" foreach @statements;
	close($script) or die "$file: $!";
	return;
}

(my $install = slurp_file("$extensions/goaltracker--$newest.sql")) =~ s/^\\echo.*\n//m;
write_script($next, "$install\nSELECT", @changes);
write_script("$newest--$next", @changes);

# ---------------------------------------------------------------------------
# Walks
# ---------------------------------------------------------------------------

my $catalog_query = slurp_file("$FindBin::RealBin/../perl/catalog.sql");

# Loads an example, and does what people do to reports: grants, and views on them.
sub use_it
{
	my ($database) = @_;
	load_example($node, $database);
	stop_first_refresh($node, $database);
	leave_pending($node, $database);
	foreach my $report (@reports, @snapshots)
	{
		(my $name = $report) =~ s/.*\.//;
		$node->safe_psql($database, qq{
			GRANT SELECT ON $report TO bi;
			CREATE VIEW my_$name AS SELECT * FROM $report});
	}
	return;
}

sub refresh
{
	my ($database) = @_;
	$node->safe_psql($database, 'SELECT goaltracker.refresh(); SELECT goaltracker.refresh_snapshots()');
	return;
}

# Reports of every model, without keys and times.
sub comparable_reports
{
	my ($database) = @_;
	my $reports = reports($node, $database);
	return { (map { $_ => comparable($reports->{$_}) } keys %$reports),
		snapshots => comparable(rows($node, $database, '', @snapshots)) };
}

# What a fresh installation of a version has and says: catalog, reports.
my %fresh;

sub fresh
{
	my ($version) = @_;
	return $fresh{$version} if $fresh{$version};
	my $database = "fresh $version";
	$node->safe_psql('postgres', qq{CREATE DATABASE "$database"});
	$node->safe_psql($database, qq{CREATE EXTENSION goaltracker VERSION '$version'});
	use_it($database);
	refresh($database);
	$fresh{$version} = { catalog => $node->safe_psql($database, $catalog_query), reports => comparable_reports($database) };
	return $fresh{$version};
}

# Lines that only one of the two has.
sub difference
{
	my ($left, $right) = @_;
	my %lines;
	$lines{$_}++ foreach split /\n/, $left;
	$lines{$_}-- foreach split /\n/, $right;
	return join("\n", map { ($lines{$_} > 0 ? '- ' : '+ ') . $_ } grep { $lines{$_} } sort keys %lines);
}

sub walk
{
	my ($path) = @_;
	my ($from, @steps) = split /--/, $path;
	my $to = $steps[-1];
	$node->safe_psql('postgres', qq{CREATE DATABASE "$path"});
	$node->safe_psql($path, qq{CREATE EXTENSION goaltracker VERSION '$from'});
	use_it($path);
	reports($node, $path);	# the library is newer than the objects until then
	foreach my $step (@steps)
	{
		$node->safe_psql($path, qq{ALTER EXTENSION goaltracker UPDATE TO '$step'});
		reports($node, $path);
	}
	isnt($node->safe_psql($path, q{SELECT sum(pending_consumers) FROM goaltracker.refresh_status}),
		'0', "$path: what was pending still is");
	refresh($path);
	is(difference($node->safe_psql($path, $catalog_query), fresh($to)->{catalog}),
		'', "$path: the same objects as in a fresh installation");
	is_deeply(comparable_reports($path), fresh($to)->{reports}, "$path: the same reports");
	is(differences_from_rebuild($node, $path), '', "$path: rebuild() changes nothing");
	foreach my $report (@reports, @snapshots)
	{
		(my $name = $report) =~ s/.*\.//;
		is($node->safe_psql($path, qq{
				SET ROLE bi; CREATE TEMPORARY TABLE granted AS TABLE $report; RESET ROLE;
				(TABLE granted EXCEPT ALL TABLE my_$name) UNION ALL (TABLE my_$name EXCEPT ALL TABLE granted)}),
			'', "$path: $report is read by whom it was granted to, and a view on it is still there");
	}
	return;
}

my %path_to = map { split /\|/ } split /\n/, $node->safe_psql('postgres', qq{
	SELECT source || ' to ' || target, path FROM pg_extension_update_paths('goaltracker')
	WHERE path IS NOT NULL AND target IN ('$newest', '$next')});

# Of every release one comes to the newest version, and to the next.
ok($path_to{"$_ to $newest"}, "a path leads from $_ to $newest") foreach @versions[ 1 .. $#versions ];
ok($path_to{"$newest to $next"}, 'a path leads to a version to come');
walk($path_to{$_}) foreach sort keys %path_to;

# ---------------------------------------------------------------------------
# Would it be noticed?
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE careless');
$node->safe_psql('careless', "CREATE EXTENSION goaltracker VERSION '$newest'");
$node->safe_psql('postgres', 'CREATE DATABASE careful');
$node->safe_psql('careful', "CREATE EXTENSION goaltracker VERSION '$next'");
my $expected = $node->safe_psql('careful', $catalog_query);

unlike($expected, qr/\| is (of a kind that this query does not know|in the schema but no member)/,
	'the comparison knows everything that the extension has');

# An update in a transaction that leaves nothing; what differs then, or its error.
sub noticed
{
	write_script("$newest--$next", @_);
	my ($status, $catalog, $stderr) = $node->psql('careless',
		"BEGIN;\nALTER EXTENSION goaltracker UPDATE TO '$next';\n$catalog_query\nROLLBACK;", on_error_stop => 1);
	return $status == 0 ? difference($catalog, $expected) : "error: $stderr";
}

is(noticed(@changes), '', 'a script that forgets nothing');
foreach my $left_out (0 .. $#changes)
{
	my ($first_line) = split /\n/, $changes[$left_out];
	isnt(noticed(@changes[ grep { $_ != $left_out } 0 .. $#changes ]), '', "noticed without: $first_line");
}
isnt(noticed(@changes, 'CREATE TABLE goaltracker.left_over ()', 'ALTER EXTENSION goaltracker DROP TABLE goaltracker.left_over'),
	'', 'noticed: an object that is not a member');

$node->stop;
done_testing();
