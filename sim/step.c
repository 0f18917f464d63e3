/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who steps the cards: the driver's own calls (inline), a thread, or the caller (manual). A card
 * moves at no other time.
 */
#define _GNU_SOURCE
#define VFNET_LOG_TAG "sim/step"
#include "sim/card.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/err.h"

#define IDLE_NS	 1000000u /* without work for so long, the thread begins to sleep */
#define SLEEP_NS 200000

static unsigned int step_all(struct vfnet_sim *sim, unsigned int budget)
{
	unsigned int moved = 0;

	sim->steps++;
	for (unsigned int i = 0; i < SIM_CARDS; i++) {
		if (sim->cards[i])
			moved += sim_card_step(sim->cards[i], budget);
	}
	sim->moved = moved != 0;
	return moved;
}

unsigned int vfnet_sim_step(struct vfnet_sim *sim, unsigned int budget)
{
	unsigned int moved;

	sim_lock(sim);
	moved = step_all(sim, budget ? budget : 1);
	sim_unlock(sim);
	return moved;
}

static uint64_t cycle_count(const struct vfnet_sim *sim)
{
#if defined(__x86_64__)
	(void)sim;
	return __builtin_ia32_rdtsc();
#else
	return sim_now_ns(sim);
#endif
}

void sim_progress(struct vfnet_sim *sim)
{
	uint64_t begin;

	/* taken: another thread's call steps the cards right now, that is progress enough */
	if (pthread_mutex_trylock(&sim->lock))
		return;
	begin = cycle_count(sim);
	step_all(sim, SIM_BATCH);
	__atomic_store_n(&sim->cycles, sim->cycles + (cycle_count(sim) - begin), __ATOMIC_RELAXED);
	sim_unlock(sim);
}

/* Until something happens, but not long: a doorbell is a store that wakes nobody. */
static void nap(struct vfnet_sim *sim)
{
	struct pollfd wake[] = {
	    {.fd = sim->wake_fd, .events = POLLIN},
	    {.fd = -1, .events = POLLIN},
	};
	struct timespec longest = {.tv_nsec = SLEEP_NS};
	bool quiet = true;

	sim_lock(sim);
	if (sim->started && !sim->stopped) { /* or nobody would take the frames that it tells of */
		wake[1].fd = sim->idle_fd;
		quiet = sim_idle_arm(sim);
	}
	sim_unlock(sim);
	if (quiet)
		ppoll(wake, 2, &longest, NULL);
}

static void *run(void *user)
{
	struct vfnet_sim *sim = user;
	uint64_t idle_since = 0;

	while (!__atomic_load_n(&sim->quit, __ATOMIC_ACQUIRE)) {
		unsigned int moved;

		while (__atomic_load_n(&sim->waiting, __ATOMIC_RELAXED))
			sched_yield();
		moved = vfnet_sim_step(sim, SIM_BATCH);
		if (moved) {
			idle_since = 0;
		} else if (!idle_since) {
			idle_since = sim_now_ns(sim);
		} else if (sim_now_ns(sim) - idle_since >= IDLE_NS) {
			nap(sim);
		}
	}
	return NULL;
}

int sim_thread_start(struct vfnet_sim *sim, struct vfnet_err *err)
{
	int ret;

	sim->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sim->wake_fd < 0)
		return vfnet_err_set(err, -errno, "sim: eventfd failed: %s", strerror(errno));
	ret = pthread_create(&sim->thread, NULL, run, sim);
	if (ret) {
		close(sim->wake_fd);
		return vfnet_err_set(err, -ret, "sim: cannot start the cards' thread: %s",
				     strerror(ret));
	}
	return 0;
}

void sim_thread_stop(struct vfnet_sim *sim)
{
	uint64_t one = 1;

	__atomic_store_n(&sim->quit, 1, __ATOMIC_RELEASE);
	if (write(sim->wake_fd, &one, sizeof(one)) < 0)
		vfnet_log(&sim->log, DEBUG, "the cards' thread is not woken, it wakes by itself");
	pthread_join(sim->thread, NULL);
	close(sim->wake_fd);
}
