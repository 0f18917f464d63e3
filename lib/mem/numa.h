/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_NUMA_H
#define VFNET_MEM_NUMA_H

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/err.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct vfnet_numa - where the memory of a region comes from
 * @node:  NUMA node; -1 = the machine has one node, or none that the kernel tells of
 * @exact: asked for by the user: elsewhere is an error
 */
struct vfnet_numa {
	int node;
	bool exact;
};

/**
 * vfnet_numa_pick() - turn the numa_node option into a node
 * @option: 0 = the node of the calling thread; N + 1 = node N
 *
 * Return: 0; -EINVAL if there is no such node.
 */
int vfnet_numa_pick(int option, struct vfnet_numa *numa, struct vfnet_err *err);

/** vfnet_numa_free_bytes() - free memory of @numa's node; UINT64_MAX if not known. */
uint64_t vfnet_numa_free_bytes(const struct vfnet_numa *numa);

struct vfnet_numa_policy; /* what the calling thread's memory policy was */

/**
 * vfnet_numa_enter() - the calling thread's new pages come from @numa's node
 * @old: for vfnet_numa_leave(); NULL when there is nothing to restore
 *
 * The policy is the thread's and not the mapping's: pages of a file are allocated by fallocate(),
 * which has no mapping.
 *
 * Return: 0; -EPERM when it is forbidden and @numa->exact; -ENOMEM.
 */
int vfnet_numa_enter(const struct vfnet_numa *numa, struct vfnet_numa_policy **old,
		     struct vfnet_err *err);

/** vfnet_numa_leave() - as before vfnet_numa_enter(); NULL does nothing. */
void vfnet_numa_leave(struct vfnet_numa_policy *old);

#ifdef __cplusplus
}
#endif

#endif
