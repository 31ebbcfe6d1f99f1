
# What the tests under load and under faults share: an account's worth of
# traffic for pgbench, and the comparison of what refreshes have written with a
# rebuild.

package Soak;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(%load %weight create_checks create_load_account create_world seeded wrong_rows);

# The seed of a test, printed so that a run can be repeated.
sub seeded
{
	my ($rounds) = @_;
	my $seed = $ENV{GOALTRACKER_SEED} // int(rand(900_000));
	diag("GOALTRACKER_SEED=$seed" . (defined $rounds ? ", $rounds rounds" : ''));
	srand($seed);
	return $seed;
}

# ---------------------------------------------------------------------------
# What is there, against a rebuild
# ---------------------------------------------------------------------------

# wrong_rows(true): rows that refreshes have left and a rebuild would not, and the
# reverse.  wrong_rows(false): the same without consumers that still wait for a
# refresh, for a refresh that was stopped.
sub create_checks
{
	my ($node) = @_;
	$node->safe_psql('postgres', q{
	CREATE FUNCTION wrong_rows(finished boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
	BEGIN
		-- outcomes without the time at which they were written
		IF to_regclass('outcome_now') IS NULL THEN
			EXECUTE (SELECT 'CREATE VIEW outcome_now AS SELECT ' || string_agg(quote_ident(attname), ', ' ORDER BY attnum)
					|| ' FROM goaltracker.goal_outcome'
				FROM pg_attribute
				WHERE attrelid = 'goaltracker.goal_outcome'::regclass AND attnum > 0 AND NOT attisdropped
					AND attname <> 'updated_at');
		END IF;
		CREATE TEMPORARY TABLE point ON COMMIT DROP AS TABLE goaltracker.touchpoint;
		CREATE TEMPORARY TABLE outcome ON COMMIT DROP AS TABLE outcome_now;
		CREATE TEMPORARY TABLE waiting ON COMMIT DROP AS
		SELECT account_id, consumer_id, consumer_id AS up_to FROM goaltracker.changed_consumer WHERE NOT finished
		-- what came under an alias is its consumer's, who has no note yet
		UNION ALL SELECT account_id, a.consumer_id, a.consumer_id
		FROM goaltracker.changed_consumer AS c JOIN goaltracker.consumer_alias AS a USING (account_id)
		WHERE a.alias = c.consumer_id AND NOT finished
		UNION ALL SELECT account_id, '', NULL FROM goaltracker.changed_scope WHERE NOT finished
		UNION ALL SELECT account_id, done_to, NULL FROM goaltracker._first_refresh WHERE NOT finished;
		PERFORM goaltracker.rebuild();
		RETURN QUERY
		WITH wrong_point AS (
			SELECT 'surplus' AS what, p AS r, p.account_id, p.goal_event_key
			FROM (TABLE point EXCEPT ALL TABLE goaltracker.touchpoint) AS p
			UNION ALL
			SELECT 'lacking', p, p.account_id, p.goal_event_key
			FROM (TABLE goaltracker.touchpoint EXCEPT ALL TABLE point) AS p
		), wrong AS (
			SELECT w.what, w.r::text AS r, w.account_id, o.consumer_id
			FROM wrong_point AS w LEFT JOIN outcome AS o USING (account_id, goal_event_key)
			WHERE w.what = 'surplus'
			UNION ALL
			SELECT w.what, w.r::text, w.account_id, o.consumer_id
			FROM wrong_point AS w LEFT JOIN outcome_now AS o USING (account_id, goal_event_key)
			WHERE w.what = 'lacking'
			UNION ALL
			SELECT 'surplus', o::text, o.account_id, o.consumer_id
			FROM (TABLE outcome EXCEPT ALL TABLE outcome_now) AS o
			UNION ALL
			SELECT 'lacking', o::text, o.account_id, o.consumer_id
			FROM (TABLE outcome_now EXCEPT ALL TABLE outcome) AS o
		)
		SELECT w.what || ' ' || w.r FROM wrong AS w
		WHERE NOT EXISTS (
			SELECT FROM waiting AS n
			WHERE coalesce(n.account_id = w.account_id, true)
				AND w.consumer_id >= n.consumer_id AND (w.consumer_id <= n.up_to OR n.up_to IS NULL));
	END $$;});
	return;
}

# Those rows, '' if there are none; what the rebuild wrote is rolled back.
sub wrong_rows
{
	my ($node, $finished) = @_;
	$finished = ($finished // 1) ? 'true' : 'false';
	return $node->safe_psql('postgres', "BEGIN; SELECT * FROM wrong_rows($finished) LIMIT 20; ROLLBACK;");
}

# load_account(): consumers with three conversations, nine segments and three goal
# events each, for an account.
sub create_load_account
{
	my ($node) = @_;
	$node->safe_psql('postgres', q{
	CREATE FUNCTION load_account(account text, consumers integer) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		SELECT account, format('k%s-%s', n, m), 'c' || n, timestamptz '2024-06-01Z' + m * interval '1 day',
			timestamptz '2024-06-01 10:00Z' + m * interval '1 day'
		FROM generate_series(1, consumers) AS n CROSS JOIN generate_series(1, 3) AS m;
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
		SELECT account, format('k%s-%s', n, m), no, 'c' || n, 'a' || (n + no) % 5, 's' || no % 2,
			timestamptz '2024-06-01Z' + m * interval '1 day' + no * interval '1 hour'
		FROM generate_series(1, consumers) AS n CROSS JOIN generate_series(1, 3) AS m CROSS JOIN generate_series(1, 3) AS no;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at, transaction_value)
		SELECT account, format('g%s-%s', n, m), 'c' || n, 'Purchase Event', timestamptz '2024-06-02 12:00Z' + m * interval '1 day', n
		FROM generate_series(1, consumers) AS n CROSS JOIN generate_series(1, 3) AS m;
	END $$;});
	return;
}

# ---------------------------------------------------------------------------
# A world for traffic
# ---------------------------------------------------------------------------

# The extension, facts that traffic passes on, and check_reports(), with which
# readers find out whether reports agree.
sub create_world
{
	my ($node) = @_;
	$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;

	-- Goal events that only ever go from one consumer to another, each of whom has
	-- a conversation in their reach: all of them are in the reports at any time.
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
	SELECT 'passing', 'k' || n, 'p' || n, '2024-06-01 10:00Z', '2024-06-01 11:00Z' FROM generate_series(0, 9) AS n;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
	SELECT 'passing', 'k' || n, no, 'p' || n, 'a' || (n + no) % 4, 's' || no % 2, '2024-06-01 10:10Z'
	FROM generate_series(0, 9) AS n CROSS JOIN generate_series(1, 3) AS no;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	SELECT 'passing', 'g' || n, 'p' || n % 10, 'Purchase Event', '2024-06-02 10:00Z' FROM generate_series(0, 29) AS n;
	SELECT goaltracker.refresh();

	-- raises what does not agree; one statement, one snapshot
	CREATE FUNCTION check_reports(all_passing boolean) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		found record;
	BEGIN
		WITH grid AS MATERIALIZED (
			SELECT account_id, goal_event_key, agent_id, account_credit, goals_reached FROM goaltracker.conversion_grid
		)
		SELECT (SELECT sum(account_credit) FROM grid) AS grid_brand,
			(SELECT sum(goals_reached) FROM goaltracker.conversions_by_account) AS by_account,
			(SELECT sum(account_credit) FROM goaltracker.credit_facts) AS facts_brand,
			(SELECT sum(goals_reached) FROM grid) AS grid_agent,
			(SELECT sum(goals_reached) FROM goaltracker.conversions_by_agent) AS by_agent,
			(SELECT sum(goals_reached) FROM goaltracker.agent_summary) AS summary,
			(SELECT count(DISTINCT goal_event_key) FROM grid) AS in_grid,
			(SELECT count(*) FROM goaltracker.unattributed_goal_events) AS unattributed,
			(SELECT count(*) FROM goaltracker.goal_outcome) AS outcomes,
			(SELECT count(DISTINCT goal_event_key) FROM grid WHERE account_id = 'passing') AS passing
		INTO found;
		IF found.grid_brand <> found.by_account OR found.grid_brand <> found.facts_brand
			OR found.grid_agent <> found.by_agent OR found.grid_agent <> found.summary
			OR found.grid_brand <> found.in_grid
			OR found.in_grid + found.unattributed <> found.outcomes
			OR (all_passing AND found.passing <> 30)
		THEN
			RAISE EXCEPTION 'reports do not agree: %', found;
		END IF;
	END $$;
	});
	create_checks($node);
	return;
}

