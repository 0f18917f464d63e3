# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --cpus 1 --time-limit 600
#
# What can happen to a VF in use, and the way back from each (reset.sh has the physical function's interface):
#   vf_reset    another tool resets VF 0
#   card_reset  the physical function is reset under igb, which is taken down and up then
#   killed      kill -9 in mid-traffic, and a new start; five times
#   neighbour   two processes on two VFs: one is killed, which the other one does not notice
#   forked      a process with ports has children
#   vfs_gone    root takes the VFs away, by sriov_numvfs, and makes them again
#   igb_gone    the physical function's driver is removed, and loaded
# The traffic is pings from the physical function's interface, which vfnet-fwd answers. Arguments choose some of these, and
# doors.

START_SECONDS=20
BACK_SECONDS=15
END_SECONDS=15
GONE_SECONDS=10
PF_IP=10.9.0.1 IP0=10.9.0.2 IP1=10.9.0.3
PF=0000:01:00.0
TOPICS="vf_reset card_reset killed neighbour forked vfs_gone igb_gone"
FORK=$VFNET_BUILD/tests/vm/port_fork

how_often() { # name text: how often a program has said it
	grep -c "$2" "/share/$1.out"
}

said() { # name text times
	[ "$(how_often "$1" "$2")" -ge "$3" ]
}

# start NAME ARGUMENTS...: sets PID when the first port has link
start() {
	local name=$1
	shift
	rm -f "/share/$name.json" # of the door before
	ip neigh flush dev eth0 # a VF that was made anew has a random address in each life
	as_user_exec "$FWD" --log info --interval 0.2 --json "/tmp/share/$name.json" "$@" >"/share/$name.out" 2>&1 &
	PID=$!
	wait_for "$START_SECONDS" said "$name" 'link up' 1 || fail "back.$DOOR.$name" "does not start: $(words "$name")"
}

answers() { # IP
	ping -q -c 1 -W 1 "$1" >/dev/null
}

# All of ten pings in a row come back, once the first has.
check_answers() { # name IP
	wait_for "$START_SECONDS" answers "$2"
	if ping -q -c 10 -i 0.1 -W 2 "$2" >/share/ping.text; then
		pass "back.$DOOR.$1" "$(grep received /share/ping.text)"
	else
		fail "back.$DOOR.$1" "$2 does not answer: $(grep received /share/ping.text)"
	fi
}

flood() { # IP: pings without end, answered or not; sets FLOOD
	ping -q -i 0.002 "$1" >/dev/null &
	FLOOD=$!
	sleep 0.5
}

check_back() { # name times
	if wait_for "$BACK_SECONDS" said "$1" 'runs again after' "$2"; then
		pass "back.$DOOR.$1.$2" "$(grep 'runs again after' "/share/$1.out" | tail -n 1)"
	else
		fail "back.$DOOR.$1.$2" "not in $BACK_SECONDS s: $(words "$1")"
	fi
}

count() { # name key: a number of the first port
	sed -n "s/^[[:space:]]*\"$2\":[[:space:]]*\([0-9][0-9]*\).*/\1/p" "/share/$1.json" | head -n 1
}

check_end() { # name pid key number: exit code 0, a ledger that balances, and the event is counted
	local code=0
	stop "$2" "$END_SECONDS" || code=$?
	if [ "$code" = 0 ] && grep -q '^ledger: balanced' "/share/$1.out" && [ "$(count "$1" "$3")" = "$4" ]; then
		pass "back.$DOOR.$1.end" "$3 $4; $(grep '^ledger' "/share/$1.out")"
	else
		fail "back.$DOOR.$1.end" "exit $code, $3 $(count "$1" "$3"), not $4: $(words "$1")"
	fi
}

vf_reset() {
	local round
	start vf_reset --mode echo --address "0=$IP0" "pci:$VF0"
	check_answers vf_reset.before "$IP0"
	flood "$IP0"
	for round in 1 2 3; do
		echo 1 >"/sys/bus/pci/devices/$VF0/reset"
		check_back vf_reset "$round"
	done
	kill "$FLOOD"
	check_answers vf_reset.after "$IP0"
	check_end vf_reset "$PID" vf_resets 3
}

# igb does not notice that its card was reset. QEMU's VF has no registers then, which looks like a reset of its own.
card_reset() {
	start card_reset --mode echo --address "0=$IP0" --wait interrupt "pci:$VF0"
	check_answers card_reset.before "$IP0"
	echo 1 >"/sys/bus/pci/devices/$PF/reset"
	wait_for "$BACK_SECONDS" said card_reset 'reset this function' 1 ||
		fail "back.$DOOR.card_reset.said" "not a word: $(words card_reset)"
	ip link set eth0 down
	ip link set eth0 up
	check_back card_reset 1
	wait_for 20 carrier eth0
	check_answers card_reset.after "$IP0"
	check_end card_reset "$PID" vf_resets 1
}

# Memory goes before descriptors, and yet no DMA meets the IOMMU: a fault in the kernel's log is a failure.
kill_at_once() { # pid
	kill -KILL "$1"
	wait "$1"
}

moves() { # name: frames in two lines of the live table
	[ "$(awk '/^ +[0-9]+\.[0-9] / && $2 > 0 { n++ } END { print n + 0 }' "/share/$1.out")" -ge 2 ]
}

