/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/port/rig.h"

namespace
{

/* how the card is driven: stores or calls as doorbells */
class Forward : public ::testing::TestWithParam<bool>
{
      protected:
	void SetUp() override
	{
		rig_.doorbell_call = GetParam();
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
	}

	void Run(uint32_t mtu, const std::string &gen)
	{
		rig_.mtu = mtu;
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(0, gen));
		ASSERT_NO_FATAL_FAILURE(rig_.Wire(1, "sink"));
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:1.0"}));
		ASSERT_NO_FATAL_FAILURE(rig_.ForwardAll());
		rig_.CloseQueues();
		rig_.ExpectBalanced();
	}

	Rig rig_;
};

TEST_P(Forward, TenThousandSmallFramesAllArrive)
{
	ASSERT_NO_FATAL_FAILURE(Run(0, "gen:size=64,count=10000"));
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ("", rig_.Drops());
	EXPECT_EQ(10000u, rig_.Sum(&vfnet_counters::tx_packets));
	EXPECT_EQ(600000u, rig_.Sum(&vfnet_counters::tx_bytes)) << "60 bytes each, without CRC";
}

TEST_P(Forward, FramesOfTheLongestUntaggedSize)
{
	ASSERT_NO_FATAL_FAILURE(Run(0, "gen:size=1518,count=1000"));
	EXPECT_EQ(1000u, rig_.Sum(&vfnet_counters::tx_packets));
	EXPECT_EQ(1514000u, rig_.Sum(&vfnet_counters::tx_bytes));
}

TEST_P(Forward, JumboFramesTravelOverSeveralBuffers)
{
	rig_.n_desc = 1024; /* gen does not wait, and a frame takes five descriptors */
	rig_.n_bufs = 8192;
	ASSERT_NO_FATAL_FAILURE(Run(9710, "gen:size=9728,count=1000"));
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ(1000u, rig_.Sum(&vfnet_counters::tx_packets));
	EXPECT_EQ(9724000u, rig_.Sum(&vfnet_counters::tx_bytes));
}

TEST_P(Forward, TheHardwareCountersAgreeWithTheQueues)
{
	ASSERT_NO_FATAL_FAILURE(Run(0, "gen:size=128,count=3000"));
	EXPECT_EQ(3000u, rig_.ports[0].counters.hw_rx_packets);
	EXPECT_EQ(3000u * 128, rig_.ports[0].counters.hw_rx_bytes) << "with CRC";
	EXPECT_EQ(3000u, rig_.ports[1].counters.hw_tx_packets);
	EXPECT_EQ(3000u * 128, rig_.ports[1].counters.hw_tx_bytes);
}

INSTANTIATE_TEST_SUITE_P(Doorbell, Forward, ::testing::Bool(), [](const auto &param_info) {
	return param_info.param ? "Call" : "Store";
});

TEST(ForwardOnThread, EveryFrameIsInTheLedger)
{
	Rig rig;
	rig.mode = VFNET_SIM_THREAD;
	ASSERT_NO_FATAL_FAILURE(rig.OpenSim());
	ASSERT_NO_FATAL_FAILURE(rig.Wire(0, "gen:size=64,count=50000"));
	ASSERT_NO_FATAL_FAILURE(rig.Wire(1, "sink"));
	ASSERT_NO_FATAL_FAILURE(rig.Open({"sim:0.0", "sim:1.0"}));
	ASSERT_NO_FATAL_FAILURE(rig.ForwardAll());
	rig.CloseQueues();
	rig.ExpectBalanced();
	EXPECT_LT(0u, rig.Sum(&vfnet_counters::rx_packets));
}

} // namespace
