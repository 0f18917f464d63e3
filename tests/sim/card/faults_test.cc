/* SPDX-License-Identifier: BSD-2-Clause */
/* Misfortunes that a card was told to have happen when they were ordered, and not otherwise. */
#include <sys/eventfd.h>

#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

constexpr uint64_t kMs = 1000000;
constexpr uint32_t kCts = IGBVF_MSG_CTS;

bool HasLink(Function &f)
{
	return f.Rd(IGBVF_STATUS) & IGBVF_STATUS_LU;
}

/* RSTI or RSTD, whichever it shows now */
uint32_t ResetBits(Function &f)
{
	return f.Rd(IGBVF_V2PMAILBOX) & (IGBVF_V2PMAILBOX_RSTI | IGBVF_V2PMAILBOX_RSTD);
}

void Pass(Machine &m, uint64_t ms)
{
	inside_skip_ns(m.sim, ms * kMs);
	m.Step();
}

TEST(Faults, AResetEveryTenSecondsAndDownForThree)
{
	Machine m;

	m.Card(0, "reset=10000,outage=3000");
	Function f(m, "0.0");
	f.Reset();
	Pass(m, 60000);
	EXPECT_EQ(ResetBits(f), 0u) << "not before the start";
	vfnet_sim_start(m.sim);
	m.Step();
	for (int i = 0; i < 3; i++) {
		Pass(m, 9000);
		EXPECT_EQ(ResetBits(f), 0u) << i;
		Pass(m, 1100);
		EXPECT_EQ(ResetBits(f), IGBVF_V2PMAILBOX_RSTI) << i;
		EXPECT_FALSE(HasLink(f));
		Pass(m, 2000);
		EXPECT_EQ(ResetBits(f), IGBVF_V2PMAILBOX_RSTI) << i;
		Pass(m, 1000);
		EXPECT_EQ(ResetBits(f), IGBVF_V2PMAILBOX_RSTD) << i;
		EXPECT_TRUE(HasLink(f));
	}
	Pass(m, 10000);
	vfnet_sim_stop(m.sim);
	EXPECT_EQ(ResetBits(f), IGBVF_V2PMAILBOX_RSTI);
	Pass(m, 3100);
	EXPECT_EQ(ResetBits(f), IGBVF_V2PMAILBOX_RSTD) << "an outage has its end";
	Pass(m, 60000);
	EXPECT_EQ(ResetBits(f), 0u);
}

TEST(Faults, TheLinkFlapsAndIsUpInTheEnd)
{
	Machine m;

	m.Card(0, "flap=1000");
	Function f(m, "0.0");
	Function other(m, "1.0");
	vfnet_sim_start(m.sim);
	m.Step();
	for (int i = 0; i < 5; i++) {
		Pass(m, 1100);
		EXPECT_EQ(HasLink(f), i % 2 != 0) << i;
		EXPECT_TRUE(HasLink(other));
	}
	vfnet_sim_stop(m.sim);
	m.Step();
	EXPECT_TRUE(HasLink(f));
	EXPECT_EQ(ResetBits(f), IGBVF_V2PMAILBOX_RSTD) << "from the beginning; no reset since";
}

TEST(Faults, OneResetAtTheAccessThatWasNamed)
{
	Machine m;

	m.Card(0, "reset-at=5");
	Function f(m, "0.0");
	f.Rd(IGBVF_V2PMAILBOX);
	f.Wr(IGBVF_VTEIAC, 7);
	f.Rd(IGBVF_STATUS);
	EXPECT_EQ(f.Rd(IGBVF_VTEIAC), 7u);
	EXPECT_EQ(f.Rd(IGBVF_VTEIAC), 0u) << "the fifth";
	EXPECT_EQ(ResetBits(f), IGBVF_V2PMAILBOX_RSTD);
	f.Wr(IGBVF_VTEIAC, 7);
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(f.Rd(IGBVF_VTEIAC), 7u);
}

