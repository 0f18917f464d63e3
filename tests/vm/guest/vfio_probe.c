/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens a VF through vfio-pci as an ordinary user, without the library: is the group viable, can 2
 * MiB of hugepage memory be mapped for DMA at 4 GiB under the memlock limit, does the VF answer at
 * its registers after a reset. Run by tests/vm/guest/bind.sh, so that a failure there is the
 * machine's and a failure elsewhere is ours.
 *
 * usage: vfio_probe GROUP PCI-ADDRESS; prints one line; exit code 0: all well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGEPAGE     (2UL << 20)
#define VF_STATUS    0x0008
#define VF_STATUS_LU 0x2u

__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static int open_group(int container, const char *number)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	char path[64];
	int group;

	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0)
		fail("open %s: %s", path, strerror(errno));
	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status) != 0)
		fail("VFIO_GROUP_GET_STATUS: %s", strerror(errno));
	if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0)
		fail("the group is not viable");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) != 0)
		fail("VFIO_GROUP_SET_CONTAINER: %s", strerror(errno));
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) != 0)
		fail("VFIO_SET_IOMMU: %s", strerror(errno));
	return group;
}

static void map_hugepage(int container)
{
	struct vfio_iommu_type1_dma_map map = {
	    .argsz = sizeof(map),
	    .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	    .iova = 4UL << 30,
	    .size = HUGEPAGE,
	};
	int memory = memfd_create("vfio_probe", MFD_HUGETLB | MFD_CLOEXEC);
	void *place;

	if (memory < 0 || fallocate(memory, 0, 0, HUGEPAGE) != 0)
		fail("no hugepage: %s", strerror(errno));
	place = mmap(NULL, HUGEPAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (place == MAP_FAILED)
		fail("mmap of a hugepage: %s", strerror(errno));
	map.vaddr = (uintptr_t)place;
	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map) != 0)
		fail("VFIO_IOMMU_MAP_DMA: %s", strerror(errno));
}

static uint32_t read_status(int device)
{
	struct vfio_region_info bar = {.argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX};
	struct vfio_region_info config = {.argsz = sizeof(config),
					  .index = VFIO_PCI_CONFIG_REGION_INDEX};
	volatile uint32_t *registers;
	uint16_t command;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar) != 0 ||
	    ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config) != 0)
		fail("VFIO_DEVICE_GET_REGION_INFO: %s", strerror(errno));
	if (bar.size != 16384)
		fail("BAR 0 has %llu bytes, not 16384", (unsigned long long)bar.size);
	if (pread(device, &command, 2, (off_t)config.offset + 4) != 2)
		fail("read of the command register: %s", strerror(errno));
	command |= 6; /* memory decode and bus master */
	if (pwrite(device, &command, 2, (off_t)config.offset + 4) != 2)
		fail("write of the command register: %s", strerror(errno));
	registers =
	    mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, (off_t)bar.offset);
	if (registers == MAP_FAILED)
		fail("mmap of BAR 0: %s", strerror(errno));
	return registers[VF_STATUS / 4];
}

int main(int argc, char **argv)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	int container, group, device;
	uint32_t status;

	if (argc != 3)
		fail("usage: vfio_probe GROUP PCI-ADDRESS");
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		fail("open /dev/vfio/vfio: %s", strerror(errno));
	group = open_group(container, argv[1]);
	map_hugepage(container);
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[2]);
	if (device < 0)
		fail("VFIO_GROUP_GET_DEVICE_FD %s: %s", argv[2], strerror(errno));
	if (ioctl(device, VFIO_DEVICE_GET_INFO, &info) != 0)
		fail("VFIO_DEVICE_GET_INFO: %s", strerror(errno));
	if (ioctl(device, VFIO_DEVICE_RESET) != 0)
		fail("VFIO_DEVICE_RESET: %s", strerror(errno));
	status = read_status(device);
	if (status == 0 || status == UINT32_MAX || (status & VF_STATUS_LU) == 0)
		fail("STATUS is 0x%08x: no link", (unsigned int)status);
	printf("uid %u, %u regions, %u interrupts, STATUS 0x%08x\n", (unsigned int)getuid(),
	       info.num_regions, info.num_irqs, (unsigned int)status);
	return 0;
}
