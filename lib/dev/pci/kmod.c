/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The door of our own module (kmod/): a function is /dev/vfio<N>, a domain an open /dev/uiommu
 * (kmod_dma.c). What each call does and each errno means is in kmod/Documentation/vfio.rst.
 *
 * A function that goes away under us does no harm: the kernel puts ordinary memory in the place of
 * a mapped BAR, which reads as all ones, and every call says -ENODEV. There is no SIGBUS.
 */
#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/* by its path: mainline's header has the same name, and no source file can have both */
#include "kmod/include/uapi/linux/vfio.h"
#include "lib/base/err.h"

#define CONFIG_BYTES 256
/* a list of capabilities is not longer, unless it bites its own tail */
#define CAPS_MAX ((CONFIG_BYTES - PCI_STD_HEADER_SIZEOF) / PCI_CAP_SIZEOF)

static int failed(const struct vfnet_pci_dev *dev, const char *what, int errnum,
		  struct vfnet_err *err)
{
	if (errnum == ENODEV)
		return vfnet_err_set(err, -ENODEV,
				     "%s: %s: it is gone: unbound, unplugged, or its physical "
				     "function has fewer virtual ones now",
				     dev->fn.name, what);
	return vfnet_err_set(err, -errnum, "%s: %s: %s", dev->fn.name, what, strerror(errnum));
}

/* ---- claim: the node of a function ---- */

static int node_failed(const char *path, const struct vfnet_pci_dev *dev, int errnum,
		       struct vfnet_err *err)
{
	switch (errnum) {
	case EACCES:
		return vfnet_err_set(
		    err, -EPERM,
		    "%s: not permitted to open %s. As root: chown USER %s (until the next "
		    "boot), or a udev rule for good: SUBSYSTEM==\"uvfio\", GROUP=\"vfnet\", "
		    "MODE=\"0660\"",
		    dev->fn.name, path, path);
	case EPERM:
		return vfnet_err_set(
		    err, -EPERM,
		    "%s: the module uvfio refuses it, because this machine has no interrupt "
		    "remapping and a device could forge interrupts. Switch it on in the firmware "
		    "set-up, or accept the risk, as root: "
		    "echo 1 > /sys/module/uvfio/parameters/allow_unsafe_intrs",
		    dev->fn.name);
	case ENOENT:
		return vfnet_err_set(err, -ENODEV,
				     "%s is bound to our module's driver vfio but %s does not "
				     "exist: in a container, pass that device file into it",
				     dev->fn.name, path);
	case EBUSY:
		return vfnet_err_set(err, -EBUSY,
				     "%s: another driver has its registers: /proc/iomem names it",
				     dev->fn.name);
	default:
		return failed(dev, "cannot open its device file", errnum, err);
	}
}

/* The first open resets the function; -EAGAIN when somebody else does so just now. */
static int node_open(struct vfnet_pci_dev *dev, const char *path, struct vfnet_err *err)
{
	for (unsigned int i = 0; i < VFNET_PCI_RESET_TRIES; i++) {
		dev->fd = dev->host->open(path, O_RDWR | O_CLOEXEC);
		if (dev->fd >= 0)
			return 0;
		if (errno != EAGAIN)
			return node_failed(path, dev, errno, err);
		vfnet_pci_reset_pause();
	}
	return vfnet_err_set(err, -EBUSY, "%s: the kernel kept it locked for %d tries to open it",
			     dev->fn.name, VFNET_PCI_RESET_TRIES);
}

static int node_claim(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	char node[VFNET_PCI_NODE_BYTES];
	char folder[VFNET_PCI_NODE_BYTES + sizeof("vfio/")];
	char path[VFNET_PCI_PATH_BYTES];
	int rc;

	rc = vfnet_pci_kmod_node(dev->host, dev->fn.name, node, err);
	if (rc)
		return rc;
	if (dev->handed.dev >= 0) {
		snprintf(folder, sizeof(folder), "vfio/%s", node);
		rc = vfnet_pci_handed_is_node(dev, folder, node, err);
		if (!rc)
			vfnet_pci_handed_take(dev);
		return rc;
	}
	snprintf(path, sizeof(path), "%s/%s", dev->host->dev, node);
	return node_open(dev, path, err);
}

