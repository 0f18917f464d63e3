/* SPDX-License-Identifier: BSD-2-Clause */
#include <chrono>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/unit/vfnet_dev/machine.h"

namespace
{

class Bind : public testing::Test
{
      protected:
	Machine machine;

	/* one line, with the words in it */
	void said(std::initializer_list<const char *> words)
	{
		for (const char *word : words)
			EXPECT_NE(machine.err.find(word), std::string::npos)
			    << word << " is not in: " << machine.err;
	}
};

TEST_F(Bind, AFunctionGoesToVfioPciAndBackToNoDriver)
{
	EXPECT_EQ(machine.run(dev_bind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "vfio-pci");
	EXPECT_EQ(machine.override_of(VF0), "vfio-pci");
	EXPECT_EQ(machine.out,
		  "0000:01:10.0: no driver -> vfio-pci, " + machine.root + "/dev/vfio/12\n");
	EXPECT_EQ(machine.run(dev_unbind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "");
	EXPECT_EQ(machine.override_of(VF0), "");
	EXPECT_EQ(machine.out, "0000:01:10.0: vfio-pci -> no driver\n");
	EXPECT_FALSE(machine.exists("run/vfnet/driver-0000:01:10.0"));
}

TEST_F(Bind, TheDriverOfBeforeComesBack)
{
	machine.bind(VF0, "igbvf");
	EXPECT_EQ(machine.run(dev_bind, {"pci:01:10.0"}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "vfio-pci");
	EXPECT_EQ(machine.run(dev_unbind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "igbvf");
	EXPECT_EQ(machine.override_of(VF0), "");
}

TEST_F(Bind, OurModuleIsTheDefaultWhereItIsLoaded)
{
	machine.add_driver("vfio");
	EXPECT_EQ(machine.run(dev_bind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "vfio");
	EXPECT_NE(machine.out.find("-> vfio, " + machine.root + "/dev/vfio3"), std::string::npos)
	    << machine.out;
}

TEST_F(Bind, WhatWasNotedFirstStaysFromOneDriverForProgramsToTheOther)
{
	machine.add_driver("vfio");
	machine.bind(VF0, "igbvf");
	struct dev_options opts = {};
	opts.driver = "vfio-pci";
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), 0) << machine.err;
	EXPECT_EQ(machine.run(dev_bind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "vfio");
	EXPECT_EQ(machine.run(dev_unbind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "igbvf");
}

TEST_F(Bind, ADriverThatIsNotLoadedIsNamedWithTheCommand)
{
	machine.remove("sys/bus/pci/drivers/vfio-pci");
	EXPECT_EQ(machine.run(dev_bind, {VF0}), APP_EXIT_FAILED);
	said({"no driver vfio-pci", "modprobe vfio-pci"});
	EXPECT_TRUE(machine.writes.empty());
}

TEST_F(Bind, WrongWordsAreRefusedBeforeAnythingIsDone)
{
	struct dev_options opts = {};

	EXPECT_EQ(machine.run(dev_bind, {VF0, "eth0"}), APP_EXIT_USAGE);
	said({"eth0", "is no PCI address"});
	EXPECT_EQ(machine.run(dev_bind, {VF0, "0000:05:00.0"}), APP_EXIT_FAILED);
	said({"there is no PCI function 0000:05:00.0"});
	EXPECT_EQ(machine.run(dev_bind, {VF0, "01:10.0"}), APP_EXIT_USAGE);
	said({VF0, "is named twice"});
	opts.driver = "uio";
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), APP_EXIT_USAGE);
	said({"--driver uio", "vfio-pci or vfio"});
	opts = {};
	opts.user = "nobody-of-this-name";
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), APP_EXIT_USAGE);
	said({"--user nobody-of-this-name"});
	EXPECT_TRUE(machine.writes.empty());
}

TEST_F(Bind, WhatCarriesTheMachinesTrafficIsRefused)
{
	struct dev_options force = {};

	EXPECT_EQ(machine.run(dev_bind, {VF1, PF}), APP_EXIT_FAILED);
	said({PF, "is a physical function (driver igb)", "vfnet-dev create"});
	machine.bind(VF0, "igbvf");
	machine.add_interface(VF0, "vfnet-none0", true);
	EXPECT_EQ(machine.run(dev_bind, {VF0}), APP_EXIT_FAILED);
	said({VF0, "interface vfnet-none0, which is up", "ip link set dev vfnet-none0 down"});
	machine.add_function("0000:03:00.0", "0x1533", 20, "igb");
	EXPECT_EQ(machine.run(dev_bind, {"0000:03:00.0"}), APP_EXIT_FAILED);
	said({"0000:03:00.0 is 8086:1533", "not an 82576 virtual function"});
	EXPECT_TRUE(machine.writes.empty());
	force.force = true;
	EXPECT_EQ(machine.run(dev_bind, {VF0}, force), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "vfio-pci");
}

TEST_F(Bind, AnInterfaceThatHasAnAddressIsRefused)
{
	/* lo of the machine that runs the test is the one that surely has one */
	machine.bind(VF0, "igbvf");
	machine.add_interface(VF0, "lo", false);
	EXPECT_EQ(machine.run(dev_bind, {VF0}), APP_EXIT_FAILED);
	said({"interface lo, which has an address"});
}

TEST_F(Bind, ADriverThatDoesNotTakeItIsToldInTheKernelsWordsAndAllGoesBack)
{
	machine.bind(VF0, "igbvf");
	machine.refused = {std::string("vfio-pci ") + VF1};
	EXPECT_EQ(machine.run(dev_bind, {VF0, VF1}), APP_EXIT_FAILED);
	said({"vfio-pci did not take 0000:01:10.2", "probe failed with error -22"});
	EXPECT_EQ(machine.driver(VF0), "igbvf");
	EXPECT_EQ(machine.override_of(VF0), "");
	EXPECT_EQ(machine.driver(VF1), "");
	EXPECT_EQ(machine.override_of(VF1), "");
	EXPECT_FALSE(machine.exists("run/vfnet/driver-0000:01:10.0"));
	EXPECT_FALSE(machine.exists("run/vfnet/driver-0000:01:10.2"));
}

TEST_F(Bind, AMissingIommuIsTheReasonWhateverTheKernelSays)
{
	machine.remove(machine.dir(VF0) + "/iommu_group");
	machine.refused = {std::string("vfio-pci ") + VF0};
	EXPECT_EQ(machine.run(dev_bind, {VF0}), APP_EXIT_FAILED);
	said({"is in no IOMMU group", "intel_iommu=on"});
	EXPECT_EQ(machine.driver(VF0), "");
}

TEST_F(Bind, AKernelThatMayNotBeReadIsNoObstacle)
{
	machine.remove("dev/kmsg");
	machine.refused = {std::string("vfio-pci ") + VF0};
	EXPECT_EQ(machine.run(dev_bind, {VF0}), APP_EXIT_FAILED);
	said({"vfio-pci did not take 0000:01:10.0", "dmesg"});
}

TEST_F(Bind, WhoMayNotIsToldToBeRoot)
{
	machine.read_only = "/driver_override";
	EXPECT_EQ(machine.run(dev_bind, {VF0}), APP_EXIT_FAILED);
	said({"cannot write", "0000:01:10.0/driver_override", "as root"});
	EXPECT_EQ(machine.driver(VF0), "");
	EXPECT_FALSE(machine.exists("run/vfnet/driver-0000:01:10.0"));
}

TEST_F(Bind, OthersInTheGroupAreNamed)
{
	machine.add_function("0000:04:00.0", "0x1533", 12, "igb");
	EXPECT_EQ(machine.run(dev_bind, {VF0}), 0) << machine.err;
	EXPECT_NE(machine.out.find("driver igb has 0000:04:00.0"), std::string::npos)
	    << machine.out;
}

TEST_F(Bind, TheUserGetsTheGroupsFileAndTheFunctionsOwn)
{
	std::string me = std::to_string(getuid()); /* not every user of a container has a name */
	struct dev_options opts = {};

	machine.write(machine.dir(VF0) + "/vfio-dev/vfio7/dev", "");
	machine.write("dev/vfio/devices/vfio7", "");
	chmod((machine.root + "/dev/vfio/devices/vfio7").c_str(), 0644);
	opts.user = me.c_str();
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), 0) << machine.err;
	for (const char *path : {"/dev/vfio/12", "/dev/vfio/devices/vfio7"}) {
		struct stat file;

		ASSERT_EQ(stat((machine.root + path).c_str(), &file), 0);
		EXPECT_EQ(file.st_mode & 07777, 0600u) << path;
		EXPECT_EQ(file.st_uid, getuid()) << path;
	}
}

