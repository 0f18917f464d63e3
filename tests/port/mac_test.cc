/* SPDX-License-Identifier: BSD-2-Clause */
/* Which address a port has, who may choose it, and that it decides what the port gets. */
#include <algorithm>
#include <cstring>

#include <vfnet/filter.h>

#include "tests/port/rig.h"

namespace
{

constexpr Mac kAskedFor{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x00};
constexpr Mac kNobody{0x02, 0xaa, 0xbb, 0xcc, 0xee, 0x00};

Mac Further(uint8_t i)
{
	Mac mac = kAskedFor;
	mac[5] = i;
	return mac;
}

class PortMac : public PortTest
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(PortTest::SetUp());
		if (env_.fixed_macs)
			GTEST_SKIP()
			    << "VFNET_TEST_MAC=admin: the administrator chose the addresses";
	}
};

TEST_F(PortMac, WithoutAnAdministratorsItIsRandomAndLocal)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	EXPECT_EQ(0x02, MacOf(0)[0] & 0x03)
	    << "is the address the administrator's? VFNET_TEST_MAC=admin";
	EXPECT_EQ(0x02, MacOf(1)[0] & 0x03);
	EXPECT_NE(MacOf(0), MacOf(1));
	const Mac before = MacOf(0);
	ClosePort(0);
	ASSERT_NO_FATAL_FAILURE(OpenPort(0));
	EXPECT_NE(before, MacOf(0));
}

TEST_F(PortMac, TheOneAskedForIsInForceAndTheOneBeforeIsNot)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	const Mac before = MacOf(1);
	ClosePort(1);
	ASSERT_NO_FATAL_FAILURE(OpenPort(1, true, &kAskedFor));
	EXPECT_EQ(kAskedFor, MacOf(1));
	EXPECT_EQ(1u, HeardOf(0, Make(0, kAskedFor)));
	EXPECT_EQ(1u, HeardOf(1, Make(1, MacOf(0)))) << "and is good as a source";
	EXPECT_EQ(0u, HeardOf(0, Make(0, before)));
}

TEST_F(PortMac, FramesToOthersDoNotArrive)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	EXPECT_EQ(0u, HeardOf(0, Make(0, kNobody)));
	EXPECT_EQ(1u, HeardOf(0, Make(0, kBroadcast)));
}

TEST_F(PortMac, FramesToAFurtherOneArriveUntilItIsCleared)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	for (uint8_t i = 1; i <= VFNET_MACS_MAX; i++)
		ASSERT_EQ(0, vfnet_port_mac_add(ports_[1].port, Further(i).data(), &err_))
		    << err_.text;
	EXPECT_EQ(-ENOSPC, vfnet_port_mac_add(ports_[1].port, Further(99).data(), &err_));
	for (uint8_t i = 1; i <= VFNET_MACS_MAX; i++)
		EXPECT_EQ(1u, HeardOf(0, Make(0, Further(i)))) << +i;
	EXPECT_EQ(0u, HeardOf(0, Make(0, Further(99))));
	ASSERT_EQ(0, vfnet_port_mac_clear(ports_[1].port, &err_)) << err_.text;
	for (uint8_t i = 1; i <= VFNET_MACS_MAX; i++)
		EXPECT_EQ(0u, HeardOf(0, Make(0, Further(i)))) << +i;
	EXPECT_EQ(1u, HeardOf(0, Make(0, MacOf(1))));
}

TEST_F(PortMac, AForeignSourceDoesNotLeave)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	Bytes frame = Make(0, MacOf(1));
	std::copy(kNobody.begin(), kNobody.end(), frame.begin() + 6);
	EXPECT_EQ(Deviates(31) ? 1u : 0u, HeardOf(0, frame));
}

class PortMacFixed : public PortTest
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(PortTest::SetUp());
		if (!env_.fixed_macs)
			GTEST_SKIP()
			    << "for functions with an address from the administrator: 'ip link "
			       "set dev PF vf N mac ADDRESS', and VFNET_TEST_MAC=admin";
	}
};

TEST_F(PortMacFixed, AnotherOneIsRefusedAndTheSameIsNot)
{
	ASSERT_NO_FATAL_FAILURE(OpenContext());
	EXPECT_EQ(-EPROTO, TryOpen(0, kAskedFor)) << err_.text;
	EXPECT_NE(nullptr, strstr(err_.text, "administrator")) << err_.text;
	ASSERT_NO_FATAL_FAILURE(OpenPort(0));
	const Mac mac = MacOf(0);
	EXPECT_NE(kAskedFor, mac);
	ClosePort(0);
	ASSERT_NO_FATAL_FAILURE(OpenPort(0, true, &mac));
	EXPECT_EQ(mac, MacOf(0));
	ASSERT_NO_FATAL_FAILURE(OpenPort(1));
	EXPECT_EQ(1u, HeardOf(1, Make(1, mac)));
}

TEST_F(PortMacFixed, ItStaysFromOneLifeToTheNext)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	const Mac mac = MacOf(0);
	ClosePort(0);
	ASSERT_NO_FATAL_FAILURE(OpenPort(0));
	EXPECT_EQ(mac, MacOf(0));
}

TEST_F(PortMacFixed, FurtherOnesAreRefused)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	EXPECT_EQ(-EPROTO, vfnet_port_mac_add(ports_[1].port, Further(1).data(), &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "trust on")) << err_.text;
	EXPECT_EQ(0u, HeardOf(0, Make(0, Further(1))));
}

class PortMacLinux : public PortTest
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(PortTest::SetUp());
		NeedLinux();
	}
};

TEST_F(PortMacLinux, WhatLinuxSendsToAPortArrivesThereOnly)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	UdpSocket socket(*linux_);
	for (size_t i : {0, 1}) {
		const Bytes word{'v', 'f', static_cast<uint8_t>(i)};
		size_t got[2] = {};
		socket.Send(linux_->Ip4(i), word);
		EXPECT_TRUE(Soon([&] {
			for (size_t k : {0, 1})
				for (const Frame &frame : Poll(k))
					got[k] += frame.Dst() == MacOf(i) &&
						  frame.Src() == linux_->mac &&
						  std::search(frame.bytes.begin(),
							      frame.bytes.end(), word.begin(),
							      word.end()) != frame.bytes.end();
			return got[i] > 0;
		})) << "Linux's datagram does not arrive at port "
		    << i;
		EXPECT_EQ(0u, got[1 - i]);
	}
}

TEST_F(PortMacLinux, WhatEachPortSendsArrivesFromIt)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	UdpSocket socket(*linux_);
	for (size_t i : {0, 1}) {
		const Bytes word{'v', 'f', static_cast<uint8_t>(i)};
		Bytes got;
		in_addr from = {};
		Send(i, linux_->Udp(i, MacOf(i), socket.Port(), word));
		EXPECT_TRUE(Soon([&] {
			Poll(i);
			return socket.Receive(&got, &from);
		})) << "port "
		    << i << "'s datagram does not arrive at Linux";
		EXPECT_EQ(word, got);
		EXPECT_EQ(linux_->Ip4(i).s_addr, from.s_addr);
	}
}

} // namespace
