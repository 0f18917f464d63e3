/* SPDX-License-Identifier: BSD-2-Clause */
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "lib/base/cpu.h"

namespace
{

/* What the kernel lets programs use is among its flags. */
bool KernelSays(const std::string &flag)
{
	std::ifstream file("/proc/cpuinfo");
	std::string line, word;

	while (std::getline(file, line)) {
		if (line.compare(0, 5, "flags"))
			continue;
		std::istringstream words(line);
		while (words >> word)
			if (word == flag)
				return true;
		break;
	}
	return false;
}

TEST(Cpu, HasWhatTheKernelSaysAndTheBuildContains)
{
	vfnet_simd want = VFNET_SIMD_SCALAR;

#ifdef VFNET_X86_SIMD
	if (KernelSays("avx2"))
		want = VFNET_SIMD_AVX2;
	if (KernelSays("avx512f") && KernelSays("avx512bw") && KernelSays("avx512dq") &&
	    KernelSays("avx512vl"))
		want = VFNET_SIMD_AVX512;
#else
	(void)KernelSays;
#endif
	EXPECT_EQ(vfnet_cpu_simd(), want);
}

TEST(Cpu, NamesAreThoseOfTheOption)
{
	EXPECT_STREQ(vfnet_simd_name(VFNET_SIMD_AUTO), "auto");
	EXPECT_STREQ(vfnet_simd_name(VFNET_SIMD_SCALAR), "scalar");
	EXPECT_STREQ(vfnet_simd_name(VFNET_SIMD_AVX2), "avx2");
	EXPECT_STREQ(vfnet_simd_name(VFNET_SIMD_AVX512), "avx512");
	EXPECT_EQ(vfnet_simd_name(static_cast<vfnet_simd>(4)), nullptr);
	EXPECT_EQ(vfnet_simd_name(static_cast<vfnet_simd>(-1)), nullptr);
}

} // namespace
