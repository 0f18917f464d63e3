/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors that the program hands in with a function's name: the bus opens no device file. */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/vfio.h>
#include <unistd.h>

#include "lib/dev/pci/iommufd.h"

namespace
{

class PciHanded : public testing::Test
{
      protected:
	~PciHanded() override
	{
		EXPECT_EQ(program.size(), machine.n_open()) << "what the program opened stays";
		EXPECT_EQ(0u, machine.n_mapped());
		for (int fd : program)
			EXPECT_EQ(0, close(fd)) << "nobody else has closed it";
	}

	/* opens a file as the program; closed at the end */
	int open(const std::string &file)
	{
		program.push_back(machine.open_as_program(file));
		return program.back();
	}

	static std::string name(const char *function, int dev, int dma)
	{
		return std::string(function) + ",dev=" + std::to_string(dev) +
		       ",dma=" + std::to_string(dma);
	}

	/* of the program's descriptors, by the library; no child inherits them */
	unsigned int n_duplicates() const
	{
		const pid_t self = getpid();
		unsigned int n = 0;

		for (int own : program)
			for (int fd = 0; fd < 1024; fd++) {
				if (fd == own || syscall(SYS_kcmp, self, self, KCMP_FILE, own, fd))
					continue;
				EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
				n++;
			}
		return n;
	}

	void expect_refused(const std::string &text, int code, const char *part)
	{
		Bus bus(machine);
		struct vfnet_dev *dev = nullptr;

		EXPECT_EQ(code, bus.open(text.c_str(), &dev)) << text;
		EXPECT_EQ(nullptr, dev);
		EXPECT_EQ(code, bus.err.code);
		EXPECT_NE(nullptr, strstr(bus.err.text, part)) << bus.err.text;
		EXPECT_EQ(program.size(), machine.n_open()) << text;
	}

	void expect_not_attached(const std::string &text, int code, const char *part)
	{
		Attached vf(machine, text);

		EXPECT_EQ(code, vf.rc);
		EXPECT_NE(nullptr, strstr(vf.err.text, part)) << vf.err.text;
	}

	Machine machine;
	std::vector<int> program;
	struct vfnet_err err = {};
};

TEST_F(PciHanded, OtherFormsAreRefused)
{
	machine.add_function(VF0, 17, "vfio");
	for (const char *text :
	     {",", ",dev=5", ",dma=5", ",dev=0,dma=", ",dev=,dma=0", ",dev=-1,dma=0",
	      ",dev=0,dma=0,", ",dev=0,dma=0,dev=0", ",dev=0,dma=0x1", ",dev=0 ,dma=0",
	      ",dev=99999999999,dma=0", ",dev=0,dma=0,x=1", ",dev=0dma=0", ",DEV=0,DMA=0"})
		expect_refused(std::string(VF0) + text, -EINVAL, "dev=5,dma=6");
	expect_refused("eth0,dev=5,dma=6", -EINVAL, "is not a PCI address");
}

TEST_F(PciHanded, WhatIsNotOpenIsNamed)
{
	machine.add_function(VF0, 17, "vfio");
	expect_refused(name(VF0, 0, 12345), -EBADF, "dma=12345: this process has no descriptor");
	expect_refused(name(VF0, 12346, 0), -EBADF, "dev=12346: this process has no descriptor");
}

TEST_F(PciHanded, AnUnknownFunctionHoldsNothing)
{
	const int fd = open("uiommu");

	expect_refused(name("0000:05:00.0", fd, fd), -ENODEV, "no PCI function 0000:05:00.0");
}

/* ---- our module ---- */

class PciHandedKmod : public PciHanded
{
      protected:
	PciHandedKmod()
	{
		machine.add_function(VF0, 17, "vfio");
		machine.add_function(VF1, 18, "vfio");
		node0 = open("vfio0");
		node1 = open("vfio1");
		domain = open("uiommu");
		machine.calls.clear();
	}

	int node0;
	int node1;
	int domain;
};

TEST_F(PciHandedKmod, NoFileIsOpened)
{
	{
		Attached vf(machine, name(VF0, node0, domain));

		ASSERT_EQ(0, vf.rc) << vf.err.text;
		EXPECT_STREQ("pci:0000:01:10.0", vf.dev->name);
		ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA, 4096)) << vf.bus.err.text;
		vf.bus.bus->ops->dma_unmap(vf.dma, IOVA, 4096);
		EXPECT_EQ(3u, n_duplicates()) << "the function, the domain for it and for others";
	}
	for (const std::string &call : machine.calls)
		EXPECT_EQ(std::string::npos, call.find("open")) << call;
	Attached again(machine, name(VF0, node0, domain));

	EXPECT_EQ(0, again.rc) << "it was left as it was found: " << again.err.text;
}

