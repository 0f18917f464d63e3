/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What pages a machine has, and empty files of them. libhugetlbfs tells which sizes the kernel
 * knows and where hugetlbfs is mounted; it has no call for the number of free pages, so that is
 * read from /sys. Its get_hugepage_region() is not used: it prints, and falls back silently.
 */
#define _GNU_SOURCE
#include "lib/mem/hugepage.h"

#include <errno.h>
#include <fcntl.h>
#include <hugetlbfs.h>
#include <inttypes.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"

unsigned int vfnet_hugepage_sizes(uint64_t size[2])
{
	static const uint64_t usable[] = {VFNET_PAGE_1G, VFNET_PAGE_2M};
	long known[16];
	int n_known = gethugepagesizes(known, VFNET_ARRAY_SIZE(known));
	unsigned int n = 0;

	for (unsigned int i = 0; i < VFNET_ARRAY_SIZE(usable); i++)
		for (int k = 0; k < n_known; k++)
			if ((uint64_t)known[k] == usable[i])
				size[n++] = usable[i];
	return n;
}

/* the number in a file of one line; 0 if it cannot be read */
static uint64_t read_number(const char *path)
{
	uint64_t val = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &val) != 1)
		val = 0;
	fclose(file);
	return val;
}

static uint64_t read_pool(const char *root, uint64_t page_bytes, int node, const char *name)
{
	char dir[64] = "/sys/kernel/mm";
	char path[512];

	if (node >= 0)
		snprintf(dir, sizeof(dir), "/sys/devices/system/node/node%d", node);
	snprintf(path, sizeof(path), "%s%s/hugepages/hugepages-%" PRIu64 "kB/%s", root, dir,
		 page_bytes >> 10, name);
	return read_number(path);
}

uint64_t vfnet_hugepage_free(const char *root, uint64_t page_bytes, int node)
{
	uint64_t all_free = read_pool(root, page_bytes, -1, "free_hugepages");
	uint64_t reserved = read_pool(root, page_bytes, -1, "resv_hugepages");
	uint64_t n = all_free > reserved ? all_free - reserved : 0;

	/* reservations are not tied to a node: what the machine cannot spare, no node can */
	if (node >= 0) {
		uint64_t on_node = read_pool(root, page_bytes, node, "free_hugepages");

		n = on_node < n ? on_node : n;
	}
	return n;
}

uint64_t vfnet_hugepage_surplus(const char *root, uint64_t page_bytes)
{
	uint64_t most = read_pool(root, page_bytes, -1, "nr_overcommit_hugepages");
	uint64_t used = read_pool(root, page_bytes, -1, "surplus_hugepages");

	return most > used ? most - used : 0;
}

unsigned int vfnet_hugepage_choose(const char *root, const uint64_t *size, unsigned int n_size,
				   uint64_t bytes, int node, uint64_t choice[3])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < n_size; i++) {
		uint64_t need = (bytes + size[i] - 1) / size[i];

		if (size[i] == VFNET_PAGE_1G && bytes % VFNET_PAGE_1G)
			continue;
		if (vfnet_hugepage_free(root, size[i], node) >= need)
			choice[n++] = size[i];
	}
	choice[n++] = VFNET_PAGE_4K;
	return n;
}

int vfnet_hugepage_mount_file(uint64_t page_bytes, struct vfnet_err *err)
{
	const char *dir = hugetlbfs_find_path_for_size((long)page_bytes);
	char path[512];
	int fd;

	if (!dir)
		return vfnet_err_set(err, -ENOTSUP,
				     "this kernel has no MFD_HUGETLB, and no hugetlbfs with pages "
				     "of %" PRIu64 " KiB is mounted where this user may write: "
				     "mount -t hugetlbfs -o pagesize=%" PRIu64
				     "K none /dev/hugepages",
				     page_bytes >> 10, page_bytes >> 10);
	snprintf(path, sizeof(path), "%s/vfnet-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		int code = -errno;

		return vfnet_err_set(err, code,
				     "cannot create a file in the hugetlbfs mount %s: %s", dir,
				     strerror(-code));
	}
	unlink(path);
	return fd;
}

int vfnet_page_file(uint64_t page_bytes, struct vfnet_err *err)
{
	unsigned int flags = MFD_CLOEXEC;
	int fd, code;

	if (page_bytes != VFNET_PAGE_4K)
		flags |= MFD_HUGETLB | (unsigned int)__builtin_ctzll(page_bytes) << MFD_HUGE_SHIFT;
	fd = memfd_create("vfnet", flags);
	if (fd >= 0)
		return fd;
	code = -errno;
	/* EINVAL: MFD_HUGETLB is not known (before 4.14) */
	if (code == -EINVAL && page_bytes != VFNET_PAGE_4K)
		return vfnet_hugepage_mount_file(page_bytes, err);
	if (code == -ENODEV || code == -EOPNOTSUPP)
		return vfnet_err_set(err, -ENOTSUP,
				     "this kernel or processor has no pages of %" PRIu64
				     " KiB: leave page_bytes at 0",
				     page_bytes >> 10);
	return vfnet_err_set(err, code, "memfd_create failed for pages of %" PRIu64 " KiB: %s",
			     page_bytes >> 10, strerror(-code));
}
