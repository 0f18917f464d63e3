/* SPDX-License-Identifier: BSD-2-Clause */
/* What the card and the library count, against what was sent. */
#include <vfnet/filter.h>

#include "tests/port/rig.h"

namespace
{

constexpr uint64_t kCrc = 4;
constexpr Mac kGroup{0x01, 0, 0x5e, 0x01, 0x42, 0x4d};

class PortStatistics : public PortTest
{
      protected:
	/* Port @from sends @n frames of @bytes to @dst, and they have arrived, if they do. */
	void SendSome(size_t from, const Mac &dst, unsigned int n, size_t bytes, const Work &work)
	{
		for (unsigned int i = 0; i < n; i++) {
			Send(from, Make(from, dst, bytes), work);
			sent_[from]++;
			sent_bytes_[from] += bytes;
		}
		Heard(1 - from);
		sent_[from]++; /* Heard()'s own */
		sent_bytes_[from] += 60;
	}
	void ExpectSent(size_t i, uint64_t tag_bytes = 0)
	{
		const vfnet_counters now = Counters(i);
		EXPECT_EQ(sent_[i], now.tx_packets);
		EXPECT_EQ(sent_bytes_[i] + tag_bytes, now.tx_bytes);
		EXPECT_EQ(sent_[i], now.hw_tx_packets);
		EXPECT_EQ(sent_bytes_[i] + tag_bytes + kCrc * sent_[i], now.hw_tx_bytes);
		for (uint64_t drops : now.drops)
			EXPECT_EQ(0u, drops);
	}
	/* @tag_bytes: of tags that the card removed and counts. Strangers' frames may come between.
	 */
	void ExpectReceived(size_t i, uint64_t tag_bytes = 0)
	{
		vfnet_counters now = {};
		Soon([&] {
			Poll(i);
			now = Counters(i);
			return now.hw_rx_packets == ports_[i].rx_frames;
		});
		EXPECT_EQ(ports_[i].rx_frames, now.rx_packets);
		EXPECT_EQ(ports_[i].rx_bytes, now.rx_bytes);
		EXPECT_EQ(ports_[i].rx_frames, now.hw_rx_packets);
		EXPECT_EQ(ports_[i].rx_bytes + tag_bytes + kCrc * now.rx_packets, now.hw_rx_bytes);
		for (uint64_t missed : now.missed)
			EXPECT_EQ(0u, missed);
	}

	uint64_t sent_[2] = {}, sent_bytes_[2] = {};
};

TEST_F(PortStatistics, PacketsAndOctetsAreThoseThatWereSent)
{
	mtu_ = 9000;
	ASSERT_NO_FATAL_FAILURE(Open());
	for (size_t bytes : {60, 61, 64, 1000, 1514, 2049, 9014})
		for (size_t from : {0, 1})
			SendSome(from, MacOf(1 - from), 10, bytes, Work());
	for (size_t i : {0, 1}) {
		ExpectSent(i);
		ExpectReceived(i);
		EXPECT_LE(sent_[1 - i], ports_[i].rx_frames);
	}
}

TEST_F(PortStatistics, GroupsAndBroadcastsCountAsAnyFrame)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(0, vfnet_port_set_multicast(ports_[1].port, kGroup.data(), 1, &err_))
	    << err_.text;
	SendSome(0, kGroup, 10, 100, Work());
	SendSome(0, kBroadcast, 10, 200, Work());
	ExpectSent(0);
	ExpectReceived(1);
	EXPECT_LE(sent_[0], ports_[1].rx_frames);
}

TEST_F(PortStatistics, WhatNoFilterTakesIsSentAndNotReceived)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	SendSome(0, {0x02, 0, 0, 0, 0, 0x77}, 10, 100, Work());
	SendSome(0, kGroup, 10, 100, Work());
	ExpectSent(0);
	ExpectReceived(1);
}

TEST_F(PortStatistics, AShortFrameCountsWithItsPadding)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	Bytes frame = Make(0, MacOf(1));
	frame.resize(30);
	Send(0, frame);
	const std::vector<Frame> heard = Heard(1);
	ASSERT_EQ(1u, heard.size());
	frame.resize(60);
	EXPECT_TRUE(frame == heard[0].bytes) << "padded with zeros";
	sent_[0] = 2;
	sent_bytes_[0] = 120;
	ExpectSent(0);
	ExpectReceived(1);
}

TEST_F(PortStatistics, OctetsHaveTheTagsThatTheCardInsertsAndRemoves)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	for (auto &port : ports_)
		ASSERT_EQ(0, vfnet_port_vlan_add(port.port, 5, &err_)) << err_.text;
	Work work;
	work.flags = VFNET_PKT_VLAN;
	work.vlan = 5;
	SendSome(0, MacOf(1), 10, 100, work);
	ExpectSent(0, 10 * 4);
	ExpectReceived(1, Deviates(36) ? 0 : 10 * 4);
}

TEST_F(PortStatistics, EachLifeCountsFromZero)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	for (int life = 0; life < 3; life++) {
		for (size_t from : {0, 1})
			SendSome(from, MacOf(1 - from), 10, 100, Work());
		for (size_t i : {0, 1}) {
			ExpectSent(i);
			ExpectReceived(i);
		}
		for (size_t i : {0, 1}) {
			ClosePort(i);
			ASSERT_NO_FATAL_FAILURE(OpenPort(i));
			sent_[i] = sent_bytes_[i] = 0;
			ExpectSent(i);
		}
	}
}

} // namespace
