/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two-level segregated fit over 64-byte units, used by dma_alloc.c (objects) and pool.c (ranges).
 * Free pieces are listed by size class: a row per power of two, 32 classes in a row; two bitmaps
 * find the next non-empty class in a few instructions. Owned pieces are found by a hash of their
 * place, their neighbours through links in address order.
 */
#include "lib/mem/heap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"

#define NIL	      UINT32_MAX
#define SUB_SHIFT     5
#define FIRST_RECORDS 64
#define MOST_LOOKS    1024

static_assert(1 << SUB_SHIFT == VFNET_HEAP_SUB, "classes in a row");

struct size_class {
	unsigned int row;
	unsigned int sub;
};

static struct size_class class_of(uint32_t units)
{
	unsigned int log2;

	if (units < VFNET_HEAP_SUB)
		return (struct size_class){0, units};
	log2 = 31 - (unsigned int)__builtin_clz(units);
	return (struct size_class){log2 - SUB_SHIFT + 1,
				   (units >> (log2 - SUB_SHIFT)) & (VFNET_HEAP_SUB - 1)};
}

/* the lowest class from which on every piece has at least @units */
static struct size_class class_above(uint32_t units)
{
	if (units >= VFNET_HEAP_SUB)
		units += (1u << (31 - SUB_SHIFT - __builtin_clz(units))) - 1;
	return class_of(units);
}

/* the first non-empty class from *@c on; false if there is none */
static bool class_find(const struct vfnet_heap *heap, struct size_class *c)
{
	uint32_t subs = heap->sub_map[c->row] & (UINT32_MAX << c->sub);

	if (!subs) {
		uint32_t rows = heap->row_map & (UINT32_MAX << c->row) & ~(1u << c->row);

		if (!rows)
			return false;
		c->row = (unsigned int)__builtin_ctz(rows);
		subs = heap->sub_map[c->row];
	}
	c->sub = (unsigned int)__builtin_ctz(subs);
	return true;
}

static void list_insert(struct vfnet_heap *heap, uint32_t i)
{
	struct vfnet_heap_piece *piece = &heap->piece[i];
	struct size_class c = class_of(piece->units);
	uint32_t *head = &heap->head[c.row][c.sub];

	piece->kind = VFNET_HEAP_FREE;
	piece->prev = NIL;
	piece->next = *head;
	if (*head != NIL)
		heap->piece[*head].prev = i;
	*head = i;
	heap->sub_map[c.row] |= 1u << c.sub;
	heap->row_map |= 1u << c.row;
}

static void list_remove(struct vfnet_heap *heap, uint32_t i)
{
	struct vfnet_heap_piece *piece = &heap->piece[i];
	struct size_class c = class_of(piece->units);

	if (piece->next != NIL)
		heap->piece[piece->next].prev = piece->prev;
	if (piece->prev != NIL) {
		heap->piece[piece->prev].next = piece->next;
		return;
	}
	heap->head[c.row][c.sub] = piece->next;
	if (piece->next != NIL)
		return;
	heap->sub_map[c.row] &= ~(1u << c.sub);
	if (!heap->sub_map[c.row])
		heap->row_map &= ~(1u << c.row);
}

static uint32_t *bucket_of(struct vfnet_heap *heap, uint32_t place)
{
	/* multiplicative hash: the upper bits are the well mixed ones */
	return &heap->bucket[(uint32_t)(place * 2654435769u) >>
			     (__builtin_clz(heap->n_records) + 1)];
}

static void hash_insert(struct vfnet_heap *heap, uint32_t i)
{
	uint32_t *bucket = bucket_of(heap, heap->piece[i].place);

	heap->piece[i].next = *bucket;
	*bucket = i;
}

static void record_drop(struct vfnet_heap *heap, uint32_t i)
{
	heap->piece[i].kind = VFNET_HEAP_UNUSED;
	heap->piece[i].next = heap->spare;
	heap->spare = i;
	heap->n_spare++;
}

static uint32_t record_take(struct vfnet_heap *heap)
{
	uint32_t i = heap->spare;

	heap->spare = heap->piece[i].next;
	heap->n_spare--;
	return i;
}

/* twice the records, and a hash table as large */
static int records_grow(struct vfnet_heap *heap)
{
	uint32_t old = heap->n_records;
	uint32_t n = old ? old * 2 : FIRST_RECORDS;
	struct vfnet_heap_piece *piece;
	uint32_t *bucket = malloc(n * sizeof(*bucket));

	if (!bucket)
		return -ENOMEM;
	piece = realloc(heap->piece, n * sizeof(*piece));
	if (!piece) {
		free(bucket);
		return -ENOMEM;
	}
	free(heap->bucket);
	memset(bucket, 0xff, n * sizeof(*bucket));
	heap->piece = piece;
	heap->bucket = bucket;
	heap->n_records = n;
	for (uint32_t i = n; i-- > old;)
		record_drop(heap, i);
	for (uint32_t i = 0; i < old; i++)
		if (piece[i].kind >= VFNET_HEAP_OBJECT)
			hash_insert(heap, i);
	return 0;
}

