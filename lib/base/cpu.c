/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/base/cpu.h"

#include "lib/base/bits.h"

/* __builtin_cpu_supports() also asks XGETBV whether the kernel saves the registers */
enum vfnet_simd vfnet_cpu_simd(void)
{
#ifdef VFNET_X86_SIMD
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		return VFNET_SIMD_AVX512;
	if (__builtin_cpu_supports("avx2"))
		return VFNET_SIMD_AVX2;
#endif
	return VFNET_SIMD_SCALAR;
}

const char *vfnet_simd_name(enum vfnet_simd simd)
{
	static const char *const names[] = {"auto", "scalar", "avx2", "avx512"};

	return (unsigned int)simd < VFNET_ARRAY_SIZE(names) ? names[simd] : NULL;
}
