/* SPDX-License-Identifier: BSD-2-Clause */
/* A port comes back from resets of its physical function, whenever they come. */
#include <poll.h>
#include <thread>

#include "tests/sim/port/recover_rig.h"

namespace
{

TEST_F(Recover, TheQueuesWorkAgainAndNothingIsLostAfterwards)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=5000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	auto mac = rig_.Mac(0);
	ASSERT_NO_FATAL_FAILURE(Reset(0));
	ASSERT_NO_FATAL_FAILURE(Reset(1));
	Serve();
	EXPECT_EQ(VFNET_PORT_RESETTING, State(0));
	EXPECT_FALSE(LinkUp());
	ASSERT_TRUE(ComeBack());
	EXPECT_TRUE(LinkUp());
	EXPECT_EQ(mac, rig_.Mac(0));
	EXPECT_EQ(1u, Resets(0));
	EXPECT_EQ(1u, Resets(1));
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ("", rig_.Drops());
	EXPECT_EQ(5000u, rig_.Sum(&vfnet_counters::tx_packets));
}

/* Resets of either card while frames of @size go both ways. */
class RecoverTraffic : public Recover, public ::testing::WithParamInterface<unsigned int>
{
};

TEST_P(RecoverTraffic, ResetsInTheMiddleOfItAreInTheLedger)
{
	const std::string source = "gen:count=40000,size=" + std::to_string(GetParam());
	rig_.mtu = GetParam() > 1518 ? 9000 : 0;
	rig_.n_bufs = 8192;
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, source.c_str()));
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(1, source.c_str()));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_sim_start(rig_.sim);
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k < 5 + i % 7; k++)
			ASSERT_NO_FATAL_FAILURE(Forward());
		ASSERT_NO_FATAL_FAILURE(Reset(static_cast<unsigned int>(i % 2)));
		if (i % 3) {
			ASSERT_TRUE(ComeBack()) << i;
		}
	}
	ASSERT_TRUE(ComeBack());
	ASSERT_NO_FATAL_FAILURE(Drain());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_LT(30u, rig_.Sum(&vfnet_counters::resets));
	EXPECT_LT(300u, rig_.Sum(&vfnet_counters::tx_packets));
	EXPECT_NE(std::string::npos, rig_.Drops().find("reset_unknown")) << rig_.Drops();
}

INSTANTIATE_TEST_SUITE_P(Bytes, RecoverTraffic, ::testing::Values(64u, 1518u, 9018u),
			 [](const auto &param_info) { return std::to_string(param_info.param); });

TEST_F(Recover, LongFramesAreStillAskedFor)
{
	rig_.mtu = 9000;
	rig_.n_desc = 1024;
	rig_.n_bufs = 8192;
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=9018,count=200"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	ASSERT_NO_FATAL_FAILURE(Reset(0));
	ASSERT_TRUE(ComeBack());
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ(200u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_F(Recover, AnInterfaceThatIsDownForSecondsIsWaitedFor)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0", "sim:1.0"}));
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_DOWN));
	EXPECT_FALSE(ComeBack(60000 * kMs));
	EXPECT_EQ(VFNET_PORT_RESETTING, State(0));
	EXPECT_EQ(VFNET_PORT_RUNNING, State(1)) << "another card's";
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_UP));
	EXPECT_TRUE(ComeBack(1000 * kMs));
	EXPECT_EQ(1u, Resets());
}

TEST_F(Recover, ServiceWantsToRunSeldomWhileTheInterfaceIsDown)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_DOWN));
	Serve();
	ASSERT_NO_FATAL_FAILURE(Forward());
	uint64_t next = now_;
	int calls = 0;
	for (; next < now_ + 10000 * kMs; calls++)
		next = vfnet_port_service(rig_.ports[0].port, next);
	EXPECT_GT(2000, calls) << "in ten seconds";
	now_ = next;
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_UP));
	EXPECT_TRUE(ComeBack());
}

TEST_F(Recover, APulledWireIsNoReset)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=20000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_sim_start(rig_.sim);
	for (unsigned int i = 0; i < 40; i++) {
		ASSERT_NO_FATAL_FAILURE(
		    Happen(i / 2 % 2, i % 2 ? VFNET_SIM_LINK_UP : VFNET_SIM_LINK_DOWN));
		Serve();
		ASSERT_NO_FATAL_FAILURE(Forward());
		EXPECT_EQ(i % 2 != 0, LinkUp(i / 2 % 2)) << i;
	}
	ASSERT_NO_FATAL_FAILURE(Drain());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ(0u, rig_.Sum(&vfnet_counters::resets));
}

