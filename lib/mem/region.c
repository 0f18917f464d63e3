/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The region: reserved address space, so that its base is aligned, and the file of backing.c mapped
 * over it. Called by vfnet_open() in lib/dev.
 */
#define _GNU_SOURCE
#define VFNET_LOG_TAG "mem/region"
#include "lib/mem/region.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/mem/hugepage.h"

#define DEFAULT_BYTES (UINT64_C(64) << 20)
#define MOST_BYTES    (UINT64_C(128) << 30)

static unsigned int chunk_shift(uint64_t page_bytes)
{
	return page_bytes == VFNET_PAGE_4K ? VFNET_CHUNK_SHIFT_ORDINARY : VFNET_CHUNK_SHIFT_HUGE;
}

/* address space for @bytes, aligned to @align */
static uint8_t *reserve(uint64_t bytes, uint64_t align)
{
	uint8_t *base, *space = mmap(NULL, bytes + align, PROT_NONE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (space == MAP_FAILED)
		return NULL;
	base = (uint8_t *)vfnet_align_up((uintptr_t)space, align);
	if (base > space)
		munmap(space, (size_t)(base - space));
	munmap(base + bytes, align - (size_t)(base - space));
	return base;
}

static int map_file(struct vfnet_region_impl *region, struct vfnet_err *err)
{
	struct vfnet_region *pub = &region->pub;
	uint64_t align = pub->page_bytes > VFNET_PAGE_2M ? pub->page_bytes : VFNET_PAGE_2M;
	int ret;

	pub->base = reserve(pub->bytes, align);
	if (!pub->base)
		return vfnet_err_set(err, -ENOMEM,
				     "no %" PRIu64 " MiB of address space left: check ulimit -v",
				     pub->bytes >> 20);
	/* after fork() a write by the parent must not move it to a copy of a page under DMA */
	if (mmap(pub->base, pub->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 region->backing.fd, 0) != MAP_FAILED &&
	    !madvise(pub->base, pub->bytes, MADV_DONTFORK))
		return 0;
	ret = -errno;
	munmap(pub->base, pub->bytes);
	return vfnet_err_set(err, ret, "cannot map the %" PRIu64 " MiB region: %s",
			     pub->bytes >> 20, strerror(-ret));
}

/* memory in pages of one size, mapped */
static int fill_region(struct vfnet_region_impl *region, const struct vfnet_region_opts *opts,
		       const struct vfnet_numa *numa, uint64_t page_bytes, struct vfnet_err *err)
{
	struct vfnet_region *pub = &region->pub;
	uint64_t chunk;
	int ret;

	pub->page_bytes = page_bytes;
	pub->chunk_shift = chunk_shift(page_bytes);
	chunk = UINT64_C(1) << pub->chunk_shift;
	region->backing.page = page_bytes;
	region->backing.step = chunk > page_bytes ? chunk : page_bytes;
	region->backing.numa = *numa;
	pub->bytes = vfnet_align_up(opts->bytes, region->backing.step);
	region->backing.bytes = pub->bytes;
	ret = vfnet_backing_open(&region->backing, opts->root, err);
	if (ret)
		return ret;
	ret = map_file(region, err);
	if (ret)
		vfnet_backing_close(&region->backing);
	return ret;
}

/* the page size asked for, or the best that works */
static int fill_best(struct vfnet_region_impl *region, const struct vfnet_region_opts *opts,
		     const struct vfnet_numa *numa, struct vfnet_err *err)
{
	uint64_t size[2], choice[3] = {opts->page_bytes};
	unsigned int n = 1;
	int ret = 0;

	if (!opts->page_bytes)
		n = vfnet_hugepage_choose(opts->root, size, vfnet_hugepage_sizes(size), opts->bytes,
					  numa->exact ? numa->node : -1, choice);
	/* free hugepages may be gone, or denied to our group, by the time we ask for them */
	for (unsigned int i = 0; i < n; i++) {
		ret = fill_region(region, opts, numa, choice[i], i + 1 < n ? NULL : err);
		if (!ret)
			break;
	}
	if (!ret && !opts->page_bytes && region->pub.page_bytes == VFNET_PAGE_4K)
		vfnet_log(&opts->log, INFO,
			  "not enough free hugepages for %" PRIu64 " MiB: the region has ordinary "
			  "pages, which devices reach only through an IOMMU",
			  region->pub.bytes >> 20);
	if (!ret && region->pub.page_bytes != VFNET_PAGE_4K)
		vfnet_log(&opts->log, INFO, "the region has %" PRIu64 " pages of %" PRIu64 " MiB",
			  region->pub.bytes / region->pub.page_bytes, region->pub.page_bytes >> 20);
	return ret;
}

static int check_opts(const struct vfnet_region_opts *opts, struct vfnet_err *err)
{
	if (opts->bytes > MOST_BYTES)
		return vfnet_err_set(err, -EINVAL, "region_bytes %" PRIu64 " is more than 128 GiB",
				     opts->bytes);
	if (opts->page_bytes && opts->page_bytes != VFNET_PAGE_4K &&
	    opts->page_bytes != VFNET_PAGE_2M && opts->page_bytes != VFNET_PAGE_1G)
		return vfnet_err_set(err, -EINVAL,
				     "page_bytes %" PRIu64 " is none of 4096, 2 MiB, 1 GiB or 0",
				     opts->page_bytes);
	return 0;
}

/* the records of a mapped region */
static int init_records(struct vfnet_region_impl *region, struct vfnet_err *err)
{
	uint64_t n_chunks = region->pub.bytes >> region->pub.chunk_shift;

	region->chunk_pool = calloc(n_chunks, sizeof(struct vfnet_pool_impl *));
	if (!region->chunk_pool)
		goto err_memory;
	if (vfnet_heap_open(&region->heap, (uint32_t)(region->pub.bytes >> VFNET_PLACE_SHIFT)))
		goto err_chunks;
	pthread_mutex_init(&region->lock, NULL);
	return 0;
err_chunks:
	free(region->chunk_pool);
err_memory:
	return vfnet_err_set(err, -ENOMEM, "out of memory for the records of the region");
}

int vfnet_region_open(const struct vfnet_region_opts *user_opts, struct vfnet_region **out,
		      struct vfnet_err *err)
{
	struct vfnet_region_opts opts = *user_opts;
	struct vfnet_region_impl *region;
	struct vfnet_numa numa;
	int ret;

	opts.bytes = opts.bytes ? opts.bytes : DEFAULT_BYTES;
	opts.root = opts.root ? opts.root : "";
	ret = check_opts(&opts, err);
	if (ret)
		return ret;
	ret = vfnet_numa_pick(opts.numa_node, &numa, err);
	if (ret)
		return ret;
	region = calloc(1, sizeof(*region));
	if (!region)
		return vfnet_err_set(err, -ENOMEM, "out of memory for the region's struct");
	region->log = opts.log;
	ret = fill_best(region, &opts, &numa, err);
	if (ret)
		goto err_free;
	ret = init_records(region, err);
	if (ret)
		goto err_unmap;
	*out = &region->pub;
	return 0;
err_unmap:
	munmap(region->pub.base, region->pub.bytes);
	vfnet_backing_close(&region->backing);
err_free:
	free(region);
	return ret;
}

int vfnet_region_close(struct vfnet_region *pub)
{
	struct vfnet_region_impl *region = vfnet_region_private(pub);

	if (!pub)
		return 0;
	if (region->n_pools)
		return -EBUSY;
	munmap(pub->base, pub->bytes);
	vfnet_backing_close(&region->backing);
	vfnet_heap_close(&region->heap);
	free(region->chunk_pool);
	pthread_mutex_destroy(&region->lock);
	free(region);
	return 0;
}
