#!/bin/bash
# make test-matrix: "make test" with each supported PostgreSQL that Debian has,
# in a root folder of its own for each (debootstrap), as an ordinary user there.
# Prints one line for each and ends with "N passed, N failed".
#
#   scripts/test-matrix.sh [MAJOR...]		default: 15 17 18 19
#
#   MATRIX_DIR		where the roots and logs go (build/matrix); 1.5 GB for each root.
#					A root is used again the next time.
#   GOALTRACKER_*	settings of the tests, handed on
#
# PostgreSQL 19 is not released yet: it comes from Debian's experimental.  Where it
# cannot be had, or a test fails there, that is said and is no failure.
#
# A dump that the tests of one PostgreSQL write is restored by those of the
# newer ones (test/t/020_dump_restore.pl).
#
# Nothing of the machine is mounted into a root.  What has to be mounted there
# (proc, shared memory) is so in a mount namespace of its own, which ends with
# the process that made it; processes too are in a namespace of their own and
# end with it.  So a root can be deleted at any time.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd -P)
directory=${MATRIX_DIR:-$top/build/matrix}
log=/dev/null
total_passed=0
total_failed=0

fail()
{
	printf '%s\n' "$@" >&2
	exit 1
}

release_of()
{
	case $1 in
		15) echo bookworm ;;
		17) echo trixie ;;
		18) echo forky ;;
		19) echo sid ;;
		*) fail "No release of Debian is known to have PostgreSQL $1." ;;
	esac
}

# ---------------------------------------------------------------------------
# What the machine itself uses to get packages
# ---------------------------------------------------------------------------

# mirror [SUFFIX]: where the machine's own release comes from, or its
# "-security", "-updates".
mirror()
{
	local release

	# shellcheck disable=SC1091
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016 # apt's own variable
	apt-get indextargets --format '$(REPO_URI)' "Release: $release${1:-}" 'Component: main' |
		head -n 1 | grep .
}

# Stable releases get their fixes from there; forky and sid, as they come.
sources_for()
{
	local release=$1 suffix uri

	echo "deb $(mirror) $release main"
	case $release in
		bookworm | trixie)
			for suffix in -updates -security; do
				uri=$(mirror "$suffix") || continue
				echo "deb $uri $release$suffix main"
			done ;;
		sid) echo "deb $(mirror) experimental main" ;;
	esac
}

# How apt downloads: proxies, retries, what it takes for valid.
apt_settings()
{
	apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries|Check|Max-)' || :
	echo 'Acquire::Retries "3";'
	# of a mirror that stands still
	echo 'Acquire::Check-Valid-Until "false";'
	echo 'Acquire::Languages "none";'
	echo 'APT::Install-Recommends "false";'
}

# debootstrap downloads with wget, which reads the environment only.
proxy_environment()
{
	local proxy

	proxy=$(apt-config shell p Acquire::http::Proxy | sed "s/^p='\(.*\)'$/\1/")
	[ -z "$proxy" ] || [ "$proxy" = DIRECT ] || export http_proxy="$proxy"
}

# repeatedly COMMAND...: downloads fail now and then.
repeatedly()
{
	local attempt

	for attempt in 1 2 3 4; do
		[ "$attempt" = 1 ] || sleep $((attempt * 5))
		! "$@" >>"$log" 2>&1 || return 0
		echo "== attempt $attempt failed: $*" >>"$log"
	done
	return 1
}

# ---------------------------------------------------------------------------
# Roots
# ---------------------------------------------------------------------------

make_root()
{
	local root=$1 release=$2 script=()

	rm -rf --one-file-system "$root"
	mkdir -p "$root" "$directory/packages"
	# A release newer than this debootstrap is made as sid is.
	[ -e "/usr/share/debootstrap/scripts/$release" ] ||
		script=(/usr/share/debootstrap/scripts/sid)
	unshare --mount --propagation private \
		debootstrap --variant=minbase --include=make,ca-certificates \
		--cache-dir="$directory/packages" "$release" "$root" "$(mirror)" "${script[@]}" || return 1
	touch "$root/.made"
}

make_devices()
{
	local root=$1 name major minor

	while read -r name major minor; do
		[ -c "$root/dev/$name" ] || mknod -m 666 "$root/dev/$name" c "$major" "$minor"
	done <<-DEVICES
		null 1 3
		zero 1 5
		full 1 7
		random 1 8
		urandom 1 9
		tty 5 0
	DEVICES
	mkdir -p "$root/dev/shm"
	ln -sfn /proc/self/fd "$root/dev/fd"
	ln -sfn /proc/self/fd/0 "$root/dev/stdin"
	ln -sfn /proc/self/fd/1 "$root/dev/stdout"
	ln -sfn /proc/self/fd/2 "$root/dev/stderr"
}

# in_root ROOT COMMAND...
in_root()
{
	local root=$1 own

	shift
	mapfile -t own < <(env | grep -E '^(GOALTRACKER_.*|https?_proxy|no_proxy)=')
	# Single quotes: these are for the shell inside.
	# shellcheck disable=SC2016
	unshare --mount --propagation private --pid --fork --kill-child --ipc -- bash -c '
		root=$1
		shift
		mount -t proc proc "$root/proc" &&
			mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" || exit
		chroot "$root" "$@"
		exit' in_root "$root" \
		/usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${own[@]}" "$@" </dev/null
}

