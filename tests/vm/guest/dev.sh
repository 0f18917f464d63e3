# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# needs: --kmod --cpus 1
#
# vfnet-dev as root does it on a machine with a card: looks, makes functions with fixed addresses, gives them to the
# ordinary user by each of the two drivers, reads registers beside a running program, and puts everything back.

DEV=$VFNET_BUILD/apps/vfnet-dev/vfnet-dev
HAND_OVER=$VFNET_BUILD/tests/vm/hand_over
PF=0000:01:00.0

# dev NAME ARGUMENTS...: runs it; sets CODE, its words are in /share/NAME.out
dev() {
	local name=$1
	shift
	CODE=0
	# shellcheck disable=SC2034 # try()'s
	as_root /usr/bin/timeout -k 1 20 "$DEV" "$@" >"/share/$name.out" 2>&1 || CODE=$?
}

# expect NAME CODE PHRASE... -- ARGUMENTS...
expect() {
	try dev "$@"
	if [ -z "$WRONG" ]; then
		pass "dev.$1" "$(words "$1" | cut -c 1-300)"
	else
		fail "dev.$1" "$WRONG $(words "$1")"
	fi
}

driver() { # address
	basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

is_with() { # name address driver; no driver: ''
	if [ "$(driver "$2")" = "$3" ]; then
		pass "dev.$1" "$2 is with '$3'"
	else
		fail "dev.$1" "$2 is with '$(driver "$2")', not '$3'"
	fi
}

# The user who may open the functions forwards, for a moment.
forwards() { # name
	as_user /usr/bin/timeout -k 1 20 "$FWD" --duration 0.2 "pci:$VF0" "pci:$VF1" >"/share/$1.out" 2>&1
	if grep -q '^ledger: balanced' "/share/$1.out"; then
		pass "dev.$1" "$(tail -n 1 "/share/$1.out")"
	else
		fail "dev.$1" "$(words "$1")"
	fi
}

making() {
	expect status 0 "$PF  PF of 2  igb" "$VF0  VF 0 " 'IOMMU: on' 'hugepages: ' 'memlock: ' -- status
	expect create.again 1 "$PF has 2 virtual functions already" 'create 0 eth0' -- create 2 eth0
	expect create.none 0 '2 virtual functions removed' -- create 0 "$PF"
	expect status.none 0 'PF of 0' -- status
	expect create.many 2 "at most 7" -- create 8 eth0
	expect create.mac 2 '--mac-base 01:00:00:00:00:00' -- create 2 eth0 --mac-base 01:00:00:00:00:00
	expect create.vf 1 'neither a PCI function nor an interface' -- create 2 eth7
	ip link set eth0 down
	expect create.down 0 "$VF1: VF 1 of eth0, address 02:00:00:00:02:01" 'ip link set dev eth0 up' -- \
		create 2 eth0 --mac-base 02:00:00:00:02:00
	if [ "$(vf_mac 0) $(vf_mac 1)" = '02:00:00:00:02:00 02:00:00:00:02:01' ]; then
		pass dev.macs "the physical function says so too"
	else
		fail dev.macs "the physical function says $(vf_mac 0) $(vf_mac 1)"
	fi
	expect status.down 0 'down  02:00:00:00:02:00  on     off' -- status
	dev create.removed create 0 eth0
	expect create.derived 0 'VF 0 of eth0, address 02:' 'VF 1 of eth0, address 06:' -- create 2 eth0 --up
	wait_for 20 carrier eth0 || fail dev.up "eth0 has no link"
	expect status.json 0 '"spoof_check":	true' '"trust":	false' '"link":	true' '"vfio_pci_loaded":	false' -- \
		status --json -
}

binding() {
	expect bind.unloaded 1 'no driver vfio-pci' 'modprobe vfio-pci' -- bind "$VF0"
	load vfio-pci
	load vfio_iommu_type1
	expect bind.pf 1 "$PF is a physical function (driver igb)" -- bind "$VF0" "$PF"
	is_with bind.pf.whole "$VF0" ''
	expect bind 0 "$VF0: no driver -> vfio-pci, /dev/vfio/" -- bind "$VF0" "$VF1" --user "$VFNET_UID"
	is_with bound "$VF1" vfio-pci
	forwards forward
	beside vfio-pci
	expect unbind 0 "$VF0: vfio-pci -> no driver" -- unbind "$VF0" "$VF1"
	is_with unbound "$VF0" ''
	expect unbind.again 1 'nothing to undo' -- unbind "$VF0"
}

# Whether its receive queue is on.
receives() { # address
	as_root /usr/bin/timeout -k 1 20 "$DEV" regs "$1" 2>&1 | grep -q '^RXDCTL(0) 02'
}

# Registers of a function that a program forwards with, and after it.
beside() { # driver
	as_user_exec "$FWD" --log info "pci:$VF1" "pci:$VF0" >"/share/beside.$1.out" 2>&1 &
	PID=$!
	wait_for 20 receives "$VF0" || fail "dev.beside.$1" "$(words "beside.$1")"
	expect "regs.$1.held" 0 'through the program' 'RXDCTL(0) 02' ' ENABLE' ' LU' -- \
		regs "$VF0" --json "/tmp/share/regs.$1.json"
	expect "regs.$1.other" 0 'through the program' ' LU' -- regs "$VF1"
	expect "unbind.$1.held" 1 '(vfnet-fwd) has ' 'end it first' -- unbind "$VF0"
	if stop "$PID" 10 && ! grep -q 'reset' "/share/beside.$1.out"; then
		pass "dev.beside.$1" "$(tail -n 1 "/share/beside.$1.out")"
	else
		fail "dev.beside.$1" "$(words "beside.$1")"
	fi
	expect "regs.$1.after" 0 'ENABLE 1->0' 'registers changed' -- regs "$VF0" --diff "/tmp/share/regs.$1.json"
}

# A program that has opened the module's node, and does nothing else.
held_by_sleep() {
	local node
	node=$(kmod_node "$VF0")
	as_user /bin/sh -c "exec sleep 60 <>$node" &
	if wait_for 5 holds_node; then
		expect kmod.regs.held 1 '(sleep) has it open and does not drive it' -- regs "$VF0"
		expect kmod.unbind.held 1 "(sleep) has $node open" -- unbind "$VF0"
	else
		fail dev.kmod.held "sleep did not open $node"
	fi
	kill "$(pidof sleep)"
	wait
}

holds_node() {
	[ "$(readlink "/proc/$(pidof sleep)/fd/0")" = "$ROOT$(kmod_node "$VF0")" ]
}

# What a person with a card sends, by the README's commands: complete, and without what names them.
report() {
	local line number=0
	expect report 0 'Read it before you send it' '3 functions' 'VFNET_TEST_DEVICES=pci:ADDRESS' -- report /tmp/share/none.json
	dev report.bind bind "$VF0" "$VF1" --user "$VFNET_UID"
	readme_lines '### Send us' |
		sed "s|tests/port/run|$VFNET_SOURCE/& --build $VFNET_BUILD --results /tmp/results link|
			s|$VFNET_BUILD/tests/port/results report|/tmp/results /tmp/share/report|" >/share/lines
	while read -r line <&3; do
		number=$((number + 1))
		is_typed "report.$number" "$line"
	done 3</share/lines
	if grep -q '"text":	"STATUS ' /share/report.json && grep -q '52:54:00:xx:xx:xx' /share/report.json &&
		[ "$(grep -c '"header":	"[0-9a-f]\{128\}"' /share/report.json)" = 3 ] &&
		[ "$(grep -c '"result":	"PASS"' /share/report.json)" = 3 ] &&
		grep -q '"drivers":	"vfio-pci vfio-pci"' /share/report.json && ! grep -q '00:00:01' /share/report.json; then
		pass dev.report.words "$(wc -c </share/report.json) bytes"
	else
		fail dev.report.words "$(tr -d '\n\t' </share/report.json)"
	fi
	dev report.unbind unbind "$VF0" "$VF1"
}

# Both functions are in the hands of a program that has opened neither: root has, and has handed in descriptors. Nothing is
# lost, whatever root asks of vfnet-dev meanwhile.
in_use() { # door who-has-it code-of-regs regs-phrase
	local address
	wait_for 20 grep -q 'link up' "/share/handed.$1.out" || fail "dev.handed.$1" "no link: $(words "handed.$1")"
	expect "handed.$1.status" 0 "$VF0  VF 0     $1" "$VF1  VF 1     $1" -- status
	expect "handed.$1.unbind" 1 "$VF0: $2" 'end it first' -- unbind "$VF0" "$VF1"
	expect "handed.$1.bind" 1 "$VF1: $2" 'end it first' -- bind "$VF1" --user 0
	expect "handed.$1.create" 1 "$2" 'end it first' -- create 0 eth0
	expect "handed.$1.regs" "$3" "$4" -- regs "$VF0"
	for address in "$VF0" "$VF1"; do
		is_with "handed.$1.$address" "$address" "$1"
	done
	if stop "$PID" 10 && ! grep -q reset "/share/handed.$1.out" && grep -q '^ledger: balanced' "/share/handed.$1.out"; then
		pass "dev.handed.$1" "$(tail -n 1 "/share/handed.$1.out")"
	else
		fail "dev.handed.$1" "$(words "handed.$1")"
	fi
	expect "handed.$1.after" 0 'mapped from sysfs' -- regs "$VF0"
}

handed_vfio_pci() {
	dev handed.vfio-pci.before bind "$VF0" "$VF1" --driver vfio-pci
	OPENER="$HAND_OVER $VF0 $VF1 --" as_user_exec "$FWD" --log info "pci:$VF0,dev=5,dma=4" "pci:$VF1,dev=6,dma=4" \
		>/share/handed.vfio-pci.out 2>&1 &
	PID=$!
	in_use vfio-pci 'a program has it open, or another function of its group' 1 \
		'by a descriptor that it was handed and that cannot be shared'
	expect handed.vfio-pci.unbound 0 "$VF0: vfio-pci -> no driver" -- unbind "$VF0" "$VF1"
}

handed_kmod() {
	dev handed.vfio.before bind "$VF0" "$VF1" --driver vfio
	as_user_exec "$FWD" --log info "pci:$VF0,dev=5,dma=4" "pci:$VF1,dev=6,dma=4" \
		5<>"$(kmod_node "$VF0")" 6<>"$(kmod_node "$VF1")" 4<>/dev/uiommu >/share/handed.vfio.out 2>&1 &
	PID=$!
	in_use vfio 'process ' 0 'through the program that has it open'
	expect handed.vfio.unbound 0 "$VF0: vfio -> no driver" -- unbind "$VF0" "$VF1"
}

kernels_driver() {
	local interface
	load igbvf
	echo 1 >"/sys/bus/pci/devices/$PF/sriov_drivers_autoprobe"
	echo "$VF0" >/sys/bus/pci/drivers_probe
	is_with igbvf "$VF0" igbvf
	interface=$(ls "/sys/bus/pci/devices/$VF0/net")
	ip link set "$interface" up
	expect bind.up 1 "$VF0 is the interface $interface, which is up" "ip link set dev $interface down" -- bind "$VF0"
	expect regs.igbvf 1 'the kernel keeps its registers for driver igbvf' -- regs "$VF0"
	ip link set "$interface" down
	expect bind.igbvf 0 "$VF0: igbvf -> vfio-pci" -- bind "$VF0"
	expect unbind.igbvf 0 "$VF0: vfio-pci -> igbvf" -- unbind "$VF0"
	is_with igbvf.back "$VF0" igbvf
	echo "$VF0" >"/sys/bus/pci/drivers/igbvf/unbind"
}

our_module() {
	# shellcheck disable=SC2046 # words
	load_kmod $(kmod_parameters) || return
	expect kmod.bind 0 "$VF0: no driver -> vfio, /dev/vfio" -- bind "$VF0" --user "$VFNET_UID"
	expect kmod.status 0 "$VF0: programs open /dev/vfio" "vfio (vfnet's module) is loaded" -- status
	expect kmod.regs 0 'mapped from sysfs' 'STATUS ' ' LU' -- regs "$VF0"
	held_by_sleep
	if [ "$(stat -c %u "$(kmod_node "$VF0")")" = "$VFNET_UID" ]; then
		pass dev.kmod.user "the node is the user's"
	else
		fail dev.kmod.user "$(ls -l "$(kmod_node "$VF0")")"
	fi
	expect kmod.bind.both 0 "$VF1: no driver -> vfio" -- bind "$VF0" "$VF1" --user "$VFNET_UID"
	chmod 666 /dev/uiommu
	beside vfio
	expect kmod.unbind 0 "$VF0: vfio -> no driver" -- unbind "$VF0" "$VF1"
	handed_kmod
	unload_kmod
}

# The commands of a section of README.md, as a person here types them.
readme_lines() { # beginning of its title
	sed -n "/^$1/,/^##/s/^    //p" "/host$VFNET_SOURCE/README.md" |
		sed "s|build/release|$VFNET_BUILD|g; s|\$USER|$VFNET_UID|g; s| *#.*||"
}

is_typed() { # name command-line
	if typed "$2" >"/share/$1.out" 2>&1; then
		pass "dev.$1" "$2: $(words "$1" | cut -c 1-200)"
	else
		fail "dev.$1" "$2: $(words "$1")"
	fi
}

# README.md's section "On a card", one line after the other.
readme() {
	local line number=0
	dev create.before create 0 eth0
	ip link set eth0 down
	readme_lines '## On a card' >/share/lines
	while read -r line <&3; do
		number=$((number + 1))
		is_typed "readme.$number" "$line"
	done 3</share/lines
	if [ "$(grep -l '^start to first packet' /share/readme.*.out | wc -l)" = 2 ] &&
		grep -q '3 packets received' /share/readme.*.out; then
		pass dev.readme "$number commands; pings are answered, frames go round"
	else
		fail dev.readme "$number commands; no ping is answered, or no frames go round"
	fi
	is_with readme.after "$VF0" ''
}

typed() { # command line
	local module code=0
	case $1 in
	'sudo modprobe -a '*)
		for module in ${1#sudo modprobe -a }; do
			load "$module"
		done
		;;
	'sudo ip '*)
		# shellcheck disable=SC2086 # words
		iproute ${1#sudo ip }
		;;
	sudo\ *) as_root /bin/sh -c "${1#sudo }" ;;
	*' doctor'*) wait_for 20 as_user /bin/sh -c "$1" ;; # link takes its time
	*' &') as_user_exec /bin/sh -c "exec ${1% &}" & ;;
	'ping '*)
		wait_for 20 ping -q -c 1 -W 1 10.9.0.2 || code=1 # a person types more slowly
		eval "$1" && return "$code"
		;;
	*) as_user /bin/sh -c "$1" ;;
	esac
}

guest_main() {
	built "$FWD" && built "$DEV" && built "$HAND_OVER" || return
	mount -t tmpfs run "$ROOT/run" # the host's is not to be written
	expect nobody 2 'no such command' -- nobody
	making
	binding
	report
	handed_vfio_pci
	kernels_driver
	our_module
	readme
}