int vfnet_heap_open(struct vfnet_heap *heap, uint32_t units)
{
	uint32_t i;

	memset(heap, 0, sizeof(*heap));
	memset(heap->head, 0xff, sizeof(heap->head));
	heap->spare = NIL;
	if (records_grow(heap))
		return -ENOMEM;
	i = record_take(heap);
	heap->piece[i] = (struct vfnet_heap_piece){.units = units, .before = NIL, .after = NIL};
	heap->free_units = units;
	list_insert(heap, i);
	return 0;
}

void vfnet_heap_close(struct vfnet_heap *heap)
{
	free(heap->piece);
	free(heap->bucket);
}

/* the lowest place in a piece where @want fits, as a 64-bit number; UINT64_MAX if nowhere */
static uint64_t fit(const struct vfnet_heap_piece *piece, const struct vfnet_heap_want *want)
{
	uint64_t start = vfnet_align_up(piece->place, want->align);
	uint64_t page = want->page;

	if (page && start / page != (start + want->units - 1) / page)
		start = vfnet_align_up(vfnet_align_up(start, page), want->align);
	if (start + want->units > (uint64_t)piece->place + piece->units)
		return UINT64_MAX;
	return start;
}

/* among pieces that may be too small, one by one */
static uint32_t find_tight(const struct vfnet_heap *heap, const struct vfnet_heap_want *want)
{
	struct size_class c = class_of(want->units);
	unsigned int looks = 0;

	while (class_find(heap, &c)) {
		for (uint32_t i = heap->head[c.row][c.sub]; i != NIL; i = heap->piece[i].next) {
			if (fit(&heap->piece[i], want) != UINT64_MAX)
				return i;
			if (++looks == MOST_LOOKS)
				return NIL;
		}
		if (++c.sub == VFNET_HEAP_SUB) {
			c.sub = 0;
			if (++c.row == VFNET_HEAP_ROWS)
				break;
		}
	}
	return NIL;
}

static uint32_t find_piece(const struct vfnet_heap *heap, const struct vfnet_heap_want *want)
{
	uint64_t enough = (uint64_t)want->units + want->align - 1 + (want->page ? want->units : 0);

	if (enough <= heap->free_units) {
		struct size_class c = class_above((uint32_t)enough);

		if (class_find(heap, &c))
			return heap->head[c.row][c.sub];
	}
	return find_tight(heap, want);
}

/* cut @units off the front of piece @i; the front keeps record @i, the rest is returned */
static uint32_t split(struct vfnet_heap *heap, uint32_t i, uint32_t units)
{
	uint32_t rest = record_take(heap);
	struct vfnet_heap_piece *front = &heap->piece[i];

	heap->piece[rest] = (struct vfnet_heap_piece){
	    .place = front->place + units,
	    .units = front->units - units,
	    .before = i,
	    .after = front->after,
	};
	if (front->after != NIL)
		heap->piece[front->after].before = rest;
	front->after = rest;
	front->units = units;
	return rest;
}

int vfnet_heap_alloc(struct vfnet_heap *heap, const struct vfnet_heap_want *want,
		     enum vfnet_heap_kind kind, uint32_t *place)
{
	uint32_t i, front;

	if (heap->n_spare < 2 && records_grow(heap))
		return -ENOMEM;
	i = find_piece(heap, want);
	if (i == NIL)
		return -ENOMEM;
	list_remove(heap, i);
	front = (uint32_t)fit(&heap->piece[i], want) - heap->piece[i].place;
	if (front) {
		uint32_t rest = split(heap, i, front);

		list_insert(heap, i);
		i = rest;
	}
	if (heap->piece[i].units > want->units)
		list_insert(heap, split(heap, i, want->units));
	heap->piece[i].kind = kind;
	hash_insert(heap, i);
	heap->free_units -= want->units;
	*place = heap->piece[i].place;
	return 0;
}

/* piece @i swallows its neighbour above */
static void merge_after(struct vfnet_heap *heap, uint32_t i)
{
	struct vfnet_heap_piece *piece = &heap->piece[i];
	uint32_t gone = piece->after;

	piece->units += heap->piece[gone].units;
	piece->after = heap->piece[gone].after;
	if (piece->after != NIL)
		heap->piece[piece->after].before = i;
	record_drop(heap, gone);
}

static bool is_free(const struct vfnet_heap *heap, uint32_t i)
{
	return i != NIL && heap->piece[i].kind == VFNET_HEAP_FREE;
}

int vfnet_heap_free(struct vfnet_heap *heap, uint32_t place, enum vfnet_heap_kind kind)
{
	uint32_t *link = bucket_of(heap, place);
	uint32_t i, before;

	while (*link != NIL && heap->piece[*link].place != place)
		link = &heap->piece[*link].next;
	i = *link;
	if (i == NIL || heap->piece[i].kind != kind)
		return -EINVAL;
	*link = heap->piece[i].next;
	heap->free_units += heap->piece[i].units;
	if (is_free(heap, heap->piece[i].after)) {
		list_remove(heap, heap->piece[i].after);
		merge_after(heap, i);
	}
	before = heap->piece[i].before;
	if (is_free(heap, before)) {
		list_remove(heap, before);
		merge_after(heap, before);
		i = before;
	}
	list_insert(heap, i);
	return 0;
}
