/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of the software 82576: causes, masks, and what happens to a card that causes them. */
#include <sys/eventfd.h>

#include "tests/sim/card/guest.h"

using namespace guest;

namespace
{

constexpr uint32_t kMiscTo2 = 0x82;

/* A function with an eventfd on each vector. */
class Irq : public ::testing::Test
{
      protected:
	Machine m;
	Function f{m, "0.0"};
	std::array<int, IGBVF_VECTORS> fd;

	void SetUp() override
	{
		struct vfnet_err err = {};

		for (int &one : fd)
			ASSERT_LE(0, one = eventfd(0, EFD_NONBLOCK));
		ASSERT_EQ(f.dev->ops->irq_set(f.dev, IGBVF_VECTORS, fd.data(), &err), 0)
		    << err.text;
	}
	void TearDown() override
	{
		EXPECT_EQ(f.dev->ops->irq_set(f.dev, 0, nullptr, nullptr), 0);
		for (int one : fd)
			close(one);
	}

	/* messages on @vector since the last look */
	uint64_t Messages(unsigned int vector)
	{
		uint64_t n = 0;

		return eventfd_read(fd[vector], &n) ? 0 : n;
	}
	/* address, MAC, and the mailbox's cause on vector 2 */
	void MailboxUp()
	{
		ASSERT_NE(f.Reset(), Function::kNone);
		f.Wr(IGBVF_VTIVAR_MISC, kMiscTo2);
		f.Wr(IGBVF_VTEIAC, IGBVF_VECTORS_ALL);
		f.Wr(IGBVF_VTEIMS, IGBVF_VECTORS_ALL);
		Messages(2);
	}
	uint32_t MailboxWord()
	{
		f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_VFU);
		uint32_t word = f.Rd(IGBVF_VMBMEM);
		f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_ACK);
		return word;
	}
};

TEST_F(Irq, ACauseThatIsEnabledIsAMessageOnItsVector)
{
	f.Wr(IGBVF_VTEIMS, 0x2);
	f.Wr(IGBVF_VTEICS, 0x7);
	EXPECT_EQ(Messages(0), 0u);
	EXPECT_EQ(Messages(1), 1u);
	EXPECT_EQ(Messages(2), 0u);
}

TEST_F(Irq, WhatCameWhileMaskedComesAtTheUnmask)
{
	f.Wr(IGBVF_VTEICS, 0x4);
	EXPECT_EQ(Messages(2), 0u);
	f.Wr(IGBVF_VTEIMS, 0x4);
	EXPECT_EQ(Messages(2), 1u);
}

TEST_F(Irq, ACauseThatIsThereAlreadySaysNothingAgainUntilItIsCleared)
{
	f.Wr(IGBVF_VTEIMS, 0x1);
	f.Wr(IGBVF_VTEICS, 0x1);
	f.Wr(IGBVF_VTEICS, 0x1);
	f.Wr(IGBVF_VTEIMS, 0x1);
	EXPECT_EQ(Messages(0), 1u);
	f.Wr(IGBVF_VTEICR, 0x1);
	f.Wr(IGBVF_VTEICS, 0x1);
	EXPECT_EQ(Messages(0), 1u);
}

TEST_F(Irq, AutoClearLetsEachCauseThroughAndAutoMaskOne)
{
	f.Wr(IGBVF_VTEIAC, 0x3);
	f.Wr(IGBVF_VTEIAM, 0x2);
	f.Wr(IGBVF_VTEIMS, 0x3);
	for (int i = 0; i < 3; i++)
		f.Wr(IGBVF_VTEICS, 0x3);
	EXPECT_EQ(Messages(0), 3u);
	EXPECT_EQ(Messages(1), 1u);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 1u) << "sending has masked vector 1";
	f.Wr(IGBVF_VTEIMS, 0x2);
	EXPECT_EQ(Messages(1), 1u) << "what came while it was masked";
}

TEST_F(Irq, NoMessageWithoutBusMastering)
{
	ASSERT_EQ(f.dev->ops->bus_master(f.dev, false, nullptr), 0);
	f.Wr(IGBVF_VTEIMS, 0x1);
	f.Wr(IGBVF_VTEICS, 0x1);
	EXPECT_EQ(Messages(0), 0u);
}

