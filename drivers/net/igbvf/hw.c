/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reset and first set-up of the function, and bounded waits: section 3 of the sheet. Called by
 * open and close, and by whoever waits for a queue.
 */

#include <errno.h>
#include <time.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"

/* A look costs about 1 us on hardware: the first few come without a sleep in between. */
#define LOOKS_AWAKE 8u
#define SLEEP_NS    20000L

struct igbvf_wait igbvf_wait_start(uint32_t timeout_us)
{
	struct igbvf_wait wait = {.end_ns = vfnet_monotonic_ns() + timeout_us * UINT64_C(1000)};

	return wait;
}

bool igbvf_wait_more(const struct igbvf_hw *hw, struct igbvf_wait *wait)
{
	const struct timespec pause = {.tv_nsec = SLEEP_NS};

	vfnet_dev_progress(hw->dev);
	if (vfnet_monotonic_ns() >= wait->end_ns)
		return false;
	if (++wait->looks > LOOKS_AWAKE)
		nanosleep(&pause, NULL);
	return true;
}

void igbvf_sleep(const struct igbvf_hw *hw, uint32_t us)
{
	struct igbvf_wait wait = igbvf_wait_start(us);

	while (igbvf_wait_more(hw, &wait))
		;
}

int igbvf_poll(const struct igbvf_hw *hw, uint32_t reg, uint32_t mask, uint32_t want,
	       uint32_t timeout_us)
{
	struct igbvf_wait wait = igbvf_wait_start(timeout_us);
	bool more = true;

	/* one look after the time is over: this thread may have slept through it */
	for (;;) {
		uint32_t val = igbvf_rd(hw, reg);

		if (val == IGBVF_GONE)
			return -ENODEV;
		if ((val & mask) == want)
			return 0;
		if (!more)
			return -ETIMEDOUT;
		more = igbvf_wait_more(hw, &wait);
	}
}

int igbvf_err_gone(const struct igbvf_hw *hw, struct vfnet_err *err)
{
	return vfnet_err_set(err, -ENODEV,
			     "%s: the device is gone, its registers read ffffffff; "
			     "close the port, and plug the card in or create its functions again",
			     hw->dev->name);
}

int igbvf_hw_reset(struct igbvf_hw *hw, struct vfnet_err *err)
{
	uint32_t busy = IGBVF_V2PMAILBOX_RSTI | IGBVF_V2PMAILBOX_RSTD;
	int rc;

	if (igbvf_gone(hw))
		return igbvf_err_gone(hw, err);
	igbvf_wr(hw, IGBVF_VTEIMC, IGBVF_VECTORS_ALL);
	igbvf_wr(hw, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	hw->mbx_saved = 0;
	/* RSTI stays for as long as the physical function is down; a read clears RSTD [L] [live] */
	rc = igbvf_poll(hw, IGBVF_V2PMAILBOX, busy, 0, IGBVF_RESET_US);
	if (rc == -ENODEV)
		return igbvf_err_gone(hw, err);
	if (rc)
		return vfnet_err_set(err, -ENETDOWN,
				     "%s: the physical function is down or in reset (RSTI stays in "
				     "V2PMAILBOX for %u ms); bring its interface up with "
				     "'ip link set dev PF up' and try again",
				     hw->dev->name, IGBVF_RESET_US / 1000);
	return 0;
}

static_assert(IGBVF_RXDCTL_ENABLE == IGBVF_TXDCTL_ENABLE, "one bit for both");

int igbvf_queue_switch(const struct igbvf_hw *hw, uint32_t reg, uint32_t thresholds, bool on,
		       struct vfnet_err *err)
{
	uint32_t enable = on ? IGBVF_RXDCTL_ENABLE : 0;
	char text[IGBVF_REG_TEXT_BYTES];
	int rc;

	igbvf_wr(hw, reg, thresholds | enable);
	rc = igbvf_poll(hw, reg, IGBVF_RXDCTL_ENABLE, enable, IGBVF_SWITCH_US);
	if (rc == -ENODEV)
		return igbvf_err_gone(hw, err);
	if (rc)
		return vfnet_err_set(err, rc,
				     "%s: the card does not switch a queue %s within %u ms (%s); "
				     "see whether the physical function's interface is up, then "
				     "close the port and open it again",
				     hw->dev->name, on ? "on" : "off", IGBVF_SWITCH_US / 1000,
				     igbvf_reg_decode(reg, igbvf_rd(hw, reg), text, sizeof(text)));
	return 0;
}

void igbvf_queue_end(struct igbvf_port *port, uint32_t reg, uint32_t thresholds)
{
	struct igbvf_hw *hw = &port->hw;
	int rc = igbvf_queue_switch(hw, reg, thresholds, false, NULL);

	if (rc == -ENODEV)
		return;
	/* without link a transmit queue may never end its work [L] */
	if (rc) {
		igbvf_wr(hw, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
		igbvf_port_down(port, VFNET_PORT_RESETTING,
				"a queue did not stop, so the function was reset");
	}
	igbvf_sleep(hw, IGBVF_SETTLE_US);
}

static int queues_off(const struct igbvf_hw *hw, struct vfnet_err *err)
{
	int rc = 0;

	/* none of the bits is surely 0 after a reset: the sheet's section 2, reset values */
	for (uint32_t q = 0; q < IGBVF_QUEUES && !rc; q++) {
		rc = igbvf_queue_switch(hw, IGBVF_AT(RXDCTL, q), 0, false, err);
		if (!rc)
			rc = igbvf_queue_switch(hw, IGBVF_AT(TXDCTL, q), 0, false, err);
	}
	return rc;
}

int igbvf_hw_init(struct igbvf_hw *hw, struct vfnet_err *err)
{
	int rc = queues_off(hw, err);

	if (rc)
		return rc;
	igbvf_irq_init(hw);
	return 0;
}

void igbvf_hw_stop(struct igbvf_hw *hw)
{
	igbvf_wr(hw, IGBVF_VTEIMC, IGBVF_VECTORS_ALL);
	if (queues_off(hw, NULL) == -ENODEV)
		return;
	igbvf_wr(hw, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	/* the read takes the write to the card; then what was under way may still land */
	if (!igbvf_gone(hw))
		igbvf_sleep(hw, IGBVF_SETTLE_US);
}
