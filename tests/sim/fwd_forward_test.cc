/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes out: frames, addresses, when a run ends. */
#include <algorithm>

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/sim/fwd_json.h"
#include "tests/sim/pcap_file.h"

namespace
{
const Frame kMac0 = {2, 0, 0, 0, 0, 0x11};
const Frame kMac1 = {2, 0, 0, 0, 1, 0x11};
const Frame kPeer = {2, 0, 0, 0, 9, 0x99};
const Frame kSource = {2, 0, 0, 0, 0, 0x22}; /* of MakeFrame() */

Frame Part(const Frame &frame, size_t from, size_t n)
{
	auto first = frame.begin() + static_cast<ptrdiff_t>(from);

	return Frame(first, first + static_cast<ptrdiff_t>(n));
}

Frame Dst(const Frame &frame)
{
	return Part(frame, 0, 6);
}

Frame Src(const Frame &frame)
{
	return Part(frame, 6, 6);
}

Frame Rest(const Frame &frame)
{
	return Part(frame, 12, frame.size() - 12);
}

class FwdForward : public testing::Test
{
      protected:
	/* @in through two cards with known addresses */
	Frames Through(const Frames &in, Args args)
	{
		WritePcap(dir_.File("in.pcap"), in);
		args.insert(args.end(),
			    {"--card", "0=mac=0:02:00:00:00:00:11,promisc,nospoof", "--card",
			     "1=mac=0:02:00:00:00:01:11,promisc,nospoof", "--wire",
			     "0=pcap-in:" + dir_.File("in.pcap"), "--wire",
			     "1=pcap-out:" + dir_.File("out.pcap"), "sim:0.0", "sim:1.0"});
		run_ = RunJson(args);
		return ReadPcap(dir_.File("out.pcap"));
	}

