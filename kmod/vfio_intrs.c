// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a function become eventfds.
 *
 * One kind is in use at a time. MSI and MSI-X need no help from the user. INTx is a level: it stays
 * masked from the moment it came until the user says that it has been dealt with, in one of three
 * ways (a write to the command register, VFIO_IRQ_EOI, an eventfd), or it would come for ever.
 *
 * Three things can hold INTx back: it waits for its end (intx_masked), the user's own INTX_DISABLE
 * bit (intx_virtual_off), and that nobody asked for it. In the device there is one bit for all
 * three, and where that does not work, one enable count of a line that must then be ours alone.
 *
 * No eventfd is signalled under irq_lock, because the wait queue lock of an eventfd is taken before
 * irq_lock when the eventfd ends an interrupt (vfio_eoi.c). For the same reason, an interrupt that
 * is still there at its end is signalled again by a work item: an eventfd must not be signalled
 * from the wait queue of another.
 */
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "vfio_private.h"

/**
 * struct vfio_vector - one interrupt in use
 * @ctx:   what to signal
 * @again: signals once more, from process context (INTx only)
 * @name:  in /proc/interrupts
 */
struct vfio_vector {
	struct eventfd_ctx *ctx;
	struct work_struct again;
	char name[48];
};

static irqreturn_t vfio_msi_handler(int irq, void *data)
{
	struct vfio_vector *vector = data;

	vfio_eventfd_signal(vector->ctx);
	return IRQ_HANDLED;
}

/* Whether INTx is on all the way to the device. irq_lock held. */
static bool vfio_intx_is_open(struct vfio_dev *vdev)
{
	return vdev->irq_kind == VFIO_IRQ_INTX && !vdev->intx_masked && !vdev->intx_virtual_off;
}

static irqreturn_t vfio_intx_handler(int irq, void *data)
{
	struct vfio_dev *vdev = data;
	struct eventfd_ctx *ctx = NULL;
	unsigned long flags;

	spin_lock_irqsave(&vdev->irq_lock, flags);
	/* What is masked cannot have interrupted: then it was a neighbour on the same line. */
	if (vfio_intx_is_open(vdev)) {
		if (!vdev->intx_pci23) {
			disable_irq_nosync(irq);
			vdev->intx_masked = true;
		} else if (pci_check_and_mask_intx(vdev->pdev)) {
			vdev->intx_masked = true;
		}
		if (vdev->intx_masked)
			ctx = vdev->vectors->ctx;
	}
	spin_unlock_irqrestore(&vdev->irq_lock, flags);

	if (!ctx)
		return IRQ_NONE;
	vfio_eventfd_signal(ctx);
	return IRQ_HANDLED;
}

static void vfio_intx_again(struct work_struct *work)
{
	struct vfio_vector *vector = container_of(work, struct vfio_vector, again);

	vfio_eventfd_signal(vector->ctx);
}

/*
 * INTx has become open: pass that on to the device. If the device is asserting already, that is
 * one more interrupt, and it is masked again at once. irq_lock held.
 */
static void vfio_intx_unmask(struct vfio_dev *vdev)
{
	if (!vdev->intx_pci23) {
		enable_irq(vdev->pdev->irq);
	} else if (!pci_check_and_unmask_intx(vdev->pdev)) {
		vdev->intx_masked = true;
		queue_work(vfio_workqueue, &vdev->vectors->again);
	}
}

static int vfio_intx_start(struct vfio_dev *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	unsigned long flags;
	int ret;

	INIT_WORK(&vdev->vectors->again, vfio_intx_again);
	/* A neighbour may call the handler from now on; it does nothing before irq_kind is set. */
	ret = request_irq(pdev->irq, vfio_intx_handler,
			  vdev->intx_pci23 ? IRQF_SHARED : IRQF_NO_AUTOEN, vdev->vectors->name,
			  vdev);
	if (ret) {
		dev_info_ratelimited(&pdev->dev, "no INTx on line %u (%d)%s\n", pdev->irq, ret,
				     vdev->intx_pci23 ?
				     "" : ": others use it, and this device cannot mask it");
		return ret;
	}
	spin_lock_irqsave(&vdev->irq_lock, flags);
	vdev->irq_kind = VFIO_IRQ_INTX;
	vdev->intx_masked = false;
	if (!vdev->intx_virtual_off)
		vfio_intx_unmask(vdev);
	spin_unlock_irqrestore(&vdev->irq_lock, flags);
	return 0;
}

static void vfio_intx_stop(struct vfio_dev *vdev)
{
	unsigned long flags;

	vfio_eoi_detach(vdev);
	spin_lock_irqsave(&vdev->irq_lock, flags);
	vdev->irq_kind = VFIO_IRQ_NONE;
	if (vdev->intx_pci23)
		pci_intx(vdev->pdev, 0);
	spin_unlock_irqrestore(&vdev->irq_lock, flags);
	/* Nobody queues the work any more, but it may be queued. */
	free_irq(vdev->pdev->irq, vdev);
	cancel_work_sync(&vdev->vectors->again);
}

