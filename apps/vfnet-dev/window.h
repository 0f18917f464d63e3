/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_WINDOW_H
#define VFNET_APPS_DEV_WINDOW_H

/*
 * A way to read the registers of a function, BAR 0, that changes nothing and resets nothing.
 *
 *   window.c        chooses; sysfs's resource0, which the kernel keeps closed while a driver or a
 *                   program has the registers (CONFIG_IO_STRICT_DEVMEM)
 *   window_held.c   then a copy of the descriptor of the program that has them
 *   window_sim.c    a function of a software card, fresh from its reset
 */

#include <vfnet/err.h>

#include "apps/common/functions.h"

struct vfnet;
struct vfnet_dev;
struct vfnet_sim;

/**
 * struct dev_window - opened by dev_window_open()
 * @name: the function's
 * @how:  how it is read, for people
 * @map:  where it is mapped; NULL = by @fd
 * @fd, @offset: pread() it there; -1 = by @dev
 * @dev:  a software card's function, with what holds it
 */
struct dev_window {
	char name[APP_ADDRESS_BYTES + 4];
	const char *how;
	const volatile uint32_t *map;
	int fd;
	uint64_t offset;
	struct vfnet *v;
	struct vfnet_sim *sim;
	struct vfnet_dev *dev;
};

/**
 * dev_window_open() - find a way to a function's registers
 * @name: an address, or "sim:CARD.VF"
 * @out:  for dev_window_close()
 * @err:  a sentence that says what it needs
 *
 * Return: 0; -EINVAL @name is neither; -ENODEV no such function, or no 82576 VF; -EPERM not root;
 * -EBUSY a driver or a program keeps them; another errno.
 */
int dev_window_open(const struct app_machine *machine, const char *name, struct dev_window *out,
		    struct vfnet_err *err);

/** dev_window_read() - a register; all ones when it cannot be read. */
uint32_t dev_window_read(struct dev_window *window, uint32_t offset);

/** dev_window_close() - undo dev_window_open(). */
void dev_window_close(struct dev_window *window);

/* ---- ways of their own, for dev_window_open() ---- */

/** dev_window_held_open() - through the program that has @fn open. Return: as above. */
int dev_window_held_open(const struct app_machine *machine, const struct app_function *fn,
			 struct dev_window *out, struct vfnet_err *err);

/** dev_window_sim_open() - a software card's function. Return: as above. */
int dev_window_sim_open(const char *name, struct dev_window *out, struct vfnet_err *err);
void dev_window_sim_close(struct dev_window *window);

#endif
