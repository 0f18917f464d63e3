# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --vfs 4 --iommu identity --cpus 1
#
# Linux's stack as the other end, in network namespaces:
#   pings the physical function's interface pings VF 0, where vfnet-fwd answers
#   vfs   TCP between VF 2 and VF 3 under igbvf, through VF 0, vfnet-fwd and VF 1
#   pf    the same between the physical function and VF 3
# A frame goes through the card's switch each time. (iommu=pt, which is the IOMMU mode "identity", or igbvf's own
# mappings take most of the time.) Arguments choose some of these, and doors.

VF2=0000:01:10.4
VF3=0000:01:10.6
START_SECONDS=20
END_SECONDS=15
COPY_SECONDS=60
PINGS_EACH=8
BYTES=16777216
PF_IP=10.9.0.1 VF2_IP=10.9.0.2 VF3_IP=10.9.0.3 ECHO_IP=10.9.0.9

within() { # namespace (the process that holds it) command...
	local holder=$1
	shift
	nsenter -t "$holder" -n "$@"
}

has_carrier() { # namespace interface
	within "$1" ip link show "$2" | grep -q LOWER_UP
}

# settle INTERFACE IP: moves it into a namespace of its own and brings it up there; sets HOLDER
settle() {
	unshare -n sleep 1000 &
	HOLDER=$!
	wait_for 5 namespace_is_new "$HOLDER"
	ip link set "$1" netns "$HOLDER"
	within "$HOLDER" sh -c "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"
	within "$HOLDER" ip addr add "$2/24" dev "$1"
	within "$HOLDER" ip link set "$1" up
	wait_for "$START_SECONDS" has_carrier "$HOLDER" "$1" || fail "linux.$DOOR.$1" "$1 has no link in its namespace"
}

