/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that ask for what the one before did are written by runs, without a plan for each. What
 * the card is told has to be what a plan for each would have said.
 */
#include <random>

#include <vfnet/offload.h>

#include "tests/unit/igbvf/tx_fixture.h"

namespace
{

class TxKindTest : public TxTest
{
      protected:
	std::mt19937 random{20261124};
	vfnet_counters before = {};

	void SetUp() override
	{
		TxTest::SetUp();
		open(128);
	}

	uint32_t any(std::initializer_list<uint32_t> list)
	{
		return list.begin()[random() % list.size()];
	}

	/* Frames that mostly ask for the same; @pkt holds them. */
	void draw(int n)
	{
		uint32_t flags =
		    any({VFNET_PKT_VLAN, VFNET_PKT_TX_IPSUM | VFNET_PKT_IP4,
			 VFNET_PKT_TX_L4SUM | VFNET_PKT_IP4 | VFNET_PKT_TCP,
			 VFNET_PKT_TX_L4SUM | VFNET_PKT_VLAN | VFNET_PKT_IP6 | VFNET_PKT_UDP,
			 VFNET_PKT_TX_SEG | VFNET_PKT_IP4 | VFNET_PKT_TCP});
		uint32_t l3 = flags & VFNET_PKT_IP6 ? 40 : 20;

		for (int i = 0; i < n; i++) {
			/* around the limits: of frames, with a tag, and of the headers named above
			 */
			add(any({60, 100, 34, 40, 54, 59, 61, 62, 1514, 9720, 9721, 9724, 9725}),
			    flags);
			pkt.back().txo = vfnet_txo(14, l3, 20, any({100, 100, 100, 1448}));
			pkt.back().vlan = static_cast<uint16_t>(any({5, 5, 5, 5, 6}));
			if (random() % 8 == 0)
				pkt.back().flags ^= static_cast<uint16_t>(
				    any({VFNET_PKT_VLAN, VFNET_PKT_TX_IPSUM, VFNET_PKT_TX_L4SUM,
					 VFNET_PKT_TX_SEG, VFNET_PKT_TCP, VFNET_PKT_HASH,
					 VFNET_PKT_L4_BAD}));
		}
	}

	/* Everything anew but the counters. */
	void start()
	{
		vfnet_word_store(&txq->common.state, VFNET_QUEUE_FRESH);
		card.reg(IGBVF_TDT) = 0;
		head = 0;
		ASSERT_EQ(reclaim(), 0u);
		sent.clear();
		contexts.clear();
		before = counters();
	}

	void send(std::vector<vfnet_pkt> frames, size_t per_burst)
	{
		start();
		for (const vfnet_pkt &frame : frames) {
			add(frame.len, frame.flags);
			pkt.back().txo = frame.txo;
			pkt.back().vlan = frame.vlan;
			if (pkt.size() < per_burst)
				continue;
			ASSERT_EQ(burst(), static_cast<int>(per_burst));
			complete();
			ASSERT_EQ(reclaim(), 0u);
			if (per_burst == 1)
				q()->kind = {};
		}
	}
};

TEST_F(TxKindTest, ARunSaysOfEachFrameWhatAPlanForItSays)
{
	for (int round = 0; round < 300 && !HasFailure(); round++) {
		std::vector<vfnet_pkt> frames;

		draw(32);
		frames = pkt;
		free_rest();
		send(frames, 1);
		std::vector<Sent> alone = sent;
		std::vector<igbvf_context> alone_contexts = contexts;
		vfnet_counters from = before, to = counters();
		send(frames, frames.size());
		SCOPED_TRACE("round " + std::to_string(round));
		ASSERT_EQ(sent.size(), alone.size());
		for (size_t i = 0; i < sent.size(); i++) {
			EXPECT_EQ(sent[i].paylen, alone[i].paylen) << i;
			EXPECT_EQ(sent[i].asks, alone[i].asks) << i;
			EXPECT_EQ(sent[i].lens, alone[i].lens) << i;
		}
		ASSERT_EQ(contexts.size(), alone_contexts.size());
		for (size_t i = 0; i < contexts.size(); i++)
			EXPECT_EQ(memcmp(&contexts[i], &alone_contexts[i], sizeof(contexts[i])), 0);
		vfnet_counters now = counters();
		EXPECT_EQ(now.tx_packets - before.tx_packets, to.tx_packets - from.tx_packets);
		EXPECT_EQ(now.tx_bytes - before.tx_bytes, to.tx_bytes - from.tx_bytes);
		for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
			EXPECT_EQ(now.drops[i] - before.drops[i], to.drops[i] - from.drops[i]);
	}
}

} // namespace
