/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vfio_dma.c, vfio_pin.c, vfio_iova.c, vfio_domain.c, vfio_group.c and uiommu.c share: I/O
 * address spaces and what is in them.
 */
#ifndef VFIO_DMA_H
#define VFIO_DMA_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>

#include "vfio_private.h"

/**
 * struct vfio_range - a range of I/O addresses that is in use
 * @rb:      in vfio_space.root
 * @first:   page number
 * @last:    page number, inclusive
 * @gap:     free pages between the range before this one and this one
 * @max_gap: the greatest @gap of this one and all below it in the tree
 * @map:     false = reserved: no memory is mapped here, and none may be
 */
struct vfio_range {
	struct rb_node rb;
	unsigned long first;
	unsigned long last;
	unsigned long gap;
	unsigned long max_gap;
	bool map;
};

/**
 * struct vfio_space - the ranges in use, none overlapping another
 * @root: struct vfio_range
 * @end:  always in @root, behind all others, so that each gap is in front of a range
 */
struct vfio_space {
	struct rb_root root;
	struct vfio_range end;
};

/**
 * struct vfio_domain - an I/O address space
 * @users:       a device in it, a mapping in it, its /dev/uiommu descriptor
 * @iommu:       NULL: no device has been in it yet, or (@noiommu) there is none. Set once
 * @unit:        the IOMMU that @iommu is of
 * @prot:        IOMMU_CACHE if the IOMMU can do it
 * @noiommu:     I/O addresses are physical ones, of the device @dev
 * @dev:         with a reference; or NULL
 * @attach_lock: for writing: devices come and go; for reading: @iommu is changed
 * @devices:     struct vfio_dev, under @attach_lock
 * @lock:        protects the rest, innermost
 * @space:       the I/O addresses in use
 * @maps:        how many of them are mappings
 * @mm:          of the process whose memory they all are; NULL: of several processes. While @maps
 */
struct vfio_domain {
	refcount_t users;
	struct iommu_domain *iommu;
	struct iommu_device *unit;
	int prot;
	bool noiommu;
	struct device *dev;
	struct rw_semaphore attach_lock;
	struct list_head devices;
	spinlock_t lock; /* see above */
	struct vfio_space space;
	unsigned long maps;
	struct mm_struct *mm;
};

/**
 * struct vfio_run - pages that are pinned, one after the other in physical memory
 * @pfn:   the first
 * @pages: how many
 */
struct vfio_run {
	unsigned long pfn;
	unsigned long pages;
};

/**
 * struct vfio_runs - a piece of the list of runs
 * @link: in vfio_pinned.blocks
 * @used: of @run
 * @room: in @run
 * @run:  the runs
 */
struct vfio_runs {
	struct list_head link;
	unsigned int used;
	unsigned int room;
	struct vfio_run run[];
};

/**
 * struct vfio_pinned - pinned memory of a process
 * @blocks: struct vfio_runs
 */
struct vfio_pinned {
	struct list_head blocks;
};

/**
 * struct vfio_walk - a way along the runs; starts with @pinned set and the rest 0
 * @pinned: whose
 * @block:  where we are
 * @next:   in @block
 */
struct vfio_walk {
	struct vfio_pinned *pinned;
	struct vfio_runs *block;
	unsigned int next;
};

/*
 * A mapping ends when the user says so, when the process does not have the memory any more, when
 * its descriptor is closed, or when the device goes, and these may all come at once. It is ended by
 * whoever changes its state from LIVE to DYING ("claims" it), in two steps:
 *
 * cut:    the IOMMU forgets it, and its I/O addresses are free. Done by the claimant at once.
 * finish: the memory is unpinned and taken off the process's account. Waits for the process's
 *         mmap_lock and for callbacks of the MMU notifier, so it is left to the work item of its
 *         owner by those who must not wait: the callback itself and remove().
 */

/**
 * enum vfio_map_state - where a mapping is in its life
 * @VFIO_MAP_BUILDING: only its maker uses it, others can merely spoil it
 * @VFIO_MAP_LIVE:     it can be claimed
 * @VFIO_MAP_DYING:    it has been claimed; the claimant will cut it, without waiting for anybody
 * @VFIO_MAP_LEFT:     it has been cut; the work item finishes it
 */
enum vfio_map_state { VFIO_MAP_BUILDING, VFIO_MAP_LIVE, VFIO_MAP_DYING, VFIO_MAP_LEFT };

