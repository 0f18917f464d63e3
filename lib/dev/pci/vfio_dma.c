/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is mapped in a container. The kernel pins each page that it maps and counts it against
 * RLIMIT_MEMLOCK, once for each container, hugepages too.
 */
#define _GNU_SOURCE
#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/base/err.h"

/* bounds what is believed of the kernel's answer; it is a few hundred bytes */
#define INFO_BYTES_MAX 65536

/* The container's answer with its chain of capabilities; NULL = this kernel tells nothing. */
static struct vfio_iommu_type1_info *get_info(const struct vfnet_pci_host *host, int fd)
{
	struct vfio_iommu_type1_info head = {.argsz = sizeof(head)};
	struct vfio_iommu_type1_info *info;
	uint32_t bytes;

	if (host->ioctl(fd, VFIO_IOMMU_GET_INFO, &head) || !(head.flags & VFIO_IOMMU_INFO_CAPS) ||
	    head.argsz <= sizeof(head) || head.argsz > INFO_BYTES_MAX)
		return NULL;
	bytes = head.argsz;
	info = calloc(1, bytes);
	if (!info)
		return NULL;
	info->argsz = bytes;
	if (host->ioctl(fd, VFIO_IOMMU_GET_INFO, info) || info->argsz > bytes) {
		free(info);
		return NULL;
	}
	return info;
}

/* an array of struct vfio_iova_range; Linux 6.1 does not align it [measured] */
struct ranges {
	const char *at;
	uint32_t n;
};

static bool find_ranges(const struct vfio_iommu_type1_info *info, struct ranges *ranges)
{
	struct vfio_iommu_type1_info_cap_iova_range cap;
	uint32_t at = info->cap_offset;

	/* offsets only grow, so a chain that bites its own tail ends too */
	while (at >= sizeof(*info) && (uint64_t)at + sizeof(cap) <= info->argsz) {
		memcpy(&cap, (const char *)info + at, sizeof(cap));
		if (cap.header.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
			ranges->at = (const char *)info + at + sizeof(cap);
			ranges->n = cap.nr_iovas;
			return ranges->n <=
			       (info->argsz - at - sizeof(cap)) / sizeof(struct vfio_iova_range);
		}
		if (cap.header.next <= at)
			return false;
		at = cap.header.next;
	}
	return false;
}

/* Is all of @first to @last in one usable range? If not, @text lists the ranges. */
static bool in_ranges(const struct ranges *ranges, uint64_t first, uint64_t last, char *text,
		      size_t bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < ranges->n; i++) {
		struct vfio_iova_range range;

		memcpy(&range, ranges->at + i * sizeof(range), sizeof(range));
		if (range.start <= first && last <= range.end)
			return true;
		if (used < bytes)
			used +=
			    (size_t)snprintf(text + used, bytes - used, " 0x%" PRIx64 "-0x%" PRIx64,
					     (uint64_t)range.start, (uint64_t)range.end);
	}
	return false;
}

static int check_range(struct vfnet_pci_dma *dma, uint64_t iova, uint64_t bytes,
		       struct vfnet_err *err)
{
	struct vfio_iommu_type1_info *info = get_info(dma->host, dma->fd);
	struct ranges ranges;
	char usable[256];
	int rc = 0;

	if (!info)
		return 0;
	if (find_ranges(info, &ranges) &&
	    !in_ranges(&ranges, iova, iova + bytes - 1, usable, sizeof(usable)))
		rc = vfnet_err_set(err, -EINVAL,
				   "I/O addresses 0x%" PRIx64 "-0x%" PRIx64
				   " touch a range that this IOMMU reserves or does not reach; "
				   "usable:%s. A smaller region may fit",
				   iova, iova + bytes - 1, usable);
	free(info);
	return rc;
}

static int memlock_failed(uint64_t bytes, struct vfnet_err *err)
{
	uint64_t need = (bytes + 1023) >> 10;
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return vfnet_err_set(err, -ENOMEM,
				     "the kernel has no memory to map %" PRIu64
				     " KiB for DMA: use a smaller region",
				     need);
	return vfnet_err_set(err, -ENOMEM,
			     "the kernel may not lock %" PRIu64
			     " KiB of memory for DMA: RLIMIT_MEMLOCK allows %" PRIu64
			     " KiB, with what this process has locked already. Raise it: ulimit -l "
			     "%" PRIu64 " as root, or the line \"USER - memlock %" PRIu64
			     "\" in /etc/security/limits.d/vfnet.conf and a new login (double for "
			     "two DMA domains)",
			     need, (uint64_t)limit.rlim_cur >> 10, need, need);
}

int vfnet_pci_map_failed(uint64_t iova, uint64_t bytes, int errnum, struct vfnet_err *err)
{
	if (errnum == ENOMEM)
		return memlock_failed(bytes, err);
	/* -EINVAL is how the contract says "reserved or mapped" */
	return vfnet_err_set(err, errnum == EEXIST ? -EINVAL : -errnum,
			     "cannot map I/O addresses 0x%" PRIx64 "-0x%" PRIx64 " for DMA: %s",
			     iova, iova + bytes - 1,
			     errnum == EEXIST ? "some of them are mapped" : strerror(errnum));
}

int vfnet_pci_container_map(struct vfnet_pci_dma *dma, void *vaddr, uint64_t iova, uint64_t bytes,
			    struct vfnet_err *err)
{
	struct vfio_iommu_type1_dma_map map = {
	    .argsz = sizeof(map),
	    .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	    .vaddr = (uintptr_t)vaddr,
	    .iova = iova,
	    .size = bytes,
	};
	int rc = check_range(dma, iova, bytes, err);

	if (rc)
		return rc;
	if (dma->host->ioctl(dma->fd, VFIO_IOMMU_MAP_DMA, &map))
		return vfnet_pci_map_failed(iova, bytes, errno, err);
	return 0;
}

void vfnet_pci_container_unmap(struct vfnet_pci_dma *dma, uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
	    .argsz = sizeof(unmap),
	    .iova = iova,
	    .size = bytes,
	};

	/* fails when the last function has been detached: then the mapping is gone already */
	dma->host->ioctl(dma->fd, VFIO_IOMMU_UNMAP_DMA, &unmap);
}
