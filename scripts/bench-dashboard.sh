#!/bin/bash
# make bench-dashboard: how long the dashboard's answers take, on the benchmark's data.
#
#   scripts/bench-dashboard.sh [CONVERSATIONS]
#
# 2500000 conversations (the default) come to a million goal events in 90 days.
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
# shellcheck source=scripts/dashboard-install.sh
. "$here/dashboard-install.sh"
conversations=${1:-2500000}
[[ $conversations =~ ^[1-9][0-9]{3,}$ ]] || fail "The number of conversations is a whole number from 1000."
"$here/packages.sh" npm
check_node
prepare_account
make_work dashboard
trap 'remove_work' EXIT
trap 'exit 1' HUP INT TERM

step "Building goaltracker with $("$PG_CONFIG" --version)"
copy_postgres
build_extension WERROR=0
start_server
stop_server
as_account tee -a data/postgresql.conf >/dev/null <<SETTINGS
shared_buffers = '2GB'
work_mem = '64MB'
maintenance_work_mem = '128MB'
random_page_cost = 1.1
jit = off
max_wal_size = '16GB'
SETTINGS
quietly as_account pg_ctl -D data -l server.log -w start

step "Making and loading $conversations conversations"
as_account mkdir files
quietly as_account createdb generated
quietly as_account psql -X -q -v ON_ERROR_STOP=1 -v n="$conversations" -v dir="$work/files" -d generated -f src/bench/sql/generate.sql
quietly as_account dropdb generated
quietly as_account createdb goaltracker
quietly as_account psql -X -q -v ON_ERROR_STOP=1 -v dir="$work/files" -d goaltracker \
	-c 'CREATE EXTENSION goaltracker' -f src/bench/sql/dimensions.sql -f src/bench/sql/load.sql -c 'VACUUM ANALYZE'
quietly as_account psql -X -q -d goaltracker -c 'SELECT FROM goaltracker.refresh()' -c 'VACUUM ANALYZE'
make_reader goaltracker

step "Installing the dashboard's packages"
install_dashboard "$top/build/dashboard-test"
as_account mkdir dashboard
tar -C "$top/build/dashboard-test" -cf - . | as_account tar -xf - --no-same-owner -C dashboard
as_account env PGDATABASE=goaltracker node dashboard/test/timing.mjs brand-4711 2024-12-31 2025-04-29
