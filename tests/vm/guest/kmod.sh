# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --edu --memory 4G --time-limit 900
# needs: --device e1000e,addr=0x14,romfile=kvmvapic.bin --device nvme,serial=0,addr=0x15
# needs: --device virtio-serial-pci,addr=0x16 --device pci-serial,addr=0x17
# modes: vtd identity nointremap none
#
# The kernel module, in one boot of each IOMMU mode: topic after topic, each a file in guest/kmod/ that defines
# topic_main and finds the module loaded and the functions bound. Arguments choose topics: `tests/vm/run kmod node dma`.

TOPICS=$LIBRARY/kmod

# What every topic finds; what it breaks, such as a function that it gave back, is mended for the next.
prepare_topic() {
	local address node
	if [ ! -e /sys/bus/pci/drivers/vfio ]; then
		# shellcheck disable=SC2046 # words
		load_kmod $(kmod_parameters) || return
	fi
	for address in "$VF0" "$EDU0" "$EDU1" "$EDU2" "$EDU3"; do
		node=$(kmod_node "$address") || node=$(bind_kmod "$address") || return
		chown "$VFNET_UID:$VFNET_GID" "$node" # also that of a module that was loaded again
	done
}

# In a mode that a topic's line `# modes:` does not name it has nothing to say.
for_this_mode() { # file
	! grep -q '^# modes:' "$1" || grep '^# modes:' "$1" | grep -qw "$VFNET_IOMMU"
}

run_topic() { # name
	if [ ! -r "$TOPICS/$1.sh" ]; then
		fail "$VFNET_SCRIPT.topic" "no topic '$1' in guest/kmod/"
		return
	fi
	for_this_mode "$TOPICS/$1.sh" || {
		echo "VFNET-NOTE topic $1 has nothing to say in IOMMU mode $VFNET_IOMMU"
		return 0
	}
	prepare_topic || return
	# shellcheck source=/dev/null
	. "$TOPICS/$1.sh"
	topic_main
}

guest_main() {
	local topic file
	if [ $# = 0 ]; then
		for file in "$TOPICS"/*.sh; do
			set -- "$@" "$(basename "$file" .sh)"
		done
	fi
	for topic; do
		run_topic "$topic"
	done
	unload_kmod && pass "$VFNET_SCRIPT.unload" "gone"
	check_leaks
}
