
# While a refresh is under way nobody waits for it but another refresh: loads
# into all facts go through, and all reports can be read.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('locks');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;

$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;

	-- consumers with a conversation, a segment and a goal event each
	CREATE FUNCTION load_consumers(first integer, last integer) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		SELECT 'shop', 'k' || n, 'c' || n, '2024-06-01 10:00Z', '2024-06-01 11:00Z' FROM generate_series(first, last) AS n;
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
		SELECT 'shop', 'k' || n, 1, 'c' || n, 'bob', '2024-06-01 10:00Z' FROM generate_series(first, last) AS n;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		SELECT 'shop', 'g' || n, 'c' || n, 'Purchase Event', '2024-06-02 10:00Z' FROM generate_series(first, last) AS n;
	END $$;
	SELECT load_consumers(1, 50);
});

# Statements that have nobody to wait for; each changes rows that the refresh has
# just read, or are to be read.
my @loads = (
	q{COPY goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at) FROM STDIN;
shop	copied	c1	2024-06-01 12:00Z
\.},
	q{COPY goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at) FROM STDIN;
shop	copied	1	c1	cat	2024-06-01 12:00Z
\.},
	q{COPY goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at) FROM STDIN;
shop	copied	c1	Lead Event	2024-06-03 12:00Z
\.},
	q{SELECT load_consumers(101, 102)},
	q{INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
		VALUES ('shop', 'k2', 'c2', '2024-06-01 09:00Z')
		ON CONFLICT (account_id, conversation_id) DO UPDATE SET opened_at = EXCLUDED.opened_at},
	q{UPDATE goaltracker.conversation SET closed_at = '2024-06-01 11:30Z' WHERE conversation_id = 'k3'},
	q{UPDATE goaltracker.conversation SET consumer_id = 'c5' WHERE conversation_id = 'k4'},
	q{UPDATE goaltracker.agent_segment SET agent_id = 'cat' WHERE conversation_id = 'k6'},
	q{UPDATE goaltracker.goal_event SET reached_at = '2024-06-04Z' WHERE goal_event_id = 'g7'},
	q{DELETE FROM goaltracker.conversation WHERE conversation_id = 'k8'},
	q{DELETE FROM goaltracker.agent_segment WHERE conversation_id = 'k9'},
	q{DELETE FROM goaltracker.goal_event WHERE goal_event_id = 'g10'},
	q{INSERT INTO goaltracker.account (account_id, credited_user_types) VALUES ('shop', '{Human,Bot}')},
	q{UPDATE goaltracker.account SET time_zone = 'Asia/Kolkata'},
	q{INSERT INTO goaltracker.agent (account_id, agent_id, user_type) VALUES ('shop', 'bob', 'Bot')},
	q{UPDATE goaltracker.agent SET is_post_survey_bot = true},
	q{DELETE FROM goaltracker.agent},
	q{INSERT INTO goaltracker.goal (account_id, goal_id, goal_type) VALUES ('shop', 'x', 'Other')},
	q{UPDATE goaltracker.goal SET goal_type = 'Generate Leads'},
	q{DELETE FROM goaltracker.goal},
	q{DELETE FROM goaltracker.account},
	q{INSERT INTO goaltracker.skill (account_id, skill_id) VALUES ('shop', 'x'); DELETE FROM goaltracker.skill},
	q{INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('another shop', 'g', 'c', 'Purchase Event', '2024-06-02 10:00Z')},
	q{SELECT goaltracker.link_consumer('shop', 'c11', 'c12')});

my @reads = split /\n/, $node->safe_psql('postgres', q{
	SELECT 'SELECT count(*) FROM ' || oid::regclass FROM pg_class
	WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'v', 'm') AND has_table_privilege(oid, 'SELECT')
	ORDER BY 1});
push @reads, q{SELECT * FROM goaltracker.explain_goal_event('shop', 'g1')}, 'SELECT goaltracker.refresh_snapshots()';

