/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/functions.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/bits.h"
#include "lib/chip/82576_regs.h"
#include "lib/dev/pci/pci.h"

/* physical functions of the 82576 family, as Linux's igb lists them [L] */
static const uint16_t pf_devices[] = {0x10c9, 0x10e6, 0x10e7, 0x10e8,
				      0x150a, 0x150d, 0x1518, 0x1526};

static_assert(APP_ADDRESS_BYTES == VFNET_PCI_NAME_BYTES, "vfnet_pci_parse() writes one");

const char *app_function_file(const struct app_machine *machine, const char *address,
			      const char *file, char *path)
{
	return app_path(path, "%s/bus/pci/devices/%s%s", machine->sysfs, address, file);
}

static int read_number(const struct app_machine *machine, const char *address, const char *file,
		       long *val)
{
	char path[APP_PATH_BYTES];

	return app_read_number(app_function_file(machine, address, file, path), val);
}

static int read_link(const struct app_machine *machine, const char *address, const char *file,
		     char *text, size_t bytes)
{
	char path[APP_PATH_BYTES];

	return app_read_link(app_function_file(machine, address, file, path), text, bytes);
}

static enum app_kind kind_of(uint16_t vendor, uint16_t device)
{
	if (vendor != IGBVF_VENDOR)
		return APP_OTHER;
	if (device == IGBVF_DEVICE)
		return APP_VF;
	for (size_t i = 0; i < VFNET_ARRAY_SIZE(pf_devices); i++)
		if (device == pf_devices[i])
			return APP_PF;
	return APP_OTHER;
}

static void read_group(const struct app_machine *machine, struct app_function *fn)
{
	char path[APP_PATH_BYTES];
	char text[16];
	char *end;
	long group;

	fn->group = -1;
	if (read_link(machine, fn->address, "/iommu_group", text, sizeof(text)))
		return;
	group = strtol(text, &end, 10);
	if (end == text || *end || group < 0 || group > INT32_MAX)
		return;
	fn->group = (int)group;
	/* only vfio's no-IOMMU mode gives a group a name of this kind */
	app_function_file(machine, fn->address, "/iommu_group/name", path);
	fn->unconfined = !app_read_text(path, text, sizeof(text)) && strstr(text, "noiommu");
}

static void read_netdev(const struct app_machine *machine, struct app_function *fn)
{
	char path[APP_PATH_BYTES];
	long val;

	app_first_entry(app_function_file(machine, fn->address, "/net", path), "", fn->netdev,
			sizeof(fn->netdev));
	if (!fn->netdev[0])
		return;
	app_path(path, "%s/class/net/%s/flags", machine->sysfs, fn->netdev);
	fn->netdev_up = !app_read_number(path, &val) && val & IFF_UP;
	app_path(path, "%s/class/net/%s/carrier", machine->sysfs, fn->netdev);
	fn->carrier = fn->netdev_up && !app_read_number(path, &val) && val == 1;
}

/* which of its physical function's virtfnN links leads here */
static int number_among(const struct app_machine *machine, const struct app_function *fn)
{
	char file[32];
	char address[APP_ADDRESS_BYTES];

	for (int i = 0; i < UINT8_MAX; i++) {
		snprintf(file, sizeof(file), "/virtfn%d", i);
		if (read_link(machine, fn->pf, file, address, sizeof(address)))
			break;
		if (!strcmp(address, fn->address))
			return i;
	}
	return -1;
}

static void read_sriov(const struct app_machine *machine, struct app_function *fn)
{
	long val;

	fn->vf = -1;
	if (!read_link(machine, fn->address, "/physfn", fn->pf, sizeof(fn->pf)))
		fn->vf = number_among(machine, fn);
	if (!read_number(machine, fn->address, "/sriov_numvfs", &val) && val > 0)
		fn->n_vfs = (unsigned int)val;
	if (!read_number(machine, fn->address, "/sriov_totalvfs", &val) && val > 0)
		fn->max_vfs = (unsigned int)val;
}

static void read_node(const struct app_machine *machine, struct app_function *fn)
{
	char path[APP_PATH_BYTES];
	char name[32];

	if (!strcmp(fn->driver, APP_DRIVER_VFIO_PCI) && fn->group >= 0) {
		snprintf(fn->node, sizeof(fn->node), "%.80s/vfio/%s%d", machine->dev,
			 fn->unconfined ? "noiommu-" : "", fn->group);
		app_first_entry(app_function_file(machine, fn->address, "/vfio-dev", path), "vfio",
				name, sizeof(name));
		app_path(path, "%s/vfio/devices/%s", machine->dev, name);
		if (name[0] && strlen(path) < sizeof(fn->cdev) && !access(path, F_OK))
			strcpy(fn->cdev, path);
	} else if (!strcmp(fn->driver, APP_DRIVER_OURS)) {
		app_first_entry(app_function_file(machine, fn->address, "/vfio", path), "vfio",
				name, sizeof(name));
		if (name[0])
			snprintf(fn->node, sizeof(fn->node), "%.80s/%s", machine->dev, name);
	}
}

