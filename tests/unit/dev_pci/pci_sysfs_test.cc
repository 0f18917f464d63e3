/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

namespace
{

std::string parsed(const char *text)
{
	char name[VFNET_PCI_NAME_BYTES] = "untouched";

	return vfnet_pci_parse(text, name) == -EINVAL ? "" : name;
}

TEST(PciName, BothFormsGiveTheLongOne)
{
	EXPECT_EQ("0000:01:10.0", parsed("0000:01:10.0"));
	EXPECT_EQ("0000:01:10.0", parsed("01:10.0"));
	EXPECT_EQ("abcd:ef:1f.7", parsed("ABCD:eF:1F.7"));
}

TEST(PciName, AnythingElseIsRefused)
{
	for (const char *text : {"",
				 ":",
				 "0",
				 "1:10.0",
				 "01:10",
				 "01:10.",
				 "01:10.8",
				 "01:20.0",
				 "01:1g.0",
				 "01-10.0",
				 "01:10:0",
				 "01:10.0 ",
				 " 01:10.0",
				 "0000:01:10.00",
				 "00000:01:10.0",
				 "000:01:10.0",
				 "0000.01:10.0",
				 "0000:01:10.0\n",
				 "0x00:01:10.0",
				 "../..:/etc.0",
				 "0000:0:110.0"})
		EXPECT_EQ("", parsed(text)) << text;
}

TEST(PciName, RefusalLeavesTheNameUntouched)
{
	char name[VFNET_PCI_NAME_BYTES] = "untouched";

	EXPECT_EQ(-EINVAL, vfnet_pci_parse("01:10.9", name));
	EXPECT_STREQ("untouched", name);
}

class PciFind : public testing::Test
{
      protected:
	void SetUp() override
	{
		machine.add_function(VF0, 17, "vfio-pci");
	}

	/* the sentence says each of @parts, is whole, and nothing was filled */
	void expect_error(int code, const std::vector<std::string> &parts, const char *name = VF0)
	{
		struct vfnet_pci_function before;

		memset(&fn, 0x5a, sizeof(fn));
		before = fn;
		EXPECT_EQ(code, vfnet_pci_find(&machine.host, name, &fn, &err));
		EXPECT_EQ(code, err.code);
		for (const std::string &part : parts)
			EXPECT_NE(std::string::npos, std::string(err.text).find(part))
			    << part << " is not in: " << err.text;
		EXPECT_LT(strlen(err.text), sizeof(err.text) - 1) << err.text;
		EXPECT_EQ(0, memcmp(&before, &fn, sizeof(fn)));
	}

