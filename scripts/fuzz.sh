#!/bin/bash
# make fuzz: hostile input for everything that SQL can call, on a private server
# whose goaltracker is built with AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   FUZZ_SEED=...       repeats a run (each run says its own)
#   FUZZ_INPUTS=N       inputs of each kind, 1000000 unless said
#   FUZZ_SECONDS=N      no new inputs after that time; 0: no limit
#   FUZZ_KINDS=...      of: journey states calls statements documents sqlsmith
#   FUZZ_DOCUMENTS=N    documents to import, 100000 unless said
#   FUZZ_SQLSMITH=N     queries of sqlsmith, 20000 unless said
#
# Inputs may be taken or refused.  What ends a run as failed: a report of a
# sanitizer, an assertion, a crash, an internal error (XX000) out of our code.
here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

seed=${FUZZ_SEED:-$((RANDOM * 32768 + RANDOM))}
inputs=${FUZZ_INPUTS:-1000000}
seconds=${FUZZ_SECONDS:-0}
kinds=${FUZZ_KINDS:-journey states calls statements documents sqlsmith}
documents=${FUZZ_DOCUMENTS:-100000}
queries=${FUZZ_SQLSMITH:-20000}
batch=20000
sanitize='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -fno-wrapv -O1 -g'
status=1

finish()
{
	if [ "$status" -ne 0 ] && [ -n "${work:-}" ]; then
		show_reports || :
	fi
	[ -z "${work:-}" ] || remove_work
	exit "$status"
}

# What a sanitizer or the server said, and the input it said it about.
show_reports()
{
	[ ! -s "$work/data/fuzz.current" ] || { echo "Input:"; head -z -n 1 "$work/data/fuzz.current" | tr -d '\0'; }
	grep -hE -A 40 'ERROR: AddressSanitizer|runtime error:|PANIC:|terminated by signal' \
		"$work"/sanitizer.* "$work/server.log" 2>/dev/null | head -n 120 || :
	echo "Repeat with FUZZ_SEED=$seed FUZZ_KINDS='$kinds'."
}

# The library is instrumented and the server is not: the sanitizer's own library
# must come first in the server.
restart_sanitized()
{
	local asan

	asan=$(gcc -print-file-name=libasan.so)
	asan=$(readlink -f "$asan")
	[ -e "$asan" ] || fail "gcc has no AddressSanitizer here."
	stop_server
	as_account gcc -fPIC -shared -o preload.so src/test/fuzz/preload.c
	as_account env LD_PRELOAD="$asan $work/preload.so" \
		ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1:log_path=$work/sanitizer" \
		UBSAN_OPTIONS="print_stacktrace=1:abort_on_error=1:log_path=$work/sanitizer" \
		pg_ctl -D data -l server.log -w -t 30 start >/dev/null
}

# Whether the server is as it was: up, and without a report of any kind.
unharmed()
{
	if ls "$work"/sanitizer.* >/dev/null 2>&1; then
		return 1
	fi
	! grep -qE 'PANIC:|terminated by signal' "$work/server.log"
}

sql()
{
	as_account psql -X -q -At -v ON_ERROR_STOP=1 -d fuzz "$@"
}

# try_batches NAME SIZE TOTAL CALL: calls until there were so many inputs, or
# until the time is over; CALL with the first input and their number for $1, $2.
try_batches()
{
	local name=$1 size=$2 total=$3 call=$4 done=0 n row started=$SECONDS
	local tried=0 taken=0 refused=0

	while [ "$done" -lt "$total" ] && { [ "$seconds" -eq 0 ] || [ $((SECONDS - kind_started)) -lt "$share" ]; }; do
		n=$((total - done < size ? total - done : size))
		row=$(sql -F ' ' -c "SELECT tried, taken, refused FROM $(printf "$call" "$done" "$n")") || return 1
		set -- $row
		tried=$((tried + $1)) taken=$((taken + $2)) refused=$((refused + $3))
		done=$((done + n))
		unharmed || return 1
	done
	printf '%-28s %9d inputs: %d taken, %d refused (%d s)\n' "$name" "$tried" "$taken" "$refused" \
		$((SECONDS - started))
}

fuzz_journey()
{
	try_batches journey $batch "$inputs" \
		"fuzz_journey($seed, %d, %d, (SELECT journeys FROM fuzz_corpus))"
}

