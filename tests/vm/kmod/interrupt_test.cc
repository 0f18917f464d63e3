/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSI and MSI-X, and what all kinds of interrupts have in common: one kind at a time, nothing
 * changes when a call fails, and bad descriptors are errors and not accidents. INTx by itself is
 * in interrupt_intx_test.cc.
 */
#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const int SOON = 5000, A_WHILE = 100; /* ms */
const int NO_SUCH_FD = 1000;

class Msi : public EduTest
{
      protected:
	void TearDown() override
	{
		if (edu_.registers().data())
			edu_.acknowledge();
	}

	bool intx_masked_in_device() const
	{
		return hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_INTX_DISABLE;
	}

	Eventfd event_;
};

TEST_F(Msi, EachInterruptIsAnEvent)
{
	ASSERT_EQ(device_.msi(event_.get()), 0);
	for (int i = 0; i < 10; i++) {
		edu_.raise(1);
		EXPECT_EQ(event_.wait(SOON), 1u) << i;
	}
}

TEST_F(Msi, ArrayOfOne)
{
	ASSERT_EQ(device_.msis({event_.get()}), 0);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(SOON), 1u);
}

TEST_F(Msi, SwitchedOffNothingComes)
{
	ASSERT_EQ(device_.msi(event_.get()), 0);
	EXPECT_EQ(device_.msi(-1), 0);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(A_WHILE), 0u);
	EXPECT_EQ(device_.msi(event_.get()), 0);
	EXPECT_EQ(device_.msis({}), 0);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(A_WHILE), 0u);
}

/* Nobody would handle it, and a line that nobody handles is switched off for all its users. */
TEST_F(Msi, IntxStaysMaskedInTheDeviceWhenMsiGoes)
{
	EXPECT_TRUE(intx_masked_in_device());
	ASSERT_EQ(device_.msi(event_.get()), 0);
	EXPECT_TRUE(intx_masked_in_device());
	ASSERT_EQ(device_.msi(-1), 0);
	EXPECT_TRUE(intx_masked_in_device());
}

TEST_F(Msi, MoreThanTheDeviceHas)
{
	Eventfd other;

	EXPECT_EQ(device_.msis({event_.get(), other.get()}), -EINVAL);
	EXPECT_EQ(device_.msis(std::vector<int>(33, event_.get())), -EINVAL);
	EXPECT_EQ(device_.msis({event_.get()}), 0);
}

TEST_F(Msi, AgainWithoutOffInBetween)
{
	Eventfd other;

	ASSERT_EQ(device_.msi(event_.get()), 0);
	EXPECT_EQ(device_.msi(other.get()), -EINVAL);
	EXPECT_EQ(device_.msis({other.get()}), -EINVAL);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(SOON), 1u);
	EXPECT_EQ(other.wait(A_WHILE), 0u);
}

TEST_F(Msi, NeedsNoEnd)
{
	ASSERT_EQ(device_.msi(event_.get()), 0);
	EXPECT_EQ(device_.eoi(), -EINVAL);
	EXPECT_EQ(device_.eoi_eventfd(event_.get()), -EINVAL);
}

class Kinds : public Msi
{
};

TEST_F(Kinds, IntxExcludesTheOthers)
{
	ASSERT_EQ(device_.intx(event_.get()), 0);
	EXPECT_EQ(device_.msi(event_.get()), -EBUSY);
	EXPECT_EQ(device_.msis({event_.get()}), -EBUSY);
	EXPECT_EQ(device_.msix({event_.get()}), -EINVAL); /* edu has none */
	EXPECT_EQ(device_.intx(event_.get()), -EINVAL);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(SOON), 1u);
}

TEST_F(Kinds, MsiExcludesIntx)
{
	ASSERT_EQ(device_.msi(event_.get()), 0);
	EXPECT_EQ(device_.intx(event_.get()), -EBUSY);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(SOON), 1u);
}

