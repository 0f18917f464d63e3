/* SPDX-License-Identifier: BSD-2-Clause */
#include <cstdlib>
#include <memory>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/unit/vfnet_dev/machine.h"

extern "C" {
#include "apps/vfnet-dev/inventory.h"
}

namespace
{

class Functions : public testing::Test
{
      protected:
	Machine machine;

	struct app_function read(const char *address, int want = 0)
	{
		struct app_function fn = {};

		EXPECT_EQ(app_function_read(machine.machine(), address, &fn), want) << address;
		return fn;
	}
};

TEST_F(Functions, AVirtualOneKnowsItsPhysicalOneAndItsNumber)
{
	struct app_function fn = read(VF1);

	EXPECT_EQ(fn.kind, APP_VF);
	EXPECT_STREQ(fn.pf, PF);
	EXPECT_EQ(fn.vf, 1);
	EXPECT_EQ(fn.group, 13);
	EXPECT_EQ(fn.numa_node, 0);
	EXPECT_STREQ(fn.driver, "");
	EXPECT_STREQ(fn.override, "");
	EXPECT_STREQ(fn.node, "");
}

TEST_F(Functions, APhysicalOneKnowsHowManyItHas)
{
	struct app_function fn = read("01:00.0");

	EXPECT_EQ(fn.kind, APP_PF);
	EXPECT_STREQ(fn.address, PF);
	EXPECT_STREQ(fn.driver, "igb");
	EXPECT_EQ(fn.n_vfs, 2u);
	EXPECT_EQ(fn.max_vfs, 7u);
	EXPECT_EQ(fn.vf, -1);
}

TEST_F(Functions, TheInterfaceHasLinkOnlyWhileItIsUp)
{
	machine.add_interface(PF, "eth7", true);
	EXPECT_STREQ(read(PF).netdev, "eth7");
	EXPECT_TRUE(read(PF).netdev_up);
	EXPECT_TRUE(read(PF).carrier);
	machine.write("sys/class/net/eth7/flags", "0x1002\n");
	EXPECT_FALSE(read(PF).netdev_up);
	EXPECT_FALSE(read(PF).carrier);
}

TEST_F(Functions, WhatAProgramOpensFollowsFromTheDriver)
{
	machine.bind(VF0, "vfio-pci");
	EXPECT_EQ(read(VF0).node, machine.root + "/dev/vfio/12");
	machine.write("sys/kernel/iommu_groups/12/name", "vfio-noiommu\n");
	EXPECT_TRUE(read(VF0).unconfined);
	EXPECT_EQ(read(VF0).node, machine.root + "/dev/vfio/noiommu-12");
	machine.bind(VF0, "vfio");
	EXPECT_EQ(read(VF0).node, machine.root + "/dev/vfio3");
}

TEST_F(Functions, NonsenseIsAnErrorAndLeavesTheStructAlone)
{
	struct app_function fn = {};

	fn.vf = 77;
	for (const char *address : {"", "eth0", "0000:01:20.0", "0000:01:10.8", "../.."})
		EXPECT_EQ(app_function_read(machine.machine(), address, &fn), -EINVAL) << address;
	EXPECT_EQ(app_function_read(machine.machine(), "0000:07:00.0", &fn), -ENODEV);
	machine.write(machine.dir(VF0) + "/vendor", "0x12345\n");
	EXPECT_EQ(app_function_read(machine.machine(), VF0, &fn), -EIO);
	EXPECT_EQ(fn.vf, 77);
}

TEST_F(Functions, OnlyThe82576sAreListedByAddress)
{
	struct app_function *list = nullptr;
	size_t n = 99;

	machine.add_function("0000:00:1f.6", "0x15bb", 3, "e1000e");
	machine.add_function("0000:00:03.0", "0x10e8", 4, "igb");
	ASSERT_EQ(app_functions_read(machine.machine(), &list, &n), 0);
	std::unique_ptr<struct app_function, decltype(&free)> owner(list, free);
	ASSERT_EQ(n, 4u);
	EXPECT_STREQ(list[0].address, "0000:00:03.0");
	EXPECT_EQ(list[0].kind, APP_PF);
	EXPECT_STREQ(list[1].address, PF);
	EXPECT_STREQ(list[2].address, VF0);
	EXPECT_STREQ(list[3].address, VF1);
}

TEST_F(Functions, AGroupNamesAllItsMembers)
{
	struct app_member members[APP_MEMBERS_MAX];
	struct app_function fn;

	machine.add_function("0000:04:00.0", "0x1533", 12, "igb");
	fn = read(VF0);
	ASSERT_EQ(app_group_read(machine.machine(), &fn, members), 2u);
	EXPECT_STREQ(members[0].address, VF0);
	EXPECT_STREQ(members[0].driver, "");
	EXPECT_STREQ(members[1].address, "0000:04:00.0");
	EXPECT_STREQ(members[1].driver, "igb");
	machine.remove(machine.dir(VF1) + "/iommu_group");
	fn = read(VF1);
	EXPECT_EQ(app_group_read(machine.machine(), &fn, members), 0u);
}

class Status : public testing::Test
{
      protected:
	Machine machine;