	Machine machine;
	struct vfnet_pci_function fn;
	struct vfnet_err err;
};

TEST_F(PciFind, TellsIdsGroupAndNode)
{
	machine.write(machine.device_dir(VF0) + "/numa_node", "1\n");
	ASSERT_EQ(0, vfnet_pci_find(&machine.host, VF0, &fn, &err));
	EXPECT_STREQ(VF0, fn.name);
	EXPECT_EQ(0x8086, fn.vendor);
	EXPECT_EQ(0x10ca, fn.device);
	EXPECT_EQ(17u, fn.group);
	EXPECT_EQ(1, fn.numa_node);
}

TEST_F(PciFind, NodeIsUnknownWhenSysfsDoesNotTell)
{
	for (const char *text : {"-1\n", "-3\n", "", "x\n"}) {
		machine.write(machine.device_dir(VF0) + "/numa_node", text);
		ASSERT_EQ(0, vfnet_pci_find(&machine.host, VF0, &fn, &err));
		EXPECT_EQ(-1, fn.numa_node) << text;
	}
	machine.remove(machine.device_dir(VF0) + "/numa_node");
	ASSERT_EQ(0, vfnet_pci_find(&machine.host, VF0, &fn, &err));
	EXPECT_EQ(-1, fn.numa_node);
}

TEST_F(PciFind, NoSuchFunctionSaysHowVfsAppear)
{
	expect_error(-ENODEV, {"no PCI function 0000:01:10.2", "sriov_numvfs", "lspci -D"}, VF1);
}

TEST_F(PciFind, NoSysfsAtAllIsNoSuchFunction)
{
	machine.remove("sys");
	expect_error(-ENODEV, {"no PCI function"});
}

TEST_F(PciFind, DamagedIdsAreAnError)
{
	for (const char *text : {"", "\n", "8086x\n", "0x18086\n", "-1\n"}) {
		machine.write(machine.device_dir(VF0) + "/vendor", text);
		expect_error(-EIO, {"/vendor"});
	}
}

TEST_F(PciFind, NoIommuGroupSaysHowToSwitchTheIommuOn)
{
	machine.remove(machine.device_dir(VF0) + "/iommu_group");
	expect_error(-ENOTSUP, {VF0, "no IOMMU group", "intel_iommu=on"});
}

TEST_F(PciFind, NoIommuIsToldBeforeTheDriver)
{
	machine.remove(machine.device_dir(VF0) + "/iommu_group");
	machine.bind(VF0, "igbvf");
	expect_error(-ENOTSUP, {"IOMMU"});
}

TEST_F(PciFind, NoIommuModeIsRefused)
{
	machine.write("sys/kernel/iommu_groups/17/name", "vfio-noiommu\n");
	expect_error(-ENOTSUP, {"no-IOMMU mode", "intel_iommu=on"});
}

TEST_F(PciFind, UnboundSaysHowToBind)
{
	machine.bind(VF0, "");
	expect_error(-ENODEV, {"bound to no driver", "modprobe vfio-pci",
			       "echo vfio-pci > devices/0000:01:10.0/driver_override",
			       "echo 0000:01:10.0 > drivers_probe"});
	EXPECT_EQ(std::string::npos, std::string(err.text).find("unbind"));
}

TEST_F(PciFind, BoundToIgbvfSaysHowToBindAnew)
{
	machine.bind(VF0, "igbvf");
	expect_error(-EBUSY, {"the kernel's driver igbvf", "driver_override",
			      "echo 0000:01:10.0 > drivers/igbvf/unbind", "> drivers_probe"});
}

/* what the sentence for others says would take the network interface and all functions away */
TEST_F(PciFind, PhysicalFunctionIsNotToBeBoundToVfioPci)
{
	machine.add_function("0000:01:00.0", 16, "");
	for (const char *driver : {"igb", ""}) {
		machine.bind("0000:01:00.0", driver);
		machine.write(machine.device_dir("0000:01:00.0") + "/sriov_numvfs", "2\n");
		expect_error(-EBUSY,
			     {"0000:01:00.0 is a physical function", "its 2 virtual functions",
			      "echo 2 > /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs"},
			     "0000:01:00.0");
		EXPECT_EQ(std::string::npos, std::string(err.text).find("vfio-pci"));
	}
}

TEST_F(PciFind, WorksWithoutAPlaceForTheSentence)
{
	machine.bind(VF0, "igbvf");
	EXPECT_EQ(-EBUSY, vfnet_pci_find(&machine.host, VF0, &fn, nullptr));
}

TEST_F(PciFind, RivalsAreThoseWithADriverOfTheKernel)
{
	char text[160];

	machine.add_function("0000:01:00.0", 17, "igb");
	machine.add_function("0000:01:00.1", 17, "");
	machine.add_function("0000:00:1c.0", 17, "pcieport");
	machine.add_function("0000:02:00.0", 18, "nvme");
	ASSERT_EQ(0, vfnet_pci_find(&machine.host, VF0, &fn, &err));
	vfnet_pci_rivals(&machine.host, &fn, text, sizeof(text));
	EXPECT_STREQ(" 0000:01:00.0 (igb)", text);
}

TEST_F(PciFind, ManyRivalsAreCut)
{
	char text[40];

	for (int i = 0; i < 8; i++)
		machine.add_function("0000:02:00." + std::to_string(i), 17, "nvme");
	ASSERT_EQ(0, vfnet_pci_find(&machine.host, VF0, &fn, &err));
	vfnet_pci_rivals(&machine.host, &fn, text, sizeof(text));
	EXPECT_EQ(sizeof(text) - 1, strlen(text));
}

} // namespace
