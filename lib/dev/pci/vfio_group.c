/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a function gets into a DMA domain with vfio's first interface: an IOMMU group (/dev/vfio/N)
 * is put into a container (/dev/vfio/vfio), the first group gives the container its IOMMU driver,
 * and then the group hands out a descriptor of the function. The kernel lets a group be opened
 * once, so functions that share one share the descriptor, within one context.
 */
#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"

/**
 * struct vfnet_pci_group - an IOMMU group; the kernel lets one descriptor of it exist
 * @number:     N of /dev/vfio/N
 * @fd:         that
 * @n_claimed:  claimed functions
 * @n_attached: functions that are attached
 * @dma:        the domain that it is in; NULL = none
 * @next:       the bus's list
 */
struct vfnet_pci_group {
	unsigned int number;
	int fd;
	unsigned int n_claimed;
	unsigned int n_attached;
	struct vfnet_pci_dma *dma;
	struct vfnet_pci_group *next;
};

static struct vfnet_pci_bus *bus_of(const struct vfnet_pci_dev *dev)
{
	return VFNET_CONTAINER_OF(dev->dev.bus, struct vfnet_pci_bus, bus);
}

/* ---- groups ---- */

static int group_open_failed(const char *path, const struct vfnet_pci_function *fn, int errnum,
			     struct vfnet_err *err)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return vfnet_err_set(
		    err, -EPERM,
		    "%s: not permitted to open %s. As root: chown USER %s (until the next "
		    "boot), or a udev rule for good: SUBSYSTEM==\"vfio\", GROUP=\"vfnet\", "
		    "MODE=\"0660\"",
		    fn->name, path, path);
	case EBUSY:
		return vfnet_err_set(err, -EBUSY,
				     "%s: %s is open already, in another process or in another "
				     "context of this one: `fuser -v %s` tells who has it",
				     fn->name, path, path);
	case ENOENT:
		return vfnet_err_set(err, -ENODEV,
				     "%s is bound to vfio-pci but %s does not exist: in a "
				     "container, pass that device file into it",
				     fn->name, path);
	default:
		return vfnet_err_set(err, -errnum, "%s: cannot open %s: %s", fn->name, path,
				     strerror(errnum));
	}
}

static int check_viable(const struct vfnet_pci_host *host, int fd,
			const struct vfnet_pci_function *fn, struct vfnet_err *err)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	char rivals[160];
	int code;

	if (host->ioctl(fd, VFIO_GROUP_GET_STATUS, &status)) {
		code = -errno;
		return vfnet_err_set(err, code, "%s: cannot ask %s/vfio/%u for its state: %s",
				     fn->name, host->dev, fn->group, strerror(-code));
	}
	if (status.flags & VFIO_GROUP_FLAGS_VIABLE)
		return 0;
	vfnet_pci_rivals(host, fn, rivals, sizeof(rivals));
	return vfnet_err_set(err, -EBUSY,
			     "%s shares IOMMU group %u with functions that other drivers hold:%s. "
			     "A group has one user: unbind those, or bind them to vfio-pci too",
			     fn->name, fn->group, *rivals ? rivals : " (none of them in sysfs)");
}

static int group_new(struct vfnet_pci_bus *bus, const struct vfnet_pci_function *fn,
		     struct vfnet_pci_group **out, struct vfnet_err *err)
{
	struct vfnet_pci_group *group = calloc(1, sizeof(*group));
	char path[VFNET_PCI_PATH_BYTES];
	int rc;

	if (!group)
		return vfnet_err_set(err, -ENOMEM, "no memory for %s", fn->name);
	snprintf(path, sizeof(path), "%s/vfio/%u", bus->host->dev, fn->group);
	group->number = fn->group;
	group->fd = bus->host->open(path, O_RDWR | O_CLOEXEC);
	if (group->fd < 0) {
		rc = group_open_failed(path, fn, errno, err);
		goto err_free;
	}
	rc = check_viable(bus->host, group->fd, fn, err);
	if (rc)
		goto err_close;
	group->next = bus->groups;
	bus->groups = group;
	*out = group;
	return 0;

err_close:
	close(group->fd);
err_free:
	free(group);
	return rc;
}

static int group_claim(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	struct vfnet_pci_bus *bus = bus_of(dev);
	struct vfnet_pci_group *group = bus->groups;
	int rc;

	while (group && group->number != dev->fn.group)
		group = group->next;
	if (!group) {
		rc = group_new(bus, &dev->fn, &group, err);
		if (rc)
			return rc;
	}
	group->n_claimed++;
	dev->group = group;
	return 0;
}

static void group_release(struct vfnet_pci_dev *dev)
{
	struct vfnet_pci_group *group = dev->group;
	struct vfnet_pci_group **link = &bus_of(dev)->groups;

	if (--group->n_claimed)
		return;
	while (*link != group)
		link = &(*link)->next;
	*link = group->next;
	close(group->fd);
	free(group);
}

/* ---- containers ---- */

static int container_open_failed(const char *path, int errnum, struct vfnet_err *err)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return vfnet_err_set(
		    err, -EPERM,
		    "not permitted to open %s, which is everybody's by default. As "
		    "root: chmod 666 %s (it gives no access to any device)",
		    path, path);
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return vfnet_err_set(
		    err, -ENOENT,
		    "there is no %s, so this kernel has no vfio. As root: modprobe "
		    "vfio-pci; a kernel without that module needs CONFIG_VFIO_PCI and "
		    "CONFIG_VFIO_CONTAINER",
		    path);
	default:
		return vfnet_err_set(err, -errnum, "cannot open %s: %s", path, strerror(errnum));
	}
}

