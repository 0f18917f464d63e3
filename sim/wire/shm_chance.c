/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/wire/shm_chance.h"

#include <stdbool.h>

#define MILLION 1000000u
#define STEP	UINT64_C(0x9e3779b97f4a7c15)

/* A number that looks random for each input: multiply and fold, three times. */
static uint64_t scatter(uint64_t val)
{
	val = (val ^ val >> 32) * UINT64_C(0xd6e8feb86659fd93);
	val = (val ^ val >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return val ^ val >> 32;
}

static bool hits(uint64_t ring, uint64_t number, unsigned int what, uint64_t ppm)
{
	return ppm && scatter(ring + (number * 8 + what) * STEP) % MILLION < ppm;
}

unsigned int sim_shm_draw(const struct sim_shm_chance *chance, unsigned int from, uint64_t number)
{
	uint64_t ring = scatter(chance->seed * STEP + from + 1);
	unsigned int luck = 0;

	if (hits(ring, number, SIM_SHM_LOST, chance->loss))
		luck |= SIM_SHM_LOST;
	if (hits(ring, number, SIM_SHM_TWICE, chance->dup))
		luck |= SIM_SHM_TWICE;
	if (hits(ring, number, SIM_SHM_LATE, chance->reorder))
		luck |= SIM_SHM_LATE;
	return luck;
}