# The packages of PostgreSQL, or their newest version; installing them starts no
# server.
install_postgres()
{
	local root=$1 major=$2 client=()

	in_root "$root" apt-get update || return 1
	[ "$major" -ne 19 ] || client=(libpq5/experimental libpq-dev/experimental)
	in_root "$root" apt-get install -y "postgresql-$major" "postgresql-server-dev-$major" "${client[@]}"
}

prepare_root()
{
	local root=$1 release=$2 major=$3

	[ -e "$root/.made" ] || repeatedly make_root "$root" "$release" || return 1
	make_devices "$root"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	apt_settings >"$root/etc/apt/apt.conf.d/50matrix"
	sources_for "$release" >"$root/etc/apt/sources.list"
	mkdir -p "$root/etc/postgresql-common/createcluster.d"
	echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.d/matrix.conf"
	if [ -x "$root/usr/lib/postgresql/$major/bin/postgres" ] &&
		[ -x "$root/usr/lib/postgresql/$major/bin/pg_config" ]; then
		# from an earlier run; without a network it does too
		install_postgres "$root" "$major" >>"$log" 2>&1 || echo "== not brought up to date" >>"$log"
	else
		repeatedly install_postgres "$root" "$major" || return 1
	fi
	in_root "$root" id -u tester >/dev/null 2>&1 ||
		in_root "$root" useradd --create-home --shell /bin/bash tester >>"$log" 2>&1
}

# ---------------------------------------------------------------------------
# Tests
# ---------------------------------------------------------------------------

# The checkout as it stands, without what was built in it.
copy_checkout()
{
	local home=$1/home/tester

	rm -rf --one-file-system "$home/goaltracker" "$home/dumps" "$1"/tmp/goaltracker-*
	mkdir -p "$home/goaltracker" "$home/dumps"
	tar -C "$top" --exclude=./.git --exclude=./build --exclude=node_modules --exclude='*.o' \
		--exclude='*.so' -cf - . | tar -xf - --no-same-owner -C "$home/goaltracker"
	cp "$directory"/dumps/* "$home/dumps/" 2>/dev/null || :
	chown -R --reference="$home" "$home/goaltracker" "$home/dumps"
}

# report VERSION RELEASE PASSED FAILED [REMARK]
report()
{
	printf 'PostgreSQL %s (%s): %s passed, %s failed%s\n' "$1" "$2" "$3" "$4" "${5:+; $5}"
	case $2 in
		*experimental*) [ "$4" -eq 0 ] || return 0 ;;
	esac
	total_passed=$((total_passed + $3))
	total_failed=$((total_failed + $4))
}

test_with()
{
	local major=$1 release label root config version passed failed line

	release=$(release_of "$major")
	label=$release
	[ "$major" -ne 19 ] || label="sid and experimental"
	root=$directory/$release
	log=$directory/$major.log
	: >"$log"
	if ! prepare_root "$root" "$release" "$major"; then
		if [ "$major" -eq 19 ]; then
			echo "PostgreSQL 19 ($label): not at hand, see $log"
		else
			report "$major" "$label" 0 1 "could not be installed, see $log"
		fi
		return
	fi
	config=/usr/lib/postgresql/$major/bin/pg_config
	version=$(in_root "$root" "$config" --version | sed 's/^PostgreSQL //; s/ .*//')
	copy_checkout "$root"
	repeatedly in_root "$root" make -s -C /home/tester/goaltracker packages PG_CONFIG="$config" || :
	in_root "$root" setpriv --reuid=tester --regid=tester --init-groups \
		env HOME=/home/tester GOALTRACKER_DUMPS=/home/tester/dumps \
		make -s -C /home/tester/goaltracker test PG_CONFIG="$config" >>"$log" 2>&1 || :
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1) || :
	read -r passed _ failed _ <<<"${line:-0 passed, 1 failed}"
	rm -rf "$directory/$major-failed"
	if [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]; then
		cp "$root"/home/tester/dumps/* "$directory/dumps/" 2>/dev/null || :
		report "$version" "$label" "$passed" 0
	else
		[ ! -e "$root/home/tester/goaltracker/build/failed" ] ||
			cp -r "$root/home/tester/goaltracker/build/failed" "$directory/$major-failed"
		report "$version" "$label" "$passed" "$failed" "see $log"
	fi
}

[ "$(id -u)" -eq 0 ] || fail "Only root can make root folders. Repeat this with sudo."
for program in debootstrap unshare apt-get; do
	command -v "$program" >/dev/null ||
		fail "\"$program\" is missing: apt-get install debootstrap util-linux apt"
done
[ "$#" -gt 0 ] || set -- 15 17 18 19
for major in "$@"; do
	release_of "$major" >/dev/null
done
mirror >/dev/null || fail "apt's sources name no mirror of this machine's own release."
proxy_environment
if [ ! -e "$top/build" ]; then
	mkdir "$top/build"
	chown --reference="$top" "$top/build"
fi
mkdir -p "$directory"
directory=$(cd "$directory" && pwd -P)
chmod 755 "$directory"
rm -rf "$directory/dumps"
mkdir "$directory/dumps"
trap 'exit 1' HUP INT TERM
for major in "$@"; do
	test_with "$major"
done
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ] && [ "$total_passed" -gt 0 ]
