/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The driver as lib/net sees it: opening a function, its service, and closing it.
 */

#define VFNET_LOG_TAG "igbvf"

#include <errno.h>
#include <stdlib.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"
#include "lib/frame/mac.h"

/* header, VLAN tag, CRC [L] [D] */
#define FRAME_OVER_MTU (14u + 4u + 4u)

static bool igbvf_match(uint16_t vendor, uint16_t device)
{
	return vendor == IGBVF_VENDOR && device == IGBVF_DEVICE;
}

static int run_through(struct igbvf_port *port, struct vfnet_err *err)
{
	uint64_t now_ns = vfnet_monotonic_ns();
	int rc;

	igbvf_bringup_start(port, now_ns);
	for (;;) {
		rc = igbvf_bringup_step(port, now_ns, err);
		if (rc != -EINPROGRESS)
			return rc;
		igbvf_pause(&port->hw, port->up.next_ns > now_ns);
		now_ns = vfnet_monotonic_ns();
	}
}

/*
 * A ping may overwrite a request or its reply, and then nothing comes; or the physical function is
 * reset just now. The one cure for both is to start again. One that was in reset all the time is
 * down.
 */
static int bring_up(struct igbvf_port *port, struct vfnet_err *err)
{
	struct vfnet_err lost; /* not the caller's: the second try may do */
	int rc = run_through(port, &lost);

	if ((rc == -ENETDOWN && port->up.step > IGBVF_STEP_RESET_DONE) ||
	    (rc == -ETIMEDOUT && port->up.step < IGBVF_STEP_OFF))
		return run_through(port, err);
	if (rc && err)
		*err = lost;
	return rc;
}

static int igbvf_open(struct vfnet_dev *dev, const struct vfnet_log *log,
		      const struct vfnet_port_opts *opts, struct vfnet_port **out,
		      struct vfnet_err *err)
{
	struct igbvf_port *port = calloc(1, sizeof(*port));
	int rc;

	if (!port)
		return vfnet_err_set(err, -ENOMEM, "%s: no memory for a port", dev->name);
	port->hw.dev = dev;
	port->hw.log = log;
	port->port.mtu = opts->mtu;
	port->port.simd = opts->simd;
	port->port.state = VFNET_PORT_RUNNING;
	vfnet_mac_copy(port->soft.mac, opts->mac);
	port->soft.max_frame = opts->mtu + FRAME_OVER_MTU;
	if (port->soft.max_frame > IGBVF_LPE_MAX)
		port->soft.max_frame = IGBVF_LPE_MAX;
	rc = bring_up(port, err);
	if (rc) {
		igbvf_hw_stop(&port->hw);
		free(port);
		return rc;
	}
	port->opened = true;
	vfnet_mac_copy(port->port.mac, port->soft.mac);
	igbvf_counters_start(port);
	igbvf_link_update(port, igbvf_rd(&port->hw, IGBVF_STATUS));
	*out = &port->port;
	return 0;
}

static void igbvf_close(struct vfnet_port *pub)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);

	igbvf_hw_stop(&port->hw);
	free(port);
}

static uint64_t on_reset(struct igbvf_port *port, uint64_t now_ns)
{
	vfnet_count_add(&port->port.base.resets, 1);
	igbvf_recover_begin(port, "the physical function was reset");
	return igbvf_recover_step(port, now_ns);
}

static uint64_t on_rings_lost(struct igbvf_port *port, uint64_t now_ns)
{
	/* that of the physical function may have come since the mailbox was looked at */
	if (!igbvf_mbx_service(&port->hw))
		return on_reset(port, now_ns);
	vfnet_count_add(&port->port.base.vf_resets, 1);
	igbvf_recover_begin(port, "this function was reset by somebody else");
	return igbvf_recover_step(port, now_ns);
}

static uint64_t igbvf_service(struct vfnet_port *pub, uint64_t now_ns)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	uint32_t status;

	switch (vfnet_word_load(&pub->state)) {
	case VFNET_PORT_RUNNING:
		break;
	case VFNET_PORT_RESETTING:
		return igbvf_recover_step(port, now_ns);
	default:
		return now_ns + VFNET_SERVICE_PERIOD_NS;
	}
	/* before the looks: what happens after them fires again */
	igbvf_irq_rearm(&port->hw);
	status = igbvf_rd(&port->hw, IGBVF_STATUS);
	if (status == IGBVF_GONE) {
		igbvf_port_gone(port);
	} else if (!igbvf_mbx_service(&port->hw)) {
		return on_reset(port, now_ns);
	} else if (igbvf_rings_lost(port)) {
		return on_rings_lost(port, now_ns);
	} else {
		igbvf_link_update(port, status);
		igbvf_counters_update(port);
	}
	return now_ns + VFNET_SERVICE_PERIOD_NS;
}

/*
 * The second queue sends only: with Linux's igb it never receives [L]. QEMU gives it no interrupts
 * [live], which nobody who sends misses.
 */
const struct vfnet_driver igbvf_driver = {
    .name = "igbvf",
    .max_rx_queues = 1,
    .max_tx_queues = 2,
    .max_mtu = IGBVF_MTU_MAX,
    .match = igbvf_match,
    .open = igbvf_open,
    .close = igbvf_close,
    .rxq_open = igbvf_rxq_open,
    .txq_open = igbvf_txq_open,
    .rxq_close = igbvf_rxq_close,
    .txq_close = igbvf_txq_close,
    .rxq_count = igbvf_rxq_count,
    .txq_count = igbvf_txq_count,
    .txq_reclaim = igbvf_txq_reclaim,
    .service = igbvf_service,
    .give_back = igbvf_give_back,
    .events = igbvf_irq_events,
    .rxq_irq = igbvf_rxq_irq,
    .rxq_ready = igbvf_rx_ready,
    .rxq_arm = igbvf_rxq_arm,
    .rxq_disarm = igbvf_rxq_disarm,
    .filter = igbvf_filter,
};
