/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_PORT_LINUX_H
#define VFNET_TESTS_PORT_LINUX_H

/*
 * Linux's network stack on the other side of the ports: an interface of this network namespace,
 * used by sockets as any user may. With a real card it is the physical function's, which somebody
 * gave an address; a software card has a TAP device on its wire, in a namespace that the test
 * makes.
 */
#include <array>
#include <string>

#include <netinet/in.h>

#include "tests/port/frame.h"

class Linux
{
      public:
	/* For a software card: this process, which has one thread still, goes into namespaces of
	 * its own, where it may have a TAP device. Return: "", or why that is not possible. */
	static std::string EnterNamespace();
	/* Gives @name addresses of network @lan and switches it on. Return: "", or what failed. */
	static std::string Configure(const std::string &name, uint8_t lan = 0);

	/* Return: "", or what the interface lacks, and what to do. */
	std::string Find(const std::string &name);

	/* The address that port @i has for Linux: the first or second after the interface's. */
	in_addr Ip4(size_t i) const;
	in6_addr Ip6(size_t i) const;
	/* What a host sends when it comes up: Linux may know another address, of an earlier life.
	 */
	Bytes Announce(size_t i, const Mac &mac) const;
	/* Whether it would send to another address than @src what is for port @i. For a second
	 * after it has learnt one it believes no other. */
	bool Mistakes(size_t i, const Mac &src) const;
	/* Return: whether @frame asks for port @i's address; then @answer says that it is @mac. */
	bool AnswerArp(const Bytes &frame, size_t i, const Mac &mac, Bytes *answer) const;
	/* A UDP frame over IPv4 from port @i, which has @src, to @to_port of the interface or,
	 * unless NULL, of a @group. */
	Bytes Udp(size_t i, const Mac &src, uint16_t to_port, const Bytes &payload,
		  const in_addr *group = nullptr) const;

	std::string name;
	int index = 0;
	int mtu = 0;
	Mac mac = {};
	in_addr ip4 = {};
	bool has_ip6 = false;
	in6_addr ip6 = {};
};

/* A socket of the interface; never blocks. */
class UdpSocket
{
      public:
	/* Fails the test if there is none. */
	explicit UdpSocket(const Linux &linux);
	~UdpSocket();
	UdpSocket(const UdpSocket &) = delete;
	UdpSocket &operator=(const UdpSocket &) = delete;

	int Fd() const
	{
		return fd_;
	}
	/* Where to send to, so that this socket gets it. */
	uint16_t Port() const
	{
		return port_;
	}
	/* Return: whether a datagram was there; its @payload and, unless NULL, its sender's
	 * address. */
	bool Receive(Bytes *payload, in_addr *from = nullptr);
	/* Sends to port kPort of @to, which may be a group. */
	void Send(in_addr to, const Bytes &payload);

	static constexpr uint16_t kPort = 5000;

      private:
	int fd_ = -1;
	uint16_t port_ = 0;
};

#endif
