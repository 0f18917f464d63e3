/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mode echo: the host at the end of a wire. Everything is looked at before the first byte is
 * changed, and nobody is answered whose address could be that of many (so that one frame never
 * makes many) or our own.
 */
#include "apps/vfnet-fwd/echo.h"

#include <string.h>

#include "lib/frame/bytes.h"
#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"
#include "lib/frame/probe.h"

#define TTL		      64
#define ND_TTL		      255 /* proves that no router was on the way */
#define ND_BYTES	      32 /* solicitation and advertisement with one option, an Ethernet address */
#define ND_SOLICITED_OVERRIDE 0x60

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };
enum { PING_REPLY = 0, PING = 8 };
enum { PING6 = 128, PING6_REPLY = 129, SOLICITATION = 135, ADVERTISEMENT = 136 };
enum { ND_OPTION_SOURCE = 1, ND_OPTION_TARGET = 2 };

/* struct arp - what follows the Ethernet header; only bytes, so it lies anywhere */
struct arp {
	uint8_t kind[6];
	uint8_t op[2];
	uint8_t sender_mac[VFNET_MAC_BYTES];
	uint8_t sender_ip[4];
	uint8_t target_mac[VFNET_MAC_BYTES];
	uint8_t target_ip[4];
};

static void swap(uint8_t *a, uint8_t *b, unsigned int n)
{
	uint8_t kept[16];

	memcpy(kept, a, n);
	memcpy(a, b, n);
	memcpy(b, kept, n);
}

static void send_back(const struct fwd_host *host, uint8_t *data)
{
	vfnet_mac_copy(data, data + VFNET_MAC_BYTES);
	vfnet_mac_copy(data + VFNET_MAC_BYTES, host->mac);
}

static bool answer_arp(const struct fwd_host *host, uint8_t *data, const struct vfnet_frame *frame)
{
	struct arp *arp = (struct arp *)(data + frame->l3_off);

	if (!host->has_ip4 || vfnet_get_be16(arp->op) != ARP_REQUEST ||
	    memcmp(arp->target_ip, host->ip4, sizeof(host->ip4)) != 0 ||
	    memcmp(arp->sender_ip, host->ip4, sizeof(host->ip4)) == 0 ||
	    !vfnet_mac_equal(arp->sender_mac, data + VFNET_MAC_BYTES))
		return false;
	vfnet_put_be16(arp->op, ARP_REPLY);
	vfnet_mac_copy(arp->target_mac, arp->sender_mac);
	memcpy(arp->target_ip, arp->sender_ip, sizeof(arp->target_ip));
	vfnet_mac_copy(arp->sender_mac, host->mac);
	memcpy(arp->sender_ip, host->ip4, sizeof(arp->sender_ip));
	send_back(host, data);
	return true;
}

/* A 16-bit word of a header is to change, and the checksum that covers it with it. */
static void put_word(uint8_t *word, uint16_t val, uint8_t *checksum)
{
	uint16_t old = vfnet_checksum_load(word);
	uint16_t field = vfnet_checksum_load(checksum);

	vfnet_put_be16(word, val);
	vfnet_checksum_store(checksum,
			     vfnet_checksum_replace(field, old, vfnet_checksum_load(word)));
}

static bool ip4_is_one_host(const uint8_t *ip)
{
	return ip[0] > 0 && ip[0] < 224 && ip[0] != 127;
}

static bool ip6_is_one_host(const uint8_t *ip)
{
	static const uint8_t zero[15];

	return ip[0] != 0xff && memcmp(ip, zero, sizeof(zero)) != 0; /* nor ::, nor ::1 */
}

static bool is_for(const uint8_t *ip, bool has, const uint8_t *mine, unsigned int n)
{
	return has && memcmp(ip, mine, n) == 0;
}

/* The part of an answer that pings and probes share. */
static void turn_ip4(const struct fwd_host *host, uint8_t *data, uint8_t *ip)
{
	send_back(host, data);
	swap(ip + 12, ip + 16, 4);
	put_word(ip + 8, (uint16_t)(TTL << 8 | ip[9]), ip + 10);
}

static void turn_ip6(const struct fwd_host *host, uint8_t *data, uint8_t *ip)
{
	send_back(host, data);
	swap(ip + 8, ip + 24, 16);
	ip[7] = TTL;
}

