/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/vlan_tap.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/frame/bytes.h"

namespace
{

constexpr size_t kFrameMost = 1 << 16, kAddresses = 12, kTag = 4;

ifreq Named(const std::string &name)
{
	ifreq req = {};
	name.copy(req.ifr_name, IFNAMSIZ - 1);
	return req;
}

} // namespace

VlanTap::~VlanTap()
{
	close(stop_[1]);
	if (thread_.joinable())
		thread_.join();
	for (int fd : {stop_[0], tap_, link_})
		close(fd);
}

std::string VlanTap::Open(const std::string &interface, uint16_t vid)
{
	const std::string name = interface + "." + std::to_string(vid);
	ifreq tap = Named(name), of = Named(interface);
	sockaddr_ll address = {};
	const int on = 1;
	vid_ = vid;
	tap_ = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	link_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	tap.ifr_flags = IFF_TAP | IFF_NO_PI;
	address.sll_family = AF_PACKET;
	address.sll_protocol = htons(ETH_P_ALL);
	address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
	if (ioctl(tap_, TUNSETIFF, &tap) != 0 || ioctl(link_, SIOCGIFHWADDR, &of) != 0)
		return "cannot make " + name + ": " + strerror(errno);
	tap.ifr_hwaddr = of.ifr_hwaddr;
	/* the kernel takes tags out of frames, and says so there */
	if (ioctl(link_, SIOCSIFHWADDR, &tap) != 0 ||
	    setsockopt(link_, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0 ||
	    bind(link_, reinterpret_cast<sockaddr *>(&address), sizeof(address)) != 0 ||
	    pipe(stop_) != 0)
		return "cannot join " + name + " and " + interface + ": " + strerror(errno);
	thread_ = std::thread([this] { Run(); });
	return "";
}

void VlanTap::Run()
{
	for (;;) {
		pollfd fds[] = {{stop_[0], POLLIN, 0}, {tap_, POLLIN, 0}, {link_, POLLIN, 0}};
		poll(fds, 3, -1);
		if (fds[0].revents)
			return;
		ToLan();
		FromLan();
	}
}

void VlanTap::ToLan()
{
	static thread_local uint8_t frame[kFrameMost];
	ssize_t n;
	while ((n = read(tap_, frame + kTag, sizeof(frame) - kTag)) > 0) {
		memmove(frame, frame + kTag, kAddresses);
		vfnet_put_be16(frame + kAddresses, ETH_P_8021Q);
		vfnet_put_be16(frame + kAddresses + 2, vid_);
		send(link_, frame, static_cast<size_t>(n) + kTag, 0);
	}
}

void VlanTap::FromLan()
{
	static thread_local uint8_t frame[kFrameMost];
	alignas(cmsghdr) char about[CMSG_SPACE(sizeof(tpacket_auxdata))];
	sockaddr_ll from = {};
	iovec data = {frame, sizeof(frame)};
	for (;;) {
		msghdr message = {&from, sizeof(from), &data, 1, about, sizeof(about), 0};
		tpacket_auxdata aux = {};
		const ssize_t n = recvmsg(link_, &message, 0);
		if (n < 0)
			return;
		if (const cmsghdr *one = CMSG_FIRSTHDR(&message))
			memcpy(&aux, CMSG_DATA(one), sizeof(aux));
		if (from.sll_pkttype == PACKET_OUTGOING ||
		    !(aux.tp_status & TP_STATUS_VLAN_VALID) || (aux.tp_vlan_tci & 0xfff) != vid_)
			continue;
		if (write(tap_, frame, static_cast<size_t>(n)) < 0)
			continue; /* it is not up yet */
	}
}
