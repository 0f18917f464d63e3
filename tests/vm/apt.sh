# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by what fetches packages: which Debian this is, which mirrors its apt knows, and an apt configuration of our own
# that downloads from them without touching the system's. Uses parts.sh and the folder WORK.

ARCHITECTURE=amd64 # of the packages; of another one than this system's nothing counts as installed

# ---------------------------------------------------------------------------------------------------------------
# Which Debian, which mirror.

host_release() {
	local codename
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	case $codename in
	bookworm | trixie) printf '%s\n' "$codename" ;;
	*) die "this is ${codename:-not a Debian release known here}; Debian 12 (bookworm) and 13 (trixie) work" ;;
	esac
}

# Prints "URI suite" of every index of a component "main" in the system's sources: those that apt knows to be Debian's
# first (it knows once it has fetched their lists), then those that look like Debian's, then the others.
system_indexes() {
	# shellcheck disable=SC2016 # apt expands these, not the shell
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
		awk '$3 == "main" && $4 == "Debian" { print $1, $2 }' || true
	# 'http://host/debian/dists/bookworm/main/binary-amd64/Packages.xz' file-name size
	apt-get update --print-uris 2>/dev/null |
		sed -n "s|^'\\(.*/\\)dists/\\(.*\\)/main/binary-amd64/Packages[^/]*' .*|\\1 \\2|p" |
		awk '
			$1 ~ /\/debian(-security)?\/$/ { print; next }
			{ others = others $0 "\n" }
			END { printf "%s", others }' || true
}

find_mirror() { # codename
	system_indexes | awk -v want="$1" '
		($2 == want || $2 == "stable" || $2 == "oldstable") && !found { print $1; found = 1 }'
}

find_security() { # codename
	system_indexes | awk -v want="$1-security" '$2 == want && !found { print $1; found = 1 }'
}

archive_keyring() {
	local file
	for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		if [[ -r $file ]]; then
			printf '%s\n' "$file"
			return
		fi
	done
	die "no /usr/share/keyrings/debian-archive-keyring.*: install debian-archive-keyring"
}

# ---------------------------------------------------------------------------------------------------------------
# apt with a configuration of its own. The system's Acquire settings (proxy, retries) are carried over, its hooks,
# sources and preferences are not.

write_sources() { # codename mirror security
	local suites=("$1") suite keyring options
	keyring=$(archive_keyring)
	options="[arch=$ARCHITECTURE signed-by=$keyring]"
	if [[ $1 == bookworm ]]; then
		suites+=(bookworm-backports)
	else
		suites+=(bookworm)
	fi
	for suite in "${suites[@]}"; do
		printf 'deb %s %s %s main\n' "$options" "$2" "$suite"
	done
	if [[ -n $3 ]]; then
		printf 'deb %s %s bookworm-security main\n' "$options" "$3"
		if [[ $1 == trixie ]]; then
			printf 'deb %s %s trixie-security main\n' "$options" "$3"
		fi
	fi
}

write_preferences() { # codename
	if [[ $1 == bookworm ]]; then
		printf 'Package: src:qemu src:seabios src:ipxe\nPin: release n=bookworm-backports\nPin-Priority: 990\n'
	else # bookworm is there for its kernel only
		printf 'Package: *\nPin: release n=bookworm\nPin-Priority: -1\n\n'
		printf 'Package: *\nPin: release n=bookworm-security\nPin-Priority: -1\n'
	fi
}

package_database() {
	if [[ $ARCHITECTURE == "$(dpkg --print-architecture)" ]]; then
		echo /var/lib/dpkg/status
	else
		echo "$WORK/apt/none/status"
	fi
}

write_configuration() {
	apt-config dump | grep '^Acquire::' || true
	cat <<-TEXT
		Dir::Etc::Main "/dev/null";
		Dir::Etc::Parts "$WORK/apt/none";
		Dir::Etc::SourceList "$WORK/apt/sources.list";
		Dir::Etc::SourceParts "$WORK/apt/none";
		Dir::Etc::Preferences "$WORK/apt/preferences";
		Dir::Etc::PreferencesParts "$WORK/apt/none";
		Dir::State "$WORK/apt/state";
		Dir::State::status "$(package_database)";
		Dir::Cache "$WORK/apt/cache";
		Dir::Log "$WORK/apt/log";
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Architecture "$ARCHITECTURE";
		APT::Architectures { "$ARCHITECTURE"; };
		APT::Get::AllowUnauthenticated "false";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
	TEXT
}

prepare_apt() { # codename mirror security
	mkdir -p "$WORK"/apt/{none,state/lists/partial,cache/archives/partial,log}
	: >"$WORK/apt/none/status"
	write_sources "$@" >"$WORK/apt/sources.list"
	write_preferences "$1" >"$WORK/apt/preferences"
	write_configuration >"$WORK/apt/apt.conf"
	export APT_CONFIG="$WORK/apt/apt.conf" LC_ALL=C
	say "reading the package lists of $2"
	quietly "cannot read the package lists (network? mirror without $1?)" apt-get -q update
}

quietly() { # message command...
	local message=$1
	shift
	if ! "$@" >"$WORK/output" 2>&1; then
		sed "s|^|vm/${0##*/}:   |" "$WORK/output" >&2
		die "$message"
	fi
}

candidates() { # package...  prints PACKAGE=VERSION
	apt-cache policy "$@" | awk '
		/^[^ ]/ { sub(":$", ""); name = $1 }
		/^  Candidate:/ { print name "=" $2 }'
}

# download FOLDER PACKAGE[=VERSION]...
download() {
	local folder=$1
	shift
	mkdir -p "$folder"
	(cd "$folder" && quietly "cannot download $*" apt-get -q download "$@")
}

unpack() { # folder-with-debs root
	local deb
	mkdir -p "$2"
	for deb in "$1"/*.deb; do
		dpkg -x "$deb" "$2"
	done
	rm -rf "$1"
}
