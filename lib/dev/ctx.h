/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_DEV_CTX_H
#define VFNET_DEV_CTX_H

#include <pthread.h>

#include "lib/base/log.h"
#include "lib/dev/dev.h"

/** VFNET_CTX_BUSES_MAX - busses of a context, "pci" included. */
#define VFNET_CTX_BUSES_MAX 8

/**
 * struct vfnet_bus_entry - a bus and the prefix that names it
 * @prefix: without the colon
 * @bus:    owned by whoever added it; "pci" by the context
 */
struct vfnet_bus_entry {
	char prefix[16];
	struct vfnet_bus *bus;
};

/**
 * struct vfnet - what the public calls hang from
 * @log:     where log lines go
 * @region:  all DMA memory
 * @lock:    held while a device is opened or closed or a bus is added
 * @bus:     known busses, @n_buses of them
 * @domains: every I/O address space that has a device, see lib/dev/dma.c
 * @n_devs:  open devices
 */
struct vfnet {
	struct vfnet_log log;
	struct vfnet_region *region;
	pthread_mutex_t lock;
	struct vfnet_bus_entry bus[VFNET_CTX_BUSES_MAX];
	unsigned int n_buses;
	struct vfnet_dma *domains;
	unsigned int n_devs;
};

/**
 * vfnet_dma_join() - attach @dev to a domain of its bus in which the region is mapped
 *
 * Return: 0, or what the bus said. Nothing is attached or mapped then.
 */
int vfnet_dma_join(struct vfnet *v, struct vfnet_dev *dev, struct vfnet_err *err);

/** vfnet_dma_leave() - detach @dev; a domain without devices is unmapped and closed. */
void vfnet_dma_leave(struct vfnet *v, struct vfnet_dev *dev);

#endif
