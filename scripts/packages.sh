#!/bin/bash
# Installs the Debian packages that building and testing need, and only those
# that are missing.  As root it installs them; anybody else is told the command.
#
# A PostgreSQL server package starts a cluster when it is installed.  Where this
# script is what brings it, it does not: the machine gets the programs, and no
# server that nobody asked for.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd -P)
PG_CONFIG=${PG_CONFIG:-pg_config}
cluster_settings=/etc/postgresql-common/createcluster.d
no_cluster=$cluster_settings/goaltracker.conf
# programs wanted besides, each of a package of its name; pg_cron is the extension, where
# this release of Debian has it; clients are JDBC, ODBC and those of Debian's own python3
tools=("$@")

has_tool()
{
	case $1 in
		pg_cron) has_pg_cron ;;
		clients)
			command -v javac && [ -e /usr/share/java/postgresql.jar ] &&
				odbcinst -q -d -n 'PostgreSQL Unicode' &&
				/usr/bin/python3 -c 'import psycopg2, pyodbc, sqlalchemy' ;;
		*) command -v "$1" ;;
	esac >/dev/null 2>&1
}

# What is missing, in words that do not depend on the version.
missing_parts()
{
	local bindir tool

	{ command -v gcc && [ -e /usr/include/stdio.h ]; } >/dev/null ||
		echo compiler
	[ -e "$("$PG_CONFIG" --pgxs 2>/dev/null)" ] || echo headers
	bindir=$("$PG_CONFIG" --bindir 2>/dev/null) || bindir=/nonexistent
	{ [ -x "$bindir/postgres" ] && [ -x "$bindir/initdb" ]; } || echo server
	{ command -v prove && perl -MIPC::Run -e 1; } >/dev/null 2>&1 || echo perl
	for tool in "${tools[@]}"; do
		has_tool "$tool" || echo "$tool"
	done
}

# Whether it is there, or cannot be had as a package.
has_pg_cron()
{
	[ ! -e "$("$PG_CONFIG" --sharedir 2>/dev/null)/extension/pg_cron.control" ] || return 0
	command -v apt-get >/dev/null || return 0
	# once there is a list of packages, it says; before, who installs finds out
	apt-cache show postgresql-common >/dev/null 2>&1 && [ -z "$(packages_for pg_cron)" ]
}

# The PostgreSQL whose headers or pg_config are here, else the one of this
# release of Debian.
major_version()
{
	local version

	version=$("$PG_CONFIG" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p') || :
	[ -n "$version" ] ||
		version=$(apt-cache policy postgresql | sed -n 's/^ *Candidate: \([0-9]*\)+.*/\1/p')
	[ -n "$version" ] || return 1
	echo "$version"
}

packages_for()
{
	local major part

	major=$(major_version) || return 1
	for part in "$@"; do
		case $part in
			compiler) echo gcc libc6-dev ;;
			headers) echo "postgresql-server-dev-$major" ;;
			server) echo "postgresql-$major" ;;
			perl) echo perl libipc-run-perl ;;
			pg_cron) ! apt-cache show "postgresql-$major-cron" >/dev/null 2>&1 ||
				echo "postgresql-$major-cron" ;;
			clients)
				command -v javac >/dev/null || echo default-jdk-headless
				echo libpostgresql-jdbc-java odbc-postgresql unixodbc
				echo python3-psycopg2 python3-pyodbc python3-sqlalchemy ;;
			*) echo "$part" ;;
		esac
	done
}

# The directory is made here where postgresql-common is not installed yet.
forbid_cluster()
{
	trap allow_cluster EXIT
	trap 'exit 1' HUP INT TERM
	mkdir -p "$cluster_settings"
	echo 'create_main_cluster = false' >"$no_cluster"
}

allow_cluster()
{
	[ -e "$no_cluster" ] || return 0
	rm -f "$no_cluster"
	rmdir --ignore-fail-on-non-empty -p "$cluster_settings"
}

# Downloads fail now and then, and the lists of packages may be old or absent.
install_parts()
{
	local log attempt packages

	log=$(mktemp)
	for attempt in 1 2 3 4 5; do
		[ "$attempt" = 1 ] || sleep $((attempt * 5))
		apt-get update >"$log" 2>&1 || :
		packages=$(packages_for "$@" | xargs) || continue
		[ -n "$packages" ] || return 0
		echo "Installing $packages ..."
		# shellcheck disable=SC2086 # a list of names
		if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
			-o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 $packages >>"$log" 2>&1; then
			rm -f "$log"
			return
		fi
		echo "Installing failed (attempt $attempt of 5):"
		grep -E '^(E|W|Err)' "$log" | tail -n 5 || :
	done
	tail -n 40 "$log" >&2
	rm -f "$log"
	return 1
}

case $PG_CONFIG in
	*/*)
		[ -x "$PG_CONFIG" ] || { echo "PG_CONFIG=$PG_CONFIG does not exist." >&2; exit 1; } ;;
esac

mapfile -t parts < <(missing_parts)
[ "${#parts[@]}" -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "Missing: ${parts[*]}. Wanted are a C compiler, PostgreSQL 15 to 18 with its server and its" >&2
	echo "development files (pg_config, PGXS), and Perl with prove and IPC::Run." >&2
	exit 1
fi

if [ "$(id -u)" -ne 0 ]; then
	{
		if names=$(packages_for "${parts[@]}" 2>/dev/null | xargs); then
			echo "Debian packages are missing: $names."
		else
			echo "Debian packages are missing (${parts[*]})."
		fi
		echo "Only root can install them. Run this once, then repeat what you did:"
		echo
		if command -v sudo >/dev/null; then
			echo "    sudo make -C '$top' packages"
		else
			echo "    su -c \"make -C '$top' packages\""
		fi
		echo
		echo "It runs apt-get install for them and does not start a PostgreSQL server."
	} >&2
	exit 1
fi

allow_cluster					# should an earlier run have been killed
case " ${parts[*]} " in
	*" server "*) forbid_cluster ;;
esac
install_parts "${parts[@]}" ||
	{ echo "The packages could not be installed; see above." >&2; exit 1; }
