/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace
{

using Calls = std::vector<std::string>;

class PciGroup : public testing::Test
{
      protected:
	void SetUp() override
	{
		machine.add_function(VF0, 17, "vfio-pci");
		machine.add_function(VF1, 18, "vfio-pci");
	}

	void expect_error(const struct vfnet_err &err, int code,
			  const std::vector<std::string> &parts)
	{
		EXPECT_EQ(code, err.code);
		for (const std::string &part : parts)
			EXPECT_NE(std::string::npos, std::string(err.text).find(part))
			    << part << " is not in: " << err.text;
		EXPECT_LT(strlen(err.text), sizeof(err.text) - 1) << err.text;
	}

	/* opening VF0 fails like this and holds nothing */
	void expect_open_error(int code, const std::vector<std::string> &parts)
	{
		Bus bus(machine);
		struct vfnet_dev *dev = nullptr;

		EXPECT_EQ(code, bus.open(VF0, &dev));
		EXPECT_EQ(nullptr, dev);
		expect_error(bus.err, code, parts);
		EXPECT_EQ(0u, machine.n_open());
	}

	void expect_dma_error(int code, const std::vector<std::string> &parts)
	{
		{
			Attached vf(machine);

			EXPECT_EQ(code, vf.rc);
			expect_error(vf.err, code, parts);
			EXPECT_EQ(1u, machine.n_open()) << "the claimed group and no container";
		}
		EXPECT_EQ(0u, machine.n_open());
	}

	Machine machine;
};

TEST_F(PciGroup, OpenFillsWhatIsKnownBeforeAttach)
{
	Bus bus(machine);
	struct vfnet_dev *dev = nullptr;

	ASSERT_EQ(0, bus.open("01:10.0", &dev)) << bus.err.text;
	EXPECT_STREQ("pci:0000:01:10.0", dev->name);
	EXPECT_EQ(bus.bus, dev->bus);
	EXPECT_EQ(0x8086, dev->vendor);
	EXPECT_EQ(0x10ca, dev->device);
	EXPECT_EQ(-1, dev->numa_node);
	EXPECT_EQ(1u, machine.n_open());
	dev->ops->close(dev);
	EXPECT_EQ(0u, machine.n_open());
}

TEST_F(PciGroup, UnattachedFunctionHasNoRegisters)
{
	Bus bus(machine);
	struct vfnet_dev *dev = nullptr;

	ASSERT_EQ(0, bus.open(VF0, &dev));
	EXPECT_EQ(UINT32_MAX, dev->ops->read32(dev, 0, 0));
	dev->ops->write32(dev, 0, 0, 1);
	EXPECT_EQ(nullptr, dev->ops->doorbell(dev, 0, 0));
	dev->ops->detach(dev);
	dev->ops->close(dev);
}

TEST_F(PciGroup, BadNameShowsTheForm)
{
	Bus bus(machine);
	struct vfnet_dev *dev = nullptr;

	EXPECT_EQ(-EINVAL, bus.open("eth0", &dev));
	expect_error(bus.err, -EINVAL, {"\"eth0\"", "pci:0000:01:10.0"});
	EXPECT_EQ(-EINVAL, bus.open(std::string(5000, 'x').c_str(), &dev));
	expect_error(bus.err, -EINVAL, {"pci:0000:01:10.0"});
}

TEST_F(PciGroup, SameFunctionTwiceIsBusy)
{
	Bus bus(machine);
	struct vfnet_dev *dev = nullptr;
	struct vfnet_dev *second = nullptr;

	ASSERT_EQ(0, bus.open(VF0, &dev));
	EXPECT_EQ(-EBUSY, bus.open("01:10.0", &second));
	EXPECT_EQ(nullptr, second);
	expect_error(bus.err, -EBUSY, {VF0, "open already"});
	dev->ops->close(dev);
	ASSERT_EQ(0, bus.open(VF0, &dev));
	dev->ops->close(dev);
}

TEST_F(PciGroup, OtherContextIsBusy)
{
	Bus first(machine);
	struct vfnet_dev *dev = nullptr;

	ASSERT_EQ(0, first.open(VF0, &dev));
	{
		Bus second(machine);
		struct vfnet_dev *other = nullptr;

		EXPECT_EQ(-EBUSY, second.open(VF0, &other));
		expect_error(second.err, -EBUSY, {VF0, "/vfio/17", "another", "fuser"});
	}
	EXPECT_EQ(1u, machine.n_open());
	dev->ops->close(dev);
}

TEST_F(PciGroup, FunctionsOfOneGroupShareItsDescriptor)
{
	Bus bus(machine);
	struct vfnet_dev *a = nullptr;
	struct vfnet_dev *b = nullptr;

	machine.add_function("0000:01:10.4", 17, "vfio-pci");
	ASSERT_EQ(0, bus.open(VF0, &a));
	ASSERT_EQ(0, bus.open("0000:01:10.4", &b)) << bus.err.text;
	EXPECT_EQ(1u, machine.n_open());
	a->ops->close(a);
	EXPECT_EQ(1u, machine.n_open());
	b->ops->close(b);
	EXPECT_EQ(0u, machine.n_open());
}

TEST_F(PciGroup, NoPermissionSaysChownAndUdev)
{
	machine.fail("open group", EACCES);
	expect_open_error(-EPERM, {"not permitted", "/vfio/17", "chown", "udev"});
}

TEST_F(PciGroup, MissingDeviceFileIsExplained)
{
	machine.remove("dev/vfio/17");
	expect_open_error(-ENODEV, {"/vfio/17 does not exist", "container"});
}

TEST_F(PciGroup, UnusualOpenErrorIsShown)
{
	machine.fail("open group", EMFILE);
	expect_open_error(-EMFILE, {"/vfio/17", strerror(EMFILE)});
}

TEST_F(PciGroup, NotViableNamesTheOthers)
{
	machine.add_function("0000:01:00.0", 17, "igb");
	machine.viable = false;
	expect_open_error(-EBUSY, {"IOMMU group 17", "0000:01:00.0 (igb)", "unbind"});
}

TEST_F(PciGroup, NoVfioInTheKernel)
{
	machine.remove("dev/vfio/vfio");
	expect_dma_error(-ENOENT, {"/vfio/vfio", "modprobe vfio-pci", "CONFIG_VFIO"});
	machine.write("dev/vfio/vfio", "");
	machine.fail("open container", ENODEV);
	expect_dma_error(-ENOENT, {"modprobe vfio-pci"});
}

TEST_F(PciGroup, ContainerWithoutPermission)
{
	machine.fail("open container", EACCES);
	expect_dma_error(-EPERM, {"/vfio/vfio", "chmod"});
}

TEST_F(PciGroup, StrangeInterfaceVersionIsRefused)
{
	machine.api_version = 7;
	expect_dma_error(-ENOTSUP, {"version 7"});
}

TEST_F(PciGroup, OlderIommuDriverDoes)
{
	machine.type1v2 = false;
	Attached vf(machine);

	EXPECT_EQ(0, vf.rc) << vf.err.text;
}

TEST_F(PciGroup, NoIommuDriverSaysWhichModule)
{
	machine.type1v2 = false;
	machine.type1 = false;
	expect_dma_error(-ENOTSUP, {"modprobe vfio_iommu_type1"});
}

TEST_F(PciGroup, FirstGroupGivesTheContainerItsIommu)
{
	Bus bus(machine);
	struct vfnet_dev *dev[2];
	struct vfnet_dma *dma;
	size_t from;

	ASSERT_EQ(0, bus.open(VF0, &dev[0]));
	ASSERT_EQ(0, bus.open(VF1, &dev[1]));
	ASSERT_EQ(0, bus.open_dma(&dma));
	from = machine.calls.size();
	ASSERT_EQ(0, dev[0]->ops->attach(dev[0], dma, &bus.err)) << bus.err.text;
	Calls first = machine.calls_since(from);
	first.erase(std::remove(first.begin(), first.end(), "CHECK_EXTENSION"), first.end());
	first.resize(5);
	EXPECT_EQ((Calls{"open container", "GET_API_VERSION", "SET_CONTAINER", "SET_IOMMU",
			 "GET_DEVICE_FD"}),
		  first);
	from = machine.calls.size();
	ASSERT_EQ(0, dev[1]->ops->attach(dev[1], dma, &bus.err)) << bus.err.text;
	EXPECT_EQ("SET_CONTAINER", machine.calls[from]);
	EXPECT_EQ("GET_DEVICE_FD", machine.calls[from + 1]);
	for (struct vfnet_dev *d : dev) {
		EXPECT_EQ(3u, d->n_vectors);
		d->ops->detach(d);
		d->ops->close(d);
	}
	bus.bus->ops->dma_close(dma);
	EXPECT_EQ(0u, machine.n_open());
	EXPECT_EQ(0u, machine.n_mapped());
}

TEST_F(PciGroup, SecondFunctionOfAGroupFindsItAttached)
{
	machine.add_function("0000:01:10.4", 17, "vfio-pci");
	Attached vf(machine);
	struct vfnet_dev *other = nullptr;
	size_t from = machine.calls.size();

	ASSERT_EQ(0, vf.bus.open("0000:01:10.4", &other));
	ASSERT_EQ(0, other->ops->attach(other, vf.dma, &vf.err)) << vf.err.text;
	EXPECT_EQ("GET_DEVICE_FD", machine.calls[from]);
	other->ops->detach(other);
	EXPECT_EQ(0u, vf.dev->ops->read32(vf.dev, 0, 8)) << "the first one is still attached";
	other->ops->close(other);
}

TEST_F(PciGroup, GroupInAnotherDomainIsExdev)
{
	machine.add_function("0000:01:10.4", 17, "vfio-pci");
	Attached vf(machine);
	struct vfnet_dev *other = nullptr;
	struct vfnet_dma *dma = nullptr;

	ASSERT_EQ(0, vf.bus.open("0000:01:10.4", &other));
	ASSERT_EQ(0, vf.bus.open_dma(&dma));
	EXPECT_EQ(-EXDEV, other->ops->attach(other, dma, &vf.err));
	expect_error(vf.err, -EXDEV, {"IOMMU group 17", "another DMA domain"});
	ASSERT_EQ(0, other->ops->attach(other, vf.dma, &vf.err)) << vf.err.text;
	other->ops->close(other);
	vf.bus.bus->ops->dma_close(dma);
}

TEST_F(PciGroup, GroupThatCannotShareIsExdev)
{
	Attached vf(machine);
	struct vfnet_dev *other = nullptr;
	struct vfnet_dma *dma = nullptr;

	ASSERT_EQ(0, vf.bus.open(VF1, &other));
	machine.fail("SET_CONTAINER", EINVAL);
	EXPECT_EQ(-EXDEV, other->ops->attach(other, vf.dma, &vf.err));
	ASSERT_EQ(0, vf.bus.open_dma(&dma));
	ASSERT_EQ(0, other->ops->attach(other, dma, &vf.err)) << vf.err.text;
	other->ops->detach(other);
	other->ops->close(other);
	vf.bus.bus->ops->dma_close(dma);
}

TEST_F(PciGroup, RefusalByAnEmptyContainerIsNotExdev)
{
	machine.fail("SET_CONTAINER", EINVAL);
	Attached vf(machine);

	EXPECT_EQ(-EINVAL, vf.rc);
}

TEST_F(PciGroup, NoInterruptRemappingIsExplained)
{
	machine.fail("SET_IOMMU", EPERM);
	Attached vf(machine);

	EXPECT_EQ(-EPERM, vf.rc);
	expect_error(vf.err, -EPERM,
		     {VF0, "interrupt remapping",
		      "echo Y > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_"
		      "interrupts"});
	EXPECT_EQ(0, vf.dev->ops->attach(vf.dev, vf.dma, &vf.err)) << "nothing was left behind";
}

TEST_F(PciGroup, AttachAndDetachTenTimes)
{
	Bus bus(machine);

	for (int i = 0; i < 10; i++) {
		struct vfnet_dev *dev = nullptr;
		struct vfnet_dma *dma = nullptr;

		ASSERT_EQ(0, bus.open(VF0, &dev)) << bus.err.text;
		ASSERT_EQ(0, bus.open_dma(&dma)) << bus.err.text;
		ASSERT_EQ(0, dev->ops->attach(dev, dma, &bus.err)) << bus.err.text;
		ASSERT_EQ(0, bus.map(dma, IOVA, 0x200000)) << bus.err.text;
		EXPECT_EQ(3u, machine.n_open());
		EXPECT_EQ(1u, machine.n_mapped());
		dev->ops->detach(dev);
		EXPECT_TRUE(machine.mappings.empty()) << "the last group takes the mappings";
		bus.bus->ops->dma_unmap(dma, IOVA, 0x200000);
		bus.bus->ops->dma_close(dma);
		dev->ops->close(dev);
		EXPECT_EQ(0u, machine.n_open());
		EXPECT_EQ(0u, machine.n_mapped());
	}
}

TEST_F(PciGroup, EmptiedContainerGetsItsIommuAgain)
{
	Attached vf(machine);

	vf.dev->ops->detach(vf.dev);
	ASSERT_EQ(0, vf.dev->ops->attach(vf.dev, vf.dma, &vf.err)) << vf.err.text;
	EXPECT_EQ(0, vf.bus.map(vf.dma, IOVA, 4096)) << vf.bus.err.text;
}

TEST(PciBus, RootsThatAreTooLongAreRefused)
{
	Machine machine;
	const std::string root(VFNET_PCI_ROOT_MAX + 1, 'x');
	struct vfnet_bus *bus = nullptr;

	machine.host.sysfs = root.c_str();
	EXPECT_EQ(-EINVAL, vfnet_pci_bus_open(&machine.host, &bus, nullptr));
	EXPECT_EQ(nullptr, bus);
}

TEST(PciBus, ThisMachineHasOne)
{
	struct vfnet_bus *bus = nullptr;
	struct vfnet_dev *dev = nullptr;
	struct vfnet_err err;

	ASSERT_EQ(0, vfnet_pci_bus_open(nullptr, &bus, &err));
	/* no machine has a domain of this number, device and function */
	EXPECT_EQ(-ENODEV, bus->ops->open(bus, "ffff:ff:1f.7", nullptr, &dev, &err));
	vfnet_pci_bus_close(bus);
}

} // namespace
