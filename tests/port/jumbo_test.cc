/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of all lengths: over several buffers, and around the limits. */
#include <vfnet/filter.h>

#include "tests/port/rig.h"

namespace
{

constexpr uint32_t kJumboMtu = 9000;
constexpr size_t kRoom = 2048; /* of a pool's buffer */

class PortJumbo : public PortTest
{
      protected:
	/* without CRC, with a tag */
	size_t MaxFrame(size_t i)
	{
		vfnet_port_info info;
		vfnet_port_get_info(ports_[i].port, &info);
		return info.max_frame;
	}
	/* Return: in how many buffers port 1 gets it; 0 = it does not arrive */
	unsigned int BuffersOf(size_t bytes, size_t piece = kRoom)
	{
		Work work;
		work.piece = piece;
		const Bytes frame = Make(0, MacOf(1), bytes);
		Send(0, frame, work);
		const std::vector<Frame> heard = Heard(1);
		if (heard.empty())
			return 0;
		EXPECT_EQ(1u, heard.size());
		EXPECT_TRUE(frame == heard[0].bytes) << bytes << " bytes";
		return heard[0].buffers;
	}
};

TEST_F(PortJumbo, SizesAroundTheBuffersArriveInAsManyAsTheyFill)
{
	mtu_ = kJumboMtu;
	ASSERT_NO_FATAL_FAILURE(Open());
	for (size_t n = 1; n <= 4; n++)
		for (size_t bytes : {n * kRoom - 1, n * kRoom, n * kRoom + 1})
			EXPECT_EQ((bytes + kRoom - 1) / kRoom, BuffersOf(bytes)) << bytes;
	for (size_t bytes : {60, 61, 1514, 1515, 1518, 1519, 9013, 9014})
		EXPECT_EQ((bytes + kRoom - 1) / kRoom, BuffersOf(bytes)) << bytes;
}

TEST_F(PortJumbo, TheLongestArrivesAndALongerOneHarmsNobody)
{
	for (uint32_t mtu : {kJumboMtu, UINT32_C(1500)}) {
		mtu_ = mtu;
		ASSERT_NO_FATAL_FAILURE(Open());
		EXPECT_EQ(mtu + 18, MaxFrame(1));
		EXPECT_NE(0u, BuffersOf(MaxFrame(1))) << mtu;
		EXPECT_EQ(0u, BuffersOf(MaxFrame(1) + 1)) << mtu;
		EXPECT_EQ(1u, BuffersOf(60));
		Close();
	}
}

TEST_F(PortJumbo, TheLongestHasRoomForATag)
{
	mtu_ = kJumboMtu;
	ASSERT_NO_FATAL_FAILURE(Open());
	for (auto &port : ports_)
		ASSERT_EQ(0, vfnet_port_vlan_add(port.port, 5, &err_)) << err_.text;
	Work work;
	work.flags = VFNET_PKT_VLAN;
	work.vlan = 5;
	const Bytes frame = Make(0, MacOf(1), kJumboMtu + 14);
	Send(0, frame, work);
	const std::vector<Frame> heard = Heard(1);
	ASSERT_EQ(1u, heard.size());
	EXPECT_TRUE(frame == heard[0].bytes);
	EXPECT_EQ(5, numbered::Tag(heard[0]));
}

TEST_F(PortJumbo, AFrameIsSentFromUpTo64Buffers)
{
	mtu_ = kJumboMtu;
	ASSERT_NO_FATAL_FAILURE(Open());
	for (size_t pieces : {2, 3, 17, 63, 64})
		EXPECT_EQ(1u, BuffersOf(pieces * 30, 30)) << pieces;
	EXPECT_EQ(5u, BuffersOf(9000, 141)) << "64 buffers into 5";
	EXPECT_EQ(Deviates(24) ? 0u : 1u, BuffersOf(65 * 30, 30));
	EXPECT_EQ(1u, BuffersOf(60));
}

TEST_F(PortJumbo, LongAndShortOnesKeepTheirOrder)
{
	mtu_ = kJumboMtu;
	ASSERT_NO_FATAL_FAILURE(Open());
	std::vector<Bytes> sent;
	std::vector<Frame> got;
	for (size_t i = 0; i < 200; i++) {
		sent.push_back(Make(0, MacOf(1), i % 3 ? 60 + i : 9014 - i));
		Send(0, sent.back());
		if (i % 10 == 9)
			for (Frame &frame : Heard(1))
				got.push_back(std::move(frame));
	}
	ASSERT_EQ(sent.size(), got.size());
	for (size_t i = 0; i < sent.size(); i++)
		EXPECT_TRUE(sent[i] == got[i].bytes) << i;
}

class PortJumboLinux : public PortTest
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(PortTest::SetUp());
		NeedLinux();
	}
};

TEST_F(PortJumboLinux, ADatagramOfNineKilobytesPassesEachWay)
{
	mtu_ = kJumboMtu;
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(static_cast<int>(kJumboMtu), linux_->mtu)
	    << "as root: ip link set dev " << linux_->name << " mtu " << kJumboMtu;
	UdpSocket socket(*linux_);
	Bytes data(kJumboMtu - 28), got;
	for (size_t i = 0; i < data.size(); i++)
		data[i] = numbered::Pattern(1, i);
	Send(0, linux_->Udp(0, MacOf(0), socket.Port(), data));
	EXPECT_TRUE(Soon([&] {
		Poll(0);
		return socket.Receive(&got);
	})) << "no datagram at Linux";
	EXPECT_TRUE(data == got);
	socket.Send(linux_->Ip4(0), data);
	EXPECT_TRUE(Soon([&] {
		for (const Frame &frame : Poll(0))
			if (frame.bytes.size() == kJumboMtu + 14)
				got.assign(frame.bytes.begin() + 42, frame.bytes.end());
			else
				got.clear();
		return got.size() == data.size();
	})) << "no datagram at the port";
	EXPECT_TRUE(data == got);
}

} // namespace
