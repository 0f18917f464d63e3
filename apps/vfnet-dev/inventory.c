/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/vfnet-dev/inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/frame/mac.h"

static void read_own_mac(const struct app_machine *machine, struct dev_entry *entry)
{
	char path[APP_PATH_BYTES];
	char text[VFNET_MAC_TEXT_BYTES];

	app_path(path, "%s/class/net/%s/address", machine->sysfs, entry->fn.netdev);
	if (!app_read_text(path, text, sizeof(text)))
		vfnet_mac_parse(text, entry->mac);
}

/* the link of a virtual function is that of its physical function's port */
static void read_link(const struct app_machine *machine, struct dev_entry *entry)
{
	struct app_function pf = entry->fn;

	entry->link = -1;
	if (entry->fn.kind == APP_VF && app_function_read(machine, entry->fn.pf, &pf))
		return;
	if (pf.netdev[0])
		entry->link = pf.carrier;
}

static int by_port(const struct dev_inventory *inv, const struct dev_entry *pf)
{
	unsigned int n = pf->fn.n_vfs;
	struct app_vf_info *infos;
	int rc;

	if (pf->fn.kind != APP_PF || !n || !pf->fn.netdev[0])
		return 0;
	infos = calloc(n, sizeof(*infos));
	if (!infos)
		return -ENOMEM;
	rc = app_vf_infos_read(pf->fn.netdev, n, infos);
	for (size_t i = 0; i < inv->n_entries && !rc; i++) {
		struct dev_entry *vf = &inv->entries[i];

		if (strcmp(vf->fn.pf, pf->fn.address) || vf->fn.vf < 0 || vf->fn.vf >= (int)n)
			continue;
		vf->info = infos[vf->fn.vf];
		memcpy(vf->mac, vf->info.mac, sizeof(vf->mac));
	}
	free(infos);
	/* an interface of another name space tells nothing: dashes say so */
	return rc == -ENOMEM ? rc : 0;
}

static int read_entries(const struct app_machine *machine, struct dev_inventory *inv)
{
	struct app_function *list;
	size_t n;
	int rc = app_functions_read(machine, &list, &n);

	if (rc || !n)
		return rc;
	inv->entries = calloc(n, sizeof(*inv->entries));
	inv->n_entries = inv->entries ? n : 0;
	for (size_t i = 0; i < inv->n_entries; i++) {
		struct dev_entry *entry = &inv->entries[i];

		entry->fn = list[i];
		entry->info = (struct app_vf_info){.spoofchk = -1, .trust = -1};
		entry->n_members = app_group_read(machine, &entry->fn, entry->members);
		read_link(machine, entry);
		if (entry->fn.kind == APP_PF)
			read_own_mac(machine, entry);
	}
	free(list);
	for (size_t i = 0; i < inv->n_entries && !rc; i++)
		rc = by_port(inv, &inv->entries[i]);
	return inv->entries ? rc : -ENOMEM;
}

int dev_inventory_read(const struct app_machine *machine, struct dev_inventory *out)
{
	struct dev_inventory inv = {0};
	struct app_user user;
	char path[APP_PATH_BYTES];
	int rc = read_entries(machine, &inv);

	if (rc) {
		dev_inventory_free(&inv);
		return rc;
	}
	inv.n_hugepages = app_hugepages_read(machine, inv.hugepages);
	app_user_read(&user);
	inv.memlock_kib = user.memlock_kib;
	inv.n_groups = app_count_entries(app_path(path, "%s/kernel/iommu_groups", machine->sysfs));
	inv.has_ours = app_driver_is_loaded(machine, APP_DRIVER_OURS);
	inv.has_vfio_pci = app_driver_is_loaded(machine, APP_DRIVER_VFIO_PCI);
	*out = inv;
	return 0;
}

void dev_inventory_free(struct dev_inventory *inv)
{
	free(inv->entries);
	inv->entries = NULL;
	inv->n_entries = 0;
}
