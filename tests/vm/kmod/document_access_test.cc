/* SPDX-License-Identifier: BSD-2-Clause */
/* The document: what the driver is for, well-behaved devices, reads and writes. */
#include "tests/vm/kmod/document.h"

namespace
{

using namespace kmod;

/* What a driver does, from one process. 0, or the number of the step that failed. */
int drive(const std::string &address)
{
	Pages pages = Pages::anonymous(PAGE);
	uint64_t iova;
	Eventfd event;
	Device device;
	Edu edu;

	if (device.open(address))
		return 1;
	if (device.config16(PCI_VENDOR) != 0x1234 || device.set_command(COMMAND_MASTER))
		return 2;
	if (edu.attach(device))
		return 3;
	edu.write(Edu::LIVENESS, 0x12345678);
	if (edu.read(Edu::LIVENESS) != ~0x12345678u)
		return 4;
	if (device.map_anywhere(pages.data(), PAGE, VFIO_FLAG_WRITE, &iova))
		return 5;
	pages.fill(0x77);
	if (!edu.from_memory(iova))
		return 6;
	pages.fill(0);
	if (!edu.to_memory(iova) || !pages.all(0x77))
		return 7;
	if (device.intx(event.get()))
		return 8;
	edu.raise(1);
	if (event.wait(2000) != 1)
		return 9;
	edu.acknowledge();
	return 0;
}

TEST_F(Document, PrivilegedAndOrdinaryProcessesDriveADevice)
{
	std::string address = device_.address();

	edu_.detach();
	device_.close();
	EXPECT_EQ(in_child([&] { return drive(address); }), 0);
	EXPECT_EQ(in_child([&] { return is_root() && !become_user() ? 125 : drive(address); }), 0);
}

TEST_F(Document, UserCannotCorruptInappropriateMemory)
{
	Pages pages = Pages::anonymous(2 * PAGE);

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	EXPECT_TRUE(writes(IOVA, pages));
	expect_cut(IOVA + PAGE, pages, PAGE);
	expect_cut(0x100000, Pages()); /* the kernel's own, were it a physical address */
}

TEST_F(Document, AVirtualFunctionIsWellBehaved)
{
	Eventfd event;

	open_vf();
	EXPECT_NE(vf_.read(Vf::STATUS), 0xffffffffu);
	ASSERT_EQ(vf_device_.msix({event.get()}), 0);
	vf_.enable_vectors(1);
	vf_.fire(0);
	EXPECT_EQ(event.wait(2000), 1u);
}

TEST_F(Document, ManyOtherDevicesAreWellBehaved)
{
	for (const char *name : {"EDU1", "EDU2"}) {
		Device device;
		Edu edu;

		ASSERT_EQ(device.open(address_of(name)), 0) << name;
		ASSERT_EQ(edu.attach(device), 0) << name;
		EXPECT_EQ(edu.read(Edu::IDENTIFICATION), 0x010000edu) << name;
	}
}

TEST_F(Document, MsixTableCannotBeMappedOrWritten)
{
	const int BAR = Vf::MSIX_BAR;
	uint32_t before[4] = {}, after[4] = {}, forged[4] = {0xfee00000, 0, 0x31, 0};

	open_vf();
	EXPECT_EQ(vf_device_.map_bar(BAR).error(), -EPERM) << "the whole BAR";
	EXPECT_EQ(vf_device_.map_bar(BAR, 0, PAGE).error(), -EPERM);
	EXPECT_EQ(mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, vf_device_.fd(),
		       static_cast<off_t>(vfio_pci_space_to_offset(BAR))),
		  MAP_FAILED)
	    << "nor for reading";
	ASSERT_EQ(vf_device_.read(BAR, 0, before, 16), 16);
	EXPECT_EQ(vf_device_.write(BAR, 0, forged, 16), -EPERM);
	EXPECT_EQ(vf_device_.write(BAR, 8, forged, 4), -EPERM);
	ASSERT_EQ(vf_device_.read(BAR, 0, after, 16), 16);
	EXPECT_EQ(memcmp(before, after, 16), 0);
	EXPECT_TRUE(vf_device_.map_bar(BAR, PAGE, PAGE).data()) << "a page without it";
}

