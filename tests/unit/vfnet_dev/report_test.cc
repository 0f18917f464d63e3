/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written as JSON fits its schema, and a report has nothing in it that names a person. */
#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>

#include "tests/common/json.h"
#include "tests/unit/vfnet_dev/machine.h"

extern "C" {
#include "apps/vfnet-dev/caps.h"
#include "lib/chip/82576_regs.h"
}

namespace
{

constexpr const char *SERIAL = "a1b2c3d4e5f60718";

class Report : public testing::Test
{
      protected:
	Machine machine;
	Json schema = ReadJson(VFNET_DEV_SCHEMA);

	std::string wrong(const char *part, const Json &json)
	{
		const cJSON *defs = cJSON_GetObjectItem(schema.get(), "$defs");

		if (!json)
			return "not JSON";
		return SchemaError(cJSON_GetObjectItem(defs, part), json.get(), schema.get());
	}

	/* configuration space: MSI-X at 0x40 and VPD at 0x60; serial number at 0x100, SR-IOV */
	std::vector<uint8_t> config()
	{
		std::vector<uint8_t> space(4096);
		auto put = [&](size_t at, std::vector<uint8_t> bytes) {
			std::copy(bytes.begin(), bytes.end(), space.begin() + (long)at);
		};

		put(0x06, {0x10});
		put(0x34, {0x40});
		put(0x40, {0x11, 0x60, 0x02, 0x80});
		put(0x60, {0x03, 0x00, 0x77, 0x77});
		put(0x100,
		    {0x03, 0x00, 0x01, 0x16, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18});
		put(0x160, {0x10, 0x00, 0x01, 0x00, 0x55});
		return space;
	}

	void write_config(const char *address, const std::vector<uint8_t> &space)
	{
		std::ofstream(machine.root + "/" + machine.dir(address) + "/config")
		    .write(reinterpret_cast<const char *>(space.data()), (long)space.size());
	}

	void write_registers()
	{
		std::vector<uint32_t> bar(IGBVF_BAR_BYTES / 4);

		bar[IGBVF_STATUS / 4] = 0x83;
		bar[IGBVF_VMBMEM / 4 + 1] = 0xa1b2c3d4;
		std::ofstream(machine.root + "/" + machine.dir(VF0) + "/resource0")
		    .write(reinterpret_cast<const char *>(bar.data()), IGBVF_BAR_BYTES);
	}
};

TEST_F(Report, StatusAndRegistersFitTheSchema)
{
	struct dev_options opts = {};

	ASSERT_TRUE(schema);
	opts.json = "-";
	machine.add_interface(PF, "vfnet-none0", true);
	machine.write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "3\n");
	EXPECT_EQ(machine.run(dev_status, {}, opts), 0) << machine.err;
	EXPECT_EQ(wrong("status", ParseJson(machine.out)), "") << machine.out;
	EXPECT_EQ(machine.run(dev_regs, {"sim:0.0"}, opts), 0) << machine.err;
	EXPECT_EQ(wrong("regs", ParseJson(machine.out)), "") << machine.out;
	EXPECT_EQ(wrong("status", ParseJson(machine.out)), "run: device is not in the schema");
}

TEST_F(Report, FitsTheSchemaAndNamesNobody)
{
	machine.add_interface(PF, "vfnet-none0", true);
	machine.write("proc/cmdline", "root=UUID=4711 ro intel_iommu=on iommu=pt hugepages=64\n");
	machine.write("proc/cpuinfo", "processor\t: 0\nmodel name\t: A Processor\n");
	write_config(PF, config());
	write_registers();
	EXPECT_EQ(machine.run(dev_report, {}), 0) << machine.err;
	EXPECT_EQ(wrong("report", ParseJson(machine.out)), "") << machine.out;
	for (const char *word :
	     {"\"intel_iommu=on\", \"iommu=pt\", \"hugepages=64\"", "A Processor",
	      "00:1b:21:xx:xx:xx", "STATUS 00000083", "registers_missing"})
		EXPECT_NE(machine.out.find(word), std::string::npos) << word << machine.out;
	for (const char *word : {"4711", "aa:bb:cc", "VMBMEM", SERIAL, "7777"})
		EXPECT_EQ(machine.out.find(word), std::string::npos) << word;
}

/* systemd names an interface by its address where it knows no better */
TEST_F(Report, ANameThatIsAnAddressIsCutToo)
{
	machine.add_interface(PF, "enx001b21aabbcc", false);
	machine.bind(VF0, "igbvf");
	EXPECT_EQ(machine.run(dev_report, {}), 0) << machine.err;
	EXPECT_EQ(wrong("report", ParseJson(machine.out)), "") << machine.out;
	EXPECT_NE(machine.out.find("\"enx001b21xxxxxx\""), std::string::npos) << machine.out;
	EXPECT_NE(machine.out.find("ip link set dev enx001b21xxxxxx up"), std::string::npos);
	EXPECT_EQ(machine.out.find("aabbcc"), std::string::npos);
}

