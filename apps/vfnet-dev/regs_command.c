/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-dev regs: the registers of a virtual function, with their fields, and what changed.
 */
#include <errno.h>
#include <stdio.h>

#include "apps/common/json.h"
#include "apps/vfnet-dev/dev.h"
#include "apps/vfnet-dev/regs.h"
#include "lib/base/bits.h"
#include "lib/chip/82576_regs.h"

static void print_all(const struct dev_window *window, const struct dev_regs *regs)
{
	char text[IGBVF_REG_TEXT_BYTES];

	printf("%s, %s\n", window->name, window->how);
	for (size_t i = 0; i < regs->n; i++)
		puts(igbvf_reg_decode(regs->offset[i], regs->val[i], text, sizeof(text)));
}

static const uint32_t *find(const struct dev_regs *regs, uint32_t offset)
{
	for (size_t i = 0; i < regs->n; i++)
		if (regs->offset[i] == offset)
			return &regs->val[i];
	return NULL;
}

/* what only one of the two has was left out of the other, and tells nothing */
static void print_changed(const char *name, const struct dev_regs *was, const struct dev_regs *is)
{
	char text[IGBVF_REG_TEXT_BYTES];
	unsigned int n = 0;

	for (size_t i = 0; i < is->n; i++) {
		const uint32_t *old = find(was, is->offset[i]);

		if (!old || *old == is->val[i])
			continue;
		puts(igbvf_reg_diff(is->offset[i], *old, is->val[i], text, sizeof(text)));
		n++;
	}
	printf("%s: %u registers changed\n", name, n);
}

static int tell(const struct dev_options *opts, const struct dev_window *window,
		const struct dev_regs *regs, const struct dev_regs *was)
{
	if (!app_json_to_stdout(opts->json)) {
		if (opts->diff)
			print_changed(window->name, was, regs);
		else
			print_all(window, regs);
	}
	if (opts->json && app_json_write(dev_regs_json(window->name, regs), opts->json))
		return APP_EXIT_FAILED;
	return APP_EXIT_OK;
}

int dev_regs(const struct dev_options *opts)
{
	struct dev_regs was, regs;
	struct dev_window window;
	struct vfnet_err err;
	int code;

	if (opts->diff && dev_regs_load(opts->diff, &was))
		return APP_EXIT_FAILED;
	if (dev_window_open(opts->machine, opts->args[0], &window, &err)) {
		app_error("%s", err.text);
		return err.code == -EINVAL ? APP_EXIT_USAGE : APP_EXIT_FAILED;
	}
	dev_regs_read(&window, opts->all, &regs);
	if (dev_regs_gone(&regs)) {
		app_error("%s: all registers read all ones: the function is gone, or asleep, or "
			  "its physical function is off",
			  window.name);
		code = APP_EXIT_FAILED;
	} else {
		code = tell(opts, &window, &regs, &was);
	}
	dev_window_close(&window);
	return code;
}
