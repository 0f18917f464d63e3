/* SPDX-License-Identifier: BSD-2-Clause */
/* vfnet-fwd lives through resets of its cards and flapping links, and says what it went through. */
#include <gtest/gtest.h>

#include "tests/sim/fwd_json.h"

namespace
{

uint64_t OfPort(const Json &run, int port, const char *name)
{
	return Count(cJSON_GetArrayItem(cJSON_GetObjectItem(run.get(), "ports"), port), name);
}

uint64_t Resets(const Json &run, int port)
{
	return OfPort(run, port, "resets");
}

/*
 * Cards with a thread of their own take part in the machine's scheduling: each word of the mailbox
 * may wait for a core, and a port needs a second to come back.
 */
struct Way {
	const char *sim;
	unsigned int period_ms;
	const char *duration;
};

class FwdReset : public ::testing::TestWithParam<Way>
{
      protected:
	/* "N=reset=PERIOD", and more */
	static std::string Card(int card, const std::string &more)
	{
		return std::to_string(card) + "=reset=" + std::to_string(GetParam().period_ms) +
		       more;
	}
};

TEST_P(FwdReset, TrafficInBothDirectionsGoesOn)
{
	Json run =
	    RunJson({"--mode", "swap", "--allmulti", "--vlan", "5", "--card",
		     Card(0, ",nospoof,outage=7"), "--card", Card(1, ",nospoof,flap=70"), "--wire",
		     "0=gen:rate=20000", "--wire", "1=gen:rate=20000", "--sim", GetParam().sim,
		     "--duration", GetParam().duration, "sim:0.0", "sim:1.0"});

	ASSERT_TRUE(run);
	EXPECT_LE(1u, Resets(run, 0));
	EXPECT_LE(1u, Resets(run, 1));
	EXPECT_LT(0u, Count(run.get(), "tx_packets"));
	EXPECT_EQ(0u, OfPort(run, 0, "filters_lost") + OfPort(run, 1, "filters_lost"));
}

TEST_P(FwdReset, APortThatSendsNothingComesBackToo)
{
	Json run = RunJson({"--card", Card(0, ""), "--card", Card(1, ""), "--wire",
			    "0=gen:rate=20000", "--sim", GetParam().sim, "--duration",
			    GetParam().duration, "sim:0.0", "sim:1.0"});

	ASSERT_TRUE(run);
	EXPECT_LE(1u, Resets(run, 0));
	EXPECT_LE(1u, Resets(run, 1));
}

TEST_P(FwdReset, MailboxTroubleOnTop)
{
	Json run = RunJson({"--card", Card(0, ",ping=7,late-reply=3,lag=2,slow=3"), "--wire",
			    "0=gen:rate=20000", "--sim", GetParam().sim, "--duration",
			    GetParam().duration, "sim:0.0"});

	ASSERT_TRUE(run);
	EXPECT_LE(1u, Resets(run, 0));
}

TEST_P(FwdReset, AProgramThatSleepsGoesOnToo)
{
	Json run =
	    RunJson({"--wait", "interrupt", "--card", Card(0, ",posted=8"), "--card",
		     Card(1, ",outage=20"), "--wire", "0=gen:rate=500", "--sim", GetParam().sim,
		     "--duration", GetParam().duration, "sim:0.0", "sim:1.0"});

	ASSERT_TRUE(run);
	EXPECT_LE(1u, Resets(run, 0));
	EXPECT_LE(1u, Resets(run, 1));
	EXPECT_LT(20u, Count(run.get(), "sleeps"));
	EXPECT_LT(20u, Count(run.get(), "tx_packets"));
}

INSTANTIATE_TEST_SUITE_P(Sim, FwdReset,
			 ::testing::Values(Way{"inline", 60, "1"}, Way{"thread", 1200, "3"}),
			 [](const auto &param_info) { return std::string(param_info.param.sim); });

TEST(FwdResetOutput, HasALineWhenAPortGoesAndWhenItComes)
{
	Outcome run = RunFwd(
	    {"--card", "0=reset=300", "--wire", "0=gen:rate=1000", "--duration", "0.5", "sim:0.0"});

	EXPECT_EQ(run.exit, 0) << run.err;
	EXPECT_NE(run.err.find("sim:0.0: the physical function was reset; waiting for it\n"
			       "sim:0.0: runs again after "),
		  std::string::npos)
	    << run.err;
	EXPECT_NE(run.out.find("sim:0.0: the physical function was reset 1 time\n"),
		  std::string::npos)
	    << run.out;
}

TEST(FwdResetOutput, SaysThatSomebodyElseDidIt)
{
	Json run = RunJson({"--card", "0=vf-reset=300", "--wire", "0=gen:rate=1000", "--duration",
			    "0.5", "sim:0.0"});
	ASSERT_TRUE(run);
	EXPECT_EQ(1u, OfPort(run, 0, "vf_resets"));
	EXPECT_EQ(0u, Resets(run, 0));
	Outcome text = RunFwd({"--card", "0=vf-reset=300", "--wire", "0=gen:rate=1000",
			       "--duration", "0.5", "sim:0.0"});
	EXPECT_NE(
	    text.err.find("sim:0.0: somebody else has reset this function; setting it up again\n"
			  "sim:0.0: runs again after "),
	    std::string::npos)
	    << text.err;
	EXPECT_NE(text.out.find("sim:0.0: somebody else has reset this function 1 time\n"),
		  std::string::npos)
	    << text.out;
}

TEST(FwdResetOutput, AnInterfaceThatStaysDownFailsTheRun)
{
	Outcome run = RunFwd({"--card", "0=reset=100,outage=60000", "--wire", "0=gen:rate=1000",
			      "--duration", "0.3", "sim:0.0"});

	EXPECT_EQ(run.exit, 1);
	EXPECT_NE(run.err.find("sim:0.0: the physical function was reset and has not come back"),
		  std::string::npos)
	    << run.err;
	EXPECT_NE(run.out.find("ledger: balanced"), std::string::npos) << run.out;
}

TEST(FwdResetOutput, ACardThatIsPulledOutFailsTheRun)
{
	Outcome run =
	    RunFwd({"--card", "0=gone-at=150", "--wire", "0=gen:rate=1000", "sim:0.0", "sim:1.0"});

	EXPECT_EQ(run.exit, 1);
	EXPECT_NE(run.err.find("sim:0.0: the device is gone"), std::string::npos) << run.err;
	EXPECT_NE(run.out.find("ledger: balanced"), std::string::npos) << run.out;
}

TEST(FwdResetOutput, AFunctionThatTheKernelWantsBackFailsTheRun)
{
	Outcome run = RunFwd({"--card", "0=request-at=150", "--wire", "0=gen:rate=1000", "--wire",
			      "1=gen:rate=1000", "sim:0.0", "sim:1.0"});

	EXPECT_EQ(run.exit, 1);
	EXPECT_NE(run.err.find("sim:0.0: the kernel wants the function back"), std::string::npos)
	    << run.err;
	EXPECT_NE(run.err.find("sim:0.0: the device is gone"), std::string::npos) << run.err;
	EXPECT_NE(run.out.find("ledger: balanced"), std::string::npos) << run.out;
}

} // namespace
