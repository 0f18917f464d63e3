/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain of our own module: an open /dev/uiommu. The region is mapped on this descriptor and not
 * on that of a function, so that it is pinned and counted against RLIMIT_MEMLOCK once, and stays
 * when one of several functions leaves.
 */
#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* by its path: mainline's header has the same name, and no source file can have both */
#include "kmod/include/uapi/linux/vfio.h"
#include "lib/base/err.h"

/**
 * struct vfnet_pci_mapping - what is mapped; unmapping wants to be told all of it
 */
struct vfnet_pci_mapping {
	struct vfio_dma_map map;
	struct vfnet_pci_mapping *next;
};

int vfnet_pci_uiommu_open(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma,
			  struct vfnet_err *err)
{
	char path[VFNET_PCI_PATH_BYTES];
	int code;

	if (dev->handed.dma >= 0)
		return vfnet_pci_handed_dma(dev, dma, err);
	snprintf(path, sizeof(path), "%s/uiommu", dev->host->dev);
	dma->fd = dev->host->open(path, O_RDWR | O_CLOEXEC);
	if (dma->fd >= 0)
		return 0;
	code = -errno;
	switch (code) {
	case -EACCES:
	case -EPERM:
		return vfnet_err_set(err, -EPERM,
				     "not permitted to open %s, which is everybody's by default. "
				     "As root: chmod 666 %s (it gives no access to any device)",
				     path, path);
	case -ENOENT:
	case -ENXIO:
		return vfnet_err_set(err, -ENOENT,
				     "there is no %s, which the module uvfio makes: in a "
				     "container, pass that device file into it",
				     path);
	default:
		return vfnet_err_set(err, code, "cannot open %s: %s", path, strerror(-code));
	}
}

/* closing the descriptor ends the mappings that are left */
void vfnet_pci_uiommu_end(struct vfnet_pci_dma *dma)
{
	while (dma->maps) {
		struct vfnet_pci_mapping *mapping = dma->maps;

		dma->maps = mapping->next;
		free(mapping);
	}
}

static int map_failed(const struct vfio_dma_map *map, int errnum, struct vfnet_err *err)
{
	if (errnum != EINVAL)
		return vfnet_pci_map_failed(map->dmaaddr, map->size, errnum, err);
	return vfnet_err_set(err, -EINVAL,
			     "I/O addresses 0x%" PRIx64 "-0x%" PRIx64
			     " touch a range that this IOMMU reserves or does not reach (a smaller "
			     "region may fit), or another process has mapped through this "
			     "descriptor of /dev/uiommu",
			     (uint64_t)map->dmaaddr, (uint64_t)(map->dmaaddr + map->size - 1));
}

int vfnet_pci_uiommu_map(struct vfnet_pci_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
			 struct vfnet_err *err)
{
	struct vfnet_pci_mapping *mapping = calloc(1, sizeof(*mapping));

	if (!mapping)
		return vfnet_err_set(err, -ENOMEM, "no memory to map the region");
	mapping->map = (struct vfio_dma_map){
	    .vaddr = (uintptr_t)vaddr,
	    .dmaaddr = iova,
	    .size = bytes,
	    .flags = VFIO_FLAG_WRITE,
	};
	if (dma->host->ioctl(dma->fd, VFIO_DMA_MAP_IOVA, &mapping->map)) {
		int rc = map_failed(&mapping->map, errno, err);

		free(mapping);
		return rc;
	}
	mapping->next = dma->maps;
	dma->maps = mapping;
	return 0;
}

void vfnet_pci_uiommu_unmap(struct vfnet_pci_dma *dma, uint64_t iova, uint64_t bytes)
{
	struct vfnet_pci_mapping **link = &dma->maps;
	struct vfnet_pci_mapping *mapping;

	while (*link && ((*link)->map.dmaaddr != iova || (*link)->map.size != bytes))
		link = &(*link)->next;
	mapping = *link;
	if (!mapping)
		return;
	*link = mapping->next;
	/* fails when the mapping has ended by itself: then there is nothing to undo */
	dma->host->ioctl(dma->fd, VFIO_DMA_UNMAP, &mapping->map);
	free(mapping);
}
