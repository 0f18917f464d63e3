/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_FRAME_FRAME_H
#define VFNET_FRAME_FRAME_H

/*
 * What is in an Ethernet frame, and how to make one. Lengths are bytes in memory, without CRC.
 * Numbers in structs are in host order; IP and Ethernet addresses are bytes as on the wire.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/frame/mac.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VFNET_FRAME_ETH_BYTES  14u
#define VFNET_FRAME_VLAN_BYTES 4u
#define VFNET_FRAME_IP4_BYTES  20u /* without options */
#define VFNET_FRAME_IP6_BYTES  40u /* without extension headers */
#define VFNET_FRAME_UDP_BYTES  8u
/** VFNET_FRAME_MIN - shortest frame on the wire: 64 with CRC. */
#define VFNET_FRAME_MIN 60u

#define VFNET_ETHERTYPE_IP4  0x0800
#define VFNET_ETHERTYPE_ARP  0x0806
#define VFNET_ETHERTYPE_VLAN 0x8100
#define VFNET_ETHERTYPE_IP6  0x86dd

enum vfnet_frame_l3 {
	VFNET_FRAME_L3_NONE, /* another ethertype, or BAD_L3 */
	VFNET_FRAME_L3_IP4,
	VFNET_FRAME_L3_IP6,
	VFNET_FRAME_L3_ARP, /* Ethernet and IPv4 addresses */
};

enum vfnet_frame_l4 {
	VFNET_FRAME_L4_NONE, /* another protocol, a later fragment, or BAD_L4 */
	VFNET_FRAME_L4_UDP,
	VFNET_FRAME_L4_TCP,
	VFNET_FRAME_L4_ICMP,
	VFNET_FRAME_L4_ICMP6,
};

/* struct vfnet_frame.flags */
#define VFNET_FRAME_VLAN      0x01u /* one 802.1Q tag, in vlan; a second one is payload */
#define VFNET_FRAME_FRAGMENT  0x02u /* an IP fragment; only the first has an l4 */
#define VFNET_FRAME_ROUTED    0x04u /* IPv6 routing header that is not at its end */
#define VFNET_FRAME_TRUNCATED 0x08u /* the IP packet is longer than the bytes given */
#define VFNET_FRAME_BAD_L3    0x10u /* the ethertype's header is cut or contradicts itself */
#define VFNET_FRAME_BAD_L4    0x20u /* what follows the IP header is cut or contradicts itself */

/**
 * struct vfnet_frame - where things are in a frame
 * @len:         bytes looked at: those given, at most 65535
 * @l3_off:      first byte after the ethertype
 * @l4_off:      first byte after the IP header with its options and extension headers; the same as
 *               @l3_off without IP
 * @l4_len:      bytes from @l4_off to the end of the IP packet as its header says, also if
 *               TRUNCATED; 0 without IP
 * @payload_off: first byte after the last header that was understood
 * @payload_len: bytes of payload that are there, without Ethernet padding
 * @ethertype:   after the tag, if any; below 0x600 it is an 802.3 length
 * @vlan:        tag control information, if VLAN
 * @src_port:    UDP and TCP, else 0
 * @dst_port:    UDP and TCP, else 0
 * @flags:       VFNET_FRAME_*
 * @l3:          enum vfnet_frame_l3; IP4 and IP6 mean that the whole header is there
 * @l4:          enum vfnet_frame_l4; not NONE means that the whole header is there
 * @ip_proto:    protocol number after the extension headers; 0 without IP
 *
 * Every offset plus its length is at most @len, but for @l4_len of a TRUNCATED frame.
 */
struct vfnet_frame {
	uint16_t len;
	uint16_t l3_off;
	uint16_t l4_off;
	uint16_t l4_len;
	uint16_t payload_off;
	uint16_t payload_len;
	uint16_t ethertype;
	uint16_t vlan;
	uint16_t src_port;
	uint16_t dst_port;
	uint8_t flags;
	uint8_t l3;
	uint8_t l4;
	uint8_t ip_proto;
};

