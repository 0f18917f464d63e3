/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/frame.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "tests/unit/frame/frames.h"

using namespace frames;

namespace
{

/* The bytes are copied to a buffer of exactly their size, so that ASan sees a read beyond. */
struct vfnet_frame parse(const Bytes &bytes)
{
	std::unique_ptr<uint8_t[]> exact(new uint8_t[bytes.size()]);
	struct vfnet_frame frame;

	if (!bytes.empty())
		memcpy(exact.get(), bytes.data(), bytes.size());
	EXPECT_EQ(0, vfnet_frame_parse(exact.get(), bytes.size(), &frame));
	return frame;
}

void expect_payload(const struct vfnet_frame &frame, unsigned int off, unsigned int len)
{
	EXPECT_EQ(off, frame.payload_off);
	EXPECT_EQ(len, frame.payload_len);
}

TEST(FrameParse, RefusesLessThanAnEthernetHeader)
{
	const Bytes runt(VFNET_FRAME_ETH_BYTES - 1);
	struct vfnet_frame frame, before;

	memset(&frame, 0x55, sizeof(frame));
	before = frame;
	EXPECT_EQ(-EINVAL, vfnet_frame_parse(runt.data(), runt.size(), &frame));
	EXPECT_EQ(-EINVAL, vfnet_frame_parse(nullptr, 0, &frame));
	EXPECT_EQ(0, memcmp(&before, &frame, sizeof(frame)));
}

TEST(FrameParse, UnknownEthertypeIsAllPayload)
{
	const auto frame = parse(join({ethernet(0x88b5), text(46)}));

	EXPECT_EQ(0x88b5, frame.ethertype);
	EXPECT_EQ(VFNET_FRAME_L3_NONE, frame.l3);
	EXPECT_EQ(0, frame.flags);
	expect_payload(frame, 14, 46);
}

TEST(FrameParse, UdpOverIp4LeavesPaddingOut)
{
	const auto frame =
	    parse(join({ethernet(0x0800), ip4(17, 20 + 8 + 5), udp(13), text(5), text(13)}));

	EXPECT_EQ(60, frame.len);
	EXPECT_EQ(VFNET_FRAME_L3_IP4, frame.l3);
	EXPECT_EQ(VFNET_FRAME_L4_UDP, frame.l4);
	EXPECT_EQ(0, frame.flags);
	EXPECT_EQ(14, frame.l3_off);
	EXPECT_EQ(34, frame.l4_off);
	EXPECT_EQ(13, frame.l4_len);
	EXPECT_EQ(17, frame.ip_proto);
	EXPECT_EQ(0x1234, frame.src_port);
	EXPECT_EQ(0x5678, frame.dst_port);
	expect_payload(frame, 42, 5);
}

TEST(FrameParse, UdpMayEndBeforeIp)
{
	const auto frame = parse(join({ethernet(0x0800), ip4(17, 20 + 30), udp(20), text(22)}));

	EXPECT_EQ(VFNET_FRAME_L4_UDP, frame.l4);
	EXPECT_EQ(30, frame.l4_len);
	expect_payload(frame, 42, 12);
}

TEST(FrameParse, OneTagIsTakenASecondIsPayload)
{
	const Bytes inner = join({{0x00, 0x07, 0x08, 0x00}, ip4(17, 28), udp(8)});
	const auto one =
	    parse(join({ethernet(0x8100), {0xa1, 0x23, 0x08, 0x00}, ip4(17, 28), udp(8)}));
	const auto two = parse(join({ethernet(0x8100), {0xa1, 0x23, 0x81, 0x00}, inner}));

	EXPECT_EQ(VFNET_FRAME_VLAN, one.flags);
	EXPECT_EQ(0xa123, one.vlan);
	EXPECT_EQ(0x0800, one.ethertype);
	EXPECT_EQ(VFNET_FRAME_L4_UDP, one.l4);
	expect_payload(one, 46, 0);
	EXPECT_EQ(VFNET_FRAME_VLAN, two.flags);
	EXPECT_EQ(0x8100, two.ethertype);
	EXPECT_EQ(VFNET_FRAME_L3_NONE, two.l3);
	expect_payload(two, 18, static_cast<unsigned int>(inner.size()));
}

TEST(FrameParse, CutTagIsBad)
{
	const auto frame = parse(join({ethernet(0x8100), {0xa1, 0x23, 0x08}}));

	EXPECT_EQ(VFNET_FRAME_BAD_L3, frame.flags);
	expect_payload(frame, 14, 3);
}

TEST(FrameParse, Ip4OptionsMoveTheRest)
{
	const auto frame = parse(join({ethernet(0x0800), ip4(6, 60 + 24 + 3, 0, Bytes(40, 1)),
				       tcp(6, Bytes(4, 1)), text(3)}));

	EXPECT_EQ(74, frame.l4_off);
	EXPECT_EQ(VFNET_FRAME_L4_TCP, frame.l4);
	EXPECT_EQ(0x5678, frame.dst_port);
	expect_payload(frame, 74 + 24, 3);
}

TEST(FrameParse, OnlyTheFirstFragmentHasL4)
{
	const auto first = parse(join({ethernet(0x0800), ip4(17, 44, 0x2000), udp(900), text(16)}));
	const auto later = parse(join({ethernet(0x0800), ip4(17, 44, 0x2003), text(24)}));
	const auto last = parse(join({ethernet(0x0800), ip4(17, 44, 0x0003), text(24)}));
	const auto whole = parse(join({ethernet(0x0800), ip4(17, 44, 0x4000), udp(24), text(16)}));

	EXPECT_EQ(VFNET_FRAME_FRAGMENT, first.flags);
	EXPECT_EQ(VFNET_FRAME_L4_UDP, first.l4);
	expect_payload(first, 42, 16);
	for (const auto &frame : {later, last}) {
		EXPECT_EQ(VFNET_FRAME_FRAGMENT, frame.flags);
		EXPECT_EQ(VFNET_FRAME_L4_NONE, frame.l4);
		EXPECT_EQ(17, frame.ip_proto);
		expect_payload(frame, 34, 24);
	}
	EXPECT_EQ(0, whole.flags);
}

TEST(FrameParse, BadIp4HeadersAreToldAndLeftAlone)
{
	Bytes version = ip4(17, 28), words = version, total = version;

	version[0] = 0x65;
	words[0] = 0x44;
	total[3] = 19;
	for (const Bytes &header :
	     {version, words, total, Bytes(version.begin(), version.end() - 1),
	      join({{0x4f}, Bytes(version.begin() + 1, version.end())})}) {
		const auto frame = parse(join({ethernet(0x0800), header}));

		EXPECT_EQ(VFNET_FRAME_BAD_L3, frame.flags);
		EXPECT_EQ(VFNET_FRAME_L3_NONE, frame.l3);
		EXPECT_EQ(0, frame.ip_proto);
		expect_payload(frame, 14, static_cast<unsigned int>(header.size()));
	}
}

TEST(FrameParse, BadIp6HeadersAreToldAndLeftAlone)
{
	Bytes version = ip6(17, 0);
	const Bytes cut(version.begin(), version.end() - 1);

	version[0] = 0x40;
	for (const Bytes &header : {version, cut}) {
		const auto frame = parse(join({ethernet(0x86dd), header}));

		EXPECT_EQ(VFNET_FRAME_BAD_L3, frame.flags);
		EXPECT_EQ(VFNET_FRAME_L3_NONE, frame.l3);
		expect_payload(frame, 14, static_cast<unsigned int>(header.size()));
	}
}

TEST(FrameParse, PacketLongerThanItsBytesIsTruncated)
{
	const auto frame = parse(join({ethernet(0x0800), ip4(17, 1000), udp(980), text(10)}));

	EXPECT_EQ(VFNET_FRAME_TRUNCATED, frame.flags);
	EXPECT_EQ(VFNET_FRAME_L4_UDP, frame.l4);
	EXPECT_EQ(980, frame.l4_len);
	expect_payload(frame, 42, 10);
}

TEST(FrameParse, BadL4KeepsIp)
{
	for (const Bytes &packet :
	     {join({ip4(17, 27), udp(8)}), join({ip4(17, 28), udp(7)}), join({ip4(17, 28), udp(9)}),
	      join({ip4(6, 39), tcp(5)}), join({ip4(6, 40), tcp(4)}), join({ip4(6, 40), tcp(6)}),
	      join({ip4(1, 27), text(8)}), join({ip6(58, 7), text(8)})}) {
		const auto frame =
		    parse(join({ethernet(packet[0] == 0x60 ? 0x86dd : 0x0800), packet}));

		EXPECT_EQ(VFNET_FRAME_BAD_L4, frame.flags);
		EXPECT_NE(VFNET_FRAME_L3_NONE, frame.l3);
		EXPECT_EQ(VFNET_FRAME_L4_NONE, frame.l4);
		EXPECT_EQ(0, frame.src_port);
		expect_payload(frame, frame.l4_off, frame.l4_len);
	}
}

TEST(FrameParse, Icmp)
{
	const auto four = parse(join({ethernet(0x0800), ip4(1, 20 + 8 + 4), text(12)}));
	const auto six = parse(join({ethernet(0x86dd), ip6(58, 8 + 4), text(12)}));
	const auto wrong = parse(join({ethernet(0x0800), ip4(58, 20 + 12), text(12)}));

	EXPECT_EQ(VFNET_FRAME_L4_ICMP, four.l4);
	expect_payload(four, 42, 4);
	EXPECT_EQ(VFNET_FRAME_L4_ICMP6, six.l4);
	expect_payload(six, 62, 4);
	EXPECT_EQ(VFNET_FRAME_L4_NONE, wrong.l4);
	EXPECT_EQ(0, wrong.flags);
}

TEST(FrameParse, Arp)
{
	Bytes request{0, 1, 8, 0, 6, 4, 0, 1};

	request.resize(28);
	EXPECT_EQ(VFNET_FRAME_L3_ARP, parse(join({ethernet(0x0806), request, text(18)})).l3);
	request.pop_back();
	EXPECT_EQ(VFNET_FRAME_BAD_L3, parse(join({ethernet(0x0806), request})).flags);
	request.resize(28);
	request[4] = 8;
	EXPECT_EQ(VFNET_FRAME_BAD_L3, parse(join({ethernet(0x0806), request})).flags);
}

TEST(FrameParse, Ip6ExtensionHeadersAreSteppedOver)
{
	Bytes auth(12);

	auth[0] = 17;
	auth[1] = 1;
	const Bytes rest =
	    join({extension(43), extension(60, 1), extension(51), auth, udp(10), text(2)});
	const auto frame = parse(join({ethernet(0x86dd), ip6(0, rest.size()), rest, text(9)}));

	EXPECT_EQ(VFNET_FRAME_L3_IP6, frame.l3);
	EXPECT_EQ(0, frame.flags);
	EXPECT_EQ(VFNET_FRAME_L4_UDP, frame.l4);
	EXPECT_EQ(17, frame.ip_proto);
	EXPECT_EQ(54 + 8 + 16 + 8 + 12, frame.l4_off);
	EXPECT_EQ(10, frame.l4_len);
	expect_payload(frame, frame.l4_off + 8u, 2);
}

TEST(FrameParse, Ip6SegmentsLeftMeanRouted)
{
	Bytes routing = extension(17);

	routing[3] = 1;
	const auto frame = parse(join({ethernet(0x86dd), ip6(43, 16), routing, udp(8)}));

	EXPECT_EQ(VFNET_FRAME_ROUTED, frame.flags);
	EXPECT_EQ(VFNET_FRAME_L4_UDP, frame.l4);
}

TEST(FrameParse, Ip6Fragments)
{
	Bytes fragment = extension(17);
	const auto atomic = parse(join({ethernet(0x86dd), ip6(44, 16), fragment, udp(8)}));

	fragment[3] = 1;
	const auto first = parse(join({ethernet(0x86dd), ip6(44, 16), fragment, udp(800)}));

	fragment[3] = 8;
	const auto last = parse(join({ethernet(0x86dd), ip6(44, 16), fragment, udp(8)}));

	EXPECT_EQ(0, atomic.flags);
	EXPECT_EQ(VFNET_FRAME_L4_UDP, atomic.l4);
	EXPECT_EQ(VFNET_FRAME_FRAGMENT, first.flags);
	EXPECT_EQ(VFNET_FRAME_L4_UDP, first.l4);
	EXPECT_EQ(VFNET_FRAME_FRAGMENT, last.flags);
	EXPECT_EQ(VFNET_FRAME_L4_NONE, last.l4);
	EXPECT_EQ(17, last.ip_proto);
	expect_payload(last, 62, 8);
}

TEST(FrameParse, Ip6ChainThatDoesNotFitIsBad)
{
	for (const Bytes &chain : {extension(17, 1), Bytes(7), join({extension(0), Bytes(4)})}) {
		const size_t len = chain.size() - (chain.size() == 16 ? 1 : 0);
		const auto frame = parse(join({ethernet(0x86dd), ip6(0, len), chain}));

		EXPECT_EQ(VFNET_FRAME_BAD_L4, frame.flags);
		EXPECT_EQ(VFNET_FRAME_L3_IP6, frame.l3);
		EXPECT_EQ(VFNET_FRAME_L4_NONE, frame.l4);
		EXPECT_EQ(0, frame.ip_proto);
	}
}

TEST(FrameParse, Ip6ChainIsFollowedEightHeadersDeep)
{
	Bytes eight, nine;

	for (int i = 0; i < 7; i++)
		eight = join({eight, extension(60)});
	nine = join({eight, extension(60), extension(17), udp(8)});
	eight = join({eight, extension(17), udp(8)});
	EXPECT_EQ(VFNET_FRAME_L4_UDP,
		  parse(join({ethernet(0x86dd), ip6(60, eight.size()), eight})).l4);
	EXPECT_EQ(VFNET_FRAME_L4_NONE,
		  parse(join({ethernet(0x86dd), ip6(60, nine.size()), nine})).l4);
}

TEST(FrameParse, BytesBeyond65535AreNotLookedAt)
{
	const auto frame = parse(join({ethernet(0x86dd), ip6(17, 65535), udp(65535), text(65527)}));

	EXPECT_EQ(65535, frame.len);
	EXPECT_EQ(VFNET_FRAME_TRUNCATED, frame.flags);
	EXPECT_EQ(65535, frame.l4_len);
	expect_payload(frame, 62, 65535 - 62);
}

/* Every cut and every one-byte change of some frames: nothing outside is read (ASan), and what is
 * said lies inside. */
void expect_inside(const Bytes &bytes)
{
	const auto frame = parse(bytes);

	ASSERT_LE(frame.l3_off, frame.l4_off);
	ASSERT_LE(frame.l4_off, frame.payload_off);
	ASSERT_LE(frame.payload_off + frame.payload_len, frame.len);
	ASSERT_LE(frame.len, bytes.size());
	ASSERT_TRUE(frame.flags & VFNET_FRAME_TRUNCATED ||
		    frame.l4_off + frame.l4_len <= frame.len);
	ASSERT_TRUE(!(frame.flags & (VFNET_FRAME_BAD_L3 | VFNET_FRAME_BAD_L4)) || !frame.l4);
}

TEST(FrameParse, DamagedFramesStayInside)
{
	const Bytes rest = join({extension(44), extension(17), udp(10), text(2)});

	for (const Bytes &good :
	     {join({ethernet(0x8100), {0, 1, 8, 0}, ip4(6, 52, 0, Bytes(8, 1)), tcp(5), text(4)}),
	      join({ethernet(0x86dd), ip6(0, rest.size()), rest}),
	      join({ethernet(0x0800), ip4(17, 28), udp(8), text(18)})}) {
		for (size_t len = VFNET_FRAME_ETH_BYTES; len <= good.size(); len++)
			expect_inside(Bytes(good.begin(), good.begin() + static_cast<long>(len)));
		for (size_t at = 12; at < good.size(); at++) {
			for (unsigned int value = 0; value < 256; value++) {
				Bytes bad = good;

				bad[at] = static_cast<uint8_t>(value);
				expect_inside(bad);
			}
		}
	}
}

} // namespace
