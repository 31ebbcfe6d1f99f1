#!/usr/bin/perl

# Imports documents that have come to harm, in the database that PGDATABASE and
# the like name, which has the extension:
#
#   a record of a page changed (values retyped, parts left out or repeated, huge
#   numbers, times beyond all limits, escapes that jsonb refuses, nested deep),
#   among records that are good: those must all go in, and the changed one go in
#   or leave a row with a reason in import_problem;
#   the text of a page changed (truncated, characters changed, wrong encoding):
#   what is no JSON leaves a row in import_problem.
#
# Whatever it is, the import raises no error.  Each document has an account of
# its own.  GOALTRACKER_SEED repeats a run, GOALTRACKER_DOCUMENTS is the number
# of documents, GOALTRACKER_MEGABYTES the size of the largest one.

use strict;
use warnings;
no warnings 'recursion';		# documents are nested deep on purpose

use JSON::PP;

my $seed = $ENV{GOALTRACKER_SEED} // int(rand(2**31));
my $documents = $ENV{GOALTRACKER_DOCUMENTS} // 1000;
my $megabytes = $ENV{GOALTRACKER_MEGABYTES} // 100;
my $batch = 1000;
srand($seed);
print "# documents: GOALTRACKER_SEED=$seed GOALTRACKER_DOCUMENTS=$documents\n";

# ---------------------------------------------------------------------------
# Documents.  A leaf is its JSON text, so that it can be what no parser gives.
# ---------------------------------------------------------------------------

my $start = 1780308000000;		# 2026-06-01 10:00 UTC

sub conversation
{
	my ($id) = @_;
	my $text = qq({
		"info": {"conversationId": "$id", "startTimeL": $start, "endTimeL": @{[$start + 3600000]}, "status": "CLOSE",
			"closeReason": "AGENT", "latestSkillId": 12, "latestSkillName": "Sales", "visitorId": "v $id", "source": "APP"},
		"campaign": {"campaignId": 7, "campaignName": "Summer", "campaignEngagementId": "71", "campaignEngagementName": "Banner"},
		"dialogs": [{"dialogId": "$id", "dialogType": "MAIN", "startTimeL": $start, "endTimeL": @{[$start + 3000000]}, "skillId": 12},
			{"dialogId": "$id s", "dialogType": "POST_SURVEY", "startTimeL": @{[$start + 3000000]}, "endTimeL": @{[$start + 3600000]}}],
		"consumerParticipants": [{"participantId": "c $id", "timeL": $start}],
		"agentParticipants": [
			{"agentId": "B", "agentNickname": "Bot", "userType": "2", "agentGroupId": 3, "agentGroupName": "Floor",
				"timeL": $start, "permission": "ASSIGNED_AGENT", "dialogId": "$id"},
			{"agentId": "A", "agentNickname": "Ann", "userType": 1, "timeL": @{[$start + 60000]},
				"permission": "ASSIGNED_AGENT", "dialogId": "$id"}],
		"transfers": [{"timeL": @{[$start + 60000]}, "reason": "Skill", "sourceAgentId": "B", "assignedAgentId": "A",
			"dialogId": "$id", "sourceSkillId": 11, "targetSkillId": 12, "targetSkillName": "Sales"}],
		"messageRecords": [
			{"sentBy": "Consumer", "participantId": "c $id", "timeL": @{[$start + 70000]}, "seq": 1, "dialogId": "$id"},
			{"sentBy": "Agent", "participantId": "A", "timeL": @{[$start + 80000]}, "seq": 2, "dialogId": "$id"}],
		"sdes": {"events": [{"sdeType": "PURCHASE", "serverTimeStamp": "@{[$start + 90000]}",
			"purchase": {"total": 99.5, "currency": "USD", "orderId": "o $id", "originalTimeStamp": @{[$start + 90000]}}}]}
	});
	return leaves(decode_json($text));
}

sub web_session
{
	my ($id) = @_;
	my $text = qq({"body": {"WebSessionGoalAchievedData": {
		"header": {"VisitorHeader": {"visitId": {"string": "s $id"}, "visitorId": {"string": "v $id"}}},
		"achievedGoals": {"array": [{"id": {"string": "$id"}, "timestamp": {"long": $start},
			"campaignGoalId": {"long": 77}, "goalMetaData": {"PurchaseMetadata":
				{"total": {"double": 12.5}, "orderId": {"string": "o $id"}}}}]}}}});
	return leaves(decode_json($text));
}

