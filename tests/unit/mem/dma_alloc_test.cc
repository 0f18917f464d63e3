/* SPDX-License-Identifier: BSD-2-Clause */
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "fixture.h"
#include "lib/mem/heap.h"

namespace
{

class DmaAlloc : public RegionTest
{
      protected:
	uint8_t *alloc(uint64_t bytes, uint64_t align = 64, unsigned int flags = 0)
	{
		void *ptr = nullptr;

		EXPECT_EQ(vfnet_dma_alloc(region_, bytes, align, flags, &ptr, &err_), 0)
		    << err_.text;
		return static_cast<uint8_t *>(ptr);
	}

	void free_object(void *ptr)
	{
		EXPECT_EQ(vfnet_dma_free(region_, ptr), 0);
	}
};

TEST_F(DmaAlloc, SizesAreRoundedUpTo64)
{
	uint64_t before = vfnet_dma_free_bytes(region_);
	uint8_t *one = alloc(1), *two = alloc(65);

	EXPECT_EQ(before, region_->bytes);
	EXPECT_EQ(vfnet_dma_free_bytes(region_), before - 64 - 128);
	free_object(one);
	free_object(two);
	EXPECT_EQ(vfnet_dma_free_bytes(region_), before);
}

TEST_F(DmaAlloc, MemoryIsZeroedAlsoWhenUsedBefore)
{
	uint8_t *ptr = alloc(4096);

	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(std::count(ptr, ptr + 4096, 0), 4096);
		memset(ptr, 0xff, 4096);
		free_object(ptr);
		ptr = alloc(4096);
	}
	free_object(ptr);
}

TEST_F(DmaAlloc, EveryAlignmentUpTo2Mib)
{
	std::vector<void *> all;

	for (uint64_t align = 1; align <= 2 << 20; align *= 2) {
		uint8_t *ptr = alloc(192, align);

		EXPECT_EQ(reinterpret_cast<uintptr_t>(ptr) % std::max<uint64_t>(align, 64), 0u);
		all.push_back(ptr);
	}
	for (void *ptr : all)
		free_object(ptr);
	EXPECT_EQ(vfnet_dma_free_bytes(region_), region_->bytes);
}

TEST_F(DmaAlloc, NoCrossStaysWithinAPage)
{
	std::mt19937 rng(1);
	std::vector<void *> all;

	for (int i = 0; i < 400; i++) {
		uint64_t bytes = 1 + rng() % 4096;
		uint8_t *ptr = alloc(bytes, 64u << rng() % 4, VFNET_DMA_NO_CROSS);
		uint64_t at = static_cast<uint64_t>(ptr - region_->base);

		EXPECT_EQ(at / 4096, (at + bytes - 1) / 4096);
		all.push_back(ptr);
	}
	for (void *ptr : all)
		free_object(ptr);
}

TEST_F(DmaAlloc, BadArgumentsAreRefusedAndNothingChanges)
{
	const struct {
		uint64_t bytes, align;
		unsigned int flags;
		int code;
	} bad[] = {
	    {0, 64, 0, -EINVAL},
	    {64, 96, 0, -EINVAL},
	    {64, 4 << 20, 0, -EINVAL},
	    {64, UINT64_C(1) << 40, 0, -EINVAL},
	    {64, 64, 2, -EINVAL},
	    {4097, 64, VFNET_DMA_NO_CROSS, -EINVAL},
	    {region_->bytes + 1, 64, 0, -ENOMEM},
	    {UINT64_MAX, 64, 0, -ENOMEM},
	    {UINT64_C(1) << 38, 64, 0, -ENOMEM},
	};

	for (const auto &b : bad) {
		void *ptr = this;

		err_ = {};
		EXPECT_EQ(vfnet_dma_alloc(region_, b.bytes, b.align, b.flags, &ptr, &err_), b.code);
		EXPECT_EQ(err_.code, b.code);
		EXPECT_STRNE(err_.text, "");
		EXPECT_EQ(ptr, this);
		EXPECT_EQ(vfnet_dma_alloc(region_, b.bytes, b.align, b.flags, &ptr, nullptr),
			  b.code);
	}
	EXPECT_EQ(vfnet_dma_free_bytes(region_), region_->bytes);
}

