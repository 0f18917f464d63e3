/* SPDX-License-Identifier: BSD-2-Clause */
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/vfnet_dev/patient.h"

static std::vector<std::string> asked(Patient &patient, const char *check)
{
	std::vector<std::string> addresses;

	for (const struct app_finding &finding : patient.ask())
		if (!strcmp(finding.check, check))
			addresses.push_back(finding.address);
	return addresses;
}

TEST(Checks, WithoutAnAddressTheBoundFunctionsAreAskedAbout)
{
	Patient patient;

	EXPECT_EQ(asked(patient, "driver"), std::vector<std::string>({VF0}));
	patient.bind(VF1, "vfio");
	EXPECT_EQ(asked(patient, "driver"), std::vector<std::string>({VF0, VF1}));
	patient.unbind(VF0);
	patient.bind(VF1, "igbvf");
	EXPECT_EQ(asked(patient, "driver"), std::vector<std::string>({VF0}));
}

TEST(CheckFunction, VirtualOnesAreMadeByThePhysicalOne)
{
	Patient patient;
	const std::string pf = patient.dir(PF);

	for (const char *vf : {VF0, VF1})
		patient.remove(patient.dir(vf));
	patient.remove(pf + "/virtfn0");
	patient.remove(pf + "/virtfn1");
	patient.write(pf + "/sriov_numvfs", "0\n");
	EXPECT_STREQ(patient.ask("function").cure, "vfnet-dev create 2 0000:01:00.0");
	EXPECT_STREQ(patient.ask("function", {VF1}).cure, "vfnet-dev create 2 0000:01:00.0");
	EXPECT_STREQ(patient.ask("function", {"pci:0000:01:11.4"}).cure,
		     "vfnet-dev create 7 0000:01:00.0");
	patient.write(pf + "/sriov_totalvfs", "0\n");
	EXPECT_NE(strstr(patient.ask("function").advice, "SR-IOV"), nullptr);
	patient.write(pf + "/sriov_totalvfs", "7\n");
	patient.unbind(PF);
	EXPECT_EQ(patient.cure(patient.ask("function")),
		  "echo 0000:01:00.0 > ROOT/sys/bus/pci/drivers_probe");
	patient.remove("sys/bus/pci/drivers/igb");
	EXPECT_STREQ(patient.ask("function").cure, "modprobe igb");
	EXPECT_STREQ(patient.ask("function", {VF1}).cure, "modprobe igb");
	patient.bind(PF, "vfio-pci");
	EXPECT_STREQ(patient.ask("function").cure, "vfnet-dev unbind 0000:01:00.0");
}

TEST(CheckFunction, MoreOfThemAreMadeFromNone)
{
	Patient patient;

	EXPECT_STREQ(patient.ask("function", {"0000:01:10.4"}).cure,
		     "vfnet-dev create 0 0000:01:00.0 && vfnet-dev create 3 0000:01:00.0");
}

TEST(CheckFunction, WhatCannotBeOneIsSaid)
{
	Patient patient;

	EXPECT_STREQ(patient.ask("function", {"0000:01:10.1"}).text, "there is no such function");
	EXPECT_STREQ(patient.ask("function", {"0000:01:12.0"}).text, "there is no such function");
	EXPECT_STREQ(patient.ask("function", {PF}).cure, "vfnet-dev doctor 0000:01:10.0");
	patient.write(patient.dir(VF0) + "/device", "0x1520\n");
	EXPECT_NE(strstr(patient.ask("function", {VF0}).text, "8086:1520"), nullptr);
}

TEST(CheckDriver, BindingGivesItToThisUser)
{
	Patient patient;

	patient.bind(VF0, "igbvf");
	const struct app_finding finding = patient.ask("driver", {VF0});
	EXPECT_STREQ(finding.text, "bound to igbvf");
	EXPECT_STREQ(finding.cure, "vfnet-dev bind --user alice 0000:01:10.0");
	EXPECT_EQ(patient.ask("node", {VF0}).state, APP_CHECK_LATER);
}

