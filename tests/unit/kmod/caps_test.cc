/* SPDX-License-Identifier: BSD-2-Clause */
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include <linux/pci_regs.h>

#include "tests/unit/kmod/caps_check.h"

namespace
{

/* A device whose configuration space is what a test writes into it. */
class Chip
{
      public:
	Chip()
	{
		memset(space_, 0, sizeof(space_));
		set(PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	}

	void set(unsigned int at, unsigned int size, uint32_t value)
	{
		vfio_config_put(space_ + at, size, value);
	}
	void fill(unsigned int at, unsigned int size, uint8_t byte)
	{
		memset(space_ + at, byte, size);
	}
	void first(unsigned int pos)
	{
		set(PCI_CAPABILITY_LIST, 1, pos);
	}
	void cap(unsigned int pos, uint32_t id, unsigned int next)
	{
		set(pos, 2, id | next << 8);
	}
	void ext_cap(unsigned int pos, uint32_t id, unsigned int next)
	{
		set(pos, 4, id | 1u << 16 | next << 20);
	}

	static u32 read(void *chip, unsigned int pos, unsigned int size)
	{
		EXPECT_LE(pos + size, sizeof(space_));
		EXPECT_EQ(pos % size, 0u);
		return vfio_config_get(static_cast<Chip *>(chip)->space_ + pos, size);
	}

      private:
	uint8_t space_[VFIO_CONFIG_SIZE];
};

class Capabilities : public ::testing::Test
{
      protected:
	void build(unsigned int size = VFIO_CONFIG_SIZE)
	{
		vfio_config_source source = {};

		source.read = Chip::read;
		source.device = &chip_;
		config_.size = size;
		vfio_config_add_caps(&config_, &source);
		EXPECT_STREQ(caps_check(&config_), nullptr);
	}

	/* positions in the order of the user's list */
	std::vector<unsigned int> shown() const
	{
		std::vector<unsigned int> list;

		for (unsigned int pos = config_.shadow[PCI_CAPABILITY_LIST];
		     pos && list.size() < 1000; pos = config_.shadow[pos + 1])
			list.push_back(pos);
		return list;
	}
	std::vector<unsigned int> shown_extended() const
	{
		std::vector<unsigned int> list;
		unsigned int pos = 0x100;

		while (pos && list.size() < 1000) {
			uint32_t header = vfio_config_get(config_.shadow + pos, 4);

			if (header & 0xffff)
				list.push_back(pos);
			pos = header >> 20;
		}
		return list;
	}

	uint32_t real(unsigned int at, unsigned int size) const
	{
		return vfio_config_get(config_.real + at, size);
	}
	uint32_t writable(unsigned int at, unsigned int size) const
	{
		return vfio_config_get(config_.writable + at, size);
	}
	bool nothing_real(unsigned int from, unsigned int to) const
	{
		for (unsigned int i = from; i < to; i++)
			if (config_.real[i])
				return false;
		return true;
	}

	typedef std::vector<unsigned int> List;

	Chip chip_;
	vfio_config config_ = {};
};

TEST_F(Capabilities, KnownOnesAreShownInTheDevicesOrder)
{
	chip_.first(0x80);
	chip_.cap(0x80, PCI_CAP_ID_EXP, 0x40);
	chip_.cap(0x40, PCI_CAP_ID_PM, 0x60);
	chip_.cap(0x60, PCI_CAP_ID_MSIX, 0);
	build();
	EXPECT_EQ(shown(), (List{0x80, 0x40, 0x60}));
	EXPECT_TRUE(config_.shadow[PCI_STATUS] & PCI_STATUS_CAP_LIST);
	EXPECT_EQ(config_.pm, 0x40u);
	EXPECT_EQ(config_.exp, 0x80u);
	EXPECT_EQ(real(0x62, 4), 0xffffffffu) << "the MSI-X table's place can be read";
	EXPECT_EQ(writable(0x60, 4), 0u);
}

TEST_F(Capabilities, UnknownOneIsLeftOutAndReadsAsZero)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_HT, 0x50);
	chip_.cap(0x50, PCI_CAP_ID_MSIX, 0x60);
	chip_.cap(0x60, 0x77, 0);
	build();
	EXPECT_EQ(shown(), (List{0x50}));
	EXPECT_TRUE(nothing_real(0x40, 0x50));
	EXPECT_TRUE(nothing_real(0x5c, 0x100));
}

