// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space as the user reads and writes it.
 *
 * No write of a user goes to the device. It changes bits of a shadow where they are writable, and a
 * few of those do something: config_act() has them all. Reads of bits that mean no harm come from
 * the device, through the calls that wait for whoever has locked its configuration space.
 *
 * Those calls must not be made under memory_lock: a reset locks configuration space first and then
 * takes memory_lock.
 */
#include <linux/bits.h>
#include <linux/interrupt.h>
#include <linux/slab.h>

#include "vfio_pci_caps.h"
#include "vfio_private.h"

static u32 config_read_device(void *device, unsigned int pos, unsigned int size)
{
	u32 value = ~0U;
	u16 word = ~0;
	u8 byte = ~0;

	switch (size) {
	case 1:
		return pci_user_read_config_byte(device, (int)pos, &byte) ? 0xff : byte;
	case 2:
		return pci_user_read_config_word(device, (int)pos, &word) ? 0xffff : word;
	default:
		return pci_user_read_config_dword(device, (int)pos, &value) ? ~0U : value;
	}
}

/* What the PCI core knows. A virtual function's own registers say ffff:ffff. */
static void init_ids(struct vfio_config *config, struct pci_dev *pdev)
{
	bool intx = pdev->pin && pdev->irq && pdev->irq != IRQ_NOTCONNECTED;
	u8 *shadow = config->shadow;

	vfio_config_put(shadow + PCI_VENDOR_ID, 2, pdev->vendor);
	vfio_config_put(shadow + PCI_DEVICE_ID, 2, pdev->device);
	vfio_config_put(shadow + PCI_CLASS_REVISION, 4, pdev->class << 8 | pdev->revision);
	vfio_config_put(shadow + PCI_SUBSYSTEM_VENDOR_ID, 2, pdev->subsystem_vendor);
	vfio_config_put(shadow + PCI_SUBSYSTEM_ID, 2, pdev->subsystem_device);
	shadow[PCI_INTERRUPT_PIN] = intx ? pdev->pin : 0;
}

static void init_command(struct vfio_config *config, struct vfio_dev *vdev)
{
	u32 command = config_read_device(vdev->pdev, PCI_COMMAND, 2) & PCI_COMMAND_IO;
	u32 writable = PCI_COMMAND_MASTER | command;

	if (vdev->memory_on)
		command |= PCI_COMMAND_MEMORY;
	if (!vdev->pdev->is_virtfn)
		writable |= PCI_COMMAND_MEMORY;
	if (config->shadow[PCI_INTERRUPT_PIN])
		writable |= PCI_COMMAND_INTX_DISABLE;
	vfio_config_put(config->shadow + PCI_COMMAND, 2, command);
	vfio_config_put(config->writable + PCI_COMMAND, 2, writable);
	vfio_config_put(config->real + PCI_COMMAND, 2,
			(u16)~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE));
	vfio_config_put(config->real + PCI_STATUS, 2, (u16)~PCI_STATUS_CAP_LIST);
}

static void init_bytes(struct vfio_config *config, struct pci_dev *pdev)
{
	static const u8 kept[] = { PCI_CACHE_LINE_SIZE, PCI_LATENCY_TIMER, PCI_INTERRUPT_LINE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		config->shadow[kept[i]] = (u8)config_read_device(pdev, kept[i], 1);
		config->writable[kept[i]] = 0xff;
	}
	config->real[PCI_HEADER_TYPE] = 0xff;
	config->real[PCI_MIN_GNT] = 0xff;
	config->real[PCI_MAX_LAT] = 0xff;
}

static u32 bar_type(unsigned long flags)
{
	if (flags & IORESOURCE_IO)
		return PCI_BASE_ADDRESS_SPACE_IO;
	return (flags & IORESOURCE_MEM_64 ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0) |
	       (flags & IORESOURCE_PREFETCH ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0);
}

/* As in hardware, all ones written give the size: the bits below it cannot be written. */
static void init_bar(struct vfio_config *config, struct pci_dev *pdev, unsigned int bar)
{
	struct resource *resource = &pdev->resource[bar];
	unsigned int pos = PCI_BASE_ADDRESS_0 + 4 * bar;
	u64 mask = ~(resource_size(resource) - 1);
	u32 type = bar_type(resource->flags);
	struct pci_bus_region region;

	pcibios_resource_to_bus(pdev->bus, &region, resource);
	region.start &= mask;
	if (bar == PCI_ROM_RESOURCE) {
		pos = PCI_ROM_ADDRESS;
		type = 0;
		mask = (mask & PCI_ROM_ADDRESS_MASK) | PCI_ROM_ADDRESS_ENABLE;
	} else {
		mask &= ~(u64)(type & PCI_BASE_ADDRESS_SPACE_IO ? 3 : 0xf);
	}
	vfio_config_put(config->shadow + pos, 4, lower_32_bits(region.start) | type);
	vfio_config_put(config->writable + pos, 4, lower_32_bits(mask));
	if (type & PCI_BASE_ADDRESS_MEM_TYPE_64 && bar < PCI_STD_NUM_BARS - 1) {
		vfio_config_put(config->shadow + pos + 4, 4, upper_32_bits(region.start));
		vfio_config_put(config->writable + pos + 4, 4, upper_32_bits(mask));
	}
}

