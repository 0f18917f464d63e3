# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd nointremap
#
# Random calls and races. --count N calls (10000); --env VFNET_SECONDS=S (5) and VFNET_SEED=N (1).

topic_main() {
	local GTEST_SECONDS=$((GTEST_SECONDS * 3))
	if [ "$VFNET_IOMMU" = nointremap ]; then
		gtest tests/vm/kmod/kmod_hostile '--gtest_filter=NoRemapping.*'
		return
	fi
	gtest_as_user tests/vm/kmod/kmod_hostile '--gtest_filter=-HostileRoot.*:NoRemapping.*'
	gtest tests/vm/kmod/kmod_hostile '--gtest_filter=HostileRoot.*'
}
