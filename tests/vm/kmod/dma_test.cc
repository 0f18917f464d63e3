/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA by edu through mappings: what is mapped is reached, both ways and over its whole length, and
 * nothing else is.
 */
#include <algorithm>
#include <tuple>
#include <vector>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

enum class Kind { ORDINARY, HUGEPAGES, MEMFD };
const uint64_t ANYWHERE = 0;

class Transfer : public EduTest,
		 public ::testing::WithParamInterface<std::tuple<uint64_t, Kind, uint64_t>>
{
      protected:
	void SetUp() override
	{
		EduTest::SetUp();
		if (HasFatalFailure())
			return;
		size_ = std::get<0>(GetParam());
		switch (std::get<1>(GetParam())) {
		case Kind::ORDINARY:
			pages_ = Pages::anonymous(size_);
			break;
		case Kind::HUGEPAGES:
			pages_ = Pages::huge(size_);
			break;
		case Kind::MEMFD:
			pages_ = Pages::shared(memory_file(size_), size_);
			break;
		}
		ASSERT_TRUE(pages_.data()) << strerror(-pages_.error());
	}

	int map(uint64_t flags)
	{
		iova_ = std::get<2>(GetParam());
		if (iova_ == ANYWHERE)
			return device_.map_anywhere(pages_.data(), size_, flags, &iova_);
		return device_.map_iova(pages_.data(), size_, flags, iova_);
	}

	uint64_t size_ = 0, iova_ = 0;
	Pages pages_;
};

TEST_P(Transfer, ReachesTheWholeMappingBothWays)
{
	uint64_t middle = size_ / 2 / PAGE * PAGE;

	ASSERT_EQ(map(VFIO_FLAG_WRITE), 0);
	for (uint64_t at : {uint64_t{0}, middle, size_ - PAGE}) {
		EXPECT_TRUE(reads(iova_ + at, pages_, at)) << "at " << at;
		EXPECT_TRUE(writes(iova_ + at, pages_, at)) << "at " << at;
	}
	EXPECT_EQ(device_.unmap(pages_.data(), size_, iova_), 0);
	expect_cut(iova_, pages_);
	expect_cut(iova_ + size_ - PAGE, pages_, size_ - PAGE);
}

TEST_P(Transfer, ReadOnlyMappingIsReadAndNotWritten)
{
	ASSERT_EQ(map(0), 0);
	EXPECT_TRUE(reads(iova_, pages_));
	expect_write_cut(iova_, pages_);
	expect_write_cut(iova_ + size_ - PAGE, pages_, size_ - PAGE);
	EXPECT_EQ(device_.unmap(pages_.data(), size_, iova_), 0);
}

std::string transfer_name(const ::testing::TestParamInfo<Transfer::ParamType> &info)
{
	static const char *const kinds[] = {"Ordinary", "Hugepages", "Memfd"};
	uint64_t size = std::get<0>(info.param), iova = std::get<2>(info.param);
	std::string name = kinds[static_cast<int>(std::get<1>(info.param))];

	if (size >= MIB)
		name += std::to_string(size / MIB) + "MiB";
	else
		name += std::to_string(size / KIB) + "KiB";
	return name + (iova == ANYWHERE ? "Anywhere" : iova < 4 * GIB ? "Iova" : "IovaHigh");
}

const uint64_t LOW = 0xb0000000, HIGH = 0x1234000000;

INSTANTIATE_TEST_SUITE_P(Pages, Transfer,
			 ::testing::Values(std::make_tuple(PAGE, Kind::ORDINARY, ANYWHERE),
					   std::make_tuple(PAGE, Kind::ORDINARY, HIGH),
					   std::make_tuple(PAGE, Kind::MEMFD, LOW),
					   std::make_tuple(5 * PAGE, Kind::MEMFD, ANYWHERE),
					   std::make_tuple(64 * KIB, Kind::ORDINARY, LOW),
					   std::make_tuple(16 * MIB, Kind::ORDINARY, ANYWHERE)),
			 transfer_name);

INSTANTIATE_TEST_SUITE_P(Hugepages, Transfer,
			 ::testing::Values(std::make_tuple(HUGE, Kind::HUGEPAGES, ANYWHERE),
					   std::make_tuple(HUGE, Kind::HUGEPAGES, LOW + PAGE),
					   std::make_tuple(64 * MIB, Kind::HUGEPAGES, ANYWHERE),
					   std::make_tuple(64 * MIB, Kind::HUGEPAGES, HIGH)),
			 transfer_name);

