/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/frame.h"

#include <errno.h>
#include <netinet/in.h>

#include "lib/frame/bytes.h"
#include "lib/frame/checksum.h"

#define DEFAULT_TTL 64

static uint8_t *put_ethernet(uint8_t *to, const struct vfnet_frame_udp *udp)
{
	vfnet_mac_copy(to, udp->dst);
	vfnet_mac_copy(to + VFNET_MAC_BYTES, udp->src);
	to += 2 * VFNET_MAC_BYTES;
	if (udp->tagged) {
		vfnet_put_be16(to, VFNET_ETHERTYPE_VLAN);
		vfnet_put_be16(to + 2, udp->vlan);
		to += VFNET_FRAME_VLAN_BYTES;
	}
	vfnet_put_be16(to, udp->ip6 ? VFNET_ETHERTYPE_IP6 : VFNET_ETHERTYPE_IP4);
	return to + 2;
}

static uint8_t *put_ip4(uint8_t *to, const struct vfnet_frame_udp *udp, uint16_t udp_len)
{
	memset(to, 0, VFNET_FRAME_IP4_BYTES);
	to[0] = 4 << 4 | VFNET_FRAME_IP4_BYTES / 4;
	vfnet_put_be16(to + 2, (uint16_t)(VFNET_FRAME_IP4_BYTES + udp_len));
	to[6] = 0x40; /* do not fragment, so that the identification may be 0 (RFC 6864) */
	to[8] = udp->ttl ? udp->ttl : DEFAULT_TTL;
	to[9] = IPPROTO_UDP;
	memcpy(to + 12, udp->src_ip, 4);
	memcpy(to + 16, udp->dst_ip, 4);
	vfnet_checksum_store(
	    to + 10, vfnet_checksum_finish(vfnet_checksum_add(0, to, VFNET_FRAME_IP4_BYTES)));
	return to + VFNET_FRAME_IP4_BYTES;
}

static uint8_t *put_ip6(uint8_t *to, const struct vfnet_frame_udp *udp, uint16_t udp_len)
{
	vfnet_put_be32(to, UINT32_C(6) << 28);
	vfnet_put_be16(to + 4, udp_len);
	to[6] = IPPROTO_UDP;
	to[7] = udp->ttl ? udp->ttl : DEFAULT_TTL;
	memcpy(to + 8, udp->src_ip, 16);
	memcpy(to + 24, udp->dst_ip, 16);
	return to + VFNET_FRAME_IP6_BYTES;
}

int vfnet_frame_build_udp(void *data, size_t len, const struct vfnet_frame_udp *udp)
{
	const unsigned int payload_off = vfnet_frame_udp_payload_off(udp);
	const unsigned int ip_bytes = udp->ip6 ? 0 : VFNET_FRAME_IP4_BYTES; /* in IP's length */
	uint16_t udp_len, checksum;
	uint8_t *ip, *to;
	uint64_t sum;

	if (len < payload_off || (udp->ip6 && udp->no_sum) ||
	    len - payload_off > UINT16_MAX - ip_bytes - VFNET_FRAME_UDP_BYTES)
		return -EINVAL;
	udp_len = (uint16_t)(len - payload_off + VFNET_FRAME_UDP_BYTES);
	ip = put_ethernet(data, udp);
	to = udp->ip6 ? put_ip6(ip, udp, udp_len) : put_ip4(ip, udp, udp_len);
	vfnet_put_be16(to, udp->src_port);
	vfnet_put_be16(to + 2, udp->dst_port);
	vfnet_put_be16(to + 4, udp_len);
	vfnet_put_be16(to + 6, 0);
	if (udp->no_sum)
		return 0;
	sum = udp->ip6 ? vfnet_checksum_pseudo6(ip, IPPROTO_UDP, udp_len)
		       : vfnet_checksum_pseudo4(ip, IPPROTO_UDP, udp_len);
	checksum = vfnet_checksum_finish(vfnet_checksum_add(sum, to, udp_len));
	vfnet_checksum_store(to + 6, checksum ? checksum : 0xffff); /* 0 would mean "none" */
	return 0;
}
