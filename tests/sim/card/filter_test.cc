/* SPDX-License-Identifier: BSD-2-Clause */
/* What functions ask their physical function to let through: 82576-vf.md §4, §6. */
#include "tests/sim/card/capture.h"

using namespace guest;

namespace
{

constexpr uint32_t kAdd = IGBVF_MAC_FILTER_ADD;
constexpr uint32_t kClear = IGBVF_MAC_FILTER_CLEAR;
constexpr uint32_t kVp = 1u << 3; /* the tag is in the descriptor */

Mac Further(uint8_t i)
{
	return {0x02, 0, 0, 0, 1, i};
}

/* a sends to b, both on card 0; what leaves the card is captured */
class Filter : public ::testing::Test
{
      protected:
	void Begin(const char *spec = nullptr)
	{
		if (spec)
			m.Card(0, spec);
		m.Wire(0, "pcap-out:" + file.path);
		a = std::make_unique<Function>(m, "0.0");
		b = std::make_unique<Function>(m, "0.1");
		Up(*a, kMacA);
		Up(*b, kMacB);
	}
	void Up(Function &f, const Mac &mac)
	{
		f.Reset();
		f.SetMac(mac);
		f.RxUp(64);
		f.TxUp(64);
	}
	bool Heard(const Bytes &frame)
	{
		a->Send(frame);
		m.Step();
		got = b->Receive();
		return got.n_desc > 0;
	}
	/* b, of a frame that all hear */
	bool Strips(uint16_t vid = 0)
	{
		EXPECT_TRUE(HearsVlan(vid));
		EXPECT_EQ(got.data.size(), got.status & kVp ? 60u : 64u);
		return got.status & kVp;
	}
	bool Hears(const Mac &mac)
	{
		return Heard(Frame(mac, kMacA, 60));
	}
	bool HearsVlan(uint16_t vid)
	{
		return Heard(Tagged(Frame(kMacB, kMacA, 60), vid));
	}
	std::vector<Bytes> Out()
	{
		vfnet_sim_stop(m.sim);
		return ReadCapture(file.path);
	}
	bool Ok(uint32_t reply)
	{
		return reply & IGBVF_MSG_ACK;
	}
	TempFile file;
	Machine m;
	std::unique_ptr<Function> a;
	std::unique_ptr<Function> b;
	Received got;
};

TEST_F(Filter, FurtherAddressesAreHeardUntilTheyAreCleared)
{
	Begin();
	EXPECT_FALSE(Hears(Further(1)));
	EXPECT_TRUE(Ok(b->SetMac(Further(1), kAdd)));
	EXPECT_TRUE(Ok(b->SetMac(Further(2), kAdd)));
	EXPECT_TRUE(Hears(Further(1)));
	EXPECT_TRUE(Hears(Further(2)));
	EXPECT_TRUE(Hears(kMacB));
	EXPECT_TRUE(Ok(b->SetMac(kMacB, kClear)));
	EXPECT_FALSE(Hears(Further(1)));
	EXPECT_FALSE(Hears(Further(2)));
	EXPECT_TRUE(Hears(kMacB));
	EXPECT_EQ(Out().size(), 3u) << "what a function owns does not leave";
}

TEST_F(Filter, TheCardsFreeAddressesAreShared)
{
	Begin();
	for (uint8_t i = 0; i < 7; i++)
		EXPECT_TRUE(Ok(a->SetMac(Further(i), kAdd)));
	for (uint8_t i = 7; i < 13; i++)
		EXPECT_TRUE(Ok(b->SetMac(Further(i), kAdd)));
	EXPECT_FALSE(Ok(b->SetMac(Further(13), kAdd)));
	EXPECT_TRUE(Ok(a->SetMac(kMacA, kClear)));
	EXPECT_TRUE(Ok(b->SetMac(Further(13), kAdd)));
	EXPECT_TRUE(Hears(Further(13)));
	b->Reset();
	for (uint8_t i = 0; i < 13; i++)
		EXPECT_TRUE(Ok(a->SetMac(Further(i), kAdd))) << "a reset gives back " << i;
}

TEST_F(Filter, ABadFurtherAddressIsRefusedAndSoIsClearWithOne)
{
	Begin();
	EXPECT_TRUE(Ok(b->SetMac(Further(1), kAdd)));
	EXPECT_FALSE(Ok(b->SetMac(kGroup, kAdd)));
	EXPECT_FALSE(Ok(b->SetMac(Mac{}, kAdd)));
	EXPECT_FALSE(Ok(b->SetMac(Mac{}, kClear)));
	EXPECT_TRUE(Hears(Further(1)));
}

TEST_F(Filter, AFurtherAddressIsAGoodSource)
{
	Begin();
	a->SetMac(Further(1), kAdd);
	EXPECT_TRUE(Heard(Frame(kMacB, Further(1), 60)));
	EXPECT_FALSE(Heard(Frame(kMacB, Further(2), 60)));
	EXPECT_EQ(a->Drops(VFNET_DROPS_spoof), 1u);
}

TEST_F(Filter, AnAdministratorsAddressNeedsTrustToBeAddedToOrChanged)
{
	Begin("mac=0:02:00:00:00:00:aa,mac=1:02:00:00:00:00:bb,trust=1");
	EXPECT_FALSE(Ok(a->SetMac(kStranger)));
	EXPECT_FALSE(Ok(a->SetMac(Further(1), kAdd)));
	EXPECT_FALSE(Ok(a->SetMac(kMacA, kClear)));
	EXPECT_TRUE(Ok(b->SetMac(Further(1), kAdd)));
	EXPECT_TRUE(Hears(Further(1)));
	EXPECT_TRUE(Ok(b->SetMac(kStranger)));
	EXPECT_TRUE(Hears(kStranger));
	EXPECT_FALSE(Hears(kMacB));
	EXPECT_TRUE(Ok(b->Reset()));
	EXPECT_EQ(b->reply[2], 0x9900u)
	    << "igb keeps the address of a function that it set one for";
}

TEST_F(Filter, AVlanIsHeardFromAddToRemove)
{
	Begin();
	a->SetVlan(5, true);
	a->SetVlan(6, true);
	EXPECT_FALSE(HearsVlan(5));
	EXPECT_TRUE(b->SetVlan(5, true));
	EXPECT_TRUE(HearsVlan(5));
	EXPECT_FALSE(HearsVlan(6));
	EXPECT_TRUE(Hears(kMacB)) << "and without a tag";
	EXPECT_TRUE(HearsVlan(0)) << "and with a priority tag";
	EXPECT_TRUE(b->SetVlan(5, false));
	EXPECT_FALSE(HearsVlan(5));
	EXPECT_TRUE(b->SetVlan(4095 + 4096 * 3, true)) << "12 bits count";
	a->SetVlan(4095, true);
	EXPECT_TRUE(HearsVlan(4095));
}

TEST_F(Filter, BroadcastStaysInItsVlan)
{
	Begin();
	Function c(m, "0.2");
	Up(c, kStranger);
	a->SetVlan(5, true);
	b->SetVlan(5, true);
	EXPECT_TRUE(Heard(Tagged(Frame(kBroadcast, kMacA, 60), 5)));
	EXPECT_EQ(c.Receive().n_desc, 0u);
	EXPECT_EQ(Out().size(), 1u);
}

TEST_F(Filter, ThePortHasThirtyTwoVlansOneOfThemZero)
{
	Begin();
	for (uint32_t vid = 1; vid <= 31; vid++)
		EXPECT_TRUE(a->SetVlan(vid, true)) << vid;
	EXPECT_FALSE(b->SetVlan(32, true));
	EXPECT_TRUE(b->SetVlan(31, true)) << "has its entry already";
	EXPECT_TRUE(a->SetVlan(31, true)) << "twice is once";
	EXPECT_TRUE(a->SetVlan(31, false));
	EXPECT_FALSE(b->SetVlan(32, true)) << "b still has 31";
	EXPECT_TRUE(b->SetVlan(31, false));
	EXPECT_TRUE(b->SetVlan(32, true));
	EXPECT_TRUE(b->SetVlan(33, false)) << "nothing to remove";
	EXPECT_FALSE(b->SetVlan(33, true));
	a->Reset();
	for (uint32_t vid = 33; vid <= 62; vid++)
		EXPECT_TRUE(b->SetVlan(vid, true)) << "a reset gives back, " << vid;
	EXPECT_FALSE(b->SetVlan(63, true));
}

TEST_F(Filter, VlanZeroCannotBeRemoved)
{
	Begin();
	EXPECT_TRUE(b->SetVlan(0, false));
	EXPECT_TRUE(HearsVlan(0));
}

/* igb switches stripping by the last VLAN that is named, whatever is done with it [L] */
TEST_F(Filter, AnyVlanTurnsStrippingOnAndZeroTurnsItOff)
{
	Begin();
	EXPECT_FALSE(Strips());
	a->SetVlan(6, true);
	EXPECT_FALSE(Strips()) << "another function's";
	b->SetVlan(5, true);
	EXPECT_TRUE(Strips());
	b->SetVlan(0, false);
	EXPECT_TRUE(Strips());
	b->SetVlan(0, true);
	EXPECT_FALSE(Strips());
	b->SetVlan(5, false);
	EXPECT_TRUE(Strips());
	Up(*b, kMacB);
	EXPECT_FALSE(Strips());
}

TEST_F(Filter, AVlanThatTheSenderHasNotAddedIsSpoof)
{
	Begin();
	b->SetVlan(5, true);
	EXPECT_FALSE(HearsVlan(5));
	EXPECT_EQ(a->Drops(VFNET_DROPS_spoof), 1u);
	EXPECT_EQ(a->lost_bytes, 64u);
	EXPECT_EQ(Out().size(), 0u);
	EXPECT_EQ(a->Rd(IGBVF_VFGPTC), 0u);
}

TEST_F(Filter, WithoutTheCheckAnyVlanLeaves)
{
	Begin("nospoof");
	b->SetVlan(5, true);
	EXPECT_TRUE(HearsVlan(5));
	EXPECT_FALSE(HearsVlan(6));
	EXPECT_EQ(Out().size(), 1u);
}

TEST_F(Filter, UnicastPromiscuityIsRefusedAndTakesTheRestWithIt)
{
	Begin();
	EXPECT_TRUE(Ok(b->Ask({IGBVF_MSG_SET_PROMISC | IGBVF_PROMISC_MULTICAST << 16})));
	EXPECT_TRUE(Hears(kGroup));
	EXPECT_FALSE(Ok(b->Ask({IGBVF_MSG_SET_PROMISC | IGBVF_PROMISC_UNICAST << 16})));
	EXPECT_FALSE(Hears(kGroup));
	EXPECT_FALSE(Hears(kStranger));
}

TEST_F(Filter, AResetForgetsVlansAndFurtherAddresses)
{
	Begin();
	a->SetVlan(5, true);
	b->SetVlan(5, true);
	b->SetMac(Further(1), kAdd);
	Up(*b, kMacB);
	EXPECT_FALSE(HearsVlan(5));
	EXPECT_FALSE(Hears(Further(1)));
	EXPECT_TRUE(Hears(kMacB));
}

TEST_F(Filter, AResetOfThePhysicalFunctionForgetsThem)
{
	Begin();
	b->SetVlan(5, true);
	b->SetMac(Further(1), kAdd);
	b->Ask({IGBVF_MSG_SET_PROMISC | IGBVF_PROMISC_MULTICAST << 16});
	vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_DOWN);
	vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_UP);
	Up(*a, kMacA);
	Up(*b, kMacB);
	a->SetVlan(5, true);
	EXPECT_FALSE(HearsVlan(5));
	EXPECT_FALSE(Hears(Further(1)));
	EXPECT_FALSE(Hears(kGroup));
	EXPECT_FALSE(Strips());
}

