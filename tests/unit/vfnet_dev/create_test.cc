/* SPDX-License-Identifier: BSD-2-Clause */
#include <algorithm>
#include <cerrno>
#include <cstring>

#include <net/if.h>

#include <gtest/gtest.h>

#include "tests/unit/vfnet_dev/machine.h"

extern "C" {
#include "apps/common/links.h"
}

namespace
{

/* No interface of this machine has that name, so what is asked of rtnetlink fails. */
constexpr const char *INTERFACE = "vfnet-none0";

class Create : public testing::Test
{
      protected:
	Machine machine;

	Create()
	{
		machine.add_interface(PF, INTERFACE, true);
	}

	void said(std::initializer_list<const char *> words)
	{
		for (const char *word : words)
			EXPECT_NE(machine.err.find(word), std::string::npos)
			    << word << " is not in: " << machine.err;
	}

	bool wrote(const char *end)
	{
		return std::any_of(machine.writes.begin(), machine.writes.end(),
				   [&](const std::string &text) {
					   return text.size() >= strlen(end) &&
						  text.substr(text.size() - strlen(end)) == end;
				   });
	}
};

TEST_F(Create, ZeroRemovesThemAndWhatIsNotedOfThem)
{
	machine.write("run/vfnet/driver-0000:01:10.2", "igbvf -\n");
	EXPECT_EQ(machine.run(dev_create, {"0", INTERFACE}), 0) << machine.err;
	EXPECT_FALSE(machine.exists(machine.dir(VF0)));
	EXPECT_FALSE(machine.exists("run/vfnet/driver-0000:01:10.2"));
	EXPECT_TRUE(wrote("sriov_drivers_autoprobe=1"));
	EXPECT_EQ(machine.out, "0000:01:00.0: 2 virtual functions removed\n");
}

TEST_F(Create, ThoseThatAProgramHasOpenStay)
{
	struct dev_options force = {};

	machine.bind(VF1, "vfio-pci");
	machine.link("proc/77/fd/3", "dev/vfio/13");
	EXPECT_EQ(machine.run(dev_create, {"0", PF}), APP_EXIT_FAILED);
	said({VF1, "process 77", "/dev/vfio/13"});
	EXPECT_TRUE(machine.exists(machine.dir(VF0)));
	force.force = true;
	EXPECT_EQ(machine.run(dev_create, {"0", PF}, force), 0) << machine.err;
	EXPECT_FALSE(machine.exists(machine.dir(VF0)));
}

TEST_F(Create, ThoseThatCarryTrafficStay)
{
	struct dev_options force = {};

	machine.bind(VF0, "igbvf");
	machine.add_interface(VF0, "vfnet-none1", true);
	EXPECT_EQ(machine.run(dev_create, {"0", PF}), APP_EXIT_FAILED);
	said({"interface vfnet-none1, which is up"});
	machine.remove(machine.dir(VF0) + "/net");
	EXPECT_EQ(machine.run(dev_create, {"0", PF}), APP_EXIT_FAILED);
	said({VF0, "name space"});
	EXPECT_TRUE(machine.exists(machine.dir(VF0)));
	force.force = true;
	EXPECT_EQ(machine.run(dev_create, {"0", PF}, force), 0) << machine.err;
}

TEST_F(Create, WhatIsNotedStaysWhereTheKernelRefuses)
{
	machine.write("run/vfnet/driver-0000:01:10.2", "igbvf -\n");
	machine.read_only = "/sriov_numvfs";
	EXPECT_EQ(machine.run(dev_create, {"0", PF}), APP_EXIT_FAILED);
	EXPECT_TRUE(machine.exists("run/vfnet/driver-0000:01:10.2"));
}

/* udevd renames an interface some time after igb has made it */
TEST_F(Create, AnInterfaceThatWasRenamedMeanwhileIsFound)
{
	ASSERT_EQ(machine.run(dev_create, {"0", PF}), 0);
	machine.on_made = [&] {
		machine.remove(machine.dir(PF) + "/net");
		machine.add_interface(PF, "vfnet-none9", true);
	};
	EXPECT_EQ(machine.run(dev_create, {"2", PF}), APP_EXIT_FAILED);
	said({"vfnet-none9: cannot set the address"});
}

TEST_F(Create, WhatCannotBeIsSaidBeforeAnythingIsDone)
{
	EXPECT_EQ(machine.run(dev_create, {"two", INTERFACE}), APP_EXIT_USAGE);
	EXPECT_EQ(machine.run(dev_create, {"2", "eth-none"}), APP_EXIT_FAILED);
	said({"eth-none: is neither a PCI function nor an interface"});
	EXPECT_EQ(machine.run(dev_create, {"2", VF0}), APP_EXIT_FAILED);
	said({"0000:01:10.0 is 8086:10ca, not an 82576 physical function"});
	EXPECT_EQ(machine.run(dev_create, {"3", PF}), APP_EXIT_FAILED);
	said({"has 2 virtual functions already", "vfnet-dev create 0 0000:01:00.0"});
	EXPECT_EQ(machine.run(dev_create, {"8", PF}), APP_EXIT_USAGE);
	said({"create 8", "at most 7"});
	machine.write(machine.dir(PF) + "/sriov_totalvfs", "0\n");
	EXPECT_EQ(machine.run(dev_create, {"1", PF}), APP_EXIT_FAILED);
	said({"SR-IOV is off"});
	machine.remove(machine.dir(PF) + "/driver");
	EXPECT_EQ(machine.run(dev_create, {"1", PF}), APP_EXIT_FAILED);
	said({"is with no driver", "modprobe igb"});
	EXPECT_TRUE(machine.writes.empty());
}

TEST_F(Create, AddressesAreThoseOfOneStation)
{
	struct dev_options opts = {};

	ASSERT_EQ(machine.run(dev_create, {"0", PF}), 0);
	machine.writes.clear();
	for (const char *mac :
	     {"01:00:00:00:00:00", "00:00:00:00:00:00", "02", "zz:00:00:00:00:00"}) {
		opts.mac_base = mac;
		EXPECT_EQ(machine.run(dev_create, {"1", PF}, opts), APP_EXIT_USAGE) << mac;
		said({"--mac-base", mac});
	}
	EXPECT_TRUE(machine.writes.empty());
}

TEST_F(Create, WhatTheKernelRefusesIsToldInItsWords)
{
	ASSERT_EQ(machine.run(dev_create, {"0", PF}), 0);
	machine.vfs_limit = 1;
	EXPECT_EQ(machine.run(dev_create, {"2", PF}), APP_EXIT_FAILED);
	said({"2 virtual functions", "not enough MMIO resources"});
	EXPECT_TRUE(wrote("sriov_drivers_autoprobe=1")) << "left as it was";
}

TEST_F(Create, WithoutTheAddressesThereAreNoFunctionsEither)
{
	ASSERT_EQ(machine.run(dev_create, {"0", PF}), 0);
	EXPECT_EQ(machine.run(dev_create, {"2", PF}), APP_EXIT_FAILED);
	said({"cannot set the address of its virtual function 0"});
	EXPECT_FALSE(machine.exists(machine.dir(VF0)));
	EXPECT_TRUE(wrote("sriov_numvfs=0"));
}

/* lo is an interface that every machine has, and that no kernel gives virtual functions */
TEST(Links, AnInterfaceWithoutFunctionsRefusesAddressesAndTellsOfNone)
{
	const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	struct app_vf_info info = {};

	EXPECT_LT(app_vf_mac_set(if_nametoindex("lo"), 0, mac), 0);
	EXPECT_EQ(app_vf_infos_read("lo", 1, &info), 0);
	EXPECT_FALSE(info.known);
	EXPECT_EQ(info.spoofchk, -1);
	EXPECT_EQ(app_vf_mac_set(if_nametoindex("vfnet-none0"), 0, mac), -ENODEV);
	EXPECT_EQ(app_link_up(if_nametoindex("vfnet-none0")), -ENODEV);
}

} // namespace
