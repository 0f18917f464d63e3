/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_BASE_CPU_H
#define VFNET_BASE_CPU_H

#include <vfnet/port.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * vfnet_cpu_simd() - the widest instructions that a burst may use
 *
 * What the CPU has, the kernel saves (XCR0), and this build contains; narrower ones are there too.
 *
 * Return: never AUTO.
 */
enum vfnet_simd vfnet_cpu_simd(void);

#ifdef __cplusplus
}
#endif

#endif
