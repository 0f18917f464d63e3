/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop around the bursts: when the run is over, when a port wants service, when a line of the
 * live table is due. Clocks are looked at every 64 rounds, and read every 100 us only.
 */
#include "apps/vfnet-fwd/loop.h"

#include <errno.h>
#include <string.h>

#include "apps/common/clock.h"
#include "apps/common/hint.h"
#include "apps/common/json.h"
#include "apps/common/options.h"
#include "apps/common/stop.h"
#include "apps/vfnet-fwd/report.h"
#include "apps/vfnet-fwd/wait.h"

#define CHECK_ROUNDS  64
#define TICK_NS	      UINT64_C(100000)
#define QUIET_HINT_NS (3 * APP_NS_PER_S)
#define DRAIN_NS      APP_NS_PER_S
#define DRAIN_ROUNDS  64
/* a port that is in reset when the run ends may come back for so long */
#define BACK_NS (3 * APP_NS_PER_S)
/* the cards' own thread may be waiting for a core while its rings look idle */
#define DRAIN_QUIET_NS UINT64_C(50000000)

/**
 * struct ticker - what happens beside the bursts
 * @invariant:  the counter tells time
 * @next_tsc:   counter at the next tick
 * @ns:         clock at the last tick
 * @begin_ns, @begin_tsc: clock and counter at the start
 * @quiet_said: the hint has been given
 * @sources:    a card has one, and the run ends with the last of them
 * @live:       the live table
 */
struct ticker {
	bool invariant;
	uint64_t next_tsc;
	uint64_t ns;
	uint64_t begin_ns;
	uint64_t begin_tsc;
	bool quiet_said;
	bool sources;
	struct fwd_live live;
};

/* any wire that does not only take or pass on */
static bool has_source(const struct fwd_options *opts)
{
	for (unsigned int i = 0; i < opts->n_wires; i++)
		if (strncmp(opts->wires[i].spec, "sink", 4) &&
		    strncmp(opts->wires[i].spec, "pcap-out", 8) &&
		    strncmp(opts->wires[i].spec, "cable", 5))
			return true;
	return false;
}

/* Else by the driver of the physical function. Service counts that before the state changes. */
static bool is_by_another_tool(struct fwd_port *port)
{
	uint64_t before = port->vf_resets;
	struct vfnet_counters now;

	vfnet_port_get_counters(port->port, &now);
	port->vf_resets = now.vf_resets;
	return now.vf_resets != before;
}

static void say_state(struct fwd_loop *loop, struct fwd_port *port, uint64_t now_ns)
{
	const char *name = port->info.name;

	switch (port->state) {
	case VFNET_PORT_RUNNING:
		fprintf(stderr, "%s: runs again after %.0f ms\n", name,
			(double)(now_ns - port->down_ns) * 1e-6);
		break;
	case VFNET_PORT_RESETTING:
		port->down_ns = now_ns;
		fprintf(stderr,
			is_by_another_tool(port)
			    ? "%s: somebody else has reset this function; setting it up again\n"
			    : "%s: the physical function was reset; waiting for it\n",
			name);
		break;
	case VFNET_PORT_GONE:
		loop->failed = -ENODEV;
		loop->failed_port = port;
		break;
	}
}

/*
 * Queues of a port in reset are parked: the bursts on the way out may be none for long, and a port
 * comes back only when all its queues have been heard of.
 */
static void service_port(struct fwd_loop *loop, struct fwd_port *port, uint64_t now_ns)
{
	enum vfnet_port_state state;

	port->next_ns = vfnet_port_service(port->port, now_ns);
	state = vfnet_port_state(port->port);
	if (state == VFNET_PORT_RESETTING) {
		vfnet_rxq_park(port->rxq);
		vfnet_txq_park(port->txq);
	}
	if (state == port->state)
		return;
	port->state = state;
	say_state(loop, port, now_ns);
}

static void service(struct fwd_loop *loop, uint64_t now_ns)
{
	for (unsigned int i = 0; i < loop->fwd->n_open; i++) {
		struct fwd_port *port = &loop->fwd->ports[i];

		if (now_ns >= port->next_ns)
			service_port(loop, port, now_ns);
	}
}

