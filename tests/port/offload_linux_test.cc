/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offloads with Linux's stack at the other end: what the card has summed, cut and tagged is what
 * Linux takes, and what the card says of Linux's frames is so. The host on port 0 is that of
 * tests/common/peer.h.
 */
#include <memory>
#include <random>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tests/common/peer.h"
#include "tests/port/linux_end.h"
#include "tests/port/rig.h"

namespace
{

constexpr size_t kFileBytes = 1 << 20;
constexpr uint32_t kTcpBytes = 20;

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
		FindWays();
		peer_ = std::make_unique<peer>();
		peer_->cache = cache_;
		peer_->txq = ports_[0].txq;
		peer_->rxq = ports_[0].rxq;
		peer_->region = Region();
		peer_->ways = ways_.data();
		peer_->n_ways = static_cast<unsigned int>(ways_.size());
		const Mac mac = MacOf(0);
		std::copy(mac.begin(), mac.end(), peer_->mac);
		std::copy(linux_->mac.begin(), linux_->mac.end(), peer_->there);
		end_ = std::make_unique<LinuxEnd>();
	}
	void TearDown() override
	{
		end_.reset();
		PortTest::TearDown();
	}

	void FindWays()
	{
		const in_addr here4 = linux_->Ip4(0);
		const in6_addr here6 = linux_->Ip6(0);
		way ip4 = {}, ip6 = {};
		ip4.name = "IPv4";
		memcpy(ip4.here, &here4, sizeof(here4));
		memcpy(ip4.there, &linux_->ip4, sizeof(linux_->ip4));
		ip6.name = "IPv6";
		ip6.ip6 = true;
		memcpy(ip6.here, &here6, sizeof(here6));
		memcpy(ip6.there, &linux_->ip6, sizeof(linux_->ip6));
		ways_ = {ip4, ip6};
		/* where Linux asks for the IPv6 address: RFC 4291's solicited-node group */
		const uint8_t *last = &here6.s6_addr[13];
		const uint8_t group[] = {0x33, 0x33, 0xff, last[0], last[1], last[2]};
		ASSERT_EQ(0, vfnet_port_set_multicast(ports_[0].port, group, 1, &err_))
		    << err_.text;
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
};

TEST_F(PortOffloadLinux, DatagramsOfEverySizeComeBack)
{
	const WrongSums before = WrongSums::Read();
	for (const way &one : ways_) {
		run_udp(peer_.get(), &one);
		ASSERT_FALSE(peer_->wrong) << one.name;
	}
	ExpectNoWrongSums(before);
}

TEST_F(PortOffloadLinux, AFileInSegmentsArrivesAsItIs)
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

/* Both tests above would see it: here nobody does the sums. */
TEST_F(PortOffloadLinux, WrongSumsAreSeen)
{
	const WrongSums before = WrongSums::Read();
	peer_->nobody = true;
	for (const way &one : ways_) {
		peer_send_datagram(peer_.get(), &one, 100);
		SendSyn(one);
	}
	EXPECT_TRUE(Soon([&] {
		const WrongSums now = WrongSums::Read();
		vfnet_txq_reclaim(peer_->txq);
		return now.udp4 > before.udp4 && now.udp6 > before.udp6 &&
		       now.tcp >= before.tcp + ways_.size();
	}));
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
