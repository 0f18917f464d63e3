# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd
#
# Events by netlink. What needs root is left out of the ordinary user's run. Errors are made by aer_inject; the kernel
# recovers only if all functions below the port have a driver that knows how.

topic_main() {
	load aer_inject
	bind_kmod "$VF1" >/dev/null
	gtest_as_user tests/vm/kmod/kmod_netlink '--gtest_filter=-NetlinkRoot*'
	gtest tests/vm/kmod/kmod_netlink
	unbind "$VF1"
}