TEST_F(Recover, ParkedQueuesDoNotKeepThePortFromComingBack)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=100"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	for (int round = 0; round < 3; round++) {
		for (auto &port : rig_.ports) {
			vfnet_rxq_park(port.rxq);
			vfnet_txq_park(port.txq);
		}
		ASSERT_NO_FATAL_FAILURE(Reset(0));
		for (int i = 0; i < 1000; i++)
			Serve();
		EXPECT_EQ(VFNET_PORT_RUNNING, State());
		EXPECT_EQ(static_cast<uint64_t>(round + 1), Resets());
	}
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ(100u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_F(Recover, AThreadThatDoesNotCallDelaysItAndLosesNothing)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=100"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_sim_start(rig_.sim);
	for (int i = 0; i < 10; i++)
		Serve(); /* the card moves: all frames lie in the ring */
	ASSERT_NO_FATAL_FAILURE(Reset(0));
	vfnet_pkt pkt[32];
	for (int i = 0; i < 1000; i++)
		Serve(100 * kMs);
	EXPECT_EQ(VFNET_PORT_RESETTING, State());
	EXPECT_EQ(-ENETDOWN, vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32));
	for (int i = 0; i < 1000; i++)
		Serve(100 * kMs);
	EXPECT_EQ(VFNET_PORT_RESETTING, State()) << "the transmit queue's thread has not called";
	ASSERT_TRUE(ComeBack());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ("not_drained=100", rig_.Drops()) << "received, and nobody took them in time";
}

TEST_F(Recover, QueuesAreNotOpenedMeanwhileAndCanBeClosed)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	auto &port = rig_.ports[0];
	auto opts = SizedOpts<vfnet_queue_opts>();
	opts.n_desc = rig_.n_desc;
	opts.cache = rig_.cache;
	for (int calls = 0; calls < 40; calls++) {
		ASSERT_NO_FATAL_FAILURE(Reset(0));
		for (int i = 0; i < calls; i++) {
			Serve(kMs);
			ASSERT_NO_FATAL_FAILURE(Forward());
		}
		if (calls == 1) {
			vfnet_txq *other = nullptr;
			EXPECT_EQ(-ENETDOWN, vfnet_txq_open(port.port, &opts, &other, &rig_.err));
		}
		vfnet_rxq_close(port.rxq);
		port.rxq = nullptr;
		for (int i = 0; i < 1000; i++) {
			Serve();
			vfnet_txq_reclaim(port.txq);
		}
		ASSERT_EQ(VFNET_PORT_RUNNING, State()) << calls;
		ASSERT_EQ(0, vfnet_rxq_open(port.port, &opts, &port.rxq, &rig_.err))
		    << rig_.err.text;
	}
	rig_.CloseQueues();
	rig_.ExpectBalanced();
}

TEST_F(Recover, ACardThatGoesInTheMiddleOfItIsGone)
{
	bool seen_resetting = false, seen_running = false;
	for (int calls = 0; calls < 40; calls++) {
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=2000"));
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
		vfnet_sim_start(rig_.sim);
		for (int k = 0; k < 3; k++)
			ASSERT_NO_FATAL_FAILURE(Forward());
		ASSERT_NO_FATAL_FAILURE(Reset(0));
		for (int i = 0; i < calls; i++) {
			Serve(kMs);
			ASSERT_NO_FATAL_FAILURE(Forward());
		}
		seen_resetting |= State() == VFNET_PORT_RESETTING;
		seen_running |= State() == VFNET_PORT_RUNNING && Resets() == 1;
		ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_GONE));
		for (int i = 0; i < 200; i++)
			Serve(kMs);
		EXPECT_EQ(VFNET_PORT_GONE, State()) << calls;
		vfnet_pkt pkt[32];
		EXPECT_EQ(-ENODEV, vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32));
		for (int i = 0; i < 200; i++)
			Serve(kMs);
		rig_.CloseQueues();
		rig_.ExpectBalanced();
		rig_.Close();
		ASSERT_FALSE(HasFailure()) << calls;
	}
	EXPECT_TRUE(seen_resetting && seen_running);
}

