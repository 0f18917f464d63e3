/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The "pci" bus: claims functions by name, and sends each call through the function's door.
 */
#define _GNU_SOURCE
#define VFNET_LOG_TAG "pci"

#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"

static int host_open(const char *path, int flags)
{
	return open(path, flags);
}

static int host_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

static const struct vfnet_pci_host this_machine = {
    .sysfs = "/sys",
    .dev = "/dev",
    .open = host_open,
    .ioctl = host_ioctl,
    .mmap = mmap,
    .pread = pread,
    .pwrite = pwrite,
    .fstat = fstat,
};

static struct vfnet_pci_bus *to_bus(struct vfnet_bus *bus)
{
	return VFNET_CONTAINER_OF(bus, struct vfnet_pci_bus, bus);
}

static struct vfnet_pci_dev *to_dev(struct vfnet_dev *dev)
{
	return VFNET_CONTAINER_OF(dev, struct vfnet_pci_dev, dev);
}

static struct vfnet_pci_dma *to_dma(struct vfnet_dma *dma)
{
	return VFNET_CONTAINER_OF(dma, struct vfnet_pci_dma, dma);
}

/* ---- domains: the door of the first function is that of the domain ---- */

static int bus_dma_open(struct vfnet_bus *bus, struct vfnet_dma **out, struct vfnet_err *err)
{
	struct vfnet_pci_dma *dma = calloc(1, sizeof(*dma));

	if (!dma)
		return vfnet_err_set(err, -ENOMEM, "no memory for a DMA domain");
	dma->dma.bus = bus;
	dma->host = to_bus(bus)->host;
	*out = &dma->dma;
	return 0;
}

static void domain_end(struct vfnet_pci_dma *dma, const struct vfnet_pci_door *door)
{
	if (door->dma_end)
		door->dma_end(dma);
	close(dma->fd);
}

static void bus_dma_close(struct vfnet_dma *base)
{
	struct vfnet_pci_dma *dma = to_dma(base);

	if (dma->door)
		domain_end(dma, dma->door);
	free(dma);
}

static int bus_dma_map(struct vfnet_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
		       struct vfnet_err *err)
{
	return to_dma(dma)->door->dma_map(to_dma(dma), vaddr, iova, bytes, err);
}

static void bus_dma_unmap(struct vfnet_dma *dma, uint64_t iova, uint64_t bytes)
{
	to_dma(dma)->door->dma_unmap(to_dma(dma), iova, bytes);
}

static int attach_first(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma, struct vfnet_err *err)
{
	int rc = dev->door->dma_open(dev, dma, err);

	if (rc)
		return rc;
	rc = dev->door->attach(dev, dma, err);
	if (rc) {
		domain_end(dma, dev->door);
		return rc;
	}
	dma->door = dev->door;
	return 0;
}

static int dev_attach(struct vfnet_dev *base, struct vfnet_dma *base_dma, struct vfnet_err *err)
{
	struct vfnet_pci_dev *dev = to_dev(base);
	struct vfnet_pci_dma *dma = to_dma(base_dma);
	int rc;

	if (!dma->door)
		rc = attach_first(dev, dma, err);
	else if (dma->door == dev->door && vfnet_pci_handed_same(dev, dma))
		rc = dev->door->attach(dev, dma, err);
	else
		rc = vfnet_err_set(err, -EXDEV, "%s: the DMA domain is that of other functions",
				   dev->fn.name);
	if (!rc) {
		dev->dma = dma;
		dev->io_fd = dev->fd;
	}
	return rc;
}

/* what a claim holds */
static void let_go(struct vfnet_pci_dev *dev)
{
	dev->door->release(dev);
	vfnet_pci_handed_close(&dev->handed);
	dev->fd = -1;
}

static void dev_detach(struct vfnet_dev *base)
{
	struct vfnet_pci_dev *dev = to_dev(base);

	if (!dev->dma)
		return;
	dev->door->detach(dev);
	dev->dma = NULL;
	/* Linux 6.1 waits for the descriptor of the group, too */
	if (dev->revoked)
		let_go(dev);
}

/* ---- functions ---- */

static int dev_reset(struct vfnet_dev *base, struct vfnet_err *err)
{
	struct vfnet_pci_dev *dev = to_dev(base);

	return dev->door->reset(dev, err);
}

