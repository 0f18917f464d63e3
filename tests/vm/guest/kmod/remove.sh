# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd
#
# The device goes away under its user. --count N rounds of the longest test (5).

topic_main() {
	gtest tests/vm/kmod/kmod_remove
}
