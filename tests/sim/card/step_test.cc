/* SPDX-License-Identifier: BSD-2-Clause */
/* Who steps: manual, inline, thread; and that the same input gives the same result. */
#include <algorithm>

#include "tests/sim/card/capture.h"

using namespace guest;

namespace
{

/* A forwarder from 0.0 to 1.0 that sends every frame on, with a source of its own. */
void Forward(Function &in, Function &out)
{
	for (;;) {
		Received got = in.Receive();

		if (!got.n_desc)
			return;
		std::copy(kMacB.begin(), kMacB.end(), got.data.begin() + 6);
		uint32_t at = out.Send(got.data);
		for (int i = 0; i < 10000 && !out.Sent(at); i++)
			out.Move();
		ASSERT_TRUE(out.Sent(at));
	}
}

std::string Replay(enum vfnet_sim_mode mode)
{
	TempFile in;
	TempFile out;
	Machine m(mode);
	std::vector<Bytes> frames;

	for (unsigned int i = 0; i < 120; i++)
		frames.push_back(Frame(kMacA, kStranger, 60 + i, static_cast<uint8_t>(i)));
	WriteCapture(in.path, frames);
	m.Wire(0, "pcap-in:" + in.path);
	m.Wire(1, "pcap-out:" + out.path);
	Function a(m, "0.0");
	Function b(m, "1.0");
	a.Up(kMacA, 32);
	b.Up(kMacB, 32);
	vfnet_sim_start(m.sim);
	for (int i = 0; i < 100000 && m.Counters(1).out_packets < frames.size(); i++) {
		a.Move();
		Forward(a, b);
	}
	EXPECT_EQ(m.Counters(0).in_packets, 120u);
	EXPECT_EQ(m.Counters(1).out_packets, 120u);
	EXPECT_TRUE(vfnet_sim_sources_done(m.sim));
	vfnet_sim_stop(m.sim);
	EXPECT_EQ(ReadCapture(out.path).size(), 120u);
	return ReadAll(out.path);
}

TEST(Step, TheSameInputGivesTheSameFileInEveryMode)
{
	std::string first = Replay(VFNET_SIM_INLINE);

	EXPECT_EQ(Replay(VFNET_SIM_INLINE), first);
	EXPECT_EQ(Replay(VFNET_SIM_MANUAL), first);
	EXPECT_EQ(Replay(VFNET_SIM_THREAD), first);
}

TEST(Step, OnlyInlineHasProgressAndCountsItsCycles)
{
	Machine with(VFNET_SIM_INLINE);
	Machine without(VFNET_SIM_MANUAL);
	Function a(with, "0.0");
	Function b(without, "0.0");

	ASSERT_NE(a.dev->ops->progress, nullptr);
	EXPECT_EQ(b.dev->ops->progress, nullptr);
	a.dev->ops->progress(a.dev);
	without.Step();
	EXPECT_GT(vfnet_sim_cycles(with.sim), 0u);
	EXPECT_EQ(vfnet_sim_cycles(without.sim), 0u);
}

TEST(Step, AThreadForwardsWhatAGeneratorSends)
{
	Machine m(VFNET_SIM_THREAD);

	EXPECT_EQ(vfnet_sim_get_mode(m.sim), VFNET_SIM_THREAD);
	m.Wire(0, "gen:rate=20000,count=500");
	m.Wire(1, "sink");
	Function a(m, "0.0");
	Function b(m, "1.0");
	a.Up(kMacA, 512);
	b.Up(kMacB, 512);
	vfnet_sim_start(m.sim);
	for (int i = 0; i < 100000; i++) {
		Received got = a.Receive();

		if (got.n_desc) {
			std::copy(kMacB.begin(), kMacB.end(), got.data.begin() + 6);
			b.Send(got.data);
		} else if (vfnet_sim_sources_done(m.sim) &&
			   b.Rd(IGBVF_VFGPTC) + a.Rd(IGBVF_RQDPC) >= 500u) {
			break;
		} else {
			inside_sleep_us(50);
		}
	}
	EXPECT_EQ(m.Counters(1).out_packets, 500u);
}

TEST(Step, CardsCanBeUnpluggedWhileTheThreadSleeps)
{
	for (int i = 0; i < 10; i++) {
		Machine m(VFNET_SIM_THREAD);
		Function f(m, "0.0");

		f.Reset();
		if (i % 2)
			inside_sleep_us(3000);
	}
}

TEST(Step, TwoSetsOfCardsShareNothing)
{
	Machine one;
	Machine two;

	one.Card(0, "down");
	Function a(one, "0.0");
	Function b(two, "0.0");
	EXPECT_FALSE(a.Rd(IGBVF_STATUS) & IGBVF_STATUS_LU);
	EXPECT_TRUE(b.Rd(IGBVF_STATUS) & IGBVF_STATUS_LU);
	EXPECT_EQ(b.Reset(), IGBVF_MSG_RESET | IGBVF_MSG_NACK);
}

} // namespace
