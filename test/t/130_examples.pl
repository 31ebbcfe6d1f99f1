
# examples/ and every command of doc/loading.md, as they stand there; and the loop over
# pages with names and documents that are not as nice.

use strict;
use warnings;

use Cwd;
use File::Copy;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = Cwd::abs_path("$FindBin::RealBin/../..");
my $node = PostgreSQL::Test::Cluster->new('examples');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\ntimezone = UTC\n");
$node->start;

# Like a checkout; the commands may write into it.
my $checkout = PostgreSQL::Test::Utils::tempdir();
system('cp', '-R', "$top/examples", "$top/demo", $checkout) == 0 or die 'cp';
chdir $checkout or die $!;
delete @ENV{qw(PGPASSWORD PGSERVICE PGOPTIONS)};
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGUSER} = $node->safe_psql('postgres', 'SELECT current_user');
$ENV{PGCLIENTENCODING} = 'UTF8';

# Runs a command in a database; returns its exit code, what it wrote, and errors.
sub run_in
{
	my ($database, @command) = @_;
	local $ENV{PGDATABASE} = $database;
	my ($stdout, $stderr);
	IPC::Run::run(\@command, '>', \$stdout, '2>', \$stderr);
	return ($? >> 8, $stdout, $stderr);
}

sub sql { return $node->safe_psql(@_) }

# ---------------------------------------------------------------------------
# doc/loading.md, from its beginning to its end
# ---------------------------------------------------------------------------

sql('postgres', 'CREATE DATABASE shop');
sql('shop', 'CREATE EXTENSION goaltracker');
sql('postgres', 'CREATE DATABASE crm');
sql('crm', q{
	CREATE TABLE orders (order_no text, customer text, placed_at timestamptz, total numeric, currency text, changed_at timestamptz);
	INSERT INTO orders VALUES ('6001', 'ana', '2025-06-06 12:00Z', 20, 'EUR', '2025-06-06 12:00Z'),
		('6002', 'nobody', '2025-06-06 13:00Z', 30, 'EUR', '2025-06-06 13:00Z')});

