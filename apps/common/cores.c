/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "apps/common/cores.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "apps/common/options.h"

/* "A" or "A-B" at @text; Return: where it ends, NULL if it is neither */
static const char *read_range(const char *text, unsigned long *first, unsigned long *last)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	*first = strtoul(text, &end, 10);
	*last = *first;
	if (*end != '-')
		return end;
	text = end + 1;
	if (*text < '0' || *text > '9')
		return NULL;
	*last = strtoul(text, &end, 10);
	return *last >= *first ? end : NULL;
}

static int bad_list(const char *option, const char *text)
{
	return app_bad_option(
	    option, text, "a list of cores such as 2 or 2,4-6, at most %d of them", APP_CORES_MAX);
}

static int add_range(const char *option, const char *text, unsigned long first, unsigned long last,
		     struct app_cores *cores)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return app_bad_option(option, text, "cores, and sched_getaffinity() fails");
	for (unsigned long core = first; core <= last; core++) {
		if (core >= CPU_SETSIZE || !CPU_ISSET(core, &allowed))
			return app_bad_option(option, text,
					      "cores that this process may use; core %lu is none "
					      "of them (taskset -p shows them)",
					      core);
		if (cores->n == APP_CORES_MAX)
			return bad_list(option, text);
		cores->core[cores->n++] = (unsigned int)core;
	}
	return 0;
}

int app_cores_parse(const char *option, const char *text, struct app_cores *cores)
{
	struct app_cores found = {0};
	const char *at = text;

	for (;;) {
		unsigned long first, last;
		int rc;

		at = read_range(at, &first, &last);
		if (!at || (*at && *at != ','))
			return bad_list(option, text);
		rc = add_range(option, text, first, last, &found);
		if (rc)
			return rc;
		if (!*at)
			break;
		at++;
	}
	*cores = found;
	return 0;
}

int app_cores_pin(const struct app_cores *cores, unsigned int n)
{
	cpu_set_t set;

	if (!n)
		return 0;
	CPU_ZERO(&set);
	for (unsigned int i = 0; i < n; i++)
		CPU_SET(cores->core[i], &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}
