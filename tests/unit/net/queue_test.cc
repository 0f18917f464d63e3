/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/net/net_fixture.h"

namespace
{

class QueueTest : public Net
{
      protected:
	void SetUp() override
	{
		Net::SetUp();
		vfnet_pool_opts opts = {};
		opts.size = sizeof(opts);
		opts.n_bufs = 2048;
		ASSERT_EQ(0, vfnet_pool_open(vfnet_get_region(v_), &opts, &pool_, &err_))
		    << err_.text;
		ASSERT_EQ(0, vfnet_cache_open(pool_, 0, &cache_, &err_)) << err_.text;
	}
	void TearDown() override
	{
		EXPECT_EQ(0, vfnet_port_close(port_));
		EXPECT_EQ(0, vfnet_cache_close(cache_));
		EXPECT_EQ(0, vfnet_pool_close(pool_, nullptr));
		Net::TearDown();
	}

	vfnet_queue_opts Opts(uint32_t n_desc = 0, uint32_t index = 0)
	{
		vfnet_queue_opts opts = {};
		opts.size = sizeof(opts);
		opts.n_desc = n_desc;
		opts.index = index;
		opts.cache = cache_;
		return opts;
	}

	vfnet_pool *pool_ = nullptr;
	vfnet_cache *cache_ = nullptr;
	vfnet_port *port_ = nullptr;
};

TEST_F(QueueTest, OpensBurstsAndCloses)
{
	port_ = OpenPort();
	vfnet_queue_opts opts = Opts();
	vfnet_rxq *rxq = nullptr;
	vfnet_txq *txq = nullptr;
	ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &rxq, &err_)) << err_.text;
	ASSERT_EQ(0, vfnet_txq_open(port_, &opts, &txq, &err_)) << err_.text;
	vfnet_pkt pkt[3];
	EXPECT_EQ(3, vfnet_rx_burst(rxq, pkt, 3));
	EXPECT_EQ(2, vfnet_tx_burst(txq, pkt, 2));
	EXPECT_EQ(512u, vfnet_txq_reclaim(txq)) << "512 descriptors is the default";
	EXPECT_EQ(-EBUSY, vfnet_port_close(port_));
	EXPECT_EQ(-EBUSY, vfnet_cache_close(cache_));
	vfnet_rxq_close(rxq);
	EXPECT_EQ(-EBUSY, vfnet_port_close(port_));
	vfnet_txq_close(txq);
}

TEST_F(QueueTest, RingSizesOutOfRangeAreRefusedWithTheRange)
{
	port_ = OpenPort();
	vfnet_rxq *rxq = nullptr;
	vfnet_txq *txq = nullptr;
	for (uint32_t n_desc : {1u, 8u, 63u, 65u, 4104u, 100000u, UINT32_MAX}) {
		vfnet_queue_opts opts = Opts(n_desc);
		EXPECT_EQ(-EINVAL, vfnet_rxq_open(port_, &opts, &rxq, &err_));
		EXPECT_NE(nullptr, strstr(err_.text, "multiple of 8 from 64 to 4096")) << err_.text;
		EXPECT_EQ(-EINVAL, vfnet_txq_open(port_, &opts, &txq, &err_));
		EXPECT_NE(nullptr, strstr(err_.text, "multiple of 8 from 64 to 4096")) << err_.text;
	}
	EXPECT_EQ(nullptr, rxq);
	EXPECT_EQ(nullptr, txq);
}

TEST_F(QueueTest, IndexCacheAndSizeAreChecked)
{
	port_ = OpenPort();
	vfnet_rxq *rxq = nullptr;
	vfnet_queue_opts opts = Opts(64, 1);
	EXPECT_EQ(-EINVAL, vfnet_rxq_open(port_, &opts, &rxq, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "it has 1")) << err_.text;
	opts = Opts(64);
	opts.cache = nullptr;
	EXPECT_EQ(-EINVAL, vfnet_rxq_open(port_, &opts, &rxq, &err_));
	opts = Opts(64);
	opts.size = 0;
	EXPECT_EQ(-EINVAL, vfnet_rxq_open(port_, &opts, &rxq, &err_));
	EXPECT_EQ(-EINVAL, vfnet_rxq_open(port_, nullptr, &rxq, &err_));
}

TEST_F(QueueTest, AQueueOpensOnce)
{
	port_ = OpenPort();
	vfnet_queue_opts opts = Opts(64);
	vfnet_rxq *rxq = nullptr, *again = nullptr;
	ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &rxq, &err_));
	EXPECT_EQ(-EBUSY, vfnet_rxq_open(port_, &opts, &again, &err_));
	EXPECT_EQ(nullptr, again);
	vfnet_rxq_close(rxq);
	ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &rxq, &err_)) << "after close it opens again";
	vfnet_rxq_close(rxq);
}

