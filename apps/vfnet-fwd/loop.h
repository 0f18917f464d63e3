/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FWD_LOOP_H
#define VFNET_FWD_LOOP_H

#include "apps/vfnet-fwd/fwd.h"

struct fwd_loop;

/** fwd_burst_fn - receive once, touch, send; Return: packets received */
typedef unsigned int (*fwd_burst_fn)(struct fwd_loop *loop, const struct fwd_lane *lane);

/**
 * struct fwd_loop - what the forwarding thread has in hand
 * @region:     where the packets lie
 * @burst_fn:   [0] as fast as possible, [1] timed
 * @sample_due: which of them is next
 * @room:       most packets per receive call
 * @least:      receive needs room for that many: the buffers of the longest frame
 * @left:       frames until --count is reached
 * @bursts:     receive calls that found something
 * @failed:     why the run ends early, a negative errno; 0 = it does not
 * @failed_port: which port is gone; NULL = none
 * @prime_left: frames of --prime that are still to be sent
 * @tsc_cost:   cycles between two reads of the counter
 * @fwd:        the run
 * @pkt:        the burst; FWD_AHEAD more because the prefetch does not look where it ends
 */
struct fwd_loop {
	struct vfnet_region region;
	fwd_burst_fn burst_fn[2];
	unsigned int sample_due;
	unsigned int room;
	unsigned int least;
	uint64_t left;
	uint64_t bursts;
	int failed;
	const struct fwd_port *failed_port;
	uint64_t prime_left;
	uint64_t tsc_cost;
	struct fwd *fwd;
	struct vfnet_pkt pkt[VFNET_BURST_MAX + FWD_AHEAD];
};

/** fwd_burst_init() - choose the burst functions of a mode. */
void fwd_burst_init(struct fwd_loop *loop, enum fwd_mode mode);

/** fwd_frames() - frames among @n packets: those that do not continue in the next one. */
static inline unsigned int fwd_frames(const struct fwd_loop *loop, const struct vfnet_pkt *pkt,
				      unsigned int n)
{
	unsigned int frames = n;

	if (loop->fwd->chained)
		for (unsigned int i = 0; i < n; i++)
			frames -= pkt[i].flags & VFNET_PKT_MORE;
	return frames;
}

/**
 * fwd_prime() - send frames of --prime while the ring of port 0 takes them
 *
 * To be called between bursts until prime_left is 0.
 */
void fwd_prime(struct fwd_loop *loop);

#endif
