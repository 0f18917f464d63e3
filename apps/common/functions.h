/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_FUNCTIONS_H
#define VFNET_APPS_FUNCTIONS_H

/*
 * PCI functions as sysfs tells of them, without opening anything: what vfnet-dev shows, binds and
 * checks.
 */

#include <net/if.h>
#include <stdint.h>

#include "apps/common/machine.h"

/** APP_ADDRESS_BYTES - "0000:01:10.0" and its NUL. */
#define APP_ADDRESS_BYTES 13
/** APP_DRIVER_BYTES - a driver's name. */
#define APP_DRIVER_BYTES 32
/** APP_MEMBERS_MAX - functions of an IOMMU group that are told; more are counted. */
#define APP_MEMBERS_MAX 16

/** APP_DRIVER_OURS, APP_DRIVER_VFIO_PCI - the two drivers that give a function to a program. */
#define APP_DRIVER_OURS	    "vfio"
#define APP_DRIVER_VFIO_PCI "vfio-pci"

/** enum app_kind - what a function is to us. */
enum app_kind {
	APP_OTHER, /* neither of these */
	APP_PF,	   /* an 82576 physical function */
	APP_VF,	   /* an 82576 virtual function */
};

/**
 * struct app_function - one function; texts are "" and numbers -1 where there is nothing
 * @address:    "0000:01:10.0", lower case
 * @kind:       what it is
 * @vendor:     PCI vendor
 * @device:     PCI device
 * @driver:     the driver that it is bound to
 * @override:   the driver that it is reserved for (driver_override)
 * @group:      IOMMU group
 * @unconfined: the group is one of vfio's no-IOMMU mode
 * @numa_node:  where its slot is
 * @netdev:     its first network interface
 * @netdev_up:  that is up, as an administrator's choice
 * @carrier:    that has link; false while it is down
 * @node:       the device file that a program opens, "/dev/vfio/12" or "/dev/vfio0"
 * @cdev:       with iommufd: the one that is the function's alone, "/dev/vfio/devices/vfio0"
 * @pf:         of a virtual function: its physical function
 * @vf:         of a virtual function: which of @pf's, from 0
 * @n_vfs:      of a physical function: virtual functions that there are
 * @max_vfs:    ... that there can be; 0 = SR-IOV is off in its EEPROM or in the firmware set-up
 */
struct app_function {
	char address[APP_ADDRESS_BYTES];
	enum app_kind kind;
	uint16_t vendor;
	uint16_t device;
	char driver[APP_DRIVER_BYTES];
	char override[APP_DRIVER_BYTES];
	int group;
	bool unconfined;
	int numa_node;
	char netdev[IFNAMSIZ];
	bool netdev_up;
	bool carrier;
	char node[128];
	char cdev[128];
	char pf[APP_ADDRESS_BYTES];
	int vf;
	unsigned int n_vfs;
	unsigned int max_vfs;
};

/**
 * struct app_member - one function of an IOMMU group
 * @address: where it is
 * @driver:  what holds it; "" = nothing
 */
struct app_member {
	char address[APP_ADDRESS_BYTES];
	char driver[APP_DRIVER_BYTES];
};

/**
 * app_function_read() - what sysfs says of one function
 * @address: "0000:01:10.0" or "01:10.0", also with "pci:" before it
 * @fn:      filled on success
 *
 * Return: 0; -EINVAL no PCI address; -ENODEV no such function; -EIO sysfs says nonsense.
 */
int app_function_read(const struct app_machine *machine, const char *address,
		      struct app_function *fn);

/**
 * app_functions_read() - every 82576 function of the machine, by address
 * @list: the caller frees it; NULL if there is none
 * @n:    how many
 *
 * A machine without PCI has none.
 *
 * Return: 0; -ENOMEM; another errno when sysfs cannot be read.
 */
int app_functions_read(const struct app_machine *machine, struct app_function **list, size_t *n);

/**
 * app_group_read() - the functions of a function's IOMMU group, itself included, by address
 * @members: APP_MEMBERS_MAX
 *
 * Return: how many there are, which may be more than fit; 0 without a group.
 */
size_t app_group_read(const struct app_machine *machine, const struct app_function *fn,
		      struct app_member *members);

/**
 * app_rivals_read() - those functions of a function's IOMMU group that the kernel's drivers have
 * @rivals: APP_MEMBERS_MAX
 *
 * Return: how many.
 */
size_t app_rivals_read(const struct app_machine *machine, const struct app_function *fn,
		       struct app_member *rivals);

/** app_driver_is_for_programs() - whether a driver gives its functions to programs. */
bool app_driver_is_for_programs(const char *driver);

/** app_driver_is_neutral() - whether a driver leaves its IOMMU group to a program; "" does. */
bool app_driver_is_neutral(const char *driver);

/** app_driver_is_loaded() - whether the kernel knows a PCI driver of this name. */
bool app_driver_is_loaded(const struct app_machine *machine, const char *driver);

/**
 * app_function_file() - path of a file of a function
 * @file: such as "/driver_override"
 * @path: APP_PATH_BYTES
 *
 * Return: @path.
 */
const char *app_function_file(const struct app_machine *machine, const char *address,
			      const char *file, char *path);

#endif
