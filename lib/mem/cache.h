/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_CACHE_H
#define VFNET_MEM_CACHE_H

#include <vfnet/cache.h>

#ifdef __cplusplus
extern "C" {
#endif

/** vfnet_cache_hold() - a queue names the cache; it cannot be closed until released. */
void vfnet_cache_hold(struct vfnet_cache *cache);

/** vfnet_cache_release() - the queue is closed. Any thread, as vfnet_cache_hold(). */
void vfnet_cache_release(struct vfnet_cache *cache);

#ifdef __cplusplus
}
#endif

#endif
