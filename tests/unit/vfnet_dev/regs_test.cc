/* SPDX-License-Identifier: BSD-2-Clause */
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/unit/vfnet_dev/machine.h"

extern "C" {
#include "apps/vfnet-dev/window.h"
#include "lib/chip/82576_regs.h"
}

namespace
{

/* The BAR is a file here, which sysfs's resource0 is too as long as one only looks. */
class Regs : public testing::Test
{
      protected:
	Machine machine;
	std::vector<uint32_t> bar = std::vector<uint32_t>(IGBVF_BAR_BYTES / 4);

	Regs()
	{
		set(IGBVF_STATUS, 0x83);
	}

	void set(uint32_t offset, uint32_t val)
	{
		bar[offset / 4] = val;
		std::ofstream(machine.root + "/" + machine.dir(VF0) + "/resource0")
		    .write(reinterpret_cast<const char *>(bar.data()), IGBVF_BAR_BYTES);
	}

	bool has(const char *text)
	{
		return machine.out.find(text) != std::string::npos;
	}

	void said(const char *text)
	{
		EXPECT_NE(machine.err.find(text), std::string::npos) << machine.err;
	}

	/* VF1 is with our module, and its node can be opened. */
	void bind_to_zeros(struct app_function *fn)
	{
		machine.bind(VF1, "vfio");
		machine.remove("dev/vfio3");
		ASSERT_EQ(symlink("/dev/zero", (machine.root + "/dev/vfio3").c_str()), 0);
		ASSERT_EQ(app_function_read(machine.machine(), VF1, fn), 0);
	}
};

TEST_F(Regs, AreShownWithTheirFields)
{
	EXPECT_EQ(machine.run(dev_regs, {VF0}), 0) << machine.err;
	EXPECT_TRUE(has("0000:01:10.0, mapped from sysfs\n")) << machine.out;
	EXPECT_TRUE(has("\nSTATUS 00000083 FD LU SPEED=2\n")) << machine.out;
}

TEST_F(Regs, ThoseThatAReadChangesAreLeftOut)
{
	struct dev_options all = {};

	EXPECT_EQ(machine.run(dev_regs, {VF0}), 0) << machine.err;
	for (const char *name : {"V2PMAILBOX", "VTEICR", "RQDPC", "VTEICS", "VTEIMC"})
		EXPECT_FALSE(has(name)) << name;
	all.all = true;
	EXPECT_EQ(machine.run(dev_regs, {VF0}, all), 0) << machine.err;
	for (const char *name : {"V2PMAILBOX", "VTEICR", "RQDPC(1)"})
		EXPECT_TRUE(has(name)) << name;
	for (const char *name : {"VTEICS", "VTEIMC"})
		EXPECT_FALSE(has(name)) << name << " can only be written";
}

TEST_F(Regs, OnlyWhatChangedIsTheDifference)
{
	std::string file = machine.root + "/before.json";
	struct dev_options save = {}, diff = {};

	save.json = file.c_str();
	diff.diff = file.c_str();
	EXPECT_EQ(machine.run(dev_regs, {VF0}, save), 0) << machine.err;
	EXPECT_EQ(machine.run(dev_regs, {VF0}, diff), 0) << machine.err;
	EXPECT_EQ(machine.out, "0000:01:10.0: 0 registers changed\n");
	set(IGBVF_STATUS, 0x81);
	set(IGBVF_AT(RXDCTL, 1), 1u << 25);
	EXPECT_EQ(machine.run(dev_regs, {VF0}, diff), 0) << machine.err;
	EXPECT_EQ(machine.out, "STATUS 00000083 -> 00000081 LU 1->0\n"
			       "RXDCTL(1) 00000000 -> 02000000 ENABLE 0->1\n"
			       "0000:01:10.0: 2 registers changed\n");
}

TEST_F(Regs, AFileThatIsNoneIsRefused)
{
	struct dev_options diff = {};
	std::string file = machine.root + "/other.json";

	diff.diff = file.c_str();
	EXPECT_EQ(machine.run(dev_regs, {VF0}, diff), APP_EXIT_FAILED);
	said("cannot read");
	for (const char *text :
	     {"", "{", "{\"registers\": []}", "{\"registers\": [{\"offset\": 8}]}",
	      "{\"registers\": [{\"offset\": -1, \"value\": 0}]}", "{\"registers\": 7}"}) {
		machine.write("other.json", text);
		EXPECT_EQ(machine.run(dev_regs, {VF0}, diff), APP_EXIT_FAILED) << text;
		said("is not what vfnet-dev regs --json writes");
	}
}

TEST_F(Regs, AllOnesAreAFunctionThatIsGone)
{
	std::fill(bar.begin(), bar.end(), UINT32_MAX);
	set(IGBVF_STATUS, UINT32_MAX);
	EXPECT_EQ(machine.run(dev_regs, {VF0}), APP_EXIT_FAILED);
	said("all registers read all ones");
}

TEST_F(Regs, WhatHasNoneWeKnowIsSaid)
{
	EXPECT_EQ(machine.run(dev_regs, {PF}), APP_EXIT_FAILED);
	said("0000:01:00.0 is 8086:10c9");
	EXPECT_EQ(machine.run(dev_regs, {"eth0"}), APP_EXIT_USAGE);
	said("must be a PCI address");
	EXPECT_EQ(machine.run(dev_regs, {"0000:09:00.0"}), APP_EXIT_FAILED);
	said("there is no PCI function");
	EXPECT_EQ(machine.run(dev_regs, {VF1}), APP_EXIT_FAILED);
	said("resource0");
}

/* Between a look at /proc and the copy of a descriptor its number may get another meaning. */
TEST_F(Regs, ACopiedDescriptorThatIsAnotherFilesIsNotRead)
{
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC), null = open("/dev/null", O_RDWR);
	std::string fds = "proc/" + std::to_string(getpid()) + "/fd/";
	struct dev_window window = {};
	struct app_function fn;
	struct vfnet_err err;

