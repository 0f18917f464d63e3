/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_MEASURE_H
#define VFNET_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/vm/door.h"

/* The two drivers that are compared, in the order of every table. */
#define DOORS 2

/**
 * struct samples - how long something took, sample by sample, through each driver
 * @what:  such as "map 2 MiB hugepages"
 * @count: of samples through each
 * @ns:    @count times for each driver
 */
struct samples {
	const char *what;
	size_t count;
	uint64_t *ns[DOORS];
};

/** samples_make() - room for @count samples of @what. */
struct samples samples_make(const char *what, size_t count);

/** samples_sort() - after this samples_at() may be called. */
void samples_sort(struct samples *samples);

/** samples_at() - the time that @permille of 1000 samples through driver @door did not exceed. */
uint64_t samples_at(const struct samples *samples, unsigned int door, unsigned int permille);

/*
 * Each of these takes one sample through each driver in turn, @count times, so that both meet the
 * same moods of the machine.
 */

/** measure_map() - map and unmap @size bytes at @memory. */
void measure_map(const struct door doors[DOORS], void *memory, size_t size, struct samples *map,
		 struct samples *unmap);

/** measure_config() - read the four bytes of the command and status registers. */
void measure_config(const struct door doors[DOORS], struct samples *samples);

/** measure_interrupt() - from the store that raises MSI-X vector 0 of an 82576 VF to a sleeping
 * thread's return from read(). */
void measure_interrupt(const struct door doors[DOORS], struct samples *samples);

/** measure_reset() - reset the function. Interrupts and bus mastering are to be set up again. */
void measure_reset(const struct door doors[DOORS], struct samples *samples);

#endif
