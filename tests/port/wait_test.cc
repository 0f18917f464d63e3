/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sleeping. No wake-up is lost: a thread sends a frame when the one before has been received, after
 * a pause of any length, so that frames meet every point of going to sleep. A lost one is a sleep
 * that does not end, because the receiver never looks by time. And a port where little happens
 * costs next to nothing.
 */
#include <algorithm>
#include <atomic>
#include <ctime>
#include <poll.h>
#include <random>
#include <semaphore.h>
#include <thread>

#include "tests/port/rig.h"

namespace
{

constexpr unsigned int kRounds = 10000;
constexpr int kLostMs = 10000;
constexpr unsigned int kIdleSeconds = 2, kIdleSecondsMost = 60;
constexpr unsigned int kGapMsMost = 200;

class PortWait : public PortTest
{
      protected:
	void SetUp() override
	{
		PortTest::SetUp();
		sem_init(&next_, 0, 0);
		sim_mode_ = VFNET_SIM_THREAD;
	}
	void OpenWait()
	{
		ASSERT_NO_FATAL_FAILURE(Open());
		fd_ = vfnet_rxq_fd(ports_[1].rxq, &err_);
		ASSERT_LE(0, fd_) << err_.text;
		/* a cache belongs to a thread: the sender's queue gets another one */
		vfnet_txq_close(ports_[0].txq);
		ports_[0].txq = nullptr;
		ASSERT_EQ(0, vfnet_cache_open(pool_, 0, &sender_cache_, &err_)) << err_.text;
		auto opts = SizedOpts<vfnet_queue_opts>();
		opts.cache = sender_cache_;
		ASSERT_EQ(0, vfnet_txq_open(ports_[0].port, &opts, &ports_[0].txq, &err_))
		    << err_.text;
		to_ = MacOf(1);
		from_ = MacOf(0);
	}
	void TearDown() override
	{
		vfnet_txq_close(ports_[0].txq);
		ports_[0].txq = nullptr;
		EXPECT_EQ(0, vfnet_cache_close(sender_cache_));
		sem_destroy(&next_);
		PortTest::TearDown();
	}

	/* By the sender's thread. */
	bool SendOne(uint32_t number)
	{
		const Bytes frame = numbered::Make(to_, from_, 60, number);
		vfnet_pkt pkt;
		if (vfnet_pkt_alloc(sender_cache_, &pkt, 1) != 1)
			return false;
		pkt.len = static_cast<uint16_t>(frame.size());
		std::copy(frame.begin(), frame.end(), vfnet_pkt_data(Region(), &pkt));
		sent_ns_ = Now();
		return vfnet_tx_burst(ports_[0].txq, &pkt, 1) == 1;
	}
	/* One frame for each that was received; @pause is called before it. Ends when over_. */
	template <typename Pause> void SendRounds(Pause pause)
	{
		for (uint32_t sent = 0; !over_; sent++) {
			pause();
			if (!over_ && !SendOne(sent)) {
				ADD_FAILURE() << "frame " << sent << " cannot be sent";
				over_ = true;
			}
			sem_wait(&next_);
		}
	}
	void End(std::thread *sender)
	{
		over_ = true;
		sem_post(&next_);
		sender->join();
	}
	/* Sleeps once, at most @timeout_ms. Return: poll()'s; -1 = there was no need to sleep. */
	int Sleep(int timeout_ms)
	{
		pollfd look = {fd_, POLLIN, 0};
		if (vfnet_rxq_arm(ports_[1].rxq) != 0)
			return -1;
		const int rc = poll(&look, 1, timeout_ms);
		vfnet_rxq_disarm(ports_[1].rxq);
		return rc;
	}
	/* Return: how many of the sender's frames came; what others sent does not count. */
	unsigned int Take()
	{
		unsigned int n = 0;
		for (const Frame &frame : Poll(1)) {
			uint32_t number;
			if (numbered::Parse(frame.bytes, &number)) {
				n++;
				sem_post(&next_);
			}
		}
		received_ += n;
		return n;
	}

