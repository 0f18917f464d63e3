/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_UNIT_IGBVF_TX_FIXTURE_H
#define VFNET_TESTS_UNIT_IGBVF_TX_FIXTURE_H

#include "tests/unit/igbvf/fake_card.h"

/* A transmit queue, with the test in the place of the card. */
class TxTest : public QueueTest
{
      protected:
	vfnet_txq *txq = nullptr;
	uint32_t n_desc = 0;
	uint32_t head = 0;
	std::vector<vfnet_pkt> pkt;

	/* What the card made of a frame. */
	struct Sent {
		uint32_t paylen;
		uint32_t asks; /* VLE and TSE of d2, IXSM and TXSM of d3 */
		std::vector<uint32_t> lens;
		std::vector<uint64_t> addrs;
	};
	std::vector<Sent> sent;
	std::vector<igbvf_context> contexts;

	void open(uint32_t n, uint32_t n_bufs = 1024)
	{
		vfnet_queue common = {};

		make_pool(n_bufs, 256);
		n_desc = common.n_desc = n;
		common.cache = cache;
		ASSERT_EQ(igbvf_txq_open(&port.port, &common, &txq, &err), 0) << err.text;
	}

	void TearDown() override
	{
		if (txq)
			igbvf_txq_close(&port.port, txq);
		QueueTest::TearDown();
	}

	igbvf_txq *q()
	{
		return reinterpret_cast<igbvf_txq *>(txq);
	}

	uint32_t tail()
	{
		return card.reg(IGBVF_TDT);
	}

	/* One more value at the end of pkt. */
	void add(uint32_t len, uint32_t flags = 0)
	{
		vfnet_pkt one;

		ASSERT_EQ(vfnet_pkt_alloc(cache, &one, 1), 1u);
		one.len = static_cast<uint16_t>(len);
		one.flags = static_cast<uint16_t>(flags);
		pkt.push_back(one);
	}

	void add_n(int n, uint32_t len)
	{
		for (int i = 0; i < n; i++)
			add(len);
	}

	/* Send what pkt holds; what is taken leaves it. */
	int burst()
	{
		int n = vfnet_tx_burst(txq, pkt.data(), static_cast<unsigned int>(pkt.size()));

		if (n > 0)
			pkt.erase(pkt.begin(), pkt.begin() + n);
		return n;
	}

	uint32_t reclaim()
	{
		return igbvf_txq_reclaim(txq);
	}

	void free_rest()
	{
		vfnet_pkt_free(cache, pkt.data(), static_cast<unsigned int>(pkt.size()));
		pkt.clear();
	}

	/* The card reads what the tail allows and writes DD where it was asked to. */
	void complete()
	{
		Sent frame = {};

		for (; head != tail(); head = (head + 1) % n_desc) {
			igbvf_tx_desc *desc = &q()->ring[head];
			uint32_t cmd = desc->data.cmd;

			ASSERT_TRUE(cmd & IGBVF_TXD_DEXT);
			if ((cmd & IGBVF_TXD_DTYP) == IGBVF_TXD_DTYP_CTX << 20) {
				ASSERT_TRUE(frame.lens.empty()) << "a context within a frame";
				ASSERT_FALSE(cmd & (IGBVF_TXD_RS | IGBVF_TXD_EOP));
				ASSERT_EQ(desc->ctx.zero, 0u);
				contexts.push_back(
				    {desc->ctx.vlan_l2_l3, desc->ctx.types, desc->ctx.mss_l4});
				continue;
			}
			ASSERT_EQ(cmd & IGBVF_TXD_DTYP, IGBVF_TXD_DTYP_DATA << 20);
			if (frame.lens.empty()) {
				ASSERT_TRUE(cmd & IGBVF_TXD_IFCS);
				frame.paylen = desc->data.paylen >> 14;
				frame.asks = (cmd & (IGBVF_TXD_VLE | IGBVF_TXD_TSE)) |
					     (desc->data.paylen & 0x3ff0);
			}
			frame.lens.push_back(cmd & IGBVF_TXD_DTALEN);
			frame.addrs.push_back(desc->data.addr);
			if (cmd & IGBVF_TXD_RS) {
				ASSERT_TRUE(cmd & IGBVF_TXD_EOP);
				vfnet_io_store_dd(&desc->wb.status, IGBVF_TXD_DD);
			}
			if (cmd & IGBVF_TXD_EOP) {
				sent.push_back(frame);
				frame = {};
			}
		}
		ASSERT_TRUE(frame.lens.empty()) << "the tail stands within a frame";
	}

	vfnet_counters counters()
	{
		vfnet_counters sum = {};

		igbvf_txq_count(txq, &sum);
		return sum;
	}
};

#endif