/* The first port that is in reset; NULL = none. */
static const struct fwd_port *in_reset(const struct fwd *fwd)
{
	for (unsigned int i = 0; i < fwd->n_open; i++)
		if (fwd->ports[i].state == VFNET_PORT_RESETTING)
			return &fwd->ports[i];
	return NULL;
}

static void say_quiet(const struct fwd_loop *loop, struct ticker *ticker)
{
	bool no_link = false;

	if (ticker->quiet_said || loop->bursts || loop->failed ||
	    ticker->ns - loop->fwd->result.start_ns < QUIET_HINT_NS)
		return;
	ticker->quiet_said = true;
	for (unsigned int i = 0; i < loop->fwd->n_open; i++)
		no_link |= app_hint_link(&app_this_machine, loop->fwd->opts->devices[i], stderr);
	if (!no_link)
		fprintf(stderr, "%s\n", app_hint_quiet(loop->fwd->sim != NULL));
}

static bool is_over(const struct fwd_loop *loop, const struct ticker *ticker)
{
	const struct fwd *fwd = loop->fwd;
	uint64_t limit = fwd->opts->duration_ns;

	if (limit && ticker->ns - fwd->result.start_ns >= limit)
		return true;
	if (ticker->sources && vfnet_sim_sources_done(fwd->sim))
		return true;
	return loop->failed || app_stop_asked();
}

/* Return: the run is over */
static bool tick(struct fwd_loop *loop, struct ticker *ticker)
{
	uint64_t tsc = app_tsc();
	uint64_t per_tick;

	if (ticker->invariant && tsc < ticker->next_tsc)
		return false;
	ticker->ns = app_now_ns();
	/* what gets between the reads of clock and counter makes the next tick earlier, not later
	 */
	per_tick = (uint64_t)((double)(tsc - ticker->begin_tsc) * (double)TICK_NS /
			      (double)(ticker->ns - ticker->begin_ns + 1));
	ticker->next_tsc = tsc + per_tick;
	service(loop, ticker->ns);
	say_quiet(loop, ticker);
	fwd_live_tick(&ticker->live, loop->fwd, ticker->ns);
	return is_over(loop, ticker);
}

/* When tick() has something to do that nothing wakes it for. */
static uint64_t next_tick_ns(const struct fwd_loop *loop, const struct ticker *ticker)
{
	const struct fwd *fwd = loop->fwd;
	uint64_t next = ticker->ns + VFNET_SERVICE_PERIOD_NS;

	for (unsigned int i = 0; i < fwd->n_open; i++)
		if (fwd->ports[i].next_ns < next)
			next = fwd->ports[i].next_ns;
	if (fwd->opts->duration_ns && fwd->result.start_ns + fwd->opts->duration_ns < next)
		next = fwd->result.start_ns + fwd->opts->duration_ns;
	if (ticker->live.out && ticker->live.next_ns < next)
		next = ticker->live.next_ns;
	return next;
}

static unsigned int round_of_bursts(struct fwd_loop *loop)
{
	struct fwd *fwd = loop->fwd;
	unsigned int n = 0;

	for (unsigned int i = 0; i < fwd->n_open && loop->left; i++)
		n += loop->burst_fn[loop->sample_due](loop, &fwd->lanes[i]);
	return n;
}

static uint32_t unfinished(struct fwd *fwd)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < fwd->n_open; i++)
		n += vfnet_txq_reclaim(fwd->ports[i].txq);
	return n;
}

/*
 * Frames that may still go out once the sources have ended: as many as all rings hold, so that
 * frames that go round for ever do not keep the run alive. None for --prime, which makes such
 * frames, after --count, or from a source that cannot be told to stop (pci): what is received then
 * stays in the ring and is counted as not drained.
 */
static uint64_t may_leave(const struct fwd_loop *loop)
{
	const struct fwd_options *opts = loop->fwd->opts;

	if (!loop->fwd->sim || opts->prime_count || opts->count || loop->failed)
		return 0;
	return UINT64_C(2) * opts->ring * opts->n_ports;
}

