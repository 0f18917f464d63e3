/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RLIMIT_MEMLOCK: each mapping counts once, against the process that made it, and is given back
 * exactly. In children, as the ordinary user, because root may lock as much as it likes.
 */
#include <atomic>
#include <functional>
#include <thread>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const uint64_t LOW = 0xb0000000;

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ & 0x7f;                                                    \
	} while (0)

/* The exit code of a child is the line (modulo 128) of the REQUIRE that did not hold. */
class Limit : public ::testing::Test
{
      protected:
	static int run(uint64_t limit, const std::function<int(Device &)> &body)
	{
		return in_child([&] {
			Device device;

			REQUIRE(device.open(address_of("EDU0")) == 0);
			REQUIRE(!is_root() || become_user());
			REQUIRE(limit_locked(limit));
			REQUIRE(locked_bytes() == 0);
			return body(device);
		});
	}

	static bool none_locked()
	{
		return eventually([] { return locked_bytes() == 0; });
	}
};

TEST_F(Limit, IsTheLastPageAndNotMore)
{
	EXPECT_EQ(run(16 * PAGE,
		      [](Device &device) {
			      Pages pages = Pages::anonymous(17 * PAGE);

			      REQUIRE(device.map_iova(pages.data(), 17 * PAGE, 0, LOW) == -ENOMEM);
			      REQUIRE(locked_bytes() == 0);
			      REQUIRE(device.map_iova(pages.data(), 16 * PAGE, 0, LOW) == 0);
			      REQUIRE(locked_bytes() == 16 * PAGE);
			      REQUIRE(device.map_iova(pages.data() + 16 * PAGE, PAGE, 0,
						      LOW + HUGE) == -ENOMEM);
			      REQUIRE(device.unmap(pages.data(), 16 * PAGE, LOW) == 0);
			      REQUIRE(locked_bytes() == 0);
			      REQUIRE(device.map_iova(pages.data(), 16 * PAGE, 0, LOW) == 0);
			      return 0;
		      }),
		  0);
}

TEST_F(Limit, ZeroLetsNothingThrough)
{
	EXPECT_EQ(run(0,
		      [](Device &device) {
			      Pages pages = Pages::anonymous(PAGE);
			      uint64_t iova;

			      REQUIRE(device.map_iova(pages.data(), PAGE, 0, LOW) == -ENOMEM);
			      REQUIRE(device.map_anywhere(pages.data(), PAGE, 0, &iova) == -ENOMEM);
			      return 0;
		      }),
		  0);
}

TEST_F(Limit, RefusedCallsGiveBackAll)
{
	EXPECT_EQ(run(4 * PAGE,
		      [](Device &device) {
			      Pages pages = Pages::anonymous(4 * PAGE);

			      REQUIRE(mprotect(pages.data() + 3 * PAGE, PAGE, PROT_READ) == 0);
			      for (int i = 0; i < 100; i++) {
				      REQUIRE(device.map_iova(pages.data(), 4 * PAGE,
							      VFIO_FLAG_WRITE, LOW) == -EFAULT);
				      REQUIRE(device.map_iova(pages.data(), PAGE, 0, 0xfee00000) ==
					      -EINVAL);
				      REQUIRE(device.map_iova(pages.data(), PAGE, 2, LOW) ==
					      -EINVAL);
			      }
			      REQUIRE(locked_bytes() == 0);
			      REQUIRE(device.map_iova(pages.data(), 4 * PAGE, 0, LOW) == 0);
			      return 0;
		      }),
		  0);
}

TEST_F(Limit, CountsEveryMappingOnceOverAllDescriptors)
{
	EXPECT_EQ(run(8 * PAGE,
		      [](Device &device) {
			      Pages pages = Pages::anonymous(4 * PAGE);
			      Device second;

			      REQUIRE(second.open(device.address()) == 0);
			      REQUIRE(device.map_iova(pages.data(), 4 * PAGE, 0, LOW) == 0);
			      REQUIRE(locked_bytes() == 4 * PAGE);
			      REQUIRE(second.map_iova(pages.data(), 4 * PAGE, 0, LOW + HUGE) == 0);
			      REQUIRE(locked_bytes() == 8 * PAGE);
			      REQUIRE(second.map_iova(pages.data(), PAGE, 0, 2 * LOW) == -ENOMEM);
			      device.close();
			      REQUIRE(eventually([] { return locked_bytes() == 4 * PAGE; }));
			      second.close();
			      REQUIRE(none_locked());
			      return 0;
		      }),
		  0);
}

