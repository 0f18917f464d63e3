// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices come into a domain and leave it.
 *
 * What an IOMMU can tell apart is a group: a device, or several that share an address. A group is
 * claimed before it is attached, as nothing else keeps kernel drivers away from its other members
 * (attaching alone succeeds beside them). Several devices of a group can be used only in one
 * domain.
 */
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "compat.h"
#include "vfio_dma.h"

/**
 * struct vfio_group - a group that is ours
 * @link:   in vfio_groups
 * @group:  with a reference, claimed
 * @domain: that it is attached to; each device has a reference
 * @users:  devices of it in @domain
 */
struct vfio_group {
	struct list_head link;
	struct iommu_group *group;
	struct vfio_domain *domain;
	unsigned int users;
};

static LIST_HEAD(vfio_groups);
static DEFINE_MUTEX(vfio_groups_lock);

static struct vfio_group *vfio_group_find(struct iommu_group *group)
{
	struct vfio_group *entry;

	list_for_each_entry(entry, &vfio_groups, link)
		if (entry->group == group)
			return entry;
	return NULL;
}

/* What the group's devices cannot reach, or what is no memory for them, such as interrupts. */
static int vfio_group_reserve(struct vfio_domain *domain, struct iommu_group *group)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(regions);
	int ret;

	ret = iommu_get_group_resv_regions(group, &regions);
	list_for_each_entry_safe(region, next, &regions, list) {
		if (!ret && region->length && region->type != IOMMU_RESV_DIRECT_RELAXABLE)
			ret = vfio_domain_reserve(domain, PHYS_PFN(region->start),
						  PHYS_PFN(region->start + region->length - 1));
		kfree(region);
	}
	return ret;
}

/* The first group brings the IOMMU's page tables with it. */
static int vfio_group_attach_first(struct vfio_domain *domain, struct device *dev,
				   struct iommu_group *group)
{
	struct iommu_domain *iommu = vfio_iommu_alloc(dev);
	int ret = -EINVAL;

	if (IS_ERR(iommu))
		return PTR_ERR(iommu);
	/* If its smallest page is larger than ours, a mapping would show more than its memory. */
	if (iommu->pgsize_bitmap & PAGE_SIZE)
		ret = iommu_attach_group(iommu, group);
	if (ret) {
		iommu_domain_free(iommu);
		return ret;
	}
	domain->unit = dev->iommu->iommu_dev;
	domain->prot = device_iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY) ? IOMMU_CACHE : 0;
	domain->iommu = iommu;
	return 0;
}

/* attach_lock keeps everybody away from the page tables, which a driver may change in this. */
static int vfio_group_attach(struct vfio_domain *domain, struct device *dev,
			     struct iommu_group *group)
{
	int ret;

	down_write(&domain->attach_lock);
	ret = vfio_group_reserve(domain, group);
	if (ret)
		goto out;
	if (!domain->iommu)
		ret = vfio_group_attach_first(domain, dev, group);
	else if (dev->iommu->iommu_dev != domain->unit)
		ret = -EINVAL; /* its page tables might be others */
	else
		ret = iommu_attach_group(domain->iommu, group);
out:
	up_write(&domain->attach_lock);
	return ret;
}

static int vfio_group_add(struct vfio_domain *domain, struct device *dev,
			  struct iommu_group *group)
{
	struct vfio_group *entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!entry)
		return -ENOMEM;
	ret = iommu_group_claim_dma_owner(group, entry);
	if (ret == -EPERM) {
		dev_err_ratelimited(dev, "IOMMU group %d: a kernel driver has another device of it\n",
				    iommu_group_id(group));
		ret = -EBUSY;
	}
	if (ret)
		goto err_free;
	ret = vfio_group_attach(domain, dev, group);
	if (ret)
		goto err_claim;
	entry->group = group;
	entry->domain = domain;
	entry->users = 1;
	list_add(&entry->link, &vfio_groups);
	return 0;

err_claim:
	iommu_group_release_dma_owner(group);
err_free:
	kfree(entry);
	return ret;
}

static int vfio_group_get(struct vfio_domain *domain, struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct vfio_group *entry;
	int ret = 0;

	if (!group)
		return -ENODEV;
	mutex_lock(&vfio_groups_lock);
	entry = vfio_group_find(group);
	if (!entry)
		ret = vfio_group_add(domain, dev, group);
	else if (entry->domain != domain)
		ret = -EBUSY;
	else
		entry->users++;
	mutex_unlock(&vfio_groups_lock);
	if (entry || ret)
		iommu_group_put(group); /* else the new entry has it */
	return ret;
}

