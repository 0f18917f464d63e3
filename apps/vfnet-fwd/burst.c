/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hot path of vfnet-fwd: one receive call, the rewriting of addresses, one send call. What the
 * card does not take at once is dropped: a frame never waits for room or for other frames.
 *
 * Eight instances of one body: four modes, timed or not. No clock is read in those not timed.
 */
#include <errno.h>
#include <string.h>

#include "apps/common/clock.h"
#include "apps/vfnet-fwd/loop.h"
#include "lib/base/bits.h"
#include "lib/frame/mac.h"

/* A burst of this many cycles was not running all the time: the kernel ran something else. */
#define SAMPLE_MAX   (1u << 20)
#define SAMPLE_EVERY 64

static inline void swap_addresses(uint8_t *data)
{
	uint8_t dst[VFNET_MAC_BYTES];

	vfnet_mac_copy(dst, data);
	vfnet_mac_copy(data, data + VFNET_MAC_BYTES);
	vfnet_mac_copy(data + VFNET_MAC_BYTES, dst);
}

static inline void touch(struct fwd_loop *loop, const struct fwd_lane *lane, unsigned int n,
			 enum fwd_mode mode)
{
	const struct vfnet_region region = loop->region; /* the compiler sees that it stays */
	const bool set_dst = lane->set_dst;
	bool first = true;

	if (mode == FWD_IO || mode == FWD_ECHO)
		return;
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *data = vfnet_pkt_data(&region, &loop->pkt[i]);

		__builtin_prefetch(vfnet_pkt_data(&region, &loop->pkt[i + FWD_AHEAD]), 1);
		if (vfnet_likely(first)) {
			if (mode == FWD_SWAP)
				swap_addresses(data);
			else if (set_dst)
				memcpy(data, lane->header, sizeof(lane->header));
			else
				vfnet_mac_copy(data + VFNET_MAC_BYTES,
					       lane->header + VFNET_MAC_BYTES);
		}
		first = !(loop->pkt[i].flags & VFNET_PKT_MORE);
	}
}

/* Of @n packets keep those that are answers now. Return: packets kept, in their order */
static __attribute__((noinline)) unsigned int answer(struct fwd_loop *loop,
						     const struct fwd_lane *lane, unsigned int n)
{
	struct fwd_port *port = &loop->fwd->ports[lane->tx_port];
	bool first = true, keep = false;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct vfnet_pkt pkt = loop->pkt[i];
		bool more = pkt.flags & VFNET_PKT_MORE;

		if (first) {
			keep = fwd_echo_answer(&port->host, vfnet_pkt_data(&loop->region, &pkt),
					       pkt.len, more);
			port->drops[VFNET_DROPS_app] += !keep;
		}
		first = !more;
		if (keep)
			loop->pkt[kept++] = pkt;
		else
			vfnet_pkt_free(loop->fwd->cache, &pkt, 1);
	}
	return kept;
}

/*
 * The card has not taken all @n packets: the rest is the program's loss.
 * @rc: what the send call said: how many it took, or why none
 *
 * Return: packets taken
 */
static __attribute__((noinline)) unsigned int
drop_unsent(struct fwd_loop *loop, const struct fwd_lane *lane, int rc, unsigned int n)
{
	struct fwd_port *port = &loop->fwd->ports[lane->tx_port];
	enum vfnet_drops why = rc < 0 ? VFNET_DROPS_tx_down : VFNET_DROPS_tx_full;
	unsigned int taken = rc < 0 ? 0 : (unsigned int)rc;

	if (rc < 0 && rc != -ENETDOWN)
		loop->failed = rc;
	port->drops[why] += fwd_frames(loop, loop->pkt + taken, n - taken);
	vfnet_pkt_free(loop->fwd->cache, loop->pkt + taken, n - taken);
	return taken;
}

static inline uint64_t sim_cycles(const struct fwd *fwd)
{
	return fwd->result.sim_inline ? vfnet_sim_cycles(fwd->sim) : 0;
}