TEST(CheckDriver, AnInterfaceThatIsUpIsTakenDownFirst)
{
	Patient patient;

	patient.bind(VF0, "igbvf");
	patient.write(patient.dir(VF0) + "/net/eth7/x", "");
	patient.write("sys/class/net/eth7/flags", "0x1003\n");
	EXPECT_STREQ(patient.ask("driver", {VF0}).cure,
		     "ip link set dev eth7 down && vfnet-dev bind --user alice 0000:01:10.0");
}

TEST(CheckGroup, ItsOtherMembersAreNamedWithTheirDrivers)
{
	Patient patient;

	patient.write("sys/kernel/iommu_groups/12/devices/0000:01:10.2/x", "");
	EXPECT_EQ(patient.ask("group").state, APP_CHECK_OK);
	patient.bind(VF1, "igbvf");
	const struct app_finding finding = patient.ask("group");
	EXPECT_STREQ(finding.text,
		     "12, which it shares with 0000:01:10.2 (igbvf): a group has one user");
	EXPECT_EQ(patient.cure(finding),
		  "echo 0000:01:10.2 > ROOT/sys/bus/pci/drivers/igbvf/unbind");
}

TEST(CheckGroup, ItsOwnPhysicalFunctionIsNotUnbound)
{
	Patient patient;

	patient.write("sys/kernel/iommu_groups/12/devices/0000:01:00.0/x", "");
	EXPECT_EQ(patient.ask("group").state, APP_CHECK_MISSING);
	EXPECT_STREQ(patient.ask("group").cure, "");
}

TEST(CheckNode, OneOfSomebodyElseIsGivenToThisUser)
{
	Patient patient;
	namespace fs = std::filesystem;

	fs::permissions(patient.root + "/dev/vfio/12", fs::perms::none);
	EXPECT_EQ(patient.cure(patient.ask("node")), "chown alice ROOT/dev/vfio/12");
	fs::permissions(patient.root + "/dev/vfio/vfio", fs::perms::none);
	EXPECT_EQ(patient.cure(patient.ask("domain")), "chmod 666 ROOT/dev/vfio/vfio");
}

TEST(CheckNode, OneThatNobodyMadeIsMade)
{
	Patient patient;

	patient.remove("dev/vfio");
	patient.write("sys/class/vfio/12/dev", "511:3\n");
	EXPECT_EQ(patient.cure(patient.ask("node")),
		  "mkdir -p ROOT/dev/vfio && mknod -m 600 ROOT/dev/vfio/12 c 511 3");
	patient.write("sys/class/misc/vfio/dev", "10:196\n");
	EXPECT_EQ(patient.cure(patient.ask("domain")),
		  "mkdir -p ROOT/dev/vfio && mknod -m 600 ROOT/dev/vfio/vfio c 10 196");
}

TEST(CheckNode, AContainerIsStartedWithIt)
{
	Patient patient;

	patient.remove("dev/vfio");
	patient.write("sys/class/vfio/12/dev", "511:3\n");
	patient.write("proc/self/mounts", "udev " + patient.root + "/dev" + " devtmpfs rw 0 0\n");
	EXPECT_NE(patient.ask("node").cure[0], '\0');
	patient.write("proc/self/mounts", "tmpfs " + patient.root + "/dev" + " tmpfs rw 0 0\n");
	const struct app_finding finding = patient.ask("node");
	EXPECT_STREQ(finding.cure, "");
	EXPECT_NE(strstr(finding.advice, "--device "), nullptr);
}

