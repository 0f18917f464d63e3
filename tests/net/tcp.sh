# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Cases of tests/net/run. Worlds a and b are two machines; vfnet-fwd is the network between them.

readonly A_IP=10.9.0.1 B_IP=10.9.0.2
readonly A_MAC=02:00:00:00:aa:01 B_MAC=02:00:00:00:bb:01
readonly CARD0_MAC=02:00:00:00:00:c0 CARD1_MAC=02:00:00:00:00:c1

if [[ ${VFNET_NET_LONG:-} ]]; then
	readonly TCP_S=30 FILE_MIB=1024
else
	readonly TCP_S=3 FILE_MIB=64
fi

# listens WORLD PORT
listens() {
	at "$1" ss -Hltn "sport = $2" | grep -q .
}

# iperf OPTION... - a TCP stream from a to b
iperf() {
	local server
	at b iperf3 --server --one-off >"$WORK/server.log" 2>&1 &
	server=$!
	soon listens b 5201
	at a iperf3 --client "$B_IP" --time "$TCP_S" --format m "$@" >"$WORK/iperf.log" 2>&1 ||
		fail "iperf3 $*"
	wait "$server" # or the next one finds its port taken
	grep -E 'sender|receiver' "$WORK/iperf.log"
}

# A file from b to a over HTTP.
http() {
	local sent got
	mkdir "$WORK/www"
	head -c "${FILE_MIB}M" /dev/urandom >"$WORK/www/file"
	sent=$(sha256sum <"$WORK/www/file")
	at b python3 -m http.server --directory "$WORK/www" --bind "$B_IP" 8000 >"$WORK/http.log" 2>&1 &
	soon listens b 8000
	got=$(at a python3 -c "
import shutil, sys, urllib.request
with urllib.request.urlopen('http://$B_IP:8000/file', timeout=30) as file:
    shutil.copyfileobj(file, sys.stdout.buffer, 1 << 20)" | sha256sum)
	[[ $got == "$sent" ]] || fail "the file of $FILE_MIB MiB came as $got, was sent as $sent"
	echo "http: $FILE_MIB MiB, SHA-256 equal: ${got%% *}"
}

# What must work between a and b while vfnet-fwd runs.
real_traffic() {
	soon at a ping -c 1 -W 1 "$B_IP"
	five_pings at a ping "$B_IP"
	iperf
	iperf --reverse
	http
	no_checksum_errors a
	no_checksum_errors b
	fwd_stop
	(($(counted "['rx_packets']") > FILE_MIB * 1024 * 1024 / 1500)) || fail "it did not go through vfnet-fwd"
}

case_tcp_io() {
	world a
	world b
	fwd_start --mode io --card 0=promisc,nospoof --card 1=promisc,nospoof \
		--wire 0=tap:ta --wire 1=tap:tb sim:0.0 sim:1.0
	interface a ta "$A_IP" "$A_MAC"
	interface b tb "$B_IP" "$B_MAC"
	real_traffic
}

# The cards are those of a real machine, which filter and refuse foreign sources: each side knows
# the card in front of it as its neighbour.
case_tcp_mac() {
	world a
	world b
	fwd_start --mode mac --peer "0=$A_MAC" --peer "1=$B_MAC" \
		--card "0=mac=0:$CARD0_MAC" --card "1=mac=0:$CARD1_MAC" \
		--wire 0=tap:ta --wire 1=tap:tb sim:0.0 sim:1.0
	interface a ta "$A_IP" "$A_MAC"
	interface b tb "$B_IP" "$B_MAC"
	at a ip neigh replace "$B_IP" lladdr "$CARD0_MAC" dev ta nud permanent
	at b ip neigh replace "$A_IP" lladdr "$CARD1_MAC" dev tb nud permanent
	real_traffic
}

# Packet sockets on one end of virtual cables; the other ends cut no segments and keep their sums to
# themselves, as they do by default.
case_tcp_packet() {
	local x
	world a
	world b
	for x in a b; do
		ip link add "v$x" type veth peer name "t$x"
		ip link set "v$x" up
	done
	fwd_start --mode io --card 0=promisc,nospoof --card 1=promisc,nospoof \
		--wire 0=packet:va --wire 1=packet:vb sim:0.0 sim:1.0
	interface a ta "$A_IP" "$A_MAC"
	interface b tb "$B_IP" "$B_MAC"
	at a ip link set ta gso_max_segs 1
	at b ip link set tb gso_max_segs 1
	real_traffic
}

# The physical function of one card is reset every second and stays down for a while, the link of the other one comes and
# goes: TCP sends again what was lost. The ledger must balance, and no buffer may be lost: fwd_stop.
case_tcp_disturbed() {
	world a
	world b
	fwd_start --mode io --card 0=promisc,nospoof,reset=1000,outage=20 --card 1=promisc,nospoof,flap=700 \
		--wire 0=tap:ta --wire 1=tap:tb sim:0.0 sim:1.0
	interface a ta "$A_IP" "$A_MAC"
	interface b tb "$B_IP" "$B_MAC"
	soon at a ping -c 1 -W 1 "$B_IP"
	iperf
	http
	soon at a ping -c 1 -W 1 "$B_IP"
	no_checksum_errors a
	no_checksum_errors b
	fwd_stop
	(($(counted "['ports'][0]['resets']") >= 3)) || fail "it was not reset"
	(($(counted "['missed']['link_down']") > 0)) || fail "the link was always up"
}
