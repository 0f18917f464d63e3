/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each interrupt comes for its cause and for no other, and none comes that nobody asked for: the
 * receive queue's while it is armed, the mailbox's on the port's descriptor. Nothing holds them
 * back: EITR is 0.
 */
#include <poll.h>

#include "tests/port/rig.h"

namespace
{

constexpr unsigned int kRounds = 200;
constexpr int kSilenceMs = 50, kPatienceMs = 20000;
constexpr uint16_t kVlan = 7;

bool Readable(int fd, int timeout_ms = 0)
{
	pollfd look = {fd, POLLIN, 0};
	return poll(&look, 1, timeout_ms) == 1;
}

/* Port 0 sends, port 1 is interrupted. */
class PortInterrupt : public PortTest
{
      protected:
	void SetUp() override
	{
		PortTest::SetUp();
		sim_mode_ =
		    VFNET_SIM_THREAD; /* one that our own calls move wakes us by time, too */
		ASSERT_NO_FATAL_FAILURE(Open());
	}
	vfnet_rxq *Queue()
	{
		return ports_[1].rxq;
	}
	int QueueFd()
	{
		int fd = vfnet_rxq_fd(Queue(), &err_);
		EXPECT_LE(0, fd) << err_.text;
		return fd;
	}
	int PortFd()
	{
		int fd = vfnet_port_fd(ports_[1].port, &err_);
		EXPECT_LE(0, fd) << err_.text;
		return fd;
	}
	/* Two frames have come and been taken, so what the first one causes has happened. */
	void HearTwo()
	{
		ASSERT_EQ(1u, HeardOf(0, Make(0, MacOf(1))));
	}
	/* Arms, and sleeps as long as something is there to be taken, or was while it was masked.
	 */
	void FallAsleep(int fd)
	{
		for (int i = 0; i < 100; i++) {
			if (vfnet_rxq_arm(Queue()) == 0 && !Readable(fd, kSilenceMs))
				return;
			vfnet_rxq_disarm(Queue());
			Poll(1);
		}
		FAIL() << "it wakes up again and again, for nothing";
	}
};

TEST_F(PortInterrupt, OfAFrameEndsASleep)
{
	const int fd = QueueFd();
	ASSERT_NO_FATAL_FAILURE(FallAsleep(fd));
	Send(0, Make(0, MacOf(1)));
	EXPECT_TRUE(Readable(fd, kPatienceMs));
	vfnet_rxq_disarm(Queue());
	EXPECT_FALSE(Readable(fd)) << "disarming takes it back";
}

TEST_F(PortInterrupt, OfAFrameIsNotSentWhileTheQueueIsNotArmed)
{
	const int fd = QueueFd();
	ASSERT_NO_FATAL_FAILURE(FallAsleep(fd));
	vfnet_rxq_disarm(Queue());
	for (int i = 0; i < 10; i++)
		ASSERT_NO_FATAL_FAILURE(HearTwo());
	EXPECT_FALSE(Readable(fd));
}

/* One more is right, of a frame that came between the arming and the last look. */
TEST_F(PortInterrupt, OfEachFrameComesOnceAtMostTwice)
{
	const int fd = QueueFd();
	unsigned int woken = 0;
	ASSERT_NO_FATAL_FAILURE(FallAsleep(fd));
	vfnet_rxq_disarm(Queue());
	const uint64_t before = ports_[1].rx_frames;
	for (unsigned int round = 0; round < kRounds * env_.rounds; round++) {
		const Bytes frame = Make(0, MacOf(1));
		bool arrived = false;
		Send(0, frame);
		ASSERT_TRUE(Soon([&] {
			if (vfnet_rxq_arm(Queue()) == 0) {
				woken += Readable(fd, 100);
				vfnet_rxq_disarm(Queue());
			}
			for (const Frame &one : Poll(1))
				arrived = arrived || one.bytes == frame;
			return arrived;
		})) << round;
	}
	EXPECT_LE(woken, 2 * (ports_[1].rx_frames - before));
	ASSERT_NO_FATAL_FAILURE(FallAsleep(fd));
}

TEST_F(PortInterrupt, OfTheMailboxIsThePortsAndServiceClearsIt)
{
	const int fd = PortFd();
	Serve();
	EXPECT_FALSE(Readable(fd));
	ASSERT_EQ(0, vfnet_port_vlan_add(ports_[1].port, kVlan, &err_)) << err_.text;
	EXPECT_TRUE(Readable(fd, kPatienceMs)) << "the answer's";
	/* a request's two causes may be two interrupts; each call of service sees to one */
	EXPECT_TRUE(Soon([&] { return !Readable(fd, kSilenceMs); })) << "it never ends";
}

TEST_F(PortInterrupt, OfTheMailboxComesOnItsOwnVectorWhileAQueueSleeps)
{
	const int port_fd = PortFd(), queue_fd = QueueFd();
	ASSERT_NO_FATAL_FAILURE(FallAsleep(queue_fd));
	Serve();
	ASSERT_EQ(0, vfnet_port_vlan_add(ports_[1].port, kVlan, &err_)) << err_.text;
	/* QEMU's takes the number of the mailbox's vector for a mask, and wakes the sleeper */
	const bool swapped = Deviates(3);
	EXPECT_TRUE(Readable(swapped ? queue_fd : port_fd, kSilenceMs));
	EXPECT_FALSE(Readable(swapped ? port_fd : queue_fd));
	vfnet_rxq_disarm(Queue());
}

TEST_F(PortInterrupt, OfAFrameIsNotThePorts)
{
	const int port_fd = PortFd(), queue_fd = QueueFd();
	ASSERT_NO_FATAL_FAILURE(FallAsleep(queue_fd));
	Serve();
	Send(0, Make(0, MacOf(1)));
	EXPECT_TRUE(Readable(queue_fd, kPatienceMs));
	EXPECT_FALSE(Readable(port_fd));
	vfnet_rxq_disarm(Queue());
}

} // namespace
