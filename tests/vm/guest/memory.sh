# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Real hugepages: the unit tests of lib/mem, those that need such pages (mem_hugepages), and vfnet-fwd with them,
# without them, and with too few, as an ordinary user. A region's pages must leave the machine's stock and come back.

START_SECONDS=20
RUN_SECONDS=2

free_pages() {
	cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages
}

# A program of GoogleTest: a line for all of it, or, with a second argument, for each of its tests.
whole_gtest() { # program [each]
	local program=$1 name code=0 line
	name=$(basename "$program")
	built "$VFNET_BUILD/$program" || return
	as_user /usr/bin/timeout -k 1 60 "$VFNET_BUILD/$program" >"/share/$name.out" 2>&1 || code=$?
	if [ -n "$2" ]; then
		sed -n 's/^\[       OK \] [^.]*\.\([^ ]*\) (\(.*\))$/VFNET-PASS memory.\1 \2/p' "/share/$name.out"
	fi
	sed -n 's/^\[  FAILED  \] \([^ ]*\) (.*ms)$/\1/p' "/share/$name.out" | while read -r line; do
		fail "memory.${line#*.}" "in $name: $(grep -B 12 "FAILED.*$line" "/share/$name.out" | grep -A 3 Failure |
			head -n 4 | tr '\n' '|')"
	done
	if [ "$code" = 0 ] && ! grep -q SKIPPED "/share/$name.out"; then
		pass "memory.$name" "$(grep 'PASSED' "/share/$name.out" | head -n 1)"
	else
		fail "memory.$name" "exit $code: $(tail -n 1 "/share/$name.out")"
	fi
}

taken() { # pages
	[ "$(free_pages)" = $((VFNET_HUGEPAGES - $1)) ]
}

# fwd NAME PAGES ARGUMENTS...: a closed loop that holds so many hugepages while it runs and loses no frame
fwd() {
	local name=$1 pages=$2 code=0 held=no pid
	shift 2
	as_user_exec "$FWD" --log info --ring 1024 --peer auto --prime 256:64 --duration "$RUN_SECONDS" "$@" "pci:$VF0" \
		"pci:$VF1" >"/share/$name.out" 2>&1 &
	pid=$!
	if wait_for "$START_SECONDS" grep -q 'link up' "/share/$name.out" && taken "$pages"; then
		held=yes
	fi
	wait_for "$START_SECONDS" process_gone "$pid" || kill -KILL "$pid"
	wait "$pid" || code=$?
	if [ "$code" = 0 ] && [ "$held" = yes ] && taken 0 && grep -q '^ledger: balanced' "/share/$name.out"; then
		pass "memory.$name" "$pages hugepages; $(tail -n 1 "/share/$name.out")"
	else
		fail "memory.$name" "exit $code, $pages hugepages held: $held, free at the end: $(free_pages);" \
			"$(words "$name")"
	fi
}

says_ordinary() { # name yes|no
	local found=no
	grep -q 'mem/region: not enough free hugepages for [0-9]* MiB: the region has ordinary pages' \
		"/share/$1.out" && found=yes
	if [ "$found" = "$2" ]; then
		pass "memory.$1.line" "says that the pages are ordinary: $found"
	else
		fail "memory.$1.line" "says that the pages are ordinary: $found"
	fi
}

guest_main() {
	built "$FWD" || return
	bind_vfio "$VF0"
	bind_vfio "$VF1"
	whole_gtest tests/unit/mem/mem_test
	whole_gtest tests/unit/mem/mem_fault_test
	whole_gtest tests/vm/mem_hugepages each
	fwd huge 8 --mem 16M
	says_ordinary huge no
	VFNET_HUGEPAGES=4
	echo 4 >/proc/sys/vm/nr_hugepages
	fwd few 0 --mem 16M
	says_ordinary few yes
	VFNET_HUGEPAGES=0
	echo 0 >/proc/sys/vm/nr_hugepages
	fwd none 0
	says_ordinary none yes
}