# Runs each statement in a session and a transaction of its own; what had to wait
# two seconds is an error.
sub nobody_waits
{
	my ($what, $end) = @_;
	my @errors;
	foreach my $statement (@loads, @reads)
	{
		my (undef, undef, $stderr) = $node->psql('postgres', "SET lock_timeout = '2s'; BEGIN;\n$statement\n;\n$end;");
		push @errors, "$statement: $stderr" if $stderr ne '';
	}
	is(join("\n", @errors), '', "$what: nobody waits");
	return;
}

# The modes of the locks that a session has on what users load and read.
sub lock_modes
{
	my ($pid) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT string_agg(DISTINCT l.mode, ', ' ORDER BY l.mode)
		FROM pg_locks AS l
		JOIN pg_class AS c ON c.oid = l.relation
		WHERE l.pid = $pid AND l.locktype = 'relation'
			AND c.relnamespace = 'goaltracker'::regnamespace
			AND c.relname IN ('conversation', 'agent_segment', 'goal_event', 'account', 'agent', 'goal',
				'consumer_alias', 'changed_consumer', 'changed_scope', 'refreshed_account')});
}

# The strongest lock on what reports read and refresh alone writes: it may keep
# other writers out, never readers.
sub readers_locked_out
{
	my ($pid) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT count(*)
		FROM pg_locks AS l
		JOIN pg_class AS c ON c.oid = l.relation
		WHERE l.pid = $pid AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
			AND c.relnamespace = 'goaltracker'::regnamespace AND c.relkind <> 'i'});
}

my $refresher = $node->background_psql('postgres', on_error_stop => 1);
my $pid = $refresher->query_safe('SELECT pg_backend_pid()');

sub during
{
	my ($what, $statement, $end) = @_;
	$refresher->query_safe("BEGIN");
	$refresher->query_safe($statement);
	# Facts are read (AccessShareLock), those moved to an alias's consumer also
	# written (RowExclusiveLock, after RowShareLock); notes are taken away.
	like(lock_modes($pid), qr/^AccessShareLock(, RowExclusiveLock)?(, RowShareLock)?$/, "$what: locks on facts and notes");
	is(readers_locked_out($pid), '0', "$what: no lock keeps readers out");
	nobody_waits($what, $end);
	$refresher->query_safe('COMMIT');
}

during('first refresh', 'SELECT FROM goaltracker.refresh()', 'ROLLBACK');
$node->safe_psql('postgres', q{UPDATE goaltracker.agent_segment SET agent_messages = 1;
	UPDATE goaltracker.goal_event SET transaction_value = 1});
during('refresh', 'SELECT FROM goaltracker.refresh()', 'ROLLBACK');
during('rebuild', 'SELECT FROM goaltracker.rebuild()', 'ROLLBACK');
$node->safe_psql('postgres', 'SELECT load_consumers(51, 60)');
during('refresh, loads committed', 'SELECT FROM goaltracker.refresh()', 'COMMIT');
$refresher->quit;

# What was loaded meanwhile has been noted.
$node->safe_psql('postgres', 'SELECT goaltracker.refresh()');
is($node->safe_psql('postgres', q{
		\set QUIET on
		BEGIN;
		CREATE TEMPORARY TABLE point AS TABLE goaltracker.touchpoint;
		CREATE TEMPORARY TABLE outcome AS
		SELECT to_jsonb(o) - 'updated_at' AS outcome FROM goaltracker.goal_outcome AS o;
		\o /dev/null
		SELECT FROM goaltracker.rebuild();
		\o
		(TABLE point EXCEPT ALL TABLE goaltracker.touchpoint)
		UNION ALL (TABLE goaltracker.touchpoint EXCEPT ALL TABLE point);
		(TABLE outcome EXCEPT ALL SELECT to_jsonb(o) - 'updated_at' FROM goaltracker.goal_outcome AS o)
		UNION ALL (SELECT to_jsonb(o) - 'updated_at' FROM goaltracker.goal_outcome AS o EXCEPT ALL TABLE outcome);
		ROLLBACK;}),
	'', 'rebuild() changes nothing');

$node->stop;
done_testing();
