/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The physical function as Linux 6.12's igb drives it, from 82576-vf.md §3 and §4 [L]: it works the
 * mailboxes in its interrupt handler, which here is one call per step. A request is read in one
 * step, with PFU held, and answered in the next. What the messages about filters do is in
 * pf_filter.c.
 */
#define VFNET_LOG_TAG "sim/pf"
#include "sim/card.h"

#define NACK_EVERY_NS UINT64_C(2000000000)

void sim_pf_init(struct sim_card *card)
{
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		struct sim_vf *vf = &card->vfs[i];

		vf->pf.max_frame = SIM_FRAME_DEFAULT;
		sim_pf_filter_forget(vf);
		vf->mbox.bits = card->down ? IGBVF_V2PMAILBOX_RSTI : IGBVF_V2PMAILBOX_RSTD;
	}
}

/* What igb knew about a function is gone after each reset; the registers' side is in vf.c. */
static void forget(struct sim_vf *vf)
{
	vf->pf.cts = false;
	vf->pf.last_nack_ns = sim_now_ns(vf->card->sim);
	vf->pf.max_frame = SIM_FRAME_DEFAULT;
	vf->pf.lpe = false;
	sim_pf_filter_forget(vf);
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

static int set_lpe(struct sim_vf *vf, const uint32_t *words)
{
	vf->pf.max_frame = words[1] < IGBVF_LPE_MAX ? words[1] : IGBVF_LPE_MAX;
	vf->pf.lpe = true;
	return 0;
}

/* Return: 0 = acknowledge, -1 = refuse */
static int serve(struct sim_vf *vf, const uint32_t *words, uint32_t *answer)
{
	if (VFNET_FIELD_GET(IGBVF_MSG_TYPE, words[0]) == IGBVF_MSG_SET_LPE)
		return set_lpe(vf, words);
	return sim_pf_filter_serve(vf, words, answer);
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

/* What igb says when the link changes. */
static uint32_t ping_word(const struct sim_vf *vf)
{
	return IGBVF_MSG_PF_CONTROL | (vf->pf.cts ? IGBVF_MSG_CTS : 0);
}

static void send_ping(struct sim_vf *vf)
{
	uint32_t word = ping_word(vf);

	send_to(vf, &word, 1);
}

static void answer(struct sim_vf *vf)
{
	if (sim_faults_late(vf))
		return;
	vf->pf.replying = false;
	if (sim_faults_lose_reply(vf->card))
		sim_mbox_pf_drop(&vf->mbox);
	else
		send_to(vf, vf->pf.reply, vf->pf.n_reply);
}

/* While the function holds the words igb tries again; here without its limit of 10 ms. */
static void vf_step(struct sim_vf *vf)
{
	if (vf->pf.reset)
		on_reset(vf);
	if (vf->pf.replying) {
		answer(vf);
	} else if (vf->pf.ping && sim_mbox_pf_take(&vf->mbox)) {
		send_to(vf, &vf->pf.ping, 1);
		vf->pf.ping = 0;
	} else if (vf->mbox.req && sim_mbox_pf_take(&vf->mbox)) {
		if (sim_faults_ping(vf->card)) {
			send_ping(vf);
			return;
		}
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
		sim_vf_card_reset(vf);
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
	for (unsigned int i = 0; i < SIM_VFS && !card->down; i++)
		ping(&card->vfs[i], ping_word(&card->vfs[i]));
}
