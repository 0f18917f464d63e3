/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user's view of configuration space and its capabilities.
 *
 * Nothing here calls the kernel, so that tests can feed hostile devices to it in user space.
 */
#ifndef VFIO_PCI_CAPS_H
#define VFIO_PCI_CAPS_H

#include <linux/types.h>

#define VFIO_CONFIG_SIZE 4096

struct pci_saved_state;

/**
 * struct vfio_config - what each bit of configuration space is to the user
 * @size:     256 or 4096
 * @pm:       where the power management capability is, or 0
 * @vpd:      vital product data, or 0
 * @exp:      PCI Express, or 0
 * @af:       advanced features, or 0
 * @awake:    state to return to from D3hot, if that loses it; else NULL
 * @real:     bits that are read from the device
 * @shadow:   values of all others; 0 where nothing is known
 * @writable: bits that the user may write. They go to @shadow, never to the device: what a write
 *            does besides is in vfio_pci_config.c
 */
struct vfio_config {
	unsigned int size;
	unsigned int pm;
	unsigned int vpd;
	unsigned int exp;
	unsigned int af;
	struct pci_saved_state *awake;
	u8 real[VFIO_CONFIG_SIZE];
	u8 shadow[VFIO_CONFIG_SIZE];
	u8 writable[VFIO_CONFIG_SIZE];
};

/**
 * struct vfio_config_source - how to read a device; may be hostile, all answers are possible
 * @read:   1, 2 or 4 bytes, aligned; all ones if that fails
 * @device: first argument of @read
 */
struct vfio_config_source {
	u32 (*read)(void *device, unsigned int pos, unsigned int size);
	void *device;
};

u32 vfio_config_get(const u8 *at, unsigned int size);
void vfio_config_put(u8 *at, unsigned int size, u32 value);
void vfio_config_add_caps(struct vfio_config *config, const struct vfio_config_source *source);

#endif
