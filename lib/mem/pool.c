/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools: a range of chunks cut into equal buffers. cache.c is the way in and out for threads. */
#define VFNET_LOG_TAG "mem/pool"
#include "lib/mem/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/mem/hugepage.h"
#include "lib/mem/pool_debug.h"

#define UNIT	   (1u << VFNET_PLACE_SHIFT)
#define MOST_BUFS  (1u << 24)
#define MOST_DATA  65472u
#define MOST_EXTRA 1024u

bool vfnet_pool_crosses(uint32_t slot, uint32_t stride, uint64_t page_bytes)
{
	uint64_t first = (uint64_t)slot * stride; /* from a 2 MiB boundary */
	uint64_t last = first + stride - 1;

	return page_bytes != VFNET_PAGE_4K &&
	       first >> (VFNET_CHUNK_SHIFT_HUGE - VFNET_PLACE_SHIFT) !=
		   last >> (VFNET_CHUNK_SHIFT_HUGE - VFNET_PLACE_SHIFT);
}

uint32_t vfnet_pool_slots(uint32_t n_bufs, uint32_t stride, uint64_t page_bytes)
{
	uint32_t slots = n_bufs, usable = 0, from = 0;

	/* each round adds what the slots of the round before left out */
	while (usable < n_bufs) {
		for (; from < slots; from++)
			usable += !vfnet_pool_crosses(from, stride, page_bytes);
		slots += n_bufs - usable;
	}
	return slots;
}

static int check_opts(const struct vfnet_pool_opts *opts, struct vfnet_err *err)
{
	if (opts->n_bufs > MOST_BUFS)
		return vfnet_err_set(err, -EINVAL, "pool %s: %u buffers are more than %u",
				     opts->name, opts->n_bufs, MOST_BUFS);
	if (opts->data_bytes % UNIT || opts->data_bytes > MOST_DATA)
		return vfnet_err_set(err, -EINVAL,
				     "pool %s: data_bytes %u is not a multiple of %u up to %u",
				     opts->name, opts->data_bytes, UNIT, MOST_DATA);
	if (opts->headroom_bytes % UNIT || opts->headroom_bytes > MOST_EXTRA)
		return vfnet_err_set(err, -EINVAL,
				     "pool %s: headroom_bytes %u is not a multiple of %u up to %u",
				     opts->name, opts->headroom_bytes, UNIT, MOST_EXTRA);
	if (opts->priv_bytes % UNIT || opts->priv_bytes > MOST_EXTRA)
		return vfnet_err_set(err, -EINVAL,
				     "pool %s: priv_bytes %u is not a multiple of %u up to %u",
				     opts->name, opts->priv_bytes, UNIT, MOST_EXTRA);
	return 0;
}

/* what the caller left at zero */
static int fill_opts(const struct vfnet_pool_opts *user, struct vfnet_pool_opts *opts,
		     struct vfnet_err *err)
{
	memset(opts, 0, sizeof(*opts));
	if (user && user->size != sizeof(*user))
		return vfnet_err_set(err, -EINVAL,
				     "pool: vfnet_pool_opts.size is %zu, not %zu: set it to "
				     "sizeof(struct vfnet_pool_opts)",
				     user->size, sizeof(*user));
	if (user)
		*opts = *user;
	if (!opts->name)
		opts->name = "pool";
	if (!opts->n_bufs)
		opts->n_bufs = 4096;
	if (!opts->data_bytes)
		opts->data_bytes = 2048;
	if (!opts->headroom_bytes)
		opts->headroom_bytes = 128;
	return check_opts(opts, err);
}

static void shape(struct vfnet_pool *pub, const struct vfnet_pool_opts *opts)
{
	pub->n_bufs = opts->n_bufs;
	pub->priv_bytes = opts->priv_bytes;
	pub->default_off = opts->priv_bytes + opts->headroom_bytes;
	pub->buf_bytes = pub->default_off + opts->data_bytes;
	pub->stride = (pub->buf_bytes >> VFNET_PLACE_SHIFT) | 1;
}

/* bytes of the chunks of a pool of so many slots */
static uint64_t range_bytes(const struct vfnet_pool *pub, uint32_t n_slots)
{
	return vfnet_align_up(((uint64_t)n_slots * pub->stride) << VFNET_PLACE_SHIFT,
			      UINT64_C(1) << pub->region->chunk_shift);
}

static int carve(struct vfnet_pool_impl *pool, uint32_t n_slots, struct vfnet_err *err)
{
	struct vfnet_pool *pub = &pool->pub;
	uint64_t bytes = range_bytes(pub, n_slots);
	struct vfnet_err why = {0};
	int ret = vfnet_region_carve(vfnet_region_private(pub->region), bytes, &pub->first, &why);

	if (ret)
		return vfnet_err_set(err, ret,
				     "pool %s: %u buffers take %" PRIu64 " KiB in one piece: %s",
				     pool->name, pub->n_bufs, bytes >> 10, why.text);
	pub->end = pub->first + n_slots * pub->stride;
	return 0;
}

