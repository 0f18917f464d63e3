/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_SIM_SHM_WIRE_INSIDE_H
#define TESTS_SIM_SHM_WIRE_INSIDE_H

/* What whoever lets cards sleep calls of a wire, sim/wire/wire.h. C linkage from the includer. */

#include <stdbool.h>

#include <vfnet/sim.h>

int inside_wire_fd(struct vfnet_sim *sim, unsigned int card);
bool inside_wire_arm(struct vfnet_sim *sim, unsigned int card);

#endif