/* Both in the administrator's VLAN 7, which only the wire shows. */
TEST_F(Filter, AnAdministratorsVlanIsAddedOnTheWayOut)
{
	Begin("vlan=0:7,vlan=1:7");
	EXPECT_TRUE(Hears(kMacB));
	EXPECT_EQ(got.data, Frame(kMacB, kMacA, 60));
	Bytes frame = Frame(kStranger, kMacA, 60);
	a->Send(frame);
	m.Step();
	EXPECT_EQ(a->Rd(IGBVF_VFGOTC), 2 * 68u);
	ASSERT_EQ(Out().size(), 1u);
	EXPECT_EQ(Out()[0], Tagged(frame, 7));
}

TEST_F(Filter, AnAdministratorsVlanKeepsFunctionsApart)
{
	Begin("vlan=1:7");
	EXPECT_FALSE(Hears(kMacB)) << "a has no tag";
	EXPECT_FALSE(HearsVlan(0));
	a->SetVlan(7, true);
	EXPECT_TRUE(HearsVlan(7));
	b->Send(Frame(kMacA, kMacB, 60));
	b->Send(Frame(kBroadcast, kMacB, 60));
	m.Step();
	for (int i = 0; i < 2; i++) {
		got = a->Receive();
		EXPECT_EQ(got.data.size(), 60u) << "a has added 7, and gets what b sent";
		EXPECT_EQ(got.vlan, 7) << "stripped since then";
	}
}

