/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "apps/common/user.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool may_open(const char *path)
{
	return !faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS);
}

static uint64_t to_kib(rlim_t limit)
{
	return limit == RLIM_INFINITY ? APP_UNLIMITED_KIB : (uint64_t)limit >> 10;
}

/* Root of a container's user namespace is bound by modes and limits as anybody else. */
static bool is_root(void)
{
	char map[64];
	unsigned int inside, outside, n;

	return !geteuid() && !app_read_text("/proc/self/uid_map", map, sizeof(map)) &&
	       sscanf(map, "%u %u %u", &inside, &outside, &n) == 3 && !inside && !outside &&
	       n == UINT32_MAX;
}

/* sudo and su look for programs in these places and few others */
static void read_program(char *program)
{
	static const char *const usual[] = {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/",
					    "/usr/bin/"};
	ssize_t len = readlink("/proc/self/exe", program, APP_PATH_BYTES - 1);
	char *name;

	program[len < 0 ? 0 : len] = '\0';
	name = strrchr(program, '/');
	if (!name) {
		strcpy(program, program_invocation_short_name);
		return;
	}
	name++;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (strlen(usual[i]) == (size_t)(name - program) &&
		    !strncmp(program, usual[i], strlen(usual[i]))) {
			memmove(program, name, strlen(name) + 1);
			return;
		}
	}
}

void app_user_read(struct app_user *user)
{
	const struct passwd *entry = getpwuid(geteuid());
	struct rlimit limit = {0};

	*user = (struct app_user){.root = is_root(), .shell = getppid(), .may_open = may_open};
	if (entry && strlen(entry->pw_name) < sizeof(user->name))
		strcpy(user->name, entry->pw_name);
	else
		snprintf(user->name, sizeof(user->name), "%u", (unsigned int)geteuid());
	getrlimit(RLIMIT_MEMLOCK, &limit);
	user->memlock_kib = to_kib(limit.rlim_cur);
	user->memlock_max_kib = to_kib(limit.rlim_max);
	read_program(user->program);
}
