# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# INTx, MSI and MSI-X. Without an IOMMU the ordinary user cannot open a device.

topic_main() {
	gtest tests/vm/kmod/kmod_interrupt
	[ "$VFNET_IOMMU" = none ] || gtest_as_user tests/vm/kmod/kmod_interrupt
}
