/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <tuple>
#include <unistd.h>

#include "lib/base/io.h"

namespace
{

constexpr uint16_t MEMORY = 2;
constexpr uint16_t MASTER = 4;
constexpr uint16_t INTX_OFF = 0x400;

/* through each driver, with BAR 0 mapped and without */
class PciRegisters : public testing::TestWithParam<std::tuple<const char *, bool>>
{
      protected:
	PciRegisters()
	{
		machine.add_function(VF0, 17, std::get<0>(GetParam()));
		machine.mappable = is_mapped;
		vf = new Attached(machine);
		dev = vf->dev;
	}

	~PciRegisters() override
	{
		delete vf;
	}

	const bool is_mapped = std::get<1>(GetParam());
	Machine machine;
	Attached *vf;
	struct vfnet_dev *dev;
};

TEST_P(PciRegisters, MappingFollowsTheFlag)
{
	ASSERT_EQ(0, vf->rc) << vf->err.text;
	EXPECT_EQ(is_mapped ? 1u : 0u, machine.n_mapped());
}

TEST_P(PciRegisters, ReadsAndWrites)
{
	machine.set_bar0(0x1048, 0x12345678);
	EXPECT_EQ(0x12345678u, dev->ops->read32(dev, 0, 0x1048));
	dev->ops->write32(dev, 0, 0x3ffc, 0xcafef00d);
	EXPECT_EQ(0xcafef00du, machine.bar0(0x3ffc));
	EXPECT_EQ(0xcafef00du, dev->ops->read32(dev, 0, 0x3ffc));
}

TEST_P(PciRegisters, OutsideReadsAllOnesAndSwallows)
{
	const std::vector<std::pair<unsigned int, uint32_t>> outside = {
	    {0, 0x4000}, {0, 0xfffffffc}, {0, 2}, {0, 1},  {0, 0x3ffd},
	    {1, 0},	 {6, 0},	  {7, 4}, {~0u, 0}};

	for (auto [bar, offset] : outside) {
		dev->ops->write32(dev, bar, offset, 0);
		EXPECT_EQ(UINT32_MAX, dev->ops->read32(dev, bar, offset)) << bar << " " << offset;
		EXPECT_EQ(nullptr, dev->ops->doorbell(dev, bar, offset)) << bar << " " << offset;
	}
}

TEST_P(PciRegisters, OtherBarsAreReachedWithoutAMapping)
{
	dev->ops->write32(dev, 3, 0x10, 0x5a5a);
	EXPECT_EQ(0x5a5au, dev->ops->read32(dev, 3, 0x10));
	EXPECT_EQ(0u, machine.bar0(0x10));
	EXPECT_EQ(nullptr, dev->ops->doorbell(dev, 3, 0x10));
}

TEST_P(PciRegisters, DoorbellIsTheRegister)
{
	uint32_t *tail = dev->ops->doorbell(dev, 0, 0x3818);

	ASSERT_EQ(is_mapped, tail != nullptr);
	if (tail) {
		vfnet_io_store_tail(tail, 32);
		EXPECT_EQ(32u, machine.bar0(0x3818));
	}
}

TEST_P(PciRegisters, DetachedFunctionHasNone)
{
	dev->ops->detach(dev);
	EXPECT_EQ(UINT32_MAX, dev->ops->read32(dev, 0, 0));
	EXPECT_EQ(0u, machine.n_mapped());
}

INSTANTIATE_TEST_SUITE_P(EachWay, PciRegisters,
			 testing::Combine(testing::Values("vfio-pci", "vfio"), testing::Bool()));

/* what is the same through each driver */
class PciFunction : public testing::TestWithParam<const char *>
{
      protected:
	PciFunction()
	{
		machine.add_function(VF0, 17, GetParam());
	}

	/* our module wants them switched off in between */
	const bool changes_while_on = GetParam() != std::string("vfio");
	const char *irqs_call = changes_while_on ? "SET_IRQS" : "EVENTFDS_MSIX";
	Machine machine;
	struct vfnet_err err = {};
};

INSTANTIATE_TEST_SUITE_P(EachDriver, PciFunction, testing::Values("vfio-pci", "vfio"));

class PciDevice : public testing::Test
{
      protected:
	PciDevice()
	{
		machine.add_function(VF0, 17, "vfio-pci");
	}

