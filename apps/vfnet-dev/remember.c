/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a function was bound to before bind: a line "DRIVER OVERRIDE", "-" for none, in
 * <run>/vfnet/driver-ADDRESS. It is for unbind, and lasts until the next boot, as does what bind
 * did.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/common/options.h"
#include "apps/vfnet-dev/driver.h"

static const char *note_path(const struct app_machine *machine, const char *address, char *path)
{
	return app_path(path, "%s/vfnet/driver-%s", machine->run, address);
}

static int write_note(const char *path, const char *driver, const char *override)
{
	FILE *file = fopen(path, "we");
	bool bad;

	if (!file)
		return -errno;
	bad = fprintf(file, "%s %s\n", driver[0] ? driver : "-", override[0] ? override : "-") < 0;
	if (fclose(file))
		bad = true;
	if (bad)
		unlink(path);
	return bad ? -EIO : 0;
}

int dev_driver_remember(const struct app_machine *machine, const struct app_function *fn)
{
	char path[APP_PATH_BYTES];
	int rc = 0;

	if (mkdir(app_path(path, "%s/vfnet", machine->run), 0755) && errno != EEXIST)
		rc = -errno;
	note_path(machine, fn->address, path);
	if (!rc && app_driver_is_for_programs(fn->driver) && !access(path, F_OK))
		return 0;
	if (!rc)
		rc = write_note(path, fn->driver, fn->override);
	if (rc)
		app_error("%s: cannot note its driver in %s: %s%s", fn->address, path,
			  strerror(-rc), rc == -EACCES ? ": run vfnet-dev as root" : "");
	return rc;
}

bool dev_driver_recall(const struct app_machine *machine, const char *address, char *driver,
		       char *override)
{
	char path[APP_PATH_BYTES];
	char line[2 * APP_DRIVER_BYTES];

	driver[0] = '\0';
	override[0] = '\0';
	if (app_read_text(note_path(machine, address, path), line, sizeof(line)) ||
	    sscanf(line, "%31s %31s", driver, override) != 2)
		return false;
	if (!strcmp(driver, "-"))
		driver[0] = '\0';
	if (!strcmp(override, "-"))
		override[0] = '\0';
	return true;
}

void dev_driver_forget(const struct app_machine *machine, const char *address)
{
	char path[APP_PATH_BYTES];

	unlink(note_path(machine, address, path));
}
