/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device goes away under its user: unbound, pulled out of its slot, or its virtual function
 * switched off. As root. Nothing may wait for the user, hurt it, or be left behind.
 * $VFNET_COUNT rounds where it says so (5).
 */
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <linux/userfaultfd.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const uint64_t IOVA = 0xb0000000;

enum class How { UNBIND, UNPLUG };

std::string folder(const std::string &address)
{
	return "/sys/bus/pci/devices/" + address;
}

bool is_there(const std::string &address)
{
	return std::filesystem::exists(folder(address));
}

/* tests/vm/run reads the console and tells QEMU; @name is edu0 to edu3 */
bool unplug(const std::string &name, const std::string &address)
{
	std::ofstream("/dev/console") << "VFNET-UNPLUG " << name << std::endl;
	return eventually([&] { return !is_there(address); }, 20000);
}

bool plug(const std::string &name, const std::string &address)
{
	/* QEMU finishes with the old one a little after the kernel does */
	eventually([&] { return access(("/tmp/share/gone." + name).c_str(), F_OK) == 0; }, 20000);
	unlink(("/tmp/share/gone." + name).c_str());
	std::ofstream("/dev/console") << "VFNET-PLUG " << name << std::endl;
	return eventually([&] { return is_there(address); }, 20000);
}

int rounds()
{
	std::string count = address_of("COUNT");

	return count.empty() ? 5 : std::stoi(count);
}

class Remove : public EduTest, public ::testing::WithParamInterface<How>
{
      protected:
	void SetUp() override
	{
		ASSERT_TRUE(is_root());
		address_ = address_of("EDU0");
		if (node_of(address_).empty()) {
			ASSERT_TRUE(come());
		}
		EduTest::SetUp();
	}

	void TearDown() override
	{
		if (node_of(address_).empty()) {
			EXPECT_TRUE(come());
		}
	}

	bool go()
	{
		if (GetParam() == How::UNBIND)
			return unbind_device(address_) == 0;
		return unplug("edu0", address_);
	}

	bool come()
	{
		if (GetParam() == How::UNPLUG && !is_there(address_) && !plug("edu0", address_))
			return false;
		return bind_device(address_) == 0 && grant_device(address_) == 0;
	}

	std::string address_;
};

INSTANTIATE_TEST_SUITE_P(By, Remove, ::testing::Values(How::UNBIND, How::UNPLUG),
			 [](const ::testing::TestParamInfo<How> &how) {
				 return how.param == How::UNBIND ? "Unbind" : "Unplug";
			 });

TEST_P(Remove, EveryCallSaysThatTheDeviceHasGone)
{
	Pages pages = Pages::anonymous(PAGE);
	uint64_t argument[4] = {};
	uint32_t word = 0;
	Eventfd event;
	Domain domain;

	ASSERT_TRUE(go());
	for (unsigned long command : std::vector<unsigned long>{
		 VFIO_DMA_MAP_ANYWHERE, VFIO_DMA_MAP_IOVA, VFIO_DMA_UNMAP, VFIO_DMA_MASK,
		 VFIO_DOMAIN_UNSET, VFIO_IRQ_EOI, VFIO_RESET_FUNCTION, VFIO_BAR_LEN})
		EXPECT_EQ(device_.call(command, argument), -ENODEV) << std::hex << command;
	EXPECT_EQ(device_.map_iova(pages.data(), PAGE, 0, IOVA), -ENODEV);
	ASSERT_EQ(domain.open(), 0);
	EXPECT_EQ(domain.add(device_), -ENODEV);
	EXPECT_EQ(device_.intx(event.get()), -ENODEV);
	EXPECT_EQ(device_.msi(event.get()), -ENODEV);
	EXPECT_EQ(device_.msis({event.get()}), -ENODEV);
	EXPECT_EQ(device_.msix({event.get()}), -ENODEV);
	EXPECT_EQ(device_.eoi_eventfd(event.get()), -ENODEV);
	EXPECT_EQ(device_.read(VFIO_PCI_CONFIG_RESOURCE, 0, &word, 4), -ENODEV);
	EXPECT_EQ(device_.write(VFIO_PCI_CONFIG_RESOURCE, 4, &word, 4), -ENODEV);
	EXPECT_EQ(device_.read(0, 0, &word, 4), -ENODEV);
	EXPECT_EQ(device_.write(0, 4, &word, 4), -ENODEV);
	EXPECT_EQ(device_.map_bar(0, 0, PAGE).error(), -ENODEV);
}

