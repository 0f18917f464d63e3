/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hot end of a pool: a stack of handles that one thread owns. Bursts are copied from and to its
 * top; blocks of 32 come from and go to the pool's store.
 */
#define VFNET_LOG_TAG "mem/cache"
#include "lib/mem/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/mem/pool.h"
#include "lib/mem/pool_debug.h"

#define BLOCK	   VFNET_POOL_BLOCK
#define BLOCK_MASK (~(BLOCK - 1u))
#define MOST_PKTS  256
#define OUTSIDE	   VFNET_CACHE_OUTSIDE

/* what a burst calls once in dozens of times, so that the calls themselves save no registers */
#define VFNET_RARE __attribute__((noinline, cold))

/* the inlines of <vfnet/cache.h> as symbols, for who has no C */
extern unsigned int vfnet_cache_get(struct vfnet_cache *cache, uint32_t *handle, unsigned int n);
extern void vfnet_cache_put(struct vfnet_cache *cache, const uint32_t *handle, unsigned int n);

static inline uint32_t *handles_of(struct vfnet_cache *cache)
{
	return (uint32_t *)(cache + 1);
}

static inline struct vfnet_pool_impl *pool_of(const struct vfnet_cache *cache)
{
	return vfnet_pool_private(cache->pool);
}

/* Blocks of a refill. That and a spill leave the cache half full, far from both ends. */
static inline unsigned int refill_of(const struct vfnet_cache *cache)
{
	return cache->n_max / 2 / BLOCK;
}

int vfnet_cache_open(struct vfnet_pool *pub, unsigned int n_max, struct vfnet_cache **out,
		     struct vfnet_err *err)
{
	struct vfnet_pool_impl *pool = vfnet_pool_private(pub);
	struct vfnet_region_impl *region = vfnet_region_private(pub->region);
	struct vfnet_cache *cache;
	int ret;

	n_max = n_max ? n_max : VFNET_CACHE_DEFAULT;
	if (n_max < 2 * BLOCK || n_max > 4096 || n_max % BLOCK)
		return vfnet_err_set(
		    err, -EINVAL,
		    "cache on pool %s: n_max %u is not a multiple of %u from 64 to "
		    "4096",
		    pool->name, n_max, BLOCK);
	ret = vfnet_pool_commit(pub, n_max, "a cache", err);
	if (ret)
		return ret;
	cache = aligned_alloc(64, sizeof(*cache) + n_max * sizeof(uint32_t));
	if (!cache)
		goto err_uncommit;
	memset(cache, 0, sizeof(*cache));
	cache->n_max = n_max;
	/* with debug every handle is outside, and takes the way where it is looked at */
	cache->first = pool->debug ? OUTSIDE : pub->first;
	cache->last = pool->debug ? UINT32_MAX : pub->end - pub->first - 1;
	cache->pool = pub;
	if (pool->debug && vfnet_pool_debug_owner(pool, &cache->owner))
		goto err_free;
	pthread_mutex_lock(&region->lock);
	pool->n_caches++;
	pthread_mutex_unlock(&region->lock);
	*out = cache;
	return 0;
err_free:
	free(cache);
err_uncommit:
	vfnet_pool_uncommit(pub, n_max);
	return vfnet_err_set(err, -ENOMEM, "cache on pool %s: out of memory for %u handles",
			     pool->name, n_max);
}

int vfnet_cache_close(struct vfnet_cache *cache)
{
	struct vfnet_region_impl *region;

	if (!cache)
		return 0;
	if (__atomic_load_n(&cache->n_holders, __ATOMIC_ACQUIRE))
		return -EBUSY;
	vfnet_store_put(&pool_of(cache)->store, handles_of(cache), cache->n);
	vfnet_pool_uncommit(cache->pool, cache->n_max);
	region = vfnet_region_private(cache->pool->region);
	pthread_mutex_lock(&region->lock);
	pool_of(cache)->n_caches--;
	pthread_mutex_unlock(&region->lock);
	free(cache);
	return 0;
}

void vfnet_cache_hold(struct vfnet_cache *cache)
{
	__atomic_fetch_add(&cache->n_holders, 1, __ATOMIC_RELAXED);
}

