# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --memory 4G --hugepages 520
#
# Our module beside mainline's vfio-pci: tests/vm/run --kernel 6.12 bench/vm/doors.sh
# Both drivers are loaded, each has one VF of the same card, and each sample is taken through both in turn.

guest_main() {
	local node
	load_kmod
	node=$(bind_kmod "$VF0")
	bind_vfio "$VF1"
	mount -t tracefs tracefs /sys/kernel/tracing
	echo 16384 >/sys/kernel/tracing/buffer_size_kb
	mount --bind /sys/kernel/tracing "$ROOT/sys/kernel/tracing"
	ulimit -l unlimited
	if chroot "$ROOT" "$VFNET_BUILD/bench/vm/doors_bench" --json /tmp/share/doors.json "$node" \
		"/dev/vfio/$(iommu_group "$VF1")" "$VF1" >/share/doors.out 2>&1; then
		while read -r line; do
			echo "VFNET-NOTE $line"
		done </share/doors.out
		pass doors "measured"
	else
		fail doors "$(words doors)"
	fi
}
