/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apps/common/options.h"

void app_json_count(cJSON *object, const char *key, uint64_t val)
{
	cJSON_AddNumberToObject(object, key, (double)val);
}

void app_json_text(cJSON *object, const char *key, const char *text)
{
	if (text[0])
		cJSON_AddStringToObject(object, key, text);
	else
		cJSON_AddNullToObject(object, key);
}

void app_json_real(cJSON *object, const char *key, double val)
{
	if (isfinite(val))
		cJSON_AddNumberToObject(object, key, round(val * 1e4) / 1e4);
	else
		cJSON_AddNullToObject(object, key);
}

void app_json_missed(cJSON *object, const char *key, const uint64_t missed[VFNET_MISSED_COUNT])
{
	cJSON *counts = cJSON_AddObjectToObject(object, key);

	for (unsigned int i = 0; i < VFNET_MISSED_COUNT; i++)
		app_json_count(counts, vfnet_missed_name(i), missed[i]);
}

void app_json_drops(cJSON *object, const char *key, const uint64_t drops[VFNET_DROPS_COUNT])
{
	cJSON *counts = cJSON_AddObjectToObject(object, key);

	for (unsigned int i = 0; i < VFNET_DROPS_COUNT; i++)
		app_json_count(counts, vfnet_drops_name(i), drops[i]);
}

bool app_json_to_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

static int write_text(const char *text, const char *path)
{
	FILE *out = app_json_to_stdout(path) ? stdout : fopen(path, "we");
	bool bad;

	if (!out)
		return -errno;
	errno = 0;
	bad = fputs(text, out) < 0 || fputc('\n', out) < 0 || fflush(out);
	if (out != stdout && fclose(out))
		bad = true;
	if (!bad)
		return 0;
	return errno ? -errno : -EIO;
}

int app_json_save(const cJSON *root, const char *path)
{
	char *text = root ? cJSON_Print(root) : NULL;
	int rc = text ? write_text(text, path) : -ENOMEM;

	cJSON_free(text);
	return rc;
}

int app_json_write(cJSON *root, const char *path)
{
	int rc = app_json_save(root, path);

	cJSON_Delete(root);
	if (rc)
		app_error("--json %s: cannot write: %s", path, strerror(-rc));
	return rc;
}
