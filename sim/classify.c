/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a receive descriptor says about its frame: packet type bits, and whether checksums are
 * right. 82576-vf.md §5, with igb's RXCSUM: IP and L4 are checked, UDP without a checksum,
 * fragments and what is cut short are not.
 */
#include "sim/card.h"

#include "lib/frame/bytes.h"
#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"

#define IP4_PLAIN    0x45u /* version 4, no options */
#define IP4_FRAGMENT 0x3fffu
#define IP_TCP	     6u
#define IP_UDP	     17u
#define IP_SCTP	     132u

static uint32_t l4_type(unsigned int proto)
{
	switch (proto) {
	case IP_UDP:
		return IGBVF_RXD_UDP;
	case IP_TCP:
		return IGBVF_RXD_TCP;
	case IP_SCTP:
		return IGBVF_RXD_SCTP;
	default:
		return 0;
	}
}

static inline uint32_t ip4_status(bool good)
{
	return IGBVF_RXD_IPCS | (good ? 0 : IGBVF_RXD_IPE);
}

/* vfnet_checksum_ip4_good() of 20 bytes, which nearly all headers have */
static inline bool plain_ip4_good(const uint8_t *ip)
{
	uint64_t word[2];
	uint32_t last;

	memcpy(word, ip, sizeof(word));
	memcpy(&last, ip + sizeof(word), sizeof(last));
	return vfnet_checksum_finish((word[0] & UINT32_MAX) + (word[0] >> 32) +
				     (word[1] & UINT32_MAX) + (word[1] >> 32) + last) == 0;
}

static uint32_t l4_status(const uint8_t *data, const struct vfnet_frame *frame)
{
	uint32_t status = IGBVF_RXD_L4I;
	int good;

	if (frame->l4 == VFNET_FRAME_L4_UDP)
		status |= IGBVF_RXD_UDPCS;
	else if (frame->l4 != VFNET_FRAME_L4_TCP)
		return 0;
	good = vfnet_frame_l4_good(data, frame);
	if (good < 0)
		return 0;
	return good ? status : status | IGBVF_RXD_L4E;
}

static struct sim_about any(const uint8_t *data, uint32_t len)
{
	struct sim_about about = {0};
	struct vfnet_frame frame;
	unsigned int ip_bytes;

	if (vfnet_frame_parse(data, len, &frame))
		return about;
	ip_bytes = frame.l4_off - frame.l3_off;
	if (frame.l3 == VFNET_FRAME_L3_IP4) {
		about.types = IGBVF_RXD_IP4;
		if (ip_bytes > VFNET_FRAME_IP4_BYTES)
			about.types |= IGBVF_RXD_IP4_OPT;
		about.status = ip4_status(vfnet_checksum_ip4_good(data + frame.l3_off, ip_bytes));
	} else if (frame.l3 == VFNET_FRAME_L3_IP6) {
		about.types = IGBVF_RXD_IP6;
		if (ip_bytes > VFNET_FRAME_IP6_BYTES)
			about.types |= IGBVF_RXD_IP6_EXT;
	} else {
		return about;
	}
	if (!(frame.flags & VFNET_FRAME_FRAGMENT))
		about.types |= l4_type(frame.ip_proto);
	about.status |= l4_status(data, &frame);
	return about;
}

struct sim_about sim_classify(const uint8_t *data, uint32_t len)
{
	const uint8_t *ip = data + VFNET_FRAME_ETH_BYTES;
	const uint8_t *udp = ip + VFNET_FRAME_IP4_BYTES;

	/* what gen sends, and most that has no L4 checksum to look at */
	if (vfnet_likely(len >= VFNET_FRAME_MIN &&
			 vfnet_get_be16(data + 12) == VFNET_ETHERTYPE_IP4 && ip[0] == IP4_PLAIN &&
			 !(vfnet_get_be16(ip + 6) & IP4_FRAGMENT) && ip[9] == IP_UDP &&
			 !vfnet_checksum_load(udp + 6)))
		return (struct sim_about){IGBVF_RXD_IP4 | IGBVF_RXD_UDP,
					  ip4_status(plain_ip4_good(ip))};
	return any(data, len);
}
