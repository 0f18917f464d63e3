/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/vfnet-dev/users.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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
	/* any process may choose its name, and it is shown on root's terminal */
	for (char *at = user->name; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return true;
}

bool dev_user_holds_group(const struct app_machine *machine, const struct app_function *fn)
{
	int fd;

	if (strcmp(fn->driver, APP_DRIVER_VFIO_PCI) || !fn->node[0])
		return false;
	fd = machine->open(machine, fn->node);
	if (fd >= 0)
		close(fd);
	return fd == -EBUSY;
}

/* ---- whose they are ---- */

#define ROUNDS 40 /* of waiting, 2 s together */

static void pause_a_round(void)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

	nanosleep(&pause, NULL);
}

/* until there is a device file of the function; without one at the end @fn says where it would be
 */
static int wait_for_files(const struct app_machine *machine, const char *address,
			  struct app_function *fn)
{
	int rc;

	for (int i = 0; i < ROUNDS; i++) {
		rc = app_function_read(machine, address, fn);
		if (rc || fn->cdev[0] || app_exists(fn->node))
			return rc;
		pause_a_round();
	}
	return 0;
}

/* udevd, where there is one, notes each device file to which it has applied its rules */
static bool udev_is_done(const struct app_machine *machine, const char *file)
{
	char path[APP_PATH_BYTES];
	struct stat status;

	if (app_exists(app_path(path, "%s/udev/queue", machine->run)))
		return false;
	if (!app_exists(app_path(path, "%s/udev/control", machine->run)) || stat(file, &status))
		return true;
	return app_exists(app_path(path, "%s/udev/data/c%u:%u", machine->run, major(status.st_rdev),
				   minor(status.st_rdev)));
}

static int give(const struct app_machine *machine, const char *address, const char *file,
		const struct dev_owner *owner)
{
	int code = 0;

	for (int i = 0; i < ROUNDS && !udev_is_done(machine, file); i++)
		pause_a_round();
	if (chown(file, owner->user, owner->group) || chmod(file, owner->mode))
		code = -errno;
	if (code)
		app_error("%s: cannot give %s to user %u: %s", address, file,
			  (unsigned int)owner->user, strerror(-code));
	return code;
}

int dev_owners_set(const struct app_machine *machine, const char *address,
		   const struct dev_owners *owners)
{
	struct app_function fn;
	int rc = wait_for_files(machine, address, &fn);

	if (rc) {
		app_error("%s has gone", address);
		return rc;
	}
	/* a kernel may have only one of the two */
	if (owners->node.known && (!fn.cdev[0] || app_exists(fn.node)))
		rc = give(machine, address, fn.node, &owners->node);
	if (!rc && owners->cdev.known && fn.cdev[0])
		rc = give(machine, address, fn.cdev, &owners->cdev);
	return rc;
}

static struct dev_owner owner_of(const char *file)
{
	struct stat status;

	if (!file[0] || stat(file, &status))
		return (struct dev_owner){0};
	return (struct dev_owner){
	    .known = true,
	    .user = status.st_uid,
	    .group = status.st_gid,
	    .mode = status.st_mode & 07777,
	};
}

void dev_owners_read(const struct app_function *fn, struct dev_owners *owners)
{
	owners->node = owner_of(fn->node);
	owners->cdev = owner_of(fn->cdev);
}

int dev_user_give(const struct app_machine *machine, const char *address, uid_t user)
{
	const struct dev_owner owner = {
	    .known = true,
	    .user = user,
	    .group = (gid_t)-1,
	    .mode = 0600,
	};
	const struct dev_owners owners = {.node = owner, .cdev = owner};

	return dev_owners_set(machine, address, &owners);
}