static int dev_irq_set(struct vfnet_dev *base, unsigned int n, const int *eventfd,
		       struct vfnet_err *err)
{
	struct vfnet_pci_dev *dev = to_dev(base);
	int all[VFNET_DEV_VECTORS_MAX];

	if (!dev->dma)
		return vfnet_err_set(err, -ENODEV, "%s is gone; close the port", dev->fn.name);
	if (n && !base->n_vectors)
		return vfnet_err_set(err, -ENOTSUP, "%s has no MSI-X interrupts", dev->fn.name);
	if (n > base->n_vectors)
		return vfnet_err_set(err, -EINVAL, "%s has %u interrupt vectors, not %u",
				     dev->fn.name, base->n_vectors, n);
	for (unsigned int i = 0; i < base->n_vectors; i++)
		all[i] = i < n ? eventfd[i] : -1;
	return dev->door->irq_set(dev, n ? all : NULL, err);
}

static void dev_close(struct vfnet_dev *base)
{
	struct vfnet_pci_dev *dev = to_dev(base);
	struct vfnet_pci_dev **link = &to_bus(base->bus)->devs;

	dev_detach(base);
	while (*link != dev)
		link = &(*link)->next;
	*link = dev->next;
	if (dev->revoked) {
		dev->revoked = false;
		vfnet_pci_regions_close(dev);
	} else {
		let_go(dev);
	}
	if (dev->renumbered)
		close(dev->io_fd);
	free(dev);
}

static int dev_request_fd(struct vfnet_dev *base)
{
	return to_dev(base)->request_fd;
}

static const struct vfnet_dev_ops dev_ops = {
    .attach = dev_attach,
    .detach = dev_detach,
    .read32 = vfnet_pci_read32,
    .write32 = vfnet_pci_write32,
    .doorbell = vfnet_pci_doorbell,
    .reset = dev_reset,
    .bus_master = vfnet_pci_bus_master,
    .irq_set = dev_irq_set,
    .request_fd = dev_request_fd,
    .revoke = vfnet_pci_revoke,
    .close = dev_close,
    .restore = vfnet_pci_restore,
};

static const struct vfnet_pci_door *choose_door(const struct vfnet_pci_dev *dev)
{
	if (!strcmp(dev->fn.driver, vfnet_pci_door_kmod.driver))
		return &vfnet_pci_door_kmod;
	if (dev->handed.dev < 0)
		return &vfnet_pci_door_group;
	return vfnet_pci_handed_is_cdev(dev) ? &vfnet_pci_door_cdev : &vfnet_pci_door_vfio_handed;
}

/*
 * Functions of vfio-pci have two doors. The group is the first, as each kernel has it; where its
 * file does not exist, or is not ours, iommufd is tried.
 */
static int claim(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	struct vfnet_err refusal, second;
	char node[VFNET_PCI_NODE_BYTES];
	int rc, rc_second;

	dev->door = choose_door(dev);
	rc = dev->door->claim(dev, &refusal);
	if (!rc)
		return 0;
	if (dev->door == &vfnet_pci_door_group && (rc == -EPERM || rc == -ENODEV) &&
	    vfnet_pci_cdev_node(dev->host, dev->fn.name, node)) {
		dev->door = &vfnet_pci_door_cdev;
		rc_second = dev->door->claim(dev, &second);
		if (!rc_second)
			return 0;
		/* a group that could be made ours is the better advice */
		if (rc == -ENODEV) {
			rc = rc_second;
			refusal = second;
		}
	}
	if (err)
		*err = refusal;
	return rc;
}

static int dev_new(struct vfnet_pci_bus *bus, const struct vfnet_pci_function *fn,
		   const struct vfnet_pci_handed *handed, struct vfnet_pci_dev **out,
		   struct vfnet_err *err)
{
	struct vfnet_pci_dev *dev = calloc(1, sizeof(*dev));
	int rc;