static void node_release(struct vfnet_pci_dev *dev)
{
	close(dev->fd);
}

/* ---- a function in a domain ---- */

static int set_failed(const struct vfnet_pci_dev *dev, int errnum, struct vfnet_err *err)
{
	char rivals[160];

	if (errnum == EINVAL && dev->handed.dma >= 0)
		return vfnet_err_set(err, -EINVAL,
				     "%s: the descriptor that dma= hands in is not an open "
				     "%s/uiommu, or one of functions behind another IOMMU",
				     dev->fn.name, dev->host->dev);
	if (errnum != EBUSY)
		return failed(dev, "the kernel refuses a DMA domain", errnum, err);
	vfnet_pci_rivals(dev->host, &dev->fn, rivals, sizeof(rivals));
	if (*rivals)
		return vfnet_err_set(err, -EBUSY,
				     "%s shares IOMMU group %u with functions that other drivers "
				     "hold:%s. A group has one user: unbind those",
				     dev->fn.name, dev->fn.group, rivals);
	return vfnet_err_set(err, -EBUSY,
			     "%s, or a function of its IOMMU group %u, is in a DMA domain already: "
			     "another process uses it, or keeps a descriptor of it open. `fuser -v "
			     "%s/vfio*` tells who",
			     dev->fn.name, dev->fn.group, dev->host->dev);
}

/* 0 = none, also when the function does not answer */
static unsigned int count_vectors(const struct vfnet_pci_dev *dev)
{
	const off_t config = (off_t)VFIO_PCI_CONFIG_OFF;
	uint8_t at = 0;

	if (dev->host->pread(dev->fd, &at, 1, config + PCI_CAPABILITY_LIST) != 1)
		return 0;
	for (unsigned int i = 0; i < CAPS_MAX && at; i++) {
		uint8_t cap[PCI_MSIX_FLAGS + 2];

		if (dev->host->pread(dev->fd, cap, sizeof(cap), config + at) != sizeof(cap))
			return 0;
		if (cap[PCI_CAP_LIST_ID] == PCI_CAP_ID_MSIX)
			return ((cap[PCI_MSIX_FLAGS] | (unsigned int)cap[PCI_MSIX_FLAGS + 1] << 8) &
				PCI_MSIX_FLAGS_QSIZE) +
			       1;
		at = cap[PCI_CAP_LIST_NEXT];
	}
	return 0;
}

static int open_bar(struct vfnet_pci_dev *dev, unsigned int bar, struct vfnet_err *err)
{
	const off_t offset = (off_t)vfio_pci_space_to_offset((int)bar);
	uint32_t bytes = bar;
	void *map = NULL;

	if (dev->host->ioctl(dev->fd, VFIO_BAR_LEN, &bytes))
		return failed(dev, "the kernel does not describe its BARs", errno, err);
	if (bar == 0 && bytes) {
		map = vfnet_pci_map_bar(dev, bytes, offset);
		/* not of whole pages, or the interrupt table is in it */
		if (map == MAP_FAILED && (errno == EINVAL || errno == EPERM))
			map = NULL;
		if (map == MAP_FAILED)
			return failed(dev, "cannot map BAR 0", errno, err);
		if (!map)
			vfnet_pci_warn_unmapped(dev);
	}
	dev->region[bar] = (struct vfnet_pci_region){bytes, offset, map};
	return 0;
}

static int open_regions(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	int rc = 0;

	for (unsigned int bar = 0; bar < VFNET_PCI_BARS && !rc; bar++)
		rc = open_bar(dev, bar, err);
	dev->region[VFNET_PCI_CONFIG] =
	    (struct vfnet_pci_region){.bytes = CONFIG_BYTES, .offset = (off_t)VFIO_PCI_CONFIG_OFF};
	if (rc)
		vfnet_pci_regions_close(dev);
	return rc;
}