TEST_F(Capabilities, NoListIsNotLookedFor)
{
	chip_.set(PCI_STATUS, 2, 0);
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_PM, 0);
	build();
	EXPECT_EQ(shown(), List());
	EXPECT_EQ(config_.pm, 0u);
}

TEST_F(Capabilities, LoopEnds)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_VNDR, 0x50);
	chip_.cap(0x50, PCI_CAP_ID_VNDR, 0x60);
	chip_.cap(0x60, PCI_CAP_ID_VNDR, 0x50);
	chip_.ext_cap(0x100, PCI_EXT_CAP_ID_VNDR, 0x200);
	chip_.ext_cap(0x200, PCI_EXT_CAP_ID_VNDR, 0x200);
	build();
	EXPECT_EQ(shown(), (List{0x40, 0x50, 0x60}));
	EXPECT_EQ(shown_extended(), (List{0x100, 0x200}));
}

TEST_F(Capabilities, VeryLongListEnds)
{
	for (unsigned int pos = 0x100; pos < 0xff0; pos += 8)
		chip_.ext_cap(pos, PCI_EXT_CAP_ID_VNDR, pos + 8);
	build();
	EXPECT_EQ(shown_extended().size(), 48u);
}

TEST_F(Capabilities, PointerIntoTheHeaderEndsTheList)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_MSIX, 0x10);
	chip_.cap(0x10, PCI_CAP_ID_PM, 0);
	chip_.ext_cap(0x100, PCI_EXT_CAP_ID_ARI, 0x40);
	build();
	EXPECT_EQ(shown(), (List{0x40}));
	EXPECT_EQ(shown_extended(), (List{0x100}));
}

TEST_F(Capabilities, LowBitsOfPointersAreIgnored)
{
	chip_.first(0x43);
	chip_.cap(0x40, PCI_CAP_ID_MSIX, 0x51);
	chip_.cap(0x50, PCI_CAP_ID_PM, 0);
	build();
	EXPECT_EQ(shown(), (List{0x40, 0x50}));
}

TEST_F(Capabilities, DeviceThatAnswersWithOnesHasNone)
{
	chip_.fill(0, VFIO_CONFIG_SIZE, 0xff);
	build();
	EXPECT_EQ(shown(), List());
	EXPECT_EQ(shown_extended(), List());
	EXPECT_TRUE(nothing_real(0, VFIO_CONFIG_SIZE));
}

TEST_F(Capabilities, LengthBeyondTheEndIsCut)
{
	chip_.first(0xf0);
	chip_.cap(0xf0, PCI_CAP_ID_VNDR, 0);
	chip_.set(0xf2, 1, 0xff);
	chip_.ext_cap(0x100, PCI_EXT_CAP_ID_ARI, 0xff0);
	chip_.ext_cap(0xff0, PCI_EXT_CAP_ID_VNDR, 0);
	chip_.set(0xff4, 4, 0xfff00000);
	build();
	EXPECT_EQ(real(0xfc, 4), 0xffffffffu);
	EXPECT_TRUE(nothing_real(0x108, 0xff4));
	EXPECT_EQ(real(0xffc, 4), 0xffffffffu);
}

TEST_F(Capabilities, LengthIntoTheNextOneIsCut)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_VNDR, 0x50);
	chip_.set(0x42, 1, 0xc0);
	chip_.cap(0x50, PCI_CAP_ID_PM, 0);
	build();
	EXPECT_EQ(real(0x4c, 4), 0xffffffffu);
	EXPECT_EQ(real(0x50, 2), 0u);
	EXPECT_EQ(config_.pm, 0x50u);
	EXPECT_TRUE(nothing_real(0x58, 0x100));
}

TEST_F(Capabilities, LengthTooSmallIsTheLeastThatMakesSense)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_VNDR, 0);
	build();
	EXPECT_EQ(shown(), (List{0x40}));
	EXPECT_EQ(config_.real[0x42], 0xff);
	EXPECT_TRUE(nothing_real(0x43, 0x100));
}