TEST_F(QueueTest, APoolTooSmallForRingsCachesAndTwoBurstsIsRefusedWithTheNumber)
{
	port_ = OpenPort();
	vfnet_queue_opts opts = Opts(1024);
	vfnet_rxq *rxq = nullptr;
	vfnet_txq *txq = nullptr;
	ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &rxq, &err_)) << err_.text;
	err_ = {};
	EXPECT_EQ(-ENOBUFS, vfnet_txq_open(port_, &opts, &txq, &err_));
	EXPECT_NE(nullptr, strstr(err_.text, "2048")) << "what there is: " << err_.text;
	EXPECT_NE(nullptr, strstr(err_.text, "fake:a transmit queue 0")) << err_.text;
	opts = Opts(64);
	ASSERT_EQ(0, vfnet_txq_open(port_, &opts, &txq, &err_)) << err_.text;
	vfnet_txq_close(txq);
	vfnet_rxq_close(rxq);
}

TEST_F(QueueTest, ADriverThatFailsGivesThePromisedBuffersBack)
{
	port_ = OpenPort();
	vfnet_queue_opts opts = Opts(1024);
	vfnet_rxq *rxq = nullptr;
	fake_driver.queue_rc = -ETIMEDOUT;
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(-ETIMEDOUT, vfnet_rxq_open(port_, &opts, &rxq, &err_)) << err_.text;
	fake_driver.queue_rc = 0;
	ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &rxq, &err_)) << err_.text;
	vfnet_rxq_close(rxq);
}

TEST_F(QueueTest, NoQueueOpensOnAPortInResetOrGone)
{
	port_ = OpenPort();
	vfnet_queue_opts opts = Opts(64);
	vfnet_rxq *rxq = nullptr;
	fake_driver.service_state = VFNET_PORT_RESETTING;
	vfnet_port_service(port_, 0);
	EXPECT_EQ(-ENETDOWN, vfnet_rxq_open(port_, &opts, &rxq, &err_));
	fake_driver.service_state = VFNET_PORT_GONE;
	vfnet_port_service(port_, 0);
	EXPECT_EQ(-ENODEV, vfnet_rxq_open(port_, &opts, &rxq, &err_));
}

uint64_t next_service;

TEST_F(QueueTest, ServiceDoesNotWaitForAQueueThatIsBeingOpened)
{
	port_ = OpenPort();
	vfnet_queue_opts opts = Opts(64);
	vfnet_rxq *rxq = nullptr;
	fake_driver.during_open = [](vfnet_port *port) {
		next_service = vfnet_port_service(port, 5000);
	};
	ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &rxq, &err_)) << err_.text;
	EXPECT_EQ(5000u + 1000000, next_service) << "again in 1 ms";
	EXPECT_EQ(0u, fake_driver.serviced_at) << "the driver was not bothered";
	vfnet_rxq_close(rxq);
}

TEST_F(QueueTest, CountersAddOpenAndClosedQueues)
{
	port_ = OpenPort();
	vfnet_queue_opts opts = Opts(64);
	vfnet_rxq *rxq = nullptr;
	fake_driver.rx_packets = 5;
	ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &rxq, &err_));
	vfnet_counters counters;
	vfnet_port_get_counters(port_, &counters);
	EXPECT_EQ(5u, counters.rx_packets);
	EXPECT_FALSE(counters.offered_known);
	vfnet_rxq_close(rxq);
	ASSERT_EQ(0, vfnet_rxq_open(port_, &opts, &rxq, &err_));
	vfnet_port_get_counters(port_, &counters);
	EXPECT_EQ(10u, counters.rx_packets);
	vfnet_rxq_close(rxq);
}

TEST_F(QueueTest, WhatTheDeviceKnowsToBeLostIsNotCountedAsSent)
{
	fake_.tells_truth = true;
	fake_.truth.missed[VFNET_MISSED_no_filter_match] = 7;
	fake_.truth.drops[VFNET_DROPS_spoof] = 30;
	fake_.truth.tx_bytes = 1800;
	port_ = OpenPort();
	vfnet_queue_opts opts = Opts(64);
	vfnet_txq *txq = nullptr;
	fake_driver.tx_packets = 100;
	fake_driver.tx_bytes = 6000;
	ASSERT_EQ(0, vfnet_txq_open(port_, &opts, &txq, &err_));
	vfnet_counters counters;
	vfnet_port_get_counters(port_, &counters);
	EXPECT_TRUE(counters.offered_known);
	EXPECT_EQ(7u, counters.missed[VFNET_MISSED_no_filter_match]);
	EXPECT_EQ(30u, counters.drops[VFNET_DROPS_spoof]);
	EXPECT_EQ(70u, counters.tx_packets);
	EXPECT_EQ(4200u, counters.tx_bytes);
	vfnet_txq_close(txq);
}

TEST_F(QueueTest, TruthAheadOfTheQueueNeverMakesTheCountNegative)
{
	fake_.tells_truth = true;
	fake_.truth.drops[VFNET_DROPS_spoof] = 30;
	port_ = OpenPort();
	vfnet_counters counters;
	vfnet_port_get_counters(port_, &counters);
	EXPECT_EQ(0u, counters.tx_packets);
}

TEST_F(QueueTest, CloseOfNullDoesNothing)
{
	vfnet_rxq_close(nullptr);
	vfnet_txq_close(nullptr);
}

} // namespace
