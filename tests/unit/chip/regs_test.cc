/* SPDX-License-Identifier: BSD-2-Clause */
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>

#include "lib/chip/82576_regs.h"

namespace
{

std::string name(uint32_t offset)
{
	char text[IGBVF_REG_TEXT_BYTES];

	return igbvf_reg_name(offset, text, sizeof(text));
}

std::string decode(uint32_t offset, uint32_t val)
{
	char text[IGBVF_REG_TEXT_BYTES];

	return igbvf_reg_decode(offset, val, text, sizeof(text));
}

std::string diff(uint32_t offset, uint32_t was, uint32_t is)
{
	char text[IGBVF_REG_TEXT_BYTES];

	return igbvf_reg_diff(offset, was, is, text, sizeof(text));
}

TEST(RegTable, EveryInstanceHasAnAlignedOffsetOfItsOwnInsideTheBar)
{
	std::map<uint32_t, std::string> seen;

	for (size_t i = 0; igbvf_reg_at(i); i++) {
		const igbvf_reg *reg = igbvf_reg_at(i);

		ASSERT_GE(reg->n, 1u) << reg->name;
		ASSERT_TRUE(reg->n == 1 || reg->stride >= 4) << reg->name;
		for (uint32_t k = 0; k < reg->n; k++) {
			uint32_t offset = reg->offset + k * reg->stride;

			EXPECT_EQ(offset % 4, 0u) << reg->name;
			EXPECT_LT(offset, uint32_t{IGBVF_BAR_BYTES}) << reg->name;
			EXPECT_TRUE(seen.emplace(offset, reg->name).second)
			    << reg->name << " and " << seen[offset];
		}
	}
	EXPECT_GT(seen.size(), 60u);
}

TEST(RegTable, NamesAreUniqueAndRowsHaveASourceAndAMeaning)
{
	std::set<std::string> names;

	for (size_t i = 0; igbvf_reg_at(i); i++) {
		const igbvf_reg *reg = igbvf_reg_at(i);

		EXPECT_TRUE(names.insert(reg->name).second) << reg->name;
		EXPECT_EQ(reg->source[0], '[') << reg->name;
		EXPECT_NE(std::string(reg->meaning), "") << reg->name;
	}
}

TEST(RegTable, CountersWrapAndDoNotClear)
{
	for (uint32_t offset : {IGBVF_VFGPRC, IGBVF_VFGPTC, IGBVF_VFGORC, IGBVF_VFGOTC})
		EXPECT_EQ(igbvf_reg_find(offset, nullptr)->access, IGBVF_WRAP32) << name(offset);
	EXPECT_EQ(igbvf_reg_find(IGBVF_RQDPC, nullptr)->access, IGBVF_RC);
	EXPECT_EQ(igbvf_reg_find(IGBVF_V2PMAILBOX, nullptr)->access, IGBVF_RC);
}

TEST(RegFind, GivesTheInstance)
{
	uint32_t index = 77;

	EXPECT_STREQ(igbvf_reg_find(IGBVF_AT(TDT, 1), &index)->name, "TDT");
	EXPECT_EQ(index, 1u);
	EXPECT_STREQ(igbvf_reg_find(IGBVF_AT(VMBMEM, 15), &index)->name, "VMBMEM");
	EXPECT_EQ(index, 15u);
}

TEST(RegFind, LeavesTheIndexAloneWhereThereIsNothing)
{
	uint32_t index = 77;

	EXPECT_EQ(igbvf_reg_find(0x0010, &index), nullptr);
	EXPECT_EQ(index, 77u);
}

TEST(RegName, NumbersOnlyWhatThereIsMoreThanOneOf)
{
	EXPECT_EQ(name(IGBVF_STATUS), "STATUS");
	EXPECT_EQ(name(IGBVF_RDT), "RDT(0)");
	EXPECT_EQ(name(IGBVF_AT(RDT, 1)), "RDT(1)");
	EXPECT_EQ(name(0x3ff8), "0x03ff8");
}

TEST(RegName, IsCutAndEnded)
{
	char text[8] = "xxxxxxx";

	igbvf_reg_name(IGBVF_V2PMAILBOX, text, 4);
	EXPECT_STREQ(text, "V2P");
	EXPECT_EQ(text[4], 'x');
}

TEST(RegDecode, ShowsBitsByNameAndFieldsByValue)
{
	EXPECT_EQ(decode(IGBVF_STATUS, 0x83), "STATUS 00000083 FD LU SPEED=2");
	EXPECT_EQ(decode(IGBVF_STATUS, 0), "STATUS 00000000");
	EXPECT_EQ(decode(IGBVF_AT(SRRCTL, 1), 0x82000002),
		  "SRRCTL(1) 82000002 BSIZEPKT=2 DESCTYPE=1 DROP_EN");
	EXPECT_EQ(decode(IGBVF_VFGPRC, 5), "VFGPRC 00000005");
	EXPECT_EQ(decode(0x3ff8, 5), "0x03ff8 00000005");
}

TEST(RegDecode, AnyLengthIsSafe)
{
	for (size_t bytes = 1; bytes < 80; bytes++) {
		std::string text(bytes + 1, 'x');

		igbvf_reg_decode(IGBVF_V2PMAILBOX, 0xff, text.data(), bytes);
		EXPECT_LT(strlen(text.c_str()), bytes);
		EXPECT_EQ(text[bytes], 'x');
	}
}

TEST(RegDiff, ShowsOnlyWhatChanged)
{
	EXPECT_EQ(diff(IGBVF_RXDCTL, 0x00010000, 0x02010000),
		  "RXDCTL(0) 00010000 -> 02010000 ENABLE 0->1");
	EXPECT_EQ(diff(IGBVF_STATUS, 0x83, 0x41), "STATUS 00000083 -> 00000041 LU 1->0 SPEED 2->1");
	EXPECT_EQ(diff(IGBVF_STATUS, 0x83, 0x83), "");
}

} // namespace
