/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleeping on a queue: who is woken by what, and who owns the queue meanwhile. */
#include <atomic>
#include <csignal>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <thread>

#include "tests/unit/net/net_fixture.h"

extern "C" {
#include "lib/net/driver.h"
}

namespace
{

constexpr uint64_t kMs = 1000000;
constexpr uint64_t kLong = 30000 * kMs; /* a test that waits so long has failed */

uint32_t Load(const uint32_t &word)
{
	return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
}

void SetReady(bool ready)
{
	__atomic_store_n(&fake_driver.ready, ready, __ATOMIC_RELEASE);
}

bool Readable(int fd)
{
	pollfd look = {fd, POLLIN, 0};
	return poll(&look, 1, 0) == 1;
}

class Wait : public Net
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(Net::SetUp());
		vfnet_pool_opts pool_opts = {};
		pool_opts.size = sizeof(pool_opts);
		pool_opts.n_bufs = 2048;
		ASSERT_EQ(0, vfnet_pool_open(vfnet_get_region(v_), &pool_opts, &pool_, &err_));
		ASSERT_EQ(0, vfnet_cache_open(pool_, 0, &cache_, &err_));
		port_ = OpenPort();
		vfnet_queue_opts opts = {};
		opts.size = sizeof(opts);
		opts.cache = cache_;
		ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &q_, &err_)) << err_.text;
	}
	void TearDown() override
	{
		vfnet_rxq_close(q_);
		EXPECT_EQ(0, vfnet_port_close(port_));
		EXPECT_EQ(0, vfnet_cache_close(cache_));
		EXPECT_EQ(0, vfnet_pool_close(pool_, nullptr));
		Net::TearDown();
	}
	void Connect()
	{
		fd_ = vfnet_rxq_fd(q_, &err_);
		ASSERT_LE(0, fd_) << err_.text;
	}
	/* as service would */
	void Stop(vfnet_queue_state state)
	{
		pthread_mutex_lock(&port_->lock);
		vfnet_port_stop(port_, state);
		pthread_mutex_unlock(&port_->lock);
	}
	/* let @act happen once the queue is armed for the @n-th time, from another thread */
	template <typename Act> std::thread WhenArmed(uint32_t n, Act act)
	{
		return std::thread([n, act] {
			while (Load(fake_driver.n_armed) < n)
				poll(nullptr, 0, 1);
			act();
		});
	}

	vfnet_pool *pool_ = nullptr;
	vfnet_cache *cache_ = nullptr;
	vfnet_port *port_ = nullptr;
	vfnet_rxq *q_ = nullptr;
	int fd_ = -1;
};

TEST_F(Wait, TheDescriptorIsAlwaysTheSameAndTheQueueClosesIt)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	EXPECT_EQ(fd_, vfnet_rxq_fd(q_, nullptr));
	EXPECT_EQ(fd_, fake_driver.irq_fd);
	vfnet_rxq_close(q_);
	q_ = nullptr;
	EXPECT_EQ(-1, fake_driver.irq_fd) << "the driver has let go of it";
}

TEST_F(Wait, WhatTheDriverCannotIsSaidAndNotForEver)
{
	fake_driver.irq_rc = -ENOSPC;
	EXPECT_EQ(-ENOSPC, vfnet_rxq_fd(q_, &err_));
	EXPECT_STREQ("fake irq: fake:a", err_.text);
	EXPECT_EQ(-ENOSPC, vfnet_wait(q_, 0, kLong, &err_));
	EXPECT_EQ(-EINVAL, vfnet_rxq_arm(q_)) << "there is nothing to sleep on";
	vfnet_rxq_disarm(q_);
	EXPECT_EQ(0u, fake_driver.n_armed + fake_driver.n_disarmed);
	fake_driver.irq_rc = 0;
	EXPECT_LE(0, vfnet_rxq_fd(q_, nullptr));
}

TEST_F(Wait, ArmingParksTheQueueUntilItsNextCall)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	EXPECT_EQ(0, vfnet_rxq_arm(q_));
	EXPECT_EQ(uint32_t{VFNET_QUEUE_AWAY}, Load(q_->common.state));
	SetReady(true);
	EXPECT_EQ(1, vfnet_rxq_arm(q_));
	EXPECT_EQ(uint32_t{VFNET_QUEUE_RUN}, Load(q_->common.state)) << "there is work";
}

TEST_F(Wait, ArmingSaysWhatTheDriverAndServiceSay)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	fake_driver.arm_rc = -ENODEV;
	EXPECT_EQ(-ENODEV, vfnet_rxq_arm(q_));
	EXPECT_EQ(-ENODEV, vfnet_wait(q_, 0, kLong, &err_));
	Stop(VFNET_QUEUE_DOWN);
	EXPECT_EQ(-ENETDOWN, vfnet_rxq_arm(q_));
	EXPECT_EQ(-ENETDOWN, vfnet_wait(q_, kLong, kLong, &err_));
	Stop(VFNET_QUEUE_GONE);
	EXPECT_EQ(-ENODEV, vfnet_wait(q_, 0, kLong, &err_));
}

