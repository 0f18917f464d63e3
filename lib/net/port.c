/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports: a device that has found its driver. Queues are in queue.c, slow work in service.c,
 * counters in counters.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/bits.h"
#include "lib/base/cpu.h"
#include "lib/base/err.h"
#include "lib/net/driver.h"

#define DEFAULT_MTU 1500
#define MIN_MTU	    68
/* Ethernet header and one VLAN tag, without CRC */
#define MAX_HEADER 18

static const struct vfnet_driver *find_driver(const struct vfnet_dev *dev)
{
	for (const struct vfnet_driver *const *driver = vfnet_drivers; *driver; driver++)
		if ((*driver)->match(dev->vendor, dev->device))
			return *driver;
	return NULL;
}

static int check_opts(const struct vfnet_port_opts *opts, struct vfnet_port_opts *out,
		      struct vfnet_err *err)
{
	memset(out, 0, sizeof(*out));
	if (opts && opts->size < sizeof(*opts))
		return vfnet_err_set(err, -EINVAL,
				     "vfnet_port_opts.size is %zu, set it to sizeof(struct "
				     "vfnet_port_opts) = %zu",
				     opts->size, sizeof(*opts));
	if (opts)
		*out = *opts;
	if (!out->mtu)
		out->mtu = DEFAULT_MTU;
	if (out->mac[0] & 1)
		return vfnet_err_set(
		    err, -EINVAL, "MAC address %02x:%02x:%02x:%02x:%02x:%02x is a group address",
		    out->mac[0], out->mac[1], out->mac[2], out->mac[3], out->mac[4], out->mac[5]);
	return 0;
}

/* Before the device is touched: which instructions there are does not depend on it. */
static int choose_simd(struct vfnet_port_opts *opts, struct vfnet_err *err)
{
	const char *name = vfnet_simd_name(opts->simd);

	if (!name)
		return vfnet_err_set(err, -EINVAL, "vfnet_port_opts.simd is %d, use VFNET_SIMD_*",
				     (int)opts->simd);
	if (opts->simd == VFNET_SIMD_AUTO)
		opts->simd = vfnet_cpu_simd();
	if (opts->simd <= vfnet_cpu_simd())
		return 0;
	return vfnet_err_set(err, -ENOTSUP,
			     "simd %s: this CPU, its kernel or this build of vfnet has %s at most; "
			     "use that or auto",
			     name, vfnet_simd_name(vfnet_cpu_simd()));
}

static int open_driver(struct vfnet_dev *dev, const struct vfnet_log *log,
		       const struct vfnet_port_opts *opts, struct vfnet_port **out,
		       struct vfnet_err *err)
{
	const struct vfnet_driver *driver = find_driver(dev);
	struct vfnet_port *port;
	int rc;

	if (!driver)
		return vfnet_err_set(
		    err, -ENOTSUP,
		    "%s is %04x:%04x, for which vfnet has no driver; it drives the "
		    "82576 virtual function, 8086:10ca",
		    dev->name, dev->vendor, dev->device);
	if (opts->mtu < MIN_MTU || opts->mtu > driver->max_mtu)
		return vfnet_err_set(err, -EINVAL, "%s: MTU %u, use %u to %u", dev->name, opts->mtu,
				     MIN_MTU, driver->max_mtu);
	rc = driver->open(dev, log, opts, &port, err);
	if (rc)
		return rc;
	port->driver = driver;
	port->dev = dev;
	port->log = log;
	port->event_fd = -1;
	port->poll_fd = -1;
	pthread_mutex_init(&port->lock, NULL);
	*out = port;
	return 0;
}

static void close_port(struct vfnet_port *port)
{
	struct vfnet_dev *dev = port->dev;
	struct vfnet *v = port->v;

	vfnet_service_end(port);
	pthread_mutex_destroy(&port->lock);
	port->driver->close(port);
	vfnet_dev_close(v, dev);
}

int vfnet_port_open(struct vfnet *v, const char *name, const struct vfnet_port_opts *opts,
		    struct vfnet_port **out, struct vfnet_err *err)
{
	struct vfnet_port_opts checked;
	struct vfnet_port *port = NULL;
	struct vfnet_dev *dev;
	int rc;

	rc = check_opts(opts, &checked, err);
	if (!rc)
		rc = choose_simd(&checked, err);
	if (rc)
		return rc;
	rc = vfnet_dev_open(v, name, &dev, err);
	if (rc)
		return rc;
	rc = open_driver(dev, vfnet_ctx_log(v), &checked, &port, err);
	if (rc) {
		vfnet_dev_close(v, dev);
		return rc;
	}
	port->v = v;
	rc = checked.service_thread ? vfnet_service_thread_start(port, err) : 0;
	if (rc) {
		close_port(port);
		return rc;
	}
	*out = port;
	return 0;
}

int vfnet_port_close(struct vfnet_port *port)
{
	if (!port)
		return 0;
	if (vfnet_port_has_queue(port))
		return -EBUSY;
	close_port(port);
	return 0;
}

void vfnet_port_get_info(const struct vfnet_port *port, struct vfnet_port_info *info)
{
	memset(info, 0, sizeof(*info));
	memcpy(info->name, port->dev->name, sizeof(info->name));
	info->driver = port->driver->name;
	memcpy(info->mac, port->mac, sizeof(info->mac));
	info->mtu = port->mtu;
	info->max_frame = port->mtu + MAX_HEADER;
	info->max_rx_queues = port->driver->max_rx_queues;
	info->max_tx_queues = port->driver->max_tx_queues;
	info->numa_node = port->dev->numa_node;
	info->simd = port->simd;
}

enum vfnet_port_state vfnet_port_state(const struct vfnet_port *port)
{
	return (enum vfnet_port_state)vfnet_word_load(&port->state);
}

void vfnet_port_get_link(const struct vfnet_port *port, struct vfnet_link *link)
{
	uint32_t word = vfnet_word_load(&port->link_word);

	link->up = word & VFNET_LINK_WORD_UP;
	link->full_duplex = word & VFNET_LINK_WORD_DUPLEX;
	link->speed_mbps = word & VFNET_LINK_WORD_SPEED;
}
