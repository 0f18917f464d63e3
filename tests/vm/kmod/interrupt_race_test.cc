/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that concerns interrupts at once, from several threads and while they come. What the
 * calls return is chance; afterwards all must work as before, and the kernel must not have
 * complained (the guest's script reads its log).
 */
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const int SOON = 5000, ROUNDS = 100;

class InterruptRace : public EduTest
{
      protected:
	/* each function again and again, in a thread of its own, until the first has had its rounds
	 */
	static void race(const std::vector<std::function<void()>> &functions)
	{
		std::atomic<bool> over(false);
		std::vector<std::thread> threads;

		for (size_t i = 1; i < functions.size(); i++)
			threads.emplace_back([&functions, &over, i] {
				while (!over)
					functions[i]();
			});
		for (int i = 0; i < ROUNDS; i++)
			functions[0]();
		over = true;
		for (std::thread &thread : threads)
			thread.join();
	}

	void TearDown() override
	{
		if (!edu_.registers().data())
			return;
		edu_.acknowledge();
		device_.msi(-1);
		device_.intx(-1);
		ASSERT_EQ(device_.set_command(0, COMMAND_INTX_DISABLE), 0);
		Eventfd event;
		ASSERT_EQ(device_.intx(event.get()), 0);
		for (int i = 0; i < 10; i++) {
			edu_.raise(1);
			ASSERT_EQ(event.wait(SOON), 1u) << i;
			edu_.acknowledge();
			ASSERT_EQ(device_.eoi(), 0);
		}
	}

	void come_and_go() const
	{
		edu_.raise(1);
		usleep(50);
		edu_.acknowledge();
	}

	Eventfd event_, over_;
};

TEST_F(InterruptRace, EndsWhileIntxComesAndGoes)
{
	race({
	    [this] {
		    device_.intx(event_.get());
		    usleep(200);
		    device_.intx(-1);
	    },
	    [this] { come_and_go(); },
	    [this] {
		    device_.eoi_eventfd(over_.get());
		    device_.eoi_eventfd(-1);
	    },
	    [this] {
		    over_.signal();
		    device_.eoi();
	    },
	    [this] {
		    device_.set_command(COMMAND_INTX_DISABLE);
		    device_.set_command(0, COMMAND_INTX_DISABLE);
	    },
	});
}

TEST_F(InterruptRace, EoiEventfdsThatAreClosedAtOnce)
{
	ASSERT_EQ(device_.intx(event_.get()), 0);
	race({
	    [this] {
		    Eventfd over;
		    device_.eoi_eventfd(over.get());
		    over.signal();
	    },
	    [this] {
		    Eventfd over;
		    device_.eoi_eventfd(over.get());
	    },
	    [this] { device_.eoi_eventfd(-1); },
	    [this] { come_and_go(); },
	});
}

TEST_F(InterruptRace, KindsTakeTurns)
{
	race({
	    [this] {
		    device_.msi(event_.get());
		    usleep(200);
		    device_.msi(-1);
	    },
	    [this] {
		    device_.intx(event_.get());
		    device_.intx(-1);
	    },
	    [this] { come_and_go(); },
	    [this] { device_.eoi(); },
	});
}

TEST_F(InterruptRace, OpensAndClosesMeanwhile)
{
	race({
	    [this] {
		    Device again;
		    again.open(device_.address());
		    again.intx(event_.get());
		    again.eoi_eventfd(over_.get());
	    },
	    [this] { come_and_go(); },
	    [this] { over_.signal(); },
	    [this] { device_.intx(-1); },
	});
}

} // namespace