/**
 * vfnet_frame_parse() - find the headers of a frame
 * @data:  first byte of the destination address, any alignment
 * @len:   readable bytes; more than 65535 are not looked at
 * @frame: filled; untouched on failure
 *
 * Safe on any input: reads nothing outside @data .. @data + @len and follows at most 8 extension
 * headers. Checksums are not looked at.
 *
 * Context: any thread, no allocation.
 * Return: 0, also for what it does not know or finds bad (see @flags); -EINVAL if @len is below
 * VFNET_FRAME_ETH_BYTES.
 */
int vfnet_frame_parse(const void *data, size_t len, struct vfnet_frame *frame);

/**
 * vfnet_frame_l4_checksum() - the checksum that belongs into a frame's UDP, TCP or ICMP header
 * @data:  the frame
 * @frame: vfnet_frame_parse() of @data
 *
 * The field's present value does not matter. UDP never gets 0, which would mean "none".
 *
 * Context: any thread; reads the whole packet.
 * Return: the field, for vfnet_checksum_store(); -EINVAL without such a header, or for a fragment,
 * a routed or a truncated packet.
 */
int vfnet_frame_l4_checksum(const void *data, const struct vfnet_frame *frame);

/** vfnet_frame_l4_checksum_off() - where the field of @frame's l4 is; 0 if @frame has no l4. */
unsigned int vfnet_frame_l4_checksum_off(const struct vfnet_frame *frame);

/**
 * vfnet_frame_l4_good() - is the checksum in a frame's UDP, TCP or ICMP header right?
 * @data:  the frame
 * @frame: vfnet_frame_parse() of @data
 *
 * Context: any thread; reads the whole packet.
 * Return: 1; 0 if it is wrong; -EINVAL if there is none: as vfnet_frame_l4_checksum(), or UDP over
 * IPv4 without a checksum.
 */
int vfnet_frame_l4_good(const void *data, const struct vfnet_frame *frame);

/**
 * struct vfnet_frame_udp - the headers of a UDP frame
 * @dst:      Ethernet destination
 * @src:      Ethernet source
 * @src_ip:   IPv6 address, or IPv4 address in the first 4 bytes
 * @dst_ip:   the same
 * @src_port: host order
 * @dst_port: host order
 * @vlan:     tag control information, if @tagged
 * @ttl:      time to live or hop limit; 0 = 64
 * @ip6:      IPv6 instead of IPv4
 * @tagged:   with an 802.1Q tag
 * @no_sum:   IPv4 only: leave the UDP checksum out, for senders that count cycles
 */
struct vfnet_frame_udp {
	uint8_t dst[VFNET_MAC_BYTES];
	uint8_t src[VFNET_MAC_BYTES];
	uint8_t src_ip[16];
	uint8_t dst_ip[16];
	uint16_t src_port;
	uint16_t dst_port;
	uint16_t vlan;
	uint8_t ttl;
	bool ip6;
	bool tagged;
	bool no_sum;
};

/** vfnet_frame_udp_payload_off() - bytes before the payload: 42 for plain IPv4, 62 for IPv6. */
static inline unsigned int vfnet_frame_udp_payload_off(const struct vfnet_frame_udp *udp)
{
	return VFNET_FRAME_ETH_BYTES + (udp->tagged ? VFNET_FRAME_VLAN_BYTES : 0) +
	       (udp->ip6 ? VFNET_FRAME_IP6_BYTES : VFNET_FRAME_IP4_BYTES) + VFNET_FRAME_UDP_BYTES;
}

/**
 * vfnet_frame_build_udp() - write the headers of a UDP frame in front of its payload
 * @data: the frame; its payload, from vfnet_frame_udp_payload_off() on, is there already, because
 *        the UDP checksum covers it
 * @len:  bytes of the whole frame; all after the headers is payload
 * @udp:  what to write
 *
 * Context: any thread, no allocation.
 * Return: 0; -EINVAL if @len is shorter than the headers or longer than IP can say (nothing is
 * written), or for no_sum with ip6.
 */
int vfnet_frame_build_udp(void *data, size_t len, const struct vfnet_frame_udp *udp);

#ifdef __cplusplus
}
#endif

#endif
