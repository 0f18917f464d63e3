/* SPDX-License-Identifier: BSD-2-Clause */
#include <algorithm>

#include <vfnet/offload.h>

#include "tests/unit/igbvf/simd_history.h"
#include "tests/unit/igbvf/tx_fixture.h"

namespace
{

/* A transmit queue of one path, and all that happens to it. */
class TxLife : public TxTest
{
      public:
	TxLife(vfnet_simd simd, History &history) : h(history)
	{
		SetUp();
		port.port.simd = simd;
		card.doorbell_call = h.once_in(4);
		open(64 + 8 * h.below(57), 4096);
	}

	~TxLife() override
	{
		free_rest();
		TearDown();
	}

	void TestBody() override
	{
	}

	void live()
	{
		for (int i = 0; i < 150; i++) {
			odd_in = h.any({3u, 16u, 1000u});
			draw_kind();
			give(h.any({1u, 2u, 3u, 4u, 5u, 8u, 31u, 32u, 33u, 64u, 100u, 256u}));
			finish_some();
			if (h.once_in(6))
				reclaim_now();
			if (h.once_in(25))
				set_up_anew();
			if (h.once_in(3))
				free_rest();
		}
		finish(~0u);
		reclaim_now();
	}

      private:
	History &h;
	uint32_t odd_in = 0;
	uint32_t kind_flags = 0, kind_txo = 0;
	uint16_t kind_vlan = 0;

	/* What most frames of a burst ask for. */
	void draw_kind()
	{
		static const uint32_t protocols[] = {VFNET_PKT_IP4 | VFNET_PKT_TCP,
						     VFNET_PKT_IP4 | VFNET_PKT_UDP,
						     VFNET_PKT_IP6 | VFNET_PKT_TCP, VFNET_PKT_IP4};

		kind_flags = h.any({0u, 0u, uint32_t{VFNET_PKT_VLAN}, VFNET_PKT_TX_L4SUM | 0u,
				    VFNET_PKT_TX_L4SUM | VFNET_PKT_VLAN | 0u,
				    VFNET_PKT_TX_IPSUM | VFNET_PKT_TX_L4SUM | 0u,
				    VFNET_PKT_TX_SEG | VFNET_PKT_TX_L4SUM | 0u});
		if (kind_flags & VFNET_PKT_TX_ANY)
			kind_flags |= protocols[h.below(4)];
		kind_vlan = h.any<uint16_t>({5, 6});
		kind_txo = vfnet_txo(14, kind_flags & VFNET_PKT_IP4 ? 20 : 40, h.any({20u, 32u}),
				     h.any({100u, 1448u}));
	}

	uint32_t a_length()
	{
		if (h.once_in(odd_in))
			return h.any({0u, 1u, 13u, 33u, 53u, 59u, 60u, 61u, 73u, 74u, 9719u, 9720u,
				      9721u, 9724u, 9725u, 65535u});
		return 60 + h.below(1500);
	}

	/* What a receive queue leaves in a value, and sending takes no notice of. */
	uint32_t rubbish()
	{
		return h.bits() & (VFNET_PKT_HASH | VFNET_PKT_LOOPED | VFNET_PKT_L3_GOOD |
				   VFNET_PKT_L3_BAD | VFNET_PKT_L4_GOOD | VFNET_PKT_L4_BAD |
				   (kind_flags & VFNET_PKT_TX_ANY ? 0u : 0xf00u));
	}

	void add_value()
	{
		vfnet_pkt one;

		ASSERT_EQ(vfnet_pkt_alloc(cache, &one, 1), 1u);
		one.off = static_cast<uint16_t>(h.below(256));
		one.len = static_cast<uint16_t>(a_length());
		one.flags = static_cast<uint16_t>(kind_flags | rubbish());
		one.vlan =
		    kind_flags & VFNET_PKT_VLAN ? kind_vlan : static_cast<uint16_t>(h.bits());
		one.txo = kind_flags & VFNET_PKT_TX_ANY ? kind_txo : h.bits();
		if (h.once_in(odd_in))
			one.flags |=
			    h.any<uint16_t>({VFNET_PKT_MORE, VFNET_PKT_VLAN, VFNET_PKT_TX_IPSUM,
					     VFNET_PKT_TX_L4SUM, VFNET_PKT_TX_SEG});
		if (h.once_in(odd_in))
			one.txo ^= 1u << h.below(32);
		if (h.once_in(odd_in))
			one.vlan ^= 1;
		if (h.once_in(odd_in))
			one.flags = static_cast<uint16_t>(h.bits() & 0x7fff);
		pkt.push_back(one);
	}

