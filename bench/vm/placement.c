/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far apart two processors are: the time that a cache line takes from one to the other. A
 * hypervisor may move them between two runs, and a program on two cores then has another speed.
 * Prints nanoseconds for one way, median of many; null where there is only one processor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES	    2001
#define ROUND_TRIPS 100 /* for each sample */

/** struct ball - goes from one thread to the other and back: even numbers are this side's turn */
struct ball {
	_Alignas(64) _Atomic uint32_t turn;
	int other_cpu;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		fprintf(stderr, "placement: processor %d: %s\n", cpu, strerror(errno));
		exit(1);
	}
}

/* Two processors that this process may use. Return: whether there are two. */
static int two_cpus(int cpu[2])
{
	cpu_set_t set;
	int found = 0;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 0;
	for (int i = 0; i < CPU_SETSIZE && found < 2; i++)
		if (CPU_ISSET((size_t)i, &set))
			cpu[found++] = i;
	return found == 2;
}

static void *throw_back(void *arg)
{
	struct ball *ball = arg;

	stay_on(ball->other_cpu);
	for (uint32_t turn = 1; turn < 2 * SAMPLES * ROUND_TRIPS; turn += 2) {
		while (atomic_load_explicit(&ball->turn, memory_order_acquire) != turn)
			;
		atomic_store_explicit(&ball->turn, turn + 1, memory_order_release);
	}
	return NULL;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

int main(void)
{
	static struct ball ball;
	static uint64_t ns[SAMPLES];
	uint32_t turn = 0;
	pthread_t other;
	int cpu[2];

	if (!two_cpus(cpu)) {
		puts("null");
		return 0;
	}
	ball.other_cpu = cpu[1];
	if (pthread_create(&other, NULL, throw_back, &ball) != 0) {
		fputs("placement: no second thread\n", stderr);
		return 1;
	}
	stay_on(cpu[0]);
	for (unsigned int i = 0; i < SAMPLES; i++) {
		uint64_t start = now_ns();

		for (unsigned int n = 0; n < ROUND_TRIPS; n++, turn += 2) {
			atomic_store_explicit(&ball.turn, turn + 1, memory_order_release);
			while (atomic_load_explicit(&ball.turn, memory_order_acquire) != turn + 2)
				;
		}
		ns[i] = now_ns() - start;
	}
	pthread_join(other, NULL);
	qsort(ns, SAMPLES, sizeof(ns[0]), compare);
	printf("%.1f\n", (double)ns[SAMPLES / 2] / (2 * ROUND_TRIPS));
	return 0;
}
