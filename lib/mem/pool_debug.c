/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pool's debug mode: who has each buffer, and is it left alone while nobody has it. Handles in
 * caches count as being in the pool.
 */
#include "lib/mem/pool_debug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bits.h"

struct slot {
	uint32_t owner;	    /* atomic; 0 = in the pool */
	uint32_t old_owner; /* who had it last; 0 = nobody yet */
};

struct vfnet_pool_debug {
	uint32_t n_slots;
	uint32_t n_owners;		      /* region's lock, as names */
	char (*names)[VFNET_POOL_NAME_BYTES]; /* of owner 1, 2 ...; those of closed caches stay */
	struct slot slot[];
};

int vfnet_pool_debug_open(struct vfnet_pool_impl *pool, uint32_t n_slots)
{
	struct vfnet_pool_debug *debug =
	    calloc(1, sizeof(*debug) + n_slots * sizeof(debug->slot[0]));

	if (!debug)
		return -ENOMEM;
	debug->n_slots = n_slots;
	pool->debug = debug;
	memset(vfnet_place_ptr(pool->pub.region, pool->pub.first), VFNET_POOL_POISON,
	       (size_t)(pool->pub.end - pool->pub.first) << VFNET_PLACE_SHIFT);
	return 0;
}

void vfnet_pool_debug_close(struct vfnet_pool_impl *pool)
{
	if (!pool->debug)
		return;
	free(pool->debug->names);
	free(pool->debug);
}

static struct slot *slot_of(struct vfnet_pool_impl *pool, uint32_t handle)
{
	return &pool->debug->slot[(handle - pool->pub.first) / pool->pub.stride];
}

int vfnet_pool_debug_owner(struct vfnet_pool_impl *pool, uint32_t *id)
{
	struct vfnet_region_impl *region = vfnet_region_private(pool->pub.region);
	struct vfnet_pool_debug *debug = pool->debug;
	char(*names)[VFNET_POOL_NAME_BYTES];

	pthread_mutex_lock(&region->lock);
	names = realloc(debug->names, (debug->n_owners + 1) * sizeof(*names));
	if (names) {
		debug->names = names;
		*id = ++debug->n_owners;
		snprintf(names[*id - 1], sizeof(*names), "cache %u", *id);
	}
	pthread_mutex_unlock(&region->lock);
	return names ? 0 : -ENOMEM;
}

void vfnet_pool_debug_rename(struct vfnet_pool_impl *pool, uint32_t id, const char *name)
{
	struct vfnet_region_impl *region = vfnet_region_private(pool->pub.region);

	pthread_mutex_lock(&region->lock);
	snprintf(pool->debug->names[id - 1], VFNET_POOL_NAME_BYTES, "%s", name);
	pthread_mutex_unlock(&region->lock);
}

static void name_of(struct vfnet_pool_impl *pool, uint32_t id, char name[VFNET_POOL_NAME_BYTES])
{
	struct vfnet_region_impl *region = vfnet_region_private(pool->pub.region);

	pthread_mutex_lock(&region->lock);
	snprintf(name, VFNET_POOL_NAME_BYTES, "%s", id ? pool->debug->names[id - 1] : "nobody yet");
	pthread_mutex_unlock(&region->lock);
}

/* the first byte that is not poison; -1 if all are */
static int first_touched(const uint8_t *byte, uint32_t n)
{
	if (byte[0] == VFNET_POOL_POISON && !memcmp(byte, byte + 1, n - 1))
		return -1;
	for (uint32_t i = 0; i < n; i++)
		if (byte[i] != VFNET_POOL_POISON)
			return (int)i;
	return -1;
}

void vfnet_pool_debug_take(struct vfnet_pool_impl *pool, const uint32_t *handle, unsigned int n,
			   uint32_t owner)
{
	char name[VFNET_POOL_NAME_BYTES];

	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *byte = vfnet_place_ptr(pool->pub.region, handle[i]);
		struct slot *slot = slot_of(pool, handle[i]);
		int at = first_touched(byte, pool->pub.buf_bytes);

		if (at >= 0) {
			name_of(pool, slot->old_owner, name);
			vfnet_pool_finding(pool, handle[i],
					   "byte %d was written (0x%02x) after the buffer had been "
					   "given back; its last owner was %s",
					   at, byte[at], name);
		}
		__atomic_store_n(&slot->owner, owner, __ATOMIC_RELAXED);
	}
}

bool vfnet_pool_debug_give(struct vfnet_pool_impl *pool, uint32_t handle)
{
	struct slot *slot = slot_of(pool, handle);
	uint32_t owner = __atomic_exchange_n(&slot->owner, 0, __ATOMIC_ACQ_REL);
	char name[VFNET_POOL_NAME_BYTES];

	if (!owner) {
		name_of(pool, __atomic_load_n(&slot->old_owner, __ATOMIC_RELAXED), name);
		vfnet_pool_finding(pool, handle, "given back twice; its last owner was %s", name);
		return false;
	}
	__atomic_store_n(&slot->old_owner, owner, __ATOMIC_RELAXED);
	memset(vfnet_place_ptr(pool->pub.region, handle), VFNET_POOL_POISON, pool->pub.buf_bytes);
	return true;
}

/* buffers that owner @id has, and one of them */
static uint32_t count_owned(struct vfnet_pool_debug *debug, uint32_t id, uint32_t *example)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < debug->n_slots; i++) {
		if (__atomic_load_n(&debug->slot[i].owner, __ATOMIC_RELAXED) != id)
			continue;
		if (!n++)
			*example = i;
	}
	return n;
}

void vfnet_pool_debug_leaks(struct vfnet_pool_impl *pool, char *text, size_t bytes)
{
	char name[VFNET_POOL_NAME_BYTES];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t id = 1; id <= pool->debug->n_owners && used < bytes; id++) {
		uint32_t slot = 0, n = count_owned(pool->debug, id, &slot);

		if (!n)
			continue;
		name_of(pool, id, name);
		used += (size_t)snprintf(
		    text + used, bytes - used, "%s%s took %u (0x%x%s)", used ? ", " : "", name, n,
		    pool->pub.first + slot * pool->pub.stride, n > 1 ? " ..." : "");
	}
}
