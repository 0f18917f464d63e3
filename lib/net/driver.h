/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_NET_DRIVER_H
#define VFNET_NET_DRIVER_H

/*
 * The contract between lib/net and a driver. A port and its queues are the driver's own structs
 * that begin with the structs here.
 *
 * Who may touch what: the queue's thread, its owner, calls burst, reclaim and park.
 * vfnet_port_service() may run on another thread. To set a ring up again after a reset it stops the
 * queue by its state word, which each burst reads once, in a line it has anyway, and waits until it
 * is PARKED: because the owner saw that word, or said beforehand, by vfnet_rxq_park(), that it is
 * away. Then service has the function reset and programs the ring as an empty one. What was in the
 * ring, and the buffers, stay the owner's business: its first call afterwards puts them back and
 * counts, with the cache that belongs to its thread. So service never touches them.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <vfnet/port.h>
#include <vfnet/queue.h>

#include "lib/base/bits.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/dev/dev.h"

/** VFNET_PORT_QUEUES - most queue pairs of a port; an 82576 VF has 2 [Q]. */
#define VFNET_PORT_QUEUES 2

#ifdef __cplusplus
extern "C" {
#endif

struct vfnet_driver;
struct vfnet_service_thread;
struct vfnet_rxq_wait;

/*
 * vfnet_queue.state, changed by compare and exchange:
 *
 *             owner calls                     service sets the ring up
 *     AWAY <-------------> RUN      PARKED ---------------------------> FRESH
 *       |    owner parks    |          ^  <----------------------------   |
 *       |                   | service  |         service stops            | owner calls:
 *       |                   v          |                                  v -> RUN
 *       +--> PARKED       DOWN --------+
 *        service stops         owner calls
 *
 * and from everywhere to GONE, for good.
 */
enum vfnet_queue_state {
	VFNET_QUEUE_RUN = 0,
	VFNET_QUEUE_AWAY,   /* parked by its owner, whose next call makes it RUN again */
	VFNET_QUEUE_DOWN,   /* service wants the ring, its owner may be inside */
	VFNET_QUEUE_PARKED, /* the ring is service's; bursts say -ENETDOWN, as in DOWN */
	VFNET_QUEUE_FRESH,  /* set up anew; its owner has not called since */
	VFNET_QUEUE_GONE,   /* bursts say -ENODEV */
};

/** VFNET_QUEUE_WAS_FRESH - see vfnet_queue_begin(). */
#define VFNET_QUEUE_WAS_FRESH 1

/** vfnet_queue_return() - the other half of vfnet_queue_begin(): not RUN. */
int vfnet_queue_return(struct vfnet_queue *queue);

/**
 * vfnet_queue_begin() - whether a burst may touch its ring
 * @queue: the queue
 *
 * Context: hot path, the owner.
 * Return: 0; VFNET_QUEUE_WAS_FRESH: the ring was set up anew, put back what was in it and go on;
 * negative, what the burst returns: -ENETDOWN or -ENODEV.
 */
static inline int vfnet_queue_begin(struct vfnet_queue *queue)
{
	if (vfnet_likely(vfnet_word_load(&queue->state) == VFNET_QUEUE_RUN))
		return 0;
	return vfnet_queue_return(queue);
}

/**
 * vfnet_queue_look() - as vfnet_queue_begin(), for its owner's other calls
 *
 * Return: also VFNET_QUEUE_WAS_FRESH; it still is, the next burst puts back what was in the ring.
 */
int vfnet_queue_look(struct vfnet_queue *queue);

/** vfnet_queue_park() - the owner stays away until its next call. */
void vfnet_queue_park(struct vfnet_queue *queue);

/**
 * vfnet_queue_stop() - service stops a queue
 * @state: DOWN, or GONE
 *
 * Guarantees: one whose owner is not inside is PARKED when this returns; another one when its
 * owner has called.
 */
void vfnet_queue_stop(struct vfnet_queue *queue, enum vfnet_queue_state state);

/** vfnet_port_has_queue() - whether a queue is open. */
bool vfnet_port_has_queue(const struct vfnet_port *port);

/**
 * vfnet_port_stop() - stop all open queues, wake who sleeps on one
 *
 * Context: the caller has the port's lock, as service has.
 */
void vfnet_port_stop(struct vfnet_port *port, enum vfnet_queue_state state);

/** vfnet_port_is_parked() - whether all open queues are PARKED; as vfnet_port_stop(). */
bool vfnet_port_is_parked(const struct vfnet_port *port);

/** vfnet_port_restart() - all rings are set up and empty: PARKED queues become FRESH. */
void vfnet_port_restart(struct vfnet_port *port);

/**
 * struct vfnet_port - what lib/net knows of a port; first member of the driver's own struct
 * @driver:    its driver
 * @v:         the context
 * @dev:       the function
 * @log:       the context's sink
 * @mac:       the address in force, set by the driver's open
 * @mtu:       bytes
 * @state:     enum vfnet_port_state, written by service with vfnet_word_store()
 * @simd:      for its queues, never AUTO; set by the driver's open from its options
 * @link_word: bit 31 up, bit 30 full duplex, 29:0 speed in Mb/s; VFNET_LINK_WORD_*, likewise
 * @lock:      held by lib/net around every driver call below but open, close, and those that
 *             belong to a queue's thread: reclaim, ready, arm, disarm
 * @event_fd:  eventfd that the driver has signalled when service should run early, atomic; -1 =
 *             not asked for
 * @poll_fd:   what vfnet_port_fd() returns: @event_fd, or an epoll of it and of the device's
 *             request_fd
 * @thread:    calls service, lib/net/service.c; NULL = none
 * @rxqs, @txqs: open queues by index, kept by lib/net, stable under @lock
 * @waits:     of those @rxqs that can be slept on, lib/net/wait.c, likewise
 * @base:      counts of queues that are closed, and what service extended to 64 bits; the driver
 *             writes it in calls that hold @lock
 *
 * The driver fills mac, mtu, simd, state and link_word in its open; lib/net the rest after it.
 */
struct vfnet_port {
	const struct vfnet_driver *driver;
	struct vfnet *v;
	struct vfnet_dev *dev;
	const struct vfnet_log *log;
	uint8_t mac[6];
	uint32_t mtu;
	enum vfnet_simd simd;
	uint32_t state;
	uint32_t link_word;
	pthread_mutex_t lock;
	int event_fd;
	int poll_fd;
	struct vfnet_service_thread *thread;
	struct vfnet_rxq *rxqs[VFNET_PORT_QUEUES];
	struct vfnet_txq *txqs[VFNET_PORT_QUEUES];
	struct vfnet_rxq_wait *waits[VFNET_PORT_QUEUES];
	struct vfnet_counters base;
};

/* service.c */
/** vfnet_service_thread_start() - a thread that calls service until vfnet_service_end(). */
int vfnet_service_thread_start(struct vfnet_port *port, struct vfnet_err *err);
/** vfnet_service_end() - end the thread and the events, as far as they are there. */
void vfnet_service_end(struct vfnet_port *port);

/* wait.c */
/**
 * vfnet_fd_join() - one descriptor for two
 * @b:      -1 = there is none
 * @b_when: how the epoll watches @b: EPOLLIN; with EPOLLET epoll_wait() takes what @b has signalled
 *
 * Return: an epoll that is readable when @a or @b is, or @a itself; a negative errno.
 */
int vfnet_fd_join(int a, int b, uint32_t b_when);
/** vfnet_port_wake() - make the descriptors of all queues readable. The caller has the lock. */
void vfnet_port_wake(const struct vfnet_port *port);
/** vfnet_rxq_wait_end() - the queue closes: let go of its interrupt. The caller has the lock. */
void vfnet_rxq_wait_end(struct vfnet_rxq *q);

/** enum vfnet_filter_kind - what changes about the frames that a port gets. */
enum vfnet_filter_kind {
	VFNET_FILTER_MULTICAST, /* the groups are @addrs */
	VFNET_FILTER_ALLMULTI,	/* all groups: @on */
	VFNET_FILTER_VLAN,	/* @vid: @on */
	VFNET_FILTER_MAC_ADD,	/* the first of @addrs */
	VFNET_FILTER_MAC_CLEAR,
};

/**
 * struct vfnet_filter - a call of <vfnet/filter.h>, checked
 * @addrs:   6 bytes each
 * @n_addrs: for MULTICAST
 */
struct vfnet_filter {
	enum vfnet_filter_kind kind;
	const uint8_t *addrs;
	unsigned int n_addrs;
	uint16_t vid;
	bool on;
};

/**
 * struct vfnet_driver - one kind of function
 * @name:          "igbvf"
 * @max_rx_queues: that a port can open, at most 2
 * @max_tx_queues: at most 2
 * @max_mtu:       bytes
 */
struct vfnet_driver {
	const char *name;
	uint32_t max_rx_queues;
	uint32_t max_tx_queues;
	uint32_t max_mtu;

	/** @match: whether it drives this vendor and device. */
	bool (*match)(uint16_t vendor, uint16_t device);

	/**
	 * @open: bring the function up
	 * @dev:  attached, mapped, reset, bus master on
	 * @opts: checked; simd is never AUTO
	 * @out:  the port, with mac, mtu, simd, state and link_word filled; lib/net fills the rest
	 *        before any other call
	 *
	 * Return: 0; -ENETDOWN, -ETIMEDOUT, -EPROTO, -ENODEV, -ENOMEM. Nothing is held then.
	 */
	int (*open)(struct vfnet_dev *dev, const struct vfnet_log *log,
		    const struct vfnet_port_opts *opts, struct vfnet_port **out,
		    struct vfnet_err *err);

	/**
	 * @close: quiesce and free the port; no queue is open
	 *
	 * Guarantees: the function writes no more memory.
	 */
	void (*close)(struct vfnet_port *port);

	/**
	 * @rxq_open: as vfnet_rxq_open()
	 * @common: the options, checked; becomes the queue's own. lib/net has committed n_desc
	 *          buffers of the cache's pool and holds the cache
	 *
	 * Return: 0; -ENOBUFS, -ENOMEM, -ETIMEDOUT ...
	 */
	int (*rxq_open)(struct vfnet_port *port, const struct vfnet_queue *common,
			struct vfnet_rxq **out, struct vfnet_err *err);
	int (*txq_open)(struct vfnet_port *port, const struct vfnet_queue *common,
			struct vfnet_txq **out, struct vfnet_err *err);

	/** @rxq_close: stop, return buffers, add the queue's counts to port->base, free it. */
	void (*rxq_close)(struct vfnet_port *port, struct vfnet_rxq *q);
	void (*txq_close)(struct vfnet_port *port, struct vfnet_txq *q);

	/** @rxq_count, @txq_count: add an open queue's own counts to @sum. Any thread. */
	void (*rxq_count)(const struct vfnet_rxq *q, struct vfnet_counters *sum);
	void (*txq_count)(const struct vfnet_txq *q, struct vfnet_counters *sum);

	/** @txq_reclaim: as vfnet_txq_reclaim(). */
	uint32_t (*txq_reclaim)(struct vfnet_txq *q);

	/**
	 * @service: as vfnet_port_service()
	 *
	 * From RESETTING it comes back by vfnet_port_stop(), then, once vfnet_port_is_parked(),
	 * the registers, then vfnet_port_restart().
	 */
	uint64_t (*service)(struct vfnet_port *port, uint64_t now_ns);

	/**
	 * @give_back: the function's owner wants it back, and lib/net gives it back next: the port
	 * is GONE. Read its counters for the last time, and have it write no more memory. Does not
	 * wait, and may find the device gone.
	 */
	void (*give_back)(struct vfnet_port *port);

	/**
	 * @events: have @fd, an eventfd, signalled when service should run early; -1 ends that.
	 * NULL = the function cannot
	 *
	 * Return: 0, or what irq_set of its bus said.
	 */
	int (*events)(struct vfnet_port *port, int fd, struct vfnet_err *err);

	/**
	 * @rxq_irq: have @fd, an eventfd, signalled by the queue's interrupt; -1 ends that. It is
	 * masked until rxq_arm(). NULL = the function cannot, and the next three are not called
	 *
	 * Return: 0, or what irq_set of its bus said; then nothing has changed.
	 */
	int (*rxq_irq)(struct vfnet_port *port, struct vfnet_rxq *q, int fd, struct vfnet_err *err);

	/** @rxq_ready: whether a burst has something to do: frames, or a ring without buffers. */
	bool (*rxq_ready)(const struct vfnet_rxq *q);

	/**
	 * @rxq_arm: unmask the queue's interrupt, make sure that the card knows, look once more
	 *
	 * Runs beside service.
	 * Return: 0 armed; 1 masked again, as rxq_ready() says yes; -ENODEV.
	 */
	int (*rxq_arm)(struct vfnet_rxq *q);

	/** @rxq_disarm: mask it. */
	void (*rxq_disarm)(struct vfnet_rxq *q);

	/**
	 * @filter: change which frames the port gets, as the calls of <vfnet/filter.h>; waits for
	 * the physical function, bounded. What cannot be asked because of a reset is told with all
	 * that was asked before, when the port comes back. NULL = the function has no filters
	 *
	 * Return: as those calls, with the sentence.
	 */
	int (*filter)(struct vfnet_port *port, const struct vfnet_filter *filter,
		      struct vfnet_err *err);
};

/* The packed form of struct vfnet_link in vfnet_port.link_word. */
#define VFNET_LINK_WORD_UP     0x80000000u
#define VFNET_LINK_WORD_DUPLEX 0x40000000u
#define VFNET_LINK_WORD_SPEED  0x3fffffffu

/** vfnet_drivers - NULL-terminated; drivers/net/drivers.c is the one list that points upward. */
extern const struct vfnet_driver *const vfnet_drivers[];

#ifdef __cplusplus
}
#endif

#endif
