/* SPDX-License-Identifier: BSD-2-Clause */

/* The driver's clock under test: each look at it takes half a millisecond. */

#include <stdint.h>

uint64_t __wrap_vfnet_monotonic_ns(void);

static _Thread_local uint64_t now_ns;

uint64_t __wrap_vfnet_monotonic_ns(void)
{
	now_ns += 500000;
	return now_ns;
}
