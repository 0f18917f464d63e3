/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_MEM_MEMORY_H
#define VFNET_MEM_MEMORY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * vfnet_mem_available() - bytes that this process can have without swapping or being killed
 * @root: prefix of /proc and /sys, "" for the machine itself
 *
 * Return: the least of MemAvailable in /proc/meminfo and of what the process's control group
 * (version 2) and those above it leave; UINT64_MAX if nothing can be read.
 */
uint64_t vfnet_mem_available(const char *root);

#ifdef __cplusplus
}
#endif

#endif
