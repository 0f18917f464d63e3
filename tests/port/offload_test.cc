/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offloads against software: random frames are sent with work for the card, and what the other
 * function receives is compared, byte by byte, with what software would have sent. A seed has the
 * same frames on each card. What Linux makes of them: offload_linux_test.cc.
 */
#include <deque>

#include "tests/common/offload_frames.h"
#include "tests/port/rig.h"

namespace
{

using frames::Shape;

constexpr uint32_t kMtu = 9710;
constexpr uint16_t kVlans[] = {1, 5, 4094};
constexpr uint8_t kFin = 0x01, kPsh = 0x08;

class PortOffload : public PortTest, public ::testing::WithParamInterface<int>
{
      protected:
	void SetUp() override
	{
		PortTest::SetUp();
		mtu_ = kMtu;
		ASSERT_NO_FATAL_FAILURE(Open());
		for (auto &port : ports_)
			for (uint16_t vid : kVlans)
				ASSERT_EQ(0, vfnet_port_vlan_add(port.port, vid, &err_))
				    << err_.text;
	}
	/* Half of the frames have a tag. */
	Shape RandomShape(bool segments)
	{
		Shape shape = frames::RandomShape(random_, segments, kMtu);
		if (random_() % 2)
			shape.vlan =
			    static_cast<int>(kVlans[random_() % 3] | (random_() % 16) << 12);
		return shape;
	}
	std::vector<vfnet_pkt> Scatter(const Bytes &frame, size_t headers)
	{
		return frames::Scatter(Region(), cache_, random_, frame, headers);
	}
	void SendValues(const std::vector<vfnet_pkt> &values)
	{
		const auto n = static_cast<unsigned int>(values.size());
		int rc = 0;
		ASSERT_TRUE(Soon(
		    [&] { return (rc = vfnet_tx_burst(ports_[0].txq, values.data(), n)) != 0; }));
		ASSERT_EQ(static_cast<int>(n), rc);
	}
	/* Return: the next frame of the other port's; without bytes if none comes. */
	Frame Receive()
	{
		const Mac from = MacOf(0);
		EXPECT_TRUE(Soon([&] {
			for (Frame &frame : Poll(1))
				if (frame.Src() == from)
					waiting_.push_back(std::move(frame));
			return !waiting_.empty();
		}));
		if (waiting_.empty())
			return Frame();
		Frame frame = std::move(waiting_.front());
		waiting_.pop_front();
		return frame;
	}