void vfnet_cache_release(struct vfnet_cache *cache)
{
	/* pairs with vfnet_cache_close(): what the queue did to the cache is done */
	__atomic_fetch_sub(&cache->n_holders, 1, __ATOMIC_RELEASE);
}

void vfnet_cache_set_name(struct vfnet_cache *cache, const char *name)
{
	if (cache->owner)
		vfnet_pool_debug_rename(pool_of(cache), cache->owner, name);
}

struct vfnet_pool *vfnet_cache_pool(const struct vfnet_cache *cache)
{
	return cache->pool;
}

/* memcpy() of a constant size is a few moves, of a variable one a call that costs more than that:
 * 20 handles in and out take 0.44 ns each this way and 0.72 with calls [measured] */
static inline void copy(uint32_t *to, const uint32_t *from, unsigned int n)
{
	for (; n >= BLOCK; n -= BLOCK, to += BLOCK, from += BLOCK)
		memcpy(to, from, BLOCK * sizeof(*to));
	for (; n >= 4; n -= 4, to += 4, from += 4)
		memcpy(to, from, 4 * sizeof(*to));
	for (; n; n--)
		*to++ = *from++;
}

VFNET_RARE static unsigned int taken(struct vfnet_cache *cache, const uint32_t *handle,
				     unsigned int n)
{
	if (cache->owner)
		vfnet_pool_debug_take(pool_of(cache), handle, n, cache->owner);
	return n;
}

/* All the cache has, and more from the store, which refills it; nothing changes when that is not
 * enough. */
VFNET_RARE static unsigned int get_more(struct vfnet_cache *cache, uint32_t *handle, unsigned int n)
{
	struct vfnet_store *store = &pool_of(cache)->store;
	unsigned int had = cache->n, got = had;

	copy(handle, handles_of(cache), had);
	for (cache->n = 0; got < n;) {
		unsigned int take,
		    more = vfnet_store_get(store, handles_of(cache), refill_of(cache));

		if (!more) {
			vfnet_store_put(store, &handle[had], got - had);
			copy(handles_of(cache), handle, had);
			cache->n = had;
			return 0;
		}
		take = more < n - got ? more : n - got;
		cache->n = more - take;
		copy(&handle[got], &handles_of(cache)[cache->n], take);
		got += take;
	}
	return taken(cache, handle, n);
}

unsigned int vfnet_cache_get_many(struct vfnet_cache *cache, uint32_t *handle, unsigned int n)
{
	if (vfnet_unlikely(n > cache->n))
		return get_more(cache, handle, n);
	cache->n -= n;
	copy(handle, &handles_of(cache)[cache->n], n);
	if (vfnet_unlikely(cache->owner))
		return taken(cache, handle, n);
	return n;
}

typedef uint32_t four __attribute__((vector_size(16)));

/* copy, and gather the OUTSIDE bits of four handles */
static inline four copy_four(uint32_t *to, const uint32_t *from, four first, four last)
{
	four handle;

	memcpy(&handle, from, sizeof(handle));
	memcpy(to, &handle, sizeof(handle));
	return (handle - first) | (last - (handle - first));
}

/* copy, and the OUTSIDE bits of all; without a branch on any */
static inline uint32_t copy_home(const struct vfnet_cache *cache, uint32_t *to,
				 const uint32_t *from, unsigned int n)
{
	const four first = cache->first - (four){0}, last = cache->last - (four){0};
	four bits4 = {0};
	uint32_t bits;

	for (; n >= BLOCK; n -= BLOCK) {
#pragma GCC unroll 8
		for (unsigned int i = 0; i < BLOCK / 4; i++, to += 4, from += 4)
			bits4 |= copy_four(to, from, first, last);
	}
	for (; n >= 4; n -= 4, to += 4, from += 4)
		bits4 |= copy_four(to, from, first, last);
	bits = bits4[0] | bits4[1] | bits4[2] | bits4[3];
	for (; n; n--, to++, from++) {
		bits |= (*from - cache->first) | (cache->last - (*from - cache->first));
		*to = *from;
	}
	return bits;
}

