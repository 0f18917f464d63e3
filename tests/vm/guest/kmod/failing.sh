# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
# modes: vtd
#
# Every allocation of every call fails once; only where the kernel can do that (tests/vm/run --debug-kernel). The kernel
# itself does not always take it well, so what it says meanwhile is judged here and not by check_dmesg.

INJECTORS='/sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc /sys/kernel/debug/fail_usercopy'

# Allocations that could wait may fail, and those of single pages; without a report of each. Not those of ACPI when it
# looks for the line of an interrupt pin: it goes on with freed memory then, or for ever [measured: KASAN in
# acpi_ns_get_attached_object(); "Could not update object reference count"].
prepare_injectors() {
	local injector first last
	[ -e /sys/kernel/debug/failslab ] || mount -t debugfs debug /sys/kernel/debug
	first=$(sed -n 's/ t acpi_pci_irq_find_prt_entry$//p' /proc/kallsyms) # a file of four functions, in this order
	last=$(sed -n 's/ T acpi_pci_irq_disable$//p' /proc/kallsyms)
	echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	for injector in $INJECTORS; do
		echo 0 >"$injector/verbose"
	done
	for injector in /sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc; do
		echo 32 >$injector/stacktrace-depth
		echo "0x$first" >$injector/reject-start
		printf '0x%x' $((0x$last + 0x200)) >$injector/reject-end
	done
}

# The kernel's own weaknesses: interrupts have no folder in /proc if there was no memory for it, and it misses that when
# they go; a group cannot return to the kernel's domain if there is no memory for that.
without_known() {
	awk '
		/cut here/ { held = ""; holding = 1; known = 0 }
		/WARNING: .* (remove_proc_entry|__iommu_release_dma_ownership)\+/ { known = 1 }
		holding { held = held $0 "\n" }
		/end trace/ { if (!known) printf "%s", held; holding = 0; next }
		holding { next }
		/DMAR: Can.t allocate dmar_domain|DMAR: Domain initialization failed/ { next }
		{ print }
		END { if (holding) printf "%s", held }'
}

judge_messages() {
	local hits
	hits=$(dmesg | sed -n '/vfnet: judged elsewhere: begin/,$p' | without_known | grep -E "$COMPLAINTS" | head -n 5)
	if [ -z "$hits" ]; then
		pass "$VFNET_SCRIPT.failing.dmesg" "nothing but what the kernel does to itself"
	else
		fail "$VFNET_SCRIPT.failing.dmesg" "$(echo "$hits" | tr '\n' '|')"
	fi
}

topic_main() {
	[ -e /proc/self/fail-nth ] || return 0
	prepare_injectors
	echo "vfnet: judged elsewhere: begin" >/dev/kmsg
	gtest tests/vm/kmod/kmod_failing
	judge_messages
	echo "vfnet: judged elsewhere: end" >/dev/kmsg
}
