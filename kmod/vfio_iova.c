// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which I/O addresses of a domain are in use, and where there is room.
 *
 * Neither the IOMMU drivers nor the IOMMU core can be asked: mapping twice succeeds on some, and so
 * does unmapping what is not mapped. The ranges are part of the mappings, so that taking one out
 * needs no memory and cannot fail.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/rbtree_augmented.h>
#include <linux/slab.h>

#include "vfio_dma.h"

#define to_range(node) rb_entry(node, struct vfio_range, rb)

static inline unsigned long vfio_range_gap(struct vfio_range *range)
{
	return range->gap;
}

RB_DECLARE_CALLBACKS_MAX(static, vfio_range_callbacks, struct vfio_range, rb, unsigned long,
			 max_gap, vfio_range_gap)

/**
 * vfio_space_init() - a space in which everything is free
 * @space: the space
 */
void vfio_space_init(struct vfio_space *space)
{
	space->root = RB_ROOT;
	space->end.first = ULONG_MAX;
	space->end.last = ULONG_MAX;
	space->end.gap = ULONG_MAX;
	space->end.max_gap = ULONG_MAX;
	space->end.map = false;
	rb_link_node(&space->end.rb, NULL, &space->root.rb_node);
	rb_insert_augmented(&space->end.rb, &space->root, &vfio_range_callbacks);
}

/**
 * vfio_space_find() - what is in the way?
 * @space: the space
 * @first: page number
 * @last:  page number, inclusive
 *
 * Return: the lowest range that has a page in common with [@first, @last], or NULL.
 */
struct vfio_range *vfio_space_find(struct vfio_space *space, unsigned long first,
				   unsigned long last)
{
	struct rb_node *node = space->root.rb_node;
	struct vfio_range *found = NULL;

	while (node) {
		struct vfio_range *range = to_range(node);

		if (range->last >= first) {
			found = range;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found && found->first <= last ? found : NULL;
}

/**
 * vfio_space_last() - the highest mapping
 * @space: the space
 *
 * Return: its range, or NULL.
 */
struct vfio_range *vfio_space_last(struct vfio_space *space)
{
	struct rb_node *node;

	for (node = rb_last(&space->root); node; node = rb_prev(node))
		if (to_range(node)->map)
			return to_range(node);
	return NULL;
}

/**
 * vfio_space_insert() - put a range into use
 * @space: the space, with nothing in the range's way
 * @range: the range; belongs to the space until vfio_space_remove()
 */
void vfio_space_insert(struct vfio_space *space, struct vfio_range *range)
{
	struct rb_node **link = &space->root.rb_node, *parent = NULL, *prev;
	struct vfio_range *next;

	while (*link) {
		parent = *link;
		if (range->first < to_range(parent)->first)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&range->rb, parent, link);
	prev = rb_prev(&range->rb);
	next = to_range(rb_next(&range->rb)); /* at least space->end */
	range->gap = range->first - (prev ? to_range(prev)->last + 1 : 0);
	range->max_gap = range->gap;
	next->gap = next->first - range->last - 1;
	/* Both gaps have changed, and neither node need be above the other. */
	vfio_range_callbacks.propagate(parent, NULL);
	vfio_range_callbacks.propagate(&next->rb, NULL);
	rb_insert_augmented(&range->rb, &space->root, &vfio_range_callbacks);
}

/**
 * vfio_space_remove() - free a range
 * @space: the space
 * @range: a range of it; now the caller's
 */
void vfio_space_remove(struct vfio_space *space, struct vfio_range *range)
{
	struct vfio_range *next = to_range(rb_next(&range->rb));

	/* In this order: a rotation takes it for granted that max_gap is right everywhere. */
	rb_erase_augmented(&range->rb, &space->root, &vfio_range_callbacks);
	next->gap += range->gap + (range->last - range->first + 1);
	vfio_range_callbacks.propagate(&next->rb, NULL);
}

/* The first range at or below @node, of those with a gap of @pages; there is one. */
static struct vfio_range *vfio_gap_leftmost(struct rb_node *node, unsigned long pages)
{
	for (;;) {
		while (node->rb_left && to_range(node->rb_left)->max_gap >= pages)
			node = node->rb_left;
		if (to_range(node)->gap >= pages)
			return to_range(node);
		node = node->rb_right;
	}
}

/* The next one behind @range with a gap of @pages, or NULL. */
static struct vfio_range *vfio_gap_next(struct vfio_range *range, unsigned long pages)
{
	struct rb_node *node = &range->rb, *parent;

	if (node->rb_right && to_range(node->rb_right)->max_gap >= pages)
		return vfio_gap_leftmost(node->rb_right, pages);
	for (; (parent = rb_parent(node)); node = parent) {
		if (node != parent->rb_left)
			continue;
		if (to_range(parent)->gap >= pages)
			return to_range(parent);
		if (parent->rb_right && to_range(parent->rb_right)->max_gap >= pages)
			return vfio_gap_leftmost(parent->rb_right, pages);
	}
	return NULL;
}

/**
 * vfio_space_gap() - find room
 * @space:   the space
 * @pages:   how many, not 0
 * @lowest:  no page below this one
 * @highest: no page above this one
 * @first:   out: the lowest page from which so many are free
 *
 * Takes logarithmic time, but for gaps that begin below @lowest.
 *
 * Return: 0, or -ENOSPC.
 */
int vfio_space_gap(struct vfio_space *space, unsigned long pages, unsigned long lowest,
		   unsigned long highest, unsigned long *first)
{
	struct vfio_range *range = NULL;
	struct rb_node *root = space->root.rb_node;

	if (to_range(root)->max_gap >= pages)
		range = vfio_gap_leftmost(root, pages);
	for (; range; range = vfio_gap_next(range, pages)) {
		unsigned long start = max(range->first - range->gap, lowest);
		unsigned long end = min(range->first - 1, highest);

		if (start > highest)
			break;
		if (start <= end && end - start >= pages - 1) {
			*first = start;
			return 0;
		}
	}
	return -ENOSPC;
}

/**
 * vfio_space_free() - free the reserved ranges
 * @space: the space, without a mapping; not to be used any more
 */
void vfio_space_free(struct vfio_space *space)
{
	struct vfio_range *range, *next;

	rbtree_postorder_for_each_entry_safe(range, next, &space->root, rb)
		if (range != &space->end)
			kfree(range);
}
