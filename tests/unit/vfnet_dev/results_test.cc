/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests/port/run has kept is read as it was written, and whatever else is in such a file is
 * refused. */
#include <cerrno>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/common/json.h"
#include "tests/unit/vfnet_dev/machine.h"

extern "C" {
#include "apps/vfnet-dev/results.h"
}

namespace
{

constexpr const char *RUN = "INFO vfnet 0.1.0\n"
			    "INFO devices pci:0000:01:10.0,pci:0000:01:10.2\n"
			    "INFO variables \n"
			    "PASS PortLink.IsUp (64 ms)\n"
			    "FAIL PortMac.Stays rig.cc:80: Failure|0|\n"
			    "SKIP PortMacLinux.Is no interface\n"
			    "PASS PortMac.IsOurs (1 ms)\n"
			    "SUMMARY 2 passed, 1 failed, 1 skipped\n";

class Results : public testing::Test
{
      protected:
	Machine machine; /* its folder, and an account of what is printed */
	Json runs{cJSON_CreateArray(), cJSON_Delete};
	std::string folder = machine.root + "/kept";
	std::string said;

	int load(const std::string &path)
	{
		testing::internal::CaptureStderr();
		int rc = dev_results_load(path.c_str(), runs.get());

		said = testing::internal::GetCapturedStderr();
		return rc;
	}

	/* a file of this text alone is refused, with these words */
	void refused(const std::string &text, const std::string &words)
	{
		machine.write("refused", text);
		EXPECT_EQ(load(machine.root + "/refused"), -EINVAL) << text;
		EXPECT_NE(said.find(words), std::string::npos) << text << "\n" << said;
		EXPECT_EQ(cJSON_GetArraySize(runs.get()), 0) << text;
	}

	std::string value(int run, const char *key)
	{
		const char *text = cJSON_GetStringValue(
		    cJSON_GetObjectItem(cJSON_GetArrayItem(runs.get(), run), key));

		return text ? text : "(null)";
	}

	std::string test(int run, int number, const char *key)
	{
		const cJSON *tests =
		    cJSON_GetObjectItem(cJSON_GetArrayItem(runs.get(), run), "tests");

		return cJSON_GetStringValue(
		    cJSON_GetObjectItem(cJSON_GetArrayItem(tests, number), key));
	}
};

TEST_F(Results, AFileIsARun)
{
	machine.write("one", RUN);
	ASSERT_EQ(load(machine.root + "/one"), 0) << said;
	ASSERT_EQ(cJSON_GetArraySize(runs.get()), 1);
	EXPECT_EQ(value(0, "devices"), "pci:0000:01:10.0,pci:0000:01:10.2");
	EXPECT_EQ(value(0, "variables"), "(null)");
	EXPECT_EQ(value(0, "kernel"), "(null)");
	EXPECT_EQ(test(0, 1, "name"), "PortMac.Stays");
	EXPECT_EQ(test(0, 1, "result"), "FAIL");
	EXPECT_EQ(test(0, 1, "text"), "rig.cc:80: Failure|0|");
	EXPECT_EQ(test(0, 2, "result"), "SKIP");
	EXPECT_EQ(test(0, 3, "name"), "PortMac.IsOurs");
}

TEST_F(Results, AFolderIsItsFilesByName)
{
	machine.write("kept/20261124.txt", "INFO vfnet 2\nSUMMARY 0 passed, 0 failed, 0 skipped\n");
	machine.write("kept/20261123.txt", "INFO vfnet 1\nSUMMARY 0 passed, 0 failed, 0 skipped\n");
	machine.write("kept/20261125.part", "INFO vfnet 3\n"); /* is being written */
	ASSERT_EQ(load(folder), 0) << said;
	ASSERT_EQ(cJSON_GetArraySize(runs.get()), 2);
	EXPECT_EQ(value(0, "vfnet"), "1");
	EXPECT_EQ(value(1, "vfnet"), "2");
}

TEST_F(Results, WhatIsNotThereIsSaid)
{
	EXPECT_EQ(load(folder), -ENOENT);
	EXPECT_NE(said.find("kept: No such file"), std::string::npos) << said;
	machine.write("kept/README", "");
	EXPECT_EQ(load(folder), -ENOENT);
	EXPECT_NE(said.find("has no results: tests/port/run"), std::string::npos) << said;
}

TEST_F(Results, EachPlaceToCutItIsNoticed)
{
	const std::string whole = RUN;

	for (size_t bytes = 0; bytes + 1 < whole.size(); bytes++)
		refused(whole.substr(0, bytes), "--tests ");
	refused("", "ends after line 0 without a summary: the run was interrupted");
	refused(whole.substr(0, whole.find("SUMMARY")), "ends after line 7 without a summary");
}

TEST_F(Results, WhatTheRunnerDoesNotWriteIsRefused)
{
	const std::string head = "INFO vfnet 1\n", end = "SUMMARY 0 passed, 0 failed, 0 skipped\n";

	refused("root:$6$secret:19000:0:::\n", "line 1 is not as tests/port/run writes it");
	EXPECT_EQ(said.find("secret"), std::string::npos); /* root may be led to any file */
	refused(end, "line 1 ");
	refused("INFO kernel Linux\n" + end, "line 2 ");
	refused(head + head + end, "line 2 ");
	refused(head + "INFO colour blue\n" + end, "line 2 ");
	refused(head + "INFO\n" + end, "line 2 ");
	refused(head + "PASS\n" + end, "line 2 ");
	refused(head + "PASS  no name\n" + end, "line 2 ");
	refused(head + "\n" + end, "line 2 ");
	refused(head + end + end, "line 3 ");
	refused(head + "PASS A.B\nINFO time 1\n" + end, "line 3 ");
	refused(head + "PASS A.B\n" + end, "line 3 "); /* a test that is not in the summary */
	refused(std::string(3000, 'a') + "\n", "line 1 ");
	refused(head + std::string("\0PASS A.B\n", 10) + end, "line 2 ");
}

TEST_F(Results, OfATextOnlyWhatCanBeShownIsTaken)
{
	machine.write("one", "INFO vfnet 1\nFAIL A.B \x1b[31m\xff red\n"
			     "SUMMARY 0 passed, 1 failed, 0 skipped\n");
	ASSERT_EQ(load(machine.root + "/one"), 0) << said;
	EXPECT_EQ(test(0, 0, "text"), "?[31m? red");
}

TEST_F(Results, NothingButAFileOfModestSizeIsRead)
{
	machine.write("long", std::string(DEV_RESULTS_BYTES + 1, '\n'));
	EXPECT_EQ(load(machine.root + "/long"), -E2BIG);
	EXPECT_NE(said.find("more than 1 MiB"), std::string::npos) << said;
	ASSERT_EQ(mkfifo((machine.root + "/pipe").c_str(), 0600), 0);
	EXPECT_EQ(load(machine.root + "/pipe"), -EINVAL); /* does not wait for a writer */
	EXPECT_NE(said.find("pipe: is no file"), std::string::npos) << said;
	for (int i = 0; i <= DEV_RESULTS_MAX; i++)
		machine.write("kept/" + std::to_string(i) + ".txt", "");
	EXPECT_EQ(load(folder), -E2BIG);
	EXPECT_NE(said.find("has 101 results"), std::string::npos) << said;
	EXPECT_EQ(cJSON_GetArraySize(runs.get()), 0);
}

} // namespace
