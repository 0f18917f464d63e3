/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_MACHINE_H
#define VFNET_APPS_MACHINE_H

/*
 * The machine as its files tell: sysfs, proc, device files. Whoever looks takes the roots as an
 * argument, so that a test can play a machine in a temporary folder.
 */

#include <stdbool.h>
#include <stddef.h>

/** APP_PATH_BYTES - room for a path below one of the roots. */
#define APP_PATH_BYTES 512

/**
 * struct app_machine - where to look
 * @sysfs: "/sys"
 * @proc:  "/proc"
 * @dev:   "/dev"
 * @run:   "/run": what is remembered until the next boot
 * @write: write a text to a file that exists, in one write(), as sysfs wants it; a test answers as
 *         the kernel would. Return: 0; a negative errno
 * @open:  open a device file for reading and writing. Return: a descriptor for close(2); a negative
 *         errno
 */
struct app_machine {
	const char *sysfs;
	const char *proc;
	const char *dev;
	const char *run;
	int (*write)(const struct app_machine *machine, const char *path, const char *text);
	int (*open)(const struct app_machine *machine, const char *path);
};

/** app_this_machine - the real one. */
extern const struct app_machine app_this_machine;

/**
 * app_path() - make a path
 * @path: APP_PATH_BYTES; cut if it is longer, which no file of sysfs reaches
 *
 * Return: @path.
 */
__attribute__((format(printf, 2, 3))) const char *app_path(char *path, const char *fmt, ...);

/** app_exists() - whether there is such a file or folder. */
bool app_exists(const char *path);

/**
 * app_read_text() - the first line of a file, without its line feed
 * @path:  absolute
 * @text:  @bytes bytes; "" on failure; cut if the line is longer
 *
 * Return: 0; a negative errno.
 */
int app_read_text(const char *path, char *text, size_t bytes);

/** app_read_number() - a file of one number, decimal or 0x... Return: 0; -EIO; an errno. */
int app_read_number(const char *path, long *val);

/**
 * app_read_link() - the last part of a link's target, which is how sysfs names drivers and groups
 * @text: @bytes bytes; "" on failure
 *
 * Return: 0; -ENAMETOOLONG; a negative errno.
 */
int app_read_link(const char *path, char *text, size_t bytes);

/** app_count_entries() - how many entries a folder has; 0 = there is none. */
unsigned int app_count_entries(const char *folder);

/**
 * app_first_entry() - the first entry of a folder, in order, that begins with @prefix
 * @name: @bytes bytes; "" = there is none
 */
void app_first_entry(const char *folder, const char *prefix, char *name, size_t bytes);

#endif
