// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module, and the life of a device from probe() to remove(). What happens while it is open is
 * in vfio_file.c.
 */
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/poll.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "vfio_private.h"

#define VFIO_FS_MAGIC 0x5546494f /* nobody sees it: "UFIO" */

struct workqueue_struct *vfio_workqueue;

bool vfio_allow_unsafe_intrs;
module_param_named(allow_unsafe_intrs, vfio_allow_unsafe_intrs, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_intrs,
		 "Serve devices whose interrupts the IOMMU cannot check (they can forge any interrupt)");

bool vfio_allow_noiommu;
module_param_named(allow_noiommu, vfio_allow_noiommu, bool, 0644);
MODULE_PARM_DESC(allow_noiommu,
		 "Serve devices without an IOMMU to CAP_SYS_RAWIO (they reach all memory; taints)");

static struct class *vfio_class;
static dev_t vfio_devt;
static struct vfsmount *vfio_mnt;
static DEFINE_IDA(vfio_minors);
static atomic_t vfio_devs; /* not yet freed; rmmod waits for them */

/*
 * A file system only for the inodes whose address_space collects the BAR mmaps of a device. It has
 * no owner, because its own mount would then keep the module from ever being removed; it goes in
 * module_exit(), when nobody has a device open any more.
 */
static int vfio_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, VFIO_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type vfio_fs_type = {
	.name = "uvfio",
	.init_fs_context = vfio_fs_init_context,
	.kill_sb = kill_anon_super,
};

static void vfio_dev_release(struct device *dev)
{
	struct vfio_dev *vdev = container_of(dev, struct vfio_dev, dev);

	iput(vdev->inode);
	pci_dev_put(vdev->pdev);
	mutex_destroy(&vdev->lock);
	kfree(vdev);
	if (atomic_dec_and_test(&vfio_devs))
		wake_up_var(&vfio_devs);
}

static void vfio_dev_setup(struct vfio_dev *vdev, struct pci_dev *pdev, unsigned int minor)
{
	vdev->pdev = pci_dev_get(pdev);
	mutex_init(&vdev->lock);
	INIT_LIST_HEAD(&vdev->files);
	init_waitqueue_head(&vdev->hangup);
	init_rwsem(&vdev->memory_lock);
	spin_lock_init(&vdev->irq_lock);

	atomic_inc(&vfio_devs);
	device_initialize(&vdev->dev);
	vdev->dev.release = vfio_dev_release;
	vdev->dev.class = vfio_class;
	vdev->dev.groups = vfio_dev_groups;
	vdev->dev.parent = &pdev->dev;
	vdev->dev.devt = MKDEV(MAJOR(vfio_devt), minor);
	cdev_init(&vdev->cdev, &vfio_fops);
	vdev->cdev.owner = THIS_MODULE;
}

/* On success the caller has the only reference. */
static struct vfio_dev *vfio_dev_alloc(struct pci_dev *pdev)
{
	struct vfio_dev *vdev;
	int minor, ret;

	minor = ida_alloc_max(&vfio_minors, MINORMASK, GFP_KERNEL);
	if (minor < 0)
		return ERR_PTR(minor);
	vdev = kzalloc(sizeof(*vdev), GFP_KERNEL);
	if (!vdev) {
		ida_free(&vfio_minors, minor);
		return ERR_PTR(-ENOMEM);
	}
	vfio_dev_setup(vdev, pdev, minor);
	ret = vfio_pci_probe_msix(vdev);
	if (ret)
		goto err_put;
	ret = dev_set_name(&vdev->dev, "vfio%d", minor);
	if (ret)
		goto err_put;
	vdev->inode = alloc_anon_inode(vfio_mnt->mnt_sb);
	if (IS_ERR(vdev->inode)) {
		ret = PTR_ERR(vdev->inode);
		vdev->inode = NULL;
		goto err_put;
	}
	return vdev;

err_put:
	put_device(&vdev->dev);
	ida_free(&vfio_minors, minor);
	return ERR_PTR(ret);
}

/*
 * Takes the device out of the reach of everyone, whoever has it open and whatever they do. Waits
 * for calls that are under way, never for a user.
 */
static void vfio_dev_withdraw(struct vfio_dev *vdev)
{
	struct vfio_file *file;

	WRITE_ONCE(vdev->leaving, true);
	mutex_lock(&vdev->lock);
	down_write(&vdev->memory_lock);
	vdev->gone = true;
	vfio_mmap_revoke(vdev);
	up_write(&vdev->memory_lock);
	vfio_irq_hang_up(vdev); /* after that: who wakes finds ones in the BARs */

	/* In this order: without an IOMMU the pages must stay until the device is quiet. */
	vfio_dev_idle(vdev);
	list_for_each_entry(file, &vdev->files, link)
		vfio_owner_revoke(&file->owner);
	mutex_unlock(&vdev->lock);
	wake_up_poll(&vdev->hangup, EPOLLHUP | EPOLLERR);
}

