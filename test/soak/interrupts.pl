
# Calls stopped at random moments: by cancel, by statement_timeout, by termination
# of their backend, by an error in the middle.  What is one transaction has then
# done all or nothing; what refresh_in_batches() has done is right as far as it
# came, and the next refresh goes on and ends with what a rebuild makes.
#
# GOALTRACKER_SEED         the seed of the moments
# GOALTRACKER_SOAK_ROUNDS  a tenth of how many calls; "make soak" makes 500

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Soak;
use Test::More;
use Time::HiRes qw(time usleep);

my $rounds = 10 * ($ENV{GOALTRACKER_SOAK_ROUNDS} // 2);
my $seed = seeded($rounds);

my $node = PostgreSQL::Test::Cluster->new('interrupts');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum_naptime = '1s'\n");
$node->start;
my $started = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');

my $document = slurp_file("$FindBin::RealBin/../../demo/documents/conversations-1.json");
create_checks($node);
create_load_account($node);
$node->safe_psql('postgres', qq{
	CREATE EXTENSION goaltracker;
	SELECT load_account('base', 200);
	CREATE TABLE document AS SELECT \$doc\$$document\$doc\$::jsonb AS d;

	-- cancels or terminates the victim so long after its call has begun
	CREATE PROCEDURE stop_victim(function text, seconds float8) LANGUAGE plpgsql AS \$\$
	DECLARE
		victim integer;
	BEGIN
		FOR i IN 1 .. 1000 LOOP
			PERFORM pg_stat_clear_snapshot();
			SELECT pid INTO victim FROM pg_stat_activity WHERE state = 'active' AND query ^@ '/* victim */';
			EXIT WHEN FOUND;
			PERFORM pg_sleep(0.001);
		END LOOP;
		PERFORM pg_sleep(seconds);
		EXECUTE format('SELECT %I(pid) FROM pg_stat_activity WHERE pid = %s AND state = ''active''', function, coalesce(victim, 0));
	END \$\$;

	-- raises at the row that soak.stumble_at counts
	CREATE SEQUENCE stumble;
	CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$
	BEGIN
		IF nextval('public.stumble') = current_setting('soak.stumble_at', true)::bigint THEN
			RAISE EXCEPTION 'stumbled';
		END IF;
		RETURN NULL;
	END \$\$;
});

# What refresh writes, and what is loaded, as a number each.
my %contents = (
	written => q{SELECT (SELECT sum(hashtextextended(t::text, 0)) FROM goaltracker.touchpoint AS t)
		|| ' ' || (SELECT sum(hashtextextended(o::text, 0)) FROM goaltracker.goal_outcome AS o)},
	loaded => q{SELECT (SELECT count(*) FROM goaltracker.conversation) || ' ' || (SELECT count(*) FROM goaltracker.agent_segment)
		|| ' ' || (SELECT count(*) FROM goaltracker.goal_event)},
	linked => q{SELECT count(*) FROM goaltracker.goal_event WHERE consumer_id = 'person'},
	snapshots => 'SELECT max(taken_at) FROM goaltracker.agent_summary_snapshot');

# Each call with what is as it was if it fails.
my %call = (
	refresh => [ 'SELECT FROM goaltracker.refresh()', 'written', 'loaded', 'linked' ],
	rebuild => [ 'SELECT FROM goaltracker.rebuild()', 'written', 'loaded', 'linked' ],
	batches => [ 'CALL goaltracker.refresh_in_batches(7)', 'loaded' ],
	load => [ q{SELECT load_account('loaded ' || %d, 100)}, 'written', 'loaded', 'linked' ],
	update => [ 'UPDATE goaltracker.goal_event SET transaction_value = transaction_value + 1', 'written', 'loaded', 'linked' ],
	import => [ q{SELECT goaltracker.import_conversations('imported ' || %d, d) FROM document}, 'written', 'loaded', 'linked' ],
	link => [ q{SELECT goaltracker.link_consumer('base', 'c' || %d %% 200, 'person')}, 'written', 'loaded', 'linked' ],
	snapshots => [ 'SELECT goaltracker.refresh_snapshots()', 'written', 'loaded', 'linked', 'snapshots' ],
	totals => [ 'SELECT * FROM goaltracker.check_totals()', 'written', 'loaded', 'linked' ]);
# the most interesting ones more often
my @calls = (('refresh', 'batches', 'rebuild') x 4, 'load', 'update', 'import', 'link', 'snapshots', 'totals');

my %expected_error = (timeout => '57014', cancel => '57014', terminate => '57P01', error => 'P0001');
my %takes = map { $_ => 0.2 } keys %call;		# seconds, as the last call that came through took
my (@failed, %outcomes);

sub check
{
	my ($round, $what, $got, $expected) = @_;
	push @failed, "round $round: $what: $got instead of $expected" if $got ne $expected;
	return;
}

# Calls something and stops it.  Returns how it ended: 'done', or an SQLSTATE.
sub call_and_stop
{
	my ($sql, $how, $seconds) = @_;
	my ($output, $errors) = ('', '');
	my @before = ('-c', "SET soak.stumble_at = " . (1 + int(rand(300))));
	push @before, '-c', 'SET statement_timeout = ' . (1 + int(1000 * $seconds)) if $how eq 'timeout';
	my $stopper;
	if ($how eq 'cancel' || $how eq 'terminate')
	{
		my $function = $how eq 'cancel' ? 'pg_cancel_backend' : 'pg_terminate_backend';
		$stopper = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-c', "CALL stop_victim('$function', $seconds)", 'postgres' ]);
	}
	my $victim = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port,
			@before, '-c', "/* victim */ $sql", 'postgres' ],
		'>', \$output, '2>', \$errors);
	$victim->finish;
	$stopper->finish if $stopper;
	return 'done' if $errors eq '';
	return $errors =~ /(?:ERROR|FATAL):  (\w{5})/ ? $1 : $errors;
}

