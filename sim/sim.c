/* SPDX-License-Identifier: BSD-2-Clause */
/* The public face of the software cards: open, configure, start, stop, count, close. */
#define _GNU_SOURCE
#define VFNET_LOG_TAG "sim"
#include "sim/card.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/err.h"

/*
 * pthread mutexes are not fair: a thread that steps without a pause would keep register calls
 * waiting for long, so these announce themselves and the stepping thread lets them in.
 */
void sim_lock(struct vfnet_sim *sim)
{
	__atomic_fetch_add(&sim->waiting, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&sim->lock);
	__atomic_fetch_sub(&sim->waiting, 1, __ATOMIC_RELAXED);
}

void sim_unlock(struct vfnet_sim *sim)
{
	pthread_mutex_unlock(&sim->lock);
}

uint64_t sim_now_ns(const struct vfnet_sim *sim)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + sim->clock_skew_ns;
}

static enum vfnet_sim_mode choose_mode(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return VFNET_SIM_INLINE;
	return CPU_COUNT(&cpus) >= 3 ? VFNET_SIM_THREAD : VFNET_SIM_INLINE;
}

static int check_opts(const struct vfnet_sim_opts *opts, struct vfnet_err *err)
{
	if (opts->size < sizeof(*opts))
		return vfnet_err_set(err, -EINVAL,
				     "vfnet_sim_opts.size is %zu, set it to "
				     "sizeof(struct vfnet_sim_opts) = %zu",
				     opts->size, sizeof(*opts));
	if ((unsigned int)opts->mode > VFNET_SIM_MANUAL)
		return vfnet_err_set(err, -EINVAL, "vfnet_sim_open: there is no mode %d",
				     (int)opts->mode);
	return 0;
}

int vfnet_sim_open(const struct vfnet_sim_opts *opts, struct vfnet_sim **out, struct vfnet_err *err)
{
	static const struct vfnet_sim_opts defaults = {.size = sizeof(defaults)};
	struct vfnet_sim *sim;
	int ret;

	opts = opts ? opts : &defaults;
	ret = check_opts(opts, err);
	if (ret)
		return ret;
	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return vfnet_err_set(err, -ENOMEM, "vfnet_sim_open: no memory");
	sim_bus_init(sim);
	sim->log = (struct vfnet_log){opts->log, opts->log_user, opts->log_level};
	sim->mode = opts->mode == VFNET_SIM_AUTO ? choose_mode() : opts->mode;
	sim->doorbell_call = opts->doorbell_call;
	sim->wake_fd = -1;
	ret = sim_idle_open(sim, err);
	if (ret) {
		free(sim);
		return ret;
	}
	pthread_mutex_init(&sim->lock, NULL);
	if (sim->mode == VFNET_SIM_THREAD) {
		ret = sim_thread_start(sim, err);
		if (ret)
			goto err_free;
	}
	*out = sim;
	return 0;

err_free:
	pthread_mutex_destroy(&sim->lock);
	sim_idle_close(sim);
	free(sim);
	return ret;
}

int vfnet_sim_close(struct vfnet_sim *sim)
{
	unsigned int n_open;

	if (!sim)
		return 0;
	sim_lock(sim);
	n_open = sim->n_open;
	sim_unlock(sim);
	if (n_open)
		return -EBUSY;
	if (sim->mode == VFNET_SIM_THREAD)
		sim_thread_stop(sim);
	for (unsigned int i = 0; i < SIM_CARDS; i++)
		sim_card_free(sim->cards[i]);
	pthread_mutex_destroy(&sim->lock);
	sim_idle_close(sim);
	free(sim);
	return 0;
}

struct vfnet_bus *vfnet_sim_bus(struct vfnet_sim *sim)
{
	return &sim->bus;
}

enum vfnet_sim_mode vfnet_sim_get_mode(const struct vfnet_sim *sim)
{
	return sim->mode;
}

static int apply(struct vfnet_sim *sim, unsigned int index, const char *spec,
		 int (*to_card)(struct sim_card *card, const char *spec, struct vfnet_err *err),
		 struct vfnet_err *err)
{
	struct sim_card *card;
	int ret;

