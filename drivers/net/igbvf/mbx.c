/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The mailbox to the physical function's driver: section 4 of the sheet.
 *
 * One read of V2PMAILBOX clears PFSTS, PFACK and RSTD together, so every read, but for the reset's
 * own, goes through igbvf_mbx_look(), which keeps them until somebody consumes them. Nothing here
 * waits: bringup.c and filter.c look again, up to a limit. A message is sent as: take VFU, write
 * the words, REQ. It is read as: PFSTS seen, take VFU, read the words, ACK. The physical function
 * may write at any time what it likes, a ping over our request or over its own reply: then the time
 * limit ends the wait, and a reset starts afresh.
 */

#include <errno.h>

#include "drivers/net/igbvf/igbvf.h"

uint32_t igbvf_mbx_look(struct igbvf_hw *hw)
{
	uint32_t val = igbvf_rd(hw, IGBVF_V2PMAILBOX);

	if (val == IGBVF_GONE)
		return val;
	hw->mbx_saved |= val & IGBVF_V2PMAILBOX_R2C;
	return val | hw->mbx_saved;
}

static bool lock_try(struct igbvf_hw *hw)
{
	igbvf_wr(hw, IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_VFU);
	return (igbvf_mbx_look(hw) & IGBVF_V2PMAILBOX_VFU) != 0;
}

/* The caller has the lock; ACK gives it back. */
static void words_take(struct igbvf_hw *hw, uint32_t *word, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		word[i] = igbvf_rd(hw, IGBVF_AT(VMBMEM, i));
	igbvf_wr(hw, IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_ACK);
	hw->mbx_saved &= ~IGBVF_V2PMAILBOX_PFSTS;
}

int igbvf_mbx_send(struct igbvf_hw *hw, const uint32_t *word, uint32_t n)
{
	if (!lock_try(hw))
		return -EAGAIN;
	/* what came before belongs to nobody any more */
	igbvf_mbx_look(hw);
	hw->mbx_saved &= ~(IGBVF_V2PMAILBOX_PFSTS | IGBVF_V2PMAILBOX_PFACK);
	for (uint32_t i = 0; i < n; i++)
		igbvf_wr(hw, IGBVF_AT(VMBMEM, i), word[i]);
	igbvf_wr(hw, IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_REQ);
	return 0;
}

/*
 * igb acknowledges a request when it reads it and writes the reply after that, but for a function
 * that it does not know: there it may say nothing more. So the acknowledgement is not waited for by
 * itself: the reply says all.
 */
int igbvf_mbx_receive(struct igbvf_hw *hw, uint32_t type, uint32_t *word, uint32_t n)
{
	uint32_t val = igbvf_mbx_look(hw);

	if (val == IGBVF_GONE)
		return -ENODEV;
	if (val & (IGBVF_V2PMAILBOX_RSTI | IGBVF_V2PMAILBOX_RSTD))
		return -ENETDOWN;
	if (!(val & IGBVF_V2PMAILBOX_PFSTS) || !lock_try(hw))
		return -EAGAIN;
	words_take(hw, word, n);
	if (VFNET_FIELD_GET(IGBVF_MSG_TYPE, word[0]) == type &&
	    (word[0] & (IGBVF_MSG_ACK | IGBVF_MSG_NACK)))
		return 0;
	return -EBUSY;
}

bool igbvf_mbx_service(struct igbvf_hw *hw)
{
	uint32_t val = igbvf_mbx_look(hw);
	uint32_t word;

	hw->mbx_saved &= ~(IGBVF_V2PMAILBOX_RSTD | IGBVF_V2PMAILBOX_PFACK);
	if (val & (IGBVF_V2PMAILBOX_RSTI | IGBVF_V2PMAILBOX_RSTD))
		return false;
	/* not ours yet: PFSTS stays saved for the next call */
	if (!(val & IGBVF_V2PMAILBOX_PFSTS) || !lock_try(hw))
		return true;
	words_take(hw, &word, 1);
	/* igb's ping carries CTS; without it, it has forgotten us */
	return (word & IGBVF_MSG_CTS) != 0;
}