TEST_F(Wait, StoppingAnArmedQueueMakesItsDescriptorReadable)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	ASSERT_EQ(0, vfnet_rxq_arm(q_));
	EXPECT_FALSE(Readable(fd_));
	Stop(VFNET_QUEUE_DOWN);
	EXPECT_TRUE(Readable(fd_));
	EXPECT_EQ(uint32_t{VFNET_QUEUE_PARKED}, Load(q_->common.state))
	    << "service need not wait for the sleeper";
	vfnet_rxq_disarm(q_);
	EXPECT_FALSE(Readable(fd_));
}

TEST_F(Wait, ARingThatWasSetUpAnewIsForTheNextBurst)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	Stop(VFNET_QUEUE_DOWN);
	EXPECT_EQ(-ENETDOWN, vfnet_rxq_arm(q_));
	vfnet_port_restart(port_);
	EXPECT_EQ(1, vfnet_rxq_arm(q_));
	EXPECT_EQ(1, vfnet_wait(q_, 0, kLong, &err_));
	EXPECT_EQ(0u, fake_driver.n_armed);
	EXPECT_EQ(uint32_t{VFNET_QUEUE_FRESH}, Load(q_->common.state)) << "or nobody refills it";
}

TEST_F(Wait, FramesThatAreThereNeedNoInterrupt)
{
	SetReady(true);
	EXPECT_EQ(1, vfnet_wait(q_, 0, 0, &err_));
	EXPECT_EQ(1, vfnet_wait(q_, 0, kLong, &err_));
	EXPECT_EQ(0u, fake_driver.n_armed);
}

TEST_F(Wait, PollingSeesFramesWithoutAnInterrupt)
{
	std::thread other([] {
		poll(nullptr, 0, 5);
		SetReady(true);
	});
	EXPECT_EQ(1, vfnet_wait(q_, kLong, kLong, &err_));
	other.join();
	EXPECT_EQ(0u, fake_driver.n_armed);
}

TEST_F(Wait, EndsWhenTheTimeIsOver)
{
	EXPECT_EQ(0, vfnet_wait(q_, 0, 0, &err_));
	EXPECT_EQ(0, vfnet_wait(q_, kLong, 2 * kMs, &err_)) << "polling is a part of it";
	EXPECT_EQ(0u, fake_driver.n_armed);
	EXPECT_EQ(0, vfnet_wait(q_, 0, 2 * kMs, &err_));
	EXPECT_EQ(1u, fake_driver.n_armed);
	EXPECT_EQ(1u, fake_driver.n_disarmed);
}

TEST_F(Wait, AnInterruptEndsTheSleep)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	std::thread other = WhenArmed(1, [] {
		SetReady(true);
		eventfd_write(fake_driver.irq_fd, 1);
	});
	EXPECT_EQ(1, vfnet_wait(q_, 0, UINT64_MAX, &err_));
	other.join();
	EXPECT_FALSE(Readable(fd_)) << "it was read";
	EXPECT_EQ(fake_driver.n_armed, fake_driver.n_disarmed);
}

TEST_F(Wait, WakingForNothingDoesNotEndIt)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	std::thread other([] {
		for (uint32_t n = 1; n <= 20; n++) {
			while (Load(fake_driver.n_armed) < n)
				poll(nullptr, 0, 1);
			eventfd_write(fake_driver.irq_fd, 1);
		}
		while (Load(fake_driver.n_armed) < 21)
			poll(nullptr, 0, 1);
		SetReady(true);
		eventfd_write(fake_driver.irq_fd, 1);
	});
	EXPECT_EQ(1, vfnet_wait(q_, 0, kLong, &err_));
	other.join();
	EXPECT_LE(21u, fake_driver.n_armed);
}

TEST_F(Wait, ALostInterruptIsMadeUpForByLooking)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	std::thread other = WhenArmed(1, [] { SetReady(true); });
	EXPECT_EQ(1, vfnet_wait(q_, 0, UINT64_MAX, &err_));
	other.join();
}

TEST_F(Wait, WhatStopsTheQueueWakesTheSleeper)
{
	ASSERT_NO_FATAL_FAILURE(Connect());
	std::thread other = WhenArmed(1, [this] { Stop(VFNET_QUEUE_DOWN); });
	EXPECT_EQ(-ENETDOWN, vfnet_wait(q_, 0, UINT64_MAX, &err_));
	other.join();
	EXPECT_EQ(uint32_t{VFNET_QUEUE_PARKED}, Load(q_->common.state));
}

TEST_F(Wait, ASignalHandlerEndsIt)
{
	struct sigaction act = {}, before;
	pthread_t self = pthread_self();
	std::atomic<bool> done{false};

	act.sa_handler = [](int) {};
	ASSERT_EQ(0, sigaction(SIGUSR1, &act, &before));
	/* again and again: the first may come before the sleep */
	std::thread other([&] {
		while (!done) {
			pthread_kill(self, SIGUSR1);
			poll(nullptr, 0, 1);
		}
	});
	EXPECT_EQ(-EINTR, vfnet_wait(q_, 0, kLong, &err_));
	done = true;
	other.join();
	sigaction(SIGUSR1, &before, nullptr);
}

} // namespace