static inline uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* @at: before receive, after it, before send, after it */
static void count_sample(struct fwd_loop *loop, unsigned int frames, const uint64_t at[4],
			 uint64_t sim)
{
	struct fwd_samples *samples = &loop->fwd->result.samples;
	uint64_t app = less(at[2] - at[1], loop->tsc_cost);
	uint64_t driver = less(at[1] - at[0] + at[3] - at[2], 2 * loop->tsc_cost + sim);

	loop->sample_due = 0;
	if (!loop->fwd->result.first_ns)
		loop->fwd->result.first_ns = app_now_ns();
	if (app + driver > SAMPLE_MAX)
		return;
	samples->packets += frames;
	samples->app += app;
	samples->driver += driver;
}

static void count_empty_sample(struct fwd_loop *loop, uint64_t cycles, uint64_t sim)
{
	struct fwd_samples *samples = &loop->fwd->result.samples;

	cycles = less(cycles, loop->tsc_cost + sim);
	if (cycles > SAMPLE_MAX)
		return;
	samples->empty_polls++;
	samples->empty_cycles += cycles;
}

static inline unsigned int room_of(const struct fwd_loop *loop)
{
	if (vfnet_likely(loop->left >= loop->room))
		return loop->room;
	return loop->left < loop->least ? loop->least : (unsigned int)loop->left;
}

static inline __attribute__((always_inline)) unsigned int
burst(struct fwd_loop *loop, const struct fwd_lane *lane, enum fwd_mode mode, bool timed)
{
	struct fwd_result *result = &loop->fwd->result;
	uint64_t sim = timed ? sim_cycles(loop->fwd) : 0;
	uint64_t at[4] = {timed ? app_tsc() : 0};
	unsigned int n, n_got, n_sent, frames, frames_sent;
	int rc;

	rc = vfnet_rx_burst(lane->rxq, loop->pkt, room_of(loop));
	at[1] = timed ? app_tsc() : 0;
	if (rc <= 0) {
		result->polls++;
		if (timed)
			count_empty_sample(loop, at[1] - at[0], sim_cycles(loop->fwd) - sim);
		if (vfnet_unlikely(rc < 0 && rc != -ENETDOWN))
			loop->failed = rc;
		return 0;
	}
	n = n_got = (unsigned int)rc;
	frames = fwd_frames(loop, loop->pkt, n);
	if (mode == FWD_ECHO)
		n = answer(loop, lane, n);
	touch(loop, lane, n, mode);
	at[2] = timed ? app_tsc() : 0;
	rc = mode == FWD_ECHO && !n ? 0 : vfnet_tx_burst(lane->txq, loop->pkt, n);
	n_sent = rc == (int)n ? n : drop_unsent(loop, lane, rc, n);
	at[3] = timed ? app_tsc() : 0;
	if (timed)
		count_sample(loop, frames, at, sim_cycles(loop->fwd) - sim);
	else
		loop->sample_due = loop->bursts % SAMPLE_EVERY == 0;
	loop->bursts++;
	result->histogram[frames]++;
	frames_sent = fwd_frames(loop, loop->pkt, n_sent);
	result->forwarded += frames_sent;
	loop->left -= vfnet_likely(frames_sent < loop->left) ? frames_sent : loop->left;
	return n_got;
}

#define BURST_FN(name, mode, timed)                                                                \
	static unsigned int name(struct fwd_loop *loop, const struct fwd_lane *lane)               \
	{                                                                                          \
		return burst(loop, lane, mode, timed);                                             \
	}

BURST_FN(burst_io, FWD_IO, false)
BURST_FN(burst_io_timed, FWD_IO, true)
BURST_FN(burst_mac, FWD_MAC, false)
BURST_FN(burst_mac_timed, FWD_MAC, true)
BURST_FN(burst_swap, FWD_SWAP, false)
BURST_FN(burst_swap_timed, FWD_SWAP, true)
BURST_FN(burst_echo, FWD_ECHO, false)
BURST_FN(burst_echo_timed, FWD_ECHO, true)

void fwd_burst_init(struct fwd_loop *loop, enum fwd_mode mode)
{
	static const fwd_burst_fn fns[][2] = {
	    [FWD_IO] = {burst_io, burst_io_timed},
	    [FWD_MAC] = {burst_mac, burst_mac_timed},
	    [FWD_SWAP] = {burst_swap, burst_swap_timed},
	    [FWD_ECHO] = {burst_echo, burst_echo_timed},
	};

	loop->burst_fn[0] = fns[mode][0];
	loop->burst_fn[1] = fns[mode][1];
	loop->sample_due = 1; /* the first frame's time is wanted */
	loop->tsc_cost = app_tsc_cost();
}
