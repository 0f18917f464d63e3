/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_USERS_H
#define VFNET_APPS_DEV_USERS_H

/*
 * Who has a device file open, and whose it is.
 */

#include <sys/types.h>

#include "apps/common/functions.h"

/**
 * struct dev_user - a process that has a file open
 * @pid:  its number
 * @name: its command's; what is not printable ASCII is '?'
 */
struct dev_user {
	int pid;
	char name[32];
};

/**
 * dev_user_find() - find a process that has a file open
 * @path: the file, absolute
 * @user: untouched when there is none
 *
 * Others' processes can be seen by root only.
 *
 * Return: whether there is one.
 */
bool dev_user_find(const struct app_machine *machine, const char *path, struct dev_user *user);

/**
 * dev_user_descriptors() - which descriptors of a process are a file
 * @number: the last of them; untouched when there is none
 *
 * Return: how many.
 */
unsigned int dev_user_descriptors(const struct app_machine *machine, int pid, const char *path,
				  int *number);

/**
 * dev_user_holds_group() - whether a program has a function of vfio-pci, or one of its group, open
 *
 * Sees more than dev_user_find(): who was handed a function's descriptor has no file open that
 * /proc names, but the kernel does not open the group a second time. Only for who may open it.
 */
bool dev_user_holds_group(const struct app_machine *machine, const struct app_function *fn);

/**
 * struct dev_owner - whose a device file is
 * @known: there is such a file; the others are 0 without
 * @user:  its owner
 * @group: its group; -1 = leave it as it is
 * @mode:  its permissions
 */
struct dev_owner {
	bool known;
	uid_t user;
	gid_t group;
	mode_t mode;
};

/** struct dev_owners - whose the files of a function are, as struct app_function names them */
struct dev_owners {
	struct dev_owner node;
	struct dev_owner cdev;
};

/** dev_owners_read() - whose the files of a function are. */
void dev_owners_read(const struct app_function *fn, struct dev_owners *owners);

/**
 * dev_owners_set() - make the device files of a function somebody's
 * @address: it is bound to a driver for programs
 * @owners:  a file that is not known here stays as it is
 *
 * A new file is waited for, and then for the rules of udev, which would undo it: 2 s at most for
 * each. Prints one line on standard error when it fails.
 *
 * Return: 0; a negative errno.
 */
int dev_owners_set(const struct app_machine *machine, const char *address,
		   const struct dev_owners *owners);

/**
 * dev_user_give() - give the device files of a function to a user and to nobody else, mode 0600
 *
 * Return: as dev_owners_set().
 */
int dev_user_give(const struct app_machine *machine, const char *address, uid_t user);

#endif
