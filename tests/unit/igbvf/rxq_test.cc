/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>

#include "tests/unit/igbvf/rx_fixture.h"

namespace
{

TEST_F(RxTest, TheRingIsProgrammedBeforeItIsEnabledAndTheTailAfter)
{
	std::vector<std::string> order;

	card.on_write = [&](uint32_t offset, uint32_t val) {
		char text[IGBVF_REG_TEXT_BYTES];

		order.push_back(igbvf_reg_decode(offset, val, text, sizeof(text)));
	};
	open(64);
	card.on_write = nullptr;
	uint64_t base = igbvf_iova(region, q()->ring);
	char bal[32], bah[32];

	snprintf(bal, sizeof(bal), "RDBAL(0) %08x", static_cast<uint32_t>(base));
	snprintf(bah, sizeof(bah), "RDBAH(0) %08x", static_cast<uint32_t>(base >> 32));
	EXPECT_EQ(order, (std::vector<std::string>{
			     "RXDCTL(0) 00010810 PTHRESH=16 HTHRESH=8 WTHRESH=1",
			     bal,
			     bah,
			     "RDLEN(0) 00000400",
			     "SRRCTL(0) 82000002 BSIZEPKT=2 DESCTYPE=1 DROP_EN",
			     "RDH(0) 00000000",
			     "RDT(0) 00000000",
			     "RXDCTL(0) 02010810 PTHRESH=16 HTHRESH=8 WTHRESH=1 ENABLE",
			     "RDT(0) 0000003f",
			 }));
	EXPECT_EQ(base % IGBVF_RING_ALIGN, 0u);
}

TEST_F(RxTest, TheCardFillsTheWholeKibOfABufferOnly)
{
	open(64, 512, 2048 + 1024 - 64);
	EXPECT_EQ(card.reg(IGBVF_SRRCTL) & IGBVF_SRRCTL_BSIZEPKT, 2u);
	ASSERT_TRUE(put(2049));
	EXPECT_EQ(burst(), 0);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_frame], 1u);
}

class RxqTest : public QueueTest
{
      protected:
	vfnet_rxq *out = nullptr;

	int open(uint32_t n_desc)
	{
		vfnet_queue common = {};

		common.n_desc = n_desc;
		common.cache = cache;
		return igbvf_rxq_open(&port.port, &common, &out, &err);
	}

	void expect_text(const char *part)
	{
		EXPECT_NE(std::string(err.text).find(part), std::string::npos) << err.text;
	}
};

TEST_F(RxqTest, BuffersBelowAKibAreRefused)
{
	make_pool(512, 960);
	EXPECT_EQ(open(64), -EINVAL);
	expect_text("room for 960 bytes");
	EXPECT_EQ(out, nullptr);
}

TEST_F(RxqTest, APoolThatCannotFillTheRingLosesNothing)
{
	make_pool(512, 2048);
	leave(62);
	EXPECT_EQ(open(64), -ENOBUFS);
	expect_text("needs 63");
	EXPECT_EQ(out, nullptr);
	leave(63);
	ASSERT_EQ(open(64), 0) << err.text;
	igbvf_rxq_close(&port.port, out);
}

TEST_F(RxqTest, ACardThatDoesNotEnableTheQueueTimesOut)
{
	make_pool(512, 2048);
	card.on_read = [](uint32_t offset, uint32_t val) {
		return offset == IGBVF_RXDCTL ? val & ~IGBVF_RXDCTL_ENABLE : val;
	};
	EXPECT_EQ(open(64), -ETIMEDOUT);
	expect_text("does not switch a queue on");
	EXPECT_EQ(out, nullptr);
	EXPECT_EQ(card.reg(IGBVF_RXDCTL) & IGBVF_RXDCTL_ENABLE, 0u);
}

TEST_F(RxqTest, AnEnableThatLagsIsWaitedFor)
{
	int n_reads = 0;

	make_pool(512, 2048);
	card.on_read = [&](uint32_t offset, uint32_t val) {
		if (offset != IGBVF_RXDCTL || ++n_reads % 5 == 0)
			return val;
		return val ^ IGBVF_RXDCTL_ENABLE;
	};
	ASSERT_EQ(open(64), 0) << err.text;
	EXPECT_EQ(n_reads, 10);
	igbvf_rxq_close(&port.port, out);
}

