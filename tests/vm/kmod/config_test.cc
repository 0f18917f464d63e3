/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration space: what every function shows, whatever it is, and that nothing a user writes
 * reaches the hardware but what the policy names.
 */
#include <map>
#include <set>

#include "tests/vm/kmod/fixture.h"
#include "tests/vm/kmod/functions.h"

#include <linux/pci_regs.h> /* after device.h, which has some of its names */

namespace
{

using namespace kmod;

struct Function {
	const char *label;
	std::string (*address)();
};

void PrintTo(const Function &function, std::ostream *out)
{
	*out << function.label;
}

class EveryFunction : public ::testing::TestWithParam<Function>
{
      protected:
	void SetUp() override
	{
		std::string address = GetParam().address();

		ASSERT_EQ(device_.open(address), 0)
		    << GetParam().label << " at '" << address << "'";
	}

	unsigned int size() const
	{
		uint8_t byte;

		return device_.read(VFIO_PCI_CONFIG_RESOURCE, 256, &byte, 1) == 1 ? 4096 : 256;
	}

	/* position of each capability of a list, by a reader of bytes */
	template <typename Read> std::map<unsigned int, unsigned int> list(Read read) const
	{
		std::map<unsigned int, unsigned int> found;
		unsigned int at = read(PCI_CAPABILITY_LIST) & 0xfc;

		while (at && found.size() < 64 && !found.count(at)) {
			found[at] = read(at);
			at = read(at + 1) & 0xfc;
		}
		return found;
	}
	template <typename Read> std::map<unsigned int, unsigned int> extended_list(Read read) const
	{
		std::map<unsigned int, unsigned int> found;
		unsigned int at = 0x100;

		while (at && found.size() < 64 && !found.count(at)) {
			unsigned int id = read(at) | read(at + 1) << 8;

			if (id != 0 && id != 0xffff)
				found[at] = id;
			at = (read(at + 2) >> 4 | read(at + 3) << 4) & 0xffc;
		}
		return found;
	}

	/* bytes that do something when written */
	std::set<unsigned int> acting() const
	{
		std::set<unsigned int> bytes;

		if (unsigned int pm = device_.capability(PCI_CAP_ID_PM))
			bytes.insert(pm + PCI_PM_CTRL);
		if (unsigned int exp = device_.capability(PCI_CAP_ID_EXP))
			bytes.insert(exp + PCI_EXP_DEVCTL + 1);
		if (unsigned int af = device_.capability(PCI_CAP_ID_AF))
			bytes.insert(af + PCI_AF_CTRL);
		return bytes;
	}

