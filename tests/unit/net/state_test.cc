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

bool Parked(const vfnet_queue &queue)
{
	return vfnet_word_load(&queue.state) == VFNET_QUEUE_PARKED;
}

void Restart(vfnet_queue &queue)
{
	vfnet_port port = {};
	vfnet_rxq rxq = {};
	rxq.common.state = queue.state;
	port.rxqs[1] = &rxq;
	vfnet_port_restart(&port);
	queue.state = rxq.common.state;
}

TEST(QueueWord, ABurstRunsUntilServiceSaysOtherwise)
{
	vfnet_queue queue = {};
	EXPECT_EQ(0, vfnet_queue_begin(&queue));
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	EXPECT_FALSE(Parked(queue)) << "only the queue's own thread parks";
	EXPECT_EQ(-ENETDOWN, vfnet_queue_begin(&queue));
	EXPECT_TRUE(Parked(queue));
	EXPECT_EQ(-ENETDOWN, vfnet_queue_begin(&queue));
	vfnet_queue_stop(&queue, VFNET_QUEUE_GONE);
	EXPECT_EQ(-ENODEV, vfnet_queue_begin(&queue));
}

TEST(QueueWord, ServiceDoesNotWaitForTheOwnerOfAParkedQueue)
{
	vfnet_queue queue = {};
	vfnet_queue_park(&queue);
	EXPECT_FALSE(Parked(queue)) << "nobody has asked yet";
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	EXPECT_TRUE(Parked(queue)) << "the owner has not called";
	EXPECT_EQ(-ENETDOWN, vfnet_queue_begin(&queue));
}

TEST(QueueWord, TheNextCallTakesAParkedQueueBack)
{
	vfnet_queue queue = {};
	vfnet_queue_park(&queue);
	vfnet_queue_park(&queue);
	EXPECT_EQ(0, vfnet_queue_begin(&queue));
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	EXPECT_FALSE(Parked(queue)) << "the owner may be inside a burst";
}

TEST(QueueWord, ParkingAStoppedQueueIsAnAnswerToService)
{
	vfnet_queue queue = {};
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	vfnet_queue_park(&queue);
	EXPECT_TRUE(Parked(queue));
}

TEST(QueueWord, AFreshRingIsToldToItsOwnerOnce)
{
	vfnet_queue queue = {};
	vfnet_queue_park(&queue);
	vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
	Restart(queue);
	vfnet_queue_park(&queue);
	EXPECT_EQ(VFNET_QUEUE_WAS_FRESH, vfnet_queue_begin(&queue));
	EXPECT_EQ(0, vfnet_queue_begin(&queue));
}

TEST(QueueWord, AFreshRingCanBeStoppedWithoutItsOwner)
{
	vfnet_queue queue = {};
	vfnet_queue_park(&queue);
	for (int i = 0; i < 3; i++) {
		vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
		EXPECT_TRUE(Parked(queue)) << i;
		vfnet_queue_stop(&queue, VFNET_QUEUE_DOWN);
		EXPECT_TRUE(Parked(queue)) << "twice";
		Restart(queue);
	}
	EXPECT_EQ(VFNET_QUEUE_WAS_FRESH, vfnet_queue_begin(&queue));
}

TEST(QueueWord, WhatIsNotParkedIsNotRestarted)
{
	for (uint32_t state :
	     {VFNET_QUEUE_RUN, VFNET_QUEUE_AWAY, VFNET_QUEUE_DOWN, VFNET_QUEUE_GONE}) {
		vfnet_queue queue = {};
		queue.state = state;
		Restart(queue);
		EXPECT_EQ(state, queue.state);
	}
}

TEST(QueueWord, APortIsParkedWhenAllItsQueuesAre)
{
	vfnet_port port = {};
	vfnet_rxq rxq = {};
	vfnet_txq txq = {};
	EXPECT_FALSE(vfnet_port_has_queue(&port));
	EXPECT_TRUE(vfnet_port_is_parked(&port));
	port.rxqs[0] = &rxq;
	port.txqs[1] = &txq;
	EXPECT_TRUE(vfnet_port_has_queue(&port));
	vfnet_port_stop(&port, VFNET_QUEUE_DOWN);
	EXPECT_EQ(-ENETDOWN, vfnet_queue_begin(&rxq.common));
	EXPECT_FALSE(vfnet_port_is_parked(&port));
	EXPECT_EQ(-ENETDOWN, vfnet_queue_begin(&txq.common));
	EXPECT_TRUE(vfnet_port_is_parked(&port));
}

/*
 * The owner, who parks now and then, and service touch the same plain memory in turn, over many
 * stops. TSan sees a race here if either side is weaker than it must be, or if both believe that it
 * is theirs.
 */
TEST(QueueWord, ServiceSeesTheRingAsTheParkedThreadLeftItAndTheOtherWayRound)
{
	vfnet_port port = {};
	vfnet_rxq rxq = {};
	vfnet_queue *queue = &rxq.common;
	uint64_t ring = 0, n_fresh = 0;
	port.rxqs[0] = &rxq;
	std::thread owner([&] {
		for (int i = 0;; i++) {
			int rc = vfnet_queue_begin(queue);
			if (rc == -ENODEV)
				return;
			if (rc >= 0)
				ring++;
			n_fresh += rc == VFNET_QUEUE_WAS_FRESH;
			if (i % 3 == 0)
				vfnet_queue_park(queue);
		}
	});
	for (int round = 0; round < 200; round++) {
		if (round % 2)
			std::this_thread::yield();
		vfnet_port_stop(&port, VFNET_QUEUE_DOWN);
		while (!vfnet_port_is_parked(&port))
			std::this_thread::yield();
		ring = 0;
		vfnet_port_restart(&port);
	}
	while (vfnet_word_load(&queue->state) == VFNET_QUEUE_FRESH)
		std::this_thread::yield();
	vfnet_port_stop(&port, VFNET_QUEUE_GONE);
	owner.join();
	EXPECT_LE(1u, ring);
	EXPECT_LE(1u, n_fresh);
}

} // namespace
