/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>

#include "tests/unit/igbvf/tx_fixture.h"

namespace
{

TEST_F(TxTest, AValueBecomesADescriptorThatSaysAllThatTheCardNeeds)
{
	open(64);
	add(60);
	uint64_t addr = iova(pkt[0].buf, pkt[0].off);

	ASSERT_EQ(burst(), 1);
	EXPECT_EQ(tail(), 1u);
	EXPECT_EQ(q()->ring[0].data.addr, addr);
	EXPECT_EQ(q()->ring[0].data.cmd, IGBVF_TXD_DEXT | IGBVF_TXD_DTYP_DATA << 20 |
					     IGBVF_TXD_IFCS | IGBVF_TXD_EOP | IGBVF_TXD_RS | 60);
	EXPECT_EQ(q()->ring[0].data.paylen, 60u << 14);
}

TEST_F(TxTest, ABufferComesBackOnlyAfterTheCardIsDone)
{
	open(64);
	add(60);
	uint32_t handle = pkt[0].buf, got;

	ASSERT_EQ(burst(), 1);
	EXPECT_EQ(reclaim(), 1u);
	EXPECT_EQ(counters().tx_packets, 0u);
	complete();
	EXPECT_EQ(reclaim(), 0u);
	EXPECT_EQ(counters().tx_packets, 1u);
	EXPECT_EQ(counters().tx_bytes, 60u);
	ASSERT_EQ(vfnet_cache_get(cache, &got, 1), 1u);
	EXPECT_EQ(got, handle) << "most recently freed first";
	vfnet_cache_put(cache, &got, 1);
}

TEST_F(TxTest, TheLastOfABurstAndEvery32ndWithinAskForAReport)
{
	open(256);
	add_n(100, 64);
	ASSERT_EQ(burst(), 100);
	for (uint32_t i = 0; i < 100; i++)
		EXPECT_EQ((q()->ring[i].data.cmd & IGBVF_TXD_RS) != 0,
			  i == 31 || i == 63 || i == 95 || i == 99)
		    << i;
	complete();
}

TEST_F(TxTest, TheReportIsAskedForAtTheEndOfAFrame)
{
	open(256);
	add_n(30, 64);
	for (int i = 0; i < 4; i++)
		add(64, VFNET_PKT_MORE);
	add(64);
	add(64);
	ASSERT_EQ(burst(), 36);
	for (uint32_t i = 0; i < 36; i++)
		EXPECT_EQ((q()->ring[i].data.cmd & IGBVF_TXD_RS) != 0, i == 34 || i == 35) << i;
	complete();
	EXPECT_EQ(sent.size(), 32u);
}

TEST_F(TxTest, AChainCountsTowardsThe32)
{
	open(256);
	for (int i = 0; i < 4; i++)
		add(64, VFNET_PKT_MORE);
	add_n(41, 64);
	ASSERT_EQ(burst(), 45);
	for (uint32_t i = 0; i < 45; i++)
		EXPECT_EQ((q()->ring[i].data.cmd & IGBVF_TXD_RS) != 0, i == 31 || i == 44) << i;
	complete();
}

TEST_F(TxTest, ABurstThatSendsNothingWritesNoTail)
{
	card.doorbell_call = true;
	open(64);
	add(0);
	add(64, VFNET_PKT_TX_SEG);
	ASSERT_EQ(burst(), 2);
	EXPECT_EQ(card.n_writes(IGBVF_TDT), 1u) << "0 at open";
}

TEST_F(TxTest, OneBurstWritesTheTailOnce)
{
	card.doorbell_call = true;
	open(256);
	add_n(200, 64);
	ASSERT_EQ(burst(), 200);
	EXPECT_EQ(card.n_writes(IGBVF_TDT), 2u) << "0 at open";
	EXPECT_EQ(tail(), 200u);
	complete();
}

/* QEMU's card forgets what it has fetched of a frame before the tail reached its end [live]. */
TEST_F(TxTest, TheTailMovesByWholeFrames)
{
	std::vector<uint32_t> tails;

	card.doorbell_call = true;
	open(64);
	card.on_write = [&](uint32_t offset, uint32_t val) {
		if (offset == IGBVF_TDT)
			tails.push_back(val);
	};
	add(200, VFNET_PKT_MORE);
	add(100, VFNET_PKT_MORE);
	add(7);
	add(20); /* with a descriptor of padding */
	ASSERT_EQ(burst(), 4);
	for (int i = 0; i < 2; i++)
		add(64, VFNET_PKT_MORE);
	add(64);
	ASSERT_EQ(burst(), 3);
	card.on_write = nullptr;
	EXPECT_EQ(tails, (std::vector<uint32_t>{5, 8}));
	complete();
	EXPECT_EQ(sent.size(), 3u);
}

TEST_F(TxTest, AChainHasItsLengthInTheFirstDescriptorAndItsEndInTheLast)
{
	open(64);
	add(200, VFNET_PKT_MORE);
	add(100, VFNET_PKT_MORE);
	add(7);
	ASSERT_EQ(burst(), 3);
	EXPECT_EQ(q()->ring[0].data.paylen, 307u << 14);
	EXPECT_EQ(q()->ring[1].data.paylen, 0u);
	EXPECT_EQ(q()->ring[0].data.cmd & (IGBVF_TXD_EOP | IGBVF_TXD_RS), 0u);
	EXPECT_EQ(q()->ring[1].data.cmd & (IGBVF_TXD_EOP | IGBVF_TXD_RS), 0u);
	complete();
	ASSERT_EQ(sent.size(), 1u);
	EXPECT_EQ(sent[0].lens, (std::vector<uint32_t>{200, 100, 7}));
	EXPECT_EQ(reclaim(), 0u);
	EXPECT_EQ(counters().tx_packets, 1u);
	EXPECT_EQ(counters().tx_bytes, 307u);
}

TEST_F(TxTest, AShortFrameIsPaddedFromTheZeroBufferAndNotWritten)
{
	open(64);
	add(20);
	add(10, VFNET_PKT_MORE);
	add(49);
	auto *data = static_cast<uint8_t *>(at_iova(iova(pkt[0].buf, pkt[0].off)));

	memset(data, 0xee, 64);
	ASSERT_EQ(burst(), 3);
	complete();
	ASSERT_EQ(sent.size(), 2u);
	EXPECT_EQ(sent[0].paylen, 60u);
	ASSERT_EQ(sent[0].lens, (std::vector<uint32_t>{20, 40}));
	EXPECT_EQ(sent[1].lens, (std::vector<uint32_t>{10, 49, 1}));
	auto *zero = static_cast<uint8_t *>(at_iova(sent[0].addrs[1]));

	for (int i = 0; i < 40; i++)
		EXPECT_EQ(zero[i], 0);
	for (int i = 0; i < 64; i++)
		EXPECT_EQ(data[i], 0xee);
	EXPECT_EQ(reclaim(), 0u);
	EXPECT_EQ(counters().tx_bytes, 120u) << "as on the wire";
}

TEST_F(TxTest, AFullRingTakesWholeFramesUntilTheCardHasSent)
{
	open(64);
	add_n(61, 64);
	ASSERT_EQ(burst(), 61);
	add(64);
	for (int i = 0; i < 2; i++)
		add(64, VFNET_PKT_MORE);
	add(64);
	EXPECT_EQ(burst(), 1) << "1 descriptor is left, 3 are needed";
	EXPECT_EQ(tail(), 62u);
	EXPECT_EQ(burst(), 0);
	EXPECT_EQ(tail(), 62u);
	complete();
	EXPECT_EQ(burst(), 3);
	complete();
	EXPECT_EQ(sent.size(), 63u);
}

TEST_F(TxTest, ARingThatLooksFullLetsTheCardMoveOnceAndLooksAgain)
{
	card.steppable();
	card.on_progress = [this] { complete(); };
	open(64);
	card.n_progress = 0;
	add_n(63, 64);
	ASSERT_EQ(burst(), 63);
	EXPECT_EQ(card.n_progress, 0u);
	add_n(40, 64);
	EXPECT_EQ(burst(), 40);
	EXPECT_EQ(card.n_progress, 1u);
	EXPECT_EQ(reclaim(), 0u);
	EXPECT_EQ(card.n_progress, 2u);
	card.on_progress = nullptr;
}

TEST_F(TxTest, CompletionsCountOnlyInOrder)
{
	open(128);
	add_n(32, 64);
	ASSERT_EQ(burst(), 32);
	add_n(32, 64);
	ASSERT_EQ(burst(), 32);
	vfnet_io_store_dd(&q()->ring[63].wb.status, IGBVF_TXD_DD);
	EXPECT_EQ(reclaim(), 64u);
	vfnet_io_store_dd(&q()->ring[31].wb.status, IGBVF_TXD_DD);
	EXPECT_EQ(reclaim(), 0u);
	EXPECT_EQ(counters().tx_packets, 64u);
	head = tail();
}

TEST_F(TxTest, WhatNoCardCanSendIsDroppedByNameAndNeverBlocks)
{
	open(64);
	add(9725);
	for (int i = 0; i < 38; i++)
		add(256, VFNET_PKT_MORE);
	add(9724 - 38 * 256 + 256);
	add(64, VFNET_PKT_TX_SEG | VFNET_PKT_IP4 | VFNET_PKT_UDP);
	add(0);
	add(100, VFNET_PKT_MORE);
	add(0);
	for (int i = 0; i < 63; i++)
		add(10, VFNET_PKT_MORE);
	add(10);
	add(64);
	ASSERT_EQ(burst(), 1 + 39 + 1 + 1 + 2 + 64 + 1);
	complete();
	ASSERT_EQ(sent.size(), 1u);
	EXPECT_EQ(sent[0].paylen, 64u);
	vfnet_counters sum = counters();

	EXPECT_EQ(sum.drops[VFNET_DROPS_tx_oversize], 2u);
	EXPECT_EQ(sum.drops[VFNET_DROPS_tx_unsupported], 1u);
	EXPECT_EQ(sum.drops[VFNET_DROPS_tx_invalid], 3u);
}

TEST_F(TxTest, TheLongestFrameIsSent)
{
	open(64);
	add(9724);
	ASSERT_EQ(burst(), 1);
	complete();
	EXPECT_EQ(sent[0].paylen, 9724u);
}

TEST_F(TxTest, FlagsOfAReceivedFrameAreIgnored)
{
	open(64);
	add(64, VFNET_PKT_HASH | VFNET_PKT_LOOPED | VFNET_PKT_L3_GOOD | VFNET_PKT_L4_BAD |
		    VFNET_PKT_IP4 | VFNET_PKT_UDP);
	pkt[0].hash = 0xffffffff;
	pkt[0].vlan = 0xffff;
	ASSERT_EQ(burst(), 1);
	complete();
	EXPECT_EQ(sent.size(), 1u);
}

TEST_F(TxTest, BadArgumentsAreRefusedAndTakeNothing)
{
	open(64);
	add(64);
	add(64, VFNET_PKT_MORE);
	EXPECT_EQ(burst(), -EINVAL) << "the last frame has no end";
	EXPECT_EQ(vfnet_tx_burst(txq, pkt.data(), 0), -EINVAL);
	pkt.resize(VFNET_BURST_MAX + 1);
	EXPECT_EQ(burst(), -EINVAL);
	pkt.resize(2);
	EXPECT_EQ(tail(), 0u);
	free_rest();
}

TEST_F(TxTest, ParkedQueuesSaySoAndTakeNothing)
{
	open(64);
	add(64);
	vfnet_word_store(&txq->common.state, VFNET_QUEUE_DOWN);
	EXPECT_EQ(burst(), -ENETDOWN);
	EXPECT_EQ(vfnet_word_load(&txq->common.state), uint32_t{VFNET_QUEUE_PARKED});
	vfnet_word_store(&txq->common.state, VFNET_QUEUE_GONE);
	EXPECT_EQ(burst(), -ENODEV);
	EXPECT_EQ(reclaim(), 0u);
	EXPECT_EQ(tail(), 0u);
	free_rest();
}

TEST_F(TxTest, TheNextCallTakesAParkedQueueBack)
{
	open(64);
	add(64);
	vfnet_queue_park(&txq->common);
	EXPECT_EQ(burst(), 1);
	complete();
	vfnet_queue_park(&txq->common);
	EXPECT_EQ(reclaim(), 0u) << "what was sent is given back";
}

TEST_F(TxTest, EveryFrameArrivesAcrossManyWrapsOfARingThatIsNoPowerOfTwo)
{
	std::vector<uint32_t> want;

	open(72);
	for (uint32_t round = 0; round < 400; round++) {
		for (uint32_t i = 0; i < round % 23; i++) {
			uint32_t len = 1 + (round * 7 + i * 13) % 250;

			if ((round + i) % 5 == 0) {
				add(len, VFNET_PKT_MORE);
				add(3);
			} else {
				add(len);
			}
		}
		for (size_t i = 0; i < pkt.size(); i++)
			if (i == 0 || !(pkt[i - 1].flags & VFNET_PKT_MORE))
				want.push_back(pkt[i].len +
					       (pkt[i].flags & VFNET_PKT_MORE ? 3u : 0u));
		while (!pkt.empty()) {
			ASSERT_GE(burst(), 0);
			complete();
		}
	}
	ASSERT_EQ(sent.size(), want.size());
	for (size_t i = 0; i < want.size(); i++)
		ASSERT_EQ(sent[i].paylen, want[i] < 60 ? 60 : want[i]);
	EXPECT_EQ(reclaim(), 0u);
	EXPECT_EQ(counters().tx_packets, want.size());
}

} // namespace
