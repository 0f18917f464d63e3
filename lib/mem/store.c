/* SPDX-License-Identifier: BSD-2-Clause */
/* Lock-free stock of free buffers; cache.c moves whole blocks in and out. */
#include "lib/mem/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"

#define BLOCK_BYTES (VFNET_POOL_BLOCK * sizeof(uint32_t))

static uint32_t next_of(const struct vfnet_stack *stack, uint32_t i)
{
	return __atomic_load_n(&stack->next[i], __ATOMIC_RELAXED);
}

static void set_next(struct vfnet_stack *stack, uint32_t i, uint32_t next)
{
	__atomic_store_n(&stack->next[i], next, __ATOMIC_RELAXED);
}

static uint64_t new_head(uint64_t old, uint32_t top)
{
	return ((old >> 32) + 1) << 32 | top;
}

/* @first .. @last are linked already */
static void push(struct vfnet_stack *stack, uint32_t first, uint32_t last)
{
	uint64_t old = __atomic_load_n(&stack->head, __ATOMIC_RELAXED);

	/* release: who pops this number sees its links and handles */
	do
		set_next(stack, last, (uint32_t)old);
	while (!__atomic_compare_exchange_n(&stack->head, &old, new_head(old, first), true,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/* Up to @n numbers from the top, as a linked list; how many. A link that another thread changes
 * while we walk is a valid number, and the count in the head tells us to start again. */
static unsigned int pop(struct vfnet_stack *stack, unsigned int n, uint32_t *first)
{
	uint64_t old = __atomic_load_n(&stack->head, __ATOMIC_ACQUIRE);
	unsigned int got;
	uint32_t below;

	do {
		below = (uint32_t)old;
		for (got = 0; got < n && below != VFNET_STORE_NONE; got++)
			below = next_of(stack, below);
		if (!got)
			return 0;
		*first = (uint32_t)old;
	} while (!__atomic_compare_exchange_n(&stack->head, &old, new_head(old, below), true,
					      __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
	return got;
}

static int stack_open(struct vfnet_stack *stack, uint32_t n)
{
	stack->head = VFNET_STORE_NONE;
	stack->next = malloc((n ? n : 1) * sizeof(*stack->next));
	return stack->next ? 0 : -ENOMEM;
}

int vfnet_store_open(struct vfnet_store *store, uint32_t first, uint32_t stride, uint32_t n_slots)
{
	uint32_t n_blocks = n_slots / VFNET_POOL_BLOCK;

	memset(store, 0, sizeof(*store));
	store->first = first;
	store->stride = stride;
	store->block = aligned_alloc(BLOCK_BYTES, (n_blocks ? n_blocks : 1) * BLOCK_BYTES);
	if (!store->block || stack_open(&store->full, n_blocks) ||
	    stack_open(&store->loose, n_slots)) {
		vfnet_store_close(store);
		return -ENOMEM;
	}
	/* a block is on one of the two at most, and what was popped from one is pushed on the other
	 */
	store->empty = (struct vfnet_stack){.head = VFNET_STORE_NONE, .next = store->full.next};
	for (uint32_t i = n_blocks; i-- > 0;)
		push(&store->empty, i, i);
	return 0;
}

void vfnet_store_close(struct vfnet_store *store)
{
	free(store->block);
	free(store->full.next);
	free(store->loose.next);
}

static void put_loose(struct vfnet_store *store, const uint32_t *handle, unsigned int n)
{
	uint32_t first = (handle[0] - store->first) / store->stride;
	uint32_t last = first;

	for (unsigned int i = 1; i < n; i++) {
		uint32_t next = (handle[i] - store->first) / store->stride;

		set_next(&store->loose, last, next);
		last = next;
	}
	push(&store->loose, first, last);
}

/* Fill the list of empty blocks with the last of @n handles, the very last on top. Return: how many
 * handles are left. */
static unsigned int put_blocks(struct vfnet_store *store, uint32_t first, unsigned int n_blocks,
			       const uint32_t *handle, unsigned int n)
{
	uint32_t last, i = first;

	for (; n_blocks; n_blocks--) {
		n -= VFNET_POOL_BLOCK;
		memcpy(store->block[i], &handle[n], BLOCK_BYTES);
		last = i;
		i = next_of(&store->empty, i);
	}
	push(&store->full, first, last);
	return n;
}

void vfnet_store_put(struct vfnet_store *store, const uint32_t *handle, unsigned int n)
{
	unsigned int n_blocks;
	uint32_t first;

	/* counted before they can be taken, so that the count never falls below 0 */
	__atomic_fetch_add(&store->n_free, n, __ATOMIC_RELAXED);
	while (n >= VFNET_POOL_BLOCK &&
	       (n_blocks = pop(&store->empty, n / VFNET_POOL_BLOCK, &first)))
		n = put_blocks(store, first, n_blocks, handle, n);
	if (n)
		put_loose(store, handle, n);
}

static void count_taken(struct vfnet_store *store, unsigned int n)
{
	uint32_t left = __atomic_sub_fetch(&store->n_free, n, __ATOMIC_RELAXED);
	uint32_t low = __atomic_load_n(&store->low_water, __ATOMIC_RELAXED);

	while (left < low && !__atomic_compare_exchange_n(&store->low_water, &low, left, true,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* What lies on top of the store goes to the end of what the caller gets, as on top of its stack. */
static unsigned int get_blocks(struct vfnet_store *store, uint32_t *handle, unsigned int n_blocks)
{
	uint32_t first, last, i;
	unsigned int n;

	n_blocks = pop(&store->full, n_blocks, &first);
	if (!n_blocks)
		return 0;
	n = n_blocks * VFNET_POOL_BLOCK;
	for (i = first; n_blocks; n_blocks--) {
		memcpy(&handle[(n_blocks - 1) * VFNET_POOL_BLOCK], store->block[i], BLOCK_BYTES);
		last = i;
		i = next_of(&store->full, i);
	}
	push(&store->empty, first, last);
	return n;
}

static unsigned int get_loose(struct vfnet_store *store, uint32_t *handle)
{
	uint32_t i;
	unsigned int n = pop(&store->loose, VFNET_POOL_BLOCK, &i);

	for (unsigned int k = 0; k < n; k++) {
		handle[k] = store->first + i * store->stride;
		i = next_of(&store->loose, i);
	}
	return n;
}

unsigned int vfnet_store_get(struct vfnet_store *store, uint32_t *handle, unsigned int n_blocks)
{
	unsigned int n = get_blocks(store, handle, n_blocks);

	if (!n)
		n = get_loose(store, handle);
	if (n)
		count_taken(store, n);
	return n;
}

void vfnet_store_reset_low_water(struct vfnet_store *store)
{
	__atomic_store_n(&store->low_water, store->n_free, __ATOMIC_RELAXED);
}
