/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a function that a program has open. The kernel gives no second way to them, but
 * root may have a copy of the program's descriptor (pidfd_getfd), and reading through that is what
 * the program itself could do. Where that is an IOMMU group's, it gives one more descriptor of the
 * function; only the first of these resets it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apps/vfnet-dev/users.h"
#include "apps/vfnet-dev/window.h"
#include "lib/base/err.h"

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

/* A process may have closed it and opened something else since /proc was looked at. */
static bool is_file(int fd, const char *file)
{
	struct stat is, want;

	return !fstat(fd, &is) && !stat(file, &want) && S_ISCHR(is.st_mode) &&
	       is.st_rdev == want.st_rdev;
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

/**
 * struct holder - a program that has the function
 * @user:    it
 * @number:  its descriptor of @file
 * @file:    the function's own, or its group's
 * @group:   it is that
 */
struct holder {
	struct dev_user user;
	int number;
	const char *file;
	bool group;
};

static bool holds(const struct app_machine *machine, const char *file, struct holder *holder)
{
	holder->file = file;
	return file[0] && dev_user_find(machine, file, &holder->user) &&
	       dev_user_descriptors(machine, holder->user.pid, file, &holder->number);
}

static int find_holder(const struct app_machine *machine, const struct app_function *fn,
		       struct holder *holder, struct vfnet_err *err)
{
	holder->group = false;
	if (holds(machine, fn->cdev, holder))
		return 0;
	holder->group = !strcmp(fn->driver, APP_DRIVER_VFIO_PCI);
	if (holds(machine, fn->node, holder))
		return 0;
	if (dev_user_holds_group(machine, fn))
		return vfnet_err_set(err, -EBUSY,
				     "%s: a program has it open, or another function of its group "
				     "%d, by a descriptor that it was handed and that cannot be "
				     "shared from here: end it, or boot with iomem=relaxed on the "
				     "kernel's command line",
				     fn->address, fn->group);
	return vfnet_err_set(err, -EBUSY,
			     "%s: the kernel keeps its registers for driver %s, and no program has "
			     "it open: unbind it, or boot with iomem=relaxed on the kernel's "
			     "command line",
			     fn->address, fn->driver[0] ? fn->driver : "(none)");
}

/*
 * Our module puts a function whose registers are asked for into a DMA domain of its own, which its
 * program cannot change any more: one that is just opening it would fail. Bus mastering comes last.
 */
static bool is_driven(const struct app_machine *machine, const struct app_function *fn)
{
	char path[APP_PATH_BYTES];
	uint8_t command = 0;
	int fd = open(app_path(path, "%s/bus/pci/devices/%s/config", machine->sysfs, fn->address),
		      O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (pread(fd, &command, 1, PCI_COMMAND) != 1)
		command = 0;
	close(fd);
	return command & PCI_COMMAND_MASTER;
}

/* Return: a descriptor of the function; -EBUSY it is another file's; a negative errno */
static int share(const struct holder *holder, const struct app_function *fn)
{
	int fd = copy_descriptor(holder->user.pid, holder->number);
	int code;

	if (fd < 0)
		return fd;
	if (!is_file(fd, holder->file)) {
		close(fd);
		return -EBUSY;
	}
	if (!holder->group)
		return fd;
	code = ioctl(fd, VFIO_GROUP_GET_DEVICE_FD, fn->address);
	if (code < 0)
		code = -errno;
	close(fd);
	return code;
}

int dev_window_held_open(const struct app_machine *machine, const struct app_function *fn,
			 struct dev_window *out, struct vfnet_err *err)
{
	struct holder holder;
	int fd;
	int rc = find_holder(machine, fn, &holder, err);

	if (rc)
		return rc;
	if (!holder.group && !is_driven(machine, fn))
		return vfnet_err_set(
		    err, -EBUSY,
		    "%s: process %d (%s) has it open and does not drive it, or not "
		    "yet: try again when it does",
		    fn->address, holder.user.pid, holder.user.name);
	fd = share(&holder, fn);
	rc = fd < 0 ? fd : find_bar0(fd, fn->driver, &out->offset);
	if (!rc) {
		out->fd = fd;
		out->how = "through the program that has it open";
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return vfnet_err_set(err, rc, "%s: cannot share %s with process %d (%s): %s%s", fn->address,
			     holder.file, holder.user.pid, holder.user.name,
			     rc == -EBUSY ? "what it has there is another file by now: try again"
					  : strerror(-rc),
			     rc == -EPERM ? ": run vfnet-dev as root" : "");
}
