/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/wire/shm_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "sim/wire/shm_opts.h"

#define LOCK_TRIES 5000u /* a millisecond each: it is held for the time of a join only */
#define OPEN_TRIES 100u	 /* the last member may take the file away between open and lock */

int sim_shm_file_path(const char *name, char path[SIM_SHM_PATH_BYTES], struct vfnet_err *err)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	int len;

	if (!dir || *dir != '/') {
		snprintf(path, SIM_SHM_PATH_BYTES, "/dev/shm/vfnet-%u-%s", (unsigned int)geteuid(),
			 name);
		return 0;
	}
	len = snprintf(path, SIM_SHM_PATH_BYTES, "%s/vfnet", dir);
	/* what follows, and a member's number behind it */
	if (len < 0 || (size_t)len + SIM_SHM_NAME_CHARS + sizeof("/shm-.15") > SIM_SHM_PATH_BYTES)
		return vfnet_err_set(err, -ENAMETOOLONG, "shm: XDG_RUNTIME_DIR is too long: %s",
				     dir);
	if (mkdir(path, 0700) && errno != EEXIST)
		return vfnet_err_set(err, -errno,
				     "shm: cannot make %s: %s; see that XDG_RUNTIME_DIR is right",
				     path, strerror(errno));
	snprintf(path + len, SIM_SHM_PATH_BYTES - (size_t)len, "/shm-%s", name);
	return 0;
}

bool sim_shm_file_lock(int fd, bool wait)
{
	struct timespec ms = {.tv_nsec = 1000000};

	for (unsigned int i = 0; i < (wait ? LOCK_TRIES : 1); i++) {
		if (i)
			nanosleep(&ms, NULL);
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return true;
	}
	return false;
}

void sim_shm_file_unlock(int fd)
{
	flock(fd, LOCK_UN);
}

static int check_owner(int fd, const char *path, struct vfnet_err *err)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return vfnet_err_set(err, -errno, "shm: fstat of %s: %s", path, strerror(errno));
	if (!S_ISREG(stat.st_mode))
		return vfnet_err_set(err, -EINVAL, "shm: %s is no file; take another name", path);
	if (stat.st_uid != geteuid())
		return vfnet_err_set(err, -EPERM,
				     "shm: %s belongs to user %u, a hub is for one user, here %u; "
				     "take another name",
				     path, (unsigned int)stat.st_uid, (unsigned int)geteuid());
	if (stat.st_mode & 077)
		return vfnet_err_set(err, -EPERM,
				     "shm: %s has mode %04o, so others may read or write it; make "
				     "it 0600 or remove it",
				     path, (unsigned int)stat.st_mode & 07777u);
	return 0;
}

static bool is_still(int fd, const char *path)
{
	struct stat here;
	struct stat there;

	return !fstat(fd, &here) && !lstat(path, &there) && here.st_ino == there.st_ino &&
	       here.st_dev == there.st_dev;
}

int sim_shm_file_open(const char *path, int *out, struct vfnet_err *err)
{
	for (unsigned int i = 0; i < OPEN_TRIES; i++) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		int ret;

		if (fd < 0)
			return vfnet_err_set(err, -errno, "shm: cannot open %s: %s", path,
					     strerror(errno));
		ret = check_owner(fd, path, err);
		if (!ret && !sim_shm_file_lock(fd, true))
			ret = vfnet_err_set(err, -ETIMEDOUT,
					    "shm: another process holds the lock of %s for "
					    "seconds; end it (fuser %s names it)",
					    path, path);
		if (!ret && is_still(fd, path)) {
			*out = fd;
			return 0;
		}
		close(fd);
		if (ret)
			return ret;
	}
	return vfnet_err_set(err, -EAGAIN, "shm: %s comes and goes; try again", path);
}
