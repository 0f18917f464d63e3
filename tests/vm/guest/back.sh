# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# What can happen to a VF in use, and the way back from each (reset.sh has the physical function's interface):
#   vf_reset    another tool resets VF 0
#   card_reset  the physical function is reset under igb, which is taken down and up then
#   killed      kill -9 in mid-traffic, and a new start; five times
#   neighbour   two processes on two VFs: one is killed, which the other one does not notice
#   forked      a process with ports has children
# The traffic is pings from the physical function's interface, which vfnet-fwd answers. Arguments choose some of these.

START_SECONDS=20
BACK_SECONDS=15
END_SECONDS=15
PF_IP=10.9.0.1 IP0=10.9.0.2 IP1=10.9.0.3
PF=0000:01:00.0
FORK=$VFNET_BUILD/tests/vm/port_fork
LOOP="--ring 1024 --peer auto --prime 512:64"

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
	as_user_exec "$FWD" --log info --interval 0.2 --json "/tmp/share/$name.json" "$@" >"/share/$name.out" 2>&1 &
	PID=$!
	wait_for "$START_SECONDS" said "$name" 'link up' 1 || fail "back.$name" "does not start: $(words "$name")"
}

answers() { # IP
	ping -q -c 1 -W 1 "$1" >/dev/null
}

# All of ten pings in a row come back, once the first has.
check_answers() { # name IP
	wait_for "$START_SECONDS" answers "$2"
	if ping -q -c 10 -i 0.1 -W 2 "$2" >/share/ping.text; then
		pass "back.$1" "$(grep received /share/ping.text)"
	else
		fail "back.$1" "$2 does not answer: $(grep received /share/ping.text)"
	fi
}

flood() { # IP: pings without end, as fast as they are answered; sets FLOOD
	ping -q -A -W 1 "$1" >/dev/null &
	FLOOD=$!
}

check_back() { # name times
	if wait_for "$BACK_SECONDS" said "$1" 'runs again after' "$2"; then
		pass "back.$1.$2" "$(grep 'runs again after' "/share/$1.out" | tail -n 1)"
	else
		fail "back.$1.$2" "not in $BACK_SECONDS s: $(words "$1")"
	fi
}

count() { # name key: a number of the first port
	sed -n "s/^[[:space:]]*\"$2\":[[:space:]]*\([0-9][0-9]*\).*/\1/p" "/share/$1.json" | head -n 1
}

check_end() { # name pid key number: exit code 0, a ledger that balances, and the event is counted
	local code=0
	stop "$2" "$END_SECONDS" || code=$?
	if [ "$code" = 0 ] && grep -q '^ledger: balanced' "/share/$1.out" && [ "$(count "$1" "$3")" = "$4" ]; then
		pass "back.$1.end" "$3 $4; $(grep '^ledger' "/share/$1.out")"
	else
		fail "back.$1.end" "exit $code, $3 $(count "$1" "$3"), not $4: $(words "$1")"
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
		fail card_reset.said "not a word: $(words card_reset)"
	ip link set eth0 down
	ip link set eth0 up
	check_back card_reset 1
	wait_for 20 carrier eth0
	check_answers card_reset.after "$IP0"
	check_end card_reset "$PID" vf_resets 1
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
			pass "back.killed.$round" "$(tail -n 1 /share/killed.out)"
		else
			fail "back.killed.$round" "no frames: $(words killed)"
		fi
		kill -KILL "$PID"
		wait "$PID"
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
	kill -KILL "$first"
	wait "$first"
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
		pass back.forked "$(tail -n 1 /share/forked.out)"
	else
		fail back.forked "exit $code: $(words forked)"
	fi
}

guest_main() {
	local name
	built "$FWD" || return
	built "$FORK" || return
	bind_vfio "$VF0"
	bind_vfio "$VF1"
	ip addr add "$PF_IP/24" dev eth0
	[ $# -gt 0 ] || set -- vf_reset card_reset killed neighbour forked
	for name; do
		"$name"
	done
}
