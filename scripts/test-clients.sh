#!/bin/bash
# make test-clients: reads the demo's reports with psql, JDBC, ODBC, psycopg2 and SQLAlchemy,
# over TCP and with a password, and compares what they show of every public view (columns,
# types, comments, rows) with what the server has; runs the SQL of doc/bi.md.  Ends with
# one line "N passed, N failed".  Installs Debian's packages of these clients.
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
passed=0
failed=1						# until there is something to test

finish()
{
	[ -z "${work:-}" ] || remove_work
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
	exit 0
}

# with WHAT COMMAND...: a client, which speaks TAP.
with()
{
	local log status=0 good bad

	step "$1"
	shift
	log=$(mktemp)
	as_account "${as_analyst[@]}" "$@" >"$log" 2>&1 || status=1
	good=$(grep -c '^ok ' "$log") || :
	bad=$(grep -c '^not ok ' "$log") || :
	# What broke without a verdict is a failure too.
	if ! grep -q '^1\.\.' "$log" || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
		bad=$((bad + 1))
	fi
	if [ "$bad" -gt 0 ]; then
		grep -v '^ok ' "$log" || :
	else
		echo "$good ok"
	fi
	rm -f "$log"
	passed=$((passed + good))
	failed=$((failed + bad))
}

trap finish EXIT
trap 'exit 1' HUP INT TERM
"$here/packages.sh" clients
prepare_account
make_work clients

step "Building goaltracker with $("$PG_CONFIG" --version)"
copy_postgres
build_extension WERROR=0
# Here, the port is one that clients can connect to.
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start_server
stop_server
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
as_account tee -a data/postgresql.conf >/dev/null <<-SETTINGS
	listen_addresses = '127.0.0.1'
	password_encryption = 'scram-sha-256'
SETTINGS
as_account tee data/pg_hba.conf >/dev/null <<-RULES
	local all postgres trust
	host goaltracker analyst 127.0.0.1/32 scram-sha-256
RULES
quietly as_account pg_ctl -D data -l server.log -w start
quietly as_account createdb goaltracker
quietly as_account psql -X -q -v ON_ERROR_STOP=1 -d goaltracker -c "CREATE ROLE analyst LOGIN PASSWORD '$password'"
quietly as_account env -C src/demo psql -X -q -v ON_ERROR_STOP=1 -d goaltracker -f ../test/clients/load.sql
as_account psql -X -v ON_ERROR_STOP=1 -d goaltracker -f src/test/clients/expected.sql >"$work/expected.tsv" ||
	exit 1						# the last line not into the file
chmod a+r "$work/expected.tsv"
failed=0

as_analyst=(env PGHOST=127.0.0.1 PGUSER=analyst "PGPASSWORD=$password" PGDATABASE=goaltracker PYTHONDONTWRITEBYTECODE=1)
clients=$work/src/test/clients
with "Comments and types" /usr/bin/python3 "$clients/catalog.py" "$work/expected.tsv"
with "psql" /usr/bin/python3 "$clients/with_psql.py" "$work/expected.tsv"
with "JDBC" java -cp /usr/share/java/postgresql.jar "$clients/WithJdbc.java" "$work/expected.tsv"
with "ODBC" /usr/bin/python3 "$clients/with_odbc.py" "$work/expected.tsv"
with "psycopg2" /usr/bin/python3 "$clients/with_psycopg2.py" "$work/expected.tsv"
with "SQLAlchemy" /usr/bin/python3 "$clients/with_sqlalchemy.py" "$work/expected.tsv"
with "doc/bi.md" /usr/bin/python3 "$clients/recipes.py" "$work/src/doc/bi.md"
