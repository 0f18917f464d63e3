# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --cpus 1 --mac none --hugepages 96 --time-limit 1200
#
# All of tests/port in one boot, through our module and through vfio-pci, as an ordinary user: two VFs, and Linux's stack
# on the PF. The programs ask for no rights; what an administrator does, this script does for them. Arguments choose a
# door and topics: `tests/vm/run port kmod mac vlan`.

FIXED_TOPICS=mac # with tests for addresses that the administrator has chosen

topics() {
	local file
	for file in "/host$VFNET_SOURCE"/tests/port/*_test.cc; do
		basename "$file" _test.cc
	done
}

run_topics() { # door none|admin filter topic...
	local door=$1 mac=$2 filter=$3 topic asked=$VFNET_ENVIRONMENT
	shift 3
	VFNET_ENVIRONMENT="$asked VFNET_TEST_DEVICES=pci:$VF0,pci:$VF1 VFNET_TEST_NETDEV=eth0 VFNET_TEST_MAC=$mac"
	for topic; do
		gtest_run "$VFNET_SCRIPT.$door" as_user "tests/port/port_$topic" "--gtest_filter=$filter"
	done
	VFNET_ENVIRONMENT=$asked
}

set_macs() { # address-of-VF-0 address-of-VF-1; zeros give the choice back
	iproute link set eth0 vf 0 mac "$1" && iproute link set eth0 vf 1 mac "$2"
}

open_door() { # door
	local address
	if [ "$1" = kmod ]; then
		# shellcheck disable=SC2046 # words
		load_kmod $(kmod_parameters) || return
	fi
	for address in "$VF0" "$VF1"; do
		case $1 in
		kmod) bind_kmod "$address" >/dev/null || return ;;
		vfio-pci) bind_vfio "$address" ;;
		esac
	done
}

close_door() { # door
	unbind "$VF0"
	unbind "$VF1"
	[ "$1" != kmod ] || unload_kmod
}

on_door() { # door topic...
	local door=$1 topic
	shift
	open_door "$door" || return
	run_topics "$door" none '-*Fixed.*' "$@"
	set_macs "$VFNET_MAC0" "$VFNET_MAC1"
	for topic in $FIXED_TOPICS; do
		case " $* " in
		*" $topic "*) run_topics "$door" admin '*Fixed.*' "$topic" ;;
		esac
	done
	set_macs 00:00:00:00:00:00 00:00:00:00:00:00
	close_door "$door"
}

# As tests/port/linux.cc does with a TAP device.
address_pf() {
	echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
	iproute link set dev eth0 mtu 9000 && wait_for 20 carrier eth0 &&
		iproute addr add 198.18.0.1/24 dev eth0 && iproute addr add fd76:666e::1/64 dev eth0 nodad
}

# The PF in VLAN 5, for tests/port/offload_linux_test.cc.
join_vlan() {
	load 8021q
	iproute link add link eth0 name eth0.5 type vlan id 5 && iproute link set dev eth0.5 up &&
		iproute addr add 198.18.5.1/24 dev eth0.5 && iproute addr add fd76:666e:5::1/64 dev eth0.5 nodad
}

guest_main() {
	local door doors="kmod vfio-pci"
	case ${1:-} in
	kmod | vfio-pci)
		doors=$1
		shift
		;;
	esac
	# shellcheck disable=SC2046 # words
	[ $# -gt 0 ] || set -- $(topics)
	address_pf || { fail "$VFNET_SCRIPT.address" "eth0 takes no address"; return; }
	join_vlan || fail "$VFNET_SCRIPT.vlan" "eth0 cannot join a VLAN"
	for door in $doors; do
		on_door "$door" "$@"
	done
	check_leaks
}
