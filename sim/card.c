/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card as a whole: it comes into being when it is first named, its administrator decides a few
 * things, and it moves when it is stepped.
 */
#include "sim/card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/err.h"
#include "lib/frame/mac.h"
#include "sim/spec.h"

#define POSTED_STEPS_MAX 1000u

int sim_card_get(struct vfnet_sim *sim, unsigned int index, struct sim_card **out,
		 struct vfnet_err *err)
{
	struct sim_card *card;

	if (index >= SIM_CARDS)
		return vfnet_err_set(err, -EINVAL, "sim: there is no card %u; cards are 0 to %u",
				     index, SIM_CARDS - 1);
	card = sim->cards[index];
	if (!card) {
		card = calloc(1, sizeof(*card));
		if (!card)
			return vfnet_err_set(err, -ENOMEM, "sim: no memory for card %u", index);
		card->sim = sim;
		card->index = index;
		card->spoof_check = true;
		for (unsigned int i = 0; i < SIM_VFS; i++)
			sim_vf_init(&card->vfs[i], card, i);
		sim_pf_init(card);
		sim_switch_flush(card);
		sim->cards[index] = card;
	}
	*out = card;
	return 0;
}

void sim_card_free(struct sim_card *card)
{
	if (!card)
		return;
	sim_wire_unplug(card);
	free(card);
}

/* What a specification asks for; the card is not touched before all of it is known to be good. */
struct wish {
	struct sim_fault_orders faults; /* first: its setters do not know the rest */
	bool down;
	bool promisc;
	bool nospoof;
	uint64_t posted;
	uint8_t macs[SIM_VFS][VFNET_MAC_BYTES];
};

static int set_down(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;

	(void)value;
	(void)err;
	wish->down = true;
	return 0;
}

static int set_promisc(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;

	(void)value;
	(void)err;
	wish->promisc = true;
	return 0;
}

static int set_nospoof(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;

	(void)value;
	(void)err;
	wish->nospoof = true;
	return 0;
}

static int set_posted(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;

	return sim_spec_number("posted", value, 1, POSTED_STEPS_MAX, &wish->posted, err);
}

static int set_mac(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;
	unsigned int vf = (unsigned int)value[0] - '0';
	uint8_t mac[VFNET_MAC_BYTES];
	int ret;

	if (vf >= SIM_VFS || value[1] != ':')
		return vfnet_err_set(err, -EINVAL,
				     "mac=%s: write mac=VF:ADDR with VF from 0 to %u, such as "
				     "mac=0:02:00:00:00:00:01",
				     value, SIM_VFS - 1);
	ret = sim_spec_mac("mac", value + 2, mac, err);
	if (ret)
		return ret;
	if (!vfnet_mac_is_valid_unicast(mac))
		return vfnet_err_set(err, -EINVAL, "mac=%s: not a unicast address", value);
	vfnet_mac_copy(wish->macs[vf], mac);
	return 0;
}

static int set_later(void *user, const char *value, struct vfnet_err *err)
{
	(void)user;
	return vfnet_err_set(
	    err, -EINVAL,
	    "card option \"%s\": the software 82576 cannot do vlan= and trust yet; "
	    "leave it out",
	    value ? value : "trust");
}

static const struct sim_spec_key card_keys[] = {
    {"promisc", "promisc", false, set_promisc},
    {"nospoof", "nospoof", false, set_nospoof},
    {"mac", "mac=VF:ADDR", true, set_mac},
    {"down", "down", false, set_down},
    {"posted", "posted=1..1000", false, set_posted},
    {"vlan", "vlan=VF:ID (not yet)", true, set_later},
    {"trust", "trust (not yet)", false, set_later},
    SIM_FAULTS(SIM_FAULT_KEY){0},
};

int sim_card_configure(struct sim_card *card, const char *spec, struct vfnet_err *err)
{
	uint8_t text[VFNET_MAC_BYTES + 2] = {0};
	struct wish wish = {0};
	char what[16];
	int ret;

	if (card->open_vfs)
		return vfnet_err_set(err, -EBUSY,
				     "card %u: a device is open; decide before it is opened",
				     card->index);
	snprintf(what, sizeof(what), "card %u", card->index);
	ret = sim_spec_parse(what, spec, card_keys, &wish, err);
	if (!ret)
		ret = sim_faults_add(&card->faults, &wish.faults, err);
	if (ret)
		return ret;
	card->promisc |= wish.promisc;
	card->spoof_check &= !wish.nospoof;
	card->down |= wish.down;
	if (wish.posted)
		card->posted = (uint32_t)wish.posted;
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		if (!vfnet_mac_is_valid_unicast(wish.macs[i]))
			continue;
		vfnet_mac_copy(text, wish.macs[i]);
		card->vfs[i].pf.mac = sim_mac_load(text);
		card->vfs[i].pf.admin_mac = true;
	}
	sim_pf_init(card);
	sim_switch_flush(card);
	return 0;
}

/* What a register would have told has to be told by the card now. */
void sim_card_gone(struct sim_card *card)
{
	card->gone = true;
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		struct sim_vf *vf = &card->vfs[i];

		vf->missed[VFNET_MISSED_no_descriptor] += *sim_vf_reg(vf, IGBVF_RQDPC);
		*sim_vf_reg(vf, IGBVF_RQDPC) = 0;
		sim_ring_refresh(vf);
	}
}

/* Mappings that were made or undone since the last step move or remove rings. */
static void follow_mappings(struct sim_card *card)
{
	for (uint32_t left = card->open_vfs; left; left &= left - 1) {
		struct sim_vf *vf = &card->vfs[__builtin_ctz(left)];

		if (vf->dma && vf->generation != vf->dma->generation)
			sim_ring_refresh(vf);
	}
}

static void for_open(struct sim_card *card, void (*step)(struct sim_vf *vf))
{
	for (uint32_t left = card->open_vfs; left; left &= left - 1)
		step(&card->vfs[__builtin_ctz(left)]);
}

unsigned int sim_card_step(struct sim_card *card, unsigned int budget)
{
	unsigned int moved;

	if (card->posted)
		for_open(card, sim_posted_step);
	if (vfnet_unlikely(card->faults.timed))
		sim_faults_step(card);
	if (card->slow) {
		card->slow = false;
		for (unsigned int i = 0; i < SIM_VFS; i++)
			if (!sim_faults_lag(&card->vfs[i]))
				sim_ring_update(&card->vfs[i]);
		sim_pf_step(card);
	}
	follow_mappings(card);
	moved = sim_tx_step(card, budget);
	moved += sim_rx_step(card, budget);
	for_open(card, sim_irq_step);
	if (moved && card->sim->stopped && card->sink && card->sink->ops->flush)
		card->sink->ops->flush(card->sink);
	return moved;
}
