/* SPDX-License-Identifier: BSD-2-Clause */
/* The document: DMA. dma_*_test.cc try the same things in more ways. */
#include <cstddef>

#include "tests/vm/kmod/document.h"

namespace
{

using namespace kmod;

TEST_F(Document, IoctlsGiveDmaAddressesOfVirtualAddresses)
{
	Pages pages = Pages::anonymous(PAGE);
	uint64_t iova = 0;

	ASSERT_EQ(device_.map_anywhere(pages.data(), PAGE, VFIO_FLAG_WRITE, &iova), 0);
	EXPECT_TRUE(reads(iova, pages));
	EXPECT_TRUE(writes(iova, pages));
}

TEST_F(Document, EachDeviceHasItsOwnAddressSpace)
{
	Pages mine = Pages::anonymous(PAGE), other = Pages::anonymous(PAGE);
	Device second;

	ASSERT_EQ(second.open(address_of("EDU1")), 0);
	mine.fill(0x5e);
	ASSERT_EQ(second.map_iova(other.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	expect_cut(IOVA, other); /* by the first device, which knows nothing of it */
	ASSERT_EQ(device_.map_iova(mine.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	other.fill(1);
	EXPECT_TRUE(writes(IOVA, mine));
	EXPECT_TRUE(other.all(1));
}

TEST_F(Document, OnlyKnownAddressesAreValid)
{
	Pages pages = Pages::anonymous(2 * PAGE);

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	EXPECT_TRUE(writes(IOVA, pages));
	expect_cut(IOVA + PAGE, pages, PAGE);
	expect_cut(reinterpret_cast<uintptr_t>(pages.data()) & 0xfffff000, pages);
}

TEST_F(Document, MultiPageBuffersLookContiguous)
{
	Pages pages = Pages::anonymous(2 * PAGE);

	pages.data()[PAGE] = 1;
	pages.data()[0] = 1;
	ASSERT_EQ(device_.map_iova(pages.data(), 2 * PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	ASSERT_TRUE(load(0xb6));
	pages.fill(0);
	ASSERT_TRUE(edu_.to_memory(IOVA + PAGE / 2));
	EXPECT_TRUE(pages.all(0, 0, PAGE / 2));
	EXPECT_TRUE(pages.all(0xb6, PAGE / 2, PAGE));
	EXPECT_TRUE(pages.all(0, PAGE + PAGE / 2, PAGE / 2));
}

TEST_F(Document, SmallBuffersAreTakenFromOneLargeMapping)
{
	Pages pages = Pages::huge(8 * HUGE);

	ASSERT_TRUE(pages.data());
	ASSERT_EQ(device_.map_iova(pages.data(), pages.size(), VFIO_FLAG_WRITE, IOVA), 0);
	for (uint64_t at = 0; at < pages.size(); at += 3 * HUGE + 5 * PAGE)
		EXPECT_TRUE(writes(IOVA + at, pages, at)) << at;
}

TEST_F(Document, BuffersAreLockedUntilUnmap)
{
	Pages pages = Pages::anonymous(4 * PAGE);
	uint64_t before = locked_bytes();

	ASSERT_EQ(device_.map_iova(pages.data(), 4 * PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	EXPECT_EQ(locked_bytes(), before + 4 * PAGE);
	ASSERT_EQ(device_.unmap(pages.data(), 4 * PAGE, IOVA), 0);
	EXPECT_EQ(locked_bytes(), before);
	expect_cut(IOVA, pages);
}

TEST_F(Document, BuffersAreLockedUntilTheUserPagesAreUnmapped)
{
	Fd file = memory_file(PAGE);
	Pages pages = Pages::shared(file, PAGE), view = Pages::shared(file, PAGE);
	uint64_t before = locked_bytes();

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	EXPECT_TRUE(writes(IOVA, view));
	pages.unmap();
	expect_cut(IOVA, view);
	ASSERT_EQ(device_.unmap(probe_.data(), PAGE, probe_iova_), 0);
	EXPECT_TRUE(eventually([=] { return locked_bytes() == before; }));
}

TEST_F(Document, BuffersAreLockedUntilTheDescriptorIsClosed)
{
	Pages pages = Pages::anonymous(PAGE);
	uint64_t before = locked_bytes();
	Device second;

	ASSERT_EQ(second.open(device_.address()), 0);
	ASSERT_EQ(second.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	EXPECT_EQ(locked_bytes(), before + PAGE);
	second.close();
	EXPECT_TRUE(eventually([=] { return locked_bytes() == before; }));
	expect_cut(IOVA, pages);
}

TEST_F(Document, UserNeedsPermissionToLockThePages)
{
	std::string address = device_.address();

	EXPECT_EQ(in_child([&] {
			  Pages pages = Pages::anonymous(5 * PAGE);
			  Device device;

			  if (device.open(address) || (is_root() && !become_user()) ||
			      !limit_locked(4 * PAGE))
				  return 125;
			  if (device.map_iova(pages.data(), 5 * PAGE, 0, IOVA) != -ENOMEM)
				  return 1;
			  return device.map_iova(pages.data(), 4 * PAGE, 0, IOVA) ? 2 : 0;
		  }),
		  0);
}

TEST_F(Document, StructureOfAMappingIsTheDocuments)
{
	struct vfio_dma_map map = {};

	EXPECT_EQ(offsetof(struct vfio_dma_map, vaddr), 0u);
	EXPECT_EQ(offsetof(struct vfio_dma_map, dmaaddr), 8u);
	EXPECT_EQ(offsetof(struct vfio_dma_map, size), 16u);
	EXPECT_EQ(offsetof(struct vfio_dma_map, rdwr), 24u);
	map.rdwr = 1;
	EXPECT_EQ(map.flags, static_cast<uint64_t>(VFIO_FLAG_WRITE));
}

TEST_F(Document, AddressesAndSizeMustBeMultiplesOfAPage)
{
	Pages pages = Pages::anonymous(2 * PAGE);

	EXPECT_EQ(device_.map_iova(pages.data() + 1, PAGE, 0, IOVA), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages.data(), PAGE + 1, 0, IOVA), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages.data(), PAGE, 0, IOVA + 1), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages.data(), PAGE, 0, IOVA), 0);
}

TEST_F(Document, RdwrSaysWhetherTheDeviceMayWrite)
{
	Pages pages = Pages::anonymous(2 * PAGE);
	struct vfio_dma_map map = {};

	map.vaddr = reinterpret_cast<uintptr_t>(pages.data());
	map.dmaaddr = IOVA;
	map.size = PAGE;
	map.rdwr = 0;
	ASSERT_EQ(device_.call(VFIO_DMA_MAP_IOVA, &map), 0);
	EXPECT_TRUE(reads(IOVA, pages));
	expect_write_cut(IOVA, pages);
	map.vaddr += PAGE;
	map.dmaaddr += PAGE;
	map.rdwr = 1;
	ASSERT_EQ(device_.call(VFIO_DMA_MAP_IOVA, &map), 0);
	EXPECT_TRUE(writes(IOVA + PAGE, pages, PAGE));
	map.dmaaddr += PAGE;
	map.rdwr = 2;
	EXPECT_EQ(device_.call(VFIO_DMA_MAP_IOVA, &map), -EINVAL) << "changed on purpose";
}

TEST_F(Document, MapAnywhereReturnsAValidDmaAddress)
{
	Pages pages = Pages::anonymous(2 * PAGE);
	struct vfio_dma_map map = {};

	map.vaddr = reinterpret_cast<uintptr_t>(pages.data());
	map.dmaaddr = UINT64_MAX;
	map.size = 2 * PAGE;
	map.rdwr = 1;
	ASSERT_EQ(device_.call(VFIO_DMA_MAP_ANYWHERE, &map), 0);
	EXPECT_NE(map.dmaaddr, UINT64_MAX);
	EXPECT_EQ(map.vaddr, reinterpret_cast<uintptr_t>(pages.data()));
	EXPECT_EQ(map.size, 2 * PAGE);
	EXPECT_TRUE(writes(map.dmaaddr + PAGE, pages, PAGE));
}

TEST_F(Document, MapIovaMapsAtTheGivenAddress)
{
	Pages pages = Pages::anonymous(PAGE);

	for (uint64_t iova : {UINT64_C(0xf0000000) - PAGE, UINT64_C(0x123456000), PAGE}) {
		ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, iova), 0);
		EXPECT_TRUE(writes(iova, pages)) << std::hex << iova;
		EXPECT_EQ(device_.unmap(pages.data(), PAGE, iova), 0);
	}
}

TEST_F(Document, UnmapReleasesTheResources)
{
	Pages pages = Pages::anonymous(PAGE), other = Pages::anonymous(PAGE);
	uint64_t before = locked_bytes();

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	EXPECT_EQ(device_.unmap(pages.data(), PAGE, IOVA + PAGE), -EINVAL) << "filled wrongly";
	ASSERT_EQ(device_.unmap(pages.data(), PAGE, IOVA), 0);
	EXPECT_EQ(locked_bytes(), before);
	expect_cut(IOVA, pages);
	ASSERT_EQ(device_.map_iova(other.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	EXPECT_TRUE(writes(IOVA, other));
}

TEST_F(Document, DmaMaskIsTheHighestDmaAddress)
{
	Pages pages = Pages::anonymous(2 * MIB);
	uint64_t iova;

	ASSERT_EQ(device_.dma_mask(2 * MIB - 1), 0);
	EXPECT_EQ(device_.map_anywhere(pages.data(), 2 * MIB, 0, &iova), -ENOSPC);
	ASSERT_EQ(device_.dma_mask(64 * MIB - 1), 0);
	EXPECT_EQ(device_.map_anywhere(pages.data(), 2 * MIB, 0, &iova), 0);
	EXPECT_LE(iova + 2 * MIB - 1, 64 * MIB - 1);
}

TEST_F(Document, DmaMaskTakesANumberOf64Bits)
{
	Pages pages = Pages::anonymous(PAGE);
	uint64_t mask = 4 * GIB + PAGE - 1, too_low = mask - 1;

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, 0, 4 * GIB), 0);
	EXPECT_EQ(device_.call(VFIO_DMA_MASK, &mask), 0);
	EXPECT_EQ(device_.call(VFIO_DMA_MASK, &too_low), -EBUSY);
}

TEST_F(Document, DmaMaskEnablesBusMastership)
{
	ASSERT_EQ(device_.set_command(0, COMMAND_MASTER), 0);
	EXPECT_EQ(hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_MASTER, 0);
	ASSERT_EQ(device_.dma_mask(UINT32_MAX), 0);
	EXPECT_NE(hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_MASTER, 0);
}

} // namespace
