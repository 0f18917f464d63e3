/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * User-level PCI drivers: the interface of /dev/vfio<N> and /dev/uiommu.
 *
 * This is not the <linux/vfio.h> of mainline Linux, which describes another driver; no source file
 * can include both. Documentation/vfio.rst tells what each call does and each error that it gives.
 */
#ifndef UVFIO_UAPI_H
#define UVFIO_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct vfio_dma_map - a piece of the process's memory that a device may use
 * @vaddr:   where it is in the process; whole pages
 * @dmaaddr: where the device sees it; whole pages
 * @size:    bytes; whole pages, not 0
 * @flags:   VFIO_FLAG_WRITE or 0; any other bit of the lower half is refused
 * @rdwr:    another name of the lower half of @flags: 0 read-only, 1 read and write
 *
 * The upper half of @flags is not looked at, so that a program which sets the four fields and
 * leaves the rest of the structure as the stack had it does what it means.
 */
struct vfio_dma_map {
	__u64 vaddr;
	__u64 dmaaddr;
	__u64 size;
	union {
		__u64 flags;
		__s32 rdwr;
	};
};

/* The device may write, not only read. */
#define VFIO_FLAG_WRITE 0x1

/* Map anywhere: the kernel chooses dmaaddr and returns it. */
#define VFIO_DMA_MAP_ANYWHERE _IOWR(';', 100, struct vfio_dma_map)
/* Map where dmaaddr says. */
#define VFIO_DMA_MAP_IOVA _IOWR(';', 101, struct vfio_dma_map)
/* Undo a mapping: vaddr, dmaaddr and size as they were. */
#define VFIO_DMA_UNMAP _IOW(';', 102, struct vfio_dma_map)
/* INTx to an eventfd; -1 switches off. */
#define VFIO_EVENTFD_IRQ _IOW(';', 103, int)
/* MSI vectors to eventfds: an array of n, then n descriptors; n = 0 switches off. */
#define VFIO_EVENTFDS_MSI _IOW(';', 104, int)
/* MSI-X vectors to eventfds, likewise. */
#define VFIO_EVENTFDS_MSIX _IOW(';', 105, int)
/* The highest address that the device can use. Also lets the device master the bus. */
#define VFIO_DMA_MASK _IOW(';', 106, __u64)
/* Put the device into the domain of a /dev/uiommu descriptor. */
#define VFIO_DOMAIN_SET _IOW(';', 107, int)
/* Take it out again. */
#define VFIO_DOMAIN_UNSET _IO(';', 108)
/* INTx has been dealt with: let it come again. */
#define VFIO_IRQ_EOI _IO(';', 109)
/* An eventfd by which to say so; -1 switches off. */
#define VFIO_IRQ_EOI_EVENTFD _IOW(';', 110, int)
/* Reset the function. */
#define VFIO_RESET_FUNCTION _IO(';', 111)
/* One MSI vector to an eventfd; -1 switches off. */
#define VFIO_EVENTFD_MSI _IOW(';', 112, int)
/* Length of a BAR: its number (0 to 5, 6 = ROM) goes in, the length comes back. */
#define VFIO_BAR_LEN _IOWR(';', 167, __u32)

/*
 * What to read and write is chosen by bits 32 to 35 of the file offset, where in it by the lower
 * 32 bits.
 */
#define VFIO_PCI_BAR0_RESOURCE 0
#define VFIO_PCI_BAR1_RESOURCE 1
#define VFIO_PCI_BAR2_RESOURCE 2
#define VFIO_PCI_BAR3_RESOURCE 3
#define VFIO_PCI_BAR4_RESOURCE 4
#define VFIO_PCI_BAR5_RESOURCE 5
#define VFIO_PCI_ROM_RESOURCE 6
#define VFIO_PCI_CONFIG_RESOURCE 15
#define VFIO_PCI_SPACE_SHIFT 32
#define VFIO_PCI_CONFIG_OFF vfio_pci_space_to_offset(VFIO_PCI_CONFIG_RESOURCE)

static inline int vfio_offset_to_pci_space(__u64 off)
{
	return (int)(off >> VFIO_PCI_SPACE_SHIFT) & 0xf;
}

static inline __u64 vfio_offset_to_pci_offset(__u64 off)
{
	return off & (((__u64)1 << VFIO_PCI_SPACE_SHIFT) - 1);
}

static inline __u64 vfio_pci_space_to_offset(int space)
{
	return (__u64)space << VFIO_PCI_SPACE_SHIFT;
}

/* Generic netlink: family "VFIO", version 1, no header of its own. */
#define VFIO_GENL_NAME "VFIO"
#define VFIO_GENL_VERSION 1

/* To the user (1 to 8) and from the user (9 to 11). */
enum {
	VFIO_MSG_INVAL,
	VFIO_MSG_REMOVE,
	VFIO_MSG_ERROR_DETECTED,
	VFIO_MSG_MMIO_ENABLED,
	VFIO_MSG_LINK_RESET,
	VFIO_MSG_SLOT_RESET,
	VFIO_MSG_ERROR_RESUME,
	VFIO_MSG_PM_SUSPEND,
	VFIO_MSG_PM_RESUME,
	VFIO_MSG_REGISTER,
	VFIO_MSG_ERROR_HANDLING_REPLY,
	VFIO_MSG_PM_SUSPEND_REPLY,
};

enum {
	VFIO_ATTR_UNSPEC,
	VFIO_ATTR_MSGCAP,               /* u64: a bit (1 << command) for each event wanted */
	VFIO_ATTR_PCI_DOMAIN,           /* u32 */
	VFIO_ATTR_PCI_BUS,              /* u16 */
	VFIO_ATTR_PCI_SLOT,             /* u8 */
	VFIO_ATTR_PCI_FUNC,             /* u8 */
	VFIO_ATTR_CHANNEL_STATE,        /* u32: enum pci_channel_state */
	VFIO_ATTR_ERROR_HANDLING_REPLY, /* u32: enum pci_ers_result */
	VFIO_ATTR_PM_SUSPEND_REPLY,     /* u32: 0 or an errno */
	__VFIO_NL_ATTR_MAX
};

#define VFIO_NL_ATTR_MAX (__VFIO_NL_ATTR_MAX - 1)

#endif
