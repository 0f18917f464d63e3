/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_ROUNDS_H
#define VFNET_BENCH_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/peers/contender.h"

/** enum round_job - whose time is taken. */
enum round_job { ROUND_FORWARD, ROUND_RX, ROUND_TX, ROUND_POOL_HIT, ROUND_POOL_CHURN };

/**
 * struct round_case - one figure of each contender
 * @name:  of the job, in reports
 * @touch: FORWARD only
 * @cold:  through the delay line, buffers shuffled; FORWARD only
 */
struct round_case {
	const char *name;
	enum round_job job;
	enum contender_touch touch;
	unsigned int burst;
	bool cold;
};

/**
 * struct round_result - one contender in one round
 * @cycles_per_packet: of the time stamp counter, for good frames, without the clock's own cost; of
 *                     a pool for each buffer that is taken and put back
 * @disturbed:         windows that took so much longer than the others that something else ran in
 *                     them; they are not in the figure
 */
struct round_result {
	double cycles_per_packet;
	uint32_t disturbed;
};

/** round_applies() - whether it is something that the contender does. */
bool round_applies(const struct contender *c, const struct round_case *what);

/** round_clock_cost() - what taking the time costs, to be told before the first round. */
uint64_t round_clock_cost(void);

/**
 * round_run() - measure @n_windows windows of CONTENDER_WINDOW packets, or _POOL_WINDOW buffers
 * @ticks:      room for @n_windows
 * @clock_cost: of round_clock_cost()
 *
 * The card is stepped between the windows, never in one.
 */
void round_run(struct contender *c, const struct round_case *what, uint32_t n_windows,
	       uint64_t *ticks, uint64_t clock_cost, struct round_result *result);

/** round_drain() - empty the delay line. */
void round_drain(struct contender *c);

/** round_check() - 0; -EPROTO after a line on standard error if frames went wrong. */
int round_check(const struct contender *c);

#endif
