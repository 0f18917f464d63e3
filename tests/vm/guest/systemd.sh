# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --vfs 0 --append net.ifnames=0
#
# dist/ as an administrator uses it: systemd itself, as process 1 of a name space, starts the units, udevd gives the device
# files to the group, and dist/README.md is typed from its first `groupadd` on. The root is the host's under a layer of
# memory, or another one: --env SYSTEMD_ROOT=FOLDER, which mmdebstrap makes of another Debian, with systemd, udev and what
# vfnet-fwd links.

PF=0000:01:00.0
MACHINE=/machine
EXAMPLES=/usr/share/doc/vfnet/examples
UNIT=/host$VFNET_SOURCE/dist/systemd/vfnet-fwd.service

make_machine() {
	local root='' word
	for word in $VFNET_ENVIRONMENT; do
		case $word in
		SYSTEMD_ROOT=*) root=${word#*=} ;;
		esac
	done
	load overlay
	mkdir /layer "$MACHINE"
	mount -t tmpfs layer /layer && mkdir /layer/upper /layer/work &&
		mount -t overlay -o "lowerdir=/host$root,upperdir=/layer/upper,workdir=/layer/work" machine "$MACHINE" || return
	mkdir -p "$MACHINE/dev" "$MACHINE/sys" "$MACHINE/proc" "$MACHINE/run" "$MACHINE/tmp" "$MACHINE$EXAMPLES"
	mount -o rbind /dev "$MACHINE/dev" && mount -t sysfs sys "$MACHINE/sys" &&
		mount -t cgroup2 cgroup "$MACHINE/sys/fs/cgroup" && mount -t tmpfs -o mode=755 run "$MACHINE/run" &&
		mount -t tmpfs -o mode=1777 tmp "$MACHINE/tmp" || return
	rm -f "$MACHINE/etc/fstab" "$MACHINE/etc/systemd/system/"*.wants/*
	cp "/host$FWD" "/host$VFNET_BUILD/apps/vfnet-dev/vfnet-dev" "$MACHINE/usr/bin" &&
		cp -r "/host$VFNET_SOURCE/dist/." "$MACHINE$EXAMPLES"
}

# As container.sh: a root of its own, not a chroot, because units are put into mount name spaces.
start_systemd() {
	# shellcheck disable=SC2016 # for that shell
	unshare -m -p -f /bin/sh -c 'cd "$0" && mount -t proc proc proc && mount --move . / && exec chroot . \
		/usr/bin/env -i container=vfnet-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		/lib/systemd/systemd --system --unit=basic.target --log-target=console --show-status=no' \
		"$MACHINE" </dev/null >/share/systemd.out 2>&1 &
	wait_for 60 is_up
}

# The first process of that name is process 1 in there.
inside() { # command...
	nsenter -t "$(pidof systemd | tr ' ' '\n' | sort -n | head -n 1)" -m -p /usr/bin/env -i \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
}

is_up() {
	[ "$(inside systemctl is-active basic.target)" = active ]
}

# succeeds NAME COMMAND...: the command succeeds
succeeds() {
	local name=$1
	shift
	if "$@" >"/share/$name.out" 2>&1; then
		pass "systemd.$name" "$* $(words "$name" | cut -c 1-200)"
	else
		inside systemctl --no-pager --full status 'vfnet-*' >>"/share/$name.out" 2>&1
		fail "systemd.$name" "$*: $(words "$name")"
	fi
}

has_udev() {
	[ -e "$MACHINE/usr/bin/udevadm" ] || [ -e "$MACHINE/bin/udevadm" ]
}

# dist/README.md, one line after the other; alice is to be a user, and what `cmake --install` puts there is there.
typed() {
	local line number=0
	inside useradd alice
	sed -n 's/^    //p' "/host$VFNET_SOURCE/dist/README.md" | sed '/^cmake/d; s| *#.*||' >/share/lines
	while read -r line <&3; do
		number=$((number + 1))
		case $line in
		*udev*) has_udev || continue ;;
		*'now vfnet-fwd') given ;;
		esac
		succeeds "typed.$number" inside /bin/sh -c "cd $EXAMPLES && $line"
	done 3</share/lines
}

# The rule of udev gives the nodes to the group; where there is no udevd this does it.
given() {
	local node
	succeeds bound is_with "$VF0" vfio-pci
	node=/dev/vfio/$(iommu_group "$VF0")
	if has_udev; then
		succeeds udev wait_for 20 is_group_vfnet "$node"
	else
		skip systemd.udev "no udevadm here: apt install udev"
		inside chgrp vfnet "$node" "/dev/vfio/$(iommu_group "$VF1")"
		inside chmod 660 "$node" "/dev/vfio/$(iommu_group "$VF1")"
	fi
}

answers() { # address
	ping -q -c 1 -W 1 "$1" >/dev/null
}

is_group_vfnet() { # node
	[ "$(inside stat -c %G:%a "$1")" = vfnet:660 ]
}

forwarder() { # unit: its main process, seen from here
	local pid
	pid=$(inside systemctl show -P MainPID "$1")
	[ "${pid:-0}" != 0 ] && grep -l "^NSpid:.*[[:space:]]$pid\$" /proc/[0-9]*/status 2>/dev/null | cut -d / -f 3
}