	Device device_;
};

TEST_P(EveryFunction, IsWhatTheCoreSaysItIs)
{
	const std::string &address = device_.address();

	EXPECT_EQ(device_.config16(PCI_VENDOR_ID), core_says(address, "vendor"));
	EXPECT_EQ(device_.config16(PCI_DEVICE_ID), core_says(address, "device"));
	EXPECT_EQ(device_.config16(PCI_SUBSYSTEM_VENDOR_ID),
		  core_says(address, "subsystem_vendor"));
	EXPECT_EQ(device_.config16(PCI_SUBSYSTEM_ID), core_says(address, "subsystem_device"));
	EXPECT_EQ(device_.config32(PCI_CLASS_REVISION),
		  core_says(address, "class") << 8 | core_says(address, "revision"));
	EXPECT_EQ(device_.config8(PCI_HEADER_TYPE) & 0x7f, 0);
}

/* Byte by byte, word by word, double word by double word: ones, then zeros. */
TEST_P(EveryFunction, WritesDoNotReachTheHardware)
{
	const std::set<unsigned int> acting = this->acting();
	std::vector<uint8_t> before, after;

	ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	before = hardware_config(device_.address());
	ASSERT_GE(before.size(), 64u);
	for (uint32_t value : {0xffffffffu, 0u}) {
		for (unsigned int n : {1u, 2u, 4u}) {
			for (unsigned int at = 0; at < size(); at += n) {
				auto next = acting.lower_bound(at);

				if ((value == 0 && at / 4 == PCI_COMMAND / 4) ||
				    (next != acting.end() && *next < at + n))
					continue;
				ASSERT_EQ(device_.write(VFIO_PCI_CONFIG_RESOURCE, at, &value, n),
					  static_cast<ssize_t>(n))
				    << at;
			}
		}
		after = hardware_config(device_.address());
		ASSERT_EQ(after.size(), before.size());
		for (unsigned int at = 0; at < before.size(); at++)
			EXPECT_EQ(after[at], before[at]) << "byte " << at << " for " << value;
	}
}

TEST_P(EveryFunction, ShowsOnlyCapabilitiesThatItHasAndThatAreKnown)
{
	const std::set<unsigned int> known = {PCI_CAP_ID_PM,   PCI_CAP_ID_VPD,	PCI_CAP_ID_MSI,
					      PCI_CAP_ID_PCIX, PCI_CAP_ID_VNDR, PCI_CAP_ID_EXP,
					      PCI_CAP_ID_MSIX, PCI_CAP_ID_AF};
	std::vector<uint8_t> hardware = hardware_config(device_.address());
	auto shown = list([&](unsigned int at) { return device_.config8(at); });

	EXPECT_EQ(device_.config16(PCI_STATUS) & PCI_STATUS_CAP_LIST,
		  shown.empty() ? 0 : PCI_STATUS_CAP_LIST);
	for (const auto &capability : shown) {
		EXPECT_TRUE(known.count(capability.second)) << capability.second;
		if (hardware.size() > 64) {
			EXPECT_EQ(hardware[capability.first], capability.second);
		}
	}
	if (hardware.size() > 64) {
		for (const auto &capability : list([&](unsigned int at) { return hardware[at]; }))
			EXPECT_EQ(shown.count(capability.first), known.count(capability.second));
	}
}

TEST_P(EveryFunction, ShowsOnlyExtendedCapabilitiesThatAreKnown)
{
	const std::set<unsigned int> known = {
	    PCI_EXT_CAP_ID_ERR, PCI_EXT_CAP_ID_DSN, PCI_EXT_CAP_ID_PWR, PCI_EXT_CAP_ID_VNDR,
	    PCI_EXT_CAP_ID_ACS, PCI_EXT_CAP_ID_ARI, PCI_EXT_CAP_ID_LTR};
	std::vector<uint8_t> hardware = hardware_config(device_.address());

	if (size() == 256)
		return;
	auto shown = extended_list([&](unsigned int at) { return device_.config8(at); });
	for (const auto &capability : shown)
		EXPECT_TRUE(known.count(capability.second)) << capability.second;
	if (hardware.size() == 4096) {
		for (const auto &capability :
		     extended_list([&](unsigned int at) { return hardware[at]; }))
			EXPECT_EQ(shown.count(capability.first), known.count(capability.second))
			    << capability.second;
	}
}

/* What is shown of extended space, header apart, is the device's and cannot be changed. */
TEST_P(EveryFunction, ExtendedSpaceCanBeReadAndNotWritten)
{
	std::vector<uint8_t> hardware = hardware_config(device_.address());

	if (size() == 256)
		return;
	for (const auto &capability :
	     extended_list([&](unsigned int at) { return device_.config8(at); })) {
		unsigned int at = capability.first + 4;
		uint32_t before = device_.config32(at);

		if (hardware.size() == 4096) {
			EXPECT_EQ(memcmp(&before, &hardware[at], 4), 0) << at;
		}
		EXPECT_EQ(device_.config_write32(at, ~before), 4);
		EXPECT_EQ(device_.config32(at), before);
	}
}

/* A BAR answers ones with its size, and takes its address back. */
TEST_P(EveryFunction, BarsTellTheirSize)
{
	for (unsigned int bar = 0; bar < 6; bar++) {
		unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;
		uint32_t low = device_.config32(at), high = 0;
		bool wide = !(low & PCI_BASE_ADDRESS_SPACE_IO) &&
			    (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
		uint64_t mask = low & PCI_BASE_ADDRESS_SPACE_IO ? ~3ull : ~0xfull;
		uint64_t size = 0xffffffff00000000;

		if (device_.bar_len(bar) == 0) {
			EXPECT_EQ(low, 0u) << bar;
			EXPECT_EQ(device_.config_write32(at, ~0u), 4);
			EXPECT_EQ(device_.config32(at), 0u) << bar;
			continue;
		}
		device_.config_write32(at, ~0u);
		size |= device_.config32(at);
		EXPECT_EQ(size & ~mask & 0xf, low & ~mask & 0xf) << "the type changed";
		if (wide) {
			high = device_.config32(at + 4);
			device_.config_write32(at + 4, ~0u);
			size = (size & 0xffffffff) | static_cast<uint64_t>(device_.config32(at + 4))
							 << 32;
			device_.config_write32(at + 4, high);
		}
		device_.config_write32(at, low);
		EXPECT_EQ(~(size & mask) + 1, static_cast<uint64_t>(device_.bar_len(bar))) << bar;
		EXPECT_EQ(device_.config32(at), low);
		bar += wide;
	}
}

INSTANTIATE_TEST_SUITE_P(Config, EveryFunction,
			 ::testing::Values(Function{"Vf", [] { return address_of("VF0"); }},
					   Function{"Edu", [] { return address_of("EDU0"); }},
					   Function{"E1000e", e1000e}, Function{"Nvme", nvme},
					   Function{"VirtioSerial", virtio_serial},
					   Function{"SerialPort", serial_port}),
			 [](const auto &test) { return std::string(test.param.label); });

} // namespace
