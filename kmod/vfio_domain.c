// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain: an I/O address space, which devices may share (vfio_group.c), and the mappings in it
 * (vfio_dma.c).
 */
#include <linux/dma-direct.h>
#include <linux/iommu.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "compat.h"
#include "vfio_dma.h"

/* A NULL pointer of the user's driver should stay one. */
#define VFIO_ANYWHERE_LOWEST (SZ_1M >> PAGE_SHIFT)
/* Large enough for the largest entry of an IOMMU, small enough not to keep others waiting. */
#define VFIO_MAP_CHUNK SZ_1G

/*
 * The highest I/O address. An IOMMU's driver does not tell how many bits the hardware has; it
 * refuses, with a line in the log each time. What has been refused once is not tried again, on no
 * IOMMU, as those of one machine do not differ in this.
 */
static u64 vfio_iova_top = DMA_BIT_MASK(48);

/* The number of the highest page that has no byte above @addr, which is not less than a page. */
static unsigned long vfio_last_page(u64 addr)
{
	return (addr - (PAGE_SIZE - 1)) >> PAGE_SHIFT;
}

/**
 * vfio_domain_new() - a domain that is empty and has no device in it
 *
 * Return: the domain with one reference; NULL: no memory.
 */
struct vfio_domain *vfio_domain_new(void)
{
	struct vfio_domain *domain = kzalloc(sizeof(*domain), GFP_KERNEL_ACCOUNT);

	if (!domain)
		return NULL;
	refcount_set(&domain->users, 1);
	init_rwsem(&domain->attach_lock);
	INIT_LIST_HEAD(&domain->devices);
	spin_lock_init(&domain->lock);
	vfio_space_init(&domain->space);
	return domain;
}

/**
 * vfio_domain_get() - take another reference
 * @domain: the domain
 *
 * Return: @domain.
 */
struct vfio_domain *vfio_domain_get(struct vfio_domain *domain)
{
	refcount_inc(&domain->users);
	return domain;
}

/**
 * vfio_domain_put() - drop a reference; the last one frees the domain
 * @domain: the domain
 *
 * Context: may sleep.
 */
void vfio_domain_put(struct vfio_domain *domain)
{
	if (!refcount_dec_and_test(&domain->users))
		return;
	if (domain->iommu)
		iommu_domain_free(domain->iommu);
	put_device(domain->dev);
	vfio_space_free(&domain->space);
	kfree(domain);
}

/**
 * vfio_domain_mask() - the highest address that all devices in a domain can use
 * @domain: the domain
 *
 * Return: that address.
 */
u64 vfio_domain_mask(struct vfio_domain *domain)
{
	struct vfio_dev *vdev;
	u64 mask = U64_MAX;

	down_read(&domain->attach_lock);
	list_for_each_entry(vdev, &domain->devices, domain_link)
		mask = min(mask, READ_ONCE(vdev->dma_mask));
	if (list_empty(&domain->devices))
		mask = DMA_BIT_MASK(32);
	up_read(&domain->attach_lock);
	return mask;
}

/**
 * vfio_domain_set_mask() - the highest address that a device can use
 * @vdev: the device, with a domain
 * @mask: the address
 *
 * Context: vdev->lock is held.
 * Return: 0; -EINVAL: no page is that low; -EBUSY: there are mappings above it.
 */
int vfio_domain_set_mask(struct vfio_dev *vdev, u64 mask)
{
	struct vfio_domain *domain = vdev->domain;
	struct vfio_range *highest;
	bool busy;

	if (mask < PAGE_SIZE - 1)
		return -EINVAL;
	spin_lock(&domain->lock);
	highest = vfio_space_last(&domain->space);
	busy = highest && highest->last > vfio_last_page(mask);
	spin_unlock(&domain->lock);
	if (busy)
		return -EBUSY;
	WRITE_ONCE(vdev->dma_mask, mask);
	return 0;
}

/**
 * vfio_domain_reserve() - keep mappings out of a range
 * @domain: the domain
 * @first:  page number
 * @last:   page number, inclusive
 *
 * Context: attach_lock is held for writing, so that the range can only get emptier.
 * Return: 0; -EINVAL: there are mappings in it; -ENOMEM.
 */
int vfio_domain_reserve(struct vfio_domain *domain, unsigned long first, unsigned long last)
{
	struct vfio_range *range, *other;

	while (first <= last) {
		range = kzalloc(sizeof(*range), GFP_KERNEL_ACCOUNT);
		if (!range)
			return -ENOMEM;
		spin_lock(&domain->lock);
		other = vfio_space_find(&domain->space, first, last);
		if (other && other->map) {
			spin_unlock(&domain->lock);
			kfree(range);
			return -EINVAL;
		}
		if (!other || other->first > first) {
			range->first = first;
			range->last = other ? other->first - 1 : last;
			first = range->last + 1;
			vfio_space_insert(&domain->space, range);
			range = NULL;
		} else {
			first = other->last + 1;
		}
		spin_unlock(&domain->lock);
		kfree(range);
	}
	return 0;
}

