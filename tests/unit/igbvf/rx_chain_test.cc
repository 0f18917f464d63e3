/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>

#include "tests/unit/igbvf/rx_fixture.h"

namespace
{

/* Frames of up to 9018 bytes in buffers of 1024: chains of at most 9. */
class RxChainTest : public RxTest
{
      protected:
	void SetUp() override
	{
		RxTest::SetUp();
		port.port.mtu = 9000;
		open(128, 512, 1024);
	}

	/* A frame of @n buffers, the last with @last_len bytes. */
	void put_chain(int n, uint32_t last_len, uint32_t status = DONE, uint32_t types = 0,
		       uint32_t hash = 0, uint16_t vlan = 0)
	{
		for (int i = 0; i + 1 < n; i++)
			ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
		ASSERT_TRUE(put(last_len, status, types, hash, vlan));
	}
};

TEST_F(RxChainTest, WhatConcernsTheFrameMovesToItsFirstValue)
{
	put_chain(3, 100, DONE | IGBVF_RXD_VP | IGBVF_RXD_IPCS, IGBVF_RXD_IP4 | 2, 0xabcd, 0x0777);
	ASSERT_EQ(burst(), 3);
	EXPECT_EQ(pkt[0].flags, VFNET_PKT_MORE | VFNET_PKT_VLAN | VFNET_PKT_HASH |
				    VFNET_PKT_L3_GOOD | VFNET_PKT_IP4);
	EXPECT_EQ(pkt[0].hash, 0xabcdu);
	EXPECT_EQ(pkt[0].vlan, 0x0777);
	EXPECT_EQ(pkt[1].flags, VFNET_PKT_MORE);
	EXPECT_EQ(pkt[2].flags, 0);
	EXPECT_EQ(pkt[0].len, 1024);
	EXPECT_EQ(pkt[1].len, 1024);
	EXPECT_EQ(pkt[2].len, 100);
	EXPECT_EQ(counters().rx_packets, 1u);
	EXPECT_EQ(counters().rx_bytes, 2148u);
	free_pkts(3);
}

TEST_F(RxChainTest, AFrameWithoutItsEndStaysInTheRing)
{
	ASSERT_TRUE(put(60));
	ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	ASSERT_EQ(burst(), 1);
	free_pkts(1);
	EXPECT_EQ(burst(), 0);
	ASSERT_TRUE(put(5));
	ASSERT_EQ(burst(), 3);
	EXPECT_EQ(pkt[2].len, 5);
	free_pkts(3);
}

TEST_F(RxChainTest, AHoleBeforeTheEndIsNotTheEnd)
{
	uint32_t hole = head + 1;

	ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	ASSERT_TRUE(put(1024, 0));
	for (int i = 0; i < 9; i++)
		ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	EXPECT_EQ(burst(), 0);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_chain], 0u);
	q()->ring[hole].wb.status = DONE;
	ASSERT_EQ(burst(9), 2);
	free_pkts(2);
}

TEST_F(RxChainTest, AChainDoesNotGoOnInStaleDescriptors)
{
	std::vector<vfnet_pkt> kept;

	leave(0);
	/* once around, so that what lies behind the posted ones is an old frame */
	while (posted() > 2)
		ASSERT_TRUE(put(60));
	for (int n; (n = burst()) > 0;)
		kept.insert(kept.end(), pkt.begin(), pkt.begin() + n);
	ASSERT_EQ(kept.size(), 125u);
	ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	q()->ring[head].wb.status = DONE;
	q()->ring[head].wb.len = 60;
	EXPECT_EQ(burst(), 0);
	EXPECT_EQ(counters().rx_packets, 125u);
	vfnet_pkt_free(cache, kept.data(), 125);
	EXPECT_EQ(burst(), 0) << "posts buffers";
	ASSERT_TRUE(put(1));
	ASSERT_EQ(burst(), 3);
	free_pkts(3);
}

