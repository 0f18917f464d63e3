/* SPDX-License-Identifier: BSD-2-Clause */
/* VLANs: who has added one gets its frames, without the tag, and may send there. */
#include <cerrno>
#include <cstring>

#include <vfnet/filter.h>

#include "tests/port/rig.h"

namespace
{

constexpr unsigned int kEntries = 31; /* the card's 32, but for identifier 0 [L] */
constexpr unsigned int kOthers = 4;   /* that the physical function may have */

class PortVlan : public PortTest
{
      protected:
	void Add(std::initializer_list<uint16_t> vids)
	{
		for (auto &port : ports_)
			for (uint16_t vid : vids)
				ASSERT_EQ(0, vfnet_port_vlan_add(port.port, vid, &err_))
				    << err_.text;
	}
	/* Port 0 sends to port 1, with @tag in the frame. Return: how often it arrives; the last is
	 * in last_ */
	size_t HeardWith(int tag)
	{
		const Bytes frame = Make(0, MacOf(1), tag == kNoTag ? 60 : 64, tag);
		return HeardOf(frame, Work());
	}
	/* the card inserts @tag */
	size_t HeardInserted(uint16_t tag)
	{
		Work work;
		work.flags = VFNET_PKT_VLAN;
		work.vlan = tag;
		return HeardOf(Make(0, MacOf(1)), work);
	}

	Frame last_ = {};

      private:
	size_t HeardOf(const Bytes &frame, const Work &work)
	{
		Send(0, frame, work);
		const std::vector<Frame> heard = Heard(1);
		for (const Frame &one : heard) {
			EXPECT_TRUE(numbered::Intact(one.bytes));
			last_ = one;
		}
		return heard.size();
	}
};

TEST_F(PortVlan, FramesArriveWhereItWasAdded)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(0, vfnet_port_vlan_add(ports_[0].port, 5, &err_)) << err_.text;
	ASSERT_EQ(0, vfnet_port_vlan_add(ports_[0].port, 6, &err_)) << err_.text;
	EXPECT_EQ(0u, HeardWith(5));
	ASSERT_EQ(0, vfnet_port_vlan_add(ports_[1].port, 5, &err_)) << err_.text;
	EXPECT_EQ(1u, HeardWith(5));
	EXPECT_EQ(5, numbered::Tag(last_));
	EXPECT_EQ(0u, HeardWith(6));
	EXPECT_EQ(1u, HeardWith(kNoTag));
	EXPECT_EQ(kNoTag, numbered::Tag(last_));
	ASSERT_EQ(0, vfnet_port_vlan_remove(ports_[1].port, 5, &err_)) << err_.text;
	EXPECT_EQ(0u, HeardWith(5));
	EXPECT_EQ(1u, HeardWith(kNoTag));
}

TEST_F(PortVlan, FramesLeaveWhereItWasAdded)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(0, vfnet_port_vlan_add(ports_[1].port, 5, &err_)) << err_.text;
	EXPECT_EQ(Deviates(31) ? 1u : 0u, HeardWith(5)) << "the sender has not added it";
	ASSERT_EQ(0, vfnet_port_vlan_add(ports_[0].port, 5, &err_)) << err_.text;
	EXPECT_EQ(1u, HeardWith(5));
}

TEST_F(PortVlan, TheTagIsRemovedAndKeptWithItsPriority)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_NO_FATAL_FAILURE(Add({5, 4094}));
	for (uint16_t tag : {0x0005, 0xa005, 0x0ffe, 0xeffe}) {
		EXPECT_EQ(1u, HeardWith(tag));
		EXPECT_TRUE(last_.flags & VFNET_PKT_VLAN);
		EXPECT_EQ(tag, last_.vlan);
		EXPECT_EQ(60u, last_.bytes.size());
	}
}

TEST_F(PortVlan, TheCardInsertsTheTag)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_NO_FATAL_FAILURE(Add({5, 6}));
	for (uint16_t tag : {0x0005, 0xa006, 0x6005}) {
		EXPECT_EQ(1u, HeardInserted(tag));
		EXPECT_TRUE(last_.flags & VFNET_PKT_VLAN);
		EXPECT_EQ(tag, last_.vlan);
		EXPECT_EQ(60u, last_.bytes.size());
	}
	EXPECT_EQ(1u, HeardWith(kNoTag)) << "no tag where none was asked for";
	EXPECT_EQ(kNoTag, numbered::Tag(last_));
}

TEST_F(PortVlan, APriorityTagNeedsNone)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	EXPECT_EQ(1u, HeardWith(0xe000));
	EXPECT_EQ(0xe000, numbered::Tag(last_));
	EXPECT_FALSE(last_.flags & VFNET_PKT_VLAN) << "tags stay until a VLAN is added";
}

TEST_F(PortVlan, AsManyAsTheCardHasEntriesThenRefusedWithTheReason)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	uint16_t n = 0;
	while (n < VFNET_VLANS_MAX && vfnet_port_vlan_add(ports_[1].port, 100 + n, &err_) == 0)
		n++;
	EXPECT_GE(kEntries, n);
	EXPECT_LE(kEntries - (env_.sim ? 0 : kOthers), n) << err_.text;
	EXPECT_EQ(-EPROTO, vfnet_port_vlan_add(ports_[1].port, 100 + n, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "32 VLAN entries are in use")) << err_.text;
	for (uint16_t i = 0; i < n; i++)
		ASSERT_EQ(0, vfnet_port_vlan_add(ports_[0].port, 100 + i, &err_))
		    << "the same entry";
	for (uint16_t i = 0; i < n; i++) {
		EXPECT_EQ(1u, HeardWith(100 + i)) << i;
		EXPECT_EQ(100 + i, numbered::Tag(last_));
	}
	for (auto &port : ports_) /* an entry is free when nobody has it any more */
		ASSERT_EQ(0, vfnet_port_vlan_remove(port.port, 100, &err_)) << err_.text;
	ASSERT_NO_FATAL_FAILURE(Add({static_cast<uint16_t>(100 + n)}));
	EXPECT_EQ(1u, HeardWith(100 + n));
	EXPECT_EQ(0u, HeardWith(100));
}

TEST_F(PortVlan, AClosedPortLeavesNoneBehind)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_NO_FATAL_FAILURE(Add({5}));
	EXPECT_EQ(1u, HeardWith(5));
	ClosePort(1);
	ASSERT_NO_FATAL_FAILURE(OpenPort(1));
	EXPECT_EQ(0u, HeardWith(5));
	EXPECT_EQ(1u, HeardWith(kNoTag));
}

TEST_F(PortVlan, OutOfRangeIsRefused)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	for (uint16_t vid : {0, 4095, 5000})
		EXPECT_EQ(-EINVAL, vfnet_port_vlan_add(ports_[1].port, vid, &err_)) << vid;
	EXPECT_EQ(-ENOENT, vfnet_port_vlan_remove(ports_[1].port, 5, &err_));
}

} // namespace
