# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by main.sh: what the kernel complained about. Faults of the IOMMU that a test provokes must be announced, by a
# line in the kernel's own log, so that their order is certain: "vfnet: faults expected of 0000:02:00.0" until
# "vfnet: faults expected of none". Programs may write such lines to /dev/kmsg too, also as the ordinary user.

# DMAR: only its faults, it also reports itself at boot.
COMPLAINTS='WARNING:|BUG[: ]|Oops|Call Trace|general protection|UBSAN|KASAN'
COMPLAINTS="$COMPLAINTS|DMAR:.*([Ff]ault|FAULT|ERROR|[Ff]ailed)"
COMPLAINTS="$COMPLAINTS|hung_task|blocked for more|soft lockup|rcu.*stall|Tx Unit Hang|Malicious"
COMPLAINTS="$COMPLAINTS|possible (circular|recursive|irq lock|deadlock)|suspicious RCU|inconsistent lock state"
COMPLAINTS="$COMPLAINTS|refcount_t:|nobody cared|Bad page|Bad rss-counter|Objects remaining|still has objects"
COMPLAINTS="$COMPLAINTS|kmemleak: [1-9][0-9]* new|cannot create duplicate|tried to (init|add) an init|Out of memory"

# expect_faults ADDRESS... -- COMMAND...: faults of these functions are right while the command runs. What is behind a
# bridge to conventional PCI faults under the bridge's address.
expect_faults() {
	local addresses='' code=0
	while [ "$1" != -- ]; do
		addresses="$addresses $1"
		shift
	done
	shift
	echo "vfnet: faults expected of$addresses" >/dev/kmsg
	"$@" || code=$?
	sleep 0.2 # the kernel reports from a thread
	echo "vfnet: faults expected of none" >/dev/kmsg
	return "$code"
}

# Reads kernel messages, leaves out the announced faults: "DMAR: [DMA Write] Request device [02:00.0] fault addr ..."
without_expected() {
	awk '
		/vfnet: judged elsewhere: begin/, /vfnet: judged elsewhere: end/ { next } # by the topic itself
		/vfnet: faults expected of / { sub(/.*faults expected of /, ""); n = split($0, expected, " "); next }
		/DMAR: DRHD: handling fault status/ && n > 0 && expected[1] != "none" { next }
		/DMAR: .*Request device \[/ {
			for (i = 1; i <= n; i++)
				if (expected[i] != "none" && index($0, "[" substr(expected[i], 6) "]"))
					next
		}
		{ print }'
}

check_dmesg() {
	local hits
	dmesg >/share/dmesg
	hits=$(without_expected </share/dmesg | grep -E "$COMPLAINTS" | head -n 5)
	if [ -n "$hits" ]; then
		fail "$VFNET_SCRIPT.dmesg" "$(echo "$hits" | tr '\n' '|')"
	else
		pass "$VFNET_SCRIPT.dmesg" "nothing in $(wc -l </share/dmesg) kernel lines"
	fi
}

pins() { # acquired|released
	sed -n "s/^nr_foll_pin_$1 //p" /proc/vmstat
}

suspected_leaks() { # of a kernel with kmemleak
	[ -e /sys/kernel/debug ] && [ ! -e /sys/kernel/debug/kmemleak ] && mount -t debugfs debug /sys/kernel/debug
	if [ -e /sys/kernel/debug/kmemleak ]; then
		sleep 6 # it does not report younger objects
		echo scan >/sys/kernel/debug/kmemleak
		grep -A 12 unreferenced /sys/kernel/debug/kmemleak | head -n 40
	fi 2>/dev/null
}

# check_leaks: to be called when no program of the test is left and its module is gone
check_leaks() {
	local free leaks
	wait_for 5 test "$(pins acquired)" = "$(pins released)"
	free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages)
	leaks=$(suspected_leaks)
	if [ "$(pins acquired)" = "$(pins released)" ] && [ "$free" = "$VFNET_HUGEPAGES" ] && [ -z "$leaks" ]; then
		pass "$VFNET_SCRIPT.leaks" "$(pins acquired) pages pinned and released, $free hugepages free"
	else
		fail "$VFNET_SCRIPT.leaks" "$(pins acquired) pages pinned, $(pins released) released;" \
			"$free of $VFNET_HUGEPAGES hugepages free; $(echo "$leaks" | tr '\n' '|')"
	fi
}
