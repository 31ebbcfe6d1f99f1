#!/bin/bash
# make soak: builds as make test does, and runs test/soak at length on a server
# of its own.  What failed leaves its files in build/failed.
#
# SOAK_SECONDS      how long the mixed load takes (600)
# SOAK_ROUNDS       how many crashes, and ten times as many interrupted calls (50)
# SOAK_TESTS        which files (test/soak/*.pl)
# GOALTRACKER_SEED  the seed of all of them, as printed by the run to repeat
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
export GOALTRACKER_SOAK_SECONDS=${SOAK_SECONDS:-600}
export GOALTRACKER_SOAK_ROUNDS=${SOAK_ROUNDS:-50}

finish()
{
	local status=$?

	if [ -n "${work:-}" ]; then
		[ "$status" -eq 0 ] || [ ! -d "$work/src/tmp_check/log" ] || {
			rm -rf "$top/build/failed"
			mkdir "$top/build/failed"
			cp -r "$work/src/tmp_check/log" "$top/build/failed/"
			chown -R --reference="$top/build" "$top/build/failed"
			echo "Server logs are in $top/build/failed."
		}
		remove_work
	fi
	exit "$status"
}

trap finish EXIT
trap 'exit 1' HUP INT TERM
"$here/packages.sh"
prepare_account
make_work soak

step "Building goaltracker with $("$PG_CONFIG" --version), warnings as errors, assertions on"
copy_postgres
build_extension WERROR=1 ASSERTS=1

step "Mixed load of $GOALTRACKER_SOAK_SECONDS s, $GOALTRACKER_SOAK_ROUNDS crashes"
as_account make -s --no-print-directory -C src installcheck PG_CONFIG="$PG_CONFIG" \
	bindir="$pg_bin" REGRESS= ISOLATION= PROVE_TESTS="${SOAK_TESTS:-test/soak/*.pl}"
