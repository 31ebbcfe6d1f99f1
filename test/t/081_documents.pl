
# Documents that have come to harm: no import fails, no good record is lost,
# every refusal is recorded (see test/fuzz/documents.pl; "make fuzz" tries
# a hundred thousand).  GOALTRACKER_SEED repeats a run.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('documents');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\n");
$node->start;

my $seed = $ENV{GOALTRACKER_SEED} // int(rand(2**31));
for my $encoding ('UTF8', 'SQL_ASCII')
{
	my $database = lc "documents_$encoding";
	$node->safe_psql('postgres', "CREATE DATABASE $database ENCODING '$encoding' TEMPLATE template0");
	$node->safe_psql($database, 'CREATE EXTENSION goaltracker');
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => $database,
		GOALTRACKER_SEED => $seed, GOALTRACKER_DOCUMENTS => 500, GOALTRACKER_MEGABYTES => 10);
	my $output = qx{perl test/fuzz/documents.pl 2>&1};
	is($?, 0, "documents of GOALTRACKER_SEED=$seed in $encoding") or diag($output);
	note($output);
}

done_testing();
