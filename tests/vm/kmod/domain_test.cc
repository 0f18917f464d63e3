/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains of /dev/uiommu: several devices with one address space, and who may share with whom. */
#include <csignal>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const uint64_t IOVA = 0xb0000000;

/* A device and its registers. */
struct Card {
	Device device;
	Edu edu;

	int open(const char *name)
	{
		return device.open(address_of(name));
	}
	/* needs a domain */
	int attach()
	{
		int rc = edu.attach(device);

		return rc ? rc : device.set_command(COMMAND_MASTER);
	}
};

class UiommuTest : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_EQ(domain_.open(), 0);
		ASSERT_EQ(first_.open("EDU0"), 0);
		ASSERT_EQ(second_.open("EDU1"), 0);
		from_ = Pages::anonymous(PAGE);
		to_ = Pages::anonymous(PAGE);
	}

	void join(Card &card)
	{
		ASSERT_EQ(domain_.add(card.device), 0);
		ASSERT_EQ(card.attach(), 0);
	}

	/* @card copies from one address to the other */
	bool copies(const Card &card, uint64_t from, uint64_t to)
	{
		static uint8_t byte = 1;

		from_.fill(++byte);
		to_.fill(0);
		return card.edu.from_memory(from) && card.edu.to_memory(to) && to_.all(byte);
	}

	Domain domain_;
	Card first_, second_;
	Pages from_, to_;
};

TEST_F(UiommuTest, TwoDevicesShareAddresses)
{
	join(first_);
	join(second_);
	ASSERT_EQ(domain_.map_iova(from_.data(), PAGE, 0, 0x1000000), 0);
	ASSERT_EQ(domain_.map_iova(to_.data(), PAGE, VFIO_FLAG_WRITE, 0x2000000), 0);
	EXPECT_TRUE(copies(first_, 0x1000000, 0x2000000));
	EXPECT_TRUE(copies(second_, 0x1000000, 0x2000000));
	EXPECT_EQ(domain_.unmap(to_.data(), PAGE, 0x2000000), 0);
	ExpectFaults first(first_.device.address());
	EXPECT_FALSE(copies(first_, 0x1000000, 0x2000000));
}

TEST_F(UiommuTest, MappingsOfADevicesDescriptorAreSharedToo)
{
	join(first_);
	join(second_);
	ASSERT_EQ(first_.device.map_iova(from_.data(), PAGE, 0, 0x1000000), 0);
	ASSERT_EQ(second_.device.map_iova(to_.data(), PAGE, VFIO_FLAG_WRITE, 0x2000000), 0);
	EXPECT_TRUE(copies(first_, 0x1000000, 0x2000000));
	EXPECT_TRUE(copies(second_, 0x1000000, 0x2000000));
	EXPECT_EQ(domain_.map_iova(from_.data(), PAGE, 0, 0x2000000), -EEXIST);
	EXPECT_EQ(domain_.unmap(to_.data(), PAGE, 0x2000000), -EINVAL) << "not its own";
	EXPECT_EQ(first_.device.unmap(to_.data(), PAGE, 0x2000000), -EINVAL) << "not its own";
	second_.edu.detach();
	second_.device.close();
	ExpectFaults first(first_.device.address());
	EXPECT_FALSE(copies(first_, 0x1000000, 0x2000000)) << "died with its descriptor";
}

TEST_F(UiommuTest, MappingsDieWithTheDomainsDescriptorAndTheDomainDoesNot)
{
	join(first_);
	ASSERT_EQ(domain_.map_iova(from_.data(), PAGE, 0, 0x1000000), 0);
	ASSERT_EQ(first_.device.map_iova(to_.data(), PAGE, VFIO_FLAG_WRITE, 0x2000000), 0);
	ASSERT_TRUE(copies(first_, 0x1000000, 0x2000000));
	domain_.close();
	EXPECT_TRUE(eventually([] { return locked_bytes() == PAGE; }));
	{
		ExpectFaults first(first_.device.address());
		EXPECT_FALSE(copies(first_, 0x1000000, 0x2000000));
	}
	ASSERT_EQ(first_.device.map_iova(from_.data(), PAGE, 0, 0x1000000), 0);
	EXPECT_TRUE(copies(first_, 0x1000000, 0x2000000));
}

TEST_F(UiommuTest, IsEmptyUntilADeviceComes)
{
	EXPECT_EQ(domain_.map_iova(from_.data(), PAGE, 0, IOVA), -ENODEV);
	EXPECT_EQ(domain_.unmap(from_.data(), PAGE, IOVA), -EINVAL);
	join(first_);
	EXPECT_EQ(domain_.map_iova(from_.data(), PAGE, 0, IOVA), 0);
}

