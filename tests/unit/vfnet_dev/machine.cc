/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/vfnet_dev/machine.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>

#include <gtest/gtest.h>

namespace fs = std::filesystem;

Machine::Machine()
{
	char folder[] = "/tmp/vfnet-dev-XXXXXX";

	root = mkdtemp(folder);
	sys = root + "/sys";
	proc = root + "/proc";
	dev = root + "/dev";
	run_dir = root + "/run";
	for (const auto &path : {sys, proc, dev, run_dir})
		fs::create_directories(path);
	kernel.machine = {sys.c_str(),	   proc.c_str(), dev.c_str(),
			  run_dir.c_str(), on_write,	 on_open};
	kernel.self = this;
	for (const char *name : {"igb", "igbvf", "vfio-pci"})
		add_driver(name);
	write("sys/bus/pci/drivers_probe", "");
	write("dev/kmsg", "4,1,1,-;vfio-pci 0000:01:10.0: an old message\n");
	add_function(PF, "0x10c9", 5, "igb");
	write(dir(PF) + "/sriov_totalvfs", "7\n");
	set_vfs(PF, 2);
}

Machine::~Machine()
{
	fs::remove_all(root);
}

const struct app_machine *Machine::machine() const
{
	return &kernel.machine;
}

std::string Machine::dir(const std::string &address) const
{
	return "sys/bus/pci/devices/" + address;
}

void Machine::write(const std::string &path, const std::string &text)
{
	fs::create_directories(fs::path(root + "/" + path).parent_path());
	std::ofstream(root + "/" + path) << text;
}

std::string Machine::read(const std::string &path) const
{
	std::stringstream text;

	text << std::ifstream(root + "/" + path).rdbuf();
	return text.str();
}

void Machine::link(const std::string &path, const std::string &target)
{
	fs::create_directories(fs::path(root + "/" + path).parent_path());
	fs::remove(root + "/" + path);
	fs::create_symlink(root + "/" + target, root + "/" + path);
}

void Machine::remove(const std::string &path)
{
	fs::remove_all(root + "/" + path);
}

bool Machine::exists(const std::string &path) const
{
	return fs::exists(root + "/" + path);
}

void Machine::add_driver(const std::string &name)
{
	fs::create_directories(sys + "/bus/pci/drivers/" + name);
}

void Machine::add_function(const std::string &address, const std::string &device, int group,
			   const std::string &driver)
{
	write(dir(address) + "/vendor", "0x8086\n");
	write(dir(address) + "/device", device + "\n");
	write(dir(address) + "/driver_override", "(null)\n");
	write(dir(address) + "/numa_node", "0\n");
	if (group >= 0) {
		std::string folder = "sys/kernel/iommu_groups/" + std::to_string(group);

		link(folder + "/devices/" + address, dir(address));
		link(dir(address) + "/iommu_group", folder);
	}
	if (!driver.empty())
		bind(address, driver);
}

void Machine::add_interface(const std::string &address, const std::string &name, bool up)
{
	fs::create_directories(root + "/" + dir(address) + "/net/" + name);
	write("sys/class/net/" + name + "/flags", up ? "0x1003\n" : "0x1002\n");
	write("sys/class/net/" + name + "/carrier", up ? "1\n" : "");
	write("sys/class/net/" + name + "/address", "00:1b:21:aa:bb:cc\n");
	link("sys/class/net/" + name + "/device", dir(address));
}

void Machine::bind(const std::string &address, const std::string &driver)
{
	link(dir(address) + "/driver", "sys/bus/pci/drivers/" + driver);
	if (driver == "igbvf")
		add_interface(address, "vfnet-vf" + address.substr(8), false);
	if (driver == "vfio-pci")
		write("dev/vfio/" + fs::read_symlink(root + "/" + dir(address) + "/iommu_group")
					.filename()
					.string(),
		      "");
	if (driver == "vfio") {
		fs::create_directories(root + "/" + dir(address) + "/vfio/vfio3");
		write("dev/vfio3", "");
	}
}

std::string Machine::driver(const std::string &address) const
{
	fs::path path = root + "/" + dir(address) + "/driver";

	return fs::is_symlink(path) ? fs::read_symlink(path).filename().string() : "";
}

