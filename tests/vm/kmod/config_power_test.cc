/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bits of configuration space that do something: decoding of memory and I/O, power states, resets.
 */
#include "tests/vm/kmod/fixture.h"
#include "tests/vm/kmod/functions.h"

#include <linux/pci_regs.h> /* after device.h, which has some of its names */

namespace
{

using namespace kmod;

uint32_t first_word(const Pages &bar)
{
	return *reinterpret_cast<volatile uint32_t *>(bar.data());
}

/* What becomes of a process that reads the first word; its page table is a copy of ours. */
int touch(const Pages &bar)
{
	return in_child([&] {
		first_word(bar);
		return 0;
	});
}

TEST(Decoding, MemoryOffTakesTheBarAwayAndOnGivesItBack)
{
	const int killed = 128 + SIGBUS;
	Device device;
	uint32_t word;
	Pages bar;

	ASSERT_EQ(device.open(address_of("EDU0")), 0);
	bar = device.map_bar(0);
	ASSERT_EQ(bar.error(), 0);
	EXPECT_EQ(first_word(bar), 0x010000edu);

	ASSERT_EQ(device.set_command(0, COMMAND_MEMORY), 0);
	EXPECT_EQ(touch(bar), killed);
	EXPECT_EQ(device.read(0, 0, &word, 4), -EIO);
	EXPECT_EQ(device.write(0, Edu::LIVENESS, &word, 4), -EIO);

	ASSERT_EQ(device.set_command(COMMAND_MEMORY), 0);
	EXPECT_EQ(touch(bar), 0);
	EXPECT_EQ(first_word(bar), 0x010000edu);
	EXPECT_EQ(device.read(0, 0, &word, 4), 4);
}

TEST(Decoding, IoOffTakesThePortsAwayAndOnGivesThemBack)
{
	uint8_t byte = 0x5a;
	Device device;

	ASSERT_EQ(device.open(serial_port()), 0);
	EXPECT_TRUE(device.config16(PCI_COMMAND) & COMMAND_IO);
	ASSERT_EQ(device.set_command(0, COMMAND_IO), 0);
	EXPECT_EQ(device.config16(PCI_COMMAND) & COMMAND_IO, 0);
	EXPECT_TRUE(hardware_config16(device.address(), PCI_COMMAND) & COMMAND_IO);
	EXPECT_EQ(device.read(0, 7, &byte, 1), -EIO);
	EXPECT_EQ(device.write(0, 7, &byte, 1), -EIO);
	ASSERT_EQ(device.set_command(COMMAND_IO), 0);
	EXPECT_EQ(device.read(0, 7, &byte, 1), 1);
}

/* Only a card with memory BARs and power management; its second word is its status. */
class Power : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(device_.open(e1000e()), 0);
		control_ = device_.capability(PCI_CAP_ID_PM) + PCI_PM_CTRL;
		ASSERT_NE(control_, static_cast<unsigned int>(PCI_PM_CTRL));
	}

	void ask_for(uint16_t state)
	{
		ASSERT_EQ(device_.config_write16(control_, state), 2);
	}
	unsigned int state() const
	{
		return device_.config16(control_) & PCI_PM_CTRL_STATE_MASK;
	}
	std::string core_state() const
	{
		return core_word(device_.address(), "power_state");
	}
	uint16_t hardware_command() const
	{
		return hardware_config16(device_.address(), PCI_COMMAND);
	}
	bool bar_answers() const
	{
		uint32_t word = 0;

		return device_.read(0, 8, &word, 4) == 4 && word != 0xffffffff;
	}

	enum { D0 = 0, D1 = 1, D2 = 2, D3HOT = 3 };

	Device device_;
	unsigned int control_ = 0;
};

TEST_F(Power, SleepTakesTheBarAwayAndWakingGivesItBack)
{
	const int killed = 128 + SIGBUS;
	uint32_t word;
	Pages bar = device_.map_bar(0);

	ASSERT_EQ(bar.error(), 0);
	ASSERT_TRUE(bar_answers());
	first_word(bar);
	ask_for(D3HOT);
	EXPECT_EQ(state(), static_cast<unsigned int>(D3HOT));
	EXPECT_EQ(core_state(), "D3hot");
	EXPECT_EQ(device_.read(0, 8, &word, 4), -EIO);
	EXPECT_EQ(touch(bar), killed);

	ask_for(D0);
	EXPECT_EQ(state(), static_cast<unsigned int>(D0));
	EXPECT_EQ(core_state(), "D0");
	EXPECT_TRUE(bar_answers());
	EXPECT_EQ(touch(bar), 0);
}

