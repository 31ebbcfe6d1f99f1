
# Exactly which locks a refresh takes, as pg_locks shows them, and that none of
# them conflicts with any that reading a report or loading facts takes.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('lock_modes');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;
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

	-- locks of a transaction that has done something, seen from another one
	CREATE TABLE lock_of (who text, kind text, name text, mode text);
	CREATE FUNCTION remember_locks(label text, of_pid integer) RETURNS void LANGUAGE sql AS $$
		INSERT INTO lock_of
		SELECT DISTINCT label,
			CASE WHEN l.locktype <> 'relation' THEN l.locktype
				WHEN c.relkind = 'i' THEN 'index' WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END,
			CASE WHEN l.locktype <> 'relation' THEN '' ELSE coalesce(c.relname, l.relation::text) END,
			replace(l.mode, 'Lock', '')
		FROM pg_locks AS l
		LEFT JOIN pg_class AS c ON c.oid = l.relation
		WHERE l.pid = of_pid AND (l.locktype <> 'relation' OR c.relnamespace = 'goaltracker'::regnamespace);
	$$;

	-- the conflicts of table locks, as the documentation of PostgreSQL has them
	CREATE TABLE conflict AS
	SELECT mode, other
	FROM (VALUES
		('AccessShare', '{AccessExclusive}'::text[]),
		('RowShare', '{Exclusive,AccessExclusive}'),
		('RowExclusive', '{Share,ShareRowExclusive,Exclusive,AccessExclusive}'),
		('ShareUpdateExclusive', '{ShareUpdateExclusive,Share,ShareRowExclusive,Exclusive,AccessExclusive}'),
		('Share', '{RowExclusive,ShareUpdateExclusive,ShareRowExclusive,Exclusive,AccessExclusive}'),
		('ShareRowExclusive', '{RowExclusive,ShareUpdateExclusive,Share,ShareRowExclusive,Exclusive,AccessExclusive}'),
		('Exclusive', '{RowShare,RowExclusive,ShareUpdateExclusive,Share,ShareRowExclusive,Exclusive,AccessExclusive}'),
		('AccessExclusive', '{AccessShare,RowShare,RowExclusive,ShareUpdateExclusive,Share,ShareRowExclusive,Exclusive,AccessExclusive}')
	) AS c (mode, others) CROSS JOIN LATERAL unnest(others) AS other;
});

my $session = $node->background_psql('postgres', on_error_stop => 1);
my $pid = $session->query_safe('SELECT pg_backend_pid()');

# Runs statements in a transaction and remembers its locks under a name.
sub locks_of
{
	my ($name, @statements) = @_;
	$session->query_safe('BEGIN');
	$session->query_safe($_) foreach @statements;
	$node->safe_psql('postgres', "SELECT remember_locks('$name', $pid)");
	$session->query_safe('COMMIT');
	return;
}

# The tables that somebody has locked in each mode but ACCESS SHARE, which is what
# reading takes.
sub tables
{
	my ($name) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT mode || ': ' || string_agg(name, ' ' ORDER BY name COLLATE "C")
		FROM lock_of WHERE who = '$name' AND kind = 'table' AND mode <> 'AccessShare'
		GROUP BY mode ORDER BY mode COLLATE "C"});
}

# ---------------------------------------------------------------------------
# What refreshes lock
# ---------------------------------------------------------------------------

my $refresh = 'SELECT FROM goaltracker.refresh()';

locks_of('first refresh', $refresh);
$node->safe_psql('postgres', 'UPDATE goaltracker.goal_event SET transaction_value = 1; SELECT load_consumers(51, 60)');
locks_of('refresh', $refresh);
$node->safe_psql('postgres', q{
	SELECT goaltracker.link_consumer('shop', 'visitor', 'c1');
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	VALUES ('shop', 'g', 'visitor', 'Purchase Event', '2024-06-02Z')});
locks_of('refresh that moves an alias', $refresh);
locks_of('rebuild', 'SELECT FROM goaltracker.rebuild()');

