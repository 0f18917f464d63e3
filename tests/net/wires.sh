# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Cases of tests/net/run: TAP devices and packet sockets, and what can be wrong with them.

# refused EXIT TEXT OPTION... - vfnet-fwd says TEXT in its one line
refused() {
	local exit=$1 text=$2 code=0
	shift 2
	"${AS[@]}" "$FWD" "$@" sim:0.0 >"$WORK/out" 2>"$WORK/err" || code=$?
	cat "$WORK/err"
	[[ $code == "$exit" && $(wc -l <"$WORK/err") == 1 ]] || fail "exit code $code, $*"
	grep -qF -- "$text" "$WORK/err" || fail "it does not say: $text"
}

case_misfits() {
	local AS=()
	ip tuntap add dev tun0 mode tun
	refused 2 'name a device with 1 to 15 letters' --wire 0=tap:
	refused 2 'name a device with 1 to 15 letters' --wire 0=tap
	refused 2 'name a device with 1 to 15 letters' --wire 0=tap:a2345678901234567
	refused 2 'name a device with 1 to 15 letters' --wire 0=tap:t%d
	refused 2 'tap:lo: this is no TAP device' --wire 0=tap:lo
	refused 2 'tap:tun0: this is no TAP device' --wire 0=tap:tun0
	refused 2 'it has a sink already' --wire 0=sink --wire 0=tap:t0
	refused 2 'it has a source already' --wire 0=tap:t0 --wire 0=gen
	refused 1 'tap:t0: another program or another card uses this TAP device' \
		--wire 0=tap:t0 --wire 1=tap:t0 sim:1.0
	refused 2 'name an interface with 1 to 15 letters' --wire 0=packet:
	refused 1 'packet:e9: there is no such interface' --wire 0=packet:e9
	refused 2 'packet:lo: this is no Ethernet interface' --wire 0=packet:lo
}

# Users of their own have no right to the network around them.
case_forbidden() {
	local AS=(unshare --user)
	ip link add v0 type veth peer name t0
	refused 1 'under "unshare -Urn"' --wire 0=tap:t1
	refused 1 'ip tuntap add dev t1 mode tap' --wire 0=tap:t1
	refused 1 'under "unshare -Urn"' --wire 0=packet:v0
	refused 1 'setcap cap_net_raw+ep' --wire 0=packet:v0
}

# A hundred frames to a TAP device.
hundred() {
	fwd_start --mode swap --count 100 --card 1=nospoof \
		--wire 0=gen:count=100 --wire 1=tap:t0 sim:0.0 sim:1.0
	wait "$FWD_PID" || fail "vfnet-fwd ended with $?"
}

case_tap_down() {
	ip tuntap add dev t0 mode tap
	hundred
	[[ $(counted "['drops']['wire_refused']") == 100 ]] || fail "not all are refused"
	[[ $(counted "['tx_packets']") == 0 ]] || fail "some left"
	grep -q 'hint: sim:1.0, wire_refused: bring the interface' "$WORK/fwd.log" || fail "no hint"
	ip link set t0 up
	hundred
	[[ $(counted "['tx_packets']") == 100 ]] || fail "some did not leave"
	ip -j -s link show t0 | python3 -c "
import json, sys
got = json.load(sys.stdin)[0]['stats64']['rx']['packets']
sys.exit(got != 100 and f'{got} came')" || fail "not all came"
}

case_tap_oversize() {
	fwd_start --mode swap --card 0=promisc,nospoof --mtu 9710 --wire 0=tap:t0 sim:0.0
	soon ip link set t0 mtu 20000 up
	ip addr add "10.9.0.1/24" dev t0
	ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:02 dev t0 nud permanent
	ping -c 1 -W 1 -M "do" -s 9682 10.9.0.2 || true # 9724 bytes come back to their sender's address
	ping -c 1 -W 1 -M "do" -s 9683 10.9.0.2 || true
	ping -c 1 -W 1 -M "do" -s 15000 10.9.0.2 || true
	fwd_stop
	[[ $(counted "['missed']['oversize']") == 2 ]] || fail "not exactly two are too long"
	(($(counted "['tx_packets']") >= 1)) || fail "the longest did not go through"
}

case_tap_gone() {
	fwd_start --mode swap --wire 0=tap:t0 sim:0.0
	soon ip link show t0
	ip link set t0 up
	ip link del t0
	soon grep 'cannot read from TAP device t0' "$WORK/fwd.log"
	sleep 0.2
	fwd_stop
	[[ $(grep -c 'cannot read from TAP' "$WORK/fwd.log") == 1 ]] || fail "said more than once"
}

# taps INTERFACE - somebody has a packet socket there
taps() {
	ss -H --packet | grep -qw "$1"
}

# What one end of a virtual cable sends arrives byte by byte, tags included, whoever it is for.
case_packet_frames() {
	ip link add v0 type veth peer name t0
	ip link set v0 up
	ip link set t0 up
	fwd_start --mode io --card 0=promisc --card 1=nospoof --mtu 1496 \
		--wire 0=packet:v0 --wire "1=pcap-out:$WORK/got.pcap" sim:0.0 sim:1.0
	soon taps v0
	ip -d link show v0 | grep -q 'promiscuity 1' || fail "the interface would filter"
	python3 "$HERE/send_frames.py" v0 "$WORK/own" # what the machine itself sends is not for the card
	python3 "$HERE/send_frames.py" t0 "$WORK/sent"
	sleep 0.3
	fwd_stop
	python3 "$HERE/send_frames.py" --compare "$WORK/got.pcap" "$WORK/sent" || fail "they differ"
}
