/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_VM_PAIR_H
#define VFNET_TESTS_VM_PAIR_H

/* Two ports of one process that send frames to each other: what the guest's test programs share. */

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/vfnet.h>

/** struct pair_end - a port with a queue each way; its owner calls it from one thread. */
struct pair_end {
	struct vfnet_port *port;
	struct vfnet_rxq *rxq;
	struct vfnet_txq *txq;
	struct vfnet_port_info info;
};

struct pair {
	struct vfnet *v;
	struct vfnet_pool *pool;
	struct vfnet_cache *cache;
	struct pair_end end[2];
};

/**
 * pair_open() - open both and wait until they have link
 * @names: such as "pci:0000:01:10.0"
 *
 * Return: true; false, and said why on stderr: for pair_close() all the same.
 */
bool pair_open(struct pair *pair, char *const *names);

/** pair_close() - close what is open. Return: whether all went well. */
bool pair_close(struct pair *pair);

/** pair_serve() - service and a look at each queue, so that a port comes back from a reset. */
void pair_serve(struct pair *pair);

/**
 * pair_exchange() - send @n frames from one end to the other, one after the other
 * @from: 0 or 1
 *
 * Return: frames that arrived as they were sent, each within a second.
 */
unsigned int pair_exchange(struct pair *pair, unsigned int from, unsigned int n);

/** pair_wait_state() - serve until a port is in @state. Return: whether within @ms. */
bool pair_wait_state(struct pair *pair, unsigned int end, enum vfnet_port_state state,
		     unsigned int ms);

/** pair_now_ns() - CLOCK_MONOTONIC. */
uint64_t pair_now_ns(void);

#endif
