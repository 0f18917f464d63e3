/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's header of this name has beyond the one for programs. */
#ifndef VFNET_TESTS_UNIT_KMOD_SHIM_TYPES_H
#define VFNET_TESTS_UNIT_KMOD_SHIM_TYPES_H

#include_next <linux/types.h>

#include <stdbool.h>
#include <stddef.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#endif
