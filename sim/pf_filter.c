/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames a function gets, as its physical function has programmed it: what igb does with the
 * filter messages, and what is left of it after a reset. 82576-vf.md §4, §6 [L]. switch.c looks
 * frames up in the tables that are made here.
 */
#include "sim/card.h"

#include "lib/frame/mac.h"

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

/* An identifier that some function has takes one of the port's VLVF entries. */
static void vlan_put(struct sim_vf *vf, uint32_t vid, bool on)
{
	struct sim_card *card = vf->card;
	uint8_t was = card->vlan_vfs[vid];
	uint8_t bit = (uint8_t)(1u << vf->index);

	card->vlan_vfs[vid] = (uint8_t)(on ? was | bit : was & ~bit);
	if (vid && !was != !card->vlan_vfs[vid])
		card->n_vlans += on ? 1u : -1u;
}

/* The administrator's VLAN and nothing else, or no tag and the one without an identifier. */
static void vlans_forget(struct sim_vf *vf)
{
	uint8_t bit = (uint8_t)(1u << vf->index);

	for (uint32_t vid = 0; vid < SIM_VLANS; vid++) {
		if (vf->card->vlan_vfs[vid] & bit)
			vlan_put(vf, vid, false);
	}
	vlan_put(vf, vf->pf.admin_vlan, true);
	vf->pf.vlan_strip = vf->pf.admin_vlan != 0;
	vf->card->untagged_vfs &= ~(uint32_t)bit;
	if (!vf->pf.admin_vlan)
		vf->card->untagged_vfs |= bit;
}

void sim_pf_filter_forget(struct sim_vf *vf)
{
	vf->pf.n_hashes = 0;
	vf->pf.multi_promisc = false;
	vf->card->n_macs -= vf->pf.n_macs;
	vf->pf.n_macs = 0;
	vlans_forget(vf);
	rebuild_hashes(vf->card);
}

static int add_mac(struct sim_vf *vf, uint64_t mac)
{
	if (vf->card->n_macs == SIM_FREE_MACS)
		return -1;
	vf->pf.macs[vf->pf.n_macs++] = mac;
	vf->card->n_macs++;
	return 0;
}

static int set_mac(struct sim_vf *vf, const uint32_t *words)
{
	uint8_t mac[VFNET_MAC_BYTES + 2];
	int ret = 0;

	memcpy(mac, &words[1], sizeof(mac));
	/* also "clear", which has no use for the address [L] */
	if ((vf->pf.admin_mac && !vf->pf.trusted) || !vfnet_mac_is_valid_unicast(mac))
		return -1;
	switch (VFNET_FIELD_GET(IGBVF_MSG_INFO, words[0])) {
	case 0:
		vf->pf.mac = sim_mac_load(mac);
		break;
	case IGBVF_MAC_FILTER_ADD:
		ret = add_mac(vf, sim_mac_load(mac));
		break;
	case IGBVF_MAC_FILTER_CLEAR:
		vf->card->n_macs -= vf->pf.n_macs;
		vf->pf.n_macs = 0;
		break;
	default:
		return -1;
	}
	sim_switch_flush(vf->card);
	return ret;
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

static int set_vlan(struct sim_vf *vf, const uint32_t *words)
{
	bool add = VFNET_FIELD_GET(IGBVF_MSG_INFO, words[0]);
	uint32_t vid = words[1] % SIM_VLANS;

	if (vf->pf.admin_vlan)
		return -1;
	if (!vid) { /* always there */
		if (add)
			vf->pf.vlan_strip = false;
		return 0;
	}
	if (add && !vf->card->vlan_vfs[vid] && vf->card->n_vlans == SIM_VLVF - 1)
		return -1; /* one entry is identifier 0's */
	vlan_put(vf, vid, add);
	vf->pf.vlan_strip = true;
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

int sim_pf_filter_serve(struct sim_vf *vf, const uint32_t *words, uint32_t *answer)
{
	switch (VFNET_FIELD_GET(IGBVF_MSG_TYPE, words[0])) {
	case IGBVF_MSG_SET_MAC:
		return set_mac(vf, words);
	case IGBVF_MSG_SET_MULTICAST:
		return set_multicast(vf, words);
	case IGBVF_MSG_SET_VLAN:
		return set_vlan(vf, words);
	case IGBVF_MSG_SET_PROMISC:
		return set_promisc(vf, words, answer);
	default: /* igb does not know it */
		return -1;
	}
}
