/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers, bus mastering and reset of a function. A door says where BARs and configuration space
 * are in the function's descriptor; from there on all doors are alike. A BAR that is mapped is read
 * and written there; all else goes through pread and pwrite.
 */
#define _GNU_SOURCE
#define VFNET_LOG_TAG "pci"

#include "lib/dev/pci/pci.h"

#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/base/io.h"

static struct vfnet_pci_dev *to_dev(struct vfnet_dev *dev)
{
	return VFNET_CONTAINER_OF(dev, struct vfnet_pci_dev, dev);
}

/* A child that closes what it inherited would reset the function under its parent. */
void *vfnet_pci_map_bar(const struct vfnet_pci_dev *dev, uint64_t bytes, off_t offset)
{
	void *map =
	    dev->host->mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd, offset);

	if (map == MAP_FAILED || !madvise(map, bytes, MADV_DONTFORK))
		return map;
	munmap(map, bytes);
	return MAP_FAILED;
}

void vfnet_pci_regions_close(struct vfnet_pci_dev *dev)
{
	if (dev->revoked)
		return;
	for (unsigned int bar = 0; bar < VFNET_PCI_BARS; bar++)
		if (dev->region[bar].map)
			munmap(dev->region[bar].map, dev->region[bar].bytes);
	memset(dev->region, 0, sizeof(dev->region));
}

void vfnet_pci_warn_unmapped(const struct vfnet_pci_dev *dev)
{
	vfnet_log(dev->log, WARN, "%s: BAR 0 cannot be mapped, each access is a system call",
		  dev->dev.name);
}

/* the region of @bar if it has a register at @offset, else NULL; while detached it has none */
static const struct vfnet_pci_region *find_register(struct vfnet_pci_dev *dev, unsigned int bar,
						    uint32_t offset)
{
	const struct vfnet_pci_region *region;

	if (bar >= VFNET_PCI_BARS || vfnet_word_load(&dev->revoked))
		return NULL;
	region = &dev->region[bar];
	if (offset % sizeof(uint32_t) || (uint64_t)offset + sizeof(uint32_t) > region->bytes)
		return NULL;
	return region;
}

uint32_t vfnet_pci_read32(struct vfnet_dev *base, unsigned int bar, uint32_t offset)
{
	struct vfnet_pci_dev *dev = to_dev(base);
	const struct vfnet_pci_region *region = find_register(dev, bar, offset);
	uint32_t val;

	if (!region)
		return UINT32_MAX;
	if (region->map)
		return vfnet_io_read32(region->map + offset);
	if (dev->host->pread(dev->io_fd, &val, sizeof(val), region->offset + (off_t)offset) !=
	    sizeof(val))
		return UINT32_MAX;
	return le32toh(val);
}

void vfnet_pci_write32(struct vfnet_dev *base, unsigned int bar, uint32_t offset, uint32_t val)
{
	struct vfnet_pci_dev *dev = to_dev(base);
	const struct vfnet_pci_region *region = find_register(dev, bar, offset);
	uint32_t le = htole32(val);

	if (!region)
		return;
	if (region->map) {
		vfnet_io_write32(region->map + offset, val);
		return;
	}
	/* a write that fails is one to a device that is gone: the next read says so */
	dev->host->pwrite(dev->io_fd, &le, sizeof(le), region->offset + (off_t)offset);
}

uint32_t *vfnet_pci_doorbell(struct vfnet_dev *base, unsigned int bar, uint32_t offset)
{
	const struct vfnet_pci_region *region = find_register(to_dev(base), bar, offset);

	return region && region->map ? (uint32_t *)(void *)(region->map + offset) : NULL;
}

static off_t command_at(const struct vfnet_pci_dev *dev)
{
	return dev->region[VFNET_PCI_CONFIG].offset + PCI_COMMAND;
}

static int command_read(const struct vfnet_pci_dev *dev, uint16_t *command, struct vfnet_err *err)
{
	uint16_t le;

	if (dev->host->pread(dev->fd, &le, sizeof(le), command_at(dev)) != sizeof(le) ||
	    le == UINT16_MAX)
		return vfnet_err_set(err, -ENODEV,
				     "%s: its command register cannot be read: it is gone",
				     dev->fn.name);
	*command = le16toh(le);
	return 0;
}

int vfnet_pci_bus_master(struct vfnet_dev *base, bool on, struct vfnet_err *err)
{
	struct vfnet_pci_dev *dev = to_dev(base);
	uint16_t command;
	int rc = command_read(dev, &command, err);

	if (rc)
		return rc;
	/* memory decode stays on: QEMU's VF needs its own bit for it, 82576-vf.md §9 #15 [live] */
	command |= PCI_COMMAND_MEMORY;
	command = (uint16_t)(on ? command | PCI_COMMAND_MASTER : command & ~PCI_COMMAND_MASTER);
	command = htole16(command);
	if (dev->host->pwrite(dev->fd, &command, sizeof(command), command_at(dev)) !=
	    sizeof(command))
		return vfnet_err_set(err, -ENODEV,
				     "%s: its command register cannot be written: it is gone",
				     dev->fn.name);
	return 0;
}

/* The kernel restores what a reset of this function takes, not what one of its physical does. */
int vfnet_pci_restore(struct vfnet_dev *base, struct vfnet_err *err)
{
	uint16_t command;
	int rc = command_read(to_dev(base), &command, err);

	if (rc || (command & PCI_COMMAND_MASTER))
		return rc;
	rc = vfnet_pci_bus_master(base, true, err);
	return rc ? rc : 1;
}

void vfnet_pci_reset_pause(void)
{
	static const struct timespec pause = {.tv_nsec = 1000000};

	nanosleep(&pause, NULL);
}

int vfnet_pci_reset_call(struct vfnet_pci_dev *dev, unsigned long request, struct vfnet_err *err)
{
	for (unsigned int i = 0; i < VFNET_PCI_RESET_TRIES; i++) {
		if (!dev->host->ioctl(dev->fd, request, NULL))
			return 0;
		if (errno == ENOTTY)
			return vfnet_err_set(err, -ENOTSUP, "%s has no function-level reset",
					     dev->fn.name);
		if (errno != EAGAIN)
			return vfnet_err_set(err, -errno, "%s: reset failed: %s", dev->fn.name,
					     strerror(errno));
		vfnet_pci_reset_pause(); /* somebody else holds the kernel's lock on it */
	}
	return vfnet_err_set(err, -EBUSY, "%s: the kernel kept it locked for %d tries at a reset",
			     dev->fn.name, VFNET_PCI_RESET_TRIES);
}
