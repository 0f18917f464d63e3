/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_JSON_H
#define VFNET_APPS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include <vfnet/counters.h>

/*
 * JSON as the programs write it. Counts are exact up to 2^53. Memory that runs out while an object
 * is built is seen once, by app_json_write().
 */

/** app_json_count() - add a count. */
void app_json_count(cJSON *object, const char *key, uint64_t val);

/** app_json_text() - add a text; null if it is "". */
void app_json_text(cJSON *object, const char *key, const char *text);

/** app_json_real() - add a number with 4 digits after the point; null if it is not finite. */
void app_json_real(cJSON *object, const char *key, double val);

/** app_json_missed() - add {"no_descriptor": n, ...}, every name. */
void app_json_missed(cJSON *object, const char *key, const uint64_t missed[VFNET_MISSED_COUNT]);

/** app_json_drops() - add {"tx_full": n, ...}, every name. */
void app_json_drops(cJSON *object, const char *key, const uint64_t drops[VFNET_DROPS_COUNT]);

/** app_json_to_stdout() - whether @path means standard output, so that nothing else may go there.
 */
bool app_json_to_stdout(const char *path);

/** app_json_save() - as app_json_write(), but in silence, and @root stays the caller's. */
int app_json_save(const cJSON *root, const char *path);

/**
 * app_json_write() - write an object where an option --json says, and free it
 * @root: NULL = out of memory
 * @path: a file, or "-" for standard output
 *
 * Return: 0, or a negative errno after one line on standard error.
 */
int app_json_write(cJSON *root, const char *path);

#endif
