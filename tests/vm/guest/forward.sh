# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# vfnet-fwd on the VFs, as an ordinary user through vfio-pci, with the host's wire_test at the far end of the wire:
#   stream  wire -> VF 0 -> VF 1 -> wire, frames of all sizes, --mode mac
#   bounce  wire -> VF 0 -> wire, one frame on its way, --mode swap
#   asleep  the same with --wait interrupt: frames have to wake it
# An argument chooses one of them; the number of --count is that of the bounce (1,000,000).

STREAM_FRAMES=10000
ASLEEP_FRAMES=2000
READY_SECONDS=20
END_SECONDS=10

start() { # name vfnet-fwd-arguments...; sets PID
	local name=$1
	shift
	as_user_exec "$FWD" --json "/tmp/share/$name.json" "$@" >"/share/$name.out" 2>&1 &
	PID=$!
}

# The forwarder must end on SIGINT with code 0 and leave its JSON.
finish() { # name
	local code=0
	stop "$PID" "$END_SECONDS" || code=$?
	if [ "$code" = 0 ] && [ -s "/share/$1.json" ]; then
		pass "$1.end" "$(tail -n 1 "/share/$1.out")"
	else
		fail "$1.end" "exit code $code; $(tail -n 1 "/share/$1.out")"
		sed 's/^/  /' "/share/$1.out"
	fi
}

# forward NAME MODE OUT COUNT VFNET-FWD-ARGUMENTS...: forwards while wire_test, in its MODE, sends to VF 0 and hears from
# VF number OUT
forward() {
	local name=$1 mode=$2 out=$3 count=$4
	shift 4
	start "$name" "$@"
	if wait_for "$READY_SECONDS" ready "$out" && ! process_gone "$PID"; then
		wire "$name" "$mode" --dst "$(vf_mac 0)" --from "$(vf_mac "$out")" --count "$count"
	else
		fail "$name" "vfnet-fwd ended, or gave a VF no address in $READY_SECONDS s"
	fi
	finish "$name"
}

# With no address from the administrator the driver chooses one and tells the PF.
ready() { # number of the VF that sends
	process_gone "$PID" || { vf_has_mac 0 && vf_has_mac "$1"; }
}

# Many frames find it awake: wire_test answers before it has gone to sleep.
slept() { # frames
	local sleeps
	sleeps=$(sed -n 's/.*"sleeps":[^0-9]*\([0-9]*\).*/\1/p' /share/asleep.json)
	if [ "${sleeps:-0}" -ge $(($1 / 20)) ]; then
		pass asleep.sleeps "$sleeps for $1 frames"
	else
		fail asleep.sleeps "${sleeps:-no} sleeps for $1 frames"
	fi
}

guest_main() {
	built "$FWD" || return
	bind_vfio "$VF0"
	bind_vfio "$VF1"
	if [ "${1:-stream}" = stream ]; then
		forward stream stream 1 "$STREAM_FRAMES" \
			--mode mac --peer "0=$VFNET_WIRE_MAC" --peer "1=$VFNET_WIRE_MAC" "pci:$VF0" "pci:$VF1"
	fi
	if [ "${1:-bounce}" = bounce ]; then
		forward bounce bounce 0 "${VFNET_COUNT:-1000000}" --mode swap "pci:$VF0"
	fi
	if [ "${1:-asleep}" = asleep ]; then
		forward asleep bounce 0 "$ASLEEP_FRAMES" --mode swap --wait interrupt "pci:$VF0"
		slept "$ASLEEP_FRAMES"
	fi
}
