/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_OPTIONS_H
#define VFNET_APPS_OPTIONS_H

/*
 * The values of command line options. Each call prints one line to standard error when it refuses
 * a value, and leaves its out-parameter untouched:
 *
 *     vfnet-fwd: --burst 300: must be a whole number from 1 to 256
 */

#include <stdint.h>

#include <vfnet/ctx.h>

/* Exit codes of every vfnet-* program. */
enum app_exit {
	APP_EXIT_OK = 0,
	APP_EXIT_FAILED = 1, /* something failed while it ran */
	APP_EXIT_USAGE = 2,  /* the command line is wrong */
	APP_EXIT_LEDGER = 3, /* frames or buffers are unaccounted for */
};

/** app_error() - "PROGRAM: ..." and a line feed to standard error. */
__attribute__((format(printf, 1, 2))) void app_error(const char *fmt, ...);

/**
 * app_bad_option() - "PROGRAM: OPTION VALUE: must be ..." to standard error
 * @option: such as "--burst"
 * @value:  what was given
 * @legal:  format: what is legal, completing "must be"
 *
 * Return: -EINVAL.
 */
__attribute__((format(printf, 3, 4))) int app_bad_option(const char *option, const char *value,
							 const char *legal, ...);

/** app_parse_count() - a whole number from @min to @max. Return: 0; -EINVAL. */
int app_parse_count(const char *option, const char *text, uint64_t min, uint64_t max,
		    uint64_t *out);

/** app_parse_bytes() - bytes, with K, M, G or T for powers of 1024. Return: 0; -EINVAL. */
int app_parse_bytes(const char *option, const char *text, uint64_t min, uint64_t max,
		    uint64_t *out);

/** app_parse_seconds() - seconds above 0, fractions allowed, as nanoseconds. Return: 0; -EINVAL. */
int app_parse_seconds(const char *option, const char *text, uint64_t *out_ns);

/**
 * app_parse_choice() - one of a few words
 * @names: NULL-terminated
 *
 * Return: index of the word; -EINVAL.
 */
int app_parse_choice(const char *option, const char *text, const char *const *names);

/**
 * app_parse_indexed() - "N=REST"
 * @max:   largest N
 * @index: N
 * @rest:  points into @text, not empty
 *
 * Return: 0; -EINVAL.
 */
int app_parse_indexed(const char *option, const char *text, unsigned int max, unsigned int *index,
		      const char **rest);

/** app_parse_log_level() - err, warn, info or debug. Return: 0; -EINVAL. */
int app_parse_log_level(const char *option, const char *text, enum vfnet_log_level *level);

/** app_log() - a vfnet_log_fn that writes to standard error. */
void app_log(void *user, enum vfnet_log_level level, const char *tag, const char *text);

#endif
