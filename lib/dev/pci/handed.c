/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that a program hands in with the name of a function: somebody with the rights has
 * opened them, and the process that runs needs none. "pci:0000:01:10.0,dev=5,dma=6": 5 is the
 * function, 6 the domain. They are duplicated at once, so the program may close its own.
 */
#define _GNU_SOURCE
#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/err.h"

/* "5" or "5,..." to a number; NULL = no number */
static const char *parse_number(const char *text, int *number)
{
	char *end;
	long val;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	val = strtol(text, &end, 10);
	if (errno || val > INT_MAX || (*end && *end != ','))
		return NULL;
	*number = (int)val;
	return end;
}

static int parse(const char *text, struct vfnet_pci_handed *named)
{
	while (text && *text == ',') {
		bool is_dma = !strncmp(text, ",dma=", 5);
		int *number = is_dma ? &named->dma : &named->dev;

		if ((!is_dma && strncmp(text, ",dev=", 5)) || *number >= 0)
			return -EINVAL;
		text = parse_number(text + 5, number);
	}
	return text && !*text && named->dev >= 0 && named->dma >= 0 ? 0 : -EINVAL;
}

static int duplicate(const char *option, int fd, int *copy, struct vfnet_err *err)
{
	*copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (*copy >= 0)
		return 0;
	return vfnet_err_set(err, -errno, "%s=%d: this process has no descriptor %d to hand in: %s",
			     option, fd, fd, strerror(errno));
}

int vfnet_pci_parse_handed(const char *text, struct vfnet_pci_handed *handed, struct vfnet_err *err)
{
	struct vfnet_pci_handed named = {-1, -1, -1};
	struct vfnet_pci_handed copy = {-1, -1, -1};
	int rc;

	if (*text) {
		if (parse(text, &named))
			return vfnet_err_set(
			    err, -EINVAL,
			    "\"%.40s\" hands in no descriptors: both are needed, dev= with the "
			    "function's and dma= with the domain's, as in "
			    "pci:0000:01:10.0,dev=5,dma=6",
			    text);
		copy.dma_number = named.dma;
		rc = duplicate("dev", named.dev, &copy.dev, err);
		if (!rc)
			rc = duplicate("dma", named.dma, &copy.dma, err);
		if (rc) {
			vfnet_pci_handed_close(&copy);
			return rc;
		}
	}
	*handed = copy;
	return 0;
}

void vfnet_pci_handed_close(struct vfnet_pci_handed *handed)
{
	if (handed->dev >= 0)
		close(handed->dev);
	if (handed->dma >= 0)
		close(handed->dma);
	*handed = (struct vfnet_pci_handed){-1, -1, -1};
}

void vfnet_pci_handed_take(struct vfnet_pci_dev *dev)
{
	dev->fd = dev->handed.dev;
	dev->handed.dev = -1;
}

int vfnet_pci_handed_dma(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma,
			 struct vfnet_err *err)
{
	/* one of its own: the domain may outlive the function that brought it */
	int rc = duplicate("dma", dev->handed.dma, &dma->fd, err);

	dma->handed = !rc;
	dma->handed_number = dev->handed.dma_number;
	return rc;
}

bool vfnet_pci_handed_same(const struct vfnet_pci_dev *dev, const struct vfnet_pci_dma *dma)
{
	const pid_t self = getpid();
	long rc;

	if (dev->handed.dma < 0 || !dma->handed)
		return dev->handed.dma < 0 && !dma->handed;
	rc = syscall(SYS_kcmp, self, self, KCMP_FILE, dev->handed.dma, dma->fd);
	/* some sandboxes forbid the question; then the same number has to mean the same domain */
	return rc < 0 ? dev->handed.dma_number == dma->handed_number : !rc;
}

bool vfnet_pci_handed_is_cdev(const struct vfnet_pci_dev *dev)
{
	char node[VFNET_PCI_NODE_BYTES];
	struct stat stat;

	/* VFIO_GROUP_GET_DEVICE_FD returns a file that no device number leads to */
	return vfnet_pci_cdev_node(dev->host, dev->fn.name, node) &&
	       !dev->host->fstat(dev->handed.dev, &stat) && S_ISCHR(stat.st_mode);
}

int vfnet_pci_handed_is_node(const struct vfnet_pci_dev *dev, const char *folder, const char *node,
			     struct vfnet_err *err)
{
	char file[VFNET_PCI_NODE_BYTES + sizeof("/vfio-dev//dev")];
	struct stat stat;
	dev_t number;
	int rc;

	snprintf(file, sizeof(file), "/%s/dev", folder);
	rc = vfnet_pci_node_number(dev->host, dev->fn.name, file, &number);
	if (rc)
		return vfnet_err_set(err, rc, "cannot read %s/bus/pci/devices/%s%s: %s",
				     dev->host->sysfs, dev->fn.name, file, strerror(-rc));
	if (!dev->host->fstat(dev->handed.dev, &stat) && S_ISCHR(stat.st_mode) &&
	    stat.st_rdev == number)
		return 0;
	return vfnet_err_set(err, -EINVAL,
			     "%s: the descriptor that dev= hands in is not one of %s/%s, which is "
			     "its device file",
			     dev->fn.name, dev->host->dev, node);
}
