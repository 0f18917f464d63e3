/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_CACHE_H
#define VFNET_CACHE_H

#include <stdalign.h>
#include <stdint.h>

#include <vfnet/err.h>
#include <vfnet/pkt.h>
#include <vfnet/pool.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/** VFNET_CACHE_DEFAULT - handles that a cache keeps at most, unless told otherwise */
#define VFNET_CACHE_DEFAULT 128

/**
 * struct vfnet_cache - a stack of handles, which lie behind it; one thread at a time calls it
 * @n: how many there are now
 */
struct vfnet_cache {
	alignas(64) uint32_t n;
	/* private: */
	uint32_t owner; /* pool_debug.c's number; 0 = no debug */
	uint32_t n_max;
	uint32_t first; /* places that are the pool's: first .. first + last */
	uint32_t last;
	uint32_t n_holders; /* atomic; queues that name the cache */
	struct vfnet_pool *pool;
};

/**
 * vfnet_cache_open() - a stock of one pool's buffers for one thread
 * @pool:  the pool
 * @n_max: most handles kept, a multiple of VFNET_POOL_BLOCK from 64 to 4096; 0 = 128. A thread that
 *         takes hundreds before it gives them back needs fewer cycles with 256: half of it at a
 * time goes to the pool or comes from it
 * @out:   the cache; its thread closes it
 * @err:   may be NULL
 *
 * Context: any thread; allocates.
 * Return: 0; -EINVAL; -ENOBUFS if the pool is smaller than all rings and caches on it and
 * VFNET_POOL_SPARE (the sentence says how many buffers are needed); -ENOMEM.
 */
int vfnet_cache_open(struct vfnet_pool *pool, unsigned int n_max, struct vfnet_cache **out,
		     struct vfnet_err *err);

/**
 * vfnet_cache_close() - return a cache's buffers to its pool
 * @cache: the cache; NULL does nothing
 *
 * Return: 0; -EBUSY while a queue names it (nothing happens).
 */
int vfnet_cache_close(struct vfnet_cache *cache);

/**
 * vfnet_cache_set_name() - the owner that leak reports and findings name
 * @cache: the cache
 * @name:  copied, cut to 31 bytes; "cache 1", "cache 2" ... until set. Without debug: no effect
 *
 * Context: any thread; takes a lock.
 */
void vfnet_cache_set_name(struct vfnet_cache *cache, const char *name);

/** vfnet_cache_pool() - the pool that a cache belongs to. */
struct vfnet_pool *vfnet_cache_pool(const struct vfnet_cache *cache);

/* private: what vfnet_cache_get() and vfnet_cache_put() do where it takes more than some moves */
unsigned int vfnet_cache_get_many(struct vfnet_cache *cache, uint32_t *handle, unsigned int n);
void vfnet_cache_put_many(struct vfnet_cache *cache, const uint32_t *handle, unsigned int n);

/*
 * private: bit of handle - first, or of last minus that, for a handle outside the cache's pool.
 * Places are below 2^31, so for one inside neither difference has it, and for one outside, before
 * or behind, one of them wraps around and has it; a handle with HELD counts as outside.
 */
#define VFNET_CACHE_OUTSIDE 0x80000000u

/**
 * vfnet_cache_get() - take buffers, most recently freed first
 * @cache:  owned by the calling thread
 * @handle: room for @n handles
 * @n:      how many
 *
 * Context: the cache's thread, hot path: no lock, no system call.
 * Return: @n, or 0 when the cache and the pool together have fewer than @n (then none is taken).
 */
inline unsigned int vfnet_cache_get(struct vfnet_cache *cache, uint32_t *handle, unsigned int n)
{
	uint32_t have = cache->n;

	if (n != 1 || !have || cache->owner)
		return vfnet_cache_get_many(cache, handle, n);
	cache->n = have - 1;
	*handle = ((const uint32_t *)(cache + 1))[have - 1];
	return 1;
}

/**
 * vfnet_cache_put() - give buffers back
 * @cache:  owned by the calling thread
 * @handle: @n handles, of this cache's pool or of any other pool of the region
 * @n:      how many
 *
 * Context: the cache's thread, hot path: no lock, no system call.
 */
inline void vfnet_cache_put(struct vfnet_cache *cache, const uint32_t *handle, unsigned int n)
{
	uint32_t have = cache->n;

	if (n == 1 && have < cache->n_max) {
		uint32_t from_first = *handle - cache->first;

		if (!((from_first | (cache->last - from_first)) & VFNET_CACHE_OUTSIDE)) {
			((uint32_t *)(cache + 1))[have] = *handle;
			cache->n = have + 1;
			return;
		}
	}
	vfnet_cache_put_many(cache, handle, n);
}

/**
 * vfnet_pkt_alloc() - fresh packets for the application to fill: off at the headroom, len 0
 * @cache: owned by the calling thread
 * @pkt:   room for @n packets
 * @n:     1..256
 *
 * Context: the cache's thread, hot path.
 * Return: @n, or 0 when there are not that many.
 */
unsigned int vfnet_pkt_alloc(struct vfnet_cache *cache, struct vfnet_pkt *pkt, unsigned int n);

/**
 * vfnet_pkt_free() - give packets back, whatever pool their buffers belong to
 * @cache: owned by the calling thread
 * @pkt:   @n packets; frames of several buffers are given back buffer by buffer
 * @n:     how many
 *
 * Context: the cache's thread, hot path.
 */
void vfnet_pkt_free(struct vfnet_cache *cache, const struct vfnet_pkt *pkt, unsigned int n);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
