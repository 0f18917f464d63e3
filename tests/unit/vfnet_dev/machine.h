/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_VFNET_DEV_MACHINE_H
#define VFNET_TESTS_VFNET_DEV_MACHINE_H

/*
 * A machine in a temporary folder: sysfs, proc, device files, /run, and a kernel that answers
 * what is written to sysfs by its documented rules. Whoever runs the tests owns all of it.
 */

#include <functional>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "apps/common/functions.h"
#include "apps/vfnet-dev/dev.h"
}

constexpr const char *PF = "0000:01:00.0";
constexpr const char *VF0 = "0000:01:10.0";
constexpr const char *VF1 = "0000:01:10.2";

class Machine
{
      public:
	Machine(); /* PF with VF0 and VF1, drivers igb, igbvf and vfio-pci; each its own group */
	~Machine();
	Machine(const Machine &) = delete;
	Machine &operator=(const Machine &) = delete;

	void add_function(const std::string &address, const std::string &device, int group,
			  const std::string &driver);
	void add_driver(const std::string &name);
	void add_interface(const std::string &address, const std::string &name, bool up);
	void bind(const std::string &address, const std::string &driver);
	void write(const std::string &path, const std::string &text); /* path below the root */
	std::string read(const std::string &path) const;
	void link(const std::string &path, const std::string &target);
	void remove(const std::string &path);
	bool exists(const std::string &path) const;

	std::string driver(const std::string &address) const; /* "" = none */
	std::string override_of(const std::string &address) const;
	std::string dir(const std::string &address) const; /* its folder, below the root */

	/* "DRIVER ADDRESS" that the kernel refuses to bring together, with a message */
	std::set<std::string> refused;
	/* end of a path below sysfs that nobody may write */
	std::string read_only;
	/* end of a path that a program has open, by a descriptor that /proc does not name */
	std::string busy;
	/* what happens when a device file is opened, functions are made, one gets a driver */
	std::function<void()> on_opened, on_made, on_probed;
	/* all that was written, "PATH=TEXT" below sysfs */
	std::vector<std::string> writes;
	/* most VFs that the kernel makes of a request; -1 = as many as asked for */
	int vfs_limit = -1;

	std::string root;
	const struct app_machine *machine() const;

	/* run a subcommand: its exit code, and what it printed */
	int run(int (*command)(const struct dev_options *), std::vector<std::string> args,
		struct dev_options opts = {});
	std::string out, err;

      private:
	struct Kernel {
		struct app_machine machine; /* first: a pointer to it is one to the whole */
		Machine *self;
	} kernel;
	std::string sys, proc, dev, run_dir;

	static int on_write(const struct app_machine *machine, const char *path, const char *text);
	static int on_open(const struct app_machine *machine, const char *path);
	int answer(const std::string &path, const std::string &text);
	int probe(const std::string &address);
	int set_vfs(const std::string &pf, int n);
};

#endif
