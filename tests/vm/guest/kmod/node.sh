# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# A function that the module takes gets a node that only root may open; one that it gives back has none.

closed_node() { # name address
	local node mode
	unbind "$2"
	if [ ! -e "/sys/bus/pci/devices/$2/driver" ] && ! kmod_node "$2" >/dev/null; then
		pass "$VFNET_SCRIPT.node.$1.unbind" "$2 has no driver, no node"
	else
		fail "$VFNET_SCRIPT.node.$1.unbind" "$2 still has a driver or a node"
	fi
	node=$(take_kmod "$2") || return
	mode=$(stat -c '%a %u:%g %F' "$node")
	if [ "$mode" = "600 0:0 character special file" ] && ! as_user /usr/bin/head -c 4 "$node" >/dev/null 2>&1; then
		pass "$VFNET_SCRIPT.node.$1.closed" "$2 is $node: $mode"
	else
		fail "$VFNET_SCRIPT.node.$1.closed" "$2 is $node: $mode, or the ordinary user can open it"
	fi
	chown "$VFNET_UID:$VFNET_GID" "$node"
}

topic_main() {
	closed_node vf0 "$VF0"
	closed_node edu0 "$EDU0"
}
