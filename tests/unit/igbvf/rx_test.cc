/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>
#include <set>

#include "tests/unit/igbvf/rx_fixture.h"

namespace
{

TEST_F(RxTest, AFrameBecomesAValueInTheBufferThatWasPosted)
{
	open(64);
	uint64_t addr = q()->ring[0].read.addr;

	ASSERT_TRUE(put(60, DONE, 0, 0x1234, 0));
	ASSERT_EQ(burst(), 1);
	EXPECT_EQ(iova(pkt[0].buf, pkt[0].off), addr);
	EXPECT_EQ(pkt[0].off, pool->default_off);
	EXPECT_EQ(pkt[0].len, 60);
	EXPECT_EQ(pkt[0].flags, 0);
	EXPECT_EQ(counters().rx_packets, 1u);
	EXPECT_EQ(counters().rx_bytes, 60u);
	free_pkts(1);
}

TEST_F(RxTest, EveryPostedDescriptorHasAnAddressOfItsOwnAndNoStaleDd)
{
	std::set<uint64_t> addrs;

	open(64);
	for (uint32_t i = 0; i < 63; i++) {
		EXPECT_TRUE(addrs.insert(q()->ring[i].read.addr).second);
		EXPECT_EQ(q()->ring[i].read.hdr_addr, 0u);
	}
}

TEST_F(RxTest, StatusAndTypeBitsBecomeFlags)
{
	const struct {
		uint32_t types, status, flags;
	} cases[] = {
	    {IGBVF_RXD_IP4, 0, VFNET_PKT_IP4},
	    {IGBVF_RXD_IP4 | IGBVF_RXD_IP4_OPT, 0, VFNET_PKT_IP4},
	    {IGBVF_RXD_IP4_OPT, 0, VFNET_PKT_IP4},
	    {IGBVF_RXD_IP6, 0, VFNET_PKT_IP6},
	    {IGBVF_RXD_IP6_EXT | IGBVF_RXD_UDP, 0, VFNET_PKT_IP6 | VFNET_PKT_UDP},
	    {IGBVF_RXD_IP4 | IGBVF_RXD_TCP, IGBVF_RXD_L4I | IGBVF_RXD_IPCS,
	     VFNET_PKT_IP4 | VFNET_PKT_TCP | VFNET_PKT_L3_GOOD | VFNET_PKT_L4_GOOD},
	    {0, IGBVF_RXD_IPCS | IGBVF_RXD_IPE, VFNET_PKT_L3_BAD},
	    {0, IGBVF_RXD_IPE, 0},
	    {0, IGBVF_RXD_L4I | IGBVF_RXD_L4E, VFNET_PKT_L4_BAD},
	    {0, IGBVF_RXD_L4E, 0},
	    {0, IGBVF_RXD_L4I | IGBVF_RXD_IPCS | IGBVF_RXD_L4E,
	     VFNET_PKT_L3_GOOD | VFNET_PKT_L4_BAD},
	    {0, IGBVF_RXD_VP, VFNET_PKT_VLAN},
	    {0, IGBVF_RXD_LB, VFNET_PKT_LOOPED},
	    {3, 0, VFNET_PKT_HASH},
	    {IGBVF_RXD_ETQF | IGBVF_RXD_IP4 | IGBVF_RXD_UDP, 0, 0},
	    {IGBVF_RXD_SCTP | IGBVF_RXD_IP4, IGBVF_RXD_PIF, VFNET_PKT_IP4},
	    {0x0fff & ~15u, 0, VFNET_PKT_IP4 | VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_UDP},
	};

	open(64);
	for (const auto &c : cases) {
		ASSERT_TRUE(put(64, DONE | c.status, c.types, 0xfeedface, 0x0123));
		ASSERT_EQ(burst(), 1);
		EXPECT_EQ(pkt[0].flags, c.flags) << std::hex << c.types << " " << c.status;
		EXPECT_TRUE(!(c.flags & VFNET_PKT_HASH) || pkt[0].hash == 0xfeedface);
		EXPECT_TRUE(!(c.flags & VFNET_PKT_VLAN) || pkt[0].vlan == 0x0123);
		free_pkts(1);
	}
}

TEST_F(RxTest, NothingIsTakenPastADescriptorWithoutDd)
{
	open(64);
	ASSERT_TRUE(put(60, 0));
	ASSERT_TRUE(put(61));
	EXPECT_EQ(burst(), 0);
	q()->ring[0].wb.status = DONE;
	ASSERT_EQ(burst(), 2);
	EXPECT_EQ(pkt[0].len, 60);
	EXPECT_EQ(pkt[1].len, 61);
	free_pkts(2);
}

TEST_F(RxTest, EachErrorBitDropsTheFrameAndCountsIt)
{
	const uint32_t bits[] = {IGBVF_RXD_CE, IGBVF_RXD_SE, IGBVF_RXD_SEQ, IGBVF_RXD_CXE,
				 IGBVF_RXD_RXE};

	open(64);
	for (uint32_t bit : bits)
		ASSERT_TRUE(put(60, DONE | bit));
	ASSERT_TRUE(put(99));
	ASSERT_EQ(burst(), 1);
	EXPECT_EQ(pkt[0].len, 99);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_frame], 5u);
	EXPECT_EQ(counters().rx_packets, 1u);
	free_pkts(1);
}

