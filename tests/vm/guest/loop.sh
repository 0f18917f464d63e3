# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --cpus 1
#
# Frames that go round through the card's internal switch, with no generator and no sink, so that none may be lost:
#   one    one process, port 0 sends to VF 1 and port 1's frames go out of port 0 again
#   pair   two processes, one for each VF, which send to each other: frames visit both rings of both
# Rates are shown and not judged. The rings hold more than the frames: a ring of 512 takes 511.

FRAMES=512
RING=1024
START_SECONDS=20
END_SECONDS=20

count() { # name key occurrence: a number of a result; 1 is the sum of all ports, 2 the first port, ...
	sed -n "s/^[[:space:]]*\"$2\":[[:space:]]*\([0-9][0-9]*\).*/\1/p" "/share/$1.json" | sed -n "$3p"
}

start() { # name arguments...: sets PID
	local name=$1
	shift
	as_user_exec "$FWD" --mode mac --ring "$RING" --log info --interval 1 --json "/tmp/share/$name.json" "$@" \
		>"/share/$name.out" 2>&1 &
	PID=$!
}

has_link() { # name ports
	[ "$(grep -c 'link up' "/share/$1.out")" = "$2" ]
}

# The program has ended with 0, and the live table shows frames in three seconds at least.
finish() { # name pid
	local code=0
	wait_for "$END_SECONDS" process_gone "$2" || kill -KILL "$2"
	wait "$2" || code=$?
	if [ "$code" != 0 ] || ! grep -q '^ledger: balanced' "/share/$1.out"; then
		fail "loop.$1" "exit $code: $(words "$1")"
		return 1
	fi
	if ! awk '/^ +[0-9]+\.[0-9] / && $2 > 0 { n++ } END { exit n < 3 }' "/share/$1.out"; then
		fail "loop.$1" "frames in less than three seconds: $(words "$1")"
		return 1
	fi
}

rate() { # name port
	awk -v n="$(count "$1" rx_packets "$2")" -v s="$(count "$1" duration_s 1)" \
		'BEGIN { printf "%d frames/s", s ? n / s : 0 }'
}

one() {
	local rx tx
	start one --peer auto --prime "$FRAMES:64" --duration 5 "pci:$VF0" "pci:$VF1"
	finish one "$PID" || return
	tx=$(count one tx_packets 2)
	rx=$(count one rx_packets 3)
	if [ "$rx" -gt "$FRAMES" ] && [ "$rx" = "$tx" ] && [ "$(count one not_drained 1)" = "$FRAMES" ]; then
		pass loop.one "$tx from VF 0 = $rx to VF 1, $FRAMES of them left in the rings; $(rate one 3) (not judged)"
	else
		fail loop.one "$tx from VF 0, $rx to VF 1: $(words one)"
	fi
}

# VF 1's process begins earlier and ends later, so it must have all that VF 0 ever sent.
pair() {
	local second tx0 rx0 tx1 rx1
	start second --peer "0=$VFNET_MAC0" "pci:$VF1"
	second=$PID
	wait_for "$START_SECONDS" has_link second 1 || fail loop.pair "no link: $(words second)"
	start first --peer "0=$VFNET_MAC1" --prime "$FRAMES:1518" --duration 5 "pci:$VF0"
	finish first "$PID"
	kill -INT "$second"
	finish second "$second"
	tx0=$(count first tx_packets 1) rx0=$(count first rx_packets 1)
	tx1=$(count second tx_packets 1) rx1=$(count second rx_packets 1)
	if [ "${rx0:-0}" -gt "$FRAMES" ] && [ "$rx1" = "$tx0" ] && [ $((tx1 - rx0)) -le "$FRAMES" ]; then
		pass loop.pair "$tx0 from VF 0 = $rx1 to VF 1; $tx1 back, $rx0 seen before the end; $(rate first 1) (not judged)"
	else
		fail loop.pair "VF 0 sent $tx0 and received $rx0, VF 1 received $rx1 and sent $tx1"
	fi
}

guest_main() {
	built "$FWD" || return
	bind_vfio "$VF0"
	bind_vfio "$VF1"
	one
	pair
}