TEST_F(Power, ConfigurationSurvivesSleep)
{
	std::vector<uint8_t> before;

	ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	ASSERT_EQ(device_.config_write8(PCI_CACHE_LINE_SIZE, 0x77), 1);
	before = hardware_config(device_.address());
	ask_for(D3HOT);
	ask_for(D0);
	EXPECT_EQ(hardware_config(device_.address()), before);
	EXPECT_EQ(device_.config8(PCI_CACHE_LINE_SIZE), 0x77);
}

TEST_F(Power, MasteringForbiddenInSleepStaysForbidden)
{
	ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	ask_for(D3HOT);
	ASSERT_EQ(device_.set_command(0, COMMAND_MASTER), 0);
	ask_for(D0);
	EXPECT_EQ(hardware_command() & COMMAND_MASTER, 0);
	EXPECT_TRUE(hardware_command() & COMMAND_MEMORY);
}

TEST_F(Power, OtherStatesAndWakeUpAreNotForUsers)
{
	ask_for(D1);
	EXPECT_EQ(state(), static_cast<unsigned int>(D0));
	ask_for(D2);
	EXPECT_EQ(state(), static_cast<unsigned int>(D0));
	ask_for(PCI_PM_CTRL_PME_ENABLE);
	EXPECT_EQ(device_.config16(control_) & PCI_PM_CTRL_PME_ENABLE, 0);
	EXPECT_EQ(device_.config16(control_ - 2) & PCI_PM_CAP_PME_MASK, 0);
	EXPECT_EQ(core_state(), "D0");
	ask_for(D3HOT);
	ask_for(D1);
	EXPECT_EQ(state(), static_cast<unsigned int>(D3HOT));
}

TEST_F(Power, ResetWakes)
{
	int rc;

	ask_for(D3HOT);
	rc = device_.call(VFIO_RESET_FUNCTION);
	if (rc == -ENOTTY) /* then nothing happens at all */
		ask_for(D0);
	else
		ASSERT_EQ(rc, 0);
	EXPECT_EQ(state(), static_cast<unsigned int>(D0));
	EXPECT_TRUE(bar_answers());
}

TEST_F(Power, SleepEndsWithTheLastClose)
{
	ask_for(D3HOT);
	device_.close();
	EXPECT_EQ(core_state(), "D0");
	ASSERT_EQ(device_.open(e1000e()), 0);
	EXPECT_EQ(state(), static_cast<unsigned int>(D0));
	EXPECT_TRUE(bar_answers());
}

/* The transmit queue of a virtual function, switched on, says whether it was reset [Q]. */
class ResetByConfig : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(device_.open(address_of("VF0")), 0) << "VFNET_VF0";
		control_ = device_.capability(PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL;
		ASSERT_EQ(device_.write(Vf::REGISTERS, TXDCTL, &ENABLE, 4), 4);
		ASSERT_FALSE(was_reset());
	}

	bool was_reset() const
	{
		uint32_t word = ENABLE;

		EXPECT_EQ(device_.read(Vf::REGISTERS, TXDCTL, &word, 4), 4);
		return !(word & ENABLE);
	}

	static constexpr uint64_t TXDCTL = 0x3828;
	static constexpr uint32_t ENABLE = 1 << 25;
	Device device_;
	unsigned int control_ = 0;
};

TEST_F(ResetByConfig, FunctionLevelResetBitResets)
{
	ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	ASSERT_EQ(device_.config_write8(PCI_CACHE_LINE_SIZE, 0x77), 1);
	ASSERT_EQ(device_.config_write16(control_, PCI_EXP_DEVCTL_BCR_FLR), 2);
	EXPECT_TRUE(was_reset());
	EXPECT_EQ(device_.config16(control_) & PCI_EXP_DEVCTL_BCR_FLR, 0);
	EXPECT_EQ(device_.config8(PCI_CACHE_LINE_SIZE), 0x77) << "what the user wrote stays";
	EXPECT_TRUE(hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_MASTER);
}

TEST_F(ResetByConfig, TheOtherBitsDoNot)
{
	ASSERT_EQ(device_.config_write8(control_, 0xff), 1);
	ASSERT_EQ(device_.config_write16(control_, 0x7fff), 2);
	EXPECT_FALSE(was_reset());
}

TEST_F(ResetByConfig, UpperByteAloneResets)
{
	ASSERT_EQ(device_.config_write8(control_ + 1, PCI_EXP_DEVCTL_BCR_FLR >> 8), 1);
	EXPECT_TRUE(was_reset());
}

} // namespace
