/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "bench/vm/measure.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/chip/82576_regs.h"

#define IOVA	    (UINT64_C(4) << 30)
#define RAISER_CPU  0 /* raises interrupts */
#define SLEEPER_CPU 1 /* takes them, and wakes */

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

struct samples samples_make(const char *what, size_t count)
{
	struct samples samples = {.what = what, .count = count};
	unsigned int d;

	for (d = 0; d < DOORS; d++) {
		samples.ns[d] = calloc(count, sizeof(*samples.ns[d]));
		if (samples.ns[d] == NULL)
			door_fail("memory for %zu samples", count);
	}
	return samples;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

void samples_sort(struct samples *samples)
{
	unsigned int d;

	for (d = 0; d < DOORS; d++)
		qsort(samples->ns[d], samples->count, sizeof(*samples->ns[d]), compare);
}

uint64_t samples_at(const struct samples *samples, unsigned int door, unsigned int permille)
{
	return samples->ns[door][(samples->count - 1) * permille / 1000];
}

void measure_map(const struct door doors[DOORS], void *memory, size_t size, struct samples *map,
		 struct samples *unmap)
{
	uint64_t start, middle;
	unsigned int d;
	size_t i;

	for (i = 0; i < map->count; i++) {
		for (d = 0; d < DOORS; d++) {
			start = now_ns();
			doors[d].map(&doors[d], memory, IOVA, size);
			middle = now_ns();
			doors[d].unmap(&doors[d], memory, IOVA, size);
			unmap->ns[d][i] = now_ns() - middle;
			map->ns[d][i] = middle - start;
		}
	}
}

void measure_config(const struct door doors[DOORS], struct samples *samples)
{
	uint64_t start;
	uint32_t value;
	unsigned int d;
	size_t i;

	for (i = 0; i < samples->count; i++) {
		for (d = 0; d < DOORS; d++) {
			start = now_ns();
			if (pread(doors[d].fd, &value, 4, (off_t)doors[d].config + PCI_COMMAND) !=
			    4)
				door_fail("read configuration space of %s", doors[d].name);
			samples->ns[d][i] = now_ns() - start;
		}
	}
}

/* ---- interrupts ---- */

/**
 * struct sleeper - a thread that sleeps in read() of an eventfd
 * @event: the eventfd
 * @woken: when it woke last; it then sleeps again
 * @end:   do not
 */
struct sleeper {
	int event;
	pthread_t thread;
	_Atomic uint64_t woken;
	_Atomic int end;
};

static void *sleep_on_event(void *arg)
{
	struct sleeper *sleeper = arg;
	uint64_t count;

	while (read(sleeper->event, &count, sizeof(count)) == sizeof(count) && !sleeper->end)
		sleeper->woken = now_ns();
	return NULL;
}

static volatile uint32_t *vf_register(const struct door *door, uint32_t offset)
{
	return (volatile uint32_t *)(door->bar0 + offset);
}

static void pin_thread(pthread_t thread, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	errno = pthread_setaffinity_np(thread, sizeof(set), &set);
	if (errno != 0)
		door_fail("a thread on CPU %u", cpu);
}

/* The interrupts of both drivers go to the sleepers' CPU: what is left is the drivers' own. */
static void pin_interrupts(void)
{
	FILE *interrupts = fopen("/proc/interrupts", "re"), *affinity;
	char line[512], path[64];
	unsigned int irq;

	if (interrupts == NULL)
		door_fail("open /proc/interrupts");
	while (fgets(line, sizeof(line), interrupts) != NULL) {
		if (strstr(line, "vfio") == NULL || sscanf(line, "%u:", &irq) != 1)
			continue;
		snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity_list", irq);
		affinity = fopen(path, "we");
		if (affinity == NULL || fprintf(affinity, "%d\n", SLEEPER_CPU) < 0 ||
		    fclose(affinity) != 0)
			door_fail("write %s", path);
	}
	fclose(interrupts);
}

static void sleeper_start(struct sleeper *sleeper, const struct door *door)
{
	sleeper->event = eventfd(0, EFD_CLOEXEC);
	if (sleeper->event < 0 || pthread_create(&sleeper->thread, NULL, sleep_on_event, sleeper))
		door_fail("a thread that sleeps on an eventfd");
	pin_thread(sleeper->thread, SLEEPER_CPU);
	door->interrupt(door, sleeper->event);
	*vf_register(door, IGBVF_VTEIAC) = 1; /* sending the message clears the cause */
	*vf_register(door, IGBVF_VTEIMS) = 1;
}

static void sleeper_stop(struct sleeper *sleeper)
{
	uint64_t one = 1;

	sleeper->end = 1;
	if (write(sleeper->event, &one, sizeof(one)) != sizeof(one))
		door_fail("wake the thread");
	pthread_join(sleeper->thread, NULL);
	close(sleeper->event);
}

/* Raises the interrupt while the other thread sleeps. Bounded: an interrupt that is lost ends the
 * program. */
static uint64_t wake_once(struct sleeper *sleeper, const struct door *door)
{
	const struct timespec doze = {.tv_nsec = 500 * 1000};
	uint64_t start;

	nanosleep(&doze, NULL); /* the other thread gets to sleep */
	sleeper->woken = 0;
	start = now_ns();
	*vf_register(door, IGBVF_VTEICS) = 1;
	while (sleeper->woken == 0)
		if (now_ns() - start > UINT64_C(5000000000))
			door_fail("an interrupt of %s did not come", door->name);
	return sleeper->woken - start;
}

void measure_interrupt(const struct door doors[DOORS], struct samples *samples)
{
	struct sleeper sleepers[DOORS] = {0};
	unsigned int d;
	size_t i;

	pin_thread(pthread_self(), RAISER_CPU);
	for (d = 0; d < DOORS; d++)
		sleeper_start(&sleepers[d], &doors[d]);
	pin_interrupts();
	for (i = 0; i < samples->count; i++)
		for (d = 0; d < DOORS; d++)
			samples->ns[d][i] = wake_once(&sleepers[d], &doors[d]);
	for (d = 0; d < DOORS; d++)
		sleeper_stop(&sleepers[d]);
}

void measure_reset(const struct door doors[DOORS], struct samples *samples)
{
	uint64_t start;
	unsigned int d;
	size_t i;

	for (i = 0; i < samples->count; i++) {
		for (d = 0; d < DOORS; d++) {
			start = now_ns();
			doors[d].reset(&doors[d]);
			samples->ns[d][i] = now_ns() - start;
		}
	}
}
