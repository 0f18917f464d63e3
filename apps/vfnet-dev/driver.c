/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * By driver_override, which moves one function and no other of its kind, unlike new_id. The
 * kernel's files take what is written even where the driver then refuses: only the driver link
 * tells.
 */
#include "apps/vfnet-dev/driver.h"

#include <errno.h>
#include <string.h>

#include "apps/common/links.h"
#include "apps/common/options.h"
#include "apps/vfnet-dev/kmsg.h"
#include "apps/vfnet-dev/users.h"
#include "lib/base/bits.h"

bool dev_driver_carries_traffic(const struct app_function *fn)
{
	if (fn->kind == APP_PF || fn->n_vfs)
		app_error("%s is a physical function (%s%s): bind its virtual functions; "
			  "vfnet-dev create makes them (--force: nevertheless)",
			  fn->address, fn->driver[0] ? "driver " : "no driver", fn->driver);
	else if (fn->kind != APP_VF)
		app_error("%s is %04x:%04x, not an 82576 virtual function (8086:10ca): vfnet has "
			  "no driver for it (--force: nevertheless)",
			  fn->address, fn->vendor, fn->device);
	else if (fn->driver[0] && !fn->netdev[0] && !app_driver_is_neutral(fn->driver))
		app_error("%s is with driver %s and has no interface here: that may be in another "
			  "network name space, such as a container's (--force: nevertheless)",
			  fn->address, fn->driver);
	else if (fn->netdev_up)
		app_error("%s is the interface %s, which is up: it may carry this machine's own "
			  "traffic. As root: ip link set dev %s down (--force: nevertheless)",
			  fn->address, fn->netdev, fn->netdev);
	else if (fn->netdev[0] && app_link_has_address(fn->netdev))
		app_error("%s is the interface %s, which has an address: it may carry this "
			  "machine's own traffic. As root: ip addr flush dev %s (--force: "
			  "nevertheless)",
			  fn->address, fn->netdev, fn->netdev);
	else
		return false;
	return true;
}

bool dev_driver_in_use(const struct app_machine *machine, const struct app_function *fn)
{
	static const char advice[] = "end it first (--force: nevertheless, which waits until the "
				     "program lets go)";
	const char *const files[] = {fn->node, fn->cdev};
	struct dev_user user;

	for (size_t i = 0; i < VFNET_ARRAY_SIZE(files); i++) {
		if (!files[i][0] || !dev_user_find(machine, files[i], &user))
			continue;
		app_error("%s: process %d (%s) has %s open: %s", fn->address, user.pid, user.name,
			  files[i], advice);
		return true;
	}
	if (!dev_user_holds_group(machine, fn))
		return false;
	app_error("%s: a program has it open, or another function of its group %d, by a descriptor "
		  "that it was handed: %s",
		  fn->address, fn->group, advice);
	return true;
}

static int write_failed(const char *path, int rc)
{
	app_error("cannot write %s: %s%s", path, strerror(-rc),
		  rc == -EACCES || rc == -EPERM ? ": run vfnet-dev as root" : "");
	return rc;
}

/* Return: 0; -EIO after the reason was printed */
static int check_driver(const struct app_machine *machine, const struct app_function *was,
			const char *driver, const char *said)
{
	struct app_function is;

	if (app_function_read(machine, was->address, &is)) {
		app_error("%s has gone", was->address);
		return -ENODEV;
	}
	if (!strcmp(is.driver, driver))
		return 0;
	/* vfio-pci says no more than a number then; our module has a mode without one */
	if (is.group < 0 && !strcmp(driver, APP_DRIVER_VFIO_PCI))
		app_error("driver %s did not take %s, which is in no IOMMU group: switch the IOMMU "
			  "on in the firmware set-up (VT-d, AMD-Vi) and boot with intel_iommu=on "
			  "(Intel) on the kernel's command line",
			  driver, is.address);
	else if (said[0])
		app_error("driver %s did not take %s. The kernel says: %s", driver, is.address,
			  said);
	else
		app_error("driver %s did not take %s: see what dmesg says", driver, is.address);
	return -EIO;
}

static int move(const struct app_machine *machine, const struct app_function *fn,
		const char *driver)
{
	char path[APP_PATH_BYTES];
	int rc;

	app_function_file(machine, fn->address, "/driver_override", path);
	rc = machine->write(machine, path, driver);
	if (!rc && fn->driver[0]) {
		app_function_file(machine, fn->address, "/driver/unbind", path);
		rc = machine->write(machine, path, fn->address);
	}
	if (rc)
		return write_failed(path, rc);
	/* a driver that refuses makes this fail, or not: check_driver() looks */
	if (driver[0])
		machine->write(machine, app_path(path, "%s/bus/pci/drivers_probe", machine->sysfs),
			       fn->address);
	return 0;
}

int dev_driver_switch(const struct app_machine *machine, const struct app_function *fn,
		      const char *driver, const char *override)
{
	char path[APP_PATH_BYTES];
	char said[DEV_KMSG_BYTES];
	int messages = dev_kmsg_open(machine);
	int rc = move(machine, fn, driver);

	dev_kmsg_close(messages, fn->address, said);
	if (rc)
		return rc;
	rc = check_driver(machine, fn, driver, said);
	if (!strcmp(driver, override))
		return rc;
	app_function_file(machine, fn->address, "/driver_override", path);
	if (!rc && machine->write(machine, path, override))
		rc = write_failed(path, -EIO);
	return rc;
}
