/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel asks of listeners: may the system suspend, and how to go on after a PCI error.
 * The first is tried with the kernel's own test mode, which goes no further than freezing all
 * processes; errors are made by the kernel's aer_inject (the guest's script loads it). Needs root.
 */
#include <cerrno>
#include <fstream>
#include <thread>

#include "tests/vm/kmod/fixture.h"
#include "tests/vm/kmod/genl.h"

namespace
{

using namespace kmod;

const int SOON = 5000, A_WHILE = 100; /* ms */

bool set(const char *path, const char *value)
{
	return static_cast<bool>(std::ofstream(path) << value << std::flush);
}

class NetlinkRootSuspend : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_TRUE(set("/sys/power/pm_test", "freezer"));
		set("/sys/module/suspend/parameters/pm_test_delay", "0");
		ASSERT_EQ(genl_.open(), 0);
		ASSERT_EQ(genl_.listen(address_, event_bit(VFIO_MSG_PM_SUSPEND) |
						     event_bit(VFIO_MSG_PM_RESUME)),
			  0);
	}
	void TearDown() override
	{
		if (thread_.joinable())
			thread_.join();
		set("/sys/power/pm_test", "none");
	}

	void suspend()
	{
		thread_ = std::thread([this] {
			Fd fd(open("/sys/power/state", O_WRONLY | O_CLOEXEC));

			result_ = write(fd.get(), "freeze", 6) == 6 ? 0 : errno;
		});
	}
	int result()
	{
		thread_.join();
		return result_;
	}
	bool asked(Message *question)
	{
		return genl_.receive(question, SOON) && question->command == VFIO_MSG_PM_SUSPEND &&
		       question->address() == address_;
	}
	int answer(Genl *from, const Message &question, uint32_t answer)
	{
		return from->reply(question, VFIO_MSG_PM_SUSPEND_REPLY, VFIO_ATTR_PM_SUSPEND_REPLY,
				   answer);
	}
	void expect_resumed()
	{
		Message message;

		ASSERT_TRUE(genl_.receive(&message, SOON));
		EXPECT_EQ(message.command, VFIO_MSG_PM_RESUME);
		EXPECT_EQ(message.address(), address_);
	}

	const std::string address_ = address_of("EDU0");
	Genl genl_;

      private:
	std::thread thread_;
	int result_ = -1;
};

TEST_F(NetlinkRootSuspend, Agreed)
{
	Message question;

	suspend();
	ASSERT_TRUE(asked(&question));
	EXPECT_EQ(answer(&genl_, question, 0), 0);
	EXPECT_EQ(result(), 0);
	expect_resumed();
}

TEST_F(NetlinkRootSuspend, Vetoed)
{
	Message question;

	suspend();
	ASSERT_TRUE(asked(&question));
	EXPECT_EQ(answer(&genl_, question, EPROTO), 0);
	EXPECT_EQ(result(), EPROTO);
	expect_resumed();
}

TEST_F(NetlinkRootSuspend, SilenceIsNoVeto)
{
	Message question;

	suspend();
	ASSERT_TRUE(asked(&question));
	EXPECT_EQ(result(), 0);
	expect_resumed();
	EXPECT_EQ(answer(&genl_, question, EBUSY), -EINVAL) << "too late";
}

TEST_F(NetlinkRootSuspend, AnswersThatDoNotCount)
{
	Message question, other;
	Genl stranger;

	ASSERT_EQ(stranger.open(), 0);
	suspend();
	ASSERT_TRUE(asked(&question));
	EXPECT_EQ(answer(&stranger, question, EBUSY), -EINVAL) << "was not asked";
	other = question;
	other.sequence++;
	EXPECT_EQ(answer(&genl_, other, EBUSY), -EINVAL) << "of another question";
	EXPECT_EQ(
	    genl_.reply(question, VFIO_MSG_ERROR_HANDLING_REPLY, VFIO_ATTR_ERROR_HANDLING_REPLY, 4),
	    -EINVAL)
	    << "of another kind";
	EXPECT_EQ(answer(&genl_, question, 0), 0);
	EXPECT_EQ(answer(&genl_, question, EBUSY), -EINVAL) << "a second one";
	EXPECT_EQ(result(), 0);
}

