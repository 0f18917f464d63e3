/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire_histogram.h"

#define SUB_BITS 8 /* 2^8 = WIRE_HISTOGRAM_SUB */

static unsigned int shift_of(uint64_t value)
{
	unsigned int top = 63 - (unsigned int)__builtin_clzll(value | 1);

	return top > SUB_BITS ? top - SUB_BITS : 0;
}

/* Values below 512 have a bucket each; above, each power of two has 256. */
static unsigned int bucket_of(uint64_t value)
{
	unsigned int shift = shift_of(value);

	return shift * WIRE_HISTOGRAM_SUB + (unsigned int)(value >> shift);
}

static uint64_t upper_edge(unsigned int bucket)
{
	unsigned int shift = bucket < 2 * WIRE_HISTOGRAM_SUB ? 0 : bucket / WIRE_HISTOGRAM_SUB - 1;

	return ((uint64_t)(bucket - shift * WIRE_HISTOGRAM_SUB + 1) << shift) - 1;
}

void wire_histogram_add(struct wire_histogram *h, uint64_t value)
{
	if (h->count == 0 || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->bucket[bucket_of(value)]++;
	h->count++;
}

uint64_t wire_histogram_at(const struct wire_histogram *h, unsigned int per_mille)
{
	uint64_t want = (h->count * per_mille + 999) / 1000, seen = 0;

	for (unsigned int i = 0; i < WIRE_HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= want && seen > 0)
			return upper_edge(i) < h->max ? upper_edge(i) : h->max;
	}
	return h->max;
}
