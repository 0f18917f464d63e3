/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_RECORDS_H
#define VFNET_BENCH_RECORDS_H

/* What micro.jq reads: an object a line on standard output. */

#include "bench/peers/rounds.h"

/** record_round() - what a contender needed in one round of a case. */
void record_round(const struct contender *c, const struct round_case *what, uint32_t round,
		  uint32_t windows, const struct round_result *result);

/** record_total() - what a contender's card and driver have counted; all frames are back. */
void record_total(struct contender *c);

#endif