static void vfio_group_put(struct vfio_domain *domain, struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct vfio_group *entry;

	mutex_lock(&vfio_groups_lock);
	entry = vfio_group_find(group);
	if (!--entry->users) {
		down_write(&domain->attach_lock);
		iommu_detach_group(domain->iommu, group);
		up_write(&domain->attach_lock);
		iommu_group_release_dma_owner(group);
		list_del(&entry->link);
		kfree(entry);
		iommu_group_put(group);
	}
	mutex_unlock(&vfio_groups_lock);
	iommu_group_put(group);
}

/**
 * vfio_domain_attach() - put a device into a domain
 * @domain: the domain; the device takes a reference
 * @vdev:   the device, in none
 *
 * Context: vdev->lock is held.
 * Return: 0; -EBUSY: a device of the same group has a kernel driver, or is in another domain;
 * -EINVAL: it is behind another IOMMU than those in the domain, or there are mappings at addresses
 * that are reserved for it; -ENODEV: it is behind none; -ENOMEM.
 */
int vfio_domain_attach(struct vfio_domain *domain, struct vfio_dev *vdev)
{
	struct device *dev = &vdev->pdev->dev;
	int ret;

	if (!domain->noiommu) {
		ret = vfio_group_get(domain, dev);
		if (ret)
			return ret;
	}
	down_write(&domain->attach_lock);
	list_add(&vdev->domain_link, &domain->devices);
	up_write(&domain->attach_lock);
	vdev->domain = vfio_domain_get(domain);

	down_write(&vdev->memory_lock);
	vdev->attached = true;
	up_write(&vdev->memory_lock);
	return 0;
}

/**
 * vfio_domain_detach() - take a device out of its domain
 * @vdev: the device; nothing happens if it is in none
 *
 * Context: vdev->lock is held, after vfio_pci_quiesce(): the memory it could reach now is not the
 * user's.
 */
void vfio_domain_detach(struct vfio_dev *vdev)
{
	struct vfio_domain *domain = vdev->domain;

	if (!domain)
		return;
	down_write(&domain->attach_lock);
	list_del(&vdev->domain_link);
	up_write(&domain->attach_lock);
	if (!domain->noiommu)
		vfio_group_put(domain, &vdev->pdev->dev);
	vdev->domain = NULL;
	vdev->domain_own = false;
	vfio_domain_put(domain);
}

/**
 * vfio_domain_stop_dma() - no device in a domain goes on with DMA to a process that has ended
 * @domain: the domain, in which the process has mappings that have not been cut
 * @mm:     of the process
 *
 * If another process has mappings there too nothing happens: the device may work for that one, and
 * what it does to the memory of the other is a fault from the cut on.
 *
 * Context: as of vfio_pci_stop_dma(), and waits for devices that come or go.
 */
void vfio_domain_stop_dma(struct vfio_domain *domain, struct mm_struct *mm)
{
	struct vfio_dev *vdev;
	bool alone;

	spin_lock(&domain->lock);
	alone = domain->mm == mm;
	spin_unlock(&domain->lock);
	if (!alone)
		return;
	down_read(&domain->attach_lock);
	list_for_each_entry(vdev, &domain->devices, domain_link)
		vfio_pci_stop_dma(vdev);
	up_read(&domain->attach_lock);
}

/**
 * vfio_domain_need() - give a device a domain of its own unless it has one
 * @vdev: the device
 *
 * Context: vdev->lock is held.
 * Return: 0, -ENOMEM, or as of vfio_domain_attach().
 */
int vfio_domain_need(struct vfio_dev *vdev)
{
	struct vfio_domain *domain;
	int ret;

	if (vdev->domain)
		return 0;
	domain = vfio_domain_new();
	if (!domain)
		return -ENOMEM;
	if (vdev->noiommu) {
		domain->noiommu = true;
		domain->dev = get_device(&vdev->pdev->dev);
	}
	ret = vfio_domain_attach(domain, vdev);
	if (!ret)
		vdev->domain_own = true;
	vfio_domain_put(domain);
	return ret;
}
