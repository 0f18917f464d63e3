/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The context: what an application opens first and closes last. It owns the region, the "pci" bus
 * and the list of busses; devices and domains hang from it (bus.c, dma.c).
 */
#include "lib/dev/ctx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/err.h"
#include "lib/dev/pci/pci.h"
#include "lib/mem/region.h"

static int check_opts(const struct vfnet_opts *opts, struct vfnet_opts *out, struct vfnet_err *err)
{
	memset(out, 0, sizeof(*out));
	if (!opts)
		return 0;
	if (opts->size < sizeof(*opts))
		return vfnet_err_set(
		    err, -EINVAL,
		    "vfnet_opts.size is %zu, set it to sizeof(struct vfnet_opts) = %zu", opts->size,
		    sizeof(*opts));
	if (opts->numa_node < 0)
		return vfnet_err_set(err, -EINVAL,
				     "vfnet_opts.numa_node is %d, use 0 or a node's number + 1",
				     opts->numa_node);
	*out = *opts;
	return 0;
}

static int open_region(struct vfnet *v, const struct vfnet_opts *opts, struct vfnet_err *err)
{
	const struct vfnet_region_opts region_opts = {
	    .bytes = opts->region_bytes,
	    .page_bytes = opts->page_bytes,
	    .numa_node = opts->numa_node,
	    .log = v->log,
	};

	return vfnet_region_open(&region_opts, &v->region, err);
}

int vfnet_open(const struct vfnet_opts *opts, struct vfnet **out, struct vfnet_err *err)
{
	struct vfnet_opts checked;
	struct vfnet_bus *pci;
	struct vfnet *v;
	int rc;

	rc = check_opts(opts, &checked, err);
	if (rc)
		return rc;
	v = calloc(1, sizeof(*v));
	if (!v)
		return vfnet_err_set(err, -ENOMEM, "no memory for a context (%zu bytes)",
				     sizeof(*v));
	v->log = (struct vfnet_log){checked.log, checked.log_user, checked.log_level};
	pthread_mutex_init(&v->lock, NULL);
	rc = open_region(v, &checked, err);
	if (rc)
		goto err_free;
	rc = vfnet_pci_bus_open(NULL, &pci, err);
	if (rc)
		goto err_region;
	rc = vfnet_add_bus(v, "pci", pci, err);
	if (rc)
		goto err_pci;
	*out = v;
	return 0;

err_pci:
	vfnet_pci_bus_close(pci);
err_region:
	vfnet_region_close(v->region);
err_free:
	pthread_mutex_destroy(&v->lock);
	free(v);
	return rc;
}

int vfnet_close(struct vfnet *v)
{
	int rc;

	if (!v)
		return 0;
	if (v->n_devs)
		return -EBUSY;
	rc = vfnet_region_close(v->region);
	if (rc)
		return rc;
	vfnet_pci_bus_close(v->bus[0].bus);
	pthread_mutex_destroy(&v->lock);
	free(v);
	return 0;
}

struct vfnet_region *vfnet_get_region(struct vfnet *v)
{
	return v->region;
}

const struct vfnet_log *vfnet_ctx_log(const struct vfnet *v)
{
	return &v->log;
}

uint64_t vfnet_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
