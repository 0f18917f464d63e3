/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_MEMORY_H
#define VFNET_APPS_MEMORY_H

/*
 * Hugepages, as the machine's files tell.
 */

#include <stdint.h>

#include "apps/common/machine.h"

/** APP_HUGEPAGES_MAX - sizes times nodes that are told; the rest of a larger machine is left out.
 */
#define APP_HUGEPAGES_MAX 64

/**
 * struct app_hugepages - the hugepages of one size on one NUMA node
 * @node:  -1 = the kernel has no NUMA nodes
 * @bytes: of a page
 * @total: pages that are set aside
 * @free:  of those, nobody's
 */
struct app_hugepages {
	int node;
	uint64_t bytes;
	uint64_t total;
	uint64_t free;
};

/**
 * app_hugepages_read() - every size on every node, by node and then by size
 * @list: APP_HUGEPAGES_MAX
 *
 * Return: how many rows; 0 where the kernel has no hugepages.
 */
size_t app_hugepages_read(const struct app_machine *machine, struct app_hugepages *list);

#endif
