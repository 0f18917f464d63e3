/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Interrupts: the one for what service looks at, a message in the mailbox, which is also how a
 * physical function tells of its reset and of the link; and the receive queue's, for who sleeps on
 * it. Section 7 of the sheet.
 *
 * Sending an interrupt masks its vector and clears its cause (EIAM, EIAC). A cause that comes while
 * the vector is masked stays, and fires at the unmask: nothing is lost, and at most one interrupt
 * comes per look. On QEMU the vector is never masked by itself, and each fires: no harm.
 */

#include <errno.h>
#include <sys/eventfd.h>

#include "drivers/net/igbvf/igbvf.h"

/*
 * Always Linux igbvf's map: QEMU ors a second one onto the first, also in another process's time
 * [live]. Vector 0, of the transmit queue, is never unmasked.
 */
#define RX_VECTOR   1u
#define MISC_VECTOR 2u
#define RX_MAP                                                                                     \
	(IGBVF_VTIVAR_RX0_VALID | VFNET_FIELD_PREP(IGBVF_VTIVAR_RX0, RX_VECTOR) |                  \
	 IGBVF_VTIVAR_TX0_VALID)
/*
 * QEMU takes the number of the mailbox's vector for a mask and fires number 1 [live], the receive
 * queue's. As long as the queue has no use for it the mailbox gets it; then it wakes a sleeper for
 * nothing, and service finds the message when it looks by time.
 */
#define QEMU_MISC_VECTOR RX_VECTOR

/* No throttle: QEMU's is four times too long and adds interrupts. */
void igbvf_irq_init(const struct igbvf_hw *hw)
{
	igbvf_wr(hw, IGBVF_VTIVAR, hw->rx_irq ? RX_MAP : 0);
	igbvf_wr(hw, IGBVF_VTIVAR_MISC,
		 IGBVF_VTIVAR_MISC_VALID | VFNET_FIELD_PREP(IGBVF_VTIVAR_MISC_VEC, MISC_VECTOR));
	for (uint32_t v = 0; v < IGBVF_VECTORS; v++)
		igbvf_wr(hw, IGBVF_AT(EITR, v), 0);
	igbvf_wr(hw, IGBVF_VTEIAC, IGBVF_VECTORS_ALL);
	igbvf_wr(hw, IGBVF_VTEIAM, IGBVF_VECTORS_ALL);
	igbvf_wr(hw, IGBVF_VTEIMC, IGBVF_VECTORS_ALL);
}

/* Connect what @hw says. Return: what irq_set said; if not 0, nothing is connected. */
static int connect(struct igbvf_hw *hw, struct vfnet_err *err)
{
	int eventfd[IGBVF_VECTORS] = {-1, -1, -1};
	int rc;

	igbvf_wr(hw, IGBVF_VTEIMC, IGBVF_VECTORS_ALL);
	if (!hw->events && !hw->rx_irq)
		return hw->dev->ops->irq_set(hw->dev, 0, NULL, err);
	if (hw->events) {
		eventfd[MISC_VECTOR] = hw->event_fd;
		eventfd[QEMU_MISC_VECTOR] = hw->event_fd;
		hw->events = VFNET_BIT(MISC_VECTOR) | VFNET_BIT(QEMU_MISC_VECTOR);
	}
	if (hw->rx_irq) {
		eventfd[RX_VECTOR] = hw->rx_fd;
		hw->events &= ~VFNET_BIT(RX_VECTOR);
	}
	rc = hw->dev->ops->irq_set(hw->dev, IGBVF_VECTORS, eventfd, err);
	if (!rc)
		igbvf_irq_rearm(hw);
	return rc;
}

int igbvf_irq_restore(struct igbvf_hw *hw, struct vfnet_err *err)
{
	int rc;

	if (!hw->dev->ops->restore)
		return 0;
	rc = hw->dev->ops->restore(hw->dev, err);
	if (rc <= 0 || (!hw->events && !hw->rx_irq))
		return rc < 0 ? rc : 0;
	/* the kernel believes that they are connected, and leaves alone what is */
	hw->dev->ops->irq_set(hw->dev, 0, NULL, NULL);
	rc = connect(hw, err);
	if (rc)
		hw->dev->ops->bus_master(hw->dev, false, NULL);
	return rc;
}

int igbvf_irq_events(struct vfnet_port *pub, int fd, struct vfnet_err *err)
{
	struct igbvf_hw *hw = &VFNET_CONTAINER_OF(pub, struct igbvf_port, port)->hw;
	int rc;

	hw->event_fd = fd;
	hw->events = fd < 0 ? 0 : VFNET_BIT(MISC_VECTOR);
	rc = connect(hw, err);
	if (rc && fd >= 0) {
		hw->events = 0;
		connect(hw, NULL);
	}
	/* its owner may have armed it before, and sleeps: one look for nothing */
	if (hw->rx_irq)
		eventfd_write(hw->rx_fd, 1);
	return rc;
}

void igbvf_irq_rearm(const struct igbvf_hw *hw)
{
	if (hw->events)
		igbvf_wr(hw, IGBVF_VTEIMS, hw->events);
}

int igbvf_rxq_irq(struct vfnet_port *pub, struct vfnet_rxq *rxq, int fd, struct vfnet_err *err)
{
	struct igbvf_hw *hw = &VFNET_CONTAINER_OF(pub, struct igbvf_port, port)->hw;
	int rc;

	(void)rxq; /* the driver opens one receive queue */
	hw->rx_fd = fd;
	hw->rx_irq = fd >= 0;
	rc = connect(hw, err);
	if (rc && hw->rx_irq) {
		hw->rx_irq = false;
		connect(hw, NULL);
	}
	igbvf_wr(hw, IGBVF_VTIVAR, hw->rx_irq ? RX_MAP : 0);
	/*
	 * What an earlier user left in the cause. It stands before the first arming's flush: behind
	 * it, it might erase the cause of a fresh frame.
	 */
	igbvf_wr(hw, IGBVF_VTEICR, VFNET_BIT(RX_VECTOR));
	return rc;
}

/*
 * The vector's cause is not touched: what was latched while it was masked fires at the unmask, one
 * wake-up for nothing. The read takes this write, and those before it, to the card before the ring
 * is looked at: a frame that the look does not see finds the vector unmasked and mapped.
 */
int igbvf_rxq_arm(struct vfnet_rxq *rxq)
{
	struct vfnet_dev *dev = ((struct igbvf_rxq *)rxq)->dev;

	vfnet_dev_write32(dev, IGBVF_VTEIMS, VFNET_BIT(RX_VECTOR));
	if (vfnet_dev_read32(dev, IGBVF_STATUS) == IGBVF_GONE)
		return -ENODEV;
	vfnet_dev_progress(dev);
	if (!igbvf_rx_ready(rxq))
		return 0;
	igbvf_rxq_disarm(rxq);
	return 1;
}

/* EIAM has done it already where an interrupt came, but not on QEMU [live]. */
void igbvf_rxq_disarm(struct vfnet_rxq *rxq)
{
	vfnet_dev_write32(((struct igbvf_rxq *)rxq)->dev, IGBVF_VTEIMC, VFNET_BIT(RX_VECTOR));
}
