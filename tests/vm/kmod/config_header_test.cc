/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of configuration space and the registers of MSI, field by field.
 */
#include "tests/vm/kmod/fixture.h"
#include "tests/vm/kmod/functions.h"

#include <linux/pci_regs.h> /* after device.h, which has some of its names */

namespace
{

using namespace kmod;

class ConfigVf : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(device_.open(address_of("VF0")), 0) << "VFNET_VF0";
	}

	Device device_;
};

class ConfigEdu : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(device_.open(address_of("EDU0")), 0) << "VFNET_EDU0";
	}

	uint16_t hardware_command() const
	{
		return hardware_config16(device_.address(), PCI_COMMAND);
	}

	Device device_;
};

TEST_F(ConfigVf, HasAnIdentityThatItsHardwareLacks)
{
	EXPECT_EQ(hardware_config16(device_.address(), PCI_VENDOR_ID), 0xffff);
	EXPECT_EQ(hardware_config16(device_.address(), PCI_DEVICE_ID), 0xffff);
	EXPECT_EQ(device_.config32(PCI_VENDOR_ID), 0x10ca8086u);
}

TEST_F(ConfigVf, MemoryReadsAsOnAndStaysOn)
{
	uint32_t word;

	EXPECT_TRUE(device_.config16(PCI_COMMAND) & COMMAND_MEMORY);
	ASSERT_EQ(device_.set_command(0, COMMAND_MEMORY), 0);
	EXPECT_TRUE(device_.config16(PCI_COMMAND) & COMMAND_MEMORY);
	EXPECT_EQ(device_.read(Vf::REGISTERS, Vf::STATUS, &word, 4), 4);
}

TEST_F(ConfigVf, HasNoInterruptPin)
{
	EXPECT_EQ(device_.config8(PCI_INTERRUPT_PIN), 0);
	ASSERT_EQ(device_.set_command(COMMAND_INTX_DISABLE), 0);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_INTX_DISABLE, 0);
}

TEST_F(ConfigVf, MsixIsTheDevicesAndCannotBeWritten)
{
	unsigned int at = device_.capability(PCI_CAP_ID_MSIX);

	ASSERT_NE(at, 0u);
	EXPECT_EQ(device_.config16(at + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE, Vf::N_VECTORS - 1);
	EXPECT_EQ(device_.config32(at + PCI_MSIX_TABLE) & PCI_MSIX_TABLE_BIR, Vf::MSIX_BAR);
	EXPECT_EQ(device_.config_write16(at + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE), 2);
	EXPECT_EQ(device_.config16(at + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE, 0);
}

TEST_F(ConfigVf, ExpressControlCannotBeWritten)
{
	unsigned int at = device_.capability(PCI_CAP_ID_EXP);
	uint16_t control;

	ASSERT_NE(at, 0u);
	control = device_.config16(at + PCI_EXP_DEVCTL);
	EXPECT_EQ(
	    device_.config_write16(at + PCI_EXP_DEVCTL, static_cast<uint16_t>(~control & 0x7fff)),
	    2);
	EXPECT_EQ(device_.config16(at + PCI_EXP_DEVCTL), control);
	EXPECT_EQ(device_.config_write16(at + PCI_EXP_DEVCTL2, 0xffff), 2);
	EXPECT_EQ(device_.config16(at + PCI_EXP_DEVCTL2), 0);
}

TEST_F(ConfigEdu, MasterReachesTheHardware)
{
	EXPECT_EQ(hardware_command() & COMMAND_MASTER, 0) << "after open";
	ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	EXPECT_TRUE(hardware_command() & COMMAND_MASTER);
	EXPECT_TRUE(device_.config16(PCI_COMMAND) & COMMAND_MASTER);
	ASSERT_EQ(device_.set_command(0, COMMAND_MASTER), 0);
	EXPECT_EQ(hardware_command() & COMMAND_MASTER, 0);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_MASTER, 0);
}

TEST_F(ConfigEdu, MasterEndsWithTheDomain)
{
	Domain domain;

	if (iommu() == "none")
		return;
	ASSERT_EQ(domain.open(), 0);
	ASSERT_EQ(domain.add(device_), 0);
	ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	ASSERT_EQ(device_.call(VFIO_DOMAIN_UNSET), 0);
	EXPECT_EQ(hardware_command() & COMMAND_MASTER, 0);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_MASTER, 0);
}

TEST_F(ConfigEdu, TheRestOfCommandDoesNot)
{
	const uint16_t others = static_cast<uint16_t>(
	    ~(COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTX_DISABLE));
	uint16_t before = hardware_command();

	ASSERT_EQ(device_.set_command(others), 0);
	EXPECT_EQ(hardware_command(), before);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & others, before & others);
}

