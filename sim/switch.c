/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gets a frame: the filters as igb programs them, and the internal switch. 82576-vf.md §6.
 *
 * A unicast address: the functions that own it, else, on a promiscuous card, all of them. A group
 * address: every function that asked for all multicast, and those that asked for any if the hash
 * table, which they share, has its bit. Broadcast: every function. Of these, those whose VLAN
 * filter has the frame's tag, or which get frames without one.
 */
#include "sim/card.h"

#include "lib/frame/bytes.h"
#include "lib/frame/frame.h"

#define BROADCAST UINT64_C(0xffffffffffff)

void sim_switch_flush(struct sim_card *card)
{
	card->rx_dest.mac = UINT64_MAX;
	card->tx_dest.mac = UINT64_MAX;
	card->filter_generation++;
}

/* 12 bits: the upper nibble of the fifth byte and the sixth */
static unsigned int hash(uint64_t mac)
{
	uint8_t fifth = (uint8_t)(mac >> 32);
	uint8_t sixth = (uint8_t)(mac >> 40);

	return ((unsigned int)fifth >> 4 | (unsigned int)sixth << 4) % SIM_HASHES;
}

static uint32_t group(const struct sim_card *card, uint64_t mac)
{
	uint32_t vfs = 0;

	if (mac == BROADCAST || card->promisc)
		return card->open_vfs;
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		const struct sim_pf_vf *pf = &card->vfs[i].pf;
		bool all = pf->multi_promisc || pf->n_hashes > IGBVF_MULTICAST_MAX;

		/* for "all" igb sets MPME and takes ROMPE, which the table needs, away [L] */
		if (all ? !sim_has(card, SIM_QUIRK_NO_ALLMULTI)
			: pf->n_hashes && card->hashed[hash(mac)])
			vfs |= 1u << i;
	}
	return vfs & card->open_vfs;
}

void sim_switch_find(struct sim_card *card, uint64_t mac, struct sim_dest *dest)
{
	*dest = (struct sim_dest){.mac = mac};
	if (mac & 1) {
		dest->vfs = group(card, mac);
		return;
	}
	for (unsigned int i = 0; i < SIM_VFS; i++) {
		if (sim_vf_owns(&card->vfs[i], mac))
			dest->vfs |= 1u << i;
	}
	dest->exact = dest->vfs != 0;
	if (!dest->exact && card->promisc)
		dest->vfs = card->open_vfs;
}

uint32_t sim_switch_vlan(const struct sim_card *card, const uint8_t *frame)
{
	uint32_t vfs = card->untagged_vfs;

	/* on a promiscuous card those without an administrator's VLAN hear all others */
	if (sim_tagged(frame))
		vfs = card->vlan_vfs[vfnet_get_be16(frame + SIM_TAG_OFF + 2) % SIM_VLANS] |
		      (card->promisc ? card->untagged_vfs : 0);
	return vfs;
}