TEST_F(RxTest, ALengthThatNoBufferHasIsDropped)
{
	open(64);
	for (uint32_t len : {0u, 2049u, 65535u})
		ASSERT_TRUE(put(len));
	ASSERT_TRUE(put(2048));
	ASSERT_EQ(burst(), 1);
	EXPECT_EQ(pkt[0].len, 2048);
	EXPECT_EQ(counters().missed[VFNET_MISSED_bad_frame], 3u);
	free_pkts(1);
}

TEST_F(RxTest, TheTailIsWrittenOncePer32FreedDescriptors)
{
	card.doorbell_call = true;
	open(248);
	expect_a_doorbell_per(32);
}

TEST_F(RxTest, TheTailOfALargeRingIsWrittenOncePer64FreedDescriptors)
{
	card.doorbell_call = true;
	open(256);
	expect_a_doorbell_per(64);
}

TEST_F(RxTest, ALongBurstWritesTheTailOnce)
{
	card.doorbell_call = true;
	open(256);
	for (int i = 0; i < 200; i++)
		ASSERT_TRUE(put(60));
	ASSERT_EQ(burst(200), 200);
	free_pkts(200);
	EXPECT_EQ(card.n_writes(IGBVF_RDT), 3u);
	EXPECT_EQ(posted(), 255u - 200 + 192);
}

TEST_F(RxTest, OneDescriptorAlwaysStaysUnused)
{
	open(64);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 7; i++)
			ASSERT_TRUE(put(60));
		ASSERT_EQ(burst(), 7);
		free_pkts(7);
		ASSERT_LT(posted(), 64u);
		ASSERT_EQ(posted(), q()->posted);
		ASSERT_GE(posted(), 32u);
	}
}

TEST_F(RxTest, SequenceAndBuffersSurviveManyWrapsOfARingThatIsNoPowerOfTwo)
{
	uint32_t sent = 0, received = 0;
	std::set<uint32_t> held;

	open(72, 256);
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < round % 41; i++)
			sent += put(60 + sent % 1000);
		int n = burst(static_cast<unsigned int>(1 + round % 37));

		ASSERT_GE(n, 0);
		held.clear();
		for (int i = 0; i < n; i++) {
			ASSERT_EQ(pkt[i].len, 60 + received++ % 1000);
			ASSERT_TRUE(held.insert(pkt[i].buf).second);
		}
		free_pkts(n);
	}
	EXPECT_GT(sent, 3 * 72u);
	for (int n; (n = burst()) > 0; free_pkts(n))
		received += static_cast<uint32_t>(n);
	EXPECT_EQ(received, sent);
}