TEST_F(Document, InterruptsAreMaskedInTheGenericWay)
{
	Eventfd event;

	ASSERT_EQ(device_.intx(event.get()), 0);
	EXPECT_EQ(hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_INTX_DISABLE, 0);
	edu_.raise(1);
	ASSERT_EQ(event.wait(2000), 1u);
	EXPECT_NE(hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_INTX_DISABLE, 0);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_INTX_DISABLE, 0) << "the user's own bit";
	edu_.acknowledge();
	EXPECT_EQ(device_.eoi(), 0);
	EXPECT_EQ(hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_INTX_DISABLE, 0);
}

TEST_F(Document, OnlyHarmlessConfigFieldsCanBeWritten)
{
	const int MAY = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTX_DISABLE;
	uint16_t command = hardware_config16(device_.address(), PCI_COMMAND);
	std::vector<uint8_t> before = hardware_config(device_.address()), after;

	ASSERT_GE(before.size(), 64u);
	for (unsigned int at = 0; at < 64; at++) {
		uint8_t old = device_.config8(at);

		if (at == PCI_COMMAND || at == PCI_COMMAND + 1)
			continue;
		EXPECT_EQ(device_.config_write8(at, 0xff), 1) << at;
		after = hardware_config(device_.address());
		device_.config_write8(at, old);
		ASSERT_EQ(after[at], before[at]) << at;
	}
	for (uint16_t all : {uint16_t{0xffff}, uint16_t{0}}) {
		EXPECT_EQ(device_.config_write16(PCI_COMMAND, all), 2);
		EXPECT_EQ(hardware_config16(device_.address(), PCI_COMMAND) & ~MAY, command & ~MAY)
		    << "parity, SERR, special cycles and what else there is";
	}
}

TEST_F(Document, VirtualFieldsDoNotAffectTheRealDevice)
{
	uint32_t bar = device_.config32(PCI_BAR0);
	std::vector<uint8_t> before = hardware_config(device_.address());

	ASSERT_EQ(device_.config_write32(PCI_BAR0, 0xffffffff), 4);
	EXPECT_EQ(device_.config32(PCI_BAR0), 0xfff00000u) << "1 MiB, as a driver finds out";
	ASSERT_EQ(device_.config_write32(PCI_BAR0, 0xdead0000), 4);
	EXPECT_EQ(device_.config32(PCI_BAR0), 0xdea00000u);
	ASSERT_EQ(device_.config_write8(PCI_INT_LINE, 0x55), 1);
	EXPECT_EQ(device_.config8(PCI_INT_LINE), 0x55);
	EXPECT_EQ(hardware_config(device_.address()), before);
	EXPECT_EQ(edu_.read(Edu::IDENTIFICATION), 0x010000edu);
	EXPECT_EQ(device_.config_write32(PCI_BAR0, bar), 4);
}

/* Changed on purpose: the document offers no extended space at all, this is readable. */
TEST_F(Document, ExtendedConfigSpaceCanBeReadAndNotWritten)
{
	uint32_t header, word;

	open_vf();
	header = vf_device_.config32(0x100);
	EXPECT_EQ(header & 0xffff, 1u) << "error reporting [live]";
	for (unsigned int at = 0x100; at < 0x1000; at += 4) {
		word = vf_device_.config32(at);
		ASSERT_EQ(vf_device_.config_write32(at, ~word), 4) << at;
		ASSERT_EQ(vf_device_.config32(at), word) << at;
	}
}

