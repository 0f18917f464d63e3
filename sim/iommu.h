/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_IOMMU_H
#define SIM_IOMMU_H

/*
 * The I/O address space of a card's functions: which process memory lies at which I/O address. It
 * plays the IOMMU: a card never follows an address that is not in it.
 *
 * Everything here is called under the lock of the struct vfnet_sim.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/bits.h"
#include "lib/dev/dev.h"

/** struct sim_range - [iova, iova + bytes) is at @mem. */
struct sim_range {
	uint64_t iova;
	uint64_t bytes;
	uint8_t *mem;
};

/**
 * struct sim_dma - one I/O address space
 * @base:       what the contract knows of it
 * @hit:        the range that the last look-up found; bytes 0 = none
 * @ranges:     sorted by address, without overlap
 * @n, @room:   of @ranges
 * @generation: changes with every mapping made or undone
 */
struct sim_dma {
	struct vfnet_dma base;
	struct sim_range hit;
	struct sim_range *ranges;
	size_t n;
	size_t room;
	uint32_t generation;
};

/** sim_dma_map() - add a range. Return: 0; -EINVAL overlap or not in pages; -ENOMEM. */
int sim_dma_map(struct sim_dma *dma, const struct sim_range *range, struct vfnet_err *err);

/** sim_dma_unmap() - remove all ranges that begin in [iova, iova + bytes). */
void sim_dma_unmap(struct sim_dma *dma, uint64_t iova, uint64_t bytes);

/** sim_dma_find() - the slow half of sim_dma_ptr(). */
uint8_t *sim_dma_find(struct sim_dma *dma, uint64_t iova, uint64_t bytes);

/**
 * sim_dma_ptr() - where [iova, iova + bytes) is, if it lies in one range
 *
 * Return: the memory; NULL if any byte is outside, or if it spans two ranges: sim_dma_read() and
 * sim_dma_write() can do that.
 */
static inline uint8_t *sim_dma_ptr(struct sim_dma *dma, uint64_t iova, uint64_t bytes)
{
	uint64_t off = iova - dma->hit.iova;

	if (vfnet_likely(off < dma->hit.bytes && bytes <= dma->hit.bytes - off))
		return dma->hit.mem + off;
	return sim_dma_find(dma, iova, bytes);
}

/** sim_dma_covers() - whether every byte is mapped, in one range or several. */
bool sim_dma_covers(struct sim_dma *dma, uint64_t iova, uint64_t bytes);

/** sim_dma_read() - copy from I/O memory. Return: false if any byte is outside. */
bool sim_dma_read(struct sim_dma *dma, uint64_t iova, void *to, uint64_t bytes);

/** sim_dma_write() - copy to I/O memory. Return: false, and nothing written, as above. */
bool sim_dma_write(struct sim_dma *dma, uint64_t iova, const void *from, uint64_t bytes);

#endif
