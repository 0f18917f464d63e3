/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/port/linux_end.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/common/peer.h"

namespace
{

constexpr int kReceiveBytes = 1 << 20;

/* Of any address, IPv4's too if @v6_only is not set. */
int Socket(int family, int type, uint16_t port, bool v6_only)
{
	const int fd = socket(family, type | SOCK_NONBLOCK, 0), on = 1, only = v6_only;
	sockaddr_in6 ip6 = {};
	sockaddr_in ip4 = {};
	ip6.sin6_family = AF_INET6;
	ip4.sin_family = AF_INET;
	ip6.sin6_port = ip4.sin_port = htons(port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	const auto *address = family == AF_INET6 ? reinterpret_cast<sockaddr *>(&ip6)
						 : reinterpret_cast<sockaddr *>(&ip4);
	EXPECT_EQ(0, bind(fd, address, family == AF_INET6 ? sizeof(ip6) : sizeof(ip4)))
	    << "port " << port << ": " << strerror(errno);
	return fd;
}

} // namespace

LinuxEnd::LinuxEnd()
{
	EXPECT_EQ(0, pipe(stop_));
	echo4_ = Socket(AF_INET, SOCK_DGRAM, ECHO_PORT, false);
	echo6_ = Socket(AF_INET6, SOCK_DGRAM, ECHO_PORT, true);
	listen_ = Socket(AF_INET6, SOCK_STREAM, SINK_PORT, false);
	/* where frames are long, short ones take buffers that are hardly used: more of them */
	setsockopt(listen_, SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof(kReceiveBytes));
	EXPECT_EQ(0, listen(listen_, 1)) << strerror(errno);
	thread_ = std::thread([this] { Run(); });
}

LinuxEnd::~LinuxEnd()
{
	close(stop_[1]);
	thread_.join();
	for (int fd : {stop_[0], echo4_, echo6_, listen_, connection_})
		if (fd >= 0)
			close(fd);
}

std::vector<Bytes> LinuxEnd::Streams()
{
	std::lock_guard<std::mutex> guard(lock_);
	return streams_;
}

void LinuxEnd::Run()
{
	for (;;) {
		pollfd fds[] = {{stop_[0], POLLIN, 0},
				{echo4_, POLLIN, 0},
				{echo6_, POLLIN, 0},
				{connection_ < 0 ? listen_ : -1, POLLIN, 0},
				{connection_, POLLIN, 0}};
		poll(fds, 5, -1);
		if (fds[0].revents)
			return;
		Echo(echo4_);
		Echo(echo6_);
		if (fds[3].revents)
			connection_ = accept4(listen_, nullptr, nullptr, SOCK_NONBLOCK);
		else if (fds[4].revents)
			Read(connection_);
	}
}

void LinuxEnd::Echo(int fd)
{
	sockaddr_storage from;
	socklen_t bytes = sizeof(from);
	uint8_t data[UINT16_MAX];
	ssize_t n;
	while ((n = recvfrom(fd, data, sizeof(data), 0, reinterpret_cast<sockaddr *>(&from),
			     &bytes)) >= 0)
		sendto(fd, data, static_cast<size_t>(n), 0, reinterpret_cast<sockaddr *>(&from),
		       bytes);
}

void LinuxEnd::Read(int fd)
{
	uint8_t data[UINT16_MAX];
	const ssize_t n = read(fd, data, sizeof(data));
	if (n > 0) {
		stream_.insert(stream_.end(), data, data + n);
		return;
	}
	if (n < 0 && errno == EAGAIN)
		return;
	close(fd);
	connection_ = -1;
	std::lock_guard<std::mutex> guard(lock_);
	streams_.push_back(std::move(stream_));
	stream_.clear();
}

namespace
{

/* Of two lines "Udp: NAME NAME..." and "Udp: NUMBER NUMBER...". */
unsigned long Snmp(const std::string &protocol, const std::string &name)
{
	std::ifstream file("/proc/net/snmp");
	std::string names, numbers;
	while (std::getline(file, names))
		if (names.rfind(protocol + ": ", 0) == 0 && std::getline(file, numbers))
			break;
	std::istringstream name_words(names), number_words(numbers);
	std::string one, number;
	while (name_words >> one && number_words >> number)
		if (one == name)
			return std::stoul(number);
	ADD_FAILURE() << "/proc/net/snmp has no " << protocol << " " << name;
	return 0;
}

unsigned long Snmp6(const std::string &name)
{
	std::ifstream file("/proc/net/snmp6");
	std::string one;
	unsigned long number;
	while (file >> one >> number)
		if (one == name)
			return number;
	ADD_FAILURE() << "/proc/net/snmp6 has no " << name;
	return 0;
}

} // namespace

WrongSums WrongSums::Read()
{
	WrongSums sums;
	sums.udp4 = Snmp("Udp", "InCsumErrors");
	sums.tcp = Snmp("Tcp", "InCsumErrors");
	sums.udp6 = Snmp6("Udp6InCsumErrors");
	return sums;
}
