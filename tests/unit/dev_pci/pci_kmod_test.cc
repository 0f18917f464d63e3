/* SPDX-License-Identifier: BSD-2-Clause */
/* The door of our module; what it has in common with vfio-pci is in pci_device_test.cc. */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <sys/resource.h>

namespace
{

using Calls = std::vector<std::string>;

constexpr uint64_t MIB = 1 << 20;

class PciKmod : public testing::Test
{
      protected:
	PciKmod()
	{
		machine.add_function(VF0, 17, "vfio");
		machine.add_function(VF1, 18, "vfio");
	}

	~PciKmod() override
	{
		EXPECT_EQ(0u, machine.n_open());
		EXPECT_EQ(0u, machine.n_mapped());
	}

	void expect_error(const struct vfnet_err &said, int code, const Calls &parts)
	{
		EXPECT_EQ(code, said.code);
		for (const std::string &part : parts)
			EXPECT_NE(std::string::npos, std::string(said.text).find(part))
			    << part << " is not in: " << said.text;
		EXPECT_LT(strlen(said.text), sizeof(said.text) - 1) << said.text;
	}

	/* opening VF0 fails like this and holds nothing */
	void expect_open_error(int code, const Calls &parts)
	{
		Bus bus(machine);
		struct vfnet_dev *dev = nullptr;

		EXPECT_EQ(code, bus.open(VF0, &dev));
		EXPECT_EQ(nullptr, dev);
		expect_error(bus.err, code, parts);
		EXPECT_EQ(0u, machine.n_open());
	}

	/* attaching VF0 as the first fails like this */
	void expect_attach_error(int code, const Calls &parts)
	{
		Attached vf(machine);

		EXPECT_EQ(code, vf.rc);
		expect_error(vf.err, code, parts);
		EXPECT_EQ(1u, machine.n_open()) << "the node, and no domain";
	}

	size_t count(const char *call) const
	{
		return static_cast<size_t>(
		    std::count(machine.calls.begin(), machine.calls.end(), call));
	}

	/* of this process, whatever they are */
	static std::ptrdiff_t descriptors()
	{
		const std::filesystem::directory_iterator fds("/proc/self/fd");

		return std::distance(begin(fds), end(fds));
	}

	Machine machine;
	struct vfnet_err err = {};
};

TEST_F(PciKmod, TheNodeIsTheOneThatSysfsNames)
{
	Bus bus(machine);
	struct vfnet_dev *dev = nullptr;

	ASSERT_EQ(0, bus.open(VF1, &dev)) << bus.err.text;
	EXPECT_STREQ("pci:0000:01:10.2", dev->name);
	EXPECT_EQ(Calls{"open node"}, machine.calls);
	machine.remove("dev/vfio1");
	dev->ops->close(dev);
	EXPECT_EQ(-ENODEV, bus.open(VF1, &dev));
	expect_error(bus.err, -ENODEV, {VF1, "/vfio1 does not exist", "container"});
}

TEST_F(PciKmod, TheDomainComesBeforeWhatWouldMakeAPrivateOne)
{
	Attached vf(machine);

	ASSERT_EQ(0, vf.rc) << vf.err.text;
	EXPECT_EQ((Calls{"open node", "open uiommu", "DOMAIN_SET"}),
		  Calls(machine.calls.begin(), machine.calls.begin() + 3));
	EXPECT_EQ(3u, vf.dev->n_vectors);
}

TEST_F(PciKmod, TwoFunctionsShareADomain)
{
	Attached vf(machine);
	struct vfnet_dev *other = nullptr;

	ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA, MIB)) << vf.bus.err.text;
	EXPECT_EQ((std::map<uint64_t, uint64_t>{{IOVA, MIB}}), machine.mappings);
	EXPECT_EQ(1u, machine.map_flags) << "for writing";
	ASSERT_EQ(0, vf.bus.open(VF1, &other));
	ASSERT_EQ(0, other->ops->attach(other, vf.dma, &vf.err)) << vf.err.text;
	EXPECT_EQ(1u, count("open uiommu"));
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ(1u, machine.mappings.size()) << "the other one still needs it";
	other->ops->close(other);
	vf.bus.bus->ops->dma_unmap(vf.dma, IOVA, MIB);
}

