
# pg_dump and restore of a database with data: everything comes back, reports
# read the same before any refresh, and refresh() goes on where it was.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\n");
$node->start;

my @reports = map { "goaltracker.$_" }
  qw(conversions_by_skill conversions_by_agent conversions_by_account agent_summary
  conversion_grid credit_facts unattributed_goal_events refresh_status);
my @snapshots = map { "goaltracker.${_}_snapshot" }
  qw(conversions_by_skill conversions_by_agent conversions_by_account agent_summary);

# The rows of relations, in a fixed order: relation => rows, one a line.
sub rows
{
	my ($database, $set, @relations) = @_;
	my $script = "\\set QUIET on\n$set;\n";
	$script .= "SELECT '$_', (to_jsonb(r) - 'taken_at')::text COLLATE \"C\" FROM $_ AS r ORDER BY 2;\n" foreach @relations;
	my %rows = map { $_ => '' } @relations;
	foreach (split /\n/, $node->safe_psql($database, $script))
	{
		my ($relation, $row) = split /\|/, $_, 2;
		$rows{$relation} .= "$row\n";
	}
	return \%rows;
}

# All reports under all models, and a window that leaves some out.
sub reports
{
	my ($database) = @_;
	my %reports;
	foreach my $model ('', 'first', 'last', 'all')
	{
		foreach my $window (-1, 1)
		{
			my $set = "SET goaltracker.attribution_model = '$model'; SET goaltracker.contribution_window = $window";
			$reports{"model '$model', window $window"} = rows($database, $set, @reports);
		}
	}
	return \%reports;
}

# What refreshes have written and a rebuild would not, and the reverse.
sub differences_from_rebuild
{
	my ($database) = @_;
	return $node->safe_psql($database, q{
		\set QUIET on
		BEGIN;
		CREATE TEMPORARY TABLE point AS TABLE goaltracker.touchpoint;
		CREATE TEMPORARY TABLE outcome AS TABLE goaltracker.goal_outcome;
		\o /dev/null
		SELECT FROM goaltracker.rebuild();
		\o
		(TABLE point EXCEPT ALL TABLE goaltracker.touchpoint)
		UNION ALL (TABLE goaltracker.touchpoint EXCEPT ALL TABLE point);
		(TABLE outcome EXCEPT ALL TABLE goaltracker.goal_outcome)
		UNION ALL (TABLE goaltracker.goal_outcome EXCEPT ALL TABLE outcome);
		ROLLBACK;});
}

# ---------------------------------------------------------------------------
# A database with something in every table
# ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', q{
	CREATE EXTENSION goaltracker;

	INSERT INTO goaltracker.account (account_id, account_name, attribution_model, contribution_window, time_zone, duration_bounds)
	VALUES ('shop', 'The shop', 'all', 14, 'Australia/Lord_Howe', '{00:01,01:00}');
	INSERT INTO goaltracker.account (account_id, credited_user_types) VALUES ('late', '{Human}');
	INSERT INTO goaltracker.skill VALUES ('shop', 'sales', 'Sales');
	INSERT INTO goaltracker.agent VALUES ('shop', 'bob', 'Bob', 'bob@shop', 'Human', false),
		('shop', 'hal', 'Hal', NULL, 'Bot', false), ('shop', 'poll', 'Poll', NULL, 'Bot', true);
	INSERT INTO goaltracker.agent_group VALUES ('shop', 'north', 'North', NULL);
	INSERT INTO goaltracker.agent_group_membership VALUES ('shop', 'bob', 'north', '[2024-01-01,2025-01-01)');
	INSERT INTO goaltracker.campaign VALUES ('shop', 'spring', 'Spring');
	INSERT INTO goaltracker.engagement VALUES ('shop', 'banner', 'Banner', 'spring');
	INSERT INTO goaltracker.goal VALUES ('shop', 'order', 'An order', 'Sell Product/Service');

	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at, closed_at, source, engagement_id)
	SELECT 'shop', 'k' || n, 'c' || n % 7, timestamptz '2024-06-01 23:00Z' + n * interval '7 hours',
		timestamptz '2024-06-02 01:00Z' + n * interval '7 hours', 'WEB', 'banner'
	FROM generate_series(1, 40) AS n;
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, skill_id, assigned_at, ended_at, agent_messages)
	SELECT account_id, conversation_id, no, consumer_id, (ARRAY['hal', 'bob', 'poll'])[no], CASE no WHEN 2 THEN 'sales' END,
		opened_at + no * interval '10 minutes', opened_at + (no + 1) * interval '10 minutes', no
	FROM goaltracker.conversation CROSS JOIN generate_series(1, 3) AS no;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, goal_id, event_type, reached_at, transaction_value, currency, brand_event_id)
	SELECT 'shop', 'g' || n, 'c' || n % 9, CASE WHEN n % 2 = 0 THEN 'order' END, 'Purchase Event',
		timestamptz '2024-06-02 12:00Z' + n * interval '13 hours', n + 0.5, CASE n % 3 WHEN 0 THEN 'EUR' END, 'order-' || n % 20
	FROM generate_series(1, 30) AS n;

	-- a conversation that is going on; of the future, so that the time assigned until now is 0 whenever now is
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
	VALUES ('shop', 'going on', 'c1', '2100-01-01Z');
	INSERT INTO goaltracker.agent_segment (account_id, conversation_id, segment_no, consumer_id, agent_id, assigned_at)
	VALUES ('shop', 'going on', 1, 'c1', 'bob', '2100-01-01Z');
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	VALUES ('shop', 'going on', 'c1', 'Lead Event', '2100-03-01Z');
});

