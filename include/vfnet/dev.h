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
