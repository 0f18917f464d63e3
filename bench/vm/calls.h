/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_CALLS_H
#define VFNET_BENCH_CALLS_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "bench/vm/measure.h"

/*
 * How often a driver calls the kernel's iommu_map() and iommu_unmap() for one mapping, counted by
 * the kernel's own trace events.
 */

/** calls_count() - map and unmap once through each driver, add {"kmod": {"map": n, ...}} to @out.
 */
void calls_count(cJSON *out, const struct door doors[DOORS], void *memory, size_t size,
		 const char *what);

/** calls_print() - all of that as a table. */
void calls_print(const cJSON *calls);

#endif
