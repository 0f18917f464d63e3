/* SPDX-License-Identifier: BSD-2-Clause */
/* The door of vfio-pci by iommufd, and which of vfio-pci's doors is taken. */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "lib/dev/pci/iommufd.h"

#if __has_include(<linux/iommufd.h>)
#include <linux/iommufd.h>
#include <linux/vfio.h>
#endif

namespace
{

constexpr uint64_t MIB = 1 << 20;

#ifdef IOMMU_IOAS_MAP
/* Ours are the kernel's. */
static_assert(VFNET_IOMMUFD_DESTROY == IOMMU_DESTROY);
static_assert(VFNET_IOMMUFD_IOAS_ALLOC == IOMMU_IOAS_ALLOC);
static_assert(VFNET_IOMMUFD_IOAS_MAP == IOMMU_IOAS_MAP);
static_assert(VFNET_IOMMUFD_IOAS_UNMAP == IOMMU_IOAS_UNMAP);
static_assert(VFNET_IOMMUFD_MAP_FIXED == IOMMU_IOAS_MAP_FIXED_IOVA);
static_assert(VFNET_IOMMUFD_MAP_WRITE == IOMMU_IOAS_MAP_WRITEABLE);
static_assert(VFNET_IOMMUFD_MAP_READ == IOMMU_IOAS_MAP_READABLE);
static_assert(sizeof(vfnet_iommufd_ioas_alloc) == sizeof(iommu_ioas_alloc));
static_assert(sizeof(vfnet_iommufd_ioas_map) == sizeof(iommu_ioas_map));
static_assert(offsetof(vfnet_iommufd_ioas_map, vaddr) == offsetof(iommu_ioas_map, user_va));
static_assert(offsetof(vfnet_iommufd_ioas_map, iova) == offsetof(iommu_ioas_map, iova));
static_assert(sizeof(vfnet_iommufd_ioas_unmap) == sizeof(iommu_ioas_unmap));
static_assert(offsetof(vfnet_iommufd_ioas_unmap, iova) == offsetof(iommu_ioas_unmap, iova));
#endif
#ifdef VFIO_DEVICE_BIND_IOMMUFD
static_assert(VFNET_IOMMUFD_BIND == VFIO_DEVICE_BIND_IOMMUFD);
static_assert(VFNET_IOMMUFD_ATTACH == VFIO_DEVICE_ATTACH_IOMMUFD_PT);
static_assert(VFNET_IOMMUFD_DETACH == VFIO_DEVICE_DETACH_IOMMUFD_PT);
static_assert(sizeof(vfnet_iommufd_bind) == sizeof(vfio_device_bind_iommufd));
#endif

/* the layouts that the kernel's documentation gives, where no header has them */
static_assert(sizeof(vfnet_iommufd_ioas_alloc) == 12 && sizeof(vfnet_iommufd_ioas_map) == 40 &&
	      sizeof(vfnet_iommufd_ioas_unmap) == 24 && sizeof(vfnet_iommufd_bind) == 16 &&
	      sizeof(vfnet_iommufd_attach) == 12 && sizeof(vfnet_iommufd_detach) == 8 &&
	      sizeof(vfnet_iommufd_destroy) == 8);

class PciCdev : public testing::Test
{
      protected:
	PciCdev()
	{
		machine.add_function(VF0, 17, "vfio-pci");
		machine.add_function(VF1, 18, "vfio-pci");
		machine.offer_cdev(VF0);
		machine.offer_cdev(VF1);
		machine.remove("dev/vfio/17");
		machine.remove("dev/vfio/18");
	}

	~PciCdev() override
	{
		EXPECT_EQ(0u, machine.n_open());
		EXPECT_EQ(0u, machine.n_mapped());
	}

	void expect_open_error(int code, const std::vector<std::string> &parts)
	{
		Bus bus(machine);
		struct vfnet_dev *dev = nullptr;

		EXPECT_EQ(code, bus.open(VF0, &dev));
		EXPECT_EQ(nullptr, dev);
		EXPECT_EQ(code, bus.err.code);
		for (const std::string &part : parts)
			EXPECT_NE(nullptr, strstr(bus.err.text, part.c_str())) << bus.err.text;
		EXPECT_EQ(0u, machine.n_open());
	}

	void expect_attach_error(int code, const char *part)
	{
		Attached vf(machine);

		EXPECT_EQ(code, vf.rc);
		EXPECT_NE(nullptr, strstr(vf.err.text, part)) << vf.err.text;
	}

	Machine machine;
};

TEST_F(PciCdev, AFunctionWorksThroughIt)
{
	Attached vf(machine);

	ASSERT_EQ(0, vf.rc) << vf.err.text;
	ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA, MIB)) << vf.bus.err.text;
	EXPECT_EQ(MIB, machine.mappings.at(IOVA));
	EXPECT_EQ(7u, machine.map_flags) << "there, for reading and for writing";
	EXPECT_EQ(3u, vf.dev->n_vectors);
	vf.dev->ops->write32(vf.dev, 0, 0x1048, 5);
	EXPECT_EQ(5u, machine.bar0(0x1048));
	EXPECT_EQ(0, vf.dev->ops->reset(vf.dev, &vf.err)) << vf.err.text;
	EXPECT_LE(0, vf.dev->ops->request_fd(vf.dev));
	vf.bus.bus->ops->dma_unmap(vf.dma, IOVA, MIB);
	EXPECT_TRUE(machine.mappings.empty());
}

