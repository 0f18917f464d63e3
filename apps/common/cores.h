/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_CORES_H
#define VFNET_APPS_CORES_H

#define APP_CORES_MAX 64

/**
 * struct app_cores - a list of processor cores
 * @n:    how many; 0 = the system's choice
 * @core: their numbers, in the order given
 */
struct app_cores {
	unsigned int n;
	unsigned int core[APP_CORES_MAX];
};

/**
 * app_cores_parse() - read "2", "2,4" or "2-5,8"
 * @option: the option's name, for the error that it prints
 * @text:   its value
 * @cores:  untouched on failure
 *
 * Return: 0; -EINVAL also for a core that this process may not use.
 */
int app_cores_parse(const char *option, const char *text, struct app_cores *cores);

/**
 * app_cores_pin() - let the calling thread, and threads that it starts, run on these cores only
 * @cores: the list
 * @n:     how many of its first cores; 0 does nothing
 *
 * Return: 0 or a negative errno.
 */
int app_cores_pin(const struct app_cores *cores, unsigned int n);

#endif
