/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a function that a program has open. The kernel gives no second way to them, but
 * root may have a copy of the program's descriptor (pidfd_getfd), and reading through that is what
 * the program itself could do: nothing is opened, nothing is reset.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apps/vfnet-dev/users.h"
#include "apps/vfnet-dev/window.h"
#include "lib/base/err.h"

/* what /proc calls the descriptor of a function that came from a group or from iommufd */
static const char anonymous[] = "anon_inode:[vfio-device]";

static int copy_descriptor(int pid, int number)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd, code;

	if (process < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
	code = fd < 0 ? -errno : fd;
	close(process);
	return code;
}

/* vfio-pci says where a BAR is in its descriptor; our module's document does: at 0 for BAR 0 */
static int find_bar0(int fd, const char *driver, uint64_t *offset)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = VFIO_PCI_BAR0_REGION_INDEX};

	*offset = 0;
	if (!strcmp(driver, APP_DRIVER_OURS))
		return 0;
	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	*offset = info.offset;
	return 0;
}

static int no_program(const struct app_function *fn, struct vfnet_err *err)
{
	return vfnet_err_set(err, -EBUSY,
			     "%s: the kernel keeps its registers for driver %s, and no program has "
			     "it open: unbind it, or boot with iomem=relaxed on the kernel's "
			     "command line",
			     fn->address, fn->driver[0] ? fn->driver : "(none)");
}

/* the process, and which of its descriptors is the function */
static int find_holder(const struct app_machine *machine, const struct app_function *fn,
		       struct dev_user *user, int *number, struct vfnet_err *err)
{
	bool ours = !strcmp(fn->driver, APP_DRIVER_OURS);
	unsigned int n;

	if (!fn->node[0] || (!dev_user_find(machine, fn->node, user) &&
			     (!fn->cdev[0] || !dev_user_find(machine, fn->cdev, user))))
		return no_program(fn, err);
	n = dev_user_descriptors(machine, user->pid, ours ? fn->node : anonymous, number);
	if (n == 1)
		return 0;
	return vfnet_err_set(err, -EBUSY,
			     "%s: process %d (%s) has it open, and %u functions in all: the kernel "
			     "does not tell which descriptor is whose. Boot with iomem=relaxed on "
			     "the kernel's command line to read them while they are in use",
			     fn->address, user->pid, user->name, n);
}

int dev_window_held_open(const struct app_machine *machine, const struct app_function *fn,
			 struct dev_window *out, struct vfnet_err *err)
{
	struct dev_user user;
	int number, fd;
	int rc = find_holder(machine, fn, &user, &number, err);

	if (rc)
		return rc;
	fd = copy_descriptor(user.pid, number);
	if (fd >= 0) {
		rc = find_bar0(fd, fn->driver, &out->offset);
		if (!rc) {
			out->fd = fd;
			out->how = "through the program that has it open";
			return 0;
		}
		close(fd);
		fd = rc;
	}
	return vfnet_err_set(err, fd, "%s: cannot share the descriptor of process %d (%s): %s%s",
			     fn->address, user.pid, user.name, strerror(-fd),
			     fd == -EPERM ? ": run vfnet-dev as root" : "");
}
