// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eventfd that ends an INTx interrupt: whoever writes to it says VFIO_IRQ_EOI.
 *
 * An entry in the eventfd's wait queue hears of each write, and of the last close. It is called
 * with the wait queue locked and interrupts off, perhaps in an interrupt handler, so it takes
 * nothing but irq_lock. Whoever clears vdev->eoi under irq_lock takes the entry out of the queue:
 * a process by itself, the entry itself (of an eventfd that is being closed) by a work item, which
 * may come after the device has gone; so the entry holds a reference to it.
 */
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "vfio_private.h"

/**
 * struct vfio_irq_eoi - an eventfd that ends interrupts
 * @vdev:   with a reference
 * @ctx:    the eventfd, with a reference to it but not to its file
 * @wait:   in its wait queue
 * @table:  to get there
 * @closed: work for when the eventfd is closed
 */
struct vfio_irq_eoi {
	struct vfio_dev *vdev;
	struct eventfd_ctx *ctx;
	wait_queue_entry_t wait;
	poll_table table;
	struct work_struct closed;
};

static void vfio_eoi_free(struct vfio_irq_eoi *eoi)
{
	u64 count;

	/* After this the entry is not called, and is not being called. */
	eventfd_ctx_remove_wait_queue(eoi->ctx, &eoi->wait, &count);
	eventfd_ctx_put(eoi->ctx);
	put_device(&eoi->vdev->dev);
	kfree(eoi);
}

static void vfio_eoi_closed(struct work_struct *work)
{
	vfio_eoi_free(container_of(work, struct vfio_irq_eoi, closed));
}

/* Takes it away from the device; true: the caller has to see that it is freed. */
static bool vfio_eoi_claim(struct vfio_irq_eoi *eoi)
{
	struct vfio_dev *vdev = eoi->vdev;
	unsigned long flags;
	bool mine;

	spin_lock_irqsave(&vdev->irq_lock, flags);
	mine = vdev->eoi == eoi;
	if (mine)
		vdev->eoi = NULL;
	spin_unlock_irqrestore(&vdev->irq_lock, flags);
	return mine;
}

static int vfio_eoi_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct vfio_irq_eoi *eoi = container_of(wait, struct vfio_irq_eoi, wait);
	__poll_t events = key_to_poll(key);
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(eoi->ctx, &count);
		vfio_irq_eoi(eoi->vdev);
	}
	if ((events & EPOLLHUP) && vfio_eoi_claim(eoi))
		queue_work(vfio_workqueue, &eoi->closed);
	return 0;
}

static void vfio_eoi_queue(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	add_wait_queue(head, &container_of(table, struct vfio_irq_eoi, table)->wait);
}

/* vdev->lock held. On success the device owns @eoi. */
static int vfio_eoi_attach(struct vfio_irq_eoi *eoi, struct file *file)
{
	struct vfio_dev *vdev = eoi->vdev;
	int ret = 0;

	if (vdev->gone)
		return -ENODEV;
	/* Of an eventfd that means both "it came" and "it is over" neither side would see much. */
	if (vdev->irq_kind != VFIO_IRQ_INTX || vfio_irq_signals(vdev, eoi->ctx))
		return -EINVAL;

	spin_lock_irq(&vdev->irq_lock);
	if (vdev->eoi)
		ret = -EBUSY;
	else
		vdev->eoi = eoi;
	spin_unlock_irq(&vdev->irq_lock);
	/*
	 * It cannot be closed while the caller holds the file, nor detached while he holds
	 * the lock. It may have been written to before we were there.
	 */
	if (!ret && (vfs_poll(file, &eoi->table) & EPOLLIN))
		vfio_irq_eoi(vdev);
	return ret;
}

/**
 * vfio_eoi_detach() - writes to the eventfd no longer end interrupts
 * @vdev: its lock is held
 */
void vfio_eoi_detach(struct vfio_dev *vdev)
{
	struct vfio_irq_eoi *eoi;

	spin_lock_irq(&vdev->irq_lock);
	eoi = vdev->eoi;
	vdev->eoi = NULL;
	spin_unlock_irq(&vdev->irq_lock);
	if (eoi)
		vfio_eoi_free(eoi);
}

static int vfio_eoi_off(struct vfio_dev *vdev)
{
	int ret = 0;

	if (mutex_lock_killable(&vdev->lock))
		return -EINTR;
	if (vdev->gone)
		ret = -ENODEV;
	else
		vfio_eoi_detach(vdev);
	mutex_unlock(&vdev->lock);
	return ret;
}

static int vfio_eoi_on(struct vfio_dev *vdev, struct file *file)
{
	struct vfio_irq_eoi *eoi;
	int ret = -EINTR;

	eoi = kzalloc(sizeof(*eoi), GFP_KERNEL_ACCOUNT);
	if (!eoi)
		return -ENOMEM;
	eoi->vdev = vdev;
	eoi->ctx = eventfd_ctx_fileget(file);
	init_waitqueue_func_entry(&eoi->wait, vfio_eoi_wake);
	init_poll_funcptr(&eoi->table, vfio_eoi_queue);
	INIT_WORK(&eoi->closed, vfio_eoi_closed);
	get_device(&vdev->dev);

	if (!mutex_lock_killable(&vdev->lock)) {
		ret = vfio_eoi_attach(eoi, file);
		mutex_unlock(&vdev->lock);
	}
	if (ret) {
		eventfd_ctx_put(eoi->ctx);
		put_device(&vdev->dev);
		kfree(eoi);
	}
	return ret;
}

/**
 * vfio_irq_eoi_eventfd() - choose the eventfd that ends INTx interrupts
 * @vdev: takes its lock
 * @fd:   an eventfd, or -1 for none
 *
 * It is forgotten when it is closed, or INTx is switched off.
 *
 * Return: 0; -EBADF, -EINVAL: not an eventfd; -EINVAL: INTx is not in use, or signals this very
 * eventfd; -EBUSY: there is one already; -ENODEV; -ENOMEM; -EINTR: the process is being killed.
 */
int vfio_irq_eoi_eventfd(struct vfio_dev *vdev, int fd)
{
	struct file *file;
	int ret;

	if (fd == -1)
		return vfio_eoi_off(vdev);
	file = eventfd_fget(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = vfio_eoi_on(vdev, file);
	fput(file);
	return ret;
}
