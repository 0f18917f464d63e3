/* SPDX-License-Identifier: BSD-2-Clause */
/* Which frames a port gets: what a program asks for is checked here and passed to the driver. */
#include <errno.h>

#include <vfnet/filter.h>

#include "lib/base/err.h"
#include "lib/frame/mac.h"
#include "lib/net/driver.h"

static int ask(struct vfnet_port *port, const struct vfnet_filter *filter, struct vfnet_err *err)
{
	int rc;

	if (!port->driver->filter)
		return vfnet_err_set(err, -ENOTSUP, "%s: its driver has no filters to set",
				     port->dev->name);
	pthread_mutex_lock(&port->lock);
	rc = port->driver->filter(port, filter, err);
	pthread_mutex_unlock(&port->lock);
	return rc;
}

static int bad_mac(const struct vfnet_port *port, const uint8_t *mac, const char *kind,
		   struct vfnet_err *err)
{
	char text[VFNET_MAC_TEXT_BYTES];

	vfnet_mac_format(mac, text);
	return vfnet_err_set(err, -EINVAL, "%s: %s is not a %s address", port->dev->name, text,
			     kind);
}

int vfnet_port_set_multicast(struct vfnet_port *port, const uint8_t *addrs, unsigned int n,
			     struct vfnet_err *err)
{
	const struct vfnet_filter filter = {
	    .kind = VFNET_FILTER_MULTICAST, .addrs = addrs, .n_addrs = n};

	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *mac = addrs + i * VFNET_MAC_BYTES;

		if (!vfnet_mac_is_multicast(mac))
			return bad_mac(port, mac, "group", err);
	}
	return ask(port, &filter, err);
}

int vfnet_port_set_allmulti(struct vfnet_port *port, bool on, struct vfnet_err *err)
{
	const struct vfnet_filter filter = {.kind = VFNET_FILTER_ALLMULTI, .on = on};

	return ask(port, &filter, err);
}

static int set_vlan(struct vfnet_port *port, uint16_t vid, bool on, struct vfnet_err *err)
{
	const struct vfnet_filter filter = {.kind = VFNET_FILTER_VLAN, .vid = vid, .on = on};

	if (vid < 1 || vid > 4094)
		return vfnet_err_set(err, -EINVAL,
				     "%s: VLAN %u, use 1 to 4094; frames without a tag and with a "
				     "priority tag (0) come anyway",
				     port->dev->name, vid);
	return ask(port, &filter, err);
}

int vfnet_port_vlan_add(struct vfnet_port *port, uint16_t vid, struct vfnet_err *err)
{
	return set_vlan(port, vid, true, err);
}

int vfnet_port_vlan_remove(struct vfnet_port *port, uint16_t vid, struct vfnet_err *err)
{
	return set_vlan(port, vid, false, err);
}

int vfnet_port_mac_add(struct vfnet_port *port, const uint8_t *mac, struct vfnet_err *err)
{
	const struct vfnet_filter filter = {.kind = VFNET_FILTER_MAC_ADD, .addrs = mac};

	if (!vfnet_mac_is_valid_unicast(mac))
		return bad_mac(port, mac, "unicast", err);
	return ask(port, &filter, err);
}

int vfnet_port_mac_clear(struct vfnet_port *port, struct vfnet_err *err)
{
	const struct vfnet_filter filter = {.kind = VFNET_FILTER_MAC_CLEAR};

	return ask(port, &filter, err);
}
