/* SPDX-License-Identifier: BSD-2-Clause */
/* The mailbox, and the physical function behind it: 82576-vf.md §3, §4. */
#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

constexpr uint32_t kCts = IGBVF_MSG_CTS;
constexpr uint32_t kAck = IGBVF_MSG_ACK;
constexpr uint32_t kNack = IGBVF_MSG_NACK;

TEST(Mailbox, FirstReadSeesResetDoneAndClearsIt)
{
	Machine m;
	Function f(m, "0.0");

	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_RSTD);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), 0u);
}

TEST(Mailbox, ResetWithoutAnAddressIsNackedAndStillDone)
{
	Machine m;
	Function f(m, "0.0");

	EXPECT_EQ(f.Reset(), IGBVF_MSG_RESET | kNack);
	EXPECT_EQ(f.reply[1], 0u);
	EXPECT_EQ(f.reply[2], 0u);
	EXPECT_EQ(f.SetMac(kMacA), IGBVF_MSG_SET_MAC | kCts | kAck);
}

TEST(Mailbox, OneReadClearsStatusAndAckTogether)
{
	Machine m;
	Function f(m, "0.0");

	f.Rd(IGBVF_V2PMAILBOX);
	f.Wr(IGBVF_VMBMEM, IGBVF_MSG_RESET);
	f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_REQ);
	m.Step();
	m.Step();
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_PFSTS | IGBVF_V2PMAILBOX_PFACK);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), 0u);
}

TEST(Mailbox, AnAddressSetByTheFunctionIsForgottenAtItsReset)
{
	Machine m;
	Function f(m, "0.0");

	f.Reset();
	f.SetMac(kMacA);
	EXPECT_EQ(f.Reset(), IGBVF_MSG_RESET | kNack);
}

TEST(Mailbox, AnAdministratorsAddressIsToldAndCannotBeChanged)
{
	Machine m;

	m.Card(0, "mac=0:02:00:00:00:00:aa");
	Function f(m, "0.0");
	Function other(m, "0.1");

	EXPECT_EQ(f.Reset(), IGBVF_MSG_RESET | kAck);
	EXPECT_EQ(f.reply[1], 0x00000002u);
	EXPECT_EQ(f.reply[2], 0x0000aa00u);
	EXPECT_EQ(f.SetMac(kMacB), IGBVF_MSG_SET_MAC | kCts | kNack);
	EXPECT_EQ(f.Reset(), IGBVF_MSG_RESET | kAck);
	EXPECT_EQ(other.Reset(), IGBVF_MSG_RESET | kNack);
}

TEST(Mailbox, BadAddressesAreRefused)
{
	Machine m;
	Function f(m, "0.0");

	f.Reset();
	EXPECT_EQ(f.SetMac(Mac{}), IGBVF_MSG_SET_MAC | kCts | kNack);
	EXPECT_EQ(f.SetMac(kBroadcast), IGBVF_MSG_SET_MAC | kCts | kNack);
}

TEST(Mailbox, RequestsBeforeResetMeetSilenceAndANackEveryTwoSeconds)
{
	Machine m;
	Function f(m, "0.0");

	m.Step();
	EXPECT_EQ(f.SetMac(kMacA), Function::kNone);
	EXPECT_TRUE(f.seen & IGBVF_V2PMAILBOX_PFACK);
	inside_skip_ns(m.sim, 2100000000);
	EXPECT_EQ(f.SetMac(kMacA), IGBVF_MSG_SET_MAC | kNack);
	EXPECT_EQ(f.SetMac(kMacA), Function::kNone);
}

TEST(Mailbox, OnlyTheExactWordIsAReset)
{
	Machine m;
	Function f(m, "0.0");

	f.Reset();
	EXPECT_EQ(f.Ask({IGBVF_MSG_RESET | 1u << 16}), IGBVF_MSG_RESET | 1u << 16 | kCts | kNack);
}

TEST(Mailbox, AReplyLeftInTheWordsIsIgnored)
{
	Machine m;
	Function f(m, "0.0");

	f.Reset();
	EXPECT_EQ(f.Ask({IGBVF_MSG_SET_LPE | kAck, 9000}), Function::kNone);
	EXPECT_TRUE(f.seen & IGBVF_V2PMAILBOX_PFACK);
}

TEST(Mailbox, TheWordsHaveOneOwner)
{
	Machine m;
	Function f(m, "0.0");

	f.Rd(IGBVF_V2PMAILBOX);
	f.Wr(IGBVF_VMBMEM, IGBVF_MSG_RESET);
	/* a function that keeps the words holds the physical one up */
	f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_REQ | IGBVF_V2PMAILBOX_VFU);
	m.Step();
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_VFU);
	f.Wr(IGBVF_V2PMAILBOX, 0);
	m.Step();
	/* read, not yet answered: VFU does not stick */
	f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_VFU);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_PFU | IGBVF_V2PMAILBOX_PFACK);
	m.Step();
	f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_VFU);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_VFU | IGBVF_V2PMAILBOX_PFSTS);
}

TEST(Mailbox, AResetEndsAnAnswerThatIsUnderWay)
{
	Machine m;
	Function f(m, "0.0");

	f.Rd(IGBVF_V2PMAILBOX);
	f.Wr(IGBVF_VMBMEM, IGBVF_MSG_RESET);
	f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_REQ);
	m.Step();
	f.Wr(IGBVF_VTCTRL, IGBVF_VTCTRL_RST);
	m.Step();
	m.Step();
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), 0u);
}

TEST(Mailbox, WhatIgbDoesNotKnowIsRefused)
{
	Machine m;
	Function f(m, "0.0");

	f.Reset();
	EXPECT_EQ(f.Ask({0x7777}), 0x7777u | kCts | kNack);
	EXPECT_EQ(f.Ask({IGBVF_MSG_SET_MAC | 3u << 16, 0x02, 0xcc00}),
		  IGBVF_MSG_SET_MAC | 3u << 16 | kCts | kNack);
}

TEST(Mailbox, UnicastPromiscuityIsRefusedMulticastIsNot)
{
	Machine m;
	Function f(m, "0.0");

	f.Reset();
	/* igb takes the bit that it served out of its answer */
	EXPECT_EQ(f.Ask({IGBVF_MSG_SET_PROMISC | 2u << 16}), IGBVF_MSG_SET_PROMISC | kCts | kAck);
	EXPECT_EQ(f.Ask({IGBVF_MSG_SET_PROMISC | 1u << 16}),
		  IGBVF_MSG_SET_PROMISC | 1u << 16 | kCts | kNack);
}

TEST(Mailbox, FunctionsHaveTheirOwnWords)
{
	Machine m;
	Function a(m, "0.0");
	Function b(m, "0.6");

	a.Wr(IGBVF_VMBMEM + 60, 0x12345678);
	EXPECT_EQ(a.Rd(IGBVF_VMBMEM + 60), 0x12345678u);
	EXPECT_EQ(b.Rd(IGBVF_VMBMEM + 60), 0u);
	EXPECT_EQ(b.Reset(), IGBVF_MSG_RESET | kNack);
}

TEST(Mailbox, WhenThePhysicalFunctionIsDownResetNeverEnds)
{
	Machine m;

	m.Card(0, "down");
	Function f(m, "0.0");

	EXPECT_EQ(f.Rd(IGBVF_STATUS) & IGBVF_STATUS_LU, 0u);
	EXPECT_EQ(f.Reset(), Function::kNone);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_RSTI);
}

} // namespace
