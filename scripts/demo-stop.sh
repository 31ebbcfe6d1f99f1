#!/bin/bash
# Stops the server of "make demo" and removes its directory.
# --quiet: says nothing when there is none (for "make clean").
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

record=$top/build/demo
if [ ! -e "$record" ]; then
	[ "${1:-}" = --quiet ] || echo "No demo server of this checkout is running."
	exit 0
fi
prepare_account
work=$(cat "$record")
case $work in
	*/goaltracker-demo.??????) ;;
	*) fail "$record names no directory of a demo: \"$work\"." ;;
esac
remove_work
rm -f "$record"
[ "${1:-}" = --quiet ] || echo "Stopped; $work is removed."