	void give(unsigned int n)
	{
		for (unsigned int i = static_cast<unsigned int>(pkt.size()); i < n; i++)
			add_value();
		if (pkt.size() > n)
			return;
		if (!h.once_in(20))
			pkt.back().flags &= static_cast<uint16_t>(~VFNET_PKT_MORE);
		h.begin("burst of " + std::to_string(n));
		h.see(static_cast<uint64_t>(burst()));
		see_queue();
	}

	void see_queue()
	{
		vfnet_counters sum = counters();

		h.see_all(&q()->ring[0], n_desc * sizeof(q()->ring[0]));
		h.see_all(&q()->handle[0], n_desc * sizeof(q()->handle[0]));
		h.see(tail());
		h.see(card.n_writes(IGBVF_TDT));
		h.see(q()->next);
		h.see(q()->free);
		h.see(q()->handle_in);
		h.see(q()->n_marks);
		h.see(sum.tx_packets);
		h.see(sum.tx_bytes);
		h.see(sum.drops[VFNET_DROPS_tx_oversize]);
		h.see(sum.drops[VFNET_DROPS_tx_unsupported]);
		h.see(sum.drops[VFNET_DROPS_tx_invalid]);
		h.see(sum.drops[VFNET_DROPS_reset_unknown]);
	}

	/* The card is done with up to @n descriptors. */
	void finish(uint32_t n)
	{
		for (; n && head != tail(); n--) {
			igbvf_tx_desc *desc = &q()->ring[head];

			head = (head + 1) % n_desc;
			if ((desc->data.cmd & IGBVF_TXD_DTYP) == IGBVF_TXD_DTYP_DATA << 20 &&
			    (desc->data.cmd & IGBVF_TXD_RS))
				vfnet_io_store_dd(&desc->wb.status, IGBVF_TXD_DD);
		}
	}

	void finish_some()
	{
		finish(h.any({0u, 1u, 20u, 64u, ~0u}));
	}

	void reclaim_now()
	{
		h.begin("reclaim");
		h.see(reclaim());
		see_queue();
	}

	void set_up_anew()
	{
		vfnet_word_store(&txq->common.state, VFNET_QUEUE_FRESH);
		card.reg(IGBVF_TDT) = 0;
		head = 0;
		reclaim_now();
	}
};

/* Values with HELD: nothing holds buffers yet, and addresses leave the bit out. */
class TxHeld : public TxTest
{
      public:
	TxHeld(vfnet_simd simd, History &history)
	{
		SetUp();
		port.port.simd = simd;
		open(64);
		add_n(40, 60);
		for (vfnet_pkt &one : pkt)
			one.buf |= VFNET_PKT_HELD;
		burst();
		history.begin("burst");
		history.see_all(&q()->ring[0], n_desc * sizeof(q()->ring[0]));
		history.see_all(&q()->handle[0], n_desc * sizeof(q()->handle[0]));
		for (uint32_t i = 0; i < n_desc; i++)
			q()->handle[i] &= VFNET_PLACE_MASK;
	}

	~TxHeld() override
	{
		TearDown();
	}

	void TestBody() override
	{
	}
};

class SimdTx : public SimdTest
{
};

TEST_P(SimdTx, IsAsTheScalarPathWhateverTheProgramSends)
{
	same_by([](vfnet_simd simd, History &history) { TxLife(simd, history).live(); });
}

TEST_P(SimdTx, LeavesHeldOutOfAddresses)
{
	History reference(0), other(0);

	TxHeld(VFNET_SIMD_SCALAR, reference);
	TxHeld(GetParam(), other);
	expect_equal(reference, other);
}

INSTANTIATE_TEST_SUITE_P(Path, SimdTx, ::testing::Values(VFNET_SIMD_AVX2, VFNET_SIMD_AVX512),
			 simd_param_name);

} // namespace
