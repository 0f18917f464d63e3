/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that the module is built for: 6.1 and 6.12. Nowhere else does a
 * file ask for the kernel's version.
 */
#ifndef VFIO_COMPAT_H
#define VFIO_COMPAT_H

#include <linux/device.h>
#include <linux/eventfd.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/version.h>

#define VFIO_KERNEL_SINCE(major, minor) (KERNEL_VERSION(major, minor, 0) <= LINUX_VERSION_CODE)

/* 6.4: no module any more. */
static inline struct class *vfio_class_create(const char *name)
{
#if VFIO_KERNEL_SINCE(6, 4)
	return class_create(name);
#else
	return class_create(THIS_MODULE, name);
#endif
}

/* 6.3: a question about the group's interrupt domains; before, one about the IOMMU. */
static inline bool vfio_interrupts_isolated(struct pci_dev *pdev)
{
#if VFIO_KERNEL_SINCE(6, 3)
	struct iommu_group *group = iommu_group_get(&pdev->dev);
	bool isolated;

	if (!group)
		return false;
	isolated = iommu_group_has_isolated_msi(group);
	iommu_group_put(group);
	return isolated;
#else
	return device_iommu_capable(&pdev->dev, IOMMU_CAP_INTR_REMAP);
#endif
}

/* 6.8: always adds one. */
static inline void vfio_eventfd_signal(struct eventfd_ctx *ctx)
{
#if VFIO_KERNEL_SINCE(6, 8)
	eventfd_signal(ctx);
#else
	eventfd_signal(ctx, 1);
#endif
}

/* 6.11: for a device, not for a bus. Return: a domain or an ERR_PTR. */
static inline struct iommu_domain *vfio_iommu_alloc(struct device *dev)
{
#if VFIO_KERNEL_SINCE(6, 11)
	return iommu_paging_domain_alloc(dev);
#else
	struct iommu_domain *domain = iommu_domain_alloc(dev->bus);

	return domain ? domain : ERR_PTR(-ENODEV);
#endif
}

/* 6.3: says how page tables are allocated; they count as memory of the caller's group. */
static inline int vfio_iommu_map(struct iommu_domain *domain, unsigned long iova,
				 phys_addr_t paddr, size_t size, int prot)
{
#if VFIO_KERNEL_SINCE(6, 3)
	return iommu_map(domain, iova, paddr, size, prot, GFP_KERNEL_ACCOUNT);
#else
	return iommu_map(domain, iova, paddr, size, prot);
#endif
}

/* 6.3: flags are locked. */
static inline void vfio_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#if VFIO_KERNEL_SINCE(6, 3)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/*
 * 6.2: pinning for reading replaces a page that would be replaced when the process writes. Before,
 * it has to be pinned for writing, but as if the process were allowed to write; where that fails
 * nothing is ever replaced (memory that is shared and read-only).
 */
static inline long vfio_pin_pages(unsigned long vaddr, unsigned long n, bool write,
				  struct page **pages)
{
#if VFIO_KERNEL_SINCE(6, 2)
	return pin_user_pages_fast(vaddr, n, FOLL_LONGTERM | (write ? FOLL_WRITE : 0), pages);
#else
	unsigned int flags = FOLL_LONGTERM | FOLL_WRITE | (write ? 0 : FOLL_FORCE);
	long got = pin_user_pages_fast(vaddr, n, flags, pages);

	if (got == -EFAULT && !write)
		got = pin_user_pages_fast(vaddr, 1, FOLL_LONGTERM, pages);
	return got;
#endif
}

/* 6.5: no VMAs. Which pages are there now, whatever the process may do with them; no faults. */
static inline long vfio_look_pages(struct mm_struct *mm, unsigned long vaddr, unsigned long n,
				   struct page **pages)
{
#if VFIO_KERNEL_SINCE(6, 5)
	return get_user_pages_remote(mm, vaddr, n, FOLL_FORCE | FOLL_NOFAULT, pages, NULL);
#else
	return get_user_pages_remote(mm, vaddr, n, FOLL_FORCE | FOLL_NOFAULT, pages, NULL, NULL);
#endif
}

#endif