	void has(const char *text)
	{
		EXPECT_NE(machine.out.find(text), std::string::npos) << text << " is not in:\n"
								     << machine.out;
	}
};

TEST_F(Status, AMachineWithoutACardSaysSoAndWhatToLookAt)
{
	machine.remove("sys/bus/pci/devices");
	EXPECT_EQ(machine.run(dev_status, {}), 0) << machine.err;
	has("no 82576 here");
	has("lspci -nn -d 8086:");
	has("hugepages: the kernel has none");
}

TEST_F(Status, TellsFunctionsGroupsAndMemory)
{
	machine.add_interface(PF, "vfnet-none0", true);
	machine.bind(VF0, "vfio-pci");
	machine.add_function("0000:04:00.0", "0x1533", 13, "igb");
	machine.write("sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages",
		      "64\n");
	machine.write("sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages",
		      "60\n");
	struct rlimit before, limit;
	ASSERT_EQ(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	limit = {64 << 10, before.rlim_max};
	ASSERT_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	EXPECT_EQ(machine.run(dev_status, {}), 0) << machine.err;
	has("0000:01:00.0  PF of 2  igb       5      0     vfnet-none0  up    00:1b:21:aa:bb:cc");
	has("0000:01:10.0  VF 0     vfio-pci  12     0     -            up");
	has("programs open ");
	has("IOMMU group 13 has also 0000:04:00.0 (igb)");
	has("IOMMU: on, 3 groups");
	has("vfio-pci is loaded, vfio (vfnet's module) is not loaded");
	has("64 of 2 MiB on node 1 (60 free)");
	has("memlock: 64 KiB");
	setrlimit(RLIMIT_MEMLOCK, &before);
}

TEST_F(Status, JsonHasNullWhereNobodyTells)
{
	struct dev_inventory inv;

	machine.add_interface(PF, "vfnet-none0", false);
	ASSERT_EQ(dev_inventory_read(machine.machine(), &inv), 0);
	cJSON *root = dev_inventory_json(&inv, true);
	const cJSON *functions = cJSON_GetObjectItem(root, "functions");
	const cJSON *pf = cJSON_GetArrayItem(functions, 0);
	const cJSON *vf = cJSON_GetArrayItem(functions, 2);

	EXPECT_EQ(cJSON_GetArraySize(functions), 3);
	EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(pf, "mac")), "00:1b:21:xx:xx:xx");
	EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItem(pf, "interface_up")));
	EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItem(pf, "link")));
	EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItem(vf, "driver")));
	EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItem(vf, "spoof_check")));
	EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItem(vf, "mac")));
	EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(vf, "vf")), 1);
	EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItem(vf, "vfs")));
	cJSON_Delete(root);
	dev_inventory_free(&inv);
}

} // namespace
