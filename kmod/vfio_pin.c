// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a process that stays where it is, because a device may use it.
 *
 * It is remembered as runs of physically contiguous pages: a run is one call of the IOMMU and, as
 * far as the hardware can, few large entries in it.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "vfio_dma.h"

#define VFIO_PIN_BATCH (PAGE_SIZE / sizeof(struct page *))
#define VFIO_FIRST_RUNS 4 /* mostly one is enough */
#define VFIO_LOOK_BATCH 16

/**
 * vfio_next_run() - walk along the runs
 * @walk: where we are
 *
 * Return: the next run, or NULL.
 */
struct vfio_run *vfio_next_run(struct vfio_walk *walk)
{
	struct list_head *blocks = &walk->pinned->blocks, *here = blocks;

	if (walk->block)
		here = &walk->block->link;
	if (!walk->block || walk->next == walk->block->used) {
		if (list_is_last(here, blocks))
			return NULL;
		walk->block = list_first_entry(here, struct vfio_runs, link);
		walk->next = 0;
	}
	return &walk->block->run[walk->next++];
}

static struct vfio_runs *vfio_runs_more(struct vfio_pinned *pinned)
{
	struct vfio_runs *block;
	size_t size = struct_size(block, run, VFIO_FIRST_RUNS);

	if (!list_empty(&pinned->blocks))
		size = PAGE_SIZE;
	block = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!block)
		return NULL;
	block->used = 0;
	block->room = (size - sizeof(*block)) / sizeof(block->run[0]);
	list_add_tail(&block->link, &pinned->blocks);
	return block;
}

static int vfio_pinned_add(struct vfio_pinned *pinned, unsigned long pfn)
{
	struct vfio_runs *block = NULL;
	struct vfio_run *run;

	if (!list_empty(&pinned->blocks)) {
		block = list_last_entry(&pinned->blocks, struct vfio_runs, link);
		run = &block->run[block->used - 1];
		if (run->pfn + run->pages == pfn) {
			run->pages++;
			return 0;
		}
	}
	if (!block || block->used == block->room)
		block = vfio_runs_more(pinned);
	if (!block)
		return -ENOMEM;
	run = &block->run[block->used++];
	run->pfn = pfn;
	run->pages = 1;
	return 0;
}

/* Return: how many of the @n pages from @vaddr are pinned now, at least 1, or a negative errno. */
static long vfio_pin_some(struct vfio_pinned *pinned, unsigned long vaddr, unsigned long n,
			  bool write, struct page **pages)
{
	long got, i;
	int ret;

	got = vfio_pin_pages(vaddr, n, write, pages);
	if (got <= 0)
		return got ? got : -EFAULT;
	for (i = 0; i < got; i++) {
		ret = vfio_pinned_add(pinned, page_to_pfn(pages[i]));
		if (ret) {
			unpin_user_pages(pages + i, got - i);
			return ret;
		}
	}
	return got;
}

/**
 * vfio_pin() - pin memory of the current process
 * @pinned: out: what is pinned; nothing if this fails
 * @vaddr:  where, page-aligned
 * @pages:  how many
 * @write:  the device will write
 *
 * Context: may sleep for as long as the process wants to; no lock of ours is held.
 * Return: 0; -EFAULT: not all of it is there, or it may not be written; -EINTR; -ENOMEM.
 */
int vfio_pin(struct vfio_pinned *pinned, unsigned long vaddr, unsigned long pages, bool write)
{
	unsigned long batch = min_t(unsigned long, pages, VFIO_PIN_BATCH);
	struct page **array;
	long got = 0;

	INIT_LIST_HEAD(&pinned->blocks);
	array = kmalloc_array(batch, sizeof(*array), GFP_KERNEL_ACCOUNT);
	if (!array)
		return -ENOMEM;
	for (; pages; pages -= got, vaddr += got * PAGE_SIZE) {
		if (fatal_signal_pending(current)) {
			got = -EINTR;
			break;
		}
		got = vfio_pin_some(pinned, vaddr, min(pages, batch), write, array);
		if (got < 0)
			break;
		cond_resched();
	}
	kfree(array);
	if (got < 0) {
		vfio_unpin(pinned, false);
		vfio_pinned_forget(pinned);
		return got;
	}
	return 0;
}

