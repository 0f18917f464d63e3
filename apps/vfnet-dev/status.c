/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-dev status: the machine's 82576 functions, and the memory that programs may have.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apps/common/json.h"
#include "apps/common/table.h"
#include "apps/vfnet-dev/dev.h"
#include "apps/vfnet-dev/inventory.h"
#include "lib/base/bits.h"
#include "lib/frame/mac.h"

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

/* yes, no, or nobody tells */
static const char *known(int val, const char *yes, const char *no)
{
	if (val < 0)
		return "-";
	return val ? yes : no;
}

static const char *number(int val, char *text, size_t bytes)
{
	snprintf(text, bytes, "%d", val);
	return val < 0 ? "-" : text;
}

static void add_row(struct app_table *table, const struct dev_entry *entry)
{
	const struct app_function *fn = &entry->fn;
	char kind[16], group[16], node[16], mac[VFNET_MAC_TEXT_BYTES] = "";
	const char *cells[] = {
	    fn->address,
	    kind,
	    or_dash(fn->driver),
	    number(fn->group, group, sizeof(group)),
	    number(fn->numa_node, node, sizeof(node)),
	    or_dash(fn->netdev),
	    known(entry->link, "up", "down"),
	    mac,
	    known(entry->info.spoofchk, "on", "off"),
	    known(entry->info.trust, "on", "off"),
	};

	if (fn->kind == APP_PF)
		snprintf(kind, sizeof(kind), "PF of %u", fn->n_vfs);
	else
		snprintf(kind, sizeof(kind), fn->vf < 0 ? "VF" : "VF %d", fn->vf);
	snprintf(mac, sizeof(mac), "-");
	if (vfnet_mac_is_valid_unicast(entry->mac))
		vfnet_mac_format(entry->mac, mac);
	app_table_row(table, VFNET_ARRAY_SIZE(cells), cells);
}

static void tell_functions(const struct dev_inventory *inv)
{
	static const char *const head[] = {"function",	"",	"driver", "group", "node",
					   "interface", "link", "MAC",	  "spoof", "trust"};
	struct app_table table = {.words = true};

	if (!inv->n_entries) {
		puts(
		    "no 82576 here: no physical function (8086:10c9 and its siblings), no virtual "
		    "one (8086:10ca).\n"
		    "`lspci -nn -d 8086:` lists Intel's functions. Without a card all of vfnet but "
		    "this runs on a software one: vfnet-fwd sim:0.0");
		return;
	}
	app_table_row(&table, VFNET_ARRAY_SIZE(head), head);
	for (size_t i = 0; i < inv->n_entries; i++)
		add_row(&table, &inv->entries[i]);
	app_table_print(&table, stdout);
}

/* what a table has no room for: other members of a function's group, who may open it */
static void tell_more(const struct dev_entry *entry)
{
	const struct app_function *fn = &entry->fn;

	if (fn->node[0])
		printf("%s: programs open %s\n", fn->address, fn->node);
	if (fn->unconfined)
		printf("%s: vfio's no-IOMMU mode: nothing confines its DMA\n", fn->address);
	if (entry->n_members < 2)
		return;
	printf("%s: IOMMU group %d has also", fn->address, fn->group);
	for (size_t i = 0; i < entry->n_members && i < APP_MEMBERS_MAX; i++) {
		const struct app_member *member = &entry->members[i];

		if (strcmp(member->address, fn->address))
			printf(" %s (%s)", member->address,
			       member->driver[0] ? member->driver : "no driver");
	}
	if (entry->n_members > APP_MEMBERS_MAX)
		printf(" and %zu more", entry->n_members - APP_MEMBERS_MAX);
	putchar('\n');
}

static void tell_hugepages(const struct dev_inventory *inv)
{
	printf("hugepages:");
	for (size_t i = 0; i < inv->n_hugepages; i++) {
		const struct app_hugepages *pages = &inv->hugepages[i];
		const char *comma = i ? "," : "";

		printf("%s %" PRIu64 " of %" PRIu64 " %s", comma, pages->total,
		       pages->bytes >> (pages->bytes >> 30 ? 30 : 20),
		       pages->bytes >> 30 ? "GiB" : "MiB");
		if (pages->node >= 0)
			printf(" on node %d", pages->node);
		printf(" (%" PRIu64 " free)", pages->free);
	}
	puts(inv->n_hugepages ? "" : " the kernel has none");
}

static void tell_machine(const struct dev_inventory *inv)
{
	if (inv->n_groups)
		printf("IOMMU: on, %u groups\n", inv->n_groups);
	else
		puts("IOMMU: off, or none: real functions cannot be used");
	printf("drivers for programs: vfio-pci is %sloaded, vfio (vfnet's module) is %sloaded\n",
	       inv->has_vfio_pci ? "" : "not ", inv->has_ours ? "" : "not ");
	tell_hugepages(inv);
	if (inv->memlock_kib == APP_UNLIMITED_KIB)
		puts("memlock: unlimited");
	else
		printf("memlock: %" PRIu64 " KiB (ulimit -l)\n", inv->memlock_kib);
}

int dev_status(const struct dev_options *opts)
{
	struct dev_inventory inv;
	int rc = dev_inventory_read(opts->machine, &inv);

	if (rc) {
		app_error("cannot read %s/bus/pci/devices: %s", opts->machine->sysfs,
			  strerror(-rc));
		return APP_EXIT_FAILED;
	}
	if (!app_json_to_stdout(opts->json)) {
		tell_functions(&inv);
		for (size_t i = 0; i < inv.n_entries; i++)
			tell_more(&inv.entries[i]);
		tell_machine(&inv);
	}
	if (opts->json)
		rc = app_json_write(dev_inventory_json(&inv, false), opts->json);
	dev_inventory_free(&inv);
	return rc ? APP_EXIT_FAILED : APP_EXIT_OK;
}
