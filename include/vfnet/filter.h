/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FILTER_H
#define VFNET_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include <vfnet/err.h>
#include <vfnet/port.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/*
 * Which frames a port gets: after vfnet_port_open() those to its own address and broadcasts,
 * without a VLAN tag or with a priority tag (identifier 0). More is asked of the physical function,
 * call by call; all of it ends with vfnet_port_close().
 *
 * All calls: any thread, one after the other; they wait for the answer, on a healthy card
 * microseconds, at most 1 s (while a port comes back from a reset, 1 s for each thing that it tells
 * again). vfnet_port_service() does nothing meanwhile. A call that fails changes nothing.
 *
 * A reset makes the physical function forget all of it; the port tells it again before it runs. A
 * call on a port that is RESETTING, or that finds the physical function in reset or silent, which
 * makes the port RESETTING, is remembered in the same way, and returns 0. What the physical
 * function then refuses is taken back: the log says what, and vfnet_counters.filters_lost counts
 * it.
 *
 * All of them return 0; -EPROTO the physical function refuses; -ENODEV the device is gone;
 * -ENOTSUP the driver has no filters; and what they say themselves.
 */

/** VFNET_MULTICAST_MAX - groups that a port can name; more of them are all. */
#define VFNET_MULTICAST_MAX 30
/** VFNET_VLANS_MAX - VLANs of a port; the card has 32 entries for all its functions together. */
#define VFNET_VLANS_MAX 32
/** VFNET_MACS_MAX - addresses of a port beside its own, as many as Linux's igbvf asks for [L]. */
#define VFNET_MACS_MAX 3

/**
 * vfnet_port_set_multicast() - the groups that the port listens to
 * @port:  the port
 * @addrs: @n group addresses of 6 bytes, one after the other; not kept
 * @n:     0 = none; more than VFNET_MULTICAST_MAX = all groups
 * @err:   may be NULL
 *
 * The list replaces the one before. The card tells groups apart by 12 bits, and all its functions
 * share one table: a port that listens to any group may also get others, and a program that minds
 * looks at the destination.
 *
 * Return: as above; -EINVAL an address is no group address.
 */
int vfnet_port_set_multicast(struct vfnet_port *port, const uint8_t *addrs, unsigned int n,
			     struct vfnet_err *err);

/**
 * vfnet_port_set_allmulti() - listen to all groups, whatever the list says
 * @port: the port
 * @on:   or not any more: then the list counts again
 * @err:  may be NULL
 *
 * Return: as above.
 */
int vfnet_port_set_allmulti(struct vfnet_port *port, bool on, struct vfnet_err *err);

/**
 * vfnet_port_vlan_add() - receive the frames of a VLAN too, and be allowed to send there
 * @port: the port
 * @vid:  1..4094
 * @err:  may be NULL
 *
 * From then on the card removes the tags of what the port receives: the packet has VFNET_PKT_VLAN,
 * and the tag in vlan. A port never knows: look at each packet.
 *
 * Return: as above; 0 also when it was added before; -EINVAL @vid is out of range; -ENOSPC the port
 * has VFNET_VLANS_MAX of them.
 */
int vfnet_port_vlan_add(struct vfnet_port *port, uint16_t vid, struct vfnet_err *err);

/**
 * vfnet_port_vlan_remove() - no frames of a VLAN any more
 * @port: the port
 * @vid:  as it was added
 * @err:  may be NULL
 *
 * Return: as above; -EINVAL @vid is out of range; -ENOENT it was not added.
 */
int vfnet_port_vlan_remove(struct vfnet_port *port, uint16_t vid, struct vfnet_err *err);

/**
 * vfnet_port_mac_add() - receive the frames to a further address
 * @port: the port
 * @mac:  6 bytes, unicast; not kept
 * @err:  may be NULL
 *
 * Return: as above; 0 also when it is the port's already; -EINVAL @mac is not a unicast address;
 * -ENOSPC the port has VFNET_MACS_MAX of them.
 */
int vfnet_port_mac_add(struct vfnet_port *port, const uint8_t *mac, struct vfnet_err *err);

/**
 * vfnet_port_mac_clear() - its own address only; single ones cannot be taken away
 * @port: the port
 * @err:  may be NULL
 *
 * Return: as above.
 */
int vfnet_port_mac_clear(struct vfnet_port *port, struct vfnet_err *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