/* Where there is room. With luck such that hugepages are hugepages for the IOMMU, too. */
static int vfio_domain_anywhere(struct vfio_domain *domain, const struct vfio_dma_map *arg,
				u64 highest, unsigned long *first)
{
	const struct iommu_domain_geometry *geometry = &domain->iommu->geometry;
	const unsigned long huge = SZ_2M >> PAGE_SHIFT;
	unsigned long pages = arg->size >> PAGE_SHIFT, lowest = VFIO_ANYWHERE_LOWEST;

	highest = min(highest, READ_ONCE(vfio_iova_top));
	lowest = max_t(u64, lowest, PFN_UP(geometry->aperture_start));
	highest = vfio_last_page(min_t(u64, highest, geometry->aperture_end));
	if (pages >= huge &&
	    !vfio_space_gap(&domain->space, pages + huge - 1, lowest, highest, first)) {
		*first += ((arg->vaddr >> PAGE_SHIFT) - *first) & (huge - 1);
		return 0;
	}
	return vfio_space_gap(&domain->space, pages, lowest, highest, first);
}

static int vfio_domain_there(struct vfio_domain *domain, const struct vfio_dma_map *arg,
			     unsigned long *first)
{
	const struct iommu_domain_geometry *geometry = &domain->iommu->geometry;
	u64 last = arg->dmaaddr + arg->size - 1;
	struct vfio_range *other;

	if (last < arg->dmaaddr || last > READ_ONCE(vfio_iova_top) ||
	    arg->dmaaddr < geometry->aperture_start || last > geometry->aperture_end)
		return -EINVAL;
	*first = arg->dmaaddr >> PAGE_SHIFT;
	other = vfio_space_find(&domain->space, *first, last >> PAGE_SHIFT);
	if (!other)
		return 0;
	return other->map ? -EEXIST : -EINVAL;
}

/* The current process is the one that maps. domain->lock is held. */
static void vfio_domain_take(struct vfio_domain *domain, struct vfio_range *range)
{
	range->map = true;
	vfio_space_insert(&domain->space, range);
	if (!domain->maps++)
		domain->mm = current->mm;
	else if (domain->mm != current->mm)
		domain->mm = NULL;
}

/**
 * vfio_domain_place() - choose the I/O addresses of a mapping
 * @domain:   the domain, with an IOMMU
 * @range:    out: belongs to the domain until vfio_domain_unplace() or vfio_domain_unmap()
 * @arg:      size, vaddr, and if not @anywhere dmaaddr
 * @anywhere: wherever there is room
 * @highest:  but not above this address
 *
 * Return: 0; -ENOSPC: no room; -EEXIST: there is another mapping; -EINVAL: such an address is not
 * to be had.
 */
int vfio_domain_place(struct vfio_domain *domain, struct vfio_range *range,
		      const struct vfio_dma_map *arg, bool anywhere, u64 highest)
{
	int ret;

	down_read(&domain->attach_lock); /* a device may come with ranges to keep out of */
	spin_lock(&domain->lock);
	if (anywhere)
		ret = vfio_domain_anywhere(domain, arg, highest, &range->first);
	else
		ret = vfio_domain_there(domain, arg, &range->first);
	if (!ret) {
		range->last = range->first + (arg->size >> PAGE_SHIFT) - 1;
		vfio_domain_take(domain, range);
	}
	spin_unlock(&domain->lock);
	up_read(&domain->attach_lock);
	return ret;
}

/**
 * vfio_domain_place_phys() - the addresses of a mapping where there is no IOMMU
 * @domain:  the domain
 * @range:   out: as of vfio_domain_place()
 * @pinned:  the memory
 * @size:    of it, bytes
 * @highest: the highest address that the device can use
 *
 * Return: 0; -EINVAL: it is more than a page, or too high for the device; -EEXIST: it is mapped.
 */
int vfio_domain_place_phys(struct vfio_domain *domain, struct vfio_range *range,
			   struct vfio_pinned *pinned, u64 size, u64 highest)
{
	struct page *page;
	u64 addr;
	int ret = 0;

