
# How refreshes and reports read: refreshes by the covering indexes, in order and
# without a sort, whatever the planner knows about the tables; reports of some
# days by the index on the date.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('plans');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\nlog_statement = none\nmax_parallel_workers_per_gather = 0\n");
$node->start;

$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
	SELECT account, 'k' || n, 'c' || n % 4000, timestamptz '2024-01-01Z' + n * interval '1 hour', timestamptz '2024-01-01 00:30Z' + n * interval '1 hour'
	FROM generate_series(1, 5000) AS n CROSS JOIN unnest('{shop,other}'::text[]) AS account;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
	SELECT account_id, conversation_id, no, consumer_id, 'a' || (no * 7 + length(consumer_id)) % 5, 's' || no, opened_at + no * interval '5 minutes'
	FROM goaltracker.conversation CROSS JOIN generate_series(1, 2) AS no;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
	SELECT account_id, conversation_id, 3, consumer_id, 'rare', opened_at FROM goaltracker.conversation WHERE conversation_id = 'k77';
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at)
	SELECT account_id, 'g' || conversation_id, consumer_id, 'x', 'Purchase Event', opened_at + interval '2 days' FROM goaltracker.conversation;
});

# Runs statements and gives the plans of all statements inside them whose text
# matches.
my $has_auto_explain = ($node->psql('postgres', "LOAD 'auto_explain'"))[0] == 0;

