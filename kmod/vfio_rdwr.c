// SPDX-License-Identifier: GPL-2.0-only
/*
 * read() and write() on a device's descriptor: BARs, ROM and configuration space, at the offsets
 * that vfio_pci_space_to_offset() gives.
 *
 * Data pass through a small buffer that is filled and emptied while no lock is held, because memory
 * of a process may make us wait for ever. Chunks end at multiples of VFIO_CHUNK, so the device sees
 * the accesses of an undivided call: of 4, 2 or 1 bytes, whatever alignment and the rest allow.
 */
#include <linux/io.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "vfio_pci_caps.h"
#include "vfio_private.h"

#define VFIO_CHUNK 256

static unsigned int access_size(u64 pos, size_t rest)
{
	if (rest >= 4 && !(pos & 3))
		return 4;
	return rest >= 2 && !(pos & 1) ? 2 : 1;
}

static ssize_t config_chunk(struct vfio_dev *vdev, u64 pos, u8 *data, size_t count, bool write)
{
	size_t done = 0;

	if (pos >= vfio_config_size(vdev))
		return 0;
	count = min_t(u64, count, vfio_config_size(vdev) - pos);
	while (done < count) {
		unsigned int at = (unsigned int)(pos + done);
		unsigned int size = access_size(at, count - done);
		u32 value = vfio_config_get(data + done, size);
		int err;

		if (write)
			err = vfio_config_write(vdev, at, size, value);
		else
			err = vfio_config_read(vdev, at, size, &value);
		if (err)
			return done ? (ssize_t)done : err;
		if (!write)
			vfio_config_put(data + done, size, value);
		done += size;
	}
	return (ssize_t)done;
}

static u32 io_read(void __iomem *at, unsigned int size)
{
	switch (size) {
	case 4:
		return ioread32(at);
	case 2:
		return ioread16(at);
	default:
		return ioread8(at);
	}
}

static void io_write(void __iomem *at, unsigned int size, u32 value)
{
	switch (size) {
	case 4:
		iowrite32(value, at);
		break;
	case 2:
		iowrite16((u16)value, at);
		break;
	default:
		iowrite8((u8)value, at);
	}
}

static void bar_copy(void __iomem *bar, u64 pos, u8 *data, size_t count, bool write)
{
	while (count) {
		unsigned int size = access_size(pos, count);

		if (write)
			io_write(bar + pos, size, vfio_config_get(data, size));
		else
			vfio_config_put(data, size, io_read(bar + pos, size));
		pos += size;
		data += size;
		count -= size;
	}
}

/*
 * Not by pci_map_rom(), which reads the ROM to find its length and has the log say whenever it
 * does not like what is there.
 */
static int bar_map(struct vfio_dev *vdev, unsigned int bar)
{
	struct pci_dev *pdev = vdev->pdev;
	resource_size_t start = pci_resource_start(pdev, bar);

	if (vdev->bar[bar])
		return 0;
	if (bar == PCI_ROM_RESOURCE)
		vdev->bar[bar] = ioremap(start, pci_resource_len(pdev, bar));
	else
		vdev->bar[bar] = pci_iomap(pdev, (int)bar, 0);
	return vdev->bar[bar] ? 0 : -ENOMEM;
}

static bool bar_usable(struct vfio_dev *vdev, unsigned int bar)
{
	if (pci_resource_flags(vdev->pdev, bar) & IORESOURCE_IO)
		return vdev->attached && !vdev->asleep && vfio_config_io_on(vdev);
	return vfio_memory_usable(vdev);
}

/* The ROM is on only while it is read: the function may decode it by the same circuit as a BAR. */
static int bar_access(struct vfio_dev *vdev, unsigned int bar, u64 pos, u8 *data, size_t count,
		      bool write)
{
	bool rom = bar == PCI_ROM_RESOURCE;
	int err = -EIO;

	down_read(&vdev->memory_lock);
	if (!bar_usable(vdev, bar) || (rom && pci_enable_rom(vdev->pdev)))
		goto out;
	bar_copy(vdev->bar[bar], pos, data, count, write);
	if (rom)
		pci_disable_rom(vdev->pdev);
	err = 0;
out:
	up_read(&vdev->memory_lock);
	return err;
}

static ssize_t bar_chunk(struct vfio_dev *vdev, unsigned int bar, u64 pos, u8 *data, size_t count,
			 bool write)
{
	u64 len = vfio_bar_len(vdev, bar);
	int err;

	if (!len || (write && bar == PCI_ROM_RESOURCE))
		return -EINVAL;
	if (pos >= len)
		return 0;
	count = min_t(u64, count, len - pos);
	err = vfio_domain_need(vdev);
	if (!err)
		err = bar_map(vdev, bar);
	if (!err)
		err = bar_access(vdev, bar, pos, data, count, write);
	return err ? err : (ssize_t)count;
}

