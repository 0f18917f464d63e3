/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_DEV_PCI_PCI_H
#define VFNET_DEV_PCI_PCI_H

/*
 * The "pci" bus: "0000:01:10.0" -> a struct vfnet_dev. Which door a function is reached through
 * follows from the kernel driver that it is bound to.
 *
 *   sysfs.c         what /sys says about a function, and what is wrong with it
 *   bus.c           claims a function, chooses its door
 *   handed.c        descriptors that the program hands in with the name
 *   registers.c     registers, bus mastering and reset, the same through each door
 *   revoke.c        registers are taken away from threads that still use them
 *   kmod.c          the door of our own module: /dev/vfio<N>
 *   kmod_dma.c      and its domains: /dev/uiommu
 *   vfio_group.c    the door of vfio-pci by groups and containers
 *   vfio_cdev.c     the door of vfio-pci by iommufd
 *   vfio_dma.c      what is mapped in a container
 *   vfio_device.c   vfio-pci's descriptor of a function: BARs and reset
 *   vfio_irq.c      its interrupts, and the kernel's wish to have it back
 *   vfio_handed.c   the door of vfio-pci by descriptors that were handed in
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "lib/dev/dev.h"

/** VFNET_PCI_NAME_BYTES - "0000:01:10.0" and its NUL. */
#define VFNET_PCI_NAME_BYTES 13
/** VFNET_PCI_DRIVER_BYTES - the name of a kernel driver and its NUL. */
#define VFNET_PCI_DRIVER_BYTES 64
/** VFNET_PCI_NODE_BYTES - "vfio<N>" and its NUL. */
#define VFNET_PCI_NODE_BYTES 16
/** VFNET_PCI_PATH_BYTES - enough for each path below roots of at most VFNET_PCI_ROOT_MAX bytes. */
#define VFNET_PCI_PATH_BYTES 384
#define VFNET_PCI_ROOT_MAX   200
/** Regions of a function, by vfio's numbers: BARs 0 to 5, then the ROM and configuration space. */
#define VFNET_PCI_BARS	  6
#define VFNET_PCI_CONFIG  7
#define VFNET_PCI_REGIONS 8

/**
 * struct vfnet_pci_host - the machine that a bus looks at, so that a test can play one
 * @sysfs:  where sysfs is mounted, "/sys"
 * @dev:    where device files are, "/dev"
 * @open:   open(2), and so on: -1 and errno on failure. What @open returns is closed by close(2)
 * @fstat:  of descriptors that were handed in
 */
struct vfnet_pci_host {
	const char *sysfs;
	const char *dev;
	int (*open)(const char *path, int flags);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	void *(*mmap)(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset);
	ssize_t (*pread)(int fd, void *data, size_t bytes, off_t offset);
	ssize_t (*pwrite)(int fd, const void *data, size_t bytes, off_t offset);
	int (*fstat)(int fd, struct stat *stat);
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
 * @driver:    the kernel's, of those that hand functions to programs
 * @vendor:    from sysfs: a VF's configuration space has ffff:ffff there [live]
 * @device:    likewise
 * @group:     IOMMU group
 * @numa_node: -1 = unknown
 */
struct vfnet_pci_function {
	char name[VFNET_PCI_NAME_BYTES];
	char driver[VFNET_PCI_DRIVER_BYTES];
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
 * vfnet_pci_find() - a function that a driver for programs holds, ready to be claimed
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
 * vfnet_pci_kmod_node() - which device file our module made for a function
 * @node: VFNET_PCI_NODE_BYTES: "vfio0", below /dev
 *
 * Return: 0; -ENODEV.
 */
int vfnet_pci_kmod_node(const struct vfnet_pci_host *host, const char *name, char *node,
			struct vfnet_err *err);

/**
 * vfnet_pci_cdev_node() - which device file vfio-pci made for a function
 * @node: VFNET_PCI_NODE_BYTES: "vfio0", below /dev/vfio/devices
 *
 * Return: whether there is one: the kernel may have no iommufd.
 */
bool vfnet_pci_cdev_node(const struct vfnet_pci_host *host, const char *name, char *node);

/**
 * vfnet_pci_node_number() - major and minor of a device file that sysfs tells of
 * @file: the "dev" below the function's folder
 *
 * Return: 0; a negative errno.
 */
int vfnet_pci_node_number(const struct vfnet_pci_host *host, const char *name, const char *file,
			  dev_t *number);

/**
 * vfnet_pci_rivals() - who else holds functions of a function's IOMMU group
 * @text: " 0000:01:00.0 (igb) ...", cut where @bytes end; "" = nobody
 */
void vfnet_pci_rivals(const struct vfnet_pci_host *host, const struct vfnet_pci_function *fn,
		      char *text, size_t bytes);

/* ---- bus.c ---- */

struct vfnet_pci_bus;
struct vfnet_pci_dev;
struct vfnet_pci_dma;

/**
 * struct vfnet_pci_door - one way through the kernel to functions
 *
 * What the contract (lib/dev/dev.h) says of a call of the same name holds here too. bus.c calls
 * them, and sees to it that a domain and the functions in it have one door.
 */
struct vfnet_pci_door {
	/** @driver: what functions are bound to, as sysfs names it */
	const char *driver;