TEST_F(Kinds, OffIsOffForOneKindOnly)
{
	EXPECT_EQ(device_.intx(-1), 0);
	EXPECT_EQ(device_.msi(-1), 0);
	EXPECT_EQ(device_.msix({}), 0);
	ASSERT_EQ(device_.msi(event_.get()), 0);
	EXPECT_EQ(device_.intx(-1), 0);
	EXPECT_EQ(device_.msix({}), 0);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(SOON), 1u);
	EXPECT_EQ(device_.msi(-1), 0);
	edu_.acknowledge();
	ASSERT_EQ(device_.intx(event_.get()), 0);
	EXPECT_EQ(device_.msi(-1), 0);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(SOON), 1u);
}

TEST_F(Kinds, BackAndForth)
{
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(device_.intx(event_.get()), 0);
		edu_.raise(1);
		ASSERT_EQ(event_.wait(SOON), 1u) << i;
		edu_.acknowledge();
		ASSERT_EQ(device_.intx(-1), 0);
		ASSERT_EQ(device_.msi(event_.get()), 0);
		edu_.raise(1);
		ASSERT_EQ(event_.wait(SOON), 1u) << i;
		edu_.acknowledge();
		ASSERT_EQ(device_.msi(-1), 0);
	}
}

TEST_F(Kinds, EndOfWhatIsNotInUse)
{
	EXPECT_EQ(device_.eoi(), -EINVAL);
	EXPECT_EQ(device_.eoi_eventfd(event_.get()), -EINVAL);
	EXPECT_EQ(device_.eoi_eventfd(-1), 0);
}

TEST_F(Kinds, BadDescriptors)
{
	Fd file(open("/dev/null", O_RDWR));

	for (int fd : {NO_SUCH_FD, -2, INT32_MIN}) {
		EXPECT_EQ(device_.intx(fd), -EBADF) << fd;
		EXPECT_EQ(device_.msi(fd), -EBADF) << fd;
		EXPECT_EQ(device_.msis({fd}), -EBADF) << fd;
	}
	EXPECT_EQ(device_.intx(file.get()), -EINVAL);
	EXPECT_EQ(device_.msi(file.get()), -EINVAL);
	EXPECT_EQ(device_.msis({file.get()}), -EINVAL);
	EXPECT_EQ(device_.msis({-1}), -EBADF);

	ASSERT_EQ(device_.intx(event_.get()), 0);
	EXPECT_EQ(device_.eoi_eventfd(NO_SUCH_FD), -EBADF);
	EXPECT_EQ(device_.eoi_eventfd(-2), -EBADF);
	EXPECT_EQ(device_.eoi_eventfd(file.get()), -EINVAL);
	edu_.raise(1);
	EXPECT_EQ(event_.wait(SOON), 1u);
}

TEST_F(Kinds, BadPointersAndCounts)
{
	int counts[] = {-1, INT32_MIN, INT32_MAX, 2049, 33};

	for (unsigned long command : {VFIO_EVENTFD_IRQ, VFIO_EVENTFD_MSI, VFIO_EVENTFDS_MSI,
				      VFIO_EVENTFDS_MSIX, VFIO_IRQ_EOI_EVENTFD}) {
		EXPECT_EQ(device_.call(command, nullptr), -EFAULT) << command;
	}
	for (int &count : counts) {
		EXPECT_EQ(device_.call(VFIO_EVENTFDS_MSI, &count), -EINVAL) << count;
		EXPECT_EQ(device_.call(VFIO_EVENTFDS_MSIX, &count), -EINVAL) << count;
	}
	EXPECT_EQ(device_.msi(event_.get()), 0);
}

class Msix : public VfTest
{
      protected:
	void SetUp() override
	{
		VfTest::SetUp();
		for (const Eventfd &event : events_)
			fds_.push_back(event.get());
	}

	/* does each vector signal its own eventfd, and no other? */
	void expect_told_apart()
	{
		vf_.enable_vectors((1u << Vf::N_VECTORS) - 1);
		for (unsigned int i = 0; i < Vf::N_VECTORS; i++) {
			vf_.fire(i);
			EXPECT_EQ(events_[i].wait(SOON), 1u) << i;
			for (Eventfd &event : events_)
				EXPECT_EQ(event.wait(A_WHILE / 10), 0u) << i;
		}
	}

	Eventfd events_[Vf::N_VECTORS];
	std::vector<int> fds_;
};

TEST_F(Msix, EachVectorHasItsEventfd)
{
	ASSERT_EQ(device_.msix(fds_), 0);
	expect_told_apart();
}

