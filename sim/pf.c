/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The physical function as Linux 6.12's igb drives it, from 82576-vf.md §3 and §4 [L]: it works the
 * mailboxes in its interrupt handler, which here is one call per step. A request is read in one
 * step, with PFU held, and answered in the next.
 *
 * Refused as igb refuses when it has no room left: SET_VLAN (no filter slot) and further addresses
 * (no receive address slot). Both come with the rest of the filters.
 */
#define VFNET_LOG_TAG "sim/pf"
#include "sim/card.h"

#include <errno.h>

#include "lib/frame/mac.h"

#define NACK_EVERY_NS UINT64_C(2000000000)

void sim_pf_init(struct sim_card *card)
{
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		struct sim_vf *vf = &card->vfs[i];

		vf->pf.max_frame = SIM_FRAME_DEFAULT;
		vf->mbox.bits = card->down ? IGBVF_V2PMAILBOX_RSTI : IGBVF_V2PMAILBOX_RSTD;
	}
}

static void rebuild_hashes(struct sim_card *card)
{
	memset(card->hashed, 0, sizeof(card->hashed));
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		const struct sim_pf_vf *pf = &card->vfs[i].pf;

		for (unsigned int k = 0; k < pf->n_hashes && k < IGBVF_MULTICAST_MAX; k++)
			card->hashed[pf->hashes[k] % SIM_HASHES] = true;
	}
	sim_switch_flush(card);
}

/* What igb knew about a function is gone after each reset; the registers' side is in vf.c. */
static void forget(struct sim_vf *vf)
{
	vf->pf.cts = false;
	vf->pf.last_nack_ns = sim_now_ns(vf->card->sim);
	vf->pf.n_hashes = 0;
	vf->pf.multi_promisc = false;
	vf->pf.vlan_strip = false;
	vf->pf.max_frame = SIM_FRAME_DEFAULT;
	vf->pf.lpe = false;
	rebuild_hashes(vf->card);
}

/* VFLRE */
static void on_reset(struct sim_vf *vf)
{
	vf->pf.reset = false;
	if (!vf->pf.admin_mac)
		vf->pf.mac = SIM_NO_MAC;
	forget(vf);
}

static void reply(struct sim_vf *vf, const uint32_t *words, unsigned int n)
{
	memcpy(vf->pf.reply, words, n * sizeof(*words));
	vf->pf.n_reply = n;
	vf->pf.replying = true;
}

static void on_vf_reset_message(struct sim_vf *vf)
{
	uint32_t words[3] = {IGBVF_MSG_RESET, (uint32_t)vf->pf.mac, (uint32_t)(vf->pf.mac >> 32)};

	forget(vf);
	vf->pf.cts = true;
	vf->pf.enabled = true;
	sim_ring_refresh(vf);
	words[0] |= vf->pf.mac == SIM_NO_MAC ? IGBVF_MSG_NACK : IGBVF_MSG_ACK;
	reply(vf, words, 3);
}

/* Each handler: 0 = acknowledge, -1 = refuse. */
static int set_mac(struct sim_vf *vf, const uint32_t *words)
{
	uint8_t mac[VFNET_MAC_BYTES + 2];

	memcpy(mac, &words[1], sizeof(mac));
	if (VFNET_FIELD_GET(IGBVF_MSG_INFO, words[0]) || vf->pf.admin_mac ||
	    !vfnet_mac_is_valid_unicast(mac))
		return -1;
	vf->pf.mac = sim_mac_load(mac);
	sim_switch_flush(vf->card);
	return 0;
}

static int set_multicast(struct sim_vf *vf, const uint32_t *words)
{
	unsigned int n = VFNET_FIELD_GET(IGBVF_MSG_INFO, words[0]);

	/* the overflow bit of [D] makes the count larger than the limit, as igb sees it */
	vf->pf.n_hashes = n;
	memcpy(vf->pf.hashes, &words[1],
	       sizeof(vf->pf.hashes[0]) * (n < IGBVF_MULTICAST_MAX ? n : IGBVF_MULTICAST_MAX));
	rebuild_hashes(vf->card);
	return 0;
}

static int set_lpe(struct sim_vf *vf, const uint32_t *words)
{
	vf->pf.max_frame = words[1] < IGBVF_LPE_MAX ? words[1] : IGBVF_LPE_MAX;
	vf->pf.lpe = true;
	return 0;
}

static int set_promisc(struct sim_vf *vf, const uint32_t *words, uint32_t *answer)
{
	uint32_t info = VFNET_FIELD_GET(IGBVF_MSG_INFO, words[0]);

	/* igb does what it can, takes that bit out, and refuses the rest [L] */
	vf->pf.multi_promisc = info & IGBVF_PROMISC_MULTICAST;
	*answer &= ~VFNET_FIELD_PREP(IGBVF_MSG_INFO, IGBVF_PROMISC_MULTICAST);
	sim_switch_flush(vf->card);
	return info & ~IGBVF_PROMISC_MULTICAST ? -1 : 0;
}

