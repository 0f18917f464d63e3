/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_DEV_PCI_PCI_H
#define VFNET_DEV_PCI_PCI_H

/*
 * The "pci" bus: "0000:01:10.0" -> a struct vfnet_dev. Which door a function is reached through
 * depends on the kernel driver that it is bound to; today there is one, vfio-pci by group and
 * container.
 *
 *   sysfs.c         what /sys says about a function, and what is wrong with it
 *   bus.c           claims a function, chooses the door
 *   vfio_group.c    groups and containers: how a function gets into a DMA domain
 *   vfio_dma.c      what is mapped in that domain
 *   vfio_device.c   registers, reset and bus mastering of a function
 *   irq.c           its interrupts
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/dev/dev.h"

/** VFNET_PCI_NAME_BYTES - "0000:01:10.0" and its NUL. */
#define VFNET_PCI_NAME_BYTES 13
/** VFNET_PCI_PATH_BYTES - enough for each path below roots of at most VFNET_PCI_ROOT_MAX bytes. */
#define VFNET_PCI_PATH_BYTES 384
#define VFNET_PCI_ROOT_MAX   200
/** VFNET_PCI_REGIONS - vfio's regions of a function up to configuration space: BARs 0..5, ROM. */
#define VFNET_PCI_REGIONS 8

/**
 * struct vfnet_pci_host - the machine that a bus looks at, so that a test can play one
 * @sysfs:  where sysfs is mounted, "/sys"
 * @dev:    where device files are, "/dev"
 * @open:   open(2), and so on: -1 and errno on failure. What @open returns is closed by close(2)
 */
struct vfnet_pci_host {
	const char *sysfs;
	const char *dev;
	int (*open)(const char *path, int flags);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	void *(*mmap)(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset);
	ssize_t (*pread)(int fd, void *data, size_t bytes, off_t offset);
	ssize_t (*pwrite)(int fd, const void *data, size_t bytes, off_t offset);
};

/**
 * vfnet_pci_bus_open() - the bus of a machine
 * @host: NULL = this one; must outlive the bus
 * @out:  for vfnet_pci_bus_close()
 * @err:  may be NULL
 *
 * Touches nothing yet: a machine without vfio, or without PCI, has a bus too.
 *
 * Return: 0; -ENOMEM; -EINVAL a root is longer than VFNET_PCI_ROOT_MAX.
 */
int vfnet_pci_bus_open(const struct vfnet_pci_host *host, struct vfnet_bus **out,
		       struct vfnet_err *err);

/** vfnet_pci_bus_close() - free it; no device or domain of it is open. */
void vfnet_pci_bus_close(struct vfnet_bus *bus);

/* ---- sysfs.c ---- */

/**
 * struct vfnet_pci_function - what sysfs says about a function
 * @name:      "0000:01:10.0", lower case
 * @vendor:    from sysfs: a VF's configuration space has ffff:ffff there [live]
 * @device:    likewise
 * @group:     IOMMU group
 * @numa_node: -1 = unknown
 */
struct vfnet_pci_function {
	char name[VFNET_PCI_NAME_BYTES];
	uint16_t vendor;
	uint16_t device;
	unsigned int group;
	int numa_node;
};

/**
 * vfnet_pci_parse() - "DDDD:BB:DD.F" or "BB:DD.F" to the first form in lower case
 * @text: anything
 * @name: VFNET_PCI_NAME_BYTES
 *
 * Return: 0; -EINVAL.
 */
int vfnet_pci_parse(const char *text, char *name);

/**
 * vfnet_pci_find() - a function that vfio-pci holds, ready for its group to be opened
 * @host: where to look
 * @name: as vfnet_pci_parse() gives it
 * @fn:   filled
 *
 * Return: 0; -ENODEV no such function, or bound to no driver; -ENOTSUP no IOMMU; -EBUSY bound to
 * another driver; -EPERM, -EIO sysfs can't be read.
 */
int vfnet_pci_find(const struct vfnet_pci_host *host, const char *name,
		   struct vfnet_pci_function *fn, struct vfnet_err *err);

/**
 * vfnet_pci_rivals() - who else holds functions of a function's IOMMU group
 * @text: " 0000:01:00.0 (igb) ...", cut where @bytes end; "" = nobody
 */
void vfnet_pci_rivals(const struct vfnet_pci_host *host, const struct vfnet_pci_function *fn,
		      char *text, size_t bytes);

/* ---- vfio ---- */

/**
 * struct vfnet_pci_bus - the bus
 * @bus:    contract
 * @host:   the machine
 * @devs:   claimed functions
 * @groups: IOMMU groups that they are in
 */
