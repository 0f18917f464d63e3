/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/vfnet-dev/window.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/chip/82576_regs.h"
#include "lib/dev/dev.h"

/* Return: 0; -EPERM; -EBUSY the kernel keeps it for others */
static int map_resource(const struct app_machine *machine, const struct app_function *fn,
			struct dev_window *out, struct vfnet_err *err)
{
	char path[APP_PATH_BYTES];
	void *map;
	int fd;

	app_function_file(machine, fn->address, "/resource0", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return vfnet_err_set(err, errno == EACCES ? -EPERM : -errno,
				     "%s: cannot open %s: %s%s", fn->address, path, strerror(errno),
				     errno == EACCES ? ": run vfnet-dev as root" : "");
	map = mmap(NULL, IGBVF_BAR_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED && errno == EINVAL)
		return -EBUSY;
	if (map == MAP_FAILED)
		return vfnet_err_set(err, errno == EACCES ? -EPERM : -errno,
				     "%s: cannot map %s: %s (a kernel in lockdown, as with Secure "
				     "Boot, does not allow it)",
				     fn->address, path, strerror(errno));
	out->map = map;
	out->how = "mapped from sysfs";
	return 0;
}

static int find_function(const struct app_machine *machine, const char *name,
			 struct app_function *fn, struct vfnet_err *err)
{
	int rc = app_function_read(machine, name, fn);

	if (rc == -EINVAL)
		return vfnet_err_set(err, rc,
				     "%s: must be a PCI address, such as 0000:01:10.0, or "
				     "sim:CARD.VF",
				     name);
	if (rc)
		return vfnet_err_set(err, rc,
				     "there is no PCI function %s: vfnet-dev status lists the "
				     "82576's",
				     name);
	if (fn->kind == APP_VF)
		return 0;
	return vfnet_err_set(err, -ENODEV,
			     "%s is %04x:%04x: only the registers of 82576 virtual functions "
			     "(8086:10ca) are known",
			     fn->address, fn->vendor, fn->device);
}

int dev_window_open(const struct app_machine *machine, const char *name, struct dev_window *out,
		    struct vfnet_err *err)
{
	struct dev_window window = {.fd = -1};
	struct app_function fn;
	int rc;

	if (!strncmp(name, "sim:", 4)) {
		rc = dev_window_sim_open(name, &window, err);
	} else {
		rc = find_function(machine, name, &fn, err);
		if (rc)
			return rc;
		snprintf(window.name, sizeof(window.name), "%s", fn.address);
		rc = map_resource(machine, &fn, &window, err);
		if (rc == -EBUSY)
			rc = dev_window_held_open(machine, &fn, &window, err);
	}
	if (!rc)
		*out = window;
	return rc;
}

uint32_t dev_window_read(struct dev_window *window, uint32_t offset)
{
	uint32_t val;

	if (window->map)
		return window->map[offset / sizeof(val)];
	if (window->dev)
		return vfnet_dev_read32(window->dev, offset);
	if (pread(window->fd, &val, sizeof(val), (off_t)(window->offset + offset)) != sizeof(val))
		return IGBVF_GONE;
	return val;
}

void dev_window_close(struct dev_window *window)
{
	if (window->map)
		munmap((void *)(uintptr_t)window->map, IGBVF_BAR_BYTES);
	if (window->fd >= 0)
		close(window->fd);
	dev_window_sim_close(window);
}
