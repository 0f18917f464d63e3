/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_REGION_H
#define VFNET_MEM_REGION_H

#include <pthread.h>

#include <vfnet/region.h>

#include "lib/base/log.h"
#include "lib/mem/backing.h"
#include "lib/mem/heap.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vfnet_pool_impl;

/**
 * struct vfnet_region_opts - what lib/dev asks for; zero means the default
 * @bytes:      rounded up to the page size and to the chunk; 0 = 64 MiB, at most 128 GiB
 * @page_bytes: 4096, 2 MiB or 1 GiB; 0 = the largest of which enough are free
 * @numa_node:  0 = the node of the calling thread; N + 1 = bind to node N
 * @log:        copied; for the region's whole life
 * @root:       prefix of /proc and /sys, so that tests can describe a machine; NULL = none
 */
struct vfnet_region_opts {
	uint64_t bytes;
	uint64_t page_bytes;
	int numa_node;
	struct vfnet_log log;
	const char *root;
};

/* A pool starts and ends on a chunk: 2 MiB on hugepages, less where a region may be small. */
#define VFNET_CHUNK_SHIFT_HUGE	   21
#define VFNET_CHUNK_SHIFT_ORDINARY 16

struct vfnet_region_impl {
	struct vfnet_region pub;
	struct vfnet_log log;
	pthread_mutex_t lock; /* the rest, and what caches and queues count on of a pool */
	struct vfnet_backing backing;
	struct vfnet_heap heap;
	unsigned int n_pools;
	struct vfnet_pool_impl **chunk_pool; /* atomic entries, one for each chunk; NULL = none */
};

static inline struct vfnet_region_impl *vfnet_region_private(struct vfnet_region *region)
{
	return (struct vfnet_region_impl *)region;
}

/**
 * vfnet_region_open() - reserve address space and fill it with memory
 *
 * Context: any thread; may block. Sets the calling thread's memory policy for the time of the call
 * on machines with several NUMA nodes.
 * Return: 0; -EINVAL for an option out of range; -ENOMEM when there is not enough memory or there
 * are not enough hugepages; -EPERM when binding to the node asked for is forbidden; -ENOTSUP when
 * the kernel has no such hugepages.
 * Guarantees: memory that vfnet_dma_alloc() or a pool hands out is allocated, so that touching it
 * never raises SIGBUS. Ordinary pages are allocated then and not resident until touched.
 */
int vfnet_region_open(const struct vfnet_region_opts *opts, struct vfnet_region **out,
		      struct vfnet_err *err);

/**
 * vfnet_region_close() - give the memory back; objects still allocated go with it
 * @region: NULL does nothing
 *
 * Return: 0; -EBUSY while a pool is open (nothing happens).
 */
int vfnet_region_close(struct vfnet_region *region);

/**
 * vfnet_region_carve() - a range of whole chunks for a pool, not zeroed
 * @bytes: a multiple of the chunk
 *
 * Context: takes the region's lock.
 * Return: 0; -ENOMEM when no range is free, or as vfnet_backing_ensure(), with a sentence.
 */
int vfnet_region_carve(struct vfnet_region_impl *region, uint64_t bytes, uint32_t *place,
		       struct vfnet_err *err);

/** vfnet_region_uncarve() - the range that starts at @place is free again. */
void vfnet_region_uncarve(struct vfnet_region_impl *region, uint32_t place);

#ifdef __cplusplus
}
#endif

#endif
