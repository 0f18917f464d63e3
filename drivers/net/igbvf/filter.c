/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which frames the port gets. A call changes a copy of the soft state, asks the physical function,
 * and keeps the copy if that agrees.
 */

#define VFNET_LOG_TAG "igbvf/filter"

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

static int refused(const struct change *change, struct vfnet_err *err)
{
	const char *name = change->port->dev->name;
	const struct vfnet_filter *filter = change->filter;
	char text[VFNET_MAC_TEXT_BYTES];

	switch (filter->kind) {
	case VFNET_FILTER_VLAN:
		return vfnet_err_set(
		    err, -EPROTO,
		    "%s: the physical function refuses VLAN %u; either its administrator has put "
		    "this function into a VLAN ('ip link show dev PF' names it; 'ip link set dev "
		    "PF "
		    "vf N vlan 0' lifts it), or the card's 32 VLAN entries are in use: remove some",
		    name, filter->vid);
	case VFNET_FILTER_MAC_ADD:
	case VFNET_FILTER_MAC_CLEAR:
		vfnet_mac_format(filter->addrs ? filter->addrs : change->port->mac, text);
		return vfnet_err_set(
		    err, -EPROTO,
		    "%s: the physical function refuses the further address %s; either its "
		    "administrator has given this function an address and does not trust it with "
		    "others ('ip link set dev PF vf N trust on'), or the card has none left",
		    name, text);
	case VFNET_FILTER_MULTICAST:
	case VFNET_FILTER_ALLMULTI:
		break;
	}
	return vfnet_err_set(err, -EPROTO,
			     "%s: the physical function refuses multicast; its "
			     "driver may be too old for that",
			     name);
}

/* Nobody knows what of the message arrived, or all is forgotten: the function must be reset. */
static int failed(struct igbvf_port *port, int rc)
{
	if (rc == -ENODEV) {
		igbvf_port_down(port, VFNET_PORT_GONE, "the device is gone");
		return rc;
	}
	if (rc == -ENETDOWN)
		vfnet_count_add(&port->port.base.resets, 1);
	igbvf_port_down(port, VFNET_PORT_RESETTING,
			rc == -ENETDOWN ? "the physical function was reset"
					: "the physical function does not answer");
	return rc;
}

int igbvf_filter(struct vfnet_port *pub, const struct vfnet_filter *filter, struct vfnet_err *err)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	struct change change = {.port = pub, .filter = filter, .soft = port->soft};
	uint32_t reply;
	int n, rc;

	if (vfnet_word_load(&pub->state) == VFNET_PORT_GONE)
		return igbvf_err_gone(&port->hw, err);
	if (vfnet_word_load(&pub->state) == VFNET_PORT_RESETTING)
		return vfnet_err_set(err, -ENETDOWN,
				     "%s: its physical function is in reset; close the port and "
				     "open it again when the interface is up",
				     pub->dev->name);
	n = prepare(&change, err);
	if (n <= 0)
		return n;
	rc = igbvf_mbx_ask(&port->hw, change.word, (uint32_t)n, &reply, err);
	if (rc)
		return failed(port, rc);
	if (!(reply & IGBVF_MSG_ACK))
		return refused(&change, err);
	port->soft = change.soft;
	return 0;
}
