# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by guest/init (busybox sh, process 1): prepares the machine along the configuration that tests/vm/run wrote,
# runs the guest script, looks for complaints of the kernel and powers off. The lines that begin with VFNET- are for
# tests/vm/run; README.md lists them.

LIBRARY=/host$VFNET_SOURCE/tests/vm/guest
# shellcheck source-path=SCRIPTDIR source=dmesg.sh
. "$LIBRARY/dmesg.sh"
# shellcheck source-path=SCRIPTDIR source=module.sh
. "$LIBRARY/module.sh"
# shellcheck source-path=SCRIPTDIR source=programs.sh
. "$LIBRARY/programs.sh"

readonly ROOT=/root              # the host's root with this guest's /dev, /proc, /sys and a /tmp of its own
# shellcheck disable=SC2034 # for the guest scripts
readonly VF0=0000:01:10.0 VF1=0000:01:10.2
# shellcheck disable=SC2034
readonly FWD=$VFNET_BUILD/apps/vfnet-fwd/vfnet-fwd EVENTS=$VFNET_BUILD/tests/vm/port_events
# A circle through VF 0 and VF 1, which never ends by itself.
readonly LOOP="--ring 1024 --peer auto --prime 512:64"

# Results go to the console by name, so that functions whose output is read can have some too.
pass() { # name text...
	echo "VFNET-PASS $*" >/dev/console
}

fail() { # name text...
	failed=yes
	echo "VFNET-FAIL $*" >/dev/console
}

skip() { # name text...
	echo "VFNET-SKIP $*" >/dev/console
}

words() { # name: what a program wrote to /share/NAME.out, in one line
	tr '\n' '|' <"/share/$1.out"
}

built() { # program
	[ -x "$ROOT$1" ] || {
		fail "$VFNET_SCRIPT.build" "no $1: build it"
		return 1
	}
}

# Is an ordinary user's command inside the host's root. exec: use it in a subshell or in the background, so that $! is
# the command itself. (A background command of a shell ignores SIGINT: --default-signal undoes that.) OPENER: words of a
# command that runs first, as root, and becomes what follows it.
OPENER=
as_user_exec() {
	# shellcheck disable=SC2086 # words
	exec chroot "$ROOT" $OPENER /usr/bin/setpriv --reuid "$VFNET_UID" --regid "$VFNET_GID" --clear-groups --no-new-privs \
		/usr/bin/env -i --default-signal=INT PATH=/usr/bin:/bin HOME=/tmp TMPDIR=/tmp LC_ALL=C "$@"
}

as_user() {
	(as_user_exec "$@")
}

# user_with LIMIT-KB COMMAND...: the ordinary user, who may lock so much memory
user_with() {
	(
		ulimit -l "$1"
		shift
		as_user_exec "$@"
	)
}

as_root() {
	chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TMPDIR=/tmp LC_ALL=C "$@"
}

# A program that tests/vm/fetch brought (busybox has no `ip link set ... vf`), as root.
fetched() { # path-below-the-tools-folder arguments...
	local program=$1
	shift
	chroot "$ROOT" /usr/bin/env \
		LD_LIBRARY_PATH="$VFNET_TOOLS/usr/lib/x86_64-linux-gnu:$VFNET_TOOLS/lib/x86_64-linux-gnu" \
		"$VFNET_TOOLS/$program" "$@"
}

iproute() {
	if [ -e "/host$VFNET_TOOLS/usr/bin/ip" ]; then # Debian 13
		fetched usr/bin/ip "$@"
	else
		fetched bin/ip "$@"
	fi
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	local ticks=$(($1 * 10))
	shift
	until "$@" 2>/dev/null; do
		ticks=$((ticks - 1))
		[ "$ticks" -gt 0 ] || return 1
		sleep 0.1
	done
}

# What lies below a folder that is mounted over (a build folder in /tmp, for instance) is made visible again.
uncover() { # absolute path
	if [ ! -e "$ROOT$1" ] && [ -e "/host$1" ]; then
		mkdir -p "$ROOT$1" && mount --bind "/host$1" "$ROOT$1"
	fi
}

enter_host_root() {
	mount --bind /host "$ROOT" || die "bind /host"
	mount --bind /dev "$ROOT/dev" || die "bind /dev"
	mount -t proc proc "$ROOT/proc" || die "mount proc"
	mount -t sysfs sys "$ROOT/sys" || die "mount sys"
	mount -t tmpfs -o mode=1777 tmp "$ROOT/tmp" || die "mount tmp"
	mkdir -p /dev/pts /dev/shm "$ROOT/tmp/share"
	mount -t devpts -o ptmxmode=0666 pts /dev/pts
	mount -t tmpfs -o mode=1777 shm /dev/shm
	mount --bind /dev/pts "$ROOT/dev/pts"
	mount --bind /dev/shm "$ROOT/dev/shm"
	mount --bind /share "$ROOT/tmp/share" || die "bind /share"
	chmod 666 /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/ptmx
	uncover "$VFNET_SOURCE"
	uncover "$VFNET_BUILD"
	uncover "$VFNET_TOOLS"
	chmod 666 /dev/kmsg # for programs that announce faults
	echo 0 >/proc/sys/kernel/dmesg_restrict
}

reserve_memory() {
	echo "$VFNET_HUGEPAGES" >/proc/sys/vm/nr_hugepages
	[ "$(cat /proc/sys/vm/nr_hugepages)" = "$VFNET_HUGEPAGES" ] || die "no $VFNET_HUGEPAGES hugepages"
	ulimit -l "$VFNET_MEMLOCK_KB" || die "ulimit -l $VFNET_MEMLOCK_KB"
}

