/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/vm/door.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static struct vfio_dma_map mapping(void *vaddr, uint64_t iova, size_t size)
{
	return (struct vfio_dma_map){
	    .vaddr = (uintptr_t)vaddr, .dmaaddr = iova, .size = size, .flags = VFIO_FLAG_WRITE};
}

static void kmod_map(const struct door *door, void *vaddr, uint64_t iova, size_t size)
{
	struct vfio_dma_map map = mapping(vaddr, iova, size);

	if (ioctl(door->dma_fd, VFIO_DMA_MAP_IOVA, &map) != 0)
		door_fail("VFIO_DMA_MAP_IOVA of %zu bytes", size);
}

static void kmod_unmap(const struct door *door, void *vaddr, uint64_t iova, size_t size)
{
	struct vfio_dma_map map = mapping(vaddr, iova, size);

	if (ioctl(door->dma_fd, VFIO_DMA_UNMAP, &map) != 0)
		door_fail("VFIO_DMA_UNMAP of %zu bytes", size);
}

static void kmod_reset(const struct door *door)
{
	if (ioctl(door->fd, VFIO_RESET_FUNCTION) != 0)
		door_fail("VFIO_RESET_FUNCTION");
}

static void kmod_interrupt(const struct door *door, int event)
{
	int vectors[] = {1, event};

	if (ioctl(door->fd, VFIO_EVENTFDS_MSIX, vectors) != 0)
		door_fail("VFIO_EVENTFDS_MSIX");
}

void door_open_kmod(struct door *door, const char *path)
{
	uint32_t bar = VFIO_PCI_BAR0_RESOURCE;
	uint64_t mask = UINT64_MAX;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		door_fail("open %s", path);
	if (ioctl(fd, VFIO_DMA_MASK, &mask) != 0) /* also makes it a bus master */
		door_fail("VFIO_DMA_MASK");
	if (ioctl(fd, VFIO_BAR_LEN, &bar) != 0)
		door_fail("VFIO_BAR_LEN");
	*door = (struct door){
	    .name = "kmod",
	    .fd = fd,
	    .dma_fd = fd,
	    .config = VFIO_PCI_CONFIG_OFF,
	    .bar0 = mmap(NULL, bar, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
	    .map = kmod_map,
	    .unmap = kmod_unmap,
	    .reset = kmod_reset,
	    .interrupt = kmod_interrupt,
	};
	if (door->bar0 == MAP_FAILED)
		door_fail("mmap BAR 0 of %s", path);
}
