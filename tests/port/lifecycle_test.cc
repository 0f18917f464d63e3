/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports that open, work and close, again and again. */
#include <cerrno>
#include <cstring>

#include "tests/port/rig.h"

namespace
{

constexpr unsigned int kLives = 100;

class PortLifecycle : public PortTest
{
};

/* the ports take turns, so that each also sees the other one come and go */
TEST_F(PortLifecycle, EachLifeSendsReceivesAndGivesAllBack)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	const uint64_t free_bytes = vfnet_dma_free_bytes(Region());
	for (unsigned int life = 0; life < kLives * env_.rounds; life++) {
		SCOPED_TRACE(life);
		const size_t i = life % 2;
		ClosePort(i);
		ASSERT_LT(free_bytes, vfnet_dma_free_bytes(Region()));
		/* heads and tails were left somewhere else each time */
		n_desc_ = life % 4 < 2 ? 64 : 256;
		ASSERT_NO_FATAL_FAILURE(OpenPort(i));
		for (size_t from : {0, 1})
			for (unsigned int k = 0; k <= life % 5; k++)
				ASSERT_EQ(1u, HeardOf(from, Make(from, MacOf(1 - from),
								 60 + life % 1400)));
	}
	n_desc_ = 256;
	for (size_t i : {0, 1}) {
		ClosePort(i);
		ASSERT_NO_FATAL_FAILURE(OpenPort(i));
	}
	EXPECT_EQ(free_bytes, vfnet_dma_free_bytes(Region()));
}

TEST_F(PortLifecycle, AClosedPortLeavesWhatIsInItsRingsBehind)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	for (int life = 0; life < 3; life++) {
		for (int k = 0; k < 20; k++)
			Send(0, Make(0, MacOf(1)));
		ClosePort(1); /* nobody took them; TearDown() expects all buffers back */
		ASSERT_NO_FATAL_FAILURE(OpenPort(1));
		EXPECT_EQ(0u, Heard(1).size());
	}
}

TEST_F(PortLifecycle, AFunctionOpensOnce)
{
	ASSERT_NO_FATAL_FAILURE(Open());
	EXPECT_EQ(-EBUSY, TryOpen(0, Mac{}));
	EXPECT_NE(nullptr, strstr(err_.text, env_.names[0].c_str() + 4)) << err_.text;
	EXPECT_EQ(1u, HeardOf(0, Make(0, MacOf(1)))) << "the one that is open is not disturbed";
	EXPECT_EQ(1u, HeardOf(1, Make(1, MacOf(0))));
}

} // namespace
