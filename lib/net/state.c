/* SPDX-License-Identifier: BSD-2-Clause */
/* What a queue's owner and service say to each other about who may touch the ring. */
#include <errno.h>

#include "lib/net/driver.h"

static bool change(struct vfnet_queue *queue, uint32_t from, uint32_t to)
{
	/* release: the ring as one side left it; acquire: for the other, which changes the word
	 * next
	 */
	return __atomic_compare_exchange_n(&queue->state, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

static int come_back(struct vfnet_queue *queue, bool takes_fresh)
{
	for (;;) {
		uint32_t state = vfnet_word_load(&queue->state);

		switch (state) {
		case VFNET_QUEUE_RUN:
			return 0;
		case VFNET_QUEUE_AWAY:
			if (change(queue, state, VFNET_QUEUE_RUN))
				return 0;
			break;
		case VFNET_QUEUE_FRESH:
			if (!takes_fresh || change(queue, state, VFNET_QUEUE_RUN))
				return VFNET_QUEUE_WAS_FRESH;
			break;
		case VFNET_QUEUE_DOWN:
			if (change(queue, state, VFNET_QUEUE_PARKED))
				return -ENETDOWN;
			break;
		case VFNET_QUEUE_PARKED:
			return -ENETDOWN;
		default:
			return -ENODEV;
		}
	}
}

int vfnet_queue_return(struct vfnet_queue *queue)
{
	return come_back(queue, true);
}

int vfnet_queue_look(struct vfnet_queue *queue)
{
	return come_back(queue, false);
}

void vfnet_queue_park(struct vfnet_queue *queue)
{
	/* a queue that is FRESH has nobody inside as it is */
	if (!change(queue, VFNET_QUEUE_RUN, VFNET_QUEUE_AWAY))
		change(queue, VFNET_QUEUE_DOWN, VFNET_QUEUE_PARKED);
}

void vfnet_queue_stop(struct vfnet_queue *queue, enum vfnet_queue_state state)
{
	if (state == VFNET_QUEUE_GONE) {
		vfnet_word_store(&queue->state, state);
		return;
	}
	/* until one of them is what it is: the owner may change it meanwhile */
	for (;;) {
		uint32_t now = vfnet_word_load(&queue->state);
		bool inside = now == VFNET_QUEUE_RUN;

		if (!inside && now != VFNET_QUEUE_AWAY && now != VFNET_QUEUE_FRESH)
			return;
		if (change(queue, now, inside ? VFNET_QUEUE_DOWN : VFNET_QUEUE_PARKED))
			return;
	}
}

/* The @i-th of all that a port can have open, NULL if that one is not. */
static struct vfnet_queue *queue_at(const struct vfnet_port *port, unsigned int i)
{
	if (i < VFNET_PORT_QUEUES)
		return port->rxqs[i] ? &port->rxqs[i]->common : NULL;
	i -= VFNET_PORT_QUEUES;
	return port->txqs[i] ? &port->txqs[i]->common : NULL;
}

bool vfnet_port_has_queue(const struct vfnet_port *port)
{
	for (unsigned int i = 0; i < 2 * VFNET_PORT_QUEUES; i++)
		if (queue_at(port, i))
			return true;
	return false;
}

void vfnet_port_stop(struct vfnet_port *port, enum vfnet_queue_state state)
{
	for (unsigned int i = 0; i < 2 * VFNET_PORT_QUEUES; i++)
		if (queue_at(port, i))
			vfnet_queue_stop(queue_at(port, i), state);
	vfnet_port_wake(port);
}

bool vfnet_port_is_parked(const struct vfnet_port *port)
{
	for (unsigned int i = 0; i < 2 * VFNET_PORT_QUEUES; i++) {
		const struct vfnet_queue *queue = queue_at(port, i);

		if (queue && vfnet_word_load(&queue->state) != VFNET_QUEUE_PARKED)
			return false;
	}
	return true;
}

void vfnet_port_restart(struct vfnet_port *port)
{
	for (unsigned int i = 0; i < 2 * VFNET_PORT_QUEUES; i++)
		if (queue_at(port, i))
			change(queue_at(port, i), VFNET_QUEUE_PARKED, VFNET_QUEUE_FRESH);
}
