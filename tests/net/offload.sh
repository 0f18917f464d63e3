# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Cases of tests/net/run: what a card does for frames, judged by Linux. offload_peer is a host whose card does its sums,
# tags and segments; the machine at the other end of TAP device t0 is world a.

readonly ENDS=$HERE/offload_ends.py PEER_MAC=02:00:00:00:00:c0 SEGMENTED_MIB=8

# peer_start WORD...
peer_start() {
	"$PEER" "$@" <&0 >"$WORK/peer.log" 2>&1 &
	PEER_PID=$!
}

# network WORLD INTERFACE IP4 IP6 - the peer is the next address of each; it answers no questions for them
network() {
	local ip
	soon at "$1" ip link set dev "$2" address "$A_MAC" up
	at "$1" ip addr add "$3/24" dev "$2"
	at "$1" ip addr add "$4/64" dev "$2" nodad
	for ip in "${3%1}2" "${4%1}2"; do
		at "$1" ip neigh replace "$ip" lladdr "$PEER_MAC" dev "$2" nud permanent
	done
}

# connect WORLD - t0 is its network, t5 a VLAN there
connect() {
	soon ip link set dev t0 netns "$1"
	network "$1" t0 10.9.0.1 fd00::1
	at "$1" python3 "$ENDS" vlan t0 t5 >"$WORK/vlan.log" 2>&1 &
	network "$1" t5 10.9.5.1 fd05::1
}

# peer_stop - it ends by itself
peer_stop() {
	local code=0
	wait "$PEER_PID" || code=$?
	cat "$WORK/peer.log"
	((code == 0)) || fail "offload_peer ended with $code"
}

# echo_start WORLD
echo_start() {
	at "$1" python3 "$ENDS" echo >"$WORK/echo.log" 2>&1 &
	soon two_sockets "$1"
}

# two_sockets WORLD - one for each IP
two_sockets() {
	(($(at "$1" ss -Hlun "sport = 5007" | wc -l) == 2))
}

case_offload_udp() {
	world a
	echo_start a
	peer_start udp
	connect a
	peer_stop
	no_checksum_errors a
}

# A file over four connections.
files_in_segments() {
	local sent
	world a
	head -c "${SEGMENTED_MIB}M" /dev/urandom >"$WORK/file"
	sent=$(sha256sum <"$WORK/file")
	at a python3 "$ENDS" sink 4 >"$WORK/sums" 2>"$WORK/sink.log" &
	soon listens a 5009
	peer_start tcp "$@" <"$WORK/file"
	connect a
	peer_stop
	soon four_sums
	[[ $(sort -u "$WORK/sums") == "${sent%% *}" ]] || fail "the file of $SEGMENTED_MIB MiB came as $(<"$WORK/sums"), was sent as $sent"
	echo "SHA-256 equal, four times: ${sent%% *}"
	no_checksum_errors a
}

four_sums() {
	(($(wc -l <"$WORK/sums") == 4))
}

case_offload_tcp() {
	files_in_segments
}

# What is lost is sent again, not always in the same parts.
case_offload_flapping() {
	files_in_segments flap=50
	grep -q ' [1-9][0-9]* times again' "$WORK/peer.log" || fail "nothing was lost"
}

# Frames that Linux does not look at: they come out of a packet socket.
case_offload_receive() {
	world a
	peer_start receive
	connect a
	at a python3 "$ENDS" frames t0 >"$WORK/want"
	peer_stop >"$WORK/got"
	diff "$WORK/want" "$WORK/got" || fail "the card says (>) what is not so (<)"
	echo "$(wc -l <"$WORK/got") frames, all as they are"
}

# counts WORLD NAME - nstat's NAME is not 0
counts() {
	at "$1" nstat -asz | awk -v name="$2" '$1 == name && $2 > 0 { found = 1 } END { exit !found }'
}

# The cases above find wrong checksums: here nobody does them.
case_offload_nobody() {
	local what
	for what in udp tcp; do
		world "$what"
		echo_start "$what"
		at "$what" python3 "$ENDS" sink 4 >"$WORK/sums" 2>"$WORK/sink.log" &
		soon listens "$what" 5009
		peer_start "$what" nobody </dev/zero
		connect "$what"
		soon counts "$what" "${what^}InCsumErrors"
		kill -0 "$PEER_PID" || fail "wrong checksums were taken"
		(no_checksum_errors "$what") >/dev/null && fail "wrong checksums were not noticed"
		kill "$PEER_PID"
		wait "$PEER_PID" || true
		grep -q bytes "$WORK/peer.log" && fail "somebody took what had wrong checksums"
		echo "$what: ${what^}InCsumErrors rises"
	done
}
