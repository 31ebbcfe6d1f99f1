
# refresh_in_batches() stopped in each of its batches, one after the other: those
# before it stay, it and those behind it wait, and the next call goes on.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../soak";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Soak;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('batches_stopped');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nautovacuum = off\ntimezone = UTC\n");
$node->start;
create_checks($node);
create_load_account($node);
$node->safe_psql('postgres', q{
	CREATE EXTENSION goaltracker;
	SELECT load_account('shop', 8);

	-- a refresh fails at the consumer who is in here
	CREATE TABLE stumbling_block (consumer_id text);
	CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
	BEGIN
		IF EXISTS (SELECT FROM public.stumbling_block AS b WHERE b.consumer_id = NEW.consumer_id) THEN
			RAISE EXCEPTION 'stumbled';
		END IF;
		RETURN NULL;
	END $$;
	CREATE TRIGGER stumble AFTER INSERT OR UPDATE ON goaltracker.goal_outcome FOR EACH ROW EXECUTE FUNCTION stumble();
});

sub value_of
{
	my ($query) = @_;
	return $node->safe_psql('postgres', $query);
}

# $done: what tells outcomes that are up to date
sub stop_in_each_batch
{
	my ($what, $done) = @_;
	foreach my $n (1 .. 8)
	{
		value_of("INSERT INTO stumbling_block VALUES ('c$n')");
		my (undef, undef, $errors) = $node->psql('postgres', 'CALL goaltracker.refresh_in_batches(1)');
		value_of('TRUNCATE stumbling_block');
		like($errors, qr/ERROR:  stumbled/, "$what: stopped in batch $n");
		is(value_of("SELECT coalesce(string_agg(DISTINCT consumer_id, ' '), 'none') FROM goaltracker.goal_outcome WHERE $done"),
			join(' ', map { "c$_" } 1 .. $n - 1) || 'none', "$what: the batches before it are done");
		is(value_of('SELECT pending_consumers FROM goaltracker.refresh_status'), 9 - $n, "$what: the others wait");
		is(wrong_rows($node, 0), '', "$what: what is done is right");
	}
	value_of('CALL goaltracker.refresh_in_batches(1)');
	is(value_of('SELECT pending_consumers FROM goaltracker.refresh_status'), '0', "$what: then it goes through");
	is(wrong_rows($node), '', "$what: rebuild() changes nothing");
	return;
}

stop_in_each_batch('first refresh', 'true');
value_of(q{UPDATE goaltracker.goal_event SET reached_at = reached_at + interval '1 hour'});
stop_in_each_batch('backlog', q{reached_at::time = '13:00'});

$node->stop;
done_testing();