TEST_F(Bind, WhatAProgramHasOpenIsNotTakenAway)
{
	struct dev_options force = {};

	EXPECT_EQ(machine.run(dev_bind, {VF0, VF1}), 0) << machine.err;
	machine.link("proc/4321/fd/7", "dev/vfio/12");
	machine.write("proc/4321/comm", "vfnet-fwd\n");
	machine.write("proc/version", "Linux\n");
	EXPECT_EQ(machine.run(dev_unbind, {VF1, VF0}), APP_EXIT_FAILED);
	said({VF0, "process 4321 (vfnet-fwd)", "/dev/vfio/12", "--force"});
	EXPECT_EQ(machine.driver(VF1), "vfio-pci");
	EXPECT_EQ(machine.run(dev_bind, {VF0}), 0)
	    << "it is bound to that already: " << machine.err;
	force.force = true;
	EXPECT_EQ(machine.run(dev_unbind, {VF1, VF0}, force), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "");
}

/* A descriptor of vfio-pci's function, handed in, is an anon_inode of no name; the group knows. */
TEST_F(Bind, WhatAProgramWasHandedIsNotTakenAwayEither)
{
	struct dev_options opts = {};

	EXPECT_EQ(machine.run(dev_bind, {VF0, VF1}), 0) << machine.err;
	machine.busy = "/dev/vfio/12";
	EXPECT_EQ(machine.run(dev_unbind, {VF1, VF0}), APP_EXIT_FAILED);
	said({VF0, "a program has it open", "--force"});
	EXPECT_EQ(machine.driver(VF1), "vfio-pci");
	machine.add_driver("vfio");
	opts.driver = "vfio";
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), APP_EXIT_FAILED);
	EXPECT_EQ(machine.driver(VF0), "vfio-pci");
	opts.force = true;
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), 0) << machine.err;
}

