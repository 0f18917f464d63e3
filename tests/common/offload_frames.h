/* SPDX-License-Identifier: BSD-2-Clause */
/* Random frames that are sent with work for the card. */
#ifndef VFNET_TESTS_OFFLOAD_FRAMES_H
#define VFNET_TESTS_OFFLOAD_FRAMES_H

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include <vfnet/offload.h>
#include <vfnet/vfnet.h>

#include "tests/common/frames.h"

namespace frames
{

/* Without a tag. @mtu: the port's */
inline Shape RandomShape(std::mt19937 &random, bool segments, size_t mtu)
{
	Shape shape;
	shape.seed = static_cast<uint32_t>(random());
	shape.ip6 = random() % 2;
	shape.tcp = segments || random() % 2;
	shape.ip_more = random() % 4 ? 0 : static_cast<unsigned int>(8 * (1 + random() % 4));
	shape.tcp_more = shape.tcp ? static_cast<unsigned int>(random() % 11 * 4) : 0;
	shape.tcp_flags = static_cast<uint8_t>(random() & 0x3f);
	const size_t most = segments ? 30000 : mtu - 100;
	shape.payload = random() % 4 ? 1 + random() % 200 : 1 + random() % most;
	return shape;
}

/* Of the segments of such a frame. */
inline uint32_t RandomMss(std::mt19937 &random, const Shape &shape, size_t mtu)
{
	auto mss = static_cast<uint32_t>(1 + random() % (mtu - shape.L3() - shape.L4()));
	if (random() % 2)
		mss = std::min(mss, static_cast<uint32_t>(1 + shape.payload / (1 + random() % 20)));
	if (shape.payload / mss > 100) /* they have to fit into the receiver's ring */
		mss = static_cast<uint32_t>(shape.payload / 100 + 1);
	return mss;
}

/* As an application would: over buffers that are filled unevenly, headers in the first. */
inline std::vector<vfnet_pkt> Scatter(const vfnet_region *region, vfnet_cache *cache,
				      std::mt19937 &random, const Bytes &frame, size_t headers)
{
	std::vector<vfnet_pkt> values;
	for (size_t at = 0; at < frame.size();) {
		vfnet_pkt pkt;
		EXPECT_EQ(1u, vfnet_pkt_alloc(cache, &pkt, 1));
		size_t part = random() % 3 ? 2048 : 1 + random() % 2048;
		part = std::min(std::max(part, at ? 1 : headers), frame.size() - at);
		pkt.len = static_cast<uint16_t>(part);
		pkt.flags = at + part < frame.size() ? VFNET_PKT_MORE : 0;
		memcpy(vfnet_pkt_data(region, &pkt), &frame[at], part);
		values.push_back(pkt);
		at += part;
	}
	return values;
}

/* @tx: VFNET_PKT_TX_* */
inline void Ask(const vfnet_region *region, vfnet_pkt &first, const Shape &shape, uint32_t tx,
		uint32_t mss)
{
	first.flags |= static_cast<uint16_t>(tx);
	first.flags |= shape.ip6 ? VFNET_PKT_IP6 : VFNET_PKT_IP4;
	first.flags |= shape.tcp ? VFNET_PKT_TCP : VFNET_PKT_UDP;
	first.txo = vfnet_txo(shape.L2(), shape.L3(), shape.L4(), mss);
	vfnet_offload_prepare(region, &first);
}

/* What must be said of a received frame with right checksums, whoever sent it. */
inline uint16_t GoodFlags(const Shape &shape)
{
	uint32_t flags = VFNET_PKT_L4_GOOD;
	flags |= shape.ip6 ? VFNET_PKT_IP6 : VFNET_PKT_IP4 | VFNET_PKT_L3_GOOD;
	return static_cast<uint16_t>(flags | (shape.tcp ? VFNET_PKT_TCP : VFNET_PKT_UDP));
}

/* Return: @frame without the tag that it has; @shape fits it. */
inline Bytes Untag(Shape &shape, const Bytes &frame)
{
	Bytes bare = frame;
	bare.erase(bare.begin() + 12, bare.begin() + 16);
	shape.vlan = -1;
	return bare;
}

} // namespace frames

#endif
