# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --cpus 1
#
# The IOMMU confines a driver gone wrong: descriptors of VF 0 point at a page of another process. The kernel reports a
# fault for each direction that names the VF and the page; the page stays as it is, its bytes do not leave, and the port
# comes back by a reset. Arguments choose doors.

PROOF=$VFNET_BUILD/tests/vm/iommu_proof
HOLD_SECONDS=5

holds() {
	[ -s /share/hold.out ]
}

faults() { # read|write: how many of VF 0 at the page. 6.1 and 6.12 word it in the same way
	dmesg | grep -c "DMAR: \[DMA $1.*\] Request device \[${VF0#0000:}\] fault addr $page "
}

proof() { # door
	local holder page code=0 held=0 reads writes
	: >/share/hold.out
	chroot "$ROOT" "$PROOF" hold >/share/hold.out &
	holder=$!
	wait_for "$HOLD_SECONDS" holds || fail "iommu.$1" "no page to aim at"
	page=$(cat /share/hold.out)
	expect_faults "$VF0" -- as_user "$PROOF" aim "$page" "pci:$VF0" "pci:$VF1" >/share/aim.out 2>&1 || code=$?
	kill "$holder"
	wait "$holder" || held=$?
	reads=$(faults Read) writes=$(faults Write)
	if [ "$held" = 0 ]; then
		pass "iommu.$1.held" "$(tail -n 1 /share/hold.out) at $page"
	else
		fail "iommu.$1.held" "$(words hold)"
	fi
	if [ "$reads" -gt 0 ] && [ "$writes" -gt 0 ]; then
		pass "iommu.$1.faults" "$(dmesg | grep "Request device \[${VF0#0000:}\] fault addr $page " | head -n 1)"
	else
		fail "iommu.$1.faults" "$reads reads and $writes writes in the kernel's log: $(dmesg | grep DMAR | tail -n 4)"
	fi
	if [ "$code" = 0 ]; then
		pass "iommu.$1.back" "$(tail -n 1 /share/aim.out)"
	else
		fail "iommu.$1.back" "exit $code: $(words aim)"
	fi
}

guest_main() {
	local door
	built "$PROOF" || return
	for door in $(choose "$ALL_DOORS" "$@"); do
		bind_to "$door" "$VF0" "$VF1"
		sleep 5 # the kernel says ten things in that time, and three of each fault
		proof "$door"
	done
}