	/** @claim: make the function ours, so that no other process gets it; fn is filled */
	int (*claim)(struct vfnet_pci_dev *dev, struct vfnet_err *err);

	/** @release: undo it; the function is detached */
	void (*release)(struct vfnet_pci_dev *dev);

	/** @dma_open: an empty domain for @dev, which is attached next; fills fd */
	int (*dma_open)(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma,
			struct vfnet_err *err);
	int (*dma_map)(struct vfnet_pci_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
		       struct vfnet_err *err);
	void (*dma_unmap)(struct vfnet_pci_dma *dma, uint64_t iova, uint64_t bytes);

	/** @dma_end: free what was noted of @dma, and end what closing its fd does not, which comes
	 * next; NULL = there is no such thing */
	void (*dma_end)(struct vfnet_pci_dma *dma);

	/** @attach: put @dev into @dma; fills fd, region, n_vectors. On failure all as before */
	int (*attach)(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma, struct vfnet_err *err);

	/** @detach: undo it, vfnet_pci_regions_close() too; never called twice */
	void (*detach)(struct vfnet_pci_dev *dev);

	int (*reset)(struct vfnet_pci_dev *dev, struct vfnet_err *err);

	/** @irq_set: all vectors at once: @eventfd has n_vectors entries; NULL ends all */
	int (*irq_set)(struct vfnet_pci_dev *dev, const int *eventfd, struct vfnet_err *err);
};

/** vfnet_pci_door_kmod - our own module: /dev/vfio<N> and /dev/uiommu, opened or handed in. */
extern const struct vfnet_pci_door vfnet_pci_door_kmod;
/** vfnet_pci_door_group - vfio-pci by /dev/vfio/<group> and /dev/vfio/vfio. */
extern const struct vfnet_pci_door vfnet_pci_door_group;
/** vfnet_pci_door_cdev - vfio-pci by /dev/vfio/devices/vfio<N> and /dev/iommu, also handed in. */
extern const struct vfnet_pci_door vfnet_pci_door_cdev;
/** vfnet_pci_door_vfio_handed - vfio-pci by its descriptor and a container, handed in. */
extern const struct vfnet_pci_door vfnet_pci_door_vfio_handed;

/**
 * struct vfnet_pci_bus - the bus
 * @bus:    contract
 * @host:   the machine
 * @devs:   claimed functions
 * @groups: IOMMU groups that are open
 */
struct vfnet_pci_bus {
	struct vfnet_bus bus;
	const struct vfnet_pci_host *host;
	struct vfnet_pci_dev *devs;
	struct vfnet_pci_group *groups;
};

/**
 * struct vfnet_pci_handed - descriptors of the program's, duplicated; -1 = none
 * @dev:        the function, until its door takes it
 * @dma:        its domain
 * @dma_number: what the program called that
 */
struct vfnet_pci_handed {
	int dev;
	int dma;
	int dma_number;
};

/**
 * struct vfnet_pci_dma - a domain
 * @dma:      contract
 * @host:     the machine
 * @door:     that of its functions; NULL = none was attached yet
 * @fd:       what memory is mapped on: a container or /dev/uiommu
 * @handed:   @fd duplicates a descriptor that was handed in, of which @handed_number
 * @maps:     door_kmod: what is mapped
 * @ioas:     iommufd: the I/O address space
 * @type:     container: kind of IOMMU driver that it gets
 * @n_groups: container: groups in it; the kernel's IOMMU driver and its mappings live as long as
 *            there is one
 */
struct vfnet_pci_dma {
	struct vfnet_dma dma;
	const struct vfnet_pci_host *host;
	const struct vfnet_pci_door *door;
	int fd;
	bool handed;
	int handed_number;
	struct vfnet_pci_mapping *maps;
	uint32_t ioas;
	unsigned long type;
	unsigned int n_groups;
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
 * @door:      how it is reached
 * @fn:        what sysfs said
 * @log:       the context's sink
 * @next:      the bus's list
 * @dma:       the domain that it is in; NULL = detached
 * @handed:    descriptors that came with the name
 * @fd:        the function; -1 = not open
 * @request_fd: eventfd that the kernel signals to have the function back; -1 = it never does
 * @io_fd:     by which registers that are not mapped are read and written: @fd; renumbered:
 * nothing, so reads and writes fail. Stays what it is from attach to close, as bursts load it
 * @renumbered: @fd has another number than @io_fd
 * @revoked:   registers are out of reach, for all threads; atomic
 * @group:     door_group: where it is
 * @can_reset: vfio-pci: it has a function-level reset that the kernel can use
 * @irqs_on:   vfio-pci: MSI-X is enabled
 * @region:    BAR or VFNET_PCI_CONFIG
 */
struct vfnet_pci_dev {
	struct vfnet_dev dev;
	const struct vfnet_pci_host *host;
	const struct vfnet_pci_door *door;
	struct vfnet_pci_function fn;
	const struct vfnet_log *log;
	struct vfnet_pci_dev *next;
	struct vfnet_pci_dma *dma;
	struct vfnet_pci_handed handed;
	int fd;
	int request_fd;
	int io_fd;
	uint32_t revoked;
	struct vfnet_pci_group *group;
	bool renumbered;
	bool can_reset;
	bool irqs_on;
	struct vfnet_pci_region region[VFNET_PCI_REGIONS];
};

/* ---- registers.c: struct vfnet_dev_ops, see lib/dev/dev.h ---- */

uint32_t vfnet_pci_read32(struct vfnet_dev *dev, unsigned int bar, uint32_t offset);
void vfnet_pci_write32(struct vfnet_dev *dev, unsigned int bar, uint32_t offset, uint32_t val);
uint32_t *vfnet_pci_doorbell(struct vfnet_dev *dev, unsigned int bar, uint32_t offset);
int vfnet_pci_bus_master(struct vfnet_dev *dev, bool on, struct vfnet_err *err);
int vfnet_pci_restore(struct vfnet_dev *dev, struct vfnet_err *err);

/** VFNET_PCI_RESET_TRIES - a millisecond each: a reset by somebody else takes 110 ms [live]. */
#define VFNET_PCI_RESET_TRIES 300

/** vfnet_pci_reset_pause() - the millisecond between two tries. */
void vfnet_pci_reset_pause(void);

/**
 * vfnet_pci_reset_call() - reset by an ioctl without argument
 *
 * Return: as struct vfnet_dev_ops.reset.
 */
int vfnet_pci_reset_call(struct vfnet_pci_dev *dev, unsigned long request, struct vfnet_err *err);

/**
 * vfnet_pci_map_bar() - map a BAR for this process, and not for its children
 *
 * Return: where; MAP_FAILED and errno.
 */
void *vfnet_pci_map_bar(const struct vfnet_pci_dev *dev, uint64_t bytes, off_t offset);

/** vfnet_pci_warn_unmapped() - log that BAR 0 is reached by system calls. */
void vfnet_pci_warn_unmapped(const struct vfnet_pci_dev *dev);
int vfnet_pci_revoke(struct vfnet_dev *dev, struct vfnet_err *err);

/**
 * vfnet_pci_regions_close() - unmap and forget all regions: no register is reached afterwards.
 * Nothing happens while the function is revoked.
 */
void vfnet_pci_regions_close(struct vfnet_pci_dev *dev);

/* ---- handed.c ---- */

/**
 * vfnet_pci_parse_handed() - take ",dev=N,dma=M" apart and duplicate both descriptors
 * @text:   what follows the address, with its comma; "" = nothing is handed in
 * @handed: filled; for vfnet_pci_handed_close()
 *
 * Return: 0; -EINVAL another form; -EBADF not open; -EMFILE.
 */
int vfnet_pci_parse_handed(const char *text, struct vfnet_pci_handed *handed,
			   struct vfnet_err *err);

/** vfnet_pci_handed_close() - close the duplicates. */
void vfnet_pci_handed_close(struct vfnet_pci_handed *handed);

/** vfnet_pci_handed_take() - the function's becomes @dev's fd, for its door to close. */
void vfnet_pci_handed_take(struct vfnet_pci_dev *dev);

/** vfnet_pci_handed_dma() - fill in @dma's fd with the domain that was handed in for @dev. */
int vfnet_pci_handed_dma(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma,
			 struct vfnet_err *err);

/** vfnet_pci_handed_same() - do the names of functions say that @dev belongs into @dma? */
bool vfnet_pci_handed_same(const struct vfnet_pci_dev *dev, const struct vfnet_pci_dma *dma);

/**
 * vfnet_pci_handed_is_node() - is the descriptor that was handed in for @dev that of its node?
 * @folder: where the function's folder in sysfs has its number: "vfio/vfio0"
 * @node:   name below /dev
 *
 * Return: 0; -EINVAL it is something else's.
 */
int vfnet_pci_handed_is_node(const struct vfnet_pci_dev *dev, const char *folder, const char *node,
			     struct vfnet_err *err);

/** vfnet_pci_handed_is_cdev() - was a device file handed in for a function that has iommufd's? */
bool vfnet_pci_handed_is_cdev(const struct vfnet_pci_dev *dev);

/* ---- our module ---- */

int vfnet_pci_uiommu_open(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma,
			  struct vfnet_err *err);
void vfnet_pci_uiommu_end(struct vfnet_pci_dma *dma);
int vfnet_pci_uiommu_map(struct vfnet_pci_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
			 struct vfnet_err *err);
void vfnet_pci_uiommu_unmap(struct vfnet_pci_dma *dma, uint64_t iova, uint64_t bytes);

/* ---- vfio-pci ---- */

/**
 * vfnet_pci_vfio_open() - fill in what vfio-pci's descriptor of a function tells, map BAR 0
 * @dev: fd is open; the caller's
 *
 * Return: 0, or a negative errno: nothing is mapped then.
 */
int vfnet_pci_vfio_open(struct vfnet_pci_dev *dev, struct vfnet_err *err);

/** vfnet_pci_vfio_close() - undo it; fd stays open. */
void vfnet_pci_vfio_close(struct vfnet_pci_dev *dev);

/**
 * vfnet_pci_vfio_request() - have the kernel signal request_fd when it wants the function back
 *
 * Return: 0, also from a kernel that never asks; a negative errno: there is no descriptor then.
 */
int vfnet_pci_vfio_request(struct vfnet_pci_dev *dev, struct vfnet_err *err);
void vfnet_pci_vfio_request_end(struct vfnet_pci_dev *dev);

int vfnet_pci_vfio_reset(struct vfnet_pci_dev *dev, struct vfnet_err *err);

/**
 * vfnet_pci_vfio_unsafe() - the kernel refuses a domain because devices could forge interrupts
 * @module: whose parameter accepts the risk
 *
 * Return: -EPERM, with its sentence.
 */
int vfnet_pci_vfio_unsafe(const struct vfnet_pci_dev *dev, const char *module,
			  struct vfnet_err *err);
int vfnet_pci_vfio_irq_set(struct vfnet_pci_dev *dev, const int *eventfd, struct vfnet_err *err);
int vfnet_pci_container_map(struct vfnet_pci_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
			    struct vfnet_err *err);
void vfnet_pci_container_unmap(struct vfnet_pci_dma *dma, uint64_t iova, uint64_t bytes);

/** vfnet_pci_map_failed() - the sentence for an @errnum of a kernel that counts RLIMIT_MEMLOCK. */
int vfnet_pci_map_failed(uint64_t iova, uint64_t bytes, int errnum, struct vfnet_err *err);

#endif
