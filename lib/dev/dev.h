/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_DEV_DEV_H
#define VFNET_DEV_DEV_H

/*
 * The contract between a bus (lib/dev/pci, sim/) and everything above it. Some doors that fit it:
 *
 *                    our module               vfio-pci, group             sim/
 *   open()           /dev/vfio<N>             /dev/vfio/<group>           a card's VF
 *   dma_open()                                                            a mapping table
 *   first attach()   /dev/uiommu              /dev/vfio/vfio
 *   attach()         DOMAIN_SET               SET_CONTAINER, SET_IOMMU,   a pointer
 *                                             GET_DEVICE_FD
 *   dma_map()        MAP_IOVA on uiommu       MAP_DMA on the container    an entry
 *   reset()          RESET_FUNCTION           DEVICE_RESET                VF reset
 *
 * Order, kept by vfnet_dev_open(): open, attach, map, reset, bus master. A function that is not
 * attached has no registers: every other call on it needs attach() first.
 */

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/counters.h>
#include <vfnet/dev.h>
#include <vfnet/err.h>

#include "lib/base/log.h"

struct vfnet_dev;
struct vfnet_dma;

/** VFNET_DEV_VECTORS_MAX - interrupt vectors that the contract speaks of; an 82576 VF has 3 [L]. */
#define VFNET_DEV_VECTORS_MAX 8

/**
 * struct vfnet_bus_ops - what a bus does
 *
 * All calls come from the thread that opens or closes a port, one at a time per context.
 */
struct vfnet_bus_ops {
	/**
	 * @open: find the function @name (the part after the colon) and claim it
	 *
	 * Return: 0; -EINVAL @name has the wrong form; -ENODEV no such function, or bound to no
	 * driver; -EPERM its device file; -EBUSY another user or driver has it; -ENOTSUP no IOMMU.
	 * Guarantees: on failure nothing is held. On success ops, bus, name, vendor, device and
	 * numa_node of *@out are filled, and n_vectors where it can be known before attach.
	 */
	int (*open)(struct vfnet_bus *bus, const char *name, const struct vfnet_log *log,
		    struct vfnet_dev **out, struct vfnet_err *err);

	/**
	 * @dma_open: an empty I/O address space; what kind it is follows from the first function
	 * that is attached to it
	 *
	 * Return: 0; -ENOMEM.
	 */
	int (*dma_open)(struct vfnet_bus *bus, struct vfnet_dma **out, struct vfnet_err *err);

	/**
	 * @dma_map: let every device of the domain read and write [@vaddr, @vaddr + @bytes) at I/O
	 * address @iova; all three multiples of the page size
	 *
	 * Called after the first attach. Return: 0; -ENOMEM locked-memory limit (the sentence says
	 * how much is needed and allowed); -EINVAL the range is reserved or mapped; what else the
	 * kernel says.
	 * Guarantees: the memory stays where it is (pinned) until dma_unmap() or dma_close().
	 */
	int (*dma_map)(struct vfnet_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
		       struct vfnet_err *err);

	/** @dma_unmap: undo one dma_map. Guarantees: no device reaches the range afterwards. */
	void (*dma_unmap)(struct vfnet_dma *dma, uint64_t iova, uint64_t bytes);

	/** @dma_close: end the address space; no device is attached. */
	void (*dma_close)(struct vfnet_dma *dma);
};

/**
 * struct vfnet_bus - embedded in the bus's own struct
 * @ops: what it does
 */
struct vfnet_bus {
	const struct vfnet_bus_ops *ops;
};

/**
 * struct vfnet_dev_ops - what a function of a bus does
 *
 * Control path: one thread at a time per device. @read32 and @write32, which a queue's thread also
 * calls while another one runs service, are the one way to a register; only tail doorbells may go
 * through doorbell()'s pointer.
 */
struct vfnet_dev_ops {
	/**
	 * @attach: put the function into @dma
	 *
	 * Return: 0; -EXDEV this function cannot share @dma: try another; -EPERM, -ENOENT the
	 * domain's control file; -ENOTSUP no IOMMU; -EBUSY; what else the kernel says.
	 * Guarantees: DMA of the function reaches what is mapped in @dma and nothing else;
	 * n_vectors is filled.
	 */
	int (*attach)(struct vfnet_dev *dev, struct vfnet_dma *dma, struct vfnet_err *err);

