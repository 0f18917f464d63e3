/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/kmod/caps_check.h"

#include <linux/pci_regs.h>

#define STD_END	 256
#define LIST_MAX 1024 /* no list is longer: its entries are of four bytes at least */

static const u32 std_ids[] = {PCI_CAP_ID_PM,  PCI_CAP_ID_VPD,  PCI_CAP_ID_MSI,	PCI_CAP_ID_PCIX,
			      PCI_CAP_ID_EXP, PCI_CAP_ID_VNDR, PCI_CAP_ID_MSIX, PCI_CAP_ID_AF};
static const u32 ext_ids[] = {PCI_EXT_CAP_ID_ERR,  PCI_EXT_CAP_ID_DSN, PCI_EXT_CAP_ID_PWR,
			      PCI_EXT_CAP_ID_VNDR, PCI_EXT_CAP_ID_ACS, PCI_EXT_CAP_ID_ARI,
			      PCI_EXT_CAP_ID_LTR};

static bool among(u32 id, const u32 *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* a header is ours: the device has no say in it and the user cannot change it */
static bool fixed(const struct vfio_config *config, unsigned int pos, unsigned int n)
{
	for (unsigned int i = pos; i < pos + n; i++)
		if (config->real[i] || config->writable[i])
			return false;
	return true;
}

static const char *check_std_list(const struct vfio_config *config)
{
	unsigned int pos = config->shadow[PCI_CAPABILITY_LIST];
	bool any = config->shadow[PCI_STATUS] & PCI_STATUS_CAP_LIST;

	if (any != (pos != 0))
		return "the status does not say whether there is a list";
	for (int n = 0; pos; n++) {
		if (n == LIST_MAX)
			return "the list has no end";
		if (pos < PCI_STD_HEADER_SIZEOF || pos & 3)
			return "the list leads astray";
		if (!among(config->shadow[pos], std_ids, sizeof(std_ids) / sizeof(*std_ids)))
			return "the list has an unknown capability";
		if (!fixed(config, pos, 2))
			return "a header is not fixed";
		pos = config->shadow[pos + 1];
	}
	return NULL;
}

static const char *check_ext_list(const struct vfio_config *config)
{
	unsigned int pos = STD_END;
	u32 header = vfio_config_get(config->shadow + pos, 4);

	if (header && !(header & 0xffff)) /* a null capability in the first place */
		pos = header >> 20;
	for (int n = 0; header && pos; n++) {
		header = vfio_config_get(config->shadow + pos, 4);
		if (n == LIST_MAX)
			return "the extended list has no end";
		if (pos < STD_END || pos & 3)
			return "the extended list leads astray";
		if (!among(header & 0xffff, ext_ids, sizeof(ext_ids) / sizeof(*ext_ids)))
			return "the extended list has an unknown capability";
		if (!fixed(config, pos, 4))
			return "an extended header is not fixed";
		pos = header >> 20;
	}
	return NULL;
}

/* a bit that is both the device's and writable does something: only these two may be */
static bool acts(const struct vfio_config *config, unsigned int at)
{
	return (config->pm && at == config->pm + PCI_PM_CTRL) ||
	       (config->exp && at == config->exp + PCI_EXP_DEVCTL + 1) ||
	       (config->af && at == config->af + PCI_AF_CTRL);
}

static const char *check_bytes(const struct vfio_config *config)
{
	for (unsigned int i = 0; i < VFIO_CONFIG_SIZE; i++) {
		u8 real = config->real[i], writable = config->writable[i];

		if (i < PCI_STD_HEADER_SIZEOF && (real || writable))
			return "the header was changed";
		if (i >= config->size && (real || writable || config->shadow[i]))
			return "there is something beyond the end";
		if (i >= STD_END && writable)
			return "extended space can be written";
		if (real & writable && !acts(config, i))
			return "the user can write what is the device's";
		if (config->shadow[i] & real)
			return "a bit has two values";
	}
	return NULL;
}

const char *caps_check(const struct vfio_config *config)
{
	const unsigned int where[] = {config->pm, config->vpd, config->exp, config->af};
	const char *broken = check_bytes(config);

	for (size_t i = 0; !broken && i < sizeof(where) / sizeof(*where); i++)
		if (where[i] && (where[i] < PCI_STD_HEADER_SIZEOF || where[i] + 6 > STD_END))
			broken = "a capability is where none can be";
	if (!broken)
		broken = check_std_list(config);
	return broken ? broken : check_ext_list(config);
}