TEST_F(Filter, AFunctionWithAnAdministratorsVlanHasNoOther)
{
	Begin("vlan=0:7,vlan=1:7");
	EXPECT_FALSE(a->SetVlan(5, true));
	EXPECT_FALSE(a->SetVlan(7, false));
	EXPECT_FALSE(a->SetVlan(0, true));
	EXPECT_FALSE(HearsVlan(5));
	EXPECT_FALSE(HearsVlan(0));
	EXPECT_EQ(a->Drops(VFNET_DROPS_spoof), 2u);
	EXPECT_TRUE(Strips(7)) << "its own, not doubled";
	Up(*b, kMacB);
	EXPECT_TRUE(Strips(7)) << "survives a reset of the function";
}

TEST_F(Filter, APromiscuousCardHearsEveryVlanButKeepsTheAdministratorsApart)
{
	Begin("promisc,nospoof,vlan=2:7");
	Function c(m, "0.2");
	Up(c, kStranger);
	EXPECT_TRUE(Heard(Tagged(Frame(Further(1), kMacA, 60), 5)));
	EXPECT_EQ(c.Receive().n_desc, 0u);
	EXPECT_TRUE(Heard(Tagged(Frame(Further(1), kMacA, 60), 7)));
	EXPECT_EQ(c.Receive().n_desc, 1u);
}

