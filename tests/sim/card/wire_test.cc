/* SPDX-License-Identifier: BSD-2-Clause */
/* gen, sink, pcap-in and pcap-out. */
#include <algorithm>

#include "tests/sim/card/capture.h"

using namespace guest;

namespace
{

uint64_t Number(const Bytes &frame)
{
	uint64_t number = 0;

	for (size_t i = 42; i < 50; i++)
		number = number << 8 | frame.at(i);
	return number;
}

uint16_t Be16(const Bytes &frame, size_t at)
{
	return static_cast<uint16_t>(frame.at(at) << 8 | frame.at(at + 1));
}

TEST(Gen, WaitsForStartAndEndsAtStop)
{
	Machine m;

	m.Wire(0, "gen");
	Function f(m, "0.0");
	f.Up(kMacA);
	m.Step();
	EXPECT_EQ(m.Counters(0).in_packets, 0u);
	EXPECT_FALSE(vfnet_sim_sources_done(m.sim));
	vfnet_sim_start(m.sim);
	EXPECT_EQ(m.Step(5), 5u);
	EXPECT_EQ(m.Counters(0).in_packets, 5u);
	EXPECT_FALSE(vfnet_sim_sources_done(m.sim));
	vfnet_sim_stop(m.sim);
	EXPECT_EQ(m.Step(5), 0u);
	EXPECT_TRUE(vfnet_sim_sources_done(m.sim));
}

TEST(Gen, SendsNumberedUdpFramesToTheFirstOpenFunction)
{
	Machine m;

	m.Wire(0, "gen:size=64,count=40");
	Function other(m, "0.6");
	Function f(m, "0.3");
	f.Up(kMacA);
	other.Up(kMacB);
	vfnet_sim_start(m.sim);
	m.Step();
	EXPECT_TRUE(vfnet_sim_sources_done(m.sim));
	for (uint64_t i = 0; i < 40; i++) {
		Received got = f.Receive();

		ASSERT_EQ(got.data.size(), 60u);
		EXPECT_EQ(Number(got.data), i);
		EXPECT_EQ(got.types, 0x210u);
		EXPECT_TRUE(std::equal(kMacA.begin(), kMacA.end(), got.data.begin()));
		EXPECT_EQ(Be16(got.data, 16), 46); /* IP total length */
		EXPECT_EQ(Be16(got.data, 38), 26); /* UDP length */
		EXPECT_EQ(Be16(got.data, 40), 0);  /* no UDP checksum */
	}
	EXPECT_EQ(f.Receive().n_desc, 0u);
	EXPECT_EQ(other.Receive().n_desc, 0u);
}

TEST(Gen, HasNoDestinationUntilAFunctionHasAnAddress)
{
	Machine m;

	m.Wire(0, "gen");
	vfnet_sim_start(m.sim);
	EXPECT_EQ(m.Step(), 0u);
	Function f(m, "0.0");
	f.Reset();
	EXPECT_EQ(m.Step(), 0u);
	f.SetMac(kMacA);
	f.RxUp(64);
	m.Step(10);
	f.SetMac(kMacB);
	while (f.Receive().n_desc)
		;
	m.Step(1);
	EXPECT_EQ(f.Receive().data.at(5), 0xbb) << "follows the address";
}

TEST(Gen, TakesAddressesSizeAndFlowsFromItsOptions)
{
	Machine m;

	m.Wire(0, "gen:dst=02:00:00:00:00:aa,src=02:00:00:00:00:99,size=9728,flows=3,count=7");
	Function f(m, "0.0");
	f.Up(kMacA);
	f.Ask({IGBVF_MSG_SET_LPE, 9728});
	vfnet_sim_start(m.sim);
	m.Step();
	for (unsigned int i = 0; i < 7; i++) {
		Received got = f.Receive();

		ASSERT_EQ(got.data.size(), 9724u);
		EXPECT_EQ(got.data[11], 0x99);
		EXPECT_EQ(Be16(got.data, 34), 49152 + i % 3);
	}
}

TEST(Gen, DoesNotWaitForDescriptors)
{
	Machine m;

	m.Wire(0, "gen:count=1000");
	Function f(m, "0.0");
	f.Up(kMacA, 64);
	vfnet_sim_start(m.sim);
	while (!vfnet_sim_sources_done(m.sim))
		m.Step();
	EXPECT_EQ(f.Rd(IGBVF_VFGPRC), 63u);
	EXPECT_EQ(f.Rd(IGBVF_RQDPC), 1000u - 63u);
}

TEST(Gen, RateFollowsTheClock)
{
	Machine m;

	m.Wire(0, "gen:rate=1000");
	Function f(m, "0.0");
	f.Up(kMacA, 64);
	vfnet_sim_start(m.sim);
	m.Step();
	uint64_t before = m.Counters(0).in_packets;
	EXPECT_GE(before, 1u);
	inside_skip_ns(m.sim, 20000000);
	m.Step();
	EXPECT_GE(m.Counters(0).in_packets, before + 20);
	inside_skip_ns(m.sim, 10000000000);
	before = m.Counters(0).in_packets;
	EXPECT_EQ(m.Step(64), 64u) << "what is late comes a budget at a time";
	for (int i = 0; i < 10; i++)
		m.Step(64);
	EXPECT_LT(m.Counters(0).in_packets, before + 1000) << "and not all of it";
}

TEST(Gen, WhatIsTooLateIsLeftOut)
{
	Machine m;

	m.Wire(0, "gen:rate=1");
	Function f(m, "0.0");
	f.Up(kMacA, 64);
	vfnet_sim_start(m.sim);
	m.Step();
	for (uint64_t before : {1u, 257u, 513u}) {
		inside_skip_ns(m.sim, 1000000000000);
		for (int i = 0; i < 20; i++)
			m.Step(64);
		EXPECT_GE(m.Counters(0).in_packets, before + 256);
		EXPECT_LE(m.Counters(0).in_packets, before + 266) << "and what became due here";
	}
}

TEST(GenInline, LeavesAForwarderThatPollsTooOftenAChance)
{
	Machine m(VFNET_SIM_INLINE);

	m.Wire(0, "gen");
	Function f(m, "0.0");
	f.Up(kMacA, 256);
	vfnet_sim_start(m.sim);
	/* three steps for every burst of 32 */
	for (int i = 0; i < 1000; i++) {
		f.Move();
		f.Move();
		f.Move();
		for (int k = 0; k < 32; k++)
			f.Receive();
	}
	EXPECT_GE(f.Rd(IGBVF_VFGPRC), 20000u);
	EXPECT_EQ(f.Rd(IGBVF_RQDPC), 0u);
	/* who does not receive loses frames */
	for (int i = 0; i < 1000; i++)
		f.Move();
	EXPECT_GT(f.Rd(IGBVF_RQDPC), 0u);
}

TEST(PcapIn, WaitsForDescriptors)
{
	TempFile file;
	Machine m;
	std::vector<Bytes> frames;

	for (uint8_t i = 0; i < 100; i++)
		frames.push_back(Frame(kMacA, kStranger, 60 + i, i));
	WriteCapture(file.path, frames);
	m.Wire(0, "pcap-in:" + file.path);
	Function f(m, "0.0");
	f.Up(kMacA, 8);
	vfnet_sim_start(m.sim);
	m.Step();
	m.Step();
	EXPECT_EQ(m.Counters(0).in_packets, 7u);
	EXPECT_FALSE(vfnet_sim_sources_done(m.sim));
	for (const auto &frame : frames) {
		ASSERT_EQ(f.Receive().data, frame);
		m.Step();
	}
	EXPECT_TRUE(vfnet_sim_sources_done(m.sim));
	EXPECT_EQ(f.Rd(IGBVF_RQDPC), 0u);
}

TEST(PcapIn, WaitsForAllOfABroadcastsReceivers)
{
	TempFile file;
	Machine m;

	WriteCapture(file.path, std::vector<Bytes>(10, Frame(kBroadcast, kStranger, 60)));
	m.Wire(0, "pcap-in:" + file.path);
	Function a(m, "0.0");
	Function b(m, "0.1");
	a.Up(kMacA, 64);
	b.Up(kMacB, 8);
	vfnet_sim_start(m.sim);
	m.Step();
	EXPECT_EQ(a.Rd(IGBVF_VFGPRC), 7u);
	EXPECT_EQ(b.Rd(IGBVF_VFGPRC), 7u);
}

TEST(PcapIn, DoesNotWaitWhereDescriptorsDoNotHelp)
{
	TempFile file;
	Machine m;

	/* with CRC one byte more than is let in; more than the ring takes; one more that fits */
	WriteCapture(file.path, {Frame(kMacA, kStranger, 9725), Frame(kMacA, kStranger, 9724),
				 Frame(kMacA, kStranger, 60)});
	m.Wire(0, "pcap-in:" + file.path);
	Function f(m, "0.0");
	f.Reset();
	f.SetMac(kMacA);
	f.Ask({IGBVF_MSG_SET_LPE, 9728});
	f.RxUp(8, 1);
	vfnet_sim_start(m.sim);
	m.Step();
	EXPECT_TRUE(vfnet_sim_sources_done(m.sim));
	EXPECT_EQ(f.Missed(VFNET_MISSED_oversize), 1u);
	EXPECT_EQ(f.Rd(IGBVF_RQDPC), 1u);
	EXPECT_EQ(f.Rd(IGBVF_VFGPRC), 1u);
}

class BadCapture : public ::testing::Test
{
      protected:
	std::string Refused()
	{
		vfnet_err err = {};

		EXPECT_EQ(vfnet_sim_wire(m.sim, 0, ("pcap-in:" + file.path).c_str(), &err),
			  -EINVAL);
		EXPECT_NE(std::string(err.text).find(file.path), std::string::npos) << err.text;
		return err.text;
	}
	void Overwrite(const std::string &content)
	{
		std::ofstream(file.path, std::ios::binary | std::ios::trunc) << content;
	}
	TempFile file;
	Machine m;
};

TEST_F(BadCapture, EmptyFile)
{
	EXPECT_NE(Refused().find("no capture"), std::string::npos);
}

TEST_F(BadCapture, AnotherKindOfFile)
{
	Overwrite("This is a text, and longer than the header of a capture file would be.\n");
	EXPECT_NE(Refused().find("no capture"), std::string::npos);
}

TEST_F(BadCapture, HeaderCut)
{
	WriteCapture(file.path, {});
	Overwrite(ReadAll(file.path).substr(0, 20));
	EXPECT_NE(Refused().find("no capture"), std::string::npos);
}

TEST_F(BadCapture, LastRecordCut)
{
	WriteCapture(file.path, std::vector<Bytes>(3, Frame(kMacA, kMacB, 100)));
	const std::string whole = ReadAll(file.path);

	for (size_t cut : {1, 99, 100, 115}) {
		Overwrite(whole.substr(0, whole.size() - cut));
		EXPECT_NE(Refused().find("after frame 2"), std::string::npos) << cut;
	}
	Overwrite(whole.substr(0, whole.size() - 116));
	EXPECT_EQ(vfnet_sim_wire(m.sim, 0, ("pcap-in:" + file.path).c_str(), nullptr), 0);
}

TEST_F(BadCapture, FrameCapturedInPart)
{
	WriteCapture(file.path, std::vector<Bytes>(3, Frame(kMacA, kMacB, 100)), DLT_EN10MB, 1);
	EXPECT_NE(Refused().find("frame 1 was captured in part, 99 of 100"), std::string::npos);
}

TEST_F(BadCapture, NotEthernet)
{
	WriteCapture(file.path, {}, DLT_RAW);
	EXPECT_NE(Refused().find("only Ethernet"), std::string::npos);
}

TEST(PcapIn, AnEmptyCaptureIsDoneAtOnce)
{
	TempFile file;
	Machine m;

	WriteCapture(file.path, {});
	m.Wire(0, "pcap-in:" + file.path);
	EXPECT_TRUE(vfnet_sim_sources_done(m.sim));
}

TEST(PcapOut, IsReadableAfterStopAlsoWhatLeavesLater)
{
	TempFile file;
	Machine m;

	m.Wire(0, "pcap-out:" + file.path);
	Function f(m, "0.0");
	f.Up(kMacA);
	f.Send(Frame(kStranger, kMacA, 60));
	m.Step();
	f.Send(Frame(kStranger, kMacA, 61));
	vfnet_sim_stop(m.sim);
	EXPECT_EQ(ReadCapture(file.path).size(), 1u);
	m.Step();
	EXPECT_EQ(ReadCapture(file.path).size(), 2u);
}

TEST(PcapOut, AFullDiskIsSaidOnce)
{
	Log log;
	{
		Machine m;

		m.Wire(0, "pcap-out:/dev/full");
		Function f(m, "0.0");
		f.Up(kMacA);
		f.Send(Frame(kStranger, kMacA, 60));
		m.Step();
		vfnet_sim_stop(m.sim);
		vfnet_sim_stop(m.sim);
		EXPECT_EQ(m.log.Count("not complete"), 1u);
	}
}

TEST(Sink, CountsWhatTheCardSends)
{
	Machine m;

	m.Wire(2, "sink");
	Function f(m, "2.0");
	f.Up(kMacA);
	for (size_t len = 60; len < 70; len++)
		f.Send(Frame(kStranger, kMacA, len));
	m.Step();
	EXPECT_EQ(m.Counters(2).out_packets, 10u);
	EXPECT_EQ(m.Counters(2).out_bytes, 645u);
}

} // namespace
