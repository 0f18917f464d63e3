/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/linux.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/frame/frame.h"

namespace
{

constexpr uint8_t kIp4[] = {198, 18, 0, 1}; /* RFC 2544: for tests of devices */
constexpr uint8_t kIp6[] = {0xfd, 0x76, 0x66, 0x6e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr size_t kLan4 = 2, kLan6 = 5; /* the byte that tells networks apart */
constexpr int kMtu = 9000;
constexpr size_t kArpBytes = 42;

std::string Reason(const std::string &what)
{
	return what + ": " + strerror(errno);
}

/* ioctl() of an interface on any socket. */
class Ioctl
{
      public:
	explicit Ioctl(int family, const std::string &name) : fd_(socket(family, SOCK_DGRAM, 0))
	{
		name.copy(req.ifr_name, IFNAMSIZ - 1);
	}
	~Ioctl()
	{
		close(fd_);
	}
	bool Call(unsigned long request)
	{
		return ioctl(fd_, request, &req) == 0;
	}
	bool Call(unsigned long request, void *argument)
	{
		return ioctl(fd_, request, argument) == 0;
	}
	sockaddr_in *Address()
	{
		return reinterpret_cast<sockaddr_in *>(&req.ifr_addr);
	}

	ifreq req = {};

      private:
	int fd_;
};

bool Write(const std::string &path, const std::string &text)
{
	std::ofstream file(path);
	file << text << std::flush;
	return file.good();
}

std::string TryNamespace()
{
	const std::string uid = std::to_string(geteuid()), gid = std::to_string(getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return Reason("this machine does not let the test make a network namespace");
	/* without a map the process could make no files */
	if (!Write("/proc/self/setgroups", "deny") ||
	    !Write("/proc/self/uid_map", uid + " " + uid + " 1") ||
	    !Write("/proc/self/gid_map", gid + " " + gid + " 1"))
		return Reason("cannot map this user into a namespace");
	if (access("/dev/net/tun", R_OK | W_OK) != 0)
		return Reason("/dev/net/tun (as root: modprobe tun)");
	return "";
}

in6_addr After(in6_addr address, size_t n)
{
	address.s6_addr[15] = static_cast<uint8_t>(address.s6_addr[15] + n);
	return address;
}

} // namespace

std::string Linux::EnterNamespace()
{
	static const std::string why = TryNamespace();
	return why;
}

std::string Linux::Configure(const std::string &name, uint8_t lan)
{
	Ioctl ip4(AF_INET, name), ip6(AF_INET6, name);
	ip4.Address()->sin_family = AF_INET;
	auto *bytes4 = reinterpret_cast<uint8_t *>(&ip4.Address()->sin_addr);
	std::copy_n(kIp4, sizeof(kIp4), bytes4);
	bytes4[kLan4] = lan;
	if (!ip4.Call(SIOCSIFADDR))
		return Reason("cannot set the address of " + name);
	inet_pton(AF_INET, "255.255.255.0", &ip4.Address()->sin_addr);
	if (!ip4.Call(SIOCSIFNETMASK))
		return Reason("cannot set the network of " + name);
	ip4.req.ifr_mtu = kMtu;
	if (!ip4.Call(SIOCSIFMTU) || !ip4.Call(SIOCGIFFLAGS))
		return Reason("cannot set the MTU of " + name);
	/* nobody else is there who could have the same address */
	Write("/proc/sys/net/ipv6/conf/" + name + "/accept_dad", "0");
	ip4.req.ifr_flags |= IFF_UP;
	if (!ip4.Call(SIOCSIFFLAGS))
		return Reason("cannot switch " + name + " on");
	in6_ifreq address = {};
	std::copy_n(kIp6, sizeof(kIp6), address.ifr6_addr.s6_addr);
	address.ifr6_addr.s6_addr[kLan6] = lan;
	address.ifr6_prefixlen = 64;
	address.ifr6_ifindex = static_cast<int>(if_nametoindex(name.c_str()));
	if (!ip6.Call(SIOCSIFADDR, &address))
		return Reason("cannot set the IPv6 address of " + name);
	return "";
}

std::string Linux::Find(const std::string &interface)
{
	Ioctl ip(AF_INET, interface);
	name = interface;
	index = static_cast<int>(if_nametoindex(name.c_str()));
	if (index == 0 || !ip.Call(SIOCGIFHWADDR))
		return Reason("VFNET_TEST_NETDEV=" + name);
	std::copy_n(reinterpret_cast<uint8_t *>(ip.req.ifr_hwaddr.sa_data), mac.size(),
		    mac.begin());
	if (ip.Call(SIOCGIFMTU))
		mtu = ip.req.ifr_mtu;
	if (!ip.Call(SIOCGIFADDR))
		return Reason("VFNET_TEST_NETDEV=" + name +
			      " has no IPv4 address; as root: ip addr add 198.18.0.1/24 dev " +
			      name);
	ip4 = ip.Address()->sin_addr;
	ifaddrs *all = nullptr;
	getifaddrs(&all);
	for (const ifaddrs *one = all; one; one = one->ifa_next) {
		if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET6 || name != one->ifa_name)
			continue;
		const auto *address = reinterpret_cast<const sockaddr_in6 *>(one->ifa_addr);
		if (IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr))
			continue;
		ip6 = address->sin6_addr;
		has_ip6 = true;
	}
	freeifaddrs(all);
	return "";
}

in_addr Linux::Ip4(size_t i) const
{
	return {htonl(static_cast<uint32_t>(ntohl(ip4.s_addr) + 1 + i))};
}

