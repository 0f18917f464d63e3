/* SPDX-License-Identifier: BSD-2-Clause */
/* What a queue's owner and service say to each other about who may touch the ring. */
#include <errno.h>

#include "lib/net/driver.h"

static bool change(struct vfnet_queue *queue, uint32_t from, uint32_t to)
{
	/* release: the ring as the owner left it, for service, which swaps the word */
	return __atomic_compare_exchange_n(&queue->state, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

int vfnet_queue_return(struct vfnet_queue *queue)
{
	if (change(queue, VFNET_QUEUE_AWAY, VFNET_QUEUE_RUN))
		return 0;
	/* service, which loads it, then sees the ring as this thread left it */
	vfnet_word_store(&queue->parked, 1);
	return vfnet_word_load(&queue->state) == VFNET_QUEUE_GONE ? -ENODEV : -ENETDOWN;
}

void vfnet_queue_park(struct vfnet_queue *queue)
{
	if (!change(queue, VFNET_QUEUE_RUN, VFNET_QUEUE_AWAY) &&
	    vfnet_word_load(&queue->state) != VFNET_QUEUE_AWAY)
		vfnet_word_store(&queue->parked, 1);
}

void vfnet_queue_stop(struct vfnet_queue *queue, enum vfnet_queue_state state)
{
	/* one swap: whatever the owner does at this moment, it came before or sees the result */
	if (__atomic_exchange_n(&queue->state, state, __ATOMIC_ACQ_REL) == VFNET_QUEUE_AWAY)
		vfnet_word_store(&queue->parked, 1);
}

void vfnet_port_stop(struct vfnet_port *port, enum vfnet_queue_state state)
{
	for (unsigned int i = 0; i < VFNET_PORT_QUEUES; i++) {
		if (port->rxqs[i])
			vfnet_queue_stop(&port->rxqs[i]->common, state);
		if (port->txqs[i])
			vfnet_queue_stop(&port->txqs[i]->common, state);
	}
	vfnet_port_wake(port);
}