TEST_F(PciKmod, UnmappingTellsAllThreeNumbers)
{
	Attached vf(machine);

	ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA, MIB));
	ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA + MIB, MIB));
	vf.bus.bus->ops->dma_unmap(vf.dma, IOVA, MIB);
	EXPECT_EQ((std::map<uint64_t, uint64_t>{{IOVA + MIB, MIB}}), machine.mappings);
	EXPECT_EQ((std::vector<std::pair<uint64_t, uint64_t>>{{0x10000, MIB}}), machine.vaddrs);
	vf.bus.bus->ops->dma_unmap(vf.dma, IOVA, MIB);
	EXPECT_EQ(1u, machine.vaddrs.size()) << "what is not mapped is not unmapped";
}

TEST_F(PciKmod, AFunctionOfVfioPciHasADomainOfItsOwn)
{
	machine.add_function("0000:01:10.4", 19, "vfio-pci");
	Attached ours(machine);
	struct vfnet_dev *theirs = nullptr;
	struct vfnet_dma *dma = nullptr;

	ASSERT_EQ(0, ours.bus.open("0000:01:10.4", &theirs)) << ours.bus.err.text;
	EXPECT_EQ(-EXDEV, theirs->ops->attach(theirs, ours.dma, &ours.err));
	ASSERT_EQ(0, ours.bus.open_dma(&dma));
	ASSERT_EQ(0, theirs->ops->attach(theirs, dma, &ours.err)) << ours.err.text;
	theirs->ops->close(theirs);
	ours.bus.bus->ops->dma_close(dma);
}

TEST_F(PciKmod, NoPermissionSaysChownAndUdev)
{
	machine.fail("open node", EACCES);
	expect_open_error(-EPERM, {VF0, "/vfio0", "As root: chown", "SUBSYSTEM==\"uvfio\""});
}

TEST_F(PciKmod, NoInterruptRemappingSaysWhichParameter)
{
	machine.fail("open node", EPERM);
	expect_open_error(-EPERM, {VF0, "interrupt remapping", "allow_unsafe_intrs"});
}

TEST_F(PciKmod, OtherErrorsOfTheNode)
{
	machine.fail("open node", EBUSY);
	expect_open_error(-EBUSY, {VF0, "another driver has its registers"});
	machine.fail("open node", ENODEV);
	expect_open_error(-ENODEV, {VF0, "it is gone"});
	machine.fail("open node", EMFILE);
	expect_open_error(-EMFILE, {VF0, strerror(EMFILE)});
}

TEST_F(PciKmod, ANodeThatIsJustResetIsTriedAgain)
{
	Bus bus(machine);
	struct vfnet_dev *dev = nullptr;

	machine.fail("open node", EAGAIN);
	ASSERT_EQ(0, bus.open(VF0, &dev)) << bus.err.text;
	EXPECT_EQ(2u, count("open node"));
	dev->ops->close(dev);
}

TEST_F(PciKmod, AnotherDriverOfThatNameIsExplained)
{
	machine.remove(machine.device_dir(VF0) + "/vfio");
	expect_open_error(-ENODEV, {VF0, "uvfio"});
}

TEST_F(PciKmod, NoUiommu)
{
	machine.fail("open uiommu", EACCES);
	expect_attach_error(-EPERM, {"/uiommu", "As root: chmod 666"});
	machine.remove("dev/uiommu");
	expect_attach_error(-ENOENT, {"/uiommu", "container"});
}

TEST_F(PciKmod, AFunctionInUseSaysHowToFindTheUser)
{
	machine.fail("DOMAIN_SET", EBUSY);
	expect_attach_error(-EBUSY, {VF0, "IOMMU group 17", "another process", "fuser"});
}

TEST_F(PciKmod, AGroupWithAKernelDriverNamesIt)
{
	machine.add_function("0000:01:00.0", 17, "igb");
	machine.fail("DOMAIN_SET", EBUSY);
	expect_attach_error(-EBUSY, {VF0, "IOMMU group 17", "0000:01:00.0 (igb)"});
}

TEST_F(PciKmod, RefusalByADomainWithOthersIsExdev)
{
	Attached vf(machine);
	struct vfnet_dev *other = nullptr;

	ASSERT_EQ(0, vf.bus.open(VF1, &other));
	machine.fail("DOMAIN_SET", EINVAL);
	EXPECT_EQ(-EXDEV, other->ops->attach(other, vf.dma, &vf.err));
	EXPECT_EQ(0, other->ops->attach(other, vf.dma, &vf.err)) << vf.err.text;
	other->ops->close(other);
}