TEST_F(PciHandedKmod, TheProgramMayCloseItsOwn)
{
	Attached vf(machine, name(VF0, node0, domain));

	for (int fd : program)
		machine.close_as_program(fd);
	program.clear();
	EXPECT_EQ(3u, machine.n_open()) << "the function, and the domain for it and for others";
	vf.dev->ops->write32(vf.dev, 3, 8, 77);
	EXPECT_EQ(77u, vf.dev->ops->read32(vf.dev, 3, 8)) << "by a system call";
}

TEST_F(PciHandedKmod, TheSameDescriptorIsTheSameDomain)
{
	const int copy = dup(domain);
	const int other_domain = open("uiommu");
	Attached vf(machine, name(VF0, node0, domain));
	struct vfnet_dev *other = nullptr;

	program.push_back(copy);
	ASSERT_EQ(0, vf.bus.open(name(VF1, node1, other_domain).c_str(), &other));
	EXPECT_EQ(-EXDEV, other->ops->attach(other, vf.dma, &vf.err));
	other->ops->close(other);
	ASSERT_EQ(0, vf.bus.open(VF1, &other)) << "by its own";
	EXPECT_EQ(-EXDEV, other->ops->attach(other, vf.dma, &vf.err));
	other->ops->close(other);
	for (int fd : {domain, copy}) {
		ASSERT_EQ(0, vf.bus.open(name(VF1, node1, fd).c_str(), &other));
		EXPECT_EQ(0, other->ops->attach(other, vf.dma, &vf.err)) << vf.err.text;
		other->ops->close(other);
	}
}

TEST_F(PciHandedKmod, AFunctionWithItsOwnDomainDoesNotTakeOneThatWasHandedIn)
{
	Attached own(machine, VF0);
	struct vfnet_dev *other = nullptr;

	ASSERT_EQ(0, own.bus.open(name(VF1, node1, domain).c_str(), &other));
	EXPECT_EQ(-EXDEV, other->ops->attach(other, own.dma, &own.err));
	other->ops->close(other);
}

TEST_F(PciHandedKmod, TheNodeOfAnotherFunctionIsRefused)
{
	expect_refused(name(VF0, node1, domain), -EINVAL, "is not one of");
	expect_refused(name(VF0, domain, domain), -EINVAL, "/vfio0");
}

TEST_F(PciHandedKmod, WhatIsNoUiommuIsRefused)
{
	expect_not_attached(name(VF0, node0, node1), -EINVAL, "/uiommu");
}

/* ---- vfio-pci ---- */

class PciHandedVfio : public PciHanded
{
      protected:
	PciHandedVfio()
	{
		machine.add_function(VF0, 17, "vfio-pci");
		container = open("vfio/vfio");
		group = open("vfio/17");
	}

	/* what the opener does before it hands both in */
	int function()
	{
		machine.do_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
		machine.do_ioctl(container, VFIO_SET_IOMMU,
				 reinterpret_cast<void *>(VFIO_TYPE1v2_IOMMU));
		program.push_back(machine.function_as_program(group, VF0));
		machine.calls.clear();
		return program.back();
	}

	int container;
	int group;
};

TEST_F(PciHandedVfio, NoFileIsOpened)
{
	const int fd = function();
	{
		Attached vf(machine, name(VF0, fd, container));

		ASSERT_EQ(0, vf.rc) << vf.err.text;
		EXPECT_EQ(3u, vf.dev->n_vectors);
		ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA, 4096)) << vf.bus.err.text;
		EXPECT_EQ(1u, machine.mappings.size());
		vf.bus.bus->ops->dma_unmap(vf.dma, IOVA, 4096);
		EXPECT_TRUE(machine.mappings.empty());
	}
	for (const std::string &call : machine.calls) {
		EXPECT_EQ(std::string::npos, call.find("open")) << call;
		EXPECT_EQ(std::string::npos, call.find("CONTAINER")) << call;
	}
}