/*
 * When MSI goes, the PCI core lets INTx come. Nobody would handle it, and a device that asserts it
 * then could make the kernel switch off a line that others share; so ask the core not to.
 */
static void vfio_msi_free(struct pci_dev *pdev)
{
	pci_dev_flags_t flags = pdev->dev_flags & PCI_DEV_FLAGS_MSI_INTX_DISABLE_BUG;

	pdev->dev_flags |= PCI_DEV_FLAGS_MSI_INTX_DISABLE_BUG;
	pci_free_irq_vectors(pdev);
	if (!flags)
		pdev->dev_flags &= ~PCI_DEV_FLAGS_MSI_INTX_DISABLE_BUG;
}

/*
 * Before a vector of MSI is freed. The core then gives the device a message of zeros, and one that
 * cannot mask its vectors would go on to interrupt by it: that is a write to address 0.
 */
static void vfio_msi_silence(struct pci_dev *pdev)
{
	u16 control;

	if (!pdev->msi_enabled)
		return;
	pci_read_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS, &control);
	pci_write_config_word(pdev, pdev->msi_cap + PCI_MSI_FLAGS, control & ~PCI_MSI_FLAGS_ENABLE);
}

static int vfio_msi_start(struct vfio_dev *vdev, enum vfio_irq_kind kind)
{
	struct pci_dev *pdev = vdev->pdev;
	unsigned int n = vdev->n_vectors, i;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, n, n, kind == VFIO_IRQ_MSI ? PCI_IRQ_MSI : PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	for (i = 0; i < n; i++) {
		ret = request_irq(pci_irq_vector(pdev, i), vfio_msi_handler, 0,
				  vdev->vectors[i].name, &vdev->vectors[i]);
		if (ret)
			goto undo;
	}
	vdev->irq_kind = kind;
	return 0;

undo:
	vfio_msi_silence(pdev);
	while (i--)
		free_irq(pci_irq_vector(pdev, i), &vdev->vectors[i]);
	vfio_msi_free(pdev);
	return ret;
}

static void vfio_msi_stop(struct vfio_dev *vdev)
{
	unsigned int i;

	vfio_msi_silence(vdev->pdev);
	for (i = 0; i < vdev->n_vectors; i++)
		free_irq(pci_irq_vector(vdev->pdev, i), &vdev->vectors[i]);
	vfio_msi_free(vdev->pdev);
	vdev->irq_kind = VFIO_IRQ_NONE;
}

static void vfio_irq_stop(struct vfio_dev *vdev)
{
	unsigned int i;

	if (vdev->irq_kind == VFIO_IRQ_INTX)
		vfio_intx_stop(vdev);
	else
		vfio_msi_stop(vdev);
	for (i = 0; i < vdev->n_vectors; i++)
		eventfd_ctx_put(vdev->vectors[i].ctx);
	kvfree(vdev->vectors);
	vdev->vectors = NULL;
	vdev->n_vectors = 0;
}

/* How many interrupts of this kind the function has; none: 0 or less. */
static int vfio_irq_limit(struct vfio_dev *vdev, enum vfio_irq_kind kind)
{
	struct pci_dev *pdev = vdev->pdev;

	switch (kind) {
	case VFIO_IRQ_INTX:
		return pdev->pin && pdev->irq && pdev->irq != IRQ_NOTCONNECTED;
	case VFIO_IRQ_MSI:
		return pci_msi_vec_count(pdev);
	case VFIO_IRQ_MSIX:
		return vdev->msix_size / PCI_MSIX_ENTRY_SIZE;
	default:
		return 0;
	}
}

static int vfio_irq_start(struct vfio_dev *vdev, enum vfio_irq_kind kind, struct eventfd_ctx **ctx,
			  unsigned int n)
{
	int limit = vfio_irq_limit(vdev, kind), ret;
	unsigned int i;

	if (vdev->irq_kind != VFIO_IRQ_NONE)
		return vdev->irq_kind == kind ? -EINVAL : -EBUSY;
	if (limit <= 0 || n > limit)
		return -EINVAL;
	vdev->vectors = kvcalloc(n, sizeof(*vdev->vectors), GFP_KERNEL_ACCOUNT);
	if (!vdev->vectors)
		return -ENOMEM;
	vdev->n_vectors = n;
	for (i = 0; i < n; i++) {
		vdev->vectors[i].ctx = ctx[i];
		snprintf(vdev->vectors[i].name, sizeof(vdev->vectors[i].name), "uvfio[%s-%u](%s)",
			 dev_name(&vdev->dev), i, pci_name(vdev->pdev));
	}
	ret = kind == VFIO_IRQ_INTX ? vfio_intx_start(vdev) : vfio_msi_start(vdev, kind);
	if (ret) {
		kvfree(vdev->vectors);
		vdev->vectors = NULL;
		vdev->n_vectors = 0;
	}
	return ret;
}

