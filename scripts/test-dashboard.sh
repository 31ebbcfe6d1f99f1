#!/bin/bash
# make test-dashboard: the dashboard on a private server, asked by HTTP and by a real browser,
# compared with SQL.  Ends with one line "N passed, N failed".
#
# GOALTRACKER_SEED=N      repeats a run
# DASHBOARD_IMAGES=1      renews the screenshots in doc/images
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
# shellcheck source=scripts/dashboard-install.sh
. "$here/dashboard-install.sh"
passed=0
failed=1						# until there is something to test

finish()
{
	[ -z "${work:-}" ] || remove_work
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
	exit 0
}

trap finish EXIT
trap 'exit 1' HUP INT TERM
"$here/packages.sh" npm chromium
check_node
prepare_account
make_work dashboard

step "Building goaltracker with $("$PG_CONFIG" --version)"
copy_postgres
build_extension WERROR=0
start_server
quietly as_account createdb goaltracker
quietly as_account env -C src/demo psql -X -q -v ON_ERROR_STOP=1 -d goaltracker -f load.sql
make_reader goaltracker

step "Installing the dashboard's packages"
install_dashboard "$top/build/dashboard-test"
as_account mkdir dashboard images
tar -C "$top/build/dashboard-test" -cf - . | as_account tar -xf - --no-same-owner -C dashboard

failed=0
for file in "$top"/dashboard/test/*.test.mjs; do
	name=$(basename "$file")
	step "$name"
	status=0
	log=$(mktemp)
	as_account env PGDATABASE=goaltracker PGDATA="$work/data" DASHBOARD_TEST_IMAGES="$work/images" \
		CHROMIUM="$(command -v chromium)" node --test-reporter=tap --test "dashboard/test/$name" 2>&1 | tee "$log" |
		grep -vE '^ +(---|\.\.\.|duration_ms.*|type: .*)$' || :
	[ "${PIPESTATUS[0]}" -eq 0 ] || status=1
	good=$(grep -cE '^ok ' "$log") || :
	bad=$(grep -cE '^not ok ' "$log") || :
	# a file that died without a verdict is a failure too
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$((good + bad))" -gt 0 ] || bad=1
	rm -f "$log"
	passed=$((passed + good))
	failed=$((failed + bad))
done
if [ -n "${DASHBOARD_IMAGES:-}" ]; then
	mkdir -p "$top/doc/images"
	cp "$work"/images/*.png "$top/doc/images/"
fi
[ "$failed" -eq 0 ] || cp -r "$work/images" "$work/server.log" "$top/build/" 2>/dev/null || :
