/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/vm/door.h"

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static void group_map(const struct door *door, void *vaddr, uint64_t iova, size_t size)
{
	struct vfio_iommu_type1_dma_map map = {
	    .argsz = sizeof(map),
	    .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	    .vaddr = (uintptr_t)vaddr,
	    .iova = iova,
	    .size = size,
	};

	if (ioctl(door->dma_fd, VFIO_IOMMU_MAP_DMA, &map) != 0)
		door_fail("VFIO_IOMMU_MAP_DMA of %zu bytes", size);
}

static void group_unmap(const struct door *door, void *vaddr, uint64_t iova, size_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
	    .argsz = sizeof(unmap),
	    .iova = iova,
	    .size = size,
	};

	(void)vaddr;
	if (ioctl(door->dma_fd, VFIO_IOMMU_UNMAP_DMA, &unmap) != 0 || unmap.size != size)
		door_fail("VFIO_IOMMU_UNMAP_DMA of %zu bytes", size);
}

static void group_reset(const struct door *door)
{
	if (ioctl(door->fd, VFIO_DEVICE_RESET) != 0)
		door_fail("VFIO_DEVICE_RESET");
}

static void group_interrupt(const struct door *door, int event)
{
	_Alignas(struct vfio_irq_set) char text[sizeof(struct vfio_irq_set) + sizeof(int)];
	struct vfio_irq_set *set = (void *)text;

	*set = (struct vfio_irq_set){
	    .argsz = sizeof(text),
	    .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	    .index = VFIO_PCI_MSIX_IRQ_INDEX,
	    .count = 1,
	};
	memcpy(set->data, &event, sizeof(event));
	if (ioctl(door->fd, VFIO_DEVICE_SET_IRQS, set) != 0)
		door_fail("VFIO_DEVICE_SET_IRQS");
}

static struct vfio_region_info region(int fd, uint32_t index)
{
	struct vfio_region_info info = {.argsz = sizeof(info), .index = index};

	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info) != 0)
		door_fail("VFIO_DEVICE_GET_REGION_INFO %u", index);
	return info;
}

static void master_bus(const struct door *door)
{
	uint16_t command;

	if (pread(door->fd, &command, 2, (off_t)door->config + PCI_COMMAND) != 2)
		door_fail("read PCI_COMMAND");
	command |= PCI_COMMAND_MASTER;
	if (pwrite(door->fd, &command, 2, (off_t)door->config + PCI_COMMAND) != 2)
		door_fail("write PCI_COMMAND");
}

void door_open_vfio_pci(struct door *door, const char *path, const char *address)
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	int group = open(path, O_RDWR | O_CLOEXEC);
	struct vfio_region_info bar0;
	int fd;

	if (container < 0 || group < 0)
		door_fail("open /dev/vfio/vfio and %s", path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) != 0 ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) != 0)
		door_fail("the container of %s", path);
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);
	if (fd < 0)
		door_fail("VFIO_GROUP_GET_DEVICE_FD %s", address);
	bar0 = region(fd, VFIO_PCI_BAR0_REGION_INDEX);
	*door = (struct door){
	    .name = "vfio-pci",
	    .fd = fd,
	    .dma_fd = container,
	    .config = region(fd, VFIO_PCI_CONFIG_REGION_INDEX).offset,
	    .bar0 =
		mmap(NULL, bar0.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)bar0.offset),
	    .map = group_map,
	    .unmap = group_unmap,
	    .reset = group_reset,
	    .interrupt = group_interrupt,
	};
	if (door->bar0 == MAP_FAILED)
		door_fail("mmap BAR 0 of %s", address);
	master_bus(door);
}