sub leaves
{
	my ($value) = @_;
	return { map { $_ => leaves($value->{$_}) } keys %$value } if ref $value eq 'HASH';
	return [ map { leaves($_) } @$value ] if ref $value eq 'ARRAY';
	return JSON::PP->new->allow_nonref->ascii->canonical->encode($value);
}

sub text_of
{
	my ($value) = @_;
	return '{' . join(', ', map { JSON::PP->new->allow_nonref->ascii->encode($_) . ': ' . text_of($value->{$_}) } sort keys %$value) . '}'
		if ref $value eq 'HASH';
	return '[' . join(', ', map { text_of($_) } @$value) . ']' if ref $value eq 'ARRAY';
	return $value;
}

# ---------------------------------------------------------------------------
# Harm
# ---------------------------------------------------------------------------

my @values = (
	'null', 'true', '{}', '[]', '""', '" "', '"null"', '"undefined"', '-1', '"-1"', '0', '1.5', '"1e10"', '"x"',
	'[[]]', '[null]', '{"": null}', '{"long": 1}', '{"string": {"string": "x"}}', '{"array": [{}]}',
	'1e400', '-1e400', '1e131071', '-1e-16383', '1e131072', '99999999999999999999999999', '9999999999999999.99994999',
	'9999999999999999.99995', '9223372036854775807', '-9223372036854775808', '2147483648', '1e308', '1e309',
	'253402300799999', '"253402300799999.9999"', '-210866803200000', '-210866803200001', '8210266876799999',
	'8210266876800000', '9223371331200000', '"-infinity"', '"infinity"', '"NaN"', '"9999-12-31T23:59:59Z"', '"-"', '"+.e5"',
	'"\u0000"', '"a\u0000b"', '"\ud800"', '"\udc00x"', '"\ud83d\ude00"', '"\\\\u0000"', '"\u20ac"',
	'"' . ('x' x 255) . '"', '"' . ('x' x 256) . '"', '"' . ('\u00e9' x 128) . '"', '"' . ('7' x 70) . '"',
	'"' . ('long ' x 2000) . '"', '"ASSIGNED_AGENT"', '"AGENT"', '"OPEN"', '"POST_SURVEY"', '"LEAD"', '"SERVICE_ACTIVITY"');

sub any { return $_[ int(rand(@_)) ] }

sub nested
{
	my ($depth) = @_;
	return ('[' x $depth) . (']' x $depth) if rand() < 0.5;
	return ('{"a":' x $depth) . '1' . ('}' x $depth);
}

# All places of a tree: [container, key or number].
sub places
{
	my ($value, @found) = @_;
	my @keys = ref $value eq 'HASH' ? sort keys %$value : ref $value eq 'ARRAY' ? 0 .. $#$value : ();
	for my $key (@keys)
	{
		push @found, [ $value, $key ];
		push @found, places(ref $value eq 'HASH' ? $value->{$key} : $value->[$key]);
	}
	return @found;
}

sub harm_tree
{
	my ($tree) = @_;
	for (1 .. any(1, 1, 1, 2, 3, 6))
	{
		my @places = places($tree) or return;
		my ($container, $key) = @{ any(@places) };
		my $slot = ref $container eq 'HASH' ? \$container->{$key} : \$container->[$key];
		my $what = rand();
		if ($what < 0.55) { $$slot = any(@values) }
		elsif ($what < 0.62) { $$slot = nested(any(3, 50, 500)) }
		elsif ($what < 0.63) { $$slot = nested(10000) }
		elsif ($what < 0.75) { ref $container eq 'HASH' ? delete $container->{$key} : splice(@$container, $key, 1) }
		elsif ($what < 0.85) { $$slot = [ $$slot, $$slot ] }
		elsif ($what < 0.9) { $$slot = { any('string', 'long', 'a') => $$slot } }
		else
		{
			my ($other, $other_key) = @{ any(@places) };
			$$slot = copy_of(ref $other eq 'HASH' ? $other->{$other_key} : $other->[$other_key]);
		}
	}
}

