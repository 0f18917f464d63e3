/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_OFFLOAD_H
#define VFNET_OFFLOAD_H

/*
 * Work that the card does for a frame that is sent: checksums, cutting into TCP segments, and a
 * VLAN tag. Asked for in the first value of the frame:
 *
 *     pkt.flags |= VFNET_PKT_IP4 | VFNET_PKT_TCP | VFNET_PKT_TX_SEG;
 *     pkt.txo = vfnet_txo(14, 20, 32, 1448);
 *     vfnet_offload_prepare(region, &pkt);
 *
 * Of IP4 and IP6 one is set, of TCP and UDP one unless only TX_IPSUM is asked for.
 *
 *     VLAN       the card inserts pkt.vlan; alone it needs no txo
 *     TX_IPSUM   the IPv4 header checksum
 *     TX_L4SUM   the TCP or UDP checksum, over all from that header to the end of the frame
 *     TX_SEG     TSO, TCP only: frames of at most MSS payload bytes, with both checksums, IP
 * lengths, identifications and sequence numbers of their own; FIN and PSH in the last (QEMU's card
 * leaves both out)
 *
 * The card adds up what lies in the frame. What it must find in the headers is written by the
 * application, which has them in its cache; the driver writes to no frame. vfnet_offload_prepare()
 * does that.
 *
 * Headers lie in the frame's first buffer. A frame with TX_SEG has at most 65535 bytes, each
 * segment at most 9724 with headers and tag; it counts once as tx_packets. What contradicts itself
 * or the frame is dropped and counted as tx_invalid, TX_SEG for UDP as tx_unsupported.
 */

#include <stdint.h>

#include <vfnet/pkt.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * vfnet_txo() - the value of vfnet_pkt.txo
 * @l2_bytes: from the frame's first byte to the IP header: 14, or 18 with a tag in the frame; at
 *            most 127
 * @l3_bytes: IP header with options or extension headers, a multiple of 4; at most 508
 * @l4_bytes: TX_SEG: TCP header with options, a multiple of 4; at most 60. Else 0 will do
 * @mss:      TX_SEG: payload bytes of a segment, 1..16383. Else 0 will do
 *
 * Context: hot path.
 */
static inline uint32_t vfnet_txo(uint32_t l2_bytes, uint32_t l3_bytes, uint32_t l4_bytes,
				 uint32_t mss)
{
	return (l2_bytes & 127u) | (l3_bytes / 4 & 127u) << 7 | (l4_bytes / 4 & 15u) << 14 |
	       mss << 18;
}

/** vfnet_txo_l2_bytes() - what was given to vfnet_txo(). */
static inline uint32_t vfnet_txo_l2_bytes(uint32_t txo)
{
	return txo & 127u;
}

/** vfnet_txo_l3_bytes() - what was given to vfnet_txo(). */
static inline uint32_t vfnet_txo_l3_bytes(uint32_t txo)
{
	return (txo >> 7 & 127u) * 4;
}

/** vfnet_txo_l4_bytes() - what was given to vfnet_txo(). */
static inline uint32_t vfnet_txo_l4_bytes(uint32_t txo)
{
	return (txo >> 14 & 15u) * 4;
}

/** vfnet_txo_mss() - what was given to vfnet_txo(). */
static inline uint32_t vfnet_txo_mss(uint32_t txo)
{
	return txo >> 18;
}

/* private: 16-bit numbers of a header, as they lie on the wire */
static inline uint32_t vfnet_offload_load(const uint8_t *from)
{
	return (uint32_t)from[0] << 8 | from[1];
}

static inline void vfnet_offload_store(uint8_t *to, uint32_t val)
{
	to[0] = (uint8_t)(val >> 8);
	to[1] = (uint8_t)val;
}

/* private: the sum of the pseudo header, not inverted; for segments without the length */
static inline uint32_t vfnet_offload_pseudo(const uint8_t *ip, const struct vfnet_pkt *pkt)
{
	const int ip6 = pkt->flags & VFNET_PKT_IP6;
	const uint32_t l3_bytes = vfnet_txo_l3_bytes(pkt->txo);
	const uint8_t *address = ip + (ip6 ? 8 : 12);
	uint32_t sum = pkt->flags & VFNET_PKT_TCP ? 6 : 17;

	for (unsigned int i = 0; i < (ip6 ? 32u : 8u); i += 2)
		sum += vfnet_offload_load(address + i);
	if (!(pkt->flags & VFNET_PKT_TX_SEG))
		sum +=
		    (vfnet_offload_load(ip + (ip6 ? 4 : 2)) + (ip6 ? 40 : 0) - l3_bytes) & 0xffff;
	sum = (sum >> 16) + (sum & 0xffff);
	return (sum >> 16) + (sum & 0xffff);
}

/**
 * vfnet_offload_prepare() - write into the headers what the card must find there
 * @region: the region that the packet's buffer lies in
 * @pkt:    first value of the frame, with its TX_ flags, what it is, and txo; the headers have
 *          all else, IP's length too
 *
 * TX_IPSUM and TX_SEG: 0 as IPv4 checksum. TX_L4SUM and TX_SEG: the sum of the pseudo header as TCP
 * or UDP checksum. TX_SEG: 0 as IP length. Nothing without a TX_ flag. IPv6 with a routing header
 * is not known here: its pseudo header has another address.
 *
 * Context: hot path; touches the headers' one or two lines. Any thread that owns the packet.
 * Guarantees: writes only between l2_bytes and l2_bytes + l3_bytes + 18 of the frame.
 */
static inline void vfnet_offload_prepare(const struct vfnet_region *region,
					 const struct vfnet_pkt *pkt)
{
	uint8_t *ip = vfnet_pkt_data(region, pkt) + vfnet_txo_l2_bytes(pkt->txo);
	uint8_t *l4 = ip + vfnet_txo_l3_bytes(pkt->txo);
	const int ip4 = pkt->flags & VFNET_PKT_IP4;

	if (pkt->flags & (VFNET_PKT_TX_L4SUM | VFNET_PKT_TX_SEG))
		vfnet_offload_store(l4 + (pkt->flags & VFNET_PKT_TCP ? 16 : 6),
				    vfnet_offload_pseudo(ip, pkt));
	if (ip4 && (pkt->flags & (VFNET_PKT_TX_IPSUM | VFNET_PKT_TX_SEG)))
		vfnet_offload_store(ip + 10, 0);
	if (pkt->flags & VFNET_PKT_TX_SEG)
		vfnet_offload_store(ip + (ip4 ? 2 : 4), 0);
}

#ifdef __cplusplus
}
#endif

#endif
