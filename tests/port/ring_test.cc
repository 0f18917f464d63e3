/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings that are gone round many times, in bursts of every size, and frames that nobody follows.
 */
#include "tests/port/stream.h"

namespace
{

constexpr unsigned int kTurns = 3;

class PortRing : public StreamTest
{
};

TEST_F(PortRing, OfTheSenderTurnsInBurstsOfEverySize)
{
	ASSERT_NO_FATAL_FAILURE(OpenStream(64, 512));
	for (unsigned int burst = 1; burst < 64; burst++)
		for (unsigned int sent = 0; sent < kTurns * 64 * env_.rounds; sent += burst)
			ASSERT_NO_FATAL_FAILURE(Stream(0, burst, 64)) << burst;
	ASSERT_NO_FATAL_FAILURE(ExpectAll());
}

TEST_F(PortRing, OfTheReceiverTurnsInBurstsOfEverySize)
{
	ASSERT_NO_FATAL_FAILURE(OpenStream(512, 64));
	for (unsigned int burst = 1; burst <= 64; burst++)
		for (unsigned int sent = 0; sent < kTurns * 64 * env_.rounds;) {
			const unsigned int n = 1 + random_() % window_;
			ASSERT_NO_FATAL_FAILURE(Stream(0, n, burst)) << burst;
			sent += n;
		}
	ASSERT_NO_FATAL_FAILURE(ExpectAll());
}

TEST_F(PortRing, BurstsThatAreLongerThanTheRingGoInParts)
{
	ASSERT_NO_FATAL_FAILURE(OpenStream(64, 512));
	for (unsigned int burst = 64; burst <= VFNET_BURST_MAX; burst += 3)
		ASSERT_NO_FATAL_FAILURE(Stream(0, burst, 64)) << burst;
	ASSERT_NO_FATAL_FAILURE(ExpectAll());
}

TEST_F(PortRing, BothTurnInBurstsOfAnySize)
{
	ASSERT_NO_FATAL_FAILURE(OpenStream(64, 64));
	for (unsigned int i = 0; i < 1000 * env_.rounds; i++)
		ASSERT_NO_FATAL_FAILURE(
		    Stream(0, 1 + random_() % window_, 1 + random_() % VFNET_BURST_MAX));
	ASSERT_NO_FATAL_FAILURE(ExpectAll());
}

/* From each place of the ring: it arrives though nothing follows it, and its buffer comes back. */
TEST_F(PortRing, OneFrameArrivesAndItsBufferReturnsThoughNothingFollows)
{
	ASSERT_NO_FATAL_FAILURE(OpenStream(64, 64));
	for (unsigned int i = 0; i < 3 * 64; i++) {
		ASSERT_NO_FATAL_FAILURE(SendBurst(0, 1));
		ASSERT_NO_FATAL_FAILURE(Drain(64)) << i;
		ASSERT_TRUE(Soon([this] { return vfnet_txq_reclaim(ports_[0].txq) == 0; }))
		    << "the card keeps the buffer of frame " << i;
	}
	ASSERT_NO_FATAL_FAILURE(ExpectAll());
}

} // namespace