/**
 * vfio_irq_set() - connect the function's interrupts to eventfds, or disconnect them
 * @vdev: its lock is held, and it is not gone
 * @kind: which interrupts
 * @ctx:  one for each vector; owned by this file after success
 * @n:    how many; 0 switches this kind off, if it is on
 *
 * Nothing changes on failure.
 *
 * Return: 0; -EINVAL: the function has fewer of this kind, or they are in use; -EBUSY: another kind
 * is in use, or the INTx line is, which this device cannot share; -ENOSPC: the system has not so
 * many; -EIO: MSI or MSI-X of a function that sleeps, whose registers are out of reach; -ENOMEM.
 */
int vfio_irq_set(struct vfio_dev *vdev, enum vfio_irq_kind kind, struct eventfd_ctx **ctx,
		 unsigned int n)
{
	int ret = 0;

	lockdep_assert_held(&vdev->lock);
	/* The PCI core writes the MSI-X table: neither a reset nor sleep may be under way. */
	down_read(&vdev->memory_lock);
	if (kind != VFIO_IRQ_INTX && vdev->asleep)
		ret = -EIO;
	else if (n)
		ret = vfio_irq_start(vdev, kind, ctx, n);
	else if (vdev->irq_kind == kind)
		vfio_irq_stop(vdev);
	up_read(&vdev->memory_lock);
	return ret;
}

/**
 * vfio_irq_disable() - last close or remove: no interrupts, and nothing of the user's stays
 * @vdev: its lock is held
 */
void vfio_irq_disable(struct vfio_dev *vdev)
{
	lockdep_assert_held(&vdev->lock);
	down_write(&vdev->memory_lock);
	vfio_config_wake(vdev);
	if (vdev->irq_kind != VFIO_IRQ_NONE)
		vfio_irq_stop(vdev);
	up_write(&vdev->memory_lock);
	vdev->intx_virtual_off = false;
}

/**
 * vfio_irq_eoi() - INTx has been dealt with: it may come again
 * @vdev: in any context; takes irq_lock only
 *
 * Return: 0, also if no interrupt waited for its end; -EINVAL: INTx is not in use; -ENODEV.
 */
int vfio_irq_eoi(struct vfio_dev *vdev)
{
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&vdev->irq_lock, flags);
	if (vdev->irq_kind != VFIO_IRQ_INTX) {
		ret = READ_ONCE(vdev->gone) ? -ENODEV : -EINVAL;
	} else if (vdev->intx_masked) {
		vdev->intx_masked = false;
		if (!vdev->intx_virtual_off)
			vfio_intx_unmask(vdev);
	}
	spin_unlock_irqrestore(&vdev->irq_lock, flags);
	return ret;
}

/**
 * vfio_intx_set_virtual() - the user has written PCI_COMMAND
 * @vdev: its lock is held
 * @off:  the INTX_DISABLE bit that was written
 *
 * A write of 0 also ends an interrupt, whether or not the bit was set before: programs that follow
 * the document read the register, clear the bit and write it back.
 */
void vfio_intx_set_virtual(struct vfio_dev *vdev, bool off)
{
	unsigned long flags;
	bool was_open;

	spin_lock_irqsave(&vdev->irq_lock, flags);
	was_open = vfio_intx_is_open(vdev);
	vdev->intx_virtual_off = off;
	if (vdev->irq_kind != VFIO_IRQ_INTX)
		goto out;
	if (!off && !was_open) {
		vdev->intx_masked = false;
		vfio_intx_unmask(vdev);
	} else if (off && was_open) {
		if (vdev->intx_pci23)
			pci_intx(vdev->pdev, 0);
		else
			disable_irq_nosync(vdev->pdev->irq);
	}
out:
	spin_unlock_irqrestore(&vdev->irq_lock, flags);
}

/**
 * vfio_intx_restore() - set the device's INTX_DISABLE bit as it should be
 * @vdev: in any context; takes irq_lock only
 *
 * After others have written the command register: enabling the function switches INTx on, and a
 * reset brings back what was there before it. While INTx is not in use it is off, see
 * vfio_msi_free().
 */
void vfio_intx_restore(struct vfio_dev *vdev)
{
	unsigned long flags;

	if (!vdev->intx_pci23)
		return;
	spin_lock_irqsave(&vdev->irq_lock, flags);
	pci_intx(vdev->pdev, vfio_intx_is_open(vdev));
	spin_unlock_irqrestore(&vdev->irq_lock, flags);
}

/**
 * vfio_irq_hang_up() - signal every eventfd that the function's interrupts are connected to
 * @vdev: the device, gone; vdev->lock held
 *
 * Who sleeps until an interrupt would sleep for ever. One that comes for nothing is normal to them.
 */
void vfio_irq_hang_up(const struct vfio_dev *vdev)
{
	unsigned int i;

	for (i = 0; i < vdev->n_vectors; i++)
		vfio_eventfd_signal(vdev->vectors[i].ctx);
}

/**
 * vfio_irq_signals() - whether INTx signals this eventfd
 * @vdev: its lock is held
 * @ctx:  the eventfd
 */
bool vfio_irq_signals(struct vfio_dev *vdev, struct eventfd_ctx *ctx)
{
	return vdev->irq_kind == VFIO_IRQ_INTX && vdev->vectors->ctx == ctx;
}
