/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports on a hub, "shm:": each of its losses alone, and exactly its name appears. */
#include <poll.h>

#include "tests/sim/port/rig.h"
#include "tests/sim/shm/place.h"

namespace
{

/* A source on card 0, and cards 1 and 2 on a hub. */
class Hub : public ::testing::Test
{
      protected:
	void Open(const std::string &gen, const std::string &one, const std::string &two)
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		rig_.Card(2, "promisc");
		rig_.Wire(0, gen);
		rig_.Wire(1, "shm:t" + one);
		rig_.Wire(2, "shm:t" + two);
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0", "sim:2.0"}));
		vfnet_sim_start(rig_.sim);
	}
	uint64_t Out(unsigned int card)
	{
		vfnet_sim_wire_counters wire = {};

		EXPECT_EQ(0, vfnet_sim_get_wire_counters(rig_.sim, card, &wire));
		return wire.out_packets;
	}
	/* from port 0 to port 1, until @n frames have left it */
	void Forward(uint64_t n)
	{
		for (int i = 0; i < 1000000 && Out(1) < n; i++) {
			ASSERT_GE(rig_.ForwardOnce(0, 1, true), 0);
			vfnet_txq_reclaim(rig_.ports[1].txq);
		}
		ASSERT_EQ(n, Out(1));
	}
	/* what has come to port 2 */
	uint64_t Discard()
	{
		vfnet_pkt pkt[32];
		uint64_t sum = 0;

		for (int quiet = 0; quiet < 50; quiet++) {
			int n = vfnet_rx_burst(rig_.ports[2].rxq, pkt, 32);

			EXPECT_GE(n, 0);
			if (n <= 0)
				continue;
			vfnet_pkt_free(rig_.cache, pkt, static_cast<unsigned int>(n));
			sum += static_cast<uint64_t>(n);
			quiet = 0;
		}
		return sum;
	}
	void Close(uint64_t discarded)
	{
		vfnet_sim_stop(rig_.sim);
		rig_.CloseQueues();
		rig_.ports[2].counters.drops[VFNET_DROPS_app] += discarded;
		rig_.ExpectBalanced();
	}

	Place place_;
	Rig rig_;
};

TEST_F(Hub, CarriesEachFrame)
{
	ASSERT_NO_FATAL_FAILURE(Open("gen:count=1000", "", ""));
	ASSERT_NO_FATAL_FAILURE(Forward(1000));
	uint64_t n = Discard();
	EXPECT_EQ(1000u, n);
	Close(n);
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ("app=1000", rig_.Drops());
}

TEST_F(Hub, WhatItLosesIsWireLost)
{
	ASSERT_NO_FATAL_FAILURE(Open("gen:count=1000", "", ",loss=100%"));
	ASSERT_NO_FATAL_FAILURE(Forward(1000));
	EXPECT_EQ(0u, Discard());
	Close(0);
	EXPECT_EQ("wire_lost=1000", rig_.Missed());
	EXPECT_EQ("", rig_.Drops());
}

TEST_F(Hub, WhatFindsNoRoomIsWireFull)
{
	constexpr uint64_t kFrames = 20000; /* a ring holds 16384 */

	ASSERT_NO_FATAL_FAILURE(Open("gen:count=20000", ",full=drop", ",full=wait"));
	ASSERT_NO_FATAL_FAILURE(Forward(kFrames));
	uint64_t n = Discard();
	EXPECT_LT(n, kFrames);
	Close(n);
	EXPECT_EQ("wire_full=" + std::to_string(kFrames - n), rig_.Missed());
	EXPECT_EQ("app=" + std::to_string(n), rig_.Drops());
}

/* At once, and not when a sleeper looks for itself: the descriptor is readable before it can. */
TEST(HubAsleep, AFrameOfAnotherProgramWakes)
{
	Place place;
	Rig sends;
	Rig sleeps;

	ASSERT_NO_FATAL_FAILURE(sends.OpenSim());
	sends.Wire(0, "gen:count=1");
	sends.Wire(1, "shm:t");
	ASSERT_NO_FATAL_FAILURE(sends.Open({"sim:0.0", "sim:1.0"}));
	ASSERT_NO_FATAL_FAILURE(sleeps.OpenSim());
	sleeps.Card(0, "promisc");
	sleeps.Wire(0, "shm:t");
	ASSERT_NO_FATAL_FAILURE(sleeps.Open({"sim:0.0"}));
	pollfd fd = {vfnet_rxq_fd(sleeps.ports[0].rxq, &sleeps.err), POLLIN, 0};
	ASSERT_LE(0, fd.fd) << sleeps.err.text;
	vfnet_sim_start(sleeps.sim);
	vfnet_sim_start(sends.sim);
	/* who comes to a hub is news as well: after it there is nothing to do */
	for (int ret = 1, i = 0; i < 100 && (ret || poll(&fd, 1, 0)); i++) {
		vfnet_pkt pkt;

		vfnet_rxq_disarm(sleeps.ports[0].rxq);
		ASSERT_EQ(0, vfnet_rx_burst(sleeps.ports[0].rxq, &pkt, 1));
		ret = vfnet_rxq_arm(sleeps.ports[0].rxq);
	}
	ASSERT_EQ(0, poll(&fd, 1, 0)) << "it finds no rest";
	for (int i = 0; i < 100 && !sends.ForwardOnce(0, 1, true); i++) {
	}
	for (int i = 0; i < 10; i++) /* inline, calls that find nothing move the card */
		EXPECT_EQ(0, sends.ForwardOnce(0, 1, true));
	EXPECT_EQ(1, poll(&fd, 1, 0));
	vfnet_rxq_disarm(sleeps.ports[0].rxq);
	EXPECT_EQ(1, vfnet_wait(sleeps.ports[0].rxq, 0, 30000000000, &sleeps.err));
}

} // namespace
