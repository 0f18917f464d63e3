/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hand_over FUNCTION... -- COMMAND...: what a privileged opener does for a worker without rights.
 * Opens a container and functions of vfio-pci, and becomes COMMAND, which inherits the container
 * as descriptor 4 and the functions as 5 and so on.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CONTAINER 4

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "open %s", path);
	return fd;
}

static int open_group(const char *function)
{
	char path[128];
	char target[256];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", function);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		err(1, "readlink %s", path);
	target[len] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.32s", strrchr(target, '/') + 1);
	return open_file(path);
}

/* dup2() leaves close-on-exec off */
static void place(int fd, int number)
{
	if (dup2(fd, number) < 0)
		err(1, "dup2");
	close(fd);
}

static void hand_over(const char *function, int number)
{
	int container = CONTAINER;
	int group = open_group(function);
	int fd;

	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		err(1, "%s: VFIO_GROUP_SET_CONTAINER", function);
	if (number == CONTAINER + 1 && ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(1, "VFIO_SET_IOMMU");
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, function);
	if (fd < 0)
		err(1, "%s: VFIO_GROUP_GET_DEVICE_FD", function);
	place(fd, number);
	close(group);
}

int main(int argc, char **argv)
{
	int i = 1;

	/* nothing that is opened below gets a number that is still to be given away */
	for (int number = CONTAINER; number < CONTAINER + argc; number++)
		place(open_file("/dev/null"), number);
	place(open_file("/dev/vfio/vfio"), CONTAINER);
	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		hand_over(argv[i], CONTAINER + i);
	if (i + 1 >= argc)
		errx(2, "usage: hand_over FUNCTION... -- COMMAND...");
	execv(argv[i + 1], argv + i + 1);
	err(1, "%s", argv[i + 1]);
}
