// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings: memory of a process that devices may use. How they are made, and the descriptors that
 * own them.
 */
#include <linux/capability.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "vfio_dma.h"

#define VFIO_MAP_TRIES 5

static int vfio_account(struct vfio_owner *owner, unsigned long pages)
{
	int ret = account_locked_vm(owner->mm, pages, true);

	if (ret == -ENOMEM) {
		/* What the process has just unmapped may not have been taken off yet. */
		flush_work(&owner->work);
		ret = account_locked_vm(owner->mm, pages, true);
	}
	if (!ret && owner->locked)
		atomic64_add(pages, owner->locked);
	return ret;
}

static int vfio_check_arg(const struct vfio_dma_map *arg, bool anywhere)
{
	u64 addresses = arg->vaddr | arg->size | (anywhere ? 0 : arg->dmaaddr);

	if ((u32)arg->flags & ~VFIO_FLAG_WRITE)
		return -EINVAL;
	if (!arg->size || !PAGE_ALIGNED(addresses))
		return -EINVAL;
	if (arg->vaddr + arg->size < arg->vaddr || arg->vaddr + arg->size > TASK_SIZE)
		return -EINVAL;
	return 0;
}

static struct vfio_map *vfio_map_alloc(struct vfio_owner *owner, struct vfio_domain *domain,
				       const struct vfio_dma_map *arg)
{
	struct vfio_map *map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);

	if (!map)
		return NULL;
	refcount_set(&map->refs, 1);
	map->owner = owner;
	map->domain = vfio_domain_get(domain);
	map->vaddr = arg->vaddr;
	map->pages = arg->size >> PAGE_SHIFT;
	map->write = arg->flags & VFIO_FLAG_WRITE;
	INIT_LIST_HEAD(&map->pinned.blocks);
	map->builder = current;
	spin_lock_init(&map->lock);
	map->look_first = ULONG_MAX;
	init_completion(&map->cut);
	return map;
}

/* The owner's process is the one that maps first: it has the account and the notifier. */
static int vfio_owner_enter(struct vfio_owner *owner)
{
	int ret = 0;

	xa_lock(&owner->maps);
	if (owner->dead) {
		ret = -ENODEV;
	} else if (!owner->mm && current->mm) {
		owner->mm = current->mm;
		mmgrab(owner->mm);
	} else if (!current->mm || owner->mm != current->mm) {
		ret = -EINVAL;
	}
	xa_unlock(&owner->maps);
	return ret;
}

/* I/O addresses, and the IOMMU's page tables for them. */
static int vfio_map_install(struct vfio_map *map, const struct vfio_dma_map *arg, bool anywhere,
			    u64 highest)
{
	struct vfio_domain *domain = map->domain;
	struct vfio_owner *owner = map->owner;
	int ret;

	if (domain->noiommu)
		ret = vfio_domain_place_phys(domain, &map->range, &map->pinned, arg->size, highest);
	else
		ret = vfio_domain_place(domain, &map->range, arg, anywhere, highest);
	if (ret)
		return ret;
	ret = xa_insert(&owner->maps, map->range.first, map, GFP_KERNEL_ACCOUNT);
	if (ret) { /* -EBUSY: an old mapping in the domain in which the device was before */
		vfio_domain_unplace(domain, &map->range);
		return ret == -EBUSY ? -EEXIST : ret;
	}
	ret = vfio_domain_map(domain, &map->range, &map->pinned, map->write, &owner->dead);
	if (ret) {
		xa_erase(&owner->maps, map->range.first);
		vfio_domain_unplace(domain, &map->range);
	}
	return ret;
}

/*
 * The last step. Whoever makes an owner dead does so before it claims the mappings, each under its
 * map->lock, and after ours is in owner->maps: so either it finds ours LIVE, or we see it here.
 */
static int vfio_map_go_live(struct vfio_map *map)
{
	int ret = 0;

	spin_lock(&map->lock);
	if (READ_ONCE(map->owner->dead))
		ret = -ENODEV;
	else if (map->spoilt)
		ret = -EAGAIN;
	else
		map->state = VFIO_MAP_LIVE;
	spin_unlock(&map->lock);
	return ret;
}

