/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfnet-dev status: the machine's 82576 functions.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/functions.h"
#include "apps/common/json.h"
#include "apps/common/table.h"
#include "apps/vfnet-dev/dev.h"

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

static void add_row(struct app_table *table, const struct app_function *fn)
{
	char group[16] = "-";
	char node[16] = "-";
	const char *cells[] = {
	    fn->address,	fn->kind == APP_PF ? "PF" : "VF", or_dash(fn->driver), group, node,
	    or_dash(fn->netdev)};

	if (fn->group >= 0)
		snprintf(group, sizeof(group), "%d", fn->group);
	if (fn->numa_node >= 0)
		snprintf(node, sizeof(node), "%d", fn->numa_node);
	app_table_row(table, sizeof(cells) / sizeof(cells[0]), cells);
}

static int tell_json(const struct app_function *list, size_t n, const char *path)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *functions = cJSON_AddArrayToObject(root, "functions");
	int rc;

	for (size_t i = 0; i < n; i++) {
		cJSON *object = cJSON_CreateObject();

		cJSON_AddItemToArray(functions, object);
		cJSON_AddStringToObject(object, "address", list[i].address);
		cJSON_AddStringToObject(object, "driver", list[i].driver);
	}
	rc = app_json_write(root, path);
	cJSON_Delete(root);
	return rc ? APP_EXIT_FAILED : APP_EXIT_OK;
}

int dev_status(const struct dev_options *opts)
{
	static const char *const head[] = {"function", "kind", "driver", "group", "node", "netdev"};
	struct app_table table = {0};
	struct app_function *list;
	size_t n;
	int rc = app_functions_read(opts->machine, &list, &n);

	if (rc) {
		app_error("cannot read %s/bus/pci: %s", opts->machine->sysfs, strerror(-rc));
		return APP_EXIT_FAILED;
	}
	if (!app_json_to_stdout(opts->json)) {
		app_table_row(&table, 6, head);
		for (size_t i = 0; i < n; i++)
			add_row(&table, &list[i]);
		app_table_print(&table, stdout);
	}
	rc = opts->json ? tell_json(list, n, opts->json) : APP_EXIT_OK;
	free(list);
	return rc;
}
