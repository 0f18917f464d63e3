# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by forward.sh and counts.sh, in the guest: four ways to forward frames between the same two VFs, and to send back
# what comes to the first of them.
#
#   kmod       vfnet-fwd, the functions bound to the kernel module of this tree
#   vfio-pci   vfnet-fwd, bound to mainline's vfio-pci
#   testpmd    DPDK's testpmd on vfio-pci
#   igbvf      the kernel itself: tc's skbmod and mirred on Linux's igbvf, in the receive interrupt, no program
#
# All do the same: one circle of frames, which VF 0 sends to VF 1 and whose addresses are written anew on the way back
# from VF 1's receive ring to VF 0's transmit ring; one CPU does all the work, the other is the measurement's.

readonly PEERS=${VFNET_TOOLS%/tools}/peers FORWARDING_CPU=1 MEASURING_CPU=0
readonly FRAMES=512 RING=1024 # of 512 descriptors a ring takes 511 frames
readonly LIBRARIES=usr/lib/x86_64-linux-gnu COMMANDS=$ROOT/tmp/commands

contenders_prepare() {
	uncover "$PEERS"
	load igbvf
	load sch_ingress
	load cls_matchall
	load act_mirred
	load act_skbmod
	load_kmod
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	quicken eth0
	move_interrupts eth0 "$MEASURING_CPU"
}

peer() { # path-below-the-part arguments...
	local program=$1
	shift
	chroot "$ROOT" /usr/bin/env -i RUNTIME_DIRECTORY=/tmp "LD_LIBRARY_PATH=$PEERS/$LIBRARIES" "$PEERS/$program" "$@"
}

ethtool() {
	if [ -e "/host$PEERS/usr/sbin/ethtool" ]; then # Debian 13
		peer usr/sbin/ethtool "$@"
	else
		peer sbin/ethtool "$@"
	fi
}

tc() {
	if [ -e "/host$VFNET_TOOLS/usr/sbin/tc" ]; then
		fetched usr/sbin/tc "$@"
	else
		fetched sbin/tc "$@"
	fi
}

# Interrupts at once: QEMU's throttle is four times too long (82576-vf.md §9, row 11), which would be the whole figure.
quicken() { # interface
	ethtool -C "$1" rx-usecs 0
}

move_interrupts() { # interface CPU
	local irq
	sed -n "s/^ *\([0-9]*\):.* $1\(-.*\)\{0,1\}\$/\1/p" /proc/interrupts | while read -r irq; do
		echo "$2" >"/proc/irq/$irq/smp_affinity_list"
	done
}

# take CONTENDER: gives both functions to its driver
take() {
	local vf
	for vf in "$VF0" "$VF1"; do
		[ ! -e "/sys/bus/pci/devices/$vf/driver" ] || unbind "$vf"
		case $1 in
		kmod) bind_kmod "$vf" >/dev/null || return ;;
		igbvf)
			echo igbvf >"/sys/bus/pci/devices/$vf/driver_override"
			echo "$vf" >/sys/bus/pci/drivers_probe
			;;
		*) bind_vfio "$vf" ;;
		esac
	done
}

# ---- programs ----

says_or_is_gone() { # words
	grep -q "$1" /share/contender.out || process_gone "$PID"
}

runs_when() { # words: waits until PID has written them
	wait_for 30 says_or_is_gone "$1" && ! process_gone "$PID"
}

# ---- vfnet-fwd ----

vfnet_start() { # arguments...: sets PID
	: >/share/contender.out # now: what the one before wrote must not be taken for this one's
	as_user_exec "$FWD" --ring "$RING" --cores "$FORWARDING_CPU" --log info "$@" >/share/contender.out 2>&1 &
	PID=$!
	runs_when 'link up'
}

vfnet_loop() { # size burst options...
	local size=$1 burst=$2
	shift 2
	vfnet_start --mode mac --peer auto --prime "$FRAMES:$size" --burst "$burst" "$@" "pci:$VF0" "pci:$VF1"
}

vfnet_loop_rate() { # size seconds: prints frames a second
	rm -f /share/vfnet.json # an ordinary user cannot write over it
	vfnet_loop "$1" 32 --duration "$2" --json /tmp/share/vfnet.json || return
	wait "$PID" || return
	as_root jq .pps /tmp/share/vfnet.json
}

# ---- testpmd ----

pmd() { # name: prints the path of one of DPDK's drivers
	local file
	for file in "/host$PEERS/$LIBRARIES"/dpdk/pmds-*/"librte_$1.so."*; do
		echo "${file#/host}"
		return
	done
}

testpmd_start() { # functions -- arguments...: sets PID; it takes commands on descriptor 7
	local functions=''
	while [ "$1" != -- ]; do
		functions="$functions -a $1"
		shift
	done
	shift
	rm -f "$COMMANDS"
	mkfifo "$COMMANDS" || return
	: >/share/contender.out
	# shellcheck disable=SC2086 # words
	peer usr/bin/dpdk-testpmd --in-memory --no-telemetry -l "$MEASURING_CPU,$FORWARDING_CPU" --iova-mode va \
		-d "$(pmd net_e1000)" -d "$(pmd mempool_ring)" $functions -- -i --rxd "$RING" --txd "$RING" --total-num-mbufs 8192 "$@" \
		<"$COMMANDS" >/share/contender.out 2>&1 &
	PID=$!
	exec 7>"$COMMANDS"
	runs_when 'testpmd>'
}

