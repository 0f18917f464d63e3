# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --cpus 1
#
# The ways to a function, by vfnet-fwd as an ordinary user:
#   kmod    both VFs bound to our module: a stream, and what is said when something is missing
#   mixed   one VF bound to our module, one to vfio-pci: two DMA domains in one process
#   handed  root opens, the worker inherits descriptors and may open nothing; both drivers
#   iommufd the same by iommufd, which only the debug kernel has
# An argument chooses one of them; without one all but the last.

# shellcheck source-path=SCRIPTDIR source=errors.sh
. "$LIBRARY/errors.sh"
# shellcheck source-path=SCRIPTDIR source=forward.sh
. "$LIBRARY/forward.sh"

FRAMES=2000
HAND_OVER=$VFNET_BUILD/tests/vm/hand_over

# through NAME DEVICE DEVICE: a stream from the wire through two VFs and out again
through() {
	forward "$1" stream 1 "$FRAMES" --mode mac --peer "0=$VFNET_WIRE_MAC" --peer "1=$VFNET_WIRE_MAC" "$2" "$3"
}

is_open() { # name: of a running vfnet-fwd
	grep -q 'link up' "/share/$1.out"
}

missing() {
	refused kmod.forbidden 1 "$VF0: not permitted to open $NODE0" 'As root: chown USER ' -- "pci:$VF0"
	chown "$VFNET_UID:$VFNET_GID" "$NODE0" "$NODE1"
	works kmod.allowed "pci:$VF0"
	chmod 600 /dev/uiommu
	refused kmod.uiommu 1 'not permitted to open /dev/uiommu' 'As root: chmod 666 ' -- "pci:$VF0"
	chmod 666 /dev/uiommu
	(
		ulimit -l 1024
		refused kmod.memlock 1 '8192 KiB of memory' 'RLIMIT_MEMLOCK allows 1024 KiB' -- --mem 8M "pci:$VF0"
	)
}

busy() {
	start kmod.first --log info "pci:$VF0"
	wait_for "$READY_SECONDS" is_open kmod.first || fail kmod.first "no link: $(words kmod.first)"
	refused kmod.busy 1 "$VF0" 'is in a DMA domain already' 'fuser -v ' -- "pci:$VF0"
	kill -KILL "$PID"
	wait "$PID"
	works kmod.killed "pci:$VF0"
}

# The administrator takes a function back, under a process that has it mapped: no signal, but an error.
taken() {
	local code=0
	start kmod.taken --log info "pci:$VF0"
	wait_for "$READY_SECONDS" is_open kmod.taken || fail kmod.taken "no link: $(words kmod.taken)"
	unbind "$VF0"
	wait_for "$END_SECONDS" process_gone "$PID" || kill -INT "$PID"
	wait "$PID" || code=$?
	if [ "$code" -lt 128 ] && [ -s /share/kmod.taken.json ]; then
		pass kmod.taken "exit $code: $(words kmod.taken)"
	else
		fail kmod.taken "exit $code: $(words kmod.taken)"
	fi
	NODE0=$(bind_kmod "$VF0")
	works kmod.again "pci:$VF0"
}

kmod() {
	missing
	busy
	taken
	through kmod.stream "pci:$VF0" "pci:$VF1"
}

mixed() {
	unbind "$VF1"
	bind_vfio "$VF1"
	through mixed.stream "pci:$VF0" "pci:$VF1"
	unbind "$VF1"
	NODE1=$(bind_kmod "$VF1")
}

# Twice with the same descriptors of functions, which stay open here: a worker leaves them as it found them.
handed_kmod() {
	chown 0:0 "$NODE0" "$NODE1"
	chmod 600 "$NODE0" "$NODE1" /dev/uiommu
	exec 5<>"$NODE0" 6<>"$NODE1"
	through kmod.handed "pci:$VF0,dev=5,dma=4" "pci:$VF1,dev=6,dma=4" 4<>/dev/uiommu
	through kmod.handed.again "pci:$VF0,dev=5,dma=4" "pci:$VF1,dev=6,dma=4" 4<>/dev/uiommu
	refused handed.swapped 2 "$VF0: the descriptor that dev= hands in" "not one of $NODE0" -- \
		"pci:$VF0,dev=6,dma=4" 4<>/dev/uiommu
	refused handed.other 2 "$VF0: the descriptor that dma= hands in" '/dev/uiommu' -- \
		"pci:$VF0,dev=5,dma=4" 4<>/dev/null
	refused handed.closed 1 'dev=77: this process has no descriptor 77' -- "pci:$VF0,dev=77,dma=4"
	exec 5>&- 6>&-
	chmod 666 /dev/uiommu
}

handed_vfio() {
	unbind "$VF0"
	unbind "$VF1"
	bind_vfio "$VF0"
	bind_vfio "$VF1"
	chown 0:0 /dev/vfio/*
	chmod 600 /dev/vfio/*
	export OPENER="$HAND_OVER $VF0 $VF1 --"
	through vfio.handed "pci:$VF0,dev=5,dma=4" "pci:$VF1,dev=6,dma=4"
	OPENER=
}

# The second worker finds the functions bound by the first; its fd 4 is the same iommufd, fd 7 is another.
handed_iommufd() {
	local node0 node1
	bind_iommufd "$VF0"
	bind_iommufd "$VF1"
	node0=/dev/vfio/devices/$(ls "/sys/bus/pci/devices/$VF0/vfio-dev")
	node1=/dev/vfio/devices/$(ls "/sys/bus/pci/devices/$VF1/vfio-dev")
	chown 0:0 "$node0" "$node1" /dev/iommu
	chmod 600 "$node0" "$node1" /dev/iommu
	exec 4<>/dev/iommu 5<>"$node0" 6<>"$node1" 7<>/dev/iommu
	through iommufd.handed "pci:$VF0,dev=5,dma=4" "pci:$VF1,dev=6,dma=4"
	through iommufd.handed.again "pci:$VF0,dev=5,dma=4" "pci:$VF1,dev=6,dma=4"
	refused iommufd.swapped 2 "$VF0: the descriptor that dev= hands in" "not one of $node0" -- "pci:$VF0,dev=6,dma=4"
	refused iommufd.elsewhere 2 "$VF0: the descriptor that dev= hands in" 'bound to another iommufd' -- \
		"pci:$VF0,dev=5,dma=7"
	refused iommufd.other 2 "$VF0: the descriptor that dma= hands in" 'not an open /dev/iommu' -- \
		"pci:$VF0,dev=5,dma=4" 4<>/dev/null
	exec 4>&- 5>&- 6>&- 7>&-
}

guest_main() {
	built "$FWD" && built "$HAND_OVER" || return
	if [ "${1:-}" = iommufd ]; then
		handed_iommufd
		return
	fi
	load_kmod || return
	NODE0=$(take_kmod "$VF0") && NODE1=$(take_kmod "$VF1") || return
	if [ "${1:-kmod}" = kmod ]; then
		kmod
	fi
	chown "$VFNET_UID:$VFNET_GID" "$NODE0" "$NODE1"
	if [ "${1:-mixed}" = mixed ]; then
		mixed
	fi
	if [ "${1:-handed}" = handed ]; then
		handed_kmod
		handed_vfio
	fi
}
