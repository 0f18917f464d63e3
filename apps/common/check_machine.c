/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of what all functions of a machine share: the IOMMU, the module that gives functions away,
 * and the memory for DMA.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/checks.h"
#include "apps/common/memory.h"

#define HUGEPAGE_BYTES (UINT64_C(2) << 20)

/* ---- the IOMMU ---- */

/* Those words of the kernel's command line that are about the IOMMU; "" = none. */
static void iommu_words(const struct app_machine *machine, char *words, size_t bytes)
{
	char path[APP_PATH_BYTES];
	char line[2048];
	char *save = NULL;
	size_t used = 0;

	words[0] = '\0';
	app_read_text(app_path(path, "%s/cmdline", machine->proc), line, sizeof(line));
	for (const char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if ((strstr(word, "iommu") || strstr(word, "intremap")) &&
		    used + strlen(word) + 2 < bytes)
			used += (size_t)sprintf(words + used, "%s%s", used ? " " : "", word);
}

static bool has_iommu(const struct app_subject *subject)
{
	char path[APP_PATH_BYTES];

	app_path(path, "%s/kernel/iommu_groups", subject->machine->sysfs);
	return app_count_entries(path) && !subject->fn.unconfined;
}

static const char grub[] = "add it to GRUB_CMDLINE_LINUX in /etc/default/grub, then, as root, "
			   "update-grub, and restart the machine";

/* Nothing that a command could mend now: the kernel decides about the IOMMU when it starts. */
static void say_no_iommu(const struct app_machine *machine, const char *words,
			 struct app_finding *finding)
{
	char tables[APP_PATH_BYTES], intel[APP_PATH_BYTES], amd[APP_PATH_BYTES];

	app_path(tables, "%s/firmware/acpi/tables", machine->sysfs);
	app_path(intel, "%s/DMAR", tables);
	app_path(amd, "%s/IVRS", tables);
	if (strstr(words, "iommu=off")) {
		app_is_missing(finding, "off: the kernel's command line says %s", words);
		app_advise(finding, "take that out of GRUB_CMDLINE_LINUX in /etc/default/grub, "
				    "then, as root, update-grub, and restart the machine");
	} else if (app_exists(intel)) {
		app_is_missing(
		    finding, "off, though the firmware offers one (DMAR); kernel command line: %s",
		    *words ? words : "nothing about it");
		app_advise(finding, "intel_iommu=on has to be on the kernel's command line: %s",
			   grub);
	} else if (app_exists(amd)) {
		app_is_missing(finding, "off, though the firmware offers one (IVRS)");
		app_advise(finding, "the kernel says why; as root: dmesg | grep AMD-Vi");
	} else {
		app_is_missing(finding, "none: the firmware offers none (no DMAR, no IVRS in %s)",
			       tables);
		app_advise(finding,
			   "switch VT-d or AMD-Vi on in the firmware set-up (of a virtual machine: "
			   "give it one), and put intel_iommu=on on the kernel's command line: %s",
			   grub);
	}
}

void app_test_iommu(const struct app_subject *subject, struct app_finding *finding)
{
	const struct app_machine *machine = subject->machine;
	char path[APP_PATH_BYTES];
	char unit[32];
	char words[96];
	unsigned int n_groups;

	iommu_words(machine, words, sizeof(words));
	if (!has_iommu(subject)) {
		say_no_iommu(machine, words, finding);
		return;
	}
	app_path(path, "%s/kernel/iommu_groups", machine->sysfs);
	n_groups = app_count_entries(path);
	app_path(path, "%s/class/iommu", machine->sysfs);
	app_first_entry(path, "", unit, sizeof(unit));
	app_is_ok(finding, "on: %s, %u groups; kernel command line: %s", *unit ? unit : "unnamed",
		  n_groups, *words ? words : "nothing about it");
}

/* ---- the module ---- */

/* Locked down, the kernel loads what somebody it trusts has signed, and nothing else. */
static bool locked_down(const struct app_machine *machine)
{
	char path[APP_PATH_BYTES];
	char text[64];

	app_path(path, "%s/kernel/security/lockdown", machine->sysfs);
	return !app_read_text(path, text, sizeof(text)) && !strstr(text, "[none]");
}

void app_test_module(const struct app_subject *subject, struct app_finding *finding)
{
	const struct app_machine *machine = subject->machine;
	bool loaded = app_driver_is_loaded(machine, APP_DRIVER_VFIO_PCI);
	char type1[APP_PATH_BYTES], iommufd[APP_PATH_BYTES];

	if (subject->ours) {
		app_is_ok(finding, "uvfio is loaded: /dev/vfioN");
		return;
	}
	app_path(type1, "%s/module/vfio_iommu_type1", machine->sysfs);
	app_path(iommufd, "%s/module/iommufd", machine->sysfs);
	if (loaded && (app_exists(type1) || app_exists(iommufd))) {
		app_is_ok(finding, "vfio-pci is loaded");
		return;
	}
	app_is_missing(finding, "%s",
		       loaded ? "vfio-pci is loaded, vfio_iommu_type1 is not"
			      : "neither vfio-pci nor uvfio is loaded");
	app_root_mends(finding, "modprobe -a vfio-pci vfio_iommu_type1");
	app_advise(finding,
		   "for good: a file /etc/modules-load.d/vfnet.conf with the line vfio-pci%s",
		   locked_down(machine) ? "; this kernel is locked down: uvfio has to be signed, "
					  "kmod/README.md says how"
					: "");
}

/* ---- interrupt remapping ---- */

#define INTEL_ECAP_IR (UINT64_C(1) << 3) /* as Linux's ecap_ir_support() reads it [L] */

/*
 * Without remapping a device's DMA write to the right address is any interrupt that it likes. sysfs
 * tells of Intel's units only; elsewhere what the command line says is all that can be seen.
 */
static bool remaps_interrupts(const struct app_machine *machine, const char *words)
{
	char folder[APP_PATH_BYTES], path[2 * APP_PATH_BYTES];
	const struct dirent *entry;
	bool remaps = !strstr(words, "intremap=off") && !strstr(words, "nointremap");
	char text[32];
	DIR *dir;

	dir = opendir(app_path(folder, "%s/class/iommu", machine->sysfs));
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s/intel-iommu/ecap", folder, entry->d_name);
		if (!app_read_text(path, text, sizeof(text)) &&
		    !(strtoull(text, NULL, 16) & INTEL_ECAP_IR))
			remaps = false;
	}
	if (dir)
		closedir(dir);
	return remaps;
}

