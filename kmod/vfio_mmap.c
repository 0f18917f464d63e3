// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs in the address space of a process. Pages come by fault, so that they can be taken away and
 * come back: during a reset, while memory decoding is off, and for good when the device has gone.
 */
#include <linux/fs.h>
#include <linux/mm.h>

#include "compat.h"
#include "vfio_private.h"

/* Pages of file offset for each of the spaces that an offset can name. */
#define VFIO_SPACE_PAGES (1UL << (VFIO_PCI_SPACE_SHIFT - PAGE_SHIFT))

/**
 * vfio_bar_len() - how much of a BAR a user can reach
 * @vdev: the device
 * @bar:  0 to 5, or 6 for the ROM
 *
 * Return: bytes, at most 4 GiB, because a file offset can say no more; 0 = no such BAR.
 */
u64 vfio_bar_len(struct vfio_dev *vdev, unsigned int bar)
{
	if (bar >= VFIO_BARS || pci_resource_flags(vdev->pdev, bar) & IORESOURCE_UNSET)
		return 0;
	return min_t(u64, pci_resource_len(vdev->pdev, bar), 1ULL << VFIO_PCI_SPACE_SHIFT);
}

/**
 * vfio_bar_has_msix() - does a piece of a BAR hold a byte of the MSI-X table?
 * @vdev:   the device
 * @bar:    0 to 6
 * @offset: of the piece in the BAR
 * @size:   of the piece, bytes
 *
 * Return: true if so. The pending bits are none of it.
 */
bool vfio_bar_has_msix(struct vfio_dev *vdev, unsigned int bar, u64 offset, u64 size)
{
	return vdev->msix_size && bar == vdev->msix_bar &&
	       offset < (u64)vdev->msix_offset + vdev->msix_size &&
	       vdev->msix_offset < offset + size;
}

/**
 * vfio_mmap_revoke() - take all pages of all BARs out of all processes
 * @vdev: the device
 *
 * Context: memory_lock is held for writing; the next access waits for it in the fault handler.
 */
void vfio_mmap_revoke(struct vfio_dev *vdev)
{
	unmap_mapping_range(vdev->inode->i_mapping, 0, 0, true);
}

static vm_fault_t vfio_fault(struct vm_fault *vmf)
{
	struct vfio_file *file = vmf->vma->vm_file->private_data;
	struct vfio_dev *vdev = file->vdev;
	unsigned int bar = vmf->pgoff / VFIO_SPACE_PAGES;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	unsigned long pfn;

	down_read(&vdev->memory_lock);
	if (vdev->gone) {
		pfn = page_to_pfn(file->ones);
		ret = vmf_insert_pfn(vmf->vma, vmf->address, pfn);
	} else if (vfio_memory_usable(vdev)) {
		pfn = PHYS_PFN(pci_resource_start(vdev->pdev, bar)) + vmf->pgoff % VFIO_SPACE_PAGES;
		ret = vmf_insert_pfn(vmf->vma, vmf->address, pfn);
	}
	up_read(&vdev->memory_lock);
	return ret;
}

static const struct vm_operations_struct vfio_vm_ops = {
	.fault = vfio_fault,
};

static int vfio_mmap_check(struct vfio_dev *vdev, unsigned int bar, u64 offset, u64 size)
{
	u64 len = vfio_bar_len(vdev, bar);

	if (!(pci_resource_flags(vdev->pdev, bar) & IORESOURCE_MEM))
		return -EINVAL;
	/* Whole pages, or the process would get what lies beside it, too. */
	if (!PAGE_ALIGNED(len) || !PAGE_ALIGNED(pci_resource_start(vdev->pdev, bar)))
		return -EINVAL;
	if (size > len || offset > len - size)
		return -EINVAL;
	if (vfio_bar_has_msix(vdev, bar, offset, size)) {
		dev_err_ratelimited(&vdev->pdev->dev,
				    "BAR %u cannot be mapped at 0x%llx: the MSI-X table is there\n",
				    bar, offset);
		return -EPERM;
	}
	return 0;
}

/**
 * vfio_mmap() - put a memory BAR, or whole pages of it, into the process
 * @filp: the descriptor
 * @vma:  where; its offset names the BAR
 *
 * Context: mmap_lock of the process is held: takes vdev->lock.
 * Return: 0; -EINVAL: not shared, not a memory BAR, more than it has, or not of whole pages;
 * -EPERM: the MSI-X table lies there; -ENODEV; what vfio_domain_need() says.
 */
int vfio_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct vfio_file *file = filp->private_data;
	struct vfio_dev *vdev = file->vdev;
	unsigned long bar = vma->vm_pgoff / VFIO_SPACE_PAGES;
	u64 offset = (u64)(vma->vm_pgoff % VFIO_SPACE_PAGES) << PAGE_SHIFT;
	int ret;

	if (!(vma->vm_flags & VM_MAYSHARE) || bar > PCI_STD_RESOURCE_END)
		return -EINVAL;
	ret = vfio_dev_enter(vdev);
	if (ret)
		return ret;
	ret = vfio_mmap_check(vdev, bar, offset, vma->vm_end - vma->vm_start);
	if (!ret)
		ret = vfio_domain_need(vdev);
	mutex_unlock(&vdev->lock);
	if (ret)
		return ret;

	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vfio_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &vfio_vm_ops;
	return 0;
}