	/* @want, which is on the wire with the tag of @shape, comes without; @looped: a flag.
	 * Without
	 * @l4_sum nothing is said of the TCP or UDP checksum. */
	void ExpectFrame(Shape shape, Bytes want, uint32_t looped, const std::string &what,
			 bool l4_sum = true)
	{
		const Frame got = Receive();
		const int tag = shape.vlan;
		uint32_t flags = frames::GoodFlags(shape) | looped;
		const uint32_t mask =
		    l4_sum ? VFNET_PKT_MORE : VFNET_PKT_MORE | VFNET_PKT_L4_GOOD | VFNET_PKT_L4_BAD;
		if (tag >= 0)
			want = frames::Untag(shape, want);
		ASSERT_EQ(got.bytes.size(), want.size()) << what;
		if (!l4_sum) {
			const size_t at = shape.L2() + shape.L3() + (shape.tcp ? 16 : 6);
			std::copy_n(&got.bytes[at], 2, &want[at]);
		}
		for (size_t i = 0; i < want.size(); i++)
			ASSERT_EQ(got.bytes[i], want[i]) << "byte " << i << " of " << what;
		if (tag >= 0) {
			flags |= VFNET_PKT_VLAN;
			EXPECT_EQ(got.vlan, tag) << what;
		}
		EXPECT_EQ(got.flags & ~mask, flags & ~mask) << what;
	}
	/* QEMU makes the length in an IPv4 header the frame's when it sums the header. */
	static void LengthenIp(const Shape &shape, Bytes &frame)
	{
		uint8_t *ip = &frame[shape.L2()];
		vfnet_put_be16(ip + 2, static_cast<uint16_t>(frame.size() - shape.L2()));
		vfnet_put_be16(ip + 10, 0);
		vfnet_checksum_store(ip + 10,
				     vfnet_checksum_finish(vfnet_checksum_add(0, ip, shape.L3())));
	}
	/* With @insert the tag of @shape, which @whole has, is the card's business; @shape then has
	 * none. */
	std::vector<vfnet_pkt> Prepare(Shape &shape, const Bytes &whole, bool insert)
	{
		const int tag = shape.vlan;
		if (!insert)
			return Scatter(whole, shape.Headers());
		const Bytes bare = frames::Untag(shape, whole);
		auto values = Scatter(bare, shape.Headers());
		values[0].flags |= VFNET_PKT_VLAN;
		values[0].vlan = static_cast<uint16_t>(tag);
		return values;
	}
	/* @sent frames had @bytes on the wire, without CRC. */
	void ExpectNoLoss(uint64_t sent, uint64_t bytes)
	{
		ASSERT_TRUE(Soon([this] { return vfnet_txq_reclaim(ports_[0].txq) == 0; }));
		const vfnet_counters tx = Counters(0), rx = Counters(1);
		EXPECT_EQ(sent, tx.tx_packets) << "each counts once";
		EXPECT_EQ(bytes, tx.tx_bytes);
		for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
			EXPECT_EQ(0u, tx.drops[i]) << vfnet_drops_name(i);
		for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
			EXPECT_EQ(0u, rx.missed[i]) << vfnet_missed_name(i);
	}

