/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/mac.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace
{

using Mac = std::vector<uint8_t>;

TEST(FrameMac, ParsesEitherCase)
{
	Mac mac(VFNET_MAC_BYTES);

	ASSERT_EQ(0, vfnet_mac_parse("02:aB:cD:9f:00:ff", mac.data()));
	EXPECT_EQ((Mac{0x02, 0xab, 0xcd, 0x9f, 0x00, 0xff}), mac);
}

TEST(FrameMac, RefusesAnythingElseAndLeavesTheOutputAlone)
{
	for (const char *text :
	     {"", "0", "02", "02:", "02:ab:cd:9f:00", "02:ab:cd:9f:00:", "02:ab:cd:9f:00:f",
	      "02:ab:cd:9f:00:ff ", " 02:ab:cd:9f:00:ff", "02:ab:cd:9f:00:ff:11",
	      "02-ab-cd-9f-00-ff", "02:ab:cd:9f:00:fg", "2:ab:cd:9f:00:ff", "02ab:cd:9f:00:ff",
	      "02:ab:cd:9f:00:-1", "02:ab:cd:9f:00:\xff\xff"}) {
		Mac mac(VFNET_MAC_BYTES, 0x77);

		EXPECT_EQ(-EINVAL, vfnet_mac_parse(text, mac.data())) << text;
		EXPECT_EQ(Mac(VFNET_MAC_BYTES, 0x77), mac) << text;
	}
}

TEST(FrameMac, FormatIsTheInverseOfParse)
{
	const std::string text = "0a:1b:2c:3d:4e:5f";
	uint8_t mac[VFNET_MAC_BYTES];
	char out[VFNET_MAC_TEXT_BYTES];

	ASSERT_EQ(0, vfnet_mac_parse(text.c_str(), mac));
	vfnet_mac_format(mac, out);
	EXPECT_EQ(text, out);
}

TEST(FrameMac, KnowsGroupsAndUnicast)
{
	const Mac zero(6, 0), broadcast(6, 0xff), group{1, 0, 0x5e, 0, 0, 1},
	    unicast{0, 0, 0, 0, 0, 1};

	EXPECT_FALSE(vfnet_mac_is_valid_unicast(zero.data()));
	EXPECT_FALSE(vfnet_mac_is_valid_unicast(broadcast.data()));
	EXPECT_FALSE(vfnet_mac_is_valid_unicast(group.data()));
	EXPECT_TRUE(vfnet_mac_is_valid_unicast(unicast.data()));
	EXPECT_TRUE(vfnet_mac_is_multicast(group.data()));
	EXPECT_TRUE(vfnet_mac_is_multicast(broadcast.data()));
	EXPECT_FALSE(vfnet_mac_is_multicast(unicast.data()));
	EXPECT_TRUE(vfnet_mac_is_broadcast(broadcast.data()));
	EXPECT_FALSE(vfnet_mac_is_broadcast(group.data()));
}

TEST(FrameMac, RandomIsLocalUnicastWhateverTheBits)
{
	for (uint64_t bits : {UINT64_C(0), ~UINT64_C(0), UINT64_C(0x0123456789abcdef)}) {
		uint8_t mac[VFNET_MAC_BYTES];

		vfnet_mac_random(bits, mac);
		EXPECT_TRUE(vfnet_mac_is_valid_unicast(mac));
		EXPECT_EQ(2, mac[0] & 3);
	}
}

TEST(FrameMac, RandomUsesAllOtherBits)
{
	uint8_t zero[VFNET_MAC_BYTES], mac[VFNET_MAC_BYTES];

	vfnet_mac_random(0, zero);
	for (unsigned int bit = 2; bit < 48; bit++) {
		vfnet_mac_random(UINT64_C(1) << bit, mac);
		EXPECT_FALSE(vfnet_mac_equal(zero, mac)) << bit;
	}
}

} // namespace
