/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offloads against software: random frames are sent with work for the card, and what another
 * function receives is compared, byte by byte, with what software would have sent. Every run has
 * the same frames.
 */
#include <algorithm>
#include <random>

#include <vfnet/offload.h>

#include "tests/common/frames.h"
#include "tests/sim/port/rig.h"

namespace
{

using frames::Bytes;
using frames::Shape;

constexpr size_t kMtu = 9710;

class Offload : public ::testing::TestWithParam<int>
{
      protected:
	void SetUp() override
	{
		rig_.mtu = kMtu;
		rig_.n_bufs = 4096;
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "nospoof,promisc")); /* for any tag */
		ASSERT_NO_FATAL_FAILURE(rig_.Open({"sim:0.0", "sim:0.1"}));
	}

	Shape RandomShape(bool segments)
	{
		Shape shape;
		shape.seed = random_();
		shape.ip6 = random_() % 2;
		shape.tcp = segments || random_() % 2;
		shape.vlan = random_() % 3 ? -1 : static_cast<int>(random_() % 0x10000);
		shape.ip_more = random_() % 4 ? 0 : 8 * (1 + random_() % 4);
		shape.tcp_more = shape.tcp ? random_() % 11 * 4 : 0;
		shape.tcp_flags = static_cast<uint8_t>(random_() & 0x3f);
		const size_t most = segments ? 30000 : kMtu - 100;
		shape.payload = random_() % 4 ? 1 + random_() % 200 : 1 + random_() % most;
		return shape;
	}

	/* as an application would: over buffers that are filled unevenly, headers in the first */
	std::vector<vfnet_pkt> Values(const Bytes &frame, size_t headers)
	{
		const vfnet_region *region = vfnet_get_region(rig_.v);
		std::vector<vfnet_pkt> values;
		for (size_t at = 0; at < frame.size();) {
			vfnet_pkt pkt;
			EXPECT_EQ(1u, vfnet_pkt_alloc(rig_.cache, &pkt, 1));
			size_t part = random_() % 3 ? 2048 : 1 + random_() % 2048;
			part = std::min(std::max(part, at ? 1 : headers), frame.size() - at);
			pkt.len = static_cast<uint16_t>(part);
			pkt.flags = at + part < frame.size() ? VFNET_PKT_MORE : 0;
			memcpy(vfnet_pkt_data(region, &pkt), &frame[at], part);
			values.push_back(pkt);
			at += part;
		}
		return values;
	}

	void Ask(vfnet_pkt &first, const Shape &shape, uint32_t tx, uint32_t mss)
	{
		first.flags |= static_cast<uint16_t>(tx);
		first.flags |= shape.ip6 ? VFNET_PKT_IP6 : VFNET_PKT_IP4;
		first.flags |= shape.tcp ? VFNET_PKT_TCP : VFNET_PKT_UDP;
		first.txo = vfnet_txo(shape.L2(), shape.L3(), shape.L4(), mss);
		vfnet_offload_prepare(vfnet_get_region(rig_.v), &first);
	}

	struct Got {
		Bytes data;
		uint16_t flags;
	};

	/* one frame off port 1; empty = none */
	Got Receive()
	{
		Got got = {};
		for (unsigned int room = 1; got.data.empty() && room < 1000; room++) {
			vfnet_pkt pkt[32];
			int n = vfnet_rx_burst(rig_.ports[1].rxq, pkt, 32);
			EXPECT_GE(n, 0);
			for (int i = 0; i < n; i++)
				waiting_.push_back(pkt[i]);
			if (waiting_.empty())
				continue;
			got.flags = waiting_[0].flags;
			bool more = true;
			size_t taken = 0;
			for (; more; taken++) {
				const vfnet_pkt &one = waiting_.at(taken);
				const uint8_t *data =
				    vfnet_pkt_data(vfnet_get_region(rig_.v), &one);
				got.data.insert(got.data.end(), data, data + one.len);
				more = one.flags & VFNET_PKT_MORE;
			}
			vfnet_pkt_free(rig_.cache, waiting_.data(),
				       static_cast<unsigned int>(taken));
			waiting_.erase(waiting_.begin(),
				       waiting_.begin() + static_cast<ptrdiff_t>(taken));
		}
		return got;
	}

	void Send(std::vector<vfnet_pkt> values)
	{
		const auto n = static_cast<unsigned int>(values.size());
		int rc = 0;
		for (int i = 0; i < 1000 && !rc; i++)
			rc = vfnet_tx_burst(rig_.ports[0].txq, values.data(), n);
		ASSERT_EQ(static_cast<int>(n), rc);
	}

	/* what the flags of a received frame must say of one with right checksums */
	static uint16_t Flags(const Shape &shape)
	{
		uint32_t flags = VFNET_PKT_LOOPED | VFNET_PKT_L4_GOOD;
		flags |= shape.ip6 ? VFNET_PKT_IP6 : VFNET_PKT_IP4 | VFNET_PKT_L3_GOOD;
		return static_cast<uint16_t>(flags | (shape.tcp ? VFNET_PKT_TCP : VFNET_PKT_UDP));
	}

	void ExpectFrame(const Shape &shape, Bytes want, const std::string &what,
			 size_t shortest = 60)
	{
		want.resize(std::max(want.size(), shortest));
		Got got = Receive();
		ASSERT_EQ(got.data.size(), want.size()) << what;
		for (size_t i = 0; i < want.size(); i++)
			ASSERT_EQ(got.data[i], want[i]) << "byte " << i << " of " << what;
		EXPECT_EQ(got.flags & ~VFNET_PKT_MORE, Flags(shape)) << what;
	}

	/* takes the tag out of @frame and asks the card to insert it */
	static Bytes Untag(Shape &shape, const Bytes &frame)
	{
		Bytes bare = frame;
		bare.erase(bare.begin() + 12, bare.begin() + 16);
		shape.vlan = -1;
		return bare;
	}

	Rig rig_;
	std::mt19937 random_{static_cast<uint32_t>(GetParam())};
	std::vector<vfnet_pkt> waiting_;
};

