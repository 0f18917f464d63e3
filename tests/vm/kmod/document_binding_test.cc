/* SPDX-License-Identifier: BSD-2-Clause */
/* The document: what the administrator does before a device can be used. */
#include <filesystem>
#include <set>

#include <sys/stat.h>

#include "tests/vm/kmod/document.h"

namespace
{

using namespace kmod;

const char *const DRIVER = "/sys/bus/pci/drivers/vfio";

bool is_bound(const std::string &address)
{
	return std::filesystem::exists(std::string(DRIVER) + "/" + address);
}

TEST_F(DocumentRoot, DriverTakesNoDeviceByItself)
{
	std::string device = "/sys/bus/pci/devices/" + address_;

	ASSERT_EQ(unbind_device(address_), 0);
	ASSERT_EQ(sysfs_write(device + "/driver_override", "\n"), 0);
	ASSERT_EQ(sysfs_write("/sys/bus/pci/drivers_probe", address_), 0);
	EXPECT_FALSE(is_bound(address_));
	EXPECT_EQ(sysfs_write(std::string(DRIVER) + "/bind", address_), -ENODEV);
}

TEST_F(DocumentRoot, UnbindThroughSysfsFreesTheDevice)
{
	std::string node = node_of(address_);

	ASSERT_TRUE(std::filesystem::exists(node));
	EXPECT_EQ(sysfs_write(std::string(DRIVER) + "/unbind", address_), 0);
	EXPECT_FALSE(is_bound(address_));
	EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(node); }));
}

TEST_F(DocumentRoot, NewIdBindsTheDevice)
{
	std::string device = "/sys/bus/pci/devices/" + address_;

	ASSERT_EQ(unbind_device(address_), 0);
	ASSERT_EQ(sysfs_write(device + "/driver_override", "\n"), 0);
	ASSERT_EQ(sysfs_write(std::string(DRIVER) + "/new_id", "1234 11e8"), 0);
	EXPECT_TRUE(is_bound(address_));
	EXPECT_FALSE(node_of(address_).empty());
	EXPECT_EQ(sysfs_write(std::string(DRIVER) + "/remove_id", "1234 11e8"), 0);
}

TEST_F(DocumentRoot, IdsOfAVirtualFunctionAreThoseOfItsKind)
{
	Device vf;

	ASSERT_EQ(vf.open(address_of("VF0")), 0);
	EXPECT_EQ(vf.config32(PCI_VENDOR), 0x10ca8086u);
	EXPECT_EQ(hardware_config16(vf.address(), PCI_VENDOR), 0xffff) << "the hardware has none";
}

TEST_F(DocumentRoot, EachBoundDeviceHasANode)
{
	std::set<dev_t> numbers;
	struct stat stat;

	for (const char *name : {"EDU0", "EDU1", "EDU2", "EDU3", "VF0"}) {
		std::string node = node_of(address_of(name));

		ASSERT_EQ(node.rfind("/dev/vfio", 0), 0u) << name << " " << node;
		EXPECT_EQ(node.find_first_not_of("0123456789", 9), std::string::npos) << node;
		ASSERT_EQ(::stat(node.c_str(), &stat), 0) << node;
		EXPECT_TRUE(S_ISCHR(stat.st_mode));
		numbers.insert(stat.st_rdev);
	}
	EXPECT_EQ(numbers.size(), 5u);
}

TEST_F(DocumentRoot, NodeIsForRootUntilTheAdministratorGrantsIt)
{
	struct stat stat;

	ASSERT_EQ(unbind_device(address_), 0);
	ASSERT_EQ(bind_device(address_), 0);
	ASSERT_EQ(::stat(node_of(address_).c_str(), &stat), 0);
	EXPECT_EQ(stat.st_mode & 0777, 0600u);
	EXPECT_EQ(stat.st_uid, 0u);
	EXPECT_EQ(opens_for_user(node_of(address_)), EACCES);
}

TEST_F(DocumentRoot, ChmodOrChownOfTheNodeGrantsAccess)
{
	std::string node = node_of(address_);

	ASSERT_EQ(chown(node.c_str(), 0, 0), 0);
	ASSERT_EQ(chmod(node.c_str(), 0600), 0);
	EXPECT_EQ(opens_for_user(node), EACCES);
	ASSERT_EQ(chmod(node.c_str(), 0666), 0);
	EXPECT_EQ(opens_for_user(node), 0);
	ASSERT_EQ(chmod(node.c_str(), 0600), 0);
	ASSERT_EQ(grant_device(address_), 0);
	EXPECT_EQ(opens_for_user(node), 0);
}

/* A bridge is not: whoever has it decides what the devices behind it can reach. */
TEST_F(DocumentRoot, HardwareThatIsNotWellBehavedIsRefused)
{
	std::filesystem::path edu =
	    std::filesystem::canonical("/sys/bus/pci/devices/" + address_of("EDU2"));
	std::string bridge = edu.parent_path().filename();
	std::string folder = "/sys/bus/pci/devices/" + bridge;

	if (std::filesystem::exists(folder + "/driver")) { /* of hotplug */
		ASSERT_EQ(unbind_device(bridge), 0);
	}
	ASSERT_EQ(sysfs_write(folder + "/driver_override", "vfio"), 0);
	EXPECT_EQ(sysfs_write(std::string(DRIVER) + "/bind", bridge), -EINVAL);
	EXPECT_FALSE(is_bound(bridge));
	ASSERT_EQ(sysfs_write(folder + "/driver_override", "\n"), 0);
	sysfs_write("/sys/bus/pci/drivers_probe", bridge);
}

} // namespace
