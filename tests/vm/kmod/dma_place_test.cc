/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where MAP_ANYWHERE puts a mapping: at the lowest address from 1 MiB on where there is room, as a
 * model that looks at each address in turn finds it, and a large one like its memory within a
 * hugepage.
 */
#include <map>
#include <random>

#include "tests/vm/kmod/fixture.h"

namespace
{

using namespace kmod;

const uint64_t LOWEST = MIB / PAGE, INTERRUPTS = 0xfee00000 / PAGE;

class Place : public EduTest
{
      protected:
	void SetUp() override
	{
		EduTest::SetUp();
		if (HasFatalFailure())
			return;
		pages_ = Pages::anonymous(MOST * PAGE);
	}

	/* the first page number from which @n pages are free */
	uint64_t lowest(uint64_t n) const
	{
		uint64_t at = LOWEST;

		for (const auto &range : taken_) {
			if (range.first >= at + n)
				break;
			at = std::max(at, range.first + range.second);
		}
		return at;
	}

	void map_anywhere(uint64_t n)
	{
		uint64_t iova = 0, expected = lowest(n);

		ASSERT_EQ(device_.map_anywhere(pages_.data(), n * PAGE, 0, &iova), 0);
		ASSERT_EQ(iova, expected * PAGE) << n << " pages";
		taken_[expected] = n;
	}

	void map_there(uint64_t at, uint64_t n)
	{
		auto next = taken_.lower_bound(at);
		bool free = next == taken_.end() || next->first >= at + n;

		if (next != taken_.begin() && std::prev(next)->first + std::prev(next)->second > at)
			free = false;
		ASSERT_EQ(device_.map_iova(pages_.data(), n * PAGE, 0, at * PAGE),
			  free ? 0 : -EEXIST)
		    << n << " pages at " << at;
		if (free)
			taken_[at] = n;
	}

	void unmap(std::map<uint64_t, uint64_t>::iterator range)
	{
		ASSERT_EQ(device_.unmap(pages_.data(), range->second * PAGE, range->first * PAGE),
			  0);
		taken_.erase(range);
	}

	static const uint64_t MOST = 24;
	Pages pages_;
	std::map<uint64_t, uint64_t> taken_; /* page number, pages */
};

TEST_F(Place, IsTheLowestThatIsFree)
{
	std::mt19937 random(20100528);

	for (int i = 0; i < 3000 && !HasFatalFailure(); i++) {
		uint64_t n = random() % MOST + 1;

		if (random() % 3 == 0)
			map_there(random() % 4096, n);
		else if (random() % 5 < 2 && !taken_.empty())
			unmap(std::next(taken_.begin(), random() % taken_.size()));
		else
			map_anywhere(n);
	}
}

TEST_F(Place, LargeMappingsLieAsInMemoryWithinAHugepage)
{
	Pages huge = Pages::huge(2 * HUGE);
	uint64_t iova;

	ASSERT_TRUE(huge.data());
	ASSERT_EQ(device_.map_anywhere(pages_.data(), PAGE, 0, &iova), 0);
	ASSERT_EQ(device_.map_anywhere(huge.data(), HUGE, 0, &iova), 0);
	EXPECT_EQ(iova % HUGE, 0u);
	ASSERT_EQ(device_.map_anywhere(huge.data() + 3 * PAGE, HUGE, 0, &iova), 0);
	EXPECT_EQ(iova % HUGE, 3 * PAGE);
}

TEST_F(Place, IsNeverWhereInterruptsAre)
{
	Pages large = Pages::anonymous(256 * MIB); /* read-only and never touched: little memory */
	uint64_t iova, mapped = 0;
	int rc;

	ASSERT_EQ(madvise(large.data(), large.size(), MADV_HUGEPAGE), 0);
	while (!(rc = device_.map_anywhere(large.data(), large.size(), 0, &iova))) {
		EXPECT_FALSE(iova / PAGE <= INTERRUPTS + 255 &&
			     (iova + large.size()) / PAGE > INTERRUPTS)
		    << std::hex << iova;
		mapped += large.size();
		ASSERT_LE(mapped, 4 * GIB);
	}
	EXPECT_TRUE(rc == -ENOSPC || rc == -ENOMEM) << rc; /* or the limit of locked memory */
}

} // namespace
