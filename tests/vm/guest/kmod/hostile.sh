# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd nointremap
#
# Random calls and races. --count N calls (10000).

topic_main() {
	if [ "$VFNET_IOMMU" = nointremap ]; then
		gtest tests/vm/kmod/kmod_hostile '--gtest_filter=NoRemapping.*'
		return
	fi
	gtest_as_user tests/vm/kmod/kmod_hostile '--gtest_filter=-HostileRoot.*:NoRemapping.*'
	gtest tests/vm/kmod/kmod_hostile '--gtest_filter=HostileRoot.*'
}