# ---------------------------------------------------------------------------
# Scripts for pgbench.  Each transaction takes rows in the order conversation,
# segments, goal events, so that loads do not block each other in a circle.
# ---------------------------------------------------------------------------

our %load = (
	insert => q{
		\set c random(0, 60)
		\set k random(0, 1000000000)
		\set day random(0, 40)
		BEGIN;
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at)
		VALUES ('shop', 'k' || :k, 'c' || :c, timestamptz '2024-06-01Z' + :day * interval '1 day', timestamptz '2024-06-02Z' + :day * interval '1 day')
		ON CONFLICT DO NOTHING;
		INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at)
		SELECT 'shop', 'k' || :k, n, 'c' || :c, 'a' || (:k + n) % 5, 's' || n % 2, timestamptz '2024-06-01Z' + (:day * 24 + n) * interval '1 hour'
		FROM generate_series(1, 3) AS n
		ON CONFLICT DO NOTHING;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, transaction_value, brand_event_id)
		VALUES ('shop', 'g' || :k, 'c' || :c, 'x', 'Purchase Event', timestamptz '2024-06-03Z' + :day * interval '1 day', :day, 'order-' || :c % 7)
		ON CONFLICT DO NOTHING;
		COMMIT;},
	upsert => q{
		\set c random(0, 60)
		\set g random(0, 200)
		\set day random(0, 40)
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('shop', 'u' || :g, 'c' || :c, 'Lead Event', timestamptz '2024-06-03Z' + :day * interval '1 day')
		ON CONFLICT (account_id, goal_event_id) DO UPDATE SET reached_at = EXCLUDED.reached_at, consumer_id = EXCLUDED.consumer_id;},
	segment => q{
		\set a random(0, 5)
		UPDATE goaltracker.agent_segment SET agent_id = 'a' || :a, ended_at = assigned_at + interval '10 minutes'
		WHERE segment_key = (SELECT segment_key FROM goaltracker.agent_segment WHERE account_id = 'shop' ORDER BY random() LIMIT 1);},
	close => q{
		UPDATE goaltracker.conversation SET closed_at = opened_at + random() * interval '3 days'
		WHERE account_id = 'shop' AND conversation_id = (
			SELECT conversation_id FROM goaltracker.conversation WHERE account_id = 'shop' ORDER BY random() LIMIT 1);},
	move => q{
		\set c random(0, 60)
		UPDATE goaltracker.conversation SET consumer_id = 'c' || :c
		WHERE account_id = 'shop' AND conversation_id = (
			SELECT conversation_id FROM goaltracker.conversation WHERE account_id = 'shop' ORDER BY random() LIMIT 1);},
	pass => q{
		\set g random(0, 29)
		\set p random(0, 9)
		UPDATE goaltracker.goal_event SET consumer_id = 'p' || :p WHERE account_id = 'passing' AND goal_event_id = 'g' || :g;},
	delete => q{
		BEGIN;
		SELECT coalesce((SELECT conversation_id FROM goaltracker.conversation
			WHERE account_id = 'shop' ORDER BY random() LIMIT 1), 'none') AS k \gset
		DELETE FROM goaltracker.conversation WHERE account_id = 'shop' AND conversation_id = ':k';
		DELETE FROM goaltracker.agent_segment WHERE account_id = 'shop' AND conversation_id = ':k';
		DELETE FROM goaltracker.goal_event WHERE account_id = 'shop' AND goal_event_id = replace(':k', 'k', 'g');
		COMMIT;},
	slow => q{
		\set c random(0, 60)
		\set g random(0, 1000000000)
		BEGIN;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('shop', 's' || :g, 'c' || :c, 'Goal Achieved', '2024-06-20Z') ON CONFLICT DO NOTHING;
		\sleep 50 ms
		UPDATE goaltracker.goal_event SET topic = 'late' WHERE account_id = 'shop' AND goal_event_id = 's' || :g;
		COMMIT;},
	agent => q{
		\set a random(0, 5)
		\set t random(0, 3)
		INSERT INTO goaltracker.agent (account_id, agent_id, user_type, is_post_survey_bot)
		VALUES ('shop', 'a' || :a, (ARRAY['Human', 'Bot', 'System', 'Bot'])[:t + 1], :t = 3)
		ON CONFLICT (account_id, agent_id) DO UPDATE SET user_type = EXCLUDED.user_type, is_post_survey_bot = EXCLUDED.is_post_survey_bot;},
	goal => q{
		\set t random(0, 2)
		INSERT INTO goaltracker.goal (account_id, goal_id, goal_type)
		VALUES ('shop', 'x', (ARRAY['Other', 'Generate Leads', 'Sell Product/Service'])[:t + 1])
		ON CONFLICT (account_id, goal_id) DO UPDATE SET goal_type = EXCLUDED.goal_type;},
	account => q{
		\set t random(0, 3)
		INSERT INTO goaltracker.account (account_id, credited_user_types, time_zone, max_touchpoints, attribution_model)
		VALUES ('shop', CASE :t WHEN 0 THEN ARRAY['Human'] ELSE ARRAY['Human', 'Bot', 'System'] END,
			(ARRAY['UTC', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/New_York'])[:t + 1], :t,
			(ARRAY['first', 'last', 'all', 'all'])[:t + 1])
		ON CONFLICT (account_id) DO UPDATE SET credited_user_types = EXCLUDED.credited_user_types,
			time_zone = EXCLUDED.time_zone, max_touchpoints = EXCLUDED.max_touchpoints, attribution_model = EXCLUDED.attribution_model;},
	account_gone => q{DELETE FROM goaltracker.account WHERE account_id = 'shop';},
	new_account => q{
		\set n random(0, 1000000000)
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('shop ' || :n % 20, 'g' || :n, 'c', 'Purchase Event', '2024-06-03Z') ON CONFLICT DO NOTHING;
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
		VALUES ('shop ' || :n % 20, 'k' || :n, 'c', '2024-06-02Z') ON CONFLICT DO NOTHING;},
	alias => q{
		\set v random(100, 160)
		\set g random(0, 1000000000)
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('shop', 'v' || :g, 'c' || :v, 'Purchase Event', '2024-06-03Z') ON CONFLICT DO NOTHING;},
	link => q{
		\set v random(100, 160)
		SELECT goaltracker.link_consumer('shop', 'c' || :v, 'c' || :v - 100);});

our %weight = (insert => 20, upsert => 10, segment => 10, close => 6, move => 8, pass => 20, delete => 6,
	slow => 4, agent => 3, goal => 2, account => 2, account_gone => 1, new_account => 4, alias => 6, link => 2);

1;
