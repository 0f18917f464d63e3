# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd none
#
# Configuration space and read() and write(), also of devices that are there for their capabilities: e1000e, nvme,
# virtio-serial, and a serial port in an I/O BAR. A driver of the kernel may have them.

topic_main() {
	local address
	for address in 0000:00:14.0 0000:00:15.0 0000:00:16.0 0000:00:17.0; do
		kmod_node "$address" >/dev/null && continue
		[ ! -e "/sys/bus/pci/devices/$address/driver" ] || unbind "$address"
		bind_kmod "$address" >/dev/null || return
	done
	gtest tests/vm/kmod/kmod_rdwr
	gtest tests/vm/kmod/kmod_config
	[ "$VFNET_IOMMU" != none ] || return 0
	gtest_as_user tests/vm/kmod/kmod_rdwr
	gtest_as_user tests/vm/kmod/kmod_config
}
