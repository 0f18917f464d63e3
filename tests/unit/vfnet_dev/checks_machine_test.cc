/* SPDX-License-Identifier: BSD-2-Clause */
#include <cerrno>
#include <cstring>

#include <gtest/gtest.h>

#include "tests/unit/vfnet_dev/patient.h"

TEST(Checks, NothingIsMissingOnAMachineThatIsWell)
{
	Patient patient;

	for (const struct app_finding &finding : patient.ask()) {
		EXPECT_EQ(finding.state, APP_CHECK_OK) << finding.check << ": " << finding.text;
		EXPECT_STREQ(finding.cure, "");
	}
}

TEST(Checks, IommuHugepagesAndMemlockAreNamedWithTheirValues)
{
	Patient patient;

	EXPECT_STREQ(patient.ask("iommu").text,
		     "on: dmar0, 3 groups; kernel command line: intel_iommu=on");
	EXPECT_STREQ(patient.ask("hugepages").text, "40 of 2 MiB, 32 free");
	EXPECT_STREQ(patient.ask("memlock").text, "65536 KiB");
}

TEST(Checks, AnEmptyMachineIsAnsweredToo)
{
	Patient patient;

	patient.remove("sys");
	patient.remove("proc");
	patient.remove("dev");
	EXPECT_EQ(patient.ask("iommu").state, APP_CHECK_MISSING);
	EXPECT_EQ(patient.ask("function").state, APP_CHECK_MISSING);
	EXPECT_EQ(patient.ask("hugepages").state, APP_CHECK_UNNEEDED);
	EXPECT_EQ(patient.ask("driver").state, APP_CHECK_LATER);
}

TEST(Checks, AnAddressThatIsNoneIsRefusedAndNothingIsHandedOut)
{
	struct app_user user = {};
	struct app_check_opts opts = {&app_this_machine, &user, 1, nullptr};
	char address[] = "eth0";
	char *list[] = {address};
	struct app_finding *findings = nullptr;
	size_t n = 77;

	EXPECT_EQ(app_checks_run(&opts, list, 1, &findings, &n), -EINVAL);
	EXPECT_EQ(findings, nullptr);
	EXPECT_EQ(n, 77u);
}

TEST(CheckIommu, OneTheFirmwareOffersIsSwitchedOnAtTheKernelsCommandLine)
{
	Patient patient;

	patient.remove("sys/kernel/iommu_groups");
	patient.write("sys/firmware/acpi/tables/DMAR", "");
	patient.write("proc/cmdline", "quiet\n");
	const struct app_finding finding = patient.ask("iommu");
	EXPECT_EQ(finding.state, APP_CHECK_MISSING);
	EXPECT_STREQ(finding.cure, "");
	EXPECT_NE(strstr(finding.text, "DMAR"), nullptr) << finding.text;
	EXPECT_NE(strstr(finding.advice, "intel_iommu=on has to be on the kernel's command line"),
		  nullptr);
}

TEST(CheckIommu, OneThatIsSwitchedOffSaysByWhichWord)
{
	Patient patient;

	patient.remove("sys/kernel/iommu_groups");
	patient.write("proc/cmdline", "quiet intel_iommu=off\n");
	EXPECT_STREQ(patient.ask("iommu").text,
		     "off: the kernel's command line says intel_iommu=off");
}

TEST(CheckIommu, WithoutAnyTheFirmwareIsNamed)
{
	Patient patient;

	patient.remove("sys/kernel/iommu_groups");
	EXPECT_NE(strstr(patient.ask("iommu").advice, "firmware set-up"), nullptr);
	EXPECT_EQ(patient.ask("interrupts").state, APP_CHECK_LATER);
}

TEST(CheckIommu, VfiosModeWithoutOneIsNone)
{
	Patient patient;

	patient.write("sys/kernel/iommu_groups/12/name", "vfio-noiommu\n");
	EXPECT_EQ(patient.ask("iommu").state, APP_CHECK_MISSING);
}

TEST(CheckInterrupts, AUnitThatDoesNotRemapNeedsRootsConsent)
{
	Patient patient;

	patient.write("sys/class/iommu/dmar0/intel-iommu/ecap", "f00f56\n");
	EXPECT_EQ(patient.cure(patient.ask("interrupts")),
		  "echo Y > ROOT/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	patient.write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n");
	EXPECT_EQ(patient.ask("interrupts").state, APP_CHECK_OK);
	patient.remove("sys/module/vfio_iommu_type1");
	EXPECT_EQ(patient.ask("interrupts").state, APP_CHECK_LATER);
}

