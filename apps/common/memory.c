/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/memory.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t count(const char *folder, const char *size, const char *file)
{
	char path[APP_PATH_BYTES];
	long val;

	app_path(path, "%s/%s/%s", folder, size, file);
	return !app_read_number(path, &val) && val > 0 ? (uint64_t)val : 0;
}

/* the sizes in a folder of "hugepages-2048kB" and the like */
static size_t read_folder(const char *folder, int node, struct app_hugepages *list, size_t n)
{
	const struct dirent *entry;
	uint64_t kib;
	DIR *dir = opendir(folder);

	while (dir && n < APP_HUGEPAGES_MAX && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "hugepages-%" SCNu64 "kB", &kib) != 1)
			continue;
		list[n++] = (struct app_hugepages){
		    .node = node,
		    .bytes = kib << 10,
		    .total = count(folder, entry->d_name, "nr_hugepages"),
		    .free = count(folder, entry->d_name, "free_hugepages"),
		};
	}
	if (dir)
		closedir(dir);
	return n;
}

static int by_node(const void *one, const void *two)
{
	const struct app_hugepages *a = one, *b = two;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

size_t app_hugepages_read(const struct app_machine *machine, struct app_hugepages *list)
{
	char path[APP_PATH_BYTES];
	const struct dirent *entry;
	size_t n = 0;
	int node;
	DIR *dir = opendir(app_path(path, "%s/devices/system/node", machine->sysfs));

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "node%d", &node) != 1)
			continue;
		app_path(path, "%s/devices/system/node/node%d/hugepages", machine->sysfs, node);
		n = read_folder(path, node, list, n);
	}
	if (dir)
		closedir(dir);
	if (!n)
		n = read_folder(app_path(path, "%s/kernel/mm/hugepages", machine->sysfs), -1, list,
				0);
	qsort(list, n, sizeof(*list), by_node);
	return n;
}
