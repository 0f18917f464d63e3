/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_DEV_H
#define VFNET_DEV_H

#include <vfnet/ctx.h>
#include <vfnet/err.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/**
 * struct vfnet_bus - turns the part of a device name after the colon into a device
 *
 * A context brings "pci"; a program adds others. A software 82576 is one: vfnet_sim_bus().
 *
 * "pci:DDDD:BB:DD.F" (or "pci:BB:DD.F") is a function that is bound to the driver vfio-pci, or to
 * vfio of our own module. The library opens its device file, and closes it with the port.
 *
 * "pci:DDDD:BB:DD.F,dev=FD,dma=FD" is one whose files somebody else has opened; both numbers are
 * decimal. The library opens no device file: it duplicates both descriptors, close-on-exec, while
 * the port is opened, and the program's own may be closed afterwards.
 *
 *   bound to   dev=                                    dma=
 *   vfio       an open /dev/vfio<N>                    an open /dev/uiommu
 *   vfio-pci   what VFIO_GROUP_GET_DEVICE_FD returned  a container with its group and an IOMMU
 *   vfio-pci   an open /dev/vfio/devices/vfio<N>       an open /dev/iommu
 *
 * The function of the last line is unbound, or bound to that iommufd (VFIO_DEVICE_BIND_IOMMUFD),
 * and stays bound; in the iommufd the library makes an address space of its own, which goes with
 * the last port.
 *
 * Ports whose dma= are one open file are in one DMA domain, in which the region is mapped once. No
 * other process may have mapped memory there. When the port is closed the function is left without
 * interrupts and bus mastering, and the domain without the region.
 */
struct vfnet_bus;

/**
 * vfnet_add_bus() - make devices "PREFIX:..." known to a context
 * @v:      the context
 * @prefix: 1..15 letters, digits and '-'; copied
 * @bus:    must outlive @v
 * @err:    may be NULL
 *
 * Context: any thread; no port may be opened at the same time.
 * Return: 0; -EINVAL for a bad prefix; -EEXIST when the context has a bus of that name; -ENOMEM.
 */
int vfnet_add_bus(struct vfnet *v, const char *prefix, struct vfnet_bus *bus,
		  struct vfnet_err *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
