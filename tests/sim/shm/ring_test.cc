/* SPDX-License-Identifier: BSD-2-Clause */
/* Both ends of a ring, honest and not. */
#include <algorithm>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

extern "C" {
#include "sim/wire/shm_ring.h"
}

namespace
{

using Bytes = std::vector<uint8_t>;

Bytes Frame(uint32_t number, uint32_t len)
{
	Bytes frame(len);

	for (uint32_t i = 0; i < len; i++)
		frame[i] = static_cast<uint8_t>(number * 7 + i);
	return frame;
}

class ShmRing : public ::testing::Test
{
      protected:
	ShmRing() : data_(SIM_SHM_RING_BYTES), to_(SIM_SHM_FRAME_MAX)
	{
		Open(0);
	}
	void Open(uint32_t index)
	{
		words_ = {};
		words_.head = words_.tail = index;
		sim_shm_out_open(&out_, &words_, data_.data());
		sim_shm_in_open(&in_, &words_, data_.data());
	}
	bool Put(const Bytes &frame)
	{
		if (!sim_shm_out_room(&out_, static_cast<uint32_t>(frame.size())))
			return false;
		sim_shm_out_put(&out_, frame.data(), static_cast<uint32_t>(frame.size()));
		sim_shm_out_publish(&out_);
		return true;
	}
	Bytes Get()
	{
		int len = sim_shm_in_get(&in_, to_.data());

		EXPECT_GE(len, 0);
		sim_shm_in_done(&in_);
		return Bytes(to_.begin(), to_.begin() + std::max(len, 0));
	}
	/* what another process may write over the length of the next frame */
	void SetLength(uint32_t len)
	{
		std::memcpy(&data_[in_.tail % SIM_SHM_UNITS * SIM_SHM_UNIT], &len, sizeof(len));
	}

