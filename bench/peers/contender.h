/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BENCH_CONTENDER_H
#define VFNET_BENCH_CONTENDER_H

/*
 * A driver on a null NIC, ours or another's, behind calls that are made once for each window of
 * CONTENDER_WINDOW packets. What is in the calls is each contender's own loop over its own burst
 * calls, as an application has it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "bench/nullnic/nullnic.h"

/**
 * CONTENDER_WINDOW - good frames that are there before the time is taken
 *
 * Two bursts of 32, or one of 64: the more there are, the more does the card, on this core, leave
 * in the first cache, where a real one leaves nothing.
 */
#define CONTENDER_WINDOW 64u
/** CONTENDER_POOL_WINDOW - buffers that are taken and put back in a window of a pool. */
#define CONTENDER_POOL_WINDOW 1024u
/** CONTENDER_ROOM - frames of a window at most, the damaged ones with them, and a burst. */
#define CONTENDER_ROOM (4 * CONTENDER_WINDOW)
/** CONTENDER_RING - descriptors of each ring. */
#define CONTENDER_RING 256u
/** CONTENDER_AHEAD - packets between a header that is rewritten and the one that is prefetched. */
#define CONTENDER_AHEAD 8u

/** enum contender_touch - what the loop does with a packet's header. */
enum contender_touch { CONTENDER_IO, CONTENDER_SWAP };

struct contender;

/**
 * struct contender_counts - what the driver says of itself since it was opened
 * @rx_packets: good frames received
 * @rx_errors:  damaged frames that it dropped
 */
struct contender_counts {
	uint64_t rx_packets;
	uint64_t rx_errors;
};

/**
 * struct contender_ops - what a contender does; bursts of @burst packets throughout
 * @name:      in reports
 * @burst_min: smallest burst that its receive call knows
 */
struct contender_ops {
	const char *name;
	unsigned int burst_min;

	/**
	 * @open: bind the driver to @c->nic; to be closed in any case
	 * @n_bufs: of the pool
	 * @held:   packets that the delay line holds; 0 = there is none
	 *
	 * Return: 0, or a negative errno after a line on standard error.
	 */
	int (*open)(struct contender *c, uint32_t n_bufs, uint32_t held);
	/**
	 * @close: also what open has left half open
	 *
	 * Return: 0, or a negative errno after a line on standard error: buffers are missing.
	 */
	int (*close)(struct contender *c);

	/** @receive: take @n packets, keep them. Return: how many came; less where it drops some.
	 */
	unsigned int (*receive)(struct contender *c, unsigned int n, unsigned int burst);
	/** @send: send the @n packets that were kept. Return: how many were taken. */
	unsigned int (*send)(struct contender *c, unsigned int n, unsigned int burst);
	/** @forward: receive @n packets, touch, send. Return: how many were sent. */
	unsigned int (*forward)(struct contender *c, unsigned int n, unsigned int burst,
				enum contender_touch touch);
	/** @delayed: as @forward, but each packet waits in the delay line until that is full. */
	unsigned int (*delayed)(struct contender *c, unsigned int n, unsigned int burst,
				enum contender_touch touch);
	/** @drain: send up to @n packets from the delay line, not touched. */
	unsigned int (*drain)(struct contender *c, unsigned int n, unsigned int burst);
	/**
	 * @pool: take @n buffers and put them back, in calls for @bulk: put after each call, or
	 * after @run buffers, which are more than the thread keeps to itself; NULL = as another's
	 */
	void (*pool)(struct contender *c, unsigned int n, unsigned int bulk, unsigned int run);
	/** @pool_take: take @n buffers, in calls for @bulk; NULL as @pool */
	void (*pool_take)(struct contender *c, unsigned int n, unsigned int bulk);
	/** @pool_fetch: on another core: which they are comes here, so that @pool_give has it */
	void (*pool_fetch)(struct contender *c, unsigned int n);
	/** @pool_give: on that core: put them back, with what that thread keeps to itself */
	void (*pool_give)(struct contender *c, unsigned int n, unsigned int bulk);
	/** @shuffle: put the pool's buffers into an order without order. Return: 0; -ENOMEM. */
	int (*shuffle)(struct contender *c);
	void (*count)(struct contender *c, struct contender_counts *counts);
};

/**
 * struct contender - first member of a contender's own struct
 * @layout: of the card that it drives
 * @nic:    that card
 * @cpu:    that the process runs on
 */
struct contender {
	const struct contender_ops *ops;
	const struct nullnic_layout *layout;
	struct nullnic *nic;
	int cpu;
};

/* What there is; the first only in a build without DPDK. */
struct contender *contender_vfnet(void);
struct contender *contender_dpdk_igb(void);
struct contender *contender_dpdk_igb_native(void);
struct contender *contender_dpdk_ixgbe(void);

/**
 * contender_collapse() - have memory in pages of 2 MiB, without any being reserved
 *
 * So that nobody pays for address translation more than others: all contenders' memory goes through
 * here, and what is touched there later comes in such pages too, if the kernel agrees.
 */
void contender_collapse(void *base, uint64_t bytes);

/** contender_pages() - bytes of a range that are there, and those of them in pages of 2 MiB. */
void contender_pages(const void *base, uint64_t bytes, uint64_t *resident, uint64_t *huge);

/** contender_shuffle() - @n entries of @size bytes at @entries, by one fixed sequence. */
void contender_shuffle(void *entries, uint32_t n, uint32_t size);

#endif
