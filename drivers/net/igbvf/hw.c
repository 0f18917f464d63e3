/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Queues on and off, interrupt vectors, and bounded waits: section 3 of the sheet. Called by
 * whoever opens or closes a queue or the port.
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

void igbvf_wait_shorten(struct igbvf_wait *wait, uint32_t timeout_us)
{
	uint64_t end_ns = igbvf_wait_start(timeout_us).end_ns;

	if (wait->end_ns > end_ns)
		wait->end_ns = end_ns;
}

void igbvf_pause(const struct igbvf_hw *hw, bool sleep)
{
	const struct timespec pause = {.tv_nsec = SLEEP_NS};

	vfnet_dev_progress(hw->dev);
	if (sleep)
		nanosleep(&pause, NULL);
}

bool igbvf_wait_more(const struct igbvf_hw *hw, struct igbvf_wait *wait)
{
	igbvf_pause(hw, ++wait->looks > LOOKS_AWAKE);
	return vfnet_monotonic_ns() < wait->end_ns;
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

static_assert(IGBVF_RXDCTL_ENABLE == IGBVF_TXDCTL_ENABLE, "one bit for both");

int igbvf_err_switch(const struct igbvf_hw *hw, uint32_t reg, bool on, struct vfnet_err *err)
{
	char text[IGBVF_REG_TEXT_BYTES];

	return vfnet_err_set(err, -ETIMEDOUT,
			     "%s: the card does not switch a queue %s within %u ms (%s); "
			     "see whether the physical function's interface is up, then "
			     "close the port and open it again",
			     hw->dev->name, on ? "on" : "off", IGBVF_SWITCH_US / 1000,
			     igbvf_reg_decode(reg, igbvf_rd(hw, reg), text, sizeof(text)));
}

int igbvf_queue_wait(const struct igbvf_hw *hw, uint32_t reg, bool on, struct vfnet_err *err)
{
	int rc =
	    igbvf_poll(hw, reg, IGBVF_RXDCTL_ENABLE, on ? IGBVF_RXDCTL_ENABLE : 0, IGBVF_SWITCH_US);

	if (rc == -ENODEV)
		return igbvf_err_gone(hw, err);
	return rc ? igbvf_err_switch(hw, reg, on, err) : 0;
}

int igbvf_queue_off(const struct igbvf_hw *hw, uint32_t reg, uint32_t thresholds,
		    struct vfnet_err *err)
{
	igbvf_wr(hw, reg, thresholds);
	return igbvf_queue_wait(hw, reg, false, err);
}

void igbvf_queue_end(struct igbvf_port *port, uint32_t reg, uint32_t thresholds)
{
	struct igbvf_hw *hw = &port->hw;
	int rc = igbvf_queue_off(hw, reg, thresholds, NULL);

	if (rc == -ENODEV)
		return;
	/* without link a transmit queue may never end its work [L] */
	if (rc) {
		igbvf_wr(hw, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
		igbvf_recover_begin(port, "a queue did not stop, so the function is reset");
	}
	igbvf_sleep(hw, IGBVF_SETTLE_US);
}

static int queues_off(const struct igbvf_hw *hw)
{
	int rc = 0;

	for (uint32_t q = 0; q < IGBVF_QUEUES && !rc; q++) {
		rc = igbvf_queue_off(hw, IGBVF_AT(RXDCTL, q), 0, NULL);
		if (!rc)
			rc = igbvf_queue_off(hw, IGBVF_AT(TXDCTL, q), 0, NULL);
	}
	return rc;
}

void igbvf_hw_stop(struct igbvf_hw *hw)
{
	igbvf_wr(hw, IGBVF_VTEIMC, IGBVF_VECTORS_ALL);
	if (queues_off(hw) == -ENODEV)
		return;
	igbvf_wr(hw, IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	/* the read takes the write to the card; then what was under way may still land */
	if (!igbvf_gone(hw))
		igbvf_sleep(hw, IGBVF_SETTLE_US);
}