/* Let what is on its way arrive, and ports come back. */
static void drain(struct fwd_loop *loop)
{
	struct fwd *fwd = loop->fwd;
	uint64_t quiet_ns = fwd->sim && !fwd->result.sim_inline ? DRAIN_QUIET_NS : 0;
	uint64_t begin = app_now_ns();
	uint64_t moved = begin, now = begin;
	unsigned int idle = 0;

	loop->left = may_leave(loop);
	while (now - begin < (in_reset(fwd) ? BACK_NS : DRAIN_NS) &&
	       (in_reset(fwd) || idle < DRAIN_ROUNDS || now - moved < quiet_ns)) {
		unsigned int n = round_of_bursts(loop);

		for (unsigned int i = 0; i < fwd->n_open; i++)
			service_port(loop, &fwd->ports[i], now);
		now = app_now_ns();
		idle++;
		if (n)
			fwd->result.end_ns = now;
		if (unfinished(fwd) || n) {
			idle = 0;
			moved = now;
		}
	}
}

static void init_loop(struct fwd_loop *loop, struct fwd *fwd)
{
	const struct fwd_options *opts = fwd->opts;

	memset(loop, 0, sizeof(*loop));
	loop->fwd = fwd;
	loop->region = *vfnet_get_region(fwd->v);
	loop->room = opts->burst;
	loop->least = fwd_frame_bufs(fwd->ports[0].info.max_frame);
	loop->left = opts->count ? opts->count : UINT64_MAX;
	loop->prime_left = opts->prime_count;
	fwd_burst_init(loop, opts->mode);
}

static int say_failed(const struct fwd_loop *loop)
{
	const struct fwd_port *down = in_reset(loop->fwd);

	if (loop->failed_port)
		app_error("%s: the device is gone", loop->failed_port->info.name);
	else if (loop->failed)
		app_error("a port fails while it forwards: %s", strerror(-loop->failed));
	else if (down)
		app_error("%s: the physical function was reset and has not come back; see that "
			  "its interface is up",
			  down->info.name);
	else
		return 0;
	return APP_EXIT_FAILED;
}

/* Until the run is over. */
static void forward(struct fwd_loop *loop, struct ticker *ticker, struct fwd_wait *wait)
{
	bool sleeps = loop->fwd->opts->wait != FWD_POLL;

	for (unsigned int round = 1; loop->left; round++) {
		bool slept = false;

		if (loop->prime_left)
			fwd_prime(loop);
		if (round_of_bursts(loop))
			wait->quiet_since = 0;
		else if (sleeps && !loop->prime_left && !loop->failed)
			slept = fwd_wait_quiet(wait, loop->fwd, next_tick_ns(loop, ticker));
		if (slept) /* what woke us may be service's, and wakes us until that has run */
			ticker->next_tsc = 0;
		if ((slept || round % CHECK_ROUNDS == 0) && tick(loop, ticker))
			break;
	}
}

int fwd_run(struct fwd *fwd)
{
	struct ticker ticker = {
	    .invariant = app_tsc_invariant(),
	    .sources = fwd->sim && has_source(fwd->opts),
	};
	struct fwd_loop loop;
	struct fwd_wait wait;
	uint64_t sim_begin = fwd->sim ? vfnet_sim_cycles(fwd->sim) : 0;
	int rc = fwd_wait_open(&wait, fwd);

	if (rc)
		goto out_close;
	init_loop(&loop, fwd);
	ticker.begin_ns = ticker.ns = fwd->result.start_ns = app_now_ns();
	ticker.begin_tsc = app_tsc();
	fwd_live_begin(&ticker.live, fwd->opts, ticker.ns);
	if (fwd->sim)
		vfnet_sim_start(fwd->sim);
	forward(&loop, &ticker, &wait);
	fwd->result.end_ns = app_now_ns();
	if (fwd->sim)
		vfnet_sim_stop(fwd->sim);
	drain(&loop);
	if (fwd->sim)
		fwd->result.sim_cycles = vfnet_sim_cycles(fwd->sim) - sim_begin;
	rc = say_failed(&loop);
out_close:
	fwd_wait_close(&wait);
	return rc;
}
