/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offloads with Linux's stack at the other end: what the card has summed, cut and tagged is what
 * Linux takes, and what the card says of Linux's frames is so. The host on port 0 is that of
 * tests/common/peer.h.
 */
#include <algorithm>
#include <memory>
#include <random>

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "tests/common/peer.h"
#include "tests/port/linux_end.h"
#include "tests/port/rig.h"
#include "tests/port/vlan_tap.h"

namespace
{

constexpr size_t kFileBytes = 1 << 20;
constexpr uint32_t kTcpBytes = 20;
constexpr uint16_t kVlan = 5, kTag = 0xa000 | kVlan; /* with a priority */

class PortOffloadLinux : public PortTest
{
      protected:
	void SetUp() override
	{
		PortTest::SetUp();
		NeedLinux();
		if (IsSkipped())
			return;
		ASSERT_NO_FATAL_FAILURE(Open());
		ASSERT_TRUE(linux_->has_ip6)
		    << "as root: ip addr add fd76:666e::1/64 dev " << linux_->name << " nodad";
		peer_ = std::make_unique<peer>();
		peer_->cache = cache_;
		peer_->txq = ports_[0].txq;
		peer_->rxq = ports_[0].rxq;
		peer_->region = Region();
		const Mac mac = MacOf(0);
		std::copy(mac.begin(), mac.end(), peer_->mac);
		std::copy(linux_->mac.begin(), linux_->mac.end(), peer_->there);
		AddWays(*linux_, "IPv4", "IPv6", false);
		ASSERT_NO_FATAL_FAILURE(Listen(linux_->Ip6(0)));
		end_ = std::make_unique<LinuxEnd>();
	}
	void TearDown() override
	{
		end_.reset();
		vlan_tap_.reset();
		PortTest::TearDown();
	}

	/* The next address after that of @interface is ours. */
	void AddWays(const Linux &interface, const char *name4, const char *name6, bool tagged)
	{
		const in_addr here4 = interface.Ip4(0);
		const in6_addr here6 = interface.Ip6(0);
		way one = {};
		one.tagged = tagged;
		one.tag_to = kTag;
		one.tag_from = kVlan;
		one.tag_mask =
		    0xfff; /* which priority Linux gives is its administrator's business */
		one.name = name4;
		memcpy(one.here, &here4, sizeof(here4));
		memcpy(one.there, &interface.ip4, sizeof(interface.ip4));
		ways_.push_back(one);
		one.name = name6;
		one.ip6 = true;
		memcpy(one.here, &here6, sizeof(here6));
		memcpy(one.there, &interface.ip6, sizeof(interface.ip6));
		ways_.push_back(one);
		peer_->ways = ways_.data();
		peer_->n_ways = static_cast<unsigned int>(ways_.size());
		peer_announce(peer_.get());
	}
	/* Where Linux asks for the IPv6 address: RFC 4291's solicited-node group. */
	void Listen(const in6_addr &here)
	{
		const uint8_t *last = &here.s6_addr[13];
		const uint8_t group[] = {0x33, 0x33, 0xff, last[0], last[1], last[2]};
		ASSERT_EQ(0, vfnet_port_set_multicast(ports_[0].port, group, 1, &err_))
		    << err_.text;
	}
	/* The ways are those in VLAN kVlan; skips the test where Linux is not in it. */
	void GoToVlan()
	{
		const std::string name = linux_->name + "." + std::to_string(kVlan);
		if (env_.sim) {
			vlan_tap_ = std::make_unique<VlanTap>();
			ASSERT_EQ("", vlan_tap_->Open(linux_->name, kVlan));
			ASSERT_EQ("", Linux::Configure(name, kVlan));
		}
		if (if_nametoindex(name.c_str()) == 0)
			GTEST_SKIP() << "no interface " << name << "; as root: ip link add link "
				     << linux_->name << " name " << name << " type vlan id "
				     << kVlan << ", with addresses 198.18.5.1/24 and "
				     << "fd76:666e:5::1/64, and up";
		Linux in_vlan;
		ASSERT_EQ("", in_vlan.Find(name));
		ASSERT_TRUE(in_vlan.has_ip6) << name << " has no IPv6 address";
		ASSERT_EQ(0, vfnet_port_vlan_add(ports_[0].port, kVlan, &err_)) << err_.text;
		ways_.clear();
		AddWays(in_vlan, "IPv4 in a VLAN", "IPv6 in a VLAN", true);
	}
	void EchoAll()
	{
		const WrongSums before = WrongSums::Read();
		for (const way &one : ways_) {
			run_udp(peer_.get(), &one);
			ASSERT_FALSE(peer_->wrong) << one.name;
		}
		ExpectNoWrongSums(before);
	}
	void SendFiles()
	{
		const WrongSums before = WrongSums::Read();
		std::mt19937 random(1);
		Bytes file(kFileBytes);
		for (uint8_t &byte : file)
			byte = static_cast<uint8_t>(random());
		for (const way &one : ways_) {
			run_tcp(peer_.get(), &one, file.data(), static_cast<uint32_t>(file.size()));
			ASSERT_FALSE(peer_->wrong) << one.name;
		}
		EXPECT_TRUE(Soon([&] { return end_->Streams().size() == ways_.size(); }));
		for (const Bytes &stream : end_->Streams())
			EXPECT_TRUE(stream == file) << "of " << stream.size() << " bytes";
		ExpectNoWrongSums(before);
	}
	/* A segment without payload or options. */
	void SendSyn(const way &one)
	{
		uint8_t *tcp = peer_headers(peer_.get(), &one, IS_TCP, kTcpBytes);
		memset(tcp, 0, kTcpBytes);
		put16(tcp, MY_PORT);
		put16(tcp + 2, SINK_PORT);
		tcp[12] = kTcpBytes / 4 << 4;
		tcp[13] = 2;
		peer_send(peer_.get(), &one, tcp + kTcpBytes, kTcpBytes, 0);
	}
	void ExpectNoWrongSums(const WrongSums &before)
	{
		const WrongSums now = WrongSums::Read();
		EXPECT_EQ(before.udp4, now.udp4);
		EXPECT_EQ(before.udp6, now.udp6);
		EXPECT_EQ(before.tcp, now.tcp);
	}