TEST_F(Bind, ANameFromAProcessCannotWriteToTheTerminal)
{
	EXPECT_EQ(machine.run(dev_bind, {VF0}), 0) << machine.err;
	machine.link("proc/4321/fd/7", "dev/vfio/12");
	machine.write("proc/4321/comm", "a\x1b[2J\xff\n");
	EXPECT_EQ(machine.run(dev_unbind, {VF0}), APP_EXIT_FAILED);
	said({"process 4321 (a?[2J?)"});
}

TEST_F(Bind, WhatIsInUseOrNoneOfOursIsGivenToNobody)
{
	std::string me = std::to_string(getuid());
	struct dev_options opts = {};

	opts.user = me.c_str();
	machine.bind(VF0, "vfio-pci");
	machine.link("proc/4321/fd/7", "dev/vfio/12");
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), APP_EXIT_FAILED);
	said({"process 4321"});
	machine.add_function("0000:03:00.0", "0x1533", 20, "vfio-pci");
	EXPECT_EQ(machine.run(dev_bind, {"0000:03:00.0"}, opts), APP_EXIT_FAILED);
	said({"not an 82576 virtual function"});
	opts.force = true;
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), 0) << machine.err;
}

TEST_F(Bind, WhoseAFileWasComesBackToo)
{
	std::string me = std::to_string(getuid()), path = machine.root + "/dev/vfio/12";
	struct dev_options opts = {};
	struct stat file;

	machine.bind(VF0, "vfio-pci");
	ASSERT_EQ(chmod(path.c_str(), 0640), 0);
	machine.refused = {std::string("vfio-pci ") + VF1};
	opts.user = me.c_str();
	EXPECT_EQ(machine.run(dev_bind, {VF0, VF1}, opts), APP_EXIT_FAILED);
	ASSERT_EQ(stat(path.c_str(), &file), 0);
	EXPECT_EQ(file.st_mode & 07777, 0640u);
	machine.refused.clear();
	EXPECT_EQ(machine.run(dev_bind, {VF1}), 0) << machine.err;
	machine.write("run/vfnet/driver-0000:01:10.2", "igbvf -\n");
	machine.refused = {std::string("igbvf ") + VF1};
	machine.on_probed = [&] { chmod(path.c_str(), 0600); }; /* as the kernel makes it */
	EXPECT_EQ(machine.run(dev_unbind, {VF0, VF1}), APP_EXIT_FAILED);
	EXPECT_EQ(machine.driver(VF0), "vfio-pci");
	ASSERT_EQ(stat(path.c_str(), &file), 0);
	EXPECT_EQ(file.st_mode & 07777, 0640u);
}

TEST_F(Bind, AnInterfaceOfAnotherNameSpaceMayCarryTraffic)
{
	struct dev_options force = {};

	machine.bind(VF0, "igbvf");
	machine.remove(machine.dir(VF0) + "/net");
	EXPECT_EQ(machine.run(dev_bind, {VF0}), APP_EXIT_FAILED);
	said({VF0, "igbvf", "no interface here", "name space"});
	EXPECT_TRUE(machine.writes.empty());
	force.force = true;
	EXPECT_EQ(machine.run(dev_bind, {VF0}, force), 0) << machine.err;
}