static int node_attach(struct vfnet_pci_dev *dev, struct vfnet_pci_dma *dma, struct vfnet_err *err)
{
	unsigned int n_vectors;
	int rc;

	/* before all else: what needs a domain and finds none makes one that cannot be shared */
	if (dev->host->ioctl(dev->fd, VFIO_DOMAIN_SET, &dma->fd)) {
		rc = set_failed(dev, errno, err);
		/* whatever the reason, if others are in: a domain of its own may do, and if not,
		 * that failure tells */
		return dma->door ? -EXDEV : rc;
	}
	rc = open_regions(dev, err);
	if (rc) {
		dev->host->ioctl(dev->fd, VFIO_DOMAIN_UNSET, NULL);
		return rc;
	}
	n_vectors = count_vectors(dev);
	dev->dev.n_vectors = n_vectors < VFNET_DEV_VECTORS_MAX ? n_vectors : VFNET_DEV_VECTORS_MAX;
	return 0;
}

static int msix_set(struct vfnet_pci_dev *dev, unsigned int n, const int *fds)
{
	int arg[1 + VFNET_DEV_VECTORS_MAX] = {(int)n};

	if (n)
		memcpy(arg + 1, fds, n * sizeof(*fds));
	return dev->host->ioctl(dev->fd, VFIO_EVENTFDS_MSIX, arg) ? errno : 0;
}

static void node_detach(struct vfnet_pci_dev *dev)
{
	msix_set(dev, 0, NULL);
	vfnet_pci_regions_close(dev);
	/* no bus master from here on, and a reset; if the function is gone so is its domain */
	dev->host->ioctl(dev->fd, VFIO_DOMAIN_UNSET, NULL);
}

/* Every vector wants a descriptor: those without a listener share one that nobody reads. */
static int msix_on(struct vfnet_pci_dev *dev, const int *fds)
{
	int all[VFNET_DEV_VECTORS_MAX];
	int nobody = eventfd(0, EFD_CLOEXEC);
	int errnum;

	if (nobody < 0)
		return errno;
	for (unsigned int i = 0; i < dev->dev.n_vectors; i++)
		all[i] = fds[i] < 0 ? nobody : fds[i];
	errnum = msix_set(dev, dev->dev.n_vectors, all);
	close(nobody); /* the kernel keeps it */
	return errnum;
}

static int node_irq_set(struct vfnet_pci_dev *dev, const int *fds, struct vfnet_err *err)
{
	/* the kernel changes none while they are on; switching off what is off is no error */
	int errnum = msix_set(dev, 0, NULL);

	if (errnum)
		return failed(dev, "cannot switch interrupts off", errnum, err);
	if (!fds)
		return 0;
	errnum = msix_on(dev, fds);
	if (errnum == ENOSPC)
		return vfnet_err_set(err, -ENOSPC,
				     "%s wants %u interrupt vectors and this machine has not so "
				     "many left",
				     dev->fn.name, dev->dev.n_vectors);
	return errnum ? failed(dev, "cannot connect its interrupts", errnum, err) : 0;
}

static int node_reset(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	return vfnet_pci_reset_call(dev, VFIO_RESET_FUNCTION, err);
}

const struct vfnet_pci_door vfnet_pci_door_kmod = {
    .driver = "vfio",
    .claim = node_claim,
    .release = node_release,
    .dma_open = vfnet_pci_uiommu_open,
    .dma_map = vfnet_pci_uiommu_map,
    .dma_unmap = vfnet_pci_uiommu_unmap,
    .dma_end = vfnet_pci_uiommu_end,
    .attach = node_attach,
    .detach = node_detach,
    .reset = node_reset,
    .irq_set = node_irq_set,
};
