/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/vfnet-dev/users.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apps/common/options.h"

unsigned int dev_user_descriptors(const struct app_machine *machine, int pid, const char *path,
				  int *number)
{
	char folder[APP_PATH_BYTES], link[APP_PATH_BYTES], target[APP_PATH_BYTES];
	const struct dirent *entry;
	unsigned int n = 0;
	ssize_t len;
	DIR *dir = opendir(app_path(folder, "%s/%d/fd", machine->proc, pid));

	while (dir && (entry = readdir(dir))) {
		app_path(link, "%s/%s", folder, entry->d_name);
		len = readlink(link, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		if (strcmp(target, path))
			continue;
		*number = atoi(entry->d_name);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

bool dev_user_find(const struct app_machine *machine, const char *path, struct dev_user *user)
{
	char folder[APP_PATH_BYTES];
	const struct dirent *entry;
	int pid = 0, number;
	DIR *dir = opendir(machine->proc);

	while (dir && !pid && (entry = readdir(dir))) {
		int candidate = atoi(entry->d_name);

		if (candidate > 0 && dev_user_descriptors(machine, candidate, path, &number))
			pid = candidate;
	}
	if (dir)
		closedir(dir);
	if (!pid)
		return false;
	user->pid = pid;
	app_path(folder, "%s/%d/comm", machine->proc, pid);
	app_read_text(folder, user->name, sizeof(user->name));
	return true;
}

static bool appears(const char *path)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

	for (int i = 0; i < 40; i++) {
		if (!access(path, F_OK))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static int give(const char *address, const char *path, uid_t user)
{
	int code = 0;

	if (!appears(path))
		code = -ENOENT;
	else if (chown(path, user, (gid_t)-1) || chmod(path, 0600))
		code = -errno;
	if (code)
		app_error("%s: cannot give %s to the user: %s", address, path, strerror(-code));
	return code;
}

int dev_user_give(const struct app_machine *machine, const char *address, uid_t user)
{
	struct app_function fn;
	int rc = app_function_read(machine, address, &fn);

	if (!rc)
		rc = give(address, fn.node, user);
	/* with iommufd a function has a file of its own beside its group's */
	if (!rc && !app_function_read(machine, address, &fn) && fn.cdev[0])
		rc = give(address, fn.cdev, user);
	return rc;
}
