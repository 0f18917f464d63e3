/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory near the processor that uses it. Does nothing on machines with one NUMA node. */
#define _GNU_SOURCE
#include "lib/mem/numa.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"

struct vfnet_numa_policy {
	int mode;
	struct bitmask *nodes;
};

int vfnet_numa_pick(int option, struct vfnet_numa *numa, struct vfnet_err *err)
{
	int last = numa_available() < 0 ? 0 : numa_max_node();
	int node = option ? option - 1 : 0;

	if (option < 0 || node > last)
		return vfnet_err_set(
		    err, -EINVAL,
		    "numa_node %d: this machine has nodes 0 to %d (0 = the node of "
		    "the calling thread, N + 1 = node N)",
		    option, last);
	if (!option && last)
		node = numa_node_of_cpu(sched_getcpu());
	*numa = (struct vfnet_numa){.node = last ? node : -1, .exact = option != 0};
	return 0;
}

uint64_t vfnet_numa_free_bytes(const struct vfnet_numa *numa)
{
	long long n_free;

	if (numa->node < 0 || numa_node_size64(numa->node, &n_free) < 0)
		return UINT64_MAX;
	return (uint64_t)n_free;
}

static void policy_free(struct vfnet_numa_policy *policy)
{
	if (policy && policy->nodes)
		numa_bitmask_free(policy->nodes);
	free(policy);
}

int vfnet_numa_enter(const struct vfnet_numa *numa, struct vfnet_numa_policy **old,
		     struct vfnet_err *err)
{
	struct vfnet_numa_policy *saved = NULL;
	struct bitmask *want = NULL;
	int ret = 0;

	*old = NULL;
	if (numa->node < 0)
		return 0;
	saved = calloc(1, sizeof(*saved));
	want = numa_allocate_nodemask();
	if (!saved || !want || !(saved->nodes = numa_allocate_nodemask())) {
		ret = vfnet_err_set(err, -ENOMEM, "out of memory for a NUMA node mask");
		goto out;
	}
	numa_bitmask_setbit(want, (unsigned int)numa->node);
	if (get_mempolicy(&saved->mode, saved->nodes->maskp, saved->nodes->size + 1, NULL, 0) ||
	    set_mempolicy(numa->exact ? MPOL_BIND : MPOL_PREFERRED, want->maskp, want->size + 1)) {
		/* containers often forbid both calls; without a wish the kernel's choice is good */
		if (numa->exact)
			ret = vfnet_err_set(err, -EPERM,
					    "cannot bind memory to NUMA node %d: %s; allow "
					    "set_mempolicy in the container, or numa_node 0",
					    numa->node, strerror(errno));
		goto out;
	}
	*old = saved;
	saved = NULL;
out:
	policy_free(saved);
	if (want)
		numa_bitmask_free(want);
	return ret;
}

void vfnet_numa_leave(struct vfnet_numa_policy *old)
{
	if (!old)
		return;
	set_mempolicy(old->mode, old->nodes->maskp, old->nodes->size + 1);
	policy_free(old);
}
