# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What demo, check and the tools share; to be sourced. Sets ROOT, CACHE and LOGS.

# shellcheck disable=SC2034 # for those who source this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/vfnet
LOGS=$ROOT/build/logs

die() {
	printf '%s: error: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

now_ms() {
	printf '%s' "$((${EPOCHREALTIME//[.,]/} / 1000))"
}

seconds_since() { # ms
	local ms=$(($(now_ms) - $1))
	printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# The last line of a growing log: every half second over itself on a terminal, else every 30 s.
show_progress() { # pid log
	local ticks=0 columns
	columns=$(tput cols 2>/dev/null) || columns=80
	while kill -0 "$1" 2>/dev/null; do
		if [[ -t 1 ]]; then
			printf '\r\e[K      %.*s' $((columns - 8)) "$(tail -n 1 "$2" | tr -d '\r\t')"
		elif ((ticks % 60 == 59)); then
			printf '      %.90s\n' "$(tail -n 1 "$2" | tr -d '\r\t')"
		fi
		ticks=$((ticks + 1))
		sleep 0.5
	done
	if [[ -t 1 ]]; then
		printf '\r\e[K'
	fi
}

# logged NAME COMMAND... - runs a long command: its output goes to LOGS/NAME.log, its progress to
# the screen. Returns its exit code.
logged() {
	local log=$LOGS/$1.log pid
	shift
	mkdir -p "$LOGS"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	# A background command does not hear Ctrl-C by itself.
	trap 'kill "$pid" 2>/dev/null; wait "$pid"; exit 130' INT TERM
	show_progress "$pid" "$log"
	trap - INT TERM
	wait "$pid"
}

# must NAME COMMAND... - as logged; a failure also shows the end of the log
must() {
	if ! logged "$@"; then
		tail -n 60 "$LOGS/$1.log" >&2
		echo "$1 failed; all its output is in build/logs/$1.log" >&2
		return 1
	fi
}

# build PRESET [cmake option...] - configures and builds build/PRESET
build() {
	local preset=$1
	shift
	cd "$ROOT" &&
		must "configure-$preset" cmake --preset "$preset" "$@" &&
		must "build-$preset" cmake --build "build/$preset"
}