std::string Machine::override_of(const std::string &address) const
{
	std::string text = read(dir(address) + "/driver_override");

	text = text.substr(0, text.find('\n'));
	return text == "(null)" ? "" : text;
}

int Machine::on_write(const struct app_machine *machine, const char *path, const char *text)
{
	Machine *self = reinterpret_cast<const Kernel *>(machine)->self;
	std::string below = path;

	EXPECT_EQ(below.rfind(self->sys, 0), 0u) << path;
	below = below.substr(self->sys.size());
	self->writes.push_back(below + "=" + text);
	if (!self->read_only.empty() && below.size() >= self->read_only.size() &&
	    below.compare(below.size() - self->read_only.size(), std::string::npos,
			  self->read_only) == 0)
		return -EACCES;
	return self->answer(below, text);
}

int Machine::on_open(const struct app_machine *machine, const char *path)
{
	Machine *self = reinterpret_cast<const Kernel *>(machine)->self;
	std::string name = path;
	int fd;

	if (self->on_opened)
		self->on_opened();
	if (!self->busy.empty() && name.size() >= self->busy.size() &&
	    name.substr(name.size() - self->busy.size()) == self->busy)
		return -EBUSY;
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int Machine::answer(const std::string &path, const std::string &text)
{
	std::string name = fs::path(path).filename();
	std::string folder = fs::path(path).parent_path();
	std::string function = fs::path(folder).filename();

	if (name == "unbind") { /* .../ADDRESS/driver/unbind */
		if (driver(text).empty())
			return -ENODEV;
		remove("sys" + folder);
		remove("sys" + fs::path(folder).parent_path().string() + "/net");
	} else if (name == "drivers_probe") {
		return probe(text);
	} else if (name == "sriov_numvfs") {
		return set_vfs(function, std::stoi(text));
	} else if (exists("sys" + path)) {
		write("sys" + path, text.empty() ? "(null)\n" : text + "\n");
	} else {
		return -ENOENT;
	}
	return 0;
}

int Machine::probe(const std::string &address)
{
	std::string wanted = override_of(address);

	if (!driver(address).empty())
		return 0;
	if (wanted.empty())
		wanted = "igbvf";
	if (!exists("sys/bus/pci/drivers/" + wanted))
		return 0;
	if (refused.count(wanted + " " + address)) {
		std::ofstream(root + "/dev/kmsg", std::ios::app)
		    << "3,2,2,-;" << wanted << " " << address << ": probe failed with error -22\n"
		    << " SUBSYSTEM=pci\n";
		return -EINVAL;
	}
	bind(address, wanted);
	if (on_probed)
		on_probed();
	return 0;
}

int Machine::set_vfs(const std::string &pf, int n)
{
	static const char *const address[] = {VF0, VF1, "0000:01:10.4", "0000:01:10.6"};

	for (int i = 0; i < 4; i++) {
		remove(dir(address[i]));
		remove(dir(pf) + "/virtfn" + std::to_string(i));
	}
	if (vfs_limit >= 0 && n > vfs_limit) {
		std::ofstream(root + "/dev/kmsg", std::ios::app)
		    << "3,3,3,-;igb " << pf << ": not enough MMIO resources for SR-IOV\n";
		return -ENOMEM;
	}
	for (int i = 0; i < n; i++) {
		add_function(address[i], "0x10ca", 12 + i, "");
		link(dir(address[i]) + "/physfn", dir(pf));
		link(dir(pf) + "/virtfn" + std::to_string(i), dir(address[i]));
	}
	write(dir(pf) + "/sriov_numvfs", std::to_string(n) + "\n");
	if (on_made)
		on_made();
	return 0;
}

int Machine::run(int (*command)(const struct dev_options *), std::vector<std::string> args,
		 struct dev_options opts)
{
	std::vector<char *> words;
	int code;

	for (auto &arg : args)
		words.push_back(arg.data());
	opts.machine = machine();
	opts.args = words.data();
	opts.n_args = static_cast<int>(words.size());
	testing::internal::CaptureStdout();
	testing::internal::CaptureStderr();
	code = command(&opts);
	fflush(stdout);
	out = testing::internal::GetCapturedStdout();
	err = testing::internal::GetCapturedStderr();
	return code;
}
