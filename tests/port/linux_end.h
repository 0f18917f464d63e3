/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_PORT_LINUX_END_H
#define VFNET_TESTS_PORT_LINUX_END_H

/*
 * Linux's end of tests/common/peer.h: a thread that sends datagrams back and reads what comes over
 * connections. And what Linux's stack says of the sums of what it got.
 */
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/port/frame.h"

class LinuxEnd
{
      public:
	/* Fails the test if ECHO_PORT and SINK_PORT are not to be had. */
	LinuxEnd();
	~LinuxEnd();
	LinuxEnd(const LinuxEnd &) = delete;
	LinuxEnd &operator=(const LinuxEnd &) = delete;

	/* What came over each connection that has ended. */
	std::vector<Bytes> Streams();

      private:
	void Run();
	void Echo(int fd);
	void Read(int fd);

	int stop_[2] = {-1, -1};
	int echo4_ = -1, echo6_ = -1, listen_ = -1, connection_ = -1;
	Bytes stream_;
	std::mutex lock_;
	std::vector<Bytes> streams_;
	std::thread thread_;
};

/* How many datagrams and segments had wrong sums, as `nstat` says; of this network namespace. */
struct WrongSums {
	unsigned long udp4 = 0, udp6 = 0, tcp = 0;

	static WrongSums Read();
};

#endif
