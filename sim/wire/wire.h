/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_WIRE_H
#define SIM_WIRE_WIRE_H

/*
 * What is plugged into a card's port: one source of frames and one sink. A kind of wire is a row
 * of sim_wire_kinds[] and implements one of the two halves below, or both. All calls come under
 * the lock of the struct vfnet_sim. Lengths are without CRC.
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
	 * @arm: let @fd become readable with the next frame, until the next call of @frames; NULL:
	 * it does without
	 *
	 * Return: false: there are frames now, or may be: do not sleep.
	 */
	bool (*arm)(struct sim_source *source);

	/**
	 * @due_ns: when its next frame comes, in the time of sim_now_ns(); NULL = with a
	 * descriptor it tells by that, without it may have one at any time
	 *
	 * Return: the time; what is past = now; UINT64_MAX = none is to come.
	 */
	uint64_t (*due_ns)(const struct sim_source *source);

	/** @close: of a wire with both halves this closes both. */
	void (*close)(struct sim_source *source);
};

/**
 * struct sim_source - embedded in the kind's own struct
 * @ops:    what it does
 * @waits:  a frame is taken only when no ring that it goes to is without descriptors
 * @greedy: it may have more frames than rings have descriptors; a card that is stepped inline
 *          decides how many it takes
 */
struct sim_source {
	const struct sim_source_ops *ops;
	bool waits;
	bool greedy;
};

struct sim_sink;

struct sim_sink_ops {
	/**
	 * @take: a frame is about to leave; NULL = each is welcome
	 *
	 * Return: true: it comes with the next call of @frames; false: not now, it stays in the
	 * transmit ring, and those behind it.
	 */
	bool (*take)(struct sim_sink *sink, const struct sim_frame *frame);

	/**
	 * @frames: consume @n frames, at most 64; they lie in the card's packet buffer, which is
	 * reused
	 *
	 * Return: bit i set = frame i was not taken: it is lost, and counted (wire_refused).
	 */
	uint64_t (*frames)(struct sim_sink *sink, const struct sim_frame *frames, unsigned int n);

	/** @flush: what was consumed becomes readable to others; may be NULL. */
	void (*flush)(struct sim_sink *sink);

	/** @close: NULL for a wire with both halves: the source's does it. */
	void (*close)(struct sim_sink *sink);
};

/** struct sim_sink - embedded in the kind's own struct. */
struct sim_sink {
	const struct sim_sink_ops *ops;
};

/**
 * struct sim_wire_kind - one kind of wire; exactly one of the three open calls is there
 * @name:  before the colon
 * @usage: for error messages
 * @open_source, @open_sink, @open_both: @args is what follows the colon, NULL without a colon
 */
struct sim_wire_kind {
	const char *name;
	const char *usage;
	int (*open_source)(struct sim_card *card, const char *args, struct sim_source **out,
			   struct vfnet_err *err);
	int (*open_sink)(struct sim_card *card, const char *args, struct sim_sink **out,
			 struct vfnet_err *err);
	int (*open_both)(struct sim_card *card, const char *args, struct sim_source **source,
			 struct sim_sink **sink, struct vfnet_err *err);
};

int sim_gen_open(struct sim_card *card, const char *args, struct sim_source **out,
		 struct vfnet_err *err);
int sim_pcap_in_open(struct sim_card *card, const char *args, struct sim_source **out,
		     struct vfnet_err *err);
int sim_pcap_out_open(struct sim_card *card, const char *args, struct sim_sink **out,
		      struct vfnet_err *err);
int sim_sink_open(struct sim_card *card, const char *args, struct sim_sink **out,
		  struct vfnet_err *err);
int sim_tap_open(struct sim_card *card, const char *args, struct sim_source **source,
		 struct sim_sink **sink, struct vfnet_err *err);
int sim_packet_open(struct sim_card *card, const char *args, struct sim_source **source,
		    struct sim_sink **sink, struct vfnet_err *err);
int sim_cable_open(struct sim_card *card, const char *args, struct sim_source **source,
		   struct sim_sink **sink, struct vfnet_err *err);
int sim_shm_open(struct sim_card *card, const char *args, struct sim_source **source,
		 struct sim_sink **sink, struct vfnet_err *err);

/** sim_wire_plug() - read a specification and plug the wire in; as vfnet_sim_wire(). */
int sim_wire_plug(struct sim_card *card, const char *spec, struct vfnet_err *err);

/** sim_wire_unplug() - close both halves. */
void sim_wire_unplug(struct sim_card *card);

#endif