	sim_lock(sim);
	ret = sim_card_get(sim, index, &card, err);
	if (!ret)
		ret = to_card(card, spec, err);
	sim_unlock(sim);
	return ret;
}

int vfnet_sim_card(struct vfnet_sim *sim, unsigned int card, const char *spec,
		   struct vfnet_err *err)
{
	return apply(sim, card, spec, sim_card_configure, err);
}

int vfnet_sim_wire(struct vfnet_sim *sim, unsigned int card, const char *spec,
		   struct vfnet_err *err)
{
	return apply(sim, card, spec, sim_wire_plug, err);
}

void vfnet_sim_start(struct vfnet_sim *sim)
{
	sim_lock(sim);
	sim->started = true;
	sim_unlock(sim);
}

void vfnet_sim_stop(struct vfnet_sim *sim)
{
	sim_lock(sim);
	sim->stopped = true;
	for (unsigned int i = 0; i < SIM_CARDS; i++) {
		struct sim_sink *sink = sim->cards[i] ? sim->cards[i]->sink : NULL;

		if (sink && sink->ops->flush)
			sink->ops->flush(sink);
	}
	sim_unlock(sim);
}

bool vfnet_sim_sources_done(struct vfnet_sim *sim)
{
	bool done = true;

	sim_lock(sim);
	for (unsigned int i = 0; i < SIM_CARDS && !sim->stopped; i++) {
		const struct sim_source *source = sim->cards[i] ? sim->cards[i]->source : NULL;

		done = done && (!source || source->ops->ended(source));
	}
	sim_unlock(sim);
	return done;
}

static int apply_event(struct sim_card *card, enum vfnet_sim_event event)
{
	switch (event) {
	case VFNET_SIM_PF_DOWN:
		sim_pf_down(card);
		return 0;
	case VFNET_SIM_PF_UP:
		sim_pf_up(card);
		return 0;
	case VFNET_SIM_LINK_DOWN:
		sim_pf_link(card, false);
		return 0;
	case VFNET_SIM_LINK_UP:
		sim_pf_link(card, true);
		return 0;
	case VFNET_SIM_LOSE_IRQ:
		card->faults.lose_next_irq = true;
		return 0;
	case VFNET_SIM_GONE:
		sim_card_gone(card);
		return 0;
	case VFNET_SIM_REQUEST:
		sim_card_request(card);
		return 0;
	case VFNET_SIM_VF_RESET:
		sim_vfs_reset(card);
		return 0;
	case VFNET_SIM_CARD_RESET:
		sim_pf_down(card);
		for (unsigned int i = 0; i < SIM_VFS; i++)
			sim_vf_forget_config(&card->vfs[i]);
		return 0;
	}
	return -EINVAL;
}

int vfnet_sim_trigger(struct vfnet_sim *sim, unsigned int card, enum vfnet_sim_event event)
{
	int ret = -ENODEV;

	sim_lock(sim);
	if (card < SIM_CARDS && sim->cards[card])
		ret = apply_event(sim->cards[card], event);
	sim_unlock(sim);
	return ret;
}

uint64_t vfnet_sim_cycles(const struct vfnet_sim *sim)
{
	return __atomic_load_n(&sim->cycles, __ATOMIC_RELAXED);
}

uint64_t vfnet_sim_mistakes(struct vfnet_sim *sim, unsigned int card)
{
	uint64_t mistakes = 0;

	sim_lock(sim);
	if (card < SIM_CARDS && sim->cards[card])
		mistakes = sim->cards[card]->mistakes;
	sim_unlock(sim);
	return mistakes;
}

int vfnet_sim_get_wire_counters(struct vfnet_sim *sim, unsigned int card,
				struct vfnet_sim_wire_counters *out)
{
	int ret = -ENODEV;

	sim_lock(sim);
	if (card < SIM_CARDS && sim->cards[card]) {
		*out = sim->cards[card]->wire;
		ret = 0;
	}
	sim_unlock(sim);
	return ret;
}
