/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/vfnet-dev/regs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/json.h"
#include "apps/common/options.h"
#include "lib/chip/82576_regs.h"

#define FILE_BYTES_MAX (1u << 20)

void dev_regs_read(struct dev_window *window, bool all, struct dev_regs *regs)
{
	const struct igbvf_reg *reg;

	regs->n = 0;
	for (size_t i = 0; (reg = igbvf_reg_at(i)); i++) {
		if (reg->access == IGBVF_WO || (reg->access == IGBVF_RC && !all))
			continue;
		for (uint32_t k = 0; k < reg->n && regs->n < DEV_REGS_MAX; k++) {
			uint32_t offset = reg->offset + k * reg->stride;

			regs->offset[regs->n] = offset;
			regs->val[regs->n++] = dev_window_read(window, offset);
		}
	}
}

bool dev_regs_gone(const struct dev_regs *regs)
{
	for (size_t i = 0; i < regs->n; i++)
		if (regs->val[i] != IGBVF_GONE)
			return false;
	return true;
}

cJSON *dev_regs_json(const char *name, const struct dev_regs *regs)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list;

	cJSON_AddStringToObject(root, "device", name);
	list = cJSON_AddArrayToObject(root, "registers");
	for (size_t i = 0; i < regs->n; i++) {
		char text[IGBVF_REG_TEXT_BYTES];
		cJSON *object = cJSON_CreateObject();

		cJSON_AddItemToArray(list, object);
		app_json_count(object, "offset", regs->offset[i]);
		app_json_count(object, "value", regs->val[i]);
		cJSON_AddStringToObject(
		    object, "text",
		    igbvf_reg_decode(regs->offset[i], regs->val[i], text, sizeof(text)));
	}
	return root;
}

/* the caller frees it; NULL and errno on failure */
static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FILE_BYTES_MAX) : NULL;
	size_t len;

	if (text) {
		len = fread(text, 1, FILE_BYTES_MAX - 1, file);
		text[len] = '\0';
	}
	if (file)
		fclose(file);
	return text;
}

static bool take_word(const cJSON *object, const char *key, uint32_t *val)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > UINT32_MAX)
		return false;
	*val = (uint32_t)item->valuedouble;
	return true;
}

static bool take_registers(const cJSON *root, struct dev_regs *regs)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "registers");
	const cJSON *object;

	regs->n = 0;
	cJSON_ArrayForEach(object, list)
	{
		if (regs->n == DEV_REGS_MAX ||
		    !take_word(object, "offset", &regs->offset[regs->n]) ||
		    !take_word(object, "value", &regs->val[regs->n]))
			return false;
		regs->n++;
	}
	return regs->n > 0;
}

int dev_regs_load(const char *path, struct dev_regs *regs)
{
	char *text = read_file(path);
	int code = text ? 0 : -errno;
	cJSON *root;

	if (!text) {
		app_error("cannot read %s: %s", path, strerror(-code));
		return code;
	}
	root = cJSON_Parse(text);
	free(text);
	if (!take_registers(root, regs)) {
		app_error("%s: is not what vfnet-dev regs --json writes", path);
		code = -EINVAL;
	}
	cJSON_Delete(root);
	return code;
}
