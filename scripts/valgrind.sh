#!/bin/bash
# make valgrind: pg_regress tests of a server under valgrind's memcheck.
#
#   VALGRIND_TESTS="journey once"   which, those that exercise the C code unless said
#   VALGRIND_SUPPRESSIONS=FILE      PostgreSQL's src/tools/valgrind.supp, where at
#                                   hand; else our own test/valgrind.supp
#   PG_CONFIG=...                   a PostgreSQL built with USE_VALGRIND tells
#                                   memcheck of each palloc(), and finds more
#
# Each backend writes a log of its own.  An error counts where a frame of it is
# in goaltracker.so; tests that fail count as well.
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

tests=${VALGRIND_TESTS:-journey touchpoints worked_examples once agent_responses report_functions
	tables import_conversations import_web_sessions link_consumer changes refresh reports settings}
status=1

finish()
{
	[ -z "${work:-}" ] || remove_work
	exit "$status"
}

trap finish EXIT
trap 'exit 1' HUP INT TERM
"$here/packages.sh" valgrind
prepare_account
make_work valgrind
step "Building goaltracker with $("$PG_CONFIG" --version)"
copy_postgres
build_extension ASSERTS=1 "COPT=-g -O1"
start_server
stop_server
suppressions=${VALGRIND_SUPPRESSIONS:-$top/test/valgrind.supp}
cp "$suppressions" "$work/suppressions"
chmod a+r "$work/suppressions"

step "pg_regress under memcheck: $(echo $tests)"
as_account valgrind --quiet --trace-children=yes --leak-check=no --gen-suppressions=all \
	--track-origins=no --num-callers=30 --error-limit=no --suppressions="$work/suppressions" \
	--log-file="$work/memcheck.%p" \
	"$pg_bin/postgres" -D "$work/data" -c jit=off >>"$work/server.log" 2>&1 &
up=
for _ in {1..120}; do
	! as_account psql -X -q -d postgres -c 'SELECT' >/dev/null 2>&1 || { up=1; break; }
	sleep 1
done
[ -n "$up" ] || { cat "$work"/memcheck.* "$work/server.log" >&2; exit 1; }
failed=0
as_account make -s --no-print-directory -C src installcheck PG_CONFIG="$PG_CONFIG" \
	bindir="$pg_bin" ISOLATION= TAP_TESTS= REGRESS="$(echo $tests)" 2>&1 | tee "$work/tests.log" ||
	failed=1
stop_server

# An error is a block of lines that ends before its suppression.  A frame names a
# file of ours where it is known, else the library; the path of the server would
# not do, which has our name in it as well.
frames="(/goaltracker[.]so|[(]($(cd "$top/src" && echo *.[ch] | sed 's/[.]/[.]/g; s/ /|/g')):[0-9]+)[)]"
errors=$(cat "$work"/memcheck.* | awk -v frames="$frames" '
	/^==[0-9]+== [A-Z]/ { block = ""; ours = 0 }
	/^==[0-9]+==/ { block = block $0 "\n"; if ($0 ~ frames) ours = 1 }
	/^\{/ { if (ours) { printf "%s\n", block; n++ } ours = 0; block = "" }
	END { if (ours) printf "%s\n", block }')
found=$(cat "$work"/memcheck.* | grep -c '^{') || :
ours=$(printf '%s' "$errors" | grep -cE '^==[0-9]+== [A-Z]') || :
if [ -n "$errors" ]; then
	printf '%s\n' "$errors" | head -n 100
	failed=1
fi
grep -qE 'PANIC:|terminated by signal' "$work/server.log" && failed=1
echo "memcheck: $ours errors in goaltracker, $((found - ours)) elsewhere"
status=$failed