	sim_shm_words words_ = {};
	sim_shm_out out_ = {};
	sim_shm_in in_ = {};
	Bytes data_;
	Bytes to_;
};

TEST_F(ShmRing, FramesOfAllLengthsGoRoundTheEnd)
{
	std::mt19937 random(1);
	uint32_t number = 0;

	for (uint64_t bytes = 0; bytes < 5 * SIM_SHM_RING_BYTES; number++) {
		Bytes frame = Frame(number, 1 + random() % SIM_SHM_FRAME_MAX);

		ASSERT_TRUE(Put(frame));
		ASSERT_EQ(Get(), frame);
		bytes += frame.size();
	}
	EXPECT_EQ(Get(), Bytes());
}

TEST_F(ShmRing, IndicesWrapAt32Bits)
{
	Open(0xfffffff0u);
	for (uint32_t i = 0; i < 64; i++)
		ASSERT_TRUE(Put(Frame(i, 60)));
	for (uint32_t i = 0; i < 64; i++)
		ASSERT_EQ(Get(), Frame(i, 60));
}

TEST_F(ShmRing, HoldsOneShortestFrameAUnitAndThenHasNoRoom)
{
	for (uint32_t i = 0; i < SIM_SHM_UNITS; i++)
		ASSERT_TRUE(Put(Frame(i, 60))) << i;
	EXPECT_FALSE(Put(Frame(0, 1)));
	EXPECT_EQ(Get(), Frame(0, 60));
	EXPECT_FALSE(Put(Frame(0, 61))) << "takes two units";
	EXPECT_TRUE(Put(Frame(SIM_SHM_UNITS, 60)));
	for (uint32_t i = 1; i <= SIM_SHM_UNITS; i++)
		ASSERT_EQ(Get(), Frame(i, 60));
}

TEST_F(ShmRing, WhatIsNotPublishedIsNotThere)
{
	Bytes frame = Frame(1, 60);

	sim_shm_out_put(&out_, frame.data(), 60);
	EXPECT_FALSE(sim_shm_in_ready(&in_));
	EXPECT_EQ(Get(), Bytes());
	sim_shm_out_publish(&out_);
	EXPECT_TRUE(sim_shm_in_ready(&in_));
	EXPECT_EQ(Get(), frame);
}

TEST_F(ShmRing, ANewReceiverBeginsWithTheNextFrame)
{
	Put(Frame(1, 60));
	sim_shm_in_open(&in_, &words_, data_.data());
	EXPECT_EQ(Get(), Bytes());
	Put(Frame(2, 60));
	EXPECT_EQ(Get(), Frame(2, 60));
}

TEST_F(ShmRing, ANewSenderGoesOnBehindTheOldOnesFrames)
{
	Bytes half = Frame(9, 60);

	Put(Frame(1, 100));
	sim_shm_out_put(&out_, half.data(), 60);
	sim_shm_out_open(&out_, &words_, data_.data());
	Put(Frame(2, 100));
	EXPECT_EQ(Get(), Frame(1, 100));
	EXPECT_EQ(Get(), Frame(2, 100));
}

TEST_F(ShmRing, LostFramesAreToldOnce)
{
	sim_shm_out_lose(&out_);
	sim_shm_out_lose(&out_);
	EXPECT_EQ(sim_shm_in_lost(&in_), 2u);
	EXPECT_EQ(sim_shm_in_lost(&in_), 0u);
}

TEST_F(ShmRing, TwoThreads)
{
	constexpr uint32_t kFrames = 50000;
	std::thread sender([this] {
		for (uint32_t i = 0; i < kFrames; i++)
			while (!Put(Frame(i, 60 + i % 200)))
				std::this_thread::yield();
	});

	for (uint32_t i = 0; i < kFrames;) {
		Bytes frame = Get();

		if (frame.empty()) {
			std::this_thread::yield();
			continue;
		}
		EXPECT_EQ(frame, Frame(i, 60 + i % 200)) << i;
		i++;
	}
	sender.join();
}

TEST_F(ShmRing, AnImpossibleHeadEmptiesTheRing)
{
	for (uint32_t head : {SIM_SHM_UNITS + 1, 0x80000000u, 0xffffffffu}) {
		words_.head = head;
		EXPECT_EQ(sim_shm_in_get(&in_, to_.data()), -EBADMSG);
		sim_shm_in_done(&in_);
		EXPECT_EQ(words_.tail, head);
		Open(0);
	}
}

TEST_F(ShmRing, AnImpossibleLengthEmptiesTheRing)
{
	/* none, longer than any frame, more units than were published */
	for (uint32_t len : {0u, SIM_SHM_FRAME_MAX + 1, 0xffffffffu, 125u}) {
		Put(Frame(1, 60));
		Put(Frame(2, 60));
		SetLength(len);
		EXPECT_EQ(sim_shm_in_get(&in_, to_.data()), -EBADMSG) << len;
		EXPECT_EQ(Get(), Bytes());
		Put(Frame(3, 60));
		EXPECT_EQ(Get(), Frame(3, 60)) << "goes on afterwards";
	}
}

TEST_F(ShmRing, AnImpossibleTailIsNoRoom)
{
	while (Put(Frame(0, 60)))
		;
	for (uint32_t tail : {1u + out_.head, out_.head - SIM_SHM_UNITS - 1, 0x80000000u}) {
		words_.tail = tail;
		EXPECT_FALSE(Put(Frame(0, 60))) << tail;
	}
	words_.tail = out_.head - SIM_SHM_UNITS + 1;
	EXPECT_TRUE(Put(Frame(0, 60)));
}

TEST_F(ShmRing, ASenderThatFindsImpossibleIndicesBeginsEmpty)
{
	words_.head = 5000;
	words_.tail = 6000;
	sim_shm_out_open(&out_, &words_, data_.data());
	EXPECT_EQ(words_.head, 6000u);
	sim_shm_in_open(&in_, &words_, data_.data());
	Put(Frame(4, 60));
	EXPECT_EQ(Get(), Frame(4, 60));
}

} // namespace