/**
 * vfio_config_init() - build the user's view of configuration space
 * @vdev: started, its BARs and interrupt pin are known
 *
 * Context: under vdev->lock.
 * Return: 0 or -ENOMEM.
 */
int vfio_config_init(struct vfio_dev *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	struct vfio_config_source source = { .read = config_read_device, .device = pdev };
	struct vfio_config *config;
	unsigned int bar;

	config = kvzalloc(sizeof(*config), GFP_KERNEL_ACCOUNT);
	if (!config)
		return -ENOMEM;
	config->size = pdev->cfg_size > PCI_CFG_SPACE_SIZE ? VFIO_CONFIG_SIZE : PCI_CFG_SPACE_SIZE;
	init_ids(config, pdev);
	init_command(config, vdev);
	init_bytes(config, pdev);
	for (bar = 0; bar < VFIO_BARS; bar++) {
		if (vfio_bar_len(vdev, bar))
			init_bar(config, pdev, bar);
	}
	vfio_config_add_caps(config, &source);
	vdev->intx_virtual_off = false;
	vdev->config = config;
	return 0;
}

/**
 * vfio_config_free() - forget what the user wrote; the function is awake after it
 * @vdev: vfio_config_init() may have failed or not been called
 *
 * Context: under vdev->lock, not under memory_lock.
 */
void vfio_config_free(struct vfio_dev *vdev)
{
	down_write(&vdev->memory_lock);
	vfio_config_wake(vdev);
	up_write(&vdev->memory_lock);
	kvfree(vdev->config);
	vdev->config = NULL;
}

/**
 * vfio_config_size() - bytes of configuration space
 * @vdev: open
 *
 * Return: 256 or 4096.
 */
unsigned int vfio_config_size(struct vfio_dev *vdev)
{
	return vdev->config->size;
}

/**
 * vfio_config_io_on() - has the user left I/O decoding on?
 * @vdev: open; under vdev->lock
 */
bool vfio_config_io_on(struct vfio_dev *vdev)
{
	return vdev->config->shadow[PCI_COMMAND] & PCI_COMMAND_IO;
}

/**
 * vfio_config_read() - read configuration space
 * @vdev:  open
 * @pos:   aligned to @size, below vfio_config_size()
 * @size:  1, 2 or 4
 * @value: receives it; what a device that has gone would say is all ones
 *
 * Context: under vdev->lock, not under memory_lock.
 * Return: 0.
 */
int vfio_config_read(struct vfio_dev *vdev, unsigned int pos, unsigned int size, u32 *value)
{
	struct vfio_config *config = vdev->config;
	u32 real = vfio_config_get(config->real + pos, size);
	u32 shadow = vfio_config_get(config->shadow + pos, size);

	if (real)
		shadow = (shadow & ~real) | (config_read_device(vdev->pdev, pos, size) & real);
	*value = shadow;
	return 0;
}

/**
 * vfio_config_wake() - end the sleep that the user put the function into
 * @vdev: if it is not asleep, nothing happens
 *
 * Most functions lose their configuration on the way from D3hot to D0. It comes back as it was, but
 * for bus mastering, which may have been forbidden since then.
 *
 * Context: memory_lock held for writing. Does not need vdev->lock, so that a reset can call it.
 */
void vfio_config_wake(struct vfio_dev *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	if (!vdev->asleep)
		return;
	pci_set_power_state(pdev, PCI_D0);
	if (vdev->config->awake) {
		bool master = pdev->is_busmaster;

		pci_load_and_free_saved_state(pdev, &vdev->config->awake);
		pci_restore_state(pdev);
		if (master)
			pci_set_master(pdev);
		else
			pci_clear_master(pdev);
	}
	vdev->asleep = false;
}

static int config_sleep(struct vfio_dev *vdev)
{
	struct vfio_config *config = vdev->config;
	struct pci_dev *pdev = vdev->pdev;
	u16 control;
	int err;

	if (vdev->asleep)
		return 0;
	err = pci_read_config_word(pdev, pdev->pm_cap + PCI_PM_CTRL, &control);
	if (err)
		return pcibios_err_to_errno(err);
	if (!(control & PCI_PM_CTRL_NO_SOFT_RESET)) {
		pci_save_state(pdev);
		config->awake = pci_store_saved_state(pdev);
		if (!config->awake)
			return -ENOMEM;
	}
	vdev->asleep = true;
	vfio_mmap_revoke(vdev);
	err = pci_set_power_state(pdev, PCI_D3hot);
	if (err || pdev->current_state != PCI_D3hot)
		vfio_config_wake(vdev);
	return err;
}

