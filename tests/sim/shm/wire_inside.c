/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/shm/wire_inside.h"

#include "sim/card.h"

int inside_wire_fd(struct vfnet_sim *sim, unsigned int card)
{
	struct sim_source *source = sim->cards[card]->source;

	return source->ops->fd(source);
}

bool inside_wire_arm(struct vfnet_sim *sim, unsigned int card)
{
	struct sim_source *source = sim->cards[card]->source;
	bool armed;

	sim_lock(sim);
	armed = source->ops->arm(source);
	sim_unlock(sim);
	return armed;
}
