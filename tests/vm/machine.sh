# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by tests/vm/run: the machine, as a command of QEMU, and its devices that come and go while it runs. Uses run's
# options, KERNEL_ROOT, KERNEL_VERSION, TOOLS, INITRAMFS, DIR, LOG and say().

# Two UDP ports that nobody uses now. Someone may take one before QEMU does: then QEMU ends and the next attempt picks
# others. They lie below the range that the kernel gives out by itself.
choose_ports() {
	local used port
	used=$(awk 'FNR > 1 { split($2, part, ":"); print part[2] }' /proc/net/udp /proc/net/udp6 2>/dev/null || true)
	PORTS=()
	while ((${#PORTS[@]} < 2)); do
		port=$((10000 + RANDOM % 20000))
		if [[ ${PORTS[0]:-} != "$port" ]] && ! grep -qi "^$(printf '%04X' "$port")\$" <<<"$used"; then
			PORTS+=("$port")
		fi
	done
}

kernel_words() {
	local words="console=ttyS0 panic=-1 rdinit=/init printk.devkmsg=on log_buf_len=4M memhp_default_state=online"
	words+=" no_timer_check" # a loaded host makes the kernel see no timer, and panic
	if [[ -n $VERBOSE ]]; then
		words+=" loglevel=7"
	else
		words+=" quiet loglevel=1"
	fi
	case $IOMMU in
	vtd | nointremap) words+=" intel_iommu=on iommu=nopt" ;;
	identity) words+=" intel_iommu=on iommu=pt" ;;
	esac
	printf '%s' "$words $APPEND"
}

# What goes beyond 2 GiB is a DIMM that the kernel finds above 4 GiB: the firmware does not count it, so that it leaves
# all BARs below 4 GiB. Above that QEMU's VFs have no registers (10.0: reads give 0).
memory_arguments() {
	local size=${MEMORY%[MG]} low=2048
	if [[ $MEMORY == *G ]]; then
		size=$((size * 1024))
	fi
	if ((size <= low)); then
		QEMU+=(-m "${size}M")
	else
		QEMU+=(
			-m "${low}M,slots=1,maxmem=$((size * 2))M"
			-object "memory-backend-ram,id=high,size=$((size - low))M" -device "pc-dimm,id=dimm,memdev=high"
		)
	fi
}

# The four `edu` devices: 0 reaches far, 1 has the 28 address bits that the device has by default; 2 and 3 are behind
# one bridge to conventional PCI and so in one IOMMU group. guest/main.sh finds them by their root ports' addresses.
edu_device() { # number
	case $1 in
	0) printf '{"driver":"edu","id":"edu0","bus":"edu_port0","dma_mask":%d}' 0xffffffffff ;;
	1) printf '{"driver":"edu","id":"edu1","bus":"edu_port1"}' ;;
	*) printf '{"driver":"edu","id":"edu%d","bus":"edu_bridge","addr":"%d"}' "$1" "$(($1 - 1))" ;;
	esac
}

edu_arguments() {
	local number
	for number in 0 1 2; do
		QEMU+=(-device "pcie-root-port,id=edu_port$number,addr=0x1$number,chassis=1,slot=$number")
	done
	QEMU+=(-device "pcie-pci-bridge,id=edu_bridge,bus=edu_port2")
	for number in 0 1 2 3; do
		QEMU+=(-device "$(edu_device "$number")")
	done
	QEMU+=(-device "pci-ohci,addr=0x13") # its BAR is shorter than a page
}

# With a thread for each CPU, QEMU's VT-d sometimes hangs when one CPU attaches a device while another maps memory: the
# kernel then waits for the invalidation queue for ever. The module's tests do that all the time.
accelerator() {
	if [[ -n $EDU ]]; then
		printf 'tcg,thread=single'
	else
		printf 'tcg'
	fi
}