TEST_F(Capabilities, TruncatedOneIsHidden)
{
	chip_.first(0xfc);
	chip_.cap(0xfc, PCI_CAP_ID_PM, 0xf8);
	chip_.cap(0xf8, PCI_CAP_ID_MSI, 0x40);
	chip_.cap(0x40, PCI_CAP_ID_AF, 0x44);
	chip_.cap(0x44, PCI_CAP_ID_EXP, 0x4c);
	chip_.cap(0x4c, PCI_CAP_ID_MSIX, 0);
	chip_.ext_cap(0x100, PCI_EXT_CAP_ID_ARI, 0xffc);
	chip_.ext_cap(0xffc, PCI_EXT_CAP_ID_DSN, 0);
	build();
	EXPECT_EQ(shown(), (List{0x4c}));
	EXPECT_EQ(shown_extended(), (List{0x100}));
	EXPECT_EQ(config_.pm | config_.af | config_.exp, 0u);
}

TEST_F(Capabilities, SecondOfASingleKindIsHidden)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_PM, 0x50);
	chip_.cap(0x50, PCI_CAP_ID_PM, 0x60);
	chip_.cap(0x60, PCI_CAP_ID_VNDR, 0x70);
	chip_.cap(0x70, PCI_CAP_ID_VNDR, 0);
	build();
	EXPECT_EQ(shown(), (List{0x40, 0x60, 0x70}));
	EXPECT_EQ(config_.pm, 0x40u);
	EXPECT_TRUE(nothing_real(0x50, 0x60));
}

TEST_F(Capabilities, PowerManagementHasTheStateToWriteAndNoWakeUp)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_PM, 0);
	build();
	EXPECT_EQ(writable(0x40, 4), 0u);
	EXPECT_EQ(writable(0x44, 4), 3u);
	EXPECT_EQ(real(0x42, 2), 0x27u);
	EXPECT_EQ(real(0x44, 4), 0xbu);
}

TEST_F(Capabilities, ProductDataAreNotTheDevicesRegisters)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_VPD, 0);
	build();
	EXPECT_TRUE(nothing_real(0x40, 0x48));
	EXPECT_EQ(writable(0x42, 2), 0xfffcu);
	EXPECT_EQ(writable(0x44, 4), 0u);
}

struct MsiLayout {
	uint32_t flags;
	unsigned int data, mask, end;
};

class MsiLayouts : public Capabilities, public ::testing::WithParamInterface<MsiLayout>
{
};

TEST_P(MsiLayouts, AreTheUsersOwn)
{
	const MsiLayout &layout = GetParam();

	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_MSI, 0);
	chip_.set(0x42, 2, layout.flags | PCI_MSI_FLAGS_ENABLE | 0x6a | 0xfe00);
	build();
	EXPECT_TRUE(nothing_real(0x40, 0x100));
	EXPECT_EQ(vfio_config_get(config_.shadow + 0x42, 2), layout.flags | 0x0a);
	EXPECT_EQ(writable(0x42, 2), 0x71u);
	EXPECT_EQ(writable(0x44, 4), 0xfffffffcu);
	EXPECT_EQ(writable(layout.data, 2), 0xffffu);
	if (layout.mask) {
		EXPECT_EQ(writable(layout.mask, 4), 0xffffffffu);
	}
	for (unsigned int i = layout.mask ? layout.mask + 4 : layout.data + 2; i < 0x100; i++)
		EXPECT_EQ(config_.writable[i], 0) << i;
}

INSTANTIATE_TEST_SUITE_P(
    All, MsiLayouts,
    ::testing::Values(MsiLayout{0, 0x48, 0, 0x4a}, MsiLayout{PCI_MSI_FLAGS_64BIT, 0x4c, 0, 0x4e},
		      MsiLayout{PCI_MSI_FLAGS_MASKBIT, 0x48, 0x4c, 0x54},
		      MsiLayout{PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT, 0x4c, 0x50, 0x58}));

TEST_F(Capabilities, LongMsiWithoutRoomIsHidden)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_MSI, 0x50);
	chip_.set(0x42, 2, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT);
	chip_.cap(0x50, PCI_CAP_ID_MSIX, 0);
	build();
	EXPECT_EQ(shown(), (List{0x50}));
	EXPECT_EQ(writable(0x44, 4) | writable(0x50, 4), 0u);
}