/**
 * struct vfio_map - a mapping
 * @refs:       its life, and its place in owner->todo
 * @owner:      outlives it
 * @domain:     with a reference
 * @range:      its I/O addresses
 * @vaddr:      where it is in the process
 * @pages:      how many
 * @write:      the device may write
 * @pinned:     the memory; the list stays when it has been unpinned, until @refs is 0
 * @builder:    the thread that makes it
 * @notifier:   tells what the process does to this part of its memory
 * @lock:       protects the rest
 * @state:      see above
 * @spoilt:     the memory changed while it was being built
 * @queued:     it is in owner->todo
 * @look_first: pages that the process may have lost, counted from @vaddr
 * @look_last:  the last of them, inclusive; before @look_first = none
 * @cut:        done when it has been cut
 * @todo:       in owner->todo
 */
struct vfio_map {
	refcount_t refs;
	struct vfio_owner *owner;
	struct vfio_domain *domain;
	struct vfio_range range;
	unsigned long vaddr;
	unsigned long pages;
	bool write;
	struct vfio_pinned pinned;
	struct task_struct *builder;
	struct mmu_interval_notifier notifier;
	spinlock_t lock; /* see above */
	enum vfio_map_state state;
	bool spoilt;
	bool queued;
	unsigned long look_first;
	unsigned long look_last;
	struct completion cut;
	struct llist_node todo;
};

/* vfio_pin.c */
struct vfio_run *vfio_next_run(struct vfio_walk *walk); /* NULL: no more */
int vfio_pin(struct vfio_pinned *pinned, unsigned long vaddr, unsigned long pages, bool write);
void vfio_unpin(struct vfio_pinned *pinned, bool dirty);
void vfio_pinned_forget(struct vfio_pinned *pinned);
int vfio_pinned_same(struct vfio_pinned *pinned, struct mm_struct *mm, unsigned long vaddr,
		     unsigned long first, unsigned long last);
bool vfio_pinned_one(struct vfio_pinned *pinned, struct page **page);

/* vfio_iova.c. The caller has a lock */
void vfio_space_init(struct vfio_space *space);
struct vfio_range *vfio_space_find(struct vfio_space *space, unsigned long first,
				   unsigned long last);
struct vfio_range *vfio_space_last(struct vfio_space *space);
void vfio_space_insert(struct vfio_space *space, struct vfio_range *range);
void vfio_space_remove(struct vfio_space *space, struct vfio_range *range);
int vfio_space_gap(struct vfio_space *space, unsigned long pages, unsigned long lowest,
		   unsigned long highest, unsigned long *first);
void vfio_space_free(struct vfio_space *space);

/* vfio_domain.c */
struct vfio_domain *vfio_domain_new(void);
int vfio_domain_place(struct vfio_domain *domain, struct vfio_range *range,
		      const struct vfio_dma_map *arg, bool anywhere, u64 highest);
int vfio_domain_place_phys(struct vfio_domain *domain, struct vfio_range *range,
			   struct vfio_pinned *pinned, u64 size, u64 highest);
void vfio_domain_unplace(struct vfio_domain *domain, struct vfio_range *range);
int vfio_domain_map(struct vfio_domain *domain, struct vfio_range *range,
		    struct vfio_pinned *pinned, bool write, const bool *dead);
void vfio_domain_unmap(struct vfio_domain *domain, struct vfio_range *range);
int vfio_domain_reserve(struct vfio_domain *domain, unsigned long first, unsigned long last);
u64 vfio_domain_mask(struct vfio_domain *domain);

/* vfio_group.c */
int vfio_domain_attach(struct vfio_domain *domain, struct vfio_dev *vdev);
void vfio_domain_stop_dma(struct vfio_domain *domain, struct mm_struct *mm);

/* vfio_dma_end.c */
extern const struct mmu_interval_notifier_ops vfio_map_ops;
void vfio_map_put(struct vfio_map *map);
bool vfio_map_claim(struct vfio_map *map);
void vfio_map_cut(struct vfio_map *map);
void vfio_map_cut_and_leave(struct vfio_map *map);
void vfio_map_finish(struct vfio_map *map);
void vfio_unaccount(struct vfio_owner *owner, unsigned long pages);
void vfio_owner_work(struct work_struct *work);

#endif
