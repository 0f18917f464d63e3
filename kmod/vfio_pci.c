// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI function itself: made ready for a user, made quiet, reset, given back. Also what the PCI
 * core tells of it: resets that others ordered, and errors.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/pci.h>

#include "vfio_private.h"

/* Whoever holds the device lock, mostly for a reset of his own, takes 0.1 s or so. */
#define VFIO_RESET_TRIES 30
#define VFIO_RESET_PAUSE_MS 10

static int vfio_pci_bars(struct vfio_dev *vdev)
{
	return pci_select_bars(vdev->pdev, IORESOURCE_MEM | IORESOURCE_IO);
}

/**
 * vfio_pci_probe_msix() - find the MSI-X table, which users must not reach
 * @vdev: the device
 *
 * Context: probe(): nobody can be resetting the function, so what it says is true.
 * Return: 0, or -EIO if the function does not answer.
 */
int vfio_pci_probe_msix(struct vfio_dev *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	u16 control;
	u32 table;

	if (!pdev->msix_cap)
		return 0;
	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &control);
	pci_read_config_dword(pdev, pdev->msix_cap + PCI_MSIX_TABLE, &table);
	if (PCI_POSSIBLE_ERROR(control) || PCI_POSSIBLE_ERROR(table))
		return -EIO;
	vdev->msix_bar = FIELD_GET(PCI_MSIX_TABLE_BIR, table);
	vdev->msix_offset = table & PCI_MSIX_TABLE_OFFSET;
	vdev->msix_size = (FIELD_GET(PCI_MSIX_FLAGS_QSIZE, control) + 1) * PCI_MSIX_ENTRY_SIZE;
	return 0;
}

/**
 * vfio_pci_reset() - reset the function; its configuration stays as it is
 * @vdev: the device
 *
 * Context: vdev->lock is held, memory_lock is not: reset_prepare() takes it. Sleeps for some 0.1 s.
 * Return: 0; -ENOTTY if the function has no way to be reset; -EAGAIN if someone else has it locked
 * and did not let go for a while; -ENODEV if it is not there any more.
 */
int vfio_pci_reset(struct vfio_dev *vdev)
{
	unsigned int tries = VFIO_RESET_TRIES;
	int ret;

	for (;;) {
		if (!pci_device_is_present(vdev->pdev))
			return -ENODEV;
		ret = pci_try_reset_function(vdev->pdev);
		/* What remove() has locked, it lets go only after it had our lock. */
		if (ret != -EAGAIN || !--tries || READ_ONCE(vdev->leaving))
			return ret;
		msleep(VFIO_RESET_PAUSE_MS);
	}
}

/* In remove(), where the caller of our caller has the device lock. */
static int vfio_pci_reset_in_remove(struct vfio_dev *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	if (!pci_device_is_present(pdev))
		return -ENODEV;
	pci_cfg_access_lock(pdev);
	pci_save_state(pdev);
	ret = __pci_reset_function_locked(pdev);
	pci_restore_state(pdev);
	pci_cfg_access_unlock(pdev);
	return ret;
}

/**
 * vfio_pci_start() - make the function ready for the first user
 * @vdev: the device
 *
 * Context: vdev->lock is held.
 * Return: 0; -EBUSY if another driver has its memory; -EAGAIN if it could not be reset, for someone
 * else had it locked; another negative errno of the PCI core.
 */
int vfio_pci_start(struct vfio_dev *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	ret = pci_enable_device(pdev);
	if (ret)
		return ret;
	ret = pci_request_selected_regions(pdev, vfio_pci_bars(vdev), dev_name(&vdev->dev));
	if (ret)
		goto err_disable;
	pci_clear_master(pdev);
	ret = vfio_pci_reset(vdev);
	if (ret && ret != -ENOTTY)
		goto err_release;
	vdev->reset_due = false;

	/* Nobody else's reset may come between the two. */
	pci_cfg_access_lock(pdev);
	pci_save_state(pdev);
	vdev->saved = pci_store_saved_state(pdev);
	pci_cfg_access_unlock(pdev);
	if (!vdev->saved) {
		ret = -ENOMEM;
		goto err_release;
	}
	vdev->intx_pci23 = pci_intx_mask_supported(pdev);
	vfio_intx_restore(vdev);
	vdev->dma_mask = DMA_BIT_MASK(32);
	down_write(&vdev->memory_lock);
	vdev->memory_on = true;
	vdev->asleep = false;
	up_write(&vdev->memory_lock);
	return 0;

err_release:
	pci_release_selected_regions(pdev, vfio_pci_bars(vdev));
err_disable:
	pci_disable_device(pdev);
	return ret;
}

