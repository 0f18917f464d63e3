# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# The ground under the other guest scripts: an ordinary user opens the VF's IOMMU group, maps locked hugepage memory for
# DMA, resets the VF and reads its registers. Uses vfio_probe (its own few lines of VFIO) and nothing of the library.

guest_main() {
	local address number=0
	for address in "$VF0" "$VF1"; do
		bind_vfio "$address"
		if as_user "$VFNET_BUILD/tests/vm/vfio_probe" "$(iommu_group "$address")" "$address" >/share/probe 2>&1; then
			pass "bind.vf$number" "group $(iommu_group "$address"): $(cat /share/probe)"
		else
			fail "bind.vf$number" "group $(iommu_group "$address"): $(tail -n 1 /share/probe)"
		fi
		number=$((number + 1))
	done
	if [ "$VFNET_MAC" = admin ]; then
		[ "$(vf_mac 0)" = "$VFNET_MAC0" ] || fail bind.mac "the PF says $(vf_mac 0), not $VFNET_MAC0"
	fi
}
