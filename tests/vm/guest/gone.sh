# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --cpus 1
#
# The administrator takes a VF away from a program that uses it: unbinds it from vfio-pci, or removes all VFs, which both
# wait until the program has closed the function. It must be told, close it while it still holds port and queues, live,
# and end with a ledger that balances. Argument iommufd: the same by iommufd instead of groups (debug kernel only).

SLOW=1
[ "$VFNET_KERNEL" = debug ] && SLOW=6
START_SECONDS=$((20 * SLOW))
TAKEN_SECONDS=$((10 * SLOW))
END_SECONDS=$((15 * SLOW))
BIND=bind_vfio
NUMVFS=/sys/class/net/eth0/device/sriov_numvfs

start_fwd() { # name arguments...: sets PID when the first port has link
	local name=$1
	shift
	as_user_exec "$FWD" --interval 0.2 "$@" >"/share/$name.out" 2>&1 &
	PID=$!
	wait_for "$START_SECONDS" grep -q 'Mpps' "/share/$name.out" || fail "gone.$name" "does not start: $(words "$name")"
}

now_ms() {
	sed 's/^\([0-9]*\)\.\([0-9]*\) .*/\1\20/' /proc/uptime
}

# taken NAME FILE WORD: writes the word to the file, which must return although a program has the function
taken() {
	local name=$1 begin
	begin=$(now_ms)
	echo "$3" >"$2" &
	if wait_for "$TAKEN_SECONDS" process_gone $!; then
		pass "gone.$name.taken" "after $(($(now_ms) - begin)) ms"
	else
		fail "gone.$name.taken" "not in $TAKEN_SECONDS s: $(words "$name")"
	fi
}

# vfnet-fwd ends by itself
check_fwd() { # name address
	local name=$1 code=0
	wait_for "$END_SECONDS" process_gone "$PID" || kill -KILL "$PID"
	wait "$PID" || code=$?
	if [ "$code" = 1 ] && grep -q '^ledger: balanced' "/share/$name.out" &&
		grep -q "$2: the device is gone" "/share/$name.out"; then
		pass "gone.$name.end" "exit $code; $(grep '^ledger' "/share/$name.out")"
	else
		fail "gone.$name.end" "exit $code: $(words "$name")"
	fi
}

unbind_file() { # address
	echo "/sys/bus/pci/devices/$1/driver/unbind"
}

unbound() { # name vfnet-fwd-arguments...
	local name=$1
	shift
	start_fwd "$name" "$@"
	taken "$name" "$(unbind_file "$VF0")" "$VF0"
	check_fwd "$name" "$VF0"
	"$BIND" "$VF0"
}

# A program that sleeps on the port's descriptor, and keeps port and queues after it was told.
holder() {
	local name=holder
	as_user_exec "$EVENTS" "pci:$VF0" hold >"/share/$name.out" 2>&1 &
	PID=$!
	wait_for "$START_SECONDS" grep -q '^waiting' "/share/$name.out" || fail "gone.$name" "does not start: $(words "$name")"
	taken "$name" "$(unbind_file "$VF0")" "$VF0"
	if grep -q '^woken: gone' "/share/$name.out" && ! process_gone "$PID"; then
		pass "gone.$name.lives" "$(tail -n 1 "/share/$name.out")"
	else
		fail "gone.$name.lives" "$(words "$name")"
	fi
	kill -KILL "$PID"
	wait "$PID"
	"$BIND" "$VF0"
}

# shellcheck disable=SC2086 # options
removed() {
	local name=removed
	start_fwd "$name" $LOOP "pci:$VF0" "pci:$VF1"
	taken "$name" "$NUMVFS" 0
	check_fwd "$name" "0000:01:10.[02]"
	[ -e "/sys/bus/pci/devices/$VF0" ] && fail "gone.$name.vfs" "VF 0 is still there"
	echo "$VFNET_VFS" >"$NUMVFS" || fail "gone.$name.vfs" "they do not come back"
	wait_for "$START_SECONDS" carrier eth0 || fail "gone.$name.up" "eth0 has no link"
	"$BIND" "$VF0"
	"$BIND" "$VF1"
}

guest_main() {
	built "$FWD" || return
	built "$EVENTS" || return
	[ "${1:-}" = iommufd ] && BIND=bind_iommufd
	"$BIND" "$VF0"
	"$BIND" "$VF1"
	# shellcheck disable=SC2086 # options
	unbound traffic $LOOP "pci:$VF0" "pci:$VF1"
	unbound asleep --wait interrupt "pci:$VF0"
	holder
	removed
	runs_again gone
}
