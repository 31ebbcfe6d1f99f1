# shellcheck shell=bash
#
# What demo.sh, demo-stop.sh, test.sh and soak.sh share: a private PostgreSQL with this
# extension in it, in a directory of its own.
#
# - PostgreSQL refuses to run as root, so root hands over to an ordinary
#   account: the owner of this checkout, or "postgres" where that is root.
# - That account may not be able to reach the checkout (in /root, say), and the
#   path of a socket is limited to about 100 bytes.  So everything happens in a
#   directory under /tmp (or $TMPDIR) that belongs to the account and that
#   nobody else can enter; its server trusts whoever can.
# - The server finds its libraries and its extensions relative to its own
#   program.  A copy of the programs beside links to the rest is a PostgreSQL
#   that looks for extensions in there, so that installing this one needs no
#   root and changes nothing of the machine's.
#
# To be sourced.  After prepare_account: top (the checkout), account.  After
# make_work: work (the directory).

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PG_CONFIG=${PG_CONFIG:-pg_config}
port=5432						# only names the socket

fail()
{
	printf '%s\n' "$@" >&2
	exit 1
}

step()
{
	printf '== %s\n' "$*"
}

prepare_account()
{
	local keeper owner

	account=$(id -un)
	keeper=$account				# whom build/ belongs to
	if [ "$(id -u)" -eq 0 ]; then
		account=$(stat -c %U "$top")
		if [ "$account" = root ] || ! id -u "$account" >/dev/null 2>&1; then
			account=postgres
		else
			keeper=$account
		fi
		id -u "$account" >/dev/null 2>&1 ||
			fail "PostgreSQL does not run as root, and there is no account \"$account\" to run it." \
				"Repeat this as an ordinary user."
	fi

	[ -e "$top/build" ] || mkdir "$top/build" 2>/dev/null ||
		fail "\"$account\" cannot write to $top. Use a checkout of your own."
	[ "$(id -u)" -ne 0 ] || chown "$keeper" "$top/build"
	owner=$(stat -c %U "$top/build")
	[ "$owner" = "$keeper" ] ||
		fail "$top/build belongs to \"$owner\"." \
			"Repeat this as \"$owner\", or use a checkout of your own."
}

# Runs a command as the account, with nothing of the caller's environment but
# the settings of our own tests (GOALTRACKER_SEED and the like).
as_account()
{
	local drop=() own

	mapfile -t own < <(env | grep '^GOALTRACKER_')

	[ "$(id -u)" -ne 0 ] ||
		drop=(setpriv --reuid="$(id -u "$account")" --regid="$(id -g "$account")" --init-groups --)
	(cd "$work" && "${drop[@]}" env -i HOME="$work" USER="$account" LOGNAME="$account" \
		TMPDIR="$work" LC_ALL=C.UTF-8 PATH="${pg_bin:+$pg_bin:}$PATH" \
		PGHOST="$work" PGPORT="$port" PGUSER=postgres PG_CONFIG="$PG_CONFIG" "${own[@]}" "$@")
}

# The same, shown only if it fails.
quietly()
{
	local output

	output=$("$@" 2>&1) || { printf '%s\n' "$output" >&2; return 1; }
}

# make_work NAME
make_work()
{
	work=$(mktemp -d "${TMPDIR:-/tmp}/goaltracker-$1.XXXXXX")
	[ "$(id -u)" -ne 0 ] || chown "$account:" "$work"
	[ "${#work}" -le 80 ] || {
		rmdir "$work"
		fail "The path $work is too long for a socket. Set TMPDIR to a shorter one."
	}
	as_account test -w "$work" || {
		rmdir "$work"
		fail "\"$account\" cannot reach $work. Set TMPDIR to a directory that it can."
	}
}

# Stops the server in $work, if one runs there.
stop_server()
{
	local pid

	pid=$(head -n 1 "$work/data/postmaster.pid" 2>/dev/null) || return 0
	# After a crash the number may be that of any other process by now.
	[ ! -e /proc/self ] || [ "$(readlink "/proc/$pid/cwd")" = "$work/data" ] || return 0
	kill -INT "$pid" 2>/dev/null || return 0
	for _ in {1..300}; do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -QUIT "$pid" 2>/dev/null || :
	sleep 2
}

remove_work()
{
	stop_server
	rm -rf "$work"
}

# A PostgreSQL in $work/pg that looks for extensions in there.
copy_postgres()
{
	local bindir pkglibdir sharedir dir

	PG_CONFIG=$(command -v "$PG_CONFIG")	# not the copy's, which comes first in its PATH
	bindir=$("$PG_CONFIG" --bindir)
	pkglibdir=$("$PG_CONFIG" --pkglibdir)
	sharedir=$("$PG_CONFIG" --sharedir)
	for dir in "$pkglibdir" "$sharedir"; do
		as_account mkdir -p "pg$dir"
		as_account cp -as "$dir/." "pg$dir/"
	done
	as_account rm -rf "pg$bindir"
	as_account mkdir -p "pg$bindir"
	as_account cp -L --preserve=mode "$bindir/." -r "pg$bindir/"
	as_account rm -f "pg$pkglibdir/goaltracker.so"
	as_account find "pg$sharedir/extension" -name 'goaltracker[.-]*' -delete
	pg_bin=$work/pg$bindir
}

# build_extension VARIABLE...: with these make variables, in a copy of the checkout, without what
# plain "make" left in it.
build_extension()
{
	local version

	version=$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" "$top/goaltracker.control")
	as_account mkdir src
	tar -C "$top" --exclude=./.git --exclude=./build --exclude='*.o' --exclude='*.so' \
		--exclude="./sql/goaltracker--$version.sql" -cf - . | as_account tar -xf - --no-same-owner -C src
	quietly as_account make -C src -j "$(nproc)" PG_CONFIG="$PG_CONFIG" "$@" &&
		quietly as_account make -C src PG_CONFIG="$PG_CONFIG" "$@" install DESTDIR="$work/pg"
}

start_server()
{
	quietly as_account initdb -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync
	as_account tee -a data/postgresql.conf >/dev/null <<-SETTINGS
		listen_addresses = ''
		unix_socket_directories = '$work'
		port = $port
		fsync = off
		synchronous_commit = off
		max_wal_size = '2GB'
	SETTINGS
	quietly as_account pg_ctl -D data -l server.log -w start ||
		{ cat "$work/server.log" >&2; return 1; }
}
