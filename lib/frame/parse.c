/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the headers of a frame whose every byte may be hostile. Each step is told where the bytes
 * end that it may read, checks that its header fits before it reads it, and leaves payload_off and
 * payload_len true for what has been understood so far, so that any step may stop.
 */
#include "lib/frame/frame.h"

#include <errno.h>
#include <netinet/in.h>

#include "lib/frame/bytes.h"

#define ARP_BYTES	28
#define TCP_BYTES	20 /* without options */
#define ICMP_BYTES	8
#define EXT_HEADERS_MAX 8

/* what has not been understood, from @from up to the end of the IP packet or of the bytes given */
static void set_payload(struct vfnet_frame *frame, unsigned int from, unsigned int end)
{
	frame->payload_off = (uint16_t)from;
	frame->payload_len = (uint16_t)(end - from);
}

static void parse_udp(struct vfnet_frame *frame, const uint8_t *byte, unsigned int end)
{
	unsigned int off = frame->l4_off;
	unsigned int udp_len;

	if (end - off < VFNET_FRAME_UDP_BYTES) {
		frame->flags |= VFNET_FRAME_BAD_L4;
		return;
	}
	udp_len = vfnet_get_be16(byte + off + 4);
	if (udp_len < VFNET_FRAME_UDP_BYTES ||
	    (udp_len > frame->l4_len && !(frame->flags & VFNET_FRAME_FRAGMENT))) {
		frame->flags |= VFNET_FRAME_BAD_L4;
		return;
	}
	frame->l4 = VFNET_FRAME_L4_UDP;
	if (udp_len < end - off)
		end = off + udp_len;
	set_payload(frame, off + VFNET_FRAME_UDP_BYTES, end);
}

static void parse_tcp(struct vfnet_frame *frame, const uint8_t *byte, unsigned int end)
{
	unsigned int room = end - frame->l4_off;
	unsigned int header_len = room < TCP_BYTES ? 0 : (byte[frame->l4_off + 12] >> 4) * 4u;

	if (header_len < TCP_BYTES || header_len > room) {
		frame->flags |= VFNET_FRAME_BAD_L4;
		return;
	}
	frame->l4 = VFNET_FRAME_L4_TCP;
	set_payload(frame, frame->l4_off + header_len, end);
}

static void parse_icmp(struct vfnet_frame *frame, enum vfnet_frame_l4 l4, unsigned int end)
{
	if (end - frame->l4_off < ICMP_BYTES) {
		frame->flags |= VFNET_FRAME_BAD_L4;
		return;
	}
	frame->l4 = (uint8_t)l4;
	set_payload(frame, frame->l4_off + ICMP_BYTES, end);
}

/* l4_off, l4_len and ip_proto are set; bytes up to @end may be read */
static void parse_l4(struct vfnet_frame *frame, const uint8_t *byte, unsigned int end)
{
	switch (frame->ip_proto) {
	case IPPROTO_UDP:
		parse_udp(frame, byte, end);
		break;
	case IPPROTO_TCP:
		parse_tcp(frame, byte, end);
		break;
	case IPPROTO_ICMP:
		if (frame->l3 == VFNET_FRAME_L3_IP4)
			parse_icmp(frame, VFNET_FRAME_L4_ICMP, end);
		return;
	case IPPROTO_ICMPV6:
		if (frame->l3 == VFNET_FRAME_L3_IP6)
			parse_icmp(frame, VFNET_FRAME_L4_ICMP6, end);
		return;
	default:
		return;
	}
	if (frame->l4) {
		frame->src_port = vfnet_get_be16(byte + frame->l4_off);
		frame->dst_port = vfnet_get_be16(byte + frame->l4_off + 2);
	}
}

/* @packet_end: end of the IP packet as its header says. Return: how far it may be read. */
static unsigned int clamp_packet(struct vfnet_frame *frame, unsigned int packet_end)
{
	if (packet_end <= frame->len)
		return packet_end;
	frame->flags |= VFNET_FRAME_TRUNCATED;
	return frame->len;
}

static void parse_ip4(struct vfnet_frame *frame, const uint8_t *byte)
{
	const uint8_t *ip = byte + frame->l3_off;
	unsigned int room = frame->len - frame->l3_off;
	unsigned int header_len, total_len, fragment, end;

	if (room < VFNET_FRAME_IP4_BYTES || ip[0] >> 4 != 4)
		goto bad;
	header_len = (ip[0] & 15) * 4u;
	total_len = vfnet_get_be16(ip + 2);
	if (header_len < VFNET_FRAME_IP4_BYTES || header_len > room || header_len > total_len)
		goto bad;
	frame->l3 = VFNET_FRAME_L3_IP4;
	frame->ip_proto = ip[9];
	frame->l4_off = (uint16_t)(frame->l3_off + header_len);
	frame->l4_len = (uint16_t)(total_len - header_len);
	end = clamp_packet(frame, frame->l3_off + total_len);
	set_payload(frame, frame->l4_off, end);
	fragment = vfnet_get_be16(ip + 6) & 0x3fff; /* more fragments, and the offset */
	if (fragment)
		frame->flags |= VFNET_FRAME_FRAGMENT;
	if (!(fragment & 0x1fff))
		parse_l4(frame, byte, end);
	return;
bad:
	frame->flags |= VFNET_FRAME_BAD_L3;
}