# Imported documents: a conversation with a visitor's id, a web session of that
# visitor, and a record that is of no use.
$node->safe_psql('shop', q{
	SELECT goaltracker.import_conversations('imported', jsonb '{"conversationHistoryRecords": [
		{"info": {"conversationId": "k1", "startTimeL": 1717236000000, "endTimeL": 1717239600000, "status": "CLOSE",
			"closeReason": "AGENT", "source": "WEB", "latestSkillId": 7, "latestSkillName": "Sales", "visitorId": "visitor"},
		"campaign": {"campaignId": 1, "campaignName": "Spring", "campaignEngagementId": 2, "campaignEngagementName": "Banner"},
		"consumerParticipants": [{"participantId": "ann", "timeL": 1717236000000}],
		"agentParticipants": [{"agentId": "bob", "agentNickname": "Bob", "userType": "1", "timeL": 1717236060000,
			"permission": "ASSIGNED_AGENT", "dialogId": "k1", "agentGroupId": 5, "agentGroupName": "North"}],
		"messageRecords": [], "transfers": [],
		"dialogs": [{"dialogId": "k1", "dialogType": "MAIN", "startTimeL": 1717236000000, "endTimeL": 1717239600000}]},
		{"info": "no record at all"}]}');
	SELECT goaltracker.import_web_sessions('imported', jsonb '{"recordCollection": [{"body": {
		"com.liveperson.dataaccess.WebSessionGoalAchievedData": {
			"header": {"com.liveperson.dataaccess.VisitorHeader": {"visitId": {"string": "w"}, "visitorId": {"string": "visitor"}}},
			"achievedGoals": {"array": [{"id": {"string": "g1"}, "timestamp": {"long": 1717322400000}, "campaignGoalId": {"long": 3},
				"goalMetaData": {"com.liveperson.dataaccess.PurchaseMetadata": {"total": {"double": 9.5}, "orderId": {"string": "o1"}}}}]}}}}]}');
	SELECT goaltracker.link_consumer('shop', 'somebody', 'c1');
});
$node->safe_psql('shop', 'SELECT goaltracker.refresh()');

# The first refresh of an account that stops half way.
$node->safe_psql('shop', q{
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
	SELECT 'half', 'k' || n, 'c' || n, '2024-06-01Z' FROM generate_series(1, 4) AS n;
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	SELECT 'half', 'g' || n, 'c' || n, 'Purchase Event', '2024-06-02Z' FROM generate_series(1, 4) AS n;
	CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$;
	CREATE TRIGGER stop AFTER INSERT ON goaltracker.goal_outcome
		FOR EACH ROW WHEN (NEW.goal_event_id = 'g3') EXECUTE FUNCTION stop();
});
my ($status, undef, $stderr) = $node->psql('shop', 'CALL goaltracker.refresh_in_batches(1)');
like($stderr, qr/stopped/, 'a first refresh is stopped half way');
$node->safe_psql('shop', 'DROP TRIGGER stop ON goaltracker.goal_outcome; DROP FUNCTION stop()');

# The snapshots, then changes of several kinds that wait for a refresh, and an
# account that has never had one.
$node->safe_psql('shop', q{
	SELECT goaltracker.refresh_snapshots();
	UPDATE goaltracker.agent_segment SET agent_id = 'ute' WHERE account_id = 'shop' AND conversation_id = 'k7';
	DELETE FROM goaltracker.goal_event WHERE account_id = 'shop' AND goal_event_id = 'g3';
	UPDATE goaltracker.goal SET goal_type = 'Other' WHERE account_id = 'shop';
	UPDATE goaltracker.agent SET user_type = 'System' WHERE agent_id = 'hal';
	INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
	VALUES ('shop', 'g-somebody', 'somebody', 'Purchase Event', '2024-06-09Z'),
		('late', 'g1', 'c1', 'Purchase Event', '2024-06-09Z');
	INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
	VALUES ('late', 'k1', 'c1', '2024-06-08Z');
});

my @tables = split /\n/, $node->safe_psql('shop', q{
	SELECT c.oid::regclass
	FROM pg_class AS c
	JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'goaltracker' AND c.relkind = 'r' AND c.relname <> '_refresh_turn'
	ORDER BY 1});
cmp_ok(scalar(@tables), '>=', 18, 'the extension has tables');

# ---------------------------------------------------------------------------
# Dump and restore
# ---------------------------------------------------------------------------

