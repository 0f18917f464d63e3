/* SPDX-License-Identifier: BSD-2-Clause */
/* --wait: that it sleeps, that it wakes, and what sleeping costs. */
#include <ctime>
#include <signal.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/fwd_inside.h"
#include "tests/sim/fwd_json.h"

namespace
{

struct How {
	const char *wait;
	const char *sim;
};

class FwdWait : public testing::TestWithParam<How>
{
      protected:
	/* @wire into card 0, out of card 1; register writes take their time */
	Json Forward(const char *wire)
	{
		return RunJson({"--wait", GetParam().wait, "--sim", GetParam().sim, "--mode",
				"swap", "--card", "0=posted=8", "--card", "1=nospoof,posted=8",
				"--wire", wire, "--wire", "1=sink", "sim:0.0", "sim:1.0"});
	}
};

TEST_P(FwdWait, EachFrameOfASlowSourceGoesThrough)
{
	Json run = Forward("0=gen:rate=1000,count=300");

	EXPECT_EQ(Count(run.get(), "tx_packets"), 300u);
	/* it spins for gaps shorter than 50 us only */
	EXPECT_LT(20u, Count(run.get(), "sleeps"));
}

TEST_P(FwdWait, AFastSourceIsForwardedToo)
{
	Json run = Forward("0=gen:count=20000");

	EXPECT_EQ(Count(run.get(), "offered"), 20000u);
	EXPECT_LT(0u, Count(run.get(), "tx_packets"));
}

TEST_P(FwdWait, CtrlCWakesIt)
{
	FwdProcess fwd(
	    {"--wait", GetParam().wait, "--sim", GetParam().sim, "--interval", "0.1", "sim:0.0"});

	ASSERT_TRUE(fwd.WaitForOutput("Mpps in"));
	fwd.Signal(SIGINT);
	Outcome run = fwd.Wait();
	EXPECT_EQ(run.exit, 0) << run.err;
	EXPECT_NE(run.out.find("slept "), std::string::npos) << run.out;
}

INSTANTIATE_TEST_SUITE_P(How, FwdWait,
			 testing::Values(How{"interrupt", "inline"}, How{"interrupt", "thread"},
					 How{"adaptive", "inline"}, How{"adaptive", "thread"}),
			 [](const auto &param_info) {
				 return std::string(param_info.param.wait) + "_" +
					param_info.param.sim;
			 });

/* It need not wait for a deadline: who unbinds the function waits as long. In this process. */
TEST(FwdWaitEvent, WhatServiceIsForWakesItAndIsDone)
{
	for (const char *how : {"interrupt", "adaptive"}) {
		std::vector<std::string> args = {"vfnet-fwd", "--wait",	 how,	   "--sim",
						 "inline",    "sim:0.0", "sim:1.0"};
		std::vector<char *> argv;
		bool due[2] = {};

		for (std::string &arg : args)
			argv.push_back(arg.data());
		argv.push_back(nullptr);
		ASSERT_TRUE(fwd_inside_request(static_cast<int>(args.size()), argv.data(), due));
		EXPECT_FALSE(due[0]) << how;
		EXPECT_TRUE(due[1]) << how;
	}
}

/* processor time that vfnet-fwd without traffic uses in a second, as a share of a core */
double IdleShare(const char *wait)
{
	/* the cards are moved by the forwarding thread, the only one: their time is in it */
	FwdProcess fwd(
	    {"--wait", wait, "--sim", "inline", "--interval", "0.1", "sim:0.0", "sim:1.0"});
	timespec begin, end;
	const timespec second = {1, 0};

	EXPECT_TRUE(fwd.WaitForOutput("Mpps in"));
	EXPECT_TRUE(fwd.CpuTime(&begin));
	nanosleep(&second, nullptr);
	EXPECT_TRUE(fwd.CpuTime(&end));
	return static_cast<double>(end.tv_sec - begin.tv_sec) +
	       static_cast<double>(end.tv_nsec - begin.tv_nsec) * 1e-9;
}

TEST(FwdWaitCost, SleepingIsCheapAndPollingIsNot)
{
	EXPECT_LT(IdleShare("interrupt"), 0.05);
	EXPECT_LT(IdleShare("adaptive"), 0.05);
	EXPECT_GT(IdleShare("poll"), 0.05) << "what this measures is not the processor";
}

TEST(FwdWaitCost, PollingNeverSleeps)
{
	Json run = RunJson({"--mode", "swap", "--wire", "0=gen:rate=10000,count=100", "sim:0.0"});

	EXPECT_EQ(Count(run.get(), "sleeps"), 0u);
}

} // namespace
