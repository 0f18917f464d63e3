// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/uiommu: a domain as a file, so that several devices can be put into one.
 *
 * Memory that is mapped through it belongs to the descriptor, as it does to the descriptor of a
 * device, and goes with it; the domain stays until the last device has left it.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_dma.h"

/**
 * struct uiommu_file - an open descriptor of /dev/uiommu
 * @domain: with a reference
 * @owner:  of the mappings made through it
 */
struct uiommu_file {
	struct vfio_domain *domain;
	struct vfio_owner owner;
};

static int uiommu_open(struct inode *inode, struct file *filp)
{
	struct uiommu_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	file->domain = vfio_domain_new();
	if (!file->domain) {
		kfree(file);
		return -ENOMEM;
	}
	vfio_owner_init(&file->owner, NULL);
	filp->private_data = file;
	return 0;
}

static int uiommu_release(struct inode *inode, struct file *filp)
{
	struct uiommu_file *file = filp->private_data;

	vfio_owner_release(&file->owner);
	vfio_domain_put(file->domain);
	kfree(file);
	return 0;
}

static long uiommu_map(struct uiommu_file *file, struct vfio_dma_map *arg, void __user *argp,
		       bool anywhere)
{
	int ret;

	ret = vfio_dma_map(&file->owner, file->domain, arg, anywhere,
			   vfio_domain_mask(file->domain));
	if (!ret && anywhere && copy_to_user(argp, arg, sizeof(*arg))) {
		vfio_dma_unmap(&file->owner, arg);
		ret = -EFAULT;
	}
	return ret;
}

static long uiommu_ioctl(struct file *filp, unsigned int cmd, unsigned long uarg)
{
	void __user *argp = (void __user *)uarg;
	struct uiommu_file *file = filp->private_data;
	struct vfio_dma_map arg;

	switch (cmd) {
	case VFIO_DMA_MAP_ANYWHERE:
	case VFIO_DMA_MAP_IOVA:
	case VFIO_DMA_UNMAP:
		break;
	default:
		return -ENOTTY;
	}
	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (cmd == VFIO_DMA_UNMAP)
		return vfio_dma_unmap(&file->owner, &arg);
	return uiommu_map(file, &arg, argp, cmd == VFIO_DMA_MAP_ANYWHERE);
}

static const struct file_operations uiommu_fops = {
	.owner = THIS_MODULE,
	.open = uiommu_open,
	.release = uiommu_release,
	.unlocked_ioctl = uiommu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice uiommu_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "uiommu",
	.fops = &uiommu_fops,
	.mode = 0666, /* a domain gives access to nothing but the caller's own memory */
};

/**
 * vfio_uiommu_init() - make /dev/uiommu
 *
 * Return: 0 or a negative errno.
 */
int vfio_uiommu_init(void)
{
	return misc_register(&uiommu_misc);
}

/**
 * vfio_uiommu_exit() - unmake /dev/uiommu
 */
void vfio_uiommu_exit(void)
{
	misc_deregister(&uiommu_misc);
}

/* Return: the domain behind a descriptor, with a reference, or an ERR_PTR. */
static struct vfio_domain *uiommu_fdget(int fd)
{
	struct vfio_domain *domain = ERR_PTR(-EINVAL);
	struct file *filp = fget(fd);

	if (!filp)
		return ERR_PTR(-EBADF);
	if (filp->f_op == &uiommu_fops) {
		struct uiommu_file *file = filp->private_data;

		domain = vfio_domain_get(file->domain);
	}
	fput(filp);
	return domain;
}

/**
 * vfio_domain_set() - put a device into the domain of a descriptor
 * @vdev: the device
 * @fd:   a descriptor of /dev/uiommu
 *
 * Context: takes vdev->lock.
 * Return: 0; -EBADF: not open; -EINVAL: not of /dev/uiommu; -EBUSY: the device has a domain; or as
 * of vfio_domain_attach() and vfio_dev_enter().
 */
int vfio_domain_set(struct vfio_dev *vdev, int fd)
{
	struct vfio_domain *domain = uiommu_fdget(fd);
	int ret;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	ret = vfio_dev_enter(vdev);
	if (ret)
		goto out;
	if (vdev->domain)
		ret = -EBUSY;
	else if (vdev->noiommu)
		ret = -ENODEV;
	else
		ret = vfio_domain_attach(domain, vdev);
	mutex_unlock(&vdev->lock);
out:
	vfio_domain_put(domain);
	return ret;
}

static bool vfio_dev_has_maps(struct vfio_dev *vdev)
{
	struct vfio_file *file;

	list_for_each_entry(file, &vdev->files, link)
		if (vfio_owner_has_maps(&file->owner))
			return true;
	return false;
}

/**
 * vfio_domain_unset() - undo vfio_domain_set()
 * @vdev: the device; it is reset
 *
 * A mapping that is being made by another thread at this moment may end up in the domain that the
 * device has left. It does no harm there, and can be unmapped.
 *
 * Context: takes vdev->lock.
 * Return: 0; -EINVAL: it is in no domain, or in one that came by itself; -EBUSY: descriptors of the
 * device still have mappings; or as of vfio_dev_enter().
 */
int vfio_domain_unset(struct vfio_dev *vdev)
{
	int ret;

	ret = vfio_dev_enter(vdev);
	if (ret)
		return ret;
	if (!vdev->domain || vdev->domain_own) {
		ret = -EINVAL;
	} else if (vfio_dev_has_maps(vdev)) {
		ret = -EBUSY;
	} else {
		vfio_pci_quiesce(vdev);
		vfio_domain_detach(vdev);
	}
	mutex_unlock(&vdev->lock);
	return ret;
}