sub plans
{
	my ($statements, $text) = @_;
	my $position = -s $node->logfile;
	$node->safe_psql('postgres', qq{
		LOAD 'auto_explain';
		SET auto_explain.log_min_duration = 0;
		SET auto_explain.log_nested_statements = on;
		SET auto_explain.log_level = 'log';
		$statements});
	my $log = slurp_file($node->logfile, $position);
	my @plans = grep { /$text/ } split /^\S.*?LOG:  duration:.*? plan:\n/m, $log;
	# the text of the query is no part of its plan
	s/^.*?\n(?=\t\S.*\(cost=)//s foreach @plans;
	return @plans;
}

my $sort = qr/(-> |\t)(Incremental )?Sort  \(cost/;
my $whole_table = qr/Seq Scan on (conversation|agent_segment|goal_event|touchpoint|goal_outcome) /;

my %stream = (
	conversation => 'Index Only Scan using conversation_by_consumer',
	agent_segment => 'Index Only Scan using agent_segment_by_consumer',
	goal_event => 'Index Scan using goal_event_by_consumer',
	changed_consumer => 'Index Only Scan using changed_consumer_by_consumer');

# A first refresh reads each table of facts, and notes, by a statement of its own.
sub reads_in_order
{
	my ($what, $statements) = @_;
	my @all = plans($statements, qr/\.consumer_id OPERATOR\(pg_catalog\.>\) /);
	foreach my $table (sort keys %stream)
	{
		my @plans = grep { / on $table / } @all;
		isnt(scalar(@plans), 0, "$what: $table: there are plans");
		is(join('', grep { !/$stream{$table}/ } @plans), '', "$what: $table is read by the index");
		is(join('', grep { /$sort/ } @plans), '', "$what: $table comes in order, nothing is sorted");
	}
}

SKIP:
{
	skip 'auto_explain is not installed', 1 unless $has_auto_explain;

	reads_in_order('first refresh of tables never analysed', 'SELECT goaltracker.refresh()');
	$node->safe_psql('postgres', 'VACUUM ANALYZE');
	reads_in_order('rebuild of analysed tables', 'SELECT goaltracker.rebuild()');
	$node->safe_psql('postgres', 'VACUUM ANALYZE');

	# Workers read ranges of consumers, and the outcome is the same.
	$node->safe_psql('postgres', q{
		CREATE TABLE serial_point AS TABLE goaltracker.touchpoint;
		CREATE TABLE serial_outcome AS SELECT to_jsonb(o) - 'updated_at' FROM goaltracker.goal_outcome AS o});
	my @parallel = plans(q{
		SET max_parallel_workers_per_gather = 2;
		SELECT goaltracker.rebuild()}, qr/_fill_rows/);
	isnt(scalar(@parallel), 0, 'parallel rebuild: there is a plan');
	like($_, qr/Parallel Append/, 'parallel rebuild: workers read ranges of consumers') foreach @parallel;
	is($node->safe_psql('postgres', q{
		SELECT count(*) > 0 FROM serial_point
		UNION ALL
		SELECT count(*) = 0 FROM (
			(TABLE serial_point EXCEPT ALL TABLE goaltracker.touchpoint)
			UNION ALL (TABLE goaltracker.touchpoint EXCEPT ALL TABLE serial_point)) AS d
		UNION ALL
		SELECT count(*) = 0 FROM (
			(TABLE serial_outcome EXCEPT ALL SELECT to_jsonb(o) - 'updated_at' FROM goaltracker.goal_outcome AS o)
			UNION ALL (SELECT to_jsonb(o) - 'updated_at' FROM goaltracker.goal_outcome AS o EXCEPT ALL TABLE serial_outcome)) AS d}),
		"t\nt\nt", 'parallel rebuild: the same rows');
	is(($node->psql('postgres', q{
		SELECT count(*) FROM (SELECT goaltracker._fill_rows('shop', '', 'c9', '{}', now()) LIMIT 1) AS chunk}))[2],
		'', 'reading that stops before its end leaves nothing open');
	$node->safe_psql('postgres', 'VACUUM ANALYZE');

	# Some consumers that changed: their facts alone are looked up, in each account.
	my @plans = plans(q{
		UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 hour' WHERE goal_event_id IN ('gk1', 'gk2');
		SELECT goaltracker.refresh()}, qr/\.consumer_id OPERATOR\(pg_catalog\.=\) ANY /);
	foreach my $table (qw(conversation agent_segment goal_event))
	{
		my @of_table = grep { / on $table / } @plans;
		is(scalar(@of_table), 2, "refresh: $table: a plan for each account");
		like($_, qr/Scan (using|on) ${table}_by_consumer.*Index Cond: [^\n]*consumer_id = ANY/s, "refresh: $table: consumers are looked up") foreach @of_table;
	}

	# Whom an agent's user type concerns is found by his segments, not by reading
	# them all.
	@plans = plans(q{
		INSERT INTO goaltracker.agent (account_id, agent_id, user_type) VALUES ('shop', 'rare', 'Bot');
		SELECT goaltracker.refresh()}, qr/INSERT INTO goaltracker\.changed_consumer.*_changed_in_scope/s);
	is(scalar(@plans), 1, 'a changed agent: there is a plan');
	like($plans[0], qr/Scan (using|on) agent_segment_by_agent/, 'a changed agent: his segments are found by the index');
	unlike($plans[0], qr/Seq Scan on (conversation|agent_segment|goal_event) /, 'a changed agent: no table is read from end to end');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM goaltracker.touchpoint WHERE agent_id = 'rare' AND user_type = 'B'}) > 0,
		1, 'a changed agent: and it has come through');
}

# ---------------------------------------------------------------------------
# Reports of some days
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'SELECT goaltracker.refresh()');
$node->safe_psql('postgres', 'VACUUM ANALYZE');

sub executed_plan
{
	my ($set, $query) = @_;
	return $node->safe_psql('postgres', "$set; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) $query");
}