/* Needs a machine of 4 GiB with 512 free hugepages, and root's limit of locked memory. */
INSTANTIATE_TEST_SUITE_P(Gigabyte, Transfer,
			 ::testing::Values(std::make_tuple(GIB, Kind::HUGEPAGES, ANYWHERE),
					   std::make_tuple(GIB, Kind::HUGEPAGES, HIGH),
					   std::make_tuple(GIB, Kind::ORDINARY, ANYWHERE)),
			 transfer_name);

class Dma : public EduTest
{
};

TEST_F(Dma, PagesBesideAMappingAreNotReached)
{
	Pages pages = Pages::anonymous(3 * PAGE);
	uint64_t iova = LOW;

	pages.fill(0);
	ASSERT_EQ(device_.map_iova(pages.data() + PAGE, PAGE, VFIO_FLAG_WRITE, iova), 0);
	EXPECT_TRUE(writes(iova, pages, PAGE));
	expect_cut(iova - PAGE, pages, 0);
	expect_cut(iova + PAGE, pages, 2 * PAGE);
}

TEST_F(Dma, OneTransferSpansSeveralPages)
{
	Pages pages = Pages::anonymous(8 * PAGE);
	uint64_t iova = LOW, at = 3 * PAGE + 0x800;

	/* order of the pages in memory is the kernel's; touching them backwards shuffles it */
	for (int i = 7; i >= 0; i--)
		pages.data()[static_cast<uint64_t>(i) * PAGE] = 1;
	ASSERT_EQ(device_.map_iova(pages.data(), pages.size(), VFIO_FLAG_WRITE, iova), 0);
	for (uint64_t i = 0; i < PAGE; i++)
		pages.data()[at + i] = static_cast<uint8_t>(i * 7);
	ASSERT_TRUE(edu_.from_memory(iova + at));
	memset(pages.data(), 0, 3 * PAGE);
	ASSERT_TRUE(edu_.to_memory(iova + 0x800));
	EXPECT_EQ(memcmp(pages.data() + 0x800, pages.data() + at, PAGE), 0);
	EXPECT_TRUE(pages.all(0, 0, 0x800));
}

TEST_F(Dma, EachDeviceHasItsOwnAddresses)
{
	Pages mine = Pages::anonymous(PAGE), other = Pages::anonymous(PAGE);
	Device second;
	Edu edu;

	ASSERT_EQ(second.open(address_of("EDU1")), 0);
	ASSERT_EQ(edu.attach(second), 0);
	mine.fill(1);
	other.fill(2);
	ASSERT_EQ(device_.map_iova(mine.data(), PAGE, VFIO_FLAG_WRITE, 0x1000000), 0);
	ASSERT_EQ(second.map_iova(other.data(), PAGE, VFIO_FLAG_WRITE, 0x1000000), 0);
	ASSERT_EQ(second.map_iova(mine.data(), PAGE, VFIO_FLAG_WRITE, 0x2000000), 0);
	EXPECT_TRUE(writes(0x1000000, mine));
	EXPECT_TRUE(other.all(2)) << "the other device's page";
	expect_cut(0x2000000, mine);
}

TEST_F(Dma, MapAnywhereGivesAddressesBelowFourGigabytesThatDoNotOverlap)
{
	const uint64_t N = 200;
	Pages pages = Pages::anonymous(N * PAGE);
	std::vector<uint64_t> iovas(N);

	for (uint64_t i = 0; i < N; i++)
		ASSERT_EQ(
		    device_.map_anywhere(pages.data() + i * PAGE, PAGE, VFIO_FLAG_WRITE, &iovas[i]),
		    0);
	EXPECT_TRUE(writes(iovas[0], pages, 0));
	EXPECT_TRUE(writes(iovas[N - 1], pages, (N - 1) * PAGE));
	std::sort(iovas.begin(), iovas.end());
	EXPECT_LE(iovas.back() + PAGE, 4 * GIB);
	for (uint64_t i = 1; i < N; i++)
		ASSERT_GE(iovas[i], iovas[i - 1] + PAGE);
}

TEST_F(Dma, MapAnywhereIgnoresTheAddressThatItIsGiven)
{
	Pages pages = Pages::anonymous(2 * PAGE);
	struct vfio_dma_map map = {};

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, 0, LOW), 0);
	map.vaddr = reinterpret_cast<uintptr_t>(pages.data() + PAGE);
	map.dmaaddr = LOW + 1; /* neither aligned nor free */
	map.size = PAGE;
	map.flags = VFIO_FLAG_WRITE;
	ASSERT_EQ(device_.call(VFIO_DMA_MAP_ANYWHERE, &map), 0);
	EXPECT_EQ(map.dmaaddr % PAGE, 0u);
	EXPECT_TRUE(writes(map.dmaaddr, pages, PAGE));
}

