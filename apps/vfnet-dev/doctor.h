/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_DOCTOR_H
#define VFNET_APPS_DEV_DOCTOR_H

#include <cjson/cJSON.h>

#include "apps/common/checks.h"

/**
 * dev_doctor_json() - findings as docs/vfnet-dev.schema.json has them
 *
 * Return: an object, the caller's; NULL or without members = out of memory.
 */
cJSON *dev_doctor_json(const struct app_finding *findings, size_t n);

#endif
