# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd
#
# The device goes away under its user. --count N rounds of the longest test (5).

topic_main() {
	local GTEST_SECONDS=$((GTEST_SECONDS * 3))
	gtest tests/vm/kmod/kmod_remove
}
