
# refresh_in_batches() killed between two batches: what is there is right, the
# rest waits, and the next refresh of any kind goes on.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('batches');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\ntimezone = UTC\n");
$node->start;

$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;

	-- consumers with two conversations and two goal events each
	CREATE FUNCTION load_consumers(account text, first integer, last integer) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		SELECT account, format('k%s-%s', n, m), format('c%s', n), timestamptz '2024-06-01Z' + m * interval '1 day',
			timestamptz '2024-06-01 10:00Z' + m * interval '1 day'
		FROM generate_series(first, last) AS n CROSS JOIN generate_series(1, 2) AS m;
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
		SELECT c.account_id, c.conversation_id, m, c.consumer_id, 'a' || m, 's' || m % 2, c.opened_at + m * interval '1 hour'
		FROM goaltracker.conversation AS c CROSS JOIN generate_series(1, 3) AS m
		WHERE c.account_id = account AND substr(c.consumer_id, 2)::integer BETWEEN first AND last;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
		SELECT account, format('g%s-%s', n, m), format('c%s', n), 'Purchase Event', timestamptz '2024-06-02 12:00Z' + m * interval '1 day', n
		FROM generate_series(first, last) AS n CROSS JOIN generate_series(1, 2) AS m;
	END $$;

	-- stops a refresh at a goal event as long as somebody has lock 1
	CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_advisory_xact_lock(1);
		RETURN NULL;
	END $$;
});

# What refreshes have written and a rebuild would not; where they should be done,
# also the reverse.
sub differences
{
	my ($complete) = @_;
	my $reverse = $complete ? q{
		SELECT 'lacking', t FROM (TABLE goaltracker.touchpoint EXCEPT ALL TABLE point) AS t;
		SELECT 'lacking', o FROM (SELECT to_jsonb(o) - 'updated_at' FROM goaltracker.goal_outcome AS o EXCEPT ALL TABLE outcome) AS o;} : '';
	return $node->safe_psql('postgres', qq{
		\\set QUIET on
		BEGIN;
		CREATE TEMPORARY TABLE point AS TABLE goaltracker.touchpoint;
		CREATE TEMPORARY TABLE outcome AS
		SELECT to_jsonb(o) - 'updated_at' AS outcome FROM goaltracker.goal_outcome AS o;
		\\o /dev/null
		SELECT FROM goaltracker.rebuild();
		\\o
		SELECT 'surplus', t FROM (TABLE point EXCEPT ALL TABLE goaltracker.touchpoint) AS t;
		SELECT 'surplus', o FROM (TABLE outcome EXCEPT ALL SELECT to_jsonb(o) - 'updated_at' FROM goaltracker.goal_outcome AS o) AS o;
		$reverse
		ROLLBACK;});
}

sub count_of
{
	my ($what) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM $what");
}

# Starts refresh_in_batches(), lets it come as far as a goal event, and kills it
# there.
sub kill_at
{
	my ($batch_size, $account, $goal_event) = @_;
	$node->safe_psql('postgres', qq{
		CREATE TRIGGER pause AFTER INSERT OR UPDATE ON goaltracker.goal_outcome
		FOR EACH ROW WHEN (NEW.account_id = '$account' AND NEW.goal_event_id = '$goal_event') EXECUTE FUNCTION pause()});
	my $blocker = $node->background_psql('postgres');
	$blocker->query_safe('SELECT pg_advisory_lock(1)');
	my $batches = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $batches->query_safe('SELECT pg_backend_pid()');
	$batches->query_until(qr/started/, "\\echo started\nCALL goaltracker.refresh_in_batches($batch_size);\n");
	$node->poll_query_until('postgres',
		"SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $pid") or die 'it does not come so far';
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 10000)");
	$blocker->quit;
	$batches->{run}->finish;
	$node->safe_psql('postgres', 'DROP TRIGGER pause ON goaltracker.goal_outcome');
	return;
}

