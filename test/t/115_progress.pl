
# How far a refresh is, seen from another session while it is under way, and said
# to whoever waits for it.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('progress');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\ntimezone = UTC\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;

	-- consumers with a conversation and a goal event each
	CREATE FUNCTION load_consumers(account text, number integer) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
		SELECT account, 'k' || n, 'c' || to_char(n, 'FM000'), '2024-06-01 10:00Z' FROM generate_series(1, number) AS n;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		SELECT account, 'g' || n, 'c' || to_char(n, 'FM000'), 'Purchase Event', '2024-06-02 10:00Z' FROM generate_series(1, number) AS n;
	END $$;

	-- whoever comes to the goal event that is in here waits for a lock
	CREATE TABLE stop_at (account_id text, goal_event_id text);
	CREATE FUNCTION wait() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN true; END $$;
	CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
	BEGIN
		IF EXISTS (SELECT FROM stop_at AS s WHERE s.account_id = NEW.account_id AND s.goal_event_id = NEW.goal_event_id) THEN
			PERFORM wait();
		END IF;
		RETURN NULL;
	END $$;
	CREATE TRIGGER stop AFTER INSERT ON goaltracker.goal_outcome FOR EACH ROW EXECUTE FUNCTION stop();
	CREATE DATABASE other TEMPLATE template0;
});
$node->safe_psql('other', 'CREATE EXTENSION goaltracker');

my $gate = $node->background_psql('postgres');

# What others see of it: phase, consumers and batches done and of how many, whether it
# is known when it will end.
sub progress
{
	return $node->safe_psql('postgres', q{
		SELECT phase, consumers_done, consumers_total, batches_done, batches_total, expected_end > clock_timestamp()
		FROM goaltracker.refresh_progress});
}

sub waits
{
	my ($pid) = @_;
	return $node->poll_query_until('postgres', "SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $pid");
}

# Starts a statement in a session of its own and waits until it has come to the goal
# event, or whatever else waits for the lock.
sub start
{
	my ($statement, $account, $goal_event) = @_;
	$node->safe_psql('postgres', "TRUNCATE stop_at; INSERT INTO stop_at VALUES ('$account', '$goal_event')") if defined $account;
	$gate->query_safe('SELECT pg_advisory_lock(1)');
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_until(qr/started/, "\\echo started\n$statement;\n");
	waits($pid) or die 'it does not come so far';
	return ($session, $pid);
}

# Lets it go on to its end; returns what it was told.
sub finish
{
	my ($session) = @_;
	$gate->query_safe('SELECT pg_advisory_unlock(1)');
	$session->query_until(qr/ended/, "\\echo ended\n");
	(my $told = $session->{stderr}) =~ s/\s+$//;
	is(progress(), '', 'it has ended, though its session has not');
	$session->quit;
	return $told;
}

is(progress(), '', 'nobody refreshes');

# ---------------------------------------------------------------------------
# Batches
# ---------------------------------------------------------------------------

# Ten consumers of one account in batches of four, three of another in one: the sixth
# of the first account is in its second batch.
$node->safe_psql('postgres', q{SELECT load_consumers('shop', 10), load_consumers('store', 3)});
my ($session, $pid) = start('CALL goaltracker.refresh_in_batches(4)', 'shop', 'g6');
is(progress(), 'consumers|4|13|1|4|t', 'a first refresh in batches: seen from another session');
is($node->safe_psql('postgres', 'SELECT r.pid, r.refreshed_by = current_user, r.started_at <= clock_timestamp() FROM goaltracker.refresh_progress AS r'),
	"$pid|t|t", 'who it is, since when');
is($node->safe_psql('postgres', 'SELECT is_finished, batches, consumers FROM goaltracker.refresh_log'), 'f|1|4', 'its row in the log goes along');
is($node->safe_psql('other', 'SELECT count(*) FROM goaltracker.refresh_progress'), '0', 'another database has none');
is(finish($session), '', 'a quick one says nothing');
is($node->safe_psql('postgres', 'SELECT is_finished, batches, consumers FROM goaltracker.refresh_log'), 't|4|13', 'so has its row in the log');

# Changed ones; an index that is missing is built meanwhile, which shows progress of its own.
$node->safe_psql('postgres', q{UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 day'; DROP INDEX goaltracker.touchpoint_by_date});
($session, $pid) = start('CALL goaltracker.refresh_in_batches(4)', 'store', 'g2');
is(progress(), 'consumers|10|13|3|4|t', 'changed consumers in batches, after an index was built');
sleep 6;
like(finish($session), qr/^.*NOTICE:  refreshed 13 of 13 consumers, 3 of 4 batches\n.*NOTICE:  refreshed 13 of 13 consumers, 4 of 4 batches$/,
	'one that takes more than five seconds says how far it is, and that it is done');

# ---------------------------------------------------------------------------
# One transaction
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', q{
	UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 day';
	SELECT load_consumers('agora', 120)});