	Machine machine;
	struct vfnet_err err = {};
};

TEST_P(PciFunction, FailedAccessesAreThoseOfADeadDevice)
{
	machine.mappable = false;
	Attached vf(machine);

	machine.fail("pread", EIO);
	EXPECT_EQ(UINT32_MAX, vf.dev->ops->read32(vf.dev, 0, 0));
	machine.fail("pwrite", EIO);
	vf.dev->ops->write32(vf.dev, 0, 0, 1);
	EXPECT_EQ(0u, vf.dev->ops->read32(vf.dev, 0, 0));
}

TEST_P(PciFunction, ResetIsTriedAgainWhileTheKernelIsBusy)
{
	Attached vf(machine);

	machine.busy_resets = 5;
	EXPECT_EQ(0, vf.dev->ops->reset(vf.dev, &err)) << err.text;
	EXPECT_EQ(1u, machine.n_resets);
}

TEST_P(PciFunction, ResetGivesUp)
{
	Attached vf(machine);

	machine.busy_resets = 1000000;
	EXPECT_EQ(-EBUSY, vf.dev->ops->reset(vf.dev, &err));
	EXPECT_EQ(0u, machine.n_resets);
	EXPECT_NE(nullptr, strstr(err.text, VF0));
}

TEST_P(PciFunction, ResetErrorIsShown)
{
	Attached vf(machine);

	machine.fail("RESET", EIO);
	EXPECT_EQ(-EIO, vf.dev->ops->reset(vf.dev, &err));
	EXPECT_NE(nullptr, strstr(err.text, strerror(EIO)));
}

TEST_P(PciFunction, NoResetIsNotSupported)
{
	machine.can_reset = false;
	Attached vf(machine);

	EXPECT_EQ(-ENOTSUP, vf.dev->ops->reset(vf.dev, &err));
	EXPECT_NE(nullptr, strstr(err.text, "no function-level reset"));
}

TEST_F(PciDevice, BusMasterChangesOneBitAndKeepsMemoryDecode)
{
	Attached vf(machine);

	machine.set_command(INTX_OFF);
	ASSERT_EQ(0, vf.dev->ops->bus_master(vf.dev, true, &err)) << err.text;
	EXPECT_EQ(INTX_OFF | MEMORY | MASTER, machine.command());
	ASSERT_EQ(0, vf.dev->ops->bus_master(vf.dev, false, &err)) << err.text;
	EXPECT_EQ(INTX_OFF | MEMORY, machine.command());
}

TEST_F(PciDevice, BusMasterOfADeadFunctionIsNoDevice)
{
	Attached vf(machine);

	machine.set_command(0xffff);
	EXPECT_EQ(-ENODEV, vf.dev->ops->bus_master(vf.dev, true, &err));
	EXPECT_EQ(0xffff, machine.command()) << "nothing is written to it";
	EXPECT_NE(nullptr, strstr(err.text, "gone"));
}

TEST_F(PciDevice, WhatAResetTookIsRestoredOnce)
{
	Attached vf(machine);

	ASSERT_EQ(0, vf.dev->ops->bus_master(vf.dev, true, &err)) << err.text;
	EXPECT_EQ(0, vf.dev->ops->restore(vf.dev, &err)) << "nothing is missing";
	machine.set_command(INTX_OFF);
	EXPECT_EQ(1, vf.dev->ops->restore(vf.dev, &err));
	EXPECT_EQ(INTX_OFF | MEMORY | MASTER, machine.command());
	EXPECT_EQ(0, vf.dev->ops->restore(vf.dev, &err));
	machine.set_command(0xffff);
	EXPECT_EQ(-ENODEV, vf.dev->ops->restore(vf.dev, &err));
}

TEST_F(PciDevice, InterruptsGoToTheirEventfds)
{
	const int fds[] = {10, -1, 12};
	Attached vf(machine);

	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	EXPECT_EQ((std::vector<int32_t>{10, -1, 12}), machine.eventfds);
	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 0, nullptr, &err)) << err.text;
	EXPECT_TRUE(machine.eventfds.empty());
}

TEST_F(PciDevice, MoreInterruptsCanFollowFewer)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine);

	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 1, fds, &err)) << err.text;
	EXPECT_EQ((std::vector<int32_t>{10, -1, -1}), machine.eventfds);
	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	EXPECT_EQ((std::vector<int32_t>{10, 11, 12}), machine.eventfds);
}

TEST_P(PciFunction, InterruptsThatAreOffCanBeSwitchedOff)
{
	Attached vf(machine);

	EXPECT_EQ(0, vf.dev->ops->irq_set(vf.dev, 0, nullptr, &err)) << err.text;
}

TEST_P(PciFunction, DetachEndsInterrupts)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine);

	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	vf.dev->ops->detach(vf.dev);
	machine.eventfds.clear(); /* as the kernel does when the descriptor is closed */
	ASSERT_EQ(0, vf.dev->ops->attach(vf.dev, vf.dma, &err)) << err.text;
	EXPECT_EQ(0, vf.dev->ops->irq_set(vf.dev, 0, nullptr, &err)) << err.text;
}

TEST_P(PciFunction, TooManyInterruptsAreRefused)
{
	const int fds[] = {10, 11, 12, 13};
	Attached vf(machine);

	EXPECT_EQ(-EINVAL, vf.dev->ops->irq_set(vf.dev, 4, fds, &err));
	EXPECT_NE(nullptr, strstr(err.text, "has 3 interrupt vectors, not 4"));
}

TEST_P(PciFunction, NoMsixIsNotSupported)
{
	const int fds[] = {10};

	machine.n_vectors = 0;
	Attached vf(machine);

	EXPECT_EQ(-ENOTSUP, vf.dev->ops->irq_set(vf.dev, 1, fds, &err));
}

TEST_P(PciFunction, ManyVectorsAreCut)
{
	machine.n_vectors = 2048;
	Attached vf(machine);

	EXPECT_EQ(unsigned{VFNET_DEV_VECTORS_MAX}, vf.dev->n_vectors);
}

TEST_F(PciDevice, MachineOutOfVectorsSaysHowManyAreLeft)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine);

	machine.vectors_left = 2;
	EXPECT_EQ(-ENOSPC, vf.dev->ops->irq_set(vf.dev, 3, fds, &err));
	EXPECT_NE(nullptr, strstr(err.text, "has 2 left"));
}

TEST_P(PciFunction, FailedInterruptSetUpLeavesThemOff)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine);

	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	machine.fail(irqs_call, EINVAL, changes_while_on ? 0 : 1);
	EXPECT_EQ(-EINVAL, vf.dev->ops->irq_set(vf.dev, 3, fds, &err));
	EXPECT_TRUE(machine.eventfds.empty());
	EXPECT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
}

} // namespace