sub finished_ok
{
	my ($what) = @_;
	is($node->safe_psql('postgres', 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'), '0', "$what: nothing is pending");
	is(differences(1), '', "$what: rebuild() changes nothing");
}

# ---------------------------------------------------------------------------
# Where it is an error
# ---------------------------------------------------------------------------

foreach my $call ('BEGIN; CALL goaltracker.refresh_in_batches(10); COMMIT;',
	'DO $$ BEGIN CALL goaltracker.refresh_in_batches(10); EXCEPTION WHEN division_by_zero THEN NULL; END $$;')
{
	my (undef, undef, $stderr) = $node->psql('postgres', $call);
	like($stderr, qr/ERROR:  (invalid transaction termination|cannot commit while a subtransaction is active)/,
		"refused inside a transaction");
}
foreach my $size ('0', '-1', 'NULL')
{
	my (undef, undef, $stderr) = $node->psql('postgres', "CALL goaltracker.refresh_in_batches($size)");
	like($stderr, qr/ERROR:  invalid batch size:?.*\n.*DETAIL:  A batch has at least one consumer\./, "batch size $size");
}

# ---------------------------------------------------------------------------
# First loads of several accounts
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', "SELECT load_consumers(a, 1, 9) FROM unnest('{a,b,c}'::text[]) AS a");
kill_at(2, 'b', 'g6-1');
is(count_of('goaltracker.goal_outcome'), '26', 'a is done, and 4 consumers of b');
is($node->safe_psql('postgres', q{SELECT string_agg(account_id || ' ' || pending_consumers, ', ' ORDER BY account_id) FROM goaltracker.refresh_status}),
	'a 0, b 5, c 9', 'the others are pending');
is(differences(0), '', 'what is there is right');

# Changes meanwhile, in what is done and in what is not.
$node->safe_psql('postgres', q{
	UPDATE goaltracker.goal_event SET consumer_id = 'c9' WHERE account_id = 'b' AND goal_event_id = 'g1-1';
	UPDATE goaltracker.goal_event SET consumer_id = 'c1' WHERE account_id = 'b' AND goal_event_id = 'g8-2';
	UPDATE goaltracker.conversation SET consumer_id = 'c7' WHERE account_id = 'b' AND conversation_id = 'k2-2';
	DELETE FROM goaltracker.goal_event WHERE account_id IN ('b', 'c') AND goal_event_id IN ('g3-1', 'g7-1');
	INSERT INTO goaltracker.agent (account_id, agent_id, user_type) VALUES ('b', 'a1', 'Bot'), ('c', 'a1', 'Bot');
	INSERT INTO goaltracker.account (account_id, credited_user_types) VALUES ('a', '{Bot}');
	SELECT load_consumers('b', 30, 33);
	SELECT load_consumers('d', 1, 2);
});
kill_at(3, 'c', 'g5-2');
cmp_ok(count_of("goaltracker.goal_outcome WHERE account_id = 'c'"), '>', 0, 'c is begun');
cmp_ok(count_of("goaltracker.goal_outcome WHERE account_id = 'c'"), '<', 17, 'c is not done');
$node->safe_psql('postgres', 'CALL goaltracker.refresh_in_batches(2)');
finished_ok('the third run');

# ---------------------------------------------------------------------------
# A backlog
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', q{UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 hour'});
kill_at(2, 'b', 'g4-1');
cmp_ok(count_of(q{goaltracker.goal_outcome WHERE reached_at::time = '13:00'}), '>', 0, 'some are up to date');
cmp_ok(count_of(q{goaltracker.goal_outcome WHERE reached_at::time = '12:00'}), '>', 0, 'others are not yet');
$node->safe_psql('postgres', q{
	UPDATE goaltracker.goal_event SET consumer_id = 'c9' WHERE account_id = 'a' AND goal_event_id = 'g1-1';
	UPDATE goaltracker.goal_event SET consumer_id = 'c1' WHERE account_id = 'd' AND goal_event_id = 'g2-2'});
$node->safe_psql('postgres', 'SELECT goaltracker.refresh()');
finished_ok('refresh() after a killed backlog');

# ---------------------------------------------------------------------------
# A rebuild after a kill
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', q{SELECT load_consumers('e', 1, 5)});
kill_at(1, 'e', 'g3-1');
$node->safe_psql('postgres', 'SELECT goaltracker.rebuild()');
finished_ok('rebuild() after a killed first load');
$node->safe_psql('postgres', q{SELECT load_consumers('e', 6, 7); SELECT goaltracker.refresh()});
finished_ok('refresh() after that');

$node->stop;
done_testing();
