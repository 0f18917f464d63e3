/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive queue's interrupt: what is written, and in which order. */
#include <sys/eventfd.h>

#include "tests/unit/igbvf/rx_fixture.h"

namespace
{

constexpr uint32_t kMap = 0x8081; /* TX0 to vector 0, RX0 to vector 1, as Linux igbvf's [L] */
constexpr uint32_t kRx = 1 << 1;
constexpr uint32_t kMisc = 1 << 2;

using Access = std::pair<char, uint32_t>;

class IrqTest : public RxTest
{
      protected:
	int fd = -1;

	void SetUp() override
	{
		RxTest::SetUp();
		ASSERT_NO_FATAL_FAILURE(open(64));
		ASSERT_LE(0, fd = eventfd(0, EFD_NONBLOCK));
	}
	void TearDown() override
	{
		close(fd);
		RxTest::TearDown();
	}
	int connect(int to)
	{
		return igbvf_rxq_irq(&port.port, rxq, to, &err);
	}
	bool readable()
	{
		uint64_t n;

		return eventfd_read(fd, &n) == 0;
	}
	/* registers that @act accesses, 'R' or 'W' */
	template <typename Act> std::vector<Access> accesses(Act act)
	{
		std::vector<Access> list;

		card.on_read = [&](uint32_t offset, uint32_t val) {
			list.emplace_back('R', offset);
			return val;
		};
		card.on_write = [&](uint32_t offset, uint32_t) { list.emplace_back('W', offset); };
		act();
		card.on_read = nullptr;
		card.on_write = nullptr;
		return list;
	}
};

TEST_F(IrqTest, ConnectingMapsTheQueueAndLeavesItMasked)
{
	card.writes.clear();
	ASSERT_EQ(connect(fd), 0) << err.text;
	EXPECT_EQ(card.eventfd, (std::vector<int>{-1, fd, -1}));
	EXPECT_EQ(card.reg(IGBVF_VTIVAR), kMap);
	EXPECT_EQ(card.n_writes(IGBVF_VTEIMS), 0u);
	EXPECT_EQ(card.writes.back(), (std::pair<uint32_t, uint32_t>(IGBVF_VTEICR, kRx)))
	    << "what an earlier user left";
	ASSERT_EQ(connect(-1), 0);
	EXPECT_EQ(card.reg(IGBVF_VTIVAR), 0u);
	EXPECT_TRUE(card.eventfd.empty());
}

TEST_F(IrqTest, EventsBesideItGetTheMailboxsOwnVectorOnly)
{
	ASSERT_EQ(igbvf_irq_events(&port.port, 40, &err), 0);
	EXPECT_EQ(card.eventfd, (std::vector<int>{-1, 40, 40}));
	ASSERT_EQ(connect(fd), 0);
	EXPECT_EQ(card.eventfd, (std::vector<int>{-1, fd, 40}));
	EXPECT_EQ(port.hw.events, kMisc) << "service does not unmask the queue";
	ASSERT_EQ(connect(-1), 0);
	EXPECT_EQ(card.eventfd, (std::vector<int>{-1, 40, 40}));
	EXPECT_EQ(port.hw.events, kMisc | kRx) << "where QEMU sends the mailbox's [live]";
	ASSERT_EQ(igbvf_irq_events(&port.port, -1, &err), 0);
	EXPECT_TRUE(card.eventfd.empty());
}

TEST_F(IrqTest, WhateverReconnectsWakesWhoMayHaveArmed)
{
	ASSERT_EQ(connect(fd), 0);
	EXPECT_FALSE(readable()) << "its owner does not sleep meanwhile";
	ASSERT_EQ(igbvf_rxq_arm(rxq), 0);
	ASSERT_EQ(igbvf_irq_events(&port.port, 40, &err), 0) << "masks all for a moment";
	EXPECT_TRUE(readable());
	ASSERT_EQ(igbvf_irq_events(&port.port, -1, &err), 0);
	EXPECT_TRUE(readable());
	EXPECT_EQ(card.eventfd, (std::vector<int>{-1, fd, -1})) << "the queue's stays";
}

TEST_F(IrqTest, WhatTheBusRefusesChangesNothing)
{
	card.irq_rc = -ENOSPC;
	EXPECT_EQ(connect(fd), -ENOSPC);
	EXPECT_EQ(card.reg(IGBVF_VTIVAR), 0u);
	EXPECT_FALSE(port.hw.rx_irq);
	EXPECT_EQ(igbvf_irq_events(&port.port, 40, &err), -ENOSPC);
	EXPECT_EQ(port.hw.events, 0u);
}

TEST_F(IrqTest, AResetGivesTheQueueItsVectorAgain)
{
	ASSERT_EQ(connect(fd), 0);
	card.reg(IGBVF_VTIVAR) = 0;
	igbvf_irq_init(&port.hw);
	EXPECT_EQ(card.reg(IGBVF_VTIVAR), kMap);
	EXPECT_EQ(card.reg(IGBVF_VTIVAR_MISC), 0x82u);
	EXPECT_EQ(card.reg(IGBVF_VTEIAC), IGBVF_VECTORS_ALL);
	EXPECT_EQ(card.reg(IGBVF_VTEIAM), IGBVF_VECTORS_ALL);
	EXPECT_EQ(card.reg(IGBVF_AT(EITR, 1)), 0u);
}

TEST_F(IrqTest, ArmingEnablesFlushesAndThenLooks)
{
	std::vector<Access> list = accesses([&] { EXPECT_EQ(igbvf_rxq_arm(rxq), 0); });

	EXPECT_EQ(list, (std::vector<Access>{{'W', IGBVF_VTEIMS}, {'R', IGBVF_STATUS}}))
	    << "and the cause is never cleared";
	EXPECT_EQ(card.reg(IGBVF_VTEIMS), kRx);
	/* a frame that is there once the write has arrived is seen */
	card.on_read = [&](uint32_t, uint32_t val) {
		put(60);
		return val;
	};
	EXPECT_EQ(igbvf_rxq_arm(rxq), 1);
	card.on_read = nullptr;
	EXPECT_EQ(card.writes.back(), (std::pair<uint32_t, uint32_t>(IGBVF_VTEIMC, kRx)))
	    << "masked again: it polls";
	EXPECT_EQ(burst(), 1);
	free_pkts(1);
}

TEST_F(IrqTest, ACardThatMovesWhenAskedIsAskedOnce)
{
	card.steppable();
	card.on_progress = [&] { put(60); };
	EXPECT_EQ(igbvf_rxq_arm(rxq), 1);
	EXPECT_EQ(card.n_progress, 1u);
	card.on_progress = nullptr;
	EXPECT_EQ(burst(), 1);
	free_pkts(1);
}

TEST_F(IrqTest, AFrameIsReadyBeforeItIsTaken)
{
	EXPECT_FALSE(igbvf_rx_ready(rxq));
	ASSERT_TRUE(put(60));
	EXPECT_TRUE(igbvf_rx_ready(rxq));
	EXPECT_EQ(burst(), 1);
	EXPECT_FALSE(igbvf_rx_ready(rxq));
	free_pkts(1);
}

TEST_F(IrqTest, ARingWithoutBuffersIsNotSleptOn)
{
	leave(0);
	while (put(60))
		;
	int n = burst(64);
	ASSERT_EQ(n, 63);
	ASSERT_EQ(q()->posted, 0u) << "the pool is empty";
	EXPECT_EQ(igbvf_rxq_arm(rxq), 1) << "nobody else would fill it";
	free_pkts(n);
}

TEST_F(IrqTest, ADeviceThatIsGoneIsNotSleptOn)
{
	card.gone = true;
	EXPECT_EQ(igbvf_rxq_arm(rxq), -ENODEV);
	card.gone = false;
}

} // namespace
