/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_QUEUE_H
#define VFNET_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include <vfnet/cache.h>
#include <vfnet/err.h>
#include <vfnet/pkt.h>
#include <vfnet/port.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/**
 * struct vfnet_queue_opts - how to open a queue; zero means the default
 * @size:   sizeof(struct vfnet_queue_opts)
 * @index:  0 .. max_rx_queues - 1 or max_tx_queues - 1
 * @n_desc: descriptors, a multiple of 8 from 64 to 4096; 0 = 512. One always stays unused
 * @cache:  receive: where fresh buffers come from; send: where sent ones go. Owned by the thread
 *          that calls the queue's bursts; may serve several queues of that thread
 */
struct vfnet_queue_opts {
	size_t size;
	uint32_t index;
	uint32_t n_desc;
	struct vfnet_cache *cache;
};

/** struct vfnet_queue - what both kinds of queue have. */
struct vfnet_queue {
	/* private: */
	struct vfnet_port *port;
	struct vfnet_cache *cache;
	uint32_t index;
	uint32_t n_desc;
	uint32_t state; /* what the owner and service say to each other, lib/net/driver.h */
};

/** struct vfnet_rxq - a receive queue; one thread at a time calls it. */
struct vfnet_rxq {
	/* private: one call per burst */
	int (*burst)(struct vfnet_rxq *q, struct vfnet_pkt *pkt, unsigned int n);
	struct vfnet_queue common;
};

/** struct vfnet_txq - a transmit queue; one thread at a time calls it. */
struct vfnet_txq {
	/* private: one call per burst */
	int (*burst)(struct vfnet_txq *q, const struct vfnet_pkt *pkt, unsigned int n);
	struct vfnet_queue common;
};

/**
 * vfnet_rxq_open() - set up a receive ring, fill it with buffers and enable it
 * @port: the port
 * @opts: @cache is required
 * @out:  the queue; the caller closes it before the cache and the port
 * @err:  may be NULL
 *
 * Context: any thread; microseconds on a healthy card, up to 2 s on a sick one.
 * Return: 0; -EINVAL; -EBUSY that queue is open; -ENOBUFS the pool is smaller than all rings and
 * caches on it and VFNET_POOL_SPARE; -ENOMEM; -ENETDOWN the port is RESETTING, try again when it
 * runs; -ENODEV; -ETIMEDOUT the card does not enable it, or is reset just now.
 */
int vfnet_rxq_open(struct vfnet_port *port, const struct vfnet_queue_opts *opts,
		   struct vfnet_rxq **out, struct vfnet_err *err);

/** vfnet_txq_open() - set up a transmit ring and enable it; as vfnet_rxq_open(). */
int vfnet_txq_open(struct vfnet_port *port, const struct vfnet_queue_opts *opts,
		   struct vfnet_txq **out, struct vfnet_err *err);

/**
 * vfnet_rxq_close() - disable the ring and return its buffers
 * @q: the queue; NULL does nothing
 *
 * Frames that lie received in the ring are counted as rx_packets and drops.not_drained.
 *
 * Context: the queue's thread, or any after it has ended; 10 ms, up to 220 ms on a sick card.
 */
void vfnet_rxq_close(struct vfnet_rxq *q);

/**
 * vfnet_txq_close() - wait up to 10 ms for the card to finish, disable the ring, return its buffers
 * @q: the queue; NULL does nothing
 *
 * Frames that the card has not finished are counted as drops.not_drained, after a reset as
 * reset_unknown.
 *
 * Context: the queue's thread, or any after it has ended; 10 ms, up to 220 ms on a sick card.
 */
void vfnet_txq_close(struct vfnet_txq *q);

/**
 * vfnet_rx_burst() - take received packets off a queue, never blocks
 * @q:   owned by the calling thread
 * @pkt: room for @n values; filled from index 0; the caller owns the buffers
 * @n:   1..VFNET_BURST_MAX, and at least as many as the buffers of the port's longest frame
 *
 * Whole frames only. A broken chain longer than that is dropped and counted (bad_chain).
 *
 * Context: hot path: no system call, no lock, at most one register write. A burst that finds
 * nothing lets an inline software card move, which does what a card does.
 * Return: 0..n values; -EINVAL if @n is too small; -ENETDOWN while the port is RESETTING; -ENODEV
 * when the device is gone.
 */
static inline int vfnet_rx_burst(struct vfnet_rxq *q, struct vfnet_pkt *pkt, unsigned int n)
{
	return q->burst(q, pkt, n);
}

/**
 * vfnet_tx_burst() - hand packets to the card, never blocks
 * @q:   owned by the calling thread
 * @pkt: @n values; whole frames
 * @n:   1..VFNET_BURST_MAX
 *
 * The queue owns the buffers of the values that it took, and returns them to their pools when
 * the card has sent them; the caller still owns the rest. Frames shorter than 60 bytes are padded
 * on the wire. A frame that no card could send (too long, offload not offered) is taken, dropped
 * and counted, so that it never blocks the queue.
 *
 * Context: hot path: no system call, no lock, at most one register write.
 * Return: values taken, 0..n, less than @n when the ring is full (never a part of a frame);
 * -EINVAL if the last value has MORE; -ENETDOWN and -ENODEV, with nothing taken, as in
 * vfnet_rx_burst().
 */
static inline int vfnet_tx_burst(struct vfnet_txq *q, const struct vfnet_pkt *pkt, unsigned int n)
{
	return q->burst(q, pkt, n);
}

/**
 * vfnet_txq_reclaim() - return the buffers of sent frames to their pools now
 * @q: owned by the calling thread
 *
 * Bursts do this by themselves; call it when no more bursts follow, or none for long: a port comes
 * back from a reset only when each of its queues is called or parked.
 *
 * Context: hot path.
 * Return: frames that the card has not finished.
 */
uint32_t vfnet_txq_reclaim(struct vfnet_txq *q);

/**
 * vfnet_rxq_park() - say that this thread stays away from the queue until its next call on it
 * @q: owned by the calling thread
 *
 * For a thread that goes to sleep or does something else for long. When service has to stop a
 * queue it may only touch the ring once the owner has seen it in a burst; the owner of a parked
 * queue has agreed beforehand, so service need not wait for it. The next burst, reclaim or park
 * takes the queue back, if service has not stopped it meanwhile.
 *
 * Context: the queue's thread; as cheap as an empty burst. Frames still arrive in the ring; after a
 * reset only once the owner has called again.
 */
void vfnet_rxq_park(struct vfnet_rxq *q);

/** vfnet_txq_park() - as vfnet_rxq_park(). What was handed to the card is still sent. */
void vfnet_txq_park(struct vfnet_txq *q);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