foreach my $round (1 .. $rounds)
{
	my $name = $calls[ rand @calls ];
	my $how = ('timeout', 'cancel', 'terminate', 'error')[ $round % 4 ];
	$how = 'timeout' if $how eq 'error' && $name !~ /refresh|batches|rebuild/;
	my ($sql, @kept) = @{ $call{$name} };

	# something to do: a part of the old, an account of its own
	$node->safe_psql('postgres', sprintf(q{
		SELECT setseed(%f);
		UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 second', consumer_id = 'c' || 1 + floor(200 * random())::integer
		WHERE account_id = 'base' AND random() < 0.3;
		UPDATE goaltracker.agent_segment SET agent_messages = agent_messages + 1 WHERE account_id = 'base' AND random() < 0.1;
		SELECT load_account('account %d', 20);}, rand(), $round));
	$node->safe_psql('postgres', "SELECT setval('stumble', 1, false);"
		. join('', map { "CREATE TRIGGER stumble AFTER INSERT OR UPDATE OR DELETE ON goaltracker.$_ FOR EACH ROW EXECUTE FUNCTION stumble();" }
			qw(touchpoint goal_outcome))) if $how eq 'error';
	my %before = map { $_ => $node->safe_psql('postgres', $contents{$_}) } @kept;

	my $begun = time();
	my $end = call_and_stop(sprintf($sql, $round), $how, rand($takes{$name} * 1.1));
	$takes{$name} = 0.05 + time() - $begun if $end eq 'done' && $how ne 'cancel' && $how ne 'terminate';
	$outcomes{"$how: " . ($end eq 'done' ? 'came through' : 'stopped')}++;
	$outcomes{"$name: " . ($end eq 'done' ? 'came through' : 'stopped')}++;

	check($round, "$name, $how", $end, $expected_error{$how}) if $end ne 'done';
	check($round, 'the server is the same', $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $started);
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE query ^@ '/* victim */'});
	if ($end ne 'done')
	{
		check($round, "$name, $how: $_", $node->safe_psql('postgres', $contents{$_}), $before{$_}) foreach @kept;
	}
	$node->safe_psql('postgres', 'DROP TRIGGER stumble ON goaltracker.touchpoint; DROP TRIGGER stumble ON goaltracker.goal_outcome') if $how eq 'error';

	check($round, "$name, $how: half done", wrong_rows($node, 0), '');
	if ($round % 5 == 0 || $round == $rounds)
	{
		$node->safe_psql('postgres', ('SELECT FROM goaltracker.refresh()', 'CALL goaltracker.refresh_in_batches(100)')[ rand 2 ]);
		check($round, 'pending consumers', $node->safe_psql('postgres', 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'), '0');
		check($round, 'totals', $node->safe_psql('postgres', 'SELECT * FROM goaltracker.check_totals() LIMIT 3'), '');
		check($round, 'rebuild() changes', wrong_rows($node), '');
		# so that calls take about as long as they did
		$node->safe_psql('postgres', q{DELETE FROM goaltracker.conversation WHERE account_id <> 'base';
			DELETE FROM goaltracker.agent_segment WHERE account_id <> 'base'; DELETE FROM goaltracker.goal_event WHERE account_id <> 'base'});
	}
	last if @failed;
}

diag("$_: $outcomes{$_}") foreach sort keys %outcomes;
is(join("\n", @failed), '', "$rounds calls stopped: nothing half done, and a refresh equals a rebuild");
my $stopped = 0;
$stopped += $outcomes{"$_: stopped"} // 0 foreach keys %expected_error;
cmp_ok($stopped, '>', $rounds / 10, "calls were stopped: $stopped");
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|terminated by signal/, 'no crash');

$node->stop;
done_testing();