static int open_records(struct vfnet_pool_impl *pool, uint32_t n_slots, bool debug,
			struct vfnet_err *err)
{
	int ret = vfnet_store_open(&pool->store, pool->pub.first, pool->pub.stride, n_slots);

	if (ret)
		goto err_out;
	if (debug)
		ret = vfnet_pool_debug_open(pool, n_slots);
	if (!ret)
		return 0;
	vfnet_store_close(&pool->store);
err_out:
	return vfnet_err_set(err, ret, "pool %s: out of memory for the records of %u buffers",
			     pool->name, pool->pub.n_bufs);
}

/* all buffers into the store, so that the first to leave is the first of the range */
static void fill_store(struct vfnet_pool_impl *pool, uint32_t n_slots)
{
	uint32_t block[VFNET_POOL_BLOCK], left = pool->pub.n_bufs;
	unsigned int n = 0;

	for (uint32_t slot = n_slots; slot-- > 0;) {
		if (vfnet_pool_crosses(slot, pool->pub.stride, pool->pub.region->page_bytes))
			continue;
		block[n++] = pool->pub.first + slot * pool->pub.stride;
		if (--left % VFNET_POOL_BLOCK)
			continue;
		vfnet_store_put(&pool->store, block, n);
		n = 0;
	}
	vfnet_store_reset_low_water(&pool->store);
}

/* strangers' way to the pool: which chunks are @pool's, or nobody's again */
static void enter_chunks(struct vfnet_pool_impl *pool, struct vfnet_pool_impl *owner, int n_pools)
{
	struct vfnet_region_impl *region = vfnet_region_private(pool->pub.region);
	unsigned int shift = region->pub.chunk_shift - VFNET_PLACE_SHIFT;
	uint32_t last = (pool->pub.end - 1) >> shift;

	for (uint32_t chunk = pool->pub.first >> shift; chunk <= last; chunk++)
		__atomic_store_n(&region->chunk_pool[chunk], owner, __ATOMIC_RELEASE);
	pthread_mutex_lock(&region->lock);
	region->n_pools += (unsigned int)n_pools;
	pthread_mutex_unlock(&region->lock);
}

int vfnet_pool_open(struct vfnet_region *region, const struct vfnet_pool_opts *user,
		    struct vfnet_pool **out, struct vfnet_err *err)
{
	struct vfnet_pool_opts opts;
	struct vfnet_pool_impl *pool;
	uint32_t n_slots;
	int ret = fill_opts(user, &opts, err);

	if (ret)
		return ret;
	pool = aligned_alloc(_Alignof(struct vfnet_pool_impl), sizeof(*pool));
	if (!pool)
		return vfnet_err_set(err, -ENOMEM, "pool %s: out of memory", opts.name);
	memset(pool, 0, sizeof(*pool));
	snprintf(pool->name, sizeof(pool->name), "%s", opts.name);
	pool->pub.region = region;
	shape(&pool->pub, &opts);
	n_slots = vfnet_pool_slots(opts.n_bufs, pool->pub.stride, region->page_bytes);
	ret = carve(pool, n_slots, err);
	if (ret)
		goto err_free;
	ret = open_records(pool, n_slots, opts.debug, err);
	if (ret)
		goto err_uncarve;
	fill_store(pool, n_slots);
	enter_chunks(pool, pool, 1);
	*out = &pool->pub;
	return 0;
err_uncarve:
	vfnet_region_uncarve(vfnet_region_private(region), pool->pub.first);
err_free:
	free(pool);
	return ret;
}

/* -EBUSY if the pool has not exactly its buffers */
static int check_complete(struct vfnet_pool_impl *pool, struct vfnet_err *err)
{
	char who[256] = "open the pool with debug to see who has them";
	uint32_t n_bufs = pool->pub.n_bufs, n_free = vfnet_pool_n_free(&pool->pub);

	if (n_free == n_bufs)
		return 0;
	if (n_free > n_bufs)
		return vfnet_err_set(err, -EBUSY,
				     "pool %s: buffers were given back twice, %u times in all: "
				     "open the pool with debug to see who did it",
				     pool->name, n_free - n_bufs);
	if (pool->debug)
		vfnet_pool_debug_leaks(pool, who, sizeof(who));
	return vfnet_err_set(err, -EBUSY, "pool %s: %u of %u buffers are not back: %s", pool->name,
			     n_bufs - n_free, n_bufs, who);
}

