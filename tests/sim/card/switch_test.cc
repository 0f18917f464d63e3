/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters and the internal switch: 82576-vf.md §6. */
#include "tests/sim/card/capture.h"

using namespace guest;

namespace
{

constexpr uint32_t kLooped = 1u << 18;

/* Two functions of card 0 with a capture behind it. */
class Switch : public ::testing::Test
{
      protected:
	void Begin(const char *spec = nullptr)
	{
		if (spec)
			m.Card(0, spec);
		m.Wire(0, "pcap-out:" + file.path);
		a = std::make_unique<Function>(m, "0.0");
		b = std::make_unique<Function>(m, "0.1");
		a->Up(kMacA);
		b->Up(kMacB);
	}
	size_t Out()
	{
		vfnet_sim_stop(m.sim);
		return ReadCapture(file.path).size();
	}
	TempFile file;
	Machine m;
	std::unique_ptr<Function> a;
	std::unique_ptr<Function> b;
};

TEST_F(Switch, UnicastToALocalFunctionStaysInside)
{
	Begin();
	Bytes frame = Frame(kMacB, kMacA, 100);

	a->Send(frame);
	m.Step();
	Received got = b->Receive();
	EXPECT_EQ(got.data, frame);
	EXPECT_TRUE(got.status & kLooped);
	EXPECT_EQ(a->Receive().n_desc, 0u);
	EXPECT_EQ(Out(), 0u);
	EXPECT_EQ(a->Rd(IGBVF_VFGPTC), 1u);
	EXPECT_EQ(a->Rd(IGBVF_VFGPTLBC), 1u);
	EXPECT_EQ(a->Rd(IGBVF_VFGOTLBC), 104u);
	EXPECT_EQ(b->Rd(IGBVF_VFGPRC), 1u);
	EXPECT_EQ(b->Rd(IGBVF_VFGPRLBC), 1u);
	EXPECT_EQ(b->Rd(IGBVF_VFGORLBC), 104u);
	EXPECT_EQ(b->Rd(IGBVF_VFMPRC), 0u);
}

TEST_F(Switch, UnknownUnicastGoesOut)
{
	Begin();
	a->Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_EQ(b->Receive().n_desc, 0u);
	EXPECT_EQ(Out(), 1u);
	EXPECT_EQ(a->Rd(IGBVF_VFGPTLBC), 0u);
}

TEST_F(Switch, BroadcastGoesInsideAndOutButNotBack)
{
	Begin();
	a->Send(Frame(kBroadcast, kMacA, 60));
	m.Step();
	EXPECT_EQ(b->Receive().n_desc, 1u);
	EXPECT_EQ(a->Receive().n_desc, 0u);
	EXPECT_EQ(Out(), 1u);
	EXPECT_EQ(b->Rd(IGBVF_VFMPRC), 0u);
	EXPECT_EQ(a->Rd(IGBVF_VFGPTC), 1u);
}

TEST_F(Switch, AFunctionDoesNotHearItself)
{
	Begin("promisc");
	a->Send(Frame(kMacA, kMacA, 60));
	m.Step();
	EXPECT_EQ(a->Receive().n_desc, 0u);
	EXPECT_EQ(Out(), 1u);
}

TEST_F(Switch, APromiscuousNeighbourHearsWhatIsNobodys)
{
	Begin("promisc");
	a->Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_EQ(b->Receive().n_desc, 1u);
	EXPECT_EQ(Out(), 1u);
}

TEST_F(Switch, MulticastNeedsAHashOrAllMulticast)
{
	Begin();
	const uint32_t hash = 0x00 >> 4 | 0x01 << 4;
	auto heard = [&] {
		a->Send(Frame(kGroup, kMacA, 60));
		m.Step();
		return b->Receive().n_desc == 1;
	};

	EXPECT_FALSE(heard());
	b->Ask({IGBVF_MSG_SET_MULTICAST | 2u << 16, hash << 16 | 0x123});
	EXPECT_TRUE(heard());
	EXPECT_EQ(b->Rd(IGBVF_VFMPRC), 1u);
	b->Ask({IGBVF_MSG_SET_MULTICAST | 1u << 16, 0x123});
	EXPECT_FALSE(heard());
	b->Ask({IGBVF_MSG_SET_MULTICAST | 0x80u << 16 | 1u << 16, 0x123});
	EXPECT_TRUE(heard()) << "more than 30 means all";
	b->Ask({IGBVF_MSG_SET_MULTICAST});
	EXPECT_FALSE(heard());
	b->Ask({IGBVF_MSG_SET_PROMISC | 2u << 16});
	EXPECT_TRUE(heard());
	b->Ask({IGBVF_MSG_SET_PROMISC});
	EXPECT_FALSE(heard());
}

TEST_F(Switch, TheHashIsOfTheLastTwelveBits)
{
	Begin();
	const Mac group{0x33, 0x33, 0, 0, 0xa5, 0xc3};

	for (uint32_t hash : {0xc3au, 0xc35u, 0x3a5u, 0x5c3u}) {
		b->Ask({IGBVF_MSG_SET_MULTICAST | 1u << 16, hash});
		a->Send(Frame(group, kMacA, 60));
		m.Step();
		EXPECT_EQ(b->Receive().n_desc, hash == 0xc3a ? 1u : 0u) << std::hex << hash;
	}
}

TEST_F(Switch, TheHashTableIsSharedByFunctionsThatListen)
{
	Begin();
	const uint32_t hash = 0x01 << 4;

	a->Ask({IGBVF_MSG_SET_MULTICAST | 1u << 16, hash});
	a->Send(Frame(kGroup, kMacA, 60));
	m.Step();
	EXPECT_EQ(b->Receive().n_desc, 0u) << "b listens to no group";
	b->Ask({IGBVF_MSG_SET_MULTICAST | 1u << 16, 0x7});
	a->Send(Frame(kGroup, kMacA, 60));
	m.Step();
	EXPECT_EQ(b->Receive().n_desc, 1u) << "b gets what a asked for: filter in software";
}

TEST_F(Switch, AResetForgetsGroupsAndFrameSize)
{
	Begin();
	b->Ask({IGBVF_MSG_SET_MULTICAST | 1u << 16, 0x01 << 4});
	b->Ask({IGBVF_MSG_SET_PROMISC | 2u << 16});
	b->Ask({IGBVF_MSG_SET_LPE, 9000});
	b->Up(kMacB);
	a->Send(Frame(kGroup, kMacA, 60));
	a->Send(Frame(kMacB, kMacA, 1600));
	m.Step();
	EXPECT_EQ(b->Receive().n_desc, 0u);
	EXPECT_EQ(b->Missed(VFNET_MISSED_oversize), 1u);
	Bytes tagged = Frame(kMacB, kMacA, 1518);
	tagged[12] = 0x81;
	tagged[13] = tagged[14] = tagged[15] = 0;
	a->Send(tagged);
	m.Step();
	EXPECT_EQ(b->Receive().data, tagged) << "the default limit, where a tag adds 4";
}

TEST_F(Switch, AFunctionThatOpensLaterHearsBroadcast)
{
	Begin();
	a->Send(Frame(kBroadcast, kMacA, 60));
	m.Step();
	Function c(m, "0.2");
	c.Up(kStranger);
	a->Send(Frame(kBroadcast, kMacA, 60));
	m.Step();
	EXPECT_EQ(c.Receive().n_desc, 1u);
}

TEST_F(Switch, ATagThatTheNeighbourHasNotAddedGoesOut)
{
	Begin("nospoof");
	Bytes tagged = Frame(kMacB, kMacA, 60);
	tagged[12] = 0x81;
	tagged[13] = tagged[14] = 0;
	tagged[15] = 5;
	a->Send(tagged);
	m.Step();
	EXPECT_EQ(b->Receive().n_desc, 0u);
	EXPECT_EQ(Out(), 1u);
}

TEST_F(Switch, AChangedAddressIsInForceAtOnce)
{
	Begin();
	a->Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b->Receive().n_desc, 1u);
	b->SetMac(kStranger);
	a->Send(Frame(kMacB, kMacA, 60));
	a->Send(Frame(kStranger, kMacA, 60));
	m.Step();
	EXPECT_EQ(b->Receive().data[5], 0x99);
	EXPECT_EQ(b->Receive().n_desc, 0u);
	EXPECT_EQ(Out(), 1u);
}

