/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_DRIVER_H
#define VFNET_APPS_DEV_DRIVER_H

/*
 * One function goes from one driver to another. Each call prints one line on standard error when
 * it fails, with what to do.
 */

#include "apps/common/functions.h"

/**
 * dev_driver_carries_traffic() - refuse a function that the machine itself may depend on
 *
 * Return: whether it was refused: a physical function, or an interface that is up, has an address
 * or cannot be seen from this network name space; also what is no 82576.
 */
bool dev_driver_carries_traffic(const struct app_function *fn);

/**
 * dev_driver_in_use() - refuse a function that a program has open
 *
 * Taking it away would wait for that program. Programs of others are seen by root only.
 */
bool dev_driver_in_use(const struct app_machine *machine, const struct app_function *fn);

/**
 * dev_driver_switch() - bind a function to another driver
 * @fn:       as it is now
 * @driver:   "" = none
 * @override: what driver_override is afterwards; "" = nothing
 *
 * Return: 0; a negative errno: the function is then with whatever driver took it. -EIO the driver
 * did not.
 */
int dev_driver_switch(const struct app_machine *machine, const struct app_function *fn,
		      const char *driver, const char *override);

/**
 * dev_driver_remember() - note what a function was bound to, in <run>/vfnet, for unbind
 *
 * What is noted already stays while the function is with a driver for programs.
 *
 * Return: 0; a negative errno.
 */
int dev_driver_remember(const struct app_machine *machine, const struct app_function *fn);

/**
 * dev_driver_recall() - what a function was bound to
 * @driver, @override: APP_DRIVER_BYTES each; "" = none
 *
 * Return: whether something was noted; if not, both are "".
 */
bool dev_driver_recall(const struct app_machine *machine, const char *address, char *driver,
		       char *override);

/** dev_driver_forget() - remove the note. */
void dev_driver_forget(const struct app_machine *machine, const char *address);

#endif