/* room for @n, at most half of n_max: the oldest go to the store, in whole blocks */
static void spill(struct vfnet_cache *cache, unsigned int n)
{
	uint32_t *handle = handles_of(cache);
	unsigned int out = (cache->n + n - cache->n_max / 2) & BLOCK_MASK;

	vfnet_store_put(&pool_of(cache)->store, handle, out);
	cache->n -= out;
	/* blocks do not overlap, as they move by whole ones */
	for (unsigned int i = 0; i < cache->n; i += BLOCK)
		memcpy(&handle[i], &handle[out + i], BLOCK * sizeof(*handle));
}

/* one handle on the slow way: into @home or @stranger, or a finding */
static void sort_one(struct vfnet_cache *cache, uint32_t handle, uint32_t *home,
		     unsigned int *n_home, uint32_t *stranger, unsigned int *n_strangers)
{
	struct vfnet_pool_impl *pool = vfnet_pool_of(cache->pool->region, handle);

	if (!pool)
		vfnet_pool_finding(pool_of(cache), handle, "given back, but %s",
				   handle & VFNET_PKT_HELD ? "bit 31 (HELD) is set"
							   : "no buffer of any pool starts there");
	else if (pool != pool_of(cache))
		stranger[(*n_strangers)++] = handle;
	else if (!pool->debug || vfnet_pool_debug_give(pool, handle))
		home[(*n_home)++] = handle;
}

/* one by one: into the cache, home to their pools, or findings */
VFNET_RARE static void put_sorted(struct vfnet_cache *cache, const uint32_t *handle, unsigned int n)
{
	uint32_t home[BLOCK], stranger[BLOCK];

	while (n) {
		unsigned int n_home = 0, n_strangers = 0, step = n < BLOCK ? n : BLOCK;

		for (unsigned int i = 0; i < step; i++)
			sort_one(cache, handle[i], home, &n_home, stranger, &n_strangers);
		if (n_home > cache->n_max - cache->n)
			spill(cache, n_home);
		copy(&handles_of(cache)[cache->n], home, n_home);
		cache->n += n_home;
		vfnet_pool_put(cache->pool->region, stranger, n_strangers);
		handle += step;
		n -= step;
	}
}

VFNET_RARE static void put_more(struct vfnet_cache *cache, const uint32_t *handle, unsigned int n)
{
	unsigned int half = cache->n_max / 2;

	for (; n > half; n -= half, handle += half)
		vfnet_cache_put_many(cache, handle, half);
	if (n > cache->n_max - cache->n)
		spill(cache, n);
	vfnet_cache_put_many(cache, handle, n);
}

void vfnet_cache_put_many(struct vfnet_cache *cache, const uint32_t *handle, unsigned int n)
{
	if (vfnet_unlikely(n > cache->n_max - cache->n)) {
		put_more(cache, handle, n);
		return;
	}
	/* what is copied above the top is not there until n says so */
	if (vfnet_unlikely(copy_home(cache, &handles_of(cache)[cache->n], handle, n) & OUTSIDE))
		put_sorted(cache, handle, n);
	else
		cache->n += n;
}

unsigned int vfnet_pkt_alloc(struct vfnet_cache *cache, struct vfnet_pkt *pkt, unsigned int n)
{
	uint16_t off = (uint16_t)cache->pool->default_off;
	uint32_t handle[MOST_PKTS];

	if (n > MOST_PKTS || !vfnet_cache_get(cache, handle, n))
		return 0;
	for (unsigned int i = 0; i < n; i++)
		pkt[i] = (struct vfnet_pkt){.buf = handle[i], .off = off};
	return n;
}

void vfnet_pkt_free(struct vfnet_cache *cache, const struct vfnet_pkt *pkt, unsigned int n)
{
	uint32_t handle[BLOCK];

	while (n) {
		unsigned int step = n < BLOCK ? n : BLOCK;

		for (unsigned int i = 0; i < step; i++)
			handle[i] = pkt[i].buf;
		vfnet_cache_put(cache, handle, step);
		pkt += step;
		n -= step;
	}
}
