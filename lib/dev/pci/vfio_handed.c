/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The door of vfio-pci by descriptors that were handed in: the function's, which its group gave,
 * and a container that has the group and an IOMMU already (vfio_cdev.c has the others). Whoever
 * opened them may keep copies, so nothing ends by itself when ours are closed: interrupts and bus
 * mastering are switched off here.
 */
#include "lib/dev/pci/pci.h"

#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/err.h"

static int handed_claim(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};

	if (dev->host->ioctl(dev->handed.dev, VFIO_DEVICE_GET_INFO, &info) ||
	    !(info.flags & VFIO_DEVICE_FLAGS_PCI))
		return vfnet_err_set(err, -EINVAL,
				     "%s is bound to vfio-pci, and the descriptor that dev= hands "
				     "in is not one of a function from vfio-pci "
				     "(VFIO_GROUP_GET_DEVICE_FD returns such; or an open "
				     "/dev/vfio/devices/vfio<N>)",
				     dev->fn.name);
	vfnet_pci_handed_take(dev);
	return 0;
}

static void handed_release(struct vfnet_pci_dev *dev)
{
	close(dev->fd);
}

static int handed_dma_open(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma,
			   struct vfnet_err *err)
{
	struct vfio_iommu_type1_info info = {.argsz = sizeof(info)};

	if (dev->host->ioctl(dev->handed.dma, VFIO_GET_API_VERSION, NULL) != VFIO_API_VERSION)
		return vfnet_err_set(err, -EINVAL,
				     "%s: the descriptor that dma= hands in is not a container of "
				     "vfio, an open %s/vfio/vfio",
				     dev->fn.name, dev->host->dev);
	if (dev->host->ioctl(dev->handed.dma, VFIO_IOMMU_GET_INFO, &info))
		return vfnet_err_set(err, -EINVAL,
				     "%s: the container that dma= hands in has no type 1 IOMMU: "
				     "put the function's group into it and call VFIO_SET_IOMMU "
				     "before it is handed in",
				     dev->fn.name);
	return vfnet_pci_handed_dma(dev, dma, err);
}

/* Two virtual functions are alike, so that one has been taken for another goes unnoticed. */
static int check_ids(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	const off_t config = dev->region[VFNET_PCI_CONFIG].offset;
	uint16_t id[2];

	if (dev->host->pread(dev->fd, id, sizeof(id), config + PCI_VENDOR_ID) != sizeof(id))
		return vfnet_err_set(err, -ENODEV, "%s: its vendor cannot be read: it is gone",
				     dev->fn.name);
	if (le16toh(id[0]) == dev->fn.vendor && le16toh(id[1]) == dev->fn.device)
		return 0;
	return vfnet_err_set(err, -EINVAL,
			     "%s is %04x:%04x, and the descriptor that dev= hands in is one of a "
			     "%04x:%04x",
			     dev->fn.name, dev->fn.vendor, dev->fn.device, le16toh(id[0]),
			     le16toh(id[1]));
}

static int handed_attach(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma,
			 struct vfnet_err *err)
{
	int rc = vfnet_pci_vfio_open(dev, err);

	(void)dma; /* whoever opened the function has put it there */
	if (rc)
		return rc;
	rc = check_ids(dev, err);
	if (rc)
		vfnet_pci_vfio_close(dev);
	return rc;
}

static void handed_detach(struct vfnet_pci_dev *dev)
{
	vfnet_pci_vfio_irq_set(dev, NULL, NULL);
	vfnet_pci_bus_master(&dev->dev, false, NULL);
	vfnet_pci_vfio_close(dev);
}

const struct vfnet_pci_door vfnet_pci_door_vfio_handed = {
    .driver = "vfio-pci",
    .claim = handed_claim,
    .release = handed_release,
    .dma_open = handed_dma_open,
    .dma_map = vfnet_pci_container_map,
    .dma_unmap = vfnet_pci_container_unmap,
    .attach = handed_attach,
    .detach = handed_detach,
    .reset = vfnet_pci_vfio_reset,
    .irq_set = vfnet_pci_vfio_irq_set,
};
