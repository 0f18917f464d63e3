/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the module share.
 *
 * An open descriptor is a hostile process until proved otherwise, and a device that it drives is
 * no better. Two rules follow, and every file keeps them:
 *
 * 1. Nobody waits for a user. Memory of a process is copied, pinned and accounted while no lock of
 *    ours is held, because touching it may wait for ever (userfaultfd, FUSE). So remove() finishes
 *    in bounded time, whatever a holder of the descriptor does.
 * 2. Whoever may be overtaken by remove() looks at vdev->gone after it has taken vdev->lock (or
 *    memory_lock), never before.
 *
 * Locks, outermost first:
 *
 *   mmap_lock of a process      mmap() and the fault handler are called under it
 *   vdev->lock                  opens, domain, interrupts, configuration space, reset
 *   group table                 (vfio_group.c) who owns which IOMMU group
 *   domain->attach_lock         devices come and go (write), pages are mapped and unmapped (read)
 *   vdev->memory_lock           BAR access (read) against revocation and reset (write); under it
 *                               bus mastering is switched
 *   owner->maps' lock           spinlocks, innermost: the mappings of one descriptor,
 *   map->lock, domain->lock     one of them, the I/O addresses in use,
 *   vdev->irq_lock              INTx
 *
 * Locks of others around them: the PCI core holds a function's device lock in probe(), remove() and
 * resets, before vdev->lock in remove() and only tried under it for resets; the lock of
 * configuration space is taken before memory_lock (vfio_pci_config.c); the wait queue of an eventfd
 * before irq_lock (vfio_eoi.c). The list of netlink listeners has a lock of its own, innermost.
 *
 * As mmap() takes vdev->lock, nothing may touch user memory, pin, or account under vdev->lock or
 * anything below it. The MMU notifier's callback may run in reclaim, hence inside of everything
 * that allocates, unless it tells that a process has ended: vfio_dma_end.c tells what it may take.
 * The rest is left to a work item.
 */
#ifndef VFIO_PRIVATE_H
#define VFIO_PRIVATE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/eventfd.h>
#include <linux/iommu.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "include/uapi/linux/vfio.h"

struct vfio_config;
struct vfio_domain;
struct vfio_irq_eoi;
struct vfio_vector;

#define VFIO_BARS 7 /* BAR 0 to 5 and the ROM */

/**
 * struct vfio_owner - a descriptor that owns mappings: one of a device or one of /dev/uiommu
 * @maps:   struct vfio_map by page number of its I/O address; its lock protects @mm and @dead
 * @mm:     of the process that mapped first, with a reference (mmgrab); no other may map here
 * @dead:   no more mappings: the descriptor is closed, or its device is gone
 * @locked: where pinned pages are counted for sysfs, besides the process's own limit; or NULL
 * @count:  mappings whose memory has not been given back yet, in @maps or dying
 * @idle:   woken when @count gets 0
 * @todo:   mappings for @work, which does what the MMU notifier's callback must not
 * @work:   see there
 */
struct vfio_owner {
	struct xarray maps;
	struct mm_struct *mm;
	bool dead;
	atomic64_t *locked;
	atomic_t count;
	wait_queue_head_t idle;
	struct llist_head todo;
	struct work_struct work;
};

enum vfio_irq_kind { VFIO_IRQ_NONE, VFIO_IRQ_INTX, VFIO_IRQ_MSI, VFIO_IRQ_MSIX };

