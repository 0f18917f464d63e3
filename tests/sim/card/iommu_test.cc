/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/sim/card/guest.h"

namespace
{

constexpr uint64_t kPage = 4096;

class Iommu : public ::testing::Test
{
      protected:
	Iommu() : mem(static_cast<uint8_t *>(std::aligned_alloc(kPage, 8 * kPage)))
	{
		for (size_t i = 0; i < 8 * kPage; i++)
			mem[i] = static_cast<uint8_t>(i / kPage);
	}
	~Iommu() override
	{
		inside_dma_close(dma);
		std::free(mem);
	}
	inside_dma *dma = inside_dma_open();
	uint8_t *mem;
};

TEST_F(Iommu, NothingIsReachableWithoutAMapping)
{
	uint8_t byte = 0;

	EXPECT_EQ(inside_dma_ptr(dma, 0, 1), nullptr);
	EXPECT_EQ(inside_dma_ptr(dma, UINT64_MAX, 1), nullptr);
	EXPECT_FALSE(inside_dma_read(dma, 0, &byte, 1));
	EXPECT_FALSE(inside_dma_write(dma, 0, &byte, 1));
}

TEST_F(Iommu, ExactlyTheRangeIsReachable)
{
	ASSERT_EQ(inside_dma_map(dma, mem, 0x10000, 2 * kPage), 0);
	EXPECT_EQ(inside_dma_ptr(dma, 0x10000, 2 * kPage), mem);
	EXPECT_EQ(inside_dma_ptr(dma, 0x10000 + 2 * kPage - 1, 1), mem + 2 * kPage - 1);
	EXPECT_EQ(inside_dma_ptr(dma, 0x10000 + 2 * kPage - 1, 2), nullptr);
	EXPECT_EQ(inside_dma_ptr(dma, 0xffff, 1), nullptr);
	EXPECT_EQ(inside_dma_ptr(dma, 0x10000 + 2 * kPage, 1), nullptr);
	EXPECT_EQ(inside_dma_ptr(dma, 0x10001, UINT64_MAX), nullptr);
}

TEST_F(Iommu, RangesMadeInAnyOrderAreFound)
{
	for (uint64_t i : {5, 1, 7, 3, 0, 6, 2, 4})
		ASSERT_EQ(inside_dma_map(dma, mem + i * kPage, 0x100000 * (i + 1), kPage), 0);
	for (uint64_t i = 0; i < 8; i++)
		EXPECT_EQ(*inside_dma_ptr(dma, 0x100000 * (i + 1) + 17, 1), i);
}

TEST_F(Iommu, CopiesCrossFromOneRangeIntoTheNext)
{
	uint8_t got[2 * kPage];

	ASSERT_EQ(inside_dma_map(dma, mem + 5 * kPage, 0x10000, kPage), 0);
	ASSERT_EQ(inside_dma_map(dma, mem + 2 * kPage, 0x10000 + kPage, kPage), 0);
	EXPECT_EQ(inside_dma_ptr(dma, 0x10000 + kPage - 1, 2), nullptr);
	ASSERT_TRUE(inside_dma_read(dma, 0x10000 + kPage - 1, got, 2));
	EXPECT_EQ(got[0], 5);
	EXPECT_EQ(got[1], 2);
	got[0] = 99;
	/* the second byte of the last page's end is outside: nothing at all may be written */
	EXPECT_FALSE(inside_dma_write(dma, 0x10000 + 2 * kPage - 1, got, 2));
	EXPECT_EQ(mem[3 * kPage - 1], 2);
	EXPECT_TRUE(inside_dma_write(dma, 0x10000 + kPage - 1, got, 2));
	EXPECT_EQ(mem[6 * kPage - 1], 99);
	EXPECT_EQ(mem[2 * kPage], 2);
}

TEST_F(Iommu, UnmappedMemoryIsGoneAlsoFromTheLastHit)
{
	ASSERT_EQ(inside_dma_map(dma, mem, 0x10000, kPage), 0);
	ASSERT_EQ(inside_dma_map(dma, mem + kPage, 0x20000, kPage), 0);
	ASSERT_NE(inside_dma_ptr(dma, 0x10000, 1), nullptr);
	inside_dma_unmap(dma, 0x10000, kPage);
	EXPECT_EQ(inside_dma_ptr(dma, 0x10000, 1), nullptr);
	EXPECT_NE(inside_dma_ptr(dma, 0x20000, 1), nullptr);
	EXPECT_EQ(inside_dma_map(dma, mem, 0x10000, kPage), 0);
}

TEST_F(Iommu, OverlapsAndOddSizesAreRefused)
{
	ASSERT_EQ(inside_dma_map(dma, mem, 0x10000, 2 * kPage), 0);
	EXPECT_EQ(inside_dma_map(dma, mem, 0x10000, kPage), -EINVAL);
	EXPECT_EQ(inside_dma_map(dma, mem, 0x11000, kPage), -EINVAL);
	EXPECT_EQ(inside_dma_map(dma, mem, 0xf000, 2 * kPage), -EINVAL);
	EXPECT_EQ(inside_dma_map(dma, mem, 0x20000, 0), -EINVAL);
	EXPECT_EQ(inside_dma_map(dma, mem, 0x20001, kPage), -EINVAL);
	EXPECT_EQ(inside_dma_map(dma, mem, 0x20000, 100), -EINVAL);
	EXPECT_EQ(inside_dma_map(dma, mem + 1, 0x20000, kPage), -EINVAL);
	EXPECT_EQ(inside_dma_map(dma, mem, UINT64_MAX - kPage + 1, 2 * kPage), -EINVAL);
	EXPECT_EQ(inside_dma_map(dma, mem, 0xf000, kPage), 0);
	EXPECT_EQ(inside_dma_map(dma, mem, 0x12000, kPage), 0);
}

} // namespace
