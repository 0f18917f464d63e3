/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups: a port gets those that it named, and broadcasts. */
#include <algorithm>
#include <cerrno>

#include <arpa/inet.h>

#include <vfnet/filter.h>

#include "tests/port/rig.h"

namespace
{

/* three of the 4096 places in the card's table; Linux's own groups have others */
constexpr Mac kGroup{0x01, 0, 0x5e, 0x01, 0x42, 0x4d};
constexpr Mac kOther{0x01, 0, 0x5e, 0x01, 0x53, 0x5e};
constexpr Mac kThird{0x01, 0, 0x5e, 0x01, 0x64, 0x6f};
constexpr const char *kGroupIp = "239.1.66.77"; /* kGroup's */

Mac Numbered(unsigned int i)
{
	return {0x01, 0, 0, 0x02, 0x70, static_cast<uint8_t>(0x80 + i)};
}

class PortMulticast : public PortTest
{
      protected:
	int Name(const std::vector<Mac> &groups)
	{
		Bytes all;
		for (const Mac &group : groups)
			all.insert(all.end(), group.begin(), group.end());
		return vfnet_port_set_multicast(ports_[1].port, all.data(),
						static_cast<unsigned int>(groups.size()), &err_);
	}
	/* Return: how often port 1 gets what port 0 sends to @dst */
	size_t HeardAt(const Mac &dst)
	{
		return HeardOf(0, Make(0, dst));
	}
};

TEST_F(PortMulticast, FramesToAGroupArriveWhenItWasNamed)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	EXPECT_EQ(0u, HeardAt(kGroup));
	ASSERT_EQ(0, Name({kGroup})) << err_.text;
	EXPECT_EQ(1u, HeardAt(kGroup));
	EXPECT_EQ(0u, HeardAt(kOther));
	ASSERT_EQ(0, Name({kOther})) << err_.text;
	EXPECT_EQ(0u, HeardAt(kGroup)) << "the list was replaced";
	EXPECT_EQ(1u, HeardAt(kOther));
	ASSERT_EQ(0, Name({})) << err_.text;
	EXPECT_EQ(0u, HeardAt(kOther));
	EXPECT_EQ(1u, HeardAt(kBroadcast));
	EXPECT_EQ(1u, HeardAt(MacOf(1)));
}

TEST_F(PortMulticast, ThirtyGroupsHaveAPlaceEach)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	std::vector<Mac> groups;
	for (unsigned int i = 0; i < VFNET_MULTICAST_MAX; i++)
		groups.push_back(Numbered(i));
	ASSERT_EQ(0, Name(groups)) << err_.text;
	for (const Mac &group : groups)
		EXPECT_EQ(1u, HeardAt(group)) << +group[5];
	EXPECT_EQ(0u, HeardAt(kGroup));
}

TEST_F(PortMulticast, MoreThanThirtyAreAll)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	std::vector<Mac> groups;
	for (unsigned int i = 0; i <= VFNET_MULTICAST_MAX; i++)
		groups.push_back(Numbered(i));
	ASSERT_EQ(0, Name(groups)) << err_.text;
	for (const Mac &group : {kGroup, groups[0]})
		EXPECT_EQ(Deviates(32) ? 0u : 1u, HeardAt(group));
}

TEST_F(PortMulticast, AllOfThemAreOnTopOfTheList)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(0, Name({kGroup})) << err_.text;
	ASSERT_EQ(0, vfnet_port_set_allmulti(ports_[1].port, true, &err_)) << err_.text;
	for (const Mac &group : {kGroup, kOther})
		EXPECT_EQ(Deviates(32) ? 0u : 1u, HeardAt(group));
	ASSERT_EQ(0, vfnet_port_set_allmulti(ports_[1].port, false, &err_)) << err_.text;
	EXPECT_EQ(1u, HeardAt(kGroup));
	EXPECT_EQ(0u, HeardAt(kOther));
	EXPECT_EQ(0u, HeardAt({0x02, 0, 0, 0, 0, 0x77})) << "never unicast to others";
}

TEST_F(PortMulticast, AClosedPortLeavesNoGroupBehind)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(0, Name({kGroup})) << err_.text;
	EXPECT_EQ(1u, HeardAt(kGroup));
	ClosePort(1);
	ASSERT_NO_FATAL_FAILURE(OpenPort(1));
	EXPECT_EQ(0u, HeardAt(kGroup));
}

TEST_F(PortMulticast, OwnFramesDoNotComeBack)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(0, Name({kGroup, kThird})) << err_.text;
	for (const Mac &dst : {kBroadcast, kGroup, kThird}) {
		const Bytes frame = Make(1, dst);
		Send(1, frame);
		Heard(0); /* so it has left */
		size_t own = 0;
		for (const Frame &heard : Heard(1)) {
			EXPECT_TRUE(frame == heard.bytes);
			EXPECT_EQ(MacOf(1), heard.Src()) << "by which a program knows it";
			own++;
		}
		EXPECT_EQ(Deviates(30) ? 1u : 0u, own);
	}
}

TEST_F(PortMulticast, OtherAddressesAreNoGroups)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(0, Name({kGroup})) << err_.text;
	EXPECT_EQ(-EINVAL, Name({kOther, MacOf(0)}));
	EXPECT_EQ(1u, HeardAt(kGroup)) << "a call that fails changes nothing";
	EXPECT_EQ(0u, HeardAt(kOther));
}

class PortMulticastLinux : public PortMulticast
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(PortTest::SetUp());
		NeedLinux();
	}
	in_addr Group()
	{
		in_addr group;
		inet_pton(AF_INET, kGroupIp, &group);
		return group;
	}
};

TEST_F(PortMulticastLinux, WhatLinuxSendsToAGroupArrivesWhereItWasNamed)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	ASSERT_EQ(0, Name({kGroup})) << err_.text;
	UdpSocket socket(*linux_);
	const Bytes word{'g', 'r', 'o', 'u', 'p'};
	size_t got[2] = {};
	socket.Send(Group(), word);
	EXPECT_TRUE(Soon([&] {
		for (size_t i : {0, 1})
			for (const Frame &frame : Poll(i))
				got[i] += frame.Dst() == kGroup && frame.Src() == linux_->mac;
		return got[1] > 0;
	})) << "the datagram does not arrive";
	EXPECT_EQ(1u, got[1]);
	EXPECT_EQ(0u, got[0]);
}

TEST_F(PortMulticastLinux, WhatAPortSendsToAGroupArrivesWhereLinuxHasJoined)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	UdpSocket socket(*linux_);
	ip_mreqn join = {};
	join.imr_multiaddr = Group();
	join.imr_ifindex = linux_->index;
	ASSERT_EQ(0, setsockopt(socket.Fd(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)));
	const Bytes word{'g', 'r', 'o', 'u', 'p'};
	Bytes got;
	Send(0, linux_->Udp(0, MacOf(0), socket.Port(), word, &join.imr_multiaddr));
	EXPECT_TRUE(Soon([&] {
		Poll(0);
		return socket.Receive(&got);
	})) << "the datagram does not arrive";
	EXPECT_EQ(word, got);
}

} // namespace
