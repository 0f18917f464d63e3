/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_DOOR_H
#define VFNET_BENCH_DOOR_H

#include <stddef.h>
#include <stdint.h>

/*
 * One PCI function behind one of two kernel drivers: the module of kmod/ or mainline's vfio-pci.
 * Whatever fails ends the program with one line: a benchmark that goes on has measured nothing.
 */

/**
 * struct door - what is measured through either driver
 * @name:     of the driver
 * @fd:       the device's descriptor
 * @dma_fd:   what mappings are made on
 * @config:   file offset of configuration space
 * @bar0:     of the device, mapped
 * @map:      make @size bytes at @vaddr visible to the device at @iova, for reading and writing
 * @unmap:    undo that
 * @reset:    reset the function
 * @interrupt: MSI-X vector 0 goes to the eventfd @event
 */
struct door {
	const char *name;
	int fd;
	int dma_fd;
	uint64_t config;
	volatile uint8_t *bar0;
	void (*map)(const struct door *door, void *vaddr, uint64_t iova, size_t size);
	void (*unmap)(const struct door *door, void *vaddr, uint64_t iova, size_t size);
	void (*reset)(const struct door *door);
	void (*interrupt)(const struct door *door, int event);
};

/** door_open_kmod() - open the node @path of our module, master the bus, map BAR 0. */
void door_open_kmod(struct door *door, const char *path);

/** door_open_vfio_pci() - the same through the group @path and the function @address. */
void door_open_vfio_pci(struct door *door, const char *path, const char *address);

/** door_fail() - "doors_bench: WHAT: ERRNO's text", and exit. */
__attribute__((format(printf, 1, 2))) _Noreturn void door_fail(const char *what, ...);

#endif
