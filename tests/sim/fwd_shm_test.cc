/* SPDX-License-Identifier: BSD-2-Clause */
/* Two vfnet-fwd on one hub, as README shows it. */
#include <gtest/gtest.h>

#include <csignal>

#include "tests/sim/fwd_json.h"
#include "tests/sim/shm/place.h"

namespace
{

TEST(FwdShm, TwoProgramsMeetAndBothLedgersBalance)
{
	Place place;
	FwdProcess sends({"--peer", "1=02:00:00:00:00:0b", "--json", "-", "--wire",
			  "0=gen:rate=100000", "--wire", "1=shm:lab", "sim:0.0", "sim:1.0"});
	Json answered = RunJson({"--mode", "swap", "--count", "1000", "--card",
				 "0=mac=0:02:00:00:00:00:0b", "--wire", "0=shm:lab", "sim:0.0"});

	EXPECT_GE(Count(answered.get(), "rx_packets"), 1000u);
	EXPECT_EQ(NonZero(answered.get(), "missed"), Counts());
	sends.Signal(SIGINT);
	Outcome end = sends.Wait();
	EXPECT_EQ(end.exit, 0) << end.err;
	Json sent = ParseJson(end.out);
	ASSERT_TRUE(sent) << end.out;
	EXPECT_EQ(LedgerError(sent.get()), "");
	EXPECT_EQ(NonZero(sent.get(), "missed").count("wire_full"), 0u);
	EXPECT_EQ(place.Files(), std::set<std::string>());
}

TEST(FwdShm, ProgramsThatSleepMeetToo)
{
	Place place;
	FwdProcess sends({"--wait", "interrupt", "--peer", "1=02:00:00:00:00:0b", "--wire",
			  "0=gen:rate=1000", "--wire", "1=shm:lab", "sim:0.0", "sim:1.0"});
	Json answered =
	    RunJson({"--wait", "interrupt", "--mode", "swap", "--count", "200", "--card",
		     "0=mac=0:02:00:00:00:00:0b", "--wire", "0=shm:lab", "sim:0.0"});

	EXPECT_LT(20u, Count(answered.get(), "sleeps"));
	EXPECT_EQ(NonZero(answered.get(), "missed"), Counts());
	sends.Signal(SIGINT);
	Outcome end = sends.Wait();
	EXPECT_EQ(end.exit, 0) << end.err;
}

TEST(FwdShm, ABadNameIsAUsageError)
{
	Outcome run = RunFwd({"--wire", "0=shm:No/Name", "sim:0.0"});

	EXPECT_EQ(run.exit, 2);
	EXPECT_NE(run.err.find("no name for a hub"), std::string::npos) << run.err;
}

} // namespace