	/**
	 * @detach: no register access and no DMA afterwards
	 *
	 * When the last function leaves a domain its mappings may be gone; it is closed next.
	 */
	void (*detach)(struct vfnet_dev *dev);

	/**
	 * @read32: read a register, naturally aligned
	 *
	 * Return: its value; all ones when the device is gone or @offset is outside the BAR.
	 * Guarantees: writes before it have reached the device (it flushes posted writes), and
	 * DMA by the device before it answered is visible afterwards.
	 */
	uint32_t (*read32)(struct vfnet_dev *dev, unsigned int bar, uint32_t offset);

	/** @write32: write a register; may be posted. Nothing happens outside the BAR. */
	void (*write32)(struct vfnet_dev *dev, unsigned int bar, uint32_t offset, uint32_t val);

	/**
	 * @doorbell: where a tail register can be stored to by vfnet_io_store_tail()
	 *
	 * Return: its address, valid until detach, after revoke() until close; NULL = use write32.
	 * A store to a dead device is harmless; with vfio-pci a mapping that the kernel takes away
	 * raises SIGBUS.
	 */
	uint32_t *(*doorbell)(struct vfnet_dev *dev, unsigned int bar, uint32_t offset);

	/**
	 * @reset: function-level reset, and wait for it
	 *
	 * Return: 0; -ENOTSUP none; -EBUSY the kernel does not let go of it; -ENODEV.
	 */
	int (*reset)(struct vfnet_dev *dev, struct vfnet_err *err);

	/** @bus_master: allow or forbid DMA and interrupts of the function. Return: 0; -ENODEV. */
	int (*bus_master)(struct vfnet_dev *dev, bool on, struct vfnet_err *err);

	/**
	 * @irq_set: signal eventfd[v] for vector v < @n; -1 = not this one; @n = 0 ends all
	 *
	 * The caller owns the descriptors and keeps them open until the next call.
	 * Return: 0; -EINVAL @n > n_vectors; -ENOSPC the machine has no vectors left; -ENOTSUP;
	 * -ENODEV. After a failure no vector signals.
	 */
	int (*irq_set)(struct vfnet_dev *dev, unsigned int n, const int *eventfd,
		       struct vfnet_err *err);

	/**
	 * @request_fd: an eventfd that the function's owner, the kernel, signals to have it back:
	 * its driver is unbound, or the function removed; NULL where nobody asks
	 *
	 * Return: always the same, from attach to detach; -1 = nobody asks.
	 */
	int (*request_fd)(struct vfnet_dev *dev);

	/**
	 * @revoke: make the next detach harmless for threads that know nothing of it; NULL where it
	 * is so anyway
	 *
	 * Return: 0; -ENOMEM, -EMFILE: nothing has happened.
	 * Guarantees: until close read32() gives all ones, and writes are swallowed, also stores
	 * through what doorbell() returned. detach() ends all that keeps the owner waiting.
	 */
	int (*revoke)(struct vfnet_dev *dev, struct vfnet_err *err);

	/** @close: end all, free @dev. It is detached. */
	void (*close)(struct vfnet_dev *dev);

	/**
	 * @progress: let the device move; NULL on hardware, and when something else steps it
	 *
	 * Bounded waits, vfnet_port_service() and a burst that finds nothing done or no room call
	 * it once and look again.
	 */
	void (*progress)(struct vfnet_dev *dev);

	/**
	 * @truth: what the device knows of lost frames beyond the function's registers; NULL on
	 * hardware
	 *
	 * Adds to @missed and @drops of @sum; raises tx_lost_bytes by the bytes of what it added
	 * to @drops. Never counts what a register of the function also counts.
	 */
	void (*truth)(struct vfnet_dev *dev, struct vfnet_counters *sum, uint64_t *tx_lost_bytes);

