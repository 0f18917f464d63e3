/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_CAPS_H
#define VFNET_APPS_DEV_CAPS_H

/*
 * The configuration space of a function: its header and its capabilities, without those that hold
 * a serial number.
 */

#include <cjson/cJSON.h>

#include "apps/common/machine.h"

/**
 * dev_caps_json() - {"bytes": how much was readable, "header": hex, "capabilities": [...]}
 * @address: of a function that exists
 *
 * Who is not root reads the first 64 bytes, which have no capabilities.
 *
 * Return: the caller's; NULL = no memory.
 */
cJSON *dev_caps_json(const struct app_machine *machine, const char *address);

#endif