TEST_F(DmaAlloc, ShortageNamesTheNumbers)
{
	uint8_t *ptr = alloc(region_->bytes - 4096);
	void *more;

	EXPECT_EQ(vfnet_dma_alloc(region_, 8192, 64, 0, &more, &err_), -ENOMEM);
	EXPECT_NE(std::string(err_.text).find("8192"), std::string::npos);
	EXPECT_NE(std::string(err_.text).find("4096 of 8388608"), std::string::npos) << err_.text;
	free_object(ptr);
}

TEST_F(DmaAlloc, ForeignPointersAreRefused)
{
	uint8_t *ptr = alloc(256);
	struct vfnet_pool *pool = open_pool(8);
	int local;

	EXPECT_EQ(vfnet_dma_free(region_, ptr + 64), -EINVAL) << "inside";
	EXPECT_EQ(vfnet_dma_free(region_, ptr + 1), -EINVAL);
	EXPECT_EQ(vfnet_dma_free(region_, ptr + 4096), -EINVAL) << "free memory";
	EXPECT_EQ(vfnet_dma_free(region_, &local), -EINVAL);
	EXPECT_EQ(vfnet_dma_free(region_, region_->base + region_->bytes), -EINVAL);
	EXPECT_EQ(vfnet_dma_free(region_, region_->base - 64), -EINVAL);
	EXPECT_EQ(vfnet_dma_free(region_, vfnet_place_ptr(region_, pool->first)), -EINVAL)
	    << "a pool is no object";
	free_object(nullptr);
	free_object(ptr);
	EXPECT_EQ(vfnet_dma_free(region_, ptr), -EINVAL) << "twice";
	close_pool(pool);
	EXPECT_EQ(vfnet_dma_free_bytes(region_), region_->bytes);
}

TEST_F(DmaAlloc, TheLastPieceThatFitsExactlyIsFound)
{
	std::vector<uint8_t *> all;

	for (uint64_t i = 0; i < region_->bytes / 65536; i++)
		all.push_back(alloc(65536, 65536));
	EXPECT_EQ(vfnet_dma_free_bytes(region_), 0u);
	free_object(all[7]);
	EXPECT_EQ(alloc(65536, 65536), all[7]) << "no larger piece exists for the alignment";
	free_object(all[9]);
	free_object(all[10]);
	EXPECT_EQ(alloc(131072 - 64), all[9]);
	EXPECT_EQ(alloc(64), all[10] + 65536 - 64);
	free_object(all[9]);
	free_object(all[10] + 65536 - 64);
	for (size_t i = 0; i < all.size(); i++)
		if (i != 9 && i != 10)
			free_object(all[i]);
}

