/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>

#include "tests/unit/igbvf/fake_pf.h"

namespace
{

class ServiceTest : public PortTest
{
      protected:
	igbvf_rxq rxq = {};
	igbvf_txq txq = {};

	void SetUp() override
	{
		ASSERT_EQ(open(), 0) << err.text;
		for (uint32_t control : {IGBVF_RXDCTL, IGBVF_TXDCTL})
			card.reg(control) = IGBVF_RXDCTL_ENABLE;
		for (uint32_t base : {IGBVF_RDBAH, IGBVF_TDBAH})
			card.reg(base) = 1;
		port->rxqs[0] = &rxq.rxq;
		port->txqs[0] = &txq.txq;
	}

	bool link_up()
	{
		return port->link_word & VFNET_LINK_WORD_UP;
	}

	unsigned int n_lines(const std::string &part)
	{
		unsigned int n = 0;

		for (const std::string &line : log_lines.lines)
			n += line.find(part) != std::string::npos;
		return n;
	}

	void expect_state(enum vfnet_port_state state, enum vfnet_queue_state queue)
	{
		EXPECT_EQ(port->state, uint32_t{state});
		EXPECT_EQ(rxq.rxq.common.state, uint32_t{queue});
		EXPECT_EQ(txq.txq.common.state, uint32_t{queue});
	}
};

TEST_F(ServiceTest, WantsToRunAgainAfterItsPeriod)
{
	EXPECT_EQ(service(5), 5 + VFNET_SERVICE_PERIOD_NS);
	expect_state(VFNET_PORT_RUNNING, VFNET_QUEUE_RUN);
}

TEST_F(ServiceTest, TheLinkFollowsStatus)
{
	EXPECT_EQ(port->link_word, VFNET_LINK_WORD_UP | VFNET_LINK_WORD_DUPLEX | 1000u) << "open";
	card.reg(IGBVF_STATUS) = 0;
	service();
	EXPECT_EQ(port->link_word, 0u);
	card.reg(IGBVF_STATUS) = IGBVF_STATUS_LU | 1 << 6;
	service();
	EXPECT_EQ(port->link_word, VFNET_LINK_WORD_UP | 100u);
	card.reg(IGBVF_STATUS) = IGBVF_STATUS_LU;
	service();
	EXPECT_EQ(port->link_word, VFNET_LINK_WORD_UP | 10u);
	EXPECT_EQ(n_lines("link up"), 2u);
	EXPECT_EQ(n_lines("link down"), 1u);
}

TEST_F(ServiceTest, APingThatKnowsUsChangesNothing)
{
	pf.ping(true);
	service();
	expect_state(VFNET_PORT_RUNNING, VFNET_QUEUE_RUN);
	EXPECT_EQ(pf.mailbox & (IGBVF_V2PMAILBOX_PFSTS | IGBVF_V2PMAILBOX_VFU), 0u);
	EXPECT_TRUE(link_up());
}

TEST_F(ServiceTest, APingWithoutCtsIsAReset)
{
	pf.ping(false);
	service();
	expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
	EXPECT_EQ(port->base.resets, 1u);
	EXPECT_FALSE(link_up());
}

TEST_F(ServiceTest, ARefusalWithoutCtsIsAReset)
{
	card.reg(IGBVF_VMBMEM) = IGBVF_MSG_NACK | IGBVF_MSG_SET_MULTICAST;
	pf.mailbox |= IGBVF_V2PMAILBOX_PFSTS;
	service();
	expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
}

TEST_F(ServiceTest, ResetBitsAreAReset)
{
	pf.mailbox |= IGBVF_V2PMAILBOX_RSTI;
	service();
	expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
}

TEST_F(ServiceTest, AResetThatIsOverIsAReset)
{
	pf.mailbox |= IGBVF_V2PMAILBOX_RSTD;
	service();
	expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
}

/* A reset by another tool: QEMU clears ENABLE and keeps the address, silicon does the opposite. */
TEST_F(ServiceTest, ARingThatTheCardHasForgottenIsAResetByAnotherTool)
{
	for (uint32_t reg : {IGBVF_RXDCTL, IGBVF_TXDCTL, IGBVF_RDBAH, IGBVF_TDBAH}) {
		uint64_t before = port->base.vf_resets;
		uint32_t val = card.reg(reg);

		card.reg(reg) = 0;
		service();
		expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
		EXPECT_EQ(port->base.vf_resets, before + 1) << reg;
		EXPECT_EQ(port->base.resets, 0u);
		EXPECT_FALSE(link_up());
		card.reg(reg) = val;
		port->state = VFNET_PORT_RUNNING;
		rxq.rxq.common.state = txq.txq.common.state = VFNET_QUEUE_RUN;
	}
	EXPECT_EQ(n_lines("this function was reset by somebody else"), 4u);
}

TEST_F(ServiceTest, OneOfThePhysicalFunctionBetweenTheLooksIsNotTakenForIt)
{
	card.on_read = [&, inner = card.on_read](uint32_t offset, uint32_t val) {
		if (offset != IGBVF_RXDCTL)
			return inner(offset, val);
		pf.mailbox |= IGBVF_V2PMAILBOX_RSTD;
		return 0u;
	};
	service();
	expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
	EXPECT_EQ(port->base.resets, 1u);
	EXPECT_EQ(port->base.vf_resets, 0u);
}

TEST_F(ServiceTest, QueuesThatAreNotOpenHaveNothingToForget)
{
	port->rxqs[0] = nullptr;
	card.reg(IGBVF_RXDCTL) = card.reg(IGBVF_RDBAH) = 0;
	service();
	EXPECT_EQ(port->state, uint32_t{VFNET_PORT_RUNNING});
	EXPECT_EQ(port->base.vf_resets, 0u);
}

TEST_F(ServiceTest, WhatTheLookForTheLockClearsIsNotLost)
{
	unsigned int n_looks = 0;

	pf.ping(true);
	card.on_read = [&, inner = card.on_read](uint32_t offset, uint32_t val) {
		/* the first look finds the message, the second is for the buffer */
		if (offset == IGBVF_V2PMAILBOX && ++n_looks == 2)
			pf.mailbox |= IGBVF_V2PMAILBOX_RSTD;
		return inner(offset, val);
	};
	service();
	EXPECT_EQ(n_looks, 2u);
	expect_state(VFNET_PORT_RUNNING, VFNET_QUEUE_RUN);
	service();
	expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
}

TEST_F(ServiceTest, AResetIsCountedAndWarnedOfOnceAndFreezesTheCounters)
{
	card.reg(IGBVF_VFGPRC) = 10;
	service();
	pf.ping(false);
	service();
	card.reg(IGBVF_VFGPRC) = 0;
	pf.mailbox |= IGBVF_V2PMAILBOX_RSTI;
	service();
	service();
	EXPECT_EQ(port->base.resets, 1u);
	EXPECT_EQ(n_lines("was reset"), 1u);
	EXPECT_EQ(port->base.hw_rx_packets, 10u);
	expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
}

TEST_F(ServiceTest, AllOnesMeanGoneForGood)
{
	card.gone = true;
	service();
	expect_state(VFNET_PORT_GONE, VFNET_QUEUE_GONE);
	card.gone = false;
	service();
	expect_state(VFNET_PORT_GONE, VFNET_QUEUE_GONE);
	EXPECT_EQ(n_lines("gone"), 1u);
	EXPECT_EQ(port->base.resets, 0u);
}

TEST_F(ServiceTest, AFunctionThatIsWantedBackIsReadALastTimeAndSilenced)
{
	card.reg(IGBVF_VFGPRC) = 10;
	card.writes.clear();
	igbvf_driver.give_back(port);
	expect_state(VFNET_PORT_GONE, VFNET_QUEUE_GONE);
	EXPECT_EQ(port->base.hw_rx_packets, 10u);
	EXPECT_FALSE(link_up());
	EXPECT_EQ(card.writes,
		  (std::vector<std::pair<uint32_t, uint32_t>>{{IGBVF_VTEIMC, IGBVF_VECTORS_ALL},
							      {IGBVF_VTCTRL, IGBVF_VTCTRL_RST}}));
	EXPECT_EQ(n_lines("wants the function back"), 1u);
	card.writes.clear();
	service();
	igbvf_driver.give_back(port);
	EXPECT_TRUE(card.writes.empty());
	EXPECT_EQ(n_lines("close the port"), 1u);
}

TEST_F(ServiceTest, OneThatIsInResetIsNotCounted)
{
	pf.ping(false);
	service();
	card.reg(IGBVF_VFGPRC) = 10;
	igbvf_driver.give_back(port);
	expect_state(VFNET_PORT_GONE, VFNET_QUEUE_GONE);
	EXPECT_EQ(port->base.hw_rx_packets, 0u);
}

TEST_F(ServiceTest, AResettingDeviceCanGo)
{
	pf.ping(false);
	service();
	card.gone = true;
	service();
	expect_state(VFNET_PORT_GONE, VFNET_QUEUE_GONE);
}

TEST_F(ServiceTest, ABufferThatThePhysicalFunctionHoldsIsReadByTheNextCall)
{
	pf.ping(false);
	pf.pfu_looks = 2;
	service();
	expect_state(VFNET_PORT_RUNNING, VFNET_QUEUE_RUN);
	service();
	expect_state(VFNET_PORT_RESETTING, VFNET_QUEUE_DOWN);
}

TEST_F(ServiceTest, CountersGoOnWhereThe32BitOnesWrap)
{
	card.reg(IGBVF_VFGPRC) = 0xfffffff0;
	card.reg(IGBVF_VFGPTC) = 3;
	card.reg(IGBVF_VFGORC) = 0xffffffff;
	card.reg(IGBVF_VFGOTC) = 1000;
	service();
	vfnet_counters before = port->base;

	card.reg(IGBVF_VFGPRC) = 0x10;
	card.reg(IGBVF_VFGPTC) = 5;
	card.reg(IGBVF_VFGORC) = 0xfffffffe;
	card.reg(IGBVF_VFGOTC) = 1064;
	service();
	EXPECT_EQ(port->base.hw_rx_packets - before.hw_rx_packets, 0x20u);
	EXPECT_EQ(port->base.hw_tx_packets - before.hw_tx_packets, 2u);
	EXPECT_EQ(port->base.hw_rx_bytes - before.hw_rx_bytes, 0xffffffffu);
	EXPECT_EQ(port->base.hw_tx_bytes - before.hw_tx_bytes, 64u);
}

TEST_F(PortTest, WhatWasCountedBeforeOpenIsNotOurs)
{
	card.reg(IGBVF_VFGPRC) = 0xfffffff0;
	card.reg(IGBVF_VFGOTC) = 4711;
	ASSERT_EQ(open(), 0) << err.text;
	service();
	EXPECT_EQ(port->base.hw_rx_packets, 0u);
	EXPECT_EQ(port->base.hw_tx_bytes, 0u);
}

TEST_F(ServiceTest, MissedFramesAddUp)
{
	card.reg(IGBVF_RQDPC) = 7;
	service();
	service();
	EXPECT_EQ(port->base.missed[VFNET_MISSED_no_descriptor], 14u)
	    << "the register clears when it is read, the fake one does not";
}

TEST_F(ServiceTest, NoVectorIsEnabledUntilSomebodyListens)
{
	service();
	EXPECT_EQ(card.n_writes(IGBVF_VTEIMS), 0u);
	EXPECT_TRUE(card.eventfd.empty());
}

TEST_F(ServiceTest, EventsComeOnTheMailboxsVectorAndOnTheOneThatQemuTakesForIt)
{
	ASSERT_EQ(igbvf_driver.events(port, 40, &err), 0);
	EXPECT_EQ(card.eventfd, (std::vector<int>{-1, 40, 40}));
	EXPECT_EQ(card.writes.back(), (std::pair<uint32_t, uint32_t>(IGBVF_VTEIMS, 6)));
	EXPECT_EQ(card.reg(IGBVF_VTIVAR), 0u) << "the receive queue has no vector";
}

TEST_F(ServiceTest, ServiceUnmasksWhatAnInterruptMaskedBeforeItLooks)
{
	ASSERT_EQ(igbvf_driver.events(port, 40, &err), 0);
	std::vector<uint32_t> order;
	card.on_write = [&, inner = card.on_write](uint32_t offset, uint32_t val) {
		order.push_back(offset);
		inner(offset, val);
	};
	card.on_read = [&, inner = card.on_read](uint32_t offset, uint32_t val) {
		order.push_back(offset);
		return inner(offset, val);
	};
	service();
	card.on_read = nullptr;
	card.on_write = nullptr;
	ASSERT_GE(order.size(), 2u);
	EXPECT_EQ(order.front(), uint32_t{IGBVF_VTEIMS});
	EXPECT_EQ(card.n_writes(IGBVF_VTEIMS), 2u);
}

TEST_F(ServiceTest, EventsEndMaskedAndDisconnected)
{
	ASSERT_EQ(igbvf_driver.events(port, 40, &err), 0);
	ASSERT_EQ(igbvf_driver.events(port, -1, &err), 0);
	EXPECT_TRUE(card.eventfd.empty());
	EXPECT_EQ(card.writes.back(), (std::pair<uint32_t, uint32_t>(IGBVF_VTEIMC, 7)));
	service();
	EXPECT_EQ(card.n_writes(IGBVF_VTEIMS), 1u) << "only when they began";
}

TEST_F(ServiceTest, EventsThatTheBusRefusesLeaveAllMasked)
{
	card.irq_rc = -ENOSPC;
	EXPECT_EQ(igbvf_driver.events(port, 40, &err), -ENOSPC);
	service();
	EXPECT_EQ(card.n_writes(IGBVF_VTEIMS), 0u);
}

TEST_F(ServiceTest, ADeviceThatGoesWhileItIsReadCountsNothing)
{
	unsigned int n_reads = 0;

	card.on_read = [&, inner = card.on_read](uint32_t offset, uint32_t val) {
		card.gone = card.gone || (offset == IGBVF_VFGPTC && ++n_reads == 1);
		return inner(offset, val);
	};
	service();
	EXPECT_EQ(port->base.hw_rx_bytes, 0u);
	EXPECT_EQ(port->base.missed[VFNET_MISSED_no_descriptor], 0u);
	service();
	expect_state(VFNET_PORT_GONE, VFNET_QUEUE_GONE);
}

} // namespace
