
# No room left, on disk and in memory: loads, refreshes and rebuilds end with a
# clean error or come through, nothing is half done, the server stays up, and as
# soon as there is room again a refresh ends with what a rebuild makes.
#
# The disk is a small tmpfs in a mount namespace of the server's own, which an
# ordinary user can have; where that is forbidden, and besides, files of the
# server may not grow beyond a size.  Memory is the address space of a backend, or
# of the whole server.
#
# GOALTRACKER_SEED         the seed of how much room there is
# GOALTRACKER_SOAK_ROUNDS  five times as often as each is tried; "make soak" takes 50

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Soak;
use Test::More;

my $rounds = int(($ENV{GOALTRACKER_SOAK_ROUNDS} // 5) / 5) || 1;
my $seed = seeded($rounds);

my (@failed, %outcomes);

sub check
{
	my ($round, $what, $got, $expected) = @_;
	push @failed, "$round: $what: $got instead of $expected" if $got ne $expected;
	return;
}

sub new_node
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	# segments of WAL so small that a limit on files does not concern them
	$node->init(extra => [ '--encoding=UTF8', '--locale=C', '--wal-segsize=1' ]);
	$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nshared_buffers = '16MB'\nmax_wal_size = '64MB'\n");
	return $node;
}

sub prepare
{
	my ($node, $consumers) = @_;
	create_checks($node);
	create_load_account($node);
	$node->safe_psql('postgres', qq{
		CREATE EXTENSION goaltracker;
		SELECT load_account('base', $consumers);
		SELECT goaltracker.refresh();
	});
	return;
}

my $loaded = q{SELECT (SELECT count(*) FROM goaltracker.conversation) || ' ' || (SELECT count(*) FROM goaltracker.agent_segment)
	|| ' ' || (SELECT count(*) FROM goaltracker.goal_event)};
my $written = q{SELECT (SELECT sum(hashtextextended(t::text, 0)) FROM goaltracker.touchpoint AS t)
	|| ' ' || (SELECT sum(hashtextextended(o::text, 0)) FROM goaltracker.goal_outcome AS o)};

# Calls something where there is little room.  Nothing that is one transaction may
# be half done when it fails, and it may fail only as expected.
my %call = (
	load => q{SELECT load_account('more', 300)},
	update => q{UPDATE goaltracker.goal_event SET transaction_value = transaction_value + 1},
	refresh => 'SELECT FROM goaltracker.refresh()',
	rebuild => 'SELECT FROM goaltracker.rebuild()',
	batches => 'CALL goaltracker.refresh_in_batches(50)');

sub call_in_need
{
	my ($node, $round, $name, $expected) = @_;
	my (undef, undef, $errors) = $node->psql('postgres', "$call{$name};");
	my $end = $errors eq '' ? 'came through' : $errors =~ /$expected/ ? 'refused' : "ended otherwise: $errors";
	(my $kind = $round) =~ s/ round \d+//;
	$outcomes{"$kind, $name: $end"}++;
	push @failed, "$round, $name: $end" if $end =~ /otherwise/;
	return $end;
}

sub nothing_half_done
{
	my ($node, $round, $name, $end, $facts, $rows) = @_;
	return if $end eq 'came through';
	check("$round, $name", 'facts', $node->safe_psql('postgres', $loaded), $facts);
	check("$round, $name", 'rows', $node->safe_psql('postgres', $written), $rows) if $name ne 'batches';
	return;
}

# What is there when there is room again.
sub all_is_well
{
	my ($node, $round) = @_;
	check($round, 'half done', wrong_rows($node, 0), '');
	$node->safe_psql('postgres', ('SELECT FROM goaltracker.refresh()', 'CALL goaltracker.refresh_in_batches(300)')[ rand 2 ]);
	check($round, 'pending consumers', $node->safe_psql('postgres', 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'), '0');
	check($round, 'totals', $node->safe_psql('postgres', 'SELECT * FROM goaltracker.check_totals() LIMIT 3'), '');
	check($round, 'rebuild() changes', wrong_rows($node), '');
	return;
}

sub came_out
{
	my ($what, $node) = @_;
	diag("$_: $outcomes{$_}") foreach grep { /^\Q$what\E/ } sort keys %outcomes;
	is(join("\n", @failed), '', "$what: clean errors, nothing half done, a refresh equals a rebuild");
	cmp_ok(scalar(grep { /^\Q$what\E.*refused/ } keys %outcomes), '>', 0, "$what: there was too little room");
	unlike(slurp_file($node->logfile), qr/TRAP|PANIC|terminated by signal/, "$what: no crash");
	@failed = ();
	return;
}

# ---------------------------------------------------------------------------
# A full disk
# ---------------------------------------------------------------------------

# A database on a tmpfs; what it leaves free is what a table of ballast leaves.
sub full_disk
{
	my $node = new_node('disk');
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my $size = 32;
	my $log = $node->logfile;
	my @unshare = ('unshare', '--user', '--map-current-user', '--mount', '--keep-caps', 'sh', '-c',
		"mount -t tmpfs -o size=${size}m,mode=0700 tmpfs '$directory' && exec \"\$@\"", 'sh');

	if (system("@unshare[0 .. 4] true >/dev/null 2>&1") != 0 || system(@unshare, 'true') != 0)
	{
		note('no mount namespaces here');
		return 0;
	}
	system_or_bail(@unshare, 'pg_ctl', '-w', '-D', $node->data_dir, '-l', $log, 'start');
	$node->_update_pid(1);
	$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$directory'");
	$node->safe_psql('template1', 'ALTER DATABASE postgres SET TABLESPACE small');
	prepare($node, 300);

	foreach my $round (1 .. $rounds)
	{
		my $name = ('rebuild', 'load', 'refresh', 'batches', 'update')[ ($round - 1) % 5 ];
		$node->safe_psql('postgres', 'UPDATE goaltracker.goal_event SET transaction_value = transaction_value + 1') if $name =~ /refresh|batches/;
		$node->safe_psql('postgres', 'CREATE TABLE ballast (t text); ALTER TABLE ballast ALTER t SET STORAGE plain');
		my $free = $node->safe_psql('postgres', qq{
			CREATE TEMPORARY TABLE free (bytes bigint);
			COPY free FROM PROGRAM 'df --output=avail -B1 $directory | tail -n 1';
			SELECT bytes FROM free});
		my $pages = int($free / 8192) - 8 - int(rand(100));
		$node->safe_psql('postgres', "INSERT INTO ballast SELECT repeat('x', 8000) FROM generate_series(1, $pages)") if $pages > 0;

		my ($facts, $rows) = map { $node->safe_psql('postgres', $_) } $loaded, $written;
		my $end = call_in_need($node, "disk full round $round", $name, qr/ERROR:  could not (extend|write).*No space left on device/);
		nothing_half_done($node, "disk full round $round", $name, $end, $facts, $rows);
		check("disk full round $round", 'a report can be read', $node->safe_psql('postgres', 'SELECT count(*) > 0 FROM goaltracker.conversions_by_agent'), 't');

		$node->safe_psql('postgres', 'DROP TABLE ballast');
		all_is_well($node, "disk full round $round");
		$node->safe_psql('postgres', q{
			DELETE FROM goaltracker.conversation WHERE account_id = 'more';
			DELETE FROM goaltracker.agent_segment WHERE account_id = 'more';
			DELETE FROM goaltracker.goal_event WHERE account_id = 'more'});
		$node->safe_psql('postgres', "VACUUM FULL goaltracker.$_")
		  foreach qw(conversation agent_segment goal_event touchpoint goal_outcome changed_consumer);
		last if @failed;
	}
	came_out('disk full', $node);
	$node->stop;
	return 1;
}

# ---------------------------------------------------------------------------
# Files that may not grow
# ---------------------------------------------------------------------------

sub full_files
{
	my $node = new_node('files');
	$node->start;
	prepare($node, 600);
	foreach my $round (1 .. $rounds)
	{
		my $name = ('rebuild', 'update', 'load', 'batches', 'refresh')[ ($round - 1) % 5 ];
		$node->safe_psql('postgres', 'UPDATE goaltracker.agent_segment SET agent_messages = agent_messages + 1') if $name =~ /refresh|batches/;
		$node->safe_psql('postgres', "VACUUM FULL goaltracker.$_")
		  foreach qw(conversation agent_segment goal_event touchpoint goal_outcome);
		my $largest = $node->safe_psql('postgres', q{SELECT greatest(1024 * 1024, max(pg_relation_size(oid))) FROM pg_class WHERE relkind IN ('r', 'i', 't')});
		my $limit = $largest + 8192 * (1 + int(rand(50)));
		$node->stop;
		system_or_bail('prlimit', "--fsize=$limit:unlimited", 'pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile, 'start');
		$node->_update_pid(1);

		my ($facts, $rows) = map { $node->safe_psql('postgres', $_) } $loaded, $written;
		my $end = call_in_need($node, "file too large round $round", $name, qr/ERROR:  could not (extend|write).*File too large/);
		nothing_half_done($node, "file too large round $round", $name, $end, $facts, $rows);
		$node->stop;
		$node->start;
		all_is_well($node, "file too large round $round");
		$node->safe_psql('postgres', q{
			DELETE FROM goaltracker.conversation WHERE account_id = 'more';
			DELETE FROM goaltracker.agent_segment WHERE account_id = 'more';
			DELETE FROM goaltracker.goal_event WHERE account_id = 'more'});
		last if @failed;
	}
	came_out('file too large', $node);
	$node->stop;
	return;
}

# ---------------------------------------------------------------------------
# Memory
# ---------------------------------------------------------------------------

# A library that a backend needs for the first time wants memory, too.
my $no_memory = qr/(ERROR|FATAL):  (out of memory|could not (map|resize|fork)|could not load library .*(failed to map segment|[Cc]annot allocate memory))/;

# The address space of a process, in bytes.
sub address_space
{
	my ($pid, $what) = @_;
	return 1024 * (slurp_file("/proc/$pid/status") =~ /^$what:\s+(\d+) kB/m)[0];
}

sub no_memory
{
	my $node = new_node('memory');
	$node->start;
	prepare($node, 300);
	# one journey that takes some memory: many conversations, few goal events
	$node->safe_psql('postgres', q{
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		SELECT 'base', 'long ' || n, 'long', timestamptz '2024-01-01Z' + n * interval '1 hour', timestamptz '2024-01-01 00:30Z' + n * interval '1 hour'
		FROM generate_series(1, 10000) AS n;
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
		SELECT 'base', 'long ' || n, 1, 'long', 'a' || n % 9, timestamptz '2024-01-01Z' + n * interval '1 hour'
		FROM generate_series(1, 10000) AS n;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		SELECT 'base', 'long ' || n, 'long', 'Lead Event', timestamptz '2024-02-01Z' + n * interval '30 days'
		FROM generate_series(1, 10) AS n;
		SELECT goaltracker.refresh();
	});
	my $postmaster = $node->safe_psql('postgres', q{SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)});

	# What a rebuild takes beyond what a fresh backend has.
	my $session = $node->background_psql('postgres');
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	my $fresh = address_space($pid, 'VmSize');
	$session->query_safe('SELECT FROM goaltracker.rebuild()');
	my $most = address_space($pid, 'VmPeak') - $fresh;
	$session->quit;
	diag(sprintf('a rebuild takes %.1f MB', $most / 1048576));

	foreach my $round (1 .. 5 * $rounds)
	{
		my $name = ('rebuild', 'refresh', 'batches', 'load', 'update')[ $round % 5 ];
		my $whole = $round % 2;
		$node->safe_psql('postgres', 'UPDATE goaltracker.goal_event SET transaction_value = transaction_value + 1; UPDATE goaltracker.agent_segment SET agent_messages = agent_messages + 1');
		my ($facts, $rows) = map { $node->safe_psql('postgres', $_) } $loaded, $written;
		# of the server: what each new backend and worker inherits
		my $limit = int(address_space($postmaster, 'VmSize') + rand($fresh - address_space($postmaster, 'VmSize') + $most));
		my $end;
		if ($whole)
		{
			system_or_bail('prlimit', '--pid', $postmaster, "--as=$limit:");
			(undef, undef, my $errors) = $node->psql('postgres', "$call{$name};");
			system_or_bail('prlimit', '--pid', $postmaster, '--as=unlimited:');
			$end = $errors;
		}
		else
		{
			# once at the end of the stack, so that it need not grow later
			my $victim = $node->background_psql('postgres', on_error_stop => 0);
			my $of = $victim->query_safe('SELECT pg_backend_pid()');
			$victim->query_safe('SELECT ' . '(' x 2000 . '1' . ')' x 2000);
			$limit = int(address_space($of, 'VmSize') + rand($most));
			system_or_bail('prlimit', '--pid', $of, "--as=$limit:");
			$victim->query($call{$name});
			$end = $victim->{stderr};
			eval { $victim->quit };
		}
		my $which = ($whole ? 'out of memory, server' : 'out of memory, backend') . " round $round";
		my $outcome = $end !~ /\S/ ? 'came through' : $end =~ /$no_memory/ ? 'refused' : "ended otherwise: $end";
		(my $kind = $which) =~ s/ round \d+//;
		$outcomes{"$kind, $name: $outcome"}++;
		push @failed, "$which, $name: $outcome" if $outcome =~ /otherwise/;
		nothing_half_done($node, $which, $name, $outcome, $facts, $rows);
		if ($round % 5 == 0 || @failed)
		{
			all_is_well($node, $which);
			$node->safe_psql('postgres', q{
				DELETE FROM goaltracker.conversation WHERE account_id = 'more';
				DELETE FROM goaltracker.agent_segment WHERE account_id = 'more';
				DELETE FROM goaltracker.goal_event WHERE account_id = 'more'});
		}
		last if @failed;
	}
	came_out('out of memory', $node);
	$node->stop;
	return;
}

SKIP:
{
	skip 'a disk of its own cannot be mounted here', 3 if !full_disk();
}
full_files();
no_memory();
done_testing();