void app_test_interrupts(const struct app_subject *subject, struct app_finding *finding)
{
	const struct app_machine *machine = subject->machine;
	char switched[APP_PATH_BYTES];
	char words[96];
	char text[8];

	if (!has_iommu(subject)) {
		app_is_later(finding, "when there is an IOMMU");
		return;
	}
	iommu_words(machine, words, sizeof(words));
	if (remaps_interrupts(machine, words)) {
		app_is_ok(finding, "remapped");
		return;
	}
	app_path(switched, "%s/module/%s", machine->sysfs,
		 subject->ours		   ? "uvfio/parameters/allow_unsafe_intrs"
		 : app_by_iommufd(subject) ? "iommufd/parameters/allow_unsafe_interrupts"
					   : "vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	if (app_read_text(switched, text, sizeof(text))) {
		app_is_later(finding, "not remapped; to be accepted when the module is loaded");
	} else if (text[0] == 'Y') {
		app_is_ok(finding, "not remapped; accepted: %s is Y", switched);
	} else {
		app_is_missing(finding, "not remapped: a function could forge interrupts, so it is "
					"not given to anybody unless root accepts that");
		app_root_mends(finding, "echo Y > %s", switched);
		app_advise(finding, "better: switch interrupt remapping on in the firmware set-up, "
				    "and take intremap=off off the kernel's command line");
	}
}

