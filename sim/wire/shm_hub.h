/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_SHM_HUB_H
#define SIM_WIRE_SHM_HUB_H

/*
 * A hub: one file that up to 16 members of one user's processes map. It begins with a table of
 * members and the words of all rings, [from][to]; the rings' bytes follow. The file is sparse: a
 * ring takes memory when both its ends have been members at one time.
 *
 * The file's lock is held by whoever comes, goes or removes the dead; frames need none.
 */

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include <vfnet/err.h>

#include "sim/wire/shm_file.h"
#include "sim/wire/shm_ring.h"

#define SIM_SHM_MEMBERS 16u
#define SIM_SHM_MAGIC	UINT64_C(0x6d687374656e6676) /* "vfnetshm" */
#define SIM_SHM_VERSION 1u

/**
 * struct sim_shm_member - a place in the hub
 * @armed:  wants to be woken by its pipe
 * @pid:    whose it is; 0 = free. Written last.
 * @serial: how often it was taken
 * @start:  when the process started, field 22 of /proc/PID/stat: numbers of processes come again
 */
struct sim_shm_member {
	alignas(128) uint32_t armed;
	alignas(128) uint32_t pid;
	uint32_t serial;
	uint64_t start;
};

/**
 * struct sim_shm_page - the beginning of the file; written under the lock but for rings and armed
 * @generation: changes with each member that comes or goes
 * @pid_ns:     numbers of processes mean something within one such namespace
 */
struct sim_shm_page {
	uint64_t magic;
	uint32_t version;
	uint32_t generation;
	uint64_t pid_ns;
	struct sim_shm_member members[SIM_SHM_MEMBERS];
	struct sim_shm_words rings[SIM_SHM_MEMBERS][SIM_SHM_MEMBERS];
};

#define SIM_SHM_DATA_OFF                                                                           \
	((sizeof(struct sim_shm_page) + SIM_SHM_RING_BYTES - 1) / SIM_SHM_RING_BYTES *             \
	 SIM_SHM_RING_BYTES)
#define SIM_SHM_FILE_BYTES                                                                         \
	(SIM_SHM_DATA_OFF + (uint64_t)SIM_SHM_MEMBERS * SIM_SHM_MEMBERS * SIM_SHM_RING_BYTES)

/**
 * struct sim_shm_hub - a member's view
 * @self:       its place
 * @generation: of the table, when it was last read
 * @live:       bit n = place n is another member's
 * @serials:    of the members, when the table was last read
 * @bell:       own pipe
 * @bells:      those of the others; -1 = not opened yet
 * @in, @out:   rings from and to each place; that of one's own is never used
 */
struct sim_shm_hub {
	char path[SIM_SHM_PATH_BYTES];
	int fd;
	struct sim_shm_page *page;
	unsigned int self;
	uint32_t generation;
	uint32_t live;
	uint32_t serials[SIM_SHM_MEMBERS];
	int bell;
	int bells[SIM_SHM_MEMBERS];
	struct sim_shm_in in[SIM_SHM_MEMBERS];
	struct sim_shm_out out[SIM_SHM_MEMBERS];
};

/**
 * sim_shm_hub_join() - become a member; the first one makes the hub
 *
 * Members that have died are removed on the way.
 *
 * Return: 0; -EINVAL the file is no hub; -EPERM, -ETIMEDOUT as
 * sim_shm_file_open(); -EPROTONOSUPPORT a hub of another version; -EXDEV of another namespace of
 * processes; -EUSERS no place left; -ENOSPC, -ENOMEM; what open() and the like say.
 */
int sim_shm_hub_join(struct sim_shm_hub *hub, const char *name, struct vfnet_err *err);

/** sim_shm_hub_leave() - the last member removes the file. */
void sim_shm_hub_leave(struct sim_shm_hub *hub);

/** sim_shm_hub_changed() - whether members came or went since sim_shm_hub_read(). */
static inline bool sim_shm_hub_changed(const struct sim_shm_hub *hub)
{
	return __atomic_load_n(&hub->page->generation, __ATOMIC_ACQUIRE) != hub->generation;
}

/** sim_shm_hub_read() - read the table. Return: bit n = place n is not whose it was. */
uint32_t sim_shm_hub_read(struct sim_shm_hub *hub);

/** sim_shm_hub_reap() - free the places of members that have died. Return: how many. */
unsigned int sim_shm_hub_reap(struct sim_shm_hub *hub);

/** sim_shm_hub_arm() - @hub.bell becomes readable with the next frame that is published. */
void sim_shm_hub_arm(struct sim_shm_hub *hub);

/** sim_shm_hub_disarm() - no more; and it is not readable. */
void sim_shm_hub_disarm(struct sim_shm_hub *hub);

/** sim_shm_hub_wake() - frames were published for @members, bits: wake those that are armed. */
void sim_shm_hub_wake(struct sim_shm_hub *hub, uint32_t members);

#endif
