/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the function counts. Its counters have 32 bits, wrap, and survive a reset of the function
 * [L] [D]: we keep the last value of each and add the difference. RQDPC clears when it is read.
 */

#include "drivers/net/igbvf/igbvf.h"

static const struct {
	uint32_t reg;
	size_t field; /* in struct vfnet_counters */
} wraps[] = {
    {IGBVF_VFGPRC, offsetof(struct vfnet_counters, hw_rx_packets)},
    {IGBVF_VFGPTC, offsetof(struct vfnet_counters, hw_tx_packets)},
    {IGBVF_VFGORC, offsetof(struct vfnet_counters, hw_rx_bytes)},
    {IGBVF_VFGOTC, offsetof(struct vfnet_counters, hw_tx_bytes)},
};

static_assert(VFNET_ARRAY_SIZE(wraps) == IGBVF_WRAP_COUNTERS, "one last value for each");

void igbvf_counters_start(struct igbvf_port *port)
{
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(wraps); i++)
		port->wrap[i] = igbvf_rd(&port->hw, wraps[i].reg);
	for (uint32_t q = 0; q < IGBVF_QUEUES; q++)
		igbvf_rd(&port->hw, IGBVF_AT(RQDPC, q));
}

void igbvf_counters_missed(struct igbvf_port *port)
{
	uint32_t missed = 0;

	for (uint32_t q = 0; q < IGBVF_QUEUES; q++)
		missed += igbvf_rd(&port->hw, IGBVF_AT(RQDPC, q));
	/* unplugged while we read: all ones are no counts */
	if (!igbvf_gone(&port->hw))
		vfnet_count_add(&port->port.base.missed[VFNET_MISSED_no_descriptor], missed);
}

/* @cleared: a counter that is 0 was cleared by somebody else */
static void extend(struct igbvf_port *port, bool cleared)
{
	char *base = (char *)&port->port.base;
	uint32_t now[IGBVF_WRAP_COUNTERS];

	for (size_t i = 0; i < VFNET_ARRAY_SIZE(wraps); i++)
		now[i] = igbvf_rd(&port->hw, wraps[i].reg);
	if (igbvf_gone(&port->hw))
		return;
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(wraps); i++) {
		if (now[i] || !cleared)
			vfnet_count_add((uint64_t *)(base + wraps[i].field),
					now[i] - port->wrap[i]);
		port->wrap[i] = now[i];
	}
}

void igbvf_counters_update(struct igbvf_port *port)
{
	extend(port, false);
	igbvf_counters_missed(port);
}

void igbvf_counters_resume(struct igbvf_port *port)
{
	extend(port, true);
	igbvf_counters_missed(port);
}