TEST_F(UiommuTest, KnowsNoOtherCalls)
{
	uint64_t argument[4] = {};

	join(first_);
	for (unsigned long command : COMMANDS) {
		if (command == VFIO_DMA_MAP_IOVA || command == VFIO_DMA_MAP_ANYWHERE ||
		    command == VFIO_DMA_UNMAP)
			continue;
		EXPECT_EQ(call(domain_.fd(), command, argument), -ENOTTY) << std::hex << command;
	}
}

TEST_F(UiommuTest, SetRefusesWhatIsNoDomain)
{
	Fd file = memory_file(PAGE);
	int fd = -1;

	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_SET, &fd), -EBADF);
	fd = 1 << 20;
	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_SET, &fd), -EBADF);
	fd = file.get();
	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_SET, &fd), -EINVAL);
	fd = first_.device.fd();
	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_SET, &fd), -EINVAL);
	EXPECT_EQ(domain_.add(first_.device), 0);
}

TEST_F(UiommuTest, SetTwiceIsBusy)
{
	Domain other;

	ASSERT_EQ(other.open(), 0);
	ASSERT_EQ(domain_.add(first_.device), 0);
	EXPECT_EQ(domain_.add(first_.device), -EBUSY);
	EXPECT_EQ(other.add(first_.device), -EBUSY);
}

/* Each call that needs a domain makes a private one; then there is no way into another. */
TEST_F(UiommuTest, SetAfterAPrivateDomainIsBusy)
{
	uint32_t word;

	ASSERT_EQ(first_.device.dma_mask(UINT32_MAX), 0);
	EXPECT_EQ(domain_.add(first_.device), -EBUSY);
	ASSERT_EQ(second_.device.read(0, 0, &word, 4), 4);
	EXPECT_EQ(domain_.add(second_.device), -EBUSY);
	first_.device.close();
	ASSERT_EQ(first_.open("EDU0"), 0);
	EXPECT_EQ(domain_.add(first_.device), 0) << "it went with the last close";
}

TEST_F(UiommuTest, SetAfterConfigReadsIsFine)
{
	EXPECT_EQ(first_.device.config16(PCI_VENDOR), 0x1234);
	EXPECT_EQ(first_.device.bar_len(0), 1 << 20);
	EXPECT_EQ(domain_.add(first_.device), 0);
}

TEST_F(UiommuTest, UnsetWithoutADomainIsRefused)
{
	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_UNSET), -EINVAL);
	ASSERT_EQ(domain_.add(first_.device), 0);
	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_UNSET), 0);
	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_UNSET), -EINVAL);
}

TEST_F(UiommuTest, UnsetWhileADescriptorHasMappingsIsBusy)
{
	join(first_);
	ASSERT_EQ(first_.device.map_iova(from_.data(), PAGE, 0, IOVA), 0);
	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_UNSET), -EBUSY);
	ASSERT_EQ(first_.device.unmap(from_.data(), PAGE, IOVA), 0);
	EXPECT_EQ(first_.device.call(VFIO_DOMAIN_UNSET), 0);
}

/* A device that is out of its domain would be in the kernel's: it must be quiet then. */
TEST_F(UiommuTest, UnsetSilencesTheDevice)
{
	join(first_);
	ASSERT_EQ(first_.edu.read(Edu::IDENTIFICATION), 0x010000edu);
	ASSERT_EQ(first_.device.call(VFIO_DOMAIN_UNSET), 0);
	EXPECT_EQ(hardware_config16(first_.device.address(), PCI_COMMAND) & COMMAND_MASTER, 0);
	EXPECT_EQ(in_child([this] { return first_.edu.read(Edu::IDENTIFICATION) == 0; }),
		  128 + SIGBUS)
	    << "the BAR is out of reach";
	ASSERT_EQ(domain_.add(first_.device), 0);
	EXPECT_EQ(first_.edu.read(Edu::IDENTIFICATION), 0x010000edu) << "and back";
}

TEST_F(UiommuTest, DeviceMayComeBack)
{
	Domain other;

	ASSERT_EQ(other.open(), 0);
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ((i & 1 ? other : domain_).add(first_.device), 0) << i;
		ASSERT_EQ(first_.attach(), 0) << i;
		ASSERT_EQ(first_.device.map_iova(from_.data(), PAGE, 0, IOVA), 0) << i;
		ASSERT_EQ(first_.device.unmap(from_.data(), PAGE, IOVA), 0) << i;
		ASSERT_EQ(first_.device.call(VFIO_DOMAIN_UNSET), 0) << i;
	}
}

