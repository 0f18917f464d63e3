/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port_fork DEVICE PEER: a process with two ports forks, again and again. A child has neither the
 * ports' memory nor their registers: one that ends, or runs another program, does no harm, and one
 * that uses them dies by SIGSEGV before it could. After each the parent's frames go on.
 * Exit: 0 so it was.
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vm/guest/pair.h"

#define FRAMES 100u

static struct pair pair;

static int is_ours(const char *target)
{
	return strstr(target, "vfio") || strstr(target, "uiommu") || strstr(target, "eventfd") ||
	       strstr(target, "memfd");
}

/* Another program's view. Return: descriptors of the library that it has. */
static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		char target[PATH_MAX];
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		target[len < 0 ? 0 : len] = '\0';
		n += is_ours(target) != 0;
	}
	closedir(dir);
	return n;
}

static void child_ends(void)
{
	exit(0);
}

static void child_runs_another_program(void)
{
	execl("/proc/self/exe", "port_fork", "descriptors", (char *)NULL);
	_exit(99);
}

static void child_reads_memory(void)
{
	_exit(*(volatile uint8_t *)vfnet_get_region(pair.v)->base);
}

static void child_serves(void)
{
	vfnet_port_service(pair.end[0].port, pair_now_ns());
	_exit(0);
}

static void child_sends(void)
{
	pair_exchange(&pair, 0, 1);
	_exit(0);
}

static void child_closes(void)
{
	pair_close(&pair);
	_exit(0);
}

static const struct {
	const char *what;
	void (*run)(void);
	int signal; /* 0 = exits with 0 */
} children[] = {
    {"ends", child_ends, 0},
    {"runs another program", child_runs_another_program, 0},
    {"reads memory", child_reads_memory, SIGSEGV},
    {"serves a port", child_serves, SIGSEGV},
    {"sends", child_sends, SIGSEGV},
    {"closes", child_closes, SIGSEGV},
};

static bool parent_goes_on(void)
{
	unsigned int good = pair_exchange(&pair, 0, FRAMES) + pair_exchange(&pair, 1, FRAMES);
	struct vfnet_counters counters;
	uint64_t resets = 0;

	for (unsigned int i = 0; i < 2; i++) {
		vfnet_port_service(pair.end[i].port, pair_now_ns());
		vfnet_port_get_counters(pair.end[i].port, &counters);
		resets += counters.resets + counters.vf_resets;
	}
	return good == 2 * FRAMES && !resets;
}

static bool check(size_t i)
{
	int status = 0;
	bool fine;
	pid_t pid = fork();

	if (pid == 0) {
		children[i].run();
		_exit(98);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	fine = children[i].signal ? WIFSIGNALED(status) && WTERMSIG(status) == children[i].signal
				  : WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (!fine)
		printf("a child that %s: status %#x\n", children[i].what, (unsigned int)status);
	if (parent_goes_on())
		return fine;
	printf("a child that %s: the parent's frames do not go on\n", children[i].what);
	return false;
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = {0, 0};
	bool fine;

	if (argc == 2 && !strcmp(argv[1], "descriptors"))
		return count_descriptors();
	if (argc != 3)
		return 2;
	setrlimit(RLIMIT_CORE, &no_core);
	fine = pair_open(&pair, &argv[1]) && vfnet_port_fd(pair.end[0].port, NULL) >= 0 &&
	       vfnet_rxq_fd(pair.end[1].rxq, NULL) >= 0;
	if (fine)
		for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++)
			fine &= check(i);
	fine &= pair_close(&pair);
	printf("%zu children, %s\n", sizeof(children) / sizeof(children[0]),
	       fine ? "and the parent's frames went on after each" : "not all is well");
	return !fine;
}