# Leaves are copied as they are written: read as numbers, those beyond a double
# would come back as Inf, which makes the whole document no JSON.
sub copy_of
{
	my ($value) = @_;
	return { map { $_ => copy_of($value->{$_}) } keys %$value } if ref $value eq 'HASH';
	return [ map { copy_of($_) } @$value ] if ref $value eq 'ARRAY';
	return $value;
}

sub harm_text
{
	my ($text, $bytes) = @_;
	for (1 .. any(1, 1, 2, 5))
	{
		my $at = int(rand(length($text) + 1));
		my $what = rand();
		if ($what < 0.3) { $text = substr($text, 0, $at) }
		elsif ($what < 0.6 || !$bytes) { substr($text, $at, any(0, 1, 1, 5)) = any('"', '{', '}', '[', ']', ',', ':', '\\', '\u0000', 'x', ' ', '-', '1') if $at < length($text) }
		else { substr($text, $at, 1) = chr(128 + int(rand(128))) if $at < length($text) }
	}
	return $text;
}

# ---------------------------------------------------------------------------
# The database
# ---------------------------------------------------------------------------

sub psql
{
	my ($sql) = @_;
	my $pid = open(my $psql, '-|') // die "cannot start psql: $!";
	if (!$pid)
	{
		open(my $in, '-|') || do { binmode STDOUT; print $sql; exit 0 };
		open(STDIN, '<&', $in);
		exec('psql', '-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-f', '-');
	}
	local $/;
	my $answer = <$psql> // '';
	close($psql) or die "psql failed\n";
	$answer =~ s/\n\z//;
	return $answer;
}

sub copy_text
{
	my ($text) = @_;
	$text =~ s/\\/\\\\/g;
	$text =~ s/\n/\\n/g;
	$text =~ s/\t/\\t/g;
	$text =~ s/\r/\\r/g;
	return $text;
}

my $bytes = psql('SHOW server_encoding') eq 'SQL_ASCII';

psql(q{
	CREATE TABLE IF NOT EXISTS harmed (account text PRIMARY KEY, kind text, harm text, good integer, document text,
		loaded integer, goal_events integer, skipped integer, error text);
	CREATE OR REPLACE PROCEDURE import_harmed() LANGUAGE plpgsql AS $$
	DECLARE
		h harmed;
	BEGIN
		FOR h IN SELECT * FROM harmed WHERE loaded IS NULL AND error IS NULL LOOP
			BEGIN
				IF h.kind = 'conversations' THEN
					SELECT conversations, i.goal_events, i.skipped INTO h.loaded, h.goal_events, h.skipped
					FROM goaltracker.import_conversations(h.account, h.document) AS i;
				ELSE
					SELECT i.goal_events, i.goal_events, i.skipped INTO h.loaded, h.goal_events, h.skipped
					FROM goaltracker.import_web_sessions(h.account, h.document) AS i;
				END IF;
			EXCEPTION WHEN OTHERS THEN
				h.error := SQLSTATE || ' ' || SQLERRM;
			END;
			UPDATE harmed SET loaded = h.loaded, goal_events = h.goal_events, skipped = h.skipped, error = h.error
			WHERE account = h.account;
		END LOOP;
	END
	$$});

my @kinds = ('conversations', 'conversations', 'conversations', 'web sessions');
my $account = 0;
my $failures = 0;

sub document
{
	my $kind = any(@kinds);
	my $name = sprintf('%s-%d-%d', $bytes ? 'b' : 'u', $seed, ++$account);
	my $make = $kind eq 'conversations' ? \&conversation : \&web_session;
	my @records = map { $make->("good $_") } 1 .. 3;
	my $harm = rand() < 0.75 ? 'record' : 'text';
	my $list = $kind eq 'conversations' ? 'conversationHistoryRecords' : 'recordCollection';

	if ($harm eq 'record')
	{
		my $bad = $make->('bad');
		harm_tree($bad);
		splice(@records, int(rand(4)), 0, $bad);
	}
	my $text = rand() < 0.7 ? text_of({ $list => \@records }) : text_of(\@records);
	$text = harm_text($text, $bytes) if $harm eq 'text';
	return join("\t", map { copy_text($_) } $name, $kind, $harm, $harm eq 'record' ? 3 : 0, $text) . "\n";
}