TEST(CheckInterrupts, TheConsentIsThatOfTheDoor)
{
	Patient patient;

	patient.write("sys/class/iommu/dmar0/intel-iommu/ecap", "f00f56\n");
	patient.write("sys/module/iommufd/parameters/allow_unsafe_interrupts", "N\n");
	patient.write(patient.dir(VF0) + "/vfio-dev/vfio7/dev", "510:7\n");
	patient.write("dev/vfio/devices/vfio7", "");
	patient.remove("dev/vfio/12");
	EXPECT_EQ(patient.cure(patient.ask("interrupts")),
		  "echo Y > ROOT/sys/module/iommufd/parameters/allow_unsafe_interrupts");
}

TEST(CheckInterrupts, TheCommandLineCanTakeRemappingAway)
{
	Patient patient;

	patient.write("proc/cmdline", "intel_iommu=on intremap=off\n");
	EXPECT_EQ(patient.ask("interrupts").state, APP_CHECK_MISSING);
}

TEST(CheckModule, IsLoadedByOneCommand)
{
	Patient patient;

	patient.unbind(VF0);
	patient.remove("sys/bus/pci/drivers/vfio-pci");
	EXPECT_STREQ(patient.ask("module").cure, "modprobe -a vfio-pci vfio_iommu_type1");
	patient.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	EXPECT_NE(strstr(patient.ask("module").advice, "signed"), nullptr);
}

TEST(CheckModule, OursServesAFunctionThatIsNotBoundYet)
{
	Patient patient;

	patient.unbind(VF0);
	patient.remove("sys/bus/pci/drivers/vfio-pci");
	patient.add_driver("vfio");
	EXPECT_EQ(patient.ask("module").state, APP_CHECK_OK);
}

TEST(CheckHugepages, ThoseThatLackAreAddedToThoseThatAreUsed)
{
	Patient patient;

	patient.write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "31\n");
	const struct app_finding finding = patient.ask("hugepages");
	EXPECT_STREQ(finding.text, "40 of 2 MiB, 31 free; 64 MiB need 32");
	EXPECT_EQ(patient.cure(finding),
		  "echo 41 > ROOT/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
}

TEST(CheckHugepages, TheyAreWantedOnTheFunctionsNode)
{
	Patient patient;

	patient.write("sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
		      "64\n");
	patient.write("sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages",
		      "64\n");
	patient.write("sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages",
		      "0\n");
	patient.write("sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages",
		      "0\n");
	EXPECT_EQ(patient.ask("hugepages").state, APP_CHECK_OK);
	patient.write(patient.dir(VF0) + "/numa_node", "1\n");
	EXPECT_EQ(
	    patient.cure(patient.ask("hugepages")),
	    "echo 32 > ROOT/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages");
}

TEST(CheckMemlock, RootRaisesTheLimitOfTheShellInUse)
{
	Patient patient;

	patient.user.memlock_kib = patient.user.memlock_max_kib = 8192;
	const struct app_finding finding = patient.ask("memlock");
	EXPECT_STREQ(finding.text, "8192 KiB, needs 65536 KiB");
	EXPECT_STREQ(finding.cure, "prlimit --pid 1234 --memlock=67108864");
	EXPECT_TRUE(finding.as_root);
	EXPECT_NE(strstr(finding.advice, "\"alice - memlock 65536\""), nullptr);
}

TEST(CheckMemlock, TheUserRaisesItAsFarAsTheyMay)
{
	Patient patient;

	patient.user.memlock_kib = 8192;
	patient.user.memlock_max_kib = APP_UNLIMITED_KIB;
	EXPECT_STREQ(patient.ask("memlock").cure, "ulimit -l 65536");
	EXPECT_FALSE(patient.ask("memlock").as_root);
	patient.user.memlock_max_kib = 65536;
	EXPECT_STREQ(patient.ask("memlock").cure, "ulimit -l 65536");
	patient.user.memlock_max_kib = 65535;
	EXPECT_TRUE(patient.ask("memlock").as_root);
}

TEST(CheckMemlock, NeitherRootNorTheUnlimitedNeedAny)
{
	Patient patient;

	patient.user.memlock_kib = patient.user.memlock_max_kib = APP_UNLIMITED_KIB;
	EXPECT_STREQ(patient.ask("memlock").text, "unlimited");
	patient.user.memlock_kib = 64;
	patient.user.root = true;
	EXPECT_EQ(patient.ask("memlock").state, APP_CHECK_UNNEEDED);
}