/* Which interface and which kind of IOMMU driver the container offers. */
static int check_container(const struct vfnet_pci_host *host, int fd, const char *path,
			   unsigned long *type, struct vfnet_err *err)
{
	static const unsigned long types[] = {VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_IOMMU};
	int version = host->ioctl(fd, VFIO_GET_API_VERSION, NULL);

	if (version != VFIO_API_VERSION)
		return vfnet_err_set(err, -ENOTSUP,
				     "%s speaks version %d of vfio's interface and vfnet knows %d: "
				     "use a vfnet made for this kernel",
				     path, version, VFIO_API_VERSION);
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(types); i++) {
		if (host->ioctl(fd, VFIO_CHECK_EXTENSION, (void *)(uintptr_t)types[i]) > 0) {
			*type = types[i];
			return 0;
		}
	}
	return vfnet_err_set(
	    err, -ENOTSUP,
	    "%s offers no type 1 IOMMU. As root: modprobe vfio_iommu_type1; if that "
	    "fails, this machine has no IOMMU that vfio can use",
	    path);
}

static int container_open(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma,
			  struct vfnet_err *err)
{
	char path[VFNET_PCI_PATH_BYTES];
	int rc;

	snprintf(path, sizeof(path), "%s/vfio/vfio", dev->host->dev);
	dma->n_groups = 0;
	dma->fd = dev->host->open(path, O_RDWR | O_CLOEXEC);
	if (dma->fd < 0)
		return container_open_failed(path, errno, err);
	rc = check_container(dev->host, dma->fd, path, &dma->type, err);
	if (rc)
		close(dma->fd);
	return rc;
}

/* ---- a function's group in a container ---- */

static int set_iommu_failed(const struct vfnet_pci_dev *dev, int errnum, struct vfnet_err *err)
{
	if (errnum == EPERM)
		return vfnet_pci_vfio_unsafe(dev, "vfio_iommu_type1", err);
	return vfnet_err_set(err, -errnum, "%s: the kernel refuses a DMA domain: %s", dev->fn.name,
			     strerror(errnum));
}

static int group_join(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma, struct vfnet_err *err)
{
	const struct vfnet_pci_host *host = dev->host;
	struct vfnet_pci_group *group = dev->group;
	int code;

	if (group->dma == dma)
		return 0;
	if (group->dma)
		return vfnet_err_set(err, -EXDEV,
				     "%s: IOMMU group %u is in another DMA domain already",
				     dev->fn.name, group->number);
	if (host->ioctl(group->fd, VFIO_GROUP_SET_CONTAINER, &dma->fd)) {
		/* whatever the reason, if another group is in: a domain of its own may do, and
		 * if not, that failure tells */
		code = dma->n_groups ? -EXDEV : -errno;
		return vfnet_err_set(err, code,
				     "%s: IOMMU group %u cannot enter the DMA domain: %s",
				     dev->fn.name, group->number, strerror(errno));
	}
	if (!dma->n_groups && host->ioctl(dma->fd, VFIO_SET_IOMMU, (void *)(uintptr_t)dma->type)) {
		code = set_iommu_failed(dev, errno, err);
		host->ioctl(group->fd, VFIO_GROUP_UNSET_CONTAINER, NULL);
		return code;
	}
	group->dma = dma;
	dma->n_groups++;
	return 0;
}

/* The last group out takes the container's IOMMU driver and all mappings with it. */
static void group_leave(struct vfnet_pci_dev *dev)
{
	struct vfnet_pci_group *group = dev->group;

	if (group->n_attached)
		return;
	dev->host->ioctl(group->fd, VFIO_GROUP_UNSET_CONTAINER, NULL);
	group->dma->n_groups--;
	group->dma = NULL;
}

static int group_attach(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma, struct vfnet_err *err)
{
	int rc;

	rc = group_join(dev, dma, err);
	if (rc)
		return rc;
	/* the kernel marks it close-on-exec itself */
	dev->fd = dev->host->ioctl(dev->group->fd, VFIO_GROUP_GET_DEVICE_FD, dev->fn.name);
	if (dev->fd < 0) {
		rc = vfnet_err_set(err, -errno, "%s: its IOMMU group does not hand it out: %s",
				   dev->fn.name, strerror(errno));
		goto err_leave;
	}
	rc = vfnet_pci_vfio_open(dev, err);
	if (rc)
		goto err_close;
	dev->group->n_attached++;
	return 0;

err_close:
	close(dev->fd);
	dev->fd = -1;
err_leave:
	group_leave(dev);
	return rc;
}

static void group_detach(struct vfnet_pci_dev *dev)
{
	vfnet_pci_vfio_close(dev);
	close(dev->fd); /* first: a group with open functions cannot leave */
	dev->fd = -1;
	dev->group->n_attached--;
	group_leave(dev);
}

const struct vfnet_pci_door vfnet_pci_door_group = {
    .driver = "vfio-pci",
    .claim = group_claim,
    .release = group_release,
    .dma_open = container_open,
    .dma_map = vfnet_pci_container_map,
    .dma_unmap = vfnet_pci_container_unmap,
    .attach = group_attach,
    .detach = group_detach,
    .reset = vfnet_pci_vfio_reset,
    .irq_set = vfnet_pci_vfio_irq_set,
};
