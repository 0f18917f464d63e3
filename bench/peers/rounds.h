/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_ROUNDS_H
#define VFNET_BENCH_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/peers/contender.h"
#include "bench/peers/mover.h"

/** enum round_job - whose time is taken. */
enum round_job {
	ROUND_FORWARD,
	ROUND_RX,
	ROUND_TX,
	ROUND_POOL_HIT,
	ROUND_POOL_CHURN,
	ROUND_POOL_HANDOVER,
};

/**
 * enum round_state - where what a driver touches lies
 *
 * WARM: in this core's caches. COLD: buffers are shuffled and have waited in the delay line;
 * FORWARD only. OTHER_CORE: what the card writes is in another core's. For pools only with
 * HANDOVER: that core puts the buffers back.
 */
enum round_state { ROUND_WARM, ROUND_COLD, ROUND_OTHER_CORE };

/**
 * struct round_case - one figure of each contender
 * @name:  of the job, in reports
 * @touch: FORWARD only
 */
struct round_case {
	const char *name;
	enum round_job job;
	enum contender_touch touch;
	unsigned int burst;
	enum round_state state;
};

/**
 * struct round_means - what rounds are made with
 * @n_windows:  to measure
 * @ticks:      room for as many
 * @clock_cost: of round_clock_cost()
 * @mover:      for OTHER_CORE
 */
struct round_means {
	uint32_t n_windows;
	uint64_t *ticks;
	uint64_t clock_cost;
	struct mover *mover;
};

/**
 * struct round_result - one contender in one round
 * @cycles_per_packet: of the time stamp counter, for good frames, without the clock's own cost; of
 *                     a pool for each buffer that is taken and put back
 * @disturbed:         windows that took so much longer than the others that something else ran in
 *                     them; they are not in the figure
 * @line_before, @line_after: for OTHER_CORE, mover_line_cycles()
 */
struct round_result {
	double cycles_per_packet;
	uint32_t disturbed;
	uint64_t line_before;
	uint64_t line_after;
};

/** round_applies() - whether it is something that the contender does. */
bool round_applies(const struct contender *c, const struct round_case *what);

/** round_clock_cost() - what taking the time costs, to be told before the first round. */
uint64_t round_clock_cost(void);

/**
 * round_run() - measure windows of CONTENDER_WINDOW packets, or _POOL_WINDOW buffers
 *
 * The card is stepped between the windows, never in one.
 */
void round_run(struct contender *c, const struct round_case *what, const struct round_means *means,
	       struct round_result *result);

/** round_drain() - empty the delay line. */
void round_drain(struct contender *c);

/** round_check() - 0; -EPROTO after a line on standard error if frames went wrong. */
int round_check(const struct contender *c);

#endif