TEST_F(UiommuTest, MappingsStayWhileOneOfTwoDevicesLeaves)
{
	join(first_);
	join(second_);
	ASSERT_EQ(domain_.map_iova(from_.data(), PAGE, 0, 0x1000000), 0);
	ASSERT_EQ(domain_.map_iova(to_.data(), PAGE, VFIO_FLAG_WRITE, 0x2000000), 0);
	first_.edu.detach();
	first_.device.close();
	EXPECT_TRUE(copies(second_, 0x1000000, 0x2000000));
}

TEST_F(UiommuTest, MaskBelowTheDomainsMappingsIsBusy)
{
	join(first_);
	join(second_);
	ASSERT_EQ(domain_.map_iova(from_.data(), PAGE, 0, IOVA), 0);
	EXPECT_EQ(second_.device.dma_mask((UINT64_C(1) << 28) - 1), -EBUSY);
}

/* EDU2 and EDU3 stand behind one bridge: the IOMMU cannot tell them apart. */
class SharedGroup : public UiommuTest
{
      protected:
	void SetUp() override
	{
		UiommuTest::SetUp();
		ASSERT_EQ(third_.open("EDU2"), 0);
		ASSERT_EQ(fourth_.open("EDU3"), 0);
	}

	Card third_, fourth_;
};

TEST_F(SharedGroup, OneDomainForBoth)
{
	join(third_);
	join(fourth_);
	ASSERT_EQ(domain_.map_iova(from_.data(), PAGE, 0, 0x1000000), 0);
	ASSERT_EQ(domain_.map_iova(to_.data(), PAGE, VFIO_FLAG_WRITE, 0x2000000), 0);
	EXPECT_TRUE(copies(third_, 0x1000000, 0x2000000));
	EXPECT_TRUE(copies(fourth_, 0x1000000, 0x2000000));
	ASSERT_EQ(third_.device.call(VFIO_DOMAIN_UNSET), 0);
	EXPECT_TRUE(copies(fourth_, 0x1000000, 0x2000000)) << "the group is still attached";
}

TEST_F(SharedGroup, TwoDomainsAreBusy)
{
	Domain other;

	ASSERT_EQ(other.open(), 0);
	join(third_);
	EXPECT_EQ(other.add(fourth_.device), -EBUSY);
	ASSERT_EQ(third_.device.call(VFIO_DOMAIN_UNSET), 0);
	EXPECT_EQ(other.add(fourth_.device), 0);
}

TEST_F(SharedGroup, PrivateDomainIsForOneOfThem)
{
	ASSERT_EQ(third_.device.dma_mask(UINT32_MAX), 0);
	EXPECT_EQ(fourth_.device.dma_mask(UINT32_MAX), -EBUSY);
	EXPECT_EQ(domain_.add(fourth_.device), -EBUSY);
	third_.device.close();
	EXPECT_EQ(fourth_.device.dma_mask(UINT32_MAX), 0);
}

/* A program of the later series, in the order of its calls [kmod/README.md]. */
TEST(LaterSeries, ProgramRuns)
{
	const uint64_t CHUNK = HUGE - PAGE;
	Eventfd events[Vf::N_VECTORS];
	uint64_t iova = 0xf0000000;
	Pages memory[4];
	Device device;
	Domain domain;
	Vf vf;

	ASSERT_EQ(device.open(address_of("VF0")), 0);
	ASSERT_EQ(domain.open(), 0);
	EXPECT_EQ(device.config32(PCI_VENDOR), 0x10ca8086u) << "before the domain is set";
	ASSERT_EQ(domain.add(device), 0);
	ASSERT_EQ(device.set_command(COMMAND_MASTER), 0);
	ASSERT_EQ(vf.attach(device), 0);
	for (Pages &pages : memory) {
		pages = Pages::anonymous(CHUNK);
		iova -= HUGE;
		ASSERT_EQ(device.map_iova(pages.data(), CHUNK, VFIO_FLAG_WRITE, iova), 0);
	}
	ASSERT_EQ(device.msix({events[0].get(), events[1].get(), events[2].get()}), 0);
	vf.enable_vectors(7);
	vf.fire(1);
	EXPECT_EQ(events[1].wait(2000), 1u);
	EXPECT_EQ(device.msix({}), 0);
	for (Pages &pages : memory) {
		EXPECT_EQ(device.unmap(pages.data(), CHUNK, iova + 3 * HUGE), 0);
		iova -= HUGE;
	}
}

} // namespace
