/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that drives devices ends, however: its memory goes before its descriptors, and in
 * between no device may go on. The test holds descriptors of its own, so that nothing is closed for
 * the last time. No fault of the IOMMU is announced here: one in the kernel's log is a failure.
 */
#include <csignal>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const uint64_t IOVA = 0x1000000;

class DriverEnd : public ::testing::Test
{
      protected:
	enum { OPEN = 10, MAP = 11, COPY = 12, EXEC = 13 };

	void SetUp() override
	{
		ASSERT_EQ(device_.open(address_of("EDU0")), 0);
		memory_ = Pages::shared(file_, PAGE);
		memory_.fill(0x5e);
	}

	/* in the child: opens, maps, fills the device's buffer and begins to write it to memory */
	int drive(Child &self)
	{
		Pages pages = Pages::shared(file_, PAGE), from = Pages::anonymous(PAGE);
		Device device;
		Edu edu;

		from.fill(0xb6);
		if (device.open(device_.address()) || edu.attach(device) ||
		    device.set_command(COMMAND_MASTER))
			return OPEN;
		if (device.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA) ||
		    device.map_iova(from.data(), PAGE, 0, IOVA + PAGE))
			return MAP;
		if (!edu.from_memory(IOVA + PAGE))
			return COPY;
		edu.start(Edu::BUFFER, IOVA, PAGE, Edu::DMA_TO_MEMORY); /* in 100 ms */
		self.ready();
		return end_(self, device);
	}

	bool masters(const Device &device) const
	{
		return hardware_config16(device.address(), PCI_COMMAND) & COMMAND_MASTER;
	}

	/* The transfer was in time, or it did not take place: there is no third way. */
	void expect_stopped()
	{
		Edu edu;

		EXPECT_TRUE(eventually([this] { return !masters(device_); }));
		ASSERT_EQ(edu.attach(device_), 0) << "the transfer does not end";
		EXPECT_TRUE(memory_.all(0x5e) || memory_.all(0xb6));
	}

	Fd file_ = memory_file(PAGE);
	Pages memory_;
	Device device_;
	std::function<int(Child &, Device &)> end_ = [](Child &self, Device &) {
		self.wait();
		return 0;
	};
};

TEST_F(DriverEnd, KillDuringTransfer)
{
	Child child([this](Child &self) { return drive(self); });

	ASSERT_TRUE(child.wait_ready()) << child.join();
	EXPECT_TRUE(masters(device_));
	EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL);
	EXPECT_FALSE(masters(device_)) << "at once";
	expect_stopped();
}

TEST_F(DriverEnd, ExitDuringTransfer)
{
	/* at once: a return would unmap the memory */
	end_ = [](Child &, Device &) -> int { _exit(0); };
	Child child([this](Child &self) { return drive(self); });

	ASSERT_TRUE(child.wait_ready()) << child.join();
	EXPECT_EQ(child.join(), 0);
	expect_stopped();
}

/* the descriptor survives, and with it the device; the memory does not */
TEST_F(DriverEnd, ExecDuringTransfer)
{
	end_ = [](Child &, Device &device) -> int {
		fcntl(device.fd(), F_SETFD, 0);
		execl("/bin/sleep", "sleep", "1000", nullptr);
		return EXEC;
	};
	Child child([this](Child &self) { return drive(self); });

	ASSERT_TRUE(child.wait_ready()) << child.join();
	expect_stopped();
	EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL);
}

TEST_F(DriverEnd, TheNextOneStartsTheDeviceAgain)
{
	Child child([this](Child &self) { return drive(self); });
	Edu edu;

	ASSERT_TRUE(child.wait_ready()) << child.join();
	EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL);
	expect_stopped();
	ASSERT_EQ(device_.map_iova(memory_.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	ASSERT_EQ(edu.attach(device_), 0);
	ASSERT_EQ(device_.set_command(COMMAND_MASTER), 0);
	memory_.fill(0);
	EXPECT_TRUE(edu.to_memory(IOVA));
	EXPECT_TRUE(memory_.all(0xb6));
}

TEST_F(DriverEnd, AllDevicesOfTheDomainStop)
{
	Device second;
	Child child([this](Child &self) {
		Device devices[2];
		Domain domain;
		int failed = domain.open() || devices[0].open(address_of("EDU0")) ||
			     devices[1].open(address_of("EDU1"));

		for (Device &device : devices)
			failed = failed || domain.add(device) || device.set_command(COMMAND_MASTER);
		if (failed || domain.map_iova(memory_.data(), PAGE, VFIO_FLAG_WRITE, IOVA))
			return static_cast<int>(MAP);
		self.ready();
		return end_(self, devices[0]);
	});

	ASSERT_EQ(second.open(address_of("EDU1")), 0);
	ASSERT_TRUE(child.wait_ready()) << child.join();
	EXPECT_TRUE(masters(device_));
	EXPECT_TRUE(masters(second));
	EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL);
	EXPECT_FALSE(masters(device_));
	EXPECT_FALSE(masters(second));
}

} // namespace