static bool answer_ip4(const struct fwd_host *host, uint8_t *data, const struct vfnet_frame *frame)
{
	uint8_t *ip = data + frame->l3_off;
	uint8_t *l4 = data + frame->l4_off;
	struct vfnet_probe probe;

	if (frame->l4_off != frame->l3_off + VFNET_FRAME_IP4_BYTES ||
	    !vfnet_checksum_ip4_good(ip, VFNET_FRAME_IP4_BYTES) || !ip4_is_one_host(ip + 12) ||
	    is_for(ip + 12, host->has_ip4, host->ip4, sizeof(host->ip4)))
		return false;
	if (frame->l4 == VFNET_FRAME_L4_ICMP && vfnet_get_be16(l4) == PING << 8 &&
	    is_for(ip + 16, host->has_ip4, host->ip4, sizeof(host->ip4)))
		put_word(l4, PING_REPLY << 8, l4 + 2);
	else if (frame->l4 == VFNET_FRAME_L4_UDP && ip4_is_one_host(ip + 16) &&
		 vfnet_probe_check(data + frame->payload_off, frame->payload_len, &probe) !=
		     VFNET_PROBE_NONE)
		swap(l4, l4 + 2, sizeof(uint16_t));
	else
		return false;
	turn_ip4(host, data, ip);
	return true;
}

/* The only frame that is not made by turning: it says more than was asked. */
static bool answer_solicitation(const struct fwd_host *host, uint8_t *data,
				const struct vfnet_frame *frame)
{
	uint8_t *ip = data + frame->l3_off;
	uint8_t *nd = data + frame->l4_off;

	if (vfnet_get_be16(nd) != SOLICITATION << 8 || frame->l4_len != ND_BYTES ||
	    (frame->flags & VFNET_FRAME_TRUNCATED) || ip[7] != ND_TTL ||
	    nd[24] != ND_OPTION_SOURCE || nd[25] != 1 ||
	    !is_for(nd + 8, host->has_ip6, host->ip6, sizeof(host->ip6)) ||
	    vfnet_frame_l4_good(data, frame) != 1)
		return false;
	memcpy(ip + 24, ip + 8, sizeof(host->ip6));
	memcpy(ip + 8, host->ip6, sizeof(host->ip6));
	vfnet_put_be16(nd, ADVERTISEMENT << 8);
	nd[4] = ND_SOLICITED_OVERRIDE;
	nd[24] = ND_OPTION_TARGET;
	vfnet_mac_copy(nd + 26, host->mac);
	vfnet_checksum_store(nd + 2, (uint16_t)vfnet_frame_l4_checksum(data, frame));
	send_back(host, data);
	return true;
}

static bool answer_ip6(const struct fwd_host *host, uint8_t *data, const struct vfnet_frame *frame)
{
	uint8_t *ip = data + frame->l3_off;
	uint8_t *l4 = data + frame->l4_off;
	struct vfnet_probe probe;

	if (frame->l4_off != frame->l3_off + VFNET_FRAME_IP6_BYTES || !ip6_is_one_host(ip + 8) ||
	    is_for(ip + 8, host->has_ip6, host->ip6, sizeof(host->ip6)))
		return false;
	if (frame->l4 == VFNET_FRAME_L4_ICMP6 && l4[0] == SOLICITATION)
		return answer_solicitation(host, data, frame);
	if (frame->l4 == VFNET_FRAME_L4_ICMP6 && vfnet_get_be16(l4) == PING6 << 8 &&
	    is_for(ip + 24, host->has_ip6, host->ip6, sizeof(host->ip6)))
		put_word(l4, PING6_REPLY << 8, l4 + 2);
	else if (frame->l4 == VFNET_FRAME_L4_UDP && ip6_is_one_host(ip + 24) &&
		 vfnet_probe_check(data + frame->payload_off, frame->payload_len, &probe) !=
		     VFNET_PROBE_NONE)
		swap(l4, l4 + 2, sizeof(uint16_t));
	else
		return false;
	turn_ip6(host, data, ip);
	return true;
}

/* Broadcast and multicast may ask for an address, and nothing else. */
static bool may_ask(const struct fwd_host *host, const uint8_t *data,
		    const struct vfnet_frame *frame)
{
	if (vfnet_mac_equal(data, host->mac))
		return true;
	if (frame->l3 == VFNET_FRAME_L3_ARP)
		return vfnet_mac_is_broadcast(data);
	return frame->l4 == VFNET_FRAME_L4_ICMP6 && vfnet_mac_is_multicast(data) &&
	       data[frame->l4_off] == SOLICITATION;
}

bool fwd_echo_answer(const struct fwd_host *host, uint8_t *data, uint32_t len, bool more)
{
	const unsigned int refused =
	    VFNET_FRAME_FRAGMENT | VFNET_FRAME_ROUTED | (more ? 0 : VFNET_FRAME_TRUNCATED);
	const uint8_t *src = data + VFNET_MAC_BYTES;
	struct vfnet_frame frame;

	if (vfnet_frame_parse(data, len, &frame) || (frame.flags & refused) ||
	    !vfnet_mac_is_valid_unicast(src) || vfnet_mac_equal(src, host->mac) ||
	    !may_ask(host, data, &frame))
		return false;
	switch (frame.l3) {
	case VFNET_FRAME_L3_ARP:
		return answer_arp(host, data, &frame);
	case VFNET_FRAME_L3_IP4:
		return answer_ip4(host, data, &frame);
	case VFNET_FRAME_L3_IP6:
		return answer_ip6(host, data, &frame);
	default:
		return false;
	}
}
