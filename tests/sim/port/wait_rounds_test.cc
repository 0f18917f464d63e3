/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No wake-up is lost: one function sends a frame when the other has received the one before, after
 * a pause of any length, so that frames meet every point of going to sleep. Three threads: sender,
 * receiver, cards; register writes are under way for eight steps. A wake-up that is lost is a sleep
 * that does not end, because the receiver never looks by time.
 */
#include <atomic>
#include <cstdlib>
#include <poll.h>
#include <random>
#include <thread>

#include "tests/sim/port/rig.h"

namespace
{

constexpr int kLostMs = 10000;

/* VFNET_WAIT_ROUNDS says another number: a round takes milliseconds where cores are few */
unsigned long Rounds()
{
	const char *asked = getenv("VFNET_WAIT_ROUNDS");
	return asked ? strtoul(asked, nullptr, 10) : 1000;
}

class WaitRounds : public ::testing::Test
{
      protected:
	Rig rig_;
	vfnet_cache *sender_cache_ = nullptr; /* a cache belongs to a thread */
	std::atomic<unsigned long> received_{0};
	std::atomic<bool> over_{false};

	void SetUp() override
	{
		auto opts = SizedOpts<vfnet_queue_opts>();
		rig_.mode = VFNET_SIM_THREAD;
		ASSERT_NO_FATAL_FAILURE(rig_.OpenSim());
		ASSERT_NO_FATAL_FAILURE(rig_.Card(0, "posted=8"));
		ASSERT_NO_FATAL_FAILURE(rig_.OpenContext());
		ASSERT_NO_FATAL_FAILURE(rig_.OpenPort("sim:0.0"));
		ASSERT_NO_FATAL_FAILURE(rig_.OpenPort("sim:0.1"));
		opts.cache = rig_.cache;
		ASSERT_EQ(0,
			  vfnet_rxq_open(rig_.ports[0].port, &opts, &rig_.ports[0].rxq, nullptr));
		ASSERT_EQ(0, vfnet_cache_open(rig_.pool, 0, &sender_cache_, nullptr));
		opts.cache = sender_cache_;
		ASSERT_EQ(0,
			  vfnet_txq_open(rig_.ports[1].port, &opts, &rig_.ports[1].txq, nullptr));
	}
	void TearDown() override
	{
		vfnet_txq_close(rig_.ports[1].txq);
		rig_.ports[1].txq = nullptr;
		EXPECT_EQ(0, vfnet_cache_close(sender_cache_));
	}
	bool SendOne()
	{
		vfnet_pkt pkt;
		if (vfnet_pkt_alloc(sender_cache_, &pkt, 1) != 1)
			return false;
		uint8_t *data = vfnet_pkt_data(vfnet_get_region(rig_.v), &pkt);
		memset(data, 0, 60);
		memcpy(data, rig_.Mac(0).data(), 6);
		memcpy(data + 6, rig_.Mac(1).data(), 6);
		pkt.len = 60;
		return vfnet_tx_burst(rig_.ports[1].txq, &pkt, 1) == 1;
	}
	void Send(unsigned long rounds)
	{
		std::mt19937 random(1);
		for (unsigned long sent = 0; sent < rounds && !over_; sent++) {
			while (received_ < sent && !over_)
				std::this_thread::yield();
			for (volatile unsigned int pause = random() % 20000; pause > 0;)
				pause = pause - 1;
			if (random() % 1000 == 0) /* the cards' thread takes a nap as well */
				poll(nullptr, 0, 2);
			ASSERT_TRUE(SendOne());
		}
	}
	unsigned int Take()
	{
		vfnet_pkt pkt[32];
		int n = vfnet_rx_burst(rig_.ports[0].rxq, pkt, 32);
		EXPECT_LE(0, n);
		if (n > 0)
			vfnet_pkt_free(rig_.cache, pkt, static_cast<unsigned int>(n));
		return n > 0 ? static_cast<unsigned int>(n) : 0;
	}
	/* Return: sleeps */
	unsigned long Receive(unsigned long rounds)
	{
		vfnet_rxq *q = rig_.ports[0].rxq;
		pollfd fd = {vfnet_rxq_fd(q, nullptr), POLLIN, 0};
		unsigned long sleeps = 0;
		for (unsigned long got = 0; got < rounds;) {
			if (vfnet_rxq_arm(q) == 0) {
				sleeps++;
				if (poll(&fd, 1, kLostMs) != 1) {
					ADD_FAILURE()
					    << "a lost wake-up after " << got << " frames";
					break;
				}
				vfnet_rxq_disarm(q);
			}
			got += Take();
			received_ = got;
		}
		over_ = true;
		return sleeps;
	}
};

TEST_F(WaitRounds, NoneIsLostWithPostedWrites)
{
	const unsigned long rounds = Rounds();
	std::thread sender([&] { Send(rounds); });
	unsigned long sleeps = Receive(rounds);
	sender.join();
	EXPECT_EQ(rounds, received_);
	EXPECT_LT(rounds / 4, sleeps) << "it hardly ever slept";
}

} // namespace