TEST_F(ConfigEdu, MemoryBitIsTheUsersOwn)
{
	EXPECT_TRUE(device_.config16(PCI_COMMAND) & COMMAND_MEMORY) << "after open";
	ASSERT_EQ(device_.set_command(0, COMMAND_MEMORY), 0);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_MEMORY, 0);
	EXPECT_TRUE(hardware_command() & COMMAND_MEMORY);
}

TEST_F(ConfigEdu, IntxDisableIsTheUsersOwn)
{
	uint16_t before = hardware_command();

	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_INTX_DISABLE, 0) << "after open";
	ASSERT_EQ(device_.set_command(COMMAND_INTX_DISABLE), 0);
	EXPECT_TRUE(device_.config16(PCI_COMMAND) & COMMAND_INTX_DISABLE);
	EXPECT_EQ(hardware_command(), before);
	ASSERT_EQ(device_.set_command(0, COMMAND_INTX_DISABLE), 0);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_INTX_DISABLE, 0);
}

TEST_F(ConfigEdu, BytesForSoftwareKeepWhatIsWritten)
{
	for (unsigned int at : {PCI_CACHE_LINE_SIZE, PCI_LATENCY_TIMER, PCI_INTERRUPT_LINE}) {
		uint8_t other = static_cast<uint8_t>(device_.config8(at) ^ 0x5a);

		EXPECT_EQ(device_.config_write8(at, other), 1);
		EXPECT_EQ(device_.config8(at), other) << at;
	}
	EXPECT_EQ(device_.config_write8(PCI_BIST, 0xff), 1);
	EXPECT_EQ(device_.config8(PCI_BIST), 0);
}

TEST_F(ConfigEdu, WhatWasWrittenEndsWithTheLastClose)
{
	uint8_t old = device_.config8(PCI_CACHE_LINE_SIZE);
	Device second;

	ASSERT_EQ(device_.config_write8(PCI_CACHE_LINE_SIZE, static_cast<uint8_t>(~old)), 1);
	ASSERT_EQ(second.open(device_.address()), 0);
	EXPECT_EQ(second.config8(PCI_CACHE_LINE_SIZE), static_cast<uint8_t>(~old));
	second.close();
	device_.close();
	ASSERT_EQ(device_.open(address_of("EDU0")), 0);
	EXPECT_EQ(device_.config8(PCI_CACHE_LINE_SIZE), old);
}

TEST_F(ConfigEdu, MsiRegistersAreTheUsersOwn)
{
	unsigned int at = device_.capability(PCI_CAP_ID_MSI);
	std::vector<uint8_t> before = hardware_config(device_.address());

	ASSERT_NE(at, 0u);
	ASSERT_TRUE(device_.config16(at + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_64BIT);
	EXPECT_EQ(device_.config16(at + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE, 0);
	EXPECT_EQ(device_.config_write32(at + PCI_MSI_ADDRESS_LO, 0xfee00123), 4);
	EXPECT_EQ(device_.config_write32(at + PCI_MSI_ADDRESS_HI, 0x87654321), 4);
	EXPECT_EQ(device_.config_write16(at + PCI_MSI_DATA_64, 0xabcd), 2);
	EXPECT_EQ(device_.config_write16(at + PCI_MSI_FLAGS, 0xffff), 2);
	EXPECT_EQ(device_.config32(at + PCI_MSI_ADDRESS_LO), 0xfee00120u);
	EXPECT_EQ(device_.config32(at + PCI_MSI_ADDRESS_HI), 0x87654321u);
	EXPECT_EQ(device_.config16(at + PCI_MSI_DATA_64), 0xabcd);
	EXPECT_EQ(device_.config16(at + PCI_MSI_FLAGS), PCI_MSI_FLAGS_64BIT | 0x71);
	EXPECT_EQ(hardware_config(device_.address()), before);
}

TEST_F(ConfigEdu, ReadsNeedNoDomainAndWritesBringOne)
{
	Domain domain;

	if (iommu() == "none")
		return;
	ASSERT_EQ(domain.open(), 0);
	EXPECT_EQ(device_.config16(PCI_VENDOR_ID), 0x1234);
	ASSERT_EQ(domain.add(device_), 0);
	ASSERT_EQ(device_.call(VFIO_DOMAIN_UNSET), 0);
	EXPECT_EQ(device_.config_write8(PCI_CACHE_LINE_SIZE, 1), 1);
	EXPECT_EQ(domain.add(device_), -EBUSY);
}

} // namespace
