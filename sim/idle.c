/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What wakes whoever moves the cards: one descriptor that is readable when a wire has frames or
 * when it is time. The cards' own thread naps on it, and so does a program that waits for an
 * interrupt while its own calls are what moves the cards.
 *
 * Inline, a doorbell is a store that wakes nobody: a frame that another thread sends to a sleeper
 * moves when that thread finds nothing to receive, or when the sleeper looks, every 20 ms.
 */
#include "sim/card.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/base/err.h"

#define LOOK_NS	 UINT64_C(20000000)
#define NS_PER_S UINT64_C(1000000000)

static int watch(struct vfnet_sim *sim, int fd, struct vfnet_err *err)
{
	struct epoll_event readable = {.events = EPOLLIN};

	if (!epoll_ctl(sim->idle_fd, EPOLL_CTL_ADD, fd, &readable))
		return 0;
	return vfnet_err_set(err, -errno, "sim: descriptor %d cannot be watched: %s", fd,
			     strerror(errno));
}

int sim_idle_open(struct vfnet_sim *sim, struct vfnet_err *err)
{
	int ret;

	sim->timer_fd = -1;
	sim->idle_fd = epoll_create1(EPOLL_CLOEXEC);
	if (sim->idle_fd < 0)
		return vfnet_err_set(err, -errno, "sim: no descriptor to sleep on: %s",
				     strerror(errno));
	if (sim->mode != VFNET_SIM_INLINE)
		return 0;
	sim->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (sim->timer_fd < 0) {
		ret = vfnet_err_set(err, -errno, "sim: no timer: %s", strerror(errno));
		sim_idle_close(sim);
		return ret;
	}
	ret = watch(sim, sim->timer_fd, err);
	if (ret)
		sim_idle_close(sim);
	return ret;
}

void sim_idle_close(struct vfnet_sim *sim)
{
	if (sim->timer_fd >= 0)
		close(sim->timer_fd);
	close(sim->idle_fd);
}

int sim_idle_watch(struct sim_card *card, struct vfnet_err *err)
{
	const struct sim_source_ops *ops = card->source->ops;
	int fd = ops->fd ? ops->fd(card->source) : -1;

	return fd < 0 ? 0 : watch(card->sim, fd, err);
}

static uint64_t source_due_ns(const struct sim_card *card)
{
	struct sim_source *source = card->source;

	if (!source || source->ops->ended(source))
		return UINT64_MAX;
	if (source->ops->due_ns)
		return source->ops->due_ns(source);
	if (source->ops->arm)
		return source->ops->arm(source) ? UINT64_MAX : 0;
	return source->ops->fd ? UINT64_MAX : 0;
}

static bool has_to_step(const struct sim_card *card)
{
	bool has_to = card->slow;

	for (uint32_t left = card->open_vfs; left && !has_to; left &= left - 1)
		has_to = card->vfs[__builtin_ctz(left)].posted.n;
	return has_to;
}

static uint64_t held_until(const struct sim_card *card)
{
	uint64_t when = UINT64_MAX;

	for (uint32_t left = card->open_vfs; left; left &= left - 1) {
		const struct sim_irq *irq = &card->vfs[__builtin_ctz(left)].irq;

		for (uint32_t held = irq->held; held; held &= held - 1)
			if (irq->next_ns[__builtin_ctz(held)] < when)
				when = irq->next_ns[__builtin_ctz(held)];
	}
	return when;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When a step would do something that no descriptor tells of. */
static uint64_t due_ns(const struct vfnet_sim *sim, uint64_t now)
{
	uint64_t due = sim->moved ? now : now + LOOK_NS;

	for (unsigned int i = 0; i < SIM_CARDS; i++) {
		const struct sim_card *card = sim->cards[i];

		if (!card)
			continue;
		due = earlier(due, held_until(card));
		if (has_to_step(card))
			due = now;
		if (sim->started && !sim->stopped)
			due = earlier(due, source_due_ns(card));
	}
	return due > now ? due : now;
}

bool sim_idle_arm(struct vfnet_sim *sim)
{
	bool quiet = true;

	for (unsigned int i = 0; i < SIM_CARDS; i++) {
		struct sim_source *source = sim->cards[i] ? sim->cards[i]->source : NULL;

		if (source && source->ops->arm)
			quiet &= source->ops->arm(source);
	}
	return quiet;
}

int sim_idle(struct vfnet_sim *sim)
{
	uint64_t due = due_ns(sim, sim_now_ns(sim)) - sim->clock_skew_ns;
	struct itimerspec when = {
	    .it_value.tv_sec = (time_t)(due / NS_PER_S),
	    .it_value.tv_nsec = (long)(due % NS_PER_S),
	};

	timerfd_settime(sim->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	return sim->idle_fd;
}
