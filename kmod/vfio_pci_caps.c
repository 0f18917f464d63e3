// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which capabilities of a device its user sees, and which of their bits.
 *
 * A capability that no table names is not in the list that the user walks, and its bytes read as 0.
 * A named one can be read, header apart, but for what its refine function changes. Nothing that the
 * device says is trusted: a list ends after VFIO_CAPS entries or where it comes back to itself, and
 * a capability ends where the next one begins, whatever length it claims. So no two of them share
 * a byte, and each double word has one meaning at most.
 */
#include <linux/pci_regs.h>
#include <linux/string.h>

#include "vfio_pci_caps.h"

/* As many as fit in 192 bytes. No device comes near it in extended space, where more would fit. */
#define VFIO_CAPS 48

struct vfio_cap_found {
	unsigned int pos;
	unsigned int id;
	unsigned int version; /* of an extended one */
	unsigned int room;    /* bytes to the next one */
};

struct vfio_cap_rule {
	unsigned int id;
	unsigned int min; /* bytes, if there is no length function */
	bool cut;         /* too long for its room: shown in part; else hidden */
	bool many;        /* a device may have several; else only the first is shown */
	unsigned int (*length)(const struct vfio_config_source *source, unsigned int pos);
	void (*refine)(struct vfio_config *config, const struct vfio_config_source *source,
		       unsigned int pos, unsigned int len);
};

/**
 * vfio_config_get() - a little-endian number out of bytes
 * @at:   first of them
 * @size: how many, 1 to 4
 */
u32 vfio_config_get(const u8 *at, unsigned int size)
{
	u32 value = 0;

	while (size--)
		value = value << 8 | at[size];
	return value;
}

/**
 * vfio_config_put() - a little-endian number into bytes
 * @at:    first of them
 * @size:  how many, 1 to 4
 * @value: its higher bytes are left out
 */
void vfio_config_put(u8 *at, unsigned int size, u32 value)
{
	for (; size--; value >>= 8)
		*at++ = (u8)value;
}

static u32 source_read(const struct vfio_config_source *source, unsigned int pos, unsigned int size)
{
	return source->read(source->device, pos, size);
}

/* No PME: it is the system that a device wakes. D1 and D2 are of no use to anybody. */
static void refine_pm(struct vfio_config *config, const struct vfio_config_source *source,
		      unsigned int pos, unsigned int len)
{
	config->pm = pos;
	vfio_config_put(config->real + pos + PCI_PM_PMC, 2, PCI_PM_CAP_VER_MASK | PCI_PM_CAP_DSI);
	vfio_config_put(config->real + pos + PCI_PM_CTRL, 4,
			PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_NO_SOFT_RESET);
	vfio_config_put(config->writable + pos + PCI_PM_CTRL, 2, PCI_PM_CTRL_STATE_MASK);
}

static void refine_vpd(struct vfio_config *config, const struct vfio_config_source *source,
		       unsigned int pos, unsigned int len)
{
	config->vpd = pos;
	memset(config->real + pos, 0, len);
	vfio_config_put(config->writable + pos + PCI_VPD_ADDR, 2,
			PCI_VPD_ADDR_F | (PCI_VPD_ADDR_MASK & ~3));
}

#define VFIO_MSI_SHORT 10U
#define VFIO_MSI_64BIT 4U /* longer, with an address of 64 bits */
#define VFIO_MSI_MASK 10U /* longer, with mask and pending bits */

static unsigned int length_msi(const struct vfio_config_source *source, unsigned int pos)
{
	u32 flags = source_read(source, pos + PCI_MSI_FLAGS, 2);

	return VFIO_MSI_SHORT + (flags & PCI_MSI_FLAGS_64BIT ? VFIO_MSI_64BIT : 0) +
	       (flags & PCI_MSI_FLAGS_MASKBIT ? VFIO_MSI_MASK : 0);
}

/*
 * The device's MSI registers belong to the kernel. The user has some of his own which work like
 * them and mean nothing. The layout is that of @len, for the device may answer otherwise now.
 */