TEST_F(Filter, StatisticsStartWhereTheCardIsToldAndWrap)
{
	Begin("stats=4294967294");
	EXPECT_EQ(b->Rd(IGBVF_VFGPRC), 4294967294u);
	EXPECT_EQ(b->Rd(IGBVF_VFGOTLBC), 4294967294u);
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(Hears(kMacB));
	EXPECT_EQ(b->Rd(IGBVF_VFGPRC), 1u);
	EXPECT_EQ(b->Rd(IGBVF_VFGORC), 3 * 64u - 2);
	EXPECT_EQ(b->Rd(IGBVF_RQDPC), 0u);
	b->Reset();
	EXPECT_EQ(b->Rd(IGBVF_VFGPRC), 1u);
}

TEST(FilterFromWire, AVlanThatNobodyAddedIsNoFilterMatch)
{
	TempFile file;
	Machine m;

	WriteCapture(file.path, {Tagged(Frame(kMacA, kStranger, 60), 5),
				 Tagged(Frame(kMacA, kStranger, 60), 6),
				 Frame(kMacA, kStranger, 60), Frame(kMacB, kStranger, 60)});
	m.Card(0, "vlan=1:5");
	m.Wire(0, "pcap-in:" + file.path);
	Function a(m, "0.0");
	Function b(m, "0.1");
	a.Up(kMacA);
	b.Up(kMacB);
	a.SetVlan(6, true);
	vfnet_sim_start(m.sim);
	m.Step();
	EXPECT_EQ(a.Receive().n_desc, 1u);
	EXPECT_EQ(a.Receive().n_desc, 1u);
	EXPECT_EQ(a.Receive().n_desc, 0u);
	EXPECT_EQ(b.Receive().n_desc, 0u) << "no tag, and its administrator wants 5";
	EXPECT_EQ(a.Missed(VFNET_MISSED_no_filter_match), 2u);
}

} // namespace
