// SPDX-License-Identifier: GPL-2.0-only
/*
 * A descriptor of a device: who may have one, what the first open and the last close do, and
 * poll(). What can be asked of it is in vfio_ioctl.c, vfio_rdwr.c and vfio_mmap.c.
 */
#include <linux/capability.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/slab.h>

#include "compat.h"
#include "vfio_private.h"

/**
 * vfio_dev_enter() - take vdev->lock for a call of a user
 * @vdev: the device
 *
 * Return: 0 with the lock held; -ENODEV if the device has gone; -EINTR if the process is dying.
 */
int vfio_dev_enter(struct vfio_dev *vdev)
{
	if (mutex_lock_killable(&vdev->lock))
		return -EINTR;
	if (vdev->gone) {
		mutex_unlock(&vdev->lock);
		return -ENODEV;
	}
	return 0;
}

/* Without an IOMMU the device reaches all of memory, hence only those may open it who do, too. */
static int vfio_permit_noiommu(struct vfio_dev *vdev)
{
	struct device *dev = &vdev->pdev->dev;

	if (!READ_ONCE(vfio_allow_noiommu) || !capable(CAP_SYS_RAWIO)) {
		dev_err_ratelimited(dev, "no IOMMU: needs allow_noiommu and CAP_SYS_RAWIO\n");
		return -EPERM;
	}
	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return -EPERM;
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	dev_warn_ratelimited(dev, "opened without an IOMMU by %s[%d]: it reaches all memory\n",
			     current->comm, task_pid_nr(current));
	return 0;
}

/* A device that can write to any interrupt's address is as good as one that reaches all memory. */
static int vfio_permit(struct vfio_dev *vdev)
{
	vdev->noiommu = !device_iommu_mapped(&vdev->pdev->dev);
	if (vdev->noiommu)
		return vfio_permit_noiommu(vdev);
	if (!vfio_interrupts_isolated(vdev->pdev) && !READ_ONCE(vfio_allow_unsafe_intrs)) {
		dev_err_ratelimited(&vdev->pdev->dev,
				    "the IOMMU cannot check interrupts: needs allow_unsafe_intrs\n");
		return -EPERM;
	}
	return 0;
}

static int vfio_first_open(struct vfio_dev *vdev)
{
	int ret;

	ret = vfio_pci_start(vdev);
	if (ret)
		return ret;
	ret = vfio_config_init(vdev);
	if (ret)
		vfio_pci_stop(vdev);
	return ret;
}

/**
 * vfio_dev_idle() - undo what the first open and all calls since then did to the function
 * @vdev: the device
 *
 * At the last close, and in remove(), where descriptors may still be open. Mappings are left to
 * their owners. If it is not in use, there may still be a reset to make up for.
 *
 * Context: vdev->lock is held.
 */
void vfio_dev_idle(struct vfio_dev *vdev)
{
	if (vdev->config) {
		vfio_irq_disable(vdev);
		vfio_pci_quiesce(vdev);
		vfio_domain_detach(vdev);
		vfio_config_free(vdev);
		vfio_pci_stop(vdev);
	} else if (vdev->reset_due) {
		vfio_pci_quiesce(vdev);
	}
}

static struct vfio_file *vfio_file_alloc(struct vfio_dev *vdev)
{
	struct vfio_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return NULL;
	file->ones = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!file->ones) {
		kfree(file);
		return NULL;
	}
	memset(page_address(file->ones), 0xff, PAGE_SIZE);
	vfio_owner_init(&file->owner, &vdev->locked_pages);
	file->vdev = vdev;
	get_device(&vdev->dev);
	return file;
}

static void vfio_file_free(struct vfio_file *file)
{
	put_device(&file->vdev->dev);
	__free_page(file->ones);
	kfree(file);
}

static int vfio_open(struct inode *inode, struct file *filp)
{
	/* The reference that the inode's user has to cdev keeps the rest of it, too. */
	struct vfio_dev *vdev = container_of(inode->i_cdev, struct vfio_dev, cdev);
	struct vfio_file *file = vfio_file_alloc(vdev);
	int ret;

	if (!file)
		return -ENOMEM;
	ret = vfio_dev_enter(vdev);
	if (ret)
		goto err_free;
	ret = vfio_permit(vdev);
	if (!ret && list_empty(&vdev->files))
		ret = vfio_first_open(vdev);
	if (!ret)
		list_add(&file->link, &vdev->files);
	mutex_unlock(&vdev->lock);
	if (ret)
		goto err_free;

	filp->private_data = file;
	/* Every node of the device has an inode of its own; a BAR is to be revoked in all. */
	filp->f_mapping = vdev->inode->i_mapping;
	return 0;

err_free:
	vfio_file_free(file);
	return ret;
}

static int vfio_release(struct inode *inode, struct file *filp)
{
	struct vfio_file *file = filp->private_data;
	struct vfio_dev *vdev = file->vdev;

	mutex_lock(&vdev->lock);
	list_del(&file->link);
	if (list_empty(&vdev->files) && !vdev->gone) {
		vfio_netlink_close(vdev);
		vfio_dev_idle(vdev);
	}
	mutex_unlock(&vdev->lock);

	/* Only now: without an IOMMU the pages must stay until the device is quiet. */
	vfio_owner_release(&file->owner);
	vfio_file_free(file);
	return 0;
}

static __poll_t vfio_poll(struct file *filp, struct poll_table_struct *wait)
{
	struct vfio_file *file = filp->private_data;

	poll_wait(filp, &file->vdev->hangup, wait);
	return READ_ONCE(file->vdev->gone) ? EPOLLHUP | EPOLLERR : 0;
}

const struct file_operations vfio_fops = {
	.owner = THIS_MODULE,
	.open = vfio_open,
	.release = vfio_release,
	.read = vfio_read,
	.write = vfio_write,
	.llseek = default_llseek,
	.mmap = vfio_mmap,
	.poll = vfio_poll,
	.unlocked_ioctl = vfio_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int vfio_fd_is_of(const void *data, struct file *filp, unsigned int fd)
{
	const struct vfio_file *file = filp->private_data;

	return filp->f_op == &vfio_fops && file->vdev == data;
}

/**
 * vfio_dev_held_by_current() - has the calling process a descriptor of this device?
 * @vdev: the device
 *
 * Return: true if so.
 */
bool vfio_dev_held_by_current(struct vfio_dev *vdev)
{
	return current->files && iterate_fd(current->files, 0, vfio_fd_is_of, vdev);
}
