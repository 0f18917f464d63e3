/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP and UDP frames of any shape, with right checksums, and what software makes of a frame that
 * asks the card to cut it: the reference for offloads.
 */
#ifndef VFNET_TESTS_FRAMES_H
#define VFNET_TESTS_FRAMES_H

#include <cstdint>
#include <random>
#include <vector>

#include "lib/frame/bytes.h"
#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"

namespace frames
{

using Bytes = std::vector<uint8_t>;

struct Shape {
	bool ip6 = false;
	bool tcp = false;
	int vlan = -1;		   /* tag control information; -1 = no tag */
	unsigned int ip_more = 0;  /* bytes of IPv4 options or IPv6 destination options, 8 n */
	unsigned int tcp_more = 0; /* bytes of TCP options, 4 n */
	size_t payload = 100;
	uint8_t tcp_flags = 0x10; /* ACK */
	uint32_t seed = 1;

	unsigned int L2() const
	{
		return vlan < 0 ? 14 : 18;
	}
	unsigned int L3() const
	{
		return (ip6 ? 40 : 20) + ip_more;
	}
	unsigned int L4() const
	{
		return tcp ? 20 + tcp_more : 8;
	}
	unsigned int Headers() const
	{
		return L2() + L3() + L4();
	}
};

/* The IPv4 and the TCP or UDP checksum of @frame, as they should be. */
inline void Seal(Bytes &frame)
{
	vfnet_frame parsed;

	vfnet_frame_parse(frame.data(), frame.size(), &parsed);
	if (parsed.l3 == VFNET_FRAME_L3_IP4) {
		uint8_t *ip = &frame[parsed.l3_off];

		vfnet_put_be16(ip + 10, 0);
		vfnet_checksum_store(ip + 10, vfnet_checksum_finish(vfnet_checksum_add(
						  0, ip, parsed.l4_off - parsed.l3_off)));
	}
	int sum = vfnet_frame_l4_checksum(frame.data(), &parsed);
	if (sum >= 0)
		vfnet_checksum_store(&frame[vfnet_frame_l4_checksum_off(&parsed)],
				     static_cast<uint16_t>(sum));
}

inline void PutIp(const Shape &shape, uint8_t *ip, size_t l4_bytes)
{
	const uint8_t proto = shape.tcp ? 6 : 17;

	if (shape.ip6) {
		vfnet_put_be32(ip, 6u << 28);
		vfnet_put_be16(ip + 4, static_cast<uint16_t>(shape.ip_more + l4_bytes));
		ip[6] = shape.ip_more ? 60 : proto; /* destination options */
		ip[7] = 64;
		if (shape.ip_more) {
			ip[40] = proto;
			ip[41] = static_cast<uint8_t>(shape.ip_more / 8 - 1);
			ip[42] = 1; /* PadN over the rest */
			ip[43] = static_cast<uint8_t>(shape.ip_more - 4);
		}
		return;
	}
	ip[0] = static_cast<uint8_t>(0x40 | shape.L3() / 4);
	vfnet_put_be16(ip + 2, static_cast<uint16_t>(shape.L3() + l4_bytes));
	ip[6] = 0x40;
	ip[7] = 0;
	ip[9] = proto;
}

/* From @src to @dst, with random addresses, ports and bytes. */
inline Bytes Build(const Shape &shape, const uint8_t *dst, const uint8_t *src)
{
	std::mt19937 random(shape.seed);
	Bytes frame(shape.Headers() + shape.payload);
	const size_t l4_bytes = shape.L4() + shape.payload;

	for (size_t i = shape.L2(); i < frame.size(); i++) /* the same with and without a tag */
		frame[i] = static_cast<uint8_t>(random());
	vfnet_mac_copy(&frame[0], dst);
	vfnet_mac_copy(&frame[6], src);
	if (shape.vlan >= 0) {
		vfnet_put_be16(&frame[12], VFNET_ETHERTYPE_VLAN);
		vfnet_put_be16(&frame[14], static_cast<uint16_t>(shape.vlan));
	}
	vfnet_put_be16(&frame[shape.L2() - 2],
		       shape.ip6 ? VFNET_ETHERTYPE_IP6 : VFNET_ETHERTYPE_IP4);
	PutIp(shape, &frame[shape.L2()], l4_bytes);
	uint8_t *l4 = &frame[shape.L2() + shape.L3()];
	if (shape.tcp) {
		l4[12] = static_cast<uint8_t>(shape.L4() / 4 << 4);
		l4[13] = shape.tcp_flags;
	} else {
		vfnet_put_be16(l4 + 4, static_cast<uint16_t>(l4_bytes));
	}
	Seal(frame);
	return frame;
}

/* The frames that software would send instead of @frame, at most @mss bytes of payload each. */
inline std::vector<Bytes> Segments(const Shape &shape, const Bytes &frame, size_t mss)
{
	const size_t headers = shape.Headers();
	const size_t l4 = shape.L2() + shape.L3();
	std::vector<Bytes> out;

	for (size_t off = 0; headers + off < frame.size(); off += mss) {
		const size_t left = frame.size() - headers - off;
		const size_t part = left < mss ? left : mss;
		Bytes one(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(headers));

		one.insert(one.end(), frame.begin() + static_cast<ptrdiff_t>(headers + off),
			   frame.begin() + static_cast<ptrdiff_t>(headers + off + part));
		uint8_t *ip = &one[shape.L2()];
		if (shape.ip6)
			vfnet_put_be16(ip + 4, static_cast<uint16_t>(one.size() - shape.L2() - 40));
		else
			vfnet_put_be16(ip + 2, static_cast<uint16_t>(one.size() - shape.L2()));
		if (!shape.ip6)
			vfnet_put_be16(ip + 4,
				       static_cast<uint16_t>(vfnet_get_be16(ip + 4) + out.size()));
		vfnet_put_be32(&one[l4 + 4],
			       vfnet_get_be32(&one[l4 + 4]) + static_cast<uint32_t>(off));
		if (part < left)
			one[l4 + 13] &= static_cast<uint8_t>(~0x09); /* FIN, PSH */
		Seal(one);
		out.push_back(one);
	}
	return out;
}

} // namespace frames

#endif
