/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_INVENTORY_H
#define VFNET_APPS_DEV_INVENTORY_H

/*
 * Everything that `status` tells, collected once and then printed as text or as JSON.
 */

#include "apps/common/functions.h"
#include "apps/common/links.h"
#include "apps/common/memory.h"
#include "apps/common/user.h"

#include <cjson/cJSON.h>

/**
 * struct dev_entry - a function of the machine
 * @fn:        what sysfs says
 * @members:   functions of its IOMMU group, itself included
 * @n_members: how many, also those beyond APP_MEMBERS_MAX
 * @mac:       a physical function's own address; of a virtual one what its physical function says;
 *             zero = unknown
 * @info:      of a virtual function: what its physical function says
 * @link:      its port's link: 1 up, 0 down, -1 nobody tells, as the physical function has no
 *             interface here
 */
struct dev_entry {
	struct app_function fn;
	struct app_member members[APP_MEMBERS_MAX];
	size_t n_members;
	uint8_t mac[APP_LINKS_MAC_BYTES];
	struct app_vf_info info;
	int link;
};

/**
 * struct dev_inventory - the machine
 * @entries:     by address
 * @n_entries:   0 = it has no 82576
 * @hugepages:   by node
 * @n_hugepages: how many rows
 * @memlock_kib: what this process may lock, as struct app_user has it
 * @n_groups:    IOMMU groups of the machine; 0 = no IOMMU, or switched off
 * @has_ours:    our kernel module is loaded
 * @has_vfio_pci: vfio-pci is loaded
 */
struct dev_inventory {
	struct dev_entry *entries;
	size_t n_entries;
	struct app_hugepages hugepages[APP_HUGEPAGES_MAX];
	size_t n_hugepages;
	uint64_t memlock_kib;
	unsigned int n_groups;
	bool has_ours;
	bool has_vfio_pci;
};

/**
 * dev_inventory_read() - look at the machine
 * @out: for dev_inventory_free()
 *
 * Return: 0; a negative errno when sysfs cannot be read, -ENOMEM.
 */
int dev_inventory_read(const struct app_machine *machine, struct dev_inventory *out);

/** dev_inventory_free() - free what is in it. */
void dev_inventory_free(struct dev_inventory *inv);

/**
 * dev_inventory_json() - as docs/vfnet-dev.schema.json has it
 * @mask_macs: the last three bytes of each address are left out, for files that are sent away
 *
 * Return: an object, the caller's; NULL or without members = out of memory.
 */
cJSON *dev_inventory_json(const struct dev_inventory *inv, bool mask_macs);

#endif