namespace_is_new() { # process
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

interface_of() { # PCI address
	ls "/sys/bus/pci/devices/$1/net"
}

mac_of() { # interface, in our own namespace
	cat "/sys/class/net/$1/address"
}

start() { # name arguments...: sets PID when all ports have link
	local name=$1 ports
	shift
	ports=$(echo "$*" | grep -o 'pci:' | wc -l)
	rm -f "/share/$name.json" # the other door's: on the host, and so here, it may be root's
	as_user_exec "$FWD" --log info --json "/tmp/share/$name.json" "$@" >"/share/$name.out" 2>&1 &
	PID=$!
	wait_for "$START_SECONDS" has_links "$name" "$ports" || fail "linux.$DOOR.$name" "does not start: $(words "$name")"
}

has_links() { # name ports
	[ "$(grep -c 'link up' "/share/$1.out")" -ge "$2" ]
}

finish() { # name
	local code=0
	stop "$PID" "$END_SECONDS" || code=$?
	if [ "$code" = 0 ] && grep -q '^ledger: balanced' "/share/$1.out"; then
		pass "linux.$DOOR.$1.end" "$(grep '^ledger' "/share/$1.out")"
	else
		fail "linux.$DOOR.$1.end" "exit $code: $(words "$1")"
	fi
}

# Sizes from none to what fills a frame.
pings() {
	local size sent=0 back=0
	start ping --mode echo --address "0=$ECHO_IP" "pci:$VF0"
	within "$PF" ping -c 1 -W 5 "$ECHO_IP" >/dev/null # asks for the address
	for size in $(seq 0 12 1464) 1471 1472; do
		within "$PF" ping -q -A -c "$PINGS_EACH" -W 2 -s "$size" "$ECHO_IP" >/share/ping.text
		sent=$((sent + PINGS_EACH))
		back=$((back + $(sed -n 's/.* \([0-9]*\) packets received.*/\1/p' /share/ping.text)))
	done
	if [ "$sent" -ge 1000 ] && [ "$back" = "$sent" ]; then
		pass "linux.$DOOR.ping" "$back of $sent answered, 0 to 1472 bytes"
	else
		fail "linux.$DOOR.ping" "$back of $sent answered: $(words ping)"
	fi
	finish ping
}

tcp_errors() { # namespace: segments with a wrong checksum
	within "$1" cat /proc/net/snmp | awk '
		/^Tcp:/ && !n { for (n = 1; n <= NF; n++) if ($n == "InCsumErrors") at = n; next }
		/^Tcp:/ { print $at }'
}

# copy NAME FROM TO IP: /share/file from a namespace to another one
copy() {
	local name=$1 from=$2 to=$3 sum code=0 receiver
	within "$to" nc -l -p 5000 <>/run.open >/run.copy & # never at the end of its input: it would close
	receiver=$!
	wait_for 5 listens "$to" || fail "linux.$DOOR.$name" "nc does not listen"
	within "$from" timeout "$COPY_SECONDS" nc "$4" 5000 </run.file || code=$?
	wait_for "$COPY_SECONDS" process_gone "$receiver" || kill "$receiver"
	sum=$(sha256sum </run.copy)
	if [ "$code" = 0 ] && [ "$(wc -c </run.copy)" = "$BYTES" ] && [ "$sum" = "$(sha256sum </run.file)" ] &&
		[ "$(tcp_errors "$from") $(tcp_errors "$to")" = "0 0" ]; then
		pass "linux.$DOOR.$name" "$BYTES bytes, equal by SHA-256, no wrong checksum"
	else
		fail "linux.$DOOR.$name" "exit $code, $(wc -c </run.copy) of $BYTES bytes, wrong checksums:" \
			"$(tcp_errors "$from") and $(tcp_errors "$to")"
	fi
}

listens() { # namespace
	within "$1" netstat -ltn | grep -q :5000
}

# Who wants to reach the other end sends to the forwarder, which knows where that is.
neighbour() { # namespace interface ip mac
	within "$1" arp -i "$2" -s "$3" "$4"
}

# through NAME NAMESPACE INTERFACE MAC IP: TCP, both ways, between that one and VF 3
through() {
	local name=$1 space=$2 interface=$3 mac=$4 ip=$5
	start "$name" --peer "0=$mac" --peer "1=$VF3_MAC" "pci:$VF0" "pci:$VF1"
	neighbour "$space" "$interface" "$VF3_IP" "$VFNET_MAC0"
	neighbour "$B" "$VF3_NET" "$ip" "$VFNET_MAC1"
	copy "$name.there" "$space" "$B" "$VF3_IP"
	copy "$name.back" "$B" "$space" "$ip"
	finish "$name"
}

vfs() {
	through vfs "$A" "$VF2_NET" "$VF2_MAC" "$VF2_IP"
}

pf() {
	through pf "$PF" eth0 "$PF_MAC" "$PF_IP"
}

settle_all() {
	PF_MAC=$(mac_of eth0)
	settle eth0 "$PF_IP"
	PF=$HOLDER
	load igbvf
	VF2_NET=$(interface_of "$VF2") VF2_MAC=$(mac_of "$VF2_NET")
	VF3_NET=$(interface_of "$VF3") VF3_MAC=$(mac_of "$VF3_NET")
	settle "$VF2_NET" "$VF2_IP"
	A=$HOLDER
	settle "$VF3_NET" "$VF3_IP"
	B=$HOLDER
}

guest_main() {
	local topic
	built "$FWD" || return
	bind_to vfio-pci "$VF0" "$VF1" # igbvf takes those that nobody has
	settle_all
	head -c "$BYTES" /dev/urandom >/run.file
	mkfifo /run.open
	for DOOR in $(choose "$ALL_DOORS" "$@"); do
		bind_to "$DOOR" "$VF0" "$VF1"
		for topic in $(choose "pings vfs pf" "$@"); do
			"$topic"
		done
	done
	kill "$PF" "$A" "$B"
}
