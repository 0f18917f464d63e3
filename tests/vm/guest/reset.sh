# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --cpus 1
#
# The physical function goes down and up again, or is reset, under a running vfnet-fwd, idle or with frames in its
# rings. It must say so within a bounded time, go on by itself, and end with exit code 0 and a ledger that balances. One
# whose physical function stays down ends with 1. The next run must work.

START_SECONDS=20
NOTICE_SECONDS=10
BACK_SECONDS=20
END_SECONDS=15

start() { # name arguments...: sets PID when the first port has link
	local name=$1
	shift
	as_user_exec "$FWD" --log info --interval 0.2 "$@" >"/share/$name.out" 2>&1 &
	PID=$!
	wait_for "$START_SECONDS" grep -q 'Mpps' "/share/$name.out" || fail "reset.$name" "does not start: $(words "$name")"
}

says_reset() { # name address
	grep -q "$2: the physical function was reset" "/share/$1.out"
}

says_back() { # name address
	grep -q "$2: runs again" "/share/$1.out"
}

check_said() { # name address...
	local name=$1 address
	shift
	for address in "$@"; do
		if wait_for "$NOTICE_SECONDS" says_reset "$name" "$address"; then
			pass "reset.$name.said.$address" "$(grep "$address: .*was reset" "/share/$name.out")"
		else
			fail "reset.$name.said.$address" "not a word in $NOTICE_SECONDS s: $(words "$name")"
		fi
	done
}

check_back() { # name address...
	local name=$1 address
	shift
	for address in "$@"; do
		if wait_for "$BACK_SECONDS" says_back "$name" "$address"; then
			pass "reset.$name.back.$address" "$(grep "$address: runs again" "/share/$name.out")"
		else
			fail "reset.$name.back.$address" "not in $BACK_SECONDS s: $(words "$name")"
		fi
	done
}

check_end() { # name exit-code
	local code=0
	kill -INT "$PID"
	wait_for "$END_SECONDS" process_gone "$PID" || kill -KILL "$PID"
	wait "$PID" || code=$?
	if [ "$code" = "$2" ] && grep -q '^ledger: balanced' "/share/$1.out"; then
		pass "reset.$1.end" "exit $code; $(grep '^ledger' "/share/$1.out")"
	else
		fail "reset.$1.end" "exit $code: $(words "$1")"
	fi
}

pf_down() {
	ip link set eth0 down
}

# igb resets the card for another MTU, and brings it up again at once.
mtu=1500
pf_pulse() {
	mtu=$((2900 - mtu))
	ip link set eth0 mtu "$mtu"
}

pf_up() {
	ip link set eth0 up
	wait_for 20 carrier eth0 || fail reset.up "eth0 has no link"
}

# pulled NAME HOW ADDRESSES VFNET-FWD-ARGUMENTS...
pulled() {
	local name=$1 how=$2 addresses=$3
	shift 3
	start "$name" "$@"
	"$how"
	# shellcheck disable=SC2086 # a list
	check_said "$name" $addresses
	pf_up
	# shellcheck disable=SC2086 # a list
	check_back "$name" $addresses
	check_end "$name" 0
}

stays_down() {
	local name=stays
	start "$name" "pci:$VF0"
	pf_down
	check_said "$name" "$VF0"
	check_end "$name" 1
	pf_up
}

# A program that sleeps on the port's descriptor is woken; QEMU forgets the interrupt of the reset, but igb has said so
# in the mailbox before.
sleeper() {
	local name=sleeper code=0
	as_user_exec "$EVENTS" "pci:$VF0" >"/share/$name.out" 2>&1 &
	PID=$!
	wait_for "$START_SECONDS" grep -q '^waiting' "/share/$name.out" || fail "reset.$name" "does not start: $(words "$name")"
	pf_down
	wait_for "$NOTICE_SECONDS" process_gone "$PID" || kill -KILL "$PID"
	wait "$PID" || code=$?
	if [ "$code" = 0 ] && grep -q '^woken' "/share/$name.out"; then
		pass "reset.$name" "$(tail -n 1 "/share/$name.out")"
	else
		fail "reset.$name" "exit $code: $(words "$name")"
	fi
	pf_up
}

guest_main() {
	built "$FWD" || return
	built "$EVENTS" || return
	bind_vfio "$VF0"
	bind_vfio "$VF1"
	pulled idle pf_down "$VF0" "pci:$VF0"
	# shellcheck disable=SC2086 # options
	pulled traffic pf_down "$VF0 $VF1" $LOOP "pci:$VF0" "pci:$VF1"
	# shellcheck disable=SC2086 # options
	pulled pulse pf_pulse "$VF0 $VF1" $LOOP "pci:$VF0" "pci:$VF1"
	stays_down
	sleeper
	runs_again reset
}