my $text = slurp_file("$top/doc/loading.md");
my $block = 0;
my $written = '';
while ($text =~ /^```(\w+)\n(.*?)^```$/msg)
{
	my ($kind, $body) = ($1, $2);
	if ($kind eq 'text')
	{
		is($written, "$body\n", "block $block writes what the page says");
		next;
	}
	$block++;
	my ($first) = $body =~ /^(.{1,50})/;
	write_file('block.sql', $body);
	my ($status, $stdout, $stderr) = run_in('shop',
		$kind eq 'sh' ? ('bash', '-e', '-c', $body) : ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', 'block.sql'));
	$written = $stdout;
	is($status, 0, "block $block ($kind: $first) runs");
	is($stderr, '', "block $block says nothing on the side");
}
cmp_ok($block, '>=', 11, 'the page has blocks');

sub write_file
{
	my ($name, $content) = @_;
	open my $file, '>:raw', $name or die "$name: $!";
	print $file $content;
	close $file or die $!;
}

# What they have loaded
is(sql('shop', q{
		SELECT string_agg(n::text, ' ' ORDER BY no) FROM (
			SELECT 1, count(*) FROM goaltracker.account WHERE account_id = 'harbour-books'
			UNION ALL SELECT 2, count(*) FROM goaltracker.skill WHERE account_id = 'harbour-books'
			UNION ALL SELECT 3, count(*) FROM goaltracker.agent WHERE account_id = 'harbour-books'
			UNION ALL SELECT 4, count(*) FROM goaltracker.agent_group WHERE account_id = 'harbour-books'
			UNION ALL SELECT 5, count(*) FROM goaltracker.agent_group_membership WHERE account_id = 'harbour-books'
			UNION ALL SELECT 6, count(*) FROM goaltracker.campaign WHERE account_id = 'harbour-books'
			UNION ALL SELECT 7, count(*) FROM goaltracker.engagement WHERE account_id = 'harbour-books'
			UNION ALL SELECT 8, count(*) FROM goaltracker.goal WHERE account_id = 'harbour-books'
			UNION ALL SELECT 9, count(*) FROM goaltracker.conversation WHERE account_id = 'harbour-books'
			UNION ALL SELECT 10, count(*) FROM goaltracker.agent_segment WHERE account_id = 'harbour-books'
			UNION ALL SELECT 11, count(*) FROM goaltracker.goal_event WHERE account_id = 'harbour-books') AS t (no, n)}),
	'1 4 6 3 4 1 2 4 7 14 12', 'rows of each table: the files\' and what the blocks add');
is(sql('shop', q{SELECT agent_name, user_type FROM goaltracker.agent WHERE account_id = 'harbour-books' ORDER BY agent_id}),
	qq{Inês|Human\nTom "Tomé" Reis|Human\nRui Costa|Human\nSara|Human\nPage|Bot\nSurvey|Bot}, 'names come as they are written, and are updated');
is(sql('shop', q{SELECT agent, agent_group, conversion_grid.transaction_value FROM goaltracker.conversion_grid WHERE goal_event_id = 'e-6'}),
	'Tom "Tomé" Reis|Customer care|110.0000', 'the corrected order counts for the group of that day');
is(sql('shop', q{SELECT reached_at, transaction_value FROM goaltracker.goal_event WHERE goal_event_id = 'order-5010'}),
	'2025-06-14 17:30:00+00|1024.5000', 'a file of another shape: Lisbon\'s time, a decimal comma');
is(sql('shop', q{SELECT goal_event_id, agent, conversation FROM goaltracker.conversion_grid WHERE goal_event_id LIKE 'crm-%'}),
	'crm-6001|Rui|k-04' =~ s/Rui/Rui Costa/r, 'an order of the other database earns its credit');
is(sql('shop', q{SELECT goal_event_id, reason FROM goaltracker.unattributed_goal_events WHERE account_id = 'harbour-books' ORDER BY 1}),
	"crm-6002|self-serve\ne-2|duplicate\ne-7|self-serve", 'what is in no report, and why');
is(sql('shop', q{SELECT count(*) FROM goaltracker.conversation WHERE account_id = 'fern-and-kettle'}), '11', 'the pages\' conversations');
is(sql('shop', 'SELECT sum(pending_consumers) FROM goaltracker.refresh_status'), '0', 'nothing waits');
is(join(' ', sort map { s/.*\///r } glob('pages/imported/*')), 'conversations-1.json conversations-2.json conversations-3.json', 'pages were moved');

# ---------------------------------------------------------------------------
# Once more: what has not changed is left alone
# ---------------------------------------------------------------------------

# Runs a command of examples/; the consumers that changed, as its refresh found.
sub consumers_changed
{
	my ($what, @command) = @_;
	sql('shop', 'SELECT goaltracker.refresh()');
	my $before = sql('shop', 'SELECT coalesce(max(refresh_no), 0) FROM goaltracker.refresh_log');
	my ($status, undef, $stderr) = run_in('shop', 'bash', '-e', '-c', join(' ', @command));
	is("$status $stderr", '0 ', "$what runs again");
	return sql('shop', "SELECT coalesce(sum(consumers), 0) FROM goaltracker.refresh_log WHERE refresh_no > $before");
}

my $fdw = 'psql -X -q -v ON_ERROR_STOP=1 -v host="$PGHOST" -v port="$PGPORT" -v dbname=crm -v user="$PGUSER" -f examples/fdw.sql 2>/dev/null';
is(consumers_changed('upsert.sql', 'cd examples && psql -X -q -v ON_ERROR_STOP=1 -f upsert.sql'), '0', 'the same files change nothing');
is(consumers_changed('fdw.sql', $fdw), '0', 'the same orders change nothing');
sql('crm', q{UPDATE orders SET total = 25, changed_at = '2025-06-07Z' WHERE order_no = '6001';
	INSERT INTO orders VALUES ('6003', 'bruno', '2025-06-07 10:00Z', 5, 'EUR', '2025-06-07 10:00Z'), ('6004', 'bruno', '2025-06-07 10:00Z', 5, 'EUR', '2025-06-01Z')});
is(consumers_changed('fdw.sql', $fdw), '2', 'an order that changed, and one that is new');
is(sql('shop', q{SELECT string_agg(goal_event_id || ' ' || transaction_value, ', ' ORDER BY goal_event_id) FROM goaltracker.goal_event WHERE goal_event_id LIKE 'crm-%'}),
	'crm-6001 25.0000, crm-6002 30.0000, crm-6003 5.0000', 'and nothing older than what was read');

# A file that cannot be loaded leaves nothing behind.
sql('postgres', 'CREATE DATABASE broken');
sql('broken', 'CREATE EXTENSION goaltracker');
append_to_file('examples/csv/goal_event.csv', "harbour-books,bad,ana,,Purchase,2025-06-02 09:31+00,,,,,,,\n");
my ($status, undef, $stderr) = run_in('broken', 'bash', '-c', 'cd examples && psql -X -q -v ON_ERROR_STOP=1 -f load.sql');
is($status, 3, 'a bad file: an error');
like($stderr, qr/Purchase.*line 10/s, 'that names the value and the line');
is(sql('broken', 'SELECT count(*) FROM goaltracker.account'), '0', 'nothing is loaded');

# ---------------------------------------------------------------------------
# Pages
# ---------------------------------------------------------------------------

my $page = slurp_file('demo/documents/conversations-1.json');
mkdir 'odd' or die $!;
foreach my $name (q{a page's "first" $(touch hacked) `touch hacked`.json}, '-rf.json', "line\nbreak.json", "\\d+ %s 'é'.json")
{
	write_file("odd/$name", $page);
}
write_file('odd/cut.json', substr($page, 0, 2000));
write_file('odd/empty.json', '');
write_file('odd/latin.json', $page . "\xff\xfe");
write_file('odd/quotes.json', $page =~ s/"source": "WEB"/"source": "O'B\\\\\\"rien :account \${HOME}"/r);
write_file('odd/notes.txt', 'no page');
mkdir 'odd/folder.json' or die $!;
sub import_pages { return run_in('broken', 'bash', 'examples/import-pages.sh', @_) }
my ($stdout);
($status, $stdout, $stderr) = import_pages("it's :an \"account\"", 'conversations', 'odd');
is($status, 1, 'some files could not be imported: the script ends with 1');
like($stderr, qr/odd\/latin\.json: not imported/, 'bytes that are no UTF-8: named');
like($stderr, qr/odd\/folder\.json: not imported/, 'a folder: named');
is(() = $stderr =~ /: not imported/g, 2, 'no other');
like($stdout, qr/odd\/-rf\.json: \(\d+,\d+,\d+,\d+\)/, 'what came of a page');
is(() = $stdout =~ /\((\d+,){3}\d+\)$/mg, 7, 'every other file was imported, the bad documents as problems');
ok(!-e 'hacked', 'names are names');
is(sql('broken', q{SELECT count(*) > 0, count(DISTINCT account_id), min(account_id) FROM goaltracker.conversation}), q{t|1|it's :an "account"}, 'into the account');
is(sql('broken', q{SELECT count(*) FROM goaltracker.import_problem WHERE record_id IS NULL}), '2', 'what is no JSON is among the problems');
is(sql('broken', q{SELECT count(*) > 0 FROM goaltracker.refresh_log}), 't', 'and refreshed');
($status, $stdout) = import_pages('--move', 'sessions', 'web-sessions', 'demo/documents');
is($status, 0, 'web sessions');
is(join(' ', sort map { s/.*\///r } glob('demo/documents/imported/*')), 'conversations-1.json conversations-2.json conversations-3.json web-sessions.json', 'are moved');
is((import_pages('a', 'conversations', 'nowhere'))[0], 2, 'no such folder');
is((import_pages('a', 'something', 'odd'))[0], 2, 'no such kind');
is((import_pages('a'))[0], 2, 'arguments are missing');
{
	local $ENV{PGPORT} = 1;
	is((import_pages('a', 'conversations', 'odd'))[0], 1, 'no server');
}

# ---------------------------------------------------------------------------
# Schedules of the system: the commands of the units and of the lines for cron
# ---------------------------------------------------------------------------

my %unit = map { s/.*\///r => slurp_file($_) } glob('examples/systemd/*');
is(join(' ', sort keys %unit), join(' ', map { ("goaltracker-$_\@.service", "goaltracker-$_\@.timer") } qw(refresh snapshots)), 'the units');
# what waits, and how old the snapshots are
my $state = q{SELECT sum(pending_consumers), (SELECT min(taken_at) FROM goaltracker.conversions_by_agent_snapshot) > timestamptz 'T' FROM goaltracker.refresh_status};
sub refreshes
{
	my ($what, @commands) = @_;
	my $before = sql('shop', 'SELECT clock_timestamp()');
	sql('shop', "UPDATE goaltracker.goal_event SET reached_at = reached_at WHERE consumer_id = 'ana'");
	foreach (@commands)
	{
		my ($status, undef, $stderr) = run_in('shop', 'bash', '-c', $_);
		is("$status $stderr", '0 ', "$what: $_");
	}
	is(sql('shop', $state =~ s/'T'/'$before'/r), '0|t', "$what refresh reports and snapshots");
}
refreshes('services', map { /^ExecStart=\/usr\/bin\/(.*)$/m } map { $unit{$_} } sort grep { /service/ } keys %unit);
refreshes('lines for cron', map { s/\/tmp/$checkout/gr } slurp_file("$top/doc/scheduling.md") =~ /^[*\d\/]+ \* \* \* \* postgres (flock .*)$/mg);

SKIP:
{
	skip 'there is no systemd-analyze', 2 if system('command -v systemd-analyze >/dev/null') != 0;
	mkdir 'units' or die $!;
	write_file('units/' . s/@/\@shop/r, $unit{$_}) foreach keys %unit;
	my ($status, undef, $stderr) = run_in('shop', 'systemd-analyze', 'verify', glob('units/*'));
	is($status, 0, 'systemd takes the units');
	is($stderr, '', 'and finds nothing to say');
}

chdir $top;
$node->stop;
done_testing();
