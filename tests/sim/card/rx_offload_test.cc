/* SPDX-License-Identifier: BSD-2-Clause */
/* What the card says about a received frame, and the tag that it takes out: 82576-vf.md §5. */
#include "tests/common/frames.h"
#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

constexpr uint32_t kVp = 1u << 3, kUdpcs = 1u << 4, kL4 = 1u << 5, kIpcs = 1u << 6;
constexpr uint32_t kL4e = 1u << 29, kIpe = 1u << 30;
constexpr uint32_t kChecks = kUdpcs | kL4 | kIpcs | kL4e | kIpe;

/* every tag passes */
struct Promisc : Machine {
	Promisc()
	{
		Card(0, "promisc");
	}
};

class RxOffload : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		a.Up(kMacA);
		b.Reset();
		b.SetMac(kMacB);
		b.RxUp(64);
	}
	Bytes Build(const frames::Shape &shape)
	{
		return frames::Build(shape, kMacB.data(), kMacA.data());
	}
	Received Pass(const Bytes &frame)
	{
		a.Send(frame);
		m.Step();
		return b.Receive();
	}
	uint32_t Checks(const Bytes &frame)
	{
		return Pass(frame).status & kChecks;
	}

	Promisc m;
	Function a{m, "0.0"};
	Function b{m, "0.1"};
};

TEST_F(RxOffload, RightChecksumsAreGood)
{
	frames::Shape shape;

	EXPECT_EQ(Checks(Build(shape)), kIpcs | kL4 | kUdpcs);
	shape.tcp = true;
	EXPECT_EQ(Checks(Build(shape)), kIpcs | kL4);
	shape.ip_more = 8;
	shape.tcp_more = 12;
	shape.vlan = 5;
	EXPECT_EQ(Checks(Build(shape)), kIpcs | kL4);
	shape.ip6 = true;
	EXPECT_EQ(Checks(Build(shape)), kL4) << "IPv6 has no sum of its own";
	shape.tcp = false;
	shape.ip_more = 0;
	EXPECT_EQ(Checks(Build(shape)), kL4 | kUdpcs);
}

TEST_F(RxOffload, EachWrongByteIsFound)
{
	frames::Shape shape;

	shape.payload = 31;
	for (bool ip6 : {false, true}) {
		shape.ip6 = ip6;
		const Bytes good = Build(shape);
		const size_t l3 = shape.L2(), l4 = l3 + shape.L3();

		/* addresses are in both sums */
		for (size_t at = l3 + 12; at < good.size(); at++) {
			Bytes bad = good;
			bad[at] ^= 0x10;
			if (at == l4 + 4 || at == l4 + 5)
				continue; /* UDP's length: then nothing is looked at */
			uint32_t want = kL4 | kUdpcs | kL4e;
			if (!ip6)
				want |= kIpcs | (at < l4 ? kIpe : 0);
			EXPECT_EQ(Checks(bad), want) << at << " of IPv" << (ip6 ? 6 : 4);
		}
	}
	Bytes ttl = Build(frames::Shape());
	ttl[14 + 8] ^= 1;
	EXPECT_EQ(Checks(ttl), kIpcs | kIpe | kL4 | kUdpcs) << "in the header's sum only";
}

TEST_F(RxOffload, WhatHasNoChecksumToLookAtClaimsNothing)
{
	Bytes none = Build(frames::Shape());
	vfnet_put_be16(&none[14 + 20 + 6], 0);
	EXPECT_EQ(Checks(none), kIpcs) << "UDP without a checksum";

	frames::Shape shape;
	shape.tcp = true;
	Bytes fragment = Build(shape);
	fragment[14 + 6] = 0x20; /* more fragments */
	EXPECT_EQ(Checks(fragment), kIpcs | kIpe);
	Bytes cut = Build(shape);
	vfnet_put_be16(&cut[14 + 2], 200);
	EXPECT_EQ(Checks(cut), kIpcs | kIpe) << "the packet is longer than the frame";
	EXPECT_EQ(Checks(Frame(kMacB, kMacA, 100)), 0u);
}

TEST_F(RxOffload, ATagStaysInTheFrameUntilStrippingIsOn)
{
	frames::Shape shape;

	shape.vlan = 0xe123;
	const Bytes tagged = Build(shape);
	Received got = Pass(tagged);
	EXPECT_EQ(got.data, tagged);
	EXPECT_EQ(got.status & kVp, 0u);
	EXPECT_EQ(got.vlan, 0);

	EXPECT_TRUE(b.SetVlan(5, true)); /* any but 0 turns it on */
	shape.vlan = -1;
	got = Pass(tagged);
	EXPECT_EQ(got.data, Build(shape)) << "as if it had never been there";
	EXPECT_EQ(got.status & kVp, kVp);
	EXPECT_EQ(got.vlan, 0xe123);
	EXPECT_EQ(got.status & kChecks, kIpcs | kL4 | kUdpcs);
	EXPECT_EQ(b.Rd(IGBVF_VFGORC), 2 * (tagged.size() + 4)) << "octets are the wire's";

	got = Pass(Build(shape));
	EXPECT_EQ(got.status & kVp, 0u) << "untagged";
	EXPECT_EQ(got.vlan, 0);
	b.Reset();
	b.SetMac(kMacB);
	b.RxUp(64);
	EXPECT_EQ(Pass(tagged).data, tagged) << "a reset ends it";
}

TEST_F(RxOffload, AStrippedFrameNeedsNoRoomForItsTag)
{
	frames::Shape shape;

	EXPECT_TRUE(b.SetVlan(5, true)); /* any but 0 turns it on */
	b.Ask({IGBVF_MSG_SET_LPE, 9728});
	b.RxUp(16, 1);
	shape.vlan = 7;
	shape.payload = 1024 - 42;
	Received got = Pass(Build(shape));
	EXPECT_EQ(got.n_desc, 1u);
	EXPECT_EQ(got.data.size(), 1024u);
	shape.payload += 1;
	Bytes tagged = Build(shape);
	got = Pass(tagged);
	EXPECT_EQ(got.n_desc, 2u);
	EXPECT_EQ(got.vlan, 7);
	tagged.erase(tagged.begin() + 12, tagged.begin() + 16);
	EXPECT_EQ(got.data, tagged);
}

} // namespace
