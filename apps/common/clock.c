/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * APP_NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t app_now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

bool app_tsc_invariant(void)
{
#ifdef __x86_64__
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) && (edx & 1u << 8);
#else
	return false;
#endif
}

uint64_t app_tsc_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 64; i++) {
		uint64_t from = app_tsc();
		uint64_t cost = app_tsc() - from;

		if (cost < least)
			least = cost;
	}
	return least;
}

uint64_t app_process_start_ns(void)
{
	return app_now_ns() - read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* Not getrusage(): its maximum includes what the parent had before exec(). */
uint64_t app_resident_peak_bytes(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	uint64_t kib = 0;
	char line[128];

	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1)
			break;
	fclose(status);
	return kib << 10;
}