TEST_F(Recover, EventsWorkAgain)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	int fd = vfnet_port_fd(rig_.ports[0].port, &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Reset(0));
	ASSERT_TRUE(ComeBack());
	Serve();
	pollfd look = {fd, POLLIN, 0};
	EXPECT_EQ(0, poll(&look, 1, 0));
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_LINK_DOWN));
	EXPECT_EQ(1, poll(&look, 1, 0));
}

/* Another tool resets the functions: what the card is like decides how that shows. */
class RecoverForeign : public Recover, public ::testing::WithParamInterface<const char *>
{
};

TEST_P(RecoverForeign, AResetOfTheFunctionsIsFoundAndCounted)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Card(0, GetParam()));
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=5000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	auto mac = rig_.Mac(0);
	for (uint64_t round = 1; round <= 3; round++) {
		ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_VF_RESET));
		Serve();
		EXPECT_EQ(VFNET_PORT_RESETTING, State(0));
		ASSERT_TRUE(ComeBack());
		EXPECT_EQ(0u, Resets(0));
		EXPECT_EQ(round, rig_.ports[0].counters.vf_resets);
	}
	EXPECT_EQ(mac, rig_.Mac(0));
	EXPECT_EQ(0u, rig_.ports[1].counters.vf_resets) << "another card's";
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ(5000u, rig_.Sum(&vfnet_counters::tx_packets));
}

TEST_P(RecoverForeign, AResetOfTheWholeCardTakesNothingForGood)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Card(0, GetParam()));
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=5000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	int fd = vfnet_port_fd(rig_.ports[0].port, &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_CARD_RESET));
	EXPECT_FALSE(ComeBack(1000 * kMs)) << "before its interface is up";
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_PF_UP));
	ASSERT_TRUE(ComeBack());
	EXPECT_EQ(1u, Resets(0));
	Serve();
	pollfd look = {fd, POLLIN, 0};
	EXPECT_EQ(0, poll(&look, 1, 0));
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_LINK_DOWN));
	EXPECT_EQ(1, poll(&look, 1, 0)) << "the vectors are connected again";
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_LINK_UP));
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	EXPECT_EQ(5000u, rig_.Sum(&vfnet_counters::tx_packets)) << "and so is bus mastering";
}

INSTANTIATE_TEST_SUITE_P(Card, RecoverForeign, ::testing::Values("promisc", "quirks=qemu"),
			 [](const auto &param_info) {
				 return param_info.index ? "Qemu" : "Silicon";
			 });

/* Service on the port's thread, bursts on this one, resets from a third. */
class RecoverThreads : public Recover, public ::testing::WithParamInterface<vfnet_sim_mode>
{
};

TEST_P(RecoverThreads, TheProgramPollsAndNothingElse)
{
	rig_.mode = GetParam();
	rig_.service_thread = true;
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,rate=20000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	bool end = false;
	vfnet_sim_start(rig_.sim);
	std::thread administrator([&] {
		for (unsigned int i = 0; i < 12; i++) {
			vfnet_sim_trigger(rig_.sim, i % 2, VFNET_SIM_PF_DOWN);
			poll(nullptr, 0, static_cast<int>(i % 5));
			vfnet_sim_trigger(rig_.sim, i % 2, VFNET_SIM_PF_UP);
			poll(nullptr, 0, 40);
		}
		__atomic_store_n(&end, true, __ATOMIC_RELEASE);
	});
	while (!__atomic_load_n(&end, __ATOMIC_ACQUIRE))
		Forward();
	administrator.join();
	for (int i = 0; i < 3000 && !AllRun(); i++) {
		Forward();
		poll(nullptr, 0, 1);
	}
	EXPECT_TRUE(AllRun());
	EXPECT_LE(2u, Resets(0) + Resets(1));
	uint64_t before = Received();
	for (int i = 0; i < 3000 && Received() == before; i++) {
		Forward();
		poll(nullptr, 0, 1);
	}
	EXPECT_LT(before, Received());
	vfnet_sim_stop(rig_.sim);
	for (int i = 0; i < 100; i++)
		Forward();
	rig_.CloseQueues();
	rig_.ExpectBalanced();
}

INSTANTIATE_TEST_SUITE_P(Mode, RecoverThreads,
			 ::testing::Values(VFNET_SIM_INLINE, VFNET_SIM_THREAD),
			 [](const auto &param_info) {
				 return param_info.param == VFNET_SIM_INLINE ? "Inline" : "Thread";
			 });

} // namespace
