/* SPDX-License-Identifier: BSD-2-Clause */
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/common/json.h"
#include "tests/unit/vfnet_dev/patient.h"

namespace
{

TEST(Doctor, SaysWhatIsMissingAndWhatToTypeInTheOrderOfTheTable)
{
	Patient patient;

	patient.remove("sys/module/vfio_iommu_type1");
	patient.write("sys/class/net/eth0/flags", "0x1002\n");
	EXPECT_EQ(patient.run(dev_doctor, {VF0}), APP_EXIT_FAILED);
	const size_t module =
	    patient.out.find("missing    module     vfio-pci is loaded, vfio_iommu_type1 is not\n"
			     "           as root:   modprobe -a vfio-pci vfio_iommu_type1\n");
	const size_t link =
	    patient.out.find("missing    link       0000:01:10.0: eth0, its physical function, is "
			     "down\n           as root:   ip link set dev eth0 up\n");
	EXPECT_NE(module, std::string::npos) << patient.out;
	EXPECT_NE(link, std::string::npos) << patient.out;
	EXPECT_LT(module, link);
	EXPECT_NE(patient.out.find("Mend the first, then ask again."), std::string::npos);
}

TEST(Doctor, NothingMissingIsExitCode0)
{
	Patient patient;

	/* the limit is this process's own */
	struct dev_options opts = {};
	opts.mem = "4K";
	EXPECT_EQ(patient.run(dev_doctor, {}, opts), APP_EXIT_OK) << patient.out;
	EXPECT_NE(patient.out.find("\nNothing is missing.\n"), std::string::npos) << patient.out;
}

TEST(Doctor, WrongWordsAreUsageErrors)
{
	Patient patient;
	struct dev_options opts = {};

	EXPECT_EQ(patient.run(dev_doctor, {"eth0"}), APP_EXIT_USAGE);
	EXPECT_NE(patient.err.find("PCI address"), std::string::npos) << patient.err;
	opts.mem = "many";
	EXPECT_EQ(patient.run(dev_doctor, {}, opts), APP_EXIT_USAGE);
	EXPECT_NE(patient.err.find("--mem many"), std::string::npos) << patient.err;
	EXPECT_EQ(patient.out, "");
}

TEST(Doctor, JsonFitsItsSchema)
{
	Patient patient;
	Json schema = ReadJson(VFNET_DEV_SCHEMA);
	struct dev_options opts = {};

	patient.remove("sys/kernel/iommu_groups");
	opts.json = "-";
	EXPECT_EQ(patient.run(dev_doctor, {}, opts), APP_EXIT_FAILED);
	Json json = ParseJson(patient.out);
	ASSERT_NE(json, nullptr) << patient.out;
	const cJSON *part =
	    cJSON_GetObjectItem(cJSON_GetObjectItem(schema.get(), "$defs"), "doctor");
	EXPECT_EQ(SchemaError(part, json.get(), schema.get()), "");
	EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItem(json.get(), "ok")));
}

TEST(User, IsWhoRunsThis)
{
	struct app_user user;
	struct rlimit limit;

	app_user_read(&user);
	ASSERT_EQ(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	EXPECT_EQ(user.memlock_kib,
		  limit.rlim_cur == RLIM_INFINITY ? APP_UNLIMITED_KIB : limit.rlim_cur >> 10);
	EXPECT_EQ(user.shell, getppid());
	EXPECT_STRNE(user.name, "");
	EXPECT_EQ(user.program[0], '/') << "a test is in no usual place";
	EXPECT_TRUE(user.may_open("/dev/null"));
	EXPECT_FALSE(user.may_open("/nowhere"));
}

} /* namespace */