	std::vector<way> ways_;
	std::unique_ptr<peer> peer_;
	std::unique_ptr<LinuxEnd> end_;
	std::unique_ptr<VlanTap> vlan_tap_;
};

TEST_F(PortOffloadLinux, DatagramsOfEverySizeComeBack)
{
	EchoAll();
}

TEST_F(PortOffloadLinux, DatagramsComeBackThroughAVlan)
{
	GoToVlan();
	if (!IsSkipped())
		EchoAll();
}

TEST_F(PortOffloadLinux, AFileInSegmentsArrivesAsItIs)
{
	SendFiles();
}

TEST_F(PortOffloadLinux, AFileInSegmentsArrivesThroughAVlan)
{
	GoToVlan();
	if (!IsSkipped())
		SendFiles();
}

/* The tests above would see it: here nobody does the sums. */
TEST_F(PortOffloadLinux, WrongSumsAreSeen)
{
	peer_->nobody = true;
	for (const way &one : ways_) {
		const WrongSums before = WrongSums::Read();
		EXPECT_TRUE(Soon([&] {
			peer_send_datagram(peer_.get(), &one, 100);
			SendSyn(one);
			peer_receive(
			    peer_.get(), [](peer *, const vfnet_pkt *, void *) {}, nullptr);
			const WrongSums now = WrongSums::Read();
			return now.tcp > before.tcp &&
			       (one.ip6 ? now.udp6 > before.udp6 : now.udp4 > before.udp4);
		})) << one.name;
	}
}

/* Linux leaves the sum of such a datagram out; the card has nothing to say of it. */
TEST_F(PortOffloadLinux, ADatagramWithoutASumIsNeitherGoodNorBad)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	sockaddr_in to = {};
	to.sin_family = AF_INET;
	to.sin_port = htons(MY_PORT);
	to.sin_addr = linux_->Ip4(0);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on)));
	const Bytes payload(100, 0x5a);
	ASSERT_EQ(100, sendto(fd, payload.data(), payload.size(), 0,
			      reinterpret_cast<sockaddr *>(&to), sizeof(to)));
	close(fd);
	bool came = false;
	EXPECT_TRUE(Soon([&] {
		for (const Frame &frame : Poll(0)) {
			if (frame.bytes.size() != 142 || frame.bytes[23] != IS_UDP)
				continue;
			came = true;
			EXPECT_EQ(0, get16(&frame.bytes[40]));
			EXPECT_EQ(VFNET_PKT_IP4 | VFNET_PKT_UDP | VFNET_PKT_L3_GOOD,
				  frame.flags & ~VFNET_PKT_LOOPED);
		}
		return came;
	}));
}

} // namespace