qemu_arguments() {
	QEMU=(
		"$TOOLS/usr/bin/qemu-system-x86_64" -L "$TOOLS/usr/share/qemu" -L "$TOOLS/usr/share/seabios"
		-L "$TOOLS/usr/lib/ipxe/qemu"
		-no-user-config -nodefaults -display none -no-reboot -name vfnet-vm
		-M "q35,kernel-irqchip=split" -accel "$(accelerator)" -cpu max -smp "$CPUS"
		-kernel "$KERNEL_ROOT/boot/vmlinuz-$KERNEL_VERSION" -initrd "$INITRAMFS" -append "$(kernel_words)"
	)
	memory_arguments
	case $IOMMU in
	vtd | identity) QEMU+=(-device "intel-iommu,intremap=on,caching-mode=on") ;;
	nointremap) QEMU+=(-device "intel-iommu,intremap=off,caching-mode=on") ;;
	esac
	QEMU+=(
		-device "pcie-root-port,id=rp0,slot=0"
		-netdev "socket,id=n0,udp=127.0.0.1:${PORTS[0]},localaddr=127.0.0.1:${PORTS[1]}"
		-device "igb,bus=rp0,netdev=n0,mac=52:54:00:00:00:01"
		-fsdev "local,id=hostroot,path=/,security_model=none,readonly=on,multidevs=remap"
		-device "virtio-9p-pci,fsdev=hostroot,mount_tag=hostroot"
		-fsdev "local,id=share,path=$DIR/share,security_model=none"
		-device "virtio-9p-pci,fsdev=share,mount_tag=share"
	)
	if [[ -n $EDU ]]; then
		edu_arguments
	fi
	QEMU+=("${MORE_DEVICES[@]}")
}

# exec of QEMU, to be used in the background: dies with this script, also when that is killed.
exec_qemu() {
	export LD_LIBRARY_PATH="$TOOLS/usr/lib/x86_64-linux-gnu:$TOOLS/lib/x86_64-linux-gnu"
	export QEMU_MODULE_DIR="$TOOLS/usr/lib/x86_64-linux-gnu/qemu"
	exec setpriv --pdeathsig KILL "${QEMU[@]}" "$@"
}

run_shell() {
	choose_ports
	qemu_arguments
	(exec_qemu -chardev stdio,id=console,mux=on,signal=off -serial chardev:console -mon chardev=console)
}

# ---------------------------------------------------------------------------------------------------------------
# QEMU's monitor (QMP, lines of JSON): two pipes, because bash speaks no sockets. Both are opened for reading and
# writing, so that nobody waits for the other side.

monitor_open() {
	rm -f "$DIR"/qmp.in "$DIR"/qmp.out
	mkfifo "$DIR/qmp.in" "$DIR/qmp.out"
	exec 4<>"$DIR/qmp.in" 5<>"$DIR/qmp.out"
	# shellcheck disable=SC2034 # for console.sh
	MONITOR=(-chardev "pipe,id=qmp,path=$DIR/qmp" -mon "chardev=qmp,mode=control")
	monitor_say '{"execute":"qmp_capabilities"}'
}

monitor_close() {
	exec 4>&- 5>&-
}

monitor_say() { # JSON
	printf 'monitor: %s\n' "$1" >>"$LOG"
	printf '%s\n' "$1" >&4
}

# Reads what the monitor has to say. A device that is gone for good, and tracing that is switched, is a file for the
# guest; QEMU also reports a device's parts, by path.
monitor_listen() {
	local line
	while read -r -t 0.01 -u 5 line; do
		printf 'monitor: %s\n' "${line%$'\r'}" >>"$LOG"
		if [[ $line =~ \"DEVICE_DELETED\".*\"device\":\ *\"([a-z0-9]+)\" ]]; then
			: >"$DIR/share/gone.${BASH_REMATCH[1]}"
		elif [[ $line =~ \"id\":\ *\"(traced\.[A-Za-z0-9._-]+)\" ]]; then
			: >"$DIR/share/${BASH_REMATCH[1]}"
		elif [[ $line == *'"error"'* ]]; then
			say "QEMU: $line"
		fi
	done
}

unplug_device() { # edu0..edu3
	rm -f "$DIR/share/gone.$1"
	monitor_say "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"$1\"}}"
}

plug_device() { # edu0..edu3
	monitor_say "{\"execute\":\"device_add\",\"arguments\":$(edu_device "${1#edu}")}"
}

# Trace events of QEMU's go to the share as NAME.trace; "off" ends that.
trace_events() { # NAME|off event...
	local name=$1 event enable=true
	shift
	rm -f "$DIR/share/traced.$name"
	if [[ $name == off ]]; then
		enable=false
	else
		monitor_say "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"logfile $DIR/share/$name.trace\"}}"
	fi
	for event; do
		monitor_say "{\"execute\":\"trace-event-set-state\",\"arguments\":{\"name\":\"$event\",\"enable\":$enable}}"
	done
	monitor_say "{\"execute\":\"query-name\",\"id\":\"traced.$name\"}" # answered when all that is done
}