TEST_F(Capabilities, ResetCanBeWrittenOnlyWhereTheDeviceHasIt)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_EXP, 0xa0);
	chip_.set(0x42, 2, 2);
	chip_.cap(0xa0, PCI_CAP_ID_AF, 0);
	build();
	EXPECT_EQ(writable(0x48, 4) | writable(0xa4, 2), 0u);

	chip_.set(0x44, 4, PCI_EXP_DEVCAP_FLR);
	chip_.set(0xa3, 1, PCI_AF_CAP_FLR);
	config_ = {};
	build();
	EXPECT_EQ(writable(0x48, 4), 0x8000u);
	EXPECT_EQ(writable(0xa4, 2), 1u);
}

TEST_F(Capabilities, ExpressOfVersionOneIsShort)
{
	chip_.first(0x40);
	chip_.cap(0x40, PCI_CAP_ID_EXP, 0);
	chip_.set(0x42, 2, 1);
	build();
	EXPECT_TRUE(nothing_real(0x54, 0x100));
	chip_.set(0x42, 2, 2);
	config_ = {};
	build();
	EXPECT_EQ(real(0x54, 4), 0xffffffffu);
	EXPECT_TRUE(nothing_real(0x74, 0x100));
}

TEST_F(Capabilities, ExtendedOnesAreShownAndNeverWritable)
{
	chip_.ext_cap(0x100, PCI_EXT_CAP_ID_ERR, 0x140);
	chip_.ext_cap(0x140, PCI_EXT_CAP_ID_SRIOV, 0x180);
	chip_.ext_cap(0x180, PCI_EXT_CAP_ID_DSN, 0x1a0);
	chip_.ext_cap(0x1a0, PCI_EXT_CAP_ID_ATS, 0);
	build();
	EXPECT_EQ(shown_extended(), (List{0x100, 0x180}));
	EXPECT_EQ(vfio_config_get(config_.shadow + 0x180, 4), 0x00010003u);
	EXPECT_TRUE(nothing_real(0x12c, 0x184));
	EXPECT_TRUE(nothing_real(0x18c, 0x1000));
}

TEST_F(Capabilities, HiddenFirstExtendedOneLeavesANullInItsPlace)
{
	chip_.ext_cap(0x100, PCI_EXT_CAP_ID_SRIOV, 0x150);
	chip_.ext_cap(0x150, PCI_EXT_CAP_ID_ARI, 0);
	build();
	EXPECT_EQ(vfio_config_get(config_.shadow + 0x100, 4), 0x15010000u);
	EXPECT_EQ(shown_extended(), (List{0x150}));
	EXPECT_TRUE(nothing_real(0x100, 0x154));
}

TEST_F(Capabilities, NoExtendedOneShownMeansZeros)
{
	chip_.ext_cap(0x100, PCI_EXT_CAP_ID_SRIOV, 0x150);
	chip_.ext_cap(0x150, PCI_EXT_CAP_ID_PASID, 0);
	build();
	EXPECT_EQ(vfio_config_get(config_.shadow + 0x100, 4), 0u);
}

TEST_F(Capabilities, SpaceOf256BytesHasNoExtendedOnes)
{
	chip_.ext_cap(0x100, PCI_EXT_CAP_ID_DSN, 0);
	build(256);
	EXPECT_TRUE(nothing_real(0x100, 0x1000));
}

/* A device that never says the same twice. */
TEST(HostileCapabilities, EveryPromiseIsKept)
{
	std::mt19937 random(20261123);
	vfio_config_source source = {};

	source.device = &random;
	source.read = [](void *device, unsigned int pos, unsigned int size) -> u32 {
		std::mt19937 &dice = *static_cast<std::mt19937 *>(device);
		u32 value = static_cast<u32>(dice());

		EXPECT_LE(pos + size, 4096u);
		if (size == 2) /* else most identities are unknown */
			value = (value & 0xff00) | (value % 0x15);
		if (size == 4)
			value = (value & 0xfff00000) | (value % 0x1a);
		return size == 1 ? value & 0xff : value;
	};
	for (int i = 0; i < 20000; i++) {
		vfio_config config = {};

		config.size = i & 1 ? 256 : 4096;
		vfio_config_add_caps(&config, &source);
		ASSERT_STREQ(caps_check(&config), nullptr) << "round " << i;
	}
}

} // namespace