TEST_P(Remove, MappedBarReadsOnesAndTakesStores)
{
	ASSERT_EQ(edu_.read(Edu::IDENTIFICATION), 0x010000edu);
	ASSERT_TRUE(go());
	EXPECT_EQ(edu_.read(Edu::IDENTIFICATION), 0xffffffffu);
	EXPECT_EQ(edu_.read(0x80000), 0xffffffffu) << "every page";
	edu_.write(Edu::LIVENESS, 0x12345678);
	edu_.write(0xff000, 0x12345678);
	ASSERT_TRUE(come());
	Device again;
	Edu fresh;
	ASSERT_EQ(again.open(address_), 0);
	ASSERT_EQ(fresh.attach(again), 0);
	EXPECT_EQ(fresh.read(Edu::IDENTIFICATION), 0x010000edu);
	edu_.write(Edu::LIVENESS, 0x11111111);
	fresh.write(Edu::LIVENESS, 0x22222222);
	edu_.write(Edu::LIVENESS, 0x33333333);
	EXPECT_EQ(fresh.read(Edu::LIVENESS), ~0x22222222u) << "stores through the old mapping";
}

/* A page that nobody touched before the device went is also the one of ones. */
TEST_P(Remove, PageThatWasNotTouchedYetReadsOnes)
{
	Pages bar = device_.map_bar(0);

	ASSERT_TRUE(go());
	EXPECT_EQ(bar.data()[0x5000], 0xff);
	bar.data()[0x6000] = 1;
}

TEST_P(Remove, PollersAreToldThatItHangsUp)
{
	struct pollfd pollfd = {device_.fd(), POLLIN, 0};
	struct epoll_event wanted = {}, got = {};
	Fd epoll(epoll_create1(EPOLL_CLOEXEC));
	std::atomic<int> woken = -1;

	EXPECT_EQ(poll(&pollfd, 1, 0), 0) << "nothing to tell yet";
	wanted.events = EPOLLIN;
	ASSERT_EQ(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, device_.fd(), &wanted), 0);
	std::thread sleeper([&] {
		struct pollfd mine = {device_.fd(), POLLIN, 0};

		woken = poll(&mine, 1, 30000) == 1 && (mine.revents & POLLHUP);
	});
	usleep(100000);
	EXPECT_TRUE(go());
	sleeper.join();
	EXPECT_EQ(woken, 1) << "the one who waited already";
	EXPECT_EQ(poll(&pollfd, 1, 0), 1);
	EXPECT_TRUE(pollfd.revents & POLLHUP);
	EXPECT_EQ(epoll_wait(epoll.get(), &got, 1, 0), 1);
	EXPECT_TRUE(got.events & EPOLLHUP);
}

TEST_P(Remove, WhoSleepsUntilAnInterruptIsWoken)
{
	Pages bar = device_.map_bar(0);
	Eventfd msi;
	std::atomic<uint8_t> seen = 0;

	ASSERT_EQ(device_.msi(msi.get()), 0);
	std::thread sleeper([&] {
		if (msi.wait(30000))
			seen = bar.data()[0];
	});
	usleep(100000);
	EXPECT_TRUE(go());
	sleeper.join();
	EXPECT_EQ(seen, 0xff) << "woken, and finds nothing there";
}

TEST_P(Remove, MemoryIsGivenBackAndNotTouchedAnyMore)
{
	Fd file = memory_file(PAGE);
	Pages view = Pages::shared(file, PAGE), pages = Pages::shared(file, PAGE);
	ExpectFaults faults(address_);

	ASSERT_EQ(device_.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA), 0);
	ASSERT_TRUE(load(0xb6));
	view.fill(0x5e);
	edu_.start(Edu::BUFFER, IOVA, PAGE, Edu::DMA_TO_MEMORY); /* in 100 ms */
	ASSERT_TRUE(go());
	EXPECT_TRUE(eventually([] { return locked_bytes() == 0; }));
	usleep(300000);
	EXPECT_TRUE(view.all(0x5e) || view.all(0xb6));
	view.fill(0x5e);
	usleep(300000);
	EXPECT_TRUE(view.all(0x5e));
	EXPECT_EQ(device_.unmap(pages.data(), PAGE, IOVA), -ENODEV);
}

