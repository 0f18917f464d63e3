/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <linux/vfio.h>
#include <sys/resource.h>

namespace
{

constexpr uint64_t MIB = 1 << 20;

class PciDma : public testing::Test
{
      protected:
	PciDma()
	{
		machine.add_function(VF0, 17, "vfio-pci");
		vf = new Attached(machine);
	}

	~PciDma() override
	{
		delete vf;
		EXPECT_EQ(0u, machine.n_open());
	}

	void expect_text(const std::vector<std::string> &parts)
	{
		for (const std::string &part : parts)
			EXPECT_NE(std::string::npos, std::string(vf->bus.err.text).find(part))
			    << part << " is not in: " << vf->bus.err.text;
		EXPECT_LT(strlen(vf->bus.err.text), sizeof(vf->bus.err.text) - 1);
	}

	Machine machine;
	Attached *vf;
};

TEST_F(PciDma, MapsForReadingAndWriting)
{
	ASSERT_EQ(0, vf->rc) << vf->err.text;
	ASSERT_EQ(0, vf->bus.map(vf->dma, IOVA, 64 * MIB)) << vf->bus.err.text;
	EXPECT_EQ((std::map<uint64_t, uint64_t>{{IOVA, 64 * MIB}}), machine.mappings);
	EXPECT_EQ(uint32_t{VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE}, machine.map_flags);
}

TEST_F(PciDma, UnmapEndsOneMapping)
{
	ASSERT_EQ(0, vf->bus.map(vf->dma, IOVA, MIB));
	ASSERT_EQ(0, vf->bus.map(vf->dma, IOVA + MIB, MIB));
	vf->bus.bus->ops->dma_unmap(vf->dma, IOVA, MIB);
	EXPECT_EQ((std::map<uint64_t, uint64_t>{{IOVA + MIB, MIB}}), machine.mappings);
}

TEST_F(PciDma, MappedTwiceIsRefused)
{
	ASSERT_EQ(0, vf->bus.map(vf->dma, IOVA, MIB));
	EXPECT_EQ(-EINVAL, vf->bus.map(vf->dma, IOVA, MIB));
	expect_text({"0x100000000-0x1000fffff", "are mapped"});
}

TEST_F(PciDma, ReservedRangeNamesTheUsableOnes)
{
	const size_t from = machine.calls.size();

	EXPECT_EQ(-EINVAL, vf->bus.map(vf->dma, 0xfed00000, 2 * MIB));
	expect_text({"0xfed00000-0xfeefffff", " 0x0-0xfedfffff 0xfef00000-0xffffffffffff"});
	for (const std::string &call : machine.calls_since(from))
		EXPECT_NE("MAP_DMA", call);
}

TEST_F(PciDma, RangeMayTouchBothEnds)
{
	EXPECT_EQ(0, vf->bus.map(vf->dma, 0, 0xfee00000)) << vf->bus.err.text;
	EXPECT_EQ(0, vf->bus.map(vf->dma, 0xfef00000, 4096)) << vf->bus.err.text;
	EXPECT_EQ(-EINVAL, vf->bus.map(vf->dma, (UINT64_C(1) << 48) - 4096, 4097));
	expect_text({"0xfffffffff000-0x1000000000000 touch"});
}

TEST_F(PciDma, ManyRangesFitTheSentence)
{
	machine.usable.clear();
	for (uint64_t i = 0; i < 100; i++)
		machine.usable.emplace_back(i << 20, (i << 20) + 4095);
	EXPECT_EQ(-EINVAL, vf->bus.map(vf->dma, IOVA, MIB));
	expect_text({"usable: 0x0-0xfff 0x100000-0x100fff"});
}

TEST_F(PciDma, KernelThatTellsNoRangesIsAsked)
{
	machine.tells_ranges = false;
	EXPECT_EQ(0, vf->bus.map(vf->dma, IOVA, MIB)) << vf->bus.err.text;
	machine.fail("IOMMU_GET_INFO", EINVAL);
	EXPECT_EQ(0, vf->bus.map(vf->dma, IOVA + MIB, MIB)) << vf->bus.err.text;
}

TEST_F(PciDma, MemlockSaysNeededAndAllowed)
{
	struct rlimit old;
	struct rlimit small;

	ASSERT_EQ(0, getrlimit(RLIMIT_MEMLOCK, &old));
	small = {8 << 20, old.rlim_max};
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &small));
	machine.fail("MAP_DMA", ENOMEM);
	EXPECT_EQ(-ENOMEM, vf->bus.map(vf->dma, IOVA, 64 * MIB));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &old));
	expect_text({"65536 KiB", "RLIMIT_MEMLOCK allows 8192 KiB", "ulimit -l 65536",
		     "memlock 65536", "limits.d"});
}

TEST_F(PciDma, OtherErrorsOfTheKernelAreShown)
{
	machine.fail("MAP_DMA", EFAULT);
	EXPECT_EQ(-EFAULT, vf->bus.map(vf->dma, IOVA, MIB));
	expect_text({strerror(EFAULT)});
}

} // namespace
