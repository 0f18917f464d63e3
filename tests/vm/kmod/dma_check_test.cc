/* SPDX-License-Identifier: BSD-2-Clause */
/* What the mapping calls refuse, with which error, and that a refused call leaves nothing behind.
 */
#include <string>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const uint64_t LOW = 0xb0000000;

class DmaCheck : public EduTest
{
      protected:
	void SetUp() override
	{
		EduTest::SetUp();
		if (HasFatalFailure())
			return;
		pages_ = Pages::anonymous(4 * PAGE);
		pages_.fill(0);
		locked_ = locked_bytes();
	}

	void TearDown() override
	{
		EXPECT_TRUE(eventually([this] { return locked_bytes() == locked_; }))
		    << locked_bytes() << " bytes are locked, not " << locked_;
	}

	/* both calls, as the address is wrong for neither of them */
	void expect_refused(const void *data, uint64_t size, uint64_t flags, int error)
	{
		uint64_t iova = 0xa5a5;

		EXPECT_EQ(device_.map_iova(data, size, flags, LOW), error);
		EXPECT_EQ(device_.map_anywhere(data, size, flags, &iova), error);
		EXPECT_EQ(iova, 0xa5a5u);
	}

	Pages pages_;
	uint64_t locked_ = 0;
};

void *pointer(uint64_t address)
{
	return reinterpret_cast<void *>(address);
}

TEST_F(DmaCheck, MemoryThatIsNotWholePages)
{
	expect_refused(pages_.data() + 8, PAGE, 0, -EINVAL);
	expect_refused(pages_.data() + PAGE / 2, PAGE, 0, -EINVAL);
	expect_refused(pages_.data(), PAGE + 1, 0, -EINVAL);
	expect_refused(pages_.data(), PAGE / 2, 0, -EINVAL);
}

TEST_F(DmaCheck, NothingAtAll)
{
	expect_refused(pages_.data(), 0, 0, -EINVAL);
	expect_refused(nullptr, 0, 0, -EINVAL);
}

TEST_F(DmaCheck, MemoryThatWrapsAround)
{
	expect_refused(pages_.data(), 0 - PAGE, 0, -EINVAL);
	expect_refused(pages_.data(), 0 - reinterpret_cast<uint64_t>(pages_.data()), 0, -EINVAL);
	expect_refused(pages_.data(), UINT64_C(1) << 63, 0, -EINVAL);
	expect_refused(pointer(0 - PAGE), PAGE, 0, -EINVAL);
	expect_refused(pointer(0 - PAGE), 2 * PAGE, 0, -EINVAL);
}

TEST_F(DmaCheck, AddressesOfTheKernel)
{
	expect_refused(pointer(0xffff888000000000), PAGE, 0, -EINVAL);
	expect_refused(pointer(0xffffffff81000000), PAGE, VFIO_FLAG_WRITE, -EINVAL);
	expect_refused(pointer(UINT64_C(1) << 56), PAGE, 0, -EINVAL); /* not canonical */
	expect_refused(pages_.data(), UINT64_C(1) << 56, 0, -EINVAL); /* ends beyond */
}

TEST_F(DmaCheck, UnknownFlags)
{
	for (uint64_t flags : {2u, 3u, 4u, 0x80000000u, 0xfffffffeu, 0xffffffffu})
		expect_refused(pages_.data(), PAGE, flags, -EINVAL);
}

TEST_F(DmaCheck, MemoryThatIsNotThere)
{
	Pages hole = Pages::anonymous(2 * PAGE);

	ASSERT_EQ(munmap(hole.data() + PAGE, PAGE), 0);
	expect_refused(hole.data() + PAGE, PAGE, 0, -EFAULT);
	expect_refused(hole.data(), 2 * PAGE, VFIO_FLAG_WRITE, -EFAULT);
}