TEST_F(Report, GoesToAFileAndSaysWhatIsInIt)
{
	std::string file = machine.root + "/report.json";

	EXPECT_EQ(machine.run(dev_report, {file}), 0) << machine.err;
	EXPECT_EQ(wrong("report", ReadJson(file)), "");
	EXPECT_NE(machine.out.find("3 functions"), std::string::npos) << machine.out;
	EXPECT_NE(machine.out.find("Read it before you send it"), std::string::npos);
	EXPECT_EQ(machine.run(dev_report, {machine.root + "/no/report.json"}), APP_EXIT_FAILED);
	EXPECT_NE(machine.err.find("report.json: cannot write"), std::string::npos) << machine.err;
}

/* what is missing for a report that is of use, with the functions that are there */
TEST_F(Report, WithoutResultsItSaysHowToHaveThem)
{
	std::string file = machine.root + "/report.json";

	machine.bind(VF0, "vfio-pci");
	machine.bind(VF1, "vfio-pci");
	EXPECT_EQ(machine.run(dev_report, {file}), 0) << machine.err;
	EXPECT_NE(machine.out.find("VFNET_TEST_DEVICES=pci:0000:01:10.0,pci:0000:01:10.2 "
				   "tests/port/run\n"),
		  std::string::npos)
	    << machine.out;
	EXPECT_EQ(machine.run(dev_report, {}), 0) << machine.err;
	EXPECT_EQ(wrong("report", ParseJson(machine.out)), "") << machine.out;
	EXPECT_NE(machine.err.find(",pci:0000:01:10.2 tests/port/run\n"), std::string::npos)
	    << machine.err;
}

TEST_F(Report, HasResultsOfTestsAndInTheirWordsNoAddress)
{
	std::string file = machine.root + "/report.json";
	struct dev_options opts = {};

	machine.write("kept/1.txt", "INFO vfnet 0.1.0\nFAIL A.B has 00:1b:21:AA:bb:cc, and "
				    "02-1b-21-aa-bb-cd|\nSUMMARY 0 passed, 1 failed, 0 skipped\n");
	opts.tests = strdup((machine.root + "/kept").c_str());
	EXPECT_EQ(machine.run(dev_report, {file}, opts), 0) << machine.err;
	EXPECT_EQ(wrong("report", ReadJson(file)), "");
	EXPECT_NE(machine.out.find("runs of the tests: 1."), std::string::npos) << machine.out;
	EXPECT_EQ(machine.out.find("VFNET_TEST_DEVICES"), std::string::npos) << machine.out;
	const std::string text = machine.read("report.json");
	EXPECT_NE(text.find("has 00:1b:21:xx:xx:xx, and 02-1b-21-xx-xx-xx|"), std::string::npos)
	    << text;
	machine.write("kept/2.txt", "something else\n");
	machine.remove("report.json");
	EXPECT_EQ(machine.run(dev_report, {file}, opts), APP_EXIT_FAILED);
	EXPECT_NE(machine.err.find("kept/2.txt: line 1 is not as "), std::string::npos)
	    << machine.err;
	EXPECT_FALSE(machine.exists("report.json"));
	free(const_cast<char *>(opts.tests));
}

TEST_F(Report, CapabilitiesAreThoseOfBothLists)
{
	write_config(VF0, config());
	Json json(dev_caps_json(machine.machine(), VF0), cJSON_Delete);
	const cJSON *list = cJSON_GetObjectItem(json.get(), "capabilities");
	const char *const want[] = {"11600280", "", "", "1000010055"};

	ASSERT_EQ(cJSON_GetArraySize(list), 4);
	for (int i = 0; i < 4; i++) {
		const char *bytes =
		    cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(list, i), "bytes"));

		EXPECT_EQ(strncmp(bytes, want[i], strlen(want[i])), 0) << i << " " << bytes;
		EXPECT_EQ(bytes[0] == '\0', want[i][0] == '\0') << i;
	}
	EXPECT_EQ(wrong("configuration", json), "");
}

TEST_F(Report, ABrokenConfigurationSpaceEndsTheWalk)
{
	std::vector<uint8_t> space = config();

	space[0x41] = 0x40;  /* a list that bites its tail */
	space[0x102] = 0x01; /* the other one too: next = 0x100 */
	space[0x103] = 0x10;
	for (size_t bytes : {size_t{0}, size_t{7}, size_t{64}, size_t{66}, size_t{256}, size_t{258},
			     size_t{4096}}) {
		write_config(VF0, std::vector<uint8_t>(space.begin(), space.begin() + (long)bytes));
		Json json(dev_caps_json(machine.machine(), VF0), cJSON_Delete);

		EXPECT_EQ(wrong("configuration", json), "") << bytes;
	}
	std::fill(space.begin(), space.end(), 0xff); /* a function that is gone */
	write_config(VF0, space);
	Json json(dev_caps_json(machine.machine(), VF0), cJSON_Delete);
	EXPECT_EQ(wrong("configuration", json), "");
}

} // namespace
