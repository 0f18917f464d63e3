/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_PHYSICAL_H
#define VFNET_BENCH_PHYSICAL_H

/*
 * A physical function that agrees to everything, for drivers that will not open a virtual one
 * without: a thread that watches the mailbox in a null NIC's window.
 */

#include <pthread.h>
#include <stdint.h>

#include "bench/nullnic/nullnic.h"

struct physical {
	const struct nullnic *nic;
	uint32_t stop;
	pthread_t thread;
};

/** physical_start() - answer from now on. Return: 0, or a negative errno. */
int physical_start(struct physical *physical, const struct nullnic *nic);

/** physical_stop() - before anything is measured. */
void physical_stop(struct physical *physical);

#endif
