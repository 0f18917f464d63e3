/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_HUGEPAGE_H
#define VFNET_MEM_HUGEPAGE_H

#include <stdint.h>

#include <vfnet/err.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VFNET_PAGE_4K UINT64_C(4096)
#define VFNET_PAGE_2M (UINT64_C(1) << 21)
#define VFNET_PAGE_1G (UINT64_C(1) << 30)

/* @root in these calls: prefix of /proc and /sys, "" for the machine itself */

/**
 * vfnet_hugepage_sizes() - which of 1 GiB and 2 MiB the kernel offers, largest first
 *
 * Return: how many were written.
 */
unsigned int vfnet_hugepage_sizes(uint64_t size[2]);

/**
 * vfnet_hugepage_free() - hugepages that nobody has or has reserved
 * @page_bytes: size of the pages
 * @node:       on this NUMA node; -1 = on the machine
 *
 * Return: how many; 0 also where there is no such pool.
 */
uint64_t vfnet_hugepage_free(const char *root, uint64_t page_bytes, int node);

/** vfnet_hugepage_surplus() - hugepages that the kernel would make on demand (overcommit). */
uint64_t vfnet_hugepage_surplus(const char *root, uint64_t page_bytes);

/**
 * vfnet_hugepage_choose() - page sizes to try for a region, best first
 * @size:   what vfnet_hugepage_sizes() said, @n_size of them
 * @bytes:  size of the region
 * @node:   NUMA node or -1
 * @choice: room for 3; the last is always 4096
 *
 * 1 GiB pages are a choice only if @bytes is a multiple of 1 GiB.
 *
 * Return: how many were written, 1 .. 3.
 */
unsigned int vfnet_hugepage_choose(const char *root, const uint64_t *size, unsigned int n_size,
				   uint64_t bytes, int node, uint64_t choice[3]);

/**
 * vfnet_page_file() - an empty unnamed file of pages of that size
 *
 * Return: its descriptor, the caller's; -ENOTSUP, -EMFILE ... with a sentence.
 */
int vfnet_page_file(uint64_t page_bytes, struct vfnet_err *err);

/**
 * vfnet_hugepage_mount_file() - the same on a hugetlbfs mount, for kernels without MFD_HUGETLB
 *
 * Return: as vfnet_page_file().
 */
int vfnet_hugepage_mount_file(uint64_t page_bytes, struct vfnet_err *err);

#ifdef __cplusplus
}
#endif

#endif