TEST_F(Limit, IsFreeAgainAfterMunmap)
{
	EXPECT_EQ(run(16 * PAGE,
		      [](Device &device) {
			      for (int i = 0; i < 100; i++) {
				      Pages pages = Pages::anonymous(16 * PAGE);

				      REQUIRE(device.map_iova(pages.data(), 16 * PAGE, 0, LOW) ==
					      0);
				      pages.unmap(); /* no wait: the next map finds room */
			      }
			      REQUIRE(none_locked());
			      return 0;
		      }),
		  0);
}

TEST_F(Limit, HugepagesCountTheirSize)
{
	EXPECT_EQ(run(2 * HUGE,
		      [](Device &device) {
			      Pages pages = Pages::huge(2 * HUGE);

			      REQUIRE(pages.data());
			      REQUIRE(device.map_iova(pages.data(), 2 * HUGE, 0, LOW) == 0);
			      REQUIRE(locked_bytes() == 2 * HUGE);
			      pages.unmap();
			      REQUIRE(none_locked());
			      return 0;
		      }),
		  0);
}

TEST_F(Limit, HundredTimesOpenMapCloseLeavesNothing)
{
	uint64_t hugepages = free_hugepages();

	EXPECT_EQ(run(4 * HUGE,
		      [](Device &device) {
			      Pages pages = Pages::huge(4 * HUGE);
			      std::string address = device.address();

			      REQUIRE(pages.data());
			      for (int i = 0; i < 20; i++) {
				      Device second;

				      REQUIRE(second.open(address) == 0);
				      REQUIRE(second.map_iova(pages.data(), 4 * HUGE, 1, LOW) == 0);
				      second.close();
				      REQUIRE(none_locked());
			      }
			      return 0;
		      }),
		  0);
	EXPECT_TRUE(eventually([=] { return free_hugepages() == hugepages; }));
}

/* Two descriptors, one limit: what two threads get together is never more than it. */
TEST_F(Limit, HoldsAgainstThreadsThatRace)
{
	EXPECT_EQ(run(10 * PAGE,
		      [](Device &device) {
			      Pages pages = Pages::anonymous(16 * PAGE);
			      std::atomic<uint64_t> mapped = 0;
			      Device second;

			      REQUIRE(second.open(device.address()) == 0);
			      auto greedy = [&](const Device &by, uint64_t first) {
				      for (uint64_t i = first; i < first + 8; i++)
					      mapped += !by.map_iova(pages.data() + i * PAGE, PAGE,
								     0, LOW + i * PAGE);
			      };
			      std::thread other(greedy, std::cref(second), 8);
			      greedy(device, 0);
			      other.join();
			      REQUIRE(mapped == 10);
			      REQUIRE(locked_bytes() == 10 * PAGE);
			      return 0;
		      }),
		  0);
}

TEST_F(Limit, SysfsTellsWhatIsLocked)
{
	std::string name = node_of(address_of("EDU0")).substr(5);
	Pages pages = Pages::anonymous(3 * PAGE);
	Device device;

	ASSERT_EQ(device.open(address_of("EDU0")), 0);
	auto locked = [&name] {
		Fd file(::open(("/sys/class/uvfio/" + name + "/locked_pages").c_str(), O_RDONLY));
		char text[32] = "";

		return ::read(file.get(), text, sizeof(text) - 1) > 0 ? atoi(text) : -1;
	};
	EXPECT_EQ(locked(), 0);
	ASSERT_EQ(device.map_iova(pages.data(), 3 * PAGE, 0, LOW), 0);
	EXPECT_EQ(locked(), 3);
	ASSERT_EQ(device.unmap(pages.data(), 3 * PAGE, LOW), 0);
	EXPECT_EQ(locked(), 0);
}

} // namespace