int app_function_read(const struct app_machine *machine, const char *address,
		      struct app_function *fn)
{
	struct app_function found = {.numa_node = -1};
	char path[APP_PATH_BYTES];
	long vendor, device, node;

	if (!strncmp(address, "pci:", 4))
		address += 4;
	if (vfnet_pci_parse(address, found.address))
		return -EINVAL;
	if (read_number(machine, found.address, "/vendor", &vendor) ||
	    read_number(machine, found.address, "/device", &device))
		return -ENODEV;
	if (vendor < 0 || vendor > UINT16_MAX || device < 0 || device > UINT16_MAX)
		return -EIO;
	found.vendor = (uint16_t)vendor;
	found.device = (uint16_t)device;
	found.kind = kind_of(found.vendor, found.device);
	read_link(machine, found.address, "/driver", found.driver, sizeof(found.driver));
	app_read_text(app_function_file(machine, found.address, "/driver_override", path),
		      found.override, sizeof(found.override));
	if (!strcmp(found.override, "(null)"))
		found.override[0] = '\0';
	if (!read_number(machine, found.address, "/numa_node", &node) && node >= 0)
		found.numa_node = (int)node;
	read_group(machine, &found);
	read_netdev(machine, &found);
	read_sriov(machine, &found);
	read_node(machine, &found);
	*fn = found;
	return 0;
}

static int by_address(const void *one, const void *two)
{
	/* both kinds of element begin with their address */
	return strcmp(one, two);
}

static int add_function(struct app_function **list, size_t *n, const struct app_function *fn)
{
	struct app_function *grown = realloc(*list, (*n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[(*n)++] = *fn;
	*list = grown;
	return 0;
}

int app_functions_read(const struct app_machine *machine, struct app_function **list, size_t *n)
{
	char path[APP_PATH_BYTES];
	struct app_function *found = NULL;
	struct app_function fn;
	const struct dirent *entry;
	size_t n_found = 0;
	int rc = 0;
	DIR *dir = opendir(app_function_file(machine, "", "", path));

	if (!dir && errno != ENOENT)
		return -errno;
	while (dir && !rc && (entry = readdir(dir)))
		if (!app_function_read(machine, entry->d_name, &fn) && fn.kind != APP_OTHER)
			rc = add_function(&found, &n_found, &fn);
	if (dir)
		closedir(dir);
	if (rc) {
		free(found);
		return rc;
	}
	if (n_found)
		qsort(found, n_found, sizeof(*found), by_address);
	*list = found;
	*n = n_found;
	return 0;
}

size_t app_group_read(const struct app_machine *machine, const struct app_function *fn,
		      struct app_member *members)
{
	char path[APP_PATH_BYTES];
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	dir = opendir(app_function_file(machine, fn->address, "/iommu_group/devices", path));
	while (dir && (entry = readdir(dir))) {
		struct app_member member;

		/* a group may hold what is not a PCI function, under another kind of name */
		if (vfnet_pci_parse(entry->d_name, member.address))
			continue;
		read_link(machine, member.address, "/driver", member.driver, sizeof(member.driver));
		if (n < APP_MEMBERS_MAX)
			members[n] = member;
		n++;
	}
	if (dir)
		closedir(dir);
	qsort(members, n < APP_MEMBERS_MAX ? n : APP_MEMBERS_MAX, sizeof(*members), by_address);
	return n;
}

size_t app_rivals_read(const struct app_machine *machine, const struct app_function *fn,
		       struct app_member *rivals)
{
	size_t n = app_group_read(machine, fn, rivals);
	size_t n_rivals = 0;

	for (size_t i = 0; i < n && i < APP_MEMBERS_MAX; i++)
		if (strcmp(rivals[i].address, fn->address) &&
		    !app_driver_is_neutral(rivals[i].driver))
			rivals[n_rivals++] = rivals[i];
	return n_rivals;
}

bool app_driver_is_for_programs(const char *driver)
{
	return !strcmp(driver, APP_DRIVER_OURS) || !strcmp(driver, APP_DRIVER_VFIO_PCI);
}

bool app_driver_is_neutral(const char *driver)
{
	return !driver[0] || app_driver_is_for_programs(driver) || !strcmp(driver, "pci-stub") ||
	       !strcmp(driver, "pcieport");
}

bool app_driver_is_loaded(const struct app_machine *machine, const char *driver)
{
	char path[APP_PATH_BYTES];

	return !access(app_path(path, "%s/bus/pci/drivers/%s", machine->sysfs, driver), F_OK);
}