	std::mt19937 random_{static_cast<uint32_t>(GetParam())};
	std::deque<Frame> waiting_;
};

TEST_P(PortOffload, ChecksumsAndTagsAreThoseOfSoftware)
{
	const uint32_t looped = Deviates(45) ? 0 : VFNET_PKT_LOOPED;
	const unsigned int n = 400 * env_.rounds;
	uint64_t bytes = 0;
	for (unsigned int i = 0; i < n; i++) {
		const Shape shape = RandomShape(false);
		const bool insert = shape.vlan >= 0 && random_() % 2;
		Bytes want = frames::Build(shape, MacOf(1).data(), MacOf(0).data());
		const uint32_t tx = (random_() % 4 ? VFNET_PKT_TX_L4SUM : 0) |
				    (shape.ip6 || random_() % 4 == 0 ? 0 : VFNET_PKT_TX_IPSUM);
		Shape sent = shape;
		auto values = Prepare(sent, want, insert);
		if (tx)
			frames::Ask(Region(), values[0], sent, tx, 0);
		ASSERT_NO_FATAL_FAILURE(SendValues(values));
		want.resize(std::max<size_t>(want.size(), insert ? 64 : 60)); /* padded before */
		bool l4_sum = true;
		if (want.size() > shape.Headers() + shape.payload && tx && Deviates(46)) {
			if (tx & VFNET_PKT_TX_IPSUM)
				LengthenIp(shape, want);
			l4_sum = false;
		}
		bytes += want.size();
		ASSERT_NO_FATAL_FAILURE(
		    ExpectFrame(shape, want, looped, "frame " + std::to_string(i), l4_sum));
	}
	ASSERT_NO_FATAL_FAILURE(ExpectNoLoss(n, bytes));
	EXPECT_EQ(n, Counters(0).hw_tx_packets);
	EXPECT_EQ(bytes + 4 * n, Counters(0).hw_tx_bytes) << "with CRC";
}

TEST_P(PortOffload, SegmentsAreThoseOfSoftware)
{
	const uint32_t looped = Deviates(45) ? 0 : VFNET_PKT_LOOPED;
	const unsigned int n = 100 * env_.rounds;
	uint64_t segments = 0, bytes = 0, uncut = 0;
	for (unsigned int i = 0; i < n; i++) {
		Shape shape = RandomShape(true);
		const Bytes whole = frames::Build(shape, MacOf(1).data(), MacOf(0).data());
		const uint32_t mss = frames::RandomMss(random_, shape, kMtu);
		Shape sent = shape;
		auto values = Prepare(sent, whole, shape.vlan >= 0 && random_() % 2);
		frames::Ask(Region(), values[0], sent, VFNET_PKT_TX_SEG, mss);
		ASSERT_NO_FATAL_FAILURE(SendValues(values));
		if (Deviates(44))
			shape.tcp_flags &= static_cast<uint8_t>(~(kFin | kPsh));
		const auto want = frames::Segments(
		    shape, frames::Build(shape, MacOf(1).data(), MacOf(0).data()), mss);
		for (size_t k = 0; k < want.size(); k++) {
			Bytes segment = want[k];
			segment.resize(std::max<size_t>(segment.size(), 60));
			bytes += segment.size();
			ASSERT_NO_FATAL_FAILURE(ExpectFrame(shape, segment, looped,
							    "segment " + std::to_string(k) +
								" of frame " + std::to_string(i)));
		}
		segments += want.size();
		uncut += whole.size();
	}
	ASSERT_NO_FATAL_FAILURE(ExpectNoLoss(n, bytes));
	const bool one = Deviates(47);
	EXPECT_EQ(one ? n : segments, Counters(0).hw_tx_packets);
	EXPECT_EQ(one ? uncut + 4 * n : bytes + 4 * segments, Counters(0).hw_tx_bytes);
}

TEST_P(PortOffload, AWrongChecksumThatNobodyMendedIsBad)
{
	for (int i = 0; i < 100; i++) {
		Shape shape = frames::RandomShape(random_, false, kMtu);
		shape.payload = std::max<size_t>(shape.payload, 20);
		Bytes frame = frames::Build(shape, MacOf(1).data(), MacOf(0).data());
		frame[frame.size() - 1 - random_() % 10] ^= 0x40;
		ASSERT_NO_FATAL_FAILURE(SendValues(Scatter(frame, 0)));
		const Frame got = Receive();
		EXPECT_EQ(got.bytes, frame);
		EXPECT_EQ(got.flags & (VFNET_PKT_L4_GOOD | VFNET_PKT_L4_BAD), VFNET_PKT_L4_BAD);
		EXPECT_EQ(got.flags & (VFNET_PKT_L3_GOOD | VFNET_PKT_L3_BAD),
			  shape.ip6 ? 0 : VFNET_PKT_L3_GOOD);
	}
}

TEST_P(PortOffload, AWrongSumOfTheIpHeaderIsBadUnlessTheCardMendsIt)
{
	for (int i = 0; i < 100; i++) {
		Shape shape = frames::RandomShape(random_, false, kMtu);
		const bool mend = random_() % 2;
		shape.ip6 = false;
		const Bytes want = frames::Build(shape, MacOf(1).data(), MacOf(0).data());
		Bytes frame = want;
		frame[shape.L2() + 10] ^= 0x10;
		auto values = Scatter(frame, shape.Headers());
		if (mend)
			frames::Ask(Region(), values[0], shape, VFNET_PKT_TX_IPSUM, 0);
		ASSERT_NO_FATAL_FAILURE(SendValues(values));
		Bytes bytes = mend ? want : frame;
		bytes.resize(std::max<size_t>(bytes.size(), 60));
		const Frame got = Receive();
		EXPECT_EQ(got.bytes, bytes);
		EXPECT_EQ(got.flags & (VFNET_PKT_L3_GOOD | VFNET_PKT_L3_BAD),
			  mend ? VFNET_PKT_L3_GOOD : VFNET_PKT_L3_BAD);
	}
}

INSTANTIATE_TEST_SUITE_P(Seeds, PortOffload, ::testing::Range(1, 4));

} // namespace