TEST_F(DmaCheck, WriteToMemoryThatIsReadOnly)
{
	ASSERT_EQ(mprotect(pages_.data() + PAGE, PAGE, PROT_READ), 0);
	expect_refused(pages_.data(), 2 * PAGE, VFIO_FLAG_WRITE, -EFAULT);
	EXPECT_EQ(device_.map_iova(pages_.data(), 2 * PAGE, 0, LOW), 0);
	EXPECT_EQ(device_.unmap(pages_.data(), 2 * PAGE, LOW), 0);
}

TEST_F(DmaCheck, RegistersOfADeviceAreNoMemory)
{
	expect_refused(edu_.registers().data(), PAGE, VFIO_FLAG_WRITE, -EFAULT);
}

TEST_F(DmaCheck, AddressOfTheDeviceThatIsNotWholePages)
{
	EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, 0, LOW + 1), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, 0, LOW + PAGE / 2), -EINVAL);
}

TEST_F(DmaCheck, AddressOfTheDeviceThatWrapsAround)
{
	EXPECT_EQ(device_.map_iova(pages_.data(), 2 * PAGE, 0, 0 - PAGE), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, 0, 0 - PAGE), -EINVAL);
}

TEST_F(DmaCheck, AddressBeyondTheHardware)
{
	const uint64_t END = UINT64_C(1) << 48;

	EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, 0, END), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages_.data(), 2 * PAGE, 0, END - PAGE), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, 0, UINT64_C(1) << 56), -EINVAL);
}

/* a device that may write there can forge any interrupt */
TEST_F(DmaCheck, AddressesOfInterruptMessages)
{
	for (uint64_t at : {0xfee00000u, 0xfee01000u, 0xfeeff000u})
		EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, VFIO_FLAG_WRITE, at), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages_.data(), 2 * PAGE, 0, 0xfedff000), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages_.data(), 2 * PAGE, 0, 0xfeeff000), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, 0, 0xfedff000), 0) << "just below";
	EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, 0, 0xfef00000), 0) << "just above";
	EXPECT_EQ(device_.unmap(pages_.data(), PAGE, 0xfedff000), 0);
	EXPECT_EQ(device_.unmap(pages_.data(), PAGE, 0xfef00000), 0);
}

TEST_F(DmaCheck, AddressesThatAreTaken)
{
	Pages other = Pages::anonymous(4 * PAGE);

	ASSERT_EQ(device_.map_iova(pages_.data(), 2 * PAGE, VFIO_FLAG_WRITE, LOW), 0);
	EXPECT_EQ(device_.map_iova(other.data(), 2 * PAGE, 0, LOW), -EEXIST);
	EXPECT_EQ(device_.map_iova(other.data(), PAGE, 0, LOW + PAGE), -EEXIST);
	EXPECT_EQ(device_.map_iova(other.data(), 4 * PAGE, 0, LOW - PAGE), -EEXIST);
	EXPECT_EQ(device_.map_iova(pages_.data(), 2 * PAGE, 0, LOW), -EEXIST) << "itself";
	EXPECT_EQ(device_.map_iova(other.data(), PAGE, 0, LOW - PAGE), 0) << "just below";
	EXPECT_EQ(device_.map_iova(other.data(), PAGE, 0, LOW + 2 * PAGE), 0) << "just above";
	EXPECT_TRUE(writes(LOW, pages_)) << "the first mapping has suffered";
	EXPECT_EQ(device_.unmap(pages_.data(), 2 * PAGE, LOW), 0);
	EXPECT_EQ(device_.unmap(other.data(), PAGE, LOW - PAGE), 0);
	EXPECT_EQ(device_.unmap(other.data(), PAGE, LOW + 2 * PAGE), 0);
	EXPECT_EQ(device_.unmap(probe_.data(), PAGE, probe_iova_), 0);
}