/* ---- memory ---- */

/* pages of 2 MiB where the function is, or anywhere; Return: the kernel has such */
static bool count_hugepages(const struct app_machine *machine, int node, uint64_t *n,
			    uint64_t *n_free)
{
	struct app_hugepages list[APP_HUGEPAGES_MAX];
	size_t n_list = app_hugepages_read(machine, list);
	bool found = false;

	*n = *n_free = 0;
	for (size_t i = 0; i < n_list; i++) {
		if (list[i].bytes != HUGEPAGE_BYTES || (node >= 0 && list[i].node != node))
			continue;
		found = true;
		*n += list[i].total;
		*n_free += list[i].free;
	}
	return found;
}

/* Without them vfnet runs, on ordinary pages: slower to start, and more work for the IOMMU. */
void app_test_hugepages(const struct app_subject *subject, struct app_finding *finding)
{
	uint64_t want = (subject->bytes + HUGEPAGE_BYTES - 1) / HUGEPAGE_BYTES;
	int node = subject->exists ? subject->fn.numa_node : -1;
	const char *sysfs = subject->machine->sysfs;
	char folder[APP_PATH_BYTES];
	char where[32] = "";
	uint64_t n, n_free;

	app_path(folder, "%s/kernel/mm", sysfs);
	if (node >= 0) {
		app_path(folder, "%s/devices/system/node/node%d", sysfs, node);
		snprintf(where, sizeof(where), " on node %d", node);
	}
	if (!count_hugepages(subject->machine, node, &n, &n_free)) {
		app_is_unneeded(finding, "this kernel has no pages of 2 MiB%s", where);
		return;
	}
	if (n_free >= want) {
		app_is_ok(finding, "%" PRIu64 " of 2 MiB%s, %" PRIu64 " free", n, where, n_free);
		return;
	}
	app_is_missing(finding,
		       "%" PRIu64 " of 2 MiB%s, %" PRIu64 " free; %" PRIu64 " MiB need %" PRIu64, n,
		       where, n_free, subject->bytes >> 20, want);
	n += want - n_free;
	app_root_mends(finding, "echo %" PRIu64 " > %s/hugepages/hugepages-2048kB/nr_hugepages", n,
		       folder);
	app_advise(finding,
		   "for good: a file /etc/sysctl.d/vfnet.conf with the line vm.nr_hugepages = "
		   "%" PRIu64 "; if fewer appear, memory is in pieces: restart the machine",
		   n);
}

void app_test_memlock(const struct app_subject *subject, struct app_finding *finding)
{
	const struct app_user *user = subject->user;
	uint64_t want = (subject->bytes + 1023) >> 10;

	if (user->root) {
		app_is_unneeded(finding, "root may lock all memory");
		return;
	}
	if (user->memlock_kib == APP_UNLIMITED_KIB) {
		app_is_ok(finding, "unlimited");
		return;
	}
	if (user->memlock_kib >= want) {
		app_is_ok(finding, "%" PRIu64 " KiB", user->memlock_kib);
		return;
	}
	app_is_missing(finding, "%" PRIu64 " KiB, needs %" PRIu64 " KiB", user->memlock_kib, want);
	if (user->memlock_max_kib >= want) /* APP_UNLIMITED_KIB is, too */
		app_user_mends(finding, "ulimit -l %" PRIu64, want);
	else
		app_root_mends(finding, "prlimit --pid %d --memlock=%" PRIu64, user->shell,
			       want << 10);
	app_advise(
	    finding,
	    "that is for the shell in use; for good: a file /etc/security/limits.d/vfnet.conf "
	    "with the line \"%s - memlock %" PRIu64 "\", and a new login",
	    user->name, want);
}