TEST_F(NetlinkRootSuspend, AllAreAskedAndOneVetoIsEnough)
{
	Message question, second_question;
	Genl second;

	ASSERT_EQ(second.open(), 0);
	ASSERT_EQ(second.listen(address_of("EDU1"), event_bit(VFIO_MSG_PM_SUSPEND)), 0);
	suspend();
	ASSERT_TRUE(asked(&question));
	ASSERT_TRUE(second.receive(&second_question, SOON));
	EXPECT_EQ(second_question.address(), address_of("EDU1"));
	EXPECT_EQ(answer(&second, second_question, EBUSY), 0);
	EXPECT_EQ(answer(&genl_, question, 0), 0);
	EXPECT_EQ(result(), EBUSY);
}

TEST_F(NetlinkRootSuspend, ListenerThatLeavesHasNoSay)
{
	Message question;

	suspend();
	ASSERT_TRUE(asked(&question));
	genl_.close();
	EXPECT_EQ(result(), 0);
}

/* what the kernel's aer_inject reads from its node */
struct aer_error {
	uint8_t bus, device, function;
	uint32_t uncorrectable, correctable, header[4], domain;
};

class NetlinkRootError : public ::testing::Test
{
      protected:
	enum { CAN_RECOVER = 2, NEED_RESET = 3, RECOVERED = 5, STATE_NORMAL = 1 };

	void SetUp() override
	{
		ASSERT_EQ(genl_.open(), 0);
		ASSERT_EQ(genl_.listen(address_, ~uint64_t{0}), 0);
	}

	/* a request that nobody answered, not fatal [S PCI Express, advanced error reporting] */
	bool inject()
	{
		struct aer_error error = {};
		unsigned int domain, bus, device, function;
		Fd fd(open("/dev/aer_inject", O_WRONLY | O_CLOEXEC));

		if (sscanf(address_.c_str(), "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4)
			return false;
		error.domain = domain;
		error.bus = static_cast<uint8_t>(bus);
		error.device = static_cast<uint8_t>(device);
		error.function = static_cast<uint8_t>(function);
		error.uncorrectable = 1 << 14;
		return write(fd.get(), &error, sizeof(error)) == sizeof(error);
	}
	bool told(uint8_t command, Message *message)
	{
		return genl_.receive(message, SOON) && message->command == command &&
		       message->address() == address_;
	}
	int answer(const Message &question, uint32_t answer)
	{
		return genl_.reply(question, VFIO_MSG_ERROR_HANDLING_REPLY,
				   VFIO_ATTR_ERROR_HANDLING_REPLY, answer);
	}

	const std::string address_ = address_of("VF0");
	Genl genl_;
};

TEST_F(NetlinkRootError, RecoveryGoesAsTheListenerSays)
{
	Message message;

	ASSERT_TRUE(inject()) << strerror(errno);
	ASSERT_TRUE(told(VFIO_MSG_ERROR_DETECTED, &message));
	EXPECT_EQ(message.get(VFIO_ATTR_CHANNEL_STATE), STATE_NORMAL);
	EXPECT_EQ(answer(message, CAN_RECOVER), 0);
	ASSERT_TRUE(told(VFIO_MSG_MMIO_ENABLED, &message));
	EXPECT_EQ(answer(message, RECOVERED), 0);
	ASSERT_TRUE(told(VFIO_MSG_ERROR_RESUME, &message));
	EXPECT_EQ(answer(message, RECOVERED), -EINVAL) << "that was no question";
}

TEST_F(NetlinkRootError, SilenceDoesNotStopTheRecovery)
{
	Message detected, message;

	ASSERT_TRUE(inject()) << strerror(errno);
	ASSERT_TRUE(told(VFIO_MSG_ERROR_DETECTED, &detected));
	ASSERT_TRUE(told(VFIO_MSG_MMIO_ENABLED, &message));
	EXPECT_EQ(answer(detected, NEED_RESET), -EINVAL) << "too late";
	EXPECT_EQ(answer(message, RECOVERED), 0);
	ASSERT_TRUE(told(VFIO_MSG_ERROR_RESUME, &message));
}

} // namespace