static ssize_t access_chunk(struct vfio_dev *vdev, unsigned int space, u64 pos, u8 *data,
			    size_t count, bool write)
{
	ssize_t ret = vfio_dev_enter(vdev);

	if (ret)
		return ret;
	if (space == VFIO_PCI_CONFIG_RESOURCE)
		ret = config_chunk(vdev, pos, data, count, write);
	else if (space < VFIO_BARS)
		ret = bar_chunk(vdev, space, pos, data, count, write);
	else
		ret = -EINVAL;
	mutex_unlock(&vdev->lock);
	return ret;
}

static ssize_t access_space(struct vfio_dev *vdev, char __user *buf, size_t count, loff_t offset,
			    bool write)
{
	unsigned int space = (unsigned int)vfio_offset_to_pci_space((u64)offset);
	u64 pos = vfio_offset_to_pci_offset((u64)offset);
	u8 data[VFIO_CHUNK] = {};
	size_t done = 0;
	ssize_t ret = 0;

	while (done < count) {
		size_t n = min_t(size_t, count - done, VFIO_CHUNK - pos % VFIO_CHUNK);

		ret = -EFAULT;
		if (write && copy_from_user(data, buf + done, n))
			break;
		ret = access_chunk(vdev, space, pos, data, n, write);
		if (ret <= 0)
			break;
		if (!write && copy_to_user(buf + done, data, (size_t)ret)) {
			ret = -EFAULT;
			break;
		}
		done += (size_t)ret;
		pos += (u64)ret;
		ret = -EINTR;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return done ? (ssize_t)done : ret;
}

/**
 * vfio_read() - the descriptor's read()
 * @filp:  the descriptor
 * @buf:   receives the data
 * @count: bytes; 0 does nothing
 * @pos:   see vfio_pci_space_to_offset(); advanced
 *
 * Context: takes vdev->lock and memory_lock.
 * Return: bytes read, 0 at the end of the BAR or of configuration space; -EINVAL for a BAR that the
 * device does not have and for no space at all; -EIO while the BAR is switched off; -ENODEV if the
 * device has gone; -EFAULT; -EINTR; what vfio_domain_need() says. If some bytes were read before an
 * error, their number.
 */
ssize_t vfio_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	struct vfio_file *file = filp->private_data;
	ssize_t ret;

	if (*pos < 0 || *pos >> (VFIO_PCI_SPACE_SHIFT + 4))
		return -EINVAL;
	ret = access_space(file->vdev, buf, count, *pos, false);
	if (ret > 0)
		*pos += ret;
	return ret;
}

/**
 * vfio_write() - the descriptor's write()
 * @filp:  the descriptor
 * @buf:   the data
 * @count: bytes; 0 does nothing
 * @pos:   see vfio_pci_space_to_offset(); advanced
 *
 * Configuration space takes any data and ignores what the user may not change.
 *
 * Context: takes vdev->lock and memory_lock.
 * Return: bytes written; as vfio_read(), but -EINVAL at the end and for the ROM, -EPERM if a byte
 * of the MSI-X table is among them (then none is written), and what vfio_config_write() says.
 */
ssize_t vfio_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	struct vfio_file *file = filp->private_data;
	ssize_t ret;

	if (*pos < 0 || *pos >> (VFIO_PCI_SPACE_SHIFT + 4))
		return -EINVAL;
	if (vfio_bar_has_msix(file->vdev, (unsigned int)vfio_offset_to_pci_space((u64)*pos),
			      vfio_offset_to_pci_offset((u64)*pos), count))
		return -EPERM;
	ret = access_space(file->vdev, (char __user *)buf, count, *pos, true);
	if (ret > 0)
		*pos += ret;
	return ret || !count ? ret : -EINVAL;
}

/**
 * vfio_bar_unmap_all() - undo what reading and writing BARs mapped
 * @vdev: the device
 *
 * Context: under vdev->lock, before the regions are released.
 */
void vfio_bar_unmap_all(struct vfio_dev *vdev)
{
	unsigned int bar;

	for (bar = 0; bar < VFIO_BARS; bar++) {
		if (!vdev->bar[bar])
			continue;
		if (bar == PCI_ROM_RESOURCE)
			iounmap(vdev->bar[bar]);
		else
			pci_iounmap(vdev->pdev, vdev->bar[bar]);
		vdev->bar[bar] = NULL;
	}
}
