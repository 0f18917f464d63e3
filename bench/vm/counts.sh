# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --iommu identity --hugepages 256 --time-limit 900
#
# What the card sees of each frame: bench/vm/run counts. The circle of forward.sh at bursts of 1, 4 and 32, of which QEMU
# writes down a fifth of a second: counts.CONTENDER.BURST.trace.

# shellcheck source-path=SCRIPTDIR source=contenders.sh
. "/host$VFNET_SOURCE/bench/vm/contenders.sh"

# Register accesses; descriptors read by the card to send (with their commands), and filled by it.
readonly ACCESSES='e1000e_core_*' DESCRIPTORS='e1000e_*x_descr'

trace() { # NAME|off events...
	echo "VFNET-TRACE $*" >/dev/console
	wait_for 20 test -e "/share/traced.$1"
	rm -f "/share/traced.$1"
}

count() { # contender burst
	loop_start "$1" 64 "$2" || return
	sleep 0.5
	trace "counts.$1.$2" "$DESCRIPTORS" "$ACCESSES" || return
	sleep 0.2
	trace off "$ACCESSES" "$DESCRIPTORS" || return
	program_end "$1"
}

guest_main() { # CONTENDER...
	local contender burst
	contenders_prepare
	for contender; do
		for burst in 1 4 32; do
			take "$contender"
			if count "$contender" "$burst"; then
				pass "counts.$contender.$burst" "written down"
			else
				fail "counts.$contender.$burst" "$(words contender)"
			fi
		done
	done
}
