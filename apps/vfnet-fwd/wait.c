/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --wait: what the forwarding thread does while no frame comes. It sleeps on all ports at once:
 * each is armed in turn, and the first that has a frame after all ends that.
 */
#define _GNU_SOURCE
#include "apps/vfnet-fwd/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "apps/common/clock.h"
#include "apps/common/options.h"

/* a sleep costs about 10 us until the next frame: not for gaps that are hardly longer */
#define ADAPTIVE_SPIN_NS UINT64_C(50000)

/*
 * Frames, and events of the port. A port without these has -1 there, which poll() passes over: its
 * service runs at its deadlines only.
 */
static int open_port(struct fwd_wait *wait, const struct fwd *fwd, unsigned int i)
{
	struct pollfd *frames = &wait->fds[i], *events = &wait->fds[fwd->n_open + i];
	struct vfnet_err err;

	frames->events = events->events = POLLIN;
	frames->fd = vfnet_rxq_fd(fwd->ports[i].rxq, &err);
	if (frames->fd < 0) {
		app_error("--wait: %s", err.text);
		return APP_EXIT_FAILED;
	}
	events->fd = vfnet_port_fd(fwd->ports[i].port, NULL);
	if (events->fd < 0)
		events->fd = -1;
	return 0;
}

int fwd_wait_open(struct fwd_wait *wait, struct fwd *fwd)
{
	static const uint64_t spin_ns[] = {
	    [FWD_POLL] = UINT64_MAX,
	    [FWD_INTERRUPT] = 0,
	    [FWD_ADAPTIVE] = ADAPTIVE_SPIN_NS,
	};
	int rc = 0;

	*wait = (struct fwd_wait){.spin_ns = spin_ns[fwd->opts->wait]};
	if (fwd->opts->wait == FWD_POLL)
		return 0;
	wait->fds = calloc(2 * (size_t)fwd->n_open, sizeof(*wait->fds));
	if (!wait->fds) {
		app_error("out of memory");
		return APP_EXIT_FAILED;
	}
	for (unsigned int i = 0; i < fwd->n_open && !rc; i++)
		rc = open_port(wait, fwd, i);
	return rc;
}

/*
 * A port in reset has nothing to wake us for: it comes back by service, which next_tick_ns() knows
 * of. Of one that fails otherwise the next burst says why.
 */
static bool may_sleep(struct vfnet_rxq *rxq)
{
	int rc = vfnet_rxq_arm(rxq);

	return rc == 0 || rc == -ENETDOWN;
}

static void hear_events(const struct fwd_wait *wait, struct fwd *fwd)
{
	for (unsigned int i = 0; i < fwd->n_open; i++)
		if (wait->fds[fwd->n_open + i].revents)
			fwd->ports[i].next_ns = 0;
}

static void sleep_armed(struct fwd_wait *wait, struct fwd *fwd, uint64_t ns)
{
	const struct timespec most = {
	    .tv_sec = (time_t)(ns / APP_NS_PER_S),
	    .tv_nsec = (long)(ns % APP_NS_PER_S),
	};
	unsigned int n_armed = 0;

	while (n_armed < fwd->n_open && may_sleep(fwd->ports[n_armed].rxq))
		n_armed++;
	if (n_armed == fwd->n_open) {
		fwd->result.sleeps++;
		if (ppoll(wait->fds, 2 * fwd->n_open, &most, NULL) > 0)
			hear_events(wait, fwd);
	}
	while (n_armed > 0)
		vfnet_rxq_disarm(fwd->ports[--n_armed].rxq);
}

bool fwd_wait_quiet(struct fwd_wait *wait, struct fwd *fwd, uint64_t until_ns)
{
	uint64_t now = app_now_ns();

	if (!wait->quiet_since)
		wait->quiet_since = now;
	if (now - wait->quiet_since < wait->spin_ns || now >= until_ns)
		return false;
	sleep_armed(wait, fwd, until_ns - now);
	return true;
}

void fwd_wait_close(struct fwd_wait *wait)
{
	free(wait->fds);
}
