#!/bin/bash
# make demo: from a checkout to the report, on a server of its own.
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
"$here/packages.sh"

# Whatever an earlier demo left, running or not, makes way: the same output
# every time.
"$here/demo-stop.sh" --quiet
prepare_account
make_work demo
echo "$work" >"$top/build/demo"
trap 'stop_server; echo "The demo failed; see above." >&2' EXIT

step "Building goaltracker with $("$PG_CONFIG" --version)"
copy_postgres
build_extension WERROR=0
step "Starting a private server in $work"
start_server
quietly as_account createdb goaltracker
as_account env -C src/demo psql -X -q -v ON_ERROR_STOP=1 -d goaltracker -f load.sql -f report.sql
trap - EXIT

cat <<END

The server keeps running. Connect to it, and stop it, with

psql -h $work -p $port -U postgres -d goaltracker
make -C '$top' demo-stop

See the report in a browser:

make -C '$top' dashboard
END