TEST_F(PciCdev, FunctionsShareADomain)
{
	Attached vf(machine);
	struct vfnet_dev *other = nullptr;
	const size_t from = machine.calls.size();

	ASSERT_EQ(0, vf.bus.open(VF1, &other)) << vf.bus.err.text;
	ASSERT_EQ(0, other->ops->attach(other, vf.dma, &vf.err)) << vf.err.text;
	for (const std::string &call : machine.calls_since(from))
		EXPECT_NE("IOAS_ALLOC", call);
	other->ops->close(other);
}

TEST_F(PciCdev, OneThatCannotShareIsTriedInADomainOfItsOwn)
{
	Attached vf(machine);
	struct vfnet_dev *other = nullptr;
	struct vfnet_dma *own = nullptr;

	ASSERT_EQ(0, vf.bus.open(VF1, &other)) << vf.bus.err.text;
	machine.fail("ATTACH", EINVAL);
	EXPECT_EQ(-EXDEV, other->ops->attach(other, vf.dma, &vf.err));
	ASSERT_EQ(0, vf.bus.open_dma(&own));
	EXPECT_EQ(0, other->ops->attach(other, own, &vf.err)) << "opened anew: " << vf.err.text;
	other->ops->close(other);
	vf.bus.bus->ops->dma_close(own);
}

TEST_F(PciCdev, TheGroupIsTakenWhereItIsThere)
{
	machine.write("dev/vfio/17", "");
	Attached vf(machine);

	ASSERT_EQ(0, vf.rc) << vf.err.text;
	for (const std::string &call : machine.calls)
		EXPECT_NE("open cdev", call);
}

TEST_F(PciCdev, AGroupThatIsNotOursIsPassedOver)
{
	machine.write("dev/vfio/17", "");
	machine.fail("open group", EACCES);
	Attached vf(machine);

	ASSERT_EQ(0, vf.rc) << vf.err.text;
	EXPECT_EQ(0, vf.err.code) << "no error for the caller";
}

TEST_F(PciCdev, WhereNeitherIsOursTheGroupIsTheAdvice)
{
	machine.write("dev/vfio/17", "");
	machine.fail_both("open group", "open cdev", EACCES);
	expect_open_error(-EPERM, {"chown USER", "/dev/vfio/17"});
}

TEST_F(PciCdev, AGroupInUseIsNotPassedOver)
{
	machine.write("dev/vfio/17", "");
	machine.fail("open group", EBUSY);
	expect_open_error(-EBUSY, {"fuser -v"});
}

TEST_F(PciCdev, WithoutEitherTheMessageIsAboutWhatTheKernelOffers)
{
	machine.remove("dev/vfio/devices");
	expect_open_error(-ENODEV, {"iommufd", "/dev/vfio/devices/vfio0 does not exist"});
	machine.remove(machine.device_dir(VF0) + "/vfio-dev/vfio0/dev");
	expect_open_error(-ENODEV, {"bound to vfio-pci", "/dev/vfio/17 does not exist"});
}

TEST_F(PciCdev, ADeviceFileThatIsNotOursSaysWhatToDo)
{
	machine.fail("open cdev", EACCES);
	expect_open_error(-EPERM, {"chown USER", "/dev/vfio/devices/vfio0", "udev"});
}

TEST_F(PciCdev, SoDoesIommu)
{
	machine.fail("open iommu", EACCES);
	expect_attach_error(-EPERM, "/dev/iommu (until");
}

TEST_F(PciCdev, ASecondUserIsRefused)
{
	Attached first(machine);

	expect_attach_error(-EBUSY, "has another user");
}

TEST_F(PciCdev, RivalsAreNamed)
{
	machine.add_function("0000:01:00.0", 17, "igb");
	machine.remove("dev/vfio/17");
	machine.viable = false;
	expect_attach_error(-EBUSY, "0000:01:00.0 (igb)");
}

TEST_F(PciCdev, WithoutInterruptRemappingTheMessageHasTheParameter)
{
	machine.fail("BIND", EPERM);
	expect_attach_error(-EPERM,
			    "echo Y > /sys/module/iommufd/parameters/allow_unsafe_interrupts");
}

TEST_F(PciCdev, MappingsThatDoNotFitAreRefused)
{
	Attached vf(machine);

	EXPECT_EQ(-EINVAL, vf.bus.map(vf.dma, 0xfee00000, MIB));
	EXPECT_NE(nullptr, strstr(vf.bus.err.text, "reserves")) << vf.bus.err.text;
	ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA, MIB));
	EXPECT_EQ(-EINVAL, vf.bus.map(vf.dma, IOVA, MIB));
	EXPECT_NE(nullptr, strstr(vf.bus.err.text, "are mapped")) << vf.bus.err.text;
	vf.bus.bus->ops->dma_unmap(vf.dma, IOVA, MIB);
}

TEST_F(PciCdev, ItIsGivenBackWhileThreadsUseIt)
{
	Attached vf(machine);

	ASSERT_EQ(0, vf.dev->ops->revoke(vf.dev, &vf.err)) << vf.err.text;
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ(1u, machine.n_open()) << "/dev/iommu, and nothing of the function";
	EXPECT_EQ(0u, machine.n_mapped());
}

} // namespace