TEST_F(PciKmod, DetachLeavesTheFunctionAsItWas)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine);
	size_t from;

	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	from = machine.calls.size();
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ((Calls{"EVENTFDS_MSIX", "DOMAIN_UNSET"}), machine.calls_since(from));
	EXPECT_TRUE(machine.eventfds.empty());
	EXPECT_EQ(0, vf.dev->ops->attach(vf.dev, vf.dma, &err)) << err.text;
}

TEST_F(PciKmod, BusMasterIsABitOfTheCommandRegister)
{
	Attached vf(machine);

	ASSERT_EQ(0, vf.dev->ops->bus_master(vf.dev, true, &err)) << err.text;
	EXPECT_EQ(6, machine.module_command());
	ASSERT_EQ(0, vf.dev->ops->bus_master(vf.dev, false, &err)) << err.text;
	EXPECT_EQ(2, machine.module_command());
}

TEST_F(PciKmod, VectorsWithoutAListenerShareOneThatNobodyReads)
{
	const int fds[] = {10, -1, 12};
	Attached vf(machine);
	const auto n_open = descriptors();

	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	ASSERT_EQ(3u, machine.eventfds.size());
	EXPECT_EQ(10, machine.eventfds[0]);
	EXPECT_GE(machine.eventfds[1], 0);
	EXPECT_EQ(12, machine.eventfds[2]);
	EXPECT_EQ(n_open, descriptors());
	/* the module changes none while they are on */
	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 1, fds, &err)) << err.text;
	ASSERT_EQ(3u, machine.eventfds.size());
	EXPECT_EQ(machine.eventfds[1], machine.eventfds[2]);
}

TEST_F(PciKmod, MachineOutOfVectors)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine);

	machine.vectors_left = 2;
	EXPECT_EQ(-ENOSPC, vf.dev->ops->irq_set(vf.dev, 3, fds, &err));
	expect_error(err, -ENOSPC, {VF0, "3 interrupt vectors"});
}

TEST_F(PciKmod, AListOfCapabilitiesMayBiteItsTail)
{
	machine.caps_bite_tail = true;
	Attached vf(machine);

	EXPECT_EQ(0, vf.rc) << vf.err.text;
	EXPECT_EQ(0u, vf.dev->n_vectors);
}

TEST_F(PciKmod, MappingErrors)
{
	struct rlimit old;
	struct rlimit small;
	Attached vf(machine);

	ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA, MIB));
	EXPECT_EQ(-EINVAL, vf.bus.map(vf.dma, IOVA, MIB));
	expect_error(vf.bus.err, -EINVAL, {"0x100000000-0x1000fffff", "are mapped"});
	machine.fail("MAP_IOVA", EINVAL);
	EXPECT_EQ(-EINVAL, vf.bus.map(vf.dma, 0xfee00000, MIB));
	expect_error(vf.bus.err, -EINVAL, {"0xfee00000-0xfeefffff", "reserves"});
	machine.fail("MAP_IOVA", EFAULT);
	EXPECT_EQ(-EFAULT, vf.bus.map(vf.dma, 2 * IOVA, MIB));
	expect_error(vf.bus.err, -EFAULT, {strerror(EFAULT)});
	ASSERT_EQ(0, getrlimit(RLIMIT_MEMLOCK, &old));
	small = {8 << 20, old.rlim_max};
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &small));
	machine.fail("MAP_IOVA", ENOMEM);
	EXPECT_EQ(-ENOMEM, vf.bus.map(vf.dma, 2 * IOVA, 64 * MIB));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &old));
	expect_error(vf.bus.err, -ENOMEM, {"65536 KiB", "allows 8192 KiB", "ulimit -l 65536"});
}

TEST_F(PciKmod, AFunctionThatIsGoneIsSaidToBe)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine);

	machine.fail("RESET", ENODEV);
	EXPECT_EQ(-ENODEV, vf.dev->ops->reset(vf.dev, &err));
	expect_error(err, -ENODEV, {VF0});
	machine.fail("EVENTFDS_MSIX", ENODEV);
	EXPECT_EQ(-ENODEV, vf.dev->ops->irq_set(vf.dev, 3, fds, &err));
	expect_error(err, -ENODEV, {VF0, "it is gone"});
}

} // namespace
