/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of the region: small objects for callers, ranges of chunks for pools. heap.c keeps the
 * books; here are the lock, the addresses and the zeroes.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/mem/hugepage.h"
#include "lib/mem/region.h"

#define UNIT (UINT64_C(1) << VFNET_PLACE_SHIFT)

static uint32_t units_of(uint64_t bytes)
{
	return (uint32_t)((bytes + UNIT - 1) >> VFNET_PLACE_SHIFT);
}

static int check_object(const struct vfnet_region *region, uint64_t bytes, uint64_t align,
			unsigned int flags, struct vfnet_err *err)
{
	uint64_t most = region->page_bytes > VFNET_PAGE_2M ? region->page_bytes : VFNET_PAGE_2M;

	if (flags & ~VFNET_DMA_NO_CROSS)
		return vfnet_err_set(err, -EINVAL, "DMA object: unknown flags 0x%x", flags);
	if (align > most || (align > UNIT && !vfnet_is_pow2(align)))
		return vfnet_err_set(err, -EINVAL,
				     "DMA object: alignment %" PRIu64
				     " is not a power of two up to %" PRIu64,
				     align, most);
	if (!bytes)
		return vfnet_err_set(err, -EINVAL, "DMA object: a size of 0 bytes");
	if (flags & VFNET_DMA_NO_CROSS && bytes > region->page_bytes)
		return vfnet_err_set(err, -EINVAL,
				     "DMA object: %" PRIu64 " bytes cannot lie within one page of "
				     "%" PRIu64 " bytes: use hugepages, or allow the crossing",
				     bytes, region->page_bytes);
	return 0;
}

static int alloc_place(struct vfnet_region_impl *region, uint64_t bytes,
		       struct vfnet_heap_want *want, enum vfnet_heap_kind kind, uint32_t *place,
		       struct vfnet_err *err)
{
	uint64_t n_free, at;
	uint32_t found;
	int ret = -ENOMEM;

	pthread_mutex_lock(&region->lock);
	n_free = (uint64_t)region->heap.free_units * UNIT;
	if (bytes <= n_free) {
		want->units = units_of(bytes);
		ret = vfnet_heap_alloc(&region->heap, want, kind, &found);
	}
	if (ret) {
		vfnet_err_set(err, ret,
			      "no free piece of %" PRIu64 " bytes in the region (%" PRIu64
			      " of %" PRIu64 " bytes are free): open it larger (region_bytes)",
			      bytes, n_free, region->pub.bytes);
		goto out;
	}
	at = (uint64_t)found << VFNET_PLACE_SHIFT;
	ret = vfnet_backing_ensure(&region->backing, at, bytes, err);
	if (ret)
		vfnet_heap_free(&region->heap, found, kind);
	else
		*place = found;
out:
	pthread_mutex_unlock(&region->lock);
	return ret;
}

int vfnet_dma_alloc(struct vfnet_region *region, uint64_t bytes, uint64_t align, unsigned int flags,
		    void **out, struct vfnet_err *err)
{
	struct vfnet_heap_want want = {
	    .align = align > UNIT ? (uint32_t)(align >> VFNET_PLACE_SHIFT) : 1,
	    .page = flags & VFNET_DMA_NO_CROSS ? units_of(region->page_bytes) : 0,
	};
	uint32_t place;
	int ret = check_object(region, bytes, align, flags, err);

	if (!ret)
		ret = alloc_place(vfnet_region_private(region), bytes, &want, VFNET_HEAP_OBJECT,
				  &place, err);
	if (ret)
		return ret;
	*out = vfnet_place_ptr(region, place);
	memset(*out, 0, (size_t)want.units * UNIT);
	return 0;
}

int vfnet_dma_free(struct vfnet_region *region, void *ptr)
{
	struct vfnet_region_impl *impl = vfnet_region_private(region);
	uint64_t at = (uintptr_t)ptr - (uintptr_t)region->base;
	int ret;

	if (!ptr)
		return 0;
	if (at >= region->bytes || at % UNIT)
		return -EINVAL;
	pthread_mutex_lock(&impl->lock);
	ret = vfnet_heap_free(&impl->heap, (uint32_t)(at >> VFNET_PLACE_SHIFT), VFNET_HEAP_OBJECT);
	pthread_mutex_unlock(&impl->lock);
	return ret;
}

uint64_t vfnet_dma_free_bytes(struct vfnet_region *region)
{
	struct vfnet_region_impl *impl = vfnet_region_private(region);
	uint64_t bytes;

	pthread_mutex_lock(&impl->lock);
	bytes = (uint64_t)impl->heap.free_units * UNIT;
	pthread_mutex_unlock(&impl->lock);
	return bytes;
}

int vfnet_region_carve(struct vfnet_region_impl *region, uint64_t bytes, uint32_t *place,
		       struct vfnet_err *err)
{
	struct vfnet_heap_want want = {
	    .align = 1u << (region->pub.chunk_shift - VFNET_PLACE_SHIFT),
	};

	return alloc_place(region, bytes, &want, VFNET_HEAP_RANGE, place, err);
}

void vfnet_region_uncarve(struct vfnet_region_impl *region, uint32_t place)
{
	pthread_mutex_lock(&region->lock);
	vfnet_heap_free(&region->heap, place, VFNET_HEAP_RANGE);
	pthread_mutex_unlock(&region->lock);
}
