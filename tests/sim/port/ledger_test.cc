/* SPDX-License-Identifier: BSD-2-Clause */
/* Each loss is injected alone, and exactly its name appears. */
#include <thread>

#include "tests/sim/port/rig.h"

namespace
{

class Ledger : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	}
	void Run(const std::string &gen, bool rewrite = true)
	{
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, gen));
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
		ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll(rewrite));
		rig_.CloseQueues();
		rig_.ExpectBalanced();
	}

	Rig rig_;
};

TEST_F(Ledger, AForeignDestinationIsNoFilterMatch)
{
	ASSERT_NO_FATAL_FAILURE(Run("gen:size=64,count=100,dst=02:00:00:00:99:99"));
	EXPECT_EQ("no_filter_match=100", rig_.Missed());
	EXPECT_EQ("", rig_.Drops());
}

TEST_F(Ledger, AForeignDestinationArrivesOnAPromiscuousCard)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "promisc"));
	ASSERT_NO_FATAL_FAILURE(Run("gen:size=64,count=100,dst=02:00:00:00:99:99"));
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ(100u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_F(Ledger, AForeignSourceIsSpoof)
{
	ASSERT_NO_FATAL_FAILURE(Run("gen:size=64,count=100", false));
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ("spoof=100", rig_.Drops());
}

TEST_F(Ledger, AForeignSourceLeavesACardWithoutTheCheck)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Card(1, "nospoof"));
	ASSERT_NO_FATAL_FAILURE(Run("gen:size=64,count=100", false));
	EXPECT_EQ("", rig_.Drops());
	EXPECT_EQ(100u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_F(Ledger, ALongFrameIsOversize)
{
	/* the driver asks for MTU + 22, as Linux's does: a tag may be there or not */
	ASSERT_NO_FATAL_FAILURE(Run("gen:size=1523,count=100"));
	EXPECT_EQ("oversize=100", rig_.Missed());
}

TEST_F(Ledger, AFrameAsLongAsATaggedOneIsNotOversize)
{
	ASSERT_NO_FATAL_FAILURE(Run("gen:size=1522,count=100"));
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ(100u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_F(Ledger, AFullReceiveRingIsNoDescriptor)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=1000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_sim_start(rig_.sim);
	while (
	    !vfnet_sim_sources_done(rig_.sim)) /* nobody takes packets: service steps the cards */
		vfnet_port_service(rig_.ports[0].port, 0);
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ("no_descriptor=745", rig_.Missed()) << "a ring of 256 holds 255";
	EXPECT_EQ(255u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_F(Ledger, AnEmptyPoolIsNoDescriptor)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=1000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	std::vector<vfnet_pkt> taken(4096);
	size_t n_taken = 0;
	while (vfnet_pkt_alloc(rig_.cache, &taken[n_taken], 1))
		n_taken++;
	vfnet_sim_start(rig_.sim);
	/* the application keeps what it receives, and nothing is left to refill the ring */
	vfnet_pkt pkt[32];
	std::vector<vfnet_pkt> kept;
	for (int i = 0; i < 10000 && !vfnet_sim_sources_done(rig_.sim); i++) {
		int n = vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32);
		ASSERT_GE(n, 0);
		kept.insert(kept.end(), pkt, pkt + n);
	}
	EXPECT_EQ(255u, kept.size()) << "a ring of 256 holds 255";
	vfnet_pkt_free(rig_.cache, taken.data(), static_cast<unsigned int>(n_taken));
	vfnet_pkt_free(rig_.cache, kept.data(), static_cast<unsigned int>(kept.size()));
	rig_.CloseQueues();
	rig_.ports[0].counters.drops[VFNET_DROPS_app] += kept.size();
	rig_.ExpectBalanced();
	EXPECT_EQ("no_descriptor=745", rig_.Missed());
}

/* A program that makes its frames ahead and sends them when they are due, as a pacer does. */
TEST_F(Ledger, NoBufferForAFrameThatTheProgramWantsToMakeIsPoolEmpty)
{
	rig_.n_desc = 64;
	rig_.n_bufs = 512;
	rig_.Close();
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
	std::vector<vfnet_pkt> due;
	uint64_t created = 0, pool_empty = 0;
	for (; created < 500; created++) {
		vfnet_pkt pkt;
		if (!vfnet_pkt_alloc(rig_.cache, &pkt, 1)) {
			pool_empty++;
			continue;
		}
		uint8_t *data = vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt);
		memset(data, 0, 60);
		memcpy(data + 6, rig_.Mac(0).data(), 6);
		pkt.len = 60;
		due.push_back(pkt);
	}
	for (size_t sent = 0; sent < due.size();)
		sent += static_cast<size_t>(vfnet_tx_burst(rig_.ports[0].txq, &due[sent], 1));
	for (int i = 0; i < 100 && vfnet_txq_reclaim(rig_.ports[0].txq); i++)
		vfnet_port_service(rig_.ports[0].port, 0);
	rig_.CloseQueues();
	rig_.ports[0].counters.drops[VFNET_DROPS_pool_empty] = pool_empty;
	rig_.ExpectBalanced(created);
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ("pool_empty=51", rig_.Drops()) << "512 less the 63 that the receive ring holds";
}

/* A program that lets every other frame through, as a filter does. */
TEST_F(Ledger, AFrameThatTheProgramDoesNotWantIsApp)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=100"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	uint64_t seen = 0, app = 0;
	vfnet_sim_start(rig_.sim);
	for (int i = 0; i < 10000 && seen < 100; i++) {
		vfnet_pkt pkt;
		int n = vfnet_rx_burst(rig_.ports[0].rxq, &pkt, 1);
		ASSERT_GE(n, 0);
		if (!n)
			continue;
		uint8_t *data = vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt);
		memcpy(data + 6, rig_.Mac(1).data(), 6);
		if (seen++ % 2 == 0) {
			vfnet_pkt_free(rig_.cache, &pkt, 1);
			app++;
		} else {
			ASSERT_EQ(1, vfnet_tx_burst(rig_.ports[1].txq, &pkt, 1));
		}
	}
	for (int i = 0; i < 100 && vfnet_txq_reclaim(rig_.ports[1].txq); i++)
		vfnet_port_service(rig_.ports[1].port, 0);
	rig_.CloseQueues();
	rig_.ports[1].counters.drops[VFNET_DROPS_app] = app;
	rig_.ExpectBalanced();
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ("app=50", rig_.Drops());
	EXPECT_EQ(50u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_F(Ledger, ASendingPortInResetIsTxDown)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=100"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 1, VFNET_SIM_PF_DOWN));
	vfnet_port_service(rig_.ports[1].port, 0);
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ("tx_down=100", rig_.Drops());
}

