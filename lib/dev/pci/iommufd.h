/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_DEV_PCI_IOMMUFD_H
#define VFNET_DEV_PCI_IOMMUFD_H

/*
 * What vfio_cdev.c needs of the kernel's iommufd, which is younger than the headers of some systems
 * that vfnet is built on (Debian 12 has those of Linux 6.1): numbers and layouts, with names of our
 * own, so that newer headers may be included beside it. A unit test compares them with the system's
 * where that has them.
 *
 * Each struct begins with its own size; flags and what is reserved are 0.
 */

#include <linux/ioctl.h>
#include <stdint.h>

#define VFNET_IOMMUFD_TYPE ';'

/* on /dev/iommu */
#define VFNET_IOMMUFD_DESTROY	 _IO(VFNET_IOMMUFD_TYPE, 0x80)
#define VFNET_IOMMUFD_IOAS_ALLOC _IO(VFNET_IOMMUFD_TYPE, 0x81)
#define VFNET_IOMMUFD_IOAS_MAP	 _IO(VFNET_IOMMUFD_TYPE, 0x85)
#define VFNET_IOMMUFD_IOAS_UNMAP _IO(VFNET_IOMMUFD_TYPE, 0x86)
/* on a function */
#define VFNET_IOMMUFD_BIND   _IO(VFNET_IOMMUFD_TYPE, 118)
#define VFNET_IOMMUFD_ATTACH _IO(VFNET_IOMMUFD_TYPE, 119)
#define VFNET_IOMMUFD_DETACH _IO(VFNET_IOMMUFD_TYPE, 120)

/* flags of struct vfnet_iommufd_ioas_map: at @iova, the device may write, and read */
#define VFNET_IOMMUFD_MAP_FIXED 1u
#define VFNET_IOMMUFD_MAP_WRITE 2u
#define VFNET_IOMMUFD_MAP_READ	4u

/** struct vfnet_iommufd_destroy - the object @id ends; refused while a function is attached to it
 */
struct vfnet_iommufd_destroy {
	uint32_t size;
	uint32_t id;
};

/** struct vfnet_iommufd_ioas_alloc - a new, empty I/O address space: @ioas is filled in */
struct vfnet_iommufd_ioas_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas;
};

/** struct vfnet_iommufd_ioas_map - [@vaddr, @vaddr + @length) becomes [@iova, @iova + @length) */
struct vfnet_iommufd_ioas_map {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas;
	uint32_t reserved;
	uint64_t vaddr;
	uint64_t length;
	uint64_t iova;
};

/** struct vfnet_iommufd_ioas_unmap - @length becomes what was unmapped */
struct vfnet_iommufd_ioas_unmap {
	uint32_t size;
	uint32_t ioas;
	uint64_t iova;
	uint64_t length;
};

/** struct vfnet_iommufd_bind - the function belongs to @iommufd, until it is closed; @id is filled
 */
struct vfnet_iommufd_bind {
	uint32_t size;
	uint32_t flags;
	int32_t iommufd;
	uint32_t id;
};

/** struct vfnet_iommufd_attach - the function's DMA goes through @ioas */
struct vfnet_iommufd_attach {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas;
};

/** struct vfnet_iommufd_detach - the function's DMA goes nowhere; it stays bound */
struct vfnet_iommufd_detach {
	uint32_t size;
	uint32_t flags;
};

#endif
