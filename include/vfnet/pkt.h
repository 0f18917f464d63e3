/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_PKT_H
#define VFNET_PKT_H

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>

#include <vfnet/region.h>

#ifdef __cplusplus
extern "C" {
#endif

/* struct vfnet_pkt.buf */
#define VFNET_PKT_HELD 0x80000000u /* a side table decides when the buffer returns */

/* struct vfnet_pkt.flags */
#define VFNET_PKT_MORE	   0x0001u /* the next value continues this frame */
#define VFNET_PKT_VLAN	   0x0002u /* vlan is valid: removed on receive, inserted on send */
#define VFNET_PKT_HASH	   0x0004u /* hash is valid (receive) */
#define VFNET_PKT_LOOPED   0x0008u /* came from another function of the same card */
#define VFNET_PKT_L3_GOOD  0x0010u /* IPv4 header checksum checked and right */
#define VFNET_PKT_L3_BAD   0x0020u /* ... and wrong */
#define VFNET_PKT_L4_GOOD  0x0040u /* TCP or UDP checksum checked and right */
#define VFNET_PKT_L4_BAD   0x0080u /* ... and wrong */
#define VFNET_PKT_IP4	   0x0100u
#define VFNET_PKT_IP6	   0x0200u
#define VFNET_PKT_TCP	   0x0400u
#define VFNET_PKT_UDP	   0x0800u
#define VFNET_PKT_TX_IPSUM 0x1000u /* send: compute the IPv4 header checksum */
#define VFNET_PKT_TX_L4SUM 0x2000u /* send: compute the TCP or UDP checksum */
#define VFNET_PKT_TX_SEG   0x4000u /* send: cut into segments */
#define VFNET_PKT_TX_ANY   (VFNET_PKT_TX_IPSUM | VFNET_PKT_TX_L4SUM | VFNET_PKT_TX_SEG)

/**
 * struct vfnet_pkt - a packet, or one buffer of a longer frame, as a value
 * @buf:   place of the buffer (30:0, 64-byte units from the region's base); bit 31 HELD
 * @off:   first data byte, counted from the place
 * @len:   data bytes in this buffer, 1..65535, without CRC
 * @hash:  receive: RSS hash, if HASH
 * @txo:   send, if a TX_ flag: 6:0 L2 bytes, 13:7 L3 bytes / 4, 17:14 L4 bytes / 4, 31:18 MSS
 * @vlan:  tag control information, if VLAN
 * @flags: VFNET_PKT_*
 *
 * Whoever holds the value owns the buffer. A frame over several buffers is consecutive values
 * linked by MORE; what concerns the whole frame stands in the first.
 */
struct vfnet_pkt {
	alignas(16) uint32_t buf;
	uint16_t off;
	uint16_t len;
	union {
		uint32_t hash;
		uint32_t txo;
	};
	uint16_t vlan;
	uint16_t flags;
};

static_assert(sizeof(struct vfnet_pkt) == 16, "a packet is 16 bytes");

/**
 * vfnet_pkt_data() - first data byte of a packet
 * @region: the region that the packet's buffer lies in
 * @pkt:    the packet
 *
 * Context: any thread that owns @pkt, hot path.
 * Return: its address in this process.
 */
static inline uint8_t *vfnet_pkt_data(const struct vfnet_region *region,
				      const struct vfnet_pkt *pkt)
{
	return (uint8_t *)vfnet_place_ptr(region, pkt->buf) + pkt->off;
}

#ifdef __cplusplus
}
#endif

#endif
