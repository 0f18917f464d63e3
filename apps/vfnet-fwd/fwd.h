/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FWD_H
#define VFNET_FWD_H

/*
 * One run of vfnet-fwd: fwd_open() makes it (setup.c), fwd_run() forwards (loop.c, prime.c) and
 * sleeps (wait.c), fwd_close() ends it and counts (setup.c), report.c,
 * ledger.c and json.c tell.
 */

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vfnet/sim.h>
#include <vfnet/vfnet.h>

#include "apps/vfnet-fwd/echo.h"
#include "apps/vfnet-fwd/options.h"

/** VFNET_WIRE_EXTRA - bytes that a frame takes on the wire beyond its len: CRC, preamble, gap. */
#define VFNET_WIRE_EXTRA 24
/** FWD_AHEAD - packets between the one that is rewritten and the one that is prefetched. */
#define FWD_AHEAD 4

/**
 * struct fwd_lane - a receive queue, and the way out of what it receives
 * @rxq:     of this lane's port
 * @txq:     of the port that sends
 * @header:  mode mac: destination and source address
 * @set_dst: mode mac: the destination is rewritten too
 * @tx_port: index of the port that sends
 *
 * Written while ports open; then by nobody.
 */
struct fwd_lane {
	alignas(64) struct vfnet_rxq *rxq;
	struct vfnet_txq *txq;
	uint8_t header[12];
	bool set_dst;
	unsigned int tx_port;
};

/**
 * struct fwd_port - a port
 * @port:       the port
 * @info:       what it is
 * @host:       mode echo: who it is
 * @rxq, @txq:  its queues
 * @next_ns:    when service wants to run
 * @state:      as it was last looked at
 * @down_ns:    when it went into reset
 * @vf_resets:  the port's counter as it was then
 * @drops:      what the program itself dropped on the way out of this port
 * @counters:   the port's counters and @drops, by fwd_port_count()
 */
struct fwd_port {
	struct vfnet_port *port;
	struct vfnet_port_info info;
	struct fwd_host host;
	struct vfnet_rxq *rxq;
	struct vfnet_txq *txq;
	uint64_t next_ns;
	enum vfnet_port_state state;
	uint64_t down_ns;
	uint64_t vf_resets;
	uint64_t drops[VFNET_DROPS_COUNT];
	struct vfnet_counters counters;
};

/**
 * struct fwd_samples - time stamp counter cycles of one burst in 64
 * @packets:      frames of the bursts timed
 * @driver:       cycles in receive and send calls, less those of the cards
 * @app:          cycles between the two calls
 * @empty_polls:  polls that found nothing and were timed
 * @empty_cycles: their cycles, less those of the cards
 */
struct fwd_samples {
	uint64_t packets;
	uint64_t driver;
	uint64_t app;
	uint64_t empty_polls;
	uint64_t empty_cycles;
};

/**
 * struct fwd_result - what a run came to
 * @start_ns:      the sources were let go
 * @end_ns:        the last frame had moved
 * @first_ns:      the first frame had been sent on; 0 = none came
 * @forwarded:     frames taken by the sending ports
 * @created:       frames that the program made
 * @polls:         receive calls that found nothing
 * @sleeps:        times that the forwarding thread went to sleep
 * @sim_cycles:    cycles inside the cards, when inline
 * @samples:       see there
 * @histogram:     receive calls by the number of frames that they returned
 * @pool_*:        see docs/vfnet-fwd.schema.json
 * @wire_known:    each card has one port, so that its connector can be held against the ports
 * @wire_in:       frames from the sources
 * @wire_out:      frames to the sinks
 * @sim_inline:    the cards are moved by the forwarding thread
 */
struct fwd_result {
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t first_ns;
	uint64_t forwarded;
	uint64_t created;
	uint64_t polls;
	uint64_t sleeps;
	uint64_t sim_cycles;
	struct fwd_samples samples;
	uint64_t histogram[VFNET_BURST_MAX + 1];
	uint32_t pool_size;
	uint32_t pool_free_at_start;
	uint32_t pool_free_at_end;
	uint32_t pool_low_water;
	bool wire_known;
	uint64_t wire_in;
	uint64_t wire_out;
	bool sim_inline;
};

/**
 * struct fwd - a run
 * @opts:    the command line
 * @sim:     NULL without software cards
 * @v, @pool, @cache, @ports, @lanes: as opened; @n_open ports are
 * @chained: a frame may take several buffers
 * @result:  filled as the run goes
 */
struct fwd {
	const struct fwd_options *opts;
	struct vfnet_sim *sim;
	struct vfnet *v;
	struct vfnet_pool *pool;
	struct vfnet_cache *cache;
	struct fwd_port *ports;
	struct fwd_lane *lanes;
	unsigned int n_open;
	bool chained;
	struct fwd_result result;
};

/**
 * fwd_open() - cards, context, ports, pool and queues
 * @fwd:  filled; fwd_close() it, also on failure
 * @opts: must outlive @fwd
 *
 * Return: 0 or an exit code, after one line on standard error.
 */
int fwd_open(struct fwd *fwd, const struct fwd_options *opts);

/**
 * fwd_run() - forward until the run is over, then let the rings run empty
 *
 * Return: 0 or an exit code, after one line on standard error.
 */
int fwd_run(struct fwd *fwd);

/**
 * fwd_close() - close all that is open; the final counters are in the result then
 *
 * Return: 0 or an exit code, after one line on standard error.
 */
int fwd_close(struct fwd *fwd);

/** fwd_port_count() - read the counters of an open port. */
void fwd_port_count(struct fwd_port *port);

/** fwd_free() - memory that the report has read from. */
void fwd_free(struct fwd *fwd);

/** fwd_partner() - the port that sends what @port receives, but in mode echo. */
static inline unsigned int fwd_partner(unsigned int port, unsigned int n_ports)
{
	return (port ^ 1) < n_ports ? port ^ 1 : port;
}

/** fwd_frame_bufs() - buffers of a frame of @bytes without CRC. */
unsigned int fwd_frame_bufs(uint32_t bytes);

#endif
