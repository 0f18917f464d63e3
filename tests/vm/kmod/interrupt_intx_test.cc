/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INTx: an interrupt is one event, and the next one comes when the program has said that this one
 * is dealt with. There are three ways to say so; each must do.
 */
#include <memory>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const int SOON = 5000, A_WHILE = 100; /* ms */

class Intx : public EduTest
{
      protected:
	void SetUp() override
	{
		EduTest::SetUp();
		if (!HasFatalFailure()) {
			ASSERT_EQ(device_.intx(event_.get()), 0);
		}
	}
	void TearDown() override
	{
		if (edu_.registers().data())
			edu_.acknowledge();
	}

	uint64_t comes()
	{
		return event_.wait(SOON);
	}
	uint64_t comes_not()
	{
		return event_.wait(A_WHILE);
	}
	/* what the device's own command register says */
	bool masked_in_device() const
	{
		return hardware_config16(device_.address(), PCI_COMMAND) & COMMAND_INTX_DISABLE;
	}

	Eventfd event_;
};

TEST_F(Intx, OneEventAndNoMoreBeforeItsEnd)
{
	edu_.raise(1);
	EXPECT_EQ(comes(), 1u);
	edu_.raise(2);
	EXPECT_EQ(comes_not(), 0u);
	edu_.acknowledge();
	edu_.raise(4);
	EXPECT_EQ(comes_not(), 0u);
}

TEST_F(Intx, MaskedInTheDeviceFromTheEventToItsEnd)
{
	EXPECT_FALSE(masked_in_device());
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	EXPECT_TRUE(masked_in_device());
	edu_.acknowledge();
	EXPECT_EQ(device_.eoi(), 0);
	EXPECT_FALSE(masked_in_device());
}

TEST_F(Intx, MaskIsNotSeenInTheCommandRegister)
{
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	EXPECT_EQ(device_.config16(PCI_COMMAND) & COMMAND_INTX_DISABLE, 0);
}

TEST_F(Intx, UsersBitHoldsItBack)
{
	ASSERT_EQ(device_.set_command(COMMAND_INTX_DISABLE), 0);
	EXPECT_TRUE(masked_in_device());
	EXPECT_NE(device_.config16(PCI_COMMAND) & COMMAND_INTX_DISABLE, 0);
	edu_.raise(1);
	EXPECT_EQ(comes_not(), 0u);
	ASSERT_EQ(device_.set_command(0, COMMAND_INTX_DISABLE), 0);
	EXPECT_EQ(comes(), 1u);
}

TEST_F(Intx, EndDoesNotUndoTheUsersBit)
{
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	ASSERT_EQ(device_.set_command(COMMAND_INTX_DISABLE), 0);
	EXPECT_EQ(device_.eoi(), 0);
	EXPECT_EQ(comes_not(), 0u);
	ASSERT_EQ(device_.set_command(0, COMMAND_INTX_DISABLE), 0);
	EXPECT_EQ(comes(), 1u);
}

TEST_F(Intx, UsersBitOutlivesTheEventfd)
{
	ASSERT_EQ(device_.set_command(COMMAND_INTX_DISABLE), 0);
	ASSERT_EQ(device_.intx(-1), 0);
	ASSERT_EQ(device_.intx(event_.get()), 0);
	edu_.raise(1);
	EXPECT_EQ(comes_not(), 0u);
	ASSERT_EQ(device_.set_command(0, COMMAND_INTX_DISABLE), 0);
	EXPECT_EQ(comes(), 1u);
}

TEST_F(Intx, WaitsUntilThereIsAnEventfd)
{
	Eventfd later;

	ASSERT_EQ(device_.intx(-1), 0);
	EXPECT_TRUE(masked_in_device());
	edu_.raise(1);
	EXPECT_EQ(comes_not(), 0u);
	ASSERT_EQ(device_.intx(later.get()), 0);
	EXPECT_EQ(later.wait(SOON), 1u);
	EXPECT_EQ(comes_not(), 0u);
}

TEST_F(Intx, EndsWithTheLastClose)
{
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	edu_.acknowledge();
	edu_.detach();
	device_.close();
	EXPECT_TRUE(masked_in_device());
	ASSERT_EQ(device_.open(address_of("EDU0")), 0);
	ASSERT_EQ(edu_.attach(device_), 0);
	edu_.raise(1);
	EXPECT_EQ(comes_not(), 0u);
	EXPECT_EQ(device_.eoi(), -EINVAL);
	EXPECT_EQ(device_.intx(event_.get()), 0);
	EXPECT_EQ(comes(), 1u);
}

