/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The door of vfio-pci by iommufd: a function has a character device of its own
 * (/dev/vfio/devices/vfio<N>), an I/O address space is an object of an open /dev/iommu, and groups
 * are the kernel's business only. The rights on the two files are all that a process needs.
 *
 * A descriptor of a function can be bound to an iommufd once, and is let go by closing it: what
 * fails after the bind closes it, and the next attach opens it anew.
 *
 * One that was handed in stays bound while somebody else has a copy, and may have been bound by the
 * opener or by a worker before. Nothing ends by itself there: interrupts, bus mastering, the
 * attachment and the I/O address space, which is our own in any case, are ended here.
 */
#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/dev/pci/iommufd.h"

static int open_failed(const char *path, const struct vfnet_pci_dev *dev, int errnum,
		       struct vfnet_err *err)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return vfnet_err_set(
		    err, -EPERM,
		    "%s: not permitted to open %s. As root: chown USER %s (until the next "
		    "boot), or a udev rule for good: SUBSYSTEM==\"vfio-dev\", GROUP=\"vfnet\", "
		    "MODE=\"0660\", and KERNEL==\"iommu\" likewise",
		    dev->fn.name, path, path);
	case ENOENT:
		return vfnet_err_set(err, -ENODEV,
				     "%s: the kernel offers it by iommufd, but %s does not exist: "
				     "in a container, pass that device file into it; else, as "
				     "root: modprobe iommufd",
				     dev->fn.name, path);
	default:
		return vfnet_err_set(err, -errnum, "%s: cannot open %s: %s", dev->fn.name, path,
				     strerror(errnum));
	}
}

static int open_file(const struct vfnet_pci_dev *dev, const char *file, int *fd,
		     struct vfnet_err *err)
{
	char path[VFNET_PCI_PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", dev->host->dev, file);
	*fd = dev->host->open(path, O_RDWR | O_CLOEXEC);
	return *fd < 0 ? open_failed(path, dev, errno, err) : 0;
}

/* ---- a function ---- */

/* Opening is not yet having: the kernel refuses a second user when that binds. */
static int cdev_claim(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	char folder[VFNET_PCI_NODE_BYTES + sizeof("vfio-dev/")];
	char file[VFNET_PCI_NODE_BYTES + sizeof("vfio/devices/")];
	char node[VFNET_PCI_NODE_BYTES];
	int rc;

	if (!vfnet_pci_cdev_node(dev->host, dev->fn.name, node))
		return vfnet_err_set(
		    err, -ENODEV, "%s: the kernel has stopped to offer it: it is just letting go",
		    dev->fn.name);
	snprintf(file, sizeof(file), "vfio/devices/%s", node);
	if (dev->handed.dev < 0)
		return open_file(dev, file, &dev->fd, err);
	snprintf(folder, sizeof(folder), "vfio-dev/%s", node);
	rc = vfnet_pci_handed_is_node(dev, folder, file, err);
	if (!rc)
		vfnet_pci_handed_take(dev);
	return rc;
}

static void cdev_release(struct vfnet_pci_dev *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
}

static int bind_failed(const struct vfnet_pci_dev *dev, int errnum, struct vfnet_err *err)
{
	char rivals[160];

	if (errnum == EPERM)
		return vfnet_pci_vfio_unsafe(dev, "iommufd", err);
	if (errnum != EBUSY && errnum != EINVAL)
		return vfnet_err_set(err, -errnum, "%s: the kernel does not bind it to iommufd: %s",
				     dev->fn.name, strerror(errnum));
	vfnet_pci_rivals(dev->host, &dev->fn, rivals, sizeof(rivals));
	if (*rivals)
		return vfnet_err_set(err, -EBUSY,
				     "%s shares IOMMU group %u with functions that other drivers "
				     "hold:%s. A group has one user: unbind those, or bind them to "
				     "vfio-pci too",
				     dev->fn.name, dev->fn.group, rivals);
	return vfnet_err_set(err, -EBUSY,
			     "%s, or its IOMMU group %u, has another user: `fuser -v %s/vfio/%u "
			     "%s/vfio/devices/*` tells who",
			     dev->fn.name, dev->fn.group, dev->host->dev, dev->fn.group,
			     dev->host->dev);
}

static int attach_to(const struct vfnet_pci_dev *dev, uint32_t ioas)
{
	struct vfnet_iommufd_attach attach = {.size = sizeof(attach), .ioas = ioas};

	return dev->host->ioctl(dev->fd, VFNET_IOMMUFD_ATTACH, &attach) ? -errno : 0;
}

static void detach_from_all(const struct vfnet_pci_dev *dev)
{
	struct vfnet_iommufd_detach detach = {.size = sizeof(detach)};

	dev->host->ioctl(dev->fd, VFNET_IOMMUFD_DETACH, &detach);
}

static int ioas_new(const struct vfnet_pci_dma *dma, uint32_t *ioas)
{
	struct vfnet_iommufd_ioas_alloc alloc = {.size = sizeof(alloc)};

	if (dma->host->ioctl(dma->fd, VFNET_IOMMUFD_IOAS_ALLOC, &alloc))
		return -errno;
	*ioas = alloc.ioas;
	return 0;
}

/* Return: 0; a negative errno, such as -EBUSY while a function is attached to it. */
static int ioas_destroy(const struct vfnet_pci_dma *dma, uint32_t ioas)
{
	struct vfnet_iommufd_destroy destroy = {.size = sizeof(destroy), .id = ioas};

	return dma->host->ioctl(dma->fd, VFNET_IOMMUFD_DESTROY, &destroy) ? -errno : 0;
}

/*
 * Is a function that was bound before bound to @dma's iommufd? The kernel does not tell, and
 * another iommufd has address spaces of the same numbers. But what a function is attached to cannot
 * be destroyed, so a new one is tried.
 */
static int check_bound_here(const struct vfnet_pci_dev *dev, const struct vfnet_pci_dma *dma,
			    struct vfnet_err *err)
{
	bool here = false;
	uint32_t ioas;
	int rc = ioas_new(dma, &ioas);

