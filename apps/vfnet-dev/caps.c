/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two lists that a device gives, and that may therefore be broken: no walk is longer than there
 * is room for capabilities, and nothing outside of what was read is looked at. A capability's
 * length is not told; it is shown to where the next one begins, 64 bytes at most.
 */
#include "apps/vfnet-dev/caps.h"

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <unistd.h>

#include "apps/common/functions.h"
#include "apps/common/json.h"

#define SHOWN_MAX 64
/* no more than these fit into the space, at 4 bytes and at 8 each */
#define CAPS_MAX ((PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) / 4)
#define EXT_MAX	 ((PCI_CFG_SPACE_EXP_SIZE - PCI_CFG_SPACE_SIZE) / 8)

/**
 * struct config - a configuration space, as far as it could be read
 * @n:     bytes
 * @data:  them
 * @n_caps: capabilities found
 * @cap:   where each begins, what it is, and whether it is of the PCI Express list
 */
struct config {
	size_t n;
	uint8_t data[PCI_CFG_SPACE_EXP_SIZE];
	size_t n_caps;
	struct cap {
		unsigned int offset;
		unsigned int id;
		bool extended;
	} cap[CAPS_MAX + EXT_MAX];
};

static uint32_t word(const struct config *config, unsigned int offset)
{
	const uint8_t *at = config->data + offset;

	if (offset + 4 > config->n)
		return 0;
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void add_cap(struct config *config, unsigned int offset, unsigned int id, bool extended)
{
	config->cap[config->n_caps++] = (struct cap){offset, id, extended};
}

static void walk(struct config *config)
{
	unsigned int at = 0;

	if (word(config, PCI_COMMAND) >> 16 & PCI_STATUS_CAP_LIST)
		at = word(config, PCI_CAPABILITY_LIST) & 0xfc;
	for (size_t i = 0; i < CAPS_MAX && at >= PCI_STD_HEADER_SIZEOF && at + 4 <= config->n;
	     i++) {
		add_cap(config, at, word(config, at) & 0xff, false);
		at = word(config, at) >> 8 & 0xfc;
	}
	at = PCI_CFG_SPACE_SIZE;
	for (size_t i = 0; i < EXT_MAX && at >= PCI_CFG_SPACE_SIZE && at + 4 <= config->n; i++) {
		if (!word(config, at) || word(config, at) == UINT32_MAX)
			break;
		add_cap(config, at, PCI_EXT_CAP_ID(word(config, at)), true);
		at = PCI_EXT_CAP_NEXT(word(config, at));
	}
}

static void add_hex(cJSON *object, const char *key, const struct config *config, size_t from,
		    size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * SHOWN_MAX + 1];
	size_t len = 0;

	for (size_t i = from; i < from + n && i < config->n && len < sizeof(text) - 1; i++) {
		text[len++] = digits[config->data[i] >> 4];
		text[len++] = digits[config->data[i] & 0xf];
	}
	text[len] = '\0';
	cJSON_AddStringToObject(object, key, text);
}

/* where the next one begins */
static size_t end_of(const struct config *config, const struct cap *cap)
{
	size_t end = cap->offset + SHOWN_MAX;

	if (!cap->extended && end > PCI_CFG_SPACE_SIZE)
		end = PCI_CFG_SPACE_SIZE;
	for (size_t i = 0; i < config->n_caps; i++)
		if (config->cap[i].offset > cap->offset && config->cap[i].offset < end)
			end = config->cap[i].offset;
	return end;
}

static bool is_private(const struct cap *cap)
{
	return cap->extended ? cap->id == PCI_EXT_CAP_ID_DSN : cap->id == PCI_CAP_ID_VPD;
}

static void read_config(const struct app_machine *machine, const char *address,
			struct config *config)
{
	char path[APP_PATH_BYTES];
	int fd = open(app_function_file(machine, address, "/config", path), O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return;
	len = pread(fd, config->data, sizeof(config->data), 0);
	config->n = len < 0 ? 0 : (size_t)len;
	close(fd);
}

cJSON *dev_caps_json(const struct app_machine *machine, const char *address)
{
	struct config *config = calloc(1, sizeof(*config));
	cJSON *root = config ? cJSON_CreateObject() : NULL;
	cJSON *list;

	if (!root) {
		free(config);
		return NULL;
	}
	read_config(machine, address, config);
	walk(config);
	app_json_count(root, "bytes", config->n);
	add_hex(root, "header", config, 0, PCI_STD_HEADER_SIZEOF);
	list = cJSON_AddArrayToObject(root, "capabilities");
	for (size_t i = 0; i < config->n_caps; i++) {
		const struct cap *cap = &config->cap[i];
		cJSON *object = cJSON_CreateObject();

		cJSON_AddItemToArray(list, object);
		cJSON_AddBoolToObject(object, "extended", cap->extended);
		app_json_count(object, "id", cap->id);
		app_json_count(object, "offset", cap->offset);
		add_hex(object, "bytes", config, cap->offset,
			is_private(cap) ? 0 : end_of(config, cap) - cap->offset);
	}
	free(config);
	return root;
}
