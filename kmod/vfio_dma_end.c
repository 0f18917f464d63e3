// SPDX-License-Identifier: GPL-2.0-only
/*
 * How mappings end; vfio_dma.h tells in which steps.
 */
#include <linux/delay.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "vfio_dma.h"

#define VFIO_LOOKS 1000 /* a millisecond apart */

/**
 * vfio_map_put() - drop a reference; the last one frees the mapping
 * @map: the mapping, unpinned
 */
void vfio_map_put(struct vfio_map *map)
{
	if (!refcount_dec_and_test(&map->refs))
		return;
	vfio_pinned_forget(&map->pinned);
	kfree(map);
}

/**
 * vfio_unaccount() - take pages off the account of the process
 * @owner: whose process
 * @pages: how many
 *
 * Context: takes the process's mmap_lock.
 */
void vfio_unaccount(struct vfio_owner *owner, unsigned long pages)
{
	/* Not current's: it may be another process that closes or unbinds. No user: no account. */
	if (mmget_not_zero(owner->mm)) {
		account_locked_vm(owner->mm, pages, false);
		mmput_async(owner->mm);
	}
	if (owner->locked)
		atomic64_sub(pages, owner->locked);
}

/**
 * vfio_map_claim() - be the one who ends a mapping
 * @map: the mapping, with a reason why it is not being freed
 *
 * Return: true if so; then vfio_map_cut() must follow without waiting for anybody.
 */
bool vfio_map_claim(struct vfio_map *map)
{
	bool claimed;

	spin_lock(&map->lock);
	claimed = map->state == VFIO_MAP_LIVE;
	if (claimed)
		map->state = VFIO_MAP_DYING;
	spin_unlock(&map->lock);
	return claimed;
}

/**
 * vfio_map_cut() - no device reaches the memory any more
 * @map: the mapping, claimed; neither its owner nor its domain knows it afterwards
 */
void vfio_map_cut(struct vfio_map *map)
{
	xa_erase(&map->owner->maps, map->range.first);
	vfio_domain_unmap(map->domain, &map->range);
	complete_all(&map->cut);
}

/**
 * vfio_map_finish() - give the memory back
 * @map: the mapping, cut; the claimant's reference is dropped
 *
 * Context: no lock is held, and not in the callback, which is waited for.
 */
void vfio_map_finish(struct vfio_map *map)
{
	struct vfio_owner *owner = map->owner;

	mmu_interval_notifier_remove(&map->notifier);
	vfio_unpin(&map->pinned, map->write);
	vfio_unaccount(owner, map->pages);
	vfio_domain_put(map->domain);
	vfio_map_put(map);
	/* vfio_owner_release() waits for this and then for the work item that may be here. */
	if (atomic_dec_and_test(&owner->count))
		wake_up_all(&owner->idle);
}

/* For the work item. map->lock is held; the caller then queues the work. */
static void vfio_map_queue(struct vfio_map *map)
{
	if (map->queued)
		return;
	map->queued = true;
	refcount_inc(&map->refs);
	llist_add(&map->todo, &map->owner->todo);
}

/**
 * vfio_map_cut_and_leave() - vfio_map_cut(), and the work item finishes it
 * @map: the mapping, claimed; not to be used any more, unless in the callback
 */
void vfio_map_cut_and_leave(struct vfio_map *map)
{
	struct vfio_owner *owner = map->owner;

	vfio_map_cut(map);
	spin_lock(&map->lock);
	map->state = VFIO_MAP_LEFT;
	vfio_map_queue(map);
	queue_work(vfio_workqueue, &owner->work);
	spin_unlock(&map->lock);
}

/*
 * What follows is what the process does to its memory.
 *
 * The callback runs under locks of the process, and may run inside of any allocation, of anybody.
 * It takes spinlocks, under which nothing is allocated, and waits for two things only: a claimant
 * who is cutting, and devices that come to the domain or leave it. Neither of them waits for a
 * process. They may wait for memory, but what reclaim sends does not make the callback wait.
 *
 * That a process has ended is told by whoever was the last to use its memory, under no lock of the
 * process and not in reclaim. There the callback may wait for a reset, too.
 */

/* The process has lost the memory: munmap(), mremap(), exec(), exit(). Gone when this returns. */
static bool vfio_map_lost(struct vfio_map *map, bool may_wait, unsigned long seq)
{
	enum vfio_map_state state;

	if (!may_wait)
		return false;
	spin_lock(&map->lock);
	mmu_interval_set_seq(&map->notifier, seq);
	state = map->state;
	if (state == VFIO_MAP_BUILDING)
		map->spoilt = true;
	else if (state == VFIO_MAP_LIVE)
		map->state = VFIO_MAP_DYING;
	spin_unlock(&map->lock);

	if (state == VFIO_MAP_LIVE)
		vfio_map_cut_and_leave(map);
	else if (state != VFIO_MAP_BUILDING)
		wait_for_completion(&map->cut);
	return true;
}

