/* SPDX-License-Identifier: BSD-2-Clause */
/* Resets, and everything else that a card can do wrong, at any moment. */
#include "tests/sim/port/recover_rig.h"

namespace
{

/* One port that sends back, over @spec; a reset of its own on the way. */
class Disturbed : public Recover
{
      protected:
	/* a queue that is opened in a reset is refused, and opens once the port is back */
	template <typename OpenOne> void Insist(OpenOne open_one)
	{
		int rc = open_one();
		for (int tries = 0; tries < 3 && (rc == -ETIMEDOUT || rc == -ENETDOWN); tries++) {
			do {
				Serve();
				if (rig_.ports[0].txq)
					vfnet_txq_reclaim(rig_.ports[0].txq);
			} while (!AllRun());
			rc = open_one();
		}
		ASSERT_EQ(0, rc) << rig_.err.text;
	}
	void OpenQueues()
	{
		auto &port = rig_.ports[0];
		auto opts = SizedOpts<vfnet_queue_opts>();
		opts.n_desc = rig_.n_desc;
		opts.cache = rig_.cache;
		ASSERT_NO_FATAL_FAILURE(
		    Insist([&] { return vfnet_txq_open(port.port, &opts, &port.txq, &rig_.err); }));
		ASSERT_NO_FATAL_FAILURE(
		    Insist([&] { return vfnet_rxq_open(port.port, &opts, &port.rxq, &rig_.err); }));
	}
	void Run(const std::string &spec)
	{
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, spec));
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64"));
		ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
		ASSERT_NO_FATAL_FAILURE(rig_.OpenPort("sim:0.0"));
		ASSERT_NO_FATAL_FAILURE(OpenQueues());
		vfnet_sim_start(rig_.sim);
		for (int k = 0; k < 5; k++)
			ASSERT_NO_FATAL_FAILURE(Forward());
		ASSERT_NO_FATAL_FAILURE(Reset(0));
		ASSERT_TRUE(ComeBack()) << spec;
		for (int k = 0; k < 40; k++)
			Serve();
		while (!AllRun())
			ASSERT_TRUE(ComeBack()) << spec;
		uint64_t before = Received();
		for (int k = 0; k < 5; k++)
			ASSERT_NO_FATAL_FAILURE(Forward());
		EXPECT_LT(before, Received()) << spec;
		resets = Resets();
		vfnet_sim_stop(rig_.sim);
		ASSERT_NO_FATAL_FAILURE(Drain());
		rig_.CloseQueues();
		rig_.ExpectBalanced();
		rig_.Close();
	}
	uint64_t resets = 0;
};

/* Bring-up, queues, traffic and a recovery: a reset before each access to a register of all that.
 */
TEST_F(Disturbed, AResetAtAnyMoment)
{
	for (int at = 1; at <= 260; at++) {
		ASSERT_NO_FATAL_FAILURE(Run("reset-at=" + std::to_string(at)));
		ASSERT_FALSE(HasFailure()) << "reset-at=" << at;
	}
	EXPECT_EQ(2u, resets) << "the last one came after the recovery";
}

/* What was opened before it happened is GONE, and all is accounted for. */
TEST_F(Disturbed, ACardThatGoesAtAnyMoment)
{
	bool seen = false;
	for (int at = 1; at <= 260; at += 3) {
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "gone-at=" + std::to_string(at)));
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=3000"));
		ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
		auto opts = SizedOpts<vfnet_queue_opts>();
		opts.n_desc = rig_.n_desc;
		opts.cache = rig_.cache;
		Rig::Port port;
		int rc = vfnet_port_open(rig_.v, "sim:0.0", nullptr, &port.port, &rig_.err);
		ASSERT_TRUE(rc == 0 || rc == -ENODEV) << rig_.err.text;
		if (rc == 0) {
			rig_.ports.push_back(port);
			rc = vfnet_txq_open(port.port, &opts, &rig_.ports[0].txq, &rig_.err);
			ASSERT_TRUE(rc == 0 || rc == -ENODEV) << rig_.err.text;
			rc = vfnet_rxq_open(port.port, &opts, &rig_.ports[0].rxq, &rig_.err);
			ASSERT_TRUE(rc == 0 || rc == -ENODEV) << rig_.err.text;
		}
		if (rc == 0) {
			seen = true;
			vfnet_sim_start(rig_.sim);
			for (int k = 0; k < 5; k++)
				ASSERT_NO_FATAL_FAILURE(Forward());
			ASSERT_NO_FATAL_FAILURE(Reset(0));
			for (int k = 0; k < 1000; k++) {
				Serve();
				ASSERT_NO_FATAL_FAILURE(Forward());
			}
			EXPECT_EQ(VFNET_PORT_GONE, State());
			rig_.CloseQueues();
			rig_.ExpectBalanced();
		}
		rig_.Close();
		ASSERT_FALSE(HasFailure()) << "gone-at=" << at;
	}
	EXPECT_TRUE(seen);
}