/* bytes of the extension header at @ext, of which 8 may be read; 0 if @proto is none */
static unsigned int ip6_extension_len(uint8_t proto, const uint8_t *ext)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return (ext[1] + 1u) * 8;
	case IPPROTO_AH:
		return (ext[1] + 2u) * 4;
	case IPPROTO_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

/* Moves l4_off over the extension headers. Return: does a whole l4 header follow, if any? */
static bool ip6_skip_extensions(struct vfnet_frame *frame, const uint8_t *byte, unsigned int end)
{
	static const uint8_t zero[8]; /* stands for a header that is cut: says 8 bytes, too many */

	for (unsigned int n = 0; n < EXT_HEADERS_MAX; n++) {
		const uint8_t *ext = end - frame->l4_off < 8 ? zero : byte + frame->l4_off;
		unsigned int ext_len = ip6_extension_len(frame->ip_proto, ext);
		unsigned int fragment = 0;

		if (ext_len == 0)
			return true;
		if (ext_len > end - frame->l4_off) {
			frame->flags |= VFNET_FRAME_BAD_L4;
			return false;
		}
		if (frame->ip_proto == IPPROTO_FRAGMENT)
			fragment = vfnet_get_be16(ext + 2) & 0xfff9; /* the offset, and more */
		if (fragment)
			frame->flags |= VFNET_FRAME_FRAGMENT;
		if (frame->ip_proto == IPPROTO_ROUTING && ext[3] > 0) /* segments left */
			frame->flags |= VFNET_FRAME_ROUTED;
		frame->ip_proto = ext[0];
		frame->l4_off = (uint16_t)(frame->l4_off + ext_len);
		frame->l4_len = (uint16_t)(frame->l4_len - ext_len);
		if (fragment & 0xfff8)
			return false;
	}
	return true; /* one more extension header is a protocol that parse_l4() does not know */
}

static void parse_ip6(struct vfnet_frame *frame, const uint8_t *byte)
{
	const uint8_t *ip = byte + frame->l3_off;
	unsigned int room = frame->len - frame->l3_off;
	unsigned int end;
	bool l4;

	if (room < VFNET_FRAME_IP6_BYTES || ip[0] >> 4 != 6) {
		frame->flags |= VFNET_FRAME_BAD_L3;
		return;
	}
	frame->l3 = VFNET_FRAME_L3_IP6;
	frame->ip_proto = ip[6];
	frame->l4_off = (uint16_t)(frame->l3_off + VFNET_FRAME_IP6_BYTES);
	frame->l4_len = vfnet_get_be16(ip + 4);
	end = clamp_packet(frame, frame->l4_off + frame->l4_len);
	l4 = ip6_skip_extensions(frame, byte, end);
	set_payload(frame, frame->l4_off, end);
	if (l4)
		parse_l4(frame, byte, end);
}

static void parse_arp(struct vfnet_frame *frame, const uint8_t *byte)
{
	static const uint8_t ethernet_ip4[] = {0, 1, 8, 0, 6, 4};
	unsigned int room = frame->len - frame->l3_off;

	if (room < ARP_BYTES ||
	    memcmp(byte + frame->l3_off, ethernet_ip4, sizeof(ethernet_ip4)) != 0) {
		frame->flags |= VFNET_FRAME_BAD_L3;
		return;
	}
	frame->l3 = VFNET_FRAME_L3_ARP;
	set_payload(frame, frame->l3_off + ARP_BYTES, frame->l3_off + ARP_BYTES);
}

static void parse_ethernet(struct vfnet_frame *frame, const uint8_t *byte)
{
	unsigned int off = VFNET_FRAME_ETH_BYTES;

	frame->ethertype = vfnet_get_be16(byte + off - 2);
	if (frame->ethertype == VFNET_ETHERTYPE_VLAN &&
	    frame->len >= off + VFNET_FRAME_VLAN_BYTES) {
		frame->vlan = vfnet_get_be16(byte + off);
		frame->flags |= VFNET_FRAME_VLAN;
		off += VFNET_FRAME_VLAN_BYTES;
		frame->ethertype = vfnet_get_be16(byte + off - 2);
	}
	frame->l3_off = frame->l4_off = (uint16_t)off;
	set_payload(frame, off, frame->len);
}

int vfnet_frame_parse(const void *data, size_t len, struct vfnet_frame *frame)
{
	if (len < VFNET_FRAME_ETH_BYTES)
		return -EINVAL;
	*frame = (struct vfnet_frame){.len = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX)};
	parse_ethernet(frame, data);
	switch (frame->ethertype) {
	case VFNET_ETHERTYPE_IP4:
		parse_ip4(frame, data);
		break;
	case VFNET_ETHERTYPE_IP6:
		parse_ip6(frame, data);
		break;
	case VFNET_ETHERTYPE_ARP:
		parse_arp(frame, data);
		break;
	case VFNET_ETHERTYPE_VLAN:
		if (!(frame->flags & VFNET_FRAME_VLAN))
			frame->flags |= VFNET_FRAME_BAD_L3;
		break;
	default:
		break;
	}
	return 0;
}
