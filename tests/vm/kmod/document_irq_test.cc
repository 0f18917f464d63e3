/* SPDX-License-Identifier: BSD-2-Clause */
/* The document: interrupts. */
#include <sys/select.h>

#include "tests/vm/kmod/document.h"

namespace
{

using namespace kmod;

TEST_F(Document, InterruptsBecomeEventsOfAnEventfd)
{
	Eventfd event;

	ASSERT_EQ(device_.intx(event.get()), 0);
	EXPECT_EQ(event.wait(100), 0u);
	edu_.raise(1);
	EXPECT_EQ(event.wait(2000), 1u);
	edu_.acknowledge();
	ASSERT_EQ(device_.intx(-1), 0);
	EXPECT_EQ(device_.eoi(), -EINVAL) << "off";
	edu_.raise(1);
	EXPECT_EQ(event.wait(200), 0u);
	edu_.acknowledge();
}

TEST_F(Document, IrqIsDisabledUntilTheCommandRegisterEnablesIt)
{
	Eventfd event;

	ASSERT_EQ(device_.intx(event.get()), 0);
	edu_.raise(1);
	ASSERT_EQ(event.wait(2000), 1u);
	edu_.acknowledge();
	edu_.raise(2);
	EXPECT_EQ(event.wait(200), 0u) << "disabled after the first";
	ASSERT_EQ(device_.set_command(0, COMMAND_INTX_DISABLE), 0);
	EXPECT_EQ(event.wait(2000), 1u) << "the second waits in the device";
	edu_.acknowledge();
	ASSERT_EQ(device_.set_command(0, COMMAND_INTX_DISABLE), 0);
	EXPECT_EQ(event.wait(200), 0u) << "nothing is left";
}

TEST_F(Document, EventfdMsiConnectsMsiToOneEventfd)
{
	Eventfd event;

	ASSERT_EQ(device_.msi(event.get()), 0);
	for (uint32_t i = 0; i < 3; i++) {
		edu_.raise(1);
		EXPECT_EQ(event.wait(2000), 1u) << i;
		edu_.acknowledge();
	}
	ASSERT_EQ(device_.msi(-1), 0);
	edu_.raise(1);
	EXPECT_EQ(event.wait(200), 0u);
	edu_.acknowledge();
}

TEST_F(Document, EventfdsMsixConnectsNInterruptsWithNEventfds)
{
	Eventfd events[Vf::N_VECTORS];

	open_vf();
	ASSERT_EQ(vf_device_.msix({events[0].get(), events[1].get(), events[2].get()}), 0);
	vf_.enable_vectors(7);
	for (unsigned int i : {2u, 0u, 1u}) {
		vf_.fire(i);
		for (unsigned int j = 0; j < Vf::N_VECTORS; j++)
			EXPECT_EQ(events[j].wait(j == i ? 2000 : 50), j == i) << i << " " << j;
	}
	EXPECT_EQ(vf_device_.msix({}), 0);
}

TEST_F(Document, InterruptsAreAwaitedByReadPollOrSelect)
{
	struct timeval timeout = {2, 0};
	struct pollfd pollfd;
	Eventfd event;
	uint64_t n = 0;
	fd_set set;

	ASSERT_EQ(device_.msi(event.get()), 0);
	alarm(20); /* ends the program, should it wait for ever */
	edu_.raise(1);
	EXPECT_EQ(::read(event.get(), &n, sizeof(n)), 8) << "blocks until it comes";
	alarm(0);
	EXPECT_EQ(n, 1u);
	edu_.acknowledge();
	edu_.raise(1);
	pollfd = {event.get(), POLLIN, 0};
	EXPECT_EQ(poll(&pollfd, 1, 2000), 1);
	event.wait(0);
	edu_.acknowledge();
	edu_.raise(1);
	FD_ZERO(&set);
	FD_SET(event.get(), &set);
	EXPECT_EQ(select(event.get() + 1, &set, nullptr, nullptr, &timeout), 1);
	edu_.acknowledge();
}

} // namespace