/* One try. -EAGAIN: the process has changed its memory under our hands. */
static int vfio_map_build(struct vfio_map *map, const struct vfio_dma_map *arg, bool anywhere,
			  u64 highest, u64 *dmaaddr)
{
	int ret;

	spin_lock(&map->lock);
	map->spoilt = false;
	spin_unlock(&map->lock);
	mmu_interval_read_begin(&map->notifier); /* changes that have begun before are over now */
	ret = vfio_pin(&map->pinned, map->vaddr, map->pages, map->write);
	if (ret)
		return ret;
	ret = vfio_map_install(map, arg, anywhere, highest);
	if (ret)
		goto err_unpin;
	*dmaaddr = PFN_PHYS(map->range.first); /* once live it may be gone at any time */
	ret = vfio_map_go_live(map);
	if (!ret)
		return 0;
	xa_erase(&map->owner->maps, map->range.first);
	vfio_domain_unmap(map->domain, &map->range);
err_unpin:
	vfio_unpin(&map->pinned, map->write);
	vfio_pinned_forget(&map->pinned);
	return ret;
}

/* With the account charged and the notifier on. */
static int vfio_map_make(struct vfio_map *map, const struct vfio_dma_map *arg, bool anywhere,
			 u64 highest, u64 *dmaaddr)
{
	struct vfio_owner *owner = map->owner;
	int tries = VFIO_MAP_TRIES, ret;

	ret = vfio_owner_enter(owner);
	if (ret)
		return ret;
	ret = vfio_account(owner, map->pages);
	if (ret)
		return ret;
	ret = mmu_interval_notifier_insert(&map->notifier, owner->mm, map->vaddr,
					   map->pages * PAGE_SIZE, &vfio_map_ops);
	if (ret)
		goto err_account;
	atomic_inc(&owner->count);
	do {
		ret = vfio_map_build(map, arg, anywhere, highest, dmaaddr);
	} while (ret == -EAGAIN && --tries);
	if (!ret)
		return 0;
	atomic_dec(&owner->count);
	mmu_interval_notifier_remove(&map->notifier);
err_account:
	vfio_unaccount(owner, map->pages);
	return ret;
}

/**
 * vfio_dma_map() - let the devices in a domain use memory of the current process
 * @owner:    whose mapping it will be
 * @domain:   the domain
 * @arg:      what; dmaaddr is set on success
 * @anywhere: choose dmaaddr
 * @highest:  not above this address, if @anywhere or if there is no IOMMU
 *
 * Context: may sleep for as long as the process wants to; no lock of ours is held, and the owner is
 * not released meanwhile.
 * Return: 0; -EINVAL: not whole pages, none, no such addresses, unknown flags, reserved I/O
 * addresses, or a process that is not the one that mapped first; -EEXIST: I/O addresses in use;
 * -ENOSPC: none left; -EFAULT: no such memory, or read-only; -ENOMEM: no memory, or the process may
 * not lock so much; -EPERM: no IOMMU and no CAP_SYS_RAWIO; -ENODEV: the device has gone, or none
 * has ever come into the domain; -EAGAIN: the process changes the memory all the time; -EINTR.
 */
int vfio_dma_map(struct vfio_owner *owner, struct vfio_domain *domain, struct vfio_dma_map *arg,
		 bool anywhere, u64 highest)
{
	struct vfio_map *map;
	u64 dmaaddr;
	int ret;

	ret = vfio_check_arg(arg, anywhere);
	if (ret)
		return ret;
	if (domain->noiommu) {
		if (!capable(CAP_SYS_RAWIO))
			return -EPERM;
		if (!anywhere)
			return -EINVAL; /* it is not for us to choose */
	} else if (!READ_ONCE(domain->iommu)) {
		return -ENODEV;
	}
	map = vfio_map_alloc(owner, domain, arg);
	if (!map)
		return -ENOMEM;
	ret = vfio_map_make(map, arg, anywhere, highest, &dmaaddr);
	if (ret) {
		vfio_domain_put(domain);
		vfio_map_put(map);
		return ret;
	}
	arg->dmaaddr = dmaaddr;
	return 0;
}

