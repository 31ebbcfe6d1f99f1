
# What several tests share: a database with something in every table, and ways to
# compare two databases.

package Goaltracker;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(@reports @snapshots rows tables reports differences_from_rebuild comparable
  load_example stop_first_refresh leave_pending);

our @reports = map { "goaltracker.$_" }
  qw(conversions_by_skill conversions_by_agent conversions_by_account agent_summary
  conversion_grid credit_facts unattributed_goal_events refresh_status);
our @snapshots = map { "goaltracker.${_}_snapshot" }
  qw(conversions_by_skill conversions_by_agent conversions_by_account agent_summary);

# The rows of relations, in a fixed order: relation => rows, one a line.
sub rows
{
	my ($node, $database, $set, @relations) = @_;
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

# The extension's tables.
sub tables
{
	my ($node, $database) = @_;
	return split /\n/, $node->safe_psql($database, q{
		SELECT c.oid::regclass
		FROM pg_class AS c
		JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
		WHERE e.extname = 'goaltracker' AND c.relkind = 'r' AND c.relname <> '_refresh_turn'
		ORDER BY 1});
}

# All reports under all models, and a window that leaves some out.
sub reports
{
	my ($node, $database) = @_;
	my %reports;
	foreach my $model ('', 'first', 'last', 'all')
	{
		foreach my $window (-1, 1)
		{
			my $set = "SET goaltracker.attribution_model = '$model'; SET goaltracker.contribution_window = $window";
			$reports{"model '$model', window $window"} = rows($node, $database, $set, @reports);
		}
	}
	return \%reports;
}

# What refreshes have written and a rebuild would not, and the reverse; not when they
# have written it.
sub differences_from_rebuild
{
	my ($node, $database) = @_;
	return $node->safe_psql($database, q{
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
		ROLLBACK;});
}

# Rows without the keys and times that a new row and another refresh have of
# their own.
sub comparable
{
	my ($rows) = @_;
	my %comparable;
	foreach my $relation (keys %$rows)
	{
		(my $text = $rows->{$relation}) =~ s/"(goal_event_key|last_refreshed_at|updated_at|updated_at_utc)": ("[^"]*"|\d+)(, )?//g;
		$comparable{$relation} = join("\n", sort split /\n/, $text);
	}
	return \%comparable;
}

# Facts of every kind, imported documents (a conversation with a visitor's id, a web
# session of that visitor, a record that is of no use), a link, and a refresh.
sub load_example
{
	my ($node, $database) = @_;
	$node->safe_psql($database, q{
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

	$node->safe_psql($database, q{
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
		DO $$ BEGIN
			IF to_regrole('manager') IS NULL THEN
				CREATE ROLE manager;
			END IF;
		END $$;
		SELECT goaltracker.restrict_reader('manager', 'shop', 'north');
	});
	$node->safe_psql($database, 'SELECT goaltracker.refresh()');
	return;
}

# The first refresh of an account stops half way; returns its error.
sub stop_first_refresh
{
	my ($node, $database) = @_;
	$node->safe_psql($database, q{
		INSERT INTO goaltracker.conversation (account_id, conversation_id, consumer_id, opened_at)
		SELECT 'half', 'k' || n, 'c' || n, '2024-06-01Z' FROM generate_series(1, 4) AS n;
		INSERT INTO goaltracker.goal_event (account_id, goal_event_id, consumer_id, event_type, reached_at)
		SELECT 'half', 'g' || n, 'c' || n, 'Purchase Event', '2024-06-02Z' FROM generate_series(1, 4) AS n;
		CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$;
		CREATE TRIGGER stop AFTER INSERT ON goaltracker.goal_outcome
			FOR EACH ROW WHEN (NEW.goal_event_id = 'g3') EXECUTE FUNCTION stop();
	});
	my (undef, undef, $stderr) = $node->psql($database, 'CALL goaltracker.refresh_in_batches(1)');
	$node->safe_psql($database, 'DROP TRIGGER stop ON goaltracker.goal_outcome; DROP FUNCTION stop()');
	return $stderr;
}

# Snapshots, then changes of several kinds that wait for a refresh, and an account
# that has never had one.
sub leave_pending
{
	my ($node, $database) = @_;
	$node->safe_psql($database, q{
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
	return;
}

1;