TEST_F(Ledger, APulledWireIsLinkDown)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=100"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_LINK_DOWN));
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ("link_down=100", rig_.Missed());
	EXPECT_EQ("", rig_.Drops());
}

TEST_F(Ledger, FramesInTheRingAtCloseAreNotDrained)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=100"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_sim_start(rig_.sim);
	while (!vfnet_sim_sources_done(rig_.sim))
		vfnet_port_service(rig_.ports[0].port, 0);
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ("not_drained=100", rig_.Drops());
}

TEST_F(Ledger, AFrameOutsideTheMappingIsACountedFault)
{
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_pkt pkt = {};
	const uint64_t places = vfnet_get_region(rig_.v)->bytes >> VFNET_PLACE_SHIFT;
	pkt.buf = static_cast<uint32_t>(places + 1000);
	pkt.len = 60;
	ASSERT_EQ(1, vfnet_tx_burst(rig_.ports[1].txq, &pkt, 1));
	for (int i = 0; i < 100 && vfnet_txq_reclaim(rig_.ports[1].txq); i++)
		vfnet_port_service(rig_.ports[1].port, 0);
	rig_.CloseQueues();
	rig_.ExpectBalanced(1);
	EXPECT_EQ("tx_dma_fault=1", rig_.Drops());
}

TEST_F(Ledger, AFullTransmitRingIsTxFullAndTheSinkGotTheRest)
{
	rig_.mode = VFNET_SIM_MANUAL;
	rig_.Close();
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
	/* bring-up needs a card that moves: a thread of the test steps it */
	bool up = false;
	std::thread stepper([&] {
		while (!__atomic_load_n(&up, __ATOMIC_ACQUIRE))
			vfnet_sim_step(rig_.sim, 64);
	});
	rig_.OpenPort("sim:0.0");
	rig_.OpenQueues();
	__atomic_store_n(&up, true, __ATOMIC_RELEASE);
	stepper.join();
	ASSERT_FALSE(::testing::Test::HasFatalFailure());

	vfnet_pkt pkt[32];
	uint64_t created = 0;
	for (int burst = 0; burst < 20; burst++) {
		ASSERT_EQ(32u, vfnet_pkt_alloc(rig_.cache, pkt, 32));
		for (auto &p : pkt) {
			uint8_t *data = vfnet_pkt_data(vfnet_get_region(rig_.v), &p);
			p.len = 60;
			memset(data, 0, 60);
			data[0] = 0x02;
			memcpy(data + 6, rig_.Mac(0).data(), 6);
		}
		int sent = vfnet_tx_burst(rig_.ports[0].txq, pkt, 32);
		ASSERT_GE(sent, 0);
		created += 32;
		rig_.ports[0].tx_full += static_cast<uint64_t>(32 - sent);
		vfnet_pkt_free(rig_.cache, pkt + sent, static_cast<unsigned int>(32 - sent));
	}
	for (int i = 0; i < 100; i++)
		vfnet_sim_step(rig_.sim, 64);
	EXPECT_EQ(0u, vfnet_txq_reclaim(rig_.ports[0].txq));
	up = false;
	std::thread closer([&] {
		while (!__atomic_load_n(&up, __ATOMIC_ACQUIRE))
			vfnet_sim_step(rig_.sim, 64);
	});
	rig_.CloseQueues();
	rig_.ExpectBalanced(created);
	EXPECT_EQ("tx_full=385", rig_.Drops()) << "a ring of 256 holds 255 of 640";
	EXPECT_EQ(0, vfnet_port_close(rig_.ports[0].port));
	rig_.ports.clear();
	__atomic_store_n(&up, true, __ATOMIC_RELEASE);
	closer.join();
}

} // namespace
