// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device shows in sysfs: its attribute, and the folder "vfio" of the PCI function, in which
 * programs look for the name of the node. The class had made that folder if it could be called
 * "vfio".
 */
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "vfio_private.h"

static ssize_t locked_pages_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vfio_dev *vdev = container_of(dev, struct vfio_dev, dev);

	return sysfs_emit(buf, "%lld\n", atomic64_read(&vdev->locked_pages));
}
static DEVICE_ATTR_RO(locked_pages);

static struct attribute *vfio_dev_attrs[] = {
	&dev_attr_locked_pages.attr,
	NULL,
};

static const struct attribute_group vfio_dev_group = {
	.attrs = vfio_dev_attrs,
};

const struct attribute_group *vfio_dev_groups[] = {
	&vfio_dev_group,
	NULL,
};

/**
 * vfio_sysfs_add() - make the folder "vfio" of a PCI function and the link in it
 * @vdev: the device, which is in sysfs itself
 *
 * Return: 0 or a negative errno.
 */
int vfio_sysfs_add(struct vfio_dev *vdev)
{
	int ret;

	vdev->sysfs_dir = kobject_create_and_add("vfio", &vdev->pdev->dev.kobj);
	if (!vdev->sysfs_dir)
		return -ENOMEM;
	ret = sysfs_create_link(vdev->sysfs_dir, &vdev->dev.kobj, dev_name(&vdev->dev));
	if (ret)
		kobject_put(vdev->sysfs_dir);
	return ret;
}

/**
 * vfio_sysfs_remove() - undo vfio_sysfs_add()
 * @vdev: the device
 */
void vfio_sysfs_remove(struct vfio_dev *vdev)
{
	sysfs_remove_link(vdev->sysfs_dir, dev_name(&vdev->dev));
	/* By the last put the name might go too late for the next probe(). */
	kobject_del(vdev->sysfs_dir);
	kobject_put(vdev->sysfs_dir);
}
