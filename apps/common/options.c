/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "apps/common/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/clock.h"

static const char *const level_names[] = {"err", "warn", "info", "debug", NULL};

void app_error(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

int app_bad_option(const char *option, const char *value, const char *legal, ...)
{
	va_list args;

	fprintf(stderr, "%s: %s %s: must be ", program_invocation_short_name, option, value);
	va_start(args, legal);
	vfprintf(stderr, legal, args);
	va_end(args);
	fputc('\n', stderr);
	return -EINVAL;
}

/* strtoull() would take blanks and a sign */
static bool read_digits(const char *text, uint64_t *out, const char **rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	*rest = end;
	return !errno;
}

int app_parse_count(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *rest;
	uint64_t val;

	if (!read_digits(text, &val, &rest) || *rest || val < min || val > max)
		return app_bad_option(option, text, "a whole number from %" PRIu64 " to %" PRIu64,
				      min, max);
	*out = val;
	return 0;
}

/* "64K"; Return: false also when it does not fit 64 bits */
static bool read_bytes(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	unsigned int shift = 0;
	const char *rest, *unit;

	if (!read_digits(text, out, &rest))
		return false;
	if (*rest) {
		unit = strchr(units, *rest & ~0x20);
		if (!unit || rest[1])
			return false;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (*out > UINT64_MAX >> shift)
		return false;
	*out <<= shift;
	return true;
}

static const char *show_bytes(uint64_t bytes, char *text, size_t room)
{
	static const char units[] = " KMGT";
	unsigned int i = 0;

	while (i < 4 && bytes && !(bytes & 1023)) {
		bytes >>= 10;
		i++;
	}
	snprintf(text, room, "%" PRIu64 "%.*s", bytes, i ? 1 : 0, units + i);
	return text;
}

int app_parse_bytes(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char least[32], most[32];
	uint64_t val;

	if (!read_bytes(text, &val) || val < min || val > max)
		return app_bad_option(
		    option, text, "a size from %s to %s, in bytes or with K, M, G or T",
		    show_bytes(min, least, sizeof(least)), show_bytes(max, most, sizeof(most)));
	*out = val;
	return 0;
}

int app_parse_seconds(const char *option, const char *text, uint64_t *out_ns)
{
	const double most = 1e9; /* 32 years, and far from the end of 64 bits of nanoseconds */
	double val;
	char *end;

	val = strtod(text, &end);
	if (end == text || *end || !isfinite(val) || val <= 0 || val > most)
		return app_bad_option(option, text,
				      "seconds above 0, such as 5 or 0.25, at most %.0f", most);
	*out_ns = (uint64_t)(val * (double)APP_NS_PER_S);
	return 0;
}

int app_parse_choice(const char *option, const char *text, const char *const *names)
{
	char list[128] = "";

	for (int i = 0; names[i]; i++) {
		if (!strcmp(text, names[i]))
			return i;
		if (i)
			strncat(list, names[i + 1] ? ", " : " or ",
				sizeof(list) - strlen(list) - 1);
		strncat(list, names[i], sizeof(list) - strlen(list) - 1);
	}
	return app_bad_option(option, text, "%s", list);
}

int app_parse_indexed(const char *option, const char *text, unsigned int max, unsigned int *index,
		      const char **rest)
{
	const char *after;
	uint64_t val;

	if (!read_digits(text, &val, &after) || *after != '=' || !after[1] || val > max)
		return app_bad_option(option, text, "N=..., with N from 0 to %u", max);
	*index = (unsigned int)val;
	*rest = after + 1;
	return 0;
}

int app_parse_log_level(const char *option, const char *text, enum vfnet_log_level *level)
{
	int i = app_parse_choice(option, text, level_names);

	if (i < 0)
		return i;
	*level = (enum vfnet_log_level)i;
	return 0;
}

void app_log(void *user, enum vfnet_log_level level, const char *tag, const char *text)
{
	(void)user;
	fprintf(stderr, "%s: %s: %s\n", level_names[level], tag, text);
}
