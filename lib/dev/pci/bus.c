/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The "pci" bus: claims functions by name. A claim holds the function's IOMMU group open, so that
 * no other process can take it between open and attach.
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
};

static struct vfnet_pci_bus *to_bus(struct vfnet_bus *bus)
{
	return VFNET_CONTAINER_OF(bus, struct vfnet_pci_bus, bus);
}

struct vfnet_pci_dev *vfnet_pci_to_dev(struct vfnet_dev *dev)
{
	return VFNET_CONTAINER_OF(dev, struct vfnet_pci_dev, dev);
}

static void dev_close(struct vfnet_dev *dev)
{
	struct vfnet_pci_dev *pci = vfnet_pci_to_dev(dev);
	struct vfnet_pci_bus *bus = to_bus(dev->bus);
	struct vfnet_pci_dev **link = &bus->devs;

	vfnet_pci_detach(dev);
	while (*link != pci)
		link = &(*link)->next;
	*link = pci->next;
	vfnet_pci_group_put(bus, pci->group);
	free(pci);
}

static const struct vfnet_dev_ops vfio_dev_ops = {
    .attach = vfnet_pci_attach,
    .detach = vfnet_pci_detach,
    .read32 = vfnet_pci_read32,
    .write32 = vfnet_pci_write32,
    .doorbell = vfnet_pci_doorbell,
    .reset = vfnet_pci_reset,
    .bus_master = vfnet_pci_bus_master,
    .irq_set = vfnet_pci_irq_set,
    .close = dev_close,
};

static int dev_new(struct vfnet_pci_bus *bus, const struct vfnet_pci_function *fn,
		   const struct vfnet_log *log, struct vfnet_pci_dev **out, struct vfnet_err *err)
{
	struct vfnet_pci_dev *pci = calloc(1, sizeof(*pci));
	int rc;

	if (!pci)
		return vfnet_err_set(err, -ENOMEM, "no memory for %s", fn->name);
	rc = vfnet_pci_group_get(bus, fn, &pci->group, err);
	if (rc) {
		free(pci);
		return rc;
	}
	pci->dev.ops = &vfio_dev_ops;
	pci->dev.bus = &bus->bus;
	pci->dev.vendor = fn->vendor;
	pci->dev.device = fn->device;
	pci->dev.numa_node = fn->numa_node;
	snprintf(pci->dev.name, sizeof(pci->dev.name), "pci:%s", fn->name);
	pci->host = bus->host;
	pci->fn = *fn;
	pci->log = log;
	pci->fd = -1;
	*out = pci;
	return 0;
}

/* struct vfnet_bus_ops.open. n_vectors stays 0 until attach: only the attached function tells. */
static int bus_dev_open(struct vfnet_bus *base, const char *text, const struct vfnet_log *log,
			struct vfnet_dev **out, struct vfnet_err *err)
{
	struct vfnet_pci_bus *bus = to_bus(base);
	struct vfnet_pci_function fn;
	char name[VFNET_PCI_NAME_BYTES];
	struct vfnet_pci_dev *pci;
	int rc;

	if (vfnet_pci_parse(text, name))
		return vfnet_err_set(
		    err, -EINVAL,
		    "\"%.40s\" is not a PCI address: write domain:bus:device.function "
		    "in hexadecimal, as in pci:0000:01:10.0 (`lspci -D` lists them)",
		    text);
	for (pci = bus->devs; pci; pci = pci->next)
		if (!strcmp(pci->fn.name, name))
			return vfnet_err_set(
			    err, -EBUSY, "%s is open already: one port for each function", name);
	rc = vfnet_pci_find(bus->host, name, &fn, err);
	if (!rc)
		rc = dev_new(bus, &fn, log, &pci, err);
	if (rc)
		return rc;
	pci->next = bus->devs;
	bus->devs = pci;
	vfnet_log(log, INFO, "%s: %04x:%04x, IOMMU group %u, NUMA node %d", pci->dev.name,
		  fn.vendor, fn.device, fn.group, fn.numa_node);
	*out = &pci->dev;
	return 0;
}

static const struct vfnet_bus_ops bus_ops = {
    .open = bus_dev_open,
    .dma_open = vfnet_pci_dma_open,
    .dma_map = vfnet_pci_dma_map,
    .dma_unmap = vfnet_pci_dma_unmap,
    .dma_close = vfnet_pci_dma_close,
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
