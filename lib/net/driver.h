/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_NET_DRIVER_H
#define VFNET_NET_DRIVER_H

/*
 * The contract between lib/net and a driver. A port and its queues are the driver's own structs
 * that begin with the structs here.
 *
 * Who may touch what: the queue's thread calls burst and reclaim. vfnet_port_service() may run on
 * another thread. It stops a queue by setting its state word to something other than RUN; a burst
 * reads that word once, in a line it has anyway, and then calls vfnet_queue_park(). Service may
 * touch a ring only after that; today none does, a port that was reset is closed and reopened.
 */

#include <pthread.h>
#include <stdint.h>

#include <vfnet/port.h>
#include <vfnet/queue.h>

#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/dev/dev.h"

/** VFNET_PORT_QUEUES - most queue pairs of a port; an 82576 VF has 2 [Q]. */
#define VFNET_PORT_QUEUES 2

struct vfnet_driver;

/* The state word of a queue: what service wants. */
enum vfnet_queue_state {
	VFNET_QUEUE_RUN = 0,
	VFNET_QUEUE_DOWN, /* bursts say -ENETDOWN */
	VFNET_QUEUE_GONE, /* bursts say -ENODEV */
};

/**
 * struct vfnet_queue_word - what a queue's thread and service say to each other
 * @state:  enum vfnet_queue_state, written by service, read once per burst
 * @parked: set by the queue's thread when it saw state other than RUN; from then on until service
 *          clears it the thread touches nothing of the ring
 *
 * Access both by vfnet_word_load() and vfnet_word_store().
 */
struct vfnet_queue_word {
	uint32_t state;
	uint32_t parked;
};

/**
 * vfnet_queue_runs() - whether a burst may touch its ring
 * @word: the queue's word
 *
 * Context: hot path, the queue's thread.
 */
static inline bool vfnet_queue_runs(const struct vfnet_queue_word *word)
{
	return vfnet_word_load(&word->state) == VFNET_QUEUE_RUN;
}

/** vfnet_queue_park() - say PARKED. Return: what the burst returns: -ENETDOWN or -ENODEV. */
int vfnet_queue_park(struct vfnet_queue_word *word);

/**
 * struct vfnet_port - what lib/net knows of a port; first member of the driver's own struct
 * @driver:    its driver
 * @v:         the context
 * @dev:       the function
 * @log:       the context's sink
 * @mac:       the address in force, set by the driver's open
 * @mtu:       bytes
 * @state:     enum vfnet_port_state, written by service with vfnet_word_store()
 * @link_word: bit 31 up, bit 30 full duplex, 29:0 speed in Mb/s; VFNET_LINK_WORD_*, likewise
 * @lock:      held by lib/net around every driver call below but open, close, reclaim
 * @rxqs, @txqs: open queues by index, kept by lib/net, stable under @lock
 * @base:      counts of queues that are closed, and what service extended to 64 bits; the driver
 *             writes it in calls that hold @lock
 *
 * The driver fills mac, mtu, state and link_word in its open; lib/net the rest after it.
 */
struct vfnet_port {
	const struct vfnet_driver *driver;
	struct vfnet *v;
	struct vfnet_dev *dev;
	const struct vfnet_log *log;
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t state;
	uint32_t link_word;
	pthread_mutex_t lock;
	struct vfnet_rxq *rxqs[VFNET_PORT_QUEUES];
	struct vfnet_txq *txqs[VFNET_PORT_QUEUES];
	struct vfnet_counters base;
};

/**
 * struct vfnet_queue_setup - a checked struct vfnet_queue_opts
 * @index, @n_desc, @cache: as there, in range
 *
 * lib/net has committed @n_desc buffers of the cache's pool and holds the cache. It fills the
 * queue's struct vfnet_queue after the driver's open.
 */
struct vfnet_queue_setup {
	uint32_t index;
	uint32_t n_desc;
	struct vfnet_cache *cache;
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
	 * @opts: checked
	 * @out:  the port, with mac, mtu, state and link_word filled; lib/net fills the rest
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

	/** @rxq_open: as vfnet_rxq_open(). Return: 0; -ENOBUFS, -ENOMEM, -ETIMEDOUT ... */
	int (*rxq_open)(struct vfnet_port *port, const struct vfnet_queue_setup *setup,
			struct vfnet_rxq **out, struct vfnet_err *err);
	int (*txq_open)(struct vfnet_port *port, const struct vfnet_queue_setup *setup,
			struct vfnet_txq **out, struct vfnet_err *err);

	/** @rxq_close: stop, return buffers, add the queue's counts to port->base, free it. */
	void (*rxq_close)(struct vfnet_port *port, struct vfnet_rxq *q);
	void (*txq_close)(struct vfnet_port *port, struct vfnet_txq *q);

	/** @rxq_count, @txq_count: add an open queue's own counts to @sum. Any thread. */
	void (*rxq_count)(const struct vfnet_rxq *q, struct vfnet_counters *sum);
	void (*txq_count)(const struct vfnet_txq *q, struct vfnet_counters *sum);

	/** @txq_reclaim: as vfnet_txq_reclaim(). */
	uint32_t (*txq_reclaim)(struct vfnet_txq *q);

	/** @service: as vfnet_port_service(). */
	uint64_t (*service)(struct vfnet_port *port, uint64_t now_ns);
};

/* The packed form of struct vfnet_link in vfnet_port.link_word. */
#define VFNET_LINK_WORD_UP     0x80000000u
#define VFNET_LINK_WORD_DUPLEX 0x40000000u
#define VFNET_LINK_WORD_SPEED  0x3fffffffu

/** vfnet_drivers - NULL-terminated; drivers/net/drivers.c is the one list that points upward. */
extern const struct vfnet_driver *const vfnet_drivers[];

#endif