static int vfio_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vfio_dev *vdev;
	int ret;

	if (pdev->hdr_type != PCI_HEADER_TYPE_NORMAL) {
		dev_err_ratelimited(&pdev->dev, "a bridge cannot be given to a user\n");
		return -EINVAL;
	}
	vdev = vfio_dev_alloc(pdev);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	pci_set_drvdata(pdev, vdev);

	ret = cdev_device_add(&vdev->cdev, &vdev->dev);
	if (ret)
		goto err_put;
	ret = vfio_sysfs_add(vdev);
	if (ret)
		goto err_withdraw;
	return 0;

err_withdraw:
	/* It may already have been opened. */
	cdev_device_del(&vdev->cdev, &vdev->dev);
	vfio_dev_withdraw(vdev);
err_put:
	pci_set_drvdata(pdev, NULL);
	ida_free(&vfio_minors, MINOR(vdev->dev.devt));
	put_device(&vdev->dev);
	return ret;
}

static void vfio_remove(struct pci_dev *pdev)
{
	struct vfio_dev *vdev = pci_get_drvdata(pdev);

	vfio_netlink_remove(vdev);
	vfio_sysfs_remove(vdev);
	cdev_device_del(&vdev->cdev, &vdev->dev);
	vfio_dev_withdraw(vdev);
	pci_set_drvdata(pdev, NULL);
	ida_free(&vfio_minors, MINOR(vdev->dev.devt));
	put_device(&vdev->dev);
}

static int vfio_dev_serves(struct device *dev, const void *data)
{
	return dev->parent == data;
}

/**
 * vfio_dev_find() - the device that serves a PCI function
 * @pdev: the function, with a reference of the caller's
 *
 * Return: the device, with a reference that the caller puts, or NULL. It may be gone by the time
 * that the caller looks at it.
 */
struct vfio_dev *vfio_dev_find(struct pci_dev *pdev)
{
	struct device *dev = class_find_device(vfio_class, NULL, &pdev->dev, vfio_dev_serves);

	return dev ? container_of(dev, struct vfio_dev, dev) : NULL;
}

/* Without a table new_id takes any device; with an empty one it takes none. */
static struct pci_driver vfio_driver = {
	.name = "vfio",
	.probe = vfio_probe,
	.remove = vfio_remove,
	.err_handler = &vfio_pci_err_handlers,
	.driver_managed_dma = true, /* vfio_group.c claims the group when a user needs it */
};

/* What a device needs to exist. */
static int __init vfio_init_base(void)
{
	int ret;

	vfio_workqueue = alloc_workqueue("uvfio", WQ_UNBOUND, 0);
	if (!vfio_workqueue)
		return -ENOMEM;
	vfio_mnt = kern_mount(&vfio_fs_type);
	if (IS_ERR(vfio_mnt)) {
		ret = PTR_ERR(vfio_mnt);
		goto err_workqueue;
	}
	ret = alloc_chrdev_region(&vfio_devt, 0, MINORMASK + 1, "vfio");
	if (ret)
		goto err_mount;
	/* Not "vfio": mainline's class has that name. */
	vfio_class = vfio_class_create("uvfio");
	if (IS_ERR(vfio_class)) {
		ret = PTR_ERR(vfio_class);
		goto err_region;
	}
	return 0;

err_region:
	unregister_chrdev_region(vfio_devt, MINORMASK + 1);
err_mount:
	kern_unmount(vfio_mnt);
err_workqueue:
	destroy_workqueue(vfio_workqueue);
	return ret;
}

static void vfio_exit_base(void)
{
	/* The last reference to a device can be dropped after the last close. */
	wait_var_event(&vfio_devs, !atomic_read(&vfio_devs));
	class_destroy(vfio_class);
	unregister_chrdev_region(vfio_devt, MINORMASK + 1);
	kern_unmount(vfio_mnt);
	destroy_workqueue(vfio_workqueue);
}

static int __init vfio_init(void)
{
	int ret;

	ret = vfio_init_base();
	if (ret)
		return ret;
	ret = vfio_uiommu_init();
	if (ret)
		goto err_base;
	ret = vfio_netlink_init();
	if (ret)
		goto err_uiommu;
	ret = pci_register_driver(&vfio_driver);
	if (ret)
		goto err_netlink;
	return 0;

err_netlink:
	vfio_netlink_exit();
err_uiommu:
	vfio_uiommu_exit();
err_base:
	vfio_exit_base();
	return ret;
}

static void __exit vfio_exit(void)
{
	pci_unregister_driver(&vfio_driver);
	vfio_netlink_exit();
	vfio_uiommu_exit();
	vfio_exit_base();
}

module_init(vfio_init);
module_exit(vfio_exit);
MODULE_DESCRIPTION("User-level PCI drivers, as proposed in 2010");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
