/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The link. A change of it is told by a message of the physical function, if at all, so service
 * looks at STATUS each time. LU counts only while the physical function talks to us, with CTS in
 * its words [L]: that is what a running port is, and for others @status is 0.
 */

#define VFNET_LOG_TAG "igbvf/link"

#include "drivers/net/igbvf/igbvf.h"

void igbvf_link_update(struct igbvf_port *port, uint32_t status)
{
	static const uint32_t mbps[] = {10, 100, 1000, 1000};
	uint32_t was = vfnet_word_load(&port->port.link_word);
	uint32_t word = 0;

	if (status & IGBVF_STATUS_LU)
		word = VFNET_LINK_WORD_UP | mbps[VFNET_FIELD_GET(IGBVF_STATUS_SPEED, status)];
	if (word && (status & IGBVF_STATUS_FD))
		word |= VFNET_LINK_WORD_DUPLEX;
	vfnet_word_store(&port->port.link_word, word);
	if ((was ^ word) & VFNET_LINK_WORD_UP)
		vfnet_log(port->hw.log, INFO, "%s: link %s", port->hw.dev->name,
			  word ? "up" : "down");
}