killed() {
	local round
	for round in 1 2 3 4 5; do
		# shellcheck disable=SC2086 # options
		start killed $LOOP "pci:$VF0" "pci:$VF1"
		if wait_for "$START_SECONDS" moves killed; then
			pass "back.$DOOR.killed.$round" "$(tail -n 1 /share/killed.out)"
		else
			fail "back.$DOOR.killed.$round" "no frames: $(words killed)"
		fi
		kill_at_once "$PID"
	done
	# shellcheck disable=SC2086 # options
	start killed $LOOP "pci:$VF0" "pci:$VF1"
	wait_for "$START_SECONDS" moves killed
	check_end killed "$PID" resets 0
}

neighbour() {
	local first second
	start first --mode echo --address "0=$IP0" "pci:$VF0"
	first=$PID
	start second --mode echo --address "0=$IP1" "pci:$VF1"
	second=$PID
	check_answers neighbour.first "$IP0"
	check_answers neighbour.second "$IP1"
	flood "$IP0"
	kill_at_once "$first"
	check_answers neighbour.alone "$IP1"
	kill "$FLOOD"
	start first --mode echo --address "0=$IP0" "pci:$VF0"
	check_answers neighbour.again "$IP0"
	check_end first "$PID" resets 0
	check_answers neighbour.left "$IP1"
	check_end second "$second" vf_resets 0
}

forked() {
	local code=0
	as_user "$FORK" "pci:$VF0" "pci:$VF1" >/share/forked.out 2>&1 || code=$?
	if [ "$code" = 0 ]; then
		pass "back.$DOOR.forked" "$(tail -n 1 /share/forked.out)"
	else
		fail "back.$DOOR.forked" "exit $code: $(words forked)"
	fi
}

# A program that sleeps on VF 1's descriptor: vfio-pci asks for it, our module takes it and says so.
start_sleeper() { # name: sets SLEEPER
	as_user_exec "$EVENTS" "pci:$VF1" >"/share/$1.events.out" 2>&1 &
	SLEEPER=$!
	wait_for "$START_SECONDS" said "$1.events" '^waiting' 1 || fail "back.$DOOR.$1" "$(words "$1.events")"
}

check_woken() { # name
	wait_for "$GONE_SECONDS" process_gone "$SLEEPER" || kill -KILL "$SLEEPER"
	if said "$1.events" '^woken: gone' 1; then
		pass "back.$DOOR.$1.woken" "$(tail -n 1 "/share/$1.events.out")"
	else
		fail "back.$DOOR.$1.woken" "$(words "$1.events")"
	fi
}

# vfnet-fwd says why it ends, and does so by itself.
check_gone() { # name
	local code=0
	wait_for "$GONE_SECONDS" process_gone "$PID" || kill -KILL "$PID"
	wait "$PID" || code=$?
	if [ "$code" = 1 ] && said "$1" "$VF0: the device is gone" 1 && said "$1" '^ledger: balanced' 1; then
		pass "back.$DOOR.$1.said" "exit 1; $(grep '^ledger' "/share/$1.out")"
	else
		fail "back.$DOOR.$1.said" "exit $code: $(words "$1")"
	fi
}

# gone NAME COMMAND...: it takes the VFs away under traffic, and has to end soon: who uses them lets go
gone() {
	local name=$1 taker
	shift
	start "$name" --mode echo --address "0=$IP0" "pci:$VF0"
	check_answers "$name.before" "$IP0"
	flood "$IP0"
	start_sleeper "$name"
	"$@" &
	taker=$!
	if wait_for "$GONE_SECONDS" process_gone "$taker"; then
		pass "back.$DOOR.$name.taken" "$* has ended"
	else
		fail "back.$DOOR.$name.taken" "$* waits for longer than $GONE_SECONDS s: $(dmesg | tail -n 1)"
	fi
	check_gone "$name"
	check_woken "$name"
	wait "$taker"
	kill "$FLOOD" 2>/dev/null
}

# The VFs are there again, and work.
check_again() { # name
	bind_to "$DOOR" "$VF0" "$VF1"
	start "$1.again" --mode echo --address "0=$IP0" "pci:$VF0"
	check_answers "$1.again" "$IP0"
	check_end "$1.again" "$PID" resets 0
}

set_vfs() { # number
	echo "$1" >/sys/class/net/eth0/device/sriov_numvfs
}

vfs_gone() {
	gone vfs_gone set_vfs 0
	set_vfs "$VFNET_VFS"
	wait_for 20 carrier eth0
	check_again vfs_gone
}

igb_gone() {
	gone igb_gone rmmod igb
	insmod /modules/igb.ko
	start_pf
	ip addr add "$PF_IP/24" dev eth0
	check_again igb_gone
}

guest_main() {
	local topic
	built "$FWD" || return
	built "$EVENTS" || return
	built "$FORK" || return
	ip addr add "$PF_IP/24" dev eth0
	for DOOR in $(choose "$ALL_DOORS" "$@"); do
		bind_to "$DOOR" "$VF0" "$VF1"
		for topic in $(choose "$TOPICS" "$@"); do
			"$topic"
		done
	done
}
