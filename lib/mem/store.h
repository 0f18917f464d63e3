/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_STORE_H
#define VFNET_MEM_STORE_H

/*
 * The free buffers of a pool, shared by all threads, lock-free, most recently freed first. Handles
 * lie in blocks of 32, outside the buffers; what does not fill a block is loose, linked one by one.
 * That takes 8 bytes and a quarter per buffer.
 */

#include <stdint.h>

#include <vfnet/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VFNET_STORE_NONE UINT32_MAX

/**
 * struct vfnet_stack - Treiber stack of numbers
 * @head: atomic; 31:0 the number on top, 63:32 counts the changes. A thread that slept between
 *        reading and swapping the head would have to sleep through exactly 2^32 changes to be
 *        fooled
 * @next: atomic; for each number the one below it
 */
struct vfnet_stack {
	uint64_t head;
	uint32_t *next;
};

/**
 * struct vfnet_store - the free buffers
 * @full:      blocks of 32 handles
 * @empty:     blocks without handles; links are those of @full, because a block is on one of them
 * @n_free:    atomic; buffers in here, never less than can be taken
 * @low_water: atomic; the least of @n_free
 * @first:     place of buffer 0
 * @stride:    places from one buffer to the next
 * @block:     handles of each block; one block for each 32 buffers is always enough, because the
 *             handles of a block in use are nowhere else
 * @loose:     buffers, one by one
 *
 * All that blocks need to come and go is in the first line.
 */
struct vfnet_store {
	struct vfnet_stack full;
	struct vfnet_stack empty;
	uint32_t n_free;
	uint32_t low_water;
	uint32_t first;
	uint32_t stride;
	uint32_t (*block)[VFNET_POOL_BLOCK];
	struct vfnet_stack loose;
};

/**
 * vfnet_store_open() - an empty store
 * @first:   place of the first buffer
 * @stride:  places from one buffer to the next
 * @n_slots: buffers that can ever be put into it
 *
 * Return: 0; -ENOMEM.
 */
int vfnet_store_open(struct vfnet_store *store, uint32_t first, uint32_t stride, uint32_t n_slots);

void vfnet_store_close(struct vfnet_store *store);

/**
 * vfnet_store_put() - give @n handles, each a buffer of this store that is not in it
 *
 * Context: any thread.
 */
void vfnet_store_put(struct vfnet_store *store, const uint32_t *handle, unsigned int n);

/**
 * vfnet_store_get() - take blocks, the most recently given last
 * @handle:   room for @n_blocks * VFNET_POOL_BLOCK handles
 * @n_blocks: most that are wanted, at least 1
 *
 * Context: any thread.
 * Return: how many handles: of whole blocks, or what is loose of one, or 0.
 */
unsigned int vfnet_store_get(struct vfnet_store *store, uint32_t *handle, unsigned int n_blocks);

/** vfnet_store_reset_low_water() - forget the low-water mark of the first filling. */
void vfnet_store_reset_low_water(struct vfnet_store *store);

#ifdef __cplusplus
}
#endif

#endif
