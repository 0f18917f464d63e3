/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the physical function is to know about this one, as messages: section 4 of the sheet. It
 * forgets all of it at each reset, of the function's or its own [L], so it is told again each time:
 * section 3. Something new is a field of struct igbvf_soft and a row here.
 */

#include <errno.h>
#include <string.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/base/err.h"
#include "lib/frame/mac.h"

/* Kinds of messages, in the order in which they are sent. */
enum kind { MAC, FRAME_SIZE, MULTICAST, ALLMULTI, VLAN, FURTHER_MAC, N_KINDS };

/* What the @k-th message of all tells. @i: the how-manieth of its kind */
static enum kind kind_of(const struct igbvf_soft *soft, unsigned int k, unsigned int *i)
{
	const unsigned int n[N_KINDS] = {
	    /* igb refuses another one than its administrator set, so the same is not asked for */
	    [MAC] = !soft->mac_given,
	    /* also for ordinary frames, as others do [L] [D]: the reply carries CTS, which says
	       that the physical function knows us */
	    [FRAME_SIZE] = 1,
	    [MULTICAST] = soft->n_hashes != 0,
	    [ALLMULTI] = soft->allmulti,
	    [VLAN] = soft->n_vlans,
	    [FURTHER_MAC] = soft->n_macs,
	};
	unsigned int kind = 0;

	while (kind < N_KINDS && k >= n[kind])
		k -= n[kind++];
	*i = k;
	return (enum kind)kind;
}

/* Afresh each time: igb takes no notice of a reply's. */
static uint32_t word0(uint32_t type, uint32_t info)
{
	return type | VFNET_FIELD_PREP(IGBVF_MSG_INFO, info);
}

uint16_t igbvf_soft_hash(const uint8_t *mac)
{
	return (uint16_t)((mac[4] >> 4 | mac[5] << 4) & 0xfff);
}

unsigned int igbvf_soft_multicast(const struct igbvf_soft *soft, uint32_t *word)
{
	bool all = soft->n_hashes > IGBVF_MULTICAST_MAX;
	uint32_t n = all ? IGBVF_MULTICAST_MAX : soft->n_hashes;

	/* with the bit the count is above igb's limit, which means all groups [L] [D] */
	word[0] = word0(IGBVF_MSG_SET_MULTICAST, n | (all ? IGBVF_MULTICAST_OVERFLOW : 0));
	memset(&word[1], 0, (IGBVF_MBOX_WORDS - 1) * sizeof(*word));
	memcpy(&word[1], soft->hashes, n * sizeof(*soft->hashes));
	return 1 + (n + 1) / 2;
}

unsigned int igbvf_soft_allmulti(bool on, uint32_t *word)
{
	word[0] = word0(IGBVF_MSG_SET_PROMISC, on ? IGBVF_PROMISC_MULTICAST : 0);
	return 1;
}

unsigned int igbvf_soft_vlan(uint16_t vid, bool on, uint32_t *word)
{
	word[0] = word0(IGBVF_MSG_SET_VLAN, on);
	word[1] = vid;
	return 2;
}

unsigned int igbvf_soft_mac(const uint8_t *mac, uint32_t info, uint32_t *word)
{
	word[0] = word0(IGBVF_MSG_SET_MAC, info);
	word[2] = 0;
	memcpy(&word[1], mac, VFNET_MAC_BYTES);
	return 3;
}

unsigned int igbvf_soft_message(const struct igbvf_soft *soft, unsigned int k, uint32_t *word)
{
	unsigned int i;

	switch (kind_of(soft, k, &i)) {
	case MAC:
		return igbvf_soft_mac(soft->mac, 0, word);
	case FRAME_SIZE:
		word[0] = IGBVF_MSG_SET_LPE;
		word[1] = soft->max_frame;
		return 2;
	case MULTICAST:
		return igbvf_soft_multicast(soft, word);
	case ALLMULTI:
		return igbvf_soft_allmulti(true, word);
	case VLAN:
		return igbvf_soft_vlan(soft->vlans[i], true, word);
	case FURTHER_MAC:
		return igbvf_soft_mac(soft->macs[i], IGBVF_MAC_FILTER_ADD, word);
	case N_KINDS:
		break;
	}
	return 0;
}

/* The order of the others stays: those before were told already. */
bool igbvf_soft_drop(struct igbvf_soft *soft, unsigned int k)
{
	unsigned int i;

	switch (kind_of(soft, k, &i)) {
	case MULTICAST:
		soft->n_hashes = 0;
		return true;
	case ALLMULTI:
		soft->allmulti = false;
		return true;
	case VLAN:
		soft->n_vlans--;
		memmove(&soft->vlans[i], &soft->vlans[i + 1],
			(soft->n_vlans - i) * sizeof(soft->vlans[0]));
		return true;
	case FURTHER_MAC:
		soft->n_macs--;
		memmove(soft->macs[i], soft->macs[i + 1],
			(soft->n_macs - i) * sizeof(soft->macs[0]));
		return true;
	case MAC:
	case FRAME_SIZE:
	case N_KINDS:
		break;
	}
	return false;
}

static int refused_mac(const char *name, const uint32_t *word, struct vfnet_err *err)
{
	char text[VFNET_MAC_TEXT_BYTES];

	vfnet_mac_format((const uint8_t *)&word[1], text);
	if (VFNET_FIELD_GET(IGBVF_MSG_INFO, word[0]))
		return vfnet_err_set(
		    err, -EPROTO,
		    "%s: the physical function refuses the further address %s; either its "
		    "administrator has given this function an address and does not trust it with "
		    "others ('ip link set dev PF vf N trust on'), or the card has none left",
		    name, text);
	return vfnet_err_set(
	    err, -EPROTO,
	    "%s: the physical function refuses the address %s; its administrator "
	    "has given this function another one ('ip link show dev PF' names it): "
	    "open the port without an address, or have the function trusted",
	    name, text);
}

int igbvf_soft_refused(const char *name, const uint32_t *word, struct vfnet_err *err)
{
	switch (VFNET_FIELD_GET(IGBVF_MSG_TYPE, word[0])) {
	case IGBVF_MSG_SET_MAC:
		return refused_mac(name, word, err);
	case IGBVF_MSG_SET_LPE:
		return vfnet_err_set(err, -EPROTO,
				     "%s: the physical function refuses frames of %u bytes; "
				     "open the port with a smaller mtu",
				     name, word[1]);
	case IGBVF_MSG_SET_VLAN:
		return vfnet_err_set(
		    err, -EPROTO,
		    "%s: the physical function refuses VLAN %u; either its administrator has put "
		    "this function into a VLAN ('ip link show dev PF' names it; 'ip link set dev "
		    "PF vf N vlan 0' lifts it), or the card's 32 VLAN entries are in use: remove "
		    "some",
		    name, word[1]);
	default:
		return vfnet_err_set(err, -EPROTO,
				     "%s: the physical function refuses multicast; its "
				     "driver may be too old for that",
				     name);
	}
}
