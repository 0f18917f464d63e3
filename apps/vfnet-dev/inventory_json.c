/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inventory as docs/vfnet-dev.schema.json has it. What is not known is null.
 */
#include <stdio.h>

#include "apps/common/json.h"
#include "apps/vfnet-dev/inventory.h"
#include "lib/frame/mac.h"

static void add_number(cJSON *object, const char *key, int val)
{
	if (val >= 0)
		cJSON_AddNumberToObject(object, key, val);
	else
		cJSON_AddNullToObject(object, key);
}

/* true, false or, for -1, null */
static void add_known(cJSON *object, const char *key, int val)
{
	if (val >= 0)
		cJSON_AddBoolToObject(object, key, val);
	else
		cJSON_AddNullToObject(object, key);
}

static void add_mac(cJSON *object, const char *key, const uint8_t *mac, bool mask)
{
	char text[VFNET_MAC_TEXT_BYTES] = "";

	if (vfnet_mac_is_valid_unicast(mac)) {
		vfnet_mac_format(mac, text);
		if (mask)
			snprintf(text + 9, sizeof(text) - 9, "xx:xx:xx");
	}
	app_json_text(object, key, text);
}

static void add_members(cJSON *object, const struct dev_entry *entry)
{
	cJSON *members = cJSON_AddArrayToObject(object, "group_members");

	for (size_t i = 0; i < entry->n_members && i < APP_MEMBERS_MAX; i++) {
		cJSON *member = cJSON_CreateObject();

		cJSON_AddItemToArray(members, member);
		cJSON_AddStringToObject(member, "address", entry->members[i].address);
		app_json_text(member, "driver", entry->members[i].driver);
	}
}

static void add_interface(cJSON *object, const struct dev_entry *entry)
{
	const struct app_function *fn = &entry->fn;

	app_json_text(object, "interface", fn->netdev);
	add_known(object, "interface_up", fn->netdev[0] ? fn->netdev_up : -1);
	add_known(object, "link", entry->link);
}

static void add_entry(cJSON *functions, const struct dev_entry *entry, bool mask_macs)
{
	const struct app_function *fn = &entry->fn;
	cJSON *object = cJSON_CreateObject();
	char id[16];

	cJSON_AddItemToArray(functions, object);
	cJSON_AddStringToObject(object, "address", fn->address);
	cJSON_AddStringToObject(object, "kind", fn->kind == APP_PF ? "pf" : "vf");
	snprintf(id, sizeof(id), "%04x:%04x", fn->vendor, fn->device);
	cJSON_AddStringToObject(object, "id", id);
	app_json_text(object, "driver", fn->driver);
	app_json_text(object, "driver_override", fn->override);
	app_json_text(object, "device_file", fn->node);
	add_number(object, "iommu_group", fn->group);
	cJSON_AddBoolToObject(object, "no_iommu_mode", fn->unconfined);
	add_members(object, entry);
	add_number(object, "numa_node", fn->numa_node);
	add_interface(object, entry);
	add_mac(object, "mac", entry->mac, mask_macs);
	add_known(object, "spoof_check", entry->info.spoofchk);
	add_known(object, "trust", entry->info.trust);
	app_json_text(object, "pf", fn->pf);
	add_number(object, "vf", fn->vf);
	add_number(object, "vfs", fn->kind == APP_PF ? (int)fn->n_vfs : -1);
	add_number(object, "vfs_max", fn->kind == APP_PF ? (int)fn->max_vfs : -1);
}

static void add_hugepages(cJSON *root, const struct dev_inventory *inv)
{
	cJSON *list = cJSON_AddArrayToObject(root, "hugepages");

	for (size_t i = 0; i < inv->n_hugepages; i++) {
		const struct app_hugepages *pages = &inv->hugepages[i];
		cJSON *object = cJSON_CreateObject();

		cJSON_AddItemToArray(list, object);
		add_number(object, "node", pages->node);
		app_json_count(object, "bytes", pages->bytes);
		app_json_count(object, "total", pages->total);
		app_json_count(object, "free", pages->free);
	}
}

cJSON *dev_inventory_json(const struct dev_inventory *inv, bool mask_macs)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *functions = cJSON_AddArrayToObject(root, "functions");

	for (size_t i = 0; i < inv->n_entries; i++)
		add_entry(functions, &inv->entries[i], mask_macs);
	app_json_count(root, "iommu_groups", inv->n_groups);
	cJSON_AddBoolToObject(root, "vfio_loaded", inv->has_ours);
	cJSON_AddBoolToObject(root, "vfio_pci_loaded", inv->has_vfio_pci);
	add_hugepages(root, inv);
	if (inv->memlock_kib == APP_UNLIMITED_KIB)
		cJSON_AddNullToObject(root, "memlock_bytes");
	else
		app_json_count(root, "memlock_bytes", inv->memlock_kib << 10);
	return root;
}
