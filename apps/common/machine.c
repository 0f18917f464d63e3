/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_file(const struct app_machine *machine, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len;
	int code;

	(void)machine;
	if (fd < 0)
		return -errno;
	/* an empty text still has to reach sysfs: there a line feed is one */
	len = write(fd, *text ? text : "\n", *text ? strlen(text) : 1);
	code = len < 0 ? -errno : 0;
	close(fd);
	return code;
}

static int open_file(const struct app_machine *machine, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	(void)machine;
	return fd < 0 ? -errno : fd;
}

const struct app_machine app_this_machine = {
    .sysfs = "/sys",
    .proc = "/proc",
    .dev = "/dev",
    .run = "/run",
    .write = write_file,
    .open = open_file,
};

const char *app_path(char *path, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, APP_PATH_BYTES, fmt, args);
	va_end(args);
	return path;
}

bool app_exists(const char *path)
{
	return !access(path, F_OK);
}

int app_read_text(const char *path, char *text, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;
	int code;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	len = read(fd, text, bytes - 1);
	code = len < 0 ? -errno : 0;
	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return code;
}

int app_read_number(const char *path, long *val)
{
	char text[32];
	char *end;
	long num;
	int rc = app_read_text(path, text, sizeof(text));

	if (rc)
		return rc;
	errno = 0;
	num = strtol(text, &end, 0);
	if (end == text || *end || errno)
		return -EIO;
	*val = num;
	return 0;
}

int app_read_link(const char *path, char *text, size_t bytes)
{
	char target[APP_PATH_BYTES];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *last;

	text[0] = '\0';
	if (len < 0)
		return -errno;
	target[len] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= bytes)
		return -ENAMETOOLONG;
	strcpy(text, last);
	return 0;
}

unsigned int app_count_entries(const char *folder)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);
	unsigned int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

void app_first_entry(const char *folder, const char *prefix, char *name, size_t bytes)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);

	name[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) ||
		    strlen(entry->d_name) >= bytes)
			continue;
		if (!name[0] || strcmp(entry->d_name, name) < 0)
			strcpy(name, entry->d_name);
	}
	if (dir)
		closedir(dir);
}
