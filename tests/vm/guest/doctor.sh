# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --cpus 1
# modes: vtd nointremap none
#
# `vfnet-dev doctor` as a new user meets it: things are taken away, an ordinary user asks in a shell of their own, what
# doctor prints first is typed as it stands (as root, or in that shell), and the user asks again, until nothing is
# missing. The commands, in this order, must be the expected ones, and vfnet-fwd must run afterwards.

DEV=$VFNET_BUILD/apps/vfnet-dev/vfnet-dev
PF=0000:01:00.0
ROUNDS=12 # more than there are checks
SECONDS_TO_ANSWER=30

# ---- the user's shell: what is written to descriptor 9 is typed there

open_shell() { # ulimit arguments...
	close_shell
	rm -f "$ROOT/tmp/typed"
	mkfifo "$ROOT/tmp/typed"
	(
		ulimit "$@"
		as_user_exec /bin/sh <"$ROOT/tmp/typed"
	) &
	SHELL_PID=$!
	exec 9>"$ROOT/tmp/typed"
}

close_shell() {
	if [ -n "${SHELL_PID:-}" ]; then
		exec 9>&-
		wait "$SHELL_PID"
		SHELL_PID=
	fi
}

# typed NAME COMMAND: in the user's shell; sets CODE, its words are in /share/NAME.out
typed() {
	rm -f "/share/$1.code" "/share/$1.out" # the share's files are not the user's to write again
	echo "$2 >/tmp/share/$1.out 2>&1; echo \$? >/tmp/share/$1.code" >&9
	wait_for "$SECONDS_TO_ANSWER" test -s "/share/$1.code" || die "the user's shell does not answer: $2"
	CODE=$(cat "/share/$1.code")
}

# ---- root's shell, with what a Debian has: modprobe, and an `ip` that knows VFs

prepare_root() {
	mkdir -p "$ROOT/tmp/bin" "$ROOT/tmp/modules"
	mount --bind /modules "$ROOT/tmp/modules"
	mount -t tmpfs run "$ROOT/run"
	cp /bin/busybox "$ROOT/tmp/bin/busybox"
	cat >"$ROOT/tmp/bin/modprobe" <<-'TEXT'
		#!/bin/sh
		[ "$1" != -a ] || shift
		for name; do
			while read -r file; do
				[ -e "/sys/module/${file%.ko}" ] || /tmp/bin/busybox insmod "/tmp/modules/$file" || exit
			done <"/tmp/modules/$name.list"
		done
	TEXT
	cat >"$ROOT/tmp/bin/ip" <<-TEXT
		#!/bin/sh
		export LD_LIBRARY_PATH=$VFNET_TOOLS/usr/lib/x86_64-linux-gnu:$VFNET_TOOLS/lib/x86_64-linux-gnu
		[ ! -x $VFNET_TOOLS/usr/bin/ip ] || exec $VFNET_TOOLS/usr/bin/ip "\$@"
		exec $VFNET_TOOLS/bin/ip "\$@"
	TEXT
	chmod 755 "$ROOT/tmp/bin/modprobe" "$ROOT/tmp/bin/ip"
}

root_types() { # command
	chroot "$ROOT" /usr/bin/env -i PATH=/tmp/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C /bin/sh -c "$1"
}

# ---- asking, and doing what is said

ask() { # name arguments...
	local name=$1
	shift
	typed "$name" "$DEV doctor $*"
}

what_is_missing() { # name
	grep -A 1 '^missing' "/share/$1.out" | tr '\n' '|'
}

first_missing() { # name
	sed -n 's/^missing *\([a-z]*\) .*/\1/p' "/share/$1.out" | head -n 1
}

# What is printed below the first thing that is missing: "as root", "do" or "advice".
below_first() { # name label
	awk -v label="$2:" '
		/^missing/ && !first { first = NR; next }
		first && /^[a-z]/ { exit }
		first && index($0, label) { sub(/^ *[a-z ]*: */, ""); print; exit }' "/share/$1.out"
}

mend_first() { # name: types the command; fails where there is none
	local command
	command=$(below_first "$1" 'as root')
	if [ -n "$command" ]; then
		root_types "$command" >"/share/$1.mend" 2>&1
		return
	fi
	command=$(below_first "$1" 'do')
	if [ -z "$command" ]; then
		return 1
	fi
	typed "$1.do" "$command"
	return "$CODE"
}