/**
 * struct vfio_dev - one PCI function that is, or was, bound to us
 * @dev:          the class device vfio<N>; the last reference frees this structure
 * @cdev:         its node
 * @pdev:         with a reference of our own, so that it outlives remove()
 * @inode:        whose address_space holds all BAR mmaps, whichever node they were made through
 * @sysfs_dir:    <pci device>/vfio, where programs look for the node's name
 * @lock:         see above
 * @gone:         remove() has begun: every call says -ENODEV. Set once, under @lock and memory_lock
 * @leaving:      remove() is about to take @lock: do not wait for the device lock, which it holds
 * @reset_due:    a reset that had to be done could not be done yet
 * @saved:        configuration space as it was before the user, given back by vfio_pci_stop()
 * @msix_bar:     where the MSI-X table is, read when nobody could be resetting the function
 * @msix_offset:  in that BAR, bytes
 * @msix_size:    of the table, bytes; 0 = no MSI-X
 * @files:        struct vfio_file, the open descriptors; the first open and the last close reset
 * @hangup:       pollers
 * @domain:       the I/O address space it is attached to, or NULL; then it cannot master the bus
 * @domain_own:   @domain came into being by itself and goes with the last close
 * @domain_link:  in domain->devices
 * @noiommu:      there is no IOMMU and the administrator said yes
 * @dma_mask:     highest I/O address for MAP_ANYWHERE
 * @locked_pages: pinned through descriptors of this device
 * @memory_lock:  see above. Under it: @attached, @memory_on, @asleep, @gone
 * @attached:     to a domain, hence BARs may be touched: set by vfio_domain_attach(),
 *                cleared by vfio_pci_quiesce()
 * @memory_on:    the user's PCI_COMMAND_MEMORY bit: BARs may be touched
 * @asleep:       the user put the function into D3hot: BARs may not be touched
 * @bar:          kernel mappings for read() and write(), made when first needed; under @lock
 * @config:       the user's view of configuration space, while open (vfio_pci_config.c)
 * @irq_kind:     which one is in use, under @lock; the rest belongs to vfio_intrs.c
 * @vectors:      one for each vector in use; for INTx one
 * @n_vectors:    of them
 * @irq_lock:     protects the INTx state against its handler
 * @intx_pci23:   INTx can be masked in the device; otherwise the line is ours alone
 * @intx_masked:  it waits for an end of interrupt
 * @intx_virtual_off: the user's PCI_COMMAND_INTX_DISABLE bit
 * @eoi:          eventfd for the end of interrupt, or NULL
 * @silent:       no more netlink listeners, as they have been told REMOVE; under that file's lock
 */
struct vfio_dev {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pdev;
	struct inode *inode;
	struct kobject *sysfs_dir;

	struct mutex lock; /* see above */
	bool gone;
	bool leaving;
	bool reset_due;
	struct pci_saved_state *saved;
	u8 msix_bar;
	u32 msix_offset;
	u32 msix_size;
	struct list_head files;
	wait_queue_head_t hangup;

	struct vfio_domain *domain;
	bool domain_own;
	struct list_head domain_link;
	bool noiommu;
	u64 dma_mask;
	atomic64_t locked_pages;

	struct rw_semaphore memory_lock;
	bool attached;
	bool memory_on;
	bool asleep;
	void __iomem *bar[VFIO_BARS];

	struct vfio_config *config;

	enum vfio_irq_kind irq_kind;
	struct vfio_vector *vectors;
	unsigned int n_vectors;
	spinlock_t irq_lock; /* INTx state */
	bool intx_pci23;
	bool intx_masked;
	bool intx_virtual_off;
	struct vfio_irq_eoi *eoi;

	bool silent;
};

/* May BARs be touched? memory_lock is held. Nothing to do with @gone. */
static inline bool vfio_memory_usable(struct vfio_dev *vdev)
{
	return vdev->attached && vdev->memory_on && !vdev->asleep;
}

/**
 * struct vfio_file - an open descriptor of a device
 * @vdev:  with a reference
 * @link:  in vdev->files
 * @owner: of the mappings made through it
 * @ones:  the page, full of ones, that stands for every page of a BAR after the device has gone
 */
struct vfio_file {
	struct vfio_dev *vdev;
	struct list_head link;
	struct vfio_owner owner;
	struct page *ones;
};

/* vfio_main.c */
extern struct workqueue_struct *vfio_workqueue; /* late work of mappings and interrupts */
extern bool vfio_allow_unsafe_intrs;
extern bool vfio_allow_noiommu;
struct vfio_dev *vfio_dev_find(struct pci_dev *pdev); /* takes a reference; put_device(&->dev) */

/* vfio_file.c: descriptors */
extern const struct file_operations vfio_fops;
int vfio_dev_enter(struct vfio_dev *vdev); /* vdev->lock, unless -ENODEV or -EINTR */
void vfio_dev_idle(struct vfio_dev *vdev); /* vdev->lock: undoes what the first open did */
bool vfio_dev_held_by_current(struct vfio_dev *vdev); /* has this process opened it? */

/* vfio_ioctl.c */
long vfio_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);

/* vfio_pci.c: the function itself. Under vdev->lock but for the first */
int vfio_pci_probe_msix(struct vfio_dev *vdev); /* in probe() */
int vfio_pci_start(struct vfio_dev *vdev);   /* first open: enable, regions, reset */
void vfio_pci_stop_dma(struct vfio_dev *vdev); /* no bus mastering; vdev->lock is not needed */
void vfio_pci_quiesce(struct vfio_dev *vdev); /* no bus mastering, no BAR, reset: before a detach */
void vfio_pci_stop(struct vfio_dev *vdev);   /* last close or remove: undo start */
int vfio_pci_reset(struct vfio_dev *vdev);   /* -ENOTTY, -EAGAIN, -ENODEV */
extern const struct pci_error_handlers vfio_pci_err_handlers;

