/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA domains of a context. Devices of one bus share a domain where the hardware lets them, so the
 * region is pinned and mapped once; a device that refuses (another IOMMU, another group owner)
 * gets a domain of its own, with the region mapped again at the same I/O address.
 */
#define VFNET_LOG_TAG "dev/dma"

#include <errno.h>

#include <vfnet/region.h>

#include "lib/dev/ctx.h"

static void list_add(struct vfnet *v, struct vfnet_dma *dma)
{
	dma->next = v->domains;
	v->domains = dma;
}

static void list_remove(struct vfnet *v, struct vfnet_dma *dma)
{
	struct vfnet_dma **link = &v->domains;

	while (*link != dma)
		link = &(*link)->next;
	*link = dma->next;
}

static int attach(struct vfnet_dev *dev, struct vfnet_dma *dma, struct vfnet_err *err)
{
	int rc = dev->ops->attach(dev, dma, err);

	if (rc)
		return rc;
	dev->dma = dma;
	dma->n_devs++;
	return 0;
}

static void detach(struct vfnet_dev *dev)
{
	dev->ops->detach(dev);
	dev->dma->n_devs--;
	dev->dma = NULL;
}

/* Attach comes before map: vfio's container has no mappings before its first group. */
static int join_new(struct vfnet *v, struct vfnet_dev *dev, struct vfnet_err *err)
{
	const struct vfnet_bus_ops *ops = dev->bus->ops;
	struct vfnet_dma *dma;
	int rc;

	rc = ops->dma_open(dev->bus, &dma, err);
	if (rc)
		return rc;
	dma->bus = dev->bus;
	dma->n_devs = 0;
	rc = attach(dev, dma, err);
	if (rc)
		goto err_close;
	rc = ops->dma_map(dma, v->region->base, VFNET_IOVA_BASE, v->region->bytes, err);
	if (rc)
		goto err_detach;
	list_add(v, dma);
	return 0;

err_detach:
	detach(dev);
err_close:
	ops->dma_close(dma);
	return rc;
}

int vfnet_dma_join(struct vfnet *v, struct vfnet_dev *dev, struct vfnet_err *err)
{
	for (struct vfnet_dma *dma = v->domains; dma; dma = dma->next) {
		struct vfnet_err refusal; /* not the caller's: the next domain may do */
		int rc;

		if (dma->bus != dev->bus)
			continue;
		rc = attach(dev, dma, &refusal);
		if (rc && rc != -EXDEV && err)
			*err = refusal;
		if (rc != -EXDEV)
			return rc;
	}
	vfnet_log(&v->log, DEBUG, "%s gets a DMA domain of its own", dev->name);
	return join_new(v, dev, err);
}

void vfnet_dma_leave(struct vfnet *v, struct vfnet_dev *dev)
{
	struct vfnet_dma *dma = dev->dma;

	detach(dev);
	if (dma->n_devs)
		return;
	list_remove(v, dma);
	dma->bus->ops->dma_unmap(dma, VFNET_IOVA_BASE, v->region->bytes);
	dma->bus->ops->dma_close(dma);
}
