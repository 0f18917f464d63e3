/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_TESTS_UNIT_IGBVF_SIMD_HISTORY_H
#define VFNET_TESTS_UNIT_IGBVF_SIMD_HISTORY_H

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/base/cpu.h"

/*
 * A history is what a card and a program do to a queue, by a seed: the same one for each path. What
 * there is to see after each step is written down, and two paths' histories have to be equal.
 */
class History
{
      public:
	struct Step {
		std::string what;
		std::vector<uint64_t> seen;
	};
	std::vector<Step> steps;

	explicit History(unsigned int seed) : random(seed)
	{
	}

	/* 0 .. @n - 1 */
	uint32_t below(uint32_t n)
	{
		return static_cast<uint32_t>(random() % n);
	}

	/* Once in @n. */
	bool once_in(uint32_t n)
	{
		return below(n) == 0;
	}

	uint32_t bits()
	{
		return static_cast<uint32_t>(random());
	}

	/* One of them. */
	template <typename T> T any(std::initializer_list<T> list)
	{
		return list.begin()[below(static_cast<uint32_t>(list.size()))];
	}

	void begin(const std::string &what)
	{
		steps.push_back({what, {}});
	}

	void see(uint64_t val)
	{
		steps.back().seen.push_back(val);
	}

	/* @bytes: a multiple of 8 */
	void see_all(const void *from, size_t bytes)
	{
		const auto *words = static_cast<const uint64_t *>(from);

		steps.back().seen.insert(steps.back().seen.end(), words, words + bytes / 8);
	}

      private:
	std::mt19937 random;
};

/* @other against @reference. */
inline void expect_equal(const History &reference, const History &other)
{
	ASSERT_EQ(reference.steps.size(), other.steps.size());
	for (size_t i = 0; i < reference.steps.size(); i++) {
		const History::Step &want = reference.steps[i], &have = other.steps[i];

		ASSERT_EQ(want.what, have.what) << "step " << i;
		ASSERT_EQ(want.seen.size(), have.seen.size()) << "step " << i << ", " << want.what;
		for (size_t k = 0; k < want.seen.size(); k++)
			ASSERT_EQ(want.seen[k], have.seen[k])
			    << "step " << i << ", " << want.what << ", word " << k << std::hex
			    << ": 0x" << want.seen[k] << " by the scalar path, 0x" << have.seen[k];
	}
}

/* Runs for each path that is not the scalar one, as far as this CPU has it. */
class SimdTest : public ::testing::TestWithParam<vfnet_simd>
{
      protected:
	void SetUp() override
	{
		if (GetParam() > vfnet_cpu_simd())
			GTEST_SKIP() << "this CPU or build has no " << vfnet_simd_name(GetParam());
	}

	/* @play: a function of path and history */
	template <typename Play> void same_by(Play play)
	{
		for (unsigned int seed = 1; seed <= 60 && !HasFailure(); seed++) {
			History reference(seed), other(seed);

			SCOPED_TRACE("seed " + std::to_string(seed));
			play(VFNET_SIMD_SCALAR, reference);
			play(GetParam(), other);
			expect_equal(reference, other);
		}
	}
};

inline std::string simd_param_name(const ::testing::TestParamInfo<vfnet_simd> &info)
{
	return vfnet_simd_name(info.param);
}

#endif
