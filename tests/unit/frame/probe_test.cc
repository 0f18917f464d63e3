/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/frame/probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace
{

using Bytes = std::vector<uint8_t>;

Bytes probe_of(size_t len, uint16_t flow, uint64_t seq, uint32_t stamp = 0)
{
	Bytes bytes(len);

	EXPECT_EQ(0, vfnet_probe_fill(bytes.data(), len, flow, seq));
	if (stamp)
		vfnet_probe_stamp(bytes.data(), stamp);
	return bytes;
}

enum vfnet_probe_verdict check(const Bytes &bytes, struct vfnet_probe &probe)
{
	memset(&probe, 0x55, sizeof(probe));
	return vfnet_probe_check(bytes.data(), bytes.size(), &probe);
}

TEST(FrameProbe, TellsWhatWasFilledIn)
{
	for (size_t len : {18u, 19u, 25u, 26u, 27u, 1472u, 65535u}) {
		struct vfnet_probe probe;

		ASSERT_EQ(VFNET_PROBE_OK,
			  check(probe_of(len, 0xbeef, VFNET_PROBE_SEQ_MAX, 77), probe));
		EXPECT_EQ(VFNET_PROBE_SEQ_MAX, probe.seq);
		EXPECT_EQ(0xbeef, probe.flow);
		EXPECT_EQ(77u, probe.stamp_ns);
		EXPECT_EQ(len, probe.len);
		EXPECT_EQ(0, probe.bad_at);
	}
}

TEST(FrameProbe, FitsTheShortestUdpFrame)
{
	EXPECT_EQ(60 - 14 - 20 - 8, VFNET_PROBE_MIN);
}

TEST(FrameProbe, FillRefusesWhatItCannotSay)
{
	Bytes bytes(VFNET_PROBE_MAX + 1, 0x77);
	const Bytes before = bytes;

	EXPECT_EQ(-EINVAL, vfnet_probe_fill(bytes.data(), VFNET_PROBE_MIN - 1, 1, 1));
	EXPECT_EQ(-EINVAL, vfnet_probe_fill(bytes.data(), VFNET_PROBE_MAX + 1, 1, 1));
	EXPECT_EQ(-EINVAL, vfnet_probe_fill(bytes.data(), 64, 1, VFNET_PROBE_SEQ_MAX + 1));
	EXPECT_EQ(before, bytes);
}

TEST(FrameProbe, FillStaysInItsBytes)
{
	for (size_t len = VFNET_PROBE_MIN; len < 64; len++) {
		Bytes bytes(len + 1, 0x77);

		ASSERT_EQ(0, vfnet_probe_fill(bytes.data(), len, 3, 4));
		EXPECT_EQ(0x77, bytes[len]);
	}
}

TEST(FrameProbe, EveryChangeOfOneByteIsFoundAtItsPlace)
{
	const Bytes good = probe_of(61, 7, 123456789, 0xdeadbeef);

	for (size_t at = 0; at < good.size(); at++) {
		for (unsigned int change = 1; change < 256; change++) {
			struct vfnet_probe probe;
			Bytes bad = good;

			bad[at] ^= static_cast<uint8_t>(change);
			ASSERT_EQ(VFNET_PROBE_CORRUPT, check(bad, probe)) << at << " " << change;
			EXPECT_EQ(at < VFNET_PROBE_MIN ? 0 : at, probe.bad_at);
			EXPECT_EQ(at < VFNET_PROBE_MIN ? 0u : 123456789u, probe.seq);
			EXPECT_EQ(at < VFNET_PROBE_MIN ? 0u : 0xdeadbeefu, probe.stamp_ns);
		}
	}
}

TEST(FrameProbe, SwappedHeaderWordsAreFound)
{
	const Bytes good = probe_of(18, 7, UINT64_C(0x010203040506), 0x0708090a);

	for (size_t a = 2; a < 16; a += 2) {
		for (size_t b = a + 2; b < 16; b += 2) {
			struct vfnet_probe probe;
			Bytes bad = good;

			std::swap_ranges(bad.begin() + static_cast<long>(a),
					 bad.begin() + static_cast<long>(a + 2),
					 bad.begin() + static_cast<long>(b));
			EXPECT_EQ(VFNET_PROBE_CORRUPT, check(bad, probe)) << a << " " << b;
		}
	}
}

/* a sum modulo a power of two would not see these */
TEST(FrameProbe, TwoFlippedTopBitsOfTheHeaderAreFound)
{
	const Bytes good = probe_of(18, 7, UINT64_C(0x010203040506), 0x0708090a);

	for (size_t a = 2; a < 16; a += 2) {
		for (size_t b = a + 2; b < 16; b += 2) {
			struct vfnet_probe probe;
			Bytes bad = good;

			bad[a] ^= 0x80;
			bad[b] ^= 0x80;
			EXPECT_EQ(VFNET_PROBE_CORRUPT, check(bad, probe)) << a << " " << b;
		}
	}
}

TEST(FrameProbe, LengthThatNoProbeHasIsCorrupt)
{
	for (uint8_t len = 0; len < VFNET_PROBE_MIN; len++) {
		struct vfnet_probe probe;
		Bytes bad = probe_of(64, 7, 9);

		bad[14] = 0;
		bad[15] = len;
		vfnet_probe_stamp(bad.data(), 5); /* makes the check right again */
		EXPECT_EQ(VFNET_PROBE_CORRUPT, check(bad, probe));
		EXPECT_EQ(0u, probe.seq + probe.stamp_ns + probe.flow + probe.len + probe.bad_at);
	}
}

TEST(FrameProbe, MissingEndIsFoundWhereItBegins)
{
	const Bytes good = probe_of(100, 7, 9);

	for (size_t len = 2; len < good.size(); len++) {
		struct vfnet_probe probe;

		ASSERT_EQ(VFNET_PROBE_CORRUPT,
			  check(Bytes(good.begin(), good.begin() + static_cast<long>(len)), probe));
		EXPECT_EQ(len < VFNET_PROBE_MIN ? 0 : len, probe.bad_at);
	}
}

TEST(FrameProbe, BytesBehindTheProbeDoNotMatter)
{
	struct vfnet_probe probe;
	Bytes bytes = probe_of(33, 7, 9);

	bytes.resize(46, 0xee);
	EXPECT_EQ(VFNET_PROBE_OK, check(bytes, probe));
	EXPECT_EQ(33, probe.len);
}

TEST(FrameProbe, PieceOfAnotherFrameOrPlaceIsFound)
{
	const Bytes a = probe_of(1472, 7, 1000), b = probe_of(1472, 7, 1001),
		    c = probe_of(1472, 8, 1000);

	for (size_t at = 18; at + 8 <= a.size(); at++) {
		struct vfnet_probe probe;
		Bytes bad = a;

		for (const Bytes *other : {&b, &c}) {
			std::copy_n(other->begin() + static_cast<long>(at), 8,
				    bad.begin() + static_cast<long>(at));
			EXPECT_EQ(VFNET_PROBE_CORRUPT, check(bad, probe)) << at;
			bad = a;
		}
		if (at + 72 <= a.size()) { /* what a copy that is one cache line off would do */
			std::copy_n(a.begin() + static_cast<long>(at + 64), 8,
				    bad.begin() + static_cast<long>(at));
			EXPECT_EQ(VFNET_PROBE_CORRUPT, check(bad, probe)) << at;
		}
	}
}

TEST(FrameProbe, EveryPatternIsAnother)
{
	std::set<std::string> seen;

	for (uint16_t flow = 0; flow < 20; flow++) {
		for (uint64_t seq = 0; seq < 100; seq++) {
			const Bytes bytes = probe_of(26, flow, seq << (flow + 8));

			seen.insert(std::string(bytes.begin() + 18, bytes.end()));
		}
	}
	EXPECT_EQ(2000u, seen.size());
}

TEST(FrameProbe, OtherTrafficIsNone)
{
	struct vfnet_probe probe;
	const Bytes text(46, 'x');

	EXPECT_EQ(VFNET_PROBE_NONE, check(Bytes(), probe));
	EXPECT_EQ(VFNET_PROBE_NONE, check(Bytes(1, 0x7e), probe));
	EXPECT_EQ(VFNET_PROBE_NONE, check(Bytes(64, 0), probe));
	EXPECT_EQ(VFNET_PROBE_NONE, check(Bytes(64, 0xff), probe));
	EXPECT_EQ(VFNET_PROBE_NONE, check(text, probe));
}

TEST(FrameProbe, RandomBytesAreHardlyEverTakenForOne)
{
	std::mt19937_64 random(5);
	unsigned int taken = 0;

	for (int i = 0; i < 100000; i++) {
		struct vfnet_probe probe;
		uint64_t words[8];

		for (uint64_t &word : words)
			word = random();
		taken += vfnet_probe_check(words, sizeof(words), &probe) != VFNET_PROBE_NONE;
	}
	EXPECT_GE(10u, taken); /* 1.5 expected, and the generator is always the same */
}

} // namespace
