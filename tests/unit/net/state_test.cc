/* SPDX-License-Identifier: BSD-2-Clause */
#include <atomic>
#include <cerrno>
#include <thread>

#include <gtest/gtest.h>

extern "C" {
#include "lib/net/driver.h"
}

namespace
{

TEST(QueueWord, ABurstRunsUntilServiceSaysOtherwise)
{
	vfnet_queue_word word = {};
	EXPECT_TRUE(vfnet_queue_runs(&word));
	vfnet_word_store(&word.state, VFNET_QUEUE_DOWN);
	EXPECT_FALSE(vfnet_queue_runs(&word));
	EXPECT_EQ(0u, vfnet_word_load(&word.parked)) << "only the queue's own thread parks";
	EXPECT_EQ(-ENETDOWN, vfnet_queue_park(&word));
	EXPECT_EQ(1u, vfnet_word_load(&word.parked));
	vfnet_word_store(&word.state, VFNET_QUEUE_GONE);
	EXPECT_EQ(-ENODEV, vfnet_queue_park(&word));
}

/* TSan sees a race here if either side is weaker than it must be */
TEST(QueueWord, ServiceSeesTheRingAsTheParkedThreadLeftIt)
{
	for (int round = 0; round < 200; round++) {
		vfnet_queue_word word = {};
		uint64_t ring = 0; /* plain memory, touched by both threads in turn */
		std::thread queue([&] {
			while (vfnet_queue_runs(&word))
				ring++;
			vfnet_queue_park(&word);
		});
		vfnet_word_store(&word.state, VFNET_QUEUE_DOWN);
		while (!vfnet_word_load(&word.parked))
			std::this_thread::yield();
		ring = 0;
		queue.join();
		EXPECT_EQ(0u, ring);
	}
}

} // namespace