static int serve(struct sim_vf *vf, const uint32_t *words, uint32_t *answer)
{
	switch (VFNET_FIELD_GET(IGBVF_MSG_TYPE, words[0])) {
	case IGBVF_MSG_SET_MAC:
		return set_mac(vf, words);
	case IGBVF_MSG_SET_MULTICAST:
		return set_multicast(vf, words);
	case IGBVF_MSG_SET_LPE:
		return set_lpe(vf, words);
	case IGBVF_MSG_SET_PROMISC:
		return set_promisc(vf, words, answer);
	default: /* SET_VLAN, and what igb does not know */
		return -1;
	}
}

/* Return: whether a reply follows, so that PFU is kept */
static bool on_message(struct sim_vf *vf)
{
	const uint32_t *words = vf->mbox.words;
	uint32_t answer = words[0];

	if (answer & (IGBVF_MSG_ACK | IGBVF_MSG_NACK))
		return false; /* a reply that was left there */
	if (answer == IGBVF_MSG_RESET) {
		on_vf_reset_message(vf);
		return true;
	}
	if (!vf->pf.cts) {
		if (sim_now_ns(vf->card->sim) - vf->pf.last_nack_ns <= NACK_EVERY_NS)
			return false;
		vf->pf.last_nack_ns = sim_now_ns(vf->card->sim);
		answer |= IGBVF_MSG_NACK;
	} else {
		answer |= serve(vf, words, &answer) ? IGBVF_MSG_NACK : IGBVF_MSG_ACK;
		answer |= IGBVF_MSG_CTS;
	}
	reply(vf, &answer, 1);
	return true;
}

static void send_to(struct sim_vf *vf, const uint32_t *words, unsigned int n)
{
	sim_mbox_pf_send(&vf->mbox, words, n);
	sim_irq_misc(vf);
}

/* While the function holds the words igb tries again; here without its limit of 10 ms. */
static void vf_step(struct sim_vf *vf)
{
	if (vf->pf.reset)
		on_reset(vf);
	if (vf->pf.replying) {
		vf->pf.replying = false;
		send_to(vf, vf->pf.reply, vf->pf.n_reply);
	} else if (vf->pf.ping && sim_mbox_pf_take(&vf->mbox)) {
		send_to(vf, &vf->pf.ping, 1);
		vf->pf.ping = 0;
	} else if (vf->mbox.req && sim_mbox_pf_take(&vf->mbox)) {
		vf->mbox.req = false;
		sim_mbox_pf_ack(&vf->mbox, on_message(vf));
		sim_irq_misc(vf);
	}
	vf->mbox.ack = false; /* igb has nothing that waits for it */
	if (vf->mbox.req || vf->pf.replying || vf->pf.ping)
		vf->card->slow = true;
}

void sim_pf_step(struct sim_card *card)
{
	for (unsigned int i = 0; i < SIM_VFS && !card->down; i++)
		vf_step(&card->vfs[i]);
}

static void ping(struct sim_vf *vf, uint32_t word)
{
	vf->pf.ping = word;
	vf->card->slow = true;
	if (!vf->pf.replying)
		vf_step(vf);
}

/* igb says so in the mailbox, without CTS, and then resets the card. */
void sim_pf_down(struct sim_card *card)
{
	if (card->down)
		return;
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		struct sim_vf *vf = &card->vfs[i];

		vf->pf.cts = false;
		ping(vf, IGBVF_MSG_PF_CONTROL);
		vf->pf.ping = 0;
		sim_vf_reset(vf);
		vf->mbox.bits |= IGBVF_V2PMAILBOX_RSTI;
	}
	card->down = true;
}

void sim_pf_up(struct sim_card *card)
{
	if (!card->down)
		return;
	card->down = false;
	card->slow = true;
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		struct sim_mbox *mbox = &card->vfs[i].mbox;

		mbox->bits = (mbox->bits & ~IGBVF_V2PMAILBOX_RSTI) | IGBVF_V2PMAILBOX_RSTD;
	}
}

void sim_pf_link(struct sim_card *card, bool plugged)
{
	if (card->no_wire == !plugged)
		return;
	card->no_wire = !plugged;
	for (unsigned int i = 0; i < SIM_VFS && !card->down; i++) {
		struct sim_vf *vf = &card->vfs[i];

		ping(vf, IGBVF_MSG_PF_CONTROL | (vf->pf.cts ? IGBVF_MSG_CTS : 0));
	}
}
