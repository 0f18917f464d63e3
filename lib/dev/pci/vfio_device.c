/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function through vfio-pci's descriptor, which is the same however it was come by: what it is,
 * its BARs, its reset. BAR 0 is mapped where the kernel lets it be.
 *
 * What vfio-pci cannot give: hardware that died under a mapped BAR reads all ones and swallows
 * stores, as the contract says; but if the kernel takes the mapping itself away (the function is
 * put to sleep by its owner), a load or a store raises SIGBUS. There is no cure on this side of
 * the interface that does not install a signal handler; our own module (kmod/) has none of it.
 */
#include "lib/dev/pci/pci.h"

#include <assert.h>
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/err.h"

static_assert(VFNET_PCI_CONFIG == VFIO_PCI_CONFIG_REGION_INDEX, "vfio's numbering");

static int device_failed(const struct vfnet_pci_dev *dev, const char *what, struct vfnet_err *err)
{
	int code = -errno;

	return vfnet_err_set(err, code, "%s: %s: %s", dev->fn.name, what, strerror(-code));
}

/* the region @index, mapped if @want_map and the kernel allows it */
static int region_open(struct vfnet_pci_dev *dev, unsigned int index, bool want_map,
		       struct vfnet_err *err)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = index};
	void *map = NULL;

	if (dev->host->ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return device_failed(dev, "the kernel does not describe its BARs", err);
	if (want_map && info.size && (info.flags & VFIO_REGION_INFO_FLAG_MMAP)) {
		map = vfnet_pci_map_bar(dev, info.size, (off_t)info.offset);
		if (map == MAP_FAILED)
			return device_failed(dev, "cannot map BAR 0", err);
	}
	dev->region[index] = (struct vfnet_pci_region){info.size, (off_t)info.offset, map};
	return 0;
}

static int open_regions(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	int rc = region_open(dev, VFIO_PCI_CONFIG_REGION_INDEX, false, err);

	for (unsigned int bar = 0; bar < VFNET_PCI_BARS && !rc; bar++)
		rc = region_open(dev, bar, bar == 0, err);
	if (!rc && dev->region[0].bytes && !dev->region[0].map)
		vfnet_pci_warn_unmapped(dev);
	return rc;
}

static int get_info(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	struct vfio_irq_info irq = {.argsz = sizeof(irq), .index = VFIO_PCI_MSIX_IRQ_INDEX};

	if (dev->host->ioctl(dev->fd, VFIO_DEVICE_GET_INFO, &info))
		return device_failed(dev, "the kernel does not describe it", err);
	if (dev->host->ioctl(dev->fd, VFIO_DEVICE_GET_IRQ_INFO, &irq))
		return device_failed(dev, "the kernel does not describe its interrupts", err);
	dev->can_reset = info.flags & VFIO_DEVICE_FLAGS_RESET;
	dev->dev.n_vectors = irq.count < VFNET_DEV_VECTORS_MAX ? irq.count : VFNET_DEV_VECTORS_MAX;
	return 0;
}

int vfnet_pci_vfio_open(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	int rc = get_info(dev, err);

	if (!rc)
		rc = open_regions(dev, err);
	if (!rc)
		rc = vfnet_pci_vfio_request(dev, err);
	if (rc)
		vfnet_pci_regions_close(dev);
	return rc;
}

void vfnet_pci_vfio_close(struct vfnet_pci_dev *dev)
{
	vfnet_pci_vfio_request_end(dev);
	vfnet_pci_regions_close(dev);
	dev->irqs_on = false;
}

int vfnet_pci_vfio_reset(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	if (!dev->can_reset)
		return vfnet_err_set(err, -ENOTSUP, "%s has no function-level reset", dev->fn.name);
	return vfnet_pci_reset_call(dev, VFIO_DEVICE_RESET, err);
}

int vfnet_pci_vfio_unsafe(const struct vfnet_pci_dev *dev, const char *module,
			  struct vfnet_err *err)
{
	return vfnet_err_set(
	    err, -EPERM,
	    "%s: the kernel refuses a DMA domain, usually because the machine has no interrupt "
	    "remapping and a device could forge interrupts. Switch it on in the firmware set-up, "
	    "or accept the risk, as root: echo Y > "
	    "/sys/module/%s/parameters/allow_unsafe_interrupts",
	    dev->fn.name, module);
}
