/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_REGION_H
#define VFNET_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfnet/err.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/** VFNET_PLACE_SHIFT - a place counts units of 1 << 6 = 64 bytes from the region's base. */
#define VFNET_PLACE_SHIFT 6
/** VFNET_PLACE_MASK - the bits of a handle that are its place; bit 31 is HELD. */
#define VFNET_PLACE_MASK 0x7fffffffu
/** VFNET_IOVA_BASE - I/O address of a region's first byte behind an IOMMU: 4 GiB. */
#define VFNET_IOVA_BASE (UINT64_C(1) << 32)

/**
 * struct vfnet_region - all DMA memory of one struct vfnet, one mapping
 * @base:        first byte, aligned to 2 MiB; constant for the region's life
 * @bytes:       size, a multiple of the page size and of the chunk, at most 128 GiB
 * @page_bytes:  size of its pages: 4096, 2 MiB or 1 GiB
 * @chunk_shift: log2 of the chunk that pools start and end on: 21 on hugepages, 16 on ordinary ones
 *
 * The memory is shared (memfd) and is not inherited by fork(). What a pool or vfnet_dma_alloc()
 * hands out is allocated, so that touching it never raises SIGBUS. Fields are read-only to callers.
 */
struct vfnet_region {
	uint8_t *base;
	uint64_t bytes;
	uint64_t page_bytes;
	unsigned int chunk_shift;
};

/**
 * vfnet_place_ptr() - address in this process of a place
 * @region: the region
 * @handle: a place; bit 31 is ignored
 *
 * Context: any thread, hot path.
 * Return: base + 64 * place.
 */
static inline void *vfnet_place_ptr(const struct vfnet_region *region, uint32_t handle)
{
	return region->base + ((uint64_t)(handle & VFNET_PLACE_MASK) << VFNET_PLACE_SHIFT);
}

/** VFNET_DMA_NO_CROSS - the object must not cross a page boundary of the region. */
#define VFNET_DMA_NO_CROSS 0x1u

/**
 * vfnet_dma_alloc() - carve a small DMA object (a ring, a message buffer) from the region
 * @region: the region
 * @bytes:  size, 1 or more; rounded up to a multiple of 64
 * @align:  power of two, 64 up to the region's page size (at least 2 MiB); smaller values mean 64
 * @flags:  0 or VFNET_DMA_NO_CROSS (then @bytes is at most a page)
 * @out:    first byte, zeroed; the caller owns it until vfnet_dma_free()
 * @err:    may be NULL
 *
 * A free piece of @bytes + @align (2 * @bytes + @align with VFNET_DMA_NO_CROSS) and 1/32 more is
 * always found; of pieces that fit more tightly, 1024 are tried.
 *
 * Context: any thread; takes a lock; O(1), amortised. On ordinary pages the first object in a chunk
 * makes a system call that allocates the chunk.
 * Return: 0; -EINVAL for a size, alignment or flag out of range; -ENOMEM when no free piece of
 * the region is large enough, or the machine is out of memory.
 */
int vfnet_dma_alloc(struct vfnet_region *region, uint64_t bytes, uint64_t align, unsigned int flags,
		    void **out, struct vfnet_err *err);

/**
 * vfnet_dma_free() - give an object back
 * @region: the region it came from
 * @ptr:    what vfnet_dma_alloc() returned; NULL does nothing
 *
 * Context: any thread; takes a lock. No device may still read or write it.
 * Return: 0; -EINVAL if @ptr is not the first byte of a live object (nothing happens).
 */
int vfnet_dma_free(struct vfnet_region *region, void *ptr);

/**
 * vfnet_dma_free_bytes() - how much of the region no object and no pool occupies
 * @region: the region
 *
 * Context: any thread; takes a lock.
 * Return: bytes; may be in several pieces.
 */
uint64_t vfnet_dma_free_bytes(struct vfnet_region *region);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