fuzz_states()
{
	local aggregate aggregates

	sql -c "SELECT aggfnoid::regprocedure FROM pg_aggregate JOIN pg_proc AS p ON p.oid = aggfnoid::oid
			WHERE pronamespace = 'goaltracker'::regnamespace AND aggdeserialfn <> 0 ORDER BY 1" >"$work/aggregates"
	aggregates=$(wc -l <"$work/aggregates")
	while read -r aggregate; do
		kind_started=$SECONDS
		share=$((seconds / kind_count / aggregates + 1))
		try_batches "state of ${aggregate%%(*}" $((batch / 4)) $((inputs / 4)) \
			"fuzz_state('$aggregate', $seed, %d, %d, (SELECT journeys FROM fuzz_corpus))" || return 1
	done <"$work/aggregates"
}

fuzz_calls()
{
	try_batches calls $batch "$inputs" \
		"fuzz_call(ARRAY(SELECT function FROM fuzz_function ORDER BY function::text), $seed, %d, %d,
			(SELECT journeys FROM fuzz_corpus))"
}

fuzz_statements()
{
	try_batches statements 500 $((inputs / 50)) \
		"fuzz_statements($seed, %d, %d, (SELECT journeys FROM fuzz_corpus))"
}

fuzz_documents()
{
	local -x GOALTRACKER_SEED=$seed GOALTRACKER_DOCUMENTS=$documents

	as_account env PGDATABASE=fuzz perl src/test/fuzz/documents.pl
}

# Whatever sqlsmith thinks of, as somebody who may do everything with the
# extension and nothing else.  Of internal errors only those out of our own files count.
fuzz_sqlsmith()
{
	local from files limit=()

	"$here/packages.sh" sqlsmith
	from=$(($(wc -l <"$work/server.log") + 1))
	as_account createdb -O smith smith
	as_account env --chdir="$work/src/demo" psql -X -q -d smith -f load.sql \
		-c 'GRANT USAGE ON SCHEMA goaltracker TO smith' \
		-c 'GRANT ALL ON ALL TABLES IN SCHEMA goaltracker TO smith' \
		-c 'GRANT ALL ON ALL FUNCTIONS IN SCHEMA goaltracker TO smith' >/dev/null
	[ "$seconds" -eq 0 ] || limit=(timeout "$share")
	as_account psql -X -q -d smith -c "ALTER ROLE smith SET statement_timeout = '2s'"
	as_account "${limit[@]}" sqlsmith --verbose --exclude-catalog --max-queries="$queries" --seed="$seed" \
		--target="host=$work port=$port dbname=smith user=smith" >"$work/sqlsmith.log" 2>&1 || :
	grep -oE 'queries: [0-9]+.*' "$work/sqlsmith.log" | tail -n 1 || tail -n 3 "$work/sqlsmith.log"
	files=$(cd "$top/src" && ls -- *.c | tr '\n' '|')
	if tail -n "+$from" "$work/server.log" | grep -A 6 'ERROR:  XX000' | grep -E "LOCATION: .* (${files%|}):"; then
		return 1
	fi
	unharmed
}

trap finish EXIT
trap 'exit 1' HUP INT TERM
"$here/packages.sh"
prepare_account
make_work fuzz
step "Building goaltracker with $("$PG_CONFIG" --version) and sanitizers"
copy_postgres
build_extension ASSERTS=1 "COPT=$sanitize"
start_server
as_account tee -a data/postgresql.conf >/dev/null <<-SETTINGS
	log_error_verbosity = verbose
	jit = off
SETTINGS
quietly as_account gcc -std=gnu99 -O1 -g -fPIC -shared -Wall -Wno-missing-braces \
	-I"$("$PG_CONFIG" --includedir-server)" -o goaltracker_fuzz.so src/test/fuzz/goaltracker_fuzz.c
restart_sanitized
as_account createdb fuzz
as_account createuser smith
as_account psql -X -q -At -d fuzz -v driver="$work/goaltracker_fuzz.so" -f src/test/fuzz/fuzz.sql \
	<"$top/test/fuzz/corpus/journeys.txt" >/dev/null

step "Seed $seed"
kind_count=$(wc -w <<<"$kinds")
for kind in $kinds; do
	kind_started=$SECONDS
	share=$((seconds / kind_count + 1))
	"fuzz_$kind" || { echo "FAILED: $kind"; exit 1; }
	unharmed || { echo "FAILED: $kind"; exit 1; }
done
status=0
