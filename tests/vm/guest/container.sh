# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --cpus 1
#
# The recipe of dist/container on a real function: an ordinary user's vfnet-fwd in a sandbox without any capability, whose
# /dev has two device files and no more; and what the doctor says where one of them was forgotten.

DEV=$VFNET_BUILD/apps/vfnet-dev/vfnet-dev
RUN=$VFNET_SOURCE/dist/container/run

# inside NAME ARGUMENTS-OF-RUN...: sets CODE, the words are in /share/NAME.out. Who is in a chroot may not make a user
# namespace, so here the host's root becomes the root of a mount namespace.
inside() {
	local name=$1
	shift
	CODE=0
	# shellcheck disable=SC2016 # for that shell
	unshare -m /bin/sh -c 'cd "$0" && mount --move . / && exec chroot . "$@"' "$ROOT" \
		/usr/bin/setpriv --reuid "$VFNET_UID" --regid "$VFNET_GID" --clear-groups --no-new-privs \
		/usr/bin/env -i PATH=/usr/bin:/bin "$RUN" "$@" >"/share/$name.out" 2>&1 || CODE=$?
}

# forwards NAME NODE NODE-OF-DOMAINS
forwards() {
	inside "$1.forwards" --node "$2" --node "$3" "$FWD" --duration 0.2 "pci:$VF0"
	if [ "$CODE" = 0 ] && grep -q '^ledger: balanced' "/share/$1.forwards.out"; then
		pass "container.$1.forwards" "$(tail -n 1 "/share/$1.forwards.out")"
	else
		fail "container.$1.forwards" "exit $CODE: $(words "$1.forwards")"
	fi
}

# forgotten NAME NODE NODE-OF-DOMAINS: the first is not passed in
forgotten() {
	inside "$1.doctor" --node "$3" "$DEV" doctor "$VF0"
	if [ "$CODE" = 1 ] && grep -q "there is no $2 in this container" "/share/$1.doctor.out" &&
		grep -q "start it with --device $2" "/share/$1.doctor.out"; then
		pass "container.$1.doctor" "$(grep '^missing *node' "/share/$1.doctor.out")"
	else
		fail "container.$1.doctor" "exit $CODE: $(words "$1.doctor")"
	fi
}

guest_main() {
	local node
	built "$FWD" && built "$DEV" || return
	if [ ! -x "$ROOT/usr/bin/bwrap" ]; then
		fail container.bwrap "no /usr/bin/bwrap: tools/deps --install vm"
		return
	fi
	bind_vfio "$VF0"
	node=/dev/vfio/$(iommu_group "$VF0")
	forwards vfio-pci "$node" /dev/vfio/vfio
	forgotten vfio-pci "$node" /dev/vfio/vfio
	unbind "$VF0"
	load_kmod && node=$(bind_kmod "$VF0") || return
	forwards uvfio "$node" /dev/uiommu
	forgotten uvfio "$node" /dev/uiommu
}