TEST_F(RxChainTest, AFrameThatDoesNotFitInTheRestOfTheBurstWaits)
{
	for (int i = 0; i < 4; i++)
		ASSERT_TRUE(put(60));
	put_chain(9, 100);
	ASSERT_EQ(burst(12), 4);
	free_pkts(4);
	ASSERT_EQ(burst(12), 9);
	free_pkts(9);
}

TEST_F(RxChainTest, ChainsAndSinglesMixAcrossManyWraps)
{
	uint32_t frames = 0, n_sent = 0;

	for (int round = 0; round < 300; round++) {
		int n_bufs = 1 + round % 9;

		if (posted() > 9) {
			put_chain(n_bufs, 1 + n_sent % 1000);
			n_sent++;
		}
		int n = burst(9);

		ASSERT_GE(n, 0);
		for (int i = 0; i < n; i++) {
			if (pkt[i].flags & VFNET_PKT_MORE)
				continue;
			ASSERT_EQ(pkt[i].len, 1 + frames++ % 1000);
		}
		free_pkts(n);
	}
	EXPECT_EQ(frames, n_sent);
	EXPECT_GT(n_sent, 290u);
	EXPECT_EQ(counters().rx_packets, n_sent);
}

TEST_F(RxChainTest, AnEndlessChainIsDroppedOnceAndTheNextFrameArrives)
{
	for (int i = 0; i < 30; i++)
		ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	EXPECT_EQ(burst(), 0);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_chain], 1u);
	ASSERT_TRUE(put(7, DONE));
	ASSERT_TRUE(put(61));
	ASSERT_EQ(burst(), 1) << "its late end belongs to it";
	EXPECT_EQ(pkt[0].len, 61);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_chain], 1u);
	EXPECT_EQ(counters().rx_packets, 1u);
	free_pkts(1);
}

TEST_F(RxChainTest, AnEndlessChainEndsWithAReset)
{
	for (int i = 0; i < 30; i++)
		ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	EXPECT_EQ(burst(), 0);
	vfnet_queue_park(&rxq->common);
	vfnet_queue_stop(&rxq->common, VFNET_QUEUE_DOWN);
	igbvf_rxq_program(q(), &port.hw);
	vfnet_word_store(&rxq->common.state, VFNET_QUEUE_FRESH);
	head = 0;
	EXPECT_EQ(burst(), 0);
	ASSERT_TRUE(put(61));
	ASSERT_EQ(burst(), 1);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_chain], 1u);
	free_pkts(1);
}

TEST_F(RxChainTest, TheLongestChainIsNotEndless)
{
	put_chain(9, 826);
	ASSERT_EQ(burst(9), 9);
	EXPECT_EQ(counters().rx_bytes, 9018u);
	free_pkts(9);
}

TEST_F(RxChainTest, DamageAnywhereDropsTheWholeFrame)
{
	put_chain(3, 100, DONE | IGBVF_RXD_RXE);
	ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	ASSERT_TRUE(put(65535, IGBVF_RXD_DD));
	ASSERT_TRUE(put(10));
	put_chain(2, 0);
	put_chain(2, 5);
	ASSERT_EQ(burst(), 2);
	EXPECT_EQ(pkt[1].len, 5);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_frame], 3u);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_chain], 0u);
	free_pkts(2);
}

TEST_F(RxChainTest, ErrorBitsBeforeTheEndMeanNothing)
{
	ASSERT_TRUE(put(1024, IGBVF_RXD_DD | IGBVF_RXD_RXE));
	ASSERT_TRUE(put(10));
	ASSERT_EQ(burst(), 2);
	free_pkts(2);
}

TEST_F(RxChainTest, AFrameWithoutItsEndIsCountedWhenTheQueueCloses)
{
	ASSERT_TRUE(put(60));
	ASSERT_TRUE(put(1024, IGBVF_RXD_DD));
	igbvf_rxq_close(&port.port, rxq);
	rxq = nullptr;
	EXPECT_EQ(port.port.base.rx_packets, 1u);
	EXPECT_EQ(port.port.base.drops[VFNET_DROPS_not_drained], 1u);
	EXPECT_EQ(port.port.base.missed[VFNET_MISSED_bad_chain], 1u);
}

} // namespace
