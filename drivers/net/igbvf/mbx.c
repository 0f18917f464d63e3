/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The mailbox to the physical function's driver: section 4 of the sheet.
 *
 * One read of V2PMAILBOX clears PFSTS, PFACK and RSTD together, so every read, but for the reset's
 * own, goes through mailbox_read(), which keeps them until somebody consumes them. A message is
 * sent as: take VFU, write the words, REQ. It is read as: PFSTS seen, take VFU, read the words,
 * ACK. The physical function may write at any time what it likes, a ping over our request or over
 * its own reply: then the time limit ends the wait, and a reset starts afresh.
 */

#include <errno.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"
#include "lib/frame/mac.h"

#define REPLY_WORDS_MAX 3u

static uint32_t mailbox_read(struct igbvf_hw *hw)
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
	return (mailbox_read(hw) & IGBVF_V2PMAILBOX_VFU) != 0;
}

static int lock(struct igbvf_hw *hw)
{
	for (unsigned int i = 0; i < IGBVF_MBX_TRIES; i++) {
		if (lock_try(hw))
			return 0;
		igbvf_sleep(hw, 1000);
	}
	return -ETIMEDOUT;
}

/* The caller has the lock; ACK gives it back. */
static void words_take(struct igbvf_hw *hw, uint32_t *word, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		word[i] = igbvf_rd(hw, IGBVF_AT(VMBMEM, i));
	igbvf_wr(hw, IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_ACK);
	hw->mbx_saved &= ~IGBVF_V2PMAILBOX_PFSTS;
}

static int send(struct igbvf_hw *hw, const uint32_t *word, uint32_t n)
{
	int rc = lock(hw);

	if (rc)
		return rc;
	/* what came before belongs to nobody any more */
	mailbox_read(hw);
	hw->mbx_saved &= ~(IGBVF_V2PMAILBOX_PFSTS | IGBVF_V2PMAILBOX_PFACK);
	for (uint32_t i = 0; i < n; i++)
		igbvf_wr(hw, IGBVF_AT(VMBMEM, i), word[i]);
	igbvf_wr(hw, IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_REQ);
	return 0;
}

/*
 * Wait for the reply to a request of @type. igb acknowledges a request when it reads it and writes
 * the reply after that, but for a function that it does not know: there it may say nothing more.
 * So the acknowledgement is not waited for by itself: the reply says all.
 */
static int receive(struct igbvf_hw *hw, uint32_t type, uint32_t *word, uint32_t n)
{
	struct igbvf_wait wait = igbvf_wait_start(IGBVF_REPLY_US);
	bool more = true;

	for (;; more = more && igbvf_wait_more(hw, &wait)) {
		uint32_t val = mailbox_read(hw);

		if (val == IGBVF_GONE)
			return -ENODEV;
		if (val & (IGBVF_V2PMAILBOX_RSTI | IGBVF_V2PMAILBOX_RSTD))
			return -ENETDOWN;
		if ((val & IGBVF_V2PMAILBOX_PFSTS) && lock_try(hw)) {
			words_take(hw, word, n);
			if (VFNET_FIELD_GET(IGBVF_MSG_TYPE, word[0]) == type &&
			    (word[0] & (IGBVF_MSG_ACK | IGBVF_MSG_NACK)))
				return 0;
		}
		if (!more)
			return -ETIMEDOUT;
	}
}

/* Return: 0 with the reply in @reply; -ENODEV, -ENETDOWN, -ETIMEDOUT with a sentence. */
static int ask(struct igbvf_hw *hw, const uint32_t *word, uint32_t n, uint32_t *reply,
	       uint32_t n_reply, struct vfnet_err *err)
{
	uint32_t type = VFNET_FIELD_GET(IGBVF_MSG_TYPE, word[0]);
	int rc = send(hw, word, n);

	if (!rc)
		rc = receive(hw, type, reply, n_reply);
	/* all replies but the reset's carry CTS, unless it was reset since and forgot us */
	if (!rc && type != IGBVF_MSG_RESET && !(reply[0] & IGBVF_MSG_CTS))
		rc = -ENETDOWN;
	if (rc == -ENODEV || (rc && igbvf_gone(hw)))
		return igbvf_err_gone(hw, err);
	if (rc == -ENETDOWN)
		return vfnet_err_set(
		    err, rc,
		    "%s: the physical function went into reset while it was asked "
		    "for something (message %u); try again when its interface is up",
		    hw->dev->name, type);
	if (rc)
		return vfnet_err_set(
		    err, rc,
		    "%s: the physical function does not answer mailbox message %u "
		    "within %u ms, or keeps the mailbox (V2PMAILBOX %08x); see whether "
		    "its driver is loaded and its interface up, then try again",
		    hw->dev->name, type, IGBVF_REPLY_US / 1000, mailbox_read(hw));
	return 0;
}

int igbvf_mbx_ask(struct igbvf_hw *hw, const uint32_t *word, uint32_t n, uint32_t *reply,
		  struct vfnet_err *err)
{
	return ask(hw, word, n, reply, 1, err);
}

int igbvf_mbx_reset(struct igbvf_hw *hw, uint8_t *mac, struct vfnet_err *err)
{
	const uint32_t word = IGBVF_MSG_RESET;
	uint32_t reply[REPLY_WORDS_MAX];
	int rc = ask(hw, &word, 1, reply, REPLY_WORDS_MAX, err);

	if (rc)
		return rc;
	/* a refusal says only that there is no address for us: igb's default [L] */
	if (reply[0] & IGBVF_MSG_ACK)
		memcpy(mac, &reply[1], VFNET_MAC_BYTES);
	return 0;
}

int igbvf_mbx_set_mac(struct igbvf_hw *hw, const uint8_t *mac, struct vfnet_err *err)
{
	uint32_t word[IGBVF_MBOX_WORDS];
	char text[VFNET_MAC_TEXT_BYTES];
	uint32_t reply;
	int rc;

	rc = igbvf_mbx_ask(hw, word, igbvf_soft_mac(mac, 0, word), &reply, err);
	if (rc || (reply & IGBVF_MSG_ACK))
		return rc;
	vfnet_mac_format(mac, text);
	return vfnet_err_set(
	    err, -EPROTO,
	    "%s: the physical function refuses the address %s; its administrator "
	    "has given this function another one ('ip link show dev PF' names it): "
	    "open the port without an address, or have the function trusted",
	    hw->dev->name, text);
}

int igbvf_mbx_set_lpe(struct igbvf_hw *hw, uint32_t max_frame, struct vfnet_err *err)
{
	const uint32_t word[2] = {IGBVF_MSG_SET_LPE, max_frame};
	uint32_t reply;
	int rc = ask(hw, word, 2, &reply, 1, err);

	if (rc || (reply & IGBVF_MSG_ACK))
		return rc;
	return vfnet_err_set(err, -EPROTO,
			     "%s: the physical function refuses frames of %u bytes; "
			     "open the port with a smaller mtu",
			     hw->dev->name, max_frame);
}

bool igbvf_mbx_service(struct igbvf_hw *hw)
{
	uint32_t val = mailbox_read(hw);
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
