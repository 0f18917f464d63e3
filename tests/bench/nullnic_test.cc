/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card that benches measure on, with our driver on its rings: what it gives arrives, what it
 * gets is looked at, and nothing that a driver does wrong passes for a forwarded frame.
 */
#include <utility>

#include "bench/nullnic/nullnic.h"
#include "tests/unit/igbvf/fake_card.h"

namespace
{
constexpr uint32_t kRing = 64;

class NullNic : public QueueTest
{
      protected:
	nullnic nic = {};
	vfnet_rxq *rxq = nullptr;
	vfnet_txq *txq = nullptr;
	std::vector<vfnet_pkt> pkt = std::vector<vfnet_pkt>(VFNET_BURST_MAX);

	void open(const nullnic_traffic &traffic, uint32_t mtu = 1500)
	{
		vfnet_queue common = {};

		make_pool(512, 2048);
		common.n_desc = kRing;
		common.cache = cache;
		port.port.mtu = mtu;
		ASSERT_EQ(nullnic_init(&nic, &nullnic_82576_vf, card.window.data(), &traffic), 0);
		nullnic_map(&nic, VFNET_IOVA_BASE, region->base, region->bytes);
		ASSERT_EQ(igbvf_rxq_open(&port.port, &common, &rxq, &err), 0) << err.text;
		ASSERT_EQ(igbvf_txq_open(&port.port, &common, &txq, &err), 0) << err.text;
	}

	void open_plain()
	{
		open(plain());
	}

	static nullnic_traffic plain()
	{
		nullnic_traffic traffic = {};

		traffic.frame_bytes = VFNET_FRAME_MIN;
		return traffic;
	}

	void TearDown() override
	{
		if (txq) {
			nullnic_send(&nic);
			igbvf_txq_close(&port.port, txq);
		}
		if (rxq)
			igbvf_rxq_close(&port.port, rxq);
		QueueTest::TearDown();
	}

	unsigned int receive()
	{
		int got = vfnet_rx_burst(rxq, pkt.data(), 32);

		return got > 0 ? static_cast<unsigned int>(got) : 0;
	}

	void send(unsigned int n)
	{
		ASSERT_EQ(vfnet_tx_burst(txq, pkt.data(), n), static_cast<int>(n));
		nullnic_send(&nic);
	}

	void forward(uint32_t frames)
	{
		nullnic_receive(&nic, frames);
		for (unsigned int n = receive(); n; n = receive())
			send(n);
	}

	uint8_t *data(unsigned int i)
	{
		return vfnet_pkt_data(region, &pkt[i]);
	}

	/* Frames of which the last burst sent some wrong; all came back. */
	void expect_wrong(uint64_t wrong, uint64_t sent)
	{
		EXPECT_EQ(nic.counts.wrong, wrong);
		EXPECT_EQ(nic.counts.sent, sent);
	}
};
} // namespace

TEST_F(NullNic, FramesArriveAndComeBackInOrderRoundTheRing)
{
	open_plain();
	for (int i = 0; i < 20; i++)
		forward(32);
	EXPECT_EQ(nic.counts.given, 640u);
	expect_wrong(0, 640);
	EXPECT_EQ(nic.counts.faults + nic.counts.dry, 0u);
	EXPECT_EQ(card.reg(IGBVF_VFGPRC), 640u);
	EXPECT_EQ(card.reg(IGBVF_VFGPTC), 640u);
}

TEST_F(NullNic, TheDriverSeesWhatTheTrafficSays)
{
	nullnic_traffic traffic = plain();

	traffic.types = IGBVF_RXD_IP4 | IGBVF_RXD_UDP | 7;
	traffic.status = IGBVF_RXD_IPCS | IGBVF_RXD_L4I | IGBVF_RXD_VP;
	traffic.hash = 0x12345678;
	traffic.vlan = 42;
	open(traffic);
	EXPECT_EQ(nullnic_receive(&nic, 1), 1u);
	ASSERT_EQ(receive(), 1u);
	EXPECT_EQ(pkt[0].flags, VFNET_PKT_IP4 | VFNET_PKT_UDP | VFNET_PKT_HASH | VFNET_PKT_VLAN |
				    VFNET_PKT_L3_GOOD | VFNET_PKT_L4_GOOD);
	EXPECT_EQ(pkt[0].hash, 0x12345678u);
	EXPECT_EQ(pkt[0].vlan, 42);
	EXPECT_EQ(pkt[0].len, VFNET_FRAME_MIN);
	pkt[0].flags = 0;
	send(1);
	expect_wrong(0, 1);
}

