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
 * @name: its command's
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
 * dev_user_give() - give the device files of a function to a user, mode 0600
 * @address: it is bound to a driver for programs
 *
 * A new node is waited for, at most 2 s. Prints one line on standard error when it fails.
 *
 * Return: 0; a negative errno.
 */
int dev_user_give(const struct app_machine *machine, const char *address, uid_t user);

#endif
