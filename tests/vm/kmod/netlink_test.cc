/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events by generic netlink: who may listen, who may answer, and that nothing which a program
 * sends can do harm. What the kernel asks (suspend, errors) is in netlink_ask_test.cc.
 */
#include <fstream>
#include <memory>

#include <sched.h>

#include "tests/vm/kmod/fixture.h"
#include "tests/vm/kmod/genl.h"

namespace
{

using namespace kmod;

const int SOON = 5000, A_WHILE = 100; /* ms */
const unsigned int PLACES = 16;	      /* for listeners of a device */
const int NOT_READY = 101;	      /* a child's exit code that is no errno of ours */
const uint64_t REMOVE = uint64_t{1} << VFIO_MSG_REMOVE;

/* a message that is as it should be */
Message complete(uint8_t command, const std::string &address)
{
	Message message;

	message.command = command;
	message.put_address(address);
	if (command == VFIO_MSG_REGISTER)
		message.put(VFIO_ATTR_MSGCAP, REMOVE);
	else if (command == VFIO_MSG_ERROR_HANDLING_REPLY)
		message.put<uint32_t>(VFIO_ATTR_ERROR_HANDLING_REPLY, 1);
	else
		message.put<uint32_t>(VFIO_ATTR_PM_SUSPEND_REPLY, 0);
	return message;
}

const uint8_t COMMANDS[] = {VFIO_MSG_REGISTER, VFIO_MSG_ERROR_HANDLING_REPLY,
			    VFIO_MSG_PM_SUSPEND_REPLY};

/* The device is known, and not open: children must not inherit it. */
class Netlink : public ::testing::Test
{
      protected:
	void SetUp() override
	{
		ASSERT_NE(address_, "") << "VFNET_EDU0";
		ASSERT_EQ(genl_.open(), 0);
	}