/* udevd gives a new file the owner and mode of its rules, some time after the kernel has made it */
TEST_F(Bind, TheUserComesAfterTheRulesOfUdev)
{
	std::string me = std::to_string(getuid()), path = machine.root + "/dev/vfio/12";
	struct dev_options opts = {};
	struct stat file;

	machine.write("run/udev/control", "");
	machine.write("run/udev/queue", "");
	machine.bind(VF0, "vfio-pci");
	opts.user = me.c_str();
	std::thread udevd([&] {
		std::this_thread::sleep_for(std::chrono::milliseconds(200));
		chmod(path.c_str(), 0660);
		machine.write("run/udev/data/c0:0", "");
		machine.remove("run/udev/queue");
	});
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), 0) << machine.err;
	udevd.join();
	ASSERT_EQ(stat(path.c_str(), &file), 0);
	EXPECT_EQ(file.st_mode & 07777, 0600u);
}

TEST_F(Bind, AKernelWithoutGroupsHasTheFunctionsOwnFileToGive)
{
	std::string me = std::to_string(getuid()), path = machine.root + "/dev/vfio/devices/vfio7";
	struct dev_options opts = {};
	struct stat file;

	machine.bind(VF0, "vfio-pci");
	machine.remove("dev/vfio/12");
	machine.write(machine.dir(VF0) + "/vfio-dev/vfio7/dev", "");
	machine.write("dev/vfio/devices/vfio7", "");
	opts.user = me.c_str();
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), 0) << machine.err;
	ASSERT_EQ(stat(path.c_str(), &file), 0);
	EXPECT_EQ(file.st_mode & 07777, 0600u);
}

TEST_F(Bind, AFunctionThatGoesAwayMeanwhileIsSaidToHaveGone)
{
	std::string me = std::to_string(getuid());
	struct dev_options opts = {};

	machine.bind(VF0, "vfio-pci");
	opts.user = me.c_str();
	machine.on_opened = [&] { machine.remove(machine.dir(VF0)); };
	EXPECT_EQ(machine.run(dev_bind, {VF0}, opts), APP_EXIT_FAILED);
	said({"0000:01:10.0 has gone"});
}

TEST_F(Bind, UnbindKnowsWhatIsNotBoundToPrograms)
{
	machine.bind(VF0, "igbvf");
	EXPECT_EQ(machine.run(dev_unbind, {VF0}), APP_EXIT_FAILED);
	said({VF0, "is with igbvf", "nothing to undo"});
	EXPECT_EQ(machine.run(dev_unbind, {VF1}), APP_EXIT_FAILED);
	said({VF1, "is with no driver"});
	EXPECT_TRUE(machine.writes.empty());
}

TEST_F(Bind, UnbindEndsWithNoDriverWhereTheNoteNamesTheOneItHas)
{
	machine.bind(VF0, "vfio-pci");
	machine.write("run/vfnet/driver-0000:01:10.0", "vfio-pci vfio-pci\n");
	EXPECT_EQ(machine.run(dev_unbind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "");
	EXPECT_EQ(machine.override_of(VF0), "");
}

TEST_F(Bind, UnbindLeavesItAloneWhenItsDriverIsNotLoadedAnyMore)
{
	machine.bind(VF0, "igbvf");
	EXPECT_EQ(machine.run(dev_bind, {VF0}), 0) << machine.err;
	machine.remove("sys/bus/pci/drivers/igbvf");
	EXPECT_EQ(machine.run(dev_unbind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "");
	EXPECT_NE(machine.out.find("igbvf is not loaded any more"), std::string::npos);
}

TEST_F(Bind, UnbindToADriverThatRefusesGoesBackAndRemembers)
{
	machine.bind(VF0, "igbvf");
	EXPECT_EQ(machine.run(dev_bind, {VF1, VF0}), 0) << machine.err;
	machine.refused = {std::string("igbvf ") + VF0};
	EXPECT_EQ(machine.run(dev_unbind, {VF1, VF0}), APP_EXIT_FAILED);
	said({"igbvf did not take 0000:01:10.0"});
	EXPECT_EQ(machine.driver(VF0), "vfio-pci");
	EXPECT_EQ(machine.driver(VF1), "vfio-pci");
	machine.refused.clear();
	EXPECT_EQ(machine.run(dev_unbind, {VF0}), 0) << machine.err;
	EXPECT_EQ(machine.driver(VF0), "igbvf");
}

} // namespace