TEST_F(RxTest, AnEmptyPoolLeavesDescriptorsAndNeverReadsTheirStaleDd)
{
	std::vector<vfnet_pkt> kept;
	unsigned int n_writes;

	card.doorbell_call = true;
	open(64);
	leave(1);
	for (int got = 0; got < 64;) {
		int n;

		while (put(60))
			;
		n = burst();
		if (!n)
			break;
		got += n;
		kept.insert(kept.end(), pkt.begin(), pkt.begin() + n);
	}
	EXPECT_EQ(kept.size(), 64u);
	EXPECT_EQ(posted(), 0u);
	n_writes = card.n_writes(IGBVF_RDT);
	EXPECT_EQ(burst(), 0);
	EXPECT_EQ(card.n_writes(IGBVF_RDT), n_writes) << "nothing posted, nothing to say";

	vfnet_pkt_free(cache, kept.data(), 64);
	EXPECT_EQ(burst(), 0);
	EXPECT_EQ(posted(), 32u) << "the first burst with buffers posts them";
	ASSERT_TRUE(put(77));
	ASSERT_EQ(burst(), 1);
	EXPECT_EQ(pkt[0].len, 77);
	free_pkts(1);
}

TEST_F(RxTest, BelowAQuarterFewerThan32BuffersArePostedToo)
{
	open(64);
	leave(0);
	for (int i = 0; i < 50; i++)
		ASSERT_TRUE(put(60));
	ASSERT_EQ(burst(50), 50);
	EXPECT_EQ(posted(), 13u);
	vfnet_pkt_free(cache, pkt.data(), 5);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(vfnet_rx_burst(rxq, &pkt[50], 32), 0);
	EXPECT_EQ(posted(), 13u + 5);
	vfnet_pkt_free(cache, &pkt[5], 45);
}

TEST_F(RxTest, ParkedQueuesSaySoAndTouchNothing)
{
	open(64);
	ASSERT_TRUE(put(60));
	vfnet_word_store(&rxq->common.state, VFNET_QUEUE_DOWN);
	EXPECT_EQ(burst(), -ENETDOWN);
	EXPECT_EQ(vfnet_word_load(&rxq->common.state), uint32_t{VFNET_QUEUE_PARKED});
	vfnet_word_store(&rxq->common.state, VFNET_QUEUE_GONE);
	EXPECT_EQ(burst(), -ENODEV);
	EXPECT_EQ(counters().rx_packets, 0u);
	vfnet_word_store(&rxq->common.state, VFNET_QUEUE_RUN);
	EXPECT_EQ(burst(), 1);
	free_pkts(1);
}

TEST_F(RxTest, TheNextBurstTakesAParkedQueueBack)
{
	open(64);
	ASSERT_TRUE(put(60));
	vfnet_queue_park(&rxq->common);
	EXPECT_EQ(burst(), 1);
	free_pkts(1);
	vfnet_queue_park(&rxq->common);
	vfnet_queue_stop(&rxq->common, VFNET_QUEUE_DOWN);
	EXPECT_EQ(burst(), -ENETDOWN);
}

TEST_F(RxTest, ABurstThatFindsNothingLetsTheCardMoveOnceAndLooksAgain)
{
	card.steppable();
	card.on_progress = [this] { put(60); };
	open(64);
	card.n_progress = 0;
	EXPECT_EQ(burst(), 1);
	EXPECT_EQ(card.n_progress, 1u);
	free_pkts(1);
	ASSERT_TRUE(put(60));
	EXPECT_EQ(burst(), 1);
	EXPECT_EQ(card.n_progress, 1u) << "there was something";
	free_pkts(1);
	card.on_progress = nullptr;
}

TEST_F(RxTest, RoomOutsideTheLimitsIsRefused)
{
	port.port.mtu = 9000;
	open(64, 512, 2048);
	ASSERT_TRUE(put(60));
	EXPECT_EQ(burst(4), -EINVAL) << "9018 bytes need 5 buffers of 2048";
	EXPECT_EQ(burst(VFNET_BURST_MAX + 1), -EINVAL);
	EXPECT_EQ(burst(5), 1);
	free_pkts(1);
}

} // namespace
