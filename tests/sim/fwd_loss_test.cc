/* SPDX-License-Identifier: BSD-2-Clause */
/* Each loss that the command line can bring about is counted under its name and under no other. */
#include <gtest/gtest.h>

#include "tests/sim/fwd_inside.h"
#include "tests/sim/fwd_json.h"
#include "tests/sim/pcap_file.h"

namespace
{
const char kMac[] = "0=mac=0:02:00:00:00:00:11";

struct Losses {
	Counts missed;
	Counts drops;
};

Losses RunLossy(const Args &args)
{
	Json run = RunJson(args);

	return {NonZero(run.get(), "missed"), NonZero(run.get(), "drops")};
}

TEST(FwdLoss, ForeignDestinationIsNoFilterMatch)
{
	Losses lost = RunLossy({"--wire", "0=gen:count=500,dst=02:00:00:00:00:99", "--wire",
				"1=sink", "sim:0.0", "sim:1.0"});

	EXPECT_EQ(lost.missed, (Counts{{"no_filter_match", 500}}));
	EXPECT_EQ(lost.drops, Counts());
}

TEST(FwdLoss, NoFilterMatchHasAHintThatNamesTheCardsOption)
{
	Outcome run = RunFwd({"--wire", "0=gen:count=5,dst=02:00:00:00:00:99", "sim:0.0"});

	EXPECT_NE(run.out.find("hint: sim:0.0, no_filter_match"), std::string::npos) << run.out;
	EXPECT_NE(run.out.find("--card 0=promisc"), std::string::npos) << run.out;
}

TEST(FwdLoss, ForeignSourceIsSpoof)
{
	Losses lost = RunLossy({"--mode", "io", "--wire", "0=gen:count=500", "--wire", "1=sink",
				"sim:0.0", "sim:1.0"});

	EXPECT_EQ(lost.missed, Counts());
	EXPECT_EQ(lost.drops, (Counts{{"spoof", 500}}));
}

TEST(FwdLoss, SpoofHasAHintThatNamesTheSendersCard)
{
	Outcome run = RunFwd({"--mode", "io", "--wire", "0=gen:count=5", "sim:0.0", "sim:1.0"});

	EXPECT_NE(run.out.find("--card 1=nospoof"), std::string::npos) << run.out;
}

TEST(FwdLoss, LongFrameIsOversize)
{
	Losses lost = RunLossy({"--wire", "0=gen:count=500,size=1600", "sim:0.0", "sim:1.0"});

	EXPECT_EQ(lost.missed, (Counts{{"oversize", 500}}));
	EXPECT_EQ(lost.drops, Counts());
}

TEST(FwdLoss, ShortFrameIsUndersize)
{
	TempDir dir;

	WritePcap(dir.File("in.pcap"), {MakeFrame(13, 1), MakeFrame(60, 2), MakeFrame(1, 3)});
	Losses lost = RunLossy(
	    {"--card", kMac, "--wire", "0=pcap-in:" + dir.File("in.pcap"), "sim:0.0", "sim:1.0"});

	EXPECT_EQ(lost.missed, (Counts{{"undersize", 2}}));
	EXPECT_EQ(lost.drops, Counts());
}

/* A port that stays in reset for a counted number of bursts, the program's own, in this process. */
TEST(FwdLoss, ASendingPortInResetIsTxDown)
{
	std::vector<std::string> args = {"vfnet-fwd",	    "--mode",  "io",
					 "--sim",	    "inline",  "--wire",
					 "0=gen:count=500", "sim:0.0", "sim:1.0"};
	std::vector<char *> argv;
	fwd_inside result = {};

	for (std::string &arg : args)
		argv.push_back(arg.data());
	argv.push_back(nullptr);
	ASSERT_TRUE(fwd_inside_reset(static_cast<int>(args.size()), argv.data(), &result));
	EXPECT_TRUE(result.balanced);
	EXPECT_EQ(result.ports[0].rx_packets, 500u);
	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		EXPECT_EQ(result.ports[1].drops[i], i == VFNET_DROPS_tx_down ? 500u : 0u)
		    << vfnet_drops_name(i);
}

TEST(FwdLoss, WhatFollowsTheCountIsNotDrained)
{
	Json run = RunJson({"--count", "10", "--sim", "inline", "--wire", "0=gen", "--wire",
			    "1=sink", "sim:0.0", "sim:1.0"});
	Counts drops = NonZero(run.get(), "drops");

	EXPECT_EQ(Count(run.get(), "tx_packets"), 10u);
	EXPECT_EQ(drops.size(), drops.count("not_drained"));
}

/* Two functions of one card without --peer send frames round and round, on top of the source's. */
TEST(FwdLoss, FullReceiveRingIsNoDescriptor)
{
	Losses lost = RunLossy({"--sim", "inline", "--ring", "64", "--wire", "0=gen:count=20000",
				"sim:0.0", "sim:0.1"});

	EXPECT_GT(lost.missed["no_descriptor"], 0u);
	EXPECT_EQ(lost.missed.size(), 1u);
	EXPECT_EQ(lost.drops.size(), lost.drops.count("not_drained"));
}

/* The forwarding thread is held up by a small ring and single frames: the source does not wait. */
TEST(FwdLoss, SlowReceiverIsNoDescriptor)
{
	Json run = RunJson({"--sim", "thread", "--ring", "64", "--burst", "1", "--wire",
			    "0=gen:count=300000", "--wire", "1=sink", "sim:0.0", "sim:1.0"});
	Counts missed = NonZero(run.get(), "missed"), drops = NonZero(run.get(), "drops");

	EXPECT_EQ(Count(run.get(), "offered"), 300000u);
	EXPECT_EQ(missed.size(), missed.count("no_descriptor"));
	EXPECT_EQ(drops.size(), drops.count("tx_full"));
	EXPECT_GT(missed["no_descriptor"], 0u);
}
} // namespace
