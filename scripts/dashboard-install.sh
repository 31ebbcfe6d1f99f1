# shellcheck shell=bash
#
# What dashboard.sh and test-dashboard.sh share: the dashboard with its packages, and a role for it.
# To be sourced after lib.sh.

# install_dashboard DIRECTORY OPTION...: dashboard/ with its npm packages, as the lock file names
# them; options are npm's.  Below build/, which is not copied along when the extension is built.
# What is there already and still right stays.
install_dashboard()
{
	local directory=$1 wanted attempt log

	shift
	mkdir -p "$directory"
	rm -rf "${directory:?}/lib" "${directory:?}/public" "${directory:?}/test"
	# shellcheck disable=SC2154 # top is lib.sh's
	tar -C "$top/dashboard" --exclude=./node_modules -cf - . | tar -xf - --no-same-owner -C "$directory"
	wanted=$(cat "$directory/package-lock.json" "$directory/.npmrc"; echo "$@"; node --version)
	[ "$wanted" != "$(cat "$directory/node_modules/.goaltracker" 2>/dev/null)" ] || return 0
	log=$(mktemp)
	for attempt in 1 2 3 4 5; do
		[ "$attempt" = 1 ] || sleep $((attempt * 3))
		if (cd "$directory" && npm ci --no-progress --loglevel=error "$@") >"$log" 2>&1; then
			printf '%s\n' "$wanted" >"$directory/node_modules/.goaltracker"
			rm -f "$log"
			return 0
		fi
		echo "npm ci failed (attempt $attempt of 5)."
	done
	cat "$log" >&2
	rm -f "$log"
	return 1
}

# check_node: the version of Node.js that package.json asks for.
check_node()
{
	node -e 'const [major, minor] = process.versions.node.split(".");
		process.exit(Number(major) > 18 || (Number(major) === 18 && Number(minor) >= 15) ? 0 : 1)' ||
		fail "The dashboard needs Node.js 18.15 or later; this is $(node --version)."
}

# make_reader DATABASE: role "dashboard", which may read reports there and do nothing else.
make_reader()
{
	quietly as_account psql -X -q -v ON_ERROR_STOP=1 -d "$1" <<-'SQL'
		SELECT 'CREATE ROLE dashboard LOGIN' WHERE to_regrole('dashboard') IS NULL \gexec
		SELECT goaltracker.grant_reader('dashboard');
	SQL
}