	if (!vfio_pinned_one(pinned, &page))
		return -EINVAL;
	/* Not the DMA API: it would put a bounce buffer between, which nobody would copy to. */
	addr = phys_to_dma(domain->dev, page_to_phys(page));
	if (addr + size - 1 > highest)
		return -EINVAL;
	range->first = addr >> PAGE_SHIFT;
	range->last = (addr + size - 1) >> PAGE_SHIFT;
	spin_lock(&domain->lock);
	if (vfio_space_find(&domain->space, range->first, range->last))
		ret = -EEXIST;
	else
		vfio_domain_take(domain, range);
	spin_unlock(&domain->lock);
	return ret;
}

/**
 * vfio_domain_unplace() - give I/O addresses back, at which nothing is mapped
 * @domain: the domain
 * @range:  of it
 */
void vfio_domain_unplace(struct vfio_domain *domain, struct vfio_range *range)
{
	spin_lock(&domain->lock);
	vfio_space_remove(&domain->space, range);
	domain->maps--;
	spin_unlock(&domain->lock);
}

/* Too high for the hardware? An address of n bits was: only those of n - 1 bits are left. */
static int vfio_domain_refused(u64 last)
{
	u64 top = BIT_ULL(fls64(last) - 1) - 1;

	if (top < DMA_BIT_MASK(32))
		return -EFAULT;
	if (top < READ_ONCE(vfio_iova_top))
		WRITE_ONCE(vfio_iova_top, top);
	return -EINVAL;
}

/* One run from *@iova on, which moves along. attach_lock is held for reading. */
static int vfio_domain_map_run(struct vfio_domain *domain, u64 *iova, const struct vfio_run *run,
			       int prot, const bool *dead)
{
	phys_addr_t phys = PFN_PHYS(run->pfn), end = phys + PFN_PHYS(run->pages);
	size_t size;
	int ret;

	for (; phys < end; phys += size) {
		size = min_t(u64, end - phys, VFIO_MAP_CHUNK - (*iova & (VFIO_MAP_CHUNK - 1)));
		ret = vfio_iommu_map(domain->iommu, *iova, phys, size, prot);
		if (ret == -EFAULT)
			ret = vfio_domain_refused(*iova + size - 1);
		if (ret)
			return ret;
		*iova += size;
		if (READ_ONCE(*dead))
			return -ENODEV;
		if (fatal_signal_pending(current))
			return -EINTR;
		/* A device that comes or goes need not wait for all of it. */
		if (need_resched() || rwsem_is_contended(&domain->attach_lock)) {
			up_read(&domain->attach_lock);
			cond_resched();
			down_read(&domain->attach_lock);
		}
	}
	return 0;
}

/**
 * vfio_domain_map() - let the devices in a domain use memory
 * @domain: the domain
 * @range:  the I/O addresses, of vfio_domain_place()
 * @pinned: the memory, as large as @range
 * @write:  the devices may write, not only read
 * @dead:   give up when this gets true
 *
 * Return: 0; -ENODEV: @dead; -EINVAL: there are no such I/O addresses; -EINTR; -ENOMEM, or
 * another error of the IOMMU. After an error nothing is mapped; @range remains.
 */
int vfio_domain_map(struct vfio_domain *domain, struct vfio_range *range,
		    struct vfio_pinned *pinned, bool write, const bool *dead)
{
	int prot = IOMMU_READ | (write ? IOMMU_WRITE : 0) | domain->prot;
	u64 start = PFN_PHYS(range->first), iova = start;
	struct vfio_walk walk = { .pinned = pinned };
	struct vfio_run *run;
	int ret = 0;

	if (domain->noiommu)
		return 0;
	down_read(&domain->attach_lock);
	while (!ret && (run = vfio_next_run(&walk)))
		ret = vfio_domain_map_run(domain, &iova, run, prot, dead);
	if (ret && iova > start)
		iommu_unmap(domain->iommu, start, iova - start);
	up_read(&domain->attach_lock);
	return ret;
}

/**
 * vfio_domain_unmap() - the devices in a domain shall not use memory any more
 * @domain: the domain
 * @range:  the I/O addresses; free afterwards
 *
 * The MMU notifier's callback comes here, too, so attach_lock is taken in a way that lockdep does
 * not see: the lock is held while memory is allocated, which may cause reclaim, which may cause
 * callbacks, and these would wait for the lock. But they do not: none of those that come from
 * reclaim ends a mapping (see vfio_map_cleared() and vfio_map_lost()).
 *
 * Context: may sleep, but for devices that come or go only.
 */
void vfio_domain_unmap(struct vfio_domain *domain, struct vfio_range *range)
{
	size_t size = PFN_PHYS(range->last - range->first + 1);

	if (!domain->noiommu) {
		down_read_non_owner(&domain->attach_lock);
		WARN_ON_ONCE(iommu_unmap(domain->iommu, PFN_PHYS(range->first), size) != size);
		up_read_non_owner(&domain->attach_lock);
	}
	vfio_domain_unplace(domain, range);
}