TEST(Faults, ACardThatIsGoneReadsAllOnesAndMovesNothing)
{
	Machine m;

	m.Card(0, "gone-at=200,mac=0:02:00:00:00:00:aa");
	m.Wire(0, "gen:count=10");
	Function f(m, "0.0");
	f.Reset();
	f.RxUp(64);
	for (int i = 0; i < 200; i++)
		f.Rd(IGBVF_STATUS);
	EXPECT_EQ(f.Rd(IGBVF_STATUS), IGBVF_GONE);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_GONE);
	f.Wr(IGBVF_VTEIAC, 7);
	vfnet_sim_start(m.sim);
	m.Step();
	m.Step();
	EXPECT_TRUE(f.Receive().data.empty());
	EXPECT_EQ(f.Missed(VFNET_MISSED_link_down), 10u);
}

void WireForFunction0(Machine &m)
{
	m.Card(0, "mac=0:02:00:00:00:00:aa");
	m.Wire(0, "gen:count=100");
}

/* 100 frames into 63 descriptors */
void Overrun(Machine &m, Function &f)
{
	f.Reset();
	f.RxUp(64);
	vfnet_sim_start(m.sim);
	while (!vfnet_sim_sources_done(m.sim))
		m.Step();
}

TEST(Faults, WhatAGoneCardMissedIsStillKnown)
{
	Machine m;

	WireForFunction0(m);
	Function f(m, "0.0");
	Overrun(m, f);
	EXPECT_EQ(f.Missed(VFNET_MISSED_no_descriptor), 0u) << "a register tells";
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_GONE), 0);
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_GONE), 0);
	EXPECT_EQ(f.Missed(VFNET_MISSED_no_descriptor), 37u) << "a ring of 64 holds 63";
}

bool Requested(Function &f)
{
	eventfd_t count;

	return eventfd_read(f.dev->ops->request_fd(f.dev), &count) == 0;
}

TEST(Faults, FunctionsThatAreWantedBackAreTold)
{
	Machine m;

	m.Card(0, "request-at=20");
	Function f(m, "0.0"), g(m, "0.1");
	EXPECT_FALSE(Requested(f) || Requested(g));
	for (int i = 0; i < 20; i++)
		f.Rd(IGBVF_STATUS);
	EXPECT_TRUE(Requested(f) && Requested(g));
	EXPECT_FALSE(Requested(f) || Requested(g)) << "once";
	EXPECT_NE(f.Rd(IGBVF_STATUS), IGBVF_GONE) << "until it is given back";
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_REQUEST), 0);
	EXPECT_TRUE(Requested(f));
}

TEST(Faults, WhatADetachedFunctionMissedIsStillKnown)
{
	Machine m;

	WireForFunction0(m);
	Function f(m, "0.0");
	Overrun(m, f);
	f.dev->ops->detach(f.dev);
	EXPECT_EQ(f.Missed(VFNET_MISSED_no_descriptor), 37u) << "a ring of 64 holds 63";
	EXPECT_EQ(f.Rd(IGBVF_STATUS), IGBVF_GONE);
}

TEST(Faults, EveryThirdReplyIsLost)
{
	Machine m;

	m.Card(0, "lose-reply=3");
	Function f(m, "0.0");
	EXPECT_EQ(f.Reset(), IGBVF_MSG_RESET | IGBVF_MSG_NACK);
	EXPECT_EQ(f.SetMac(kMacA), IGBVF_MSG_SET_MAC | kCts | IGBVF_MSG_ACK);
	EXPECT_EQ(f.SetMac(kMacA), Function::kNone);
	EXPECT_TRUE(f.seen & IGBVF_V2PMAILBOX_PFACK) << "it was read";
	EXPECT_EQ(f.SetMac(kMacA), IGBVF_MSG_SET_MAC | kCts | IGBVF_MSG_ACK);
}

TEST(Faults, ALateReplyTakesItsSteps)
{
	Machine m;

	m.Card(0, "late-reply=5");
	Function f(m, "0.0");
	f.Rd(IGBVF_V2PMAILBOX);
	f.Wr(IGBVF_VMBMEM, IGBVF_MSG_RESET);
	f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_REQ);
	for (int i = 0; i < 6; i++) {
		m.Step();
		EXPECT_FALSE(f.Rd(IGBVF_V2PMAILBOX) & IGBVF_V2PMAILBOX_PFSTS) << i;
	}
	m.Step();
	EXPECT_TRUE(f.Rd(IGBVF_V2PMAILBOX) & IGBVF_V2PMAILBOX_PFSTS);
}

