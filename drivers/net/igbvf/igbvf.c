/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The driver as lib/net sees it: bringing a function up (section 3 of the sheet), its service, and
 * taking it down.
 */

#define VFNET_LOG_TAG "igbvf"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"
#include "lib/frame/mac.h"

/* header, VLAN tag, CRC [L] [D] */
#define FRAME_OVER_MTU (14u + 4u + 4u)

static bool igbvf_match(uint16_t vendor, uint16_t device)
{
	return vendor == IGBVF_VENDOR && device == IGBVF_DEVICE;
}

static int reset_once(struct igbvf_hw *hw, uint8_t *mac, struct vfnet_err *err)
{
	int rc = igbvf_hw_reset(hw, err);

	return rc ? rc : igbvf_mbx_reset(hw, mac, err);
}

/*
 * A ping may overwrite VF_RESET or its reply, and then nothing comes: the one cure is to start
 * again. The requests after it are not repeated, they fail the open.
 */
static int reset_twice(struct igbvf_hw *hw, uint8_t *mac, struct vfnet_err *err)
{
	struct vfnet_err lost; /* not the caller's: the second try may do */
	int rc = reset_once(hw, mac, &lost);

	if (rc == -ETIMEDOUT)
		return reset_once(hw, mac, err);
	if (rc && err)
		*err = lost;
	return rc;
}

static int random_mac(uint8_t *mac, struct vfnet_err *err)
{
	uint64_t bits;

	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return vfnet_err_set(err, -EIO,
				     "no random numbers for an address: %s; "
				     "give the port one in its options",
				     strerror(errno));
	vfnet_mac_random(bits, mac);
	return 0;
}

/*
 * @mac: what VF_RESET said, or zeros; then the address in force. igb refuses another one than its
 * administrator set, so the same one is not asked for.
 */
static int settle_mac(struct igbvf_hw *hw, const uint8_t *wanted, uint8_t *mac,
		      struct vfnet_err *err)
{
	bool have = vfnet_mac_is_valid_unicast(mac);
	bool want = vfnet_mac_is_valid_unicast(wanted);
	int rc;

	if (have && (!want || vfnet_mac_equal(mac, wanted)))
		return 0;
	if (want) {
		vfnet_mac_copy(mac, wanted);
	} else {
		rc = random_mac(mac, err);
		if (rc)
			return rc;
	}
	return igbvf_mbx_set_mac(hw, mac, err);
}

/*
 * SET_LPE also for ordinary frames, as others do [L] [D]: its reply carries CTS, which says that
 * the physical function knows us.
 */
static int bring_up(struct igbvf_port *port, const uint8_t *wanted, struct vfnet_err *err)
{
	uint32_t max_frame = port->port.mtu + FRAME_OVER_MTU;
	struct igbvf_hw *hw = &port->hw;
	int rc;

	rc = reset_twice(hw, port->port.mac, err);
	if (!rc)
		rc = settle_mac(hw, wanted, port->port.mac, err);
	if (!rc)
		rc = igbvf_mbx_set_lpe(hw, max_frame < IGBVF_LPE_MAX ? max_frame : IGBVF_LPE_MAX,
				       err);
	if (!rc)
		rc = igbvf_hw_init(hw, err);
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
	port->port.state = VFNET_PORT_RUNNING;
	rc = bring_up(port, opts->mac, err);
	if (rc) {
		igbvf_hw_stop(&port->hw);
		free(port);
		return rc;
	}
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

void igbvf_port_down(struct igbvf_port *port, enum vfnet_port_state state, const char *why)
{
	if (vfnet_word_load(&port->port.state) >= (uint32_t)state)
		return;
	vfnet_word_store(&port->port.state, state);
	vfnet_port_stop(&port->port,
			state == VFNET_PORT_GONE ? VFNET_QUEUE_GONE : VFNET_QUEUE_DOWN);
	igbvf_link_update(port, 0);
	vfnet_log(port->hw.log, WARN, "%s: %s; close the port", port->hw.dev->name, why);
}

static void reset_seen(struct igbvf_port *port)
{
	if (vfnet_word_load(&port->port.state) != VFNET_PORT_RUNNING)
		return;
	vfnet_count_add(&port->port.base.resets, 1);
	igbvf_port_down(port, VFNET_PORT_RESETTING, "the physical function was reset");
}

static uint64_t igbvf_service(struct vfnet_port *pub, uint64_t now_ns)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	uint32_t status;

	/* before the looks: what happens after them fires again */
	igbvf_irq_rearm(&port->hw);
	status = igbvf_rd(&port->hw, IGBVF_STATUS);
	if (status == IGBVF_GONE)
		igbvf_port_down(port, VFNET_PORT_GONE, "the device is gone");
	else if (!igbvf_mbx_service(&port->hw))
		reset_seen(port);
	/* a physical function in reset may clear what it counts */
	if (vfnet_word_load(&pub->state) == VFNET_PORT_RUNNING) {
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
    .events = igbvf_irq_events,
    .filter = igbvf_filter,
};