TEST_P(Remove, NewUserGetsTheNewDeviceAndTheOldUserDoesNot)
{
	uint32_t word;
	Device again;

	ASSERT_TRUE(go());
	EXPECT_EQ(again.open(address_), -ENODEV);
	ASSERT_TRUE(come());
	ASSERT_EQ(again.open(address_), 0);
	EXPECT_EQ(again.config16(PCI_VENDOR), 0x1234);
	EXPECT_EQ(device_.read(VFIO_PCI_CONFIG_RESOURCE, 0, &word, 4), -ENODEV);
}

TEST_P(Remove, DoesNotWaitForAStoppedHolder)
{
	Child holder([this](Child &self) {
		Pages pages = Pages::anonymous(PAGE);
		Device device;

		if (device.open(address_) ||
		    device.map_iova(pages.data(), PAGE, VFIO_FLAG_WRITE, IOVA))
			return 1;
		self.ready();
		self.wait();
		return device.config16(PCI_VENDOR) == 0xffff ? 0 : 2;
	});

	ASSERT_TRUE(holder.wait_ready());
	ASSERT_EQ(::kill(holder.pid(), SIGSTOP), 0);
	EXPECT_TRUE(go());
	EXPECT_TRUE(come());
	ASSERT_EQ(::kill(holder.pid(), SIGCONT), 0);
	holder.go();
	EXPECT_EQ(holder.join(), 0);
}

/* A page that nobody ever fills: whoever touches it sleeps until this is closed. */
class Trap
{
      public:
	Trap()
	    : page(Pages::anonymous(PAGE)),
	      fd_(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK)))
	{
		struct uffdio_api api = {UFFD_API, 0, 0};
		struct uffdio_register range = {};

		range.range = {reinterpret_cast<uintptr_t>(page.data()), PAGE};
		range.mode = UFFDIO_REGISTER_MODE_MISSING;
		armed = ioctl(fd_.get(), UFFDIO_API, &api) == 0 &&
			ioctl(fd_.get(), UFFDIO_REGISTER, &range) == 0;
	}

	bool sprung()
	{
		struct pollfd pollfd = {fd_.get(), POLLIN, 0};

		return poll(&pollfd, 1, 3000) == 1 && (pollfd.revents & POLLIN);
	}

	void open()
	{
		fd_.reset();
	}

	Pages page;
	bool armed;

      private:
	Fd fd_;
};

TEST_P(Remove, DoesNotWaitForACallThatSleepsInTheUsersMemory)
{
	const size_t PIN = 1;
	int (*const calls[])(const Device &, uint8_t *) = {
	    [](const Device &device, uint8_t *at) { return device.call(VFIO_DMA_MAP_IOVA, at); },
	    [](const Device &device, uint8_t *at) {
		    return device.map_iova(at, PAGE, VFIO_FLAG_WRITE, IOVA);
	    },
	    [](const Device &device, uint8_t *at) { return device.call(VFIO_EVENTFDS_MSIX, at); },
	    [](const Device &device, uint8_t *at) {
		    return static_cast<int>(device.read(VFIO_PCI_CONFIG_RESOURCE, 0, at, 4));
	    },
	    [](const Device &device, uint8_t *at) {
		    return static_cast<int>(device.write(0, 4, at, 4));
	    },
	};

	for (size_t i = 0; i < std::size(calls); i++) {
		std::atomic<int> rc = 1;
		Device device;
		Trap trap;

		ASSERT_TRUE(trap.armed);
		ASSERT_EQ(device.open(address_), 0);
		std::thread sleeper([&] { rc = calls[i](device, trap.page.data()); });
		if (!trap.sprung()) { /* to pin such a page, kernels before 6.2 do not wait */
			sleeper.join();
			EXPECT_EQ(rc, -EFAULT) << i;
			EXPECT_EQ(i, PIN);
			continue;
		}
		EXPECT_TRUE(go());
		EXPECT_TRUE(come());
		EXPECT_EQ(rc, 1) << i << " has returned";
		trap.open();
		sleeper.join();
		EXPECT_NE(rc, 1);
	}
}

