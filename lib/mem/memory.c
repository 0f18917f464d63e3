/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory is left. Asked before memory is allocated, because the kernel answers a shortage
 * of ordinary pages by killing a process: of the machine, or of a container with a limit.
 */
#include "lib/mem/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* the number behind @name in a file of lines "NAME NUMBER ..."; @none if there is none */
static uint64_t read_field(const char *path, const char *name, uint64_t none)
{
	char line[512];
	size_t n = strlen(name);
	uint64_t val;
	FILE *file = fopen(path, "re");

	if (!file)
		return none;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, n) && sscanf(line + n, "%" SCNu64, &val) == 1) {
			none = val;
			break;
		}
	fclose(file);
	return none;
}

/* what the limit of one control group leaves; page cache that it can drop is not in use */
static uint64_t left_in_group(const char *root, const char *group)
{
	char dir[1024], path[1280];
	uint64_t most, used, cache;

	snprintf(dir, sizeof(dir), "%s/sys/fs/cgroup%s", root, group);
	snprintf(path, sizeof(path), "%s/memory.max", dir); /* a number or "max" */
	most = read_field(path, "", UINT64_MAX);
	if (most == UINT64_MAX)
		return UINT64_MAX;
	snprintf(path, sizeof(path), "%s/memory.current", dir);
	used = read_field(path, "", 0);
	snprintf(path, sizeof(path), "%s/memory.stat", dir);
	cache = read_field(path, "inactive_file ", 0);
	used -= cache < used ? cache : used;
	return most > used ? most - used : 0;
}

/* path of our control group of version 2 ("0::/a/b"), without a slash at the end */
static void find_group(const char *root, char *group, size_t bytes)
{
	char path[512], line[512];
	FILE *file;

	group[0] = '\0';
	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "0::/", 4)) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(group, bytes, "%s", strcmp(line, "0::/") ? line + 3 : "");
			break;
		}
	fclose(file);
}

uint64_t vfnet_mem_available(const char *root)
{
	char path[512], group[512];
	uint64_t kib, least = UINT64_MAX;
	char *slash;

	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	kib = read_field(path, "MemAvailable:", UINT64_MAX);
	if (kib != UINT64_MAX)
		least = kib << 10;
	find_group(root, group, sizeof(group));
	do {
		uint64_t left = left_in_group(root, group);

		least = left < least ? left : least;
		slash = strrchr(group, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return least;
}
