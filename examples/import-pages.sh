#!/bin/bash
# Imports a folder of API pages, one JSON document a file, then refreshes.
#
#   import-pages.sh [--move] ACCOUNT conversations|web-sessions FOLDER
#
# --move    puts each file that was imported into FOLDER/imported
#
# The connection is that of psql: PGHOST, PGDATABASE, PGSERVICE and so on.  Files end in
# .json and are taken in order of their names.  One that fails is named and passed over;
# what an import cannot use of a file is in goaltracker.import_problem.  Ends with 1 if a
# file failed, 2 if it was called wrongly.  Importing a file again changes nothing.
set -u

usage()
{
	sed -n '2,/^set -u/{/^set/d;s/^# \{0,1\}//p}' "$0" >&2
	exit 2
}

move=
[ "${1:-}" != --move ] || { move=1; shift; }
[ $# -eq 3 ] || usage
account=$1
folder=$3
case $2 in
	conversations) function=import_conversations ;;
	web-sessions) function=import_web_sessions ;;
	*) usage ;;
esac
[ -d "$folder" ] || { printf '%s is not a folder\n' "$folder" >&2; exit 2; }

run_psql()
{
	psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -v account="$account" "$@"
}

# The page goes to psql through a variable, whatever is in it or in the file's name; as
# text, so that the importer reports what is no JSON at all.  psql would go on without
# a file that cannot be read.
import_page()
{
	if [ ! -f "$1" ] || [ ! -r "$1" ]; then
		echo "cannot be read" >&2
		return 1
	fi
	PAGE=$1 run_psql -v function="$function" <<-'SQL'
		\set page `cat -- "$PAGE"`
		SELECT i FROM goaltracker.:"function"(:'account', :'page'::text) AS i;
	SQL
}

status=0
shopt -s nullglob
LC_ALL=C
for page in "$folder"/*.json; do
	if counts=$(import_page "$page"); then
		printf '%s: %s\n' "$page" "$counts"
		[ -z "$move" ] || { mkdir -p "$folder/imported" && mv -- "$page" "$folder/imported/"; } || status=1
	else
		printf '%s: not imported\n' "$page" >&2
		status=1
	fi
done
run_psql <<<'SELECT goaltracker.refresh()' >/dev/null || status=1
exit "$status"
