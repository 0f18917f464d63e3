/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/io.h"

#include <gtest/gtest.h>

#include <thread>

namespace
{

TEST(BaseIo, RegistersAreReadAndWrittenWhole)
{
	uint32_t reg[3] = {1, 2, 3};

	vfnet_io_write32(&reg[1], 0xfedcba98u);
	EXPECT_EQ(1u, reg[0]);
	EXPECT_EQ(0xfedcba98u, vfnet_io_read32(&reg[1]));
	EXPECT_EQ(3u, reg[2]);
}

TEST(BaseIo, SharedWordsHoldWhatWasStored)
{
	uint32_t word[3] = {};

	vfnet_io_store_dd(&word[0], 0x80000001u);
	vfnet_io_store_tail(&word[1], 0x12345678u);
	vfnet_word_store(&word[2], 7);
	EXPECT_EQ(7u, vfnet_word_load(&word[2]));
	EXPECT_EQ(0x80000001u, vfnet_io_load_dd(&word[0]));
	EXPECT_EQ(0x12345678u, vfnet_io_load_tail(&word[1]));
}

TEST(BaseIo, CountsAddUp)
{
	uint64_t count = UINT64_C(1) << 32;

	vfnet_count_add(&count, 3);
	vfnet_count_add(&count, 0);
	EXPECT_EQ((UINT64_C(1) << 32) + 3, vfnet_count_load(&count));
}

/*
 * A ring of 16 slots between two threads, as between driver and card: slot, then tail in one
 * direction; slot, then DD in the other. TSan sees a helper that does not order the two.
 */
struct Ring {
	static constexpr uint32_t slots = 16;
	static constexpr uint32_t frames = 5000;

	uint32_t data[slots] = {};
	uint32_t answer[slots] = {};
	uint32_t dd[slots] = {};
	uint32_t tail = 0;
};

void serve(Ring &ring)
{
	for (uint32_t i = 0; i < Ring::frames; i++) {
		const uint32_t slot = i % Ring::slots;

		while (vfnet_io_load_tail(&ring.tail) == i)
			std::this_thread::yield();
		ring.answer[slot] = ring.data[slot] + 1;
		vfnet_io_store_dd(&ring.dd[slot], i + 1);
	}
}

TEST(BaseIo, WhatPrecedesADoorbellOrADoneWordIsSeenAfterIt)
{
	Ring ring;
	std::thread card(serve, std::ref(ring));
	uint32_t wrong = 0;

	for (uint32_t done = 0, given = 0; done < Ring::frames; done++) {
		for (; given < Ring::frames && given - done < Ring::slots; given++) {
			ring.data[given % Ring::slots] = 3 * given;
			vfnet_io_wmb();
			vfnet_io_store_tail(&ring.tail, given + 1);
		}
		while (vfnet_io_load_dd(&ring.dd[done % Ring::slots]) != done + 1)
			std::this_thread::yield();
		wrong += ring.answer[done % Ring::slots] != 3 * done + 1;
	}
	card.join();
	EXPECT_EQ(0u, wrong);
}

} // namespace
