/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which frames the port gets. A call changes a copy of the soft state, asks the physical function,
 * and keeps the copy if that agrees. One that cannot be asked now, because it is in reset, is told
 * with all the rest when the port comes back.
 */

#include <errno.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"
#include "lib/frame/mac.h"

/* A call on its way. */
struct change {
	const struct vfnet_port *port;
	const struct vfnet_filter *filter;
	struct igbvf_soft soft;		 /* as it will be */
	uint32_t word[IGBVF_MBOX_WORDS]; /* the message */
};

/* Each of these: words of the message; 0 = it is so already; negative, with a sentence. */
static int set_multicast(struct change *change)
{
	const struct vfnet_filter *filter = change->filter;

	change->soft.n_hashes = filter->n_addrs;
	for (unsigned int i = 0; i < filter->n_addrs && i < IGBVF_MULTICAST_MAX; i++)
		change->soft.hashes[i] = igbvf_soft_hash(filter->addrs + i * VFNET_MAC_BYTES);
	return (int)igbvf_soft_multicast(&change->soft, change->word);
}

static int set_allmulti(struct change *change)
{
	change->soft.allmulti = change->filter->on;
	return (int)igbvf_soft_allmulti(change->filter->on, change->word);
}

static int set_vlan(struct change *change, struct vfnet_err *err)
{
	struct igbvf_soft *soft = &change->soft;
	const char *name = change->port->dev->name;
	uint16_t vid = change->filter->vid;
	bool on = change->filter->on;
	unsigned int i = 0;

	while (i < soft->n_vlans && soft->vlans[i] != vid)
		i++;
	if (on && i < soft->n_vlans)
		return 0;
	if (!on && i == soft->n_vlans)
		return vfnet_err_set(err, -ENOENT,
				     "%s: VLAN %u was not added, so it cannot be "
				     "removed",
				     name, vid);
	if (i == VFNET_VLANS_MAX)
		return vfnet_err_set(err, -ENOSPC,
				     "%s: VLAN %u, a port can have %u; remove one "
				     "first",
				     name, vid, VFNET_VLANS_MAX);
	if (on)
		soft->vlans[soft->n_vlans++] = vid;
	else
		soft->vlans[i] = soft->vlans[--soft->n_vlans];
	return (int)igbvf_soft_vlan(vid, on, change->word);
}

static int add_mac(struct change *change, struct vfnet_err *err)
{
	struct igbvf_soft *soft = &change->soft;
	const uint8_t *mac = change->filter->addrs;
	char text[VFNET_MAC_TEXT_BYTES];

	if (vfnet_mac_equal(mac, change->port->mac))
		return 0;
	for (unsigned int i = 0; i < soft->n_macs; i++)
		if (vfnet_mac_equal(mac, soft->macs[i]))
			return 0;
	vfnet_mac_format(mac, text);
	if (soft->n_macs == VFNET_MACS_MAX)
		return vfnet_err_set(err, -ENOSPC,
				     "%s: address %s, a port can have %u beside its "
				     "own; clear them first",
				     change->port->dev->name, text, VFNET_MACS_MAX);
	vfnet_mac_copy(soft->macs[soft->n_macs++], mac);
	return (int)igbvf_soft_mac(mac, IGBVF_MAC_FILTER_ADD, change->word);
}

static int clear_macs(struct change *change)
{
	if (!change->soft.n_macs)
		return 0;
	change->soft.n_macs = 0;
	/* igb refuses to clear without a good address in the message [L] */
	return (int)igbvf_soft_mac(change->port->mac, IGBVF_MAC_FILTER_CLEAR, change->word);
}

static int prepare(struct change *change, struct vfnet_err *err)
{
	switch (change->filter->kind) {
	case VFNET_FILTER_MULTICAST:
		return set_multicast(change);
	case VFNET_FILTER_ALLMULTI:
		return set_allmulti(change);
	case VFNET_FILTER_VLAN:
		return set_vlan(change, err);
	case VFNET_FILTER_MAC_ADD:
		return add_mac(change, err);
	case VFNET_FILTER_MAC_CLEAR:
		break;
	}
	return clear_macs(change);
}

/* Return: 0 with the reply's first word; -ENODEV; -ENETDOWN it was reset; -ETIMEDOUT. */
static int ask(struct igbvf_hw *hw, const uint32_t *word, uint32_t n, uint32_t *reply)
{
	struct igbvf_wait wait = igbvf_wait_start(IGBVF_REPLY_US);
	uint32_t type = VFNET_FIELD_GET(IGBVF_MSG_TYPE, word[0]);
	int rc;

	do {
		rc = igbvf_mbx_send(hw, word, n);
	} while (rc && igbvf_wait_more(hw, &wait));
	if (rc)
		return -ETIMEDOUT;
	do {
		rc = igbvf_mbx_receive(hw, type, reply, 1);
		/* a message that came instead may have taken the request's place */
		if (rc == -EBUSY)
			igbvf_wait_shorten(&wait, IGBVF_PINGED_US);
	} while ((rc == -EAGAIN || rc == -EBUSY) && igbvf_wait_more(hw, &wait));
	if (rc == -EAGAIN || rc == -EBUSY)
		rc = -ETIMEDOUT;
	/* without it the physical function has forgotten us */
	if (!rc && !(*reply & IGBVF_MSG_CTS))
		rc = -ENETDOWN;
	return rc && igbvf_gone(hw) ? -ENODEV : rc;
}

/* What of the message arrived nobody knows, or all is forgotten: the function is reset, and then
 * the physical function told again. */
static int failed(struct igbvf_port *port, int rc, struct vfnet_err *err)
{
	if (rc == -ENODEV) {
		igbvf_port_gone(port);
		return igbvf_err_gone(&port->hw, err);
	}
	if (rc == -ENETDOWN && vfnet_word_load(&port->port.state) == VFNET_PORT_RUNNING)
		vfnet_count_add(&port->port.base.resets, 1);
	igbvf_recover_begin(port, rc == -ENETDOWN ? "the physical function was reset"
						  : "the physical function does not answer");
	return 0;
}

int igbvf_filter(struct vfnet_port *pub, const struct vfnet_filter *filter, struct vfnet_err *err)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	struct change change = {.port = pub, .filter = filter};
	bool told = igbvf_recover_told(port);
	uint32_t reply;
	int n, rc;

	if (vfnet_word_load(&pub->state) == VFNET_PORT_GONE)
		return igbvf_err_gone(&port->hw, err);
	change.soft = port->soft;
	n = prepare(&change, err);
	if (n <= 0)
		return n;
	rc = told ? ask(&port->hw, change.word, (uint32_t)n, &reply) : 0;
	if (told && !rc && !(reply & IGBVF_MSG_ACK))
		return igbvf_soft_refused(pub->dev->name, change.word, err);
	port->soft = change.soft;
	return rc ? failed(port, rc, err) : 0;
}