	if (!dev)
		return vfnet_err_set(err, -ENOMEM, "no memory for %s", fn->name);
	dev->dev.ops = &dev_ops;
	dev->dev.bus = &bus->bus;
	dev->dev.vendor = fn->vendor;
	dev->dev.device = fn->device;
	dev->dev.numa_node = fn->numa_node;
	snprintf(dev->dev.name, sizeof(dev->dev.name), "pci:%s", fn->name);
	dev->host = bus->host;
	dev->fn = *fn;
	dev->handed = *handed;
	dev->fd = -1;
	dev->request_fd = -1;
	dev->io_fd = -1;
	rc = claim(dev, err);
	if (rc) {
		free(dev);
		return rc;
	}
	*out = dev;
	return 0;
}

/* "01:10.0" or "0000:01:10.0,dev=5,dma=6": the address; @rest: what follows it */
static int split_name(const char *text, char *name, const char **rest, struct vfnet_err *err)
{
	const size_t len = strcspn(text, ",");
	char address[VFNET_PCI_NAME_BYTES] = "";

	if (len < sizeof(address))
		memcpy(address, text, len);
	*rest = text + len;
	if (!vfnet_pci_parse(address, name))
		return 0;
	return vfnet_err_set(err, -EINVAL,
			     "\"%.40s\" is not a PCI address: write domain:bus:device.function "
			     "in hexadecimal, as in pci:0000:01:10.0 (`lspci -D` lists them)",
			     text);
}

static int check_not_open(const struct vfnet_pci_bus *bus, const char *name, struct vfnet_err *err)
{
	for (const struct vfnet_pci_dev *dev = bus->devs; dev; dev = dev->next)
		if (!strcmp(dev->fn.name, name))
			return vfnet_err_set(
			    err, -EBUSY, "%s is open already: one port for each function", name);
	return 0;
}

/* struct vfnet_bus_ops.open. n_vectors stays 0 until attach: only the attached function tells. */
static int bus_dev_open(struct vfnet_bus *base, const char *text, const struct vfnet_log *log,
			struct vfnet_dev **out, struct vfnet_err *err)
{
	struct vfnet_pci_bus *bus = to_bus(base);
	struct vfnet_pci_handed handed = {-1, -1, -1};
	struct vfnet_pci_function fn;
	char name[VFNET_PCI_NAME_BYTES];
	struct vfnet_pci_dev *dev = NULL;
	const char *rest;
	int rc;

	rc = split_name(text, name, &rest, err);
	if (!rc)
		rc = check_not_open(bus, name, err);
	if (!rc)
		rc = vfnet_pci_parse_handed(rest, &handed, err);
	if (!rc)
		rc = vfnet_pci_find(bus->host, name, &fn, err);
	if (!rc)
		rc = dev_new(bus, &fn, &handed, &dev, err);
	if (rc) {
		vfnet_pci_handed_close(&handed);
		return rc;
	}
	dev->log = log;
	dev->next = bus->devs;
	bus->devs = dev;
	vfnet_log(log, INFO, "%s: %04x:%04x, driver %s, IOMMU group %u, NUMA node %d",
		  dev->dev.name, fn.vendor, fn.device, fn.driver, fn.group, fn.numa_node);
	*out = &dev->dev;
	return 0;
}

static const struct vfnet_bus_ops bus_ops = {
    .open = bus_dev_open,
    .dma_open = bus_dma_open,
    .dma_map = bus_dma_map,
    .dma_unmap = bus_dma_unmap,
    .dma_close = bus_dma_close,
};

int vfnet_pci_bus_open(const struct vfnet_pci_host *host, struct vfnet_bus **out,
		       struct vfnet_err *err)
{
	struct vfnet_pci_bus *bus;

	host = host ? host : &this_machine;
	if (strlen(host->sysfs) > VFNET_PCI_ROOT_MAX || strlen(host->dev) > VFNET_PCI_ROOT_MAX)
		return vfnet_err_set(err, -EINVAL, "sysfs \"%s\" or dev \"%s\": at most %d bytes",
				     host->sysfs, host->dev, VFNET_PCI_ROOT_MAX);
	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return vfnet_err_set(err, -ENOMEM, "no memory for the pci bus");
	bus->bus.ops = &bus_ops;
	bus->host = host;
	*out = &bus->bus;
	return 0;
}

void vfnet_pci_bus_close(struct vfnet_bus *bus)
{
	free(to_bus(bus));
}