/* D0 and D3hot; a function that has no other state ignores a request for one. */
static int write_power(struct vfio_dev *vdev, u32 state)
{
	int err = 0;

	if (!vdev->pdev->pm_cap)
		return 0;
	down_write(&vdev->memory_lock);
	if (state == (__force u32)PCI_D0)
		vfio_config_wake(vdev);
	else if (state == (__force u32)PCI_D3hot)
		err = config_sleep(vdev);
	up_write(&vdev->memory_lock);
	return err;
}

/*
 * A reset of the physical function takes decoding and bus mastering of its virtual functions, and
 * nobody but their user knows. Only a model of the hardware has a decode bit there.
 */
static void restore_decoding(struct pci_dev *pdev)
{
	u16 command;

	if (!pdev->is_virtfn)
		return;
	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (!(command & PCI_COMMAND_MEMORY))
		pci_write_config_word(pdev, PCI_COMMAND, command | PCI_COMMAND_MEMORY);
}

static void write_command(struct vfio_dev *vdev, u32 value, u32 mask)
{
	down_write(&vdev->memory_lock);
	if (mask & PCI_COMMAND_MEMORY) {
		vdev->memory_on = value & PCI_COMMAND_MEMORY;
		if (!vdev->memory_on)
			vfio_mmap_revoke(vdev);
	}
	/* Under memory_lock no reset is on its way that would restore the old value. */
	if (value & PCI_COMMAND_MASTER) {
		restore_decoding(vdev->pdev);
		pci_set_master(vdev->pdev);
	} else if (mask & PCI_COMMAND_MASTER) {
		pci_clear_master(vdev->pdev);
	}
	up_write(&vdev->memory_lock);
	if (mask & PCI_COMMAND_INTX_DISABLE)
		vfio_intx_set_virtual(vdev, value & PCI_COMMAND_INTX_DISABLE);
}

/*
 * The user writes an address and waits until the flag is set: then the data are there. To write he
 * would set the flag himself and wait until it is clear: that is at once, and nothing was written.
 * The kernel's log has a line for each read that fails, so there is no other read after it.
 */
static void write_vpd(struct vfio_dev *vdev)
{
	struct vfio_config *config = vdev->config;
	u8 *cap = config->shadow + config->vpd;
	u16 address = (u16)vfio_config_get(cap + PCI_VPD_ADDR, 2);
	u8 data[4];
	ssize_t got;

	if (address & PCI_VPD_ADDR_F) {
		vfio_config_put(cap + PCI_VPD_ADDR, 2, address & PCI_VPD_ADDR_MASK);
		return;
	}
	if (vdev->asleep)
		return;
	got = pci_read_vpd(vdev->pdev, address, sizeof(data), data);
	if (got == sizeof(data)) {
		memcpy(cap + PCI_VPD_DATA, data, sizeof(data));
		vfio_config_put(cap + PCI_VPD_ADDR, 2, address | PCI_VPD_ADDR_F);
	} else if (got < 0) {
		config->vpd = 0;
	}
}

/* @value and @mask: the bits written of the double word at @pos, as far as they are writable */
static int config_act(struct vfio_dev *vdev, unsigned int pos, u32 value, u32 mask)
{
	struct vfio_config *config = vdev->config;

	if (!mask)
		return 0;
	if (pos == PCI_COMMAND)
		write_command(vdev, value, mask);
	else if (config->pm && pos == config->pm + PCI_PM_CTRL)
		return write_power(vdev, value & PCI_PM_CTRL_STATE_MASK);
	else if (config->vpd && pos == config->vpd && mask & (u32)PCI_VPD_ADDR_F << 16)
		write_vpd(vdev);
	else if (config->exp && pos == config->exp + PCI_EXP_DEVCTL && value)
		return vfio_pci_reset(vdev); /* FLR is all that is writable there */
	else if (config->af && pos == config->af + PCI_AF_CTRL && value)
		return vfio_pci_reset(vdev);
	return 0;
}

/**
 * vfio_config_write() - write configuration space
 * @vdev:  open
 * @pos:   aligned to @size, below vfio_config_size()
 * @size:  1, 2 or 4
 * @value: bits that the user may not write are ignored, as hardware does
 *
 * Context: under vdev->lock, not under memory_lock.
 * Return: 0; what vfio_domain_need() says; what the power state's change or the reset says that the
 * write asked for.
 */
int vfio_config_write(struct vfio_dev *vdev, unsigned int pos, unsigned int size, u32 value)
{
	struct vfio_config *config = vdev->config;
	unsigned int dword = pos & ~3U;
	unsigned int shift = (pos & 3) * 8;
	u32 mask = (size < 4 ? (1U << size * 8) - 1 : ~0U) << shift;
	u32 shadow = vfio_config_get(config->shadow + dword, 4);
	int err;

	err = vfio_domain_need(vdev);
	if (err)
		return err;
	mask &= vfio_config_get(config->writable + dword, 4);
	value = value << shift & mask;
	vfio_config_put(config->shadow + dword, 4, (shadow & ~mask) | value);
	return config_act(vdev, dword, value, mask);
}
