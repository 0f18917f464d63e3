# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Cases of tests/net/run: vfnet-fwd --mode echo is the host at the end of a TAP device.

case_echo_pings() {
	fwd_start --mode echo --address 0=10.9.0.2 --address 0=fd00::2 --card 0=promisc --mtu 9000 \
		--wire 0=tap:t0 sim:0.0
	soon ip link set t0 mtu 9000 up
	ip addr add 10.9.0.1/24 dev t0
	ip addr add fd00::1/64 dev t0 nodad
	five_pings ping 10.9.0.2
	five_pings ping -s 8972 -M "do" 10.9.0.2 # a frame over five buffers
	five_pings ping -s 0 10.9.0.2
	five_pings ping fd00::2
	five_pings ping -s 8952 fd00::2
	! ping -c 1 -W 1 10.9.0.3 || fail "it answers for another host"
	ip neigh | grep '^10.9.0.2 .*lladdr' || fail "no ARP answer"
	ip -6 neigh | grep '^fd00::2 .*lladdr' || fail "no neighbour advertisement"
	nstat -asz | awk '/CsumErrors/ && $2 != 0 { exit 1 }' || fail "wrong checksums"
	fwd_stop
	(($(counted "['tx_packets']") >= 27)) || fail "who has answered?"
	(($(counted "['drops']['app']") >= 1)) || fail "what asked for 10.9.0.3 is not in the ledger"
}

# The program sleeps; what wakes it is the TAP device.
case_echo_asleep() {
	fwd_start --mode echo --wait interrupt --sim inline --address 0=10.9.0.2 --wire 0=tap:t0 sim:0.0
	soon ip link set t0 up
	ip addr add 10.9.0.1/24 dev t0
	five_pings ping 10.9.0.2
	fwd_stop
	(($(counted "['tx_packets']") >= 6)) || fail "who has answered?"
	(($(counted "['sleeps']") >= 6)) || fail "it did not sleep between them"
}
