/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register writes that are under way, as on PCI Express: the processor has gone on, the card does
 * not know yet. They arrive in order, and before the answer to a read of the same function.
 */
#include "sim/card.h"

static void arrive(struct sim_vf *vf)
{
	struct sim_posted *posted = &vf->posted;
	uint32_t at = posted->first;

	posted->first = (at + 1) % SIM_POSTED_MAX;
	posted->n--;
	sim_vf_write(vf, posted->write[at].offset, posted->write[at].val);
}

void sim_posted_write(struct sim_vf *vf, uint32_t offset, uint32_t val)
{
	struct sim_posted *posted = &vf->posted;
	uint32_t at;

	if (posted->n == SIM_POSTED_MAX) /* the bus holds no more */
		arrive(vf);
	at = (posted->first + posted->n++) % SIM_POSTED_MAX;
	posted->write[at].offset = offset;
	posted->write[at].val = val;
	posted->write[at].due = vf->card->sim->steps + vf->card->posted;
}

void sim_posted_step(struct sim_vf *vf)
{
	struct sim_posted *posted = &vf->posted;

	/* the count of steps wraps */
	while (posted->n && (int32_t)(vf->card->sim->steps - posted->write[posted->first].due) >= 0)
		arrive(vf);
}

void sim_posted_flush(struct sim_vf *vf)
{
	while (vf->posted.n)
		arrive(vf);
}
