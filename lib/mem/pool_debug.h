/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_POOL_DEBUG_H
#define VFNET_MEM_POOL_DEBUG_H

#include "lib/mem/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/** VFNET_POOL_POISON - every byte of a buffer that is in the pool or in a cache. */
#define VFNET_POOL_POISON 0xdb

/**
 * vfnet_pool_debug_open() - poison all buffers and watch every get and put from now on
 * @n_slots: buffers from the pool's start to its end, those left out included
 *
 * Return: 0; -ENOMEM.
 */
int vfnet_pool_debug_open(struct vfnet_pool_impl *pool, uint32_t n_slots);

void vfnet_pool_debug_close(struct vfnet_pool_impl *pool);

/**
 * vfnet_pool_debug_owner() - a new owner, named "cache N"
 * @id: its number, never 0
 *
 * Return: 0; -ENOMEM.
 */
int vfnet_pool_debug_owner(struct vfnet_pool_impl *pool, uint32_t *id);

/** vfnet_pool_debug_rename() - another name for owner @id, also for what it took before. */
void vfnet_pool_debug_rename(struct vfnet_pool_impl *pool, uint32_t id, const char *name);

/** vfnet_pool_debug_take() - @n buffers leave the pool: is the poison intact? */
void vfnet_pool_debug_take(struct vfnet_pool_impl *pool, const uint32_t *handle, unsigned int n,
			   uint32_t owner);

/**
 * vfnet_pool_debug_give() - a buffer comes back: poison it
 *
 * Return: true; false if it is there already (counted, and not to be put in again).
 */
bool vfnet_pool_debug_give(struct vfnet_pool_impl *pool, uint32_t handle);

/** vfnet_pool_debug_leaks() - who has the buffers that are not back, as text. */
void vfnet_pool_debug_leaks(struct vfnet_pool_impl *pool, char *text, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
