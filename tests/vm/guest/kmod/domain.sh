# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd identity nointremap
#
# /dev/uiommu: domains that devices share.

topic_main() {
	[ "$VFNET_IOMMU" != vtd ] || gtest tests/vm/kmod/kmod_domain
	gtest_as_user tests/vm/kmod/kmod_domain
}