/* What a busy driver does, until it is told to stop; it must live through all of it. */
int busy(Child &self, const std::string &address)
{
	Pages pages = Pages::anonymous(16 * PAGE);
	Eventfd event(EFD_NONBLOCK);
	uint64_t iova;
	Device device;
	Edu edu;

	if (device.open(address) || edu.attach(device) ||
	    device.map_anywhere(pages.data(), pages.size(), VFIO_FLAG_WRITE, &iova) ||
	    device.dma_mask(UINT32_MAX) || device.msi(event.get()))
		return 1;
	self.ready();
	for (;;) {
		struct pollfd pollfd = {device.fd(), 0, 0};

		edu.start(iova, Edu::BUFFER, PAGE, Edu::DMA_IRQ);
		edu.raise(1);
		edu.acknowledge();
		event.wait(0);
		if (poll(&pollfd, 1, 1) == 1 && (pollfd.revents & POLLHUP))
			break;
	}
	self.ready();
	self.wait(); /* holds everything until the test has seen the rest */
	return edu.read(Edu::IDENTIFICATION) == 0xffffffff ? 0 : 2;
}

TEST_P(Remove, ManyTimesUnderDmaInterruptsAndMappedRegisters)
{
	ExpectFaults faults(address_);

	edu_.detach();
	device_.close();
	for (int i = 0; i < rounds(); i++) {
		Child holder([this](Child &self) { return busy(self, address_); });

		ASSERT_TRUE(holder.wait_ready()) << i << ": " << holder.join();
		usleep(static_cast<useconds_t>(i % 10) * 15000);
		ASSERT_TRUE(go()) << i;
		EXPECT_TRUE(holder.wait_ready()) << i << ": not told";
		ASSERT_TRUE(come()) << i;
		holder.go();
		EXPECT_EQ(holder.join(), 0) << i;
	}
}

TEST(RemoveVf, NumvfsZeroTakesItFromItsUser)
{
	std::string address = address_of("VF0");
	std::string card = std::filesystem::canonical(folder(address) + "/physfn");
	Pages pages = Pages::huge(HUGE);
	uint64_t hugepages = free_hugepages();
	std::ifstream file(card + "/sriov_numvfs");
	std::string count;
	Eventfd event;
	Device device;
	uint32_t word;
	Vf vf;

	ASSERT_TRUE(file >> count);
	ASSERT_EQ(device.open(address), 0);
	ASSERT_EQ(vf.attach(device), 0);
	ASSERT_TRUE(pages.data());
	ASSERT_EQ(device.map_iova(pages.data(), HUGE, VFIO_FLAG_WRITE, IOVA), 0);
	ASSERT_EQ(device.msix({event.get()}), 0);
	EXPECT_NE(vf.read(Vf::STATUS), 0xffffffffu);
	ASSERT_EQ(sysfs_write(card + "/sriov_numvfs", "0"), 0);
	EXPECT_FALSE(is_there(address));
	EXPECT_EQ(vf.read(Vf::STATUS), 0xffffffffu);
	vf.write(Vf::VTEICS, 1);
	EXPECT_EQ(device.read(VFIO_PCI_CONFIG_RESOURCE, 0, &word, 4), -ENODEV);
	EXPECT_TRUE(eventually([] { return locked_bytes() == 0; }));
	pages.unmap();
	EXPECT_TRUE(eventually([=] { return free_hugepages() == hugepages; }));
	ASSERT_EQ(sysfs_write(card + "/sriov_numvfs", count), 0);
	ASSERT_TRUE(eventually([&] { return is_there(address); }));
	EXPECT_EQ(bind_device(address), 0);
	EXPECT_EQ(grant_device(address), 0);
}

} // namespace
