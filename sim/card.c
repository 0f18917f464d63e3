/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card as a whole: it comes into being when it is first named, its administrator decides a few
 * things, and it moves when it is stepped.
 */
#include "sim/card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>

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
	bool trust[SIM_VFS];
	uint8_t macs[SIM_VFS][VFNET_MAC_BYTES];
	uint16_t vlans[SIM_VFS];
	uint64_t stats;
	uint32_t quirks;
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

/* "VF:REST". Return: REST; NULL = wrong */
static const char *split_vf(const char *usage, const char *value, unsigned int *vf,
			    struct vfnet_err *err)
{
	*vf = (unsigned int)value[0] - '0';
	if (*vf < SIM_VFS && value[1] == ':')
		return value + 2;
	vfnet_err_set(err, -EINVAL, "%s: write %s with VF from 0 to %u", value, usage, SIM_VFS - 1);
	return NULL;
}

static int set_mac(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;
	uint8_t mac[VFNET_MAC_BYTES];
	const char *text;
	unsigned int vf;
	int ret;

	text = split_vf("mac=VF:ADDR, such as mac=0:02:00:00:00:00:01,", value, &vf, err);
	if (!text)
		return -EINVAL;
	ret = sim_spec_mac("mac", text, mac, err);
	if (ret)
		return ret;
	if (!vfnet_mac_is_valid_unicast(mac))
		return vfnet_err_set(err, -EINVAL, "mac=%s: not a unicast address", value);
	vfnet_mac_copy(wish->macs[vf], mac);
	return 0;
}

static int set_vlan(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;
	const char *text;
	unsigned int vf;
	uint64_t id;

	text = split_vf("vlan=VF:ID", value, &vf, err);
	if (!text || sim_spec_number("vlan ID", text, 1, SIM_VLANS - 2, &id, err))
		return -EINVAL;
	wish->vlans[vf] = (uint16_t)id;
	return 0;
}

static int set_trust(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;
	uint64_t vf;

	if (sim_spec_number("trust", value, 0, SIM_VFS - 1, &vf, err))
		return -EINVAL;
	wish->trust[vf] = true;
	return 0;
}

static int set_stats(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;

	return sim_spec_number("stats", value, 0, UINT32_MAX, &wish->stats, err);
}

static int set_quirks(void *user, const char *value, struct vfnet_err *err)
{
	struct wish *wish = user;

	return sim_quirks_parse(value, &wish->quirks, err);
}

static const struct sim_spec_key card_keys[] = {
    {"promisc", "promisc", false, set_promisc},
    {"nospoof", "nospoof", false, set_nospoof},
    {"mac", "mac=VF:ADDR", true, set_mac},
    {"vlan", "vlan=VF:ID", true, set_vlan},
    {"trust", "trust=VF", true, set_trust},
    {"stats", "stats=START", false, set_stats},
    {"down", "down", false, set_down},
    {"posted", "posted=1..1000", false, set_posted},
    {"quirks", "quirks=NAME[+NAME...]|qemu", false, set_quirks},
    SIM_FAULTS(SIM_FAULT_KEY){0},
};

static void begin_stats(struct sim_vf *vf, uint32_t start)
{
	const struct igbvf_reg *reg;

	for (size_t i = 0; (reg = igbvf_reg_at(i)); i++) {
		if (reg->access == IGBVF_WRAP32)
			*sim_vf_reg(vf, reg->offset) = start;
	}
}

static void grant(struct sim_vf *vf, const struct wish *wish)
{
	uint8_t mac[VFNET_MAC_BYTES + 2] = {0};
	unsigned int i = vf->index;

	vf->pf.trusted |= wish->trust[i];
	if (wish->vlans[i])
		vf->pf.admin_vlan = wish->vlans[i];
	if (wish->stats)
		begin_stats(vf, (uint32_t)wish->stats);
	if (!vfnet_mac_is_valid_unicast(wish->macs[i]))
		return;
	vfnet_mac_copy(mac, wish->macs[i]);
	vf->pf.mac = sim_mac_load(mac);
	vf->pf.admin_mac = true;
}

int sim_card_configure(struct sim_card *card, const char *spec, struct vfnet_err *err)
{
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
	card->quirks |= wish.quirks;
	card->spoof_check &= !wish.nospoof && !sim_has(card, SIM_QUIRK_NO_SPOOF_CHECK);
	card->down |= wish.down;
	if (wish.posted)
		card->posted = (uint32_t)wish.posted;
	for (unsigned int i = 0; i < SIM_VFS; i++)
		grant(&card->vfs[i], &wish);
	sim_pf_init(card);
	if (wish.quirks)
		sim_quirks_say(card);
	return 0;
}

void sim_card_gone(struct sim_card *card)
{
	card->gone = true;
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		sim_count_unread(&card->vfs[i]);
		sim_ring_refresh(&card->vfs[i]);
	}
}

void sim_card_request(const struct sim_card *card)
{
	for (uint32_t left = card->open_vfs; left; left &= left - 1)
		eventfd_write(card->vfs[__builtin_ctz(left)].request_fd, 1);
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

/* Frames out, then as many in; shuffled, shares of both in either order. */
static unsigned int move(struct sim_card *card, unsigned int budget)
{
	unsigned int out = budget, in = budget, moved = 0;
	bool in_first = false;

	if (vfnet_unlikely(card->faults.orders.shuffle)) {
		uint32_t random = sim_faults_random(card);

		out = (random >> 8) % (budget + 1);
		in = (random >> 16) % (budget + 1);
		in_first = random & 1;
	}
	if (in_first)
		moved = sim_rx_step(card, in);
	moved += sim_tx_step(card, out);
	if (!in_first)
		moved += sim_rx_step(card, in);
	return moved;
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
	moved = move(card, budget);
	for_open(card, sim_irq_step);
	if (moved && card->sim->stopped && card->sink && card->sink->ops->flush)
		card->sink->ops->flush(card->sink);
	return moved;
}