in6_addr Linux::Ip6(size_t i) const
{
	return After(ip6, 1 + i);
}

bool Linux::Mistakes(size_t i, const Mac &src) const
{
	struct arpreq entry = {};
	const sockaddr_in address = {AF_INET, 0, Ip4(i), {}};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	memcpy(&entry.arp_pa, &address, sizeof(address));
	name.copy(entry.arp_dev, sizeof(entry.arp_dev) - 1);
	const bool known = ioctl(fd, SIOCGARP, &entry) == 0 && (entry.arp_flags & ATF_COM);
	close(fd);
	return known && memcmp(entry.arp_ha.sa_data, src.data(), src.size()) != 0;
}

Bytes Linux::Announce(size_t i, const Mac &src) const
{
	const in_addr mine = Ip4(i);
	Bytes frame(kArpBytes, 0);
	std::copy(kBroadcast.begin(), kBroadcast.end(), frame.begin());
	std::copy(src.begin(), src.end(), &frame[6]);
	vfnet_put_be16(&frame[12], VFNET_ETHERTYPE_ARP);
	vfnet_put_be16(&frame[14], ARPHRD_ETHER);
	vfnet_put_be16(&frame[16], VFNET_ETHERTYPE_IP4);
	frame[18] = 6;
	frame[19] = 4;
	vfnet_put_be16(&frame[20], ARPOP_REQUEST);
	std::copy(src.begin(), src.end(), &frame[22]);
	memcpy(&frame[28], &mine, 4);
	memcpy(&frame[38], &ip4, 4);
	return frame;
}

bool Linux::AnswerArp(const Bytes &frame, size_t i, const Mac &src, Bytes *answer) const
{
	const in_addr mine = Ip4(i);
	if (frame.size() < kArpBytes || vfnet_get_be16(&frame[12]) != VFNET_ETHERTYPE_ARP ||
	    vfnet_get_be16(&frame[20]) != ARPOP_REQUEST || memcmp(&frame[38], &mine, 4) != 0)
		return false;
	answer->assign(frame.begin(), frame.begin() + kArpBytes);
	Bytes &out = *answer;
	std::copy_n(&frame[6], 6, &out[0]);
	std::copy(src.begin(), src.end(), &out[6]);
	vfnet_put_be16(&out[20], ARPOP_REPLY);
	std::copy(src.begin(), src.end(), &out[22]);
	memcpy(&out[28], &mine, 4);
	std::copy_n(&frame[22], 10, &out[32]);
	return true;
}

Bytes Linux::Udp(size_t i, const Mac &src, uint16_t to_port, const Bytes &payload,
		 const in_addr *group) const
{
	vfnet_frame_udp udp = {};
	const in_addr from = Ip4(i);
	std::copy(mac.begin(), mac.end(), udp.dst);
	std::copy(src.begin(), src.end(), udp.src);
	memcpy(udp.src_ip, &from, sizeof(from));
	memcpy(udp.dst_ip, group ? group : &ip4, sizeof(ip4));
	if (group) { /* RFC 1112 */
		const Mac to = {0x01,	       0,
				0x5e,	       static_cast<uint8_t>(udp.dst_ip[1] & 0x7f),
				udp.dst_ip[2], udp.dst_ip[3]};
		std::copy(to.begin(), to.end(), udp.dst);
	}
	udp.src_port = UdpSocket::kPort;
	udp.dst_port = to_port;
	Bytes frame(vfnet_frame_udp_payload_off(&udp));
	frame.insert(frame.end(), payload.begin(), payload.end());
	EXPECT_EQ(0, vfnet_frame_build_udp(frame.data(), frame.size(), &udp));
	return frame;
}

UdpSocket::UdpSocket(const Linux &linux) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0))
{
	/* any address: what comes to a group or to all is for it too */
	sockaddr_in address = {};
	socklen_t bytes = sizeof(address);
	ip_mreqn out = {};
	const int on = 1;
	address.sin_family = AF_INET;
	out.imr_ifindex = linux.index;
	EXPECT_EQ(0, bind(fd_, reinterpret_cast<sockaddr *>(&address), bytes)) << strerror(errno);
	EXPECT_EQ(0, getsockname(fd_, reinterpret_cast<sockaddr *>(&address), &bytes));
	EXPECT_EQ(0, setsockopt(fd_, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out)));
	EXPECT_EQ(0, setsockopt(fd_, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)));
	port_ = ntohs(address.sin_port);
}

UdpSocket::~UdpSocket()
{
	close(fd_);
}

bool UdpSocket::Receive(Bytes *payload, in_addr *from)
{
	sockaddr_in address = {};
	socklen_t bytes = sizeof(address);
	payload->resize(UINT16_MAX);
	const ssize_t n = recvfrom(fd_, payload->data(), payload->size(), 0,
				   reinterpret_cast<sockaddr *>(&address), &bytes);
	payload->resize(n < 0 ? 0 : static_cast<size_t>(n));
	if (n >= 0 && from)
		*from = address.sin_addr;
	return n >= 0;
}

void UdpSocket::Send(in_addr to, const Bytes &payload)
{
	sockaddr_in address = {};
	address.sin_family = AF_INET;
	address.sin_port = htons(kPort);
	address.sin_addr = to;
	EXPECT_EQ(static_cast<ssize_t>(payload.size()),
		  sendto(fd_, payload.data(), payload.size(), 0,
			 reinterpret_cast<sockaddr *>(&address), sizeof(address)))
	    << strerror(errno);
}
