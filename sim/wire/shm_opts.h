/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_SHM_OPTS_H
#define SIM_WIRE_SHM_OPTS_H

#include <vfnet/err.h>

#include "sim/wire/shm_chance.h"

#define SIM_SHM_NAME_CHARS 32u

/** enum sim_shm_full - what a member does when a receiver has no room; AUTO: WAIT if it is alone */
enum sim_shm_full { SIM_SHM_AUTO, SIM_SHM_WAIT, SIM_SHM_DROP };

/**
 * struct sim_shm_opts - what follows "shm:"
 * @name:   of the hub; made of legal characters
 * @full:   for frames that this member sends
 * @chance: for those that it receives
 */
struct sim_shm_opts {
	char name[SIM_SHM_NAME_CHARS + 1];
	enum sim_shm_full full;
	struct sim_shm_chance chance;
};

/**
 * sim_shm_opts_parse() - read "NAME[,key=value...]"
 * @args: may be NULL, which has no name
 * @opts: all zero; filled
 * @err:  may be NULL
 *
 * Return: 0; -EINVAL; -ENOMEM.
 */
int sim_shm_opts_parse(const char *args, struct sim_shm_opts *opts, struct vfnet_err *err);

#endif