TEST_F(Msix, OneEventfdForAll)
{
	ASSERT_EQ(device_.msix(std::vector<int>(Vf::N_VECTORS, fds_[0])), 0);
	vf_.enable_vectors((1u << Vf::N_VECTORS) - 1);
	for (unsigned int i = 0; i < Vf::N_VECTORS; i++) {
		vf_.fire(i);
		EXPECT_EQ(events_[0].wait(SOON), 1u) << i;
	}
}

TEST_F(Msix, FewerThanTheDeviceHas)
{
	ASSERT_EQ(device_.msix({fds_[0]}), 0);
	vf_.enable_vectors(1);
	vf_.fire(0);
	EXPECT_EQ(events_[0].wait(SOON), 1u);
}

TEST_F(Msix, MoreThanTheDeviceHas)
{
	EXPECT_EQ(device_.msix(std::vector<int>(Vf::N_VECTORS + 1, fds_[0])), -EINVAL);
	ASSERT_EQ(device_.msix(fds_), 0);
	expect_told_apart();
}

TEST_F(Msix, SwitchedOffNothingComes)
{
	ASSERT_EQ(device_.msix(fds_), 0);
	ASSERT_EQ(device_.msix({}), 0);
	vf_.enable_vectors(1);
	vf_.fire(0);
	EXPECT_EQ(events_[0].wait(A_WHILE), 0u);
	ASSERT_EQ(device_.msix(fds_), 0);
	events_[0].wait(A_WHILE); /* the device may remember it */
	expect_told_apart();
}

TEST_F(Msix, AgainWithoutOffInBetween)
{
	Eventfd other;

	ASSERT_EQ(device_.msix(fds_), 0);
	EXPECT_EQ(device_.msix({other.get()}), -EINVAL);
	expect_told_apart();
	EXPECT_EQ(other.wait(A_WHILE), 0u);
}

TEST_F(Msix, LaterDescriptorBad)
{
	EXPECT_EQ(device_.msix({fds_[0], fds_[1], NO_SUCH_FD}), -EBADF);
	EXPECT_EQ(device_.msix({fds_[0], -1}), -EBADF);
	ASSERT_EQ(device_.msix(fds_), 0);
	EXPECT_EQ(device_.msix({fds_[0], NO_SUCH_FD}), -EBADF);
	expect_told_apart();
}

TEST_F(Msix, SurvivesReset)
{
	ASSERT_EQ(device_.msix(fds_), 0);
	ASSERT_EQ(device_.call(VFIO_RESET_FUNCTION), 0);
	expect_told_apart();
}

TEST_F(Msix, GoesWithTheLastClose)
{
	ASSERT_EQ(device_.msix(fds_), 0);
	vf_.detach();
	device_.close();
	ASSERT_EQ(device_.open(address_of("VF0")), 0);
	ASSERT_EQ(vf_.attach(device_), 0);
	vf_.enable_vectors(1);
	vf_.fire(0);
	EXPECT_EQ(events_[0].wait(A_WHILE), 0u);
	EXPECT_EQ(device_.msix(fds_), 0);
}

TEST_F(Msix, NotForAFunctionThatSleeps)
{
	unsigned int pm = device_.capability(1);

	if (!pm) { /* a virtual function of QEMU's has no power management */
		EXPECT_EQ(device_.msix(fds_), 0);
		return;
	}
	ASSERT_EQ(device_.config_write16(pm + 4, 3), 2);
	EXPECT_EQ(device_.msix(fds_), -EIO);
	EXPECT_EQ(device_.msix({}), -EIO);
	ASSERT_EQ(device_.config_write16(pm + 4, 0), 2);
	EXPECT_EQ(device_.msix(fds_), 0);
}

TEST_F(Msix, OtherKindsAreNotThere)
{
	EXPECT_EQ(device_.intx(fds_[0]), -EINVAL);
	EXPECT_EQ(device_.msi(fds_[0]), -EINVAL);
	ASSERT_EQ(device_.msix(fds_), 0);
	EXPECT_EQ(device_.intx(fds_[0]), -EBUSY);
	EXPECT_EQ(device_.msi(fds_[0]), -EBUSY);
	expect_told_apart();
}

} // namespace