TEST_F(Document, MemoryBarIsMappedAndConfigAndMemoryAreReadAndWritten)
{
	uint32_t value = 0x12345678, echo = 0;

	EXPECT_EQ(edu_.read(Edu::IDENTIFICATION), 0x010000edu) << "through mmap";
	ASSERT_EQ(device_.write(VFIO_PCI_BAR0_RESOURCE, Edu::LIVENESS, &value, 4), 4);
	ASSERT_EQ(device_.read(VFIO_PCI_BAR0_RESOURCE, Edu::LIVENESS, &echo, 4), 4);
	EXPECT_EQ(echo, ~value);
	EXPECT_EQ(edu_.read(Edu::LIVENESS), ~value) << "the same register";
	EXPECT_EQ(device_.config32(PCI_VENDOR), 0x11e81234u);
}

/* The disk controller of the machine: index and data, at 0x10 and 0x14 of I/O BAR 4. */
TEST_F(Document, IoBarIsReadAndWritten)
{
	uint32_t index = 0x10, echo = 0, version = 0;
	Device disk;

	ASSERT_EQ(disk.open("0000:00:1f.2"), 0);
	ASSERT_EQ(disk.set_command(COMMAND_IO | COMMAND_MEMORY), 0);
	EXPECT_EQ(disk.bar_len(4), 32);
	ASSERT_EQ(disk.write(4, 0x10, &index, 4), 4);
	ASSERT_EQ(disk.read(4, 0x10, &echo, 4), 4);
	EXPECT_EQ(echo, index);
	ASSERT_EQ(disk.read(4, 0x14, &version, 4), 4);
	ASSERT_EQ(disk.read(5, 0x10, &echo, 4), 4);
	EXPECT_EQ(version, echo) << "register 0x10, both ways";
	EXPECT_EQ(version >> 16, 1u) << "AHCI 1.x";
	EXPECT_EQ(disk.map_bar(4, 0, PAGE).error(), -EINVAL) << "ports cannot be mapped";
}

TEST_F(Document, BarOfLessThanAPageCannotBeMapped)
{
	uint32_t revision = 0;
	Device small;

	ASSERT_EQ(small.open(address_of("SMALL0")), 0) << "VFNET_SMALL0";
	ASSERT_EQ(small.set_command(COMMAND_MEMORY), 0);
	ASSERT_GT(small.bar_len(0), 0);
	ASSERT_LT(small.bar_len(0), static_cast<int64_t>(PAGE));
	EXPECT_EQ(small.map_bar(0, 0, PAGE).error(), -EINVAL);
	ASSERT_EQ(small.read(0, 0, &revision, 4), 4) << "read() does it";
	EXPECT_EQ(revision & 0xff, 0x10u) << "OHCI 1.0";
}

TEST_F(Document, OneDescriptorDoesEverything)
{
	std::string address = device_.address();

	edu_.detach();
	device_.close();
	EXPECT_EQ(drive(address), 0);
}

TEST_F(Document, RoutinesConvertBarNumbersAndOffsets)
{
	for (int space = 0; space < 16; space++) {
		uint64_t offset = vfio_pci_space_to_offset(space);

		EXPECT_EQ(offset, static_cast<uint64_t>(space) << 32);
		EXPECT_EQ(vfio_offset_to_pci_space(offset), space);
		EXPECT_EQ(vfio_offset_to_pci_space(offset + 0xffffffff), space);
		EXPECT_EQ(vfio_offset_to_pci_offset(offset + 0x1234), 0x1234u);
	}
	EXPECT_EQ(VFIO_PCI_CONFIG_OFF, UINT64_C(0xf00000000));
}

TEST_F(Document, BarLenTellsTheSizeOfABar)
{
	Device vf;

	EXPECT_EQ(device_.bar_len(0), 1 << 20);
	EXPECT_EQ(device_.bar_len(1), 0) << "absent";
	EXPECT_EQ(device_.bar_len(6), 0) << "no ROM";
	EXPECT_EQ(device_.bar_len(7), -EINVAL);
	EXPECT_EQ(device_.bar_len(0xffffffff), -EINVAL);
	ASSERT_EQ(vf.open(address_of("VF0")), 0);
	EXPECT_EQ(vf.bar_len(Vf::REGISTERS), 16 << 10);
	EXPECT_EQ(vf.bar_len(Vf::MSIX_BAR), 16 << 10);
}

} // namespace
