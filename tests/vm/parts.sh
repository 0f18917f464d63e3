# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by tests/vm/fetch and tests/vm/debug-kernel: the cache, in which part NAME is the folder $CACHE/NAME with a file
# VERSION in it. A part appears under its name by one rename, when it is complete.

# shellcheck disable=SC2034 # for the scripts that read this
readonly CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/vfnet/vm"
readonly FORMAT=1 # of the folders in the cache: raise it when their contents change

say() { printf 'vm/%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "error: $*"; exit 1; }

part_ready() { # name
	[[ -r $CACHE/$1/VERSION && $(head -n 1 "$CACHE/$1/VERSION") == "format $FORMAT" ]] || return
	if [[ $1 == headers-* ]]; then # those of exactly the kernel that is there
		[[ $(part_version "$1") == "$(part_version "kernel-${1#headers-}")" ]]
	fi
}

part_version() { # name
	sed -n 2p "$CACHE/$1/VERSION" 2>/dev/null || true
}

part_publish() { # folder name version...
	local folder=$1 name=$2
	shift 2
	printf '%s\n' "format $FORMAT" "$@" >"$folder/VERSION"
	chmod -R u+rwX "$folder"
	if [[ -e $CACHE/$name ]]; then
		mv "$CACHE/$name" "$WORK/old.$name"
	fi
	mv "$folder" "$CACHE/$name"
	say "$name: ready (${*: -1})"
}

take_lock() {
	mkdir -p "$CACHE"
	exec 9>"$CACHE/lock"
	if ! flock -n 9; then
		say "another fetch is running, waiting for it"
		flock 9
	fi
	rm -rf "$CACHE"/tmp.*
	WORK=$(mktemp -d "$CACHE/tmp.XXXXXX")
	trap 'rm -rf "$WORK"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}
