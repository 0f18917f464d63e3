/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_SHM_LEARN_H
#define SIM_WIRE_SHM_LEARN_H

/*
 * Which member an address was last heard from. A fixed table: of two addresses that want one row
 * the later one has it, and frames to the other are flooded until it is heard again.
 */

#include <stdint.h>

#define SIM_SHM_ROWS	   1024u
#define SIM_SHM_AGE_EPOCHS 5u /* what was not heard for so long is flooded again */
#define SIM_SHM_NOBODY	   UINT32_MAX

/** struct sim_shm_row - an address, as sim_mac_load() has it; 0 = none */
struct sim_shm_row {
	uint64_t mac;
	uint32_t epoch;
	uint32_t member;
};

/**
 * struct sim_shm_learn - the table, all zero at first
 * @epoch: now; whoever has the clock raises it
 * @last:  what was learned last, most frames repeat it
 */
struct sim_shm_learn {
	uint32_t epoch;
	struct sim_shm_row last;
	struct sim_shm_row rows[SIM_SHM_ROWS];
};

/** sim_shm_learn_find() - Return: the member; SIM_SHM_NOBODY. */
uint32_t sim_shm_learn_find(const struct sim_shm_learn *learn, uint64_t mac);

/** sim_shm_learn_row() - the slow half of sim_shm_learn_from(). */
void sim_shm_learn_row(struct sim_shm_learn *learn, uint64_t mac, uint32_t member);

/** sim_shm_learn_forget() - what was heard from @member. */
void sim_shm_learn_forget(struct sim_shm_learn *learn, uint32_t member);

/** sim_shm_learn_from() - a frame of source @mac came from @member. */
static inline void sim_shm_learn_from(struct sim_shm_learn *learn, uint64_t mac, uint32_t member)
{
	if (mac != learn->last.mac || member != learn->last.member ||
	    learn->epoch != learn->last.epoch)
		sim_shm_learn_row(learn, mac, member);
}

#endif
