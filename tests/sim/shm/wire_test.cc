/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames through a hub, and what it does to them. */
#include <poll.h>

#include "tests/sim/shm/wire_rig.h"

using namespace shm_wire;

namespace
{

TEST_F(ShmWire, FramesGoBothWaysWithAllTheirBytes)
{
	Host a(0);
	Host b(1);

	for (size_t len : {60, 61, 124, 125, 1000, 1514}) {
		a.Send(b.mac, len, 1);
		b.m.Step();
		EXPECT_EQ(b.f->Receive().data, Frame(b.mac, a.mac, len, 1));
		b.Send(a.mac, len, 2);
		a.m.Step();
		EXPECT_EQ(a.f->Receive().data, Frame(a.mac, b.mac, len, 2));
	}
	EXPECT_FALSE(vfnet_sim_sources_done(a.m.sim));
	vfnet_sim_stop(a.m.sim);
	EXPECT_TRUE(vfnet_sim_sources_done(a.m.sim));
}

TEST_F(ShmWire, TwoCardsOfOneProcessAreTwoMembers)
{
	Machine m;

	m.Wire(0, "shm:t");
	m.Wire(1, "shm:t");
	Function a(m, "0.0");
	Function b(m, "1.0");
	a.Up(kMacA);
	b.Up(kMacB);
	vfnet_sim_start(m.sim);
	a.Send(Frame(kMacB, kMacA, 60));
	m.Step();
	EXPECT_EQ(b.Receive().data, Frame(kMacB, kMacA, 60));
	EXPECT_EQ(a.Receive().n_desc, 0u);
}

TEST_F(ShmWire, UnknownAddressesAreFloodedAndKnownOnesAreNot)
{
	Host a(0);
	Host b(1);
	Host c(2);

	a.Send(b.mac);
	b.m.Step();
	c.m.Step();
	EXPECT_EQ(b.In(), 1u);
	EXPECT_EQ(c.In(), 1u) << "nobody has heard of b";
	EXPECT_EQ(c.f->Missed(VFNET_MISSED_no_filter_match), 1u);
	b.Send(a.mac);
	a.m.Step();
	c.m.Step();
	EXPECT_EQ(a.In(), 1u);
	EXPECT_EQ(c.In(), 1u) << "b has heard a";
	a.Send(b.mac);
	b.m.Step();
	c.m.Step();
	EXPECT_EQ(b.In(), 2u);
	EXPECT_EQ(c.In(), 1u) << "a has heard b";
	c.Send(kBroadcast);
	a.m.Step();
	b.m.Step();
	EXPECT_EQ(a.In(), 2u);
	EXPECT_EQ(b.In(), 3u);
}

TEST_F(ShmWire, AnAddressThatMovesIsFollowedAndOneThatIsSilentForgotten)
{
	Host a(0);
	Host b(1);
	Host c(2);

	b.Send(a.mac);
	a.m.Step();
	a.Send(b.mac);
	c.m.Step();
	EXPECT_EQ(c.In(), 1u) << "only the flooded one";
	/* c says it is b */
	c.f->SetMac(b.mac);
	c.f->Send(Frame(a.mac, b.mac, 60));
	c.m.Step();
	a.m.Step();
	a.Send(b.mac);
	c.m.Step();
	EXPECT_EQ(c.In(), 2u) << "follows";
	b.m.Step();
	uint64_t before = b.In();
	inside_skip_ns(a.m.sim, 361 * kS);
	for (int i = 0; i < 300; i++)
		a.m.Step();
	a.Send(b.mac);
	b.m.Step();
	EXPECT_EQ(b.In(), before + 1) << "forgotten, so flooded";
}

TEST_F(ShmWire, AnAddressWhoseMemberLeftIsFloodedAgain)
{
	auto a = std::make_unique<Host>(0);
	Host b(1);
	Host c(2);

	a->Send(b.mac);
	b.m.Step();
	c.m.Step();
	uint64_t before = c.In();
	b.Send(kMacs[0]);
	c.m.Step();
	EXPECT_EQ(c.In(), before);
	a = nullptr;
	b.Send(kMacs[0]);
	c.m.Step();
	EXPECT_EQ(c.In(), before + 1);
}

TEST_F(ShmWire, AddressZeroIsNobodys)
{
	Host a(0);
	Host b(1);
	Host c(2);

	c.Send(Mac{});
	a.m.Step();
	b.m.Step();
	EXPECT_EQ(a.In(), 1u);
	EXPECT_EQ(b.In(), 1u);
}

TEST_F(ShmWire, WithNobodyElseFramesJustLeave)
{
	Host a(0);

	EXPECT_EQ(a.Flood(kMacs[1], 100), 100u);
}

TEST_F(ShmWire, WhatAMemberSentBeforeItLeftStillArrives)
{
	auto a = std::make_unique<Host>(0);
	Host b(1);

	for (uint8_t i = 0; i < 100; i++)
		a->Send(b.mac, 60, i);
	a = nullptr;
	b.m.Step(1);
	Host again(0);
	EXPECT_EQ(b.Seeds().size(), 100u);
	again.Send(b.mac, 60, 7);
	EXPECT_EQ(b.Seeds(), std::vector<int>{7});
}

TEST_F(ShmWire, LossDoublingAndOrderAreThoseOfTheSeed)
{
	std::vector<std::vector<int>> runs;

	for (const char *seed : {"1", "1", "2"}) {
		Host a(0);
		Host b(1, std::string(",loss=10%,dup=50000,reorder=5.5%,seed=") + seed);
		std::vector<int> got;

		for (unsigned int i = 0; i < 2000; i++) {
			a.Send(b.mac, 60, static_cast<uint8_t>(i));
			if (i % 64 == 63 || i % 7 == 0)
				for (int n : b.Seeds())
					got.push_back(n);
		}
		a.Send(b.mac);
		for (int n : b.Seeds())
			got.push_back(n);
		uint64_t lost = b.f->Missed(VFNET_MISSED_wire_lost);
		EXPECT_NEAR(static_cast<double>(lost), 200, 60);
		EXPECT_EQ(b.In(), got.size() + lost);
		EXPECT_NEAR(static_cast<double>(got.size()), 2000 * 0.9 * 1.05, 60);
		EXPECT_EQ(b.f->Missed(VFNET_MISSED_wire_full), 0u);
		unsigned int late = 0;
		for (size_t i = 1; i < got.size(); i++)
			late += static_cast<uint8_t>(got[i - 1] - got[i] - 1) < 100;
		EXPECT_NEAR(late, 2000 * 0.9 * 0.055, 50);
		runs.push_back(got);
	}
	EXPECT_EQ(runs[0], runs[1]);
	EXPECT_NE(runs[0], runs[2]);
}

TEST_F(ShmWire, AllOrNoneIsExact)
{
	Host a(0, ",loss=100%");
	Host b(1, ",dup=1000000");

	for (uint8_t i = 0; i < 10; i++) {
		a.Send(b.mac, 60, i);
		b.Send(a.mac, 60, i);
	}
	EXPECT_EQ(b.Seeds().size(), 20u);
	EXPECT_EQ(a.Seeds().size(), 0u);
	EXPECT_EQ(a.f->Missed(VFNET_MISSED_wire_lost), 10u);
	EXPECT_EQ(a.In(), 10u);
}

TEST_F(ShmWire, ALateFrameThatNothingFollowsComesAfterTenMilliseconds)
{
	Host a(0);
	Host b(1, ",reorder=100%");

	a.Send(b.mac, 60, 1);
	b.m.Step();
	EXPECT_EQ(b.In(), 0u);
	inside_skip_ns(b.m.sim, 11 * kMs);
	EXPECT_EQ(b.Seeds(), std::vector<int>{1});
	a.Send(b.mac, 60, 2);
	a.Send(b.mac, 60, 3);
	EXPECT_EQ(b.Seeds(), (std::vector<int>{3, 2}));
}

TEST_F(ShmWire, ADamagedRingIsWireLostOnceAndGoesOn)
{
	Host a(0);
	Host b(1);
	sim_shm_hub hub = Intruder();
	uint32_t len = 0;

	a.Send(b.mac, 60, 1);
	a.Send(b.mac, 60, 2);
	/* the first ring that is in use is that of member 0 to member 1 */
	uint8_t *data =
	    reinterpret_cast<uint8_t *>(hub.page) + SIM_SHM_DATA_OFF + SIM_SHM_RING_BYTES;
	std::memcpy(data, &len, sizeof(len));
	EXPECT_EQ(b.Seeds(), std::vector<int>());
	EXPECT_EQ(b.f->Missed(VFNET_MISSED_wire_lost), 1u);
	EXPECT_EQ(b.In(), 1u);
	EXPECT_EQ(b.m.log.Count("is no frame"), 1u);
	a.Send(b.mac, 60, 3);
	EXPECT_EQ(b.Seeds(), std::vector<int>{3});
	sim_shm_hub_leave(&hub);
}

TEST_F(ShmWire, TheDescriptorIsReadableForWhoIsArmed)
{
	Host a(0);
	Host b(1);
	pollfd fd = {inside_wire_fd(b.m.sim, 0), POLLIN, 0};

	a.Send(b.mac, 60, 1);
	EXPECT_EQ(poll(&fd, 1, 0), 0) << "not armed";
	EXPECT_FALSE(inside_wire_arm(b.m.sim, 0)) << "a frame is there";
	EXPECT_EQ(b.Seeds(), std::vector<int>{1});
	EXPECT_TRUE(inside_wire_arm(b.m.sim, 0));
	EXPECT_EQ(poll(&fd, 1, 0), 0);
	a.Send(b.mac, 60, 2);
	EXPECT_EQ(poll(&fd, 1, 0), 1);
	EXPECT_EQ(b.Seeds(), std::vector<int>{2});
	EXPECT_EQ(poll(&fd, 1, 0), 0);
	a.Send(b.mac, 60, 3);
	EXPECT_EQ(poll(&fd, 1, 0), 0) << "no more armed";
}

TEST_F(ShmWire, WhoArmsDoesNotSleepWhileAFrameWaitsForDescriptors)
{
	Host a(0);
	Host b(1, "", 8);

	for (uint8_t i = 0; i < 9; i++)
		a.Send(b.mac, 60, i);
	b.m.Step();
	EXPECT_FALSE(inside_wire_arm(b.m.sim, 0));
	EXPECT_EQ(b.Seeds().size(), 9u);
	EXPECT_TRUE(inside_wire_arm(b.m.sim, 0));
}

class ShmSpec : public ShmWire
{
      protected:
	std::string Refused(const std::string &spec)
	{
		vfnet_err err = {};

		EXPECT_EQ(vfnet_sim_wire(m_.sim, 0, spec.c_str(), &err), -EINVAL) << spec;
		return err.text;
	}
	Machine m_;
};

TEST_F(ShmSpec, BadNames)
{
	for (const char *spec : {"shm", "shm:", "shm:,full=wait", "shm:A", "shm:a/b", "shm:..",
				 "shm:a b", "shm:0123456789012345678901234567890123"})
		EXPECT_NE(Refused(spec).find("shm:"), std::string::npos) << spec;
	EXPECT_EQ(vfnet_sim_wire(m_.sim, 0, "shm:01234567890123456789012345678_-z", nullptr), 0);
}

TEST_F(ShmSpec, BadOptions)
{
	for (const char *option :
	     {"full=maybe", "full", "loss=101%", "loss=1000001", "loss=%", "loss=1.2.3%",
	      "loss=.5%", "loss=1.23456%", "dup=x", "reorder=-1", "seed=-1", "size=64"})
		Refused(std::string("shm:t,") + option);
	EXPECT_EQ(place_.Files(), std::set<std::string>());
	EXPECT_EQ(vfnet_sim_wire(m_.sim, 0,
				 "shm:t,full=wait,loss=0.0001%,dup=100%,reorder=12.5%,seed=7",
				 nullptr),
		  0);
}

TEST_F(ShmSpec, ItTakesBothSidesOfACard)
{
	vfnet_err err = {};

	m_.Wire(0, "sink");
	EXPECT_EQ(vfnet_sim_wire(m_.sim, 0, "shm:t", &err), -EEXIST);
	m_.Wire(1, "gen");
	EXPECT_EQ(vfnet_sim_wire(m_.sim, 1, "shm:t", &err), -EEXIST);
	m_.Wire(2, "shm:t");
	EXPECT_EQ(vfnet_sim_wire(m_.sim, 2, "sink", &err), -EEXIST);
	EXPECT_EQ(vfnet_sim_wire(m_.sim, 2, "gen", &err), -EEXIST);
}

} // namespace