	/**
	 * @idle: this thread goes to sleep until an interrupt; NULL where progress is NULL, as
	 * something else moves the device then
	 *
	 * Called each time before the sleep, after the last look.
	 *
	 * Return: a descriptor to watch beside the interrupt's, always the same, which becomes
	 * readable when progress() has something to do, and now and then for no reason.
	 */
	int (*idle)(struct vfnet_dev *dev);

	/**
	 * @restore: give back what a reset of the whole card, by somebody else, has taken from the
	 * function's configuration space: bus mastering, and with it the vectors, which the caller
	 * sets again by irq_set; NULL where no reset takes them
	 *
	 * Called while the port comes back. A kernel that resets the function just now may hold it
	 * up for 100 ms.
	 *
	 * Return: 0 nothing is missing; 1 it was, and bus mastering is back; -ENODEV.
	 */
	int (*restore)(struct vfnet_dev *dev, struct vfnet_err *err);
};

/**
 * struct vfnet_dev - one function, embedded in the bus's own struct; filled by open
 * @ops:       what it does
 * @bus:       where it came from
 * @name:      with the bus's prefix, "sim:0.0"
 * @vendor:    PCI vendor, 0x8086
 * @device:    PCI device, 0x10ca
 * @n_vectors: interrupt vectors
 * @numa_node: -1 = unknown
 * @dma:       the domain that it is attached to; NULL = given back; kept by vfnet_dev_open()
 */
struct vfnet_dev {
	const struct vfnet_dev_ops *ops;
	struct vfnet_bus *bus;
	char name[64];
	uint16_t vendor;
	uint16_t device;
	unsigned int n_vectors;
	int numa_node;
	struct vfnet_dma *dma;
};

/**
 * struct vfnet_dma - one I/O address space, embedded in the bus's own struct
 * @bus:     whose
 * @n_devs:  devices attached; kept by vfnet_dev_open()
 * @next:    the context's list
 */
struct vfnet_dma {
	struct vfnet_bus *bus;
	unsigned int n_devs;
	struct vfnet_dma *next;
};

/* A register of BAR 0. */
static inline uint32_t vfnet_dev_read32(struct vfnet_dev *dev, uint32_t offset)
{
	return dev->ops->read32(dev, 0, offset);
}

static inline void vfnet_dev_write32(struct vfnet_dev *dev, uint32_t offset, uint32_t val)
{
	dev->ops->write32(dev, 0, offset, val);
}

static inline void vfnet_dev_progress(struct vfnet_dev *dev)
{
	if (dev->ops->progress)
		dev->ops->progress(dev);
}

/**
 * vfnet_dev_open() - find "BUS:NAME" and make it ready: open, attach, map, reset, bus master
 * @v:    the context; its region is mapped once into each domain, at VFNET_IOVA_BASE
 * @name: with the bus's prefix
 * @out:  the device
 * @err:  may be NULL
 *
 * A function that can't share the domains there are gets a new one.
 *
 * Return: 0, or what the bus said; -EINVAL no bus of that name.
 */
int vfnet_dev_open(struct vfnet *v, const char *name, struct vfnet_dev **out,
		   struct vfnet_err *err);

/** vfnet_dev_requested() - whether the function's owner has asked for it back since the last call.
 */
bool vfnet_dev_requested(struct vfnet_dev *dev);

/**
 * vfnet_dev_give_back() - let the owner have the function, while others still hold @dev
 *
 * Registers read all ones afterwards and stores to doorbells do no harm, in whatever thread; all
 * that is left to do is vfnet_dev_close(). Some milliseconds: the kernel closes the function.
 *
 * Return: 0; -EBUSY another device is being opened or closed; -ENOMEM, -EMFILE. After a failure
 * nothing has happened: try again.
 */
int vfnet_dev_give_back(struct vfnet *v, struct vfnet_dev *dev, struct vfnet_err *err);

/** vfnet_dev_close() - bus master off, detach, close; a domain without devices is unmapped. */
void vfnet_dev_close(struct vfnet *v, struct vfnet_dev *dev);

/** vfnet_ctx_log() - the context's sink. */
const struct vfnet_log *vfnet_ctx_log(const struct vfnet *v);

/** vfnet_monotonic_ns() - CLOCK_MONOTONIC. Not for hot paths. */
uint64_t vfnet_monotonic_ns(void);

#endif
