/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_DEV_RESULTS_H
#define VFNET_APPS_DEV_RESULTS_H

/*
 * What tests/port/run has kept of its runs: text of another user, which may be anything.
 */

#include <cjson/cJSON.h>

/** DEV_RESULTS_MAX - most runs that are taken from a folder. */
#define DEV_RESULTS_MAX 100

/** DEV_RESULTS_BYTES - most bytes of a run. */
#define DEV_RESULTS_BYTES (1 << 20)

/**
 * dev_results_load() - read runs
 * @path: a file, or a folder: all its files *.txt, by name
 * @runs: an array; each run that was read is added, as docs/vfnet-dev.schema.json has it
 *
 * What is not printable ASCII becomes '?'.
 *
 * Return: 0; a negative errno after one line on standard error: -ENOENT a folder without results,
 * -E2BIG too many or too long, -EINVAL not as tests/port/run writes it, or cut off, -ENOMEM.
 */
int dev_results_load(const char *path, cJSON *runs);

#endif
