/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_POOL_H
#define VFNET_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfnet/err.h>
#include <vfnet/pkt.h>
#include <vfnet/region.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/** VFNET_POOL_BLOCK - handles travel between rings, caches and pools in blocks of this many. */
#define VFNET_POOL_BLOCK 32

/**
 * VFNET_POOL_SPARE - buffers that a pool must have beside those that rings and caches keep
 *
 * Two bursts of 64: one in the program's hands, one on its way into the ring. A program with
 * longer bursts, or one that keeps packets, gives its pool more.
 */
#define VFNET_POOL_SPARE 128

/**
 * struct vfnet_pool_opts - how to make a pool; zero means the default
 * @size:           sizeof(struct vfnet_pool_opts)
 * @name:           shown in errors and reports; copied, cut to 31 bytes; NULL = "pool"
 * @n_bufs:         buffers, 1 .. 2^24; 0 = 4096
 * @data_bytes:     room for data after the headroom, a multiple of 64 from 64 to 65472; 0 = 2048.
 *                  The 82576 fills whole KiB: room is rounded down to 1024s when it receives
 * @headroom_bytes: free bytes before the data, a multiple of 64; 0 = 128, at most 1024
 * @priv_bytes:     the application's own area at the start of the buffer, a multiple of 64, <= 1024
 * @debug:          check every get and put: poison, double put, owner of each buffer (slow)
 */
struct vfnet_pool_opts {
	size_t size;
	const char *name;
	uint32_t n_bufs;
	uint32_t data_bytes;
	uint32_t headroom_bytes;
	uint32_t priv_bytes;
	bool debug;
};

/**
 * struct vfnet_pool - a contiguous range of equal buffers in the region
 * @region:       where they lie
 * @first:        place of the first buffer
 * @end:          place after the last; on hugepages there may be places without a buffer between
 * @stride:       places from one buffer to the next, odd
 * @n_bufs:       buffers
 * @priv_bytes:   private area at the start of each
 * @default_off:  offset of the data in a fresh buffer: private area + headroom
 * @buf_bytes:    private area + headroom + room for data
 *
 * The first part of a larger private struct; read-only to callers.
 */
struct vfnet_pool {
	struct vfnet_region *region;
	uint32_t first;
	uint32_t end;
	uint32_t stride;
	uint32_t n_bufs;
	uint32_t priv_bytes;
	uint32_t default_off;
	uint32_t buf_bytes;
};

/**
 * vfnet_pool_open() - carve a pool out of a region
 * @region: vfnet_get_region() of the context
 * @opts:   NULL = all defaults
 * @out:    the pool; the caller closes it
 * @err:    may be NULL
 *
 * Context: any thread; may block.
 * Return: 0; -EINVAL for an option out of range; -ENOMEM when the region has no free range that
 * large (the sentence says how much is needed and how much is left).
 * Guarantees: the pool starts and ends on a chunk of the region and shares it with nothing. On
 * hugepages no buffer crosses a 2 MiB boundary, so that each is contiguous for a device.
 */
int vfnet_pool_open(struct vfnet_region *region, const struct vfnet_pool_opts *opts,
		    struct vfnet_pool **out, struct vfnet_err *err);

/**
 * vfnet_pool_close() - give a pool's memory back to the region
 * @pool: the pool; NULL does nothing
 * @err:  may be NULL; names the owners of missing buffers where the pool has debug on
 *
 * Context: any thread, no other may use the pool.
 * Return: 0; -EBUSY while a cache is open or a buffer is not back (nothing happens).
 */
int vfnet_pool_close(struct vfnet_pool *pool, struct vfnet_err *err);

/**
 * vfnet_pool_n_free() - buffers in the pool itself, outside caches, rings and hands
 * @pool: the pool
 *
 * Context: any thread; exact only while no other thread uses the pool.
 */
uint32_t vfnet_pool_n_free(const struct vfnet_pool *pool);

/** vfnet_pool_low_water() - the least vfnet_pool_n_free() seen since the pool was opened. */
uint32_t vfnet_pool_low_water(const struct vfnet_pool *pool);

/**
 * vfnet_pool_debug_findings() - mistakes found since the pool was opened
 * @pool: the pool
 *
 * With debug on: a buffer that was written after it had been given back, a buffer given back
 * twice; each also says itself in one ERR line of the log, with the owner. With and without: a
 * handle given to one of the pool's caches that belongs to no pool or has bit 31 set.
 *
 * Context: any thread.
 */
uint64_t vfnet_pool_debug_findings(const struct vfnet_pool *pool);

/**
 * vfnet_pool_put() - return buffers of any pools of the region, the slow way, without a cache
 * @region: the region
 * @handle: @n handles; bit 31 must be 0
 * @n:      how many
 *
 * Context: any thread; lock-free; 10 to 100 times slower than a cache.
 * Return: 0; -EINVAL if a handle belongs to no pool, or, with debug, is back already (the others
 * are returned all the same).
 */
int vfnet_pool_put(struct vfnet_region *region, const uint32_t *handle, unsigned int n);

/**
 * vfnet_pkt_push() - grow a packet at its front, into the headroom
 * @pool:  the pool of the packet's buffer
 * @pkt:   the packet
 * @bytes: how many
 *
 * Return: true; false when the headroom is too small (nothing changes).
 */
static inline bool vfnet_pkt_push(const struct vfnet_pool *pool, struct vfnet_pkt *pkt,
				  uint16_t bytes)
{
	if (pkt->off < pool->priv_bytes + bytes || pkt->len > UINT16_MAX - bytes)
		return false;
	pkt->off = (uint16_t)(pkt->off - bytes);
	pkt->len = (uint16_t)(pkt->len + bytes);
	return true;
}

/**
 * vfnet_pkt_pull() - cut a packet at its front
 * @pkt:   the packet
 * @bytes: how many
 *
 * Return: true; false when the packet is not longer than that (nothing changes).
 */
static inline bool vfnet_pkt_pull(struct vfnet_pkt *pkt, uint16_t bytes)
{
	if (pkt->len <= bytes)
		return false;
	pkt->off = (uint16_t)(pkt->off + bytes);
	pkt->len = (uint16_t)(pkt->len - bytes);
	return true;
}

/**
 * vfnet_pkt_append() - grow a packet at its end
 * @pool:  the pool of the packet's buffer
 * @pkt:   the packet
 * @bytes: how many
 *
 * Return: true; false when the buffer has no room (nothing changes).
 */
static inline bool vfnet_pkt_append(const struct vfnet_pool *pool, struct vfnet_pkt *pkt,
				    uint16_t bytes)
{
	if ((uint32_t)pkt->off + pkt->len + bytes > pool->buf_bytes ||
	    pkt->len > UINT16_MAX - bytes)
		return false;
	pkt->len = (uint16_t)(pkt->len + bytes);
	return true;
}

/**
 * vfnet_pkt_trim() - cut a packet at its end
 * @pkt:   the packet
 * @bytes: how many
 *
 * Return: true; false when the packet is not longer than that (nothing changes).
 */
static inline bool vfnet_pkt_trim(struct vfnet_pkt *pkt, uint16_t bytes)
{
	if (pkt->len <= bytes)
		return false;
	pkt->len = (uint16_t)(pkt->len - bytes);
	return true;
}

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