carrier() { # interface
	[ "$(cat "/sys/class/net/$1/carrier")" = 1 ]
}

# The PF must be up before a VF gets link; it then needs 500 ms of guest time for "autonegotiation".
start_pf() {
	load igb
	wait_for 10 test -e /sys/class/net/eth0 || die "igb made no eth0"
	echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
	ip link set lo up
	ip link set eth0 up
	wait_for 20 carrier eth0 || die "eth0 has no link"
	echo "$VFNET_VFS" >/sys/class/net/eth0/device/sriov_numvfs || die "sriov_numvfs" # resets the PF
	wait_for 20 carrier eth0 || die "eth0 has no link with VFs"
	[ -e "/sys/bus/pci/devices/$VF0" ] || die "no VF at $VF0"
	if [ "$VFNET_MAC" = admin ]; then
		iproute link set eth0 vf 0 mac "$VFNET_MAC0" || die "set the MAC of VF 0"
		iproute link set eth0 vf 1 mac "$VFNET_MAC1" || die "set the MAC of VF 1"
	fi
}

# The MAC that the PF knows for a VF: the administrator's or the one the VF's driver asked for.
vf_mac() { # number
	iproute link show eth0 | sed -n "s/^ *vf $1 .*link\/ether \([0-9a-f:]*\).*/\1/p"
}

vf_has_mac() { # number
	local mac
	mac=$(vf_mac "$1")
	[ -n "$mac" ] && [ "$mac" != 00:00:00:00:00:00 ]
}

iommu_group() { # PCI address
	basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"
}

# bind_vfio PCI-ADDRESS: gives the function to vfio-pci and its group to the ordinary user
bind_vfio() {
	local group
	load vfio-pci
	load vfio_iommu_type1
	echo vfio-pci >"/sys/bus/pci/devices/$1/driver_override"
	echo "$1" >/sys/bus/pci/drivers_probe
	[ "$(basename "$(readlink "/sys/bus/pci/devices/$1/driver")")" = vfio-pci ] || die "vfio-pci did not take $1"
	group=$(iommu_group "$1")
	[ -c "/dev/vfio/$group" ] || die "no /dev/vfio/$group for $1"
	chown "$VFNET_UID:$VFNET_GID" "/dev/vfio/$group"
	chmod 666 /dev/vfio/vfio
}

# bind_iommufd PCI-ADDRESS: as bind_vfio, but the user gets the function's own file and iommufd, and no group
bind_iommufd() {
	local node
	bind_vfio "$1"
	chown 0:0 "/dev/vfio/$(iommu_group "$1")"
	node=$(ls "/sys/bus/pci/devices/$1/vfio-dev")
	[ -c "/dev/vfio/devices/$node" ] || die "no /dev/vfio/devices/$node for $1: this kernel lacks VFIO_DEVICE_CDEV"
	chown "$VFNET_UID:$VFNET_GID" "/dev/vfio/devices/$node" /dev/iommu
}

unbind() { # PCI address
	echo >"/sys/bus/pci/devices/$1/driver_override"
	echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
}

# wire NAME MODE OPTIONS...: has the host run wire_test as sub-test NAME; returns when it is done
wire() {
	local name=$1
	echo "VFNET-READY $*"
	until [ -e "/share/done.$name" ]; do
		sleep 0.1
	done
	[ "$(cat "/share/done.$name")" = 0 ]
}

# stop PID SECONDS: SIGINT, then SIGKILL; returns the process's exit code (of a child)
stop() {
	kill -INT "$1" 2>/dev/null
	if ! wait_for "$2" process_gone "$1"; then
		kill -KILL "$1" 2>/dev/null
	fi
	wait "$1"
}

process_gone() { # pid (a child: a zombie counts as gone)
	local state
	state=$(sed -n 's/^State:[^A-Z]*\([A-Z]\).*/\1/p' "/proc/$1/status" 2>/dev/null)
	[ -z "$state" ] || [ "$state" = Z ]
}

# A second's circle loses nothing, whatever there was before.
runs_again() { # script
	local code=0
	# shellcheck disable=SC2086 # options
	as_user "$FWD" --duration 1 $LOOP "pci:$VF0" "pci:$VF1" >/share/again.out 2>&1 || code=$?
	if [ "$code" = 0 ] && grep -q 'dropped: 512 not_drained' /share/again.out; then
		pass "$1.again" "$(tail -n 1 /share/again.out)"
	else
		fail "$1.again" "exit $code: $(words again)"
	fi
}

# For a person at the shell: the VFs belong to the module, if it is there, and to the ordinary user.
bind_all_vfs() {
	local path address
	# shellcheck disable=SC2046 # words
	if [ -n "$VFNET_MODULE" ] && load_kmod $(kmod_parameters); then
		for path in /sys/bus/pci/devices/0000:01:00.0/virtfn*; do
			address=$(basename "$(readlink "$path")")
			echo "VF $address: $(bind_kmod "$address")"
		done
	fi
}

failed=
enter_host_root
reserve_memory
if [ "$VFNET_VFS" -gt 0 ]; then
	start_pf
fi
if [ -n "$VFNET_EDU" ]; then
	find_edus
fi
echo "VFNET-START $VFNET_SCRIPT"
if [ "$VFNET_SCRIPT" = shell ]; then
	bind_all_vfs
	setsid cttyhack sh -l
	poweroff -f
fi
# shellcheck source=/dev/null
. "/host$VFNET_SCRIPT_FILE"
guest_main "$@"
code=$?
check_dmesg
if [ "$code" = 0 ] && [ -n "$failed" ]; then
	code=1
fi
echo "VFNET-EXIT $code"
poweroff -f
sleep 60