TEST_F(Intx, EventfdClosedByTheProgramDoesNoHarm)
{
	ASSERT_EQ(device_.intx(-1), 0);
	{
		Eventfd passing;
		ASSERT_EQ(device_.intx(passing.get()), 0);
	}
	edu_.raise(1);
	EXPECT_TRUE(eventually([this] { return masked_in_device(); }));
	edu_.acknowledge();
	EXPECT_EQ(device_.intx(-1), 0);
	EXPECT_EQ(device_.intx(event_.get()), 0);
	edu_.raise(1);
	EXPECT_EQ(comes(), 1u);
}

TEST_F(Intx, ThousandInARow)
{
	for (int i = 0; i < 1000; i++) {
		edu_.raise(1);
		ASSERT_EQ(comes(), 1u) << i;
		edu_.acknowledge();
		ASSERT_EQ(device_.eoi(), 0);
	}
	EXPECT_EQ(comes_not(), 0u);
}

/* The lines of the four are wired together in some way; the events are not. */
TEST_F(Intx, NeighboursOnTheLineAreToldApart)
{
	Device devices[3];
	Eventfd events[3];
	Edu edus[3];
	const char *const names[] = {"EDU1", "EDU2", "EDU3"};

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(devices[i].open(address_of(names[i])), 0);
		int rc = edus[i].attach(devices[i]);
		if (i == 2 && rc == -EBUSY)
			break; /* its group is taken */
		ASSERT_EQ(rc, 0);
		ASSERT_EQ(devices[i].intx(events[i].get()), 0);
		edus[i].raise(1);
		EXPECT_EQ(events[i].wait(SOON), 1u);
		EXPECT_EQ(comes_not(), 0u);
		edu_.raise(1);
		EXPECT_EQ(comes(), 1u);
		EXPECT_EQ(events[i].wait(A_WHILE), 0u);
		edu_.acknowledge();
		edus[i].acknowledge();
		EXPECT_EQ(device_.eoi(), 0);
		EXPECT_EQ(devices[i].eoi(), 0);
	}
}

/* The three ways to say that an interrupt is dealt with. */
enum class End { COMMAND, IOCTL, EVENTFD };

class IntxEnd : public Intx, public ::testing::WithParamInterface<End>
{
      protected:
	void SetUp() override
	{
		Intx::SetUp();
		if (!HasFatalFailure() && GetParam() == End::EVENTFD) {
			ASSERT_EQ(device_.eoi_eventfd(over_.get()), 0);
		}
	}

	bool end()
	{
		switch (GetParam()) {
		case End::COMMAND:
			return device_.set_command(0, COMMAND_INTX_DISABLE) == 0;
		case End::IOCTL:
			return device_.eoi() == 0;
		case End::EVENTFD:
			return over_.signal();
		}
		return false;
	}

	Eventfd over_;
};

TEST_P(IntxEnd, LetsTheNextOneCome)
{
	for (int i = 0; i < 10; i++) {
		edu_.raise(1);
		ASSERT_EQ(comes(), 1u) << i;
		edu_.acknowledge();
		ASSERT_TRUE(end());
		EXPECT_FALSE(masked_in_device());
	}
	EXPECT_EQ(comes_not(), 0u);
}

TEST_P(IntxEnd, WhatCameMeanwhileIsNotLost)
{
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	edu_.acknowledge();
	edu_.raise(2);
	EXPECT_EQ(comes_not(), 0u);
	ASSERT_TRUE(end());
	EXPECT_EQ(comes(), 1u);
}

TEST_P(IntxEnd, StillAssertedComesAgain)
{
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	for (int i = 0; i < 10; i++) {
		ASSERT_TRUE(end());
		ASSERT_EQ(comes(), 1u) << i;
		EXPECT_TRUE(masked_in_device());
	}
	edu_.acknowledge();
	ASSERT_TRUE(end());
	EXPECT_EQ(comes_not(), 0u);
}

TEST_P(IntxEnd, WithoutAnInterruptMeansNothing)
{
	ASSERT_TRUE(end());
	EXPECT_EQ(comes_not(), 0u);
	edu_.raise(1);
	EXPECT_EQ(comes(), 1u);
}

