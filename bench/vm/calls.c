/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "bench/vm/calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apps/common/json.h"
#include "apps/common/table.h"

#define TRACING "/sys/kernel/tracing/"
#define IOVA	(UINT64_C(8) << 30)

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		door_fail("write %s (is tracefs mounted?)", path);
	close(fd);
}

/* What one CPU's trace buffer holds, with what no longer fitted; -1: there is no such CPU. */
static long events_of_cpu(unsigned int cpu)
{
	long entries = 0, overrun = 0, value;
	char path[96], line[128];
	FILE *file;

	snprintf(path, sizeof(path), TRACING "per_cpu/cpu%u/stats", cpu);
	file = fopen(path, "re");
	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "entries: %ld", &value) == 1)
			entries = value;
		if (sscanf(line, "overrun: %ld", &value) == 1)
			overrun = value;
	}
	fclose(file);
	return entries + overrun;
}

static uint64_t events(void)
{
	uint64_t sum = 0;
	unsigned int cpu;
	long n;

	for (cpu = 0; (n = events_of_cpu(cpu)) >= 0; cpu++)
		sum += (uint64_t)n;
	return sum;
}

static uint64_t calls_of(const struct door *door,
			 void (*act)(const struct door *, void *, uint64_t, size_t),
			 const char *event, void *memory, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), TRACING "events/iommu/%s/enable", event);
	write_file(TRACING "trace", "\n");
	write_file(path, "1");
	act(door, memory, IOVA, size);
	write_file(path, "0");
	return events();
}

void calls_count(cJSON *out, const struct door doors[DOORS], void *memory, size_t size,
		 const char *what)
{
	cJSON *entry = cJSON_AddObjectToObject(out, what);
	unsigned int d;

	for (d = 0; d < DOORS; d++) {
		const struct door *door = &doors[d];
		cJSON *side = cJSON_AddObjectToObject(entry, door->name);

		app_json_count(side, "map", calls_of(door, door->map, "map", memory, size));
		app_json_count(side, "unmap", calls_of(door, door->unmap, "unmap", memory, size));
	}
}

static void number(char *text, size_t size, const cJSON *object, const char *key)
{
	snprintf(text, size, "%.0f", cJSON_GetNumberValue(cJSON_GetObjectItem(object, key)));
}

void calls_print(const cJSON *calls)
{
	static const char *const header[] = {"IOMMU calls", "kmod map", "unmap", "vfio-pci map",
					     "unmap"};
	struct app_table table = {0};
	const cJSON *entry, *side;

	app_table_row(&table, 5, header);
	cJSON_ArrayForEach(entry, calls)
	{
		const char *row[1 + 2 * DOORS] = {entry->string};
		char text[2 * DOORS][24];
		unsigned int n = 0;

		cJSON_ArrayForEach(side, entry)
		{
			number(text[n], sizeof(text[n]), side, "map");
			row[n + 1] = text[n];
			n++;
			number(text[n], sizeof(text[n]), side, "unmap");
			row[n + 1] = text[n];
			n++;
		}
		app_table_row(&table, 1 + n, row);
	}
	printf("\n");
	app_table_print(&table, stdout);
}
