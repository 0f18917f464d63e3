/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function is given back while threads that know nothing of it still send. The kernel waits until
 * its descriptor and each mapping of it are closed; a doorbell is a bare store, and a number is all
 * that pread() has. So both stay what they are to those threads, with nothing behind them.
 */
#define _GNU_SOURCE
#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/base/io.h"

/*
 * Pages of all ones, as a dead device reads, in the place of a BAR. One step: a thread meets the
 * device or the ones, and no hole between. Return: 0; a negative errno.
 */
static int replace(const struct vfnet_pci_host *host, const struct vfnet_pci_region *region)
{
	void *ones = host->mmap(NULL, region->bytes, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int rc;

	if (ones == MAP_FAILED)
		return -errno;
	memset(ones, 0xff, region->bytes);
	if (mremap(ones, region->bytes, region->bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		   region->map) != MAP_FAILED)
		return 0;
	rc = -errno;
	munmap(ones, region->bytes);
	return rc;
}

/*
 * The function gets another number for those who close it, and the old one, io_fd, a descriptor
 * with which neither pread() nor pwrite() can do anything: threads that load io_fd at whatever
 * moment must not meet the file that is opened next.
 */
static int renumber(struct vfnet_pci_dev *dev)
{
	int number = dev->fd;
	int fd = fcntl(number, F_DUPFD_CLOEXEC, 0);
	int nothing = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = fd < 0 || nothing < 0 ? -errno : 0;

	if (!rc && dup3(nothing, number, O_CLOEXEC) < 0)
		rc = -errno;
	if (nothing >= 0)
		close(nothing);
	if (rc) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	dev->fd = fd;
	dev->renumbered = true;
	return 0;
}

int vfnet_pci_revoke(struct vfnet_dev *base, struct vfnet_err *err)
{
	struct vfnet_pci_dev *dev = VFNET_CONTAINER_OF(base, struct vfnet_pci_dev, dev);
	/* a second try has done that */
	int rc = dev->renumbered ? 0 : renumber(dev);

	/* BAR 0 is the only one that is ever mapped */
	if (!rc && dev->region[0].map)
		rc = replace(dev->host, &dev->region[0]);
	if (rc)
		return vfnet_err_set(err, rc, "%s: cannot be given back to the kernel yet: %s",
				     dev->fn.name, strerror(-rc));
	vfnet_word_store(&dev->revoked, true);
	return 0;
}
