
# Memory: a backend that refreshes a thousand times, or fails a thousand times,
# is as large afterwards as after the first few; so is one that reports.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\ntimezone = UTC\nlog_min_messages = fatal\n");
$node->start;

$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
	SELECT 'acme', 'k' || n, 'c' || n, timestamptz '2024-06-01Z' + n * interval '1 hour', timestamptz '2024-06-01 00:30Z' + n * interval '1 hour'
	FROM generate_series(1, 20) AS n;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
	SELECT account_id, conversation_id, no, consumer_id, 'a' || no, 's' || no, opened_at + no * interval '5 minutes'
	FROM goaltracker.conversation CROSS JOIN generate_series(1, 3) AS no;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
	SELECT account_id, 'g' || conversation_id, consumer_id, 'Purchase Event', opened_at + interval '2 days', 10 FROM goaltracker.conversation;

	-- what the process holds of its own, shared memory apart, and what its contexts that outlive a
	-- transaction do, in bytes
	CREATE FUNCTION process_bytes() RETURNS bigint LANGUAGE sql VOLATILE AS $$
		SELECT sum(line[1]::bigint) * 1024
		FROM regexp_matches(pg_read_file('/proc/' || pg_backend_pid() || '/smaps_rollup'), '^Anonymous:\s+(\d+) kB', 'gn') AS line
	$$;
	CREATE FUNCTION context_bytes() RETURNS bigint LANGUAGE sql VOLATILE AS $$
		SELECT sum(total_bytes) FROM pg_backend_memory_contexts
	$$;
	CREATE TABLE size (what text, round integer, context_bytes bigint, process_bytes bigint);

	-- a call that is refused, one of each kind in turn
	CREATE FUNCTION fail(n integer) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		CASE n % 10
			WHEN 0 THEN PERFORM '01ff'::goaltracker.journey;
			WHEN 1 THEN PERFORM goaltracker.touchpoints('01000000000000000000000000', 31, '{"agents": {"a": "Cat"}}');
			WHEN 2 THEN PERFORM goaltracker.journey('segment', 1, now(), NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
			WHEN 3 THEN PERFORM goaltracker.sum_once(v, 1) FROM generate_series(1, 1000) AS v;
			WHEN 4 THEN PERFORM goaltracker.sum_once(interval '178000000 years', v) FROM generate_series(1, 2) AS v;
			WHEN 5 THEN INSERT INTO goaltracker.account (account_id, time_zone) VALUES ('x', 'Atlantis');
			WHEN 6 THEN INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
				SELECT 'acme', 'new' || g, 'c1', CASE g WHEN 1000 THEN 'Nothing' ELSE 'Lead Event' END, now() FROM generate_series(1, 1000) AS g;
			WHEN 7 THEN PERFORM goaltracker.import_conversations('', '{}'::text);
			WHEN 8 THEN PERFORM goaltracker.attribute(NULL, 'nobody', 3);
			WHEN 9 THEN
				UPDATE goaltracker.goal_event SET topic = 'x' || n;
				PERFORM goaltracker.refresh();
				RAISE EXCEPTION 'after a refresh';
		END CASE;
		RETURN 'not refused';
	EXCEPTION WHEN OTHERS THEN
		RETURN 'refused';
	END $$;
});

# One backend goes $rounds rounds; what it has grown by in the second half of them,
# as in the first one caches fill, those of the measurement itself too.
sub growth
{
	my ($what, $rounds, $round) = @_;
	my $half = $rounds / 2;
	my $script = join('', map {
		my $n = $_;
		my $measure = $n == -100 || $n == 0 || $n == $half
			? "INSERT INTO size VALUES ('$what', $n, context_bytes(), process_bytes());\n" : '';
		"SELECT @{[$n + $half]} AS n \\gset\n$round$measure"
	} 1 - $half .. $half);
	$node->safe_psql('postgres', "\\o /dev/null\n$script");
	my ($contexts, $process) = split /\|/, $node->safe_psql('postgres', qq{
		SELECT max(context_bytes) FILTER (WHERE round > 0) - max(context_bytes) FILTER (WHERE round = 0),
			max(process_bytes) FILTER (WHERE round > 0) - max(process_bytes) FILTER (WHERE round = 0)
		FROM size WHERE what = '$what'});
	note("$rounds $what: in the second half contexts grew by $contexts bytes, the process by $process");
	return ($contexts, $process);
}

# Contexts may grow by less than 64 bytes a measured round.  The process may settle a
# little, as caches of the catalogs do.
sub does_not_grow
{
	my ($what, $rounds, $round) = @_;
	my ($contexts, $process) = growth($what, $rounds, $round);
	cmp_ok($contexts, '<', 32 * $rounds, "$rounds $what: memory contexts do not grow");
	cmp_ok($process, '<', 1024 * 1024, "$rounds $what: the process does not grow");
}

does_not_grow('refreshes', 1000, q{
	UPDATE goaltracker.goal_event SET transaction_value = :n WHERE consumer_id = 'c' || :n % 20;
	SELECT goaltracker.refresh();
});
does_not_grow('refreshes of all consumers of an account', 300, q{
	INSERT INTO goaltracker.account (account_id) VALUES ('acme') ON CONFLICT (account_id) DO UPDATE SET max_touchpoints = 100 + :n;
	SELECT goaltracker.refresh();
});
does_not_grow('refreshes in batches', 300, q{
	UPDATE goaltracker.goal_event SET transaction_value = :n WHERE consumer_id = 'c' || :n % 20;
	CALL goaltracker.refresh_in_batches(1);
});
does_not_grow('failing calls', 1000, "SELECT fail(:n);\n");
is($node->safe_psql('postgres', q{SELECT string_agg(n::text, ' ') FROM generate_series(0, 9) AS n WHERE fail(n) <> 'refused'}),
	'', 'each of them fails');
does_not_grow('reports', 300, q{
	SELECT * FROM goaltracker.agent_summary;
	SELECT * FROM goaltracker.conversions_by_agent;
});

done_testing();