	bind_to_zeros(&fn);
	machine.link(fds + std::to_string(zero), "dev/vfio3");
	machine.write(machine.dir(VF1) + "/config", std::string("\x86\x80\xca\x10\x06", 5));
	ASSERT_EQ(dev_window_held_open(machine.machine(), &fn, &window, &err), 0) << err.text;
	EXPECT_EQ(dev_window_read(&window, IGBVF_STATUS), 0u);
	close(window.fd);
	machine.remove(fds + std::to_string(zero));
	machine.link(fds + std::to_string(null), "dev/vfio3");
	EXPECT_EQ(dev_window_held_open(machine.machine(), &fn, &window, &err), -EBUSY);
	EXPECT_NE(strstr(err.text, "another file"), nullptr) << err.text;
	close(zero);
	close(null);
}

/* The look would give the function a DMA domain before the program does. */
TEST_F(Regs, AFunctionThatIsBeingOpenedIsLeftAlone)
{
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	struct dev_window window = {};
	struct app_function fn;
	struct vfnet_err err;

	bind_to_zeros(&fn);
	machine.link("proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(zero),
		     "dev/vfio3");
	for (const char *config : {"", "\x86\x80\xca\x10\x02"}) {
		machine.write(machine.dir(VF1) + "/config", config);
		EXPECT_EQ(dev_window_held_open(machine.machine(), &fn, &window, &err), -EBUSY);
		EXPECT_NE(strstr(err.text, "does not drive it, or not yet"), nullptr) << err.text;
	}
	close(zero);
}

TEST_F(Regs, WhatWasHandedToAProgramIsSaidToBeInUse)
{
	struct dev_window window = {};
	struct app_function fn;
	struct vfnet_err err;

	machine.bind(VF1, "vfio-pci");
	machine.busy = "/dev/vfio/13";
	ASSERT_EQ(app_function_read(machine.machine(), VF1, &fn), 0);
	EXPECT_EQ(dev_window_held_open(machine.machine(), &fn, &window, &err), -EBUSY);
	EXPECT_NE(strstr(err.text, "a program has it open"), nullptr) << err.text;
}

TEST_F(Regs, ASoftwareCardHasThemToo)
{
	EXPECT_EQ(machine.run(dev_regs, {"sim:0.0"}), 0) << machine.err;
	EXPECT_TRUE(has("sim:0.0, a software card's")) << machine.out;
	EXPECT_TRUE(has("\nSTATUS ")) << machine.out;
	EXPECT_EQ(machine.run(dev_regs, {"sim:0.9"}), APP_EXIT_FAILED);
	said("sim:0.9");
}

} // namespace