# Neither root nor any capability; what comes with a group is asked for by the ping.
has_no_rights() { # unit
	local status
	status=/proc/$(forwarder "$1")/status
	grep -E '^(Uid|Groups|CapPrm|CapBnd|NoNewPrivs|Seccomp):' "$status"
	! grep -q '^Uid:[[:space:]]*0' "$status" && grep -q '^CapPrm:[[:space:]]*0*$' "$status" &&
		grep -q '^CapBnd:[[:space:]]*0*$' "$status" && grep -q '^NoNewPrivs:[[:space:]]*1' "$status"
}

runs() { # unit address...
	local unit=$1 address
	shift
	for address; do
		succeeds "$unit.ping.$address" wait_for 5 answers "$address"
	done
	succeeds "$unit.rights" has_no_rights "$unit"
}

# It is killed, and is there again.
comes_back() { # unit address
	kill -KILL "$(forwarder "$1")"
	succeeds "$1.again" wait_for 5 answers "$2"
	if [ "$(inside systemctl show -P NRestarts "$1")" = 1 ]; then
		pass "systemd.$1.restarts" "once"
	else
		fail "systemd.$1.restarts" "$(inside systemctl show -P NRestarts "$1")"
	fi
}

ends() { # unit
	succeeds "$1.stop" inside systemctl stop "$1"
	if [ "$(inside systemctl show -P Result "$1")" = success ] &&
		inside journalctl --no-pager -o cat -u "$1" | grep -q '^ledger: balanced'; then
		pass "systemd.$1.end" "$(inside journalctl --no-pager -o cat -u "$1" | grep '^ledger: ' | tail -n 1)"
	else
		fail "systemd.$1.end" "$(inside journalctl --no-pager -u "$1" | tail -n 20 | tr '\n' '|')"
	fi
}

is_with() { # address driver
	[ "$(basename "$(readlink "/sys/bus/pci/devices/$1/driver")")" = "$2" ]
}

# The unit's other way, as its comments say: the lines of this version of systemd, in place of those that they name.
handed_unit() { # version
	local way=253 gone='ExecStart SupplementaryGroups'
	if [ "$1" -lt 253 ]; then
		way=before
		gone="$gone CapabilityBoundingSet DynamicUser"
	fi
	awk -v way="$way" -v gone="$gone" '
		BEGIN { n = split(gone, name); for (i = 1; i <= n; i++) dropped[name[i]] = 1 }
		/^# ---/ { here = $3 == way; next }
		here { print substr($0, 2); next }
		skip || (/^[A-Za-z]+=/ && substr($0, 1, index($0, "=") - 1) in dropped) { skip = /\\$/; next }
		{ print }' "$UNIT"
}

handed() {
	handed_unit "$(inside systemctl --version | sed -n 's/^systemd \([0-9]*\).*/\1/p')" >/share/handed.out
	cp /share/handed.out "$MACHINE/etc/systemd/system/vfnet-handed.service"
	# shellcheck disable=SC2046 # words
	load_kmod $(kmod_parameters) || return
	succeeds handed.bind inside systemctl restart "vfnet-bind@$VF0"
	succeeds handed.driver is_with "$VF0" vfio
	chmod 600 /dev/vfio0 /dev/uiommu
	chown 0:0 /dev/vfio0 /dev/uiommu
	inside systemctl daemon-reload
	succeeds handed.start inside systemctl start vfnet-handed
	runs vfnet-handed 10.9.0.2
	ends vfnet-handed
}

guest_main() {
	built "$FWD" && built "$VFNET_BUILD/apps/vfnet-dev/vfnet-dev" || return
	load igb
	load vfio-pci
	load vfio_iommu_type1
	make_machine || { fail systemd.machine "no root for it"; return; }
	if [ ! -x "$MACHINE/lib/systemd/systemd" ]; then
		skip systemd.boot "no systemd here: apt install systemd"
		return
	fi
	if ! { wait_for 10 test -e /sys/class/net/eth0 && start_systemd; }; then
		fail systemd.boot "$(tail -n 20 /share/systemd.out | tr '\n' '|')"
		return
	fi
	pass systemd.boot "$(inside systemctl --version | head -n 1)"
	ip link set lo up
	ip addr add 10.9.0.1/24 dev eth0
	typed
	runs vfnet-fwd 10.9.0.2 10.9.0.3
	comes_back vfnet-fwd 10.9.0.2
	ends vfnet-fwd
	handed
	succeeds unbind inside systemctl stop "vfnet-bind@$VF0" "vfnet-bind@$VF1"
	succeeds unbound is_with "$VF1" ''
	succeeds remove inside systemctl stop "vfnet-create@$PF"
	succeeds removed grep -qx 0 "/sys/bus/pci/devices/$PF/sriov_numvfs"
	unload_kmod
}