/* vfio_mmap.c: BARs in the process */
int vfio_mmap(struct file *filp, struct vm_area_struct *vma);
void vfio_mmap_revoke(struct vfio_dev *vdev); /* memory_lock held for writing */
u64 vfio_bar_len(struct vfio_dev *vdev, unsigned int bar); /* 0 = absent */
bool vfio_bar_has_msix(struct vfio_dev *vdev, unsigned int bar, u64 offset, u64 size);

/* vfio_rdwr.c */
ssize_t vfio_read(struct file *filp, char __user *buf, size_t count, loff_t *pos);
ssize_t vfio_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos);
void vfio_bar_unmap_all(struct vfio_dev *vdev);

/* vfio_pci_config.c. All under vdev->lock; @size is 1, 2 or 4, aligned */
int vfio_config_init(struct vfio_dev *vdev); /* after vfio_pci_start() */
void vfio_config_free(struct vfio_dev *vdev);
unsigned int vfio_config_size(struct vfio_dev *vdev);
int vfio_config_read(struct vfio_dev *vdev, unsigned int pos, unsigned int size, u32 *value);
int vfio_config_write(struct vfio_dev *vdev, unsigned int pos, unsigned int size, u32 value);
bool vfio_config_io_on(struct vfio_dev *vdev);
void vfio_config_wake(struct vfio_dev *vdev); /* only memory_lock, for writing */

/* vfio_group.c and vfio_domain.c: I/O address spaces and the devices in them. vdev->lock is held */
int vfio_domain_need(struct vfio_dev *vdev);    /* a private one unless there is one */
void vfio_domain_detach(struct vfio_dev *vdev); /* after vfio_pci_quiesce() */
int vfio_domain_set_mask(struct vfio_dev *vdev, u64 mask); /* -EBUSY, -EINVAL */
struct vfio_domain *vfio_domain_get(struct vfio_domain *domain); /* this and put: any context */
void vfio_domain_put(struct vfio_domain *domain);

/* uiommu.c: /dev/uiommu */
int vfio_uiommu_init(void);
void vfio_uiommu_exit(void);
int vfio_domain_set(struct vfio_dev *vdev, int fd); /* takes vdev->lock */
int vfio_domain_unset(struct vfio_dev *vdev);       /* takes vdev->lock */

/* vfio_dma.c: mappings. None of our locks may be held unless it is said */
void vfio_owner_init(struct vfio_owner *owner, atomic64_t *locked);
int vfio_dma_map(struct vfio_owner *owner, struct vfio_domain *domain, struct vfio_dma_map *arg,
		 bool anywhere, u64 highest);
int vfio_dma_unmap(struct vfio_owner *owner, const struct vfio_dma_map *arg);
bool vfio_owner_has_maps(struct vfio_owner *owner); /* any context */
void vfio_owner_revoke(struct vfio_owner *owner); /* under vdev->lock; waits for no user */
void vfio_owner_release(struct vfio_owner *owner);  /* close: returns when all is given back */

/* vfio_intrs.c. Under vdev->lock but for the eoi calls, which take what they need */
int vfio_irq_set(struct vfio_dev *vdev, enum vfio_irq_kind kind, struct eventfd_ctx **ctx,
		 unsigned int n); /* on success owns the contexts; n = 0 switches this kind off */
void vfio_irq_disable(struct vfio_dev *vdev);
int vfio_irq_eoi(struct vfio_dev *vdev);
void vfio_intx_set_virtual(struct vfio_dev *vdev, bool off);
void vfio_intx_restore(struct vfio_dev *vdev); /* the device's INTX_DISABLE as it should be */
bool vfio_irq_signals(struct vfio_dev *vdev, struct eventfd_ctx *ctx);
void vfio_irq_hang_up(const struct vfio_dev *vdev);

/* vfio_eoi.c */
int vfio_irq_eoi_eventfd(struct vfio_dev *vdev, int fd);
void vfio_eoi_detach(struct vfio_dev *vdev); /* vdev->lock */

/* vfio_netlink.c */
int vfio_netlink_init(void);
void vfio_netlink_exit(void);
void vfio_netlink_remove(struct vfio_dev *vdev); /* tell REMOVE, forget its listeners */
pci_ers_result_t vfio_netlink_error(struct vfio_dev *vdev, u8 command, u32 state);
void vfio_netlink_close(struct vfio_dev *vdev); /* last close: forget who listened as its user */

/* vfio_sysfs.c */
extern const struct attribute_group *vfio_dev_groups[];
int vfio_sysfs_add(struct vfio_dev *vdev);
void vfio_sysfs_remove(struct vfio_dev *vdev);

#endif
