/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_APPS_CLOCK_H
#define VFNET_APPS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define APP_NS_PER_S UINT64_C(1000000000)

/* What app_tsc() counts. Not the counter of arm64, which runs at 1 MHz to 1 GHz: no cycles. */
#ifdef __x86_64__
#define APP_TSC_UNIT "TSC cycles"
#else
#define APP_TSC_UNIT "nanoseconds"
#endif

/** app_now_ns() - CLOCK_MONOTONIC. */
uint64_t app_now_ns(void);

/** app_tsc() - the processor's time stamp counter; nanoseconds where there is none. */
static inline uint64_t app_tsc(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return app_now_ns();
#endif
}

/** app_tsc_invariant() - the counter runs at one rate on all cores, also when they sleep. */
bool app_tsc_invariant(void);

/** app_tsc_cost() - cycles between two reads of the counter with nothing in between. */
uint64_t app_tsc_cost(void);

/**
 * app_process_start_ns() - when the process began; to be called first thing in main()
 *
 * That is now less the processor time that the kernel and the dynamic linker have used for it so
 * far: /proc/self/stat has the start too, but in units of 10 ms. Time spent waiting for the disk
 * before main() is not seen.
 *
 * Return: CLOCK_MONOTONIC.
 */
uint64_t app_process_start_ns(void);

/** app_resident_peak_bytes() - most memory that was resident at a time; 0 = unknown. */
uint64_t app_resident_peak_bytes(void);

#endif
