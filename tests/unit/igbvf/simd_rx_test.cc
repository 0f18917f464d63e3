/* SPDX-License-Identifier: BSD-2-Clause */
#include <algorithm>

#include "tests/unit/igbvf/rx_fixture.h"
#include "tests/unit/igbvf/simd_history.h"

namespace
{

/* A receive queue of one path, and all that happens to it. */
class RxLife : public RxTest
{
      public:
	RxLife(vfnet_simd simd, History &history) : h(history)
	{
		SetUp();
		port.port.simd = simd;
		port.port.mtu = h.any({1500u, 9000u});
		card.doorbell_call = h.once_in(4);
		pkt.resize(VFNET_BURST_MAX);
		open(64 + 8 * h.below(57), h.any({640u, 1000u}), h.any({1024u, 2048u, 3072u}));
	}

	~RxLife() override
	{
		free_some(held.size());
		TearDown();
	}

	void TestBody() override
	{
	}

	void live()
	{
		for (int i = 0; i < 120; i++) {
			odd_in = h.any({3u, 16u, 1000u});
			h.begin("frames arrive");
			arrive(h.any({1u, 4u, 33u, n_desc}));
			for (uint32_t n = 1 + h.below(3); n; n--)
				receive();
			if (h.once_in(25))
				set_up_anew();
			free_some(h.once_in(8) ? 0 : h.below(200));
		}
	}

      private:
	History &h;
	std::vector<vfnet_pkt> held;
	uint32_t odd_in = 0;

	static constexpr uint32_t known = IGBVF_RXD_VP | IGBVF_RXD_UDPCS | IGBVF_RXD_L4I |
					  IGBVF_RXD_IPCS | IGBVF_RXD_PIF | IGBVF_RXD_LB;

	uint32_t a_length()
	{
		uint32_t room = q()->room;

		if (h.once_in(odd_in))
			return h.any({0u, 1u, room - 1, room, room + 1, 0x7fffu, 0x8000u, 0xffffu});
		return 1 + h.below(room);
	}

	uint32_t a_status()
	{
		uint32_t status = DONE | (h.bits() & known);

		if (h.once_in(odd_in))
			status ^= h.any({IGBVF_RXD_EOP, IGBVF_RXD_CE, IGBVF_RXD_SE, IGBVF_RXD_SEQ,
					 IGBVF_RXD_CXE, IGBVF_RXD_RXE, IGBVF_RXD_HBO});
		if (h.once_in(4))
			status |= h.bits() & (IGBVF_RXD_L4E | IGBVF_RXD_IPE);
		if (h.once_in(odd_in))
			status = h.bits() | IGBVF_RXD_DD;
		return status;
	}

	uint32_t a_type()
	{
		uint32_t types = h.bits();

		if (!h.once_in(4))
			types &= ~IGBVF_RXD_RSS_TYPE;
		return h.once_in(8) ? types : types & ~IGBVF_RXD_ETQF;
	}

	/* The card writes back up to @n, one of them perhaps only after a burst has looked. */
	void arrive(uint32_t n)
	{
		n = std::min(n, posted());
		if (!n)
			return;
		uint32_t late = h.once_in(3) ? (head + h.below(n)) % n_desc : n_desc;
		uint32_t late_status = 0;

		for (; n; n--) {
			uint32_t at = head, status = a_status();

			if (at == late) {
				late_status = status;
				status &= ~IGBVF_RXD_DD;
			}
			ASSERT_TRUE(put(a_length(), status, a_type(), h.bits(),
					static_cast<uint16_t>(h.bits())));
		}
		if (late == n_desc)
			return;
		receive();
		vfnet_io_store_dd(&q()->ring[late].wb.status, late_status);
	}

	void receive()
	{
		unsigned int n = h.any({1u, 2u, 3u, 4u, 5u, 8u, 31u, 32u, 33u, 64u, 255u, 256u});
		int got = burst(n);

		h.begin("burst of " + std::to_string(n));
		h.see(static_cast<uint64_t>(got));
		if (got > 0) {
			h.see_all(pkt.data(), static_cast<size_t>(got) * sizeof(pkt[0]));
			held.insert(held.end(), pkt.begin(), pkt.begin() + got);
		}
		see_queue();
	}

	void see_queue()
	{
		vfnet_counters sum = counters();

		h.see_all(&q()->ring[0], n_desc * sizeof(q()->ring[0]));
		h.see(tail());
		h.see(card.n_writes(IGBVF_RDT));
		h.see(q()->next);
		h.see(q()->posted);
		h.see(sum.rx_packets);
		h.see(sum.rx_bytes);
		h.see(sum.missed[VFNET_MISSED_bad_frame]);
		h.see(sum.missed[VFNET_MISSED_bad_chain]);
		h.see(sum.drops[VFNET_DROPS_not_drained]);
	}

	/* In any order. */
	void free_some(size_t n)
	{
		for (n = std::min(n, held.size()); n; n--) {
			size_t i = h.below(static_cast<uint32_t>(held.size()));

			vfnet_pkt_free(cache, &held[i], 1);
			held.erase(held.begin() + static_cast<long>(i));
		}
	}

	void set_up_anew()
	{
		vfnet_word_store(&rxq->common.state, VFNET_QUEUE_FRESH);
		card.reg(IGBVF_RDT) = 0;
		head = 0;
		receive();
	}
};

class SimdRx : public SimdTest
{
};

TEST_P(SimdRx, IsAsTheScalarPathWhateverTheCardWrites)
{
	same_by([](vfnet_simd simd, History &history) { RxLife(simd, history).live(); });
}

INSTANTIATE_TEST_SUITE_P(Path, SimdRx, ::testing::Values(VFNET_SIMD_AVX2, VFNET_SIMD_AVX512),
			 simd_param_name);

} // namespace
