/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_WAIT_H
#define VFNET_WAIT_H

/*
 * Sleeping until frames arrive. Polling is the default: a queue interrupts only while it is armed.
 *
 * One queue, nothing else to do:       Several queues, or other descriptors as well:
 *
 *     while (running) {                    fd = vfnet_rxq_fd(q, &err);     once
 *         n = vfnet_rx_burst(...)          while (running) {
 *         ...                                  n = vfnet_rx_burst(...)
 *         if (n == 0)                          ...
 *             vfnet_wait(q, ...);              if (n == 0 && vfnet_rxq_arm(q) == 0) {
 *     }                                            poll(... fd ..., at most 100 ms);
 *                                                  vfnet_rxq_disarm(q);
 *                                              }
 *                                          }
 *
 * To sleep on several queues arm each in turn. When one says 1, disarm those before it and call its
 * burst; one that says -ENETDOWN has nothing to wake for, it comes back by service. Disarm all
 * afterwards. apps/vfnet-fwd/wait.c does this.
 *
 * Waking up for nothing is normal. An interrupt may get lost, so nobody sleeps for ever:
 * vfnet_wait() looks at the ring every 100 ms, and a program with a poll() of its own does too.
 */

#include <stdint.h>

#include <vfnet/err.h>
#include <vfnet/queue.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/**
 * vfnet_rxq_fd() - a descriptor that becomes readable when an armed queue has frames
 * @q:   owned by the calling thread
 * @err: may be NULL
 *
 * For poll() and its kin. The first call connects the queue's interrupt; without it, or
 * vfnet_wait(), a queue has none. With software cards that the program's own calls move (inline)
 * the descriptor is also readable when the wire has frames, and every 20 ms.
 *
 * Context: not in hot paths; while another thread opens or closes a queue it waits for that.
 * Return: the descriptor, always the same. It belongs to the queue, which reads and closes it.
 * -ENOTSUP the device has no interrupts; -ENOSPC the machine has no interrupt vectors left;
 * -EMFILE, -ENFILE, -ENOMEM, -ENODEV.
 */
int vfnet_rxq_fd(struct vfnet_rxq *q, struct vfnet_err *err);

/**
 * vfnet_rxq_arm() - let the queue interrupt when a frame arrives, unless there is one already
 * @q: owned by the calling thread; vfnet_rxq_fd() was called
 *
 * After 0 the thread may sleep until the descriptor is readable, and leaves the queue alone: it is
 * parked, as by vfnet_rxq_park(). vfnet_rxq_disarm() comes next. A queue without descriptors for
 * the card (its pool is empty) is not armed: only bursts help it.
 *
 * Context: two register accesses, one of them a read: about 2 us on hardware. No locks.
 * Return: 0 armed; 1 not armed, call vfnet_rx_burst() now; -EINVAL without vfnet_rxq_fd();
 * -ENETDOWN while the physical function is in reset, -ENODEV when the device is gone, as bursts
 * say. Guarantees: after 0, a frame that this call did not see makes the descriptor readable, and
 * so does whatever stops the queue's bursts (a reset, an unplug).
 */
int vfnet_rxq_arm(struct vfnet_rxq *q);

/**
 * vfnet_rxq_disarm() - back to polling, after a sleep or instead of it
 * @q: owned by the calling thread; an armed queue, or any
 *
 * Context: one register write and one system call.
 */
void vfnet_rxq_disarm(struct vfnet_rxq *q);

/**
 * vfnet_wait() - wait for frames on one queue: poll for a while, then sleep
 * @q:          owned by the calling thread, to service it counts as parked while this sleeps
 * @poll_ns:    how long to poll before sleeping; 0 = sleep at once
 * @timeout_ns: how long to wait in all; 0 = one look; UINT64_MAX = without end
 * @err:        may be NULL
 *
 * A thread that also calls vfnet_port_service() wants a timeout of at most
 * VFNET_SERVICE_PERIOD_NS. Frames are not taken: vfnet_rx_burst() does that.
 *
 * Context: blocks. The timeout does not hurry a thread that the system does not run.
 * Return: 1 call vfnet_rx_burst(), which may rarely find nothing; 0 the time is over; -EINTR a
 * signal handler ran; -ENETDOWN, -ENODEV as vfnet_rx_burst(), also when it happens during the
 * sleep; what vfnet_rxq_fd() returns.
 */
int vfnet_wait(struct vfnet_rxq *q, uint64_t poll_ns, uint64_t timeout_ns, struct vfnet_err *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