my $days = q{account_id = 'shop' AND conversation_date BETWEEN '2024-02-05' AND '2024-02-07'};
foreach my $view (qw(conversions_by_skill conversions_by_agent conversions_by_account agent_summary credit_facts conversion_grid))
{
	my $query = "SELECT * FROM goaltracker.$view WHERE $days";

	like(executed_plan('SET goaltracker.hour_offset = 0', $query),
		qr/touchpoint_by_date.*\n.*Index Cond: .*conversation_date >= '2024-02-05'::date.*conversation_date <= '2024-02-07'::date/,
		"$view: some days are found by the index");
	like(executed_plan('SET goaltracker.hour_offset = 5.5', $query),
		qr/Filter: .*_local_date\(conversation_date, opened_at, utc_offset\) >= '2024-02-05'::date/,
		"$view: with an hour offset dates are worked out");

	# The same days as numbers, which are the same rows.
	my $numbered = "SELECT * FROM goaltracker.$view WHERE account_id = 'shop' AND date_key BETWEEN 20240205 AND 20240207";
	like(executed_plan('SET goaltracker.hour_offset = 0', $numbered),
		qr/touchpoint_by_date.*\n.*Index Cond: .*conversation_date >= '2024-02-05'::date.*conversation_date < '2024-02-08'::date/,
		"$view: days are found by their numbers too");
	foreach my $offset (0, 5.5)
	{
		is($node->safe_psql('postgres', "SET goaltracker.hour_offset = $offset; SELECT count(*) > 0 FROM ($query) AS d; ($query EXCEPT ALL $numbered) UNION ALL ($numbered EXCEPT ALL $query)"),
			't', "$view: hour offset $offset: days and their numbers are the same");
	}
}

# A prepared plan is right under any settings.
is( $node->safe_psql('postgres', qq{
		SET plan_cache_mode = force_generic_plan;
		SET goaltracker.hour_offset = 0;
		PREPARE days AS SELECT count(*), sum(account_credit), min(agent_id) FROM goaltracker.credit_facts WHERE $days;
		EXECUTE days;
		SET goaltracker.hour_offset = 5.5;
		EXECUTE days;
		SET goaltracker.attribution_model = 'all';
		EXECUTE days;
		SET goaltracker.contribution_window = 1;
		EXECUTE days;}),
	join("\n", map { $node->safe_psql('postgres', "$_; SELECT count(*), sum(account_credit), min(agent_id) FROM goaltracker.credit_facts WHERE $days") } (
		'SET goaltracker.hour_offset = 0',
		'SET goaltracker.hour_offset = 5.5',
		"SET goaltracker.hour_offset = 5.5; SET goaltracker.attribution_model = 'all'",
		"SET goaltracker.hour_offset = 5.5; SET goaltracker.attribution_model = 'all'; SET goaltracker.contribution_window = 1")),
	'a prepared statement follows the settings');

# So is one that was made where the session's settings do not apply, in a
# materialized view, and is used where they do; and the other way round.
foreach my $offset (0, 5.5)
{
	my $counted = $node->safe_psql('postgres', qq{
		SET goaltracker.hour_offset = $offset;
		CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql AS \$\$
		BEGIN
			RETURN (SELECT sum(goal_event_key) FROM goaltracker.credit_facts WHERE $days);
		END \$\$;
		CREATE MATERIALIZED VIEW kept AS SELECT counted() AS counted;
		SELECT counted(), counted FROM kept;
		REFRESH MATERIALIZED VIEW kept;
		SELECT counted FROM kept;
		DROP MATERIALIZED VIEW kept;
		DROP FUNCTION counted;});
	my ($plain, $moved) = map { $node->safe_psql('postgres', "SET goaltracker.hour_offset = $_; SELECT sum(goal_event_key) FROM goaltracker.credit_facts WHERE $days") } (0, $offset);
	is($counted, "$moved|$plain\n$plain", "hour offset $offset: a kept plan is right inside a materialized view and outside");
}
isnt($node->safe_psql('postgres', "SET goaltracker.hour_offset = 5.5; SELECT sum(goal_event_key) FROM goaltracker.credit_facts WHERE $days"),
	$node->safe_psql('postgres', "SELECT sum(goal_event_key) FROM goaltracker.credit_facts WHERE $days"), 'the offset moves something');

isnt($node->safe_psql('postgres', "SELECT count(*) FROM goaltracker.credit_facts WHERE $days"), '0', 'there is something in those days');

$node->stop;
done_testing();
