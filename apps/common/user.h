/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_USER_H
#define VFNET_APPS_USER_H

/*
 * Who runs this program, and what the kernel lets them do. Like struct app_machine an argument of
 * whoever looks, so that a test can play one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "apps/common/machine.h"

/** APP_UNLIMITED_KIB - a limit that is none. */
#define APP_UNLIMITED_KIB UINT64_MAX

/**
 * struct app_user - a user, in one process
 * @name:            as chown(1) takes it: a name, or a number where no name is known
 * @root:            neither modes of files nor limits of memory bind them
 * @memlock_kib:     memory that the process may lock, KiB (RLIMIT_MEMLOCK)
 * @memlock_max_kib: as far as the user may raise that without help, KiB
 * @shell:           process that started this one; whoever types has its limits
 * @program:         what root types for this program: its name, or its path if that is not in a
 *                   usual place
 * @may_open:        whether they may open a file for reading and writing
 */
struct app_user {
	char name[33];
	bool root;
	uint64_t memlock_kib;
	uint64_t memlock_max_kib;
	int shell;
	char program[APP_PATH_BYTES];
	bool (*may_open)(const char *path);
};

/** app_user_read() - who runs this process. */
void app_user_read(struct app_user *user);

#endif
