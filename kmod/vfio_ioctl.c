// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a device. Each copies what it needs from the user, then takes vdev->lock and looks
 * whether the device is still there, and copies the result back without the lock.
 */
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

#define VFIO_MAX_MSI 32
#define VFIO_LONGEST_BAR_LEN 0xfffff000U /* the most whole pages that a u32 can tell */

/* Return: the domain that mappings of the device go to, with a reference, or an ERR_PTR. */
static struct vfio_domain *vfio_dev_domain(struct vfio_dev *vdev, u64 *highest)
{
	struct vfio_domain *domain;
	int ret;

	ret = vfio_dev_enter(vdev);
	if (ret)
		return ERR_PTR(ret);
	ret = vfio_domain_need(vdev);
	domain = ret ? ERR_PTR(ret) : vfio_domain_get(vdev->domain);
	*highest = vdev->dma_mask;
	mutex_unlock(&vdev->lock);
	return domain;
}

static long vfio_ioctl_map(struct vfio_file *file, void __user *argp, bool anywhere)
{
	struct vfio_domain *domain;
	struct vfio_dma_map arg;
	u64 highest;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	domain = vfio_dev_domain(file->vdev, &highest);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	ret = vfio_dma_map(&file->owner, domain, &arg, anywhere, highest);
	vfio_domain_put(domain);
	if (!ret && anywhere && copy_to_user(argp, &arg, sizeof(arg))) {
		vfio_dma_unmap(&file->owner, &arg);
		ret = -EFAULT;
	}
	return ret;
}

static long vfio_ioctl_unmap(struct vfio_file *file, void __user *argp)
{
	struct vfio_dma_map arg;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = vfio_dev_enter(file->vdev);
	if (ret)
		return ret;
	mutex_unlock(&file->vdev->lock);
	return vfio_dma_unmap(&file->owner, &arg);
}

