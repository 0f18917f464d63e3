/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A port comes back from a reset of the physical function, which takes rings, interrupts and all
 * that it knew of this function away: sections 3 and 11 of the sheet. First the queues' owners stay
 * out of the rings, then bringup.c does again what open did, as often as it takes: an interface may
 * be down for days.
 */

#define VFNET_LOG_TAG "igbvf/recover"

#include <errno.h>
#include <inttypes.h>

#include "drivers/net/igbvf/igbvf.h"

#define NS_PER_MS    UINT64_C(1000000)
#define PARK_LOOK_NS (NS_PER_MS / 2)
#define RETRY_MIN_NS (10 * NS_PER_MS)
#define RETRY_MAX_NS VFNET_SERVICE_PERIOD_NS
/* a caller that does not sleep until then */
#define SOON_NS 1000u

static void gone(struct igbvf_port *port, const char *why)
{
	vfnet_word_store(&port->port.state, VFNET_PORT_GONE);
	vfnet_port_stop(&port->port, VFNET_QUEUE_GONE);
	igbvf_link_update(port, 0);
	vfnet_log(port->hw.log, WARN, "%s: %s; close the port", port->hw.dev->name, why);
}

void igbvf_port_gone(struct igbvf_port *port)
{
	if (vfnet_word_load(&port->port.state) != VFNET_PORT_GONE)
		gone(port, "the device is gone");
}

/* Unlike one that is gone it still answers: its next driver finds it silent, its counters are read.
 */
void igbvf_give_back(struct vfnet_port *pub)
{
	struct igbvf_port *port = VFNET_CONTAINER_OF(pub, struct igbvf_port, port);
	uint32_t state = vfnet_word_load(&pub->state);

	if (state == VFNET_PORT_GONE)
		return;
	gone(port, "the kernel wants the function back, to unbind or to remove it");
	if (state == VFNET_PORT_RUNNING)
		igbvf_counters_update(port);
	igbvf_wr(&port->hw, IGBVF_VTEIMC, IGBVF_VECTORS_ALL);
	igbvf_wr(&port->hw, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
}

void igbvf_recover_begin(struct igbvf_port *port, const char *why)
{
	if (vfnet_word_load(&port->port.state) == VFNET_PORT_GONE)
		return;
	vfnet_word_store(&port->port.state, VFNET_PORT_RESETTING);
	vfnet_port_stop(&port->port, VFNET_QUEUE_DOWN);
	igbvf_link_update(port, 0);
	igbvf_counters_missed(port);
	port->recover = (struct igbvf_recover){.parking = true};
	vfnet_log(port->hw.log, INFO, "%s: %s; its queues stop", port->hw.dev->name, why);
}

/* The physical function may have cleared what it counts, and nothing has moved since. */
static void finish(struct igbvf_port *port)
{
	igbvf_counters_resume(port);
	igbvf_irq_rearm(&port->hw);
	vfnet_word_store(&port->port.state, VFNET_PORT_RUNNING);
	vfnet_port_restart(&port->port);
	igbvf_link_update(port, igbvf_rd(&port->hw, IGBVF_STATUS));
	vfnet_log(port->hw.log, INFO, "%s: runs again", port->hw.dev->name);
}

static void retry(struct igbvf_port *port, uint64_t now_ns, int code, const struct vfnet_err *err)
{
	struct igbvf_recover *recover = &port->recover;

	/* a reset of the whole card leaves QEMU's function without registers: they read 0 [live] */
	if (code == -ETIMEDOUT)
		igbvf_irq_restore(&port->hw, NULL);
	recover->pause_ns = recover->pause_ns ? 2 * recover->pause_ns : RETRY_MIN_NS;
	if (recover->pause_ns > RETRY_MAX_NS)
		recover->pause_ns = RETRY_MAX_NS;
	vfnet_log(port->hw.log, DEBUG, "%s; again in %" PRIu64 " ms", err->text,
		  recover->pause_ns / NS_PER_MS);
	igbvf_bringup_start(port, now_ns + recover->pause_ns);
}

uint64_t igbvf_recover_step(struct igbvf_port *port, uint64_t now_ns)
{
	struct vfnet_err err;
	int rc;

	port->recover.now_ns = now_ns;
	if (port->recover.parking) {
		if (igbvf_gone(&port->hw)) {
			igbvf_port_gone(port);
			return now_ns + VFNET_SERVICE_PERIOD_NS;
		}
		if (!vfnet_port_is_parked(&port->port))
			return now_ns + PARK_LOOK_NS;
		port->recover.parking = false;
		igbvf_bringup_start(port, now_ns);
	}
	rc = igbvf_bringup_step(port, now_ns, &err);
	switch (rc) {
	case 0:
		finish(port);
		return now_ns + VFNET_SERVICE_PERIOD_NS;
	case -EINPROGRESS:
		break;
	case -ENODEV:
		igbvf_port_gone(port);
		return now_ns + VFNET_SERVICE_PERIOD_NS;
	default:
		retry(port, now_ns, rc, &err);
	}
	return port->up.next_ns > now_ns ? port->up.next_ns : now_ns + SOON_NS;
}

static bool is_telling(const struct igbvf_port *port)
{
	return vfnet_word_load(&port->port.state) == VFNET_PORT_RESETTING &&
	       !port->recover.parking &&
	       (port->up.step == IGBVF_STEP_ASK || port->up.step == IGBVF_STEP_ANSWER);
}

bool igbvf_recover_told(struct igbvf_port *port)
{
	uint64_t begin_ns = vfnet_monotonic_ns(), from_ns = port->recover.now_ns;
	uint64_t now_ns = from_ns;

	while (is_telling(port)) {
		uint64_t next_ns = igbvf_recover_step(port, now_ns);

		igbvf_pause(&port->hw, next_ns > now_ns + SOON_NS);
		now_ns = from_ns + (vfnet_monotonic_ns() - begin_ns);
	}
	if (vfnet_word_load(&port->port.state) != VFNET_PORT_RESETTING)
		return true;
	return !port->recover.parking && port->up.step > IGBVF_STEP_ANSWER;
}