TEST_F(PciHandedVfio, DetachLeavesNoInterruptAndNoBusMaster)
{
	const int fds[] = {10, 11, 12};
	const int fd = function();
	Attached vf(machine, name(VF0, fd, container));

	ASSERT_EQ(0, vf.dev->ops->bus_master(vf.dev, true, &err)) << err.text;
	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	vf.dev->ops->detach(vf.dev);
	EXPECT_TRUE(machine.eventfds.empty());
	EXPECT_EQ(2, machine.command()) << "memory decode only";
	EXPECT_EQ(0u, machine.n_mapped());
}

TEST_F(PciHandedVfio, WhatIsNoFunctionIsRefused)
{
	expect_refused(name(VF0, group, container), -EINVAL, "not one of a function from vfio-pci");
	expect_refused(name(VF0, 0, container), -EINVAL, "not one of a function from vfio-pci");
}

TEST_F(PciHandedVfio, WhatIsNoContainerIsRefused)
{
	const int fd = function();

	expect_not_attached(name(VF0, fd, 0), -EINVAL, "not a container");
	expect_not_attached(name(VF0, fd, group), -EINVAL, "not a container");
}

TEST_F(PciHandedVfio, AContainerWithoutAnIommuIsRefused)
{
	const int fd = function();
	const int empty = open("vfio/vfio");

	expect_not_attached(name(VF0, fd, empty), -EINVAL, "VFIO_SET_IOMMU");
}

TEST_F(PciHandedVfio, AFunctionOfAnotherKindIsRefused)
{
	const int fd = function();

	machine.write(machine.device_dir(VF0) + "/device", "0x1520\n");
	expect_not_attached(name(VF0, fd, container), -EINVAL, "8086:1520");
}

/* ---- vfio-pci by iommufd ---- */

class PciHandedCdev : public PciHanded
{
      protected:
	PciHandedCdev()
	{
		for (const char *function : {VF0, VF1}) {
			machine.add_function(function, function == std::string(VF0) ? 17 : 18,
					     "vfio-pci");
			machine.offer_cdev(function);
		}
		cdev0 = open("vfio/devices/" + machine.node(VF0));
		cdev1 = open("vfio/devices/" + machine.node(VF1));
		iommu = open("iommu");
		machine.calls.clear();
	}

	/* as the opener, or a worker before */
	void bind(int cdev, int iommufd)
	{
		struct vfnet_iommufd_bind argument = {sizeof(argument), 0, iommufd, 0};

		ASSERT_EQ(0, machine.do_ioctl(cdev, VFNET_IOMMUFD_BIND, &argument));
		machine.calls.clear();
	}

	int cdev0;
	int cdev1;
	int iommu;
};

TEST_F(PciHandedCdev, NoFileIsOpened)
{
	for (int life = 0; life < 2; life++) {
		Attached vf(machine, name(VF0, cdev0, iommu));

		ASSERT_EQ(0, vf.rc) << "life " << life << ": " << vf.err.text;
		EXPECT_EQ(3u, vf.dev->n_vectors);
		ASSERT_EQ(0, vf.bus.map(vf.dma, IOVA, 4096)) << vf.bus.err.text;
		EXPECT_EQ(1u, machine.mappings.size());
		EXPECT_EQ(1u, machine.n_ioas(iommu));
	}
	EXPECT_TRUE(machine.mappings.empty()) << "although the program has a copy";
	EXPECT_EQ(0u, machine.n_ioas(iommu));
	for (const std::string &call : machine.calls)
		EXPECT_EQ(std::string::npos, call.find("open")) << call;
}

TEST_F(PciHandedCdev, OneThatTheOpenerHasBoundIsTaken)
{
	bind(cdev0, iommu);
	{
		Attached vf(machine, name(VF0, cdev0, iommu));

		EXPECT_EQ(0, vf.rc) << vf.err.text;
		EXPECT_EQ(1u, machine.n_ioas(iommu)) << "what it was tried in is gone";
	}
	EXPECT_EQ(0u, machine.n_ioas(iommu));
}

TEST_F(PciHandedCdev, OneThatIsBoundElsewhereIsRefused)
{
	const int other = open("iommu");
	struct vfnet_iommufd_ioas_alloc alloc = {sizeof(alloc), 0, 0};

	/* the same numbers, so that attaching alone succeeds */
	for (int i = 0; i < 3; i++)
		machine.do_ioctl(other, VFNET_IOMMUFD_IOAS_ALLOC, &alloc);
	bind(cdev0, other);
	expect_not_attached(name(VF0, cdev0, iommu), -EINVAL, "bound to another iommufd");
	EXPECT_EQ(0u, machine.n_ioas(iommu));
	EXPECT_EQ(3u, machine.n_ioas(other));
}

