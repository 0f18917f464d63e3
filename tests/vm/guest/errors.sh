# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --cpus 1
#
# What a person reads from vfnet-fwd, as an ordinary user, when something is missing: the exit code, one sentence that
# names the address, the file or the number, and, where the sentence says what to do as root, that doing it helps; and
# a hint who says more.

PF=0000:01:00.0
START_SECONDS=20

# fwd NAME ARGUMENTS...: a run that ends by itself; sets CODE, its words are in /share/NAME.out
fwd() {
	local name=$1
	shift
	CODE=0
	as_user /usr/bin/timeout -k 1 "$START_SECONDS" "$FWD" "$@" >"/share/$name.out" 2>&1 || CODE=$?
}

# One sentence, and where something is missing and nothing was mistyped, who knows what mends it.
said_enough() { # name code
	local lines hints
	lines=$(wc -l <"/share/$1.out")
	hints=$(grep -c '^hint: vfnet-dev doctor 0000:' "/share/$1.out")
	if [ "$2" = 2 ]; then
		[ "$lines $hints" = '1 0' ]
	else
		[ "$lines $hints" = '2 1' ]
	fi
}

# refused NAME CODE PHRASE... -- ARGUMENTS...
refused() {
	try fwd "$@"
	if [ -z "$WRONG" ] && said_enough "$1" "$2"; then
		pass "errors.$1" "$(head -n 1 "/share/$1.out")"
	else
		fail "errors.$1" "$WRONG $(words "$1")"
	fi
}

works() { # name arguments...
	local name=$1
	shift
	fwd "$name" --duration 0.2 "$@"
	if [ "$CODE" = 0 ] && grep -q '^ledger: balanced' "/share/$name.out"; then
		pass "errors.$name" "$(tail -n 1 "/share/$name.out")"
	else
		fail "errors.$name" "exit $CODE: $(words "$name")"
	fi
}

# Does what the sentence wants done as root, in a shell of its own; the VF must be bound then.
cure() { # name
	sed -n 's/.*As root: //p' "/share/$1.out" >"/share/$1.cure"
	# shellcheck disable=SC2317 # called by the sentence
	modprobe() {
		load "$1"
	}
	# shellcheck source=/dev/null
	(. "/share/$1.cure")
	[ "$(basename "$(readlink "/sys/bus/pci/devices/$VF0/driver")")" = vfio-pci ] ||
		fail "errors.$1" "what the sentence says does not bind the VF: $(cat "/share/$1.cure")"
}

start() { # name arguments...: sets PID when the ports are open
	local name=$1
	shift
	as_user_exec "$FWD" --log info "$@" >"/share/$name.out" 2>&1 &
	PID=$!
	wait_for "$START_SECONDS" grep -q 'link up' "/share/$name.out" ||
		fail "errors.$name" "no link: $(words "$name")"
}

drivers() {
	refused absent 1 'there is no PCI function 0000:05:00.0' -- pci:0000:05:00.0
	refused physical 1 "$PF is a physical function" "its $VFNET_VFS virtual functions" -- "pci:$PF"
	refused unbound 1 "$VF0 is bound to no driver" 'bound to vfio-pci' -- "pci:$VF0"
	cure unbound
	refused forbidden 1 "$VF0: not permitted to open /dev/vfio/$(iommu_group "$VF0")" 'As root: chown USER ' -- \
		"pci:$VF0"
	bind_vfio "$VF0" # and gives it to the user
	works allowed "pci:$VF0"
	unbind "$VF0"
	load igbvf
	refused igbvf 1 "$VF0 is bound to the kernel's driver igbvf" 'bound to vfio-pci' -- "pci:$VF0"
	cure igbvf
	bind_vfio "$VF0"
	works igbvf.cured "pci:$VF0"
	chmod 600 /dev/vfio/vfio
	refused container 1 'not permitted to open /dev/vfio/vfio' -- "pci:$VF0"
	chmod 666 /dev/vfio/vfio
}

memory() {
	local kib
	(
		ulimit -l 1024
		refused memlock 1 '8192 KiB of memory' 'RLIMIT_MEMLOCK allows 1024 KiB' 'ulimit -l 8192' -- \
			--mem 8M "pci:$VF0"
	)
	kib=$(sed -n 's/.*ulimit -l \([0-9]*\) .*/\1/p' /share/memlock.out)
	(
		ulimit -l "${kib:-0}"
		works memlock.raised --mem 8M "pci:$VF0"
	)
}

twice() {
	refused twice 1 "$VF0 is open already" -- "pci:$VF0" "pci:$VF0"
	start first "pci:$VF0"
	refused busy 1 "$VF0: /dev/vfio/$(iommu_group "$VF0") is open already" -- "pci:$VF0"
	kill -KILL "$PID"
	wait "$PID"
	works killed "pci:$VF0"
}

pf_down() {
	ip link set eth0 down
	refused pf-down 1 "$VF0: the physical function is down or in reset" "ip link set dev PF up" -- "pci:$VF0"
	ip link set eth0 up
	wait_for 20 carrier eth0 || fail errors.pf-up "eth0 has no link"
	works pf-up "pci:$VF0"
}

guest_main() {
	built "$FWD" || return
	load vfio-pci
	load vfio_iommu_type1
	drivers
	memory
	twice
	pf_down
}
