/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What sysfs says about a PCI function. Each state in which vfnet can't use it has a sentence of
 * its own here, with the commands that cure it; they are tested in the order in which a person
 * has to cure them (without an IOMMU binding to vfio-pci fails as well).
 */
#include "lib/dev/pci/pci.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/base/err.h"

static bool char_fits(char shape, char c)
{
	switch (shape) {
	case 'x':
		return strchr("0123456789abcdefABCDEF", c) != NULL;
	case '1': /* a device number is below 20h */
		return c == '0' || c == '1';
	case '7':
		return c >= '0' && c <= '7';
	default:
		return c == shape;
	}
}

int vfnet_pci_parse(const char *text, char *name)
{
	static const char shape[] = "xxxx:xx:1x.7";
	static const char domain[] = "0000:";
	const size_t n_domain = sizeof(domain) - 1;
	size_t len = strlen(text);
	char full[VFNET_PCI_NAME_BYTES];

	if (len + n_domain == sizeof(shape) - 1) {
		memcpy(full, domain, n_domain);
		memcpy(full + n_domain, text, len + 1);
	} else if (len == sizeof(shape) - 1) {
		memcpy(full, text, len + 1);
	} else {
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		if (!char_fits(shape[i], full[i]))
			return -EINVAL;
		if (full[i] >= 'A' && full[i] <= 'F')
			full[i] = (char)(full[i] + ('a' - 'A'));
	}
	memcpy(name, full, sizeof(full));
	return 0;
}

/* <sysfs>/bus/pci/devices/@name@file */
static void function_path(const struct vfnet_pci_host *host, const char *name, const char *file,
			  char *path)
{
	snprintf(path, VFNET_PCI_PATH_BYTES, "%s/bus/pci/devices/%s%s", host->sysfs, name, file);
}

