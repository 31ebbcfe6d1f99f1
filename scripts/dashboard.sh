#!/bin/bash
# make dashboard: the dashboard on the demo's database, in the foreground.  Starts the demo, if it
# is not running.  DASHBOARD_PORT=... chooses the port (default 8765).
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
# shellcheck source=scripts/dashboard-install.sh
. "$here/dashboard-install.sh"
"$here/packages.sh" npm
check_node

is_running()
{
	[ -s "$top/build/demo" ] && work=$(cat "$top/build/demo") && [ -S "$work/.s.PGSQL.$port" ] &&
		[ -e "$work/data/postmaster.pid" ]
}

prepare_account
if ! is_running; then
	step "Starting the demo"
	"$here/demo.sh" >"$top/build/demo.log" 2>&1 || { cat "$top/build/demo.log" >&2; exit 1; }
	is_running
fi
work=$(cat "$top/build/demo")
pg_bin=$(echo "$work"/pg/usr/lib/postgresql/*/bin)
[ -d "$pg_bin" ] || pg_bin=$(dirname "$(find "$work/pg" -name psql -path '*/bin/*' | head -n 1)")
make_reader goaltracker

step "Installing the dashboard's packages"
install_dashboard "$top/build/dashboard" --omit=dev
# The account that runs it may not be able to reach the checkout.
as_account rm -rf dashboard
as_account mkdir dashboard
tar -C "$top/build/dashboard" -cf - . | as_account tar -xf - --no-same-owner -C dashboard

dates=$(as_account psql -X -A -t -F ' ' -d goaltracker -c "
	SELECT greatest(min(conversation_date), max(conversation_date) - 59), max(conversation_date)
	FROM goaltracker.credit_facts")
DASHBOARD_PORT=${DASHBOARD_PORT:-8765}
cat <<END

The example is of June 2025. Open

http://localhost:$DASHBOARD_PORT/?from=${dates% *}&to=${dates#* }

Ctrl-C stops the dashboard; the demo's server keeps running (make demo-stop).
END
mapfile -t own < <(env | grep '^DASHBOARD_')
as_account env "${own[@]}" DASHBOARD_PORT="$DASHBOARD_PORT" PGUSER=dashboard PGDATABASE=goaltracker \
	node dashboard/server.mjs