	const std::string address_ = address_of("EDU0");
	Genl genl_;
};

TEST_F(Netlink, HolderListens)
{
	EXPECT_EQ(in_child([this] {
			  Device device;
			  Genl genl;

			  if ((is_root() && !become_user()) || device.open(address_) || genl.open())
				  return NOT_READY;
			  return -genl.listen(address_, REMOVE);
		  }),
		  0);
}

TEST_F(Netlink, ForeignerDoesNotListen)
{
	EXPECT_EQ(in_child([this] {
			  Genl genl;

			  if ((is_root() && !become_user()) || genl.open())
				  return NOT_READY;
			  return -genl.listen(address_, REMOVE);
		  }),
		  EPERM);
}

TEST_F(Netlink, HolderOfAnotherDeviceDoesNotListen)
{
	EXPECT_EQ(in_child([this] {
			  Device device;
			  Genl genl;

			  if ((is_root() && !become_user()) || device.open(address_of("EDU1")) ||
			      genl.open())
				  return NOT_READY;
			  return -genl.listen(address_, REMOVE);
		  }),
		  EPERM);
}

TEST_F(Netlink, ForeignerDoesNotAnswer)
{
	EXPECT_EQ(in_child([this] {
			  Genl genl;

			  if ((is_root() && !become_user()) || genl.open())
				  return 1;
			  for (uint8_t command : COMMANDS)
				  if (genl.call(complete(command, address_)) != -EPERM)
					  return 2;
			  return 0;
		  }),
		  0);
}

TEST_F(Netlink, AnswersWithoutAQuestion)
{
	Device device;

	ASSERT_EQ(device.open(address_), 0);
	for (bool listening : {false, true}) {
		if (listening) {
			ASSERT_EQ(genl_.listen(address_, ~uint64_t{0}), 0);
		}
		for (uint8_t command : {VFIO_MSG_ERROR_HANDLING_REPLY, VFIO_MSG_PM_SUSPEND_REPLY})
			EXPECT_EQ(genl_.call(complete(command, address_)), -EINVAL)
			    << int{command} << (listening ? " listening" : "");
	}
}

TEST_F(Netlink, EveryAttributeIsNeeded)
{
	Device device;

	ASSERT_EQ(device.open(address_), 0);
	for (uint8_t command : COMMANDS) {
		const Message whole = complete(command, address_);
		Message empty;

		for (const auto &attribute : whole.attributes) {
			Message message = whole;

			message.attributes.erase(attribute.first);
			EXPECT_EQ(genl_.call(message), -EINVAL)
			    << int{command} << " without " << attribute.first;
		}
		empty.command = command;
		EXPECT_EQ(genl_.call(empty), -EINVAL) << int{command};
	}
}

TEST_F(Netlink, AttributesOfTheWrongSizeOrValue)
{
	const Message whole = complete(VFIO_MSG_REGISTER, address_);
	Message message;
	Device device;

	ASSERT_EQ(device.open(address_), 0);
	for (const auto &attribute : whole.attributes) {
		for (size_t size : {size_t{0}, attribute.second.size() - 1}) {
			message = whole;
			message.attributes[attribute.first].resize(size);
			EXPECT_LT(genl_.call(message), 0) << attribute.first << " of " << size;
		}
	}
	EXPECT_LT(genl_.call((message = whole).put<uint16_t>(VFIO_ATTR_PCI_BUS, 256)), 0);
	EXPECT_LT(genl_.call((message = whole).put<uint8_t>(VFIO_ATTR_PCI_SLOT, 32)), 0);
	EXPECT_LT(genl_.call((message = whole).put<uint8_t>(VFIO_ATTR_PCI_FUNC, 8)), 0);
	EXPECT_LT(genl_.call((message = whole).put<uint8_t>(VFIO_NL_ATTR_MAX + 1, 0)), 0);
	EXPECT_EQ(genl_.call(whole), 0);
}

TEST_F(Netlink, AnswersOfTheWrongValue)
{
	Message message = complete(VFIO_MSG_ERROR_HANDLING_REPLY, address_);
	Device device;

	ASSERT_EQ(device.open(address_), 0);
	for (uint32_t value : {0u, 6u, 0x7fffffffu, 0xffffffffu})
		EXPECT_LT(genl_.call(message.put(VFIO_ATTR_ERROR_HANDLING_REPLY, value)), 0);
	message = complete(VFIO_MSG_PM_SUSPEND_REPLY, address_);
	for (uint32_t value : {4096u, 0x80000000u, 0xffffffffu})
		EXPECT_LT(genl_.call(message.put(VFIO_ATTR_PM_SUSPEND_REPLY, value)), 0);
}

TEST_F(Netlink, DevicesThatAreNotOurs)
{
	for (const char *address : {"0000:00:00.0", "0000:fe:1f.7", "ffff:00:00.0"})
		for (uint8_t command : COMMANDS)
			EXPECT_EQ(genl_.call(complete(command, address)), -ENODEV) << address;
}

TEST_F(Netlink, EventsAndUnknownCommandsAreNotAccepted)
{
	for (uint8_t command : {VFIO_MSG_INVAL, VFIO_MSG_REMOVE, VFIO_MSG_PM_RESUME})
		EXPECT_EQ(genl_.call(complete(command, address_)), -EOPNOTSUPP) << int{command};
	EXPECT_EQ(genl_.call(complete(VFIO_MSG_PM_SUSPEND_REPLY + 1, address_)), -EOPNOTSUPP);
}

TEST_F(Netlink, PlacesAreBoundedAndComeBack)
{
	std::unique_ptr<Genl> sockets[PLACES];
	Device device;

	ASSERT_EQ(device.open(address_), 0);
	for (auto &genl : sockets) {
		genl = std::make_unique<Genl>();
		ASSERT_EQ(genl->open(), 0);
		ASSERT_EQ(genl->listen(address_, REMOVE), 0);
		EXPECT_EQ(genl->listen(address_, REMOVE), 0) << "the same again";
	}
	EXPECT_EQ(genl_.listen(address_, REMOVE), -ENOSPC);
	sockets[3].reset();
	EXPECT_EQ(genl_.listen(address_, REMOVE), 0);
	EXPECT_EQ(sockets[5]->listen(address_, 0), 0) << "withdrawn";
	EXPECT_EQ(sockets[5]->listen(address_, 0), 0) << "withdrawn again";
	EXPECT_EQ(sockets[5]->listen(address_, REMOVE), 0);
}

TEST_F(Netlink, UsersPlacesGoWithTheLastClose)
{
	EXPECT_EQ(in_child([this] {
			  Genl sockets[PLACES];
			  Device device;

			  if ((is_root() && !become_user()) || device.open(address_))
				  return 1;
			  for (Genl &genl : sockets)
				  if (genl.open() || genl.listen(address_, REMOVE))
					  return 2;
			  device.close();
			  if (sockets[0].listen(address_, REMOVE) != -EPERM ||
			      device.open(address_))
				  return 3;
			  Genl next;
			  return next.open() || next.listen(address_, REMOVE) ? 4 : 0;
		  }),
		  0);
}

/* Removal needs root: the ordinary user's run of this program leaves these out. */
class NetlinkRoot : public Netlink
{
      protected:
	bool bind(bool on) const
	{
		std::ofstream file(on ? "/sys/bus/pci/drivers_probe"
				      : "/sys/bus/pci/drivers/vfio/unbind");

		return static_cast<bool>(file << address_ << std::flush) &&
		       (!on || eventually([this] { return Device().open(address_) == 0; }));
	}
	void TearDown() override
	{
		if (node_of(address_).empty()) {
			ASSERT_TRUE(bind(true));
		}
		/* a new node is root's */
		ASSERT_EQ(chown(node_of(address_).c_str(), user_id(), user_id()), 0);
	}
};

TEST_F(NetlinkRoot, AdministratorListensWithoutTheDevice)
{
	EXPECT_EQ(genl_.listen(address_, REMOVE), 0);
}

/* User name spaces are refused to a process whose root is not the machine's. */
bool leave_chroot()
{
	Fd root(open("/proc/1/root", O_PATH | O_CLOEXEC));

	return fchdir(root.get()) == 0 && chroot(".") == 0;
}

TEST_F(NetlinkRoot, RootOfItsOwnNameSpaceIsAForeigner)
{
	EXPECT_EQ(in_child([this] {
			  Genl genl;

			  if (!leave_chroot() || !become_user() ||
			      unshare(CLONE_NEWUSER | CLONE_NEWNET) || genl.open())
				  return NOT_READY;
			  return -genl.listen(address_, REMOVE);
		  }),
		  EPERM);
}

TEST_F(NetlinkRoot, RemovalIsToldOnceToEachListener)
{
	Genl second, deaf, closed;
	Message message;
	Device device;

	ASSERT_EQ(device.open(address_), 0);
	for (Genl *genl : {&second, &deaf, &closed})
		ASSERT_EQ(genl->open(), 0);
	ASSERT_EQ(genl_.listen(address_, REMOVE), 0);
	ASSERT_EQ(second.listen(address_, ~uint64_t{0}), 0);
	ASSERT_EQ(deaf.listen(address_, ~REMOVE), 0);
	ASSERT_EQ(closed.listen(address_, REMOVE), 0);
	closed.close();
	ASSERT_TRUE(bind(false));
	for (Genl *genl : {&genl_, &second}) {
		ASSERT_TRUE(genl->receive(&message, SOON));
		EXPECT_EQ(message.command, VFIO_MSG_REMOVE);
		EXPECT_EQ(message.address(), address_);
		EXPECT_FALSE(genl->receive(&message, A_WHILE));
	}
	EXPECT_FALSE(deaf.receive(&message, A_WHILE));
}

TEST_F(NetlinkRoot, AnotherDevicesRemovalIsNotTold)
{
	Message message;

	ASSERT_EQ(genl_.listen(address_of("EDU1"), REMOVE), 0);
	ASSERT_TRUE(bind(false));
	EXPECT_FALSE(genl_.receive(&message, A_WHILE));
}

TEST_F(NetlinkRoot, NobodyListensToWhatIsGone)
{
	Device device;

	ASSERT_EQ(device.open(address_), 0);
	ASSERT_TRUE(bind(false));
	EXPECT_EQ(genl_.listen(address_, REMOVE), -ENODEV);
	ASSERT_TRUE(bind(true));
	EXPECT_EQ(genl_.listen(address_, REMOVE), 0);
}

TEST_F(NetlinkRoot, ListenersOfTheOldDeviceDoNotHearOfTheNew)
{
	Message message;

	ASSERT_EQ(genl_.listen(address_, REMOVE), 0);
	ASSERT_TRUE(bind(false));
	ASSERT_TRUE(genl_.receive(&message, SOON));
	ASSERT_TRUE(bind(true));
	ASSERT_TRUE(bind(false));
	EXPECT_FALSE(genl_.receive(&message, A_WHILE));
}

TEST_F(NetlinkRoot, NameSpaceOfTheListenerIsFound)
{
	Child child([this](Child &self) {
		Message message;
		Device device;
		Genl genl;

		if (unshare(CLONE_NEWNET) || !become_user() || device.open(address_) ||
		    genl.open() || genl.listen(address_, REMOVE))
			return NOT_READY;
		self.ready();
		return genl.receive(&message, SOON) && message.command == VFIO_MSG_REMOVE ? 0 : 1;
	});

	ASSERT_TRUE(child.wait_ready());
	ASSERT_TRUE(bind(false));
	EXPECT_EQ(child.join(), 0);
}

} // namespace