/**
 * vfio_unpin() - let the memory go
 * @pinned: what is pinned; it remains known which pages they were
 * @dirty:  the device may have written
 *
 * Context: sleeps; takes page locks if @dirty.
 */
void vfio_unpin(struct vfio_pinned *pinned, bool dirty)
{
	struct vfio_walk walk = { .pinned = pinned };
	struct vfio_run *run;

	while ((run = vfio_next_run(&walk))) {
		unpin_user_page_range_dirty_lock(pfn_to_page(run->pfn), run->pages, dirty);
		cond_resched();
	}
}

/**
 * vfio_pinned_forget() - free the list
 * @pinned: after vfio_unpin()
 */
void vfio_pinned_forget(struct vfio_pinned *pinned)
{
	struct vfio_runs *block, *next;

	list_for_each_entry_safe(block, next, &pinned->blocks, link)
		kfree(block);
	INIT_LIST_HEAD(&pinned->blocks);
}

/*
 * Does the process see the @n pages from @pfn at @vaddr? 1, 0, or -EAGAIN: the first one that is
 * not there is locked, as a page is while it is moved, which fails in the end as it is pinned.
 */
static int vfio_run_same(struct mm_struct *mm, unsigned long vaddr, unsigned long pfn,
			 unsigned long n)
{
	struct page *pages[VFIO_LOOK_BATCH];
	bool same = true;
	long got, i;

	for (; n && same; n -= got, vaddr += got * PAGE_SIZE) {
		mmap_read_lock(mm);
		got = vfio_look_pages(mm, vaddr, min_t(unsigned long, n, VFIO_LOOK_BATCH), pages);
		mmap_read_unlock(mm);
		if (got <= 0)
			return folio_test_locked(page_folio(pfn_to_page(pfn))) ? -EAGAIN : 0;
		for (i = 0; i < got; i++) {
			same &= page_to_pfn(pages[i]) == pfn++;
			put_page(pages[i]);
		}
		cond_resched();
	}
	return same;
}

/**
 * vfio_pinned_same() - are these still the pages that the process sees?
 * @pinned: what was pinned, maybe not any more
 * @mm:     the process, with a user's reference (mmget)
 * @vaddr:  where it was pinned
 * @first:  the first page to look at, counted from @vaddr
 * @last:   the last one
 *
 * Faults nothing in, so that it neither waits for a user nor changes what it looks for.
 *
 * Return: 1: yes; 0: no; -EAGAIN: a page of it is away, maybe for a moment only.
 */
int vfio_pinned_same(struct vfio_pinned *pinned, struct mm_struct *mm, unsigned long vaddr,
		     unsigned long first, unsigned long last)
{
	unsigned long at = 0; /* the first page of the run, counted from vaddr */
	struct vfio_walk walk = { .pinned = pinned };
	struct vfio_run *run;
	int ret = 1;

	while (ret > 0 && (run = vfio_next_run(&walk))) {
		unsigned long from = max(at, first), to = min(at + run->pages - 1, last);

		if (from <= to)
			ret = vfio_run_same(mm, vaddr + from * PAGE_SIZE, run->pfn + (from - at),
					    to - from + 1);
		at += run->pages;
	}
	return ret;
}

/**
 * vfio_pinned_one() - is it one page, or a part of one hugepage?
 * @pinned: what is pinned
 * @page:   out: its first page
 *
 * Only then is it contiguous for a device without an IOMMU not by accident, and stays so.
 *
 * Return: true if so.
 */
bool vfio_pinned_one(struct vfio_pinned *pinned, struct page **page)
{
	struct vfio_runs *block = list_first_entry(&pinned->blocks, struct vfio_runs, link);
	struct vfio_run *run = block->run;

	*page = pfn_to_page(run->pfn);
	return block->used == 1 &&
	       page_folio(*page) == page_folio(pfn_to_page(run->pfn + run->pages - 1));
}