TEST_F(DmaCheck, UnmapOfWhatIsNotExactlyAMapping)
{
	ASSERT_EQ(device_.map_iova(pages_.data(), 2 * PAGE, VFIO_FLAG_WRITE, LOW), 0);
	EXPECT_EQ(device_.unmap(pages_.data(), PAGE, LOW), -EINVAL) << "a part";
	EXPECT_EQ(device_.unmap(pages_.data(), 3 * PAGE, LOW), -EINVAL) << "more";
	EXPECT_EQ(device_.unmap(pages_.data() + PAGE, 2 * PAGE, LOW), -EINVAL) << "vaddr";
	EXPECT_EQ(device_.unmap(pages_.data(), 2 * PAGE, LOW + PAGE), -EINVAL) << "dmaaddr";
	EXPECT_EQ(device_.unmap(pages_.data(), 0, LOW), -EINVAL) << "size 0";
	EXPECT_EQ(device_.unmap(nullptr, 0, 0), -EINVAL);
	EXPECT_EQ(device_.unmap(pages_.data(), 2 * PAGE, LOW), 0);
	EXPECT_EQ(device_.unmap(pages_.data(), 2 * PAGE, LOW), -EINVAL) << "twice";
}

TEST_F(DmaCheck, UnmapOfAnotherDescriptorsMapping)
{
	Device second;

	ASSERT_EQ(second.open(device_.address()), 0);
	ASSERT_EQ(second.map_iova(pages_.data(), PAGE, VFIO_FLAG_WRITE, LOW), 0);
	EXPECT_EQ(device_.unmap(pages_.data(), PAGE, LOW), -EINVAL);
	EXPECT_EQ(device_.map_iova(pages_.data(), PAGE, 0, LOW), -EEXIST) << "one address space";
	EXPECT_EQ(second.unmap(pages_.data(), PAGE, LOW), 0);
}

TEST_F(DmaCheck, MapFromAForkedChild)
{
	ASSERT_EQ(device_.map_iova(pages_.data(), PAGE, VFIO_FLAG_WRITE, LOW), 0);
	EXPECT_EQ(in_child([this] {
			  return -device_.map_iova(pages_.data() + PAGE, PAGE, 0, LOW + PAGE);
		  }),
		  EINVAL)
	    << "a descriptor's mappings are all of one process";
	EXPECT_EQ(device_.unmap(pages_.data(), PAGE, LOW), 0);
}

TEST_F(DmaCheck, ArgumentThatCannotBeRead)
{
	for (unsigned long command : {VFIO_DMA_MAP_ANYWHERE, VFIO_DMA_MAP_IOVA, VFIO_DMA_UNMAP,
				      VFIO_DMA_MASK, VFIO_BAR_LEN, VFIO_EVENTFD_IRQ}) {
		EXPECT_EQ(device_.call(command, nullptr), -EFAULT) << std::hex << command;
		EXPECT_EQ(device_.call(command, pointer(0xffff888000000000)), -EFAULT)
		    << std::hex << command;
	}
}

TEST_F(DmaCheck, AnswerThatCannotBeWrittenUndoesTheMapping)
{
	struct vfio_dma_map *map = reinterpret_cast<struct vfio_dma_map *>(pages_.data());

	map->vaddr = reinterpret_cast<uintptr_t>(pages_.data() + PAGE);
	map->size = PAGE;
	map->flags = VFIO_FLAG_WRITE;
	ASSERT_EQ(mprotect(pages_.data(), PAGE, PROT_READ), 0);
	EXPECT_EQ(device_.call(VFIO_DMA_MAP_ANYWHERE, map), -EFAULT);
}

TEST_F(DmaCheck, UnknownCommand)
{
	uint64_t argument[4] = {};

	EXPECT_EQ(device_.call(_IO(';', 99), argument), -ENOTTY);
	EXPECT_EQ(device_.call(_IO(';', 113), argument), -ENOTTY);
	EXPECT_EQ(device_.call(_IOW(';', 101, int), argument), -ENOTTY) << "another size";
	EXPECT_EQ(device_.call(0x5401, argument), -ENOTTY) << "of a terminal";
}

} // namespace
