# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --iommu identity --hugepages 256 --time-limit 3600
#
# Forwarding in one boot, contender after contender, again and again: bench/vm/run forward. Each measurement is a line
# of records.json, from which that makes its tables.

# shellcheck source-path=SCRIPTDIR source=contenders.sh
. "/host$VFNET_SOURCE/bench/vm/contenders.sh"
# shellcheck source-path=SCRIPTDIR source=records.sh
. "/host$VFNET_SOURCE/bench/vm/records.sh"

readonly PF_MAC=52:54:00:00:00:01

record() { # contender job size fields
	echo "{\"contender\":\"$1\",\"job\":\"$2\",\"size\":$3,\"round\":$round,$4}" >>/share/records.json
}

gone_wrong() { # contender job
	fail "forward.$1.$2" "$(tail -n 20 /share/measured /share/contender.out | tr '\n' '|')"
}

measure_loop() { # contender size seconds
	local fields
	if loop_rate "$@" >/share/measured 2>&1 && fields=$(rate_fields /share/measured); then
		record "$1" loop "$2" "$fields"
	else
		gone_wrong "$1" "loop.$2"
	fi
}

measure_round_trip() { # contender size seconds
	local fields losses=1000
	case $1 in kmod | vfio-pci) losses=0 ;; esac
	: >/share/measured
	if ! echo_start "$1"; then
		gone_wrong "$1" "round_trip.$2"
		return
	fi
	if as_root taskset -c "$MEASURING_CPU" "$VFNET_BUILD/tests/vm/wire_test" --interface eth0 --src "$PF_MAC" \
		--dst "$VFNET_MAC0" --from "$VFNET_MAC0" --size $(($2 - 4)) --seconds "$3" --losses "$losses" bounce \
		>/share/measured 2>&1 && fields=$(round_trip_fields /share/measured); then
		record "$1" round_trip "$2" "$fields"
	else
		gone_wrong "$1" "round_trip.$2"
	fi
	program_end "$1"
}

guest_main() { # SECONDS REPEATS CONTENDER...
	local seconds=$1 repeats=$2 round=0 contender size
	shift 2
	contenders_prepare
	while [ "$round" -lt "$repeats" ]; do
		round=$((round + 1))
		for contender; do
			echo "VFNET-NOTE round $round of $repeats: $contender"
			for size in 64 1518; do
				take "$contender"
				measure_loop "$contender" "$size" "$seconds"
				take "$contender"
				measure_round_trip "$contender" "$size" "$seconds"
			done
		done
	done
	pass forward "measured"
}