	if (rc)
		return vfnet_err_set(err, rc, "%s: no I/O address space to try it in: %s",
				     dev->fn.name, strerror(-rc));
	if (!attach_to(dev, ioas)) {
		here = ioas_destroy(dma, ioas) == -EBUSY;
		detach_from_all(dev);
	}
	ioas_destroy(dma, ioas);
	if (here)
		return 0;
	return vfnet_err_set(err, -EINVAL,
			     "%s: the descriptor that dev= hands in is bound to another iommufd "
			     "than the one that dma= hands in: bind it to that one, or leave it "
			     "unbound",
			     dev->fn.name);
}

/* What was handed in may be bound already: by the opener, or by the worker before. */
static int bind_to(const struct vfnet_pci_dev *dev, const struct vfnet_pci_dma *dma,
		   struct vfnet_err *err)
{
	struct vfnet_iommufd_bind bind = {.size = sizeof(bind), .iommufd = dma->fd};
	struct vfio_device_info info = {.argsz = sizeof(info)};
	int errnum;

	if (!dev->host->ioctl(dev->fd, VFNET_IOMMUFD_BIND, &bind))
		return 0;
	errnum = errno;
	/* who has not bound it is told nothing */
	if (dev->handed.dma < 0 || errnum != EINVAL ||
	    dev->host->ioctl(dev->fd, VFIO_DEVICE_GET_INFO, &info))
		return bind_failed(dev, errnum, err);
	return check_bound_here(dev, dma, err);
}

static int bind_and_attach(const struct vfnet_pci_dev *dev, const struct vfnet_pci_dma *dma,
			   struct vfnet_err *err)
{
	int rc = bind_to(dev, dma, err);

