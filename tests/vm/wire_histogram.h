/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_WIRE_HISTOGRAM_H
#define VFNET_TESTS_WIRE_HISTOGRAM_H

/*
 * Counts of values in buckets that are 1/256 of their value wide: what a percentile says is at most
 * 0.4 % too large. Minimum and maximum are exact.
 */

#include <stdint.h>

#define WIRE_HISTOGRAM_SUB     256
#define WIRE_HISTOGRAM_BUCKETS (WIRE_HISTOGRAM_SUB * 57)

/** struct wire_histogram - all zero to begin with */
struct wire_histogram {
	uint64_t bucket[WIRE_HISTOGRAM_BUCKETS];
	uint64_t count;
	uint64_t min;
	uint64_t max;
};

void wire_histogram_add(struct wire_histogram *h, uint64_t value);

/** wire_histogram_at() - upper edge of the bucket that @per_mille of the values are at or below */
uint64_t wire_histogram_at(const struct wire_histogram *h, unsigned int per_mille);

#endif