TEST_F(Disturbed, LostReplies)
{
	ASSERT_NO_FATAL_FAILURE(Run("lose-reply=4"));
	ASSERT_NO_FATAL_FAILURE(Run("lose-reply=5"));
	ASSERT_NO_FATAL_FAILURE(Run("lose-reply=6"));
}

TEST_F(Disturbed, LateReplies)
{
	ASSERT_NO_FATAL_FAILURE(Run("late-reply=20"));
}

TEST_F(Disturbed, ControlMessagesInThePlaceOfRequests)
{
	for (int n = 4; n < 8; n++)
		ASSERT_NO_FATAL_FAILURE(Run("ping=" + std::to_string(n)));
}

TEST_F(Disturbed, QueuesThatAreSwitchedLate)
{
	ASSERT_NO_FATAL_FAILURE(Run("lag=15"));
}

TEST_F(Disturbed, CompletionsThatComeLate)
{
	ASSERT_NO_FATAL_FAILURE(Run("slow=7"));
}

/* Lengths, chains and states that no card writes: no byte outside a buffer, and no buffer lost. */
TEST_F(Disturbed, DescriptorsFullOfNonsense)
{
	ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "garble=3"));
	ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, "gen:size=64,count=50000"));
	ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
	ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll(false));
	rig_.CloseQueues();
	EXPECT_LT(10000u, rig_.Sum(&vfnet_counters::rx_packets));
	EXPECT_NE(std::string::npos, rig_.Missed().find("bad_frame=")) << rig_.Missed();
	EXPECT_NE(std::string::npos, rig_.Missed().find("bad_chain=")) << rig_.Missed();
}

/* The sizes of all bursts that a run over two cards with @seed is made of. */
class Shuffled : public Recover
{
      protected:
	std::vector<int> Run(int seed)
	{
		std::vector<int> bursts;
		const std::string spec = "posted=3,shuffle=" + std::to_string(seed);

		rig_.OpenSim();
		rig_.Card(0, spec);
		rig_.Card(1, spec);
		rig_.Wire(0, "gen:count=3000");
		rig_.Open({"sim:0.0", "sim:1.0"});
		vfnet_sim_start(rig_.sim);
		for (int idle = 0; idle < 200 && !HasFatalFailure();) {
			bursts.push_back(rig_.ForwardOnce(0, 1, true));
			bool busy = bursts.back() || !vfnet_sim_sources_done(rig_.sim) ||
				    vfnet_txq_reclaim(rig_.ports[1].txq);
			idle = busy ? 0 : idle + 1;
		}
		vfnet_sim_stop(rig_.sim);
		rig_.CloseQueues();
		rig_.ExpectBalanced();
		EXPECT_EQ("", rig_.Missed()) << seed;
		EXPECT_EQ(3000u, rig_.Sum(&vfnet_counters::rx_packets)) << seed;
		rig_.Close();
		return bursts;
	}
};

TEST_F(Shuffled, ItWorksInAnyOrder)
{
	for (int seed = 1; seed <= 30; seed++)
		ASSERT_FALSE(Run(seed).empty());
}

TEST_F(Shuffled, ASeedIsARun)
{
	std::vector<int> one = Run(1);

	EXPECT_EQ(one, Run(1));
	EXPECT_NE(one, Run(2));
}

TEST_F(Disturbed, AllOfItAtOnce)
{
	for (int at : {30, 60, 90, 120, 150})
		ASSERT_NO_FATAL_FAILURE(
		    Run("lose-reply=7,late-reply=3,ping=11,lag=2,slow=2,reset-at=" +
			std::to_string(at)));
}

} // namespace