# Link comes some time after the command: nothing but waiting helps.
has_link() { # name arguments...
	ask "$@"
	[ "$(first_missing "$1")" != link ]
}

# mends NAME 'CHECK...' ARGUMENT...: what is missing one after the other, until nothing is
mends() {
	local name=$1 want=$2 got='' check rounds=0
	shift 2
	while ask "$name" "$@" && [ "$CODE" = 1 ] && [ "$rounds" -lt "$ROUNDS" ]; do
		check=$(first_missing "$name")
		got="$got${got:+ }$check"
		rounds=$((rounds + 1))
		if ! mend_first "$name"; then
			fail "doctor.$name" "after '$got': $(what_is_missing "$name") $(cat "/share/$name.mend")"
			return
		fi
		[ "$check" != link ] || wait_for 20 has_link "$name" "$@"
	done
	if [ "$CODE" = 0 ] && [ "$got" = "$want" ]; then
		pass "doctor.$name" "mended: ${got:-nothing}"
	else
		fail "doctor.$name" "mended '$got', expected '$want', exit $CODE: $(what_is_missing "$name")"
	fi
}

forwards() { # name
	typed "$1" "$FWD --duration 0.2 pci:$VF0"
	if [ "$CODE" = 0 ] && grep -q '^ledger: balanced' "/share/$1.out"; then
		pass "doctor.$1" "$(tail -n 1 "/share/$1.out")"
	else
		fail "doctor.$1" "exit $CODE: $(words "$1")"
	fi
}

# ---- what is taken away

hugepages_away() {
	echo 0 >/proc/sys/vm/nr_hugepages
}

vfs_away() {
	echo 0 >"/sys/bus/pci/devices/$PF/sriov_numvfs"
}

node_of() { # the device file of VF 0
	kmod_node "$VF0" || echo "/dev/vfio/$(iommu_group "$VF0")"
}

each_in_turn() { # prefix, node of domains
	local node
	node=$(node_of)
	hugepages_away
	mends "$1.hugepages" hugepages "$VF0"
	open_shell -l 1024
	mends "$1.memlock" memlock "$VF0"
	open_shell -S -l 1024
	mends "$1.memlock.own" memlock "$VF0"
	chown 0:0 "$node"
	mends "$1.node" node "$VF0"
	rm "$node"
	mends "$1.node.gone" 'node node' "$VF0" # made, and then given to the user
	chmod 600 "$2"
	mends "$1.domain" domain "$VF0"
	ip link set eth0 down
	mends "$1.link" link "$VF0"
	unbind "$VF0"
	mends "$1.driver" driver "$VF0"
	load igbvf
	unbind "$VF0"
	echo "$VF0" >/sys/bus/pci/drivers/igbvf/bind
	mends "$1.igbvf" driver "$VF0"
}

with_iommu() {
	local interrupts=''
	[ "$VFNET_IOMMU" != nointremap ] || interrupts='interrupts '
	hugepages_away
	vfs_away
	ip link set eth0 down
	open_shell -l 1024
	mends new "function module ${interrupts}driver hugepages memlock link"
	forwards new.forwards
	each_in_turn vfio-pci /dev/vfio/vfio
	forwards vfio-pci.forwards
	vfs_away
	rmmod igb
	mends igb "function function driver link" "$VF0"
	unbind "$VF0"
	load_kmod || return
	mends uvfio "${interrupts}driver" "$VF0"
	each_in_turn uvfio /dev/uiommu
	forwards uvfio.forwards
}

# No command can do it: the firmware and the kernel's command line decide.
without_iommu() {
	open_shell -l 65536
	ask iommu
	if [ "$CODE" = 1 ] && [ "$(first_missing iommu)" = iommu ] && [ -z "$(below_first iommu 'as root')" ] &&
		below_first iommu advice | grep -q "intel_iommu=on on the kernel's command line"; then
		pass doctor.iommu "$(below_first iommu advice)"
	else
		fail doctor.iommu "exit $CODE: $(words iommu)"
	fi
}

guest_main() {
	built "$FWD" && built "$DEV" || return
	prepare_root
	if [ "$VFNET_IOMMU" = none ]; then
		without_iommu
	else
		with_iommu
	fi
	close_shell
}
