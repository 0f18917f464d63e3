/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The interrupt for what service looks at: a message in the mailbox, which is also how a physical
 * function tells of its reset and of the link. Section 7 of the sheet.
 *
 * Sending the interrupt masks its vector (EIAM), and service unmasks it: a cause that came
 * meanwhile fires then, so nothing is lost, and at most one interrupt comes per look. On QEMU the
 * vector is never masked, and each fires: no harm.
 */

#include "drivers/net/igbvf/igbvf.h"

#define MISC_VECTOR 2u
/*
 * QEMU takes the number of the mailbox's vector for a mask and fires number 1 [live]. That is the
 * receive queue's: silent as long as VTIVAR does not name it, on QEMU if no other driver ever did.
 */
#define QEMU_MISC_VECTOR 1u

int igbvf_irq_events(struct vfnet_port *pub, int fd, struct vfnet_err *err)
{
	struct igbvf_hw *hw = &VFNET_CONTAINER_OF(pub, struct igbvf_port, port)->hw;
	int eventfd[IGBVF_VECTORS] = {-1, -1, -1};
	int rc;

	igbvf_wr(hw, IGBVF_VTEIMC, IGBVF_VECTORS_ALL);
	hw->events = 0;
	if (fd < 0)
		return hw->dev->ops->irq_set(hw->dev, 0, NULL, err);
	eventfd[MISC_VECTOR] = fd;
	eventfd[QEMU_MISC_VECTOR] = fd;
	rc = hw->dev->ops->irq_set(hw->dev, IGBVF_VECTORS, eventfd, err);
	if (rc)
		return rc;
	hw->events = VFNET_BIT(MISC_VECTOR) | VFNET_BIT(QEMU_MISC_VECTOR);
	igbvf_irq_rearm(hw);
	return 0;
}

void igbvf_irq_rearm(const struct igbvf_hw *hw)
{
	if (hw->events)
		igbvf_wr(hw, IGBVF_VTEIMS, hw->events);
}
