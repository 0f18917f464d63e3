/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_REGS_H
#define VFNET_APPS_DEV_REGS_H

/*
 * The registers of a virtual function, as read at one time.
 */

#include <cjson/cJSON.h>

#include "apps/vfnet-dev/window.h"

/** DEV_REGS_MAX - more than the table of lib/chip has, with all instances. */
#define DEV_REGS_MAX 128

/**
 * struct dev_regs - what was read
 * @n:      how many
 * @offset: where each is
 * @val:    what it said
 */
struct dev_regs {
	size_t n;
	uint32_t offset[DEV_REGS_MAX];
	uint32_t val[DEV_REGS_MAX];
};

/**
 * dev_regs_read() - read every register that may be read
 * @all: also those that a read changes
 */
void dev_regs_read(struct dev_window *window, bool all, struct dev_regs *regs);

/** dev_regs_gone() - whether all of them read all ones: the function is gone, or asleep. */
bool dev_regs_gone(const struct dev_regs *regs);

/** dev_regs_json() - {"device": ..., "registers": [...]}. Return: the caller's; NULL = no memory.
 */
cJSON *dev_regs_json(const char *name, const struct dev_regs *regs);

/**
 * dev_regs_load() - read what dev_regs_json() became in a file
 *
 * Return: 0; a negative errno after one line on standard error.
 */
int dev_regs_load(const char *path, struct dev_regs *regs);

#endif