TEST_F(NullNic, DamagedFramesComeAsOftenAsSaidAndTheDriverCountsThem)
{
	nullnic_traffic traffic = plain();
	vfnet_counters sum = {};

	traffic.bad_every = 10;
	traffic.bad_run = 2;
	open(traffic);
	for (int i = 0; i < 10; i++)
		forward(20);
	igbvf_rxq_count(rxq, &sum);
	EXPECT_EQ(nic.counts.bad_given, 40u);
	EXPECT_EQ(sum.missed[VFNET_MISSED_bad_frame], 40u);
	EXPECT_EQ(sum.rx_packets, 200u);
	EXPECT_EQ(nic.counts.bad_sent, 0u);
	expect_wrong(0, 200);
}

TEST_F(NullNic, AFrameTakesAsManyBuffersAsItNeeds)
{
	nullnic_traffic traffic = plain();

	traffic.frame_bytes = NULLNIC_FRAME_MAX;
	open(traffic, IGBVF_MTU_MAX);
	for (int i = 0; i < 30; i++)
		forward(3);
	expect_wrong(0, 90);
	EXPECT_EQ(nic.counts.dry, 0u);
}

TEST_F(NullNic, AddressesAreSwappedWhenTheyAreToBe)
{
	open_plain();
	nullnic_swapped(&nic, true);
	nullnic_receive(&nic, 1);
	ASSERT_EQ(receive(), 1u);
	for (int i = 0; i < 6; i++)
		std::swap(data(0)[i], data(0)[6 + i]);
	send(1);
	expect_wrong(0, 1);
	forward(1);
	expect_wrong(1, 2);
}

TEST_F(NullNic, WhatComesBackOtherwiseIsWrong)
{
	open_plain();
	nullnic_receive(&nic, 5);
	ASSERT_EQ(receive(), 5u);
	data(0)[VFNET_FRAME_MIN - 1] ^= 1; /* its last byte */
	data(1)[20] ^= 1;		   /* its headers */
	pkt[2].len++;
	std::swap(pkt[3], pkt[4]);
	send(5);
	expect_wrong(5, 5);
}

TEST_F(NullNic, ADamagedFrameThatIsPassedOnIsNoGoodOne)
{
	open_plain();
	nullnic_receive(&nic, 1);
	ASSERT_EQ(receive(), 1u);
	memset(data(0) + 42, 0xff, sizeof(uint64_t)); /* the number of those */
	send(1);
	EXPECT_EQ(nic.counts.bad_sent, 1u);
	expect_wrong(0, 0);
}

TEST_F(NullNic, WithoutBuffersNothingIsGiven)
{
	open_plain();
	EXPECT_EQ(nullnic_receive(&nic, kRing), kRing - 1);
	EXPECT_EQ(nullnic_receive(&nic, 1), 0u);
	EXPECT_EQ(nic.counts.given, kRing - 1);
	EXPECT_EQ(nic.counts.dry, 2u);
	EXPECT_EQ(nic.counts.faults, 0u);
}

TEST_F(NullNic, OnlyDescriptorsWithRsComeBack)
{
	open_plain();
	nullnic_receive(&nic, 4);
	ASSERT_EQ(receive(), 4u);
	send(4);

	auto *q = reinterpret_cast<igbvf_txq *>(txq);

	for (int i = 0; i < 3; i++)
		EXPECT_NE(q->ring[i].wb.status, IGBVF_TXD_DD) << i;
	EXPECT_EQ(q->ring[3].wb.status, IGBVF_TXD_DD);
}

TEST_F(NullNic, WhatTheCardDoesNotReachIsAFault)
{
	open_plain();
	nullnic_map(&nic, VFNET_IOVA_BASE, region->base, 64);
	EXPECT_EQ(nullnic_receive(&nic, 1), 0u);
	EXPECT_EQ(nic.counts.faults, 1u);
	nullnic_map(&nic, VFNET_IOVA_BASE, region->base, region->bytes);
}

TEST_F(NullNic, AFrameThatNoCardTakesIsRefused)
{
	nullnic_traffic traffic = plain();

	make_pool(512, 2048);
	traffic.frame_bytes = VFNET_FRAME_MIN - 1;
	EXPECT_EQ(nullnic_init(&nic, &nullnic_82576_vf, card.window.data(), &traffic), -EINVAL);
	traffic.frame_bytes = NULLNIC_FRAME_MAX + 1;
	EXPECT_EQ(nullnic_init(&nic, &nullnic_82576_vf, card.window.data(), &traffic), -EINVAL);
}