/**
 * vfio_pci_stop_dma() - the function begins no DMA any more, and what it has begun is over
 * @vdev: the device
 *
 * Until somebody allows it to master the bus again.
 *
 * Context: memory_lock is not held. Waits for a reset that is on its way, and at most 0.7 s for
 * the function.
 */
void vfio_pci_stop_dma(struct vfio_dev *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	down_write(&vdev->memory_lock);
	/* No reset is on its way now that would restore the bit. */
	if (pdev->is_busmaster) {
		pci_clear_master(pdev);
		/* What it wrote came before the answer to that; what it reads may be under way. */
		if (pci_device_is_present(pdev))
			pci_wait_for_pending_transaction(pdev);
	}
	up_write(&vdev->memory_lock);
}

/**
 * vfio_pci_quiesce() - no bus mastering, no BAR in any process, reset
 * @vdev: the device
 *
 * To be done before the function leaves its domain: it falls back to one of the kernel's then. If
 * someone else has it locked the reset is left to the next open or to remove(), whichever comes
 * first.
 *
 * Context: vdev->lock is held; after remove() has set vdev->gone only by remove().
 */
void vfio_pci_quiesce(struct vfio_dev *vdev)
{
	int ret;

	down_write(&vdev->memory_lock);
	vdev->attached = false;
	vfio_mmap_revoke(vdev);
	vfio_config_wake(vdev);
	/* No reset is on its way now that would restore the bit. */
	pci_clear_master(vdev->pdev);
	up_write(&vdev->memory_lock);

	ret = vdev->gone ? vfio_pci_reset_in_remove(vdev) : vfio_pci_reset(vdev);
	vdev->reset_due = ret == -EAGAIN;
}

/**
 * vfio_pci_stop() - undo vfio_pci_start()
 * @vdev: the device, quiesced and without a domain
 *
 * Context: vdev->lock is held.
 */
void vfio_pci_stop(struct vfio_dev *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	vfio_bar_unmap_all(vdev);
	pci_cfg_access_lock(pdev);
	pci_load_and_free_saved_state(pdev, &vdev->saved);
	if (pci_device_is_present(pdev)) {
		pci_set_power_state(pdev, PCI_D0);
		pci_restore_state(pdev);
		vfio_intx_restore(vdev);
	}
	pci_cfg_access_unlock(pdev);
	pci_release_selected_regions(pdev, vfio_pci_bars(vdev));
	pci_disable_device(pdev);
}

/* Any reset, also one that root ordered by sysfs: BARs out of reach until it is over. */
static void vfio_reset_prepare(struct pci_dev *pdev)
{
	struct vfio_dev *vdev = pci_get_drvdata(pdev);

	down_write(&vdev->memory_lock);
	vfio_mmap_revoke(vdev);
	vfio_config_wake(vdev);
}

static void vfio_reset_done(struct pci_dev *pdev)
{
	struct vfio_dev *vdev = pci_get_drvdata(pdev);

	vfio_intx_restore(vdev);
	up_write(&vdev->memory_lock);
}

/* The user side has the same numbers as enum pci_channel_state. */
static pci_ers_result_t vfio_tell_error(struct pci_dev *pdev, u8 command, pci_channel_state_t state)
{
	return vfio_netlink_error(pci_get_drvdata(pdev), command, (__force u32)state);
}

static pci_ers_result_t vfio_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	return vfio_tell_error(pdev, VFIO_MSG_ERROR_DETECTED, state);
}

static pci_ers_result_t vfio_mmio_enabled(struct pci_dev *pdev)
{
	return vfio_tell_error(pdev, VFIO_MSG_MMIO_ENABLED, pci_channel_io_normal);
}

static pci_ers_result_t vfio_slot_reset(struct pci_dev *pdev)
{
	struct vfio_dev *vdev = pci_get_drvdata(pdev);

	/* The bus was reset, and nobody else gives its functions their configuration back. */
	mutex_lock(&vdev->lock);
	if (vdev->saved) {
		pci_load_saved_state(pdev, vdev->saved);
		pci_restore_state(pdev);
		vfio_intx_restore(vdev);
	}
	mutex_unlock(&vdev->lock);
	return vfio_tell_error(pdev, VFIO_MSG_SLOT_RESET, pci_channel_io_normal);
}

static void vfio_error_resume(struct pci_dev *pdev)
{
	vfio_tell_error(pdev, VFIO_MSG_ERROR_RESUME, pci_channel_io_normal);
}

const struct pci_error_handlers vfio_pci_err_handlers = {
	.error_detected = vfio_error_detected,
	.mmio_enabled = vfio_mmio_enabled,
	.slot_reset = vfio_slot_reset,
	.resume = vfio_error_resume,
	.reset_prepare = vfio_reset_prepare,
	.reset_done = vfio_reset_done,
};