TEST_F(Switch, AClosedFunctionIsForgotten)
{
	Begin();
	b.reset();
	a->Send(Frame(kMacB, kMacA, 60));
	m.Step();
	m.Step();
	EXPECT_EQ(Out(), 1u);
}

/* From the wire. */
class FromWire : public ::testing::Test
{
      protected:
	void Begin(const std::vector<Bytes> &frames, const char *spec = nullptr)
	{
		WriteCapture(file.path, frames);
		if (spec)
			m.Card(0, spec);
		m.Wire(0, "pcap-in:" + file.path);
		a = std::make_unique<Function>(m, "0.2");
		b = std::make_unique<Function>(m, "0.5");
		a->Up(kMacA);
		b->Up(kMacB);
		vfnet_sim_start(m.sim);
		m.Step();
		EXPECT_TRUE(vfnet_sim_sources_done(m.sim));
	}
	TempFile file;
	Machine m;
	std::unique_ptr<Function> a;
	std::unique_ptr<Function> b;
};

TEST_F(FromWire, EachFunctionGetsItsOwnAndBroadcast)
{
	Begin({Frame(kMacA, kStranger, 60, 1), Frame(kMacB, kStranger, 60, 2),
	       Frame(kBroadcast, kStranger, 60, 3)});
	EXPECT_EQ(a->Receive().data[20], 21);
	Received got = a->Receive();
	EXPECT_EQ(got.data[20], 23);
	EXPECT_FALSE(got.status & kLooped);
	EXPECT_EQ(b->Receive().data[20], 22);
	EXPECT_EQ(b->Receive().data[20], 23);
	EXPECT_EQ(a->Rd(IGBVF_VFGPRLBC), 0u);
}

