/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/iommu.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"

#define PAGE_BYTES 4096u

/* Index of the first range that ends after @iova; n if none does. */
static size_t first_after(const struct sim_dma *dma, uint64_t iova)
{
	size_t low = 0;
	size_t high = dma->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct sim_range *range = &dma->ranges[mid];

		if (range->iova + (range->bytes - 1) < iova)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int check(const struct sim_dma *dma, const struct sim_range *range, size_t at,
		 struct vfnet_err *err)
{
	uint64_t last = range->iova + (range->bytes - 1);

	if (!range->bytes || last < range->iova ||
	    ((range->iova | range->bytes | (uintptr_t)range->mem) & (PAGE_BYTES - 1)))
		return vfnet_err_set(err, -EINVAL,
				     "sim: cannot map %" PRIu64 " bytes at I/O address 0x%" PRIx64
				     ": address and size must be multiples of %u",
				     range->bytes, range->iova, PAGE_BYTES);
	if (at < dma->n && dma->ranges[at].iova <= last)
		return vfnet_err_set(err, -EINVAL,
				     "sim: cannot map %" PRIu64 " bytes at I/O address 0x%" PRIx64
				     ": 0x%" PRIx64 " is mapped already",
				     range->bytes, range->iova, dma->ranges[at].iova);
	return 0;
}

int sim_dma_map(struct sim_dma *dma, const struct sim_range *range, struct vfnet_err *err)
{
	size_t at = first_after(dma, range->iova);
	int ret = check(dma, range, at, err);

	if (ret)
		return ret;
	if (dma->n == dma->room) {
		size_t room = dma->room ? 2 * dma->room : 4;
		struct sim_range *more = realloc(dma->ranges, room * sizeof(*more));

		if (!more)
			return vfnet_err_set(err, -ENOMEM, "sim: no memory for a mapping");
		dma->ranges = more;
		dma->room = room;
	}
	memmove(&dma->ranges[at + 1], &dma->ranges[at], (dma->n - at) * sizeof(*range));
	dma->ranges[at] = *range;
	dma->n++;
	dma->generation++;
	return 0;
}

void sim_dma_unmap(struct sim_dma *dma, uint64_t iova, uint64_t bytes)
{
	size_t kept = 0;

	for (size_t i = 0; i < dma->n; i++) {
		if (dma->ranges[i].iova - iova >= bytes)
			dma->ranges[kept++] = dma->ranges[i];
	}
	dma->n = kept;
	dma->hit.bytes = 0;
	dma->generation++;
}

/* The range with the byte at @iova, NULL if there is none. */
static const struct sim_range *range_at(struct sim_dma *dma, uint64_t iova)
{
	size_t at = first_after(dma, iova);

	if (at == dma->n || dma->ranges[at].iova > iova)
		return NULL;
	return &dma->ranges[at];
}

uint8_t *sim_dma_find(struct sim_dma *dma, uint64_t iova, uint64_t bytes)
{
	const struct sim_range *range = range_at(dma, iova);

	if (!range || bytes > range->bytes - (iova - range->iova))
		return NULL;
	dma->hit = *range;
	return range->mem + (iova - range->iova);
}

enum copy { COVERS, READ, WRITE };

/* One walk over the ranges for all three; @mem is the process's side. */
static bool walk(struct sim_dma *dma, uint64_t iova, uint8_t *mem, uint64_t bytes, enum copy copy)
{
	while (bytes) {
		const struct sim_range *range = range_at(dma, iova);
		uint64_t off;
		uint64_t n;

		if (!range)
			return false;
		off = iova - range->iova;
		n = range->bytes - off < bytes ? range->bytes - off : bytes;
		if (copy == READ)
			memmove(mem, range->mem + off, n);
		else if (copy == WRITE)
			memmove(range->mem + off, mem, n);
		iova += n;
		if (copy != COVERS)
			mem += n;
		bytes -= n;
	}
	return true;
}

bool sim_dma_covers(struct sim_dma *dma, uint64_t iova, uint64_t bytes)
{
	return walk(dma, iova, NULL, bytes, COVERS);
}

bool sim_dma_read(struct sim_dma *dma, uint64_t iova, void *to, uint64_t bytes)
{
	return walk(dma, iova, to, bytes, READ);
}

bool sim_dma_write(struct sim_dma *dma, uint64_t iova, const void *from, uint64_t bytes)
{
	return sim_dma_covers(dma, iova, bytes) &&
	       walk(dma, iova, (void *)(uintptr_t)from, bytes, WRITE);
}
