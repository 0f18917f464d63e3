/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports that open, work and close, again and again. */
#include "tests/port/rig.h"

namespace
{

constexpr unsigned int kLives = 100;

class PortLifecycle : public PortTest
{
};

TEST_F(PortLifecycle, EachLifeSendsReceivesAndGivesAllBack)
{
	ASSERT_NO_FATAL_FAILURE(OpenContext());
	const uint64_t free_bytes = vfnet_dma_free_bytes(Region());
	for (unsigned int life = 0; life < kLives * env_.rounds; life++) {
		SCOPED_TRACE(life);
		/* heads and tails were left somewhere else each time */
		n_desc_ = life % 2 ? 64 : 256;
		for (size_t i : {0, 1})
			ASSERT_NO_FATAL_FAILURE(OpenPort(i));
		for (size_t i : {0, 1})
			for (unsigned int k = 0; k <= life % 5; k++)
				ASSERT_EQ(1u, HeardOf(i, Make(i, MacOf(1 - i), 60 + life)));
		for (size_t i : {0, 1})
			ClosePort(i);
		ASSERT_EQ(free_bytes, vfnet_dma_free_bytes(Region()));
	}
}

} // namespace
