/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who calls a driver's service, and when: the program, when it likes; the program, woken by a
 * descriptor; or a thread of the port's own. The descriptor is a hint: what a card forgets to say
 * is found at the next deadline. And the end of a device that goes while the program holds it.
 */
#define _GNU_SOURCE
#define VFNET_LOG_TAG "net/service"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/net/driver.h"

#define BUSY_RETRY_NS UINT64_C(1000000)
#define NS_PER_S      UINT64_C(1000000000)

/**
 * struct vfnet_service_thread - the thread of a port
 * @port:    whose
 * @thread:  itself
 * @quit_fd: eventfd: signalled, it ends
 */
struct vfnet_service_thread {
	struct vfnet_port *port;
	pthread_t thread;
	int quit_fd;
};

/*
 * What the program polls becomes quiet, whatever happens next: it would spin else. The driver's
 * signals are taken; the request stays in its eventfd until somebody has the lock, and only the
 * epoll forgets it. Nothing there is fine: service was not called because of it.
 */
static void hush(const struct vfnet_port *port)
{
	int fd = __atomic_load_n(&port->event_fd, __ATOMIC_ACQUIRE);
	struct epoll_event both[2];
	uint64_t count;

	if (fd < 0)
		return;
	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	if (port->poll_fd != fd)
		epoll_wait(port->poll_fd, both, 2, 0);
}

/*
 * The kernel waits for the descriptors of a function that is unbound or removed, and the program
 * may hold port and queues for as long as it likes: they stay, without the device. Not all owners
 * of queues have answered PARKED then, and need not: what they touch of it does no harm.
 *
 * Return: when to look again
 */
static uint64_t give_back(struct vfnet_port *port, uint64_t now_ns, uint64_t next)
{
	struct vfnet_err why;

	if (vfnet_port_state(port) != VFNET_PORT_GONE || !port->dev->dma)
		return next;
	if (!vfnet_dev_give_back(port->v, port->dev, &why))
		return next;
	vfnet_log(port->log, DEBUG, "%s; again in 1 ms", why.text);
	return now_ns + BUSY_RETRY_NS;
}

static uint64_t service_locked(struct vfnet_port *port, uint64_t now_ns)
{
	uint64_t next;

	vfnet_dev_progress(port->dev);
	if (vfnet_dev_requested(port->dev))
		port->driver->give_back(port);
	next = port->driver->service(port, now_ns);
	return give_back(port, now_ns, next);
}

uint64_t vfnet_port_service(struct vfnet_port *port, uint64_t now_ns)
{
	uint64_t next;

	/* before the look at the device: what comes after the look is signalled again */
	hush(port);
	/* a queue is being opened or closed, which may take 2 s: service does not wait */
	if (pthread_mutex_trylock(&port->lock))
		return now_ns + BUSY_RETRY_NS;
	next = service_locked(port, now_ns);
	pthread_mutex_unlock(&port->lock);
	return next;
}

static int no_eventfd(const struct vfnet_port *port, int code, struct vfnet_err *err)
{
	return vfnet_err_set(err, code, "%s: cannot make an event descriptor: %s", port->dev->name,
			     strerror(-code));
}

/* What the program polls, made of the driver's @event_fd. Return: it; a negative errno */
static int join_request(struct vfnet_dev *dev, int event_fd)
{
	int request_fd = dev->ops->request_fd ? dev->ops->request_fd(dev) : -1;

	return vfnet_fd_join(event_fd, request_fd, EPOLLIN | EPOLLET);
}

/* Return: the descriptor; the caller has the lock */
static int events_begin(struct vfnet_port *port, struct vfnet_err *err)
{
	int fd, poll_fd, rc;

	if (port->poll_fd >= 0)
		return port->poll_fd;
	if (!port->driver->events)
		return vfnet_err_set(err, -ENOTSUP,
				     "%s: its driver has no events; call vfnet_port_service() at "
				     "the deadlines that it returns",
				     port->dev->name);
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return no_eventfd(port, -errno, err);
	poll_fd = join_request(port->dev, fd);
	if (poll_fd < 0) {
		rc = no_eventfd(port, poll_fd, err);
		goto err_close;
	}
	rc = port->driver->events(port, fd, err);
	if (rc)
		goto err_close_both;
	port->poll_fd = poll_fd;
	__atomic_store_n(&port->event_fd, fd, __ATOMIC_RELEASE);
	return poll_fd;

err_close_both:
	if (poll_fd != fd)
		close(poll_fd);
err_close:
	close(fd);
	return rc;
}

int vfnet_port_fd(struct vfnet_port *port, struct vfnet_err *err)
{
	int fd;

	if (port->thread)
		return vfnet_err_set(err, -EBUSY,
				     "%s: its service thread waits for the events; open the port "
				     "without service_thread to do that yourself",
				     port->dev->name);
	pthread_mutex_lock(&port->lock);
	fd = events_begin(port, err);
	pthread_mutex_unlock(&port->lock);
	return fd;
}

static void sleep_until(uint64_t when_ns, struct pollfd *fds, nfds_t n)
{
	uint64_t now = vfnet_monotonic_ns();
	uint64_t left = when_ns > now ? when_ns - now : 0;
	struct timespec most = {
	    .tv_sec = (time_t)(left / NS_PER_S),
	    .tv_nsec = (long)(left % NS_PER_S),
	};

	ppoll(fds, n, &most, NULL);
}

static void *run(void *user)
{
	struct vfnet_service_thread *self = user;
	/* poll() passes over a descriptor that is -1 */
	struct pollfd fds[] = {
	    {.fd = self->quit_fd, .events = POLLIN},
	    {.fd = self->port->poll_fd, .events = POLLIN},
	};

	while (!fds[0].revents) {
		uint64_t next = vfnet_port_service(self->port, vfnet_monotonic_ns());

		sleep_until(next, fds, 2);
	}
	return NULL;
}

/* The program's signals go to the program's threads. */
static int create_without_signals(struct vfnet_service_thread *self)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&self->thread, NULL, run, self);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

int vfnet_service_thread_start(struct vfnet_port *port, struct vfnet_err *err)
{
	struct vfnet_service_thread *self = calloc(1, sizeof(*self));
	struct vfnet_err why;
	int rc;

	if (!self)
		return vfnet_err_set(err, -ENOMEM, "%s: no memory for a thread", port->dev->name);
	self->port = port;
	self->quit_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (self->quit_fd < 0) {
		rc = no_eventfd(port, -errno, err);
		goto err_free;
	}
	/* without events the thread looks by time only */
	if (events_begin(port, &why) < 0)
		vfnet_log(port->log, INFO, "%s: its thread looks by time only: %s", port->dev->name,
			  why.text);
	rc = create_without_signals(self);
	if (rc) {
		vfnet_err_set(err, rc, "%s: cannot start its service thread: %s", port->dev->name,
			      strerror(-rc));
		goto err_close;
	}
	port->thread = self;
	return 0;

err_close:
	close(self->quit_fd);
err_free:
	free(self);
	return rc;
}

static void thread_end(struct vfnet_service_thread *self)
{
	uint64_t one = 1;

	/* cannot fail: the count is 0 before */
	while (write(self->quit_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(self->thread, NULL);
	close(self->quit_fd);
	free(self);
}

void vfnet_service_end(struct vfnet_port *port)
{
	if (port->thread)
		thread_end(port->thread);
	if (port->event_fd < 0)
		return;
	port->driver->events(port, -1, NULL);
	if (port->poll_fd != port->event_fd)
		close(port->poll_fd);
	close(port->event_fd);
}
