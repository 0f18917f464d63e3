# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --edu
#
# One test against a changed module: MODE TEST PROGRAM. The module stays: what is wrong with it may keep it from leaving.

guest_main() {
	local mode=$1 test=$2 program=tests/vm/kmod/$3 address
	# shellcheck disable=SC2046 # words
	load_kmod $(kmod_parameters) || return
	for address in "$VF0" "$EDU0" "$EDU1" "$EDU2" "$EDU3" "$SMALL0" 0000:00:1f.2; do
		bind_kmod "$address" >/dev/null
	done
	case $mode in
	sample) program sample as_root tests/vm/kmod/kmod_sample "$(kmod_node "$EDU0")" ;;
	user) gtest_as_user "$program" "--gtest_filter=$test" ;;
	*) gtest "$program" "--gtest_filter=$test" ;;
	esac
}