TEST_P(Offload, ChecksumsAndTagsAreThoseOfSoftware)
{
	const auto dst = rig_.Mac(1), src = rig_.Mac(0);

	for (int i = 0; i < 400; i++) {
		Shape shape = RandomShape(false);
		const Bytes want = frames::Build(shape, dst.data(), src.data());
		Shape sent = shape;
		const bool insert = shape.vlan >= 0 && random_() % 2;
		Bytes frame = insert ? Untag(sent, want) : want;
		uint32_t tx = (random_() % 4 ? VFNET_PKT_TX_L4SUM : 0) |
			      (shape.ip6 || random_() % 4 == 0 ? 0 : VFNET_PKT_TX_IPSUM);
		auto values = Values(frame, sent.Headers());
		if (tx)
			Ask(values[0], sent, tx, 0);
		if (insert) {
			values[0].flags |= VFNET_PKT_VLAN;
			values[0].vlan = static_cast<uint16_t>(shape.vlan);
		}
		ASSERT_NO_FATAL_FAILURE(Send(values));
		ASSERT_NO_FATAL_FAILURE(ExpectFrame(shape, want, "frame " + std::to_string(i),
						    insert ? 64 : 60)); /* padded before */
	}
	while (vfnet_txq_reclaim(rig_.ports[0].txq))
		;
	rig_.CloseQueues();
	EXPECT_EQ("", rig_.Drops());
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ(400u, rig_.ports[0].counters.tx_packets);
	EXPECT_EQ(rig_.ports[1].counters.rx_bytes, rig_.ports[0].counters.tx_bytes);
	EXPECT_EQ(rig_.ports[0].counters.hw_tx_bytes, rig_.ports[0].counters.tx_bytes + 1600)
	    << "the card's count, with CRC";
}