static void refine_msi(struct vfio_config *config, const struct vfio_config_source *source,
		       unsigned int pos, unsigned int len)
{
	u32 flags = source_read(source, pos + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_QMASK;
	unsigned int at = pos + PCI_MSI_ADDRESS_HI;
	bool mask = len >= VFIO_MSI_SHORT + VFIO_MSI_MASK;

	memset(config->real + pos, 0, len);
	vfio_config_put(config->writable + pos + PCI_MSI_FLAGS, 2,
			PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	vfio_config_put(config->writable + pos + PCI_MSI_ADDRESS_LO, 4, ~3U);
	if (len - (mask ? VFIO_MSI_MASK : 0) > VFIO_MSI_SHORT) {
		flags |= PCI_MSI_FLAGS_64BIT;
		vfio_config_put(config->writable + at, 4, ~0U);
		at += 4;
	}
	vfio_config_put(config->writable + at, 2, ~0U);
	if (mask) {
		flags |= PCI_MSI_FLAGS_MASKBIT;
		vfio_config_put(config->writable + at + 4, 4, ~0U);
	}
	vfio_config_put(config->shadow + pos + PCI_MSI_FLAGS, 2, flags);
}

static unsigned int length_vendor(const struct vfio_config_source *source, unsigned int pos)
{
	return source_read(source, pos + PCI_CAP_FLAGS, 1);
}

/* Up to the link's registers in version 1, up to the second link's in version 2. */
static unsigned int length_exp(const struct vfio_config_source *source, unsigned int pos)
{
	u32 flags = source_read(source, pos + PCI_EXP_FLAGS, 2);

	if ((flags & PCI_EXP_FLAGS_VERS) >= 2)
		return PCI_EXP_LNKSTA2 + 2;
	return PCI_CAP_EXP_ENDPOINT_SIZEOF_V1;
}

static void refine_exp(struct vfio_config *config, const struct vfio_config_source *source,
		       unsigned int pos, unsigned int len)
{
	config->exp = pos;
	if (source_read(source, pos + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR)
		vfio_config_put(config->writable + pos + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
}

static void refine_af(struct vfio_config *config, const struct vfio_config_source *source,
		      unsigned int pos, unsigned int len)
{
	config->af = pos;
	if (source_read(source, pos + PCI_AF_CAP, 1) & PCI_AF_CAP_FLR)
		vfio_config_put(config->writable + pos + PCI_AF_CTRL, 1, PCI_AF_CTRL_FLR);
}

static unsigned int length_vendor_extended(const struct vfio_config_source *source,
					   unsigned int pos)
{
	return source_read(source, pos + PCI_VNDR_HEADER, 4) >> 20;
}

static const struct vfio_cap_rule vfio_cap_rules[] = {
	{ PCI_CAP_ID_PM, PCI_PM_SIZEOF, .refine = refine_pm },
	{ PCI_CAP_ID_VPD, PCI_CAP_VPD_SIZEOF, .refine = refine_vpd },
	{ PCI_CAP_ID_MSI, VFIO_MSI_SHORT, .length = length_msi, .refine = refine_msi },
	{ PCI_CAP_ID_PCIX, PCI_CAP_PCIX_SIZEOF_V0 },
	{ PCI_CAP_ID_VNDR, 3, .cut = true, .many = true, .length = length_vendor },
	{ PCI_CAP_ID_EXP, 12, .cut = true, .length = length_exp, .refine = refine_exp },
	{ PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF },
	{ PCI_CAP_ID_AF, PCI_CAP_AF_SIZEOF, .refine = refine_af },
	{ }
};

static const struct vfio_cap_rule vfio_ext_cap_rules[] = {
	{ PCI_EXT_CAP_ID_ERR, 0x2c },
	{ PCI_EXT_CAP_ID_DSN, PCI_EXT_CAP_DSN_SIZEOF },
	{ PCI_EXT_CAP_ID_PWR, PCI_EXT_CAP_PWR_SIZEOF },
	{ PCI_EXT_CAP_ID_VNDR, 8, .cut = true, .many = true, .length = length_vendor_extended },
	{ PCI_EXT_CAP_ID_ACS, 8 },
	{ PCI_EXT_CAP_ID_ARI, PCI_EXT_CAP_ARI_SIZEOF },
	{ PCI_EXT_CAP_ID_LTR, PCI_EXT_CAP_LTR_SIZEOF },
	{ }
};

static bool found_before(const struct vfio_cap_found *found, unsigned int n, unsigned int pos)
{
	while (n--) {
		if (found[n].pos == pos)
			return true;
	}
	return false;
}

/* Each header is read once, so that a device cannot give two answers. */
static unsigned int find_caps(const struct vfio_config_source *source, struct vfio_cap_found *found)
{
	unsigned int pos = source_read(source, PCI_CAPABILITY_LIST, 1) & ~3U;
	unsigned int n;

	for (n = 0; n < VFIO_CAPS; n++) {
		u32 header;

		if (pos < PCI_STD_HEADER_SIZEOF || found_before(found, n, pos))
			break;
		header = source_read(source, pos, 2);
		if ((header & 0xff) == 0xff)
			break;
		found[n].pos = pos;
		found[n].id = header & 0xff;
		pos = header >> 8 & ~3U;
	}
	return n;
}

static unsigned int find_ext_caps(const struct vfio_config_source *source,
				  struct vfio_cap_found *found)
{
	unsigned int pos = PCI_CFG_SPACE_SIZE;
	unsigned int n;

	for (n = 0; n < VFIO_CAPS; n++) {
		u32 header;

		if (pos < PCI_CFG_SPACE_SIZE || found_before(found, n, pos))
			break;
		header = source_read(source, pos, 4);
		if (header == 0 || header == ~0U)
			break;
		found[n].pos = pos;
		found[n].id = PCI_EXT_CAP_ID(header);
		found[n].version = PCI_EXT_CAP_VER(header);
		pos = PCI_EXT_CAP_NEXT(header);
	}
	return n;
}

static void measure_rooms(struct vfio_cap_found *found, unsigned int n, unsigned int end)
{
	unsigned int i, k;

	for (i = 0; i < n; i++) {
		unsigned int next = end;

		for (k = 0; k < n; k++) {
			if (found[k].pos > found[i].pos && found[k].pos < next)
				next = found[k].pos;
		}
		found[i].room = next - found[i].pos;
	}
}

static bool show_cap(struct vfio_config *config, const struct vfio_config_source *source,
		     const struct vfio_cap_rule *rule, const struct vfio_cap_found *cap,
		     unsigned int header)
{
	unsigned int len = rule->min;

	if (cap->room < rule->min)
		return false;
	if (rule->length)
		len = rule->length(source, cap->pos);
	if (len < rule->min)
		len = rule->min;
	if (len > cap->room && !rule->cut)
		return false;
	if (len > cap->room)
		len = cap->room;
	memset(config->real + cap->pos + header, 0xff, len - header);
	if (rule->refine)
		rule->refine(config, source, cap->pos, len);
	return true;
}

/* Return: NULL for a capability that no rule names, and for a second one where one is all. */
static const struct vfio_cap_rule *find_rule(const struct vfio_cap_rule *rules, unsigned int id,
					     u32 *seen)
{
	unsigned int i;

	for (i = 0; rules[i].id; i++) {
		u32 bit = 1U << i;

		if (rules[i].id != id)
			continue;
		if (*seen & bit && !rules[i].many)
			return NULL;
		*seen |= bit;
		return &rules[i];
	}
	return NULL;
}

static void add_std_caps(struct vfio_config *config, const struct vfio_config_source *source)
{
	struct vfio_cap_found found[VFIO_CAPS];
	unsigned int n = find_caps(source, found);
	u8 *link = config->shadow + PCI_CAPABILITY_LIST;
	unsigned int i;
	u32 seen = 0;

	measure_rooms(found, n, PCI_CFG_SPACE_SIZE);
	for (i = 0; i < n; i++) {
		const struct vfio_cap_rule *rule;

		rule = find_rule(vfio_cap_rules, found[i].id, &seen);
		if (!rule || !show_cap(config, source, rule, &found[i], PCI_CAP_FLAGS))
			continue;
		*link = (u8)found[i].pos;
		link = config->shadow + found[i].pos + PCI_CAP_LIST_NEXT;
		config->shadow[found[i].pos] = (u8)found[i].id;
		config->shadow[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	}
}

/*
 * The list has to begin at 0x100. If what is there is hidden, a null capability takes its place,
 * which the specification tells everybody to skip.
 */
static void add_ext_caps(struct vfio_config *config, const struct vfio_config_source *source)
{
	struct vfio_cap_found found[VFIO_CAPS];
	unsigned int n = find_ext_caps(source, found);
	unsigned int last = PCI_CFG_SPACE_SIZE;
	unsigned int i;
	u32 seen = 0;

	measure_rooms(found, n, VFIO_CONFIG_SIZE);
	for (i = 0; i < n; i++) {
		unsigned int pos = found[i].pos;
		const struct vfio_cap_rule *rule;

		rule = find_rule(vfio_ext_cap_rules, found[i].id, &seen);
		if (!rule || !show_cap(config, source, rule, &found[i], 4))
			continue;
		if (pos != last) {
			u32 header = vfio_config_get(config->shadow + last, 4);

			vfio_config_put(config->shadow + last, 4,
					(header ?: 1U << 16) | pos << 20);
		}
		vfio_config_put(config->shadow + pos, 4, found[i].id | found[i].version << 16);
		last = pos;
	}
}

/**
 * vfio_config_add_caps() - let the user see the capabilities of a device
 * @config: its header may be filled in before or after; the rest is still empty but for @size
 * @source: the device
 */
void vfio_config_add_caps(struct vfio_config *config, const struct vfio_config_source *source)
{
	if (source_read(source, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)
		add_std_caps(config, source);
	if (config->size > PCI_CFG_SPACE_SIZE)
		add_ext_caps(config, source);
}
