/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of a region. fallocate() allocates pages, so that a shortage is an error there and not
 * a SIGBUS at the first touch. Before that we look whether there is enough, because the kernel
 * answers a shortage of ordinary pages with the out-of-memory killer.
 */
#define _GNU_SOURCE
#include "lib/mem/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/mem/hugepage.h"
#include "lib/mem/memory.h"

static int check_ordinary(const char *root, const struct vfnet_numa *numa, uint64_t bytes,
			  struct vfnet_err *err)
{
	uint64_t have = vfnet_mem_available(root);
	uint64_t near = numa->exact ? vfnet_numa_free_bytes(numa) : UINT64_MAX;

	have = near < have ? near : have;
	if (bytes <= have)
		return 0;
	return vfnet_err_set(err, -ENOMEM,
			     "%" PRIu64 " MiB of DMA memory are more than the %" PRIu64
			     " MiB that the machine or the control group has left: ask for a "
			     "smaller region (region_bytes)",
			     bytes >> 20, have >> 20);
}

static int check_huge(const char *root, const struct vfnet_backing *backing, struct vfnet_err *err)
{
	int node = backing->numa.exact ? backing->numa.node : -1;
	uint64_t need = backing->bytes / backing->page;
	uint64_t have = vfnet_hugepage_free(root, backing->page, node) +
			vfnet_hugepage_surplus(root, backing->page);

	if (need <= have)
		return 0;
	return vfnet_err_set(err, -ENOMEM,
			     "the region needs %" PRIu64 " hugepages of %" PRIu64
			     " MiB and %" PRIu64 " are free: raise /sys/kernel/mm/hugepages/"
			     "hugepages-%" PRIu64 "kB/nr_hugepages, or leave page_bytes at 0",
			     need, backing->page >> 20, have, backing->page >> 10);
}

/* a step at a time, because a signal undoes the call that it interrupts */
static int fill_step(const struct vfnet_backing *backing, uint64_t at)
{
	int ret;

	do
		ret = fallocate(backing->fd, 0, (off_t)at, (off_t)backing->step) ? -errno : 0;
	while (ret == -EINTR);
	return ret == -ENOSPC ? -ENOMEM : ret;
}

static int fill(struct vfnet_backing *backing, uint64_t at, uint64_t end, struct vfnet_err *err)
{
	struct vfnet_numa_policy *policy;
	int ret = vfnet_numa_enter(&backing->numa, &policy, err);

	if (ret)
		return ret;
	for (; !ret && at < end; at += backing->step) {
		uint8_t *filled = backing->filled ? &backing->filled[at / backing->step] : NULL;

		if (filled && *filled)
			continue;
		ret = fill_step(backing, at);
		if (!ret && filled)
			*filled = 1;
	}
	vfnet_numa_leave(policy);
	if (!ret)
		return 0;
	return vfnet_err_set(err, ret,
			     "allocating DMA memory in pages of %" PRIu64 " KiB failed at %" PRIu64
			     " of %" PRIu64 " MiB: %s; use a smaller region or reserve more "
			     "hugepages",
			     backing->page >> 10, at >> 20, backing->bytes >> 20, strerror(-ret));
}

int vfnet_backing_open(struct vfnet_backing *backing, const char *root, struct vfnet_err *err)
{
	bool huge = backing->page != VFNET_PAGE_4K;
	int ret = huge ? check_huge(root, backing, err)
		       : check_ordinary(root, &backing->numa, backing->bytes, err);

	if (ret)
		return ret;
	backing->filled = huge ? NULL : calloc(backing->bytes / backing->step, 1);
	if (!huge && !backing->filled)
		return vfnet_err_set(err, -ENOMEM, "out of memory for the records of the region");
	backing->fd = vfnet_page_file(backing->page, err);
	if (backing->fd < 0) {
		ret = backing->fd;
		goto err_free;
	}
	if (ftruncate(backing->fd, (off_t)backing->bytes)) {
		ret = vfnet_err_set(err, -errno, "cannot make a file of %" PRIu64 " MiB: %s",
				    backing->bytes >> 20, strerror(errno));
		goto err_close;
	}
	ret = huge ? fill(backing, 0, backing->bytes, err) : 0;
	if (!ret)
		return 0;
err_close:
	close(backing->fd);
err_free:
	free(backing->filled);
	return ret;
}

int vfnet_backing_ensure(struct vfnet_backing *backing, uint64_t at, uint64_t n,
			 struct vfnet_err *err)
{
	uint64_t end = at + n, missing = 0;
	int ret;

	if (!backing->filled)
		return 0;
	at -= at % backing->step;
	for (uint64_t step = at; step < end; step += backing->step)
		missing += backing->filled[step / backing->step] ? 0 : backing->step;
	if (!missing)
		return 0;
	ret = check_ordinary("", &backing->numa, missing, err);
	return ret ? ret : fill(backing, at, end, err);
}

void vfnet_backing_close(struct vfnet_backing *backing)
{
	close(backing->fd);
	free(backing->filled);
}
