/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_HEAP_H
#define VFNET_MEM_HEAP_H

/*
 * Who owns which 64-byte units of a region: a two-level segregated fit. All its records lie outside
 * the memory that it divides, because a device can write there. A record of a piece, free or owned,
 * takes 28 bytes and 4 of a hash table; there are at most 2 n + 1 pieces when n are owned, and the
 * records grow by doubling: at most 128 bytes per owned piece. Not thread-safe: the region's lock
 * protects it.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VFNET_HEAP_SUB	32 /* size classes within a power of two */
#define VFNET_HEAP_ROWS 28 /* powers of two, 2^31 units at most */

/* whose a piece is; a free call must name the same kind */
enum vfnet_heap_kind {
	VFNET_HEAP_UNUSED, /* a record without a piece */
	VFNET_HEAP_FREE,
	VFNET_HEAP_OBJECT, /* vfnet_dma_alloc() */
	VFNET_HEAP_RANGE,  /* a pool */
};

struct vfnet_heap_piece {
	uint32_t place;
	uint32_t units;
	uint32_t before; /* neighbours in address order */
	uint32_t after;
	uint32_t prev; /* free: list of its size class */
	uint32_t next; /* free: the same; owned: hash chain; unused: spare list */
	uint32_t kind;
};

struct vfnet_heap {
	struct vfnet_heap_piece *piece;
	uint32_t *bucket; /* hash of owned pieces by place; as many as records */
	uint32_t n_records;
	uint32_t n_spare;
	uint32_t spare;
	uint32_t free_units;
	uint32_t row_map;
	uint32_t sub_map[VFNET_HEAP_ROWS];
	uint32_t head[VFNET_HEAP_ROWS][VFNET_HEAP_SUB];
};

/**
 * struct vfnet_heap_want - what to allocate, in units of 64 bytes
 * @units: 1 or more
 * @align: power of two
 * @page:  power of two, at least @units: do not cross a multiple of it; 0 = may cross
 */
struct vfnet_heap_want {
	uint32_t units;
	uint32_t align;
	uint32_t page;
};

/**
 * vfnet_heap_open() - one free piece of @units (1 .. 2^31)
 *
 * Return: 0; -ENOMEM.
 */
int vfnet_heap_open(struct vfnet_heap *heap, uint32_t units);

void vfnet_heap_close(struct vfnet_heap *heap);

/**
 * vfnet_heap_alloc() - O(1), amortised over the growth of the records
 *
 * A free piece that is larger than needed by the alignment and 1/32 is always found. When there is
 * none, up to 1024 free pieces of fitting size are tried one by one.
 *
 * Return: 0; -ENOMEM.
 */
int vfnet_heap_alloc(struct vfnet_heap *heap, const struct vfnet_heap_want *want,
		     enum vfnet_heap_kind kind, uint32_t *place);

/**
 * vfnet_heap_free() - O(1); merges with free neighbours
 *
 * Return: 0; -EINVAL if no owned piece of that kind starts at @place.
 */
int vfnet_heap_free(struct vfnet_heap *heap, uint32_t place, enum vfnet_heap_kind kind);

#ifdef __cplusplus
}
#endif

#endif