int vfnet_pool_close(struct vfnet_pool *pub, struct vfnet_err *err)
{
	struct vfnet_pool_impl *pool = vfnet_pool_private(pub);
	int ret;

	if (!pub)
		return 0;
	if (pool->n_caches)
		return vfnet_err_set(err, -EBUSY, "pool %s: %u caches on it are open: close them",
				     pool->name, pool->n_caches);
	ret = check_complete(pool, err);
	if (ret)
		return ret;
	enter_chunks(pool, NULL, -1);
	vfnet_region_uncarve(vfnet_region_private(pub->region), pub->first);
	vfnet_store_close(&pool->store);
	vfnet_pool_debug_close(pool);
	free(pool);
	return 0;
}

uint32_t vfnet_pool_n_free(const struct vfnet_pool *pool)
{
	return __atomic_load_n(&vfnet_pool_private(pool)->store.n_free, __ATOMIC_RELAXED);
}

uint32_t vfnet_pool_low_water(const struct vfnet_pool *pool)
{
	return __atomic_load_n(&vfnet_pool_private(pool)->store.low_water, __ATOMIC_RELAXED);
}

uint64_t vfnet_pool_debug_findings(const struct vfnet_pool *pool)
{
	return __atomic_load_n(&vfnet_pool_private(pool)->findings, __ATOMIC_RELAXED);
}

int vfnet_pool_commit(struct vfnet_pool *pub, uint32_t n_bufs, const char *who,
		      struct vfnet_err *err)
{
	struct vfnet_pool_impl *pool = vfnet_pool_private(pub);
	struct vfnet_region_impl *region = vfnet_region_private(pub->region);
	uint64_t need;

	pthread_mutex_lock(&region->lock);
	need = (uint64_t)pool->committed + n_bufs + VFNET_POOL_SPARE;
	if (need <= pub->n_bufs)
		pool->committed += n_bufs;
	pthread_mutex_unlock(&region->lock);
	if (need <= pub->n_bufs)
		return 0;
	return vfnet_err_set(err, -ENOBUFS,
			     "pool %s: with %u for %s, its rings and caches and %d to spare need "
			     "%" PRIu64 " buffers, and it has %u: open it with n_bufs %" PRIu64
			     " or more",
			     pool->name, n_bufs, who, VFNET_POOL_SPARE, need, pub->n_bufs, need);
}

void vfnet_pool_uncommit(struct vfnet_pool *pub, uint32_t n_bufs)
{
	struct vfnet_region_impl *region = vfnet_region_private(pub->region);

	pthread_mutex_lock(&region->lock);
	vfnet_pool_private(pub)->committed -= n_bufs;
	pthread_mutex_unlock(&region->lock);
}

struct vfnet_pool_impl *vfnet_pool_of(struct vfnet_region *region, uint32_t handle)
{
	uint64_t chunk = (uint64_t)handle >> (region->chunk_shift - VFNET_PLACE_SHIFT);
	struct vfnet_pool_impl *pool;

	/* bit 31 makes the chunk lie beyond any region */
	if (chunk >= region->bytes >> region->chunk_shift)
		return NULL;
	pool = __atomic_load_n(&vfnet_region_private(region)->chunk_pool[chunk], __ATOMIC_ACQUIRE);
	if (!pool || handle >= pool->pub.end || (handle - pool->pub.first) % pool->pub.stride)
		return NULL;
	return pool;
}

void vfnet_pool_finding(struct vfnet_pool_impl *pool, uint32_t handle, const char *fmt, ...)
{
	char text[160];
	va_list args;

	__atomic_fetch_add(&pool->findings, 1, __ATOMIC_RELAXED);
	if (!pool->debug)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	vfnet_log(&vfnet_region_private(pool->pub.region)->log, ERR, "pool %s, buffer 0x%x: %s",
		  pool->name, handle, text);
}

/* handles of one pool; how many were not taken back */
static unsigned int put_run(struct vfnet_pool_impl *pool, const uint32_t *handle, unsigned int n)
{
	unsigned int n_good = 0;
	uint32_t good[VFNET_POOL_BLOCK];

	if (!pool->debug) {
		vfnet_store_put(&pool->store, handle, n);
		return 0;
	}
	for (unsigned int i = 0; i < n; i++)
		if (vfnet_pool_debug_give(pool, handle[i]))
			good[n_good++] = handle[i];
	if (n_good)
		vfnet_store_put(&pool->store, good, n_good);
	return n - n_good;
}

int vfnet_pool_put(struct vfnet_region *region, const uint32_t *handle, unsigned int n)
{
	unsigned int n_bad = 0, run;

	for (unsigned int i = 0; i < n; i += run) {
		struct vfnet_pool_impl *pool = vfnet_pool_of(region, handle[i]);

		for (run = 1; run < VFNET_POOL_BLOCK && i + run < n; run++)
			if (vfnet_pool_of(region, handle[i + run]) != pool)
				break;
		n_bad += pool ? put_run(pool, &handle[i], run) : run;
	}
	return n_bad ? -EINVAL : 0;
}
