# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd identity nointremap
#
# DMA by the edu devices: what it reaches, what ends a mapping, what is refused, what is counted as locked. The ordinary
# user may not lock a gigabyte; root tries that and what may differ for root.

topic_main() {
	local GTEST_SECONDS=$((GTEST_SECONDS * 3))
	gtest_as_user tests/vm/kmod/kmod_dma '--gtest_filter=-Gigabyte/*'
	[ "$VFNET_IOMMU" = vtd ] || return
	gtest tests/vm/kmod/kmod_dma '--gtest_filter=DmaCheck.*:DmaProcess.*:DriverEnd.*:Limit.*'
	echo 520 >/proc/sys/vm/nr_hugepages
	gtest tests/vm/kmod/kmod_dma '--gtest_filter=Gigabyte/*'
	echo "$VFNET_HUGEPAGES" >/proc/sys/vm/nr_hugepages
}
