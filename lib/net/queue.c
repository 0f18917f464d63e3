/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and closing queues: what can be checked without the hardware is checked here, and the
 * pool is asked whether it can feed one more ring before the ring exists.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/mem/cache.h"
#include "lib/mem/pool.h"
#include "lib/net/driver.h"

#define DEFAULT_DESC 512
#define MIN_DESC     64
#define MAX_DESC     4096
/* the ring's length register counts 128 bytes */
#define DESC_STEP 8

static int check_opts(struct vfnet_port *port, const char *kind, uint32_t max_queues,
		      const struct vfnet_queue_opts *opts, struct vfnet_queue *queue,
		      struct vfnet_err *err)
{
	const char *name = port->dev->name;
	uint32_t n_desc;

	if (!opts || opts->size < sizeof(*opts))
		return vfnet_err_set(err, -EINVAL,
				     "vfnet_queue_opts.size is %zu, set it to sizeof(struct "
				     "vfnet_queue_opts) = %zu",
				     opts ? opts->size : 0, sizeof(*opts));
	if (opts->index >= max_queues)
		return vfnet_err_set(err, -EINVAL, "%s: %s queue %u, it has %u, numbered from 0",
				     name, kind, opts->index, max_queues);
	n_desc = opts->n_desc ? opts->n_desc : DEFAULT_DESC;
	if (n_desc < MIN_DESC || n_desc > MAX_DESC || n_desc % DESC_STEP)
		return vfnet_err_set(err, -EINVAL,
				     "%s: %s ring of %u descriptors, use a multiple of %u from %u "
				     "to %u",
				     name, kind, n_desc, DESC_STEP, MIN_DESC, MAX_DESC);
	if (!opts->cache)
		return vfnet_err_set(err, -EINVAL,
				     "%s: %s queue without a cache; open one with "
				     "vfnet_cache_open()",
				     name, kind);
	*queue = (struct vfnet_queue){port, opts->cache, opts->index, n_desc, VFNET_QUEUE_RUN};
	return 0;
}

static int check_state(const struct vfnet_port *port, struct vfnet_err *err)
{
	switch (vfnet_port_state(port)) {
	case VFNET_PORT_RUNNING:
		return 0;
	case VFNET_PORT_RESETTING:
		return vfnet_err_set(err, -ENETDOWN,
				     "%s: its physical function is in reset or down; try again "
				     "when vfnet_port_state() is RUNNING",
				     port->dev->name);
	case VFNET_PORT_GONE:
		break;
	}
	return vfnet_err_set(err, -ENODEV, "%s is gone; close the port", port->dev->name);
}

/* The ring's buffers are promised and the cache stays open as long as the queue. */
static int reserve(const struct vfnet_queue *queue, const char *kind, struct vfnet_err *err)
{
	char who[96];
	int rc;

	snprintf(who, sizeof(who), "%s %s queue %u", queue->port->dev->name, kind, queue->index);
	rc = vfnet_pool_commit(vfnet_cache_pool(queue->cache), queue->n_desc, who, err);
	if (!rc)
		vfnet_cache_hold(queue->cache);
	return rc;
}

/* Once released, another thread may close the cache. */
static void unreserve(const struct vfnet_queue *queue)
{
	vfnet_pool_uncommit(vfnet_cache_pool(queue->cache), queue->n_desc);
	vfnet_cache_release(queue->cache);
}

static int prepare(const struct vfnet_queue *queue, const char *kind, bool taken,
		   struct vfnet_err *err)
{
	int rc = check_state(queue->port, err);

	if (rc)
		return rc;
	if (taken)
		return vfnet_err_set(err, -EBUSY, "%s: %s queue %u is open already",
				     queue->port->dev->name, kind, queue->index);
	return reserve(queue, kind, err);
}

static int rxq_open_locked(const struct vfnet_queue *queue, struct vfnet_rxq **out,
			   struct vfnet_err *err)
{
	struct vfnet_port *port = queue->port;
	int rc = prepare(queue, "receive", port->rxqs[queue->index], err);

	if (rc)
		return rc;
	rc = port->driver->rxq_open(port, queue, &port->rxqs[queue->index], err);
	if (rc)
		unreserve(queue);
	else
		*out = port->rxqs[queue->index];
	return rc;
}

int vfnet_rxq_open(struct vfnet_port *port, const struct vfnet_queue_opts *opts,
		   struct vfnet_rxq **out, struct vfnet_err *err)
{
	struct vfnet_queue queue;
	int rc;

	rc = check_opts(port, "receive", port->driver->max_rx_queues, opts, &queue, err);
	if (rc)
		return rc;
	pthread_mutex_lock(&port->lock);
	rc = rxq_open_locked(&queue, out, err);
	pthread_mutex_unlock(&port->lock);
	return rc;
}

static int txq_open_locked(const struct vfnet_queue *queue, struct vfnet_txq **out,
			   struct vfnet_err *err)
{
	struct vfnet_port *port = queue->port;
	int rc = prepare(queue, "transmit", port->txqs[queue->index], err);

	if (rc)
		return rc;
	rc = port->driver->txq_open(port, queue, &port->txqs[queue->index], err);
	if (rc)
		unreserve(queue);
	else
		*out = port->txqs[queue->index];
	return rc;
}

int vfnet_txq_open(struct vfnet_port *port, const struct vfnet_queue_opts *opts,
		   struct vfnet_txq **out, struct vfnet_err *err)
{
	struct vfnet_queue queue;
	int rc;

	rc = check_opts(port, "transmit", port->driver->max_tx_queues, opts, &queue, err);
	if (rc)
		return rc;
	pthread_mutex_lock(&port->lock);
	rc = txq_open_locked(&queue, out, err);
	pthread_mutex_unlock(&port->lock);
	return rc;
}

void vfnet_rxq_close(struct vfnet_rxq *q)
{
	struct vfnet_queue queue;

	if (!q)
		return;
	queue = q->common;
	pthread_mutex_lock(&queue.port->lock);
	vfnet_rxq_wait_end(q);
	queue.port->rxqs[queue.index] = NULL;
	queue.port->driver->rxq_close(queue.port, q);
	pthread_mutex_unlock(&queue.port->lock);
	unreserve(&queue);
}

void vfnet_txq_close(struct vfnet_txq *q)
{
	struct vfnet_queue queue;

	if (!q)
		return;
	queue = q->common;
	pthread_mutex_lock(&queue.port->lock);
	queue.port->txqs[queue.index] = NULL;
	queue.port->driver->txq_close(queue.port, q);
	pthread_mutex_unlock(&queue.port->lock);
	unreserve(&queue);
}

uint32_t vfnet_txq_reclaim(struct vfnet_txq *q)
{
	return q->common.port->driver->txq_reclaim(q);
}

void vfnet_rxq_park(struct vfnet_rxq *q)
{
	vfnet_queue_park(&q->common);
}

void vfnet_txq_park(struct vfnet_txq *q)
{
	vfnet_queue_park(&q->common);
}