/**
 * vfio_dma_unmap() - undo vfio_dma_map()
 * @owner: whose mapping it is
 * @arg:   vaddr, dmaaddr and size as they were
 *
 * Context: as of vfio_dma_map(), but any process may call it.
 * Return: 0: no device reaches the memory any more, and it is off the account; -EINVAL: there is no
 * such mapping, or it has just ended for another reason.
 */
int vfio_dma_unmap(struct vfio_owner *owner, const struct vfio_dma_map *arg)
{
	struct vfio_map *map;

	xa_lock(&owner->maps); /* what is in there is not freed before it has been taken out */
	map = xa_load(&owner->maps, arg->dmaaddr >> PAGE_SHIFT);
	if (map && (arg->dmaaddr != PFN_PHYS(map->range.first) || arg->vaddr != map->vaddr ||
		    arg->size != (u64)map->pages << PAGE_SHIFT || !vfio_map_claim(map)))
		map = NULL;
	xa_unlock(&owner->maps);
	if (!map)
		return -EINVAL;
	vfio_map_cut(map);
	vfio_map_finish(map);
	return 0;
}

/**
 * vfio_owner_init() - an owner without mappings
 * @owner:  the owner
 * @locked: where to count its pinned pages, or NULL
 */
void vfio_owner_init(struct vfio_owner *owner, atomic64_t *locked)
{
	memset(owner, 0, sizeof(*owner));
	xa_init_flags(&owner->maps, XA_FLAGS_ACCOUNT);
	owner->locked = locked;
	init_waitqueue_head(&owner->idle);
	init_llist_head(&owner->todo);
	INIT_WORK(&owner->work, vfio_owner_work);
}

/**
 * vfio_owner_has_maps() - has it mappings that have not been cut?
 * @owner: the owner
 *
 * Return: true if so; also if one is being made.
 */
bool vfio_owner_has_maps(struct vfio_owner *owner)
{
	return !xa_empty(&owner->maps);
}

static void vfio_owner_kill(struct vfio_owner *owner)
{
	xa_lock(&owner->maps);
	WRITE_ONCE(owner->dead, true);
	xa_unlock(&owner->maps);
}

/* Return: the next mapping from *@index on, claimed; NULL: none is left. */
static struct vfio_map *vfio_owner_claim(struct vfio_owner *owner, unsigned long *index)
{
	struct vfio_map *map;

	xa_lock(&owner->maps);
	for (map = xa_find(&owner->maps, index, ULONG_MAX, XA_PRESENT); map;
	     map = xa_find_after(&owner->maps, index, ULONG_MAX, XA_PRESENT))
		if (vfio_map_claim(map))
			break;
	xa_unlock(&owner->maps);
	return map;
}

/**
 * vfio_owner_revoke() - end all mappings, for good
 * @owner: the owner
 *
 * Context: vdev->lock may be held. Waits for nobody.
 */
void vfio_owner_revoke(struct vfio_owner *owner)
{
	unsigned long index = 0;
	struct vfio_map *map;

	vfio_owner_kill(owner);
	while ((map = vfio_owner_claim(owner, &index)))
		vfio_map_cut_and_leave(map);
}

/**
 * vfio_owner_release() - end all mappings and wait until all has been given back
 * @owner: the owner; not to be used any more
 *
 * Context: the last close; no lock of ours is held.
 */
void vfio_owner_release(struct vfio_owner *owner)
{
	unsigned long index = 0;
	struct vfio_map *map;

	vfio_owner_kill(owner);
	while ((map = vfio_owner_claim(owner, &index))) {
		vfio_map_cut(map);
		vfio_map_finish(map);
	}
	/* Those that somebody else has claimed. */
	wait_event(owner->idle, !atomic_read(&owner->count));
	flush_work(&owner->work);
	xa_destroy(&owner->maps);
	if (owner->mm)
		mmdrop(owner->mm);
}