/* Everything that the contract says, against a model, for mixed sizes in random order. */
TEST_F(DmaAlloc, LongRandomRunLosesNoSpace)
{
	struct Object {
		uint64_t bytes;
		uint8_t stamp;
	};
	std::map<uint8_t *, Object> model;
	std::mt19937 rng(20261123);
	uint64_t used = 0;
	int n_failed = 0;

	for (int i = 0; i < 20000; i++) {
		if (!model.empty() && rng() % 5 < 2) {
			auto it = model.lower_bound(region_->base + rng() % region_->bytes);

			it = it == model.end() ? model.begin() : it;
			ASSERT_EQ(it->first[0], it->second.stamp);
			ASSERT_EQ(it->first[it->second.bytes - 1], it->second.stamp);
			ASSERT_EQ(vfnet_dma_free(region_, it->first), 0);
			used -= it->second.bytes;
			model.erase(it);
		} else {
			uint64_t bytes = (1 + rng() % 64) * 64 << rng() % 7;
			uint64_t align = 64u << rng() % 12;
			void *out;

			if (vfnet_dma_alloc(region_, bytes, align, 0, &out, nullptr)) {
				n_failed++;
				continue;
			}
			uint8_t *ptr = static_cast<uint8_t *>(out);
			auto above = model.lower_bound(ptr);

			ASSERT_EQ(reinterpret_cast<uintptr_t>(ptr) % align, 0u);
			ASSERT_TRUE(ptr >= region_->base &&
				    ptr + bytes <= region_->base + region_->bytes);
			ASSERT_TRUE(above == model.end() || ptr + bytes <= above->first);
			if (above != model.begin()) {
				auto below = std::prev(above);

				ASSERT_LE(below->first + below->second.bytes, ptr);
			}
			ASSERT_TRUE(ptr[0] == 0 && ptr[bytes - 1] == 0);
			ptr[0] = ptr[bytes - 1] = static_cast<uint8_t>(i | 1);
			model[ptr] = {bytes, static_cast<uint8_t>(i | 1)};
			used += bytes;
		}
		ASSERT_EQ(vfnet_dma_free_bytes(region_), region_->bytes - used);
	}
	EXPECT_GT(n_failed, 0) << "the run must also meet a full region";
	for (auto &object : model)
		free_object(object.first);
	free_object(alloc(region_->bytes)); /* one piece again */
}

TEST_F(DmaAlloc, ThreadsShareARegion)
{
	auto work = [this](unsigned int seed) {
		std::mt19937 rng(seed);
		std::vector<void *> mine;

		for (int i = 0; i < 1000; i++) {
			void *ptr;

			if (!vfnet_dma_alloc(region_, 64 + rng() % 2000, 64, 0, &ptr, nullptr)) {
				memset(ptr, static_cast<int>(seed), 64);
				mine.push_back(ptr);
			}
			if (mine.size() > 50) {
				EXPECT_EQ(vfnet_dma_free(region_, mine.back()), 0);
				mine.pop_back();
			}
		}
		for (void *ptr : mine)
			EXPECT_EQ(vfnet_dma_free(region_, ptr), 0);
	};
	std::thread one(work, 1), two(work, 2);

	one.join();
	two.join();
	EXPECT_EQ(vfnet_dma_free_bytes(region_), region_->bytes);
}

/* the largest region there may be, without the memory for it */
TEST(Heap, DividesThe128GibOfALargestRegion)
{
	struct vfnet_heap heap;
	const uint32_t all = 1u << 31;
	struct vfnet_heap_want whole = {all, 1, 0}, gib = {1u << 24, 1u << 24, 1u << 24};
	struct vfnet_heap_want unit = {1, 1, 0};
	uint32_t place, first;

	ASSERT_EQ(vfnet_heap_open(&heap, all), 0);
	ASSERT_EQ(vfnet_heap_alloc(&heap, &whole, VFNET_HEAP_RANGE, &place), 0);
	EXPECT_EQ(vfnet_heap_alloc(&heap, &unit, VFNET_HEAP_OBJECT, &place), -ENOMEM);
	EXPECT_EQ(vfnet_heap_free(&heap, 0, VFNET_HEAP_OBJECT), -EINVAL) << "other kind";
	EXPECT_EQ(vfnet_heap_free(&heap, 0, VFNET_HEAP_RANGE), 0);
	ASSERT_EQ(vfnet_heap_alloc(&heap, &unit, VFNET_HEAP_OBJECT, &first), 0);
	for (int i = 0; i < 127; i++) {
		ASSERT_EQ(vfnet_heap_alloc(&heap, &gib, VFNET_HEAP_RANGE, &place), 0);
		EXPECT_EQ(place % (1u << 24), 0u);
	}
	EXPECT_EQ(vfnet_heap_alloc(&heap, &gib, VFNET_HEAP_RANGE, &place), -ENOMEM);
	EXPECT_EQ(heap.free_units, (1u << 24) - 1);
	vfnet_heap_close(&heap);
}

} // namespace