/* Each of the @n descriptors at @argp gets a vector; none of them: this kind is switched off. */
static long vfio_ioctl_eventfds(struct vfio_file *file, enum vfio_irq_kind kind,
				int __user *argp, unsigned int n)
{
	struct eventfd_ctx **ctx;
	unsigned int got = 0;
	int fd, ret = 0;

	ctx = kcalloc(n, sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return -ENOMEM;
	for (; got < n; got++) {
		if (get_user(fd, argp + got)) {
			ret = -EFAULT;
			goto out;
		}
		ctx[got] = eventfd_ctx_fdget(fd);
		if (IS_ERR(ctx[got])) {
			ret = PTR_ERR(ctx[got]);
			goto out;
		}
	}
	ret = vfio_dev_enter(file->vdev);
	if (ret)
		goto out;
	ret = vfio_irq_set(file->vdev, kind, ctx, n);
	mutex_unlock(&file->vdev->lock);
	if (!ret)
		got = 0; /* not ours any more */
out:
	while (got)
		eventfd_ctx_put(ctx[--got]);
	kfree(ctx);
	return ret;
}

/* One descriptor, or -1. */
static long vfio_ioctl_eventfd(struct vfio_file *file, enum vfio_irq_kind kind, int __user *argp)
{
	int fd;

	if (get_user(fd, argp))
		return -EFAULT;
	return vfio_ioctl_eventfds(file, kind, argp, fd == -1 ? 0 : 1);
}

/* A number, then so many descriptors. */
static long vfio_ioctl_eventfd_array(struct vfio_file *file, enum vfio_irq_kind kind,
				     int __user *argp)
{
	unsigned int most = VFIO_MAX_MSI;
	int n;

	if (kind == VFIO_IRQ_MSIX)
		most = file->vdev->msix_size / PCI_MSIX_ENTRY_SIZE;
	if (get_user(n, argp))
		return -EFAULT;
	if (n < 0 || n > most)
		return -EINVAL;
	return vfio_ioctl_eventfds(file, kind, argp + 1, n);
}

static long vfio_ioctl_dma_mask(struct vfio_file *file, u64 __user *argp)
{
	struct vfio_dev *vdev = file->vdev;
	u64 mask;
	int ret;

	if (copy_from_user(&mask, argp, sizeof(mask)))
		return -EFAULT;
	ret = vfio_dev_enter(vdev);
	if (ret)
		return ret;
	ret = vfio_domain_need(vdev);
	if (!ret)
		ret = vfio_domain_set_mask(vdev, mask);
	if (!ret) {
		/* No reset is on its way now that would restore the old value. */
		down_write(&vdev->memory_lock);
		pci_set_master(vdev->pdev);
		up_write(&vdev->memory_lock);
	}
	mutex_unlock(&vdev->lock);
	return ret;
}

static long vfio_ioctl_reset(struct vfio_file *file)
{
	int ret;

	ret = vfio_dev_enter(file->vdev);
	if (ret)
		return ret;
	ret = vfio_pci_reset(file->vdev);
	mutex_unlock(&file->vdev->lock);
	return ret;
}

static long vfio_ioctl_bar_len(struct vfio_file *file, u32 __user *argp)
{
	struct vfio_dev *vdev = file->vdev;
	u64 len;
	u32 bar;
	int ret;

	if (get_user(bar, argp))
		return -EFAULT;
	if (bar >= VFIO_BARS)
		return -EINVAL;
	ret = vfio_dev_enter(vdev);
	if (ret)
		return ret;
	len = vfio_bar_len(vdev, bar);
	mutex_unlock(&vdev->lock);
	return put_user((u32)min_t(u64, len, VFIO_LONGEST_BAR_LEN), argp);
}

/* The calls that pass a descriptor to another file. */
static long vfio_ioctl_fd(struct vfio_file *file, int (*call)(struct vfio_dev *vdev, int fd),
			  int __user *argp)
{
	int fd;

	if (get_user(fd, argp))
		return -EFAULT;
	return call(file->vdev, fd);
}

/**
 * vfio_ioctl() - everything that is asked of a device by ioctl()
 * @filp: the descriptor
 * @cmd:  one of <linux/vfio.h>
 * @arg:  pointer to its argument
 *
 * Return: 0 or a negative errno; -ENODEV: the device has gone; -ENOTTY: no such call.
 */
long vfio_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct vfio_file *file = filp->private_data;
	void __user *argp = (void __user *)arg;

	/* What has an effect looks again under vdev->lock; this is said before any other error. */
	if (READ_ONCE(file->vdev->gone))
		return -ENODEV;
	switch (cmd) {
	case VFIO_DMA_MAP_ANYWHERE:
		return vfio_ioctl_map(file, argp, true);
	case VFIO_DMA_MAP_IOVA:
		return vfio_ioctl_map(file, argp, false);
	case VFIO_DMA_UNMAP:
		return vfio_ioctl_unmap(file, argp);
	case VFIO_DMA_MASK:
		return vfio_ioctl_dma_mask(file, argp);
	case VFIO_DOMAIN_SET:
		return vfio_ioctl_fd(file, vfio_domain_set, argp);
	case VFIO_DOMAIN_UNSET:
		return vfio_domain_unset(file->vdev);
	case VFIO_EVENTFD_IRQ:
		return vfio_ioctl_eventfd(file, VFIO_IRQ_INTX, argp);
	case VFIO_EVENTFD_MSI:
		return vfio_ioctl_eventfd(file, VFIO_IRQ_MSI, argp);
	case VFIO_EVENTFDS_MSI:
		return vfio_ioctl_eventfd_array(file, VFIO_IRQ_MSI, argp);
	case VFIO_EVENTFDS_MSIX:
		return vfio_ioctl_eventfd_array(file, VFIO_IRQ_MSIX, argp);
	case VFIO_IRQ_EOI:
		return vfio_irq_eoi(file->vdev);
	case VFIO_IRQ_EOI_EVENTFD:
		return vfio_ioctl_fd(file, vfio_irq_eoi_eventfd, argp);
	case VFIO_RESET_FUNCTION:
		return vfio_ioctl_reset(file);
	case VFIO_BAR_LEN:
		return vfio_ioctl_bar_len(file, argp);
	default:
		return -ENOTTY;
	}
}