# What must not be, among the documents of this batch; a row each.
my $findings = q{
	SELECT concat_ws(' ', h.account, h.harm, f.what, left(h.document, 2000))
	FROM harmed AS h
	CROSS JOIN LATERAL (
		SELECT 'raised ' || h.error AS what WHERE h.error IS NOT NULL
		UNION ALL
		SELECT 'lost a good record'
		WHERE h.error IS NULL AND h.good > (CASE h.kind
			WHEN 'conversations' THEN (SELECT count(*) FROM goaltracker.conversation AS c
				JOIN goaltracker.agent_segment AS s USING (account_id, conversation_id)
				JOIN goaltracker.goal_event AS g ON g.account_id = c.account_id AND g.brand_event_id = 'o ' || c.conversation_id
				WHERE c.account_id = h.account AND c.conversation_id LIKE 'good _' AND s.segment_no = 2)
			ELSE (SELECT count(*) FROM goaltracker.goal_event AS g
				WHERE g.account_id = h.account AND g.goal_event_id LIKE 'good _') END)
		UNION ALL
		SELECT 'left out a record in silence'
		WHERE h.error IS NULL AND h.kind = 'conversations' AND h.harm = 'record' AND h.skipped = 0
			AND NOT EXISTS (SELECT FROM goaltracker.conversation AS c
				WHERE c.account_id = h.account AND c.conversation_id NOT LIKE 'good _')
		UNION ALL
		SELECT 'left out a document in silence'
		WHERE h.error IS NULL AND h.loaded = 0 AND h.skipped = 0 AND h.kind = 'conversations'
			AND left(regexp_replace(h.document, '\s', '', 'g'), 2) <> '[]'
		UNION ALL
		SELECT 'counted ' || h.skipped || ' refusals and recorded ' || count(*)
		FROM goaltracker.import_problem AS p
		WHERE p.account_id = h.account AND p.reason <> ''
		HAVING h.error IS NULL AND count(*) <> h.skipped
	) AS f
	ORDER BY h.account};

my ($loaded, $refused) = (0, 0);
for (my $done = 0; $done < $documents; $done += $batch)
{
	my $n = $documents - $done < $batch ? $documents - $done : $batch;
	my $rows = join('', map { document() } 1 .. $n);
	my $answer = psql(($bytes ? '' : "SET client_encoding = 'UTF8';\n")
		. "TRUNCATE harmed;\nCOPY harmed (account, kind, harm, good, document) FROM STDIN;\n$rows\\.\n"
		. "CALL import_harmed();\n$findings;\n"
		. q{SELECT '=', sum(loaded), sum(skipped) FROM harmed;});
	for my $line (split /\n/, $answer)
	{
		if ($line =~ /^=\|(\d*)\|(\d*)$/) { $loaded += $1 || 0; $refused += $2 || 0; next }
		$failures++;
		print "not as it should be: $line\n" if $failures <= 5;
	}
}

# ---------------------------------------------------------------------------
# One document of many megabytes: a good record beside one of that size
# ---------------------------------------------------------------------------
my $large = psql(qq{
	SELECT conversations, skipped FROM goaltracker.import_conversations('large-$seed', format('[%s, %s, %s]',
		\$j\$@{[text_of(conversation('good 1'))]}\$j\$,
		'{"info": {"conversationId": "large"}, "x": "' || repeat('x', $megabytes * 500000) || '"}',
		'{"info": {"conversationId": "zero"}, "x": "' || repeat('\\u0000', $megabytes * 500000 / 6) || '"}'))});
if ($large ne '1|2')
{
	print "not as it should be: document of $megabytes MB: $large\n";
	$failures++;
}

my $answer = psql(qq{
	SELECT conversations, skipped FROM goaltracker.import_conversations('deep-$seed', format('[%s, %s]',
		\$j\$@{[text_of(conversation('good 1'))]}\$j\$, repeat('[', 100000) || repeat(']', 100000)))});
if ($answer ne '1|1')
{
	print "not as it should be: record nested 100000 deep: $answer\n";
	$failures++;
}

printf "%-28s %9d documents: %d records taken, %d refused, %d findings\n",
	$bytes ? 'documents in SQL_ASCII' : 'documents', $documents, $loaded, $refused, $failures;
exit($failures > 0);
