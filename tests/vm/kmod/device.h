/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI function that is bound to the module, as its client sees it: found by its address through
 * sysfs, opened by its node, and from there one descriptor for everything. The guest script gives
 * the addresses in VFNET_EDU0 to VFNET_EDU3, VFNET_VF0 and VFNET_VF1.
 */
#ifndef VFNET_TESTS_VM_KMOD_DEVICE_H
#define VFNET_TESTS_VM_KMOD_DEVICE_H

#include <string>
#include <vector>

#include <linux/vfio.h> /* the module's own, kmod/include/uapi */

#include "tests/vm/kmod/handle.h"

namespace kmod
{

/* Config registers that the tests use. */
enum {
	PCI_VENDOR = 0x00,
	PCI_DEVICE = 0x02,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_BAR0 = 0x10,
	PCI_CAPABILITIES = 0x34,
	PCI_INT_LINE = 0x3c,
	PCI_INT_PIN = 0x3d,
};
enum : uint16_t {
	COMMAND_IO = 1 << 0,
	COMMAND_MEMORY = 1 << 1,
	COMMAND_MASTER = 1 << 2,
	COMMAND_INTX_DISABLE = 1 << 10,
};

/* all there are */
const std::vector<unsigned long> COMMANDS = {
    VFIO_DMA_MAP_ANYWHERE, VFIO_DMA_MAP_IOVA,  VFIO_DMA_UNMAP,	     VFIO_EVENTFD_IRQ,
    VFIO_EVENTFDS_MSI,	   VFIO_EVENTFDS_MSIX, VFIO_DMA_MASK,	     VFIO_DOMAIN_SET,
    VFIO_DOMAIN_UNSET,	   VFIO_IRQ_EOI,       VFIO_IRQ_EOI_EVENTFD, VFIO_RESET_FUNCTION,
    VFIO_EVENTFD_MSI,	   VFIO_BAR_LEN,
};

/* $VFNET_<name>, "" if there is none */
std::string address_of(const std::string &name);
/* the node of a PCI address, "" if it is not bound to the module */
std::string node_of(const std::string &address);
/* what the hardware says: the config space that the kernel shows to everybody (64 bytes; root: all)
 */
std::vector<uint8_t> hardware_config(const std::string &address);
uint16_t hardware_config16(const std::string &address, unsigned int at);

/* Root's part: the files of sysfs that an administrator writes. 0 or -errno */
int sysfs_write(const std::string &path, const std::string &text);
int bind_device(const std::string &address);   /* to the module; the node is root's */
int unbind_device(const std::string &address); /* from whatever driver it has */
int grant_device(const std::string &address);  /* the node to the ordinary user, $VFNET_USER_ID */

class Device
{
      public:
	/* 0, -ENODEV: not bound to the module, or what open() says */
	int open(const std::string &address);
	void close();

	int fd() const
	{
		return fd_.get();
	}
	const std::string &address() const
	{
		return address_;
	}

	int call(unsigned long command, const void *argument = nullptr) const
	{
		return kmod::call(fd(), command, argument);
	}

	/* memory */
	int map_anywhere(const void *data, uint64_t size, uint64_t flags, uint64_t *iova) const;
	int map_iova(const void *data, uint64_t size, uint64_t flags, uint64_t iova) const;
	int unmap(const void *data, uint64_t size, uint64_t iova) const;
	int dma_mask(uint64_t mask) const;

	/* config space and BARs: a count or -errno */
	ssize_t read(int space, uint64_t at, void *data, size_t n) const;
	ssize_t write(int space, uint64_t at, const void *data, size_t n) const;
	uint8_t config8(unsigned int at) const;
	uint16_t config16(unsigned int at) const;
	uint32_t config32(unsigned int at) const;
	ssize_t config_write8(unsigned int at, uint8_t value) const;
	ssize_t config_write16(unsigned int at, uint16_t value) const;
	ssize_t config_write32(unsigned int at, uint32_t value) const;
	int set_command(uint16_t set, uint16_t clear = 0) const; /* 0 or -errno */
	unsigned int capability(uint8_t id) const;		 /* where it is, 0 if nowhere */

	int64_t bar_len(unsigned int bar) const; /* bytes or -errno */
	Pages map_bar(unsigned int bar, uint64_t at, uint64_t size) const;
	Pages map_bar(unsigned int bar) const;

	/* interrupts; a negative descriptor switches off */
	int intx(int eventfd) const;
	int msi(int eventfd) const;
	int msis(const std::vector<int> &eventfds) const;
	int msix(const std::vector<int> &eventfds) const;
	int eoi() const;
	int eoi_eventfd(int eventfd) const;

      private:
	int vectors(unsigned long command, const std::vector<int> &eventfds) const;

	std::string address_;
	Fd fd_;
};

/* A domain of /dev/uiommu. */
class Domain
{
      public:
	int open();

	int fd() const
	{
		return fd_.get();
	}
	void close()
	{
		fd_.reset();
	}
	int add(const Device &device) const;
	int map_iova(const void *data, uint64_t size, uint64_t flags, uint64_t iova) const;
	int unmap(const void *data, uint64_t size, uint64_t iova) const;

      private:
	Fd fd_;
};

} // namespace kmod

#endif