# SHARE is that of CREATE INDEX.  What is not here of the facts, and of the
# tables on which credit depends, is read and no more.
my %expected = (
	'first refresh' => [
		'RowExclusive: _attribution_history _first_refresh _outcome_count _refresh_log _refresh_log_refresh_no_seq _refresh_turn changed_consumer changed_scope goal_outcome refreshed_account touchpoint',
		'RowShare: _refresh_log', 'Share: goal_outcome touchpoint' ],
	'refresh' => [ 'RowExclusive: _attribution_history _outcome_count _refresh_log _refresh_log_refresh_no_seq _refresh_turn changed_consumer goal_outcome refreshed_account touchpoint',
		'RowShare: _refresh_log' ],
	'refresh that moves an alias' => [
		'RowExclusive: _attribution_history _loaded_under _outcome_count _refresh_log _refresh_log_refresh_no_seq _refresh_turn agent_segment changed_consumer conversation goal_event goal_outcome refreshed_account touchpoint',
		'RowShare: _refresh_log agent_segment conversation goal_event' ],
	'rebuild' => [
		'RowExclusive: _attribution_history _first_refresh _loaded_under _outcome_count _refresh_log _refresh_log_refresh_no_seq _refresh_turn agent_segment changed_consumer changed_scope conversation goal_event goal_outcome refreshed_account touchpoint',
		'RowShare: _refresh_log agent_segment conversation goal_event' ]);
foreach my $who ('first refresh', 'refresh', 'refresh that moves an alias', 'rebuild')
{
	is(tables($who), join("\n", @{ $expected{$who} }), "$who: tables it locks");
}

is($node->safe_psql('postgres', q{SELECT DISTINCT kind FROM lock_of WHERE who ~ 'refresh|rebuild' ORDER BY 1}),
	"index\ntable\ntransactionid\nview\nvirtualxid", 'there are no other locks: none of pages or tuples, no advisory ones');

# ---------------------------------------------------------------------------
# What readers and loads lock
# ---------------------------------------------------------------------------

my @reports = map { "SELECT count(*) FROM $_" } split /\n/, $node->safe_psql('postgres', q{
	SELECT oid::regclass FROM pg_class
	WHERE relnamespace = 'goaltracker'::regnamespace AND relkind IN ('r', 'v', 'm') ORDER BY 1});
locks_of('reader', @reports, q{SELECT FROM goaltracker.explain_goal_event('shop', 'g1')}, 'SELECT FROM goaltracker.check_totals()');
locks_of('load',
	'SELECT load_consumers(61, 70)',
	q{UPDATE goaltracker.conversation SET consumer_id = 'c9' WHERE conversation_id = 'k8'},
	q{UPDATE goaltracker.agent_segment SET agent_id = 'cat' WHERE conversation_id = 'k7'},
	q{UPDATE goaltracker.goal_event SET reached_at = '2024-06-04Z' WHERE goal_event_id = 'g7'},
	q{DELETE FROM goaltracker.goal_event WHERE goal_event_id = 'g6'},
	q{DELETE FROM goaltracker.agent_segment WHERE conversation_id = 'k6'},
	q{DELETE FROM goaltracker.conversation WHERE conversation_id = 'k6'},
	q{INSERT INTO goaltracker.account (account_id, time_zone) VALUES ('shop', 'Asia/Kolkata')},
	q{UPDATE goaltracker.account SET attribution_model = 'all'},
	q{INSERT INTO goaltracker.agent (account_id, agent_id, user_type) VALUES ('shop', 'bob', 'Bot')},
	q{DELETE FROM goaltracker.agent},
	q{INSERT INTO goaltracker.goal (account_id, goal_id, goal_type) VALUES ('shop', 'x', 'Other')},
	q{SELECT goaltracker.link_consumer('shop', 'another visitor', 'c2')},
	q{SELECT goaltracker.import_conversations('shop', '[]'::jsonb)});

# Locks of the one that conflict with a lock of the other.
sub conflicts
{
	my ($who, $other) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT DISTINCT a.name, a.mode, b.mode
		FROM lock_of AS a
		JOIN lock_of AS b ON b.kind = a.kind AND b.name = a.name
		JOIN conflict AS c ON c.mode = a.mode AND c.other = b.mode
		WHERE a.who = '$who' AND b.who = '$other' AND a.name <> ''
		ORDER BY 1, 2, 3});
}

foreach my $who ('first refresh', 'refresh', 'refresh that moves an alias', 'rebuild')
{
	is(conflicts($who, 'reader'), '', "$who: conflicts with no lock of a reader");
	is(conflicts($who, 'load'), '', "$who: conflicts with no lock of a load");
}

# The same question finds what does conflict.
locks_of('truncate', 'TRUNCATE goaltracker.goal_event');
like(conflicts('refresh', 'truncate'), qr/^goal_event\|AccessShare\|AccessExclusive$/m, 'TRUNCATE conflicts with a refresh');
is($node->safe_psql('postgres', q{SELECT count(DISTINCT name) > 20 FROM lock_of WHERE who = 'reader' AND kind IN ('table', 'view')}), 't',
	'the reader has read all there is');

$session->quit;
$node->stop;
done_testing();
