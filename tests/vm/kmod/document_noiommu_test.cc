/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The document: without an IOMMU the driver is for trusted processes, and for DMA that does not
 * span pages. Suite NoIommu runs as root on such a machine, after the administrator allowed it;
 * NoIommuUser as the ordinary user.
 */
#include <csignal>

#include "tests/vm/kmod/document.h"

namespace
{

using namespace kmod;

class NoIommu : public Document
{
      protected:
	void SetUp() override
	{
		Document::SetUp();
		if (!HasFatalFailure()) {
			ASSERT_EQ(device_.dma_mask((UINT64_C(1) << 40) - 1), 0)
			    << "memory may be anywhere";
		}
	}
};

TEST_F(NoIommu, TrustedProcessMapsSinglePages)
{
	Pages pages = Pages::anonymous(2 * PAGE);
	uint64_t iova = 0;

	ASSERT_EQ(device_.map_anywhere(pages.data(), PAGE, VFIO_FLAG_WRITE, &iova), 0);
	EXPECT_TRUE(reads(iova, pages));
	EXPECT_TRUE(writes(iova, pages));
	EXPECT_EQ(device_.unmap(pages.data(), PAGE, iova), 0);
	EXPECT_EQ(device_.map_anywhere(pages.data(), 2 * PAGE, VFIO_FLAG_WRITE, &iova), -EINVAL);
}

TEST_F(NoIommu, HugepageCountsAsASinglePage)
{
	Pages pages = Pages::huge(2 * HUGE);
	uint64_t iova = 0;

	ASSERT_TRUE(pages.data());
	ASSERT_EQ(device_.map_anywhere(pages.data(), HUGE, VFIO_FLAG_WRITE, &iova), 0);
	EXPECT_TRUE(writes(iova, pages));
	EXPECT_TRUE(writes(iova + HUGE - PAGE, pages, HUGE - PAGE));
	EXPECT_EQ(device_.unmap(pages.data(), HUGE, iova), 0);
	EXPECT_EQ(device_.map_anywhere(pages.data(), 2 * HUGE, VFIO_FLAG_WRITE, &iova), -EINVAL);
}

TEST_F(NoIommu, AddressCannotBeChosen)
{
	Pages pages = Pages::anonymous(PAGE);

	EXPECT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA), -EINVAL);
}

TEST_F(NoIommu, PageBeyondTheMaskIsRefused)
{
	Pages pages = Pages::anonymous(PAGE);
	uint64_t iova = 0;

	ASSERT_EQ(device_.dma_mask(PAGE - 1), 0);
	EXPECT_LT(device_.map_anywhere(pages.data(), PAGE, VFIO_FLAG_WRITE, &iova), 0);
}

/* No IOMMU would stop it: another process would have the page. */
TEST_F(NoIommu, FunctionStopsBeforeTheMemoryOfAKilledProcessIsGivenBack)
{
	Child child([this](Child &self) {
		Pages pages = Pages::anonymous(PAGE);
		uint64_t iova;
		Device second;

		if (second.open(device_.address()) ||
		    second.map_anywhere(pages.data(), PAGE, VFIO_FLAG_WRITE, &iova))
			return 1;
		self.ready();
		self.wait();
		return 0;
	});

	ASSERT_TRUE(child.wait_ready()) << child.join();
	EXPECT_NE(device_.config16(PCI_COMMAND) & COMMAND_MASTER, 0);
	EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_MASTER, 0);
}

TEST_F(NoIommu, RightsThatWereLostEndTheTrust)
{
	EXPECT_EQ(in_child([this] {
			  Pages pages = Pages::anonymous(PAGE);
			  uint64_t iova;
			  Device second;

			  if (second.open(device_.address()) || !become_user())
				  return 125;
			  return -second.map_anywhere(pages.data(), PAGE, 0, &iova);
		  }),
		  EPERM);
}

TEST(NoIommuUser, CannotOpenTheDevice)
{
	Device device;

	EXPECT_EQ(device.open(address_of("EDU0")), -EPERM);
}

} // namespace