TEST_F(Dma, UpperHalfOfTheFlagsIsNotLookedAt)
{
	Pages pages = Pages::anonymous(PAGE);
	uint64_t iova;

	ASSERT_EQ(device_.map_anywhere(pages.data(), PAGE, 0xa5a5a5a500000001, &iova), 0);
	EXPECT_TRUE(writes(iova, pages));
	ASSERT_EQ(device_.unmap(pages.data(), PAGE, iova), 0);
	ASSERT_EQ(device_.map_anywhere(pages.data(), PAGE, 0xa5a5a5a500000000, &iova), 0);
	EXPECT_TRUE(reads(iova, pages));
	expect_write_cut(iova, pages);
}

TEST_F(Dma, AddressIsFreeAgainAfterUnmap)
{
	Pages pages = Pages::anonymous(64 * PAGE);

	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(device_.map_iova(pages.data(), pages.size(), VFIO_FLAG_WRITE, LOW), 0);
		ASSERT_EQ(device_.unmap(pages.data(), pages.size(), LOW), 0);
	}
	ASSERT_EQ(device_.map_iova(pages.data() + PAGE, PAGE, VFIO_FLAG_WRITE, LOW + PAGE), 0);
	EXPECT_TRUE(writes(LOW + PAGE, pages, PAGE));
}

TEST_F(Dma, SameMemoryMayBeMappedTwice)
{
	Pages pages = Pages::anonymous(PAGE);

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, LOW), 0);
	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, LOW + PAGE), 0);
	ASSERT_EQ(device_.unmap(pages.data(), PAGE, LOW), 0);
	EXPECT_TRUE(writes(LOW + PAGE, pages));
	expect_cut(LOW, pages);
}

class DmaMask : public EduTest
{
      protected:
	DmaMask() : EduTest("EDU1") /* 28 bits, and it drops the bits above */
	{
	}
};

const uint64_t MASK28 = (UINT64_C(1) << 28) - 1;

TEST_F(DmaMask, KeepsMapAnywhereBelowItUntilThatIsFull)
{
	const uint64_t MASK = 64 * MIB - 1;
	Pages pages = Pages::anonymous(4 * MIB);
	uint64_t iova, used = 0;
	int rc;

	ASSERT_EQ(device_.dma_mask(MASK), 0);
	for (;;) {
		rc = device_.map_anywhere(pages.data(), pages.size(), VFIO_FLAG_WRITE, &iova);
		if (rc)
			break;
		EXPECT_LE(iova + pages.size() - 1, MASK);
		used += pages.size();
		ASSERT_LE(used, MASK + 1);
	}
	EXPECT_EQ(rc, -ENOSPC);
	EXPECT_GE(used, 32 * MIB);
	EXPECT_EQ(device_.dma_mask(MASK28), 0);
	EXPECT_TRUE(writes(iova, pages)) << "the last one that was mapped";
}

TEST_F(DmaMask, ReachesTheLastPageOfTheDevicesAddresses)
{
	Pages pages = Pages::anonymous(PAGE);

	ASSERT_EQ(device_.dma_mask(MASK28), 0);
	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, MASK28 + 1 - PAGE), 0);
	EXPECT_TRUE(writes(MASK28 + 1 - PAGE, pages));
	EXPECT_TRUE(reads(MASK28 + 1 - PAGE, pages));
}

TEST_F(DmaMask, ZeroIsRefusedAndEnablesNothing)
{
	ASSERT_EQ(device_.set_command(0, COMMAND_MASTER), 0);
	EXPECT_EQ(device_.dma_mask(0), -EINVAL);
	EXPECT_EQ(hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_MASTER, 0);
}

TEST_F(DmaMask, BelowALiveMappingIsRefused)
{
	Pages pages = Pages::anonymous(PAGE);

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, MASK28 + 1 - PAGE), 0);
	EXPECT_EQ(device_.dma_mask(MASK28 - 1), -EBUSY);
	EXPECT_EQ(device_.dma_mask(MASK28), 0);
	EXPECT_TRUE(writes(MASK28 + 1 - PAGE, pages));
	ASSERT_EQ(device_.unmap(pages.data(), PAGE, MASK28 + 1 - PAGE), 0);
	EXPECT_EQ(device_.dma_mask(MASK28 - 1), 0);
}

} // namespace
