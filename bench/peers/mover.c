/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "bench/peers/mover.h"

#include <sched.h>
#include <stdlib.h>

#include "apps/common/clock.h"
#include "lib/base/io.h"

/* to gauge how far the other core is */
#define ORDERS 101u

static void relax(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#endif
}

static void *carry_out(void *arg)
{
	struct mover *mover = arg;
	uint32_t seen = 0;

	for (;;) {
		while (vfnet_word_load(&mover->asked) == seen)
			relax();
		if (mover->order == MOVER_STOP)
			return NULL;
		if (mover->order == MOVER_RECEIVE)
			mover->moved = nullnic_receive(mover->nic, mover->n);
		else if (mover->order == MOVER_SEND)
			mover->moved = nullnic_send(mover->nic);
		else if (mover->order == MOVER_CALL)
			mover->call(mover->arg);
		vfnet_word_store(&mover->done, ++seen);
	}
}

int mover_start(struct mover *mover, int cpu)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int rc;

	*mover = (struct mover){0};
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	pthread_attr_init(&attr);
	rc = pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	if (!rc)
		rc = pthread_create(&mover->thread, &attr, carry_out, mover);
	pthread_attr_destroy(&attr);
	return -rc;
}

static void order(struct mover *mover, enum mover_order order, struct nullnic *nic, uint32_t n)
{
	mover->order = order;
	mover->nic = nic;
	mover->n = n;
	vfnet_word_store(&mover->asked, mover->asked + 1);
}

static void wait(const struct mover *mover)
{
	while (vfnet_word_load(&mover->done) != mover->asked)
		relax();
}

void mover_stop(struct mover *mover)
{
	order(mover, MOVER_STOP, NULL, 0);
	pthread_join(mover->thread, NULL);
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

uint64_t mover_line_cycles(struct mover *mover)
{
	uint64_t took[ORDERS];

	for (unsigned int i = 0; i < ORDERS; i++) {
		uint64_t begin = app_tsc();

		order(mover, MOVER_NOTHING, NULL, 0);
		wait(mover);
		took[i] = app_tsc() - begin;
	}
	qsort(took, ORDERS, sizeof(took[0]), compare);
	return took[ORDERS / 2] / 2;
}

uint32_t mover_receive(struct mover *mover, struct nullnic *nic, uint32_t n)
{
	order(mover, MOVER_RECEIVE, nic, n);
	wait(mover);
	return mover->moved;
}

void mover_send(struct mover *mover, struct nullnic *nic)
{
	order(mover, MOVER_SEND, nic, 0);
	wait(mover);
}

void mover_call(struct mover *mover, void (*call)(void *arg), void *arg)
{
	mover->call = call;
	mover->arg = arg;
	order(mover, MOVER_CALL, NULL, 0);
	wait(mover);
}