struct vfnet_pci_bus {
	struct vfnet_bus bus;
	const struct vfnet_pci_host *host;
	struct vfnet_pci_dev *devs;
	struct vfnet_pci_group *groups;
};

/**
 * struct vfnet_pci_dma - a domain: a vfio container
 * @dma:      contract
 * @fd:       /dev/vfio/vfio
 * @type:     kind of IOMMU driver that it gets
 * @n_groups: groups in it; the kernel's IOMMU driver and its mappings live as long as there is one
 */
struct vfnet_pci_dma {
	struct vfnet_dma dma;
	int fd;
	unsigned long type;
	unsigned int n_groups;
};

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

/**
 * struct vfnet_pci_region - a BAR or configuration space; all zero while detached
 * @bytes:  0 = there is none
 * @offset: where it is in the function's descriptor
 * @map:    NULL = not mapped: pread and pwrite
 */
struct vfnet_pci_region {
	uint64_t bytes;
	off_t offset;
	uint8_t *map;
};

/**
 * struct vfnet_pci_dev - a claimed function
 * @dev:       contract
 * @host:      the machine
 * @fn:        what sysfs said
 * @log:       the context's sink
 * @group:     where it is
 * @next:      the bus's list
 * @fd:        the function; -1 while detached
 * @can_reset: it has a function-level reset that the kernel can use
 * @irqs_on:   MSI-X is enabled
 * @region:    by vfio's numbers
 */
struct vfnet_pci_dev {
	struct vfnet_dev dev;
	const struct vfnet_pci_host *host;
	struct vfnet_pci_function fn;
	const struct vfnet_log *log;
	struct vfnet_pci_group *group;
	struct vfnet_pci_dev *next;
	int fd;
	bool can_reset;
	bool irqs_on;
	struct vfnet_pci_region region[VFNET_PCI_REGIONS];
};

/** vfnet_pci_to_dev() - the bus's own struct of a device. */
struct vfnet_pci_dev *vfnet_pci_to_dev(struct vfnet_dev *dev);

/**
 * vfnet_pci_group_get() - claim a function's group; the first claim opens it
 *
 * Return: 0; -EPERM its device file; -ENODEV no such file; -EBUSY another process has the group,
 * or another driver has a function of it; -ENOMEM.
 */
int vfnet_pci_group_get(struct vfnet_pci_bus *bus, const struct vfnet_pci_function *fn,
			struct vfnet_pci_group **out, struct vfnet_err *err);

/** vfnet_pci_group_put() - the last claim closes it. */
void vfnet_pci_group_put(struct vfnet_pci_bus *bus, struct vfnet_pci_group *group);

/* struct vfnet_bus_ops and vfnet_dev_ops, see lib/dev/dev.h */
int vfnet_pci_dma_open(struct vfnet_bus *bus, struct vfnet_dma **out, struct vfnet_err *err);
void vfnet_pci_dma_close(struct vfnet_dma *dma);
int vfnet_pci_dma_map(struct vfnet_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
		      struct vfnet_err *err);
void vfnet_pci_dma_unmap(struct vfnet_dma *dma, uint64_t iova, uint64_t bytes);
int vfnet_pci_attach(struct vfnet_dev *dev, struct vfnet_dma *dma, struct vfnet_err *err);
void vfnet_pci_detach(struct vfnet_dev *dev);
uint32_t vfnet_pci_read32(struct vfnet_dev *dev, unsigned int bar, uint32_t offset);
void vfnet_pci_write32(struct vfnet_dev *dev, unsigned int bar, uint32_t offset, uint32_t val);
uint32_t *vfnet_pci_doorbell(struct vfnet_dev *dev, unsigned int bar, uint32_t offset);
int vfnet_pci_reset(struct vfnet_dev *dev, struct vfnet_err *err);
int vfnet_pci_bus_master(struct vfnet_dev *dev, bool on, struct vfnet_err *err);
int vfnet_pci_irq_set(struct vfnet_dev *dev, unsigned int n, const int *eventfd,
		      struct vfnet_err *err);

/**
 * vfnet_pci_device_open() - get the function's descriptor from its group, and its registers
 *
 * Return: 0, or a negative errno: nothing is held then.
 */
int vfnet_pci_device_open(struct vfnet_pci_dev *dev, struct vfnet_err *err);

/** vfnet_pci_device_close() - undo it; the kernel resets the function and ends its DMA. */
void vfnet_pci_device_close(struct vfnet_pci_dev *dev);

#endif
