/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_SLOTS_H
#define SIM_WIRE_SLOTS_H

/*
 * Where frames wait that were read from the kernel: a source that reads into slots shows them
 * until all are taken, and only then reads again.
 */

#include <assert.h>
#include <stdlib.h>

#include "lib/chip/82576_desc.h"
#include "lib/frame/frame.h"
#include "sim/card.h"

/** SIM_SLOT_BYTES - longer than any frame that a card takes, so that one cut to it is too long. */
#define SIM_SLOT_BYTES 9792u

static_assert(SIM_SLOT_BYTES > IGBVF_FRAME_MAX + VFNET_FRAME_VLAN_BYTES,
	      "must be seen as too long");

/**
 * struct sim_slots - read frames
 * @mem:   SIM_BATCH slots of SIM_SLOT_BYTES
 * @first: of those in @frame that were not taken yet
 * @n:     how many were not taken yet
 */
struct sim_slots {
	uint8_t *mem;
	unsigned int first;
	unsigned int n;
	struct sim_frame frame[SIM_BATCH];
};

static inline uint8_t *sim_slot(const struct sim_slots *slots, unsigned int i)
{
	return slots->mem + (size_t)i * SIM_SLOT_BYTES;
}

/** sim_slots_open() - Return: false: no memory */
static inline bool sim_slots_open(struct sim_slots *slots)
{
	slots->mem = malloc((size_t)SIM_BATCH * SIM_SLOT_BYTES);
	return slots->mem != NULL;
}

static inline void sim_slots_close(struct sim_slots *slots)
{
	free(slots->mem);
}

/** sim_slots_show() - of struct sim_source_ops.frames. */
static inline unsigned int sim_slots_show(const struct sim_slots *slots, struct sim_frame *frames,
					  unsigned int max)
{
	unsigned int n = slots->n < max ? slots->n : max;

	memcpy(frames, slots->frame + slots->first, n * sizeof(*frames));
	return n;
}

/** sim_slots_taken() - of struct sim_source_ops.taken. */
static inline void sim_slots_taken(struct sim_slots *slots, unsigned int n)
{
	slots->first += n;
	slots->n -= n;
}

#endif
