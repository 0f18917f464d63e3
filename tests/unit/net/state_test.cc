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

uint32_t Parked(const vfnet_queue &queue)
{
	return vfnet_word_load(&queue.parked);
}

TEST(QueueWord, ABurstRunsUntilServiceSaysOtherwise)
{
	vfnet_queue queue = {};
	EXPECT_EQ(0, vfnet_queue_begin(&queue));
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	EXPECT_EQ(0u, Parked(queue)) << "only the queue's own thread parks";
	EXPECT_EQ(-ENETDOWN, vfnet_queue_begin(&queue));
	EXPECT_EQ(1u, Parked(queue));
	vfnet_queue_stop(&queue, VFNET_QUEUE_GONE);
	EXPECT_EQ(-ENODEV, vfnet_queue_begin(&queue));
}

TEST(QueueWord, ServiceDoesNotWaitForTheOwnerOfAParkedQueue)
{
	vfnet_queue queue = {};
	vfnet_queue_park(&queue);
	EXPECT_EQ(0u, Parked(queue)) << "nobody has asked yet";
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	EXPECT_EQ(1u, Parked(queue)) << "the owner has not called";
	EXPECT_EQ(-ENETDOWN, vfnet_queue_begin(&queue));
}

TEST(QueueWord, TheNextCallTakesAParkedQueueBack)
{
	vfnet_queue queue = {};
	vfnet_queue_park(&queue);
	vfnet_queue_park(&queue);
	EXPECT_EQ(0, vfnet_queue_begin(&queue));
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	EXPECT_EQ(0u, Parked(queue)) << "the owner may be inside a burst";
}

TEST(QueueWord, ParkingAStoppedQueueIsAnAnswerToService)
{
	vfnet_queue queue = {};
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	vfnet_queue_park(&queue);
	EXPECT_EQ(1u, Parked(queue));
}

/*
 * The owner, who parks now and then, and service touch the same plain memory in turn. TSan sees a
 * race here if either side is weaker than it must be, or if both believe that it is theirs.
 */
TEST(QueueWord, ServiceSeesTheRingAsTheParkedThreadLeftIt)
{
	for (int round = 0; round < 200; round++) {
		vfnet_queue queue = {};
		uint64_t ring = 0;
		std::thread owner([&] {
			for (int i = 0; vfnet_queue_begin(&queue) == 0; i++) {
				ring++;
				if (i % 3 == round % 3)
					vfnet_queue_park(&queue);
			}
		});
		if (round % 2)
			std::this_thread::yield();
		vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
		while (!vfnet_word_load(&queue.parked))
			std::this_thread::yield();
		ring = 0;
		owner.join();
		EXPECT_EQ(0u, ring);
	}
}

} // namespace
