/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>

#include "tests/unit/igbvf/tx_fixture.h"

namespace
{

TEST_F(TxTest, TheRingIsProgrammedWhileItIsOff)
{
	std::vector<std::string> order;

	card.reg(IGBVF_TXCTL) = 0x2a00;
	card.on_write = [&](uint32_t offset, uint32_t val) {
		char text[IGBVF_REG_TEXT_BYTES];

		order.push_back(igbvf_reg_decode(offset, val, text, sizeof(text)));
	};
	open(128);
	card.on_write = nullptr;
	uint64_t base = igbvf_iova(region, q()->ring);
	char bal[32], bah[32];

	snprintf(bal, sizeof(bal), "TDBAL(0) %08x", static_cast<uint32_t>(base));
	snprintf(bah, sizeof(bah), "TDBAH(0) %08x", static_cast<uint32_t>(base >> 32));
	EXPECT_EQ(order, (std::vector<std::string>{
			     "TXDCTL(0) 00000000",
			     bal,
			     bah,
			     "TDLEN(0) 00000800",
			     "TDWBAL(0) 00000000",
			     "TDWBAH(0) 00000000",
			     "TXCTL(0) 00002200",
			     "TDH(0) 00000000",
			     "TDT(0) 00000000",
			     "TXDCTL(0) 02000000 ENABLE",
			 }));
	EXPECT_EQ(base % IGBVF_RING_ALIGN, 0u);
}

TEST_F(TxTest, CloseWaitsForTheCard)
{
	int n_moves = 0;

	card.steppable();
	open(64);
	card.on_progress = [&] {
		if (++n_moves == 5 && (card.reg(IGBVF_TXDCTL) & IGBVF_TXDCTL_ENABLE))
			complete();
	};
	add_n(10, 64);
	ASSERT_EQ(burst(), 10);
	igbvf_txq_close(&port.port, txq);
	txq = nullptr;
	card.on_progress = nullptr;
	EXPECT_EQ(port.port.base.tx_packets, 10u);
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_not_drained], 0u);
}

TEST_F(TxTest, ACloseWaitsForWhatIsUnderWayBeforeTheRingIsFree)
{
	uint64_t off_ns = 0;

	open(64);
	card.on_write = [&](uint32_t offset, uint32_t) {
		if (offset == IGBVF_TXDCTL)
			off_ns = FakeCard::now_ns();
	};
	igbvf_txq_close(&port.port, txq);
	txq = nullptr;
	card.on_write = nullptr;
	ASSERT_NE(off_ns, 0u);
	EXPECT_GE(FakeCard::now_ns() - off_ns, IGBVF_SETTLE_US * UINT64_C(1000));
}

TEST_F(TxTest, WhatTheCardDoesNotFinishIsCountedAndItsBuffersReturn)
{
	open(64);
	add_n(32, 64);
	ASSERT_EQ(burst(), 32);
	complete();
	add_n(10, 64);
	add(20);
	ASSERT_EQ(burst(), 11);
	igbvf_txq_close(&port.port, txq);
	txq = nullptr;
	EXPECT_EQ(port.port.base.tx_packets, 32u);
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_not_drained], 11u);
}

TEST_F(TxTest, AfterAResetNobodyKnowsWhatLeft)
{
	open(64);
	add_n(10, 64);
	ASSERT_EQ(burst(), 10);
	vfnet_word_store(&port.port.state, VFNET_PORT_RESETTING);
	igbvf_txq_close(&port.port, txq);
	txq = nullptr;
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_reset_unknown], 10u);
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_not_drained], 0u);
}

TEST_F(TxTest, ARingThatWasSetUpAnewGivesBackWhatWasInItAndRuns)
{
	open(64);
	for (int round = 1; round <= 3; round++) {
		add_n(20, 64);
		ASSERT_EQ(burst(), 20);
		complete();
		add_n(10, 64);
		ASSERT_EQ(burst(), 10);
		vfnet_queue_park(&txq->common);
		vfnet_queue_stop(&txq->common, VFNET_QUEUE_DOWN);
		add(64);
		EXPECT_EQ(burst(), -ENETDOWN);
		igbvf_txq_program(q(), &port.hw);
		vfnet_word_store(&txq->common.state, VFNET_QUEUE_FRESH);
		head = 0;
		if (round == 2) {
			EXPECT_EQ(reclaim(), 0u);
		}
		EXPECT_EQ(burst(), 1);
		EXPECT_EQ(tail(), 1u);
		complete();
		EXPECT_EQ(reclaim(), 0u);
		EXPECT_EQ(counters().drops[VFNET_DROPS_reset_unknown],
			  10u * static_cast<unsigned int>(round));
		EXPECT_EQ(counters().tx_packets, 21u * static_cast<unsigned int>(round));
	}
}

TEST_F(TxTest, ARingThatWasSetUpAnewAndIsClosedAtOnce)
{
	open(64);
	add_n(10, 64);
	ASSERT_EQ(burst(), 10);
	vfnet_queue_park(&txq->common);
	vfnet_queue_stop(&txq->common, VFNET_QUEUE_DOWN);
	igbvf_txq_program(q(), &port.hw);
	vfnet_word_store(&txq->common.state, VFNET_QUEUE_FRESH);
	igbvf_txq_close(&port.port, txq);
	txq = nullptr;
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_reset_unknown], 10u);
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_not_drained], 0u);
}

TEST_F(TxTest, AGoneDeviceDoesNotKeepBuffers)
{
	open(64);
	add_n(10, 64);
	ASSERT_EQ(burst(), 10);
	card.gone = true;
	vfnet_word_store(&port.port.state, VFNET_PORT_GONE);
	igbvf_txq_close(&port.port, txq);
	txq = nullptr;
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_reset_unknown], 10u);
}

class TxqTest : public QueueTest
{
};

TEST_F(TxqTest, ACardThatDoesNotEnableTheQueueTimesOut)
{
	vfnet_queue common = {};
	vfnet_txq *out = nullptr;

	make_pool(512, 256);
	common.n_desc = 64;
	common.cache = cache;
	card.on_read = [](uint32_t offset, uint32_t val) {
		return offset == IGBVF_TXDCTL ? val & ~IGBVF_TXDCTL_ENABLE : val;
	};
	uint64_t free_bytes = vfnet_dma_free_bytes(region);

	EXPECT_EQ(igbvf_txq_open(&port.port, &common, &out, &err), -ETIMEDOUT);
	EXPECT_EQ(out, nullptr);
	EXPECT_EQ(vfnet_dma_free_bytes(region), free_bytes);
}

TEST_F(TxqTest, ARegionThatIsFullIsSaidToBeSo)
{
	vfnet_queue common = {};
	vfnet_txq *out = nullptr;
	std::vector<void *> taken;
	void *ptr;

	make_pool(512, 256);
	common.n_desc = 64;
	common.cache = cache;
	while (vfnet_dma_alloc(region, 64, 64, 0, &ptr, nullptr) == 0)
		taken.push_back(ptr);
	/* none at all, then the ring but nothing to pad with */
	EXPECT_EQ(igbvf_txq_open(&port.port, &common, &out, &err), -ENOMEM);
	for (void *p : taken)
		vfnet_dma_free(region, p);
	EXPECT_EQ(out, nullptr);
}

} // namespace