TEST_F(FromWire, WhatMatchesNothingIsTheFirstFunctions)
{
	Begin({Frame(kStranger, kMacB, 60), Frame(kGroup, kMacB, 60)});
	EXPECT_EQ(a->Missed(VFNET_MISSED_no_filter_match), 2u);
	EXPECT_EQ(b->Missed(VFNET_MISSED_no_filter_match), 0u);
	EXPECT_EQ(m.Counters(0).in_packets, 2u);
}

TEST_F(FromWire, PromiscuousFunctionsHearEverything)
{
	Bytes tagged = Frame(kStranger, kMacB, 60);

	tagged[12] = 0x81;
	tagged[13] = 0;
	Begin({Frame(kStranger, kMacB, 60), Frame(kGroup, kMacB, 60), tagged,
	       Frame(kMacB, kStranger, 60)},
	      "promisc");
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(a->Receive().n_desc, 1u);
	EXPECT_EQ(a->Receive().n_desc, 0u) << "an exact match is the owner's";
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(b->Receive().n_desc, 1u);
}

TEST_F(FromWire, TagsThatWereNotAddedDoNotPass)
{
	Bytes tagged = Frame(kMacA, kMacB, 60);
	Bytes priority = tagged;

	tagged[12] = priority[12] = 0x81;
	tagged[13] = priority[13] = 0;
	tagged[14] = priority[14] = 0x60;
	tagged[15] = 9;
	priority[15] = 0;
	Begin({tagged, priority});
	EXPECT_EQ(a->Missed(VFNET_MISSED_no_filter_match), 1u);
	EXPECT_EQ(a->Receive().data, priority);
}

TEST_F(FromWire, ATagAddsFourBytesToTheDefaultLimit)
{
	Bytes tagged = Frame(kMacA, kMacB, 1518);

	tagged[12] = 0x81;
	tagged[13] = tagged[14] = tagged[15] = 0;
	Begin({tagged, Frame(kMacA, kMacB, 1518)});
	EXPECT_EQ(a->Receive().data, tagged);
	EXPECT_EQ(a->Receive().n_desc, 0u);
	EXPECT_EQ(a->Missed(VFNET_MISSED_oversize), 1u);
}

TEST_F(FromWire, EverySizeIsDeliveredOrNamed)
{
	std::vector<Bytes> frames;

	for (size_t len : {0, 1, 13, 14, 59, 60, 1514, 1515, 9724, 9725})
		frames.push_back(Frame(kMacA, kStranger, std::max<size_t>(len, 14)));
	frames[0].clear();
	frames[1].resize(1);
	frames[2].resize(13);
	Begin(frames);
	EXPECT_EQ(a->Missed(VFNET_MISSED_undersize), 3u);
	EXPECT_EQ(a->Missed(VFNET_MISSED_oversize), 3u);
	for (size_t i : {3, 4, 5, 6}) {
		Bytes want = frames[i];

		want.resize(std::max<size_t>(want.size(), 60)); /* any sender pads with zeros */
		EXPECT_EQ(a->Receive().data, want) << i;
	}
	EXPECT_EQ(a->Receive().n_desc, 0u);
}

TEST(FromWireJumbo, NeedsSetLpeAndIsClippedAt9728)
{
	TempFile file;
	Machine m;
	std::vector<Bytes> frames{Frame(kMacA, kStranger, 9724), Frame(kMacA, kStranger, 9725)};

	WriteCapture(file.path, frames);
	m.Wire(0, "pcap-in:" + file.path);
	Function a(m, "0.0");
	a.Up(kMacA);
	EXPECT_TRUE(a.Ask({IGBVF_MSG_SET_LPE, 20000}) & IGBVF_MSG_ACK);
	vfnet_sim_start(m.sim);
	m.Step();
	Received got = a.Receive();
	EXPECT_EQ(got.data, frames[0]);
	EXPECT_EQ(got.n_desc, 5u);
	EXPECT_EQ(a.Receive().n_desc, 0u);
	EXPECT_EQ(a.Missed(VFNET_MISSED_oversize), 1u);
}

TEST(FromWireDown, IsLinkDown)
{
	TempFile file;
	Machine m;

	WriteCapture(file.path, {Frame(kMacA, kStranger, 60)});
	m.Card(0, "down");
	m.Wire(0, "pcap-in:" + file.path);
	Function a(m, "0.0");
	vfnet_sim_start(m.sim);
	m.Step();
	EXPECT_EQ(a.Missed(VFNET_MISSED_link_down), 1u);
}

} // namespace
