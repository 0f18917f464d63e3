/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * $VFNET_COUNT random calls (10000), from $VFNET_SEED (1), then races for $VFNET_SECONDS (5).
 * The kernel's own checkers, its log and the leak check of the guest's script judge as well.
 */
#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include <sys/klog.h>
#include <sys/wait.h>

#include "tests/vm/kmod/fixture.h"
#include "tests/vm/kmod/hostile.h"

namespace
{

using namespace kmod;

uint64_t number(const char *name, uint64_t otherwise)
{
	std::string text = address_of(name);

	return text.empty() ? otherwise : std::stoull(text);
}

/* bytes of kernel messages so far */
int log_bytes()
{
	const int SIZE_OF_ALL = 10, READ_ALL = 3;
	std::vector<char> text(static_cast<size_t>(klogctl(SIZE_OF_ALL, nullptr, 0)));

	return klogctl(READ_ALL, text.data(), static_cast<int>(text.size()));
}

/* unreclaimable memory of the kernel, in KiB */
long kernel_memory()
{
	std::ifstream file("/proc/meminfo");
	long kib, sum = 0;
	std::string line;

	while (std::getline(file, line))
		if (sscanf(line.c_str(), "SUnreclaim: %ld", &kib) == 1 ||
		    sscanf(line.c_str(), "VmallocUsed: %ld", &kib) == 1)
			sum += kib;
	return sum;
}

void fuzz(Hostile &hostile, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++)
		hostile.step();
}

class HostileOwner : public ::testing::TestWithParam<const char *>
{
};

TEST_P(HostileOwner, RandomCallsChangeNothingButWhatTheyMay)
{
	const bool VF = std::string(GetParam()) == "VF0"; /* takes 0.1 s for each reset */
	const uint64_t CALLS = number("COUNT", 10000) / (VF ? 10 : 1), SEED = number("SEED", 1);
	std::string address = address_of(GetParam());
	std::vector<uint8_t> config = hardware_config(address);
	int log = log_bytes();
	long memory;

	ASSERT_GE(config.size(), 64u);
	EXPECT_EQ(in_child([&] {
			  Hostile hostile(SEED, address, !VF);

			  if (!hostile.open())
				  return 1;
			  fuzz(hostile, CALLS / 4);
			  memory = kernel_memory();
			  fuzz(hostile, CALLS - CALLS / 4);
			  if (kernel_memory() > memory + 8 * 1024)
				  return 2;
			  return 0;
		  }),
		  0)
	    << "1: cannot open; 2: the kernel's memory grows";
	std::vector<uint8_t> after = hardware_config(address);
	for (size_t at = 0; at < 64; at++) {
		if (at / 2 != PCI_COMMAND / 2 && at / 2 != PCI_STATUS / 2) {
			EXPECT_EQ(after[at], config[at]) << "config space at " << at;
		}
	}
	EXPECT_EQ(hardware_config16(address, PCI_COMMAND) & COMMAND_MASTER, 0) << "closed";
	EXPECT_LT(log_bytes() - log, 16 * 1024) << "the log grows";
	Device device;
	EXPECT_EQ(device.open(address), 0);
	EXPECT_TRUE(device.map_bar(0).data());
}

INSTANTIATE_TEST_SUITE_P(Of, HostileOwner, ::testing::Values("EDU0", "VF0", "EDU2"),
			 [](const ::testing::TestParamInfo<const char *> &name) {
				 return name.param;
			 });

/* All that can happen to a process and its device at once, in children that may be killed. */
class Races
{
      public:
	explicit Races(const std::string &address) : address_(address)
	{
	}

	int run(uint64_t seconds, uint64_t seed)
	{
		std::vector<std::thread> threads;
		Hostile hostile(seed, address_, true);

		hostile.open();
		for (uint64_t i = 0; i < 3; i++)
			threads.emplace_back([this, seed, i] {
				Hostile mine(seed * 10 + i, address_, true);

				mine.open();
				while (!stop_)
					mine.step();
			});
		threads.emplace_back([this] { forks(); });
		threads.emplace_back([this] { maps_and_unmaps(); });
		for (uint64_t ms = 0; ms < seconds * 1000; ms += 10) {
			hostile.step();
			usleep(10000);
		}
		stop_ = true;
		for (std::thread &thread : threads)
			thread.join();
		return 0;
	}

      private:
	/* fork and exec while the others' calls are under way */
	void forks()
	{
		bool exec = false;

		while (!stop_) {
			pid_t pid = fork();

			if (pid == 0) {
				if (exec)
					execl("/bin/true", "true", nullptr);
				_exit(0);
			}
			exec = !exec;
			if (pid > 0)
				waitpid(pid, nullptr, 0);
		}
	}

	/* memory goes while it is being mapped for the device */
	void maps_and_unmaps()
	{
		while (!stop_) {
			Pages pages = Pages::anonymous(32 * PAGE);
			Device device;
			std::thread mapper([&] {
				uint64_t iova;

				if (device.open(address_) == 0)
					device.map_anywhere(pages.data(), pages.size(), 1, &iova);
			});

			madvise(pages.data(), pages.size(), MADV_DONTNEED);
			munmap(pages.data(), PAGE * 16);
			mapper.join();
		}
	}

	std::string address_;
	std::atomic<bool> stop_ = false;
};

TEST(HostileRace, CloseMunmapForkExecAndKillAgainstEveryCall)
{
	const uint64_t SECONDS = number("SECONDS", 5), SEED = number("SEED", 1);
	std::string address = address_of("EDU0");
	Device device;

	for (uint64_t round = 0; round < SECONDS; round++) {
		Child child([&](Child &self) {
			self.ready();
			return Races(address).run(3600, SEED + round);
		});

		ASSERT_TRUE(child.wait_ready());
		sleep(1);
		EXPECT_EQ(child.kill(SIGKILL), 128 + SIGKILL) << "it ended by itself";
	}
	EXPECT_EQ(device.open(address), 0);
	EXPECT_TRUE(device.map_bar(0).data());
}

/* On a machine that cannot check interrupts: any device could forge any of them. As root. */
TEST(NoRemapping, OpenIsRefusedUnlessTheAdministratorAllowsIt)
{
	const std::string PARAMETER = "/sys/module/uvfio/parameters/allow_unsafe_intrs";
	Device device;

	ASSERT_EQ(sysfs_write(PARAMETER, "0"), 0);
	EXPECT_EQ(device.open(address_of("EDU0")), -EPERM);
	ASSERT_EQ(sysfs_write(PARAMETER, "1"), 0);
	EXPECT_EQ(device.open(address_of("EDU0")), 0);
}

/* as root */
TEST(HostileRoot, UnbindAgainstEveryCall)
{
	const uint64_t SECONDS = number("SECONDS", 5), SEED = number("SEED", 1);
	std::string address = address_of("EDU0");

	Child child([&](Child &self) {
		self.ready();
		return Races(address).run(SECONDS, SEED);
	});
	ASSERT_TRUE(child.wait_ready());
	for (uint64_t i = 0; i < SECONDS * 4; i++) {
		usleep(200000);
		ASSERT_EQ(unbind_device(address), 0) << i;
		ASSERT_EQ(bind_device(address), 0) << i;
	}
	EXPECT_EQ(child.join(), 0);
	EXPECT_EQ(grant_device(address), 0);
}

} // namespace
