/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the physical function is told about addresses, groups and VLANs, as messages: section 4 of
 * the sheet. Word 0 is written afresh each time: igb takes no notice of a reply's.
 */

#include <string.h>

#include "drivers/net/igbvf/igbvf.h"
#include "lib/frame/mac.h"

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
