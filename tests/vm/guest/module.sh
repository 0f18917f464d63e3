# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by main.sh: the kernel module of kmod/ (tests/vm/run --kmod), and devices that come and go (--edu).

# load_kmod [PARAMETER=VALUE...]
load_kmod() {
	local said
	if ! said=$(insmod "$VFNET_MODULE" "$@" 2>&1); then
		fail "$VFNET_SCRIPT.load" "insmod ${VFNET_MODULE##*/} $*: $said; $(dmesg | tail -n 1)"
		return 1
	fi
}

unload_kmod() {
	local said
	if ! said=$(rmmod "$(basename "$VFNET_MODULE" .ko)" 2>&1); then
		fail "$VFNET_SCRIPT.unload" "$said"
		return 1
	fi
}

# What the module's parameters must be for programs to work in this IOMMU mode.
kmod_parameters() {
	case $VFNET_IOMMU in
	nointremap) echo allow_unsafe_intrs=1 ;;
	none) echo allow_noiommu=1 ;;
	esac
}

kmod_node() { # PCI address: prints the /dev/vfioN of a function, found as programs find it
	local entry
	for entry in "/sys/bus/pci/drivers/vfio/$1/vfio/vfio"*; do
		if [ -e "$entry" ]; then
			echo "/dev/${entry##*/}"
			return
		fi
	done
	return 1
}

# take_kmod ADDRESS: gives the function to the module; prints its node, which is as the module made it
take_kmod() {
	local node
	echo vfio >"/sys/bus/pci/devices/$1/driver_override"
	echo "$1" >/sys/bus/pci/drivers_probe
	if ! node=$(kmod_node "$1") || ! wait_for 5 test -c "$node"; then
		fail "$VFNET_SCRIPT.bind" "driver vfio did not take $1, or made no node: '$node'; $(dmesg | tail -n 1)"
		return 1
	fi
	echo "$node"
}

# bind_kmod ADDRESS: the same, and gives the node to the ordinary user
bind_kmod() {
	local node
	node=$(take_kmod "$1") || return
	chown "$VFNET_UID:$VFNET_GID" "$node"
	echo "$node"
}

# The two ways to a function that the library has here.
# shellcheck disable=SC2034 # for the guest scripts
readonly ALL_DOORS="vfio-pci kmod"

# bind_to DOOR ADDRESS...: as bind_vfio or bind_kmod, whatever driver has the functions now
bind_to() {
	local door=$1 address
	shift
	if [ "$door" = kmod ] && [ ! -e /sys/bus/pci/drivers/vfio ]; then
		# shellcheck disable=SC2046 # words
		load_kmod $(kmod_parameters) || return
		chmod 666 /dev/uiommu
	fi
	for address; do
		[ ! -e "/sys/bus/pci/devices/$address/driver" ] || unbind "$address"
		if [ "$door" = kmod ]; then
			bind_kmod "$address" >/dev/null || return
		else
			bind_vfio "$address"
		fi
	done
}

# choose LIST ARGUMENT...: prints those words of the list that are among the arguments, or all of it
choose() {
	local list=$1 word chosen=''
	shift
	for word; do
		case " $list " in *" $word "*) chosen="$chosen $word" ;; esac
	done
	echo "${chosen:-$list}"
}

# The functions below a bridge, in order. Bus numbers are the firmware's choice, the root ports' addresses are ours.
below() { # path of the bridge
	local path
	for path in "$1"/0000:??:??.?; do
		if [ -e "$path" ]; then
			echo "${path##*/}"
		fi
	done
}

find_edus() {
	local ports=/sys/devices/pci0000:00/0000:00 bridge
	bridge=$ports:12.0/$(below $ports:12.0)
	EDU0=$(below $ports:10.0)
	EDU1=$(below $ports:11.0)
	EDU2=$(below "$bridge" | sed -n 1p)
	EDU3=$(below "$bridge" | sed -n 2p)
	# shellcheck disable=SC2034 # as which EDU2 and EDU3 appear to the IOMMU
	EDU_BRIDGE=${EDU2%1.0}0.0
	# shellcheck disable=SC2034 # the pci-ohci
	SMALL0=0000:00:13.0
	if [ -z "$EDU0" ] || [ -z "$EDU1" ] || [ -z "$EDU3" ]; then
		die "an edu device is missing: '$EDU0' '$EDU1' '$EDU2' '$EDU3'"
	fi
}

edu_path() { # edu0..edu3
	case $1 in
	edu0) echo "/sys/bus/pci/devices/$EDU0" ;;
	edu1) echo "/sys/bus/pci/devices/$EDU1" ;;
	edu2) echo "/sys/bus/pci/devices/$EDU2" ;;
	edu3) echo "/sys/bus/pci/devices/$EDU3" ;;
	esac
}

# unplug edu0|edu1|edu2|edu3: as if somebody pulled the card; returns when kernel and QEMU are done with it
unplug() {
	rm -f "/share/gone.$1"
	echo "VFNET-UNPLUG $1" >/dev/console
	if ! wait_for 20 test ! -e "$(edu_path "$1")" || ! wait_for 20 test -e "/share/gone.$1"; then
		fail "$VFNET_SCRIPT.unplug.$1" "$(edu_path "$1") is still there after 20 s"
		return 1
	fi
}

plug() { # what unplug took; it comes back without a driver, at the same address
	echo "VFNET-PLUG $1" >/dev/console
	if ! wait_for 20 test -e "$(edu_path "$1")"; then
		fail "$VFNET_SCRIPT.plug.$1" "no $(edu_path "$1") after 20 s"
		return 1
	fi
}