/* the last part of a link's target, which is how sysfs names drivers and groups */
static int read_link(const struct vfnet_pci_host *host, const char *name, const char *file,
		     char *target, size_t bytes)
{
	char path[VFNET_PCI_PATH_BYTES];
	char text[VFNET_PCI_PATH_BYTES];
	const char *last;
	ssize_t len;

	function_path(host, name, file, path);
	len = readlink(path, text, sizeof(text) - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	last = strrchr(text, '/');
	last = last ? last + 1 : text;
	if (!*last || strlen(last) >= bytes)
		return -EIO;
	strcpy(target, last);
	return 0;
}

/* the first line of a file; "" when it is empty */
static int read_line(const struct vfnet_pci_host *host, const char *name, const char *file,
		     char *text, int bytes)
{
	char path[VFNET_PCI_PATH_BYTES];
	FILE *stream;

	function_path(host, name, file, path);
	stream = fopen(path, "re");
	if (!stream)
		return -errno;
	if (!fgets(text, bytes, stream))
		text[0] = '\0';
	fclose(stream);
	return 0;
}

/* the number in a file, decimal or 0x... */
static int read_number(const struct vfnet_pci_host *host, const char *name, const char *file,
		       long *val)
{
	char text[32];
	char *end;
	long num;
	int rc = read_line(host, name, file, text, sizeof(text));

	if (rc)
		return rc;
	num = strtol(text, &end, 0);
	if (end == text || (*end && *end != '\n'))
		return -EIO;
	*val = num;
	return 0;
}

int vfnet_pci_node_number(const struct vfnet_pci_host *host, const char *name, const char *file,
			  dev_t *number)
{
	unsigned int major;
	unsigned int minor;
	char text[32];
	int rc = read_line(host, name, file, text, sizeof(text));

	if (rc)
		return rc;
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return -EIO;
	*number = makedev(major, minor);
	return 0;
}

static int read_id(const struct vfnet_pci_host *host, const char *name, const char *file,
		   uint16_t *id, struct vfnet_err *err)
{
	long val;
	int rc = read_number(host, name, file, &val);

	if (!rc && (val < 0 || val > UINT16_MAX))
		rc = -EIO;
	if (rc)
		return vfnet_err_set(err, rc == -EACCES ? -EPERM : rc,
				     "cannot read %s/bus/pci/devices/%s%s: %s", host->sysfs, name,
				     file, strerror(-rc));
	*id = (uint16_t)val;
	return 0;
}

static int check_present(const struct vfnet_pci_host *host, const char *name, struct vfnet_err *err)
{
	char path[VFNET_PCI_PATH_BYTES];

	function_path(host, name, "", path);
	if (!access(path, F_OK))
		return 0;
	return vfnet_err_set(
	    err, -ENODEV,
	    "there is no PCI function %s (no %s): `lspci -D` lists those there are. "
	    "A virtual function appears when root writes how many are wanted: "
	    "echo 2 > /sys/class/net/INTERFACE/device/sriov_numvfs",
	    name, path);
}

static int check_iommu(const struct vfnet_pci_host *host, const char *name, unsigned int *group,
		       struct vfnet_err *err)
{
	char path[VFNET_PCI_PATH_BYTES];
	char text[16];
	char *end;
	int rc;

	rc = read_link(host, name, "/iommu_group", text, sizeof(text));
	if (rc)
		return vfnet_err_set(
		    err, -ENOTSUP,
		    "%s is in no IOMMU group, so nothing would confine its DMA: switch the IOMMU "
		    "on in the firmware set-up (VT-d, AMD-Vi) and boot with intel_iommu=on "
		    "(Intel) on the kernel's command line",
		    name);
	/* only vfio's no-IOMMU mode gives a group this file */
	function_path(host, name, "/iommu_group/name", path);
	if (!access(path, F_OK))
		return vfnet_err_set(
		    err, -ENOTSUP,
		    "%s is in vfio's no-IOMMU mode, which vfnet does not use: its DMA would "
		    "reach all memory. Switch the IOMMU on in the firmware set-up and boot with "
		    "intel_iommu=on (Intel) on the kernel's command line",
		    name);
	*group = (unsigned int)strtoul(text, &end, 10);
	if (*end)
		return vfnet_err_set(err, -EIO, "%s: IOMMU group \"%s\" is not a number", name,
				     text);
	return 0;
}

/* @driver: VFNET_PCI_DRIVER_BYTES */
static int check_driver(const struct vfnet_pci_host *host, const char *name, char *driver,
			struct vfnet_err *err)
{
	char unbind[2 * VFNET_PCI_DRIVER_BYTES] = "";
	int rc = read_link(host, name, "/driver", driver, VFNET_PCI_DRIVER_BYTES);
	long n_vfs;

	if (!rc && (!strcmp(driver, "vfio-pci") || !strcmp(driver, "vfio")))
		return 0;
	/* who binds this one to vfio-pci loses its network interface and all virtual functions */
	if (!read_number(host, name, "/sriov_numvfs", &n_vfs))
		return vfnet_err_set(err, -EBUSY,
				     "%s is a physical function, which vfnet leaves to its "
				     "driver: name one of its %ld virtual functions (ls -l "
				     "/sys/bus/pci/devices/%s/virtfn*). As root, to have two: "
				     "echo 2 > /sys/bus/pci/devices/%s/sriov_numvfs",
				     name, n_vfs, name, name);
	if (!rc)
		snprintf(unbind, sizeof(unbind), "echo %s > drivers/%s/unbind; ", name, driver);
	/* driver_override and not new_id: new_id takes every unbound function of the same kind */
	return vfnet_err_set(err, rc ? -ENODEV : -EBUSY,
			     "%s is bound to %s%s and has to be bound to vfio-pci. As root: "
			     "modprobe vfio-pci; cd /sys/bus/pci; "
			     "echo vfio-pci > devices/%s/driver_override; %s"
			     "echo %s > drivers_probe",
			     name, rc ? "no driver" : "the kernel's driver ", rc ? "" : driver,
			     name, unbind, name);
}

int vfnet_pci_find(const struct vfnet_pci_host *host, const char *name,
		   struct vfnet_pci_function *fn, struct vfnet_err *err)
{
	struct vfnet_pci_function found = {.numa_node = -1};
	long node;
	int rc;

	strcpy(found.name, name);
	rc = check_present(host, name, err);
	if (!rc)
		rc = read_id(host, name, "/vendor", &found.vendor, err);
	if (!rc)
		rc = read_id(host, name, "/device", &found.device, err);
	if (!rc)
		rc = check_iommu(host, name, &found.group, err);
	if (!rc)
		rc = check_driver(host, name, found.driver, err);
	if (rc)
		return rc;
	if (!read_number(host, name, "/numa_node", &node) && node >= 0)
		found.numa_node = (int)node;
	*fn = found;
	return 0;
}

/* The entry "vfio..." of a function's folder at @path. Return: whether there is one */
static bool find_node(const char *path, char *node)
{
	const struct dirent *entry;
	bool found = false;
	DIR *folder = opendir(path);

	while (folder && !found && (entry = readdir(folder))) {
		found = !strncmp(entry->d_name, "vfio", 4) &&
			strlen(entry->d_name) < VFNET_PCI_NODE_BYTES;
		if (found)
			strcpy(node, entry->d_name);
	}
	if (folder)
		closedir(folder);
	return found;
}

bool vfnet_pci_cdev_node(const struct vfnet_pci_host *host, const char *name, char *node)
{
	char path[VFNET_PCI_PATH_BYTES];
	char file[VFNET_PCI_NODE_BYTES + sizeof("/vfio-dev//dev")];
	dev_t number;

	function_path(host, name, "/vfio-dev", path);
	if (!find_node(path, node))
		return false;
	/* Linux 6.1 has the folder already, and kernels without iommufd have it too */
	snprintf(file, sizeof(file), "/vfio-dev/%s/dev", node);
	return !vfnet_pci_node_number(host, name, file, &number);
}

int vfnet_pci_kmod_node(const struct vfnet_pci_host *host, const char *name, char *node,
			struct vfnet_err *err)
{
	char path[VFNET_PCI_PATH_BYTES];

	function_path(host, name, "/vfio", path);
	if (find_node(path, node))
		return 0;
	return vfnet_err_set(err, -ENODEV,
			     "%s is bound to a driver vfio, and there is no vfio<N> in %s: this is "
			     "not the driver of vfnet's module uvfio, or it is just letting go",
			     name, path);
}

/* drivers that leave a group to its user */
static bool is_neutral(const char *driver)
{
	return !strcmp(driver, "vfio-pci") || !strcmp(driver, "vfio") ||
	       !strcmp(driver, "pci-stub") || !strcmp(driver, "pcieport");
}

void vfnet_pci_rivals(const struct vfnet_pci_host *host, const struct vfnet_pci_function *fn,
		      char *text, size_t bytes)
{
	char path[VFNET_PCI_PATH_BYTES];
	const struct dirent *entry;
	size_t used = 0;
	DIR *members;

	text[0] = '\0';
	function_path(host, fn->name, "/iommu_group/devices", path);
	members = opendir(path);
	if (!members)
		return;
	while ((entry = readdir(members)) && used < bytes) {
		char name[VFNET_PCI_NAME_BYTES];
		char driver[VFNET_PCI_DRIVER_BYTES];

		/* a group of a PCI function may hold what is not one, under another name */
		if (vfnet_pci_parse(entry->d_name, name) ||
		    read_link(host, name, "/driver", driver, sizeof(driver)) || is_neutral(driver))
			continue;
		used += (size_t)snprintf(text + used, bytes - used, " %s (%s)", name, driver);
	}
	closedir(members);
}
