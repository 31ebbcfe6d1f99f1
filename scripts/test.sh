#!/bin/bash
# make test: builds with warnings as errors and our own assertions, runs
# pg_regress, isolation and TAP tests on a server of their own, and ends with
# one line "N passed, N failed".  What failed leaves its files in build/failed.
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
passed=0
failed=1						# until there is a server to test

finish()
{
	[ -z "${work:-}" ] || remove_work
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
	exit 0
}

# run KIND VARIABLE...: one kind of test, the variables being those that turn
# the other two off.  Each file of pg_regress and isolation is a test, and each
# assertion of TAP; PostgreSQL 16 and later speak TAP everywhere.
run()
{
	local log status=0 good bad

	step "$1"
	shift
	log=$(mktemp)
	as_account make -s --no-print-directory -C src installcheck PG_CONFIG="$PG_CONFIG" \
		bindir="$pg_bin" PROVE_FLAGS=-v "$@" 2>&1 | tee "$log" || status=1
	good=$(grep -cE '^ok |\.\.\. ok +[0-9]' "$log") || :
	bad=$(grep -E '^not ok |\.\.\. FAILED' "$log" | grep -cv '# TODO') || :
	# What broke without a verdict (a script that died, a server that crashed)
	# is a failure too.
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	rm -f "$log"
	passed=$((passed + good))
	failed=$((failed + bad))
}

show_failures()
{
	local diffs part

	for diffs in "$work"/src/regression.diffs "$work"/src/output_iso/regression.diffs; do
		[ ! -s "$diffs" ] || cat "$diffs"
	done
	rm -rf "$top/build/failed"
	mkdir "$top/build/failed"
	for part in server.log src/results src/regression.diffs src/output_iso src/tmp_check/log; do
		[ ! -e "$work/$part" ] || cp -r "$work/$part" "$top/build/failed/"
	done
	chown -R --reference="$top/build" "$top/build/failed"
	echo "Output, differences and server logs are in $top/build/failed."
}

trap finish EXIT
trap 'exit 1' HUP INT TERM
"$here/packages.sh" pg_cron
prepare_account
make_work test

step "Building goaltracker with $("$PG_CONFIG" --version), warnings as errors, assertions on"
copy_postgres
build_extension WERROR=1 ASSERTS=1
start_server
failed=0

run "pg_regress" ISOLATION= TAP_TESTS=
run "isolation" REGRESS= TAP_TESTS=
run "TAP" REGRESS= ISOLATION=
[ "$failed" -eq 0 ] || show_failures
