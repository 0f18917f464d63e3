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
#include "lib/mem/pool_debug.h"

#define BLOCK	   VFNET_POOL_BLOCK
#define BLOCK_MASK (~(BLOCK - 1u))
#define MOST_PKTS  256

/* all but n_holders: written by the owning thread only */
struct vfnet_cache {
	uint32_t n; /* handles now */
	uint32_t n_max;
	uint32_t first; /* the pool's places: first .. first + last */
	uint32_t last;
	uint32_t owner;	    /* pool_debug.c's number; 0 = no debug */
	uint32_t n_holders; /* atomic; queues that name the cache */
	struct vfnet_pool_impl *pool;
	_Alignas(64) uint32_t handle[];
};

int vfnet_cache_open(struct vfnet_pool *pub, unsigned int n_max, struct vfnet_cache **out,
		     struct vfnet_err *err)
{
	struct vfnet_pool_impl *pool = vfnet_pool_private(pub);
	struct vfnet_region_impl *region = vfnet_region_private(pub->region);
	struct vfnet_cache *cache;
	int ret;

	n_max = n_max ? n_max : 4 * BLOCK;
	if (n_max < 2 * BLOCK || n_max > 4096 || n_max % BLOCK)
		return vfnet_err_set(
		    err, -EINVAL,
		    "cache on pool %s: n_max %u is not a multiple of %u from 64 to "
		    "4096",
		    pool->name, n_max, BLOCK);
	ret = vfnet_pool_commit(pub, n_max, "a cache", err);
	if (ret)
		return ret;
	cache = aligned_alloc(64, sizeof(*cache) + n_max * sizeof(cache->handle[0]));
	if (!cache)
		goto err_uncommit;
	memset(cache, 0, sizeof(*cache));
	cache->n_max = n_max;
	cache->first = pub->first;
	cache->last = pub->end - pub->first - 1;
	cache->pool = pool;
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
	vfnet_store_put(&cache->pool->store, cache->handle, cache->n);
	vfnet_pool_uncommit(&cache->pool->pub, cache->n_max);
	region = vfnet_region_private(cache->pool->pub.region);
	pthread_mutex_lock(&region->lock);
	cache->pool->n_caches--;
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
		vfnet_pool_debug_rename(cache->pool, cache->owner, name);
}

struct vfnet_pool *vfnet_cache_pool(const struct vfnet_cache *cache)
{
	return &cache->pool->pub;
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

/* all the cache has and more from the store; nothing changes when that is not enough */
static unsigned int get_more(struct vfnet_cache *cache, uint32_t *handle, unsigned int n)
{
	struct vfnet_store *store = &cache->pool->store;
	unsigned int got = cache->n, left = 0;
	uint32_t block[BLOCK];

	copy(handle, cache->handle, got);
	while (got < n) {
		unsigned int take, n_block = vfnet_store_get(store, block);

		if (!n_block) {
			vfnet_store_put(store, &handle[cache->n], got - cache->n);
			return 0;
		}
		take = n_block < n - got ? n_block : n - got;
		left = n_block - take;
		copy(&handle[got], &block[left], take);
		got += take;
	}
	copy(cache->handle, block, left);
	cache->n = left;
	return n;
}

unsigned int vfnet_cache_get(struct vfnet_cache *cache, uint32_t *handle, unsigned int n)
{
	if (vfnet_likely(n <= cache->n)) {
		cache->n -= n;
		copy(handle, &cache->handle[cache->n], n);
	} else if (!get_more(cache, handle, n)) {
		return 0;
	}
	if (vfnet_unlikely(cache->owner))
		vfnet_pool_debug_take(cache->pool, handle, n, cache->owner);
	return n;
}

/*
 * Is one of the handles outside the cache's pool? The answer is one bit of the result. Places are
 * below 2^31, so for one inside neither difference has the bit, and for one outside, before or
 * behind, one of them wraps around and has it; a handle with HELD counts as outside. No branch, so
 * that the loop over a constant number becomes vector code.
 */
#define OUTSIDE 0x80000000u

static inline uint32_t outside(const struct vfnet_cache *cache, const uint32_t *handle,
			       unsigned int n)
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint32_t from_first = handle[i] - cache->first;
		uint32_t to_last = cache->last - from_first;

		bits |= from_first | to_last;
	}
	return bits;
}

static inline bool all_home(const struct vfnet_cache *cache, const uint32_t *handle, unsigned int n)
{
	uint32_t bits = 0;

	for (; n >= BLOCK; n -= BLOCK, handle += BLOCK)
		bits |= outside(cache, handle, BLOCK);
	for (; n >= 4; n -= 4, handle += 4)
		bits |= outside(cache, handle, 4);
	bits |= outside(cache, handle, n);
	return !(bits & OUTSIDE);
}

/* make room for @n, at most half of n_max: the oldest go to the store, in whole blocks */
static void spill(struct vfnet_cache *cache, unsigned int n)
{
	unsigned int out = (cache->n + n - cache->n_max / 2) & BLOCK_MASK;

	vfnet_store_put(&cache->pool->store, cache->handle, out);
	cache->n -= out;
	memmove(cache->handle, &cache->handle[out], cache->n * sizeof(cache->handle[0]));
}

static inline void put_home(struct vfnet_cache *cache, const uint32_t *handle, unsigned int n)
{
	if (vfnet_unlikely(cache->n + n > cache->n_max))
		spill(cache, n);
	copy(&cache->handle[cache->n], handle, n);
	cache->n += n;
}

/* one handle on the slow way: into @home or @stranger, or a finding */
static void sort_one(struct vfnet_cache *cache, uint32_t handle, uint32_t *home,
		     unsigned int *n_home, uint32_t *stranger, unsigned int *n_strangers)
{
	struct vfnet_pool_impl *pool = vfnet_pool_of(cache->pool->pub.region, handle);

	if (!pool)
		vfnet_pool_finding(cache->pool, handle, "given back, but %s",
				   handle & VFNET_PKT_HELD ? "bit 31 (HELD) is set"
							   : "no buffer of any pool starts there");
	else if (pool != cache->pool)
		stranger[(*n_strangers)++] = handle;
	else if (!pool->debug || vfnet_pool_debug_give(pool, handle))
		home[(*n_home)++] = handle;
}

__attribute__((noinline)) static void put_sorted(struct vfnet_cache *cache, const uint32_t *handle,
						 unsigned int n)
{
	uint32_t home[BLOCK], stranger[BLOCK];

	while (n) {
		unsigned int n_home = 0, n_strangers = 0, step = n < BLOCK ? n : BLOCK;

		for (unsigned int i = 0; i < step; i++)
			sort_one(cache, handle[i], home, &n_home, stranger, &n_strangers);
		put_home(cache, home, n_home);
		vfnet_pool_put(cache->pool->pub.region, stranger, n_strangers);
		handle += step;
		n -= step;
	}
}

void vfnet_cache_put(struct vfnet_cache *cache, const uint32_t *handle, unsigned int n)
{
	if (vfnet_unlikely(cache->owner || !all_home(cache, handle, n))) {
		put_sorted(cache, handle, n);
		return;
	}
	for (unsigned int half = cache->n_max / 2; vfnet_unlikely(n > half); n -= half) {
		put_home(cache, handle, half);
		handle += half;
	}
	put_home(cache, handle, n);
}

unsigned int vfnet_pkt_alloc(struct vfnet_cache *cache, struct vfnet_pkt *pkt, unsigned int n)
{
	uint16_t off = (uint16_t)cache->pool->pub.default_off;
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