TEST_F(Irq, MoreVectorsThanThereAreAreRefused)
{
	struct vfnet_err err = {};
	const int many[4] = {-1, -1, -1, -1};

	EXPECT_EQ(f.dev->ops->irq_set(f.dev, 4, many, &err), -EINVAL);
	EXPECT_NE(std::string(err.text).find("there are 3"), std::string::npos) << err.text;
}

TEST_F(Irq, AnAnswerInTheMailboxIsACause)
{
	ASSERT_NO_FATAL_FAILURE(MailboxUp());
	ASSERT_TRUE(f.SetMac(kMacA) & IGBVF_MSG_ACK);
	EXPECT_EQ(Messages(2), 2u) << "the request was read, and answered";
	EXPECT_EQ(Messages(0) + Messages(1), 0u);
}

TEST_F(Irq, WithoutAValidVectorTheMailboxIsSilent)
{
	ASSERT_NO_FATAL_FAILURE(MailboxUp());
	f.Wr(IGBVF_VTIVAR_MISC, 0x02);
	ASSERT_TRUE(f.SetMac(kMacA) & IGBVF_MSG_ACK);
	EXPECT_EQ(Messages(2), 0u);
}

TEST_F(Irq, APulledWireIsToldToFunctionsThatArePutBackToo)
{
	ASSERT_NO_FATAL_FAILURE(MailboxUp());
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_LINK_DOWN), 0);
	EXPECT_EQ(Messages(2), 1u);
	EXPECT_FALSE(f.Rd(IGBVF_STATUS) & IGBVF_STATUS_LU);
	EXPECT_EQ(MailboxWord(), IGBVF_MSG_PF_CONTROL | IGBVF_MSG_CTS);
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_LINK_DOWN), 0);
	EXPECT_EQ(Messages(2), 0u) << "it is out already";
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_LINK_UP), 0);
	EXPECT_EQ(Messages(2), 1u);
	EXPECT_TRUE(f.Rd(IGBVF_STATUS) & IGBVF_STATUS_LU);
}

TEST_F(Irq, AFunctionThatHoldsTheMailboxIsToldLater)
{
	ASSERT_NO_FATAL_FAILURE(MailboxUp());
	f.Wr(IGBVF_V2PMAILBOX, IGBVF_V2PMAILBOX_VFU);
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_LINK_DOWN), 0);
	m.Step();
	EXPECT_EQ(Messages(2), 0u);
	f.Wr(IGBVF_V2PMAILBOX, 0);
	m.Step();
	EXPECT_EQ(Messages(2), 1u);
	EXPECT_EQ(MailboxWord(), IGBVF_MSG_PF_CONTROL | IGBVF_MSG_CTS);
}

TEST_F(Irq, APhysicalFunctionThatGoesDownSaysSoAndThenAllIsReset)
{
	ASSERT_NO_FATAL_FAILURE(MailboxUp());
	ASSERT_TRUE(f.SetMac(kMacA) & IGBVF_MSG_ACK);
	Messages(2);
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_DOWN), 0);
	EXPECT_EQ(Messages(2), 1u);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_RSTI);
	EXPECT_FALSE(f.Rd(IGBVF_STATUS) & IGBVF_STATUS_LU);
	EXPECT_EQ(f.Rd(IGBVF_VTEIMS), 0u);
	ASSERT_EQ(vfnet_sim_trigger(m.sim, 0, VFNET_SIM_PF_UP), 0);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_RSTD);
	EXPECT_EQ(f.Rd(IGBVF_V2PMAILBOX), 0u) << "a read clears it";
	EXPECT_EQ(f.Reset() & (IGBVF_MSG_ACK | IGBVF_MSG_NACK), IGBVF_MSG_NACK)
	    << "the address is forgotten";
}

TEST_F(Irq, EventsNeedACardAndAName)
{
	EXPECT_EQ(vfnet_sim_trigger(m.sim, 1, VFNET_SIM_PF_DOWN), -ENODEV);
	EXPECT_EQ(vfnet_sim_trigger(m.sim, 16, VFNET_SIM_PF_DOWN), -ENODEV);
	EXPECT_EQ(vfnet_sim_trigger(m.sim, 0, static_cast<enum vfnet_sim_event>(9)), -EINVAL);
}

} // namespace
