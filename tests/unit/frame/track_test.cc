/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/track.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <set>
#include <vector>

#include "lib/frame/probe.h"

namespace
{

class FrameTrack : public ::testing::Test
{
      protected:
	static constexpr size_t window = 128;

	void start(uint64_t first)
	{
		ASSERT_EQ(0, vfnet_probe_track_init(&track, words, 2, first));
	}

	void add(std::initializer_list<uint64_t> seqs)
	{
		for (uint64_t seq : seqs)
			vfnet_probe_track_add(&track, seq);
	}

	void expect(uint64_t received, uint64_t duplicated, uint64_t reordered, uint64_t outside,
		    uint64_t lost)
	{
		EXPECT_EQ(received, track.received);
		EXPECT_EQ(duplicated, track.duplicated);
		EXPECT_EQ(reordered, track.reordered);
		EXPECT_EQ(outside, track.outside);
		EXPECT_EQ(lost, vfnet_probe_track_lost(&track, 0));
	}

	uint64_t words[2] = {~UINT64_C(0), ~UINT64_C(0)}; /* init clears them */
	struct vfnet_probe_track track = {};
};

TEST_F(FrameTrack, RefusesBadWindowsAndStarts)
{
	EXPECT_EQ(-EINVAL, vfnet_probe_track_init(&track, words, 0, 0));
	EXPECT_EQ(-EINVAL, vfnet_probe_track_init(&track, words, 3, 0));
	EXPECT_EQ(-EINVAL, vfnet_probe_track_init(&track, words, size_t{1} << 27, 0));
	EXPECT_EQ(-EINVAL, vfnet_probe_track_init(&track, words, 2, VFNET_PROBE_SEQ_MAX + 1));
	EXPECT_EQ(nullptr, track.bit);
}

TEST_F(FrameTrack, OrderIsNothingSpecial)
{
	start(0);
	for (uint64_t seq = 0; seq < 10 * window; seq++)
		vfnet_probe_track_add(&track, seq);
	expect(10 * window, 0, 0, 0, 0);
}

TEST_F(FrameTrack, GapsAreLostAtBothEnds)
{
	start(10);
	add({12, 13, 17});
	expect(3, 0, 0, 0, 5);
	EXPECT_EQ(8u, vfnet_probe_track_lost(&track, 21));
	EXPECT_EQ(5u, vfnet_probe_track_lost(&track, 18));
	EXPECT_EQ(5u, vfnet_probe_track_lost(&track, 3)); /* an end that cannot be */
}

TEST_F(FrameTrack, NothingCame)
{
	start(10);
	expect(0, 0, 0, 0, 0);
	EXPECT_EQ(5u, vfnet_probe_track_lost(&track, 15));
	start(VFNET_PROBE_FIRST_SEEN);
	EXPECT_EQ(0u, vfnet_probe_track_lost(&track, 15));
}

TEST_F(FrameTrack, LateOnesAreReorderedAndNotLost)
{
	start(0);
	add({0, 3, 1, 4});
	expect(4, 0, 1, 0, 1);
	EXPECT_EQ(2u, track.max_late);
	add({2});
	expect(5, 0, 2, 0, 0);
	EXPECT_EQ(2u, track.max_late);
}

TEST_F(FrameTrack, DuplicatesOfAnyAge)
{
	start(0);
	add({0, 0, 1, 2, 1, 5, 4, 4, 5});
	expect(9, 4, 1, 0, 1);
}

TEST_F(FrameTrack, WindowIsExactlyItsSize)
{
	start(0);
	add({0, window, 1});
	expect(3, 0, 1, 0, window - 2);
	EXPECT_EQ(window - 1, track.max_late);
	add({0});
	expect(4, 0, 1, 1, window - 2);
}

TEST_F(FrameTrack, ReusedBitsAreClean)
{
	start(0);
	for (uint64_t seq = 0; seq < window; seq++)
		vfnet_probe_track_add(&track, seq);
	/* the window moves on by less than, exactly and more than its size */
	for (uint64_t jump : {window - 1, window, window + 1, 3 * window}) {
		const uint64_t from = track.next;
		const uint64_t reordered = track.reordered;

		vfnet_probe_track_add(&track, from + jump);
		for (uint64_t seq = track.next - window; seq < track.next - 1; seq++) {
			if (seq >= from)
				vfnet_probe_track_add(&track, seq);
		}
		EXPECT_EQ(reordered + std::min<uint64_t>(jump, window - 1), track.reordered)
		    << jump;
	}
	EXPECT_EQ(0u, track.duplicated);
}

TEST_F(FrameTrack, BeforeTheFirstIsOutside)
{
	start(100);
	add({99, 100, 99});
	expect(3, 0, 0, 2, 0);
}

TEST_F(FrameTrack, FirstSeenBeginsTheBook)
{
	start(VFNET_PROBE_FIRST_SEEN);
	add({1000, 1002, 999});
	expect(3, 0, 0, 1, 1);
	EXPECT_EQ(1000u, track.first);
}

TEST_F(FrameTrack, LargestSequenceIsTheEnd)
{
	start(VFNET_PROBE_SEQ_MAX - 1);
	add({VFNET_PROBE_SEQ_MAX - 1, VFNET_PROBE_SEQ_MAX, VFNET_PROBE_SEQ_MAX + 1, UINT64_MAX});
	expect(4, 0, 0, 2, 0);
}

TEST_F(FrameTrack, AgreesWithASetOnARandomNetwork)
{
	std::mt19937 random(3);
	std::set<uint64_t> came;
	std::vector<uint64_t> sent;
	uint64_t duplicated = 0, reordered = 0, largest = 0;
	const uint64_t n = 20000;

	start(0);
	for (uint64_t seq = 0; seq < n; seq++) {
		if (random() % 50 == 0)
			continue;
		sent.push_back(seq);
		if (random() % 70 == 0)
			sent.push_back(seq);
	}
	for (size_t i = 0; i + 40 < sent.size(); i++) {
		if (random() % 30 == 0)
			std::swap(sent[i], sent[i + random() % 40]);
	}
	for (uint64_t seq : sent) {
		if (!came.insert(seq).second)
			duplicated++;
		else if (seq < largest)
			reordered++;
		largest = std::max(largest, seq);
		vfnet_probe_track_add(&track, seq);
	}
	EXPECT_EQ(0u, track.outside);
	EXPECT_EQ(duplicated, track.duplicated);
	EXPECT_EQ(reordered, track.reordered);
	EXPECT_EQ(n - came.size(), vfnet_probe_track_lost(&track, n));
	EXPECT_LT(0u, duplicated);
	EXPECT_LT(0u, reordered);
}

} // namespace
