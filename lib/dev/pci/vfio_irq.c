/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of a function of vfio-pci: MSI-X vectors to eventfds. MSI-X is enabled with all
 * vectors of the function at once, because where VFIO_IRQ_INFO_NORESIZE is set none can be added
 * later. And what vfio calls an interrupt too: the kernel wants the function back. It then waits
 * until the function is closed, and says so again every ten seconds.
 */
#include "lib/dev/pci/pci.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/err.h"

static int disable(struct vfnet_pci_dev *dev)
{
	struct vfio_irq_set set = {
	    .argsz = sizeof(set),
	    .flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
	    .index = VFIO_PCI_MSIX_IRQ_INDEX,
	};

	if (!dev->irqs_on)
		return 0; /* the kernel calls it an error */
	dev->irqs_on = false;
	return dev->host->ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, &set) ? -errno : 0;
}

/* 0, a negative errno, or how many vectors the machine has left: too few */
static int enable(struct vfnet_pci_dev *dev, const int *eventfd)
{
	const size_t fd_bytes = dev->dev.n_vectors * sizeof(*eventfd);
	_Alignas(struct vfio_irq_set)
	    uint8_t room[sizeof(struct vfio_irq_set) + VFNET_DEV_VECTORS_MAX * sizeof(*eventfd)];
	struct vfio_irq_set *set = (struct vfio_irq_set *)(void *)room;
	int rc;

	*set = (struct vfio_irq_set){
	    .argsz = (uint32_t)(sizeof(*set) + fd_bytes),
	    .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	    .index = VFIO_PCI_MSIX_IRQ_INDEX,
	    .count = dev->dev.n_vectors,
	};
	memcpy(set->data, eventfd, fd_bytes);
	rc = dev->host->ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, set);
	return rc < 0 ? -errno : rc;
}

int vfnet_pci_vfio_irq_set(struct vfnet_pci_dev *dev, const int *eventfd, struct vfnet_err *err)
{
	int rc;

	if (!eventfd) {
		rc = disable(dev);
		return rc ? vfnet_err_set(err, rc, "%s: cannot switch interrupts off: %s",
					  dev->fn.name, strerror(-rc))
			  : 0;
	}
	rc = enable(dev, eventfd);
	if (!rc) {
		dev->irqs_on = true;
		return 0;
	}
	disable(dev); /* the kernel may have changed some vectors before it gave up */
	if (rc > 0)
		return vfnet_err_set(err, -ENOSPC,
				     "%s wants %u interrupt vectors and this machine has %d left",
				     dev->fn.name, dev->dev.n_vectors, rc);
	return vfnet_err_set(err, rc, "%s: cannot connect %u interrupt vectors: %s", dev->fn.name,
			     dev->dev.n_vectors, strerror(-rc));
}

/* @fd: -1 = none any more */
static int set_request(struct vfnet_pci_dev *dev, int fd)
{
	_Alignas(struct vfio_irq_set) uint8_t room[sizeof(struct vfio_irq_set) + sizeof(fd)];
	struct vfio_irq_set *set = (struct vfio_irq_set *)(void *)room;

	*set = (struct vfio_irq_set){
	    .argsz = sizeof(room),
	    .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	    .index = VFIO_PCI_REQ_IRQ_INDEX,
	    .count = 1,
	};
	memcpy(set->data, &fd, sizeof(fd));
	return dev->host->ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
}

static int no_request(const struct vfnet_pci_dev *dev, int code, struct vfnet_err *err)
{
	return vfnet_err_set(err, code, "%s: no descriptor for the kernel to ask it back by: %s",
			     dev->fn.name, strerror(-code));
}

int vfnet_pci_vfio_request(struct vfnet_pci_dev *dev, struct vfnet_err *err)
{
	struct vfio_irq_info irq = {.argsz = sizeof(irq), .index = VFIO_PCI_REQ_IRQ_INDEX};
	int fd, rc;

	if (dev->host->ioctl(dev->fd, VFIO_DEVICE_GET_IRQ_INFO, &irq))
		return no_request(dev, -errno, err);
	if (!irq.count)
		return 0;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return no_request(dev, -errno, err);
	rc = set_request(dev, fd);
	if (rc) {
		close(fd);
		return no_request(dev, rc, err);
	}
	dev->request_fd = fd;
	return 0;
}

/* Whoever handed the function in may keep it open: the kernel must not go on asking us. */
void vfnet_pci_vfio_request_end(struct vfnet_pci_dev *dev)
{
	if (dev->request_fd < 0)
		return;
	set_request(dev, -1);
	close(dev->request_fd);
	dev->request_fd = -1;
}