TEST_F(PciHandedCdev, AnotherUserOfTheFunctionIsNamedAsSuch)
{
	const int second = open("vfio/devices/" + machine.node(VF0));

	bind(second, iommu);
	expect_not_attached(name(VF0, cdev0, iommu), -EBUSY, "has another user");
	EXPECT_EQ(0u, machine.n_ioas(iommu));
}

TEST_F(PciHandedCdev, FunctionsOfOneIommufdShareAnAddressSpace)
{
	const int other_iommu = open("iommu");
	Attached vf(machine, name(VF0, cdev0, iommu));
	struct vfnet_dev *other = nullptr;

	ASSERT_EQ(0, vf.rc) << vf.err.text;
	ASSERT_EQ(0, vf.bus.open(name(VF1, cdev1, other_iommu).c_str(), &other));
	EXPECT_EQ(-EXDEV, other->ops->attach(other, vf.dma, &vf.err));
	other->ops->close(other);
	ASSERT_EQ(0, vf.bus.open(name(VF1, cdev1, iommu).c_str(), &other));
	EXPECT_EQ(0, other->ops->attach(other, vf.dma, &vf.err)) << vf.err.text;
	EXPECT_EQ(1u, machine.n_ioas(iommu));
	other->ops->close(other);
}

TEST_F(PciHandedCdev, OneThatCannotShareIsTriedInADomainOfItsOwn)
{
	Attached vf(machine, name(VF0, cdev0, iommu));
	struct vfnet_dev *other = nullptr;
	struct vfnet_dma *own = nullptr;

	ASSERT_EQ(0, vf.bus.open(name(VF1, cdev1, iommu).c_str(), &other));
	machine.fail("ATTACH", EINVAL);
	EXPECT_EQ(-EXDEV, other->ops->attach(other, vf.dma, &vf.err));
	ASSERT_EQ(0, vf.bus.open_dma(&own));
	EXPECT_EQ(0, other->ops->attach(other, own, &vf.err)) << vf.err.text;
	EXPECT_EQ(2u, machine.n_ioas(iommu));
	other->ops->close(other);
	vf.bus.bus->ops->dma_close(own);
	EXPECT_EQ(1u, machine.n_ioas(iommu));
}

TEST_F(PciHandedCdev, DetachLeavesNoInterruptAndNoBusMaster)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine, name(VF0, cdev0, iommu));

	ASSERT_EQ(0, vf.dev->ops->bus_master(vf.dev, true, &err)) << err.text;
	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	vf.dev->ops->detach(vf.dev);
	EXPECT_TRUE(machine.eventfds.empty());
	EXPECT_EQ(2, machine.command()) << "memory decode only";
	EXPECT_EQ("DETACH", machine.calls.back());
	EXPECT_EQ(0u, machine.n_mapped());
}

TEST_F(PciHandedCdev, AFailureAfterTheAttachmentUndoesIt)
{
	machine.fail("GET_REGION_INFO", EIO);
	expect_not_attached(name(VF0, cdev0, iommu), -EIO, "BARs");
	EXPECT_EQ(0u, machine.n_ioas(iommu)) << "or it would be busy";
}

TEST_F(PciHandedCdev, ItIsGivenBackWhileThreadsUseIt)
{
	Attached vf(machine, name(VF0, cdev0, iommu));

	ASSERT_EQ(0, vf.dev->ops->revoke(vf.dev, &vf.err)) << vf.err.text;
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ(program.size() + 1, machine.n_open())
	    << "the iommufd, and nothing of the function";
	EXPECT_EQ(0u, machine.n_mapped());
}

TEST_F(PciHandedCdev, TheFileOfAnotherFunctionIsRefused)
{
	expect_refused(name(VF0, cdev1, iommu), -EINVAL, "/vfio/devices/vfio0");
	expect_refused(name(VF0, iommu, iommu), -EINVAL, "not one of a function from vfio-pci");
}

TEST_F(PciHandedCdev, WhatIsNoIommufdIsRefused)
{
	const int container = open("vfio/vfio");

	expect_not_attached(name(VF0, cdev0, container), -EINVAL, "not an open");
	expect_not_attached(name(VF0, cdev0, cdev1), -EINVAL, "/dev/iommu");
	expect_not_attached(name(VF0, cdev0, 0), -EINVAL, "/dev/iommu");
}

} // namespace