	if (rc)
		return rc;
	rc = attach_to(dev, dma->ioas);
	if (!rc)
		return 0;
	/* whatever the reason, if others are in: a domain of its own may do, and if not, that
	 * failure tells */
	return vfnet_err_set(err, dma->door ? -EXDEV : rc, "%s cannot enter the DMA domain: %s",
			     dev->fn.name, strerror(-rc));
}

static int cdev_attach(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma, struct vfnet_err *err)
{
	const bool handed = dev->handed.dma >= 0;
	int rc = dev->fd < 0 ? cdev_claim(dev, err) : 0;

	if (!rc)
		rc = bind_and_attach(dev, dma, err);
	if (!rc) {
		rc = vfnet_pci_vfio_open(dev, err);
		if (rc && handed)
			detach_from_all(dev);
	}
	if (rc && !handed)
		cdev_release(dev);
	return rc;
}

/* The kernel detaches and unbinds what is closed. */
static void cdev_detach(struct vfnet_pci_dev *dev)
{
	const bool handed = dev->handed.dma >= 0;

	if (handed) {
		vfnet_pci_vfio_irq_set(dev, NULL, NULL);
		vfnet_pci_bus_master(&dev->dev, false, NULL);
	}
	vfnet_pci_vfio_close(dev);
	if (handed)
		detach_from_all(dev);
	else
		cdev_release(dev);
}

/* ---- a domain ---- */

static int ioas_failed(const struct vfnet_pci_dev *dev, int rc, struct vfnet_err *err)
{
	if (dev->handed.dma >= 0 && (rc == -ENOTTY || rc == -EINVAL))
		return vfnet_err_set(err, -EINVAL,
				     "%s: the descriptor that dma= hands in is not an open "
				     "%s/iommu, as that of dev= wants it",
				     dev->fn.name, dev->host->dev);
	return vfnet_err_set(err, rc, "%s/iommu gives no I/O address space: %s", dev->host->dev,
			     strerror(-rc));
}

static int ioas_open(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma, struct vfnet_err *err)
{
	int rc = dev->handed.dma >= 0 ? vfnet_pci_handed_dma(dev, dma, err)
				      : open_file(dev, "iommu", &dma->fd, err);

	if (rc)
		return rc;
	rc = ioas_new(dma, &dma->ioas);
	if (!rc)
		return 0;
	close(dma->fd);
	return ioas_failed(dev, rc, err);
}

/* Somebody else may have a copy of the iommufd; with the address space go its mappings. */
static void ioas_end(struct vfnet_pci_dma *dma)
{
	ioas_destroy(dma, dma->ioas);
}

static int ioas_map(struct vfnet_pci_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
		    struct vfnet_err *err)
{
	struct vfnet_iommufd_ioas_map map = {
	    .size = sizeof(map),
	    .flags = VFNET_IOMMUFD_MAP_FIXED | VFNET_IOMMUFD_MAP_READ | VFNET_IOMMUFD_MAP_WRITE,
	    .ioas = dma->ioas,
	    .vaddr = (uintptr_t)vaddr,
	    .length = bytes,
	    .iova = iova,
	};

	if (!dma->host->ioctl(dma->fd, VFNET_IOMMUFD_IOAS_MAP, &map))
		return 0;
	if (errno != EINVAL)
		return vfnet_pci_map_failed(iova, bytes, errno, err);
	return vfnet_err_set(err, -EINVAL,
			     "I/O addresses 0x%" PRIx64 "-0x%" PRIx64 " touch a range that this "
			     "IOMMU reserves or does not reach. A smaller region may fit",
			     iova, iova + bytes - 1);
}

static void ioas_unmap(struct vfnet_pci_dma *dma, uint64_t iova, uint64_t bytes)
{
	struct vfnet_iommufd_ioas_unmap unmap = {
	    .size = sizeof(unmap),
	    .ioas = dma->ioas,
	    .iova = iova,
	    .length = bytes,
	};

	/* cannot fail: it is what was mapped; and the end of the address space ends it as well */
	dma->host->ioctl(dma->fd, VFNET_IOMMUFD_IOAS_UNMAP, &unmap);
}

const struct vfnet_pci_door vfnet_pci_door_cdev = {
    .driver = "vfio-pci",
    .claim = cdev_claim,
    .release = cdev_release,
    .dma_open = ioas_open,
    .dma_map = ioas_map,
    .dma_unmap = ioas_unmap,
    .dma_end = ioas_end,
    .attach = cdev_attach,
    .detach = cdev_detach,
    .reset = vfnet_pci_vfio_reset,
    .irq_set = vfnet_pci_vfio_irq_set,
};
