/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ledger of a port: what closed queues left behind, what open queues count, and what a
 * software device knows beyond its registers.
 */
#include "lib/base/bits.h"
#include "lib/net/driver.h"

#define NAME_OF(name, meaning) #name,

static const char *const missed_names[] = {VFNET_MISSED(NAME_OF)};
static const char *const drops_names[] = {VFNET_DROPS(NAME_OF)};

const char *vfnet_missed_name(unsigned int i)
{
	return i < VFNET_MISSED_COUNT ? missed_names[i] : NULL;
}

const char *vfnet_drops_name(unsigned int i)
{
	return i < VFNET_DROPS_COUNT ? drops_names[i] : NULL;
}

static uint64_t sum_of_drops(const struct vfnet_counters *counters)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		sum += counters->drops[i];
	return sum;
}

static uint64_t subtract_down_to_zero(uint64_t from, uint64_t what)
{
	return from > what ? from - what : 0;
}

/*
 * A queue counts as sent what the card completed; a card that drops a frame (spoof) completes it
 * all the same. While traffic runs the card may know of a drop before the queue has seen the
 * completion, so the difference never goes below zero.
 */
static void add_truth(struct vfnet_dev *dev, struct vfnet_counters *out)
{
	uint64_t before = sum_of_drops(out);
	uint64_t lost_bytes = 0;

	dev->ops->truth(dev, out, &lost_bytes);
	out->tx_packets = subtract_down_to_zero(out->tx_packets, sum_of_drops(out) - before);
	out->tx_bytes = subtract_down_to_zero(out->tx_bytes, lost_bytes);
}

void vfnet_port_get_counters(struct vfnet_port *port, struct vfnet_counters *out)
{
	pthread_mutex_lock(&port->lock);
	*out = port->base;
	for (unsigned int i = 0; i < VFNET_ARRAY_SIZE(port->rxqs); i++)
		if (port->rxqs[i])
			port->driver->rxq_count(port->rxqs[i], out);
	for (unsigned int i = 0; i < VFNET_ARRAY_SIZE(port->txqs); i++)
		if (port->txqs[i])
			port->driver->txq_count(port->txqs[i], out);
	out->offered_known = port->dev->ops->truth != NULL;
	if (out->offered_known)
		add_truth(port->dev, out);
	pthread_mutex_unlock(&port->lock);
}