testpmd_prompts() {
	grep -o 'testpmd>' /share/contender.out | wc -l
}

testpmd_says_more() { # than so many prompts
	[ "$(testpmd_prompts)" -gt "$1" ]
}

testpmd_say() { # command: returns when it has been done
	local prompts
	prompts=$(testpmd_prompts)
	echo "$1" >&7
	wait_for 20 testpmd_says_more "$prompts"
}

testpmd_end() {
	testpmd_say stop
	echo quit >&7
	exec 7>&-
	wait "$PID"
}

# What port 1 sends in its first burst leaves the card: there is one circle, as in the others. The frames are made in
# bursts of 32, because each of these takes testpmd long.
testpmd_loop() { # size burst
	testpmd_start "$VF0" "$VF1" -- --forward-mode mac --txpkts $(($1 - 4)) --no-flush-rx \
		--eth-peer "0,$VFNET_MAC1" --eth-peer "1,$VFNET_WIRE_MAC" || return
	testpmd_say "start tx_first $((FRAMES / 32))"
	if [ "$2" != 32 ]; then
		testpmd_say stop && testpmd_say "set burst $2" && testpmd_say start
	fi
}

# Between two looks at the counters testpmd takes the time itself.
testpmd_loop_rate() { # size seconds
	testpmd_loop "$1" 32 || return
	sleep 0.5
	testpmd_say "show port stats 1"
	sleep "$2"
	testpmd_say "show port stats 1"
	testpmd_end || return
	sed -n 's/.*Rx-pps: *\([0-9]*\).*/\1/p' /share/contender.out | tail -n 1
}

# ---- the kernel ----

netdev() { # PCI address
	basename "/sys/bus/pci/devices/$1/net/"*
}

kernel_up() { # interface
	ethtool -G "$1" rx "$RING" tx "$RING"
	quicken "$1"
	ip link set "$1" up
	wait_for 20 carrier "$1" || return
	move_interrupts "$1" "$FORWARDING_CPU"
	tc qdisc add dev "$1" clsact
}

kernel_received() { # interface
	cat "/sys/class/net/$1/statistics/rx_packets"
}

uptime_s() {
	cut -d ' ' -f 1 /proc/uptime
}

kernel_loop_rate() { # size seconds
	local from to before after start end
	from=$(netdev "$VF0") to=$(netdev "$VF1")
	kernel_up "$from" && kernel_up "$to" || return
	tc filter add dev "$to" ingress matchall action skbmod set smac "$VFNET_MAC0" set dmac "$VFNET_MAC1" \
		pipe action mirred egress redirect dev "$from" || return
	as_root "$VFNET_BUILD/tests/vm/wire_test" --interface "$from" --src "$VFNET_MAC0" --dst "$VFNET_MAC1" \
		--count "$FRAMES" --size $(($1 - 4)) prime >/share/contender.out 2>&1 || return
	sleep 0.5
	before=$(kernel_received "$to") start=$(uptime_s)
	sleep "$2"
	after=$(kernel_received "$to") end=$(uptime_s)
	tc qdisc del dev "$to" clsact # the circle ends
	awk -v n=$((after - before)) -v start="$start" -v end="$end" 'BEGIN { print n / (end - start) }'
}

# ---- all of them ----

# loop_rate CONTENDER SIZE SECONDS: prints frames a second
loop_rate() {
	case $1 in
	kmod | vfio-pci) vfnet_loop_rate "$2" "$3" ;;
	testpmd) testpmd_loop_rate "$2" "$3" ;;
	igbvf) kernel_loop_rate "$2" "$3" ;;
	esac
}

# echo_start CONTENDER: from now on VF 0 sends back what it receives
echo_start() {
	local device
	case $1 in
	kmod | vfio-pci)
		vfnet_start --mode swap "pci:$VF0"
		;;
	testpmd)
		testpmd_start "$VF0" -- --forward-mode macswap --port-topology loop --burst 32 && testpmd_say start
		;;
	igbvf)
		device=$(netdev "$VF0")
		kernel_up "$device" && tc filter add dev "$device" ingress matchall action skbmod swap mac \
			pipe action mirred egress redirect dev "$device"
		;;
	esac
}

# loop_start PROGRAM SIZE BURST: a circle, until program_end
loop_start() {
	case $1 in
	kmod | vfio-pci) vfnet_loop "$2" "$3" ;;
	testpmd) testpmd_loop "$2" "$3" ;;
	esac
}

program_end() { # contender
	case $1 in
	kmod | vfio-pci) stop "$PID" 10 ;;
	testpmd) testpmd_end ;;
	esac
}