($session, $pid) = start('SELECT FROM goaltracker.refresh()', 'shop', 'g2');
is(progress(), 'consumers|120|133|||t', 'refresh() shows how far it is before anything is committed');
is($node->safe_psql('postgres', "SELECT pending_consumers FROM goaltracker.refresh_status WHERE account_id = 'agora'"), '120', 'to reports nothing has happened yet');
finish($session);

$node->safe_psql('postgres', q{UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 day'});
($session, $pid) = start('SELECT FROM goaltracker.refresh()', 'agora', 'g2');
sleep 6;
like(finish($session), qr/^.*NOTICE:  refreshed 120 of 133 consumers\n.*NOTICE:  refreshed 133 of 133 consumers$/, 'it too says how far it is');
($session, $pid) = start('SELECT FROM goaltracker.rebuild()', 'store', 'g2');
is(progress(), 'consumers|130|133|||t', 'a rebuild');
finish($session);

# ---------------------------------------------------------------------------
# Ends of other kinds: nobody is shown as at work who is not
# ---------------------------------------------------------------------------

foreach my $end ('pg_cancel_backend', 'pg_terminate_backend')
{
	$node->safe_psql('postgres', q{UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 day'});
	($session, $pid) = start('CALL goaltracker.refresh_in_batches(4)', 'shop', 'g6');
	like(progress(), qr/^consumers/, "before $end()");
	$node->safe_psql('postgres', "SELECT $end($pid)");
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid AND state = 'active'") or die;
	is(progress(), '', "after $end()");
	$gate->query_safe('SELECT pg_advisory_unlock(1)');
	if ($end eq 'pg_cancel_backend')
	{
		# a step by itself belongs to no refresh
		my $rows = $session->query(q{BEGIN; SELECT FROM goaltracker._take_turn(); SELECT FROM goaltracker._refresh_step(4, '', '');
			SELECT 'rows: ' || count(*) FROM goaltracker.refresh_progress; COMMIT});
		like($rows, qr/^rows: 0$/m, 'nor does a step by itself bring it back');
	}
	$end eq 'pg_cancel_backend' ? $session->quit : $session->{run}->finish;
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM goaltracker.refresh_log WHERE NOT is_finished}), '2', 'the log has the two that did not end');

# An error that the caller handles ends it as well; one within a trigger, which the
# trigger handles, does not.
my $stop = q{CREATE OR REPLACE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 / 0; RETURN NULL; %s END $$;};
$node->safe_psql('postgres', 'TRUNCATE stop_at;' . sprintf($stop, '') . q{
	CREATE TRIGGER a_stumble AFTER INSERT ON goaltracker.goal_outcome FOR EACH ROW EXECUTE FUNCTION stumble();
	UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 day'});
is($node->safe_psql('postgres', q{
		BEGIN;
		DO $$ BEGIN PERFORM goaltracker.refresh(); EXCEPTION WHEN division_by_zero THEN NULL; END $$;
		ALTER TABLE goaltracker.goal_outcome DISABLE TRIGGER a_stumble;
		SELECT s.consumers FROM goaltracker._refresh_step(200, '', '') AS s;
		SELECT count(*) FROM goaltracker.refresh_progress;
		ROLLBACK}),
	"120\n0", 'after an error that the caller handles');
$node->safe_psql('postgres', sprintf($stop, 'EXCEPTION WHEN division_by_zero THEN RETURN NULL;'));
($session, $pid) = start('CALL goaltracker.refresh_in_batches(200)', 'shop', 'g6');
is(progress(), 'consumers|130|133|1|3|t', 'after an error that a trigger handles');
finish($session);
$node->safe_psql('postgres', 'DROP TRIGGER a_stumble ON goaltracker.goal_outcome');

# ---------------------------------------------------------------------------
# Indexes
# ---------------------------------------------------------------------------

($session, $pid) = start('CREATE INDEX slow ON goaltracker.touchpoint (wait())');
is(progress(), 'indexes|||||', 'an index of touchpoint that is being built');
finish($session);

# Where PostgreSQL is told to track nothing, nothing is shown, and nothing breaks.
$node->safe_psql('postgres', q{UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 day'});
is($node->safe_psql('postgres', 'SET track_activities = off; SELECT goal_events FROM goaltracker.refresh()'), '133', 'track_activities = off');

$gate->quit;
$node->stop;
done_testing();