std::string end_name(const ::testing::TestParamInfo<End> &info)
{
	static const char *const names[] = {"Command", "Ioctl", "Eventfd"};

	return names[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(By, IntxEnd, ::testing::Values(End::COMMAND, End::IOCTL, End::EVENTFD),
			 end_name);

/* The eventfd that ends interrupts. */
class IntxEoi : public Intx
{
};

TEST_F(IntxEoi, OneAtATime)
{
	Eventfd first, second;

	EXPECT_EQ(device_.eoi_eventfd(first.get()), 0);
	EXPECT_EQ(device_.eoi_eventfd(first.get()), -EBUSY);
	EXPECT_EQ(device_.eoi_eventfd(second.get()), -EBUSY);
	EXPECT_EQ(device_.eoi_eventfd(-1), 0);
	EXPECT_EQ(device_.eoi_eventfd(-1), 0);
	EXPECT_EQ(device_.eoi_eventfd(second.get()), 0);
}

TEST_F(IntxEoi, SwitchedOffItIsAnEventfdLikeAnyOther)
{
	Eventfd over;

	ASSERT_EQ(device_.eoi_eventfd(over.get()), 0);
	ASSERT_EQ(device_.eoi_eventfd(-1), 0);
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	ASSERT_TRUE(over.signal());
	EXPECT_EQ(comes_not(), 0u);
	EXPECT_EQ(over.wait(A_WHILE), 1u);
}

TEST_F(IntxEoi, WrittenBeforeItWasChosenCounts)
{
	Eventfd over;

	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	ASSERT_TRUE(over.signal());
	ASSERT_EQ(device_.eoi_eventfd(over.get()), 0);
	EXPECT_EQ(comes(), 1u);
}

TEST_F(IntxEoi, GoesWhenItIsClosed)
{
	auto over = std::make_unique<Eventfd>();
	Eventfd next;

	ASSERT_EQ(device_.eoi_eventfd(over->get()), 0);
	over.reset();
	EXPECT_TRUE(eventually([&] { return device_.eoi_eventfd(next.get()) == 0; }));
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	edu_.acknowledge();
	ASSERT_TRUE(next.signal());
	edu_.raise(1);
	EXPECT_EQ(comes(), 1u);
}

TEST_F(IntxEoi, GoesWithIntx)
{
	Eventfd over, next;

	ASSERT_EQ(device_.eoi_eventfd(over.get()), 0);
	ASSERT_EQ(device_.intx(-1), 0);
	ASSERT_EQ(device_.intx(event_.get()), 0);
	edu_.raise(1);
	ASSERT_EQ(comes(), 1u);
	ASSERT_TRUE(over.signal());
	EXPECT_EQ(comes_not(), 0u);
	EXPECT_EQ(device_.eoi_eventfd(next.get()), 0);
}

TEST_F(IntxEoi, CannotBeTheInterruptItself)
{
	EXPECT_EQ(device_.eoi_eventfd(event_.get()), -EINVAL);
}

TEST_F(IntxEoi, OutlivesTheDescriptor)
{
	Eventfd over;

	ASSERT_EQ(device_.eoi_eventfd(over.get()), 0);
	edu_.detach();
	device_.close();
	EXPECT_TRUE(over.signal());
	EXPECT_EQ(over.wait(A_WHILE), 1u);
}

/* Two devices whose interrupts end each other's: events within events. */
TEST_F(IntxEoi, RingOfTwoDevices)
{
	Device other;
	Eventfd event;
	Edu edu;

	ASSERT_EQ(other.open(address_of("EDU1")), 0);
	ASSERT_EQ(edu.attach(other), 0);
	ASSERT_EQ(other.intx(event.get()), 0);
	ASSERT_EQ(device_.eoi_eventfd(event.get()), 0);
	ASSERT_EQ(other.eoi_eventfd(event_.get()), 0);
	edu_.raise(1);
	edu.raise(1);
	usleep(A_WHILE * 1000);
	edu_.acknowledge();
	edu.acknowledge();
	EXPECT_EQ(device_.eoi_eventfd(-1), 0);
	EXPECT_EQ(other.eoi_eventfd(-1), 0);
	EXPECT_EQ(device_.eoi(), 0);
	EXPECT_EQ(other.eoi(), 0);
	event_.wait(A_WHILE);
	edu_.raise(1);
	EXPECT_EQ(comes(), 1u);
}

} // namespace