	vfnet_cache *sender_cache_ = nullptr;
	int fd_ = -1;
	Mac to_ = {}, from_ = {};
	sem_t next_; /* one for each frame that the receiver has got */
	unsigned long received_ = 0;
	std::atomic<uint64_t> sent_ns_{0};
	std::atomic<bool> over_{false};
};

TEST_F(PortWait, NoWakeUpIsLost)
{
	sim_card_ = "posted=8"; /* register writes are under way for long, as on PCI Express */
	ASSERT_NO_FATAL_FAILURE(OpenWait());
	const unsigned long rounds = kRounds * env_.rounds;
	unsigned long sleeps = 0;
	std::thread sender([this] {
		std::mt19937 random(1);
		SendRounds([&] {
			for (volatile unsigned int pause = random() % 20000; pause > 0;)
				pause = pause - 1;
			if (random() % 1000 == 0) /* whoever polls takes a nap as well */
				poll(nullptr, 0, 2);
		});
	});
	while (sleeps < rounds && !over_) {
		const int rc = Sleep(kLostMs);
		if (rc == 0) {
			ADD_FAILURE() << "a lost wake-up after " << received_ << " frames";
			break;
		}
		sleeps += rc > 0;
		Take();
	}
	End(&sender);
	EXPECT_LE(rounds, sleeps);
	printf("[  REPORT  ] %lu frames, %lu sleeps\n", received_, sleeps);
}

uint64_t CpuNs()
{
	timespec used;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return static_cast<uint64_t>(used.tv_sec) * 1000000000 +
	       static_cast<uint64_t>(used.tv_nsec);
}

/* Time is not judged here, but wake-ups are counted: two for a frame is most, and one for service.
 */
TEST_F(PortWait, IdleWakesUpForFramesAndForServiceOnly)
{
	ASSERT_NO_FATAL_FAILURE(OpenWait());
	const uint64_t seconds = std::min(kIdleSeconds * env_.rounds, kIdleSecondsMost);
	const uint64_t begin_ns = Now(), begin_cpu_ns = CpuNs();
	std::vector<uint64_t> late_ns;
	unsigned long woken = 0, by_time = 0;
	std::thread sender([this] {
		std::mt19937 random(1);
		SendRounds([&] { poll(nullptr, 0, static_cast<int>(random() % kGapMsMost)); });
	});
	while (Now() - begin_ns < seconds * 1000000000 && !over_) {
		const int rc = Sleep(static_cast<int>(VFNET_SERVICE_PERIOD_NS / 1000000));
		const uint64_t awake_ns = Now(), sent_ns = sent_ns_;
		woken += rc > 0;
		by_time += rc == 0;
		if (Take() > 0)
			late_ns.push_back(awake_ns - sent_ns);
		Serve();
	}
	const uint64_t ns = Now() - begin_ns, cpu_ns = CpuNs() - begin_cpu_ns;
	End(&sender);
	ASSERT_FALSE(late_ns.empty());
	EXPECT_LE(woken, 2 * ports_[1].rx_frames + 1);
	EXPECT_LE(by_time, ns / VFNET_SERVICE_PERIOD_NS);
	std::sort(late_ns.begin(), late_ns.end());
	printf("[  REPORT  ] idle for %.1f s: %zu frames, %lu wake-ups, %lu by time, %.2f %% of a "
	       "core; a frame wakes within %.1f us (median), %.1f us (worst)\n",
	       static_cast<double>(ns) / 1e9, late_ns.size(), woken, by_time,
	       100.0 * static_cast<double>(cpu_ns) / static_cast<double>(ns),
	       static_cast<double>(late_ns[late_ns.size() / 2]) / 1e3,
	       static_cast<double>(late_ns.back()) / 1e3);
}

TEST_F(PortWait, EndsWhenItsTimeIsOverOrAFrameComes)
{
	ASSERT_NO_FATAL_FAILURE(OpenWait());
	EXPECT_EQ(0, vfnet_wait(ports_[1].rxq, 0, 0, &err_));
	/* strangers' frames end it, too */
	for (int i = 0; i < 100 && vfnet_wait(ports_[1].rxq, 0, 20000000, &err_); i++)
		Poll(1);
	EXPECT_EQ(0, vfnet_wait(ports_[1].rxq, 1000000, 5000000, &err_));
	for (uint32_t number = 0; number < 20; number++) {
		ASSERT_TRUE(SendOne(number));
		while (received_ == number) {
			ASSERT_EQ(
			    1, vfnet_wait(ports_[1].rxq, number % 2 * 1000000, UINT64_MAX, &err_));
			Take();
		}
	}
}

} // namespace
