/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel wants a function back while a program uses it. */
#include <atomic>
#include <thread>

#include <poll.h>

#include "tests/sim/port/recover_rig.h"

namespace
{

class Request : public Recover
{
      protected:
	/* two ports that forward to each other, with frames in all rings */
	void Traffic()
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64"));
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(1, "gen:size=64"));
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
		vfnet_sim_start(rig_.sim);
		for (int k = 0; k < 5; k++)
			ASSERT_NO_FATAL_FAILURE(Forward());
	}
	void ExpectGone(size_t i)
	{
		vfnet_pkt pkt[32] = {};
		EXPECT_EQ(VFNET_PORT_GONE, State(i));
		EXPECT_FALSE(LinkUp(i));
		EXPECT_EQ(-ENODEV, vfnet_rx_burst(rig_.ports[i].rxq, pkt, 32));
		EXPECT_EQ(-ENODEV, vfnet_tx_burst(rig_.ports[i].txq, pkt, 1));
	}
};

TEST_F(Request, TheNextServiceMakesThePortGoneAndTheOtherOneGoesOn)
{
	ASSERT_NO_FATAL_FAILURE(Traffic());
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_REQUEST));
	EXPECT_EQ(VFNET_PORT_RUNNING, State(0));
	Serve();
	ASSERT_NO_FATAL_FAILURE(ExpectGone(0));
	EXPECT_EQ(VFNET_PORT_RUNNING, State(1));
	uint64_t before = Received();
	for (int k = 0; k < 5; k++)
		ASSERT_NO_FATAL_FAILURE(Forward());
	EXPECT_LT(before, Received());
	EXPECT_LT(0u, rig_.ports[0].tx_down) << "what the other one receives has nowhere to go";
	vfnet_sim_stop(rig_.sim);
	ASSERT_NO_FATAL_FAILURE(Drain());
	rig_.CloseQueues();
	rig_.ExpectBalanced();
	rig_.Close();
}

/* A program that holds its queues for ever does not keep the card. */
TEST_F(Request, FramesDoNotReachAFunctionThatWasGivenBack)
{
	ASSERT_NO_FATAL_FAILURE(Traffic());
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_REQUEST));
	Serve();
	vfnet_sim_wire_counters before, after;
	ASSERT_EQ(0, vfnet_sim_get_wire_counters(rig_.sim, 0, &before));
	for (int k = 0; k < 100; k++)
		Serve();
	ASSERT_EQ(0, vfnet_sim_get_wire_counters(rig_.sim, 0, &after));
	EXPECT_LT(before.in_packets, after.in_packets);
	vfnet_sim_stop(rig_.sim);
	rig_.CloseQueues();
	uint64_t missed = 0;
	for (uint64_t n : rig_.ports[0].counters.missed)
		missed += n;
	EXPECT_LE(after.in_packets - before.in_packets, missed) << rig_.Missed();
	rig_.ExpectBalanced();
}

TEST_F(Request, AnotherPortCanHaveTheFunctionOnceThisOneIsClosed)
{
	ASSERT_NO_FATAL_FAILURE(Traffic());
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_REQUEST));
	Serve();
	vfnet_port *again = nullptr;
	EXPECT_EQ(-EBUSY, vfnet_port_open(rig_.v, "sim:0.0", nullptr, &again, &rig_.err));
	rig_.CloseQueues();
	ASSERT_EQ(0, vfnet_port_close(rig_.ports[0].port));
	ASSERT_EQ(0, vfnet_port_open(rig_.v, "sim:0.0", nullptr, &again, &rig_.err))
	    << rig_.err.text;
	rig_.ports[0].port = again;
}

TEST_F(Request, ThePortsDescriptorSaysSo)
{
	ASSERT_NO_FATAL_FAILURE(Open({"sim:0.0"}));
	int fd = vfnet_port_fd(rig_.ports[0].port, &rig_.err);
	ASSERT_LE(0, fd) << rig_.err.text;
	Serve();
	pollfd look = {fd, POLLIN, 0};
	EXPECT_EQ(0, poll(&look, 1, 0));
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_REQUEST));
	EXPECT_EQ(1, poll(&look, 1, 0));
	Serve();
	EXPECT_EQ(0, poll(&look, 1, 0));
	ASSERT_NO_FATAL_FAILURE(ExpectGone(0));
}

/* Bring-up, queues and traffic: a request at each access to a register. */
TEST_F(Request, AtAnyMoment)
{
	for (int at = 1; at <= 200; at += 3) {
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "request-at=" + std::to_string(at)));
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64"));
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0"}));
		vfnet_sim_start(rig_.sim);
		for (int k = 0; k < 5; k++)
			ASSERT_NO_FATAL_FAILURE(Forward());
		ASSERT_NO_FATAL_FAILURE(Reset(0));
		for (int k = 0; k < 1000 && State() != VFNET_PORT_GONE; k++) {
			Serve();
			ASSERT_NO_FATAL_FAILURE(Forward());
		}
		ASSERT_NO_FATAL_FAILURE(ExpectGone(0));
		vfnet_sim_stop(rig_.sim);
		rig_.CloseQueues();
		rig_.ExpectBalanced();
		rig_.Close();
		ASSERT_FALSE(HasFailure()) << "request-at=" << at;
	}
}

/* Service on the port's thread gives the function back under bursts on this one. */
class RequestThreads : public Recover, public ::testing::WithParamInterface<vfnet_sim_mode>
{
};

TEST_P(RequestThreads, BurstsMeetNoHoleAndASleeperWakes)
{
	rig_.mode = GetParam();
	rig_.service_thread = true;
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,rate=20000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	vfnet_sim_start(rig_.sim);
	std::atomic<int> woken{0};
	/* nothing comes on the other card: without the request this sleeps for a minute */
	std::thread sleeper(
	    [&] { woken = vfnet_wait(rig_.ports[1].rxq, 0, 60 * UINT64_C(1000000000), nullptr); });
	for (int k = 0; k < 2000; k++)
		rig_.ForwardOnce(0, 0, true);
	ASSERT_NO_FATAL_FAILURE(Happen(0, VFNET_SIM_REQUEST));
	ASSERT_NO_FATAL_FAILURE(Happen(1, VFNET_SIM_REQUEST));
	int n = 0;
	while (n != -ENODEV) {
		n = rig_.ForwardOnce(0, 0, true);
		ASSERT_TRUE(n >= 0 || n == -ENODEV) << n;
		vfnet_txq_reclaim(rig_.ports[0].txq);
	}
	sleeper.join();
	EXPECT_EQ(-ENODEV, woken);
	vfnet_sim_stop(rig_.sim);
	rig_.CloseQueues();
	rig_.ExpectBalanced();
}

INSTANTIATE_TEST_SUITE_P(Sim, RequestThreads, ::testing::Values(VFNET_SIM_INLINE, VFNET_SIM_THREAD),
			 [](const auto &param_info) {
				 return param_info.param == VFNET_SIM_INLINE ? "Inline" : "Thread";
			 });

} // namespace
