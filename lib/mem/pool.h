/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_POOL_H
#define VFNET_MEM_POOL_H

#include <vfnet/pool.h>

#include "lib/mem/region.h"
#include "lib/mem/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** VFNET_POOL_NAME_BYTES - names of pools and caches, with the final NUL */
#define VFNET_POOL_NAME_BYTES 32

struct vfnet_pool_debug;

struct vfnet_pool_impl {
	struct vfnet_pool pub;
	struct vfnet_pool_debug *debug; /* NULL = off */
	uint64_t findings;		/* atomic */
	uint32_t committed;		/* buffers that rings and caches count on; region's lock */
	uint32_t n_caches;		/* region's lock */
	char name[VFNET_POOL_NAME_BYTES];
	struct vfnet_store store __attribute__((aligned(64))); /* written by all threads */
};

static inline struct vfnet_pool_impl *vfnet_pool_private(const struct vfnet_pool *pool)
{
	return (struct vfnet_pool_impl *)(uintptr_t)pool;
}

/**
 * vfnet_pool_commit() - a ring or a cache will keep that many buffers
 * @pool:   the pool
 * @n_bufs: most that it keeps at a time
 * @who:    for the sentence, such as "receive queue 0 of sim:0.0"
 * @err:    may be NULL
 *
 * Context: any thread; takes a lock.
 * Return: 0; -ENOBUFS when the pool is smaller than all rings and caches on it and
 * VFNET_POOL_SPARE (nothing is committed).
 */
int vfnet_pool_commit(struct vfnet_pool *pool, uint32_t n_bufs, const char *who,
		      struct vfnet_err *err);

/** vfnet_pool_uncommit() - the ring or cache is gone. */
void vfnet_pool_uncommit(struct vfnet_pool *pool, uint32_t n_bufs);

/**
 * vfnet_pool_crosses() - is a slot left out, because its buffer would cross a 2 MiB boundary?
 * @slot:       number of the slot, from the pool's start
 * @stride:     places per slot
 * @page_bytes: page size of the region; on ordinary pages nothing is left out
 *
 * Without an IOMMU a buffer is contiguous for a device only within 2 MiB.
 */
bool vfnet_pool_crosses(uint32_t slot, uint32_t stride, uint64_t page_bytes);

/** vfnet_pool_slots() - slots that hold @n_bufs buffers, with those left out. */
uint32_t vfnet_pool_slots(uint32_t n_bufs, uint32_t stride, uint64_t page_bytes);

/**
 * vfnet_pool_of() - pool that a handle belongs to
 *
 * Context: any thread, lock-free.
 * Return: NULL if it is not the first place of a buffer of an open pool, or has bit 31 set.
 */
struct vfnet_pool_impl *vfnet_pool_of(struct vfnet_region *region, uint32_t handle);

/** vfnet_pool_finding() - count what is wrong with @handle, and say it in debug mode. */
__attribute__((format(printf, 3, 4))) void
vfnet_pool_finding(struct vfnet_pool_impl *pool, uint32_t handle, const char *fmt, ...);

#ifdef __cplusplus
}
#endif

#endif
