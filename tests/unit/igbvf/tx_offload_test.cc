/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet asks for, as the card is told: context descriptors and bits of the first one. */
#include <vfnet/offload.h>

#include "tests/common/frames.h"
#include "tests/unit/igbvf/tx_fixture.h"

namespace
{

constexpr uint32_t kIxsm = IGBVF_TXD_IXSM, kTxsm = IGBVF_TXD_TXSM;
constexpr uint32_t kContext = IGBVF_TXD_DTYP_CTX << 20 | IGBVF_TXD_DEXT;
constexpr uint32_t kTcp = 1u << 11;

class TxOffloadTest : public TxTest
{
      protected:
	void SetUp() override
	{
		TxTest::SetUp();
		open(64);
	}
	void ask(uint32_t len, uint32_t flags, uint32_t txo = 0, uint16_t vlan = 0)
	{
		add(len, flags);
		pkt.back().txo = txo;
		pkt.back().vlan = vlan;
	}
	/* send what pkt holds, as the card sees it */
	void send()
	{
		const int n = static_cast<int>(pkt.size());

		contexts.clear();
		sent.clear();
		ASSERT_EQ(burst(), n);
		complete();
		EXPECT_EQ(reclaim(), 0u);
	}
	void expect_context(uint32_t vlan_l2_l3, uint32_t types, uint32_t mss_l4)
	{
		ASSERT_EQ(contexts.size(), 1u);
		EXPECT_EQ(contexts[0].vlan_l2_l3, vlan_l2_l3);
		EXPECT_EQ(contexts[0].types, types);
		EXPECT_EQ(contexts[0].mss_l4, mss_l4);
	}
	/* one frame alone; the name of the counter that it was dropped under */
	std::string verdict(uint32_t len, uint32_t flags, uint32_t txo, uint16_t vlan = 0)
	{
		vfnet_counters before = counters();

		ask(len, flags, txo, vlan);
		send();
		vfnet_counters after = counters();
		for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
			if (after.drops[i] != before.drops[i])
				return vfnet_drops_name(i);
		EXPECT_EQ(sent.size(), 1u);
		return "sent";
	}
};

TEST_F(TxOffloadTest, ATagAloneNeedsAContextAndNoTxo)
{
	ask(100, VFNET_PKT_VLAN | VFNET_PKT_HASH | VFNET_PKT_IP4 | VFNET_PKT_TCP, 0xffffffff,
	    0xa123);
	send();
	expect_context(0xa1230000 | 14 << 9, kContext, 0);
	EXPECT_EQ(sent[0].asks, IGBVF_TXD_VLE);
	EXPECT_EQ(sent[0].paylen, 100u) << "without the tag";
	EXPECT_EQ(counters().tx_bytes, 104u) << "with it, as on the wire";
}

TEST_F(TxOffloadTest, SumsOfIp4AndTcp)
{
	ask(100, VFNET_PKT_IP4 | VFNET_PKT_TCP | VFNET_PKT_TX_IPSUM | VFNET_PKT_TX_L4SUM,
	    vfnet_txo(14, 24, 32, 1000));
	send();
	expect_context(14 << 9 | 24, kContext | 1 << 10 | kTcp, 0);
	EXPECT_EQ(sent[0].asks, kIxsm | kTxsm);
	EXPECT_EQ(sent[0].paylen, 100u);
}

TEST_F(TxOffloadTest, SumOfUdpOverIp6WithATagInTheFrame)
{
	ask(100, VFNET_PKT_IP6 | VFNET_PKT_UDP | VFNET_PKT_TX_L4SUM, vfnet_txo(18, 48, 0, 0));
	send();
	expect_context(18 << 9 | 48, kContext, 0);
	EXPECT_EQ(sent[0].asks, kTxsm);
}

TEST_F(TxOffloadTest, TheSumOfIp4AloneNeedsNoTransport)
{
	ask(60, VFNET_PKT_IP4 | VFNET_PKT_TX_IPSUM, vfnet_txo(14, 20, 0, 0));
	send();
	expect_context(14 << 9 | 20, kContext | 1 << 10, 0);
	EXPECT_EQ(sent[0].asks, kIxsm);
}

TEST_F(TxOffloadTest, SegmentsHaveTheirPayloadAsLength)
{
	ask(200, VFNET_PKT_IP4 | VFNET_PKT_TCP | VFNET_PKT_TX_SEG | VFNET_PKT_VLAN | VFNET_PKT_MORE,
	    vfnet_txo(14, 20, 32, 100), 0x0007);
	add(150);
	send();
	expect_context(0x00070000 | 14 << 9 | 20, kContext | 1 << 10 | kTcp, 100 << 16 | 32 << 8);
	EXPECT_EQ(sent[0].asks, IGBVF_TXD_TSE | IGBVF_TXD_VLE | kIxsm | kTxsm)
	    << "both sums come with it";
	EXPECT_EQ(sent[0].paylen, 350u - 66);
	EXPECT_EQ(sent[0].lens, (std::vector<uint32_t>{200, 150}));
	EXPECT_EQ(counters().tx_packets, 1u) << "counts once";
	EXPECT_EQ(counters().tx_bytes, 284u + 3 * 70);
}

TEST_F(TxOffloadTest, SegmentsOfIp6HaveNoSumOfIp)
{
	ask(200, VFNET_PKT_IP6 | VFNET_PKT_TCP | VFNET_PKT_TX_SEG, vfnet_txo(14, 40, 20, 1));
	send();
	EXPECT_EQ(sent[0].asks, IGBVF_TXD_TSE | kTxsm);
	EXPECT_EQ(counters().tx_bytes, 126u * 75);
}

TEST_F(TxOffloadTest, ShortSegmentsArePaddedByTheCard)
{
	ask(57, VFNET_PKT_IP4 | VFNET_PKT_TCP | VFNET_PKT_TX_SEG, vfnet_txo(14, 20, 20, 2));
	send();
	EXPECT_EQ(sent[0].lens, (std::vector<uint32_t>{57}));
	EXPECT_EQ(sent[0].paylen, 3u);
	EXPECT_EQ(counters().tx_bytes, 120u);
}

TEST_F(TxOffloadTest, AShortFrameWithASumOrATagIsPaddedAsAnyOther)
{
	ask(50, VFNET_PKT_IP4 | VFNET_PKT_UDP | VFNET_PKT_TX_L4SUM | VFNET_PKT_VLAN,
	    vfnet_txo(14, 20, 0, 0));
	send();
	EXPECT_EQ(sent[0].lens, (std::vector<uint32_t>{50, 10}));
	EXPECT_EQ(sent[0].paylen, 60u);
	EXPECT_EQ(counters().tx_bytes, 64u);
}

TEST_F(TxOffloadTest, AContextIsGivenAgainOnlyWhenItChanges)
{
	const uint32_t flags = VFNET_PKT_IP4 | VFNET_PKT_UDP | VFNET_PKT_TX_L4SUM;

	for (int i = 0; i < 10; i++) {
		ask(100, flags, vfnet_txo(14, 20, 0, 0));
		add(100);
	}
	send();
	EXPECT_EQ(contexts.size(), 1u);
	EXPECT_EQ(sent.size(), 20u);
	ask(100, flags, vfnet_txo(14, 20, 8, 77)); /* says nothing new without TX_SEG */
	send();
	EXPECT_EQ(contexts.size(), 0u) << "the card has it from the burst before";
	ask(100, flags, vfnet_txo(14, 24, 0, 0));
	ask(100, flags | VFNET_PKT_VLAN, vfnet_txo(14, 24, 0, 0), 5);
	ask(100, flags | VFNET_PKT_VLAN, vfnet_txo(14, 24, 0, 0), 6);
	ask(100, flags | VFNET_PKT_VLAN, vfnet_txo(14, 24, 0, 0), 6);
	send();
	EXPECT_EQ(contexts.size(), 3u);
}

TEST_F(TxOffloadTest, AReopenedQueueGivesItsContextAgain)
{
	vfnet_queue common = {};

	ask(100, VFNET_PKT_VLAN);
	send();
	igbvf_txq_close(&port.port, txq);
	common.n_desc = 64;
	common.cache = cache;
	ASSERT_EQ(igbvf_txq_open(&port.port, &common, &txq, &err), 0) << err.text;
	head = 0;
	ask(100, VFNET_PKT_VLAN);
	send();
	EXPECT_EQ(contexts.size(), 1u);
}

TEST_F(TxOffloadTest, AContextTakesADescriptorOfAFullRing)
{
	for (int i = 0; i < 62; i++)
		add(64);
	ASSERT_EQ(burst(), 62);
	ask(64, VFNET_PKT_VLAN);
	EXPECT_EQ(burst(), 0) << "1 is left, 2 are needed";
	complete();
	send();
	EXPECT_EQ(contexts.size(), 1u);
	EXPECT_EQ(sent.size(), 1u);
}

TEST_F(TxOffloadTest, RequestsThatContradictThemselvesAreInvalid)
{
	const uint32_t ip4 = VFNET_PKT_IP4, ip6 = VFNET_PKT_IP6;
	const uint32_t tcp = VFNET_PKT_TCP, udp = VFNET_PKT_UDP;
	const uint32_t ip_sum = VFNET_PKT_TX_IPSUM, l4_sum = VFNET_PKT_TX_L4SUM;
	const uint32_t seg = VFNET_PKT_TX_SEG;
	const uint32_t txo4 = vfnet_txo(14, 20, 20, 10), txo6 = vfnet_txo(14, 40, 20, 10);

	EXPECT_EQ(verdict(100, ip4 | udp | ip_sum | l4_sum, txo4), "sent");
	EXPECT_EQ(verdict(100, udp | l4_sum, txo4), "tx_invalid");
	EXPECT_EQ(verdict(100, ip4 | ip6 | udp | l4_sum, txo6), "tx_invalid");
	EXPECT_EQ(verdict(100, ip4 | l4_sum, txo4), "tx_invalid");
	EXPECT_EQ(verdict(100, ip4 | tcp | udp | l4_sum, txo4), "tx_invalid");
	EXPECT_EQ(verdict(100, ip6 | udp | ip_sum, txo6), "tx_invalid");
	EXPECT_EQ(verdict(100, ip6 | udp | l4_sum, txo6), "sent");
	EXPECT_EQ(verdict(100, ip6 | udp | l4_sum, txo4), "tx_invalid");
	EXPECT_EQ(verdict(100, ip4 | udp | l4_sum, vfnet_txo(13, 20, 0, 0)), "tx_invalid");
	EXPECT_EQ(verdict(100, ip4 | udp | l4_sum, vfnet_txo(14, 16, 0, 0)), "tx_invalid");
	EXPECT_EQ(verdict(200, ip4 | udp | l4_sum, vfnet_txo(14, 64, 0, 0)), "tx_invalid");
	EXPECT_EQ(verdict(42, ip4 | udp | l4_sum, txo4), "sent");
	EXPECT_EQ(verdict(41, ip4 | udp | l4_sum, txo4), "tx_invalid");
	EXPECT_EQ(verdict(53, ip4 | tcp | l4_sum, txo4), "tx_invalid");
	EXPECT_EQ(verdict(100, ip4 | udp | seg, txo4), "tx_unsupported");
	EXPECT_EQ(verdict(100, ip4 | seg, txo4), "tx_invalid");
	EXPECT_EQ(verdict(55, ip4 | tcp | seg, txo4), "sent");
	EXPECT_EQ(verdict(54, ip4 | tcp | seg, txo4), "tx_invalid") << "no payload";
	EXPECT_EQ(verdict(100, ip4 | tcp | seg, vfnet_txo(14, 20, 16, 10)), "tx_invalid");
	EXPECT_EQ(verdict(100, ip4 | tcp | seg, vfnet_txo(14, 20, 20, 0)), "tx_invalid");
	EXPECT_EQ(verdict(9720, VFNET_PKT_VLAN, 0), "sent");
	EXPECT_EQ(verdict(9721, VFNET_PKT_VLAN, 0), "tx_oversize") << "the tag is too much";
	EXPECT_EQ(verdict(65535, ip4 | tcp | seg, vfnet_txo(14, 20, 20, 9670)), "sent");
	EXPECT_EQ(verdict(65535, ip4 | tcp | seg, vfnet_txo(14, 20, 20, 9671)), "tx_oversize");
}

TEST_F(TxOffloadTest, HeadersLieInTheFirstBufferAndAFrameOfSegmentsHasALimit)
{
	ask(53, VFNET_PKT_IP4 | VFNET_PKT_TCP | VFNET_PKT_TX_SEG | VFNET_PKT_MORE,
	    vfnet_txo(14, 20, 20, 10));
	add(100);
	ask(65, VFNET_PKT_IP4 | VFNET_PKT_TCP | VFNET_PKT_TX_SEG | VFNET_PKT_MORE,
	    vfnet_txo(14, 20, 32, 10));
	add(100);
	ask(65535, VFNET_PKT_IP4 | VFNET_PKT_TCP | VFNET_PKT_TX_SEG | VFNET_PKT_MORE,
	    vfnet_txo(14, 20, 20, 1000));
	add(1);
	send();
	EXPECT_EQ(sent.size(), 0u);
	EXPECT_EQ(counters().drops[VFNET_DROPS_tx_invalid], 2u) << "53 of 54, 65 of 66";
	EXPECT_EQ(counters().drops[VFNET_DROPS_tx_oversize], 1u);
}

TEST_F(TxOffloadTest, PrepareWritesWhatTheCardMustFind)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	for (uint32_t i = 0; i < 8; i++) {
		frames::Shape shape;
		shape.ip6 = i & 1;
		shape.tcp = i & 2;
		shape.ip_more = i & 4 ? 8 : 0;
		shape.seed = i;
		const frames::Bytes built = frames::Build(shape, mac, mac);
		const size_t l4 = shape.L2() + shape.L3();
		const size_t field = l4 + (shape.tcp ? 16 : 6);
		const uint32_t flags = (shape.ip6 ? VFNET_PKT_IP6 : VFNET_PKT_IP4) |
				       (shape.tcp ? VFNET_PKT_TCP : VFNET_PKT_UDP);

		ask(static_cast<uint32_t>(built.size()),
		    flags | VFNET_PKT_TX_L4SUM | (shape.ip6 ? 0 : VFNET_PKT_TX_IPSUM),
		    vfnet_txo(shape.L2(), shape.L3(), shape.L4(), 10));
		uint8_t *data = vfnet_pkt_data(region, &pkt[0]);
		memcpy(data, built.data(), built.size());
		vfnet_offload_prepare(region, &pkt[0]);

		/* the sum of all from the header on, with what is there, is the checksum */
		uint16_t sum =
		    vfnet_checksum_finish(vfnet_checksum_add(0, data + l4, built.size() - l4));
		EXPECT_EQ(sum, vfnet_checksum_load(&built[field])) << i;
		EXPECT_TRUE(shape.ip6 || vfnet_checksum_load(data + 14 + 10) == 0);
		vfnet_checksum_store(data + field, sum);
		if (!shape.ip6)
			vfnet_checksum_store(data + 24, vfnet_checksum_load(&built[24]));
		EXPECT_EQ(memcmp(data, built.data(), built.size()), 0) << "nothing else changed";

		pkt[0].flags = static_cast<uint16_t>(flags | VFNET_PKT_TX_SEG);
		vfnet_offload_prepare(region, &pkt[0]);
		sum = vfnet_checksum_load(data + field);
		EXPECT_EQ(vfnet_checksum_finish(
			      shape.ip6 ? vfnet_checksum_pseudo6(data + 14, shape.tcp ? 6 : 17, 0)
					: vfnet_checksum_pseudo4(data + 14, shape.tcp ? 6 : 17, 0)),
			  static_cast<uint16_t>(~sum));
		EXPECT_EQ(vfnet_checksum_load(data + 14 + (shape.ip6 ? 4 : 2)), 0);
		free_rest();
	}
}

} // namespace