TEST(Faults, EverySecondRequestMeetsAControlMessage)
{
	Machine m;

	m.Card(0, "ping=2");
	Function f(m, "0.0");
	EXPECT_EQ(f.Reset(), IGBVF_MSG_RESET | IGBVF_MSG_NACK);
	EXPECT_EQ(f.SetMac(kMacA), IGBVF_MSG_PF_CONTROL | kCts);
	EXPECT_FALSE(f.WaitMbox(0)) << "and no reply follows";
	EXPECT_FALSE(f.seen & IGBVF_V2PMAILBOX_PFACK);
	EXPECT_EQ(f.SetMac(kMacA), IGBVF_MSG_SET_MAC | kCts | IGBVF_MSG_ACK);
}

TEST(Faults, EverySecondInterruptIsLost)
{
	Machine m;

	m.Card(0, "lose-irq=2");
	Function f(m, "0.0");
	int fd[IGBVF_VECTORS] = {-1, -1, eventfd(0, EFD_NONBLOCK)};
	ASSERT_EQ(f.dev->ops->irq_set(f.dev, IGBVF_VECTORS, fd, nullptr), 0);
	f.Wr(IGBVF_VTEIAC, 7);
	f.Wr(IGBVF_VTEIMS, 7);
	for (int i = 0; i < 10; i++)
		f.Wr(IGBVF_VTEICS, 4);
	eventfd_t n = 0;
	EXPECT_EQ(eventfd_read(fd[2], &n), 0);
	EXPECT_EQ(n, 5u);
	f.dev->ops->irq_set(f.dev, 0, nullptr, nullptr);
	close(fd[2]);
}

TEST(Faults, QueuesAreSwitchedLate)
{
	Machine m;

	m.Card(0, "lag=4");
	Function f(m, "0.0");
	f.Wr(IGBVF_RXDCTL, 0);
	for (int i = 0; i < 4; i++) {
		m.Step();
		EXPECT_TRUE(f.Rd(IGBVF_RXDCTL) & IGBVF_RXDCTL_ENABLE) << i;
	}
	m.Step();
	EXPECT_FALSE(f.Rd(IGBVF_RXDCTL) & IGBVF_RXDCTL_ENABLE);
}

TEST(Faults, AQueueThatGoesOffLateStaysWhereItIs)
{
	Machine m;

	m.Card(0, "lag=4,nospoof");
	Function f(m, "0.0");
	ASSERT_NO_FATAL_FAILURE(f.Up(kMacA));
	/* once round the ring, so that there are frames in all of it */
	for (int i = 0; i < 100; i++) {
		f.Send(Frame(kStranger, kMacA, 60));
		m.Step();
	}
	uint32_t head = f.Rd(IGBVF_TDH);
	f.Wr(IGBVF_TXDCTL, 0);
	for (int i = 0; i < 4; i++) {
		m.Step();
		EXPECT_EQ(f.Rd(IGBVF_TDH), head) << i;
	}
	m.Step();
	EXPECT_FALSE(f.Rd(IGBVF_TXDCTL) & IGBVF_TXDCTL_ENABLE);
	EXPECT_EQ(f.Rd(IGBVF_TDT), 0u);
	EXPECT_EQ(m.Counters(0).out_packets, 100u);
}

TEST(Faults, CompletionsFollowFramesSlowly)
{
	Machine m;

	m.Card(0, "slow=5,nospoof");
	Function f(m, "0.0");
	ASSERT_NO_FATAL_FAILURE(f.Up(kMacA));
	for (int round = 0; round < 100; round++) {
		uint32_t at = f.Send(Frame(kStranger, kMacA, 60));
		m.Step();
		EXPECT_EQ(m.Counters(0).out_packets, static_cast<uint64_t>(round + 1));
		for (int i = 0; i < 5; i++) {
			EXPECT_FALSE(f.Sent(at)) << round << " " << i;
			m.Step();
		}
		EXPECT_TRUE(f.Sent(at)) << round;
	}
}

} // namespace
