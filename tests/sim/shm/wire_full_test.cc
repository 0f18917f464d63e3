/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings of a hub that are full: who waits, who loses, and for how long. */
#include "tests/sim/shm/wire_rig.h"

using namespace shm_wire;

namespace
{

TEST_F(ShmWire, BetweenTwoAFullRingStallsTheSenderAndNothingIsLost)
{
	Host a(0);
	Host b(1);
	uint64_t sent = a.Flood(b.mac, 2 * SIM_SHM_UNITS);
	uint64_t got = 0;

	EXPECT_EQ(sent, SIM_SHM_UNITS);
	for (int i = 0; i < 10; i++) {
		got += b.Seeds().size();
		a.m.Step();
	}
	EXPECT_EQ(got, SIM_SHM_UNITS + 1) << "and the one that had to wait";
	EXPECT_EQ(b.In(), got);
	EXPECT_EQ(b.f->Rd(IGBVF_RQDPC), 0u) << "the wire waits for descriptors";
	EXPECT_EQ(b.f->Missed(VFNET_MISSED_wire_full), 0u);
}

TEST_F(ShmWire, FullDropLosesAndTheReceiverCountsIt)
{
	Host a(0, ",full=drop");
	Host b(1);

	EXPECT_EQ(a.Flood(b.mac, SIM_SHM_UNITS + 100), SIM_SHM_UNITS + 100);
	EXPECT_EQ(b.Seeds().size(), SIM_SHM_UNITS);
	EXPECT_EQ(b.f->Missed(VFNET_MISSED_wire_full), 100u);
	EXPECT_EQ(b.In(), SIM_SHM_UNITS + 100u);
	EXPECT_EQ(b.f->Missed(VFNET_MISSED_wire_lost), 0u);
}

TEST_F(ShmWire, AmongThreeAFullRingDoesNotStallUnlessAsked)
{
	Host a(0);
	Host b(1, "", 128); /* more descriptors than a step takes frames */
	auto c = std::make_unique<Host>(2);

	a.Flood(kBroadcast, SIM_SHM_UNITS + 10);
	EXPECT_EQ(a.m.Counters(0).out_packets, SIM_SHM_UNITS + 10u);
	EXPECT_EQ(b.Seeds().size(), SIM_SHM_UNITS);
	EXPECT_EQ(b.f->Missed(VFNET_MISSED_wire_full), 10u);
	c = nullptr;
	uint64_t before = a.m.Counters(0).out_packets;
	EXPECT_EQ(a.Flood(b.mac, 2 * SIM_SHM_UNITS) - before, SIM_SHM_UNITS) << "two again";
}

TEST_F(ShmWire, FullWaitHoldsAlsoAmongThree)
{
	Host a(0, ",full=wait");
	Host b(1);
	Host c(2);

	EXPECT_EQ(a.Flood(kBroadcast, 2 * SIM_SHM_UNITS), SIM_SHM_UNITS);
	b.Seeds();
	a.m.Step();
	EXPECT_EQ(a.m.Counters(0).out_packets, SIM_SHM_UNITS) << "c has no room yet";
	c.Seeds();
	a.m.Step();
	EXPECT_EQ(a.m.Counters(0).out_packets, SIM_SHM_UNITS + 1u);
}

TEST_F(ShmWire, WhoTakesNothingForTenSecondsIsNotWaitedFor)
{
	Host a(0);
	Host b(1);

	a.Flood(b.mac, 2 * SIM_SHM_UNITS);
	inside_skip_ns(a.m.sim, 9 * kS);
	a.m.Step();
	EXPECT_EQ(a.m.Counters(0).out_packets, SIM_SHM_UNITS);
	inside_skip_ns(a.m.sim, 2 * kS);
	a.m.Step();
	EXPECT_EQ(a.m.Counters(0).out_packets, SIM_SHM_UNITS + 1u);
	EXPECT_EQ(b.Seeds().size(), SIM_SHM_UNITS);
	EXPECT_EQ(b.f->Missed(VFNET_MISSED_wire_full), 1u);
	/* it takes again, so it is waited for again */
	uint64_t before = a.m.Counters(0).out_packets;
	EXPECT_EQ(a.Flood(b.mac, 2 * SIM_SHM_UNITS) - before, SIM_SHM_UNITS);
}

/* Any program of the user can write there; nobody may be held up by it for ever. */
TEST_F(ShmWire, ATailThatGoesToAndFroDoesNotMakeItWait)
{
	Host a(0, ",full=wait");
	Host b(1, ",full=wait");
	sim_shm_hub intruder = Intruder();
	uint32_t *tail = &intruder.page->rings[0][1].tail;
	uint64_t sent = a.Flood(b.mac, 2000, 1000);

	for (int i = 0; i < 24; i++) {
		EXPECT_EQ(a.m.Counters(0).out_packets, i < 20 ? sent : sent + 1) << i;
		__atomic_store_n(tail, *tail ^ 1, __ATOMIC_RELEASE);
		inside_skip_ns(a.m.sim, kS / 2);
		a.m.Step();
	}
	sim_shm_hub_leave(&intruder);
}

} // namespace
