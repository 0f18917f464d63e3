/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_UNIT_IGBVF_RX_FIXTURE_H
#define VFNET_TESTS_UNIT_IGBVF_RX_FIXTURE_H

#include "tests/unit/igbvf/fake_card.h"

#define DONE (IGBVF_RXD_DD | IGBVF_RXD_EOP)

/* A receive queue, with the test in the place of the card. */
class RxTest : public QueueTest
{
      protected:
	vfnet_rxq *rxq = nullptr;
	uint32_t n_desc = 0;
	uint32_t head = 0;
	std::vector<vfnet_pkt> pkt = std::vector<vfnet_pkt>(VFNET_BURST_MAX);

	void open(uint32_t n, uint32_t n_bufs = 512, uint32_t data_bytes = 2048)
	{
		vfnet_queue common = {};

		make_pool(n_bufs, data_bytes);
		n_desc = common.n_desc = n;
		common.cache = cache;
		ASSERT_EQ(igbvf_rxq_open(&port.port, &common, &rxq, &err), 0) << err.text;
	}

	void TearDown() override
	{
		if (rxq)
			igbvf_rxq_close(&port.port, rxq);
		QueueTest::TearDown();
	}

	igbvf_rxq *q()
	{
		return reinterpret_cast<igbvf_rxq *>(rxq);
	}

	uint32_t tail()
	{
		return card.reg(IGBVF_RDT);
	}

	uint32_t posted()
	{
		return (tail() + n_desc - head) % n_desc;
	}

	/* The card fills the next descriptor; false = it has none. */
	bool put(uint32_t len, uint32_t status = DONE, uint32_t types = 0, uint32_t hash = 0,
		 uint16_t vlan = 0)
	{
		igbvf_rx_desc *desc = &q()->ring[head];

		if (!posted())
			return false;
		desc->wb.types = types;
		desc->wb.hash = hash;
		desc->wb.len = static_cast<uint16_t>(len);
		desc->wb.vlan = vlan;
		vfnet_io_store_dd(&desc->wb.status, status);
		head = (head + 1) % n_desc;
		return true;
	}

	int burst(unsigned int n = 32)
	{
		return vfnet_rx_burst(rxq, pkt.data(), n);
	}

	void free_pkts(int n)
	{
		vfnet_pkt_free(cache, pkt.data(), static_cast<unsigned int>(n));
	}

	/* From a full ring on, one frame after the other: the doorbell is written after @n. */
	void expect_a_doorbell_per(uint32_t n)
	{
		ASSERT_EQ(card.n_writes(IGBVF_RDT), 2u) << "0, then all";
		EXPECT_EQ(tail(), n_desc - 1);
		for (uint32_t i = 0; i < n; i++) {
			EXPECT_EQ(card.n_writes(IGBVF_RDT), 2u);
			ASSERT_TRUE(put(60));
			ASSERT_EQ(burst(), 1);
			free_pkts(1);
		}
		EXPECT_EQ(card.n_writes(IGBVF_RDT), 3u);
		EXPECT_EQ(tail(), n - 1);
	}

	vfnet_counters counters()
	{
		vfnet_counters sum = {};

		igbvf_rxq_count(rxq, &sum);
		return sum;
	}
};

#endif
