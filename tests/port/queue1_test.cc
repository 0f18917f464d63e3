/* SPDX-License-Identifier: BSD-2-Clause */
/* A port's second transmit queue: beside the first one, after it, and without it. */
#include "tests/port/stream.h"

namespace
{

class PortSecondQueue : public StreamTest
{
      protected:
	void SetUp() override
	{
		StreamTest::SetUp();
		ASSERT_NO_FATAL_FAILURE(OpenStream(128, 512));
		flows_.push_back(Flow());
		ASSERT_NO_FATAL_FAILURE(OpenSecond());
	}
	void TearDown() override
	{
		vfnet_txq_close(second_);
		StreamTest::TearDown();
	}
	void OpenSecond()
	{
		auto opts = SizedOpts<vfnet_queue_opts>();
		opts.index = 1;
		opts.n_desc = 64;
		opts.cache = cache_;
		ASSERT_EQ(0, vfnet_txq_open(ports_[0].port, &opts, &second_, &err_)) << err_.text;
		flows_[1].txq = second_;
	}
	void CloseSecond()
	{
		vfnet_txq_close(second_);
		second_ = nullptr;
	}

	vfnet_txq *second_ = nullptr;
};

TEST_F(PortSecondQueue, SendsBesideTheFirstAndEachKeepsItsOrder)
{
	for (unsigned int i = 0; i < 500 * env_.rounds; i++)
		ASSERT_NO_FATAL_FAILURE(Stream(random_() % 2, 1 + random_() % 63, 64));
	EXPECT_LT(0u, flows_[0].sent);
	EXPECT_LT(0u, flows_[1].sent);
	ASSERT_NO_FATAL_FAILURE(ExpectAll());
}

TEST_F(PortSecondQueue, SendsAloneAndOpensAgain)
{
	vfnet_txq_close(ports_[0].txq);
	ports_[0].txq = nullptr;
	for (int life = 0; life < 5; life++) {
		for (unsigned int i = 0; i < 20; i++)
			ASSERT_NO_FATAL_FAILURE(Stream(1, 1 + random_() % 63, 64));
		ASSERT_NO_FATAL_FAILURE(Drain(64));
		CloseSecond();
		ASSERT_NO_FATAL_FAILURE(OpenSecond());
	}
	vfnet_counters counters;
	vfnet_port_get_counters(ports_[0].port, &counters);
	EXPECT_EQ(flows_[1].sent, counters.tx_packets) << "of all its lives";
}

TEST_F(PortSecondQueue, LeavesTheFirstAsItIsWhenItCloses)
{
	for (int i = 0; i < 20; i++) {
		ASSERT_NO_FATAL_FAILURE(Stream(1, 7, 64));
		ASSERT_NO_FATAL_FAILURE(Stream(0, 50, 64));
		ASSERT_NO_FATAL_FAILURE(Drain(64));
		CloseSecond();
		ASSERT_NO_FATAL_FAILURE(Stream(0, 50, 64));
		ASSERT_NO_FATAL_FAILURE(OpenSecond());
	}
	ASSERT_NO_FATAL_FAILURE(ExpectAll());
}

} // namespace
