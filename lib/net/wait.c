/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sleeping until frames arrive. The order that loses no wake-up is the driver's rxq_arm(): enable
 * the vector, flush, look; tests/model/ proves it. Here are the descriptors, who owns the queue
 * meanwhile, and how long.
 *
 * Whoever stops a queue signals its descriptor afterwards, and the sleeper parks before it sleeps:
 * either service finds the queue parked, or the descriptor is readable.
 */
#define _GNU_SOURCE
#define VFNET_LOG_TAG "net/wait"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <vfnet/wait.h>

#include "lib/base/err.h"
#include "lib/net/driver.h"

#define NS_PER_S UINT64_C(1000000000)
/* a lost interrupt costs no more than this */
#define LOOK_NS UINT64_C(100000000)

/**
 * struct vfnet_rxq_wait - what an interruptible receive queue sleeps on
 * @irq_fd: eventfd of its vector
 * @fd:     what the program polls: @irq_fd, or an epoll of it and of what the device says it needs
 */
struct vfnet_rxq_wait {
	int irq_fd;
	int fd;
};

static struct vfnet_rxq_wait *wait_of(const struct vfnet_rxq *q)
{
	return q->common.port->waits[q->common.index];
}

static int no_fd(const struct vfnet_port *port, int code, struct vfnet_err *err)
{
	return vfnet_err_set(err, code, "%s: cannot make a descriptor to wait on: %s",
			     port->dev->name, strerror(-code));
}

int vfnet_fd_join(int a, int b, uint32_t b_when)
{
	struct epoll_event a_event = {.events = EPOLLIN};
	struct epoll_event b_event = {.events = b_when};
	int fd, rc;

	if (b < 0)
		return a;
	fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!epoll_ctl(fd, EPOLL_CTL_ADD, a, &a_event) &&
	    !epoll_ctl(fd, EPOLL_CTL_ADD, b, &b_event))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int open_fds(struct vfnet_rxq_wait *wait, struct vfnet_dev *dev)
{
	int rc;

	wait->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wait->irq_fd < 0)
		return -errno;
	wait->fd = vfnet_fd_join(wait->irq_fd, dev->ops->idle ? dev->ops->idle(dev) : -1, EPOLLIN);
	if (wait->fd >= 0)
		return 0;
	rc = wait->fd;
	close(wait->irq_fd);
	return rc;
}

static void close_fds(const struct vfnet_rxq_wait *wait)
{
	if (wait->fd != wait->irq_fd)
		close(wait->fd);
	close(wait->irq_fd);
}

/* The caller has the lock. */
static int wait_begin(struct vfnet_rxq *q, struct vfnet_err *err)
{
	struct vfnet_port *port = q->common.port;
	struct vfnet_rxq_wait *wait = wait_of(q);
	int rc;

	if (wait)
		return wait->fd;
	if (!port->driver->rxq_irq)
		return vfnet_err_set(err, -ENOTSUP,
				     "%s: its driver has no interrupts for queues; poll with "
				     "vfnet_rx_burst()",
				     port->dev->name);
	wait = malloc(sizeof(*wait));
	if (!wait)
		return no_fd(port, -ENOMEM, err);
	rc = open_fds(wait, port->dev);
	if (rc) {
		free(wait);
		return no_fd(port, rc, err);
	}
	rc = port->driver->rxq_irq(port, q, wait->irq_fd, err);
	if (rc) {
		close_fds(wait);
		free(wait);
		return rc;
	}
	port->waits[q->common.index] = wait;
	return wait->fd;
}

int vfnet_rxq_fd(struct vfnet_rxq *q, struct vfnet_err *err)
{
	struct vfnet_port *port = q->common.port;
	int fd;

	pthread_mutex_lock(&port->lock);
	fd = wait_begin(q, err);
	pthread_mutex_unlock(&port->lock);
	return fd;
}

