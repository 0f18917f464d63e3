/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function through its vfio descriptor: registers, reset, bus mastering. BAR 0 is mapped where
 * the kernel lets it be; all else goes through pread and pwrite.
 *
 * What vfio-pci cannot give: hardware that died under a mapped BAR reads all ones and swallows
 * stores, as the contract says; but if the kernel takes the mapping itself away (the function is
 * put to sleep by its owner), a load or a store raises SIGBUS. There is no cure on this side of
 * the interface that does not install a signal handler; our own module (kmod/) has none of it.
 */
#define VFNET_LOG_TAG "pci"

#include "lib/dev/pci/pci.h"

#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/base/io.h"

#define BARS	       6
#define RESET_TRIES    100
#define RESET_PAUSE_NS 1000000

static_assert(VFNET_PCI_REGIONS == VFIO_PCI_CONFIG_REGION_INDEX + 1, "vfio's numbering");

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
		map = dev->host->mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd,
				      (off_t)info.offset);
		if (map == MAP_FAILED)
			return device_failed(dev, "cannot map BAR 0", err);
	}
	dev->region[index] = (struct vfnet_pci_region){info.size, (off_t)info.offset, map};
	return 0;
}

static int open_regions(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	int rc = region_open(dev, VFIO_PCI_CONFIG_REGION_INDEX, false, err);

	for (unsigned int bar = 0; bar < BARS && !rc; bar++)
		rc = region_open(dev, bar, bar == 0, err);
	if (!rc && dev->region[0].bytes && !dev->region[0].map)
		vfnet_log(dev->log, WARN,
			  "%s: BAR 0 cannot be mapped, each access is a system call",
			  dev->dev.name);
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

int vfnet_pci_device_open(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	int rc;

	/* the kernel marks it close-on-exec itself */
	dev->fd = dev->host->ioctl(dev->group->fd, VFIO_GROUP_GET_DEVICE_FD, dev->fn.name);
	if (dev->fd < 0)
		return device_failed(dev, "its IOMMU group does not hand it out", err);
	rc = get_info(dev, err);
	if (!rc)
		rc = open_regions(dev, err);
	if (rc)
		vfnet_pci_device_close(dev);
	return rc;
}

void vfnet_pci_device_close(struct vfnet_pci_dev *dev)
{
	if (dev->region[0].map)
		munmap(dev->region[0].map, dev->region[0].bytes);
	memset(dev->region, 0, sizeof(dev->region));
	close(dev->fd);
	dev->fd = -1;
	dev->irqs_on = false;
}

/* the region of @bar if it has a register at @offset, else NULL; while detached it has none */
static const struct vfnet_pci_region *find_register(struct vfnet_pci_dev *dev, unsigned int bar,
						    uint32_t offset)
{
	const struct vfnet_pci_region *region;

	if (bar >= BARS)
		return NULL;
	region = &dev->region[bar];
	if (offset % sizeof(uint32_t) || (uint64_t)offset + sizeof(uint32_t) > region->bytes)
		return NULL;
	return region;
}

uint32_t vfnet_pci_read32(struct vfnet_dev *base, unsigned int bar, uint32_t offset)
{
	struct vfnet_pci_dev *dev = vfnet_pci_to_dev(base);
	const struct vfnet_pci_region *region = find_register(dev, bar, offset);
	uint32_t val;

	if (!region)
		return UINT32_MAX;
	if (region->map)
		return vfnet_io_read32(region->map + offset);
	if (dev->host->pread(dev->fd, &val, sizeof(val), region->offset + (off_t)offset) !=
	    sizeof(val))
		return UINT32_MAX;
	return le32toh(val);
}

void vfnet_pci_write32(struct vfnet_dev *base, unsigned int bar, uint32_t offset, uint32_t val)
{
	struct vfnet_pci_dev *dev = vfnet_pci_to_dev(base);
	const struct vfnet_pci_region *region = find_register(dev, bar, offset);
	uint32_t le = htole32(val);

	if (!region)
		return;
	if (region->map) {
		vfnet_io_write32(region->map + offset, val);
		return;
	}
	/* a write that fails is one to a device that is gone: the next read says so */
	dev->host->pwrite(dev->fd, &le, sizeof(le), region->offset + (off_t)offset);
}

uint32_t *vfnet_pci_doorbell(struct vfnet_dev *base, unsigned int bar, uint32_t offset)
{
	const struct vfnet_pci_region *region = find_register(vfnet_pci_to_dev(base), bar, offset);

	return region && region->map ? (uint32_t *)(void *)(region->map + offset) : NULL;
}

int vfnet_pci_reset(struct vfnet_dev *base, struct vfnet_err *err)
{
	static const struct timespec pause = {.tv_nsec = RESET_PAUSE_NS};
	struct vfnet_pci_dev *dev = vfnet_pci_to_dev(base);

	if (!dev->can_reset)
		return vfnet_err_set(err, -ENOTSUP, "%s has no function-level reset", dev->fn.name);
	for (unsigned int i = 0; i < RESET_TRIES; i++) {
		if (!dev->host->ioctl(dev->fd, VFIO_DEVICE_RESET, NULL))
			return 0;
		if (errno != EAGAIN)
			return device_failed(dev, "reset failed", err);
		nanosleep(&pause, NULL); /* somebody else holds the kernel's lock on it */
	}
	return vfnet_err_set(err, -EBUSY, "%s: the kernel kept it locked for %d tries at a reset",
			     dev->fn.name, RESET_TRIES);
}

int vfnet_pci_bus_master(struct vfnet_dev *base, bool on, struct vfnet_err *err)
{
	struct vfnet_pci_dev *dev = vfnet_pci_to_dev(base);
	off_t at = dev->region[VFIO_PCI_CONFIG_REGION_INDEX].offset + PCI_COMMAND;
	uint16_t command;

	if (dev->host->pread(dev->fd, &command, sizeof(command), at) != sizeof(command) ||
	    command == UINT16_MAX)
		return vfnet_err_set(err, -ENODEV,
				     "%s: its command register cannot be read: it is gone",
				     dev->fn.name);
	command = le16toh(command);
	/* memory decode stays on: QEMU's VF needs its own bit for it, 82576-vf.md §9 #15 [live] */
	command |= PCI_COMMAND_MEMORY;
	command = (uint16_t)(on ? command | PCI_COMMAND_MASTER : command & ~PCI_COMMAND_MASTER);
	command = htole16(command);
	if (dev->host->pwrite(dev->fd, &command, sizeof(command), at) != sizeof(command))
		return vfnet_err_set(err, -ENODEV,
				     "%s: its command register cannot be written: it is gone",
				     dev->fn.name);
	return 0;
}
