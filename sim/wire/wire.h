/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_WIRE_H
#define SIM_WIRE_WIRE_H

/*
 * What is plugged into a card's port: one source of frames and one sink. A kind of wire is a row
 * of sim_wire_kinds[] and implements one of the two halves below. All calls come under the lock
 * of the struct vfnet_sim. Lengths are without CRC.
 */

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/err.h>

#include "lib/base/log.h"

struct sim_card;

/** struct sim_frame - a frame somewhere in memory. */
struct sim_frame {
	const uint8_t *data;
	uint32_t len;
};

struct sim_source;

struct sim_source_ops {
	/**
	 * @frames: show the next frames
	 *
	 * Return: how many of @frames were filled, at most @max; 0 = nothing now. They stay valid
	 * until the next call. Not taken ones are shown again.
	 */
	unsigned int (*frames)(struct sim_source *source, struct sim_frame *frames,
			       unsigned int max);

	/** @taken: the first @n frames shown by the last call are on the wire. */
	void (*taken)(struct sim_source *source, unsigned int n);

	/** @ended: whether there will be no more frames. */
	bool (*ended)(const struct sim_source *source);

	/**
	 * @fd: a descriptor that is readable while frames are there; NULL = it has none
	 *
	 * Return: the descriptor, which stays the wire's; -1 = none (any more).
	 */
	int (*fd)(struct sim_source *source);

	/**
	 * @due_ns: when its next frame comes, in the time of sim_now_ns(); NULL = with a
	 * descriptor it tells by that, without it may have one at any time
	 *
	 * Return: the time; what is past = now; UINT64_MAX = none is to come.
	 */
	uint64_t (*due_ns)(const struct sim_source *source);

	void (*close)(struct sim_source *source);
};

/**
 * struct sim_source - embedded in the kind's own struct
 * @ops:    what it does
 * @waits:  a frame is taken only when no ring that it goes to is without descriptors
 * @greedy: it always has a frame; a card that is stepped inline decides how many it takes
 */
struct sim_source {
	const struct sim_source_ops *ops;
	bool waits;
	bool greedy;
};

struct sim_sink;

struct sim_sink_ops {
	/** @frames: consume frames; they lie in the card's packet buffer, which is reused. */
	void (*frames)(struct sim_sink *sink, const struct sim_frame *frames, unsigned int n);

	/** @flush: what was consumed becomes readable to others; may be NULL. */
	void (*flush)(struct sim_sink *sink);

	void (*close)(struct sim_sink *sink);
};

/** struct sim_sink - embedded in the kind's own struct. */
struct sim_sink {
	const struct sim_sink_ops *ops;
};

/**
 * struct sim_wire_kind - one kind of wire; exactly one of the two open calls is there
 * @name:  before the colon
 * @usage: for error messages
 * @open_source, @open_sink: @args is what follows the colon, NULL without a colon
 */
struct sim_wire_kind {
	const char *name;
	const char *usage;
	int (*open_source)(struct sim_card *card, const char *args, struct sim_source **out,
			   struct vfnet_err *err);
	int (*open_sink)(struct sim_card *card, const char *args, struct sim_sink **out,
			 struct vfnet_err *err);
};

int sim_gen_open(struct sim_card *card, const char *args, struct sim_source **out,
		 struct vfnet_err *err);
int sim_pcap_in_open(struct sim_card *card, const char *args, struct sim_source **out,
		     struct vfnet_err *err);
int sim_pcap_out_open(struct sim_card *card, const char *args, struct sim_sink **out,
		      struct vfnet_err *err);
int sim_sink_open(struct sim_card *card, const char *args, struct sim_sink **out,
		  struct vfnet_err *err);

/** sim_wire_plug() - read a specification and plug the wire in; as vfnet_sim_wire(). */
int sim_wire_plug(struct sim_card *card, const char *spec, struct vfnet_err *err);

/** sim_wire_unplug() - close both halves. */
void sim_wire_unplug(struct sim_card *card);

#endif
