/* SPDX-License-Identifier: BSD-2-Clause */
#include <gtest/gtest.h>

#include <cerrno>

#include "lib/frame/checksum.h"
#include "lib/frame/frame.h"
#include "tests/unit/frame/frames.h"

using namespace frames;

namespace
{

struct vfnet_frame parse(const Bytes &bytes)
{
	struct vfnet_frame frame = {};

	EXPECT_EQ(0, vfnet_frame_parse(bytes.data(), bytes.size(), &frame));
	return frame;
}

uint16_t wire(const Bytes &bytes, size_t at)
{
	return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

/* stores the right checksum and returns it as it stands on the wire */
uint16_t fill(Bytes &bytes)
{
	const auto frame = parse(bytes);
	const int checksum = vfnet_frame_l4_checksum(bytes.data(), &frame);
	const unsigned int at = vfnet_frame_l4_checksum_off(&frame);

	EXPECT_LE(0, checksum);
	EXPECT_LT(0u, at);
	vfnet_checksum_store(bytes.data() + at, static_cast<uint16_t>(checksum));
	return wire(bytes, at);
}

/* one frame of each kind; the checksums were worked out by a separate program from the RFCs */
struct Kind {
	Bytes bytes;
	uint16_t checksum;
};

std::vector<Kind> kinds()
{
	return {
	    {join({ethernet(0x0800), ip4(17, 31), udp(11), text(3), Bytes(15, 0xee)}), 0x92b0},
	    {join({ethernet(0x0800), ip4(6, 43), tcp(5), text(3)}), 0x41a7},
	    {join({ethernet(0x0800), ip4(1, 31), {8, 0, 0, 0, 0, 1, 0, 2}, text(3)}), 0x0784},
	    {join({ethernet(0x86dd), ip6(17, 11), udp(11), text(3)}), 0xb5b2},
	    {join({ethernet(0x86dd), ip6(60, 31), extension(6), tcp(5), text(3)}), 0x64a9},
	    {join({ethernet(0x86dd), ip6(58, 11), {128, 0, 0, 0, 0, 1, 0, 2}, text(3)}), 0x9e3d},
	};
}

TEST(FrameSums, EqualThoseOfASeparateProgram)
{
	for (Kind &kind : kinds())
		EXPECT_EQ(kind.checksum, fill(kind.bytes)) << std::hex << kind.checksum;
}

TEST(FrameSums, GoodUntilAnyCoveredBitChanges)
{
	for (Kind &kind : kinds()) {
		fill(kind.bytes);
		const auto frame = parse(kind.bytes);
		const size_t end = frame.payload_off + frame.payload_len;

		ASSERT_EQ(1, vfnet_frame_l4_good(kind.bytes.data(), &frame));
		for (size_t at = frame.l4_off; at < end; at++) {
			Bytes bad = kind.bytes;

			bad[at] ^= 0x10;
			EXPECT_EQ(0, vfnet_frame_l4_good(bad.data(), &frame)) << at;
		}
	}
}

TEST(FrameSums, AddressesAreCoveredButByIcmp4)
{
	for (Kind &kind : kinds()) {
		fill(kind.bytes);
		const auto frame = parse(kind.bytes);

		kind.bytes[frame.l3_off + 15u] ^= 1;
		EXPECT_EQ(frame.l4 == VFNET_FRAME_L4_ICMP,
			  vfnet_frame_l4_good(kind.bytes.data(), &frame));
	}
}

TEST(FrameSums, PresentFieldDoesNotMatter)
{
	Bytes bytes = kinds()[0].bytes;
	const uint16_t checksum = fill(bytes);

	EXPECT_EQ(checksum, fill(bytes));
}

/* payload that makes the sum come out as 0, which UDP must send as 0xffff */
TEST(FrameSums, UdpNeverSendsZero)
{
	Bytes bytes = join({ethernet(0x0800), ip4(17, 30), udp(10), {0, 0}});
	const uint16_t checksum = fill(bytes);

	bytes[42] = high(checksum);
	bytes[43] = low(checksum);
	EXPECT_EQ(0xffff, fill(bytes));
	const auto frame = parse(bytes);
	EXPECT_EQ(1, vfnet_frame_l4_good(bytes.data(), &frame));
}

TEST(FrameSums, UdpWithoutOneIsLegalOverIp4Only)
{
	const Bytes four = join({ethernet(0x0800), ip4(17, 28), udp(8)});
	const Bytes six = join({ethernet(0x86dd), ip6(17, 8), udp(8)});
	const auto frame4 = parse(four), frame6 = parse(six);

	EXPECT_EQ(-EINVAL, vfnet_frame_l4_good(four.data(), &frame4));
	EXPECT_EQ(0, vfnet_frame_l4_good(six.data(), &frame6));
}

TEST(FrameSums, NoneWhereTheCoveredBytesAreNotAllThere)
{
	Bytes routing = extension(17);

	routing[3] = 1;
	for (const Bytes &bytes :
	     {join({ethernet(0x0800), ip4(17, 28, 0x2000), udp(8)}),
	      join({ethernet(0x0800), ip4(17, 100), udp(80)}),
	      join({ethernet(0x86dd), ip6(43, 16), routing, udp(8)}),
	      join({ethernet(0x0800), ip4(47, 28), text(8)}), join({ethernet(0x88b5), text(46)})}) {
		const auto frame = parse(bytes);

		EXPECT_EQ(-EINVAL, vfnet_frame_l4_checksum(bytes.data(), &frame));
		EXPECT_EQ(-EINVAL, vfnet_frame_l4_good(bytes.data(), &frame));
	}
}

TEST(FrameSums, NoFieldWithoutL4)
{
	const auto frame = parse(join({ethernet(0x88b5), text(46)}));

	EXPECT_EQ(0u, vfnet_frame_l4_checksum_off(&frame));
}

} // namespace
