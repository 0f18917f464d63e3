/* SPDX-License-Identifier: BSD-2-Clause */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"
#include "tests/unit/frame/frames.h"

using namespace frames;

namespace
{

struct vfnet_frame_udp spec(bool ip6, bool tagged)
{
	struct vfnet_frame_udp udp = {};

	for (uint8_t i = 0; i < 6; i++) {
		udp.dst[i] = static_cast<uint8_t>(0x10 + i);
		udp.src[i] = static_cast<uint8_t>(0x20 + i);
	}
	for (uint8_t i = 0; i < 16; i++) {
		udp.src_ip[i] = static_cast<uint8_t>(0x30 + i);
		udp.dst_ip[i] = static_cast<uint8_t>(0x40 + i);
	}
	udp.src_port = 0x1234;
	udp.dst_port = 0x5678;
	udp.vlan = 0xa123;
	udp.ip6 = ip6;
	udp.tagged = tagged;
	return udp;
}

TEST(FrameBuild, EachKindParsesBackWithRightSums)
{
	for (unsigned int kind = 0; kind < 4; kind++) {
		const auto udp = spec(kind & 1, kind & 2);
		const unsigned int off = vfnet_frame_udp_payload_off(&udp);

		for (size_t len : {off + 0u, off + 1u, off + 18u, 1514u, 9724u}) {
			Bytes bytes(len, 0x77);
			struct vfnet_frame frame;

			ASSERT_EQ(0, vfnet_frame_build_udp(bytes.data(), len, &udp));
			ASSERT_EQ(0, vfnet_frame_parse(bytes.data(), len, &frame));
			EXPECT_EQ(0, memcmp(bytes.data(), udp.dst, 6));
			EXPECT_EQ(0, memcmp(bytes.data() + 6, udp.src, 6));
			EXPECT_EQ(udp.tagged ? VFNET_FRAME_VLAN : 0, frame.flags);
			EXPECT_EQ(udp.tagged ? 0xa123 : 0, frame.vlan);
			EXPECT_EQ(udp.ip6 ? VFNET_FRAME_L3_IP6 : VFNET_FRAME_L3_IP4, frame.l3);
			EXPECT_EQ(VFNET_FRAME_L4_UDP, frame.l4);
			EXPECT_EQ(0x1234, frame.src_port);
			EXPECT_EQ(0x5678, frame.dst_port);
			EXPECT_EQ(off, frame.payload_off);
			EXPECT_EQ(len - off, frame.payload_len);
			EXPECT_EQ(1, vfnet_frame_l4_good(bytes.data(), &frame));
			EXPECT_TRUE(udp.ip6 ||
				    vfnet_checksum_ip4_good(bytes.data() + frame.l3_off, 20));
		}
	}
}

/* byte by byte, so that a mistake which parse.c shares does not hide */
TEST(FrameBuild, Ip4FrameIsWhatTheRfcsSay)
{
	auto udp = spec(false, false);
	Bytes bytes(60, 0);
	const Bytes expected{0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22, 0x23, 0x24,
			     0x25, 0x08, 0x00, 0x45, 0x00, 0x00, 0x2e, 0x00, 0x00, 0x40, 0x00,
			     0x07, 0x11, 0x8e, 0xd7, 0x30, 0x31, 0x32, 0x33, 0x40, 0x41, 0x42,
			     0x43, 0x12, 0x34, 0x56, 0x78, 0x00, 0x1a, 0xb2, 0x25};

	udp.ttl = 7;
	ASSERT_EQ(0, vfnet_frame_build_udp(bytes.data(), bytes.size(), &udp));
	EXPECT_EQ(expected, Bytes(bytes.begin(), bytes.begin() + 42));
	EXPECT_EQ(Bytes(18, 0), Bytes(bytes.begin() + 42, bytes.end()));
}

TEST(FrameBuild, TimeToLiveIs64UnlessGiven)
{
	for (bool six : {false, true}) {
		auto udp = spec(six, false);
		const size_t at = six ? 21 : 22;
		Bytes bytes(80);

		ASSERT_EQ(0, vfnet_frame_build_udp(bytes.data(), bytes.size(), &udp));
		EXPECT_EQ(64, bytes[at]);
		udp.ttl = 3;
		ASSERT_EQ(0, vfnet_frame_build_udp(bytes.data(), bytes.size(), &udp));
		EXPECT_EQ(3, bytes[at]);
	}
}

TEST(FrameBuild, SumMayBeLeftOutOverIp4Only)
{
	auto udp = spec(false, false);
	Bytes bytes(80, 0x77);

	udp.no_sum = true;
	ASSERT_EQ(0, vfnet_frame_build_udp(bytes.data(), bytes.size(), &udp));
	EXPECT_EQ(0, vfnet_checksum_load(bytes.data() + 40));
	udp.ip6 = true;
	EXPECT_EQ(-EINVAL, vfnet_frame_build_udp(bytes.data(), bytes.size(), &udp));
}

TEST(FrameBuild, SumOfZeroIsSentAsAllOnes)
{
	const auto udp = spec(false, false);
	Bytes bytes(44, 0);

	ASSERT_EQ(0, vfnet_frame_build_udp(bytes.data(), bytes.size(), &udp));
	/* the payload takes the sum's value: then everything covered adds up to 0xffff */
	bytes[42] = bytes[40];
	bytes[43] = bytes[41];
	ASSERT_EQ(0, vfnet_frame_build_udp(bytes.data(), bytes.size(), &udp));
	EXPECT_EQ(0xffff, vfnet_checksum_load(bytes.data() + 40));
}

TEST(FrameBuild, LengthsOutOfRangeWriteNothing)
{
	for (bool six : {false, true}) {
		const auto udp = spec(six, false);
		const size_t off = vfnet_frame_udp_payload_off(&udp);
		const size_t longest = 65535 + 14 + (six ? 40 : 0);
		Bytes bytes(longest + 1, 0x77);
		const Bytes before = bytes;

		EXPECT_EQ(-EINVAL, vfnet_frame_build_udp(bytes.data(), off - 1, &udp));
		EXPECT_EQ(-EINVAL, vfnet_frame_build_udp(bytes.data(), longest + 1, &udp));
		EXPECT_EQ(before, bytes);
		EXPECT_EQ(0, vfnet_frame_build_udp(bytes.data(), longest, &udp));
		EXPECT_EQ(0x77, bytes[longest]);
	}
}

} // namespace
