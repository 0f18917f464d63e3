# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# The document of 2010, sentence by sentence, and its sample as a program of 64 and of 32 bits. Without an IOMMU: what
# the document says of that case, and what has nothing to do with DMA.

sample_main() {
	local node
	node=$(kmod_node "$EDU0") || return
	program sample as_root tests/vm/kmod/kmod_sample "$node"
	program32 sample.32bit as_root tests/vm/kmod/kmod_sample32 "$node"
	program user.sample as_user tests/vm/kmod/kmod_sample "$node"
	program32 user.sample.32bit as_user tests/vm/kmod/kmod_sample32 "$node"
}

topic_main() {
	bind_kmod 0000:00:1f.2 >/dev/null # the disk controller, for its I/O ports
	bind_kmod "$SMALL0" >/dev/null
	if [ "$VFNET_IOMMU" = none ]; then
		gtest tests/vm/kmod/kmod_document \
			'--gtest_filter=NoIommu.*:DocumentRoot.*:Document.*Interrupt*:Document.*Msi*-DocumentRoot.Chmod*'
		gtest_as_user tests/vm/kmod/kmod_document '--gtest_filter=NoIommuUser.*'
		return
	fi
	gtest tests/vm/kmod/kmod_document '--gtest_filter=-NoIommu*'
	gtest_as_user tests/vm/kmod/kmod_document '--gtest_filter=-NoIommu*:DocumentRoot.*'
	sample_main
}