/* As docs/house.md has it: the group wins where the user may open it. */
TEST(CheckNode, IommufdIsADoorWhereTheGroupIsNotTheUsers)
{
	Patient patient;
	namespace fs = std::filesystem;

	patient.write(patient.dir(VF0) + "/vfio-dev/vfio7/dev", "510:7\n");
	patient.write("dev/vfio/devices/vfio7", "");
	EXPECT_STREQ(patient.ask("node").text, (patient.root + "/dev/vfio/12").c_str());
	EXPECT_STREQ(patient.ask("domain").text, (patient.root + "/dev/vfio/vfio").c_str());
	fs::permissions(patient.root + "/dev/vfio/12", fs::perms::none);
	EXPECT_EQ(patient.ask("node").state, APP_CHECK_OK);
	EXPECT_STREQ(patient.ask("node").text, (patient.root + "/dev/vfio/devices/vfio7").c_str());
	patient.write("sys/class/misc/iommu/dev", "10:123\n");
	EXPECT_EQ(patient.cure(patient.ask("domain")),
		  "mkdir -p ROOT/dev && mknod -m 600 ROOT/dev/iommu c 10 123");
	patient.write("dev/iommu", "");
	EXPECT_STREQ(patient.ask("domain").text, (patient.root + "/dev/iommu").c_str());
	fs::permissions(patient.root + "/dev/iommu", fs::perms::none);
	EXPECT_EQ(patient.cure(patient.ask("domain")), "chown alice ROOT/dev/iommu");
	/* neither is the user's: the group, which every kernel has */
	fs::permissions(patient.root + "/dev/vfio/devices/vfio7", fs::perms::none);
	EXPECT_EQ(patient.cure(patient.ask("node")), "chown alice ROOT/dev/vfio/12");
	patient.remove("dev/vfio/12");
	EXPECT_EQ(patient.cure(patient.ask("node")), "chown alice ROOT/dev/vfio/devices/vfio7");
}

TEST(CheckNode, OurModuleHasNodesOfItsOwn)
{
	Patient patient;

	patient.bind(VF0, "vfio");
	patient.remove("dev/vfio3");
	patient.write(patient.dir(VF0) + "/vfio/vfio3/x", "");
	patient.write("sys/class/uvfio/vfio3/dev", "510:3\n");
	EXPECT_EQ(patient.cure(patient.ask("node")),
		  "mkdir -p ROOT/dev && mknod -m 600 ROOT/dev/vfio3 c 510 3");
	patient.write("dev/vfio3", "");
	EXPECT_STREQ(patient.ask("node").text, (patient.root + "/dev/vfio3").c_str());
	patient.write("dev/uiommu", "");
	EXPECT_STREQ(patient.ask("domain").text, (patient.root + "/dev/uiommu").c_str());
}

TEST(CheckLink, ThePhysicalFunctionIsBroughtUp)
{
	Patient patient;
	struct app_finding finding;

	patient.write("sys/class/net/eth0/flags", "0x1002\n");
	EXPECT_STREQ(patient.ask("link").cure, "ip link set dev eth0 up");
	patient.write("sys/class/net/eth0/flags", "0x1003\n");
	patient.write("sys/class/net/eth0/carrier", "0\n");
	finding = patient.ask("link");
	EXPECT_EQ(finding.state, APP_CHECK_MISSING);
	EXPECT_STREQ(finding.cure, "");
	patient.remove(patient.dir(PF) + "/net");
	EXPECT_EQ(patient.ask("link").state, APP_CHECK_UNNEEDED);
	patient.unbind(PF);
	EXPECT_EQ(patient.cure(patient.ask("link")),
		  "modprobe igb; echo 0000:01:00.0 > ROOT/sys/bus/pci/drivers_probe");
}

TEST(CheckLink, AFunctionOfAnotherMachineCannotBeTold)
{
	Patient patient;

	patient.remove(patient.dir(VF0) + "/physfn");
	EXPECT_EQ(patient.ask("link").state, APP_CHECK_UNNEEDED);
	EXPECT_EQ(patient.ask("mac").state, APP_CHECK_UNNEEDED);
	EXPECT_EQ(patient.ask("function").state, APP_CHECK_OK);
}

TEST(CheckMac, TheFixedAddressIsTold)
{
	Patient patient;

	patient.bind(VF1, "vfio-pci");
	EXPECT_STREQ(patient.ask("mac", {VF1}).text, "02:00:00:00:01:01");
}
