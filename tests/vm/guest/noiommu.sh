# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --iommu none
#
# A machine without an IOMMU: nothing would confine the VF's DMA, so vfnet-fwd says what to switch on, also to someone
# who has tried vfio-pci. (Debian's kernels have no CONFIG_VFIO_NOIOMMU.)

refused() { # name
	local name=$1 code=0
	as_user /usr/bin/timeout -k 1 20 "$FWD" --duration 0.2 "pci:$VF0" >"/share/$name.out" 2>&1 || code=$?
	if [ "$code" = 1 ] && grep -q "$VF0 is in no IOMMU group.*intel_iommu=on" "/share/$name.out" &&
		[ "$(wc -l <"/share/$name.out")" = 2 ]; then
		pass "noiommu.$name" "$(head -n 1 "/share/$name.out")"
	else
		fail "noiommu.$name" "exit $code: $(words "$name")"
	fi
}

guest_main() {
	built "$FWD" || return
	refused unbound
	load vfio-pci
	load vfio_iommu_type1
	echo vfio-pci >"/sys/bus/pci/devices/$VF0/driver_override"
	echo "$VF0" >/sys/bus/pci/drivers_probe
	refused vfio-pci
}