void vfnet_rxq_wait_end(struct vfnet_rxq *q)
{
	struct vfnet_port *port = q->common.port;
	struct vfnet_rxq_wait *wait = wait_of(q);

	if (!wait)
		return;
	port->driver->rxq_irq(port, q, -1, NULL);
	port->waits[q->common.index] = NULL;
	close_fds(wait);
	free(wait);
}

void vfnet_port_wake(const struct vfnet_port *port)
{
	for (unsigned int i = 0; i < VFNET_PORT_QUEUES; i++)
		if (port->waits[i]) /* cannot fail: one that takes no more is readable */
			eventfd_write(port->waits[i]->irq_fd, 1);
}

int vfnet_rxq_arm(struct vfnet_rxq *q)
{
	struct vfnet_port *port = q->common.port;
	int rc;

	if (!wait_of(q))
		return -EINVAL;
	rc = vfnet_queue_look(&q->common); /* FRESH is 1: a burst has something to do */
	if (!rc)
		rc = port->driver->rxq_arm(q);
	if (rc)
		return rc;
	if (port->dev->ops->idle)
		port->dev->ops->idle(port->dev);
	vfnet_queue_park(&q->common);
	return 0;
}

void vfnet_rxq_disarm(struct vfnet_rxq *q)
{
	const struct vfnet_rxq_wait *wait = wait_of(q);
	uint64_t count;

	if (!wait)
		return;
	/* nothing there is fine: something else woke us */
	while (read(wait->irq_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	q->common.port->driver->rxq_disarm(q);
}

/* Return: 1 a burst has something to do; 0 not yet; a negative errno */
static int look(struct vfnet_rxq *q)
{
	const struct vfnet_driver *driver = q->common.port->driver;
	int rc = vfnet_queue_look(&q->common);

	if (rc)
		return rc;
	if (driver->rxq_ready(q))
		return 1;
	if (!q->common.port->dev->ops->progress)
		return 0;
	vfnet_dev_progress(q->common.port->dev);
	return driver->rxq_ready(q);
}

/* The end of time is as far as @ns reaches. */
static uint64_t after(uint64_t now, uint64_t ns)
{
	return ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
}

/* Return: as look(). @end_ns: when polling ends */
static int poll_until(struct vfnet_rxq *q, uint64_t end_ns)
{
	int rc = look(q);

	while (!rc && vfnet_monotonic_ns() < end_ns)
		rc = look(q);
	return rc;
}

/* Return: 0 something or the time woke us; -EINTR */
static int sleep_on(int fd, uint64_t until_ns)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	uint64_t now = vfnet_monotonic_ns();
	uint64_t left = until_ns > now ? until_ns - now : 0;
	struct timespec most = {
	    .tv_sec = (time_t)(left / NS_PER_S),
	    .tv_nsec = (long)(left % NS_PER_S),
	};

	return ppoll(&readable, 1, &most, NULL) < 0 ? -errno : 0;
}

int vfnet_wait(struct vfnet_rxq *q, uint64_t poll_ns, uint64_t timeout_ns, struct vfnet_err *err)
{
	uint64_t now = vfnet_monotonic_ns();
	uint64_t end_ns = after(now, timeout_ns);
	int rc = poll_until(q, after(now, poll_ns < timeout_ns ? poll_ns : timeout_ns));
	int fd;

	now = vfnet_monotonic_ns();
	if (rc || now >= end_ns)
		return rc;
	fd = wait_of(q) ? wait_of(q)->fd : vfnet_rxq_fd(q, err);
	if (fd < 0)
		return fd;
	for (; !rc && now < end_ns; now = vfnet_monotonic_ns()) {
		uint64_t until_ns = after(now, LOOK_NS);
		int woken;

		rc = vfnet_rxq_arm(q);
		if (rc)
			break;
		woken = sleep_on(fd, until_ns < end_ns ? until_ns : end_ns);
		vfnet_rxq_disarm(q);
		rc = look(q);
		if (!rc)
			rc = woken;
	}
	return rc;
}
