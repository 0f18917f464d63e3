/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/wire/shm_learn.h"

#define GROUP_BIT  1u  /* of an address' first byte, which is the lowest */
#define ROW_SHIFT  54u /* leaves ten bits */
#define GOLD_RATIO UINT64_C(0x9e3779b97f4a7c15)

static uint32_t row_of(uint64_t mac)
{
	return (uint32_t)(mac * GOLD_RATIO >> ROW_SHIFT);
}

uint32_t sim_shm_learn_find(const struct sim_shm_learn *learn, uint64_t mac)
{
	const struct sim_shm_row *row = &learn->rows[row_of(mac)];

	if (!mac || row->mac != mac || learn->epoch - row->epoch > SIM_SHM_AGE_EPOCHS)
		return SIM_SHM_NOBODY;
	return row->member;
}

void sim_shm_learn_row(struct sim_shm_learn *learn, uint64_t mac, uint32_t member)
{
	if (!mac || mac & GROUP_BIT)
		return;
	learn->last = (struct sim_shm_row){mac, learn->epoch, member};
	learn->rows[row_of(mac)] = learn->last;
}

void sim_shm_learn_forget(struct sim_shm_learn *learn, uint32_t member)
{
	learn->last = (struct sim_shm_row){0};
	for (uint32_t i = 0; i < SIM_SHM_ROWS; i++)
		if (learn->rows[i].member == member)
			learn->rows[i] = (struct sim_shm_row){0};
}
