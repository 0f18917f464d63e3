/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_SHM_CHANCE_H
#define SIM_WIRE_SHM_CHANCE_H

/*
 * Misfortunes of frames, in parts of a million. What happens to a frame depends on the seed, on
 * the ring and on its number in that ring, and on nothing else: neither on time nor on how many
 * frames are looked at together.
 */

#include <stdint.h>

#define SIM_SHM_LOST  1u
#define SIM_SHM_TWICE 2u
#define SIM_SHM_LATE  4u

/** struct sim_shm_chance - how often each happens, 0..1000000 */
struct sim_shm_chance {
	uint64_t seed;
	uint64_t loss;
	uint64_t dup;
	uint64_t reorder;
};

/** sim_shm_draw() - sim_shm_luck() where something may happen. */
unsigned int sim_shm_draw(const struct sim_shm_chance *chance, unsigned int from, uint64_t number);

/** sim_shm_luck() - of frame @number of the ring from member @from. Return: bits. */
static inline unsigned int sim_shm_luck(const struct sim_shm_chance *chance, unsigned int from,
					uint64_t number)
{
	return chance->loss | chance->dup | chance->reorder ? sim_shm_draw(chance, from, number)
							    : 0;
}

#endif