TEST_P(Offload, SegmentsAreThoseOfSoftware)
{
	const auto dst = rig_.Mac(1), src = rig_.Mac(0);
	uint64_t segments = 0;

	for (int i = 0; i < 100; i++) {
		Shape shape = RandomShape(true);
		const Bytes whole = frames::Build(shape, dst.data(), src.data());
		uint32_t mss =
		    1 + static_cast<uint32_t>(random_() % (kMtu - shape.L3() - shape.L4()));
		if (random_() % 2)
			mss = std::min<uint32_t>(mss, 1 + shape.payload / (1 + random_() % 20));
		if (shape.payload / mss > 100) /* the receiver's ring holds 255 */
			mss = static_cast<uint32_t>(shape.payload / 100 + 1);
		const auto want = frames::Segments(shape, whole, mss);
		Shape sent = shape;
		const bool insert = shape.vlan >= 0 && random_() % 2;
		auto values = Values(insert ? Untag(sent, whole) : whole, sent.Headers());
		Ask(values[0], sent, VFNET_PKT_TX_SEG, mss);
		if (insert) {
			values[0].flags |= VFNET_PKT_VLAN;
			values[0].vlan = static_cast<uint16_t>(shape.vlan);
		}
		ASSERT_NO_FATAL_FAILURE(Send(values));
		for (size_t k = 0; k < want.size(); k++)
			ASSERT_NO_FATAL_FAILURE(ExpectFrame(shape, want[k],
							    "segment " + std::to_string(k) +
								" of frame " + std::to_string(i)));
		segments += want.size();
	}
	while (vfnet_txq_reclaim(rig_.ports[0].txq))
		;
	rig_.CloseQueues();
	EXPECT_EQ("", rig_.Drops());
	EXPECT_EQ("", rig_.Missed());
	EXPECT_EQ(100u, rig_.ports[0].counters.tx_packets) << "each counts once";
	EXPECT_EQ(segments, rig_.ports[0].counters.hw_tx_packets);
	EXPECT_EQ(segments, rig_.ports[1].counters.rx_packets);
	EXPECT_EQ(rig_.ports[1].counters.rx_bytes, rig_.ports[0].counters.tx_bytes);
}

/* The same tag and lengths before and after: the card has forgotten them, the driver must too. */
TEST_P(Offload, AContextIsGivenAgainAfterAReset)
{
	const auto dst = rig_.Mac(1), src = rig_.Mac(0);
	uint64_t now = 1000000;

	for (int i = 0; i < 20; i++) {
		Shape shape;
		shape.seed = random_();
		shape.vlan = 0x2005;
		shape.payload = 100;
		const Bytes want = frames::Build(shape, dst.data(), src.data());
		Shape sent = shape;
		auto values = Values(Untag(sent, want), sent.Headers());
		Ask(values[0], sent, VFNET_PKT_TX_L4SUM, 0);
		values[0].flags |= VFNET_PKT_VLAN;
		values[0].vlan = static_cast<uint16_t>(shape.vlan);
		ASSERT_NO_FATAL_FAILURE(Send(values));
		ASSERT_NO_FATAL_FAILURE(ExpectFrame(shape, want, "frame " + std::to_string(i)));
		if (i % 3)
			continue;
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_DOWN));
		ASSERT_EQ(0, vfnet_sim_trigger(rig_.sim, 0, VFNET_SIM_PF_UP));
		for (bool run = false; !run;) {
			run = true;
			for (auto &port : rig_.ports) {
				vfnet_port_service(port.port, now += 100000);
				vfnet_rxq_park(port.rxq);
				vfnet_txq_reclaim(port.txq);
				run &= vfnet_port_state(port.port) == VFNET_PORT_RUNNING;
			}
		}
		EXPECT_TRUE(Receive().data.empty()) << "its ring has buffers again";
	}
	rig_.CloseQueues();
	EXPECT_EQ(0u, vfnet_sim_mistakes(rig_.sim, 0));
	EXPECT_EQ("", rig_.Drops());
}

TEST_P(Offload, AWrongChecksumThatNobodyMendedIsBad)
{
	const auto dst = rig_.Mac(1), src = rig_.Mac(0);

	for (int i = 0; i < 100; i++) {
		Shape shape = RandomShape(false);
		shape.payload = std::max<size_t>(shape.payload, 20);
		Bytes frame = frames::Build(shape, dst.data(), src.data());
		frame[frame.size() - 1 - random_() % 10] ^= 0x40;
		ASSERT_NO_FATAL_FAILURE(Send(Values(frame, 0)));
		Got got = Receive();
		EXPECT_EQ(got.data, frame);
		EXPECT_EQ(got.flags & (VFNET_PKT_L4_GOOD | VFNET_PKT_L4_BAD), VFNET_PKT_L4_BAD);
		EXPECT_EQ(got.flags & (VFNET_PKT_L3_GOOD | VFNET_PKT_L3_BAD),
			  shape.ip6 ? 0 : VFNET_PKT_L3_GOOD);
	}
}

INSTANTIATE_TEST_SUITE_P(Seeds, Offload, ::testing::Range(1, 4));

} // namespace