TEST_F(RxqTest, AGoneDeviceIsSaidToBeGone)
{
	make_pool(512, 2048);
	card.gone = true;
	EXPECT_EQ(open(64), -ENODEV);
	expect_text("gone");
}

TEST_F(RxqTest, AQueueThatDoesNotStopTakesTheFunctionWithIt)
{
	make_pool(512, 2048);
	ASSERT_EQ(open(64), 0) << err.text;
	card.on_read = [](uint32_t offset, uint32_t val) {
		return offset == IGBVF_RXDCTL ? val | IGBVF_RXDCTL_ENABLE : val;
	};
	igbvf_rxq_close(&port.port, out);
	EXPECT_EQ(card.n_writes(IGBVF_VTCTRL), 1u);
	EXPECT_EQ(port.port.state, uint32_t{VFNET_PORT_RESETTING});
}

TEST_F(RxqTest, OpenAndCloseTenTimes)
{
	make_pool(512, 2048);
	for (int i = 0; i < 10; i++) {
		uint64_t free_bytes = vfnet_dma_free_bytes(region);

		ASSERT_EQ(open(64), 0) << err.text;
		igbvf_rxq_close(&port.port, out);
		ASSERT_EQ(vfnet_dma_free_bytes(region), free_bytes);
	}
}

TEST_F(RxTest, FramesLeftInTheRingAreCountedWhenItCloses)
{
	open(128);
	for (int i = 0; i < 100; i++)
		ASSERT_TRUE(put(60 + static_cast<uint32_t>(i)));
	ASSERT_EQ(burst(), 32);
	free_pkts(32);
	igbvf_rxq_close(&port.port, rxq);
	rxq = nullptr;
	EXPECT_EQ(port.port.base.rx_packets, 100u);
	EXPECT_EQ(port.port.base.rx_bytes, 60u * 100 + 99 * 100 / 2);
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_not_drained], 68u);
}

TEST_F(RxTest, ACloseWaitsForWhatIsUnderWayBeforeTheRingIsFree)
{
	uint64_t off_ns = 0;

	open(64);
	card.on_write = [&](uint32_t offset, uint32_t) {
		if (offset == IGBVF_RXDCTL)
			off_ns = FakeCard::now_ns();
	};
	igbvf_rxq_close(&port.port, rxq);
	rxq = nullptr;
	card.on_write = nullptr;
	ASSERT_NE(off_ns, 0u);
	EXPECT_GE(FakeCard::now_ns() - off_ns, IGBVF_SETTLE_US * UINT64_C(1000));
}

TEST_F(RxTest, ARingThatWasSetUpAnewGivesBackWhatWasInItAndRuns)
{
	open(128);
	for (int round = 1; round <= 3; round++) {
		for (int i = 0; i < 50; i++)
			ASSERT_TRUE(put(60));
		ASSERT_EQ(burst(), 32);
		free_pkts(32);
		vfnet_queue_park(&rxq->common);
		vfnet_queue_stop(&rxq->common, VFNET_QUEUE_DOWN);
		EXPECT_EQ(burst(), -ENETDOWN);
		igbvf_rxq_program(q(), &port.hw);
		EXPECT_EQ(card.reg(IGBVF_RDT), 0u) << "empty until its owner calls";
		vfnet_word_store(&rxq->common.state, VFNET_QUEUE_FRESH);
		head = 0;
		EXPECT_EQ(burst(), 0);
		EXPECT_EQ(card.reg(IGBVF_RDT), 96u) << "whole blocks of 127";
		EXPECT_EQ(counters().rx_packets, 50u * static_cast<unsigned int>(round));
		EXPECT_EQ(counters().drops[VFNET_DROPS_not_drained],
			  18u * static_cast<unsigned int>(round));
	}
}

} // namespace