/*
 * Page table entries are cleared. That is MADV_DONTNEED, a truncated file or a hole in it, after
 * which the process has other memory here than the device. But more often nothing of it changes: a
 * hugepage is split, by fork() or because of what the process does beside the mapping; a page
 * should be moved, which fails as it is pinned. The work item looks which it was, after the fact.
 */
static void vfio_map_cleared(struct vfio_map *map, const struct mmu_notifier_range *range,
			     unsigned long seq)
{
	unsigned long start = max(range->start, map->vaddr);
	unsigned long end = min(range->end, map->vaddr + map->pages * PAGE_SIZE);

	spin_lock(&map->lock);
	mmu_interval_set_seq(&map->notifier, seq);
	if (current->flags & (PF_MEMALLOC | PF_KTHREAD)) {
		/* Reclaim, compaction and so on: they cannot take what is pinned, only hide it. */
	} else if (map->state == VFIO_MAP_BUILDING) {
		/* Pinning itself does this, when it replaces a page that is shared. */
		if (current != map->builder)
			map->spoilt = true;
	} else if (map->state == VFIO_MAP_LIVE) {
		map->look_first = min(map->look_first, (start - map->vaddr) >> PAGE_SHIFT);
		map->look_last = max(map->look_last, (end - 1 - map->vaddr) >> PAGE_SHIFT);
		vfio_map_queue(map);
		queue_work(vfio_workqueue, &map->owner->work);
	}
	spin_unlock(&map->lock);
}

static bool vfio_map_invalidate(struct mmu_interval_notifier *notifier,
				const struct mmu_notifier_range *range, unsigned long seq)
{
	struct vfio_map *map = container_of(notifier, struct vfio_map, notifier);

	switch (range->event) {
	case MMU_NOTIFY_RELEASE:
		/*
		 * Its descriptors are closed later than this, and those that somebody else has
		 * perhaps never: devices that it left in mid-traffic would go on.
		 */
		vfio_domain_stop_dma(map->domain, map->owner->mm);
		fallthrough;
	case MMU_NOTIFY_UNMAP:
		return vfio_map_lost(map, mmu_notifier_range_blockable(range), seq);
	case MMU_NOTIFY_CLEAR:
		vfio_map_cleared(map, range, seq);
		return true;
	default: /* fork(), mprotect(): the pages remain the process's own */
		spin_lock(&map->lock);
		mmu_interval_set_seq(notifier, seq);
		spin_unlock(&map->lock);
		return true;
	}
}

const struct mmu_interval_notifier_ops vfio_map_ops = {
	.invalidate = vfio_map_invalidate,
};

/* Are the pinned pages still those of the process? Takes a second at most. */
static bool vfio_map_same(struct vfio_map *map, unsigned long first, unsigned long last)
{
	struct mm_struct *mm = map->owner->mm;
	int looks, lost = 0, ret = 0;

	if (!mmget_not_zero(mm))
		return true; /* about to exit: MMU_NOTIFY_RELEASE comes or has come */
	for (looks = VFIO_LOOKS; looks; looks--) {
		mmu_interval_read_begin(&map->notifier); /* until the change has been made */
		ret = vfio_pinned_same(&map->pinned, mm, map->vaddr, first, last);
		/* Not the first time: it may have come back between the look and the lock. */
		if (ret > 0 || (!ret && ++lost == 2))
			break;
		fsleep(1000);
	}
	mmput_async(mm);
	return ret > 0;
}

static void vfio_map_serve(struct vfio_map *map)
{
	enum vfio_map_state state;
	unsigned long first, last;

	spin_lock(&map->lock);
	map->queued = false;
	state = map->state;
	first = map->look_first;
	last = map->look_last;
	map->look_first = ULONG_MAX;
	map->look_last = 0;
	spin_unlock(&map->lock);

	if (state == VFIO_MAP_LEFT) {
		vfio_map_finish(map);
	} else if (state == VFIO_MAP_LIVE && first <= last && !vfio_map_same(map, first, last) &&
		   vfio_map_claim(map)) {
		vfio_map_cut(map);
		vfio_map_finish(map);
	}
	vfio_map_put(map);
}

/**
 * vfio_owner_work() - what others have left to do
 * @work: of the owner; each has its own, as it may wait for its process
 */
void vfio_owner_work(struct work_struct *work)
{
	struct vfio_owner *owner = container_of(work, struct vfio_owner, work);
	struct vfio_map *map, *next;

	llist_for_each_entry_safe(map, next, llist_del_all(&owner->todo), todo) {
		vfio_map_serve(map);
		cond_resched();
	}
}

