/* SPDX-License-Identifier: BSD-2-Clause */
#include <vfnet/filter.h>

#include "tests/unit/net/net_fixture.h"

namespace
{

class FilterTest : public Net
{
      protected:
	void SetUp() override
	{
		ASSERT_NO_FATAL_FAILURE(Net::SetUp());
		port_ = OpenPort();
	}
	void TearDown() override
	{
		EXPECT_EQ(0, vfnet_port_close(port_));
		Net::TearDown();
	}
	void ExpectRefused(int rc, const char *part)
	{
		EXPECT_EQ(-EINVAL, rc);
		EXPECT_NE(nullptr, strstr(err_.text, part)) << err_.text;
		EXPECT_EQ(0u, fake_driver.n_filters);
	}

	vfnet_port *port_ = nullptr;
};

const uint8_t kGroups[] = {0x01, 0, 0x5e, 0, 0, 1, 0x33, 0x33, 0, 0, 0, 2};
const uint8_t kMac[] = {0x02, 0, 0, 0, 0, 1};
const uint8_t kZeros[6] = {};

TEST_F(FilterTest, EachCallReachesTheDriverWithThePortLocked)
{
	EXPECT_EQ(0, vfnet_port_set_multicast(port_, kGroups, 2, &err_)) << err_.text;
	EXPECT_EQ(VFNET_FILTER_MULTICAST, fake_driver.filter.kind);
	EXPECT_EQ(kGroups, fake_driver.filter.addrs);
	EXPECT_EQ(2u, fake_driver.filter.n_addrs);
	EXPECT_TRUE(fake_driver.filter_locked);
	EXPECT_EQ(0, vfnet_port_set_multicast(port_, nullptr, 0, &err_)) << err_.text;
	EXPECT_EQ(0u, fake_driver.filter.n_addrs);
	for (bool on : {true, false}) {
		EXPECT_EQ(0, vfnet_port_set_allmulti(port_, on, &err_)) << err_.text;
		EXPECT_EQ(VFNET_FILTER_ALLMULTI, fake_driver.filter.kind);
		EXPECT_EQ(on, fake_driver.filter.on);
	}
	EXPECT_EQ(0, vfnet_port_vlan_add(port_, 4094, &err_)) << err_.text;
	EXPECT_EQ(VFNET_FILTER_VLAN, fake_driver.filter.kind);
	EXPECT_EQ(4094, fake_driver.filter.vid);
	EXPECT_TRUE(fake_driver.filter.on);
	EXPECT_EQ(0, vfnet_port_vlan_remove(port_, 1, &err_)) << err_.text;
	EXPECT_EQ(1, fake_driver.filter.vid);
	EXPECT_FALSE(fake_driver.filter.on);
	EXPECT_EQ(0, vfnet_port_mac_add(port_, kMac, &err_)) << err_.text;
	EXPECT_EQ(VFNET_FILTER_MAC_ADD, fake_driver.filter.kind);
	EXPECT_EQ(kMac, fake_driver.filter.addrs);
	EXPECT_EQ(0, vfnet_port_mac_clear(port_, &err_)) << err_.text;
	EXPECT_EQ(VFNET_FILTER_MAC_CLEAR, fake_driver.filter.kind);
	EXPECT_EQ(8u, fake_driver.n_filters);
}

TEST_F(FilterTest, BadArgumentsAreRefusedBeforeTheDriverIsAsked)
{
	ExpectRefused(vfnet_port_set_multicast(port_, kMac, 1, &err_),
		      "fake:a: 02:00:00:00:00:01 is not a group address");
	ExpectRefused(vfnet_port_mac_add(port_, kGroups, &err_),
		      "01:00:5e:00:00:01 is not a unicast address");
	ExpectRefused(vfnet_port_mac_add(port_, kZeros, &err_), "not a unicast");
	for (uint16_t vid : {0, 4095, 65535}) {
		ExpectRefused(vfnet_port_vlan_add(port_, vid, &err_), "1 to 4094");
		ExpectRefused(vfnet_port_vlan_remove(port_, vid, &err_), "1 to 4094");
	}
}

TEST_F(FilterTest, ABadGroupAfterGoodOnesIsFound)
{
	uint8_t groups[12];

	memcpy(groups, kGroups, 6);
	memcpy(groups + 6, kMac, 6);
	ExpectRefused(vfnet_port_set_multicast(port_, groups, 2, &err_), "02:00:00:00:00:01");
}

TEST_F(FilterTest, WhatTheDriverSaysIsPassedOn)
{
	fake_driver.filter_rc = -EPROTO;
	EXPECT_EQ(-EPROTO, vfnet_port_set_allmulti(port_, true, &err_));
	EXPECT_STREQ("fake: fake:a", err_.text);
	EXPECT_EQ(-EPROTO, vfnet_port_set_allmulti(port_, true, nullptr));
	fake_driver.filter_rc = 0;
	EXPECT_EQ(0, vfnet_port_set_allmulti(port_, true, &err_)) << "it was unlocked";
}

TEST_F(FilterTest, ADriverWithoutFiltersIsSaidToHaveNone)
{
	vfnet_driver without = *port_->driver;

	without.filter = nullptr;
	port_->driver = &without;
	EXPECT_EQ(-ENOTSUP, vfnet_port_vlan_add(port_, 5, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "no filters")) << err_.text;
	EXPECT_EQ(0, vfnet_port_close(port_));
	port_ = nullptr;
}

} // namespace
