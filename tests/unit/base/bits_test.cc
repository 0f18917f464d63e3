/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/bits.h"

#include <gtest/gtest.h>

#include "tests/unit/base/bits_cases.h"

namespace
{

TEST(BaseBits, MasksIncludeBothEnds)
{
	EXPECT_EQ(0x7u, field_mask(FIELD_LOW));
	EXPECT_EQ(0x0e000000u, field_mask(FIELD_MIDDLE));
	EXPECT_EQ(0x200u, field_mask(FIELD_BIT));
	EXPECT_EQ(0xfff00000u, field_mask(FIELD_HIGH));
	EXPECT_EQ(0xffffffffu, field_mask(FIELD_WHOLE));
}

class BaseBitsField : public ::testing::TestWithParam<enum field>
{
};

TEST_P(BaseBitsField, PrepPutsTheValueAtTheFieldsLowestBit)
{
	const uint32_t mask = field_mask(GetParam());
	const uint32_t one = mask & (~mask + 1);

	EXPECT_EQ(0u, field_prep(GetParam(), 0));
	EXPECT_EQ(one, field_prep(GetParam(), 1));
	EXPECT_EQ(one, field_ones[GetParam()]);
	EXPECT_EQ(mask, field_prep(GetParam(), mask / one));
}

TEST_P(BaseBitsField, PrepCutsWhatDoesNotFit)
{
	EXPECT_EQ(field_mask(GetParam()), field_prep(GetParam(), UINT32_MAX));
}

TEST_P(BaseBitsField, GetIsTheInverseAndIgnoresOtherBits)
{
	const uint32_t mask = field_mask(GetParam());
	const uint32_t largest = mask / (mask & (~mask + 1));

	EXPECT_EQ(0u, field_get(GetParam(), ~mask));
	EXPECT_EQ(largest, field_get(GetParam(), UINT32_MAX));
	EXPECT_EQ(1u, field_get(GetParam(), field_prep(GetParam(), 1) | ~mask));
}

INSTANTIATE_TEST_SUITE_P(Fields, BaseBitsField,
			 ::testing::Values(FIELD_LOW, FIELD_MIDDLE, FIELD_BIT, FIELD_HIGH,
					   FIELD_WHOLE));

TEST(BaseBits, PowersOfTwo)
{
	EXPECT_FALSE(vfnet_is_pow2(0));
	EXPECT_TRUE(vfnet_is_pow2(1));
	EXPECT_FALSE(vfnet_is_pow2(3));
	EXPECT_TRUE(vfnet_is_pow2(UINT64_C(1) << 63));
	EXPECT_FALSE(vfnet_is_pow2(UINT64_MAX));
}

TEST(BaseBits, AlignUpKeepsMultiples)
{
	EXPECT_EQ(0u, vfnet_align_up(0, 64));
	EXPECT_EQ(64u, vfnet_align_up(1, 64));
	EXPECT_EQ(64u, vfnet_align_up(64, 64));
	EXPECT_EQ(128u, vfnet_align_up(65, 64));
	EXPECT_EQ(UINT64_C(1) << 40, vfnet_align_up((UINT64_C(1) << 40) - 1, 2u << 20));
}

TEST(BaseBits, ContainerOfGoesBackByTheOffset)
{
	struct outer {
		int before;
		int member;
	} outer = {};

	EXPECT_EQ(&outer, VFNET_CONTAINER_OF(&outer.member, struct outer, member));
}

TEST(BaseBits, ArraySizeCountsElements)
{
	const uint64_t five[5] = {};

	EXPECT_EQ(5u, VFNET_ARRAY_SIZE(five));
}

} // namespace