my $tables = rows('shop', '', @tables);
isnt($tables->{$_}, '', "there is something in $_") foreach @tables;
my $snapshots = rows('shop', '', @snapshots);
my $reports = reports('shop');
isnt($snapshots->{$_}, '', "there is something in $_") foreach @snapshots;
my $directory = $node->basedir;
my @pending = split /\n/, $node->safe_psql('shop',
	'SELECT account_id FROM goaltracker.refresh_status WHERE pending_consumers > 0 ORDER BY 1');
is("@pending", 'half late shop', 'what is pending');

# What is pending is told apart: restoring has noted more.
sub without_status
{
	my ($reports) = @_;
	return { map { my $set = $_;
		$set => { map { $_ => $reports->{$set}->{$_} } grep { !/refresh_status/ } keys %{ $reports->{$set} } }
	} keys %$reports };
}

sub restored_ok
{
	my ($database) = @_;

	# Loading the rows notes changes once more; no note that was there is lost.
	my $restored = rows($database, '', @tables);
	foreach my $table (@tables)
	{
		if ($table =~ /\.changed_/)
		{
			my %there = map { $_ => 1 } split /\n/, $restored->{$table};
			is(join("\n", grep { !$there{$_} } split /\n/, $tables->{$table}), '', "$database: notes in $table");
		}
		else
		{
			is($restored->{$table}, $tables->{$table}, "$database: rows of $table");
		}
	}
	is_deeply(rows($database, '', @snapshots), $snapshots, "$database: snapshots");
	is_deeply(without_status(reports($database)), without_status($reports), "$database: reports");
	is($node->safe_psql($database, q{
			SELECT string_agg(account_id, ' ' ORDER BY account_id) FROM goaltracker.refresh_status
			WHERE pending_consumers > 0 AND account_id IN ('half', 'late', 'shop')}),
		'half late shop', "$database: what is pending");

	# New rows get keys that no row has had.
	foreach my $key ('goal_event.goal_event_key', 'agent_segment.segment_key', 'import_problem.import_problem_no')
	{
		my ($table, $column) = split /\./, $key;
		is($node->safe_psql($database, qq{
				SELECT nextval(pg_get_serial_sequence('goaltracker.$table', '$column')) > max($column)
				FROM goaltracker.$table}), 't', "$database: $key continues");
	}
}

sub goes_on
{
	my ($database) = @_;
	$node->safe_psql($database, q{
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		VALUES ('shop', 'new', 'c2', 'Purchase Event', '2024-06-10Z');
		SELECT goaltracker.refresh();
		SELECT goaltracker.refresh_snapshots()});
	is($node->safe_psql($database, 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'),
		'0', "$database: nothing is pending after refresh()");
	is($node->safe_psql($database, q{SELECT count(*) > 0 FROM goaltracker.conversion_grid WHERE goal_event_id = 'new'}),
		't', "$database: refresh() brings what is new");
	is($node->safe_psql($database, q{SELECT consumer_id FROM goaltracker.goal_event WHERE goal_event_id = 'g-somebody'}),
		'c1', "$database: refresh() moves what was loaded under an alias");
	is(differences_from_rebuild($database), '', "$database: rebuild() changes nothing");
	return;
}

# Rows without the keys and times that a new row and another refresh have of
# their own.
sub comparable
{
	my ($rows) = @_;
	my %comparable;
	foreach my $relation (keys %$rows)
	{
		(my $text = $rows->{$relation}) =~ s/"(goal_event_key|last_refreshed_at)": ("[^"]*"|\d+)(, )?//g;
		$comparable{$relation} = join("\n", sort split /\n/, $text);
	}
	return \%comparable;
}

sub final_state
{
	my ($database) = @_;
	return comparable(rows($database, "SET goaltracker.attribution_model = 'all'", @reports, @snapshots));
}

my @restores = (
	{
		name => 'plain',
		dump => [],
		restore => sub { [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $_[1], '-d', $_[0] ] }
	},
	{
		name => 'inserts',
		dump => ['--inserts'],
		restore => sub { [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $_[1], '-d', $_[0] ] }
	},
	{
		name => 'custom',
		dump => [ '--format', 'custom' ],
		restore => sub { [ 'pg_restore', '--exit-on-error', '--jobs', '2', '-d', $_[0], $_[1] ] }
	});

foreach my $way (@restores)
{
	my $database = "restored_$way->{name}";
	my $file = "$directory/$way->{name}.dump";
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->command_ok([ 'pg_dump', @{ $way->{dump} }, '--file', $file, 'shop' ], "pg_dump ($way->{name})");
	$node->command_ok($way->{restore}->($database, $file), "restore ($way->{name})");
	restored_ok($database);
}

goes_on($_) foreach 'shop', map { "restored_$_->{name}" } @restores;
my $afterwards = final_state('shop');
is_deeply(final_state("restored_$_->{name}"), $afterwards, "restored_$_->{name}: reports and snapshots after refresh()")
  foreach @restores;

$node->stop;
done_testing();
