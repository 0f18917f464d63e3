/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel wants a function back, and has it although threads still use it. */
#include "tests/unit/dev_pci/machine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

#include "lib/base/io.h"

namespace
{

constexpr uint32_t STATUS = 0x8;
constexpr uint32_t TAIL = 0x3818;

bool readable(int fd)
{
	struct pollfd look = {fd, POLLIN, 0};

	return poll(&look, 1, 0) == 1;
}

/* the function's descriptor */
int number_of(struct vfnet_dev *dev)
{
	return reinterpret_cast<struct vfnet_pci_dev *>(dev)->fd; /* its first member */
}

int last_number; /* of a write to a register that is not mapped */

class PciRequest : public testing::Test
{
      protected:
	PciRequest()
	{
		machine.add_function(VF0, 17, "vfio-pci");
		machine.add_function(VF1, 18, "vfio-pci");
	}

	Machine machine;
	struct vfnet_err err = {};
};

TEST_F(PciRequest, TheKernelSignalsTheDescriptor)
{
	Attached vf(machine);
	int fd = vf.dev->ops->request_fd(vf.dev);

	ASSERT_LE(0, fd);
	EXPECT_EQ(fd, machine.request_fd);
	EXPECT_EQ(fd, vf.dev->ops->request_fd(vf.dev));
	EXPECT_FALSE(readable(fd));
	ASSERT_EQ(0, eventfd_write(machine.request_fd, 1));
	EXPECT_TRUE(readable(fd));
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ(-1, machine.request_fd) << "who handed the function in may keep it";
	EXPECT_EQ(-1, vf.dev->ops->request_fd(vf.dev));
}

TEST_F(PciRequest, AKernelThatNeverAsksIsFine)
{
	machine.asks_back = false;
	Attached vf(machine);

	ASSERT_EQ(0, vf.rc) << vf.err.text;
	EXPECT_EQ(-1, vf.dev->ops->request_fd(vf.dev));
}

/* What the kernel waits for: each descriptor of the function and of its group, each mapping. */
TEST_F(PciRequest, ARevokedFunctionHasNothingOpenOnceItIsDetached)
{
	Attached vf(machine);
	Attached other(machine, VF1);

	uint32_t *tail = vf.dev->ops->doorbell(vf.dev, 0, TAIL);
	const unsigned int n_open = machine.n_open();

	machine.set_bar0(STATUS, 0x83);
	ASSERT_EQ(0, vf.dev->ops->revoke(vf.dev, &err)) << err.text;
	EXPECT_EQ(UINT32_MAX, vf.dev->ops->read32(vf.dev, 0, STATUS));
	EXPECT_EQ(UINT32_MAX, *tail);
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ(n_open - 2, machine.n_open()) << "the function and its group";
	EXPECT_EQ(1u, machine.n_mapped()) << "the other one's";

	vfnet_io_store_tail(tail, 32);
	vf.dev->ops->write32(vf.dev, 0, TAIL, 33);
	EXPECT_EQ(0u, machine.bar0(TAIL)) << "no store has reached the card";
	EXPECT_EQ(UINT32_MAX, vf.dev->ops->read32(vf.dev, 0, TAIL)) << "also what was stored";
	EXPECT_EQ(0x83u, other.dev->ops->read32(other.dev, 0, STATUS));
}

TEST_F(PciRequest, NothingElseWorksAfterwards)
{
	const int fds[] = {10, 11, 12};
	Attached vf(machine);

	ASSERT_EQ(0, vf.dev->ops->irq_set(vf.dev, 3, fds, &err)) << err.text;
	ASSERT_EQ(0, vf.dev->ops->revoke(vf.dev, &err)) << err.text;
	EXPECT_EQ(0, vf.dev->ops->bus_master(vf.dev, false, &err)) << "that comes before detach";
	EXPECT_EQ(0, vf.dev->ops->irq_set(vf.dev, 0, nullptr, &err)) << err.text;
	EXPECT_TRUE(machine.eventfds.empty());
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ(nullptr, vf.dev->ops->doorbell(vf.dev, 0, TAIL));
	EXPECT_EQ(-ENODEV, vf.dev->ops->bus_master(vf.dev, true, &err));
	EXPECT_EQ(-ENODEV, vf.dev->ops->irq_set(vf.dev, 3, fds, &err));
	EXPECT_NE(nullptr, strstr(err.text, "gone")) << err.text;
	EXPECT_TRUE(machine.eventfds.empty());
}

TEST_F(PciRequest, ItCannotBeOpenedAgainBeforeItIsClosed)
{
	Attached vf(machine);
	struct vfnet_dev *again = nullptr;

	ASSERT_EQ(0, vf.dev->ops->revoke(vf.dev, &err)) << err.text;
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ(-EBUSY, vf.bus.open(VF0, &again));
	EXPECT_EQ(nullptr, again);
}

TEST_F(PciRequest, RevokingThatFailsHasDoneNothing)
{
	Attached vf(machine);
	const unsigned int n_open = machine.n_open();

	machine.set_bar0(STATUS, 0x83);
	machine.fail("mmap", ENOMEM);
	EXPECT_EQ(-ENOMEM, vf.dev->ops->revoke(vf.dev, &err));
	EXPECT_NE(nullptr, strstr(err.text, VF0)) << err.text;
	EXPECT_EQ(0x83u, vf.dev->ops->read32(vf.dev, 0, STATUS));
	EXPECT_EQ(1u, machine.n_mapped());
	EXPECT_EQ(n_open, machine.n_open());
	EXPECT_EQ(0, vf.dev->ops->revoke(vf.dev, &err)) << "the next try: " << err.text;
	EXPECT_EQ(UINT32_MAX, vf.dev->ops->read32(vf.dev, 0, STATUS));
}

/* It waits for nobody; its descriptor is closed all the same. */
TEST(PciRequestOfModule, ARevokedFunctionHasNothingOpenOnceItIsDetached)
{
	Machine machine;
	struct vfnet_err err = {};

	machine.add_function(VF0, 17, "vfio");
	Attached vf(machine);
	ASSERT_EQ(0, vf.rc) << vf.err.text;
	EXPECT_EQ(-1, vf.dev->ops->request_fd(vf.dev));
	const int number = number_of(vf.dev);
	ASSERT_EQ(0, vf.dev->ops->revoke(vf.dev, &err)) << err.text;
	machine.rename(number, number_of(vf.dev));
	vf.dev->ops->detach(vf.dev);
	EXPECT_EQ(1u, machine.n_open()) << "/dev/uiommu, and nothing of the function";
	EXPECT_EQ(0u, machine.n_mapped());
	EXPECT_EQ(UINT32_MAX, vf.dev->ops->read32(vf.dev, 0, STATUS));
}

/* A thread may have read the descriptor's number before: it must not meet what is opened next. */
TEST_F(PciRequest, TheNumberOfTheDescriptorStaysTaken)
{
	machine.mappable = false;
	Attached vf(machine);
	const int number = number_of(vf.dev);
	uint32_t val = 0;

	ASSERT_EQ(0, vf.dev->ops->revoke(vf.dev, &err)) << err.text;
	vf.dev->ops->detach(vf.dev);
	EXPECT_NE(-1, fcntl(number, F_GETFD));
	EXPECT_EQ(-1, pread(number, &val, sizeof(val), 0));
	EXPECT_EQ(-1, pwrite(number, &val, sizeof(val), 0));
	EXPECT_EQ(UINT32_MAX, vf.dev->ops->read32(vf.dev, 0, STATUS));
}

/*
 * A thread on its way to a register that is not mapped may load the number at any moment of the
 * revoking: it is the same one at each. That which replaces the mapping of BAR 0 fails here, and so
 * stops the revoking in the middle.
 */
TEST_F(PciRequest, ThreadsNeverLoadTheNumberThatDetachCloses)
{
	Attached vf(machine);
	const int number = number_of(vf.dev);

	last_number = -1;
	machine.host.pwrite = [](int fd, const void *, size_t bytes, off_t) {
		last_number = fd;
		return static_cast<ssize_t>(bytes);
	};
	vf.dev->ops->write32(vf.dev, 3, 0, 1);
	ASSERT_EQ(number, last_number);
	machine.fail("mmap", ENOMEM);
	ASSERT_EQ(-ENOMEM, vf.dev->ops->revoke(vf.dev, &err));
	vf.dev->ops->write32(vf.dev, 3, 0, 1);
	EXPECT_EQ(number, last_number);
	EXPECT_NE(number, number_of(vf.dev)) << "the one to close";
}

/* No moment at which a load or a store faults, or a register reads anything else. */
TEST_F(PciRequest, AThreadThatStillSendsNeverMeetsAHole)
{
	Attached vf(machine);
	uint32_t *tail = vf.dev->ops->doorbell(vf.dev, 0, TAIL);
	std::atomic<int> rounds{0};
	std::atomic<bool> end{false};

	machine.set_bar0(STATUS, 0x83);
	std::thread sender([&] {
		while (!end) {
			uint32_t status = vf.dev->ops->read32(vf.dev, 0, STATUS);

			ASSERT_TRUE(status == 0x83 || status == UINT32_MAX) << status;
			vfnet_io_store_tail(tail, 1);
			rounds++;
		}
	});
	while (rounds < 1000)
		std::this_thread::yield();
	ASSERT_EQ(0, vf.dev->ops->revoke(vf.dev, &err)) << err.text;
	vf.dev->ops->detach(vf.dev);
	rounds = 0;
	while (rounds < 1000)
		std::this_thread::yield();
	end = true;
	sender.join();
	EXPECT_EQ(0u, machine.n_mapped());
}

} // namespace
