/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_MOVER_H
#define VFNET_BENCH_MOVER_H

/*
 * Moves a null NIC from another core, so that descriptors and frames lie in that core's cache
 * afterwards. It moves when it is told to, and the caller waits.
 */

#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>

#include "bench/nullnic/nullnic.h"

enum mover_order { MOVER_NOTHING, MOVER_RECEIVE, MOVER_SEND, MOVER_CALL, MOVER_STOP };

/**
 * struct mover - a thread on a core of its own
 * @order: what to do
 * @nic:   with this card
 * @n:     good frames to receive
 * @moved: frames
 * @call:  what to call
 * @arg:   with
 * @asked: raised by the caller for each order
 * @done:  the last that was carried out
 */
struct mover {
	pthread_t thread;
	enum mover_order order;
	struct nullnic *nic;
	uint32_t n;
	uint32_t moved;
	void (*call)(void *arg);
	void *arg;
	alignas(64) uint32_t asked;
	alignas(64) uint32_t done;
};

/** mover_start() - begin to wait for orders, busily. Return: 0, or a negative errno. */
int mover_start(struct mover *mover, int cpu);

/** mover_stop() - no more orders. */
void mover_stop(struct mover *mover);

/**
 * mover_line_cycles() - how far away the other core is now
 *
 * A hypervisor may move the two apart, or together, at any moment.
 *
 * Return: TSC cycles that a line takes for one way: half an order without anything to do, median.
 */
uint64_t mover_line_cycles(struct mover *mover);

/** mover_receive() - nullnic_receive() over there. */
uint32_t mover_receive(struct mover *mover, struct nullnic *nic, uint32_t n);

/** mover_send() - nullnic_send() over there. */
void mover_send(struct mover *mover, struct nullnic *nic);

/** mover_call() - @call over there. */
void mover_call(struct mover *mover, void (*call)(void *arg), void *arg);

#endif