	TempDir dir_;
	Json run_;
};

TEST_F(FwdForward, IoLeavesFramesAsTheyAre)
{
	Frames in;

	for (size_t i = 0; i < 3000; i++)
		in.push_back(MakeFrame(60 + i % 1455, static_cast<uint8_t>(i), kPeer));
	EXPECT_EQ(Through(in, {"--mode", "io"}), in);
	EXPECT_EQ(Count(run_.get(), "offered"), 3000u);
	EXPECT_EQ(NonZero(run_.get(), "missed"), Counts());
	EXPECT_EQ(NonZero(run_.get(), "drops"), Counts());
}

TEST_F(FwdForward, IoLeavesFramesAsTheyAreWithAThreadedCard)
{
	Frames in;

	for (size_t i = 0; i < 3000; i++)
		in.push_back(MakeFrame(60 + i % 1455, static_cast<uint8_t>(i), kPeer));
	EXPECT_EQ(Through(in, {"--mode", "io", "--sim", "thread", "--ring", "4096"}), in);
}

TEST_F(FwdForward, MacSetsTheSourceOnly)
{
	Frame in = MakeFrame(100, 1, kMac0);
	Frames out = Through({in}, {});

	ASSERT_EQ(out.size(), 1u);
	EXPECT_EQ(Dst(out[0]), kMac0);
	EXPECT_EQ(Src(out[0]), kMac1);
	EXPECT_EQ(Rest(out[0]), Rest(in));
}

TEST_F(FwdForward, MacWithAPeerSetsBoth)
{
	Frame in = MakeFrame(100, 1, kMac0);
	Frames out = Through({in}, {"--peer", "1=02:00:00:00:09:99"});

	ASSERT_EQ(out.size(), 1u);
	EXPECT_EQ(Dst(out[0]), kPeer);
	EXPECT_EQ(Src(out[0]), kMac1);
	EXPECT_EQ(Rest(out[0]), Rest(in));
}

TEST_F(FwdForward, MacWithPeerAutoTakesThePartnersAddress)
{
	Frames out = Through({MakeFrame(100, 1, kPeer)}, {"--peer", "auto"});

	ASSERT_EQ(out.size(), 1u);
	EXPECT_EQ(Dst(out[0]), kMac0);
}

TEST_F(FwdForward, ANamedPeerWinsOverAuto)
{
	Frames out = Through({MakeFrame(100, 1, kPeer)},
			     {"--peer", "1=02:00:00:00:09:99", "--peer", "auto"});

	ASSERT_EQ(out.size(), 1u);
	EXPECT_EQ(Dst(out[0]), kPeer);
}

TEST_F(FwdForward, SwapExchangesTheAddresses)
{
	Frame in = MakeFrame(100, 1, kMac0);
	Frames out = Through({in}, {"--mode", "swap"});

	ASSERT_EQ(out.size(), 1u);
	EXPECT_EQ(Dst(out[0]), kSource);
	EXPECT_EQ(Src(out[0]), kMac0);
	EXPECT_EQ(Rest(out[0]), Rest(in));
}

TEST_F(FwdForward, AFrameOverSeveralBuffersIsRewrittenOnce)
{
	Frames in = {MakeFrame(9724, 1, kMac0), MakeFrame(60, 2, kMac0), MakeFrame(2049, 3, kMac0)};
	Frames out = Through(in, {"--mode", "swap", "--mtu", "9710", "--burst", "5"});

	ASSERT_EQ(out.size(), in.size());
	for (size_t i = 0; i < in.size(); i++) {
		EXPECT_EQ(Src(out[i]), kMac0);
		EXPECT_EQ(Rest(out[i]), Rest(in[i])) << i;
	}
}

TEST_F(FwdForward, AShortFrameIsPaddedWithZeros)
{
	Frame in = MakeFrame(20, 1, kMac0);
	Frames out = Through({in}, {"--mode", "io"});

	in.resize(60);
	EXPECT_EQ(out, Frames{in});
}

struct Lengths {
	const char *mtu;
	Counts missed;
	std::vector<size_t> out;
};

/* A tag's 4 bytes of room are there also for frames without one: 1515 passes with an MTU of 1500.
 */
TEST_F(FwdForward, EachLengthOfACaptureIsSentOrNamed)
{
	const Lengths cases[] = {
	    {"1500", {{"undersize", 2}, {"oversize", 2}}, {60, 60, 1514, 1515}},
	    {"9710", {{"undersize", 2}, {"oversize", 1}}, {60, 60, 1514, 1515, 9724}},
	};

	for (const Lengths &expected : cases) {
		Frames in;
		std::vector<size_t> lengths;

		for (size_t bytes : {0, 1, 59, 60, 1514, 1515, 9724, 9725})
			in.push_back(MakeFrame(bytes, 1, kMac0));
		for (const Frame &frame : Through(in, {"--mode", "io", "--mtu", expected.mtu}))
			lengths.push_back(frame.size());
		EXPECT_EQ(lengths, expected.out);
		EXPECT_EQ(NonZero(run_.get(), "missed"), expected.missed);
		EXPECT_EQ(NonZero(run_.get(), "drops"), Counts());
	}
}

TEST_F(FwdForward, EachBurstSizeForwardsAll)
{
	Frames in;

	for (size_t i = 0; i < 600; i++)
		in.push_back(MakeFrame(60, static_cast<uint8_t>(i), kMac0));
	for (const char *burst : {"1", "2", "7", "64", "256"})
		EXPECT_EQ(Through(in, {"--mode", "io", "--burst", burst}), in) << burst;
}

TEST_F(FwdForward, SameInputSameResultWhenInline)
{
	Frames in;

	for (size_t i = 0; i < 600; i++)
		in.push_back(MakeFrame(60, static_cast<uint8_t>(i), kMac0));
	Through(in, {"--mode", "io", "--sim", "inline"});
	Json first = run_;
	Through(in, {"--mode", "io", "--sim", "inline"});
	EXPECT_TRUE(cJSON_Compare(cJSON_GetObjectItemCaseSensitive(first.get(), "burst_histogram"),
				  cJSON_GetObjectItemCaseSensitive(run_.get(), "burst_histogram"),
				  true));
}

TEST(FwdPairs, AnOddLastPortSendsBack)
{
	Json run =
	    RunJson({"--mode", "swap", "--wire", "0=gen:count=300", "--wire", "0=sink", "sim:0.0"});

	EXPECT_EQ(Count(run.get(), "tx_packets"), 300u);
	EXPECT_EQ(NonZero(run.get(), "drops"), Counts());
}

TEST(FwdPairs, FivePortsAreTwoPairsAndOne)
{
	Json run =
	    RunJson({"--wire", "0=gen:count=100", "--wire", "3=gen:count=200", "--wire",
		     "4=gen:count=300", "sim:0.0", "sim:1.0", "sim:2.0", "sim:3.0", "sim:4.0"});
	const cJSON *ports = cJSON_GetObjectItemCaseSensitive(run.get(), "ports");
	const uint64_t sent[] = {0, 100, 200, 0, 300};

	for (int i = 0; i < 5; i++)
		EXPECT_EQ(Count(cJSON_GetArrayItem(ports, i), "tx_packets"), sent[i]) << i;
}

TEST(FwdPairs, ACableJoinsTwoPairs)
{
	Json run = RunJson({"--sim", "inline", "--mode", "mac", "--peer", "1=02:00:00:00:02:11",
			    "--card", "2=mac=0:02:00:00:00:02:11", "--wire", "0=gen:count=5000",
			    "--wire", "1=cable:2", "sim:0.0", "sim:1.0", "sim:2.0", "sim:3.0"});

	/* into card 0, and out of card 1 into card 2 */
	EXPECT_EQ(Count(run.get(), "offered"), 10000u);
	EXPECT_EQ(Count(run.get(), "tx_packets"), 10000u);
	EXPECT_EQ(NonZero(run.get(), "missed"), Counts());
}

TEST(FwdPrime, SetsALoopOnOneCardGoing)
{
	Json run = RunJson(
	    {"--prime", "16:128", "--peer", "auto", "--count", "5000", "sim:0.0", "sim:0.1"});

	EXPECT_EQ(Count(run.get(), "created"), 16u);
	EXPECT_GE(Count(run.get(), "tx_packets"), 5000u);
	EXPECT_EQ(NonZero(run.get(), "missed"), Counts());
	EXPECT_EQ(NonZero(run.get(), "drops"), (Counts{{"not_drained", 16}}));
}

TEST(FwdPrime, TakesFramesOfSeveralBuffers)
{
	Json run = RunJson({"--prime", "4:9728", "--mtu", "9710", "--peer", "auto", "--count",
			    "100", "sim:0.0", "sim:0.1"});

	EXPECT_EQ(Count(run.get(), "created"), 4u);
	EXPECT_EQ(NonZero(run.get(), "drops"), (Counts{{"not_drained", 4}}));
}

TEST(FwdPrime, TakesMoreFramesThanTheRingHolds)
{
	Json run = RunJson({"--prime", "500:64", "--ring", "64", "--duration", "0.2", "--wire",
			    "0=sink", "sim:0.0"});

	EXPECT_EQ(Count(run.get(), "created"), 500u);
	EXPECT_EQ(Count(run.get(), "tx_packets"), 500u);
}

TEST(FwdEnd, CountIsExact)
{
	Json run = RunJson({"--count", "1001", "--wire", "0=gen:count=5000", "--wire", "1=sink",
			    "sim:0.0", "sim:1.0"});

	EXPECT_EQ(Count(run.get(), "tx_packets"), 1001u);
}

TEST(FwdEnd, DurationEndsARunWithoutTraffic)
{
	Json run = RunJson({"--duration", "0.2", "sim:0.0", "sim:1.0"});
	double seconds = cJSON_GetObjectItemCaseSensitive(run.get(), "duration_s")->valuedouble;

	EXPECT_GE(seconds, 0.2);
}

TEST(FwdEnd, CtrlCEndsWithASummary)
{
	for (int number : {SIGINT, SIGTERM}) {
		FwdProcess fwd({"--interval", "0.05", "--wire", "0=gen:rate=10000", "--wire",
				"1=sink", "sim:0.0", "sim:1.0"});

		ASSERT_TRUE(fwd.WaitForOutput("\n"));
		fwd.Signal(number);
		Outcome run = fwd.Wait();
		EXPECT_EQ(run.exit, 0) << run.err;
		EXPECT_NE(run.out.find("ledger: balanced"), std::string::npos) << run.out;
	}
}

TEST(FwdEnd, CloseWhileTrafficRunsLosesNothingUncounted)
{
	RunJson({"--duration", "0.1", "--mode", "swap", "--card", "1=nospoof", "--wire", "0=gen",
		 "--wire", "1=sink", "sim:0.0", "sim:1.0"});
	RunJson({"--duration", "0.1", "--sim", "thread", "--wire", "0=gen", "--wire", "1=sink",
		 "sim:0.0", "sim:1.0"});
}

TEST(FwdEnd, AnEmptyCaptureEndsAtOnce)
{
	TempDir dir;

	WritePcap(dir.File("in.pcap"), {});
	Json run = RunJson({"--wire", "0=pcap-in:" + dir.File("in.pcap"), "sim:0.0"});
	EXPECT_EQ(Count(run.get(), "offered"), 0u);
}

TEST(FwdLive, PrintsALinePerInterval)
{
	Outcome run = RunFwd(
	    {"--interval", "0.1", "--duration", "0.5", "--wire", "0=gen:rate=1000", "sim:0.0"});
	size_t table = run.out.find("Mpps in"), ports = run.out.find("received");

	ASSERT_NE(table, std::string::npos) << run.out;
	ASSERT_NE(ports, std::string::npos) << run.out;
	EXPECT_GE(std::count(run.out.begin() + static_cast<ptrdiff_t>(table),
			     run.out.begin() + static_cast<ptrdiff_t>(ports), '\n'),
		  3);
}

unsigned int FirstCore()
{
	cpu_set_t cores;
	unsigned int core = 0;

	EXPECT_EQ(sched_getaffinity(0, sizeof(cores), &cores), 0);
	while (!CPU_ISSET(core, &cores))
		core++;
	return core;
}

TEST(FwdCores, PinsToOneCore)
{
	FwdProcess fwd({"--cores", std::to_string(FirstCore()), "sim:0.0"});

	EXPECT_TRUE(fwd.WaitForPin());
	fwd.Signal(SIGINT);
	EXPECT_EQ(fwd.Wait().exit, 0);
}

TEST(FwdQuiet, GivesAHintAfterThreeSeconds)
{
	Outcome run = RunFwd({"--duration", "3.2", "sim:0.0"});

	EXPECT_EQ(run.exit, 0);
	EXPECT_EQ(run.err.find("hint: no frame for 3 s"), 0u) << run.err;
}

TEST(ExampleForward, RunsUntilCtrlC)
{
	FwdProcess forward({}, VFNET_FORWARD);

	ASSERT_TRUE(forward.WaitForHandler(SIGINT));
	usleep(200000);
	forward.Signal(SIGINT);
	Outcome run = forward.Wait();
	EXPECT_EQ(run.exit, 0) << run.err;
	EXPECT_NE(run.out.find("sim:1.0: 0 received, "), std::string::npos) << run.out;
	EXPECT_EQ(run.out.find("sim:0.0: 0 received"), std::string::npos) << run.out;
}

TEST(ExampleForward, SaysWhyItCannotOpenADevice)
{
	Outcome run = FwdProcess({"sim:0.0", "sim:0.0"}, VFNET_FORWARD).Wait();

	EXPECT_EQ(run.exit, 1);
	EXPECT_NE(run.err.find("sim:0.0"), std::string::npos) << run.err;
}
} // namespace
