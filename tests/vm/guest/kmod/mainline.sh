# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Beside the in-tree vfio modules: loaded in both orders, each with a VF of its own in use. Without an IOMMU vfio-pci
# takes no function; then only the loading is tested.

# mainline NAME: VF 0's node is open while vfio_probe works on VF 1
mainline() {
	local node holder code=0
	node=$(kmod_node "$VF0") || return
	sleep 1000 7<>"$node" &
	holder=$!
	wait_for 5 test -c "/proc/$holder/fd/7" || fail "$VFNET_SCRIPT.mainline.$1" "$node cannot be opened"
	if [ "$VFNET_IOMMU" = none ]; then
		load vfio-pci
		load vfio_iommu_type1
	else
		[ -e "/sys/bus/pci/drivers/vfio-pci/$VF1" ] || bind_vfio "$VF1"
		# without interrupt remapping type1 wants to be told, as we do
		echo 1 >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
		as_user "$VFNET_BUILD/tests/vm/vfio_probe" "$(iommu_group "$VF1")" "$VF1" >/share/mainline.out 2>&1 || code=$?
	fi
	if [ "$code" = 0 ] && [ -d /sys/module/vfio_pci ] && kmod_node "$VF0" >/dev/null; then
		pass "$VFNET_SCRIPT.mainline.$1" "$VF0 is $node; $(cat /share/mainline.out 2>/dev/null)"
	else
		fail "$VFNET_SCRIPT.mainline.$1" "exit $code: $(words mainline)"
	fi
	kill "$holder"
	wait "$holder"
}

topic_main() {
	mainline second
	unload_kmod || return
	prepare_topic || return
	mainline first
	[ "$VFNET_IOMMU" = none ] || unbind "$VF1"
}
